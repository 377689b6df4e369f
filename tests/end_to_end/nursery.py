"""Real processes in large numbers: forked from one that is warm, so that each costs milliseconds.

``python -m tests.end_to_end.nursery`` runs in a clean environment, imports everything, and forks on
order. Between it and each child stands a keeper, which waits for the child and says how it ended.
A child holds still until it is let go, and then runs what a person, a workflow or Lambda would run.
"""

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NoReturn, Self
from unittest.mock import patch

from cryptography.hazmat.primitives.serialization import load_pem_private_key

ROOT = Path(__file__).parents[2]
"""Of the repository; the nursery finds this module from there."""
LOADING_KEYS = "jwt.algorithms.load_pem_private_key"
unchecked_key = partial(load_pem_private_key, unsafe_skip_rsa_key_validation=True)
"""To check that an RSA key is one takes as long as half of the rest of a short run."""
_CRASHED = 70
_INHERITED = ("PATH", "PYTHONPATH", "HOME")


class Nursery:
    """Starts children; a context manager.

    Args:
        folder: Where each child's output goes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._orders, self._far_end = socket.socketpair()
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.end_to_end.nursery", str(self._far_end.fileno())],
            cwd=ROOT,
            env={name: os.environ[name] for name in _INHERITED if name in os.environ},
            pass_fds=[self._far_end.fileno()],
        )
        self._far_end.close()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._orders.close()
        if self._process is not None:
            self._process.wait()

    def command(
        self, *arguments: str, environment: Mapping[str, str], now: datetime | None = None
    ) -> "Child":
        """Make a child that will run ``python -m assent`` with these arguments.

        Args:
            arguments: As after ``assent``.
            environment: All that the child's environment holds besides the search paths.
            now: Where its clock stands; None for the wall's.
        """
        return self._child("command", [list(arguments)], environment, now)

    def delivery(
        self,
        batch: Mapping[str, Any],
        *,
        environment: Mapping[str, str],
        now: datetime | None = None,
    ) -> "Child":
        """Make a child that will hand a batch of SQS to the Lambda's handler; else as `command`."""
        return self._child("deliver", [batch], environment, now)

    def _child(
        self,
        function: str,
        arguments: Sequence[Any],
        environment: Mapping[str, str],
        now: datetime | None,
    ) -> "Child":
        self._started += 1
        order = {
            "function": function,
            "arguments": arguments,
            "environment": dict(environment),
            "now": None if now is None else now.isoformat(),
            "output": str(self._folder / f"{self._started}.txt"),
        }
        near, far = socket.socketpair()
        with far:
            socket.send_fds(self._orders, [b"."], [far.fileno()])
        return Child(near, order)


class Child:
    """A process that holds still until it is let go."""

    def __init__(self, line: socket.socket, order: Mapping[str, Any]) -> None:
        self._line = line.makefile("rw")
        line.close()
        self._output = Path(order["output"])
        self._lock = threading.Lock()
        self._told: dict[str, Any] = {}
        self._say(order)
        self.pid: int = json.loads(self._line.readline())["pid"]

    def go(self) -> Self:
        """Let it run."""
        self._say({"go": True})
        return self

    def kill(self) -> None:
        """End it by SIGKILL; returns when it is dead."""
        os.kill(self.pid, signal.SIGKILL)
        self.wait()

    def wait(self) -> int:
        """Its exit code, or the negative number of the signal that ended it."""
        with self._lock:
            while "exit" not in self._told:
                said = self._line.readline()
                assert said, "the keeper died before its child"
                self._told |= json.loads(said)
            self._line.close()
        code: int = self._told["exit"]
        assert code != _CRASHED, self.output
        return code

    @property
    def result(self) -> Any:  # noqa: ANN401 - any JSON
        """What its function returned, once it has ended."""
        return self._told["result"]

    @property
    def output(self) -> str:
        """What it wrote to standard output and standard error."""
        return self._output.read_text()

    def _say(self, message: Mapping[str, Any]) -> None:
        self._line.write(json.dumps(message) + "\n")
        self._line.flush()


def _serve(orders: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for keepers
    while True:
        _, descriptors, _, _ = socket.recv_fds(orders, 1, 1)
        if not descriptors:
            return
        if os.fork() == 0:
            orders.close()
            _keep(socket.socket(fileno=descriptors[0]))
        os.close(descriptors[0])


def _keep(connection: socket.socket) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    line = connection.makefile("rw")
    order = json.loads(line.readline())
    child = os.fork()
    if child == 0:
        _run(order, line)
    _, status = os.waitpid(child, 0)
    with contextlib.suppress(BrokenPipeError):  # the test has gone
        _tell(line, {"exit": os.waitstatus_to_exitcode(status)})
    os._exit(0)


def _run(order: Mapping[str, Any], line: IO[str]) -> NoReturn:
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT)
    os.dup2(output, 1)
    os.dup2(output, 2)
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    os.environ.clear()
    os.environ.update(inherited | order["environment"])
    _tell(line, {"pid": os.getpid()})
    code = 0
    try:
        if line.readline():
            with _clock(order["now"]):
                _tell(line, {"result": _FUNCTIONS[order["function"]](*order["arguments"])})
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else _CRASHED
    except BaseException:  # noqa: BLE001 - no process may return into the nursery's own code
        traceback.print_exc()
        code = _CRASHED
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _tell(line: IO[str], message: Mapping[str, Any]) -> None:
    line.write(json.dumps(message) + "\n")
    line.flush()


@contextlib.contextmanager
def _clock(now: str | None) -> Iterator[None]:
    from assent.adapters.system_clock import SystemClock  # noqa: PLC0415 - the nursery's side only

    if now is None:
        yield
        return
    time = datetime.fromisoformat(now).astimezone(UTC)
    with patch.object(SystemClock, "now", lambda _: time):
        yield


def _command(arguments: list[str]) -> None:
    from assent.cli import main  # noqa: PLC0415 - as above

    main(arguments, prog_name="assent")


def _deliver(batch: dict[str, Any]) -> dict[str, Any]:
    from assent.lambda_handler import handler  # noqa: PLC0415 - as above
    from assent.sandbox.aws import lambda_context  # noqa: PLC0415 - as above

    return handler(batch, lambda_context())


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {"command": _command, "deliver": _deliver}


def _warm_up() -> None:
    """Read once what every child would read again."""
    import boto3  # noqa: PLC0415 - the nursery's side only
    import botocore.session  # noqa: PLC0415 - as above
    from botocore.loaders import Loader  # noqa: PLC0415 - as above

    import assent  # noqa: PLC0415 - as above
    from assent.contracts import load_contracts  # noqa: PLC0415 - as above
    from assent.sandbox.aws.front import service_models  # noqa: PLC0415 - as above

    def shared(search_path_string: str | None = None) -> Loader:  # noqa: ARG001 - as botocore calls it
        return service_models()

    for module in pkgutil.walk_packages(assent.__path__, "assent."):
        if not module.name.startswith(("assent.sandbox.", "assent.__main__")):
            importlib.import_module(module.name)
    botocore.session.create_loader = shared
    session = boto3.Session("none", "none", region_name="eu-west-1")
    for service in ("sagemaker", "ssm", "s3", "sts", "sns", "sqs", "events"):
        session.client(service)
    load_contracts()
    patch(LOADING_KEYS, unchecked_key).start()
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    _warm_up()
    _serve(socket.socket(fileno=int(sys.argv[1])))
