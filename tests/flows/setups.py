"""A set-up as Assent asks for, behind the ports of `doctor`, for tests to break one thing of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

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
from assent.core.doctor.branch import CHECK_JOB, GITHUB_ACTIONS
from assent.core.doctor.github_facts import (
    ActionsPolicy,
    AppInstallation,
    Bypass,
    CodeownersError,
    CodeownersFile,
    DeploymentBranch,
    GitHubEnvironment,
    OidcSubject,
    RepositorySettings,
    RequiredCheck,
    RuleSource,
    TeamSettings,
    WorkflowToken,
)
from assent.core.errors import AssentError

__all__ = ["APP", "LADDER", "ROLES", "PlantedAws", "PlantedGitHub", "Refused"]

LADDER = ("dev", "test", "uat", "prod")
APP = Bypass(kind="Integration", id=7, name="App 7")
ROLES = {name: f"arn:aws:iam::111122223333:role/assent-apply-{name}" for name in LADDER}
ISSUER = "token.actions.githubusercontent.com"
QUEUE = "arn:aws:sqs:eu-west-1:111122223333:assent"
DEAD = f"{QUEUE}-dead-letters"
PARAMETERS = "arn:aws:ssm:eu-west-1:111122223333:parameter/assent"
PACKAGE = "arn:aws:sagemaker:eu-west-1:111122223333:model-package/x-doctor-x/1"
EVIDENCE = "arn:aws:s3:::acme-evidence/sha256/x-doctor-x"

SETTINGS = RepositorySettings(id=456, owner_id=123, default_branch="main", allows_rebase=False)
INSTALLED = AppInstallation(
    app=7,
    slug="assent",
    permissions={
        "contents": "write",
        "deployments": "write",
        "issues": "write",
        "members": "read",
        "metadata": "read",
        "pull_requests": "write",
    },
    suspended=False,
)
TOKEN = WorkflowToken(default="read", may_approve=False)
POLICY = ActionsPolicy(enabled=True, allowed="selected", pinned=True)
SUBJECT = OidcSubject(default=True)


class Refused(AssentError):
    """What a service says that does not let one look."""


class _Planted:
    """Methods whose names are planted as unreadable raise."""

    unreadable: set[str]

    def _look(self, what: str) -> None:
        if what in self.unreadable:
            raise Refused(f"access denied to {what}")


@dataclass
class PlantedGitHub(_Planted):
    """The settings of a repository; every field may be set to something else."""

    main: list[RuleSource] = field(
        default_factory=lambda: [
            RuleSource(
                name="ruleset main",
                pull_request=True,
                approvals=1,
                code_owners=True,
                dismisses_stale=True,
                last_push=True,
                checks=(RequiredCheck(context=CHECK_JOB, app=GITHUB_ACTIONS),),
                no_force_push=True,
                no_deletion=True,
            )
        ]
    )
    proposals: list[RuleSource] = field(
        default_factory=lambda: [
            RuleSource(name="ruleset promotions", no_creation=True, bypass=(APP,))
        ]
    )
    receipts: list[RuleSource] = field(
        default_factory=lambda: [
            RuleSource(name="ruleset receipts", no_creation=True, no_update=True, bypass=(APP,)),
            RuleSource(name="ruleset append-only", no_force_push=True, no_deletion=True),
        ]
    )
    classic: RuleSource | None = None
    """Of main."""
    settings: RepositorySettings = SETTINGS
    owners: str | None = "* @acme/platform\n" + "".join(
        f"/promotions/{name}/ @acme/approvers\n" for name in LADDER
    )
    errors: list[CodeownersError] = field(default_factory=list)
    writers: set[str] = field(default_factory=set)
    teams: dict[str, TeamSettings] = field(
        default_factory=lambda: {
            name: TeamSettings(visible=True, writes=True, members=3, synchronised=True)
            for name in ("acme/platform", "acme/approvers")
        }
    )
    token: WorkflowToken = TOKEN
    policy: ActionsPolicy = POLICY
    subject: OidcSubject = SUBJECT
    app: AppInstallation = INSTALLED
    environments: dict[str, GitHubEnvironment] = field(
        default_factory=lambda: {
            name: GitHubEnvironment(
                name=name,
                waits_for=(),
                only="custom",
                branches=(DeploymentBranch(pattern="main"),),
                variables={"ASSENT_APPLY_ROLE": ROLES[name]},
                secrets=frozenset({"ASSENT_APP_PRIVATE_KEY"}),
            )
            for name in LADDER
        }
    )
    switch: str | None = "7"
    unreadable: set[str] = field(default_factory=set)

    def rule(self, **changes: object) -> None:
        """Change main's one ruleset."""
        self.main = [replace(self.main[0], **changes)]  # type: ignore[arg-type]

    def repository(self) -> RepositorySettings:
        """See `ports.settings`."""
        self._look("repository")
        return self.settings

    def rulesets(self, branch: str, /) -> Sequence[RuleSource]:
        """See `ports.settings`."""
        self._look("rulesets")
        if branch == "main":
            return self.main
        return self.receipts if branch == "receipts" else self.proposals

    def protection(self, branch: str, /) -> RuleSource | None:
        """See `ports.settings`."""
        self._look("protection")
        return self.classic if branch == "main" else None

    def codeowners(self) -> CodeownersFile | None:
        """See `ports.settings`."""
        self._look("codeowners")
        if self.owners is None:
            return None
        return CodeownersFile(path=".github/CODEOWNERS", content=self.owners.encode())

    def codeowners_errors(self) -> Sequence[CodeownersError]:
        """See `ports.settings`."""
        self._look("codeowners_errors")
        return self.errors

    def may_write(self, login: str, /) -> bool:
        """See `ports.settings`."""
        self._look("may_write")
        return login in self.writers

    def team(self, name: str, /) -> TeamSettings | None:
        """See `ports.settings`."""
        self._look("team")
        return self.teams.get(name)

    def workflow_token(self) -> WorkflowToken:
        """See `ports.settings`."""
        self._look("workflow_token")
        return self.token

    def actions_policy(self) -> ActionsPolicy:
        """See `ports.settings`."""
        self._look("actions_policy")
        return self.policy

    def oidc_subject(self) -> OidcSubject:
        """See `ports.settings`."""
        self._look("oidc_subject")
        return self.subject

    def installation(self) -> AppInstallation:
        """See `ports.settings`."""
        self._look("installation")
        return self.app

    def environment(self, name: str, /) -> GitHubEnvironment | None:
        """See `ports.settings`."""
        self._look("environment")
        return self.environments.get(name)

    def variable(self, name: str, /) -> str | None:
        """See `ports.settings`."""
        self._look("variable")
        assert name == "ASSENT_APP_ID"
        return self.switch


def _trust(environment: str) -> Policy:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": f"arn:aws:iam::111122223333:oidc-provider/{ISSUER}"},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {
                        f"{ISSUER}:aud": "sts.amazonaws.com",
                        f"{ISSUER}:sub": f"repo:acme/model-promotions:environment:{environment}",
                    }
                },
            }
        ],
    }


BUCKET = BucketSettings(
    versioned=True,
    closed=True,
    lock=ObjectLock(mode="COMPLIANCE", days=3650),
    key="arn:aws:kms:eu-west-1:111122223333:key/1",
)


@dataclass
class PlantedAws(_Planted):
    """The settings of every account at once; every field may be set to something else."""

    whose: str = "111122223333"
    policies: dict[str, Policy | None] = field(default_factory=lambda: {"churn": None})
    parameters: int = 40
    buckets: dict[str, BucketSettings] = field(default_factory=dict)
    key_state: str = "Enabled"
    rules: list[EventRule] = field(
        default_factory=lambda: [
            EventRule(
                name="assent-sagemaker",
                enabled=True,
                pattern={
                    "source": ["aws.sagemaker"],
                    "detail-type": [
                        "SageMaker Model Package State Change",
                        "SageMaker Transform Job State Change",
                        "SageMaker Processing Job State Change",
                    ],
                },
                targets=(QUEUE,),
            )
        ]
    )
    queues: dict[str, QueueSettings] = field(
        default_factory=lambda: {
            QUEUE: QueueSettings(
                arn=QUEUE,
                messages=3,
                visibility=360,
                retention=14 * 24 * 3600,
                dead_letters=DEAD,
                deliveries=100,
            ),
            DEAD: QueueSettings(
                arn=DEAD,
                messages=0,
                visibility=30,
                retention=14 * 24 * 3600,
                dead_letters=None,
                deliveries=0,
            ),
        }
    )
    functions: list[Consumer] = field(
        default_factory=lambda: [
            Consumer(function="propose", enabled=True, reports_failures=True, timeout=60)
        ]
    )
    providers: dict[str, Sequence[str]] = field(
        default_factory=lambda: {ISSUER: ["sts.amazonaws.com"]}
    )
    trusts: dict[str, Policy] = field(
        default_factory=lambda: {role: _trust(name) for name, role in ROLES.items()}
    )
    allowed: set[tuple[str, str, str]] = field(
        default_factory=lambda: {
            right
            for name, role in ROLES.items()
            for right in (
                (role, "ssm:PutParameter", f"{PARAMETERS}/{name}/x-doctor-x/current"),
                (role, "ssm:GetParameters", f"{PARAMETERS}/{name}/x-doctor-x/current"),
                (role, "ssm:GetParametersByPath", f"{PARAMETERS}/{name}/"),
                (role, "sagemaker:UpdateModelPackage", PACKAGE),
                (role, "sagemaker:DescribeModelPackage", PACKAGE),
                (role, "sagemaker:Search", "*"),
                (role, "s3:GetObject", EVIDENCE),
                (role, "s3:GetObjectVersion", EVIDENCE),
                (role, "s3:PutObject", f"arn:aws:s3:::acme-receipts/{name}/x-doctor-x"),
            )
        }
    )
    """Principal, action and resource."""
    gone: set[str] = field(default_factory=set)
    """Roles that do not exist."""
    contexts: list[Mapping[str, str]] = field(default_factory=list)
    """What the simulator was told besides."""
    unreadable: set[str] = field(default_factory=set)

    def queue_is(self, **changes: object) -> None:
        """Change the queue."""
        self.queues[QUEUE] = replace(self.queues[QUEUE], **changes)  # type: ignore[arg-type]

    def account(self) -> str:
        """See `ports.settings`."""
        self._look("account")
        return self.whose

    def groups(self) -> Sequence[str]:
        """See `ports.settings`."""
        self._look("groups")
        return list(self.policies)

    def newest_version(self, group: str, /) -> str | None:
        """See `ports.settings`."""
        self._look("newest_version")
        return f"arn:aws:sagemaker:eu-west-1:111122223333:model-package/{group}/7"

    def group_policy(self, group: str, /) -> Policy | None:
        """See `ports.settings`."""
        self._look("group_policy")
        return self.policies[group]

    def parameter_count(self) -> int:
        """See `ports.settings`."""
        self._look("parameter_count")
        return self.parameters

    def bucket(self, name: str, /) -> BucketSettings:
        """See `ports.settings`."""
        return self.buckets.get(name, BUCKET)

    def key(self, name: str, /) -> KeySettings:
        """See `ports.settings`."""
        self._look("key")
        return KeySettings(arn=name, state=self.key_state)

    def event_rules(self, bus: str, /) -> Sequence[EventRule]:
        """See `ports.settings`."""
        self._look("event_rules")
        assert bus == "default"
        return self.rules

    def queue(self, name: str, /) -> QueueSettings | None:
        """See `ports.settings`."""
        self._look("queue")
        for arn, found in self.queues.items():
            if name in {arn, arn.rpartition(":")[2]}:
                return found
        return None

    def consumers(self, queue: str, /) -> Sequence[Consumer]:
        """See `ports.settings`."""
        self._look("consumers")
        return self.functions if queue == QUEUE else []

    def oidc_providers(self) -> Mapping[str, Sequence[str]]:
        """See `ports.settings`."""
        self._look("oidc_providers")
        return self.providers

    def role(self, name: str, /) -> tuple[str, Policy] | None:
        """See `ports.settings`."""
        self._look("role")
        arn = name if name.startswith("arn:") else f"arn:aws:iam::111122223333:role/{name}"
        if arn in self.gone:
            return None
        return arn, self.trusts.get(arn, {})

    def may(self, principal: str, right: Right, /) -> bool:
        """See `ports.settings`."""
        self._look("may")
        self.contexts.append(right.context)
        return any((principal, right.action, each) in self.allowed for each in right.resources)
