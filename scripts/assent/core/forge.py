"""Pull requests as the flows see them, whichever forge holds them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = [
    "BREAK_GLASS",
    "Branch",
    "Conversation",
    "IssueReport",
    "Labelling",
    "OpenPromotion",
    "OpenPullRequest",
    "OpenedPullRequest",
    "PromotionView",
    "Proposal",
    "ProposalState",
    "PullRequestState",
    "Remark",
    "Turn",
    "TurnKind",
]

BREAK_GLASS = "assent: break-glass"
"""The label by which a code owner lifts soak, freezes and the stop of the line."""


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
    own: bool = True
    """Whether Assent's own App opened it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPromotion:
    """An open pull request that Assent's own App opened, as one sees it beside another."""

    number: int
    url: str
    branch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionView:
    """What the repository holds of one promotion at one moment."""

    head: str
    """The commit at the tip of the branch that counts."""
    files: Mapping[str, bytes | None]
    """Those of the files asked for that are there, the promotion's record among them; None for one
    that is not given whole, or that is no text."""
    proposals: tuple[Proposal, ...]
    """Pull requests that the bot itself opened from the promotion's branch, newest first."""
    others: tuple[Proposal, ...] = ()
    """Likewise, from the other branch that was asked for."""
    open: tuple[OpenPromotion, ...] = ()
    """Open ones that the bot opened with the label that was asked for, the newest hundred."""
    further: int = 0
    """How many open pull requests with that label there are beyond the newest hundred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPullRequest:
    """An open pull request that Assent's own App opened to the branch that counts."""

    number: int
    url: str
    branch: str
    head: str
    """The commit that its branch has."""
    title: str
    body: str
    """As it stands; people may have edited it."""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A branch, and the pull requests that came from it."""

    name: str
    head: str
    """Its commit."""
    proposals: tuple[Proposal, ...] = ()
    """Whoever opened them, newest first; no more than twenty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedPullRequest:
    """A pull request that was just opened."""

    number: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestState:
    """A pull request to the branch that counts, whoever opened it, as it stands now."""

    number: int
    url: str
    state: ProposalState
    author: str
    branch: str
    head: str
    """The commit that its branch had last; it can be read after the branch is gone."""
    updated_at: datetime
    closed_at: datetime | None
    """None while it is open."""
    reopened: bool = False
    """Whether it was reopened at any time."""


class TurnKind(StrEnum):
    """In what way a pull request changed between open and closed."""

    CLOSED = "closed"
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Somebody closed or reopened a pull request; a merge is no turn."""

    kind: TurnKind
    by: str
    """The login; `ghost` for a deleted account."""
    at: datetime
    referred: bool = False
    """Whether a keyword elsewhere closed it ("fixes #12"), in the name of whoever merged that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A comment, or a review that says something."""

    by: str
    at: datetime
    text: str
    """As written: hostile."""
    own: bool = False
    """Whether Assent's own App wrote it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelling:
    """Somebody put a label on a pull request, or took one off."""

    label: str
    by: str
    """The login; `ghost` for a deleted account."""
    at: datetime
    added: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """What was done to a pull request and said on it, at one moment."""

    turns: tuple[Turn, ...]
    """Oldest first."""
    remarks: tuple[Remark, ...]
    """Comments and reviews with a text, oldest first."""
    files: tuple[str, ...]
    """Paths that it changes; no more than a hundred."""
    labellings: tuple[Labelling, ...] = ()
    """Oldest first; no more than the last hundred."""
    url: str = ""
    """The pull request's address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueReport:
    """An open issue that Assent's own App opened."""

    number: int
    url: str
    title: str
    body: str
    said: tuple[str, ...] = ()
    """What the App commented on it lately, oldest first; no more than the last fifty comments."""
