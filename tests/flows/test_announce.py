"""What GitHub is told after apply: once, made up for after a cut, and never in the way."""

import json
from collections import Counter
from datetime import timedelta

import pytest
from tests.flows.ground import BOT, CHURN, Ground, decided
from tests.properties.scene import Cut

from assent.adapters.memory_deployments import MemoryDeployments
from assent.core.errors import Exit
from assent.core.forge import Conversation
from assent.core.names import RecordId
from assent.core.receipts import Failed
from assent.core.record import Decision
from assent.flows.apply import ApplyReport
from assent.ports import Unavailable


def said(ground: Ground, number: int) -> list[str]:
    """What the bot said on a pull request."""
    return [each.text for each in ground.scene.repository.pull(number).remarks if each.by == BOT]


def shown(ground: Ground) -> dict[str, int]:
    return ground.scene.repository.shown.shown()


def test_each_decision_is_told_on_its_own_pull_request() -> None:
    """What was done, in numbers; a second run, of whatever kind, says nothing more."""
    ground = Ground()
    first, second = ground.promote(1, 0.8), ground.promote(2, 0.9)
    ground.apply("dev")
    retired = ground.promote(2, 0.9, decision=Decision.RETIRED)
    ground.apply("dev")
    texts = [said(ground, number) for number in (first, second, retired)]
    assert [len(each) for each in texts] == [1, 1, 1]
    assert "`current` of `churn` in `dev`: no version → version 2." in texts[0][0]
    assert "`current` of `churn` in `dev`: no version → version 2." in texts[1][0]
    assert "**In effect: Retired**" in texts[2][0]
    assert "It was Approved before." in texts[2][0]
    assert "version 2 → version 1." in texts[2][0]
    assert "`dev`, `dev.by`, `dev.pull-request`" in texts[0][0]
    writes = ground.scene.writes()
    ground.apply("dev", everything=True)
    ground.apply("dev")
    assert ground.scene.writes() == writes


def test_the_deployments_page_shows_what_is_live() -> None:
    """Place by place, one version each; on the top rung too, where GitHub hides none by itself."""
    ground = Ground()
    ground.promote(1, 0.8)
    ground.promote(1, 0.8, "test")
    ground.apply()
    assert shown(ground) == {"dev/churn": 1, "test/churn": 1}
    number = ground.promote(2, 0.9)
    ground.promote(2, 0.9, "test")
    ground.apply()
    assert shown(ground) == {"dev/churn": 2, "test/churn": 2}
    made = ground.scene.repository.shown.made
    assert {each.deployment.place: each.deployment.production for each in made} == {
        "dev/churn": False,
        "test/churn": True,
    }
    newest = next(
        each.deployment for each in reversed(made) if each.deployment.place == "dev/churn"
    )
    assert newest.live.commit == ground.scene.repository.pull(number).merge_commit
    assert newest.pull_request == ground.scene.repository.pull(number).url
    for version in (2, 1):
        ground.promote(version, 0.9, decision=Decision.RETIRED)
        ground.apply("dev")
        assert shown(ground) == {"test/churn": 2} | ({"dev/churn": 1} if version == 2 else {})


@pytest.mark.parametrize("everything", [False, True])
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(1, 40))
def test_what_was_cut_off_is_told_by_the_next_run(
    at: int, *, after: bool, everything: bool
) -> None:
    """Wherever a run is killed, the next one ends with each told once, and the page as it is."""
    ground = Ground()
    ground.promote(1, 0.8)
    ground.promote(1, 0.8, "test")
    ground.apply()
    ground.promote(2, 0.9)
    ground.promote(1, 0.8, decision=Decision.RETIRED)
    ground.promote(2, 0.9, "test")
    ground.scene.apply(("dev", "test"), Cut(at=at, after=after), everything=everything)
    ground.scene.clock.advance(timedelta(hours=30))
    assert ground.apply(everything=everything).exit is Exit.OK
    counts = Counter(len(said(ground, each.number)) for each in ground.scene.repository.pulls)
    assert counts == {1: 5}
    assert shown(ground) == {"dev/churn": 2, "test/churn": 2}
    states = [each.state for each in ground.scene.repository.shown.made]
    assert states.count("success") == 2, "those of production were hidden before the next"


def test_a_full_comparison_does_not_look_at_what_was_told_long_ago() -> None:
    """It costs GitHub no call for a record that took effect more than two days before."""
    ground = Ground()
    for version in range(1, 6):
        ground.promote(version, 0.9)
    ground.apply()
    asked: list[int] = []
    repository = ground.scene.repository
    honest = repository.conversation

    def watched(number: int, /) -> Conversation:
        asked.append(number)
        return honest(number)

    repository.conversation = watched  # type: ignore[method-assign]
    ground.scene.clock.advance(timedelta(days=2))
    ground.apply(everything=True)
    assert sorted(asked) == [1, 2, 3, 4, 5]
    asked.clear()
    ground.scene.clock.advance(timedelta(seconds=1))
    repository.shown.latest = None  # type: ignore[method-assign, assignment]
    ground.apply(everything=True)
    assert asked == []


class Refusing(MemoryDeployments):
    """A page that does not answer."""

    def latest(self, place: str, /) -> None:
        """Fail."""
        raise Unavailable(f"no answer about {place}")


def failures(report: ApplyReport) -> list[str]:
    return [each.what for each in report.receipts if isinstance(each, Failed)]


def test_a_page_that_does_not_answer_holds_nothing_up() -> None:
    """The decision is in effect, the failure told, and the next run shows what is live."""
    ground = Ground()
    ground.promote(1, 0.8)
    honest, ground.scene.repository.shown = ground.scene.repository.shown, Refusing()
    report = ground.apply("dev")
    assert decided(report) == [1]
    assert failures(report) == [CHURN]
    assert report.exit is Exit.INCOMPLETE
    ground.scene.repository.shown = honest
    assert ground.apply("dev").exit is Exit.OK
    assert shown(ground) == {"dev/churn": 1}


def test_a_comment_that_fails_holds_nothing_up() -> None:
    """All decisions are in effect; once GitHub does not answer, it is asked no more."""
    ground = Ground()
    repository = ground.scene.repository
    numbers = [ground.promote(version, 0.9) for version in (1, 2)]
    tried: list[int] = []

    def failing(number: int, text: str, /) -> None:
        tried.append(number)
        raise Unavailable(f"no answer to {len(text)} characters")

    honest = repository.comment
    repository.comment = failing  # type: ignore[method-assign]
    report = ground.apply("dev")
    assert decided(report) == [1, 2]
    assert failures(report) == [RecordId("dev", CHURN, 1).path]
    assert tried == [1]
    assert report.exit is Exit.INCOMPLETE
    parameters = ground.scene.stores["dev"].values
    assert json.loads(parameters["/assent/dev/churn/current"])["version"] == 2
    assert len(json.loads(parameters["/assent/dev/applied"])["retry"]) == 2
    repository.comment = honest  # type: ignore[method-assign]
    assert ground.apply("dev").exit is Exit.OK
    assert [len(said(ground, number)) for number in numbers] == [1, 1]
    assert shown(ground) == {"dev/churn": 2}


@pytest.mark.parametrize(
    "elsewhere", ["https://forge.example/pull/9", "https://old.example/pull/1"]
)
def test_no_other_pull_request_is_told_of_a_decision(elsewhere: str) -> None:
    """Of a repository that was moved, what an earlier run did not tell is told nowhere."""
    ground = Ground()
    number = ground.promote(1, 0.8)
    ground.apply("dev")
    ground.scene.repository.pull(number).remarks.clear()
    store = ground.scene.stores["dev"].values
    history = json.loads(store["/assent/dev/churn/versions/1"])
    history["decisions"][0]["pull_request"] = elsewhere
    store["/assent/dev/churn/versions/1"] = json.dumps(history)
    del ground.scene.receipts.files["dev/models/churn.json"]  # it never said otherwise
    assert ground.apply("dev", everything=True).exit is Exit.OK
    assert said(ground, number) == []


def test_what_somebody_hid_is_shown_again() -> None:
    """The page follows what is live, and the same deployment serves."""
    ground = Ground()
    ground.promote(1, 0.8)
    ground.apply("dev")
    page = ground.scene.repository.shown
    page.hide(1)
    ground.apply("dev", everything=True)
    assert shown(ground) == {"dev/churn": 1}
    assert len(page.made) == 1
