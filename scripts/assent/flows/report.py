"""Report: a pipeline tells Assent, by an event on the bus, what became of a run of its own."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from assent.core.names import shown
from assent.core.own_events import (
    INFERENCE_COMPLETED,
    INFERENCE_KINDS,
    VIOLATIONS_FOUND,
    MalformedEvent,
    inference_detail,
    violations_detail,
)
from assent.core.package import ReportSource
from assent.core.reports import ReportKind
from assent.ports import Bus

__all__ = ["Sent", "named_reports", "report_inference", "report_violations"]

_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An event that the bus took."""

    detail_type: str
    detail: Mapping[str, object]


def named_reports(metrics: Sequence[str], others: Sequence[str]) -> tuple[ReportSource, ...]:
    """The reports that a command line names.

    Args:
        metrics: Addresses of evaluations.
        others: `KIND=ADDRESS` each.

    Raises:
        MalformedEvent: A kind is none that a batch inference leaves, or no report is named.
    """
    kinds = {kind.value: kind for kind in INFERENCE_KINDS}
    found = [ReportSource(kind=ReportKind.EVALUATION, uri=uri) for uri in metrics]
    for text in others:
        kind, _, uri = text.partition("=")
        if kind not in kinds:
            raise MalformedEvent(
                f"the report {shown(text)} has not the form KIND=URI; KIND is one of "
                f"{', '.join(kinds)}"
            )
        found.append(ReportSource(kind=kinds[kind], uri=uri))
    if not found:
        raise MalformedEvent("no report is named: say with --metrics URI what the run left")
    return tuple(found)


def report_inference(
    bus: Bus,
    *,
    model: str,
    version: int,
    environment: str,
    reports: Sequence[ReportSource],
    run: str | None = None,
    package_arn: str | None = None,
    started: datetime | None = None,
    ended: datetime | None = None,
) -> Sent:
    """Tell that a batch inference with a version finished.

    Args:
        bus: Where Assent listens.
        model: The model package group.
        version: The version that ran.
        environment: Where it ran.
        reports: What it left.
        run: Its name; None for a digest of the other arguments.
        package_arn: The version's, where it is known.
        started: When it began.
        ended: When it ended.

    Raises:
        MalformedEvent: An argument is none that Assent would read; nothing was sent.
        AssentError: The bus did not take it.
    """
    kinds = [(each.kind.value, each.uri) for each in reports]
    detail = inference_detail(
        model=model,
        version=version,
        environment=environment,
        run=run or _name_of(model, version, environment, kinds, started, ended),
        reports=reports,
        package_arn=package_arn,
        started=started,
        ended=ended,
    )
    return _sent(bus, INFERENCE_COMPLETED, detail)


def report_violations(
    bus: Bus,
    *,
    model: str,
    version: int | None,
    environment: str,
    uris: Sequence[str],
    run: str | None = None,
) -> Sent:
    """Tell that monitoring found drift in a version that is live.

    Args:
        bus: Where Assent listens.
        model: The model package group.
        version: The version that is watched; None for whichever is live.
        environment: Where it is live.
        uris: The reports that list the violations.
        run: The monitoring run's name; None for a digest of the other arguments.

    Raises:
        MalformedEvent: An argument is none that Assent would read; nothing was sent.
        AssentError: The bus did not take it.
    """
    detail = violations_detail(
        model=model,
        version=version,
        environment=environment,
        run=run or _name_of(model, version, environment, list(uris)),
        uris=uris,
    )
    return _sent(bus, VIOLATIONS_FOUND, detail)


def _name_of(*parts: object) -> str:
    """The name of a run that nobody named: a step that is tried again comes to the same one."""
    text = "\n".join(map(ascii, parts))
    return f"unnamed-{hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]}"


def _sent(bus: Bus, detail_type: str, detail: Mapping[str, object]) -> Sent:
    bus.send(detail_type, detail)
    return Sent(detail_type=detail_type, detail=detail)
