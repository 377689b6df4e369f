"""The time-out: the service kills the process wherever it is, and the redelivery ends the work."""

from collections.abc import Callable

import pytest
from tests.end_to_end import play
from tests.end_to_end.faults import intercepted
from tests.lambda_runtime.conftest import Deploy
from tests.lambda_runtime.service import Failed

from assent.sandbox.faults import KillSwitch
from assent.sandbox.stage import Stage
from assent.sandbox.wire import Call, Moment

Match = Callable[[Call], bool]
LABELS = ["assent", "environment: dev", "model: churn"]


def operation(end: str, method: str = "") -> Match:
    """Calls whose operation begins and ends so."""

    def matches(call: Call) -> bool:
        return call.operation.startswith(method) and call.operation.endswith(end)

    return matches


POINTS: list[tuple[str, Match, Moment]] = [
    ("described", operation("DescribeModelPackage"), Moment.AFTER),
    ("report read", operation("s3 GET"), Moment.AFTER),
    ("forge read", operation("/graphql"), Moment.AFTER),
    *(
        (f"{name}, {moment.value}", operation(end, method), moment)
        for name, end, method in (
            ("branch", "/git/refs", "POST"),
            ("file", ".yaml", "PUT"),
            ("pull request", "/pulls", "POST"),
            ("labels", "/labels", "POST"),
        )
        for moment in Moment
    ),
]


def test_a_time_out_anywhere_leaves_nothing_undone(stage: Stage, deploy: Deploy) -> None:
    """Of three messages the second is cut off; in the end each has one whole pull request."""
    intake = stage.aws.intake(attempts=2)
    function = deploy(stage)
    for name, match, moment in POINTS:
        for _ in range(3):
            stage.aws.emit(play.train(stage).event)
        switch = KillSwitch(2, moment, function.time_out, match=match)
        with intercepted(stage, switch):
            drained = intake.drain(function)
        assert switch.fired, name
        (error,) = drained.errors
        assert isinstance(error, Failed), name
        assert (len(intake), intake.dead_letters) == (0, ()), name

    versions = 3 * len(POINTS)
    pulls = stage.pull_requests(state="all")
    titles = [f"Promote churn {number} to dev" for number in range(1, versions + 1)]
    assert sorted(pull.title for pull in pulls) == sorted(titles)
    assert all([label.name for label in pull.labels] == LABELS for pull in pulls)
    assert all(pull.state == "open" and pull.commits == 1 for pull in pulls)
    assert len(function.environments) == 1 + len(POINTS)
    assert stage.ledger.count("aws", writes=True) == 0


def test_a_handler_that_cannot_start_says_so(stage: Stage, deploy: Deploy) -> None:
    """Without its settings each message fails by itself, and the log says what to set."""
    version = play.train(stage)
    intake = stage.aws.intake(attempts=1)
    stage.aws.emit(version.event)
    function = deploy(stage, {"ASSENT_REPOSITORY": ""})
    drained = intake.drain(function)
    assert (drained.failures, drained.errors) == (1, [])
    assert len(intake.dead_letters) == 1
    (line,) = function.said()
    assert line["message"] == "ASSENT_REPOSITORY does not name a repository"
    assert line["hint"] == "Set it to owner/name."
    assert not stage.pull_requests()
    with pytest.raises(Failed, match="No module named"):
        deploy(stage, handler="nowhere.handler")(version.event)
