"""What lets the hours of a flood pass in a minute: time that flies, and git without processes."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta, tzinfo
from typing import Any
from unittest.mock import patch

import github.Auth

from assent.adapters.memory import SettableClock
from assent.adapters.system_clock import SystemClock
from assent.sandbox.github.git_refs import ABSENT, RefConflictError, RefStore
from assent.sandbox.github.git_repository import GitRepository
from assent.sandbox.stage import Stage
from assent.sandbox.wire import Call, Moment

GITHUB_ANSWERS = timedelta(milliseconds=200)
AWS_ANSWERS = timedelta(milliseconds=20)

_merge_base = GitRepository.merge_base
_commits_between = GitRepository.commits_between


@contextmanager
def flying_time(stage: Stage, clock: SettableClock) -> Iterator[list[datetime]]:
    """Let Assent and PyGithub read this clock, which each call moves on.

    The stage's GitHub has to read it from its beginning.

    Yields:
        When GitHub was called, to which each call adds its moment.
    """
    calls: list[datetime] = []

    def github_answers(_call: Call, moment: Moment) -> None:
        if moment is Moment.BEFORE:
            clock.advance(GITHUB_ANSWERS)
            calls.append(clock.now())

    def aws_answers(_call: Call, moment: Moment) -> None:
        if moment is Moment.BEFORE:
            clock.advance(AWS_ANSWERS)

    class Told(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:  # noqa: ANN401 - datetime's own is Self
            return clock.now().astimezone(tz)

    with (
        patch.object(SystemClock, "now", lambda _: clock.now()),
        patch.object(github.Auth, "datetime", Told),  # by which a token is renewed
        patch.object(stage.github_wire, "interceptor", github_answers),
        patch.object(stage.aws.wire, "interceptor", aws_answers),
    ):
        yield calls


@contextmanager
def quick_git() -> Iterator[None]:
    """Spare the sandbox's GitHub most of the processes that a promotion takes.

    A reference is written as git itself writes one, and the merge base of a commit and its only
    parent is known without asking.
    """
    with ExitStack() as stack:
        stack.enter_context(patch.object(RefStore, "change", _change))
        stack.enter_context(patch.object(GitRepository, "merge_base", _quick_merge_base))
        stack.enter_context(patch.object(GitRepository, "commits_between", _quick_commits_between))
        yield


def _change(self: RefStore, name: str, new: str, *, expected: str) -> None:
    path = self._path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_name(f"{path.name}.lock")
    with lock.open("x", encoding="ascii") as file:  # git's own protocol: who makes it may write
        file.write(f"{new}\n")
    if (self.read(name) or ABSENT) != expected:
        lock.unlink()
        raise RefConflictError(f"{name} is not {expected}")
    lock.replace(path)


def _quick_merge_base(self: GitRepository, one: str, other: str) -> str | None:
    if _only_parent(self, other) == one:
        return one
    if _only_parent(self, one) == other:
        return other
    return _merge_base(self, one, other)


def _quick_commits_between(self: GitRepository, base: str, head: str) -> tuple[str, ...]:
    return (head,) if _only_parent(self, head) == base else _commits_between(self, base, head)


def _only_parent(repository: GitRepository, sha: str) -> str | None:
    commit = repository.commit(sha)
    return commit.parents[0] if commit is not None and len(commit.parents) == 1 else None
