"""Thinning a curve: few points of it, its ends and its shape kept."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.curves import MAX_POINTS, Curve, Point, left_to_right, thinned

COORDINATES = st.floats(allow_nan=False, allow_infinity=False)
POINTS = st.lists(st.tuples(COORDINATES, COORDINATES), min_size=2, max_size=120)


def height(points: tuple[Point, ...], x: float) -> float:
    """Where the drawn line is at x; the points' first coordinates rise."""
    for (left, low), (right, high) in pairwise(points):
        if left <= x <= right:
            return low if right == left else low + (high - low) * (x - left) / (right - left)
    raise AssertionError(f"{x} is beyond the ends")


@given(points=POINTS)
def test_a_thinned_curve_is_some_of_its_points_in_order_with_both_ends(points: list[Point]) -> None:
    """Whatever the coordinates are, nothing is invented, moved or turned round."""
    found = thinned(points)
    assert 2 <= len(found) <= MAX_POINTS
    assert (found[0], found[-1]) == (points[0], points[-1])
    left = iter(points)
    assert all(point in left for point in found)
    assert thinned(points) == found
    if len(points) <= MAX_POINTS:
        assert found == tuple(points)


@pytest.mark.parametrize("count", [100, 5_000, 200_000])
def test_the_shape_of_a_curve_is_kept(count: int) -> None:
    """However many points it had, the drawn line is nowhere far from them."""
    points = [(each / count, 1 - (1 - each / count) ** 4) for each in range(count + 1)]
    found = thinned(points)
    assert len(found) == MAX_POINTS
    assert max(abs(height(found, x) - y) for x, y in points[:: count // 100]) < 0.01


@pytest.mark.parametrize("count", [100, 5_000])
def test_a_single_spike_and_a_corner_stay(count: int) -> None:
    """What evenly spaced points would miss is what bends the most."""
    corner = [(0.0, each / count) for each in range(count + 1)]
    corner += [(each / count, 1.0) for each in range(1, count + 1)]
    assert thinned(corner) == ((0.0, 0.0), (0.0, 1.0), (1.0, 1.0))
    flat = [(float(each), 0.0) for each in range(count)]
    spike = [*flat[:77], (77.0, 5.0), *flat[78:]]
    assert (77.0, 5.0) in thinned(spike)


def test_an_unsteady_beginning_leaves_the_rest_its_points() -> None:
    """The first percent of a precision-recall curve jumps about; the rest is drawn all the same."""
    noise = [(each / 5_000, each % 2 / 1.0) for each in range(50)]
    rest = [(each / 1_000, 1 - (each / 1_000) ** 3) for each in range(10, 1_001)]
    found = thinned([*noise, *rest])
    drawn = tuple(point for point in found if point[0] >= 0.01)
    assert len(drawn) >= 10
    assert all(abs(height(drawn, x) - y) < 0.02 for x, y in rest if x >= drawn[0][0])


def test_the_units_of_the_axes_do_not_matter() -> None:
    """In other units, however large or small, the same points are kept."""
    points = [(each / 64, math.sin(each / 5)) for each in range(65)]
    for x, y in ((2.0**1000, 1.0), (1.0, 2.0**-500), (2.0**-300, 2.0**900)):
        scaled = [(point[0] * x, point[1] * y) for point in points]
        kept = [scaled.index(point) for point in thinned(scaled)]
        assert kept == [points.index(point) for point in thinned(points)]


def test_a_curve_that_runs_backwards_is_turned_round() -> None:
    """Only where no step goes forwards; what goes to and fro, or stays, is left as it is."""
    assert left_to_right([(1, 0), (0.5, 1), (0.5, 2), (0, 3)]) == (
        *((0, 3), (0.5, 2)),
        *((0.5, 1), (1, 0)),
    )
    for points in ([(1, 0), (0, 1), (0.5, 2)], [(1, 0), (1, 1)], [(0, 0), (1, 1)]):
        assert left_to_right(points) == tuple(points)


@pytest.mark.parametrize(
    "points", [(), ((0.0, 1.0),), ((0.0, 1.0), (math.nan, 1.0)), ((0.0, 1.0), (1.0, math.inf))]
)
def test_what_cannot_be_drawn_is_no_curve(points: tuple[Point, ...]) -> None:
    """A curve has two points at least, and every coordinate is finite."""
    with pytest.raises(ValueError, match="curve"):
        Curve(name="roc", x="fpr", y="tpr", points=points)
