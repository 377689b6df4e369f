"""A model package in moto's keeping, with everything that SageMaker would say of it."""

from typing import Any

from moto.sagemaker.exceptions import SagemakerClientError
from moto.sagemaker.models import ModelPackage

__all__ = ["ATTRIBUTES", "GROUP", "KEPT", "SUMMARY", "describe", "invalid", "kept"]

KEPT = (
    "ManagedStorageType",
    "ModelCard",
    "ModelLifeCycle",
    "ModelPackageRegistrationType",
    "SecurityConfig",
    "SkipModelValidation",
    "SourceUri",
)
"""Fields that moto takes and drops; the service returns them in a description."""
GROUP = "ModelPackageGroupName"
ATTRIBUTES = {
    "AdditionalInferenceSpecifications": "additional_inference_specifications",
    "ApprovalDescription": "approval_description",
    "CertifyForMarketplace": "certify_for_marketplace",
    "CreatedBy": "created_by",
    "CreationTime": "creation_time",
    "CustomerMetadataProperties": "customer_metadata_properties",
    "Domain": "domain",
    "DriftCheckBaselines": "drift_check_baselines",
    "InferenceSpecification": "inference_specification",
    "LastModifiedBy": "last_modified_by",
    "LastModifiedTime": "last_modified_time",
    "MetadataProperties": "metadata_properties",
    "ModelApprovalStatus": "model_approval_status",
    "ModelMetrics": "model_metrics",
    "ModelPackageArn": "arn",
    "ModelPackageDescription": "model_package_description",
    GROUP: "model_package_group_name",
    "ModelPackageName": "model_package_name",
    "ModelPackageStatus": "model_package_status",
    "ModelPackageStatusDetails": "model_package_status_details",
    "ModelPackageVersion": "model_package_version",
    "SamplePayloadUrl": "sample_payload_url",
    "SourceAlgorithmSpecification": "source_algorithm_specification",
    "Task": "task",
    "ValidationSpecification": "validation_specification",
}
"""Fields of a description, and the attributes of moto's object that hold them."""
SUMMARY = frozenset(
    {
        "CreationTime",
        "ModelApprovalStatus",
        "ModelLifeCycle",
        "ModelPackageArn",
        "ModelPackageDescription",
        GROUP,
        "ModelPackageName",
        "ModelPackageRegistrationType",
        "ModelPackageStatus",
        "ModelPackageVersion",
    }
)
"""Fields of a list's entries."""


def describe(package: ModelPackage) -> dict[str, Any]:
    """Describe a package as SageMaker does: with every field that it was given.

    It stands in for moto's method, which drops some fields; and which walks the object's
    attributes, so that ten thousand versions took seconds to read.
    """
    absent = "ModelPackageName" if package.model_package_type == "Versioned" else GROUP
    described = {
        name: value
        for name, attribute in ATTRIBUTES.items()
        if name != absent and (value := getattr(package, attribute)) is not None
    }
    return described | kept(package)


def kept(package: ModelPackage) -> dict[str, Any]:
    """Return the fields for which moto's object has no place, to read or to set."""
    fields: dict[str, Any] = package.__dict__.setdefault("assent_kept", {})
    return fields


def invalid(message: str) -> SagemakerClientError:
    """Make the error with which SageMaker answers most mistakes."""
    return SagemakerClientError("ValidationException", message)
