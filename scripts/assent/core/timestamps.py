"""Times as records and parameters write them: RFC 3339, UTC, whole seconds."""

import re
from datetime import UTC, datetime

__all__ = ["TIME_PATTERN", "read_time", "to_seconds", "written"]

TIME_PATTERN = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
_TIME = re.compile(TIME_PATTERN, re.ASCII)


def to_seconds(time: datetime) -> datetime:
    """The time in UTC, cut to whole seconds."""
    return time.astimezone(UTC).replace(microsecond=0)


def written(time: datetime) -> str:
    """`2026-11-22T10:00:00Z`."""
    return to_seconds(time).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_time(text: str) -> datetime:
    """Read what `written` writes.

    Raises:
        ValueError: The text has another form, or names no real time.
    """
    if _TIME.fullmatch(text) is None:
        raise ValueError(f"not a time of the form 2026-11-22T10:00:00Z: {text!a}")
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
