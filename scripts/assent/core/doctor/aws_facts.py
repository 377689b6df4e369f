"""AWS's settings, as far as promises rest on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assent.core.doctor.finding import Read

__all__ = [
    "BucketSettings",
    "Consumer",
    "EventRule",
    "KeySettings",
    "ObjectLock",
    "Policy",
    "QueueSettings",
    "Right",
]

Policy = Mapping[str, Any]
"""An IAM policy's document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectLock:
    """A bucket's default retention."""

    mode: str
    """`GOVERNANCE` or `COMPLIANCE`; empty where new objects get no retention by themselves."""
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketSettings:
    """An S3 bucket."""

    versioned: Read[bool]
    closed: Read[bool]
    """Whether all public access is blocked."""
    lock: Read[ObjectLock | None]
    """None without Object Lock."""
    key: Read[str | None]
    """The KMS key that it encrypts with; None for S3's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySettings:
    """A KMS key."""

    arn: str
    state: str
    """`Enabled`, or why it cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRule:
    """A rule of EventBridge."""

    name: str
    enabled: bool
    pattern: Mapping[str, Any]
    """Empty for a schedule."""
    targets: tuple[str, ...]
    """ARNs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSettings:
    """An SQS queue."""

    arn: str
    messages: int
    """How many wait, are in flight or are delayed; AWS counts approximately."""
    visibility: int
    """Seconds."""
    retention: int
    """Seconds."""
    dead_letters: str | None
    """The ARN of its dead-letter queue; None without one."""
    deliveries: int
    """How often a message is delivered before it goes there; 0 without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """A Lambda function that a queue feeds."""

    function: str
    enabled: bool
    reports_failures: bool
    """Whether a batch's failed messages alone come back."""
    timeout: Read[int]
    """Seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """Whether a principal may do something, by IAM's simulator."""

    action: str
    resources: Sequence[str]
    context: Mapping[str, str]
    """Values of condition keys."""
