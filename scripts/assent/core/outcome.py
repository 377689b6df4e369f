"""What becomes of an event."""

from dataclasses import dataclass
from enum import StrEnum

from assent.core.discrepancy import Kind
from assent.core.events import Ignored
from assent.core.names import RecordId
from assent.core.receipts import NotNotified

__all__ = [
    "Attempt",
    "DifferenceReported",
    "DriftReported",
    "DriftStep",
    "Outcome",
    "Proposed",
    "Settled",
    "Unusable",
    "Vanished",
    "Waiting",
]


class Attempt(StrEnum):
    """What there was before."""

    OPENED = "opened"
    COMPLETED = "completed an earlier attempt"
    ALREADY_OPEN = "already open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A pull request for the version is open."""

    id: RecordId
    url: str
    number: int
    attempt: Attempt
    not_notified: NotNotified | None = None
    """Where the environment's topic was to be told and was not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The version was decided on already; a later event does not ask again."""

    id: RecordId
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """A batch inference left no report that a promotion could rest on; nothing was written."""

    id: RecordId
    """What is therefore not proposed."""
    run: str
    uri: str
    """The report's address."""
    why: str
    """What is wrong with it, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The record is on its branch; a pull request is opened when there is a place for it."""

    id: RecordId
    branch: str
    """Holds the record until then."""
    why: str


class DriftStep(StrEnum):
    """What was done about the issue of a drift."""

    OPENED = "opened"
    UPDATED = "updated with another run"
    COMPLETED = "completed an earlier attempt"
    ALREADY_REPORTED = "reported already"


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftReported:
    """An issue about drift of a live version is open, and retraining was requested."""

    id: RecordId
    run: str
    url: str
    number: int
    step: DriftStep
    violations: int
    """How many were read."""
    unread: int
    """How many reports could not be read, or only in part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceReported:
    """The registry shows of a package what is not in effect, and an issue says so."""

    arn: str
    """The package's."""
    kinds: tuple[Kind, ...]
    """In which ways it differs."""
    url: str
    number: int
    step: str
    """What was done about the issue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vanished:
    """What an event is about does not exist any more, or never did."""

    why: str


Outcome = (
    Proposed
    | Waiting
    | Settled
    | Unusable
    | DriftReported
    | DifferenceReported
    | Ignored
    | Vanished
)
