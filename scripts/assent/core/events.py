"""EventBridge events: hostile JSON in, a registration or a reason to ignore it out."""

import json
import re
from dataclasses import dataclass
from typing import Any

from assent.core.config import Config
from assent.core.errors import AssentError
from assent.core.names import NAME_PATTERN, InvalidName, PackageArn, parse_package_arn, shown

__all__ = [
    "Ignored",
    "MalformedEvent",
    "Misdirected",
    "Registration",
    "parse_event",
    "read_event",
    "require_registry",
]

SOURCE = "aws.sagemaker"
STATE_CHANGE = "SageMaker Model Package State Change"
_AS_IT_CAME = "Send the event as EventBridge gives it, without an input transformer."
_UNVERSIONED = re.compile(rf"arn:[a-z0-9:-]{{1,100}}:model-package/{NAME_PATTERN}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """Something changed about a versioned model package; what, only the registry knows."""

    arn: PackageArn


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """An event or a version that asks for nothing."""

    why: str


class MalformedEvent(AssentError):
    """A message that is no EventBridge event."""


class Misdirected(AssentError):
    """An event of another account or region than the registry's."""


def read_event(text: str | bytes) -> Any:  # noqa: ANN401 - any JSON
    """Read a message's JSON.

    Raises:
        MalformedEvent: It is none.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MalformedEvent(
            f"the message is not JSON: {shown(str(error))}",
            hint=_AS_IT_CAME,
        ) from error


def parse_event(event: Any) -> Registration | Ignored:  # noqa: ANN401 - any JSON, judged here
    """Tell what an event asks for.

    Several events come per change, fields come and go between them, and metadata writes emit them
    again; so nothing but the package's identity is taken from it.

    Args:
        event: The parsed JSON of one EventBridge event.

    Raises:
        MalformedEvent: It has not the shape of one, or names no package it could speak of.
    """
    if not isinstance(event, dict):
        raise MalformedEvent(
            "the message is not an EventBridge event: it is no JSON object",
            hint=_AS_IT_CAME,
        )
    kind = event.get("detail-type")
    source = event.get("source")
    sources = source if isinstance(source, list) else [source]
    if not isinstance(kind, str) or not all(isinstance(each, str) for each in sources):
        raise MalformedEvent(
            "the message is not an EventBridge event: detail-type or source is missing",
            hint=_AS_IT_CAME,
        )
    if SOURCE not in sources:
        return Ignored(why=f"the event comes from {shown(str(source))}, not from {SOURCE}")
    if kind != STATE_CHANGE:
        return Ignored(why=f"{shown(kind)} is not a {STATE_CHANGE}")
    return _registration(event)


def _registration(event: dict[str, Any]) -> Registration | Ignored:
    detail = event.get("detail")
    if not isinstance(detail, dict):
        raise MalformedEvent("the event has no detail", hint=_AS_IT_CAME)
    text = detail.get("ModelPackageArn")
    if not isinstance(text, str):
        raise MalformedEvent("the event's detail has no ModelPackageArn", hint=_AS_IT_CAME)
    if _UNVERSIONED.fullmatch(text):
        return Ignored(why=f"{text} is an unversioned model package")
    try:
        arn = parse_package_arn(text)
    except InvalidName as error:
        raise MalformedEvent(f"detail.ModelPackageArn: {error.message}", hint=error.hint) from error
    return Registration(arn=arn)


def require_registry(arn: PackageArn, config: Config) -> None:
    """Refuse a package of another account or region than the registry's.

    Raises:
        Misdirected: With both, and what to change.
    """
    registry = config.registry
    if arn.text != registry.package_arn(arn.model, arn.version):
        raise Misdirected(
            f"{arn.text} is in account {arn.account}, region {arn.region} of partition "
            f"{arn.partition}; the registry of assent.yaml is in account {registry.account}, "
            f"region {registry.region}",
            hint="Correct `registry` in assent.yaml, or the EventBridge rule that sent this.",
        )
