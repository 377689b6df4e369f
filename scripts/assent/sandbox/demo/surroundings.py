"""The process's surroundings during the demo: nobody's credentials, settings or loggers."""

import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3

__all__ = ["heard", "only"]

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
    git configuration. Variables that are set meanwhile go at the end.
    """
    kept = dict(os.environ)
    session: Any = boto3.DEFAULT_SESSION
    for name in filter(_LEADS_ELSEWHERE.fullmatch, kept):
        del os.environ[name]
    os.environ.update(_QUIET_GIT)
    boto3.DEFAULT_SESSION = None  # it remembers the credentials that it was made with
    try:
        yield
    finally:
        boto3.DEFAULT_SESSION = session
        _restore(kept)


def _restore(kept: Mapping[str, str]) -> None:
    for name in set(os.environ) - set(kept):
        del os.environ[name]
    os.environ.update(kept)


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
