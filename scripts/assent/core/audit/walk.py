"""Main's own line of commits, read object by object, so that whoever has the objects can repeat it.

Nothing here trusts what git says of history: only the objects, whose ids are digests of them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from assent.core.git_objects import (
    Commit,
    MalformedObject,
    TreeItem,
    read_commit,
    read_tree,
)

__all__ = ["Read", "RecordChange", "Trail", "Walk"]

Read = Callable[[str], tuple[str, bytes]]
"""Kind and bytes of the object of an id."""

_DEEPEST = 4
"""No record and no receipt lies in more folders; whatever does is none."""
_TREES_KEPT = 512
"""A commit's trees are nearly all those of the commit before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChange:
    """What one commit of main did to a file."""

    commit: str
    at: datetime
    """As the commit says; see `Commit.at`."""
    path: str
    was: TreeItem | None
    becomes: TreeItem | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """A line of commits, and what it did."""

    commits: Mapping[str, datetime]
    """Every commit of the line, latest first, with the time that it says."""
    changes: tuple[RecordChange, ...]
    """Latest first."""


class Walk:
    """Reads history through a function that reads objects.

    Args:
        read: Gives kind and bytes of an object.
    """

    def __init__(self, read: Read) -> None:
        self._read = read
        self._trees: dict[str, Mapping[str, TreeItem]] = {}

    def commit(self, id_: str) -> Commit:
        """A commit.

        Raises:
            MalformedObject: It is none.
        """
        return read_commit(self._object(id_, "commit"))

    def blob(self, id_: str) -> bytes:
        """A file's content.

        Raises:
            MalformedObject: It is none.
        """
        return self._object(id_, "blob")

    def file(self, commit: str, path: str) -> TreeItem | None:
        """What stands at a path in a commit."""
        return self._at(self.commit(commit).tree, path)

    def files(self, commit: str, folder: str) -> dict[str, TreeItem]:
        """Every file below a folder in a commit, by path."""
        item = self._at(self.commit(commit).tree, folder)
        return {} if item is None else dict(self._files(item, folder))

    def trail(self, head: str, folders: Sequence[str]) -> Trail:
        """What each commit of a line did to the files below some folders.

        Args:
            head: Where the line ends; it goes from first parent to first parent.
            folders: Paths without a slash at their ends.
        """
        times: dict[str, datetime] = {}
        changes: list[RecordChange] = []
        at: str | None = head
        commit = self.commit(head)
        while at is not None:
            times[at] = commit.at
            parent = commit.parents[0] if commit.parents else None
            before = None if parent is None else self.commit(parent)
            for folder in folders:
                changes.extend(self._brought(at, commit, before, folder))
            if before is not None:
                commit = before
            at = parent
        return Trail(commits=times, changes=tuple(changes))

    def _brought(
        self, id_: str, commit: Commit, before: Commit | None, folder: str
    ) -> Iterator[RecordChange]:
        if before is not None and before.tree == commit.tree:
            return
        was = None if before is None else self._at(before.tree, folder)
        for path, old, new in self._differences(was, self._at(commit.tree, folder), folder):
            yield RecordChange(commit=id_, at=commit.at, path=path, was=old, becomes=new)

    def _at(self, tree: str, path: str) -> TreeItem | None:
        """What stands at a path below a tree."""
        item = TreeItem("40000", tree)
        for name in path.split("/"):
            found = self._tree(item.id).get(name) if item.is_folder else None
            if found is None:
                return None
            item = found
        return item

    def _files(self, item: TreeItem, path: str) -> Iterator[tuple[str, TreeItem]]:
        if not item.is_folder:
            yield path, item
            return
        if path.count("/") >= _DEEPEST:
            return
        for name, each in self._tree(item.id).items():
            yield from self._files(each, f"{path}/{name}")

    def _differences(
        self, old: TreeItem | None, new: TreeItem | None, path: str
    ) -> Iterator[tuple[str, TreeItem | None, TreeItem | None]]:
        if old == new or path.count("/") > _DEEPEST:
            return
        before = self._tree(old.id) if old is not None and old.is_folder else {}
        after = self._tree(new.id) if new is not None and new.is_folder else {}
        if (old is not None and not old.is_folder) or (new is not None and not new.is_folder):
            yield (
                path,
                old if old is not None and not old.is_folder else None,
                new if new is not None and not new.is_folder else None,
            )
        for name in sorted({*before, *after}):
            yield from self._differences(before.get(name), after.get(name), f"{path}/{name}")

    def _tree(self, id_: str) -> Mapping[str, TreeItem]:
        found = self._trees.get(id_)
        if found is None:
            found = read_tree(self._object(id_, "tree"), digits=len(id_))
            if len(self._trees) >= _TREES_KEPT:
                del self._trees[next(iter(self._trees))]
            self._trees[id_] = found
        return found

    def _object(self, id_: str, kind: str) -> bytes:
        found, content = self._read(id_)
        if found != kind:
            raise MalformedObject(f"the object {id_} is a {found}, and should be a {kind}")
        return content
