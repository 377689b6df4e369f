"""Commits, their trees and branches in memory: the fake behind `History`.

Content ids are git's own, so what it says about blobs is what a real clone says.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from assent.core.errors import AssentError
from assent.core.git_objects import blob_id
from assent.ports import NotThere, TreeEntry

__all__ = ["Files", "MemoryHistory"]

Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Commit:
    parents: tuple[str, ...]
    files: Files
    by: tuple[str, ...] = ()
    """Logins of its writers, as it names them."""
    unknown: tuple[str, ...] = ()
    """Addresses of writers that belong to no account."""
    at: datetime


class MemoryHistory:
    """Implements `History` for a clone.

    Args:
        files: The first commit's files.
        now: The time of each commit.
    """

    def __init__(
        self,
        files: Files,
        *,
        now: Callable[[], datetime] = lambda: datetime(2026, 11, 22, 10, tzinfo=UTC),
    ) -> None:
        self._time = now
        self._commits: dict[str, _Commit] = {}
        self._blobs: dict[str, bytes] = {}
        self.branches: dict[str, str] = {"main": self._store((), files)}

    def _store(
        self,
        parents: tuple[str, ...],
        files: Files,
        *,
        by: Sequence[str] = (),
        unknown: Sequence[str] = (),
    ) -> str:
        number = len(self._commits)
        oid = hashlib.sha1(f"commit {number}".encode(), usedforsecurity=False).hexdigest()
        self._commits[oid] = _Commit(
            parents=parents,
            files=dict(files),
            by=tuple(by),
            unknown=tuple(unknown),
            at=self._time(),
        )
        self._blobs.update({blob_id(content): content for content in files.values()})
        return oid

    def commit(self, revision: str, /) -> str:
        """See `ports.History`."""
        found = self.branches.get("main" if revision == "HEAD" else revision, revision)
        if found not in self._commits:
            raise NotThere(f"no revision {revision}")
        return found

    def entries(self, commit: str, prefix: str, /) -> Sequence[TreeEntry]:
        """See `ports.History`."""
        folder = prefix.rstrip("/")
        return [
            TreeEntry(path=path, mode="100644", blob=blob_id(content))
            for path, content in sorted(self._commits[commit].files.items())
            if path == folder or path.startswith(f"{folder}/")
        ]

    def lookup(self, commit: str, paths: Sequence[str], /) -> Mapping[str, TreeEntry]:
        """See `ports.History`."""
        if commit not in self._commits:
            raise NotThere(f"no commit {commit}")
        files = self._commits[commit].files
        return {
            path: TreeEntry(path=path, mode="100644", blob=blob_id(files[path]))
            for path in paths
            if path in files
        }

    def blobs(self, ids: Iterable[str], /) -> Iterator[tuple[str, bytes]]:
        """See `ports.History`."""
        for each in ids:
            if each not in self._blobs:
                raise NotThere(f"no blob {each}")
            yield each, self._blobs[each]

    def changed(self, old: str, new: str, /, *, from_fork_point: bool = False) -> Sequence[str]:
        """See `ports.History`."""
        start = self._merge_base(old, new) if from_fork_point else old
        before, after = self._commits[start].files, self._commits[new].files
        return sorted(path for path in {*before, *after} if before.get(path) != after.get(path))

    def touched(self, old: str, new: str, /) -> Sequence[str]:
        """See `ports.History`."""
        known = self._ancestors(old)
        found: set[str] = set()
        at = new
        while at not in known:
            parents = self._commits[at].parents
            before = self._commits[parents[0]].files if parents else {}
            after = self._commits[at].files
            found |= {path for path in {*before, *after} if before.get(path) != after.get(path)}
            if not parents:
                break
            at = parents[0]
        return sorted(found)

    def is_ancestor(self, old: str, new: str, /) -> bool:
        """See `ports.History`."""
        return old in self._ancestors(new)

    def brought_by(self, commit: str, path: str, /) -> str | None:
        """See `ports.History`."""
        at: str | None = commit
        while at is not None:
            parents = self._commits[at].parents
            parent = parents[0] if parents else None
            before = self._commits[parent].files.get(path) if parent else None
            if self._commits[at].files.get(path) != before:
                return at
            at = parent
        return None

    def parent(self, commit: str, /) -> str | None:
        """See `ports.History`."""
        return next(iter(self._commits[self.commit(commit)].parents), None)

    def committed(self, commit: str, /) -> datetime:
        """See `ports.History`."""
        return self._commits[self.commit(commit)].at

    # What git tells besides, and `History` does not need.

    def files_of(self, commit: str) -> Files:
        """Every file of a commit."""
        return self._commits[self.commit(commit)].files

    def writers_of(self, commit: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Who wrote a commit, as it says: logins, and addresses that belong to nobody."""
        found = self._commits[commit]
        return found.by, found.unknown

    def commits_between(self, base: str, head: str) -> list[str]:
        """The commits that `head` has and `base` has not, oldest first."""
        new = self._ancestors(head) - self._ancestors(base)
        return [each for each in self._commits if each in new]

    def _ancestors(self, commit: str) -> set[str]:
        found: set[str] = set()
        waiting = [commit]
        while waiting:
            each = waiting.pop()
            if each not in found and each in self._commits:
                found.add(each)
                waiting.extend(self._commits[each].parents)
        return found

    def _merge_base(self, one: str, other: str) -> str:
        shared = self._ancestors(one)
        waiting = [other]
        while waiting:
            each = waiting.pop(0)
            if each in shared:
                return each
            waiting.extend(self._commits[each].parents)
        raise AssentError("unrelated histories")
