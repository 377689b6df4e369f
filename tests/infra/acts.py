"""What might be asked of AWS in the organization of `organization.py`, by name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tests.infra.evaluator import Values
from tests.infra.organization import (
    ACCOUNTS,
    APPLY,
    BUCKETS,
    BUS,
    DEPLOYER,
    EVIDENCE,
    LADDER,
    OBSERVE,
    RECEIPTS,
    REGION,
    REGISTRY,
    WRITE,
    key,
    role,
    topic,
)

STATUSES = ("Approved", "Rejected", "Retired", "PendingManualApproval")
OPEN_ROLE = f"arn:aws:iam::{REGISTRY}:role/whoever-may-assume-roles"
"""A role beside Assent's whose trust names its whole account: who can become it needs a policy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that might be asked."""

    action: str
    resource: str
    owner: str = REGISTRY
    context: Mapping[str, Values] = field(default_factory=dict)


def _package(region: str = REGION) -> str:
    return f"arn:aws:sagemaker:{region}:{REGISTRY}:model-package/churn/7"


def _update(**context: str) -> Act:
    names = {
        "approval": "sagemaker:ModelApprovalStatus",
        "stage": "sagemaker:ModelLifeCycle:Stage",
        "stage_status": "sagemaker:ModelLifeCycle:StageStatus",
        "remove": "sagemaker:CustomerMetadataPropertiesToRemove",
    }
    return Act(
        action="sagemaker:UpdateModelPackage",
        resource=_package(),
        context={names[name]: value for name, value in context.items()},
    )


def _metadata(**fields: str) -> dict[str, str]:
    return {f"sagemaker:CustomerMetadataProperties/{name}": text for name, text in fields.items()}


def _decision(environment: str, status: str) -> Act:
    """The one call that `core.registry_fields` has a decision written with."""
    fields = _metadata(
        **{environment: status, f"{environment}.by": "ana", f"{environment}.pull-request": "u"}
    )
    approval = {"sagemaker:ModelApprovalStatus": "Approved" if status == "Approved" else "Rejected"}
    stage = {
        "sagemaker:ModelLifeCycle:Stage": environment,
        "sagemaker:ModelLifeCycle:StageStatus": status,
    }
    return Act(
        action="sagemaker:UpdateModelPackage",
        resource=_package(),
        context={**fields, **approval, **stage},
    )


def _registry() -> Iterator[tuple[str, Act]]:
    update = "sagemaker:UpdateModelPackage"
    for environment in LADDER:
        for status in STATUSES:
            yield f"decide {environment} {status}", _decision(environment, status)
            fields = _metadata(**{environment: status})
            act = Act(action=update, resource=_package(), context=fields)
            yield f"set field {environment} {status}", act
        for name, text in (("", "Nonsense"), (".by", "eve"), (".pull-request", "u")):
            fields = _metadata(**{environment + name: text})
            act = Act(action=update, resource=_package(), context=fields)
            yield f"set field {environment}{name} {text}", act
        for status in ("Approved", "Rejected"):
            act = _update(stage=environment, stage_status=status)
            yield f"set life cycle {environment} {status}", act
    for status in ("Approved", "Rejected", "PendingManualApproval"):
        yield f"set approval {status}", _update(approval=status)
    fields = _metadata(team="fraud")
    yield "set field of no environment", Act(action=update, resource=_package(), context=fields)
    yield "remove a field", _update(remove="dev")
    elsewhere = Act(action=update, resource=_package("us-east-1"))
    yield "update in another region", elsewhere
    create = "sagemaker:CreateModelPackage"
    yield "register", Act(action=create, resource=_package())
    for status in ("Approved", "Rejected", "PendingManualApproval"):
        context = {"sagemaker:ModelApprovalStatus": status}
        yield f"register as {status}", Act(action=create, resource=_package(), context=context)
    context = {
        "sagemaker:ModelLifeCycle:Stage": "prod",
        "sagemaker:ModelLifeCycle:StageStatus": "Approved",
    }
    yield "register with life cycle", Act(action=create, resource=_package(), context=context)
    group = f"arn:aws:sagemaker:{REGION}:{REGISTRY}:model-package-group/churn"
    yield "delete package", Act(action="sagemaker:DeleteModelPackage", resource=_package())
    yield "delete group", Act(action="sagemaker:DeleteModelPackageGroup", resource=group)
    for action in ("PutModelPackageGroupPolicy", "DeleteModelPackageGroupPolicy"):
        yield f"{action} churn", Act(action=f"sagemaker:{action}", resource=group)
    describe = "sagemaker:DescribeModelPackage"
    yield "describe package", Act(action=describe, resource=_package())
    yield "describe package in another region", Act(action=describe, resource=_package("us-east-1"))
    yield "search", Act(action="sagemaker:Search", resource="*")


JOBS = {
    "DescribeTransformJob": "transform-job",
    "DescribeModel": "model",
    "DescribeProcessingJob": "processing-job",
    "DescribeMonitoringSchedule": "monitoring-schedule",
    "DescribeEndpoint": "endpoint",
    "DescribeEndpointConfig": "endpoint-config",
}


def _environments() -> Iterator[tuple[str, Act]]:
    for environment, owner in ACCOUNTS.items():
        for region in (REGION, "us-east-1"):
            where = environment if region == REGION else f"{environment} elsewhere"
            for action, kind in JOBS.items():
                arn = f"arn:aws:sagemaker:{region}:{owner}:{kind}/x"
                act = Act(action=f"sagemaker:{action}", resource=arn, owner=owner)
                yield f"{action} {where}", act
        folder = f"arn:aws:ssm:{REGION}:{owner}:parameter/assent/{environment}"
        for name in ("churn/current", "churn/versions/7", "applied"):
            for action in ("PutParameter", "GetParameters", "DeleteParameter", "DeleteParameters"):
                act = Act(action=f"ssm:{action}", resource=f"{folder}/{name}", owner=owner)
                yield f"{action} {environment} {name}", act
        for name, arn in (("folder", folder), ("folder/", f"{folder}/")):
            act = Act(action="ssm:GetParametersByPath", resource=arn, owner=owner)
            yield f"list {environment} {name}", act
        arn = f"arn:aws:ssm:{REGION}:{owner}:parameter/other/x"
        for action in ("PutParameter", "GetParameters", "GetParametersByPath", "DeleteParameter"):
            act = Act(action=f"ssm:{action}", resource=arn, owner=owner)
            yield f"{action} beside in {environment}", act
        act = Act(action="ssm:DeleteParameters", resource=arn, owner=owner)
        yield f"DeleteParameters beside in {environment}", act


def _objects(bucket: str, owner: str, *actions: str) -> Iterator[tuple[str, Act]]:
    for action in actions:
        arn = f"arn:aws:s3:::{bucket}"
        whole = arn if action == "ListBucket" else f"{arn}/some/key"
        yield f"{action} {bucket}", Act(action=f"s3:{action}", resource=whole, owner=owner)


def _files() -> Iterator[tuple[str, Act]]:
    reading = ("GetObject", "GetObjectVersion", "ListBucket")
    for environment, bucket in (*BUCKETS.items(), ("dev", "acme-models"), ("dev", "acme-other")):
        yield from _objects(bucket, ACCOUNTS[environment], *reading, "PutObject")
    for environment in ("test", "prod"):
        yield from _objects(f"acme-{environment}-other", ACCOUNTS[environment], *reading)
    deleting = ("DeleteObject", "DeleteObjectVersion")
    yield from _objects(EVIDENCE, REGISTRY, *reading, *deleting)
    unlocking = ("PutObjectRetention", "BypassGovernanceRetention")
    yield from _objects(RECEIPTS, REGISTRY, *reading, *deleting, *unlocking)
    once = {"s3:if-none-match": "*"}
    places = [(EVIDENCE, "sha256"), (EVIDENCE, "elsewhere")]
    places += [(RECEIPTS, environment) for environment in LADDER]
    for bucket, folder in places:
        arn = f"arn:aws:s3:::{bucket}/{folder}/x"
        yield f"keep in {bucket} {folder}", Act(action="s3:PutObject", resource=arn, context=once)
        yield f"write over {bucket} {folder}", Act(action="s3:PutObject", resource=arn)
        if bucket == RECEIPTS:
            yield f"read {bucket} {folder}", Act(action="s3:GetObject", resource=arn)
    clear = {"aws:SecureTransport": "false"}
    for bucket in (EVIDENCE, RECEIPTS):
        for arn in (f"arn:aws:s3:::{bucket}/x", f"arn:aws:s3:::{bucket}"):
            action = "s3:GetObject" if arn.endswith("/x") else "s3:ListBucket"
            yield f"{action} in the clear {arn}", Act(action=action, resource=arn, context=clear)


def _messages() -> Iterator[tuple[str, Act]]:
    for environment in LADDER:
        yield f"notify {environment}", Act(action="sns:Publish", resource=topic(environment))
    other = f"arn:aws:sns:{REGION}:{REGISTRY}:other"
    yield "notify others", Act(action="sns:Publish", resource=other)
    sent: dict[str, tuple[str | None, str | None]] = {
        "forward transform": ("aws.sagemaker", "SageMaker Transform Job State Change"),
        "forward processing": ("aws.sagemaker", "SageMaker Processing Job State Change"),
        "forward registration": ("aws.sagemaker", "SageMaker Model Package State Change"),
        "report inference": ("assent", "Assent Inference Completed"),
        "report violations": ("assent", "Assent Violations Found"),
        "ask for retraining": ("assent", "Assent Retraining Requested"),
        "pretend transform": ("acme", "SageMaker Transform Job State Change"),
        "pretend inference": ("acme", "Assent Inference Completed"),
        "pretend retraining": ("acme", "Assent Retraining Requested"),
        "send transform of no source": (None, "SageMaker Transform Job State Change"),
        "send inference of no source": (None, "Assent Inference Completed"),
        "send retraining of no source": (None, "Assent Retraining Requested"),
        "send of no type as SageMaker": ("aws.sagemaker", None),
        "send of no type as Assent": ("assent", None),
    }
    for name, (source, kind) in sent.items():
        told = (("events:source", source), ("events:detail-type", kind))
        says: dict[str, Values] = {key_: [text] for key_, text in told if text is not None}
        yield name, Act(action="events:PutEvents", resource=BUS, context=says)
    asking: dict[str, Values] = {
        "events:source": ["assent"],
        "events:detail-type": ["Assent Retraining Requested"],
    }
    other = f"arn:aws:events:{REGION}:{REGISTRY}:event-bus/default"
    yield "ask on another bus", Act(action="events:PutEvents", resource=other, context=asking)
    for environment in ("test", "prod"):
        owner = ACCOUNTS[environment]
        arn = f"arn:aws:events:{REGION}:{owner}:event-bus/default"
        act = Act(action="events:PutEvents", resource=arn, owner=owner, context=asking)
        yield f"ask on the bus of {environment}", act
    receiving = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl")
    for queue in ("assent-events", "assent-dead-letters"):
        arn = f"arn:aws:sqs:{REGION}:{REGISTRY}:{queue}"
        for action in (*receiving, "ChangeMessageVisibility", "SendMessage"):
            yield f"{action} {queue}", Act(action=f"sqs:{action}", resource=arn)
        context = {"aws:SecureTransport": "false"}
        act = Act(action="sqs:SendMessage", resource=arn, context=context)
        yield f"SendMessage {queue} in the clear", act
    for environment in ("test", "prod"):
        owner = ACCOUNTS[environment]
        arn = f"arn:aws:sqs:{REGION}:{owner}:assent-undelivered"
        act = Act(action="sqs:SendMessage", resource=arn, owner=owner)
        yield f"SendMessage undelivered {environment}", act
        context = {"aws:SecureTransport": "false"}
        act = Act(action="sqs:SendMessage", resource=arn, owner=owner, context=context)
        yield f"SendMessage undelivered {environment} in the clear", act
    for group in ("/aws/lambda/assent-intake", "/aws/lambda/other"):
        arn = f"arn:aws:logs:{REGION}:{REGISTRY}:log-group:{group}:log-stream:x"
        for action in ("CreateLogStream", "PutLogEvents"):
            yield f"{action} {group}", Act(action=f"logs:{action}", resource=arn)


def _secrets() -> Iterator[tuple[str, Act]]:
    for name in ("assent/app-key-AbCdEf", "other-AbCdEf"):
        arn = f"arn:aws:secretsmanager:{REGION}:{REGISTRY}:secret:{name}"
        for action in ("GetSecretValue", "PutSecretValue"):
            yield f"{action} {name}", Act(action=f"secretsmanager:{action}", resource=arn)
    keys = [(REGISTRY, "data"), (REGISTRY, "settings"), (REGISTRY, "other")]
    keys += [(ACCOUNTS[each], name) for each in ("test", "prod") for name in ("data", "other")]
    for owner, name in keys:
        for action in ("Decrypt", "GenerateDataKey"):
            for service in ("s3", "sns", ""):
                context = {"kms:ViaService": f"{service}.{REGION}.amazonaws.com"} if service else {}
                act = Act(
                    action=f"kms:{action}",
                    resource=key(owner, name),
                    owner=owner,
                    context=context,
                )
                yield f"{action} {owner} {name} by {service or 'itself'}", act


ROLES = {
    "intake": role(REGISTRY, "intake"),
    **{f"apply-{each}": arn for each, arn in APPLY.items()},
    **{f"read-{each}": role(REGISTRY, f"read-{each}") for each in LADDER},
    **{f"write-{each}": arn for each, arn in WRITE.items()},
    **{f"observe-{each}": arn for each, arn in OBSERVE.items()},
    **{f"forward-{each}": role(ACCOUNTS[each], f"forward-{REGION}") for each in ("test", "prod")},
}
CHANGES = (
    *("AttachRolePolicy", "CreateRole", "DeleteRole", "DeleteRolePermissionsBoundary"),
    *("DeleteRolePolicy", "DetachRolePolicy", "PassRole", "PutRolePermissionsBoundary"),
    *("PutRolePolicy", "UpdateAssumeRolePolicy", "UpdateRole", "UpdateRoleDescription"),
)
PROVIDER = f"arn:aws:iam::{REGISTRY}:oidc-provider/token.actions.githubusercontent.com"
PROVIDER_CHANGES = (
    *("AddClientIDToOpenIDConnectProvider", "CreateOpenIDConnectProvider"),
    *("DeleteOpenIDConnectProvider", "RemoveClientIDFromOpenIDConnectProvider"),
    "UpdateOpenIDConnectProviderThumbprint",
)


def _roles() -> Iterator[tuple[str, Act]]:
    for name, arn in ROLES.items():
        owner = arn.split(":")[4]
        yield f"become {name}", Act(action="sts:AssumeRole", resource=arn, owner=owner)
    yield "become another role", Act(action="sts:AssumeRole", resource=OPEN_ROLE)
    for name in ("apply-prod", "write-prod", "intake"):
        owner = ROLES[name].split(":")[4]
        for action in CHANGES:
            act = Act(action=f"iam:{action}", resource=ROLES[name], owner=owner)
            yield f"{action} {name}", act
    for action in CHANGES:
        yield f"{action} deployer", Act(action=f"iam:{action}", resource=DEPLOYER)
        yield f"{action} of others", Act(action=f"iam:{action}", resource=OPEN_ROLE)
    other = f"arn:aws:iam::{REGISTRY}:oidc-provider/example.com"
    for action in PROVIDER_CHANGES:
        yield f"{action} GitHub", Act(action=f"iam:{action}", resource=PROVIDER)
        yield f"{action} of others", Act(action=f"iam:{action}", resource=other)


def _organization() -> Iterator[tuple[str, Act]]:
    """What takes an account, or what is in it, out of the reach of the organization's policies."""
    policies = ("DetachPolicy", "DisablePolicyType", "UpdatePolicy")
    for environment, owner in ACCOUNTS.items():
        for action in ("LeaveOrganization", *policies):  # as if it were a delegated administrator
            act = Act(action=f"organizations:{action}", resource="*", owner=owner)
            yield f"{action} as {environment}", act
    shared = {
        "a group": "sagemaker:ModelPackageGroup",
        "a group by its other name": "sagemaker:model-package-group",
        "a subnet": "ec2:Subnet",
    }
    for action in ("CreateResourceShare", "AssociateResourceShare"):
        for what, kind in shared.items():
            context = {"ram:RequestedResourceType": kind}
            yield f"{action} of {what}", Act(action=f"ram:{action}", resource="*", context=context)
        yield f"{action} of nothing", Act(action=f"ram:{action}", resource="*")


_PARTS = (_registry, _environments, _files, _messages, _secrets, _roles, _organization)
ACTS: Mapping[str, Act] = dict(each for part in _PARTS for each in part())
