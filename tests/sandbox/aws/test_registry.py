"""The Model Registry as SageMaker keeps it, where moto alone would not."""

import datetime as dt
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from assent.sandbox.aws import AwsSandbox, register

SPECIFICATION: dict[str, Any] = {
    "Containers": [{"Image": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn:1"}],
    "SupportedContentTypes": ["text/csv"],
    "SupportedResponseMIMETypes": ["text/csv"],
}


def create(aws: AwsSandbox, more: Mapping[str, Any] | None = None) -> str:
    """Register a version of ``churn`` through the API alone."""
    request: dict[str, Any] = {"InferenceSpecification": SPECIFICATION, **(more or {})}
    created = aws.sagemaker.create_model_package(ModelPackageGroupName="churn", **request)
    return created["ModelPackageArn"]


@pytest.fixture
def arn(aws: AwsSandbox) -> str:
    aws.sagemaker.create_model_package_group(ModelPackageGroupName="churn")
    return create(
        aws,
        {
            "CustomerMetadataProperties": {"dev": "PendingManualApproval", "team": "growth"},
            "ModelPackageDescription": "weekly",
            "SourceUri": "s3://acme-models/source",
            "ModelCard": {"ModelCardContent": "{}", "ModelCardStatus": "Draft"},
            "SkipModelValidation": "None",
        },
    )


def described(aws: AwsSandbox, arn: str) -> dict[str, Any]:
    return dict(aws.sagemaker.describe_model_package(ModelPackageName=arn))


def changed(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    ignored = {"ResponseMetadata", "LastModifiedTime", "LastModifiedBy"}
    names = (before.keys() | after.keys()) - ignored
    return {name: after.get(name) for name in names if before.get(name) != after.get(name)}


def test_a_version_begins_pending_with_everything_it_was_given(aws: AwsSandbox, arn: str) -> None:
    """A description returns every field, the ones that moto drops included."""
    found = described(aws, arn)
    assert arn == "arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/1"
    assert found["ModelApprovalStatus"] == "PendingManualApproval"
    assert found["SourceUri"] == "s3://acme-models/source"
    assert found["ModelCard"] == {"ModelCardContent": "{}", "ModelCardStatus": "Draft"}
    assert found["SkipModelValidation"] == "None"
    assert found["ModelPackageDescription"] == "weekly"
    assert found["CreatedBy"]["IamIdentity"]["Arn"] == "arn:aws:iam::111122223333:user/sandbox"
    assert found["CreationTime"].tzinfo is not None
    assert "ModelPackageName" not in found


@pytest.mark.parametrize(
    ("request_", "change"),
    [
        (
            {"CustomerMetadataProperties": {"dev": "Approved", "dev.by": "ana"}},
            {
                "CustomerMetadataProperties": {
                    "dev": "Approved",
                    "dev.by": "ana",
                    "team": "growth",
                }
            },
        ),
        (
            {"CustomerMetadataPropertiesToRemove": ["dev", "absent"]},
            {"CustomerMetadataProperties": {"team": "growth"}},
        ),
        (
            {"CustomerMetadataPropertiesToRemove": ["dev", "team"]},
            {"CustomerMetadataProperties": None},
        ),
        ({"ModelApprovalStatus": "Approved"}, {"ModelApprovalStatus": "Approved"}),
        ({"ApprovalDescription": "by ana"}, {"ApprovalDescription": "by ana"}),
        (
            {"ModelLifeCycle": {"Stage": "dev", "StageStatus": "Approved"}},
            {"ModelLifeCycle": {"Stage": "dev", "StageStatus": "Approved"}},
        ),
        ({"SourceUri": "s3://b/other"}, {"SourceUri": "s3://b/other"}),
        ({}, {}),
    ],
)
def test_an_update_changes_what_it_names_and_nothing_else(
    aws: AwsSandbox, arn: str, request_: dict[str, Any], change: dict[str, Any]
) -> None:
    """Metadata are merged, and what a call omits stays."""
    before = described(aws, arn)
    aws.sagemaker.update_model_package(ModelPackageArn=arn, **request_)
    after = described(aws, arn)
    assert changed(before, after) == change
    assert after["LastModifiedTime"] >= before["CreationTime"]


def test_two_updates_keep_each_others_fields(aws: AwsSandbox, arn: str) -> None:
    """An approval survives a later write of metadata, and the other way round."""
    aws.sagemaker.update_model_package(
        ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription="fine"
    )
    aws.sagemaker.update_model_package(
        ModelPackageArn=arn, CustomerMetadataProperties={"dev": "Approved"}
    )
    found = described(aws, arn)
    assert (found["ModelApprovalStatus"], found["ApprovalDescription"]) == ("Approved", "fine")
    assert found["CustomerMetadataProperties"]["dev"] == "Approved"


def test_metadata_have_at_most_fifty_entries_in_all(aws: AwsSandbox, arn: str) -> None:
    """Merging must not lead past the limit; a refused call changes nothing."""
    before = described(aws, arn)
    with pytest.raises(ClientError, match=r"ValidationException.* would have 51 entries"):
        aws.sagemaker.update_model_package(
            ModelPackageArn=arn,
            ModelApprovalStatus="Approved",
            CustomerMetadataProperties={f"k{number}": "x" for number in range(49)},
        )
    assert changed(before, described(aws, arn)) == {}


@pytest.mark.parametrize("operation", ["describe", "update", "delete"])
def test_an_unknown_package_does_not_exist(aws: AwsSandbox, arn: str, operation: str) -> None:
    """Every operation names the ARN that it did not find."""
    other = arn.replace("churn/1", "churn/2")
    calls: dict[str, Callable[[], object]] = {
        "describe": lambda: aws.sagemaker.describe_model_package(ModelPackageName=other),
        "update": lambda: aws.sagemaker.update_model_package(ModelPackageArn=other),
        "delete": lambda: aws.sagemaker.delete_model_package(ModelPackageName=other),
    }
    with pytest.raises(ClientError) as caught:
        calls[operation]()
    assert caught.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": f"ModelPackage {other} does not exist.",
    }


def test_a_group_is_not_a_package(aws: AwsSandbox, arn: str) -> None:
    """Describing a group's bare name fails, and names the ARN that was looked for."""
    group_as_package = arn.removesuffix("/1")
    with pytest.raises(ClientError, match=f"ModelPackage {group_as_package} does not exist."):
        aws.sagemaker.describe_model_package(ModelPackageName="churn")


def test_a_number_is_never_given_twice_in_a_group(aws: AwsSandbox, arn: str) -> None:
    """After deletions numbers go on; only a new group begins at 1 again."""
    second = create(aws)
    for each in (arn, second):
        aws.sagemaker.delete_model_package(ModelPackageName=each)
    with pytest.raises(ClientError, match="does not exist"):
        described(aws, arn)
    third = create(aws)
    assert third.endswith("/churn/3")
    with pytest.raises(ClientError, match="ConflictException"):
        aws.sagemaker.delete_model_package_group(ModelPackageGroupName="churn")
    aws.sagemaker.delete_model_package(ModelPackageName=third)
    aws.sagemaker.delete_model_package_group(ModelPackageGroupName="churn")
    aws.sagemaker.create_model_package_group(ModelPackageGroupName="churn")
    assert create(aws).endswith("/churn/1")


@pytest.mark.parametrize("name", ["churn", "Churn"])
def test_a_group_is_not_created_twice(aws: AwsSandbox, arn: str, name: str) -> None:
    """A second group of the same name, whatever its case, is refused; the first keeps its own."""
    with pytest.raises(ClientError, match="already exists"):
        aws.sagemaker.create_model_package_group(ModelPackageGroupName=name)
    assert described(aws, arn)["ModelPackageVersion"] == 1


def test_versions_need_their_group(aws: AwsSandbox) -> None:
    """Registering into a group that is not there fails with its ARN."""
    with pytest.raises(ClientError, match=r"ModelPackageGroup arn:.*/churn does not exist"):
        create(aws)


def test_listing_shows_unversioned_packages_unless_asked(aws: AwsSandbox, arn: str) -> None:
    """Without a group and a type, versions are not listed."""
    aws.sagemaker.create_model_package(
        ModelPackageName="alone",
        SourceAlgorithmSpecification={"SourceAlgorithms": [{"AlgorithmName": "xgboost"}]},
    )

    def listed(**request: str) -> list[int | str]:
        answer = aws.sagemaker.list_model_packages(**request)  # type: ignore[arg-type]
        return [
            each["ModelPackageVersion"]
            if "ModelPackageVersion" in each
            else each["ModelPackageName"]
            for each in answer["ModelPackageSummaryList"]
        ]

    assert listed() == ["alone"]
    assert listed(ModelPackageType="Versioned") == [1]
    assert listed(ModelPackageType="Both") == [1, "alone"]
    assert listed(ModelPackageGroupName="churn") == [1]
    assert described(aws, "alone")["ModelPackageName"] == "alone"
    [summary] = aws.sagemaker.list_model_packages(ModelPackageGroupName="churn")[
        "ModelPackageSummaryList"
    ]
    assert summary["ModelPackageArn"] == arn
    assert "CustomerMetadataProperties" not in summary


def test_search_pages_through_every_version_once(aws: AwsSandbox) -> None:
    """Pages hold at most what was asked, do not overlap, and bring the metadata along."""
    for number in range(1, 6):
        register(aws, group="churn", metadata={"dev": "Approved"} if number % 2 else None)
    pages: list[list[Any]] = []
    token = None
    while token is not None or not pages:
        more: dict[str, Any] = {"NextToken": token} if token else {}
        page = aws.sagemaker.search(
            Resource="ModelPackage",
            MaxResults=2,
            SortBy="CreationTime",
            SortOrder="Ascending",
            **more,
        )
        pages.append([each["ModelPackage"] for each in page["Results"]])
        token = page.get("NextToken")
    assert [[each["ModelPackageVersion"] for each in page] for page in pages] == [
        [1, 2],
        [3, 4],
        [5],
    ]
    assert pages[0][0]["CustomerMetadataProperties"] == {"dev": "Approved"}


@pytest.mark.parametrize(
    ("expression", "versions"),
    [
        ([("ModelPackageGroupName", "Equals", "churn")], [1, 2, 3]),
        ([("ModelPackageGroupName", "NotEquals", "churn")], [1]),
        ([("CustomerMetadataProperties.dev.by", "Equals", "ana")], [2]),
        ([("CustomerMetadataProperties.dev.by", "Exists", None)], [2]),
        (
            [
                ("ModelPackageGroupName", "Contains", "chu"),
                ("CustomerMetadataProperties.dev.by", "NotExists", None),
            ],
            [1, 3],
        ),
        ([("ModelApprovalStatus", "In", "Approved,Rejected")], [3]),
        (
            [
                ("ModelPackageVersion", "GreaterThan", "1"),
                ("ModelPackageVersion", "LessThanOrEqualTo", "2"),
            ],
            [2],
        ),
        ([("CreationTime", "GreaterThanOrEqualTo", "2026-11-23T00:00:00Z")], [2, 3]),
        ([("CreationTime", "LessThan", "2026-11-23T00:00:00")], [1, 1]),
    ],
)
def test_search_filters(
    aws: AwsSandbox, expression: list[tuple[str, str, str | None]], versions: list[int]
) -> None:
    """Filters by field, metadata, number and time find what they should."""
    days = [dt.datetime(2026, 11, day, tzinfo=dt.UTC) for day in (22, 23, 24)]
    register(aws, created=days[0])
    register(aws, created=days[1], metadata={"dev.by": "ana"})
    register(aws, created=days[2], approval="Approved")
    register(aws, created=days[0], group="fraud")
    filters: Any = [
        {"Name": name, "Operator": operator} | ({} if value is None else {"Value": value})
        for name, operator, value in expression
    ]
    found = aws.sagemaker.search(
        Resource="ModelPackage",
        SearchExpression={"Filters": filters},
        SortBy="ModelPackageArn",
        SortOrder="Ascending",
    )["Results"]
    assert [each["ModelPackage"]["ModelPackageVersion"] for each in found] == versions


def test_search_combines_expressions(aws: AwsSandbox) -> None:
    """``Or`` and sub-expressions are honoured; what the sandbox cannot do it refuses."""
    for _ in range(3):
        register(aws)

    def version(number: str) -> dict[str, Any]:
        return {"Filters": [{"Name": "ModelPackageVersion", "Value": number}]}

    either: Any = {"SubExpressions": [version("1"), version("3")], "Operator": "Or"}
    found = aws.sagemaker.search(Resource="ModelPackage", SearchExpression=either)["Results"]
    assert {each["ModelPackage"]["ModelPackageVersion"] for each in found} == {1, 3}
    nested: Any = {"NestedFilters": [{"NestedPropertyName": "x", **version("1")}]}
    wrong: list[tuple[Any, str]] = [(nested, "NestedFilters"), (version("one"), "Invalid value")]
    for expression, error in wrong:
        with pytest.raises(ClientError, match=error):
            aws.sagemaker.search(Resource="ModelPackage", SearchExpression=expression)


def test_the_index_of_search_may_be_behind(aws: AwsSandbox, arn: str) -> None:
    """What changes, comes or goes meanwhile a description tells, and pages do not."""

    def indexed() -> dict[str, str]:
        found = aws.sagemaker.search(Resource="ModelPackage")["Results"]
        packages: list[Any] = [each["ModelPackage"] for each in found]
        return {each["ModelPackageArn"]: each["ModelApprovalStatus"] for each in packages}

    gone = create(aws)
    before = indexed()
    with aws.search_behind():
        aws.sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Rejected")
        aws.sagemaker.delete_model_package(ModelPackageName=gone)
        created = create(aws)
        assert described(aws, arn)["ModelApprovalStatus"] == "Rejected"
        assert indexed() == before
    assert indexed() == {arn: "Rejected", created: "PendingManualApproval"}


def test_another_accounts_package_is_found_by_its_arn(aws: AwsSandbox, arn: str) -> None:
    """A version of the central registry can be described from an environment's account."""
    elsewhere = aws.session(account="444455556666").client("sagemaker")
    assert elsewhere.describe_model_package(ModelPackageName=arn)["ModelPackageVersion"] == 1
    groups = elsewhere.list_model_package_groups()["ModelPackageGroupSummaryList"]
    assert groups == []


def test_the_last_writer_is_named(aws: AwsSandbox, arn: str) -> None:
    """``LastModifiedBy`` is the role's session that wrote; ``CreatedBy`` stays."""
    creator = described(aws, arn)["CreatedBy"]
    role = (
        aws.session()
        .client("sts")
        .assume_role(
            RoleArn="arn:aws:iam::111122223333:role/assent-apply", RoleSessionName="run-9"
        )["Credentials"]
    )
    writer = aws.session().client(
        "sagemaker",
        aws_access_key_id=role["AccessKeyId"],
        aws_secret_access_key=role["SecretAccessKey"],
        aws_session_token=role["SessionToken"],
    )
    writer.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    found = described(aws, arn)
    identity = found["LastModifiedBy"]["IamIdentity"]
    assert identity["Arn"] == "arn:aws:sts::111122223333:assumed-role/assent-apply/run-9"
    assert identity["PrincipalId"].endswith(":run-9")
    assert found["CreatedBy"] == creator


def test_parallel_registrations_get_different_numbers(aws: AwsSandbox) -> None:
    """Twenty registrations at once, the group's creation included, give versions 1 to 20."""
    with ThreadPoolExecutor(20) as pool:
        registered = list(pool.map(lambda _: register(aws), range(20)))
    assert sorted(each.version for each in registered) == list(range(1, 21))
