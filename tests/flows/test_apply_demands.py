"""Apply holds to what `assent.yaml` demands, however late it runs and whatever came in between."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.flows.ground import CHURN, Ground, decided, demanding, refused

from assent.contracts import load_contracts
from assent.core.changes import Decide, Reason, Refuse
from assent.core.errors import Exit
from assent.core.gates import Gate, GateKind
from assent.core.names import RecordId
from assent.core.receipts import Failed, Refused
from assent.core.record import Decision, Waiver
from assent.core.waiting import Freeze, Season
from assent.flows.plan import plan
from assent.flows.wanted import World
from assent.ports import NotThere

REGRESSION = Gate(id="auc-regression", kind=GateKind.NO_WORSE, metric="auc", bound=0.01)
FLOOR = Gate(id="auc-floor", kind=GateKind.AT_LEAST, metric="auc", bound=0.8)
DAY = timedelta(hours=24)


def comparing(*, approvals: int = 1) -> Ground:
    """Where no version may be worse than what is live."""
    ground = Ground()
    ground.scene.config = demanding(
        ground.scene.config, "dev", gates=(REGRESSION,), approvals=approvals
    )
    return ground


def planned(ground: Ground, *, everything: bool = False) -> list[tuple[int, str]]:
    """What `plan` says of each record of dev."""
    scene = ground.scene
    world = World(
        config=scene.config,
        contracts=load_contracts(),
        history=scene.repository,
        head=scene.repository.commit("main"),
        registry=scene.registry,
        parameters=lambda environment: scene.stores[environment.name],
        clock=scene.clock,
    )
    (found,) = plan(world, scene.config.select(["dev"]), everything=everything)
    return [
        (each.id.version, each.reason if isinstance(each, Refuse) else "decide")
        for each in found.plan.changes
        if isinstance(each, Refuse | Decide)
    ]


@pytest.mark.parametrize("everything", [False, True])
def test_a_failing_gate_is_refused_on_every_run_until_it_holds(*, everything: bool) -> None:
    """Incomplete each time, nothing written of it; where the gate goes, it takes effect."""
    ground = Ground()
    ground.scene.config = demanding(ground.scene.config, "dev", gates=(FLOOR,))
    ground.promote(1, 0.7)
    first, again = (ground.apply("dev", everything=everything) for _ in range(2))
    assert first.receipts == again.receipts
    assert refused(again) == [(1, Reason.GATE_FAILS)]
    assert again.exit is Exit.INCOMPLETE
    (refusal,) = again.receipts
    assert isinstance(refusal, Refused)
    assert "auc-floor: 0.7 is below 0.8" in refusal.detail
    assert ground.effective() == set()
    assert ground.scene.registry.updates == []
    ground.scene.config = demanding(ground.scene.config, "dev")
    assert decided(ground.apply("dev")) == [1]


def test_versions_of_one_run_are_judged_in_the_order_of_main() -> None:
    """9 was merged before 8, so 8 is compared with 9, also where both take effect in one run."""
    late, early = comparing(), comparing()
    for ground in (late, early):
        ground.register(9)
        ground.promote(9, 0.9)
        if ground is early:
            ground.apply("dev")
        ground.promote(8, 0.85)
    assert planned(late) == [(9, "decide"), (8, Reason.GATE_FAILS)]
    together, alone = late.apply("dev"), early.apply("dev")
    assert decided(together) == [9]
    assert refused(together) == refused(alone) == [(8, Reason.GATE_FAILS)]
    assert [each for each in together.receipts if isinstance(each, Refused)] == [
        each for each in alone.receipts if isinstance(each, Refused)
    ], "late or early, the very same judgement"


def test_the_order_of_main_is_not_that_of_numbers() -> None:
    """8 was merged before 9: it is compared with what was live before, and 9 with it."""
    ground = comparing()
    ground.promote(8, 0.85)
    ground.promote(9, 0.84)
    report = ground.apply("dev")
    assert decided(report) == [8, 9]
    assert report.exit is Exit.OK


def test_an_unproven_record_is_no_yardstick() -> None:
    """A direct push of a better version neither takes effect nor holds up an honest one."""
    ground = comparing()
    ground.promote(1, 0.8)
    ground.apply("dev")
    ground.scene.push(RecordId("dev", CHURN, 2).path, ground.record(2, 0.99))
    ground.promote(3, 0.81)
    assert planned(ground) == [(2, "decide"), (3, Reason.GATE_FAILS)], "a plan proves nothing"
    for _ in range(2):
        report = ground.apply("dev")
        assert refused(report) == [(2, Reason.DIRECT_PUSH)]
    assert ground.effective() == {1, 3}


def test_a_champion_that_was_withdrawn_since_still_counts() -> None:
    """What main said before the record came is the measure: check saw the same."""
    ground = comparing()
    ground.promote(1, 0.9)
    ground.apply("dev")
    ground.promote(2, 0.8)
    ground.promote(1, 0.9, decision=Decision.RETIRED)
    report = ground.apply("dev")
    assert decided(report) == [1]
    assert refused(report) == [(2, Reason.GATE_FAILS)]


@pytest.mark.parametrize("spoilt", ["garbage", "deleted", "retired", "edited"])
@pytest.mark.parametrize("everything", [False, True])
def test_what_is_live_stays_the_champion_whatever_main_says(
    spoilt: str, *, everything: bool
) -> None:
    """A push that makes the live version's record vanish approves nothing weaker."""
    ground = comparing()
    ground.promote(1, 0.9)
    ground.apply("dev")
    content = {
        "garbage": b"{",
        "deleted": None,
        "retired": ground.record(1, 0.9, decision=Decision.RETIRED),
        "edited": ground.record(1, 0.3),
    }[spoilt]
    ground.scene.repository.push({RecordId("dev", CHURN, 1).path: content})
    ground.promote(2, 0.5)
    for _ in range(2):
        report = ground.apply("dev", everything=everything)
        assert (2, Reason.GATE_FAILS) in refused(report)
    assert ground.effective() == {1}
    assert '"version":1' in ground.scene.stores["dev"].values["/assent/dev/churn/current"]


def test_a_version_that_is_approved_anew_is_compared_with_itself() -> None:
    """Fresh evidence that is worse than that which is in effect is a regression."""
    ground = comparing()
    ground.promote(1, 0.9)
    ground.apply("dev")
    ground.promote(1, 0.5)
    assert refused(ground.apply("dev")) == [(1, Reason.GATE_FAILS)]
    ground.promote(1, 0.895)
    assert decided(ground.apply("dev")) == [1]


def test_a_refused_renewal_leaves_the_champion_alone() -> None:
    """Version 1 was to be approved anew, and was refused: 2 is compared with what is in effect."""
    ground = comparing()
    ground.promote(1, 0.9)
    ground.apply("dev")
    ground.promote(1, 0.5)
    ground.promote(2, 0.6)
    assert sorted(refused(ground.apply("dev"))) == [
        (1, Reason.GATE_FAILS),
        (2, Reason.GATE_FAILS),
    ]


def test_a_champion_that_was_withdrawn_before_does_not_count() -> None:
    """After the retirement nothing is live to be compared with."""
    ground = comparing()
    ground.promote(1, 0.9)
    ground.apply("dev")
    ground.promote(1, 0.9, decision=Decision.RETIRED)
    ground.promote(2, 0.8)
    assert decided(ground.apply("dev")) == [1, 2]


def test_what_is_in_effect_is_not_judged_again() -> None:
    """A gate set later refuses nothing that took effect, and no fallback either."""
    ground = Ground()
    ground.promote(1, 0.5)
    ground.promote(2, 0.9)
    ground.apply("dev")
    ground.scene.config = demanding(ground.scene.config, "dev", gates=(FLOOR, REGRESSION))
    assert ground.apply("dev", everything=True).receipts == ()
    ground.promote(2, 0.9, decision=Decision.RETIRED)
    report = ground.apply("dev")
    assert report.exit is Exit.OK
    assert '"version":1' in ground.scene.stores["dev"].values["/assent/dev/churn/current"]


@pytest.mark.parametrize("broken", ["history", "clone"])
def test_a_champion_that_cannot_be_read_is_no_verdict(broken: str) -> None:
    """Neither refused nor approved: it failed, and is tried again."""
    ground = comparing()
    for version in range(1, 12):
        ground.promote(version, 0.9)
    ground.apply("dev")
    number = ground.promote(12, 0.9)
    repository = ground.scene.repository
    if broken == "history":
        ground.scene.stores["dev"].values["/assent/dev/churn/versions/11"] = "garbage"
    else:
        commit = repository.pull(number).merge_commit
        assert commit is not None
        honest = repository.parent

        def cut(asked: str) -> str | None:
            if asked == commit:
                raise NotThere("the clone was cut")
            return honest(asked)

        repository.parent = cut  # type: ignore[method-assign]
    report = ground.apply("dev")
    (failed,) = report.receipts
    assert isinstance(failed, Failed)
    assert report.exit is Exit.INCOMPLETE
    assert ground.effective() == set(range(1, 12))
    assert (
        RecordId("dev", CHURN, 12).path in ground.scene.stores["dev"].values["/assent/dev/applied"]
    )


WAIVER = Waiver(gate="auc-regression", reason="it is safer", asked_by="Ben")


@pytest.mark.parametrize(
    ("approvers", "reason"),
    [
        (("ana",), Reason.TOO_FEW_APPROVALS),
        (("ana", "ben"), Reason.APPROVED_BY_ASKER),
        (("ana", "carla"), None),
    ],
    ids=["one", "with who asked", "one more"],
)
def test_a_waiver_takes_an_approval_more(approvers: tuple[str, ...], reason: Reason | None) -> None:
    """Of somebody other than who asks, whatever the case of the login."""
    ground = comparing()
    ground.scene.push(".github/CODEOWNERS", b"* @ana @ben @carla\n")
    ground.promote(1, 0.9)
    ground.apply("dev")
    ground.promote(2, 0.8, waivers=(WAIVER,), approvers=approvers)
    report = ground.apply("dev")
    if reason is None:
        assert decided(report) == [2]
        return
    assert refused(report) == [(2, reason)]
    (refusal,) = report.receipts
    assert isinstance(refusal, Refused)
    assert "with 1 approval that counts (ana); 2 are needed, one of them for" in refusal.detail
    assert ("ben asked for what is waived" in refusal.detail) is ("ben" in approvers)


def test_a_waiver_that_is_not_used_asks_for_nothing() -> None:
    """The gate holds, so one approval suffices, even that of who asked."""
    ground = comparing()
    ground.promote(1, 0.9, waivers=(WAIVER,), approvers=("ben",))
    assert decided(ground.apply("dev")) == [1]


def test_soak_counts_from_what_apply_did_below() -> None:
    """A version climbs in no single run; to the second it takes effect when its time is over."""
    ground = Ground()
    clock = ground.scene.clock
    ground.scene.config = demanding(ground.scene.config, "test", soak=DAY)
    ground.promote(1, 0.9)
    ground.promote(1, 0.9, "test")
    clock.advance(3 * DAY)  # merging is not taking effect
    report = ground.apply()
    assert decided(report) == [1]
    assert refused(report) == [(1, Reason.SOAKING)]
    clock.advance(DAY - timedelta(seconds=1))
    assert refused(ground.apply()) == [(1, Reason.SOAKING)]
    clock.advance(timedelta(seconds=1))
    report = ground.apply()
    assert decided(report) == [1]
    assert report.exit is Exit.OK


@pytest.mark.parametrize("reason", [Reason.FROZEN, Reason.LINE_STOPPED])
def test_freeze_and_stop_hold_up_a_yes_and_no_no(reason: Reason) -> None:
    """A retirement goes through; the promotion takes effect by itself when the time is over."""
    ground = Ground()
    now = ground.scene.clock.now()
    ground.promote(1, 0.9)
    ground.apply()
    open_ = ground.scene.config
    if reason is Reason.FROZEN:
        window = Season(start=now, end=now + DAY)
        freeze = Freeze(reason="the fair", zone="UTC", window=window)
        ground.scene.config = replace(open_, freezes=(freeze,))
    else:
        ground.scene.config = replace(open_, stopped="the registry moves")
    ground.promote(2, 0.9)
    ground.promote(1, 0.9, decision=Decision.RETIRED)
    report = ground.apply("dev")
    assert decided(report) == [1]
    assert refused(report) == [(2, reason)]
    assert '"version":null' in ground.scene.stores["dev"].values["/assent/dev/churn/current"]
    if reason is Reason.FROZEN:
        ground.scene.clock.advance(DAY)
    else:
        ground.scene.config = open_
    assert decided(ground.apply("dev")) == [2]
