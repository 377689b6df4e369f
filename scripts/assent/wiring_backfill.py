"""What `backfill` works on, put together; apart from the rest, so that nothing else loads it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assent.adapters.system_clock import SystemPause
from assent.flows.backfill import Backfilling
from assent.wiring import access_from_environment, event_world, forge_of, open_world

__all__ = ["open_backfill"]


@contextmanager
def open_backfill(repository: Path) -> Iterator[Backfilling]:
    """A clone's HEAD, the registry, the parameters to read, and GitHub.

    Args:
        repository: The clone.

    Raises:
        AssentError: No clone, no valid configuration in its HEAD, or no credentials.
    """
    with open_world(repository, writing=False) as clone:
        forge = forge_of(clone.config)
        events = event_world(access_from_environment(), clone.config, forge, clone.clock)
        yield Backfilling(clone=clone, events=events, pause=SystemPause())
