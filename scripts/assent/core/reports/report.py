"""What reading a metric report gives: a `Report`, or why it is `Unreadable`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assent.core.curves import Curve
    from assent.core.metrics import Metric
    from assent.core.reports.subject import Subject

__all__ = ["Better", "Report", "ReportKind", "Unread", "Unreadable", "Violation"]

Better: TypeAlias = Literal["higher", "lower"]
"""Which way a metric improves."""


class ReportKind(StrEnum):
    """The slot of `ModelMetrics` that a report stood in, or what batch inference left."""

    MODEL_QUALITY = "model-quality"
    MODEL_QUALITY_CONSTRAINTS = "model-quality-constraints"
    DATA_QUALITY = "data-quality"
    DATA_QUALITY_CONSTRAINTS = "data-quality-constraints"
    BIAS = "bias"
    PRE_TRAINING_BIAS = "pre-training-bias"
    POST_TRAINING_BIAS = "post-training-bias"
    EXPLAINABILITY = "explainability"
    EVALUATION = "evaluation"
    """Metrics in JSON of any shape, as batch inference leaves them."""
    VIOLATIONS = "violations"
    """What a Model Monitor run found wrong."""

    @property
    def states_limits(self) -> bool:
        """Whether the slot holds constraints, so that its numbers are limits, not measurements."""
        return self in {ReportKind.MODEL_QUALITY_CONSTRAINTS, ReportKind.DATA_QUALITY_CONSTRAINTS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A constraint that the data or the model did not meet, in the report's words.

    Each text is one line without control or format characters, and shortened; markup in it is
    still for the renderer to escape.
    """

    feature: str
    """The feature, metric or facet that it is about; empty where the report does not say."""
    check: str
    """The constraint's kind, such as `data_type_check`; empty where the report does not say."""
    description: str
    """The report's own sentence; empty where it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A value of the report that was skipped; nothing is dropped silently."""

    where: str
    """Its place in the report, such as `regression_metrics.mae` or `violations[3]`."""
    why: str
    """The reason, as one safe line."""
    expected: bool = field(default=False, compare=False)
    """Understood, and by its nature no metric: an alarm's limit, a distribution, a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report as far as it could be read."""

    shape: str
    """The shape that was recognised, several joined by `+`, or `flattened` for an unknown one."""
    metrics: Mapping[str, Metric]
    """By dotted name, in the names' order; read-only."""
    violations: tuple[Violation, ...]
    """In the report's order."""
    directions: Mapping[str, Better]
    """Which way is better, by the metric's name in the statistics file; read-only, in order."""
    unread: tuple[Unread, ...]
    """What was skipped, in the places' order; entries that only count others come last."""
    curves: tuple[Curve, ...] = ()
    """In the names' order, each with a name of its own; thinned."""
    unread_violations: int = field(default=0, compare=False)
    """How many entries of its list of violations are none; listed among the unread, too."""
    subject: Subject | None = None
    """Whom it says it is of; None where it says nothing of it."""

    @property
    def lists_violations(self) -> bool:
        """Whether it says what was wrong, or that nothing was.

        It does not where it has no list of them, nor where nothing in its list can be read.
        """
        has_list = "violations" in self.shape.split("+")
        return has_list and (bool(self.violations) or not self.unread_violations)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A file that gives nothing reliable."""

    why: str
    """One safe line: what is wrong, and where."""
