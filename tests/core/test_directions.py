"""Which way metrics improve: the usual table, what reports say, and that the documents state it."""

import re
from pathlib import Path

import pytest

from assent.core.directions import HIGHER, LOWER, direction, usual_direction
from assent.core.reports import Better

GATES = Path(__file__).parents[2] / "docs" / "gates.md"


@pytest.mark.parametrize(
    ("metric", "better"),
    [
        ("auc", "higher"),
        ("binary_classification_metrics.auc", "higher"),
        ("evaluation.F1-Score", "higher"),
        ("regression_metrics.rmse", "lower"),
        ("Log Loss", "lower"),
        ("auc.test", None),
        ("rows", None),
        ("", None),
    ],
)
def test_the_last_part_of_a_name_tells(metric: str, better: Better | None) -> None:
    """In any spelling of case, hyphens and spaces; what the table does not know stays unknown."""
    assert usual_direction(metric) == better


@pytest.mark.parametrize(
    ("metric", "told", "better"),
    [
        ("auc", {}, "higher"),
        ("churned", {"churned": "lower"}, "lower"),
        ("auc", {"auc": "higher"}, "higher"),
        ("auc", {"auc": "lower"}, None),
        ("auc", {"rmse": "lower"}, "higher"),
        ("churned", {}, None),
    ],
)
def test_reports_add_to_the_table_and_never_turn_it(
    metric: str, told: dict[str, Better], better: Better | None
) -> None:
    """A constraint file counts where the table is silent; a contradiction is no answer."""
    assert direction(metric, told) == better


def test_no_metric_is_on_both_sides() -> None:
    """The table contradicts itself nowhere."""
    assert not HIGHER & LOWER


@pytest.mark.parametrize(("side", "names"), [("higher", HIGHER), ("lower", LOWER)])
def test_the_documents_state_the_table(side: str, names: frozenset[str]) -> None:
    """docs/gates.md lists the table to the last name."""
    text = GATES.read_text(encoding="utf-8")
    (row,) = re.findall(rf"^\| {side} \| (.*) \|$", text, re.MULTILINE)
    assert [name.strip("`") for name in row.split(", ")] == sorted(names)
