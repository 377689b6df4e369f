"""A threaded HTTP server on loopback, for either half of the sandbox."""

import contextlib
import logging
import selectors
import socket
import threading
from http import HTTPStatus
from types import TracebackType
from typing import TYPE_CHECKING, Self

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from assent.sandbox.wire import Respond, read_body, run, status_line

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

__all__ = ["LoopbackServer"]

LOOPBACK = "127.0.0.1"
BACKLOG = 512
"""Connections that may wait to be accepted; bursts of 50 to 200 clients are tested."""
STOP_SECONDS = 10.0
"""How long ``LoopbackServer.stop`` waits for requests in flight."""

_logger = logging.getLogger(__name__)


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
            read_body(environ)
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
