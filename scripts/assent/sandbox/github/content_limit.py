"""GitHub's secondary rate limit on creating content, for those who want to meet it."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from math import ceil

from assent.sandbox.github.errors import ApiError

__all__ = ["ContentLimit", "ContentMeter"]

_DOCS = "using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits"
_MINUTE = 60.0
_HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentLimit:
    """How many requests that create or change something one caller may make."""

    a_minute: int = 80
    an_hour: int = 500


class ContentMeter:
    """Counts each caller's writes by the hub's clock, and refuses those above the limit.

    A write counts in the sixty seconds, and in the hour, after it. A refused one does not count,
    so whoever waits as long as `retry-after` says gets on. Safe across threads.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.limit: ContentLimit | None = None
        """None, as a new hub has it: no limit."""
        self._now = now
        self._lock = threading.Lock()
        self._writes: dict[str, deque[float]] = {}

    def admit(self, caller: str) -> None:
        """Count a write.

        Raises:
            ApiError: 403, there were too many; `retry-after` says in how many seconds there is
                room for one.
        """
        limit = self.limit
        if limit is None:
            return
        now = self._now().timestamp()
        with self._lock:
            writes = self._writes.setdefault(caller, deque())
            while writes and writes[0] <= now - _HOUR:
                writes.popleft()
            wait = max(
                _until_room(writes, limit.a_minute, _MINUTE, now),
                _until_room(writes, limit.an_hour, _HOUR, now),
            )
            if wait <= 0:
                writes.append(now)
                return
        raise ApiError(
            HTTPStatus.FORBIDDEN,
            "You have exceeded a secondary rate limit and have been temporarily blocked from "
            "content creation. Please retry your request again later.",
            headers={"Retry-After": str(ceil(wait))},
            docs=_DOCS,
        )


def _until_room(writes: deque[float], limit: int, span: float, now: float) -> float:
    """Return the seconds until fewer than `limit` of the writes lie within the span."""
    if len(writes) < limit:
        return 0
    return writes[-limit] + span - now
