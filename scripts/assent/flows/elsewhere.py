"""What was decided on a version in other environments than the one at hand."""

from assent.core.config import Environment
from assent.core.errors import AssentError
from assent.core.imports import is_import
from assent.core.names import RecordId
from assent.core.package import ModelVersion
from assent.core.parameters import Names, parse_history
from assent.core.plan import Asked
from assent.core.record import Decision
from assent.flows.wanted import World, wanted_records
from assent.ports import Parameters

__all__ = ["decisions_elsewhere", "is_import_pending", "parameters_elsewhere"]


def decisions_elsewhere(world: World, id_: RecordId, version: ModelVersion) -> dict[str, Decision]:
    """Decisions in other environments, as far as registry and main agree.

    A field that says Approved counts only where main holds such a record: anybody with the right
    IAM role can write the field. A field that says no always counts.
    """
    found: dict[str, Decision] = {}
    for rung in world.config.ladder:
        field = version.metadata.get(rung)
        if rung == id_.environment or field not in set(Decision):
            continue
        decision = Decision(field)
        if decision is not Decision.APPROVED or _is_approved(world, rung, id_):
            found[rung] = decision
    return found


def parameters_elsewhere(world: World, environment: Environment) -> Parameters:
    """Another environment's parameters, to read."""
    return (world.reading or world.parameters)(environment)


def _is_approved(world: World, rung: str, id_: RecordId) -> bool:
    """Whether an Approved field of another environment is true.

    Main tells in nearly all cases. Where it says otherwise, that change may have been refused, or
    not applied yet, so what is in effect there is asked.
    """
    there = RecordId(rung, id_.model, id_.version)
    (wanted,) = wanted_records(world, rung, [there.path])
    if isinstance(wanted, Asked) and wanted.record.decision is Decision.APPROVED:
        return True
    name = Names(prefix=world.config.parameter_prefix, environment=rung).history(
        there.model, there.version
    )
    try:
        text = parameters_elsewhere(world, world.config.environment(rung)).read([name]).get(name)
        return text is not None and parse_history(there, name, text).decision is Decision.APPROVED
    except AssentError:
        return True  # nothing was learned, so nothing is changed


def is_import_pending(world: World, id_: RecordId) -> bool:
    """Whether main holds an import of a version that did not take effect on the first rung.

    Until it did, who wrote the registry's entry last is all that tells whether somebody approved
    the version by hand meanwhile. So nothing is written from another rung.

    Raises:
        AssentError: The first rung's history could not be read.
    """
    entry = world.config.entry
    there = RecordId(entry.name, id_.model, id_.version)
    (wanted,) = wanted_records(world, entry.name, [there.path])
    if not isinstance(wanted, Asked) or not is_import(wanted.record):
        return False
    if wanted.record.decision is not Decision.APPROVED:
        return False
    name = Names(prefix=world.config.parameter_prefix, environment=entry.name).history(
        there.model, there.version
    )
    return not parameters_elsewhere(world, entry).read([name]).get(name)
