"""Everything that the server knows besides its repositories' contents, and who may do what."""

import itertools
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from assent.sandbox.github.accounts import (
    APP_PERMISSIONS,
    Account,
    AccountKind,
    App,
    Level,
    Role,
    Team,
    Token,
)
from assent.sandbox.github.content_limit import ContentMeter
from assent.sandbox.github.errors import not_found
from assent.sandbox.github.repositories import Repository

FIRST_ID = 1000


class Host(Protocol):
    """How a repository comes into being."""

    def __call__(self, full_name: str, *, private: bool = False) -> Repository:
        """Make an empty one of this name."""


class State:
    """Accounts, teams, Apps, tokens and repositories, held in memory. Safe across threads."""

    def __init__(self, now: Callable[[], datetime], host: Host) -> None:
        self.now = now
        self.host = host
        """Makes an empty repository, and keeps it."""
        self.lock = threading.Lock()
        self._ids = itertools.count(FIRST_ID)
        self._accounts: dict[str, Account] = {}
        self._members: dict[str, tuple[str, ...]] = {}
        self._teams: dict[str, dict[str, Team]] = {}
        self._repositories: dict[str, Repository] = {}
        self.apps: dict[int, App] = {}
        self.tokens: dict[str, Token] = {}
        self.content = ContentMeter(now)
        self.app_permissions: dict[str, Level] = dict(APP_PERMISSIONS)
        """What every installed App may do."""
        self.add_account("ghost", "User")
        self.add_account("web-flow", "User", name="GitHub", email="noreply@github.com")

    def next_id(self) -> int:
        """Return an identifier that nothing else has."""
        return next(self._ids)

    def add_account(
        self, login: str, kind: AccountKind, *, name: str | None = None, email: str | None = None
    ) -> Account:
        """Keep a new account; logins are unique without regard to case."""
        account = Account(
            id=self.next_id(), login=login, kind=kind, name=name, email=email, created_at=self.now()
        )
        with self.lock:
            if login.lower() in self._accounts:
                raise ValueError(f"the login {login!r} is taken; choose another")
            self._accounts[login.lower()] = account
        return account

    def account(self, login: str) -> Account:
        """Return an account by its login, or answer that there is none."""
        account = self._accounts.get(login.lower())
        if account is None:
            raise not_found()
        return account

    def account_by_email(self, email: str) -> Account | None:
        """Return the account that commits under an address."""
        return next(
            (
                account
                for account in list(self._accounts.values())
                if account.git_email == email and account.kind != "Organization"
            ),
            None,
        )

    def organizations(self) -> list[Account]:
        """Return the organizations in the order in which they were added."""
        return [a for a in list(self._accounts.values()) if a.kind == "Organization"]

    def first_owner(self) -> Account:
        """Return the account that Apps are installed on: the first organization or repository's."""
        organizations = self.organizations()
        if organizations:
            return organizations[0]
        return self.account(self.repositories()[0].owner if self._repositories else "ghost")

    def organization(self, login: str) -> Account:
        """Return an organization, or answer that there is none."""
        account = self.account(login)
        if account.kind != "Organization":
            raise not_found()
        return account

    def set_members(self, organization: str, members: Iterable[str]) -> None:
        """Say who belongs to an organization; each has to have an account already."""
        logins = tuple(self.account(login).login for login in members)
        with self.lock:
            self._members[organization.lower()] = logins

    def members(self, organization: str) -> tuple[str, ...]:
        """Return the logins of an organization's members."""
        return self._members.get(organization.lower(), ())

    def put_team(self, team: Team) -> None:
        """Keep a team in the place of the one of the same name."""
        with self.lock:
            self._teams.setdefault(team.organization.lower(), {})[team.slug] = team

    def teams(self, organization: str) -> list[Team]:
        """Return an organization's teams in the order in which they were added."""
        return list(self._teams.get(organization.lower(), {}).values())

    def team(self, organization: str, slug: str) -> Team:
        """Return a team, or answer that there is none."""
        team = self._teams.get(organization.lower(), {}).get(slug.lower())
        if team is None:
            raise not_found()
        return team

    def set_membership(self, team: Team, login: str, role: str | None) -> Team:
        """Put somebody into a team as ``member`` or ``maintainer``; None takes them out."""
        with self.lock:
            now = self._teams[team.organization.lower()][team.slug]
            others = tuple(member for member in now.members if member.lower() != login.lower())
            leaders = tuple(m for m in now.maintainers if m.lower() != login.lower())
            changed = replace(
                now,
                members=others if role is None else (*others, login),
                maintainers=(*leaders, login) if role == "maintainer" else leaders,
            )
            self._teams[team.organization.lower()][team.slug] = changed
        return changed

    def add_repository(self, repository: Repository) -> None:
        """Keep a new repository."""
        with self.lock:
            self._repositories[repository.full_name.lower()] = repository

    def repository(self, full_name: str) -> Repository:
        """Return a repository by ``owner/name``, or answer that there is none."""
        repository = self._repositories.get(full_name.lower())
        if repository is None:
            raise not_found()
        return repository

    def has_repository(self, full_name: str) -> bool:
        """Whether there is a repository of that name."""
        return full_name.lower() in self._repositories

    def repositories(self) -> list[Repository]:
        """Return the repositories in the order in which they were created."""
        return list(self._repositories.values())

    def role(self, repository: Repository, login: str) -> Role:
        """Return what somebody may do in a repository: the most that any grant gives."""
        name = login.lower()
        role = Role.NONE if repository.private else Role.READ
        if name == repository.owner.lower():
            return Role.ADMIN
        if any(member.lower() == name for member in self.members(repository.owner)):
            role = max(role, Role.READ)
        role = max(role, repository.grants.get(name, Role.NONE))
        for team in self.teams(repository.owner):
            granted = repository.grants.get(team.handle.lower(), Role.NONE)
            if granted > role and any(member.lower() == name for member in team.members):
                role = granted
        return role

    def may_write(self, repository: Repository, login: str) -> bool:
        """Whether somebody's review counts: people by role, installed Apps always."""
        if any(app.bot == login for app in list(self.apps.values())):
            return True
        return self.role(repository, login) >= Role.WRITE

    def association(self, repository: Repository, login: str) -> str:
        """Return how somebody relates to a repository, in GitHub's words."""
        name = login.lower()
        if name == repository.owner.lower():
            return "OWNER"
        if any(member.lower() == name for member in self.members(repository.owner)):
            return "MEMBER"
        if repository.grants.get(name, Role.NONE) > Role.NONE:
            return "COLLABORATOR"
        return "NONE"
