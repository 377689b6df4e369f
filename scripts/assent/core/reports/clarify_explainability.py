"""Feature attributions of SageMaker Clarify, and its partial dependence plots.

`{"explanations": {"kernel_shap": {"label0": {"global_shap_values": {"Age": 0.03}}}}}` is read as
`explanations.kernel_shap.label0.global_shap_values.Age`.

A plot of a feature that is a number is a curve for each label, `explanations.pdp.Age.label0`:
`{"explanations": {"pdp": [{"feature_name": "Age", "feature_values": [20, 40], "label_headers":
["label0"], "model_predictions": [[0.7, 0.6]]}]}}`. That of a feature with categories is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from assent.core.reports.axes import finite_numbers
from assent.core.reports.flatten import flatten_numbers, plotted
from assent.core.reports.readings import Skip
from assent.core.reports.shape import Shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assent.core.reports.document import Json, JsonObject
    from assent.core.reports.naming import Parts, Place
    from assent.core.reports.readings import Reading
    from assent.core.reports.report import ReportKind

__all__ = ["CLARIFY_EXPLAINABILITY"]

_EXPLANATIONS: Final = "explanations"
_PLOTS: Final = "pdp"
_FEATURE: Final = "feature_name"
_VALUES: Final = "feature_values"
_PREDICTIONS: Final = "model_predictions"
_LABELS: Final = "label_headers"
_SAID_OF_IT: Final = frozenset({"data_type", "data_distribution"})


def _claims(document: JsonObject, _kind: ReportKind) -> frozenset[str]:
    return frozenset({_EXPLANATIONS} if isinstance(document.get(_EXPLANATIONS), dict) else ())


def _read(section: str, value: Json) -> Iterator[Reading]:
    plots = value.get(_PLOTS) if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(plots, list):
        # Keys are features and words of the data, so none of them marks a measurement.
        yield from flatten_numbers((section,), value)
        return
    for key in sorted(value.keys() - {_PLOTS}):
        yield from flatten_numbers((section, key), value[key])
    if not plots:
        yield Skip(place=(section, _PLOTS), why="no partial dependence plots", expected=True)
    for index, plot in enumerate(plots):
        yield from _plot((section, _PLOTS), index, plot)


def _plot(section: Parts, index: int, plot: Json) -> Iterator[Reading]:
    place: Place = (*section, index)
    feature = plot.get(_FEATURE) if isinstance(plot, dict) else None
    if not isinstance(plot, dict) or not isinstance(feature, str):
        yield Skip(place=place, why="not a partial dependence plot with a feature's name")
        return
    named = (*section, feature)
    values, predictions = plot.get(_VALUES), plot.get(_PREDICTIONS)
    if isinstance(values, list) and any(isinstance(each, str) for each in values):
        why = "a plot over categories, not a curve"
        yield Skip(place=(*named, _VALUES), why=why, expected=True)
    elif not isinstance(predictions, list) or not predictions:
        yield Skip(place=(*named, _PREDICTIONS), why="not a list of predictions for each label")
    else:
        by_label = [predictions] if finite_numbers(predictions) else predictions
        for label, curve in zip(_labels(plot.get(_LABELS), len(by_label)), by_label, strict=True):
            yield from plotted((*named, *label), feature, _PREDICTIONS, values, curve)
    for key in sorted(plot.keys() - {_FEATURE, _VALUES, _PREDICTIONS, _LABELS}):
        why = "says of which data the plot is" if key in _SAID_OF_IT else "not a known part of it"
        yield Skip(place=(*named, key), why=why, expected=key in _SAID_OF_IT)


def _labels(headers: Json, count: int) -> list[Parts]:
    """What to add to each curve's name: its label, or its position where there is no such list."""
    texts = [each for each in headers if isinstance(each, str)] if isinstance(headers, list) else []
    if len(texts) == count:
        return [(text,) for text in texts]
    return [()] if count == 1 else [(str(index),) for index in range(count)]


CLARIFY_EXPLAINABILITY: Final = Shape(id="clarify-explainability", claims=_claims, read=_read)
