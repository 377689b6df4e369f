"""docs/deploying.md, typed command by command: from nothing to a version in production."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.lambda_runtime.conftest import lay_out_client
from tests.test_packaging import install
from tests.workflows.runner import Runner
from tests.workflows.walkthrough.document import Step, steps
from tests.workflows.walkthrough.world import ADMINISTRATOR, World

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PAGE = ROOT / "docs" / "deploying.md"
MARK = "--- done:"


class Shell:
    """One shell, in which everything is typed, with the programs that the page speaks of."""

    def __init__(self, world: World, tools: Path) -> None:
        self._world = world
        self._who = ""
        folder = world.folder / "desk"
        folder.mkdir()
        self._bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env={**world.environment(), "PATH": f"{tools}:{os.environ['PATH']}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.folder = folder

    def type(self, step: Step) -> tuple[int, str]:
        """Type a command; returns its exit code and what it printed, when all has settled."""
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        if step.who != self._who:
            self._who = step.who
            for name, value in self._world.identity(step.who).items():
                self._bash.stdin.write(f"export {name}='{value}'\n")
        self._bash.stdin.write(f'{step.command}\necho "{MARK}$?"\n')
        self._bash.stdin.flush()
        printed = []
        for line in self._bash.stdout:
            before, mark, code = line.partition(MARK)
            printed.append(before)
            if mark:
                self._world.settle()
                return int(code), "".join(printed)
        raise AssertionError(f"the shell ended in line {step.line}: {''.join(printed)}")

    def close(self) -> None:
        """Leave."""
        self._bash.kill()
        self._bash.communicate()


@pytest.fixture
def aws() -> Path:
    """The AWS CLI, in an environment of its own: it wants another botocore than ours."""
    given = Path(os.environ.get("ASSENT_AWS", ROOT / ".venv-aws" / "bin" / "aws"))
    if not given.exists():
        why = "NOT RUN: the AWS CLI is not here; `make workflows` installs it"
        if os.environ.get("ASSENT_REQUIRE_ACT") == "1":
            pytest.fail(why)
        pytest.skip(why)
    return given


@pytest.fixture
def tools(tmp_path: Path, aws: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs: ours, from the wheel, the AWS CLI, and what stands in for GitHub's."""
    installation = install(tmp_path_factory, "runtime.txt")
    folder = tmp_path / "tools"
    folder.mkdir()
    programs = {
        "assent": f'exec "{installation.bin / "assent"}" "$@"',
        "python": f'exec "{installation.bin / "python"}" "$@"',
        "aws": f'exec "{aws}" "$@"',
        "gh": f'exec "{sys.executable}" "{HERE / "gh.py"}" "$@"',
    }
    for name, line in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def world(tmp_path: Path, runner: Runner) -> Iterator[World]:
    """Everything, running."""
    folder = tmp_path / "world"
    folder.mkdir()
    with World(folder, runner, lay_out_client(tmp_path / "runtime")) as running:
        yield running


@pytest.mark.filterwarnings("ignore:Tried to parse .*moto's CloudFormation:UserWarning")
def test_the_page_leads_from_nothing_to_production(world: World, tools: Path) -> None:
    """Each command ends well and prints what the page says; in the end production runs it."""
    shell = Shell(world, tools)
    (shell.folder / "assent.private-key.pem").write_text(world.app.private_key_pem)
    try:
        for step in steps(PAGE, administrator=ADMINISTRATOR):
            code, printed = shell.type(step)
            place = f"{PAGE.name}:{step.line}: {step.command}\n{printed}"
            assert code == 0, f"{place}\n{world.log}"
            assert step.missing(printed) == [], place
    finally:
        shell.close()
    assert [run.exit for run in world.runs] == [0, 0]
