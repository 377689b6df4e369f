"""Feature attributions of SageMaker Clarify.

`{"explanations": {"kernel_shap": {"label0": {"global_shap_values": {"Age": 0.03}}}}}` is read as
`explanations.kernel_shap.label0.global_shap_values.Age`. Partial dependence plots (`pdp`) are
lists of curves, so no metrics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from assent.core.reports.flatten import flatten_numbers
from assent.core.reports.shape import Shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assent.core.reports.document import Json, JsonObject
    from assent.core.reports.readings import Reading
    from assent.core.reports.report import ReportKind

__all__ = ["CLARIFY_EXPLAINABILITY"]

_EXPLANATIONS: Final = "explanations"


def _claims(document: JsonObject, _kind: ReportKind) -> frozenset[str]:
    return frozenset({_EXPLANATIONS} if isinstance(document.get(_EXPLANATIONS), dict) else ())


def _read(section: str, value: Json) -> Iterator[Reading]:
    # Keys are features and words of the data, so none of them marks a measurement.
    return flatten_numbers((section,), value)


CLARIFY_EXPLAINABILITY: Final = Shape(id="clarify-explainability", claims=_claims, read=_read)
