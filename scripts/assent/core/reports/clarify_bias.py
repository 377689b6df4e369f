"""Bias metrics of SageMaker Clarify, before and after training.

`{"post_training_bias_metrics": {"facets": {"Gender": [{"value_or_threshold": "0", "metrics":
[{"name": "AD", "description": "…", "value": -0.11}]}]}}}` is read as
`post_training_bias_metrics.Gender.0.AD`. A metric that could not be computed has the value null
and says why in `error`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from assent.core.reports.flatten import flatten, flatten_numbers, measured
from assent.core.reports.naming import one_line
from assent.core.reports.readings import Skip
from assent.core.reports.shape import Shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assent.core.reports.document import Json, JsonObject
    from assent.core.reports.naming import Parts, Place
    from assent.core.reports.readings import Reading
    from assent.core.reports.report import ReportKind

__all__ = ["CLARIFY_BIAS"]

_SECTIONS: Final = frozenset({"pre_training_bias_metrics", "post_training_bias_metrics"})
_LABEL: Final = frozenset({"label", "label_value_or_threshold"})
_MEASUREMENT: Final = frozenset({"value", "standard_deviation"})
_ERROR_LIMIT: Final = 160
_LARGEST_WHOLE: Final = 1e15
_OUTCOME: Final = "says which outcome is meant, not a metric"


def _claims(document: JsonObject, _kind: ReportKind) -> frozenset[str]:
    return frozenset(key for key in _SECTIONS & document.keys() if isinstance(document[key], dict))


def _read(section: str, value: Json) -> Iterator[Reading]:
    if not isinstance(value, dict) or not value:
        yield from flatten((section,), value)
        return
    for key in sorted(value):
        if key == "facets":
            yield from _facets(section, value[key])
        elif key in _LABEL and isinstance(value[key], str | float):
            yield Skip(place=(section, key), why=_OUTCOME, expected=True)
        else:
            yield from flatten((section, key), value[key])


def _facets(section: str, facets: Json) -> Iterator[Reading]:
    if not isinstance(facets, dict) or not facets:
        yield Skip(place=(section, "facets"), why="not an object of facets by name")
        return
    for facet in sorted(facets):
        entries = facets[facet]
        if not isinstance(entries, list) or not entries:
            yield Skip(place=(section, "facets", facet), why="not a list of facet values")
            continue
        for index, entry in enumerate(entries):
            yield from _facet_value((section, facet), (section, "facets", facet, index), entry)


def _facet_value(parts: Parts, place: Place, entry: Json) -> Iterator[Reading]:
    if not isinstance(entry, dict):
        yield Skip(place=place, why="not a facet value with its metrics")
        return
    value, metrics = _written(entry.get("value_or_threshold")), entry.get("metrics")
    if value is None:
        yield Skip(place=place, why="its value_or_threshold is neither a text nor a number")
        return
    if not isinstance(metrics, list) or not metrics:
        yield Skip(place=(*place, "metrics"), why="not a list of metrics")
    else:
        for index, metric in enumerate(metrics):
            yield from _metric((*parts, value), (*place, "metrics", index), metric)
    for key in sorted(entry.keys() - {"value_or_threshold", "metrics"}):
        yield from flatten_numbers((*parts, value, key), entry[key])


def _written(value: Json) -> str | None:
    """A facet's value as Clarify writes it, a text; imitators write a number as one."""
    if isinstance(value, float) and math.isfinite(value):
        return str(int(value)) if value.is_integer() and abs(value) < _LARGEST_WHOLE else str(value)
    return value if isinstance(value, str) else None


def _metric(parts: Parts, place: Place, metric: Json) -> Iterator[Reading]:
    name = metric.get("name") if isinstance(metric, dict) else None
    if not isinstance(metric, dict) or not isinstance(name, str):
        yield Skip(place=place, why="not a metric with a name")
        return
    named = (*parts, name)
    known = {"name"}
    if isinstance(metric.get("description"), str):
        known.add("description")  # spells the name out, so it is read with it
    if "value" not in metric:
        yield Skip(place=named, why="a metric without a value")
    elif metric["value"] is None and isinstance(metric.get("error"), str):
        yield Skip(place=named, why=f"null: {one_line(str(metric['error']), limit=_ERROR_LIMIT)}")
        known.add("error")
    else:
        yield from measured(named, metric["value"], metric.get("standard_deviation"))
    for key in sorted(metric.keys() - _MEASUREMENT - known):
        yield from flatten_numbers((*named, key), metric[key])


CLARIFY_BIAS: Final = Shape(id="clarify-bias", claims=_claims, read=_read)
