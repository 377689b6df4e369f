"""The git program: how it is started, and the one process that reads objects."""

import os
import re
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from assent.core.errors import AssentError
from assent.core.names import shown

__all__ = ["GitFailed", "GitObject", "ObjectReader", "git_environment", "run_git", "what_git_said"]

_FOUND = re.compile(rb"(?P<id>[0-9a-f]{40,64}) (?P<kind>[a-z]+) (?P<size>[0-9]+)\n")
# What git reads from the environment is the caller's business, above all in a hook or an alias,
# where it points to another index. Only the places of its configuration stay: `safe.directory`
# may be there.
_KEPT = re.compile(r"GIT_CONFIG_(?:GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_[0-9]+|VALUE_[0-9]+)")


class GitFailed(AssentError):
    """Git failed; the message is its own."""


class GitObject(NamedTuple):
    """An object as git stores it."""

    id: str
    kind: str
    content: bytes


class ObjectReader:
    """One `git cat-file --batch` that lives as long as it is asked, and starts again if it died.

    Args:
        environment: Git's.
        damaged: What to do where it dies each time, as a hint.
    """

    def __init__(self, environment: Mapping[str, str], *, damaged: str) -> None:
        self._environment = environment
        self._damaged = damaged
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, name: str) -> GitObject | None:
        """The object that a name without line breaks means; None where there is none."""
        with self._lock:
            for _attempt in range(2):  # The process may have been killed; a new one answers.
                try:
                    return self._ask(name)
                except (OSError, EOFError):
                    self._stop()
                except BaseException:
                    self._stop()  # An answer read in part would be taken for the next one's.
                    raise
        raise GitFailed(
            f"git cat-file ended while it was asked for {shown(name)}",
            hint=self._damaged,
        )

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._stop()

    def _ask(self, name: str) -> GitObject | None:
        process = self._process or self._start()
        requests, answers = _pipes(process)
        requests.write(name.encode("utf-8", "surrogateescape") + b"\n")
        requests.flush()
        header = answers.readline()
        if not header.endswith(b"\n"):
            raise EOFError
        found = _FOUND.fullmatch(header)
        if found is None:  # `NAME missing`, or `ambiguous`
            return None
        size = int(found["size"])
        content = answers.read(size + 1)
        if len(content) != size + 1:
            raise EOFError
        return GitObject(found["id"].decode("ascii"), found["kind"].decode("ascii"), content[:-1])

    def _start(self) -> "subprocess.Popen[bytes]":
        try:
            self._process = subprocess.Popen(
                ["git", "--no-pager", "cat-file", "--batch"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self._environment,
            )
        except FileNotFoundError as error:
            raise _missing() from error
        return self._process

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()  # It only reads.
        for pipe in _pipes(process):
            try:
                pipe.close()
            except OSError:  # What was to be written has no reader any more.
                continue
        process.wait()


def _pipes(process: "subprocess.Popen[bytes]") -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None:
        raise EOFError
    return process.stdin, process.stdout


def git_environment() -> dict[str, str]:
    """The environment in which git answers alike wherever Assent runs."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or _KEPT.fullmatch(name)
    }
    return kept | {
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_GRAFT_FILE": os.devnull,  # The other way to show a history that is not the real one.
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }


def run_git(
    arguments: Sequence[str | bytes | Path], environment: Mapping[str, str], feed: bytes = b""
) -> "subprocess.CompletedProcess[bytes]":
    """Run git to its end, whatever its exit status.

    Args:
        arguments: What it is given after its own name.
        environment: Its variables.
        feed: What it reads.

    Raises:
        GitFailed: There is no git on this machine.
    """
    try:
        return subprocess.run(
            [
                *("git", "--no-pager", "--literal-pathspecs"),
                *("-c", "core.warnAmbiguousRefs=true", "-c", "advice.graftFileDeprecated=false"),
                *arguments,
            ],
            input=feed,
            capture_output=True,
            check=False,
            env=environment,
        )
    except FileNotFoundError as error:
        raise _missing() from error


def _missing() -> GitFailed:
    return GitFailed(
        "there is no git on this machine", hint="Install git and see that PATH names it."
    )


def what_git_said(found: "subprocess.CompletedProcess[bytes]") -> str:
    """Git's own first line of complaint, safe to print."""
    lines = found.stderr.decode("utf-8", "replace").strip().splitlines()
    return shown(lines[0] if lines else f"exit status {found.returncode}", 300)
