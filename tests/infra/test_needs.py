"""What the code asks of AWS, what the documents say, what doctor demands, and what is deployed."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from moto import mock_aws
from tests.infra.acts import ROLES
from tests.infra.documented import ACTION, documented_actions
from tests.infra.evaluator import Document, Request, listed
from tests.infra.judged import Policies, read_policies
from tests.infra.organization import (
    ACCOUNTS,
    APPLY,
    BUS,
    EVIDENCE,
    LADDER,
    OBSERVE,
    RECEIPTS,
    REGION,
    REGISTRY,
    WRITE,
    Stack,
    deploy_organization,
)

from assent.adapters.aws_session import AwsSession
from assent.adapters.aws_settings import AwsSettingsReader
from assent.contracts import load_contracts
from assent.core.config import Config, parse_config
from assent.core.doctor.finding import Finding, Verdict
from assent.core.doctor.intake import RAN, REGISTERED, WATCHED, judge_queue, judge_rules
from assent.core.doctor.needs import (
    WRITE as WRITE_PARAMETER,
)
from assent.core.doctor.needs import (
    Need,
    needs_of_applying,
    needs_of_writing,
    parameter_arn,
)
from assent.core.doctor.trust import Subject, judge_role, judge_trust

ROOT = Path(__file__).parents[2]
CONFIG = f"""
schema: assent/config/v1
registry: {{account: "{REGISTRY}", region: {REGION}}}
github: {{repository: acme/model-promotions}}
event_bus: {BUS}
evidence_bucket: {EVIDENCE}
receipts: {{bucket: {RECEIPTS}}}
environments:
  - {{name: dev, account: "{REGISTRY}", region: {REGION}}}
  - name: test
    account: "{ACCOUNTS["test"]}"
    region: {REGION}
    role: {WRITE["test"]}
    read_role: {OBSERVE["test"]}
  - name: prod
    account: "{ACCOUNTS["prod"]}"
    region: {REGION}
    role: {WRITE["prod"]}
    read_role: {OBSERVE["prod"]}
"""


@pytest.fixture(scope="module")
def stacks() -> Iterator[dict[str, Stack]]:
    with mock_aws():
        yield deploy_organization()


@pytest.fixture(scope="module")
def policies(stacks: dict[str, Stack]) -> Policies:
    return read_policies(stacks)


@pytest.fixture(scope="module")
def config() -> Config:
    return parse_config(CONFIG.encode(), load_contracts().config)


def _granted(policies: Policies, *roles: str) -> set[str]:
    """The actions that roles' own policies allow."""
    documents: Iterable[Document] = (
        policies.documents[name] for role in roles for name in policies.of_principal(ROLES[role])
    )
    return {
        action
        for document in documents
        for statement in document["Statement"]
        if statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
    }


PARTS = {
    "The Lambda's role": ("intake", "`read_role`"),
    "`read_role`": ("observe-prod", None),
    "The role in `ASSENT_APPLY_ROLE`": ("apply-prod", None),
    "`role`": ("write-prod", None),
    "The role in `ASSENT_READ_ROLE`": ("read-prod", None),
}
"""The tables, each with the role that it describes, and whose table that role needs besides, since
`dev` has no roles of its own."""


@pytest.mark.parametrize("title", PARTS)
def test_the_tables_say_what_is_deployed(policies: Policies, title: str) -> None:
    """A role may do what its table lists, and what its keys take; no more and no less."""
    tables = documented_actions()
    assert tables.keys() == PARTS.keys()
    role, besides = PARTS[title]
    keys = {"kms:Decrypt", "kms:GenerateDataKey"}
    wanted = tables[title] | (tables[besides] if besides else set())
    if besides:
        wanted -= {"s3:GetObjectVersion"}  # read by `apply` alone, as that table says
    assert _granted(policies, role) - keys == wanted


def test_the_code_asks_for_nothing_else(policies: Policies) -> None:
    """Each action that an adapter names is granted to somebody, but what only doctor asks for."""
    adapters = ROOT / "scripts" / "assent" / "adapters"
    asked = {
        action
        for path in sorted(adapters.glob("*.py"))
        if path.name != "aws_settings.py"
        for action in ACTION.findall(path.read_text(encoding="utf-8"))
    }
    asked -= {
        "s3:HeadObject",  # no action of IAM's: it takes s3:GetObject
        "sts:GetCallerIdentity",  # needs no permission
        "ssm:GetParameter",  # of a key that is in a parameter, as the templates do not have it
    }
    granted = _granted(policies, *ROLES)
    assert "sagemaker:UpdateModelPackage" in asked
    assert asked <= granted
    lambdas_own = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
    lambdas_own |= {"logs:CreateLogStream", "logs:PutLogEvents"}
    keys = {"kms:GenerateDataKey"}  # S3 and SNS ask for it in the principal's name
    signing = {"secretsmanager:GetSecretValue"}
    assert granted - asked <= lambdas_own | keys | signing


def _asked(role: str, need: Need) -> Iterator[Request]:
    for resource in need.resources:
        yield Request(
            principal=role,
            action=need.action,
            resource=resource,
            owner=(resource.split(":") + [""] * 4)[4] or REGISTRY,  # buckets and * name none
            # Assent never writes an object twice
            context={"s3:if-none-match": "*"} if need.action == "s3:PutObject" else {},
        )


@pytest.mark.parametrize("environment", LADDER)
def test_doctor_finds_what_it_needs(policies: Policies, config: Config, environment: str) -> None:
    """What doctor demands of the roles of an environment, they may; what it forbids, not."""
    (found,) = config.select([environment])
    writer = found.role or APPLY[environment]
    needs = [(APPLY[environment], need) for need in needs_of_applying(config, found)]
    needs += [(writer, need) for need in needs_of_writing(config, found)]
    assert len(needs) > 8
    lacking = [
        need.action
        for role, need in needs
        if not any(policies.judge(request) for request in _asked(role, need))
    ]
    assert lacking == []
    for other in config.environments:
        if other.name != environment:
            arn = parameter_arn(config, other)
            request = Request(
                principal=writer, action=WRITE_PARAMETER, resource=arn, owner=other.account
            )
            assert not policies.judge(request)


def _is_well(findings: Iterable[Finding]) -> None:
    found = list(findings)
    assert found
    assert [each for each in found if each.verdict is not Verdict.OK] == []


def test_doctor_is_content_with_what_is_deployed(stacks: dict[str, Stack], config: Config) -> None:
    """Its own reader, against the deployed accounts: rules, queue, and whom the roles trust."""
    central = AwsSettingsReader(AwsSession(stacks["assent-intake"].session, REGION))
    queue = f"arn:aws:sqs:{REGION}:{REGISTRY}:assent-events"
    rules = central.event_rules("default")
    for kind in (REGISTERED, RAN, WATCHED):
        _is_well(judge_rules(rules, kind, about="the default bus", goals=[queue]))
    _is_well(judge_queue(central.queue(queue), central.consumers(queue), queue))
    for environment in config.environments:
        applies = APPLY[environment.name]
        for role in (applies, ROLES[f"read-{environment.name}"]):
            known = central.role(role)
            assert known is not None
            subject = Subject(
                repository=config.repository, environment=environment.name, ids=(123, 456)
            )
            _is_well(judge_trust(known[1], role, subject))
        if environment.role is not None:
            stack = stacks[f"assent-account-{environment.name}"]
            there = AwsSettingsReader(AwsSession(stack.session, REGION))
            for kind in (RAN, WATCHED):
                found = there.event_rules("default")
                _is_well(judge_rules(found, kind, about=environment.name, goals=[BUS]))
            known = there.role(environment.role)
            assert known is not None
            _is_well(judge_role(known[1], environment.role, applies=applies))
