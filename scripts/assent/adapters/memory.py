"""The ports in memory: each keeps its own state and holds to the same contract as the real one."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from assent.adapters.parameter_store import require_writable
from assent.adapters.s3 import Location, parse_uri
from assent.core.names import PackageArn
from assent.core.package import ModelVersion
from assent.core.registry_fields import RegistryUpdate
from assent.ports import FileBytes, NotThere, ObjectFacts, TooLarge

__all__ = ["MemoryParameters", "MemoryRegistry", "MemoryReports", "SettableClock"]


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


class MemoryReports:
    """Files by address; the https and s3 addresses of a file are the same file's."""

    def __init__(self, files: Mapping[str, bytes] | None = None) -> None:
        self._objects: dict[Location, _Stored] = {}
        for uri, content in (files or {}).items():
            self.put(uri, content)

    def put(self, uri: str, content: bytes, *, version_id: str | None = None) -> None:
        """Store a file, in place of the one that was there."""
        self._objects[parse_uri(uri)] = _Stored(content=content, version_id=version_id)

    def delete(self, uri: str) -> None:
        """Delete a file."""
        del self._objects[parse_uri(uri)]

    def read(self, uri: str, /, *, limit: int) -> FileBytes:
        """Read a file of at most `limit` bytes.

        Raises:
            NotThere: There is no such file, or the address is none.
            TooLarge: It has more bytes than `limit`.
        """
        stored = self._stored(uri)
        if len(stored.content) > limit:
            raise TooLarge(
                f"{uri!a} has {len(stored.content)} bytes; at most {limit} are read",
                hint="Write a report that holds metrics, not data.",
            )
        return FileBytes(content=stored.content, version_id=stored.version_id)

    def facts(self, uri: str, /) -> ObjectFacts:
        """Size, ETag and version of a file; the ETag is S3's for a plain upload.

        Raises:
            NotThere: As `read`.
        """
        stored = self._stored(uri)
        return ObjectFacts(
            etag=hashlib.md5(stored.content, usedforsecurity=False).hexdigest(),
            version_id=stored.version_id,
            bytes=len(stored.content),
        )

    def _stored(self, uri: str) -> _Stored:
        try:
            return self._objects[parse_uri(uri)]
        except KeyError:
            raise NotThere(f"S3 has no object {uri!a}") from None


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
