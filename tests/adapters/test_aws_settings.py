"""AWS's settings through boto3: against moto where it knows them, else against stubbed answers."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.stub import Stubber

from assent.adapters.aws_session import AccessRefused, AwsFailed, AwsSession
from assent.adapters.aws_settings import AwsSettingsReader
from assent.core.doctor.aws_facts import Consumer, EventRule, ObjectLock, QueueSettings, Right
from assent.core.doctor.finding import Unread
from assent.core.errors import AssentError
from assent.ports import Unavailable

ROLE = "arn:aws:iam::123456789012:role/apply"
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*"}]}


@pytest.fixture
def reader(aws: AwsSession) -> AwsSettingsReader:
    """Over moto."""
    return AwsSettingsReader(aws)


@contextmanager
def stubbed(client: BaseClient, *answers: tuple[str, Any, Any]) -> Iterator[None]:
    """A client that is asked exactly so, and answers so; a code and message is a refusal."""
    with Stubber(client) as stub:
        for method, expected, answer in answers:
            if isinstance(answer, tuple):
                code, message, status = answer
                stub.add_client_error(
                    method, code, message, http_status_code=status, expected_params=expected
                )
            else:
                stub.add_response(method, answer, expected)
        yield
        stub.assert_no_pending_responses()


@pytest.fixture
def dry(unplugged: AwsSession) -> AwsSettingsReader:
    """Over clients that are stubbed."""
    return AwsSettingsReader(unplugged)


def test_groups_and_their_newest_versions(aws: AwsSession, reader: AwsSettingsReader) -> None:
    """Every group, and the version registered last; an empty group has none."""
    sagemaker = aws.sagemaker()
    assert reader.groups() == []
    for name in ("churn", "fraud"):
        sagemaker.create_model_package_group(ModelPackageGroupName=name)
    assert sorted(reader.groups()) == ["churn", "fraud"]
    assert reader.newest_version("fraud") is None
    container: Any = {"Image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/x:1"}
    made = [
        sagemaker.create_model_package(
            ModelPackageGroupName="churn",
            InferenceSpecification={
                "Containers": [container],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
        )["ModelPackageArn"]
        for _ in range(2)
    ]
    assert reader.newest_version("churn") in made


def test_a_groups_policy_is_read_and_its_absence_told(
    unplugged: AwsSession, dry: AwsSettingsReader
) -> None:
    """SageMaker says by a ValidationException that there is none; any other one is no answer."""
    asked = {"ModelPackageGroupName": "churn"}
    method = "get_model_package_group_policy"
    client = unplugged.sagemaker()
    with stubbed(client, (method, asked, {"ResourcePolicy": json.dumps(POLICY)})):
        assert dry.group_policy("churn") == POLICY
    absent = ("ValidationException", "Cannot find resource policy for: churn", 400)
    with stubbed(client, (method, asked, absent)):
        assert dry.group_policy("churn") is None
    other = ("ValidationException", "Cannot find Model Package Group: churn", 400)
    with stubbed(client, (method, asked, other)), pytest.raises(AwsFailed):
        dry.group_policy("churn")
    with (
        stubbed(client, (method, asked, ("AccessDeniedException", "no", 400))),
        pytest.raises(AccessRefused),
    ):
        dry.group_policy("churn")
    with (
        stubbed(client, (method, asked, {"ResourcePolicy": "no JSON"})),
        pytest.raises(AssentError, match="no JSON object"),
    ):
        dry.group_policy("churn")


def test_parameters_are_counted_over_pages(aws: AwsSession, reader: AwsSettingsReader) -> None:
    """Whosever they are."""
    for number in range(51):
        aws.ssm().put_parameter(Name=f"/x/{number}", Value="1", Type="String")
    assert reader.parameter_count() == 51


def test_a_bucket_as_it_is_made_protects_nothing(
    aws: AwsSession, reader: AwsSettingsReader
) -> None:
    """No versions, no lock, public access not blocked by the bucket's own settings."""
    where: Any = {"LocationConstraint": "eu-west-1"}
    aws.s3().create_bucket(Bucket="plain", CreateBucketConfiguration=where)
    found = reader.bucket("plain")
    assert (found.versioned, found.closed, found.lock, found.key) == (False, False, None, None)


def test_a_bucket_that_protects(aws: AwsSession, reader: AwsSettingsReader) -> None:
    """Versions, all four blocks, Object Lock with a default retention, a key of one's own."""
    s3 = aws.s3()
    where: Any = {"LocationConstraint": "eu-west-1"}
    s3.create_bucket(
        Bucket="kept", CreateBucketConfiguration=where, ObjectLockEnabledForBucket=True
    )
    assert reader.bucket("kept").lock == ObjectLock(mode="", days=0)
    s3.put_object_lock_configuration(
        Bucket="kept",
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 10}},
        },
    )
    blocks: Any = dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
    )
    s3.put_public_access_block(Bucket="kept", PublicAccessBlockConfiguration=blocks)
    s3.put_bucket_encryption(
        Bucket="kept",
        ServerSideEncryptionConfiguration={
            "Rules": [
                {
                    "ApplyServerSideEncryptionByDefault": {
                        "SSEAlgorithm": "aws:kms",
                        "KMSMasterKeyID": "arn:aws:kms:eu-west-1:123456789012:key/1",
                    }
                }
            ]
        },
    )
    found = reader.bucket("kept")
    assert (found.versioned, found.closed) == (True, True)
    assert found.lock == ObjectLock(mode="COMPLIANCE", days=3650)
    assert found.key == "arn:aws:kms:eu-west-1:123456789012:key/1"
    blocks["RestrictPublicBuckets"] = False
    s3.put_public_access_block(Bucket="kept", PublicAccessBlockConfiguration=blocks)
    assert reader.bucket("kept").closed is False


def test_a_bucket_that_is_not_there_is_no_bucket_without_protection(
    reader: AwsSettingsReader,
) -> None:
    """Each setting is unread, and says which permission would show it."""
    found = reader.bucket("nowhere")
    for fact in (found.versioned, found.closed, found.lock, found.key):
        assert isinstance(fact, Unread)
        assert "NoSuchBucket" in fact.why
        assert fact.needs.startswith("Allow s3:Get")


def test_a_keys_state(aws: AwsSession, reader: AwsSettingsReader) -> None:
    """Enabled, or waiting for its deletion."""
    key = aws.kms().create_key()["KeyMetadata"]
    assert reader.key(key["KeyId"]).state == "Enabled"
    assert reader.key(key["KeyId"]).arn == key["Arn"]
    aws.kms().schedule_key_deletion(KeyId=key["KeyId"])
    assert reader.key(key["KeyId"]).state == "PendingDeletion"


def test_rules_with_their_targets(aws: AwsSession, reader: AwsSettingsReader) -> None:
    """Patterns as objects, schedules without one, and whether they run."""
    events = aws.events()
    pattern = {"source": ["aws.sagemaker"]}
    events.put_rule(Name="on", EventPattern=json.dumps(pattern))
    events.put_rule(Name="off", EventPattern=json.dumps(pattern), State="DISABLED")
    events.put_rule(Name="schedule", ScheduleExpression="rate(1 hour)")
    target = "arn:aws:sqs:eu-west-1:123456789012:assent"
    events.put_targets(Rule="on", Targets=[{"Id": "1", "Arn": target}])
    found = {rule.name: rule for rule in reader.event_rules("default")}
    assert found == {
        "on": EventRule(name="on", enabled=True, pattern=pattern, targets=(target,)),
        "off": EventRule(name="off", enabled=False, pattern=pattern, targets=()),
        "schedule": EventRule(name="schedule", enabled=True, pattern={}, targets=()),
    }


@pytest.mark.parametrize("named", ["assent", "arn:aws:sqs:eu-west-1:123456789012:assent"])
def test_a_queue_with_its_dead_letters(
    aws: AwsSession, reader: AwsSettingsReader, named: str
) -> None:
    """By its name or its ARN; what is in flight or delayed counts as well."""
    sqs = aws.sqs()
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = "arn:aws:sqs:eu-west-1:123456789012"
    redrive = {"deadLetterTargetArn": f"{arn}:dead", "maxReceiveCount": 100}
    url = sqs.create_queue(
        QueueName="assent",
        Attributes={"VisibilityTimeout": "180", "RedrivePolicy": json.dumps(redrive)},
    )["QueueUrl"]
    for delay in (0, 0, 60):
        sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=delay)
    sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1)
    assert reader.queue(named) == QueueSettings(
        arn=f"{arn}:assent",
        messages=3,
        visibility=180,
        retention=345_600,
        dead_letters=f"{arn}:dead",
        deliveries=100,
    )
    sqs.send_message(QueueUrl=dead, MessageBody="x")
    found = reader.queue("dead")
    assert found is not None
    assert (found.messages, found.dead_letters, found.deliveries) == (1, None, 0)


def test_a_queue_that_is_not_there_is_none(aws: AwsSession, reader: AwsSettingsReader) -> None:
    """By its name, or by the ARN of one in another region that is called the same."""
    assert reader.queue("nowhere") is None
    aws.sqs().create_queue(QueueName="assent")
    assert reader.queue("arn:aws:sqs:us-east-1:123456789012:assent") is None


def test_what_takes_a_queues_messages(unplugged: AwsSession, dry: AwsSettingsReader) -> None:
    """Each mapping with its function's time-out; one that may not be read is unread."""
    queue, function = "arn:aws:sqs:eu-west-1:123456789012:assent", "arn:aws:lambda:x:1:function:f"
    mapping = {
        "FunctionArn": function,
        "State": "Enabled",
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    }
    other = {"FunctionArn": function, "State": "Disabling"}
    asked = {"FunctionName": function}
    with stubbed(
        unplugged.functions(),
        (
            "list_event_source_mappings",
            {"EventSourceArn": queue},
            {"EventSourceMappings": [mapping], "NextMarker": "2"},
        ),
        (
            "list_event_source_mappings",
            {"EventSourceArn": queue, "Marker": "2"},
            {"EventSourceMappings": [other]},
        ),
        ("get_function_configuration", asked, {"Timeout": 60}),
        ("get_function_configuration", asked, ("AccessDeniedException", "no", 403)),
    ):
        first, second = dry.consumers(queue)
    assert first == Consumer(function=function, enabled=True, reports_failures=True, timeout=60)
    assert (second.enabled, second.reports_failures) == (False, False)
    assert isinstance(second.timeout, Unread)
    assert "lambda:GetFunctionConfiguration" in second.timeout.needs


def test_providers_and_roles(aws: AwsSession, reader: AwsSettingsReader) -> None:
    """A provider's audiences, a role's trust, and that there is no such role."""
    iam = aws.iam()
    assert reader.oidc_providers() == {}
    iam.create_open_id_connect_provider(
        Url="https://token.actions.githubusercontent.com",
        ClientIDList=["sts.amazonaws.com"],
        ThumbprintList=["a" * 40],
    )
    assert reader.oidc_providers() == {"token.actions.githubusercontent.com": ["sts.amazonaws.com"]}
    iam.create_role(RoleName="apply", Path="/x/", AssumeRolePolicyDocument=json.dumps(POLICY))
    arn = "arn:aws:iam::123456789012:role/x/apply"
    assert reader.role("apply") == (arn, POLICY)
    assert reader.role(arn) == (arn, POLICY)
    assert reader.role("nobody") is None
    for other in (arn.replace("/x/", "/"), arn.replace("123456789012", "999999999999")):
        assert reader.role(other) is None, "only the name is the same"


RIGHT = Right(
    action="sagemaker:UpdateModelPackage",
    resources=["arn:aws:sagemaker:eu-west-1:123456789012:model-package/x/1"],
    context={"sagemaker:ModelApprovalStatus": "Approved"},
)
ASKED = {
    "PolicySourceArn": ROLE,
    "ActionNames": [RIGHT.action],
    "ResourceArns": list(RIGHT.resources),
    "ContextEntries": [
        {
            "ContextKeyName": "sagemaker:ModelApprovalStatus",
            "ContextKeyType": "string",
            "ContextKeyValues": ["Approved"],
        }
    ],
}


def told(*decisions: str) -> dict[str, Any]:
    return {
        "EvaluationResults": [
            {"EvalActionName": RIGHT.action, "EvalDecision": each} for each in decisions
        ]
    }


@pytest.mark.parametrize(
    ("decisions", "expected"),
    [
        (["allowed"], True),
        (["implicitDeny"], False),
        (["explicitDeny"], False),
        (["explicitDeny", "allowed"], True),
    ],
)
def test_the_simulator_is_believed(
    unplugged: AwsSession, dry: AwsSettingsReader, decisions: list[str], *, expected: bool
) -> None:
    """What it allows is allowed; the condition's key goes with the question."""
    with stubbed(unplugged.iam(), ("simulate_principal_policy", ASKED, told(*decisions))):
        assert dry.may(ROLE, RIGHT) is expected


def test_a_simulator_that_says_nothing_is_no_no(
    unplugged: AwsSession, dry: AwsSettingsReader
) -> None:
    """An empty answer, a refusal and an outage are errors."""
    method = "simulate_principal_policy"
    with stubbed(unplugged.iam(), (method, ASKED, told())), pytest.raises(AssentError):
        dry.may(ROLE, RIGHT)
    with (
        stubbed(unplugged.iam(), (method, ASKED, ("AccessDenied", "no", 403))),
        pytest.raises(AccessRefused),
    ):
        dry.may(ROLE, RIGHT)
    with (
        stubbed(unplugged.iam(), (method, ASKED, ("ServiceFailure", "no", 500))),
        pytest.raises(Unavailable),
    ):
        dry.may(ROLE, RIGHT)


def test_whose_the_credentials_are(reader: AwsSettingsReader) -> None:
    """STS says the account."""
    assert reader.account() == "123456789012"
