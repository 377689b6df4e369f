"""SageMaker's Model Registry."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from assent.adapters.aws_session import AwsFailed, asking
from assent.core.canonical import digest as canonical_digest
from assent.core.names import InvalidName, PackageArn, parse_package_arn, shown
from assent.core.package import (
    Artifact,
    Container,
    ModelVersion,
    Package,
    RegistryApproval,
    ReportSource,
)
from assent.core.registry_fields import RegistryUpdate, one_line
from assent.core.reports import ReportKind
from assent.core.timestamps import to_seconds
from assent.ports import NotThere

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import (
        DescribeModelPackageOutputTypeDef,
        MetricsSourceTypeDef,
        ModelLifeCycleTypeDef,
        ModelMetricsTypeDef,
        ModelPackageContainerDefinitionOutputTypeDef,
        UpdateModelPackageInputTypeDef,
        UserContextTypeDef,
    )

__all__ = ["SageMakerRegistry"]

_MAX_TEXT = 1024
"""SageMaker's own limit for descriptions and where a version came from."""
_MAX_PRINCIPAL = 2048
_DIGEST_PREFIX = re.compile(r"sha256:", re.IGNORECASE)


class SageMakerRegistry:
    """The registry of the account and region that the client speaks to.

    Free text comes out as one line without control or format characters. URIs, images and
    customer metadata come out as they are: they are compared, and whoever uses them parses them.
    """

    def __init__(self, client: "SageMakerClient") -> None:
        self._client = client

    def describe(self, arn: PackageArn, /) -> ModelVersion:
        """What the registry says of a version now.

        Raises:
            NotThere: There is no such package.
            Unavailable: SageMaker did not answer, or refused for now.
            AccessRefused: The principal may not describe it.
            CredentialsRefused: There are no usable credentials.
            AwsFailed: The answer is not one about this package.
        """
        with asking("sagemaker:DescribeModelPackage", arn.text):
            try:
                said = self._client.describe_model_package(ModelPackageName=arn.text)
            except ClientError as error:
                if _is_missing(error):
                    raise _not_there(arn) from error
                raise
        return _version(arn, said)

    def everything(self) -> Iterator[ModelVersion]:
        """Every versioned package, a page of a hundred a call; may lag behind `describe`.

        `ListModelPackages` would be no cheaper, and its summaries hold no metadata.

        Raises:
            AssentError: As `describe`; while iterating, if a later page fails.
        """
        # Oldest first: in the usual order, latest change first, whatever changes meanwhile would
        # push others from one page to the next.
        pages = self._client.get_paginator("search").paginate(
            Resource="ModelPackage",
            SortBy="CreationTime",
            SortOrder="Ascending",
            PaginationConfig={"PageSize": 100},
        )
        with asking("sagemaker:Search", "ModelPackage"):
            for page in pages:
                for result in page["Results"]:
                    said: Any = result.get("ModelPackage", {})
                    try:
                        arn = parse_package_arn(said.get("ModelPackageArn", ""))
                    except InvalidName:
                        continue  # an unversioned package is nobody's promotion
                    yield _version(arn, said)

    def update(self, update: RegistryUpdate, /) -> None:
        """Write an approval in one call; fields that the update does not name stay.

        Whether the registry kept what others wrote is for the caller to read back.

        Raises:
            NotThere: There is no such package any more.
            Unavailable: SageMaker did not answer, or refused for now; it may have written.
            AccessRefused: The principal may not update it.
            CredentialsRefused: There are no usable credentials.
        """
        request: UpdateModelPackageInputTypeDef = {"ModelPackageArn": update.arn.text}
        if update.metadata:
            request["CustomerMetadataProperties"] = dict(update.metadata)
        if update.approval is not None:
            request["ModelApprovalStatus"] = update.approval.value
        if update.approval_description is not None:
            request["ApprovalDescription"] = update.approval_description
        if update.life_cycle is not None:
            stage, status = update.life_cycle
            request["ModelLifeCycle"] = {"Stage": stage, "StageStatus": status}
        with asking("sagemaker:UpdateModelPackage", update.arn.text):
            try:
                self._client.update_model_package(**request)
            except ClientError as error:
                if _is_missing(error):
                    raise _not_there(update.arn) from error
                raise


def _is_missing(error: ClientError) -> bool:
    """SageMaker says so by a ValidationException, whose text alone tells it from others."""
    details = error.response.get("Error", {})
    code, message = details.get("Code", ""), details.get("Message", "")
    return code in {"ResourceNotFound", "ResourceNotFoundException"} or (
        code == "ValidationException"
        and ("does not exist" in message or message.rstrip(".").endswith("not found"))
    )


def _not_there(arn: PackageArn) -> NotThere:
    return NotThere(
        f"the registry has no model package {arn.text}",
        hint="It was deleted, or lies in another account or region than the one asked.",
    )


def _version(arn: PackageArn, said: "DescribeModelPackageOutputTypeDef") -> ModelVersion:
    if said["ModelPackageArn"] != arn.text:
        raise AwsFailed(
            f"asked for {arn.text}, SageMaker answered for {shown(said['ModelPackageArn'], 300)}",
            hint="See which endpoint AWS_ENDPOINT_URL names.",
        )
    specification = said.get("InferenceSpecification", {})
    origin = said.get("MetadataProperties", {})
    return ModelVersion(
        arn=arn,
        package=Package(
            arn=arn.text,
            created=to_seconds(said["CreationTime"]),
            created_by=_principal(said.get("CreatedBy", {})),
            containers=tuple(_container(each) for each in specification.get("Containers", [])),
            specification=_specification(specification),
        ),
        status=said.get("ModelPackageStatus", ""),
        approval=_approval(arn, said.get("ModelApprovalStatus")),
        approval_description=_line(said.get("ApprovalDescription")),
        metadata=dict(said.get("CustomerMetadataProperties", {})),
        life_cycle=_life_cycle(said.get("ModelLifeCycle")),
        reports=_reports(said.get("ModelMetrics", {})),
        description=_line(said.get("ModelPackageDescription")),
        generated_by=_line(origin.get("GeneratedBy")),
        commit=_line(origin.get("CommitId")),
        repository=_line(origin.get("Repository")),
        written_by=_writer(said.get("LastModifiedBy", {})),
        written_at=_modified(said),
    )


def _approval(arn: PackageArn, text: str | None) -> RegistryApproval:
    if text is None:
        return RegistryApproval.PENDING  # SageMaker's default for a version.
    try:
        return RegistryApproval(text)
    except ValueError as error:
        raise AwsFailed(
            f"the approval status of {arn.text} is {shown(text)}, which Assent does not know",
            hint="A newer version of Assent may know it; until then it is neither yes nor no.",
        ) from error


def _life_cycle(said: "ModelLifeCycleTypeDef | None") -> tuple[str, str] | None:
    return (said["Stage"], said["StageStatus"]) if said else None


def _principal(context: "UserContextTypeDef") -> str | None:
    """Who registered the package: the person if the platform tells, else the role or profile."""
    identity = context.get("IamIdentity", {})
    text = (
        identity.get("SourceIdentity") or identity.get("Arn") or context.get("UserProfileArn") or ""
    )
    return one_line(text, _MAX_PRINCIPAL) or None


def _writer(context: "UserContextTypeDef") -> str | None:
    """The principal that wrote it, as IAM authorised it: a source identity is the writer's word."""
    text = context.get("IamIdentity", {}).get("Arn") or context.get("UserProfileArn") or ""
    return one_line(text, _MAX_PRINCIPAL) or None


def _modified(said: Mapping[str, Any]) -> datetime | None:
    """When it was changed; absent where it never was, whatever the type stubs say."""
    at = said.get("LastModifiedTime")
    return None if at is None else to_seconds(at)


def _container(said: "ModelPackageContainerDefinitionOutputTypeDef") -> Container:
    source = said.get("ModelDataSource", {}).get("S3DataSource")
    uri = said.get("ModelDataUrl") or (source["S3Uri"] if source else None)
    artifact = None
    if uri:
        # S3 quotes its ETags, the registry does not say whether it does.
        artifact = Artifact(uri=uri, etag=said.get("ModelDataETag", "").strip('"') or None)
    return Container(
        image=_pinned(said.get("Image", ""), said.get("ImageDigest")), artifact=artifact
    )


_SOURCE = {
    "S3Uri": None,
    "S3DataType": None,
    "CompressionType": None,
    "ManifestS3Uri": None,
    "ModelAccessConfig": {"AcceptEula": None},
    "HubAccessConfig": {"HubContentArn": None},
}
_RUNS: Mapping[str, Any] = {
    "ContainerHostname": None,
    "Environment": None,
    "Framework": None,
    "FrameworkVersion": None,
    "ProductId": None,
    "ModelInput": {"DataInputConfig": None},
    "ModelDataSource": {"S3DataSource": _SOURCE},
    "AdditionalS3DataSource": _SOURCE,
    "AdditionalModelDataSources": {"ChannelName": None, "S3DataSource": _SOURCE},
}
"""What of a container decides what runs, besides image and artifact; fields that SageMaker may add
later, and hints for choosing instances, are not among them."""


def _specification(said: Any) -> str:  # noqa: ANN401 - boto3's types name every field
    """The digest of what containers are started with: `UpdateModelPackage` can write it anew."""
    return canonical_digest([_only(each, _RUNS) for each in said.get("Containers", [])])


def _only(said: Any, fields: Any) -> Any:  # noqa: ANN401 - JSON
    """The fields that are named, those of lists too; what is empty is the same as absent."""
    if fields is None:
        return said
    if isinstance(said, list):
        return [_only(each, fields) for each in said]
    found = {name: _only(said[name], inner) for name, inner in fields.items() if name in said}
    return {name: value for name, value in found.items() if value not in ({}, [], "", None)}


def _pinned(image: str, digest: str | None) -> str:
    """`repository@digest`; an image that names a digest itself keeps it, for that is what runs."""
    if not digest or "@" in image:
        return image
    path, slash, name = image.rpartition("/")
    # A colon before the last slash belongs to the port of the host.
    return f"{path}{slash}{name.partition(':')[0]}@{digest.lower()}"


def _reports(metrics: "ModelMetricsTypeDef") -> tuple[ReportSource, ...]:
    model, data = metrics.get("ModelQuality", {}), metrics.get("ModelDataQuality", {})
    bias, explainability = metrics.get("Bias", {}), metrics.get("Explainability", {})
    slots: tuple[tuple[ReportKind, MetricsSourceTypeDef | None], ...] = (
        (ReportKind.MODEL_QUALITY, model.get("Statistics")),
        (ReportKind.MODEL_QUALITY_CONSTRAINTS, model.get("Constraints")),
        (ReportKind.DATA_QUALITY, data.get("Statistics")),
        (ReportKind.DATA_QUALITY_CONSTRAINTS, data.get("Constraints")),
        (ReportKind.BIAS, bias.get("Report")),
        (ReportKind.PRE_TRAINING_BIAS, bias.get("PreTrainingReport")),
        (ReportKind.POST_TRAINING_BIAS, bias.get("PostTrainingReport")),
        (ReportKind.EXPLAINABILITY, explainability.get("Report")),
    )
    return tuple(
        ReportSource(kind=kind, uri=source["S3Uri"], sha256=_sha256(source.get("ContentDigest")))
        for kind, source in slots
        if source and source.get("S3Uri")
    )


def _sha256(digest: str | None) -> str | None:
    """The digest without its prefix; one of another form stays, and will agree with no file."""
    return _DIGEST_PREFIX.sub("", digest or "", count=1).lower() or None


def _line(text: str | None) -> str:
    return one_line(text or "", _MAX_TEXT)
