"""SQS queues, as far as a message that was received needs them."""

import re
from typing import TYPE_CHECKING, NamedTuple

from assent.adapters.aws_session import AwsFailed, asking
from assent.core.names import shown

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

__all__ = ["LONGEST_DELAY", "QueueName", "SqsQueue", "bounded_delay", "parse_queue_arn"]

LONGEST_DELAY = 43_200 - 900
"""Seconds. SQS allows twelve hours counted from when the message was received, and refuses more
than what is left of them; a Lambda may have had the message for fifteen minutes."""
_ARN = re.compile(
    r"arn:aws[a-z-]{0,20}:sqs:[a-z0-9-]{1,30}:(?P<account>[0-9]{12}):"
    r"(?P<name>[A-Za-z0-9_-]{1,80}(?:\.fifo)?)",
    re.ASCII,
)


class QueueName(NamedTuple):
    """A queue within its region."""

    account: str
    name: str


class SqsQueue:
    """Queues in the region that the client speaks to.

    The address of a queue is asked once, so that a sandbox's or a VPC endpoint's is as good as
    any.
    """

    def __init__(self, client: "SQSClient") -> None:
        self._client = client
        self._urls: dict[str, str] = {}

    def postpone(self, queue_arn: str, receipt_handle: str, seconds: int, /) -> None:
        """Let a received message appear again after a time, of at most `LONGEST_DELAY`.

        Args:
            queue_arn: The queue, as Lambda names it in `eventSourceARN`.
            receipt_handle: Of the receipt that is to be handed back.
            seconds: The time from now; none or less lets it appear at once.

        Raises:
            Unavailable: SQS did not answer, or refused for now.
            AccessRefused: The principal lacks sqs:GetQueueUrl or sqs:ChangeMessageVisibility.
            CredentialsRefused: There are no usable credentials.
            AwsFailed: There is no such queue, or the message is no longer held under that receipt.
        """
        url = self._url(queue_arn)
        with asking("sqs:ChangeMessageVisibility", queue_arn):
            self._client.change_message_visibility(
                QueueUrl=url,
                ReceiptHandle=receipt_handle,
                VisibilityTimeout=bounded_delay(seconds),
            )

    def _url(self, arn: str) -> str:
        if arn not in self._urls:
            queue = parse_queue_arn(arn)
            with asking("sqs:GetQueueUrl", arn):
                self._urls[arn] = self._client.get_queue_url(
                    QueueName=queue.name, QueueOwnerAWSAccountId=queue.account
                )["QueueUrl"]
        return self._urls[arn]


def parse_queue_arn(arn: str) -> QueueName:
    """The account and name of a queue.

    Raises:
        AwsFailed: It is not the ARN of one.
    """
    match = _ARN.fullmatch(arn)
    if match is None:
        raise AwsFailed(
            f"{shown(arn, 300)} is not the ARN of an SQS queue",
            hint="Expected arn:aws:sqs:REGION:ACCOUNT:NAME.",
        )
    return QueueName(match["account"], match["name"])


def bounded_delay(seconds: int) -> int:
    """The seconds, or the nearest number of them that SQS takes."""
    return max(0, min(seconds, LONGEST_DELAY))
