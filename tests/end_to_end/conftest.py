"""Assent, in this process and in others, finds the stage by its environment alone."""

import os
from collections.abc import Iterator

import pytest
from tests.end_to_end import play
from tests.end_to_end.nursery import Nursery

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
    play.cold_start()
    yield
    play.cold_start()


@pytest.fixture
def stage(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """The stage, with this process's environment leading to it."""
    for name, value in stage.environment().items():
        monkeypatch.setenv(name, value)
    return stage
