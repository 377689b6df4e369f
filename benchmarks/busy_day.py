"""What becomes of a day's events, minute by minute, under GitHub's quotas.

A discrete-event simulation: no service is asked and nothing waits, so that days pass in seconds.
What decides is the real thing: how long a message is put off (`core.backoff`), what one message's
refusal means for the next (the handler's own memory of it), and how GitHub counts what creates
content (the sandbox's meter). What is simulated is what stands between them: SQS, the functions,
the people who merge, and the runs of `apply`. How many calls each step takes is given, as counted.
"""

import bisect
import hashlib
import heapq
import itertools
import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from assent.core.backoff import delay_seconds
from assent.lambda_handler import NotTried, _Limit
from assent.ports import Unavailable
from assent.sandbox.github.content_limit import ContentLimit, ContentMeter
from assent.sandbox.github.errors import ApiError
from benchmarks.day import Arrival, Day

__all__ = ["Costs", "Pipeline", "Played", "Quotas", "StepCosts", "play_day", "quantile"]

_START = datetime(2026, 11, 23, tzinfo=UTC)
"""Midnight; seconds are counted from here."""
_HOUR = 3600.0
_GITHUB_ANSWERS = 0.2
_AWS_ANSWERS = 0.02
_RUNNER_STARTS = 45.0
"""Until `apply` itself begins: GitHub finds a runner, checks out and installs."""
_EVERY = 1800.0
"""Between two runs of `apply` that nobody's merge asked for."""

_Process = Generator[float, None, None]
"""Something that goes on by itself; it yields the seconds until then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Calls of one step, by a process that has its token already."""

    reads: int
    """From GitHub."""
    writes: int
    """To GitHub: what counts as creating content."""
    aws: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCosts:
    """The calls of every step."""

    registration: Costs
    inference: Costs
    again: Costs
    """An event about what is proposed already."""
    apply: Costs
    """Of one promotion that took effect."""

    def of(self, arrival: Arrival) -> Costs:
        """What proposing takes."""
        return self.registration if arrival.registers else self.inference


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """What GitHub grants one installation."""

    writes_a_minute: int = 80
    writes_an_hour: int = 500
    calls_an_hour: int = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """How the intake is set up."""

    quotas: Quotas = field(default_factory=Quotas)
    functions: int = 2
    """As many run at once: the event source mapping's maximum concurrency, of each queue."""
    batch: int = 10
    visibility: float = 180.0
    retention: float = 14 * 86_400.0
    attempts: int = 100
    """`maxReceiveCount`."""
    shards: int = 1
    """Repositories, each with its models, queue, function and installation of an App."""


@dataclass(slots=True, kw_only=True)
class _Message:
    id: str
    arrival: Arrival
    received: int = 0
    visible: float = 0.0


@dataclass(slots=True, kw_only=True)
class Played:
    """What happened."""

    sent: int = 0
    handled: int = 0
    dead: int = 0
    expired: int = 0
    proposed: dict[tuple[str, int, str], float] = field(default_factory=dict)
    """When each version had its pull request into an environment."""
    latencies: list[float] = field(default_factory=list)
    """Seconds from the first event about each of these to its pull request."""
    deliveries: list[int] = field(default_factory=list)
    """Of each message that left the queue, whichever way."""
    writes: list[list[float]] = field(default_factory=list)
    """When each installation wrote."""
    calls: list[list[float]] = field(default_factory=list)
    """When each installation called GitHub at all, and was answered."""
    depth: list[tuple[float, int]] = field(default_factory=list)
    """How many messages were on the queues, whenever that changed."""
    decided: int = 0
    """Merges that took effect."""
    told: list[float] = field(default_factory=list)
    """Seconds from each decision's effect until GitHub was told of all of it."""

    @property
    def drained(self) -> float:
        """When the last message left its queue."""
        return self.depth[-1][0] if self.depth else 0.0

    def latency(self, part: float) -> float:
        """Within how many seconds this part of the pull requests was there."""
        return quantile(self.latencies, part)

    def depth_at(self, second: float) -> int:
        """How many messages were on the queues then."""
        place = bisect.bisect_right(self.depth, (second, 1 << 62))
        return self.depth[place - 1][1] if place else 0


def quantile(values: Sequence[float], part: float) -> float:
    """The value that this part of them does not exceed; 0 where there are none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)] if ordered else 0.0


@dataclass(slots=True, kw_only=True)
class _Owed:
    """A decision that took effect and that GitHub is still to be told of."""

    since: float
    writes: int


class _Refused(Exception):
    """GitHub refused a call; in so many seconds it would not."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class _Clock:
    """The simulation's time, as everything real reads it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return _START + timedelta(seconds=self.seconds)


class _GitHub:
    """One installation: its quotas, the primary and the one on creating content."""

    def __init__(self, clock: _Clock, quotas: Quotas) -> None:
        self._clock = clock
        self._quotas = quotas
        self._meter = ContentMeter(clock.now)
        self._meter.limit = ContentLimit(
            a_minute=quotas.writes_a_minute, an_hour=quotas.writes_an_hour
        )
        self._begun = -math.inf
        self._used = 0
        self.writes: list[float] = []
        self.calls: list[float] = []

    def call(self, *, writes: bool) -> None:
        """Answer a call.

        Raises:
            _Refused: A quota is spent.
        """
        now = self._clock.seconds
        # The primary limit's hour begins with the first call after the last one ended.
        if now >= self._begun + _HOUR:
            self._begun, self._used = now, 0
        if self._used >= self._quotas.calls_an_hour:
            raise _Refused(max(1, int(self._begun + _HOUR - now) + 1))
        if writes:
            try:
                self._meter.admit("installation")
            except ApiError as error:
                raise _Refused(int((error.headers or {})["Retry-After"])) from error
            self.writes.append(now)
        self._used += 1
        self.calls.append(now)


class _Queue:
    """A standard queue; what is put off is hidden until then."""

    def __init__(
        self,
        clock: _Clock,
        pipeline: Pipeline,
        played: Played,
        wake_at: Callable[[float], None],
    ) -> None:
        self._clock = clock
        self._pipeline = pipeline
        self._played = played
        self._wake_at = wake_at
        self._numbers = itertools.count()
        self._waiting: list[tuple[float, int, _Message]] = []

    def put(self, message: _Message) -> None:
        heapq.heappush(self._waiting, (message.visible, next(self._numbers), message))
        self._wake_at(message.visible)

    def has_visible(self) -> bool:
        return bool(self._waiting) and self._waiting[0][0] <= self._clock.seconds

    def receive(self) -> list[_Message]:
        """Up to a batch of what is visible; what was received too often is a dead letter."""
        now, pipeline, played = self._clock.seconds, self._pipeline, self._played
        found: list[_Message] = []
        while self._waiting and self._waiting[0][0] <= now and len(found) < pipeline.batch:
            _, _, message = heapq.heappop(self._waiting)
            if now - message.arrival.at > pipeline.retention:
                played.expired += 1
            elif message.received >= pipeline.attempts:
                played.dead += 1
            else:
                message.received += 1
                message.visible = now + pipeline.visibility
                found.append(message)
                continue
            played.deliveries.append(message.received)
            self.left()
        return found

    def left(self) -> None:
        """Note that a message is gone."""
        played = self._played
        before = played.depth[-1][1] if played.depth else 0
        played.depth.append((self._clock.seconds, before - 1))


class _Simulation:
    """One day, and as long after it as it takes."""

    def __init__(self, day: Day, pipeline: Pipeline, costs: StepCosts) -> None:
        self._day, self._pipeline, self._costs = day, pipeline, costs
        self._clock = _Clock()
        self._numbers = itertools.count()
        self._agenda: list[tuple[float, int, _Process]] = []
        self.played = Played()
        self._hubs = [_GitHub(self._clock, pipeline.quotas) for _ in range(pipeline.shards)]
        self._queues = [
            _Queue(self._clock, pipeline, self.played, partial(self._wake_at, shard))
            for shard in range(pipeline.shards)
        ]
        self._parked: list[list[_Process]] = [[] for _ in range(pipeline.shards)]
        """Functions that found nothing to do."""
        self._written: dict[tuple[str, int, str], int] = {}
        """How many of a promotion's writes are done."""
        self._first: dict[tuple[str, int, str], float] = {}
        """When the first event about it was sent."""
        self._merged: list[list[tuple[str, int, str]]] = [[] for _ in range(pipeline.shards)]
        """What waits for `apply`."""
        self._owed: list[list[_Owed]] = [[] for _ in range(pipeline.shards)]
        """What took effect and GitHub was not told of."""
        self._applying = [False] * pipeline.shards
        self._again = [False] * pipeline.shards

    def run(self) -> Played:
        for number, arrival in enumerate(self._day.arrivals):
            self._at(arrival.at, self._send(arrival, f"message {number}"))
        for shard, (hub, queue) in enumerate(zip(self._hubs, self._queues, strict=True)):
            for _ in range(self._pipeline.functions):
                self._start_function(shard, hub, queue)
            if self._day.merges:
                self._at(_EVERY, self._schedule(shard))
        while self._agenda:
            self._clock.seconds, _, process = heapq.heappop(self._agenda)
            self._go_on(process)
        self.played.writes = [hub.writes for hub in self._hubs]
        self.played.calls = [hub.calls for hub in self._hubs]
        return self.played

    def _at(self, second: float, process: _Process) -> None:
        heapq.heappush(self._agenda, (second, next(self._numbers), process))

    def _go_on(self, process: _Process) -> None:
        seconds = next(process, None)
        if seconds is not None and seconds < math.inf:
            self._at(self._clock.seconds + seconds, process)

    def _wake_at(self, shard: int, second: float) -> None:
        """Let a function that has nothing to do look at the queue then."""
        self._at(second, self._wake(shard))

    def _wake(self, shard: int) -> _Process:
        if self._parked[shard]:
            self._go_on(self._parked[shard].pop())
        return
        yield

    def _shard(self, model: str) -> int:
        return int.from_bytes(hashlib.sha256(model.encode()).digest()[:4]) % self._pipeline.shards

    # Events

    def _send(self, arrival: Arrival, name: str) -> _Process:
        id_ = hashlib.sha256(name.encode()).hexdigest()
        message = _Message(id=id_, arrival=arrival, visible=self._clock.seconds)
        self.played.sent += 1
        self._first.setdefault(arrival.promotion, arrival.at)
        shard = self._shard(arrival.model)
        self._queues[shard].put(message)
        before = self.played.depth[-1][1] if self.played.depth else 0
        self.played.depth.append((self._clock.seconds, before + 1))
        return
        yield

    # The function

    def _start_function(self, shard: int, hub: _GitHub, queue: _Queue) -> None:
        """Begin one process of the function, which takes batch after batch."""
        limit = _Limit(self._clock)

        def run() -> _Process:
            while True:
                for message in queue.receive():
                    yield from self._message(message, shard, hub, queue, limit)
                if not queue.has_visible():
                    self._parked[shard].append(process)
                    yield math.inf

        process = run()
        self._parked[shard].append(process)

    def _message(
        self, message: _Message, shard: int, hub: _GitHub, queue: _Queue, limit: _Limit
    ) -> _Process:
        try:
            limit.require_none()
            yield from self._propose(message.arrival, shard, hub)
        except _Refused as refused:
            error = Unavailable("GitHub refused", retry_after=refused.seconds)
            limit.note(error)
            yield from self._postpone(message, queue, error)
        except NotTried as error:
            yield from self._postpone(message, queue, error)
        else:
            self.played.handled += 1
            self.played.deliveries.append(message.received)
            queue.left()

    def _postpone(self, message: _Message, queue: _Queue, error: Unavailable) -> _Process:
        yield _AWS_ANSWERS
        seconds = delay_seconds(message.id, message.received, error.retry_after)
        message.visible = self._clock.seconds + seconds
        queue.put(message)

    def _propose(self, arrival: Arrival, shard: int, hub: _GitHub) -> _Process:
        key, costs = arrival.promotion, self._costs.of(arrival)
        done = self._written.get(key, 0)
        settled = done >= costs.writes
        aws = self._costs.again.aws if settled else costs.aws
        reads = self._costs.again.reads if settled else costs.reads
        yield aws * _AWS_ANSWERS
        for _ in range(reads):
            hub.call(writes=False)
            yield _GITHUB_ANSWERS
        while (written := self._written.get(key, 0)) < costs.writes:
            hub.call(writes=True)
            self._written[key] = written + 1
            if written + 1 == costs.writes:
                self._opened(key, shard)
            yield _GITHUB_ANSWERS

    def _opened(self, key: tuple[str, int, str], shard: int) -> None:
        now = self._clock.seconds
        self.played.proposed[key] = now
        self.played.latencies.append(now - self._first[key])
        merged = self._day.merged_at(key, now)
        if merged is not None:
            self._at(merged, self._merge(key, shard))

    # People, and `apply`

    def _merge(self, key: tuple[str, int, str], shard: int) -> _Process:
        self._merged[shard].append(key)
        self._start_apply(shard)
        return
        yield

    def _schedule(self, shard: int) -> _Process:
        """Runs that nobody asked for, as long as there is anything to do for them."""
        while self._clock.seconds < self._day.ends or self._busy():
            self._start_apply(shard)
            yield _EVERY

    def _busy(self) -> bool:
        on_queues = self.played.depth[-1][1] if self.played.depth else 0
        return bool(on_queues or any(self._merged) or any(self._owed))

    def _start_apply(self, shard: int) -> None:
        """One run at a time; of those that wait the newest stays."""
        if self._applying[shard]:
            self._again[shard] = True
        else:
            self._applying[shard] = True
            self._at(self._clock.seconds, self._apply(shard, self._hubs[shard]))

    def _apply(self, shard: int, hub: _GitHub) -> _Process:
        yield _RUNNER_STARTS
        found, self._merged[shard] = self._merged[shard], []
        costs = self._costs.apply
        for place, key in enumerate(found):
            yield costs.aws * _AWS_ANSWERS
            try:
                for _ in range(costs.reads):
                    hub.call(writes=False)
                    yield _GITHUB_ANSWERS
            except _Refused:  # An approval that cannot be read is proven by a later run.
                self._merged[shard] = found[place:] + self._merged[shard]
                break
            self.played.decided += 1
            self._owed[shard].append(_Owed(since=self._clock.seconds, writes=costs.writes))
            arrival = self._day.inferred(key, self._clock.seconds)
            if arrival is not None:
                self._at(arrival.at, self._send(arrival, str(arrival.promotion)))
        yield from self._announce(shard, hub)
        self._applying[shard] = False
        if self._again[shard]:
            self._again[shard] = False
            self._start_apply(shard)

    def _announce(self, shard: int, hub: _GitHub) -> _Process:
        """Tell GitHub what took effect; what it refuses the next run makes up for."""
        owed = self._owed[shard]
        while owed:
            try:
                while owed[0].writes:
                    hub.call(writes=True)
                    owed[0].writes -= 1
                    yield _GITHUB_ANSWERS
            except _Refused:
                return
            self.played.told.append(self._clock.seconds - owed.pop(0).since)


def play_day(day: Day, pipeline: Pipeline, costs: StepCosts) -> Played:
    """Let a day pass, until everything that it brought has left the queues."""
    return _Simulation(day, pipeline, costs).run()
