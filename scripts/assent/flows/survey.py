"""What Assent knows of versions already: by the clone, by pages of parameters, by one listing.

No call is made for a single version, so that looking at thousands that are settled costs pages.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from assent.core.backfill import Known, VersionKey
from assent.core.config import Environment
from assent.core.errors import AssentError
from assent.core.forge import Branch, OpenPullRequest, ProposalState
from assent.core.names import IMPORTS, PROMOTIONS, RecordId, parse_path, promotion_of_branch
from assent.core.parameter_places import CurrentPlace, HistoryPlace, place_of
from assent.core.parameters import History, Names, UnreadableParameter, parse_current_version
from assent.core.record import ParsedRecord, parse_record
from assent.core.rendering.pull_request import VOID, labels
from assent.flows.elsewhere import parameters_elsewhere
from assent.flows.histories import assembled
from assent.flows.wanted import World
from assent.ports import Forge

__all__ = ["open_imports", "survey"]


@dataclass(slots=True)
class _Found:
    recorded: dict[VersionKey, datetime | None] = field(default_factory=dict)
    histories: dict[VersionKey, list[History]] = field(default_factory=dict)
    unread: dict[VersionKey, str] = field(default_factory=dict)
    live: dict[str, int] = field(default_factory=dict)
    open: dict[VersionKey, str] = field(default_factory=dict)


def survey(
    world: World,
    forge: Forge,
    environments: Sequence[Environment],
    pulls: Iterable[OpenPullRequest],
    *,
    waiting: Collection[VersionKey] = (),
) -> Known:
    """Find out what is known of every version in some environments.

    Args:
        world: The clone, and the parameters.
        forge: Tells which branches wait, where the number of open promotions is limited.
        environments: Those to look at; `live` is of the first.
        pulls: Open ones that the App opened.
        waiting: Those whose records are read, to tell whether they are of the very package.

    Raises:
        AssentError: Something could not be read.
    """
    found = _Found()
    for environment in environments:
        _read_records(world, environment, found, waiting)
        _read_parameters(world, environment, found, live=environment == environments[0])
    names = {environment.name for environment in environments}
    for pull in pulls:
        id_ = promotion_of_branch(pull.branch)
        # One whose labels are missing was not completed: who opened it died, or is not done.
        if id_ is not None and id_.environment in names and set(labels(id_)) <= set(pull.labels):
            found.open[id_.model, id_.version] = pull.url
    for environment in environments:
        if environment.max_open is not None:
            _read_waiting(world, forge, environment, found)
    return Known(
        recorded=found.recorded,
        histories={key: tuple(each) for key, each in found.histories.items()},
        unread=found.unread,
        open=found.open,
        live=found.live,
    )


def open_imports(pulls: Iterable[OpenPullRequest]) -> list[OpenPullRequest]:
    """The imports among open pull requests."""
    return [each for each in pulls if each.branch.startswith(IMPORTS)]


def _read_records(
    world: World, environment: Environment, found: _Found, waiting: Collection[VersionKey]
) -> None:
    read: dict[str, VersionKey] = {}
    for entry in world.history.entries(world.head, f"{PROMOTIONS}/{environment.name}/"):
        id_ = parse_path(entry.path)
        if id_ is None:
            continue
        key = id_.model, id_.version
        found.recorded[key] = None
        if key in waiting:
            read[entry.blob] = key
    for blob, content in world.history.blobs(read):
        parsed = parse_record(content, world.contracts.promotion)
        if isinstance(parsed, ParsedRecord):
            found.recorded[read[blob]] = parsed.record.package.created


def _read_parameters(world: World, environment: Environment, found: _Found, *, live: bool) -> None:
    names = Names(prefix=world.config.parameter_prefix, environment=environment.name)
    folder = f"{names.prefix}/{environment.name}"
    parameters = parameters_elsewhere(world, environment)
    texts: Mapping[str, str] = dict(parameters.read_below(folder))
    for name, text in texts.items():
        match place_of(names, name):
            case HistoryPlace(model=model, version=version):
                key = model, version
                id_ = RecordId(environment.name, model, version)
                try:
                    history = assembled(id_, names, text, lambda pages: _of(texts, pages))
                except UnreadableParameter as error:
                    found.unread[key] = error.message
                else:
                    found.histories.setdefault(key, []).append(history)
            case CurrentPlace(model=model) if live:
                try:
                    version_live = parse_current_version(name, text)
                except AssentError:
                    continue  # `drift` says so; it only decides what is worth asking
                if version_live is not None:
                    found.live[model] = version_live
            case _:
                pass


def _of(texts: Mapping[str, str], names: Sequence[str]) -> Mapping[str, str]:
    return {name: texts[name] for name in names if name in texts}


def _read_waiting(world: World, forge: Forge, environment: Environment, found: _Found) -> None:
    """Branches whose record waits for a place; a branch without one is not complete."""
    for branch in forge.branches_below(f"promote/{environment.name}/"):
        id_ = promotion_of_branch(branch.name)
        if id_ is None or any(map(_counts, _proposals(branch))):
            continue
        if not world.history.is_ancestor(branch.head, world.head):
            found.open.setdefault((id_.model, id_.version), f"it waits on {branch.name}")


def _proposals(branch: Branch) -> list[tuple[ProposalState, bool]]:
    return [(each.state, VOID in each.labels) for each in branch.proposals]


def _counts(proposal: tuple[ProposalState, bool]) -> bool:
    state, void = proposal
    return not (state is ProposalState.CLOSED and void)
