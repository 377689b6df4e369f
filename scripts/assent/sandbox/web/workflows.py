"""Stands in for GitHub Actions: runs Assent's own commands as workflows do, and keeps logs."""

import re
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
from assent.sandbox.web.judging import Demands, Proposal, demands

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Check", "Run", "Workflows", "pulls_in"]

Workflow = Literal["check", "apply", "tidy", "reject", "lambda"]

_PULL = re.compile(r"/pull/([1-9][0-9]*)\b")
_NOTHING = re.compile(r"[0-9a-f]+: [0-9]+ open promotions?, nothing to tidy\s*")


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
    pulls: tuple[int, ...] = ()
    """The numbers of the pull requests that it was about."""

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
    demands: Demands

    @property
    def passed(self) -> bool:
        """Whether a required check would let it be merged."""
        return self.exit == Exit.OK

    @property
    def warned(self) -> bool:
        """Whether it passed and has something to say all the same: a waiver, or broken glass."""
        return self.passed and "warning[" in self.output

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
        self._checks: dict[Proposal, Check] = {}

    @property
    def runs(self) -> tuple[Run, ...]:
        """Everything that ran, the latest first."""
        return tuple(reversed(self._runs))

    def of(self, number: int) -> tuple[Run, ...]:
        """What ran about a pull request, the latest first."""
        return tuple(run for run in self.runs if number in run.pulls)

    def check(self, proposal: Proposal) -> Check:
        """Judge a pull request with the rules of main; anew each time, for some know the time."""
        self._stage.clone(self._clone)
        check = self._checks[proposal] = self._judge(proposal)
        return check

    def known_check(self, proposal: Proposal) -> Check:
        """The last verdict on a pull request as it is; reached now if nothing asked for it yet."""
        return self._checks.get(proposal) or self.check(proposal)

    def _judge(self, proposal: Proposal) -> Check:
        number, branch = proposal.number, proposal.branch
        # `=` keeps a branch that begins with a dash from being an option.
        options = (
            f"--base={proposal.base}",
            f"--head={proposal.head}",
            f"--head-branch={branch}",
            f"--pull-request={number}",
        )
        exit_code, output = self._assent("check", *options)
        _, report = self._assent("check", *options, "--format=json")
        shown = (
            f"assent check --base {proposal.base[:12]} --head {proposal.head[:12]} "
            f"--head-branch {branch} --pull-request {number}"
        )
        return Check(command=shown, output=output, exit=exit_code, demands=demands(report))

    def converge(self, because: str, number: int | None = None) -> Run:
        """What a push to main starts, and the schedule: `assent apply`, then `assent tidy`.

        Args:
            because: What started it.
            number: The pull request whose merge it was.

        Returns:
            The run of apply; tidying is a run of its own where it did something.
        """
        self._stage.clone(self._clone)
        exit_code, output = self._assent("apply")
        applied = self.note(
            "apply",
            because=because,
            command="assent apply",
            output=output,
            exit_code=exit_code,
            pulls=() if number is None else (number,),
        )
        self._tidy(because)
        return applied

    def _tidy(self, because: str) -> None:
        exit_code, output = self._assent("tidy")
        if exit_code == Exit.OK and _NOTHING.fullmatch(output):
            return
        self.note(
            "tidy",
            because=because,
            command="assent tidy",
            output=output,
            exit_code=exit_code,
            pulls=pulls_in(output),
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
            pulls=(number,),
        )

    def note(
        self,
        workflow: Workflow,
        *,
        because: str,
        command: str,
        output: str,
        exit_code: int,
        pulls: tuple[int, ...] = (),
    ) -> Run:
        """Keep what a run said."""
        run = Run(
            workflow=workflow,
            because=because,
            command=command,
            output=output.strip() or "(it said nothing)",
            exit=exit_code,
            at=self._now(),
            pulls=pulls,
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


def pulls_in(output: str) -> tuple[int, ...]:
    """The pull requests whose addresses a command printed, in its order."""
    return tuple(dict.fromkeys(int(number) for number in _PULL.findall(output)))
