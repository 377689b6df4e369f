"""What the flows need from AWS: the registry, files, jobs, parameters, and ways to tell others."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from assent.core.names import PackageArn
from assent.core.package import ModelVersion
from assent.core.registry_fields import RegistryUpdate

__all__ = [
    "Bus",
    "EvidenceStore",
    "FileBytes",
    "Jobs",
    "MonitoringRun",
    "Notices",
    "ObjectFacts",
    "Parameters",
    "Queue",
    "Registry",
    "Reports",
    "TransformRun",
]


class Registry(Protocol):
    """SageMaker's Model Registry."""

    def describe(self, arn: PackageArn, /) -> ModelVersion:
        """What the registry says of a version now.

        Raises:
            NotThere: There is no such package.
            Unavailable: It could not be asked.
        """
        ...

    def everything(self) -> Iterator[ModelVersion]:
        """Every versioned package, a page of a hundred a call; may lag behind `describe`."""
        ...

    def update(self, update: RegistryUpdate, /) -> None:
        """Write an approval in one call; fields that the update does not name stay."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FileBytes:
    """A file as it was read."""

    content: bytes
    version_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectFacts:
    """What is known of an object without reading it."""

    etag: str | None
    version_id: str | None
    bytes: int | None
    sha256: str | None = None
    """Of the whole content, hexadecimal, lower case; None where it was uploaded without one."""
    checksum_hidden: bool = False
    """Whether a checksum may be there that these credentials are not told."""


class Reports(Protocol):
    """Files in S3."""

    def read(self, uri: str, /, *, limit: int, version_id: str | None = None) -> FileBytes:
        """Read a file of at most `limit` bytes: one version of it, or what stands there now.

        Raises:
            Missing: There is surely no such object, or no such version of it.
            NotThere: There is no such object, or it may not be read; the message says which.
            TooLarge: It has more bytes than `limit`.
            Unavailable: S3 did not answer.
        """
        ...

    def facts(self, uri: str, /) -> ObjectFacts:
        """Size, ETag, version and checksum of what stands at an address now.

        Raises:
            NotThere: As `read`.
            Unavailable: As `read`.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformRun:
    """A batch transform job as SageMaker describes it now."""

    arn: str
    status: str
    """`TransformJobStatus`: Completed, Failed, InProgress, Stopped, Stopping."""
    failure: str
    """`FailureReason` on one line; empty where there is none."""
    model: str
    """The SageMaker model that it ran."""
    packages: tuple[PackageArn, ...]
    """The versioned model packages that the model was made from; none for a model of plain files,
    several for a pipeline of them."""
    started: datetime | None
    ended: datetime | None
    instance_type: str
    instances: int
    output: str
    """The S3 address below which it wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringRun:
    """A Model Monitor processing job as SageMaker describes it now."""

    arn: str
    status: str
    """`ProcessingJobStatus`."""
    exit_message: str
    """On one line; begins `CompletedWithViolations` where it found some."""
    model: str | None
    """The model package group that it watches: `ASSENT_MODEL` of the job's environment, or of the
    package behind the endpoint that its schedule watches; None where neither tells."""
    packages: tuple[PackageArn, ...]
    """The versions behind the endpoint that its schedule watches, if it watches one."""
    ended: datetime | None
    outputs: tuple[str, ...]
    """The S3 addresses below which it wrote."""


class Jobs(Protocol):
    """SageMaker's jobs in one environment's account and region."""

    def transform(self, name: str, /) -> TransformRun:
        """A batch transform job by its name, with the packages of its model.

        Raises:
            NotThere: There is no such job, or its model is gone.
            Unavailable: It could not be asked.
        """
        ...

    def monitoring(self, name: str, /) -> MonitoringRun:
        """A processing job by its name, with what it watches.

        Raises:
            NotThere: There is no such job.
            Unavailable: It could not be asked.
        """
        ...


class EvidenceStore(Protocol):
    """Where report files are kept by their digest, if their own bucket keeps no versions."""

    def keep(self, content: bytes, sha256: str, /) -> str:
        """Store a file under its digest, unless it is there; returns its address.

        Raises:
            Unavailable: It could not be stored for now.
        """
        ...


class Bus(Protocol):
    """EventBridge's bus, on which Assent sends events of its own."""

    def send(self, detail_type: str, detail: Mapping[str, object], /) -> None:
        """Put one event on the bus; consumers may see it more than once.

        Raises:
            AssentError: The bus did not take it.
        """
        ...


class Notices(Protocol):
    """SNS topics of people who do not live on GitHub."""

    def publish(self, topic: str, subject: str, text: str, /) -> None:
        """Publish a message.

        Raises:
            AssentError: The topic did not take it.
        """
        ...


class Queue(Protocol):
    """The SQS queue that brought an event."""

    def postpone(self, queue_arn: str, receipt_handle: str, seconds: int, /) -> None:
        """Let a received message appear again after a time; a queue's longest, if that is less.

        Raises:
            AssentError: The queue did not take it; the message appears when it would have.
        """
        ...


class Parameters(Protocol):
    """Parameter Store in one environment's account and region."""

    def read(self, names: Sequence[str], /) -> Mapping[str, str]:
        """The values of those parameters that exist."""
        ...

    def read_below(self, path: str, /) -> Iterator[tuple[str, str]]:
        """Every parameter below a path, at any depth."""
        ...

    def write(self, name: str, value: str, /) -> None:
        """Write a parameter, whether it exists or not."""
        ...
