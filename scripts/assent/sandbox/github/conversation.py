"""Issues and pull requests, and what is said and done on them.

Every value is frozen: a change puts a new value in the old one's place, so whoever reads never
sees half a change and needs no lock.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

State = Literal["open", "closed"]
ReviewState = Literal["APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED", "PENDING"]
StateReason = Literal["completed", "reopened", "not_planned", "duplicate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A label of a repository; issues name it."""

    id: int
    name: str
    color: str
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment on an issue or pull request."""

    id: int
    author: str
    body: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A review of a pull request at one commit."""

    id: int
    author: str
    body: str
    state: ReviewState
    commit_id: str
    submitted_at: datetime | None
    """None while pending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to an issue or pull request."""

    id: int
    name: str
    actor: str
    created_at: datetime
    commit_id: str | None = None
    details: dict[str, object] = field(default_factory=dict)
    """What this kind of event carries besides: ``label``, ``rename``, ``dismissed_review``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """What makes an issue a pull request."""

    id: int
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    """The tip of the base branch when the head was last looked at."""
    last_pusher: str
    draft: bool = False
    merged_at: datetime | None = None
    merged_by: str | None = None
    merge_commit_sha: str | None = None
    """The commit that brought the pull request into its base; None until then."""
    requested_reviewers: tuple[str, ...] = ()
    requested_teams: tuple[str, ...] = ()
    reviews: tuple[Review, ...] = ()
    maintainer_can_modify: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """An issue; with ``pull``, a pull request. Both share one series of numbers."""

    id: int
    number: int
    title: str
    body: str | None
    author: str
    state: State
    created_at: datetime
    updated_at: datetime
    state_reason: StateReason | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    locked: bool = False
    comments: tuple[Comment, ...] = ()
    events: tuple[Event, ...] = ()
    pull: Pull | None = None
