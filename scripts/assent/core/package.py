"""What the Model Registry says of a model version, as far as a promotion rests on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from assent.core.names import PackageArn
from assent.core.reports import ReportKind
from assent.core.timestamps import written

__all__ = [
    "Artifact",
    "Container",
    "ModelVersion",
    "Package",
    "RegistryApproval",
    "ReportSource",
    "is_recreated",
    "package_differences",
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
    """None where S3 could not be asked, so that it is not pinned at all."""
    sha256: str | None = None
    """Hexadecimal, lower case; None where it was uploaded without one, and in old records."""

    @property
    def is_fixed(self) -> bool:
        """Whether something that nobody can choose freely tells this content from any other.

        An ETag is no such thing: of a plain upload it is an MD5, of others it is not said what.
        """
        return self.version_id is not None or self.sha256 is not None


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
    specification: str | None = None
    """`sha256:...` over all that runs of the inference specification, such as the environment's
    variables, which can be written anew; None in records from before this was kept."""


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
    written_by: str | None = None
    """The IAM principal that changed it last; None where nobody did, or the platform is silent."""
    written_at: datetime | None = None
    """When it was changed last; None likewise."""


def is_recreated(recorded: Package, found: Package) -> bool:
    """Whether what a record is about was deleted, and this was created in its place."""
    return recorded.arn == found.arn and recorded.created != found.created


def package_differences(recorded: Package, found: Package) -> list[str]:
    """The facts in which a described package differs from a record's, field by field.

    What only S3 can tell of an artifact (size, version) is not compared, nor what a record from
    before it was kept does not say.
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
    was_run, now_run = recorded.specification, found.specification
    if was_run is not None and was_run != now_run:
        differences.append(
            f"specification was {was_run}, is {now_run}: what the containers are started with "
            "was written anew"
        )
    return differences
