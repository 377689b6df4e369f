"""The sandbox's GitHub, seen from Python: what to put into it, and what to serve."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from assent.sandbox.github.accounts import (
    Account,
    App,
    AppCredentials,
    PersonalToken,
    Role,
    Team,
)
from assent.sandbox.github.content_limit import ContentLimit
from assent.sandbox.github.errors import ApiError
from assent.sandbox.github.git_objects import FILE, Entry
from assent.sandbox.github.git_repository import GitRepository
from assent.sandbox.github.merging import sign, sign_as_github
from assent.sandbox.github.paths import checked_path
from assent.sandbox.github.protection import Protection
from assent.sandbox.github.repositories import Repository
from assent.sandbox.github.server import create_application, time_of_day
from assent.sandbox.github.settings import RepositorySettings
from assent.sandbox.github.state import State

if TYPE_CHECKING:
    from flask import Flask

KEY_BITS = 2048
_FULL_NAME = re.compile(r"(?!\.)[\w-]+/(?!\.{1,2}$)[\w.-]+", re.ASCII)


class GitHub:
    """A GitHub of one's own: accounts and rules in memory, content in bare git repositories.

    ``wsgi`` is the application, the API at ``/`` and at ``/api/v3``, git at
    ``/<owner>/<name>.git``. ``now`` is the clock of everything that is stored and of tokens;
    ``wall_clock`` judges the assertions that Apps sign by the time of day. ``content_limit`` is
    GitHub's limit on creating content, which nobody meets unless it is given.
    """

    def __init__(
        self,
        root: Path,
        *,
        now: Callable[[], datetime],
        wall_clock: Callable[[], datetime] = time_of_day,
        content_limit: ContentLimit | None = None,
    ) -> None:
        self._root = root
        self._state = State(now, self._host)
        self.wsgi: Flask = create_application(self._state, wall_clock=wall_clock)
        self.content_limit = content_limit

    @property
    def content_limit(self) -> ContentLimit | None:
        """The limit on creating content; may be set at any time, and holds from then on."""
        return self._state.content.limit

    @content_limit.setter
    def content_limit(self, limit: ContentLimit | None) -> None:
        self._state.content.limit = limit

    def add_user(
        self, login: str, token: str, *, name: str | None = None, email: str | None = None
    ) -> None:
        """Add a person whose token may do all that the person may."""
        if not token or token.count(".") == 2:  # noqa: PLR2004 - would be read as a JWT
            raise ValueError(f"{login}'s token must not be empty or look like a JWT")
        account = self._state.add_account(login, "User", name=name, email=email)
        self._state.tokens[token] = PersonalToken(login=account.login)

    def add_organization(self, login: str, members: Iterable[str] = ()) -> None:
        """Add an organization; its members may read its repositories."""
        logins = [self._account(member).login for member in members]
        self._state.add_account(login, "Organization")
        self._state.set_members(login, logins)

    def add_team(
        self,
        organization: str,
        slug: str,
        members: Iterable[str],
        maintainers: Iterable[str] = (),
    ) -> None:
        """Add a team, or replace who is in it; whoever is joins the organization."""
        state, owner = self._state, self._account(organization)
        leaders = [self._account(login).login for login in maintainers]
        everyone = dict.fromkeys([*leaders, *(self._account(login).login for login in members)])
        known = {team.slug: team.id for team in state.teams(owner.login)}
        state.put_team(
            Team(
                id=known.get(slug.lower()) or state.next_id(),
                organization=owner.login,
                slug=slug.lower(),
                members=tuple(everyone),
                maintainers=tuple(leaders),
            )
        )
        state.set_members(owner.login, dict.fromkeys([*state.members(owner.login), *everyone]))

    def add_app(
        self, slug: str, app_id: int = 1, private_key_pem: str | None = None
    ) -> AppCredentials:
        """Add a GitHub App, installed on every repository, that acts as ``<slug>[bot]``.

        Without a key it gets one, in a process always the same for the same number: making one
        takes longer than everything else here.
        """
        pem = private_key_pem or _key_of(app_id)
        key = serialization.load_pem_private_key(pem.encode(), password=None)
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        bot = self._state.add_account(f"{slug}[bot]", "Bot")
        app = App(
            id=app_id,
            slug=slug,
            installation_id=self._state.next_id(),
            public_key_pem=public.decode(),
            created_at=self._state.now(),
            bot=bot.login,
        )
        self._state.apps[app_id] = app
        return AppCredentials(
            app_id=app_id, installation_id=app.installation_id, private_key_pem=pem, slug=slug
        )

    def create_repository(
        self,
        full_name: str,
        files: Mapping[str, bytes | str],
        writers: Iterable[str] = (),
        admins: Iterable[str] = (),
        default_branch: str = "main",
        *,
        private: bool = False,
    ) -> Path:
        """Create a repository whose one commit holds these files; return its bare folder.

        Writers and admins are logins, or teams as ``organization/team``. Everybody may read it
        unless it is private.
        """
        state = self._state
        repository = self._host(full_name, private=private, default_branch=default_branch)
        account, git = self._account(repository.owner), repository.git
        for role, grantees in ((Role.WRITE, writers), (Role.ADMIN, admins)):
            for grantee in grantees:
                repository.grants[self._grantee(grantee)] = role
        blobs: dict[str, Entry | None] = {
            checked_path(file): Entry(mode=FILE, sha=git.objects.write("blob", _content(text)))
            for file, text in files.items()
        }
        commit = git.commit_tree(
            tree=git.edit_tree(None, blobs),
            parents=[],
            author=sign(state, account),
            committer=sign_as_github(state),
            message="Initial commit",
        )
        git.set_branch(default_branch, commit.sha, expected=None)
        return git.path

    def _host(
        self, full_name: str, *, private: bool = False, default_branch: str = "main"
    ) -> Repository:
        """Make an empty repository, and keep it."""
        if not _FULL_NAME.fullmatch(full_name):
            raise ValueError(f"{full_name!r} is not owner/name, of letters, digits, '.', '_', '-'")
        state = self._state
        owner, _, name = full_name.partition("/")
        account = self._account(owner)
        path = self._root / owner / f"{name}.git"
        if path.exists():
            raise ValueError(f"{full_name} exists already, in {path}")
        path.parent.mkdir(parents=True, exist_ok=True)
        repository = Repository(
            repository_id=state.next_id(),
            owner=account.login,
            name=name,
            git=GitRepository.create(path, default_branch=default_branch),
            default_branch=default_branch,
            private=private,
            created_at=state.now(),
        )
        state.add_repository(repository)
        return repository

    def secrets(self, full_name: str) -> dict[tuple[str, str], str]:
        """Return the secrets of a repository's environments, by environment and name."""
        return dict(self._state.repository(full_name).vault.values)

    def protect(self, full_name: str, branch: str, protection: Protection) -> None:
        """Protect a branch, or replace its protection."""
        self._state.repository(full_name).protections[branch] = protection

    def configure(self, full_name: str, settings: RepositorySettings) -> None:
        """Set what an administrator sets besides protection; it is shown, and not enforced."""
        self._state.repository(full_name).settings = settings

    def settings(self, full_name: str) -> RepositorySettings:
        """Return what was set."""
        return self._state.repository(full_name).settings

    def repository_path(self, full_name: str) -> Path:
        """Return a repository's bare folder."""
        return self._state.repository(full_name).git.path

    def _account(self, login: str) -> Account:
        try:
            return self._state.account(login)
        except ApiError:
            raise ValueError(f"there is no account {login!r} yet; add it first") from None

    def _grantee(self, grantee: str) -> str:
        name = grantee.removeprefix("@").lower()
        owner, separator, slug = name.partition("/")
        if not separator:
            return self._account(name).login.lower()
        if slug not in {team.slug for team in self._state.teams(owner)}:
            raise ValueError(f"there is no team {grantee!r} yet; add it first")
        return name


def _content(file: bytes | str) -> bytes:
    return file if isinstance(file, bytes) else file.encode()


@cache
def _key_of(app_id: int) -> str:
    """Return the private key of an App; the number only tells keys apart."""
    del app_id
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()
