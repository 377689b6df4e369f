"""The evidence that a record carries: metrics, report digests, package facts, and a digest."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from assent.core.canonical import digest
from assent.core.curves import Curve
from assent.core.metrics import Metric
from assent.core.package import Package
from assent.core.reports import Better, ReportKind, Violation
from assent.core.timestamps import written

__all__ = [
    "MAX_CURVES",
    "MAX_UNREAD",
    "MAX_VIOLATIONS",
    "Evidence",
    "EvidenceSource",
    "Inference",
    "Origin",
    "ReportFile",
    "UnreadPart",
    "copy_address",
    "copy_key",
    "evidence_digest",
    "evidence_values",
    "package_values",
]


MAX_VIOLATIONS = 100
"""A record holds no more; one that holds so many may rest on a run that had others."""
MAX_CURVES = 10
MAX_UNREAD = 100
"""A record holds no more."""


class EvidenceSource(StrEnum):
    """Where the metrics come from."""

    TRAINING = "training"
    BATCH_INFERENCE = "batch-inference"
    IMPORT = "import"
    """Of training, of a version that was approved in the registry before Assent came."""


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
    shape: str | None = None
    """The shape that was recognised, several joined by `+`, or `flattened` for an unknown one; None
    in what was written before this was kept, and for a file that did not read."""

    @property
    def lists_violations(self) -> bool:
        """Whether it has a list of violations, which may be empty; else it is silent on them."""
        if self.shape is None:
            # Of batch inference only files that read are kept, and of this kind only lists.
            return self.kind is ReportKind.VIOLATIONS
        return "violations" in self.shape.split("+")


def copy_key(sha256: str) -> str:
    """The key under which a bucket of copies has a file: its digest, so that it never changes."""
    return f"sha256/{sha256}"


def copy_address(bucket: str, sha256: str) -> str:
    """Where a bucket of copies has a file; a copy anywhere else is not one that Assent kept.

    Args:
        bucket: `evidence_bucket` of the configuration.
        sha256: The file's digest, as 64 lower-case hexadecimal digits.
    """
    return f"s3://{bucket}/{copy_key(sha256)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a version came from, as the registry was told; empty where it was not."""

    made_by: str = ""
    """The pipeline execution or training job, usually its ARN."""
    training_job: str = ""
    """The training job's name, if the registry or the artifact's path tells it."""
    commit: str = ""
    repository: str = ""
    description: str = ""


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
    directions: Mapping[str, Better] = field(default_factory=dict)
    """Which way a metric improves, by its name, as constraint files tell."""
    curves: tuple[Curve, ...] = ()
    violations: tuple[Violation, ...] = ()
    """What the reports of training say was wrong with its data or its model."""
    origin: Origin | None = None
    """None in what was written before this was kept."""
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
                # Absent, not null: what was written before there was such a field keeps its digest.
                **({} if artifact.sha256 is None else {"sha256": artifact.sha256}),
            }
        containers.append(values)
    return {
        "arn": package.arn,
        "created": written(package.created),
        "created_by": package.created_by,
        "containers": containers,
        **({} if package.specification is None else {"specification": package.specification}),
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
        **_told(evidence),
        "unread": [{"where": part.where, "why": part.why} for part in evidence.unread],
    }


def _told(evidence: Evidence) -> dict[str, Any]:
    """What is absent where there is none, as what was written before it existed lacks it."""
    values: dict[str, Any] = {}
    if evidence.directions:
        values["directions"] = dict(evidence.directions)
    if evidence.curves:
        values["curves"] = [
            {
                "name": curve.name,
                "x": curve.x,
                "y": curve.y,
                "points": [list(point) for point in curve.points],
            }
            for curve in evidence.curves
        ]
    if evidence.violations:
        values["violations"] = _violations_values(evidence.violations)
    if evidence.origin is not None:
        values["origin"] = {name: text for name, text in asdict(evidence.origin).items() if text}
    return values


def _violations_values(violations: Iterable[Violation]) -> list[dict[str, str]]:
    return [
        {"feature": each.feature, "check": each.check, "description": each.description}
        for each in violations
    ]


def _report_values(report: ReportFile) -> dict[str, Any]:
    values: dict[str, Any] = {
        "kind": report.kind.value,
        "uri": report.uri,
        "version_id": report.version_id,
        "sha256": report.sha256,
        "bytes": report.bytes,
    }
    if report.copy is not None:
        values["copy"] = report.copy
    if report.shape is not None:
        values["shape"] = report.shape
    return values


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
        "violations": _violations_values(inference.violations),
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
