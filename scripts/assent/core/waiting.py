"""When a version may take effect: soak, freezes and the stop of the line, judged at a moment.

None of them ever holds up a no.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from assent.core.timestamps import written

__all__ = [
    "Freeze",
    "Season",
    "Soaking",
    "Wait",
    "WaitKind",
    "Week",
    "duration_of",
    "earliest",
    "latest",
    "waits",
    "written_duration",
]


def earliest(local: datetime, zone: ZoneInfo) -> datetime:
    """The first moment, UTC, that a time by the clocks of a zone can mean.

    Of an hour that the clocks show twice it is in the first, and of one that they skip it is as far
    before the jump as the time is after it. So a freeze is rather too long than too short.
    """
    return min(_readings(local, zone))


def latest(local: datetime, zone: ZoneInfo) -> datetime:
    """The last moment that it can mean; see `earliest`."""
    return max(_readings(local, zone))


def _readings(local: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first, second


class WaitKind(StrEnum):
    """What a version waits for."""

    SOAK = "soak"
    FREEZE = "freeze"
    STOP = "stop-the-line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Something that a version waits for."""

    kind: WaitKind
    until: datetime | None
    """When it ends, UTC; None where nobody can tell."""
    why: str
    """In a sentence; holds the words of `assent.yaml`, which are not the reader's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """A freeze from one time to another."""

    start: datetime
    """UTC."""
    end: datetime

    def ends(self, now: datetime, _zone: ZoneInfo) -> datetime | None:
        """When the freeze that holds now ends; None where none does."""
        return self.end if self.start <= now < self.end else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """A freeze of every week, by the clocks of its zone."""

    start: int
    """Minutes since Monday, 00:00."""
    end: int
    """Likewise; before `start` where the freeze goes past Sunday."""

    def ends(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """When the freeze that holds now ends; None where none does."""
        local = now.astimezone(zone).replace(tzinfo=None)
        monday = local.replace(hour=0, minute=0, second=0, microsecond=0)
        monday -= timedelta(days=local.weekday())
        over = int(self.end <= self.start)
        # Compared as moments, not by the clocks: those show some hours twice, and others never.
        for week in (monday - timedelta(weeks=1), monday, monday + timedelta(weeks=1)):
            start = earliest(week + timedelta(minutes=self.start), zone)
            end = latest(week + timedelta(weeks=over, minutes=self.end), zone)
            if start <= now < end:
                return end
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """A time in which no version becomes Approved."""

    reason: str
    zone: str
    """An IANA time zone, such as Europe/Berlin."""
    window: Season | Week
    environments: frozenset[str] = frozenset()
    """Where it holds; empty for everywhere."""

    def wait(self, environment: str, now: datetime) -> Wait | None:
        """What it makes an environment wait for now, if for anything."""
        if self.environments and environment not in self.environments:
            return None
        end = self.window.ends(now, ZoneInfo(self.zone))
        if end is None:
            return None
        why = f"frozen until {written(end)} ({self.zone}): {self.reason}"
        return Wait(kind=WaitKind.FREEZE, until=end, why=why)


@dataclass(frozen=True, slots=True, kw_only=True)
class Soaking:
    """How long a version has to be effective on the rung below, and since when it is."""

    least: timedelta
    rung: str
    """The rung below."""
    since: datetime | None
    """When it took effect there; None where it did not, or where nobody can tell."""

    def wait(self, now: datetime) -> Wait | None:
        """What is left of it, if anything is."""
        demand = f"{written_duration(self.least)} in {self.rung}"
        if self.since is None:
            why = f"it has to run {demand} first, and nothing tells since when it is approved there"
            return Wait(kind=WaitKind.SOAK, until=None, why=why)
        end = self.since + self.least
        if now >= end:
            return None
        why = f"it has to run {demand} first: from {written(self.since)} until {written(end)}"
        return Wait(kind=WaitKind.SOAK, until=end, why=why)


def waits(
    environment: str,
    now: datetime,
    *,
    soaking: Soaking | None,
    freezes: Iterable[Freeze],
    stopped: str,
) -> tuple[Wait, ...]:
    """Everything that keeps a version from taking effect now; empty where nothing does.

    Args:
        environment: Where it is to take effect.
        now: The moment.
        soaking: Its soak; None where the environment sets none.
        freezes: Those of the configuration.
        stopped: Why the line is stopped; empty where it is not.
    """
    found = [None if soaking is None else soaking.wait(now)]
    found += [freeze.wait(environment, now) for freeze in freezes]
    if stopped:
        why = f"the line is stopped: {stopped}"
        found.append(Wait(kind=WaitKind.STOP, until=None, why=why))
    return tuple(wait for wait in found if wait is not None)


_UNITS = {"w": 7 * 24 * 60, "d": 24 * 60, "h": 60, "m": 1}
_PART = re.compile(r"([1-9][0-9]{0,3})([wdhm])", re.ASCII)


def duration_of(text: str) -> timedelta:
    """Read `24h`, `7d` or `1d12h`; the schema has judged its form."""
    return timedelta(minutes=sum(int(n) * _UNITS[unit] for n, unit in _PART.findall(text)))


def written_duration(time: timedelta) -> str:
    """A duration in the largest units that fit: `1 d 12 h`."""
    minutes = int(time / timedelta(minutes=1))
    parts = []
    for unit in ("d", "h", "m"):
        count, minutes = divmod(minutes, _UNITS[unit])
        if count:
            parts.append(f"{count} {'min' if unit == 'm' else unit}")
    return " ".join(parts) or "0 min"
