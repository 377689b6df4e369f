"""Whether an approval in a history counts: whoever may write one parameter could have written it.

It counts by its receipt, on a branch to which only the App may write. One without, such as a run
left that was killed, has to be proven once more before anything is made of it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from assent.core.parameters import History, HistoryEntry, entries_digest
from assent.core.receipt_book import Index
from assent.core.record import Decision

__all__ = ["Founded", "approval_number", "founded_by", "unreceipted"]

_LATE = timedelta(hours=1)
"""As long after a decision the next run of apply may still make up for its receipt."""


class Founded(StrEnum):
    """How an approval in effect stands to the receipts."""

    RECEIPTED = "it has its receipt"
    UNRECEIPTED = "it has no receipt"
    UNFOUNDED = "its receipt shows no approval"
    ALTERED = "decisions that have their receipts were changed or removed"


def approval_number(history: History) -> int | None:
    """Which entry approved what is in effect, from 1; None where no approval is."""
    last = history.last
    if last is None or last.decision is not Decision.APPROVED:
        return None
    return _last_place(history.entries, last)


def _last_place(entries: Sequence[HistoryEntry], entry: HistoryEntry) -> int:
    return max(place for place, each in enumerate(entries, 1) if each is entry)


def founded_by(index: Index, history: History) -> Founded:
    """How the approval in effect of a version stands to what is receipted of it.

    Args:
        index: What is receipted of its model.
        history: All of its decisions; an approval is in effect.
    """
    version, number = history.id.version, approval_number(history)
    receipted = index.decisions.get(version, 0)
    known = index.histories.get(version)
    upto = history.entries[:receipted]
    if len(upto) < receipted or (known and entries_digest(upto) != known):
        return Founded.ALTERED
    if number is None or number > receipted:
        return Founded.UNRECEIPTED
    is_unfounded = number in index.unfounded.get(version, ())
    return Founded.UNFOUNDED if is_unfounded else Founded.RECEIPTED


def unreceipted(index: Index, history: History, now: datetime) -> str | None:
    """Why decisions of a version lack receipts; None where they do not, or apply may be at it.

    Args:
        index: What is receipted of its model.
        history: All of its decisions.
        now: The time.
    """
    number = approval_number(history)
    founded = founded_by(index, history)
    if founded in {Founded.ALTERED, Founded.UNFOUNDED}:
        which = "" if number is None else f"decision {number}: "
        return f"{which}{founded.value}"
    receipted = index.decisions.get(history.id.version, 0)
    late = [
        place
        for place, entry in enumerate(history.entries, 1)
        if place > receipted and not timedelta() <= now - entry.applied_at < _LATE
    ]
    return f"decision {late[0]}: {Founded.UNRECEIPTED.value}" if late else None
