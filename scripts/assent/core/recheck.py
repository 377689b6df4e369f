"""Whether what a record says still is: its files, and all that its evidence takes from them.

A digest tells that nobody edited a record without making another digest. That the numbers are those
of the reports, and that the reports are the ones that were read, only the reports tell.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from assent.core.changes import Reason
from assent.core.curves import Curve
from assent.core.evidence import (
    MAX_UNREAD,
    Evidence,
    Inference,
    Origin,
    ReportFile,
    copy_address,
)
from assent.core.fitting import LEFT_OUT, MAX_EVIDENCE_BYTES, MORE, evidence_size
from assent.core.metrics import Metric
from assent.core.names import shown
from assent.core.package import Artifact, Package, ReportSource
from assent.core.record import dotted
from assent.core.reports import Violation

__all__ = [
    "Objection",
    "artifact_objection",
    "copy_objection",
    "evidence_objection",
    "is_told",
    "listing_objection",
    "report_objection",
    "specification_objection",
]

_NAMED: Final = 3
"""Of so many differences, each is said."""
_MAX_NAME: Final = 120
_HARMLESS: Final = re.compile(r"[A-Za-z0-9:.+-]{1,120}", re.ASCII)
_FITS_EASILY: Final = MAX_EVIDENCE_BYTES // 4
"""Evidence of fewer bytes never had to leave anything out, whatever was remarked on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """What a record says, and is not so."""

    reason: Reason
    detail: str
    """The field, what the record says it was, and what it is."""


def _text(value: object) -> str:
    if value is None:
        return "none"
    text = str(value)
    return text if _HARMLESS.fullmatch(text) else shown(text, _MAX_NAME)


def _differs(field: str, was: object, now: object) -> str:
    return f"{field} was {_text(was)}, is {_text(now)}"


def _joined(differences: Sequence[str]) -> str:
    said = "; ".join(differences[:_NAMED])
    over = len(differences) - _NAMED
    return said if over <= 0 else f"{said}; and {over} more"


def is_told(package: Package, evidence: Evidence, where: str) -> bool:
    """Whether a record says of something that it could not be used, or has no room to say so.

    Either is an alert on the page that was approved.

    Args:
        package: The record's.
        evidence: The record's.
        where: What the thing is called there.
    """
    return any(each.where == where for each in evidence.unread) or _is_full(package, evidence)


def _is_full(package: Package, evidence: Evidence) -> bool:
    """Whether remarks were left out; that they were, in a record with room for them, is no word."""
    there = {each.where for each in evidence.unread}
    if MORE in there and len(evidence.unread) >= MAX_UNREAD:
        return True
    return LEFT_OUT in there and evidence_size(package, evidence) > _FITS_EASILY


def artifact_objection(place: str, recorded: Artifact, found: Artifact) -> Objection | None:
    """Compare an artifact with what S3 says of its address, which is what will be loaded.

    A checksum that the record does not have is not compared: S3 tells it only to those who may use
    the object's key. An object that had no version and has one now was written anew.

    Args:
        place: The field, such as `package.containers[0].artifact`.
        recorded: As the record has it.
        found: As S3 says.
    """
    differences = [
        _differs(f"{place}.{name}", was, now)
        for name, was, now in (
            ("etag", recorded.etag, found.etag),
            ("bytes", recorded.bytes, found.bytes),
            ("sha256", recorded.sha256, found.sha256 if recorded.sha256 else None),
            ("version_id", recorded.version_id, found.version_id),
        )
        if was != now
    ]
    if not differences:
        return None
    detail = f"{shown(recorded.uri, 300)}: {_joined(differences)}"
    return Objection(reason=Reason.ARTIFACT_DIFFERS, detail=detail)


def specification_objection(recorded: Package, found: Package) -> Objection | None:
    """Whether a record leaves out how its containers are started, which the registry tells.

    One from before that was kept cannot be told from one whose editor dropped it, and then had the
    containers started otherwise. What such a record brought into effect long ago stays.

    Args:
        recorded: The record's.
        found: As the registry describes it.
    """
    if recorded.specification is not None or found.specification is None:
        return None
    return Objection(
        reason=Reason.EVIDENCE_ALTERED, detail=_lacks("package.specification", "the registry has")
    )


def _lacks(field: str, told: str) -> str:
    return f"the record lacks {field}, which {told}: let Assent propose it anew"


def copy_objection(place: str, recorded: ReportFile, bucket: str | None) -> Objection | None:
    """Whether a report is said to be kept elsewhere than where Assent keeps it.

    Args:
        place: The field, such as `evidence.reports[0]`.
        recorded: As the record has it.
        bucket: The configured bucket of copies.
    """
    kept = None if bucket is None else copy_address(bucket, recorded.sha256)
    if recorded.copy is None or recorded.copy == kept:
        return None
    return Objection(
        reason=Reason.EVIDENCE_ALTERED,
        detail=f"{place}.copy is {shown(recorded.copy, 300)}, and evidence_bucket has "
        + ("no copies: it is not configured" if kept is None else f"it at {shown(kept, 300)}"),
    )


def listing_objection(
    sources: Sequence[ReportSource],
    package: Package,
    evidence: Evidence,
    named: Mapping[ReportSource, str],
) -> Objection | None:
    """Compare the reports of training that a record has with those that the registry names.

    Each has to be there, in the registry's order, or to be among what could not be used.

    Args:
        sources: As the registry names them.
        package: The record's.
        evidence: The record's.
        named: What each is called where it could not be used.
    """
    left = list(evidence.reports)
    for source in sources:
        if left and (left[0].kind, left[0].uri) == (source.kind, source.uri):
            del left[0]
        elif not is_told(package, evidence, named[source]):
            return Objection(
                reason=Reason.EVIDENCE_ALTERED,
                detail=f"the registry names the {source.kind} report {shown(source.uri, 300)}, and "
                "evidence.reports does not have it in its place",
            )
    if not left:
        return None
    index = len(evidence.reports) - len(left)
    return Objection(
        reason=Reason.EVIDENCE_ALTERED,
        detail=f"evidence.reports[{index}] is the {left[0].kind} report "
        f"{shown(left[0].uri, 300)}, which the registry does not name there",
    )


def report_objection(place: str, recorded: ReportFile, found: ReportFile) -> Objection | None:
    """Compare a report with what was read of it now.

    Args:
        place: The field, such as `evidence.reports[0]`.
        recorded: As the record has it.
        found: As it was read.
    """
    differences = [
        _differs(f"{place}.{name}", was, now)
        for name, was, now in (
            ("sha256", recorded.sha256, found.sha256),
            ("bytes", recorded.bytes, found.bytes),
            ("version_id", recorded.version_id, found.version_id),
        )
        if was != now
    ]
    if not differences:
        return None
    detail = f"{shown(recorded.uri, 300)}: {_joined(differences)}"
    return Objection(reason=Reason.REPORT_DIFFERS, detail=detail)


def evidence_objection(package: Package, recorded: Evidence, derived: Evidence) -> Objection | None:
    """Compare a record's evidence with what its own reports, and the registry, give again.

    Left alone is what nothing tells again: when it was collected, the facts of a batch inference,
    and how it is worded what could not be used. A record from before shapes, directions, curves,
    violations and origin were kept is no exception: one whose editor dropped them looks the same.

    Args:
        package: The record's.
        recorded: The record's.
        derived: The same evidence, with all that is taken from reports and registry taken anew,
            and nothing left out.
    """
    partial = any(each.where == LEFT_OUT for each in recorded.unread) and (
        evidence_size(package, derived) > _FITS_EASILY
    )
    if recorded.origin is None and derived.origin not in {None, Origin()}:
        return Objection(
            reason=Reason.EVIDENCE_ALTERED, detail=_lacks("evidence.origin", "the registry has")
        )
    differences = list(_differences(recorded, derived, partial=partial))
    if not _is_full(package, recorded):
        differences += _remarks(recorded, derived)
    if not differences:
        return None
    return Objection(
        reason=Reason.EVIDENCE_ALTERED,
        detail=f"the reports say otherwise: {_joined(differences)}",
    )


def _differences(recorded: Evidence, derived: Evidence, *, partial: bool) -> Iterator[str]:
    if recorded.source is not derived.source:
        yield _differs("evidence.source", recorded.source, derived.source)
    yield from _shapes("evidence.reports", recorded.reports, derived.reports)
    yield from _metrics("evidence.metrics", recorded.metrics, derived.metrics, partial=partial)
    if recorded.inference is not None and derived.inference is not None:
        was, now = recorded.inference, derived.inference
        yield from _shapes("evidence.inference.reports", was.reports, now.reports)
        yield from _inference(was, now, partial=partial)
    yield from _entries(
        "evidence.directions", recorded.directions, derived.directions, partial=partial
    )
    yield from _violations(
        "evidence.violations", recorded.violations, derived.violations, partial=partial
    )
    yield from _curves(recorded.curves, derived.curves, partial=partial)
    if derived.origin is not None:
        is_now = asdict(derived.origin)
        for name, was in asdict(recorded.origin or Origin()).items():
            if was != is_now[name]:
                yield _differs(f"evidence.origin.{name}", was or None, is_now[name] or None)


def _remarks(recorded: Evidence, derived: Evidence) -> Iterator[str]:
    """What could not be used has to be named, however it is worded; more may be."""
    there = {each.where for each in recorded.unread}
    for part in derived.unread:
        if part.where not in there:
            yield f"evidence.unread does not name {shown(part.where, _MAX_NAME)}"


def _inference(recorded: Inference, derived: Inference, *, partial: bool) -> Iterator[str]:
    place = "evidence.inference"
    yield from _metrics(f"{place}.metrics", recorded.metrics, derived.metrics, partial=partial)
    # Of these nothing is ever left out to make room.
    yield from _violations(
        f"{place}.violations", recorded.violations, derived.violations, partial=False
    )


def _shapes(
    place: str, recorded: Sequence[ReportFile], derived: Sequence[ReportFile]
) -> Iterator[str]:
    for index, (was, now) in enumerate(zip(recorded, derived, strict=True)):
        if was.shape != now.shape:
            yield _differs(f"{place}[{index}].shape", was.shape, now.shape)


def _metrics(
    place: str, recorded: Mapping[str, Metric], derived: Mapping[str, Metric], *, partial: bool
) -> Iterator[str]:
    yield from _entries(
        place,
        {name: _measured(each) for name, each in recorded.items()},
        {name: _measured(each) for name, each in derived.items()},
        partial=partial,
    )


def _measured(metric: Metric) -> str:
    deviation = metric.standard_deviation
    return f"{metric.value!r}" + ("" if deviation is None else f" +- {deviation!r}")


def _entries(
    place: str, recorded: Mapping[str, str], derived: Mapping[str, str], *, partial: bool
) -> Iterator[str]:
    for name in (*recorded, *(name for name in derived if name not in recorded)):
        was, now = recorded.get(name), derived.get(name)
        if was != now and not (was is None and partial):
            yield _differs(f"{place}.{dotted((name,))}", was, now)


def _violations(
    place: str, recorded: Sequence[Violation], derived: Sequence[Violation], *, partial: bool
) -> Iterator[str]:
    if len(recorded) != len(derived) and not (partial and 0 < len(recorded) < len(derived)):
        yield _differs(f"the number of {place}", len(recorded), len(derived))
    for index, (was, now) in enumerate(zip(recorded, derived, strict=False)):
        if was != now:
            yield _differs(f"{place}[{index}]", _said(was), _said(now))


def _said(violation: Violation) -> str:
    return f"{violation.feature}: {violation.check}: {violation.description}"


def _curves(
    recorded: Collection[Curve], derived: Collection[Curve], *, partial: bool
) -> Iterator[str]:
    if partial and not recorded:
        return
    by_name = {each.name: each for each in derived}
    for curve in recorded:
        now = by_name.pop(curve.name, None)
        if curve != now:
            place = f"evidence.curves.{dotted((curve.name,))}"
            yield f"{place} is {'not in the reports' if now is None else 'drawn otherwise there'}"
    for name in by_name:
        yield f"evidence.curves.{dotted((name,))} was none, and the reports have it"
