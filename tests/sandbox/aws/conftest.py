"""A fresh AWS for each test."""

from collections.abc import Iterator

import pytest

from assent.sandbox.aws import AwsSandbox


@pytest.fixture
def aws() -> Iterator[AwsSandbox]:
    with AwsSandbox() as sandbox:
        yield sandbox
