"""One environment as Parameter Store and main's head have it, model by model."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from assent.core.config import Environment
from assent.core.discrepancies import Rung
from assent.core.discrepancy import Discrepancy, Kind
from assent.core.errors import AssentError
from assent.core.names import PROMOTIONS, RecordId, shown
from assent.core.parameter_places import (
    AppliedPlace,
    CurrentPlace,
    EarlierPlace,
    HistoryPlace,
    place_of,
)
from assent.core.parameters import (
    Applied,
    History,
    Names,
    UnreadableParameter,
    page_count,
    parse_applied,
)
from assent.core.plan import Asked, Wanted
from assent.core.record import Record
from assent.flows.histories import assembled
from assent.flows.observe import BehindApplied
from assent.flows.wanted import World, record_of_blob, wanted_records
from assent.ports import NotThere, Parameters

__all__ = ["RecordsRead", "Standing"]


class RecordsRead:
    """Records by their blobs, each read once, as far as the clone has them.

    Args:
        world: Whose clone.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._found: dict[str, Record | None] = {}
        self._asked: set[str] = set()

    def add(self, wanted: Iterable[Wanted]) -> None:
        """Take what was read of main's head."""
        for each in wanted:
            if isinstance(each, Asked):
                self._found[each.blob] = each.record

    def of(self, blobs: Iterable[str]) -> dict[str, Record | None]:
        """Those of some blobs that the clone has; None for one that is no valid record."""
        found: dict[str, Record | None] = {}
        for blob in blobs:
            if blob not in self._found and blob not in self._asked:
                self._asked.add(blob)
                try:
                    list(self._world.history.blobs([blob]))
                except NotThere:
                    continue
                self._found[blob] = record_of_blob(self._world, blob)
            if blob in self._found:
                found[blob] = self._found[blob]
        return found


@dataclass(slots=True, kw_only=True)
class Standing:
    """One environment, read as a whole; single parameters may be read again."""

    world: World
    environment: Environment
    parameters: Parameters
    names: Names
    texts: dict[str, str] = field(default_factory=dict)
    """Every parameter below the environment's prefix, but of models that are not decided here."""
    wanted: dict[str, dict[int, Wanted]] = field(default_factory=dict)
    """What main's head holds, by model and version."""
    applied: Applied | None = None
    """How far apply came; None where nothing tells."""
    _named: dict[str, set[str]] = field(default_factory=dict)
    """Names of parameters by model; those of no model under the empty name."""

    @classmethod
    def read(cls, world: World, environment: Environment) -> "Standing":
        """Read an environment: its parameters ten a page, and main's records of it.

        Raises:
            BehindApplied: The clone is not what was applied last, so that it cannot judge.
            AssentError: Parameter Store, or the clone, could not be read.
        """
        names = Names(prefix=world.config.parameter_prefix, environment=environment.name)
        found = cls(
            world=world,
            environment=environment,
            parameters=world.parameters(environment),
            names=names,
        )
        below = f"{names.prefix}/{names.environment}"
        found.texts.update(found.parameters.read_below(below))
        covers = world.config.registry.covers
        for name in list(found.texts):
            model = found.model_of(name)
            if model is None or covers(model):
                found.sort_in(name)
            else:
                del found.texts[name]
        found.read_applied()
        folder = f"{PROMOTIONS}/{environment.name}/"
        entries = world.history.entries(world.head, folder)
        for each in wanted_records(world, environment.name, (entry.path for entry in entries)):
            if covers(each.id.model):
                found.wanted.setdefault(each.id.model, {})[each.id.version] = each
        return found

    @property
    def models(self) -> set[str]:
        """The models that there is anything of."""
        return {*self.wanted, *self._named} - {""}

    def model_of(self, name: str) -> str | None:
        """The model that a parameter is of; None where it is of none."""
        match place_of(self.names, name):
            case CurrentPlace() | HistoryPlace() | EarlierPlace() as place:
                return place.model
            case AppliedPlace() | None:
                return None

    def sort_in(self, name: str) -> None:
        """Put a parameter's name with its model's."""
        self._named.setdefault(self.model_of(name) or "", set()).add(name)

    def read_applied(self) -> None:
        """Take what `applied` says.

        Raises:
            BehindApplied: The clone does not contain the commit last applied.
        """
        text = self.texts.get(self.names.applied)
        try:
            self.applied = None if text is None else parse_applied(self.names.applied, text)
        except UnreadableParameter:
            self.applied = None
            return
        applied, head = self.applied, self.world.head
        if applied is None or applied.commit == head:
            return
        if not self.world.history.is_ancestor(applied.commit, head):
            raise BehindApplied(
                f"{self.environment.name} was brought to {shown(applied.commit, 40)}, which is no "
                f"part of {head[:12]}: the clone is behind, or the branch was rewritten",
                hint="Fetch and check out the branch that counts; if it was rewritten, let apply "
                "run first. If another repository writes below this parameter_prefix, give it one "
                "of its own.",
            )

    def read_again(self, names: Iterable[str]) -> None:
        """Read some parameters once more; one that is gone by now is forgotten."""
        asked = sorted(set(names))
        said = self.parameters.read(asked) if asked else {}
        for name in asked:
            if name in said:
                self.texts[name] = said[name]
                self.sort_in(name)
            else:
                self.texts.pop(name, None)

    def rung(self, model: str, records: RecordsRead) -> Rung:
        """What there is of a model."""
        histories = dict(self._histories(model))
        wanted = self.wanted.get(model, {})
        held = {
            number: self._held(history, wanted.get(number), records)
            for number, history in histories.items()
            if isinstance(history, History)
        }
        return Rung(
            environment=self.environment.name,
            model=model,
            wanted=wanted,
            histories=histories,
            current=self.texts.get(self.names.current(model)),
            held=held,
        )

    def strays(self, model: str) -> Iterator[Discrepancy]:
        """Parameters of a model, or of none, that nothing explains."""
        for name in sorted(self._named.get(model, ())):
            place = place_of(self.names, name)
            text = self.texts.get(name)
            if text is None:
                continue
            if isinstance(place, AppliedPlace):
                if self.applied is None:
                    detail = f"{name} does not read; the next apply compares everything"
                    yield self._stray(name, model, None, Kind.PARAMETER_EDITED, detail)
            elif place is None:
                detail = f"nothing of Assent's is called {shown(name, 300)}"
                yield self._stray(name, model, None, Kind.PARAMETER_STRAY, detail)
            elif isinstance(place, EarlierPlace) and not self._is_counted(place):
                detail = f"no history counts the page {name}"
                yield self._stray(name, model, place.version, Kind.PARAMETER_STRAY, detail)

    def _stray(
        self, name: str, model: str, version: int | None, kind: Kind, detail: str
    ) -> Discrepancy:
        return Discrepancy(
            environment=self.environment.name,
            model=model,
            version=version,
            kind=kind,
            detail=detail,
            parameter=name,
        )

    def _is_counted(self, place: EarlierPlace) -> bool:
        name = self.names.history(place.model, place.version)
        text = self.texts.get(name)
        try:
            return text is not None and place.page <= page_count(name, text)
        except UnreadableParameter:
            return True  # that the history does not read is said already

    def _histories(self, model: str) -> Iterator[tuple[int, History | AssentError]]:
        for name in self._named.get(model, ()):
            place, text = place_of(self.names, name), self.texts.get(name)
            if text is None or not isinstance(place, HistoryPlace):
                continue
            id_ = RecordId(self.environment.name, model, place.version)
            try:
                yield place.version, assembled(id_, self.names, text, self._texts_of)
            except UnreadableParameter as error:
                yield place.version, error

    def _texts_of(self, names: Iterable[str]) -> dict[str, str]:
        return {name: self.texts[name] for name in names if name in self.texts}

    def _held(
        self, history: History, wanted: Wanted | None, records: RecordsRead
    ) -> frozenset[str]:
        """The blobs that main held before at a record's path, if the history rests on others.

        Most do not: then git is not asked.
        """
        now = wanted.blob if isinstance(wanted, Asked) else None
        others = {entry.blob for entry in history.entries if entry.decision} - {now}
        if not records.of(others):
            return frozenset()
        git, path = self.world.history, history.id.path
        held: set[str] = set()
        at: str | None = self.world.head
        while at is not None and not others <= held:
            brought = git.brought_by(at, path)
            if brought is None:
                break
            entry = git.lookup(brought, [path]).get(path)
            if entry is not None:
                held.add(entry.blob)
            at = git.parent(brought)
        return frozenset(held)
