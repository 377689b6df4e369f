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

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from assent.core.backoff import delay_seconds
from assent.core.errors import AssentError
from assent.core.events import (
    Event,
    Ignored,
    MalformedEvent,
    Misdirected,
    parse_event,
    read_event,
)
from assent.core.names import shown
from assent.core.outcome import DifferenceReported, Outcome, Proposed, Unusable
from assent.core.rendering.outcome import outcome_line
from assent.lambda_telemetry import Tally, event_facts, make_logger, outcome_facts
from assent.ports import Clock, Queue, Unavailable
from assent.wiring import (
    Proposer,
    proposer_from_environment,
    queue_from_environment,
    wall_clock,
)

__all__ = ["handler"]

_logger = make_logger()
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
    batch = _Batch(context.aws_request_id)
    try:
        response = process_partial_response(
            event=event, record_handler=batch.handle, processor=_processor, context=context
        )
    finally:
        batch.tally.emit()
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


class _Batch:
    """One invocation: its messages, one after another, and what they came to."""

    def __init__(self, request_id: str) -> None:
        self.tally = Tally(request_id)
        self._about: dict[str, Any] = {}
        """What tells the message that is being handled from others, in the log."""

    def handle(self, record: SQSRecord) -> None:
        """Propose what one message asks for.

        Raises:
            Exception: It could not be done, so that the message is reported back.
        """
        self._about = {"message_id": record.message_id, "request_id": self.tally.request_id}
        self._note_age(record)
        try:
            outcome = self._propose(record)
        except AssentError as error:
            self._note_failure(error, record)
            raise
        except Exception as error:
            # Nobody foresaw it; the queue gives it another try, and the log says where it was.
            self.tally.failures += 1
            kind, said = type(error).__name__, shown(str(error), 300)
            _logger.exception("unexpected %s: %s", kind, said, extra=self._about)
            raise
        self.tally.note(outcome)
        untold = isinstance(outcome, Proposed) and outcome.not_notified is not None
        warns = untold or isinstance(outcome, Unusable | DifferenceReported)
        log = _logger.warning if warns else _logger.info
        log(outcome_line(outcome), extra=self._about | outcome_facts(outcome))

    def _propose(self, record: SQSRecord) -> Outcome:
        event = read_event(record.body)
        self.tally.events += 1
        self._about |= event_facts(event, None)
        asked: Event = parse_event(event)
        self._about |= event_facts(event, asked)
        if not isinstance(asked, Ignored):
            _limit().require_none()
        return _proposer().propose(event)

    def _note_age(self, record: SQSRecord) -> None:
        sent = record.attributes.sent_timestamp
        if sent.isdecimal():
            self.tally.note_age(_clock.now().timestamp() - int(sent) / 1000)

    def _note_failure(self, error: AssentError, record: SQSRecord) -> None:
        self.tally.failures += 1
        self.tally.refusals += isinstance(error, MalformedEvent | Misdirected)
        limit = error.retry_after if isinstance(error, Unavailable) else None
        if isinstance(error, Unavailable) and not isinstance(error, NotTried):
            _limit().note(error)
        extra = {**self._about, "hint": error.hint, "retryable": error.retryable}
        if error.retryable:
            extra["waits"] = _postpone(record, limit)
        _logger.warning(error.message, extra=extra)


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
