"""A thousand events at once through the deployed zip, with a limit and a time-out on the way."""

import random
from collections import Counter

from tests.end_to_end import play
from tests.end_to_end.fast_forward import quick_git
from tests.lambda_runtime.conftest import Deploy
from tests.lambda_runtime.test_batches import numbers, require_no_secret

from assent.sandbox.faults import Faults, KillSwitch, first_of, secondary_rate_limit
from assent.sandbox.stage import Stage
from assent.sandbox.wire import Moment

EVENTS = 1_000
VERSIONS = 300
"""SageMaker sends several events of one change, and others when its metadata is written."""
AT_ONCE = 2
ATTEMPTS = 100
LIMITED = 3
"""So many writes meet GitHub's limit on bursts, which asks for a second of silence."""
SEED = 7


def test_a_burst_of_a_thousand_events_leaves_nothing_undone(stage: Stage, deploy: Deploy) -> None:
    """Each version has exactly one pull request; no message is left, and none is dead."""
    versions = [play.train(stage) for _ in range(VERSIONS)]
    events = [versions[number % VERSIONS].event for number in range(EVENTS)]
    random.Random(SEED).shuffle(events)  # noqa: S311 - the same disorder each time
    intake = stage.aws.intake(attempts=ATTEMPTS)
    stage.aws.emit(*events)
    assert len(intake) == EVENTS
    function = deploy(stage)
    limit = Faults().add(
        secondary_rate_limit(1),
        match=lambda call: call.operation.endswith("/git/refs") and call.number > EVENTS,
        times=LIMITED,
    )
    middle = VERSIONS // 2
    cut = KillSwitch(
        middle, Moment.AFTER, function.time_out, match=lambda call: call.path.endswith("/pulls")
    )
    stage.github_wire.interceptor = first_of(cut, limit)

    with quick_git():
        drained = intake.drain(function, at_once=AT_ONCE)

    stage.github_wire.interceptor = None
    assert (cut.fired, limit.pending, len(drained.errors)) == (True, 0, 1)
    assert (len(intake), intake.dead_letters, drained.handled) == (0, (), EVENTS)
    titles = Counter(pull.title for pull in stage.pull_requests(state="all"))
    assert titles == Counter(f"Promote churn {n} to dev" for n in range(1, VERSIONS + 1))
    # The process that was cut off never told what its batch had come to.
    opened = sum(each["PullRequests"] for each in numbers(function))
    assert VERSIONS - 10 <= opened <= VERSIONS
    assert sum(each["Failures"] for each in numbers(function)) == drained.failures - 10
    require_no_secret(stage, function)
