"""What the Lambda tells of its work: one JSON object a line, CloudWatch's metrics among them.

Metrics are lines of CloudWatch's embedded format, so that they cost no call. Where this does not
run as a Lambda function, as in the sandbox, there are none.
"""

import json
import logging
import os
from functools import partial
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from assent.core.events import (
    Event,
    InferenceReport,
    MonitoringChange,
    Registration,
    TransformChange,
    ViolationsReport,
)
from assent.core.names import shown
from assent.core.outcome import Attempt, Outcome, Proposed, Unusable
from assent.core.rendering.outcome import outcome_values

__all__ = ["NAMESPACE", "SERVICE", "Tally", "event_facts", "make_logger", "outcome_facts"]

NAMESPACE = "Assent"
SERVICE = "assent"

_FACTS = ("outcome", "environment", "model", "version", "pull_request", "branch", "issue")
"""What the log tells of an outcome, beside its sentence."""
_LONGEST_ID = 100
_LONGEST_AGE = 15 * 24 * 3600.0
"""Seconds; a queue keeps nothing for so long."""

_line = partial(json.dumps, default=str, ensure_ascii=True)


class _LineFormatter(LambdaPowertoolsFormatter):
    """For the runtime's own handler, which adds no line break."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{super().format(record)}\n"


def make_logger() -> Logger:
    """The handler's logger; in Lambda, whatever else is logged comes as JSON, too."""
    if _in_lambda():
        formatter = _LineFormatter(json_serializer=_line, utc=True, use_rfc3339=True)
        formatter.append_keys(service=SERVICE)
        for handler in logging.getLogger().handlers:
            handler.setFormatter(formatter)
        logging.captureWarnings(capture=True)
    return Logger(service=SERVICE, json_serializer=_line, utc=True, use_rfc3339=True)


def _in_lambda() -> bool:
    return "AWS_LAMBDA_FUNCTION_NAME" in os.environ


class Tally:
    """What one batch came to.

    Args:
        request_id: Lambda's, by which its metrics and its log lines belong together.
    """

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self.events = 0
        """Messages that were read."""
        self.pull_requests = 0
        """Opened, or completed where an earlier attempt was cut off."""
        self.refusals = 0
        """What can never become a pull request."""
        self.failures = 0
        """Messages that are reported back to the queue."""
        self.oldest = 0.0
        """Seconds since the oldest message was sent."""

    def note_age(self, seconds: float) -> None:
        """Note how long ago a message was sent; clocks may differ."""
        self.oldest = min(max(self.oldest, seconds), _LONGEST_AGE)

    def note(self, outcome: Outcome) -> None:
        """Note what became of an event."""
        match outcome:
            case Proposed():
                self.pull_requests += outcome.attempt is not Attempt.ALREADY_OPEN
            case Unusable():
                self.refusals += 1
            case _:
                pass

    def emit(self) -> None:
        """Print the metrics, zeros too, so that an alarm tells nothing from no data."""
        if not _in_lambda():
            return
        metrics = Metrics(namespace=NAMESPACE, service=SERVICE)
        metrics.add_metadata("request_id", self.request_id)
        for name, count in (
            ("Events", self.events),
            ("PullRequests", self.pull_requests),
            ("Refusals", self.refusals),
            ("Failures", self.failures),
        ):
            metrics.add_metric(name=name, unit="Count", value=count)
        metrics.add_metric(name="OldestEventAge", unit="Seconds", value=round(self.oldest, 3))
        metrics.flush_metrics()


def event_facts(message: Any, asked: Event | None) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """By what an event can be found again: its id, and what it says that it is about.

    Args:
        message: The event's JSON.
        asked: What it asks for, where that could be told.
    """
    id_ = message.get("id") if isinstance(message, dict) else None
    facts: dict[str, Any] = {}
    if isinstance(id_, str):
        plain = id_.isascii() and id_.isprintable() and len(id_) <= _LONGEST_ID
        facts["event_id"] = id_ if plain else shown(id_, _LONGEST_ID)
    match asked:
        case Registration():
            facts |= {"model": asked.arn.model, "version": asked.arn.version}
        case InferenceReport() | ViolationsReport():
            facts |= {
                "model": asked.model,
                "version": asked.version,
                "environment": asked.environment,
            }
        case TransformChange() | MonitoringChange():
            facts["job"] = asked.name
        case _:
            pass
    return facts


def outcome_facts(outcome: Outcome) -> dict[str, Any]:
    """What the log tells of an outcome in fields of their own."""
    values = outcome_values(outcome)
    return {name: values[name] for name in _FACTS if name in values}
