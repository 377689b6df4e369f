"""Receipts of runs: one for each effect, chained, made up for where a run died, and no more."""

from collections import Counter
from typing import Any

import pytest
from tests.flows.ground import CHURN, Ground
from tests.properties.scene import Cut
from tests.properties.test_receipts import assert_receipted, chain

from assent.core.names import RecordId
from assent.core.receipt_book import README_PATH
from assent.core.record import Decision
from assent.core.statements import Statement, StatementKind

KIND = StatementKind


def written(ground: Ground, environment: str = "dev") -> list[Statement]:
    """The receipts of an environment."""
    return chain(ground.scene.receipts.files, environment)


def kinds(ground: Ground, environment: str = "dev") -> list[StatementKind]:
    """Their kinds."""
    return [each.kind for each in written(ground, environment)]


def test_a_decision_and_what_is_live_are_told_in_full() -> None:
    """Who, what, on which evidence, and what registry and parameter said before and after."""
    ground = Ground()
    number = ground.promote(1, 0.9)
    ground.apply()
    decision, current = written(ground)
    assert (decision.kind, current.kind) == (KIND.DECISION, KIND.CURRENT)
    pull = ground.scene.repository.pull(number)
    said = decision.what
    assert (said["model"], said["version"], said["number"]) == (CHURN, 1, 1)
    assert (said["decision"], said["was"]) == ("Approved", None)
    assert (said["commit"], said["pull_request"]) == (pull.merge_commit, pull.url)
    assert said["approved_by"] == ["ana"]
    assert said["before"] == {"registry": {"ModelApprovalStatus": "PendingManualApproval"}}
    assert said["after"] == {
        "registry": {
            "ModelApprovalStatus": "Approved",
            "dev": "Approved",
            "dev.by": "ana",
            "dev.pull-request": pull.url,
        }
    }
    names = [each.name for each in decision.subjects]
    assert names[0] == RecordId("dev", CHURN, 1).path
    assert names[1].endswith(":model-package/churn/1")
    assert decision.head == ground.scene.repository.commit("main")
    values = ground.scene.stores["dev"].values
    assert current.what == {
        "model": CHURN,
        "was": None,
        "becomes": 1,
        "value": values["/assent/dev/churn/current"],
    }
    assert not decision.recovered
    assert not current.recovered
    assert README_PATH in ground.scene.receipts.files


def test_one_run_makes_one_commit_for_each_environment() -> None:
    """Whatever it did there; and none where it did nothing."""
    ground = Ground()
    ground.promote(1, 0.9)
    ground.promote(2, 0.91)
    ground.apply()
    assert len(ground.scene.receipts.commits) == 1
    assert kinds(ground, "dev").count(KIND.DECISION) == 2
    assert kinds(ground, "test") == []


def test_a_run_about_nothing_asks_nobody() -> None:
    """Every half hour it costs no call."""
    ground = Ground()
    ground.promote(1, 0.9)
    ground.apply()
    before = ground.scene.receipts.reads
    ground.apply()
    assert ground.scene.receipts.reads == before


def story(ground: Ground) -> None:
    """What a run finds: two yeses, a no, and a closing."""
    ground.promote(1, 0.9)
    ground.apply()
    ground.promote(2, 0.91)
    ground.promote(1, 0.9, decision=Decision.RETIRED)
    ground.promote(3, 0.5, decision=Decision.REJECTED)
    path = RecordId("dev", CHURN, 4).path
    number = ground.scene.open_pull(
        "assent[bot]", f"promote/dev/{CHURN}/4", path, ground.record(4, 0.7)
    )
    ground.scene.tick()
    ground.scene.close(number, "ana")
    ground.scene.tick()


def effects(ground: Ground) -> Counter[tuple[Any, ...]]:
    """What the receipts tell of, whoever told it."""
    return Counter(
        (each.kind, each.what["model"], each.what.get("version"), each.what.get("number"))
        for each in written(ground)
    )


@pytest.mark.parametrize("after", [False, True])
def test_wherever_a_run_dies_the_next_makes_up_for_it(*, after: bool) -> None:
    """The chain is whole, and each effect has exactly one receipt: those that were lost, too."""
    calm = Ground()
    story(calm)
    calm.apply("dev")
    recovered, at, report = Counter[StatementKind](), 0, None
    while report is None:
        at += 1
        ground = Ground()
        story(ground)
        report = ground.scene.apply(("dev",), Cut(at=at, after=after), everything=False)
        if report is None:
            ground.scene.tick()
            ground.apply("dev")
        assert_receipted(ground.scene)
        assert effects(ground) == effects(calm), at
        recovered.update(each.kind for each in written(ground) if each.recovered)
    assert at > 30
    assert {KIND.DECISION, KIND.CLOSING, KIND.CURRENT} <= recovered.keys()
