"""What a page rests on: assembled from files and parameters, whichever way they were read."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.command_line import CONFIG, package_of
from tests.flows.climb import climbing
from tests.flows.tidying import Desk

from assent.adapters.memory import MemoryParameters
from assent.contracts import load_contracts
from assent.core.config import parse_config
from assent.core.evidence import Evidence, EvidenceSource
from assent.core.forge import PromotionView
from assent.core.metrics import Metric
from assent.core.names import RecordId
from assent.core.parameters import Live, Names
from assent.core.record import Decision, Record, write_record
from assent.core.review import Champion, ChampionUnread, NewerVersion, Review
from assent.flows import assemble_review as module
from assent.flows.assemble_review import (
    LiveState,
    Surroundings,
    assemble_review,
    files_beside,
    read_live,
)

if TYPE_CHECKING:
    from collections.abc import Callable

AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
CONTRACTS = load_contracts()
SETTINGS = parse_config(CONFIG, CONTRACTS.config)
OWNERS = b"* @acme/ml-platform\n/promotions/test/ @Ana @acme/ML-Approvers carla@acme.example\n"


def record(environment: str, version: int, decision: Decision = Decision.APPROVED) -> Record:
    """A record whose metric tells its version."""
    return Record(
        id=RecordId(environment, "churn", version),
        decision=decision,
        reason="" if decision is Decision.APPROVED else "it drifted",
        package=package_of("churn", version),
        evidence=Evidence(
            source=EvidenceSource.TRAINING,
            collected=AT,
            metrics={"auc": Metric(value=version / 100)},
        ),
    )


def text(of: Record) -> bytes:
    """It as main has it."""
    return write_record(of, CONTRACTS.promotion)


def assembled(files: dict[str, bytes | None], live: LiveState = None, **more: Any) -> Review:  # noqa: ANN401 - fields of Surroundings
    """The review of churn 12 in test."""
    return assemble_review(
        record("test", 12),
        Surroundings(files=files, live=live, **more),
        config=SETTINGS,
        contracts=CONTRACTS,
        now=AT,
    )


def test_at_most_thirteen_files_are_read() -> None:
    """The champion's, the rung below's, eight earlier ones on the first rung, three CODEOWNERS."""
    owners = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
    assert files_beside(SETTINGS, RecordId("test", "churn", 12), Live(version=9)) == (
        "promotions/test/churn/9.yaml",
        "promotions/dev/churn/12.yaml",
        *(f"promotions/dev/churn/{number}.yaml" for number in range(4, 12)),
        *owners,
    )
    assert files_beside(SETTINGS, RecordId("dev", "churn", 1), None) == owners
    # On the first rung the champion may be one of the earlier ones; it is read once.
    there = files_beside(SETTINGS, RecordId("dev", "churn", 3), Live(version=2))
    assert there == ("promotions/dev/churn/2.yaml", "promotions/dev/churn/1.yaml", *owners)
    unread = files_beside(SETTINGS, RecordId("dev", "churn", 1), ChampionUnread(why="no"))
    assert unread == owners


def test_everything_that_was_read_is_in_the_review() -> None:
    """Champion with its record and approval, the rung below, earlier versions, owners."""
    live = Live(version=9, since=AT, pull_request="https://forge.example/pull/3")
    below = record("dev", 12)
    found = assembled(
        {
            "promotions/test/churn/9.yaml": text(record("test", 9)),
            "promotions/dev/churn/12.yaml": text(below),
            "promotions/dev/churn/4.yaml": text(record("dev", 4, Decision.REJECTED)),
            "promotions/dev/churn/5.yaml": b"broken: [",
            "promotions/dev/churn/6.yaml": text(record("dev", 7)),
            "promotions/dev/churn/11.yaml": text(record("dev", 11)),
            "CODEOWNERS": OWNERS,
        },
        live,
        newer=NewerVersion(version=13, pull_request="https://forge.example/pull/5"),
    )
    champion = found.champion
    assert isinstance(champion, Champion)
    assert (champion.version, champion.since, champion.pull_request) == (
        9,
        AT,
        "https://forge.example/pull/3",
    )
    assert champion.metrics == {"auc": Metric(value=0.09)}
    assert found.below is not None
    assert (found.below.id, found.below.evidence.metrics) == (below.id, below.evidence.metrics)
    assert [each.id.version for each in found.earlier] == [4, 11]
    assert found.owners == ("@ana", "@acme/ml-approvers", "carla@acme.example")
    assert found.newer is not None
    assert found.newer.version == 13


@pytest.mark.parametrize(
    ("files", "owners"),
    [
        ({}, ()),
        ({".github/CODEOWNERS": None, "CODEOWNERS": OWNERS}, None),
        ({".github/CODEOWNERS": b"* @ben\n", "CODEOWNERS": OWNERS}, ("@ben",)),
        ({"docs/CODEOWNERS": b"/x @ben\n"}, ()),
    ],
)
def test_who_owns_is_told_or_that_nobody_can_tell(
    files: dict[str, bytes | None], owners: tuple[str, ...] | None
) -> None:
    """The first place that has the file counts, readable or not; nobody is not unknown."""
    assert assembled(files).owners == owners


@pytest.mark.parametrize("content", [None, b"broken: [", b"another"])
def test_a_champion_whose_record_does_not_read_has_none(content: bytes | None) -> None:
    """Broken, cut or of another version: that something is live is known, and no more."""
    path = "promotions/test/churn/9.yaml"
    held = text(record("test", 8)) if content == b"another" else content
    for files in ({path: held}, {}):
        champion = assembled(files, Live(version=9)).champion
        assert champion == Champion(version=9, record=None)


def test_what_is_live_is_read_ten_to_a_request() -> None:
    """None where there is no parameter, or it says none; unread where it does not read."""
    names = Names(prefix="/assent", environment="dev")
    said = {
        "schema": "assent/parameter/v1",
        "version": 7,
        "approved_at": "2026-11-22T10:00:00Z",
        "pull_request": "https://forge.example/pull/3",
    }
    parameters = MemoryParameters()
    parameters.write(names.current("whole"), json.dumps(said))
    parameters.write(
        names.current("odd"),
        json.dumps({**said, "approved_at": "yesterday", "pull_request": "[x](javascript:1)"}),
    )
    parameters.write(names.current("bare"), json.dumps({**said, "approved_at": None}))
    parameters.write(names.current("none"), json.dumps({**said, "version": None}))
    parameters.write(names.current("broken"), "garbage")
    found = read_live(parameters, names, ["whole", "odd", "bare", "none", "broken", "absent"])
    assert found["whole"] == Live(version=7, since=AT, pull_request="https://forge.example/pull/3")
    assert found["odd"] == Live(version=7)
    assert found["bare"] == Live(version=7, pull_request="https://forge.example/pull/3")
    assert found["none"] is found["absent"] is None
    assert isinstance(found["broken"], ChampionUnread)
    assert read_live(parameters, names, []) == {}


@pytest.fixture
def reviews(monkeypatch: pytest.MonkeyPatch) -> list[Review]:
    """Every review that a page was made of."""
    seen: list[Review] = []
    body: Callable[[Review], str] = vars(module)["pull_request_body"]

    def shown(review: Review) -> str:
        seen.append(review)
        return body(review)

    monkeypatch.setattr(module, "pull_request_body", shown)
    return seen


def test_proposing_and_tidying_see_the_same(reviews: list[Review]) -> None:
    """Champion, earlier versions, owners, what is newer and what the registry says: all alike."""
    desk = Desk()
    for _ in range(3):
        desk.propose()
    desk.merge(1)
    desk.propose()
    desk.tidy()
    reviews.clear()
    desk.propose(register=False, version=4)
    assert reviews == []
    desk.pull(3).body = ""
    desk.pull(3).labels.clear()
    desk.propose(register=False, version=3)  # writes the whole page anew
    (proposed,) = reviews
    desk.tidy()
    tidied = next(each for each in reviews[1:] if each.record.id.version == 3)
    assert tidied == proposed
    assert isinstance(proposed.champion, Champion)
    assert (proposed.champion.version, proposed.champion.since is None) == (1, False)
    assert proposed.champion.record is not None
    assert [each.id.version for each in proposed.earlier] == [1]
    assert proposed.owners == ("@ana", "@ben")
    assert proposed.newer == NewerVersion(version=4, pull_request=desk.pull(4).url)
    assert proposed.seen is not None


def test_a_soak_counts_from_what_was_applied_below(reviews: list[Review]) -> None:
    """Not from the merge: what `apply` judges by, the page says; and it takes no call more."""
    climb = climbing(applied=False)
    climb.configure("test", soak=timedelta(hours=24))
    climb.scene.clock.advance(timedelta(hours=5))
    climb.apply("dev")
    applied_at = climb.scene.clock.now()
    climb.deliver()
    review = reviews[-1]
    (wait,) = review.waits
    assert wait.until == applied_at.replace(microsecond=0) + timedelta(hours=24)
    assert review.below is not None
    assert review.below.id == RecordId("dev", "churn", 1)


def test_a_record_that_is_not_given_whole_is_neither_there_nor_missing() -> None:
    """Nothing is proposed over it; of other files it is only said that they could not be read."""
    desk = Desk()
    desk.propose()
    desk.merge(1)
    original = desk.repository.promotion

    def cut(path: str, branch: str, /, **more: Any) -> PromotionView:  # noqa: ANN401 - the port's own
        seen = original(path, branch, **more)
        return replace(seen, files={**seen.files, hidden: None})

    desk.repository.promotion = cut  # type: ignore[method-assign]
    hidden = ".github/CODEOWNERS"
    desk.propose()
    assert desk.open_versions() == [2]
    hidden = "promotions/dev/churn/3.yaml"
    with pytest.raises(Exception, match="no text file that GitHub gives whole"):
        desk.propose()
    assert desk.open_versions() == [2]
