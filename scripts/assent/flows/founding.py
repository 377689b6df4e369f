"""Whether the approval in effect of a version may be made anything of: receipted, or proven now.

Only a yes is asked for its receipt. A no that somebody wrote by hand takes away, and lets nothing
in; and one that a killed run left must not be forgotten.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from assent.core.config import Environment
from assent.core.discrepancies import entry_problem
from assent.core.founding import Founded, approval_number, founded_by
from assent.core.parameters import History
from assent.core.receipt_book import Index
from assent.flows.recover import Recovery
from assent.flows.wanted import World, record_of_blob

if TYPE_CHECKING:
    from assent.core.names import RecordId

__all__ = ["Founding"]


class Founding:
    """Looks at approvals of one environment, each once.

    Args:
        world: What is read.
        environment: Which one.
        index: Tells what of a model is receipted; asked only where it matters.
        recovery: Proves approvals; without it none is proven.
    """

    def __init__(
        self,
        world: World,
        environment: Environment,
        *,
        index: Callable[[str], Index],
        recovery: Recovery | None,
    ) -> None:
        self._world = world
        self._environment = environment
        self._index = index
        self._recovery = recovery
        self._found: dict[tuple[RecordId, int], tuple[History, str | None]] = {}

    def objection(self, history: History) -> str | None:
        """Why the approval in effect counts for nothing; None where it counts, or there is none.

        Raises:
            AssentError: It could not be found out.
        """
        number = approval_number(history)
        if number is None:
            return None
        key = (history.id, number)
        if key not in self._found or self._found[key][0] != history:
            self._found[key] = (history, self._look(history, number))
        return self._found[key][1]

    def _look(self, history: History, number: int) -> str | None:
        problem = self._problem(history)
        if problem is not None:
            return problem
        if self._world.receipts is None:
            return None
        founded = founded_by(self._index(history.id.model), history)
        if founded is Founded.RECEIPTED:
            return None
        unproven = None if founded is Founded.ALTERED else self._unproven(history, number)
        if founded is not Founded.ALTERED and unproven is None:
            return None
        more = "" if unproven is None else f", and {unproven}"
        return f"its history says that it is Approved by decision {number}: {founded}{more}"

    def _problem(self, history: History) -> str | None:
        """Why the entry cannot be what Assent wrote, whatever is receipted."""
        last = history.last
        if last is None:
            return None
        record = record_of_blob(self._world, last.blob)
        records = {} if record is None else {last.blob: record}
        return entry_problem(history.id, last, records=records, held=(last.blob,))

    def _unproven(self, history: History, number: int) -> str | None:
        """Why a decision without a receipt is not proven; None where it is."""
        last, path = history.last, history.id.path
        if last is None or self._recovery is None:
            return "nothing is proven here; apply does that"
        there = self._world.history.lookup(self._world.head, [path]).get(path)
        if there is None or there.blob != last.blob:
            return f"{self._world.config.branch} holds another record"
        before = History(id=history.id, entries=history.entries[: number - 1])
        if last.evidence in before.withdrawn:
            return "the version was said no to on this very evidence before"
        return self._recovery.objection(history.id, last)
