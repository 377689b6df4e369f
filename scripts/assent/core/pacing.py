"""How fast GitHub is written to by whoever has much to write.

GitHub takes 80 writes a minute and 500 an hour of one account, and answers what is more by a
refusal that lasts. The Lambda and the workflows write as the same App, so some is left to them.
"""

from collections import deque
from datetime import datetime, timedelta

__all__ = ["AN_HOUR", "A_MINUTE", "Pace"]

A_MINUTE = 60
AN_HOUR = 400
"""Of GitHub's 80 and 500."""
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


class Pace:
    """Remembers when was written, and says how long to wait before the next writes.

    Args:
        a_minute: How many writes a minute may have.
        an_hour: How many an hour may have.
    """

    def __init__(self, a_minute: int = A_MINUTE, an_hour: int = AN_HOUR) -> None:
        self._limits = ((_MINUTE, a_minute), (_HOUR, an_hour))
        self._writes: deque[datetime] = deque()

    def seconds(self, now: datetime, count: int) -> float:
        """The seconds until there is room for some more writes; 0 where there is."""
        wait = timedelta()
        for span, limit in self._limits:
            over = len(self._writes) + count - limit
            if over > 0 and self._writes:
                # Once this one is out of the span, the rest and the new ones fit.
                last = self._writes[min(over, len(self._writes)) - 1]
                wait = max(wait, last + span - now)
        return max(0.0, wait.total_seconds())

    def wrote(self, now: datetime, count: int) -> None:
        """Take down some writes."""
        self._writes.extend([now] * count)
        while self._writes and self._writes[0] + _HOUR <= now:
            self._writes.popleft()
