"""Events of any content: refused, or ignored, and never anything else."""

import copy
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.end_to_end import play
from tests.end_to_end.climb import (
    VIOLATIONS,
    climb,
    infer,
    metrics,
    opened,
    own_event,
    reported,
    settle,
    several_accounts,
    watch,
)
from tests.end_to_end.whole import Clock, Picture, Whole

from assent.core.config import UnknownEnvironment
from assent.core.events import Ignored, MalformedEvent, Misdirected, parse_event, read_event
from assent.core.outcome import DriftReported, Proposed, Settled, Unusable, Vanished
from assent.sandbox.stage import Stage
from assent.wiring import proposer_from_environment

Event = Mapping[str, Any]


@pytest.fixture
def clock() -> Clock:
    """GitHub's."""
    return Clock()


@pytest.fixture
def stage(tmp_path: Path, clock: Clock) -> Iterator[Stage]:
    """Several accounts."""
    with several_accounts(tmp_path, clock) as running:
        yield running


LONG = "x" * 256 * 1024
VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    float("nan"),
    10**400,
    "",
    " ",
    "nobody",
    "a\nb",
    "\x00",
    "\x1b[31m",
    "\ud800",
    "\u202e",
    "../../main",
    "$(id)",
    "${{ github.token }}",
    "s3://",
    "s3://acme-nightly/a\nb",
    "https://evil.test/metrics.json",
    "2026-02-30T00:00:00Z",
    "arn:aws:sagemaker:eu-west-1:999999999999:model-package/churn/1",
    LONG,
    [],
    [LONG],
    [None],
    [[]],
    [{}] * 1000,
    {},
    {"": None, "__proto__": {}},
]
"""What may stand in any field, whoever sends the event."""


def spoilt(event: Event) -> Iterator[Event]:
    """An event with one field after the other taken away, replaced or added."""
    for place in [(), ("detail",), ("detail", "reports"), ("detail", "reports", 0)]:
        fields = at(event, place)
        names: Iterable[str | int] = ()
        if isinstance(fields, dict):
            names = fields
            yield changed(event, place, partial(put, name="__proto__", value={"admin": True}))
        elif isinstance(fields, list):
            names = range(len(fields))
        for name in names:
            yield changed(event, place, partial(take_away, name=name))
            for value in VALUES:
                yield changed(event, place, partial(put, name=name, value=value))


def put(there: Any, *, name: str | int, value: object) -> None:  # noqa: ANN401 - any JSON
    """Let a field have a value."""
    there[name] = value


def take_away(there: Any, *, name: str | int) -> None:  # noqa: ANN401 - any JSON
    """Let a field be missing."""
    del there[name]


def at(event: Event, place: tuple[str | int, ...]) -> Any:  # noqa: ANN401 - any JSON
    """What stands somewhere in an event; None where there is no such place."""
    there: Any = event
    for step in place:
        if isinstance(there, dict) and step not in there:
            return None
        there = there[step]
    return there


def changed(event: Event, place: tuple[str | int, ...], change: Callable[[Any], None]) -> Event:
    """An event that differs in one place."""
    found = copy.deepcopy(dict(event))
    change(at(found, place))
    return found


def refused_or(do: Callable[[], object]) -> object:
    """What something returns, or how it refuses: in some words on one line."""
    try:
        return do()
    except (MalformedEvent, Misdirected, UnknownEnvironment) as error:
        refusal = error
    assert refusal.message.isprintable(), refusal.message
    assert len(refusal.message) < 1000
    return refusal


def test_whatever_stands_in_an_event_is_refused_or_ignored(stage: Stage, clock: Clock) -> None:
    """Every field of every event, with every kind of value: no other exception, and no change.

    What an event asks for follows from what is read of it; that is acted on once for each. Where
    it is of another run that found drift, the issue that is open about it may say so.
    """
    version = play.train(stage)
    settle(stage, clock, climb(stage, clock, version, "dev"))
    opened(stage, clock, infer(stage, version, "dev").event)
    drift = watch(stage, version, "dev")
    assert play.deliver(drift.event) == []
    uris = [f"{drift.output}/{VIOLATIONS}"]
    found = {"model": "churn", "version": 1, "environment": "dev", "run": drift.arn}
    good = [
        version.event,
        infer(stage, version, "dev").event,
        reported(stage, version, "dev", {"metrics.json": metrics(version), VIOLATIONS: b"{}"}),
        drift.event,
        own_event(stage, "dev", "Assent Violations Found", {**found, "reports": uris}),
    ]
    whole = Whole(stage, [version])
    before = but_for_the_issue(whole)
    proposer = proposer_from_environment()
    tried: list[object] = []
    seen: Counter[type] = Counter()
    for event in (each for known in good for each in (known, *spoilt(known))):
        text = json.dumps(event)
        asked = refused_or(partial(read, text))
        if isinstance(asked, MalformedEvent):
            seen[MalformedEvent] += 1
        elif asked not in tried:
            tried.append(asked)
            seen[type(refused_or(partial(proposer.propose, json.loads(text))))] += 1
    assert but_for_the_issue(whole) == before
    assert seen[MalformedEvent] > 1000
    # What is proposed was so before, and stays as it was.
    well_formed = {Ignored, Vanished, Proposed, DriftReported, Misdirected, UnknownEnvironment}
    assert set(seen) - {Unusable, Settled} == well_formed | {MalformedEvent}


def but_for_the_issue(whole: Whole) -> Picture:
    """Everything, but for what the issue about drift says."""
    picture = whole.picture()
    (number,) = (number for number, issue in picture["issues"].items() if "head" not in issue)
    issue = {**picture["issues"][number], "body": "", "comments": []}
    return {**picture, "issues": {**picture["issues"], number: issue}}


def read(text: str) -> object:
    """What a message asks for."""
    return parse_event(read_event(text))
