"""Lambda as far as its functions notice it: execution environments that are reused, and killed.

An environment is a process of Python with nothing on its path but the unpacked zip, the standard
library and AWS's own runtime client, in this order. It asks a Runtime API of its own for work, and
what it prints is kept.
"""

import json
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.lambda_runtime.runtime_api import Invocation, RuntimeApi

NAME = "assent-propose"
ARN = f"arn:aws:lambda:eu-west-1:111122223333:function:{NAME}"
TIMEOUT_SECONDS = 30
PATIENCE_SECONDS = 240
"""A process that says nothing for so long is a bug, not a time-out of Lambda's."""
HANDLER = "assent.lambda_handler.handler"
_START = """
import sys
task, runtime, handler = sys.argv[1:4]
sys.path[:0] = [task]
sys.path.append(runtime)
from awslambdaric.__main__ import main
main(["bootstrap", handler])
"""


class Failed(Exception):
    """An invocation that returned nothing, so that the whole batch comes back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A function as it is configured."""

    task: Path
    """The unpacked zip."""
    runtime: Path
    """Holds AWS's runtime client and what that needs, and nothing else."""
    environment: Mapping[str, str]
    logs: Path
    """A folder for what the environments print."""
    handler: str = HANDLER


class ExecutionEnvironment:
    """One process, cold at its first invocation; a context manager."""

    def __init__(self, deployment: Deployment) -> None:
        self._api = RuntimeApi()
        self._api.__enter__()
        self.log = deployment.logs / f"{uuid.uuid4().hex}.log"
        self.errors = self.log.with_suffix(".err")
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        own = {
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "AWS_LAMBDA_FUNCTION_NAME": NAME,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{NAME}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/22/[$LATEST]0123456789abcdef",
            "AWS_EXECUTION_ENV": f"AWS_Lambda_python{version}",
            "LAMBDA_TASK_ROOT": str(deployment.task),
            "_HANDLER": deployment.handler,
            "TZ": ":UTC",
            "LANG": "en_US.UTF-8",
            "PATH": "/usr/bin:/bin",
        }
        paths = (str(deployment.task), str(deployment.runtime), deployment.handler)
        with self.log.open("wb") as output, self.errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _START, *paths],
                env={**deployment.environment, **own},
                cwd=deployment.task,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
            )
        self._running: Invocation | None = None
        self._watch = threading.Thread(target=self._notice_the_end, daemon=True)
        self._watch.start()

    def _notice_the_end(self) -> None:
        self._process.wait()
        running = self._running
        if running is not None:
            running.over.set()

    @property
    def alive(self) -> bool:
        """Whether it can take another invocation."""
        return self._process.poll() is None

    def invoke(self, event: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON
        """Run the function once.

        Raises:
            Failed: It raised an exception, or the process ended.
        """
        invocation = Invocation(
            id=str(uuid.uuid4()),
            event=event,
            deadline_ms=int((time.time() + TIMEOUT_SECONDS) * 1000),
            function_arn=ARN,
            trace="Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0",
        )
        self._running = invocation
        self._api.put(invocation)
        if not self.alive:
            invocation.over.set()
        assert invocation.over.wait(PATIENCE_SECONDS), "the function neither answered nor ended"
        self._running = None
        if invocation.error is not None:
            raise Failed(json.dumps(invocation.error))
        if invocation.response is None:
            raise Failed(f"the process ended; {self._api.init_error or self.errors.read_text()}")
        return invocation.response

    def kill(self) -> None:
        """End the process as the service does at the time-out; returns when it is dead."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        self._watch.join()
        self._api.__exit__(kind, error, trace)


class Function:
    """A function with reserved concurrency: what is invoked takes a warm environment, or a new one.

    A context manager. Calling it is what `Intake.drain` does with a batch, from threads too.
    """

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self._idle: list[ExecutionEnvironment] = []
        self._busy: list[ExecutionEnvironment] = []
        self.environments: list[ExecutionEnvironment] = []
        """All that ever were."""
        self._lock = threading.Lock()
        self.invocations = 0

    def __call__(self, event: Mapping[str, Any], _context: object = None) -> Any:  # noqa: ANN401
        """Invoke it; see `ExecutionEnvironment.invoke`."""
        environment = self._take()
        try:
            return environment.invoke(event)
        finally:
            with self._lock:
                self._busy.remove(environment)
                if environment.alive:
                    self._idle.append(environment)

    def _take(self) -> ExecutionEnvironment:
        with self._lock:
            self.invocations += 1
            environment = self._idle.pop() if self._idle else ExecutionEnvironment(self.deployment)
            if environment not in self.environments:
                self.environments.append(environment)
            self._busy.append(environment)
            return environment

    def time_out(self) -> None:
        """Kill what is running, as at its deadline: the longest busy one."""
        with self._lock:
            environment = self._busy[0]
        environment.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for environment in self.environments:
            environment.__exit__(kind, error, trace)

    def output(self) -> str:
        """Everything that any of them printed so far."""
        texts = (
            path.read_text()
            for each in self.environments
            for path in (each.log, each.errors)
            if path.exists()
        )
        return "".join(texts)

    def lines(self) -> list[dict[str, Any]]:
        """The log: each line has to be a JSON object."""
        found = []
        for each in self.environments:
            assert each.errors.read_text() == ""
            for line in each.log.read_text().splitlines():
                values = json.loads(line)
                assert isinstance(values, dict)
                assert line.isascii()
                assert line.isprintable()
                found.append(values)
        return found

    def said(self) -> list[dict[str, Any]]:
        """What was logged, metrics apart."""
        return [line for line in self.lines() if "_aws" not in line]

    def metrics(self) -> list[dict[str, Any]]:
        """The lines that CloudWatch makes metrics of."""
        return [line for line in self.lines() if "_aws" in line]
