"""What the flows need from a clone of the promotion repository."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

__all__ = ["History", "Objects", "TreeEntry"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeEntry:
    """One file in a tree."""

    path: str
    mode: str
    """As git writes it: `100644` a file, `120000` a symbolic link."""
    blob: str
    """The object's id."""


class History(Protocol):
    """A clone of the promotion repository, read commit by commit; never its work tree."""

    def commit(self, revision: str, /) -> str:
        """The full id of a revision.

        Raises:
            NotThere: The clone has no such revision.
        """
        ...

    def entries(self, commit: str, prefix: str, /) -> Sequence[TreeEntry]:
        """Every file below a path, or the file at it, in a commit."""
        ...

    def lookup(self, commit: str, paths: Sequence[str], /) -> Mapping[str, TreeEntry]:
        """Those of some paths that exist in a commit."""
        ...

    def blobs(self, ids: Iterable[str], /) -> Iterator[tuple[str, bytes]]:
        """The contents of blobs, each once, in the order asked."""
        ...

    def changed(self, old: str, new: str, /, *, from_fork_point: bool = False) -> Sequence[str]:
        """Paths that differ between two commits; or since their merge base (a pull request's)."""
        ...

    def touched(self, old: str, new: str, /) -> Sequence[str]:
        """Paths that any first-parent commit after `old`, up to `new`, changed, even if undone."""
        ...

    def is_ancestor(self, old: str, new: str, /) -> bool:
        """Whether `new` contains `old`; false too where the clone does not know `old`."""
        ...

    def brought_by(self, commit: str, path: str, /) -> str | None:
        """The latest first-parent commit up to `commit` that changed `path`."""
        ...

    def parent(self, commit: str, /) -> str | None:
        """The first parent of a commit; None where it has none.

        Raises:
            NotThere: The clone has no such commit.
            AssentError: The clone was cut there, so that nobody can tell.
        """
        ...

    def committed(self, commit: str, /) -> datetime:
        """When a commit was made, by the clock of whoever made it; on a server, the server's.

        Raises:
            NotThere: The clone has no such commit.
        """
        ...


class Objects(Protocol):
    """A clone's objects as git stores them, for whoever proves what they say."""

    def commit(self, revision: str, /) -> str:
        """See `History`."""
        ...

    def raw(self, id_: str, /) -> tuple[str, bytes]:
        """An object's kind (`commit`, `tree`, `blob`, `tag`) and its bytes, without git's own head.

        Raises:
            NotThere: The clone has no such object.
        """
        ...
