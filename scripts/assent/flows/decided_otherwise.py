"""What other environments decided on what is to be imported: only imports of the very package."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from assent.core.config import Environment
from assent.core.errors import AssentError
from assent.core.imports import is_import
from assent.core.names import RecordId
from assent.core.parameters import History as DecisionHistory
from assent.core.parameters import Names
from assent.core.plan import Asked
from assent.core.record import Decision, Record
from assent.flows.elsewhere import parameters_elsewhere
from assent.flows.histories import assembled
from assent.flows.wanted import World, record_of_blob

__all__ = ["DecidedOtherwise", "decided_otherwise"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedOtherwise:
    """By import, what speaks against it, or why nobody can tell."""

    where: dict[RecordId, str]
    """Where else something was decided that is no import, in words; empty for nowhere."""
    unknown: dict[RecordId, AssentError] = field(default_factory=dict)


def decided_otherwise(
    world: World, environment: Environment, imports: Sequence[Asked]
) -> DecidedOtherwise:
    """Look into the histories of every other environment.

    Args:
        world: Parameters, configuration and the clone.
        environment: The one that is observed.
        imports: Records of it that are to become Approved as imports.
    """
    found = DecidedOtherwise(where={each.id: "" for each in imports})
    others = [each for each in world.config.environments if each != environment]
    for other in others if imports else ():
        names = Names(prefix=world.config.parameter_prefix, environment=other.name)
        parameters = parameters_elsewhere(world, other)
        asked = {each.id: names.history(each.id.model, each.id.version) for each in imports}
        try:
            texts = parameters.read(list(asked.values()))
        except AssentError as error:
            found.unknown.update((each.id, error) for each in imports)
            continue
        for each in imports:
            there = RecordId(other.name, each.id.model, each.id.version)
            try:
                history = assembled(there, names, texts.get(asked[each.id]), parameters.read)
                if not found.where[each.id] and not _is_by_import(world, history, each.record):
                    found.where[each.id] = f"in {other.name}, and not by an import"
            except AssentError as error:
                found.unknown[each.id] = error
    return found


def _is_by_import(world: World, history: DecisionHistory, record: Record) -> bool:
    """Whether all that was decided are imports of the very package, each told by its blob."""
    for entry in history.entries:
        behind = record_of_blob(world, entry.blob)
        if entry.decision is not Decision.APPROVED or entry.aside or behind is None:
            return False
        if not is_import(behind) or behind.package.created != record.package.created:
            return False
    return True
