"""What AWS would send: the registry's events, a queue's batches, a Lambda function's context."""

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

__all__ = ["lambda_context", "registration_event", "sqs_batch"]

_DETAIL = (
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


def registration_event(description: Mapping[str, Any]) -> dict[str, Any]:
    """Make the EventBridge event that SageMaker sends about a model package.

    Args:
        description: What ``DescribeModelPackage`` returned.

    Returns:
        The event as JSON-compatible values. Times are whole seconds, as in AWS's samples, where
        the description has milliseconds.
    """
    arn: str = description["ModelPackageArn"]
    _, _, _, region, account, _ = arn.split(":", 5)
    changed = description.get("LastModifiedTime") or description["CreationTime"]
    detail = {name: description[name] for name in _DETAIL if description.get(name) is not None}
    detail["LastModifiedTime"] = changed
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "SageMaker Model Package State Change",
        "source": "aws.sagemaker",
        "account": account,
        "time": changed,
        "region": region,
        "resources": [arn],
        "detail": detail,
    }
    plain: dict[str, Any] = json.loads(json.dumps(event, default=_instant))
    return plain


def _instant(value: object) -> str:
    if not isinstance(value, dt.datetime):
        raise TypeError(f"{value!r} has no place in an event")
    return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


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
    return {"Records": [_message(event, queue) for event in events]}


def _message(event: Mapping[str, Any] | str, queue: str) -> dict[str, Any]:
    body = event if isinstance(event, str) else json.dumps(event)
    sent = str(int(dt.datetime.now(dt.UTC).timestamp() * 1000))
    return {
        "messageId": str(uuid.uuid4()),
        "receiptHandle": uuid.uuid4().hex,
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": sent,
            "SenderId": "AIDAIT2UOQQY3AUEKVGXU",
            "ApproximateFirstReceiveTimestamp": sent,
        },
        "messageAttributes": {},
        # SQS's own checksum, which protects nothing.
        "md5OfBody": hashlib.md5(body.encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue,
        "awsRegion": queue.split(":")[3],
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
