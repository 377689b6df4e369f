"""What each resource of a deployed stack is meant to be, in figures; of its policies others speak.

This is written from docs/operating.md and docs/operating/alarms.md, not from the templates.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.infra.organization import REGION, Stack

Resource = Mapping[str, Any]
TIMEOUT = 300
"""Of the function, in seconds."""
VISIBILITY = 6 * TIMEOUT
"""Of the queue, in seconds, as Lambda asks for."""
FORTNIGHT = 14 * 24 * 60 * 60
"""As long as a queue can keep a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """When an alarm is raised; a datapoint counts when it is above the threshold."""

    metric: str
    """With its namespace before the slash."""
    about: tuple[str, str]
    """Name and value of its dimension; the value without the stack's prefix, where it has one."""
    statistic: str
    period: int
    """Of a datapoint, in seconds."""
    points: int
    """How many datapoints have to be above the threshold."""
    out_of: int
    """Of how many in a row."""
    threshold: float = 0

    def properties(self, name: str, prefix: str, topic: str | None) -> dict[str, Any]:
        """As CloudFormation has it."""
        namespace, _, metric = self.metric.rpartition("/")
        dimension, value = self.about
        told = {} if topic is None else {"AlarmActions": [topic], "OKActions": [topic]}
        # Without the number of datapoints it is all of them.
        some = {} if self.points == self.out_of else {"DatapointsToAlarm": self.points}
        return told | {
            "AlarmName": f"{prefix}-{name}",
            "Namespace": namespace,
            "MetricName": metric,
            "Dimensions": [
                {"Name": dimension, "Value": value if namespace == "Assent" else prefix + value}
            ],
            "Statistic": self.statistic,
            "Period": self.period,
            "EvaluationPeriods": self.out_of,
            **some,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": self.threshold,
            "TreatMissingData": "notBreaching",
        }


_VISIBLE = "AWS/SQS/ApproximateNumberOfMessagesVisible"
_OLDEST = "AWS/SQS/ApproximateAgeOfOldestMessage"
_QUEUE, _FUNCTION, _SERVICE = "QueueName", ("FunctionName", "-intake"), ("service", "assent")
ALARMS: Mapping[str, Alarm] = {
    "dead-letters": Alarm(
        metric=_VISIBLE,
        about=(_QUEUE, "-dead-letters"),
        statistic="Maximum",
        period=300,
        points=1,
        out_of=1,
    ),
    "oldest-message": Alarm(
        metric=_OLDEST,
        about=(_QUEUE, "-events"),
        statistic="Maximum",
        period=300,
        points=3,
        out_of=3,
        threshold=12 * 60 * 60,
    ),
    "errors": Alarm(
        metric="AWS/Lambda/Errors",
        about=_FUNCTION,
        statistic="Sum",
        period=300,
        points=2,
        out_of=3,
    ),
    "throttles": Alarm(
        metric="AWS/Lambda/Throttles",
        about=_FUNCTION,
        statistic="Sum",
        period=300,
        points=12,
        out_of=12,
    ),
    "refusals": Alarm(
        metric="Assent/Refusals",
        about=_SERVICE,
        statistic="Sum",
        period=300,
        points=1,
        out_of=1,
    ),
    "failures": Alarm(
        metric="Assent/Failures",
        about=_SERVICE,
        statistic="Sum",
        period=900,
        points=2,
        out_of=4,
    ),
    "undelivered": Alarm(
        metric=_VISIBLE,
        about=(_QUEUE, "-undelivered"),
        statistic="Maximum",
        period=300,
        points=1,
        out_of=1,
    ),
}
"""By the alarm's name without the prefix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """A stack's parameters, and the names that follow from them."""

    stack: Stack

    def __call__(self, parameter: str, default: str = "") -> str:
        return self.stack.parameters.get(parameter, default)

    @property
    def prefix(self) -> str:
        return self("NamePrefix", "assent")

    def arn(self, service: str, rest: str) -> str:
        region = "" if service == "iam" else REGION
        return f"arn:aws:{service}:{region}:{self.stack.account}:{rest}"

    def queue(self, name: str) -> str:
        return self.arn("sqs", f"{self.prefix}-{name}")

    def url(self, name: str) -> str:
        return f"https://sqs.{REGION}.amazonaws.com/{self.stack.account}/{self.prefix}-{name}"

    def alarm(self, name: str, **changes: Any) -> Resource:  # noqa: ANN401 - as CloudFormation has it
        topic = self("AlarmTopicArn") or None
        properties = ALARMS[name].properties(name, self.prefix, topic)
        return _of("AWS::CloudWatch::Alarm", **(properties | changes))


def wanted(stack: Stack) -> dict[str, Resource]:
    """Each resource by its logical name, as `judged_part` leaves it."""
    parts = {
        "intake": _intake,
        "roles": _roles,
        "account": _account,
        "storage": _storage,
        "guard": _guard,
    }
    return dict(parts[stack.template](_Said(stack=stack)))


EXCUSED: Mapping[str, str] = {
    "Condition": "decides whether the resource is there, and no more: the names tell",
    "Description": "is for people",
    "AlarmDescription": "is for people",
    "AssumeRolePolicyDocument": "a policy: test_policies holds each part of it",
    "PolicyDocument": "a policy: test_policies holds each part of it",
    "Statement": "a policy: test_policies holds each part of it",
    "Content": "a policy: test_policies holds each part of it",
}
"""What is not judged here, by its key, and why."""


def judged_part(value: Any) -> Any:  # noqa: ANN401 - any part of a template
    """A resource without what is excused."""
    if isinstance(value, dict):
        return {name: judged_part(each) for name, each in value.items() if name not in EXCUSED}
    return [judged_part(each) for each in value] if isinstance(value, list) else value


def _of(kind: str, **properties: Any) -> Resource:  # noqa: ANN401 - as CloudFormation has it
    return {"Type": kind, "Properties": properties}


def _role(said: _Said, name: str, *policies: str) -> Resource:
    named = [{"PolicyName": each} for each in policies]
    return _of("AWS::IAM::Role", RoleName=f"{said.prefix}-{name}", Policies=named)


_ENDS = ["SageMaker Transform Job State Change", "SageMaker Processing Job State Change"]
_REPORTS = ["Assent Inference Completed", "Assent Violations Found"]
_SAGEMAKER = "aws.sagemaker"


def _rule(said: _Said, name: str, source: str, kinds: list[str], bus: str | None) -> Resource:
    target = {
        "Id": "queue",
        "Arn": said.queue("events"),
        "DeadLetterConfig": {"Arn": said.queue("dead-letters")},
    }
    return _of(
        "AWS::Events::Rule",
        Name=f"{said.prefix}-{name}",
        State="ENABLED",
        EventPattern={"source": [source], "detail-type": kinds},
        Targets=[target],
        **({} if bus is None else {"EventBusName": bus}),
    )


def _intake(said: _Said) -> Iterator[tuple[str, Resource]]:
    yield "CentralBus", _of("AWS::Events::EventBus", Name=said.prefix)
    if said("WorkloadAccounts"):
        for name, told in (
            ("CentralBusForwarded", "forwarded"),
            ("CentralBusReported", "reported"),
        ):
            kind = "AWS::Events::EventBusPolicy"
            yield name, _of(kind, EventBusName=said.prefix, StatementId=told)
    new = ["SageMaker Model Package State Change"]
    yield "RegistrationRule", _rule(said, "registration", _SAGEMAKER, new, None)
    yield "InferenceRule", _rule(said, "inference", _SAGEMAKER, _ENDS, None)
    yield "ForwardedRule", _rule(said, "forwarded", _SAGEMAKER, _ENDS, said.prefix)
    yield "ReportedRule", _rule(said, "reported", "assent", _REPORTS, said.prefix)
    yield from _queues(said)
    yield from _running(said)
    yield "DeadLettersAlarm", said.alarm("dead-letters")
    oldest = int(said("OldestMessageSeconds", "43200"))
    yield "OldestMessageAlarm", said.alarm("oldest-message", Threshold=oldest)
    yield "ErrorsAlarm", said.alarm("errors")
    yield "ThrottlesAlarm", said.alarm("throttles")
    yield "RefusalsAlarm", said.alarm("refusals")
    yield "FailuresAlarm", said.alarm("failures")


def _queues(said: _Said) -> Iterator[tuple[str, Resource]]:
    key = said("KeyArn")
    at_rest: dict[str, Any] = {"KmsMasterKeyId": key} if key else {"SqsManagedSseEnabled": True}
    kept = {"MessageRetentionPeriod": FORTNIGHT, **at_rest}
    redrive = {
        "deadLetterTargetArn": said.queue("dead-letters"),
        "maxReceiveCount": int(said("MaxReceiveCount", "100")),
    }
    name = f"{said.prefix}-events"
    yield (
        "Queue",
        _of(
            "AWS::SQS::Queue",
            QueueName=name,
            VisibilityTimeout=VISIBILITY,
            RedrivePolicy=redrive,
            **kept,
        ),
    )
    yield "DeadLetters", _of("AWS::SQS::Queue", QueueName=f"{said.prefix}-dead-letters", **kept)
    yield "QueuePolicy", _of("AWS::SQS::QueuePolicy", Queues=[said.url("events")])
    yield "DeadLetterPolicy", _of("AWS::SQS::QueuePolicy", Queues=[said.url("dead-letters")])


def _running(said: _Said) -> Iterator[tuple[str, Resource]]:
    """The function, and what it needs to run."""
    name = f"{said.prefix}-intake"
    key = said("KeyArn")
    secret = {"Name": f"{said.prefix}/app-key"}
    log = {
        "LogGroupName": f"/aws/lambda/{name}",
        "RetentionInDays": int(said("LogRetentionDays", "90")),
    }
    with_key = {"KmsKeyId": key} if key else {}
    yield "AppKey", _of("AWS::SecretsManager::Secret", **secret, **with_key)
    yield "Log", _of("AWS::Logs::LogGroup", **log, **with_key)
    yield "Role", _role(said, "intake", "intake")
    code = {"S3Bucket": said("CodeBucket"), "S3Key": said("CodeKey")}
    version = {"S3ObjectVersion": said("CodeVersion")} if said("CodeVersion") else {}
    installation = said("InstallationId")
    variables = {
        "ASSENT_REPOSITORY": said("Repository"),
        "ASSENT_BRANCH": said("Branch", "main"),
        "ASSENT_APP_ID": said("AppId"),
        **({"ASSENT_INSTALLATION_ID": installation} if installation else {}),
        "ASSENT_API_URL": said("ApiUrl", "https://api.github.com"),
        "ASSENT_APP_PRIVATE_KEY_SECRET": f"{said.prefix}/app-key",
    }
    reserved = int(said("ReservedConcurrency", "2"))
    function = _of(
        "AWS::Lambda::Function",
        FunctionName=name,
        Code=code | version,
        Handler="assent.lambda_handler.handler",
        Runtime=said("Runtime", "python3.13"),
        Architectures=[said("Architecture", "x86_64")],
        MemorySize=512,
        Timeout=TIMEOUT,
        Role=said.arn("iam", f"role/{name}"),
        Environment={"Variables": variables},
        **({"ReservedConcurrentExecutions": reserved} if reserved else {}),
        **({"KmsKeyArn": key} if key else {}),
    )
    # Lambda would make a log of its own otherwise, which keeps everything for ever.
    yield "Function", {**function, "DependsOn": "Log"}
    yield (
        "Mapping",
        _of(
            "AWS::Lambda::EventSourceMapping",
            FunctionName=name,
            EventSourceArn=said.queue("events"),
            BatchSize=10,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            ScalingConfig={"MaximumConcurrency": 2},
        ),
    )


_STAYS = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}


def _roles(said: _Said) -> Iterator[tuple[str, Resource]]:
    if said("CreateProvider", "no") == "yes":
        url = f"https://{said('Issuer', 'token.actions.githubusercontent.com')}"
        provider = _of("AWS::IAM::OIDCProvider", Url=url, ClientIdList=["sts.amazonaws.com"])
        yield "Provider", {**provider, **_STAYS}
    yield "ApplyRole", _role(said, f"apply-{said('Environment')}", "decide", "apply")
    yield "ReadRole", _role(said, f"read-{said('Environment')}", "read")


def _account(said: _Said) -> Iterator[tuple[str, Resource]]:
    yield "WriteRole", _role(said, f"write-{said('Environment')}", "write")
    yield "ObserveRole", _role(said, f"observe-{said('Environment')}", "observe")
    bus = said("CentralBusArn")
    if not bus:
        return
    yield "ForwardRole", _role(said, f"forward-{REGION}", "forward")
    target = {
        "Id": "bus",
        "Arn": bus,
        "RoleArn": said.arn("iam", f"role/{said.prefix}-forward-{REGION}"),
        "DeadLetterConfig": {"Arn": said.queue("undelivered")},
    }
    yield (
        "ForwardRule",
        _of(
            "AWS::Events::Rule",
            Name=f"{said.prefix}-forward",
            State="ENABLED",
            EventPattern={"source": [_SAGEMAKER], "detail-type": _ENDS},
            Targets=[target],
        ),
    )
    yield (
        "Undelivered",
        _of(
            "AWS::SQS::Queue",
            QueueName=f"{said.prefix}-undelivered",
            MessageRetentionPeriod=FORTNIGHT,
            SqsManagedSseEnabled=True,
        ),
    )
    yield "UndeliveredPolicy", _of("AWS::SQS::QueuePolicy", Queues=[said.url("undelivered")])
    yield "UndeliveredAlarm", said.alarm("undelivered")


_CLOSED = (
    *("BlockPublicAcls", "BlockPublicPolicy"),
    *("IgnorePublicAcls", "RestrictPublicBuckets"),
)


def _storage(said: _Said) -> Iterator[tuple[str, Resource]]:
    key = said("KeyArn")
    algorithm = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key} if key else None
    rule = {"ServerSideEncryptionByDefault": algorithm or {"SSEAlgorithm": "AES256"}}
    common = {
        "VersioningConfiguration": {"Status": "Enabled"},
        "PublicAccessBlockConfiguration": dict.fromkeys(_CLOSED, True),
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {**rule, **({"BucketKeyEnabled": True} if key else {})}
            ]
        },
    }
    retention = {
        "Mode": said("RetentionMode", "COMPLIANCE"),
        "Days": int(said("RetentionDays", "2557")),
    }
    lock = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": retention}}
    locked = {"ObjectLockEnabled": True, "ObjectLockConfiguration": lock}
    for name, extra in (("Evidence", {}), ("Receipts", locked)):
        bucket = said(f"{name}BucketName")
        if bucket:
            yield name, {**_of("AWS::S3::Bucket", BucketName=bucket, **common, **extra), **_STAYS}
            yield f"{name}Policy", _of("AWS::S3::BucketPolicy", Bucket=bucket)


def _guard(said: _Said) -> Iterator[tuple[str, Resource]]:
    guard = _of(
        "AWS::Organizations::Policy",
        Name=f"{said.prefix}-guard",
        Type="SERVICE_CONTROL_POLICY",
        TargetIds=said("TargetIds").split(","),
    )
    yield "Guard", guard
