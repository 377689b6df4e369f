"""A curve of a report, such as a receiver operating characteristic: points to draw and to read."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import pairwise
from typing import Final, TypeAlias

__all__ = ["MAX_POINTS", "Curve", "Point", "left_to_right", "thinned"]

MAX_POINTS: Final = 25
"""Points of a curve that a record holds: enough to draw it, few enough to read as a table."""
_BUCKETS: Final = 500
"""Parts of a very long curve of which only the extremes are looked at, so that time is bounded."""
_ON_THE_LINE: Final = 1e-9
"""Of the picture's side: what is no further from a line counts as on it."""

Point: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Points in the order in which they are drawn.

    Raises:
        ValueError: A coordinate is not finite, or there are fewer than two points.
    """

    name: str
    """Dotted, as a metric's: `binary_classification_metrics.precision_recall_curve`."""
    x: str
    """What the first coordinates are, in the report's word: `recalls`."""
    y: str
    points: tuple[Point, ...]

    def __post_init__(self) -> None:
        if len(self.points) < 2:  # noqa: PLR2004 - two points make a line
            raise ValueError("a curve has at least two points")
        if not all(math.isfinite(each) for point in self.points for each in point):
            raise ValueError("a curve's coordinates must be finite")


def left_to_right(points: Sequence[Point]) -> tuple[Point, ...]:
    """The points, turned round where their first coordinates never rise; else as they are."""
    falls = all(after[0] <= before[0] for before, after in pairwise(points))
    return tuple(reversed(points)) if falls and points[0][0] > points[-1][0] else tuple(points)


def thinned(points: Sequence[Point]) -> tuple[Point, ...]:
    """At most `MAX_POINTS` of the points, in their order: both ends, and what bends the most.

    Beginning with the line from end to end, the point furthest from what is drawn so far is added
    until there is no room, or nothing is off the line. Distances are those of a picture in which
    the curve fills a square, so that the unit of neither axis matters. Equal points in, equal
    points out.
    """
    if len(points) <= MAX_POINTS:
        return tuple(points)
    picture = list(
        zip(*(_scaled([point[axis] for point in points]) for axis in (0, 1)), strict=True)
    )
    looked_at = _extremes(picture)
    kept = {looked_at[0], looked_at[-1]}
    bends: list[tuple[float, int, int, int]] = []
    _note_bend(bends, picture, looked_at, 0, len(looked_at) - 1)
    while bends and len(kept) < MAX_POINTS:
        _, start, bend, end = heappop(bends)
        kept.add(looked_at[bend])
        _note_bend(bends, picture, looked_at, start, bend)
        _note_bend(bends, picture, looked_at, bend, end)
    return tuple(points[index] for index in sorted(kept))


def _scaled(values: Sequence[float]) -> list[float]:
    """From 0 to 1; halved first, as the distance of two floats may be more than a float holds."""
    lowest, highest = min(values) / 2, max(values) / 2
    span = highest - lowest
    return [(value / 2 - lowest) / span if span else 0.0 for value in values]


def _extremes(picture: Sequence[Point]) -> list[int]:
    """The positions of both ends, and of a long curve the lowest and highest of each part."""
    count = len(picture)
    if count <= 2 * _BUCKETS:
        return list(range(count))
    found = {0, count - 1}
    for bucket in range(_BUCKETS):
        part = range(count * bucket // _BUCKETS, count * (bucket + 1) // _BUCKETS)
        found.add(min(part, key=lambda index: picture[index][1]))
        found.add(max(part, key=lambda index: picture[index][1]))
    return sorted(found)


def _note_bend(
    bends: list[tuple[float, int, int, int]],
    picture: Sequence[Point],
    looked_at: Sequence[int],
    start: int,
    end: int,
) -> None:
    """Note the point between two others that is furthest from their line, if any is off it."""
    first, last = picture[looked_at[start]], picture[looked_at[end]]
    length = math.dist(first, last)

    def distance(index: int) -> float:
        point = picture[looked_at[index]]
        if not length:
            return math.dist(first, point)
        across = (last[0] - first[0]) * (point[1] - first[1])
        along = (last[1] - first[1]) * (point[0] - first[0])
        return abs(across - along) / length

    between = range(start + 1, end)
    furthest = max(between, key=distance, default=None)
    if furthest is not None and (apart := distance(furthest)) > _ON_THE_LINE:
        heappush(bends, (-apart, start, furthest, end))
