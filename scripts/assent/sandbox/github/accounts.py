"""People, bots, organizations, teams, and the tokens that stand for them."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Literal

AccountKind = Literal["User", "Bot", "Organization"]
Level = Literal["read", "write", "admin"]

APP_PERMISSIONS: dict[str, Level] = {
    "checks": "write",
    "contents": "write",
    "deployments": "write",
    "issues": "write",
    "members": "read",
    "metadata": "read",
    "pull_requests": "write",
    "statuses": "write",
    "workflows": "write",
}
"""What an installed App may do; a token may be narrowed to a part of it."""


class Role(IntEnum):
    """What somebody may do in a repository; a higher role includes the lower ones."""

    NONE = 0
    READ = 1
    TRIAGE = 2
    WRITE = 3
    MAINTAIN = 4
    ADMIN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody, or an organization, with a login."""

    id: int
    login: str
    kind: AccountKind
    name: str | None = None
    email: str | None = None
    created_at: datetime

    @property
    def git_name(self) -> str:
        """The name that commits carry."""
        return self.name or self.login

    @property
    def git_email(self) -> str:
        """The address that commits carry: GitHub's own when none is given."""
        return self.email or f"{self.id}+{self.login}@users.noreply.github.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A team of an organization."""

    id: int
    organization: str
    slug: str
    members: tuple[str, ...]
    """Logins, maintainers among them."""
    maintainers: tuple[str, ...]

    @property
    def handle(self) -> str:
        """How CODEOWNERS names the team, without the ``@``."""
        return f"{self.organization}/{self.slug}"


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """A GitHub App and its one installation, which covers every repository here."""

    id: int
    slug: str
    installation_id: int
    public_key_pem: str
    created_at: datetime
    bot: str
    """The login it acts under: ``<slug>[bot]``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppCredentials:
    """What a client needs to act as an App."""

    app_id: int
    installation_id: int
    private_key_pem: str
    slug: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalToken:
    """Acts as a person, with all that the person may do; does not expire."""

    login: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationToken:
    """Acts as an App's bot, within permissions and repositories, for an hour."""

    app_id: int
    permissions: dict[str, Level]
    repositories: tuple[str, ...] | None
    """Full names; None means all."""
    expires_at: datetime


Token = PersonalToken | InstallationToken
