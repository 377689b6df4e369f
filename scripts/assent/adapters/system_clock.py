"""The machine's clock."""

from datetime import UTC, datetime

__all__ = ["SystemClock"]


class SystemClock:
    """The time as the machine has it."""

    def now(self) -> datetime:
        """The time now, in UTC."""
        return datetime.now(UTC)
