"""The Lambda killed after every remote call of an inference or a drift, and its message again."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.end_to_end import play
from tests.end_to_end.climb import (
    climb,
    infer,
    keep_reports,
    metrics,
    reported,
    settle,
    several_accounts,
    watch,
)
from tests.end_to_end.killing import Cuts
from tests.end_to_end.nursery import Child, Nursery
from tests.end_to_end.whole import Clock, Whole

from assent.sandbox.aws import Registered, sqs_batch
from assent.sandbox.stage import Stage

Event = Mapping[str, Any]


@pytest.fixture
def clock() -> Clock:
    """GitHub's, and that of every child."""
    return Clock()


@pytest.fixture
def stage(tmp_path: Path, clock: Clock) -> Iterator[Stage]:
    """Several accounts; uat's topic and prod's are told."""
    with several_accounts(tmp_path, clock) as running:
        yield running


def cuts_of(
    *,
    stage: Stage,
    clock: Clock,
    nursery: Nursery,
    version: Registered,
    event: Event,
    told: Callable[[], list[str]],
) -> Cuts:
    """Every way to cut off a Lambda that handles an event; it is cold each time."""
    batch = sqs_batch([event])
    clock.tick()

    def delivering() -> Child:
        return nursery.delivery(batch, environment=stage.environment(), now=clock.time)

    return Cuts(Whole(stage, [version]), clock, delivering, told)


def after_a_transform_job(stage: Stage, clock: Clock, version: Registered) -> Event:
    """A job in an account of its own, whose bucket keeps no versions; a topic listens above."""
    keep_reports(stage)
    settle(stage, clock, climb(stage, clock, version, "uat"))
    return infer(stage, version, "uat", versioned=False).event


def after_a_report(stage: Stage, clock: Clock, version: Registered) -> Event:
    """A pipeline without transform jobs, in the registry's account."""
    settle(stage, clock, climb(stage, clock, version, "test"))
    return reported(stage, version, "test", {"metrics.json": metrics(version)})


@pytest.mark.parametrize(
    ("arrange", "environment", "kept"),
    [(after_a_transform_job, "prod", 1), (after_a_report, "uat", 0)],
)
def test_a_killed_inference_path_is_completed_by_the_next(
    *,
    stage: Stage,
    clock: Clock,
    nursery: Nursery,
    arrange: Callable[[Stage, Clock, Registered], Event],
    environment: str,
    kept: int,
) -> None:
    """Wherever the Lambda is killed, the redelivery ends with one pull request, and tells of it."""
    version = play.train(stage)
    event = arrange(stage, clock, version)

    def told() -> list[str]:
        return [each.text for each in stage.published(environment)]

    cuts = cuts_of(
        stage=stage, clock=clock, nursery=nursery, version=version, event=event, told=told
    )
    *_, (_, pull) = cuts.expected["issues"].items()
    assert pull["title"] == f"Promote churn 1 to {environment}"
    assert pull["labels"] == ("assent", f"environment: {environment}", "model: churn")
    assert f"DIGEST OF promotions/{environment}/churn/1.yaml" in pull["body"]
    assert len(cuts.expected["kept"]) == kept
    cuts.assert_healed()


def first_drift(stage: Stage, version: Registered) -> Event:
    """A version that never drifted before."""
    return watch(stage, version, "dev").event


def further_drift(stage: Stage, version: Registered) -> Event:
    """A version whose drift has an issue already."""
    assert play.deliver(first_drift(stage, version)) == []
    return watch(stage, version, "dev").event


@pytest.mark.parametrize(("arrange", "comments"), [(first_drift, 0), (further_drift, 1)])
def test_a_killed_drift_path_is_completed_by_the_next(
    *,
    stage: Stage,
    clock: Clock,
    nursery: Nursery,
    arrange: Callable[[Stage, Registered], Event],
    comments: int,
) -> None:
    """Wherever it is killed, there is one issue in the end, and retraining is requested."""
    version = play.train(stage)
    settle(stage, clock, climb(stage, clock, version, "dev"))
    event = arrange(stage, version)

    def told() -> list[str]:
        return [play.as_text(each["detail"]) for each in stage.intake.retraining]

    cuts = cuts_of(
        stage=stage, clock=clock, nursery=nursery, version=version, event=event, told=told
    )
    (issue,) = [each for each in cuts.expected["issues"].values() if "head" not in each]
    assert issue["title"] == "Drift: churn 1 in dev"
    assert len(issue["comments"]) == comments
    cuts.assert_healed()
