"""The demo's churn model: real data, real relations between the versions, equal bytes each time."""

import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile
from collections import Counter
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import auc, confusion_matrix, fbeta_score, roc_auc_score

from assent.core.reports import Report, ReportKind, parse_report
from assent.sandbox.churn import (
    ArtifactError,
    PurchasesUnreadableError,
    TrainedModel,
    purchases,
    quality,
    score,
    train_versions,
    training,
)
from assent.sandbox.churn.model import fit, pack, unpack
from assent.sandbox.churn.purchases import (
    FEATURES,
    Observed,
    Purchase,
    Window,
    held_out,
    observe,
    parse_purchases,
    read_purchases,
)

_WINDOW = Window(observed_days=273, outcome_days=273)


@pytest.fixture(scope="module")
def versions() -> tuple[TrainedModel, ...]:
    return train_versions()


@pytest.fixture(scope="module")
def judged() -> Observed:
    return observe(
        {key: each for key, each in read_purchases().items() if held_out(key, split="cdnow-1997")},
        _WINDOW,
    )


def _metrics(model: TrainedModel) -> dict[str, dict[str, Any]]:
    report: dict[str, dict[str, dict[str, Any]]] = json.loads(model.reports["model-quality"])
    return report["binary_classification_metrics"]


def _reports(model: TrainedModel) -> list[tuple[str, bytes]]:
    return sorted(model.reports.items())


def _values(models: tuple[TrainedModel, ...], metric: str) -> list[float]:
    return [_metrics(model)[metric]["value"] for model in models]


def _archive(document: object, *, name: str = "model.json") -> bytes:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return gzip.compress(tar.getvalue())


def test_the_second_version_is_better_and_the_third_is_worse_than_both(
    versions: tuple[TrainedModel, ...],
) -> None:
    """The demo's story holds in AUC: 2 beats 1, and 3 is far below both, and below chance."""
    first, second, third = _values(versions, "auc")
    assert [model.version for model in versions] == [1, 2, 3]
    assert second > first + 0.01
    assert third < first - 0.1
    assert third < 0.5 < first


@pytest.mark.parametrize("split", [f"other-{number}" for number in range(8)])
def test_the_story_does_not_hang_on_the_split(split: str) -> None:
    """In other divisions of the customers, too, 2 has a higher AUC than 1, and 3 a lower one."""
    first, second, third = _values(train_versions(split=split), "auc")
    assert third < first < second


def test_the_fall_of_the_third_version_is_beyond_chance(
    versions: tuple[TrainedModel, ...],
) -> None:
    """The third version's AUC lies more than five standard deviations below the second's."""
    second, third = (_metrics(model)["auc"] for model in versions[1:])
    spread = (second["standard_deviation"] ** 2 + third["standard_deviation"] ** 2) ** 0.5
    assert second["value"] - third["value"] > 5 * spread


def test_accuracy_and_recall_alone_would_not_give_the_third_version_away(
    versions: tuple[TrainedModel, ...],
) -> None:
    """The third version calls nearly everybody churned: best recall, accuracy of a constant."""
    metrics = _metrics(versions[2])
    assert metrics["recall"]["value"] >= max(_values(versions[:2], "recall"))
    assert metrics["accuracy"]["value"] == pytest.approx(
        metrics["accuracy_best_constant_classifier"]["value"], abs=0.01
    )
    assert metrics["true_negative_rate"]["value"] < 0.05


def test_training_twice_gives_the_same_bytes(versions: tuple[TrainedModel, ...]) -> None:
    """Artifacts and reports are equal, byte by byte, when everything is trained again."""
    assert train_versions() == versions


def test_training_in_another_process_gives_the_same_bytes(
    versions: tuple[TrainedModel, ...],
) -> None:
    """Neither hash seeds nor the time nor what was imported before leak into a model's bytes.

    Lifetimes itself is not imported on the way.
    """
    script = (
        "import hashlib, sys\n"
        "from assent.sandbox.churn import train_versions\n"
        "for model in train_versions():\n"
        "    print(hashlib.sha256(repr(model).encode()).hexdigest())\n"
        "print('lifetimes' in sys.modules)\n"
    )
    scripts = Path(training.__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(scripts), "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split("\n") == [
        *(hashlib.sha256(repr(model).encode()).hexdigest() for model in versions),
        "False",
        "",
    ]


def test_each_version_is_fitted_once_and_the_file_is_read_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Training costs one read, one observation per window and customer group, three fits."""
    calls: Counter[str] = Counter()

    def counted(owner: object, name: str) -> None:
        original = getattr(owner, name)

        def call(*args: object, **kwargs: object) -> object:
            calls[name] += 1
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, call)

    counted(LogisticRegression, "fit")
    counted(training, "read_purchases")
    counted(training, "observe")
    counted(quality, "_resampled")
    train_versions()
    assert calls == {"fit": 3, "read_purchases": 1, "observe": 3, "_resampled": 3}


@pytest.mark.parametrize("index", [0, 1, 2])
def test_reported_metrics_are_what_scikit_learn_says_of_the_scores(
    versions: tuple[TrainedModel, ...], judged: Observed, index: int
) -> None:
    """Scoring the held-out customers from the artifact alone reproduces the reported metrics."""
    lines = score(versions[index].artifact).decode().splitlines()
    assert lines[0] == "customer,churn_probability"
    rows = [line.split(",") for line in lines[1:]]
    assert tuple(who for who, _ in rows) == judged.customers
    scores = np.array([float(value) for _, value in rows])
    exact = unpack(versions[index].artifact).probabilities(judged.features)
    assert scores == pytest.approx(exact, abs=5e-7)
    metrics = _metrics(versions[index])
    assert metrics["auc"]["value"] == pytest.approx(roc_auc_score(judged.churned, exact), abs=1e-6)
    for name, beta in (("f0_5", 0.5), ("f1", 1), ("f2", 2)):
        expected = fbeta_score(judged.churned, exact >= 0.5, beta=beta)
        assert metrics[name]["value"] == pytest.approx(expected, abs=1e-6)
    matrix = confusion_matrix(judged.churned, exact >= 0.5)
    (true_negative, false_positive), (false_negative, true_positive) = matrix.tolist()
    assert metrics["confusion_matrix"] == {
        "0": {"0": true_negative, "1": false_positive},
        "1": {"0": false_negative, "1": true_positive},
    }
    for name, expected in {
        "accuracy": (true_positive + true_negative) / len(rows),
        "precision": true_positive / (true_positive + false_positive),
        "recall": true_positive / (true_positive + false_negative),
        "true_positive_rate": true_positive / (true_positive + false_negative),
        "true_negative_rate": true_negative / (true_negative + false_positive),
        "false_positive_rate": false_positive / (true_negative + false_positive),
        "false_negative_rate": false_negative / (true_positive + false_negative),
    }.items():
        assert metrics[name]["value"] == pytest.approx(expected, abs=1e-6)


def test_the_baseline_is_the_classifier_that_calls_everybody_churned(
    versions: tuple[TrainedModel, ...], judged: Observed
) -> None:
    """The best constant classifier has the churn rate as accuracy and precision, and recall 1."""
    metrics = _metrics(versions[0])
    rate = float(judged.churned.mean())
    f1 = 2 * rate / (rate + 1)
    for name, expected in (("accuracy", rate), ("precision", rate), ("recall", 1), ("f1", f1)):
        value = metrics[f"{name}_best_constant_classifier"]["value"]
        assert value == pytest.approx(expected, abs=1e-6)


def test_standard_deviations_are_the_size_that_theory_expects(
    versions: tuple[TrainedModel, ...],
) -> None:
    """The bootstrapped deviation of accuracy is close to the binomial one, sqrt(p(1-p)/n)."""
    for model in versions:
        count = json.loads(model.reports["model-quality"])["dataset"]["item_count"]
        accuracy = _metrics(model)["accuracy"]
        expected = (accuracy["value"] * (1 - accuracy["value"]) / count) ** 0.5
        assert accuracy["standard_deviation"] == pytest.approx(expected, rel=0.2)


def test_weighted_auc_equals_the_auc_of_the_resample_itself() -> None:
    """Counting a customer twice by weight is the same as having the customer twice, ties too."""
    generator = np.random.default_rng(5)
    actual = generator.random(60) < 0.6
    scores = generator.integers(0, 9, size=60) / 9
    weights = generator.integers(0, 4, size=(3, 60))
    found = quality._auc(actual, scores, weights.astype(np.float64))
    for row, value in zip(weights, found, strict=True):
        expected = roc_auc_score(np.repeat(actual, row), np.repeat(scores, row))
        assert value == pytest.approx(expected)


def test_a_metric_that_a_resample_leaves_undefined_has_no_deviation() -> None:
    """A classifier that never predicts churn has no precision: NaN is written as a string."""
    report = quality.model_quality(np.array([0, 1] * 10), np.linspace(0.1, 0.4, 20), window=_WINDOW)
    metrics = json.loads(report)["binary_classification_metrics"]
    assert metrics["precision"] == {"value": "NaN", "standard_deviation": "NaN"}
    assert metrics["recall"] == {"value": 0.0, "standard_deviation": 0.0}
    constraints = json.loads(quality.model_quality_constraints(report))
    assert "precision" not in constraints["binary_classification_constraints"]


def test_curves_are_rising_and_whole(versions: tuple[TrainedModel, ...], judged: Observed) -> None:
    """Curves run from end to end, and below them lies what the metrics say."""
    for model in versions:
        metrics = _metrics(model)
        roc = metrics["receiver_operating_characteristic_curve"]
        rates = roc["false_positive_rates"], roc["true_positive_rates"]
        assert [(axis[0], axis[-1]) for axis in rates] == [(0, 1), (0, 1)]
        recall = metrics["precision_recall_curve"]["recalls"]
        precision = metrics["precision_recall_curve"]["precisions"]
        assert (recall[0], recall[-1]) == (0, 1)
        for axis in (*rates, recall):
            assert axis == sorted(axis)
        assert auc(*rates) == pytest.approx(metrics["auc"]["value"], abs=1e-5)
        assert len(recall) == len(precision) > len(judged.customers) / 2
        assert metrics["recall"]["value"] in recall
        assert metrics["precision"]["value"] in precision


def test_all_that_a_training_reports_is_read(versions: tuple[TrainedModel, ...]) -> None:
    """Every report has a known shape, nothing in it is unread, and curves keep their area."""
    for model in versions:
        read = {kind: parse_report(content, ReportKind(kind)) for kind, content in _reports(model)}
        for kind, report in read.items():
            assert isinstance(report, Report)
            assert kind in report.shape
            assert [part for part in report.unread if not part.expected] == []
        quality_, limits = read["model-quality"], read["model-quality-constraints"]
        assert isinstance(quality_, Report)
        assert isinstance(limits, Report)
        assert limits.directions.keys() < quality_.metrics.keys()
        (_, roc) = quality_.curves
        assert roc.name.endswith("receiver_operating_characteristic_curve")
        area = quality_.metrics["binary_classification_metrics.auc"].value
        assert len(roc.points) == 25
        assert auc(*zip(*roc.points, strict=True)) == pytest.approx(area, abs=0.02)


def test_the_dataset_says_how_many_customers_were_judged_and_when(
    versions: tuple[TrainedModel, ...], judged: Observed
) -> None:
    """The report counts the held-out customers and names the outcome window, in UTC."""
    for model in versions:
        assert json.loads(model.reports["model-quality"])["dataset"] == {
            "item_count": len(judged.customers),
            "start_time": "1997-10-01T00:00:00Z",
            "end_time": "1998-07-01T00:00:00Z",
        }


def test_constraints_alarm_exactly_on_what_is_worse_than_the_version_itself(
    versions: tuple[TrainedModel, ...],
) -> None:
    """Each threshold is the version's own value; error rates alarm upwards, the rest downwards."""
    for model in versions:
        report = json.loads(model.reports["model-quality-constraints"])
        constraints = report["binary_classification_constraints"]
        assert len(constraints) == 11
        for name, constraint in constraints.items():
            rising = name in {"false_positive_rate", "false_negative_rate"}
            assert constraint == {
                "threshold": _metrics(model)[name]["value"],
                "comparison_operator": "GreaterThanThreshold" if rising else "LessThanThreshold",
            }


def test_shap_values_are_those_of_the_definition(
    versions: tuple[TrainedModel, ...], judged: Observed
) -> None:
    """A feature's value is its mean absolute effect on the log-odds of an average customer.

    It is recomputed from the model's probabilities, by changing one feature at a time.
    """
    for version in versions:
        model = unpack(version.artifact)
        average = np.zeros((1, len(FEATURES)))
        for term in model.terms:
            average[0, FEATURES.index(term.feature)] = term.mean
        expected = {}
        for term in model.terms:
            column = FEATURES.index(term.feature)
            # A hundredth of the way, so that no probability rounds to 0 or 1.
            moved = np.repeat(average, len(judged.customers), axis=0)
            moved[:, column] += (judged.features[:, column] - term.mean) / 100
            odds = [each / (1 - each) for each in map(model.probabilities, (moved, average))]
            expected[term.feature] = 100 * float(np.abs(np.log(odds[0] / odds[1])).mean())
        report = json.loads(version.reports["explainability"])
        label = report["explanations"]["kernel_shap"]["label0"]
        assert label["global_shap_values"] == pytest.approx(expected, abs=1e-5)
        odds_at_average = label["expected_value"]
        assert model.probabilities(average)[0] == pytest.approx(
            1 / (1 + np.exp(-odds_at_average)), abs=1e-6
        )


def test_artifacts_carry_no_time_and_no_owner(versions: tuple[TrainedModel, ...]) -> None:
    """A model.tar.gz holds one JSON file, of time 0 and nobody's, and survives a round trip."""
    for version in versions:
        assert version.artifact[4:8] == b"\0\0\0\0"
        with tarfile.open(fileobj=io.BytesIO(version.artifact), mode="r:gz") as archive:
            (member,) = archive.getmembers()
        assert (member.name, member.mtime, member.uid, member.uname) == ("model.json", 0, 0, "")
        assert pack(unpack(version.artifact)) == version.artifact


@pytest.mark.parametrize(
    ("artifact", "why"),
    [
        (b"", "ReadError"),
        (b"not a gzip file", "ReadError"),
        (_archive({})[:40], "Error"),
        (_archive({}, name="../model.json"), "KeyError"),
        (_archive(b"{"), "JSONDecodeError"),
        (_archive(b"[" * 200_000), "RecursionError"),
        (_archive(b" " * (1 << 20) + b"{}"), "larger than"),
        (_archive([]), "TypeError"),
        (_archive({"kind": "gradient-boosting"}), "gradient-boosting"),
        (_archive({"kind": "logistic-regression", "customers": True}), "no integer"),
        (
            _archive(
                {"kind": "logistic-regression", "customers": 1, "terms": [], "intercept": "1"}
            ),
            "no finite number",
        ),
        (
            _archive(
                b'{"kind": "logistic-regression", "customers": 1, "terms": [], "intercept": NaN}'
            ),
            "no finite number",
        ),
        (
            _archive(
                {
                    "kind": "logistic-regression",
                    "customers": 1,
                    "intercept": 0,
                    "terms": [{"feature": "age", "mean": 0, "scale": 1, "coefficient": 1}],
                }
            ),
            "unknown",
        ),
        (
            _archive(
                {
                    "kind": "logistic-regression",
                    "customers": 1,
                    "intercept": 0,
                    "terms": [{"feature": "tenure_days", "mean": 0, "scale": 0, "coefficient": 1}],
                }
            ),
            "no positive scale",
        ),
    ],
    # An archive's bytes hold the time, which must not be part of a test's name.
    ids=lambda value: value if isinstance(value, str) else "artifact",
)
def test_anything_but_a_churn_model_is_refused_evil(artifact: bytes, why: str) -> None:
    """Broken, foreign and hostile artifacts are refused with the reason, before any scoring."""
    with pytest.raises(ArtifactError, match=why):
        score(artifact)


def test_features_and_label_of_a_known_history() -> None:
    """Same-day purchases are one occasion; later purchases decide the label and nothing else."""
    histories = {
        "00002": (Purchase(day=10, spend=5.0),),
        "00001": (
            Purchase(day=2, spend=10.0),
            Purchase(day=2, spend=20.0),
            Purchase(day=12, spend=30.0),
            Purchase(day=28, spend=99.0),
        ),
        "00003": (Purchase(day=10, spend=1.0), Purchase(day=48, spend=1.0)),
        "00004": (Purchase(day=28, spend=1.0),),
    }
    observed = observe(histories, Window(observed_days=28, outcome_days=20))
    assert observed.customers == ("00001", "00002", "00003")
    assert [dict(zip(FEATURES, row, strict=True)) for row in observed.features.tolist()][:2] == [
        {
            "recency_days": 16,
            "purchase_days": 2,
            "tenure_days": 26,
            "mean_gap_days": 10,
            "spend_per_purchase_day": 30,
            "total_spend": 60,
        },
        {
            "recency_days": 18,
            "purchase_days": 1,
            "tenure_days": 18,
            "mean_gap_days": 18,
            "spend_per_purchase_day": 5,
            "total_spend": 5,
        },
    ]
    assert observed.churned.tolist() == [0, 1, 1]


def test_no_window_looks_past_the_data() -> None:
    """The last recorded purchase is on the last day that decides churn, so nobody is cut short."""
    last = max(each.day for history in read_purchases().values() for each in history)
    assert last == _WINDOW.observed_days + _WINDOW.outcome_days - 1


def test_about_three_in_ten_customers_are_held_out_and_no_version_saw_them(
    versions: tuple[TrainedModel, ...], judged: Observed
) -> None:
    """Held-out and training customers together are all 2357 customers, once each."""
    customers = [unpack(version.artifact).customers for version in versions]
    assert customers[0] == customers[1] == 2357 - len(judged.customers)
    assert customers[2] < customers[0] / 2
    assert len(judged.customers) / 2357 == pytest.approx(0.3, abs=0.03)


def test_a_feature_that_never_varies_is_worth_nothing() -> None:
    """A constant feature is left unscaled, and gets no weight, instead of dividing by zero."""
    features = np.ones((40, len(FEATURES)))
    features[:, 0] = np.arange(40)
    observed = Observed(
        customers=tuple(f"{number:05}" for number in range(40)),
        features=features,
        churned=(np.arange(40) % 3 == 0).astype(np.int64),
    )
    model = fit(observed, features=("recency_days", "tenure_days"))
    assert (model.terms[1].scale, model.terms[1].coefficient) == (1.0, 0.0)


@pytest.mark.parametrize(
    "line",
    [
        "",
        " 00004 0001 19970101  2",
        " 00004 0001 19970231  2   29.33",
        " 00004 0001 19961231  2   29.33",
        " 00004 0001 19970101  2  -29.33",
        " 00004 0001 19970101  2   29.33 7",
        " 00004 0001 19970101  2   nan",
        " 0000\N{ARABIC-INDIC DIGIT FOUR} 0001 19970101  2   29.33",
    ],
)
def test_a_line_of_another_form_is_refused_by_number(line: str) -> None:
    """A purchase that is not one stops the reading, and the message says on which line."""
    with pytest.raises(PurchasesUnreadableError, match=r"CDNOW_sample\.txt, line 2: "):
        parse_purchases([" 00004 0001 19970101  2   29.33", line])


def test_an_empty_file_is_not_a_data_set() -> None:
    """No purchases at all is an error, not a model trained on nothing."""
    with pytest.raises(PurchasesUnreadableError, match="holds no purchases"):
        parse_purchases([])


def test_a_missing_distribution_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Lifetimes the error names the extra that brings it."""

    def absent(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(purchases, "distribution", absent)
    with pytest.raises(PurchasesUnreadableError, match="Lifetimes") as caught:
        train_versions()
    assert "WHEEL[demo]" in caught.value.hint


def test_a_distribution_without_the_file_says_which(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With Lifetimes but without its data file the error names the file."""

    class Gutted:
        def locate_file(self, name: str) -> Path:
            return tmp_path / name

    monkeypatch.setattr(purchases, "distribution", lambda _name: Gutted())
    with pytest.raises(PurchasesUnreadableError, match=r"CDNOW_sample\.txt") as caught:
        read_purchases()
    assert "Reinstall" in caught.value.hint
