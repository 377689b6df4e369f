"""GitHub's settings, as far as promises rest on them."""

from collections.abc import Mapping
from dataclasses import dataclass

from assent.core.doctor.finding import Read

__all__ = [
    "ActionsPolicy",
    "AppInstallation",
    "BranchRules",
    "Bypass",
    "CodeownersError",
    "CodeownersFile",
    "DeploymentBranch",
    "GitHubEnvironment",
    "OidcSubject",
    "RepositorySettings",
    "RequiredCheck",
    "RuleSource",
    "TeamSettings",
    "WorkflowToken",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bypass:
    """Somebody whom rules do not bind."""

    kind: str
    """`Integration`, `Team`, `RepositoryRole`, `OrganizationAdmin`, ... as GitHub has it."""
    id: int | None
    """An App's, a team's, a role's number; None where GitHub gives none."""
    name: str
    """For people to read."""
    pushes: bool = True
    """Whether by pushing, too, and not by merging a pull request alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredCheck:
    """A status check that has to succeed."""

    context: str
    app: int | None
    """The App that has to report it; None where anybody may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSource:
    """What one ruleset, or the classic protection of a branch, asks for. Several add up."""

    name: str
    pull_request: bool = False
    """Whether changes have to come by pull request."""
    approvals: int = 0
    code_owners: bool = False
    dismisses_stale: bool = False
    last_push: bool = False
    """Whether somebody other than the last pusher has to approve."""
    merge_methods: frozenset[str] | None = None
    """Those it leaves; None where it leaves all."""
    checks: tuple[RequiredCheck, ...] = ()
    strict: bool = False
    """Whether the branch has to be up to date before merging."""
    no_force_push: bool = False
    no_deletion: bool = False
    no_creation: bool = False
    no_update: bool = False
    bypass: Read[tuple[Bypass, ...]] = ()
    """Who is bound by none of it."""
    update_bypass: tuple[Bypass, ...] = ()
    """Who may create the branch and write to it, besides."""
    review_bypass: tuple[Bypass, ...] = ()
    """Who may go past the pull request and its reviews, besides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchRules:
    """Everything that binds a branch, or one of such a name."""

    branch: str
    rulesets: Read[tuple[RuleSource, ...]]
    protection: Read[RuleSource | None] = None
    """The classic one; None where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositorySettings:
    """The repository's own settings."""

    id: int
    owner_id: int
    default_branch: str
    allows_rebase: bool | None
    """None where GitHub does not show it to whoever asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeownersFile:
    """The CODEOWNERS that counts."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeownersError:
    """A line that GitHub does not take."""

    line: int
    kind: str
    suggestion: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamSettings:
    """A team that owns paths."""

    visible: bool
    """A secret team owns nothing, whatever CODEOWNERS says."""
    writes: bool
    """Whether the team itself has write access to the repository."""
    members: int
    synchronised: bool
    """Whether an identity provider says who is in it, as far as GitHub shows that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowToken:
    """What the token of a workflow's job is by default."""

    default: str
    """`read` or `write`."""
    may_approve: bool
    """Whether workflows may approve pull requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionsPolicy:
    """Which actions may run."""

    enabled: bool
    allowed: str
    """`all`, `local_only` or `selected`; empty where Actions are off."""
    pinned: bool
    """Whether actions have to be pinned to a commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcSubject:
    """How the subject of a job's OIDC token is put together."""

    default: bool
    claims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AppInstallation:
    """The App as it is installed."""

    app: int
    slug: str
    permissions: Mapping[str, str]
    suspended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentBranch:
    """A pattern of branches, or tags, that may deploy."""

    pattern: str
    tag: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubEnvironment:
    """One of the repository's environments."""

    name: str
    waits_for: tuple[str, ...]
    """Rules besides branches that hold a job up, such as `required_reviewers`."""
    only: str
    """`all`, `protected` or `custom`: which branches may deploy."""
    branches: Read[tuple[DeploymentBranch, ...]] = ()
    """Of `custom`."""
    variables: Read[Mapping[str, str]]
    secrets: Read[frozenset[str]]
    """Their names."""
