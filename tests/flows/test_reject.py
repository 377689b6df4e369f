"""Reject by closing, on the fakes: whose closing decides, what it writes, and what it says."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from tests.properties.memory_scene import Crash, Fuse, MemoryScene, fused
from tests.properties.scene import Cut

from assent.adapters.memory import MemoryNotices
from assent.contracts import load_contracts
from assent.core.errors import Exit
from assent.core.evidence import evidence_digest
from assent.core.forge import Conversation, ProposalState
from assent.core.names import RecordId
from assent.core.package import ModelVersion, RegistryApproval
from assent.core.receipts import ClosingRecorded, ClosingWithoutEffect, Failed, NotNotified
from assent.core.record import Decision, ParsedRecord, parse_record, write_record
from assent.flows.apply import ApplyReport, apply
from assent.flows.reject import RejectReport, reject
from assent.flows.wanted import World
from assent.ports import NotThere, Unavailable

LADDER = ("dev", "prod")
MODEL = "churn"
BOT = "assent[bot]"
OWNERS = b"* @acme/platform\n/promotions/dev/ @ana @BEN\n/promotions/prod/ @acme/approvers\n"
ADDRESS = "https://forge.example/pull/{}"


class House:
    """A registry with versions, a repository with owners, and a clock that moves at each step."""

    def __init__(self) -> None:
        self.scene = MemoryScene(LADDER)
        self.repository = self.scene.repository
        self.repository.push({".github/CODEOWNERS": OWNERS})
        self.repository.writers = {"ana", "ben", "carla", "zoe"}
        self.repository.teams = {"acme/platform": set(), "acme/approvers": {"ana", "carla"}}
        self.notices = MemoryNotices()
        self.version = self.scene.register(MODEL)

    @property
    def world(self) -> World:
        """What apply and reject work on, for main's present head."""
        return World(
            config=self.scene.config,
            contracts=load_contracts(),
            history=self.repository,
            head=self.repository.commit("main"),
            registry=self.scene.registry,
            parameters=lambda environment: self.scene.stores[environment.name],
            clock=self.scene.clock,
            notices=self.notices,
            reports=lambda _: self.scene.reports,
        )

    def id(self, environment: str) -> RecordId:
        """The version's record there."""
        return RecordId(environment, MODEL, self.version)

    def proposed(self, environment: str = "dev", *, author: str = BOT, fresh: bool = False) -> int:
        """A pull request that would let the version become Approved; its number."""
        self.scene.tick()
        content = self.content(environment, fresh=fresh)
        branch = f"promote/{environment}/{MODEL}/{self.version}"
        if branch in self.repository.branches:
            branch += "-20261122T100000Z"
        return self.scene.open_pull(author, branch, self.id(environment).path, content)

    def content(self, environment: str, *, fresh: bool = False, retired: bool = False) -> bytes:
        """The record's text, as the bot would write it; or its retirement."""
        found = self.scene.propose(MODEL, self.version, None)
        assert found is not None
        first = next(
            pull
            for pull in self.repository.pulls
            if pull.branch == f"promote/dev/{MODEL}/{self.version}"
        )
        text = self.repository.file(self.id("dev").path, first.head)
        assert text is not None
        parsed = parse_record(text, load_contracts().promotion)
        assert isinstance(parsed, ParsedRecord)
        evidence = parsed.record.evidence
        if fresh:
            evidence = replace(evidence, collected=evidence.collected + timedelta(hours=1))
        digest = evidence_digest(parsed.record.package, evidence)
        record = replace(
            parsed.record,
            id=self.id(environment),
            decision=Decision.RETIRED if retired else Decision.APPROVED,
            reason="too slow" if retired else "",
            evidence=replace(evidence, digest=digest),
        )
        return write_record(record, load_contracts().promotion)

    def approved(self, *environments: str) -> None:
        """The version becomes Approved in some environments, lowest first."""
        for environment in environments:
            number = self.first() if environment == "dev" else self.proposed(environment)
            self.repository.approve(number, "ana")
            self.repository.approve(number, "carla")
            self.scene.tick()
            self.repository.merge(number)
            self.scene.tick()
            assert self.applied().exit is Exit.OK

    def first(self) -> int:
        """The bot's pull request for dev."""
        self.scene.propose(MODEL, self.version, None)
        return 1

    def close(self, number: int, by: str, saying: str = "") -> None:
        """Somebody closes a pull request, perhaps after a comment."""
        self.scene.tick()
        if saying:
            self.repository.remark(number, by, saying)
        self.repository.close(number, by=by)
        self.scene.tick()

    def reopen(self, number: int, by: str) -> None:
        """Somebody reopens a pull request."""
        self.scene.tick()
        self.repository.reopen(number, by=by)
        self.scene.tick()

    def rejected(self, number: int) -> RejectReport:
        """What `reject` does about a pull request."""
        return reject(self.world, self.repository, number, self.scene.config.environments)

    def applied(self) -> ApplyReport:
        """What a run of `apply` does."""
        return apply(self.world, self.repository, self.scene.config.environments)

    def history(self, environment: str = "dev") -> list[dict[str, Any]]:
        """Each decision in force or past, as Parameter Store holds it."""
        name = f"/assent/{environment}/{MODEL}/versions/{self.version}"
        text = self.scene.stores[environment].values.get(name)
        found: list[dict[str, Any]] = json.loads(text)["decisions"] if text else []
        return found

    def live(self, environment: str) -> int | None:
        """The version that `current` names."""
        text = self.scene.stores[environment].values.get(f"/assent/{environment}/{MODEL}/current")
        found: int | None = json.loads(text)["version"] if text else None
        return found

    @property
    def package(self) -> ModelVersion:
        """What the registry says of the version."""
        return self.scene.packages()[MODEL, self.version]

    def comments(self, number: int) -> list[str]:
        """What Assent said there."""
        found = self.repository.conversation(number).remarks
        return [remark.text for remark in found if remark.own]

    def state(self, number: int) -> ProposalState:
        """Whether a pull request is open."""
        return self.repository.pull(number).state


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the matrix."""

    who: str
    where: str
    before: str
    decides: bool
    reopens: bool
    says: str


def rows() -> list[Row]:
    """Who closes x where x in which state."""
    found = []
    people = {
        "code owner": (True, ""),
        "other writer": (False, "is no code owner of"),
        "author": (False, "nobody decides on their own"),
        "bot": (False, "nobody decides on their own"),
        "owner deletes branch": (True, ""),
        "writer deletes branch": (False, "is no code owner of"),
    }
    states: dict[str, tuple[str, ...]] = {
        "dev": ("pending", "approved here"),
        "prod": ("pending", "approved below", "approved here"),
    }
    for who, (may, objection) in people.items():
        for where, befores in states.items():
            for before in befores:
                decides = may and before != "approved here"
                said = "Rejected" if decides else objection or "is Approved in"
                found.append(
                    Row(
                        who=who,
                        where=where,
                        before=before,
                        decides=decides,
                        reopens=not may,
                        says=said,
                    )
                )
    return found


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.who}-{row.where}-{row.before}")
def test_who_closes_where_and_when_decides_what_it_means(row: Row) -> None:
    """Only a code owner's closing rejects, and only what is not Approved there already."""
    house = House()
    if row.before == "approved below":
        house.approved("dev")
    if row.before == "approved here":
        house.approved(*LADDER[: LADDER.index(row.where) + 1])
    author = "ana" if row.who == "author" else BOT
    number = house.proposed(row.where, author=author, fresh=True)
    before = (house.package, {name: dict(store.values) for name, store in stores(house)})
    house.scene.tick()
    match row.who:
        case "owner deletes branch" | "writer deletes branch":
            by = "ana" if row.who.startswith("owner") else "zoe"
            house.repository.delete_branch(house.repository.pull(number).branch, by=by)
        case "bot":
            by = BOT
            house.repository.close(number, by=by)
        case _:
            by = "zoe" if row.who == "other writer" else "ana"
            house.repository.close(number, by=by)
    house.scene.tick()
    report = house.rejected(number)
    assert report.exit is Exit.OK
    assert house.state(number) is (ProposalState.OPEN if row.reopens else ProposalState.CLOSED)
    assert [row.says in comment for comment in house.comments(number)] == [True]
    after = (house.package, {name: dict(store.values) for name, store in stores(house)})
    if not row.decides:
        assert after == before
        assert [type(receipt) for receipt in report.receipts] == [ClosingWithoutEffect]
        return
    entry = house.history(row.where)[-1]
    assert (entry["status"], entry["by"], entry["pull_request"]) == (
        "Rejected",
        ["ana"],
        ADDRESS.format(number),
    )
    assert house.package.metadata[row.where] == "Rejected"
    assert house.package.metadata[f"{row.where}.by"] == "ana"
    below = row.before == "approved below"
    expected = RegistryApproval.APPROVED if below else RegistryApproval.REJECTED
    assert house.package.approval is expected
    assert house.live(row.where) is None
    assert house.live("dev") == (house.version if below else None)
    assert house.applied().exit is Exit.OK
    assert house.history(row.where)[-1] == entry


def stores(house: House) -> list[tuple[str, Any]]:
    return sorted(house.scene.stores.items())


def test_a_rejection_carries_its_reason_to_registry_and_history_within_their_limits() -> None:
    """A reason of 10,000 characters with line breaks and control characters is told, shortened."""
    house = House()
    number = house.first()
    text = "Too many\r\nfalse alarms \x1b[31m`@ana` \u202e{{x}} | " + "long " * 2000
    house.close(number, "ben", saying=text)
    report = house.rejected(number)
    (receipt,) = report.receipts
    assert isinstance(receipt, ClosingRecorded)
    assert receipt.reason.startswith("Too many false alarms")
    assert receipt.reason.isprintable()
    assert len(receipt.reason) <= 300
    assert house.history()[-1]["reason"] == receipt.reason
    described = house.package.approval_description
    assert described.startswith("Rejected in dev by ben: https://forge.example/pull/1 (Too many")
    assert len(described) <= 1024
    (comment,) = house.comments(number)
    assert "\x1b" not in comment
    assert "\n\n" in comment
    assert "@ana`" not in comment.replace("`` ", "").split("Reason:")[0]


def test_the_reason_is_what_the_closer_said_last_before_closing() -> None:
    """Others' words, and what was said before an earlier reopening, are not the reason."""
    house = House()
    number = house.first()
    house.close(number, "ana", saying="an earlier no")
    house.reopen(number, "ana")
    house.scene.tick()
    house.repository.remark(number, "ana", "looks fine")
    house.repository.remark(number, "ana", "it is not")
    house.repository.remark(number, "zoe", "but it is")
    house.close(number, "ana")
    house.rejected(number)
    assert house.history()[-1]["reason"] == "it is not"


def test_every_apply_run_records_closings_that_no_other_run_saw() -> None:
    """A lost event loses no rejection, and the next run has nothing to write."""
    house = House()
    number = house.first()
    house.close(number, "ana", saying="no")
    report = house.applied()
    assert [type(receipt) for receipt in report.receipts] == [ClosingRecorded]
    assert house.package.metadata["dev"] == "Rejected"
    written = house.scene.writes()
    assert house.applied().receipts == ()
    assert house.scene.writes() == written
    assert len(house.comments(number)) == 1


def test_closings_that_were_looked_at_are_not_looked_at_again() -> None:
    """After a run that recorded something, only what was updated since is listed."""
    house = House()
    house.close(house.first(), "ana")
    house.applied()
    applied = json.loads(house.scene.stores["dev"].values["/assent/dev/applied"])
    for _ in range(5):
        house.scene.tick()
    asked: list[int] = []
    original = house.repository.conversation

    def noted(number: int, /) -> Conversation:
        asked.append(number)
        return original(number)

    house.repository.conversation = noted  # type: ignore[method-assign]
    house.version = house.scene.register(MODEL)
    house.applied()
    assert applied["closings"]
    assert asked == [1]  # within the overlap; a listing may lag behind
    for _ in range(5):
        house.scene.tick()
    house.repository.push({"README.md": b"so that the run moves its mark along"})
    house.applied()


def test_a_reopening_by_a_code_owner_takes_the_rejection_back() -> None:
    """It is a decision of its own, and the very pull request can then be approved."""
    house = House()
    number = house.first()
    house.close(number, "ana", saying="no")
    house.rejected(number)
    house.reopen(number, "ben")
    report = house.rejected(number)
    (receipt,) = report.receipts
    assert isinstance(receipt, ClosingRecorded)
    assert (receipt.becomes, receipt.by) == (None, "ben")
    statuses = [entry["status"] for entry in house.history()]
    assert statuses == ["Rejected", "PendingManualApproval"]
    assert house.package.approval is RegistryApproval.PENDING
    assert house.package.metadata["dev"] == "PendingManualApproval"
    assert len(house.comments(number)) == 2
    house.repository.approve(number, "ana")
    house.repository.merge(number)
    assert house.applied().exit is Exit.OK
    assert house.live("dev") == house.version
    assert [entry["status"] for entry in house.history()] == [*statuses, "Approved"]


def test_a_reopening_that_no_run_saw_counts_after_the_merge() -> None:
    """Closed, recorded, reopened and merged before the next run: the approval takes effect."""
    house = House()
    number = house.first()
    house.close(number, "ana")
    house.rejected(number)
    house.reopen(number, "ana")
    house.repository.approve(number, "ana")
    house.repository.merge(number)
    assert house.applied().exit is Exit.OK
    assert house.live("dev") == house.version
    assert [entry["status"] for entry in house.history()] == [
        "Rejected",
        "PendingManualApproval",
        "Approved",
    ]


def test_a_reopening_by_somebody_else_takes_nothing_back() -> None:
    """The rejection stands, Assent says so once, and even a merge does not take effect."""
    house = House()
    number = house.first()
    house.close(number, "ana")
    house.rejected(number)
    house.reopen(number, "zoe")
    (receipt,) = house.rejected(number).receipts
    assert isinstance(receipt, ClosingWithoutEffect)
    assert house.rejected(number).receipts == ()
    assert house.package.metadata["dev"] == "Rejected"
    house.repository.approve(number, "ben")
    house.repository.merge(number)
    assert house.applied().exit is Exit.INCOMPLETE
    assert house.live("dev") is None


def test_somebody_elses_closing_is_undone_once_and_not_twice() -> None:
    """Who insists is not fought with; nothing is rejected either way."""
    house = House()
    number = house.first()
    for _ in range(2):
        house.close(number, "zoe")
        house.rejected(number)
    assert house.state(number) is ProposalState.CLOSED
    assert len(house.comments(number)) == 2
    assert house.history() == []
    house.reopen(number, "ana")
    house.close(number, "ana")
    house.rejected(number)
    assert house.history()[-1]["status"] == "Rejected"


def test_words_of_somebody_else_that_look_like_assents_answer_hide_nothing() -> None:
    """Only what the App itself wrote tells that a closing was answered."""
    house = House()
    number = house.first()
    house.close(number, "zoe")
    house.rejected(number)
    (answer,) = house.comments(number)
    other = House()
    number = other.first()
    other.scene.clock.set(house.scene.clock.now())
    other.repository.remark(number, "zoe", answer)
    other.close(number, "zoe")
    other.rejected(number)
    assert len(other.comments(number)) == 1
    assert other.state(number) is ProposalState.OPEN


def test_closing_a_retirement_leaves_the_version_live() -> None:
    """A pull request that says no is only withdrawn by its closing."""
    house = House()
    house.approved("dev")
    content = house.content("dev", retired=True)
    number = house.scene.open_pull(BOT, "retire/dev/churn/1-abc", house.id("dev").path, content)
    house.close(number, "ana")
    assert house.rejected(number).receipts == ()
    assert house.comments(number) == []
    assert house.live("dev") == house.version


def test_closing_what_concerns_no_record_says_nothing() -> None:
    """Assent has no word in other pull requests."""
    house = House()
    number = house.scene.open_pull("zoe", "docs", "docs/notes.md", b"words")
    house.close(number, "ana")
    assert house.rejected(number).receipts == ()
    assert house.applied().receipts == ()
    assert house.comments(number) == []


@pytest.mark.parametrize("what", ["another record", "two records", "no record"])
def test_a_branch_that_was_meddled_with_rejects_nothing(what: str) -> None:
    """Whoever pushed something else to the bot's branch cannot make a closing mean that."""
    house = House()
    number = house.first()
    branch = house.repository.pull(number).branch
    content = house.content("dev")
    other = {"promotions/dev/fraud-eu/1.yaml": content.replace(b"churn", b"fraud-eu")}
    changes: dict[str, dict[str, bytes | None]] = {
        "another record": {house.id("dev").path: None, **other},
        "two records": {**other},
        "no record": {house.id("dev").path: b"status: Approved\n"},
    }
    house.repository.push(changes[what], branch=branch)
    house.close(number, "ana")
    (receipt,) = house.rejected(number).receipts
    assert isinstance(receipt, ClosingWithoutEffect)
    assert not receipt.reopened
    assert house.package.approval is RegistryApproval.PENDING
    assert all(not name.endswith("applied") for name in house.scene.parameters())


def test_a_later_decision_outweighs_an_earlier_closing() -> None:
    """A closing that is found late does not undo what was decided after it."""
    house = House()
    first = house.first()
    house.close(first, "ana")
    second = house.proposed("dev", fresh=True)
    house.repository.approve(second, "ana")
    house.scene.tick()
    house.repository.merge(second)
    report = house.applied()
    assert report.exit is Exit.OK
    assert house.live("dev") == house.version
    assert [entry["status"] for entry in house.history()] == ["Rejected", "Approved"]
    assert house.rejected(first).receipts == ()
    assert house.live("dev") == house.version


def test_a_package_that_was_created_again_does_not_inherit_the_rejection() -> None:
    """The registry's field of the new package stays; the history tells of the old one."""
    house = House()
    number = house.first()
    house.scene.tick()
    house.scene.recreate(MODEL, house.version)
    house.close(number, "ana")
    house.rejected(number)
    assert house.package.approval is RegistryApproval.PENDING
    assert "dev" not in house.package.metadata
    assert house.history()[-1]["status"] == "Rejected"


def test_what_cannot_be_read_is_neither_a_yes_nor_a_no() -> None:
    """A team that cannot be looked at rejects nothing and reopens nothing; the next run does."""
    house = House()
    number = house.proposed("prod")
    house.close(number, "carla")
    original = house.repository.is_member

    def blind(team: str, login: str, /) -> bool:
        raise NotThere(f"the team {team} cannot be seen ({login})")

    house.repository.is_member = blind  # type: ignore[method-assign]
    (failed,) = house.rejected(number).receipts
    assert isinstance(failed, Failed)
    assert "cannot be seen" in failed.message
    report = house.applied()
    assert report.exit is Exit.INCOMPLETE
    assert [type(receipt) for receipt in report.receipts] == [Failed]
    assert house.state(number) is ProposalState.CLOSED
    assert house.comments(number) == []
    house.repository.is_member = original  # type: ignore[method-assign]
    assert house.applied().exit is Exit.OK
    assert house.history("prod")[-1]["by"] == ["carla"]


def test_a_code_owner_without_write_access_is_none() -> None:
    """GitHub skips such owners, and so does Assent."""
    house = House()
    house.repository.writers = {"ben"}
    number = house.first()
    house.close(number, "ana")
    (receipt,) = house.rejected(number).receipts
    assert isinstance(receipt, ClosingWithoutEffect)


def test_an_owner_named_by_address_is_not_guessed() -> None:
    """Nobody but GitHub knows whose address it is: said once, and nothing is decided or undone."""
    house = House()
    house.repository.push({".github/CODEOWNERS": b"* ana@example.com\n"})
    number = house.first()
    house.close(number, "ana")
    (receipt,) = house.rejected(number).receipts
    assert isinstance(receipt, ClosingWithoutEffect)
    assert "ana@example.com" in receipt.why
    assert house.state(number) is ProposalState.CLOSED
    assert house.history() == []
    assert house.applied().exit is Exit.OK


def test_a_topic_is_told_and_its_failure_stops_nothing() -> None:
    """The message names the decision; a topic that fails is reported, and the rejection stands."""
    house = House()
    topic = "arn:aws:sns:eu-west-1:111122223333:promotions"
    dev, prod = house.scene.config.environments
    house.scene.config = replace(house.scene.config, environments=(replace(dev, topic=topic), prod))
    number = house.first()
    house.close(number, "ana", saying="too slow")
    house.rejected(number)
    (published,) = house.notices.published
    assert published.subject == "Rejected: churn 1 in dev"
    assert "too slow" in published.text
    house.reopen(number, "ana")
    house.notices.failing.add(topic)
    report = house.rejected(number)
    assert [type(receipt) for receipt in report.receipts] == [ClosingRecorded, NotNotified]
    assert report.exit is Exit.OK
    assert house.history()[-1]["status"] == "PendingManualApproval"


def closed_by(who: str, *, deleted: bool = False) -> Callable[[House], int]:
    def arrange(house: House) -> int:
        number = house.proposed("dev")
        house.scene.tick()
        if deleted:
            house.repository.delete_branch(house.repository.pull(number).branch, by=who)
        else:
            house.repository.close(number, by=who)
        house.scene.tick()
        return number

    return arrange


def reopened(house: House) -> int:
    number = closed_by("ana")(house)
    house.rejected(number)
    house.reopen(number, "ana")
    return number


@pytest.mark.parametrize(
    "arrange",
    [closed_by("ana"), closed_by("zoe"), closed_by("zoe", deleted=True), reopened],
    ids=["owner", "other", "other-deletes", "reopened"],
)
@pytest.mark.parametrize("way", ["reject", "apply"])
def test_a_run_killed_at_any_call_is_completed_by_the_next(
    arrange: Callable[[House], int], way: str
) -> None:
    """Cut off before or after each remote call, then run again: as one clean run, nothing twice."""
    clean = House()
    number = arrange(clean)
    act(clean, number, way, None)
    expected = picture(clean, number)
    calls = counted(arrange, way)
    assert calls > 3
    for at in range(1, calls + 1):
        for after in (False, True):
            house = House()
            number = arrange(house)
            act(house, number, way, Cut(at=at, after=after))
            act(house, number, way, None)
            assert picture(house, number) == expected, (at, after)


def counted(arrange: Callable[[House], int], way: str) -> int:
    house = House()
    return act(house, arrange(house), way, None)


def act(house: House, number: int, way: str, cut: Cut | None) -> int:
    """Run once, perhaps to be killed; returns how many calls were made."""
    fuse = Fuse(cut)
    world = house.world
    stores = {name: fused(store, fuse) for name, store in house.scene.stores.items()}
    world = replace(
        world,
        registry=fused(world.registry, fuse),
        parameters=lambda environment: stores[environment.name],
    )
    forge = fused(house.repository, fuse)
    try:
        if way == "reject":
            reject(world, forge, number, house.scene.config.environments)
        else:
            apply(world, forge, house.scene.config.environments)
    except Crash:
        pass
    return fuse.calls


def picture(house: House, number: int) -> object:
    """All that is left of it, but for times at which it was written."""
    history = [{**entry, "applied_at": ""} for entry in house.history()]
    return (
        house.package.metadata,
        house.package.approval,
        history,
        house.state(number),
        house.repository.pull(number).branch in house.repository.branches,
        house.comments(number),
    )


def test_a_service_that_fails_leaves_the_closing_for_the_next_run() -> None:
    """GitHub's listing fails: apply does all else, and says that it is incomplete."""
    house = House()
    house.approved("dev")

    def down(since: object, /) -> Any:  # noqa: ANN401 - never returns
        raise Unavailable(f"GitHub is down (asked for {since})")

    house.repository.recent_pull_requests = down  # type: ignore[method-assign]
    report = house.applied()
    assert report.exit is Exit.INCOMPLETE
    assert {type(receipt) for receipt in report.receipts} == {Failed}
    assert house.live("dev") == house.version
