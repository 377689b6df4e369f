"""Gates: every kind, over everything that the evidence may say or lack, as one table."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import localcontext
from itertools import product
from typing import Literal, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.evidence import Evidence, EvidenceSource, Inference, ReportFile
from assent.core.gates import (
    Gate,
    GateFails,
    GateHolds,
    GateKind,
    GateResult,
    GateUnjudged,
    GateWaived,
    MeasuredIn,
    Rival,
    RivalUnread,
    admits,
    judge_gates,
    waivers_used,
)
from assent.core.metrics import Metric
from assent.core.record import Waiver
from assent.core.reports import Better, ReportKind, Violation

COLLECTED = datetime(2026, 11, 22, 10, tzinfo=UTC)
CUSTOM = "business.value"
"""A metric that no table knows."""
WAIVER = Waiver(gate="g", reason="a new market", asked_by="ana")


def report(shape: str | None, kind: ReportKind = ReportKind.MODEL_QUALITY) -> ReportFile:
    uri = f"s3://models/churn/7/{kind.value}.json"
    return ReportFile(kind=kind, uri=uri, version_id="v", sha256="0" * 64, bytes=10, shape=shape)


def evidence(
    metrics: dict[str, Metric] | None = None,
    *,
    directions: dict[str, Better] | None = None,
    inference: Inference | None = None,
    reports: tuple[ReportFile, ...] = (),
    violations: tuple[Violation, ...] = (),
) -> Evidence:
    return Evidence(
        source=EvidenceSource.TRAINING,
        collected=COLLECTED,
        metrics=metrics or {},
        directions=directions or {},
        inference=inference,
        reports=reports,
        violations=violations,
    )


def judged(
    gate: Gate, given_: Evidence, champion: Rival = None, waivers: tuple[Waiver, ...] = ()
) -> GateResult:
    (result,) = judge_gates([gate], given_, champion, waivers)
    assert result.gate == gate
    assert result.why
    return result


def metric(value: float, deviation: float | None = None) -> Metric:
    return Metric(value=value, standard_deviation=deviation)


# The table.

Fit = Literal["well", "just", "just not"]
Reported = Literal["yes", "without deviation", "no"]
Live = Literal["none", "unread", "yes", "without deviation", "no"]
OWN: tuple[Reported, ...] = get_args(Reported)
CHAMPIONS: tuple[Live, ...] = get_args(Live)
FITS: tuple[Fit, ...] = get_args(Fit)
Told = Literal["higher", "lower", "unknown", "contradicted", "contradicts the live one", "set"]
METRICS: dict[Told, str] = {
    "higher": "m.auc",
    "lower": "m.log_loss",
    "unknown": CUSTOM,
    "contradicted": "m.auc",
    "contradicts the live one": CUSTOM,
    "set": CUSTOM,
}
# Exact in binary, as all numbers of the table are: what rounding does has tests of its own.
BOUND, LIVE, SIGMAS = 0.5, 0.5, 2.0
BY = 0.125
"""By how much a gate allows, or demands, a difference."""
DEVIATION, LIVE_DEVIATION, TOGETHER = 0.046875, 0.0625, 0.078125
"""3, 4 and 5 sixty-fourths: the deviations of the two versions, and of their difference."""


@dataclass(frozen=True)
class Case:
    """One row: what the gate demands, and what the evidence says."""

    kind: GateKind
    told: Told
    own: Reported
    live: Live
    fit: Fit
    sigmas: float
    waived: bool
    measured_in: MeasuredIn

    @property
    def better(self) -> Better:
        """Which way a value passes more easily: a floor and a ceiling do not ask what is usual."""
        if self.kind.compares:
            return "lower" if self.told == "lower" else "higher"
        return "lower" if self.kind is GateKind.AT_MOST else "higher"

    @property
    def gate(self) -> Gate:
        """As `assent.yaml` has it."""
        return Gate(
            id="g",
            kind=self.kind,
            metric=METRICS[self.told],
            bound=BY if self.kind.compares else BOUND,
            sigmas=self.sigmas,
            measured_in=self.measured_in,
            better="higher" if self.told == "set" and self.kind.compares else None,
        )

    @property
    def value(self) -> float:
        """The version's own, so that with its deviation it holds well, just or just not."""
        sign = 1 if self.better == "higher" else -1
        least = {GateKind.NO_WORSE: -BY, GateKind.IMPROVES: BY}.get(self.kind, 0.0)
        slack = {"well": 0.25, "just": 0.0, "just not": -0.001953125}[self.fit]
        return BOUND + sign * (least + slack + self.margin)

    @property
    def margin(self) -> float:
        """What sigmas ask for besides."""
        return self.sigmas * (TOGETHER if self.kind.compares else DEVIATION)

    @property
    def verdict(self) -> type[GateResult]:
        """What it comes to, told case by case."""
        found = self._unexcused()
        return GateWaived if found is GateFails and self.waived else found

    def _unexcused(self) -> type[GateResult]:
        if self.own == "no":
            return GateFails
        if not self.kind.compares:
            if self.sigmas and self.own == "without deviation":
                return GateFails
            return GateFails if self.fit == "just not" else GateHolds
        if self.live == "none":
            return GateHolds
        if self.live == "unread":
            return GateUnjudged
        if self.live == "no" or self.told in {
            "unknown",
            "contradicted",
            "contradicts the live one",
        }:
            return GateFails
        if self.sigmas and "without deviation" in {self.own, self.live}:
            return GateFails
        return GateFails if self.fit == "just not" else GateHolds


def evidence_of(case: Case) -> tuple[Evidence, Rival]:
    """The version's evidence, and the champion's."""
    name = METRICS[case.told]
    own: dict[str, Metric] = {}
    if case.own != "no":
        deviation = None if case.own == "without deviation" else DEVIATION
        own[name] = metric(case.value, deviation)
    said: dict[str, Better] = {}
    if case.told in {"contradicted", "contradicts the live one"}:
        said[name] = "lower"
    challenger = placed(own, case.measured_in, said)
    if case.live == "none":
        return challenger, None
    if case.live == "unread":
        return challenger, RivalUnread(why="the record of version 6 could not be read")
    live: dict[str, Metric] = {}
    if case.live != "no":
        deviation = None if case.live == "without deviation" else LIVE_DEVIATION
        live[name] = metric(LIVE, deviation)
    live_said: dict[str, Better] = {}
    if case.told == "contradicts the live one":
        live_said[name] = "higher"
    return challenger, placed(live, case.measured_in, live_said)


def placed(
    metrics: dict[str, Metric], measured_in: MeasuredIn, directions: dict[str, Better]
) -> Evidence:
    """Evidence with metrics where the gate looks, and, as a trap, none where it does not."""
    if measured_in is MeasuredIn.TRAINING:
        return evidence(metrics, directions=directions)
    inference = Inference(environment="dev", run="nightly", metrics=metrics)
    return evidence(inference=inference, directions=directions)


NUMERIC = [kind for kind in GateKind if kind is not GateKind.NO_VIOLATIONS]
TABLE = [
    Case(*row)
    for row in product(
        NUMERIC,
        METRICS,
        OWN,
        CHAMPIONS,
        FITS,
        (0.0, SIGMAS),
        (False, True),
        MeasuredIn,
    )
]


def test_every_gate_over_everything_that_evidence_may_say() -> None:
    """Kind, direction, missing metric, deviation, champion, margin, waiver and place: the table.

    One test over some thousand rows, so that the report stays readable; a row that differs is
    shown whole.
    """
    wrong = []
    for case in TABLE:
        own, champion = evidence_of(case)
        result = judged(case.gate, own, champion, (WAIVER,) if case.waived else ())
        if not isinstance(result, case.verdict):
            wrong.append((case, result))
    assert wrong == []
    assert len(TABLE) == 4 * 6 * 3 * 5 * 3 * 2 * 2 * 2


@pytest.mark.parametrize("waived", [False, True])
@pytest.mark.parametrize("place", MeasuredIn)
@pytest.mark.parametrize(
    ("shape", "violations", "verdict"),
    [
        ("violations", 0, GateHolds),
        ("model-quality+violations", 0, GateHolds),
        ("violations", 1, GateFails),
        ("model-quality", 0, GateFails),
        ("flattened", 0, GateFails),
        (None, 0, GateFails),
        ("no-report", 0, GateFails),
        ("no-inference", 0, GateFails),
    ],
)
def test_no_violation_takes_a_report_that_would_list_them(
    shape: str | None,
    violations: int,
    verdict: type[GateResult],
    place: MeasuredIn,
    *,
    waived: bool,
) -> None:
    """An empty list says that there are none; the lack of a list says nothing."""
    found = (Violation(feature="Age", check="c", description="d"),) * violations
    reports = () if shape in {"no-report", "no-inference"} else (report(shape),)
    if place is MeasuredIn.TRAINING:
        given_ = evidence(reports=reports, violations=found)
    elif shape == "no-inference":
        # What training lists is not what inference would.
        given_ = evidence(reports=(report("violations"),))
    else:
        ran = Inference(environment="dev", run="n", reports=reports, violations=found)
        given_ = evidence(inference=ran)
    gate = Gate(id="g", kind=GateKind.NO_VIOLATIONS, measured_in=place)
    result = judged(gate, given_, None, (WAIVER,) if waived else ())
    assert isinstance(result, GateWaived if waived and verdict is GateFails else verdict)


def test_a_file_of_violations_that_was_read_as_something_else_lists_none() -> None:
    """Its slot says what a file should be, its shape what it is; what was kept before counts."""
    gate = Gate(id="g", kind=GateKind.NO_VIOLATIONS, measured_in=MeasuredIn.INFERENCE)
    for shape, verdict in (("flattened", GateFails), (None, GateHolds), ("violations", GateHolds)):
        file = report(shape, ReportKind.VIOLATIONS)
        ran = Inference(environment="dev", run="n", reports=(file,))
        assert isinstance(judged(gate, evidence(inference=ran)), verdict), shape


# Numbers.


@pytest.mark.parametrize(
    ("value", "live", "by", "holds"),
    [
        (0.903, 0.913, 0.01, True),  # in binary 0.913 - 0.903 is greater than 0.01
        (0.9029999999999999, 0.913, 0.01, False),
        (0.3, 0.1, 0.2, True),
        (0.2999999999999999, 0.1, 0.2, False),
        (1e-05, 2e-05, 1e-05, True),
        (1e300, 1e300, 0.0, True),
        (0.0, -0.0, 0.0, True),
        (1.0, 1e-300, 1.0, False),
    ],
)
def test_numbers_are_compared_as_people_wrote_them(
    value: float, live: float, by: float, *, holds: bool
) -> None:
    """As exact decimals: no digit of the binary fraction, and none of rounding, decides."""
    improves = value > live
    kind = GateKind.IMPROVES if improves else GateKind.NO_WORSE
    gate = Gate(id="g", kind=kind, metric="auc", bound=by)
    results = []
    for digits in (3, 28):
        with localcontext(prec=digits):
            results.append(
                judged(gate, evidence({"auc": metric(value)}), evidence({"auc": metric(live)}))
            )
    assert [isinstance(result, GateHolds) for result in results] == [holds, holds]
    assert results[0] == results[1]


@pytest.mark.parametrize(
    ("gate", "own", "live", "verdict", "why"),
    [
        (Gate(id="g", kind=GateKind.AT_LEAST, metric="m", bound=0.8), metric(0.8), None,
         GateHolds, "0.8 is at least 0.8"),
        (Gate(id="g", kind=GateKind.AT_LEAST, metric="m", bound=0.8), metric(0.79), None,
         GateFails, "0.79 is below 0.8"),
        (Gate(id="g", kind=GateKind.AT_LEAST, metric="m", bound=0.8), metric(0.7999999999), None,
         GateFails, "0.7999999999 is below 0.8"),
        (Gate(id="g", kind=GateKind.AT_MOST, metric="m", bound=0.3), metric(0.3), None,
         GateHolds, "0.3 is at most 0.3"),
        (Gate(id="g", kind=GateKind.AT_MOST, metric="m", bound=0.3), metric(4.0), None,
         GateFails, "4 is above 0.3"),
        (Gate(id="g", kind=GateKind.AT_LEAST, metric="m", bound=0.9, sigmas=2),
         metric(0.913, 0.004), None, GateHolds, "0.913 - 2 x 0.004 = 0.905 is at least 0.9"),
        (Gate(id="g", kind=GateKind.AT_MOST, metric="m", bound=0.3, sigmas=1),
         metric(0.299, 0.004), None, GateFails, "0.299 + 1 x 0.004 = 0.303 is above 0.3"),
        (Gate(id="g", kind=GateKind.NO_WORSE, metric="auc", bound=0.01),
         metric(0.9), metric(0.913), GateFails,
         "0.9 against 0.913: worse by 0.013, may be worse by 0.01"),
        (Gate(id="g", kind=GateKind.NO_WORSE, metric="auc", bound=0.0),
         metric(0.9), metric(0.9), GateHolds, "0.9 against 0.9: equal, may be worse by 0"),
        (Gate(id="g", kind=GateKind.IMPROVES, metric="log_loss", bound=0.01, sigmas=1),
         metric(0.2, 0.003), metric(0.216, 0.004), GateHolds,
         "0.2 against 0.216: better by 0.016, must be better by 0.01, and that by 1 x 0.005"),
        (Gate(id="g", kind=GateKind.IMPROVES, metric="log_loss", bound=0.01, sigmas=2),
         metric(0.2, 0.003), metric(0.219, 0.004), GateFails,
         "0.2 against 0.219: better by 0.019, must be better by 0.01, and that by 2 x 0.005"),
    ],
)  # fmt: skip
def test_a_result_says_what_was_compared(
    gate: Gate, own: Metric, live: Metric | None, verdict: type[GateResult], why: str
) -> None:
    """In our own words and numbers, with as many digits as tell the two apart."""
    champion = None if live is None else evidence({gate.metric: live})
    result = judged(gate, evidence({gate.metric: own}), champion)
    assert isinstance(result, verdict)
    assert result.why == why
    assert result.measured == own


# Directions; the table itself is told in test_directions.py.


def test_a_version_cannot_turn_round_what_better_means() -> None:
    """Constraints that contradict those of what is live count for nothing; `better` does."""
    gate = Gate(id="g", kind=GateKind.NO_WORSE, metric=CUSTOM, bound=0.0)
    live = evidence({CUSTOM: metric(0.9)}, directions={CUSTOM: "higher"})
    worse = evidence({CUSTOM: metric(0.1)}, directions={CUSTOM: "lower"})
    result = judged(gate, worse, live)
    assert isinstance(result, GateFails)
    assert "those of the version that is live do not: set `better`" in result.why
    assert isinstance(judged(replace(gate, better="lower"), worse, live), GateHolds)


def test_a_metric_of_training_is_none_of_inference() -> None:
    """A gate looks where it says, and nowhere else."""
    trained = evidence({"auc": metric(0.9)}, inference=Inference(environment="dev", run="n"))
    gate = Gate(id="g", kind=GateKind.AT_LEAST, metric="auc", bound=0.5)
    assert isinstance(judged(gate, trained), GateHolds)
    elsewhere = judged(replace(gate, measured_in=MeasuredIn.INFERENCE), trained)
    assert isinstance(elsewhere, GateFails)
    assert elsewhere.why == "the metric is not reported in inference"


# Waivers.


def test_a_waiver_excuses_the_gate_that_it_names_and_only_a_failing_one() -> None:
    """It needs who asks; one that is not needed is not used."""
    floor = Gate(id="floor", kind=GateKind.AT_LEAST, metric="auc", bound=0.95)
    low = Gate(id="low", kind=GateKind.AT_LEAST, metric="auc", bound=0.5)
    waivers = [
        Waiver(gate="floor", reason="r", asked_by="ana"),
        Waiver(gate="low", reason="r", asked_by="ben"),
        Waiver(gate="other", reason="r", asked_by="cem"),
    ]
    given_ = evidence({"auc": metric(0.9)})
    results = judge_gates([floor, low], given_, None, waivers)
    assert [type(result) for result in results] == [GateWaived, GateHolds]
    assert waivers_used(results) == (waivers[0],)
    assert admits(results)
    nobody = [Waiver(gate="floor", reason="r")]
    assert not admits(judge_gates([floor, low], given_, None, nobody))
    assert not admits(judge_gates([floor, low], given_, None, waivers[1:]))


def test_nothing_excuses_what_could_not_be_judged() -> None:
    """A waiver is for a no; nobody knows whether this is one."""
    gate = Gate(id="g", kind=GateKind.NO_WORSE, metric="auc", bound=0.01)
    result = judged(gate, evidence({"auc": metric(0.9)}), RivalUnread(why="no answer"), (WAIVER,))
    assert isinstance(result, GateUnjudged)
    assert "no answer" in result.why
    assert not admits([result])
    assert waivers_used([result]) == ()


# What holds of any numbers.

VALUES = st.floats(-1e6, 1e6, allow_nan=False)
DEVIATIONS = st.none() | st.floats(0, 1e3, allow_nan=False)


@st.composite
def gates(draw: st.DrawFn) -> Gate:
    kind = draw(st.sampled_from(NUMERIC))
    compares = kind.compares
    return Gate(
        id="g",
        kind=kind,
        metric="m",
        bound=draw(st.floats(0, 1e6) if compares else VALUES),
        sigmas=draw(st.just(0.0) | st.floats(0, 100)),
        better=draw(st.sampled_from(["higher", "lower"])) if compares else None,
    )


def is_rising(gate: Gate) -> bool:
    return gate.kind is GateKind.AT_LEAST or gate.better == "higher"


@given(gate=gates(), one=VALUES, other=VALUES, live=VALUES, deviation=DEVIATIONS, its=DEVIATIONS)
def test_a_better_value_never_turns_a_yes_into_a_no(
    *,
    gate: Gate,
    one: float,
    other: float,
    live: float,
    deviation: float | None,
    its: float | None,
) -> None:
    """Monotone: of two versions alike but for the value the better passes if the worse does."""
    worse, better = sorted((one, other), reverse=not is_rising(gate))
    champion = evidence({"m": metric(live, its)})
    if isinstance(judged(gate, evidence({"m": metric(worse, deviation)}), champion), GateHolds):
        better_one = evidence({"m": metric(better, deviation)})
        assert isinstance(judged(gate, better_one, champion), GateHolds)


SPREADS = st.floats(0, 1e3)


@given(gate=gates(), value=VALUES, live=VALUES, one=SPREADS, other=SPREADS, its=SPREADS)
def test_less_certainty_never_turns_a_no_into_a_yes(
    *, gate: Gate, value: float, live: float, one: float, other: float, its: float
) -> None:
    """A greater deviation, or more sigmas, only ever makes a gate harder to pass."""
    certain, vague = sorted((one, other))
    champion = evidence({"m": metric(live, its)})
    if isinstance(judged(gate, evidence({"m": metric(value, vague)}), champion), GateHolds):
        given_ = evidence({"m": metric(value, certain)})
        assert isinstance(judged(gate, given_, champion), GateHolds)
        easier = replace(gate, sigmas=gate.sigmas / 2)
        assert isinstance(judged(easier, given_, champion), GateHolds)


@given(
    gate=gates(), value=VALUES, live=VALUES, own=DEVIATIONS, its=DEVIATIONS, waived=st.booleans()
)
def test_every_gate_has_one_result_and_no_strangers_words(
    *,
    gate: Gate,
    value: float,
    live: float,
    own: float | None,
    its: float | None,
    waived: bool,
) -> None:
    """Whatever the numbers, a verdict is reached, in printable words without the metric's name."""
    hostile = replace(gate, metric="`::error::\n<b>")
    given_ = evidence({hostile.metric: metric(value, own)})
    champion = evidence({hostile.metric: metric(live, its)})
    result = judged(hostile, given_, champion, (WAIVER,) if waived else ())
    assert isinstance(result, GateHolds | GateWaived if waived else GateHolds | GateFails)
    assert result.why.isascii()
    assert result.why.isprintable()
    assert "::" not in result.why


def test_two_waivers_for_one_gate_excuse_nothing() -> None:
    """Nobody could tell which of both who ask may not approve."""
    gate = Gate(id="floor", kind=GateKind.AT_LEAST, metric="auc", bound=0.8)
    evidence = Evidence(
        source=EvidenceSource.TRAINING,
        collected=datetime(2026, 11, 22, tzinfo=UTC),
        metrics={"auc": Metric(value=0.7)},
    )
    waivers = [Waiver(gate="floor", reason="r", asked_by=who) for who in ("ana", "zed")]
    assert isinstance(judge_gates([gate], evidence, None, waivers[:1])[0], GateWaived)
    assert isinstance(judge_gates([gate], evidence, None, waivers)[0], GateFails)
