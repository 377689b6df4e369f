"""Propose a registered version for the first rung of the ladder."""

from assent.core.events import Ignored, Registration, require_registry
from assent.core.forge import PromotionView
from assent.core.names import RecordId
from assent.core.outcome import Outcome, Vanished
from assent.core.package import ModelVersion, RegistryApproval
from assent.core.record import Decision
from assent.flows.collect_evidence import Collected, collect_evidence
from assent.flows.event_world import World
from assent.flows.look_at_once import look_at_once
from assent.flows.open_promotion import open_promotion
from assent.ports import NotThere

__all__ = ["promote_after_registration"]


def promote_after_registration(registration: Registration, world: World) -> Outcome:
    """Open the pull request for the first rung, if the version waits for a decision there.

    One that was decided on is compared with what is in effect: somebody may have flipped it.

    Raises:
        Misdirected: The package is of another registry.
        AssentError: A service refuses or does not answer.
    """
    require_registry(registration.arn, world.config)
    outside = world.config.registry.outside(registration.arn.model)
    if outside is not None:
        return Ignored(why=outside)
    try:
        version = world.registry.describe(registration.arn)
    except NotThere as error:
        return Vanished(why=error.message)
    id_ = RecordId(world.config.entry.name, version.arn.model, version.arn.version)
    why = _not_waiting(version, id_)
    if why is not None:
        return look_at_once(version, world) or Ignored(why=why)

    def collect(_view: PromotionView) -> Collected:
        return collect_evidence(version, world.reports(None), world.clock.now(), store=world.store)

    return open_promotion(id_, version, world, collect)


def _not_waiting(version: ModelVersion, id_: RecordId) -> str | None:
    """Why a described version asks for no decision; None where it does."""
    if version.status != "Completed":
        return f"{version.arn.text} is {version.status}; it is proposed once it is Completed"
    decided = version.metadata.get(id_.environment)
    if decided in {decision.value for decision in Decision}:
        return f"{version.arn.text} is {decided} in {id_.environment} already"
    if version.approval is not RegistryApproval.PENDING:
        return (
            f"{version.arn.text} is {version.approval.value} in the registry, "
            f"not {RegistryApproval.PENDING.value}"
        )
    return None
