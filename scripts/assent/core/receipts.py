"""What one change did, or why it did nothing."""

from dataclasses import dataclass
from datetime import datetime

from assent.core.approval import Approval
from assent.core.names import RecordId
from assent.core.plan import Reason
from assent.core.record import Decision

__all__ = [
    "ClosingRecorded",
    "ClosingWithoutEffect",
    "CurrentSet",
    "DecisionApplied",
    "Failed",
    "MainRewritten",
    "NotNotified",
    "Receipt",
    "Refused",
    "RegistryRestored",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionApplied:
    """A decision took effect: registry and history hold it."""

    id: RecordId
    was: Decision | None
    becomes: Decision
    by: tuple[str, ...]
    at: datetime
    """When its pull request was merged."""
    pull_request: str
    commit: str
    blob: str
    evidence: str
    restored: tuple[str, ...] = ()
    """Keys of others that vanished from the registry's metadata in writing, and were put back."""
    waived: tuple[str, ...] = ()
    """The ids of gates that it does not hold, and that its record excuses it from."""
    broke_glass: str = ""
    """The login of the code owner by whose word it did not wait; empty where it need not."""
    imported: bool = False
    """Whether it was approved before Assent came, and was taken over without gates and soak."""
    author: str = ""
    """Who opened the pull request."""
    approvals: tuple[Approval, ...] = ()
    """What everybody said last before the merge, and whether it counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingRecorded:
    """A code owner closed or reopened a pull request, and registry and history hold it."""

    id: RecordId
    becomes: Decision | None
    """Rejected; None where it was reopened."""
    by: str
    at: datetime
    """When it was closed or reopened."""
    pull_request: str
    reason: str = ""
    """The person's own words, on one line; hostile markup and all."""
    restored: tuple[str, ...] = ()
    """As in `DecisionApplied`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingWithoutEffect:
    """Somebody closed or reopened a pull request, and that decided nothing."""

    id: RecordId
    by: str
    pull_request: str
    why: str
    reopened: bool
    """Whether Assent opened it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryRestored:
    """The registry showed something else than the decision in effect, and shows it again."""

    id: RecordId
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentSet:
    """`current` names what inference runs next."""

    environment: str
    model: str
    was: int | None
    becomes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What main asks for did not happen, by rule; it is tried again on every run."""

    id: RecordId
    reason: Reason
    detail: str
    blob: str = ""
    """The record's; empty where there is none."""
    pull_request: str = ""
    """The address of the pull request that brought it, where one is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """No verdict: a service or a parameter could not be used; it is tried again."""

    environment: str
    what: str
    """The record's path, or the model."""
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotNotified:
    """A topic did not take its message; everything else went on."""

    environment: str
    topic: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MainRewritten:
    """The commit last applied is no part of the history of the branch that counts any more.

    Somebody pushed with force. What main holds now was compared as a whole, and takes effect only
    as far as it is proven.
    """

    environment: str
    applied: str
    """The commit last applied."""
    head: str
    """The commit at the head now."""


Receipt = (
    DecisionApplied
    | ClosingRecorded
    | ClosingWithoutEffect
    | MainRewritten
    | RegistryRestored
    | CurrentSet
    | Refused
    | Failed
    | NotNotified
)
