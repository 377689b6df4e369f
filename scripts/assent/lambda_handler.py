"""AWS Lambda: a batch of SQS messages, each one EventBridge event, to pull requests.

One bad message never blocks or loses the others: each that fails is reported back by itself, so
that SQS delivers it again, and after its last attempt moves it to the dead-letter queue. What may
succeed later is delivered again later each time, and no earlier than GitHub asks; until then GitHub
is not asked for anything, whichever message comes.
"""

import math
from datetime import timedelta
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from assent.core.backoff import delay_seconds
from assent.core.errors import AssentError
from assent.core.events import Ignored, parse_event, read_event
from assent.core.outcome import DifferenceReported, Outcome, Proposed, Unusable
from assent.core.rendering.outcome import outcome_line
from assent.ports import Clock, Queue, Unavailable
from assent.wiring import (
    Proposer,
    proposer_from_environment,
    queue_from_environment,
    wall_clock,
)

__all__ = ["handler"]

_logger = Logger(service="assent")
_processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@cache
def _proposer() -> Proposer:
    """Made once per process: its tokens, clients and configuration outlive one event."""
    return proposer_from_environment()


@cache
def _queue() -> Queue:
    """Made once per process, when a message has to wait for the first time."""
    return queue_from_environment()


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Propose what a batch of messages asks for.

    Args:
        event: SQS's event, as the event source mapping sends it.
        context: Lambda's own.

    Returns:
        `{"batchItemFailures": [{"itemIdentifier": ...}]}`: the messages to deliver again.
    """
    response = process_partial_response(
        event=event, record_handler=_handle, processor=_processor, context=context
    )
    return dict(response)


class NotTried(Unavailable):
    """A message was left alone, for GitHub would only refuse it as it refused an earlier one."""


class _Limit:
    """What a service that is asked too often said to one message holds for all of them.

    Args:
        clock: The wall's: a function is frozen between its calls, and a counter would stand still.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._said: Unavailable | None = None
        self._until = clock.now()

    def note(self, error: Unavailable) -> None:
        """Remember a refusal that says when to come back."""
        if error.retry_after is not None:
            self._said = error
            self._until = self._clock.now() + timedelta(seconds=error.retry_after)

    def require_none(self) -> None:
        """Refuse what would only be refused again.

        Raises:
            NotTried: The limit still holds; it says for how many seconds.
        """
        if self._said is None:
            return
        left = (self._until - self._clock.now()).total_seconds()
        if left <= 0:
            self._said = None
            return
        raise NotTried(
            f"not tried, for an earlier message was refused: {self._said.message}",
            retry_after=math.ceil(left),
        )


@cache
def _limit() -> _Limit:
    """One for the process, as its token is."""
    return _Limit(_clock)


_clock = wall_clock()


def _handle(record: SQSRecord) -> None:
    """Propose what one message asks for.

    Raises:
        AssentError: It could not be done, so that the message is reported back.
    """
    limit: int | None = None
    try:
        event = read_event(record.body)
        if not isinstance(parse_event(event), Ignored):
            _limit().require_none()
        outcome = _proposer().propose(event)
    except AssentError as error:
        if isinstance(error, Unavailable):
            limit = error.retry_after
        if isinstance(error, Unavailable) and not isinstance(error, NotTried):
            _limit().note(error)
        extra: dict[str, Any] = {
            "message_id": record.message_id,
            "hint": error.hint,
            "retryable": error.retryable,
        }
        if error.retryable:
            extra["waits"] = _postpone(record, limit)
        _logger.warning(error.message, extra=extra)
        raise
    _log(outcome, record.message_id)


def _log(outcome: Outcome, message_id: str) -> None:
    untold = isinstance(outcome, Proposed) and outcome.not_notified is not None
    warns = untold or isinstance(outcome, Unusable | DifferenceReported)
    log = _logger.warning if warns else _logger.info
    log(outcome_line(outcome), extra={"message_id": message_id})


def _postpone(record: SQSRecord, retry_after: int | None) -> int | None:
    """Let a message come back later; returns in how many seconds, or None where that failed.

    It then comes back when the queue's own visibility timeout is over.
    """
    received = record.attributes.approximate_receive_count
    seconds = delay_seconds(
        record.message_id, int(received) if received.isdecimal() else 1, retry_after
    )
    try:
        _queue().postpone(record.event_source_arn, record.receipt_handle, seconds)
    except AssentError as error:
        _logger.warning(
            "the message could not be postponed: %s",
            error.message,
            extra={"message_id": record.message_id, "hint": error.hint},
        )
        return None
    return seconds
