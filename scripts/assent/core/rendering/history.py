"""Every decision on a model's versions, as a table and as JSON values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assent.core.names import RecordId
from assent.core.parameters import HistoryEntry
from assent.core.rendering.plain import plain
from assent.core.timestamps import written

__all__ = ["PastDecision", "history_text", "history_values"]

REOPENED = "reopened"
"""What is said of an entry without a decision: a code owner took a rejection back."""
_HEADER = (
    "when",
    "environment",
    "version",
    "decision",
    "by",
    "pull request",
    "commit",
    "evidence",
    "reason",
)
_COMMIT_DIGITS = 12
_EVIDENCE_CHARACTERS = len("sha256:") + 12


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDecision:
    """One decision that took effect, and where."""

    id: RecordId
    entry: HistoryEntry
    imported: bool = False
    """Whether it was approved before Assent came, and taken over; its record tells."""
    reason: str
    """The closing's, or the record's; empty where none was asked for, or none can be read."""


def history_text(decisions: Sequence[PastDecision]) -> str:
    """One line a decision, below a header; digests and addresses are cut short."""
    rows = [_HEADER, *(_row(each) for each in decisions)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _row(past: PastDecision) -> tuple[str, ...]:
    entry = past.entry
    return (
        written(entry.at),
        past.id.environment,
        str(past.id.version),
        _decision(past),
        plain(", ".join(entry.by)) or "-",
        plain(_short(entry.pull_request)),
        plain(entry.commit[:_COMMIT_DIGITS]),
        plain(entry.evidence[:_EVIDENCE_CHARACTERS]),
        plain(past.reason),
    )


def _decision(past: PastDecision) -> str:
    entry = past.entry
    said = f"{entry.decision or REOPENED}{' (of another package)' if entry.aside else ''}"
    said += " (import)" if past.imported else ""
    broken = f" (GLASS BROKEN by {plain(entry.broke_glass)})" if entry.broke_glass else ""
    waived = f" (waived: {plain(', '.join(entry.waived))})" if entry.waived else ""
    return said + broken + waived


def _short(address: str) -> str:
    """A pull request's number, as people write it; the whole address where it has none."""
    number = address.rpartition("/")[2]
    return f"#{number}" if number.isdecimal() else address


def history_values(
    model: str, decisions: Sequence[PastDecision], unreadable: Sequence[str]
) -> dict[str, Any]:
    """All decisions as JSON values, with everything that is known of each.

    Args:
        model: Whose they are.
        decisions: Oldest first.
        unreadable: What could not be read, in sentences.
    """
    return {
        "model": model,
        "decisions": [_values(each) for each in decisions],
        "unreadable": list(unreadable),
    }


def _values(past: PastDecision) -> dict[str, Any]:
    entry = past.entry
    return {
        "at": written(entry.at),
        "applied_at": written(entry.applied_at),
        "environment": past.id.environment,
        "version": past.id.version,
        "decision": entry.decision or REOPENED,
        "by": list(entry.by),
        "pull_request": entry.pull_request,
        "commit": entry.commit,
        "blob": entry.blob,
        "evidence": entry.evidence,
        "created": None if entry.created is None else written(entry.created),
        "reason": past.reason,
        "aside": entry.aside,
        "broke_glass": entry.broke_glass or None,
        "waived": list(entry.waived),
        "imported": past.imported,
    }
