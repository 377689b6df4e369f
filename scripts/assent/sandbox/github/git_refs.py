"""References of a bare repository: read from its files, changed by ``git update-ref``."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

ABSENT = "0" * 40
"""As the expected value of a change: the reference must not exist."""

_COMPONENT_AT_MOST = 200
"""Bytes of one component: it is a file's name, and git adds ``.lock`` to it while it changes."""
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//")


class RefConflictError(RuntimeError):
    """The reference was not what the change expected, or its name collides with another."""


def is_valid_name(name: str) -> bool:
    """Whether git can keep a reference by this full name, which begins with ``refs/``."""
    components = name.split("/")
    return (
        len(components) >= 2  # noqa: PLR2004 - "refs/" and something below it
        and components[0] == "refs"
        and not _FORBIDDEN.search(name)
        and not name.endswith(("/", "."))
        and all(
            part
            and len(os.fsencode(part)) <= _COMPONENT_AT_MOST
            and not part.startswith(".")
            and not part.endswith(".lock")
            for part in components
        )
    )


class RefStore:
    """The references of one bare repository."""

    def __init__(self, path: Path, environment: Mapping[str, str]) -> None:
        self._path = path
        self._environment = dict(environment)

    def read(self, name: str) -> str | None:
        """Return the object that a reference names; None when there is no such reference."""
        if not is_valid_name(name):
            return None
        try:
            return (self._path / name).read_text(encoding="ascii").strip()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return self._packed().get(name)

    def under(self, prefix: str) -> dict[str, str]:
        """Return every reference whose name begins with the prefix, in order of name."""
        found = {name: sha for name, sha in self._packed().items() if name.startswith(prefix)}
        for folder, _, files in os.walk(self._path / "refs"):
            relative = Path(folder).relative_to(self._path).as_posix()
            for file in files:
                name = f"{relative}/{file}"
                if name.startswith(prefix) and (sha := self.read(name)):
                    found[name] = sha
        return dict(sorted(found.items()))

    def change(self, name: str, new: str, *, expected: str) -> None:
        """Set a reference if it is still what was expected (``ABSENT``: if it does not exist)."""
        self._update_ref([name, new, expected], name)

    def delete(self, name: str, *, expected: str) -> None:
        """Delete a reference if it is still what was expected."""
        self._update_ref(["-d", name, expected], name)

    def _update_ref(self, arguments: list[str], name: str) -> None:
        done = subprocess.run(
            ["git", "-C", str(self._path), "update-ref", *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=self._environment,
        )
        if done.returncode != 0:
            raise RefConflictError(f"{name}: {done.stderr.strip()}")

    def _packed(self) -> dict[str, str]:
        try:
            lines = (self._path / "packed-refs").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return {}
        return {
            name: sha
            for sha, _, name in (line.partition(" ") for line in lines)
            if name and not sha.startswith(("#", "^"))
        }
