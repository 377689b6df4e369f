"""Gates: rules over evidence that an environment sets. `check` and `apply` share this judgement.

A gate that cannot be judged does not hold. Numbers are compared as the decimals that people wrote,
so that 0.903 is no worse than 0.913 by 0.01.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from enum import StrEnum

from assent.core.directions import direction, usual_direction
from assent.core.evidence import Evidence
from assent.core.metrics import Metric
from assent.core.record import Waiver
from assent.core.reports import Better

__all__ = [
    "Gate",
    "GateFails",
    "GateHolds",
    "GateKind",
    "GateResult",
    "GateUnjudged",
    "GateWaived",
    "MeasuredIn",
    "Rival",
    "RivalUnread",
    "admits",
    "judge_gates",
    "waivers_used",
]


class GateKind(StrEnum):
    """What a gate demands; the setting's name in `assent.yaml`."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    NO_WORSE = "no_worse_than_champion_by"
    IMPROVES = "improves_champion_by"
    NO_VIOLATIONS = "no_violations"

    @property
    def compares(self) -> bool:
        """Whether it compares with the champion."""
        return self in {GateKind.NO_WORSE, GateKind.IMPROVES}


class MeasuredIn(StrEnum):
    """Which of a record's metrics a gate is about."""

    TRAINING = "training"
    INFERENCE = "inference"
    """The batch inference one rung down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One rule."""

    id: str
    kind: GateKind
    metric: str = ""
    """Its dotted name; empty for `no_violations`."""
    bound: float = 0.0
    """The floor, the ceiling, or by how much; in the metric's unit. 0 for `no_violations`."""
    sigmas: float = 0.0
    """By how many reported standard deviations it must hold, taken against the version."""
    measured_in: MeasuredIn = MeasuredIn.TRAINING
    better: Better | None = None
    """Which way the metric improves; None to take it from constraint files and the usual table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RivalUnread:
    """What is live could not be read, so nothing can be compared with it."""

    why: str


Rival = Evidence | RivalUnread | None
"""What the champion's record rests on; None where nothing is live."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateHolds:
    """The evidence satisfies a gate."""

    gate: Gate
    why: str
    """The comparison in a sentence of our own words and numbers; no text of a stranger's."""
    measured: Metric | None = None
    """What was judged, if it was reported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFails:
    """The evidence does not satisfy a gate, or lacks what it needs."""

    gate: Gate
    why: str
    measured: Metric | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateWaived:
    """The evidence does not satisfy a gate, and the record asks to be excused from it."""

    gate: Gate
    why: str
    waiver: Waiver
    measured: Metric | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateUnjudged:
    """Nobody knows: the champion could not be read. It is neither a yes nor a no."""

    gate: Gate
    why: str
    """May hold what a service said."""
    measured: Metric | None = None


GateResult = GateHolds | GateFails | GateWaived | GateUnjudged


def judge_gates(
    gates: Sequence[Gate], evidence: Evidence, champion: Rival, waivers: Iterable[Waiver] = ()
) -> tuple[GateResult, ...]:
    """Judge a version's evidence by every gate, in the gates' order.

    Args:
        gates: Those of the environment and model.
        evidence: The version's.
        champion: What is live in that environment.
        waivers: The record's; one without who asks excuses nothing, nor do two for one gate.
    """
    given = tuple(waivers)
    # Of two for one gate nobody could tell who has asked, and may not approve: neither counts.
    counts = Counter(waiver.gate for waiver in given)
    excused = {each.gate: each for each in given if each.asked_by and counts[each.gate] == 1}
    with localcontext(_EXACT):
        return tuple(_excused(_judged(gate, evidence, champion), excused) for gate in gates)


def admits(results: Iterable[GateResult]) -> bool:
    """Whether every gate holds or is waived."""
    return all(isinstance(result, GateHolds | GateWaived) for result in results)


def waivers_used(results: Iterable[GateResult]) -> tuple[Waiver, ...]:
    """The waivers without which a gate would stand in the way; any takes an approval more."""
    return tuple(result.waiver for result in results if isinstance(result, GateWaived))


def _excused(result: GateResult, waivers: Mapping[str, Waiver]) -> GateResult:
    waiver = waivers.get(result.gate.id)
    if not isinstance(result, GateFails) or waiver is None:
        return result
    return GateWaived(gate=result.gate, why=result.why, waiver=waiver, measured=result.measured)


def _judged(gate: Gate, evidence: Evidence, champion: Rival) -> GateResult:
    if gate.kind is GateKind.NO_VIOLATIONS:
        return _without_violations(gate, evidence)
    measured = _metrics(gate, evidence).get(gate.metric)
    if measured is None:
        return GateFails(gate=gate, why=_not_reported(gate, evidence))
    if gate.kind.compares:
        return _compared(gate, evidence, measured, champion)
    if gate.sigmas and measured.standard_deviation is None:
        return GateFails(gate=gate, why=_no_deviation(gate, "the metric"), measured=measured)
    return _bounded(gate, measured)


def _metrics(gate: Gate, evidence: Evidence) -> Mapping[str, Metric]:
    if gate.measured_in is MeasuredIn.TRAINING:
        return evidence.metrics
    return {} if evidence.inference is None else evidence.inference.metrics


def _not_reported(gate: Gate, evidence: Evidence) -> str:
    if gate.measured_in is MeasuredIn.INFERENCE and evidence.inference is None:
        return "there is no batch inference that could have reported the metric"
    return f"the metric is not reported in {gate.measured_in}"


def _no_deviation(gate: Gate, whose: str) -> str:
    return f"{whose} has no standard deviation, and the gate has to hold by {_plain(gate.sigmas)}"


def _without_violations(gate: Gate, evidence: Evidence) -> GateResult:
    inference = evidence.inference
    if gate.measured_in is MeasuredIn.INFERENCE:
        if inference is None:
            return GateFails(gate=gate, why="there is no batch inference that could tell")
        count, reports = len(inference.violations), inference.reports
    else:
        count, reports = len(evidence.violations), evidence.reports
    if count:
        return GateFails(gate=gate, why=f"{count} violation{'' if count == 1 else 's'}")
    if not any(report.lists_violations for report in reports):
        why = f"no report of {gate.measured_in} lists violations, so nothing says there are none"
        return GateFails(gate=gate, why=why)
    return GateHolds(gate=gate, why="no violation")


def _bounded(gate: Gate, measured: Metric) -> GateResult:
    floor = gate.kind is GateKind.AT_LEAST
    margin = _margin(gate, _exact(measured.standard_deviation or 0.0))
    value, bound = _exact(measured.value), _exact(gate.bound)
    worst = value - margin if floor else value + margin
    holds = worst >= bound if floor else worst <= bound
    sum_, limit = _told_apart(worst, bound)
    if gate.sigmas:
        sign = "-" if floor else "+"
        deviation = _plain(measured.standard_deviation or 0.0)
        sum_ = f"{_plain(value)} {sign} {_plain(gate.sigmas)} x {deviation} = {sum_}"
    words = {(True, True): "is at least", (True, False): "is below"}
    words |= {(False, True): "is at most", (False, False): "is above"}
    why = f"{sum_} {words[floor, holds]} {limit}"
    return _result(gate, holds=holds, why=why, measured=measured)


def _compared(gate: Gate, evidence: Evidence, measured: Metric, champion: Rival) -> GateResult:
    match champion:
        case None:
            why = "nothing is live to compare with"
            return GateHolds(gate=gate, why=why, measured=measured)
        case RivalUnread(why=why):
            return GateUnjudged(gate=gate, why=f"what is live is unknown: {why}", measured=measured)
        case Evidence():
            pass
    other = _metrics(gate, champion).get(gate.metric)
    better = gate.better or direction(gate.metric, evidence.directions)
    if gate.better is None and _contradict(gate.metric, evidence, champion):
        better = None
    objection = _objection(gate, evidence, measured, other, better)
    if objection is not None or other is None:
        why = objection or "the metric is not reported for the version that is live"
        return GateFails(gate=gate, why=why, measured=measured)
    gain = _exact(measured.value) - _exact(other.value)
    if better == "lower":
        gain = -gain
    spread = _exact(measured.standard_deviation or 0.0) ** 2
    spread = (spread + _exact(other.standard_deviation or 0.0) ** 2).sqrt()
    worst = gain - _margin(gate, spread)
    least = _exact(gate.bound) if gate.kind is GateKind.IMPROVES else -_exact(gate.bound)
    return _result(
        gate,
        holds=worst >= least,
        why=_comparison(gate, measured, other, gain, spread),
        measured=measured,
    )


def _contradict(metric: str, evidence: Evidence, champion: Evidence) -> bool:
    """Whether the reports of two versions say opposite things of which way a metric improves.

    Else a version whose reports turn that round would pass a regression off as an improvement.
    """
    said = {direction(metric, each.directions) for each in (evidence, champion)}
    return len(said - {None}) > 1


def _objection(
    gate: Gate, evidence: Evidence, measured: Metric, other: Metric | None, better: Better | None
) -> str | None:
    """Why two versions cannot be compared; None where they can."""
    if other is None:
        return "the metric is not reported for the version that is live"
    if better is None:
        return _undirected(gate.metric, evidence)
    if gate.sigmas and measured.standard_deviation is None:
        return _no_deviation(gate, "the metric")
    if gate.sigmas and other.standard_deviation is None:
        return _no_deviation(gate, "the metric of the version that is live")
    return None


def _undirected(metric: str, evidence: Evidence) -> str:
    told, usual = evidence.directions.get(metric), usual_direction(metric)
    why = "nothing says which way the metric improves"
    if told is not None and usual is not None:
        why = f"the constraints say that {told} is better, which is not usual for this metric"
    elif told is not None:
        why = f"the constraints say that {told} is better, those of the version that is live do not"
    return f"{why}: set `better` in the gate"


def _comparison(gate: Gate, measured: Metric, other: Metric, gain: Decimal, spread: Decimal) -> str:
    change = "equal" if not gain else f"{'better' if gain > 0 else 'worse'} by {_plain(abs(gain))}"
    allowed = "must be better by" if gate.kind is GateKind.IMPROVES else "may be worse by"
    demand = f"{allowed} {_plain(gate.bound)}"
    if gate.sigmas:
        demand += f", and that by {_plain(gate.sigmas)} x {_plain(float(spread))}"
    own, live = _told_apart(_exact(measured.value), _exact(other.value))
    return f"{own} against {live}: {change}, {demand}"


def _margin(gate: Gate, deviation: Decimal) -> Decimal:
    return _exact(gate.sigmas) * deviation


def _result(gate: Gate, *, holds: bool, why: str, measured: Metric) -> GateResult:
    if holds:
        return GateHolds(gate=gate, why=why, measured=measured)
    return GateFails(gate=gate, why=why, measured=measured)


def _exact(value: float) -> Decimal:
    """The decimal that a float was written as: the shortest that reads back equal."""
    return Decimal(repr(value))


# As many digits as sums of two floats can have; the caller's own context may have fewer.
_EXACT = Context(prec=1500)
_DIGITS = 6
_ALL_DIGITS = 17
"""Enough to tell any two floats apart."""


def _plain(value: float | Decimal, digits: int = _DIGITS) -> str:
    return f"{float(value):.{digits}g}"


def _told_apart(one: Decimal, other: Decimal) -> tuple[str, str]:
    """Two numbers in so many digits that they look equal only where they are, or nearly so."""
    digits = _DIGITS
    while one != other and digits < _ALL_DIGITS and _plain(one, digits) == _plain(other, digits):
        digits += 1
    return _plain(one, digits), _plain(other, digits)
