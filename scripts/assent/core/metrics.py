"""A metric: one finite number that describes a model version."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Metric"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A measured value, with its standard deviation where the report gave one.

    Raises:
        ValueError: a number is not finite, or the deviation is negative.
    """

    value: float
    """Finite; in the report's own unit."""
    standard_deviation: float | None = None
    """Finite and not negative; None when the report gave none (absent, null or "NaN")."""

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError(f"a metric's value must be finite, not {self.value}")
        deviation = self.standard_deviation
        if deviation is not None and not (math.isfinite(deviation) and deviation >= 0):
            raise ValueError(
                f"a standard deviation must be finite and not negative, not {deviation}"
            )
