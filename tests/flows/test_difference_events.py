"""A package's change, looked at as soon as its event comes: what was flipped by hand is told."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest
from tests.flows.ground import CHURN, Ground
from tests.properties.memory_scene import Fuse
from tests.properties.scene import Cut

from assent.adapters.memory import MemoryParameters, MemoryRegistry
from assent.core.discrepancy import Kind
from assent.core.events import Ignored
from assent.core.outcome import DifferenceReported, Outcome
from assent.core.record import Decision
from assent.core.registry_fields import RegistryUpdate
from assent.core.rendering.discrepancies import DISCREPANCY_LABEL, DISCREPANCY_TITLE
from assent.core.rendering.outcome import outcome_line, outcome_values
from assent.flows.find_discrepancies import find_discrepancies
from assent.flows.report_discrepancies import report_discrepancies
from assent.ports import Unavailable


@pytest.fixture
def ground() -> Ground:
    """Version 1 is Approved in dev and test, 2 in dev, 3 was turned down, 4 waits."""
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


def told(ground: Ground, version: int, cut: Cut | None = None) -> Outcome:
    """What becomes of the event about a version's change."""
    outcome = ground.scene.propose(CHURN, version, cut)
    assert outcome is not None
    return outcome


def reported(ground: Ground, version: int) -> DifferenceReported:
    outcome = told(ground, version)
    assert isinstance(outcome, DifferenceReported)
    return outcome


@pytest.mark.parametrize("version", [1, 2, 3])
def test_what_assent_wrote_is_ignored(ground: Ground, version: int) -> None:
    """Its own writes send the same events; nothing comes of them."""
    assert isinstance(told(ground, version), Ignored)
    assert ground.scene.repository.issues == []


@pytest.mark.parametrize(
    ("version", "approval", "field", "kind"),
    [
        (4, "Approved", ("team", "growth"), Kind.APPROVED_WITHOUT_RECORD),
        (3, "Approved", ("team", "growth"), Kind.APPROVED_WITHOUT_RECORD),
        (4, None, ("dev", "Approved"), Kind.APPROVED_WITHOUT_RECORD),
        (2, None, ("test", "Approved"), Kind.APPROVED_WITHOUT_RECORD),
        (2, "PendingManualApproval", ("team", "growth"), Kind.REGISTRY_DIFFERS),
        (1, None, ("test", "Rejected"), Kind.REGISTRY_DIFFERS),
        (1, None, ("test.by", "eve"), Kind.REGISTRY_DIFFERS),
    ],
)
def test_a_flip_by_hand_opens_the_issue_at_once(
    ground: Ground, version: int, approval: str | None, field: tuple[str, str], kind: Kind
) -> None:
    """Status or field, a yes or a no: what no record in effect explains is told."""
    ground.scene.flip(CHURN, version, approval, field)
    outcome = reported(ground, version)
    assert kind in outcome.kinds
    (issue,) = ground.scene.repository.issues
    assert (issue.title, issue.labels) == (DISCREPANCY_TITLE, [DISCREPANCY_LABEL])
    assert outcome.url == issue.url
    assert f"`{CHURN}` {version}" in issue.body


def test_the_outcome_says_what_and_where(ground: Ground) -> None:
    """For the Lambda's log and for programs."""
    ground.scene.flip(CHURN, 4, None, ("dev", "Approved"))
    outcome = reported(ground, 4)
    line, values = outcome_line(outcome), outcome_values(outcome)
    assert "model-package/churn/4: differs from what is in effect, approved-without-record" in line
    assert line.endswith(f"{outcome.url} (opened)")
    assert values["outcome"] == "difference-reported"
    assert values["kinds"] == ["approved-without-record"]


def test_several_events_of_one_change_tell_it_once(ground: Ground) -> None:
    """SageMaker sends more than one for each change; the issue is opened once, and not edited."""
    ground.scene.flip(CHURN, 4, "Approved", ("dev", "Approved"))
    first = reported(ground, 4)
    writes = ground.scene.writes()
    again = reported(ground, 4)
    assert (first.step, again.step) == ("opened", "says so already")
    assert ground.scene.writes() == writes


def test_a_second_change_is_a_comment_once(ground: Ground) -> None:
    """The page stays as the full comparison left it, until the next one."""
    ground.scene.flip(CHURN, 4, "Approved", ("dev", "Approved"))
    reported(ground, 4)
    ground.scene.flip(CHURN, 2, None, ("test", "Approved"))
    assert reported(ground, 2).step == "updated"
    assert reported(ground, 2).step == "says so already"
    (issue,) = ground.scene.repository.issues
    assert len(issue.remarks) == 1


def test_the_next_comparison_takes_the_issue_over(ground: Ground) -> None:
    """It shows everything, and closes it when nothing is left."""
    ground.scene.flip(CHURN, 4, None, ("dev", "Approved"))
    number = reported(ground, 4).number
    world = ground.scene._world(Fuse(None))
    forge = ground.scene.repository
    report = find_discrepancies(world, world.config.environments)
    issue = report_discrepancies(forge, report, report.discrepancies)
    assert (issue.number, issue.step) == (number, "updated")
    ground.scene.flip(CHURN, 4, None, ("dev", "PendingManualApproval"))
    report = find_discrepancies(world, world.config.environments)
    assert report_discrepancies(forge, report, report.discrepancies).step == "closed"
    assert not forge.issues[0].is_open


class Watching(MemoryRegistry):
    """A registry whose every write sends its event, which is answered before anything follows."""

    def __init__(self, registry: MemoryRegistry, ground: Ground) -> None:
        super().__init__(registry.everything())
        self.outcomes: list[Outcome | None] = []
        self._ground = ground

    def update(self, update: RegistryUpdate, /) -> None:
        """See `MemoryRegistry`."""
        super().update(update)
        arn = update.arn
        self.outcomes.append(self._ground.scene.propose(arn.model, arn.version, None))


def watched(ground: Ground) -> Watching:
    registry = Watching(ground.scene.registry, ground)
    ground.scene.registry = registry
    return registry


@pytest.mark.parametrize("decision", list(Decision))
def test_an_event_amid_apply_is_no_false_alarm(ground: Ground, decision: Decision) -> None:
    """Apply writes the registry before the history; main's record says that it may."""
    registry = watched(ground)
    version = 2 if decision is Decision.RETIRED else 4
    ground.promote(version, 0.91, decision=decision)
    ground.apply()
    assert registry.outcomes
    assert all(isinstance(each, Ignored) for each in registry.outcomes)


def test_an_event_amid_a_promotion_up_the_ladder_is_no_false_alarm(ground: Ground) -> None:
    """The one status of all environments is taken at its word then, too."""
    registry = watched(ground)
    ground.promote(2, 0.91, "test")
    ground.apply()
    assert registry.outcomes
    assert all(isinstance(each, Ignored) for each in registry.outcomes)


def test_an_event_amid_a_closing_is_no_false_alarm(ground: Ground) -> None:
    """What closing, or reopening, a pull request decided names that pull request."""
    registry = watched(ground)
    content = ground.record(4, 0.91)
    number = ground.open(f"promotions/dev/{CHURN}/4.yaml", content)
    ground.scene.close(number, "ana")
    ground.apply()
    ground.scene.clock.advance(timedelta(minutes=5))
    assert ground.scene.reopen(number, "ana")
    ground.apply()
    assert len(registry.outcomes) > 1
    assert not any(isinstance(each, DifferenceReported) for each in registry.outcomes)


def test_a_record_without_approval_does_not_excuse_a_flip_for_long(ground: Ground) -> None:
    """Main says so by a direct push: at once that could be apply; the full comparison tells."""
    ground.scene.push(f"promotions/dev/{CHURN}/4.yaml", ground.record(4, 0.91))
    ground.scene.flip(CHURN, 4, "Approved", ("dev", "Approved"))
    assert isinstance(told(ground, 4), Ignored)
    world = ground.scene._world(Fuse(None))
    report = find_discrepancies(world, world.config.environments)
    found = {each.kind for each in report.discrepancies}
    assert Kind.APPROVED_WITHOUT_RECORD in found


class Counted(MemoryParameters):
    """Parameters that count their readers."""

    calls: Sequence[Sequence[str]] = ()

    def read(self, names: Sequence[str], /) -> Mapping[str, str]:
        """See `MemoryParameters`."""
        self.calls = [*self.calls, names]
        return super().read(names)


def test_a_look_costs_one_call_an_environment(ground: Ground) -> None:
    """And a version that waits for its first decision costs none at all."""
    stores = {name: Counted(store.values) for name, store in ground.scene.stores.items()}
    ground.scene.stores.update(stores)
    told(ground, 1)
    assert {name: len(store.calls) for name, store in stores.items()} == {"dev": 1, "test": 1}


def test_parameters_that_do_not_answer_are_asked_again_later(ground: Ground) -> None:
    """Not knowing what is in effect is no reason to say anything."""

    class Dead(MemoryParameters):
        def read(self, names: Sequence[str], /) -> Mapping[str, str]:
            raise Unavailable(f"{names} do not answer")

    ground.scene.flip(CHURN, 4, "Approved", ("dev", "Approved"))
    ground.scene.stores["test"] = Dead()
    with pytest.raises(Unavailable):
        ground.scene.propose(CHURN, 4, None)
    assert ground.scene.repository.issues == []


def test_a_look_that_is_cut_off_anywhere_is_finished_by_the_next_delivery(ground: Ground) -> None:
    """One issue, told once, whichever call the process died at."""
    ground.scene.flip(CHURN, 4, "Approved", ("dev", "Approved"))
    for at in range(1, 9):
        for after in (False, True):
            cut = Cut(at=at, after=after)
            if ground.scene.propose(CHURN, 4, cut) is None:
                reported(ground, 4)
            assert len([each for each in ground.scene.repository.issues if each.is_open]) == 1
            ground.scene.repository.issues.clear()
