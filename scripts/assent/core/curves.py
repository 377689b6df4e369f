"""A curve of a report, such as a receiver operating characteristic: points to draw and to read."""

import math
from dataclasses import dataclass

__all__ = ["MAX_POINTS", "Curve"]

MAX_POINTS = 25
"""Points of a curve that a record holds: enough to draw it, few enough to read as a table."""


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
    points: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        if len(self.points) < 2:  # noqa: PLR2004 - two points make a line
            raise ValueError("a curve has at least two points")
        if not all(math.isfinite(each) for point in self.points for each in point):
            raise ValueError("a curve's coordinates must be finite")
