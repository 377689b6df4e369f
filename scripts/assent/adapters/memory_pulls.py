"""Pull requests and issues in memory: what they hold, and what a merged one tells of a record."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from assent.adapters.memory_history import MemoryHistory
from assent.core.approval import Bringing, Review, ReviewState, WrittenCommit, last_words
from assent.core.errors import AssentError
from assent.core.forge import Labelling, ProposalState, Remark, Turn
from assent.core.git_objects import blob_id

__all__ = ["MemoryIssue", "MemoryPull", "bringing_of", "difference"]


@dataclass(slots=True, kw_only=True)
class MemoryPull:
    """A pull request's state."""

    number: int
    branch: str
    author: str
    title: str
    body: str
    head: str
    updated_at: datetime
    state: ProposalState = ProposalState.OPEN
    labels: list[str] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    """Those with a verdict, oldest first; what record they saw is told by their commits."""
    merged_at: datetime | None = None
    merged_by: str = ""
    closed_at: datetime | None = None
    """When it was closed or merged; None while it is open."""
    merge_commit: str | None = None
    base: str | None = None
    """The commit of the branch that counts that it was merged onto; None until then."""
    landed: tuple[str, ...] = ()
    """The commits that merging made on the branch that counts."""
    turns: list[Turn] = field(default_factory=list)
    labellings: list[Labelling] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its address."""
        return f"https://forge.example/pull/{self.number}"

    @property
    def approvals(self) -> tuple[str, ...]:
        """Logins of those whose last word is an approval, in the order in which they gave it."""
        words = last_words(self.reviews, self.updated_at)
        return tuple(each.by for each in words if each.state is ReviewState.APPROVED)


@dataclass(slots=True, kw_only=True)
class MemoryIssue:
    """An issue's state."""

    number: int
    author: str
    title: str
    body: str
    updated_at: datetime
    labels: list[str] = field(default_factory=list)
    is_open: bool = True
    remarks: list[Remark] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its address."""
        return f"https://forge.example/issues/{self.number}"


def bringing_of(history: MemoryHistory, pull: MemoryPull, path: str) -> Bringing:
    """What a merged pull request tells of a record."""
    if pull.merged_at is None or pull.base is None:
        raise AssentError(f"pull request {pull.number} is not merged")
    commits = history.commits_between(pull.base, pull.head)
    return Bringing(
        number=pull.number,
        url=pull.url,
        author=pull.author,
        merged_at=pull.merged_at,
        merged_by=pull.merged_by,
        merge_commit=pull.merge_commit,
        head=pull.head,
        blob=_blob(history, pull.head, path),
        reviews=tuple(
            Review(
                by=each.by,
                state=each.state,
                at=each.at,
                commit=each.commit,
                blob=_blob(history, each.commit, path),
                is_bot=each.is_bot,
            )
            for each in pull.reviews
        ),
        commits=tuple(commits),
        written=_written(history, commits, path),
        files=tuple(history.changed(pull.base, pull.head, from_fork_point=True)),
    )


def _written(
    history: MemoryHistory, commits: Sequence[str], path: str
) -> tuple[WrittenCommit, ...]:
    found = []
    for each in commits:
        parent = history.parent(each)
        before = None if parent is None else _blob(history, parent, path)
        if _blob(history, each, path) != before:
            by, unknown = history.writers_of(each)
            found.append(WrittenCommit(id=each, by=by, unknown=unknown))
    return tuple(found)


def _blob(history: MemoryHistory, commit: str, path: str) -> str | None:
    content = history.files_of(commit).get(path)
    return None if content is None else blob_id(content)


def difference(history: MemoryHistory, base: str, head: str) -> dict[str, bytes | None]:
    """What a head changes since it left a base: a file's content; None for one that is gone."""
    after = history.files_of(head)
    return {path: after.get(path) for path in history.changed(base, head, from_fork_point=True)}
