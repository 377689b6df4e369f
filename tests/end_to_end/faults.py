"""GitHub's and AWS's documented ways to fail, and how to make one call meet one of them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import pytest

from assent.sandbox.faults import (
    Faults,
    access_denied,
    aws_error,
    bad_gateway,
    expired_token,
    primary_rate_limit,
    s3_error,
    secondary_rate_limit,
    server_error,
    throttled,
    too_many_requests,
)
from assent.sandbox.stage import Stage
from assent.sandbox.wire import Call, Drop, Interceptor, Moment, Outcome

_LONGEST_HOLD_SECONDS = 30.0
ACTIONS = {
    "s3 HEAD": "s3:HeadObject",
    "s3 GET": "s3:GetObject",
    "DescribeModelPackage": "sagemaker:DescribeModelPackage",
    "UpdateModelPackage": "sagemaker:UpdateModelPackage",
}


def action(call: Call) -> str:
    """What IAM calls a call of AWS's."""
    return ACTIONS.get(call.operation, f"ssm:{call.operation}")


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
    ),
    Fault(
        name="primary rate limit",
        answer=lambda _: primary_rate_limit(),
        words=saying("the rate limit is reached"),
    ),
    Fault(
        name="429",
        answer=lambda _: too_many_requests(),
        words=saying("GitHub cannot be used now while "),
    ),
    Fault(name="500", answer=steady(server_error()), words=saying("it answered 500")),
    Fault(name="502", answer=steady(bad_gateway()), words=saying("it answered 502")),
    Fault(name="dropped before", answer=steady(Drop()), words=NO_GITHUB),
    Fault(name="dropped after", answer=steady(Drop()), words=NO_GITHUB, moment=Moment.AFTER),
]


def in_s3(call: Call, there: Outcome, elsewhere: Outcome) -> Outcome:
    """S3 answers in XML, and the others in JSON."""
    return there if call.operation.startswith("s3 ") else elsewhere


EXPIRED = Fault(
    name="expired credentials",
    answer=lambda call: in_s3(
        call,
        s3_error("ExpiredToken", "The provided token has expired.", status=400),
        expired_token(),
    ),
    words=saying("The credentials have expired. Sign in again"),
    lasting=True,
)
DENIED = Fault(
    name="access denied",
    answer=lambda call: in_s3(
        call, s3_error("AccessDenied", "Access Denied", status=403), access_denied(action(call))
    ),
    words=lambda call: (
        f"access denied: 'arn:aws:sts::111122223333:assumed-role/assent-apply/session' may not "
        f"{action(call)} on "
    ),
)
AWS = [
    Fault(
        name="throttled",
        answer=lambda call: in_s3(
            call, s3_error("SlowDown", "Reduce your request rate.", status=503), throttled()
        ),
        words=lambda call: f"AWS could not do {action(call)} for ",
    ),
    Fault(
        name="500",
        answer=lambda call: in_s3(
            call,
            s3_error("InternalError", "We encountered an internal error.", status=500),
            aws_error("InternalFailure", "The request processing has failed.", status=500),
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
    """Break the call of this one's number; and later ones of its service, if the fault lasts."""
    faults = Faults()
    if not fault.lasting:
        return faults.add(
            fault.answer(call), match=lambda each: each.number == call.number, moment=fault.moment
        )
    for example in (_in_s3, _elsewhere):
        faults.add(
            fault.answer(example),
            match=partial(_since, call, s3=example is _in_s3),
            moment=fault.moment,
            times=None,
        )
    return faults


def _since(first: Call, call: Call, *, s3: bool) -> bool:
    return (
        call.service == first.service
        and call.number >= first.number
        and call.operation.startswith("s3 ") is s3
    )


def _example(operation: str) -> Call:
    return Call(number=0, service="aws", method="", path="", operation=operation, writes=False)


_in_s3, _elsewhere = _example("s3 GET"), _example("GetParameters")


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
