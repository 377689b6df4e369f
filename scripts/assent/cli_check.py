"""The command `check`: the verdict, as a log, a runner or a program reads it, and its summary."""

import os
from collections.abc import Callable
from pathlib import Path

import click

from assent.cli_options import emit, format_option, repository_option
from assent.cli_verdicts import complain, verdicts
from assent.core.errors import AssentError, Exit

__all__ = ["check"]


@click.command(short_help="Judge the records, or a pull request.")
@repository_option
@click.option("--base", metavar="REF", help="Judge what changed since this commit: a pull request.")
@click.option(
    "--head",
    metavar="REF",
    help="The commit to judge.  [default: the work tree; with --base, HEAD]",
)
@click.option(
    "--head-branch", metavar="NAME", help="The pull request's branch, for the bot's own rules."
)
@click.option(
    "--pull-request",
    "number",
    type=click.IntRange(min=1),
    metavar="N",
    help="Its number, for the label that lifts a wait.  [default: found by the promotion's branch]",
)
@click.option(
    "--offline", is_flag=True, help="Ask GitHub nothing; warn of what only it could tell."
)
@click.option(
    "--summary",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Append the promotions' pages and the findings, as Markdown, to this file.  "
    "[default: with --format github, GITHUB_STEP_SUMMARY]",
)
@format_option("text", "json", "github")
@verdicts
def check(
    repository: Path,
    base: str | None,
    head: str | None,
    head_branch: str | None,
    *,
    number: int | None,
    offline: bool,
    summary: Path | None,
    form: str,
) -> Exit:
    """Judge the promotion records, or with --base a pull request. Needs no AWS credentials.

    GitHub is asked only where a promotion has to soak, or is frozen or stopped, by
    ASSENT_GITHUB_TOKEN, or ASSENT_APP_ID with ASSENT_APP_PRIVATE_KEY.
    """
    from assent.adapters.git import GitRepository
    from assent.contracts import load_contracts
    from assent.core.rendering.findings import render_github, render_json, render_text
    from assent.flows.check import check as judge
    from assent.flows.check_summary import summarise
    from assent.wiring import circumstances, wall_clock

    contracts = load_contracts()
    with GitRepository(repository) as history:
        base_commit = history.commit(base) if base else None
        report = judge(
            history,
            contracts,
            head=history.commit(head or "HEAD") if head or base else history.snapshot(),
            clock=wall_clock(),
            base=base_commit,
            head_branch=head_branch or None,
            circumstances=(
                None
                if offline or base_commit is None
                else circumstances(history, base_commit, number)
            ),
        )
        render = {"text": render_text, "json": render_json, "github": render_github}[form]
        emit(render(report).removesuffix("\n"))
        place = summary or _step_summary(form)
        if place is not None:
            _append(place, lambda room: summarise(history, contracts, report, room=room))
    return report.exit


_MOST_SUMMARY = 1024 * 1024
"""GitHub shows no summary of a step that has more bytes."""


def _step_summary(form: str) -> Path | None:
    name = os.environ.get("GITHUB_STEP_SUMMARY") if form == "github" else None
    return Path(name) if name else None


def _append(place: Path, text: Callable[[int], str]) -> None:
    """Append a text that fits to a file; the verdict stands, whether that succeeds or not."""
    try:
        with place.open("ab") as file:
            file.write(text(_MOST_SUMMARY - file.tell()).encode())
    except OSError as error:
        complain(AssentError(f"the summary could not be written: {error}"))
