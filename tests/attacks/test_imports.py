"""Attacks that would have an import carry a version around its gates.

An import is approved as any record is, and merged: what is attacked is that it passes no gate. No
protection of the repository is on, so that only what `apply` itself holds is in the way.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from github.PullRequest import PullRequest
from moto.sagemaker.models import sagemaker_backends
from tests.attacks.siege import Siege, forged
from tests.end_to_end import play

from assent.core.changes import Reason
from assent.core.evidence import EvidenceSource
from assent.core.metrics import Metric
from assent.core.record import Record
from assent.sandbox.aws import Registered, registry
from assent.sandbox.stage import ACCOUNT, REGION

OLD = datetime(2025, 1, 1, tzinfo=UTC)
ADOPTED = "2026-01-01T00:00:00Z"
AUC = "binary_classification_metrics.auc"
_GATE = "gates: [{id: auc-floor, metric: binary_classification_metrics.auc, at_least: 0.99}]"
_DEV = f'  - name: dev\n    account: "{ACCOUNT}"\n'


@pytest.fixture
def siege(tmp_path: Path) -> Iterator[Siege]:
    """Version 1 is live in dev; a gate is set there that no version passes; imports are allowed."""
    with Siege.laid(tmp_path) as laid, patch.dict(os.environ, laid.stage.environment()):
        laid.configure(_DEV, f"{_DEV}    {_GATE}\n")
        allow(laid)
        yield laid


def allow(siege: Siege, before: str = ADOPTED) -> None:
    """Let assent.yaml say when Assent came."""
    text = siege.record("assent.yaml").decode()
    lines = [line for line in text.splitlines() if not line.startswith("imports:")]
    place = lines.index("environments: # lowest first")
    lines.insert(place, f'imports: {{registered_before: "{before}"}}')
    siege.push("assent.yaml", ("\n".join(lines) + "\n").encode())
    play.cold_start()


def old(siege: Siege, approval: str = "Approved") -> Registered:
    """A version from before Assent came."""
    return siege.train(approval=approval, created=OLD)


def as_import(content: bytes) -> bytes:
    """A record, made to claim that it is an import."""

    def claim(record: Record) -> Record:
        return replace(record, evidence=replace(record.evidence, source=EvidenceSource.IMPORT))

    return forged(content, claim)


def asked(siege: Siege, version: Registered, content: bytes) -> PullRequest:
    """Let zoe ask for a record, and a code owner approve and merge it unwittingly."""
    path = f"promotions/dev/churn/{version.version}.yaml"
    siege.branch("takeover")
    siege.commit("zoe", path, content, "takeover")
    pull = siege.open("takeover")
    siege.approve(pull, "ben")
    siege.merge(pull, "ben")
    return pull


def imported(siege: Siege, *options: str) -> PullRequest:
    """Let Assent open the import."""
    clone = siege.stage.clone(siege.folder / "importing")
    done = play.assent(
        "backfill", "--repository", clone, "--import", "--up-to", "dev", "--write", *options
    )
    assert done.exit_code == 0, done.output
    (pull,) = [each for each in siege.stage.pull_requests() if each.head.ref.startswith("import/")]
    return pull


def accept(siege: Siege, pull: PullRequest) -> None:
    """Approve and merge as it should be."""
    siege.approve(pull, "ben")
    siege.merge(pull, "ben")


def record_of(siege: Siege, version: Registered) -> bytes:
    """A record of a version as Assent would write it, for whoever makes one by hand."""
    pull = imported(siege)
    content = siege.record(f"promotions/dev/churn/{version.version}.yaml", pull.head.ref)
    siege.stage.close(pull.number, "ben")
    return content


def test_what_was_approved_before_is_taken_over_without_its_gate(siege: Siege) -> None:
    """The way that is meant: approved by an owner, it takes effect though no gate holds."""
    old(siege)
    accept(siege, imported(siege))
    applied = siege.apply()
    assert applied.exit_code == 0, applied.output
    assert "an import: no gate and no soak was judged" in applied.output
    assert play.current(siege.stage) == 2
    assert siege.apply().exit_code == 0


def test_an_import_needs_an_approval_as_anything_does(siege: Siege) -> None:
    """Merged without one by somebody who may, it does nothing; nor by its own author's."""
    old(siege)
    pull = imported(siege)
    siege.merge(pull, "zoe")
    siege.refusal(Reason.MERGED_WITHOUT_APPROVAL)


def test_an_import_approved_by_somebody_who_owns_nothing(siege: Siege) -> None:
    """Only owners of the very path count."""
    old(siege)
    pull = imported(siege)
    siege.approve(pull, "zoe")
    siege.merge(pull, "zoe")
    siege.refusal(Reason.APPROVED_BY_NON_OWNER)


def test_a_promotion_that_is_called_an_import(siege: Siege) -> None:
    """A version of today, whose record claims to be an import, and whose gate would fail."""
    _, pull = siege.proposed()
    path = "promotions/dev/churn/2.yaml"
    siege.commit("zoe", path, as_import(siege.record(path, pull.head.ref)), pull.head.ref)
    accept(siege, pull)
    assert "not before" in siege.refusal(Reason.IMPORT_REFUSED)


def test_the_registry_flipped_by_hand_before_the_import(siege: Siege) -> None:
    """An old version that nobody approved is flipped to Approved now: when, the registry tells."""
    version = old(siege)
    content = record_of(siege, version)
    flipped = old(siege, "PendingManualApproval")
    siege.stage.aws.sagemaker.update_model_package(
        ModelPackageArn=flipped.arn, ModelApprovalStatus="Approved"
    )
    clone = siege.stage.clone(siege.folder / "looking")
    said = play.assent("backfill", "--repository", clone, "--import", "--up-to", "dev")
    assert "left out churn 3: the registry's entry was written" in said.output
    # Version 2 itself is written to, after its import was made.
    siege.stage.aws.sagemaker.update_model_package(
        ModelPackageArn=version.arn, ModelApprovalStatus="Approved"
    )
    asked(siege, version, content)
    assert "was written" in siege.refusal(Reason.IMPORT_REFUSED)


def test_the_registry_flipped_with_fields_that_look_like_ours(siege: Siege) -> None:
    """Whoever writes Assent's own fields along is told by the name under which it was written."""
    version = old(siege)
    content = record_of(siege, version)
    siege.stage.aws.sagemaker.update_model_package(
        ModelPackageArn=version.arn,
        ModelApprovalStatus="Approved",
        CustomerMetadataProperties={"dev": "Approved", "dev.by": "ben"},
    )
    found = sagemaker_backends[ACCOUNT][REGION].model_packages[version.arn]
    identity = {"Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/training/zoe", "PrincipalId": "A"}
    found.__dict__["last_modified_by"] = {"IamIdentity": identity}
    asked(siege, version, content)
    assert "assumed-role/training/zoe" in siege.refusal(Reason.IMPORT_REFUSED)


@pytest.mark.parametrize("approval", ["Rejected", "PendingManualApproval"])
def test_what_the_registry_does_not_approve(siege: Siege, approval: str) -> None:
    """A version that was rejected, or never decided on, is no import, whatever a record says."""
    version = old(siege)
    content = record_of(siege, version)
    sagemaker_backends[ACCOUNT][REGION].model_packages[version.arn].model_approval_status = approval
    asked(siege, version, content)
    assert f"the registry says {approval}" in siege.refusal(Reason.IMPORT_REFUSED)


def test_a_retired_version_imported_again(siege: Siege) -> None:
    """What Assent decided on comes back by fresh evidence and its gates, not by an import."""
    version = old(siege)
    accept(siege, imported(siege))
    assert siege.apply().exit_code == 0
    path = "promotions/dev/churn/2.yaml"
    approved = siege.record(path)
    retiring = play.retire(siege.stage, 2)
    siege.approve(retiring, "ana")
    siege.merge(retiring, "ana")
    assert siege.apply().exit_code == 0
    assert play.current(siege.stage) == 1

    def later(record: Record) -> Record:
        moment = record.evidence.collected + timedelta(hours=1)
        return replace(record, evidence=replace(record.evidence, collected=moment))

    asked(siege, version, forged(approved, later))
    assert "Assent decided on it" in siege.refusal(Reason.IMPORT_REFUSED)


def test_a_version_rejected_by_closing_imported_later(siege: Siege) -> None:
    """A no of a code owner stays, however the registry is flipped afterwards."""
    version = old(siege, "PendingManualApproval")
    pull = siege.propose(version)
    content = as_import(siege.record("promotions/dev/churn/2.yaml", pull.head.ref))
    siege.stage.close(pull.number, "ben")
    assert siege.apply().exit_code == 0
    found = sagemaker_backends[ACCOUNT][REGION].model_packages[version.arn]
    found.model_approval_status = "Approved"
    found.last_modified_time = OLD
    asked(siege, version, content)
    applied = siege.apply()
    assert applied.exit_code == 12, applied.output
    assert "Assent decided on it in dev before" in applied.output
    assert siege.fields(2)["ModelApprovalStatus"] == "Rejected"  # what is in effect is shown again
    siege.refusal(Reason.IMPORT_REFUSED)


def test_the_time_moved_in_the_same_pull_request(siege: Siege) -> None:
    """What judges records came along with them."""
    version = siege.train(approval="Approved")
    clone = siege.stage.clone(siege.folder / "moving")
    moved = (clone / "assent.yaml").read_text().replace(ADOPTED, "2099-01-01T00:00:00Z")
    allow(siege, "2099-01-01T00:00:00Z")
    content = record_of(siege, version)
    allow(siege)
    siege.branch("takeover")
    siege.commit("zoe", "promotions/dev/churn/2.yaml", content, "takeover")
    siege.commit("zoe", "assent.yaml", moved, "takeover")
    accept(siege, siege.open("takeover"))
    siege.refusal(Reason.RULES_CHANGED_ALONG)


def test_the_time_moved_after_the_merge(siege: Siege) -> None:
    """Merged while it was forbidden, an import is not let through by what is allowed later."""
    version = siege.train(approval="Approved")
    allow(siege, "2099-01-01T00:00:00Z")
    content = record_of(siege, version)
    allow(siege)
    asked(siege, version, content)
    siege.refusal(Reason.IMPORT_REFUSED)
    allow(siege, "2099-01-01T00:00:00Z")
    siege.refusal(Reason.IMPORT_REFUSED)


def test_the_evidence_of_an_import_edited(siege: Siege) -> None:
    """Its numbers are those of its reports, as of any record, however its digest fits."""
    version = old(siege)
    content = record_of(siege, version)

    def better(record: Record) -> Record:
        metrics = {**record.evidence.metrics, AUC: Metric(value=0.999)}
        return replace(record, evidence=replace(record.evidence, metrics=metrics))

    asked(siege, version, forged(content, better))
    assert "0.999" in siege.refusal(Reason.EVIDENCE_ALTERED)


def test_an_import_over_a_promotion_one_rung_up(siege: Siege) -> None:
    """Version 1 was promoted to dev: an import does not spare it the gates of test."""
    content = siege.record("promotions/dev/churn/1.yaml")
    there = forged(as_import(content), _in_test)
    siege.branch("takeover")
    siege.commit("zoe", "promotions/test/churn/1.yaml", there, "takeover")
    accept(siege, siege.open("takeover"))
    applied = siege.apply()
    assert applied.exit_code == 12, applied.output
    assert "[import-refused]" in applied.output
    assert "test/churn/current" not in play.parameters(siege.stage)


def _by(version: Registered, who: str, at: datetime | None = None) -> None:
    """Let the registry name another last writer, or another time."""
    found = sagemaker_backends[ACCOUNT][REGION].model_packages[version.arn]
    identity = {"Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{who}", "PrincipalId": "A"}
    found.__dict__["last_modified_by"] = {"IamIdentity": identity}
    if at is not None:
        found.last_modified_time = at


def _last_writer(version: Registered) -> str:
    """Who the registry says wrote last: a role and its session."""
    found = sagemaker_backends[ACCOUNT][REGION].model_packages[version.arn]
    arn = found.__dict__["last_modified_by"]["IamIdentity"]["Arn"]
    return str(arn).partition("assumed-role/")[2]


def _checked(siege: Siege, branch: str) -> str:
    """What `check` says of a branch, which it refuses."""
    clone = siege.stage.clone(siege.folder / f"checking-{branch}")
    done = play.assent(
        "check", "--repository", clone, "--base", "origin/main", "--head", f"origin/{branch}"
    )
    assert done.exit_code == 10, done.output
    return done.output


def test_the_writers_named_in_the_configuration(siege: Siege) -> None:
    """Who is expected to write approvals is not believed to have proven them."""
    setting = f'registry: {{account: "{ACCOUNT}", region: {REGION}'
    siege.configure(f"{setting}}}", f'{setting}, writers: ["*:assumed-role/training/*"]}}')
    version = old(siege)
    content = record_of(siege, version)
    pull = f"{siege.stage.pull_requests(state='all')[0].html_url.rpartition('/')[0]}/3"
    siege.stage.aws.sagemaker.update_model_package(
        ModelPackageArn=version.arn,
        ModelApprovalStatus="Approved",
        ApprovalDescription=f"Approved in dev by ben: {pull}",
        CustomerMetadataProperties={"dev": "Approved", "dev.by": "ben", "dev.pull-request": pull},
    )
    _by(version, "training/zoe")
    assert asked(siege, version, content).html_url == pull
    assert "assumed-role/training/zoe" in siege.refusal(Reason.IMPORT_REFUSED)


@pytest.fixture
def one_role() -> Iterator[None]:
    """Whoever writes to the registry does it by the name that AWS gives Assent's own role."""
    identity = {"Arn": f"arn:aws:sts::{ACCOUNT}:user/moto", "PrincipalId": "A"}
    with patch.object(registry, "_caller", lambda _: {"IamIdentity": identity}):
        yield


def _washing(siege: Siege) -> tuple[Registered, bytes]:
    """A version that nobody approved is flipped, and claims every rung that is asked for."""
    version = old(siege)
    content = record_of(siege, version)
    siege.stage.aws.sagemaker.update_model_package(
        ModelPackageArn=version.arn,
        ModelApprovalStatus="Approved",
        CustomerMetadataProperties={"dev": "Approved", "test": "Approved"},
    )
    _by(version, "training/zoe")
    return version, content


def _promoted_to_test(content: bytes) -> bytes:
    def claim(record: Record) -> Record:
        evidence = replace(record.evidence, source=EvidenceSource.TRAINING)
        return replace(_in_test(record), evidence=evidence)

    return forged(content, claim)


@pytest.mark.usefixtures("one_role")
def test_a_second_record_that_has_assent_write_over_who_flipped_it(siege: Siege) -> None:
    """Its refusal in test takes no field back while the import waits: who wrote last stays."""
    version, content = _washing(siege)
    siege.branch("both")
    siege.commit("zoe", "promotions/dev/churn/2.yaml", content, "both")
    siege.commit("zoe", "promotions/test/churn/2.yaml", _promoted_to_test(content), "both")
    accept(siege, siege.open("both"))
    for _ in range(3):
        applied = siege.apply()
        assert applied.exit_code == 12, applied.output
        assert "assumed-role/training/zoe" in applied.output
    assert _last_writer(version) == "training/zoe"
    assert play.current(siege.stage) == 1


@pytest.mark.usefixtures("one_role")
def test_a_rejection_by_closing_that_has_assent_write_over_it(siege: Siege) -> None:
    """A no in test shows later: it does not hide who flipped the version before."""
    version, content = _washing(siege)
    asked(siege, version, content)
    siege.refusal(Reason.IMPORT_REFUSED)
    siege.branch("promote/churn/2/test")
    path = "promotions/test/churn/2.yaml"
    siege.commit("zoe", path, _promoted_to_test(content), "promote/churn/2/test")
    siege.stage.close(siege.open("promote/churn/2/test").number, "ben")
    for _ in range(2):
        applied = siege.apply("--all")
        assert applied.exit_code == 12, applied.output
        assert "[import-refused]" in applied.output
    assert _last_writer(version) == "training/zoe"
    assert play.current(siege.stage) == 1


@pytest.mark.usefixtures("one_role")
def test_healing_does_not_make_an_import_possible(siege: Siege) -> None:
    """It takes the approval back that nothing explains, and with it what would be imported."""
    version, content = _washing(siege)
    asked(siege, version, content)
    siege.refusal(Reason.IMPORT_REFUSED)
    clone = siege.stage.clone(siege.folder / "healing")
    play.assent("drift", "--repository", clone, "--heal")
    assert siege.fields(2)["ModelApprovalStatus"] == "PendingManualApproval"
    assert "PendingManualApproval" in siege.refusal(Reason.IMPORT_REFUSED)


def test_the_time_moved_after_something_was_refused_as_touched(siege: Siege) -> None:
    """What was written to too late when it was merged is not let through by a later time."""
    version = old(siege)
    content = record_of(siege, version)
    _by(version, "training/zoe", datetime(2026, 1, 2, tzinfo=UTC))
    asked(siege, version, content)
    assert "was written 2026-01-02" in siege.refusal(Reason.IMPORT_REFUSED)
    allow(siege, "2026-02-01T00:00:00Z")
    assert "was written 2026-01-02" in siege.refusal(Reason.IMPORT_REFUSED)


def test_a_time_in_the_future(siege: Siege) -> None:
    """It would let in whatever is registered, and approved by hand, from now on."""
    siege.branch("future")
    later = siege.record("assent.yaml").decode().replace(ADOPTED, "2099-01-01T00:00:00Z")
    siege.commit("zoe", "assent.yaml", later, "future")
    assert "assent.yaml:1: error[imported]" in _checked(siege, "future")
    allow(siege, "2099-01-01T00:00:00Z")
    version = siege.train(approval="Approved")
    content = record_of(siege, version)
    asked(siege, version, content)
    assert "was not over" in siege.refusal(Reason.IMPORT_REFUSED)
    allow(siege)
    siege.refusal(Reason.IMPORT_REFUSED)


def test_an_import_called_one_again_in_a_higher_rung(siege: Siege) -> None:
    """Imported to dev once, it climbs by the gates of test, and not by another import."""
    old(siege)
    accept(siege, imported(siege))
    assert siege.apply().exit_code == 0
    content = siege.record("promotions/dev/churn/2.yaml")
    siege.branch("relabelled")
    siege.commit("zoe", "promotions/test/churn/2.yaml", forged(content, _in_test), "relabelled")
    assert "does not come along" in _checked(siege, "relabelled")
    accept(siege, siege.open("relabelled"))
    for _ in range(2):
        applied = siege.apply()
        assert applied.exit_code == 12, applied.output
        assert "brings all of its environments at once [import-refused]" in applied.output
    assert "test/churn/current" not in play.parameters(siege.stage)


def _in_test(record: Record) -> Record:
    return replace(record, id=replace(record.id, environment="test"))


def test_a_branch_put_where_the_import_will_be(siege: Siege) -> None:
    """Whoever takes the branch's name beforehand does not get their records opened by the App."""
    old(siege)
    clone = siege.stage.clone(siege.folder / "looking")
    said = play.assent("backfill", "--repository", clone, "--import", "--up-to", "dev")
    (branch,) = {word for word in said.output.split() if word.startswith("import/")}
    siege.branch(branch.rstrip(";"))
    siege.commit("zoe", "promotions/dev/churn/9.yaml", b"status: Approved\n", branch.rstrip(";"))
    pull = imported(siege)
    assert [each.filename for each in pull.get_files()] == ["promotions/dev/churn/2.yaml"]
