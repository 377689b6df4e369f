"""What main's head asks for: records read from git, or why one cannot be used."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from assent.contracts import Contracts
from assent.core.config import Config, Environment
from assent.core.names import RecordId, parse_path
from assent.core.plan import Asked, Deleted, Unfit, Wanted
from assent.core.record import ParsedRecord, Record, parse_record
from assent.ports import (
    Clock,
    Deployments,
    History,
    Notices,
    NotThere,
    Parameters,
    ReceiptLog,
    ReceiptVault,
    Registry,
    Reports,
    TreeEntry,
)

__all__ = ["World", "record_of_blob", "wanted_records"]

_FILE = "100644"
"""The mode of a plain file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything that planning and applying read and write."""

    config: Config
    contracts: Contracts
    history: History
    head: str
    """The commit at the head of the branch that counts."""
    registry: Registry
    parameters: Callable[[Environment], Parameters]
    """Each environment's own, in its account and region."""
    clock: Clock
    reading: Callable[[Environment], Parameters] | None = None
    """Other environments' parameters, where those may only be read; without it, as above."""
    notices: Notices | None = None
    """Topics that are told what was decided; None where nobody is."""
    deployments: Deployments | None = None
    """The page that shows what is live; None where it is left alone."""
    run: str = ""
    """The address of the workflow run that this is; empty where it is none."""
    reports: Callable[[Environment | None], Reports] | None = None
    """Files as an environment's account sees them; for None, as the registry's does."""
    receipts: ReceiptLog | None = None
    """Where receipts are kept; None where only they are not, such as in planning."""
    vault: ReceiptVault | None = None
    """The bucket that holds a copy of each receipt; None where none is configured."""
    role: str = ""
    """The ARN as which AWS is written to; empty where that is not known."""


def wanted_records(world: World, environment: str, paths: Iterable[str]) -> list[Wanted]:
    """What main's head says at some paths of an environment; paths of no record are passed over."""
    ids = {path: id_ for path in paths if (id_ := parse_path(path)) is not None}
    ids = {path: id_ for path, id_ in ids.items() if id_.environment == environment}
    entries = world.history.lookup(world.head, sorted(ids))
    files = {entry.blob for entry in entries.values() if entry.mode == _FILE}
    contents = dict(world.history.blobs(files))
    return [
        _wanted(id_, entries.get(path), contents, world.contracts)
        for path, id_ in sorted(ids.items())
    ]


def _wanted(
    id_: RecordId,
    entry: TreeEntry | None,
    contents: Mapping[str, bytes],
    contracts: Contracts,
) -> Wanted:
    if entry is None:
        return Deleted(id=id_)
    if entry.mode != _FILE:
        return Unfit(id=id_, why=f"it is no plain file (mode {entry.mode})")
    parsed = parse_record(contents[entry.blob], contracts.promotion)
    if not isinstance(parsed, ParsedRecord):
        problem = parsed[0]
        place = f"{problem.place}: " if problem.place else ""
        return Unfit(id=id_, why=f"line {problem.line}: {place}{problem.message}")
    if parsed.record.id != id_:
        return Unfit(id=id_, why=f"it speaks of {parsed.record.id}, its path of {id_}")
    return Asked(id=id_, record=parsed.record, blob=entry.blob)


def record_of_blob(world: World, blob: str) -> Record | None:
    """The record behind a blob that was once applied; None where the clone lacks it."""
    try:
        contents = dict(world.history.blobs([blob]))
    except NotThere:
        return None
    parsed = parse_record(contents[blob], world.contracts.promotion)
    return parsed.record if isinstance(parsed, ParsedRecord) else None
