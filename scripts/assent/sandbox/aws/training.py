"""A training pipeline's last step: put the model and its reports into S3, and register it."""

import datetime as dt
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from assent.sandbox.aws.events import registration_event
from assent.sandbox.aws.registry import package
from assent.sandbox.aws.server import AwsSandbox

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

__all__ = ["REPORT_SLOTS", "Registered", "ensure_bucket", "register"]

REPORT_SLOTS: Mapping[str, tuple[str, str]] = {
    "model-quality": ("ModelQuality", "Statistics"),
    "model-quality-constraints": ("ModelQuality", "Constraints"),
    "data-quality": ("ModelDataQuality", "Statistics"),
    "data-quality-constraints": ("ModelDataQuality", "Constraints"),
    "bias": ("Bias", "Report"),
    "pre-training-bias": ("Bias", "PreTrainingReport"),
    "post-training-bias": ("Bias", "PostTrainingReport"),
    "explainability": ("Explainability", "Report"),
}
"""Where in ``ModelMetrics`` a report of each kind belongs."""

_IMAGE = "{account}.dkr.ecr.{region}.amazonaws.com/churn:1.7-1"
_IMAGE_DIGEST = "sha256:4dc8a7e4a010a19bb9e0a6b063f355393f6e623603361bd8b105f554d4f0c004"
_TRAINER = "arn:aws:sts::{account}:assumed-role/training/pipeline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A version as it now stands in the registry."""

    arn: str
    group: str
    version: int
    event: dict[str, Any]
    """The EventBridge event that SageMaker sends about it."""


def register(
    sandbox: AwsSandbox,
    *,
    group: str = "churn",
    reports: Mapping[str, bytes] | None = None,
    artifact: bytes = b"a model, packed",
    approval: str = "PendingManualApproval",
    created_by: str | None = _TRAINER,
    source_identity: str | None = None,
    created: dt.datetime | None = None,
    description: str | None = None,
    metadata: Mapping[str, str] | None = None,
    source_commit: str | None = None,
    repository: str | None = None,
    pipeline_execution: str | None = None,
    image: str = _IMAGE,
    image_digest: str | None = _IMAGE_DIGEST,
    bucket: str = "acme-models",
) -> Registered:
    """Register a version the way a training pipeline does, creating what is missing.

    The calls do not appear in the ledger and no interceptor sees them.

    Args:
        sandbox: A running one.
        group: The model package group; created when missing.
        reports: Files by kind (``REPORT_SLOTS``), uploaded and referred to in ``ModelMetrics``.
        artifact: The model file's content.
        approval: ``ModelApprovalStatus`` to begin with.
        created_by: The registering principal's ARN, or a session's name in the role
            ``training``; None leaves ``CreatedBy`` out, as SageMaker sometimes does.
        source_identity: ``SourceIdentity`` of that principal.
        created: ``CreationTime``, where the present will not do.
        description: ``ModelPackageDescription``.
        metadata: ``CustomerMetadataProperties``.
        source_commit: ``MetadataProperties.CommitId``.
        repository: ``MetadataProperties.Repository``.
        pipeline_execution: The execution's id, which becomes part of its ARN in
            ``MetadataProperties.GeneratedBy``, of the training job's name, below which the
            artifact lies, and of the reports' keys; random unless given.
        image: The container's image; ``{account}`` and ``{region}`` are filled in.
        image_digest: Its digest.
        bucket: Where the files go; created with versioning when missing.

    Raises:
        KeyError: A kind of report that ``ModelMetrics`` has no place for.
    """
    execution = pipeline_execution or secrets.token_hex(6)
    place = {"account": sandbox.account, "region": sandbox.region}
    sagemaker, s3 = sandbox.sagemaker, sandbox.s3
    ensure_bucket(s3, bucket, sandbox.region)
    _ensure_group(sagemaker, group)
    folder = f"{group}/{execution}"
    job = f"pipelines-{execution}-Train-{hashlib.sha256(execution.encode()).hexdigest()[:10]}"
    key = f"{group}/{job}/output/model.tar.gz"
    stored = s3.put_object(Bucket=bucket, Key=key, Body=artifact)
    container: dict[str, Any] = {
        "Image": image.format(**place),
        "ModelDataUrl": f"s3://{bucket}/{key}",
        # SageMaker looks this up itself.
        "ModelDataETag": stored["ETag"].strip('"'),
    }
    if image_digest is not None:
        container["ImageDigest"] = image_digest
    pipeline = (
        "arn:aws:sagemaker:{region}:{account}:pipeline/{group}-training/execution/{execution}"
    )
    properties = {
        "CommitId": source_commit,
        "Repository": repository,
        "GeneratedBy": pipeline.format(**place, group=group, execution=execution),
    }
    request: dict[str, Any] = {
        "ModelPackageGroupName": group,
        "ModelApprovalStatus": approval,
        "InferenceSpecification": {
            "Containers": [container],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
        "MetadataProperties": {name: text for name, text in properties.items() if text},
        "ModelPackageDescription": description,
        "CustomerMetadataProperties": dict(metadata) if metadata else None,
        "ModelMetrics": _metrics(s3, bucket, folder, reports or {}) or None,
    }
    arn = sagemaker.create_model_package(
        **{name: value for name, value in request.items() if value is not None}
    )["ModelPackageArn"]
    registered = package(sandbox.account, sandbox.region, arn)
    _set_creator(registered.__dict__, created_by, source_identity, sandbox.account)
    if created is not None:
        registered.creation_time = created.astimezone(dt.UTC).replace(tzinfo=None)
    described = sagemaker.describe_model_package(ModelPackageName=arn)
    return Registered(
        arn=arn,
        group=group,
        version=described["ModelPackageVersion"],
        event=registration_event(described),
    )


# Both create first and ask later, so that parallel registrations do not trip over each other.


def _ensure_group(sagemaker: "SageMakerClient", group: str) -> None:
    try:
        sagemaker.create_model_package_group(ModelPackageGroupName=group)
    except ClientError as error:
        if "already exists" not in str(error):
            raise


def ensure_bucket(s3: "S3Client", bucket: str, region: str, *, versioned: bool = True) -> None:
    """Create a bucket, unless it is there."""
    # S3 has it that its first region is never named.
    where: dict[str, Any] = (
        {}
        if region == "us-east-1"
        else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    )
    try:
        s3.create_bucket(Bucket=bucket, **where)
    except s3.exceptions.BucketAlreadyOwnedByYou:
        return
    if versioned:
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


def _metrics(
    s3: "S3Client", bucket: str, folder: str, reports: Mapping[str, bytes]
) -> dict[str, dict[str, dict[str, str]]]:
    metrics: dict[str, dict[str, dict[str, str]]] = {}
    for kind, content in reports.items():
        family, slot = REPORT_SLOTS[kind]
        key = f"{folder}/evaluation/{kind}.json"
        s3.put_object(Bucket=bucket, Key=key, Body=content)
        metrics.setdefault(family, {})[slot] = {
            "ContentType": "application/json",
            "S3Uri": f"s3://{bucket}/{key}",
        }
    return metrics


def _set_creator(
    attributes: dict[str, Any], created_by: str | None, source_identity: str | None, account: str
) -> None:
    if created_by is None:
        attributes["created_by"] = None
        return
    named = (
        created_by if created_by.startswith("arn:") else _TRAINER.replace("pipeline", created_by)
    )
    arn = named.format(account=account)
    identity = {"Arn": arn, "PrincipalId": f"AROA00000000TRAINING0:{arn.rpartition('/')[2]}"}
    if source_identity is not None:
        identity["SourceIdentity"] = source_identity
    attributes["created_by"] = {"IamIdentity": identity}
