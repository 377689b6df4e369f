"""Starts the sandbox, seeds it, and serves its pages until somebody stops it."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from assent.core.errors import AssentError
from assent.sandbox.demo import surroundings
from assent.sandbox.loopback import LoopbackServer
from assent.sandbox.web.application import create_application
from assent.sandbox.web.sandbox import open_sandbox, seed

__all__ = ["Occupied", "serve"]

_WHAT_TO_TRY = """
Open it in a browser. Two pull requests wait for a decision:

  - read what an approver reads, then Approve and Merge, or Close, as ana;
  - be zoe, who trained the models, and see what she may not do;
  - let batch inference run, and watch the version climb.

Ctrl-C ends it."""


class Occupied(AssentError):
    """The folder or the port cannot be used."""


def serve(folder: Path | None, port: int, stopped: threading.Event | None = None) -> None:
    """Serve a seeded sandbox on 127.0.0.1, until it is interrupted.

    The address is the one line on standard output; the rest is told to terminals only.

    Args:
        folder: A new or empty one for the repository, which stays; None for a temporary one.
        port: Where to listen; 0 for any port that is free.
        stopped: Ends it when set.

    Raises:
        Occupied: The folder is not empty, or the port is taken.
    """
    end = threading.Event() if stopped is None else stopped
    with (
        _root(folder) as root,
        surroundings.only(),
        _interrupts(end),
        open_sandbox(root) as sandbox,
    ):
        server = LoopbackServer(create_application(sandbox), port=port)
        # Before the seed: a port that is taken is no reason to wait for.
        with _listening(server, port):
            for step in seed(sandbox):
                _tell(f"... {step}")
                if end.is_set():
                    return
            click.echo(f"{server.url}/", color=False)
            sys.stdout.flush()
            _tell(_WHAT_TO_TRY)
            end.wait()


@contextmanager
def _listening(server: LoopbackServer, port: int) -> Iterator[None]:
    try:
        server.start()
    except OSError as error:
        raise Occupied(
            f"port {port} of 127.0.0.1 cannot be used: {error.strerror or error}",
            hint="Name another port, or leave it out: `assent sandbox`.",
        ) from error
    try:
        yield
    finally:
        server.stop()


@contextmanager
def _root(folder: Path | None) -> Iterator[Path]:
    if folder is None:
        with TemporaryDirectory(prefix="assent-sandbox-") as temporary:
            yield Path(temporary)
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        occupied = any(folder.iterdir())
    except OSError as error:
        raise Occupied(
            f"{folder} cannot be used: {error.strerror or error}",
            hint="Name a folder that can be written, or none: `assent sandbox`.",
        ) from error
    if occupied:
        raise Occupied(
            f"{folder} is not empty; nothing was changed",
            hint="Name an empty or new folder, or none: `assent sandbox`.",
        )
    yield folder.absolute()


@contextmanager
def _interrupts(end: threading.Event) -> Iterator[None]:
    """Let the keyboard, or whoever ends the process, end it in order."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread hears of them
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: end.set()) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _tell(text: str) -> None:
    if sys.stdout.isatty():
        click.echo(text)
