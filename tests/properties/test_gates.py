"""However late apply runs, and wherever it is killed, gates let through the very same versions."""

from dataclasses import dataclass
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.flows.ground import CHURN, Ground, demanding
from tests.properties.scene import Cut

from assent.core.gates import Gate, GateKind
from assent.core.names import RecordId
from assent.core.record import Waiver

GATE = Gate(id="auc-regression", kind=GateKind.NO_WORSE, metric="auc", bound=0.02)
WAIVER = Waiver(gate=GATE.id, reason="it is needed", asked_by="zoe")


@dataclass(frozen=True, slots=True)
class Merge:
    """A version comes to main."""

    auc: int
    """In hundredths."""
    how: str
    """By a pull request with one approval or two, or pushed; the former with a waiver or not."""


@dataclass(frozen=True, slots=True)
class Run:
    """Apply runs, to its end or not."""

    everything: bool
    cut: Cut | None


_merges = st.builds(
    Merge, st.integers(80, 86), st.sampled_from(["one", "two", "waived-one", "waived-two", "push"])
)
_runs = st.builds(
    Run,
    st.booleans(),
    st.none() | st.builds(Cut, at=st.integers(1, 30), after=st.booleans()),
)


def expected(order: list[tuple[int, Merge]]) -> set[int]:
    """By the promise alone: each is compared with the highest that is in effect when it comes."""
    effective: dict[int, int] = {}
    for version, merge in order:
        if merge.how == "push":
            continue
        fails = bool(effective) and merge.auc < effective[max(effective)] - 2
        if not fails or merge.how == "waived-two":
            effective[version] = merge.auc
    return set(effective)


@given(
    merges=st.lists(_merges, min_size=1, max_size=6),
    shuffled=st.randoms(use_true_random=False),
    runs=st.lists(st.lists(_runs, max_size=2), min_size=6, max_size=6),
)
@settings(max_examples=150, deadline=None)
def test_gates_judge_alike_however_late(
    merges: list[Merge], shuffled: Random, runs: list[list[Run]]
) -> None:
    """Versions come in any order of their numbers, some without proof, some with a waiver."""
    versions = list(range(1, len(merges) + 1))
    shuffled.shuffle(versions)
    order = list(zip(versions, merges, strict=True))
    ground = Ground(("dev", "test"))
    ground.scene.config = demanding(ground.scene.config, "dev", gates=(GATE,))
    ground.register(len(merges))
    for (version, merge), following in zip(order, runs, strict=False):
        if merge.how == "push":
            path = RecordId("dev", CHURN, version).path
            ground.scene.push(path, ground.record(version, merge.auc / 100))
        else:
            ground.promote(
                version,
                merge.auc / 100,
                waivers=(WAIVER,) if merge.how.startswith("waived") else (),
                approvers=("ana", "ben") if merge.how.endswith("two") else ("ana",),
            )
        for run in following:
            ground.scene.apply(["dev"], run.cut, everything=run.everything)
    ground.apply("dev")
    assert ground.effective() == expected(order)
