"""Git's objects as git stores them: their ids, and what commits and trees say."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from assent.core.errors import AssentError

__all__ = [
    "Commit",
    "MalformedObject",
    "TreeItem",
    "blob_id",
    "object_id",
    "read_commit",
    "read_tree",
]

_FILE_MODE = "100644"
_FOLDER_MODE = "40000"
_SHA1_DIGITS = 40


class MalformedObject(AssentError):
    """An object is not what git would have written."""


@dataclass(frozen=True, slots=True)
class TreeItem:
    """What stands under a name in a tree."""

    mode: str
    """As git stores it: `100644` a file, `40000` a folder."""
    id: str

    @property
    def is_folder(self) -> bool:
        """Whether it is a tree itself."""
        return self.mode == _FOLDER_MODE

    @property
    def is_plain_file(self) -> bool:
        """Whether it is a file and nothing else, such as a symbolic link."""
        return self.mode == _FILE_MODE


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What a commit is made of."""

    tree: str
    parents: tuple[str, ...]
    at: datetime
    """When it was committed, by the clock of whoever did; nobody vouches for that."""


def object_id(kind: str, content: bytes, *, digits: int = _SHA1_DIGITS) -> str:
    """The id that git gives to an object.

    Args:
        kind: `blob`, `tree` or `commit`.
        content: Its bytes, without git's own head.
        digits: How long the repository's ids are: 40, or 64 where it uses SHA-256.
    """
    head = f"{kind} {len(content)}\0".encode()
    if digits == _SHA1_DIGITS:
        # Git's own address of an object; what Assent relies on is digested by SHA-256 as well.
        return hashlib.sha1(head + content, usedforsecurity=False).hexdigest()
    return hashlib.sha256(head + content).hexdigest()


def blob_id(content: bytes) -> str:
    """The id that git gives to a file's content."""
    return object_id("blob", content)


def read_tree(content: bytes, *, digits: int = _SHA1_DIGITS) -> Mapping[str, TreeItem]:
    """What a tree holds, by name; bytes that are no UTF-8 become surrogates.

    Raises:
        MalformedObject: The bytes are no tree's, or readers would disagree on what it holds.
    """
    found: dict[str, TreeItem] = {}
    at, size = 0, digits // 2
    while at < len(content):
        space = content.find(b" ", at)
        end = content.find(b"\0", space) + 1
        if space < 0 or end <= 0 or end + size > len(content):
            raise MalformedObject("a tree of the repository does not read as one")
        name = content[space + 1 : end - 1].decode("utf-8", "surrogateescape")
        mode = content[at:space].decode("ascii", "replace")
        if name in found:
            raise MalformedObject("a tree of the repository holds a name twice")
        found[name] = TreeItem(mode, content[end : end + size].hex())
        at = end + size
    return found


def read_commit(content: bytes) -> Commit:
    """What a commit says of its tree, its parents and its time.

    Raises:
        MalformedObject: The bytes are no commit's.
    """
    head = content.partition(b"\n\n")[0].decode("utf-8", "replace")
    lines = [line.partition(" ") for line in head.split("\n")]
    trees = [value for name, _, value in lines if name == "tree"]
    committers = [value for name, _, value in lines if name == "committer"]
    try:
        seconds = int(committers[0].rsplit(" ", 2)[1])
        at = datetime.fromtimestamp(seconds, UTC)
    except (IndexError, ValueError, OverflowError, OSError) as error:
        raise MalformedObject("a commit of the repository does not read as one") from error
    if len(trees) != 1:
        raise MalformedObject("a commit of the repository has not one tree")
    parents = tuple(value for name, _, value in lines if name == "parent")
    return Commit(tree=trees[0], parents=parents, at=at)
