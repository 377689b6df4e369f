"""AWS sessions, roles, clients, and what AWS's errors mean here: in this one place."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore import exceptions as aws
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

import assent
from assent.core.errors import AssentError
from assent.core.names import shown
from assent.ports import CredentialsRefused, Unavailable

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_sts import STSClient

__all__ = [
    "READ_TIMEOUT",
    "AccessRefused",
    "AwsAccess",
    "AwsFailed",
    "AwsSession",
    "CredentialsRefused",
    "asking",
    "client_config",
    "translated",
]


READ_TIMEOUT = 20
"""Seconds to wait for an answer to one request, unless told otherwise."""
_CONNECT_TIMEOUT = 5


class AccessRefused(AssentError):
    """The credentials are valid, but may not do this."""


class AwsFailed(AssentError):
    """AWS refused a request for a reason that waiting does not change."""


_BUSY = frozenset(
    {
        "BandwidthLimitExceeded",
        "ConditionalRequestConflict",  # S3: concurrent conditional writes of one object
        "ConflictException",  # somebody else writes the same package at this moment
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "KMSThrottling",  # SNS: of the topic's key
        "KMSThrottlingException",
        "LimitExceededException",
        "OperationAborted",
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TooManyUpdates",  # Parameter Store: concurrent writes of one parameter
    }
)
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"})
_NOT_TAKEN = frozenset(
    {
        "AuthFailure",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "KMSAccessDenied",  # SNS: to the topic's key
        "KMSAccessDeniedException",
        "UnauthorizedOperation",
    }
)
_UNREACHED = (
    aws.HTTPClientError,
    aws.ConnectionError,
    aws.IncompleteReadError,
    aws.ChecksumError,
    aws.FlexibleChecksumError,
)
_NO_CREDENTIALS = (
    aws.ConfigNotFound,
    aws.ConfigParseError,
    aws.CredentialRetrievalError,
    aws.InvalidConfigError,
    aws.LoginError,
    aws.MetadataRetrievalError,
    aws.NoAuthTokenError,
    aws.NoCredentialsError,
    aws.PartialCredentialsError,
    aws.ProfileNotFound,
    aws.RefreshWithMFAUnsupportedError,
    aws.SSOError,
    aws.TokenRetrievalError,
    aws.UnknownCredentialError,
)
# IAM's own sentence; it names what a policy must allow, and for whom.
_IAM = re.compile(
    r"(?:User: )?(?P<principal>arn:\S{1,2048}) is not authorized to perform: "
    r"(?P<action>[A-Za-z0-9:-]{1,100})(?: on resource: \"?(?P<resource>arn:[^\s\"]{1,2048}))?"
)
_SIGN_IN = (
    "Sign in again (`aws sso login`, or set AWS_ACCESS_KEY_ID and its companions); in a workflow, "
    "see that the step that configures AWS credentials ran in this job, and run it again."
)


@contextmanager
def asking(action: str, resource: str) -> Iterator[None]:
    """Translate whatever botocore raises within.

    Args:
        action: As IAM names it, such as `sagemaker:DescribeModelPackage`.
        resource: An ARN, a URI or a name; it may be hostile.
    """
    try:
        yield
    except (ClientError, aws.BotoCoreError) as error:
        raise translated(error, action, resource) from error
    except ResponseParserError as error:
        # Something on the way, such as a proxy, answered in AWS's place.
        raise Unavailable(
            f"what answered {action} for {shown(resource)} does not speak as AWS does",
            hint="Try again; if it stays so, look at the network, and at AWS_ENDPOINT_URL if set.",
        ) from error


def translated(error: ClientError | aws.BotoCoreError, action: str, resource: str) -> AssentError:
    """What an error of botocore's means: retry, sign in, ask for permission, or give up."""
    if isinstance(error, ClientError):
        return _refusal(error, action, resource)
    said = shown(str(error), 300)
    if isinstance(error, _UNREACHED):
        return Unavailable(
            f"AWS did not answer {action} for {shown(resource)}: {said}",
            hint="Try again; if it stays so, look at the network, and at AWS_ENDPOINT_URL if set.",
        )
    if isinstance(error, _NO_CREDENTIALS):
        return CredentialsRefused(
            f"there are no usable AWS credentials for {action}: {said}",
            hint=f"The credentials have expired or were never there. {_SIGN_IN}",
        )
    return AwsFailed(f"{action} for {shown(resource)} could not be sent: {said}")


def _refusal(error: ClientError, action: str, resource: str) -> AssentError:
    details = error.response.get("Error", {})
    code, message = str(details.get("Code", "")), str(details.get("Message", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    said = f"{shown(code)}, {shown(message, 400)}"
    if code in _EXPIRED | _NOT_TAKEN:
        return CredentialsRefused(
            f"AWS does not take the credentials for {action}: {said}",
            hint=f"The credentials have expired. {_SIGN_IN}"
            if code in _EXPIRED
            else "The credentials have expired, were deleted, or this machine's clock is wrong. "
            + _SIGN_IN,
        )
    if code in _DENIED:
        return _access_refused(message, action, resource)
    if code in _BUSY or status >= 500 or status == 429:  # noqa: PLR2004 - HTTP's own numbers
        return Unavailable(
            f"AWS could not do {action} for {shown(resource)} now: {said}", hint="Try again later."
        )
    return AwsFailed(f"AWS refused {action} for {shown(resource)}: {said}")


def _access_refused(message: str, action: str, resource: str) -> AccessRefused:
    told = _IAM.search(message)
    principal = shown(told["principal"], 300) if told else "The principal in use"
    if told:
        action, resource = told["action"], told["resource"] or resource
    where = "the role's trust policy and " if action == "sts:AssumeRole" else ""
    return AccessRefused(
        f"access denied: {principal} may not {action} on {shown(resource, 300)}",
        hint=f"Allow {action} there in {where}the principal's policy; a permissions boundary, "
        f"an organization's policy or a key's policy may deny it too. AWS said: "
        f"{shown(message, 600)}",
    )


def client_config(timeout: int = READ_TIMEOUT) -> "Config":
    """How every client behaves: short timeouts, three retries, and its name.

    AWS_MAX_ATTEMPTS, where it is set, decides how often a request is tried.

    Args:
        timeout: Seconds to wait for an answer to one request.
    """
    from botocore.config import Config  # noqa: PLC0415 - only who makes clients needs it

    settled = "AWS_MAX_ATTEMPTS" in os.environ
    return Config(
        connect_timeout=min(timeout, _CONNECT_TIMEOUT),
        read_timeout=timeout,
        retries={"mode": "standard"} if settled else {"mode": "standard", "max_attempts": 3},
        user_agent_extra=f"assent/{assent.__version__}",
    )


class AwsSession:
    """Clients of one principal in one region, each made once.

    Making clients is not safe across threads; using them is.
    """

    def __init__(self, session: "boto3.Session", region: str, timeout: int = READ_TIMEOUT) -> None:
        self._session = session
        self._region = region
        self._timeout = timeout
        self._clients: dict[str, Any] = {}
        self._identity: tuple[str, str] | None = None

    def sagemaker(self) -> "SageMakerClient":
        """A client of SageMaker."""
        client: SageMakerClient = self._client("sagemaker")
        return client

    def ssm(self) -> "SSMClient":
        """A client of Parameter Store."""
        client: SSMClient = self._client("ssm")
        return client

    def s3(self) -> "S3Client":
        """A client of S3."""
        client: S3Client = self._client("s3")
        return client

    def events(self) -> "EventBridgeClient":
        """A client of EventBridge."""
        client: EventBridgeClient = self._client("events")
        return client

    def iam(self) -> "IAMClient":
        """A client of IAM."""
        client: IAMClient = self._client("iam")
        return client

    def kms(self) -> "KMSClient":
        """A client of the key service."""
        client: KMSClient = self._client("kms")
        return client

    def functions(self) -> "LambdaClient":
        """A client of Lambda."""
        client: LambdaClient = self._client("lambda")
        return client

    def secrets(self) -> "SecretsManagerClient":
        """A client of Secrets Manager."""
        client: SecretsManagerClient = self._client("secretsmanager")
        return client

    def sns(self) -> "SNSClient":
        """A client of the notification service."""
        client: SNSClient = self._client("sns")
        return client

    def sqs(self) -> "SQSClient":
        """A client of the queue service."""
        client: SQSClient = self._client("sqs")
        return client

    def sts(self) -> "STSClient":
        """A client of the token service."""
        client: STSClient = self._client("sts")
        return client

    def caller_account(self) -> str:
        """The twelve digits of the account whose credentials these are.

        Raises:
            CredentialsRefused: There are none, or they are not taken.
            AccessRefused: The role may not be assumed.
            Unavailable: AWS did not answer.
        """
        return self._caller()[0]

    def caller_arn(self) -> str:
        """The ARN of whose credentials these are; asked for together with the account.

        Raises:
            AssentError: As `caller_account`.
        """
        return self._caller()[1]

    def _caller(self) -> tuple[str, str]:
        if self._identity is None:
            with asking("sts:GetCallerIdentity", self._region):
                answer = self.sts().get_caller_identity()
            self._identity = answer["Account"], answer["Arn"]
        return self._identity

    def _client(self, service: str) -> Any:  # noqa: ANN401 - each caller names the type
        if service not in self._clients:
            with asking(f"a client of {service}", self._region):
                make: Any = self._session.client
                self._clients[service] = make(
                    service, region_name=self._region, config=client_config(self._timeout)
                )
        return self._clients[service]


class AwsAccess:
    """Sessions by role and region, over the ambient credentials.

    Where those come from, and which endpoints are asked, is boto3's business: the usual
    environment variables and files have their say.

    Args:
        timeout: Seconds to wait for an answer to one request.
    """

    def __init__(self, timeout: int = READ_TIMEOUT) -> None:
        self._timeout = timeout
        self._sessions: dict[tuple[str | None, str], AwsSession] = {}

    def session_for(self, role: str | None, region: str) -> AwsSession:
        """The session of a role in a region; of the ambient credentials where the role is None.

        A role is assumed at the first request, and again by itself before its hour is over.
        """
        if (role, region) not in self._sessions:
            self._sessions[role, region] = self._open(role, region)
        return self._sessions[role, region]

    def _open(self, role: str | None, region: str) -> AwsSession:
        import boto3  # noqa: PLC0415 - slow to import, and not needed to read records

        with asking("a session", region):
            if role is None:
                session = boto3.Session(region_name=region)
            else:
                session = _assumed(role, self.session_for(None, region).sts(), region)
            return AwsSession(session, region, self._timeout)


def _assumed(role: str, sts: "STSClient", region: str) -> "boto3.Session":
    """A session whose credentials are those of a role, fetched and renewed when needed."""
    import boto3  # noqa: PLC0415 - as above
    from botocore.credentials import (  # noqa: PLC0415 - as above
        CredentialProvider,
        CredentialResolver,
        DeferredRefreshableCredentials,
    )
    from botocore.session import get_session  # noqa: PLC0415 - as above

    def fetch() -> dict[str, str]:
        with asking("sts:AssumeRole", role):
            given = sts.assume_role(RoleArn=role, RoleSessionName="assent")["Credentials"]
        return {
            "access_key": given["AccessKeyId"],
            "secret_key": given["SecretAccessKey"],
            "token": given["SessionToken"],
            "expiry_time": given["Expiration"].isoformat(),
        }

    class Assumed(CredentialProvider):
        METHOD = "assume-role"

        def load(self) -> DeferredRefreshableCredentials:
            return DeferredRefreshableCredentials(fetch, self.METHOD)

    session = get_session()
    session.register_component("credential_provider", CredentialResolver([Assumed()]))
    return boto3.Session(botocore_session=session, region_name=region)
