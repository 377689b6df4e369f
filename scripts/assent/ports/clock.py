"""The time, as a port."""

from datetime import datetime
from typing import Protocol

__all__ = ["Clock"]


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime:
        """The time now, in UTC."""
        ...
