"""What git holds for an audit, read object by object: main's line, its records, the receipts."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from assent.core.audit.material import Chain, Scope
from assent.core.audit.walk import Read, Trail, Walk
from assent.core.config import CONFIG_PATH
from assent.core.errors import AssentError
from assent.core.git_objects import MalformedObject, TreeItem
from assent.core.names import PROMOTIONS, RecordId, parse_path
from assent.core.statements import head_path

__all__ = ["GitPart", "configuration_at", "read_git", "read_records", "read_reviewed"]

_FILE = "100"
"""How the modes of files begin, executable or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GitPart:
    """What git holds of a scope."""

    trail: Trail
    """Changes of records alone."""
    on_main: Mapping[RecordId, TreeItem]
    chains: Mapping[str, Chain]
    """Of each environment in scope; without files where there is no receipts branch."""
    blobs: Mapping[str, bytes]
    """Every content that a record in scope ever had on main's line."""


def configuration_at(read: Read, head: str) -> str | None:
    """The id of `assent.yaml` in a commit, which is read; None where it has none."""
    walk = Walk(read)
    item = walk.file(head, CONFIG_PATH)
    if item is None or not item.is_plain_file:
        return None
    walk.blob(item.id)
    return item.id


def read_git(read: Read, head: str, tip: str | None, scope: Scope) -> GitPart:
    """Read what an audit needs of git.

    Args:
        read: Gives an object's kind and bytes.
        head: Main's head.
        tip: The receipts branch's commit; None where there is none.
        scope: What the audit is about.

    Raises:
        AssentError: An object is missing, or is none.
    """
    walk = Walk(read)
    model = "" if scope.model is None else f"/{scope.model}"
    folders = [f"{PROMOTIONS}/{name}{model}" for name in scope.environments]
    trail = walk.trail(head, folders)
    changes = tuple(each for each in trail.changes if parse_path(each.path) is not None)
    on_main = {
        id_: item
        for folder in folders
        for path, item in walk.files(head, folder).items()
        if (id_ := parse_path(path)) is not None
    }
    contents = {
        each.becomes.id: b""
        for each in changes
        if each.becomes is not None and each.becomes.is_plain_file
    }
    return GitPart(
        trail=replace(trail, changes=changes),
        on_main=on_main,
        chains={name: _chain(walk, tip, name) for name in scope.environments},
        blobs={id_: walk.blob(id_) for id_ in contents},
    )


def _chain(walk: Walk, tip: str | None, environment: str) -> Chain:
    files: dict[str, bytes] = {}
    helps = (f"{environment}/models/", f"{environment}/told.json")
    for path, item in ({} if tip is None else walk.files(tip, environment)).items():
        if not path.startswith(helps):
            files[path] = walk.blob(item.id) if item.mode.startswith(_FILE) else b""
    return Chain(head=files.pop(head_path(environment), None), files=files)


def read_records(
    read: Callable[[str], tuple[str, bytes]], ids: Iterable[str], missing: type[AssentError]
) -> dict[str, bytes]:
    """Contents of records that never came to main, as far as they are still there.

    Args:
        read: Gives an object's kind and bytes.
        ids: What receipts and histories name; hostile.
        missing: What `read` raises where there is no such object.
    """
    found: dict[str, bytes] = {}
    for id_ in ids:
        try:
            kind, content = read(id_)
        except missing:
            continue
        if kind == "blob":
            found[id_] = content
    return found


def read_reviewed(
    read: Read, asked: Iterable[tuple[str, str]], missing: type[AssentError]
) -> dict[tuple[str, str], str | None]:
    """What commits that were reviewed hold at the record's path, as far as they are still there.

    A branch that was squashed, or deleted, may be gone; then nothing contradicts the receipt.

    Args:
        read: Gives an object's kind and bytes.
        asked: Commits and paths, as receipts name them; hostile.
        missing: What `read` raises where there is no such object.
    """
    walk = Walk(read)
    found: dict[tuple[str, str], str | None] = {}
    for commit, path in asked:
        try:
            item = walk.file(commit, path)
        except missing:
            continue
        except MalformedObject:
            item = None  # what was named as a commit is none
        found[commit, path] = None if item is None else item.id
    return found
