"""A repository's settings beyond protection. They are kept and shown, and not enforced."""

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["ActionsSettings", "DeployEnvironment", "RepositorySettings", "Ruleset"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    """Rules for the branches that patterns match."""

    name: str
    branches: tuple[str, ...]
    """Patterns as GitHub's, without `refs/heads/`: `*` stays on a level, `**/` spans them."""
    rules: Mapping[str, Mapping[str, object]]
    """By type, with parameters."""
    bypass: tuple[Mapping[str, object], ...] = ()
    """As GitHub shows them: `actor_type`, `actor_id`, `bypass_mode`."""
    active: bool = True

    def binds(self, branch: str) -> bool:
        """Whether it applies to a branch of that name."""
        return any(_matches(pattern.split("/"), branch.split("/")) for pattern in self.branches)


def _matches(pattern: list[str], name: list[str]) -> bool:
    """`**` stands for any number of levels, if another pattern follows it."""
    if not pattern or not name:
        return not pattern and not name
    first, *rest = pattern
    if first == "**" and rest:
        return any(_matches(rest, name[at:]) for at in range(len(name)))
    return fnmatch.fnmatchcase(name[0], first) and _matches(rest, name[1:])


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployEnvironment:
    """An environment to which workflows deploy."""

    branches: tuple[str, ...] | None = ("main",)
    """Which branches may; None for any."""
    protected_only: bool = False
    """Whether protected branches may, in place of `branches`."""
    reviewers: bool = False
    wait_minutes: int = 0
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    """Their names; nothing more of a secret is ever shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionsSettings:
    """What workflows may do."""

    enabled: bool = True
    allowed: str = "selected"
    pinned: bool = True
    default_token: str = "read"  # noqa: S105 - a level, no secret
    may_approve: bool = False
    subject_claims: tuple[str, ...] = ()
    """What the OIDC subject is made of; none for GitHub's own template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositorySettings:
    """Everything that an administrator can set."""

    rulesets: Mapping[int, Ruleset] = field(default_factory=dict)
    """By number."""
    environments: Mapping[str, DeployEnvironment] = field(default_factory=dict)
    actions: ActionsSettings = ActionsSettings()
    variables: Mapping[str, str] = field(default_factory=dict)
    allow_rebase: bool = True
