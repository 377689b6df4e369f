"""What an audit judges: everything as it was read, before anything is believed of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from assent.core.audit.walk import Trail
from assent.core.config import Config
from assent.core.git_objects import TreeItem
from assent.core.names import RecordId
from assent.core.package import ModelVersion

__all__ = ["Chain", "Material", "PackageState", "Scope", "package_state"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What an audit is about."""

    environments: tuple[str, ...]
    """Lowest first; whole chains of receipts are read, whatever else is left out."""
    model: str | None = None
    version: int | None = None
    since: datetime | None = None
    """What happened before is judged where later things rest on it, but not shown."""
    until: datetime | None = None

    @property
    def is_narrowed(self) -> bool:
        """Whether less than everything in its environments is asked for."""
        return any(each is not None for each in (self.model, self.version, self.since, self.until))

    def holds(self, id_: RecordId) -> bool:
        """Whether a version is in it."""
        return (
            id_.environment in self.environments
            and self.model in {None, id_.model}
            and self.version in {None, id_.version}
        )

    def holds_time(self, at: datetime | None) -> bool:
        """Whether a moment is in it; what has no time always is."""
        if at is None:
            return True
        return (self.since is None or at >= self.since) and (self.until is None or at <= self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The files of one environment's receipts."""

    head: bytes | None
    """`head.json`; None where there is none."""
    files: Mapping[str, bytes]
    """Every other file of the environment's folder but those that only help writing, by its path
    in the branch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageState:
    """What the registry says of a version, as far as decisions show there."""

    created: datetime
    approval: str
    """`ModelApprovalStatus`."""
    metadata: Mapping[str, str] = field(default_factory=dict)


def package_state(version: ModelVersion) -> PackageState:
    """What counts here of a described version."""
    return PackageState(
        created=version.package.created,
        approval=version.approval.value,
        metadata=dict(version.metadata),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Everything that one audit read."""

    scope: Scope
    config: Config
    """As main's head has it."""
    config_blob: str
    """Its id."""
    head: str
    """Main's head."""
    tip: str | None
    """The receipts branch's commit; None where there is no such branch."""
    chains: Mapping[str, Chain]
    """By environment."""
    trail: Trail
    """Main's line, and what it did to records in scope."""
    on_main: Mapping[RecordId, TreeItem]
    """The records in scope that main's head holds."""
    blobs: Mapping[str, bytes]
    """Contents of records that are spoken of, as far as the clone has them."""
    reviewed: Mapping[tuple[str, str], str | None]
    """By commit and path: the content of a record in a commit that was reviewed, as far as the
    clone has that commit; None where that holds no such record."""
    parameters: Mapping[str, Mapping[str, str]]
    """By environment: names and texts."""
    packages: Mapping[tuple[str, int], PackageState]
    """By model and version, those that the registry has."""
    read_at: datetime
