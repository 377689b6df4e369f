"""A repository whose protection is switched off: what holds then is what Assent itself holds."""

import os
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from tests.attacks.siege import Siege
from tests.end_to_end import play

from assent.sandbox.stage import Stage


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
def siege(tmp_path: Path) -> Iterator[Siege]:
    """Version 1 is live in dev, rightly approved; then every protection of main is lifted."""
    with Siege.laid(tmp_path) as laid, patch.dict(os.environ, laid.stage.environment()):
        yield laid


@pytest.fixture
def stage(siege: Siege) -> Stage:
    """The stage that the siege is laid to."""
    return siege.stage
