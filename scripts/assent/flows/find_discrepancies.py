"""Find out where AWS is not as main says, at the price of a few pages.

The registry is read through Search, which indexes with a delay: what it shows may be behind, and
what is new may be missing. So nothing is reported on its word alone. Each difference is looked at
once more, at the registry itself and at the parameters in question, which also tells what apply
was just about to write.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from assent.core.config import Environment
from assent.core.discrepancies import ModelSeen, compare
from assent.core.discrepancy import Discrepancy, Kind, in_order
from assent.core.errors import AssentError, Exit
from assent.core.founding import unreceipted
from assent.core.names import RecordId, parse_package_arn
from assent.core.package import ModelVersion
from assent.core.plan import Decide, Refuse, diff
from assent.core.receipt_book import Book
from assent.core.receipts import Failed
from assent.core.timestamps import written
from assent.flows.observe import observe
from assent.flows.receipted import read_receipted
from assent.flows.standing import RecordsRead, Standing
from assent.flows.wanted import World
from assent.ports import NotThere

__all__ = ["DriftReport", "Found", "find_discrepancies"]

_IN_REGISTRY = frozenset(
    {
        Kind.APPROVED_WITHOUT_RECORD,
        Kind.REGISTRY_DIFFERS,
        Kind.UNKNOWN_WRITER,
        Kind.PACKAGE_DELETED,
        Kind.PACKAGE_RECREATED,
    }
)
_LATE = timedelta(hours=1)
"""Apply runs every half hour; what came to main since is not late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A model in which something differs, and what was read of it."""

    seen: ModelSeen
    discrepancies: tuple[Discrepancy, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftReport:
    """What was looked at, and what is not as main says."""

    environments: tuple[str, ...]
    """Those that were read."""
    versions: int
    """How many the registry has, by its pages."""
    parameters: int
    found: tuple[Found, ...]
    """In order of the models' names; what is of no model comes first."""
    broken: tuple[Failed, ...] = ()
    """What could not be read or confirmed; of that nothing is known."""

    @property
    def discrepancies(self) -> tuple[Discrepancy, ...]:
        """All of them, in order."""
        return tuple(each for found in self.found for each in found.discrepancies)

    @property
    def exit(self) -> Exit:
        """0 all is as main says; 11 something differs; 1 not everything could be read."""
        if self.broken:
            return Exit.BROKEN
        return Exit.DRIFT if self.found else Exit.OK


def find_discrepancies(
    world: World,
    environments: Sequence[Environment],
    *,
    tip: Callable[[], str] | None = None,
) -> DriftReport:
    """Compare git, the registry and Parameter Store.

    Args:
        world: What is read; nothing is written.
        environments: Those to look at. Of others the registry's fields are taken at their word.
        tip: Tells the commit at the tip of the branch that counts, where GitHub is at hand: what
            differs only because main has moved on is then not called drift.

    Raises:
        AssentError: The registry could not be read.
    """
    return _Finder(world, environments).find(tip)


@dataclass(slots=True)
class _Finder:
    """Compares everything with what pages say, then looks at what differs once more."""

    world: World
    environments: Sequence[Environment]
    standings: dict[str, Standing] = field(default_factory=dict)
    versions: dict[str, dict[int, ModelVersion]] = field(default_factory=dict)
    """By model; as pages say, or as described since."""
    broken: list[Failed] = field(default_factory=list)
    books: dict[str, Book] = field(default_factory=dict)
    """What is receipted, by environment; of the others, nothing is known."""
    untold: set[tuple[str, int]] = field(default_factory=set)
    """Versions that could not be described; nothing is said of them."""

    def find(self, tip: Callable[[], str] | None) -> DriftReport:
        records = RecordsRead(self.world)
        for environment in self.environments:
            try:
                standing = Standing.read(self.world, environment)
            except AssentError as error:
                self._break(environment.name, "the environment", error)
                continue
            self.standings[environment.name] = standing
            for wanted in standing.wanted.values():
                records.add(wanted.values())
        self._read_registry()
        looked_at = sum(map(len, self.versions.values()))
        parameters = sum(len(each.texts) for each in self.standings.values())
        models = {model for each in self.standings.values() for model in each.models}
        self._read_receipts(models)
        first = self._compare({"", *models, *self.versions}, records)
        found = self._explain(self._confirm(first, records))
        if found and tip is not None and tip() != self.world.head:
            self.broken.append(
                Failed(
                    environment="",
                    what=self.world.config.branch,
                    message="it has moved on while this looked, so what differs may be that",
                    hint="Run again at its tip.",
                )
            )
        return DriftReport(
            environments=tuple(self.standings),
            versions=looked_at,
            parameters=parameters,
            found=tuple(found[model] for model in sorted(found)),
            broken=tuple(self.broken),
        )

    def _break(self, environment: str, what: str, error: AssentError) -> None:
        self.broken.append(
            Failed(environment=environment, what=what, message=error.message, hint=error.hint)
        )

    def _read_registry(self) -> None:
        registry = self.world.config.registry
        for version in self.world.registry.everything():
            model, number = version.arn.model, version.arn.version
            if registry.covers(model) and version.arn.text == registry.package_arn(model, number):
                self.versions.setdefault(model, {})[number] = version

    def _read_receipts(self, models: Collection[str]) -> None:
        """See what is receipted, by the clone: it may be older than the parameters."""
        for name in self.standings:
            try:
                book = read_receipted(self.world, name, models)
            except AssentError as error:
                self._break(name, "receipts", error)
                continue
            if book is not None:
                self.books[name] = book

    def _unreceipted(self, seen: ModelSeen) -> Iterator[Discrepancy]:
        for name, rung in seen.rungs.items():
            book = self.books.get(name)
            for number, history in rung.histories.items():
                if book is None or isinstance(history, AssentError):
                    continue
                index = book.index(seen.model)
                detail = unreceipted(index, history, self.world.clock.now())
                if detail is not None:
                    yield Discrepancy(
                        environment=name,
                        model=seen.model,
                        version=number,
                        kind=Kind.DECISION_WITHOUT_RECEIPT,
                        detail=detail,
                    )

    def _compare(self, models: Collection[str], records: RecordsRead) -> dict[str, Found]:
        found = {}
        for model in models:
            seen = self._seen(model, records)
            strays = [each for one in self.standings.values() for each in one.strays(model)]
            config = self.world.config
            differing = compare(seen, ladder=config.ladder, writers=config.writers)
            said = [
                each
                for each in (*differing, *strays, *self._unreceipted(seen))
                if (each.model, each.version) not in self.untold or each.kind not in _IN_REGISTRY
            ]
            if said:
                found[model] = Found(seen=seen, discrepancies=tuple(sorted(said, key=in_order)))
        return found

    def _seen(self, model: str, records: RecordsRead) -> ModelSeen:
        rungs = {
            name: standing.rung(model, records)
            for name, standing in self.standings.items()
            if model in standing.models
        }
        blobs = {
            entry.blob
            for rung in rungs.values()
            for history in rung.histories.values()
            if not isinstance(history, AssentError)
            for entry in history.entries
        }
        return ModelSeen(
            model=model,
            rungs=rungs,
            read=frozenset(self.standings),
            versions=self.versions.get(model, {}),
            records=records.of(blobs),
        )

    # Confirm.

    def _confirm(self, found: dict[str, Found], records: RecordsRead) -> dict[str, Found]:
        """Look at each difference once more, until nothing is said on Search's word alone.

        Parameters are read after the package is described: apply writes them in that order.
        """
        described: set[tuple[str, int]] = set()
        read: dict[str, set[str]] = {name: set() for name in self.standings}
        while True:
            all_ = [each for one in found.values() for each in one.discrepancies]
            packages = {
                (each.model, each.version)
                for each in all_
                if each.kind in _IN_REGISTRY and each.version is not None
            } - described
            names: dict[str, set[str]] = {}
            for each in all_:
                for environment, name in self._behind(each):
                    names.setdefault(environment, set()).add(name)
            fresh = {name: asked - read[name] for name, asked in names.items()}
            if not packages and not any(fresh.values()):
                return found
            for model, number in sorted(packages):
                self._describe(model, number)
            described |= packages
            for environment, asked in fresh.items():
                self._read_again(environment, asked)
                read[environment] |= asked
            changed = self._compare(set(found), records)
            found = {model: changed[model] for model in found if model in changed}

    def _behind(self, discrepancy: Discrepancy) -> Iterator[tuple[str, str]]:
        """The parameters on which a discrepancy rests, with their environments."""
        each = discrepancy
        for name, standing in self.standings.items():
            if each.environment not in {"", name}:
                continue
            if each.parameter:
                yield name, each.parameter
            if each.version is not None and each.model:
                yield name, standing.names.history(each.model, each.version)
            if each.kind is Kind.PARAMETER_EDITED and each.model:
                yield name, standing.names.current(each.model)

    def _describe(self, model: str, number: int) -> None:
        arn = parse_package_arn(self.world.config.registry.package_arn(model, number))
        try:
            self.versions.setdefault(model, {})[number] = self.world.registry.describe(arn)
        except NotThere:
            self.versions.get(model, {}).pop(number, None)
        except AssentError as error:
            self.untold.add((model, number))
            self._break("", arn.text, error)

    def _read_again(self, environment: str, names: Collection[str]) -> None:
        standing = self.standings.get(environment)
        if standing is None or not names:
            return
        try:
            standing.read_again(names)
        except AssentError as error:
            del self.standings[environment]
            self._break(environment, "the environment", error)

    # Explain.

    def _explain(self, found: dict[str, Found]) -> dict[str, Found]:
        """Say of records without effect why.

        Those that wait by rule, or have only just come to main, are as they should be.
        """
        why: dict[tuple[str, str, int], str | None] = {}
        for name in self.standings:
            ids = [
                RecordId(name, each.model, each.version)
                for one in found.values()
                for each in one.discrepancies
                if each.kind is Kind.RECORD_WITHOUT_EFFECT
                and each.environment == name
                and each.version is not None
            ]
            if ids:
                said = self._whys(self.standings[name], ids)
                why |= {(name, id_.model, id_.version): text for id_, text in said.items()}
        left = {}
        for model, one in found.items():
            kept = tuple(_explained(one.discrepancies, why))
            if kept:
                left[model] = replace(one, discrepancies=kept)
        return left

    def _whys(self, standing: Standing, ids: Sequence[RecordId]) -> dict[RecordId, str | None]:
        """Why records are not in effect; None for those of which that is as it should be."""
        paths = [id_.path for id_ in ids]
        try:
            seen = observe(
                self.world, standing.environment, everything=False, applied=None, only=paths
            )
            plan = diff(seen.wanted, seen.actual, config=self.world.config)
        except AssentError as error:
            return dict.fromkeys(ids, f"why, could not be told: {error.message}")
        told: dict[RecordId, str | None] = {}
        for change in plan.changes:
            if isinstance(change, Refuse):
                waits = change.lifted is not None
                told[change.id] = None if waits else f"{change.detail} [{change.reason}]"
            elif isinstance(change, Decide):
                told[change.id] = self._due(standing, change.id)
        for id_, unknown in seen.unknown.items():
            told.setdefault(id_, unknown.message)
        return {id_: told.get(id_, "why, nothing tells") for id_ in ids}

    def _due(self, standing: Standing, id_: RecordId) -> str | None:
        """Of a record that apply would bring into effect as far as a plan can tell."""
        since = self._since(id_)
        if standing.applied is not None and id_.path in standing.applied.retry:
            return f"apply refused it, or failed, and tries again{since[1]}"
        return None if since[0] else f"apply did not bring it into effect{since[1]}"

    def _since(self, id_: RecordId) -> tuple[bool, str]:
        """Whether a record came to main only just now, and since when it is there, in words."""
        git = self.world.history
        brought = git.brought_by(self.world.head, id_.path)
        if brought is None:
            return False, ""
        at = git.committed(brought)
        age = self.world.clock.now() - at
        return timedelta() <= age < _LATE, f"; main holds it since {written(at)}"


def _explained(
    discrepancies: Iterable[Discrepancy], why: Mapping[tuple[str, str, int], str | None]
) -> Iterator[Discrepancy]:
    for each in discrepancies:
        if each.kind is not Kind.RECORD_WITHOUT_EFFECT or each.version is None:
            yield each
            continue
        text = why.get((each.environment, each.model, each.version), "")
        if text is not None:
            yield replace(each, detail=f"{each.detail}: {text}" if text else each.detail)
