"""The folder that a demo leaves behind, and what of it the next one may delete."""

import os
import shutil
from pathlib import Path
from typing import TextIO

from assent.core.errors import AssentError

__all__ = ["DemoFolder", "ForeignFolder"]

_MARKER = ".assent-demo"
_EXPLANATION = "`assent demo` made this folder; its next run replaces what it put here.\n"
_GITHUB = "github"
_CLONE = "model-promotions"
_PAGES = "pull-requests"
_ISSUES = "issues"
_TRAIL = "audit.txt"
_BUNDLE = "audit.zip"
_LOG = "demo.log"
_OWN = (_GITHUB, _CLONE, _PAGES, _ISSUES, _TRAIL, _BUNDLE, _LOG)
"""Everything that a demo puts there; nothing else is ever deleted."""


class ForeignFolder(AssentError):
    """The folder is not the demo's to replace, or cannot be written."""


class DemoFolder:
    """A folder with the demo's marker, emptied of what an earlier run left.

    Args:
        path: Shown to people as it was given.

    Raises:
        ForeignFolder: It holds something, but not the marker; or it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.root = path.absolute()
        try:
            self._claim()
        except OSError as error:
            raise ForeignFolder(
                f"{path} cannot be used: {error.strerror or error}",
                hint="Name a folder that can be written: `assent demo --folder PATH`.",
            ) from error

    def _claim(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        marker = self.root / _MARKER
        if not os.path.lexists(marker):
            if any(self.root.iterdir()):
                raise ForeignFolder(
                    f"{self.path} is not empty, and no demo made it; nothing was changed",
                    hint="Name an empty or new folder: `assent demo --folder PATH`.",
                )
            marker.write_text(_EXPLANATION, encoding="utf-8")
        for name in _OWN:
            _remove(self.root / name)
        for name in (_PAGES, _ISSUES):
            (self.root / name).mkdir()

    @property
    def clone(self) -> Path:
        """Where the promotion repository is cloned to."""
        return self.root / _CLONE

    @property
    def log(self) -> Path:
        """What was said, and every call to the two servers."""
        return self.root / _LOG

    def open_log(self) -> TextIO:
        """Create the log."""
        return self.log.open("x", encoding="utf-8")

    def page(self, number: int) -> Path:
        """The file for the page of a pull request."""
        return self.root / _PAGES / f"{number}.md"

    def issue(self, number: int) -> Path:
        """The file for the page of an issue."""
        return self.root / _ISSUES / f"{number}.md"

    @property
    def trail(self) -> Path:
        """Every decision as it was audited, in lines as long as they are."""
        return self.root / _TRAIL

    @property
    def bundle(self) -> Path:
        """The audit's bundle."""
        return self.root / _BUNDLE

    def shown(self, path: Path) -> str:
        """A path inside, as people see it from where they are."""
        return str(self.path / path.relative_to(self.root))


def _remove(path: Path) -> None:
    # A link is removed, never what it leads to.
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
