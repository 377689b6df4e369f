"""What was decided on a version in other environments than the one at hand."""

from assent.core.config import Environment
from assent.core.errors import AssentError
from assent.core.names import RecordId
from assent.core.package import ModelVersion
from assent.core.parameters import Names, parse_history
from assent.core.plan import Asked
from assent.core.record import Decision
from assent.flows.wanted import World, wanted_records
from assent.ports import Parameters

__all__ = ["decisions_elsewhere", "parameters_elsewhere"]


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
