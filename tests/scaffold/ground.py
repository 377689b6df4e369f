"""Answers and folders that the tests of `init` start from."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from click.testing import Result
from tests.command_line import run

from assent.scaffold.answers import Answers, Given, Missing, settle
from assent.scaffold.folder import Folder
from assent.scaffold.plan import Plan, make_plan

__all__ = [
    "ANSWERS",
    "FLAGS",
    "GIVEN",
    "LADDERS",
    "TOOLS",
    "answered",
    "given_by",
    "init",
    "planned",
    "tool",
    "tree",
]

TOOLS = Path(sys.executable).parent  # not resolved: the environment's folder
GIVEN = Given(
    repository="acme/model-promotions",
    registry="111122223333/eu-west-1",
    environments=("dev", "prod=444455556666"),
    owners=("@acme/ml-approvers", "prod=@acme/ml-approvers-prod", "prod=@ana"),
    platform=("@acme/ml-platform",),
    app_id=7,
)
LADDERS = {
    "one": ("production",),
    "two": ("dev", "prod=444455556666/us-east-1"),
    "four": (),
    "seven, oddly named": ("true", "1e3", "no", "compare", "0x7", "A-b--C", "x" * 31),
}
"""Ladders of several lengths, and with names that YAML or GitHub might take for something else."""


def answered(given: Given = GIVEN, known: Answers | None = None) -> Answers:
    """The answers, of which none is missing."""
    answers = settle(given, known)
    assert not isinstance(answers, Missing), answers
    return answers


def given_by(environments: Sequence[str]) -> Given:
    """What is given for a ladder, with one team for all of it."""
    return replace(GIVEN, environments=tuple(environments), owners=("@acme/ml-approvers",))


ANSWERS = answered()


def _flags(given: Given) -> list[str]:
    flags = [f"--repository={given.repository}", f"--registry={given.registry}"]
    flags += [f"--environment={each}" for each in given.environments]
    flags += [f"--owner={each}" for each in given.owners]
    flags += [f"--platform={each}" for each in given.platform]
    return [*flags, f"--app-id={given.app_id}"]


FLAGS = _flags(GIVEN)


def init(folder: Path, *arguments: str) -> Result:
    """Run the command."""
    return run("init", folder, *arguments)


def tree(folder: Path) -> dict[str, bytes]:
    """Every file of a folder by its path, whatever git keeps for itself left out."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).parts[0] != ".git"
    }


def tool(name: str, *arguments: str | Path, cwd: Path) -> "subprocess.CompletedProcess[str]":
    """Run a tool of the tests' own environment."""
    return subprocess.run(
        [TOOLS / name, *arguments],
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )


def planned(
    folder: Folder,
    files: Mapping[str, bytes],
    before: "Plan | None",
    *,
    answers: Answers = ANSWERS,
    restore: Sequence[str] = (),
) -> Plan:
    """A plan for a folder that stands as an earlier plan left it."""
    return make_plan(
        answers,
        files,
        None if before is None else before.final,
        folder.look,
        version="1.0.0",
        restore=restore,
    )
