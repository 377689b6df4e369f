"""The wire between a client and the sandbox's two services: counted, and breakable on purpose.

Every request to either service passes through a ``Wire``, which numbers it in a ``Ledger`` that
both share and shows it to an interceptor at two moments: before the service acts, and after it
has acted but before the client hears of it. At both an interceptor can answer in the service's
place, or cut the connection. A process killed at the second moment has had its effect and does
not know it, which is the case worth testing.
"""

import contextlib
import io
import json
import logging
import re
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = [
    "Call",
    "Drop",
    "Faults",
    "Interceptor",
    "KillSwitch",
    "Ledger",
    "LoopbackServer",
    "Moment",
    "Outcome",
    "Respond",
    "Service",
    "Wire",
    "access_denied",
    "aws_error",
    "bad_gateway",
    "expired_token",
    "first_of",
    "github_error",
    "primary_rate_limit",
    "s3_error",
    "secondary_rate_limit",
    "server_error",
    "throttled",
    "too_many_requests",
]

Service = Literal["github", "aws"]

LOOPBACK = "127.0.0.1"
BACKLOG = 512
"""Connections that may wait to be accepted; bursts of 50 to 200 clients are tested."""
STOP_SECONDS = 10.0
"""How long ``LoopbackServer.stop`` waits for requests in flight."""

_logger = logging.getLogger(__name__)

_AWS_WRITES = re.compile(r"(Add|Create|Delete|Label|Put|Remove|Start|Stop|Update)")
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
    body = _body(environ)
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


def _body(environ: "WSGIEnvironment") -> bytes:
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


class LoopbackServer:
    """A threaded HTTP/1.1 server for one WSGI application, reachable from this machine only.

    Listens on 127.0.0.1, on a free port unless one is given. Raises OSError when that port is
    taken. Connections are kept alive, since a client that opens one per call measures the
    opening.
    """

    def __init__(self, app: "WSGIApplication", *, port: int = 0) -> None:
        self._app = app
        self._port = port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``; known once the server is started."""
        if self._server is None:
            raise RuntimeError("the server is not running; start it before asking for its URL")
        return f"http://{LOOPBACK}:{self._server.port}"

    def start(self) -> None:
        """Begin to serve. Returns when connections are accepted."""
        if self._server is not None:
            raise RuntimeError("the server is already running")
        with socket.create_server((LOOPBACK, self._port), backlog=BACKLOG) as listener:
            self._server = _Server(self._app, listener)
        self._thread = threading.Thread(
            target=self._server.accept_until_stopped,
            name=f"assent-sandbox-{self._server.port}",
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop accepting, close every connection and wait for requests in flight."""
        server, thread = self._server, self._thread
        if server is None or thread is None:
            return
        self._server = self._thread = None
        server.stop_accepting()
        thread.join()
        server.hang_up_all()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


class _Server(ThreadedWSGIServer):
    """Knows its open connections, so that stopping leaves none behind, and stops at once."""

    timeout = 0  # for handle_request, which is called when something is there

    def __init__(self, app: "WSGIApplication", listener: socket.socket) -> None:
        self._open: set[socket.socket] = set()
        self._changed = threading.Condition()
        self._stopped, self._stopper = socket.socketpair()
        host, port = listener.getsockname()
        # Werkzeug duplicates the descriptor; given an address instead it would print and exit
        # when the port is taken.
        super().__init__(host, port, app, handler=_Handler, fd=listener.fileno())

    def accept_until_stopped(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self, selectors.EVENT_READ)
            selector.register(self._stopped, selectors.EVENT_READ)
            while not any(key.fileobj is self._stopped for key, _ in selector.select()):
                self.handle_request()
        self._stopped.close()
        self.server_close()

    def stop_accepting(self) -> None:
        self._stopper.close()

    def get_request(self) -> tuple[socket.socket, object]:
        connection, address = super().get_request()
        with self._changed:
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        super().shutdown_request(request)
        with self._changed:
            if isinstance(request, socket.socket):  # always, for a stream server
                self._open.discard(request)
            self._changed.notify_all()

    def hang_up_all(self) -> None:
        with self._changed:
            for connection in self._open:
                # Only the reading side: a request in flight may still be answered.
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)
            if not self._changed.wait_for(lambda: not self._open, timeout=STOP_SECONDS):
                _logger.warning("%d requests did not end with the server", len(self._open))


class _Handler(WSGIRequestHandler):
    """Serves requests one after another over one connection.

    Werkzeug's own handler closes the connection after each response, because it cannot know
    whether the application read the whole request. Here the body is read beforehand.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        environ = self.environ = self.make_environ()
        chunked = "HTTP_TRANSFER_ENCODING" in environ
        try:
            _body(environ)
        except ValueError:
            self._send(Respond(400, (("Content-Type", "text/plain"),), b"bad Content-Length"))
            self.close_connection = True
            return
        if chunked:
            # Trailers, if there are any, are not read; no request can follow them.
            self.close_connection = True
        try:
            answer = run(self.server.app, environ)
        except ConnectionError as error:
            self.close_connection = True
            self.connection_dropped(error, environ)
            return
        except Exception:
            _logger.exception("the sandbox failed to serve %s %s", self.command, self.path)
            answer = Respond(500, (("Content-Type", "text/plain"),), b"the sandbox failed")
        self._send(answer)

    def _send(self, answer: Respond) -> None:
        names = {name.lower() for name, _ in answer.headers}
        bodiless = answer.status < HTTPStatus.OK or answer.status in {204, 304}
        lines = [f"HTTP/1.1 {status_line(answer.status)}"]
        lines += [f"{name}: {value}" for name, value in answer.headers]
        if "date" not in names:
            lines.append(f"Date: {self.date_time_string()}")
        if not bodiless and "content-length" not in names:
            lines.append(f"Content-Length: {len(answer.body)}")
        if self.close_connection:
            lines.append("Connection: close")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        silent = bodiless or self.command == "HEAD"
        # One write: two would wait for each other's acknowledgement.
        self.wfile.write(head if silent else head + answer.body)

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  # werkzeug's name
        """Stay quiet: the ledger is the record of what was asked."""


Match = Callable[[Call], bool]


@dataclass(slots=True)
class _Fault:
    match: Match
    outcome: Outcome
    moment: Moment
    left: int | None


class Faults:
    """An interceptor that follows a script: which calls fail, how, and how often.

    Faults are tried in the order in which they were added; the first that matches is used up by
    one.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._script: list[_Fault] = []
        self._fired: list[Call] = []

    def add(
        self,
        outcome: Outcome,
        *,
        match: Match = lambda _: True,
        moment: Moment = Moment.BEFORE,
        times: int | None = 1,
    ) -> Self:
        """Give ``outcome`` to the next ``times`` matching calls; None means all of them."""
        with self._lock:
            self._script.append(_Fault(match, outcome, moment, times))
        return self

    @property
    def fired(self) -> tuple[Call, ...]:
        """The calls that met a fault, oldest first."""
        with self._lock:
            return tuple(self._fired)

    @property
    def pending(self) -> int:
        """How many faults with a limit have not been used up; a test expects 0 at its end."""
        with self._lock:
            return sum(fault.left is not None and fault.left > 0 for fault in self._script)

    def clear(self) -> None:
        """Let every call go on from now."""
        with self._lock:
            self._script.clear()

    def __call__(self, call: Call, moment: Moment) -> Outcome | None:
        """Answer with the first matching fault's outcome."""
        with self._lock:
            for fault in self._script:
                if fault.moment is moment and fault.left != 0 and fault.match(call):
                    if fault.left is not None:
                        fault.left -= 1
                    self._fired.append(call)
                    return fault.outcome
        return None


class KillSwitch:
    """Kills the client when its call number ``at`` reaches a moment, and drops the connection.

    Calls are counted from 1 since construction, over every wire that has this interceptor;
    ``match`` leaves calls out of the count. ``kill`` must return only when the client is dead:
    until then the server holds the call. One switch kills once.
    """

    def __init__(
        self,
        at: int,
        moment: Moment,
        kill: Callable[[], None],
        *,
        match: Match = lambda _: True,
    ) -> None:
        self._at = at
        self._moment = moment
        self._kill = kill
        self._match = match
        self._lock = threading.Lock()
        self._seen = 0
        self._target: Call | None = None
        self._fired = threading.Event()

    @property
    def seen(self) -> int:
        """How many matching calls arrived; fewer than ``at`` means that the switch stayed open."""
        with self._lock:
            return self._seen

    @property
    def fired(self) -> bool:
        """Whether the call came; true as soon as the client is dead."""
        return self._fired.is_set()

    def __call__(self, call: Call, moment: Moment) -> Outcome | None:
        """Count the call, and strike if it is the one."""
        with self._lock:
            if moment is Moment.BEFORE and self._match(call):
                self._seen += 1
                if self._seen == self._at:
                    self._target = call
            strikes = moment is self._moment and call is self._target
        if not strikes:
            return None
        # Before the kill: who waits for the client's death may ask at once.
        self._fired.set()
        self._kill()
        return Drop()


def first_of(*interceptors: Interceptor) -> Interceptor:
    """Ask several interceptors in turn; the first outcome holds, and the rest are not asked."""

    def ask(call: Call, moment: Moment) -> Outcome | None:
        outcomes: Iterator[Outcome | None] = (each(call, moment) for each in interceptors)
        return next((outcome for outcome in outcomes if outcome is not None), None)

    return ask


def github_error(
    status: int, message: str, *, headers: tuple[tuple[str, str], ...] = (), see: str = "rest"
) -> Respond:
    """GitHub's error shape: a JSON object with ``message`` and ``documentation_url``."""
    document = {
        "message": message,
        "documentation_url": f"https://docs.github.com/{see}",
        "status": str(status),
    }
    content_type = ("Content-Type", "application/json; charset=utf-8")
    return Respond(status, (content_type, *headers), json.dumps(document).encode())


_RATE_LIMITS = "rest/using-the-rest-api/rate-limits-for-the-rest-api"


def _exhausted(reset: int | None) -> tuple[tuple[str, str], ...]:
    return (
        ("x-ratelimit-limit", "5000"),
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-used", "5000"),
        ("x-ratelimit-reset", str(int(time.time()) + 60 if reset is None else reset)),
        ("x-ratelimit-resource", "core"),
    )


def primary_rate_limit(*, reset: int | None = None) -> Respond:
    """GitHub's hourly allowance is used up; it is renewed at ``reset``, in epoch seconds."""
    return github_error(
        403,
        "API rate limit exceeded for installation ID 1.",
        headers=_exhausted(reset),
        see=_RATE_LIMITS,
    )


def secondary_rate_limit(retry_after: int = 60) -> Respond:
    """GitHub's limit on bursts; it asks for ``retry_after`` seconds of silence."""
    return github_error(
        403,
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
        headers=(("Retry-After", str(retry_after)),),
        see=f"{_RATE_LIMITS}#about-secondary-rate-limits",
    )


def too_many_requests(*, reset: int | None = None) -> Respond:
    """The primary limit again: GitHub documents 403 or 429 for it."""
    return github_error(
        429,
        "API rate limit exceeded for installation ID 1.",
        headers=_exhausted(reset),
        see=_RATE_LIMITS,
    )


def server_error(status: int = 500) -> Respond:
    """GitHub broke and says so in its own words."""
    return github_error(status, "Server Error")


def bad_gateway() -> Respond:
    """GitHub's front answers for a service that did not: HTML, not JSON."""
    return Respond(
        502,
        (("Content-Type", "text/html"),),
        b"<html><head><title>502 Bad Gateway</title></head><body></body></html>",
    )


def aws_error(code: str, message: str, *, status: int = 400) -> Respond:
    """An AWS JSON-protocol error, as SageMaker and Parameter Store send it."""
    document = {"__type": code, "message": message}
    return Respond(
        status,
        (("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-ErrorType", code)),
        json.dumps(document).encode(),
    )


def s3_error(code: str, message: str, *, status: int) -> Respond:
    """An S3 error, which is XML: ``SlowDown`` with 503, ``AccessDenied`` with 403."""
    document = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
    )
    return Respond(status, (("Content-Type", "application/xml"),), document.encode())


def throttled() -> Respond:
    """AWS refuses the call because there were too many."""
    return aws_error("ThrottlingException", "Rate exceeded")


def expired_token() -> Respond:
    """The session's credentials have run out."""
    return aws_error(
        "ExpiredTokenException", "The security token included in the request is expired"
    )


def access_denied(action: str = "sagemaker:UpdateModelPackage") -> Respond:
    """The role may not do this."""
    return aws_error(
        "AccessDeniedException",
        "User: arn:aws:sts::111122223333:assumed-role/assent-apply/session is not authorized "
        f"to perform: {action}",
    )
