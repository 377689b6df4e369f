"""Heal: write back what is in effect, where registry or `current` say something else.

Nothing is decided by it, no history is touched, nothing is deleted. What rests on a history that
does not read, or was edited, is left alone: nobody knows what is in effect there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assent.core.config import Environment
from assent.core.discrepancies import Rung, derived_versions
from assent.core.discrepancy import Discrepancy, Kind
from assent.core.errors import AssentError, Exit
from assent.core.names import RecordId
from assent.core.parameters import History
from assent.core.receipts import Failed, Receipt
from assent.flows.chronicle import Chronicle
from assent.flows.find_discrepancies import DriftReport, Found
from assent.flows.mend import mend
from assent.flows.observe import Observation, observe
from assent.flows.progress import Progress
from assent.flows.set_current import Currents
from assent.flows.wanted import World
from assent.flows.write_registry import ChangedMeanwhile

__all__ = ["HealReport", "heal"]

Emit = Callable[[Receipt], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class HealReport:
    """What was written back, and what was left."""

    receipts: tuple[Receipt, ...]
    left: tuple[Discrepancy, ...]
    """What writing back does not mend, or could not."""
    broken: tuple[Failed, ...] = ()
    """As in `DriftReport`."""

    @property
    def exit(self) -> Exit:
        """0 all is as main says now; 12 something is left; 1 not everything could be read."""
        if self.broken:
            return Exit.BROKEN
        failed = any(isinstance(receipt, Failed) for receipt in self.receipts)
        return Exit.INCOMPLETE if self.left or failed else Exit.OK


def heal(
    world: World,
    environments: Sequence[Environment],
    report: DriftReport,
    *,
    emit: Emit = lambda _: None,
) -> HealReport:
    """Write back what is in effect wherever a report says that it does not show.

    Run again after it was cut off anywhere, it does what is left to be done.

    Args:
        world: What is read and written.
        environments: Those that may be written, lowest first.
        report: What was found, and confirmed, by the same clone.
        emit: Called with each receipt as soon as its write is done.
    """
    receipts: list[Receipt] = []
    failed: set[Discrepancy] = set()

    def record(receipt: Receipt) -> None:
        receipts.append(receipt)
        emit(receipt)

    for environment in environments:
        if environment.name in report.environments:
            chronicle = Chronicle(world, environment, tell=record)
            failed |= _Healer(world, environment, report, chronicle).heal()
            unwritten = chronicle.write()
            if unwritten is not None:
                record(unwritten)
    written = {each.name for each in environments}
    left = tuple(
        each
        for each in report.discrepancies
        if not each.heals or each in failed or each.environment not in {"", *written}
    )
    return HealReport(receipts=tuple(receipts), left=left, broken=report.broken)


class _Healer:
    """Heals one environment, model by model."""

    def __init__(
        self, world: World, environment: Environment, report: DriftReport, chronicle: Chronicle
    ) -> None:
        self._world = world
        self._environment = environment
        self._report = report
        self._chronicle = chronicle

    def heal(self) -> set[Discrepancy]:
        """Write what has to be written; returns what could not be mended."""
        failed: set[Discrepancy] = set()
        for found in self._report.found:
            mine = [each for each in found.discrepancies if self._is_mine(each, found)]
            if mine:
                failed |= self._heal(found, mine)
        return failed

    def _is_mine(self, discrepancy: Discrepancy, found: Found) -> bool:
        """Whether it is mended here; what is of the whole registry, wherever a history reads."""
        each, name = discrepancy, self._environment.name
        doubted = {
            (other.environment, other.version)
            for other in found.discrepancies
            if other.kind is Kind.HISTORY_EDITED
        }
        here = each.environment in {"", name} and bool(each.model)
        return each.heals and here and (name, each.version) not in doubted

    def _heal(self, found: Found, mine: Sequence[Discrepancy]) -> set[Discrepancy]:
        model, name = found.seen.model, self._environment.name
        rung = found.seen.rungs.get(name)
        fields = [each for each in mine if each.kind is not Kind.PARAMETER_EDITED]
        currents = [each for each in mine if each.kind is Kind.PARAMETER_EDITED]
        numbers = {each.version for each in fields if each.version is not None}
        wanted = set(numbers)
        if currents and rung is not None:
            wanted |= {number or 1 for number in derived_versions(found.seen, rung)}
        paths = [RecordId(name, model, number).path for number in sorted(wanted)]
        try:
            seen = observe(
                self._world, self._environment, everything=False, applied=None, only=paths
            )
            _require_unchanged(seen, model, rung)
        except AssentError as error:
            self._fail(model, error)
            return set(mine)
        run = Progress.begun(self._world, seen, self._chronicle)
        failed = set[Discrepancy]()
        for number in sorted(numbers):
            id_ = RecordId(name, model, number)
            try:
                mended = mend(run, id_)
            except AssentError as error:
                self._fail(id_.path, error)
                mended = False
            if not mended:
                failed |= {each for each in fields if each.version == number}
        if currents:
            try:
                Currents(run).set(model)
            except AssentError as error:
                self._fail(model, error)
                failed |= set(currents)
        return failed

    def _fail(self, what: str, error: AssentError) -> None:
        self._chronicle.tell(
            Failed(
                environment=self._environment.name,
                what=what,
                message=error.message,
                hint=error.hint,
            )
        )


def _require_unchanged(seen: Observation, model: str, rung: Rung | None) -> None:
    """Refuse to write from histories that are others than those that were judged.

    Raises:
        AssentError: One changed since, does not read, or the registry could not be asked.
    """
    for error in (*seen.unreadable.values(), *seen.unknown.values()):
        raise error
    judged = {} if rung is None else rung.histories
    for id_, history in seen.actual.histories.items():
        if id_.model == model and judged.get(id_.version, History(id=id_)) != history:
            raise ChangedMeanwhile(
                f"the decisions on {id_} changed since they were compared",
                hint="The next run compares anew.",
            )
