"""Metric reports: each file in `reports/` reads as the `.expected.json` beside it says."""

from __future__ import annotations

import json
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from assent.core.curves import Curve
from assent.core.metrics import Metric
from assent.core.reports import Report, ReportKind, Unread, Unreadable, Violation, parse_report
from assent.core.reports.parse import SHAPES

CORPUS = Path(__file__).parent / "reports"
CASES = sorted(
    path.stem for path in CORPUS.glob("*.json") if not path.name.endswith(".expected.json")
)


def expected(name: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((CORPUS / f"{name}.expected.json").read_bytes())
    return values


def metric(value: float | list[float]) -> Metric:
    if isinstance(value, list):
        return Metric(value=value[0], standard_deviation=value[1])
    return Metric(value=value)


def read(text: str | bytes, kind: ReportKind = ReportKind.MODEL_QUALITY) -> Report:
    report = parse_report(text if isinstance(text, bytes) else text.encode(), kind)
    assert isinstance(report, Report), report
    return report


def refused(content: bytes) -> str:
    outcome = parse_report(content, ReportKind.MODEL_QUALITY)
    assert isinstance(outcome, Unreadable), outcome
    return outcome.why


def reasons(report: Report) -> dict[str, str]:
    return {unread.where: unread.why for unread in report.unread}


@pytest.mark.parametrize("name", CASES)
def test_a_report_of_the_corpus_reads_as_expected(name: str) -> None:
    """Shape, metrics, directions, violations and skipped values equal the expected file's."""
    want = expected(name)
    assert read((CORPUS / f"{name}.json").read_bytes(), ReportKind(want["kind"])) == Report(
        shape=want["shape"],
        metrics={key: metric(value) for key, value in want["metrics"].items()},
        violations=tuple(
            Violation(feature=feature, check=check, description=description)
            for feature, check, description in want["violations"]
        ),
        directions=want["directions"],
        curves=tuple(
            Curve(name=name, x=x, y=y, points=tuple((along, up) for along, up in points))
            for name, (x, y, points) in want.get("curves", {}).items()
        ),
        unread=tuple(Unread(where=where, why=why) for where, why in want["unread"].items()),
    )


def test_the_corpus_has_every_shape_and_no_stray_expectation() -> None:
    """Each registered shape, and a flattened report, is in the corpus with its expectation."""
    shapes = {expected(name)["shape"] for name in CASES}
    assert {shape.id for shape in SHAPES} | {"flattened"} <= shapes
    assert len(list(CORPUS.iterdir())) == 2 * len(CASES)


def test_a_report_is_read_only_and_sorted() -> None:
    """Metrics and directions are read-only views whose names are in order."""
    report = read('{"z": 1, "a": 2, "m": {"b": 3, "a": 4}}')
    assert isinstance(report.metrics, MappingProxyType)
    assert isinstance(report.directions, MappingProxyType)
    assert list(report.metrics) == ["a", "m.a", "m.b", "z"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param(b"", "empty file", id="empty"),
        pytest.param(b" \r\n\t", "empty file", id="blank"),
        pytest.param(b"\xef\xbb\xbf", "empty file", id="only-bom"),
        pytest.param(b"[1]", "the top level is a list, not an object", id="list"),
        pytest.param(b"0.9", "the top level is a number, not an object", id="number"),
        pytest.param(b'"auc"', "the top level is a text, not an object", id="text"),
        pytest.param(b"null", "the top level is null, not an object", id="null"),
        pytest.param(b"true", "the top level is true or false, not an object", id="boolean"),
        pytest.param(b"{" * 33, "nested deeper than 32 levels", id="deep"),
        pytest.param(b"[" * 100_000, "nested deeper than 32 levels", id="very-deep"),
        pytest.param(b" " * 5242881, "larger than 5242880 bytes", id="large"),
        pytest.param(b'{"a": "\xff"}', "not UTF-8: the byte at offset 7 is invalid", id="latin"),
        pytest.param(
            b'{"a": "\xed\xa0\x80"}', "not UTF-8: the byte at offset 7 is invalid", id="cesu"
        ),
        pytest.param(
            '{"a": 1}'.encode("utf-16"), "not UTF-8: the first bytes look like UTF-16", id="utf-16"
        ),
        pytest.param(
            '{"a": 1}'.encode("utf-16-be"),
            "not UTF-8: the first bytes look like UTF-16-BE",
            id="utf-16-be",
        ),
        pytest.param(
            b'{"m": {"auc": 1, "f1": 1, "auc": 2}}', "duplicate key 'auc' in m", id="twice"
        ),
        pytest.param(
            b'{"auc": {"x": 1, "x": 2}, "auc": 1}',
            "duplicate key 'auc' at the top level",
            id="twice-around-twice",
        ),
        pytest.param(
            b'{"m": [0, {"\\u202e": 1, "\\u202E": 2}]}',
            "duplicate key '\\u202e' in m[1]",
            id="twice-escaped",
        ),
        pytest.param(b'[{"a": 1, "a": 2}]', "duplicate key 'a' in [0]", id="twice-in-list"),
    ],
)
def test_a_file_that_gives_nothing_reliable_is_unreadable(content: bytes, why: str) -> None:
    """The reason says in one line what is wrong, and where."""
    assert refused(content) == why


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b'{"auc": 0.9,\n "f1": }', "line 2 column 8"),
        (b'{"auc": 0.9', "line 1 column 12"),
        (b"{'auc': 0.9}", "line 1 column 2"),
        (b'{"auc": 0x1}', "line 1 column 10"),
        (b'{"auc": 01}', "line 1 column 10"),
        (b'{"auc": .9}', "line 1 column 9"),
        (b'{"auc": nan}', "line 1 column 9"),
        (b'{"a\nb": 1}', "line 1 column 4"),
        (b'{"a": "\\x"}', "line 1 column 8"),
        (b'{"a": 1} {"a": 2}', "line 1 column 10"),
        (b'\xef\xbb\xbf\xef\xbb\xbf{"a": 1}', "line 1 column 1"),
        (b'{"a": 1}\x00', "line 1 column 9"),
        (b'<html><body class="error">', "line 1 column 1"),
    ],
)
def test_what_is_not_json_is_unreadable_with_its_place(content: bytes, where: str) -> None:
    """Line and column lead to the first error."""
    assert refused(content).startswith(f"not JSON: {where}: ")


def test_a_byte_order_mark_is_accepted() -> None:
    """UTF-8 with a byte order mark reads as without it."""
    assert read(b'\xef\xbb\xbf{"auc": 0.5}') == read(b'{"auc": 0.5}')


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("1", 1.0),
        ("9007199254740993", 9007199254740992.0),
        ("1e308", 1e308),
        ("1e-400", 0.0),
        ("5e-324", 5e-324),
        ("-2.5E-1", -0.25),
        ("0.1", 0.1),
    ],
)
def test_a_number_is_the_nearest_float(literal: str, value: float) -> None:
    """Integers and decimals of any notation become the nearest float."""
    found = read(f'{{"auc": {literal}}}').metrics["auc"].value
    assert (type(found), found) == (float, value)


@pytest.mark.parametrize("literal", ["-0", "-0.0", "-1e-400"])
def test_minus_zero_becomes_zero(literal: str) -> None:
    """Values that are equal are written alike, whatever their sign bit was."""
    assert str(read(f'{{"auc": {literal}}}').metrics["auc"].value) == "0.0"


@pytest.mark.parametrize(
    ("literal", "why"),
    [
        ("NaN", "NaN, not a finite number"),
        ("Infinity", "infinite, or too large"),
        ("-Infinity", "infinite, or too large"),
        ("1e400", "infinite, or too large"),
        ("-1e400", "infinite, or too large"),
        ("9" * 5000, "infinite, or too large"),
        ("null", "null, not a number"),
        ("true", "true or false, not a number"),
        ('"0.91"', 'the text "0.91", not a number'),
        ('"-1,000.5e3%"', 'the text "-1,000.5e3%", not a number'),
        ('"NaN"', 'the text "NaN", not a number'),
        ('"-inf"', 'the text "-inf", not a number'),
        ('"Infinity"', 'the text "Infinity", not a number'),
        ('"good"', "a text, not a number"),
        ('"0.9\\n::error::"', "a text, not a number"),
        ("[]", "an empty list, not a single number"),
        ("[7]", "a list of 1 number, not a number"),
        ("[1, NaN]", "a list of 2 items, not a single number"),
        ("[1, true]", "a list of 2 items, not a single number"),
        ("{}", "an empty object"),
    ],
)
def test_what_is_no_finite_number_is_unread_with_its_reason(literal: str, why: str) -> None:
    """No metric comes of it, bare or as a measurement's value, and the reason is kept."""
    bare = read(f'{{"auc": {literal}}}')
    assert (dict(bare.metrics), reasons(bare)) == ({}, {"auc": why})
    if literal != "{}":
        measured = read(f'{{"auc": {{"value": {literal}, "standard_deviation": 0.1}}}}')
        assert (dict(measured.metrics), reasons(measured)) == ({}, {"auc": why})


@pytest.mark.parametrize("literal", ["null", "NaN", '"NaN"', '"nan"'])
def test_a_deviation_that_is_not_reported_is_none(literal: str) -> None:
    """Null and NaN say that the job computed no deviation, which nobody needs to be told."""
    report = read(f'{{"auc": {{"value": 1, "standard_deviation": {literal}}}}}')
    assert report.metrics == {"auc": Metric(value=1.0)}
    assert report.unread == ()


@pytest.mark.parametrize("literal", ["-0.5", "Infinity", '"0.1"', "true", "[1]", "{}"])
def test_an_unusable_deviation_is_unread_and_the_value_stays(literal: str) -> None:
    """The value is kept without its deviation, which is listed as skipped."""
    report = read(f'{{"auc": {{"value": 1, "standard_deviation": {literal}}}}}')
    assert report.metrics == {"auc": Metric(value=1.0)}
    assert list(reasons(report)) == ["auc.standard_deviation"]


def test_numbers_in_a_slot_for_constraints_are_no_metrics() -> None:
    """Statistics in such a slot cannot pass limits off as measurements."""
    content = b'{"regression_metrics": {"mae": {"value": 0.1}}, "x": 1}'
    for kind in ReportKind:
        report = read(content, kind)
        assert set(report.metrics) == (
            set() if kind.states_limits else {"regression_metrics.mae", "x"}
        )
        assert report.shape == "model-quality"


def test_a_repeated_feature_keeps_the_first_in_the_list() -> None:
    """Features of one name collide: the first is read and the second is listed."""
    entries = ", ".join(
        f'{{"name": "Age", "numerical_statistics": {{"mean": {mean}}}}}' for mean in (2, 1)
    )
    report = read(f'{{"features": [{entries}]}}', ReportKind.DATA_QUALITY)
    assert report.metrics == {"features.Age.numerical_statistics.mean": Metric(value=2.0)}
    assert list(reasons(report)) == ["features.Age.numerical_statistics.mean"]


@pytest.mark.parametrize(
    "content",
    [
        '{"binary_classification_metrics": {}}',
        '{"binary_classification_metrics": []}',
        '{"binary_classification_metrics": {"confusion_matrix": null}}',
        '{"regression_constraints": {}}',
        '{"regression_constraints": {"mae": []}}',
        '{"regression_constraints": {"mae": {"comparison_operator": {}}}}',
        '{"features": [{"name": "Age", "numerical_statistics": null}]}',
        '{"features": [{"numerical_statistics": {}}]}',
        '{"features": [{"name": 5, "string_statistics": {}}]}',
        '{"features": {"name": "Age"}, "monitoring_config": {}}',
        '{"features": [null], "monitoring_config": null}',
        '{"monitoring_config": []}',
        '{"monitoring_config": [1]}',
        '{"features": [], "monitoring_config": {"a": 1}}',
        '{"violations": null}',
        '{"violations": [null]}',
        '{"violations": [{"description": 5}]}',
        '{"violations": [{"description": " "}]}',
        '{"post_training_bias_metrics": {}}',
        '{"post_training_bias_metrics": {"facets": []}}',
        '{"post_training_bias_metrics": {"facets": {}}}',
        '{"post_training_bias_metrics": {"facets": {"A": []}}}',
        '{"post_training_bias_metrics": {"facets": {"A": [1]}}}',
        '{"post_training_bias_metrics": {"facets": {"A": [{"value_or_threshold": 0}]}}}',
        '{"post_training_bias_metrics": {"facets": {"A": [{"value_or_threshold": "0"}]}}}',
        (
            '{"pre_training_bias_metrics": {"facets": {"A": [{"value_or_threshold": "0",'
            ' "metrics": [{"name": "CI"}]}]}}}'
        ),
        (
            '{"pre_training_bias_metrics": {"facets": {"A": [{"value_or_threshold": "0",'
            ' "metrics": [{"name": "CI", "value": null, "error": 5}]}]}}}'
        ),
        '{"explanations": {}}',
        '{"explanations": null}',
    ],
)
def test_a_known_key_with_a_strange_value_is_listed(content: str) -> None:
    """What a shape's reader does not understand is unread; it is neither dropped nor fatal."""
    report = read(content)
    assert report.unread
    assert {name for name in report.metrics if not name.endswith(".error")} == set()


@pytest.mark.parametrize(
    ("value", "deviation"),
    [(float("nan"), None), (float("inf"), None), (1.0, float("nan")), (1.0, -0.5)],
)
def test_a_metric_refuses_what_is_not_finite(value: float, deviation: float | None) -> None:
    """No metric exists with a value or deviation that comparisons could not trust."""
    with pytest.raises(ValueError, match="must be finite"):
        Metric(value=value, standard_deviation=deviation)
