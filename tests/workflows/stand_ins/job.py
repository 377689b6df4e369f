"""What every stand-in needs: its inputs, what GitHub knows of the job, and the runner's files.

Each module beside this one stands in for a third-party action, and is run by its action.yml in
actions/. It does what the real action does for the inputs that the workflows use, against the
sandbox, and fails for everything else, so that a workflow cannot use what was never tried. What the
real ones do and these do not: keep a cache, retry, and revoke the token when the job ends.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any, NoReturn


def settings() -> Any:  # noqa: ANN401 - any JSON
    """What the runner knows."""
    return json.loads(Path(env("STAND_IN_SETTINGS")).read_text("utf-8"))


def job() -> Any:  # noqa: ANN401 - any JSON
    """What GitHub knows of the job."""
    return settings()["jobs"][env("GITHUB_JOB")]


def permissions() -> dict[str, str]:
    """What the workflow lets the job do."""
    granted: dict[str, str] = job()["permissions"]
    return granted


def env(name: str) -> str:
    """A variable that has to be there, be it empty."""
    return os.environ[name]


def append(file: str, line: str) -> None:
    """Tell the runner something, by one of its files."""
    with Path(env(file)).open("a", encoding="utf-8") as stream:
        stream.write(f"{line}\n")


def mask(value: str) -> None:
    """Let the runner hide a value from the log."""
    say(f"::add-mask::{value}")


def say(line: str) -> None:
    """Write a line to the log, which the runner reads commands from."""
    sys.stdout.write(f"{line}\n")


def refuse(why: str) -> NoReturn:
    """End the step in red."""
    say("::error::" + why.replace("::", ": :"))  # act would take the second pair for the first
    sys.exit(1)
