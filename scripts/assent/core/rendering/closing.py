"""What Assent says on a pull request that was closed or reopened."""

from enum import StrEnum

from assent.core.forge import Turn, TurnKind
from assent.core.names import RecordId
from assent.core.rendering.markdown import code
from assent.core.timestamps import written

__all__ = [
    "Answer",
    "answer_to",
    "rejected_comment",
    "reopened_comment",
    "stuck_comment",
    "unchanged_comment",
]


class Answer(StrEnum):
    """What an answer announces, for the next look to know; invisible on the page."""

    DECIDED = "decided"
    UNCHANGED = "unchanged"
    UNDONE = "undone"
    """The pull request is opened again, or was."""
    STUCK = "stuck"
    """It could not be opened again."""


def answer_to(turn: Turn, answer: Answer | None = None) -> str:
    """What marks the comment that answers one closing or reopening; without `answer`, any such."""
    begun = f"<!-- assent: {turn.kind.value} {written(turn.at)}, "
    return begun if answer is None else f"{begun}{answer} -->"


def rejected_comment(id_: RecordId, turn: Turn, reason: str) -> str:
    """The closing was a rejection, and is recorded."""
    why = f" Reason: {code(reason)}" if reason else " No reason was given."
    return (
        f"**Rejected**: {_what(id_)} does not run in {code(id_.environment)}. "
        f"{code(turn.by)} is a code owner of {code(id_.path)} and closed this pull request.{why}\n"
        "\nThe registry and Parameter Store say so now. To take it back, a code owner reopens this "
        f"pull request.\n\n{answer_to(turn, Answer.DECIDED)}\n"
    )


def reopened_comment(id_: RecordId, turn: Turn) -> str:
    """The rejection was taken back, and that is recorded."""
    return (
        f"**Open again**: {code(turn.by)}, a code owner of {code(id_.path)}, took the rejection "
        f"back. {_what(id_)} waits for a decision in {code(id_.environment)}; the registry and "
        f"Parameter Store say so.\n\n{answer_to(turn, Answer.DECIDED)}\n"
    )


def unchanged_comment(turn: Turn, why: str, *, then: str, undone: bool = False) -> str:
    """The closing or reopening decided nothing.

    Args:
        turn: Who did what.
        why: Why it decided nothing; Markdown of our own.
        then: What happens now, or what to do; Markdown of our own.
        undone: Whether Assent opens the pull request again.
    """
    what = (
        "This closing rejects nothing"
        if turn.kind is TurnKind.CLOSED
        else "This reopening takes nothing back"
    )
    mark = answer_to(turn, Answer.UNDONE if undone else Answer.UNCHANGED)
    return f"**{what}**: {why}\n\n{then}\n\n{mark}\n"


def stuck_comment(turn: Turn, why: str) -> str:
    """The pull request could not be opened again, though its closing decided nothing.

    Args:
        turn: The closing.
        why: What GitHub said; hostile.
    """
    return (
        f"**It could not be opened again**: {code(why)}\n\nNothing was decided. The next event of "
        "this version opens another pull request for it.\n\n"
        f"{answer_to(turn, Answer.STUCK)}\n"
    )


def _what(id_: RecordId) -> str:
    return f"version {id_.version} of {code(id_.model)}"
