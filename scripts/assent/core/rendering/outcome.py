"""What became of an event, as text and JSON values."""

from typing import Any

from assent.core.events import Ignored
from assent.core.names import RecordId
from assent.core.outcome import (
    DifferenceReported,
    DriftReported,
    Outcome,
    Proposed,
    Settled,
    Unusable,
    Vanished,
    Waiting,
)
from assent.core.rendering.plain import plain

__all__ = ["outcome_line", "outcome_values"]


def outcome_line(outcome: Outcome) -> str:
    """What became of an event, on a line of plain text."""
    match outcome:
        case Proposed():
            line = f"{outcome.id}: {outcome.url} ({outcome.attempt})"
            failure = outcome.not_notified
            if failure is not None:
                line += f"; not told {plain(failure.topic)}: {plain(failure.message)}"
            return line
        case Waiting():
            return f"{outcome.id}: waits on {outcome.branch}, {plain(outcome.why)}"
        case Settled():
            return f"{outcome.id}: nothing to propose, {plain(outcome.why)}"
        case Unusable():
            return (
                f"{outcome.id}: not proposed after {plain(outcome.run)}: {plain(outcome.uri)}: "
                f"{plain(outcome.why)}"
            )
        case DriftReported():
            unread = f", {outcome.unread} not read" if outcome.unread else ""
            return (
                f"{outcome.id}: drift, {outcome.violations} "
                f"{'violation' if outcome.violations == 1 else 'violations'}{unread}: "
                f"{outcome.url} ({outcome.step})"
            )
        case DifferenceReported():
            return (
                f"{outcome.arn}: differs from what is in effect, {', '.join(outcome.kinds)}: "
                f"{outcome.url} ({outcome.step})"
            )
        case Ignored():
            return f"ignored: {plain(outcome.why)}"
        case Vanished():
            return f"nothing to propose: {plain(outcome.why)}"


def outcome_values(outcome: Outcome) -> dict[str, Any]:
    """What became of an event, as JSON values."""
    match outcome:
        case Proposed():
            values = {
                "outcome": "proposed",
                **_id_values(outcome.id),
                "pull_request": outcome.url,
                "attempt": outcome.attempt,
            }
            failure = outcome.not_notified
            if failure is not None:
                values["not_notified"] = {"topic": failure.topic, "message": failure.message}
            return values
        case Waiting():
            return {
                "outcome": "waiting",
                **_id_values(outcome.id),
                "branch": outcome.branch,
                "why": outcome.why,
            }
        case Settled():
            return {"outcome": "settled", **_id_values(outcome.id), "why": outcome.why}
        case Unusable():
            return {
                "outcome": "unusable",
                **_id_values(outcome.id),
                "run": outcome.run,
                "report": outcome.uri,
                "why": outcome.why,
            }
        case DriftReported():
            return {
                "outcome": "drift-reported",
                **_id_values(outcome.id),
                "run": outcome.run,
                "issue": outcome.url,
                "step": outcome.step,
                "violations": outcome.violations,
                "unread": outcome.unread,
            }
        case DifferenceReported():
            return {
                "outcome": "difference-reported",
                "package": outcome.arn,
                "kinds": list(outcome.kinds),
                "issue": outcome.url,
                "step": outcome.step,
            }
        case Ignored():
            return {"outcome": "ignored", "why": outcome.why}
        case Vanished():
            return {"outcome": "vanished", "why": outcome.why}


def _id_values(id_: RecordId) -> dict[str, Any]:
    return {"environment": id_.environment, "model": id_.model, "version": id_.version}
