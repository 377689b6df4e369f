"""What `assent check` says: findings, and the report that holds them."""

from dataclasses import dataclass
from enum import StrEnum

from assent.core.config import Config
from assent.core.errors import Exit
from assent.core.review import Review

__all__ = ["CheckReport", "Finding", "Severity"]


class Severity(StrEnum):
    """Whether a finding stands in the way."""

    ERROR = "error"
    WARNING = "warning"
    """Worth knowing; it changes no exit code."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Finding:
    """One thing that a rule refuses or remarks on. Ordered by place, then by rule.

    Every text may hold what a stranger wrote; the renderers escape it.
    """

    path: str
    """As git has it; bytes that are no UTF-8 are surrogates."""
    line: int
    """Counted from 1; 1 where the whole file is meant."""
    place: str
    """The field, dotted; empty for the whole file."""
    rule: str
    severity: Severity
    message: str
    remedy: str
    """What to do about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """The verdict on a tree, or on the change from one commit to another."""

    findings: tuple[Finding, ...]
    """In order, each once."""
    records_read: int
    """How many promotion records were judged, faulty ones included."""
    head: str
    """The commit that was judged."""
    base: str | None = None
    """The commit whose rules judged; None where the whole tree was judged by its own."""
    config: Config | None = None
    """The base's; None where there is none."""
    founded: bool = False
    """Whether a whole tree without a record is a promotion repository all the same, set up and
    waiting for its first one."""
    reviews: tuple[Review, ...] = ()
    """What the page of each promotion says that a pull request brings, as far as it was judged."""

    @property
    def errors(self) -> int:
        """How many findings stand in the way."""
        return sum(finding.severity is Severity.ERROR for finding in self.findings)

    @property
    def warnings(self) -> int:
        """How many findings are remarks."""
        return len(self.findings) - self.errors

    @property
    def exit(self) -> Exit:
        """Findings before all; a whole tree without a single record is no pass, unless founded."""
        if self.errors:
            return Exit.FINDINGS
        if self.base is None and self.records_read == 0 and not self.founded:
            return Exit.NOTHING_READ
        return Exit.OK
