"""The wire between a client and the sandbox's two services: counted, and breakable on purpose.

Every request to either service passes through a ``Wire``, which numbers it in a ``Ledger`` that
both share and shows it to an interceptor at two moments: before the service acts, and after it
has acted but before the client hears of it. At both an interceptor can answer in the service's
place, or cut the connection. A process killed at the second moment has had its effect and does
not know it, which is the case worth testing.
"""

import contextlib
import io
import re
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = [
    "Call",
    "ConnectionDroppedError",
    "Drop",
    "Interceptor",
    "Ledger",
    "Moment",
    "Outcome",
    "Respond",
    "Service",
    "Wire",
    "read_body",
    "run",
    "status_line",
]

Service = Literal["github", "aws"]

_AWS_WRITES = re.compile(
    r"(Add|Change|Create|Delete|Label|Publish|Put|Remove|Send|Start|Stop|Update)"
)
_S3_READS = frozenset({"s3 GET", "s3 HEAD"})


class Moment(Enum):
    """When an interceptor is asked."""

    BEFORE = "before"
    """The request has arrived; the service has not seen it."""
    AFTER = "after"
    """The service has committed; the client has not heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, as it arrived."""

    number: int
    """From 1, in order of arrival over both services."""
    service: Service
    method: str
    path: str
    """As sent, percent-encoding and query included."""
    operation: str
    """GitHub: ``METHOD /path``. AWS: the action (``UpdateModelPackage``), or ``s3 METHOD``."""
    writes: bool
    """Whether it can change anything."""
    body: bytes = field(default=b"", repr=False)
    """The request's body, for interceptors that tell calls apart by their arguments."""


class Ledger:
    """Every call to the sandbox, in order of arrival. Safe across threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[Call] = []
        self._issued = 0

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls so far, oldest first."""
        with self._lock:
            return tuple(self._calls)

    def record(
        self,
        *,
        service: Service,
        method: str,
        path: str,
        operation: str,
        writes: bool,
        body: bytes = b"",
    ) -> Call:
        """Number a call and keep it."""
        with self._lock:
            self._issued += 1
            call = Call(
                number=self._issued,
                service=service,
                method=method,
                path=path,
                operation=operation,
                writes=writes,
                body=body,
            )
            self._calls.append(call)
            return call

    def count(self, service: Service | None = None, *, writes: bool | None = None) -> int:
        """Count the calls to one service, or to both; only writes, only reads, or all."""
        return sum(
            (service is None or call.service == service)
            and (writes is None or call.writes is writes)
            for call in self.calls
        )

    def clear(self) -> None:
        """Forget the calls; numbering starts again at 1."""
        with self._lock:
            self._calls.clear()
            self._issued = 0


@dataclass(frozen=True, slots=True)
class Respond:
    """An answer: in the service's place from an interceptor, or the service's own."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Drop:
    """Close the connection without a word, as a proxy or a network does."""


Outcome = Respond | Drop
Interceptor = Callable[[Call, Moment], Outcome | None]
"""Asked at each moment; None lets the call go on."""


class ConnectionDroppedError(ConnectionAbortedError):
    """An interceptor dropped the connection; WSGI servers end it without an answer."""


class Wire:
    """WSGI middleware that records each call and lets an interceptor break it.

    The wrapped application always runs to its end before anything is sent, so at
    ``Moment.AFTER`` its effects are complete. ``interceptor`` may be set at any time, and holds
    for calls that arrive from then on.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        service: Service,
        ledger: Ledger,
        interceptor: Interceptor | None = None,
    ) -> None:
        self.interceptor = interceptor
        self.ledger = ledger
        self.service = service
        self._app = app

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Serve one request, asking the interceptor before and after."""
        interceptor = self.interceptor
        call = _record(self.ledger, self.service, environ)
        outcome = interceptor(call, Moment.BEFORE) if interceptor else None
        if outcome is None:
            answer = run(self._app, environ)
            outcome = (interceptor(call, Moment.AFTER) if interceptor else None) or answer
        match outcome:
            case Drop():
                raise _drop(environ)
            case Respond():
                start_response(status_line(outcome.status), list(outcome.headers))
                return [outcome.body]


def run(app: "WSGIApplication", environ: "WSGIEnvironment") -> Respond:
    """Run a WSGI application to its end and return everything it answered."""
    started: list[tuple[str, list[tuple[str, str]]]] = []
    chunks: list[bytes] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], _error: object = None, /
    ) -> Callable[[bytes], object]:
        # Nothing has been sent yet, so a second call simply replaces the first.
        started[:] = [(status, headers)]
        return chunks.append

    result = app(environ, start_response)
    try:
        chunks.extend(result)
    finally:
        close = getattr(result, "close", None)
        if close is not None:
            close()
    if not started:
        raise RuntimeError("the application answered without calling start_response")
    status, headers = started[0]
    return Respond(int(status.split(maxsplit=1)[0]), tuple(headers), b"".join(chunks))


def _record(ledger: Ledger, service: Service, environ: "WSGIEnvironment") -> Call:
    method = environ["REQUEST_METHOD"]
    query = environ.get("QUERY_STRING", "")
    path = environ.get("RAW_URI") or environ["PATH_INFO"] + (f"?{query}" if query else "")
    body = read_body(environ)
    if service == "github":
        operation = f"{method} {path.partition('?')[0]}"
        writes = method not in {"GET", "HEAD"} and not _is_graphql_query(path, body)
    else:
        operation = _aws_operation(environ, method, body)
        writes = (
            operation not in _S3_READS
            if operation.startswith("s3 ")
            else _AWS_WRITES.match(operation) is not None
        )
    return ledger.record(
        service=service, method=method, path=path, operation=operation, writes=writes, body=body
    )


def _is_graphql_query(path: str, body: bytes) -> bool:
    """GraphQL reads by POST too; only a mutation writes."""
    return path.endswith("/graphql") and b"mutation" not in body


def _aws_operation(environ: "WSGIEnvironment", method: str, body: bytes) -> str:
    target: str = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return target.rpartition(".")[2]
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        action = parse_qs(body.decode(errors="replace")).get("Action")
        if action:
            return action[0]
    return f"s3 {method}"


def read_body(environ: "WSGIEnvironment") -> bytes:
    """Read the request's body and put it back for the application."""
    stream: Any = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        body: bytes = stream.read()
    else:
        body = stream.read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    environ["wsgi.input_terminated"] = True
    environ["CONTENT_LENGTH"] = str(len(body))
    return body


def _drop(environ: "WSGIEnvironment") -> ConnectionDroppedError:
    connection: socket.socket | None = environ.get("werkzeug.socket")
    if connection is not None:
        _hang_up(connection)
    return ConnectionDroppedError("dropped by an interceptor")


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the client was faster
        connection.shutdown(socket.SHUT_RDWR)


def status_line(status: int) -> str:
    """Write a status as WSGI wants it: ``404 Not Found``."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} Unknown"
