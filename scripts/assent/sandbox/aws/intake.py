"""The way in: rules on EventBridge, a queue with its dead letters, and what polls it for a Lambda.

Everything here is made through the services' own APIs, as the deployed stack would be: events
pass real rules into a real queue, and a message that fails too often ends as a dead letter.
"""

import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from moto.core.utils import unix_time_millis
from moto.sqs.models import Message, sqs_backends

from assent.sandbox.aws.clients import Backstage
from assent.sandbox.aws.events import lambda_context, sqs_event

__all__ = ["Drained", "Handler", "Intake", "lay_out"]

Handler = Callable[[dict[str, Any], LambdaContext], Mapping[str, Any] | None]
"""A Lambda function that takes batches from SQS and reports the messages that failed."""

_SAGEMAKER = {
    "source": ["aws.sagemaker"],
    "detail-type": [
        "SageMaker Model Package State Change",
        "SageMaker Transform Job State Change",
        "SageMaker Processing Job State Change",
    ],
}
_OWN = {
    "source": ["assent"],
    "detail-type": ["Assent Inference Completed", "Assent Violations Found"],
}
_RETRAINING = {"source": ["assent"], "detail-type": ["Assent Retraining Requested"]}
_BATCH = 10
_VISIBILITY = 180
"""Seconds; AWS advises six times the function's time-out."""


@dataclass(slots=True, kw_only=True)
class Drained:
    """What came of a queue that was emptied."""

    batches: int = 0
    handled: int = 0
    """Messages that the function was done with, each counted once."""
    failures: int = 0
    """Deliveries that failed; a message may fail several times."""
    errors: list[Exception] = field(default_factory=list)
    """What the function raised; each failed a whole batch."""


class Intake:
    """A queue that EventBridge's rules lead into, polled as Lambda's event source mapping does."""

    def __init__(
        self, backstage: Backstage, lock: AbstractContextManager[object], *, bus: str, queue: str
    ) -> None:
        self._sqs = backstage.sqs
        self._lock = lock
        self._place = f"{backstage.region}:{backstage.account}"
        self.bus_arn = f"arn:aws:events:{self._place}:event-bus/{bus}"
        """The bus to which Assent and other accounts send."""
        self.queue_arn = self._arn(queue)
        self.dead_letters_arn = self._arn(_dead(queue))
        self.retraining_arn = self._arn(_retraining(queue))
        self._url = self._sqs.get_queue_url(QueueName=queue)["QueueUrl"]

    def _arn(self, queue: str) -> str:
        return f"arn:aws:sqs:{self._place}:{queue}"

    def receive(self, most: int = _BATCH) -> dict[str, Any] | None:
        """Receive up to ten messages as a Lambda function gets them; None where none are visible.

        They are in flight until ``settle``, or until their visibility timeout is over.
        """
        answer = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=most,
            MessageSystemAttributeNames=["All"],
            WaitTimeSeconds=0,
        )
        messages = answer.get("Messages")
        return sqs_event(messages, queue=self.queue_arn) if messages else None

    def settle(self, batch: Mapping[str, Any], answer: Mapping[str, Any] | None) -> int:
        """Delete the messages that a function was done with; the others stay in flight.

        Args:
            batch: What ``receive`` returned.
            answer: What the function returned. As for Lambda, nothing listed means that all went
                well, and an id that no message has means that all failed.

        Returns:
            How many failed.
        """
        handles = {each["messageId"]: each["receiptHandle"] for each in batch["Records"]}
        listed = (answer or {}).get("batchItemFailures") or []
        failed = {each.get("itemIdentifier") for each in listed}
        if not failed <= handles.keys():
            failed = set(handles)
        done = [handle for message, handle in handles.items() if message not in failed]
        if done:
            self._sqs.delete_message_batch(
                QueueUrl=self._url,
                Entries=[{"Id": str(n), "ReceiptHandle": each} for n, each in enumerate(done)],
            )
        return len(failed)

    def wait(self) -> dt.timedelta | None:
        """Let the time pass, in this queue alone, until the next message in flight is visible.

        Returns:
            How long that was, for other clocks to follow; None where none is in flight.
        """
        with self._lock:
            messages = self._messages(self.queue_arn)
            now = unix_time_millis()
            hidden = [each for each in messages if each.visible_at >= now]
            if not hidden:
                return None
            passed = min(each.visible_at for each in hidden) - now + 1
            for each in hidden:
                each.visible_at -= passed
        return dt.timedelta(milliseconds=passed)

    def drain(
        self,
        handler: Handler,
        *,
        context: LambdaContext | None = None,
        most: int = _BATCH,
        at_once: int = 1,
        passed: Callable[[dt.timedelta], object] | None = None,
    ) -> Drained:
        """Invoke a Lambda function with batches until the queue is empty.

        Messages that fail come again when their visibility timeout is over, or when the function
        wanted them back, until they are dead letters. Nothing waits: see ``wait``. Whatever the
        function raises fails its batch, and is kept in the result.

        Args:
            handler: The function.
            context: What it is invoked with.
            most: How many messages a batch has.
            at_once: How many batches are handled at the same time, each in a thread of its own.
            passed: Told how much time passed, each time that some did.
        """
        drained = Drained()

        def invoke(batch: dict[str, Any]) -> tuple[dict[str, Any], Mapping[str, Any] | None]:
            try:
                return batch, handler(batch, context or lambda_context())
            except Exception as error:  # noqa: BLE001  # Lambda catches whatever a function raises
                drained.errors.append(error)
                return batch, {"batchItemFailures": [{"itemIdentifier": ""}]}

        with ThreadPoolExecutor(at_once) as threads:
            while True:
                batches = list(islice(iter(lambda: self.receive(most), None), at_once))
                # Time passes only while nothing is being handled: it would come again.
                if not batches:
                    time = self.wait()
                    if time is None:
                        return drained
                    if passed is not None:
                        passed(time)
                # One alone needs no thread, and some functions would not like one.
                answers = threads.map(invoke, batches) if at_once > 1 else map(invoke, batches)
                for batch, answer in answers:
                    failed = self.settle(batch, answer)
                    drained.batches += 1
                    drained.handled += len(batch["Records"]) - failed
                    drained.failures += failed

    def _waiting_in(self, queue_arn: str) -> tuple[str, ...]:
        """The bodies of all messages in a queue, oldest first; looking leaves no trace."""
        with self._lock:
            return tuple(message.body for message in self._messages(queue_arn))

    @staticmethod
    def _messages(queue_arn: str) -> list[Message]:
        _, _, _, region, account, name = queue_arn.split(":")
        messages: list[Message] = sqs_backends[account][region].get_queue(name)._messages  # noqa: SLF001  # those in flight too
        return messages

    def __len__(self) -> int:
        """How many messages are in the queue, in flight or not."""
        return len(self._waiting_in(self.queue_arn))

    @property
    def dead_letters(self) -> tuple[str, ...]:
        """The bodies of the messages that were given up, oldest first."""
        return self._waiting_in(self.dead_letters_arn)

    @property
    def retraining(self) -> tuple[dict[str, Any], ...]:
        """The events that asked for a retraining, oldest first."""
        return tuple(json.loads(body) for body in self._waiting_in(self.retraining_arn))


def _dead(queue: str) -> str:
    return f"{queue}-dead-letters"


def _retraining(queue: str) -> str:
    return f"{queue}-retraining"


def lay_out(
    home: Backstage,
    others: Sequence[Backstage],
    lock: AbstractContextManager[object],
    *,
    bus: str,
    queue: str,
    attempts: int,
) -> Intake:
    """Create the bus, the queues and the rules, here and in other accounts.

    What exists already stays as it is. SageMaker's events reach the queue from the default bus of
    each account, Assent's own from the bus; other accounts pass theirs on to the bus, and may
    send to it.

    Args:
        home: The account of the queue.
        others: Further accounts, in the same region or another.
        lock: Held while the queues are looked into.
        bus: The bus's name; ``default`` is there already.
        queue: The queue's name.
        attempts: How often a message is delivered before it is a dead letter.
    """
    if bus != "default" and bus not in _names(home):
        home.events.create_event_bus(Name=bus)
    for name in (_dead(queue), _retraining(queue)):
        home.sqs.create_queue(QueueName=name)
    redrive = {
        "deadLetterTargetArn": f"arn:aws:sqs:{home.region}:{home.account}:{_dead(queue)}",
        "maxReceiveCount": attempts,
    }
    home.sqs.create_queue(
        QueueName=queue,
        Attributes={
            "RedrivePolicy": json.dumps(redrive),
            "VisibilityTimeout": str(_VISIBILITY),
        },
    )
    intake = Intake(home, lock, bus=bus, queue=queue)
    for name in dict.fromkeys(("default", bus)):
        _rule(home, name, "assent-sagemaker", _SAGEMAKER, intake.queue_arn)
        _rule(home, name, "assent-own", _OWN, intake.queue_arn)
        _rule(home, name, "assent-retraining", _RETRAINING, intake.retraining_arn)
    for other in others:
        home.events.put_permission(
            EventBusName=bus,
            Action="events:PutEvents",
            Principal=other.account,
            StatementId=f"from-{other.account}",
        )
        _rule(other, "default", "assent-sagemaker", _SAGEMAKER, intake.bus_arn)
        _rule(other, "default", "assent-own", _OWN, intake.bus_arn)
    return intake


def _names(account: Backstage) -> set[str]:
    return {each["Name"] for each in account.events.list_event_buses()["EventBuses"]}


def _rule(
    account: Backstage, bus: str, name: str, pattern: Mapping[str, Iterable[str]], target: str
) -> None:
    account.events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps(pattern))
    account.events.put_targets(
        Rule=name, EventBusName=bus, Targets=[{"Id": "assent", "Arn": target}]
    )
