"""What happened to each version in each environment, in order, from what was read and judged."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from assent.core.audit.chain import Receipt
from assent.core.audit.gaps import Gap, GapKind
from assent.core.audit.links import Decided
from assent.core.audit.said import ApprovalSaid, CurrentSaid, OtherSaid, RefusalSaid
from assent.core.names import RecordId
from assent.core.record import Decision
from assent.core.statements import StatementKind

__all__ = ["Event", "EventKind", "Live", "decision_events", "lives", "other_events"]


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
    """None where it still is."""
    follower: int | None = None
    """The version that was named next; None where none was, or it is live still."""


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


def lives(receipts: Iterable[Receipt]) -> dict[str, list[tuple[datetime, int | None]]]:
    """By model: from when on `current` named which version, as the receipts tell it."""
    found: dict[str, list[tuple[datetime, int | None]]] = {}
    for receipt in receipts:
        if isinstance(receipt.said, CurrentSaid):
            moment = (receipt.statement.at, receipt.said.becomes)
            found.setdefault(receipt.said.model, []).append(moment)
    return found


def decision_events(
    some: Sequence[Decided],
    closings: Sequence[bool],
    named: Sequence[tuple[datetime, int | None]],
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


def _spans(named: Sequence[tuple[datetime, int | None]], version: int) -> list[Live]:
    """The times in which a version was named; named again, it goes on."""
    spans: list[Live] = []
    open_since: datetime | None = None
    for at, number in named:
        if number == version:
            open_since = open_since or at
        elif open_since is not None:
            spans.append(Live(since=open_since, until=at, follower=number))
            open_since = None
    if open_since is not None:
        spans.append(Live(since=open_since, until=None))
    return spans


def _within(spans: Sequence[Live], decided: Decided, end: datetime | None) -> Iterator[Live]:
    """The times that began by this decision, before the next one."""
    for span in spans:
        # A receipt is written after its decision, and in whole seconds.
        if span.since >= decided.applied_at and (end is None or span.since < end):
            yield span


def _ended(later: Decided | None, own: Sequence[Live]) -> tuple[datetime | None, str]:
    if own and own[-1].until is not None and (later is None or own[-1].until < later.applied_at):
        follower = own[-1].follower
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
                reason=said.text,
                receipt=receipt.path,
                recovered=statement.recovered,
            )
