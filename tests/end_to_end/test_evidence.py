"""What changed or was edited after the evidence was collected is refused by name, over HTTP."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.end_to_end import play
from tests.flows.rechecking import record_with

from assent.contracts import load_contracts
from assent.core.record import ParsedRecord, Record, parse_record, write_record
from assent.sandbox.aws import Registered
from assent.sandbox.stage import Stage

PATH = "promotions/dev/churn/1.yaml"
AUC = "binary_classification_metrics.auc"


def record_of(stage: Stage, branch: str) -> Record:
    """The record on a branch."""
    there = stage.repository("zoe").get_contents(PATH, ref=branch)
    assert not isinstance(there, list)
    parsed = parse_record(there.decoded_content, load_contracts().promotion)
    assert isinstance(parsed, ParsedRecord)
    return parsed.record


def write(stage: Stage, branch: str, record: Record) -> None:
    """A person writes a record into the branch of its promotion."""
    repository = stage.repository("zoe")
    there = repository.get_contents(PATH, ref=branch)
    assert not isinstance(there, list)
    content = write_record(record, load_contracts().promotion)
    repository.update_file(PATH, "Correct it", content, there.sha, branch=branch)


def place_of(uri: str) -> dict[str, str]:
    """Bucket and key of an address."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return {"Bucket": bucket, "Key": key}


def refused(stage: Stage, version: Registered, reason: str) -> str:
    """Apply refuses the promotion for a reason, twice, and nothing is written; what it says."""
    said = ""
    for _ in range(2):
        stage.ledger.clear()
        applied = play.apply(stage)
        assert applied.exit_code == 12, applied.output
        assert f"[{reason}]" in applied.output
        said = applied.output
        written = [call for call in stage.ledger.calls if call.service == "aws" and call.writes]
        assert [call.operation for call in written if call.operation != "PutParameter"] == []
    assert play.fields(stage, version) == {"ModelApprovalStatus": "PendingManualApproval"}
    assert not [name for name in play.parameters(stage) if not name.endswith("/applied")]
    return said


@pytest.mark.parametrize(
    ("place", "value", "reason", "said"),
    [
        (
            ("evidence", "metrics", AUC, "value"),
            0.99,
            "evidence-altered",
            f"evidence.metrics.{AUC} was '0.99 +- 0.004', is '0.91 +- 0.004'",
        ),
        (("evidence", "reports", 0, "sha256"), "0" * 64, "report-differs", "sha256 was 000000"),
        (("evidence", "reports", 0, "version_id"), "other", "report-differs", "is gone"),
        (("evidence", "origin", "commit"), "f" * 40, "evidence-altered", "origin.commit was ffff"),
        (("package", "created_by"), "arn:aws:iam::1:user/eve", "package-differs", "created_by was"),
        (
            ("package", "containers", 0, "artifact", "etag"),
            "0" * 32,
            "artifact-differs",
            "etag was 0000",
        ),
        (
            ("package", "specification"),
            f"sha256:{'0' * 64}",
            "package-differs",
            "specification was sha256:0000",
        ),
    ],
    ids=lambda each: ".".join(map(str, each)) if isinstance(each, tuple) else "",
)
def test_evidence_edited_in_the_branch_by_a_person_is_refused(
    stage: Stage, place: tuple[str | int, ...], value: object, reason: str, said: str
) -> None:
    """The digest fits, and a code owner approved it: registry and S3 still say otherwise."""
    version = play.train(stage)
    pull = play.propose(stage, version)
    edited = record_with(record_of(stage, pull.head.ref), place, value)
    assert edited is not None
    write(stage, pull.head.ref, edited)
    play.accept(stage, pull.number)
    assert said in refused(stage, version, reason)


def swap_artifact(stage: Stage, _version: Registered, record: Record) -> None:
    (container,) = record.package.containers
    assert container.artifact is not None
    stage.aws.s3.put_object(**place_of(container.artifact.uri), Body=b"evil")  # type: ignore[arg-type]


def delete_report(stage: Stage, _version: Registered, record: Record) -> None:
    (report,) = record.evidence.reports
    assert report.version_id is not None
    place: Any = place_of(report.uri)
    stage.aws.s3.delete_object(**place, VersionId=report.version_id)


def start_it_otherwise(stage: Stage, version: Registered, _record: Record) -> None:
    sagemaker: Any = stage.aws.sagemaker
    said = sagemaker.describe_model_package(ModelPackageName=version.arn)
    specification = said["InferenceSpecification"]
    specification["Containers"][0]["Environment"] = {"SAGEMAKER_PROGRAM": "evil.py"}
    sagemaker.update_model_package(
        ModelPackageArn=version.arn, InferenceSpecification=specification
    )


@pytest.mark.parametrize(
    ("change", "reason", "said"),
    [
        (swap_artifact, "artifact-differs", "artifact.etag was "),
        (delete_report, "report-differs", "evidence.reports[0] is gone"),
        (start_it_otherwise, "package-differs", "specification was "),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_what_was_changed_after_approval_is_refused(
    stage: Stage,
    change: Callable[[Stage, Registered, Record], None],
    reason: str,
    said: str,
) -> None:
    """The record is what was approved; what it speaks of is not there any more."""
    version = play.train(stage)
    pull = play.propose(stage, version)
    play.accept(stage, pull.number)
    change(stage, version, record_of(stage, "main"))
    assert said in refused(stage, version, reason)


def test_a_report_that_was_only_overwritten_holds_nothing_up(stage: Stage) -> None:
    """The bucket keeps the version that was read, and it says what the record says."""
    version = play.train(stage)
    pull = play.propose(stage, version)
    play.accept(stage, pull.number)
    (report,) = record_of(stage, "main").evidence.reports
    place: Any = place_of(report.uri)
    stage.aws.s3.put_object(**place, Body=b'{"auc": 0.1}')
    applied = play.apply(stage)
    assert applied.exit_code == 0, applied.output
    assert play.current(stage) == 1


def test_a_package_created_again_after_approval_is_refused_by_that_name(stage: Stage) -> None:
    """Same number, another creation time: nothing was decided about this one."""
    version = play.train(stage)
    pull = play.propose(stage, version)
    edited = record_of(stage, pull.head.ref)
    earlier = edited.package.created.replace(year=2020)
    write(stage, pull.head.ref, replace(edited, package=replace(edited.package, created=earlier)))
    play.accept(stage, pull.number)
    said = refused(stage, version, "package-recreated")
    assert "created was 2020-" in said


def test_a_checksum_that_s3_keeps_is_pinned(stage: Stage) -> None:
    """An artifact uploaded with its SHA-256 is told from any other by it, in the record."""
    first = play.train(stage)
    said: Any = stage.aws.sagemaker.describe_model_package(ModelPackageName=first.arn)
    place: Any = place_of(said["InferenceSpecification"]["Containers"][0]["ModelDataUrl"])
    stage.aws.s3.put_object(**place, Body=b"a model", ChecksumAlgorithm="SHA256")
    pull = play.propose(stage, first)
    record = record_of(stage, pull.head.ref)
    (container,) = record.package.containers
    assert container.artifact is not None
    assert container.artifact.sha256 is not None
    assert f"`sha256:{container.artifact.sha256}`" in pull.body
    play.accept(stage, pull.number)
    assert play.apply(stage).exit_code == 0
