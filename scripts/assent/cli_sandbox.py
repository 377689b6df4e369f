"""The commands that run on the embedded sandbox, and load it only when they are called."""

from pathlib import Path

import click

from assent.cli_verdicts import verdicts
from assent.core.errors import Exit

__all__ = ["demo", "sandbox"]


@click.command(short_help="Run the whole loop on the sandbox, narrated.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".demo"),
    show_default=True,
    help="Where the repository and the log are left.",
)
@verdicts
def demo(folder: Path) -> Exit:
    """Run the whole loop on the embedded sandbox, narrated. Needs the extra `demo`."""
    from assent.sandbox.demo import run

    return run(folder)


@click.command(short_help="Try the review in a browser, on the sandbox.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="An empty folder for the repository, which then stays.  [default: a temporary one]",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Where to listen on 127.0.0.1.  [default: any free port]",
)
@verdicts
def sandbox(folder: Path | None, port: int) -> Exit:
    """Serve pull requests of the embedded sandbox as pages, with buttons that decide.

    It runs until Ctrl-C, on this machine only. Needs the extra `demo`.
    """
    from assent.sandbox.web import run

    return run(folder, port)
