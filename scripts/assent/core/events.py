"""EventBridge events: hostile JSON in, what it asks for or a reason to ignore it out."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from assent.core.config import Config, Environment
from assent.core.errors import AssentError
from assent.core.names import NAME_PATTERN, InvalidName, PackageArn, parse_package_arn, shown
from assent.core.own_events import (
    INFERENCE_COMPLETED,
    OWN_SOURCE,
    VIOLATIONS_FOUND,
    InferenceReport,
    MalformedEvent,
    ViolationsReport,
    parse_inference_report,
    parse_violations_report,
)

__all__ = [
    "Event",
    "Ignored",
    "InferenceReport",
    "MalformedEvent",
    "Misdirected",
    "MonitoringChange",
    "Registration",
    "TransformChange",
    "ViolationsReport",
    "parse_event",
    "read_event",
    "require_account",
    "require_registry",
    "require_same_job",
]

SOURCE = "aws.sagemaker"
STATE_CHANGE = "SageMaker Model Package State Change"
TRANSFORM_CHANGE = "SageMaker Transform Job State Change"
PROCESSING_CHANGE = "SageMaker Processing Job State Change"
VIOLATED = "CompletedWithViolations"
"""How the exit message of a Model Monitor job begins that found drift."""
_LARGEST = 1024 * 1024
"""Bytes, or characters, of a message; SQS takes no larger one."""
_AS_IT_CAME = "Send the event as EventBridge gives it, without an input transformer."
_UNVERSIONED = re.compile(rf"arn:[a-z0-9:-]{{1,100}}:model-package/{NAME_PATTERN}", re.ASCII)
_JOB = re.compile(
    r"arn:aws[a-z-]{0,20}:sagemaker:(?P<region>[a-z0-9-]{9,16}):(?P<account>[0-9]{12}):"
    rf"(?P<kind>transform-job|processing-job)/(?P<name>{NAME_PATTERN})",
    re.ASCII,
)
_NAME = re.compile(NAME_PATTERN, re.ASCII)
_LONGEST_ARN = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """Something changed about a versioned model package; what, only the registry knows."""

    arn: PackageArn


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformChange:
    """A batch transform job is said to be completed; SageMaker tells whether it is."""

    name: str
    arn: str
    account: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringChange:
    """A Model Monitor job is said to have found drift; SageMaker tells whether it has."""

    name: str
    arn: str
    account: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """An event or a version that asks for nothing."""

    why: str


Event = (
    Registration | TransformChange | InferenceReport | MonitoringChange | ViolationsReport | Ignored
)


class Misdirected(AssentError):
    """An event of another account or region than `assent.yaml` says."""


def read_event(text: str | bytes) -> Any:  # noqa: ANN401 - any JSON
    """Read a message's JSON.

    Raises:
        MalformedEvent: It is none, or larger than any message.
    """
    if len(text) > _LARGEST:
        raise MalformedEvent(
            f"the message is larger than {_LARGEST} bytes, which no event is", hint=_AS_IT_CAME
        )
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MalformedEvent(
            f"the message is not JSON: {shown(str(error))}",
            hint=_AS_IT_CAME,
        ) from error


def parse_event(event: Any) -> Event:  # noqa: ANN401 - any JSON, judged here
    """Tell what an event asks for.

    SageMaker sends several events per change, fields come and go between them, and metadata writes
    emit them again; so nothing but the identity of a package or job is taken from its events. A
    status that they do name is only a cheap reason to ignore them.

    Args:
        event: The parsed JSON of one EventBridge event.

    Raises:
        MalformedEvent: It has not the shape of one; with the field, and what was expected there.
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
    for known, readers in _READERS.items():
        if known in sources:
            if kind not in readers:
                asked = ", ".join(readers)
                return Ignored(why=f"{shown(kind)} of {known} asks for nothing; what does: {asked}")
            return readers[kind](event, _detail(event))
    names = ", ".join(_READERS)
    return Ignored(why=f"the event comes from {shown(str(source))}, not from {names}")


def _detail(event: Mapping[str, Any]) -> Mapping[str, Any]:
    detail = event.get("detail")
    if not isinstance(detail, dict):
        raise MalformedEvent("the event has no detail", hint=_AS_IT_CAME)
    return detail


def _registration(_event: Mapping[str, Any], detail: Mapping[str, Any]) -> Registration | Ignored:
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


def _transform(event: Mapping[str, Any], detail: Mapping[str, Any]) -> TransformChange | Ignored:
    name, arn, account, region = _job(event, detail, "TransformJob", "transform-job")
    status = detail.get("TransformJobStatus")
    # Where the status is missing, the job itself will tell.
    if status not in (None, "Completed"):
        return Ignored(why=f"{arn} is {_said(status)}; a batch inference counts once it Completed")
    return TransformChange(name=name, arn=arn, account=account, region=region)


def _monitoring(event: Mapping[str, Any], detail: Mapping[str, Any]) -> MonitoringChange | Ignored:
    name, arn, account, region = _job(event, detail, "ProcessingJob", "processing-job")
    # Where the message or the status is missing, the job itself will tell.
    message, status = detail.get("ExitMessage"), detail.get("ProcessingJobStatus")
    violated = message is None or (isinstance(message, str) and message.startswith(VIOLATED))
    if not violated or status not in (None, "Completed"):
        return Ignored(why=f"{arn} does not say {VIOLATED}, as a monitoring job with drift does")
    return MonitoringChange(name=name, arn=arn, account=account, region=region)


def _job(
    event: Mapping[str, Any], detail: Mapping[str, Any], prefix: str, kind: str
) -> tuple[str, str, str, str]:
    """A job's name, ARN, account and region, the same in the envelope as in the ARN."""
    field = f"detail.{prefix}Arn"
    text = detail.get(f"{prefix}Arn")
    match = _JOB.fullmatch(text) if isinstance(text, str) and len(text) <= _LONGEST_ARN else None
    if match is None or match["kind"] != kind:
        raise MalformedEvent(
            f"{field} is {_said(text)}; expected arn:aws:sagemaker:REGION:ACCOUNT:{kind}/NAME",
            hint=_AS_IT_CAME,
        )
    for part in ("account", "region"):
        if event.get(part) != match[part]:
            raise MalformedEvent(
                f"the event's {part} is {_said(event.get(part))}; "
                f"expected {match[part]}, as in {field}",
                hint=_AS_IT_CAME,
            )
    name = detail.get(f"{prefix}Name", match["name"])
    # SageMaker writes names in lower case into some ARNs.
    if (
        not isinstance(name, str)
        or _NAME.fullmatch(name) is None
        or name.lower() != match["name"].lower()
    ):
        raise MalformedEvent(
            f"detail.{prefix}Name is {_said(name)}; expected {match['name']}, as in {field}",
            hint=_AS_IT_CAME,
        )
    return name, match[0], match["account"], match["region"]


def _said(value: object) -> str:
    return shown(value) if isinstance(value, str) else "missing, or no text"


_READERS: Mapping[str, Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Event]]] = {
    SOURCE: {
        STATE_CHANGE: _registration,
        TRANSFORM_CHANGE: _transform,
        PROCESSING_CHANGE: _monitoring,
    },
    OWN_SOURCE: {
        INFERENCE_COMPLETED: lambda event, detail: parse_inference_report(
            detail, event.get("account")
        ),
        VIOLATIONS_FOUND: lambda event, detail: parse_violations_report(
            detail, event.get("account")
        ),
    },
}


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


def require_account(account: str, environment: Environment) -> None:
    """Refuse what was sent from another account than the environment's.

    Raises:
        Misdirected: With both.
    """
    if account != environment.account:
        raise Misdirected(
            f"the event was sent from account {account}; {environment.name} is in account "
            f"{environment.account}",
            hint="Send it with the environment's own credentials, or correct its account in "
            "assent.yaml.",
        )


def require_same_job(told: str, described: str, environment: Environment) -> None:
    """Refuse a job of the same name in another place: the credentials lead there.

    Raises:
        Misdirected: With both.
    """
    if told.lower() != described.lower():
        raise Misdirected(
            f"the event is about {told}, and the credentials for {environment.name} see "
            f"{described}",
            hint="Name a role in the environment's account: environments[].read_role.",
        )
