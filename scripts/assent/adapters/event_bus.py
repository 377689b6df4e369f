"""EventBridge's bus."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from assent.adapters.aws_session import asking
from assent.core.errors import AssentError
from assent.core.names import shown
from assent.core.own_events import OWN_SOURCE

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsResponseTypeDef

__all__ = ["MAX_ENTRY_BYTES", "EventBus", "UnsendableEvent", "written_detail"]

MAX_ENTRY_BYTES = 256 * 1024
"""What source, detail type and detail of an entry may take together."""


class UnsendableEvent(AssentError):
    """EventBridge would not take an event; nothing was sent."""


class EventBus:
    """One bus, in the region that the client speaks to.

    EventBridge takes events for a bus that does not exist, says that all is well, and drops them.

    Args:
        client: A client in the bus's region.
        bus: Its name, where it lies in the client's account, or its ARN.
    """

    def __init__(self, client: "EventBridgeClient", bus: str) -> None:
        self._client = client
        self._bus = bus

    def send(self, detail_type: str, detail: Mapping[str, object], /) -> None:
        """Put one event on the bus; consumers may see it more than once.

        Raises:
            UnsendableEvent: It is larger than an entry may be, or no JSON can hold it.
            Unavailable: EventBridge did not answer, or refused for now; it may have sent it.
            AccessRefused: The principal may not send it.
            CredentialsRefused: There are no usable credentials.
            AwsFailed: EventBridge did not take it.
        """
        text = written_detail(detail_type, detail)
        with asking("events:PutEvents", self._bus):
            answer = self._client.put_events(
                Entries=[
                    {
                        "Source": OWN_SOURCE,
                        "DetailType": detail_type,
                        "Detail": text,
                        "EventBusName": self._bus,
                    }
                ]
            )
            if answer["FailedEntryCount"]:
                raise _refusal(answer)


def written_detail(detail_type: str, detail: Mapping[str, object]) -> str:
    """The detail of an event as JSON in ASCII.

    Raises:
        UnsendableEvent: It is larger than an entry may be, or no JSON can hold it.
    """
    try:
        text = json.dumps(detail, allow_nan=False, separators=(",", ":"))
    except ValueError as error:
        raise UnsendableEvent(
            f"the event {shown(detail_type)} cannot be written as JSON: {shown(str(error))}"
        ) from error
    size = len(text) + len(detail_type.encode()) + len(OWN_SOURCE)
    if size > MAX_ENTRY_BYTES:
        raise UnsendableEvent(
            f"the event {shown(detail_type)} has {size} bytes; EventBridge takes {MAX_ENTRY_BYTES}",
            hint="Name fewer reports in it; they are read from where they lie.",
        )
    return text


def _refusal(answer: "PutEventsResponseTypeDef") -> ClientError:
    """The failure of the one entry, which EventBridge reports in an answer that succeeded."""
    entry = answer["Entries"][0]
    return ClientError(
        {"Error": {"Code": entry.get("ErrorCode", ""), "Message": entry.get("ErrorMessage", "")}},
        "PutEvents",
    )
