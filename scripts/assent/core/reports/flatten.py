"""Walks any JSON value and reads each number under the names that lead to it."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from assent.core.curves import left_to_right, thinned
from assent.core.metrics import Metric
from assent.core.reports.axes import axes, finite_numbers, names_thresholds
from assent.core.reports.document import described
from assent.core.reports.naming import counted
from assent.core.reports.readings import Measure, Numbers, Plot, Skip

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from assent.core.reports.document import Json, JsonObject
    from assent.core.reports.naming import Parts
    from assent.core.reports.readings import Reading

__all__ = [
    "flatten",
    "flatten_numbers",
    "has_named_values",
    "measured",
    "plotted",
    "without_measures",
]

_LIKE_A_NUMBER: Final = re.compile(
    r"[+-]?(?:[0-9.][0-9._,]{0,30}(?:e[+-]?[0-9]{1,9})?%?|nan|inf(?:inity)?)",
    re.ASCII | re.IGNORECASE,
)
_MEASUREMENT: Final = frozenset({"value", "standard_deviation"})
_NAMES: Final = frozenset({"name", "metric", "metricname"})
_SAID_OF_IT: Final = frozenset({"description", "timestamp", "type", "unit", "units"})
_CONFUSION_MATRIX: Final = "confusionmatrix"


def flatten(parts: Parts, value: Json) -> Iterator[Reading]:
    """Read a value whose measurements may be objects: `{"value": …, "standard_deviation": …}`.

    An object with the two axes of a curve gives that curve, and a list of `{"name": …, "value": …}`
    each value under its name. Every value gives one reading, the two lists of a curve one together:
    a measure, a curve, or a skip with the reason.
    """
    if isinstance(value, list) and has_named_values(value):
        for index, entry in enumerate(value):
            yield from _named_value(parts, index, entry)
        return
    if isinstance(value, list | dict) and parts and _word(parts[-1]) == _CONFUSION_MATRIX:
        # Its keys are the data's classes, and a class may be called "value".
        yield from _matrix(parts, value)
        return
    if not isinstance(value, dict):
        yield _single(parts, value)
        return
    rest = set(value)
    if _is_measurement(value):
        yield from measured(parts, value["value"], value.get("standard_deviation"))
        rest -= _MEASUREMENT
    else:
        yield from _noted_if_empty(parts, value)
    drawn = axes(parts[-1], {key: value[key] for key in rest}) if parts else None
    if drawn is not None:
        yield from plotted(parts, *drawn, value[drawn[0]], value[drawn[1]])
        rest -= set(drawn)
    for key in sorted(rest):
        if drawn is not None and names_thresholds(key) and isinstance(value[key], list):
            why = "the thresholds of a curve's points, which are not drawn"
            yield Skip(place=(*parts, key), why=why, expected=True)
        else:
            yield from flatten((*parts, key), value[key])


def flatten_numbers(parts: Parts, value: Json) -> Iterator[Reading]:
    """Read a value whose keys are data, such as classes or features, one of them maybe "value"."""
    if not isinstance(value, dict):
        yield _single(parts, value)
        return
    yield from _noted_if_empty(parts, value)
    for key in sorted(value):
        yield from flatten_numbers((*parts, key), value[key])


def _matrix(parts: Parts, value: Json) -> Iterator[Reading]:
    """Read a confusion matrix: an object of objects by class, or rows with the classes' positions.

    Outside stands what was, inside what was predicted: so Model Monitor nests it, and so
    scikit-learn has its rows.
    """
    rows = value if isinstance(value, list) else []
    found = [row for row in map(finite_numbers, rows) if row and len(row) == len(rows)]
    if not found or len(found) < len(rows):
        yield from flatten_numbers(parts, value)
        return
    for actual, row in enumerate(found):
        for predicted, count in enumerate(row):
            yield Measure(parts=(*parts, str(actual), str(predicted)), metric=Metric(value=count))


def has_named_values(values: list[Json]) -> bool:
    """Whether a list has values by name in it, as in `[{"name": "auc", "value": 0.9}]`."""
    return any(_name(entry) is not None for entry in values)


def measured(parts: Parts, value: Json, deviation: Json) -> Iterator[Reading]:
    """Read one value with its standard deviation.

    An unusable deviation is skipped without the value; a deviation that is null or NaN, as a
    literal or as text, counts as not reported.
    """
    reading = _single(parts, value)
    if not isinstance(reading, Measure):
        yield reading
        return
    spread: float | None = None
    if not _is_unreported(deviation):
        match _single((*parts, "standard_deviation"), deviation):
            case Measure(metric=Metric(value=number)) if number >= 0:
                spread = number
            case Measure(parts=place):
                yield Skip(place=place, why="a standard deviation cannot be negative")
            case Skip() | Numbers() as other:
                yield other
    yield Measure(parts=parts, metric=Metric(value=reading.metric.value, standard_deviation=spread))


def plotted(parts: Parts, x: str, y: str, along: Json, up: Json) -> Iterator[Reading]:
    """Read a curve from its two axes, lists that should hold equally many finite numbers."""
    xs, ys = finite_numbers(along), finite_numbers(up)
    if xs is None or ys is None or len(xs) != len(ys) or len(xs) < 2:  # noqa: PLR2004 - two points make a line
        why = "no curve: its axes are not two lists of equally many numbers, at least two"
        yield Skip(place=parts, why=why)
        return
    points = thinned(left_to_right(tuple(zip(xs, ys, strict=True))))
    yield Plot(parts=parts, x=x, y=y, points=points)


def without_measures(readings: Iterable[Reading], why: str) -> Iterator[Reading]:
    """Turn each measure and curve into a skip with this reason, and pass everything else on."""
    for reading in readings:
        if isinstance(reading, Measure | Plot):
            yield Skip(place=reading.parts, why=why, expected=True)
        else:
            yield reading


def _named_value(parts: Parts, index: int, entry: Json) -> Iterator[Reading]:
    found = _name(entry)
    if found is None or not isinstance(entry, dict):
        yield Skip(place=(*parts, index), why="not a value with a name, as others of its list are")
        return
    name, keys = found
    named = (*parts, name)
    value = next(entry[key] for key in sorted(keys) if _word(key) == "value")
    if isinstance(value, dict) or (isinstance(value, list) and has_named_values(value)):
        yield from flatten(named, value)
    else:
        yield from measured(named, value, entry.get("standard_deviation"))
        keys |= {"standard_deviation"}
    for key in sorted(entry.keys() - keys):
        for reading in flatten((*named, key), entry[key]):
            if isinstance(reading, Skip) and _word(key) in _SAID_OF_IT:
                yield replace(reading, expected=True)
            else:
                yield reading


def _name(entry: Json) -> tuple[str, set[str]] | None:
    """A named value's name, and the keys of name and value; None where an entry is none."""
    if not isinstance(entry, dict):
        return None
    names = [key for key in sorted(entry) if _word(key) in _NAMES and isinstance(entry[key], str)]
    values = [key for key in sorted(entry) if _word(key) == "value"]
    if not names or not values:
        return None
    return str(entry[names[0]]), {names[0], values[0]}


def _word(key: str) -> str:
    """A key as writers of different habits have it: `MetricName` is `metric_name`."""
    return key.lower().replace("_", "")


def _is_measurement(members: JsonObject) -> bool:
    return "value" in members and not isinstance(members["value"], dict)


def _is_unreported(deviation: Json) -> bool:
    match deviation:
        case None:
            return True
        case float():
            return math.isnan(deviation)
        case str():
            return deviation.lower() == "nan"
        case _:
            return False


def _noted_if_empty(parts: Parts, members: JsonObject) -> Iterator[Reading]:
    if parts and not members:
        yield Skip(place=parts, why="an empty object")


def _single(parts: Parts, value: Json) -> Measure | Numbers | Skip:
    if isinstance(value, list):
        return _listed(parts, value)
    if not isinstance(value, float) or not math.isfinite(value):
        return Skip(place=parts, why=_why_no_number(value))
    # Adding 0.0 turns -0.0 into 0.0, so that equal values are written alike.
    return Measure(parts=parts, metric=Metric(value=value + 0.0))


def _why_no_number(value: Json) -> str:
    match value:
        case float():
            return "NaN, not a finite number" if math.isnan(value) else "infinite, or too large"
        case str() if _LIKE_A_NUMBER.fullmatch(value):
            # Only what looks like a number is repeated: it is short, safe, and explains itself.
            return f'the text "{value}", not a number'
        case _:
            return f"{described(value)}, not a number"


def _listed(parts: Parts, values: list[Json]) -> Numbers | Skip:
    if finite_numbers(values) is not None:
        return Numbers(place=parts, count=len(values))
    size = f"a list of {counted(len(values), 'item')}" if values else "an empty list"
    return Skip(place=parts, why=f"{size}, not a single number")
