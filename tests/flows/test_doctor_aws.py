"""`doctor` on AWS: the set-up that Assent asks for is well, and each thing that is not is named.

The settings stand behind the port; that AWS's own answers become them is tested with the adapter.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.flows.setups import (
    BUCKET,
    DEAD,
    EVIDENCE,
    ISSUER,
    PACKAGE,
    PARAMETERS,
    QUEUE,
    ROLES,
    PlantedAws,
    PlantedGitHub,
)

from assent.adapters.memory import MemoryRegistry, SettableClock
from assent.contracts import load_contracts
from assent.core.config import Config, ReceiptSettings, parse_config
from assent.core.doctor import AWS_CHECKS
from assent.core.doctor.aws_facts import Consumer, EventRule, ObjectLock
from assent.core.doctor.finding import Diagnosis, Finding, Unread, Verdict
from assent.core.doctor.intake import takes
from assent.core.doctor.trust import Subject
from assent.core.errors import Exit
from assent.core.names import parse_package_arn
from assent.core.package import Artifact, Container, ModelVersion, Package, RegistryApproval
from assent.flows.doctor import AwsAccounts, Setup, doctor

PLAIN = parse_config(
    (Path(__file__).parents[2] / "assent.yaml").read_bytes(), load_contracts().config
)
CONFIG = replace(
    PLAIN, evidence_bucket="acme-evidence", receipts=ReceiptSettings(bucket="acme-receipts")
)
TRAINING = "arn:aws:iam::111122223333:role/training"
UPDATE = "sagemaker:UpdateModelPackage"


def registered(created_by: str | None) -> MemoryRegistry:
    """A registry whose one version was registered by a principal."""
    arn = "arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/7"
    artifact = Artifact(uri="s3://acme-models/churn/7/model.tar.gz", etag="e", bytes=1)
    package = Package(
        arn=arn,
        created=SettableClock().now(),
        created_by=created_by,
        containers=(Container(image="xgboost:1.7", artifact=artifact),),
    )
    version = ModelVersion(
        arn=parse_package_arn(arn),
        package=package,
        status="Completed",
        approval=RegistryApproval.PENDING,
    )
    return MemoryRegistry([version])


ANA = "arn:aws:sts::111122223333:assumed-role/training/ana"


def diagnose(
    aws: PlantedAws,
    *names: str,
    config: Config = CONFIG,
    created_by: str | None = ANA,
    **more: Any,  # noqa: ANN401 - fields of Setup
) -> Diagnosis:
    """Look at AWS, with the roles that apply given."""
    accounts = AwsAccounts(central=aws, of=lambda _: aws, registry=registered(created_by))
    setup = Setup(config=config, aws=accounts, **{"roles": ROLES, **more})
    return doctor(setup, config.select(names))


def amiss(diagnosis: Diagnosis) -> set[tuple[str, str]]:
    """Every check that does not say ok, with its verdict."""
    return {
        (each.check, each.verdict.value)
        for each in diagnosis.findings
        if each.verdict is not Verdict.OK
    }


def told(diagnosis: Diagnosis, check: str, verdict: Verdict) -> list[Finding]:
    """What a check says with a verdict."""
    return [each for each in diagnosis.findings if (each.check, each.verdict) == (check, verdict)]


def test_the_setup_that_assent_asks_for_is_well() -> None:
    """Every check of AWS's but one says ok, none says anything else, and the code is 0."""
    diagnosis = diagnose(PlantedAws())
    assert amiss(diagnosis) == set()
    # A role that writes in another account is only there where an environment has one.
    assert {each.check for each in diagnosis.findings} == {each.id for each in AWS_CHECKS} - {
        "role-trust"
    }
    assert diagnosis.exit is Exit.OK


Break = Callable[[PlantedAws], object]


def attribute(name: str, value: object) -> Break:
    return lambda aws: setattr(aws, name, value)


def allowed(*right: str) -> Break:
    return lambda aws: aws.allowed.add(right)  # type: ignore[arg-type]


def forbidden(*right: str) -> Break:
    return lambda aws: aws.allowed.discard(right)


def bucket(name: str, **changes: object) -> Break:
    return lambda aws: aws.buckets.update(
        {name: replace(BUCKET, **changes)}  # type: ignore[arg-type]
    )


def events(**changes: object) -> Break:
    return lambda aws: setattr(
        aws,
        "rules",
        [replace(aws.rules[0], **changes)],  # type: ignore[arg-type]
    )


def group(**statement: object) -> Break:
    return attribute("policies", {"churn": {"Statement": [{"Effect": "Allow", **statement}]}})


def queue(**changes: object) -> Break:
    return lambda aws: aws.queue_is(**changes)


def consumer(**changes: object) -> Break:
    return lambda aws: setattr(
        aws,
        "functions",
        [replace(aws.functions[0], **changes)],  # type: ignore[arg-type]
    )


def trust(**changes: object) -> Break:
    """Change the one statement by which prod's role is trusted; None takes a field out."""

    def plant(aws: PlantedAws) -> None:
        (statement,) = aws.trusts[ROLES["prod"]]["Statement"]
        merged = {**statement, **changes}
        kept = {key: value for key, value in merged.items() if value is not None}
        aws.trusts[ROLES["prod"]] = {"Statement": kept}

    return plant


def condition(operator: str, subject: object, audience: object = "sts.amazonaws.com") -> Break:
    keys = {f"{ISSUER}:aud": audience, f"{ISSUER}:sub": subject}
    return trust(Condition={operator: {key: value for key, value in keys.items() if value}})


PROD = "repo:acme/model-promotions:environment:prod"

PROBLEMS: list[tuple[str, Break, str, str, str]] = [
    ("another account", attribute("whose", "999999999999"),
     "credentials", "of account 999999999999", "Sign in to the registry's account"),
    ("a group that anybody may change", group(Principal="*", Action="sagemaker:*", Resource="*"),
     "group-policies", "lets * change its versions", UPDATE),
    ("a group that another account may change",
     group(Principal={"AWS": "arn:aws:iam::999999999999:root"}, Action=[UPDATE], Resource="*"),
     "group-policies", "lets arn:aws:iam::999999999999:root", UPDATE),
    ("a group that a role may change under a condition",
     group(Principal={"AWS": TRAINING}, Action="sagemaker:Update*", Resource="*",
           Condition={"StringEquals": {"aws:PrincipalTag/x": "y"}}),
     "group-policies", "change its versions, under conditions", UPDATE),
    ("a group with a list of what is not allowed",
     group(Principal={"AWS": TRAINING}, NotAction="sagemaker:Delete*", Resource="*"),
     "group-policies", TRAINING, UPDATE),
    ("a group with a list of who is not allowed",
     group(NotPrincipal={"AWS": TRAINING}, Action="*", Resource="*"),
     "group-policies", "lets * change", UPDATE),
    ("evidence without versions", bucket("acme-evidence", versioned=False),
     "evidence-bucket", "keeps no versions", "Switch on versioning"),
    ("evidence for the public", bucket("acme-evidence", closed=False),
     "evidence-bucket", "public access is not blocked", "all four blocks"),
    ("receipts that can be deleted", bucket("acme-receipts", lock=None),
     "receipts-bucket", "no Object Lock", "COMPLIANCE"),
    ("receipts without retention",
     bucket("acme-receipts", lock=ObjectLock(mode="", days=0)),
     "receipts-bucket", "no default retention", "COMPLIANCE"),
    ("a key that is about to be deleted", attribute("key_state", "PendingDeletion"),
     "keys", "is PendingDeletion", "cancel its deletion"),
    ("no rule", attribute("rules", []), "event-rules", "no rule takes", "Create a rule"),
    ("a rule for something else", events(pattern={"source": ["aws.s3"]}),
     "event-rules", "no rule takes", "Create a rule"),
    ("a schedule", events(pattern={}), "event-rules", "no rule takes", "Create a rule"),
    ("a rule that is off", events(enabled=False), "event-rules", "is disabled", "Enable it"),
    ("no dead letters", queue(dead_letters=None),
     "queue", "no dead-letter queue", "docs/operating.md"),
    ("a message that comes again too early", queue(visibility=30),
     "queue", "comes again after 30 s, while propose", "visibility timeout to 360 s"),
    ("dead letters", lambda aws: aws.queues.update(
        {DEAD: replace(aws.queues[DEAD], messages=2)}),
     "dead-letters", "2 messages were given up", "redrive"),
    ("no function", attribute("functions", []), "function", "no Lambda function", "Enable"),
    ("a function that is off", consumer(enabled=False), "function", "is not enabled", "Enable"),
    ("a function that fails as a whole", consumer(reports_failures=False),
     "function", "brings all of its batch back", "ReportBatchItemFailures"),
    ("no provider", attribute("providers", {}), "oidc-provider", "no OIDC provider", "Create"),
    ("a provider for something else", attribute("providers", {ISSUER: ["other"]}),
     "oidc-provider", "does not take sts.amazonaws.com", "audience"),
    ("a wildcard", condition("StringLike", "repo:acme/model-promotions:*"),
     "apply-trust", "only held to StringLike repo:acme/model-promotions:*", "without any wildcard"),
    ("no subject", condition("StringEquals", None),
     "apply-trust", "any repository's jobs are let in", "`sub`"),
    ("no condition at all", trust(Condition=None),
     "apply-trust", "any repository's jobs are let in", "`sub`"),
    ("a condition that an absent claim meets", condition("StringEqualsIfExists", PROD),
     "apply-trust", "only held to StringEqualsIfExists", "StringEquals"),
    ("a condition that no claim meets", condition("ForAllValues:StringEquals", PROD),
     "apply-trust", "only held to ForAllValues:StringEquals", "StringEquals"),
    ("a wildcard that is none", condition("StringEquals", "repo:acme/model-promotions:*"),
     "apply-trust", "other jobs are let in", "`sub`"),
    ("another environment", condition("StringEquals", PROD.replace("prod", "dev")),
     "apply-trust", "other jobs are let in: repo:acme/model-promotions:environment:dev", "`sub`"),
    ("another repository too",
     condition("StringEquals", [PROD, PROD.replace("acme", "evil")]),
     "apply-trust", "other jobs are let in: repo:evil/", "`sub`"),
    ("a branch", condition("StringEquals", "repo:acme/model-promotions:ref:refs/heads/main"),
     "apply-trust", "other jobs are let in", "`sub`"),
    ("another audience", condition("StringEquals", PROD, "somewhere"),
     "apply-trust", "the audience is not held", "`aud`"),
    ("audiences besides", condition("StringEquals", PROD, ["sts.amazonaws.com", "x"]),
     "apply-trust", "the audience is not held", "`aud`"),
    ("a provider of somebody else's",
     trust(Principal={"Federated": f"arn:aws:iam::1:oidc-provider/evil.example/{ISSUER}"}),
     "apply-trust", "tokens of another provider", "the provider alone"),
    ("another account", trust(
        Principal={"AWS": "arn:aws:iam::999999999999:root"}, Action="sts:AssumeRole"),
     "apply-trust", "without a job of GitHub's: arn:aws:iam::999999999999:root", "alone"),
    ("another account by its number", trust(
        Principal={"AWS": ["999999999999"]}, Action="sts:AssumeRole"),
     "apply-trust", "without a job of GitHub's: 999999999999", "alone"),
    ("anybody", trust(Principal="*", Action="sts:AssumeRole"),
     "apply-trust", "without a job of GitHub's: *", "the provider alone"),
    ("no such role", attribute("gone", {ROLES["prod"]}),
     "apply-trust", "there is no such role", "Create it"),
    ("no such queue", lambda aws: aws.queues.pop(QUEUE), "queue", "no such queue", "docs/"),
    ("no such dead-letter queue", lambda aws: aws.queues.pop(DEAD),
     "dead-letters", "no such queue", "Create it"),
    ("nobody", attribute("trusts", {}), "apply-trust", "no job of GitHub's can become it", "Trust"),
    ("a role that may not write", forbidden(
        ROLES["prod"], "ssm:PutParameter", f"{PARAMETERS}/prod/x-doctor-x/current"),
     "apply-rights", "so nothing is applied", "under “IAM”"),
    ("a role that may not approve", forbidden(ROLES["prod"], UPDATE, PACKAGE),
     "apply-rights", f"may not {UPDATE}", "under “IAM”"),
    ("a role that may not describe",
     forbidden(ROLES["prod"], "sagemaker:DescribeModelPackage", PACKAGE),
     "apply-rights", "may not sagemaker:DescribeModelPackage", "under “IAM”"),
    ("a role that may not search", forbidden(ROLES["prod"], "sagemaker:Search", "*"),
     "apply-rights", "may not sagemaker:Search on *, so nothing can be compared", "under “IAM”"),
    ("a role that may not read parameters", forbidden(
        ROLES["prod"], "ssm:GetParameters", f"{PARAMETERS}/prod/x-doctor-x/current"),
     "apply-rights", "may not ssm:GetParameters", "under “IAM”"),
    ("a role that may not list parameters", forbidden(
        ROLES["prod"], "ssm:GetParametersByPath", f"{PARAMETERS}/prod/"),
     "apply-rights", "may not ssm:GetParametersByPath", "under “IAM”"),
    ("a role that writes elsewhere", allowed(
        ROLES["dev"], "ssm:PutParameter", f"{PARAMETERS}/prod/x-doctor-x/current"),
     "apply-rights", "which is another environment's", "under “IAM”"),
    ("a role that writes one model's elsewhere", allowed(
        ROLES["dev"], "ssm:PutParameter", f"{PARAMETERS}/prod/churn/current"),
     "apply-rights", f"{PARAMETERS}/prod/churn/current, which is another", "under “IAM”"),
    ("a training role that approves its own model", allowed(
        TRAINING, UPDATE, "arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/7"),
     "creator-rights", "may set their approval itself", "Deny sagemaker:UpdateModelPackage"),
    ("a training role that approves", allowed(TRAINING, UPDATE, PACKAGE),
     "creator-rights", "may set their approval itself", "Deny sagemaker:UpdateModelPackage"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("plant", "check", "message", "remedy"),
    [pytest.param(*rest, id=name) for name, *rest in PROBLEMS],
)
def test_a_broken_setup_is_a_problem_with_its_remedy(
    plant: Break, check: str, message: str, remedy: str
) -> None:
    """The one check says what is wrong and what to do, and the code is 10."""
    aws = PlantedAws()
    plant(aws)
    diagnosis = diagnose(aws)
    found = told(diagnosis, check, Verdict.PROBLEM)
    assert any(message in each.message and remedy in each.remedy for each in found), found
    assert diagnosis.exit is Exit.FINDINGS


def test_every_check_of_aws_can_fail() -> None:
    """The table breaks each; of the rest there are only warnings, or a test of their own."""
    broken = {check for _, _, check, _, _ in PROBLEMS}
    assert broken == {each.id for each in AWS_CHECKS} - {
        *("parameter-count", "artifact-buckets", "role-trust")
    }


NARROW = {"source": ["aws.sagemaker"], "detail": {"ModelPackageGroupName": [{"prefix": "churn"}]}}

WARNINGS: list[tuple[str, Break, str, str]] = [
    ("many parameters", attribute("parameters", 9_500), "parameter-count", "9500 parameters"),
    ("artifacts without versions", bucket("acme-models", versioned=False),
     "artifact-buckets", "an artifact can be replaced"),
    ("receipts that some can delete",
     bucket("acme-receipts", lock=ObjectLock(mode="GOVERNANCE", days=1)),
     "receipts-bucket", "GOVERNANCE"),
    ("some events only", events(pattern=NARROW), "event-rules", "only some of the events"),
    ("no word of batch inference", lambda aws: setattr(aws, "rules", [replace(
        aws.rules[0],
        pattern={"detail-type": ["SageMaker Model Package State Change"]})]),
     "event-rules", "no rule takes the events of batch inference"),
    ("few deliveries", queue(deliveries=5), "queue", "given up after 5 deliveries"),
    ("a short memory", queue(retention=345_600), "queue", "forgets messages after 96 hours"),
    ("a tight timeout", queue(visibility=120), "queue", "less than 6 times the 60 s"),
    ("a role for people", trust(
        Principal={"AWS": "arn:aws:iam::111122223333:role/on-call"}, Action="sts:AssumeRole"),
     "apply-trust", "without a job of GitHub's: arn:aws:iam::111122223333:role/on-call"),
    ("a service", trust(Principal={"Service": "lambda.amazonaws.com"}, Action="sts:AssumeRole"),
     "apply-trust", "without a job of GitHub's: lambda.amazonaws.com"),
    ("no word of monitoring", events(pattern={"detail-type": [
        "SageMaker Model Package State Change", "SageMaker Transform Job State Change"]}),
     "event-rules", "no rule takes the events of monitoring"),
    ("a role that may not read evidence", forbidden(ROLES["prod"], "s3:GetObject", EVIDENCE),
     "apply-rights", f"may not s3:GetObject on {EVIDENCE} by its own policies"),
    ("a role that may not read versions", forbidden(
        ROLES["prod"], "s3:GetObjectVersion", EVIDENCE),
     "apply-rights", "read again unless the bucket's policy lets it"),
    ("a role that may not keep receipts", forbidden(
        ROLES["prod"], "s3:PutObject", "arn:aws:s3:::acme-receipts/prod/x-doctor-x"),
     "apply-rights", "so no copy of a receipt is kept there unless"),
    ("no group", attribute("policies", {}), "group-policies", "no model package group yet"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("plant", "check", "message"), [pytest.param(*rest, id=name) for name, *rest in WARNINGS]
)
def test_what_breaks_no_promise_is_a_warning(plant: Break, check: str, message: str) -> None:
    """It has a remedy, too, and the code stays 0."""
    aws = PlantedAws()
    plant(aws)
    diagnosis = diagnose(aws)
    assert any(message in each.message for each in told(diagnosis, check, Verdict.WARNING))
    assert all(each.remedy for each in diagnosis.findings if each.verdict is Verdict.WARNING)
    assert diagnosis.exit is Exit.OK


UNREAD: dict[str, set[str]] = {
    "account": {"credentials"},
    "groups": {"group-policies"},
    "group_policy": {"group-policies"},
    "newest_version": {"artifact-buckets"},
    "parameter_count": {"parameter-count"},
    "key": {"keys"},
    "event_rules": {"event-rules", "queue"},
    "queue": {"queue"},
    "consumers": {"function"},
    "oidc_providers": {"oidc-provider"},
    "role": {"apply-trust", "creator-rights"},
    "may": {"apply-rights", "creator-rights"},
}


@pytest.mark.parametrize("what", UNREAD)
def test_what_cannot_be_read_is_neither_well_nor_wrong(what: str) -> None:
    """It says why, and which permission is missing; the code is 1."""
    diagnosis = diagnose(PlantedAws(unreadable={what}))
    unread = {check for check, verdict in amiss(diagnosis) if verdict == "unknown"}
    assert unread == UNREAD[what]
    assert not [each for each in diagnosis.findings if each.verdict is Verdict.PROBLEM]
    for each in diagnosis.findings:
        if each.verdict is Verdict.UNKNOWN:
            assert f"access denied to {what}" in each.message
            assert each.remedy
    assert diagnosis.exit is Exit.BROKEN


@pytest.mark.parametrize("part", ["versioned", "closed", "lock", "key"])
def test_a_part_of_a_bucket_that_is_not_shown_is_unknown(part: str) -> None:
    """The others are judged all the same."""
    aws = PlantedAws()
    hidden = Unread(why="access denied", needs="Allow it.")
    bucket("acme-receipts", **{part: hidden})(aws)
    check = "keys" if part == "key" else "receipts-bucket"
    assert amiss(diagnose(aws)) == {(check, "unknown")}


def test_buckets_that_are_not_configured_are_not_asked_for() -> None:
    """Without a bucket there is none to be judged."""
    found = {each.check for each in diagnose(PlantedAws(), config=PLAIN).findings}
    assert found & {"evidence-bucket", "receipts-bucket", "keys"} == set()


def test_the_queue_is_found_by_where_the_rules_lead() -> None:
    """Unless it is named, or the rules lead to several or none: then nobody knows which it is."""
    aws = PlantedAws()
    assert amiss(diagnose(aws, queue="assent")) == set()
    aws.rules = [replace(aws.rules[0], targets=(QUEUE, DEAD))]
    diagnosis = diagnose(aws)
    assert amiss(diagnosis) == {("queue", "unknown")}
    (unknown,) = told(diagnosis, "queue", Verdict.UNKNOWN)
    assert "several queues" in unknown.message
    assert "--queue" in unknown.remedy
    assert amiss(diagnose(aws, queue="assent")) == set()
    aws.rules = [replace(aws.rules[0], targets=("arn:aws:lambda:eu-west-1:1:function:x",))]
    assert amiss(diagnose(aws)) == {("queue", "unknown")}
    assert ("event-rules", "problem") in amiss(diagnose(aws, queue="assent"))


@pytest.mark.parametrize(
    ("subject", "known", "means"),
    [
        (PROD, None, True),
        (PROD, (123, 456), True),
        ("repo:acme@123/model-promotions@456:environment:prod", (123, 456), True),
        ("repo:acme@123/model-promotions@456:environment:prod", None, True),
        ("repo:acme@999/model-promotions@456:environment:prod", (123, 456), False),
        ("repo:acme@123/model-promotions@999:environment:prod", (123, 456), False),
        ("repo:acme@123/model-promotions:environment:prod", (123, 456), False),
        ("repo:acme@*/model-promotions@*:environment:prod", None, False),
        ("repo:acme/model-promotions:environment:prod2", None, False),
        ("repo:acme/model-promotions:environment:*", None, False),
        ("repo:Acme/model-promotions:environment:prod", None, False),
        (f"x{PROD}", None, False),
        (f"{PROD}\n", None, False),
    ],
)
def test_both_forms_of_a_subject_are_known(
    subject: str, known: tuple[int, int] | None, *, means: bool
) -> None:
    """The old form, and the one with the numbers of owner and repository, each to the letter."""
    meant = Subject(repository="acme/model-promotions", environment="prod", ids=known)
    assert meant.is_meant(subject) is means


def test_the_roles_and_the_numbers_come_from_github() -> None:
    """With both halves nothing has to be named, and a subject of a reborn repository is seen."""
    aws = PlantedAws()
    accounts = AwsAccounts(central=aws, of=lambda _: aws, registry=registered(ANA))
    setup = Setup(config=CONFIG, aws=accounts, github=PlantedGitHub())
    assert amiss(doctor(setup, CONFIG.environments)) == set()
    condition("StringEquals", "repo:acme@123/model-promotions@999:environment:prod")(aws)
    assert amiss(doctor(setup, CONFIG.environments)) == {("apply-trust", "problem")}


def test_without_a_role_nothing_is_said_of_it() -> None:
    """Its trust and its rights are unknown, and the remedy is to name it."""
    diagnosis = diagnose(PlantedAws(), "prod", roles={})
    assert amiss(diagnosis) == {("apply-trust", "unknown"), ("apply-rights", "unknown")}
    assert all(
        "--apply-role prod=ARN" in each.remedy
        for each in diagnosis.findings
        if each.verdict is Verdict.UNKNOWN
    )


def test_a_role_of_another_account_is_judged_there() -> None:
    """Only the role that applies may become it; what it may write is simulated for it."""
    own = "arn:aws:iam::444455556666:role/assent-apply"
    prod = replace(PLAIN.environments[-1], account="444455556666", role=own)
    config = replace(PLAIN, environments=(*PLAIN.environments[:-1], prod))
    aws = PlantedAws(whose="444455556666")
    folder = "arn:aws:ssm:eu-west-1:444455556666:parameter/assent/prod"
    aws.allowed |= {
        (own, "ssm:PutParameter", f"{folder}/x-doctor-x/current"),
        (own, "ssm:GetParameters", f"{folder}/x-doctor-x/current"),
        (own, "ssm:GetParametersByPath", folder),
    }
    assumes = {(ROLES["prod"], "sts:AssumeRole", own)}

    def trusted_by(*principals: str) -> Diagnosis:
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": list(principals)},
            "Action": "sts:AssumeRole",
        }
        aws.trusts[own] = {"Statement": [statement]}
        home = PlantedAws(trusts=aws.trusts)
        home.allowed |= assumes
        accounts = AwsAccounts(central=home, of=lambda _: aws, registry=registered(ANA))
        setup = Setup(config=config, aws=accounts, roles=ROLES)
        return doctor(setup, config.select(["prod"]))

    assert amiss(trusted_by(ROLES["prod"])) == set()
    both = trusted_by(ROLES["prod"], TRAINING)
    assert [each.message for each in told(both, "role-trust", Verdict.WARNING)] == [
        f"can become it, besides the role that applies: {TRAINING}"
    ]
    assert told(
        trusted_by(ROLES["prod"], "arn:aws:iam::999999999999:root"), "role-trust", Verdict.PROBLEM
    )
    assert told(trusted_by("arn:aws:iam::111122223333:root"), "role-trust", Verdict.PROBLEM)
    aws.gone = {own}
    assert told(trusted_by(ROLES["prod"]), "role-trust", Verdict.PROBLEM)
    aws.gone = set()
    assert told(trusted_by("*"), "role-trust", Verdict.PROBLEM)
    assumes.clear()
    (refused,) = told(trusted_by(ROLES["prod"]), "apply-rights", Verdict.PROBLEM)
    assert refused.message == f"may not sts:AssumeRole on {own}, so nothing is applied"
    aws.allowed.clear()
    assert len(told(trusted_by(ROLES["prod"]), "apply-rights", Verdict.PROBLEM)) == 4


def test_a_role_of_the_same_account_may_be_assumed_by_its_trust_alone() -> None:
    """There AWS asks for one of both policies, and the simulator is told of one: a warning."""
    reads = "arn:aws:iam::111122223333:role/assent-read"
    dev = replace(PLAIN.environments[0], read_role=reads)
    config = replace(PLAIN, environments=(dev, *PLAIN.environments[1:]))
    aws = PlantedAws()
    (warned,) = told(diagnose(aws, "prod", config=config), "apply-rights", Verdict.WARNING)
    assert warned.about == ROLES["prod"]
    assert f"sts:AssumeRole on {reads}" in warned.message
    assert "so nothing of dev can be read unless the role's trust policy names it" in warned.message
    allowed(ROLES["prod"], "sts:AssumeRole", reads)(aws)
    assert amiss(diagnose(aws, "prod", config=config)) == set()


@pytest.mark.parametrize(
    ("created_by", "verdict", "message"),
    [
        (None, "warning", "names nobody"),
        ("ana", "unknown", "no IAM principal"),
        ("arn:aws:sagemaker:eu-west-1:111122223333:user-profile/d/ana", "unknown", "no IAM"),
        ("arn:aws:iam::999999999999:role/training", "unknown", "in account 999999999999"),
    ],
)
def test_who_registers_models_may_not_be_known(
    created_by: str | None, verdict: str, message: str
) -> None:
    """Then nobody's rights are called well; a role that is named is judged instead."""
    diagnosis = diagnose(PlantedAws(), created_by=created_by)
    assert amiss(diagnosis) == {("creator-rights", verdict)}
    assert any(message in each.message for each in diagnosis.findings)
    aws = PlantedAws()
    assert amiss(diagnose(aws, created_by=created_by, creators=[TRAINING])) == set()
    allowed(TRAINING, UPDATE, PACKAGE)(aws)
    assert amiss(diagnose(aws, created_by=created_by, creators=[TRAINING])) == {
        ("creator-rights", "problem")
    }


def test_the_simulator_is_told_what_is_asked() -> None:
    """A policy may deny approvals alone, so the simulator hears that one is meant."""
    aws = PlantedAws()
    diagnose(aws)
    assert {"sagemaker:ModelApprovalStatus": "Approved"} in aws.contexts


def test_roles_that_may_write_are_no_strangers_to_a_group() -> None:
    """The role that applies, those of `registry.writers`, and the account itself."""
    for who in (ROLES["prod"], "arn:aws:iam::111122223333:root", "111122223333", TRAINING):
        aws = PlantedAws()
        group(Principal={"AWS": who}, Action=UPDATE, Resource="*")(aws)
        config = replace(CONFIG, writers=("arn:aws:iam::111122223333:role/train*",))
        assert amiss(diagnose(aws, config=config)) == set(), who


def test_groups_of_another_repository_are_left_to_it() -> None:
    """A group's policy is judged where `registry.groups` matches the group."""
    aws = PlantedAws()
    group(Principal={"AWS": "999999999999"}, Action=UPDATE, Resource="*")(aws)
    aws.policies["risk"] = None
    for glob, wrong in (("risk*", False), ("churn", True)):
        config = replace(CONFIG, registry=replace(CONFIG.registry, groups=(glob,)))
        checks = {check for check, _ in amiss(diagnose(aws, config=config))}
        assert ("group-policies" in checks) is wrong, glob


def test_a_policy_that_only_reads_is_well() -> None:
    """Other accounts read the packages of a central registry."""
    aws = PlantedAws()
    reads = ["sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"]
    group(Principal={"AWS": "999999999999"}, Action=reads, Resource="*")(aws)
    assert amiss(diagnose(aws)) == set()
    denied = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
    aws.policies = {"churn": {"Statement": denied}}
    assert amiss(diagnose(aws)) == set()


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"source": ["aws.sagemaker"]}, True),
        ({"source": [{"prefix": "aws."}]}, True),
        ({"detail-type": [{"suffix": "State Change"}]}, True),
        ({"detail-type": [{"anything-but": "x"}]}, False),
        ({"source": ["aws.s3", "aws.sagemaker"], "detail-type": ["Other"]}, False),
        ({"source": "aws.sagemaker"}, False),
        ({}, False),
    ],
)
def test_a_pattern_is_read_with_suspicion(pattern: dict[str, Any], *, expected: bool) -> None:
    """What is not understood takes nothing, so that no rule is called enough without being it."""
    says = {"source": "aws.sagemaker", "detail-type": "SageMaker Model Package State Change"}
    assert takes(pattern, says) is expected


def test_a_timeout_that_is_not_shown_is_unknown() -> None:
    """The queue's own cannot be held against it."""
    hidden = Unread(why="access denied", needs="Allow it.")
    aws = PlantedAws()
    aws.functions = [
        Consumer(function="propose", enabled=True, reports_failures=True, timeout=hidden)
    ]
    assert amiss(diagnose(aws)) == {("queue", "unknown")}


def test_a_rule_beside_a_disabled_one_is_enough() -> None:
    """Of several rules that take the events, one that runs and leads on is enough."""
    aws = PlantedAws()
    aws.rules = [replace(aws.rules[0], name="old", enabled=False), *aws.rules]
    assert amiss(diagnose(aws)) == set()
    aws.rules = [EventRule(name="all", enabled=True, pattern=NARROW, targets=()), aws.rules[1]]
    assert amiss(diagnose(aws)) == set()
