"""Receipts of runs: one for each effect, chained, made up for where a run died, and no more."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from tests.flows.ground import BOT, CHURN, Ground
from tests.properties.scene import Cut
from tests.properties.test_receipts import assert_receipted
from tests.receipt_chain import chain, effect

from assent.adapters.memory_receipts import MemoryReceiptLog
from assent.core.changes import Reason
from assent.core.errors import Exit
from assent.core.names import RecordId
from assent.core.receipt_book import README_PATH
from assent.core.receipts import Failed, Refused
from assent.core.record import Decision
from assent.core.statements import Statement, StatementKind, head_path
from assent.flows.chronicle import Chronicle
from assent.ports import Unavailable

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
    close(ground, 4)


def close(ground: Ground, version: int) -> int:
    """Propose a version to dev, and let a code owner close it; returns the number."""
    path, branch = RecordId("dev", CHURN, version).path, f"promote/dev/{CHURN}/{version}"
    number = ground.scene.open_pull(BOT, branch, path, ground.record(version, 0.7))
    ground.scene.tick()
    ground.scene.close(number, "ana")
    ground.scene.tick()
    return number


def effects(ground: Ground) -> Counter[tuple[Any, ...]]:
    """What the receipts tell of, whoever told it."""
    return Counter(map(effect, written(ground)))


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


@pytest.mark.parametrize("after", [False, True])
def test_what_a_killed_reject_left_apply_makes_up_for(*, after: bool) -> None:
    """A closing has its one receipt, whether its own run or the next one writes it."""
    recovered, at, done = 0, 0, False
    while not done:
        at += 1
        ground = Ground()
        ground.apply("dev")
        number = close(ground, 1)
        done = ground.scene.reject(number, Cut(at=at, after=after)) is not None
        if not done:
            ground.apply("dev")
        assert_receipted(ground.scene)
        closing = next(each for each in written(ground) if each.kind is KIND.CLOSING)
        assert (closing.what["by"], closing.what["decision"]) == ("ana", "Rejected")
        recovered += closing.recovered
    assert recovered


def refused_by_its_rung(ground: Ground) -> None:
    """Bring a record to main that waits for the rung below."""
    ground.promote(1, 0.9, "test")


def test_what_stays_refused_is_told_once() -> None:
    """The branch does not grow by the half hour; what is refused for another reason is news."""
    ground = Ground()
    refused_by_its_rung(ground)
    for _ in range(3):
        assert ground.apply().exit is Exit.INCOMPLETE
        ground.scene.clock.advance(timedelta(minutes=30))
    (refusal,) = written(ground, "test")
    assert refusal.kind is KIND.REFUSED
    assert refusal.what["reason"] == "rung-below"
    assert refusal.subjects
    ground.promote(1, 0.9)
    ground.apply("dev")
    ground.scene.registry.delete(ground.scene.packages()[CHURN, 1].arn)
    ground.apply("test")
    reasons = [each.what["reason"] for each in written(ground, "test")]
    assert reasons == ["rung-below", "package-missing"]


def test_after_a_decision_a_refusal_is_news_again() -> None:
    """What was refused, approved and is refused again is told both times."""
    ground = Ground()
    world = ground.scene._world(ground.fuse())
    environment = world.config.environment("dev")
    refusal = Refused(id=RecordId("dev", CHURN, 1), reason=Reason.GATE_FAILS, detail="auc")

    def refuse() -> None:
        chronicle = Chronicle(world, environment)
        chronicle.note(refusal)
        assert chronicle.write() is None

    refuse()
    refuse()
    assert kinds(ground) == [KIND.REFUSED]
    ground.promote(1, 0.9)
    ground.apply()
    refuse()
    assert kinds(ground) == [KIND.REFUSED, KIND.DECISION, KIND.CURRENT, KIND.REFUSED]


def test_what_cannot_be_receipted_does_not_count_as_applied() -> None:
    """The run fails, and the next one comes back to the same commit and makes up for it."""
    ground = Ground()
    ground.apply()
    ground.promote(1, 0.9)
    before = ground.scene.parameters()["/assent/dev/applied"]
    ground.scene.receipts.failing = Unavailable("GitHub does not answer")
    report = ground.apply()
    assert report.exit is Exit.INCOMPLETE
    assert [each.what for each in report.receipts if isinstance(each, Failed)] == ["receipts"]
    assert ground.scene.parameters()["/assent/dev/applied"] == before
    assert ground.effective() == {1}
    ground.scene.receipts.failing = None
    assert ground.apply().exit is Exit.OK
    assert [(each.kind, each.recovered) for each in written(ground)] == [
        (KIND.DECISION, True),
        (KIND.CURRENT, True),
    ]
    recovered = written(ground)[0].what
    assert recovered["approved_by"] == ["ana"]
    assert [(each["by"], each["counted"]) for each in recovered["approvals"]] == [("ana", True)]
    assert (recovered["before"], recovered["after"]) == (None, None)
    assert ground.scene.parameters()["/assent/dev/applied"] != before


def test_a_decision_that_nothing_proves_is_made_up_for_without_an_approval() -> None:
    """Whoever writes parameters can write a history; its receipt shows nobody's approval."""
    ground = Ground()
    ground.apply()
    ground.promote(1, 0.9)
    ground.scene.receipts.failing = Unavailable("GitHub does not answer")
    ground.apply()
    ground.scene.receipts.failing = None
    for pull in ground.scene.repository.pulls:
        pull.reviews.clear()
    assert ground.apply().exit is Exit.OK
    decision = written(ground)[0]
    assert (decision.kind, decision.recovered) == (KIND.DECISION, True)
    assert (decision.what["approved_by"], decision.what["approvals"]) == (["ana"], [])


def test_a_failure_that_goes_on_is_told_once_a_day() -> None:
    """An environment that does not read leaves a receipt, and not one every half hour."""
    ground = Ground()
    ground.promote(1, 0.9)
    ground.apply()
    ground.promote(2, 0.9)
    ground.scene.stores["dev"].values["/assent/dev/churn/versions/2"] = "x"
    for _ in range(47):
        assert ground.apply("dev").exit is Exit.INCOMPLETE
        ground.scene.clock.advance(timedelta(minutes=30))
    failures = [each for each in written(ground) if each.kind is KIND.FAILED]
    assert len(failures) == 1
    ground.scene.clock.advance(timedelta(minutes=30))
    ground.apply("dev")
    failures = [each for each in written(ground) if each.kind is KIND.FAILED]
    assert [each.what["what"] for each in failures] == [CHURN, CHURN]


class Raced(MemoryReceiptLog):
    """A branch to which somebody else is faster to add, so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def append(self, tip: str | None, files: Mapping[str, bytes], message: str, /) -> str:
        """Let the other go first."""
        if self.times:
            self.times -= 1
            super().append(self.tip, {"theirs": b"x"}, "theirs")
        return super().append(tip, files, message)


@pytest.mark.parametrize(("times", "ends"), [(2, True), (3, False)])
def test_whoever_was_faster_is_read_first(*, times: int, ends: bool) -> None:
    """Nothing is written over another's receipts; after three rounds the next run goes on."""
    ground = Ground()
    ground.scene.receipts = Raced(times)
    ground.promote(1, 0.9)
    report = ground.apply("dev")
    assert (report.exit is Exit.OK) is ends
    assert bool(written(ground)) is ends
    assert ground.apply("dev").exit is Exit.OK
    assert_receipted(ground.scene)


def test_the_head_of_a_chain_that_is_gone_is_no_new_beginning() -> None:
    """Receipts are never written over because somebody deleted what counts them."""
    ground = Ground()
    ground.promote(1, 0.9)
    ground.apply("dev")
    first = dict(ground.scene.receipts.files)
    del ground.scene.receipts.files[head_path("dev")]
    ground.promote(2, 0.91)
    report = ground.apply("dev")
    (failed,) = [each for each in report.receipts if isinstance(each, Failed)]
    assert "dev/head.json is gone" in failed.message
    ground.scene.receipts.files[head_path("dev")] = first[head_path("dev")]
    ground.apply("dev")
    assert_receipted(ground.scene)


def test_a_history_written_by_hand_holds_nothing_else_up() -> None:
    """What no receipt can say is told as a failure, and all the rest as usual."""
    ground = Ground()
    ground.promote(1, 0.9)
    ground.apply("dev")
    name = "/assent/dev/churn/versions/1"
    value = json.loads(ground.scene.stores["dev"].values[name])
    value["decisions"].insert(0, {**value["decisions"][0], "pull_request": "x" * 3000})
    ground.scene.stores["dev"].values[name] = json.dumps(value)
    ground.promote(2, 0.91)
    ground.scene.receipts.files.pop("dev/models/churn.json")
    assert ground.apply("dev").exit is Exit.OK
    later = written(ground)[2:]
    assert [each.kind for each in later][:2] == [KIND.FAILED, KIND.DECISION]
    assert "cannot be written" in later[0].what["message"]


def test_many_receipts_take_several_commits_and_stay_one_chain() -> None:
    """A first run over a long history writes it all, and each piece stands by itself."""
    ground = Ground()
    ground.promote(1, 0.9)
    ground.apply("dev")
    name = "/assent/dev/churn/versions/1"
    value = json.loads(ground.scene.stores["dev"].values[name])
    world = ground.scene._world(ground.fuse())
    chronicle = Chronicle(world, world.config.environment("dev"))
    for number in range(450):
        chronicle.note(Failed(environment="dev", what=f"number {number}", message=value["schema"]))
    commits = len(ground.scene.receipts.commits)
    assert chronicle.write() is None
    assert len(ground.scene.receipts.commits) == commits + 3
    assert kinds(ground).count(KIND.FAILED) == 450
    assert_receipted(ground.scene)


def test_copies_that_are_missing_are_made_up_for_oldest_first() -> None:
    """A bucket that was set up later, or did not answer, ends with every receipt."""
    ground = Ground()
    world = ground.scene._world(ground.fuse())
    environment = world.config.environment("dev")
    ground.scene.vault.failing = Unavailable("S3 does not answer")
    chronicle = Chronicle(world, environment)
    for number in range(150):
        chronicle.note(Failed(environment="dev", what=f"number {number}", message="x"))
    failed = chronicle.write()
    assert failed is not None
    assert failed.message == "S3 does not answer"
    ground.scene.vault.failing = None
    ground.promote(1, 0.9)
    assert ground.apply("dev").exit is Exit.OK
    assert max(ground.scene.vault.objects) == "dev/000/000100.json"
    ground.promote(2, 0.9)
    assert ground.apply("dev").exit is Exit.OK
    assert_receipted(ground.scene)


def test_a_copy_that_is_another_is_reported() -> None:
    """Somebody who planted an object at a receipt's key is found out, and not believed."""
    ground = Ground()
    ground.scene.vault.objects["dev/000/000001.json"] = b"planted"
    ground.promote(1, 0.9)
    report = ground.apply("dev")
    (failed,) = [each for each in report.receipts if isinstance(each, Failed)]
    assert "holds something else" in failed.message
    assert ground.scene.vault.objects == {"dev/000/000001.json": b"planted"}


def test_words_of_any_length_and_kind_make_a_receipt_that_reads() -> None:
    """They are cut, and what no JSON carries is replaced; the rest stays text."""
    ground = Ground()
    world = ground.scene._world(ground.fuse())
    chronicle = Chronicle(world, world.config.environment("dev"))
    hostile = "\ud800@everyone <script>::error::\x1b[31m" + "x" * 2_000_000
    chronicle.note(Failed(environment="dev", what=hostile, message=hostile, hint=hostile))
    assert chronicle.write() is None
    (failed,) = written(ground)
    assert failed.what["message"].startswith("?@everyone <script>")
    assert max(map(len, ground.scene.receipts.files.values())) < 20_000


def test_a_cause_that_is_seen_twice_in_a_run_is_told_once() -> None:
    """One failure, one receipt."""
    ground = Ground()
    world = ground.scene._world(ground.fuse())
    chronicle = Chronicle(world, world.config.environment("dev"))
    for _ in range(2):
        chronicle.note(Failed(environment="dev", what="churn", message="no answer"))
    assert chronicle.write() is None
    assert kinds(ground) == [KIND.FAILED]
