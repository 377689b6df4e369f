"""Stands in for actions/setup-python."""

import re
import sys
import venv
from pathlib import Path

from tests.workflows.stand_ins.job import append, env, refuse, say, settings


def main() -> None:
    """Make an environment of the job's own that sees what the runner's image has installed."""
    asked = env("VERSION")
    if not re.fullmatch(r"3\.[0-9]+", asked):
        refuse(f"setup-python: python-version {asked!r} is not tried")
    present = f"{sys.version_info.major}.{sys.version_info.minor}"
    if asked != present:
        say(f"::debug::Python {present} stands in for {asked}")
    folder = Path(env("RUNNER_TEMP")) / "python"
    venv.create(folder, symlinks=True)
    (packages,) = folder.glob("lib/python3.*/site-packages")
    (packages / "image.pth").write_text(f"{settings()['image']}\n", "utf-8")
    append("GITHUB_PATH", str(folder / "bin"))
    append("GITHUB_OUTPUT", f"python-version={present}")


if __name__ == "__main__":
    main()
