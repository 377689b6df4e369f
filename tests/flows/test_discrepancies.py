"""Drift on the fakes: one planted difference of each kind is found, and none is invented."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.flows.ground import CHURN, Ground, demanding
from tests.properties.memory_scene import Fuse

from assent.adapters.memory import MemoryParameters, MemoryRegistry
from assent.core.discrepancy import Discrepancy, Kind
from assent.core.errors import Exit
from assent.core.gates import Gate, GateKind
from assent.core.names import PackageArn, RecordId
from assent.core.package import Container, ModelVersion, RegistryApproval
from assent.core.record import Decision
from assent.flows.find_discrepancies import DriftReport, find_discrepancies
from assent.flows.wanted import World
from assent.ports import Unavailable

APPLY = "arn:aws:sts::111122223333:assumed-role/assent-apply/assent-7"


def world_of(ground: Ground, head: str | None = None) -> World:
    world = ground.scene._world(Fuse(None))
    return world if head is None else replace(world, head=head)


def find(ground: Ground, *names: str) -> DriftReport:
    world = world_of(ground)
    return find_discrepancies(world, world.config.select(names))


def kinds(report: DriftReport) -> list[tuple[Kind, str, int | None]]:
    return [(each.kind, each.environment, each.version) for each in report.discrepancies]


def only(report: DriftReport) -> Discrepancy:
    (found,) = report.discrepancies
    assert report.exit is Exit.DRIFT
    return found


@pytest.fixture
def ground() -> Ground:
    """Versions 1 and 2 are Approved in dev, 1 in test, 3 was turned down; long ago."""
    ground = Ground()
    ground.promote(1, 0.9)
    ground.apply()
    ground.promote(1, 0.9, "test")
    ground.promote(2, 0.91)
    ground.promote(3, 0.5, decision=Decision.REJECTED)
    ground.apply()
    ground.scene.clock.advance(timedelta(hours=5))
    assert find(ground).exit is Exit.OK
    return ground


def package(ground: Ground, version: int) -> ModelVersion:
    return ground.scene.packages()[CHURN, version]


def history(ground: Ground, version: int, environment: str = "dev") -> tuple[MemoryParameters, str]:
    return ground.scene.stores[environment], f"/assent/{environment}/{CHURN}/versions/{version}"


def edit(ground: Ground, version: int, **changes: object) -> None:
    """Change the last decision of a history behind Assent's back."""
    store, name = history(ground, version)
    value = json.loads(store.values[name])
    value["decisions"][-1] |= changes
    store.values[name] = json.dumps(value)


def test_what_apply_left_behind_is_no_drift(ground: Ground) -> None:
    """Everything was looked at, and nothing is reported."""
    report = find(ground)
    assert report.environments == ("dev", "test")
    assert (report.versions, report.parameters) == (3, 8)
    assert report.discrepancies == ()


def test_an_approved_field_without_a_record_is_found(ground: Ground) -> None:
    """Whoever writes the field by hand approves nothing."""
    ground.scene.flip(CHURN, 2, None, ("test", "Approved"))
    found = only(find(ground))
    assert (found.kind, found.environment) == (Kind.APPROVED_WITHOUT_RECORD, "test")
    assert found.heals


def test_an_approved_status_without_a_record_is_found_once(ground: Ground) -> None:
    """The one status of all environments is reported for the registry, not for each of them."""
    ground.scene.flip(CHURN, 3, "Approved", ("team", "growth"))
    found = only(find(ground))
    assert (found.kind, found.environment) == (Kind.APPROVED_WITHOUT_RECORD, "")
    assert found.version == 3
    assert found.heals


def test_an_approval_of_a_model_that_nobody_knows_is_found(ground: Ground) -> None:
    """A version that was registered as Approved has neither record nor parameter anywhere."""
    ground.scene.register("fraud-eu")
    ground.scene.flip("fraud-eu", 1, "Approved", ("team", "growth"))
    found = only(find(ground))
    assert (found.kind, found.model) == (Kind.APPROVED_WITHOUT_RECORD, "fraud-eu")


def test_a_yes_that_was_written_over_a_no_is_an_approval_without_record(ground: Ground) -> None:
    """Main rejected it, and the field says Approved: status and field are told apart."""
    ground.scene.flip(CHURN, 3, "Approved", ("dev", "Approved"))
    assert kinds(find(ground)) == [
        (Kind.APPROVED_WITHOUT_RECORD, "", 3),
        (Kind.APPROVED_WITHOUT_RECORD, "dev", 3),
    ]


def test_an_approval_whose_record_was_deleted_is_found(ground: Ground) -> None:
    """A deletion decides nothing: it stays in effect, which no record explains any more."""
    ground.scene.push(RecordId("dev", CHURN, 2).path, None)
    found = only(find(ground))
    assert (found.kind, found.environment) == (Kind.APPROVED_WITHOUT_RECORD, "dev")
    assert not found.heals


def test_a_record_without_effect_is_found_once_it_is_late(ground: Ground) -> None:
    """Apply has half an hour's rhythm; what has only just come to main is not late."""
    ground.promote(4, 0.92)
    assert find(ground).exit is Exit.OK
    ground.scene.clock.advance(timedelta(hours=2))
    found = only(find(ground))
    assert (found.kind, found.version) == (Kind.RECORD_WITHOUT_EFFECT, 4)
    assert "in effect is nothing" in found.detail
    assert "main holds it since 2026-11-22T1" in found.detail
    assert not found.heals


def test_a_record_that_apply_refused_is_found_with_its_reason(ground: Ground) -> None:
    """What a rule stands in the way of is reported at once, by that rule's name."""
    gate = Gate(id="auc-floor", kind=GateKind.AT_LEAST, metric="auc", bound=0.8)
    ground.scene.config = demanding(ground.scene.config, "dev", gates=(gate,))
    ground.promote(4, 0.5)
    ground.apply()
    found = only(find(ground))
    assert (found.kind, found.version) == (Kind.RECORD_WITHOUT_EFFECT, 4)
    assert "[gate-fails]" in found.detail


def test_a_record_whose_approval_was_not_proven_is_found(ground: Ground) -> None:
    """A plan cannot tell that it is unproven; that apply tries it again can be told."""
    ground.scene.push(RecordId("dev", CHURN, 4).path, ground.record(4, 0.92))
    ground.apply()
    found = only(find(ground))
    assert (found.kind, found.version) == (Kind.RECORD_WITHOUT_EFFECT, 4)
    assert "apply refused it, or failed, and tries again" in found.detail


def test_a_record_that_waits_by_rule_is_as_it_should_be(ground: Ground) -> None:
    """A soak that is not over is no drift, however often one looks."""
    config = demanding(ground.scene.config, "test", soak=timedelta(days=30))
    ground.scene.config = config
    ground.promote(2, 0.91, "test")
    ground.apply()
    assert find(ground).exit is Exit.OK


def test_a_file_that_is_no_record_is_found(ground: Ground) -> None:
    """It decides nothing, and that is said."""
    ground.scene.push(RecordId("dev", CHURN, 2).path, b"status: Approved\n")
    found = only(find(ground))
    assert (found.kind, found.version) == (Kind.RECORD_WITHOUT_EFFECT, 2)
    assert "no valid record" in found.detail


@pytest.mark.parametrize("field", ["dev", "dev.by", "dev.pull-request"])
def test_an_edited_field_of_the_registry_is_found(ground: Ground, field: str) -> None:
    """Each field that apply writes is compared; hostile text in it comes out quoted."""
    ground.scene.flip(CHURN, 1, None, (field, "Retired \x1b[31m"))
    found = only(find(ground))
    assert (found.kind, found.environment) == (Kind.REGISTRY_DIFFERS, "dev")
    assert f"{field} is 'Retired \\x1b[31m'" in found.detail


@pytest.mark.parametrize(
    ("approval", "stage"), [(RegistryApproval.PENDING, "test"), (RegistryApproval.APPROVED, "prod")]
)
def test_an_edited_status_or_life_cycle_is_found(
    ground: Ground, approval: RegistryApproval, stage: str
) -> None:
    """What derives from all environments is compared once for the version."""
    seen = package(ground, 1)
    ground.scene.registry.put(replace(seen, approval=approval, life_cycle=(stage, "Approved")))
    assert kinds(find(ground)) == [(Kind.REGISTRY_DIFFERS, "", 1)]


def test_a_package_that_runs_something_else_now_is_found(ground: Ground) -> None:
    """Its containers were changed in place: main's approval is of another image."""
    seen = package(ground, 2)
    (container,) = seen.package.containers
    swapped = Container(image="evil:1", artifact=container.artifact)
    ground.scene.registry.put(replace(seen, package=replace(seen.package, containers=(swapped,))))
    report = find(ground)
    assert (Kind.REGISTRY_DIFFERS, "dev", 2) in kinds(report)
    assert "image was xgboost:1.7, is evil:1" in " ".join(d.detail for d in report.discrepancies)


@pytest.mark.parametrize(
    "text",
    ["gone", "{}", "[]", '{"schema": "assent/parameter/v1", "version": 9}', "\x1b]0;x"],
)
def test_an_edited_current_is_found(ground: Ground, text: str) -> None:
    """It has to be what derives from the histories, to the letter."""
    ground.scene.stores["dev"].values[f"/assent/dev/{CHURN}/current"] = text
    found = only(find(ground))
    assert (found.kind, found.environment) == (Kind.PARAMETER_EDITED, "dev")
    assert "makes it name version 2" in found.detail
    assert found.heals


def test_a_missing_current_is_found(ground: Ground) -> None:
    """Inference would find nothing, though something is in effect."""
    del ground.scene.stores["test"].values[f"/assent/test/{CHURN}/current"]
    found = only(find(ground))
    assert (found.kind, found.environment) == (Kind.PARAMETER_EDITED, "test")


def test_an_applied_that_does_not_read_is_found(ground: Ground) -> None:
    """Apply mends it by comparing everything; whoever wrote it is worth a question."""
    ground.scene.stores["dev"].values["/assent/dev/applied"] = "yes"
    assert kinds(find(ground)) == [(Kind.PARAMETER_EDITED, "dev", None)]


@pytest.mark.parametrize(
    ("version", "changes"),
    [
        (1, {"blob": "0" * 40}),
        (1, {"blob": "../../etc"}),
        (1, {"status": "Retired"}),
        (3, {"status": "Approved"}),
        (1, {"evidence": "sha256:" + "0" * 64}),
        (1, {"created": "2020-01-01T00:00:00Z"}),
        (1, {"at": "yesterday"}),
    ],
)
def test_an_edited_history_is_found(ground: Ground, version: int, changes: dict[str, str]) -> None:
    """An entry has to be what the record behind its blob says."""
    edit(ground, version, **changes)
    found = [each for each in find(ground).discrepancies if each.kind is Kind.HISTORY_EDITED]
    assert [(each.environment, each.version) for each in found] == [("dev", version)]
    assert not any(each.heals for each in find(ground).discrepancies if each.environment == "dev")


def test_a_history_that_rests_on_a_record_of_another_path_is_found(ground: Ground) -> None:
    """An approval of one version is no approval of another."""
    store, name = history(ground, 1)
    blob = json.loads(store.values[name])["decisions"][0]["blob"]
    edit(ground, 2, blob=blob)
    found = [each for each in find(ground).discrepancies if each.kind is Kind.HISTORY_EDITED]
    assert [each.version for each in found] == [2]
    assert "which is the record of churn 1 in dev" in found[0].detail


def test_a_history_that_rests_on_an_unmerged_record_is_found(ground: Ground) -> None:
    """A record that only a branch ever held approves nothing, though the clone has its blob."""
    path = RecordId("dev", CHURN, 4).path
    ground.open(path, ground.record(4, 0.99))
    pull = ground.scene.repository.pulls[-1]
    blob = ground.scene.repository.lookup(pull.head, [path])[path].blob
    store, name = history(ground, 2)
    value = json.loads(store.values[name])
    value["version"] = 4
    record = value["decisions"][0]
    record["blob"] = blob
    store.values[name.replace("/2", "/4")] = json.dumps(value)
    found = [each for each in find(ground).discrepancies if each.kind is Kind.HISTORY_EDITED]
    assert [each.version for each in found] == [4]
    assert "never was on the branch that counts" in found[0].detail


def test_a_superseded_decision_is_no_edited_history(ground: Ground) -> None:
    """Main held its record once, and that is looked up."""
    ground.promote(2, 0.91, decision=Decision.RETIRED)
    ground.apply()
    assert find(ground).discrepancies == ()


def test_a_closing_is_no_edited_history(ground: Ground) -> None:
    """Who closed a pull request refused a record that main never held."""
    path = RecordId("dev", CHURN, 4).path
    number = ground.open(path, ground.record(4, 0.99))
    ground.scene.close(number, "ana")
    ground.apply()
    assert ground.effective() == {1, 2, 3, 4}
    assert find(ground).discrepancies == ()


@pytest.mark.parametrize(
    "name",
    [
        "notes",
        f"{CHURN}/current/old",
        f"{CHURN}/versions/01",
        f"{CHURN}/versions/1/earlier/1",
        "fraud-eu/versions/x",
    ],
)
def test_a_stray_parameter_is_found(ground: Ground, name: str) -> None:
    """Nothing of Assent's is called so, or no history counts it; its value is not shown."""
    ground.scene.stores["dev"].values[f"/assent/dev/{name}"] = "password"
    found = only(find(ground))
    assert (found.kind, found.environment) == (Kind.PARAMETER_STRAY, "dev")
    assert "password" not in found.detail
    assert not found.heals


def test_an_unknown_writer_is_found_where_writers_are_known(ground: Ground) -> None:
    """Of decided packages only, and only if `registry.writers` says who may write them."""
    ground.scene.register(CHURN)
    for version, writer in ((1, APPLY), (2, "arn:aws:iam::111122223333:user/eve"), (4, "x")):
        seen = replace(package(ground, version), written_by=writer)
        ground.scene.registry.put(seen)
    assert find(ground).exit is Exit.OK
    globs = ("arn:aws:sts::111122223333:assumed-role/assent-apply/*",)
    ground.scene.config = replace(ground.scene.config, writers=globs)
    found = only(find(ground))
    assert (found.kind, found.version) == (Kind.UNKNOWN_WRITER, 2)
    assert "user/eve" in found.detail


def test_a_deleted_package_is_found(ground: Ground) -> None:
    """The registry has not what is live; `current` stays, for inference has to see it fail."""
    ground.scene.delete_package(CHURN, 2)
    assert kinds(find(ground)) == [(Kind.PACKAGE_DELETED, "dev", 2)]


def test_a_package_that_was_created_again_is_found(ground: Ground) -> None:
    """It has the number of the one that was approved, and nothing else of it."""
    ground.scene.recreate(CHURN, 2)
    found = only(find(ground))
    assert (found.kind, found.environment) == (Kind.PACKAGE_RECREATED, "dev")
    assert "deleted and created again" in found.detail


class Behind(MemoryRegistry):
    """A registry whose pages show what was a while ago."""

    def __init__(self, registry: MemoryRegistry, indexed: Sequence[ModelVersion]) -> None:
        super().__init__(registry.everything())
        self.described = 0
        self._indexed = indexed

    def everything(self) -> Iterator[ModelVersion]:
        """What the index knows."""
        yield from self._indexed

    def describe(self, arn: PackageArn, /) -> ModelVersion:
        """What really is."""
        self.described += 1
        return super().describe(arn)


def test_an_index_that_is_behind_invents_nothing(ground: Ground) -> None:
    """What changed, or came, since it was indexed is looked at itself; nothing else is."""
    indexed = list(ground.scene.registry.everything())
    ground.promote(2, 0.91, decision=Decision.RETIRED)  # the index shows it Approved
    ground.promote(4, 0.92)  # the index has never heard of it
    ground.apply()
    behind = ground.scene.registry = Behind(ground.scene.registry, indexed)
    assert find(ground).discrepancies == ()
    assert behind.described == 2


class Overtaken(MemoryParameters):
    """Parameters to which something happens once all of them were read."""

    then: Callable[[], object] = staticmethod(lambda: None)

    def read_below(self, path: str, /) -> Iterator[tuple[str, str]]:
        """As they were, before something happens."""
        yield from list(super().read_below(path))
        then, self.then = self.then, lambda: None
        then()


def test_what_apply_writes_meanwhile_is_no_drift(ground: Ground) -> None:
    """Parameters are read again after the package: a run of apply in between invents nothing."""
    number = ground.open(
        RecordId("dev", CHURN, 2).path, ground.record(2, 0.91, decision=Decision.RETIRED)
    )
    ground.merge(number)
    store = Overtaken(ground.scene.stores["dev"].values)
    store.then = ground.apply
    ground.scene.stores["dev"] = store
    assert find(ground).discrepancies == ()
    assert package(ground, 2).metadata["dev"] == "Retired"


class Dead(MemoryParameters):
    """Parameters that cannot be read."""

    def read_below(self, path: str, /) -> Iterator[tuple[str, str]]:
        """Nothing is learned."""
        raise Unavailable(f"{path} does not answer", hint="Try again.")


def test_an_environment_that_does_not_read_is_broken_and_not_clean(ground: Ground) -> None:
    """The others are still reported; of it, nothing is said."""
    ground.scene.flip(CHURN, 2, None, ("test", "Approved"))
    ground.scene.flip(CHURN, 1, None, ("dev", "Rejected"))
    ground.scene.stores["test"] = Dead()
    report = find(ground)
    assert report.exit is Exit.BROKEN
    assert [each.environment for each in report.broken] == ["test"]
    assert kinds(report) == [(Kind.REGISTRY_DIFFERS, "dev", 1)]


def test_of_environments_that_are_not_looked_at_nothing_is_said(ground: Ground) -> None:
    """Their fields are taken at their word, so that the one status is not misjudged."""
    ground.scene.flip(CHURN, 2, None, ("test", "Approved"))
    assert find(ground, "dev").discrepancies == ()
    assert len(find(ground, "test").discrepancies) == 1


def test_a_clone_that_is_behind_judges_nothing(ground: Ground) -> None:
    """What was applied since is not in it: that is no drift, and no verdict."""
    old = ground.scene.repository.commit("main")
    ground.promote(4, 0.92)
    ground.apply()
    world = world_of(ground, old)
    report = find_discrepancies(world, world.config.environments)
    assert (report.exit, report.discrepancies) == (Exit.BROKEN, ())
    assert "the clone is behind" in report.broken[0].message


def test_a_difference_after_main_moved_on_is_no_verdict(ground: Ground) -> None:
    """Where GitHub can be asked, drift is only called so at the tip."""
    ground.scene.flip(CHURN, 2, None, ("test", "Approved"))
    world = world_of(ground)
    moved = find_discrepancies(world, world.config.environments, tip=lambda: "0" * 40)
    assert moved.exit is Exit.BROKEN
    still = find_discrepancies(world, world.config.environments, tip=lambda: world.head)
    assert still.exit is Exit.DRIFT


def test_a_package_that_cannot_be_described_is_neither_fine_nor_drift(ground: Ground) -> None:
    """The pages alone convict nobody."""

    class Mute(MemoryRegistry):
        def describe(self, arn: PackageArn, /) -> ModelVersion:
            raise Unavailable(f"{arn.text} does not answer")

    ground.scene.flip(CHURN, 2, None, ("test", "Approved"))
    ground.scene.registry = Mute(ground.scene.registry.everything())
    report = find(ground)
    assert (report.exit, report.discrepancies) == (Exit.BROKEN, ())
