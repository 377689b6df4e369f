"""The difference between what main asks for and what is: the one diff that plan and apply share."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from assent.core.evidence import evidence_digest
from assent.core.names import RecordId
from assent.core.package import ModelVersion, Package
from assent.core.parameters import (
    MAX_VALUE_BYTES,
    NAMED_APPROVERS,
    Current,
    History,
    HistoryEntry,
    UnreadableParameter,
    parse_current_version,
    write_current,
)
from assent.core.record import Decision, Record
from assent.core.registry_fields import RegistryUpdate, registry_update, withdrawal
from assent.core.timestamps import written

__all__ = [
    "Actual",
    "Asked",
    "Change",
    "CurrentChange",
    "Decide",
    "Deleted",
    "Plan",
    "Reason",
    "Refuse",
    "Restore",
    "Unfit",
    "Wanted",
    "candidates",
    "concerns",
    "current_text",
    "diff",
    "largest_current",
    "named_version",
    "package_differences",
    "registry_showing",
    "shown_decision",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A record on main."""

    id: RecordId
    record: Record
    blob: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """A record that main no longer holds."""

    id: RecordId


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """A file that is no valid record of its path."""

    id: RecordId
    why: str


Wanted = Asked | Deleted | Unfit


@dataclass(frozen=True, slots=True, kw_only=True)
class Actual:
    """What one environment and the registry say now, as far as the wanted records need it."""

    environment: str
    histories: Mapping[RecordId, History]
    """Of every wanted record, and of enough others to tell the highest version in effect."""
    current: Mapping[str, str]
    """By model: the text of `current`; absent where there is no parameter."""
    versions: Mapping[RecordId, ModelVersion | None]
    """As described; None where the registry has no such package."""
    records: Mapping[RecordId, Record]
    """The records behind the approvals that are in effect, read from their very blobs."""
    rung_below: str | None = None
    """The rung below; None for the first rung."""
    below: Mapping[RecordId, Decision | None]
    """What is in effect at the rung below for the same version."""
    elsewhere: Mapping[RecordId, Mapping[str, Decision]]
    """Per version, the decisions of other environments that registry and main agree on."""


class Reason(StrEnum):
    """Why a change is refused."""

    RUNG_BELOW = "rung-below"
    PACKAGE_MISSING = "package-missing"
    PACKAGE_NOT_COMPLETED = "package-not-completed"
    PACKAGE_DIFFERS = "package-differs"
    EVIDENCE_ALTERED = "evidence-altered"
    EVIDENCE_NOT_FRESH = "evidence-not-fresh"
    RECORD_INVALID = "record-invalid"
    RECORD_DELETED = "record-deleted"
    DOES_NOT_FIT = "does-not-fit"
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide:
    """A record whose decision is not in effect yet."""

    id: RecordId
    was: Decision | None
    becomes: Decision
    asked: Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore:
    """The registry's fields do not show a decision in effect, or show an approval that is not."""

    id: RecordId
    update: RegistryUpdate


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """What main asks for and must not happen."""

    id: RecordId
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentChange:
    """What inference will run next; the same version twice where only the text is mended."""

    environment: str
    model: str
    was: int | None
    becomes: int | None


Change = Decide | Restore | Refuse | CurrentChange


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What apply would do in one environment, in its order."""

    environment: str
    changes: tuple[Change, ...]


def diff(wanted: Iterable[Wanted], actual: Actual, *, ladder: Sequence[str]) -> Plan:
    """Everything in which an environment differs from what main asks for.

    Args:
        wanted: The records in question, in any order.
        actual: What is; its histories cover all of `wanted`.
        ladder: The environments, lowest first.
    """
    asked = sorted(wanted, key=lambda one: one.id)
    changes = [change for each in asked for change in _changes(each, actual, ladder)]
    shown = {change.id for change in changes if _shows(change, actual)}
    changes += [
        withdrawn
        for each in asked
        if each.id not in shown and (withdrawn := _withdrawal(each, actual, ladder)) is not None
    ]
    after = {id_: history.decision for id_, history in actual.histories.items()}
    after |= {change.id: change.becomes for change in changes if isinstance(change, Decide)}
    fresh = {change.id for change in changes if isinstance(change, Decide)}
    currents = [
        change
        for model in sorted({each.id.model for each in asked} | set(actual.current))
        if (change := _current_change(model, actual, after, fresh)) is not None
    ]
    return Plan(environment=actual.environment, changes=(*changes, *currents))


def _shows(change: Decide | Refuse | Restore, actual: Actual) -> bool:
    """Whether a change leaves the registry showing what is in effect."""
    match change:
        case Restore():
            return True
        case Decide():
            seen = actual.versions.get(change.id)
            return seen is not None and concerns(change.asked.record, seen)
        case Refuse():
            return False


def _changes(
    wanted: Wanted, actual: Actual, ladder: Sequence[str]
) -> Iterator[Decide | Refuse | Restore]:
    """What one record asks for; what stays in effect beside it is shown by the registry."""
    history = actual.histories[wanted.id]
    decided = _decision(wanted, history, actual)
    if decided is not None:
        yield decided
    if not isinstance(decided, Decide):
        restored = _restoration(wanted, history, actual, ladder)
        if restored is not None:
            yield restored


def _decision(wanted: Wanted, history: History, actual: Actual) -> Decide | Refuse | None:
    match wanted:
        case Unfit():
            return Refuse(id=wanted.id, reason=Reason.RECORD_INVALID, detail=wanted.why)
        case Deleted():
            if history.decision is not Decision.APPROVED:
                return None
            return Refuse(
                id=wanted.id,
                reason=Reason.RECORD_DELETED,
                detail="the record was deleted, and a deletion decides nothing; "
                "put it back with status: Retired and a reason",
            )
        case Asked():
            if history.holds(wanted.blob, wanted.record.decision):
                return None
            if wanted.record.decision is Decision.APPROVED:
                refusal = _refusal(wanted, history, actual)
                if refusal is not None:
                    return refusal
            return Decide(
                id=wanted.id,
                was=history.decision,
                becomes=wanted.record.decision,
                asked=wanted,
            )


def _restoration(
    wanted: Wanted, history: History, actual: Actual, ladder: Sequence[str]
) -> Restore | None:
    """What the registry should show of a decision, by whatever it came about."""
    seen = actual.versions.get(wanted.id)
    if seen is None:
        return None
    entry = shown_decision(history, _behind(wanted, history, actual), seen)
    if entry is None:
        return None
    update = registry_showing(
        seen, wanted.id, entry, elsewhere=actual.elsewhere.get(wanted.id, {}), ladder=ladder
    )
    return None if update is None else Restore(id=wanted.id, update=update)


def _behind(wanted: Wanted, history: History, actual: Actual) -> Record | None:
    """The record behind the decision in effect, if it was read."""
    if isinstance(wanted, Asked) and history.holds(wanted.blob, wanted.record.decision):
        return wanted.record
    return actual.records.get(wanted.id)


def shown_decision(
    history: History, record: Record | None, seen: ModelVersion
) -> HistoryEntry | None:
    """The decision that the registry must show of the package that it has now.

    What was decided on a package of this number that is gone says nothing of this one.

    Args:
        history: All decisions.
        record: The record behind the one in effect, if it is at hand.
        seen: The version as described.
    """
    entry = history.about(seen.package.created)
    if entry is None or entry is not history.last:
        # A yes is shown only while it is in effect; a no said aside is shown of its own package.
        return None if entry and entry.decision is Decision.APPROVED else entry
    if record and record.decision is entry.decision and not concerns(record, seen):
        return None
    return entry


def registry_showing(
    seen: ModelVersion,
    id_: RecordId,
    entry: HistoryEntry,
    *,
    elsewhere: Mapping[str, Decision],
    ladder: Sequence[str],
) -> RegistryUpdate | None:
    """What to send so that the registry shows a decision that is, or is becoming, effective."""
    return registry_update(
        seen,
        id_=id_,
        decision=entry.decision,
        elsewhere=elsewhere,
        by=entry.by,
        pull_request=entry.pull_request,
        ladder=ladder,
        reason=entry.reason,
    )


def _withdrawal(wanted: Wanted, actual: Actual, ladder: Sequence[str]) -> Restore | None:
    seen, history = actual.versions.get(wanted.id), actual.histories[wanted.id]
    if seen is None:
        return None
    entry = shown_decision(history, _behind(wanted, history, actual), seen)
    update = withdrawal(
        seen,
        id_=wanted.id,
        decision=None if entry is None else entry.decision,
        elsewhere=actual.elsewhere.get(wanted.id, {}),
        ladder=ladder,
    )
    return Restore(id=wanted.id, update=update) if update else None


def _refusal(asked: Asked, history: History, actual: Actual) -> Refuse | None:
    """Why a record may not become Approved, apart from its approval's proof."""

    def refuse(reason: Reason, detail: str) -> Refuse:
        return Refuse(id=asked.id, reason=reason, detail=detail)

    record = asked.record
    if evidence_digest(record.package, record.evidence) != record.evidence.digest:
        return refuse(
            Reason.EVIDENCE_ALTERED, "package or evidence were edited: the digest does not fit"
        )
    if record.evidence.digest in history.withdrawn:
        return refuse(
            Reason.EVIDENCE_NOT_FRESH,
            "the version was rejected or retired on this very evidence; approving it takes a new "
            "pull request with fresh evidence, and a rejected one that is still closed may be "
            "reopened by a code owner; else register a new version, and settle this record with "
            "`assent retire`",
        )
    if actual.rung_below is not None and actual.below.get(asked.id) is not Decision.APPROVED:
        said = actual.below.get(asked.id)
        return refuse(
            Reason.RUNG_BELOW,
            f"in {actual.rung_below} the version is {said or 'not decided'}, not Approved",
        )
    seen = actual.versions.get(asked.id)
    if seen is None:
        return refuse(Reason.PACKAGE_MISSING, f"{record.package.arn} is not in the registry")
    if seen.status != "Completed":
        return refuse(Reason.PACKAGE_NOT_COMPLETED, f"its status is {seen.status}")
    differences = package_differences(record.package, seen.package)
    if differences:
        return refuse(Reason.PACKAGE_DIFFERS, "; ".join(differences))
    size = len(largest_current(record, asked.blob).encode())
    if size > MAX_VALUE_BYTES:
        return refuse(
            Reason.DOES_NOT_FIT,
            f"`current` would have {size} bytes; a parameter holds {MAX_VALUE_BYTES}",
        )
    return None


def concerns(record: Record, found: ModelVersion) -> bool:
    """Whether the registry may show a record's decision on the package that it has now.

    A package that was deleted and created again is another one: nothing was decided about it. A
    yes is shown only on the very package that was approved.
    """
    if record.decision is Decision.APPROVED:
        return not package_differences(record.package, found.package)
    return record.package.created == found.package.created


def package_differences(recorded: Package, found: Package) -> list[str]:
    """The facts in which a described package differs from a record's, field by field.

    What only S3 can tell of an artifact (size, version) is not compared.
    """
    differences = []
    if recorded.arn != found.arn:
        differences.append(f"arn was {recorded.arn}, is {found.arn}")
    if recorded.created != found.created:
        differences.append(
            f"created was {written(recorded.created)}, is {written(found.created)}: "
            "the package was deleted and created again"
        )
    if recorded.created_by != found.created_by:
        differences.append(f"created_by was {recorded.created_by}, is {found.created_by}")
    if len(recorded.containers) != len(found.containers):
        differences.append(
            f"containers were {len(recorded.containers)}, are {len(found.containers)}"
        )
    pairs = zip(recorded.containers, found.containers, strict=False)
    for index, (was, now) in enumerate(pairs):
        if was.image != now.image:
            differences.append(f"containers[{index}].image was {was.image}, is {now.image}")
        was_uri = was.artifact.uri if was.artifact else None
        now_uri = now.artifact.uri if now.artifact else None
        if was_uri != now_uri:
            differences.append(f"containers[{index}].artifact.uri was {was_uri}, is {now_uri}")
    return differences


def candidates(model: str, after: Mapping[RecordId, Decision | None]) -> list[RecordId]:
    """Versions of a model that `current` may name, highest first: those Approved in effect."""
    return sorted(
        (
            id_
            for id_, decision in after.items()
            if id_.model == model and decision is Decision.APPROVED
        ),
        reverse=True,
    )


def current_text(
    environment: str, model: str, record: Record | None, entry: HistoryEntry | None
) -> str:
    """The text of `current` for a version in effect; None twice where there is none."""
    if record is None or entry is None:
        return write_current(environment, model, None)
    return write_current(environment, model, Current.of(record, entry))


def _current_change(
    model: str,
    actual: Actual,
    after: Mapping[RecordId, Decision | None],
    fresh: set[RecordId],
) -> CurrentChange | None:
    text = actual.current.get(model)
    was = named_version(text)
    found = candidates(model, after)
    change = CurrentChange(
        environment=actual.environment,
        model=model,
        was=was,
        becomes=found[0].version if found else None,
    )
    if change.becomes != was or (found and found[0] in fresh):
        return change
    decided = (history.entries for id_, history in actual.histories.items() if id_.model == model)
    if text is None and not any(decided) and not any(id_.model == model for id_ in fresh):
        return None  # nothing was ever decided; no parameter needs to say so
    top = found[0] if found else None
    wanted = current_text(
        actual.environment,
        model,
        actual.records.get(top) if top else None,
        actual.histories[top].last if top else None,
    )
    return None if wanted == text else change


def named_version(text: str | None) -> int | None:
    """The version that the text of `current` names; None where it names none or does not read."""
    if text is None:
        return None
    try:
        return parse_current_version("current", text)
    except UnreadableParameter:
        return None


# The longest that a login, a repository's name and a pull request's address can be.
_LONGEST_LOGIN = "x" * 39
_LONGEST_ADDRESS = "x" * 200


def largest_current(record: Record, blob: str) -> str:
    """`current` for a record with as much approval beside it as a policy can ask for."""
    entry = HistoryEntry(
        decision=Decision.APPROVED,
        blob=blob,
        by=(_LONGEST_LOGIN,) * NAMED_APPROVERS,
        at=record.evidence.collected,
        applied_at=record.evidence.collected,
        pull_request=_LONGEST_ADDRESS,
        commit="0" * 40,
        evidence=record.evidence.digest,
    )
    return current_text(record.id.environment, record.id.model, record, entry)
