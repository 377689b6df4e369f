"""GitHub's part: pull requests and their pages, and what people do with them."""

from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import Any

from github import GithubException
from github.Issue import Issue
from github.PullRequest import PullRequest

from assent.core.errors import Exit
from assent.sandbox.demo.page import excerpt
from assent.sandbox.demo.play import MODEL, Play, Unexpected, require

__all__ = [
    "approve_and_merge",
    "branch_of",
    "checks",
    "comment",
    "opened",
    "proposed_record",
    "pull_request",
    "show_comments",
    "show_issue",
    "show_page",
    "try_to_bypass",
]

_QUALITY = ("accuracy", "auc", "f1", "precision", "recall")
"""The metrics of which pages are shown, unless told otherwise."""


def branch_of(environment: str, version: int) -> str:
    """The branch of a promotion's pull request."""
    return f"promote/{environment}/{MODEL}/{version}"


def _record_of(environment: str, version: int) -> str:
    return f"promotions/{environment}/{MODEL}/{version}.yaml"


def opened(play: Play, title: str) -> PullRequest:
    """The pull request that was just opened, after looking that it is the only new one."""
    found = play.stage.pull_requests(state="all")
    fresh = [each for each in found if each.number not in play.pulls]
    require(
        [each.title for each in fresh] == [title] and fresh[0].state == "open",
        f"there should be one new pull request, {title}, and it should be open",
        [each.title for each in fresh],
    )
    (pull,) = fresh
    play.pulls.append(pull.number)
    _keep(play.folder.page(pull.number), pull.title, pull.body)
    return pull


def pull_request(play: Play, number: int) -> PullRequest:
    """A pull request as it is now."""
    return play.stage.repository("ana").get_pull(number)


def show_page(
    play: Play,
    pull: PullRequest,
    *,
    sections: Collection[str],
    metrics: Collection[str] = _QUALITY,
) -> str:
    """Show parts of a pull request's page; all of it is in the folder since it was opened."""
    file = play.folder.page(pull.number)
    _show(play, pull, file, sections=sections, metrics=metrics)
    return pull.body


def show_issue(play: Play, issue: Issue, *, sections: Collection[str]) -> str:
    """Show parts of an issue's page, and leave all of it in the folder."""
    body = issue.body or ""
    file = play.folder.issue(issue.number)
    _keep(file, issue.title, body)
    _show(play, issue, file, sections=sections, metrics=())
    return body


def _show(
    play: Play,
    page: PullRequest | Issue,
    file: Path,
    *,
    sections: Collection[str],
    metrics: Collection[str],
) -> None:
    room = play.narrator.room
    lines = excerpt(page.body or "", sections=list(sections), metrics=metrics, width=room)
    labels = ", ".join(label.name for label in page.labels)
    head = [f"#{page.number} {page.title}", f"opened by {page.user.login}; {labels}", ""]
    play.narrator.quote([*head, *lines])
    play.narrator.output(f"(shortened; the whole page is {play.folder.shown(file)})")


def _keep_page(play: Play, pull: PullRequest) -> list[str]:
    """Leave a pull request's page in the folder with all comments; returns the comments."""
    said = [(each.user.login, each.body or "") for each in pull.get_issue_comments()]
    comments = [f"---\n\n**{who}** commented:\n\n{text.rstrip()}\n" for who, text in said]
    _keep(play.folder.page(pull.number), pull.title, "\n".join([pull.body, *comments]))
    return [text for _, text in said]


def _keep(file: Path, title: str, text: str) -> None:
    file.write_text(f"# {title}\n\n{text}", encoding="utf-8")


def checks(
    play: Play, number: int, environment: str, version: int, *, exit_code: Exit = Exit.OK
) -> str:
    """Judge a promotion's pull request as the workflow does; returns what was printed."""
    play.pull()
    branch = branch_of(environment, version)
    commits = ("--base", "origin/main", "--head", f"origin/{branch}")
    return play.assent(
        *("check", *commits, "--head-branch", branch, "--pull-request", str(number)),
        exit_code=exit_code,
    )


def comment(play: Play, number: int, who: str, text: str) -> None:
    """Let somebody comment on a pull request."""
    play.stage.repository(who).get_pull(number).create_issue_comment(text)


def show_comments(play: Play, number: int, *, last: str) -> None:
    """Show the last comment on a pull request, and leave its page with all of them.

    Args:
        play: The play.
        number: The pull request's.
        last: How the last comment has to begin.
    """
    pull = pull_request(play, number)
    comments = _keep_page(play, pull)
    said = comments[-1] if comments else ""
    require(said.startswith(last), f"the last comment on #{number} should begin: {last}", said)
    room = play.narrator.room
    play.narrator.quote(excerpt(said, sections=[], metrics=(), width=room))


def _refused(play: Play, who: str, what: str, attempt: Callable[[], object]) -> None:
    """Let somebody try something that GitHub has to refuse, and show its answer."""
    play.narrator.command(f"{who} {what}")
    try:
        attempt()
    except GithubException as error:
        play.narrator.output(f"GitHub: {error.status} {error.data['message']}")
    else:
        raise Unexpected(f"GitHub should not let {who} do this: {what}")


def approve_and_merge(play: Play, number: int, *owners: str) -> None:
    """Code owners approve a pull request at its head, and the last of them merges it."""
    *others, last = owners
    also = f"{' and '.join(others)} approves, " if others else ""
    play.narrator.command(f"{also}{last} approves and merges #{number}")
    for who in owners:
        play.stage.approve(number, who)
    commit = play.stage.merge(number, last)
    play.narrator.output(f"GitHub: merged as {commit[:12]}")
    require(pull_request(play, number).merged, f"pull request {number} should be merged")


def try_to_bypass(play: Play, number: int, environment: str, version: int, who: str) -> None:
    """Somebody who is no code owner tries to merge, then to write to main; both refused."""
    _refused(play, who, f"merges #{number}", partial(play.stage.merge, number, who))
    path, content = _record_of(environment, version), proposed_record(play, environment, version)
    write = partial(
        play.stage.repository(who).create_file, path, "Promote it", content, branch="main"
    )
    _refused(play, who, f"commits {path} to main directly", write)


def proposed_record(play: Play, environment: str, version: int) -> bytes:
    """The record on the branch of a promotion's pull request."""
    file: Any = play.stage.repository("ana").get_contents(
        _record_of(environment, version), ref=branch_of(environment, version)
    )
    content: bytes = file.decoded_content
    return content
