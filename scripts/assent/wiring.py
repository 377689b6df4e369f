"""Puts adapters behind ports, as the environment and `assent.yaml` say; only the edges call it."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from github import Auth, Github

from assent.adapters.aws_session import READ_TIMEOUT, AwsAccess, AwsSession
from assent.adapters.event_bus import EventBus
from assent.adapters.evidence_store import S3EvidenceStore
from assent.adapters.git import GitRepository
from assent.adapters.github import TIMEOUT as GITHUB_TIMEOUT
from assent.adapters.github import GitHubForge, app_installation, connect, installation_of
from assent.adapters.github_app import PrivateKey, app_auth
from assent.adapters.later import LaterBus, LaterStore, LaterVault
from assent.adapters.parameter_store import ParameterStore
from assent.adapters.receipt_vault import S3ReceiptVault
from assent.adapters.s3 import S3Reports
from assent.adapters.sagemaker import SageMakerRegistry
from assent.adapters.sagemaker_jobs import SageMakerJobs
from assent.adapters.secrets_manager import SecretsManager, region_of_secret
from assent.adapters.sns import SnsNotices
from assent.adapters.sqs import SqsQueue
from assent.adapters.system_clock import SystemClock
from assent.contracts import load_contracts
from assent.core.config import CONFIG_PATH, Config, Environment, InvalidConfig, parse_config
from assent.core.errors import AssentError
from assent.core.events import Ignored, parse_event
from assent.core.forge import PullRequestState
from assent.core.names import shown
from assent.core.outcome import Outcome
from assent.core.review import BrokenGlass
from assent.flows.break_glass import glass_shown
from assent.flows.circumstances import ForgeCircumstances
from assent.flows.propose import World as ProposeWorld
from assent.flows.propose import propose as propose_event
from assent.flows.wanted import World
from assent.ports import (
    Bus,
    Clock,
    Forge,
    Jobs,
    Notices,
    Parameters,
    Queue,
    ReceiptVault,
    Reports,
)

__all__ = [
    "Proposer",
    "access_from_environment",
    "app_of",
    "bus_from_environment",
    "circumstances",
    "config_of",
    "event_world",
    "forge_of",
    "github_of",
    "open_world",
    "proposer_from_environment",
    "queue_from_environment",
    "wall_clock",
    "with_github",
]

CONFIG_LIFETIME = timedelta(minutes=5)
"""How long the Lambda uses a configuration before it reads it again."""
_DEFAULT_API = "https://api.github.com"
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:-]+(/[A-Za-z0-9._-]+)*/?", re.ASCII)
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_SECONDS = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)
_BUS = re.compile(
    r"(arn:aws[a-z-]{0,20}:events:(?P<region>[a-z0-9-]{1,30}):[0-9]{12}:event-bus/)?"
    r"[A-Za-z0-9._/-]{1,200}",
    re.ASCII,
)


class WrongAccount(AssentError):
    """The credentials belong to another account than the environment's."""


class Unconfigured(AssentError):
    """The environment does not say how to reach a service."""


@contextmanager
def open_world(repository: Path, *, writing: bool) -> Iterator[World]:
    """What planning and applying work on, for a clone's HEAD.

    Args:
        repository: The clone.
        writing: Whether parameters are written, with `role`, or only read, with `read_role`.

    Raises:
        AssentError: No clone, or no valid configuration in its HEAD.
    """
    with GitRepository(repository) as history:
        head = history.commit("HEAD")
        config = _config_at(history, head)
        access = _access(os.environ)
        session = _central(access, config)
        yield World(
            config=config,
            contracts=load_contracts(),
            history=history,
            head=head,
            registry=SageMakerRegistry(session.sagemaker()),
            parameters=_written(access) if writing else _read(_reading(access, config)),
            reading=_read(_reading(access, config)),
            clock=wall_clock(),
            notices=_notices(access),
            reports=_files(session, _reading(access, config)),
            vault=_vault(session, config) if writing else None,
            role=session.caller_arn(),
        )


def _vault(session: AwsSession, config: Config) -> ReceiptVault | None:
    bucket = config.receipts.bucket
    return None if bucket is None else LaterVault(lambda: S3ReceiptVault(session.s3(), bucket))


def _config_at(history: GitRepository, head: str) -> Config:
    entry = history.lookup(head, [CONFIG_PATH]).get(CONFIG_PATH)
    if entry is None:
        raise InvalidConfig(
            f"{head[:12]} has no {CONFIG_PATH}",
            hint="Run Assent in a clone of the promotion repository, or name it: --repository.",
        )
    ((_, content),) = history.blobs([entry.blob])
    return parse_config(content, load_contracts().config)


def _central(access: AwsAccess, config: Config) -> AwsSession:
    """The ambient credentials' session, in the registry's account and region.

    Raises:
        WrongAccount: The credentials are of another account; whatever they would read, or write,
            is not what the configuration means.
    """
    registry = config.registry
    session = access.session_for(None, registry.region)
    account = session.caller_account()
    if account != registry.account:
        raise WrongAccount(
            f"the registry is in account {registry.account}, and the credentials are of account "
            f"{account}",
            hint="Sign in to the registry's account; roles lead from there to the others.",
        )
    return session


def _written(access: AwsAccess) -> Callable[[Environment], Parameters]:
    """Parameters to write, each environment's with its own role."""

    @cache
    def of(environment: Environment) -> Parameters:
        session = access.session_for(environment.role, environment.region)
        _require_account(session.caller_account(), environment)
        return ParameterStore(session.ssm())

    return of


def _reading(access: AwsAccess, config: Config) -> Callable[[Environment], AwsSession]:
    """Sessions that read an environment, each with its own role."""

    @cache
    def of(environment: Environment) -> AwsSession:
        role = environment.read_role or environment.role
        session = access.session_for(role, environment.region)
        # A role is in the environment's account, as the configuration was judged by; the ambient
        # credentials are of the registry's.
        if role is None and environment.account != config.registry.account:
            _require_account(session.caller_account(), environment)
        return session

    return of


def _read(session_of: Callable[[Environment], AwsSession]) -> Callable[[Environment], Parameters]:
    """Parameters to read."""

    @cache
    def of(environment: Environment) -> Parameters:
        return ParameterStore(session_of(environment).ssm())

    return of


def _files(
    central: AwsSession, session_of: Callable[[Environment], AwsSession]
) -> Callable[[Environment | None], Reports]:
    """Files as the registry's account sees them, or an environment's.

    It takes s3:GetObject and s3:GetObjectVersion on reports and on artifacts, and kms:Decrypt
    where a key encrypts them; s3:ListBucket tells what is missing from what may not be read. The
    clients are made when first asked for, so planning needs none of that.
    """

    @cache
    def of(environment: Environment | None) -> Reports:
        return S3Reports((central if environment is None else session_of(environment)).s3())

    return of


def _require_account(account: str, environment: Environment) -> None:
    """Refuse to take another account than an environment's own for it."""
    if account != environment.account:
        raise WrongAccount(
            f"{environment.name} is in account {environment.account}, and the credentials are of "
            f"account {account}",
            hint="Sign in to that account, or name a role there: environments[].role.",
        )


def wall_clock() -> Clock:
    """The time of this machine."""
    return SystemClock()


def _notices(access: AwsAccess) -> Notices:
    return SnsNotices(lambda region: access.session_for(None, region).sns())


def bus_from_environment(bus: str | None = None, environ: Mapping[str, str] = os.environ) -> Bus:
    """The event bus that a pipeline reports on, with the ambient credentials.

    Args:
        bus: Its name or ARN; without it `ASSENT_EVENT_BUS`, or `default`.
        environ: `AWS_REGION` or `AWS_DEFAULT_REGION` says where a bus given by name is.

    Raises:
        Unconfigured: It is no name of a bus, or no region is set.
    """
    name = bus or environ.get("ASSENT_EVENT_BUS") or "default"
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    match = _BUS.fullmatch(name)
    if match is None:
        raise Unconfigured(
            f"{shown(name)} is no event bus",
            hint="Set ASSENT_EVENT_BUS to its name or ARN, or leave it out for the default bus.",
        )
    if match["region"] is None and region is None:
        raise Unconfigured(
            f"nothing says in which region the event bus {name} is",
            hint="Set AWS_REGION, or give the bus's ARN.",
        )
    return _bus(_access(environ), name, match["region"] or region or "")


def _bus(access: AwsAccess, name: str, region: str) -> Bus:
    return EventBus(access.session_for(None, region).events(), name)


def queue_from_environment(environ: Mapping[str, str] = os.environ) -> Queue:
    """The queues of the region that the process runs in, as the Lambda's own is."""
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    return SqsQueue(_access(environ).session_for(None, region).sqs())


def forge_of(config: Config, environ: Mapping[str, str] = os.environ) -> GitHubForge:
    """GitHub as `assent.yaml` names it, with the environment's credentials.

    `ASSENT_API_URL` overrides `github.api_url`, for a sandbox or a proxy;
    `ASSENT_TIMEOUT_SECONDS` how long one request may take, here and of AWS.

    Raises:
        Unconfigured: The environment holds no credentials.
    """
    api_url = environ.get("ASSENT_API_URL", config.api_url)
    client = _client(config.repository, api_url, environ)
    return GitHubForge(client, config.repository, config.branch)


def circumstances(
    history: GitRepository, base: str, number: int | None, environ: Mapping[str, str] = os.environ
) -> ForgeCircumstances:
    """What GitHub knows of a change; it is reached, as in `forge_of`, when first asked.

    Args:
        history: The clone.
        base: The commit that judges; its `assent.yaml` names the repository.
        number: The pull request's, where it is known.
        environ: Holds the credentials.
    """

    @cache
    def forge() -> GitHubForge:
        try:
            return forge_of(_config_at(history, base), environ)
        except Unconfigured as error:
            raise Unconfigured(
                f"{error.message}, and only GitHub tells whether this promotion still has to wait",
                hint=f"{error.hint} Or judge the rest: --offline.",
            ) from error

    clone = _Clone(history=history, head=base)

    def judge_glass(forge: Forge, pull: PullRequestState, path: str) -> BrokenGlass | None:
        return glass_shown(clone, forge, pull.number, author=pull.author, path=path)

    return ForgeCircumstances(
        history=history, base=base, forge=forge, judge_glass=judge_glass, number=number
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clone:
    """A commit of a clone."""

    history: GitRepository
    head: str


def with_github(world: World, environ: Mapping[str, str] = os.environ) -> tuple[World, GitHubForge]:
    """A world that shows on GitHub what is live and keeps receipts there, and GitHub itself.

    In a job of GitHub Actions the world knows the address of its run.

    Raises:
        Unconfigured: See `forge_of`.
    """
    forge = forge_of(world.config, environ)
    parts = (environ.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    server, repository, run = parts
    address = f"{server}/{repository}/actions/runs/{run}"
    known = _ADDRESS.fullmatch(server) and _REPOSITORY.fullmatch(repository)
    is_run = known is not None and _NUMBER.fullmatch(run) is not None
    told = replace(
        world,
        deployments=forge.deployments(),
        receipts=forge.receipts(world.config.receipts.branch),
        run=address if is_run else "",
    )
    return told, forge


def config_of(repository: Path) -> Config:
    """The configuration at a clone's HEAD.

    Raises:
        AssentError: No clone, or no valid configuration in its HEAD.
    """
    with GitRepository(repository) as history:
        return _config_at(history, history.commit("HEAD"))


def access_from_environment(environ: Mapping[str, str] = os.environ) -> AwsAccess:
    """AWS, over the ambient credentials."""
    return _access(environ)


def github_of(config: Config, environ: Mapping[str, str] = os.environ) -> Github:
    """A client of the GitHub that `assent.yaml` names, as `forge_of` has it."""
    return _client(config.repository, environ.get("ASSENT_API_URL", config.api_url), environ)


def app_of(config: Config, environ: Mapping[str, str] = os.environ) -> Github | None:
    """A client that signs as the App itself; None where its key is not at hand."""
    app, key = environ.get("ASSENT_APP_ID"), _private_key(environ)
    if not app or not key:
        return None
    api_url = environ.get("ASSENT_API_URL", config.api_url)
    return connect(app_auth(app, key), api_url, _timeout(environ) or GITHUB_TIMEOUT)


def _client(repository: str, api_url: str, environ: Mapping[str, str]) -> Github:
    timeout = _timeout(environ) or GITHUB_TIMEOUT
    if _ADDRESS.fullmatch(api_url) is None:
        raise Unconfigured(
            f"{shown(api_url)} is no address of GitHub's API",
            hint="Set ASSENT_API_URL to https://HOST/api/v3, or leave it out for github.com.",
        )
    token = environ.get("ASSENT_GITHUB_TOKEN")
    if token:
        return connect(Auth.Token(token), api_url, timeout)
    app, key = environ.get("ASSENT_APP_ID"), _private_key(environ)
    if not app or not key:
        raise Unconfigured(
            "there are no credentials for GitHub",
            hint="Set ASSENT_GITHUB_TOKEN; or ASSENT_APP_ID, and ASSENT_APP_PRIVATE_KEY, "
            "ASSENT_APP_PRIVATE_KEY_SECRET or ASSENT_APP_PRIVATE_KEY_PARAMETER.",
        )
    given = environ.get("ASSENT_INSTALLATION_ID", "")
    if given and _NUMBER.fullmatch(given) is None:
        raise Unconfigured(
            "ASSENT_INSTALLATION_ID is no number",
            hint="Set it to the number in the address of the App's installation, or leave it out.",
        )
    installation = int(given) if given else installation_of(app, key, repository, api_url, timeout)
    return connect(app_installation(app, key, installation), api_url, timeout)


def _access(environ: Mapping[str, str]) -> AwsAccess:
    return AwsAccess(_timeout(environ) or READ_TIMEOUT)


def _timeout(environ: Mapping[str, str]) -> int | None:
    text = environ.get("ASSENT_TIMEOUT_SECONDS", "")
    if not text:
        return None
    if _SECONDS.fullmatch(text) is None:
        raise Unconfigured(
            "ASSENT_TIMEOUT_SECONDS is no number of seconds",
            hint="Set it to a whole number from 1 to 999, or leave it out.",
        )
    return int(text)


def _private_key(environ: Mapping[str, str]) -> PrivateKey | None:
    """The App's key: given as it is, or read from where it is kept each time it has to sign."""
    key = environ.get("ASSENT_APP_PRIVATE_KEY")
    secret = environ.get("ASSENT_APP_PRIVATE_KEY_SECRET")
    parameter = environ.get("ASSENT_APP_PRIVATE_KEY_PARAMETER")
    here = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    access = _access(environ)
    if key or not (secret or parameter):
        return key
    if secret:
        there = region_of_secret(secret) or here
        return lambda: SecretsManager(access.session_for(None, there).secrets()).read(secret)
    return lambda: ParameterStore(access.session_for(None, here).ssm()).read_secret(parameter or "")


@dataclass(slots=True)
class Proposer:
    """Proposes event after event; its token, clients and configuration are kept between them.

    Args:
        client: GitHub.
        repository: `owner/name` of the promotion repository.
        branch: The branch that counts.
        access: AWS.
        clock: Decides when the configuration is read again.
    """

    client: Github
    repository: str
    branch: str
    access: AwsAccess
    clock: Clock
    _world: ProposeWorld | None = None
    _read_at: datetime | None = None

    def propose(self, event: Any) -> Outcome:  # noqa: ANN401 - any JSON, judged by the flow
        """See `flows.propose.propose`; an event that asks for nothing costs no call."""
        asked = parse_event(event)
        if isinstance(asked, Ignored):
            return asked
        return propose_event(event, self._current_world())

    def _current_world(self) -> ProposeWorld:
        now = self.clock.now()
        if self._world is None or self._read_at is None or now - self._read_at >= CONFIG_LIFETIME:
            self._world = self._read_world()
            self._read_at = now
        return self._world

    def _read_world(self) -> ProposeWorld:
        forge = GitHubForge(self.client, self.repository, self.branch)
        contracts = load_contracts()
        config = parse_config(forge.configuration(), contracts.config)
        return event_world(self.access, config, forge, self.clock)


def event_world(
    access: AwsAccess, config: Config, forge: GitHubForge, clock: Clock
) -> ProposeWorld:
    """What answering events reads and writes.

    Args:
        access: AWS.
        config: The configuration of the branch that counts.
        forge: GitHub.
        clock: The time.
    """
    central = _central(access, config)
    session_of = _reading(access, config)
    bucket = config.evidence_bucket

    def jobs(environment: Environment) -> Jobs:
        return SageMakerJobs(session_of(environment).sagemaker())

    return ProposeWorld(
        config=config,
        contracts=load_contracts(),
        forge=forge,
        registry=SageMakerRegistry(central.sagemaker()),
        clock=clock,
        reports=_files(central, session_of),
        parameters=_read(session_of),
        jobs=jobs,
        bus=LaterBus(lambda: _bus(access, config.event_bus, _bus_region(config))),
        notices=_notices(access),
        store=LaterStore(lambda: S3EvidenceStore(central.s3(), bucket)) if bucket else None,
    )


def _bus_region(config: Config) -> str:
    match = _BUS.fullmatch(config.event_bus)
    return (match["region"] if match else None) or config.registry.region


def proposer_from_environment(environ: Mapping[str, str] = os.environ) -> Proposer:
    """The proposer that the environment describes.

    `ASSENT_REPOSITORY` is owner/name; `ASSENT_BRANCH` defaults to main, `ASSENT_API_URL` to
    GitHub's own; credentials as in `forge_of`.

    Raises:
        Unconfigured: A setting is missing.
    """
    repository = environ.get("ASSENT_REPOSITORY", "")
    if _REPOSITORY.fullmatch(repository) is None:
        raise Unconfigured(
            "ASSENT_REPOSITORY does not name a repository", hint="Set it to owner/name."
        )
    return Proposer(
        client=_client(repository, environ.get("ASSENT_API_URL", _DEFAULT_API), environ),
        repository=repository,
        branch=environ.get("ASSENT_BRANCH", "main"),
        access=_access(environ),
        clock=wall_clock(),
    )
