"""Stands in for GitHub Actions: runs Assent's own commands as workflows do, and keeps logs."""

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from click.testing import CliRunner

from assent import cli
from assent.core.errors import Exit
from assent.core.names import record_of_branch
from assent.sandbox.demo import surroundings
from assent.sandbox.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Check", "Run", "Workflows"]

Workflow = Literal["check", "apply", "reject", "lambda"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a workflow, or the Lambda function, did once."""

    workflow: Workflow
    because: str
    """What started it, in a few words."""
    command: str
    output: str
    exit: int
    at: datetime
    pull: int | None = None
    """The number of the pull request that it was about."""

    @property
    def ok(self) -> bool:
        """Whether GitHub would show it green."""
        return self.exit == Exit.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The verdict of `assent check` on a pull request, as it is now."""

    command: str
    output: str
    exit: int

    @property
    def passed(self) -> bool:
        """Whether a required check would let it be merged."""
        return self.exit == Exit.OK

    @property
    def broken(self) -> bool:
        """Whether no verdict was reached, which is not a no."""
        return self.exit not in {Exit.OK, Exit.FINDINGS}


class Workflows:
    """The workflows of the promotion repository, run in this process on a clone of it.

    One at a time: a command prints to the process's standard output, and reads its environment.

    Args:
        stage: A running one.
        clone: Where the promotion repository is cloned to.
        now: The time of runs.
    """

    def __init__(self, stage: Stage, clone: Path, *, now: Callable[[], datetime]) -> None:
        self._stage = stage
        self._clone = clone
        self._now = now
        self._runs: list[Run] = []
        self._checks: dict[tuple[str, str, str], Check] = {}

    @property
    def runs(self) -> tuple[Run, ...]:
        """Everything that ran, the latest first."""
        return tuple(reversed(self._runs))

    def of(self, number: int) -> tuple[Run, ...]:
        """What ran about a pull request, the latest first."""
        return tuple(run for run in self.runs if run.pull == number)

    def check(self, *, base: str, head: str, branch: str) -> Check:
        """Judge a pull request with the rules of main; anew each time, for rules may know the time.

        Args:
            base: The commit of main.
            head: The commit of the pull request.
            branch: The pull request's branch, for the bot's own rules.
        """
        self._stage.clone(self._clone)
        check = self._checks[base, head, branch] = self._judge(base, head, branch)
        return check

    def known_check(self, *, base: str, head: str, branch: str) -> Check | None:
        """The last verdict on a pull request as it is, if somebody looked at it already."""
        return self._checks.get((base, head, branch))

    def _judge(self, base: str, head: str, branch: str) -> Check:
        # `=` keeps a branch that begins with a dash from being an option.
        options = (f"--base={base}", f"--head={head}", f"--head-branch={branch}")
        exit_code, output = self._assent("check", *options)
        shown = f"assent check --base {base[:12]} --head {head[:12]} --head-branch {branch}"
        return Check(command=shown, output=output, exit=exit_code)

    def apply(self, because: str, pull: int | None = None) -> Run:
        """What a push to main starts: bring AWS to what main says."""
        self._stage.clone(self._clone)
        exit_code, output = self._assent("apply")
        return self.note(
            "apply",
            because=because,
            command="assent apply",
            output=output,
            exit_code=exit_code,
            pull=pull,
        )

    def reject(self, because: str, number: int, branch: str) -> Run:
        """What closing or reopening a pull request starts: record what that decided."""
        self._stage.clone(self._clone)
        id_ = record_of_branch(branch)
        where = [] if id_ is None else [f"--env={id_.environment}"]
        exit_code, output = self._assent("reject", str(number), *where)
        shown = " ".join(
            ["assent reject", str(number), *(each.replace("=", " ") for each in where)]
        )
        return self.note(
            "reject",
            because=because,
            command=shown,
            output=output,
            exit_code=exit_code,
            pull=number,
        )

    def note(
        self,
        workflow: Workflow,
        *,
        because: str,
        command: str,
        output: str,
        exit_code: int,
        pull: int | None = None,
    ) -> Run:
        """Keep what a run said."""
        run = Run(
            workflow=workflow,
            because=because,
            command=command,
            output=output.strip() or "(it said nothing)",
            exit=exit_code,
            at=self._now(),
            pull=pull,
        )
        self._runs.append(run)
        return run

    @contextmanager
    def signed_in(self) -> "Iterator[None]":
        """Let the process's environment lead to the stage, for as long as a command runs."""
        with surroundings.credentials(self._stage.environment()):
            yield

    def _assent(self, command: str, *arguments: str) -> tuple[int, str]:
        line = [command, *arguments, f"--repository={self._clone}"]
        with self.signed_in():
            result = CliRunner().invoke(cli.main, line, prog_name="assent")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            told = f"{type(result.exception).__name__}: {result.exception}"
            return Exit.BROKEN, f"{result.output}\n{told}"
        return result.exit_code, result.output
