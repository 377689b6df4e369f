"""A GitHub with one repository, served on loopback, and clients of it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import github
import pytest
import requests
from github.PullRequest import PullRequest
from github.Repository import Repository

from assent.sandbox.github import AppCredentials, GitHub, Protection
from assent.sandbox.loopback import LoopbackServer

NAME = "acme/model-promotions"
ADA = "token-of-ada"
Refused = Callable[[Callable[[], object]], tuple[int, str]]
"""Runs a call that has to be refused; returns its status, its message and its details."""
CODEOWNERS = """\
* @ada
/promotions/ @acme/ml-approvers
/promotions/prod/ @acme/ml-approvers @dan
"""


class Clock:
    """A clock that stands still until it is moved; long past, so that clients see it so too."""

    def __init__(self) -> None:
        self.time = datetime(2021, 3, 4, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.time

    def advance(self, by: timedelta) -> None:
        """Move the clock on."""
        self.time += by


@dataclass(kw_only=True)
class Stage:
    """The hub, where it is served, and clients that close with it."""

    hub: GitHub
    url: str
    clock: Clock
    app: AppCredentials
    clients: list[github.Github] = field(default_factory=list)

    def client(self, token: str | None, *, prefix: str = "", per_page: int = 30) -> github.Github:
        """Return a client with a token, or one that nobody knows."""
        client = github.Github(
            base_url=self.url + prefix,
            auth=github.Auth.Token(token) if token else None,
            seconds_between_requests=None,
            seconds_between_writes=None,
            retry=None,
            per_page=per_page,
        )
        self.clients.append(client)
        return client

    def as_person(self, login: str, *, prefix: str = "", per_page: int = 30) -> Repository:
        """Return the repository as somebody sees it."""
        return self.client(f"token-of-{login}", prefix=prefix, per_page=per_page).get_repo(NAME)

    def integration(self, *, prefix: str = "") -> github.GithubIntegration:
        """Return the App itself as a client."""
        return github.GithubIntegration(
            auth=github.Auth.AppAuth(self.app.app_id, self.app.private_key_pem),
            base_url=self.url + prefix,
            seconds_between_requests=None,
            seconds_between_writes=None,
            retry=None,
        )

    def bot_token(self, permissions: dict[str, str] | None = None) -> str:
        """Return a fresh installation token."""
        with self.integration() as integration:
            return integration.get_access_token(self.app.installation_id, permissions).token

    def as_bot(self, *, prefix: str = "") -> Repository:
        """Return the repository as the App's bot sees it."""
        return self.client(self.bot_token(), prefix=prefix).get_repo(NAME)

    def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = ADA,
        body: object = None,
        accept: str = "application/vnd.github+json",
    ) -> requests.Response:
        """Send one request below the repository (or, with a leading ``//``, below the root)."""
        rest = path[1:] if path.startswith("//") else f"/repos/{NAME}{path}"
        headers = {"Accept": accept}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body)
        return requests.request(method, self.url + rest, data=data, headers=headers, timeout=30)

    def propose(
        self,
        repository: Repository,
        branch: str = "promote",
        path: str = "promotions/dev/churn/7.yaml",
        text: str = "status: Approved\n",
    ) -> PullRequest:
        """Open a pull request that adds one file."""
        tip = repository.get_git_ref("heads/main").object.sha
        repository.create_git_ref(f"refs/heads/{branch}", tip)
        repository.create_file(path, f"Add {path}", text, branch=branch)
        return repository.create_pull(
            title=f"Promote {path}", body="Please look.", head=branch, base="main"
        )

    def see(self, login: str, pull: PullRequest) -> PullRequest:
        """Return a pull request as somebody sees it now."""
        return self.as_person(login).get_pull(pull.number)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stage(tmp_path: Path, clock: Clock) -> Iterator[Stage]:
    """Serve a hub: ada administers, ben and dan write, cleo approves models, eve only reads."""
    hub = GitHub(tmp_path, now=clock)
    for login in ("ada", "ben", "cleo", "dan", "eve", "zoe"):
        hub.add_user(login, f"token-of-{login}", name=login.title(), email=f"{login}@acme.test")
    hub.add_organization("acme", members=["ada", "ben", "cleo", "dan", "eve"])
    hub.add_team("acme", "ml-approvers", members=["cleo", "eve"], maintainers=["ada"])
    app = hub.add_app("assent")
    hub.create_repository(
        NAME,
        files={"README.md": "Models\n", ".github/CODEOWNERS": CODEOWNERS},
        writers=["ben", "cleo", "dan"],
        admins=["ada"],
    )
    hub.protect(NAME, "main", Protection())
    with LoopbackServer(hub.wsgi) as server:
        stage = Stage(hub=hub, url=server.url, clock=clock, app=app)
        yield stage
        for client in stage.clients:
            client.close()


@pytest.fixture
def refused() -> Refused:
    """Return a function that runs a call which has to be refused, and says how."""

    def run(call: Callable[[], object]) -> tuple[int, str]:
        with pytest.raises(github.GithubException) as caught:
            call()
        data = caught.value.data
        details = [
            str(e.get("message", e.get("field"))) if isinstance(e, dict) else str(e)
            for e in data.get("errors", [])
        ]
        return caught.value.status, " | ".join([data["message"], *details])

    return run
