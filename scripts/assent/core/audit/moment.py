"""What was live at a moment, and on whose word."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from assent.core.audit.judge import Audit, Reading
from assent.core.audit.links import Decided
from assent.core.audit.said import CurrentSaid
from assent.core.names import RecordId
from assent.core.record import Decision

__all__ = ["LiveThen", "live_at"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveThen:
    """What inference ran in one environment at a moment."""

    environment: str
    model: str
    version: int | None
    """None where `current` said that there is none."""
    since: datetime | None
    """Since when it was named; None where only the histories tell, which do not say."""
    source: str
    """The receipt's path, or `histories`: the highest version that was Approved then."""
    decided: Decided | None
    """The decision by which it was live; None where none is known."""


def live_at(audit: Audit, moment: datetime) -> list[LiveThen]:
    """What was live at a moment, in each environment; models of which nothing tells are left out.

    Receipts tell what `current` named. Where there is none from before that moment, histories tell
    what it should have named.
    """
    return [each for reading in audit.readings for each in _in(reading, audit, moment)]


def _in(reading: Reading, audit: Audit, moment: datetime) -> Iterator[LiveThen]:
    scope = audit.material.scope
    named: dict[str, tuple[int | None, datetime, str]] = {}
    for receipt in reading.receipts:
        said, at = receipt.said, receipt.statement.at
        if isinstance(said, CurrentSaid) and at <= moment and scope.model in {None, said.model}:
            before = named.get(said.model)
            # Mended text names the same version, and that since when it was named first.
            since = before[1] if before is not None and before[0] == said.becomes else at
            named[said.model] = (said.becomes, since, receipt.path)
    decided = reading.decisions.decided
    models = {id_.model for id_ in decided} | named.keys()
    for model in sorted(models):
        if model in named:
            version, since, source = named[model]
            yield _live(reading, model, version, moment, since=since, source=source)
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
