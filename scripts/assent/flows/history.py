"""History: every decision ever taken on a model's versions, from Parameter Store."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from assent.core.config import Environment
from assent.core.errors import AssentError, Exit
from assent.core.imports import is_import
from assent.core.names import VERSION_PATTERN, InvalidName, RecordId, parse_path, shown
from assent.core.parameters import History, HistoryEntry, Names, UnreadableParameter
from assent.core.record import Decision, Record
from assent.core.rendering.history import PastDecision
from assent.flows.elsewhere import parameters_elsewhere
from assent.flows.histories import assembled
from assent.flows.wanted import World, record_of_blob

__all__ = ["ModelHistory", "history"]

_BELOW = re.compile(rf"(?P<version>{VERSION_PATTERN})(/earlier/[1-9][0-9]*)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelHistory:
    """What Parameter Store tells of a model."""

    decisions: tuple[PastDecision, ...]
    """Oldest first."""
    unreadable: tuple[AssentError, ...] = ()
    """Parameters, or whole environments, that could not be read; what they hold is missing."""

    @property
    def exit(self) -> Exit:
        """1 something could not be read; 3 nothing was ever decided; 0 otherwise."""
        if self.unreadable:
            return Exit.BROKEN
        return Exit.OK if self.decisions else Exit.NOTHING_READ


def history(world: World, model: str, environments: Sequence[Environment]) -> ModelHistory:
    """Read every decision on every version of a model in some environments.

    They are in the order of their times; those on one version always in the order in which they
    took effect.

    Raises:
        InvalidName: No model can have that name.
    """
    if parse_path(RecordId(world.config.entry.name, model, 1).path) is None:
        raise InvalidName(
            f"{shown(model)} cannot be the name of a model",
            hint="A name has 1 to 63 letters, digits and inner hyphens.",
        )
    unreadable: list[AssentError] = []
    dated: list[tuple[datetime, PastDecision]] = []
    for environment in environments:
        try:
            found = _histories(world, model, environment, unreadable)
        except AssentError as error:
            unreadable.append(error)
            continue
        for each in found:
            dated.extend(_dated(world, each))
    dated.sort(key=lambda pair: pair[0])
    return ModelHistory(decisions=tuple(past for _, past in dated), unreadable=tuple(unreadable))


def _histories(
    world: World, model: str, environment: Environment, unreadable: list[AssentError]
) -> list[History]:
    """The histories of all versions in an environment, lowest first; the others are told.

    Raises:
        AssentError: The environment's parameters could not be read.
    """
    names = Names(prefix=world.config.parameter_prefix, environment=environment.name)
    folder = names.history(model, 1).removesuffix("/1")
    texts = dict(parameters_elsewhere(world, environment).read_below(folder))
    versions: set[int] = set()
    for name in texts:
        match = _BELOW.fullmatch(name.removeprefix(f"{folder}/"))
        if match is None:
            unreadable.append(_stray(name, "its name is none that Assent gives"))
        else:
            versions.add(int(match["version"]))
    histories = []
    for version in sorted(versions):
        id_ = RecordId(environment.name, model, version)
        try:
            histories.append(_history(id_, names, texts))
        except UnreadableParameter as error:
            unreadable.append(error)
    return histories


def _history(id_: RecordId, names: Names, texts: Mapping[str, str]) -> History:
    name = names.history(id_.model, id_.version)
    if name not in texts:
        raise _stray(name, "it is missing, and pages of earlier decisions are there")
    return assembled(
        id_,
        names,
        texts[name],
        lambda pages: {page: texts[page] for page in pages if page in texts},
    )


def _stray(name: str, why: str) -> UnreadableParameter:
    return UnreadableParameter(
        f"the parameter {shown(name, 300)} cannot be used: {why}",
        hint="Its history in Parameter Store shows who wrote or deleted it; put it right there.",
    )


def _dated(world: World, found: History) -> Iterator[tuple[datetime, PastDecision]]:
    """Each decision with the time by which it is sorted among those on other versions.

    A closing can be recorded after a merge that came later; what took effect first stays first.
    """
    times = accumulate((entry.at for entry in found.entries), max)
    for time, entry in zip(times, found.entries, strict=True):
        record = None if entry.reason else record_of_blob(world, entry.blob)
        yield (
            time,
            PastDecision(
                id=found.id,
                entry=entry,
                reason=_reason(entry, record),
                imported=record is not None
                and entry.decision is Decision.APPROVED
                and is_import(record),
            ),
        )


def _reason(entry: HistoryEntry, record: Record | None) -> str:
    """Why: a closing's reason stands in its entry, that of a record in the record."""
    if entry.reason or entry.decision in {None, Decision.APPROVED}:
        return entry.reason
    return "" if record is None else record.reason
