"""What Parameter Store holds: every value reads back, fits, and keeps its past."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.adapters.parameter_store import require_writable
from assent.contracts import load_contracts
from assent.core.names import RecordId
from assent.core.package import Artifact, Container, Package
from assent.core.parameters import (
    MAX_VALUE_BYTES,
    Applied,
    Current,
    History,
    HistoryEntry,
    Live,
    Names,
    UnreadableParameter,
    page_count,
    parse_applied,
    parse_current_version,
    parse_history,
    parse_live,
    write_applied,
    write_current,
    write_history,
)
from assent.core.record import Decision

ID = RecordId("dev", "churn", 7)
NAMES = Names(prefix="/assent", environment="dev")
NAME = NAMES.history("churn", 7)
DAY = datetime(2026, 11, 22, 10, tzinfo=UTC)

TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from('{{{\\"u'), max_size=60
)
OBJECTS = st.text("0123456789abcdef", min_size=40, max_size=40)
TIMES = st.integers(0, 10**9).map(lambda seconds: DAY + timedelta(seconds=seconds))
ENTRIES = st.builds(
    HistoryEntry,
    decision=st.sampled_from([*Decision, None]),
    blob=OBJECTS,
    by=st.lists(TEXTS, max_size=5).map(tuple),
    at=TIMES,
    applied_at=TIMES,
    pull_request=TEXTS,
    commit=OBJECTS,
    evidence=TEXTS,
    created=st.none() | TIMES,
    reason=TEXTS,
    broke_glass=TEXTS,
    waived=st.lists(TEXTS, max_size=3).map(tuple),
)


def entry(number: int, logins: int = 1) -> HistoryEntry:
    return HistoryEntry(
        decision=(Decision.APPROVED, Decision.RETIRED)[number % 2],
        blob=f"{number:040x}",
        by=tuple(f"owner-{each:02}-of-{number}" for each in range(logins)),
        at=DAY + timedelta(minutes=number),
        applied_at=DAY + timedelta(minutes=number, seconds=30),
        pull_request=f"https://github.example/acme/model-promotions/pull/{number}",
        commit=f"{number:040x}"[::-1],
        evidence=f"sha256:{number:064x}",
    )


def read_back(store: dict[str, str]) -> History:
    """Read a history as apply does: the newest part, then the pages that it counts."""
    count = page_count(NAME, store[NAME])
    pages = [store[NAMES.earlier("churn", 7, page)] for page in range(1, count + 1)]
    return parse_history(ID, NAME, store[NAME], pages)


def test_names_lie_below_the_environment() -> None:
    """Everything of a version is below its model, everything of a model below its environment."""
    assert NAMES.applied == "/assent/dev/applied"
    assert NAMES.current("churn") == "/assent/dev/churn/current"
    assert NAME == "/assent/dev/churn/versions/7"
    assert NAMES.earlier("churn", 7, 2) == "/assent/dev/churn/versions/7/earlier/2"


@given(entries=st.lists(ENTRIES, max_size=12))
@settings(deadline=None, database=None)
def test_a_history_reads_back(entries: list[HistoryEntry]) -> None:
    """Any decisions come back equal and in order, and every value can be stored."""
    written = write_history(NAMES, History(id=ID, entries=tuple(entries)))
    for name, value in written:
        require_writable(name, value)
    assert read_back(dict(written)).entries == tuple(entries)


@pytest.mark.parametrize("logins", [1, 3, 20])
def test_250_decisions_are_all_kept(logins: int) -> None:
    """No decision is lost or cut, values fit, and a page once written is never another."""
    store: dict[str, str] = {}
    history = History(id=ID)
    for number in range(250):
        history = history.then(entry(number, logins))
        for name, value in write_history(NAMES, history):
            assert len(value.encode()) <= MAX_VALUE_BYTES
            if "/earlier/" in name:
                assert name not in store, "a page was written twice"
            store[name] = value
        history = read_back(store)
    assert history.entries == tuple(entry(number, logins) for number in range(250))
    assert history.pages == len(store) - 1 > 10
    assert history.last == entry(249, logins)
    assert history.decision is Decision.RETIRED


def test_a_page_comes_before_the_count_of_it() -> None:
    """Cut off between two writes, every decision is still there, none of them twice."""
    history = History(id=ID)
    store: dict[str, str] = {}
    while len(written := write_history(NAMES, history.then(entry(len(history.entries))))) == 1:
        history = history.then(entry(len(history.entries)))
        store.update(written)
    assert [name for name, _ in written] == [NAMES.earlier("churn", 7, 1), NAME]
    store.update(written[:1])  # cut off here
    assert read_back(store).entries == history.entries
    again = write_history(NAMES, read_back(store).then(entry(len(history.entries))))
    assert again == written


def test_an_empty_history_has_no_decision() -> None:
    """Before the first decision nothing is in effect."""
    assert (History(id=ID).last, History(id=ID).decision) == (None, None)


@pytest.mark.parametrize(
    "text",
    ["{{", "{{{", "{{{{", "}}{{ssm:/secret}}", "\\{{", '{"a":{"b":"{{"}}', "{\\u007b", "x{"],
)
def test_two_braces_are_escaped_without_loss(text: str) -> None:
    """Parameter Store would take `{{` for a reference; its escape reads back the same."""
    said = HistoryEntry(
        decision=Decision.APPROVED,
        blob="b" * 40,
        by=(text, text),
        at=DAY,
        applied_at=DAY,
        pull_request=text,
        commit="c" * 40,
        evidence=text,
    )
    ((name, value),) = write_history(NAMES, History(id=ID, entries=(said,)))
    assert "{{" not in value
    require_writable(name, value)
    assert parse_history(ID, name, value).last == said


def current(containers: int = 1) -> Current:
    made = tuple(
        Container(image=f"xgboost:{{{{{each}", artifact=Artifact(uri="s3://models/{{x", bytes=5))
        for each in range(containers)
    )
    package = Package(arn="arn:x/churn/7", created=DAY, created_by="ana", containers=made)
    return Current(environment="dev", model="churn", package=package, version=7, entry=entry(12))


def test_current_says_what_inference_needs() -> None:
    """It fits its published schema, on one line, braces escaped, with version and containers."""
    text = write_current("dev", "churn", current())
    require_writable(NAMES.current("churn"), text)
    value = json.loads(text)
    assert load_contracts().parameter.problems(value) == []
    assert "\n" not in text
    assert parse_current_version("current", text) == 7
    assert parse_live("current", text) == Live(
        version=7, since=current().entry.at, pull_request=current().entry.pull_request
    )
    assert value["model_package_arn"] == "arn:x/churn/7"
    assert value["approved_by"] == ["owner-00-of-12"]
    assert value["approved_at"] == "2026-11-22T10:12:00Z"
    assert value["containers"][0]["image"] == "xgboost:{{0"


def test_current_says_when_nothing_is_approved() -> None:
    """`version: null` is an answer, and fits the schema."""
    text = write_current("dev", "churn", None)
    assert parse_current_version("current", text) is None
    assert parse_live("current", text) is None
    assert json.loads(text)["version"] is None
    assert load_contracts().parameter.problems(json.loads(text)) == []


GARBAGE = [
    "",
    "garbage",
    "[]",
    "null",
    "7",
    "{}",
    '{"schema":"assent/other/v1","version":7}',
    "[" * 100_000,
    "\x00",
]


@pytest.mark.parametrize(
    "parse",
    [
        lambda text: parse_current_version(NAME, text),
        lambda text: parse_live(NAME, text),
        lambda text: parse_history(ID, NAME, text),
        lambda text: page_count(NAME, text),
        lambda text: parse_applied(NAME, text),
    ],
    ids=["current", "live", "history", "pages", "applied"],
)
@pytest.mark.parametrize("text", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_is_unreadable(parse: Callable[[str], object], text: str) -> None:
    """Whatever Assent did not write is an error that names the parameter, never a yes or a no."""
    with pytest.raises(UnreadableParameter, match=NAME) as raised:
        parse(text)
    assert raised.value.hint


@pytest.mark.parametrize("version", ["", '"7"', "true", "0", "-1", "7.5", "[]", "{}"])
def test_a_current_without_a_version_is_unreadable(version: str) -> None:
    """Only a positive integer is a version, and only null is none; a missing field is neither."""
    field = f',"version":{version}' if version else ""
    with pytest.raises(UnreadableParameter, match="no version"):
        parse_current_version(NAME, f'{{"schema":"assent/parameter/v1"{field}}}')


def edited(**fields: object) -> str:
    broken = replace(entry(1), broke_glass="ana", waived=("auc-floor",))
    ((_, text),) = write_history(NAMES, History(id=ID, entries=(broken,)))
    value = json.loads(text)
    (decision,) = value["decisions"]
    for key, each in fields.items():
        target = decision if key in decision else value
        target[key] = each
        if each is ...:
            del target[key]
    return json.dumps(value)


@pytest.mark.parametrize(
    "text",
    [
        edited(environment="prod"),
        edited(model="fraud"),
        edited(version=8),
        edited(decisions=None),
        edited(decisions=[7]),
        edited(status="Maybe"),
        edited(status=...),
        edited(by=None),
        edited(by=[7]),
        edited(at="yesterday"),
        edited(at=7),
        edited(applied_at="2026-02-31T00:00:00Z"),
        edited(blob=7),
        edited(blob=""),
        edited(blob="HEAD:promotions/dev/churn/2.yaml"),
        edited(blob="\ud800"),
        edited(commit="-x"),
        edited(commit="HEAD"),
        edited(commit="C" * 40),
        edited(commit="c" * 39 + "\n"),
        edited(pull_request="\ud800"),
        edited(pull_request="https://forge.example/\x1b[2J"),
        edited(by=["\ud800"]),
        edited(by=["ana\n"]),
        edited(evidence="\x85"),
        edited(broke_glass="\x7f"),
        edited(waived=["\x00"]),
        edited(broke_glass=True),
        edited(waived=7),
        edited(waived=[7]),
        edited(evidence=...),
        edited(pages=-1),
        edited(pages="1"),
        edited(pages=True),
        edited(pages=10**9),
    ],
)
def test_an_edited_history_is_unreadable(text: str) -> None:
    """A history of another version, or with what Assent never wrote, is not believed in part."""
    with pytest.raises(UnreadableParameter, match=NAME):
        parse_history(ID, NAME, text)


def test_a_page_of_another_version_is_unreadable() -> None:
    """Pages are held to the same identity as the newest part."""
    ((_, text),) = write_history(NAMES, History(id=ID, entries=(entry(1),)))
    with pytest.raises(UnreadableParameter, match="speaks of"):
        parse_history(ID, NAME, text, [text.replace('"version":7', '"version":8')])


@given(
    commit=OBJECTS,
    retry=st.lists(TEXTS, max_size=20),
    everything=st.booleans(),
    closings=st.none() | TIMES,
)
@settings(deadline=None, database=None)
def test_applied_reads_back(
    commit: str,
    retry: list[str],
    everything: bool,  # noqa: FBT001 - hypothesis names it
    closings: datetime | None,
) -> None:
    """Commit and paths come back; more than fits becomes a full comparison, nothing is cut."""
    said = Applied(commit=commit, retry=tuple(retry), everything=everything, closings=closings)
    text = write_applied(said)
    require_writable(NAMES.applied, text)
    found = parse_applied(NAMES.applied, text)
    assert (found.commit, found.closings) == (commit, closings)
    assert found.everything or found == said


def test_too_much_to_retry_becomes_everything() -> None:
    """Eighty paths do not fit into 4 KB."""
    many = tuple(f"promotions/dev/{'m' * 40}/{number}.yaml" for number in range(80))
    found = parse_applied("applied", write_applied(Applied(commit="c" * 40, retry=many)))
    assert found == Applied(commit="c" * 40, everything=True)


@pytest.mark.parametrize(
    ("commit", "retry"), [("", []), ("a b", []), (7, []), ("c", [7]), ("c", None), ("c", "some")]
)
def test_an_edited_applied_is_unreadable(commit: object, retry: object) -> None:
    """A commit is an id, and paths are a list of texts."""
    value = {"schema": "assent/applied/v1", "commit": commit, "retry": retry}
    with pytest.raises(UnreadableParameter):
        parse_applied("applied", json.dumps(value))


def test_what_was_said_no_to_stays_withdrawn() -> None:
    """Evidence up to the last no cannot come back, even once fresh evidence was approved."""
    decisions = (Decision.APPROVED, Decision.RETIRED, Decision.APPROVED)
    entries = tuple(
        replace(entry(number), decision=decision, evidence=f"sha256:{number // 2}")
        for number, decision in enumerate(decisions)
    )
    assert History(id=ID, entries=entries[:1]).withdrawn == frozenset()
    assert History(id=ID, entries=entries[:2]).withdrawn == {"sha256:0"}
    assert History(id=ID, entries=entries).withdrawn == {"sha256:0"}


def test_a_reopening_takes_back_the_closing_before_it_and_no_more() -> None:
    """What was retired stays withdrawn; what was only closed and reopened is open again."""
    approved, retired = entry(0), replace(entry(1), evidence=entry(0).evidence)
    closed = replace(entry(2), decision=Decision.REJECTED, evidence="sha256:closed")
    reopened = replace(closed, decision=None)
    history = History(id=ID, entries=(approved, retired, closed))
    assert history.withdrawn == {approved.evidence, "sha256:closed"}
    history = history.then(reopened)
    assert history.withdrawn == {approved.evidence}
    assert history.decision is None
    assert history.then(reopened).withdrawn == {approved.evidence}


def test_a_history_holds_a_decision_by_its_very_record() -> None:
    """A closing that names the same record is another decision than its approval."""
    last = entry(0)
    history = History(id=ID, entries=(last,))
    assert history.holds(last.blob, Decision.APPROVED)
    assert not history.holds(last.blob, Decision.REJECTED)
    assert not history.holds("1" * 40, Decision.APPROVED)
    assert not History(id=ID).holds(last.blob, Decision.APPROVED)


@given(entries=st.lists(ENTRIES, max_size=6))
def test_an_entry_of_the_largest_size_still_fits_a_page(entries: list[HistoryEntry]) -> None:
    """The longest reason in the widest characters and the most approvers leave room."""
    widest = replace(
        entry(0, logins=10),
        reason="\U0001f600" * 300,
        pull_request="https://" + "x" * 192,
        broke_glass="x" * 39,
    )
    history = History(id=ID, entries=(*entries, widest))
    assert all(len(value.encode()) <= MAX_VALUE_BYTES for _, value in write_history(NAMES, history))
