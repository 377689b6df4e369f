"""What became of an event, as text and JSON values."""

from typing import Any

from assent.core.events import Ignored
from assent.core.outcome import Outcome, Proposed, Settled, Vanished
from assent.core.rendering.plain import plain

__all__ = ["outcome_line", "outcome_values"]


def outcome_line(outcome: Outcome) -> str:
    """What became of an event, on a line of plain text."""
    match outcome:
        case Proposed():
            return f"{outcome.id}: {outcome.url} ({outcome.attempt})"
        case Settled():
            return f"{outcome.id}: nothing to propose, {plain(outcome.why)}"
        case Ignored():
            return f"ignored: {plain(outcome.why)}"
        case Vanished():
            return f"nothing to propose: {plain(outcome.why)}"


def outcome_values(outcome: Outcome) -> dict[str, Any]:
    """What became of an event, as JSON values."""
    match outcome:
        case Proposed():
            return {
                "outcome": "proposed",
                "environment": outcome.id.environment,
                "model": outcome.id.model,
                "version": outcome.id.version,
                "pull_request": outcome.url,
                "attempt": outcome.attempt,
            }
        case Settled():
            return {
                "outcome": "settled",
                "environment": outcome.id.environment,
                "model": outcome.id.model,
                "version": outcome.id.version,
                "why": outcome.why,
            }
        case Ignored():
            return {"outcome": "ignored", "why": outcome.why}
        case Vanished():
            return {"outcome": "vanished", "why": outcome.why}
