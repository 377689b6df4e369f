"""What a shape's reader finds in a report, before names are checked and limits applied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from assent.core.reports.report import Violation

if TYPE_CHECKING:
    from assent.core.curves import Point
    from assent.core.metrics import Metric
    from assent.core.reports.naming import Parts, Place
    from assent.core.reports.report import Better

__all__ = ["Direction", "Measure", "Numbers", "Plot", "Reading", "Skip"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One number under a name that is not checked yet."""

    parts: Parts
    metric: Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """A list of finite numbers that is no axis of a curve."""

    place: Place
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A curve under a name, with axes, that are not checked yet."""

    parts: Parts
    x: str
    y: str
    points: tuple[Point, ...]
    """Two or more, all finite; thinned already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """Which way a metric improves, under a name that is not checked yet."""

    parts: Parts
    better: Better


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """A value that gives no metric."""

    place: Place
    why: str
    expected: bool = False
    """Understood, and by its nature no metric."""


Reading: TypeAlias = Measure | Plot | Numbers | Direction | Violation | Skip
