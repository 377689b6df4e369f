"""A decision's links: to main's commits, to its record, to its evidence, to those who approved."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from assent.core.audit.gaps import Gap, GapKind
from assent.core.audit.material import Material
from assent.core.audit.said import DecisionSaid
from assent.core.audit.walk import RecordChange
from assent.core.evidence import evidence_digest
from assent.core.names import RecordId
from assent.core.parameters import HistoryEntry
from assent.core.record import Decision, ParsedRecord, Record, RecordProblem, parse_record
from assent.core.schema import Schema
from assent.core.timestamps import written

__all__ = ["Decided", "Links", "Records", "closed_and_merged"]

_NAMED = 10
"""As many approvers a history names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One decision on a version, as receipt and history tell it; at least one of them does."""

    id: RecordId
    number: int
    """Which of the version's decisions there, from 1."""
    entry: HistoryEntry | None
    said: DecisionSaid | None
    receipt: str = ""
    """The receipt's path; empty where there is none."""
    recovered: bool = False
    """Whether the receipt was made up for later."""

    @property
    def blob(self) -> str:
        """The record's."""
        return self.said.blob if self.said is not None else self._entry.blob

    @property
    def commit(self) -> str:
        """What brought it."""
        return self.said.commit if self.said is not None else self._entry.commit

    @property
    def evidence(self) -> str:
        """The digest of the evidence that was decided on."""
        return self.said.evidence if self.said is not None else self._entry.evidence

    @property
    def decision(self) -> Decision | None:
        """None where a pull request was reopened."""
        return self.said.decision if self.said is not None else self._entry.decision

    @property
    def pull_request(self) -> str:
        """Its address."""
        return self.said.pull_request if self.said is not None else self._entry.pull_request

    @property
    def by(self) -> tuple[str, ...]:
        """Whose word counted."""
        return self.said.by if self.said is not None else self._entry.by

    @property
    def created(self) -> datetime | None:
        """When the package was created; None where that was not kept."""
        return self.said.created if self.said is not None else self._entry.created

    @property
    def decided_at(self) -> datetime:
        """When the pull request was merged, closed or reopened."""
        return self.said.decided_at if self.said is not None else self._entry.at

    @property
    def applied_at(self) -> datetime:
        """When it took effect."""
        return self.said.applied_at if self.said is not None else self._entry.applied_at

    @property
    def aside(self) -> bool:
        """Whether it leaves the decision in effect alone."""
        return self.said.aside if self.said is not None else self._entry.aside

    @property
    def where(self) -> str:
        """What to call it in a gap."""
        return self.receipt or f"{self.id}, decision {self.number}"

    @property
    def _entry(self) -> HistoryEntry:
        if self.entry is None:
            raise ValueError("a decision that neither a receipt nor a history tells of")
        return self.entry


class Records:
    """Records by blob, each read once.

    Args:
        blobs: The contents that there are.
        schema: `schemas/promotion.schema.json`.
    """

    def __init__(self, blobs: Mapping[str, bytes], schema: Schema) -> None:
        self._blobs = blobs
        self._schema = schema
        self._read: dict[str, Record | str | None] = {}

    def of(self, blob: str) -> Record | str | None:
        """The record; why it is none; None where its content is not there."""
        if blob not in self._read:
            content = self._blobs.get(blob)
            if content is None:
                self._read[blob] = None
            else:
                parsed = parse_record(content, self._schema)
                self._read[blob] = (
                    parsed.record if isinstance(parsed, ParsedRecord) else _told(parsed[0])
                )
        return self._read[blob]


def _told(problem: RecordProblem) -> str:
    place = f"{problem.place}: " if problem.place else ""
    return f"line {problem.line}: {place}{problem.message}"


class Links:
    """Judges decisions against main's commits and records.

    Args:
        material: What was read.
        records: The records behind it.
    """

    def __init__(self, material: Material, records: Records) -> None:
        self._material = material
        self._records = records

    @cached_property
    def _changes(self) -> Mapping[tuple[str, str], RecordChange]:
        """What each commit did to each path."""
        return {(each.commit, each.path): each for each in self._material.trail.changes}

    def gaps(self, decided: Decided) -> Iterator[Gap]:
        """Every link of a decision that does not hold."""
        if decided.said is not None and decided.entry is not None:
            differing = list(_differences(decided.said, decided.entry))
            if differing:
                yield _gap(decided, GapKind.ENTRY_DIFFERS, "; ".join(differing))
        if self.is_closing(decided):
            yield from self._closed(decided)
        else:
            yield from self._on_main(decided)
            yield from self._evidence(decided)
        if decided.said is not None:
            yield from _approvals(decided, decided.said, closing=self.is_closing(decided))
            yield from self._reviewed(decided, decided.said)

    def _reviewed(self, decided: Decided, said: DecisionSaid) -> Iterator[Gap]:
        """Whether the commits that were approved hold what the receipt says, if they are there."""
        for each in said.approvals:
            place = (each.commit, decided.id.path)
            if each.counted and place in self._material.reviewed:
                there = self._material.reviewed[place]
                if there != each.blob:
                    detail = f"{each.by} approved {each.commit}, which holds {there or 'no record'}"
                    yield _gap(decided, GapKind.APPROVAL_UNFOUNDED, detail)

    def is_closing(self, decided: Decided) -> bool:
        """Whether a pull request was closed or reopened, whose record never came to main.

        Histories do not tell that apart, and what was made up for from one does not either; but
        only a no can be given by a commit that is not main's.
        """
        if decided.said is not None and not decided.recovered:
            return decided.said.closing
        closes = decided.said is not None and decided.said.closing
        is_no = decided.decision in {None, Decision.REJECTED}
        return closes or (is_no and decided.commit not in self._material.trail.commits)

    def _on_main(self, decided: Decided) -> Iterator[Gap]:
        """A record counts by the commit of main's own line that brought it."""
        if decided.commit not in self._material.trail.commits:
            detail = f"{decided.commit} is none of the commits of main's own line"
            yield _gap(decided, GapKind.COMMIT_NOT_ON_MAIN, detail)
            return
        change = self._changes.get((decided.commit, decided.id.path))
        if change is None:
            detail = f"{decided.commit} did not change {decided.id.path}"
            yield _gap(decided, GapKind.RECORD_DIFFERS, detail)
        elif change.becomes is None:
            detail = f"{decided.commit} holds no {decided.id.path}"
            yield _gap(decided, GapKind.RECORD_MISSING, detail)
        elif change.becomes.id != decided.blob or not change.becomes.is_plain_file:
            detail = (
                f"{decided.commit} brought {change.becomes.id} (mode {change.becomes.mode}), and "
                f"{decided.blob} was decided on"
            )
            yield _gap(decided, GapKind.RECORD_DIFFERS, detail)

    def _closed(self, decided: Decided) -> Iterator[Gap]:
        """What was closed: its branch may be gone since, and its record with it."""
        record = self._records.of(decided.blob)
        if not isinstance(record, Record):
            return
        if record.id != decided.id:
            yield _gap(decided, GapKind.RECORD_INVALID, f"it speaks of {record.id}")
        digest = evidence_digest(record.package, record.evidence)
        if digest != decided.evidence:
            detail = f"it recomputes to {digest}, and {decided.evidence} was said no to"
            yield _gap(decided, GapKind.EVIDENCE_DIFFERS, detail)

    def _evidence(self, decided: Decided) -> Iterator[Gap]:
        record = self._records.of(decided.blob)
        if record is None:
            detail = f"there is no content of {decided.blob}"
            yield _gap(decided, GapKind.RECORD_MISSING, detail)
            return
        if isinstance(record, str):
            yield _gap(decided, GapKind.RECORD_INVALID, record)
            return
        if record.id != decided.id:
            yield _gap(decided, GapKind.RECORD_INVALID, f"it speaks of {record.id}")
        if record.decision is not decided.decision:
            detail = f"it asks for {record.decision}, and {decided.decision} was decided"
            yield _gap(decided, GapKind.RECORD_INVALID, detail)
        # A no waits for no evidence, whatever was done to it; it counts for what it says it is.
        digest = record.evidence.digest
        if record.decision is Decision.APPROVED:
            digest = evidence_digest(record.package, record.evidence)
        if digest != record.evidence.digest or digest != decided.evidence:
            detail = (
                f"it is {digest}; the record says {record.evidence.digest}, and the decision was "
                f"on {decided.evidence}"
            )
            yield _gap(decided, GapKind.EVIDENCE_DIFFERS, detail)
        if decided.created is not None and decided.created != record.package.created:
            detail = (
                f"its package was created at {written(record.package.created)}, and one of "
                f"{written(decided.created)} was decided on"
            )
            yield _gap(decided, GapKind.RECORD_INVALID, detail)


def closed_and_merged(some: Sequence[Decided], links: Links) -> Iterator[Gap]:
    """Closings of pull requests that had been merged by then, which nobody can close any more.

    Args:
        some: All decisions on one version.
        links: Tells closings apart.
    """
    closings = [each for each in some if links.is_closing(each)]
    merged = {each.pull_request: each for each in some if not links.is_closing(each)}
    for each in closings:
        before = merged.get(each.pull_request)
        if each.decision is not Decision.REJECTED or before is None:
            continue
        if each.decided_at >= before.decided_at:
            detail = (
                f"{each.pull_request} is said to have been closed, and decision "
                f"{before.number} says that it was merged"
            )
            yield _gap(each, GapKind.APPROVAL_UNFOUNDED, detail)


def _differences(said: DecisionSaid, entry: HistoryEntry) -> Iterator[str]:
    """In what receipt and history differ, field by field."""
    pairs: dict[str, tuple[object, object]] = {
        "decision": (said.decision, entry.decision),
        "blob": (said.blob, entry.blob),
        "commit": (said.commit, entry.commit),
        "evidence": (said.evidence, entry.evidence),
        "pull_request": (said.pull_request, entry.pull_request),
        "at": (written(said.decided_at), written(entry.at)),
        "applied_at": (written(said.applied_at), written(entry.applied_at)),
        "by": (said.by[:_NAMED], entry.by[:_NAMED]),
        "broke_glass": (said.broke_glass, entry.broke_glass),
        "waived": (said.waived, entry.waived),
    }
    if said.closing:
        pairs["reason"] = (said.reason, entry.reason)
        pairs["aside"] = (said.aside, entry.aside)
    if said.created is not None and entry.created is not None:
        pairs["created"] = (written(said.created), written(entry.created))
    for name, (receipt, history) in pairs.items():
        if receipt != history:
            yield f"{name} is {receipt} in the receipt and {history} in the history"


def _approvals(decided: Decided, said: DecisionSaid, *, closing: bool) -> Iterator[Gap]:
    """Whether a receipt shows the approvals that it counts, each of the record that was decided.

    That GitHub said so is the receipt's word; that its own words fit each other is judged here.
    """
    if closing:
        if not said.by:
            yield _gap(decided, GapKind.APPROVAL_UNFOUNDED, "it does not say who closed")
        return
    fallen = _fallen_short(said) if decided.recovered else {}
    problems = list(_problems(said, fallen))
    if problems:
        yield _gap(decided, GapKind.APPROVAL_UNFOUNDED, "; ".join(problems))
    unproven = [f"{login} approved, and {fallen[login]}" for login in said.by if login in fallen]
    if unproven:
        detail = f"when its receipt was made up for, {'; '.join(unproven)}"
        yield _gap(decided, GapKind.RECOVERED_UNPROVEN, detail)


def _problems(said: DecisionSaid, fallen: Collection[str]) -> Iterator[str]:
    """What is amiss with the approvals that are counted, or that should be."""
    counted = {each.by: each for each in said.approvals if each.counted}
    for login in said.by:
        if login not in counted and login not in fallen:
            yield f"{login} is named, and no approval shown"
    if not said.by:
        yield "nobody is named who approved"
    for each in counted.values():
        if each.state != "approved":
            yield f"the word of {each.by} is counted, and was {each.state}"
        if each.by.lower() == said.author.lower():
            yield f"{each.by} opened the pull request, and is counted"
        if said.decision is Decision.APPROVED and each.blob != said.blob:
            yield f"{each.by} approved {each.blob or 'an unknown record'} at {each.commit}"
        if each.at > said.decided_at:
            yield f"{each.by} approved after the merge"


def _fallen_short(said: DecisionSaid) -> Mapping[str, str]:
    """Why each approval of this very record, by somebody else and before the merge, did not count.

    Who owned a path is known only as it is now. What a proof needs else has to be there.
    """
    return {
        each.by: each.why or "that did not count"
        for each in said.approvals
        if not each.counted
        and each.state == "approved"
        and each.by.lower() != said.author.lower()
        and each.blob == said.blob
        and each.at <= said.decided_at
    }


def _gap(decided: Decided, kind: GapKind, detail: str) -> Gap:
    return Gap(
        kind=kind,
        environment=decided.id.environment,
        where=decided.where,
        detail=detail,
        id=decided.id,
        number=decided.number,
        at=decided.applied_at,
    )
