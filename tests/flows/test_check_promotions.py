"""What `assent check` demands of a promotion: where findings stand, and what GitHub is asked."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.flows.test_check import CONTRACTS, Told, config, record

from assent.adapters.memory import SettableClock
from assent.adapters.memory_repository import MemoryRepository
from assent.core.approval import Bringing
from assent.core.config import parse_config
from assent.core.errors import Exit
from assent.core.findings import CheckReport, Finding, Severity
from assent.core.forge import PullRequestState
from assent.core.gates import GateHolds, GateWaived, admits, judge_gates
from assent.core.names import RecordId, parse_path
from assent.core.record import ParsedRecord, Record, parse_record
from assent.core.rendering.findings import render_github, render_json, render_text
from assent.core.review import BrokenGlass, Champion
from assent.core.rules.subject import Standing
from assent.flows import check as flow
from assent.flows import check_promotions
from assent.flows.check import check
from assent.flows.check_promotions import NoVerdict
from assent.flows.circumstances import Circumstances, ForgeCircumstances
from assent.ports import Forge, NotThere, Unavailable

DEV, TEST = "promotions/dev/churn/7.yaml", "promotions/test/churn/7.yaml"
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
FLOOR = {"id": "auc-floor", "metric": "auc", "at_least": 0.8}
REGRESSION = {"id": "auc-regression", "metric": "auc", "no_worse_than_champion_by": 0.01}


@dataclass
class House:
    """A repository, its pull requests, and a clock."""

    settings: Mapping[str, Any]
    clock: SettableClock = field(default_factory=lambda: SettableClock(NOON))
    repository: MemoryRepository = field(init=False)

    def __post_init__(self) -> None:
        self.repository = MemoryRepository(
            {"assent.yaml": config(self.settings)}, now=self.clock.now
        )

    def proposed(
        self, path: str, settings: Mapping[str, Any] | None = None, *, branch: str = ""
    ) -> int:
        """Open the pull request of a record, and tell its number."""
        name = branch or path.replace("promotions/", "promote/").removesuffix(".yaml")
        self.repository.create_branch(name, self.repository.tip())
        self.repository.push({path: record(path, settings)}, branch=name)
        return self.repository.open_pull_request(name, "t", "b").number

    def merged(self, path: str, settings: Mapping[str, Any] | None = None) -> None:
        """Have the pull request of a record approved and merged."""
        number = self.proposed(path, settings)
        self.repository.approve(number, "ana")
        self.repository.merge(number)

    def judged(self, number: int, circumstances: Circumstances | None = None) -> CheckReport:
        """Check a pull request."""
        pull = self.repository.pull(number)
        return check(
            self.repository,
            CONTRACTS,
            clock=self.clock,
            head=pull.head,
            base=self.repository.tip(),
            head_branch=pull.branch,
            circumstances=circumstances,
            workers=1,
        )

    def circumstances(
        self,
        number: int | None = None,
        judge_glass: Callable[[Forge, PullRequestState, str], BrokenGlass | None] | None = None,
    ) -> ForgeCircumstances:
        """What the repository's own pull requests tell."""
        return ForgeCircumstances(
            history=self.repository,
            base=self.repository.tip(),
            forge=lambda: self.repository,
            judge_glass=judge_glass or (lambda _forge, _pull, _path: None),
            number=number,
        )


def demanding(environment: str, **demands: object) -> House:
    return House({"demands": {environment: demands}})


def rules(report: CheckReport) -> list[tuple[str, Severity]]:
    return [(finding.rule, finding.severity) for finding in report.findings]


# Where a finding stands.


def text_at(house: House, number: int, finding: Finding) -> str:
    """The line of the record that a finding stands at."""
    content = house.repository.file(finding.path, house.repository.pull(number).head)
    assert content is not None
    return content.decode().splitlines()[finding.line - 1].strip()


@pytest.mark.parametrize(
    ("gate", "settings", "place", "line"),
    [
        (FLOOR, {"auc": 0.5}, "evidence.metrics.auc", "auc: {value: 0.5}"),
        ({**FLOOR, "metric": "f1"}, {}, "evidence.metrics.f1", "metrics:"),
        (
            {**FLOOR, "measured_in": "inference"},
            {"inference": {"environment": "dev"}},
            "evidence.inference.metrics.auc",
            "metrics: {}",
        ),
        (
            {**FLOOR, "measured_in": "inference"},
            {"inference": None},
            "evidence.inference.metrics.auc",
            "evidence:",
        ),
        (
            {"id": "auc-floor", "no_violations": True, "measured_in": "inference"},
            {"inference": {"environment": "dev"}},
            "evidence.inference.violations",
            "violations: []",
        ),
        ({"id": "auc-floor", "no_violations": True}, {}, "evidence.violations", "evidence:"),
        (
            FLOOR,
            {"auc": 0.5, "waivers": [{"gate": "auc-floor", "reason": "r", "asked_by": "ana"}]},
            "waivers[0]",
            "- gate: auc-floor",
        ),
    ],
)
def test_a_gate_is_told_where_the_record_says_it(
    gate: Mapping[str, Any], settings: Mapping[str, Any], place: str, line: str
) -> None:
    """At the metric, at the violations, or at what lacks them; waived, at the waiver."""
    house = demanding("test", gates=[gate])
    house.merged(DEV)
    number = house.proposed(TEST, settings)
    findings = house.judged(number).findings
    (finding,) = [each for each in findings if each.rule != "inference-missing"]
    assert (finding.rule, finding.place) == ("gate", place)
    assert text_at(house, number, finding) == line


def test_a_waiver_is_told_at_its_own_line() -> None:
    """Each at the field that is wrong, or at the waiver where one is missing."""
    house = demanding("dev", gates=[FLOOR, REGRESSION])
    waivers = [
        {"gate": "auc-regression", "reason": "r"},
        {"gate": "auc-flor", "reason": "r", "asked_by": "ana"},
        {"gate": "auc-floor", "reason": "r", "asked_by": "ana"},
    ]
    number = house.proposed(DEV, {"waivers": waivers})
    found = house.judged(number).findings
    assert [(each.rule, each.place, each.severity) for each in found] == [
        ("waiver", "waivers[0]", Severity.ERROR),
        ("waiver", "waivers[1].gate", Severity.ERROR),
        ("waiver", "waivers[2]", Severity.WARNING),
    ]
    assert [text_at(house, number, each) for each in found] == [
        "- gate: auc-regression",
        "- gate: auc-flor",
        "- gate: auc-floor",
    ]


def test_a_wait_is_told_at_the_status() -> None:
    """It is the status that has to wait, and an annotation stands beside it."""
    house = House({"top": {"stop_the_line": "incident 12"}})
    number = house.proposed(DEV)
    (finding,) = house.judged(number, Told()).findings
    assert (finding.rule, finding.place) == ("stop-the-line", "status")
    assert text_at(house, number, finding) == "status: Approved"
    assert f"file={DEV},line={finding.line},title=stop-the-line" in render_github(
        house.judged(number, Told())
    )


# Waivers.


def test_a_waived_gate_is_a_visible_exception() -> None:
    """A warning with the gate, the numbers, who asks and why, and what it costs."""
    house = demanding("dev", gates=[REGRESSION])
    house.merged("promotions/dev/churn/6.yaml", {"auc": 0.95})
    waiver = {"gate": "auc-regression", "reason": "a new market", "asked_by": "ana"}
    report = house.judged(house.proposed(DEV, {"waivers": [waiver]}))
    (finding,) = report.findings
    assert (finding.rule, finding.severity) == ("gate", Severity.WARNING)
    assert finding.message == (
        "the gate auc-regression fails and is waived: 'auc', against version 6: 0.9 against 0.95: "
        "worse by 0.05, may be worse by 0.01; ana asks for it: 'a new market'"
    )
    assert "one approval more" in finding.remedy
    (review,) = report.reviews
    assert (review.approvals, review.waived) == (3, 1)


def test_a_waiver_without_who_asks_excuses_nothing() -> None:
    """The gate stands in the way, and the waiver says why it does not help."""
    house = demanding("dev", gates=[FLOOR])
    waiver = {"gate": "auc-floor", "reason": "a new market"}
    report = house.judged(house.proposed(DEV, {"auc": 0.5, "waivers": [waiver]}))
    assert sorted(rules(report)) == [("gate", Severity.ERROR), ("waiver", Severity.ERROR)]


HOSTILE = "x ##[error]y ::error::z \u202e `b` <!-- @ana fixes #12 | %0A"


def test_no_text_of_a_record_or_a_configuration_acts() -> None:
    """Metric names and reasons of either side are shown, escaped, in every form."""
    gate = {"id": "g", "metric": HOSTILE, "at_least": 2}
    top = {"stop_the_line": HOSTILE.replace("\u202e", "")}
    house = House(
        {"demands": {"dev": {"gates": [gate | {"metric": top["stop_the_line"]}]}}, "top": top}
    )
    waiver = {"gate": "g", "reason": HOSTILE, "asked_by": "ana"}
    report = house.judged(house.proposed(DEV, {"waivers": [waiver]}), Told())
    assert [finding.rule for finding in report.findings] == ["stop-the-line", "gate"]
    for render in (render_text, render_json, render_github):
        text = render(report)
        assert all(" " <= character <= "~" or character == "\n" for character in text)
        assert "##[" not in text
        commands = [line for line in text.splitlines() if line.lstrip().startswith("::")]
        assert len(commands) == (2 if render is render_github else 0)


# What GitHub is asked, and when.

ALWAYS = {"reason": "r", "zone": "UTC", "weekly": {"from": "Mon 00:00", "until": "Sun 23:59"}}
OVER = {"reason": "r", "zone": "UTC", "from": "2026-01-01T00:00", "until": "2026-02-01T00:00"}


@pytest.mark.parametrize(
    ("settings", "status", "merged", "asked"),
    [
        ({}, "Approved", None, []),
        ({"demands": {"test": {"gates": [FLOOR]}}}, "Approved", None, []),
        ({"demands": {"uat": {"soak": "1h"}}}, "Approved", None, []),
        ({"top": {"freezes": [OVER]}}, "Approved", None, []),
        ({"top": {"freezes": [{**ALWAYS, "environments": ["dev"]}]}}, "Approved", None, []),
        ({"top": {"freezes": [ALWAYS]}}, "Approved", None, ["glass"]),
        ({"top": {"freezes": [ALWAYS]}}, "Rejected", None, []),
        ({"top": {"stop_the_line": "x"}}, "Approved", None, ["glass"]),
        ({"top": {"stop_the_line": "x"}}, "Retired", None, []),
        ({"demands": {"test": {"soak": "1h"}}}, "Approved", NOON - timedelta(hours=1), ["since"]),
        ({"demands": {"test": {"soak": "1h"}}}, "Approved", NOON, ["since", "glass"]),
        ({"demands": {"test": {"soak": "1h"}}}, "Rejected", NOON, []),
    ],
)
def test_github_is_asked_only_what_decides_something(
    settings: Mapping[str, Any], status: str, merged: datetime | None, asked: Sequence[str]
) -> None:
    """A check that nothing holds up costs no call, and needs no credentials."""
    house = House(settings)
    house.repository.push({DEV: record(DEV)})
    if status == "Retired":
        house.repository.push({TEST: record(TEST)})
    told = Told(merged={} if merged is None else {DEV: merged})
    reason = "" if status == "Approved" else "drift"
    house.judged(house.proposed(TEST, {"status": status, "reason": reason}), told)
    assert [each.split()[0] for each in told.asked] == asked
    assert all(each.split()[1] in {DEV, TEST} for each in told.asked)


class Silent:
    """GitHub does not answer."""

    def below_since(self, _below: RecordId, /) -> datetime | None:
        """See `Circumstances`."""
        raise Unavailable("GitHub did not answer")

    def broke_glass(self, _id: RecordId, /) -> BrokenGlass | None:
        """See `Circumstances`."""
        raise Unavailable("GitHub did not answer")


@pytest.mark.parametrize(
    "settings",
    [{"demands": {"test": {"soak": "1h"}}}, {"top": {"stop_the_line": "x"}}],
)
def test_without_an_answer_there_is_no_verdict(settings: Mapping[str, Any]) -> None:
    """What GitHub does not tell is neither a yes nor a no."""
    house = House(settings)
    house.repository.push({DEV: record(DEV)})
    with pytest.raises(Unavailable):
        house.judged(house.proposed(TEST), Silent())


@pytest.mark.parametrize(
    ("settings", "rule", "said"),
    [
        ({"demands": {"test": {"soak": "1h"}}}, "soak", "not judged offline: since when"),
        (
            {"top": {"stop_the_line": "incident 12"}},
            "stop-the-line",
            "whether the label `assent: break-glass` lifts this: the line is stopped: incident 12",
        ),
    ],
)
def test_offline_a_warning_says_what_was_not_judged(
    settings: Mapping[str, Any], rule: str, said: str
) -> None:
    """Nobody takes a verdict that was reached without GitHub for one that was reached with it."""
    house = House(settings)
    house.repository.push({DEV: record(DEV)})
    (finding,) = house.judged(house.proposed(TEST)).findings
    assert (finding.rule, finding.severity) == (rule, Severity.WARNING)
    assert said in finding.message
    assert "--offline" in finding.remedy


def test_glass_that_is_broken_names_who() -> None:
    """Each thing that it lifts is a warning of its own; a failing gate stays an error."""
    house = House({"top": {"stop_the_line": "x"}, "demands": {"dev": {"gates": [FLOOR]}}})
    glass = BrokenGlass(by="ben", at=NOON)
    report = house.judged(house.proposed(DEV, {"auc": 0.5}), Told(glass=glass))
    assert rules(report) == [("stop-the-line", Severity.WARNING), ("gate", Severity.ERROR)]
    assert "ben broke the glass at 2026-11-27T12:00:00Z" in report.findings[0].message


# What a repository's pull requests tell.


def test_a_soak_counts_from_the_merge_below() -> None:
    """As GitHub has it, to the second, on the real flow of pull requests."""
    house = demanding("test", soak="24h")
    house.merged(DEV)
    number = house.proposed(TEST)
    house.clock.advance(timedelta(hours=24, seconds=-1))
    assert rules(house.judged(number, house.circumstances())) == [("soak", Severity.ERROR)]
    house.clock.advance(timedelta(seconds=1))
    assert rules(house.judged(number, house.circumstances())) == []


def test_a_record_below_that_was_pushed_never_soaks() -> None:
    """Without a merged pull request nothing but git tells a time, and git can be made to."""
    house = demanding("test", soak="1h")
    house.repository.push({DEV: record(DEV)})
    number = house.proposed(TEST)
    house.clock.advance(timedelta(days=365))
    assert rules(house.judged(number, house.circumstances())) == [("soak", Severity.ERROR)]


def test_a_record_below_that_changed_soaks_anew() -> None:
    """What is approved there now is approved since its own merge."""
    house = demanding("test", soak="1h")
    house.merged(DEV, {"status": "Rejected", "reason": "too weak"})
    house.clock.advance(timedelta(days=1))
    fresh = {"collected": "2026-11-27T10:00:00Z"}
    number = house.proposed(DEV, fresh, branch="promote/dev/churn/7-20261127T100000Z")
    house.repository.approve(number, "ana")
    house.repository.merge(number)
    above = house.proposed(TEST)
    assert rules(house.judged(above, house.circumstances())) == [("soak", Severity.ERROR)]
    house.clock.advance(timedelta(hours=1))
    assert house.judged(above, house.circumstances()).findings == ()


@pytest.mark.parametrize("settings", [{"status": "Retired", "reason": "drift"}, {"image": "x"}])
def test_another_record_below_does_not_soak(settings: Mapping[str, Any]) -> None:
    """Only the very package, approved: what was retired, or is another, does not count."""
    house = demanding("test", soak="1h")
    created = "2026-11-22T08:00:00Z" if "image" in settings else "2026-11-22T09:00:00Z"
    house.merged(DEV, {"created": created})
    if "status" in settings:
        number = house.proposed(DEV, settings, branch="retire/dev/churn/7")
        house.repository.approve(number, "ana")
        house.repository.merge(number)
    house.clock.advance(timedelta(days=9))
    told = Told(merged={DEV: NOON - timedelta(days=9)})
    report = house.judged(house.proposed(TEST), told)
    assert {finding.rule for finding in report.findings} == {"soak", "rung-below"}
    assert told.asked == [f"glass {TEST}"]


def test_of_pulls_merged_into_one_another_the_one_that_made_the_commit_counts() -> None:
    """Else the latest: a soak rather lasts too long than too short."""

    def pull(number: int, hour: int, commit: str) -> Bringing:
        return Bringing(
            number=number,
            url="u",
            author="bot",
            merged_at=NOON.replace(hour=hour),
            merged_by="ana",
            merge_commit=commit,
            head="h",
            blob=None,
        )

    class Brought(MemoryRepository):
        found: Sequence[Bringing] = ()

        def brought(self, commit: str, path: str, /) -> Sequence[Bringing]:
            """As the test says."""
            assert (commit, path) == (self.tip(), DEV)
            return self.found

    repository = Brought({DEV: b"x"}, now=lambda: NOON)
    tip = repository.tip()
    asked = ForgeCircumstances(
        history=repository,
        base=tip,
        forge=lambda: repository,
        judge_glass=lambda _forge, _pull, _path: None,
    )
    id_ = RecordId("dev", "churn", 7)
    for found, hour in (
        ([pull(1, 9, "elsewhere"), pull(2, 8, tip)], 8),
        ([pull(1, 9, "elsewhere"), pull(2, 8, "other")], 9),
    ):
        repository.found = found
        assert asked.below_since(id_) == NOON.replace(hour=hour)
    repository.found = []
    assert asked.below_since(id_) is None
    assert asked.below_since(RecordId("dev", "churn", 8)) is None


def test_the_glass_is_looked_for_on_the_promotions_own_pull_request() -> None:
    """By its number; or by its branch, as in the merge queue, if it is open and of this record."""
    house = House({"top": {"stop_the_line": "x"}})
    closed = house.proposed(DEV)
    house.repository.close(closed)
    house.repository.delete_branch("promote/dev/churn/7")
    house.proposed(DEV, branch="promote/dev/churn/8")
    house.proposed(DEV, branch="somebody/promote/dev/churn/7")
    own = house.proposed(DEV, branch="promote/dev/churn/7-20261122T090000Z")
    looked: list[int] = []

    def judge(_forge: Forge, pull: PullRequestState, path: str) -> BrokenGlass | None:
        assert path == DEV
        looked.append(pull.number)
        return BrokenGlass(by="ben", at=NOON)

    assert rules(house.judged(own, house.circumstances(judge_glass=judge))) == [
        ("stop-the-line", Severity.WARNING)
    ]
    assert looked == [own]
    looked.clear()
    house.judged(own, house.circumstances(number=closed, judge_glass=judge))
    assert looked == [closed]


def test_no_pull_request_is_no_broken_glass() -> None:
    """One from a fork has none of this repository's labels, and stays held up."""
    house = House({"top": {"stop_the_line": "x"}})
    number = house.proposed(DEV, branch="by-hand")

    def judge(_forge: Forge, _pull: PullRequestState, _path: str) -> BrokenGlass | None:
        raise AssertionError("there is none to be judged")

    for circumstances in (
        house.circumstances(number=99, judge_glass=judge),
        house.circumstances(judge_glass=judge),
    ):
        assert rules(house.judged(number, circumstances)) == [("stop-the-line", Severity.ERROR)]


# No verdict.


@pytest.mark.parametrize("waived", [False, True])
def test_a_gate_that_cannot_be_judged_is_no_verdict(
    monkeypatch: pytest.MonkeyPatch, *, waived: bool
) -> None:
    """A champion whose record nobody can read is neither a yes nor a no, and no waiver helps."""
    house = demanding("dev", gates=[REGRESSION])
    waiver = {"gate": "auc-regression", "reason": "r", "asked_by": "ana"}
    number = house.proposed(DEV, {"waivers": [waiver] if waived else []})
    unread = Champion(version=6, record=None)
    monkeypatch.setattr(check_promotions, "_champion", lambda _bench, _id: unread)
    with pytest.raises(NoVerdict, match="auc-regression of churn 7 in dev") as raised:
        house.judged(number)
    assert raised.value.exit is Exit.BROKEN


def test_a_clone_that_lacks_the_champion_is_no_verdict() -> None:
    """An object that is listed and cannot be read is a breakdown, not a missing champion."""
    house = demanding("dev", gates=[REGRESSION])
    champion = "promotions/dev/churn/6.yaml"
    house.merged(champion)
    number = house.proposed(DEV)
    (entry,) = house.repository.entries(house.repository.tip(), champion)

    class Torn(MemoryRepository):
        def blobs(self, ids: Iterable[str], /) -> Iterator[tuple[str, bytes]]:
            """As the port, without one object."""
            wanted = list(ids)
            if entry.blob in wanted:
                raise NotThere("the object is missing")
            return super().blobs(wanted)

    house.repository.__class__ = Torn
    with pytest.raises(NotThere):
        house.judged(number)


def test_a_whole_tree_keeps_no_records() -> None:
    """Ten thousand records are judged without passing their evidence from process to process."""
    house = House({})
    house.repository.push({DEV: record(DEV)})
    judge = flow._Judge(history=house.repository, schema=CONTRACTS.promotion, workers=1)
    parsed = parse_config(config(), CONTRACTS.config)
    entries = house.repository.entries(house.repository.tip(), "promotions")
    for whole in (False, True):
        (file,) = judge.files(entries, parsed, whole=whole)
        assert isinstance(file.state, Standing)
        assert (file.state.parsed is not None) is whole


@pytest.mark.parametrize("gate", [FLOOR, REGRESSION])
def test_what_may_be_live_and_does_not_read_is_no_verdict(gate: Mapping[str, Any]) -> None:
    """Only where something is compared: a file of a higher version may be what is live."""
    house = demanding("dev", gates=[gate])
    house.repository.push({"promotions/dev/churn/9.yaml": b"{"})
    number = house.proposed(DEV, {"auc": 0.99})
    if gate is FLOOR:
        assert not [each for each in rules(house.judged(number)) if each[0] == "gate"]
        return
    with pytest.raises(NoVerdict, match=r"promotions/dev/churn/9\.yaml of .* is no record"):
        house.judged(number)


def test_a_version_that_is_approved_anew_is_compared_with_itself() -> None:
    """On evidence that is worse than what the base has of it, it is a regression."""
    house = demanding("dev", gates=[REGRESSION])
    house.repository.push({DEV: record(DEV, {"auc": 0.9})})
    number = house.proposed(DEV, {"auc": 0.5, "collected": "2026-11-25T10:00:00Z"})
    assert ("gate", Severity.ERROR) in rules(house.judged(number))


# Check and apply.

METRICS = st.sampled_from([0.7, 0.79, 0.8, 0.89, 0.9, 0.903, 0.913, 0.99])
GATES: st.SearchStrategy[list[Mapping[str, Any]]] = st.lists(
    st.sampled_from(
        [
            FLOOR,
            REGRESSION,
            {"id": "gain", "metric": "auc", "improves_champion_by": 0.01},
            {"id": "sure", "metric": "auc", "at_least": 0.8, "sigmas": 2},
            {"id": "other", "metric": "f1", "no_worse_than_champion_by": 0.5},
            {"id": "ceiling", "metric": "auc", "at_most": 0.95},
        ]
    ),
    unique_by=lambda gate: str(gate["id"]),
    max_size=4,
)


@st.composite
def states(draw: st.DrawFn) -> tuple[list[Mapping[str, Any]], dict[int, dict[str, Any]], int]:
    """Gates, what main holds of each version, and the version that is proposed."""
    gates = draw(GATES)
    versions = draw(st.lists(st.integers(1, 9), min_size=1, max_size=5, unique=True))
    proposed = draw(st.sampled_from(versions))
    held: dict[int, dict[str, Any]] = {}
    for version in versions:
        settings: dict[str, Any] = {
            "auc": draw(METRICS),
            "deviation": draw(st.sampled_from([None, 0.01])),
        }
        if version != proposed:
            settings["status"] = draw(
                st.sampled_from(["Approved", "Approved", "Retired", "Rejected"])
            )
            settings["reason"] = "" if settings["status"] == "Approved" else "drift"
        elif draw(st.booleans()) and gates:
            gate = draw(st.sampled_from(gates))["id"]
            settings["waivers"] = [{"gate": gate, "reason": "r", "asked_by": "ana"}]
        held[version] = settings
    return gates, held, proposed


def read(path: str, settings: Mapping[str, Any]) -> Record:
    parsed = parse_record(record(path, settings), CONTRACTS.promotion)
    assert isinstance(parsed, ParsedRecord)
    assert parsed.record.id == parse_path(path)
    return parsed.record


@given(states())
def test_check_judges_gates_as_the_one_function_does(
    state: tuple[list[Mapping[str, Any]], dict[int, dict[str, Any]], int],
) -> None:
    """Where all that main says is in effect, the champion is the highest other Approved version.

    That is the one with which `apply` compares; so the two never disagree on a gate.
    """
    gates, held, proposed = state
    house = demanding("dev", gates=gates)
    paths = {version: f"promotions/dev/churn/{version}.yaml" for version in held}
    house.repository.push(
        {paths[v]: record(paths[v], given_) for v, given_ in held.items() if v != proposed}
    )
    report = house.judged(house.proposed(paths[proposed], held[proposed]))
    approved = [v for v, each in held.items() if v != proposed and each["status"] == "Approved"]
    live = read(paths[max(approved)], held[max(approved)]) if approved else None
    own = read(paths[proposed], held[proposed])
    results = judge_gates(
        parse_config(config(house.settings), CONTRACTS.config).gates("dev", "churn"),
        own.evidence,
        None if live is None else live.evidence,
        own.waivers,
    )
    (review,) = report.reviews
    assert review.gates == results
    severities = [each.severity for each in report.findings if each.rule == "gate"]
    assert severities.count(Severity.ERROR) == sum(
        not isinstance(each, GateHolds | GateWaived) for each in results
    )
    assert severities.count(Severity.WARNING) == sum(isinstance(x, GateWaived) for x in results)
    assert (Severity.ERROR not in severities) is admits(results)
