"""What can go wrong on the wire, on demand: errors as the services word them, drops, kills."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self
from xml.sax.saxutils import escape

from assent.sandbox.wire import Call, Drop, Interceptor, Moment, Outcome, Respond

__all__ = [
    "Faults",
    "KillSwitch",
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

Match = Callable[[Call], bool]
_RATE_LIMITS = "rest/using-the-rest-api/rate-limits-for-the-rest-api"


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
