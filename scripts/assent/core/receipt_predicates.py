"""What each kind of receipt says, and is about: the values of `schemas/receipt.schema.json`.

A reader of receipts takes them for what they say, without asking anything else; so each holds all
that an effect rested on, as far as the run knew it.
"""

from collections.abc import Mapping
from typing import Any

from assent.core.approval import Approval, Shown
from assent.core.canonical import digest
from assent.core.evidence import package_values
from assent.core.names import RecordId
from assent.core.package import ModelVersion, Package
from assent.core.parameters import HistoryEntry
from assent.core.receipts import (
    ClosingWithoutEffect,
    Failed,
    MainRewritten,
    NotNotified,
    Refused,
    RegistryRestored,
)
from assent.core.record import Decision, Record
from assent.core.statements import Subject
from assent.core.timestamps import written

__all__ = [
    "RegistryFields",
    "closing_values",
    "current_values",
    "decision_values",
    "own_fields",
    "subjects_of",
    "told_values",
]

RegistryFields = Mapping[str, str]
"""Fields of the registry by name."""

_LONGEST = 4000
_MOST_APPROVALS = 500
_MOST_FIELDS = 100
_MOST_CONTAINERS = 15
"""SageMaker has no more."""


def own_fields(environment: str, seen: ModelVersion) -> RegistryFields:
    """What the registry shows of a version that an environment's decision writes."""
    own = (environment, f"{environment}.by", f"{environment}.pull-request")
    fields = {key: seen.metadata[key] for key in own if key in seen.metadata}
    return {**fields, "ModelApprovalStatus": seen.approval.value}


def text(said: str, longest: int = _LONGEST) -> str:
    """Somebody's words, cut where they are very long, and without what no JSON carries."""
    clean = said.encode("utf-8", "replace").decode()
    return clean if len(clean) <= longest else clean[: longest - 3] + "..."


def decision_values(
    id_: RecordId,
    number: int,
    entry: HistoryEntry,
    *,
    was: Decision | None,
    record: Record | None,
    shown: Shown | None,
    registry: tuple[RegistryFields, RegistryFields] | None,
) -> dict[str, Any]:
    """Of a decision that took effect.

    Args:
        id_: The record's.
        number: Which decision of its version it is, from 1.
        entry: As the history holds it.
        was: What was in effect before.
        record: The record; None where it is not known any more.
        shown: What shows its approval; None where nothing does.
        registry: What the registry showed before and after; None where it was not written.
    """
    return {
        **_version(id_),
        "number": number,
        "path": id_.path,
        "blob": entry.blob,
        "commit": entry.commit,
        "decision": "" if entry.decision is None else entry.decision.value,
        "was": None if was is None else was.value,
        "evidence": entry.evidence,
        "reason": "" if record is None else text(record.reason),
        "pull_request": entry.pull_request,
        "merged_at": written(entry.at),
        "author": "" if shown is None else shown.author,
        "approved_by": list(entry.by),
        "approvals": [] if shown is None else [*map(_approval, shown.approvals[:_MOST_APPROVALS])],
        "waived": list(entry.waived),
        "broke_glass": entry.broke_glass,
        "package_created": None if entry.created is None else written(entry.created),
        "applied_at": written(entry.applied_at),
        "before": None if registry is None else {"registry": dict(registry[0])},
        "after": None if registry is None else {"registry": dict(registry[1])},
    }


def _approval(approval: Approval) -> dict[str, Any]:
    review = approval.review
    return {
        "by": review.by,
        "state": review.state.value,
        "at": written(review.at),
        "commit": review.commit,
        "blob": review.blob,
        "counted": approval.counted,
        "why": text(approval.why),
    }


def closing_values(id_: RecordId, number: int, entry: HistoryEntry) -> dict[str, Any]:
    """Of a closing, or of a reopening, that a code owner did."""
    return {
        **_version(id_),
        "number": number,
        "decision": None if entry.decision is None else entry.decision.value,
        "by": ", ".join(entry.by),
        "at": written(entry.at),
        "pull_request": entry.pull_request,
        "blob": entry.blob,
        "commit": entry.commit,
        "evidence": entry.evidence,
        "reason": text(entry.reason),
        "aside": entry.aside,
        "applied_at": written(entry.applied_at),
    }


def current_values(
    model: str, *, was: int | None, becomes: int | None, value: str
) -> dict[str, Any]:
    """Of a `current` that says something else than before."""
    return {"model": model, "was": was, "becomes": becomes, "value": value}


Told = ClosingWithoutEffect | RegistryRestored | Refused | Failed | NotNotified | MainRewritten
"""What has no trace but its receipt."""


def told_values(receipt: Told) -> dict[str, Any]:
    """Of what a run said, and that has no trace but its receipt."""
    match receipt:
        case ClosingWithoutEffect():
            return {
                **_version(receipt.id),
                "by": receipt.by,
                "pull_request": receipt.pull_request,
                "why": text(receipt.why),
                "reopened": receipt.reopened,
            }
        case RegistryRestored():
            return {**_version(receipt.id), "fields": list(receipt.fields[:_MOST_FIELDS])}
        case Refused():
            return {
                **_version(receipt.id),
                "path": receipt.id.path,
                "blob": receipt.blob,
                "reason": receipt.reason.value,
                "detail": text(receipt.detail),
                "pull_request": receipt.pull_request,
            }
        case Failed():
            return {
                "what": text(receipt.what),
                "message": text(receipt.message),
                "hint": text(receipt.hint),
            }
        case NotNotified():
            return {"topic": text(receipt.topic, 2000), "message": text(receipt.message)}
        case MainRewritten():
            return {"applied": receipt.applied}


def _version(id_: RecordId) -> dict[str, Any]:
    return {"model": id_.model, "version": id_.version}


def subjects_of(id_: RecordId, blob: str, record: Record | None) -> tuple[Subject, ...]:
    """A record, and the package that it is about, by what identifies their content.

    Args:
        id_: The record's.
        blob: Its git blob; empty where it has none.
        record: What it says; None where that is not known any more.
    """
    found = [Subject(name=id_.path, digest={"gitBlob": blob})] if blob else []
    return (*found, *([] if record is None else _of_package(record.package)))


def _of_package(package: Package) -> list[Subject]:
    whole = digest(package_values(package)).removeprefix("sha256:")
    found = [Subject(name=package.arn, digest={"sha256": whole})]
    for container in package.containers[:_MOST_CONTAINERS]:
        image, at, content = container.image.partition("@sha256:")
        if at:
            found.append(Subject(name=image, digest={"sha256": content}))
        artifact = container.artifact
        if artifact is not None:
            known = {
                "sha256": artifact.sha256,
                "s3Etag": artifact.etag,
                "s3VersionId": artifact.version_id,
            }
            digests = {name: value for name, value in known.items() if value}
            if digests:
                found.append(Subject(name=artifact.uri, digest=digests))
    return found
