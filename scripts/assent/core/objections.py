"""Why an approval does not count, and why a record without enough that do is refused.

Whether somebody is a code owner only the forge can tell; everything else is judged here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assent.core.approval import Approval, Bringing, Review, ReviewState
from assent.core.changes import Reason
from assent.core.codeowners import LOCATIONS
from assent.core.config import CONFIG_PATH

__all__ = ["Objection", "Verdict", "Yardstick", "judges_records", "objection_to", "shortfall"]

_FILES = frozenset({CONFIG_PATH, *LOCATIONS})
_FOLDERS = ("schemas/", ".github/")
_NOBODY = "ghost"
"""As GitHub shows those whom it does not know any more."""
_TOLD = (
    Reason.SELF_APPROVAL,
    Reason.APPROVED_BY_CREATOR,
    Reason.APPROVED_BY_ASKER,
    Reason.APPROVE_THEN_PUSH,
    Reason.STALE_APPROVAL,
    Reason.APPROVED_BY_NON_OWNER,
    Reason.APPROVED_BY_BOT,
)
"""Which of several reasons is the refusal's: the first of these; its detail has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Yardstick:
    """What the approvals of one record are held against."""

    blob: str
    """The record's."""
    needed: int
    """How many approvals have to count."""
    registrars: frozenset[str] = frozenset()
    """Logins, in lower case, of who registered the model; empty for a no, which they may say."""
    askers: frozenset[str] = frozenset()
    """Logins, in lower case, of who asked for a waiver that is used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """Why an approval does not count."""

    reason: Reason
    why: str
    """What is so of the person or the approval, to stand after the login."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """An approval, and what was found of it."""

    approval: Approval
    reason: Reason | None = None
    """Why it does not count, if it was one; None for what asked for changes, or was not needed."""

    @classmethod
    def of(cls, review: Review, objection: Objection | None) -> "Verdict":
        """An approval that counts, unless there is an objection."""
        if objection is None:
            return cls(approval=Approval(review=review, counted=True))
        approval = Approval(review=review, counted=False, why=objection.why)
        return cls(approval=approval, reason=objection.reason)


def judges_records(path: str) -> bool:
    """Whether a file of the repository judges what may take effect: it, or who may approve."""
    return path in _FILES or f"{path}/".startswith(_FOLDERS)


def objection_to(review: Review, bringing: Bringing, yardstick: Yardstick) -> Objection | None:
    """Why an approval does not count, as far as that can be told without asking who owns the path.

    Args:
        review: An approval, or one that was dismissed.
        bringing: The pull request that it is of.
        yardstick: What it is held against.
    """
    if review.is_bot or review.by.endswith("[bot]"):
        return Objection(reason=Reason.APPROVED_BY_BOT, why="is a bot")
    return (
        _of_own(review, bringing)
        or _of_interest(review, yardstick)
        or _of_another_record(review, bringing, yardstick)
        or _of_nobody(review)
    )


def _of_own(review: Review, bringing: Bringing) -> Objection | None:
    login = review.by.lower()
    if login == bringing.author.lower():
        return Objection(reason=Reason.SELF_APPROVAL, why="opened the pull request")
    for commit in bringing.written:
        if login in {each.lower() for each in commit.by}:
            why = f"is named by commit {commit.id[:12]}, which changed the record"
            return Objection(reason=Reason.SELF_APPROVAL, why=why)
    return None


def _of_interest(review: Review, yardstick: Yardstick) -> Objection | None:
    login = review.by.lower()
    if login in yardstick.registrars:
        return Objection(reason=Reason.APPROVED_BY_CREATOR, why="registered the model")
    if login in yardstick.askers:
        return Objection(reason=Reason.APPROVED_BY_ASKER, why="asked for what is waived")
    return None


def _of_another_record(
    review: Review, bringing: Bringing, yardstick: Yardstick
) -> Objection | None:
    if review.state is ReviewState.DISMISSED:
        return Objection(reason=Reason.STALE_APPROVAL, why="gave a review that was dismissed")
    if review.blob == yardstick.blob:
        return None
    if review.commit and review.commit in bringing.commits:
        why = f"approved commit {review.commit[:12]}, before the record became what it is"
        return Objection(reason=Reason.APPROVE_THEN_PUSH, why=why)
    why = "approved a commit that is no part of the pull request any more, and not this record"
    return Objection(reason=Reason.STALE_APPROVAL, why=why)


def _of_nobody(review: Review) -> Objection | None:
    if review.by.lower() == _NOBODY:
        return Objection(reason=Reason.APPROVED_BY_NON_OWNER, why="is an account that is gone")
    return None


def shortfall(
    verdicts: Sequence[Verdict], bringing: Bringing, needed: int, *, waived: bool
) -> Objection | None:
    """Why a pull request does not carry its record; None where enough approvals count.

    Args:
        verdicts: On everybody's last word.
        bringing: The pull request.
        needed: How many have to count.
        waived: Whether one of those is needed for what is waived.
    """
    counted = [each.approval.review.by for each in verdicts if each.approval.counted]
    if len(counted) >= needed:
        return None
    against = [each for each in verdicts if each.reason is not None]
    if not counted and not against:
        why = f"pull request {bringing.url} was merged by {bringing.merged_by}, and nobody had "
        return Objection(reason=Reason.MERGED_WITHOUT_APPROVAL, why=f"{why}approved it")
    number = "1 approval" if len(counted) == 1 else f"{len(counted)} approvals"
    named = f" ({', '.join(counted)})" if counted else ""
    why = (
        f"pull request {bringing.url} was merged with {number} that {_verb(counted)}{named}; "
        f"{needed} {'is' if needed == 1 else 'are'} needed"
        f"{', one of them for what is waived' if waived else ''}"
    )
    found = {each.reason for each in against}
    reason = next((each for each in _TOLD if each in found), Reason.TOO_FEW_APPROVALS)
    return Objection(reason=reason, why="; ".join([why, *_said(against)]))


def _verb(counted: Sequence[str]) -> str:
    return "counts" if len(counted) == 1 else "count"


def _said(against: Iterable[Verdict]) -> list[str]:
    return [f"{each.approval.review.by} {each.approval.why}" for each in against]
