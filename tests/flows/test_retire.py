"""Retire on the fakes: one pull request, what its page foresees, and what apply then does."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

import pytest
from tests.properties.memory_scene import Crash, Fuse, fused
from tests.properties.scene import Cut, configuration

from assent.adapters.memory import (
    MemoryNotices,
    MemoryParameters,
    MemoryRegistry,
    MemoryReports,
    SettableClock,
)
from assent.adapters.memory_repository import MemoryPull, MemoryRepository
from assent.contracts import load_contracts
from assent.core.config import parse_config
from assent.core.errors import AssentError, Exit
from assent.core.evidence import Evidence, EvidenceSource
from assent.core.forge import ProposalState
from assent.core.git_objects import blob_id
from assent.core.names import InvalidName, RecordId, parse_package_arn
from assent.core.outcome import Attempt
from assent.core.package import Container, ModelVersion, Package, RegistryApproval
from assent.core.record import Decision, ParsedRecord, Record, parse_record, write_record
from assent.core.rendering.retirement import (
    Consequences,
    Fallback,
    PassedOver,
    Retirement,
    RungAbove,
    Unread,
    retirement_text,
    retirement_values,
)
from assent.flows.apply import ApplyReport, apply
from assent.flows.check import check
from assent.flows.foresee import consequences
from assent.flows.retire import (
    BehindMain,
    InvalidReason,
    NoRecord,
    NotRetirable,
    Occupied,
    retire,
)
from assent.flows.wanted import World
from assent.ports import AlreadyThere, Forge, Parameters, Registry, Unavailable

LADDER = ("dev", "test", "prod")
CONTRACTS = load_contracts()
TOPIC = "arn:aws:sns:eu-west-1:111122223333:prod-news"
CONFIG = (
    configuration(LADDER)
    .encode()
    .replace(b"name: prod,", b"name: prod, topic: '%b'," % TOPIC.encode())
)
REASON = "loses money on new customers"
HOSTILE = "<b>x</b> @ana #1 `a`\r\n\x1b[31m::error::y | \u202ez"


@dataclass
class House:
    """A promotion repository and both AWS services in memory."""

    clock: SettableClock = field(default_factory=SettableClock)
    registry: MemoryRegistry = field(default_factory=MemoryRegistry)
    notices: MemoryNotices = field(default_factory=MemoryNotices)
    stores: Mapping[str, MemoryParameters] = field(
        default_factory=lambda: {name: MemoryParameters() for name in LADDER}
    )

    def __post_init__(self) -> None:
        self.config = parse_config(CONFIG, CONTRACTS.config)
        files = {"assent.yaml": CONFIG, "CODEOWNERS": b"/promotions/ @ana @ben\n"}
        self.repository = MemoryRepository(files, now=self.clock.now)

    def world(self, fuse: Fuse | None = None, **others: Any) -> World:  # noqa: ANN401 - any field of World
        """What flows work on, for main's present head; calls go through the fuse."""
        fuse = fuse or Fuse(None)
        stores = {
            name: cast("Parameters", fused(store, fuse)) for name, store in self.stores.items()
        }
        world = World(
            config=self.config,
            contracts=CONTRACTS,
            history=self.repository,
            head=self.repository.commit("main"),
            registry=cast("Registry", fused(self.registry, fuse)),
            parameters=lambda environment: stores[environment.name],
            clock=self.clock,
            notices=self.notices,
            reports=lambda _: MemoryReports(),
        )
        return replace(world, **others)

    def register(self, version: int) -> Package:
        """A version of churn in the registry."""
        arn = f"arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/{version}"
        created, containers = self.clock.now(), (Container(image=f"xgboost:{version}"),)
        package = Package(arn=arn, created=created, created_by=None, containers=containers)
        self.registry.put(
            ModelVersion(
                arn=parse_package_arn(arn),
                package=package,
                status="Completed",
                approval=RegistryApproval.PENDING,
            )
        )
        return package

    def merge(self, record: Record, branch: str) -> None:
        """An approved pull request that brings a record is merged."""
        self.clock.advance(timedelta(minutes=1))
        self.repository.create_branch(branch, self.repository.commit("main"))
        self.repository.push(
            {record.id.path: write_record(record, CONTRACTS.promotion)}, branch=branch
        )
        number = self.repository.open_pull_request(branch, "x", "x").number
        self.merge_pull(number)

    def merge_pull(self, number: int) -> None:
        """Two code owners approve, and it is merged."""
        for login in ("ana", "ben"):
            self.repository.approve(number, login)
        self.repository.merge(number)

    def promote(self, *versions: int, to: str = "dev") -> None:
        """Versions are registered, and their records merged; nothing is applied."""
        for version in versions:
            found = {each.arn.version: each.package for each in self.registry.everything()}
            package = found.get(version) or self.register(version)
            record = Record(
                id=RecordId(to, "churn", version),
                decision=Decision.APPROVED,
                package=package,
                evidence=Evidence(source=EvidenceSource.TRAINING, collected=self.clock.now()),
            )
            self.merge(record, f"promote/{to}/churn/{version}")

    def live(self, *versions: int, to: Sequence[str] = ("dev",)) -> None:
        """Versions are promoted up some rungs, and applied."""
        for rung in to:
            self.promote(*versions, to=rung)
            assert self.apply().exit is Exit.OK

    def apply(self) -> ApplyReport:
        """Apply runs for the whole ladder."""
        return apply(self.world(), self.repository, self.config.environments)

    def current(self, environment: str = "dev") -> int | None:
        """What inference runs there."""
        value = json.loads(self.stores[environment].values[f"/assent/{environment}/churn/current"])
        found: int | None = value["version"]
        return found

    def retired(
        self, version: int = 1, environment: str = "dev", reason: str = REASON
    ) -> Retirement:
        """Ask for a retirement."""
        self.clock.advance(timedelta(minutes=1))
        id_ = RecordId(environment, "churn", version)
        return retire(self.world(), self.repository, id_, reason)

    def record(self, place: str, version: int = 1) -> Record:
        """The record of a version in dev, in a commit or on a branch."""
        content = self.repository.file(RecordId("dev", "churn", version).path, place)
        assert content is not None
        parsed = parse_record(content, CONTRACTS.promotion)
        assert isinstance(parsed, ParsedRecord)
        return parsed.record

    def retirements(self) -> list[MemoryPull]:
        """Every pull request that retires something."""
        return [pull for pull in self.repository.pulls if pull.branch.startswith("retire/")]


@pytest.fixture
def house() -> House:
    """Versions 1 and 2 are approved in dev; 2 is live."""
    made = House()
    made.live(1, 2)
    return made


# One pull request.


def test_a_retirement_is_one_labelled_pull_request_of_one_field(house: House) -> None:
    """Only status and reason of the record change, on the retirement's own branch."""
    before = house.record("main", 2)
    blob = house.repository.lookup(house.repository.commit("main"), [before.id.path])
    asked = house.retired(2)
    (pull,) = house.retirements()
    assert (asked.url, asked.number, asked.attempt) == (pull.url, pull.number, Attempt.OPENED)
    assert pull.branch == f"retire/dev/churn/2-{blob[before.id.path].blob[:12]}"
    assert pull.title == "Retire churn 2 from dev"
    assert pull.labels == ["assent", "environment: dev", "model: churn"]
    assert house.record(pull.head, 2) == replace(before, decision=Decision.RETIRED, reason=REASON)
    main = house.repository.commit("main")
    assert house.repository.changed(main, pull.head) == [before.id.path]
    assert house.stores["dev"].values["/assent/dev/churn/current"].count('"version":2') == 1


def test_merging_it_does_what_its_page_says(house: House) -> None:
    """Current falls back to the version that was foretold, and the check accepts the change."""
    asked = house.retired(2)
    (pull,) = house.retirements()
    assert "run version **1** in place of **2**" in pull.body
    assert asked.consequences == Consequences(
        live=2, effective=Decision.APPROVED, fallback=Fallback(version=1)
    )
    head, base = pull.head, house.repository.commit("main")
    judged = check(
        house.repository,
        CONTRACTS,
        clock=SettableClock(),
        head=head,
        base=base,
        head_branch=pull.branch,
        workers=1,
    )
    assert judged.findings == ()
    house.repository.approve(pull.number, "ana")  # one suffices
    house.repository.merge(pull.number)
    assert house.apply().exit is Exit.OK
    assert house.current() == 1


def test_asking_again_finds_the_open_pull_request(house: House) -> None:
    """Nothing is written, whatever reason the second call gives; it tells the one that stands."""
    first = house.retired(2)
    before = (house.repository.branches.copy(), replace(house.retirements()[0]))
    again = house.retired(2, reason="another reason")
    assert (again.number, again.attempt, again.reason) == (
        first.number,
        Attempt.ALREADY_OPEN,
        REASON,
    )
    assert (house.repository.branches, house.retirements()[0]) == before


def test_a_declined_retirement_can_be_asked_for_again(house: House) -> None:
    """Closing left the version live; a new call opens a fresh pull request with its own reason."""
    declined = house.retired(2)
    house.repository.close(declined.number)
    assert house.apply().exit is Exit.OK
    assert house.current() == 2
    again = house.retired(2, reason="it drifts")
    assert again.number != declined.number
    assert (again.attempt, again.declined) == (Attempt.OPENED, declined.url)
    assert house.record(house.retirements()[1].head, 2).reason == "it drifts"
    house.merge_pull(again.number)
    house.apply()
    assert house.current() == 1


def test_another_approval_of_the_version_has_another_branch(house: House) -> None:
    """A version that was retired and approved anew on fresh evidence can be retired again."""
    first = house.retired(2)
    house.merge_pull(first.number)
    house.apply()
    house.clock.advance(timedelta(hours=1))
    fresh = Evidence(source=EvidenceSource.TRAINING, collected=house.clock.now())
    retired = house.record("main", 2)
    house.merge(
        replace(retired, decision=Decision.APPROVED, reason="", evidence=fresh), "promote/again"
    )
    assert house.apply().exit is Exit.OK
    assert house.current() == 2
    second = house.retired(2)
    one, other = house.retirements()
    assert (second.declined, one.branch != other.branch) == (None, True)


def test_a_branch_that_was_merged_before_is_not_used_again(house: House) -> None:
    """Where the very record came back, the old branch would conflict: it says to delete it."""
    before = house.repository.file("promotions/dev/churn/2.yaml", "main")
    first = house.retired(2)
    house.merge_pull(first.number)
    house.repository.push({"promotions/dev/churn/2.yaml": before})
    with pytest.raises(Occupied, match=f"merged by {first.url}") as refused:
        house.retired(2)
    branch = house.retirements()[0].branch
    assert branch in refused.value.hint
    del house.repository.branches[branch]
    assert house.retired(2).attempt is Attempt.OPENED


def test_a_branch_that_changes_more_is_refused(house: House) -> None:
    """Somebody took the name and put something else beside the record."""
    asked = house.retired(2)
    house.repository.close(asked.number)
    branch = house.retirements()[0].branch
    house.repository.push({"assent.yaml": CONFIG + b"# evil\n"}, branch=branch)
    with pytest.raises(Occupied, match=r"changes 'assent\.yaml'; a retirement changes"):
        house.retired(2)
    assert len(house.retirements()) == 1


def test_what_stands_on_the_branch_is_replaced_unless_it_says_the_same(house: House) -> None:
    """A record that somebody put there beforehand is not what gets proposed."""
    blob = blob_id(house.repository.file("promotions/dev/churn/2.yaml", "main") or b"")
    branch = f"retire/dev/churn/2-{blob[:12]}"
    house.repository.create_branch(branch, house.repository.commit("main"))
    other = replace(house.record("main", 2), reason="as approved as ever")
    house.repository.push({other.id.path: write_record(other, CONTRACTS.promotion)}, branch=branch)
    asked = house.retired(2)
    assert asked.attempt is Attempt.COMPLETED
    record = house.record(house.retirements()[0].head, 2)
    assert (record.decision, record.reason) == (Decision.RETIRED, REASON)


def test_a_pull_request_that_a_person_opened_counts(house: House) -> None:
    """From the retirement's branch one pull request is enough, whoever opened it."""
    first = house.retired(2)
    (pull,) = house.retirements()
    pull.author = "zoe"
    again = house.retired(2, reason="another reason")
    assert (again.number, again.attempt, again.reason) == (
        first.number,
        Attempt.ALREADY_OPEN,
        REASON,
    )
    assert len(house.retirements()) == 1


class Overtaken(MemoryRepository):
    """A forge on which another call runs to its end just before ours opens its pull request."""

    def __init__(self, house: House, reason: str) -> None:
        super().__init__({}, now=house.clock.now)
        self.__dict__.update(house.repository.__dict__)
        self._house = house
        self._reason = reason
        self._overtaken = False

    def open_pull_request(self, branch: str, title: str, body: str, /) -> Any:  # noqa: ANN401 - as the fake
        """Let the other go first, once."""
        if not self._overtaken:
            self._overtaken = True
            self._house.retired(2, reason=self._reason)
        return super().open_pull_request(branch, title, body)


@pytest.mark.parametrize("reason", [REASON, "another reason"])
def test_two_at_once_open_one_pull_request(house: House, reason: str) -> None:
    """The page gives the reason that the record on the branch gives in the end."""
    asked = retire(house.world(), Overtaken(house, reason), RecordId("dev", "churn", 2), REASON)
    (pull,) = house.retirements()
    assert (asked.number, asked.attempt) == (pull.number, Attempt.ALREADY_OPEN)
    assert house.record(pull.branch, 2).reason == asked.reason
    assert f"**Reason**: `{asked.reason}`" in pull.body
    assert pull.labels == ["assent", "environment: dev", "model: churn"]


def _ends_like(house: House, other: House) -> bool:
    def state(each: House) -> list[Any]:
        return [
            (pull.branch, pull.title, pull.body, pull.labels, pull.state, each.record(pull.head, 2))
            for pull in each.retirements()
        ]

    return state(house) == state(other)


def test_killed_at_any_call_and_run_again_it_ends_as_one_clean_run() -> None:
    """The process dies before or after each of its remote calls."""
    clean = House()
    clean.live(1, 2)
    fuse = Fuse(None)
    id_ = RecordId("dev", "churn", 2)
    retire(clean.world(fuse), cast("Forge", fused(clean.repository, fuse)), id_, REASON)
    assert fuse.calls > 8
    for at in range(1, fuse.calls + 1):
        for after in (False, True):
            house = House()
            house.live(1, 2)
            dying = Fuse(Cut(at=at, after=after))
            with pytest.raises(Crash):
                retire(
                    house.world(dying), cast("Forge", fused(house.repository, dying)), id_, REASON
                )
            retire(house.world(), house.repository, id_, REASON)
            assert _ends_like(house, clean), (at, after)


# What is refused, each in its own words.


@pytest.mark.parametrize(
    ("version", "environment", "error", "exits", "said"),
    [
        (9, "dev", NoRecord, Exit.NOTHING_READ, "main holds no record of churn 9 in dev"),
        (2, "test", NoRecord, Exit.NOTHING_READ, "main holds no record of churn 2 in test"),
        (3, "dev", NotRetirable, Exit.FINDINGS, "was rejected: what was never approved cannot"),
        (4, "dev", NotRetirable, Exit.FINDINGS, "is retired already: 'out of date'"),
        (5, "dev", NotRetirable, Exit.FINDINGS, "the record of churn 5 in dev does not read: "),
        (2, "nowhere", AssentError, Exit.USAGE, "'nowhere' is no environment of assent.yaml"),
    ],
)
def test_what_cannot_be_retired_is_told_apart(
    house: House,
    version: int,
    environment: str,
    *,
    error: type[AssentError],
    exits: Exit,
    said: str,
) -> None:
    """Nothing is written, and each reason has its own words."""
    for number, decision in ((3, Decision.REJECTED), (4, Decision.RETIRED)):
        record = replace(
            house.record("main", 2),
            id=RecordId("dev", "churn", number),
            decision=decision,
            reason="out of date",
        )
        house.repository.push({record.id.path: write_record(record, CONTRACTS.promotion)})
    house.repository.push({"promotions/dev/churn/5.yaml": b"status: Approved\nstatus: Retired\n"})
    before = house.repository.branches.copy()
    with pytest.raises(error) as refused:
        house.retired(version, environment)
    assert refused.value.exit is exits
    assert said in refused.value.message
    assert refused.value.hint
    assert house.repository.branches == before
    assert house.retirements() == []


@pytest.mark.parametrize("model", ["", "../dev/churn", "-x", "a" * 64, "chürn", "a b"])
def test_a_name_that_no_model_can_have_is_refused(house: House, model: str) -> None:
    """It becomes no path and no branch."""
    with pytest.raises(InvalidName, match="cannot be a version of a model"):
        retire(house.world(), house.repository, RecordId("dev", model, 1), REASON)


def test_a_clone_that_is_behind_is_refused(house: House) -> None:
    """What it holds may not be what would be retired."""
    world = house.world()
    house.repository.push({"README.md": b"newer"})
    with pytest.raises(BehindMain, match=r"this clone is at \w+, and main is at \w+") as refused:
        retire(world, house.repository, RecordId("dev", "churn", 2), REASON)
    assert "Fetch" in refused.value.hint
    assert house.retirements() == []


@pytest.mark.parametrize("reason", ["", " ", "\n\t", "\x00\x1b\u202e\ud800"])
def test_a_retirement_needs_a_reason(house: House, reason: str) -> None:
    """What would be empty once it is clean is none."""
    with pytest.raises(InvalidReason, match="needs a reason") as refused:
        house.retired(2, reason=reason)
    assert refused.value.exit is Exit.USAGE


def test_a_reason_longer_than_a_record_holds_is_refused(house: House) -> None:
    """It is never cut in silence; 500 characters fit."""
    with pytest.raises(InvalidReason, match="has 9999 characters; a record holds 500"):
        house.retired(2, reason="x\n" * 5000)
    assert house.retirements() == []
    house.retired(2, reason="ü" * 500)
    assert house.record(house.retirements()[0].head, 2).reason == "ü" * 500


def test_a_hostile_reason_is_one_line_of_text(house: House) -> None:
    """In the record on one line; on the page within a code span; in a terminal escaped."""
    asked = house.retired(2, reason=HOSTILE)
    reason = house.record(house.retirements()[0].head, 2).reason
    assert reason.isprintable()
    assert reason.startswith("<b>x</b> @ana #1 `a`")
    shown = reason.replace("@ana", "\\u0040ana").replace("#1", "\\u00231")
    assert f"**Reason**: `` {shown} ``" in house.retirements()[0].body
    assert all(line.isprintable() for line in retirement_text(asked).split("\n"))


# What the page foresees.


def test_the_last_version_stops_inference() -> None:
    """With nothing to fall back to, the page says so, and current becomes null."""
    house = House()
    house.live(1)
    asked = house.retired(1)
    assert asked.consequences is not None
    assert asked.consequences.fallback == Fallback(version=None)
    assert "**Merging stops inference in `dev`**" in house.retirements()[0].body
    house.merge_pull(asked.number)
    house.apply()
    assert house.current() is None


def test_a_version_below_the_live_one_changes_nothing_live(house: House) -> None:
    """The page says that current stays."""
    asked = house.retired(1)
    assert asked.consequences is not None
    assert asked.consequences.fallback == Fallback(version=2)
    assert "**current stays 2**" in house.retirements()[0].body
    house.merge_pull(asked.number)
    house.apply()
    assert house.current() == 2


def test_a_fallback_is_looked_for_among_many() -> None:
    """Rejected and retired versions in between are passed over, however many."""
    house = House()
    house.live(1, 15)
    for version in range(2, 15):
        record = replace(
            house.record("main", 1),
            id=RecordId("dev", "churn", version),
            decision=Decision.REJECTED,
            reason="no",
        )
        house.repository.push({record.id.path: write_record(record, CONTRACTS.promotion)})
    asked = house.retired(15)
    assert asked.consequences is not None
    assert asked.consequences.fallback == Fallback(version=1)


def test_a_version_whose_package_was_replaced_is_passed_over() -> None:
    """Apply would not fall back to it; the page names it, and the one that it will be."""
    house = House()
    house.live(1, 2, 3)
    house.clock.advance(timedelta(hours=1))
    house.register(2)
    asked = house.retired(3)
    assert asked.consequences is not None
    fallback = asked.consequences.fallback
    assert isinstance(fallback, Fallback)
    assert (fallback.version, [each.version for each in fallback.passed_over]) == (1, [2])
    assert "Version 2 is approved, and `current` cannot fall back" in house.retirements()[0].body
    house.merge_pull(asked.number)
    house.apply()
    assert house.current() == 1


def test_a_version_whose_package_is_gone_is_passed_over() -> None:
    """As one whose package was replaced."""
    house = House()
    house.live(1, 2)
    house.registry.delete(parse_package_arn(house.record("main", 1).package.arn))
    asked = house.retired(2)
    assert asked.consequences is not None
    assert asked.consequences.fallback == Fallback(
        version=None,
        passed_over=(
            PassedOver(
                version=1,
                why="the registry has no model package "
                "arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/1",
            ),
        ),
    )


def test_an_approval_that_is_not_in_effect_can_be_retired() -> None:
    """Saying no waits for nothing, apply included; the page says how things stand."""
    house = House()
    house.live(1)
    house.promote(2)  # merged, and never applied
    asked = house.retired(2)
    assert asked.consequences is not None
    assert asked.consequences.effective is None
    assert asked.consequences.fallback == Fallback(version=1)
    assert "The approval of version 2 is not in effect" in house.retirements()[0].body
    assert "its approval is not in effect (last: nothing decided)" in retirement_text(asked)


def test_rungs_above_that_still_run_it_are_named() -> None:
    """Each that runs it, or approves it below a newer one; those that do not are left out."""
    house = House()
    house.live(1, 2, to=("dev", "test"))
    house.live(1, to=("prod",))
    first = house.retired(1)
    assert first.consequences is not None
    assert first.consequences.above == (
        RungAbove(environment="test", runs=False),
        RungAbove(environment="prod", runs=True),
    )
    body = house.retirements()[0].body
    assert "`test` still approves version 1" in body
    assert "`prod` still runs version 1" in body
    second = house.retired(2)
    assert second.consequences is not None
    assert second.consequences.above == (RungAbove(environment="test", runs=True),)


class Silent(MemoryParameters):
    """Parameters that cannot be read."""

    def read(self, _names: Sequence[str], /) -> Mapping[str, str]:
        """Fail, as Parameter Store does while it is down."""
        raise Unavailable("Parameter Store did not answer `x` <b>")


def _tampered(house: House, name: str) -> None:
    house.stores["dev"].values[f"/assent/dev/churn/{name}"] = "garbage"


@pytest.mark.parametrize(
    ("tamper", "warning"),
    [
        (lambda house: _tampered(house, "current"), "`current` could not be read"),
        (
            lambda house: _tampered(house, "versions/2"),
            "Whether the approval is in effect could not be read",
        ),
        (lambda house: _tampered(house, "versions/1"), "What `current` falls back to could not"),
    ],
)
def test_what_does_not_read_holds_up_no_retirement(
    house: House, tamper: Callable[[House], None], warning: str
) -> None:
    """The pull request is opened all the same, and its page tells what it cannot tell."""
    tamper(house)
    asked = house.retired(2)
    (pull,) = house.retirements()
    assert asked.attempt is Attempt.OPENED
    assert "> [!WARNING]" in pull.body
    assert warning in pull.body


def test_a_service_that_is_down_holds_up_no_retirement(house: House) -> None:
    """Neither Parameter Store nor the registry is needed to ask."""
    silent = Silent()
    asked = retire(
        house.world(parameters=lambda _: silent),
        house.repository,
        RecordId("dev", "churn", 2),
        REASON,
    )
    assert asked.consequences is not None
    assert isinstance(asked.consequences.live, Unread)
    assert isinstance(asked.consequences.fallback, Unread)
    assert [rung.environment for rung in asked.consequences.above] == ["test", "prod"]
    body = house.retirements()[0].body
    assert "`` Parameter Store did not answer `x` <b> ``" in body
    assert "the next highest approved version, or no version" in body


def test_a_registry_that_is_down_leaves_the_fallback_unchecked(house: House) -> None:
    """Its version is named, and that nobody could look at its package."""

    class Down(MemoryRegistry):
        def describe(self, _arn: object, /) -> ModelVersion:
            raise Unavailable("SageMaker did not answer")

    found = consequences(house.world(registry=Down()), RecordId("dev", "churn", 2))
    assert found.fallback == Fallback(version=1, unchecked="SageMaker did not answer")


# What is told beside GitHub.


def test_a_topic_is_told_once_before_the_labels_are_put_on() -> None:
    """With the link; a call that finds it labelled tells nobody again."""
    house = House()
    house.live(1, to=LADDER)
    house.notices.published.clear()
    asked = house.retired(1, "prod")
    (told,) = house.notices.published
    assert (told.topic, told.subject) == (TOPIC, "Decision wanted: retire churn 1 from prod")
    assert asked.url in told.text
    assert "current is version 1 now, and no version once it is merged and applied" in told.text
    house.retired(1, "prod")
    assert len(house.notices.published) == 1


def test_what_was_cut_off_before_the_labels_is_told_by_the_next_call() -> None:
    """At least once: the missing labels tell that the first call did not get that far."""
    house = House()
    house.live(1, to=LADDER)
    house.retired(1, "prod")
    house.notices.published.clear()
    house.retirements()[0].labels.clear()
    assert house.retired(1, "prod").attempt is Attempt.COMPLETED
    assert len(house.notices.published) == 1
    assert house.retirements()[0].labels == ["assent", "environment: prod", "model: churn"]


def test_a_topic_that_fails_is_reported_and_blocks_nothing() -> None:
    """The pull request is open and labelled."""
    house = House(notices=MemoryNotices(failing=[TOPIC]))
    house.live(1, to=LADDER)
    asked = house.retired(1, "prod")
    assert asked.not_notified is not None
    assert house.retirements()[0].labels
    assert f"not told {TOPIC}: {asked.not_notified.message}" in retirement_text(asked)
    assert retirement_values(asked)["not_notified"] == {
        "topic": TOPIC,
        "message": asked.not_notified.message,
    }


def test_the_outcome_tells_people_and_programs(house: House) -> None:
    """Text names the pull request and what current becomes; JSON has the same in fields."""
    asked = house.retired(2)
    assert retirement_text(asked) == (
        f"churn 2 in dev: {asked.url} (opened)\n"
        f"  reason: {REASON}\n"
        "  current is version 2 now, and version 1 once it is merged and applied"
    )
    assert retirement_values(asked) == {
        "outcome": "retirement",
        "environment": "dev",
        "model": "churn",
        "version": 2,
        "pull_request": asked.url,
        "attempt": "opened",
        "reason": REASON,
        "declined": None,
        "consequences": {
            "live": 2,
            "effective": "Approved",
            "becomes": 1,
            "passed_over": [],
            "above": [],
        },
        "not_notified": None,
    }
    again = retirement_values(house.retired(2))
    assert (again["attempt"], again["consequences"]) == ("already open", None)


def test_a_branch_that_keeps_changing_is_tried_again_later(house: House) -> None:
    """After a few attempts nothing is forced."""

    class Restless(MemoryRepository):
        def add_file(self, *_args: Any, **_more: Any) -> None:  # noqa: ANN401 - whatever it is given
            raise AlreadyThere("somebody was first")

    forge = Restless({}, now=house.clock.now)
    forge.__dict__.update(house.repository.__dict__)
    with pytest.raises(Unavailable, match="kept changing") as refused:
        retire(house.world(), forge, RecordId("dev", "churn", 2), REASON)
    assert refused.value.retryable
    assert [pull for pull in house.retirements() if pull.state is ProposalState.OPEN] == []
