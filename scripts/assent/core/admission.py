"""Whether a record may become Approved now, apart from its approval's proof.

Only a yes that is not in effect yet is judged. A no waits for nothing, and what took effect once is
not judged again, whatever the demands are by then.
"""

from collections.abc import Collection, Mapping

from assent.core.changes import Actual, Asked, Decide, Reason, Refuse
from assent.core.config import Config
from assent.core.current import largest_current
from assent.core.errors import AssentError
from assent.core.evidence import evidence_digest
from assent.core.gates import (
    GateHolds,
    GateResult,
    GateWaived,
    judge_gates,
    waivers_used,
)
from assent.core.imports import import_objection, is_import
from assent.core.names import RecordId
from assent.core.package import Package, is_recreated, package_differences
from assent.core.parameters import MAX_VALUE_BYTES, History
from assent.core.record import Decision, Record, Waiver
from assent.core.review import soaking
from assent.core.waiting import WaitKind, waits

__all__ = ["Unobserved", "admission", "difference_reason", "is_compared"]


class Unobserved(AssentError):
    """Something was to be judged, and what it is judged by was not looked at."""


def is_compared(config: Config, environment: str, model: str) -> bool:
    """Whether any gate of a model compares with the champion there."""
    return any(gate.kind.compares for gate in config.gates(environment, model))


def admission(
    asked: Asked, actual: Actual, *, config: Config, risen: Collection[RecordId]
) -> Decide | Refuse:
    """Decide on a record that is to become Approved, or refuse it with the reason.

    Args:
        asked: The record; it is not in effect.
        actual: What is.
        config: The demands.
        risen: The records that took effect earlier in the same run.

    Raises:
        Unobserved: `actual` lacks what the gates compare with, which is neither a yes nor a no.
    """
    history = actual.histories[asked.id]
    refusal = _unfitness(asked, history, actual)
    if refusal is not None:
        return refusal
    if is_import(asked.record):
        waived = _imported(asked, history, actual, config)
    else:
        waived = _gated(asked, actual, config, risen)
    if isinstance(waived, Refuse):
        return waived
    decide = Decide(
        id=asked.id,
        was=history.decision,
        becomes=asked.record.decision,
        asked=asked,
        waived=waived,
    )
    return _waiting(decide, actual, config) or decide


def _gated(
    asked: Asked, actual: Actual, config: Config, risen: Collection[RecordId]
) -> tuple[Waiver, ...] | Refuse:
    """The waivers without which a gate would stand in the way; or that one does."""
    champion = _champion(asked, actual, config, risen)
    results = judge_gates(
        config.gates(actual.environment, asked.id.model),
        asked.record.evidence,
        None if champion is None else champion.evidence,
        asked.record.waivers,
    )
    failing = [result for result in results if not isinstance(result, GateHolds | GateWaived)]
    if failing:
        detail = "; ".join(_objection(result, champion) for result in failing)
        return Refuse(id=asked.id, reason=Reason.GATE_FAILS, detail=detail)
    return waivers_used(results)


def _imported(
    asked: Asked, history: History, actual: Actual, config: Config
) -> tuple[Waiver, ...] | Refuse:
    """No waiver, for no gate is asked; or why the version may not be taken over."""
    seen = actual.versions.get(asked.id)
    if seen is None or asked.id not in actual.decided_otherwise:
        raise Unobserved(f"nobody looked up what was decided on {asked.id} elsewhere")
    detail = import_objection(
        asked.record,
        history,
        seen,
        config=config,
        decided_otherwise=actual.decided_otherwise[asked.id],
        role=actual.role,
    )
    if detail is not None:
        return Refuse(id=asked.id, reason=Reason.IMPORT_REFUSED, detail=detail)
    return ()


def _champion(
    asked: Asked, actual: Actual, config: Config, risen: Collection[RecordId]
) -> Record | None:
    if not is_compared(config, actual.environment, asked.id.model):
        return None
    if asked.id not in actual.rivals:
        raise Unobserved(f"nobody looked up what {asked.id} has to be compared with")
    return actual.rivals[asked.id].champion(risen)


def _objection(result: GateResult, champion: Record | None) -> str:
    gate = result.gate
    against = "" if champion is None else f" (against version {champion.id.version})"
    return f"{gate.id}{against if gate.kind.compares else ''}: {result.why}"


_WAITING: Mapping[WaitKind, Reason] = {
    WaitKind.SOAK: Reason.SOAKING,
    WaitKind.FREEZE: Reason.FROZEN,
    WaitKind.STOP: Reason.LINE_STOPPED,
}


def _waiting(decide: Decide, actual: Actual, config: Config) -> Refuse | None:
    """Why a decision has to wait; it comes last, since it is all that broken glass lifts."""
    environment, model = actual.environment, decide.id.model
    soak = soaking(config, environment, model, actual.since_below.get(decide.id))
    found = waits(
        environment,
        actual.now,
        soaking=None if is_import(decide.asked.record) else soak,
        freezes=config.freezes,
        stopped=config.stopped,
    )
    if not found:
        return None
    detail = "; ".join(wait.why for wait in found)
    return Refuse(id=decide.id, reason=_WAITING[found[0].kind], detail=detail, lifted=decide)


def difference_reason(recorded: Package, found: Package) -> Reason:
    """Why a package that differs from a record's is refused: it is another, or was changed."""
    return Reason.PACKAGE_RECREATED if is_recreated(recorded, found) else Reason.PACKAGE_DIFFERS


def _unfitness(asked: Asked, history: History, actual: Actual) -> Refuse | None:
    """Why a record may not become Approved, whatever is demanded of its numbers."""

    def refuse(reason: Reason, detail: str) -> Refuse:
        return Refuse(id=asked.id, reason=reason, detail=detail)

    record = asked.record
    if evidence_digest(record.package, record.evidence) != record.evidence.digest:
        return refuse(
            Reason.EVIDENCE_ALTERED, "package or evidence were edited: the digest does not fit"
        )
    if record.evidence.digest in history.withdrawn:
        return refuse(
            Reason.EVIDENCE_NOT_FRESH,
            "the version was rejected or retired on this very evidence; approving it takes a new "
            "pull request with fresh evidence, and a rejected one that is still closed may be "
            "reopened by a code owner; else register a new version, and settle this record with "
            "`assent retire`",
        )
    if actual.rung_below is not None and actual.below.get(asked.id) is not Decision.APPROVED:
        said = actual.below.get(asked.id)
        return refuse(
            Reason.RUNG_BELOW,
            f"in {actual.rung_below} the version is {said or 'not decided'}, not Approved",
        )
    seen = actual.versions.get(asked.id)
    if seen is None:
        return refuse(Reason.PACKAGE_MISSING, f"{record.package.arn} is not in the registry")
    if seen.status != "Completed":
        return refuse(Reason.PACKAGE_NOT_COMPLETED, f"its status is {seen.status}")
    differences = package_differences(record.package, seen.package)
    if differences:
        return refuse(difference_reason(record.package, seen.package), "; ".join(differences))
    size = len(largest_current(record, asked.blob).encode())
    if size > MAX_VALUE_BYTES:
        return refuse(
            Reason.DOES_NOT_FIT,
            f"`current` would have {size} bytes; a parameter holds {MAX_VALUE_BYTES}",
        )
    return None
