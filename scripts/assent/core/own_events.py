"""Events that Assent itself, or a pipeline through it, puts on the bus: written, and read back.

Their details are a contract between versions of Assent: what is written here is read here.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assent.core.errors import AssentError
from assent.core.names import (
    NAME_PATTERN,
    InvalidName,
    PackageArn,
    parse_package_arn,
    shown,
)
from assent.core.package import ReportSource
from assent.core.reports import ReportKind
from assent.core.timestamps import read_time, written

__all__ = [
    "INFERENCE_COMPLETED",
    "INFERENCE_KINDS",
    "OWN_SOURCE",
    "RETRAINING_REQUESTED",
    "VIOLATIONS_FOUND",
    "InferenceReport",
    "MalformedEvent",
    "ViolationsReport",
    "inference_detail",
    "parse_inference_report",
    "parse_violations_report",
    "retraining_detail",
    "violations_detail",
]

OWN_SOURCE = "assent"
INFERENCE_COMPLETED = "Assent Inference Completed"
VIOLATIONS_FOUND = "Assent Violations Found"
RETRAINING_REQUESTED = "Assent Retraining Requested"

INFERENCE_KINDS = (
    ReportKind.EVALUATION,
    ReportKind.MODEL_QUALITY,
    ReportKind.DATA_QUALITY,
    ReportKind.BIAS,
    ReportKind.EXPLAINABILITY,
    ReportKind.VIOLATIONS,
)
"""What a batch inference may leave."""
MAX_REPORTS = 20
_LARGEST_VERSION = 999_999_999
_NAME = re.compile(NAME_PATTERN, re.ASCII)
_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/=+@,-]{0,255}", re.ASCII)
_URI = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/\S{1,1024}")
_WRITE_IT = "Send it with `assent report-inference` or `assent report-violations`."


class MalformedEvent(AssentError):
    """A message that is no EventBridge event, or not one that can be acted on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceReport:
    """A pipeline says that its batch inference with a version finished."""

    model: str
    version: int
    environment: str
    """Where it ran; whether that is a rung, the configuration tells."""
    run: str
    """The name that the pipeline gave to its run."""
    account: str
    """The envelope's: AWS sets it, the sender cannot."""
    package_arn: PackageArn | None = None
    """Of this model and version, if the pipeline named it."""
    started: datetime | None = None
    ended: datetime | None = None
    reports: tuple[ReportSource, ...]
    """At least one; all of them must be readable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViolationsReport:
    """A pipeline says that its monitoring of a live version found drift."""

    model: str
    version: int | None
    """None for whichever is live."""
    environment: str
    run: str
    account: str
    """The envelope's: AWS sets it, the sender cannot."""
    uris: tuple[str, ...]
    """Of the reports that list the violations; at least one."""


def parse_inference_report(detail: Mapping[str, Any], account: object) -> InferenceReport:
    """Read the detail of an event `Assent Inference Completed`.

    Args:
        detail: Any JSON object.
        account: The envelope's account.

    Raises:
        MalformedEvent: With the field, and what was expected there.
    """
    given = _Detail(
        detail,
        {"model", "version", "environment", "run", "reports"},
        {"model_package_arn", "started", "ended"},
    )
    model, version = given.name("model"), given.version("version")
    started, ended = given.time("started"), given.time("ended")
    if started is not None and ended is not None and ended < started:
        raise given.wrong("ended", "a time not before detail.started")
    return InferenceReport(
        model=model,
        version=version,
        environment=given.name("environment"),
        run=given.run(),
        account=_account(account),
        package_arn=given.package("model_package_arn", model, version),
        started=started,
        ended=ended,
        reports=given.reports(),
    )


def parse_violations_report(detail: Mapping[str, Any], account: object) -> ViolationsReport:
    """Read the detail of an event `Assent Violations Found`.

    Args:
        detail: Any JSON object.
        account: The envelope's account.

    Raises:
        MalformedEvent: With the field, and what was expected there.
    """
    given = _Detail(detail, {"model", "environment", "run", "reports"}, {"version"})
    return ViolationsReport(
        model=given.name("model"),
        version=given.version("version") if "version" in detail else None,
        environment=given.name("environment"),
        run=given.run(),
        account=_account(account),
        uris=given.uris(),
    )


def inference_detail(
    *,
    model: str,
    version: int,
    environment: str,
    run: str,
    reports: Sequence[ReportSource],
    package_arn: str | None = None,
    started: datetime | None = None,
    ended: datetime | None = None,
) -> dict[str, object]:
    """The detail of an event `Assent Inference Completed`, as `parse_inference_report` reads it.

    Raises:
        MalformedEvent: A value is none that it would read.
    """
    detail: dict[str, object] = {
        "model": model,
        "version": version,
        "environment": environment,
        "run": run,
        "reports": [{"kind": each.kind.value, "uri": each.uri} for each in reports],
    }
    if package_arn is not None:
        detail["model_package_arn"] = package_arn
    if started is not None:
        detail["started"] = written(started)
    if ended is not None:
        detail["ended"] = written(ended)
    parse_inference_report(detail, _ANY_ACCOUNT)
    return detail


def violations_detail(
    *, model: str, version: int | None, environment: str, run: str, uris: Sequence[str]
) -> dict[str, object]:
    """The detail of an event `Assent Violations Found`, as `parse_violations_report` reads it.

    Raises:
        MalformedEvent: A value is none that it would read.
    """
    detail: dict[str, object] = {
        "model": model,
        "environment": environment,
        "run": run,
        "reports": list(uris),
    }
    if version is not None:
        detail["version"] = version
    parse_violations_report(detail, _ANY_ACCOUNT)
    return detail


def retraining_detail(
    *,
    model: str,
    version: int,
    environment: str,
    package_arn: str,
    run: str,
    issue: str,
    violations: int,
) -> dict[str, object]:
    """The detail of an event `Assent Retraining Requested`: which live version drifted, and where.

    Args:
        model: Its model package group.
        version: The version that is live.
        environment: Where it is live.
        package_arn: The version's ARN.
        run: The monitoring run that found it.
        issue: The address of the issue that is open about it.
        violations: How many were read; 0 where the report could not be read.
    """
    return {
        "model": model,
        "version": version,
        "environment": environment,
        "model_package_arn": package_arn,
        "run": run,
        "issue": issue,
        "violations": violations,
    }


_ANY_ACCOUNT = "0" * 12


def _account(value: object) -> str:
    if isinstance(value, str) and _ACCOUNT.fullmatch(value):
        return value
    raise MalformedEvent(
        f"the event's account is {_said(value)}; expected twelve digits, as AWS sets them",
        hint="Send the event as EventBridge gives it, without an input transformer.",
    )


class _Detail:
    """The fields of one detail, each checked as it is taken."""

    def __init__(self, values: Mapping[str, Any], needed: set[str], allowed: set[str]) -> None:
        self._values = values
        unknown = sorted(name for name in values if name not in needed | allowed)
        if unknown:
            known = ", ".join(sorted(needed | allowed))
            raise MalformedEvent(
                f"detail has a field {shown(unknown[0])}; expected {known}", hint=_WRITE_IT
            )

    def wrong(self, name: str, expected: str) -> MalformedEvent:
        """What to raise for a field."""
        return self._refused(f"detail.{name}", self._values.get(name), expected)

    @staticmethod
    def _refused(place: str, value: object, expected: str) -> MalformedEvent:
        return MalformedEvent(f"{place} is {_said(value)}; expected {expected}", hint=_WRITE_IT)

    def _text(self, name: str, pattern: re.Pattern[str], expected: str) -> str:
        value = self._values.get(name)
        if not isinstance(value, str) or pattern.fullmatch(value) is None:
            raise self.wrong(name, expected)
        return value

    def name(self, field: str) -> str:
        return self._text(
            field, _NAME, "letters, digits and inner hyphens, 63 characters at the most"
        )

    def run(self) -> str:
        return self._text(
            "run", _RUN, "letters, digits and _.:/=+@,- of which 256 at the most, as its name"
        )

    def version(self, name: str) -> int:
        value = self._values.get(name)
        if (
            not isinstance(value, int)
            or isinstance(value, bool)
            or not 1 <= value <= _LARGEST_VERSION
        ):
            raise self.wrong(name, f"a whole number from 1 to {_LARGEST_VERSION}")
        return value

    def time(self, name: str) -> datetime | None:
        if name not in self._values:
            return None
        value = self._values[name]
        try:
            return read_time(value) if isinstance(value, str) else self._no_time(name)
        except ValueError:
            return self._no_time(name)

    def _no_time(self, name: str) -> datetime:
        raise self.wrong(name, "a time of the form 2026-11-22T10:00:00Z")

    def package(self, name: str, model: str, version: int) -> PackageArn | None:
        if name not in self._values:
            return None
        expected = f"the ARN of {model} {version}"
        value = self._values[name]
        if not isinstance(value, str):
            raise self.wrong(name, expected)
        try:
            arn = parse_package_arn(value)
        except InvalidName as error:
            raise self.wrong(name, expected) from error
        if (arn.model, arn.version) != (model, version):
            raise self.wrong(name, expected)
        return arn

    def _items(self) -> list[Any]:
        value = self._values.get("reports")
        if not isinstance(value, list) or not 1 <= len(value) <= MAX_REPORTS:
            raise self.wrong("reports", f"a list of 1 to {MAX_REPORTS} reports")
        return value

    def reports(self) -> tuple[ReportSource, ...]:
        found: list[ReportSource] = []
        for index, item in enumerate(self._items()):
            place = f"detail.reports[{index}]"
            if not isinstance(item, dict) or set(item) != {"kind", "uri"}:
                raise self._refused(place, item, "an object of kind and uri")
            kind = next((each for each in INFERENCE_KINDS if each == item["kind"]), None)
            if kind is None:
                names = ", ".join(INFERENCE_KINDS)
                raise self._refused(f"{place}.kind", item["kind"], f"one of {names}")
            uri = self._uri(f"{place}.uri", item["uri"])
            if any(each.uri == uri for each in found):
                raise self._refused(f"{place}.uri", uri, "each report once")
            found.append(ReportSource(kind=kind, uri=uri))
        return tuple(found)

    def uris(self) -> tuple[str, ...]:
        items = enumerate(self._items())
        found = [self._uri(f"detail.reports[{index}]", item) for index, item in items]
        return tuple(dict.fromkeys(found))

    def _uri(self, place: str, value: object) -> str:
        if not isinstance(value, str) or not value.isprintable() or _URI.fullmatch(value) is None:
            raise self._refused(place, value, "an address of the form s3://BUCKET/KEY")
        return value


def _said(value: object) -> str:
    """A value of any JSON, as a message shows it."""
    match value:
        case None:
            return "missing"
        case str():
            return shown(value)
        case bool():
            return "true or false"
        case int() | float():
            return "a number" if abs(value) > _LARGEST_VERSION else shown(str(value))
        case list():
            return f"a list of {len(value)}"
        case _:
            return "an object"
