"""Collect the evidence of a registered version: its reports read, its artifacts pinned."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from assent.core.errors import AssentError
from assent.core.evidence import (
    Evidence,
    EvidenceSource,
    ReportFile,
    UnreadPart,
    evidence_digest,
)
from assent.core.fitting import fitting
from assent.core.inference import CollectedInference
from assent.core.origin import origin_of
from assent.core.package import Artifact, ModelVersion, Package, ReportSource
from assent.core.reports import Report, ReportKind, Unreadable, parse_report
from assent.core.reports.parse import FLATTENED
from assent.core.reports.violations import VIOLATIONS
from assent.core.selection import select_curves, select_directions, select_violations
from assent.core.timestamps import to_seconds
from assent.flows.read_reports import (
    Sum,
    capped,
    kept,
    read_file,
    require_answer,
    unread_part,
)
from assent.ports import EvidenceStore, Reports

__all__ = ["Collected", "ParsedFile", "assembled", "collect_evidence", "named", "parsed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFile:
    """A report file, and what it holds."""

    file: ReportFile
    """With its shape, if it reads."""
    report: Report | Unreadable
    """Why it tells nothing, where it does not read, or is not the file that was registered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What a record will rest on."""

    package: Package
    """With the artifacts' size, ETag and version as S3 gives them."""
    evidence: Evidence
    """With its digest."""


def collect_evidence(
    version: ModelVersion,
    reports: Reports,
    now: datetime,
    *,
    store: EvidenceStore | None = None,
    inference: CollectedInference | None = None,
    imported: bool = False,
) -> Collected:
    """Read every report that a version names, and pin its artifacts.

    A report that is missing, too large or unreadable is named in `unread`; it is never left out
    silently, and never stops a promotion from being proposed: the approver decides.

    Args:
        version: As the registry describes it.
        reports: The files of training.
        now: When this is.
        store: Where reports are kept that their own bucket keeps no versions of, if anywhere.
        inference: A batch inference one rung down that is evidence too.
        imported: Whether it was approved before Assent came, and is taken over.

    Raises:
        AssentError: Only those from which nothing is known yet: S3 did not answer, or did not
            take the credentials; and whatever the store raises.
    """
    # What is new since the rung below comes first.
    unread = [] if inference is None else list(inference.unread)
    package = replace(
        version.package,
        containers=tuple(
            replace(container, artifact=_pinned(container.artifact, reports, unread))
            for container in version.package.containers
        ),
    )
    read: list[ParsedFile] = []
    for source in version.reports:
        found = _collected(source, reports, store, unread)
        if found is not None:
            read.append(found)
    if not version.reports:
        unread.append(UnreadPart(where="model metrics", why="the package names no report"))
    alone = EvidenceSource.IMPORT if imported else EvidenceSource.TRAINING
    evidence = Evidence(
        source=alone if inference is None else EvidenceSource.BATCH_INFERENCE,
        collected=to_seconds(now),
        inference=None if inference is None else inference.inference,
        origin=origin_of(version),
        unread=tuple(unread),
    )
    evidence = fitting(package, assembled(evidence, read))
    return Collected(
        package=package, evidence=replace(evidence, digest=evidence_digest(package, evidence))
    )


def assembled(evidence: Evidence, files: Sequence[ParsedFile]) -> Evidence:
    """The evidence with what the reports of training hold together, and remarks on the rest.

    The same files, in the same order, give the same evidence.
    """
    read = [
        _Read(kind=each.file.kind, report=each.report)
        for each in files
        if isinstance(each.report, Report)
    ]
    # Statistics of the data may be thousands of numbers, and come after what is said of the model.
    ordered = sorted(read, key=lambda each: each.kind is ReportKind.DATA_QUALITY)
    found = Sum()
    for each in ordered:
        found.add(each.report, each.kind.value)
    metrics = dict(sorted(found.metrics.items()))
    inferred = {} if evidence.inference is None else evidence.inference.metrics
    model_first = sorted(ordered, key=lambda each: each.kind is not ReportKind.MODEL_QUALITY)
    curves, of_curves = select_curves(curve for each in model_first for curve in each.report.curves)
    directions, of_directions = select_directions(
        ((each.kind.value, each.report.directions) for each in ordered), {*metrics, *inferred}
    )
    violations, of_violations = select_violations(
        [violation for each in ordered for violation in each.report.violations], "violations"
    )
    empty = [
        unread_part(each.kind.value, "the report holds no metric")
        for each in ordered
        if _holds_nothing(each.report)
    ]
    remarks = (*of_violations, *of_directions, *of_curves, *empty, *found.unread)
    return replace(
        evidence,
        reports=tuple(each.file for each in files),
        metrics=metrics,
        directions=directions,
        curves=curves,
        violations=violations,
        unread=capped((*evidence.unread, *remarks)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    kind: ReportKind
    report: Report


def _holds_nothing(report: Report) -> bool:
    """Whether a report tells nothing; an empty list of violations tells that there are none."""
    if report.metrics or report.unread or report.violations or report.directions or report.curves:
        return False
    return not report.lists_violations


def _shape(report: Report) -> str:
    """The shape as a record says it: without `violations` where their list says nothing."""
    if report.lists_violations:
        return report.shape
    others = [shape for shape in report.shape.split("+") if shape != VIOLATIONS.id]
    return "+".join(others) or FLATTENED


def _pinned(
    artifact: Artifact | None, reports: Reports, unread: list[UnreadPart]
) -> Artifact | None:
    if artifact is None:
        return None
    try:
        facts = reports.facts(artifact.uri)
    except AssentError as error:
        require_answer(error)
        why = f"the artifact could not be looked at: {error.message}"
        unread.append(unread_part(artifact.uri, why))
        return artifact
    return replace(
        artifact,
        etag=facts.etag or artifact.etag,
        version_id=facts.version_id,
        bytes=facts.bytes,
        sha256=facts.sha256,
    )


def named(source: ReportSource) -> str:
    """What to call a report of training that could not be used."""
    return f"{source.kind} {source.uri}"


def parsed(source: ReportSource, content: bytes, file: ReportFile) -> ParsedFile:
    """What a report holds, if it reads, and is the file that was registered.

    Args:
        source: The report as the package names it.
        content: The file.
        file: What a record says of it.
    """
    if source.sha256 is not None and source.sha256 != file.sha256:
        why = f"its SHA-256 is {file.sha256}; the registry was told {source.sha256}"
        return ParsedFile(file=file, report=Unreadable(why=why))
    report = parse_report(content, source.kind)
    if isinstance(report, Unreadable):
        return ParsedFile(file=file, report=report)
    return ParsedFile(file=replace(file, shape=_shape(report)), report=report)


def _collected(
    source: ReportSource,
    reports: Reports,
    store: EvidenceStore | None,
    unread: list[UnreadPart],
) -> ParsedFile | None:
    try:
        read = read_file(source.kind, source.uri, reports)
    except AssentError as error:
        require_answer(error)
        unread.append(unread_part(named(source), error.message))
        return None
    found = parsed(source, read.content, kept(read, store))
    if isinstance(found.report, Unreadable):
        unread.append(unread_part(named(source), found.report.why))
    return found
