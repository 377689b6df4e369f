"""What AWS would send: SageMaker's events, a queue's batches, a Lambda function's context."""

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

__all__ = [
    "lambda_context",
    "present",
    "processing_event",
    "registration_event",
    "sqs_batch",
    "sqs_event",
    "transform_event",
]

_REGISTRATION = (
    "ModelPackageName",
    "ModelPackageGroupName",
    "ModelPackageVersion",
    "ModelPackageArn",
    "ModelPackageDescription",
    "CreationTime",
    "InferenceSpecification",
    "ModelPackageStatus",
    "ModelPackageStatusDetails",
    "CertifyForMarketplace",
    "ModelApprovalStatus",
    "MetadataProperties",
    "ModelMetrics",
    "CustomerMetadataProperties",
    "ModelLifeCycle",
    "LastModifiedTime",
)
"""Fields of a description that the event repeats."""
_TRANSFORM = (
    "TransformJobName",
    "TransformJobArn",
    "TransformJobStatus",
    "FailureReason",
    "ModelName",
    "MaxConcurrentTransforms",
    "MaxPayloadInMB",
    "BatchStrategy",
    "Environment",
    "TransformInput",
    "TransformOutput",
    "TransformResources",
    "CreationTime",
    "TransformStartTime",
    "TransformEndTime",
    "Tags",
)
_PROCESSING = (
    "ProcessingInputs",
    "ProcessingOutputConfig",
    "ProcessingJobName",
    "ProcessingResources",
    "StoppingCondition",
    "AppSpecification",
    "Environment",
    "NetworkConfig",
    "RoleArn",
    "ExperimentConfig",
    "ProcessingJobArn",
    "ProcessingJobStatus",
    "ExitMessage",
    "FailureReason",
    "ProcessingEndTime",
    "ProcessingStartTime",
    "LastModifiedTime",
    "CreationTime",
    "MonitoringScheduleArn",
)


def present() -> dt.datetime:
    """Tell the time, as services do that stamp what passes through them."""
    return dt.datetime.now(dt.UTC)


def registration_event(description: Mapping[str, Any]) -> dict[str, Any]:
    """Make the EventBridge event that SageMaker sends about a model package.

    Args:
        description: What ``DescribeModelPackage`` returned.

    Returns:
        The event as JSON-compatible values. Times are whole seconds, as in AWS's samples, where
        the description has milliseconds.
    """
    changed = description.get("LastModifiedTime") or description["CreationTime"]
    detail = {name: description[name] for name in _REGISTRATION if name in description}
    detail["LastModifiedTime"] = changed
    return _event(
        "SageMaker Model Package State Change", description["ModelPackageArn"], changed, detail
    )


def transform_event(description: Mapping[str, Any]) -> dict[str, Any]:
    """Make the EventBridge event that SageMaker sends about a batch transform job.

    Args:
        description: What ``DescribeTransformJob`` returned.

    Returns:
        The event as JSON-compatible values. Times are whole seconds, as in AWS's sample.
    """
    changed = description.get("TransformEndTime") or description["CreationTime"]
    whole = {"Environment": {}, "Tags": {}, **description}
    detail = {name: whole[name] for name in _TRANSFORM if name in whole}
    return _event(
        "SageMaker Transform Job State Change", description["TransformJobArn"], changed, detail
    )


def processing_event(description: Mapping[str, Any]) -> dict[str, Any]:
    """Make the EventBridge event that SageMaker sends about a processing job.

    Args:
        description: What ``DescribeProcessingJob`` returned.

    Returns:
        The event as JSON-compatible values. Times within it are milliseconds since 1970, as in
        AWS's sample, unlike a transform job's.
    """
    changed = description.get("LastModifiedTime") or description["CreationTime"]
    whole = {"ExperimentConfig": {}, **description}
    detail = {
        name: _milliseconds(whole[name]) if name.endswith("Time") else whole[name]
        for name in _PROCESSING
        if name in whole
    }
    return _event(
        "SageMaker Processing Job State Change", description["ProcessingJobArn"], changed, detail
    )


def _event(kind: str, arn: str, changed: dt.datetime, detail: Mapping[str, Any]) -> dict[str, Any]:
    _, _, _, region, account, _ = arn.split(":", 5)
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": kind,
        "source": "aws.sagemaker",
        "account": account,
        "time": changed,
        "region": region,
        "resources": [arn],
        "detail": {name: value for name, value in detail.items() if value is not None},
    }
    plain: dict[str, Any] = json.loads(json.dumps(event, default=_instant))
    return plain


def _instant(value: object) -> str:
    if not isinstance(value, dt.datetime):
        raise TypeError(f"{value!r} has no place in an event")
    return _aware(value).astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _milliseconds(value: dt.datetime) -> int:
    return round(_aware(value).timestamp() * 1000)


def _aware(value: dt.datetime) -> dt.datetime:
    # moto's own times have no zone and mean UTC.
    return value if value.tzinfo else value.replace(tzinfo=dt.UTC)


def sqs_batch(
    events: Iterable[Mapping[str, Any] | str],
    *,
    queue: str = "arn:aws:sqs:eu-west-1:111122223333:assent-propose",
) -> dict[str, Any]:
    """Make the event with which SQS invokes a Lambda function, a message for each event.

    Args:
        events: EventBridge events; a text is sent as it is, for messages that are no JSON.
        queue: The queue's ARN.
    """
    return sqs_event([_sent(event) for event in events], queue=queue)


def _sent(event: Mapping[str, Any] | str) -> dict[str, Any]:
    body = event if isinstance(event, str) else json.dumps(event)
    sent = str(int(present().timestamp() * 1000))
    return {
        "MessageId": str(uuid.uuid4()),
        "ReceiptHandle": uuid.uuid4().hex,
        "Body": body,
        "Attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": sent,
            "SenderId": "AIDAIT2UOQQY3AUEKVGXU",
            "ApproximateFirstReceiveTimestamp": sent,
        },
        # SQS's own checksum, which protects nothing.
        "MD5OfBody": hashlib.md5(body.encode(), usedforsecurity=False).hexdigest(),
    }


def sqs_event(messages: Iterable[Mapping[str, Any]], *, queue: str) -> dict[str, Any]:
    """Make the event with which SQS invokes a Lambda function from messages as received.

    Args:
        messages: What ``ReceiveMessage`` returned.
        queue: The queue's ARN.
    """
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": dict(message["Attributes"]),
                "messageAttributes": {},
                "md5OfBody": message["MD5OfBody"],
                "eventSource": "aws:sqs",
                "eventSourceARN": queue,
                "awsRegion": queue.split(":")[3],
            }
            for message in messages
        ]
    }


class _Context(LambdaContext):
    def __init__(self, name: str, remaining: int) -> None:
        self._function_name = name
        self._function_version = "$LATEST"
        self._invoked_function_arn = f"arn:aws:lambda:eu-west-1:111122223333:function:{name}"
        self._memory_limit_in_mb = 256
        self._aws_request_id = str(uuid.uuid4())
        self._log_group_name = f"/aws/lambda/{name}"
        self._log_stream_name = "2026/11/22/[$LATEST]0123456789abcdef"
        self._remaining = remaining

    # Powertools declares it static, which the real one is not.
    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override]
        return self._remaining


def lambda_context(name: str = "assent-propose", *, remaining: int = 30_000) -> LambdaContext:
    """Make a Lambda context, as complete as Powertools' logger and batch processor need it.

    Args:
        name: The function's.
        remaining: Milliseconds until the time-out, as they would be reported at any moment.
    """
    return _Context(name, remaining)
