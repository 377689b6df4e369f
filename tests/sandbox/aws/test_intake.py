"""The queue before the Lambda: what it hands out, what comes back, what is given up."""

import json
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from assent.sandbox.aws import AwsSandbox, Intake, sqs_batch

if TYPE_CHECKING:
    import datetime as dt

EVENT = {
    "version": "0",
    "detail-type": "SageMaker Model Package State Change",
    "source": "aws.sagemaker",
    "account": "111122223333",
    "time": "2026-11-22T10:00:00Z",
    "region": "eu-west-1",
    "resources": [],
    "detail": {},
}


@pytest.fixture
def intake(aws: AwsSandbox) -> Intake:
    return aws.intake(attempts=3)


def arrive(aws: AwsSandbox, *ids: str) -> None:
    aws.emit(*({**EVENT, "id": each} for each in ids))


def ids(batch: Mapping[str, Any] | None) -> list[str]:
    return [json.loads(each["body"])["id"] for each in batch["Records"]] if batch else []


class Lambda:
    """A function that fails the messages it is told to, and notes what it got."""

    def __init__(self, *failing: str) -> None:
        self.failing = set(failing)
        self.seen: list[list[str]] = []

    def __call__(self, batch: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Handle a batch."""
        assert context.get_remaining_time_in_millis() > 0
        self.seen.append(ids(batch))
        failed = [
            record["messageId"]
            for record, name in zip(batch["Records"], ids(batch), strict=True)
            if name in self.failing
        ]
        return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}


def test_a_message_is_what_lambda_gets(aws: AwsSandbox, intake: Intake) -> None:
    """A received message has every field of a made-up one, and its own receipts and counts."""
    arrive(aws, "1")
    batch = intake.receive()
    assert batch is not None
    [record] = batch["Records"]
    [made] = sqs_batch(["x"])["Records"]
    assert record.keys() == made.keys()
    assert made["attributes"].keys() <= record["attributes"].keys()
    assert json.loads(record["body"]) == {**EVENT, "id": "1"}
    assert record["eventSourceARN"] == "arn:aws:sqs:eu-west-1:111122223333:assent"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert intake.wait() is not None
    again = intake.receive()
    assert again is not None
    assert again["Records"][0]["attributes"]["ApproximateReceiveCount"] == "2"
    assert again["Records"][0]["receiptHandle"] != record["receiptHandle"]


def test_messages_come_in_batches_and_are_handed_out_once(aws: AwsSandbox, intake: Intake) -> None:
    """At most ten at a time; those in flight are hidden until they are settled or time passes."""
    arrive(aws, *map(str, range(12)))
    first, second = intake.receive(), intake.receive()
    assert ids(first) == [str(n) for n in range(10)]
    assert ids(second) == ["10", "11"]
    assert intake.receive() is None
    assert first is not None
    assert intake.settle(first, {"batchItemFailures": []}) == 0
    assert len(intake) == 2
    assert intake.receive() is None
    assert intake.wait() is not None
    assert ids(intake.receive(1)) == ["10"]


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        (None, 0),
        ({}, 0),
        ({"batchItemFailures": None}, 0),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, 2),
        ({"batchItemFailures": [{"itemIdentifier": "unknown"}]}, 2),
        ({"batchItemFailures": [{}]}, 2),
    ],
)
def test_an_answer_means_what_it_means_to_lambda(
    aws: AwsSandbox, intake: Intake, answer: dict[str, Any] | None, left: int
) -> None:
    """Nothing listed is success; an id that no message has fails the batch."""
    arrive(aws, "1", "2")
    batch = intake.receive()
    assert batch is not None
    assert intake.settle(batch, answer) == left
    assert len(intake) == left


def test_what_fails_comes_again_and_ends_as_a_dead_letter(aws: AwsSandbox, intake: Intake) -> None:
    """A message is delivered as often as the queue says, then given up; the others are done."""
    arrive(aws, "1", "2", "3")
    function = Lambda("2")
    drained = intake.drain(function)
    assert function.seen == [["1", "2", "3"], ["2"], ["2"]]
    assert (drained.handled, drained.failures, drained.batches) == (2, 3, 3)
    assert drained.errors == []
    assert len(intake) == 0
    assert [json.loads(body)["id"] for body in intake.dead_letters] == ["2"]


def test_a_function_that_raises_fails_its_batch(aws: AwsSandbox, intake: Intake) -> None:
    """Whatever it raises is kept; its messages come again until they are dead letters."""

    def broken(_batch: Mapping[str, Any], _context: LambdaContext) -> None:
        raise LookupError("no configuration")

    arrive(aws, "1", "2")
    drained = intake.drain(broken)
    assert [str(error) for error in drained.errors] == ["no configuration"] * 3
    assert (drained.handled, drained.failures) == (0, 6)
    assert len(intake.dead_letters) == 2


def test_time_passes_as_far_as_the_next_message(aws: AwsSandbox, intake: Intake) -> None:
    """A function may put a message off; clocks are told how long that was, and nothing waits."""
    arrive(aws, "1", "2")
    url = aws.backstage().sqs.get_queue_url(QueueName="assent")["QueueUrl"]
    delays = {"1": 4000, "2": 600}
    seen = []
    passed: list[dt.timedelta] = []

    def postponing(batch: Mapping[str, Any], _context: LambdaContext) -> dict[str, Any]:
        seen.append(ids(batch))
        failed = []
        for record in batch["Records"]:
            delay = delays.pop(json.loads(record["body"])["id"], None)
            if delay is not None:
                aws.backstage().sqs.change_message_visibility(
                    QueueUrl=url, ReceiptHandle=record["receiptHandle"], VisibilityTimeout=delay
                )
                failed.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": failed}

    drained = intake.drain(postponing, passed=passed.append)
    assert seen == [["1", "2"], ["2"], ["1"]]
    assert (drained.handled, drained.failures) == (2, 2)
    whole = [round(each.total_seconds() / 100) * 100 for each in passed]
    assert whole == [600, 3400]
    assert intake.wait() is None


def test_several_functions_share_a_queue(aws: AwsSandbox, intake: Intake) -> None:
    """Of a burst each message is handled once, by functions that run at the same time."""
    arrive(aws, *map(str, range(200)))
    together = threading.Barrier(4, timeout=10)
    function = Lambda("7")

    def handle(batch: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        if len(function.seen) < 12:
            together.wait()
        return function(batch, context)

    drained = intake.drain(handle, at_once=4)
    seen = [name for batch in function.seen for name in batch]
    assert sorted(seen) == sorted([*map(str, range(200)), "7", "7"])
    assert (drained.handled, drained.failures, drained.errors) == (199, 3, [])
    assert (len(intake), len(intake.dead_letters)) == (0, 1)


def test_laying_out_twice_changes_nothing(aws: AwsSandbox, intake: Intake) -> None:
    """A second time finds the queue with its messages, and no event comes twice."""
    arrive(aws, "1")
    again = aws.intake(attempts=3)
    arrive(aws, "2")
    assert len(intake) == len(again) == 2
    assert ids(again.receive()) == ["1", "2"]
