"""The gates: what each demands, what was measured, and why it holds or does not."""

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
from assent.core.rendering.markdown import own_words
from assent.core.rendering.page.groups import naming
from assent.core.rendering.page.layout import Layout, roomy_table
from assent.core.rendering.page.numbers import SIGMA, measured, number
from assent.core.review import Review

__all__ = ["gates_section"]


def gates_section(review: Review, layout: Layout) -> str:
    """A row for each gate, those first that stand in the way."""
    if not review.gates:
        return ""
    results = sorted(review.gates, key=_weight)
    header = ["", "gate", "demands", "measured", "why"]
    rows = [
        [
            _verdict(result),
            layout.code(result.gate.id),
            _demand(result.gate, review, layout),
            "" if result.measured is None else measured(result.measured),
            _why(result, layout),
        ]
        for result in results
    ]
    noun, elsewhere = ("gate", "gates"), "`assent.yaml`, and the check names those that fail"
    listing = roomy_table(header, rows, layout.gates, noun, elsewhere=elsewhere)
    return f"### Gates\n\n{listing}"


def _weight(result: GateResult) -> int:
    match result:
        case GateFails():
            return 0
        case GateUnjudged():
            return 1
        case GateWaived():
            return 2
        case GateHolds():
            return 3


def _verdict(result: GateResult) -> str:
    match result:
        case GateHolds():
            return "✅&nbsp;holds"
        case GateFails():
            return "❌&nbsp;**fails**"
        case GateWaived():
            return "⚠️&nbsp;**waived**"
        case GateUnjudged():
            return "❔&nbsp;**unknown**"


def _why(result: GateResult, layout: Layout) -> str:
    match result:
        case GateUnjudged(why=why):
            return layout.said(why)
        case GateWaived(why=why, waiver=waiver):
            asked = f"{layout.code(waiver.asked_by)} asks to waive it: {layout.said(waiver.reason)}"
            return f"{own_words(why)}. {asked}"
        case GateHolds(why=why) | GateFails(why=why):
            return own_words(why)


def _demand(gate: Gate, review: Review, layout: Layout) -> str:
    where = " in batch inference" if gate.measured_in is MeasuredIn.INFERENCE else ""
    if gate.kind is GateKind.NO_VIOLATIONS:
        return f"{_least(gate)}{where or ' in training'}"
    sigmas = f", by {number(gate.sigmas)} {SIGMA}" if gate.sigmas else ""
    name = naming(review.record.evidence.metrics)(gate.metric)
    return f"{layout.code(name)} {_least(gate)}{sigmas}{where}"


def _least(gate: Gate) -> str:
    bound = number(gate.bound)
    match gate.kind:
        case GateKind.AT_LEAST:
            return f"at least {bound}"
        case GateKind.AT_MOST:
            return f"at most {bound}"
        case GateKind.NO_WORSE:
            return f"worse than live by {bound} at most" if gate.bound else "no worse than live"
        case GateKind.IMPROVES:
            return f"better than live by {bound} or more" if gate.bound else "as good as live"
        case GateKind.NO_VIOLATIONS:
            return "no violation"
