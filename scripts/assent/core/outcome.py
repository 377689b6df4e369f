"""What becomes of an event."""

from dataclasses import dataclass
from enum import StrEnum

from assent.core.events import Ignored
from assent.core.names import RecordId

__all__ = ["Attempt", "Outcome", "Proposed", "Settled", "Vanished"]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The version was decided on already; a later event does not ask again."""

    id: RecordId
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vanished:
    """The registry has no such package any more, or never had."""

    why: str


Outcome = Proposed | Settled | Ignored | Vanished
