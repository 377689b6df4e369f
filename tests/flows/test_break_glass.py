"""Breaking the glass: who may, until when, what it lifts, and where it is told."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.flows.ground import BOT, CHURN, Ground, decided, demanding, refused

from assent.adapters.memory_repository import MemoryRepository
from assent.core.changes import Reason
from assent.core.errors import AssentError, Exit
from assent.core.forge import BREAK_GLASS, Conversation
from assent.core.gates import Gate, GateKind
from assent.core.names import RecordId
from assent.core.receipts import DecisionApplied, Failed
from assent.core.record import Decision
from assent.core.rendering.changes import receipt_line, receipt_values

PATH = RecordId("dev", CHURN, 1).path
Act = Callable[[MemoryRepository, int], object]


def on(by: str) -> Act:
    return lambda repository, number: repository.put_labels(number, [BREAK_GLASS], by)


def off(by: str) -> Act:
    return lambda repository, number: repository.unlabel(number, BREAK_GLASS, by=by)


def stopped(*, gates: tuple[Gate, ...] = ()) -> Ground:
    """Where the line is stopped."""
    ground = Ground()
    config = demanding(ground.scene.config, "dev", gates=gates)
    ground.scene.config = replace(config, stopped="the registry moves")
    return ground


def merged(ground: Ground, *before: Act, by: str = BOT, after: tuple[Act, ...] = ()) -> int:
    """Bring version 1 to main, with a second between whatever people do."""
    repository = ground.scene.repository
    number = ground.open(PATH, ground.record(1, 0.9), by=by)
    for act in before:
        ground.scene.clock.advance(timedelta(seconds=1))
        act(repository, number)
    ground.scene.clock.advance(timedelta(seconds=1))
    ground.merge(number, ("ben",))
    for act in after:
        ground.scene.clock.advance(timedelta(seconds=1))
        act(repository, number)
    return number


@pytest.mark.parametrize(
    ("before", "author", "after", "lifts"),
    [
        ([on("ana")], BOT, (), True),
        ([], BOT, (), False),
        ([on("carla")], BOT, (), False),
        ([on(BOT)], BOT, (), False),
        ([on("ana")], "ana", (), False),
        ([on("ana")], "Ana", (), False),
        ([on("ghost")], BOT, (), False),
        ([on("ana"), off("zoe")], BOT, (), False),
        ([on("ana"), off("zoe"), on("ben")], BOT, (), True),
        ([on("ana"), off("zoe"), on("carla")], BOT, (), False),
        ([], BOT, (on("ana"),), False),
        ([on("ana")], BOT, (off("ana"),), True),
        ([on("carla")], BOT, (off("carla"), on("ana")), False),
    ],
    ids=[
        "code owner",
        "nobody",
        "no code owner",
        "the bot",
        "its author",
        "its author in other letters",
        "a deleted account",
        "taken off again",
        "put on again by a code owner",
        "put on again by another",
        "after the merge",
        "taken off after the merge",
        "changed hands after the merge",
    ],
)
def test_who_breaks_the_glass(
    before: list[Act], author: str, after: tuple[Act, ...], *, lifts: bool
) -> None:
    """A code owner who did not open it, before the merge, and not taken off again by then."""
    ground = stopped()
    ground.scene.repository.writers = {"ana", "ben", "carla", "zoe", "ghost"}
    merged(ground, *before, by=author, after=after)
    report = ground.apply("dev")
    if lifts:
        assert decided(report) == [1]
        assert report.exit is Exit.OK
    else:
        assert refused(report) == [(1, Reason.LINE_STOPPED)]
        assert ground.effective() == set()


def test_who_became_an_owner_since_breaks_nothing() -> None:
    """What counts are the code owners as they were before the merge, as for approvals."""
    ground = stopped()
    merged(ground, on("carla"))
    ground.scene.push(".github/CODEOWNERS", b"* @ana @ben @carla\n")
    assert refused(ground.apply("dev")) == [(1, Reason.LINE_STOPPED)]
    assert ground.effective() == set()


@pytest.mark.parametrize(
    ("label", "lifts"),
    [("assent", False), (f"{BREAK_GLASS}!", False), (BREAK_GLASS.upper(), True)],
)
def test_other_labels_break_nothing(label: str, *, lifts: bool) -> None:
    """Not one that only begins like it; but GitHub tells no labels apart by their case."""
    ground = stopped()
    merged(ground, lambda repository, number: repository.put_labels(number, [label], "ana"))
    assert decided(ground.apply("dev")) == ([1] if lifts else [])


def test_broken_glass_lifts_no_gate() -> None:
    """The numbers count in an emergency too."""
    floor = Gate(id="auc-floor", kind=GateKind.AT_LEAST, metric="auc", bound=0.95)
    ground = stopped(gates=(floor,))
    merged(ground, on("ana"))
    assert refused(ground.apply("dev")) == [(1, Reason.GATE_FAILS)]


def test_broken_glass_lifts_no_proof() -> None:
    """Without enough approvals nothing takes effect."""
    ground = stopped()
    ground.scene.config = demanding(ground.scene.config, "dev", approvals=2)
    merged(ground, on("ana"))
    assert refused(ground.apply("dev")) == [(1, Reason.TOO_FEW_APPROVALS)]


def test_broken_glass_is_recorded_and_loud() -> None:
    """History, receipt and message name who did it; the second run says nothing more."""
    ground = stopped()
    merged(ground, on("ana"))
    report = ground.apply("dev")
    (receipt,) = (each for each in report.receipts if isinstance(each, DecisionApplied))
    assert receipt.broke_glass == "ana"
    assert "GLASS BROKEN by ana" in receipt_line(receipt)
    assert receipt_values(receipt)["broke_glass"] == "ana"
    (entry,) = json.loads(ground.scene.stores["dev"].values["/assent/dev/churn/versions/1"])[
        "decisions"
    ]
    assert entry["broke_glass"] == "ana"
    assert ground.apply("dev").receipts == ()


def test_what_waits_for_nothing_breaks_no_glass() -> None:
    """With the label on and nothing to lift, it is a promotion like any other, and asks no more."""
    ground = Ground()
    asked: list[int] = []
    honest = ground.scene.repository.conversation

    def watched(number: int, /) -> Conversation:
        asked.append(number)
        return honest(number)

    merged(ground, on("ana"))
    ground.scene.repository.conversation = watched  # type: ignore[method-assign]
    (receipt, *_) = ground.apply("dev").receipts
    assert isinstance(receipt, DecisionApplied)
    assert receipt.broke_glass == ""
    assert asked == []


def test_who_owns_it_cannot_be_read() -> None:
    """Neither broken nor not: it failed, and is tried again."""
    ground = stopped()
    merged(ground, on("ana"))

    def unreadable(login: str, /) -> bool:
        raise AssentError(f"nobody knows about {login}")

    honest = ground.scene.repository.may_write
    ground.scene.repository.may_write = unreadable  # type: ignore[method-assign]
    (failed,) = ground.apply("dev").receipts
    assert isinstance(failed, Failed)
    assert ground.effective() == set()
    ground.scene.repository.may_write = honest  # type: ignore[method-assign]
    assert decided(ground.apply("dev")) == [1]


def test_a_soak_is_lifted_too() -> None:
    """The rung below still has to be approved."""
    ground = Ground()
    ground.scene.config = demanding(ground.scene.config, "test", soak=timedelta(hours=24))
    number = ground.open(RecordId("test", CHURN, 1).path, ground.record(1, 0.9, "test"))
    ground.scene.repository.put_labels(number, [BREAK_GLASS], "ana")
    ground.merge(number)
    assert refused(ground.apply()) == [(1, Reason.RUNG_BELOW)]
    ground.promote(1, 0.9)
    assert decided(ground.apply()) == [1, 1]


def test_a_withdrawn_version_that_waits_stays_withdrawn() -> None:
    """What waits changes nothing of what is in effect, in the registry's fields either."""
    ground = Ground()
    ground.promote(1, 0.9)
    ground.apply("dev")
    ground.promote(1, 0.9, decision=Decision.RETIRED)
    ground.apply("dev")
    ground.scene.config = replace(ground.scene.config, stopped="the registry moves")
    ground.promote(1, 0.91)
    assert refused(ground.apply("dev")) == [(1, Reason.LINE_STOPPED)]
    assert ground.scene.packages()[CHURN, 1].metadata["dev"] == "Retired"
