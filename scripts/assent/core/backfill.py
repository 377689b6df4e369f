"""What was registered before Assent came, or while it was down: what is to be done about it."""

import fnmatch
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from assent.core.config import Config
from assent.core.imports import late_import, touched_since
from assent.core.package import ModelVersion, RegistryApproval
from assent.core.parameters import History
from assent.core.record import Decision

__all__ = [
    "Choice",
    "Known",
    "LeftOut",
    "Selection",
    "VersionKey",
    "select_imports",
    "select_proposals",
]

VersionKey = tuple[str, int]
"""A model's name and a version of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which versions whoever asks wants."""

    models: str = "*"
    """A glob over their names."""
    since: datetime | None = None
    """Only what was created then or later."""
    every: bool = False
    """Every version, not only the newest of each model that is ahead of what is live."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A version about which nothing is done, and why."""

    model: str
    version: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is to be done."""

    chosen: tuple[ModelVersion, ...]
    left_out: tuple[LeftOut, ...]
    looked_at: int
    """How many versions the registry has that the glob and the time let through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What Assent knows of versions already."""

    recorded: Mapping[VersionKey, datetime | None] = field(default_factory=dict)
    """Those with a record on main, and when its package was created; None where nobody can tell."""
    histories: Mapping[VersionKey, tuple[History, ...]] = field(default_factory=dict)
    """What was decided on them, in each environment that was looked at."""
    unread: Mapping[VersionKey, str] = field(default_factory=dict)
    """Those of which a history does not read, and why; so nobody knows what was decided."""
    open: Mapping[VersionKey, str] = field(default_factory=dict)
    """What is asked about already: where."""
    live: Mapping[str, int] = field(default_factory=dict)
    """By model, what `current` names."""


def select_proposals(
    versions: Iterable[ModelVersion], known: Known, choice: Choice, config: Config
) -> Selection:
    """The versions that wait for a decision nobody was asked for; the oldest first.

    Args:
        versions: All that the registry has.
        known: Of the first rung.
        choice: What is wanted.
        config: The ladder, and the registry.
    """
    of_models = _own(versions, choice.models, config)
    wanted = [each for each in of_models if _is_since(each, choice.since)]
    ahead = _ahead(of_models, known)
    chosen: list[ModelVersion] = []
    left: list[LeftOut] = []
    newest: dict[str, int] = {}
    # The newest first, so that it is known when the others' turn comes.
    for each in sorted(wanted, key=_key, reverse=True):
        model, number = _key(each)
        if each.approval is not RegistryApproval.PENDING:
            continue
        why = _settled(each, known, config.entry.name)
        if why is None and not choice.every:
            why = _behind(number, newest.get(model), ahead.get(model))
        if why is not None:
            left.append(LeftOut(model=model, version=number, why=why))
            continue
        chosen.append(each)
        newest.setdefault(model, number)
    return _selection(chosen, left, len(wanted))


def _ahead(versions: Iterable[ModelVersion], known: Known) -> dict[str, tuple[int, str]]:
    """By model the highest version that is live, approved or asked about, and which it is."""
    found: dict[str, tuple[int, str]] = {}

    def note(model: str, number: int, what: str) -> None:
        if number > found.get(model, (0, ""))[0]:
            found[model] = number, what

    for model, number in known.live.items():
        note(model, number, "is live")
    for model, number in known.open:
        note(model, number, "is proposed")
    for each in versions:
        if each.approval is RegistryApproval.APPROVED:
            note(*_key(each), "is Approved in the registry")
    return found


def _behind(number: int, newer: int | None, ahead: tuple[int, str] | None) -> str | None:
    if ahead is not None and ahead[0] > number:
        return f"version {ahead[0]} {ahead[1]}"
    return None if newer is None else f"version {newer} is newer"


def _settled(version: ModelVersion, known: Known, entry: str) -> str | None:
    """Why nobody has to be asked about a version; None where somebody has."""
    key, created = _key(version), version.package.created
    if version.status != "Completed":
        return f"it is {version.status}"
    decided = version.metadata.get(entry)
    if decided in set(Decision):
        return f"it is {decided} in {entry}"
    if key in known.recorded and known.recorded[key] in {None, created}:
        return "main has its record"
    if any(each.about(created) is not None for each in known.histories.get(key, ())):
        return "it was decided on"
    return _untold(key, known)


def _untold(key: VersionKey, known: Known) -> str | None:
    if key in known.unread:
        return f"nobody knows what was decided: {known.unread[key]}"
    if key in known.open:
        return f"it is proposed: {known.open[key]}"
    return None


def select_imports(
    versions: Iterable[ModelVersion], known: Known, choice: Choice, config: Config
) -> Selection:
    """The versions that the registry shows as approved, and on which Assent never decided.

    Older versions of a model are left out where a newer one was approved that cannot be imported:
    `current` would name a version that is not the last one that people approved.

    Args:
        versions: All that the registry has.
        known: Of every rung.
        choice: What is wanted; every version, or only the newest of each model.
        config: Says what may be imported.
    """
    wanted = [
        each
        for each in _own(versions, choice.models, config)
        if each.approval is RegistryApproval.APPROVED
    ]
    chosen: list[ModelVersion] = []
    left: list[LeftOut] = []
    stuck: dict[str, int] = {}
    newest: dict[str, int] = {}
    for each in sorted(wanted, key=_key, reverse=True):
        model, number = _key(each)
        why = _known_to_assent(each, known)
        if why is None:
            why = _unimportable(each, config)
            if why is not None:
                stuck.setdefault(model, number)
            elif model in stuck:
                why = f"version {stuck[model]} is newer, and cannot be imported"
            elif not choice.every and model in newest:
                why = f"version {newest[model]} is newer"
        newest.setdefault(model, number)
        if why is None:
            chosen.append(each)
        else:
            left.append(LeftOut(model=model, version=number, why=why))
    return _selection(chosen, left, len(wanted))


def _known_to_assent(version: ModelVersion, known: Known) -> str | None:
    key = _key(version)
    if key in known.recorded:
        return "main has a record of it"
    if any(each.entries for each in known.histories.get(key, ())):
        return "Assent decided on it"
    return _untold(key, known)


def _unimportable(version: ModelVersion, config: Config) -> str | None:
    if version.status != "Completed":
        return f"it is {version.status}"
    late = late_import(version.package.created, config)
    if late is not None or config.imports is None:
        return late
    return touched_since(version, config.imports.registered_before)


def _own(versions: Iterable[ModelVersion], models: str, config: Config) -> list[ModelVersion]:
    return list(_of_registry(versions, models, config))


def _of_registry(
    versions: Iterable[ModelVersion], models: str, config: Config
) -> Iterator[ModelVersion]:
    """Those of the registry itself, each once: a page may show one again that was just written."""
    seen: set[VersionKey] = set()
    for each in versions:
        model, number = _key(each)
        if each.arn.text != config.registry.package_arn(model, number) or (model, number) in seen:
            continue
        if fnmatch.fnmatchcase(model, models):
            seen.add((model, number))
            yield each


def _is_since(version: ModelVersion, since: datetime | None) -> bool:
    return since is None or version.package.created >= since


def _key(version: ModelVersion) -> VersionKey:
    return version.arn.model, version.arn.version


def _selection(
    chosen: Collection[ModelVersion], left: Collection[LeftOut], looked_at: int
) -> Selection:
    return Selection(
        chosen=tuple(sorted(chosen, key=lambda each: (each.package.created, *_key(each)))),
        left_out=tuple(sorted(left, key=lambda each: (each.model, each.version))),
        looked_at=looked_at,
    )
