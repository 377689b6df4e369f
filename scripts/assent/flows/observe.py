"""Read what main asks for and what is, for one environment, as far as a plan needs it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from assent.core.admission import is_compared
from assent.core.config import CONFIG_PATH, Environment
from assent.core.errors import AssentError
from assent.core.imports import is_import
from assent.core.names import PROMOTIONS, PackageArn, RecordId, parse_package_arn, parse_path
from assent.core.package import ModelVersion
from assent.core.parameters import (
    Applied,
    HistoryEntry,
    Names,
    UnreadableParameter,
    parse_applied,
    parse_history,
)
from assent.core.parameters import (
    History as DecisionHistory,
)
from assent.core.plan import Actual, Asked, Deleted, Rivals, Wanted, named_version
from assent.core.record import Decision, Record
from assent.flows.decided_otherwise import decided_otherwise
from assent.flows.elsewhere import decisions_elsewhere, parameters_elsewhere
from assent.flows.histories import assembled
from assent.flows.rivals import find_rivals
from assent.flows.wanted import World, record_of_blob, wanted_records
from assent.ports import NotThere, Parameters

__all__ = [
    "BehindApplied",
    "Observation",
    "applied_of",
    "further_histories",
    "observe",
    "read_applied",
]

_BATCH = 10
"""Names that one call of `GetParameters` takes."""
_CANDIDATES = 8
"""With `current` and the version in question, ten names: one call of `GetParameters`."""


class BehindApplied(AssentError):
    """The clone is older than what was applied already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One environment, seen."""

    environment: Environment
    names: Names
    applied_text: str | None
    """The text of `applied` as found."""
    everything: bool
    """Whether all of the tree was compared, or only what changed."""
    wanted: tuple[Wanted, ...]
    actual: Actual
    unreadable: Mapping[str, AssentError]
    """Models whose parameters do not read; nothing about them is planned."""
    unknown: Mapping[RecordId, AssentError]
    """Records that cannot be judged for now: a yes among them waits, a no goes ahead."""
    left_out: tuple[str, ...]
    """The paths of records that were not planned, or only in part, to be tried again."""
    diverged: bool
    """Whether the commit last applied is no part of HEAD's history."""


def observe(
    world: World,
    environment: Environment,
    *,
    everything: bool,
    applied: str | None,
    only: Sequence[str] | None = None,
) -> Observation:
    """Read one environment.

    The cost follows what changed since the commit last applied, unless `everything` is asked for,
    or nothing tells what changed.

    Args:
        world: What is read.
        environment: Which one.
        everything: Compare all of the tree, not only what changed.
        applied: The text of `applied`, from `read_applied`.
        only: The paths to look at, whatever changed.

    Raises:
        AssentError: Something could not be read; nothing was written.
    """
    return _Observer(world, environment).observe(applied, everything=everything, only=only)


def read_applied(world: World, environment: Environment) -> str | None:
    """The text of the parameter that tells how far apply came; None where there is none.

    Raises:
        AssentError: It could not be read.
    """
    names = Names(prefix=world.config.parameter_prefix, environment=environment.name)
    return world.parameters(environment).read([names.applied]).get(names.applied)


def applied_of(names: Names, text: str | None) -> Applied | None:
    """What `applied` says; None where there is none, or it does not read.

    A full comparison then finds out all that it could have said.
    """
    if text is None:
        return None
    try:
        return parse_applied(names.applied, text)
    except UnreadableParameter:
        return None


def _is_written_anew(record: Record, found: ModelVersion | None) -> bool:
    """Whether it looks as if what the containers are started with had been changed."""
    was = record.package.specification
    return found is not None and was not in {None, found.package.specification}


def _says_no(wanted: Wanted) -> bool:
    """Whether a record asks for a decision that nothing may hold up."""
    return isinstance(wanted, Asked) and wanted.record.decision is not Decision.APPROVED


def further_histories(
    world: World, seen: Observation, model: str, parameters: Parameters
) -> Iterator[DecisionHistory]:
    """Histories of a model's versions on main that the observation left out, highest first.

    Raises:
        AssentError: While iterating, if a history cannot be read.
    """
    environment = seen.environment.name
    folder = f"{PROMOTIONS}/{environment}/{model}/"
    found = {parse_path(entry.path) for entry in world.history.entries(world.head, folder)}
    rest = sorted(
        (id_ for id_ in found if id_ is not None and id_ not in seen.actual.histories), reverse=True
    )
    for start in range(0, len(rest), _BATCH):
        names = {
            id_: seen.names.history(id_.model, id_.version) for id_ in rest[start : start + _BATCH]
        }
        texts = parameters.read(list(names.values()))
        for id_, name in names.items():
            if name in texts:
                yield assembled(id_, seen.names, texts[name], parameters.read)


class _Observer:
    """Reads in the order in which one answer leads to the next question."""

    def __init__(self, world: World, environment: Environment) -> None:
        self._world = world
        self._environment = environment
        self._names = Names(prefix=world.config.parameter_prefix, environment=environment.name)
        self._parameters = world.parameters(environment)
        self._texts: dict[str, str] = {}
        self._asked: set[str] = set()
        self._histories: dict[RecordId, DecisionHistory] = {}
        self._unreadable: dict[str, AssentError] = {}
        self._unknown: dict[RecordId, AssentError] = {}
        self._diverged = False
        self._models: set[str] = set()
        """Models that have a `current`, in a full comparison."""

    def observe(
        self, applied: str | None, *, everything: bool, only: Sequence[str] | None = None
    ) -> Observation:
        paths = only if everything or only is not None else self._changed(applied)
        if paths is None:
            wanted = self._read_everything()
        else:
            wanted = wanted_records(self._world, self._environment.name, paths)
            self._read_some(wanted)
        below = self._below(wanted)
        rivals = self._rivals(wanted)
        otherwise = self._decided_otherwise(wanted)
        left_out = {each.id.path for each in wanted if each.id.model in self._unreadable}
        wanted = [each for each in wanted if each.id.model not in self._unreadable]
        versions = self._describe(wanted, everything=paths is None)
        left_out |= {id_.path for id_ in self._unknown}
        wanted = [each for each in wanted if each.id not in self._unknown or _says_no(each)]
        return Observation(
            environment=self._environment,
            names=self._names,
            applied_text=applied,
            everything=paths is None,
            wanted=tuple(wanted),
            actual=replace(
                self._actual(wanted, versions, below, rivals), decided_otherwise=otherwise
            ),
            unreadable=self._unreadable,
            unknown=self._unknown,
            left_out=tuple(sorted(left_out)),
            diverged=self._diverged,
        )

    def _changed(self, applied_text: str | None) -> list[str] | None:
        """The paths to look at; None for all of them."""
        applied = applied_of(self._names, applied_text)
        if applied is None or applied.everything:
            return None
        history, head = self._world.history, self._world.head
        if applied.commit == head:
            return list(applied.retry)
        if not history.is_ancestor(applied.commit, head):
            if self._is_behind(applied.commit):
                raise BehindApplied(
                    f"this clone is at {head[:12]}, and {self._environment.name} was brought to "
                    f"{applied.commit[:12]} already, which is newer",
                    hint="Fetch and check out the branch that counts, then run again.",
                )
            self._diverged = True
            return None
        # What was changed and changed back counts: a run that was cut off may have applied it.
        changed = {*history.changed(applied.commit, head), *history.touched(applied.commit, head)}
        if CONFIG_PATH in changed:
            return None
        prefix = f"{PROMOTIONS}/{self._environment.name}/"
        return sorted({*(path for path in changed if path.startswith(prefix)), *applied.retry})

    def _is_behind(self, applied: str) -> bool:
        """Whether what was applied last is newer than the clone's head.

        Raises:
            BehindApplied: The clone does not have that commit.
        """
        try:
            return self._world.history.is_ancestor(self._world.head, applied)
        except NotThere as error:
            raise BehindApplied(
                f"what {self._environment.name} was brought to last is unknown: {error.message}",
                hint="Fetch the whole history. If the branch was rewritten, run apply --all. If "
                "another repository writes below this parameter_prefix, give each one of its own.",
            ) from error

    def _read(self, names: Iterable[str]) -> Mapping[str, str]:
        fresh = [name for name in dict.fromkeys(names) if name not in self._asked]
        if fresh:
            self._texts.update(self._parameters.read(fresh))
            self._asked.update(fresh)
        return self._texts

    def _read_some(self, wanted: Sequence[Wanted]) -> None:
        """Histories of what changed, and of as many others as tell what `current` must name."""
        by_model: dict[str, list[RecordId]] = {}
        for each in wanted:
            by_model.setdefault(each.id.model, []).append(each.id)
        others = {model: self._others(model, ids) for model, ids in by_model.items()}
        names = [self._names.current(model) for model in by_model]
        names += [self._history_name(each.id) for each in wanted]
        names += [self._history_name(id_) for rest in others.values() for id_ in rest[:_CANDIDATES]]
        self._read(names)
        for model, ids in by_model.items():
            self._take_histories(ids)
            self._find_stable(model, others[model])

    def _others(self, model: str, ids: Sequence[RecordId]) -> list[RecordId]:
        """The model's other versions that have a record on main, highest first."""
        folder = f"{PROMOTIONS}/{self._environment.name}/{model}/"
        entries = self._world.history.entries(self._world.head, folder)
        found = {id_ for entry in entries if (id_ := parse_path(entry.path)) is not None}
        return sorted(found - set(ids), reverse=True)

    def _find_stable(self, model: str, others: Sequence[RecordId]) -> None:
        """Read on, highest first, until a version is found that is Approved and not in question.

        Below it, nothing can become `current`.
        """
        named = named_version(self._texts.get(self._names.current(model)))
        if named is not None:
            live = RecordId(self._environment.name, model, named)
            self._read([self._history_name(live)])
            self._take_histories([live])
        for start in range(0, len(others), _CANDIDATES):
            batch = others[start : start + _CANDIDATES]
            self._read(self._history_name(id_) for id_ in batch)
            self._take_histories(batch)
            known = (self._histories.get(id_) for id_ in batch)
            if any(each is not None and each.decision is Decision.APPROVED for each in known):
                return

    def _read_everything(self) -> list[Wanted]:
        prefix = f"{self._world.config.parameter_prefix}/{self._environment.name}"
        self._texts.update(self._parameters.read_below(prefix))
        folder = f"{PROMOTIONS}/{self._environment.name}/"
        entries = self._world.history.entries(self._world.head, folder)
        paths = {entry.path for entry in entries}
        own = {id_.model for path in paths if (id_ := parse_path(path)) is not None}
        registry = self._world.config.registry
        for name in self._texts:
            parts = name.removeprefix(prefix + "/").split("/")
            if parts[0] not in own and not registry.covers(parts[0]):
                continue
            match parts:
                case [model, "versions", version]:
                    path = f"{folder}{model}/{version}.yaml"
                    if parse_path(path) is not None:
                        paths.add(path)
                case [model, "current"]:
                    self._models.add(model)
                case _:
                    pass
        self._asked.update(self._texts)
        wanted = wanted_records(self._world, self._environment.name, paths)
        self._asked.update(self._history_name(each.id) for each in wanted)
        self._asked.update(self._names.current(each.id.model) for each in wanted)
        self._take_histories([each.id for each in wanted])
        return wanted

    def _history_name(self, id_: RecordId) -> str:
        return self._names.history(id_.model, id_.version)

    def _take_histories(self, ids: Iterable[RecordId]) -> None:
        for id_ in ids:
            if id_ in self._histories:
                continue
            text = self._texts.get(self._history_name(id_))
            try:
                self._histories[id_] = assembled(id_, self._names, text, self._read)
            except UnreadableParameter as error:
                self._unreadable[id_.model] = error

    def _describe(
        self, wanted: Sequence[Wanted], *, everything: bool
    ) -> dict[RecordId, ModelVersion | None]:
        """Each version as the registry has it, under the ARN that it has there and nowhere else.

        So a record that names another account's package, or another version, differs from it.
        """
        registry = self._world.config.registry
        arns = {
            each.id: parse_package_arn(registry.package_arn(each.id.model, each.id.version))
            for each in wanted
        }
        settled = {
            arns[each.id].text: each.id
            for each in wanted
            if isinstance(each, Deleted) or (isinstance(each, Asked) and not self._is_new(each))
        }
        found: dict[RecordId, ModelVersion | None] = {}
        found.update(self._search(settled) if everything else {})
        for each in wanted:
            # An approval is not withdrawn on the word of a page alone: it may tell less.
            if isinstance(each, Asked) and _is_written_anew(each.record, found.get(each.id)):
                del found[each.id]
        for id_, arn in arns.items():
            if id_ not in found:
                try:
                    found[id_] = self._describe_one(arn)
                except AssentError as error:
                    found[id_] = None
                    self._unknown[id_] = error
        return found

    def _search(self, settled: Mapping[str, RecordId]) -> dict[RecordId, ModelVersion]:
        """What pages tell of versions whose decision is in effect; the others are described."""
        if not settled:
            return {}
        return {
            settled[version.arn.text]: version
            for version in self._world.registry.everything()
            if version.arn.text in settled
        }

    def _describe_one(self, arn: PackageArn) -> ModelVersion | None:
        try:
            return self._world.registry.describe(arn)
        except NotThere:
            return None

    def _actual(
        self,
        wanted: Sequence[Wanted],
        versions: Mapping[RecordId, ModelVersion | None],
        below: Mapping[RecordId, HistoryEntry | None],
        rivals: Mapping[RecordId, Rivals],
    ) -> Actual:
        models = {each.id.model for each in wanted}
        current = {
            model: self._texts[name]
            for model in (models | self._models) - set(self._unreadable)
            if (name := self._names.current(model)) in self._texts
        }
        rung_below = self._world.config.below(self._environment.name)
        return Actual(
            environment=self._environment.name,
            histories={
                id_: each
                for id_, each in self._histories.items()
                if id_.model not in self._unreadable
            },
            current=current,
            versions=versions,
            records=self._records(models),
            rung_below=None if rung_below is None else rung_below.name,
            below={id_: None if entry is None else entry.decision for id_, entry in below.items()},
            since_below={
                id_: entry.applied_at
                for id_, entry in below.items()
                if entry is not None and entry.decision is Decision.APPROVED
            },
            brought_below={
                id_: entry.pull_request
                for id_, entry in below.items()
                if entry is not None and entry.decision is Decision.APPROVED
            },
            elsewhere={
                id_: decisions_elsewhere(self._world, id_, version)
                for id_, version in versions.items()
                if version is not None
            },
            rivals=rivals,
            role=self._world.role,
            now=self._world.clock.now(),
        )

    def _records(self, models: Iterable[str]) -> dict[RecordId, Record]:
        """The record behind each model's highest version in effect: what `current` must repeat."""
        records = {}
        for model in models:
            approved = [
                each
                for id_, each in self._histories.items()
                if id_.model == model and each.decision is Decision.APPROVED
            ]
            top = max(approved, key=lambda each: each.id, default=None)
            if top is not None and top.last is not None:
                record = record_of_blob(self._world, top.last.blob)
                if record is not None:
                    records[top.id] = record
        return records

    def _rising(self, wanted: Iterable[Wanted]) -> list[Asked]:
        """Records that are about to become Approved here."""
        return [
            each
            for each in wanted
            if isinstance(each, Asked)
            and each.record.decision is Decision.APPROVED
            and each.id.model not in self._unreadable
            and self._is_new(each)
        ]

    def _rivals(self, wanted: Sequence[Wanted]) -> Mapping[RecordId, Rivals]:
        """What gates compare rising records with; one of which nobody can tell waits."""
        config, environment = self._world.config, self._environment.name
        compared = [
            each
            for each in self._rising(wanted)
            if is_compared(config, environment, each.id.model) and not is_import(each.record)
        ]
        found = find_rivals(self._world, compared, wanted, self._live, self._history)
        self._unknown.update(found.unknown)
        return found.rivals

    def _decided_otherwise(self, wanted: Sequence[Wanted]) -> dict[RecordId, str]:
        """Where else something decided on rising imports; one of which nobody can tell waits."""
        imports = [each for each in self._rising(wanted) if is_import(each.record)]
        found = decided_otherwise(self._world, self._environment, imports)
        self._unknown.update(found.unknown)
        return found.where

    def _live(self, model: str) -> int | None:
        name = self._names.current(model)
        return named_version(self._read([name]).get(name))

    def _history(self, id_: RecordId) -> DecisionHistory:
        if id_ in self._histories:
            return self._histories[id_]
        name = self._history_name(id_)
        return assembled(id_, self._names, self._read([name]).get(name), self._read)

    def _below(self, wanted: Sequence[Wanted]) -> dict[RecordId, HistoryEntry | None]:
        """What is in effect one rung down, for versions that are about to become Approved here.

        A version whose history there does not read waits; nothing else is held up by it.
        """
        rung_below = self._world.config.below(self._environment.name)
        rising = self._rising(wanted)
        if rung_below is None or not rising:
            return {}
        names = Names(prefix=self._world.config.parameter_prefix, environment=rung_below.name)
        asked = {each.id: names.history(each.id.model, each.id.version) for each in rising}
        try:
            texts = parameters_elsewhere(self._world, rung_below).read(list(asked.values()))
        except AssentError as error:
            self._unknown.update(dict.fromkeys(asked, error))
            return {}
        found: dict[RecordId, HistoryEntry | None] = {}
        for each in rising:
            there = RecordId(rung_below.name, each.id.model, each.id.version)
            name = asked[each.id]
            try:
                found[each.id] = self._entry_below(there, name, texts.get(name), each.record)
            except AssentError as error:
                self._unknown[each.id] = error
        return found

    def _entry_below(
        self, there: RecordId, name: str, text: str | None, record: Record
    ) -> HistoryEntry | None:
        """What is in effect there, a yes only on the very package of `record`."""
        last = None if text is None else parse_history(there, name, text).last
        if last is None or last.decision is not Decision.APPROVED:
            return last
        decided = record_of_blob(self._world, last.blob)
        if decided is None:
            raise NotThere(
                f"the clone lacks the record of {there} that was applied (blob {last.blob})",
                hint="Fetch the whole history (fetch-depth: 0); was it rewritten?",
            )
        # A package that was deleted and created again has the number of the first, and no more.
        return last if decided.package.created == record.package.created else None

    def _is_new(self, asked: Asked) -> bool:
        return not self._histories[asked.id].holds(asked.blob, asked.record.decision)
