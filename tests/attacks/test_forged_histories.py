"""Decisions that somebody writes into Parameter Store: none of them lets anything in."""

import json
import subprocess
from dataclasses import replace
from typing import Any

from tests.attacks.siege import SECOND, Siege, forged
from tests.attacks.test_evidence import AUC
from tests.end_to_end import play

from assent.core.changes import Reason
from assent.core.metrics import Metric
from assent.core.record import Record

HISTORY = "/assent/dev/churn/versions/"
UNPROVEN = f"[{Reason.DECISION_UNPROVEN}]"


def put(siege: Siege, name: str, value: object) -> None:
    """Write a parameter by hand."""
    siege.stage.ssm("dev").put_parameter(
        Name=name, Value=json.dumps(value), Type="String", Overwrite=True
    )


def history(siege: Siege, version: int) -> dict[str, Any]:
    """What the history of a version says."""
    text = siege.stage.ssm("dev").get_parameter(Name=f"{HISTORY}{version}")["Parameter"]["Value"]
    said: dict[str, Any] = json.loads(text)
    return said


def forge(siege: Siege, version: int, **fields: object) -> None:
    """Write the decision on main's record of a version into Parameter Store, as if applied."""
    path = SECOND.replace("/2.", f"/{version}.")
    clone = siege.stage.clone(siege.folder / "reading")

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(clone), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    lines = (clone / path).read_text().splitlines()
    (digest,) = [line.partition("digest: ")[2] for line in lines if line.startswith("  digest: ")]
    created = next(line for line in lines if line.startswith("  created: "))
    model = history(siege, 1)
    entry = {
        **model["decisions"][0],
        "blob": git("rev-parse", f"HEAD:{path}"),
        "commit": git("log", "--first-parent", "-1", "--format=%H", "--", path),
        "evidence": digest,
        "created": created.partition(": ")[2].strip('"'),
        **fields,
    }
    put(siege, f"{HISTORY}{version}", {**model, "version": version, "decisions": [entry]})


def gaps(siege: Siege) -> set[str]:
    """The names of the gaps that an audit finds."""
    return {each["gap"] for each in siege.json("audit")["gaps"]}


def drift(siege: Siege) -> set[tuple[str, int | None]]:
    """The kinds of what differs, and of which version."""
    return {(each["kind"], each["version"]) for each in siege.json("drift")["discrepancies"]}


def assert_shut_out(siege: Siege, version: int = 2) -> None:
    """See that neither the registry nor `current` took a version in."""
    fields = siege.fields(version)
    assert fields["ModelApprovalStatus"] != "Approved"
    assert "dev" not in fields.get("CustomerMetadataProperties", {})
    assert play.current(siege.stage) == 1


def pushed(siege: Siege) -> None:
    """Push the record of version 2 to main; nobody approved it."""
    _, pull = siege.proposed()
    siege.push(SECOND, siege.record(SECOND, pull.head.ref))


def test_history_of_a_pushed_record(siege: Siege) -> None:
    """Apply refuses to make anything of it, in every run, and drift and audit name it."""
    pushed(siege)
    forge(siege, 2)
    for _ in range(2):
        applied = siege.apply()
        assert applied.exit_code == 12, applied.output
        assert UNPROVEN in applied.output
        assert_shut_out(siege)
    assert ("decision-without-receipt", 2) in drift(siege)
    assert "approval-unfounded" in gaps(siege)


def test_history_of_an_unknown_record(siege: Siege) -> None:
    """It names a record that no clone has, so that it cannot even be looked at."""
    pushed(siege)
    forge(siege, 2, blob="0" * 40)
    applied = siege.apply()
    assert applied.exit_code == 12, applied.output
    assert_shut_out(siege)


def test_history_healed(siege: Siege) -> None:
    """Heal writes back what is in effect, which this never was; it leaves it for people."""
    pushed(siege)
    forge(siege, 2)
    clone = siege.stage.clone(siege.folder / "reading")
    healed = play.assent("drift", "--heal", "--repository", clone)
    assert healed.exit_code == 12, healed.output
    assert UNPROVEN in healed.output
    assert_shut_out(siege)


def test_history_of_altered_evidence(siege: Siege) -> None:
    """Its approval is real, and its numbers are not: proving it anew looks at both."""
    _, pull = siege.proposed()

    def better(record: Record) -> Record:
        metrics = {**record.evidence.metrics, AUC: Metric(value=0.999)}
        return replace(record, evidence=replace(record.evidence, metrics=metrics))

    altered = forged(siege.record(SECOND, pull.head.ref), better)
    siege.commit("zoe", SECOND, altered, pull.head.ref)
    siege.approve(pull, "ben")
    siege.merge(pull, "ben")
    assert f"[{Reason.EVIDENCE_ALTERED}]" in siege.apply().output
    merged = siege.stage.repository("ana").get_pull(pull.number).merged_at
    assert merged is not None
    forge(
        siege, 2, pull_request=pull.html_url, at=merged.strftime("%Y-%m-%dT%H:%M:%SZ"), by=["ben"]
    )
    applied = siege.apply()
    assert f"[{Reason.EVIDENCE_ALTERED}] {UNPROVEN}" in applied.output
    assert_shut_out(siege)
    assert "approval-unfounded" in gaps(siege)
    assert ("decision-without-receipt", 2) in drift(siege)


def test_no_turned_into_a_yes(siege: Siege) -> None:
    """A decision that has its receipt is exchanged for another: the index tells them apart."""
    _, pull = siege.proposed()
    record = siege.record(SECOND, pull.head.ref)
    siege.clock.tick()
    siege.stage.repository("ben").get_pull(pull.number).edit(state="closed")
    assert siege.apply().exit_code == 0
    assert [each["status"] for each in history(siege, 2)["decisions"]] == ["Rejected"]
    siege.push(SECOND, record)
    forge(siege, 2)
    applied = siege.apply()
    assert UNPROVEN in applied.output
    assert siege.fields(2)["ModelApprovalStatus"] == "Rejected"
    assert play.current(siege.stage) == 1
    assert ("decision-without-receipt", 2) in drift(siege)


def test_no_that_nobody_said(siege: Siege) -> None:
    """A closing that never was is a no, which lets nothing in; its receipt shows nobody."""
    value = history(siege, 1)
    no = {**value["decisions"][0], "status": "Rejected", "commit": "1" * 40, "reason": "x"}
    put(siege, f"{HISTORY}1", {**value, "decisions": [*value["decisions"], no]})
    siege.apply("--all")
    said = [each for each in siege.json("audit")["gaps"] if each["gap"] == "approval-unfounded"]
    details = "; ".join(each["detail"] for each in said)
    assert "does not say who closed" in details
    assert "says that it was merged" in details
