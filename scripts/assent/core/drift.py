"""Drift of a live version: what a monitoring run found, and how far its issue has got."""

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import datetime

from assent.core.evidence import UnreadPart
from assent.core.names import RecordId
from assent.core.reports import Violation

__all__ = ["Drift", "Progress", "read_progress", "run_key"]

_KEY_DIGITS = 16
_REMEMBERED = 100
"""As many runs as an issue remembers; a redelivery comes long before so many others."""
_MARKER = re.compile(
    rf"^<!-- assent: drift shown=(?P<shown>[0-9a-f]{{{_KEY_DIGITS}}}) "
    rf"requested=(?P<requested>[0-9a-f,]{{0,{_REMEMBERED * (_KEY_DIGITS + 1)}}}) -->\r?$",
    re.ASCII | re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What one monitoring run found wrong with a live version."""

    id: RecordId
    """Which version, and where it is live."""
    run: str
    """The processing job's ARN, or the name that a pipeline gave to its run."""
    ended: datetime | None = None
    said: str = ""
    """The job's exit message, on one line; a stranger's text."""
    violations: tuple[Violation, ...] = ()
    unread: tuple[UnreadPart, ...] = ()
    """Reports that could not be read, or parts of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What an issue's page says of itself, so that a redelivery does nothing twice."""

    shown: str
    """The key of the run whose violations it shows."""
    requested: tuple[str, ...] = ()
    """The keys of runs after which retraining was requested, oldest first."""

    def showing(self, key: str) -> "Progress":
        """This, with another run's violations."""
        return replace(self, shown=key)

    def requesting(self, key: str) -> "Progress":
        """This, with retraining requested after one more run."""
        return replace(self, requested=(*self.requested, key)[-_REMEMBERED:])

    @property
    def marker(self) -> str:
        """A line of the page that readers do not see; `read_progress` reads it."""
        return f"<!-- assent: drift shown={self.shown} requested={','.join(self.requested)} -->"


def run_key(run: str) -> str:
    """What stands for a run in a marker, whatever characters it has."""
    return hashlib.sha256(run.encode(errors="surrogatepass")).hexdigest()[:_KEY_DIGITS]


def read_progress(body: str) -> Progress:
    """What a page says of itself; that it shows nothing, where people took the marker away."""
    match = _MARKER.search(body)
    if match is None:
        return Progress(shown="")
    return Progress(
        shown=match["shown"],
        requested=tuple(key for key in match["requested"].split(",") if key),
    )
