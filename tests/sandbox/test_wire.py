"""The wire: counting, breaking and dropping calls, and killing clients."""

import http.client
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests

from assent.sandbox.faults import (
    Faults,
    KillSwitch,
    access_denied,
    bad_gateway,
    expired_token,
    first_of,
    github_error,
    primary_rate_limit,
    s3_error,
    secondary_rate_limit,
    server_error,
    throttled,
    too_many_requests,
)
from assent.sandbox.loopback import LoopbackServer
from assent.sandbox.wire import Call, Drop, Ledger, Moment, Respond, Wire

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

Commit = Callable[[str], None]


class Counter:
    """A service with one number, which POST increments."""

    def __init__(self) -> None:
        self.value = 0
        self._lock = threading.Lock()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
        """Serve one request."""
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"] or 0))
        if environ["PATH_INFO"] == "/broken":
            raise LookupError("the service itself is broken")
        if environ["REQUEST_METHOD"] == "POST":
            with self._lock:
                self.value += 1
        start_response("200 OK", [("Content-Type", "text/plain"), ("X-Body", str(len(body)))])
        return [str(self.value).encode()]


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.fixture
def wire(counter: Counter) -> Wire:
    return Wire(counter, "github", Ledger())


@pytest.fixture
def url(wire: Wire) -> Iterator[str]:
    with LoopbackServer(wire) as server:
        yield server.url


def test_server_listens_on_loopback_only_and_is_gone_after_stop(wire: Wire) -> None:
    """The address is 127.0.0.1, and a stopped server refuses connections."""
    server = LoopbackServer(wire)
    with server:
        address = urlsplit(server.url)
        assert address.hostname == "127.0.0.1"
        assert requests.get(server.url, timeout=5).status_code == 200
    with pytest.raises(requests.ConnectionError):
        requests.get(address.geturl(), timeout=5)
    with pytest.raises(RuntimeError, match="not running"):
        _ = server.url


def test_a_taken_port_is_an_error(wire: Wire) -> None:
    """Starting on a port in use raises OSError instead of ending the process."""
    with LoopbackServer(wire) as first:
        port = urlsplit(first.url).port
        assert port is not None
        with pytest.raises(OSError, match="in use"):
            LoopbackServer(wire, port=port).start()


def test_connections_are_kept_alive(url: str) -> None:
    """Several requests, bodies included, travel over one connection."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    ports = set()
    for number in range(1, 4):
        connection.request("POST", "/", body=b"x" * 70_000)
        response = connection.getresponse()
        assert response.headers["X-Body"] == "70000"
        assert response.read() == str(number).encode()
        ports.add(connection.sock.getsockname()[1])
    connection.close()
    assert len(ports) == 1


def test_a_chunked_body_arrives_whole(url: str) -> None:
    """A request without a length, as git sends its packs, reaches the service."""
    response = requests.post(url, data=iter([b"ab", b"cde"]), timeout=5)
    assert response.headers["X-Body"] == "5"


def test_head_has_headers_and_no_body(url: str) -> None:
    """The answer to HEAD ends after its headers, on a connection that stays usable."""
    with requests.Session() as session:
        assert session.head(url, timeout=5).headers["Content-Length"] == "1"
        assert session.get(url, timeout=5).text == "0"


def test_a_broken_service_answers_500(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """An exception in the service reaches the client as a 500, and the log with its cause."""
    assert requests.get(f"{url}/broken", timeout=5).status_code == 500
    assert "LookupError" in caplog.text


def test_a_burst_of_clients_is_served(url: str, wire: Wire, counter: Counter) -> None:
    """Two hundred clients at once lose no call, and each call has its own number."""
    gate = threading.Barrier(50)

    def post(_: int) -> int:
        gate.wait()
        return requests.post(url, timeout=30).status_code

    with ThreadPoolExecutor(50) as pool:
        assert set(pool.map(post, range(200))) == {200}
    assert counter.value == 200
    assert [call.number for call in wire.ledger.calls] == list(range(1, 201))


def test_ledger_numbers_calls_over_both_services(counter: Counter) -> None:
    """Calls to GitHub and to AWS share one numbering, and are counted apart."""
    ledger = Ledger()
    with (
        LoopbackServer(Wire(counter, "github", ledger)) as github,
        LoopbackServer(Wire(counter, "aws", ledger)) as aws,
    ):
        requests.get(f"{github.url}/repos/a%20b?per_page=2", timeout=5)
        target = {"X-Amz-Target": "SageMaker.UpdateModelPackage"}
        requests.post(aws.url, headers=target, data="{}", timeout=5)
        requests.post(aws.url, data={"Action": "AssumeRole"}, timeout=5)
        requests.get(f"{aws.url}/bucket/key", timeout=5)
        requests.put(f"{aws.url}/bucket/key", data="x", timeout=5)
    assert [(call.number, call.service, call.operation, call.writes) for call in ledger.calls] == [
        (1, "github", "GET /repos/a%20b", False),
        (2, "aws", "UpdateModelPackage", True),
        (3, "aws", "AssumeRole", False),
        (4, "aws", "s3 GET", False),
        (5, "aws", "s3 PUT", True),
    ]
    assert ledger.calls[0].path == "/repos/a%20b?per_page=2"
    assert ledger.calls[1].body == b"{}"
    assert (ledger.count(), ledger.count("aws"), ledger.count("aws", writes=True)) == (5, 4, 2)
    ledger.clear()
    assert ledger.count() == 0


@pytest.mark.parametrize(("moment", "committed"), [(Moment.BEFORE, 0), (Moment.AFTER, 1)])
def test_drop_closes_the_connection_before_or_after_the_commit(
    url: str, wire: Wire, counter: Counter, moment: Moment, committed: int
) -> None:
    """A dropped call looks the same to the client, whether it had its effect or not."""
    wire.interceptor = Faults().add(Drop(), moment=moment)
    with pytest.raises(requests.ConnectionError, match=r"RemoteDisconnected|Connection aborted"):
        requests.post(url, timeout=5)
    assert counter.value == committed
    assert requests.get(url, timeout=5).text == str(committed)


def test_respond_before_keeps_the_service_out(url: str, wire: Wire, counter: Counter) -> None:
    """An answer in the service's place is all that happens."""
    wire.interceptor = Faults().add(Respond(418, (("X-Kind", "teapot"),), b"short"))
    response = requests.post(url, timeout=5)
    assert (response.status_code, response.headers["X-Kind"], response.text) == (
        418,
        "teapot",
        "short",
    )
    assert counter.value == 0


def test_faults_follow_their_script(url: str, wire: Wire) -> None:
    """A fault hits matching calls as often as it was told, in the order of the script."""
    faults = Faults()
    faults.add(server_error(), match=lambda call: call.writes, times=2)
    faults.add(bad_gateway(), match=lambda call: call.path == "/b", times=None)
    wire.interceptor = faults
    statuses = [
        requests.request(method, url + path, timeout=5).status_code
        for method, path in [("GET", "/a"), ("POST", "/a"), ("GET", "/b"), ("POST", "/b")]
    ]
    assert statuses == [200, 500, 502, 500]
    assert faults.pending == 0
    assert [call.number for call in faults.fired] == [2, 3, 4]
    assert requests.post(f"{url}/b", timeout=5).status_code == 502
    faults.clear()
    assert requests.post(f"{url}/b", timeout=5).status_code == 200


def test_first_of_asks_in_turn(url: str, wire: Wire) -> None:
    """The first interceptor with an outcome decides; the rest keep theirs for the next call."""
    one, two = Faults().add(server_error(500)), Faults().add(server_error(503))
    wire.interceptor = first_of(one, two)
    assert [requests.get(url, timeout=5).status_code for _ in range(3)] == [500, 503, 200]


@pytest.mark.parametrize(
    ("answer", "status", "headers", "text"),
    [
        (
            primary_rate_limit(reset=1_800_000_000),
            403,
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1800000000"},
            "API rate limit exceeded",
        ),
        (
            secondary_rate_limit(7),
            403,
            {"Retry-After": "7"},
            "You have exceeded a secondary rate limit",
        ),
        (too_many_requests(reset=5), 429, {"x-ratelimit-reset": "5"}, "rate limit exceeded"),
        (github_error(404, "Not Found"), 404, {}, "Not Found"),
        (throttled(), 400, {"x-amzn-ErrorType": "ThrottlingException"}, "Rate exceeded"),
        (expired_token(), 400, {"x-amzn-ErrorType": "ExpiredTokenException"}, "expired"),
        (access_denied("ssm:PutParameter"), 400, {}, "ssm:PutParameter"),
    ],
)
def test_error_answers_have_the_documented_shape(
    answer: Respond, status: int, headers: dict[str, str], text: str
) -> None:
    """Each ready-made error has the service's status, headers and JSON message."""
    assert answer.status == status
    assert headers.items() <= dict(answer.headers).items()
    assert text in json.loads(answer.body)["message"]


def test_an_s3_error_is_xml() -> None:
    """S3's errors are XML, with their text escaped."""
    answer = s3_error("SlowDown", "<please>", status=503)
    assert answer.body.endswith(
        b"<Error><Code>SlowDown</Code><Message>&lt;please&gt;</Message></Error>"
    )


CLIENT = """
import http.client, sys
for _ in range(5):
    connection = http.client.HTTPConnection(sys.argv[1])
    connection.request("GET", "/look"); connection.getresponse().read()
    connection.request("POST", "/"); connection.getresponse().read()
    connection.close()
"""


@pytest.mark.parametrize(("moment", "committed"), [(Moment.BEFORE, 2), (Moment.AFTER, 3)])
def test_kill_switch_kills_at_the_chosen_call(
    url: str, wire: Wire, counter: Counter, moment: Moment, committed: int
) -> None:
    """The client dies at its third write: after two effects, or three if the server was done."""
    children: list[subprocess.Popen[bytes]] = []
    started = threading.Event()

    def kill() -> None:
        started.wait()
        children[0].kill()
        children[0].wait()

    switch = KillSwitch(3, moment, kill, match=lambda call: call.writes)
    wire.interceptor = switch
    command = [sys.executable, "-S", "-c", CLIENT, urlsplit(url).netloc]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as child:
        children.append(child)
        started.set()
        assert child.wait() == -signal.SIGKILL
    assert counter.value == committed
    assert (switch.fired, switch.seen) == (True, 3)
    assert wire.ledger.count(writes=True) == 3


def test_kill_switch_stays_open_when_the_client_ends_first(url: str, wire: Wire) -> None:
    """A switch for a call that never came has not fired, and says how many calls it saw."""

    def kill() -> None:
        raise AssertionError("nobody was to be killed")

    switch = KillSwitch(3, Moment.AFTER, kill)
    wire.interceptor = switch
    assert [requests.get(url, timeout=5).status_code for _ in range(2)] == [200, 200]
    assert (switch.fired, switch.seen) == (False, 2)


def test_stop_waits_for_a_request_in_flight(counter: Counter) -> None:
    """A call that the server holds when it is stopped still gets its answer."""
    held, release = threading.Event(), threading.Event()

    def hold(_: Call, moment: Moment) -> None:
        if moment is Moment.AFTER:
            held.set()
            release.wait()

    server = LoopbackServer(Wire(counter, "github", Ledger(), hold))
    server.start()
    with ThreadPoolExecutor(2) as pool:
        answer = pool.submit(requests.post, server.url, timeout=5)
        held.wait()
        stopping = pool.submit(server.stop)
        release.set()
        assert answer.result().text == "1"
        stopping.result()
