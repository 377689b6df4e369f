"""Look at one version as soon as its package changed: did somebody flip what nobody decided?"""

from assent.core.config import Environment
from assent.core.discrepancy import Discrepancy
from assent.core.names import RecordId
from assent.core.outcome import DifferenceReported
from assent.core.package import ModelVersion, RegistryApproval
from assent.core.parameters import History, HistoryEntry, Names, UnreadableParameter
from assent.core.plan import shown_decision
from assent.core.record import Decision, ParsedRecord, parse_record
from assent.core.registry_discrepancies import registry_discrepancies, unknown_writer
from assent.flows.event_world import World
from assent.flows.histories import assembled
from assent.flows.report_discrepancies import report_at_once
from assent.ports import NoReadableFile

__all__ = ["look_at_once"]


def look_at_once(version: ModelVersion, world: World) -> DifferenceReported | None:
    """Compare what the registry shows of a version with what is in effect, everywhere.

    Apply and reject write the registry before the history, so an event may come between the two.
    What main's record says by now, and what the closing of another pull request may have written,
    is therefore left to the next full comparison.

    Args:
        version: As described just now.
        world: What is read.

    Returns:
        None where it is as Assent wrote it, or where it claims nothing at all.

    Raises:
        AssentError: A service refuses or does not answer.
    """
    ladder = world.config.ladder
    decided = {name for name in ladder if version.metadata.get(name) in set(Decision)}
    if version.approval is RegistryApproval.PENDING and not decided:
        return None
    shows = _shows(version, world)
    found = registry_discrepancies(version, shows, ladder=ladder)
    for name in {each.environment for each in found} - {""}:
        if _is_being_written(version, name, shows[name], world):
            del shows[name]
    found = registry_discrepancies(version, shows, ladder=ladder)
    found += unknown_writer(version, shows, world.config.writers)
    return _reported(version, found, tuple(shows), world) if found else None


def _shows(version: ModelVersion, world: World) -> dict[str, HistoryEntry | None]:
    """What is in effect, by environment; one whose history does not read is left out."""
    shows: dict[str, HistoryEntry | None] = {}
    for environment in world.config.environments:
        try:
            history = _history(version, environment, world)
        except UnreadableParameter:
            continue  # the next full comparison says so
        shows[environment.name] = shown_decision(history, None, version)
    return shows


def _history(version: ModelVersion, environment: Environment, world: World) -> History:
    id_ = RecordId(environment.name, version.arn.model, version.arn.version)
    names = Names(prefix=world.config.parameter_prefix, environment=environment.name)
    parameters = world.parameters(environment)
    name = names.history(id_.model, id_.version)
    return assembled(id_, names, parameters.read([name]).get(name), parameters.read)


def _is_being_written(
    version: ModelVersion, name: str, entry: HistoryEntry | None, world: World
) -> bool:
    """Whether Assent may be about to record what the registry shows already."""
    field = version.metadata.get(name)
    if field != Decision.APPROVED.value:
        # A closing, or taking one back, names its own pull request; one written by hand may too,
        # and is then found by the next full comparison.
        before = "" if entry is None else entry.pull_request
        if version.metadata.get(f"{name}.pull-request", before) != before:
            return True
    path = RecordId(name, version.arn.model, version.arn.version).path
    try:
        content = world.forge.file(path, world.config.branch)
    except NoReadableFile:
        return False
    parsed = None if content is None else parse_record(content, world.contracts.promotion)
    return (
        isinstance(parsed, ParsedRecord)
        and parsed.record.id.path == path
        and parsed.record.decision.value == field
        and (entry is None or entry.decision is not parsed.record.decision)
    )


def _reported(
    version: ModelVersion, found: list[Discrepancy], environments: tuple[str, ...], world: World
) -> DifferenceReported:
    issue = report_at_once(world.forge, found, environments)
    return DifferenceReported(
        arn=version.arn.text,
        kinds=tuple(sorted({each.kind for each in found})),
        url=issue.url,
        number=issue.number or 0,
        step=issue.step.value,
    )
