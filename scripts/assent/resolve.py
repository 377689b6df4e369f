"""Which version may run here: one call to Parameter Store, for inference pipelines.

Importing this module brings in boto3 and nothing else of weight.

    from assent.resolve import resolve

    arn = resolve("churn", environment="prod").model_package_arn
"""

import json
import os
import re
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

from assent.core.errors import AssentError, Exit
from assent.core.names import NAME_PATTERN

__all__ = ["NothingApproved", "Resolved", "UnreadableApproval", "resolve"]

DEFAULT_PREFIX = "/assent"
_MEND = "Its history in Parameter Store shows who wrote it; run `assent apply --all`."
_NAME = re.compile(NAME_PATTERN, re.ASCII)
_PACKAGE = re.compile(
    r"arn:aws[a-z-]{0,20}:sagemaker:[a-z0-9-]{9,16}:[0-9]{12}:"
    r"model-package/[a-zA-Z0-9-]{1,63}/[1-9][0-9]{0,8}",
    re.ASCII,
)


class NothingApproved(AssentError):
    """No version is approved in that environment: not yet, or not any more."""

    exit = Exit.NOTHING_APPROVED


class UnreadableApproval(AssentError):
    """The parameter could not be read or does not say what Assent writes: no verdict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """The version approved for an environment."""

    model: str
    version: int
    environment: str
    model_package_arn: str
    value: dict[str, Any]
    """The whole parameter: approvers, pull request, evidence digest, containers."""


def resolve(
    model: str,
    *,
    environment: str,
    prefix: str | None = None,
    client: Any = None,  # noqa: ANN401 - a boto3 SSM client; its types come with the stubs only
) -> Resolved:
    """Read which version of a model may run in an environment.

    Args:
        model: The model package group's name.
        environment: A rung of the ladder, such as `prod`.
        prefix: Where parameters begin; by default `ASSENT_PARAMETER_PREFIX`, or `/assent`.
        client: A boto3 client for `ssm`; by default one from the ambient credentials and region.

    Raises:
        NothingApproved: The environment has no approved version of this model (exit code 4).
        UnreadableApproval: Nothing could be learned (exit code 1); never run on a guess.
    """
    for what, name in (("model", model), ("environment", environment)):
        if _NAME.fullmatch(name) is None:
            raise UnreadableApproval(
                f"{name[:100]!a} cannot be the name of {'a' if what == 'model' else 'an'} {what}",
                hint="A name has 1 to 63 letters, digits and inner hyphens.",
            )
    root = prefix or os.environ.get("ASSENT_PARAMETER_PREFIX") or DEFAULT_PREFIX
    name = f"{root}/{environment}/{model}/current"
    text = _read(name, client)
    if text is None:
        raise NothingApproved(
            f"no version of {model} was ever approved in {environment} ({name} does not exist)",
            hint="Approve and merge its promotion pull request; or check the name, the account "
            "and the region.",
        )
    return _parse(text, name, model, environment)


def _read(name: str, client: Any) -> str | None:  # noqa: ANN401 - as in resolve
    try:
        client = client or boto3.client("ssm")
        answer = client.get_parameter(Name=name)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code == "ParameterNotFound":
            return None
        raise UnreadableApproval(
            f"{name} could not be read: {code}", hint=_hint(code, error)
        ) from error
    except NoRegionError as error:
        raise UnreadableApproval(
            f"{name} could not be read: no region is set", hint="Set AWS_REGION."
        ) from error
    except BotoCoreError as error:
        raise UnreadableApproval(
            f"{name} could not be read: {error}",
            hint="Check credentials, region and network; nothing was learned about the model.",
        ) from error
    text: str = answer["Parameter"]["Value"]
    return text


def _hint(code: str, error: Exception) -> str:
    if "Expired" in code:
        return "The credentials have expired; sign in again."
    if "AccessDenied" in code:
        return f"The role needs ssm:GetParameter there. AWS says: {error}"
    return str(error)


def _parse(text: str, name: str, model: str, environment: str) -> Resolved:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or value.get("schema") != "assent/parameter/v1":
        raise UnreadableApproval(
            f"{name} is not what Assent wrote",
            hint=_MEND,
        )
    if (value.get("model"), value.get("environment")) != (model, environment):
        raise UnreadableApproval(f"{name} speaks of another model or environment", hint=_MEND)
    if value.get("version", 0) is None:
        raise NothingApproved(
            f"no version of {model} is approved in {environment}",
            hint="What was approved has been retired or rejected since; see its pull requests.",
        )
    version, arn = value.get("version"), value.get("model_package_arn")
    if not isinstance(version, int) or isinstance(version, bool) or not isinstance(arn, str):
        raise UnreadableApproval(f"{name} names no version and package", hint=_MEND)
    # Whoever runs the package takes this ARN for the approved version's.
    if _PACKAGE.fullmatch(arn) is None or not arn.endswith(f":model-package/{model}/{version}"):
        raise UnreadableApproval(
            f"{name} names {arn[:200]!a}, which is not version {version} of {model}", hint=_MEND
        )
    return Resolved(
        model=model,
        version=version,
        environment=environment,
        model_package_arn=arn,
        value=value,
    )
