"""A curve of a report, such as a receiver operating characteristic: points to draw and to read."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import pairwise
from typing import Final, TypeAlias

__all__ = ["MAX_POINTS", "Curve", "Point", "left_to_right", "thinned"]

MAX_POINTS: Final = 25
"""Points of a curve that a record holds: enough to draw it, few enough to read as a table."""
_BUCKETS: Final = 500
"""Parts of a very long curve of which only the extremes are looked at, so that time is bounded."""
_NO_AREA: Final = 1e-12
"""Of the picture's: a triangle that is no larger is a line, but for the rounding of numbers."""

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
    """At most `MAX_POINTS` of the points, in their order: both ends, and what shows the shape.

    One by one the point is left out that is least missed: whose triangle with its neighbours is
    the smallest, as Visvalingam and Whyatt thin the lines of maps. What lies on a line is left out
    in any case. Triangles are those of a picture in which the curve fills a square, so that the
    unit of neither axis matters. Equal points in, equal points out.
    """
    if len(points) <= MAX_POINTS:
        return tuple(points)
    picture = list(
        zip(*(_scaled([point[axis] for point in points]) for axis in (0, 1)), strict=True)
    )
    looked_at = _extremes(picture)
    kept = _least_missed_left_out([picture[index] for index in looked_at])
    return tuple(points[looked_at[index]] for index in kept)


def _least_missed_left_out(picture: Sequence[Point]) -> list[int]:
    """The positions of the points that stay, the first and the last among them."""
    last = len(picture) - 1
    before, after = [index - 1 for index in range(last + 1)], list(range(1, last + 2))
    areas = {index: _area(*picture[index - 1 : index + 2]) for index in range(1, last)}
    smallest = [(area, index) for index, area in areas.items()]
    heapify(smallest)
    while smallest:
        area, index = heappop(smallest)
        if areas.get(index) != area:
            continue  # its neighbours have changed since
        if area > _NO_AREA and len(areas) <= MAX_POINTS - 2:
            break
        del areas[index]
        left, right = before[index], after[index]
        after[left], before[right] = right, left
        for neighbour in (left, right):
            if 0 < neighbour < last:
                around = before[neighbour], neighbour, after[neighbour]
                areas[neighbour] = _area(*(picture[each] for each in around))
                heappush(smallest, (areas[neighbour], neighbour))
    return [0, *sorted(areas), last]


def _area(first: Point, second: Point, third: Point) -> float:
    """Twice that of the triangle."""
    across = (third[0] - first[0]) * (second[1] - first[1])
    along = (third[1] - first[1]) * (second[0] - first[0])
    return abs(across - along)


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
