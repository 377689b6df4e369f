"""A repository and its pull requests in memory: the fake behind `Forge` and `History` at once.

It keeps its own state: commits with their trees, branches, pull requests and reviews. Content ids
are git's own, so what it says about blobs is what a real clone says.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from assent.core.errors import AssentError
from assent.core.forge import (
    Approvals,
    OpenedPullRequest,
    PromotionView,
    Proposal,
    ProposalState,
    PullRequest,
)
from assent.core.git_objects import blob_id
from assent.ports import AlreadyThere, NothingToMerge, NotThere, TreeEntry

__all__ = ["MemoryPull", "MemoryRepository"]

Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Commit:
    parents: tuple[str, ...]
    files: Files


@dataclass(slots=True, kw_only=True)
class MemoryPull:
    """A pull request's state."""

    number: int
    branch: str
    author: str
    title: str
    body: str
    head: str
    state: ProposalState = ProposalState.OPEN
    labels: list[str] = field(default_factory=list)
    approvals: list[str] = field(default_factory=list)
    merged_at: datetime | None = None
    merge_commit: str | None = None
    writers: list[str] = field(default_factory=list)
    """Others than the author who committed to its branch."""

    @property
    def url(self) -> str:
        """Its address."""
        return f"https://forge.example/pull/{self.number}"


class MemoryRepository:
    """Implements `Forge` for a bot and `History` for a clone; people act through the rest.

    Args:
        files: The first commit's files.
        now: The time, for merges.
        bot: The login under which `Forge` writes.
    """

    def __init__(
        self, files: Files, *, now: Callable[[], datetime], bot: str = "assent[bot]"
    ) -> None:
        self._now = now
        self._bot = bot
        self._commits: dict[str, _Commit] = {}
        self._blobs: dict[str, bytes] = {}
        self.branches: dict[str, str] = {"main": self._store((), files)}
        self.pulls: list[MemoryPull] = []

    def _store(self, parents: tuple[str, ...], files: Files) -> str:
        number = len(self._commits)
        oid = hashlib.sha1(f"commit {number}".encode(), usedforsecurity=False).hexdigest()
        self._commits[oid] = _Commit(parents=parents, files=dict(files))
        self._blobs.update({blob_id(content): content for content in files.values()})
        return oid

    # What people do.

    def push(self, changes: Mapping[str, bytes | None], *, branch: str = "main") -> str:
        """Commit straight to a branch; None deletes a file."""
        tip = self.branches[branch]
        files = _changed(self._commits[tip].files, changes)
        self.branches[branch] = self._store((tip,), files)
        self._follow(branch)
        return self.branches[branch]

    def approve(self, number: int, login: str) -> None:
        """Approve a pull request; nobody approves their own."""
        pull = self.pull(number)
        if login != pull.author and login not in pull.approvals:
            pull.approvals.append(login)

    def merge(self, number: int) -> str:
        """Merge an approved pull request with a merge commit.

        Raises:
            ValueError: It is not open, not approved, or does not merge.
        """
        pull = self.pull(number)
        if pull.state is not ProposalState.OPEN or not pull.approvals:
            raise ValueError(f"pull request {number} cannot be merged")
        main = self.branches["main"]
        base = self._merge_base(main, pull.head)
        old, new = self._commits[base].files, self._commits[pull.head].files
        changes: dict[str, bytes | None] = {
            path: new.get(path) for path in {*old, *new} if old.get(path) != new.get(path)
        }
        ours = self._commits[main].files
        if any(ours.get(path) not in (old.get(path), new.get(path)) for path in changes):
            raise ValueError(f"pull request {number} conflicts")
        merged = self._store((main, pull.head), _changed(ours, changes))
        self.branches["main"] = merged
        pull.state, pull.merged_at, pull.merge_commit = ProposalState.MERGED, self._now(), merged
        return merged

    def close(self, number: int) -> None:
        """Close a pull request without merging it."""
        pull = self.pull(number)
        if pull.state is ProposalState.OPEN:
            pull.state = ProposalState.CLOSED

    def pull(self, number: int) -> MemoryPull:
        """A pull request by its number."""
        return self.pulls[number - 1]

    def _follow(self, branch: str) -> None:
        for pull in self.pulls:
            if pull.branch == branch and pull.state is ProposalState.OPEN:
                pull.head = self.branches[branch]
                pull.approvals.clear()  # stale approvals are dismissed

    # Forge.

    def configuration(self) -> bytes:
        """See `ports.Forge`."""
        content = self.file("assent.yaml", "main")
        if content is None:
            raise NotThere("no assent.yaml on main")
        return content

    def promotion(self, path: str, branch: str, champion: str | None, /) -> PromotionView:
        """See `ports.Forge`."""
        files = self._commits[self.branches["main"]].files
        return PromotionView(
            head=self.branches["main"],
            record=files.get(path),
            champion=None if champion is None else files.get(champion),
            proposals=tuple(
                Proposal(
                    number=pull.number,
                    url=pull.url,
                    state=pull.state,
                    head=pull.head,
                    labels=tuple(pull.labels),
                )
                for pull in reversed(self.pulls)
                if pull.branch == branch and pull.author == self._bot
            ),
        )

    def file(self, path: str, commit: str, /) -> bytes | None:
        """See `ports.Forge`."""
        return self._commits[self.commit(commit)].files.get(path)

    def create_branch(self, name: str, commit: str, /) -> None:
        """See `ports.Forge`."""
        if name in self.branches:
            raise AlreadyThere(f"the branch {name} exists")
        self.branches[name] = commit

    def add_file(
        self, branch: str, path: str, content: bytes, message: str, /, *, replaces: str | None
    ) -> None:
        """See `ports.Forge`."""
        there = self._commits[self.branches[branch]].files.get(path)
        if (None if there is None else blob_id(there)) != replaces:
            raise AlreadyThere(f"{path} is another one ({message})")
        self.push({path: content}, branch=branch)

    def open_pull_request(self, branch: str, title: str, body: str, /) -> OpenedPullRequest:
        """See `ports.Forge`."""
        if any(p.branch == branch and p.state is ProposalState.OPEN for p in self.pulls):
            raise AlreadyThere(f"a pull request of {branch} is open")
        head = self.branches[branch]
        main = self.branches["main"]
        base = self._commits[self._merge_base(main, head)].files
        if self._commits[head].files == base:
            raise NothingToMerge(f"no commits between main and {branch}")
        pull = MemoryPull(
            number=len(self.pulls) + 1,
            branch=branch,
            author=self._bot,
            title=title,
            body=body,
            head=head,
        )
        self.pulls.append(pull)
        return OpenedPullRequest(number=pull.number, url=pull.url)

    def label(self, number: int, labels: Sequence[str], /) -> None:
        """See `ports.Forge`."""
        present = self.pull(number).labels
        present.extend(label for label in labels if label not in present)

    def merged_pull_request(self, commit: str, /) -> PullRequest | None:
        """See `ports.Forge`."""
        for pull in self.pulls:
            if pull.merge_commit == commit and pull.merged_at is not None:
                return PullRequest(
                    number=pull.number,
                    url=pull.url,
                    author=pull.author,
                    merged_at=pull.merged_at,
                    merge_commit=commit,
                    head=pull.head,
                )
        return None

    def approvals(self, pull: PullRequest, /) -> Approvals:
        """See `ports.Forge`."""
        found = self.pull(pull.number)
        return Approvals(
            approved=tuple(found.approvals), committed=frozenset({found.author, *found.writers})
        )

    def edit_body(self, number: int, body: str, /) -> None:
        """See `ports.Forge`."""
        self.pull(number).body = body

    def tip(self) -> str:
        """See `ports.Forge`."""
        return self.branches["main"]

    def other_files(self, branch: str, path: str, /) -> Sequence[str]:
        """See `ports.Forge`."""
        main, head = self.branches["main"], self.branches[branch]
        return [each for each in self.changed(main, head, from_fork_point=True) if each != path]

    # History.

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


def _changed(files: Files, changes: Mapping[str, bytes | None]) -> dict[str, bytes]:
    after = {path: content for path, content in files.items() if path not in changes}
    after.update({path: content for path, content in changes.items() if content is not None})
    return after
