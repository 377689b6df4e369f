"""Status: models down, environments across, what is live and what main asks for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assent.core.config import Environment
from assent.core.names import PROMOTIONS, RecordId, parse_path
from assent.core.parameters import Names, UnreadableParameter, parse_current_version
from assent.core.plan import Asked
from assent.core.record import Decision
from assent.core.status import Cell
from assent.flows.wanted import World, wanted_records

__all__ = ["Status", "status"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The whole table."""

    environments: tuple[str, ...]
    models: Mapping[str, Mapping[str, Cell]]
    """By model, by environment; environments in which main holds no record are absent."""


def status(world: World, environments: Sequence[Environment]) -> Status:
    """Read what is live, and what main's head asks for.

    One call of `GetParameters` per ten models and environment; of the records, only those that
    tell each model's highest approved version are parsed.

    Raises:
        AssentError: An environment's parameters could not be read.
    """
    models: dict[str, dict[str, Cell]] = {}
    for environment in environments:
        versions = _versions(world, environment.name)
        names = Names(prefix=world.config.parameter_prefix, environment=environment.name)
        current = {model: names.current(model) for model in versions}
        texts = world.parameters(environment).read(list(current.values()))
        asked = _asked(world, environment.name, versions)
        for model, name in current.items():
            cell = _cell(name, texts.get(name), asked.get(model))
            models.setdefault(model, {})[environment.name] = cell
    return Status(
        environments=tuple(environment.name for environment in environments),
        models=dict(sorted(models.items())),
    )


def _versions(world: World, environment: str) -> dict[str, list[int]]:
    """Each model's versions that have a record on main, highest first."""
    found: dict[str, list[int]] = {}
    for entry in world.history.entries(world.head, f"{PROMOTIONS}/{environment}/"):
        id_ = parse_path(entry.path)
        if id_ is not None:
            found.setdefault(id_.model, []).append(id_.version)
    return {model: sorted(versions, reverse=True) for model, versions in found.items()}


def _asked(world: World, environment: str, versions: Mapping[str, Sequence[int]]) -> dict[str, int]:
    """The highest version asked for, by model; one round over all models per rank."""
    found: dict[str, int] = {}
    rank = 0
    while True:
        paths = [
            RecordId(environment, model, each[rank]).path
            for model, each in versions.items()
            if model not in found and rank < len(each)
        ]
        if not paths:
            return found
        for wanted in wanted_records(world, environment, paths):
            if isinstance(wanted, Asked) and wanted.record.decision is Decision.APPROVED:
                found[wanted.id.model] = wanted.id.version
        rank += 1


def _cell(name: str, text: str | None, asked: int | None) -> Cell:
    if text is None:
        return Cell(live=None, asked=asked)
    try:
        return Cell(live=parse_current_version(name, text), asked=asked)
    except UnreadableParameter as error:
        return Cell(live=None, asked=asked, unreadable=error.message)
