"""Apply on the fakes: what it does when the world is not as it was, and what it says of it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from tests.properties.memory_scene import MemoryScene
from tests.properties.play import Delete, Play, Promote, Recreate, Register, Write
from tests.properties.scene import Cut

from assent.adapters.memory import MemoryParameters, MemoryRegistry
from assent.contracts import load_contracts
from assent.core.errors import Exit
from assent.core.names import PackageArn, RecordId
from assent.core.package import ModelVersion, RegistryApproval
from assent.core.plan import Decide, Reason
from assent.core.receipts import (
    CurrentSet,
    DecisionApplied,
    Failed,
    MainRewritten,
    Receipt,
    Refused,
    RegistryRestored,
)
from assent.core.record import Decision
from assent.core.registry_fields import RegistryUpdate
from assent.core.timestamps import written
from assent.flows.apply import ApplyReport, apply
from assent.flows.plan import plan
from assent.flows.wanted import World
from assent.ports import Unavailable

CHURN = "churn"
FIRST = RecordId("dev", CHURN, 1)


def opened(*actions: Promote | Register, ladder: Sequence[str] = ("dev", "test")) -> Play:
    """A scene on which some versions were promoted to dev's branch, and nothing was applied."""
    play = Play(MemoryScene(ladder), thorough=False)
    for action in actions:
        play.perform(action)
    return play


def scene_of(play: Play) -> MemoryScene:
    assert isinstance(play.scene, MemoryScene)
    return play.scene


def run(play: Play, *environments: str, everything: bool = False) -> ApplyReport:
    report = play.scene.apply(environments or play.ladder, None, everything=everything)
    assert report is not None
    return report


def no(play: Play, rung: int = 0, package: int = 0, status: str = "Retired") -> None:
    """Code owners withdraw a version by an approved pull request."""
    play.perform(Write(rung, package, status, fresh=False, altered=False, how="merge"))


def yes(
    play: Play, rung: int, package: int = 0, *, fresh: bool = False, how: str = "merge"
) -> None:
    """A record that asks for approval, by an approved pull request unless said otherwise."""
    play.perform(Write(rung, package, "Approved", fresh=fresh, altered=False, how=how))


def said(report: ApplyReport) -> list[type[Receipt]]:
    return [type(receipt) for receipt in report.receipts]


def refusals(report: ApplyReport) -> list[tuple[str, Reason]]:
    return [(each.id.path, each.reason) for each in report.receipts if isinstance(each, Refused)]


def value(play: Play, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(play.scene.parameters()[f"/assent/{name}"])
    return found


class Meddled(MemoryRegistry):
    """A registry on which something else happens at a certain call."""

    def __init__(
        self,
        registry: MemoryRegistry,
        *,
        on_update: Callable[[ModelVersion, RegistryUpdate], ModelVersion] | None = None,
        on_describe: Mapping[int, Callable[[ModelVersion], ModelVersion]] | None = None,
    ) -> None:
        super().__init__(registry.everything())
        self._on_update = on_update
        self._on_describe = dict(on_describe or {})
        self._described = 0

    def update(self, update: RegistryUpdate, /) -> None:
        """Write, then let the other have its way."""
        before = super().describe(update.arn)
        super().update(update)
        if self._on_update is not None:
            self.put(self._on_update(before, update))

    def describe(self, arn: PackageArn, /) -> ModelVersion:
        """Let the other write first."""
        self._described += 1
        meddle = self._on_describe.get(self._described)
        if meddle is not None:
            self.put(meddle(super().describe(arn)))
        return super().describe(arn)


def test_a_decision_leaves_receipts_in_the_order_of_its_effects() -> None:
    """Decision first, then what inference runs; each told as it happens, with who and where."""
    play = opened(Promote(0))
    scene = scene_of(play)
    told: list[Receipt] = []
    world = world_of(scene)
    report = apply(world, scene.repository, scene.config.select(["dev"]), emit=told.append)
    decided, named = report.receipts
    assert isinstance(decided, DecisionApplied)
    assert (decided.id, decided.was, decided.becomes) == (FIRST, None, Decision.APPROVED)
    assert (decided.by, decided.pull_request) == (("ana",), "https://forge.example/pull/1")
    assert decided.commit == scene.repository.pull(1).merge_commit
    assert named == CurrentSet(environment="dev", model=CHURN, was=None, becomes=1)
    assert told == list(report.receipts)
    assert report.exit is Exit.OK
    assert value(play, "dev/applied")["commit"] == world.head


def world_of(scene: MemoryScene) -> World:
    return World(
        config=scene.config,
        contracts=load_contracts(),
        history=scene.repository,
        head=scene.repository.commit("main"),
        registry=scene.registry,
        parameters=lambda environment: scene.stores[environment.name],
        clock=scene.clock,
        reports=lambda _: scene.reports,
    )


def test_a_version_climbs_in_one_run() -> None:
    """Both rungs were merged; one run in ladder order brings both into effect."""
    play = opened(Promote(0))
    yes(play, rung=1)
    report = run(play)
    assert said(report) == [DecisionApplied, CurrentSet] * 2
    assert value(play, "test/churn/current")["version"] == 1
    assert plan_is_empty(play)


def plan_is_empty(play: Play) -> bool:
    scene = scene_of(play)
    planned = plan(world_of(scene), scene.config.environments, everything=True)
    return all(not each.plan.changes and each.exit is Exit.OK for each in planned)


def test_a_plan_says_what_apply_does_and_writes_nothing() -> None:
    """What is planned before is what is done after."""
    play = opened(Promote(0), Promote(0))
    scene = scene_of(play)
    before = scene.writes()
    (planned,) = plan(world_of(scene), scene.config.select(["dev"]), everything=False)
    assert scene.writes() == before
    ids = [each.id for each in planned.plan.changes if isinstance(each, Decide)]
    done = [each.id for each in run(play).receipts if isinstance(each, DecisionApplied)]
    assert ids == done == [FIRST, RecordId("dev", CHURN, 2)]


def test_a_higher_rung_waits_for_the_lower() -> None:
    """Refused today, it takes effect by itself as soon as the rung below has."""
    play = opened(Promote(0))
    yes(play, rung=1)
    early = run(play, "test")
    assert refusals(early) == [("promotions/test/churn/1.yaml", Reason.RUNG_BELOW)]
    assert early.exit is Exit.INCOMPLETE
    assert value(play, "test/applied")["retry"] == ["promotions/test/churn/1.yaml"]
    assert run(play, "dev").exit is Exit.OK
    play.perform(Promote(1))  # main moves on, without a word about what was refused
    assert run(play, "test").exit is Exit.OK
    assert value(play, "test/churn/current")["version"] == 1
    assert value(play, "test/applied")["retry"] == []


def test_a_later_retirement_below_takes_nothing_back() -> None:
    """What was approved above stays; only becoming Approved asks for the rung below."""
    play = opened(Promote(0))
    yes(play, rung=1)
    run(play)
    no(play, rung=0)
    assert run(play).exit is Exit.OK
    assert value(play, "dev/churn/current")["version"] is None
    assert value(play, "test/churn/current")["version"] == 1
    assert play.scene.packages()[CHURN, 1].approval is RegistryApproval.APPROVED


def test_keys_that_vanish_in_writing_are_put_back_and_told() -> None:
    """A registry that replaces metadata instead of merging loses nobody's keys."""
    play = opened(Promote(0))
    scene = scene_of(play)

    def replaces(before: ModelVersion, update: RegistryUpdate) -> ModelVersion:
        del before
        return replace(scene.registry.describe(update.arn), metadata=update.metadata)

    scene.registry = Meddled(scene.registry, on_update=replaces)
    decided = run(play, "dev").receipts[0]
    assert isinstance(decided, DecisionApplied)
    assert decided.restored == ("team",)
    assert play.scene.packages()[CHURN, 1].metadata == {
        "team": "growth",
        "dev": "Approved",
        "dev.by": "ana",
        "dev.pull-request": "https://forge.example/pull/1",
    }


@pytest.mark.parametrize("field", ["metadata", "approval"])
def test_what_was_not_written_takes_no_effect(field: str) -> None:
    """If the registry does not show what was sent, nothing else is written; the next run can."""
    play = opened(Promote(0))
    scene = scene_of(play)
    honest = scene.registry

    def forgets(before: ModelVersion, update: RegistryUpdate) -> ModelVersion:
        now = scene.registry.describe(update.arn)
        if field == "metadata":
            return replace(now, metadata=before.metadata)
        return replace(now, approval=before.approval)

    scene.registry = Meddled(honest, on_update=forgets)
    report = run(play, "dev")
    (failed,) = report.receipts
    assert isinstance(failed, Failed)
    assert "does not show" in failed.message
    assert failed.what == FIRST.path
    assert report.exit is Exit.INCOMPLETE
    assert set(play.scene.parameters()) == {"/assent/dev/applied"}
    scene.registry = honest
    assert run(play, "dev").exit is Exit.OK
    assert value(play, "dev/churn/current")["version"] == 1


@pytest.mark.parametrize(
    "meddle",
    [
        lambda seen: replace(seen, approval=RegistryApproval.REJECTED),
        lambda seen: replace(seen, metadata={**seen.metadata, "prod": "Rejected"}),
        lambda seen: replace(
            seen, package=replace(seen.package, created=seen.package.created.replace(hour=23))
        ),
    ],
    ids=["approval", "metadata", "package"],
)
def test_a_registry_that_changed_meanwhile_is_not_written(
    meddle: Callable[[ModelVersion], ModelVersion],
) -> None:
    """Between reading and writing somebody else wrote: the plan no longer holds."""
    play = opened(Promote(0))
    scene = scene_of(play)
    registry = scene.registry = Meddled(scene.registry, on_describe={2: meddle})
    (failed,) = run(play, "dev").receipts
    assert isinstance(failed, Failed)
    assert "somebody else" in failed.message
    assert registry.updates == []
    assert value(play, "dev/applied")["retry"] == [FIRST.path]


UNREADABLE = ["dev/churn/versions/1", "dev/churn/versions/2"]


@pytest.mark.parametrize("everything", [False, True])
@pytest.mark.parametrize("name", UNREADABLE)
def test_one_models_garbage_stops_no_other_model(name: str, *, everything: bool) -> None:
    """A history that does not read is a failure of its model; the others go on, and it is retried.

    The second version's history matters to the first version's `current` as well.
    """
    play = opened(Promote(0), Promote(0))
    run(play)
    scene = scene_of(play)
    kept = scene.stores["dev"].values[f"/assent/{name}"]
    scene.stores["dev"].values[f"/assent/{name}"] = "garbage"
    no(play, package=0)
    play.perform(Promote(1))
    report = run(play, "dev", everything=everything)
    assert said(report) == [Failed, DecisionApplied, CurrentSet]
    failed = report.receipts[0]
    assert isinstance(failed, Failed)
    assert (failed.environment, failed.what) == ("dev", CHURN)
    assert name in failed.message
    assert failed.hint
    assert report.exit is Exit.INCOMPLETE
    assert value(play, "dev/fraud-eu/current")["version"] == 1
    assert FIRST.path in value(play, "dev/applied")["retry"]
    scene.stores["dev"].values[f"/assent/{name}"] = kept
    assert run(play, "dev").exit is Exit.OK
    assert value(play, "dev/churn/versions/1")["decisions"][-1]["status"] == "Retired"


def test_garbage_on_the_rung_below_stops_no_other_model() -> None:
    """What the rung below says of one model does not read: the rung above fails for it alone."""
    play = opened(Promote(0), Promote(1))
    run(play)
    scene = scene_of(play)
    scene.stores["dev"].values["/assent/dev/churn/versions/1"] = "garbage"
    yes(play, rung=1, package=0)
    yes(play, rung=1, package=1)
    report = run(play, "test")
    assert said(report) == [Failed, DecisionApplied, CurrentSet]
    assert report.exit is Exit.INCOMPLETE
    assert value(play, "test/applied")["retry"] == ["promotions/test/churn/1.yaml"]
    assert value(play, "test/fraud-eu/current")["version"] == 1


def test_a_missing_page_of_a_history_is_not_a_shorter_history() -> None:
    """Without a page that is counted, nobody knows what was decided."""
    play = opened(Promote(0))
    run(play)
    history = value(play, "dev/churn/versions/1")
    scene_of(play).stores["dev"].values["/assent/dev/churn/versions/1"] = json.dumps(
        {**history, "pages": 1}
    )
    no(play)
    (failed,) = run(play, "dev").receipts
    assert isinstance(failed, Failed)
    assert "earlier/1 is missing" in failed.message


class Down(MemoryParameters):
    """Parameter Store does not answer."""

    def read(self, names: Sequence[str], /) -> Mapping[str, str]:
        """Fail."""
        raise Unavailable(f"no answer about {names[0]}")


def test_an_environment_that_cannot_be_read_is_broken_and_alone() -> None:
    """Exit code 1: no verdict there. The other environment is converged all the same."""
    play = opened(Promote(0), ladder=("dev", "test"))
    scene_of(play).stores["test"] = Down()
    report = run(play)
    assert said(report) == [DecisionApplied, CurrentSet]
    (broken,) = report.broken
    assert (broken.environment, broken.what) == ("test", "the environment")
    assert "no answer" in broken.message
    assert report.exit is Exit.BROKEN
    assert value(play, "dev/churn/current")["version"] == 1


def test_nothing_to_do_is_ok_and_written_once() -> None:
    """An empty repository: only the commit is noted, and noted once."""
    play = opened()
    assert run(play).exit is Exit.OK
    assert set(play.scene.parameters()) == {"/assent/dev/applied", "/assent/test/applied"}
    writes = play.scene.writes()
    assert run(play).receipts == ()
    assert play.scene.writes() == writes


def test_a_direct_push_proves_nothing() -> None:
    """A record that no merged pull request brought is refused, and leaves what was live alone."""
    play = opened(Promote(0), Register(0))
    yes(play, rung=0, package=1, how="push")
    report = run(play, "dev")
    assert refusals(report) == [("promotions/dev/churn/2.yaml", Reason.DIRECT_PUSH)]
    (refused,) = (each for each in report.receipts if isinstance(each, Refused))
    assert "without a merged pull request" in refused.detail
    assert value(play, "dev/churn/current")["version"] == 1


def test_the_authors_own_approval_does_not_count() -> None:
    """An approval by the author, should the forge ever record one, is none."""
    play = opened(Promote(0))
    pull = scene_of(play).repository.pull(1)
    pull.author = "Ana"
    pull.reviews[:] = [each for each in pull.reviews if each.by == "ana"]
    report = run(play, "dev")
    assert refusals(report) == [(FIRST.path, Reason.SELF_APPROVAL)]
    assert "0 approvals that count; 1 is needed; ana opened" in str(report.receipts[0])


def test_a_yes_needs_as_many_as_configured_and_a_no_one() -> None:
    """Production asks for two; withdrawing there takes one."""
    play = opened(Promote(0), ladder=("dev", "prod"))
    yes(play, rung=1)
    pull = scene_of(play).repository.pull(2)
    both = list(pull.reviews)
    pull.reviews[:] = both[:1]
    assert refusals(run(play)) == [("promotions/prod/churn/1.yaml", Reason.TOO_FEW_APPROVALS)]
    pull.reviews[:] = both
    assert run(play).exit is Exit.OK
    no(play, rung=1)
    del scene_of(play).repository.pull(3).reviews[1:]
    assert run(play).exit is Exit.OK
    assert value(play, "prod/churn/current")["version"] is None


def test_a_withdrawn_version_returns_only_on_fresh_evidence() -> None:
    """The very record that was retired is refused; evidence collected anew is taken."""
    play = opened(Promote(0))
    run(play)
    no(play)
    run(play)
    yes(play, rung=0)
    assert refusals(run(play, "dev")) == [(FIRST.path, Reason.EVIDENCE_NOT_FRESH)]
    assert value(play, "dev/churn/current")["version"] is None
    yes(play, rung=0, fresh=True)
    assert run(play).exit is Exit.OK
    assert value(play, "dev/churn/current")["version"] == 1
    statuses = [each["status"] for each in value(play, "dev/churn/versions/1")["decisions"]]
    assert statuses == ["Approved", "Retired", "Approved"]


def test_a_no_about_a_package_that_is_gone_is_applied() -> None:
    """There is no registry entry to write; history and `current` say it."""
    play = opened(Promote(0))
    run(play)
    scene_of(play).delete_package(CHURN, 1)
    no(play)
    assert said(run(play, "dev")) == [DecisionApplied, CurrentSet]
    assert value(play, "dev/churn/current")["version"] is None


def test_a_no_about_a_replaced_package_leaves_the_new_one_alone() -> None:
    """The package that has the number now was not decided on, and is still proposed."""
    play = opened(Promote(0))
    run(play)
    play.perform(Recreate(0))
    no(play)
    assert said(run(play, "dev")) == [DecisionApplied, CurrentSet]
    seen = play.scene.packages()[CHURN, 1]
    assert (seen.approval, dict(seen.metadata)) == (RegistryApproval.PENDING, {"team": "growth"})
    assert value(play, "dev/churn/current")["version"] is None


def test_an_approval_is_not_restored_onto_a_replaced_package() -> None:
    """A full comparison does not approve what nobody approved."""
    play = opened(Promote(0))
    run(play)
    play.perform(Recreate(0))
    assert run(play, everything=True).receipts == ()
    assert play.scene.packages()[CHURN, 1].approval is RegistryApproval.PENDING


def test_the_rung_below_must_have_approved_this_very_package() -> None:
    """An approval of the package that had the number before does not carry a new one up."""
    play = opened(Promote(0))
    run(play)
    play.perform(Recreate(0))
    yes(play, rung=1, fresh=True)
    report = run(play, "test")
    assert refusals(report) == [("promotions/test/churn/1.yaml", Reason.RUNG_BELOW)]


def test_current_does_not_fall_back_to_a_replaced_package() -> None:
    """The next highest whose package is the one approved is named, and the other one told."""
    play = opened(Promote(0), Promote(0), Promote(0))
    run(play)
    play.perform(Recreate(1))
    no(play, package=2)
    report = run(play, "dev")
    assert refusals(report) == [("promotions/dev/churn/2.yaml", Reason.PACKAGE_RECREATED)]
    assert value(play, "dev/churn/current")["version"] == 1
    scene_of(play).delete_package(CHURN, 1)
    assert run(play, "dev").exit is Exit.INCOMPLETE
    assert value(play, "dev/churn/current")["version"] == 1, "what runs is not taken away"


def test_current_names_none_where_every_fallback_is_gone() -> None:
    """Deleted packages cannot run, so nothing is named."""
    play = opened(Promote(0), Promote(0))
    run(play)
    scene_of(play).delete_package(CHURN, 1)
    no(play, package=1)
    report = run(play, "dev")
    assert refusals(report) == [(FIRST.path, Reason.PACKAGE_DIFFERS)]
    assert value(play, "dev/churn/current")["version"] is None


def test_a_deletion_takes_nothing_away() -> None:
    """A deleted record is refused on every run until it is put back or retired."""
    play = opened(Promote(0))
    run(play)
    play.perform(Delete(0))
    for _ in range(2):
        assert refusals(run(play, "dev")) == [(FIRST.path, Reason.RECORD_DELETED)]
    assert value(play, "dev/churn/current")["version"] == 1


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(1, 20))
def test_a_retirement_that_was_cut_off_and_reverted_is_not_forgotten(
    at: int, *, after: bool
) -> None:
    """The revert leaves no difference to the commit last applied, but the cut run had its effects.

    Whatever the history then says is in effect is what `current` names.
    """
    play = opened(Promote(0))
    run(play)
    content = play.scene.main()[FIRST.path]
    no(play)
    play.scene.apply(["dev"], Cut(at=at, after=after), everything=False)
    scene_of(play).push(FIRST.path, content)
    run(play, "dev")
    last = value(play, "dev/churn/versions/1")["decisions"][-1]["status"]
    live = value(play, "dev/churn/current")["version"]
    assert live == (1 if last == "Approved" else None)


@pytest.mark.parametrize(
    "disturb",
    [
        lambda scene: scene.stores["dev"].values.pop("/assent/dev/applied"),
        lambda scene: scene.stores["dev"].values.update({"/assent/dev/applied": "garbage"}),
        lambda scene: scene.stores["dev"].values.update(
            {"/assent/dev/applied": '{"schema":"assent/applied/v1","commit":"abc","retry":[]}'}
        ),
        lambda scene: scene.repository.push(
            {"assent.yaml": scene.repository.configuration() + b" "}
        ),
        lambda scene: scene.push(FIRST.path, None) or scene.push(FIRST.path, scene.first),
    ],
    ids=["missing", "garbage", "unknown commit", "configuration changed", "changed and back"],
)
def test_what_was_written_by_hand_is_healed_when_it_is_compared(
    disturb: Callable[[Any], object],
) -> None:
    """Without a commit to start from everything is compared; so is what was changed and back."""
    play = opened(Promote(0))
    run(play)
    scene: Any = scene_of(play)
    scene.first = play.scene.main()[FIRST.path]
    scene.flip(CHURN, 1, "Rejected", ("dev", "Rejected"))
    assert run(play, "dev").receipts == (), "what did not change is not looked at"
    disturb(scene)
    healed = [each for each in said(run(play, "dev")) if each is not MainRewritten]
    assert healed == [RegistryRestored]
    assert play.scene.packages()[CHURN, 1].metadata["dev"] == "Approved"


def test_a_rewritten_main_is_told_by_name_and_once() -> None:
    """The commit applied last is no ancestor any more: the run is red, the next one is not."""
    play = opened(Promote(0))
    run(play)
    scene: Any = scene_of(play)
    applied = '{"schema":"assent/applied/v1","commit":"' + "f" * 40 + '","retry":[]}'
    scene.stores["dev"].values.update({"/assent/dev/applied": applied})
    report = run(play, "dev")
    assert report.exit is Exit.INCOMPLETE
    assert report.receipts == (
        MainRewritten(environment="dev", applied="f" * 40, head=scene.repository.commit("HEAD")),
    )
    assert run(play, "dev").exit is Exit.OK


def test_a_full_comparison_mends_current() -> None:
    """Whatever stands in `current`, it is derived again."""
    play = opened(Promote(0))
    run(play)
    scene_of(play).stores["dev"].values["/assent/dev/churn/current"] = "garbage"
    assert run(play, everything=True).receipts == (
        CurrentSet(environment="dev", model=CHURN, was=None, becomes=1),
    )
    assert plan_is_empty(play)


def test_a_rewritten_history_is_told() -> None:
    """Where the clone lacks what `current` would fall back to, the withdrawn one goes anyhow."""
    play = opened(Promote(0), Promote(0))
    run(play)
    entries = value(play, "dev/churn/versions/1")
    entries["decisions"][0]["blob"] = "0" * 40
    scene_of(play).stores["dev"].values["/assent/dev/churn/versions/1"] = json.dumps(entries)
    no(play, package=1)
    report = run(play, "dev")
    assert said(report) == [DecisionApplied, Failed, CurrentSet]
    assert "fetch-depth" in str(report.receipts[1])
    assert value(play, "dev/churn/current")["version"] is None


def test_times_are_those_of_merging_and_of_applying() -> None:
    """The history tells when the decision was taken and when it took effect."""
    play = opened(Promote(0))
    merged = written(scene_of(play).clock.now())
    scene_of(play).tick()
    run(play)
    (decision,) = value(play, "dev/churn/versions/1")["decisions"]
    assert (decision["at"], decision["applied_at"]) == (merged, play.scene.now())
    assert decision["at"] < decision["applied_at"]
