"""Pull requests as the flows see them, whichever forge holds them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = [
    "Approvals",
    "OpenedPullRequest",
    "PromotionView",
    "Proposal",
    "ProposalState",
    "PullRequest",
]


class ProposalState(StrEnum):
    """What became of a pull request."""

    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A pull request from a promotion's own branch."""

    number: int
    url: str
    state: ProposalState
    head: str
    """The commit that its branch had last."""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionView:
    """What the repository holds of one promotion at one moment."""

    head: str
    """The commit at the tip of the branch that counts."""
    record: bytes | None
    """The promotion's record there, if any."""
    champion: bytes | None
    """The champion's record there, if asked for and present."""
    proposals: tuple[Proposal, ...]
    """Pull requests that the bot itself opened from the promotion's branch, newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedPullRequest:
    """A pull request that was just opened."""

    number: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """A merged pull request."""

    number: int
    url: str
    author: str
    merged_at: datetime
    merge_commit: str | None
    """The commit that merging made on the branch that counts."""
    head: str
    """The last commit of its branch: what was approved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvals:
    """The reviews of a pull request, reduced to each person's last word."""

    approved: tuple[str, ...]
    """Logins of those whose last word is an approval, in order of it; bots left out."""
    committed: frozenset[str] = frozenset()
    """Logins that wrote a commit of it; nobody approves what they wrote."""
