"""What happened to each version in each environment, in order, from what was read and judged."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from assent.core.audit.chain import Receipt
from assent.core.audit.gaps import Gap, GapKind
from assent.core.audit.links import Decided
from assent.core.audit.naming import Naming
from assent.core.audit.said import ApprovalSaid, OtherSaid, RefusalSaid
from assent.core.names import RecordId
from assent.core.record import Decision
from assent.core.statements import StatementKind
from assent.core.timestamps import written

__all__ = ["Event", "EventKind", "Live", "decision_events", "other_events"]


class EventKind(StrEnum):
    """What happened."""

    DECISION = "decision"
    CLOSING = "closing"
    REOPENING = "reopening"
    REFUSED = "refused"
    UNDECIDED = "undecided"
    REGISTRY_RESTORED = "registry-restored"
    CLOSING_WITHOUT_EFFECT = "closing-without-effect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """A time in which a version was the one that inference runs."""

    since: datetime
    until: datetime | None
    """None where it still is; where nobody knows what followed, as long as it is known."""
    follower: int | None = None
    """The version that was named next; None where none was, or it is live still."""
    unknown_until: datetime | None = None
    """Until when nobody knows what followed; None where it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to a version in an environment."""

    id: RecordId
    kind: EventKind
    at: datetime
    """When it took effect, or was found."""
    decision: Decision | None = None
    was: str | None = None
    blob: str = ""
    commit: str = ""
    evidence: str = ""
    """The digest of what was decided on."""
    pull_request: str = ""
    author: str = ""
    by: tuple[str, ...] = ()
    """Whose word counted."""
    approvals: tuple[ApprovalSaid, ...] = ()
    """As the receipt recorded what GitHub said."""
    decided_at: datetime | None = None
    """When the pull request was merged, closed or reopened."""
    reason: str = ""
    waived: tuple[str, ...] = ()
    broke_glass: str = ""
    imported: bool = False
    """Whether the record says that it was approved before Assent came, and was taken over."""
    before: Mapping[str, str] | None = None
    """The registry's fields before it was written; None where that is not known."""
    after: Mapping[str, str] | None = None
    lives: tuple[Live, ...] = ()
    """When the version was live by this decision."""
    ended_at: datetime | None = None
    ended_by: str = ""
    """What ended its effect: a later decision, or that another version is live."""
    receipt: str = ""
    """The receipt's path; empty where there is none."""
    recovered: bool = False
    gaps: tuple[GapKind, ...] = ()
    """What of it does not hold."""


def decision_events(
    some: Sequence[Decided],
    closings: Sequence[bool],
    named: Sequence[Naming],
    gaps: Sequence[Gap],
) -> Iterator[Event]:
    """What was decided on one version in one environment.

    Args:
        some: The decisions, in their order.
        closings: Of each, whether a pull request was closed or reopened.
        named: What `current` of the model named, and since when.
        gaps: What does not hold of this version.
    """
    spans = _spans(named, some[0].id.version if some else 0)
    for decided, closing in zip(some, closings, strict=True):
        said, entry = decided.said, decided.entry
        later = next(
            (each for each in some if each.number > decided.number and not each.aside), None
        )
        end = None if later is None else later.applied_at
        own = tuple(_within(spans, decided, end)) if decided.decision is Decision.APPROVED else ()
        ended_at, ended_by = _ended(later, own)
        yield Event(
            id=decided.id,
            kind=_kind(decided, closing=closing),
            at=decided.applied_at,
            decision=decided.decision,
            was=None if said is None else said.was,
            blob=decided.blob,
            commit=decided.commit,
            evidence=decided.evidence,
            pull_request=decided.pull_request,
            author="" if said is None else said.author,
            by=decided.by,
            approvals=() if said is None else said.approvals,
            decided_at=decided.decided_at,
            reason=said.reason if said is not None else ("" if entry is None else entry.reason),
            waived=() if said is None else said.waived,
            broke_glass="" if said is None else said.broke_glass,
            before=None if said is None else said.before,
            after=None if said is None else said.after,
            lives=own,
            ended_at=ended_at,
            ended_by=ended_by,
            receipt=decided.receipt,
            recovered=decided.recovered,
            gaps=tuple(dict.fromkeys(each.kind for each in gaps if each.number == decided.number)),
        )


def _kind(decided: Decided, *, closing: bool) -> EventKind:
    if not closing:
        return EventKind.DECISION
    return EventKind.REOPENING if decided.decision is None else EventKind.CLOSING


def _spans(named: Sequence[Naming], version: int) -> list[Live]:
    """The times in which a version was named; named again, it goes on."""
    spans: list[Live] = []
    since: datetime | None = None
    for each in named:
        if each.unknown_until is None and each.version == version:
            since = since or each.at
        elif since is not None:
            spans.append(
                Live(
                    since=since,
                    until=each.at,
                    follower=each.version,
                    unknown_until=each.unknown_until,
                )
            )
            since = None
    if since is not None:
        spans.append(Live(since=since, until=None))
    return spans


def _within(spans: Sequence[Live], decided: Decided, end: datetime | None) -> Iterator[Live]:
    """The times that began by this decision, before the next one."""
    for span in spans:
        # A receipt is written after its decision, and in whole seconds.
        if span.since >= decided.applied_at and (end is None or span.since < end):
            yield span


def _ended(later: Decided | None, own: Sequence[Live]) -> tuple[datetime | None, str]:
    if own and own[-1].until is not None and (later is None or own[-1].until < later.applied_at):
        follower, unknown = own[-1].follower, own[-1].unknown_until
        if unknown is not None:
            return own[-1].until, f"what is unknown up to {written(unknown)}"
        return own[-1].until, "no version" if follower is None else f"version {follower}"
    if later is not None:
        return later.applied_at, f"{later.decision or 'reopened'}"
    return None, ""


def other_events(receipts: Iterable[Receipt]) -> Iterator[Event]:
    """Refusals, and what decided nothing, as far as it is about a version."""
    for receipt in receipts:
        statement, said = receipt.statement, receipt.said
        if isinstance(said, RefusalSaid):
            yield Event(
                id=said.id,
                kind=EventKind.REFUSED,
                at=statement.at,
                blob=said.blob,
                pull_request=said.pull_request,
                reason=f"{said.reason}: {said.detail}" if said.detail else said.reason,
                receipt=receipt.path,
                recovered=statement.recovered,
            )
        elif isinstance(said, OtherSaid) and said.id is not None:
            yield Event(
                id=said.id,
                kind=(
                    EventKind.REGISTRY_RESTORED
                    if statement.kind is StatementKind.REGISTRY_RESTORED
                    else EventKind.CLOSING_WITHOUT_EFFECT
                ),
                at=statement.at,
                pull_request=said.pull_request,
                by=said.by,
                reason=said.text,
                receipt=receipt.path,
                recovered=statement.recovered,
            )
