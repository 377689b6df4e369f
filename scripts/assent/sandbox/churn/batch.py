"""Batch inference with a trained version: customers that no training saw, scored and judged."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from assent.sandbox.churn.drift import constraint_violations
from assent.sandbox.churn.model import unpack
from assent.sandbox.churn.purchases import Observed, Window, held_out, observe, read_purchases
from assent.sandbox.churn.quality import batch_metrics, model_quality
from assent.sandbox.churn.training import SPLIT, WINDOW, TrainedModel, baseline_window

__all__ = ["INPUT", "Batch", "run_batch"]

INPUT: Final = "customers.csv"
"""The name of the input file; a transform job adds `.out` for its output."""
_LATER: Final = Window(
    observed_days=WINDOW.observed_days + 13 * 7, outcome_days=WINDOW.outcome_days - 13 * 7
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A batch that was scored, with what can be said of it afterwards."""

    customers: int
    records: bytes
    """The input: a line of CSV for each customer, the number and then the features."""
    predictions: bytes
    """The output: a line of CSV for each customer, the number and the probability of churn."""
    metrics: Mapping[str, float]
    """How it went, by name, since it is known by now who left: plain numbers."""
    statistics: bytes
    """The same in the shape of Model Monitor's model quality report."""
    violations: Mapping[str, Any]
    """What Model Monitor would find against the training data: `constraint_violations.json`."""

    def outputs(self, package: str) -> dict[str, bytes]:
        """The files that inference leaves below its output, by path.

        Args:
            package: The ARN of the version, which the metrics name.
        """
        metrics = {"model_package_arn": package, **self.metrics}
        return {
            f"{INPUT}.out": self.predictions,
            "metrics.json": _written(metrics),
            "statistics.json": self.statistics,
            "constraint_violations.json": _written(self.violations),
        }


def run_batch(
    model: TrainedModel, environment: str, *, shifted: bool = False, split: str = SPLIT
) -> Batch:
    """Score an environment's batch with a version's artifact, and judge it by what followed.

    Each environment has a batch of its own: the half of the held-out customers that its name
    draws. So batches overlap, and are the same each time.

    Args:
        model: The version; only its artifact scores.
        environment: Its name draws the batch.
        shifted: Look at the customers a quarter of a year later. All of them are older customers
            then than any in training, so that the data have drifted; the outcome is what followed
            within half a year, as far as the data go.
        split: The division of customers that the version was trained with.

    Raises:
        ArtifactError: The artifact does not hold a churn model.
        PurchasesUnreadableError: The purchase histories are missing or not as expected.
    """
    linear = unpack(model.artifact)
    window = _LATER if shifted else WINDOW
    histories = read_purchases()
    drawn = {
        customer: purchases
        for customer, purchases in histories.items()
        if held_out(customer, split=split) and _drawn(customer, environment, split)
    }
    trained = {
        customer: purchases
        for customer, purchases in histories.items()
        if not held_out(customer, split=split)
    }
    batch = observe(drawn, window)
    scores = linear.probabilities(batch.features)
    lines = [
        f"{who},{score:.6f}" for who, score in zip(batch.customers, scores.tolist(), strict=True)
    ]
    return Batch(
        customers=len(batch.customers),
        records=_records(batch),
        predictions="\n".join([*lines, ""]).encode(),
        metrics=batch_metrics(batch.churned, scores),
        statistics=model_quality(batch.churned, scores, window=window),
        violations=constraint_violations(observe(trained, baseline_window(model.version)), batch),
    )


def _drawn(customer: str, environment: str, split: str) -> bool:
    digest = hashlib.sha256(f"{split}:{environment}:{customer}".encode()).digest()
    return digest[0] % 2 == 0


def _records(batch: Observed) -> bytes:
    rows = zip(batch.customers, batch.features.tolist(), strict=True)
    lines = [",".join([who, *map(str, values)]) for who, values in rows]
    return "\n".join([*lines, ""]).encode()


def _written(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, indent=2, allow_nan=False).encode() + b"\n"
