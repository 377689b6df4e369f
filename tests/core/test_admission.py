"""Whether a record may become Approved: gates against the champion, soak, freezes, the stop."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.core.test_plan import (
    APPROVED,
    CONFIG,
    DAY,
    FREEZE,
    ID,
    RETIRED,
    actual,
    asked,
    demanding,
    id_of,
    record_of,
    seen,
)

from assent.core.admission import Unobserved, admission
from assent.core.changes import Actual, Decide, Reason, Refuse, Rival, Rivals
from assent.core.config import Config
from assent.core.evidence import evidence_digest
from assent.core.gates import Gate, GateKind
from assent.core.metrics import Metric
from assent.core.names import RecordId
from assent.core.plan import diff, in_order
from assent.core.record import Record, Waiver

REGRESSION = Gate(id="auc-regression", kind=GateKind.NO_WORSE, metric="auc", bound=0.01)
COMPARING = demanding(gates=(REGRESSION,))


def measured(version: int, auc: float, *waivers: Waiver) -> Record:
    record = record_of(version)
    evidence = replace(record.evidence, metrics={"auc": Metric(value=auc)})
    evidence = replace(evidence, digest=evidence_digest(record.package, evidence))
    return replace(record, evidence=evidence, waivers=waivers)


def state_of(*rising: Record, **rivals: Rivals) -> Actual:
    """An environment in which nothing is in effect; rivals as `v7`, in main's order."""
    ids = tuple(record.id for record in rising)
    found = {id_of(int(name[1:])): each for name, each in rivals.items()}
    return replace(
        actual(wanted=ids, versions={id_: seen(id_.version) for id_ in ids}), rivals=found
    )


def stands(record: Record) -> Rivals:
    """One version that was in effect."""
    return Rivals(candidates=(Rival(standing=record),))


def comes(record: Record, *, above: Record | None = None) -> Rivals:
    """One version that may take effect in the same run, and perhaps one below that is."""
    return Rivals(candidates=(Rival(coming=record), Rival(standing=above)))


def judged(
    record: Record, state: Actual, config: Config, risen: Collection[RecordId] = ()
) -> Decide | Refuse:
    return admission(asked(record), state, config=config, risen=risen)


def test_a_regression_is_refused_and_names_both_sides() -> None:
    """The refusal says which gate, against which version, and the numbers."""
    record = measured(7, 0.80)
    found = judged(record, state_of(record, v7=stands(measured(5, 0.9))), COMPARING)
    assert isinstance(found, Refuse)
    assert found.reason is Reason.GATE_FAILS
    assert found.lifted is None, "nothing lifts a gate but a waiver"
    for part in ("auc-regression", "version 5", "0.8 against 0.9"):
        assert part in found.detail


def test_what_was_not_looked_up_is_no_champion_that_is_missing() -> None:
    """Without its rivals a record that gates compare gets no verdict, in the whole plan."""
    record = measured(7, 0.99)
    with pytest.raises(Unobserved):
        judged(record, state_of(record), COMPARING)
    with pytest.raises(Unobserved):
        diff([asked(record)], state_of(record), config=COMPARING)


def test_nothing_live_is_no_obstacle() -> None:
    """The first version ever has nothing to be compared with."""
    record = measured(7, 0.1)
    assert isinstance(judged(record, state_of(record, v7=Rivals()), COMPARING), Decide)


@pytest.mark.parametrize("risen", [False, True])
def test_what_rises_in_the_same_run_is_the_yardstick_only_once_it_has(*, risen: bool) -> None:
    """Version 8 is better than the live 5 and worse than 7, which counts if it took effect."""
    record = measured(8, 0.85)
    rivals = comes(measured(7, 0.9), above=measured(5, 0.8))
    found = judged(record, state_of(record, v8=rivals), COMPARING, {ID} if risen else set())
    assert isinstance(found, Refuse) is risen


def test_a_plan_judges_in_the_order_of_main() -> None:
    """Version 9 came before 8: it is decided before, and 8 is compared with it."""
    eight, nine = measured(8, 0.8), measured(9, 0.9)
    state = state_of(eight, nine, v9=Rivals(), v8=comes(nine))
    wanted = [asked(eight), asked(nine)]
    assert [each.id.version for each in in_order(wanted, state)] == [9, 8]
    changes = diff(wanted, state, config=COMPARING).changes
    reasons = {each.id.version: each.reason for each in changes if isinstance(each, Refuse)}
    assert reasons == {8: Reason.GATE_FAILS}
    assert [each.id.version for each in changes if isinstance(each, Decide)] == [9]


def test_a_no_is_decided_before_anything_rises() -> None:
    """Of one model a withdrawal comes first, whatever its number."""
    seven, no = measured(7, 0.9), record_of(9, RETIRED)
    state = state_of(seven, no, v7=Rivals())
    assert [each.id.version for each in in_order([asked(seven), asked(no)], state)] == [9, 7]


@pytest.mark.parametrize(
    ("asked_by", "gate", "passes"),
    [
        ("zoe", "auc-regression", True),
        ("", "auc-regression", False),
        ("zoe", "another-gate", False),
    ],
)
def test_a_waiver_excuses_the_gate_that_it_names(asked_by: str, gate: str, *, passes: bool) -> None:
    """Only with who asks for it; what is used goes along, for it takes an approval more."""
    waiver = Waiver(gate=gate, reason="it is needed", asked_by=asked_by)
    record = measured(7, 0.8, waiver)
    found = judged(record, state_of(record, v7=stands(measured(5, 0.9))), COMPARING)
    assert isinstance(found, Decide) is passes
    if isinstance(found, Decide):
        assert found.waived == (waiver,)


def test_a_waiver_that_is_not_needed_is_not_used() -> None:
    """A gate that holds needs no excuse, and so no further approval."""
    record = measured(7, 0.9, Waiver(gate="auc-regression", reason="in case", asked_by="zoe"))
    found = judged(record, state_of(record, v7=stands(measured(5, 0.9))), COMPARING)
    assert isinstance(found, Decide)
    assert found.waived == ()


def test_what_took_effect_is_never_judged_again() -> None:
    """A gate that was set later takes nothing back."""
    record = measured(7, 0.1)
    effective = actual(record, versions={ID: seen(7)})
    changes = diff([asked(record)], effective, config=COMPARING).changes
    assert not any(isinstance(each, Refuse | Decide) for each in changes)


@pytest.mark.parametrize(
    ("ago", "waits"),
    [
        (timedelta(hours=24), False),
        (timedelta(hours=24) - timedelta(seconds=1), True),
        (timedelta(0), True),
        (None, True),
    ],
    ids=["to the second", "a second early", "at once", "unknown"],
)
def test_soak_counts_from_taking_effect_below(ago: timedelta | None, *, waits: bool) -> None:
    """It ends to the second; without a time of beginning it does not end."""
    state = actual(wanted=(ID,), versions={ID: seen(7)}, rung_below="lab", below={ID: APPROVED})
    state = replace(state, since_below={} if ago is None else {ID: DAY - ago})
    found = judged(record_of(7), state, demanding(soak=timedelta(hours=24)))
    assert isinstance(found, Refuse) is waits
    if isinstance(found, Refuse):
        assert found.reason is Reason.SOAKING
        assert isinstance(found.lifted, Decide)


@pytest.mark.parametrize(
    ("later", "frozen"),
    [
        (timedelta(0), True),
        (timedelta(days=1) - timedelta(seconds=1), True),
        (timedelta(days=1), False),
    ],
)
def test_a_freeze_is_judged_at_the_moment_of_looking(later: timedelta, *, frozen: bool) -> None:
    """From its first second to before its last."""
    state = replace(actual(wanted=(ID,), versions={ID: seen(7)}), now=DAY + later)
    found = judged(record_of(7), state, replace(CONFIG, freezes=(FREEZE,)))
    assert isinstance(found, Refuse) is frozen


def test_everything_that_is_waited_for_is_told() -> None:
    """The reason is the first, the detail names all, with until when."""
    config = replace(
        demanding(soak=timedelta(hours=24)), freezes=(FREEZE,), stopped="the registry moves"
    )
    state = actual(wanted=(ID,), versions={ID: seen(7)}, rung_below="lab", below={ID: APPROVED})
    found = judged(record_of(7), replace(state, since_below={ID: DAY}), config)
    assert isinstance(found, Refuse)
    assert found.reason is Reason.SOAKING
    for part in ("1 d in lab", "2026-11-23T10:00:00Z", "year's end", "the registry moves"):
        assert part in found.detail
