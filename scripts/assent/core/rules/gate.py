"""Rule `gate`: a version passes its environment's gates, or is visibly excused from one."""

from collections.abc import Iterator
from dataclasses import replace

from assent.core.findings import Severity
from assent.core.gates import (
    Gate,
    GateFails,
    GateHolds,
    GateKind,
    GateResult,
    GateUnjudged,
    GateWaived,
    MeasuredIn,
)
from assent.core.names import shown
from assent.core.record import dotted
from assent.core.review import Champion, Review
from assent.core.rules.rule import ChangeRule, Problem
from assent.core.rules.subject import Change, Promotion
from assent.core.strict_yaml import Place

__all__ = ["RULE"]

_EXCUSED = (
    "The pull request needs one approval more than usual, of somebody else than who asks. Take the "
    "waiver out to hold the version to the gate."
)


def judge(change: Change) -> Iterator[Problem]:
    """Report every gate that does not hold, and remark on each that is waived."""
    for promotion in change.promotions:
        for result in promotion.review.gates:
            problem = _problem(promotion, result)
            if problem is not None:
                yield problem


def _problem(promotion: Promotion, result: GateResult) -> Problem | None:
    place = _place(result.gate)
    match result:
        case GateHolds():
            return None
        case GateFails():
            message = f"the gate {result.gate.id} fails: {_sentence(result, promotion.review)}"
            return _at(promotion, place, message)
        case GateUnjudged(why=why):
            # Whoever assembles the change ends without a verdict before it comes to this.
            message = f"the gate {result.gate.id} could not be judged: {shown(why)}"
            return _at(promotion, place, message)
        case GateWaived(waiver=waiver):
            message = (
                f"the gate {result.gate.id} fails and is waived: "
                f"{_sentence(result, promotion.review)}; {waiver.asked_by} asks for it: "
                f"{shown(waiver.reason, 500)}"
            )
            found = _at(
                promotion, ("waivers", promotion.parsed.record.waivers.index(waiver)), message
            )
            return replace(found, severity=Severity.WARNING, remedy=_EXCUSED)


def _at(promotion: Promotion, place: Place, message: str) -> Problem:
    line = promotion.parsed.line(*place)
    return Problem(path=promotion.id.path, line=line, place=dotted(place), message=message)


def _place(gate: Gate) -> Place:
    """Where the record says, or would have to say, what the gate is about."""
    evidence: Place = ("evidence",)
    if gate.measured_in is MeasuredIn.INFERENCE:
        evidence = (*evidence, "inference")
    if gate.kind is GateKind.NO_VIOLATIONS:
        return (*evidence, "violations")
    return (*evidence, "metrics", gate.metric)


def _sentence(result: GateResult, review: Review) -> str:
    gate = result.gate
    parts = [shown(gate.metric)] if gate.metric else []
    if gate.kind.compares and isinstance(review.champion, Champion):
        parts.append(f"against version {review.champion.version}")
    return f"{', '.join(parts)}: {result.why}" if parts else result.why


RULE = ChangeRule(
    id="gate",
    description="A record that says Approved passes every gate that assent.yaml sets for its "
    "environment and model, or is waived from it.",
    remedy="Train a version that passes, or let this one be: closing the pull request rejects it. "
    "Whoever wants it all the same adds a waiver to the record, `{gate: ID, reason: WHY, asked_by: "
    "LOGIN}`; it then needs one approval more.",
    judge=judge,
)
