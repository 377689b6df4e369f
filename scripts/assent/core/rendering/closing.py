"""What Assent says on a pull request that was closed or reopened."""

from assent.core.forge import Turn, TurnKind
from assent.core.names import RecordId
from assent.core.rendering.markdown import code
from assent.core.timestamps import written

__all__ = ["marker", "rejected_comment", "reopened_comment", "unchanged_comment"]


def marker(turn: Turn) -> str:
    """Marks the one comment that answers one closing or reopening; invisible on the page."""
    return f"<!-- assent: {turn.kind.value} {written(turn.at)} -->"


def rejected_comment(id_: RecordId, turn: Turn, reason: str) -> str:
    """The closing was a rejection, and is recorded."""
    why = f" Reason: {code(reason)}" if reason else " No reason was given."
    return (
        f"**Rejected**: {_what(id_)} does not run in {code(id_.environment)}. "
        f"{code(turn.by)} is a code owner of {code(id_.path)} and closed this pull request.{why}\n"
        "\nThe registry and Parameter Store say so now. To take it back, a code owner reopens this "
        f"pull request.\n\n{marker(turn)}\n"
    )


def reopened_comment(id_: RecordId, turn: Turn) -> str:
    """The rejection was taken back, and that is recorded."""
    return (
        f"**Open again**: {code(turn.by)}, a code owner of {code(id_.path)}, took the rejection "
        f"back. {_what(id_)} waits for a decision in {code(id_.environment)}; the registry and "
        f"Parameter Store say so.\n\n{marker(turn)}\n"
    )


def unchanged_comment(turn: Turn, why: str, *, then: str) -> str:
    """The closing or reopening decided nothing.

    Args:
        turn: Who did what.
        why: Why it decided nothing; Markdown of our own.
        then: What happens now, or what to do; Markdown of our own.
    """
    what = (
        "This closing rejects nothing"
        if turn.kind is TurnKind.CLOSED
        else "This reopening takes nothing back"
    )
    return f"**{what}**: {why}\n\n{then}\n\n{marker(turn)}\n"


def _what(id_: RecordId) -> str:
    return f"version {id_.version} of {code(id_.model)}"
