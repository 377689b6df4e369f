"""SQS before a Lambda, on a clock that only moves when it is told to: days pass in a second.

The sandbox's own queue is moto's, whose clock is the machine's. Here the queue, GitHub's limits and
Assent read one clock, so that what a limit of an hour does to a message can be counted.
"""

import hashlib
import heapq
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from assent.adapters.aws_session import AwsFailed
from assent.adapters.memory import SettableClock
from assent.adapters.sqs import bounded_delay, parse_queue_arn
from assent.sandbox.aws import lambda_context
from assent.sandbox.aws.events import sqs_event

Handler = Callable[[dict[str, Any], LambdaContext], Mapping[str, Any]]

BATCH = 10
VISIBILITY = timedelta(seconds=180)
"""Six times the function's timeout, as AWS advises."""
RETENTION = timedelta(days=4)
"""SQS's own default; a message that is older is lost."""


@dataclass(slots=True, kw_only=True)
class Message:
    """A message, wherever it is now."""

    id: str
    body: str
    sent: datetime
    visible: datetime
    """When it can be received next."""
    receipt: str = ""
    """The one that counts: of the latest delivery."""
    received: int = 0


@dataclass(slots=True, kw_only=True)
class Drained:
    """What became of everything that was sent."""

    done: list[Message] = field(default_factory=list)
    """Those that the function was done with, in the order in which it was."""
    dead: list[Message] = field(default_factory=list)
    """Those that were delivered as often as is allowed, and never successfully."""
    expired: list[Message] = field(default_factory=list)
    """Those that were kept as long as is allowed; SQS deletes them without a word."""
    batches: int = 0
    postponed: int = 0
    """How often the function put a message off."""


class EventSource:
    """A standard queue and the event source mapping that polls it; implements `ports.Queue`.

    One function runs at a time: it is handed up to ten visible messages, the longest visible
    first. Those that it reports stay, hidden until their visibility timeout is over or as long as
    the function asked; a message that was received too often is a dead letter when it would be
    received once more.

    Args:
        clock: Moved on by waiting for messages; the function may move it too.
        arn: The queue's.
        attempts: `maxReceiveCount`: how often a message may be received.
    """

    def __init__(self, clock: SettableClock, *, arn: str, attempts: int) -> None:
        self._clock = clock
        self._arn = arn
        self._attempts = attempts
        self._numbers = itertools.count(1)
        self._waiting: list[tuple[datetime, int, Message]] = []
        """A heap: the next one to be visible first."""
        self._in_flight: dict[str, Message] = {}
        """By receipt."""
        self.drained = Drained()

    def send(self, body: str) -> str:
        """Send a message; returns its id."""
        # Ids are the queue's to give; they spread what depends on them, and are always the same.
        number = next(self._numbers)
        now = self._clock.now()
        message = Message(
            id=hashlib.sha256(f"message {number}".encode()).hexdigest(),
            body=body,
            sent=now,
            visible=now,
        )
        self._put(message)
        return message.id

    def postpone(self, queue_arn: str, receipt_handle: str, seconds: int, /) -> None:
        """See `ports.Queue`.

        Raises:
            AwsFailed: It is another queue, or the message is not in flight by that receipt.
        """
        parse_queue_arn(queue_arn)
        if queue_arn != self._arn or receipt_handle not in self._in_flight:
            raise AwsFailed(f"{queue_arn} has no message in flight by that receipt")
        delay = timedelta(seconds=bounded_delay(seconds))
        self._in_flight[receipt_handle].visible = self._clock.now() + delay
        self.drained.postponed += 1

    def drain(self, function: Handler) -> Drained:
        """Invoke a function with batches until no message is left."""
        while self._waiting:
            self._clock.set(max(self._clock.now(), self._waiting[0][0]))
            batch = self._receive()
            if batch:
                self.drained.batches += 1
                event = sqs_event([self._as_received(each) for each in batch], queue=self._arn)
                answer = function(event, lambda_context())
                self._settle(
                    batch, {each["itemIdentifier"] for each in answer["batchItemFailures"]}
                )
        return self.drained

    def _receive(self) -> list[Message]:
        now = self._clock.now()
        batch: list[Message] = []
        while self._waiting and self._waiting[0][0] <= now and len(batch) < BATCH:
            _, _, message = heapq.heappop(self._waiting)
            if now - message.sent > RETENTION:
                self.drained.expired.append(message)
            elif message.received >= self._attempts:
                self.drained.dead.append(message)
            else:
                message.received += 1
                message.visible = now + VISIBILITY
                message.receipt = f"{message.id}/{message.received}"
                self._in_flight[message.receipt] = message
                batch.append(message)
        return batch

    def _settle(self, batch: list[Message], failed: set[str]) -> None:
        assert failed <= {message.id for message in batch}  # Lambda would fail the whole batch
        for message in batch:
            del self._in_flight[message.receipt]
            if message.id in failed:
                self._put(message)
            else:
                self.drained.done.append(message)

    def _put(self, message: Message) -> None:
        heapq.heappush(self._waiting, (message.visible, next(self._numbers), message))

    @staticmethod
    def _as_received(message: Message) -> dict[str, Any]:
        sent = str(int(message.sent.timestamp() * 1000))
        return {
            "MessageId": message.id,
            "ReceiptHandle": message.receipt,
            "Body": message.body,
            "Attributes": {
                "ApproximateReceiveCount": str(message.received),
                "SentTimestamp": sent,
                "SenderId": "AIDAIT2UOQQY3AUEKVGXU",
                "ApproximateFirstReceiveTimestamp": sent,
            },
            "MD5OfBody": hashlib.md5(message.body.encode(), usedforsecurity=False).hexdigest(),
        }
