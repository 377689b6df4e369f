"""What drift costs, and what it finds, over many versions."""

from pathlib import Path

from benchmarks.discrepancies import count_drift

from assent.core.discrepancy import Kind


def test_ten_thousand_versions_cost_their_pages(tmp_path: Path) -> None:
    """Within one in twenty of what pages alone take, with one difference of each kind to confirm.

    Each is found, and nothing else is.
    """
    counts = count_drift(10_000, tmp_path, planted=True)
    assert counts.least == 100 + 1_011 + 3  # packages, parameters of dev, those of the others
    assert counts.total <= counts.least * 1.05
    assert counts.found == counts.planted
    assert counts.holds
    assert {kind for kind, _, _ in counts.found} == set(Kind) - {Kind.DECISION_WITHOUT_RECEIPT}


def test_where_nothing_differs_pages_are_all_it_costs(tmp_path: Path) -> None:
    """Not one call more, and nothing is reported."""
    counts = count_drift(900, tmp_path, planted=False)
    assert counts.found == frozenset()
    assert counts.total == counts.least
    assert set(counts.calls) == {"Search", "GetParametersByPath"}
