"""What a day brings: registrations, their duplicates, people who merge, batch inferences after it.

Everything is drawn from a seed, and of each version by its own name, so that a day with other
quotas, or with more functions, is the same day.
"""

import random
from dataclasses import dataclass

__all__ = ["LADDER", "Arrival", "Day", "busy_day"]

LADDER = ("dev", "test", "uat", "prod")
_HOUR = 3600.0
_DAY = 24 * _HOUR
_OPENS, _CLOSES = 9 * _HOUR, 18 * _HOUR
"""When people register models and merge."""
_TWICE = 0.1
"""The part of the events that arrives once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An event that reaches the queue."""

    at: float
    """Seconds after midnight."""
    model: str
    version: int
    environment: str
    """The one that it proposes for."""

    @property
    def promotion(self) -> tuple[str, int, str]:
        """What it asks for."""
        return (self.model, self.version, self.environment)

    @property
    def registers(self) -> bool:
        """Whether it is about a registration, and not about a batch inference."""
        return self.environment == LADDER[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What happens, whatever becomes of it."""

    arrivals: tuple[Arrival, ...]
    """By time."""
    merges: float
    """The part of the promotions that somebody merges."""
    seed: int

    @property
    def ends(self) -> float:
        """When nothing more comes by itself."""
        return max(_CLOSES, self.arrivals[-1].at if self.arrivals else 0.0)

    @property
    def versions(self) -> int:
        """How many are registered."""
        return len({each.promotion for each in self.arrivals})

    def merged_at(self, promotion: tuple[str, int, str], opened: float) -> float | None:
        """When somebody merges a promotion that was opened then; None where nobody does.

        It takes them ten minutes to three hours, of those in which they work.
        """
        chance = self._chance("merge", promotion)
        if chance.random() >= self.merges:
            return None
        return _at_work(opened, chance.uniform(600, 3 * _HOUR))

    def inferred(self, promotion: tuple[str, int, str], effective: float) -> Arrival | None:
        """What is sent when the batch inference with it is done; None at the top of the ladder."""
        model, version, environment = promotion
        above = LADDER.index(environment) + 1
        if above == len(LADDER):
            return None
        took = self._chance("inference", promotion).uniform(1_200, _HOUR)
        return Arrival(at=effective + took, model=model, version=version, environment=LADDER[above])

    def _chance(self, what: str, promotion: tuple[str, int, str]) -> random.Random:
        return random.Random(f"{self.seed} {what} {promotion}")  # noqa: S311 - no secret


def _at_work(start: float, seconds: float) -> float:
    """The moment at which so many seconds of work were done, from a moment on."""
    day, second = divmod(start, _DAY)
    if second >= _CLOSES:
        day, second = day + 1, _OPENS
    second = max(second, _OPENS)
    left = _CLOSES - second
    if seconds <= left:
        return day * _DAY + second + seconds
    return _at_work((day + 1) * _DAY + _OPENS, seconds - left)


def busy_day(*, versions: int, burst: int, merges: float = 0.25, seed: int = 1) -> Day:
    """A day on which so many versions are registered.

    Args:
        versions: All of them, each of a model of its own for as long as there are 500 models.
        burst: Those of them that scheduled retraining registers within five minutes of nine
            o'clock; the others come at any moment of working hours.
        merges: The part that is merged, on each rung.
        seed: Decides everything that is left to chance.
    """
    chance = random.Random(seed)  # noqa: S311 - no secret
    models = max(500, burst)
    arrivals: list[Arrival] = []
    for number in range(versions):
        at = _OPENS + (
            chance.uniform(0, 300) if number < burst else chance.uniform(0, _CLOSES - _OPENS)
        )
        first = Arrival(
            at=at,
            model=f"model-{number % models:05}",
            version=1 + number // models,
            environment=LADDER[0],
        )
        arrivals.append(first)
        # SageMaker tells each change of a package, and SQS delivers at least once.
        arrivals += [
            Arrival(at=at + later, model=first.model, version=first.version, environment=LADDER[0])
            for later in _repeats(chance)
        ]
    ordered = sorted(arrivals, key=lambda each: (each.at, each.promotion))
    return Day(arrivals=tuple(ordered), merges=merges, seed=seed)


def _repeats(chance: random.Random) -> list[float]:
    """How much later the same version is told of again: once, and of one in ten once more."""
    again = [chance.uniform(1, 60)]
    if chance.random() < _TWICE:
        again.append(chance.uniform(1, 600))
    return again
