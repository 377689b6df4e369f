"""What the Lambda tells of its work, and where it tells nothing."""

import json
from typing import Any

import pytest

from assent import lambda_handler
from assent.core.errors import AssentError
from assent.core.events import MalformedEvent, parse_event
from assent.core.names import RecordId
from assent.core.outcome import Attempt, Outcome, Proposed, Unusable
from assent.lambda_telemetry import Tally, event_facts, outcome_facts
from assent.ports import Unavailable
from assent.sandbox.aws import lambda_context, sqs_batch

ID = RecordId("dev", "churn", 7)
OPENED = Proposed(id=ID, url="https://x/1", number=1, attempt=Attempt.OPENED)
OPEN = Proposed(id=ID, url="https://x/1", number=1, attempt=Attempt.ALREADY_OPEN)
COMPLETED = Proposed(id=ID, url="https://x/1", number=1, attempt=Attempt.COMPLETED)
UNUSABLE = Unusable(id=ID, run="nightly", uri="s3://a/b", why="it is missing")
ARN = "arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/7"
EVENT = {
    "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
    "source": "aws.sagemaker",
    "detail-type": "SageMaker Model Package State Change",
    "detail": {"ModelPackageArn": ARN},
}


class Answering:
    """A proposer that answers one message after another as it was told to."""

    def __init__(self, *answers: Outcome | Exception) -> None:
        self._answers = list(answers)

    def propose(self, _event: object) -> Outcome:
        """The next answer."""
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def _no_limit() -> None:
    lambda_handler._limit.cache_clear()


def deliver(monkeypatch: pytest.MonkeyPatch, *answers: Outcome | Exception) -> list[int]:
    """Hand the handler a message for each answer; the places of those that it wants again."""
    proposer = Answering(*answers)
    monkeypatch.setattr(lambda_handler, "_proposer", lambda: proposer)
    batch = sqs_batch([EVENT for _ in answers])
    places = {record["messageId"]: place for place, record in enumerate(batch["Records"])}
    response = lambda_handler.handler(batch, lambda_context())
    return [places[each["itemIdentifier"]] for each in response["batchItemFailures"]]


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The metrics that were printed."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [line for line in lines if "_aws" in line]


def test_outside_of_lambda_there_are_no_metrics(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sandbox and its demo run the handler too, and print what they want to say."""
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME", raising=False)
    assert deliver(monkeypatch, OPENED) == []
    assert printed(capsys) == []


def test_each_invocation_counts_what_it_came_to(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was open already is no pull request; a malformed event is a refusal and a failure."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "assent-propose")
    answers = (OPENED, OPEN, COMPLETED, UNUSABLE, MalformedEvent("no"), AssentError("denied"))
    assert deliver(monkeypatch, *answers) == [4, 5]
    assert deliver(monkeypatch, OPEN) == []
    first, second = printed(capsys)
    assert (first["Events"], first["PullRequests"]) == ([6.0], [2.0])
    assert (first["Refusals"], first["Failures"]) == ([2.0], [2.0])
    assert first["OldestEventAge"][0] >= 0
    assert (second["Events"], second["PullRequests"]) == ([1.0], [0.0])
    assert (second["Refusals"], second["Failures"]) == ([0.0], [0.0])


def test_what_nobody_foresaw_comes_back_alone_and_is_told(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Another kind of exception loses neither the batch nor the metrics; the log has its place."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "assent-propose")
    assert deliver(monkeypatch, OPENED, RuntimeError("bad\n::error::\x1b[31m"), OPENED) == [1]
    (metrics,) = printed(capsys)
    assert (metrics["PullRequests"], metrics["Failures"]) == ([2.0], [1.0])
    (told,) = [each for each in caplog.records if each.levelname == "ERROR"]
    assert told.getMessage() == "unexpected RuntimeError: 'bad\\n::error::\\x1b[31m'"
    assert told.exc_info is not None
    assert vars(told)["model"] == "churn"


def test_a_message_that_waited_is_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its age is what counts; clocks that differ make it neither negative nor absurd."""
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME", raising=False)
    tally = Tally("request")
    for seconds in (3.0, -20.0, 90.5, 4.0):
        tally.note_age(seconds)
    assert tally.oldest == 90.5
    tally.note_age(1e12)
    assert tally.oldest == 15 * 24 * 3600


def test_a_throttled_service_is_no_refusal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What may succeed later is a failure alone."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "assent-propose")
    monkeypatch.setattr(lambda_handler, "_postpone", lambda *_: 30)
    assert deliver(monkeypatch, Unavailable("later")) == [0]
    (metrics,) = printed(capsys)
    assert (metrics["Refusals"], metrics["Failures"]) == ([0.0], [1.0])


@pytest.mark.parametrize(
    ("event", "facts"),
    [
        (EVENT, {"event_id": EVENT["id"], "model": "churn", "version": 7}),
        ({**EVENT, "id": 5}, {"model": "churn", "version": 7}),
        ({**EVENT, "id": "\x1b[2J"}, {"event_id": "'\\x1b[2J'", "model": "churn", "version": 7}),
        ({**EVENT, "source": "aws.s3"}, {"event_id": EVENT["id"]}),
    ],
)
def test_an_event_is_told_by_what_it_is_about(
    event: dict[str, object], facts: dict[str, object]
) -> None:
    """Its id is somebody else's text, and is quoted unless it is plain."""
    assert event_facts(event, parse_event(event)) == facts


def test_an_outcome_is_told_in_fields_of_their_own() -> None:
    """By these the log is searched."""
    assert outcome_facts(OPENED) == {
        "outcome": "proposed",
        "environment": "dev",
        "model": "churn",
        "version": 7,
        "pull_request": "https://x/1",
    }
