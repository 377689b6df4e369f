"""What the reports of training come to: metrics, curves, directions, violations, origin."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from assent.adapters.memory import MemoryReports
from assent.contracts import load_contracts
from assent.core.evidence import Evidence, Inference
from assent.core.inference import CollectedInference
from assent.core.metrics import Metric
from assent.core.names import RecordId, parse_package_arn
from assent.core.package import (
    Artifact,
    Container,
    ModelVersion,
    Package,
    RegistryApproval,
    ReportSource,
)
from assent.core.record import Decision, ParsedRecord, Record, parse_record, write_record
from assent.core.reports import ReportKind, Violation
from assent.flows.collect_evidence import collect_evidence

ARN = parse_package_arn("arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/7")
AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
SCHEMA = load_contracts().promotion
BINARY = "binary_classification_metrics"

STATISTICS = {
    "version": 0.0,
    BINARY: {
        "auc": {"value": 0.9, "standard_deviation": 0.01},
        "false_positive_rate": {"value": 0.2, "standard_deviation": "NaN"},
        "confusion_matrix": {"0": {"0": 40, "1": 10}, "1": {"0": 5, "1": 45}},
        "receiver_operating_characteristic_curve": {
            "false_positive_rates": [0, 0.2, 1],
            "true_positive_rates": [0, 0.9, 1],
        },
    },
}
ABOVE = {"threshold": 0.2, "comparison_operator": "GreaterThanThreshold"}
BELOW = {"threshold": 0.9, "comparison_operator": "LessThanThreshold"}
CONSTRAINTS = {"binary_classification_constraints": {"auc": BELOW, "false_positive_rate": ABOVE}}


def version(reports: Mapping[ReportKind, object]) -> ModelVersion:
    model = Artifact(uri="s3://models/churn-train-7/output/model.tar.gz")
    package = Package(
        arn=ARN.text,
        created=AT,
        created_by=None,
        containers=(Container(image="xgboost:1.7", artifact=model),),
    )
    return ModelVersion(
        arn=ARN,
        package=package,
        status="Completed",
        approval=RegistryApproval.PENDING,
        description="Adds time.",
        commit="0a1b2c",
        reports=tuple(ReportSource(kind=kind, uri=address(kind)) for kind in reports),
    )


def address(kind: ReportKind) -> str:
    return f"s3://models/7/{kind}.json"


def collected(
    reports: Mapping[ReportKind, object], inference: CollectedInference | None = None
) -> Evidence:
    """The evidence of these reports, having gone through a record and back."""
    files = {address(kind): json.dumps(value).encode() for kind, value in reports.items()}
    stored = MemoryReports({**files, "s3://models/churn-train-7/output/model.tar.gz": b"x"})
    found = collect_evidence(version(reports), stored, AT, inference=inference)
    record = Record(
        id=RecordId("dev", "churn", 7),
        decision=Decision.APPROVED,
        package=found.package,
        evidence=found.evidence,
    )
    parsed = parse_record(write_record(record, SCHEMA), SCHEMA)
    assert isinstance(parsed, ParsedRecord)
    assert parsed.record.evidence == found.evidence
    return found.evidence


def remarks(evidence: Evidence) -> dict[str, str]:
    return {part.where: part.why for part in evidence.unread}


def test_what_model_monitor_leaves_of_a_training_is_all_there() -> None:
    """Metrics, a curve, which way metrics improve, shapes and origin, and nothing unread."""
    found = collected(
        {
            ReportKind.MODEL_QUALITY: STATISTICS,
            ReportKind.MODEL_QUALITY_CONSTRAINTS: CONSTRAINTS,
            ReportKind.BIAS: {"pre_training_bias_metrics": {"facets": {}, "label": "x"}},
            ReportKind.EXPLAINABILITY: {"shap": {"Age": 0.5}},
        }
    )
    assert found.metrics[f"{BINARY}.auc"] == Metric(value=0.9, standard_deviation=0.01)
    assert found.metrics[f"{BINARY}.confusion_matrix.0.1"] == Metric(value=10.0)
    (curve,) = found.curves
    assert curve.name == f"{BINARY}.receiver_operating_characteristic_curve"
    assert (curve.x, curve.y) == ("false_positive_rates", "true_positive_rates")
    assert curve.points == ((0, 0), (0.2, 0.9), (1, 1))
    assert found.directions == {
        f"{BINARY}.auc": "higher",
        f"{BINARY}.false_positive_rate": "lower",
    }
    assert [file.shape for file in found.reports] == [
        *("model-quality", "model-quality-constraints", "clarify-bias", "flattened")
    ]
    assert found.origin is not None
    assert found.origin.training_job == "churn-train-7"
    assert (found.origin.commit, found.origin.description) == ("0a1b2c", "Adds time.")
    assert remarks(found) == {
        "bias pre_training_bias_metrics.facets": "not an object of facets by name"
    }


def test_a_file_that_did_not_read_has_no_shape() -> None:
    """It is listed with its digest, and named with its reason."""
    found = collected({ReportKind.MODEL_QUALITY: [1, 2], ReportKind.BIAS: {"x": 1}})
    assert [file.shape for file in found.reports] == [None, "flattened"]
    assert list(remarks(found)) == [f"model-quality {address(ReportKind.MODEL_QUALITY)}"]


def test_constraints_of_metrics_that_were_not_measured_are_named() -> None:
    """Which way a metric improves is no use without it, and tells of a file of something else."""
    limits = {"binary_classification_constraints": {"auc": BELOW, "f1": BELOW}}
    found = collected(
        {
            ReportKind.MODEL_QUALITY: STATISTICS,
            ReportKind.MODEL_QUALITY_CONSTRAINTS: limits,
        }
    )
    assert found.directions == {f"{BINARY}.auc": "higher"}
    assert remarks(found) == {
        "model-quality-constraints": "it says which way metrics improve that were not read: "
        f"{BINARY}.f1"
    }


def test_constraints_that_contradict_each_other_count_neither_way() -> None:
    """Two files that say the opposite of one metric are named, and neither is believed."""
    upside_down = {"binary_classification_constraints": {"auc": ABOVE}}
    found = collected(
        {
            ReportKind.MODEL_QUALITY: {**STATISTICS, **upside_down},
            ReportKind.MODEL_QUALITY_CONSTRAINTS: CONSTRAINTS,
        }
    )
    assert found.directions == {f"{BINARY}.false_positive_rate": "lower"}
    assert f"{BINARY}.auc" in remarks(found)["directions"]


def test_a_direction_may_be_of_a_metric_that_only_inference_has() -> None:
    """Both sets of metrics are compared by it."""
    inferred = Inference(environment="dev", run="r", metrics={f"{BINARY}.auc": Metric(value=0.8)})
    found = collect_evidence(
        version({ReportKind.MODEL_QUALITY_CONSTRAINTS: CONSTRAINTS}),
        MemoryReports(
            {address(ReportKind.MODEL_QUALITY_CONSTRAINTS): json.dumps(CONSTRAINTS).encode()}
        ),
        AT,
        inference=CollectedInference(inference=inferred, unread=()),
    ).evidence
    assert found.directions == {f"{BINARY}.auc": "higher"}


def test_violations_of_training_are_kept_apart_from_those_of_inference() -> None:
    """A list of them may stand in any file; an empty one says that there are none."""
    listed = {"violations": [{"feature_name": "Age", "constraint_check_type": "data_type_check"}]}
    found = collected({ReportKind.DATA_QUALITY_CONSTRAINTS: listed})
    assert found.violations == (Violation(feature="Age", check="data_type_check", description=""),)
    assert found.reports[0].lists_violations
    assert found.inference is None
    none = collected({ReportKind.DATA_QUALITY_CONSTRAINTS: {"violations": []}})
    assert (none.violations, none.unread) == ((), ())
    assert none.reports[0].lists_violations
    silent = collected({ReportKind.DATA_QUALITY_CONSTRAINTS: {}})
    assert not silent.reports[0].lists_violations
    assert remarks(silent) == {"data-quality-constraints": "the report holds no metric"}


@pytest.mark.parametrize("before", [{}, {"a": {f"{index:04}": "x" for index in range(1_001)}}])
def test_a_list_of_violations_that_cannot_be_read_does_not_say_that_there_are_none(
    before: dict[str, object],
) -> None:
    """Neither yes nor no: the record's shape claims no such list, however much else is unread."""
    found = collected({ReportKind.MODEL_QUALITY: {**before, "violations": [5, {"x": 1}]}})
    assert found.violations == ()
    assert not found.reports[0].lists_violations
    assert found.reports[0].shape == "flattened"
    partly = collected({ReportKind.MODEL_QUALITY: {"violations": [5, {"description": "No."}]}})
    assert partly.reports[0].lists_violations
    assert len(partly.violations) == 1


def test_statistics_of_many_features_leave_the_model_its_room() -> None:
    """Four hundred features have thousands of numbers; what is said of the model comes first."""
    common = {"num_present": 9, "num_missing": 0}
    features = [
        {
            "name": f"feature-{index:03}",
            "inferred_type": "Fractional",
            "numerical_statistics": {"common": common, "mean": 1.5, "min": 1, "max": 2},
        }
        for index in range(400)
    ]
    shap = {f"feature-{index:03}": 0.5 for index in range(400)}
    found = collected(
        {
            ReportKind.MODEL_QUALITY: STATISTICS,
            ReportKind.DATA_QUALITY: {"features": features},
            ReportKind.EXPLAINABILITY: {
                "explanations": {"kernel_shap": {"label0": {"global_shap_values": shap}}}
            },
        }
    )
    assert len(found.metrics) == 1_000
    assert sum(name.startswith("explanations.") for name in found.metrics) == 400
    assert f"{BINARY}.auc" in found.metrics
    assert all("inferred_type" not in part.where for part in found.unread)
    assert any("a record holds 1000 metrics" in part.why for part in found.unread)


def test_curves_of_the_model_come_before_plots_of_features() -> None:
    """Ten are kept, the model's own first, and how many are not is said."""
    plots = [
        {"feature_name": f"f{index:02}", "feature_values": [1, 2], "model_predictions": [0, 1]}
        for index in range(30)
    ]
    found = collected(
        {
            ReportKind.EXPLAINABILITY: {"explanations": {"pdp": plots}},
            ReportKind.DATA_QUALITY: {"calibration": {"x": [0, 1], "y": [0, 1]}},
            ReportKind.MODEL_QUALITY: STATISTICS,
        }
    )
    assert len(found.curves) == 10
    assert found.curves[0].name.startswith(BINARY)
    assert remarks(found)["curves"] == "22 more than the 10 that a record holds; see the reports"


def test_evidence_is_the_same_whenever_it_is_collected() -> None:
    """Equal files give an equal record but for the time, so that a retry changes nothing."""
    reports = {ReportKind.MODEL_QUALITY: STATISTICS, ReportKind.BIAS: {"x": 1}}
    first, second = collected(reports), collected(reports)
    assert first == replace(second, collected=first.collected)


@pytest.mark.parametrize(
    "text", ["x", "`", "\u202e", "\U000e0041", "\ud800", "\n::error::", "\u6f22", "\U0001f600"]
)
def test_whatever_the_reports_of_training_hold_a_record_can_carry_it(text: str) -> None:
    """Hostile words, of any length and as many as a file holds, end in a record that reads back."""
    names = [f"{index:04}{(text * 30)[:110]}" for index in range(1_000)]
    statistics = {name: {"value": 1.5, "standard_deviation": 0.5} for name in names}
    limits = dict.fromkeys(reversed([*names, "another"]), BELOW)
    curves = {
        name: {
            "fpr": [step / 99 for step in range(100)],
            f"tpr {text}"[:100]: [0.5] * 50 + [1] * 50,
        }
        for name in names[:50]
    }
    long = text * 700
    listed = [
        {"feature_name": long, "constraint_check_type": long, "description": long}
        for _ in range(150)
    ]
    found = collected(
        {
            ReportKind.MODEL_QUALITY: {BINARY: statistics, "plots": curves},
            ReportKind.MODEL_QUALITY_CONSTRAINTS: {
                "binary_classification_constraints": limits,
                "violations": listed,
            },
        }
    )
    assert 10 <= len(found.violations) <= 100
    assert set(found.directions) <= set(found.metrics)
    assert found.reports[1].lists_violations
    assert len(found.unread) <= 100
    if text in {"x", "`"}:
        assert len(found.metrics) == len(found.directions) == 1_000
