"""Reject by closing: record what closed and reopened promotion pull requests decided."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from assent.core.config import Environment
from assent.core.errors import AssentError, Exit
from assent.core.forge import PullRequestState
from assent.core.receipts import Failed, Receipt
from assent.flows.chronicle import Chronicle
from assent.flows.closings import Closings
from assent.flows.recover import Recovery
from assent.flows.wanted import World
from assent.ports import Forge

__all__ = ["RecentPullRequests", "Reconciled", "RejectReport", "reconcile", "reject"]

_OVERLAP = timedelta(minutes=2)
"""GitHub's listings may lag behind; a little of what was seen is looked at again."""
_ROUNDS = 3

Emit = Callable[[Receipt], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectReport:
    """What became of one closing."""

    receipts: tuple[Receipt, ...]

    @property
    def exit(self) -> Exit:
        """0 it was answered, whatever it decided; 12 it could not be, and is tried again."""
        failed = any(isinstance(receipt, Failed) for receipt in self.receipts)
        return Exit.INCOMPLETE if failed else Exit.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """How far an environment's closings were looked at."""

    until: datetime | None
    """Nothing last updated before this needs another look; None where there is nothing at all."""
    acted: bool = False
    """Whether anything was written, so that `until` is worth being written too."""


class RecentPullRequests:
    """GitHub's listing, latest update first, asked for once by all environments of a run.

    Args:
        forge: Where the pull requests are.
    """

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self._since: datetime | None = None
        self._listed: tuple[PullRequestState, ...] | None = None

    def since(self, start: datetime | None, *, anew: bool) -> tuple[PullRequestState, ...]:
        """Those last updated at `start` or later; None for all there ever were.

        Args:
            start: From when.
            anew: Ask again, whatever was listed before.

        Raises:
            AssentError: They could not be listed.
        """
        if anew or self._listed is None or not self._covers(start):
            self._listed = tuple(self._forge.recent_pull_requests(start))
            self._since = start
        return tuple(each for each in self._listed if start is None or each.updated_at >= start)

    def _covers(self, start: datetime | None) -> bool:
        return self._since is None or (start is not None and start >= self._since)


def reject(
    world: World,
    forge: Forge,
    number: int,
    environments: Sequence[Environment],
    *,
    emit: Emit = lambda _: None,
) -> RejectReport:
    """Record what closing, or reopening, one pull request decided.

    Args:
        world: What is read and written.
        forge: Where the pull request is.
        number: The pull request's.
        environments: Those that may be written; a pull request about another is passed over.
        emit: Called with each receipt as soon as it is due.

    Raises:
        AssentError: The pull request could not be read.
    """
    receipts: list[Receipt] = []

    def record(receipt: Receipt) -> None:
        receipts.append(receipt)
        emit(receipt)

    pull = forge.pull_request(number)
    for environment in environments:
        _reject(world, forge, environment, pull, record)
    return RejectReport(receipts=tuple(receipts))


def _reject(
    world: World, forge: Forge, environment: Environment, pull: PullRequestState, emit: Emit
) -> None:
    chronicle = Chronicle(world, environment, tell=emit, recovery=Recovery(world, forge))
    closings = Closings(world, forge, environment, emit=chronicle.tell, chronicle=chronicle)
    closings.read(pull)
    closings.decide()
    failed = chronicle.write()
    if failed is not None:
        emit(failed)


def reconcile(
    world: World,
    forge: Forge,
    environment: Environment,
    *,
    since: datetime | None,
    recent: RecentPullRequests,
    emit: Emit,
    chronicle: Chronicle | None = None,
) -> Reconciled:
    """Record every closing and reopening that is not recorded yet, so that no lost run loses one.

    What cannot be recorded is reported as failed, and looked at again by the next run.

    Args:
        world: What is read and written.
        forge: Where the pull requests are.
        environment: Whose promotions are looked at.
        since: From an earlier run's `until`; None for all pull requests there ever were.
        recent: The listing, shared by a run's environments.
        emit: Called with each receipt.
        chronicle: Takes down what is found and written.
    """
    closings = Closings(world, forge, environment, emit=emit, chronicle=chronicle)
    seen: dict[int, datetime] = {}
    undone: list[datetime] = []
    start = None if since is None else since - _OVERLAP
    for round_ in range(_ROUNDS):
        acted = closings.acted
        try:
            fresh = [
                pull
                for pull in recent.since(start, anew=round_ > 0)
                if seen.get(pull.number) != pull.updated_at
            ]
        except AssentError as error:
            closings.fail("closed pull requests", error)
            return Reconciled(until=since, acted=closings.acted > 0)
        seen |= {pull.number: pull.updated_at for pull in fresh}
        undone += _look(closings, fresh)
        if undone or closings.acted == acted:
            break  # what Assent itself did to them is no news
    # What was looked at before the first that failed is not looked at again.
    until = min(undone) if undone else max(seen.values(), default=None)
    behind = until is None or (since is not None and until < since)
    return Reconciled(until=since if behind else until, acted=closings.acted > 0)


def _look(closings: Closings, pulls: Sequence[PullRequestState]) -> list[datetime]:
    """Look at some; returns when those were last updated that could not be dealt with.

    They are read in the order of their last update, so that whoever is stopped on the way has done
    what needs no second look. Once a service does not answer, it is not asked about the rest.
    """
    ordered = sorted(pulls, key=lambda pull: pull.updated_at)
    left: list[PullRequestState] = []
    for index, pull in enumerate(ordered):
        try:
            closings.read(pull)
        except AssentError as error:
            closings.fail(f"pull request {pull.number}", error)
            left.append(pull)
            if error.retryable:
                left += ordered[index + 1 :]
                break
    left += closings.decide()
    return [pull.updated_at for pull in left]
