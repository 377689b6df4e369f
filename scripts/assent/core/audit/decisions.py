"""Receipts and histories brought together: every decision once, as both tell it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from assent.core.audit.chain import Receipt
from assent.core.audit.gaps import Gap, GapKind
from assent.core.audit.links import Decided
from assent.core.audit.material import Scope
from assent.core.audit.said import DecisionSaid
from assent.core.audit.stored import Stored
from assent.core.names import RecordId

__all__ = ["Decisions", "bring_together"]

_Key = tuple[RecordId, int]


@dataclass(slots=True, kw_only=True)
class Decisions:
    """Every decision in an environment that is in scope."""

    decided: dict[RecordId, list[Decided]] = field(default_factory=dict)
    """By version, in the order in which they took effect."""
    gaps: list[Gap] = field(default_factory=list)


def bring_together(receipts: Iterable[Receipt], stored: Stored, scope: Scope) -> Decisions:
    """Pair each receipt of a decision with the entry of a history that it tells of.

    Args:
        receipts: Of one environment.
        stored: What its parameters say.
        scope: What the audit is about.
    """
    found = Decisions()
    said: dict[_Key, tuple[Receipt, DecisionSaid]] = {}
    for receipt in receipts:
        told = receipt.said
        if isinstance(told, DecisionSaid) and scope.holds(told.id):
            key = (told.id, told.number)
            if key in said:
                found.gaps.append(_repeated(receipt, told, said[key][0]))
            else:
                said[key] = (receipt, told)
    entries = {
        (id_, number): entry
        for id_, history in stored.histories.items()
        if scope.holds(id_)
        for number, entry in enumerate(history.entries, 1)
    }
    for key in sorted({*said, *entries}):
        pair = said.get(key)
        decided = Decided(
            id=key[0],
            number=key[1],
            entry=entries.get(key),
            said=None if pair is None else pair[1],
            receipt="" if pair is None else pair[0].path,
            recovered=pair is not None and pair[0].statement.recovered,
        )
        found.decided.setdefault(key[0], []).append(decided)
        if key[0] not in stored.unreadable:
            found.gaps.extend(_alone(decided))
    return found


def _repeated(receipt: Receipt, told: DecisionSaid, first: Receipt) -> Gap:
    return Gap(
        kind=GapKind.RECEIPT_REPEATED,
        environment=told.id.environment,
        where=receipt.path,
        detail=f"{first.path} tells of decision {told.number} on {told.id} already",
        id=told.id,
        number=told.number,
        at=told.applied_at,
    )


def _alone(decided: Decided) -> Iterator[Gap]:
    """That only one of the two tells of a decision."""
    if decided.said is None:
        kind = GapKind.ENTRY_WITHOUT_RECEIPT
        detail = "the history in Parameter Store holds it, and no receipt tells of it"
    elif decided.entry is None:
        kind = GapKind.RECEIPT_WITHOUT_ENTRY
        detail = f"the history of {decided.id} has no decision number {decided.number}"
    else:
        return
    yield Gap(
        kind=kind,
        environment=decided.id.environment,
        where=decided.where,
        detail=detail,
        id=decided.id,
        number=decided.number,
        at=decided.applied_at,
    )
