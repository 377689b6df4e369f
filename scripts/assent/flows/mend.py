"""Let the registry show what is in effect of a version, and no approval that is not."""

from assent.core.changes import Reason
from assent.core.names import RecordId
from assent.core.plan import registry_showing, shown_decision
from assent.core.receipts import Refused, RegistryRestored
from assent.core.record import Decision, Record
from assent.core.registry_fields import withdrawal
from assent.flows.progress import Progress
from assent.flows.wanted import record_of_blob
from assent.flows.write_registry import write_registry

__all__ = ["mend"]


def mend(run: Progress, id_: RecordId) -> bool:
    """Write the registry's fields of a version anew, as far as they differ.

    Args:
        run: What took effect so far; it has observed the version.
        id_: Which one, and in which environment.

    Returns:
        Whether they show what is in effect now; not where nothing shows that it may be.

    Raises:
        AssentError: The registry could not be read or written.
    """
    planned = run.seen.actual.versions.get(id_)
    if planned is None:
        return True
    seen = run.world.registry.describe(planned.arn)
    entry = shown_decision(run.histories[id_], _behind(run, id_), seen)
    elsewhere, ladder = run.seen.actual.elsewhere.get(id_, {}), run.world.config.ladder
    if entry is not None:
        update = registry_showing(seen, id_, entry, elsewhere=elsewhere, ladder=ladder)
    else:
        update = withdrawal(seen, id_=id_, decision=None, elsewhere=elsewhere, ladder=ladder)
    if update is not None:
        if entry is not None and entry.decision is Decision.APPROVED and id_ not in run.fresh:
            objection = run.chronicle.founding.objection(run.histories[id_])
            if objection is not None:
                reason = Reason.DECISION_UNPROVEN
                run.refuse(Refused(id=id_, reason=reason, detail=objection, blob=entry.blob))
                return False
        write_registry(run.world.registry, seen, update)
        run.emit(RegistryRestored(id=id_, fields=update.fields))
    return True


def _behind(run: Progress, id_: RecordId) -> Record | None:
    """The record behind the decision in effect, if the clone has it."""
    found = run.fresh.get(id_) or run.seen.actual.records.get(id_)
    last = run.histories[id_].last
    return found or (None if last is None else record_of_blob(run.world, last.blob))
