"""What a promotion pull request's closings and reopenings come to, one after the other."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from assent.core.forge import Conversation, PullRequestState, Remark, Turn, TurnKind
from assent.core.registry_fields import one_line
from assent.core.timestamps import to_seconds

__all__ = ["LONGEST_REASON", "answered", "reason_for", "turns_of"]

LONGEST_REASON = 300
"""What history, registry and comment hold of one; the pull request has the rest."""
_NOBODY = "ghost"
"""As GitHub shows those whom it does not know any more."""


def turns_of(pull: PullRequestState, conversation: Conversation) -> tuple[Turn, ...]:
    """Each closing and reopening, oldest first, in whole seconds as histories hold them.

    GitHub does not always tell who closed; whoever it was, nothing then shows their right to.
    """
    turns = tuple(replace(turn, at=to_seconds(turn.at)) for turn in conversation.turns)
    if turns or pull.closed_at is None:
        return turns
    return (Turn(kind=TurnKind.CLOSED, by=_NOBODY, at=to_seconds(pull.closed_at)),)


def answered(remarks: Iterable[Remark], mark: str) -> bool:
    """Whether Assent itself has said something that carries a mark."""
    return any(remark.own and mark in remark.text for remark in remarks)


def reason_for(turn: Turn, turns: Sequence[Turn], remarks: Sequence[Remark]) -> str:
    """What the person who closed said last before it, since it was last opened; or first after.

    Returns:
        One line of at most `LONGEST_REASON` characters, hostile markup and all; empty for none.
    """
    opened = max((each.at for each in turns if each.at < turn.at), default=None)
    said = [
        remark
        for remark in remarks
        if remark.by == turn.by and not remark.own and (opened is None or remark.at >= opened)
    ]
    before = [remark for remark in said if to_seconds(remark.at) <= turn.at]
    after = [remark for remark in said if to_seconds(remark.at) > turn.at]
    chosen = before[-1:] or after[:1]
    return one_line(chosen[0].text, LONGEST_REASON) if chosen else ""
