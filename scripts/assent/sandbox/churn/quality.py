"""Reports on a binary classifier in the shapes of SageMaker Model Monitor and Clarify.

Nothing here is estimated by eye: each number is computed from the labels, the scores and the
model's coefficients. Numbers are written with six decimals.
"""

import json
import math
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve, roc_curve

from assent.sandbox.churn.model import LinearModel
from assent.sandbox.churn.purchases import Window

__all__ = ["batch_metrics", "explainability", "model_quality", "model_quality_constraints"]

_RESAMPLES: Final = 200
_SEED: Final = 1997
_THRESHOLD: Final = 0.5
_DECIMALS: Final = 6
_RISING_IS_WORSE: Final = frozenset({"false_positive_rate", "false_negative_rate"})
_BEST_CONSTANT: Final = "_best_constant_classifier"

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


def model_quality(churned: Labels, scores: Floats, *, window: Window) -> bytes:
    """Model Monitor's statistics for a binary classifier, as JSON.

    Standard deviations are those of 200 bootstrap resamples of the customers; every model is
    judged on the same resamples of the same customers. The best constant classifier is the one
    that calls everybody churned. Where a resample leaves a metric undefined, the deviation is
    the string "NaN", as in Model Monitor's own reports. Curves have every point at which a
    threshold changes anything.

    Args:
        churned: Shape (customers,), 1 for churned.
        scores: Shape (customers,), probabilities of churn; 0.5 and more is predicted churned.
        window: When the outcome was observed.
    """
    predicted = scores >= _THRESHOLD
    actual = churned == 1
    weights = _resampled(len(churned))
    metrics: dict[str, object] = {
        "confusion_matrix": {
            # Outside what happened, inside what was predicted.
            str(int(truth)): {
                str(int(guess)): int(np.sum((actual == truth) & (predicted == guess)))
                for guess in (False, True)
            }
            for truth in (False, True)
        }
    }
    constant = _rates(actual, np.ones_like(actual), weights)
    for name, values in {
        **_rates(actual, predicted, weights),
        "auc": _auc(actual, scores, weights),
        **{
            f"{name}{_BEST_CONSTANT}": constant[name]
            for name in ("accuracy", "precision", "recall", "f0_5", "f1", "f2")
        },
    }.items():
        # The first row weighs every customer once: that is the value itself.
        metrics[name] = {
            "value": _number(float(values[0])),
            "standard_deviation": _number(float(values[1:].std(ddof=1))),
        }
    false_positives, true_positives, _ = roc_curve(churned, scores)
    precisions, recalls, _ = precision_recall_curve(churned, scores)
    metrics["receiver_operating_characteristic_curve"] = {
        "false_positive_rates": _numbers(false_positives),
        "true_positive_rates": _numbers(true_positives),
    }
    metrics["precision_recall_curve"] = {
        "precisions": _numbers(precisions[::-1]),
        "recalls": _numbers(recalls[::-1]),
    }
    return _written(
        {
            "version": 0.0,
            "dataset": {
                "item_count": len(churned),
                "start_time": f"{window.outcome_start:%Y-%m-%dT%H:%M:%SZ}",
                "end_time": f"{window.outcome_end:%Y-%m-%dT%H:%M:%SZ}",
            },
            "binary_classification_metrics": metrics,
        }
    )


def batch_metrics(churned: Labels, scores: Floats) -> dict[str, float]:
    """What an evaluation script prints of a batch, once its outcome is known: plain numbers.

    Args:
        churned: Shape (customers,), 1 for churned.
        scores: Shape (customers,), probabilities of churn; 0.5 and more is predicted churned.

    Returns:
        By name: `customers`, `churn_rate`, `mean_score`, and those of auc, accuracy, precision,
        recall and f1 that are defined.
    """
    actual = churned == 1
    once = np.ones((1, len(churned)))
    rates = _rates(actual, scores >= _THRESHOLD, once)
    measured = {"auc": _auc(actual, scores, once)} | {
        name: rates[name] for name in ("accuracy", "precision", "recall", "f1")
    }
    return {
        "customers": len(churned),
        "churn_rate": round(float(actual.mean()), _DECIMALS),
        "mean_score": round(float(scores.mean()), _DECIMALS),
        **{
            name: round(float(value[0]), _DECIMALS)
            for name, value in measured.items()
            if math.isfinite(value[0])
        },
    }


def model_quality_constraints(report: bytes) -> bytes:
    """Model Monitor's suggested constraints: alarm when a metric is worse than in this report.

    Args:
        report: What `model_quality` wrote.
    """
    metrics: Mapping[str, Mapping[str, object]] = json.loads(report)[
        "binary_classification_metrics"
    ]
    return _written(
        {
            "version": 0.0,
            "binary_classification_constraints": {
                name: {
                    "threshold": metric["value"],
                    "comparison_operator": "GreaterThanThreshold"
                    if name in _RISING_IS_WORSE
                    else "LessThanThreshold",
                }
                for name, metric in metrics.items()
                # An undefined baseline bounds nothing.
                if isinstance(metric.get("value"), float) and not name.endswith(_BEST_CONSTANT)
            },
        }
    )


def explainability(model: LinearModel, features: Floats) -> bytes:
    """Clarify's global SHAP values: each feature's mean absolute part in the log-odds of churn.

    For a linear model the interventional SHAP value of a feature is exactly
    coefficient * (value - mean), with the mean over the background, here the training customers:
    absent features are drawn independently of present ones, which is what kernel SHAP
    approximates by sampling. So the numbers stand under Clarify's key `kernel_shap`, but are
    exact, and are log-odds, not probabilities. `expected_value` is the log-odds of a customer
    who is average in everything.

    Args:
        model: The model to explain.
        features: Shape (customers, `FEATURES`): the customers over whom to average.
    """
    importance = np.abs(model.contributions(features)).mean(axis=0)
    return _written(
        {
            "version": "1.0",
            "explanations": {
                "kernel_shap": {
                    "label0": {
                        "global_shap_values": {
                            term.feature: _number(float(value))
                            for term, value in zip(model.terms, importance, strict=True)
                        },
                        "expected_value": _number(model.intercept),
                    }
                }
            },
        }
    )


def _resampled(customers: int) -> Floats:
    """How often each customer counts, shape (1 + resamples, customers): first once, then drawn."""
    generator = np.random.default_rng(_SEED)
    drawn = generator.multinomial(customers, np.full(customers, 1 / customers), size=_RESAMPLES)
    return np.vstack([np.ones(customers), drawn]).astype(np.float64)


def _rates(
    actual: NDArray[np.bool_], predicted: NDArray[np.bool_], weights: Floats
) -> dict[str, Floats]:
    """The metrics at one threshold, each of shape (rows of weights,); NaN where undefined."""
    true_positive = weights @ (actual & predicted)
    false_positive = weights @ (~actual & predicted)
    false_negative = weights @ (actual & ~predicted)
    true_negative = weights @ (~actual & ~predicted)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = true_positive / (true_positive + false_positive)
        recall = true_positive / (true_positive + false_negative)
        specificity = true_negative / (true_negative + false_positive)
        return {
            "accuracy": (true_positive + true_negative) / weights.sum(axis=1),
            "precision": precision,
            "recall": recall,
            "true_positive_rate": recall,
            "true_negative_rate": specificity,
            "false_positive_rate": 1 - specificity,
            "false_negative_rate": 1 - recall,
        } | {
            name: (1 + beta**2)
            * true_positive
            / ((1 + beta**2) * true_positive + beta**2 * false_negative + false_positive)
            for name, beta in (("f0_5", 0.5), ("f1", 1.0), ("f2", 2.0))
        }


def _auc(actual: NDArray[np.bool_], scores: Floats, weights: Floats) -> Floats:
    """The chance that a churned customer scores above another one, a tie counting half.

    One sort serves all rows of weights; the shape is (rows of weights,), NaN where undefined.
    """
    levels, level = np.unique(scores, return_inverse=True)
    at_level = np.zeros((len(scores), len(levels)))
    at_level[np.arange(len(scores)), level] = 1.0
    churned = (weights * actual) @ at_level
    stayed = (weights * ~actual) @ at_level
    below = np.cumsum(stayed, axis=1) - stayed / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(
            (churned * below).sum(axis=1) / (churned.sum(axis=1) * stayed.sum(axis=1))
        )


def _numbers(axis: Floats) -> list[float | str]:
    return [_number(float(value)) for value in axis]


def _number(value: float) -> float | str:
    return round(value, _DECIMALS) if math.isfinite(value) else "NaN"


def _written(document: Mapping[str, object]) -> bytes:
    return json.dumps(document, indent=2, sort_keys=True, allow_nan=False).encode() + b"\n"
