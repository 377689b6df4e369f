"""Soak, freezes and the stop: to the minute, over clocks that are put forward and back."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.waiting import (
    Freeze,
    Season,
    Soaking,
    Wait,
    WaitKind,
    Week,
    duration_of,
    earliest,
    latest,
    waits,
    written_duration,
)

BERLIN = "Europe/Berlin"
"""In 2026 forward on 29 March at 02:00, back on 25 October at 03:00."""
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


def at(text: str) -> int:
    """Minutes since Monday, 00:00, of `Fri 16:00`."""
    day, time = text.split()
    hour, minute = time.split(":")
    return (DAYS.index(day) * 24 + int(hour)) * 60 + int(minute)


def weekly(start: str, end: str, zone: str = BERLIN) -> Freeze:
    return Freeze(reason="quiet", zone=zone, window=Week(start=at(start), end=at(end)))


def until(freeze: Freeze, now: datetime, environment: str = "prod") -> datetime | None:
    wait = freeze.wait(environment, now)
    assert wait is None or wait.kind is WaitKind.FREEZE
    return None if wait is None else wait.until


# Freezes of every week.


@pytest.mark.parametrize(
    ("start", "end", "now", "ends"),
    [
        ("Fri 16:00", "Mon 08:00", "2026-11-27T14:59", None),
        ("Fri 16:00", "Mon 08:00", "2026-11-27T15:00", "2026-11-30T07:00"),
        ("Fri 16:00", "Mon 08:00", "2026-11-29T22:59", "2026-11-30T07:00"),  # Sunday 23:59
        ("Fri 16:00", "Mon 08:00", "2026-11-29T23:00", "2026-11-30T07:00"),  # Monday 00:00
        ("Fri 16:00", "Mon 08:00", "2026-11-30T06:59", "2026-11-30T07:00"),
        ("Fri 16:00", "Mon 08:00", "2026-11-30T07:00", None),
        ("Mon 08:00", "Fri 16:00", "2026-11-30T06:59", None),
        ("Mon 08:00", "Fri 16:00", "2026-11-30T07:00", "2026-12-04T15:00"),
        ("Mon 08:00", "Fri 16:00", "2026-12-04T15:00", None),
        ("Sun 23:59", "Mon 00:00", "2026-11-29T22:59", "2026-11-29T23:00"),
        ("Sun 23:59", "Mon 00:00", "2026-11-29T23:00", None),
        ("Mon 00:00", "Sun 23:59", "2026-11-29T22:59", None),
        ("Mon 00:00", "Sun 23:59", "2026-11-29T23:00", "2026-12-06T22:59"),
        ("Tue 10:00", "Tue 09:00", "2026-12-01T08:30", None),
        ("Tue 10:00", "Tue 09:00", "2026-12-01T09:00", "2026-12-08T08:00"),
        # Over New Year.
        ("Fri 16:00", "Mon 08:00", "2027-01-01T20:00", "2027-01-04T07:00"),
    ],
)
def test_a_week_ends_when_the_clocks_say_so(
    start: str, end: str, now: str, ends: str | None
) -> None:
    """The first minute is frozen, the last one is not, over Sunday and over New Year as well."""
    assert until(weekly(start, end), utc(now)) == (None if ends is None else utc(ends))


def test_a_week_goes_by_its_own_clocks() -> None:
    """The same words begin and end at other moments elsewhere, half hours included."""
    now = utc("2026-11-27T10:45")
    assert until(weekly("Fri 16:00", "Mon 08:00", "Asia/Kolkata"), now) == utc("2026-11-30T02:30")
    assert until(weekly("Fri 16:00", "Mon 08:00", "America/New_York"), now) is None
    assert until(weekly("Fri 16:00", "Mon 08:00", "Pacific/Apia"), now) == utc("2026-11-29T19:00")


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        # Clocks go back at 03:00: the hour from 02:00 is there twice, and all of it is frozen.
        ("Sun 01:00", "Sun 02:30", "2026-10-24T23:00", "2026-10-25T01:30"),
        ("Sun 02:30", "Sun 04:00", "2026-10-25T00:30", "2026-10-25T03:00"),
        ("Sun 02:10", "Sun 02:20", "2026-10-25T00:10", "2026-10-25T01:20"),
        # Clocks go forward at 02:00: what begins or ends in the hour that is skipped, and what
        # lies in it, is rather too long than too short.
        ("Sun 02:30", "Sun 04:00", "2026-03-29T00:30", "2026-03-29T02:00"),
        ("Sun 01:00", "Sun 02:30", "2026-03-29T00:00", "2026-03-29T01:30"),
        ("Sun 02:10", "Sun 02:20", "2026-03-29T00:10", "2026-03-29T01:20"),
        # And a week in which they change is shorter, or longer, by an hour.
        ("Fri 16:00", "Mon 08:00", "2026-03-27T15:00", "2026-03-30T06:00"),
        ("Fri 16:00", "Mon 08:00", "2026-10-23T14:00", "2026-10-26T07:00"),
    ],
)
def test_a_week_in_which_the_clocks_change_is_rather_too_long(
    start: str, end: str, first: str, last: str
) -> None:
    """It is one span without a gap, whose end is told alike from its first minute to its last."""
    freeze = weekly(start, end)
    begin, finish = utc(first), utc(last)
    assert until(freeze, begin - MINUTE) is None
    assert until(freeze, finish) is None
    now = begin
    while now < finish:
        assert until(freeze, now) == finish
        now += timedelta(minutes=10)
    assert until(freeze, finish - MINUTE) == finish


ZONES = st.sampled_from(
    [BERLIN, "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]
)
MINUTES = st.integers(0, 7 * 24 * 60 - 1)
MOMENTS = st.datetimes(datetime(2011, 1, 1), datetime(2039, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants it naive


@given(MINUTES, MINUTES, ZONES, MOMENTS)
def test_a_freeze_holds_until_it_says_that_it_ends(
    start: int, end: int, zone: str, now: datetime
) -> None:
    """Whoever waits until then is not told to have waited long enough before, nor to go on after.

    Nor does it depend on the zone in which the moment is written.
    """
    if start == end:
        return
    freeze = Freeze(reason="r", zone=zone, window=Week(start=start, end=end))
    ends = until(freeze, now)
    assert ends == until(freeze, now.astimezone(ZoneInfo("Asia/Tokyo")))
    if ends is None:
        return
    assert now < ends <= now + timedelta(days=7, hours=25)
    assert until(freeze, now + (ends - now) / 2) is not None
    assert until(freeze, ends - MINUTE) is not None or now > ends - MINUTE
    following = until(freeze, ends)
    # Only a freeze that lasts nearly all week is followed by the next one at once.
    assert following is None or (end - start) % (7 * 24 * 60) > 7 * 24 * 60 - 25 * 60


@given(MINUTES, MINUTES, ZONES, MOMENTS)
def test_every_minute_that_the_clocks_put_inside_is_frozen(
    start: int, end: int, zone: str, now: datetime
) -> None:
    """Nothing that a person reads off the clock as frozen is let through."""
    local = now.astimezone(ZoneInfo(zone))
    minute = (local.weekday() * 24 + local.hour) * 60 + local.minute
    inside = start <= minute < end if start < end else minute >= start or minute < end
    if start != end and inside:
        freeze = Freeze(reason="r", zone=zone, window=Week(start=start, end=end))
        assert until(freeze, now) is not None


# Freezes from one time to another.


def test_a_season_has_its_first_moment_and_not_its_last() -> None:
    """By moments: the clocks were read when `assent.yaml` was."""
    window = Season(start=utc("2026-12-18T17:00"), end=utc("2027-01-04T07:00"))
    freeze = Freeze(reason="year end", zone=BERLIN, window=window)
    assert until(freeze, window.start - timedelta(microseconds=1)) is None
    assert until(freeze, window.start) == window.end
    assert until(freeze, window.end - timedelta(microseconds=1)) == window.end
    assert until(freeze, window.end) is None
    wait = freeze.wait("prod", window.start)
    assert wait is not None
    assert wait.why == "frozen until 2027-01-04T07:00:00Z (Europe/Berlin): year end"


def test_a_freeze_holds_where_it_says() -> None:
    """Without environments everywhere; with some only there."""
    window = Season(start=utc("2026-12-18T17:00"), end=utc("2027-01-04T07:00"))
    everywhere = Freeze(reason="r", zone="UTC", window=window)
    there = Freeze(reason="r", zone="UTC", window=window, environments=frozenset({"prod", "uat"}))
    assert until(everywhere, window.start, "dev") == window.end
    assert until(there, window.start, "prod") == window.end
    assert until(there, window.start, "dev") is None
    assert until(there, window.start, "Prod") is None


@pytest.mark.parametrize(
    ("local", "first", "last"),
    [
        ("2026-07-01T12:00", "2026-07-01T10:00", "2026-07-01T10:00"),
        ("2026-10-25T02:30", "2026-10-25T00:30", "2026-10-25T01:30"),  # twice
        ("2026-03-29T02:30", "2026-03-29T00:30", "2026-03-29T01:30"),  # never
    ],
)
def test_what_a_time_on_the_clocks_can_mean(local: str, first: str, last: str) -> None:
    """One moment, or two where the clocks change: before and after the jump for a skipped time."""
    zone = ZoneInfo(BERLIN)
    read = datetime.fromisoformat(local)
    assert earliest(read, zone) == utc(first)
    assert latest(read, zone) == utc(last)
    assert earliest(read.replace(fold=1), zone) == utc(first)


# Soak.


@pytest.mark.parametrize(
    ("passed", "waiting"),
    [
        (timedelta(0), True),
        (24 * HOUR - timedelta(seconds=1), True),
        (24 * HOUR, False),
        (24 * HOUR + timedelta(seconds=1), False),
        (-HOUR, True),  # a clock that goes wrong grants nothing
    ],
)
def test_a_soak_ends_to_the_second(passed: timedelta, *, waiting: bool) -> None:
    """The version has to have run for all of it."""
    since = utc("2026-11-26T10:00")
    soaking = Soaking(least=24 * HOUR, rung="uat", since=since)
    wait = soaking.wait(since + passed)
    assert (wait is not None) is waiting
    if wait is not None:
        assert wait == Wait(
            kind=WaitKind.SOAK,
            until=since + 24 * HOUR,
            why="it has to run 1 d in uat first: from 2026-11-26T10:00:00Z until "
            "2026-11-27T10:00:00Z",
        )


def test_nobody_knowing_since_when_is_no_soak() -> None:
    """What could not be found out never counts as long enough, and has no end."""
    wait = Soaking(least=MINUTE, rung="uat", since=None).wait(utc("2039-01-01T00:00"))
    assert wait is not None
    assert wait.until is None
    assert "nothing tells since when" in wait.why


def test_a_soak_is_longer_than_a_night_with_25_hours() -> None:
    """It counts hours that pass, whatever the clocks show."""
    since = datetime(2026, 10, 24, 12, tzinfo=ZoneInfo(BERLIN)).astimezone(UTC)
    soaking = Soaking(least=24 * HOUR, rung="uat", since=since)
    noon = datetime(2026, 10, 25, 12, tzinfo=ZoneInfo(BERLIN))
    assert soaking.wait(noon.astimezone(UTC)) is None
    assert soaking.wait((noon - 2 * HOUR).astimezone(UTC)) is not None


# Together.


def test_everything_that_a_version_waits_for_is_told() -> None:
    """The soak first, each freeze that holds, and the stop; none hides another."""
    now = utc("2026-11-28T12:00")
    found = waits(
        "prod",
        now,
        soaking=Soaking(least=duration_of("7d"), rung="uat", since=now - HOUR),
        freezes=[
            weekly("Fri 16:00", "Mon 08:00"),
            weekly("Mon 08:00", "Mon 09:00"),
            Freeze(
                reason="audit",
                zone="UTC",
                window=Season(start=now, end=now + HOUR),
                environments=frozenset({"prod"}),
            ),
        ],
        stopped="incident 12",
    )
    assert [wait.kind for wait in found] == [
        WaitKind.SOAK,
        WaitKind.FREEZE,
        WaitKind.FREEZE,
        WaitKind.STOP,
    ]
    assert found[-1] == Wait(kind=WaitKind.STOP, until=None, why="the line is stopped: incident 12")
    assert waits("prod", now, soaking=None, freezes=(), stopped="") == ()


# Durations.


@pytest.mark.parametrize(
    ("text", "hours", "written"),
    [
        ("24h", 24, "1 d"),
        ("7d", 168, "7 d"),
        ("1w", 168, "7 d"),
        ("1d12h", 36, "1 d 12 h"),
        ("90m", 1.5, "1 h 30 min"),
        ("1m", 1 / 60, "1 min"),
        ("2w1d1h1m", 361 + 1 / 60, "15 d 1 h 1 min"),
    ],
)
def test_a_duration_is_read_and_written(text: str, hours: float, written: str) -> None:
    """In weeks, days, hours and minutes; written in the largest units that fit."""
    assert duration_of(text) == timedelta(hours=hours)
    assert written_duration(duration_of(text)) == written


@given(st.integers(0, 10**6))
def test_no_minute_of_a_duration_is_lost_in_writing(minutes: int) -> None:
    """What is written adds up to what was meant."""
    units = {"d": 1440, "h": 60, "min": 1}
    words = written_duration(timedelta(minutes=minutes)).split()
    total = sum(int(n) * units[unit] for n, unit in zip(words[::2], words[1::2], strict=True))
    assert total == minutes
