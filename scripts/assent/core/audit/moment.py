"""What was live at a moment, and on whose word."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from assent.core.audit.judge import Audit, Reading
from assent.core.audit.links import Decided
from assent.core.audit.naming import Naming, namings
from assent.core.names import RecordId
from assent.core.record import Decision

__all__ = ["LiveThen", "live_at"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveThen:
    """What inference ran in one environment at a moment."""

    environment: str
    model: str
    version: int | None
    """None where `current` said that there is none, or where nobody knows."""
    since: datetime | None
    """Since when it was named; None where only the histories tell, which do not say."""
    source: str
    """The receipt's path, or `histories`: the highest version that was Approved then."""
    decided: Decided | None
    """The decision by which it was live; None where none is known."""
    unknown: tuple[datetime, datetime] | None = None
    """Between which moments nobody knows what was named; None where it is known."""


def live_at(audit: Audit, moment: datetime) -> list[LiveThen]:
    """What was live at a moment, in each environment; models of which nothing tells are left out.

    Receipts tell what `current` named. Where there is none from before that moment, histories tell
    what it should have named.
    """
    return [each for reading in audit.readings for each in _in(reading, audit, moment)]


def _in(reading: Reading, audit: Audit, moment: datetime) -> Iterator[LiveThen]:
    material = audit.material
    named = {
        model: then
        for model, some in namings(
            reading.names, reading.receipts, reading.stored, material.read_at
        ).items()
        if material.scope.model in {None, model} and (then := _then(some, moment)) is not None
    }
    decided = reading.decisions.decided
    models = {id_.model for id_ in decided} | named.keys()
    for model in sorted(models):
        if model in named:
            yield _named(reading, model, named[model], moment)
        else:
            standing = {
                id_.version: _last(some, moment)
                for id_, some in decided.items()
                if id_.model == model
            }
            if any(standing.values()):
                approved = [
                    number
                    for number, each in standing.items()
                    if each is not None and each.decision is Decision.APPROVED
                ]
                version = max(approved, default=None)
                yield _live(reading, model, version, moment, since=None, source="histories")


def _then(some: Sequence[Naming], moment: datetime) -> Naming | None:
    """What is told last of a moment."""
    found: Naming | None = None
    for each in some:
        if each.at <= moment:
            # Mended text names the same version, and that since when it was named first.
            is_same = found is not None and found.unknown_until == each.unknown_until is None
            if found is not None and is_same and found.version == each.version:
                found = replace(each, at=found.at)
            else:
                found = each
    return found


def _named(reading: Reading, model: str, then: Naming, moment: datetime) -> LiveThen:
    if then.unknown_until is None:
        return _live(reading, model, then.version, moment, since=then.at, source=then.source)
    return LiveThen(
        environment=reading.environment,
        model=model,
        version=None,
        since=None,
        source=then.source,
        decided=None,
        unknown=(then.at, then.unknown_until),
    )


def _live(
    reading: Reading,
    model: str,
    version: int | None,
    moment: datetime,
    *,
    since: datetime | None,
    source: str,
) -> LiveThen:
    some: Sequence[Decided] = ()
    if version is not None:
        some = reading.decisions.decided.get(RecordId(reading.environment, model, version), ())
    return LiveThen(
        environment=reading.environment,
        model=model,
        version=version,
        since=since,
        source=source,
        decided=_last(some, moment),
    )


def _last(some: Sequence[Decided], moment: datetime) -> Decided | None:
    """The decision in effect at a moment."""
    before = [each for each in some if each.applied_at <= moment and not each.aside]
    return before[-1] if before else None
