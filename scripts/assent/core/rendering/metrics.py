"""Tables of metrics, with as many rows as a page has room for."""

from collections.abc import Sequence
from dataclasses import dataclass

from assent.core.metrics import Metric
from assent.core.rendering.markdown import table

__all__ = ["NOT_REPORTED", "Room", "depth", "measured", "metrics_table", "signed"]

NOT_REPORTED = "not reported"
"""A cell without a metric of the row's name."""
_LARGEST_COUNT = 1e15
"""Beyond it, not every integer is a float."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How many rows of a table are shown, and how many more are folded away below it."""

    shown: int
    folded: int = 0


def depth(name: str) -> int:
    """How deep in its report a metric stands; the reports' own summary values stand highest."""
    return name.count(".")


def metrics_table(header: Sequence[str], rows: Sequence[Sequence[str]], room: Room) -> str:
    """A table of as many rows as there is room for; the others are folded away, or counted."""
    right = range(1, len(header))
    parts = [table(header, rows[: room.shown], right=right)]
    rest = rows[room.shown : room.shown + room.folded]
    if rest:
        more = table(header, rest, right=right)
        summary = f"{len(rest)} more metric{'s' if len(rest) > 1 else ''}"
        parts.append(f"<details><summary>{summary}</summary>\n\n{more}\n\n</details>")
    over = len(rows) - room.shown - len(rest)
    if over > 0:
        parts.append(f"{over} further metrics are in the record itself.")
    return "\n\n".join(parts)


def measured(metric: Metric | None) -> str:
    """A value with its standard deviation, as people read it."""
    if metric is None:
        return NOT_REPORTED
    if metric.standard_deviation is None:
        return _number(metric.value)
    return f"{_number(metric.value)} ± {_number(metric.standard_deviation)}"


def signed(metric: Metric, other: Metric | None) -> str:
    """How much more or less the first is; empty where there is no other."""
    if other is None:
        return ""
    value = metric.value - other.value
    return "0" if value == 0 else f"{'+' if value > 0 else '-'}{_number(abs(value))}"


def _number(value: float) -> str:
    if value.is_integer() and abs(value) < _LARGEST_COUNT:
        return f"{value + 0.0:.0f}"  # -0.0 is no other number to a reader
    return f"{value:.4g}" if abs(value) < 1 else f"{value:.6g}"
