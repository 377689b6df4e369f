"""The evidence that a record carries: metrics, report digests, package facts, and a digest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from assent.core.canonical import digest
from assent.core.metrics import Metric
from assent.core.package import Package
from assent.core.reports import ReportKind, Violation
from assent.core.timestamps import written

__all__ = [
    "MAX_VIOLATIONS",
    "Evidence",
    "EvidenceSource",
    "Inference",
    "ReportFile",
    "UnreadPart",
    "evidence_digest",
    "evidence_values",
    "package_values",
]


MAX_VIOLATIONS = 100
"""A record holds no more; one that holds so many may rest on a run that had others."""


class EvidenceSource(StrEnum):
    """Where the metrics come from."""

    TRAINING = "training"
    BATCH_INFERENCE = "batch-inference"
    IMPORT = "import"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFile:
    """A report file as it was read."""

    kind: ReportKind
    uri: str
    version_id: str | None
    """None where the bucket keeps no versions."""
    sha256: str
    """Hexadecimal, lower case, over the bytes read."""
    bytes: int
    copy: str | None = None
    """Where it is kept by its digest, for a bucket that keeps no versions of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inference:
    """A batch inference with the version, in the environment one rung down."""

    environment: str
    run: str
    """The transform job's ARN, or the name that a pipeline gave to its run."""
    started: datetime | None = None
    """UTC, whole seconds; None where the pipeline did not say."""
    ended: datetime | None = None
    instance_type: str | None = None
    instances: int | None = None
    reports: tuple[ReportFile, ...] = ()
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    violations: tuple[Violation, ...] = ()
    """Drift that Model Monitor found in this run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadPart:
    """Something that could not be used, so that nothing is missing silently."""

    where: str
    """The report's address, and the place in it."""
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was known of a version when its record was written."""

    source: EvidenceSource
    collected: datetime
    """UTC, whole seconds."""
    reports: tuple[ReportFile, ...] = ()
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    """Of training, whatever the source, so that rungs and versions compare like with like."""
    inference: Inference | None = None
    """With the source `batch-inference`."""
    unread: tuple[UnreadPart, ...] = ()
    digest: str = ""
    """`sha256:...` over package and evidence; see `evidence_digest`."""


def package_values(package: Package) -> dict[str, Any]:
    """The package as a record writes it: plain dicts, lists, strings and integers."""
    containers = []
    for container in package.containers:
        values: dict[str, Any] = {"image": container.image}
        if container.artifact is not None:
            artifact = container.artifact
            values["artifact"] = {
                "uri": artifact.uri,
                "etag": artifact.etag,
                "version_id": artifact.version_id,
                "bytes": artifact.bytes,
            }
        containers.append(values)
    return {
        "arn": package.arn,
        "created": written(package.created),
        "created_by": package.created_by,
        "containers": containers,
    }


def evidence_values(evidence: Evidence) -> dict[str, Any]:
    """The evidence as a record writes it, without its digest."""
    inference = evidence.inference
    return {
        "source": evidence.source.value,
        "collected": written(evidence.collected),
        "reports": [_report_values(report) for report in evidence.reports],
        "metrics": _metrics_values(evidence.metrics),
        # Absent, not null: what was written before there was such a field keeps its digest.
        **({} if inference is None else {"inference": _inference_values(inference)}),
        "unread": [{"where": part.where, "why": part.why} for part in evidence.unread],
    }


def _report_values(report: ReportFile) -> dict[str, Any]:
    values = {
        "kind": report.kind.value,
        "uri": report.uri,
        "version_id": report.version_id,
        "sha256": report.sha256,
        "bytes": report.bytes,
    }
    return values if report.copy is None else {**values, "copy": report.copy}


def _inference_values(inference: Inference) -> dict[str, Any]:
    return {
        "environment": inference.environment,
        "run": inference.run,
        "started": None if inference.started is None else written(inference.started),
        "ended": None if inference.ended is None else written(inference.ended),
        "instance_type": inference.instance_type,
        "instances": inference.instances,
        "reports": [_report_values(report) for report in inference.reports],
        "metrics": _metrics_values(inference.metrics),
        "violations": [
            {"feature": each.feature, "check": each.check, "description": each.description}
            for each in inference.violations
        ],
    }


def _metrics_values(metrics: Mapping[str, Metric]) -> dict[str, Any]:
    return {name: _metric_values(metric) for name, metric in metrics.items()}


def _metric_values(metric: Metric) -> dict[str, float]:
    if metric.standard_deviation is None:
        return {"value": metric.value}
    return {"value": metric.value, "standard_deviation": metric.standard_deviation}


def evidence_digest(package: Package, evidence: Evidence) -> str:
    """The digest that binds a record's package and evidence, without the digest field itself."""
    return digest({"package": package_values(package), "evidence": evidence_values(evidence)})
