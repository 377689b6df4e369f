"""What holds for every metric report, whatever its bytes are."""

from __future__ import annotations

import json
import math
import unicodedata
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from assent.core.curves import MAX_POINTS
from assent.core.reports import Report, ReportKind, Unreadable, parse_report
from assent.core.reports.axes import axes

UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# The words that the known shapes look for, so that random documents reach their readers.
WORDS = [
    "binary_classification_metrics", "comparison_operator", "completeness", "confusion_matrix",
    "constraint_check_type", "description", "distribution", "error", "explanations", "facet",
    "facets", "feature_name", "features", "GreaterThanThreshold", "kernel_shap", "label",
    "confusion matrix", "curve", "feature_values", "fpr", "label_headers", "metric",
    "metrics", "model", "model_package_arn", "model_predictions", "pdp", "precision", "recalls",
    "thresholds", "tpr", "model_package_group_name", "model_package_version",
    "monitoring_config", "name", "NaN", "numerical_statistics",
    "post_training_bias_metrics", "regression_constraints", "regression_metrics",
    "standard_deviation", "string_statistics", "threshold", "value", "value_or_threshold",
    "version", "violations",
]  # fmt: skip

KINDS = st.sampled_from(ReportKind)
TEXTS = st.sampled_from(WORDS) | st.text(st.characters(), max_size=6) | st.text(".a\n", max_size=4)
NUMBERS = st.lists(st.floats(-2, 2) | st.integers(), max_size=40)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
VALUES = st.recursive(
    SCALARS | NUMBERS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=24,
)
DOCUMENTS = st.dictionaries(TEXTS, VALUES, max_size=6)
ENTRIES = st.lists(st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=5) | VALUES, max_size=4)
# Documents that stand close to a known shape, each with one part that is anything.
SHAPED = st.one_of(
    st.builds(lambda part: {"features": part, "version": 0.0}, ENTRIES),
    st.builds(lambda part: {"violations": part}, ENTRIES),
    st.builds(lambda part: {"explanations": {"pdp": part}}, ENTRIES),
    st.builds(lambda part: {"metrics": part}, ENTRIES),
    st.builds(
        lambda x, y, part: {"binary_classification_metrics": {"roc": {"fpr": x, "tpr": y, **part}}},
        NUMBERS,
        NUMBERS,
        st.dictionaries(TEXTS, VALUES, max_size=2),
    ),
    st.builds(lambda part: {"regression_constraints": part}, DOCUMENTS),
    st.builds(lambda part: {"binary_classification_metrics": part}, DOCUMENTS),
    st.builds(lambda part: {"pre_training_bias_metrics": {"facets": {"A": part}}}, ENTRIES),
    st.builds(
        lambda part: {
            "post_training_bias_metrics": {
                "facets": {"A": [{"value_or_threshold": "(0.5, 1]", "metrics": part}]}
            }
        },
        ENTRIES,
    ),
)


def encoded(value: object) -> bytes:
    return json.dumps(value).encode()


def is_one_safe_line(text: str) -> bool:
    return not any(unicodedata.category(character) in UNSAFE for character in text)


def check_outcome(outcome: Report | Unreadable) -> None:
    if isinstance(outcome, Unreadable):
        assert is_one_safe_line(outcome.why)
        assert 0 < len(outcome.why) < 600
        return
    for metric in outcome.metrics.values():
        assert type(metric.value) is float
        assert math.isfinite(metric.value)
        assert metric.standard_deviation is None or 0 <= metric.standard_deviation < math.inf
    for curve in outcome.curves:
        assert 2 <= len(curve.points) <= MAX_POINTS
        assert all(type(each) is float for point in curve.points for each in point)
    names = [curve.name for curve in outcome.curves]
    assert names == sorted(set(names))
    axes = [axis for curve in outcome.curves for axis in (curve.x, curve.y)]
    for name in [*outcome.metrics, *outcome.directions, *names, *axes]:
        assert is_one_safe_line(name)
        assert 1 <= len(name) <= 256
    for unread in outcome.unread:
        assert is_one_safe_line(unread.where)
        assert 1 <= len(unread.where) <= 256
        assert is_one_safe_line(unread.why)
        assert unread.why
    for violation in outcome.violations:
        texts = (violation.feature, violation.check, violation.description)
        assert any(texts)
        assert all(map(is_one_safe_line, texts))
    assert list(outcome.metrics) == sorted(outcome.metrics)
    assert list(outcome.directions) == sorted(outcome.directions)


def turned(value: Any) -> Any:  # noqa: ANN401 - any JSON value in, the same sort out
    """Reverse the order of keys everywhere, and keep that of lists."""
    if isinstance(value, dict):
        return {key: turned(value[key]) for key in reversed(value)}
    if isinstance(value, list):
        return [turned(entry) for entry in value]
    return value


def in_floats(value: object) -> Any:  # noqa: ANN401 - any JSON value in, the same sort out
    """The value as a report's reader has it: every number is a float."""
    return json.loads(json.dumps(value), parse_int=float)


def count_of_values(value: object, name: str = "custom") -> int:
    """Count what must give a metric, a curve or a reason each; the axes of a curve count once."""
    if isinstance(value, dict) and value:
        counts = sum(count_of_values(inner, key) for key, inner in value.items())
        return counts if axes(name, value) is None else counts - 1
    return 1


@given(content=st.binary(max_size=200), kind=KINDS)
@settings(deadline=None)
def test_any_bytes_give_an_outcome(content: bytes, kind: ReportKind) -> None:
    """No bytes raise, and what comes of them is safe to show."""
    check_outcome(parse_report(content, kind))


@given(content=st.text('{}[]":,\\ \n1e-.NaIfity', max_size=60), kind=KINDS)
@settings(deadline=None)
def test_any_text_close_to_json_gives_an_outcome(content: str, kind: ReportKind) -> None:
    """No text made of JSON's own characters raises."""
    check_outcome(parse_report(content.encode(), kind))


@given(value=VALUES, kind=KINDS)
@settings(deadline=None)
def test_any_json_value_gives_an_outcome(value: object, kind: ReportKind) -> None:
    """An object is a report, and any other JSON value is unreadable but a list of named values."""
    outcome = parse_report(encoded(value), kind)
    check_outcome(outcome)
    if isinstance(value, list) and any(isinstance(entry, dict) for entry in value):
        return
    assert isinstance(outcome, Report) == isinstance(value, dict)


@given(value=SHAPED, kind=KINDS)
@settings(deadline=None)
def test_any_value_inside_a_known_shape_gives_a_report(value: object, kind: ReportKind) -> None:
    """The reader of a known shape raises for nothing that may stand in it."""
    outcome = parse_report(encoded(value), kind)
    check_outcome(outcome)
    assert isinstance(outcome, Report)


@given(value=SHAPED | DOCUMENTS, kind=KINDS)
@settings(deadline=None)
def test_the_order_of_keys_is_irrelevant(value: object, kind: ReportKind) -> None:
    """The same report with its keys the other way round reads equal, twice."""
    first = parse_report(encoded(value), kind)
    assert parse_report(encoded(value), kind) == first
    assert parse_report(encoded(turned(value)), kind) == first


@given(
    value=st.recursive(
        SCALARS | st.lists(SCALARS, max_size=3) | st.lists(st.floats(0, 1), min_size=2, max_size=3),
        lambda inner: st.dictionaries(
            st.text(min_size=1, max_size=6) | st.sampled_from(["fpr", "tpr", "recall", "x"]),
            inner,
            max_size=5,
        ),
        max_leaves=24,
    )
)
@settings(deadline=None)
def test_nothing_is_dropped_silently(value: object) -> None:
    """Every value of a report without a known shape is a metric or has its reason."""
    outcome = parse_report(encoded({"custom": value}), ReportKind.MODEL_QUALITY)
    assert isinstance(outcome, Report)
    assert outcome.shape == "flattened"
    read = len(outcome.metrics) + len(outcome.curves)
    assert read + len(outcome.unread) == count_of_values(in_floats(value))


@given(
    key=TEXTS,
    before=VALUES,
    after=VALUES,
    path=st.lists(st.sampled_from(["a", "b"]), max_size=3),
)
@settings(deadline=None)
def test_a_repeated_key_is_refused_anywhere(
    key: str, before: object, after: object, path: list[str]
) -> None:
    """A key that stands twice in one object makes the whole file unreadable."""
    name = json.dumps(key)
    text = f"{{{name}: {json.dumps(before)}, {name}: {json.dumps(after)}}}"
    for step in path:
        text = f'{{"{step}": {text}}}'
    outcome = parse_report(text.encode(), ReportKind.BIAS)
    assert isinstance(outcome, Unreadable)
    assert outcome.why.startswith("duplicate key ")
