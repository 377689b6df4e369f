"""What describing a package may say, and what an update sends."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.stub import Stubber

from assent.adapters.aws_session import AccessRefused, AwsFailed, AwsSession
from assent.adapters.sagemaker import SageMakerRegistry
from assent.core.names import parse_package_arn
from assent.core.package import Artifact, Container, RegistryApproval, ReportSource
from assent.core.registry_fields import RegistryUpdate
from assent.core.reports import ReportKind
from assent.ports import NotThere, Unavailable

ARN = parse_package_arn("arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/7")
DIGEST = "sha256:" + "ab" * 32
PERSON = "arn:aws:sts::111122223333:assumed-role/training/ana"
PROFILE = "arn:aws:sagemaker:eu-west-1:111122223333:user-profile/d-1/ana"


@pytest.fixture
def stub(unplugged: AwsSession) -> Iterator[Stubber]:
    with Stubber(unplugged.sagemaker()) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def registry(unplugged: AwsSession) -> SageMakerRegistry:
    return SageMakerRegistry(unplugged.sagemaker())


def answer(**fields: object) -> dict[str, Any]:
    """The least that SageMaker says of a package, and more."""
    return {
        "ModelPackageName": "churn",
        "ModelPackageArn": ARN.text,
        "CreationTime": datetime(2026, 11, 22, 10, tzinfo=UTC),
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": []},
        **fields,
    }


def container(**fields: object) -> dict[str, Any]:
    """An answer with one container."""
    return answer(InferenceSpecification={"Containers": [fields]})


def source(name: str, **fields: object) -> dict[str, Any]:
    """One metric report."""
    return {"ContentType": "application/json", "S3Uri": f"s3://models/{name}.json", **fields}


def test_the_least_that_can_be_said(stub: Stubber, registry: SageMakerRegistry) -> None:
    """What SageMaker leaves out is empty or None, and a version without a status is pending."""
    stub.add_response("describe_model_package", answer(), {"ModelPackageName": ARN.text})
    seen = registry.describe(ARN)
    assert (seen.approval, seen.status) == (RegistryApproval.PENDING, "Completed")
    assert (seen.package.created_by, seen.package.containers, seen.reports) == (None, (), ())
    assert (seen.metadata, seen.life_cycle, seen.description) == ({}, None, "")


def test_the_time_is_utc_in_whole_seconds(stub: Stubber, registry: SageMakerRegistry) -> None:
    """SageMaker's local time with milliseconds becomes what a record can hold."""
    local = datetime(2026, 11, 22, 12, 0, 7, 999000, tzinfo=timezone(timedelta(hours=2)))
    stub.add_response("describe_model_package", answer(CreationTime=local))
    assert registry.describe(ARN).package.created == datetime(2026, 11, 22, 10, 0, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ({"IamIdentity": {"Arn": PERSON, "SourceIdentity": "ana"}}, "ana"),
        ({"IamIdentity": {"Arn": PERSON}, "UserProfileArn": PROFILE}, PERSON),
        ({"IamIdentity": {"Arn": PERSON, "SourceIdentity": ""}}, PERSON),
        ({"UserProfileArn": PROFILE}, PROFILE),
        ({"IamIdentity": {"SourceIdentity": "a\x1b[31mna\r\n::error::"}}, "a [31mna ::error::"),
        ({"IamIdentity": {"SourceIdentity": "\x00"}}, " "),
        ({}, None),
    ],
)
def test_who_registered_it(
    stub: Stubber, registry: SageMakerRegistry, context: dict[str, Any], expected: str | None
) -> None:
    """The person where the platform tells, else the role, else the profile, as one line."""
    stub.add_response("describe_model_package", answer(CreatedBy=context))
    assert registry.describe(ARN).package.created_by == expected


FULL: dict[str, Any] = {
    "Image": "xgboost:1.7",
    "ModelDataUrl": "s3://models/churn/7/model.tar.gz",
    "ContainerHostname": "first",
    "Environment": {"SAGEMAKER_PROGRAM": "serve.py"},
    "Framework": "XGBOOST",
    "FrameworkVersion": "1.7",
    "ModelInput": {"DataInputConfig": "{}"},
    "ModelDataSource": {
        "S3DataSource": {
            "S3Uri": "s3://models/churn/7/",
            "S3DataType": "S3Prefix",
            "CompressionType": "None",
        }
    },
    "AdditionalS3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://models/more/"},
}


def specified(stub: Stubber, registry: SageMakerRegistry, *containers: dict[str, Any]) -> str:
    """The digest of what containers are started with."""
    stub.add_response(
        "describe_model_package",
        answer(InferenceSpecification={"Containers": list(containers)}),
    )
    found = registry.describe(ARN).package.specification
    assert found is not None
    return found


@pytest.mark.parametrize(
    "change",
    [
        {"ContainerHostname": "second"},
        {"Environment": {"SAGEMAKER_PROGRAM": "evil.py"}},
        {"Environment": {}},
        {"Framework": "SKLEARN"},
        {"FrameworkVersion": "1.8"},
        {"ProductId": "p"},
        {"ModelInput": {"DataInputConfig": "{1}"}},
        {
            "ModelDataSource": {
                "S3DataSource": {
                    **FULL["ModelDataSource"]["S3DataSource"],
                    "CompressionType": "Gzip",
                }
            }
        },
        {"AdditionalS3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://models/evil/"}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_a_container_is_started_with_is_digested(
    stub: Stubber, registry: SageMakerRegistry, change: dict[str, Any]
) -> None:
    """Whatever of it is written anew, the digest is another; containers count in their order."""
    plain = specified(stub, registry, FULL)
    changed = {**FULL, **change}
    assert specified(stub, registry, changed) != plain
    assert specified(stub, registry, FULL, changed) != specified(stub, registry, changed, FULL)


def test_what_does_not_run_is_not_digested(stub: Stubber, registry: SageMakerRegistry) -> None:
    """Image and artifact are compared by themselves; what is empty is the same as absent."""
    plain = specified(stub, registry, {"Image": "xgboost:1.7"})
    other = {"Image": "xgboost:1.8", "NearestModelName": "x", "Environment": {}}
    assert specified(stub, registry, other) == plain


@pytest.mark.parametrize(
    ("image", "digest", "expected"),
    [
        ("host/repo:1.7", DIGEST, f"host/repo@{DIGEST}"),
        ("host/repo", DIGEST, f"host/repo@{DIGEST}"),
        ("host:5000/repo", DIGEST, f"host:5000/repo@{DIGEST}"),
        ("host:5000/a/repo:1.7", DIGEST, f"host:5000/a/repo@{DIGEST}"),
        ("repo:latest", DIGEST.upper(), f"repo@{DIGEST}"),
        (f"host/repo@{DIGEST}", "sha256:" + "0" * 64, f"host/repo@{DIGEST}"),
        (f"host/repo:1.7@{DIGEST}", None, f"host/repo:1.7@{DIGEST}"),
        ("host:5000/repo:1.7", None, "host:5000/repo:1.7"),
    ],
)
def test_an_image_is_pinned_by_its_digest(
    stub: Stubber, registry: SageMakerRegistry, image: str, digest: str | None, expected: str
) -> None:
    """A tag gives way to the digest, a registry's port does not, an image's own digest stays."""
    fields = {"Image": image} | ({"ImageDigest": digest} if digest else {})
    stub.add_response("describe_model_package", container(**fields))
    assert registry.describe(ARN).package.containers == (Container(image=expected),)


@pytest.mark.parametrize(
    ("fields", "artifact"),
    [
        ({"ModelDataUrl": "s3://models/a"}, Artifact(uri="s3://models/a")),
        (
            {"ModelDataUrl": "s3://models/a", "ModelDataETag": '"e1"'},
            Artifact(uri="s3://models/a", etag="e1"),
        ),
        (
            {
                "ModelDataSource": {
                    "S3DataSource": {
                        "S3Uri": "s3://models/b/",
                        "S3DataType": "S3Prefix",
                        "CompressionType": "None",
                    }
                }
            },
            Artifact(uri="s3://models/b/"),
        ),
        ({"ModelDataSource": {}}, None),
        ({}, None),
    ],
)
def test_where_the_model_s_file_is(
    stub: Stubber,
    registry: SageMakerRegistry,
    fields: dict[str, Any],
    artifact: Artifact | None,
) -> None:
    """Either of the two ways of naming it is read, with its ETag where it is known."""
    stub.add_response("describe_model_package", container(Image="repo", **fields))
    assert registry.describe(ARN).package.containers == (
        Container(image="repo", artifact=artifact),
    )


def test_every_slot_of_the_metrics_is_read(stub: Stubber, registry: SageMakerRegistry) -> None:
    """Each report keeps the slot it stood in, and a digest loses its prefix and capitals."""
    metrics = {
        "ModelQuality": {"Statistics": source("mq"), "Constraints": source("mqc")},
        "ModelDataQuality": {"Statistics": source("dq"), "Constraints": source("dqc")},
        "Bias": {
            "Report": source("b"),
            "PreTrainingReport": source("pre"),
            "PostTrainingReport": source("post"),
        },
        "Explainability": {"Report": source("e", ContentDigest="SHA256:" + "AB" * 32)},
    }
    stub.add_response("describe_model_package", answer(ModelMetrics=metrics))
    reports = registry.describe(ARN).reports
    left_by_inference = {ReportKind.EVALUATION, ReportKind.VIOLATIONS}
    assert {each.kind for each in reports} == set(ReportKind) - left_by_inference
    assert {each.kind.value: each.uri for each in reports} == {
        "model-quality": "s3://models/mq.json",
        "model-quality-constraints": "s3://models/mqc.json",
        "data-quality": "s3://models/dq.json",
        "data-quality-constraints": "s3://models/dqc.json",
        "bias": "s3://models/b.json",
        "pre-training-bias": "s3://models/pre.json",
        "post-training-bias": "s3://models/post.json",
        "explainability": "s3://models/e.json",
    }
    assert reports[-1] == ReportSource(
        kind=ReportKind.EXPLAINABILITY, uri="s3://models/e.json", sha256="ab" * 32
    )
    assert {each.sha256 for each in reports[:-1]} == {None}


def test_free_text_is_one_short_line(stub: Stubber, registry: SageMakerRegistry) -> None:
    """Line breaks, escapes and direction marks become spaces, and length is bounded."""
    hostile = "a\n\x1b]0;title\x07\u202eb\u2028c\x00"
    stub.add_response(
        "describe_model_package",
        answer(
            ModelPackageDescription=hostile,
            ApprovalDescription=hostile,
            MetadataProperties={
                "CommitId": hostile,
                "Repository": "x" * 5000,
                "GeneratedBy": hostile,
            },
        ),
    )
    seen = registry.describe(ARN)
    texts = (seen.description, seen.approval_description, seen.commit, seen.generated_by)
    assert all(text.isprintable() and text.startswith("a ") for text in texts)
    assert len(seen.repository) == 1024


def test_metadata_and_stage_come_through_as_they_are(
    stub: Stubber, registry: SageMakerRegistry
) -> None:
    """What is compared with what we would write is not rewritten on the way."""
    stub.add_response(
        "describe_model_package",
        answer(
            CustomerMetadataProperties={"dev": "Approved ", "ü": "  x"},
            ModelLifeCycle={"Stage": "dev", "StageStatus": "Approved"},
            ModelApprovalStatus="Rejected",
        ),
    )
    seen = registry.describe(ARN)
    assert seen.metadata == {"dev": "Approved ", "ü": "  x"}
    assert seen.life_cycle == ("dev", "Approved")
    assert seen.approval is RegistryApproval.REJECTED


def test_an_unknown_approval_is_neither_yes_nor_no(
    stub: Stubber, registry: SageMakerRegistry
) -> None:
    """A status that Assent does not know ends in an error."""
    stub.add_response("describe_model_package", answer(ModelApprovalStatus="Conditional"))
    with pytest.raises(AwsFailed, match="'Conditional', which Assent does not know"):
        registry.describe(ARN)


def test_an_answer_about_another_package_is_refused(
    stub: Stubber, registry: SageMakerRegistry
) -> None:
    """The package that was asked for is the one that is judged."""
    other = ARN.text.replace("churn/7", "churn/8")
    stub.add_response("describe_model_package", answer(ModelPackageArn=other))
    with pytest.raises(AwsFailed, match="SageMaker answered for"):
        registry.describe(ARN)


def test_an_update_sends_only_what_it_names(stub: Stubber, registry: SageMakerRegistry) -> None:
    """One call, whose omitted fields leave the registry's own alone."""
    stub.add_response(
        "update_model_package",
        {"ModelPackageArn": ARN.text},
        {"ModelPackageArn": ARN.text, "CustomerMetadataProperties": {"dev": "Approved"}},
    )
    registry.update(RegistryUpdate(arn=ARN, metadata={"dev": "Approved"}))
    stub.add_response(
        "update_model_package",
        {"ModelPackageArn": ARN.text},
        {
            "ModelPackageArn": ARN.text,
            "ModelApprovalStatus": "Approved",
            "ApprovalDescription": "Approved in dev by ana",
            "ModelLifeCycle": {"Stage": "dev", "StageStatus": "Approved"},
        },
    )
    registry.update(
        RegistryUpdate(
            arn=ARN,
            approval=RegistryApproval.APPROVED,
            approval_description="Approved in dev by ana",
            life_cycle=("dev", "Approved"),
        )
    )


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("ValidationException", f"ModelPackage {ARN.text} does not exist.", NotThere),
        ("ResourceNotFound", "No such resource", NotThere),
        ("ValidationException", "1 validation error detected: Value at 'x'", AwsFailed),
        ("ThrottlingException", "Rate exceeded", Unavailable),
        ("ConflictException", "There was a conflict", Unavailable),
        ("AccessDeniedException", "no", AccessRefused),
    ],
)
def test_a_refusal_is_told_apart(
    stub: Stubber,
    registry: SageMakerRegistry,
    code: str,
    message: str,
    expected: type[Exception],
) -> None:
    """A missing package, a bad request, a busy service and a lacking permission all differ."""
    for operation in ("describe_model_package", "update_model_package"):
        stub.add_client_error(operation, code, message, 400)
    with pytest.raises(expected):
        registry.describe(ARN)
    with pytest.raises(expected):
        registry.update(RegistryUpdate(arn=ARN))


def test_everything_turns_pages_and_skips_unversioned_packages(
    stub: Stubber, registry: SageMakerRegistry
) -> None:
    """Pages of a hundred, oldest first; what no promotion can name is left out."""
    asked = {
        "Resource": "ModelPackage",
        "SortBy": "CreationTime",
        "SortOrder": "Ascending",
        "MaxResults": 100,
    }
    unversioned = "arn:aws:sagemaker:eu-west-1:111122223333:model-package/plain"
    pages = ([ARN.text, unversioned], [ARN.text.replace("churn/7", "churn/8")])
    for page, extra in zip(pages, ({}, {"NextToken": "n"}), strict=True):
        said: dict[str, Any] = {
            "Results": [{"ModelPackage": answer(ModelPackageArn=arn)} for arn in page]
        }
        stub.add_response(
            "search", said if extra else {**said, "NextToken": "n"}, {**asked, **extra}
        )
    assert [each.arn.version for each in registry.everything()] == [7, 8]


@pytest.mark.parametrize(
    ("writer", "expected"),
    [
        ({}, None),
        ({"UserProfileArn": PROFILE}, PROFILE),
        ({"IamIdentity": {"Arn": PERSON, "SourceIdentity": "assent"}}, PERSON),
    ],
)
def test_who_wrote_it_last(
    stub: Stubber, registry: SageMakerRegistry, writer: dict[str, Any], expected: str | None
) -> None:
    """The principal that IAM saw; a source identity is the caller's own word, and no proof."""
    at = datetime(2026, 11, 22, 10, 0, 0, 900_000, tzinfo=UTC)
    stub.add_response("describe_model_package", answer(LastModifiedBy=writer, LastModifiedTime=at))
    seen = registry.describe(ARN)
    assert (seen.written_by, seen.written_at) == (expected, at.replace(microsecond=0))
