"""Approvals in effect that have no receipt: proven once more, or made nothing of."""

import json

from tests.flows.ground import CHURN, Ground, demanding, refused

from assent.core.changes import Reason
from assent.core.errors import Exit
from assent.core.gates import Gate, GateKind
from assent.core.names import RecordId
from assent.core.record import Waiver
from assent.ports import Unavailable

HISTORY = "/assent/dev/churn/versions/"
FLOOR = Gate(id="auc-floor", kind=GateKind.AT_LEAST, metric="auc", bound=0.8)
WAIVER = Waiver(gate="auc-floor", reason="it is safer", asked_by="ben")


def killed(ground: Ground) -> None:
    """Version 2 is live, and the run that did it could not write its receipts."""
    ground.promote(1, 0.9)
    ground.apply()
    ground.promote(2, 0.91)
    ground.scene.receipts.failing = Unavailable("GitHub does not answer")
    ground.apply()
    ground.scene.receipts.failing = None
    assert live(ground) == 2
    ground.scene.flip(CHURN, 2, "Rejected", ("dev", "Rejected"))


def live(ground: Ground) -> int:
    """The version that `current` names."""
    version = json.loads(ground.scene.parameters()["/assent/dev/churn/current"])["version"]
    assert isinstance(version, int)
    return version


def field(ground: Ground, version: int) -> str | None:
    """What the registry shows of a version in dev."""
    return ground.scene.packages()[CHURN, version].metadata.get("dev")


def forge(ground: Ground, version: int) -> None:
    """Write the decision on main's record into the history, as if it had taken effect."""
    store, repository = ground.scene.stores["dev"].values, ground.scene.repository
    path, head = RecordId("dev", CHURN, version).path, repository.commit("main")
    blob = repository.lookup(head, [path])[path].blob
    record = dict(repository.blobs([blob]))[blob].decode()
    (digest,) = [
        line.partition("digest: ")[2]
        for line in record.splitlines()
        if line.startswith("  digest: ")
    ]
    said = json.loads(store[f"{HISTORY}1"])
    entry = {
        **said["decisions"][0],
        "blob": blob,
        "commit": repository.brought_by(head, path),
        "evidence": digest,
    }
    del entry["created"]
    store[f"{HISTORY}{version}"] = json.dumps({**said, "version": version, "decisions": [entry]})


def test_what_can_still_be_proven_counts() -> None:
    """A run that was killed is made up for: the registry shows its decision again."""
    ground = Ground()
    killed(ground)
    assert ground.apply("dev", everything=True).exit is Exit.OK
    assert field(ground, 2) == "Approved"


def test_what_is_live_stays_where_its_approver_has_left() -> None:
    """Nothing proves it any more: the registry is not written, and production is not taken down."""
    ground = Ground()
    killed(ground)
    for pull in ground.scene.repository.pulls:
        pull.reviews.clear()
    for _ in range(2):
        report = ground.apply("dev", everything=True)
        assert refused(report) == [(2, Reason.DECISION_UNPROVEN)]
        assert (field(ground, 2), live(ground)) == ("Rejected", 2)


def test_a_waiver_that_a_history_hides_takes_its_approval_all_the_same() -> None:
    """What was waived is worked out from record and configuration, not taken from the entry."""
    ground = Ground()
    ground.promote(1, 0.9)
    ground.apply("dev")
    ground.scene.config = demanding(ground.scene.config, "dev", gates=(FLOOR,))
    ground.promote(2, 0.7, waivers=(WAIVER,))
    assert refused(ground.apply("dev")) == [(2, Reason.TOO_FEW_APPROVALS)]
    forge(ground, 2)
    assert (2, Reason.DECISION_UNPROVEN) in refused(ground.apply("dev"))
    assert (field(ground, 2), live(ground)) == (None, 1)


def test_a_gate_that_a_history_passes_by_still_holds() -> None:
    """Rightly approved, refused by a gate, and written into the history: it stays out."""
    ground = Ground()
    ground.promote(1, 0.9)
    ground.apply("dev")
    ground.scene.config = demanding(ground.scene.config, "dev", gates=(FLOOR,))
    ground.promote(2, 0.7)
    assert refused(ground.apply("dev")) == [(2, Reason.GATE_FAILS)]
    forge(ground, 2)
    assert (2, Reason.DECISION_UNPROVEN) in refused(ground.apply("dev"))
    assert (field(ground, 2), live(ground)) == (None, 1)
