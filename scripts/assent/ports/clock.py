"""The time, and letting it pass, as ports."""

from datetime import datetime
from typing import Protocol

__all__ = ["Clock", "Pause"]


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime:
        """The time now, in UTC."""
        ...


class Pause(Protocol):
    """Waits, where somebody looks on who has nothing else to do; the Lambda never does."""

    def wait(self, seconds: float, /) -> None:
        """Let some time pass."""
        ...
