"""A hosted repository: its git half, and everything about it that git does not know."""

import threading
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from nacl.encoding import Base64Encoder
from nacl.public import PrivateKey

from assent.sandbox.github.conversation import Issue, Label, Pull
from assent.sandbox.github.errors import not_found
from assent.sandbox.github.git_repository import GitRepository
from assent.sandbox.github.settings import RepositorySettings

if TYPE_CHECKING:
    from assent.sandbox.github.accounts import Role
    from assent.sandbox.github.protection import Protection

DEFAULT_LABEL_COLOR = "ededed"
"""GitHub's colour for a label that comes into being by being used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitStatus:
    """What one context said about one commit."""

    id: int
    context: str
    state: str
    description: str | None
    target_url: str | None
    creator: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentStatus:
    """A step in the life of a deployment."""

    id: int
    state: str
    description: str
    environment: str
    environment_url: str
    log_url: str
    creator: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A request to deploy a ref, with its statuses, oldest first."""

    id: int
    sha: str
    ref: str
    task: str
    payload: object
    environment: str
    description: str | None
    transient: bool
    production: bool
    creator: str
    created_at: datetime
    updated_at: datetime
    statuses: tuple[DeploymentStatus, ...] = ()


class Vault:
    """The secrets of a repository's environments, which only workflows see."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], str] = {}
        """By environment and name."""

    @cached_property
    def private_key(self) -> PrivateKey:
        """What opens sealed secrets; made when first asked for."""
        return PrivateKey.generate()

    @property
    def public_key(self) -> str:
        """What seals them, in base 64."""
        return self.private_key.public_key.encode(Base64Encoder).decode()


class Repository:
    """One hosted repository.

    ``lock`` is held while references or conversations change, git included, so that every change
    happens at one moment. Readers take no lock: the values in the dictionaries are frozen.
    """

    def __init__(
        self,
        *,
        repository_id: int,
        owner: str,
        name: str,
        git: GitRepository,
        default_branch: str,
        private: bool,
        created_at: datetime,
    ) -> None:
        self.id = repository_id
        self.owner = owner
        self.name = name
        self.git = git
        self.default_branch = default_branch
        self.private = private
        self.created_at = created_at
        self.pushed_at = created_at
        self.lock = threading.RLock()
        self.signed: set[str] = set()
        """Merge commits that GitHub itself made on a branch, and signed."""
        self.grants: dict[str, Role] = {}
        """Roles by login, or by ``organization/team``."""
        self.protections: dict[str, Protection] = {}
        self.settings = RepositorySettings()
        self.vault = Vault()
        self.issues: dict[int, Issue] = {}
        self.labels: dict[str, Label] = {}
        """By lower-case name: labels that differ only by case are the same."""
        self.statuses: dict[str, tuple[CommitStatus, ...]] = {}
        """By commit, newest first."""
        self.deployments: dict[int, Deployment] = {}

    @property
    def full_name(self) -> str:
        """``owner/name``."""
        return f"{self.owner}/{self.name}"

    def issue(self, number: int) -> Issue:
        """Return an issue or pull request, or answer that there is none."""
        issue = self.issues.get(number)
        if issue is None:
            raise not_found()
        return issue

    def pull(self, number: int) -> tuple[Issue, Pull]:
        """Return a pull request, or answer that there is none."""
        issue = self.issue(number)
        if issue.pull is None:
            raise not_found()
        return issue, issue.pull

    def pulls(self) -> list[tuple[Issue, Pull]]:
        """Return every pull request, oldest first."""
        return [(issue, issue.pull) for issue in list(self.issues.values()) if issue.pull]

    def put(self, issue: Issue, pull: Pull | None = None) -> Issue:
        """Keep a new state of an issue; the caller holds ``lock``."""
        kept = issue if pull is None else replace(issue, pull=pull)
        self.issues[kept.number] = kept
        return kept

    def next_number(self) -> int:
        """Return the next number of the series; the caller holds ``lock``."""
        return max(self.issues, default=0) + 1

    def branch(self, name: str) -> str | None:
        """Return a branch's tip."""
        return self.git.refs.read(f"refs/heads/{name}")
