"""Corrections to moto's SQS, which looks at every message of a queue, often, for each one.

A queue of two thousand messages took minutes to fill and to empty. What is answered stays the
same.
"""

from collections.abc import Iterator

from moto.core.utils import unix_time, unix_time_millis
from moto.sqs.exceptions import ReceiptHandleIsInvalid
from moto.sqs.models import Message, Queue, SQSBackend

from assent.sandbox.aws.registry import Correction

__all__ = ["corrections"]


def corrections() -> Iterator[Correction]:
    """List what is to be replaced."""
    yield Queue, "messages", property(_messages)
    yield Queue, "approximate_number_of_messages_delayed", property(_delayed)
    yield Queue, "approximate_number_of_messages_not_visible", property(_invisible)
    yield Queue, "delete_message", _delete
    yield SQSBackend, "is_message_valid_based_on_retention_period", _is_retained


# moto asks the time anew for each message.


def _messages(self: Queue) -> list[Message]:
    now = unix_time_millis()
    return [each for each in self._messages if now > each.visible_at and now >= each.delayed_until]


def _delayed(self: Queue) -> int:
    now = unix_time_millis()
    return sum(now < each.delayed_until for each in self._messages)


def _invisible(self: Queue) -> int:
    now = unix_time_millis()
    return sum(now <= each.visible_at for each in self._messages)


def _delete(self: Queue, receipt_handle: str) -> None:
    # moto makes a list of every message's handles, twice, and a new list of the messages.
    if receipt_handle in self.deleted_messages:
        return
    found = next(
        (
            each
            for each in self._messages
            if each.receipt_handle == receipt_handle or each.had_receipt_handle(receipt_handle)
        ),
        None,
    )
    if found is None:
        raise ReceiptHandleIsInvalid
    self._messages.remove(found)
    self.pending_messages.discard(found)
    self.deleted_messages.update(handle for handle in found.all_receipt_handles if handle)


def _is_retained(self: SQSBackend, queue_name: str, message: Message) -> bool:
    # moto collects all of the queue's attributes to read one, counts of messages included.
    kept: int = vars(self.get_queue(queue_name))["message_retention_period"]
    sent: int = vars(message)["sent_timestamp"]
    return kept + sent / 1000 > unix_time()
