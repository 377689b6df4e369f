"""Attacks on package and evidence, behind an approval or before it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from moto.sagemaker.models import sagemaker_backends
from tests.attacks.siege import SECOND, Siege, forged
from tests.end_to_end import play

from assent.core.changes import Reason
from assent.core.evidence import UnreadPart
from assent.core.metrics import Metric
from assent.core.package import Artifact
from assent.core.record import Record
from assent.sandbox.aws import Registered, register
from assent.sandbox.stage import ACCOUNT, REGION

AUC = "binary_classification_metrics.auc"


def described(siege: Siege, version: Registered) -> Mapping[str, Any]:
    """What the registry says of a package."""
    said: Mapping[str, Any] = siege.stage.aws.sagemaker.describe_model_package(
        ModelPackageName=version.arn
    )
    return said


def report_uri(siege: Siege, version: Registered) -> str:
    """Where the version's model quality report lies."""
    said: str = described(siege, version)["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"]
    return said


def artifact_uri(siege: Siege, version: Registered) -> str:
    """Where the version's artifact lies."""
    said: str = described(siege, version)["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
    return said


def overwrite(siege: Siege, uri: str, content: bytes) -> None:
    """Put another object in place of one."""
    place = urlsplit(uri)
    siege.stage.aws.s3.put_object(Bucket=place.netloc, Key=place.path[1:], Body=content)


def approved(siege: Siege, pull: Any) -> None:  # noqa: ANN401 - PyGithub's
    """Approve and merge as it should be."""
    siege.approve(pull, "ben")
    siege.merge(pull, "ben")


def edited(siege: Siege, pull: Any, content: bytes) -> None:  # noqa: ANN401 - PyGithub's
    """Let zoe change the record in its branch, and a code owner approve that unwittingly."""
    siege.commit("zoe", SECOND, content, pull.head.ref)
    approved(siege, pull)


def test_evidence_edited_in_the_branch_by_a_person(siege: Siege) -> None:
    """A metric is made better, and the digest fits again; S3 knows better."""
    _, pull = siege.proposed()

    def better(record: Record) -> Record:
        metrics = {**record.evidence.metrics, AUC: Metric(value=0.999)}
        return replace(record, evidence=replace(record.evidence, metrics=metrics))

    edited(siege, pull, forged(siege.record(SECOND, pull.head.ref), better))
    said = siege.refusal(Reason.EVIDENCE_ALTERED)
    assert AUC in said
    assert "0.999" in said
    assert "0.93" in said


def test_evidence_edited_without_its_digest(siege: Siege) -> None:
    """The plain edit: the digest does not fit any more."""
    _, pull = siege.proposed()
    content = siege.record(SECOND, pull.head.ref)
    assert content.count(b"0.93") == 1
    edited(siege, pull, content.replace(b"0.93", b"0.99"))
    assert "digest" in siege.refusal(Reason.EVIDENCE_ALTERED)


def test_package_edited_in_the_branch_by_a_person(siege: Siege) -> None:
    """The record is made to speak of another image than the registry has."""
    _, pull = siege.proposed()

    def other_image(record: Record) -> Record:
        (container,) = record.package.containers
        image = container.image.replace("churn", "other")
        package = replace(record.package, containers=(replace(container, image=image),))
        return replace(record, package=package)

    edited(siege, pull, forged(siege.record(SECOND, pull.head.ref), other_image))
    said = siege.refusal(Reason.PACKAGE_DIFFERS)
    assert "containers[0].image was" in said


def test_report_edited_along_with_the_record(siege: Siege) -> None:
    """Record and report agree on a better number; the report is not the one that was pinned."""
    version, pull = siege.proposed()
    content = siege.record(SECOND, pull.head.ref)
    better = play.evaluation(0.999)["model-quality"]
    overwrite(siege, report_uri(siege, version), better)

    def agreeing(record: Record) -> Record:
        metrics = {
            **record.evidence.metrics,
            AUC: Metric(value=0.999, standard_deviation=0.004),
        }
        return replace(record, evidence=replace(record.evidence, metrics=metrics))

    edited(siege, pull, forged(content, agreeing))
    siege.refusal(Reason.EVIDENCE_ALTERED)


def test_report_swapped_in_s3(siege: Siege) -> None:
    """Where its bucket keeps no versions, a report that was replaced is not what was approved."""
    bucket = "acme-plain"
    siege.stage.aws.s3.create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    version, pull = siege.proposed(bucket=bucket)
    approved(siege, pull)
    overwrite(siege, report_uri(siege, version), play.evaluation(0.999)["model-quality"])
    said = siege.refusal(Reason.REPORT_DIFFERS)
    assert "sha256 was" in said


def test_report_deleted_with_all_its_versions(siege: Siege) -> None:
    """A report of which nothing is left proves nothing."""
    version, pull = siege.proposed()
    approved(siege, pull)
    place = urlsplit(report_uri(siege, version))
    s3 = siege.stage.aws.s3
    found = s3.list_object_versions(Bucket=place.netloc, Prefix=place.path[1:])
    for each in found["Versions"]:
        s3.delete_object(Bucket=place.netloc, Key=each["Key"], VersionId=each["VersionId"])
    siege.refusal(Reason.REPORT_DIFFERS)


def test_artifact_swapped(siege: Siege) -> None:
    """The file that inference would load is not the one that was approved."""
    version, pull = siege.proposed()
    approved(siege, pull)
    overwrite(siege, artifact_uri(siege, version), b"another model, packed")
    said = siege.refusal(Reason.ARTIFACT_DIFFERS)
    assert "containers[0].artifact" in said


def test_package_deleted_and_created_again(siege: Siege) -> None:
    """The same number, another package: refused, and asked for anew."""
    version, pull = siege.proposed()
    approved(siege, pull)
    sagemaker = siege.stage.aws.sagemaker
    sagemaker.delete_model_package(ModelPackageName=version.arn)
    again = _same_number(siege, version)
    said = siege.refusal(Reason.PACKAGE_RECREATED)
    assert "created" in said
    assert play.deliver(again.event) == []
    (fresh,) = siege.stage.pull_requests()
    assert fresh.title == "Promote churn 2 to dev (the package was created again)"


def _same_number(siege: Siege, version: Registered) -> Registered:
    """Register a version that gets the number of one that was deleted."""
    group = sagemaker_backends[ACCOUNT][REGION].model_package_groups[version.group]
    group.__dict__["assent_last_version"] = version.version - 1
    return register(
        siege.stage.aws,
        reports=play.evaluation(0.93),
        created=datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC),
    )


def test_container_given_another_environment(siege: Siege) -> None:
    """The package's own environment variables change what its image does."""
    version, pull = siege.proposed()
    approved(siege, pull)
    siege.stage.aws.sagemaker.update_model_package(
        ModelPackageArn=version.arn,
        InferenceSpecification=_with_environment(siege, version),
    )
    said = siege.refusal(Reason.PACKAGE_DIFFERS)
    assert "specification" in said


def _with_environment(siege: Siege, version: Registered) -> Any:  # noqa: ANN401 - boto3's
    specification = json.loads(json.dumps(described(siege, version)["InferenceSpecification"]))
    specification["Containers"][0]["Environment"] = {"SAGEMAKER_PROGRAM": "other.py"}
    return specification


# Dropped from the record, or pointed elsewhere.


def test_report_said_to_be_kept_in_somebodys_bucket(siege: Siege) -> None:
    """An edited record points `copy` at a bucket of its editor's, where the better report lies."""
    _, pull = siege.proposed()
    better = play.evaluation(0.999)["model-quality"]
    s3 = siege.stage.aws.s3
    s3.create_bucket(
        Bucket="zoes-own", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    s3.put_object(Bucket="zoes-own", Key="r.json", Body=better)

    def elsewhere(record: Record) -> Record:
        metrics = {**record.evidence.metrics, AUC: Metric(value=0.999, standard_deviation=0.004)}
        (report,) = record.evidence.reports
        report = replace(
            report,
            version_id=None,
            copy="s3://zoes-own/r.json",
            sha256=hashlib.sha256(better).hexdigest(),
            bytes=len(better),
        )
        evidence = replace(record.evidence, metrics=metrics, reports=(report,))
        return replace(record, evidence=evidence)

    edited(siege, pull, forged(siege.record(SECOND, pull.head.ref), elsewhere))
    said = siege.refusal(Reason.EVIDENCE_ALTERED)
    assert "evidence.reports[0].copy is 's3://zoes-own/r.json'" in said


@pytest.mark.parametrize("with_origin", [True, False])
def test_specification_dropped_from_the_record(siege: Siege, *, with_origin: bool) -> None:
    """Without `specification` the record looks old, and its containers are started otherwise."""
    version, pull = siege.proposed()

    def older(record: Record) -> Record:
        evidence = record.evidence
        if not with_origin:
            evidence = replace(evidence, origin=None)
        package = replace(record.package, specification=None)
        return replace(record, package=package, evidence=evidence)

    edited(siege, pull, forged(siege.record(SECOND, pull.head.ref), older))
    siege.stage.aws.sagemaker.update_model_package(
        ModelPackageArn=version.arn, InferenceSpecification=_with_environment(siege, version)
    )
    said = siege.refusal(Reason.EVIDENCE_ALTERED)
    assert "lacks package.specification, which the registry has" in said


def test_violations_dropped_from_a_record_that_looks_old(siege: Siege) -> None:
    """A record without origin and specification has to have its violations all the same."""
    violation = {
        "feature_name": "age",
        "constraint_check_type": "data_type_check",
        "description": "Data type match requirement is not met.",
    }
    listed = json.dumps({"violations": [violation]}).encode()
    _, pull = siege.proposed(reports={**play.evaluation(0.93), "data-quality": listed})

    def older(record: Record) -> Record:
        assert record.evidence.violations
        evidence = replace(record.evidence, origin=None, violations=(), directions={}, curves=())
        return replace(
            record, package=replace(record.package, specification=None), evidence=evidence
        )

    edited(siege, pull, forged(siege.record(SECOND, pull.head.ref), older))
    siege.refusal(Reason.EVIDENCE_ALTERED)


def test_artifact_unpinned_in_the_record_and_swapped(siege: Siege) -> None:
    """An edited record says that the artifact could not be looked at; then it is swapped."""
    version, pull = siege.proposed()
    uri = artifact_uri(siege, version)

    def unpinned(record: Record) -> Record:
        (container,) = record.package.containers
        containers = (replace(container, artifact=Artifact(uri=uri)),)
        unread = (*record.evidence.unread, UnreadPart(where=uri, why="it may not be read"))
        return replace(
            record,
            package=replace(record.package, containers=containers),
            evidence=replace(record.evidence, unread=unread),
        )

    edited(siege, pull, forged(siege.record(SECOND, pull.head.ref), unpinned))
    overwrite(siege, uri, b"another model, packed")
    said = siege.refusal(Reason.ARTIFACT_DIFFERS)
    assert "can be pinned by now" in said


# And no false refusal.


@pytest.mark.parametrize("versions", ["kept", "expired"])
def test_no_false_refusal_of_a_rollback_to_expired_reports(siege: Siege, versions: str) -> None:
    """What took effect once does not need its reports again."""
    _, pull = siege.proposed()
    approved(siege, pull)
    assert siege.apply().exit_code == 0
    assert play.current(siege.stage) == 2
    if versions == "expired":
        place = urlsplit(report_uri(siege, siege.live))
        s3 = siege.stage.aws.s3
        for each in s3.list_object_versions(Bucket=place.netloc)["Versions"]:
            if not each["Key"].endswith("model.tar.gz"):
                s3.delete_object(Bucket=place.netloc, Key=each["Key"], VersionId=each["VersionId"])
    siege.clock.tick()
    retiring = play.retire(siege.stage, 2, by="zoe")
    approved(siege, retiring)
    applied = siege.apply()
    assert applied.exit_code == 0, applied.output
    assert play.current(siege.stage) == 1


def test_no_false_refusal_of_a_report_written_again(siege: Siege) -> None:
    """Where its bucket keeps versions, the pinned one is what counts."""
    version, pull = siege.proposed()
    approved(siege, pull)
    overwrite(siege, report_uri(siege, version), play.evaluation(0.5)["model-quality"])
    applied = siege.apply()
    assert applied.exit_code == 0, applied.output
    assert play.current(siege.stage) == 2
