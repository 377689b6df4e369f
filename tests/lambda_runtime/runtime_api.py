"""Lambda's Runtime API for one execution environment: what the runtime's client asks for work.

As AWS documents version 2018-06-01: `next` waits until there is an invocation, whose id, deadline,
function and trace are headers; `response` or `error` ends it.
"""

import json
import queue
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

_PREFIX = "/2018-06-01/runtime/"


@dataclass(slots=True, kw_only=True)
class Invocation:
    """A call of the function, until it has ended in one way or another."""

    id: str
    event: Mapping[str, Any]
    deadline_ms: int
    """Since 1970."""
    function_arn: str
    trace: str
    over: threading.Event = field(default_factory=threading.Event)
    response: Any = None
    error: Mapping[str, Any] | None = None
    """What the runtime reports of an exception."""


class RuntimeApi:
    """Serves on loopback; hands out invocations in the order in which they come."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[Invocation | None] = queue.Queue()
        self._running: dict[str, Invocation] = {}
        self.init_error: Mapping[str, Any] | None = None
        """Why the handler could not be loaded."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._waiting.put(None)
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        """What `AWS_LAMBDA_RUNTIME_API` says."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def put(self, invocation: Invocation) -> None:
        """Hand an invocation to whoever asks next."""
        self._waiting.put(invocation)

    def next(self) -> Invocation | None:
        """Wait for the next invocation; None where there will be no more."""
        invocation = self._waiting.get()
        if invocation is not None:
            self._running[invocation.id] = invocation
        return invocation

    def end(self, id_: str, how: str, body: bytes) -> bool:
        """End an invocation; False where none of that id is running."""
        invocation = self._running.pop(id_, None)
        if invocation is None or how not in {"response", "error"}:
            return False
        setattr(invocation, how, json.loads(body))
        invocation.over.set()
        return True


def _handler_of(api: RuntimeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Answer `next`."""
            if self.path != f"{_PREFIX}invocation/next":
                self._answer(HTTPStatus.NOT_FOUND, {"errorType": "NotFound"})
                return
            invocation = api.next()
            if invocation is None:  # the process is dead already
                self.close_connection = True
                return
            headers = {
                "Lambda-Runtime-Aws-Request-Id": invocation.id,
                "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
                "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
                "Lambda-Runtime-Trace-Id": invocation.trace,
            }
            self._answer(HTTPStatus.OK, invocation.event, headers)

        def do_POST(self) -> None:
            """Take a response or an error."""
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.path == f"{_PREFIX}init/error":
                api.init_error = json.loads(body)
                self._answer(HTTPStatus.ACCEPTED, {"status": "OK"})
                return
            id_, _, how = self.path.removeprefix(f"{_PREFIX}invocation/").partition("/")
            known = api.end(id_, how, body)
            status = HTTPStatus.ACCEPTED if known else HTTPStatus.BAD_REQUEST
            self._answer(status, {"status": "OK" if known else "InvalidRequestID"})

        def _answer(
            self,
            status: HTTPStatus,
            values: Mapping[str, Any],
            headers: Mapping[str, str] | None = None,
        ) -> None:
            body = json.dumps(values).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
