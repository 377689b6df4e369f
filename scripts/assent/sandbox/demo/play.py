"""The play: the stage, who tells it, and what has happened so far; and the commands typed in it."""

import contextlib
import json
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from click.testing import CliRunner

from assent import cli
from assent.core.errors import AssentError, Exit
from assent.sandbox.aws import Registered
from assent.sandbox.churn import TrainedModel
from assent.sandbox.demo import surroundings
from assent.sandbox.demo.folder import DemoFolder
from assent.sandbox.demo.narrator import Narrator
from assent.sandbox.stage import ACCOUNT, REPOSITORY, Stage
from assent.sandbox.training_code import TrainingCode

__all__ = ["MODEL", "Measured", "Play", "Unexpected", "require"]

MODEL = "churn"


class Unexpected(AssentError):
    """Something came out otherwise than the story says."""


def require(condition: bool, expected: str, found: object = None) -> None:  # noqa: FBT001 - as assert
    """Stop the demo unless a condition holds.

    Raises:
        Unexpected: It does not.
    """
    if not condition:
        raise Unexpected(expected if found is None else f"{expected}; found: {found}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A metric as the report has it."""

    value: float
    deviation: float

    def __str__(self) -> str:
        return f"{self.value:.4g} ± {self.deviation:.2g}"


def _meaning(code: int) -> str:
    return Exit(code).name.lower().replace("_", " ") if code in set(Exit) else "unknown"


@dataclass(slots=True, kw_only=True)
class Play:
    """The stage and what has happened on it so far."""

    stage: Stage
    narrator: Narrator
    folder: DemoFolder
    code: TrainingCode | None = None
    """What the model is trained with, once it is."""
    trained: dict[int, TrainedModel] = field(default_factory=dict)
    registered: dict[int, Registered] = field(default_factory=dict)
    pulls: list[int] = field(default_factory=list)
    """The numbers of the pull requests so far."""

    def say(self, text: str) -> None:
        """See `Narrator.say`."""
        self.narrator.say(text)

    def quality(self, version: int) -> Mapping[str, Any]:
        """The model quality report that was stored with a version."""
        report: Mapping[str, Any] = json.loads(self.trained[version].reports["model-quality"])
        return report

    def metric(self, version: int, name: str) -> Measured:
        """A metric from that report."""
        found = self.quality(version)["binary_classification_metrics"][name]
        return Measured(value=found["value"], deviation=found["standard_deviation"])

    def assent(
        self,
        *arguments: str,
        exit_code: Exit = Exit.OK,
        where: str | None = None,
        table: bool = False,
    ) -> str:
        """Run `assent` in the clone, as a shell would, and show what it prints.

        Args:
            arguments: The command's.
            exit_code: How it should end.
            where: The environment whose account's credentials it is run with; without it the
                registry's account's.
            table: Cut long lines rather than fold them.

        Raises:
            Unexpected: It ended with another exit code.
        """
        line = shlex.join(["assent", *arguments])
        account = ACCOUNT if where is None else self.stage.account_of(where)
        self.narrator.command(f"$ {line}" if account == ACCOUNT else f"{where} $ {line}")
        variables = {
            **self.stage.aws.environment(account=account),
            "ASSENT_EVENT_BUS": self.stage.intake.bus_arn,
        }
        switched = surroundings.credentials(variables) if where else contextlib.nullcontext()
        with switched, contextlib.chdir(self.folder.clone):
            # Not standalone: an interrupt ends the demo, and is no exit code of the command's.
            result = CliRunner().invoke(
                cli.main, arguments, prog_name="assent", standalone_mode=False
            )
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        if table:
            self.narrator.table(result.output)
        else:
            self.narrator.output(result.output)
        if result.exit_code:
            self.narrator.output(f"(exit code {result.exit_code}: {_meaning(result.exit_code)})")
        require(
            result.exit_code == exit_code,
            f"`{line}` should end with exit code {exit_code.value}",
            result.exit_code,
        )
        return result.output.strip()

    def git(self, *arguments: str) -> str:
        """Run git in the clone, and show what it prints."""
        self.narrator.command(f"$ {shlex.join(['git', *arguments])}")
        answer = subprocess.run(
            ["git", "-C", str(self.folder.clone), *arguments],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        self.narrator.output(answer)
        return answer

    def pull(self) -> None:
        """Bring the clone up to date, as the workflow's checkout does."""
        self.stage.clone(self.folder.clone)

    def aws_writes(self) -> int:
        """How many calls to AWS could have changed something, so far."""
        return self.stage.ledger.count("aws", writes=True)

    def leave_clone(self) -> None:
        """Let the clone fetch from the bare repository, which stays when the server goes."""
        bare = self.stage.hub.repository_path(REPOSITORY)
        subprocess.run(
            ["git", "-C", str(self.folder.clone), "remote", "set-url", "origin", str(bare)],
            check=True,
            capture_output=True,
        )
