"""The command line: each command parses its arguments, calls one flow, and prints what it says."""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assent import __version__
from assent.cli_audit import audit, verify
from assent.cli_backfill import backfill
from assent.cli_check import check
from assent.cli_doctor import doctor
from assent.cli_drift import drift
from assent.cli_init import init
from assent.cli_lambda import build_lambda
from assent.cli_options import emit as _emit
from assent.cli_options import environments_option as _environments
from assent.cli_options import format_option as _format
from assent.cli_options import repository_option as _repository
from assent.cli_options import time_of as _time
from assent.cli_sandbox import demo, sandbox
from assent.cli_verdicts import complain as _complain
from assent.cli_verdicts import verdicts as _verdicts
from assent.core.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from assent.flows.report import Sent

__all__ = ["main"]

_VERSION = click.IntRange(1, 999_999_999)


def _emit_json(values: Any) -> None:  # noqa: ANN401 - any JSON values
    from assent.core.rendering.plain import json_text

    _emit(json_text(values))


_version = click.option(
    "--version",
    type=_VERSION,
    metavar="N",
    help="The model package version.  [default: the one that is live there]",
)
_run = click.option(
    "--run",
    metavar="NAME",
    help="What the run is called; told of again, the same run changes nothing.  [default: a digest "
    "of the other arguments, so a run that writes to the same addresses again needs a name]",
)
_bus = click.option(
    "--bus",
    metavar="NAME",
    help="The event bus that Assent listens to.  [default: ASSENT_EVENT_BUS, or default]",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="assent")
def main() -> None:
    """Model promotions by pull request, for Amazon SageMaker's Model Registry.

    Exit codes: 0 ok; 1 broken, no verdict; 2 usage; 3 nothing read; 4 nothing approved;
    10 findings; 11 drift; 12 incomplete, some changes were refused or failed.
    """


@main.command(short_help="Open the pull request that an event asks for.")
@click.argument("event", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_format("text", "json")
@_verdicts
def propose(event: Path, form: str) -> Exit:
    """Open the pull request, or the issue, that an EventBridge event asks for.

    EVENT is a file with the event's JSON. GitHub is reached as the environment says:
    ASSENT_REPOSITORY, and ASSENT_GITHUB_TOKEN or ASSENT_APP_ID with ASSENT_APP_PRIVATE_KEY.
    """
    from assent.core.events import read_event
    from assent.core.outcome import DifferenceReported, Unusable, Vanished
    from assent.core.rendering.outcome import outcome_line, outcome_values
    from assent.wiring import proposer_from_environment

    asked = read_event(event.read_bytes())
    outcome = proposer_from_environment().propose(asked)
    if form == "json":
        _emit_json(outcome_values(outcome))
    else:
        _emit(outcome_line(outcome))
    match outcome:
        case Vanished():
            return Exit.NOTHING_READ
        case Unusable():
            return Exit.FINDINGS
        case DifferenceReported():
            return Exit.DRIFT
        case _:
            return Exit.OK


@main.command(short_help="Show what apply would do now.")
@_repository
@_environments
@click.option(
    "--all", "everything", is_flag=True, help="Compare everything, not only what changed."
)
@_format("text", "markdown", "json")
@_verdicts
def plan(repository: Path, environments: tuple[str, ...], *, everything: bool, form: str) -> Exit:
    """Show what apply would do now, writing nothing and proving no approval.

    Pull requests that were closed meanwhile are left out: only apply looks at them.
    """
    from assent.core.rendering.changes import plan_markdown, plan_text, plan_values
    from assent.flows.plan import plan as make
    from assent.wiring import open_world

    with open_world(repository, writing=False) as world:
        planned = make(world, world.config.select(environments), everything=everything)
    plans = [each.plan for each in planned]
    if form == "json":
        _emit_json({"head": world.head, "plans": [plan_values(each) for each in plans]})
    else:
        _emit({"text": plan_text, "markdown": plan_markdown}[form](plans))
    for each in planned:
        for error in each.observation.unreadable.values():
            _complain(error)
    return max(each.exit for each in planned)


@main.command(short_help="Write what main's approved records say.")
@_repository
@_environments
@click.option(
    "--all", "everything", is_flag=True, help="Compare everything, not only what changed."
)
@_format("text", "json")
@_verdicts
def apply(repository: Path, environments: tuple[str, ...], *, everything: bool, form: str) -> Exit:
    """Bring registry and Parameter Store to what HEAD's approved records say.

    Pull requests that code owners closed or reopened are recorded first. Run twice, late, or after
    a run that was cut off anywhere, it ends in the same state.
    """
    from assent.core.rendering.changes import receipt_line, receipt_values, receipts_summary
    from assent.flows.apply import apply as converge
    from assent.wiring import open_world, with_github

    with open_world(repository, writing=True) as read:
        world, forge = with_github(read)
        report = converge(
            world,
            forge,
            world.config.select(environments),
            everything=everything,
            emit=lambda receipt: _emit(receipt_line(receipt)) if form == "text" else None,
        )
    receipts = [*report.receipts, *report.broken]
    if form == "json":
        _emit_json(
            {
                "head": world.head,
                "exit": report.exit,
                "receipts": [receipt_values(each) for each in receipts],
            }
        )
    else:
        _emit(f"{world.head[:12]}: {receipts_summary(receipts)}")
    return report.exit


@main.command(short_help="Keep open promotions tidy.")
@_repository
@_environments
@_format("text", "json")
@_verdicts
def tidy(repository: Path, environments: tuple[str, ...], form: str) -> Exit:
    """Refresh open promotions' pages, label what is superseded, open what waits for a place.

    Run at any time, twice, or after a run that was cut off, it ends in the same state.
    """
    from assent.core.rendering.tidying import tidied_line, tidying_summary, tidying_values
    from assent.flows.tidy import tidy as clean
    from assent.wiring import forge_of, open_world

    with open_world(repository, writing=False) as world:
        report = clean(
            world,
            forge_of(world.config),
            world.config.select(environments),
            emit=lambda done: _emit(tidied_line(done)) if form == "text" else None,
        )
    if form == "json":
        _emit_json(tidying_values(world.head, report.exit, report.done))
    else:
        _emit(f"{world.head[:12]}: {tidying_summary(report.looked_at, report.done)}")
    return report.exit


@main.command(short_help="Show what is live: models down, environments across.")
@_repository
@_environments
@_format("text", "json")
@_verdicts
def status(repository: Path, environments: tuple[str, ...], form: str) -> Exit:
    """Show what is live: models down, environments across.

    `5 → 7` means that 5 is live and the records at HEAD ask for 7.
    """
    from assent.core.rendering.status import status_text, status_values
    from assent.flows.status import status as read
    from assent.wiring import open_world

    with open_world(repository, writing=False) as world:
        found = read(world, world.config.select(environments))
    if form == "json":
        _emit_json(status_values(found.environments, found.models))
    else:
        _emit(status_text(found.environments, found.models))
    return Exit.OK


@main.command(short_help="Print the version that may run in an environment.")
@click.argument("model")
@click.option("--env", "environment", required=True, metavar="ENV", help="Where it is to run.")
@click.option(
    "--prefix",
    metavar="PATH",
    help="Where parameters begin.  [default: ASSENT_PARAMETER_PREFIX, or /assent]",
)
@_format("arn", "json")
@_verdicts
def resolve(model: str, environment: str, prefix: str | None, form: str) -> Exit:
    """Print the model package that may run in an environment.

    Exit code 4 tells "nothing approved yet" from 1, "could not be read".
    """
    from assent.resolve import resolve as read

    found = read(model, environment=environment, prefix=prefix)
    if form == "json":
        _emit_json(found.value)
    else:
        _emit(found.model_package_arn)
    return Exit.OK


@main.command("report-inference", short_help="Tell that a batch inference finished.")
@click.argument("model")
@click.option("--env", "environment", required=True, metavar="ENV", help="Where it ran.")
@click.option(
    "--metrics",
    multiple=True,
    metavar="URI",
    help="A file of metrics that it left, s3://...; may be given several times.",
)
@click.option(
    "--report",
    "others",
    multiple=True,
    metavar="KIND=URI",
    help="Another report that it left, such as violations=s3://...; may be given several times.",
)
@_version
@_run
@click.option("--started", callback=_time, metavar="TIME", help="As 2026-11-22T10:00:00Z.")
@click.option("--ended", callback=_time, metavar="TIME", help="As 2026-11-22T10:00:00Z.")
@_bus
@_format("text", "json")
@_verdicts
def report_inference(
    model: str,
    environment: str,
    *,
    metrics: tuple[str, ...],
    others: tuple[str, ...],
    version: int | None,
    run: str | None,
    started: "datetime | None",
    ended: "datetime | None",
    bus: str | None,
    form: str,
) -> Exit:
    """Tell Assent that a batch inference finished, for pipelines without transform jobs.

    Every report that is named has to be there and readable. The version then waits for approval
    in the next environment.
    """
    from assent.flows.report import named_reports
    from assent.flows.report import report_inference as report
    from assent.resolve import resolve as read
    from assent.wiring import bus_from_environment

    with _told_as_usage():
        reports = named_reports(metrics, others)
        live = None if version is not None else read(model, environment=environment)
        sent = report(
            bus_from_environment(bus),
            model=model,
            version=live.version if live is not None else version or 0,
            environment=environment,
            reports=reports,
            run=run,
            package_arn=None if live is None else live.model_package_arn,
            started=started,
            ended=ended,
        )
    return _emit_sent(sent, form)


@main.command("report-violations", short_help="Tell that monitoring found drift.")
@click.argument("model")
@click.option("--env", "environment", required=True, metavar="ENV", help="Where it is live.")
@click.option(
    "--report",
    "uris",
    multiple=True,
    required=True,
    metavar="URI",
    help="A file that lists violations, s3://...; may be given several times.",
)
@_version
@_run
@_bus
@_format("text", "json")
@_verdicts
def report_violations(
    model: str,
    environment: str,
    *,
    uris: tuple[str, ...],
    version: int | None,
    run: str | None,
    bus: str | None,
    form: str,
) -> Exit:
    """Tell Assent that monitoring found drift in a version that is live.

    It opens an issue with the violations, and asks for retraining on the event bus.
    """
    from assent.flows.report import report_violations as report
    from assent.wiring import bus_from_environment

    with _told_as_usage():
        sent = report(
            bus_from_environment(bus),
            model=model,
            version=version,
            environment=environment,
            uris=uris,
            run=run,
        )
    return _emit_sent(sent, form)


@contextmanager
def _told_as_usage() -> "Iterator[None]":
    """An event that Assent would not read is a wrong command line: nothing was sent."""
    from assent.core.own_events import MalformedEvent
    from assent.core.rendering.plain import plain

    try:
        yield
    except MalformedEvent as error:
        raise click.UsageError(plain(error.message)) from error


def _emit_sent(sent: "Sent", form: str) -> Exit:
    detail = sent.detail
    if form == "json":
        _emit_json({"detail_type": sent.detail_type, "detail": detail})
    else:
        which = detail.get("version", "(what is live)")
        where = f"{detail['model']} {which} in {detail['environment']}"
        _emit(f"sent {sent.detail_type}: {where}, run {detail['run']}")
    return Exit.OK


@main.command(short_help="Record what closing a pull request decided.")
@click.argument("number", type=click.IntRange(min=1))
@_repository
@_environments
@_format("text", "json")
@_verdicts
def reject(number: int, repository: Path, environments: tuple[str, ...], form: str) -> Exit:
    """Record what closing, or reopening, a promotion's pull request decided.

    Closing rejects if a code owner of the environment did it. Every `apply` does the same for all
    pull requests that were closed since the last one.
    """
    from assent.core.rendering.changes import receipt_line, receipt_values
    from assent.flows.reject import reject as record
    from assent.wiring import open_world, with_github

    with open_world(repository, writing=True) as read:
        world, forge = with_github(read)
        report = record(
            world,
            forge,
            number,
            world.config.select(environments),
            emit=lambda receipt: _emit(receipt_line(receipt)) if form == "text" else None,
        )
    if form == "json":
        receipts = [receipt_values(each) for each in report.receipts]
        _emit_json({"head": world.head, "exit": report.exit, "receipts": receipts})
    elif not report.receipts:
        _emit(f"pull request {number}: nothing to record")
    return report.exit


@main.command(short_help="Open the pull request that retires a version.")
@click.argument("model")
@click.argument("version", type=_VERSION)
@click.option("--env", "environment", required=True, metavar="ENV", help="Where it must not run.")
@click.option("--reason", required=True, metavar="TEXT", help="Why, in a sentence.")
@_repository
@_format("text", "json")
@_verdicts
def retire(
    model: str, version: int, environment: str, *, reason: str, repository: Path, form: str
) -> Exit:
    """Open the pull request that retires an approved version from an environment.

    Merging it makes inference there fall back to the next highest approved version, or stop where
    there is none; the pull request says which.
    """
    from assent.core.names import RecordId
    from assent.core.rendering.retirement import retirement_text, retirement_values
    from assent.flows.retire import retire as ask
    from assent.wiring import forge_of, open_world

    with open_world(repository, writing=False) as world:
        id_ = RecordId(environment, model, version)
        retirement = ask(world, forge_of(world.config), id_, reason)
    if form == "json":
        _emit_json(retirement_values(retirement))
    else:
        _emit(retirement_text(retirement))
    return Exit.OK


@main.command(short_help="Show every decision on a model's versions.")
@click.argument("model")
@_repository
@_environments
@_format("text", "json")
@_verdicts
def history(model: str, repository: Path, environments: tuple[str, ...], form: str) -> Exit:
    """Show every decision ever taken on a model's versions, oldest first.

    It is what Parameter Store holds; reasons of records come from the clone.
    """
    from assent.core.rendering.history import history_text, history_values
    from assent.flows.history import history as read
    from assent.wiring import open_world

    with open_world(repository, writing=False) as world:
        chosen = world.config.select(environments)
        found = read(world, model, chosen)
    if form == "json":
        unread = [error.message for error in found.unreadable]
        _emit_json(history_values(model, found.decisions, unread))
    elif found.decisions:
        _emit(history_text(found.decisions))
    else:
        _emit(f"no decision on {model} was found in {', '.join(each.name for each in chosen)}")
    for error in found.unreadable:
        _complain(error)
    return found.exit


for _command in (audit, backfill, build_lambda, check, demo, doctor, drift, init, sandbox, verify):
    main.add_command(_command)
