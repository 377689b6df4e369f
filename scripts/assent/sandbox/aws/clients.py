"""Sessions and clients that talk to a sandbox, and nowhere else."""

import functools
import os
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.client import BaseClient
from botocore.config import Config

from assent.sandbox.aws.front import access_key, service_models

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

__all__ = ["Backstage", "loopback_session"]


class Backstage:
    """One account's clients that no ledger records and no interceptor breaks.

    They arrange what a test needs and look at what it did; each is made when it is first used.
    """

    def __init__(self, url: str, account: str, region: str) -> None:
        self.account = account
        self.region = region
        self._session = loopback_session(url, account, region)

    @functools.cached_property
    def sagemaker(self) -> "SageMakerClient":
        """SageMaker."""
        return self._session.client("sagemaker")

    @functools.cached_property
    def s3(self) -> "S3Client":
        """S3."""
        return self._session.client("s3")

    @functools.cached_property
    def ssm(self) -> "SSMClient":
        """Parameter Store."""
        return self._session.client("ssm")

    @functools.cached_property
    def events(self) -> "EventBridgeClient":
        """EventBridge."""
        return self._session.client("events")

    @functools.cached_property
    def sqs(self) -> "SQSClient":
        """SQS."""
        return self._session.client("sqs")

    @functools.cached_property
    def sns(self) -> "SNSClient":
        """SNS."""
        return self._session.client("sns")


def loopback_session(url: str, account: str, region: str) -> boto3.Session:
    """Make a session of one account's, whose clients all talk to ``url`` and do not retry."""
    return boto3.Session(
        botocore_session=_LoopbackSession(url),
        aws_access_key_id=access_key(account),
        aws_secret_access_key="sandbox",  # noqa: S106  # opens nothing
        region_name=region,
    )


class _LoopbackSession(botocore.session.Session):
    """Gives each client the sandbox's address, whatever the environment says."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self.set_config_variable("config_file", os.devnull)
        self.set_config_variable("credentials_file", os.devnull)
        self.register_component("data_loader", service_models())
        self.set_default_client_config(
            Config(
                retries={"total_max_attempts": 1, "mode": "standard"},
                max_pool_connections=64,
                proxies={},
            )
        )

    def create_client(self, *args: Any, **kwargs: Any) -> BaseClient:  # noqa: ANN401  # handed on
        kwargs["endpoint_url"] = self._url
        client: BaseClient = super().create_client(*args, **kwargs)
        return client
