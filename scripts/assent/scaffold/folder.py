"""A folder, read and written one whole file at a time, never past a symbolic link."""

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from assent.core.errors import AssentError
from assent.core.names import shown
from assent.scaffold.plan import Absent, Blocked, Present, State

__all__ = ["CannotWrite", "Folder"]

_LARGEST = 64 * 1024 * 1024
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A pipe would wait for its other end without O_NONBLOCK.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class CannotWrite(AssentError):
    """The folder does not take a file, or does not show what it holds."""


class Folder:
    """A folder by its path, which need not exist yet.

    Paths below it have `/` between their parts. Each part is opened from the one before it and may
    not be a symbolic link, so nothing outside the folder is ever read, written or removed, even if
    somebody changes it meanwhile. The folder itself may be reached by links: its user names it.

    Args:
        path: Where it is, or is to be.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> tuple[str, ...]:
        """What it holds, itself; nothing where it does not exist.

        Raises:
            CannotWrite: The system refused.
        """
        try:
            return tuple(sorted(each.name for each in self.path.iterdir()))
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise CannotWrite(f"{shown(str(self.path))} cannot be read: {_why(error)}") from error

    def look(self, path: str) -> State:
        """What it has at a path."""
        *folders, name = path.split("/")
        try:
            with self._below(folders) as parent:
                return _content(parent, name)
        except FileNotFoundError:
            return Absent()
        except OSError as error:
            return Blocked(_why(error))

    def write(self, path: str, content: bytes) -> None:
        """Put a whole file at a path, in one step: it is there as it was, or as it is to be.

        Raises:
            CannotWrite: A part of the path is no folder, or the system refused.
        """
        *folders, name = path.split("/")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with self._below(folders, make=True) as parent:
                _put(parent, name, content)
        except OSError as error:
            raise self._refused(path, error) from error

    def remove(self, path: str) -> None:
        """Take a file away.

        Raises:
            CannotWrite: The system refused.
        """
        *folders, name = path.split("/")
        try:
            with self._below(folders) as parent:
                os.unlink(name, dir_fd=parent)
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._refused(path, error) from error

    def sweep(self, path: str) -> None:
        """Take away what a write to a path left that was cut off."""
        *folders, name = path.split("/")
        with suppress(OSError), self._below(folders) as parent:
            os.unlink(_half(name), dir_fd=parent)

    def _refused(self, path: str, error: OSError) -> CannotWrite:
        return CannotWrite(
            f"{shown(str(self.path / path))} could not be written: {_why(error)}",
            hint="What was written before it stands; mend this, and run the same again.",
        )

    @contextmanager
    def _below(self, folders: Sequence[str], *, make: bool = False) -> Iterator[int]:
        """The folder at the end of a path, opened part by part."""
        with ExitStack() as opened:
            here = _kept(opened, os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
            for name in folders:
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(name, dir_fd=here)
                here = _kept(opened, os.open(name, _DIRECTORY, dir_fd=here))
            yield here


def _kept(opened: ExitStack, number: int) -> int:
    opened.callback(os.close, number)
    return number


def _content(parent: int, name: str) -> State:
    number = os.open(name, _READ, dir_fd=parent)
    with os.fdopen(number, "rb") as file:
        kind = os.fstat(number)
        if not stat.S_ISREG(kind.st_mode):
            return Blocked("it is no plain file")
        if kind.st_size > _LARGEST:
            return Blocked("it is too large to be compared")
        return Present(file.read(_LARGEST))


def _half(name: str) -> str:
    """Where a file is while it is written: of one name, so that a next run finds it."""
    return f".{name}.half-written"


def _put(parent: int, name: str, content: bytes) -> None:
    half = _half(name)
    with suppress(FileNotFoundError):
        os.unlink(half, dir_fd=parent)
    with os.fdopen(os.open(half, _WRITE, 0o666, dir_fd=parent), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(half, name, src_dir_fd=parent, dst_dir_fd=parent)
    os.fsync(parent)


def _why(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "it is, or lies behind, a symbolic link"
    if error.errno == errno.ENOTDIR:
        return "a part of its path is no folder, or a symbolic link"
    return shown(error.strerror or str(error))
