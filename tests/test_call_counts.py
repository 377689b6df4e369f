"""What a version costs on its way, counted on the sandbox's wires."""

from pathlib import Path

from benchmarks.busy_days import costs_of
from benchmarks.calls import Counts, count_calls
from benchmarks.closed import count_with_closed
from benchmarks.proof import count_proof
from benchmarks.scene import open_scene
from benchmarks.tree import TreeShape
from tests.test_busy_day import COSTS


def _count(records: int, folder: Path) -> Counts:
    folder.mkdir()
    with open_scene(TreeShape.of(records), folder) as scene:
        return count_calls(scene)


def test_each_step_costs_the_same_calls_in_any_tree(tmp_path: Path) -> None:
    """The same calls, operation by operation, with a hundred times the records, and few of them."""
    small, large = _count(10, tmp_path / "small"), _count(1_000, tmp_path / "large")
    assert small == large
    # By fresh processes, each with a token to mint; apply looks at all four environments, and
    # lists pull requests once for all of them. Of its calls four tell GitHub what is in effect, and
    # four prove its approval, two keep its receipts, and two look again at the version's one report
    # and its one artifact. Two of those that reject keep receipts.
    assert 0 < sum(small.propose.values()) <= 13
    assert 0 < sum(small.apply.values()) <= 29
    assert 0 < sum(small.infer.values()) <= 19
    assert 0 < sum(small.reject.values()) <= 17
    # What SageMaker tells again costs no write.
    assert 0 < sum(small.again.values()) <= 7
    assert costs_of(small) == COSTS


def test_what_was_closed_long_ago_costs_nothing_any_more(tmp_path: Path) -> None:
    """Once it was looked at, apply makes the same calls with thirty times the closed ones."""
    few = count_with_closed(10, tmp_path / "few")
    assert few == count_with_closed(300, tmp_path / "many")
    assert 0 < sum(few.values()) <= 34  # the one that was closed last is looked at again


def test_the_proof_of_an_approval_costs_few_calls(tmp_path: Path) -> None:
    """A token, one query, and for each of production's two approvers the team and the right."""
    found = count_proof(tmp_path)
    assert found["github POST /api/graphql"] == 1
    assert 0 < sum(found.values()) <= 6
