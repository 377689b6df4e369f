"""The whole sandbox, set up: both services on loopback, an organization, a promotion repository.

Tests, the demo and the benchmarks all play on it. Nothing here is a stub: GitHub's half is a real
git repository behind a GitHub-compatible API, AWS's half is moto, and Assent talks to both over
HTTP as it does in production.
"""

import subprocess
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from github import Auth, Github
from github.PullRequest import PullRequest
from github.Repository import Repository

from assent.adapters.github import connect
from assent.sandbox.aws import AwsSandbox
from assent.sandbox.github import GitHub, Protection
from assent.sandbox.loopback import LoopbackServer
from assent.sandbox.wire import Ledger, Wire

__all__ = ["ACCOUNT", "REGION", "REPOSITORY", "Stage"]

ACCOUNT = "111122223333"
REGION = "eu-west-1"
REPOSITORY = "acme/model-promotions"
ENVIRONMENTS = ("dev", "test", "uat", "prod")

CODE_OWNERS = {"dev": ("ana", "ben"), "test": ("ana", "ben"), "uat": ("ana", "ben", "carla")}
"""Who approves in each environment; prod as uat."""
PEOPLE = ("ana", "ben", "carla", "zoe")
"""zoe trains models; she may write to the repository and owns none of it."""

_CONFIGURATION = f"""\
schema: assent/config/v1
parameter_prefix: /assent
registry: {{account: "{ACCOUNT}", region: {REGION}}}
github: {{repository: {REPOSITORY}}}
environments: # lowest first
""" + "".join(
    f'  - {{name: {name}, account: "{ACCOUNT}", region: {REGION}}}\n' for name in ENVIRONMENTS
)
_OWNERS = "* @acme/ml-platform\n" + "".join(
    f"/promotions/{name}/ @acme/ml-approvers-{name}\n" for name in ENVIRONMENTS
)
_README = "# Model promotions\n\nOne record for each version and environment; see promotions/.\n"


def repository_files() -> dict[str, str]:
    """What a fresh promotion repository holds."""
    return {
        ".github/CODEOWNERS": _OWNERS,
        "README.md": _README,
        "assent.yaml": _CONFIGURATION,
        "promotions/README.md": _README,
    }


def wall_clock() -> datetime:
    """The time, in UTC."""
    return datetime.now(tz=UTC)


class Stage:
    """Both services, running, with an organization and a protected promotion repository.

    Args:
        root: An empty folder for the bare repository.
        now: The clock of GitHub's half.
    """

    def __init__(self, root: Path, *, now: Callable[[], datetime] = wall_clock) -> None:
        self.root = root
        self.ledger = Ledger()
        self.hub = GitHub(root / "github", now=now)
        self.aws = AwsSandbox(self.ledger, account=ACCOUNT, region=REGION)
        self.github_wire = Wire(self.hub.wsgi, "github", self.ledger)
        self._server = LoopbackServer(self.github_wire)
        self._running = ExitStack()
        self._people: dict[str, Github] = {}
        self._app = self._populate()

    def _populate(self) -> Any:  # noqa: ANN401 - the sandbox's own credentials type
        for login in PEOPLE:
            self.hub.add_user(login, token=_token(login))
        self.hub.add_organization("acme", members=list(PEOPLE))
        self.hub.add_team("acme", "ml-platform", members=["carla"])
        for name in ENVIRONMENTS:
            owners = CODE_OWNERS.get(name, CODE_OWNERS["uat"])
            self.hub.add_team("acme", f"ml-approvers-{name}", members=list(owners))
        app = self.hub.add_app(slug="assent", app_id=1)
        self.add_repository(REPOSITORY)
        return app

    def add_repository(self, name: str, files: Mapping[str, str] | None = None) -> Path:
        """Create a promotion repository whose main branch is protected as Assent asks for.

        Returns:
            The bare repository's folder.
        """
        content = dict(repository_files() if files is None else files)
        content["assent.yaml"] = content["assent.yaml"].replace(REPOSITORY, name)
        path = self.hub.create_repository(name, files=content, writers=list(PEOPLE))
        protection = Protection(
            required_approvals=1,
            require_code_owners=True,
            dismiss_stale=True,
            enforce_admins=True,
        )
        self.hub.protect(name, "main", protection)
        return path

    def __enter__(self) -> Self:
        self._running.enter_context(self.aws)
        self._running.enter_context(self._server)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._running.close()

    @property
    def api_url(self) -> str:
        """GitHub's API, as GitHub Enterprise Server has it."""
        return f"{self._server.url}/api/v3"

    def clone_url(self, repository: str = REPOSITORY) -> str:
        """What `git clone` takes."""
        return f"{self._server.url}/{repository}.git"

    def environment(self, repository: str = REPOSITORY) -> dict[str, str]:
        """The variables that make Assent, in any process, talk to this stage as the App."""
        return {
            **self.aws.environment(),
            "ASSENT_REPOSITORY": repository,
            "ASSENT_API_URL": self.api_url,
            "ASSENT_APP_ID": str(self._app.app_id),
            "ASSENT_INSTALLATION_ID": str(self._app.installation_id),
            "ASSENT_APP_PRIVATE_KEY": self._app.private_key_pem,
        }

    def clone(self, folder: Path, repository: str = REPOSITORY) -> Path:
        """Clone the promotion repository over HTTP, or bring an earlier clone up to date."""
        if folder.exists():
            _git("-C", str(folder), "fetch", "--quiet", "origin")
            _git("-C", str(folder), "reset", "--quiet", "--hard", "origin/main")
        else:
            _git("clone", "--quiet", self.clone_url(repository), str(folder))
        return folder

    def person(self, login: str) -> Github:
        """GitHub, signed in as a person."""
        if login not in self._people:
            self._people[login] = connect(Auth.Token(_token(login)), self.api_url)
        return self._people[login]

    def repository(self, login: str, name: str = REPOSITORY) -> Repository:
        """The promotion repository as a person sees it."""
        return self.person(login).get_repo(name)

    def pull_requests(self, *, state: str = "open", name: str = REPOSITORY) -> list[PullRequest]:
        """Pull requests, oldest first."""
        pulls = self.repository("ana", name).get_pulls(state=state, sort="created", direction="asc")
        return list(pulls)

    def approve(self, number: int, login: str, name: str = REPOSITORY) -> None:
        """Approve a pull request at its present head."""
        self.repository(login, name).get_pull(number).create_review(event="APPROVE")

    def merge(self, number: int, login: str, name: str = REPOSITORY, method: str = "merge") -> str:
        """Merge a pull request; returns the commit that it made on main."""
        return self.repository(login, name).get_pull(number).merge(merge_method=method).sha

    def close(self, number: int, login: str, name: str = REPOSITORY) -> None:
        """Close a pull request without merging it."""
        self.repository(login, name).get_pull(number).edit(state="closed")


def _token(login: str) -> str:
    return f"token-of-{login}"


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, capture_output=True)
