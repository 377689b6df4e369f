"""What `current` named when, as far as receipts, histories and the parameter itself tell.

A run that could not write receipts leaves them to a later one. So a receipt that was made up for
says what `current` named when it was written, and not since when.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from assent.core.audit.chain import Receipt
from assent.core.audit.said import CurrentSaid, DecisionSaid
from assent.core.audit.stored import Stored
from assent.core.current import named_version
from assent.core.parameters import Names
from assent.core.record import Decision

__all__ = ["Naming", "namings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """What `current` of a model named from some moment on."""

    at: datetime
    version: int | None
    """None where it said that there is none, or where nobody knows."""
    source: str
    """The path of the receipt that tells it, or the parameter's name."""
    unknown_until: datetime | None = None
    """Until when it is not known what was named; None where it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What `current` named at a moment, and whether that is when it came to name it."""

    at: datetime
    was: int | None
    version: int | None
    source: str
    is_late: bool
    is_found: bool = False
    """Whether a run found it that then wrote another."""


_Top = tuple[datetime, int | None]
"""From when on the decisions in effect made `current` name which version."""


def namings(
    names: Names, receipts: Iterable[Receipt], stored: Stored, read_at: datetime
) -> dict[str, list[Naming]]:
    """By model what `current` named, in the order of the chain.

    Args:
        names: Where the parameters are.
        receipts: Of the environment, in their order.
        stored: What its parameters say.
        read_at: When they were read.
    """
    receipts = tuple(receipts)
    seen: dict[str, list[_Seen]] = {}
    for receipt in receipts:
        said = receipt.said
        if isinstance(said, CurrentSaid):
            seen.setdefault(said.model, []).append(
                _Seen(
                    at=receipt.statement.at,
                    was=said.was,
                    version=said.becomes,
                    source=receipt.path,
                    is_late=receipt.statement.recovered,
                )
            )
    for model, some in seen.items():
        now = named_version(stored.currents.get(model))
        if model in stored.currents and now != some[-1].version:
            name = names.current(model)
            some.append(_Seen(at=read_at, was=None, version=now, source=name, is_late=True))
    tops = _tops(receipts, stored)
    return {model: list(_namings(some, tops.get(model, []))) for model, some in seen.items()}


def _namings(seen: Sequence[_Seen], tops: Sequence[_Top]) -> Iterator[Naming]:
    before: _Seen | None = None
    for each in seen:
        if each.is_late:
            yield from _late(before, each, tops)
        else:
            if before is not None and each.was not in {None, before.version}:
                # It found another version than the last receipt says: that one's is lost.
                found = replace(each, version=each.was, is_late=True, is_found=True)
                yield from _late(before, found, tops)
            yield Naming(at=each.at, version=each.version, source=each.source)
        before = each


def _late(before: _Seen | None, seen: _Seen, tops: Sequence[_Top]) -> Iterator[Naming]:
    """What is told later: from the decision on that made it so, if there is one in between."""
    start = None if before is None else before.at
    first = 0 if before is None else _after(before, tops)
    between = [
        (at, top)
        for place, (at, top) in enumerate(tops)
        if place >= first and at <= seen.at and top != (tops[place - 1][1] if place else None)
    ]
    # What the run itself decided, and then told of, comes after what it found.
    ends = [place for place, (_, top) in enumerate(between) if top == seen.version]
    is_same = before is None or before.version == seen.version
    if ends and (seen.is_found or ends[-1] == len(between) - 1):
        since, unknown = between[ends[-1]][0], between[0][0]
    elif is_same and not between:
        since = unknown = seen.at
    else:
        since, unknown = seen.at, between[0][0] if start is None else start
    if unknown < since:
        yield Naming(at=unknown, version=None, source=seen.source, unknown_until=since)
    yield Naming(at=since, version=seen.version, source=seen.source)


def _after(seen: _Seen, tops: Sequence[_Top]) -> int:
    """From which place on the decisions come after a moment.

    Moments are told in whole seconds: of those in the very second, they come after the one that
    made `current` name what it then named.
    """
    first = sum(at <= seen.at for at, _ in tops)
    place = first
    while place > 0 and tops[place - 1][0] == seen.at:
        if tops[place - 1][1] == seen.version:
            return place
        place -= 1
    return first


def _tops(receipts: Iterable[Receipt], stored: Stored) -> Mapping[str, list[_Top]]:
    """By model which version was the highest that was Approved, after each decision."""
    decisions: dict[tuple[str, int, int], tuple[datetime, Decision | None]] = {}
    for id_, history in stored.histories.items():
        for number, entry in enumerate(history.entries, 1):
            if not entry.aside:
                decisions[id_.model, id_.version, number] = (entry.applied_at, entry.decision)
    for receipt in receipts:
        said = receipt.said
        if isinstance(said, DecisionSaid) and not said.aside:
            decisions[said.id.model, said.id.version, said.number] = (
                said.applied_at,
                said.decision,
            )
    standing: dict[str, dict[int, Decision | None]] = {}
    found: dict[str, list[_Top]] = {}
    for (model, version, _), (at, decision) in sorted(
        decisions.items(), key=lambda each: (each[1][0], each[0])
    ):
        versions = standing.setdefault(model, {})
        versions[version] = decision
        approved = [number for number, said in versions.items() if said is Decision.APPROVED]
        found.setdefault(model, []).append((at, max(approved, default=None)))
    return found
