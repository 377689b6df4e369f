"""Propose what was registered before Assent came, or while it was down.

What is to be done is worked out anew each time, from what there is: so a run that was killed
anywhere, or was given a limit, is gone on with by the next. Each version then takes the very way
that the event of its registration takes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from assent.core.backfill import Choice, LeftOut, Selection, select_proposals
from assent.core.errors import AssentError, Exit
from assent.core.events import Registration
from assent.core.outcome import Outcome
from assent.core.pacing import Pace
from assent.core.package import ModelVersion, RegistryApproval
from assent.flows import event_world
from assent.flows.promote_after_registration import promote_after_registration
from assent.flows.survey import survey
from assent.flows.wanted import World
from assent.ports import Pause, Unavailable

__all__ = ["WRITES", "BackfillReport", "Backfilling", "NotProposed", "backfill"]

WRITES = 4
"""What opening a promotion takes: a branch, a file, a pull request, its labels."""
_ATTEMPTS = 4
_FIRST_WAIT = 15
"""Seconds to leave a service alone that did not answer; each time twice as many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfilling:
    """What a backfill reads and writes."""

    clone: World
    """Main, and the parameters."""
    events: event_world.World
    """What answering a registration reads and writes."""
    pause: Pause


@dataclass(frozen=True, slots=True, kw_only=True)
class NotProposed:
    """No verdict on a version; the next run tries again."""

    model: str
    version: int
    message: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillReport:
    """What is to be proposed, and what came of it."""

    environment: str
    """The first rung."""
    chosen: tuple[ModelVersion, ...]
    """What is, or would be, proposed; the oldest first."""
    left_out: tuple[LeftOut, ...]
    further: int
    """How many more there are than was asked for; the next run goes on with them."""
    looked_at: int
    wrote: bool
    """Whether anything was to be written, or only to be said."""
    outcomes: tuple[Outcome | NotProposed, ...] = ()

    @property
    def exit(self) -> Exit:
        """0 all that was asked for is done; 12 something failed; 3 there was nothing at all."""
        if not self.looked_at:
            return Exit.NOTHING_READ
        failed = any(isinstance(each, NotProposed) for each in self.outcomes)
        undone = self.wrote and len(self.outcomes) < len(self.chosen)
        return Exit.INCOMPLETE if failed or undone else Exit.OK


def backfill(
    world: Backfilling,
    choice: Choice,
    *,
    limit: int | None = None,
    write: bool,
    emit: Callable[[Outcome | NotProposed], None] = lambda _: None,
    waiting: Callable[[int, float], None] = lambda _done, _seconds: None,
) -> BackfillReport:
    """Propose versions for the first rung that wait for a decision nobody was asked for.

    Args:
        world: What is read and written.
        choice: Which versions are wanted.
        limit: How many at most; None for all.
        write: Whether to propose them, or only to say which they are.
        emit: Called with what became of each.
        waiting: Called before a wait, with how many were done and the seconds.

    Raises:
        AssentError: It could not be found out what is to be done; nothing was written.
    """
    config, entry = world.clone.config, world.clone.config.entry
    versions = [
        each for each in world.clone.registry.everything() if config.registry.covers(each.arn.model)
    ]
    pending = {
        (each.arn.model, each.arn.version)
        for each in versions
        if each.approval is RegistryApproval.PENDING
    }
    forge = world.events.forge
    known = survey(world.clone, forge, [entry], list(forge.open_promotions()), waiting=pending)
    found = select_proposals(versions, known, choice, config)
    chosen = found.chosen if limit is None else found.chosen[:limit]
    done: list[Outcome | NotProposed] = []
    if write:
        for each in _Run(world, waiting).propose(chosen):
            done.append(each)
            emit(each)
    return _report(world, found, chosen, done, write=write)


def _report(
    world: Backfilling,
    found: Selection,
    chosen: Sequence[ModelVersion],
    done: Sequence[Outcome | NotProposed],
    *,
    write: bool,
) -> BackfillReport:
    return BackfillReport(
        environment=world.clone.config.entry.name,
        chosen=tuple(chosen),
        left_out=found.left_out,
        further=len(found.chosen) - len(chosen),
        looked_at=found.looked_at,
        wrote=write,
        outcomes=tuple(done),
    )


class _Run:
    """Proposes one version after the other, no faster than GitHub takes it."""

    def __init__(self, world: Backfilling, waiting: Callable[[int, float], None]) -> None:
        self._world = world
        self._waiting = waiting
        self._pace = Pace()
        self._done = 0

    def propose(self, versions: Sequence[ModelVersion]) -> Iterator[Outcome | NotProposed]:
        """What becomes of each, as far as GitHub can be used at all."""
        for version in versions:
            try:
                found: Outcome | NotProposed = self._proposed(version)
            except AssentError as error:
                yield NotProposed(
                    model=version.arn.model,
                    version=version.arn.version,
                    message=error.message,
                    hint=error.hint,
                )
                if error.retryable:
                    return  # it was tried often enough: the rest would fare no better
                continue
            yield found
            self._done += 1

    def _proposed(self, version: ModelVersion) -> Outcome:
        """Propose one; a service that wants to be left alone is, and then asked again."""
        clock = self._world.events.clock
        for attempt in range(_ATTEMPTS):
            self._wait(self._pace.seconds(clock.now(), WRITES))
            self._pace.wrote(clock.now(), WRITES)
            try:
                return promote_after_registration(Registration(arn=version.arn), self._world.events)
            except Unavailable as error:
                if attempt == _ATTEMPTS - 1:
                    raise
                asked = error.retry_after
                self._wait(_FIRST_WAIT * 2**attempt if asked is None else asked)
        raise AssertionError("the last attempt returns or raises")

    def _wait(self, seconds: float) -> None:
        if seconds > 0:
            self._waiting(self._done, seconds)
            self._world.pause.wait(seconds)
