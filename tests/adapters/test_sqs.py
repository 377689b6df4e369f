"""Messages that are handed back for later: memory, moto, and what SQS alone answers."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.stub import Stubber

from assent.adapters.aws_session import AccessRefused, AwsFailed, AwsSession
from assent.adapters.memory import MemoryQueue, Postponed
from assent.adapters.sqs import LONGEST_DELAY, SqsQueue
from assent.core.errors import AssentError
from assent.ports import Queue, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

ARN = "arn:aws:sqs:eu-west-1:123456789012:assent-events"
URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/assent-events"


@pytest.fixture
def stub(unplugged: AwsSession) -> Iterator[Stubber]:
    with Stubber(unplugged.sqs()) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def received(client: "SQSClient", url: str) -> list[str]:
    """The receipt handles of the messages that can be received now."""
    return [
        each["ReceiptHandle"] for each in client.receive_message(QueueUrl=url).get("Messages", [])
    ]


def test_a_postponed_message_appears_when_it_was_told(aws: AwsSession) -> None:
    """One that is handed back for now can be received at once, one for later cannot."""
    client = aws.sqs()
    url = client.create_queue(QueueName="assent-events")["QueueUrl"]
    client.send_message(QueueUrl=url, MessageBody="{}")
    queue = SqsQueue(client)
    (first,) = received(client, url)
    assert received(client, url) == []
    queue.postpone(ARN, first, 0)
    (second,) = received(client, url)
    queue.postpone(ARN, second, 10**9)
    assert received(client, url) == []
    queue.postpone(ARN, second, -5)
    assert len(received(client, url)) == 1


def test_a_queue_that_does_not_exist_is_said(aws: AwsSession) -> None:
    """A missing queue is a failure that waiting does not change."""
    with pytest.raises(AwsFailed, match="sqs:GetQueueUrl"):
        SqsQueue(aws.sqs()).postpone(ARN, "handle", 1)


def test_the_address_of_a_queue_is_asked_once(stub: Stubber, unplugged: AwsSession) -> None:
    """Each queue's address is asked by name and account, and then known."""
    asked: dict[str, Any] = {"QueueName": "assent-events", "QueueOwnerAWSAccountId": "123456789012"}
    stub.add_response("get_queue_url", {"QueueUrl": URL}, asked)
    for handle, seconds in (("a", 1), ("b", LONGEST_DELAY)):
        stub.add_response(
            "change_message_visibility",
            {},
            {"QueueUrl": URL, "ReceiptHandle": handle, "VisibilityTimeout": seconds},
        )
    stub.add_response(
        "get_queue_url", {"QueueUrl": f"{URL}2"}, {**asked, "QueueName": "assent-events2"}
    )
    stub.add_response(
        "change_message_visibility",
        {},
        {"QueueUrl": f"{URL}2", "ReceiptHandle": "c", "VisibilityTimeout": 0},
    )
    queue = SqsQueue(unplugged.sqs())
    queue.postpone(ARN, "a", 1)
    queue.postpone(ARN, "b", LONGEST_DELAY + 1)
    queue.postpone(f"{ARN}2", "c", -1)


@pytest.mark.parametrize(
    ("code", "status", "becomes"),
    [
        ("RequestThrottled", 400, Unavailable),
        ("InternalError", 500, Unavailable),
        ("AccessDenied", 403, AccessRefused),
        ("AWS.SimpleQueueService.NonExistentQueue", 400, AwsFailed),
    ],
)
def test_an_address_that_was_not_told_is_asked_again(
    stub: Stubber, unplugged: AwsSession, code: str, status: int, becomes: type[AssentError]
) -> None:
    """A failure is told apart, and not remembered as the answer."""
    queue = SqsQueue(unplugged.sqs())
    stub.add_client_error("get_queue_url", code, "no", status)
    with pytest.raises(AssentError, match="sqs:GetQueueUrl") as raised:
        queue.postpone(ARN, "handle", 1)
    assert type(raised.value) is becomes
    stub.add_response("get_queue_url", {"QueueUrl": URL})
    stub.add_response("change_message_visibility", {})
    queue.postpone(ARN, "handle", 1)


@pytest.mark.parametrize(
    ("code", "becomes"),
    [
        ("RequestThrottled", Unavailable),
        ("AccessDenied", AccessRefused),
        ("ReceiptHandleIsInvalid", AwsFailed),
        ("AWS.SimpleQueueService.MessageNotInflight", AwsFailed),
        ("InvalidParameterValue", AwsFailed),
    ],
)
def test_a_message_that_could_not_be_postponed_is_said(
    stub: Stubber, unplugged: AwsSession, code: str, becomes: type[AssentError]
) -> None:
    """A receipt that no longer counts, and a lacking permission, reach the caller."""
    stub.add_response("get_queue_url", {"QueueUrl": URL})
    stub.add_client_error("change_message_visibility", code, "no", 400)
    with pytest.raises(AssentError, match="sqs:ChangeMessageVisibility") as raised:
        SqsQueue(unplugged.sqs()).postpone(ARN, "handle", 1)
    assert type(raised.value) is becomes


@pytest.mark.parametrize(
    "queue", [SqsQueue(cast("SQSClient", None)), MemoryQueue()], ids=["real", "memory"]
)
@pytest.mark.parametrize(
    "arn", ["", "assent-events", URL, f"{ARN}\n", ARN.replace("sqs", "sns"), f"{ARN}/x", f"{ARN}:x"]
)
def test_what_is_no_queue_is_refused(queue: Queue, arn: str) -> None:
    """Anything but the ARN of a queue is refused before anything is asked."""
    with pytest.raises(AwsFailed, match="not the ARN of an SQS queue") as raised:
        queue.postpone(arn, "handle", 1)
    assert raised.value.message.isprintable()


def test_memory_tells_what_was_postponed() -> None:
    """The fake remembers each message with the time that SQS would be given."""
    queue = MemoryQueue()
    for seconds in (-1, 60, 10**9):
        queue.postpone(ARN, "handle", seconds)
    assert queue.postponed == [
        Postponed(queue_arn=ARN, receipt_handle="handle", seconds=seconds)
        for seconds in (0, 60, LONGEST_DELAY)
    ]
