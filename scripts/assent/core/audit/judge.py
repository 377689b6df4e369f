"""The audit itself: from what was read to what happened, and to every place that does not fit."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from assent.core.audit.chain import ChainReading, Receipt, read_chain
from assent.core.audit.decisions import Decisions, bring_together
from assent.core.audit.gaps import Gap, GapKind
from assent.core.audit.links import Links, Records, closed_and_merged
from assent.core.audit.material import Chain, Material, Scope
from assent.core.audit.naming import namings
from assent.core.audit.said import RefusalSaid
from assent.core.audit.state import current_gaps, registry_gaps
from assent.core.audit.stored import Stored, read_stored
from assent.core.audit.timeline import Event, EventKind, decision_events, other_events
from assent.core.config import Config
from assent.core.errors import Exit
from assent.core.imports import is_import
from assent.core.names import RecordId
from assent.core.parameters import Names
from assent.core.record import Decision, Record
from assent.core.schema import Schema

__all__ = ["Audit", "Reading", "judge", "read_environments", "reviewed_in", "spoken_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one environment's receipts and parameters say."""

    environment: str
    names: Names
    chain: ChainReading
    stored: Stored
    decisions: Decisions

    @property
    def receipts(self) -> Sequence[Receipt]:
        """Those that read, in their order."""
        return self.chain.receipts


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What an audit found."""

    material: Material
    readings: tuple[Reading, ...]
    """By environment, lowest first."""
    events: tuple[Event, ...]
    """Of each version in each environment, in order."""
    gaps: tuple[Gap, ...]

    @property
    def exit(self) -> Exit:
        """0 the trail is whole; 10 it is not; 3 there was nothing to judge."""
        if self.gaps:
            return Exit.FINDINGS
        read = bool(self.events)
        if not self.material.scope.is_narrowed:
            read = read or any(each.receipts for each in self.readings)
        return Exit.OK if read else Exit.NOTHING_READ


def read_environments(
    config: Config,
    scope: Scope,
    chains: Mapping[str, Chain],
    parameters: Mapping[str, Mapping[str, str]],
    receipt: Schema,
) -> tuple[Reading, ...]:
    """Read receipts and parameters of each environment in scope.

    Args:
        config: Names the parameters.
        scope: What the audit is about.
        chains: By environment.
        parameters: By environment: names and texts.
        receipt: `schemas/receipt.schema.json`.
    """
    readings = []
    for environment in scope.environments:
        names = Names(prefix=config.parameter_prefix, environment=environment)
        chain = read_chain(environment, chains[environment], receipt)
        stored = read_stored(names, parameters[environment], scope)
        readings.append(
            Reading(
                environment=environment,
                names=names,
                chain=chain,
                stored=stored,
                decisions=bring_together(chain.receipts, stored, scope),
            )
        )
    return tuple(readings)


def spoken_of(readings: Iterable[Reading]) -> list[str]:
    """The ids of the records that decisions and histories name, in a fixed order."""
    found = {
        each.blob
        for reading in readings
        for some in reading.decisions.decided.values()
        for each in some
    }
    found |= {
        entry.blob
        for reading in readings
        for history in reading.stored.histories.values()
        for entry in history.entries
    }
    return sorted(found)


def reviewed_in(readings: Iterable[Reading]) -> list[tuple[str, str]]:
    """The commits on which approvals counted, with the record's path, in a fixed order."""
    found = {
        (approval.commit, each.id.path)
        for reading in readings
        for some in reading.decisions.decided.values()
        for each in some
        if each.said is not None
        for approval in each.said.approvals
        if approval.counted and approval.commit
    }
    return sorted(found)


def judge(material: Material, readings: Sequence[Reading], promotion: Schema) -> Audit:
    """Judge everything that was read.

    Args:
        material: What was read.
        readings: What its receipts and parameters say.
        promotion: `schemas/promotion.schema.json`.
    """
    records = Records(material.blobs, promotion)
    links = Links(material, records)
    events: list[Event] = []
    gaps: list[Gap] = []
    for reading in readings:
        of_environment = list(_gaps(material, reading, links, records))
        events.extend(_events(material, reading, links, records, of_environment))
        gaps.extend(of_environment)
    gaps.extend(registry_gaps(material, {each.environment: each.stored for each in readings}))
    ladder, scope = material.config.ladder, material.scope
    events.sort(key=lambda each: (ladder.index(each.id.environment), each.id, each.at))
    return Audit(
        material=material,
        readings=tuple(readings),
        events=tuple(each for each in events if scope.holds_time(each.at)),
        gaps=tuple(each for each in gaps if _is_shown(each, readings, scope)),
    )


def _is_shown(gap: Gap, readings: Iterable[Reading], scope: Scope) -> bool:
    """Whether a gap is of the time that was asked for.

    That of a decision whose time no receipt of its own run tells always is: whoever writes a
    history by hand chooses the time. One that was in effect in that time is of it, too.
    """
    if scope.holds_time(gap.at) or gap.id is None or gap.number is None:
        return scope.holds_time(gap.at)
    some = [
        each
        for reading in readings
        if reading.environment == gap.environment
        for each in reading.decisions.decided.get(gap.id, ())
    ]
    own = next((each for each in some if each.number == gap.number), None)
    if own is None or own.said is None or own.recovered:
        return True
    later = next((each for each in some if each.number > own.number and not each.aside), None)
    ended = None if later is None else later.applied_at
    lasts = scope.since is None or ended is None or ended > scope.since
    return lasts and not own.aside and (scope.until is None or own.applied_at <= scope.until)


def _gaps(material: Material, reading: Reading, links: Links, records: Records) -> Iterator[Gap]:
    """What does not fit in one environment; the registry speaks for all of them, and comes last."""
    chain = reading.chain
    yield from chain.gaps
    yield from reading.stored.gaps
    yield from reading.decisions.gaps
    if not chain.receipts and not chain.gaps and reading.stored.histories:
        yield Gap(
            kind=GapKind.CHAIN_MISSING,
            environment=reading.environment,
            where=f"{reading.environment}/",
            detail=_no_chain(material),
        )
    for some in reading.decisions.decided.values():
        for decided in some:
            yield from links.gaps(decided)
        yield from closed_and_merged(some, links)
    yield from _undecided(material, reading, links)
    yield from current_gaps(
        reading.names, reading.stored, reading.receipts, records, material.scope.model
    )


def _no_chain(material: Material) -> str:
    detail = "no receipt of this environment is there, and decisions took effect in it"
    if material.tip is not None:
        return detail
    branch = material.config.receipts.branch
    return (
        f"{detail}; the clone has no branch {branch}: if GitHub has it, "
        f"`git fetch origin {branch}:refs/remotes/origin/{branch}` brings it"
    )


def _undecided(material: Material, reading: Reading, links: Links) -> Iterator[Gap]:
    """Records on main that are not in effect, and of which no receipt says why.

    Only the last decision by merging counts, and what was refused after it: what was decided on
    once, and came back to main, was not decided on again.
    """
    places = {receipt.path: place for place, receipt in enumerate(reading.receipts)}
    merged: dict[RecordId, tuple[str, int]] = {}
    for id_, some in reading.decisions.decided.items():
        for each in some:
            if not each.aside and not links.is_closing(each):
                merged[id_] = (each.blob, places.get(each.receipt, -1))
    refused = _refused(material, reading)
    for id_, item in sorted(material.on_main.items()):
        if id_.environment != reading.environment or not material.scope.holds(id_):
            continue
        blob, since = merged.get(id_, ("", -1))
        is_explained = blob == item.id or refused.get((id_, item.id), -1) > since
        if not is_explained and id_ not in reading.stored.unreadable:
            yield Gap(
                kind=GapKind.UNDECIDED,
                environment=reading.environment,
                where=id_.path,
                detail=f"main holds {item.id}, which is not in effect, and nothing says why",
                id=id_,
            )


def _refused(material: Material, reading: Reading) -> dict[tuple[RecordId, str], int]:
    """Which contents of which records were refused, and the place of the last such receipt.

    A refusal that names no content is of what main held when it was written.
    """
    found: dict[tuple[RecordId, str], int] = {}
    age = {commit: age for age, commit in enumerate(material.trail.commits)}
    latest = {each.path: age[each.commit] for each in reversed(material.trail.changes)}
    for place, receipt in enumerate(reading.receipts):
        said = receipt.said
        if isinstance(said, RefusalSaid):
            there = material.on_main.get(said.id)
            if said.blob:
                found[said.id, said.blob] = place
            elif there is not None:
                head = age.get(receipt.statement.head)
                if head is not None and latest.get(said.id.path, -1) >= head:
                    found[said.id, there.id] = place
    return found


def _events(
    material: Material, reading: Reading, links: Links, records: Records, gaps: Sequence[Gap]
) -> Iterator[Event]:
    by_id: dict[RecordId, list[Gap]] = {}
    for gap in gaps:
        if gap.id is not None:
            by_id.setdefault(gap.id, []).append(gap)
    named = namings(reading.names, reading.receipts, reading.stored, material.read_at)
    for id_, some in reading.decisions.decided.items():
        closings = [links.is_closing(each) for each in some]
        found = decision_events(some, closings, named.get(id_.model, []), by_id.get(id_, []))
        for event in found:
            record = records.of(event.blob)
            imported = isinstance(record, Record) and is_import(record)
            is_yes = event.decision is Decision.APPROVED
            yield replace(event, imported=True) if imported and is_yes else event
    for event in other_events(reading.receipts):
        if material.scope.holds(event.id):
            yield event
    yield from _waiting(material, by_id)


def _waiting(material: Material, gaps: Mapping[RecordId, Sequence[Gap]]) -> Iterator[Event]:
    """What came to main and was not decided on."""
    undecided = {
        (id_.path, material.on_main[id_].id): id_
        for id_, some in gaps.items()
        if any(each.kind is GapKind.UNDECIDED for each in some)
    }
    for change in material.trail.changes if undecided else ():
        if change.becomes is not None:
            id_ = undecided.pop((change.path, change.becomes.id), None)
            if id_ is not None:  # the latest commit that brought it
                yield Event(
                    id=id_,
                    kind=EventKind.UNDECIDED,
                    at=change.at,
                    blob=change.becomes.id,
                    commit=change.commit,
                    gaps=(GapKind.UNDECIDED,),
                )
