"""An organization as infra/README.md has it set up, deployed to moto: three accounts and a guard.

`dev` is in the registry's account and has no roles of its own; `test` and `prod` each have an
account. Every optional parameter is given, so that every statement of the templates is there.
"""

import ast
import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import boto3
from moto.cloudformation.models import cloudformation_backends
from moto.cloudformation.parsing import clean_json

TEMPLATES = Path(__file__).parents[2] / "infra"
REGION: Literal["eu-west-1"] = "eu-west-1"
MANAGEMENT, REGISTRY = "999900001111", "111122223333"
ACCOUNTS = {"dev": REGISTRY, "test": "222233334444", "prod": "444455556666"}
LADDER = tuple(ACCOUNTS)
BUCKETS = {"dev": "acme-training", "test": "acme-test-reports", "prod": "acme-prod-reports"}
EVIDENCE, RECEIPTS = "acme-evidence", "acme-receipts"
DEPLOYER = f"arn:aws:iam::{REGISTRY}:role/platform-deploy"


def role(account: str, name: str) -> str:
    return f"arn:aws:iam::{account}:role/assent-{name}"


def topic(environment: str) -> str:
    return f"arn:aws:sns:{REGION}:{REGISTRY}:assent-{environment}"


def key(account: str, name: str) -> str:
    return f"arn:aws:kms:{REGION}:{account}:key/{name}"


BUS = f"arn:aws:events:{REGION}:{REGISTRY}:event-bus/assent"
APPLY = {each: role(REGISTRY, f"apply-{each}") for each in LADDER}
WRITE = {each: role(ACCOUNTS[each], f"write-{each}") for each in ("test", "prod")}
OBSERVE = {each: role(ACCOUNTS[each], f"observe-{each}") for each in ("test", "prod")}
_BUCKET_ARNS = f"arn:aws:s3:::{BUCKETS['dev']},arn:aws:s3:::acme-models"

INTAKE = {
    "CodeBucket": "acme-code",
    "CodeKey": "assent-lambda.zip",
    "Repository": "acme/model-promotions",
    "AppId": "1234",
    "InstallationId": "5678",
    "ReadRoles": ",".join(OBSERVE.values()),
    "EnvironmentsHere": "yes",
    "BucketArns": _BUCKET_ARNS,
    "EvidenceBucketArn": f"arn:aws:s3:::{EVIDENCE}",
    "TopicArns": ",".join(map(topic, LADDER)),
    "DataKeyArns": key(REGISTRY, "data"),
    "WorkloadAccounts": f"{ACCOUNTS['test']},{ACCOUNTS['prod']}",
    "AlarmTopicArn": f"arn:aws:sns:{REGION}:{REGISTRY}:alarms",
    "KeyArn": key(REGISTRY, "settings"),
}
STORAGE = {"EvidenceBucketName": EVIDENCE, "ReceiptsBucketName": RECEIPTS}
GUARD = {
    "TargetIds": "r-abcd",
    "ApplyRoles": ",".join(APPLY.values()),
    "WriteRoles": ",".join([APPLY["dev"], *WRITE.values()]),
    "ExemptPrincipals": DEPLOYER,
}


def roles(environment: str) -> dict[str, str]:
    """The parameters of an environment's roles.yaml."""
    place = LADDER.index(environment)
    return {
        "Environment": environment,
        "EnvironmentsBelow": ",".join(LADDER[:place]),
        "EnvironmentsAbove": ",".join(LADDER[place + 1 :]),
        "Repository": "acme/model-promotions",
        "OwnerId": "123",
        "RepositoryId": "456",
        "CreateProvider": "yes" if environment == LADDER[0] else "no",
        "ParameterRole": WRITE.get(environment, ""),
        "ReadRoles": ",".join(OBSERVE.values()),
        "EnvironmentsHere": "yes",
        "BucketArns": _BUCKET_ARNS,
        "EvidenceBucketArn": f"arn:aws:s3:::{EVIDENCE}",
        "ReceiptsBucketArn": f"arn:aws:s3:::{RECEIPTS}",
        "TopicArn": topic(environment),
        "DataKeyArns": key(REGISTRY, "data"),
    }


def account(environment: str) -> dict[str, str]:
    """The parameters of an environment's account.yaml."""
    return {
        "Environment": environment,
        "RegistryAccount": REGISTRY,
        "BucketArns": f"arn:aws:s3:::{BUCKETS[environment]}",
        "DataKeyArns": key(ACCOUNTS[environment], "data"),
        "CentralBusArn": BUS,
        "AlarmTopicArn": f"arn:aws:sns:{REGION}:{ACCOUNTS[environment]}:alarms",
    }


FRESH = "555566667777"
"""An account in which nothing stands yet."""
LEAST: Mapping[str, Mapping[str, str]] = {
    "intake": {
        "CodeBucket": "acme-intake-code",
        **{each: INTAKE[each] for each in ("CodeKey", "Repository", "AppId", "BucketArns")},
    },
    "roles": {
        each: roles("dev")[each]
        for each in ("Environment", "Repository", "OwnerId", "RepositoryId", "BucketArns")
    },
    "account": {
        "Environment": "dev",
        "RegistryAccount": REGISTRY,
        "BucketArns": "arn:aws:s3:::acme-training",
    },
    "storage": {"EvidenceBucketName": "acme-least-evidence"},
    "guard": {
        "TargetIds": REGISTRY,
        "ApplyRoles": APPLY["dev"],
        "WriteRoles": APPLY["dev"],
        "ExemptPrincipals": DEPLOYER,
    },
}
"""The parameters that have no default, for one account with one environment."""


def session(account_id: str) -> boto3.Session:
    """A session in an account; moto believes whoever assumes a role there."""
    given = boto3.client("sts", region_name=REGION).assume_role(
        RoleArn=f"arn:aws:iam::{account_id}:role/anybody", RoleSessionName="test"
    )["Credentials"]
    return boto3.Session(
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
        region_name=REGION,
    )


@contextmanager
def unsupported_resources() -> Iterator[None]:
    """Moto warns of each resource that it cannot create; which those are, test_deploying says."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Tried to parse AWS::")
        yield


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A template, deployed."""

    name: str
    account: str
    template: str
    """The file's name without its ending."""
    parameters: Mapping[str, str]
    session: boto3.Session

    def outputs(self) -> dict[str, str]:
        """The stack's outputs by name."""
        client = self.session.client("cloudformation")
        (found,) = client.describe_stacks(StackName=self.name)["Stacks"]
        return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}

    def present(self) -> dict[str, str]:
        """Physical ids by logical id, of what moto created."""
        client = self.session.client("cloudformation")
        with unsupported_resources():
            listed = client.list_stack_resources(StackName=self.name)["StackResourceSummaries"]
        return {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for each in listed
            if each["LogicalResourceId"]  # empty where a resource's condition does not hold
        }

    def resolved(self) -> dict[str, dict[str, Any]]:
        """Each resource whose condition holds, its intrinsic functions resolved by moto."""
        backend = cloudformation_backends[self.account][REGION]
        (stack,) = [each for each in backend.stacks.values() if each.name == self.name]
        map_ = stack.resource_map
        with unsupported_resources():
            return {
                name: clean_json(resource, map_)
                for name, resource in stack.template_dict["Resources"].items()
                if "Condition" not in resource or map_.lazy_condition_map[resource["Condition"]]
            }


def deploy(name: str, account_id: str, template: str, parameters: Mapping[str, str]) -> Stack:
    """Create a stack of a template in an account."""
    text = (TEMPLATES / f"{template}.yaml").read_text(encoding="utf-8")
    own = session(account_id)
    with unsupported_resources():
        own.client("cloudformation").create_stack(
            StackName=name,
            TemplateBody=text,
            Parameters=[
                {"ParameterKey": key_, "ParameterValue": value}
                for key_, value in parameters.items()
            ],
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
    return Stack(
        name=name, account=account_id, template=template, parameters=parameters, session=own
    )


def upload_code(bucket: str, name: str = INTAKE["CodeKey"]) -> None:
    """Put something where a function's zip is looked for; nothing runs it."""
    client = session(REGISTRY).client("s3")
    client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    client.put_object(Bucket=bucket, Key=name, Body=b"a zip")


def deploy_organization() -> dict[str, Stack]:
    """Every template, in the order of infra/README.md."""
    upload_code(INTAKE["CodeBucket"])
    stacks = [deploy("assent-storage", REGISTRY, "storage", STORAGE)]
    stacks += [deploy(f"assent-{each}", REGISTRY, "roles", roles(each)) for each in LADDER]
    stacks.append(deploy("assent-intake", REGISTRY, "intake", INTAKE))
    stacks += [
        deploy(f"assent-account-{each}", ACCOUNTS[each], "account", account(each)) for each in WRITE
    ]
    stacks.append(deploy("assent-guard", MANAGEMENT, "guard", GUARD))
    return {each.name: each for each in stacks}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedRole:
    """A role as IAM has it."""

    arn: str
    trust: Mapping[str, Any]
    policies: Sequence[Mapping[str, Any]] = field(default_factory=tuple)


def deployed_roles(stacks: Mapping[str, Stack]) -> dict[str, DeployedRole]:
    """The roles of all stacks, by ARN, with their policies as deployed."""
    found = {}
    for stack in stacks.values():
        iam = stack.session.client("iam")
        for name, resource in stack.resolved().items():
            if resource["Type"] == "AWS::IAM::Role":
                known = iam.get_role(RoleName=stack.present()[name])["Role"]
                names = iam.list_role_policies(RoleName=known["RoleName"])["PolicyNames"]
                policies = [
                    _document(
                        iam.get_role_policy(RoleName=known["RoleName"], PolicyName=each)[
                            "PolicyDocument"
                        ]
                    )
                    for each in names
                ]
                trust = _document(known["AssumeRolePolicyDocument"])
                found[known["Arn"]] = DeployedRole(arn=known["Arn"], trust=trust, policies=policies)
    return found


def _document(said: Any) -> dict[str, Any]:  # noqa: ANN401 - boto3 decodes some, and not others
    """A policy, which moto hands out as JSON, decoded, or as Python prints a dictionary."""
    document: dict[str, Any]
    if not isinstance(said, str):
        document = said
    elif said.startswith("{'"):
        document = ast.literal_eval(said)
    else:
        document = json.loads(said)
    # CloudFormation takes AWS::NoValue out of a list; moto leaves nothing in its place.
    return {**document, "Statement": [each for each in document["Statement"] if each is not None]}
