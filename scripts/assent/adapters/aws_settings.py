"""AWS's settings of one account and region, read through boto3. Nothing here writes."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from assent.adapters.aws_session import AwsSession, asking
from assent.core.doctor.aws_facts import (
    BucketSettings,
    Consumer,
    EventRule,
    KeySettings,
    ObjectLock,
    Policy,
    QueueSettings,
    Right,
)
from assent.core.doctor.finding import Read, Unread
from assent.core.errors import AssentError

if TYPE_CHECKING:
    from mypy_boto3_iam.type_defs import ContextEntryTypeDef

__all__ = ["AwsSettingsReader"]

T = TypeVar("T")

_VALIDATION = "ValidationException"
_NO_POLICY = "cannot find resource policy"
"""What SageMaker says, in a ValidationException, of a group without a policy."""
_NO_BLOCK = "NoSuchPublicAccessBlockConfiguration"
_NO_LOCK = "ObjectLockConfigurationNotFoundError"
_NO_ROLE = "NoSuchEntity"
_NO_QUEUE = "AWS.SimpleQueueService.NonExistentQueue"
_NO_ENCRYPTION = "ServerSideEncryptionConfigurationNotFoundError"
_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_DAYS_A_YEAR = 365
_COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


class AwsSettingsReader:
    """The `AwsSettings` port.

    Args:
        session: Whose credentials read, and where.
    """

    def __init__(self, session: AwsSession) -> None:
        self._session = session

    def account(self) -> str:
        """See `ports.settings`."""
        return self._session.caller_account()

    def groups(self) -> Sequence[str]:
        """See `ports.settings`."""
        pages = (
            self._session.sagemaker()
            .get_paginator("list_model_package_groups")
            .paginate(SortBy="CreationTime", SortOrder="Descending")
        )
        with asking("sagemaker:ListModelPackageGroups", "*"):
            return [
                each["ModelPackageGroupName"]
                for page in pages
                for each in page["ModelPackageGroupSummaryList"]
            ]

    def newest_version(self, group: str, /) -> str | None:
        """See `ports.settings`."""
        with asking("sagemaker:ListModelPackages", group):
            found = self._session.sagemaker().list_model_packages(
                ModelPackageGroupName=group,
                SortBy="CreationTime",
                SortOrder="Descending",
                MaxResults=1,
            )["ModelPackageSummaryList"]
        return found[0]["ModelPackageArn"] if found else None

    def group_policy(self, group: str, /) -> Policy | None:
        """See `ports.settings`."""
        with asking("sagemaker:GetModelPackageGroupPolicy", group):
            try:
                found = self._session.sagemaker().get_model_package_group_policy(
                    ModelPackageGroupName=group
                )
            except ClientError as error:
                details = error.response["Error"]
                said = details.get("Message", "").lower()
                if details.get("Code") == _VALIDATION and _NO_POLICY in said:
                    return None
                raise
        return _document(found["ResourcePolicy"])

    def parameter_count(self) -> int:
        """See `ports.settings`."""
        pages = (
            self._session.ssm()
            .get_paginator("describe_parameters")
            .paginate(PaginationConfig={"PageSize": 50})
        )
        with asking("ssm:DescribeParameters", "*"):
            return sum(len(page["Parameters"]) for page in pages)

    def bucket(self, name: str, /) -> BucketSettings:
        """See `ports.settings`. Each setting is read by itself, since each has its permission."""
        return BucketSettings(
            versioned=_read(lambda: self._versioned(name), "s3:GetBucketVersioning", name),
            closed=_read(lambda: self._closed(name), "s3:GetBucketPublicAccessBlock", name),
            lock=_read(lambda: self._lock(name), "s3:GetBucketObjectLockConfiguration", name),
            key=_read(lambda: self._encryption(name), "s3:GetEncryptionConfiguration", name),
        )

    def _versioned(self, name: str) -> bool:
        with asking("s3:GetBucketVersioning", name):
            found = self._session.s3().get_bucket_versioning(Bucket=name)
        return found.get("Status") == "Enabled"

    def _closed(self, name: str) -> bool:
        found = _perhaps(
            lambda: self._session.s3().get_public_access_block(Bucket=name),
            "s3:GetBucketPublicAccessBlock",
            name,
            absent=_NO_BLOCK,
        )
        blocks: Mapping[str, Any] = {}
        if found is not None:
            blocks = found["PublicAccessBlockConfiguration"]
        return all(blocks.get(each) is True for each in _BLOCKS)

    def _lock(self, name: str) -> ObjectLock | None:
        found = _perhaps(
            lambda: self._session.s3().get_object_lock_configuration(Bucket=name),
            "s3:GetBucketObjectLockConfiguration",
            name,
            absent=_NO_LOCK,
        )
        if found is None:
            return None
        lock = found.get("ObjectLockConfiguration", {})
        if lock.get("ObjectLockEnabled") != "Enabled":
            return None
        kept = lock.get("Rule", {}).get("DefaultRetention", {})
        days = kept.get("Days", 0) + _DAYS_A_YEAR * kept.get("Years", 0)
        return ObjectLock(mode=kept.get("Mode", ""), days=days)

    def _encryption(self, name: str) -> str | None:
        found = _perhaps(
            lambda: self._session.s3().get_bucket_encryption(Bucket=name),
            "s3:GetEncryptionConfiguration",
            name,
            absent=_NO_ENCRYPTION,
        )
        if found is None:
            return None
        for rule in found["ServerSideEncryptionConfiguration"]["Rules"]:
            key = rule.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID")
            if key:
                return key
        return None

    def key(self, name: str, /) -> KeySettings:
        """See `ports.settings`."""
        with asking("kms:DescribeKey", name):
            found = self._session.kms().describe_key(KeyId=name)["KeyMetadata"]
        return KeySettings(arn=found.get("Arn", name), state=found.get("KeyState", "unknown"))

    def event_rules(self, bus: str, /) -> Sequence[EventRule]:
        """See `ports.settings`."""
        client = self._session.events()
        with asking("events:ListRules", bus):
            pages = client.get_paginator("list_rules").paginate(EventBusName=bus)
            listed = [each for page in pages for each in page["Rules"]]
        return [
            EventRule(
                name=rule["Name"],
                enabled=rule.get("State", "").startswith("ENABLED"),
                pattern=_document(rule.get("EventPattern") or "{}"),
                targets=tuple(self._targets(bus, rule["Name"])),
            )
            for rule in listed
        ]

    def _targets(self, bus: str, rule: str) -> Iterator[str]:
        with asking("events:ListTargetsByRule", rule):
            pages = (
                self._session.events()
                .get_paginator("list_targets_by_rule")
                .paginate(EventBusName=bus, Rule=rule)
            )
            for page in pages:
                for each in page["Targets"]:
                    yield each["Arn"]

    def queue(self, name: str, /) -> QueueSettings | None:
        """See `ports.settings`."""
        client = self._session.sqs()
        short, account = name.rpartition(":")[2], name.split(":")[4:5]
        found_at = _perhaps(
            lambda: (
                client.get_queue_url(QueueName=short, QueueOwnerAWSAccountId=account[0])
                if account
                else client.get_queue_url(QueueName=short)
            ),
            "sqs:GetQueueUrl",
            name,
            absent=_NO_QUEUE,
        )
        if found_at is None:
            return None
        url = found_at["QueueUrl"]
        with asking("sqs:GetQueueAttributes", name):
            found = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        if account and found["QueueArn"] != name:
            return None  # only its name is the same: it is in another region
        counts: Mapping[str, str] = dict(found.items())
        redrive = json.loads(found.get("RedrivePolicy") or "{}")
        return QueueSettings(
            arn=found["QueueArn"],
            messages=sum(int(counts[each]) for each in _COUNTS),
            visibility=int(found.get("VisibilityTimeout", 0)),
            retention=int(found.get("MessageRetentionPeriod", 0)),
            dead_letters=redrive.get("deadLetterTargetArn"),
            deliveries=int(redrive.get("maxReceiveCount", 0)),
        )

    def consumers(self, queue: str, /) -> Sequence[Consumer]:
        """See `ports.settings`."""
        client = self._session.functions()
        with asking("lambda:ListEventSourceMappings", queue):
            pages = client.get_paginator("list_event_source_mappings").paginate(
                EventSourceArn=queue
            )
            listed = [each for page in pages for each in page["EventSourceMappings"]]
        return [
            Consumer(
                function=each.get("FunctionArn", ""),
                enabled=each.get("State") == "Enabled",
                reports_failures="ReportBatchItemFailures" in each.get("FunctionResponseTypes", ()),
                timeout=self._timeout(each.get("FunctionArn", "")),
            )
            for each in listed
        ]

    def _timeout(self, function: str) -> Read[int]:
        action = "lambda:GetFunctionConfiguration"

        def ask() -> int:
            with asking(action, function):
                client = self._session.functions()
                return client.get_function_configuration(FunctionName=function)["Timeout"]

        return _read(ask, action, function)

    def oidc_providers(self) -> Mapping[str, Sequence[str]]:
        """See `ports.settings`."""
        client = self._session.iam()
        with asking("iam:ListOpenIDConnectProviders", "*"):
            listed = client.list_open_id_connect_providers()["OpenIDConnectProviderList"]
        found: dict[str, Sequence[str]] = {}
        for each in listed:
            arn = each["Arn"]
            with asking("iam:GetOpenIDConnectProvider", arn):
                provider = client.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
            found[provider["Url"].removeprefix("https://")] = provider["ClientIDList"]
        return found

    def role(self, name: str, /) -> tuple[str, Policy] | None:
        """See `ports.settings`."""
        answer = _perhaps(
            lambda: self._session.iam().get_role(RoleName=name.rpartition("/")[2]),
            "iam:GetRole",
            name,
            absent=_NO_ROLE,
        )
        if answer is None:
            return None
        found = answer["Role"]
        if name.startswith("arn:") and found["Arn"] != name:
            return None  # only its name is the same: it is another account's, or elsewhere in this
        trust: Any = found["AssumeRolePolicyDocument"]
        return found["Arn"], trust if isinstance(trust, Mapping) else _document(str(trust))

    def may(self, principal: str, right: Right, /) -> bool:
        """See `ports.settings`."""
        context: list[ContextEntryTypeDef] = [
            {"ContextKeyName": key, "ContextKeyType": "string", "ContextKeyValues": [value]}
            for key, value in right.context.items()
        ]
        with asking("iam:SimulatePrincipalPolicy", principal):
            pages = (
                self._session.iam()
                .get_paginator("simulate_principal_policy")
                .paginate(
                    PolicySourceArn=principal,
                    ActionNames=[right.action],
                    ResourceArns=list(right.resources),
                    ContextEntries=context,
                )
            )
            decisions = [
                each["EvalDecision"] for page in pages for each in page["EvaluationResults"]
            ]
        if not decisions:
            raise AssentError(f"IAM's simulator told nothing of {right.action} for {principal}")
        return any(each == "allowed" for each in decisions)


def _perhaps(call: Callable[[], T], action: str, resource: str, *, absent: str) -> T | None:
    """What a call answers; None where it says by an error that there is none."""
    with asking(action, resource):
        try:
            return call()
        except ClientError as error:
            if error.response["Error"].get("Code") == absent:
                return None
            raise


def _read(ask: Callable[[], T], action: str, resource: str) -> Read[T]:
    """A fact, or what was said instead of it."""
    try:
        return ask()
    except AssentError as error:
        return Unread(why=error.message, needs=f"Allow {action} on {resource}.")


def _document(text: str) -> Mapping[str, Any]:
    """A policy or pattern out of its text.

    Raises:
        AssentError: It is no JSON object, so that nobody knows what it lets happen.
    """
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise AssentError("AWS answered with a document that is no JSON object")
    return found
