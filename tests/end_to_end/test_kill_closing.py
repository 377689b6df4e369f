"""`reject` killed after every remote call, and run again: the end is the same."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from github.PullRequest import PullRequest
from tests.end_to_end import play
from tests.end_to_end.climb import (
    climb,
    delete_branch,
    owner,
    rejected,
    reopened,
    several_accounts,
)
from tests.end_to_end.killing import Cuts
from tests.end_to_end.nursery import Child, Nursery
from tests.end_to_end.whole import Clock, Picture, Whole

from assent.sandbox.stage import Stage


@pytest.fixture
def clock() -> Clock:
    """GitHub's, and that of every child."""
    return Clock()


@pytest.fixture
def stage(tmp_path: Path, clock: Clock) -> Iterator[Stage]:
    """Several accounts, so that roles are assumed on the way."""
    with several_accounts(tmp_path, clock) as running:
        yield running


def close_as_owner(stage: Stage, clock: Clock, pull: PullRequest) -> None:
    """A code owner says why, and closes."""
    rejected(stage, clock, pull, by=owner("uat"))


def close_as_another(stage: Stage, clock: Clock, pull: PullRequest) -> None:
    """Somebody without the right closes, and deletes the branch."""
    rejected(stage, clock, pull, by="zoe")
    delete_branch(stage, pull.head.ref, by="zoe")


def reopen_as_owner(stage: Stage, clock: Clock, pull: PullRequest) -> None:
    """A code owner closed, which was recorded, and thinks better of it."""
    reopened(stage, clock, pull, by=owner("uat"))


def was_rejected(picture: Picture) -> bool:
    """Whether the version is rejected in uat."""
    history = picture["aws"]["222233334444:/assent/uat/churn/versions/1"]
    current = picture["aws"]["222233334444:/assent/uat/churn/current"]
    said = [each["status"] for each in history["decisions"]]
    return (said, current["version"]) == (["Rejected"], None)


def was_undone(picture: Picture) -> bool:
    """Whether the pull request is open again, branch included, and told why."""
    pull = picture["issues"][3]
    (_, (author, said)) = pull["comments"]
    assert author == "assent[bot]"
    return (
        "is no code owner" in said
        and pull["state"] == "open"
        and "refs/heads/promote/uat/churn/1" in picture["branches"]
    )


def was_taken_back(picture: Picture) -> bool:
    """Whether nothing is decided any more, and history tells both."""
    history = picture["aws"]["222233334444:/assent/uat/churn/versions/1"]
    said = [each["status"] for each in history["decisions"]]
    return said == ["Rejected", "PendingManualApproval"]


@pytest.mark.parametrize(
    ("act", "outcome", "writes"),
    [
        (close_as_owner, was_rejected, 7),
        (close_as_another, was_undone, 5),
        (reopen_as_owner, was_taken_back, 6),
    ],
)
def test_a_killed_reject_is_completed_by_the_next(
    *,
    stage: Stage,
    clock: Clock,
    nursery: Nursery,
    act: Callable[[Stage, Clock, PullRequest], None],
    outcome: Callable[[Picture], bool],
    writes: int,
) -> None:
    """Wherever `reject` is killed, the next one ends with what one clean run would have."""
    version = play.train(stage)
    pull = climb(stage, clock, version, "uat")
    act(stage, clock, pull)
    clone = str(stage.clone(stage.root.parent / "clone"))
    clock.tick()

    def rejecting() -> Child:
        arguments = ("reject", str(pull.number), "--repository", clone)
        return nursery.command(*arguments, environment=stage.environment(), now=clock.time)

    cuts = Cuts(Whole(stage, [version]), clock, rejecting)
    assert outcome(cuts.expected)
    assert sum(call.writes for call in cuts.calls) == writes
    cuts.assert_healed()
