"""The process's surroundings during the demo: nobody's credentials, settings or loggers."""

import logging
import os
import re
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any
from unittest.mock import patch

import boto3

from assent.sandbox.aws.front import service_models

__all__ = ["credentials", "heard", "interrupts", "only"]

_LEADS_ELSEWHERE = re.compile(
    r"(AWS|ASSENT|BOTO|GH|GIT|GITHUB|MOTO|POWERTOOLS)_.*|.*_PROXY", re.IGNORECASE
)
_QUIET_GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
}


@contextmanager
def only() -> Iterator[None]:
    """Hide every variable that could lead to a real service, and put all back at the end.

    That is profiles, credentials, endpoints and tokens of AWS and GitHub, proxies, and personal
    git configuration. Variables that are set meanwhile go at the end. What botocore knows of the
    services is read once for all sessions, as each command here makes some of its own: reading it
    anew would take longer than everything else.
    """
    kept = dict(os.environ)
    session: Any = boto3.DEFAULT_SESSION
    for name in filter(_LEADS_ELSEWHERE.fullmatch, kept):
        del os.environ[name]
    os.environ.update(_QUIET_GIT)
    boto3.DEFAULT_SESSION = None  # it remembers the credentials that it was made with
    try:
        with patch("botocore.session.create_loader", lambda _path: service_models()):
            yield
    finally:
        boto3.DEFAULT_SESSION = session
        _restore(kept)


@contextmanager
def credentials(variables: Mapping[str, str]) -> Iterator[None]:
    """Let AWS be asked with other credentials for the time."""
    kept = dict(os.environ)
    session: Any = boto3.DEFAULT_SESSION
    os.environ.update(variables)
    boto3.DEFAULT_SESSION = None  # as above
    try:
        yield
    finally:
        boto3.DEFAULT_SESSION = session
        _restore(kept)


def _restore(kept: Mapping[str, str]) -> None:
    for name in set(os.environ) - set(kept):
        del os.environ[name]
    os.environ.update(kept)


@contextmanager
def interrupts() -> Iterator[list[int]]:
    """Collect the first interrupt from the keyboard instead of raising it; a second one is raised.

    An interrupt that is raised anywhere may be lost: botocore's clients come with many finalizers,
    and in those Python swallows it. Where interrupts are ignored, or handled by somebody else, it
    stays so.
    """
    arrived: list[int] = []
    alone = threading.current_thread() is threading.main_thread()  # only there Python handles any
    if not alone or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield arrived
        return

    def arrive(number: int, frame: FrameType | None) -> None:
        arrived.append(number)
        if len(arrived) > 1:
            signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, arrive)
    try:
        yield arrived
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


class _Listener(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextmanager
def heard() -> Iterator[list[str]]:
    """Collect what Assent logs, in place of the lines of JSON that CloudWatch would get."""
    logger = logging.getLogger("assent")
    before = (logger.handlers, logger.level, logger.propagate)
    listener = _Listener()
    logger.handlers, logger.propagate = [listener], False
    logger.setLevel(logging.INFO)
    try:
        yield listener.messages
    finally:
        logger.handlers, level, logger.propagate = before
        logger.setLevel(level)
