"""Finds the curve in an object: which of its lists are the two axes, and which is the horizontal.

Model Monitor writes `{"false_positive_rates": […], "true_positive_rates": […]}`, scikit-learn's
users `{"fpr": […], "tpr": […], "thresholds": […]}`.
"""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assent.core.reports.document import Json, JsonObject

__all__ = ["axes", "finite_numbers", "names_thresholds"]

_FALSE_POSITIVES: Final = ("fpr", "fprs", "falsepositiverate", "falsepositiverates")
_TRUE_POSITIVES: Final = ("tpr", "tprs", "truepositiverate", "truepositiverates")
_FALSE_NEGATIVES: Final = ("fnr", "fnrs", "falsenegativerate", "falsenegativerates")
_RECALLS: Final = ("recall", "recalls", "sensitivity")
_PRECISIONS: Final = ("precision", "precisions")
_PAIRS: Final = (
    (_FALSE_POSITIVES, _TRUE_POSITIVES),
    (_FALSE_POSITIVES, _RECALLS),
    (_RECALLS, _PRECISIONS),
    (_FALSE_POSITIVES, _FALSE_NEGATIVES),
)
"""What belongs together whatever else the object holds; the first that it has counts."""
_THRESHOLDS: Final = ("threshold", "thresholds", "cutoff", "cutoffs")
_ALONG: Final = (
    *_THRESHOLDS,
    "x",
    *("epoch", "epochs", "step", "steps", "iteration", "iterations", "trainsizes"),
    *("percentile", "percentiles", "decile", "deciles", "quantile", "quantiles"),
    *("probpred", "meanpredictedvalue", "meanpredictedvalues", "meanpredictedprobability"),
    *("predictedprobability", "predictedprobabilities"),
    *_FALSE_POSITIVES,
    *_RECALLS,
)
"""What is drawn along the horizontal axis; of two, the one that stands first here."""
_CURVE: Final = "curve"
_NO_WORD: Final = re.compile(r"[^a-z0-9]")


def axes(name: str, members: JsonObject) -> tuple[str, str] | None:
    """The keys of the x and y coordinates of a curve, or None where an object is none.

    Two lists of equally many finite numbers, two or more, are a curve if their names are known to
    belong together, or if they are the object's only lists and either one is known to be drawn
    along or the object is called a curve. Other lists are none: what was measured in each round
    of training, say, is not drawn against another measurement.

    Args:
        name: What the object is called, the last part of its place.
        members: The object.
    """
    numbers = {
        key: found
        for key in sorted(members)
        if (found := finite_numbers(members[key])) and len(found) > 1
    }
    for along, up in _PAIRS:
        xs, ys = ([key for key in numbers if _word(key) in words] for words in (along, up))
        if len(xs) == len(ys) == 1 and len(numbers[xs[0]]) == len(numbers[ys[0]]):
            return xs[0], ys[0]
    lists = [key for key, value in members.items() if isinstance(value, list)]
    if len(numbers) != 2 or len(lists) != 2:  # noqa: PLR2004 - a curve has two axes
        return None
    first, second = numbers
    if len(numbers[first]) != len(numbers[second]):
        return None
    known = sorted(
        (key for key in numbers if _word(key) in _ALONG), key=lambda key: _ALONG.index(_word(key))
    )
    if not known and _CURVE not in _word(name):
        return None
    x = known[0] if known else _rising(numbers)
    return x, second if x == first else first


def names_thresholds(key: str) -> bool:
    """Whether a key is the one for the thresholds that belong to a curve's points."""
    return _word(key) in _THRESHOLDS


def finite_numbers(value: Json) -> tuple[float, ...] | None:
    """The numbers of a list that holds finite numbers alone, one or more; None for all else."""
    if not isinstance(value, list) or not value:
        return None
    # Adding 0.0 turns -0.0 into 0.0, so that equal values are written alike.
    found = tuple(each + 0.0 for each in value if isinstance(each, float) and math.isfinite(each))
    return found if len(found) == len(value) else None


def _rising(numbers: Mapping[str, tuple[float, ...]]) -> str:
    """The list that never falls, if only one is so; else the first by name."""
    rising = [
        key for key in numbers if all(before <= after for before, after in pairwise(numbers[key]))
    ]
    return rising[0] if len(rising) == 1 else next(iter(numbers))


def _word(key: str) -> str:
    return _NO_WORD.sub("", key.lower())
