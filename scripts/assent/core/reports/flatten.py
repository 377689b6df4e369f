"""Walks any JSON value and reads each number under the names that lead to it."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

from assent.core.metrics import Metric
from assent.core.reports.document import described
from assent.core.reports.naming import counted
from assent.core.reports.readings import Curve, Measure, Skip

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from assent.core.reports.document import Json, JsonObject
    from assent.core.reports.naming import Parts
    from assent.core.reports.readings import Reading

__all__ = ["flatten", "flatten_numbers", "measured", "without_measures"]

_LIKE_A_NUMBER: Final = re.compile(
    r"[+-]?(?:[0-9.][0-9._,]{0,30}(?:e[+-]?[0-9]{1,9})?%?|nan|inf(?:inity)?)",
    re.ASCII | re.IGNORECASE,
)
_MEASUREMENT: Final = frozenset({"value", "standard_deviation"})


def flatten(parts: Parts, value: Json) -> Iterator[Reading]:
    """Read a value whose measurements may be objects: `{"value": …, "standard_deviation": …}`.

    Every value in it gives one reading: a measure, a curve, or a skip with the reason.
    """
    if not isinstance(value, dict):
        yield _single(parts, value)
    elif _is_measurement(value):
        yield from measured(parts, value["value"], value.get("standard_deviation"))
        for key in sorted(value.keys() - _MEASUREMENT):
            yield from flatten((*parts, key), value[key])
    else:
        yield from _noted_if_empty(parts, value)
        for key in sorted(value):
            yield from flatten((*parts, key), value[key])


def flatten_numbers(parts: Parts, value: Json) -> Iterator[Reading]:
    """Read a value whose keys are data, such as classes or features, one of them maybe "value"."""
    if not isinstance(value, dict):
        yield _single(parts, value)
        return
    yield from _noted_if_empty(parts, value)
    for key in sorted(value):
        yield from flatten_numbers((*parts, key), value[key])


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
            case Skip() | Curve() as other:
                yield other
    yield Measure(parts=parts, metric=Metric(value=reading.metric.value, standard_deviation=spread))


def without_measures(readings: Iterable[Reading], why: str) -> Iterator[Reading]:
    """Turn each measure into a skip with this reason, and pass everything else on."""
    for reading in readings:
        if isinstance(reading, Measure):
            yield Skip(place=reading.parts, why=why, expected=True)
        else:
            yield reading


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


def _single(parts: Parts, value: Json) -> Measure | Curve | Skip:
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


def _listed(parts: Parts, values: list[Json]) -> Curve | Skip:
    points = tuple(value for value in values if isinstance(value, float) and math.isfinite(value))
    if points and len(points) == len(values):
        return Curve(place=parts, points=points)
    size = f"a list of {counted(len(values), 'item')}" if values else "an empty list"
    return Skip(place=parts, why=f"{size}, not a single number")
