"""Check and apply never disagree on a gate, whatever is merged, in whatever order, however late."""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.flows.ground import CHURN, Ground, decided, refused

from assent.contracts import load_contracts
from assent.core.changes import Reason
from assent.core.config import parse_config
from assent.core.findings import Severity
from assent.core.names import RecordId
from assent.core.record import Decision, Waiver
from assent.flows.check import check

CONTRACTS = load_contracts()
GATES = {
    "floor": "{id: floor, metric: auc, at_least: 0.8}",
    "ceiling": "{id: ceiling, metric: auc, at_most: 0.95}",
    "regression": "{id: regression, metric: auc, no_worse_than_champion_by: 0.01}",
    "gain": "{id: gain, metric: auc, improves_champion_by: 0.01}",
    "sure": "{id: sure, metric: auc, no_worse_than_champion_by: 0.05, sigmas: 2}",
    "missing": "{id: missing, metric: f1, at_least: 0.5}",
}
OWNERS = ("ana", "ben")
"""As many as a waived promotion needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A version that somebody proposes, and what is done then."""

    version: int
    auc: float
    waived: str | None
    """The gate that it asks to be excused from."""
    applied: bool
    """Whether `apply` runs right after the merge."""
    retired: bool
    """Whether it is withdrawn after that."""


PROPOSED = st.builds(
    Proposed,
    version=st.integers(1, 9),
    auc=st.sampled_from([0.7, 0.79, 0.8, 0.89, 0.9, 0.903, 0.913, 0.96]),
    waived=st.sampled_from([None, None, *GATES]),
    applied=st.booleans(),
    retired=st.sampled_from([False, False, False, True]),
)


def ground(gates: Sequence[str]) -> Ground:
    """One environment, whose `assent.yaml` on main and in the scene demand these gates."""
    made = Ground(("dev",))
    made.register(9)
    text = made.scene.repository.file("assent.yaml", "main")
    assert text is not None
    listed = ", ".join(GATES[gate] for gate in gates)
    demanding = text.decode().replace("approvals: 1}", f"approvals: 1, gates: [{listed}]}}")
    assert demanding != text.decode()
    made.scene.repository.push({"assent.yaml": demanding.encode()})
    made.scene.config = parse_config(demanding.encode(), CONTRACTS.config)
    return made


def passes(made: Ground, number: int) -> bool:
    """Whether check has no objection to a pull request for its gates."""
    repository = made.scene.repository
    report = check(
        repository,
        CONTRACTS,
        clock=made.scene.clock,
        head=repository.pull(number).head,
        base=repository.tip(),
        workers=1,
    )
    judged = [each for each in report.findings if each.rule == "gate"]
    return not any(each.severity is Severity.ERROR for each in judged)


@given(
    gates=st.lists(st.sampled_from(sorted(GATES)), unique=True, max_size=3),
    acts=st.lists(PROPOSED, min_size=1, max_size=6, unique_by=lambda each: each.version),
    late=st.booleans(),
)
@settings(max_examples=80, deadline=None)
def test_what_check_says_of_gates_apply_does(
    gates: list[str], acts: list[Proposed], *, late: bool
) -> None:
    """What passes takes effect, now or in one later run; what fails and is merged is refused.

    The last promotion is merged whatever check says of it.
    """
    made = ground(gates)
    expected: set[int] = set()
    took_effect: set[int] = set()
    verdict = True
    for act in acts:
        waivers = (
            () if act.waived is None else (Waiver(gate=act.waived, reason="r", asked_by="zoe"),)
        )
        content = made.record(act.version, act.auc, waivers=waivers)
        path = RecordId("dev", CHURN, act.version).path
        number = made.open(path, content)
        verdict = passes(made, number)
        if not verdict and act is not acts[-1]:
            made.scene.repository.close(number)
            continue
        made.merge(number, OWNERS)
        if verdict:
            expected.add(act.version)
        if act.applied and not late:
            took_effect |= set(decided(made.apply("dev")))
            if verdict and act.retired:
                # A no needs no gate, and does not undo what was compared with it.
                made.promote(act.version, act.auc, decision=Decision.RETIRED)
    report = made.apply("dev")
    took_effect |= set(decided(report))
    told = [] if verdict else [(acts[-1].version, Reason.GATE_FAILS)]
    assert [each for each in refused(report) if each[1] is Reason.GATE_FAILS] == told
    assert took_effect == expected
