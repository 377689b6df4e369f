"""Corrections to moto's Model Registry, each with what SageMaker really does.

moto 5.2 keeps groups and versions, but forgets or overwrites what the sandbox is there to test.
The functions here replace or extend methods of moto's classes while a sandbox runs
(``corrections``); the data stay in moto's own objects.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.sagemaker.exceptions import SagemakerClientError
from moto.sagemaker.models import (
    ModelPackage,
    ModelPackageGroup,
    SageMakerModelBackend,
    sagemaker_backends,
)
from moto.sagemaker.responses import SageMakerResponse
from moto.sts.models import sts_backends

from assent.sandbox.aws.model_package import GROUP, KEPT, SUMMARY, describe, invalid, kept
from assent.sandbox.aws.search import indexed, search

__all__ = ["Correction", "corrections", "package"]

Correction = tuple[type, str, Callable[..., Any] | property]
"""A class of moto's, the name of a method or property, and what stands in its place."""

_Answer = tuple[int, dict[str, str], str]
"""Status, headers and body, as moto accepts them."""

_METADATA_ENTRIES = 50
_PAGE = 100

_original_create = SageMakerResponse.create_model_package
_original_search = SageMakerResponse.search


def corrections() -> Iterator[Correction]:
    """List what is to be replaced."""
    yield ModelPackage, "gen_response_object", describe
    for operation in (
        _create_group,
        _delete_group,
        _create,
        _describe,
        _update,
        _delete,
        _list,
        _search,
    ):
        yield SageMakerResponse, _METHODS[operation], operation


def package(account: str, region: str, arn: str) -> ModelPackage:
    """Return moto's object for a model package, to look at or to change behind the API's back."""
    return _find(arn, account=account, region=region)


def _create_group(self: SageMakerResponse) -> ActionResult:
    # SageMaker refuses a second group of the same name; moto replaces the first by an empty one.
    # Names that differ only by case are refused too, since moto writes ARNs in lower case; what
    # SageMaker does with them is not documented.
    name: str = self._get_param(GROUP)
    backend = self.sagemaker_backend
    for group in backend.model_package_groups.values():
        if group.model_package_group_name.lower() == name.lower():
            raise invalid(f"Model Package Group already exists: {group.arn}")
    arn = backend.create_model_package_group(
        model_package_group_name=name,
        model_package_group_description=self._get_param("ModelPackageGroupDescription"),
        tags=self._get_param("Tags"),
    )
    return ActionResult({"ModelPackageGroupArn": arn})


def _delete_group(self: SageMakerResponse) -> EmptyResult:
    # SageMaker deletes groups, if they are empty; moto does not know the operation.
    backend = self.sagemaker_backend
    name: str = self._get_param(GROUP).rpartition("/")[2]
    group: ModelPackageGroup = backend.describe_model_package_group(name)
    if any(each.model_package_group_name == name for each in backend.model_packages.values()):
        raise SagemakerClientError(
            "ConflictException", f"Model Package Group {group.arn} contains model packages"
        )
    del backend.model_package_groups[name]
    return EmptyResult()


def _create(self: SageMakerResponse) -> ActionResult:
    backend = self.sagemaker_backend
    group_name: str | None = self._get_param(GROUP)
    if group_name is None:
        _original_create(self)
        arn = backend.model_package_name_mapping[self._get_param("ModelPackageName")]
        created: ModelPackage = backend.model_packages[arn]
    else:
        created = _create_version(self, backend.describe_model_package_group(group_name))
    for name in KEPT:
        value = self._get_param(name)
        if value is not None:
            kept(created)[name] = value
    # SageMaker states the caller's identity; moto invents a Studio user.
    created.created_by = _caller(self)
    return ActionResult({"ModelPackageArn": created.arn})


def _create_version(self: SageMakerResponse, group: ModelPackageGroup) -> ModelPackage:
    # A number is not given twice while the group exists (inferred, not documented); moto counts
    # what is left, and after a deletion overwrites the highest version.
    backend = self.sagemaker_backend
    name = group.model_package_group_name
    number: int = group.__dict__.get("assent_last_version", 0) + 1
    group.__dict__["assent_last_version"] = number
    created = ModelPackage(
        model_package_name=name,
        model_package_group_name=name,
        model_package_version=number,
        model_package_description=self._get_param("ModelPackageDescription"),
        inference_specification=self._get_param("InferenceSpecification"),
        source_algorithm_specification=self._get_param("SourceAlgorithmSpecification"),
        validation_specification=self._get_param("ValidationSpecification"),
        certify_for_marketplace=self._get_param("CertifyForMarketplace", False),
        # SageMaker's default for a version; moto leaves it empty.
        model_approval_status=self._get_param("ModelApprovalStatus", "PendingManualApproval"),
        metadata_properties=self._get_param("MetadataProperties"),
        model_metrics=self._get_param("ModelMetrics"),
        approval_description=None,
        customer_metadata_properties=self._get_param("CustomerMetadataProperties"),
        drift_check_baselines=self._get_param("DriftCheckBaselines"),
        domain=self._get_param("Domain"),
        task=self._get_param("Task"),
        sample_payload_url=self._get_param("SamplePayloadUrl"),
        additional_inference_specifications=self._get_param("AdditionalInferenceSpecifications"),
        client_token=self._get_param("ClientToken"),
        region_name=backend.region_name,
        account_id=backend.account_id,
        model_package_type="Versioned",
        tags=self._get_param("Tags"),
    )
    # moto also maps the group's bare name to its newest version; in SageMaker a group is not a
    # package, and describing it fails.
    backend.model_package_name_mapping[created.arn] = created.arn
    backend.model_packages[created.arn] = created
    return created


def _describe(self: SageMakerResponse) -> _Answer:
    found = _find(
        self._get_param("ModelPackageName"), account=self.current_account, region=self.region
    )
    return _answer(found.gen_response_object())


def _update(self: SageMakerResponse) -> _Answer:
    # SageMaker changes what a call names and leaves the rest; moto erases the approval, its
    # description and the metadata that a call omits. That metadata are merged is inferred: there
    # would be no CustomerMetadataPropertiesToRemove if a call replaced them all.
    found = _find(
        self._get_param("ModelPackageArn"), account=self.current_account, region=self.region
    )
    metadata = dict(found.customer_metadata_properties or {})
    metadata |= self._get_param("CustomerMetadataProperties") or {}
    for key in self._get_param("CustomerMetadataPropertiesToRemove") or ():
        metadata.pop(key, None)
    if len(metadata) > _METADATA_ENTRIES:
        raise invalid(
            f"CustomerMetadataProperties of {found.arn} would have {len(metadata)} entries; "
            f"at most {_METADATA_ENTRIES} are allowed"
        )
    status = self._get_param("ModelApprovalStatus")
    if status is not None:
        found.set_model_approval_status(status)
    description = self._get_param("ApprovalDescription")
    if description is not None:
        found.approval_description = description
    specification = self._get_param("InferenceSpecification")
    if specification is not None:
        found.inference_specification = specification
    additional = self._get_param("AdditionalInferenceSpecificationsToAdd")
    if additional is not None:
        found.add_additional_inference_specifications(additional)
    for name in KEPT:
        value = self._get_param(name)
        if value is not None:
            kept(found)[name] = value
    found.customer_metadata_properties = metadata or None
    found.last_modified_time = utcnow()
    # moto takes the creator for everybody.
    found.__dict__["last_modified_by"] = _caller(self)
    return _answer({"ModelPackageArn": found.arn})


def _delete(self: SageMakerResponse) -> EmptyResult:
    # moto does not know the operation.
    found = _find(
        self._get_param("ModelPackageName"), account=self.current_account, region=self.region
    )
    backend = _backend_of(found.arn, account=self.current_account, region=self.region)
    del backend.model_packages[found.arn]
    backend.model_package_name_mapping = {
        name: arn for name, arn in backend.model_package_name_mapping.items() if arn != found.arn
    }
    return EmptyResult()


def _list(self: SageMakerResponse) -> _Answer:
    # As moto finds them; but a summary has only the fields of a summary.
    found, next_token = self.sagemaker_backend.list_model_packages(
        creation_time_after=self._get_param("CreationTimeAfter"),
        creation_time_before=self._get_param("CreationTimeBefore"),
        max_results=self._get_param("MaxResults"),
        name_contains=self._get_param("NameContains"),
        model_approval_status=self._get_param("ModelApprovalStatus"),
        model_package_group_name=self._get_param(GROUP),
        # Without a group, the service lists unversioned packages unless asked otherwise.
        model_package_type=self._get_param("ModelPackageType", "Unversioned"),
        next_token=self._get_param("NextToken"),
        sort_by=self._get_param("SortBy"),
        sort_order=self._get_param("SortOrder"),
    )
    summaries = [
        {name: value for name, value in each.gen_response_object().items() if name in SUMMARY}
        for each in found
    ]
    return _answer({"ModelPackageSummaryList": summaries, "NextToken": next_token})


def _search(self: SageMakerResponse) -> ActionResult | _Answer:
    # SageMaker answers in pages of at most 100; moto returns everything at once, ignores the
    # order asked for, and knows three operators.
    if self._get_param("Resource") != "ModelPackage":
        result: ActionResult = _original_search(self)
        return result
    found, next_token = search(
        indexed(self.sagemaker_backend),
        self._get_param("SearchExpression") or {},
        by=self._get_param("SortBy", "LastModifiedTime"),
        descending=self._get_param("SortOrder", "Descending") == "Descending",
        start=int(self._get_param("NextToken") or 0),
        most=int(self._get_param("MaxResults") or _PAGE),
    )
    return _answer(
        {
            "Results": [{"ModelPackage": each.gen_response_object()} for each in found],
            "NextToken": next_token,
        }
    )


_METHODS: dict[Callable[..., Any], str] = {
    _create_group: "create_model_package_group",
    _delete_group: "delete_model_package_group",
    _create: "create_model_package",
    _describe: "describe_model_package",
    _update: "update_model_package",
    _delete: "delete_model_package",
    _list: "list_model_packages",
    _search: "search",
}


def _answer(document: Mapping[str, Any]) -> _Answer:
    # moto's own serialiser walks the service model; it needs half a millisecond a package, which
    # makes a page of a hundred expensive.
    present = {name: value for name, value in document.items() if value is not None}
    return 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(present, default=_epoch)


def _epoch(value: object) -> float:
    if not isinstance(value, dt.datetime):
        raise TypeError(f"{value!r} has no JSON form")
    # moto's times have no zone and mean UTC.
    aware = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
    return round(aware.timestamp(), 3)


def _backend_of(arn: str, *, account: str, region: str) -> SageMakerModelBackend:
    # An ARN of another account is found there, as in SageMaker where the group's resource policy
    # allows it; moto looks in the caller's account only.
    parts = arn.split(":")
    owner = parts[4] if arn.startswith("arn:") else account
    backend: SageMakerModelBackend = sagemaker_backends[owner][region]
    return backend


def _find(name: str, *, account: str, region: str) -> ModelPackage:
    backend = _backend_of(name, account=account, region=region)
    arn = backend.model_package_name_mapping.get(name, name)
    found: ModelPackage | None = backend.model_packages.get(arn)
    if found is None:
        # SageMaker names the ARN, also where it was asked by name.
        prefix = (
            "" if arn.startswith("arn:") else f"arn:aws:sagemaker:{region}:{account}:model-package/"
        )
        raise invalid(f"ModelPackage {prefix}{arn} does not exist.")
    return found


def _caller(self: SageMakerResponse) -> dict[str, Any]:
    """Describe who calls, as SageMaker does in CreatedBy and LastModifiedBy."""
    for role in sts_backends[self.current_account]["aws"].assumed_roles:
        if role.access_key_id == self.access_key:
            unique = hashlib.sha256(role.role_arn.encode()).hexdigest()[:17].upper()
            identity = {"Arn": role.arn, "PrincipalId": f"AROA{unique}:{role.session_name}"}
            return {"IamIdentity": identity}
    return {
        "IamIdentity": {
            "Arn": f"arn:aws:iam::{self.current_account}:user/sandbox",
            "PrincipalId": "AIDA00000000SANDBOX00",
        }
    }
