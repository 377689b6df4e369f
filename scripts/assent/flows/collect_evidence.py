"""Collect the evidence of a registered version: its reports read, its artifacts pinned."""

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
from assent.core.package import Artifact, ModelVersion, Package, ReportSource
from assent.core.reports import Report, Unreadable, parse_report
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

__all__ = ["Collected", "collect_evidence"]


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

    Raises:
        AssentError: Only those from which nothing is known yet: S3 did not answer, or did not
            take the credentials; and whatever the store raises.
    """
    found = Sum()
    if inference is not None:  # what is new since the rung below comes first
        found.unread.extend(inference.unread)
    package = replace(
        version.package,
        containers=tuple(
            replace(container, artifact=_pinned(container.artifact, reports, found.unread))
            for container in version.package.containers
        ),
    )
    files: list[ReportFile] = []
    for source in version.reports:
        report = _read(source, reports, store, files, found.unread)
        if report is None:
            continue
        if not report.metrics and not report.unread:
            found.unread.append(unread_part(source.kind, "the report holds no metric"))
        found.add(report, source.kind)
    if not version.reports:
        found.unread.append(UnreadPart(where="model metrics", why="the package names no report"))
    evidence = Evidence(
        source=EvidenceSource.TRAINING if inference is None else EvidenceSource.BATCH_INFERENCE,
        collected=to_seconds(now),
        reports=tuple(files),
        metrics=dict(sorted(found.metrics.items())),
        inference=None if inference is None else inference.inference,
        unread=capped(found.unread),
    )
    evidence = fitting(package, evidence)
    return Collected(
        package=package, evidence=replace(evidence, digest=evidence_digest(package, evidence))
    )


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
    )


def _read(
    source: ReportSource,
    reports: Reports,
    store: EvidenceStore | None,
    files: list[ReportFile],
    unread: list[UnreadPart],
) -> Report | None:
    where = f"{source.kind} {source.uri}"
    try:
        read = read_file(source.kind, source.uri, reports)
    except AssentError as error:
        require_answer(error)
        unread.append(unread_part(where, error.message))
        return None
    files.append(kept(read, store))
    if source.sha256 is not None and source.sha256 != read.file.sha256:
        why = f"its SHA-256 is {read.file.sha256}; the registry was told {source.sha256}"
        unread.append(unread_part(where, why))
        return None
    parsed = parse_report(read.content, source.kind)
    if isinstance(parsed, Unreadable):
        unread.append(unread_part(where, parsed.why))
        return None
    return parsed
