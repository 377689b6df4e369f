"""The sandbox's AWS: moto's server on loopback, in our process, corrected and observable."""

import contextlib
import functools
import json
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from unittest.mock import patch

import boto3
import moto.core.responses
from moto.core.utils import method_names_from_class
from moto.moto_api._internal.models import moto_api_backend
from moto.sagemaker.models import sagemaker_backends

from assent.sandbox.aws import bus as event_bus
from assent.sandbox.aws import identity, jobs, parameters, queues, registry, search, topics
from assent.sandbox.aws.clients import Backstage, loopback_session
from assent.sandbox.aws.events import processing_event, transform_event
from assent.sandbox.aws.front import Front, Moto, access_key
from assent.sandbox.aws.intake import Intake, lay_out
from assent.sandbox.aws.jobs import Ending
from assent.sandbox.aws.topics import Published
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
    """SageMaker, Parameter Store, S3, EventBridge, SQS, SNS and STS on loopback.

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
        self._backdoor = LoopbackServer(self._front)
        self._backstages: dict[tuple[str, str], Backstage] = {}
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
            exits.enter_context(self._backdoor)
            self._backstages.clear()  # clients of an earlier start's port
            self._exits = exits.pop_all()

    def stop(self) -> None:
        """Stop serving, forget everything and undo the corrections."""
        self._exits.close()

    def reset(self) -> None:
        """Forget every resource of every account; the ledger stays."""
        with self._front.lock:
            moto_api_backend.reset()

    @contextlib.contextmanager
    def search_behind(self, *, account: str | None = None) -> Iterator[None]:
        """Let Search know nothing that happens meanwhile, as the service's index may for a while.

        Args:
            account: Whose registry; by default the sandbox's own.
        """
        backend = sagemaker_backends[account or self.account][self.region]
        with contextlib.ExitStack() as exits:
            with self._front.lock:
                exits.enter_context(search.behind([backend]))
            yield

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
        return loopback_session(self.url, account or self.account, region or self.region)

    def backstage(self, *, account: str | None = None, region: str | None = None) -> Backstage:
        """Another account's clients, to arrange and to look: see ``Backstage``."""
        place = (account or self.account, region or self.region)
        found = self._backstages.get(place)
        # Of threads that come at once, all get the same one, whose clients' errors are the same.
        return found or self._backstages.setdefault(place, Backstage(self._backdoor.url, *place))

    @property
    def sagemaker(self) -> "SageMakerClient":
        """A client that no ledger records and no interceptor breaks, to arrange and to look."""
        return self.backstage().sagemaker

    @property
    def s3(self) -> "S3Client":
        """Likewise, for S3."""
        return self.backstage().s3

    @property
    def ssm(self) -> "SSMClient":
        """Likewise, for Parameter Store."""
        return self.backstage().ssm

    def emit(self, *events: Mapping[str, Any]) -> None:
        """Let AWS's services send events, to the default buses of the accounts they name."""
        for event in events:
            with self._front.lock:
                event_bus.emit(event)

    def intake(
        self,
        *,
        accounts: Iterable[str] = (),
        bus: str = "default",
        queue: str = "assent",
        attempts: int = 5,
    ) -> Intake:
        """Create rules and a queue for Assent's Lambda; what exists already stays as it is.

        Args:
            accounts: Others whose events are to reach the queue.
            bus: The bus to which they and Assent send; created unless it is the default one.
            queue: The queue's name.
            attempts: How often a message is delivered before it is a dead letter.
        """
        others = [self.backstage(account=each) for each in accounts if each != self.account]
        return lay_out(
            self.backstage(), others, self._front.lock, bus=bus, queue=queue, attempts=attempts
        )

    def topic(
        self, name: str, *, account: str | None = None, publishers: Iterable[str] = ()
    ) -> str:
        """Create an SNS topic; returns its ARN.

        Args:
            name: The topic's.
            account: Whose it is.
            publishers: Further accounts that its policy lets publish.
        """
        sns = self.backstage(account=account).sns
        arn = sns.create_topic(Name=name)["TopicArn"]
        principals = [f"arn:aws:iam::{each}:root" for each in publishers]
        if principals:
            statement = {
                "Effect": "Allow",
                "Principal": {"AWS": principals},
                "Action": "SNS:Publish",
                "Resource": arn,
            }
            policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
        return arn

    def published(self, topic: str) -> tuple[Published, ...]:
        """Everything that was published to a topic, by its ARN, oldest first.

        Raises:
            KeyError: There is no such topic.
        """
        with self._front.lock:
            return topics.published(topic)

    def finish_transform_job(
        self,
        name: str,
        ending: Ending | None = None,
        *,
        account: str | None = None,
        region: str | None = None,
    ) -> dict[str, Any]:
        """End a transform job; returns the event that SageMaker sends about it.

        It is not sent: ``emit`` does that.
        """
        place = (account or self.account, region or self.region)
        with self._front.lock:
            return transform_event(jobs.finish_transform_job(*place, name, ending or Ending()))

    def finish_processing_job(
        self,
        name: str,
        ending: Ending | None = None,
        *,
        exit_message: str | None = None,
        schedule: str | None = None,
        account: str | None = None,
        region: str | None = None,
    ) -> dict[str, Any]:
        """End a processing job; returns the event that SageMaker sends about it.

        Args:
            name: The job's.
            ending: How it ends.
            exit_message: What its container left as its last word.
            schedule: The ARN of the monitoring schedule that started it.
            account: Where it runs.
            region: Likewise.
        """
        place = (account or self.account, region or self.region)
        with self._front.lock:
            return processing_event(
                jobs.finish_processing_job(
                    *place, name, ending or Ending(), exit_message=exit_message, schedule=schedule
                )
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


@functools.cache
def _moto() -> Moto:
    # Its routes are the same for every sandbox, and take a while to build.
    return Moto()


@contextlib.contextmanager
def _corrected() -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for owner, name, replacement in (
            *registry.corrections(),
            *jobs.corrections(),
            *parameters.corrections(),
            *event_bus.corrections(),
            *queues.corrections(),
            *topics.corrections(),
            *identity.corrections(),
        ):
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
