"""The command `backfill`: propose, or take over, what was registered before Assent came."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assent.cli_options import emit, format_option, repository_option, time_of
from assent.cli_verdicts import verdicts
from assent.core.errors import Exit

if TYPE_CHECKING:
    from datetime import datetime

    from assent.core.backfill import Choice
    from assent.core.outcome import Outcome
    from assent.flows.backfill import Backfilling, BackfillReport, NotProposed
    from assent.flows.import_approved import ImportReport

__all__ = ["backfill"]


@click.command(short_help="Propose what was registered before.")
@repository_option
@click.option("--write", is_flag=True, help="Do it; without this it is only said what would be.")
@click.option(
    "--model", "models", default="*", metavar="GLOB", help="Only these models.  [default: all]"
)
@click.option("--since", callback=time_of, metavar="TIME", help="Only what was registered since.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="No more than so many.")
@click.option(
    "--every-version",
    "every",
    is_flag=True,
    help="Not only the newest of each model that is ahead of what is live.",
)
@click.option(
    "--import",
    "importing",
    is_flag=True,
    help="Take over what is Approved in the registry already, as records in one pull request.",
)
@click.option("--up-to", "highest", metavar="ENV", help="With --import: the highest environment.")
@click.option(
    "--newest", is_flag=True, help="With --import: only the newest approved version of each model."
)
@format_option("text", "json")
@verdicts
def backfill(
    repository: Path,
    *,
    write: bool,
    models: str,
    since: "datetime | None",
    limit: int | None,
    every: bool,
    importing: bool,
    highest: str | None,
    newest: bool,
    form: str,
) -> Exit:
    """Propose what was registered before Assent came, or while it was down.

    Without --write it only says what it would do. With it, run again after having been cut off, it
    goes on. Exit code 3 tells that the registry has nothing that was asked for, 12 that something
    failed; what is settled already is no failure.
    """
    from assent.core.backfill import Choice
    from assent.wiring_backfill import open_backfill

    if importing and (since is not None or limit is not None or every):
        raise click.UsageError("--since, --limit and --every-version do not go with --import")
    if importing and highest is None:
        raise click.UsageError("--import needs --up-to ENV: how far up the versions are approved")
    if not importing and (highest is not None or newest):
        raise click.UsageError("--up-to and --newest go with --import")
    with open_backfill(repository) as world:
        if importing:
            choice = Choice(models=models, every=not newest)
            return _import(world, choice, highest or "", write=write, form=form)
        choice = Choice(models=models, since=since, every=every)
        return _propose(world, choice, limit, write=write, form=form)


def _propose(
    world: "Backfilling", choice: "Choice", limit: int | None, *, write: bool, form: str
) -> Exit:
    from assent.core.rendering.backfill import (
        chosen_lines,
        chosen_values,
        left_out_lines,
        left_out_values,
    )
    from assent.core.rendering.plain import json_text
    from assent.flows.backfill import backfill as propose

    text = form == "text"
    report = propose(
        world,
        choice,
        limit=limit,
        write=write,
        emit=lambda each: emit(_outcome_line(each)) if text else None,
        waiting=_tell_wait,
    )
    if not text:
        emit(
            json_text(
                {
                    "head": world.clone.head,
                    "exit": report.exit,
                    "environment": report.environment,
                    "wrote": report.wrote,
                    "chosen": chosen_values(report.chosen),
                    "further": report.further,
                    "left_out": left_out_values(report.left_out),
                    "outcomes": [_outcome_values(each) for each in report.outcomes],
                }
            )
        )
        return report.exit
    if not write:
        for line in chosen_lines(report.chosen, report.environment, "would propose"):
            emit(line)
    for line in left_out_lines(report.left_out):
        emit(line)
    emit(f"{world.clone.head[:12]}: {_proposal_summary(report)}")
    return report.exit


def _outcome_line(outcome: "Outcome | NotProposed") -> str:
    from assent.core.rendering.backfill import not_proposed_line
    from assent.core.rendering.outcome import outcome_line
    from assent.flows.backfill import NotProposed

    if isinstance(outcome, NotProposed):
        return not_proposed_line(outcome.model, outcome.version, outcome.message, outcome.hint)
    return outcome_line(outcome)


def _outcome_values(outcome: "Outcome | NotProposed") -> dict[str, Any]:
    from assent.core.rendering.backfill import not_proposed_values
    from assent.core.rendering.outcome import outcome_values
    from assent.flows.backfill import NotProposed

    if isinstance(outcome, NotProposed):
        return not_proposed_values(outcome.model, outcome.version, outcome.message, outcome.hint)
    return outcome_values(outcome)


def _proposal_summary(report: "BackfillReport") -> str:
    if not report.looked_at:
        return "the registry has no version that was asked for"
    count, left = len(report.chosen), len(report.left_out)
    further = f", {report.further} more beyond the limit" if report.further else ""
    out = f", {left} left out"
    if not report.wrote:
        return f"{count} to propose{further}{out}; nothing was written (--write does)"
    from assent.flows.backfill import NotProposed

    failed = sum(isinstance(each, NotProposed) for each in report.outcomes)
    undone = count - len(report.outcomes)
    return f"{count - failed - undone} done, {failed} failed, {undone} not tried{further}{out}"


def _import(
    world: "Backfilling", choice: "Choice", highest: str, *, write: bool, form: str
) -> Exit:
    from assent.core.rendering.backfill import (
        chosen_lines,
        chosen_values,
        import_line,
        import_values,
        left_out_lines,
        left_out_values,
    )
    from assent.core.rendering.plain import json_text
    from assent.flows.import_approved import import_approved

    rung = world.clone.config.environment(highest)
    report = import_approved(world, choice, rung, write=write)
    if form == "json":
        emit(
            json_text(
                {
                    "head": world.clone.head,
                    "exit": report.exit,
                    "environments": list(report.environments),
                    "branch": report.branch,
                    "wrote": report.wrote,
                    "chosen": chosen_values(report.chosen),
                    "left_out": left_out_values(report.left_out),
                    "import": import_values(report.outcome),
                }
            )
        )
        return report.exit
    doing = "imports" if write else "would import"
    for line in chosen_lines(report.chosen, ", ".join(report.environments), doing):
        emit(line)
    for line in left_out_lines(report.left_out):
        emit(line)
    if report.outcome is not None:
        emit(import_line(report.outcome))
    emit(f"{world.clone.head[:12]}: {_import_summary(report)}")
    return report.exit


def _import_summary(report: "ImportReport") -> str:
    if not report.looked_at:
        return "the registry has no approved version that was asked for"
    count, left = len(report.chosen), len(report.left_out)
    said = f"{count} to import into {', '.join(report.environments)}, {left} left out"
    if report.wrote or not count:
        return said
    records = count * len(report.environments)
    return f"{said}: {records} records on {report.branch}; nothing was written (--write does)"


def _tell_wait(done: int, seconds: float) -> None:
    """Say on a terminal why nothing happens; a file or a log is spared it."""
    if sys.stderr.isatty():
        click.echo(
            f"{done} done; waiting {seconds:.0f} s, for GitHub takes so many writes and no more",
            err=True,
            color=False,
        )
