"""What the Model Registry says of a model version, as far as a promotion rests on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from assent.core.names import PackageArn
from assent.core.reports import ReportKind

__all__ = [
    "Artifact",
    "Container",
    "ModelVersion",
    "Package",
    "RegistryApproval",
    "ReportSource",
]


class RegistryApproval(StrEnum):
    """SageMaker's `ModelApprovalStatus`."""

    APPROVED = "Approved"
    REJECTED = "Rejected"
    PENDING = "PendingManualApproval"


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A model's file in S3, pinned as far as the platform allows."""

    uri: str
    etag: str | None = None
    version_id: str | None = None
    """None where the bucket keeps no versions."""
    bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container of the inference specification."""

    image: str
    """With its digest (`repository@sha256:...`) where the registry knows it."""
    artifact: Artifact | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """The facts that identify a package for good; nobody edits them in a record."""

    arn: str
    created: datetime
    """UTC, whole seconds. Tells a deleted and re-created package from the first."""
    created_by: str | None
    """The principal that registered it (`SourceIdentity` where the platform gives one)."""
    containers: tuple[Container, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSource:
    """Where one metric report of the package lies."""

    kind: ReportKind
    uri: str
    sha256: str | None = None
    """`ContentDigest` as registered, hexadecimal, lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersion:
    """A described model package version."""

    arn: PackageArn
    """Identity; never changes."""
    package: Package
    status: str
    """`ModelPackageStatus`: Completed when it can be used."""
    approval: RegistryApproval
    """What the registry says now, not what we want."""
    approval_description: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """`CustomerMetadataProperties`: one field per environment, and whatever others keep there."""
    life_cycle: tuple[str, str] | None = None
    """Stage and stage status."""
    reports: tuple[ReportSource, ...] = ()
    description: str = ""
    generated_by: str = ""
    """The pipeline execution or training job that made it, as registered."""
    commit: str = ""
    repository: str = ""
