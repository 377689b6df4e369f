"""The simulation of a busy day: what has to hold whatever the day and the quotas are."""

import re
from bisect import bisect_right
from dataclasses import replace
from pathlib import Path

from benchmarks.busy_day import Costs, Pipeline, Played, Quotas, StepCosts, play_day
from benchmarks.busy_days import Scenario, chart, costs_of, days_of, scenario_rows
from benchmarks.calls import Counts
from benchmarks.day import Day, busy_day
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.core.backoff import LONGEST

ROOT = Path(__file__).parents[1]
COSTS = StepCosts(
    registration=Costs(reads=1, writes=4, aws=4),
    inference=Costs(reads=1, writes=4, aws=10),
    again=Costs(reads=1, writes=0, aws=2),
    apply=Costs(reads=6, writes=4, aws=17),
)
"""As counted; tests/test_call_counts.py holds that."""
WRITES = COSTS.registration.writes
DAYS = st.builds(
    busy_day,
    versions=st.integers(1, 60),
    burst=st.integers(0, 40),
    merges=st.sampled_from((0.0, 0.3, 1.0)),
    seed=st.integers(0, 1_000),
)
QUOTAS = st.builds(
    Quotas,
    writes_a_minute=st.integers(5, 80),
    writes_an_hour=st.integers(40, 500),
    calls_an_hour=st.integers(200, 5_000),
)
PIPELINES = st.builds(
    Pipeline,
    quotas=QUOTAS,
    functions=st.integers(1, 4),
    attempts=st.sampled_from((3, 10, 1_000)),
    shards=st.integers(1, 3),
)


def busiest(moments: list[float], span: float) -> int:
    """The most moments that lie within any such span; the meter's clock counts microseconds."""
    span -= 0.001
    return max(
        (bisect_right(moments, at) - bisect_right(moments, at - span) for at in moments), default=0
    )


@settings(max_examples=25, deadline=None)
@given(DAYS, PIPELINES)
def test_nothing_is_lost_and_no_quota_exceeded(day: Day, pipeline: Pipeline) -> None:
    """Each message is done with or a dead letter, each promotion proposed once, each limit kept."""
    played = play_day(day, pipeline, COSTS)
    assert played.handled + played.dead + played.expired == played.sent >= len(day.arrivals)
    assert played.depth[-1][1] == 0
    assert len(played.deliveries) == played.sent
    assert max(played.deliveries) <= pipeline.attempts
    assert len(played.latencies) == len(played.proposed)
    if not played.dead:
        assert {each.promotion for each in day.arrivals} <= played.proposed.keys()
    quotas = pipeline.quotas
    for writes, calls in zip(played.writes, played.calls, strict=True):
        assert busiest(writes, 60) <= quotas.writes_a_minute
        assert busiest(writes, 3600) <= quotas.writes_an_hour
        assert len(calls) >= len(writes)
    # Each promotion took its writes once, however often it was interrupted.
    assert sum(map(len, played.writes)) >= WRITES * len(played.proposed)
    if not day.merges and not played.dead:
        assert sum(map(len, played.writes)) == WRITES * len(played.proposed)


@settings(max_examples=10, deadline=None)
@given(DAYS, PIPELINES)
def test_a_day_plays_the_same_twice(day: Day, pipeline: Pipeline) -> None:
    """Nothing but its seed decides what happens."""
    assert play_day(day, pipeline, COSTS) == play_day(day, pipeline, COSTS)


def spent(played: Played) -> tuple[float, float]:
    """The mean and the longest time to a pull request."""
    return sum(played.latencies) / len(played.latencies), max(played.latencies)


@settings(max_examples=15, deadline=None)
@given(DAYS.map(lambda day: replace(day, merges=0.0)), QUOTAS)
def test_twice_the_quota_takes_no_longer(day: Day, quotas: Quotas) -> None:
    """Save for the wait that a message had begun when there was room again."""
    pipeline = Pipeline(quotas=quotas, attempts=1_000)
    double = Quotas(
        writes_a_minute=2 * quotas.writes_a_minute,
        writes_an_hour=2 * quotas.writes_an_hour,
        calls_an_hour=2 * quotas.calls_an_hour,
    )
    mean, longest = spent(play_day(day, pipeline, COSTS))
    faster = spent(play_day(day, replace(pipeline, quotas=double), COSTS))
    assert faster[0] <= mean + LONGEST
    assert faster[1] <= longest + LONGEST


def test_the_limits_and_nothing_else_make_the_wait() -> None:
    """Without limits the last of a burst waits minutes; with them as long as its writes take."""
    day = busy_day(versions=250, burst=250, merges=0)
    free = 10**9
    open_ = Quotas(writes_a_minute=free, writes_an_hour=free, calls_an_hour=free)
    quick = play_day(day, Pipeline(quotas=open_), COSTS)
    limited = play_day(day, Pipeline(), COSTS)
    assert max(quick.deliveries) == 1
    assert quick.latency(1) < 600
    # A thousand writes: five hundred in the first hour, and the others in the second.
    assert 3_600 < limited.latency(1) <= 2.25 * 3_600
    halves = play_day(day, Pipeline(shards=2), COSTS)
    assert halves.latency(1) < limited.latency(1)
    assert halves.latency(0.95) < 3_600


def test_too_few_attempts_make_dead_letters() -> None:
    """A message that only had to wait is a dead letter where it may come back ten times."""
    day = busy_day(versions=400, burst=400, merges=0)
    assert play_day(day, Pipeline(attempts=10), COSTS).dead > 0
    assert play_day(day, Pipeline(), COSTS).dead == 0


def test_the_documented_days_are_as_documented() -> None:
    """The table and the chart of docs/operating-at-size.md are what the simulation gives."""
    text = (ROOT / "docs" / "operating-at-size.md").read_text(encoding="utf-8")
    table = {
        cells[0].replace("`", ""): re.split(r", | of ", ", ".join(cells[1:]))
        for line in text.splitlines()
        if len(cells := [cell.strip() for cell in line.strip("|").split("|")]) == 7
    }
    day = busy_day(versions=2_000, burst=500)
    for name, pipeline in days_of(Pipeline()).items():
        played = play_day(day, pipeline, COSTS)
        scenario = Scenario(name=name, day=day, pipeline=pipeline, played=played)
        _, row = scenario_rows([scenario])
        shown = [
            each for cell in (*row[1:4], *row[5:7], row[8]) for each in re.split(r" of | ", cell)
        ]
        assert table[name] == shown
        if name == "as documented":
            assert "\n".join(chart(played, begins=9)) in text


def test_the_chart_shows_each_hour_until_the_queue_is_empty() -> None:
    """In plain ASCII, with the deepest hour as its longest bar."""
    played = play_day(busy_day(versions=300, burst=300, merges=0), Pipeline(), COSTS)
    lines = chart(played)
    assert lines[0].startswith("day 1 08:00 ")
    assert "\n".join(lines).isascii()
    assert max(line.count("#") for line in lines) > 0
    assert lines[-1].endswith(" 0")
    scenario = Scenario(
        name="x", day=busy_day(versions=1, burst=1), pipeline=Pipeline(), played=played
    )
    assert scenario.holds


def test_costs_come_from_the_counts() -> None:
    """A running function has its token and configuration; what it writes counts as content."""
    propose = {
        "github POST /app/installations/{number}/access_tokens": 1,
        "github GET /repos/{repository}/contents/{path}": 2,
        "aws GetCallerIdentity": 1,
        "aws DescribeModelPackage": 1,
        "github POST /api/graphql": 1,
        "github POST /repos/{repository}/git/refs": 1,
        "github PUT /repos/{repository}/contents/{path}": 1,
        "github POST /api/graphql mutation": 1,
    }
    counts = Counts(propose=propose, again={}, apply={}, infer={}, reject={})
    assert costs_of(counts).registration == Costs(reads=1, writes=3, aws=1)
