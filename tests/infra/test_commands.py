"""Who types the commands of the pages, as they stand there, gets roles that can do their work.

The commands of docs/deploying.md and of infra/README.md are deployed with just their parameters,
and judged by what apply, the function and doctor need with the assent.yaml of the same page.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml
from tests.command_line import run
from tests.infra.acts import ACTS, JOBS
from tests.infra.documented import documented_actions
from tests.infra.evaluator import Request, Values
from tests.infra.judged import OUTSIDERS
from tests.infra.organization import REGION, REGISTRY
from tests.infra.pages import (
    DEPLOYING,
    OWNER,
    PROFILES,
    README,
    REPOSITORY,
    Standings,
    commands,
    deployments,
    stand,
)

from assent.contracts import load_contracts
from assent.core.config import Config, Environment, parse_config
from assent.core.doctor.needs import needs_of_applying, needs_of_writing, parameter_arn

ISSUER = "token.actions.githubusercontent.com"
PROD = PROFILES["prod"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page, what it makes, and what it is about."""

    stacks: Standings
    config: Config
    models: tuple[str, ...]
    """The buckets of training reports and of model artifacts."""
    reports: Mapping[str, str]
    """The bucket that an environment outside of the registry's account writes its reports to."""

    def apply_role(self, environment: Environment) -> str:
        """The role in ASSENT_APPLY_ROLE, by the name that operating.md gives it."""
        return f"arn:aws:iam::{self.config.registry.account}:role/assent-apply-{environment.name}"

    def read_role(self, environment: Environment) -> str:
        """The role in ASSENT_READ_ROLE."""
        return f"arn:aws:iam::{self.config.registry.account}:role/assent-read-{environment.name}"

    def writer(self, environment: Environment) -> str:
        """Who writes an environment's parameters."""
        return environment.role or self.apply_role(environment)

    @property
    def intake(self) -> str:
        """The function's role."""
        return f"arn:aws:iam::{self.config.registry.account}:role/assent-intake"


def _config_of_deploying(folder: Path) -> Config:
    """What `assent init` writes for the page's own arguments."""
    ((_, _, _, *arguments),) = [
        words for words in commands(DEPLOYING) if words[:2] == ["assent", "init"]
    ]
    made = run("init", str(folder), *arguments)
    assert made.exit_code == 0, made.output
    return parse_config((folder / "assent.yaml").read_bytes(), load_contracts().config)


def _config_of_readme() -> Config:
    """The page's excerpt, with what every assent.yaml begins with."""
    text = README.read_text(encoding="utf-8")
    (excerpt,) = re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    whole = {
        "schema": "assent/config/v1",
        "registry": {"account": REGISTRY, "region": REGION},
        "github": {"repository": "acme/model-promotions"},
        **yaml.safe_load(excerpt),
    }
    return parse_config(yaml.safe_dump(whole).encode(), load_contracts().config)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    folder = tmp_path_factory.mktemp("repository")
    return {
        "deploying": Page(
            stacks=Standings(all=[stand(each) for each in deployments(DEPLOYING)]),
            config=_config_of_deploying(folder),
            models=("acme-models",),
            reports={"prod": "acme-prod-reports"},
        ),
        "README": Page(
            stacks=Standings(all=[stand(each) for each in deployments(README)]),
            config=_config_of_readme(),
            models=("acme-training", "acme-models"),
            reports={"prod": "acme-prod-reports"},
        ),
    }


# ---- What is asked, and by whom; each answer is a line, and there should be none.


def _denied(page: Page, role: str, *asked: tuple[str, Sequence[str]]) -> Iterator[str]:
    """What a role may not do: each action has to be allowed on one of some resources."""
    policies = page.stacks.policies
    context: dict[str, dict[str, Values]] = {
        # Assent never writes an object twice
        "s3:PutObject": {"s3:if-none-match": "*"},
        "events:PutEvents": {
            "events:source": ["assent"],
            "events:detail-type": ["Assent Retraining Requested"],
        },
    }
    for action, resources in asked:
        requests = [
            Request(
                principal=role,
                action=action,
                resource=each,
                # A bucket's ARN says nothing of its account. Where it is another one's, its own
                # policy has to let the role in, which none of these templates makes.
                owner=(each.split(":") + [""] * 4)[4] or role.split(":")[4],
                context=context.get(action, {}),
            )
            for each in resources
        ]
        if not any(policies.judge(each) for each in requests):
            yield f"{role.rpartition('/')[2]} may not {action} on {resources[0]}"


def _applying(page: Page) -> Iterator[str]:
    """What doctor asks of the roles that apply and that write, and files besides."""
    for environment in page.config.environments:
        role, writer = page.apply_role(environment), page.writer(environment)
        for need in needs_of_applying(page.config, environment):
            yield from _denied(page, role, (need.action, need.resources))
        for need in needs_of_writing(page.config, environment):
            yield from _denied(page, writer, (need.action, need.resources))
        yield from _denied(page, role, *_files(page.models, versions=True))
        bucket = page.config.receipts.bucket
        if bucket is not None:
            copy = f"arn:aws:s3:::{bucket}/{environment.name}/x"
            yield from _denied(page, role, ("s3:GetObject", [copy]))
            yield from _denied(page, role, ("s3:ListBucket", [f"arn:aws:s3:::{bucket}"]))
        for other in page.config.environments:
            if other is not environment:
                arn = parameter_arn(page.config, other)
                if not list(_denied(page, writer, ("ssm:PutParameter", [arn]))):
                    yield f"{writer} writes parameters of {other.name}"


def _files(buckets: Sequence[str], *, versions: bool) -> Iterator[tuple[str, list[str]]]:
    for bucket in buckets:
        arn = f"arn:aws:s3:::{bucket}"
        yield "s3:GetObject", [f"{arn}/x"]
        yield "s3:ListBucket", [arn]
        if versions:
            yield "s3:GetObjectVersion", [f"{arn}/x"]


def _deciding(page: Page) -> Iterator[str]:
    """An environment's role writes its own fields in the registry, and nobody else does."""
    principals = {each.name: page.apply_role(each) for each in page.config.environments}
    principals["nobody"] = OUTSIDERS["administrator"]
    for name, principal in principals.items():
        for about in ("dev", "prod"):
            act = ACTS[f"decide {about} Approved"]
            request = Request(
                principal=principal,
                action=act.action,
                resource=act.resource,
                owner=act.owner,
                context=act.context,
            )
            if page.stacks.policies.judge(request) is not (name == about):
                yield f"{principal.rpartition('/')[2]} and decisions of {about}"


def _lambdas(page: Page) -> Iterator[tuple[str, list[str]]]:
    """The table of the Lambda's role, row by row, but the topics, of which no page has any."""
    here = f"{REGION}:{REGISTRY}"
    for each in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl"):
        yield f"sqs:{each}", [f"arn:aws:sqs:{here}:assent-events"]
    yield "sqs:ChangeMessageVisibility", [f"arn:aws:sqs:{here}:assent-events"]
    yield "sagemaker:DescribeModelPackage", [page.config.registry.package_arn("churn", 1)]
    yield from _files(page.models, versions=False)
    for environment in page.config.environments:
        reads = environment.read_role or environment.role
        if reads is not None:
            yield "sts:AssumeRole", [reads]
    assert page.config.event_bus is not None
    yield "events:PutEvents", [page.config.event_bus]
    if page.config.evidence_bucket is not None:
        yield "s3:PutObject", [f"arn:aws:s3:::{page.config.evidence_bucket}/sha256/x"]
    secret = f"arn:aws:secretsmanager:{here}:secret:assent/app-key-AbCdEf"
    yield "secretsmanager:GetSecretValue", [secret]
    for each in ("CreateLogStream", "PutLogEvents"):
        group = "log-group:/aws/lambda/assent-intake"
        yield f"logs:{each}", [f"arn:aws:logs:{here}:{group}:log-stream:x"]


def _environment(page: Page, environment: Environment) -> Iterator[tuple[str, list[str]]]:
    """The table of `read_role`, but its files."""
    place = f"{environment.region}:{environment.account}"
    for action, kind in JOBS.items():
        yield f"sagemaker:{action}", [f"arn:aws:sagemaker:{place}:{kind}/x"]
    yield "ssm:GetParameters", [parameter_arn(page.config, environment)]
    folder = f"arn:aws:ssm:{place}:parameter{page.config.parameter_prefix}/{environment.name}"
    yield "ssm:GetParametersByPath", [f"{folder}/", folder]


def _reading(page: Page) -> Iterator[str]:
    """The function and the roles that read, themselves or by the role of an environment."""
    yield from _denied(page, page.intake, *_lambdas(page))
    for environment in page.config.environments:
        role = environment.read_role or environment.role
        yield from _denied(page, role or page.intake, *_environment(page, environment))
        if role is not None:
            bucket = page.reports[environment.name]
            yield from _denied(page, role, *_files([bucket], versions=True))
        package = page.config.registry.package_arn("churn", 1)
        reader = page.read_role(environment)
        yield from _denied(page, reader, ("sagemaker:DescribeModelPackage", [package]))
        yield from _denied(page, reader, ("sagemaker:Search", ["*"]))
        for other in page.config.environments:
            there = other.read_role or other.role
            for asks in (reader, page.apply_role(environment)):
                if there is not None:
                    yield from _denied(page, asks, ("sts:AssumeRole", [there]))
                else:
                    *_, get, many = _environment(page, other)
                    yield from _denied(page, asks, get, many)


def _trusting(page: Page) -> Iterator[str]:
    """Jobs of the repository on main become the roles of their environment, and no others."""
    provider = f"arn:aws:iam::{REGISTRY}:oidc-provider/{ISSUER}"
    repository = page.config.repository
    owner, _, name = str(repository).partition("/")
    numbered = f"{owner}@{OWNER}/{name}@{REPOSITORY}"
    for of, number, subject, taken in (
        (repository, REPOSITORY, repository, True),
        (repository, REPOSITORY, numbered, True),
        ("another number", "9", repository, False),
        ("another repository", REPOSITORY, "acme/other", False),
    ):
        for environment in page.config.environments:
            for other in page.config.environments:
                for role in (page.apply_role(other), page.read_role(other)):
                    request = Request(
                        principal=provider,
                        action="sts:AssumeRoleWithWebIdentity",
                        resource=role,
                        owner=REGISTRY,
                        context={
                            f"{ISSUER}:aud": "sts.amazonaws.com",
                            f"{ISSUER}:sub": f"repo:{subject}:environment:{environment.name}",
                            f"{ISSUER}:repository_id": number,
                            f"{ISSUER}:ref": "refs/heads/main",
                        },
                    )
                    meant = taken and other is environment
                    if page.stacks.policies.judge(request) is not meant:
                        yield f"{role.rpartition('/')[2]} and a token of {environment.name} of {of}"
    providers = [each for each in page.stacks.of("roles") if "Provider" in each.resources]
    if len(providers) != 1:
        yield f"{len(providers)} stacks create the OIDC provider"


def _forwarding(page: Page) -> Iterator[str]:
    """What ran in another account reaches the bus, and pipelines there may report to it."""
    accounts = {each.account for each in page.config.environments} - {REGISTRY}
    assert accounts == {PROD}
    forwards = f"arn:aws:iam::{PROD}:role/assent-forward-{REGION}"
    for principal, name in (
        (forwards, "forward transform"),
        (forwards, "forward processing"),
        (OUTSIDERS["administrator of prod"], "report inference"),
    ):
        request = Request(
            principal=principal,
            action="events:PutEvents",
            resource=str(page.config.event_bus),
            owner=REGISTRY,
            context=ACTS[name].context,
        )
        if not page.stacks.policies.judge(request):
            yield f"{principal} may not {name}"
    targets = [
        target["Arn"]
        for each in page.stacks.of("account")
        for resource in each.resources.values()
        if resource["Type"] == "AWS::Events::Rule"
        for target in resource["Properties"]["Targets"]
    ]
    if targets != [page.config.event_bus]:
        yield f"events go to {targets}"


def _naming(page: Page) -> Iterator[str]:
    """Whom a parameter names is there; the guard's lists are those that are there."""
    present = {role for each in page.stacks.all for role in each.roles}
    for each in page.stacks.all:
        for parameter in ("ReadRoles", "ParameterRole"):
            named = set(each.deployment.parameters.get(parameter, "").split(",")) - {""}
            if not named <= present:
                yield f"{each.deployment.stack}: {parameter} names {sorted(named - present)}"
    config = page.config
    lists = {
        "ApplyRoles": {page.apply_role(each) for each in config.environments},
        "WriteRoles": {page.writer(each) for each in config.environments},
        "TargetIds": {REGISTRY, *(each.account for each in config.environments)},
    }
    (guard,) = page.stacks.of("guard")
    for parameter, wanted in lists.items():
        said = guard.deployment.parameters[parameter].split(",")
        if sorted(said) != sorted(wanted):
            yield f"the guard's {parameter} are {said}"
        if parameter != "TargetIds" and not wanted <= present:
            yield f"there is no {sorted(wanted - present)}"
    outputs = {role for each in page.stacks.of("roles") for role in (each.outputs["ApplyRoleArn"],)}
    if outputs != lists["ApplyRoles"]:
        yield f"the outputs say {sorted(outputs)}"


def _settings(page: Page) -> Iterator[str]:
    """The function works on the repository of assent.yaml; buckets are those that it names."""
    (intake,) = page.stacks.of("intake")
    variables = intake.resources["Function"]["Properties"]["Environment"]["Variables"]
    if variables["ASSENT_REPOSITORY"] != str(page.config.repository):
        yield f"the function works on {variables['ASSENT_REPOSITORY']}"
    if intake.outputs["CentralBusArn"] != page.config.event_bus:
        yield f"the bus is {intake.outputs['CentralBusArn']}"
    made = {
        resource["Properties"]["BucketName"]
        for each in page.stacks.of("storage")
        for resource in each.resources.values()
        if resource["Type"] == "AWS::S3::Bucket"
    }
    named = {page.config.evidence_bucket, page.config.receipts.bucket} - {None}
    if made != named:
        yield f"the buckets are {sorted(made)}"


JUDGES: Sequence[Callable[[Page], Iterator[str]]] = (
    *(_applying, _deciding, _reading, _trusting, _forwarding, _naming, _settings),
)


def _lacking(page: Page) -> list[str]:
    return [line for judge in JUDGES for line in judge(page)]


@pytest.mark.parametrize("name", ["deploying", "README"])
def test_the_commands_give_what_is_needed(pages: dict[str, Page], name: str) -> None:
    """Every role may do its work, is trusted by whom it should be, and is known to the guard."""
    assert _lacking(pages[name]) == []


def test_the_roles_in_github_are_those_that_stand() -> None:
    """The page puts into GitHub's environments the roles that its stacks make."""
    text = DEPLOYING.read_text(encoding="utf-8")
    for variable, kind in (("ASSENT_APPLY_ROLE", "apply"), ("ASSENT_READ_ROLE", "read")):
        said = re.findall(rf"gh variable set {variable} [^\n]*\\\n>\s+--body (\S+)", text)
        assert said == [f"arn:aws:iam::{REGISTRY}:role/assent-{kind}-$name"]


def test_the_table_of_the_function_is_asked_in_full(pages: dict[str, Page]) -> None:
    """Each action of the two tables of operating.md is asked for here, but notifying."""
    tables = documented_actions()
    page = pages["README"]
    asked = {action for action, _ in _lambdas(page)}
    assert asked == tables["The Lambda's role"] - {"sns:Publish"}
    prod = page.config.environment("prod")
    asked = {action for action, _ in (*_environment(page, prod), *_files(["x"], versions=True))}
    assert asked == tables["`read_role`"]


NOBODY = "arn:aws:iam::444455556666:role/assent-nobody"
Mistake = tuple[str, str, str | None, str]
MISTAKES: Sequence[Mistake] = (
    ("assent-intake", "EnvironmentsHere", None, "assent-intake may not sagemaker:Describe"),
    ("assent-roles-prod", "EnvironmentsHere", None, "assent-apply-prod may not ssm:Get"),
    ("assent-intake", "ReadRoles", NOBODY, "assent-intake may not sts:AssumeRole"),
    ("assent-intake", "ReadRoles", None, "assent-intake may not sts:AssumeRole"),
    ("assent-roles-dev", "ReadRoles", NOBODY, "assent-apply-dev may not sts:AssumeRole"),
    ("assent-roles-prod", "ReadRoles", NOBODY, "assent-read-prod may not sts:AssumeRole"),
    ("assent-roles-prod", "ParameterRole", NOBODY, "assent-apply-prod may not sts:AssumeRole"),
    ("assent-roles-prod", "ParameterRole", None, "assent-apply-prod may not sts:AssumeRole"),
    ("assent-intake", "BucketArns", "arn:aws:s3:::x-y", "assent-intake may not s3:GetObject"),
    ("assent-roles-dev", "BucketArns", "arn:aws:s3:::x-y", "assent-apply-dev may not s3:GetObject"),
    ("assent-roles-prod", "BucketArns", "arn:aws:s3:::x-y", "assent-apply-prod may not s3:Get"),
    ("account", "BucketArns", "arn:aws:s3:::x-y", "assent-observe-prod may not s3:GetObject"),
    ("assent-intake", "WorkloadAccounts", None, "may not forward transform"),
    ("assent-intake", "Repository", "acme/other", "the function works on acme/other"),
    ("assent-roles-dev", "EnvironmentsAbove", None, "assent-apply-dev and decisions of prod"),
    ("assent-roles-prod", "EnvironmentsBelow", None, "assent-apply-prod and decisions of dev"),
    ("assent-roles-dev", "CreateProvider", None, "0 stacks create the OIDC provider"),
    ("assent-roles-dev", "Repository", "acme/other", "assent-apply-dev and a token of dev"),
    ("assent-roles-prod", "OwnerId", "9", "assent-apply-prod and a token of prod"),
    ("assent-roles-prod", "RepositoryId", "9", "assent-apply-prod and a token of prod"),
    ("assent-roles-prod", "Environment", "live", "there is no"),
    ("account", "Environment", "live", "assent-apply-prod may not sts:AssumeRole"),
    ("account", "RegistryAccount", PROD, "assent-intake may not sts:AssumeRole"),
    ("account", "CentralBusArn", None, "events go to []"),
    ("assent-guard", "ApplyRoles", NOBODY, "assent-apply-dev and decisions of dev"),
    ("assent-guard", "WriteRoles", NOBODY, "assent-write-prod may not ssm:PutParameter"),
    ("assent-guard", "TargetIds", REGISTRY, "the guard's TargetIds"),
)
"""Stack (or template), parameter, the mistaken value (None: left out), and what is said of it."""
MISTAKES_OF_README: Sequence[Mistake] = (
    ("assent-intake", "EvidenceBucketArn", None, "assent-intake may not s3:PutObject"),
    ("assent-roles-dev", "EvidenceBucketArn", None, "assent-apply-dev may not s3:GetObjectVersion"),
    ("assent-roles-prod", "ReceiptsBucketArn", None, "assent-apply-prod may not s3:PutObject"),
    ("storage", "EvidenceBucketName", "acme-other", "the buckets are"),
    ("storage", "ReceiptsBucketName", None, "the buckets are"),
    ("account", "BucketArns", "arn:aws:s3:::acme-models", "assent-observe-prod may not s3:Get"),
)
"""The same of what that page alone has, or has otherwise."""
UNSAID: Mapping[str, str] = {
    "CodeBucket": "the page uploads to it; the walk through the page runs what lies there",
    "CodeKey": "likewise",
    "Runtime": "likewise",
    "Architecture": "likewise",
    "AppId": "a number of GitHub's, which the function is given as it is",
    "InstallationId": "a number of GitHub's, which the function is given as it is",
    "AlarmTopicArn": "gives no right to anybody",
    "ExemptPrincipals": "whoever deploys; the page says no more of them",
    "RetentionMode": "gives no right to anybody",
    "RetentionDays": "gives no right to anybody",
}
"""The parameters of which no mistake is made here, and why."""


_ALL = [
    *(("deploying", mistake) for mistake in MISTAKES),
    *(("README", mistake) for mistake in MISTAKES_OF_README),
]


@pytest.mark.parametrize(
    ("name", "mistake"),
    _ALL,
    ids=[f"{page}-{stack}-{name}-{value}" for page, (stack, name, value, _) in _ALL],
)
def test_a_mistake_on_a_page_is_seen(pages: dict[str, Page], name: str, mistake: Mistake) -> None:
    """A wrong or missing parameter leaves somebody without a right, and the verdict says whom."""
    stack, parameter, value, said = mistake
    page = pages[name]
    (deployment,) = [
        each.deployment
        for each in page.stacks.all
        if stack in {each.deployment.stack, each.deployment.template}
    ]
    assert deployment.parameters[parameter] != value
    parameters = {each: text for each, text in deployment.parameters.items() if each != parameter}
    if value is not None:
        parameters[parameter] = value
    mistaken = stand(replace(deployment, parameters=parameters))
    lacking = _lacking(replace(page, stacks=page.stacks.having(mistaken)))
    assert [line for line in lacking if said in line] != [], lacking


def test_every_parameter_is_mistaken_once(pages: dict[str, Page]) -> None:
    """No parameter of the pages is without a mistake above, or without a reason."""
    tried = {parameter for _, (_, parameter, _, _) in _ALL}
    typed = {
        parameter
        for page in pages.values()
        for each in page.stacks.all
        for parameter in each.deployment.parameters
    }
    assert typed - tried <= UNSAID.keys()
    assert not tried & UNSAID.keys()
