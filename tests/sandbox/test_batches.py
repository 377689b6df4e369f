"""Batch inference with the churn model: held-out customers, true metrics, drift where there is."""

import json
from itertools import combinations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

from assent.core.reports import Report, ReportKind, parse_report
from assent.sandbox.churn import ArtifactError, Batch, TrainedModel, run_batch, train_versions
from assent.sandbox.churn.drift import THRESHOLD, constraint_violations, distance
from assent.sandbox.churn.model import unpack
from assent.sandbox.churn.purchases import (
    FEATURES,
    Observed,
    Window,
    held_out,
    observe,
    read_purchases,
)

ENVIRONMENTS = ("dev", "test", "uat", "prod")
PACKAGE = "arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/2"


@pytest.fixture(scope="module")
def versions() -> tuple[TrainedModel, ...]:
    return train_versions()


@pytest.fixture(scope="module")
def batches(versions: tuple[TrainedModel, ...]) -> dict[str, Batch]:
    return {name: run_batch(versions[1], name) for name in ENVIRONMENTS}


def customers(batch: Batch) -> list[str]:
    return [line.split(b",")[0].decode() for line in batch.records.splitlines()]


def outcome(batch: Batch, window: Window) -> tuple[np.ndarray, np.ndarray]:
    """Labels from the purchases, and scores from the output file alone."""
    histories = read_purchases()
    observed = observe({who: histories[who] for who in customers(batch)}, window)
    rows = [line.split(b",") for line in batch.predictions.splitlines()]
    assert [who.decode() for who, _ in rows] == list(observed.customers)
    return observed.churned, np.array([float(score) for _, score in rows])


def test_no_training_saw_a_customer_of_a_batch(batches: dict[str, Batch]) -> None:
    """Each batch is about half of the held-out customers, and no two are the same."""
    everybody = [who for who in read_purchases() if held_out(who, split="cdnow-1997")]
    for batch in batches.values():
        assert set(customers(batch)) < set(everybody)
        assert (
            batch.customers == len(customers(batch)) == pytest.approx(len(everybody) / 2, rel=0.15)
        )
    for one, other in combinations(batches.values(), 2):
        assert len(set(customers(one)) ^ set(customers(other))) > 100
        assert one.metrics != other.metrics


def test_a_batch_is_the_same_each_time(
    versions: tuple[TrainedModel, ...], batches: dict[str, Batch]
) -> None:
    """The environment's name alone draws it; every file is equal, byte by byte."""
    again = run_batch(versions[1], "uat")
    assert again == batches["uat"]
    assert again.outputs(PACKAGE) == batches["uat"].outputs(PACKAGE)
    assert run_batch(versions[0], "uat").records == again.records


@pytest.mark.parametrize("shifted", [False, True])
def test_metrics_are_what_scikit_learn_says_of_the_output(
    versions: tuple[TrainedModel, ...], *, shifted: bool
) -> None:
    """The metrics can be computed again from the output file and from what customers did."""
    batch = run_batch(versions[1], "prod", shifted=shifted)
    window = (
        Window(observed_days=364, outcome_days=182)
        if shifted
        else Window(observed_days=273, outcome_days=273)
    )
    churned, scores = outcome(batch, window)
    expected = {
        "customers": len(scores),
        "churn_rate": churned.mean(),
        "mean_score": scores.mean(),
        "auc": roc_auc_score(churned, scores),
        "accuracy": accuracy_score(churned, scores >= 0.5),
        "f1": f1_score(churned, scores >= 0.5),
    }
    found = {name: batch.metrics[name] for name in expected}
    # The file has six decimals, which may tie two customers.
    assert found == pytest.approx(expected, abs=1e-4)
    quality = json.loads(batch.statistics)["binary_classification_metrics"]
    assert quality["auc"]["value"] == batch.metrics["auc"]
    assert quality["auc"]["standard_deviation"] > 0


def test_the_output_is_what_the_artifact_says_of_the_input(
    versions: tuple[TrainedModel, ...], batches: dict[str, Batch]
) -> None:
    """Scoring the input file again, line by line, gives the output file."""
    batch = batches["test"]
    rows = [line.split(",") for line in batch.records.decode().splitlines()]
    features = np.array([[float(value) for value in row[1:]] for row in rows])
    scores = unpack(versions[1].artifact).probabilities(features).tolist()
    lines = [f"{row[0]},{score:.6f}\n" for row, score in zip(rows, scores, strict=True)]
    assert "".join(lines).encode() == batch.predictions


def test_the_artifact_scores_and_nothing_else_does(versions: tuple[TrainedModel, ...]) -> None:
    """Another version scores differently, and what holds no model scores nothing."""
    first, second = (run_batch(version, "dev") for version in versions[:2])
    assert first.predictions != second.predictions
    assert first.metrics["auc"] < second.metrics["auc"]
    broken = TrainedModel(version=2, summary="", artifact=b"", reports={})
    with pytest.raises(ArtifactError):
        run_batch(broken, "dev")


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_ordinary_batch_has_not_drifted_and_a_later_one_has(
    versions: tuple[TrainedModel, ...], environment: str, version: int
) -> None:
    """A quarter of a year later every customer has been one for longer than any in training."""
    model = versions[version - 1]
    assert run_batch(model, environment).violations["violations"] == []
    found = run_batch(model, environment, shifted=True).violations["violations"]
    assert {each["feature_name"] for each in found} == {
        "recency_days",
        "tenure_days",
        "mean_gap_days",
    }
    assert {each["constraint_check_type"] for each in found} == {"baseline_drift_check"}


def test_a_version_is_compared_with_its_own_training(versions: tuple[TrainedModel, ...]) -> None:
    """What is ordinary for the others is drift for a version that saw four weeks only."""
    found = run_batch(versions[2], "dev").violations["violations"]
    assert "tenure_days" in {each["feature_name"] for each in found}


def test_distance_is_that_of_kolmogorov_and_smirnov_less_chance() -> None:
    """Equal samples are no distance apart, separate ones all of it but what chance allows."""
    sample = np.arange(1000.0)
    assert distance(sample, sample) == 0.0
    assert distance(sample, sample[::2]) == 0.0
    assert distance(sample, sample + 1000) == pytest.approx(1 - 1.8 * (2 / 1000) ** 0.5)
    # Half of the second lies above all of the first.
    assert distance(sample, sample + 500) == pytest.approx(0.5 - 1.8 * (2 / 1000) ** 0.5, abs=1e-9)
    few = np.arange(4.0)
    assert distance(few, few + 1) == 0.0  # four customers prove nothing


def test_a_feature_violates_just_above_the_threshold() -> None:
    """Only features that moved further than the threshold are named, with the distance."""

    def observed(shift: float) -> Observed:
        features = np.tile(np.arange(10_000.0)[:, None], (1, len(FEATURES)))
        features[:, 2] += shift
        names = tuple(f"{number:05}" for number in range(10_000))
        return Observed(
            customers=names, features=features, churned=np.zeros(10_000, dtype=np.int64)
        )

    chance = 1.8 * (2 / 10_000) ** 0.5
    at = (THRESHOLD + chance) * 10_000
    assert constraint_violations(observed(0), observed(at - 2))["violations"] == []
    [found] = constraint_violations(observed(0), observed(at + 2))["violations"]
    assert found["feature_name"] == "tenure_days"
    assert found["description"].endswith("exceeds threshold: 0.1")


def test_the_files_are_what_assent_reads(
    versions: tuple[TrainedModel, ...], batches: dict[str, Batch]
) -> None:
    """Each report of a batch parses as its kind, and the metrics name the version."""
    kinds = {
        "metrics.json": ReportKind.EVALUATION,
        "statistics.json": ReportKind.MODEL_QUALITY,
        "constraint_violations.json": ReportKind.VIOLATIONS,
    }
    shifted = run_batch(versions[1], "uat", shifted=True).outputs(PACKAGE)
    ordinary = batches["uat"].outputs(PACKAGE)
    assert ordinary.keys() == shifted.keys() == {*kinds, "customers.csv.out"}
    assert json.loads(ordinary["metrics.json"])["model_package_arn"] == PACKAGE
    read = {name: parse_report(ordinary[name], kind) for name, kind in kinds.items()}
    for report in read.values():
        assert isinstance(report, Report)
    metrics = read["metrics.json"]
    assert isinstance(metrics, Report)
    assert metrics.metrics["auc"].value == batches["uat"].metrics["auc"]
    drifted = parse_report(shifted["constraint_violations.json"], ReportKind.VIOLATIONS)
    assert isinstance(drifted, Report)
    assert len(drifted.violations) == 3
