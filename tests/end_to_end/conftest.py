"""Assent, in this process and in others, finds the stage by its environment alone."""

import os
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from tests.end_to_end import play
from tests.end_to_end.ladder import Clock, Ladder
from tests.end_to_end.nursery import Nursery

from assent import lambda_handler
from assent.sandbox.stage import Stage


@pytest.fixture(scope="session")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    """A warm process that forks others; one for all tests, since it knows nothing of any stage."""
    with Nursery(tmp_path_factory.mktemp("nursery")) as running:
        yield running


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let nothing of this machine have a say, and no test inherit another's Lambda."""
    for name in os.environ:
        if name.startswith(("AWS_", "ASSENT_")):
            monkeypatch.delenv(name)
    _forget_the_lambda()
    yield
    _forget_the_lambda()


def _forget_the_lambda() -> None:
    play.cold_start()
    lambda_handler._queue.cache_clear()
    lambda_handler._limit.cache_clear()


@pytest.fixture
def stage(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """The stage, with this process's environment leading to it."""
    for name, value in stage.environment().items():
        monkeypatch.setenv(name, value)
    return stage


@pytest.fixture
def ladder(tmp_path: Path, nursery: Nursery) -> Iterator[Ladder]:
    """A stage with several accounts, nothing on it yet; this process is signed in at the first."""
    clock = Clock()
    with (
        Stage(tmp_path / "stage", now=clock, accounts="many", topics=["prod"]) as stage,
        patch.dict(os.environ, stage.environment()),
    ):
        assert len(stage.intake) == 0
        yield Ladder(stage=stage, clock=clock, nursery=nursery, folder=tmp_path)
