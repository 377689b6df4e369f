"""What tidying came to, as text and JSON values; and what it says on a pull request."""

from collections.abc import Sequence
from typing import Any

from assent.core.errors import Exit
from assent.core.names import RecordId
from assent.core.outcome import Proposed
from assent.core.rendering.markdown import code
from assent.core.rendering.outcome import outcome_line, outcome_values
from assent.core.rendering.plain import plain
from assent.core.review import NewerVersion
from assent.core.tidying import InForeground, NotTidied, PageRefreshed, Superseded, Tidied

__all__ = [
    "superseded_by",
    "superseded_comment",
    "tidied_line",
    "tidying_summary",
    "tidying_values",
]


def superseded_by(version: int) -> str:
    """What marks the comment that names a newer version; invisible on the page."""
    return f"<!-- assent: superseded by {version} -->"


def superseded_comment(id_: RecordId, newer: NewerVersion | int) -> str:
    """Say on a pull request that a newer version came.

    Args:
        id_: What the pull request is about.
        newer: The newer version, where that is proposed; its number, where it is live.
    """
    model, where = code(id_.model), code(id_.environment)
    if isinstance(newer, NewerVersion):
        version = newer.version
        said = f"version {version} of {model} is proposed for {where}: {newer.pull_request}"
    else:
        version, said = newer, f"version {newer} of {model} is live in {where}"
    return (
        f"**Superseded**: {said}\n\n"
        f"This pull request can still be merged. Version {id_.version} is then approved too, and "
        f"is what {where} falls back to if version {version} is retired. To say no to it, close "
        f"it.\n\n{superseded_by(version)}\n"
    )


def tidied_line(done: Tidied) -> str:
    """What was done, on a line of plain text."""
    match done:
        case PageRefreshed():
            return f"{done.id}: page refreshed: {plain(done.url)}"
        case Superseded():
            return f"{done.id}: superseded by {done.by}: {plain(done.url)}"
        case InForeground():
            return f"{done.id}: superseded no more: {plain(done.url)}"
        case Proposed():
            return outcome_line(done)
        case NotTidied():
            hint = f" ({plain(done.hint)})" if done.hint else ""
            return f"{done.environment}: {plain(done.what)}: FAILED: {plain(done.message)}{hint}"


def tidying_values(head: str, verdict: Exit, done: Sequence[Tidied]) -> dict[str, Any]:
    """A whole run, as JSON values."""
    return {"head": head, "exit": verdict, "done": [_tidied(each) for each in done]}


def _tidied(done: Tidied) -> dict[str, Any]:
    match done:
        case PageRefreshed():
            return {"tidied": "refreshed", **_values(done.id, done.url)}
        case Superseded():
            return {"tidied": "superseded", **_values(done.id, done.url), "by": done.by}
        case InForeground():
            return {"tidied": "in-foreground", **_values(done.id, done.url)}
        case Proposed():
            return {"tidied": "opened", **outcome_values(done)}
        case NotTidied():
            return {
                "tidied": "failed",
                "environment": done.environment,
                "what": done.what,
                "message": done.message,
                "hint": done.hint,
            }


def tidying_summary(looked_at: int, done: Sequence[Tidied]) -> str:
    """How many open promotions were looked at, and what that came to."""
    failed = sum(isinstance(each, NotTidied) for each in done)
    open_ = f"{looked_at} open {'promotion' if looked_at == 1 else 'promotions'}"
    if not done:
        return f"{open_}, nothing to tidy"
    return f"{open_}, {len(done) - failed} tidied, {failed} failed"


def _values(id_: RecordId, url: str) -> dict[str, Any]:
    return {
        "environment": id_.environment,
        "model": id_.model,
        "version": id_.version,
        "pull_request": url,
    }
