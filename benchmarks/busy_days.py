"""A busy day under several set-ups, with calls as counted, and what of it is shown."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.busy_day import Costs, Pipeline, Played, StepCosts, play_day, quantile
from benchmarks.calls import Counts, Operations, writes_to_github
from benchmarks.day import Day, busy_day

__all__ = [
    "Scenario",
    "chart",
    "costs_of",
    "days_of",
    "play_scenarios",
    "scenario_rows",
    "scenario_values",
]

_HOUR = 3600
_WIDTH = 60
"""Of the longest bar of a chart."""
_KEPT = ("/access_tokens", "/contents/{path}", "GetCallerIdentity")
"""What a function that has run before has: a token, the configuration, and whose account it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A day, how the intake was set up for it, and what became of it."""

    name: str
    day: Day
    pipeline: Pipeline
    played: Played

    @property
    def holds(self) -> bool:
        """Whether every message is accounted for, and each promotion was proposed once."""
        played = self.played
        left = played.handled + played.dead + played.expired
        return left == played.sent and len(played.latencies) == len(played.proposed)


def costs_of(counts: Counts) -> StepCosts:
    """What each step takes when its process has begun before, from what was counted."""
    return StepCosts(
        registration=_costs(counts.propose),
        inference=_costs(counts.infer),
        again=_costs(counts.again),
        apply=_costs(counts.apply),
    )


def _costs(counted: Operations) -> Costs:
    left = {
        name: count
        for name, count in counted.items()
        if name.startswith("github PUT") or not name.endswith(_KEPT)
    }
    writes = sum(count for name, count in left.items() if writes_to_github(name))
    aws = sum(count for name, count in left.items() if name.startswith("aws"))
    return Costs(reads=sum(left.values()) - writes - aws, writes=writes, aws=aws)


def play_scenarios(
    costs: StepCosts, *, versions: int, say: Callable[[str], None]
) -> list[Scenario]:
    """Play a day on which so many versions are registered, and one with ten times as many.

    Args:
        costs: The calls of each step.
        versions: A quarter of them come with the scheduled retraining at nine.
        say: Told what is done.
    """
    day = busy_day(versions=versions, burst=versions // 4)
    tenfold = busy_day(versions=10 * versions, burst=10 * versions // 4)
    standard = Pipeline()
    asked = [
        *((name, day, pipeline) for name, pipeline in days_of(standard).items()),
        ("tenfold day", tenfold, standard),
        ("tenfold, maxReceiveCount 1000", tenfold, replace(standard, attempts=1000)),
        ("tenfold, ten repositories", tenfold, replace(standard, shards=10)),
    ]
    found = []
    for name, what, pipeline in asked:
        say(f"playing {what.versions:,} registrations: {name}")
        played = play_day(what, pipeline, costs)
        found.append(Scenario(name=name, day=what, pipeline=pipeline, played=played))
    return found


def days_of(standard: Pipeline) -> Mapping[str, Pipeline]:
    """The ways to set the intake up for one day, by name."""
    return {
        "as documented": standard,
        "maxReceiveCount 10": replace(standard, attempts=10),
        "two repositories": replace(standard, shards=2),
        "no limits (own GitHub)": _unlimited(standard),
    }


def _unlimited(pipeline: Pipeline) -> Pipeline:
    """GitHub Enterprise Server, whose limits are off unless an administrator sets them."""
    many = 10**9
    return replace(
        pipeline,
        quotas=replace(
            pipeline.quotas, writes_a_minute=many, writes_an_hour=many, calls_an_hour=many
        ),
    )


def scenario_rows(scenarios: Sequence[Scenario]) -> list[list[str]]:
    """A table, its header first."""
    rows = [
        ["", *(f"{each.name}" for each in scenarios)],
        *([title, *(of(each) for each in scenarios)] for title, of in _SHOWN.items()),
    ]
    # One scenario a line reads better than one a column: there are more facts than scenarios.
    return [list(row) for row in zip(*rows, strict=True)]


def _span(seconds: float) -> str:
    minutes = math.ceil(seconds / 60)
    return f"{minutes // 60}:{minutes % 60:02}"


def _quantiles(values: Sequence[float]) -> str:
    return " ".join(_span(quantile(values, part)) for part in (0.5, 0.95, 1))


_SHOWN: Mapping[str, Callable[[Scenario], str]] = {
    "messages": lambda each: f"{each.played.sent:,}",
    "pull requests": lambda each: f"{len(each.played.proposed):,}",
    "dead letters": lambda each: f"{each.played.dead:,}",
    "deepest": lambda each: f"{max(depth for _, depth in each.played.depth):,}",
    "to pull request p50 p95 max": lambda each: _quantiles(each.played.latencies),
    "deliveries": lambda each: f"{max(each.played.deliveries)} of {each.pipeline.attempts}",
    "writes in an hour": lambda each: str(max(busiest(all_) for all_ in each.played.writes)),
    "decided to told p50 p95 max": lambda each: _quantiles(each.played.told),
}


def busiest(moments: Sequence[float], span: float = _HOUR) -> int:
    """The most of some moments, in order, within any such span, to the millisecond."""
    most = start = 0
    for end, moment in enumerate(moments):
        while moments[start] <= moment - span + 0.001:
            start += 1
        most = max(most, end - start + 1)
    return most


def chart(played: Played, *, begins: int = 8) -> list[str]:
    """The depth of the queue at the end of each hour, until it is empty for good."""
    # What comes late, such as the inference after a merge next morning, is but a few messages.
    peak = max(depth for _, depth in played.depth)
    hours = range(begins, math.ceil(played.drained / _HOUR) + 1)
    depths = {hour: played.depth_at(hour * _HOUR) for hour in hours}
    last = max((hour for hour, depth in depths.items() if depth * _WIDTH >= peak), default=begins)
    shown = []
    for hour in range(begins, last + 2):
        depth = played.depth_at(hour * _HOUR)
        bar = "#" * round(depth * _WIDTH / peak)
        shown.append(f"day {1 + hour // 24} {hour % 24:02}:00 {depth:>7,} {bar}".rstrip())
    return shown


def scenario_values(scenario: Scenario) -> dict[str, Any]:
    """What is shown of a scenario, as JSON values; times in seconds."""
    played = scenario.played
    return {
        "name": scenario.name,
        "registered": scenario.day.versions,
        "messages": played.sent,
        "pull_requests": len(played.proposed),
        "dead_letters": played.dead,
        "expired": played.expired,
        "deepest": max(depth for _, depth in played.depth),
        "to_pull_request": _parts(played.latencies),
        "decided_to_told": _parts(played.told),
        "deliveries": max(played.deliveries),
        "attempts": scenario.pipeline.attempts,
        "writes_in_an_hour": max(busiest(each) for each in played.writes),
        "hourly_depth": [
            played.depth_at(hour * _HOUR) for hour in range(math.ceil(played.drained / _HOUR) + 1)
        ],
    }


def _parts(values: Sequence[float]) -> dict[str, int]:
    return {
        name: round(quantile(values, part))
        for name, part in (("p50", 0.5), ("p95", 0.95), ("max", 1.0))
    }
