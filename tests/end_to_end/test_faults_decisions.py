"""Services that fail at every call of `reject` and `retire`: told clearly, and healed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from github.PullRequest import PullRequest
from tests.end_to_end import play
from tests.end_to_end.breaking import Breaks, Broken, Ended
from tests.end_to_end.climb import (
    climb,
    delete_branch,
    owner,
    rejected,
    settle,
    several_accounts,
)
from tests.end_to_end.faults import FORBIDDEN
from tests.end_to_end.whole import Clock, Whole, ended

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
    """No verdict is 1, a decision that waits is 12; the next run records what was decided.

    A topic that fails is told of, and holds up nothing.
    """
    version = play.train(stage)
    pull = climb(stage, clock, version, "uat")
    act(stage, clock, pull)
    clone = stage.clone(stage.root.parent / "clone")
    clock.tick()

    def run() -> Ended:
        made = play.assent("reject", str(pull.number), "--repository", clone)
        return Ended(code=made.exit_code, said=made.output)

    breaks = Breaks(Whole(stage, [version]), clock, run)
    (record,) = [call for call in breaks.calls if call.operation.endswith("/uat/churn/1.yaml")]
    for broken in breaks:
        if is_refused(broken):
            assert_left_closed(broken)
            continue
        assert broken.told, broken
        if broken.call.operation == "Publish":
            # That it was not taken has a receipt of its own.
            assert broken.ended.code == 0, broken
            assert ended(broken.left) == ended(breaks.expected), broken
        else:
            expected = BROKEN if broken.call.number <= record.number else INCOMPLETE
            assert broken.ended.code == expected, broken
        breaks.heal(broken)


def is_refused(broken: Broken) -> bool:
    """Whether GitHub does not let Assent open the pull request again, today or tomorrow."""
    opening = ("POST /api/v3/repos/acme/model-promotions/git/refs", "PATCH ")
    return broken.fault is FORBIDDEN and broken.call.operation.startswith(opening)


def assert_left_closed(broken: Broken) -> None:
    """See that nobody is told that it was opened again."""
    pull = broken.left["issues"][3]
    assert pull["state"] == "closed"
    *_, (author, said) = pull["comments"]
    assert author == "assent[bot]"
    assert "could not be opened again" in said
    assert "Resource not accessible by integration" in said
    assert "opened again;" not in broken.ended.said, broken


def test_a_fault_anywhere_in_retire_is_told_and_healed(stage: Stage, clock: Clock) -> None:
    """What opens the pull request ends with 1 and is completed; what foresees holds up nothing.

    The page then says what could not be read, and so it stays.
    """
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
    *_, number = breaks.expected["issues"]
    page = breaks.expected["issues"][number]
    for broken in breaks:
        if broken.call.number == 1 or broken.call.service == "github":
            assert (broken.ended.code, broken.told) == (BROKEN, True), broken
            breaks.heal(broken)
        elif broken.call.operation == "Publish":
            assert (broken.ended.code, broken.told) == (0, True), broken
            assert broken.left == breaks.expected
        else:
            assert broken.ended.code == 0, broken
            there = broken.left["issues"][number]
            assert {**there, "body": ""} == {**page, "body": ""}, broken
            assert there["body"] == page["body"] or broken.words in there["body"], broken
