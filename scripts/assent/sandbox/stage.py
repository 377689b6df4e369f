"""The whole sandbox, set up: both services on loopback, an organization, a promotion repository.

Tests, the demo and the benchmarks all play on it. Nothing here is a stub: GitHub's half is a real
git repository behind a GitHub-compatible API, AWS's half is moto, and Assent talks to both over
HTTP as it does in production.
"""

import subprocess
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from github import Auth, Github
from github.PullRequest import PullRequest
from github.Repository import Repository

from assent.adapters.github import connect
from assent.sandbox.aws import AwsSandbox, Intake, Published
from assent.sandbox.github import GitHub, Protection
from assent.sandbox.governance import governed
from assent.sandbox.loopback import LoopbackServer
from assent.sandbox.wire import Ledger, Wire

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

__all__ = ["ACCOUNT", "ACCOUNTS", "ADMINISTRATOR", "REGION", "REPOSITORY", "Accounts", "Stage"]

ACCOUNT = "111122223333"
REGION = "eu-west-1"
REPOSITORY = "acme/model-promotions"
ENVIRONMENTS = ("dev", "test", "uat", "prod")

CODE_OWNERS = {"dev": ("ana", "ben"), "test": ("ana", "ben"), "uat": ("ana", "ben", "carla")}
"""Who approves in each environment; prod as uat."""
PEOPLE = ("ana", "ben", "carla", "zoe")
"""zoe trains models; she may write to the repository and owns none of it."""

ADMINISTRATOR = "olga"
"""Who sets the repository up, and may see how; she owns no path."""

Accounts = Literal["one", "many"]
"""Whether all environments are in the registry's account, or the upper ones in their own."""

ACCOUNTS: Mapping[str, str] = {"uat": "222233334444", "prod": "444455556666"}
"""The environments that have an account of their own where there are many."""

_OWNERS = "* @acme/ml-platform\n" + "".join(
    f"/promotions/{name}/ @acme/ml-approvers-{name}\n" for name in ENVIRONMENTS
)
_README = "# Model promotions\n\nOne record for each version and environment; see promotions/.\n"


def repository_files(accounts: Accounts = "one", topics: Collection[str] = ()) -> dict[str, str]:
    """What a fresh promotion repository holds.

    Args:
        accounts: Where the environments are.
        topics: The environments that have an SNS topic.
    """
    return {
        ".github/CODEOWNERS": _OWNERS,
        "README.md": _README,
        "assent.yaml": _configuration(accounts, topics),
        "promotions/README.md": _README,
    }


def _configuration(accounts: Accounts, topics: Collection[str]) -> str:
    lines = [
        "schema: assent/config/v1",
        "parameter_prefix: /assent",
        f'registry: {{account: "{ACCOUNT}", region: {REGION}}}',
        f"github: {{repository: {REPOSITORY}}}",
        *([f"event_bus: {_bus_arn('assent')}"] if accounts == "many" else []),
        "environments: # lowest first",
    ]
    for name in ENVIRONMENTS:
        account = _account_of(name, accounts)
        lines += [f"  - name: {name}", f'    account: "{account}"', f"    region: {REGION}"]
        if account != ACCOUNT:
            lines += [f"    role: {_role(account, 'apply')}"]
            lines += [f"    read_role: {_role(account, 'read')}"]
        if name in topics:
            lines += [f"    topic: {_topic_arn(name, accounts)}"]
        # Where environments share an account and a region, only the name tells where a job ran.
        if account == ACCOUNT:
            lines += [f'    inference: {{transform_jobs: "*-{name}"}}']
    return "\n".join([*lines, ""])


def _account_of(environment: str, accounts: Accounts) -> str:
    return ACCOUNTS.get(environment, ACCOUNT) if accounts == "many" else ACCOUNT


def _role(account: str, purpose: str) -> str:
    return f"arn:aws:iam::{account}:role/assent-{purpose}"


def _topic_arn(environment: str, accounts: Accounts) -> str:
    account = _account_of(environment, accounts)
    return f"arn:aws:sns:{REGION}:{account}:{_topic_name(environment)}"


def _topic_name(environment: str) -> str:
    return f"assent-{environment}"


def _bus_arn(name: str) -> str:
    return f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{name}"


def wall_clock() -> datetime:
    """The time, in UTC."""
    return datetime.now(tz=UTC)


def as_text(file: bytes | str) -> str:
    """What a file that is given either way says."""
    return file.decode() if isinstance(file, bytes) else file


class Stage:
    """Both services, running, with an organization and a protected promotion repository.

    Args:
        root: An empty folder for the bare repository.
        now: The clock of GitHub's half.
        accounts: Where the environments are. With ``many``, dev and test are in the registry's
            account, uat and prod in accounts of their own, behind roles; and Assent's own events
            go to a bus that ``intake`` creates.
        topics: The environments that have an SNS topic; the others have none.
        private: Whether only members of the organization see its repositories.
    """

    def __init__(
        self,
        root: Path,
        *,
        now: Callable[[], datetime] = wall_clock,
        accounts: Accounts = "one",
        topics: Collection[str] = (),
        private: bool = False,
    ) -> None:
        self.root = root
        self.accounts: Accounts = accounts
        self.private = private
        self.topics = tuple(topics)
        self.ledger = Ledger()
        self.hub = GitHub(root / "github", now=now)
        self.aws = AwsSandbox(self.ledger, account=ACCOUNT, region=REGION)
        self.github_wire = Wire(self.hub.wsgi, "github", self.ledger)
        self._server = LoopbackServer(self.github_wire)
        self._running = ExitStack()
        self._people: dict[str, Github] = {}
        self._app = self._populate()

    def _populate(self) -> Any:  # noqa: ANN401 - the sandbox's own credentials type
        for login in (*PEOPLE, ADMINISTRATOR):
            self.hub.add_user(login, token=_token(login))
        self.hub.add_organization("acme", members=[*PEOPLE, ADMINISTRATOR])
        self.hub.add_team("acme", "ml-platform", members=["carla"])
        for name in ENVIRONMENTS:
            owners = CODE_OWNERS.get(name, CODE_OWNERS["uat"])
            self.hub.add_team("acme", f"ml-approvers-{name}", members=list(owners))
        app = self.hub.add_app(slug="assent", app_id=1)
        self.add_repository(REPOSITORY)
        return app

    def add_repository(self, name: str, files: Mapping[str, bytes | str] | None = None) -> Path:
        """Create a promotion repository whose main branch is protected as Assent asks for.

        Args:
            name: `owner/name`; the `assent.yaml` among the files comes to name it.
            files: What it holds; the least that it takes unless given.

        Returns:
            The bare repository's folder.
        """
        given = repository_files(self.accounts, self.topics) if files is None else files
        configuration = as_text(given["assent.yaml"]).replace(REPOSITORY, name)
        content = {**given, "assent.yaml": configuration}
        teams = [f"acme/ml-approvers-{each}" for each in ENVIRONMENTS]
        path = self.hub.create_repository(
            name,
            files=content,
            writers=[*PEOPLE, "acme/ml-platform", *teams],
            admins=[ADMINISTRATOR],
            private=self.private,
        )
        protection = Protection(
            required_approvals=1,
            require_code_owners=True,
            dismiss_stale=True,
            enforce_admins=True,
        )
        self.hub.protect(name, "main", protection)
        roles = {each: _role(ACCOUNT, f"apply-{each}") for each in ENVIRONMENTS}
        self.hub.configure(name, governed(app_id=1, roles=roles))
        return path

    def __enter__(self) -> Self:
        self._running.enter_context(self.aws)
        self._running.enter_context(self._server)
        for environment in self.topics:
            self._create_topic(environment)
        return self

    def _create_topic(self, environment: str) -> None:
        # The Lambda, in the registry's account, publishes to it too.
        account = self.account_of(environment)
        others = {ACCOUNT} - {account}
        self.aws.topic(_topic_name(environment), account=account, publishers=others)

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

    def account_of(self, environment: str) -> str:
        """The account that an environment is in."""
        return _account_of(environment, self.accounts)

    def ssm(self, environment: str) -> "SSMClient":
        """Parameter Store in an environment's account, to arrange and to look."""
        return self.aws.backstage(account=self.account_of(environment)).ssm

    @cached_property
    def intake(self) -> Intake:
        """EventBridge's rules and the queue for the Lambda; created when first asked for.

        SageMaker's events of every account lead into it, and Assent's own.
        """
        bus = "assent" if self.accounts == "many" else "default"
        others = {self.account_of(name) for name in ENVIRONMENTS} - {ACCOUNT}
        return self.aws.intake(accounts=sorted(others), bus=bus)

    def published(self, environment: str) -> tuple[Published, ...]:
        """What an environment's topic was sent, oldest first."""
        return self.aws.published(_topic_arn(environment, self.accounts))

    def environment(
        self, repository: str = REPOSITORY, *, account: str | None = None
    ) -> dict[str, str]:
        """The variables that make Assent, in any process, talk to this stage as the App.

        Args:
            repository: The promotion repository.
            account: Whose credentials of AWS they are; the registry's unless given.
        """
        return {
            **self.aws.environment(account=account),
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
