"""AWS in the test's own process."""

import os
from collections.abc import Iterator

import pytest
from moto import mock_aws

from assent.adapters.aws_session import AwsAccess, AwsSession

REGION = "eu-west-1"


def _isolate(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.delenv("MOTO_ACCOUNT_ID", raising=False)  # would be every role's account too


@pytest.fixture
def ambient(monkeypatch: pytest.MonkeyPatch) -> AwsAccess:
    """Access with made-up credentials that nothing on this machine has a say in."""
    _isolate(monkeypatch)
    return AwsAccess()


@pytest.fixture
def aws(ambient: AwsAccess) -> Iterator[AwsSession]:
    """A session of moto's account, 123456789012, in which nothing is yet."""
    with mock_aws():
        yield ambient.session_for(None, REGION)


@pytest.fixture(scope="session")
def unplugged() -> AwsSession:
    """A session for clients that are stubbed; nothing answers it. Clients take long to make."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        _isolate(monkeypatch)
        session = AwsAccess().session_for(None, REGION)
        for make in (session.s3, session.sagemaker, session.ssm, session.sts):
            make()
    return session
