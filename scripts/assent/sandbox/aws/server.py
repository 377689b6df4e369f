"""The sandbox's AWS: moto's server on loopback, in our process, corrected and observable."""

import contextlib
import functools
import os
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from unittest.mock import patch

import boto3
import botocore.session
import moto.core.responses
from botocore.client import BaseClient
from botocore.config import Config
from moto.core.utils import method_names_from_class
from moto.moto_api._internal.models import moto_api_backend

from assent.sandbox.aws import parameters, registry
from assent.sandbox.aws.front import Front, Moto, access_key, service_models
from assent.sandbox.loopback import LoopbackServer
from assent.sandbox.wire import Interceptor, Ledger, Wire

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_ssm import SSMClient

__all__ = ["AwsSandbox"]

_ACCOUNT_VARIABLE = "MOTO_ACCOUNT_ID"
_running = threading.Lock()


class AwsSandbox:
    """SageMaker's Model Registry, Parameter Store, S3 and STS on loopback.

    A context manager. moto keeps its data for the whole process, so that only one sandbox can
    run in a process at a time; starting another raises RuntimeError. Several accounts live in
    one sandbox: ``environment`` and ``session`` take one, and a role that is assumed leads into
    the account of its ARN.
    """

    def __init__(
        self,
        ledger: Ledger | None = None,
        *,
        account: str = "111122223333",
        region: str = "eu-west-1",
        port: int = 0,
        interceptor: Interceptor | None = None,
    ) -> None:
        self.account = account
        self.region = region
        self.ledger = Ledger() if ledger is None else ledger
        self._front = Front(_moto(), account=account)
        self.wire = Wire(self._front, "aws", self.ledger, interceptor)
        self._server = LoopbackServer(self.wire, port=port)
        self._backstage = LoopbackServer(self._front)
        self._exits = contextlib.ExitStack()

    @property
    def url(self) -> str:
        """Where every service answers."""
        return self._server.url

    def start(self) -> None:
        """Correct moto, begin empty, and serve."""
        with contextlib.ExitStack() as exits:
            if not _running.acquire(blocking=False):
                raise RuntimeError(
                    "an AWS sandbox is running in this process already; use its accounts, or stop "
                    "it first"
                )
            exits.callback(_running.release)
            exits.enter_context(_corrected())
            exits.enter_context(_without(_ACCOUNT_VARIABLE))
            self.reset()
            exits.callback(self.reset)
            exits.enter_context(self._server)
            exits.enter_context(self._backstage)
            for name in ("sagemaker", "s3", "ssm"):
                self.__dict__.pop(name, None)  # clients of an earlier start's port
            self._exits = exits.pop_all()

    def stop(self) -> None:
        """Stop serving, forget everything and undo the corrections."""
        self._exits.close()

    def reset(self) -> None:
        """Forget every resource of every account; the ledger stays."""
        with self._front.lock:
            moto_api_backend.reset()

    def environment(self, *, account: str | None = None) -> dict[str, str]:
        """Environment variables that lead any process's boto3 here.

        They belong into an otherwise clean environment: ``AWS_PROFILE`` and variables such as
        ``AWS_ENDPOINT_URL_S3`` would still have their say.
        """
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": access_key(account or self.account),
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": "127.0.0.1",
        }

    def session(self, *, account: str | None = None, region: str | None = None) -> boto3.Session:
        """Make a boto3 session whose clients talk to this sandbox, and nowhere else.

        Like the environment's, its clients do not retry: what fails is seen.
        """
        return self._session(self.url, account or self.account, region or self.region)

    @functools.cached_property
    def sagemaker(self) -> "SageMakerClient":
        """A client that no ledger records and no interceptor breaks, to arrange and to look."""
        return self._backstage_session.client("sagemaker")

    @functools.cached_property
    def s3(self) -> "S3Client":
        """Likewise, for S3."""
        return self._backstage_session.client("s3")

    @functools.cached_property
    def ssm(self) -> "SSMClient":
        """Likewise, for Parameter Store."""
        return self._backstage_session.client("ssm")

    @property
    def _backstage_session(self) -> boto3.Session:
        return self._session(self._backstage.url, self.account, self.region)

    @staticmethod
    def _session(url: str, account: str, region: str) -> boto3.Session:
        return boto3.Session(
            botocore_session=_LoopbackSession(url),
            aws_access_key_id=access_key(account),
            aws_secret_access_key="sandbox",  # noqa: S106  # opens nothing
            region_name=region,
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


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


@functools.cache
def _moto() -> Moto:
    # Its routes are the same for every sandbox, and take a while to build.
    return Moto()


@contextlib.contextmanager
def _corrected() -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for owner, name, replacement in (*registry.corrections(), *parameters.corrections()):
            stack.enter_context(patch.object(owner, name, replacement, create=True))
        # moto searches a class for its methods at each call; they do not change meanwhile.
        found = functools.cache(method_names_from_class)
        stack.enter_context(patch.object(moto.core.responses, "method_names_from_class", found))
        yield


@contextlib.contextmanager
def _without(variable: str) -> Iterator[None]:
    """Hide an environment variable that would send every account's calls to one."""
    value = os.environ.pop(variable, None)
    try:
        yield
    finally:
        if value is not None:
            os.environ[variable] = value
