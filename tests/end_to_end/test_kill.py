"""`propose` and `apply` killed before and after remote calls, and run again: the end is the same.

A process is a real one, ended by SIGKILL while the server holds its call: before the service has
seen it, or after it has committed and before the client hears of it.
"""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.end_to_end import play
from tests.end_to_end.climb import (
    climb,
    delete_branch,
    opened,
    owner,
    rejected,
    reopened,
    settle,
    several_accounts,
)
from tests.end_to_end.killing import Cuts
from tests.end_to_end.nursery import Child, Nursery
from tests.end_to_end.whole import Clock, Picture, Whole

from assent.sandbox.aws import Registered, register
from assent.sandbox.stage import REPOSITORY, Stage
from assent.sandbox.wire import Call

RECORD = "promotions/dev/churn/1.yaml"


@pytest.fixture
def clock() -> Clock:
    """Every child's; and GitHub's, where a test says so."""
    return Clock()


def first_version(stage: Stage) -> Registered:
    """A version of a model of which nothing was ever decided."""
    return play.train(stage)


def version_created_again(stage: Stage) -> Registered:
    """A version whose number was approved for an earlier package, on main and live."""
    version = play.train(stage)
    play.promote(stage, version)
    stage.aws.sagemaker.delete_model_package(ModelPackageName=version.arn)
    stage.aws.sagemaker.delete_model_package_group(ModelPackageGroupName="churn")
    created = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    return register(stage.aws, reports=play.evaluation(0.95), created=created)


@pytest.mark.parametrize("arrange", [first_version, version_created_again])
def test_a_killed_proposal_is_completed_by_the_next(
    stage: Stage,
    clock: Clock,
    nursery: Nursery,
    tmp_path: Path,
    arrange: Callable[[Stage], Registered],
) -> None:
    """Wherever `propose` is killed, proposing again ends with what one clean run would have."""
    version = arrange(stage)
    event = tmp_path / "event.json"
    event.write_text(play.as_text(version.event))

    def proposing() -> Child:
        environment = stage.environment()
        return nursery.command("propose", str(event), environment=environment, now=clock.time)

    whole = Whole(stage, [version])
    before = whole.picture()["issues"].keys()
    cuts = Cuts(whole, clock, proposing)
    (opened_by_it,) = cuts.expected["issues"].keys() - before
    assert f"DIGEST OF {RECORD}" in cuts.expected["issues"][opened_by_it]["body"]
    assert len(cuts.calls) >= 11
    cuts.assert_healed()


def apply_in(clone: str, stage: Stage, clock: Clock, nursery: Nursery) -> Callable[[], Child]:
    """Make children that apply a clone's head."""

    def applying() -> Child:
        arguments = ("apply", "--repository", clone)
        return nursery.command(*arguments, environment=stage.environment(), now=clock.time)

    return applying


def decide(stage: Stage) -> list[Registered]:
    """Merge, and do not apply: two approvals, and a retirement that makes `current` fall back."""
    churn = [play.train(stage), play.train(stage)]
    fraud = [play.train(stage, group="fraud"), play.train(stage, group="fraud")]
    for version in churn:
        play.promote(stage, version)
    for version in fraud:
        play.accept(stage, play.propose(stage, version).number)
    play.accept(stage, play.retire(stage, 2).number)
    return [*churn, *fraud]


def test_a_killed_apply_is_finished_by_the_next(
    stage: Stage, clock: Clock, nursery: Nursery, tmp_path: Path
) -> None:
    """Wherever `apply` is killed, each value is the old or the new one, and a next run ends it."""
    whole = Whole(stage, decide(stage))
    before = whole.picture()["aws"]
    clone = str(stage.clone(tmp_path / "clone-of-main"))
    cuts = Cuts(whole, clock, apply_in(clone, stage, clock, nursery))
    expected = cuts.expected["aws"]
    assert expected["/assent/dev/churn/current"]["version"] == 1
    assert expected["/assent/dev/fraud/current"]["version"] == 2
    # Three decisions, two models, four rungs; GitHub is told of each decision and each model, and
    # one commit holds all receipts.
    assert aws_writes(cuts.calls) == {"UpdateModelPackage": 3, "PutParameter": 3 + 2 + 4}
    github = [call.operation for call in cuts.calls if call.service == "github" and call.writes]
    assert github[0].endswith("/access_tokens")
    told = Counter(operation.rsplit("/", 1)[1] for operation in github[1:])
    assert told == {"comments": 3, "deployments": 2, "statuses": 2, "graphql": 1}
    assert REPOSITORY in str([call.path for call in cuts.calls])

    def each_is_old_or_new(left: Picture) -> None:
        for name, value in left["aws"].items():
            assert value in (before.get(name), expected[name]), name

    cuts.assert_healed(each_is_old_or_new)


def test_a_killed_first_apply_leaves_a_whole_chain_to_the_next(
    stage: Stage, clock: Clock, nursery: Nursery, tmp_path: Path
) -> None:
    """Wherever it is killed, also while the branch is made: each effect has one receipt."""
    version = play.train(stage)
    play.accept(stage, play.propose(stage, version).number)
    whole = Whole(stage, [version])
    clone = str(stage.clone(tmp_path / "clone-of-main"))
    cuts = Cuts(whole, clock, apply_in(clone, stage, clock, nursery))
    made = [call.operation for call in cuts.calls if "/git/" in call.operation and call.writes]
    assert [operation.rsplit("/", 1)[1] for operation in made] == ["trees", "commits", "refs"]
    assert [kind for kind, _, _ in cuts.expected["receipts"]] == ["decision", "current"]
    cuts.assert_healed(reads=False)


def aws_writes(calls: list[Call]) -> dict[str, int]:
    """How often each action of AWS's that writes was called."""
    made = [call.operation for call in calls if call.service == "aws" and call.writes]
    return {operation: made.count(operation) for operation in made}


def close_and_retire(stage: Stage, clock: Clock) -> list[Registered]:
    """All that a run may find besides approvals, after one that was lost.

    A version is rejected in uat by a code owner's closing, one in dev was closed by another, who
    deleted the branch, one is taken back by reopening; and one is retired from test.
    """
    versions = [play.train(stage) for _ in range(4)]
    settle(stage, clock, climb(stage, clock, versions[0], "test"))
    rejected(stage, clock, climb(stage, clock, versions[1], "uat"), by=owner("uat"))
    pull = opened(stage, clock, versions[2].event)
    rejected(stage, clock, pull, by="zoe")
    delete_branch(stage, pull.head.ref, by="zoe")
    reopened(stage, clock, opened(stage, clock, versions[3].event), by=owner("dev"))
    clone = stage.clone(stage.root.parent / "clone")
    asked = ("retire", "churn", "1", "--env", "test", "--reason", "it drifts")
    assert play.assent(*asked, "--repository", clone).exit_code == 0
    clock.tick()
    play.accept(stage, stage.pull_requests()[-1].number)
    clock.tick()
    return versions


def test_a_killed_apply_with_closings_is_finished_by_the_next(
    clock: Clock, nursery: Nursery, tmp_path: Path
) -> None:
    """Closings, a reopening and a retirement end as they would have, whatever was written last."""
    with several_accounts(tmp_path, clock) as stage:
        whole = Whole(stage, close_and_retire(stage, clock))
        clone = str(stage.clone(stage.root.parent / "clone"))
        cuts = Cuts(whole, clock, apply_in(clone, stage, clock, nursery))
        aws = cuts.expected["aws"]
        said = {
            name: [each["status"] for each in value["decisions"]]
            for name, value in aws.items()
            if "/versions/" in name
        }
        assert said["222233334444:/assent/uat/churn/versions/2"] == ["Rejected"]
        assert said["/assent/dev/churn/versions/4"] == ["Rejected", "PendingManualApproval"]
        assert said["/assent/test/churn/versions/1"] == ["Approved", "Retired"]
        assert "/assent/dev/churn/versions/3" not in said
        assert aws["/assent/test/churn/current"]["version"] == 2
        assert "refs/heads/promote/dev/churn/3" in cuts.expected["branches"]
        cuts.assert_healed(reads=False)
