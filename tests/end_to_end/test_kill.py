"""Killed before and after every single remote call, and run again: the end is the same.

A process is a real one, ended by SIGKILL while the server holds its call: before the service has
seen it, or after it has committed and before the client hears of it.
"""

import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.end_to_end import play, scene
from tests.end_to_end.faults import intercepted
from tests.end_to_end.nursery import Child, Nursery

from assent.sandbox.aws import Registered, register
from assent.sandbox.faults import KillSwitch
from assent.sandbox.stage import REPOSITORY, Stage, repository_files
from assent.sandbox.wire import Call, Moment

FIRST = datetime(2026, 11, 22, 10, 0, 7, tzinfo=UTC)
LATER = datetime(2026, 11, 22, 11, 30, 0, tzinfo=UTC)
"""Where the clock stands when what was killed is run again."""
RECORD = "promotions/dev/churn/1.yaml"


def run_to_its_end(stage: Stage, child: Child) -> list[Call]:
    """Run a child that nothing stops; return the calls that it made."""
    stage.ledger.clear()
    assert child.go().wait() == 0, child.output
    return list(stage.ledger.calls)


def run_and_kill(stage: Stage, child: Child, *, at: int, moment: Moment) -> str:
    """Run a child until its call number `at` reaches a moment; return what that call was."""
    switch = KillSwitch(at, moment, child.kill)
    with intercepted(stage, switch):
        code = child.go().wait()
    assert switch.fired, child.output
    assert code == -signal.SIGKILL
    assert switch.seen == at
    return f"killed {moment.value} call {at}, {stage.ledger.calls[at - 1].operation}"


# Proposing: the repository is new for each case; AWS is only read, and stays.

Arrange = Callable[[Stage], tuple[Registered, dict[str, str]]]


def first_version(stage: Stage) -> tuple[Registered, dict[str, str]]:
    """A version of a model of which nothing was ever decided."""
    return play.train(stage), {}


def version_created_again(stage: Stage) -> tuple[Registered, dict[str, str]]:
    """A version whose number was approved for an earlier package, on main and live."""
    version = play.train(stage)
    play.promote(stage, version)
    there = stage.repository("ana").get_contents(RECORD)
    assert not isinstance(there, list)
    record = there.decoded_content.decode()
    stage.aws.sagemaker.delete_model_package(ModelPackageName=version.arn)
    stage.aws.sagemaker.delete_model_package_group(ModelPackageGroupName="churn")
    created = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    again = register(stage.aws, reports=play.evaluation(0.95), created=created)
    return again, {RECORD: record}


@pytest.mark.parametrize("moment", Moment, ids=lambda moment: moment.value)
@pytest.mark.parametrize("arrange", [first_version, version_created_again])
def test_a_killed_proposal_is_completed_by_the_next(
    stage: Stage, nursery: Nursery, tmp_path: Path, arrange: Arrange, moment: Moment
) -> None:
    """Wherever `propose` is killed, proposing again ends with what one clean run would have."""
    version, files = arrange(stage)
    event = tmp_path / "event.json"
    event.write_text(play.as_text(version.event))

    def proposing(name: str, now: datetime) -> Child:
        environment = stage.environment(name)
        return nursery.command("propose", str(event), environment=environment, now=now)

    def new_repository(name: str) -> str:
        stage.add_repository(name, repository_files() | files)
        return name

    clean = new_repository("acme/clean")
    calls = run_to_its_end(stage, proposing(clean, FIRST))
    expected = scene.repository(stage, clean)
    assert len(calls) >= 11
    assert len(expected["pull requests"]) == 1

    for at in range(1, len(calls) + 1):
        name = new_repository(f"acme/killed-{at}")
        what = run_and_kill(stage, proposing(name, FIRST), at=at, moment=moment)
        run_to_its_end(stage, proposing(name, LATER))
        assert scene.repository(stage, name) == expected, what


# Applying: GitHub is only read, and stays; AWS goes back to where it was for each case.


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


@pytest.mark.parametrize("moment", Moment, ids=lambda moment: moment.value)
def test_a_killed_apply_is_finished_by_the_next(
    stage: Stage, nursery: Nursery, tmp_path: Path, moment: Moment
) -> None:
    """Wherever `apply` is killed, each value is the old or the new one, and a next run ends it."""
    aws = scene.Aws(stage, decide(stage))
    clone = str(stage.clone(tmp_path / "clone-of-main"))

    def applying(now: datetime) -> Child:
        environment = stage.environment()
        return nursery.command("apply", "--repository", clone, environment=environment, now=now)

    before = aws.values()
    calls = run_to_its_end(stage, applying(FIRST))
    expected = aws.values()
    assert_everything_was_decided(calls, expected)

    for at in range(1, len(calls) + 1):
        aws.restore()
        assert aws.values() == before
        what = run_and_kill(stage, applying(FIRST), at=at, moment=moment)
        for name, value in aws.values().items():
            assert value in (before.get(name), expected[name]), f"{what}: {name}"
        run_to_its_end(stage, applying(LATER))
        assert aws.values() == expected, what


def assert_everything_was_decided(calls: list[Call], values: dict[str, Any]) -> None:
    """See that the clean run has all that is to be cut: three decisions, two models, four rungs."""
    assert values["/assent/dev/churn/current"]["version"] == 1
    assert values["/assent/dev/fraud/current"]["version"] == 2
    made = [call.operation for call in calls if call.service == "aws" and call.writes]
    assert made.count("UpdateModelPackage") == 3
    assert made.count("PutParameter") == 3 + 2 + 4
    github = [call.operation for call in calls if call.service == "github" and call.writes]
    assert len(github) == 1  # the token
    assert github[0].endswith("/access_tokens")
    assert REPOSITORY in str([call.path for call in calls])
