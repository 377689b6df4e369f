"""What a runner's Python has installed: the runtime pins, and pip, out of the tests' environment.

The step of a workflow that installs its pins runs for real and finds all of them there. That what
is pinned can be had, and suffices, is shown by tests/test_packaging.py.
"""

import os
import re
import shutil
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

ALSO = ("pip",)
"""What every Python has that actions/setup-python brings."""
_HASH = re.compile(r"\s+--hash=\S+")


def lay_out(folder: Path, pins: Path) -> Path:
    """Put what a file pins into a folder that a search path can name; returns the folder."""
    folder.mkdir(parents=True)
    text = pins.read_text("utf-8").replace("\\\n", " ")
    lines = (_HASH.sub("", line.partition(" #")[0]).strip() for line in text.splitlines())
    for line in lines:
        if line and not line.startswith(("#", "./")):
            _pinned(folder, Requirement(line))
    for name in ALSO:
        _copy(folder, distribution(name))
    return folder


def _pinned(folder: Path, requirement: Requirement) -> None:
    if requirement.marker is not None and not requirement.marker.evaluate():
        return
    found = distribution(requirement.name)
    assert found.version in requirement.specifier, (
        f"{requirement} is pinned, and the tests have {found.version}; run `make clean test`"
    )
    _copy(folder, found)


def _copy(folder: Path, found: Distribution) -> None:
    """Link a distribution's files, or copy them where the folder is on another disk."""
    assert found.files, f"{found.name} does not say which files it has"
    for file in found.files:
        if ".." in file.parts or file.is_absolute():
            continue  # its programs: none of them is a library
        source, target = Path(str(found.locate_file(file))), folder / file
        if not source.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source, target)
        except OSError:
            shutil.copy2(source, target)
