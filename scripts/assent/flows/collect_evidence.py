"""Collect the evidence of a registered version: its reports read, its artifacts pinned."""

import hashlib
from collections.abc import Iterable
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
from assent.core.metrics import Metric
from assent.core.package import Artifact, ModelVersion, Package, ReportSource
from assent.core.registry_fields import one_line
from assent.core.reports import Report, Unreadable, parse_report
from assent.core.timestamps import to_seconds
from assent.ports import CredentialsRefused, Reports

__all__ = ["Collected", "collect_evidence"]

MAX_REPORT_BYTES = 5 * 1024 * 1024
MAX_METRICS = 1000
MAX_UNREAD = 100
"""What a record holds of each; the schema says the same."""
_MAX_WHERE = 1400
_MAX_WHY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What a record will rest on."""

    package: Package
    """With the artifacts' size, ETag and version as S3 gives them."""
    evidence: Evidence
    """With its digest."""


def collect_evidence(version: ModelVersion, reports: Reports, now: datetime) -> Collected:
    """Read every report that a version names, and pin its artifacts.

    A report that is missing, too large or unreadable is named in `unread`; it is never left out
    silently, and never stops a promotion from being proposed: the approver decides.

    Raises:
        AssentError: Only those from which nothing is known yet: S3 did not answer, or did not
            take the credentials.
    """
    unread: list[UnreadPart] = []
    package = replace(
        version.package,
        containers=tuple(
            replace(container, artifact=_pinned(container.artifact, reports, unread))
            for container in version.package.containers
        ),
    )
    files: list[ReportFile] = []
    metrics: dict[str, Metric] = {}
    for source in version.reports:
        report = _read(source, reports, files, unread)
        if report is not None:
            _add(report, source, metrics, unread)
    if not version.reports:
        unread.append(UnreadPart(where="model metrics", why="the package names no report"))
    evidence = Evidence(
        source=EvidenceSource.TRAINING,
        collected=to_seconds(now),
        reports=tuple(files),
        metrics=dict(sorted(metrics.items())),
        unread=_capped(unread),
    )
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
        if error.retryable or isinstance(error, CredentialsRefused):
            raise
        unread.append(_part(artifact.uri, f"the artifact could not be looked at: {error.message}"))
        return artifact
    return replace(
        artifact,
        etag=facts.etag or artifact.etag,
        version_id=facts.version_id,
        bytes=facts.bytes,
    )


def _read(
    source: ReportSource, reports: Reports, files: list[ReportFile], unread: list[UnreadPart]
) -> Report | None:
    try:
        file = reports.read(source.uri, limit=MAX_REPORT_BYTES)
    except AssentError as error:
        if error.retryable or isinstance(error, CredentialsRefused):
            raise
        unread.append(_part(f"{source.kind} {source.uri}", error.message))
        return None
    sha256 = hashlib.sha256(file.content).hexdigest()
    files.append(
        ReportFile(
            kind=source.kind,
            uri=source.uri,
            version_id=file.version_id,
            sha256=sha256,
            bytes=len(file.content),
        )
    )
    if source.sha256 is not None and source.sha256 != sha256:
        why = f"its SHA-256 is {sha256}; the registry was told {source.sha256}"
        unread.append(_part(f"{source.kind} {source.uri}", why))
        return None
    parsed = parse_report(file.content, source.kind)
    if isinstance(parsed, Unreadable):
        unread.append(_part(f"{source.kind} {source.uri}", parsed.why))
        return None
    return parsed


def _add(
    report: Report, source: ReportSource, metrics: dict[str, Metric], unread: list[UnreadPart]
) -> None:
    if not report.metrics and not report.unread:
        unread.append(_part(source.kind, "the report holds no metric"))
    for name, metric in report.metrics.items():
        if name in metrics:
            why = "an earlier report has a metric of this name; that one counts"
            unread.append(_part(f"{source.kind} {name}", why))
        elif len(metrics) >= MAX_METRICS:
            why = f"a record holds {MAX_METRICS} metrics; this and the rest of the report are over"
            unread.append(_part(f"{source.kind} {name}", why))
            break
        else:
            metrics[name] = metric
    unread.extend(
        _part(f"{source.kind} {part.where}", part.why)
        for part in report.unread
        if not part.expected  # curves and alarm limits are in the report; nothing is missing
    )


def _part(where: str, why: str) -> UnreadPart:
    return UnreadPart(where=one_line(where, _MAX_WHERE), why=one_line(why, _MAX_WHY))


def _capped(parts: Iterable[UnreadPart]) -> tuple[UnreadPart, ...]:
    found = tuple(parts)
    if len(found) <= MAX_UNREAD:
        return found
    kept = found[: MAX_UNREAD - 1]
    rest = f"{len(found) - len(kept)} more places; see the reports themselves"
    return (*kept, UnreadPart(where="and", why=rest))
