"""What `doctor` looks at, put together; apart from the rest, so that nothing else loads it."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from assent.adapters.aws_settings import AwsSettingsReader
from assent.adapters.github_settings import GitHubSettingsReader
from assent.adapters.sagemaker import SageMakerRegistry
from assent.core.config import Config, Environment
from assent.flows.doctor import AwsAccounts, Setup
from assent.wiring import Unconfigured, access_from_environment, app_of, config_of, github_of

__all__ = ["doctor_setup"]


def doctor_setup(
    repository: Path,
    *,
    half: str | None,
    queue: str | None,
    roles: Mapping[str, str],
    creators: Sequence[str],
    environ: Mapping[str, str] = os.environ,
) -> Setup:
    """What `doctor` looks at, as the configuration at HEAD names it.

    Args:
        repository: A clone.
        half: `github` or `aws` to leave the other out; None for both.
        queue: The queue's name, where it is known.
        roles: The roles that apply, by environment, as far as they are known.
        creators: The principals that register models, as far as they are known.
        environ: Holds the credentials for GitHub.

    Raises:
        AssentError: No clone, no valid configuration, a role of no environment, or no credentials
            for GitHub.
    """
    config = config_of(repository)
    config.select(tuple(roles))  # a slip would leave a role out, and its environment unknown
    return Setup(
        config=config,
        github=None if half == "aws" else _github(config, environ, alone=half == "github"),
        aws=None if half == "github" else _aws(config, environ),
        queue=queue,
        roles=roles,
        creators=creators,
    )


def _github(config: Config, environ: Mapping[str, str], *, alone: bool) -> GitHubSettingsReader:
    try:
        client = github_of(config, environ)
    except Unconfigured as error:
        rest = "" if alone else " Or look at AWS alone: --aws."
        raise Unconfigured(error.message, hint=f"{error.hint}{rest}") from error
    return GitHubSettingsReader(
        client,
        config.repository,
        config.branch,
        app=app_of(config, environ),
        app_id=environ.get("ASSENT_APP_ID", ""),
    )


def _aws(config: Config, environ: Mapping[str, str]) -> AwsAccounts:
    access = access_from_environment(environ)
    central = access.session_for(None, config.registry.region)

    def of(environment: Environment) -> AwsSettingsReader:
        role = environment.read_role or environment.role
        return AwsSettingsReader(access.session_for(role, environment.region))

    # Whose the credentials are is a finding here, and stops nothing.
    return AwsAccounts(
        central=AwsSettingsReader(central),
        of=of,
        registry=SageMakerRegistry(central.sagemaker()),
    )
