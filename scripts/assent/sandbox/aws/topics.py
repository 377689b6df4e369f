"""Corrections to moto's SNS, each with what the service really does; and what was published."""

import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from moto.sns.exceptions import SNSException, SNSInvalidParameter, TopicNotFound
from moto.sns.models import SNSBackend, Topic, sns_backends
from moto.utilities.arns import parse_arn

from assent.sandbox.aws.policies import admits
from assent.sandbox.aws.registry import Correction

__all__ = ["Published", "corrections", "published"]

_MESSAGE_BYTES = 262_144
_PUBLISH = "SNS:Publish"
_BREAKING = frozenset({"Cc", "Zl", "Zp"})
"""Control characters and line breaks, as Unicode's categories."""

_original_publish = SNSBackend.publish


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A message as a topic's subscribers get it."""

    subject: str | None
    text: str


class _NotAuthorized(SNSException):
    code = "AuthorizationError"


def corrections() -> Iterator[Correction]:
    """List what is to be replaced."""
    yield SNSBackend, "publish", _publish


def published(arn: str) -> tuple[Published, ...]:
    """Everything that was published to a topic, oldest first.

    Raises:
        KeyError: There is no such topic.
    """
    return tuple(
        Published(subject=subject, text=text)
        for _, text, subject, _, _ in _topic(arn).sent_notifications
    )


def _topic(arn: str) -> Topic:
    place = parse_arn(arn)
    topic: Topic = sns_backends[place.account][place.region].topics[arn]
    return topic


def _publish(
    self: SNSBackend,
    message: str,
    arn: str | None,
    phone_number: str | None = None,
    subject: str | None = None,
    **more: Any,  # noqa: ANN401  # handed on
) -> str:
    # moto takes any subject of up to 100 characters, and texts that are empty or, in bytes, too
    # long; and lets every account publish to every topic.
    if subject is not None and (
        not subject or any(unicodedata.category(each) in _BREAKING for each in subject)
    ):
        raise SNSInvalidParameter("Invalid parameter: Subject")
    if not message:
        raise SNSInvalidParameter("Invalid parameter: Empty message")
    if len(message.encode()) > _MESSAGE_BYTES:
        raise SNSInvalidParameter("Invalid parameter: Message too long")
    if arn is not None:
        _require_access(self, arn)
    sent: str = _original_publish(self, message, arn, phone_number, subject, **more)
    return sent


def _require_access(backend: SNSBackend, arn: str) -> None:
    if parse_arn(arn).account == backend.account_id:
        return
    try:
        topic = _topic(arn)
    except KeyError:
        raise TopicNotFound from None
    if not admits(json.loads(topic.policy)["Statement"], backend.account_id, _PUBLISH):
        raise _NotAuthorized(
            f"User: arn:aws:iam::{backend.account_id}:user/sandbox is not authorized to perform: "
            f"{_PUBLISH} on resource: {arn} because no resource-based policy allows the "
            f"{_PUBLISH} action"
        )
