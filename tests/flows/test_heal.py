"""Healing on the fakes: what is in effect is written back, and nothing else is written."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.flows.ground import CHURN, Ground
from tests.properties.memory_scene import Crash, Fuse
from tests.properties.scene import Cut

from assent.adapters.memory import MemoryRegistry
from assent.core.discrepancy import Kind
from assent.core.errors import Exit
from assent.core.names import RecordId
from assent.core.package import RegistryApproval
from assent.core.receipts import CurrentSet, Failed, Receipt, RegistryRestored
from assent.core.record import Decision
from assent.core.registry_fields import RegistryUpdate
from assent.flows.find_discrepancies import find_discrepancies
from assent.flows.heal import HealReport, heal
from assent.ports import Unavailable


def run(ground: Ground, *names: str, cut: Cut | None = None) -> HealReport:
    """Find out what differs, and heal it."""
    world = ground.scene._world(Fuse(cut))
    chosen = world.config.select(names)
    return heal(world, chosen, find_discrepancies(world, chosen))


def differs(ground: Ground) -> list[Kind]:
    world = ground.scene._world(Fuse(None))
    return [
        each.kind for each in find_discrepancies(world, world.config.environments).discrepancies
    ]


@pytest.fixture
def ground() -> Ground:
    """Versions 1 and 2 are Approved in dev, 1 in test, 3 was turned down, 4 waits."""
    ground = Ground()
    ground.promote(1, 0.9)
    ground.apply()
    ground.promote(1, 0.9, "test")
    ground.promote(2, 0.91)
    ground.promote(3, 0.5, decision=Decision.REJECTED)
    ground.register(4)
    ground.apply()
    ground.scene.clock.advance(timedelta(hours=5))
    return ground


def status(version: int, approval: str) -> Callable[[Ground], None]:
    return lambda ground: ground.scene.flip(CHURN, version, approval, ("team", "growth"))


def field(version: int, name: str, value: str) -> Callable[[Ground], None]:
    return lambda ground: ground.scene.flip(CHURN, version, None, (name, value))


def current(environment: str, text: str) -> Callable[[Ground], None]:
    def edit(ground: Ground) -> None:
        ground.scene.stores[environment].values[f"/assent/{environment}/{CHURN}/current"] = text

    return edit


PLANTED = {
    "status-yes": status(4, "Approved"),
    "status-over-a-no": status(3, "Approved"),
    "status-no": status(1, "Rejected"),
    "field-yes": field(2, "test", "Approved"),
    "field-no": field(1, "dev", "Rejected"),
    "field-who": field(1, "test.by", "eve"),
    "current-garbage": current("dev", "gone"),
    "current-none": current("test", '{"schema": "assent/parameter/v1", "version": null}'),
}


def plant(ground: Ground) -> None:
    for each in PLANTED.values():
        each(ground)


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
def test_what_was_changed_by_hand_is_changed_back(
    ground: Ground, planted: Callable[[Ground], None]
) -> None:
    """Registry and parameters are what they were, to the letter; the second run writes nothing."""
    packages, parameters = dict(ground.scene.packages()), dict(ground.scene.parameters())
    planted(ground)
    report = run(ground)
    assert (report.exit, report.left) == (Exit.OK, ())
    assert report.receipts
    assert dict(ground.scene.parameters()) == parameters
    for key, seen in ground.scene.packages().items():
        was = packages[key]
        assert (seen.approval, dict(seen.metadata).get("dev")) == (
            was.approval,
            was.metadata.get("dev"),
        )
    writes = ground.scene.writes()
    assert run(ground).receipts == ()
    assert ground.scene.writes() == writes


def test_healing_leaves_receipts(ground: Ground) -> None:
    """As apply does: which of the registry's fields, and what `current` names."""
    field(2, "test", "Approved")(ground)
    current("dev", "gone")(ground)
    told: list[Receipt] = list(run(ground).receipts)
    assert told == [
        CurrentSet(environment="dev", model=CHURN, was=None, becomes=2),
        RegistryRestored(id=RecordId("test", CHURN, 2), fields=("test",)),
    ]


def test_a_run_that_is_cut_off_anywhere_is_finished_by_the_next(ground: Ground) -> None:
    """At each of its calls the process dies, before or after the call; then it runs again."""
    plant(ground)
    fuse = Fuse(None)
    world = ground.scene._world(fuse)
    heal(world, world.config.environments, find_discrepancies(world, world.config.environments))
    assert differs(ground) == []
    packages, parameters = dict(ground.scene.packages()), dict(ground.scene.parameters())
    calls, died = fuse.calls, 0
    for at in range(1, calls + 1):
        for after in (False, True):
            plant(ground)
            try:
                run(ground, cut=Cut(at=at, after=after))
            except Crash:
                died += 1
            report = run(ground)
            assert (report.exit, differs(ground)) == (Exit.OK, []), at
            assert dict(ground.scene.parameters()) == parameters
            shown = {key: (v.approval, v.metadata) for key, v in ground.scene.packages().items()}
            assert shown == {key: (v.approval, v.metadata) for key, v in packages.items()}
    assert died == 2 * calls


def test_healing_decides_nothing(ground: Ground) -> None:
    """A record without effect, an edited history, strays and packages that are gone are left."""
    ground.promote(4, 0.92)
    ground.scene.clock.advance(timedelta(hours=2))
    store = ground.scene.stores["dev"].values
    store["/assent/dev/notes"] = "mine"
    name = f"/assent/dev/{CHURN}/versions/3"
    value = json.loads(store[name])
    value["decisions"][0]["status"] = "Approved"
    store[name] = json.dumps(value)
    ground.scene.delete_package(CHURN, 2)
    before = dict(ground.scene.parameters()), dict(ground.scene.packages())
    report = run(ground)
    assert report.exit is Exit.INCOMPLETE
    assert {each.kind for each in report.left} == {
        Kind.RECORD_WITHOUT_EFFECT,
        Kind.PARAMETER_STRAY,
        Kind.HISTORY_EDITED,
        Kind.PACKAGE_DELETED,
    }
    assert (dict(ground.scene.parameters()), dict(ground.scene.packages())) == before
    assert report.receipts == ()


def test_an_edited_history_approves_nothing_by_healing(ground: Ground) -> None:
    """Whoever writes an approval into a history, and rubs out `current`, gains nothing."""
    store = ground.scene.stores["dev"].values
    name = f"/assent/dev/{CHURN}/versions/3"
    value = json.loads(store[name])
    value["decisions"][0]["status"] = "Approved"
    store[name] = json.dumps(value)
    current("dev", "gone")(ground)
    run(ground)
    assert store[f"/assent/dev/{CHURN}/current"] == "gone"
    assert ground.scene.packages()[CHURN, 3].approval is RegistryApproval.REJECTED


def test_an_approval_on_a_package_that_was_created_again_is_withdrawn(ground: Ground) -> None:
    """Nothing was decided on the new one; that its number is taken is left to people."""
    ground.scene.recreate(CHURN, 1)
    ground.scene.flip(CHURN, 1, "Approved", ("dev", "Approved"))
    report = run(ground)
    assert {each.kind for each in report.left} == {Kind.PACKAGE_RECREATED}
    seen = ground.scene.packages()[CHURN, 1]
    assert (seen.approval, seen.metadata["dev"]) == (
        RegistryApproval.PENDING,
        "PendingManualApproval",
    )


def test_only_the_environments_that_were_asked_for_are_written(ground: Ground) -> None:
    """Each is written with its own role, in a run of its own."""
    current("dev", "gone")(ground)
    current("test", "gone")(ground)
    assert run(ground, "test").exit is Exit.OK
    assert ground.scene.parameters()[f"/assent/dev/{CHURN}/current"] == "gone"
    assert differs(ground) == [Kind.PARAMETER_EDITED]


class Stuck(MemoryRegistry):
    """A registry that takes nothing for one version."""

    def update(self, update: RegistryUpdate, /) -> None:
        """See `MemoryRegistry`."""
        if update.arn.version == 1:
            raise Unavailable(f"{update.arn.text} takes nothing for now")
        super().update(update)


def test_what_cannot_be_written_is_left_and_the_rest_is_healed(ground: Ground) -> None:
    """One version that does not take it holds up nothing else, and the exit code says so."""
    field(1, "dev", "Rejected")(ground)
    field(2, "test", "Approved")(ground)
    current("dev", "gone")(ground)
    ground.scene.registry = Stuck(ground.scene.registry.everything())
    report = run(ground)
    assert report.exit is Exit.INCOMPLETE
    assert [(each.kind, each.version) for each in report.left] == [(Kind.REGISTRY_DIFFERS, 1)]
    assert [type(each) for each in report.receipts].count(Failed) == 1
    assert differs(ground) == [Kind.REGISTRY_DIFFERS]


def test_a_history_that_changed_since_it_was_judged_is_not_written_from(ground: Ground) -> None:
    """Between looking and writing somebody else may be at work; the next run looks anew."""
    current("dev", "gone")(ground)
    world = ground.scene._world(Fuse(None))
    report = find_discrepancies(world, world.config.environments)
    store = ground.scene.stores["dev"].values
    del store[f"/assent/dev/{CHURN}/versions/2"]
    healed = heal(world, world.config.environments, report)
    assert healed.exit is Exit.INCOMPLETE
    assert store[f"/assent/dev/{CHURN}/current"] == "gone"


def test_an_unread_environment_stays_broken_after_healing(ground: Ground) -> None:
    """That the others were healed is no verdict about it."""
    world = ground.scene._world(Fuse(None))
    report = find_discrepancies(world, world.config.environments)
    failure = Failed(environment="test", what="the environment", message="it does not answer")
    healed = heal(world, world.config.environments, replace(report, broken=(failure,)))
    assert healed.exit is Exit.BROKEN
