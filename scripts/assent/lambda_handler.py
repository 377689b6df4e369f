"""AWS Lambda: a batch of SQS messages, each one EventBridge event, to pull requests.

One bad message never blocks or loses the others: each that fails is reported back by itself, so
that SQS delivers it again, and after its last attempt moves it to the dead-letter queue. What may
succeed later is delivered again later each time, and no earlier than GitHub asks.
"""

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
from assent.core.events import read_event
from assent.core.outcome import Outcome, Proposed, Unusable
from assent.core.rendering.outcome import outcome_line
from assent.ports import Queue, Unavailable
from assent.wiring import Proposer, proposer_from_environment, queue_from_environment

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
        event=event, record_handler=_Batch().handle, processor=_processor, context=context
    )
    return dict(response)


class _Batch:
    """One batch: what a service that is asked too often says to one message holds for the rest."""

    def __init__(self) -> None:
        self._limited: Unavailable | None = None

    def handle(self, record: SQSRecord) -> None:
        """Propose what one message asks for.

        Raises:
            AssentError: It could not be done, so that the message is reported back.
        """
        try:
            if self._limited is not None:
                raise Unavailable(
                    f"not tried, for an earlier message was refused: {self._limited.message}",
                    retry_after=self._limited.retry_after,
                )
            outcome = _proposer().propose(read_event(record.body))
        except AssentError as error:
            limit = error.retry_after if isinstance(error, Unavailable) else None
            if isinstance(error, Unavailable) and limit is not None and self._limited is None:
                self._limited = error
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
    log = _logger.warning if untold or isinstance(outcome, Unusable) else _logger.info
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
