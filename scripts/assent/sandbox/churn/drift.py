"""Data drift, as Model Monitor finds it: how far a batch is from what a version was trained on."""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from assent.sandbox.churn.purchases import FEATURES, Observed

__all__ = ["THRESHOLD", "constraint_violations", "distance"]

THRESHOLD: Final = 0.1
"""Model Monitor's own default for the distance between two distributions."""
_CORRECTION: Final = 1.8
"""How much of a distance two samples of one distribution may have by chance, as Deequ has it."""
_DECIMALS: Final = 6

Floats = NDArray[np.float64]


def constraint_violations(baseline: Observed, batch: Observed) -> dict[str, Any]:
    """Compare every feature of a batch with the training data, as Model Monitor does.

    Args:
        baseline: What the version was trained on.
        batch: What it was asked about.

    Returns:
        The content of `constraint_violations.json`; its list is empty where nothing drifted.
    """
    found = []
    for column, feature in enumerate(FEATURES):
        apart = distance(baseline.features[:, column], batch.features[:, column])
        if apart > THRESHOLD:
            found.append(
                {
                    "feature_name": feature,
                    "constraint_check_type": "baseline_drift_check",
                    "description": f"Baseline drift distance: {round(apart, _DECIMALS)} exceeds "
                    f"threshold: {THRESHOLD}",
                }
            )
    return {"version": 0.0, "violations": found}


def distance(baseline: Floats, batch: Floats) -> float:
    """The robust distance of Deequ, with which Model Monitor computes.

    That is the largest difference between the two cumulative distributions (Kolmogorov and
    Smirnov's), less what samples of these sizes may differ by chance; from 0 to 1.

    Args:
        baseline: Shape (customers,).
        batch: Shape (customers,); its length may be another.
    """
    values = np.union1d(baseline, batch)
    below = (
        np.searchsorted(np.sort(sample), values, side="right") / len(sample)
        for sample in (baseline, batch)
    )
    first, second = below
    chance = _CORRECTION * math.sqrt((len(baseline) + len(batch)) / (len(baseline) * len(batch)))
    return max(0.0, float(np.abs(first - second).max()) - chance)
