"""Services that fail at every call of `reject` and `retire`: told clearly, and healed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from github.PullRequest import PullRequest
from tests.end_to_end import play
from tests.end_to_end.breaking import Breaks, Ended
from tests.end_to_end.climb import (
    climb,
    delete_branch,
    owner,
    rejected,
    reopened,
    settle,
    several_accounts,
)
from tests.end_to_end.whole import Clock, Whole

from assent.sandbox.stage import Stage

BROKEN, INCOMPLETE = 1, 12


@pytest.fixture
def clock() -> Clock:
    """GitHub's."""
    return Clock()


@pytest.fixture
def stage(tmp_path: Path, clock: Clock) -> Iterator[Stage]:
    """Several accounts; test's topic and uat's are told."""
    with several_accounts(tmp_path, clock, topics=["test", "uat"]) as running:
        yield running


def close_as_owner(stage: Stage, clock: Clock, pull: PullRequest) -> None:
    """A code owner says why, and closes."""
    rejected(stage, clock, pull, by=owner("uat"))


def close_as_another(stage: Stage, clock: Clock, pull: PullRequest) -> None:
    """Somebody without the right closes, and deletes the branch."""
    rejected(stage, clock, pull, by="zoe")
    delete_branch(stage, pull.head.ref, by="zoe")


@pytest.mark.parametrize("act", [close_as_owner, close_as_another])
def test_a_fault_anywhere_in_reject_is_told_and_healed(
    stage: Stage, clock: Clock, act: Callable[[Stage, Clock, PullRequest], None]
) -> None:
    """No verdict is 1, a decision that waits is 12; a topic that fails is said and holds up none."""
    version = play.train(stage)
    pull = climb(stage, clock, version, "uat")
    act(stage, clock, pull)
    clone = stage.clone(stage.root.parent / "clone")
    clock.tick()

    def run() -> Ended:
        made = play.assent("reject", str(pull.number), "--repository", clone)
        return Ended(code=made.exit_code, said=made.output)

    breaks = Breaks(Whole(stage, [version]), clock, run)
    seen = []
    for broken in breaks:
        seen.append((str(broken), broken.ended.code, broken.ended.said[:300]))
        try:
            breaks.heal(broken)
        except AssertionError as error:
            seen.append(("NOT HEALED", str(error)[:200]))
    for each in seen:
        print(each)
    assert 0


def test_a_fault_anywhere_in_retire_is_told_and_healed(stage: Stage, clock: Clock) -> None:
    """A."""
    versions = [play.train(stage), play.train(stage)]
    settle(stage, clock, climb(stage, clock, versions[0], "test"))
    settle(stage, clock, climb(stage, clock, versions[1], "uat"))
    clone = stage.clone(stage.root.parent / "clone")
    clock.tick()

    def run() -> Ended:
        asked = ("retire", "churn", "2", "--env", "test", "--reason", "it drifts")
        made = play.assent(*asked, "--repository", clone)
        return Ended(code=made.exit_code, said=made.output)

    breaks = Breaks(Whole(stage, versions), clock, run)
    seen = []
    for broken in breaks:
        seen.append((str(broken), broken.ended.code, broken.ended.said[:300]))
        try:
            breaks.heal(broken)
        except AssertionError as error:
            seen.append(("NOT HEALED", str(error)[:200]))
    for each in seen:
        print(each)
    assert 0
