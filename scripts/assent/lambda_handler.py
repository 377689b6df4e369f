"""AWS Lambda: a batch of SQS messages, each one EventBridge event, to pull requests.

One bad message never blocks or loses the others: each that fails is reported back by itself, so
that SQS delivers it again, and after its last attempt moves it to the dead-letter queue.
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

from assent.core.errors import AssentError
from assent.core.events import read_event
from assent.core.rendering.outcome import outcome_line
from assent.wiring import Proposer, proposer_from_environment

__all__ = ["handler"]

_logger = Logger(service="assent")
_processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@cache
def _proposer() -> Proposer:
    """Made once per process: its tokens, clients and configuration outlive one event."""
    return proposer_from_environment()


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


def _handle(record: SQSRecord) -> None:
    try:
        outcome = _proposer().propose(read_event(record.body))
    except AssentError as error:
        _logger.warning(
            error.message,
            extra={
                "message_id": record.message_id,
                "hint": error.hint,
                "retryable": error.retryable,
            },
        )
        raise
    _logger.info(outcome_line(outcome), extra={"message_id": record.message_id})
