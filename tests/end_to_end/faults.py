"""GitHub's and AWS's documented ways to fail, and how to make one call meet one of them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from xml.sax.saxutils import escape

import pytest

from assent.sandbox.faults import (
    Faults,
    aws_error,
    bad_gateway,
    github_error,
    primary_rate_limit,
    s3_error,
    secondary_rate_limit,
    server_error,
    too_many_requests,
)
from assent.sandbox.stage import Stage
from assent.sandbox.wire import Call, Drop, Interceptor, Moment, Outcome, Respond

_LONGEST_HOLD_SECONDS = 30.0
SERVICES = {
    "AssumeRole": "sts",
    "ChangeMessageVisibility": "sqs",
    "GetCallerIdentity": "sts",
    "GetParameters": "ssm",
    "Publish": "sns",
    "PutEvents": "events",
    "PutParameter": "ssm",
}
"""Which service of AWS's an action is of; SageMaker's are left out."""
OBJECTS = {"s3 GET": "s3:GetObject", "s3 HEAD": "s3:HeadObject", "s3 PUT": "s3:PutObject"}


def action(call: Call) -> str:
    """What IAM calls a call of AWS's."""
    service = SERVICES.get(call.operation, "sagemaker")
    if call.operation == "s3 GET" and "versionId=" in call.path:
        return "s3:GetObjectVersion"
    return OBJECTS.get(call.operation, f"{service}:{call.operation}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way to fail."""

    name: str
    answer: Callable[[Call], Outcome]
    words: Callable[[Call], str]
    """What the message or its hint must say."""
    moment: Moment = Moment.BEFORE
    lasting: bool = False
    """Whether every later call fails too, as with credentials that have expired."""
    limits: bool = False
    """Whether it asks to be left alone, so that the rest of a batch is not tried."""


def steady(outcome: Outcome) -> Callable[[Call], Outcome]:
    """The same answer to every call."""
    return lambda _: outcome


def saying(words: str) -> Callable[[Call], str]:
    """The same words about every call."""
    return lambda _: words


NO_GITHUB = saying("GitHub did not answer while ")
GITHUB = [
    Fault(
        name="secondary rate limit",
        answer=steady(secondary_rate_limit(77)),
        words=saying("the rate limit is reached\nTry again later. Retry after 77 s."),
        limits=True,
    ),
    Fault(
        name="primary rate limit",
        answer=lambda _: primary_rate_limit(),
        words=saying("the rate limit is reached"),
        limits=True,
    ),
    Fault(
        name="429",
        answer=lambda _: too_many_requests(),
        words=saying("GitHub cannot be used now while "),
        limits=True,
    ),
    Fault(name="500", answer=steady(server_error()), words=saying("it answered 500")),
    Fault(name="502", answer=steady(bad_gateway()), words=saying("it answered 502")),
    Fault(name="dropped before", answer=steady(Drop()), words=NO_GITHUB),
    Fault(name="dropped after", answer=steady(Drop()), words=NO_GITHUB, moment=Moment.AFTER),
]


FORBIDDEN = Fault(
    name="403",
    answer=steady(github_error(403, "Resource not accessible by integration")),
    words=saying("GitHub answered 403 while "),
)
QUERY_BROKEN = Fault(
    name="query broken",
    answer=steady(
        Respond(
            200,
            (("Content-Type", "application/json; charset=utf-8"),),
            b'{"errors": [{"message": "Something went wrong while executing your query."}]}',
        )
    ),
    words=saying("it could not execute the query"),
)


def refused(call: Call, *codes: str, message: str, status: int = 400) -> Outcome:
    """An error as the call's service words it: in JSON, or in one of two kinds of XML.

    Args:
        call: Which service it is of.
        codes: The error's code for services that speak JSON, for S3, and for the others.
        message: What the service says.
        status: HTTP's; S3 has one of its own for being slow.
    """
    in_json, in_s3, in_query = codes
    match _protocol(call):
        case "s3":
            return s3_error(in_s3, message, status=503 if in_s3 == "SlowDown" else status)
        case "query":
            return query_error(in_query, message, status=status)
        case _:
            return aws_error(in_json, message, status=status)


QUERIES = {"sts", "sns"}
"""Services that still speak the query protocol."""


def query_error(code: str, message: str, *, status: int) -> Respond:
    """An error of the query protocol."""
    document = (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>"
        f"<Message>{escape(message)}</Message></Error></ErrorResponse>"
    )
    return Respond(status, (("Content-Type", "text/xml"),), document.encode())


EXPIRED = Fault(
    name="expired credentials",
    answer=lambda call: refused(
        call,
        *("ExpiredTokenException", "ExpiredToken", "ExpiredToken"),
        message="The security token included in the request is expired",
    ),
    words=saying("The credentials have expired. Sign in again"),
    lasting=True,
)
DENIED = Fault(
    name="access denied",
    answer=lambda call: refused(
        call,
        *("AccessDeniedException", "AccessDenied", "AccessDenied"),
        message=f"User: {PRINCIPAL} is not authorized to perform: {action(call)}",
        status=403,
    ),
    words=lambda call: (
        "may not be read"
        if call.operation in {"s3 GET", "s3 HEAD"}
        else f"access denied: '{PRINCIPAL}' may not {action(call)} on "
    ),
)
PRINCIPAL = "arn:aws:sts::111122223333:assumed-role/assent-apply/session"
AWS = [
    Fault(
        name="throttled",
        answer=lambda call: refused(
            call, "ThrottlingException", "SlowDown", "Throttling", message="Rate exceeded"
        ),
        words=lambda call: f"AWS could not do {action(call)} for ",
    ),
    Fault(
        name="500",
        answer=lambda call: refused(
            call,
            *("InternalFailure", "InternalError", "InternalFailure"),
            message="The request processing has failed.",
            status=500,
        ),
        words=lambda call: f"AWS could not do {action(call)} for ",
    ),
    Fault(
        name="dropped before",
        answer=steady(Drop()),
        words=lambda call: f"AWS did not answer {action(call)} for ",
    ),
    Fault(
        name="dropped after",
        answer=steady(Drop()),
        words=lambda call: f"AWS did not answer {action(call)} for ",
        moment=Moment.AFTER,
    ),
    EXPIRED,
    DENIED,
]


EVERYWHERE = [
    *(fault for fault in GITHUB if fault.name in {"secondary rate limit", "500", "dropped after"}),
    FORBIDDEN,
    QUERY_BROKEN,
    *(fault for fault in AWS if fault.name in {"500", "dropped after", "access denied"}),
]
"""One of each sort: limits, breakdowns, what was done and not heard of, and plain refusals."""
OF_GITHUB = [*GITHUB, FORBIDDEN, QUERY_BROKEN]


def possible(call: Call, fault: Fault) -> bool:
    """Whether a call can meet a fault."""
    if call.service != ("github" if fault in OF_GITHUB else "aws"):
        return False
    if fault is QUERY_BROKEN:
        return call.operation.endswith("/graphql")
    # Who one is, AWS tells everybody.
    return not (fault is DENIED and call.operation == "GetCallerIdentity")


def of(faults: list[Fault]) -> pytest.MarkDecorator:
    """Make each fault a test of its own."""
    services = ("github" if fault in GITHUB else "aws" for fault in faults)
    names = [f"{service} {fault.name}" for service, fault in zip(services, faults, strict=True)]
    return pytest.mark.parametrize("fault", faults, ids=names)


@contextmanager
def intercepted(stage: Stage, interceptor: Interceptor) -> Iterator[None]:
    """Let an interceptor see every call to either service; they are numbered from 1 again."""
    stage.ledger.clear()
    wires = (stage.github_wire, stage.aws.wire)
    for wire in wires:
        wire.interceptor = interceptor
    try:
        yield
    finally:
        for wire in wires:
            wire.interceptor = None


def at(call: Call, fault: Fault) -> Faults:
    """Break the call of this one's number; and later ones of its service, if the fault lasts.

    Who may not look at an object may not do so without its checksum either, which is asked next.
    """
    faults = Faults()
    if fault is DENIED and call.operation == "s3 HEAD":
        both = {call.number, call.number + 1}
        return faults.add(fault.answer(call), match=lambda each: each.number in both, times=2)
    if not fault.lasting:
        return faults.add(
            fault.answer(call), match=lambda each: each.number == call.number, moment=fault.moment
        )
    for example in map(_example, ("s3 GET", "AssumeRole", "GetParameters")):
        faults.add(
            fault.answer(example),
            match=partial(_since, call, protocol=_protocol(example)),
            moment=fault.moment,
            times=None,
        )
    return faults


def _since(first: Call, call: Call, *, protocol: str) -> bool:
    return (
        call.service == first.service
        and call.number >= first.number
        and _protocol(call) == protocol
    )


def _protocol(call: Call) -> str:
    if call.operation.startswith("s3 "):
        return "s3"
    return "query" if SERVICES.get(call.operation) in QUERIES else "json"


def _example(operation: str) -> Call:
    return Call(number=0, service="aws", method="", path="", operation=operation, writes=False)


class Hang:
    """Lets a call be served, and never answers it, until released."""

    def __init__(self, call: Call) -> None:
        self._number = call.number
        self._released = threading.Event()
        self.fired = False

    def __call__(self, call: Call, moment: Moment) -> Outcome | None:
        """Hold the answer of the one call."""
        if call.number != self._number or moment is Moment.BEFORE:
            return None
        self.fired = True
        self._released.wait(timeout=_LONGEST_HOLD_SECONDS)
        return Drop()

    def release(self) -> None:
        """Let go of the connection."""
        self._released.set()
