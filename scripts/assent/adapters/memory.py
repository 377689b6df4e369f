"""The ports in memory: each keeps its own state and holds to the same contract as the real one."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from assent.adapters.event_bus import written_detail
from assent.adapters.evidence_store import require_digest
from assent.adapters.parameter_store import require_writable
from assent.adapters.s3 import Location, parse_uri
from assent.adapters.sns import require_publishable, subject_line, topic_region
from assent.adapters.sqs import bounded_delay, parse_queue_arn
from assent.core.names import PackageArn, shown
from assent.core.package import ModelVersion
from assent.core.registry_fields import RegistryUpdate
from assent.ports import (
    FileBytes,
    Missing,
    MonitoringRun,
    NotThere,
    ObjectFacts,
    TooLarge,
    TransformRun,
    Unavailable,
)

__all__ = [
    "MemoryBus",
    "MemoryEvidenceStore",
    "MemoryJobs",
    "MemoryNotices",
    "MemoryParameters",
    "MemoryQueue",
    "MemoryRegistry",
    "MemoryReports",
    "Notice",
    "Postponed",
    "SentEvent",
    "SettableClock",
]


class SettableClock:
    """A clock that stands still until it is set or moved."""

    def __init__(self, start: datetime = datetime(2026, 11, 22, 10, tzinfo=UTC)) -> None:
        self._now = start

    def now(self) -> datetime:
        """The time it was set to, in UTC."""
        return self._now

    def set(self, time: datetime) -> None:
        """Set the time; it may lie before the one it had."""
        self._now = time.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        """Move the time."""
        self._now += by


class MemoryRegistry:
    """Model versions by ARN."""

    def __init__(self, versions: Iterable[ModelVersion] = ()) -> None:
        self._versions = {version.arn.text: version for version in versions}
        self.updates: list[RegistryUpdate] = []
        """Every update that was written, oldest first."""

    def put(self, version: ModelVersion) -> None:
        """Register a version, or replace what is known of it."""
        self._versions[version.arn.text] = version

    def delete(self, arn: PackageArn) -> None:
        """Delete a version, as somebody might behind Assent's back."""
        del self._versions[arn.text]

    def describe(self, arn: PackageArn, /) -> ModelVersion:
        """What the registry says of a version now.

        Raises:
            NotThere: There is no such package.
        """
        try:
            return self._versions[arn.text]
        except KeyError:
            raise NotThere(
                f"the registry has no model package {arn.text}",
                hint="It was deleted, or lies in another account or region than the one asked.",
            ) from None

    def everything(self) -> Iterator[ModelVersion]:
        """Every version."""
        yield from list(self._versions.values())

    def update(self, update: RegistryUpdate, /) -> None:
        """Write an approval; metadata is merged, and what the update does not name stays.

        Raises:
            NotThere: There is no such package.
        """
        seen = self.describe(update.arn)
        described = update.approval_description
        self._versions[update.arn.text] = replace(
            seen,
            metadata={**seen.metadata, **update.metadata},
            approval=seen.approval if update.approval is None else update.approval,
            approval_description=seen.approval_description if described is None else described,
            life_cycle=seen.life_cycle if update.life_cycle is None else update.life_cycle,
        )
        self.updates.append(update)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stored:
    content: bytes
    version_id: str | None
    checksum: bool = False


class MemoryReports:
    """Files by address; the https and s3 addresses of a file are the same file's."""

    def __init__(self, files: Mapping[str, bytes] | None = None) -> None:
        self._objects: dict[Location, _Stored] = {}
        self._versions: dict[tuple[Location, str], _Stored] = {}
        for uri, content in (files or {}).items():
            self.put(uri, content)

    def put(
        self, uri: str, content: bytes, *, version_id: str | None = None, checksum: bool = False
    ) -> None:
        """Store a file, in place of the one that was there, whose version stays if it had one.

        Args:
            uri: Its address.
            content: What it holds.
            version_id: The version that this makes; None for a bucket that keeps none.
            checksum: Whether it is uploaded with its SHA-256.
        """
        place = parse_uri(uri)
        stored = _Stored(content=content, version_id=version_id, checksum=checksum)
        self._objects[place] = stored
        if version_id is not None:
            self._versions[place, version_id] = stored

    def delete(self, uri: str) -> None:
        """Delete a file; its versions stay."""
        del self._objects[parse_uri(uri)]

    def expire(self, uri: str) -> None:
        """Delete a file for good, with every version of it."""
        place = parse_uri(uri)
        self._objects.pop(place, None)
        self._versions = {key: each for key, each in self._versions.items() if key[0] != place}

    def read(self, uri: str, /, *, limit: int, version_id: str | None = None) -> FileBytes:
        """Read a file of at most `limit` bytes, or one version of it.

        Raises:
            NotThere: There is no such file, or the address is none.
            TooLarge: It has more bytes than `limit`.
        """
        stored = self._stored(uri, version_id)
        if len(stored.content) > limit:
            raise TooLarge(
                f"{uri!a} has {len(stored.content)} bytes; at most {limit} are read",
                hint="Write a report that holds metrics, not data.",
            )
        return FileBytes(content=stored.content, version_id=stored.version_id)

    def facts(self, uri: str, /) -> ObjectFacts:
        """Size, ETag, version and checksum of a file; the ETag is S3's for a plain upload.

        Raises:
            NotThere: As `read`.
        """
        stored = self._stored(uri)
        return ObjectFacts(
            etag=hashlib.md5(stored.content, usedforsecurity=False).hexdigest(),
            version_id=stored.version_id,
            bytes=len(stored.content),
            sha256=hashlib.sha256(stored.content).hexdigest() if stored.checksum else None,
        )

    def _stored(self, uri: str, version_id: str | None = None) -> _Stored:
        place = parse_uri(uri)
        try:
            if version_id is None:
                return self._objects[place]
            return self._versions[place, version_id]
        except KeyError:
            what = "object" if version_id is None else "such version of"
            raise Missing(f"S3 has no {what} {uri!a}") from None


class MemoryParameters:
    """Parameters by name."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self.values: dict[str, str] = dict(values or {})
        """What is stored now; tests may change it behind Assent's back."""
        self.writes: list[tuple[str, str]] = []
        """Every write, oldest first."""

    def read(self, names: Sequence[str], /) -> Mapping[str, str]:
        """The values of those parameters that exist."""
        return {name: self.values[name] for name in names if name in self.values}

    def read_below(self, path: str, /) -> Iterator[tuple[str, str]]:
        """Every parameter below a path, at any depth."""
        folder = path.rstrip("/") + "/"
        yield from [item for item in self.values.items() if item[0].startswith(folder)]

    def write(self, name: str, value: str, /) -> None:
        """Write a parameter, whether it exists or not.

        Raises:
            UnwritableParameter: The value is too long, empty, or holds `{{`.
        """
        require_writable(name, value)
        self.values[name] = value
        self.writes.append((name, value))


class MemoryJobs:
    """SageMaker's jobs by name."""

    def __init__(
        self,
        transforms: Mapping[str, TransformRun] | None = None,
        monitorings: Mapping[str, MonitoringRun] | None = None,
    ) -> None:
        self.transforms: dict[str, TransformRun] = dict(transforms or {})
        """What is described now; tests may change it, as they may the other."""
        self.monitorings: dict[str, MonitoringRun] = dict(monitorings or {})

    def transform(self, name: str, /) -> TransformRun:
        """A batch transform job by its name.

        Raises:
            NotThere: There is no such job.
        """
        try:
            return self.transforms[name]
        except KeyError:
            raise NotThere(f"SageMaker has no batch transform job {shown(name)}") from None

    def monitoring(self, name: str, /) -> MonitoringRun:
        """A processing job by its name.

        Raises:
            NotThere: There is no such job.
        """
        try:
            return self.monitorings[name]
        except KeyError:
            raise NotThere(f"SageMaker has no processing job {shown(name)}") from None


class MemoryEvidenceStore:
    """Files by the address that their digest gives them.

    Args:
        bucket: The bucket of these addresses.
        reports: Where they can be read again, too.
    """

    def __init__(self, bucket: str = "evidence", reports: MemoryReports | None = None) -> None:
        self._bucket = bucket
        self._reports = reports
        self.kept: dict[str, bytes] = {}
        """What is stored now, by address."""

    def keep(self, content: bytes, sha256: str, /) -> str:
        """Store a file under its digest, unless it is there; returns its address.

        Raises:
            DigestDiffers: The digest is another file's.
        """
        require_digest(content, sha256)
        uri = f"s3://{self._bucket}/sha256/{sha256}"
        if uri not in self.kept:
            self.kept[uri] = content
            if self._reports is not None:
                self._reports.put(uri, content)
        return uri


@dataclass(frozen=True, slots=True, kw_only=True)
class SentEvent:
    """An event as consumers see it."""

    detail_type: str
    detail: Mapping[str, Any]


class MemoryBus:
    """A bus that remembers."""

    def __init__(self) -> None:
        self.sent: list[SentEvent] = []
        """Every event that was sent, oldest first."""
        self.failing = False
        """Whether it takes nothing for now."""

    def send(self, detail_type: str, detail: Mapping[str, object], /) -> None:
        """Put one event on the bus.

        Raises:
            UnsendableEvent: It is larger than an entry may be, or no JSON can hold it.
            Unavailable: The bus is set to fail.
        """
        text = written_detail(detail_type, detail)
        if self.failing:
            raise Unavailable("the bus takes nothing for now", hint="Try again later.")
        self.sent.append(SentEvent(detail_type=detail_type, detail=json.loads(text)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message as subscribers see it."""

    topic: str
    subject: str
    text: str


class MemoryNotices:
    """Topics that remember; every topic exists.

    Args:
        failing: The ARNs of topics that take nothing.
    """

    def __init__(self, failing: Iterable[str] = ()) -> None:
        self.failing = set(failing)
        """Topics that take nothing for now."""
        self.published: list[Notice] = []
        """Every message that was published, oldest first."""

    def publish(self, topic: str, subject: str, text: str, /) -> None:
        """Publish a message.

        Raises:
            UnpublishableNotice: The text is empty or too long, or the topic is no standard one.
            Unavailable: The topic is set to fail.
        """
        topic_region(topic)
        require_publishable(topic, text)
        if topic in self.failing:
            raise Unavailable(f"{topic} takes nothing for now", hint="Try again later.")
        self.published.append(Notice(topic=topic, subject=subject_line(subject), text=text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Postponed:
    """A message that was handed back."""

    queue_arn: str
    receipt_handle: str
    seconds: int


class MemoryQueue:
    """Queues that remember; every queue exists, and holds every message."""

    def __init__(self) -> None:
        self.postponed: list[Postponed] = []
        """Every message that was postponed, oldest first."""

    def postpone(self, queue_arn: str, receipt_handle: str, seconds: int, /) -> None:
        """Let a received message appear again after a time, of at most the longest.

        Raises:
            AwsFailed: It is not the ARN of a queue.
        """
        parse_queue_arn(queue_arn)
        self.postponed.append(
            Postponed(
                queue_arn=queue_arn,
                receipt_handle=receipt_handle,
                seconds=bounded_delay(seconds),
            )
        )
