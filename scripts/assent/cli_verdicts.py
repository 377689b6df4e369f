"""How a command ends: with the exit code of its verdict, or of what kept it from one."""

import functools
import sys
from collections.abc import Callable
from typing import ParamSpec

import click

from assent.core.errors import AssentError, Exit

__all__ = ["complain", "verdicts"]

P = ParamSpec("P")


def complain(error: AssentError) -> None:
    """Say on standard error what went wrong, and what to do."""
    from assent.core.rendering.plain import plain

    lines = [f"assent: {error.message}", *([f"  {error.hint}"] if error.hint else [])]
    for line in "\n".join(lines).split("\n"):
        click.echo(plain(line), err=True, color=False)


def verdicts(command: Callable[P, Exit]) -> Callable[P, None]:
    """End the process with the exit code that a command returns, or that its error carries."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            code = command(*args, **kwargs)
        except AssentError as error:
            complain(error)
            code = error.exit
        sys.exit(code)

    return run
