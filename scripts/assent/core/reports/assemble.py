"""Checks the names of what was found, applies the limits, and puts a report together."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeVar

from assent.core.reports.naming import WHOLE_FILE, counted, name_refusal, shown_place
from assent.core.reports.readings import Curve, Direction, Measure, Skip
from assent.core.reports.report import Report, Unread, Violation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from assent.core.metrics import Metric
    from assent.core.reports.naming import Parts, Place
    from assent.core.reports.readings import Reading
    from assent.core.reports.report import Better

__all__ = ["ENTRY_LIMIT", "assemble"]

ENTRY_LIMIT: Final = 1000
"""Metrics, directions, violations and unread values that a report keeps, of each; others count."""

_Value = TypeVar("_Value")


def assemble(readings: Iterable[Reading], *, shape: str) -> Report:
    """Put a report together from what was found in a file.

    Of too many metrics the shallowest are kept, then the first by name. Of two metrics whose
    names are equal once written with dots, the shallower is kept, then the first in the file.
    """
    measures: list[tuple[Parts, Metric]] = []
    directions: list[tuple[Parts, Better]] = []
    violations: list[Violation] = []
    skips: list[Skip] = []
    for reading in readings:
        match reading:
            case Measure(parts=parts, metric=metric):
                measures.append((parts, metric))
            case Direction(parts=parts, better=better):
                directions.append((parts, better))
            case Violation():
                violations.append(reading)
            case Skip():
                skips.append(reading)
            case Curve(place=place, points=points):
                why = f"a curve of {counted(len(points), 'point')}, not a single number"
                skips.append(Skip(place=place, why=why, expected=True))
    metrics, surplus_metrics = _named(measures, skips)
    ways, surplus_ways = _named(directions, skips)
    counts = {
        "metric": surplus_metrics,
        "direction": surplus_ways,
        "violation": max(0, len(violations) - ENTRY_LIMIT),
        "unread value": max(0, len(skips) - ENTRY_LIMIT),
    }
    skips.sort(key=lambda skip: (_order(skip.place), skip.why))
    return Report(
        shape=shape,
        metrics=MappingProxyType(metrics),
        violations=tuple(violations[:ENTRY_LIMIT]),
        directions=MappingProxyType(ways),
        unread=(
            *(
                Unread(where=shown_place(skip.place), why=skip.why, expected=skip.expected)
                for skip in skips[:ENTRY_LIMIT]
            ),
            *(
                Unread(where=WHOLE_FILE, why=f"{counted(count, noun)} more than {ENTRY_LIMIT}")
                for noun, count in counts.items()
                if count
            ),
        ),
    )


def _named(found: list[tuple[Parts, _Value]], skips: list[Skip]) -> tuple[dict[str, _Value], int]:
    """Give what is kept by name, in the names' order, and how many were too many."""
    kept: dict[str, _Value] = {}
    surplus = 0
    for parts, value in sorted(found, key=lambda entry: (len(entry[0]), entry[0])):
        name = ".".join(parts)
        if refusal := name_refusal(parts):
            skips.append(Skip(place=parts, why=refusal))
        elif name in kept:
            skips.append(Skip(place=parts, why="its name equals the name of another metric"))
        elif len(kept) >= ENTRY_LIMIT:
            surplus += 1
        else:
            kept[name] = value
    return dict(sorted(kept.items())), surplus


def _order(place: Place) -> list[tuple[bool, str | int]]:
    return [(isinstance(step, int), step) for step in place]
