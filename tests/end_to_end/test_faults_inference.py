"""Services that fail at every call after an inference or a drift: told, retried, and healed.

What may never be read is for the approver to see, and holds up no proposal.
"""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.end_to_end import play
from tests.end_to_end.breaking import Breaks, Broken, Ended
from tests.end_to_end.climb import climb, infer, keep_reports, settle, several_accounts, watch
from tests.end_to_end.faults import DENIED
from tests.end_to_end.whole import Clock, Whole

from assent.sandbox.aws import Registered
from assent.sandbox.stage import Stage


@pytest.fixture
def clock() -> Clock:
    """GitHub's."""
    return Clock()


@pytest.fixture
def stage(tmp_path: Path, clock: Clock) -> Iterator[Stage]:
    """Several accounts; prod's topic is told."""
    with several_accounts(tmp_path, clock, topics=["prod"]) as running:
        yield running


@pytest.fixture
def deliver(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[dict[str, Any]], Ended]]:
    """Hands an event to a Lambda that has just started; what it says are its warnings."""
    logger = logging.getLogger("assent")
    logger.addHandler(caplog.handler)

    def deliver(event: dict[str, Any]) -> Ended:
        caplog.clear()
        play.cold_start()
        failed = play.deliver(event)
        warned = [each for each in caplog.records if each.levelno >= logging.WARNING]
        said = [f"{each.getMessage()}\n{vars(each).get('hint', '')}" for each in warned]
        return Ended(code=len(failed), said="\n".join(said))

    yield deliver
    logger.removeHandler(caplog.handler)


def after_a_transform_job(stage: Stage, clock: Clock, version: Registered) -> dict[str, Any]:
    """A job in uat, whose bucket keeps no versions; a topic listens above."""
    keep_reports(stage)
    settle(stage, clock, climb(stage, clock, version, "uat"))
    return infer(stage, version, "uat", versioned=False).event


def after_drift(stage: Stage, clock: Clock, version: Registered) -> dict[str, Any]:
    """A version that is live in dev, and drifts."""
    settle(stage, clock, climb(stage, clock, version, "dev"))
    return watch(stage, version, "dev").event


@pytest.mark.parametrize(
    ("arrange", "shown"),
    [
        (after_a_transform_job, {"AssumeRole", "GetParameters", "s3 GET", "s3 HEAD"}),
        (after_drift, {"s3 GET"}),
    ],
)
def test_a_fault_anywhere_in_the_inference_path_brings_the_message_back(
    *,
    stage: Stage,
    clock: Clock,
    deliver: Callable[[dict[str, Any]], Ended],
    arrange: Callable[[Stage, Clock, Registered], dict[str, Any]],
    shown: set[str],
) -> None:
    """The message comes back with its reason logged, and the redelivery completes what was begun.

    A topic that fails is told of, and holds up nothing.
    """
    version = play.train(stage)
    event = arrange(stage, clock, version)
    clock.tick()
    breaks = Breaks(Whole(stage, [version]), clock, lambda: deliver(event))
    seen = set()
    for broken in breaks:
        if broken.call.operation == "Publish":
            assert (broken.ended.code, broken.told) == (0, True), broken
            assert broken.left == breaks.expected
        elif broken.fault is DENIED and broken.ended.code == 0:
            assert_shown(broken)
            seen.add(broken.call.operation)
        else:
            assert (broken.ended.code, broken.told) == (1, True), broken
            breaks.heal(broken)
    assert seen == shown


def assert_shown(broken: Broken) -> None:
    """See that the page says what could not be read."""
    *_, page = broken.left["issues"].values()
    assert page["state"] == "open"
    assert broken.words in page["body"] or "may not be read" in page["body"], broken
