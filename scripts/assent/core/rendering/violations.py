"""Violations of constraints as a table, on the page of a promotion and in the issue about drift."""

from collections.abc import Sequence

from assent.core.rendering.markdown import code, table
from assent.core.reports import Violation

__all__ = ["VIOLATION_COLUMNS", "violation_row", "violations_table"]

VIOLATION_COLUMNS = ("what", "check", "what the report says")
_MAX_WORDS = 100
_MAX_SENTENCE = 300


def violations_table(violations: Sequence[Violation]) -> str:
    """Violations as a table; what they say is cut and shown as code."""
    return table(VIOLATION_COLUMNS, [violation_row(each) for each in violations])


def violation_row(violation: Violation, longest: int = _MAX_SENTENCE) -> list[str]:
    """One row of it; no text of it is longer than `longest`."""
    words = min(_MAX_WORDS, longest)
    return [
        _said(violation.feature, words),
        _said(violation.check, words),
        _said(violation.description, longest),
    ]


def _said(text: str, limit: int) -> str:
    return code(text, limit) if text else ""
