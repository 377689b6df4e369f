"""Limits on metric reports: names, numbers of entries, size and depth."""

from __future__ import annotations

import json

import pytest

from assent.core.curves import MAX_POINTS
from assent.core.reports import Report, ReportKind, Unread, parse_report

REFUSED_CHARACTER = "a part of its name holds a control, format or separator character"


def read(values: object, kind: ReportKind = ReportKind.MODEL_QUALITY) -> Report:
    report = parse_report(json.dumps(values).encode(), kind)
    assert isinstance(report, Report), report
    return report


@pytest.mark.parametrize(
    ("key", "where", "why"),
    [
        ("", "['']", "a part of its name is empty"),
        ("a\nb", "['a\\nb']", REFUSED_CHARACTER),
        ("a\\n\n", "['a\\\\n\\n']", REFUSED_CHARACTER),
        ("a\x1b[31m", "['a\\x1b[31m']", REFUSED_CHARACTER),
        ("a\x00", "['a\\x00']", REFUSED_CHARACTER),
        ("a\x85", "['a\\x85']", REFUSED_CHARACTER),
        ("\u202eauc", "['\\u202eauc']", REFUSED_CHARACTER),
        ("au\u200bc", "['au\\u200bc']", REFUSED_CHARACTER),
        ("\u2028", "['\\u2028']", REFUSED_CHARACTER),
        ("\u2029", "['\\u2029']", REFUSED_CHARACTER),
        ("\ud800", "['\\ud800']", REFUSED_CHARACTER),
        ("\U000e0041", "['\\U000e0041']", REFUSED_CHARACTER),
        (
            "k" * 10_000,
            f"['{'k' * 47}…']",
            "a part of its name has 10000 characters, more than 128",
        ),
    ],
)
def test_an_unsafe_name_is_unread(key: str, where: str, why: str) -> None:
    """A name that could leave its line, hide, or fill a page names no metric."""
    report = read({key: 0.5, "auc": 0.9})
    assert list(report.metrics) == ["auc"]
    assert report.unread == (Unread(where=where, why=why),)


def test_an_unsafe_name_spoils_all_that_stands_in_it() -> None:
    """Each value under an unsafe key is listed, at its own place."""
    report = read({"a\n": {"b": 1, "c": {"d": 2}}})
    assert not report.metrics
    assert [unread.where for unread in report.unread] == ["['a\\n'].b", "['a\\n'].c.d"]


@pytest.mark.parametrize(
    "key",
    ["Marital Status", "(0.5, 0.99]", "@all #12", "<b>", "größe", "年齢", "\U0001f600", "a\\n"],
)
def test_any_visible_text_can_name_a_metric(key: str) -> None:
    """Names keep the data's own words; to escape markup is the renderer's part."""
    report = read({key: 0.5})
    assert (list(report.metrics), report.unread) == ([key], ())


def test_a_name_part_has_128_characters_at_most() -> None:
    """The limit itself is allowed, one more is not."""
    report = read({"k" * 128: 1, "l" * 129: 2})
    assert list(report.metrics) == ["k" * 128]


def test_a_whole_name_has_256_characters_at_most() -> None:
    """The dots count, the limit itself is allowed, and the place shown is as long at most."""
    report = read({"k" * 128: {"l" * 127: 1, "m" * 128: 2}})
    assert [len(name) for name in report.metrics] == [256]
    assert [unread.why for unread in report.unread] == [
        "its name has 257 characters, more than 256"
    ]
    assert len(report.unread[0].where) <= 256


def test_dots_in_keys_do_not_merge_metrics() -> None:
    """Of names that are equal once written with dots, the shallower is kept."""
    report = read({"a": {"b": {"c": 1}, "b.c": 2}, "a.b": {"c": 3}, "a.b.c": 4})
    assert {name: metric.value for name, metric in report.metrics.items()} == {"a.b.c": 4}
    assert sorted(unread.where for unread in report.unread) == ["['a.b'].c", "a.b.c", "a['b.c']"]


def test_of_too_many_metrics_the_shallow_and_first_are_kept() -> None:
    """A thousand are kept, by depth and then by name, and the rest are counted in one entry."""
    report = read(
        {"a": {f"{number:04}": 1 for number in range(900)}}
        | {f"z{number:04}": 2 for number in range(300)}
    )
    assert len(report.metrics) == 1000
    assert {f"z{number:04}" for number in range(300)} < set(report.metrics)
    assert max(name for name in report.metrics if name.startswith("a.")) == "a.0699"
    assert report.unread == (Unread(where="$", why="200 metrics more than 1000"),)


def test_of_too_many_skipped_values_the_rest_are_counted() -> None:
    """A thousand places are listed, then one entry says how many more there were."""
    report = read({f"{number:04}": None for number in range(1001)})
    assert len(report.unread) == 1001
    assert report.unread[-2].where == "0999"
    assert report.unread[-1] == Unread(where="$", why="1 unread value more than 1000")


def test_of_too_many_violations_the_rest_are_counted() -> None:
    """A thousand violations are listed, then one entry says how many more there were."""
    report = read({"violations": [{"description": str(number)} for number in range(1005)]})
    assert [violation.description for violation in report.violations] == [
        str(number) for number in range(1000)
    ]
    assert report.unread == (Unread(where="$", why="5 violations more than 1000"),)


def test_of_too_many_directions_the_rest_are_counted() -> None:
    """A thousand directions are kept by name, then one entry says how many more there were."""
    constraint = {"comparison_operator": "LessThanThreshold"}
    report = read(
        {"regression_constraints": {f"{number:04}": constraint for number in range(1002)}}
    )
    assert max(report.directions) == "regression_metrics.0999"
    assert report.unread == (Unread(where="$", why="2 directions more than 1000"),)


def test_a_direction_with_an_unsafe_name_is_unread() -> None:
    """Directions follow the same rules for names as metrics do."""
    constraint = {"comparison_operator": "LessThanThreshold"}
    report = read({"regression_constraints": {"a\n": constraint, "r2": constraint}})
    assert dict(report.directions) == {"regression_metrics.r2": "higher"}
    assert [unread.why for unread in report.unread] == [REFUSED_CHARACTER]


def test_a_violations_texts_are_one_short_line() -> None:
    """Control and format characters are escaped, and long texts are shortened."""
    entry = {
        "feature_name": "f" * 10_000,
        "constraint_check_type": "x\x1b[2J\u202e\ud800",
        "description": "first\n::error::second" + "d" * 10_000,
    }
    (violation,) = read({"violations": [entry]}).violations
    assert violation.feature == "f" * 127 + "…"
    assert violation.check == "x\\x1b[2J\\u202e\\ud800"
    assert violation.description.startswith("first\\n::error::second")
    assert len(violation.description) < 600


def test_thirty_two_levels_are_read() -> None:
    """The deepest allowed value is read; the brackets in a text do not count."""
    inner = b'{"a":' * 32 + b'"[[[[[[[[[[\\"{{{{{{{"' + b"}" * 32
    report = parse_report(inner, ReportKind.MODEL_QUALITY)
    assert isinstance(report, Report)
    assert report.unread == (Unread(where=".".join("a" * 32), why="a text, not a number"),)


def test_a_report_of_the_largest_size_is_read() -> None:
    """The size limit itself is allowed, even as a single number of five million digits."""
    head, tail = b'{"auc": 0.9, "long": 0.', b"1}"
    content = head + b"0" * (5 * 1024 * 1024 - len(head) - len(tail)) + tail
    report = parse_report(content, ReportKind.MODEL_QUALITY)
    assert isinstance(report, Report)
    assert {name: metric.value for name, metric in report.metrics.items()} == {
        "auc": 0.9,
        "long": 0.0,
    }


def test_of_too_many_curves_the_rest_are_counted() -> None:
    """A thousand curves are kept by name, then one entry says how many more there were."""
    report = read({f"{number:04}": {"fpr": [0, 1], "tpr": [0, 1]} for number in range(1003)})
    assert [curve.name for curve in report.curves] == [f"{number:04}" for number in range(1000)]
    assert report.unread == (Unread(where="$", why="3 curves more than 1000"),)


def test_a_curve_of_any_length_is_thinned() -> None:
    """A list that fills the file gives a few points, both ends among them."""
    count = 100_000
    axis = [number / count for number in range(count + 1)]
    (curve,) = read({"roc": {"fpr": axis, "tpr": [number**0.5 for number in axis]}}).curves
    assert len(curve.points) == MAX_POINTS
    assert (curve.points[0], curve.points[-1]) == ((0, 0), (1, 1))


@pytest.mark.parametrize(
    ("name", "axis", "place"),
    [("roc\n", "tpr", "['roc\\n']"), ("roc", "t\u202epr", "roc"), ("roc", "", "roc")],
)
def test_a_curve_with_an_unsafe_name_or_axis_is_unread(name: str, axis: str, place: str) -> None:
    """What is written beside a drawing follows the same rules for names as metrics do."""
    report = read({name: {"fpr": [0, 1], axis: [0, 1]}, "auc": 0.9})
    assert not report.curves
    assert [unread.where for unread in report.unread] == [place]


def test_curves_of_one_name_keep_the_shallower() -> None:
    """Names that are equal once written with dots collide as those of metrics do."""
    deep, shallow = ({"fpr": [0, 1], "tpr": [0, up]} for up in (0.5, 1))
    report = read({"a": {"b": {"c": deep}}, "a.b": {"c": shallow}})
    assert [curve.points[-1] for curve in report.curves] == [(1, 1)]
    assert report.unread == (
        Unread(where="a.b.c", why="its name equals the name of another curve"),
    )


def test_curves_in_a_slot_for_constraints_are_none() -> None:
    """There every number is a limit, on an axis too."""
    report = read({"roc": {"fpr": [0, 1], "tpr": [0, 1]}}, ReportKind.MODEL_QUALITY_CONSTRAINTS)
    assert not report.curves
    assert [unread.where for unread in report.unread] == ["roc"]


def test_a_confusion_matrix_of_many_classes_leaves_room_for_what_is_above_it() -> None:
    """A hundred classes have ten thousand counts; the metrics beside it all stay."""
    rows = [[1] * 100 for _ in range(100)]
    report = read({"confusion_matrix": rows, **{f"m{number}": 1 for number in range(200)}})
    assert {f"m{number}" for number in range(200)} < set(report.metrics)
    assert report.unread == (Unread(where="$", why="9200 metrics more than 1000"),)


@pytest.mark.parametrize("rows", [[[1, 2], [3]], [[1, 2, 3], [4, 5, 6]], [[1, None], [3, 4]], [[]]])
def test_what_is_not_square_is_no_confusion_matrix(rows: list[object]) -> None:
    """Rows that do not fit together are named, and nothing is read from them."""
    report = read({"confusion_matrix": rows})
    assert not report.metrics
    assert [unread.where for unread in report.unread] == ["confusion_matrix"]


def test_a_class_may_be_called_value_in_any_confusion_matrix() -> None:
    """Its keys are data, so none of them marks a measurement."""
    counts = {"growth": {"growth": 5, "value": 1}, "value": {"growth": 2, "value": 0}}
    report = read({"test": {"Confusion_Matrix": counts}})
    assert {
        name.removeprefix("test.Confusion_Matrix."): metric.value
        for name, metric in report.metrics.items()
    } == {
        "growth.growth": 5,
        "growth.value": 1,
        "value.growth": 2,
        "value.value": 0,
    }
