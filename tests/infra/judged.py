"""The policies of the deployed organization, and how AWS would judge a request by them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.infra.acts import OPEN_ROLE, ROLES
from tests.infra.evaluator import FULL_ACCESS, Document, Request, is_allowed, listed
from tests.infra.organization import (
    ACCOUNTS,
    BUS,
    DEPLOYER,
    REGION,
    REGISTRY,
    Stack,
    deployed_roles,
)

OUTSIDERS = {
    "deployer": DEPLOYER,
    "administrator": f"arn:aws:iam::{REGISTRY}:role/administrator",
    "administrator of test": f"arn:aws:iam::{ACCOUNTS['test']}:role/administrator",
    "administrator of prod": f"arn:aws:iam::{ACCOUNTS['prod']}:role/administrator",
    "stranger": "arn:aws:iam::888877776666:role/administrator",
}
"""Whoever may do everything by their own policy; the last is not of the organization."""
PRINCIPALS = {**ROLES, **OUTSIDERS}
GUARD = "guard"
MOST_POLICIES = 10
"""Of one role."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """Every policy, by a name: `identity NAME NUMBER`, an ARN, or `guard`."""

    documents: Mapping[str, Document]

    def judge(self, request: Request) -> bool:
        """Whether AWS would do it."""
        identity = [self.documents[name] for name in self.of_principal(request.principal)]
        if request.principal in OUTSIDERS.values():
            identity = [FULL_ACCESS]
        resource = self.of_resource(request.resource)
        bound = request.account in ACCOUNTS.values()
        scps = [[FULL_ACCESS], [FULL_ACCESS, self.documents[GUARD]]] if bound else []
        return is_allowed(
            request,
            identity=identity,
            resource=None if resource is None else self.documents[resource],
            scps=scps,
        )

    def of_principal(self, arn: str) -> list[str]:
        """The names of a role's own policies."""
        names = (f"identity {arn} {count}" for count in range(MOST_POLICIES))
        return [name for name in names if name in self.documents]

    def of_resource(self, arn: str) -> str | None:
        """The policy of a resource; that of an object is its bucket's."""
        name = arn.partition("/")[0] if arn.startswith("arn:aws:s3:") else arn
        return name if name in self.documents else None

    def concern(self, name: str, request: Request) -> bool:
        """Whether a policy has any say in a request."""
        if name == GUARD:
            return request.account in ACCOUNTS.values()
        return name in (*self.of_principal(request.principal), self.of_resource(request.resource))

    def having(self, name: str, document: Document) -> "Policies":
        """The same with another document in one's place."""
        return replace(self, documents={**self.documents, name: document})


def read_policies(stacks: Mapping[str, Stack]) -> Policies:
    """All policies: of roles as IAM has them, the others as the templates resolve."""
    found: dict[str, Document] = {}
    for stack in stacks.values():
        found |= policies_of(stack)
    whole = {"AWS": f"arn:aws:iam::{REGISTRY}:root"}
    trusting = {"Effect": "Allow", "Principal": whole, "Action": "sts:AssumeRole"}
    found[OPEN_ROLE] = {"Version": "2012-10-17", "Statement": [trusting]}
    return Policies(documents=found)


def policies_of(stack: Stack) -> dict[str, Document]:
    """The policies of one stack, by the names that `Policies` has for them."""
    found: dict[str, Document] = {}
    for arn, role in deployed_roles({stack.name: stack}).items():
        found[arn] = role.trust
        found |= {f"identity {arn} {count}": each for count, each in enumerate(role.policies)}
    said = []
    for resource in stack.resolved().values():
        properties = resource["Properties"]
        match resource["Type"]:
            case "AWS::Events::EventBusPolicy":
                said.append(properties["Statement"])
            case "AWS::S3::BucketPolicy":
                found[f"arn:aws:s3:::{properties['Bucket']}"] = properties["PolicyDocument"]
            case "AWS::SQS::QueuePolicy":
                (url,) = properties["Queues"]
                account, name = url.split("/")[-2:]
                arn = f"arn:aws:sqs:{REGION}:{account}:{name}"
                found[arn] = properties["PolicyDocument"]
            case "AWS::Organizations::Policy":
                found[GUARD] = properties["Content"]
            case _:
                pass  # it has none, or is a role
    if said:
        found[BUS] = {"Version": "2012-10-17", "Statement": said}
    return found


def weakened(document: Document) -> Iterator[tuple[str, list[str], Document]]:
    """The policy with any one thing taken out of it: what that is, which actions it is about."""
    for place, statement in enumerate(document["Statement"]):
        name = statement.get("Sid", f"statement {place}")
        for what, other in _lesser(statement):
            statements = list(document["Statement"])
            statements[place : place + 1] = [] if other is None else [other]
            actions = [each.lower() for each in listed(statement["Action"])]
            yield f"{name}: {what}", actions, {**document, "Statement": statements}


def _lesser(statement: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any] | None]]:
    yield "all of it", None
    for element in ("Action", "Resource"):
        for each, rest in _without_one(statement.get(element)):
            yield f"{element} {each}", {**statement, element: rest}
    # A resource's own policy is about no other resource, whatever it says.
    if statement.get("Resource", "*") != "*" and "Principal" not in statement:
        yield "to which resources it is bound", {**statement, "Resource": "*"}
    principal: Any = statement.get("Principal")
    for kind, names in principal.items() if isinstance(principal, Mapping) else ():
        for each, rest in _without_one(names):
            yield f"{kind} {each}", {**statement, "Principal": {**principal, kind: rest}}
    conditions = statement.get("Condition", {})
    for operator, keys in conditions.items():
        for key, values in keys.items():
            fewer = {name: wanted for name, wanted in keys.items() if name != key}
            rest_of = {each: keys_ for each, keys_ in conditions.items() if each != operator}
            left = {**rest_of, operator: fewer} if fewer else rest_of
            yield f"{operator} {key}", {**statement, "Condition": left}
            for each, rest in _without_one(values):
                changed = {**conditions, operator: {**keys, key: rest}}
                yield f"{operator} {key} {each}", {**statement, "Condition": changed}


def _without_one(value: object) -> Iterator[tuple[str, list[str]]]:
    values = [] if value is None else listed(value)
    if len(values) > 1:
        for place, each in enumerate(values):
            yield each, values[:place] + values[place + 1 :]
