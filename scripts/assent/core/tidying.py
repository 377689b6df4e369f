"""What tidying open pull requests came to."""

from dataclasses import dataclass

from assent.core.names import RecordId
from assent.core.outcome import Proposed

__all__ = ["InForeground", "NotTidied", "PageRefreshed", "Superseded", "Tidied"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRefreshed:
    """What a page said was not so any more; it says what is."""

    id: RecordId
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Superseded:
    """A newer version is proposed, or live: the pull request says so, and carries the label."""

    id: RecordId
    url: str
    by: int
    """The newest such version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InForeground:
    """No newer version is proposed or live any more; the label is gone."""

    id: RecordId
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTidied:
    """No verdict: something could not be read or written; the next run tries again."""

    environment: str
    what: str
    """The pull request's address, the branch, or what was done."""
    message: str
    hint: str = ""


Tidied = PageRefreshed | Superseded | InForeground | Proposed | NotTidied
