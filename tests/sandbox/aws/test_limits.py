"""AWS's limits, read from botocore's service models and held."""

from collections.abc import Iterator
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from assent.sandbox.aws import AwsSandbox, LimitError, enforce_limits, enforce_limits_everywhere
from assent.sandbox.aws.limits import compile_pattern, violations

ARN = "arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/7"


@pytest.fixture(scope="module")
def models() -> dict[str, ServiceModel]:
    loader = Loader()
    loader.search_paths.append(Loader.BUILTIN_DATA_PATH)
    names = ("sagemaker", "ssm", "s3", "sts", "events", "sns", "sqs")
    return {
        name: ServiceModel(loader.load_service_model(name, "service-2"), name) for name in names
    }


def reachable(shape: Shape, seen: dict[str, Shape]) -> Iterator[Shape]:
    if shape.name in seen:
        return
    seen[shape.name] = shape
    yield shape
    children: list[Shape] = []
    match shape:
        case StructureShape():
            children = list(shape.members.values())
        case ListShape():
            children = [shape.member]
        case MapShape():
            children = [shape.key, shape.value]
        case _:
            pass
    for child in children:
        yield from reachable(child, seen)


@pytest.mark.parametrize(
    ("service", "least"),
    [
        ("sagemaker", 150),
        ("ssm", 40),
        ("s3", 1),
        ("sts", 5),
        ("events", 20),
        ("sqs", 0),
        ("sns", 2),
    ],
)
def test_every_pattern_of_every_input_compiles(
    models: dict[str, ServiceModel], service: str, least: int
) -> None:
    """No pattern that a request can meet is skipped: all of them compile."""
    model, seen = models[service], dict[str, Shape]()
    patterns = {
        shape.metadata["pattern"]
        for name in model.operation_names
        if (top := model.operation_model(name).input_shape) is not None
        for shape in reachable(top, seen)
        if "pattern" in shape.metadata
    }
    assert len(patterns) >= least
    for pattern in patterns:
        assert compile_pattern(pattern).source == pattern


@pytest.mark.parametrize(
    ("pattern", "admitted", "refused"),
    [
        (r"([\p{L}\p{N}_.:]*)${1,3}", ["é", "a.1"], ["", "abcd", "a,b", "a\n"]),
        (r".*", ["", "one line"], ["two\nlines", "a\rb", "a\x85b", "a\u2028b"]),
        (r"[.]", ["."], ["a"]),
        (r"\d+", ["12"], ["١٢", "12\n"]),
        (r"[\w-]+", ["a_b-1"], ["é", "a b"]),
        (r"[\S]+", ["a/b"], ["a b", ""]),
        (r"^[a-z]+$", ["abc"], ["abc\n", "Abc"]),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*", ["a\t\U0001f600"], ["\x00"]),
    ],
)
def test_patterns_mean_what_they_mean_in_java(
    pattern: str, admitted: list[str], refused: list[str]
) -> None:
    """A pattern covers the whole value, with the service's idea of classes and of lines."""
    compiled = compile_pattern(pattern)
    assert [value for value in admitted if not compiled.admits(value)] == []
    assert [value for value in refused if compiled.admits(value)] == []


def test_a_pattern_that_does_not_compile_is_an_error() -> None:
    """What is not understood is never taken as satisfied."""
    with pytest.raises(LimitError, match="cannot be compiled"):
        compile_pattern("[a-")


UPDATE: dict[str, Any] = {"ModelPackageArn": ARN}
LIFE_CYCLE = {"Stage": "prod", "StageStatus": "Approved"}


@pytest.mark.parametrize(
    ("operation", "params", "where", "what"),
    [
        (
            "UpdateModelPackage",
            UPDATE | {"CustomerMetadataProperties": {"a,b": "x"}},
            "customerMetadataProperties.key",
            "regular expression",
        ),
        (
            "UpdateModelPackage",
            UPDATE | {"CustomerMetadataProperties": {"dev": "x" * 257}},
            "customerMetadataProperties.'dev'.member",
            "less than or equal to 256",
        ),
        (
            "UpdateModelPackage",
            UPDATE | {"CustomerMetadataProperties": {str(n): "x" for n in range(51)}},
            "customerMetadataProperties",
            "less than or equal to 50",
        ),
        (
            "UpdateModelPackage",
            UPDATE | {"CustomerMetadataProperties": {}},
            "customerMetadataProperties",
            "greater than or equal to 1",
        ),
        (
            "UpdateModelPackage",
            UPDATE | {"ModelLifeCycle": LIFE_CYCLE | {"Stage": "pre_prod"}},
            "modelLifeCycle.stage",
            "regular expression",
        ),
        (
            "UpdateModelPackage",
            UPDATE | {"ModelLifeCycle": {"Stage": "prod"}},
            "modelLifeCycle.stageStatus",
            "not be null",
        ),
        (
            "UpdateModelPackage",
            UPDATE | {"ApprovalDescription": "x" * 1025},
            "approvalDescription",
            "less than or equal to 1024",
        ),
        (
            "UpdateModelPackage",
            UPDATE | {"ApprovalDescription": "one\ntwo"},
            "approvalDescription",
            "regular expression",
        ),
        (
            "UpdateModelPackage",
            UPDATE | {"ModelApprovalStatus": "Retired"},
            "modelApprovalStatus",
            "enum value set: [Approved, PendingManualApproval, Rejected]",
        ),
        ("ListModelPackages", {"MaxResults": 101}, "maxResults", "value less than or equal to 100"),
        ("ListModelPackages", {"MaxResults": True}, "maxResults", "type integer"),
        ("DescribeModelPackage", {}, "modelPackageName", "not be null"),
        ("DescribeModelPackage", {"ModelPackageName": ["a"]}, "modelPackageName", "type string"),
        ("CreateModel", {"ModelName": "-a"}, "modelName", "regular expression"),
        (
            "DescribeTransformJob",
            {"TransformJobName": "churn-"},
            "transformJobName",
            "regular expression",
        ),
        ("DescribeProcessingJob", {}, "processingJobName", "not be null"),
        (
            "DescribeMonitoringSchedule",
            {"MonitoringScheduleName": "a b"},
            "monitoringScheduleName",
            "regular expression",
        ),
        (
            "CreateTransformJob",
            {
                "TransformJobName": "a",
                "ModelName": "a",
                "TransformInput": {
                    "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://a/b"}}
                },
                "TransformOutput": {"S3OutputPath": "s3://a/c", "AssembleWith": "Comma"},
                "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
            },
            "transformOutput.assembleWith",
            "enum value set: [Line, None]",
        ),
    ],
)
def test_violations_name_the_member_and_the_constraint(
    models: dict[str, ServiceModel], operation: str, params: dict[str, Any], where: str, what: str
) -> None:
    """Each violation is found, once, where it is."""
    shape = models["sagemaker"].operation_model(operation).input_shape
    assert shape is not None
    assert [(each.path, what in each.constraint) for each in violations(shape, params)] == [
        (where, True)
    ]


@pytest.mark.parametrize(
    ("service", "operation", "params", "where"),
    [
        ("events", "PutEvents", {"Entries": []}, "entries"),
        ("events", "PutEvents", {"Entries": [{}] * 11}, "entries"),
        (
            "events",
            "PutEvents",
            {"Entries": [{"EventBusName": "a bus"}]},
            "entries.1.member.eventBusName",
        ),
        ("events", "PutRule", {"Name": "r", "State": "OFF"}, "state"),
        ("sqs", "ChangeMessageVisibility", {"QueueUrl": "u"}, "receiptHandle"),
        ("sns", "Publish", {"TopicArn": "a"}, "message"),
    ],
)
def test_the_bus_the_queue_and_the_topic_have_limits_too(
    models: dict[str, ServiceModel],
    service: str,
    operation: str,
    params: dict[str, Any],
    where: str,
) -> None:
    """What EventBridge, SQS and SNS state in their models is held as well."""
    shape = models[service].operation_model(operation).input_shape
    assert shape is not None
    assert where in {each.path for each in violations(shape, params)}


def test_a_lawful_call_has_no_violations(models: dict[str, ServiceModel]) -> None:
    """What the service takes is not refused, nulls and the rarer types included."""
    sagemaker, s3 = models["sagemaker"], models["s3"]
    update = sagemaker.operation_model("UpdateModelPackage").input_shape
    put = s3.operation_model("PutObject").input_shape
    assert update is not None
    assert put is not None
    lawful = UPDATE | {
        "CustomerMetadataProperties": {"dev.pull-request": "https://github.com/acme/m/pull/12"},
        "ModelLifeCycle": LIFE_CYCLE,
        "ApprovalDescription": None,
    }
    assert list(violations(update, lawful)) == []
    assert list(violations(put, {"Bucket": "b", "Key": "k", "Body": b"x"})) == []


def session() -> boto3.Session:
    return boto3.Session("key", "secret", region_name="eu-west-1")


@pytest.mark.parametrize("kind", ["boto3 session", "botocore session", "client"])
def test_enforced_limits_stop_a_call_before_it_is_sent(kind: str) -> None:
    """A session or client with the hook raises LimitError, and nothing goes out."""
    made = session()
    if kind == "boto3 session":
        enforce_limits(made)
    elif kind == "botocore session":
        enforce_limits(made._session)
    # Nobody listens there: a call that went out would fail otherwise.
    client = made.client("sagemaker", endpoint_url="http://127.0.0.1:9")
    if kind == "client":
        enforce_limits(client)
    with pytest.raises(
        LimitError, match=r"sagemaker would refuse this UpdateModelPackage call: .*"
    ):
        client.update_model_package(ModelPackageArn=ARN, ApprovalDescription="a\nb")


def test_limits_everywhere_cover_sessions_made_meanwhile(aws: AwsSandbox) -> None:
    """Every session made inside enforces the limits, the default one included; none after."""
    made: dict[str, Any] = {
        "endpoint_url": aws.url,
        "region_name": "eu-west-1",
        "aws_access_key_id": "a",
        "aws_secret_access_key": "b",
    }
    with enforce_limits_everywhere():
        inside: list[Any] = [
            boto3.client("ssm", **made),
            session().client("ssm", endpoint_url=aws.url),
            aws.session().client("ssm"),
            botocore.session.Session().create_client("ssm", **made),
        ]
    for client in inside:
        with pytest.raises(LimitError, match="ssm would refuse this GetParameters call"):
            client.get_parameters(Names=[str(n) for n in range(11)])
    outside = session().client("ssm", endpoint_url=aws.url)
    with pytest.raises(outside.exceptions.ClientError, match="ValidationException"):
        outside.get_parameters(Names=[str(n) for n in range(11)])
