"""Exit codes and the one family of exceptions that the edges catch."""

from enum import IntEnum

__all__ = ["AssentError", "Exit"]


class Exit(IntEnum):
    """What a command's exit status means; docs/cli.md publishes this table."""

    OK = 0
    BROKEN = 1
    """No verdict was reached."""
    USAGE = 2
    """The command line itself was wrong (click's own code)."""
    NOTHING_READ = 3
    """There was nothing to judge; never called green."""
    NOTHING_APPROVED = 4
    """`resolve`: nothing is approved in that environment yet."""
    FINDINGS = 10
    DRIFT = 11
    INCOMPLETE = 12
    """Some changes landed; others were refused or failed."""


class AssentError(Exception):
    """What happened, in one sentence, with what to do about it.

    Args:
        message: What happened and where.
        hint: What it probably means and what to do next; empty when there is nothing to add.
    """

    exit = Exit.BROKEN
    retryable = False
    """Whether the same call may succeed later without anybody changing anything."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
