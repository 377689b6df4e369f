"""Who may do what: every role, and those who may do everything, against all that can be asked.

The tables below are the design. They are held against the policies as deployed; and each part of
each policy is held against the tables, since without it one of their rows would not be true.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import product

import pytest
from moto import mock_aws
from tests.infra.acts import ACTS, CHANGES, PROVIDER, ROLES, STATUSES, Act
from tests.infra.evaluator import Request, Values
from tests.infra.judged import GUARD, PRINCIPALS, Policies, read_policies, weakened
from tests.infra.organization import (
    ACCOUNTS,
    APPLY,
    LADDER,
    MANAGEMENT,
    REGION,
    REGISTRY,
    WRITE,
    deploy,
    deploy_organization,
    role,
)
from tests.infra.organization import GUARD as GUARD_PARAMETERS
from tests.infra.templates import read_template

ISSUER = "token.actions.githubusercontent.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything:
    """All that can be asked of an account, with exceptions."""

    account: str
    but: Sequence[str]
    also: Sequence[str] = ()
    """Of other accounts."""


_READS_REGISTRY = ("describe package", "search")
_READS_DEV = ("GetParameters dev *", "list dev *")
_BECOMES_READERS = ("become observe-test", "become observe-prod")
_READS_TRAINING = tuple(
    f"{action} {bucket}"
    for action in ("GetObject", "GetObjectVersion", "ListBucket")
    for bucket in ("acme-training", "acme-models")
)


def _applies(environment: str) -> tuple[str, ...]:
    """What every role that applies may do."""
    below = LADDER[: LADDER.index(environment) + 1]
    return (
        *_READS_REGISTRY,
        f"decide {environment} *",
        *(f"set field {environment} {status}" for status in STATUSES),
        f"set field {environment}.*",
        *(f"set life cycle {each} Approved" for each in below),
        "set life cycle * Rejected",
        "set approval *",
        "set field of no environment",  # IAM has no way to tell fields that are nobody's
        *_READS_TRAINING,
        *("GetObject acme-evidence", "GetObjectVersion acme-evidence", "ListBucket acme-evidence"),
        "ListBucket acme-receipts",
        f"keep in acme-receipts {environment}",
        f"read acme-receipts {environment}",
        f"notify {environment}",
        *_BECOMES_READERS,
        *_READS_DEV,
        f"* {REGISTRY} data by s3",
        f"* {REGISTRY} data by sns",
    )


def _reads(environment: str) -> tuple[str, ...]:
    registry = (*_READS_REGISTRY, *_READS_DEV, *_BECOMES_READERS)
    return (*registry, f"notify {environment}", f"* {REGISTRY} data by sns")


def _observes(environment: str) -> tuple[str, ...]:
    return (
        *(f"Describe{kind} {environment}" for kind in ("TransformJob", "Model", "ProcessingJob")),
        f"DescribeMonitoringSchedule {environment}",
        f"DescribeEndpoint {environment}",
        f"DescribeEndpointConfig {environment}",
        f"GetObject acme-{environment}-reports",
        f"GetObjectVersion acme-{environment}-reports",
        f"ListBucket acme-{environment}-reports",
        f"GetParameters {environment} *",
        f"list {environment} *",
        f"Decrypt {ACCOUNTS[environment]} data by s3",
    )


def _writes(environment: str) -> tuple[str, ...]:
    folder = f"{environment} *"
    return f"PutParameter {folder}", f"GetParameters {folder}", f"list {folder}"


def _leaves(environment: str) -> tuple[str, ...]:
    """What takes an environment's account from under the guard."""
    policies = (f"{each} as {environment}" for each in ("D*Policy*", "UpdatePolicy"))
    return f"LeaveOrganization as {environment}", *policies


_KEPT = (
    *("DeleteObject* acme-evidence", "DeleteObject* acme-receipts", "write over *"),
    *("PutObjectRetention *", "BypassGovernanceRetention *", "* in the clear*"),
)
"""Refused to everybody, whatever they may do."""
_TRUSTED_ROLES = tuple(f"become {name}" for name in ROLES)
_SENT = ("forward transform", "forward processing", "report *")
MAY: dict[str, Sequence[str] | Everything] = {
    "intake": (
        "describe package",
        *("GetObject acme-training", "GetObject acme-models"),
        *("ListBucket acme-training", "ListBucket acme-models"),
        "keep in acme-evidence sha256",
        "notify dev",
        "notify test",
        "notify prod",
        "ask for retraining",
        *(
            f"{action} assent-events"
            for action in ("ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility")
        ),
        *("GetQueueAttributes assent-events", "GetQueueUrl assent-events"),
        *("CreateLogStream /aws/lambda/assent-intake", "PutLogEvents /aws/lambda/assent-intake"),
        "GetSecretValue assent/app-key-AbCdEf",
        f"* {REGISTRY} data by s3",
        f"* {REGISTRY} data by sns",
        f"Decrypt {REGISTRY} settings by *",
        *_BECOMES_READERS,
        # dev has no roles of its own
        *("Describe* dev", "Describe* dev elsewhere"),
        *_READS_DEV,
    ),
    "apply-dev": (*_applies("dev"), "PutParameter dev *"),
    "apply-test": (*_applies("test"), "become write-test"),
    "apply-prod": (*_applies("prod"), "become write-prod"),
    **{f"read-{each}": _reads(each) for each in LADDER},
    **{f"write-{each}": _writes(each) for each in ("test", "prod")},
    **{f"observe-{each}": _observes(each) for each in ("test", "prod")},
    # The bus admits the account, for what pipelines report; EventBridge alone becomes this role.
    **{f"forward-{each}": _SENT for each in ("test", "prod")},
    "deployer": Everything(account=REGISTRY, but=(*_KEPT, *_TRUSTED_ROLES)),
    "administrator": Everything(
        account=REGISTRY,
        but=(
            *_KEPT,
            *_TRUSTED_ROLES,
            *("decide *", "set approval *", "set life cycle * Approved"),
            *("register as Approved", "register as Rejected", "register with life cycle"),
            *("delete package", "delete group"),
            *("PutParameter dev *", "DeleteParameter dev *", "DeleteParameters dev *"),
            *("*Role* apply-prod", "*Role* intake", "*Role* deployer", "* GitHub"),
            *("*ModelPackageGroupPolicy churn", "*ResourceShare of a group*"),
            *_leaves("dev"),
        ),
    ),
    "administrator of test": Everything(
        account=ACCOUNTS["test"],
        but=(
            *_TRUSTED_ROLES,
            "* in the clear*",
            *("PutParameter test *", "DeleteParameter test *", "DeleteParameters test *"),
            *_leaves("test"),
        ),
        also=_SENT,
    ),
    "administrator of prod": Everything(
        account=ACCOUNTS["prod"],
        but=(
            *_TRUSTED_ROLES,
            "* in the clear*",
            *("PutParameter prod *", "DeleteParameter prod *", "DeleteParameters prod *"),
            "*Role* write-prod",
            *_leaves("prod"),
        ),
        also=_SENT,
    ),
    "stranger": (),
}


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _may(who: str, name: str, act: Act) -> bool:
    """What the table says."""
    match MAY[who]:
        case Everything(account=account, but=but, also=also):
            at_home = act.owner == account and not _matches(name, but)
            return at_home or (act.owner != account and _matches(name, also))
        case patterns:
            return _matches(name, patterns)


def _request(who: str, act: Act) -> Request:
    return Request(
        principal=PRINCIPALS[who],
        action=act.action,
        resource=act.resource,
        owner=act.owner,
        context=act.context,
    )


def _token(environment: str = "dev", **changes: str) -> dict[str, Values]:
    """The claims of a job's token, as AWS names them."""
    claims = {
        "aud": "sts.amazonaws.com",
        "sub": f"repo:acme/model-promotions:environment:{environment}",
        "repository_id": "456",
        "ref": "refs/heads/main",
        **changes,
    }
    return {f"{ISSUER}:{name}": value for name, value in claims.items() if value}


def _numbered(environment: str, owner: int = 123, repository: int = 456) -> str:
    return f"repo:acme@{owner}/model-promotions@{repository}:environment:{environment}"


def _tokens(environment: str) -> Iterator[tuple[str, dict[str, Values], bool]]:
    """Tokens that say they are of an environment, and whether its roles have to take them."""
    repository = "repo:acme/model-promotions"
    numbered = _numbered(environment)
    yield "a job", _token(environment), True
    yield "a numbered job", _token(environment, sub=numbered), True
    of_other = {"sub": f"repo:acme/other:environment:{environment}"}
    yield "another repository", _token(**of_other, repository_id="789"), False
    yield "that number, another name", _token(**of_other), False
    yield "a repository that got the name", _token(environment, repository_id="789"), False
    yield "another owner's number", _token(sub=_numbered(environment, owner=9)), False
    yield "another number in the subject", _token(sub=_numbered(environment, repository=9)), False
    yield "no number", _token(environment, repository_id=""), False
    yield "another branch", _token(environment, ref="refs/heads/eve"), False
    yield "a tag named main", _token(environment, ref="refs/tags/main"), False
    yield "no branch", _token(environment, ref=""), False
    yield "a pull request in the environment", _token(environment, ref="refs/pull/1/merge"), False
    yield "a pull request", _token(sub=f"{repository}:pull_request", ref="refs/pull/1/merge"), False
    yield "main alone", _token(sub=f"{repository}:ref:refs/heads/main"), False
    yield "another audience", _token(environment, aud="https://github.com/acme"), False
    yield "an environment that goes on", _token(f"{environment}-2"), False
    shouted = f"{repository}:environment:{environment.upper()}"
    yield "another case", _token(sub=shouted), False


_RULES = ("registration", "inference", "assent/assent-forwarded", "assent/assent-reported")


def _rule(name: str, account: str = REGISTRY) -> str:
    rule = name if "/" in name else f"assent-{name}"
    return f"arn:aws:events:{REGION}:{account}:rule/{rule}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One request, and whether the design has it allowed."""

    name: str
    request: Request
    allowed: bool


def _of_tokens() -> Iterator[Row]:
    tokens = [(each, *token) for each in LADDER for token in _tokens(each)]
    foreign = PROVIDER.replace(ISSUER, "example.com")
    for (environment, label, context, taken), (name, arn) in product(tokens, ROLES.items()):
        for provider in (PROVIDER, foreign):
            own = name in {f"apply-{environment}", f"read-{environment}"}
            request = Request(
                principal=provider,
                action="sts:AssumeRoleWithWebIdentity",
                resource=arn,
                owner=arn.split(":")[4],
                context=context,
            )
            allowed = taken and own and provider == PROVIDER
            yield Row(name=f"{environment}: {label}: {name}", request=request, allowed=allowed)


def _of_services() -> Iterator[Row]:
    homes = {
        "assent-events": (REGISTRY, [_rule(each) for each in _RULES]),
        "assent-dead-letters": (REGISTRY, [_rule(each) for each in _RULES]),
    }
    rules = [_rule(each) for each in (*_RULES, "other", "forward")]
    rules += [_rule("registration", "888877776666"), _rule("forward", ACCOUNTS["test"])]
    rules += [_rule("forward", ACCOUNTS["prod"])]
    places = [(queue, *home) for queue, home in homes.items()]
    for each in ("test", "prod"):
        account = ACCOUNTS[each]
        places.append(("assent-undelivered", account, [_rule("forward", account)]))
    for queue, account, senders in places:
        arn = f"arn:aws:sqs:{REGION}:{account}:{queue}"
        for service in ("events.amazonaws.com", "sns.amazonaws.com"):
            for rule in (*rules, None):
                for action in ("sqs:SendMessage", "sqs:ReceiveMessage"):
                    request = Request(
                        principal=service,
                        action=action,
                        resource=arn,
                        owner=account,
                        context={} if rule is None else {"aws:SourceArn": rule},
                    )
                    allowed = service.startswith("events") and rule in senders
                    allowed = allowed and action == "sqs:SendMessage"
                    yield Row(name=f"{rule} {action} {queue}", request=request, allowed=allowed)
    for name, arn in ROLES.items():
        account = arn.split(":")[4]
        for service in ("lambda.amazonaws.com", "events.amazonaws.com"):
            for rule in (_rule("forward", account), _rule("other", account)):
                for sender in (account, "888877776666"):
                    request = Request(
                        principal=service,
                        action="sts:AssumeRole",
                        resource=arn,
                        owner=account,
                        context={"aws:SourceArn": rule, "aws:SourceAccount": sender},
                    )
                    forwards = name.startswith("forward-") and rule.endswith("assent-forward")
                    own = service.startswith("events") and forwards and sender == account
                    allowed = own or (name == "intake" and service.startswith("lambda"))
                    yield Row(name=f"{service} becomes {name}", request=request, allowed=allowed)


def _of_principals() -> Iterator[Row]:
    for who in PRINCIPALS:
        for name, act in ACTS.items():
            allowed = _may(who, name, act)
            yield Row(name=f"{who}: {name}", request=_request(who, act), allowed=allowed)


ROWS = (*_of_principals(), *_of_tokens(), *_of_services())


@pytest.fixture(scope="module")
def policies() -> Iterator[Policies]:
    with mock_aws():
        yield read_policies(deploy_organization())


@pytest.mark.parametrize("who", PRINCIPALS)
def test_a_principal_may_do_what_the_design_says(policies: Policies, who: str) -> None:
    """Each act is allowed to exactly those whom the table names."""
    rows = [row for row in ROWS if row.name.startswith(f"{who}: ")]
    assert len(rows) == len(ACTS)
    wrong = [row for row in rows if policies.judge(row.request) is not row.allowed]
    assert [f"{row.name}: {not row.allowed}" for row in wrong] == []


def test_a_job_becomes_the_roles_of_its_environment_alone(policies: Policies) -> None:
    """Of every token that GitHub, or anybody, could issue, only the right one opens a role."""
    rows = list(_of_tokens())
    assert sum(row.allowed for row in rows) == 4 * len(LADDER)
    assert [row.name for row in rows if policies.judge(row.request) is not row.allowed] == []


def test_a_service_does_its_part_alone(policies: Policies) -> None:
    """EventBridge sends for our rules, and forwards by its role; Lambda runs as the function's."""
    rows = list(_of_services())
    assert sum(row.allowed for row in rows) == 4 + 4 + 2 + 2 + 4
    assert [row.name for row in rows if policies.judge(row.request) is not row.allowed] == []


def test_the_tables_name_what_there_is() -> None:
    """No pattern of a table matches nothing, and nobody is left out."""
    assert set(MAY) == set(PRINCIPALS)
    for who, said in MAY.items():
        patterns = [*said.but, *said.also] if isinstance(said, Everything) else said
        idle = [each for each in patterns if not any(fnmatchcase(name, each) for name in ACTS)]
        assert idle == [], who


SAME_OTHERWISE = {
    # Another account's resources would have to let it in themselves, and jobs have no policies.
    f"{ROLES['intake']} 0: DescribeJobs: to which resources it is bound",
    # Their names begin with the prefix here; where they do not, see the test of other names.
    *(f"{GUARD}: Change: Resource {arn}" for arn in (*APPLY.values(), *WRITE.values())),
}
"""What makes no difference if it is taken out."""


def test_nothing_in_a_policy_is_idle(policies: Policies) -> None:
    """Without any one statement, action, resource, principal or condition, a row would be false."""
    idle = []
    count = 0
    for name, document in policies.documents.items():
        rows = [row for row in ROWS if policies.concern(name, row.request)]
        for what, actions, other in weakened(document):
            count += 1
            changed = policies.having(name, other)
            concerned = [row for row in rows if _matches(row.request.action.lower(), actions)]
            if not any(changed.judge(row.request) is not row.allowed for row in concerned):
                idle.append(f"{name.removeprefix('identity ')}: {what}")
    assert count > 500
    assert set(idle) == SAME_OTHERWISE


def test_the_guard_binds_the_registry(policies: Policies) -> None:
    """Without it an administrator of the account could approve: it is what keeps them from it."""
    act = ACTS["set approval Approved"]
    request = _request("administrator", act)
    nothing = {"Version": "2012-10-17", "Statement": []}
    assert not policies.judge(request)
    assert policies.having(GUARD, nothing).judge(request)


def test_the_guard_keeps_roles_of_other_names(policies: Policies) -> None:
    """Nobody bound changes, makes or passes on a role that applies, writes or is exempt."""
    listed = {
        "ApplyRoles": (REGISTRY, "applies"),
        "WriteRoles": (ACCOUNTS["prod"], "team/writes"),
        "ExemptPrincipals": ("*", "deployer-*"),
    }
    arns = {each: f"arn:aws:iam::{account}:role/{name}" for each, (account, name) in listed.items()}
    with mock_aws():
        stack = deploy("guard-of-others", MANAGEMENT, "guard", {**GUARD_PARAMETERS, **arns})
        content = stack.resolved()["Guard"]["Properties"]["Content"]
    other = policies.having(GUARD, content)
    for who in ("administrator", "administrator of test", "administrator of prod"):
        owner = PRINCIPALS[who].split(":")[4]
        for name in ("applies", "team/writes", "deployer-new", "other"):
            arn = f"arn:aws:iam::{owner}:role/{name}"
            bound = any(fnmatchcase(arn, pattern) for pattern in arns.values())
            for action in CHANGES:
                request = Request(
                    principal=PRINCIPALS[who], action=f"iam:{action}", resource=arn, owner=owner
                )
                assert other.judge(request) is not bound, f"{who}: {action} {arn}"


def test_the_guard_fits_as_much_as_its_page_says() -> None:
    """Eight environments, each in an account of its own, and two exempt roles."""
    names = [f"staging-{count}" for count in range(8)]
    arns = {
        "ApplyRoles": [role(REGISTRY, f"apply-{each}") for each in names],
        "WriteRoles": [role(f"{count:012}", f"write-{each}") for count, each in enumerate(names)],
        "ExemptPrincipals": [
            f"arn:aws:iam::{ACCOUNTS[each]}:role/platform-deploy" for each in WRITE
        ],
    }
    parameters = {**GUARD_PARAMETERS, **{name: ",".join(each) for name, each in arns.items()}}
    with mock_aws():
        stack = deploy("guard-of-many", MANAGEMENT, "guard", parameters)
        content = stack.resolved()["Guard"]["Properties"]["Content"]
    text = json.dumps(content, separators=(",", ":"))
    assert all(arn in text for each in arns.values() for arn in each)
    assert len(text) <= 5120  # all that Organizations takes


@pytest.mark.parametrize(
    ("arn", "taken"),
    [
        (f"arn:aws:iam::{REGISTRY}:role/deployer", True),
        (
            f"arn:aws:iam::{REGISTRY}:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Ops_*",
            True,
        ),
        ("arn:aws:iam::*:role/deployer", True),
        (f"arn:aws:iam::{REGISTRY}:role/*", False),
        (f"arn:aws:iam::{REGISTRY}:user/deployer", False),
        (f"arn:aws:iam::{REGISTRY}:*", False),
        (f"arn:aws:iam::{REGISTRY}:root", False),
        ("*", False),
    ],
)
def test_only_roles_of_some_name_are_exempt(arn: str, *, taken: bool) -> None:
    """A user's password and keys are nothing that the guard keeps, and everybody is nobody."""
    pattern = read_template("guard")["Parameters"]["ExemptPrincipals"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, arn)) is taken
