"""What of many reports a record carries, and what is said of the rest."""

import pytest

from assent.core.curves import Curve
from assent.core.evidence import MAX_CURVES, MAX_VIOLATIONS, UnreadPart
from assent.core.reports import Better, Violation
from assent.core.selection import (
    MAX_DIRECTIONS,
    select_curves,
    select_directions,
    select_violations,
)

CONSTRAINTS = "model-quality-constraints"
HOSTILE = ["x", "`", "\u202e", "\U000e0041", "\ud800", "\n::error::", "\\", "\u6f22", "\U0001f600"]


def curve(name: str, height: float = 1.0) -> Curve:
    return Curve(name=name, x="fpr", y="tpr", points=((0.0, 0.0), (1.0, height)))


def violation(feature: str) -> Violation:
    return Violation(feature=feature, check="data_type_check", description="No number.")


def test_as_many_violations_as_a_record_holds_are_kept() -> None:
    """The first hundred stay in their order, and a remark counts the others."""
    found = [violation(str(number)) for number in range(MAX_VIOLATIONS + 2)]
    assert select_violations(found[:-2], "violations") == (tuple(found[:-2]), ())
    kept, remarks = select_violations(found, "violations")
    assert kept == tuple(found[:-2])
    why = "2 more than the 100 that a record holds; see the reports"
    assert remarks == (UnreadPart(where="violations", why=why),)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_violations_texts_are_cut_to_what_a_record_has_room_for(text: str) -> None:
    """Hostile words of any length come out on one line, short also where they are escaped."""
    long = text * 2_000
    ((kept,), _) = select_violations(
        [Violation(feature=long, check=long, description=long)], "violations"
    )
    for found, limit in ((kept.feature, 300), (kept.check, 300), (kept.description, 600)):
        assert len(ascii(found)) - 2 <= limit
        assert found.isprintable()


def test_as_many_curves_as_a_record_holds_are_kept() -> None:
    """The first ten stay, the first of each name, and remarks tell of the others."""
    found = [curve(f"pdp.{number}") for number in range(MAX_CURVES + 3)]
    again = curve("pdp.0", height=0.5)
    kept, remarks = select_curves([found[0], again, *found[1:]])
    assert kept == tuple(found[:MAX_CURVES])
    assert remarks == (
        UnreadPart(
            where="curve pdp.0", why="an earlier report has a curve of this name; that one counts"
        ),
        UnreadPart(where="curves", why="3 more than the 10 that a record holds; see the reports"),
    )


def test_directions_that_files_agree_on_are_kept_by_name() -> None:
    """Each metric improves one way, in the names' order, however many files say so."""
    first: dict[str, Better] = {"mae": "lower", "auc": "higher"}
    found, remarks = select_directions(
        [(CONSTRAINTS, first), ("bias", {"auc": "higher"})], {"auc", "mae", "f1"}
    )
    assert list(found.items()) == [("auc", "higher"), ("mae", "lower")]
    assert remarks == ()


def test_a_contradiction_counts_neither_way() -> None:
    """Which of two files is right is not for us to guess; both are named as contradicting."""
    found, remarks = select_directions(
        [(CONSTRAINTS, {"auc": "higher", "f1": "higher"}), ("bias", {"auc": "lower"})],
        {"auc", "f1"},
    )
    assert found == {"f1": "higher"}
    assert remarks == (
        UnreadPart(
            where="directions", why="reports contradict each other on which way these improve: auc"
        ),
    )


def test_a_direction_of_no_metric_is_not_kept() -> None:
    """A constraints file of another model, or with a slip in a name, is told of."""
    strangers: dict[str, Better] = {f"m{number}": "lower" for number in range(5)}
    found, remarks = select_directions([(CONSTRAINTS, {**strangers, "auc": "higher"})], {"auc"})
    assert found == {"auc": "higher"}
    why = "it says which way metrics improve that were not read: m0, m1, m2 and 2 more"
    assert remarks == (UnreadPart(where=CONSTRAINTS, why=why),)


@pytest.mark.parametrize("text", HOSTILE)
def test_remarks_fit_whatever_the_names_are(text: str) -> None:
    """Names as long as a report's can be leave a remark that a record takes."""
    names = [text * (250 // len(text)) + str(number) for number in range(5)]
    ways: dict[str, Better] = dict.fromkeys(names, "lower")
    others: dict[str, Better] = dict.fromkeys(names, "higher")
    for metrics in ((), names):
        _, remarks = select_directions([("a", ways), ("b", others)], metrics)
        assert remarks
        assert all(len(remark.why) <= 500 and remark.why.isprintable() for remark in remarks)


def test_no_more_directions_than_a_record_holds_are_kept() -> None:
    """A thousand stay, the first by name, and a remark counts the others."""
    ways: dict[str, Better] = {f"{number:04}": "lower" for number in range(MAX_DIRECTIONS + 1)}
    found, (remark,) = select_directions([(CONSTRAINTS, ways)], ways.keys())
    assert list(found) == [f"{number:04}" for number in range(MAX_DIRECTIONS)]
    assert remark.where == "directions"
