"""What several commands have in common: options, and how text comes out."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["emit", "environments_option", "format_option", "repository_option", "time_of"]


def emit(text: str) -> None:
    """Print a text as it is."""
    click.echo(text, color=False)


repository_option = click.option(
    "--repository",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    show_default="this folder",
    help="A clone of the promotion repository.",
)


environments_option = click.option(
    "--env",
    "environments",
    multiple=True,
    metavar="ENV",
    help="Only this environment; may be given several times.  [default: all, in ladder order]",
)


def time_of(_: click.Context, _option: click.Parameter, value: str | None) -> "datetime | None":
    """The time that an option names, for its `callback`."""
    from assent.core.timestamps import read_time

    try:
        return None if value is None else read_time(value)
    except ValueError as error:
        raise click.BadParameter("it has not the form 2026-11-22T10:00:00Z") from error


def format_option(*choices: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The option `--format`, whose first choice is the default."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(choices),
        default=choices[0],
        show_default=True,
        help="How to print it.",
    )
