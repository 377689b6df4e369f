"""Answer an event: a pull request, an issue about drift, or why neither is needed."""

from typing import Any

from assent.core.events import (
    Ignored,
    InferenceReport,
    MonitoringChange,
    Registration,
    TransformChange,
    ViolationsReport,
    parse_event,
)
from assent.core.outcome import Outcome
from assent.flows.event_world import World
from assent.flows.promote_after_inference import promote_after_report, promote_after_transform
from assent.flows.promote_after_registration import promote_after_registration
from assent.flows.report_drift import report_monitoring, report_violations

__all__ = ["World", "propose"]


def propose(event: Any, world: World) -> Outcome:  # noqa: ANN401 - any JSON, judged by parse_event
    """Do what an event asks for, or say why nothing is needed.

    Of SageMaker's events nothing is taken but the identity of a package or job, which is then
    described. Every write can be cut off and made again.

    Raises:
        AssentError: Malformed or misdirected events, and services that refuse or do not answer;
            `retryable` tells which of them the queue should deliver again.
    """
    match parse_event(event):
        case Ignored() as ignored:
            return ignored
        case Registration() as registration:
            return promote_after_registration(registration, world)
        case TransformChange() as change:
            return promote_after_transform(change, world)
        case InferenceReport() as report:
            return promote_after_report(report, world)
        case MonitoringChange() as change:
            return report_monitoring(change, world)
        case ViolationsReport() as report:
            return report_violations(report, world)
