"""Propose on the fakes: one pull request, however often asked and wherever it was cut off."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from tests.properties.memory_scene import Fuse, MemoryScene
from tests.properties.play import Play, Promote, Recreate, Register, Write
from tests.properties.scene import Cut

from assent.adapters.memory import (
    MemoryParameters,
    MemoryReports,
    SettableClock,
)
from assent.adapters.memory_repository import MemoryPull, MemoryRepository
from assent.contracts import load_contracts
from assent.core.discrepancy import Kind
from assent.core.errors import AssentError
from assent.core.events import Ignored, MalformedEvent, Misdirected
from assent.core.forge import OpenedPullRequest, ProposalState
from assent.core.names import RecordId
from assent.core.outcome import Attempt, DifferenceReported, Outcome, Proposed, Settled, Vanished
from assent.core.package import RegistryApproval
from assent.core.record import ParsedRecord, Record, parse_record
from assent.flows.propose import World, propose
from assent.ports import AlreadyThere, FileBytes, NothingToMerge, Unavailable
from assent.wiring import CONFIG_LIFETIME, Proposer

if TYPE_CHECKING:
    from assent.core.config import Config

ID = RecordId("dev", "churn", 1)
BRANCH = "promote/dev/churn/1"
LABELS = ["assent", "environment: dev", "model: churn"]
ARN = "arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/1"


def registered(*others: Register | Promote) -> MemoryScene:
    """A scene on which churn 1 waits for a decision."""
    play = Play(MemoryScene(("dev", "test")), thorough=False)
    for action in (Register(0), *others):
        play.perform(action)
    assert isinstance(play.scene, MemoryScene)
    return play.scene


def event(arn: str = ARN) -> dict[str, Any]:
    return {
        "source": "aws.sagemaker",
        "detail-type": "SageMaker Model Package State Change",
        "detail": {"ModelPackageArn": arn, "ModelPackageVersion": 1},
    }


def world_of(scene: MemoryScene, **others: Any) -> World:  # noqa: ANN401 - any field of World
    return replace(scene.event_world(Fuse(None)), **{"forge": scene.repository, **others})


def delivered(scene: MemoryScene, **others: Any) -> Outcome:  # noqa: ANN401 - any field of World
    return propose(event(), world_of(scene, **others))


def only_pull(scene: MemoryScene) -> MemoryPull:
    (pull,) = scene.repository.pulls
    return pull


def record_at(scene: MemoryScene, place: str) -> Record:
    content = scene.repository.file(ID.path, place)
    assert content is not None
    parsed = parse_record(content, load_contracts().promotion)
    assert isinstance(parsed, ParsedRecord)
    return parsed.record


def proposed_branch() -> MemoryScene:
    """A scene whose branch holds the record, as a process left it that died before opening."""
    scene = registered()
    assert scene.propose("churn", 1, Cut(at=8, after=False)) is None
    assert scene.repository.pulls == []
    assert record_at(scene, BRANCH).id == ID
    return scene


def test_a_registration_opens_one_labelled_pull_request() -> None:
    """The record with its evidence, on the promotion's own branch, by the bot."""
    scene = registered()
    outcome = delivered(scene)
    pull = only_pull(scene)
    assert outcome == Proposed(id=ID, url=pull.url, number=1, attempt=Attempt.OPENED)
    assert (pull.branch, pull.author, pull.labels) == (BRANCH, "assent[bot]", LABELS)
    record = record_at(scene, pull.head)
    assert record.evidence.metrics["binary_classification_metrics.auc"].value == 0.9
    assert record.package.containers[0].artifact is not None
    assert record.package.containers[0].artifact.bytes == len(ARN)
    assert record.evidence.unread == ()
    assert "the first that inference there runs" in pull.body


def test_the_same_event_again_changes_nothing() -> None:
    """The pull request is named again, and nothing is written."""
    scene = registered()
    delivered(scene)
    before = (only_pull(scene), scene.repository.branches.copy())
    again = delivered(scene)
    assert isinstance(again, Proposed)
    assert again.attempt is Attempt.ALREADY_OPEN
    assert (only_pull(scene), scene.repository.branches) == before


def test_a_branch_without_a_file_is_completed() -> None:
    """The process died after creating the branch."""
    scene = registered()
    scene.repository.create_branch(BRANCH, scene.repository.commit("main"))
    outcome = delivered(scene)
    assert isinstance(outcome, Proposed)
    assert outcome.attempt is Attempt.COMPLETED
    assert record_at(scene, only_pull(scene).head).id == ID
    assert only_pull(scene).labels == LABELS


def test_a_file_without_a_pull_request_is_completed() -> None:
    """What stands on the branch is kept: the page speaks of the time when it was collected."""
    scene = proposed_branch()
    tip, first = scene.repository.branches[BRANCH], record_at(scene, BRANCH)
    scene.clock.advance(timedelta(hours=1))
    outcome = delivered(scene)
    assert isinstance(outcome, Proposed)
    assert outcome.attempt is Attempt.COMPLETED
    assert scene.repository.branches[BRANCH] == tip
    assert record_at(scene, only_pull(scene).head) == first


def test_a_pull_request_without_labels_is_completed() -> None:
    """The process died before labelling; what labels people added stay."""
    scene = registered()
    delivered(scene)
    only_pull(scene).labels[:] = ["assent", "urgent"]
    delivered(scene)
    assert sorted(only_pull(scene).labels) == sorted([*LABELS, "urgent"])


def edited(content: bytes) -> bytes:
    return content.replace(b"value: 0.9", b"value: 0.99")


@pytest.mark.parametrize(
    "content",
    [
        edited,
        lambda content: content.replace(b"waivers: []", b"waivers: [{gate: a, reason: b}]"),
        lambda content: content.replace(b"status: Approved", b'status: Rejected\nreason: "x"'),
        lambda _: b"not a record",
        lambda _: b"",
    ],
    ids=["metric", "waiver", "status", "no record", "empty"],
)
def test_somebody_elses_content_on_the_branch_is_replaced(
    content: Callable[[bytes], bytes],
) -> None:
    """A branch without a pull request proves nothing; the record is written anew."""
    scene = proposed_branch()
    ours = scene.repository.file(ID.path, BRANCH)
    assert ours is not None
    scene.repository.push({ID.path: content(ours)}, branch=BRANCH)
    outcome = delivered(scene)
    assert isinstance(outcome, Proposed)
    assert (
        record_at(scene, only_pull(scene).head)
        .evidence.metrics["binary_classification_metrics.auc"]
        .value
        == 0.9
    )
    assert record_at(scene, only_pull(scene).head).waivers == ()


def test_an_open_pull_request_that_people_broke_stays_the_one() -> None:
    """An edit that is no record any more is for its review to say; there is no second."""
    scene = registered()
    delivered(scene)
    scene.repository.push({ID.path: b"not a record"}, branch=BRANCH)
    again = delivered(scene)
    assert isinstance(again, Proposed)
    assert (again.number, again.attempt) == (1, Attempt.ALREADY_OPEN)
    assert only_pull(scene).number == 1


@pytest.mark.parametrize("state", ["closed", "merged"])
def test_what_was_decided_is_not_asked_again(state: str) -> None:
    """A closed pull request stays closed, a merged one is done, though the registry is behind."""
    scene = registered()
    delivered(scene)
    if state == "closed":
        scene.close(1, "ana")
    else:
        scene.approve(1, "ana")
        scene.merge(1, bypass=False)
    before = scene.repository.branches.copy()
    outcome = delivered(scene)
    assert isinstance(outcome, Settled)
    assert ("closed" if state == "closed" else "main holds") in outcome.why
    assert only_pull(scene).state is ProposalState(state)
    assert scene.repository.branches == before


def test_a_merged_pull_request_settles_even_when_its_record_was_deleted() -> None:
    """A deletion does not ask for the decision again."""
    scene = registered()
    delivered(scene)
    scene.approve(1, "ana")
    scene.merge(1, bypass=False)
    scene.push(ID.path, None)
    outcome = delivered(scene)
    assert isinstance(outcome, Settled)
    assert "merged" in outcome.why


def test_a_package_that_was_created_again_has_a_pull_request_of_its_own() -> None:
    """The number was decided on before: another branch, and a title that says so loudly."""
    play = Play(MemoryScene(("dev", "test")), thorough=False)
    play.perform(Promote(0))
    play.perform(Recreate(0))
    scene = cast("MemoryScene", play.scene)
    outcome = delivered(scene)
    assert isinstance(outcome, Proposed)
    pull = scene.repository.pull(2)
    assert pull.branch == f"{BRANCH}-20261122T100200Z"
    assert "created again" in pull.title
    again = delivered(scene)
    assert isinstance(again, Proposed)
    assert again.attempt is Attempt.ALREADY_OPEN
    assert len(scene.repository.pulls) == 2


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(1, 12))
def test_cut_off_anywhere_it_is_finished_by_the_next_event(at: int, *, after: bool) -> None:
    """At each remote call, before and after its effect: one pull request, complete, is the end."""
    scene = registered()
    died = scene.propose("churn", 1, Cut(at=at, after=after)) is None
    assert died is (at <= 10)
    scene.tick()
    outcome = delivered(scene)
    assert isinstance(outcome, Proposed)
    assert only_pull(scene).labels == LABELS
    assert record_at(scene, only_pull(scene).head).id == ID


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"status": "Pending"}, "once it is Completed"),
        ({"status": "Failed"}, "once it is Completed"),
        ({"metadata": {"dev": "Retired"}}, "Retired in dev already"),
        ({"approval": RegistryApproval.REJECTED}, "not PendingManualApproval"),
    ],
)
def test_a_version_that_waits_for_nothing_is_ignored(change: Mapping[str, Any], why: str) -> None:
    """Unfinished, or decided: there is nothing to propose."""
    scene = registered()
    scene.registry.put(replace(scene.packages()["churn", 1], **change))
    outcome = delivered(scene)
    assert isinstance(outcome, Ignored)
    assert why in outcome.why
    assert list(scene.repository.branches) == ["main"]


@pytest.mark.parametrize(
    "change",
    [{"metadata": {"dev": "Approved"}}, {"approval": RegistryApproval.APPROVED}],
    ids=["field", "status"],
)
def test_a_version_that_was_approved_by_hand_is_told_of(change: Mapping[str, Any]) -> None:
    """Nothing is proposed, and the issue about what differs says what nobody decided."""
    scene = registered()
    scene.registry.put(replace(scene.packages()["churn", 1], **change))
    outcome = delivered(scene)
    assert isinstance(outcome, DifferenceReported)
    assert outcome.kinds == (Kind.APPROVED_WITHOUT_RECORD,)
    assert list(scene.repository.branches) == ["main"]


def test_what_others_keep_in_the_registry_is_no_decision() -> None:
    """A field that holds no decision does not stop a proposal."""
    scene = registered()
    seen = scene.packages()["churn", 1]
    scene.registry.put(replace(seen, metadata={"dev": "PendingManualApproval", "team": "x"}))
    assert isinstance(delivered(scene), Proposed)


def test_a_version_that_is_gone_has_vanished() -> None:
    """A late event of a deleted package asks for nothing."""
    scene = registered()
    scene.delete_package("churn", 1)
    outcome = delivered(scene)
    assert isinstance(outcome, Vanished)
    assert ARN in outcome.why


@pytest.mark.parametrize(
    ("arn", "error"),
    [
        (ARN.replace("111122223333", "999999999999"), Misdirected),
        (ARN.replace("eu-west-1", "us-east-1"), Misdirected),
        (ARN.replace("churn", "../../etc"), MalformedEvent),
    ],
)
def test_an_event_of_another_registry_is_an_error(arn: str, error: type[AssentError]) -> None:
    """It is not answered for, nor looked up, and delivering it again would not help."""
    with pytest.raises(error) as raised:
        propose(event(arn), world_of(registered()))
    assert not raised.value.retryable


def test_the_champion_is_compared_with() -> None:
    """What is live is named, with the metrics of its record."""
    scene = registered(Promote(0))
    scene.apply(["dev"], None, everything=False)
    scene.register("churn")
    delivered_third = propose(event(ARN.replace("/1", "/3")), world_of(scene))
    assert isinstance(delivered_third, Proposed)
    assert "in place of **2**" in scene.repository.pull(delivered_third.number).body
    assert isinstance(delivered(scene), Proposed)
    assert "current stays 2" in scene.repository.pull(3).body


def test_an_unreadable_champion_is_told_and_stops_nothing() -> None:
    """The approver sees that nobody knows what is live."""
    scene = registered()
    scene.stores["dev"].values["/assent/dev/churn/current"] = "garbage"
    assert isinstance(delivered(scene), Proposed)
    assert "could not be read" in only_pull(scene).body


class Down(MemoryParameters):
    """Parameter Store does not answer."""

    def read(self, names: Sequence[str], /) -> Mapping[str, str]:
        """Fail."""
        raise Unavailable(f"no answer about {names[0]}")


class NoFiles(MemoryReports):
    """S3 does not answer."""

    def read(self, uri: str, /, *, limit: int, version_id: str | None = None) -> FileBytes:
        """Fail."""
        raise Unavailable(f"no answer about {uri} of {limit} ({version_id})")


@pytest.mark.parametrize(
    "others", [{"parameters": lambda _: Down()}, {"reports": lambda _: NoFiles()}]
)
def test_a_service_that_does_not_answer_is_asked_again_later(others: Mapping[str, Any]) -> None:
    """Nothing was learned, so nothing is proposed, and the queue may deliver the event again."""
    scene = registered()
    with pytest.raises(Unavailable) as raised:
        delivered(scene, **others)
    assert raised.value.retryable
    assert list(scene.repository.branches) == ["main"]


def test_a_missing_report_is_named_and_stops_nothing() -> None:
    """The record says what could not be read; whether that will do is for the approver."""
    scene = registered()
    scene.reports.delete("s3://models/churn/1/evaluation.json")
    assert isinstance(delivered(scene), Proposed)
    (unread,) = record_at(scene, only_pull(scene).head).evidence.unread
    assert "evaluation.json" in unread.where
    assert "No metric could be read" in only_pull(scene).body


class Contested(MemoryRepository):
    """A repository on which somebody else is always first."""

    failing: str
    error: type[AssentError]

    @classmethod
    def like(cls, other: MemoryRepository, failing: str, error: type[AssentError]) -> "Contested":
        """The same repository, on which one operation fails."""
        made = cls({}, now=lambda: SettableClock().now())
        made.__dict__.update(other.__dict__)
        made.failing, made.error = failing, error
        return made

    def add_file(
        self, branch: str, path: str, content: bytes, message: str, /, *, replaces: str | None
    ) -> None:
        """Fail, or add."""
        self._fail("add_file")
        super().add_file(branch, path, content, message, replaces=replaces)

    def open_pull_request(self, branch: str, title: str, body: str, /) -> OpenedPullRequest:
        """Fail, or open."""
        self._fail("open_pull_request")
        return super().open_pull_request(branch, title, body)

    def _fail(self, operation: str) -> None:
        if operation == self.failing:
            raise self.error("somebody else was first")


@pytest.mark.parametrize("failing", ["add_file", "open_pull_request"])
def test_a_race_that_cannot_be_told_is_tried_again(failing: str) -> None:
    """Somebody is always first and never shows: no verdict, deliver again."""
    scene = registered()
    forge = Contested.like(scene.repository, failing, AlreadyThere)
    with pytest.raises(Unavailable) as raised:
        delivered(scene, forge=forge)
    assert raised.value.hint
    assert isinstance(delivered(scene), Proposed)


def test_a_race_that_was_lost_names_the_winner() -> None:
    """Between looking and opening another process opened the pull request."""
    scene = registered()

    class Raced(Contested):
        """Lets the other process be first, once."""

        def _fail(self, operation: str) -> None:
            if operation == "open_pull_request" and not scene.repository.pulls:
                delivered(scene)

    outcome = delivered(scene, forge=Raced.like(scene.repository, "", AlreadyThere))
    assert isinstance(outcome, Proposed)
    assert outcome.attempt is Attempt.ALREADY_OPEN
    assert outcome.number == only_pull(scene).number


def test_what_was_merged_meanwhile_is_settled() -> None:
    """The branch has nothing that main lacks."""
    scene = registered()
    forge = Contested.like(scene.repository, "open_pull_request", NothingToMerge)
    assert isinstance(delivered(scene, forge=forge), Settled)
    assert scene.repository.pulls == []


def test_the_configuration_is_read_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that lives long follows a change of the ladder within minutes, not for ever."""
    scene = registered()
    configs: list[Config] = [
        scene.config,
        replace(scene.config, environments=scene.config.environments[::-1]),
    ]
    reads: list[Config] = []

    def read(_: Proposer) -> World:
        reads.append(configs[len(reads)])
        return world_of(scene, config=reads[-1], parameters=lambda _: MemoryParameters())

    monkeypatch.setattr(Proposer, "_read_world", read)
    proposer = Proposer(
        client=cast("Any", None),
        repository="acme/x",
        branch="main",
        access=cast("Any", None),
        clock=scene.clock,
    )
    first = proposer.propose(event())
    scene.clock.advance(CONFIG_LIFETIME - timedelta(seconds=1))
    assert isinstance(proposer.propose(event()), Proposed)
    assert len(reads) == 1
    scene.clock.advance(timedelta(seconds=1))
    later = proposer.propose(event())
    assert len(reads) == 2
    assert isinstance(first, Proposed)
    assert isinstance(later, Proposed)
    assert (first.id.environment, later.id.environment) == ("dev", "test")


def test_a_deleted_record_does_not_bring_a_second_pull_request() -> None:
    """A package that was created again keeps its one pull request when main's record goes."""
    play = Play(MemoryScene(("dev", "test")), thorough=False)
    play.perform(Register(0))
    play.perform(Write(0, 0, "Approved", fresh=False, altered=False, how="merge"))
    play.perform(Recreate(0))
    scene = cast("MemoryScene", play.scene)
    first = delivered(scene)
    assert isinstance(first, Proposed)
    assert scene.repository.pull(first.number).branch.startswith(f"{BRANCH}-")
    scene.push(ID.path, None)
    again = delivered(scene)
    assert isinstance(again, Proposed)
    assert (again.number, again.attempt) == (first.number, Attempt.ALREADY_OPEN)
    scene.close(first.number, "ana")
    assert isinstance(delivered(scene), Settled)
    assert BRANCH not in scene.repository.branches


def test_an_open_pull_request_costs_no_reading() -> None:
    """What is proposed already is found before any report is read."""
    scene = registered()
    delivered(scene)
    again = delivered(scene, reports=lambda _: pytest.fail("a report was read"))
    assert isinstance(again, Proposed)


def test_who_comes_second_waits_for_the_first_to_complete() -> None:
    """Another process opened the pull request, and may die: this event must not be forgotten."""
    scene = registered()

    class Raced(Contested):
        """Lets the other process open it, and die before labelling."""

        def _fail(self, operation: str) -> None:
            if operation == "open_pull_request" and not scene.repository.pulls:
                scene.repository.open_pull_request(BRANCH, "", "")

    forge = Raced.like(scene.repository, "", AlreadyThere)
    with pytest.raises(Unavailable, match="not complete yet"):
        delivered(scene, forge=forge)
    assert isinstance(delivered(scene), Proposed)
    assert only_pull(scene).labels == LABELS
    assert record_at(scene, BRANCH).evidence.digest in only_pull(scene).body
