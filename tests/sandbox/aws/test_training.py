"""What a training pipeline leaves behind, and what AWS sends about it."""

import datetime as dt
import hashlib
import json
import re
from typing import Any

import pytest
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from assent.sandbox.aws import AwsSandbox, lambda_context, register, registration_event, sqs_batch
from assent.sandbox.aws.training import REPORT_SLOTS


def test_a_registration_is_complete(aws: AwsSandbox) -> None:
    """Artifact and reports are in a versioned bucket, and the package refers to each of them."""
    reports = {kind: json.dumps({"kind": kind}).encode() for kind in REPORT_SLOTS}
    made = register(
        aws,
        reports=reports,
        artifact=b"weights",
        created_by="ana",
        source_identity="ana@acme",
        created=dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC),
        metadata={"team": "growth"},
        source_commit="0a1b2c",
        pipeline_execution="p4jn9xou8a8s",
    )
    found: Any = aws.sagemaker.describe_model_package(ModelPackageName=made.arn)
    assert (made.group, made.version) == ("churn", 1)
    assert found["ModelApprovalStatus"] == "PendingManualApproval"
    assert found["CreationTime"] == dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)
    assert found["CustomerMetadataProperties"] == {"team": "growth"}
    assert found["MetadataProperties"] == {
        "CommitId": "0a1b2c",
        "GeneratedBy": "arn:aws:sagemaker:eu-west-1:111122223333:"
        "pipeline/churn-training/execution/p4jn9xou8a8s",
    }
    identity = found["CreatedBy"]["IamIdentity"]
    assert identity["Arn"] == "arn:aws:sts::111122223333:assumed-role/training/ana"
    assert identity["SourceIdentity"] == "ana@acme"
    [container] = found["InferenceSpecification"]["Containers"]
    key = container["ModelDataUrl"].removeprefix("s3://acme-models/")
    job = r"pipelines-p4jn9xou8a8s-Train-[0-9a-f]{10}"
    assert re.fullmatch(rf"churn/{job}/output/model\.tar\.gz", key)
    stored = aws.s3.get_object(Bucket="acme-models", Key=key)
    assert stored["Body"].read() == b"weights"
    assert stored["VersionId"] != "null"
    assert container["ModelDataETag"] == hashlib.md5(b"weights", usedforsecurity=False).hexdigest()
    for kind, (family, slot) in REPORT_SLOTS.items():
        uri = found["ModelMetrics"][family][slot]["S3Uri"]
        key = uri.removeprefix("s3://acme-models/")
        assert aws.s3.get_object(Bucket="acme-models", Key=key)["Body"].read() == reports[kind]


def test_versions_follow_each_other_and_leave_no_trace_in_the_ledger(aws: AwsSandbox) -> None:
    """A second registration becomes version 2, without a call that a test would count."""
    assert [register(aws).version, register(aws).version] == [1, 2]
    assert register(aws, group="churn-eu").version == 1
    assert aws.ledger.count() == 0


def test_a_creator_may_be_unknown(aws: AwsSandbox) -> None:
    """Without a creator the description has no ``CreatedBy``; reports may be missing too."""
    found = aws.sagemaker.describe_model_package(
        ModelPackageName=register(aws, created_by=None).arn
    )
    assert "CreatedBy" not in found
    assert "ModelMetrics" not in found


def test_an_unknown_kind_of_report_is_an_error(aws: AwsSandbox) -> None:
    """A report that ``ModelMetrics`` has no place for is refused."""
    with pytest.raises(KeyError, match="vibes"):
        register(aws, reports={"vibes": b"{}"})


def test_the_event_repeats_the_description(aws: AwsSandbox) -> None:
    """The event has EventBridge's envelope, whole seconds, and the fields AWS documents."""
    made = register(
        aws,
        reports={"model-quality": b"{}"},
        created=dt.datetime(2026, 11, 22, 10, 0, 0, 123_456, tzinfo=dt.UTC),
    )
    event = made.event
    assert event == json.loads(json.dumps(event))
    assert event["detail-type"] == "SageMaker Model Package State Change"
    assert (event["source"], event["account"], event["region"]) == (
        "aws.sagemaker",
        "111122223333",
        "eu-west-1",
    )
    assert event["resources"] == [made.arn]
    assert event["time"] == event["detail"]["CreationTime"] == "2026-11-22T10:00:00Z"
    assert event["detail"]["ModelPackageVersion"] == 1
    assert "ModelQuality" in event["detail"]["ModelMetrics"]
    assert "CreatedBy" not in event["detail"]
    aws.sagemaker.update_model_package(
        ModelPackageArn=made.arn, CustomerMetadataProperties={"dev": "Approved"}
    )
    later = registration_event(aws.sagemaker.describe_model_package(ModelPackageName=made.arn))
    assert later["detail"]["CustomerMetadataProperties"] == {"dev": "Approved"}
    assert later["id"] != event["id"]
    assert later["time"] > event["time"]


def test_batches_go_through_powertools() -> None:
    """A batch is what Powertools' SQS processor expects; the message that failed is named."""
    batch = sqs_batch([{"id": "1"}, "not JSON", {"id": "3"}])
    seen = []

    def handle(record: SQSRecord) -> None:
        seen.append(json.loads(record.body)["id"])

    answer = process_partial_response(
        event=batch,
        record_handler=handle,
        processor=BatchProcessor(event_type=EventType.SQS),
        context=lambda_context(remaining=1234),
    )
    assert seen == ["1", "3"]
    failed = batch["Records"][1]["messageId"]
    assert answer == {"batchItemFailures": [{"itemIdentifier": failed}]}


def test_the_context_says_what_a_function_asks() -> None:
    """Name, ARN, memory, request and remaining time are there."""
    context = lambda_context("propose", remaining=1234)
    assert context.function_name == "propose"
    assert context.invoked_function_arn.endswith(":function:propose")
    assert context.memory_limit_in_mb > 0
    assert context.aws_request_id != lambda_context("propose").aws_request_id
    assert context.get_remaining_time_in_millis() == 1234
