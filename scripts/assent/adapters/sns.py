"""SNS topics, told in plain text."""

import re
from typing import TYPE_CHECKING

from assent.adapters.aws_session import asking
from assent.core.errors import AssentError
from assent.core.names import shown
from assent.core.registry_fields import one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_sns import SNSClient

__all__ = [
    "MAX_MESSAGE_BYTES",
    "MAX_SUBJECT",
    "SnsNotices",
    "UnpublishableNotice",
    "require_publishable",
    "subject_line",
    "topic_region",
]

MAX_MESSAGE_BYTES = 256 * 1024
MAX_SUBJECT = 99
"""Characters of a subject; SNS wants fewer than a hundred."""
_TOPIC = re.compile(
    r"arn:aws[a-z-]{0,20}:sns:(?P<region>[a-z0-9-]{1,30}):[0-9]{12}:[A-Za-z0-9_-]{1,256}", re.ASCII
)
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


class UnpublishableNotice(AssentError):
    """SNS would not take a message; nothing was published."""


class SnsNotices:
    """Standard topics in any account that lets the clients' principal publish.

    Args:
        client_for_region: Gives the client that speaks to a region.
    """

    def __init__(self, client_for_region: "Callable[[str], SNSClient]") -> None:
        self._client_for_region = client_for_region

    def publish(self, topic: str, subject: str, text: str, /) -> None:
        """Publish a message in the topic's own region.

        The subject becomes one line of printable ASCII; e-mail subscribers see it.

        Raises:
            UnpublishableNotice: The text is empty or too long, or the topic is no standard one.
            Unavailable: SNS did not answer, or refused for now; it may have published.
            AccessRefused: The principal may not publish there, or not use the topic's key.
            CredentialsRefused: There are no usable credentials.
            AwsFailed: SNS did not take it, as of a topic that does not exist.
        """
        client = self._client_for_region(topic_region(topic))
        require_publishable(topic, text)
        line = subject_line(subject)
        with asking("sns:Publish", topic):
            if line:
                client.publish(TopicArn=topic, Subject=line, Message=text)
            else:  # SNS takes no empty subject, but needs none.
                client.publish(TopicArn=topic, Message=text)


def topic_region(topic: str) -> str:
    """The region of a standard topic, given by its ARN.

    Raises:
        UnpublishableNotice: It is not the ARN of one.
    """
    match = _TOPIC.fullmatch(topic)
    if match is None:
        raise UnpublishableNotice(
            f"{shown(topic, 300)} is not the ARN of a standard SNS topic",
            hint="Expected arn:aws:sns:REGION:ACCOUNT:NAME; FIFO topics deliver no e-mail.",
        )
    return match["region"]


def subject_line(text: str) -> str:
    """A subject as SNS takes it: one line of printable ASCII, cut where it is too long."""
    return _UNPRINTABLE.sub("?", one_line(text, MAX_SUBJECT)).strip()


def require_publishable(topic: str, text: str) -> None:
    """See that SNS can take a text.

    Raises:
        UnpublishableNotice: It cannot.
    """
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise UnpublishableNotice(
            f"the message for {shown(topic, 300)} holds half a character at {error.start}"
        ) from error
    if not text:
        raise UnpublishableNotice(f"the message for {shown(topic, 300)} is empty")
    if size > MAX_MESSAGE_BYTES:
        raise UnpublishableNotice(
            f"the message for {shown(topic, 300)} has {size} bytes; SNS takes {MAX_MESSAGE_BYTES}",
            hint="Say less in it, and link to the rest.",
        )
