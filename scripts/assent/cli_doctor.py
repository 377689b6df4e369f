"""The command `doctor`: the set-up that promises rest on, read from the live services."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assent.cli_options import emit, format_option, repository_option
from assent.cli_verdicts import verdicts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assent.core.errors import Exit

__all__ = ["doctor"]

_ROLE = re.compile(r"(?P<name>[^=]+)=(?P<arn>arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+)")


def _roles(
    _: click.Context, _option: click.Parameter, given: tuple[str, ...]
) -> "Mapping[str, str]":
    found = {}
    for each in given:
        match = _ROLE.fullmatch(each)
        if match is None:
            raise click.BadParameter("it has not the form ENV=arn:aws:iam::ACCOUNT:role/NAME")
        found[match["name"]] = match["arn"]
    return found


@click.command(short_help="Look at the set-up that promises rest on.")
@repository_option
@click.option("--github", is_flag=True, help="Look at GitHub alone, or with --aws at both.")
@click.option("--aws", is_flag=True, help="Look at AWS alone, or with --github at both.")
@click.option(
    "--env",
    "environments",
    multiple=True,
    metavar="ENV",
    help="Only this environment; may be given several times.  [default: all, in ladder order]",
)
@click.option(
    "--queue",
    envvar="ASSENT_QUEUE",
    metavar="NAME",
    help="The queue that feeds the Lambda.  [default: ASSENT_QUEUE, or where the rules lead]",
)
@click.option(
    "--apply-role",
    "roles",
    multiple=True,
    callback=_roles,
    metavar="ENV=ARN",
    help="The role in ASSENT_APPLY_ROLE of an environment; may be given several times.  "
    "[default: as GitHub's environment says]",
)
@click.option(
    "--creator",
    "creators",
    multiple=True,
    metavar="ARN",
    help="A role or user that registers models; may be given several times.  [default: those whom "
    "the newest versions name]",
)
@format_option("text", "json", "markdown")
@verdicts
def doctor(
    repository: Path,
    environments: tuple[str, ...],
    queue: str | None,
    *,
    github: bool,
    aws: bool,
    roles: "Mapping[str, str]",
    creators: tuple[str, ...],
    form: str,
) -> "Exit":
    """Look at the set-up that promises rest on, and say what is wrong with it. Writes nothing.

    GitHub is read by ASSENT_GITHUB_TOKEN, best an administrator's, and AWS by the credentials at
    hand. What could not be read is neither well nor wrong, and ends with code 1.
    """
    from assent.core.rendering.doctor import (
        diagnosis_line,
        diagnosis_markdown,
        diagnosis_values,
        finding_text,
    )
    from assent.core.rendering.plain import json_text
    from assent.flows.doctor import doctor as look
    from assent.wiring_doctor import doctor_setup

    half = None if github is aws else "github" if github else "aws"
    setup = doctor_setup(repository, half=half, queue=queue, roles=roles, creators=creators)
    diagnosis = look(
        setup,
        setup.config.select(environments),
        emit=lambda finding: emit(finding_text(finding)) if form == "text" else None,
    )
    match form:
        case "json":
            emit(json_text(diagnosis_values(diagnosis)))
        case "markdown":
            emit(diagnosis_markdown(diagnosis))
        case _:
            emit(diagnosis_line(diagnosis))
    return diagnosis.exit
