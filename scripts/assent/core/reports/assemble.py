"""Checks the names of what was found, applies the limits, and puts a report together."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeVar

from assent.core.curves import Curve
from assent.core.reports.naming import WHOLE_FILE, counted, name_refusal, shown_place
from assent.core.reports.readings import Direction, Measure, Numbers, Plot, Skip
from assent.core.reports.report import Report, Unread, Violation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from assent.core.metrics import Metric
    from assent.core.reports.naming import Parts, Place
    from assent.core.reports.readings import Reading
    from assent.core.reports.report import Better

__all__ = ["ENTRY_LIMIT", "assemble"]

ENTRY_LIMIT: Final = 1000
"""Metrics, curves, directions, violations and unread values that a report keeps, of each; others
count."""

_Value = TypeVar("_Value")


def assemble(readings: Iterable[Reading], *, shape: str) -> Report:
    """Put a report together from what was found in a file.

    Of too many metrics the shallowest are kept, then the first by name; so of curves. Of two whose
    names are equal once written with dots, the shallower is kept, then the first in the file.
    """
    measures: list[tuple[Parts, Metric]] = []
    plots: list[tuple[Parts, Plot]] = []
    directions: list[tuple[Parts, Better]] = []
    violations: list[Violation] = []
    skips: list[Skip] = []
    for reading in readings:
        match reading:
            case Measure(parts=parts, metric=metric):
                measures.append((parts, metric))
            case Plot(parts=parts):
                plots.append((parts, reading))
            case Direction(parts=parts, better=better):
                directions.append((parts, better))
            case Violation():
                violations.append(reading)
            case Skip():
                skips.append(reading)
            case Numbers(place=place, count=count):
                why = f"a list of {counted(count, 'number')}, not a number"
                skips.append(Skip(place=place, why=why, expected=True))
    metrics, surplus_metrics = _named(measures, skips, "metric")
    curves, surplus_curves = _named(_with_safe_axes(plots, skips), skips, "curve")
    ways, surplus_ways = _named(directions, skips, "direction")
    counts = {
        "metric": surplus_metrics,
        "curve": surplus_curves,
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
        unread_violations=sum(map(_is_violation_entry, skips)),
        curves=tuple(
            Curve(name=name, x=plot.x, y=plot.y, points=plot.points)
            for name, plot in curves.items()
        ),
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


def _with_safe_axes(plots: list[tuple[Parts, Plot]], skips: list[Skip]) -> list[tuple[Parts, Plot]]:
    """The curves whose axes can be shown, by the rules for parts of names."""
    safe = []
    for parts, plot in plots:
        refusal = name_refusal((plot.x,)) or name_refusal((plot.y,))
        if refusal:
            skips.append(Skip(place=parts, why=f"a curve, and of one of its axes {refusal}"))
        else:
            safe.append((parts, plot))
    return safe


def _named(
    found: list[tuple[Parts, _Value]], skips: list[Skip], noun: str
) -> tuple[dict[str, _Value], int]:
    """Give what is kept by name, in the names' order, and how many were too many."""
    kept: dict[str, _Value] = {}
    surplus = 0
    for parts, value in sorted(found, key=lambda entry: (len(entry[0]), entry[0])):
        name = ".".join(parts)
        if refusal := name_refusal(parts):
            skips.append(Skip(place=parts, why=refusal))
        elif name in kept:
            skips.append(Skip(place=parts, why=f"its name equals the name of another {noun}"))
        elif len(kept) >= ENTRY_LIMIT:
            surplus += 1
        else:
            kept[name] = value
    return dict(sorted(kept.items())), surplus


def _is_violation_entry(skip: Skip) -> bool:
    match skip.place:
        case ("violations", int()):
            return True
        case _:
            return False


def _order(place: Place) -> list[tuple[bool, str | int]]:
    return [(isinstance(step, int), step) for step in place]
