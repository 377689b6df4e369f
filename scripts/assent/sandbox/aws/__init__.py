"""The AWS half of the sandbox: moto on loopback, corrected where it matters here."""

from assent.sandbox.aws.clients import Backstage
from assent.sandbox.aws.events import (
    lambda_context,
    processing_event,
    registration_event,
    sqs_batch,
    transform_event,
)
from assent.sandbox.aws.inference import Ran, monitor, transform
from assent.sandbox.aws.intake import Drained, Intake
from assent.sandbox.aws.jobs import Ending
from assent.sandbox.aws.limits import LimitError, enforce_limits, enforce_limits_everywhere
from assent.sandbox.aws.server import AwsSandbox
from assent.sandbox.aws.topics import Published
from assent.sandbox.aws.training import Registered, register

__all__ = [
    "AwsSandbox",
    "Backstage",
    "Drained",
    "Ending",
    "Intake",
    "LimitError",
    "Published",
    "Ran",
    "Registered",
    "enforce_limits",
    "enforce_limits_everywhere",
    "lambda_context",
    "monitor",
    "processing_event",
    "register",
    "registration_event",
    "sqs_batch",
    "transform",
    "transform_event",
]
