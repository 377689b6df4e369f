"""What `doctor` reads of the set-up. Everything here reads; nothing writes.

Each method raises AssentError where it could not read, which is neither a yes nor a no.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from assent.core.doctor.aws_facts import (
    BucketSettings,
    Consumer,
    EventRule,
    KeySettings,
    Policy,
    QueueSettings,
    Right,
)
from assent.core.doctor.github_facts import (
    ActionsPolicy,
    AppInstallation,
    CodeownersError,
    CodeownersFile,
    GitHubEnvironment,
    OidcSubject,
    RepositorySettings,
    RuleSource,
    TeamSettings,
    WorkflowToken,
)

__all__ = ["AwsSettings", "GitHubSettings"]


class GitHubSettings(Protocol):
    """The settings of the promotion repository and of its organization."""

    def repository(self) -> RepositorySettings:
        """The repository's own."""
        ...

    def rulesets(self, branch: str, /) -> Sequence[RuleSource]:
        """The active rulesets that bind a branch, or one of that name if there is none."""
        ...

    def protection(self, branch: str, /) -> RuleSource | None:
        """The classic protection of a branch; None where it has none."""
        ...

    def codeowners(self) -> CodeownersFile | None:
        """The CODEOWNERS that counts on the branch that counts; None where there is none."""
        ...

    def codeowners_errors(self) -> Sequence[CodeownersError]:
        """The lines of it that GitHub does not take."""
        ...

    def may_write(self, login: str, /) -> bool:
        """Whether a person may write to the repository."""
        ...

    def team(self, name: str, /) -> TeamSettings | None:
        """A team, `organization/slug`; None where there surely is none."""
        ...

    def workflow_token(self) -> WorkflowToken:
        """What workflows may do."""
        ...

    def actions_policy(self) -> ActionsPolicy:
        """Which actions may run."""
        ...

    def oidc_subject(self) -> OidcSubject:
        """How a job's OIDC subject is put together."""
        ...

    def installation(self) -> AppInstallation:
        """The App as it is installed on the repository."""
        ...

    def environment(self, name: str, /) -> GitHubEnvironment | None:
        """An environment of the repository; None where there is none."""
        ...

    def variable(self, name: str, /) -> str | None:
        """A variable of the repository, or of its organization; None where neither has it."""
        ...


class AwsSettings(Protocol):
    """One account and region, as one set of credentials sees it."""

    def account(self) -> str:
        """Whose credentials they are."""
        ...

    def groups(self) -> Sequence[str]:
        """The model package groups, newest first."""
        ...

    def newest_version(self, group: str, /) -> str | None:
        """The ARN of a group's newest version; None for an empty group."""
        ...

    def group_policy(self, group: str, /) -> Policy | None:
        """The policy of a model package group; None for one without."""
        ...

    def parameter_count(self) -> int:
        """How many parameters the account has in the region, whosever they are."""
        ...

    def bucket(self, name: str, /) -> BucketSettings:
        """An S3 bucket."""
        ...

    def key(self, name: str, /) -> KeySettings:
        """A KMS key, by id, alias or ARN."""
        ...

    def event_rules(self, bus: str, /) -> Sequence[EventRule]:
        """The rules of an event bus, by its name or ARN."""
        ...

    def queue(self, name: str, /) -> QueueSettings | None:
        """An SQS queue, by its name or ARN; None where there is none."""
        ...

    def consumers(self, queue: str, /) -> Sequence[Consumer]:
        """The functions that a queue feeds, by its ARN."""
        ...

    def oidc_providers(self) -> Mapping[str, Sequence[str]]:
        """The audiences of each OIDC provider of the account, by its address without https."""
        ...

    def role(self, name: str, /) -> tuple[str, Policy] | None:
        """A role's ARN and its trust policy, by its name or ARN; None where there is none."""
        ...

    def may(self, principal: str, right: Right, /) -> bool:
        """Whether a principal may do something, by IAM's simulator."""
        ...
