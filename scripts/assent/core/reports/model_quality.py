"""Model quality statistics: what Model Monitor computes and most evaluation scripts imitate.

`{"binary_classification_metrics": {"auc": {"value": 0.9, "standard_deviation": "NaN"}}}`, and
likewise `regression_metrics` and `multiclass_classification_metrics`. Binary classification has
two curves: `{"receiver_operating_characteristic_curve": {"false_positive_rates": […],
"true_positive_rates": […]}, "precision_recall_curve": {"precisions": […], "recalls": […]}}`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from assent.core.reports.flatten import flatten
from assent.core.reports.shape import Shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assent.core.reports.document import Json, JsonObject
    from assent.core.reports.readings import Reading
    from assent.core.reports.report import ReportKind

__all__ = ["MODEL_QUALITY"]

_SECTIONS: Final = frozenset(
    {
        "binary_classification_metrics",
        "multiclass_classification_metrics",
        "regression_metrics",
    }
)


def _claims(document: JsonObject, _kind: ReportKind) -> frozenset[str]:
    return frozenset(key for key in _SECTIONS & document.keys() if isinstance(document[key], dict))


def _read(section: str, value: Json) -> Iterator[Reading]:
    if not isinstance(value, dict) or not value:
        yield from flatten((section,), value)
        return
    for name in sorted(value):
        yield from flatten((section, name), value[name])


MODEL_QUALITY: Final = Shape(id="model-quality", claims=_claims, read=_read)
