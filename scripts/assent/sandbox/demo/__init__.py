"""`assent demo`: the whole loop on the sandbox, narrated; every step asserts its own result."""

import importlib.util
import re
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from assent.core.errors import AssentError, Exit

__all__ = ["DemoNotReady", "require_ready", "run"]

_MODULES = ("moto", "flask", "flask_cors", "graphql", "regex", "numpy", "sklearn")
_DISTRIBUTIONS = ("Lifetimes",)
_OLDEST_GIT = (2, 38)
"""The first version that merges in a bare repository, as the sandbox's GitHub does."""


class DemoNotReady(AssentError):
    """Something that the demo needs is not installed."""


def run(folder: Path) -> Exit:
    """Tell the story on standard output, and leave its repository and log in a folder.

    Two servers run meanwhile, both on 127.0.0.1; nothing else is contacted. Colours are for
    terminals only.

    Args:
        folder: Replaced if an earlier run made it; otherwise new or empty.

    Raises:
        DemoNotReady: A package of the extra `demo` is missing, or git is.
        ForeignFolder: The folder holds what no demo put there.
        StepFailed: A step did not have the result that it should.
    """
    require_ready()
    # Only now: it imports what may have been missing.
    from assent.sandbox.demo.performance import perform  # noqa: PLC0415

    perform(folder)
    return Exit.OK


def require_ready() -> None:
    """See that everything is installed that the demo, or the sandbox, runs on.

    Raises:
        DemoNotReady: A package of the extra `demo` is missing, or git is.
    """
    _require_packages()
    _require_git()


def _require_packages() -> None:
    missing = [name for name in _MODULES if importlib.util.find_spec(name) is None]
    missing += [name for name in _DISTRIBUTIONS if not _is_installed(name)]
    if missing:
        raise DemoNotReady(
            f"the demo needs packages that are not installed: {', '.join(missing)}",
            hint="Install them with `pip install 'WHEEL[demo]'`; in a checkout, `make demo` does.",
        )


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def _require_git() -> None:
    oldest = ".".join(map(str, _OLDEST_GIT))
    hint = f"Install git {oldest} or newer, and see that it comes first on PATH."
    if shutil.which("git") is None:
        raise DemoNotReady("the demo needs git, which is not on PATH", hint=hint)
    answer = subprocess.run(["git", "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"(\d+)\.(\d+)", answer.stdout)
    if found is not None and (int(found[1]), int(found[2])) < _OLDEST_GIT:
        raise DemoNotReady(f"the demo needs git {oldest}, and this is {found[0]}", hint=hint)
