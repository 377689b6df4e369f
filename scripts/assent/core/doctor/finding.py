"""What `assent doctor` says: a verdict on each thing it looked at, and the report of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, TypeVar

from assent.core.errors import Exit

__all__ = ["Check", "Diagnosis", "Finding", "Read", "Unread", "Verdict", "split"]

T = TypeVar("T")


class Verdict(StrEnum):
    """How one thing of the set-up stands."""

    OK = "ok"
    WARNING = "warning"
    """No promise breaks by it; it changes no exit code."""
    PROBLEM = "problem"
    """A promise rests on less than it says."""
    UNKNOWN = "unknown"
    """It could not be read, which is neither a yes nor a no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A fact that could not be read."""

    why: str
    """What the service said; it may be hostile."""
    needs: str
    """What would make it readable: a permission, or something to be named."""


Read: TypeAlias = T | Unread
"""A fact, or why it could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The verdict of one check on one thing. Every text may hold what a stranger wrote."""

    check: str
    about: str
    """What was looked at: a branch, a team, a role, a queue."""
    verdict: Verdict
    message: str
    remedy: str = ""
    """What to do about it; empty where all is well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that promises rest on."""

    id: str
    """Also the heading in docs/doctor.md."""
    demands: str
    """What has to be so, in a sentence."""
    remedy: str
    """What to do, where a finding says nothing more exact."""

    def ok(self, about: str, message: str) -> Finding:
        """It is as it should be."""
        return Finding(check=self.id, about=about, verdict=Verdict.OK, message=message)

    def warning(self, about: str, message: str, remedy: str = "") -> Finding:
        """It could be better."""
        return self._found(about, Verdict.WARNING, message, remedy)

    def problem(self, about: str, message: str, remedy: str = "") -> Finding:
        """A promise does not hold as it should."""
        return self._found(about, Verdict.PROBLEM, message, remedy)

    def unknown(self, about: str, unread: Unread) -> Finding:
        """It could not be read."""
        return self._found(about, Verdict.UNKNOWN, f"could not be read: {unread.why}", unread.needs)

    def _found(self, about: str, verdict: Verdict, message: str, remedy: str) -> Finding:
        return Finding(
            check=self.id,
            about=about,
            verdict=verdict,
            message=message,
            remedy=remedy or self.remedy,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """All that was found."""

    findings: tuple[Finding, ...]
    """In the order of the checks."""

    def count(self, verdict: Verdict) -> int:
        """How many findings have a verdict."""
        return sum(finding.verdict is verdict for finding in self.findings)

    @property
    def exit(self) -> Exit:
        """Problems before all; then what could not be read, by which there is no verdict."""
        if self.count(Verdict.PROBLEM):
            return Exit.FINDINGS
        if self.count(Verdict.UNKNOWN):
            return Exit.BROKEN
        return Exit.OK if self.findings else Exit.NOTHING_READ


def split(facts: Iterable[Read[T]]) -> tuple[list[T], list[Unread]]:
    """What was read, and what was not."""
    known: list[T] = []
    unread: list[Unread] = []
    for fact in facts:
        if isinstance(fact, Unread):
            unread.append(fact)
        else:
            known.append(fact)
    return known, unread
