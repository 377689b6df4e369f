"""AWS's half of `doctor`: reads each setting once, and has it judged."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from assent.core.config import Config, Environment
from assent.core.doctor.aws_facts import (
    EventRule,
    KeySettings,
    Policy,
    QueueSettings,
    Right,
)
from assent.core.doctor.buckets import (
    judge_artifacts,
    judge_evidence,
    judge_key,
    judge_receipts_bucket,
)
from assent.core.doctor.finding import Finding, Read, Unread
from assent.core.doctor.intake import (
    RAN,
    REGISTERED,
    WATCHED,
    judge_consumers,
    judge_dead_letters,
    judge_queue,
    judge_rules,
    leading_to,
)
from assent.core.doctor.needs import (
    PROBE,
    WRITE,
    needs_of_applying,
    needs_of_writing,
    parameter_arn,
)
from assent.core.doctor.registry import UPDATE, judge_account, judge_groups, judge_parameters
from assent.core.doctor.rights import (
    judge_creator,
    judge_elsewhere,
    judge_nobody,
    judge_own,
)
from assent.core.doctor.trust import Subject, judge_provider, judge_role, judge_trust
from assent.core.names import parse_package_arn, partition_of
from assent.core.package import ModelVersion
from assent.flows.read_settings import read
from assent.ports import Registry
from assent.ports.settings import AwsSettings

__all__ = ["AwsSetup", "examine_aws"]

MOST_GROUPS = 50
"""Groups whose policy and newest version are read, the newest groups first."""
_MOST_SIMULATED = 10
"""Models, or versions, for which the simulator is asked, besides the probe."""
_APPROVING = {"sagemaker:ModelApprovalStatus": "Approved"}
_ASSUMED = re.compile(
    r"arn:aws[a-z-]*:sts::(?P<account>[0-9]{12}):assumed-role/(?P<role>[\w+=,.@-]+)/.+", re.ASCII
)
_PRINCIPAL = re.compile(r"arn:aws[a-z-]*:iam::(?P<account>[0-9]{12}):(?:role|user)/.+", re.ASCII)
_BUCKET = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsSetup:
    """What is examined."""

    config: Config
    central: AwsSettings
    """The registry's account, as the ambient credentials see it."""
    of: Callable[[Environment], AwsSettings]
    """An environment's account, as its own role sees it."""
    registry: Registry
    queue: str | None
    """The queue's name; None for the one that the rules lead to."""
    roles: Mapping[str, Read[str]]
    """The role in ASSENT_APPLY_ROLE, by environment."""
    creators: Sequence[str]
    """The principals that register models; none for those whom the newest versions name."""
    ids: tuple[int, int] | None
    """The numbers of the repository's owner and of the repository; None where not read."""
    issuer: str
    """Who signs the OIDC tokens of workflows, without https."""


def examine_aws(
    setup: AwsSetup, environments: Sequence[Environment], emit: Callable[[Finding], object]
) -> None:
    """Examine the accounts.

    Args:
        setup: What is examined.
        environments: Those to look at.
        emit: Told each finding.
    """
    for part in (
        _accounts(setup, environments),
        _registry(setup, environments),
        _buckets(setup),
        _intake(setup, environments),
        _trust(setup, environments),
        _rights(setup, environments),
    ):
        for finding in part:
            emit(finding)


def _allow(action: str, where: str) -> str:
    return f"Allow {action} in {where}."


def _accounts(setup: AwsSetup, environments: Sequence[Environment]) -> Iterator[Finding]:
    account = setup.config.registry.account
    sign_in = "Sign in to AWS."
    yield from judge_account(
        read(setup.central.account, sign_in), about="registry", expected=account
    )
    for each in environments:
        settings = setup.of(each)
        yield from judge_account(
            read(settings.account, sign_in), about=each.name, expected=each.account
        )
        yield from judge_parameters(
            read(settings.parameter_count, _allow("ssm:DescribeParameters", each.account)),
            f"{each.account} {each.region}",
        )


def _registry(setup: AwsSetup, environments: Sequence[Environment]) -> Iterator[Finding]:
    account = setup.config.registry.account
    settings = setup.central
    groups = read(settings.groups, _allow("sagemaker:ListModelPackageGroups", account))
    if isinstance(groups, Unread):
        yield from judge_groups(groups, registry=account, writers=())
        return
    chosen = [each for each in groups if setup.config.registry.covers(each)][:MOST_GROUPS]
    policies = {
        group: read(
            partial(settings.group_policy, group),
            _allow("sagemaker:GetModelPackageGroupPolicy", account),
        )
        for group in chosen
    }
    roles = [setup.roles.get(each.name) for each in environments]
    known = [role for role in roles if isinstance(role, str)]
    yield from judge_groups(policies, registry=account, writers=[*setup.config.writers, *known])
    described = [_newest(setup, group) for group in chosen]
    yield from _artifacts(setup, described)
    yield from _creators(setup, described)


def _newest(setup: AwsSetup, group: str) -> Read[ModelVersion | None]:
    def ask() -> ModelVersion | None:
        arn = setup.central.newest_version(group)
        return None if arn is None else setup.registry.describe(parse_package_arn(arn))

    where = setup.config.registry.account
    return read(
        ask, _allow("sagemaker:ListModelPackages and sagemaker:DescribeModelPackage", where)
    )


def _artifacts(
    setup: AwsSetup, described: Sequence[Read[ModelVersion | None]]
) -> Iterator[Finding]:
    for unread in (each for each in described if isinstance(each, Unread)):
        yield from judge_artifacts(unread, "newest versions")
        break
    found = {
        match["bucket"]
        for each in described
        if isinstance(each, ModelVersion)
        for container in each.package.containers
        if container.artifact is not None
        if (match := _BUCKET.match(container.artifact.uri))
    }
    for bucket in sorted(found):
        yield from judge_artifacts(setup.central.bucket(bucket).versioned, bucket)


def _creators(setup: AwsSetup, described: Sequence[Read[ModelVersion | None]]) -> Iterator[Finding]:
    versions = [each for each in described if isinstance(each, ModelVersion)]
    creators = set(setup.creators) or {each.package.created_by for each in versions} - {None}
    if not creators:
        yield judge_nobody(setup.config.registry.account)
    for creator in sorted(filter(None, creators)):
        yield from judge_creator(_may_approve(setup, creator, versions), creator)


def _may_approve(setup: AwsSetup, creator: str, versions: Sequence[ModelVersion]) -> Read[bool]:
    """Whether a principal may approve any of the newest versions, or one of another model."""
    account = setup.config.registry.account
    assumed, principal = _ASSUMED.fullmatch(creator), _PRINCIPAL.fullmatch(creator)
    found = assumed or principal
    if found is None:
        return Unread(
            why="it is no IAM principal, so that nobody knows what it acts with",
            needs="Name the roles that register models: --creator.",
        )
    if found["account"] != account:
        return Unread(
            why=f"it is in account {found['account']}",
            needs=f"Simulate {UPDATE} for it there, and look at the policies of the groups.",
        )

    def ask() -> bool:
        source = creator
        if assumed:
            role = setup.central.role(assumed["role"])
            if role is None:
                return False  # who no longer exists may do nothing
            source = role[0]
        # A policy may allow it for some models alone, so that the probe's answer is not enough.
        arns = [each.arn.text for each in versions[:_MOST_SIMULATED]]
        return any(
            setup.central.may(
                source, Right(action=UPDATE, resources=[resource], context=_APPROVING)
            )
            for resource in [setup.config.registry.package_arn(PROBE, 1), *arns]
        )

    return read(ask, _allow("iam:SimulatePrincipalPolicy and iam:GetRole", account))


def _buckets(setup: AwsSetup) -> Iterator[Finding]:
    config = setup.config
    for name, judge in (
        (config.evidence_bucket, judge_evidence),
        (config.receipts.bucket, judge_receipts_bucket),
    ):
        if name is not None:
            bucket = setup.central.bucket(name)
            yield from judge(bucket, name)
            yield from judge_key(_key(setup, bucket.key), name)


def _key(setup: AwsSetup, name: Read[str | None]) -> Read[KeySettings | None]:
    if isinstance(name, Unread) or name is None:
        return name
    return read(lambda: setup.central.key(name), f"Allow kms:DescribeKey on {name}.")


def _intake(setup: AwsSetup, environments: Sequence[Environment]) -> Iterator[Finding]:
    config = setup.config
    account = config.registry.account
    allowed = _allow("events:ListRules and events:ListTargetsByRule", account)
    rules = read(lambda: setup.central.event_rules("default"), allowed)
    queue = _queue_named(setup, rules)
    home = [] if isinstance(queue, Unread) else [queue]
    yield from judge_rules(
        rules,
        REGISTERED,
        about=f"default bus of {account}",
        goals=[_arn(setup, each) for each in home],
    )
    yield from _elsewhere(setup, environments, rules)
    yield from _queue(setup, queue)


def _queue_named(setup: AwsSetup, rules: Read[Sequence[EventRule]]) -> Read[str]:
    """The queue, by the name that was given, or by where the rules lead."""
    if setup.queue is not None:
        return setup.queue
    if isinstance(rules, Unread):
        return rules
    queues = [each for each in leading_to(rules) if each.split(":")[2:3] == ["sqs"]]
    if len(queues) == 1:
        return queues[0]
    why = (
        "rules lead new versions to several queues"
        if queues
        else "no rule leads new versions to a queue"
    )
    return Unread(why=why, needs="Name it: --queue, or ASSENT_QUEUE.")


def _arn(setup: AwsSetup, queue: str) -> str:
    registry = setup.config.registry
    place = f"{partition_of(registry.region)}:sqs:{registry.region}:{registry.account}"
    return queue if queue.startswith("arn:") else f"arn:{place}:{queue}"


def _elsewhere(
    setup: AwsSetup, environments: Sequence[Environment], rules: Read[Sequence[EventRule]]
) -> Iterator[Finding]:
    """Whether the ends of batch inference and of monitoring are led on, wherever those run."""
    config = setup.config
    home = (config.registry.account, config.registry.region)
    seen = set()
    for each in environments:
        place = (each.account, each.region)
        if place in seen:
            continue
        seen.add(place)
        allowed = _allow("events:ListRules and events:ListTargetsByRule", each.account)
        found = (
            rules
            if place == home
            else read(partial(setup.of(each).event_rules, "default"), allowed)
        )
        about = f"default bus of {each.account}, {each.region}"
        for kind in (RAN, WATCHED):
            yield from judge_rules(found, kind, about=about, goals=())


def _queue(setup: AwsSetup, queue: Read[str]) -> Iterator[Finding]:
    account = setup.config.registry.account
    if isinstance(queue, Unread):
        yield from judge_queue(queue, (), "queue")
        return
    read_queue = _allow("sqs:GetQueueUrl and sqs:GetQueueAttributes", account)
    found = read(lambda: setup.central.queue(queue), read_queue)
    arn = _arn(setup, queue)
    functions = _allow("lambda:ListEventSourceMappings", account)
    consumers = read(lambda: setup.central.consumers(arn), functions)
    yield from judge_queue(found, consumers, arn)
    if isinstance(found, QueueSettings) and found.dead_letters is not None:
        dead = found.dead_letters
        yield from judge_dead_letters(read(lambda: setup.central.queue(dead), read_queue), dead)
    yield from judge_consumers(consumers, arn)


def _trust(setup: AwsSetup, environments: Sequence[Environment]) -> Iterator[Finding]:
    account = setup.config.registry.account
    allowed = _allow("iam:ListOpenIDConnectProviders and iam:GetOpenIDConnectProvider", account)
    yield from judge_provider(
        read(setup.central.oidc_providers, allowed), account, issuer=setup.issuer
    )
    for each in environments:
        role = setup.roles[each.name]
        subject = Subject(
            repository=setup.config.repository,
            environment=each.name,
            issuer=setup.issuer,
            ids=setup.ids,
        )
        if isinstance(role, Unread):
            yield from judge_trust(role, "the role that applies", subject)
        else:
            trust = read(partial(_trusted, setup.central, role), _allow("iam:GetRole", account))
            yield from judge_trust(trust, role, subject)
        if each.role is not None:
            own = read(
                partial(_trusted, setup.of(each), each.role),
                _allow("iam:GetRole", each.account),
            )
            yield from judge_role(own, each.role, applies=role)


def _trusted(settings: AwsSettings, role: str) -> Policy | None:
    found = settings.role(role)
    return None if found is None else found[1]


def _rights(setup: AwsSetup, environments: Sequence[Environment]) -> Iterator[Finding]:
    config = setup.config
    listed = read(setup.central.groups, "")
    # As for creators: some models' parameters may be allowed, and the probe's not.
    models = [] if isinstance(listed, Unread) else list(filter(config.registry.covers, listed))
    models = models[:_MOST_SIMULATED]
    for each in environments:
        applies = setup.roles[each.name]
        for need in needs_of_applying(config, each):
            allowed = _may(setup.central, applies, need.action, *need.resources)
            yield from judge_own(allowed, _role_named(applies, each), need)
        writer: Read[str] = applies if each.role is None else each.role
        settings = setup.central if each.role is None else setup.of(each)
        about = _role_named(writer, each)
        for need in needs_of_writing(config, each):
            allowed = _may(settings, writer, need.action, *need.resources)
            yield from judge_own(allowed, about, need)
        for other in config.environments:
            if other.name != each.name and other.account == each.account:
                yield from _kept_out(
                    settings,
                    writer,
                    about,
                    [parameter_arn(config, other, model) for model in (*models, PROBE)],
                )


def _kept_out(
    settings: AwsSettings, writer: Read[str], about: str, parameters: Sequence[str]
) -> Iterator[Finding]:
    """Judge whether a role may write any of another environment's parameters."""
    found = {each: _may(settings, writer, WRITE, each) for each in parameters}
    # The gravest first: one that may be written, then one of which nobody knows.
    worst = max(found, key=lambda each: (found[each] is True, isinstance(found[each], Unread)))
    yield from judge_elsewhere(found[worst], about, WRITE, worst)


def _role_named(role: Read[str], environment: Environment) -> str:
    return f"the role of {environment.name}" if isinstance(role, Unread) else role


def _may(settings: AwsSettings, role: Read[str], action: str, *resources: str) -> Read[bool]:
    """Whether a role may do something on any of some resources."""
    if isinstance(role, Unread):
        return role
    right = Right(action=action, resources=resources, context={})
    return read(lambda: settings.may(role, right), f"Allow iam:SimulatePrincipalPolicy on {role}.")
