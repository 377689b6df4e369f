"""Audit: read git, receipts, parameters and the registry, and judge whether they fit together."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from assent.core.audit.git_part import configuration_at, read_git, read_records, read_reviewed
from assent.core.audit.judge import Audit, Reading, judge, read_environments, reviewed_in, spoken_of
from assent.core.audit.material import Material, PackageState, Scope, package_state
from assent.core.audit.state import registry_gaps
from assent.core.config import CONFIG_PATH
from assent.core.errors import AssentError, Exit
from assent.core.names import InvalidName, RecordId, parse_package_arn, parse_path, shown
from assent.core.parameters import Names, UnreadableParameter, parse_applied
from assent.flows.elsewhere import parameters_elsewhere
from assent.flows.observe import BehindApplied
from assent.flows.wanted import World
from assent.ports import NotThere, Objects

__all__ = ["Audited", "audit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """What an audit found, and what it could not read."""

    audit: Audit
    """Of what could be read."""
    unread: tuple[AssentError, ...] = ()
    """Environments or services that could not be read: what they hold is not judged."""
    objects: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)
    """The objects of git that were read, by id, where they were to be kept."""

    @property
    def exit(self) -> Exit:
        """1 something could not be read; else as the audit says."""
        return Exit.BROKEN if self.unread else self.audit.exit


class _Recorder:
    """Reads objects, and keeps what was read where a bundle is to hold it."""

    def __init__(self, objects: Objects, *, keep: bool) -> None:
        self._objects = objects
        self._keep = keep
        self.kept: dict[str, tuple[str, bytes]] = {}

    def __call__(self, id_: str) -> tuple[str, bytes]:
        if id_ in self.kept:
            return self.kept[id_]
        found = self._objects.raw(id_)
        if self._keep:
            self.kept[id_] = found
        return found


def audit(
    world: World,
    objects: Objects,
    scope: Scope,
    *,
    receipts: str | None = None,
    keep: bool = False,
) -> Audited:
    """Judge the trail of a scope.

    Args:
        world: Registry, parameters, configuration and the head of the branch that counts.
        objects: The clone's objects.
        scope: What to judge.
        receipts: The revision that holds the receipts; without it, the remote's branch, or the
            clone's own.
        keep: Whether to keep the objects of git for a bundle.

    Raises:
        InvalidName: No model can have that name.
        AssentError: The clone could not be read, or is too short.
    """
    if scope.model is not None:
        _require_model(world, scope.model)
    unread: list[AssentError] = []
    parameters = dict(_parameters(world, objects, scope, unread))
    scope = replace(scope, environments=tuple(parameters))
    read = _Recorder(objects, keep=keep)
    tip = _tip(world, objects, receipts)
    config_blob = configuration_at(read, world.head)
    if config_blob is None:
        raise NotThere(f"{world.head[:12]} has no {CONFIG_PATH}")
    git = read_git(read, world.head, tip, scope)
    readings = read_environments(
        world.config, scope, git.chains, parameters, world.contracts.receipt
    )
    spoken = [id_ for id_ in spoken_of(readings) if id_ not in git.blobs]
    material = Material(
        scope=scope,
        config=world.config,
        config_blob=config_blob,
        head=world.head,
        tip=tip,
        chains=git.chains,
        trail=git.trail,
        on_main=git.on_main,
        blobs={**git.blobs, **read_records(read, spoken, NotThere)},
        reviewed=read_reviewed(read, reviewed_in(readings), NotThere),
        parameters=parameters,
        packages={},
        read_at=world.clock.now(),
    )
    with _told(unread):
        material = _with_packages(world, material, readings)
    found = judge(material, readings, world.contracts.promotion)
    return Audited(audit=found, unread=tuple(unread), objects=read.kept)


def _require_model(world: World, model: str) -> None:
    if parse_path(RecordId(world.config.entry.name, model, 1).path) is None:
        raise InvalidName(
            f"{shown(model)} cannot be the name of a model",
            hint="A name has 1 to 63 letters, digits and inner hyphens.",
        )


@contextmanager
def _told(unread: list[AssentError]) -> Iterator[None]:
    try:
        yield
    except AssentError as error:
        unread.append(error)


def _parameters(
    world: World, objects: Objects, scope: Scope, unread: list[AssentError]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Names and texts of each environment that can be read."""
    for name in scope.environments:
        environment = world.config.environment(name)
        below = f"{world.config.parameter_prefix}/{name}"
        folder = below if scope.model is None else f"{below}/{scope.model}"
        with _told(unread):
            parameters = parameters_elsewhere(world, environment)
            texts = dict(parameters.read_below(folder))
            applied = Names(prefix=world.config.parameter_prefix, environment=name).applied
            known = texts if scope.model is None else parameters.read([applied])
            _require_applied(world, objects, applied, known.get(applied))
            yield name, texts


def _require_applied(world: World, objects: Objects, name: str, text: str | None) -> None:
    """See that the clone holds what was applied: one that is behind it accuses everybody else.

    Raises:
        BehindApplied: It does not.
    """
    try:
        commit = "" if text is None else parse_applied(name, text).commit
    except UnreadableParameter:
        return  # apply compares everything next time, and writes it anew
    if commit in {"", world.head}:
        return
    try:
        objects.raw(commit)
        is_behind = world.history.is_ancestor(world.head, commit)
    except NotThere:
        is_behind = True
    if is_behind:
        raise BehindApplied(
            f"{name} says that {shown(commit, 40)} was applied, which is no part of "
            f"{world.head[:12]}: the clone is behind, or the branch was rewritten",
            hint="Fetch all branches and check out the one that counts (git pull); if it was "
            "rewritten, let apply run first. If another repository writes below this "
            "parameter_prefix, give it one of its own.",
        )


def _tip(world: World, objects: Objects, revision: str | None) -> str | None:
    """The receipts branch's commit.

    Raises:
        NotThere: A revision was named, and the clone has none of that name.
    """
    if revision is not None:
        return objects.commit(revision)
    branch = world.config.receipts.branch
    for name in (f"refs/remotes/origin/{branch}", f"refs/heads/{branch}"):
        try:
            return objects.commit(name)
        except NotThere:
            continue
    return None


def _with_packages(world: World, material: Material, readings: Sequence[Reading]) -> Material:
    """What the registry says, asked again of each version of which pages tell something amiss.

    Pages may lag behind what was written; a description does not.
    """
    scope = material.scope
    if scope.model is not None and scope.version is not None:
        return replace(material, packages=_described(world, [(scope.model, scope.version)]))
    found = {
        (each.arn.model, each.arn.version): package_state(each)
        for each in world.registry.everything()
        if scope.model in {None, each.arn.model} and world.config.registry.covers(each.arn.model)
    }
    material = replace(material, packages=found)
    stored = {each.environment: each.stored for each in readings}
    amiss = dict.fromkeys(
        (arn.model, arn.version)
        for gap in registry_gaps(material, stored)
        for arn in (parse_package_arn(gap.where),)
    )
    again = _described(world, amiss)
    kept = {key: state for key, state in found.items() if key not in amiss}
    return replace(material, packages={**kept, **again})


def _described(
    world: World, versions: Iterable[tuple[str, int]]
) -> dict[tuple[str, int], PackageState]:
    found: dict[tuple[str, int], PackageState] = {}
    for model, version in versions:
        arn = parse_package_arn(world.config.registry.package_arn(model, version))
        try:
            found[model, version] = package_state(world.registry.describe(arn))
        except NotThere:
            continue
    return found
