"""What one promotion costs, counted on the sandbox's wires."""

from pathlib import Path

from benchmarks.calls import Counts, count_calls
from benchmarks.scene import open_scene
from benchmarks.tree import TreeShape


def _count(records: int, folder: Path) -> Counts:
    folder.mkdir()
    with open_scene(TreeShape.of(records), folder) as scene:
        return count_calls(scene)


def test_a_promotion_costs_the_same_calls_in_any_tree(tmp_path: Path) -> None:
    """The same calls, operation by operation, with a hundred times the records, and few of them."""
    small, large = _count(10, tmp_path / "small"), _count(1_000, tmp_path / "large")
    assert small == large
    # By fresh processes, each with a token to mint; apply looks at all four environments, and
    # lists pull requests once for all of them.
    assert 0 < sum(small.propose.values()) <= 15
    assert 0 < sum(small.apply.values()) <= 21
