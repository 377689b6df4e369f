"""Scope: what of a shared registry is another repository's is neither read into nor written to."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.flows import test_drift as monitored
from tests.flows.climb import Climb, climbing, completed, reported, transformed
from tests.flows.ground import CHURN, Ground, decided, refused
from tests.flows.tidying import Desk
from tests.properties.memory_scene import Fuse
from tests.properties.scene import Cut

from assent.core.changes import Reason
from assent.core.errors import Exit
from assent.core.events import Ignored
from assent.core.names import RecordId
from assent.core.receipts import ClosingWithoutEffect
from assent.core.record import Decision
from assent.flows.find_discrepancies import find_discrepancies
from assent.flows.heal import heal
from assent.flows.propose import propose

WHY = "the group 'churn' matches none of registry.groups in assent.yaml"


def narrow(ground: Ground, *groups: str) -> None:
    """Let main's assent.yaml say which groups count."""
    config = ground.scene.config
    ground.scene.config = replace(
        config, registry=replace(config.registry, groups=groups or ("fraud-*",))
    )


@pytest.fixture
def ground() -> Ground:
    """Churn 1 and 2 are Approved in dev, 1 in test, and the repository is for fraud by now."""
    ground = Ground()
    ground.promote(1, 0.9)
    ground.promote(2, 0.91)
    ground.apply()
    ground.promote(1, 0.9, "test")
    ground.apply()
    ground.scene.clock.advance(timedelta(hours=5))
    narrow(ground)
    return ground


def shown(ground: Ground, version: int) -> Mapping[str, str]:
    return ground.scene.packages()[CHURN, version].metadata


def test_what_is_live_stays_and_its_registry_fields_are_left_alone(ground: Ground) -> None:
    """Somebody else writes the registry: compared as a whole, nothing is put back."""
    ground.scene.flip(CHURN, 2, "Rejected", ("dev", "Rejected"))
    ground.scene.flip(CHURN, 1, None, ("team", "growth"))
    before = dict(ground.scene.parameters())
    report = ground.apply(everything=True)
    assert (report.exit, report.receipts) == (Exit.OK, ())
    after = dict(ground.scene.parameters())
    assert before.keys() == after.keys()
    assert after["/assent/dev/churn/current"] == before["/assent/dev/churn/current"]
    assert shown(ground, 2)["dev"] == "Rejected"


def test_a_new_approval_is_refused(ground: Ground) -> None:
    """By its own reason, whatever code owners said; the registry shows nothing of it."""
    ground.promote(3, 0.93)
    report = ground.apply()
    assert refused(report) == [(3, Reason.OUT_OF_SCOPE)]
    assert report.exit is Exit.INCOMPLETE
    assert "dev" not in shown(ground, 3)
    narrow(ground, "churn")
    assert decided(ground.apply()) == [3]


def test_a_no_of_what_took_effect_before_is_never_held_up() -> None:
    """Cut off at any call and run again, it takes effect, and `current` falls back."""
    calls = 0
    for number in range(1, 60):
        each = Ground()
        each.promote(1, 0.9)
        each.promote(2, 0.91)
        each.apply()
        narrow(each)
        each.promote(2, 0.91, decision=Decision.RETIRED)
        if each.scene.apply(["dev"], Cut(at=number, after=True), everything=False) is not None:
            break
        calls = number
        assert each.apply().exit is Exit.OK
        assert shown(each, 2)["dev"] == "Retired"
        assert '"version":1' in each.scene.parameters()["/assent/dev/churn/current"]
    assert 5 < calls < 59


def test_a_no_that_nobody_approved_puts_nothing_back(ground: Ground) -> None:
    """What an unproven record leaves in effect is not written over what others wrote since."""
    ground.scene.flip(CHURN, 2, "Rejected", ("dev", "Rejected"))
    path = RecordId("dev", CHURN, 2).path
    ground.scene.push(path, ground.record(2, 0.91, decision=Decision.RETIRED))
    assert refused(ground.apply()) == [(2, Reason.DIRECT_PUSH)]
    assert shown(ground, 2)["dev"] == "Rejected"


def test_what_waits_of_another_group_is_not_opened() -> None:
    """A place that comes free is left to the models that are decided here."""
    made = Desk()
    made.environment(max_open=1)
    for _ in range(2):
        made.propose()
    made.merge(1)
    registry = made.scene.config.registry
    made.configure(registry=replace(registry, groups=("fraud-*",)))
    made.tidy()
    assert made.open_versions() == []
    made.configure(registry=registry)
    made.tidy()
    assert made.open_versions() == [2]


def test_a_no_about_what_never_was_in_effect_here_is_refused(ground: Ground) -> None:
    """It would be written over what another repository decides."""
    ground.promote(3, 0.5, decision=Decision.REJECTED)
    assert refused(ground.apply()) == [(3, Reason.OUT_OF_SCOPE)]
    assert "dev" not in shown(ground, 3)


def test_closing_a_pull_request_says_no_to_nothing_of_others(ground: Ground) -> None:
    """A code owner here is none there: the version is left alone, and the closing is answered."""
    path = RecordId("dev", CHURN, 3).path
    number = ground.open(path, ground.record(3, 0.9))
    ground.scene.close(number, "ana")
    found = ground.scene.reject(number, None)
    assert found is not None
    (said,) = found.receipts
    assert isinstance(said, ClosingWithoutEffect)
    assert WHY.replace("'", "") in said.why.replace("'", "")
    assert "dev" not in shown(ground, 3)
    assert 3 not in ground.effective()


def test_drift_looks_past_other_groups(ground: Ground) -> None:
    """Approvals of another repository are no drift, and healing takes none of them back."""
    ground.register(3)
    ground.scene.flip(CHURN, 3, "Approved", ("dev", "Approved"))
    ground.scene.stores["dev"].values[f"/assent/dev/{CHURN}/versions/3"] = "not ours"
    world = ground.scene._world(Fuse(None))
    rungs = world.config.environments
    report = find_discrepancies(world, rungs)
    assert (report.exit, report.versions) == (Exit.OK, 0)
    assert heal(world, rungs, report).receipts == ()
    narrow(ground, "churn", "fraud-*")
    world = ground.scene._world(Fuse(None))
    assert find_discrepancies(world, rungs).exit is Exit.DRIFT


def test_parameters_of_other_groups_are_not_taken_for_deleted_records(ground: Ground) -> None:
    """Where two repositories wrote below one prefix, a full comparison passes over the other's."""
    store = ground.scene.stores["dev"].values
    store["/assent/dev/risk/versions/3"] = store[f"/assent/dev/{CHURN}/versions/1"]
    store["/assent/dev/risk/current"] = store[f"/assent/dev/{CHURN}/current"]
    assert ground.apply("dev", everything=True).exit is Exit.OK
    narrow(ground, "risk", "churn")
    assert ground.apply("dev", everything=True).exit is not Exit.OK


def test_a_registration_of_another_group_is_ignored_without_a_call(ground: Ground) -> None:
    """Its event names the group: neither the registry nor GitHub is asked."""
    ground.register(3)
    assert ground.scene.propose(CHURN, 3, Cut(at=1, after=False)) == Ignored(why=WHY)


def narrowed(climb: Climb) -> Climb:
    config = climb.scene.config
    registry = replace(config.registry, groups=("fraud-*",))
    climb.scene.config = replace(config, registry=registry)
    return climb


@pytest.mark.parametrize(
    ("event", "calls"),
    [(reported(), 0), (transformed(), 1), (monitored.reported(), 0), (monitored.ended(), 1)],
    ids=["report", "transform", "violations", "monitoring"],
)
def test_other_events_of_another_group_are_ignored(event: Mapping[str, Any], calls: int) -> None:
    """A job has to be asked what it ran; nothing else is."""
    climb = narrowed(climbing())
    climb.jobs["dev"].transforms["nightly"] = completed()
    climb.jobs["dev"].monitorings["monday"] = monitored.monitoring()
    fuse = Fuse(Cut(at=calls + 1, after=False))
    outcome = propose(event, climb.world(fuse))
    assert isinstance(outcome, Ignored)
    assert outcome.why.endswith(WHY)
    assert fuse.calls == calls
