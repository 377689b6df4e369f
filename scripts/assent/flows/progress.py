"""What a run of apply did so far in one environment, and how it tells of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from assent.core.errors import AssentError
from assent.core.names import RecordId
from assent.core.parameters import History, Names
from assent.core.receipts import Failed, Receipt, Refused
from assent.core.record import Record
from assent.core.rendering.notices import Notice
from assent.flows.chronicle import Chronicle
from assent.flows.notify import notify
from assent.flows.observe import Observation
from assent.flows.wanted import World
from assent.ports import Parameters

__all__ = ["Progress"]


@dataclass(slots=True, kw_only=True)
class Progress:
    """The state of one environment's run."""

    world: World
    seen: Observation
    """The environment as it was observed at the start."""
    emit: Callable[[Receipt], None]
    parameters: Parameters
    """The environment's own."""
    chronicle: Chronicle
    """Of what receipts are written from at the end."""
    histories: dict[RecordId, History]
    """As observed, with what this run brought into effect."""
    fresh: dict[RecordId, Record] = field(default_factory=dict)
    """The records that this run brought into effect."""
    written: dict[RecordId, tuple[str, ...]] = field(default_factory=dict)
    """The registry's fields that each of them wrote."""
    retry: set[str] = field(default_factory=set)
    """Paths that the next run has to look at again."""

    @classmethod
    def begun(cls, world: World, seen: Observation, chronicle: Chronicle) -> "Progress":
        """A run that has done nothing yet."""
        return cls(
            world=world,
            seen=seen,
            emit=chronicle.tell,
            parameters=world.parameters(seen.environment),
            chronicle=chronicle,
            histories=dict(seen.actual.histories),
            retry=set(seen.left_out),
        )

    @property
    def environment(self) -> str:
        """Its name."""
        return self.seen.environment.name

    @property
    def names(self) -> Names:
        """Where its parameters are."""
        return self.seen.names

    def models(self) -> list[str]:
        """The models that the run is about."""
        wanted = {each.id.model for each in self.seen.wanted}
        return sorted(wanted | set(self.seen.actual.current))

    def paths(self, model: str) -> Iterable[str]:
        """The paths of a model's records that the run is about."""
        return (each.id.path for each in self.seen.wanted if each.id.model == model)

    def refuse(self, receipt: Refused) -> None:
        """Report what must not happen; it is tried again."""
        self.retry.add(receipt.id.path)
        self.emit(receipt)

    def fail(self, what: str, error: AssentError) -> None:
        """Report what could not be done."""
        self.emit(
            Failed(environment=self.environment, what=what, message=error.message, hint=error.hint)
        )

    def notify(self, notice: Notice) -> None:
        """Tell the environment's topic."""
        failure = notify(self.world.notices, self.seen.environment, notice)
        if failure is not None:
            self.emit(failure)
