"""Plan: what apply would do now, without proof of approvals and without writing."""

from collections.abc import Sequence
from dataclasses import dataclass

from assent.core.config import Environment
from assent.core.errors import Exit
from assent.core.plan import Plan, diff
from assent.flows.observe import Observation, observe, read_applied
from assent.flows.wanted import World

__all__ = ["Planned", "plan"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One environment's plan and what it was made from."""

    observation: Observation
    plan: Plan

    @property
    def exit(self) -> Exit:
        """Whether the plan could be made for every model."""
        return Exit.BROKEN if self.observation.unreadable else Exit.OK


def plan(world: World, environments: Sequence[Environment], *, everything: bool) -> list[Planned]:
    """Plan some environments, in the order given.

    Raises:
        AssentError: Something could not be read.
    """
    found = []
    for environment in environments:
        applied = read_applied(world, environment)
        observation = observe(world, environment, everything=everything, applied=applied)
        difference = diff(observation.wanted, observation.actual, config=world.config)
        found.append(Planned(observation=observation, plan=difference))
    return found
