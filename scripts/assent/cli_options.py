"""What several commands have in common: options, and how text comes out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

__all__ = ["emit", "environments_option", "format_option", "repository_option"]


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
