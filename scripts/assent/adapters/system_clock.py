"""The machine's clock."""

import time
from datetime import UTC, datetime

__all__ = ["SystemClock", "SystemPause"]


class SystemClock:
    """The time as the machine has it."""

    def now(self) -> datetime:
        """The time now, in UTC."""
        return datetime.now(UTC)


class SystemPause:
    """Sleeps."""

    def wait(self, seconds: float, /) -> None:
        """Let some time pass."""
        time.sleep(seconds)
