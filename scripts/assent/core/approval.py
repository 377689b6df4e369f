"""What a forge tells of the pull request that brought a record: reviews, writers, files.

Everything here is about one record: a commit's blob is that of the record's path in it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = [
    "Approval",
    "Bringing",
    "Review",
    "ReviewState",
    "Shown",
    "WrittenCommit",
    "last_words",
]


class ReviewState(StrEnum):
    """What a review says; one that only comments says nothing, and is left out."""

    APPROVED = "approved"
    CHANGES_REQUESTED = "changes-requested"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A submitted review with a verdict."""

    by: str
    """The login; `ghost` for a deleted account."""
    state: ReviewState
    at: datetime
    """When it was submitted."""
    commit: str
    """The commit that was reviewed; empty where the forge does not know it any more."""
    blob: str | None = None
    """The record's blob in that commit; None where it has none, or the commit is not known."""
    is_bot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenCommit:
    """A commit of a pull request that changed the record."""

    id: str
    by: tuple[str, ...]
    """Logins of its authors, those it names as co-authors included, and of its committer."""
    unknown: tuple[str, ...] = ()
    """Addresses that it names and that belong to no account: nobody knows who that was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bringing:
    """A merged pull request that brought a commit to the branch that counts."""

    number: int
    url: str
    author: str
    """Who opened it."""
    merged_at: datetime
    merged_by: str
    """`ghost` where the forge does not tell."""
    merge_commit: str | None
    """The commit that merging made on the branch that counts."""
    head: str
    """The last commit of its branch."""
    blob: str | None
    """The record's blob there; None where it has none."""
    reviews: tuple[Review, ...] = ()
    """In the order in which they were submitted, those after the merge included."""
    commits: tuple[str, ...] = ()
    """The commits of its branch, as it was merged, oldest first."""
    written: tuple[WrittenCommit, ...] = ()
    """Those of them that changed the record."""
    files: tuple[str, ...] = ()
    """Every path that it changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A person's last word on a pull request, and what it was worth."""

    review: Review
    counted: bool
    why: str = ""
    """Why it did not count; empty where it did, or was not needed any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a pull request shows of its approval."""

    author: str
    """Who opened it."""
    approvals: tuple[Approval, ...]
    """What everybody said last before the merge, and whether it counted."""
    short: str = ""
    """Why that is no proof; empty where it is one."""


def last_words(reviews: Iterable[Review], merged_at: datetime) -> list[Review]:
    """Each person's last verdict before the merge, in the order in which they were given.

    The forge's times are whole seconds, so what was said in the second of the merge counts. What
    was dismissed since then is dismissed.

    Args:
        reviews: In the order in which they were submitted.
        merged_at: When the pull request was merged.
    """
    last: dict[str, Review] = {}
    for review in reviews:
        if review.at <= merged_at:
            last.pop(review.by.lower(), None)
            last[review.by.lower()] = review
    return list(last.values())
