"""History on the fakes: every decision, in order, with its reason; what does not read is told."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.properties.scene import configuration

from assent.adapters.memory import MemoryParameters, MemoryRegistry, SettableClock
from assent.adapters.memory_repository import MemoryRepository
from assent.contracts import load_contracts
from assent.core.config import Environment, parse_config
from assent.core.errors import Exit
from assent.core.evidence import Evidence, EvidenceSource
from assent.core.git_objects import blob_id
from assent.core.names import InvalidName, RecordId
from assent.core.package import Container, Package
from assent.core.parameters import History, HistoryEntry, Names, write_history
from assent.core.record import Decision, Record, write_record
from assent.core.rendering.history import PastDecision, history_text, history_values
from assent.flows.history import ModelHistory, history
from assent.flows.wanted import World
from assent.ports import Unavailable

LADDER = ("dev", "prod")
CONTRACTS = load_contracts()
CONFIG = configuration(LADDER).encode()
START = datetime(2026, 11, 22, 10, tzinfo=UTC)
HOSTILE = "\x1b[31mred\r\n::error::x ##[y] \u202e"


def entry(
    minute: int,
    decision: Decision | None = Decision.APPROVED,
    *,
    blob: str = "b" * 40,
    reason: str = "",
    by: tuple[str, ...] = ("ana",),
) -> HistoryEntry:
    """A decision so many minutes after the start."""
    at = START + timedelta(minutes=minute)
    return HistoryEntry(
        decision=decision,
        blob=blob,
        by=by,
        at=at,
        applied_at=at + timedelta(seconds=30),
        pull_request=f"https://forge.example/pull/{minute}",
        commit="c" * 40,
        evidence=f"sha256:{minute:064x}",
        created=START,
        reason=reason,
    )


class Shelf:
    """A clone and each environment's parameters."""

    def __init__(self) -> None:
        self.config = parse_config(CONFIG, CONTRACTS.config)
        self.stores = {name: MemoryParameters() for name in LADDER}
        self.repository = MemoryRepository({"assent.yaml": CONFIG}, now=SettableClock().now)

    def decide(self, environment: str, version: int, *entries: HistoryEntry) -> None:
        """Decisions on a version there, one after another."""
        id_ = RecordId(environment, "churn", version)
        names = Names(prefix="/assent", environment=environment)
        done = History(id=id_)
        for each in entries:
            done = done.then(each)
            for name, value in write_history(names, done):
                self.stores[environment].write(name, value)

    def parameters(self, environment: Environment) -> MemoryParameters:
        """Those of an environment."""
        return self.stores[environment.name]

    def read(self, *environments: str, model: str = "churn") -> ModelHistory:
        """What is told of a model."""
        world = World(
            config=self.config,
            contracts=CONTRACTS,
            history=self.repository,
            head=self.repository.commit("main"),
            registry=MemoryRegistry(),
            parameters=self.parameters,
            clock=SettableClock(),
        )
        return history(world, model, self.config.select(environments))


def told(found: ModelHistory) -> list[tuple[str, int, str]]:
    return [
        (past.id.environment, past.id.version, past.entry.decision or "reopened")
        for past in found.decisions
    ]


def test_decisions_of_all_versions_and_environments_are_in_the_order_of_time() -> None:
    """Oldest first, whatever the environment; other models are not among them."""
    shelf = Shelf()
    shelf.decide("dev", 1, entry(1), entry(7, Decision.RETIRED))
    shelf.decide("dev", 10, entry(3, Decision.REJECTED), entry(4, None), entry(5))
    shelf.decide("prod", 1, entry(6))
    shelf.stores["dev"].values["/assent/dev/churn/current"] = "garbage"
    shelf.stores["dev"].values["/assent/dev/churn-2/versions/1"] = "garbage"
    found = shelf.read()
    assert told(found) == [
        ("dev", 1, "Approved"),
        ("dev", 10, "Rejected"),
        ("dev", 10, "reopened"),
        ("dev", 10, "Approved"),
        ("prod", 1, "Approved"),
        ("dev", 1, "Retired"),
    ]
    assert found.exit is Exit.OK
    assert told(shelf.read("prod")) == [("prod", 1, "Approved")]


def test_decisions_on_one_version_stay_in_the_order_in_which_they_took_effect() -> None:
    """A closing that was recorded after a later merge is not moved before it."""
    shelf = Shelf()
    shelf.decide("dev", 1, entry(9), entry(2, Decision.REJECTED), entry(11))
    shelf.decide("dev", 2, entry(10))
    assert [past.entry.at.minute for past in shelf.read().decisions] == [9, 2, 10, 11]


def test_two_hundred_and_fifty_decisions_are_complete_and_in_order() -> None:
    """Earlier pages are read with the newest, and nothing is told twice."""
    shelf = Shelf()
    decisions = (Decision.APPROVED, Decision.RETIRED)
    entries = [entry(minute, decisions[minute % 2]) for minute in range(250)]
    shelf.decide("dev", 7, *entries)
    assert len(shelf.stores["dev"].values) > 10
    found = shelf.read("dev")
    assert [past.entry for past in found.decisions] == entries
    assert found.exit is Exit.OK
    assert len(history_text(found.decisions).split("\n")) == 251


def test_the_reason_comes_from_the_closing_or_from_the_record() -> None:
    """A record that the clone does not have gives none."""
    shelf = Shelf()
    package = Package(
        arn="arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/1",
        created=START,
        created_by=None,
        containers=(Container(image="x:1"),),
    )
    record = Record(
        id=RecordId("dev", "churn", 1),
        decision=Decision.RETIRED,
        reason="loses money",
        package=package,
        evidence=Evidence(source=EvidenceSource.TRAINING, collected=START),
    )
    content = write_record(record, CONTRACTS.promotion)
    shelf.repository.push({record.id.path: content})
    shelf.decide(
        "dev",
        1,
        entry(1, Decision.REJECTED, reason="too slow"),
        entry(2),
        entry(3, Decision.RETIRED, blob=blob_id(content)),
        entry(4, Decision.RETIRED),
    )
    assert [past.reason for past in shelf.read().decisions] == ["too slow", "", "loses money", ""]


def test_nothing_found_is_no_green() -> None:
    """A model on which nothing was decided has code 3."""
    shelf = Shelf()
    shelf.decide("dev", 1, entry(1))
    assert shelf.read(model="fraud").exit is Exit.NOTHING_READ
    assert shelf.read("prod").exit is Exit.NOTHING_READ


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("versions/2", "garbage", "it is not JSON"),
        ("versions/2", '{"schema": "assent/history/v1", "version": 3}', "it speaks of"),
        ("versions/abc", "{}", "its name is none that Assent gives"),
        ("versions/2/earlier/1", "{}", "it is missing, and pages of earlier decisions are there"),
    ],
)
def test_what_does_not_read_is_told_and_hides_nothing_else(
    name: str, value: str, said: str
) -> None:
    """The other versions are told, and the exit code says that something is missing."""
    shelf = Shelf()
    shelf.decide("dev", 1, entry(1))
    shelf.stores["dev"].values[f"/assent/dev/churn/{name}"] = value
    found = shelf.read()
    assert told(found) == [("dev", 1, "Approved")]
    (error,) = found.unreadable
    assert said in error.message
    assert error.hint
    assert found.exit is Exit.BROKEN


def test_a_missing_page_is_told() -> None:
    """Of a history whose page is gone nothing is shown as if it were whole."""
    shelf = Shelf()
    shelf.decide("dev", 1, *(entry(minute) for minute in range(30)))
    shelf.decide("dev", 2, entry(1))
    del shelf.stores["dev"].values["/assent/dev/churn/versions/1/earlier/1"]
    found = shelf.read()
    assert told(found) == [("dev", 2, "Approved")]
    assert "versions/1/earlier/1 is missing" in found.unreadable[0].message


def test_a_page_that_no_history_counts_yet_is_no_second_telling() -> None:
    """A run that died between page and history left the page; its decisions are told once."""
    shelf = Shelf()
    entries = [entry(minute) for minute in range(12)]
    shelf.decide("dev", 1, *entries)
    values = shelf.stores["dev"].values
    before = dict(values)
    shelf.decide("dev", 1, *entries, *(entry(minute) for minute in range(12, 24)))
    pages = {name: text for name, text in values.items() if "/earlier/" in name}
    assert len(pages) > len([name for name in before if "/earlier/" in name])
    values.clear()
    values.update({**pages, **before})
    assert [past.entry for past in shelf.read().decisions] == entries


class Down(MemoryParameters):
    """Parameters that cannot be read."""

    def read_below(self, _path: str, /) -> Iterator[tuple[str, str]]:
        """Fail, as Parameter Store does while it is down."""
        raise Unavailable("Parameter Store did not answer")


def test_an_environment_that_cannot_be_read_is_told() -> None:
    """The others are shown, and nothing is called complete."""
    shelf = Shelf()
    shelf.decide("prod", 1, entry(1))
    shelf.stores["dev"] = Down()
    found = shelf.read()
    assert told(found) == [("prod", 1, "Approved")]
    assert [error.message for error in found.unreadable] == ["Parameter Store did not answer"]
    assert found.exit is Exit.BROKEN


@pytest.mark.parametrize("model", ["", "churn/versions", "a" * 64, "..", "a b"])
def test_a_name_that_no_model_can_have_is_refused(model: str) -> None:
    """It becomes no path."""
    with pytest.raises(InvalidName, match="cannot be the name of a model"):
        Shelf().read(model=model)


def _hostile() -> Sequence[PastDecision]:
    approved = replace(entry(1, by=(HOSTILE, "ben")), broke_glass=HOSTILE, waived=(HOSTILE,))
    entries = [approved, entry(2, Decision.REJECTED, reason=HOSTILE)]
    id_ = RecordId("dev", "churn", 1)
    return [PastDecision(id=id_, entry=each, reason=each.reason) for each in entries]


def test_a_history_that_assent_did_not_write_is_told_and_not_shown() -> None:
    """Of a login with control characters nothing is believed."""
    shelf = Shelf()
    shelf.decide("dev", 1, *(past.entry for past in _hostile()))
    found = shelf.read()
    assert found.decisions == ()
    assert "control characters" in found.unreadable[0].message


def test_the_table_shows_what_it_is_given_and_does_nothing_else_with_it() -> None:
    """One line a decision, whatever a login or a reason holds."""
    lines = history_text(_hostile()).split("\n")
    assert len(lines) == 3
    assert all(line.isprintable() for line in lines)
    header, first, second = lines
    assert header.split("  ")[0] == "when"
    assert first.startswith("2026-11-22T10:01:00Z  dev")
    assert "GLASS BROKEN by " in first
    assert "(waived: " in first
    assert re.search(r"  #1 +cccccccccccc  sha256:000000000000$", first)
    assert r"\x1b[31mred\r\n" in second


def test_json_has_everything_that_is_known() -> None:
    """Every field of every decision, and what could not be read."""
    shelf = Shelf()
    shelf.decide("dev", 1, entry(1, None))
    shelf.stores["dev"].values["/assent/dev/churn/versions/2"] = "garbage"
    found = shelf.read()
    value: Mapping[str, object] = history_values(
        "churn", found.decisions, [error.message for error in found.unreadable]
    )
    assert value == {
        "model": "churn",
        "decisions": [
            {
                "at": "2026-11-22T10:01:00Z",
                "applied_at": "2026-11-22T10:01:30Z",
                "environment": "dev",
                "version": 1,
                "decision": "reopened",
                "by": ["ana"],
                "pull_request": "https://forge.example/pull/1",
                "commit": "c" * 40,
                "blob": "b" * 40,
                "evidence": f"sha256:{1:064x}",
                "created": "2026-11-22T10:00:00Z",
                "reason": "",
                "aside": False,
                "broke_glass": None,
                "imported": False,
                "waived": [],
            }
        ],
        "unreadable": [found.unreadable[0].message],
    }
