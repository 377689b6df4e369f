"""The AWS half of the sandbox: moto on loopback, corrected where it matters here."""

from assent.sandbox.aws.events import lambda_context, registration_event, sqs_batch
from assent.sandbox.aws.limits import LimitError, enforce_limits, enforce_limits_everywhere
from assent.sandbox.aws.server import AwsSandbox
from assent.sandbox.aws.training import Registered, register

__all__ = [
    "AwsSandbox",
    "LimitError",
    "Registered",
    "enforce_limits",
    "enforce_limits_everywhere",
    "lambda_context",
    "register",
    "registration_event",
    "sqs_batch",
]
