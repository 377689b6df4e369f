"""The sandbox's AWS as a whole: accounts, validation, other processes, starting and stopping."""

import json
import os
import subprocess
import sys
from typing import Any

import moto.core.responses
import pytest
import requests
from botocore.exceptions import ClientError, ConnectionClosedError
from moto.sagemaker.responses import SageMakerResponse

from assent.sandbox.aws import (
    AwsSandbox,
    bus,
    jobs,
    parameters,
    queues,
    register,
    registry,
    topics,
)
from assent.sandbox.faults import Faults, expired_token, throttled
from assent.sandbox.wire import Drop, Ledger, Moment

CHILD = """
import boto3, json, sys
sts, ssm = boto3.client("sts"), boto3.client("ssm")
ssm.put_parameter(Name="/from/child", Value="x", Type="String")
try:
    ssm.put_parameter(Name="/from/child", Value="", Type="String")
except ssm.exceptions.ClientError as error:
    refused = error.response["Error"]["Code"]
print(json.dumps([sts.get_caller_identity()["Account"], ssm.meta.region_name, refused]))
"""


def test_any_process_is_led_here_by_its_environment(aws: AwsSandbox) -> None:
    """A child with nothing but the environment's variables uses the sandbox, and is counted."""
    environment = aws.environment() | {"PATH": os.environ["PATH"]}
    child = subprocess.run(
        [sys.executable, "-c", CHILD], env=environment, capture_output=True, check=True
    )
    assert json.loads(child.stdout) == ["111122223333", "eu-west-1", "ValidationException"]
    assert aws.ssm.get_parameter(Name="/from/child")["Parameter"]["Value"] == "x"
    operations = [call.operation for call in aws.ledger.calls]
    assert operations == ["PutParameter", "PutParameter", "GetCallerIdentity"]
    assert aws.ledger.count("aws", writes=True) == 2


def signed(aws: AwsSandbox, target: str, body: str) -> requests.Response:
    """Call without boto3, which would check some of it first."""
    services = {
        "AWSEvents": "events",
        "AmazonSQS": "sqs",
        "AmazonSSM": "ssm",
        "SageMaker": "sagemaker",
    }
    service = services[target.partition(".")[0]]
    credential = f"AKIA0000{aws.account}/20261123/{aws.region}/{service}/aws4_request"
    return requests.post(
        aws.url,
        headers={
            "X-Amz-Target": target,
            "Content-Type": "application/x-amz-json-1.1",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host",
        },
        data=body,
        timeout=5,
    )


NULL_NAME = (
    "1 validation error detected: Value null at 'modelPackageName' failed to satisfy "
    "constraint: Member must not be null"
)


@pytest.mark.parametrize(
    ("target", "body", "code", "text"),
    [
        ("SageMaker.DescribeModelPackage", "{}", "ValidationException", NULL_NAME),
        (
            "SageMaker.ListModelPackages",
            '{"MaxResults": 101, "SortOrder": "Up"}',
            "ValidationException",
            "2 validation errors detected",
        ),
        (
            "AmazonSSM.PutParameter",
            '{"Name": "/a", "Value": "x", "Tier": "Golden"}',
            "ValidationException",
            "'tier' failed to satisfy constraint: Member must satisfy enum value set",
        ),
        (
            "SageMaker.DescribeTransformJob",
            '{"TransformJobName": "a b"}',
            "ValidationException",
            "'transformJobName' failed to satisfy constraint",
        ),
        (
            "AWSEvents.PutEvents",
            '{"Entries": []}',
            "ValidationException",
            "'entries' failed to satisfy constraint",
        ),
        (
            "AmazonSQS.ChangeMessageVisibility",
            '{"QueueUrl": "u", "VisibilityTimeout": 5}',
            "ValidationException",
            "'receiptHandle' failed to satisfy constraint",
        ),
        ("AmazonSSM.PutParameter", "[]", "ValidationException", "type structure"),
        ("AmazonSSM.PutParameter", "no", "SerializationException", "not JSON"),
    ],
)
def test_the_server_validates_whoever_calls(
    aws: AwsSandbox, target: str, body: str, code: str, text: str
) -> None:
    """A malformed request is refused with the member's name, before it reaches moto."""
    answer = signed(aws, target, body)
    assert answer.status_code == 400
    assert answer.json()["__type"] == code
    assert text in answer.json()["message"]


def test_a_member_with_a_null_counts_as_absent(aws: AwsSandbox) -> None:
    """Null is no value: optional members may be null."""
    answer = signed(
        aws,
        "AmazonSSM.PutParameter",
        '{"Name":"/a","Value":"x","Type":"String","Tier":null}',
    )
    assert answer.json()["Version"] == 1


@pytest.mark.parametrize("kind", ["apply", "read"])
def test_roles_lead_into_their_accounts(aws: AwsSandbox, kind: str) -> None:
    """An assumed role's calls, to whichever service, happen in the account of its ARN."""
    prod = "444455556666"
    role = (
        aws.session()
        .client("sts")
        .assume_role(RoleArn=f"arn:aws:iam::{prod}:role/assent-{kind}", RoleSessionName="run")[
            "Credentials"
        ]
    )

    def client(service: str) -> Any:  # noqa: ANN401 - each service has its own type
        make: Any = aws.session().client
        return make(
            service,
            aws_access_key_id=role["AccessKeyId"],
            aws_secret_access_key=role["SecretAccessKey"],
            aws_session_token=role["SessionToken"],
        )

    identity = client("sts").get_caller_identity()
    assert identity["Account"] == prod
    assert identity["Arn"] == f"arn:aws:sts::{prod}:assumed-role/assent-{kind}/run"
    group = client("sagemaker").create_model_package_group(ModelPackageGroupName="churn")
    arns = [
        group["ModelPackageGroupArn"],
        client("sns").create_topic(Name="decisions")["TopicArn"],
        client("events").describe_event_bus()["Arn"],
    ]
    assert {arn.split(":")[4] for arn in arns} == {prod}
    assert f"/{prod}/" in client("sqs").create_queue(QueueName="q")["QueueUrl"]
    client("ssm").put_parameter(Name="/a", Value="x", Type="String")
    client("s3").create_bucket(
        Bucket="models", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    there, here = aws.backstage(account=prod), aws.backstage()
    assert [len(each.ssm.describe_parameters()["Parameters"]) for each in (there, here)] == [1, 0]
    assert [len(each.s3.list_buckets()["Buckets"]) for each in (there, here)] == [1, 0]


def test_a_role_reads_what_another_account_lets_it(aws: AwsSandbox) -> None:
    """From an environment's account the registry's versions and their files can be read."""
    made = register(aws, reports={"model-quality": b"{}"})
    uat = aws.backstage(account="222233334444")
    found = uat.sagemaker.describe_model_package(ModelPackageName=made.arn)
    uri = found["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"]
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    assert uat.s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"{}"


def test_an_unknown_key_belongs_to_the_sandboxs_account(aws: AwsSandbox) -> None:
    """Credentials that nobody issued act in the configured account."""
    client = aws.session().client(
        "sts", aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="x"
    )
    assert client.get_caller_identity()["Account"] == "111122223333"


def test_faults_reach_the_client_as_aws_errors(aws: AwsSandbox) -> None:
    """Throttling, expired tokens and dropped connections look to boto3 like the real ones."""
    aws.wire.interceptor = (
        Faults().add(throttled()).add(expired_token()).add(Drop(), moment=Moment.AFTER)
    )
    ssm = aws.session().client("ssm")
    for code in ("ThrottlingException", "ExpiredTokenException"):
        with pytest.raises(ClientError) as caught:
            ssm.put_parameter(Name="/a", Value="x", Type="String")
        assert caught.value.response["Error"]["Code"] == code
    with pytest.raises(ConnectionClosedError):
        ssm.put_parameter(Name="/a", Value="x", Type="String")
    assert ssm.get_parameter(Name="/a")["Parameter"]["Version"] == 1
    assert aws.ledger.count(writes=True) == 3


def test_the_backstage_clients_are_neither_counted_nor_broken(aws: AwsSandbox) -> None:
    """Arranging a test leaves no trace in what the test measures."""
    aws.wire.interceptor = Faults().add(throttled(), times=None)
    aws.ssm.put_parameter(Name="/a", Value="x", Type="String")
    assert aws.s3.list_buckets()["Buckets"] == []
    assert aws.sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"] == []
    assert aws.ledger.count() == 0


def test_reset_forgets_resources_and_keeps_the_ledger(aws: AwsSandbox) -> None:
    """After a reset every account is empty; what was called stays on record."""
    ssm = aws.session().client("ssm")
    ssm.put_parameter(Name="/a", Value="x", Type="String")
    aws.reset()
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name="/a")
    assert aws.ledger.count() == 2


def corrected() -> list[object]:
    """What of moto the sandbox stands in for, as it is now."""
    return [
        vars(owner).get(name, "nothing")
        for corrections in (bus, jobs, parameters, queues, registry, topics)
        for owner, name, _ in corrections.corrections()
    ] + [moto.core.responses.BaseResponse._dispatch]


def test_one_sandbox_runs_at_a_time_and_leaves_moto_as_it_was() -> None:
    """A second start is refused; after the stop nothing is left of data or corrections."""
    before = corrected()
    assert len(before) > 30
    ledger = Ledger()
    with AwsSandbox(ledger) as first:
        assert not [each for each in corrected()[:-1] if each in before]
        first.ssm.put_parameter(Name="/a", Value="x", Type="String")
        with pytest.raises(RuntimeError, match="running in this process already"):
            AwsSandbox().start()
    with pytest.raises(RuntimeError, match="not running"):
        _ = first.url
    assert corrected() == before
    assert not hasattr(SageMakerResponse, "delete_model_package")
    with first:
        assert first.ssm.describe_parameters()["Parameters"] == []


def test_an_account_variable_of_motos_does_not_interfere(monkeypatch: pytest.MonkeyPatch) -> None:
    """``MOTO_ACCOUNT_ID`` is out of sight while the sandbox runs, and back afterwards."""
    monkeypatch.setenv("MOTO_ACCOUNT_ID", "999999999999")
    with AwsSandbox(account="222233334444", region="us-east-1") as sandbox:
        identity = sandbox.session().client("sts").get_caller_identity()
        assert identity["Account"] == "222233334444"
    assert os.environ["MOTO_ACCOUNT_ID"] == "999999999999"
