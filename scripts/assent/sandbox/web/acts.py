"""What people do to pull requests, over the API and as themselves; and what that starts."""

from dataclasses import dataclass
from typing import Any, ClassVar

from github import GithubException, UnknownObjectException

from assent.core.forge import BREAK_GLASS
from assent.sandbox.web.reading import Reader
from assent.sandbox.web.sandbox import Sandbox
from assent.sandbox.web.workflows import Run

__all__ = ["Acts", "Said"]


@dataclass(frozen=True, slots=True)
class Said:
    """What came of an act, in words for whoever did it."""

    text: str
    ok: bool


class Acts:
    """Does what the buttons say.

    Args:
        sandbox: A running one.
        reader: Says whether a pull request's check passes.
    """

    KINDS: ClassVar = (
        "approve",
        "merge",
        "close",
        "reopen",
        "comment",
        "break_glass",
        "mend_glass",
    )

    def __init__(self, sandbox: Sandbox, reader: Reader) -> None:
        self._stage = sandbox.stage
        self._workflows = sandbox.workflows
        self._reader = reader

    def do(self, act: str, number: int, who: str, text: str) -> Said:
        """Let somebody do one of `KINDS` to a pull request.

        Args:
            act: Which.
            number: The pull request's.
            who: Their login.
            text: What they say with it; may be empty.

        Raises:
            UnknownObjectException: There is no such pull request.
        """
        try:
            match act:
                case "approve":
                    return self._approve(number, who, text)
                case "merge":
                    return self._merge(number, who)
                case "close":
                    return self._close(number, who, text)
                case "reopen":
                    return self._reopen(number, who, text)
                case "break_glass":
                    return self._break_glass(number, who)
                case "mend_glass":
                    return self._mend_glass(number, who)
                case _:
                    return self._comment(number, who, text)
        except UnknownObjectException:
            raise
        except GithubException as error:
            return Said(f"GitHub refused, with {error.status}: {_answer(error)}", ok=False)

    def _approve(self, number: int, who: str, text: str) -> Said:
        pull = self._stage.repository(who).get_pull(number)
        pull.create_review(body=text, event="APPROVE")
        reviews = self._reader.reviews(number)
        if who in reviews.barred:
            return Said(
                f"{who} approved, and does not count: who asks for a waiver, or wrote part of it, "
                "is no second pair of eyes.",
                ok=True,
            )
        if who not in reviews.given:
            return Said(
                f"{who} approved. GitHub waits for a code owner all the same: {who} is none here.",
                ok=True,
            )
        return Said(f"{who} approved: {len(reviews.given)} of {reviews.needed}.", ok=True)

    def _merge(self, number: int, who: str) -> Said:
        check = self._reader.check(number)
        if not check.passed:
            return Said("It was not merged: assent check does not pass.", ok=False)
        self._stage.merge(number, who)
        run = self._workflows.converge(f"{who} merged #{number}", number)
        return _of(run, f"{who} merged this", ok=run.ok)

    def _close(self, number: int, who: str, text: str) -> Said:
        pull = self._stage.repository(who).get_pull(number)
        if text.strip():
            pull.create_issue_comment(text)
        pull.edit(state="closed")
        run = self._workflows.reject(f"{who} closed #{number}", number, pull.head.ref)
        return self._came_to(run, f"{who} closed this", number, "closed")

    def _reopen(self, number: int, who: str, text: str) -> Said:
        pull = self._stage.repository(who).get_pull(number)
        if text.strip():
            pull.create_issue_comment(text)
        pull.edit(state="open")
        run = self._workflows.reject(f"{who} reopened #{number}", number, pull.head.ref)
        return self._came_to(run, f"{who} reopened this", number, "open")

    def _came_to(self, run: Run, done: str, number: int, wanted: str) -> Said:
        """What the workflow made of it: Assent takes back what somebody had no right to do."""
        state = self._stage.repository("ana").get_pull(number).state
        return _of(run, done, ok=run.ok and state == wanted)

    def _break_glass(self, number: int, who: str) -> Said:
        self._stage.repository(who).get_pull(number).add_to_labels(BREAK_GLASS)
        if not self._reader.check(number).demands.lifted:
            return Said(
                f"{who} put the label on. Nothing is lifted: it counts from a code owner, while "
                "something waits.",
                ok=False,
            )
        return Said(f"{who} broke the glass: what it waited for does not hold it up.", ok=True)

    def _mend_glass(self, number: int, who: str) -> Said:
        self._stage.repository(who).get_pull(number).remove_from_labels(BREAK_GLASS)
        return Said(f"{who} took the label off: what it waits for holds again.", ok=True)

    def _comment(self, number: int, who: str, text: str) -> Said:
        if not text.strip():
            return Said("There was nothing to say: the comment is empty.", ok=False)
        self._stage.repository(who).get_pull(number).create_issue_comment(text)
        return Said(f"{who} commented.", ok=True)


def _of(run: Run, done: str, *, ok: bool) -> Said:
    first = run.output.splitlines()[0]
    return Said(f"{done}. Then {run.command} said: {first}", ok=ok)


def _answer(error: GithubException) -> str:
    """GitHub's own words."""
    data: Any = error.data
    if not isinstance(data, dict):
        return str(error)
    details = [
        each if isinstance(each, str) else str(each.get("message") or each)
        for each in data.get("errors") or ()
    ]
    return " ".join([str(data.get("message", "")), *details])
