"""`assent doctor`: looks at the set-up that promises rest on, and changes nothing of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from assent.core.config import Config, Environment
from assent.core.doctor.finding import Diagnosis, Finding, Read, Unread
from assent.core.doctor.trust import ISSUER
from assent.core.doctor.workflows import APPLY_ROLE
from assent.flows.examine_aws import AwsSetup, examine_aws
from assent.flows.examine_github import GitHubSeen, examine_github
from assent.ports import Registry
from assent.ports.settings import AwsSettings, GitHubSettings

__all__ = ["AwsAccounts", "Setup", "doctor"]

_PUBLIC_API = "https://api.github.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsAccounts:
    """AWS, as the doctor reaches it."""

    central: AwsSettings
    of: Callable[[Environment], AwsSettings]
    registry: Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What is looked at; a half that is None is left out."""

    config: Config
    github: GitHubSettings | None = None
    aws: AwsAccounts | None = None
    queue: str | None = None
    """The queue's name, where it was given."""
    roles: Mapping[str, str] = field(default_factory=dict)
    """The roles in ASSENT_APPLY_ROLE that were given, by environment."""
    creators: Sequence[str] = ()
    """The principals that register models, as far as they were given."""


def doctor(
    setup: Setup,
    environments: Sequence[Environment],
    emit: Callable[[Finding], object] = lambda _: None,
) -> Diagnosis:
    """Look at the set-up.

    Args:
        setup: What to look at.
        environments: The rungs to look at, lowest first.
        emit: Told each finding as it is made.
    """
    found: list[Finding] = []

    def tell(finding: Finding) -> None:
        # What keeps one thing from being read often keeps several, and is said once.
        if finding not in found:
            found.append(finding)
            emit(finding)

    seen = GitHubSeen(ids=None, environments={})
    if setup.github is not None:
        ladder = [each.name for each in environments]
        seen = examine_github(setup.config, ladder, setup.github, tell)
    if setup.aws is not None:
        examine_aws(
            AwsSetup(
                config=setup.config,
                central=setup.aws.central,
                of=setup.aws.of,
                registry=setup.aws.registry,
                queue=setup.queue,
                roles={each.name: _role(setup, seen, each.name) for each in environments},
                creators=setup.creators,
                ids=seen.ids,
                issuer=_issuer(setup.config.api_url),
            ),
            environments,
            tell,
        )
    return Diagnosis(findings=tuple(found))


def _role(setup: Setup, seen: GitHubSeen, name: str) -> Read[str]:
    """The role that applies to an environment: as it was given, or as GitHub has it."""
    if name in setup.roles:
        return setup.roles[name]
    needs = f"Name it: --apply-role {name}=ARN."
    environment = seen.environments.get(name)
    if isinstance(environment, Unread):
        return Unread(why=environment.why, needs=needs)
    variables = None if environment is None else environment.variables
    if isinstance(variables, Unread):
        return Unread(why=variables.why, needs=needs)
    role = (variables or {}).get(APPLY_ROLE)
    if not role:
        return Unread(why=f"nothing says which role applies to {name}", needs=needs)
    return role


def _issuer(api_url: str) -> str:
    """Who signs the tokens of a GitHub's workflows."""
    if api_url == _PUBLIC_API:
        return ISSUER
    host = api_url.partition("://")[2].partition("/")[0]
    return f"{host}/_services/token"
