"""What a rule is: its id, what it demands, and a pure function that judges."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from assent.core.config import Config
from assent.core.findings import Finding, Severity
from assent.core.record import Decision
from assent.core.rules.subject import Change, PromotionFile, Tree

__all__ = ["ChangeRule", "FileRule", "Problem", "Rule", "TreeRule", "gravity"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What a rule objects to. Where it names neither remedy nor severity, the rule's own count."""

    path: str
    message: str
    line: int = 1
    place: str = ""
    remedy: str | None = None
    severity: Severity | None = None


def gravity(decision: Decision) -> Severity:
    """How grave a flaw of the evidence is: a no waits for no evidence, so it only warns there."""
    return Severity.ERROR if decision is Decision.APPROVED else Severity.WARNING


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What every kind of rule has."""

    id: str
    """Also the heading in docs/rules.md and, with underscores, the module's name."""
    description: str
    """What it demands, in a sentence."""
    severity: Severity = Severity.ERROR
    """The gravest that its findings can be."""
    remedy: str
    """What to do, where a finding says nothing more exact."""

    def finding(self, problem: Problem) -> Finding:
        """The finding that reports a problem."""
        return Finding(
            path=problem.path,
            line=problem.line,
            place=problem.place,
            rule=self.id,
            severity=problem.severity or self.severity,
            message=problem.message,
            remedy=self.remedy if problem.remedy is None else problem.remedy,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRule(Rule):
    """A rule over one file."""

    judge: Callable[[PromotionFile, Config], Iterator[Problem]]
    bars: bool = False
    """Whether a file that it refuses is no record, so that no later rule looks at it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeRule(Rule):
    """A rule over records that rest on one another."""

    judge: Callable[[Tree], Iterator[Problem]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRule(Rule):
    """A rule over what a pull request changes."""

    judge: Callable[[Change], Iterator[Problem]]
