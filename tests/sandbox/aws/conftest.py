"""A fresh AWS for each test."""

from collections.abc import Iterator

import pytest

from assent.sandbox.aws import AwsSandbox


@pytest.fixture
def aws() -> Iterator[AwsSandbox]:
    with AwsSandbox() as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def _limits() -> None:
    """Send what AWS would refuse, which other tests never do: the sandbox itself must refuse it."""
