"""The zip, run by AWS's own runtime client: what becomes of a batch, and what is said of it."""

import json
import re
from typing import Any

import pytest
from tests.end_to_end import play
from tests.lambda_runtime.conftest import SECRETS, Deploy
from tests.lambda_runtime.service import Function

from assent.sandbox.aws import Intake, transform
from assent.sandbox.stage import Stage

ATTEMPTS = 3
HOSTILE = {
    "id": "\u001b[2J\u202e::error::\n{}",
    "source": "aws.sagemaker",
    "detail-type": "SageMaker Model Package State Change",
    "detail": {"ModelPackageArn": "\u001b]0;owned\u0007\n::error::arn"},
}
POISON = ["no JSON at all \u001b[31m", json.dumps(HOSTILE), "[" * 200_000]


def send(stage: Stage, intake: Intake, *bodies: str) -> None:
    """Put messages into the queue that came past no rule of EventBridge's."""
    name = intake.queue_arn.rpartition(":")[2]
    sqs = stage.aws.backstage().sqs
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    for body in bodies:
        sqs.send_message(QueueUrl=url, MessageBody=body)


def require_no_secret(stage: Stage, function: Function) -> None:
    """Hold that nothing printed holds the App's key, a token, or what signs calls of AWS."""
    output = function.output()
    key = stage.environment()["ASSENT_APP_PRIVATE_KEY"]
    tokens = [each for each in stage.hub._state.tokens if each.startswith("ghs_")]
    assert tokens
    secrets = [*tokens, *SECRETS.values(), *(line for line in key.splitlines() if len(line) > 40)]
    assert not [secret for secret in secrets if secret in output]
    assert not re.search(r"BEGIN [A-Z ]*KEY|eyJ[\w-]+\.eyJ", output)


def numbers(function: Function) -> list[dict[str, Any]]:
    """The metrics of each invocation, by name."""
    found = []
    for line in function.metrics():
        (told,) = line["_aws"]["CloudWatchMetrics"]
        assert told["Namespace"] == "Assent"
        assert told["Dimensions"] == [["service"]]
        assert line["service"] == "assent"
        units = {each["Name"]: each["Unit"] for each in told["Metrics"]}
        assert units == {
            **dict.fromkeys(("Events", "PullRequests", "Refusals", "Failures"), "Count"),
            "OldestEventAge": "Seconds",
        }
        values = {name: line[name] for name in units}
        found.append(
            {name: each[0] if isinstance(each, list) else each for name, each in values.items()}
        )
    return found


def test_only_the_poison_of_a_batch_comes_back(
    stage: Stage, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A registration and an inference have their pull requests; what nobody can read ends dead."""
    for name, value in stage.environment().items():
        monkeypatch.setenv(name, value)
    inferred, registered = play.train(stage), play.train(stage, group="fraud")
    play.promote(stage, inferred)
    ran = transform(
        stage.aws, inferred.arn, "dev", outputs={"metrics.json": b'{"auc": {"value": 0.9}}'}
    )
    irrelevant = {**registered.event, "detail-type": "SageMaker Endpoint State Change"}
    intake = stage.aws.intake(attempts=ATTEMPTS)
    stage.aws.emit(registered.event, ran.event)
    send(stage, intake, json.dumps(irrelevant), *POISON)
    function = deploy(stage)
    stage.ledger.clear()

    drained = intake.drain(function)

    assert drained.errors == []
    assert sorted(intake.dead_letters) == sorted(POISON)
    assert (len(intake), drained.handled) == (0, 3)
    titles = [pull.title for pull in stage.pull_requests()]
    assert titles == ["Promote fraud 1 to dev", "Promote churn 1 to test"]
    assert len(function.environments) == 1
    minted = [call for call in stage.ledger.calls if call.path.endswith("/access_tokens")]
    assert len(minted) == 1

    first, *others = numbers(function)
    age = first.pop("OldestEventAge")
    assert 0 <= age < 60
    assert first == {"Events": 4, "PullRequests": 2, "Refusals": 3, "Failures": 3}
    for each in others:
        assert each.pop("OldestEventAge") > 0
        assert each == {"Events": 1, "PullRequests": 0, "Refusals": 3, "Failures": 3}
    require_no_secret(stage, function)


def test_each_line_of_the_log_tells_what_it_is_about(stage: Stage, deploy: Deploy) -> None:
    """By the event, the message, the request and the promotion it can be found again."""
    version = play.train(stage)
    intake = stage.aws.intake(attempts=1)
    stage.aws.emit(version.event)
    send(stage, intake, POISON[1])
    function = deploy(stage)

    intake.drain(function)

    (pull,) = stage.pull_requests()
    done, refused = function.said()
    (metrics,) = function.metrics()
    assert done["request_id"] == refused["request_id"] == metrics["request_id"]
    assert done["message_id"] != refused["message_id"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|\+00:00)", done["timestamp"])
    assert done == done | {
        "level": "INFO",
        "service": "assent",
        "event_id": version.event["id"],
        "outcome": "proposed",
        "environment": "dev",
        "model": "churn",
        "version": 1,
        "pull_request": pull.html_url,
        "message": f"churn 1 in dev: {pull.html_url} (opened)",
    }
    assert refused["level"] == "WARNING"
    assert refused["hint"]
    assert refused["event_id"].startswith("'\\x1b[2J")
    assert all(str(value).isprintable() for value in refused.values())
