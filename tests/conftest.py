"""What every test stands on: AWS's own limits, and a stage for whoever asks for it."""

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from assent.sandbox.aws import enforce_limits_everywhere
from assent.sandbox.aws.front import service_models
from assent.sandbox.stage import Stage


@pytest.fixture(scope="session", autouse=True)
def _service_models() -> Iterator[None]:
    """Read botocore's service models once; SageMaker's costs each session a fifth of a second."""
    with patch("botocore.session.create_loader", lambda _path: service_models()):
        yield


@pytest.fixture(autouse=True)
def _limits() -> Iterator[None]:
    """Refuse, before it is sent, every call that AWS would refuse and moto would not."""
    with enforce_limits_everywhere():
        yield


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Both services on loopback, with an organization and a protected promotion repository."""
    with Stage(tmp_path / "stage") as running:
        yield running
