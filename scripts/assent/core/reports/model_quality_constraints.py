"""Model quality constraints: at which threshold, and to which side of it, Model Monitor alarms.

`{"regression_constraints": {"mae": {"threshold": 0.5, "comparison_operator":
"GreaterThanThreshold"}}}` says that a greater `regression_metrics.mae` is worse. The thresholds
are limits, not metrics of the model.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from assent.core.reports.flatten import flatten, without_measures
from assent.core.reports.readings import Direction, Skip
from assent.core.reports.shape import Shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from assent.core.reports.document import Json, JsonObject
    from assent.core.reports.readings import Reading
    from assent.core.reports.report import Better, ReportKind

__all__ = ["MODEL_QUALITY_CONSTRAINTS"]

_STATISTICS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "binary_classification_constraints": "binary_classification_metrics",
        "multiclass_classification_constraints": "multiclass_classification_metrics",
        "regression_constraints": "regression_metrics",
    }
)
"""The section of the statistics file that each section of constraints is about."""

_BETTER: Final[Mapping[str, Better]] = MappingProxyType(
    {"GreaterThanThreshold": "lower", "LessThanThreshold": "higher"}
)
"""What is better, by the comparison that raises the alarm."""


def _claims(document: JsonObject, _kind: ReportKind) -> frozenset[str]:
    return frozenset(
        key for key in _STATISTICS.keys() & document.keys() if isinstance(document[key], dict)
    )


def _read(section: str, value: Json) -> Iterator[Reading]:
    if not isinstance(value, dict) or not value:
        yield from without_measures(flatten((section,), value), "not a constraint")
        return
    for name in sorted(value):
        yield from _constraint(section, name, value[name])


def _constraint(section: str, name: str, constraint: Json) -> Iterator[Reading]:
    rest = constraint
    if isinstance(constraint, dict) and "comparison_operator" in constraint:
        operator = constraint["comparison_operator"]
        if isinstance(operator, str) and operator in _BETTER:
            yield Direction(parts=(_STATISTICS[section], name), better=_BETTER[operator])
        else:
            known = " or ".join(_BETTER)
            yield Skip(place=(section, name, "comparison_operator"), why=f"not {known}")
        rest = {key: constraint[key] for key in constraint if key != "comparison_operator"}
        if not rest:
            return
    why = "a limit that raises an alarm, not a metric of the model"
    yield from without_measures(flatten((section, name), rest), why)


MODEL_QUALITY_CONSTRAINTS: Final = Shape(id="model-quality-constraints", claims=_claims, read=_read)
