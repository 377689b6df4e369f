"""`retire` killed after every remote call, and run again: the end is the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.end_to_end import play
from tests.end_to_end.climb import climb, settle, several_accounts
from tests.end_to_end.killing import Cuts
from tests.end_to_end.nursery import Child, Nursery
from tests.end_to_end.whole import Clock, Whole

from assent.sandbox.stage import Stage


@pytest.fixture
def clock() -> Clock:
    """GitHub's, and that of every child."""
    return Clock()


@pytest.fixture
def stage(tmp_path: Path, clock: Clock) -> Iterator[Stage]:
    """Several accounts; test's topic and uat's are told."""
    with several_accounts(tmp_path, clock, topics=["test", "uat"]) as running:
        yield running


def test_a_killed_retire_is_completed_by_the_next(
    stage: Stage, clock: Clock, nursery: Nursery
) -> None:
    """Wherever `retire` is killed, the next one ends with one pull request, and tells the topic.

    The version retired has another to fall back to, and runs one rung up too.
    """
    versions = [play.train(stage), play.train(stage)]
    settle(stage, clock, climb(stage, clock, versions[0], "test"))
    settle(stage, clock, climb(stage, clock, versions[1], "uat"))
    clone = str(stage.clone(stage.root.parent / "clone"))
    clock.tick()

    def retiring() -> Child:
        asked = ("retire", "churn", "2", "--env", "test", "--reason", "it drifts")
        arguments = (*asked, "--repository", clone)
        return nursery.command(*arguments, environment=stage.environment(), now=clock.time)

    def told() -> list[str]:
        return [each.text for each in stage.published("test")]

    cuts = Cuts(Whole(stage, versions), clock, retiring, told)
    *_, pull = cuts.expected["issues"].values()
    assert pull["title"] == "Retire churn 2 from test"
    assert pull["labels"] == ("assent", "environment: test", "model: churn")
    assert "run version **1** in place of **2**" in pull["body"]
    assert "`uat`" in pull["body"]
    assert sum(call.writes for call in cuts.calls) == 6
    cuts.assert_healed()
