"""What is live in the target environment, as a promotion's page compares with it."""

from collections.abc import Mapping
from dataclasses import dataclass

from assent.core.metrics import Metric

__all__ = ["Champion", "ChampionState", "ChampionUnread"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Champion:
    """The version that is live in the target environment."""

    version: int
    metrics: Mapping[str, Metric] | None
    """Of training, from its record; None where that could not be read."""
    inference: Mapping[str, Metric] | None = None
    """Of batch inference one rung down, from its record; None where that holds none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChampionUnread:
    """`current` could not be read, so nobody knows what is live."""

    why: str


ChampionState = Champion | ChampionUnread | None
