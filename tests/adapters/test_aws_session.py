"""Roles, accounts, clients, and the one translation of AWS's errors."""

from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from botocore import exceptions as aws_errors
from botocore.exceptions import BotoCoreError, ClientError
from botocore.stub import Stubber

import assent
from assent.adapters.aws_session import (
    AccessRefused,
    AwsAccess,
    AwsFailed,
    AwsSession,
    CredentialsRefused,
    asking,
    translated,
)
from assent.adapters.parameter_store import ParameterStore
from assent.core.errors import AssentError
from assent.ports import Unavailable

if TYPE_CHECKING:
    from botocore.client import BaseClient

ROLE = "arn:aws:iam::444455556666:role/assent-apply"
ACTION = "ssm:PutParameter"
RESOURCE = "/assent/dev/applied"


def refused(code: str, message: str = "no", status: int = 400) -> ClientError:
    """An error as botocore raises it for an answer of AWS's."""
    return ClientError(
        cast(
            "Any",
            {
                "Error": {"Code": code, "Message": message},
                "ResponseMetadata": {"HTTPStatusCode": status},
            },
        ),
        "PutParameter",
    )


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (refused("ThrottlingException"), Unavailable),
        (refused("Throttling"), Unavailable),
        (refused("TooManyRequestsException", status=429), Unavailable),
        (refused("Unheard", status=429), Unavailable),
        (refused("InternalServerError", status=500), Unavailable),
        (refused("Unheard", status=503), Unavailable),
        (refused("RequestTimeout"), Unavailable),
        (refused("RequestThrottled"), Unavailable),
        (refused("KMSThrottling"), Unavailable),
        (refused("ConditionalRequestConflict", status=409), Unavailable),
        (aws_errors.EndpointConnectionError(endpoint_url="https://x"), Unavailable),
        (aws_errors.ConnectTimeoutError(endpoint_url="https://x"), Unavailable),
        (aws_errors.ReadTimeoutError(endpoint_url="https://x"), Unavailable),
        (aws_errors.ConnectionClosedError(endpoint_url="https://x"), Unavailable),
        (aws_errors.ResponseStreamingError(error="cut"), Unavailable),
        (aws_errors.IncompleteReadError(actual_bytes=1, expected_bytes=2), Unavailable),
        (refused("ExpiredToken"), CredentialsRefused),
        (refused("ExpiredTokenException"), CredentialsRefused),
        (refused("UnrecognizedClientException"), CredentialsRefused),
        (refused("InvalidClientTokenId", status=403), CredentialsRefused),
        (refused("SignatureDoesNotMatch", status=403), CredentialsRefused),
        (aws_errors.NoCredentialsError(), CredentialsRefused),
        (aws_errors.PartialCredentialsError(provider="env", cred_var="x"), CredentialsRefused),
        (
            aws_errors.CredentialRetrievalError(provider="sso", error_msg="x"),
            CredentialsRefused,
        ),
        (aws_errors.UnauthorizedSSOTokenError(), CredentialsRefused),
        (aws_errors.ProfileNotFound(profile="x"), CredentialsRefused),
        (refused("AccessDeniedException"), AccessRefused),
        (refused("AccessDenied", status=403), AccessRefused),
        (refused("AuthorizationError", status=403), AccessRefused),
        (refused("KMSAccessDenied"), AccessRefused),
        (refused("ValidationException"), AwsFailed),
        (aws_errors.ParamValidationError(report="x"), AwsFailed),
        (aws_errors.NoRegionError(), AwsFailed),
    ],
)
def test_an_error_is_told_apart(
    error: ClientError | BotoCoreError, expected: type[AssentError]
) -> None:
    """Every error becomes one of four, and only an outage is worth another try."""
    found = translated(error, ACTION, RESOURCE)
    assert type(found) is expected
    assert found.retryable is (expected is Unavailable)
    assert ACTION in found.message
    if expected is CredentialsRefused:
        assert found.hint.startswith("The credentials have expired")
    if expected is not AwsFailed:
        assert found.hint


def test_a_lacking_permission_names_who_what_and_where() -> None:
    """What IAM tells is passed on: the principal, the action and the resource to allow."""
    message = (
        "User: arn:aws:sts::444455556666:assumed-role/assent-apply/assent is not authorized to "
        "perform: ssm:PutParameter on resource: "
        "arn:aws:ssm:eu-west-1:444455556666:parameter/assent/dev/applied because no "
        "identity-based policy allows the ssm:PutParameter action"
    )
    found = translated(refused("AccessDeniedException", message), "ssm:Other", RESOURCE)
    assert "arn:aws:sts::444455556666:assumed-role/assent-apply/assent" in found.message
    assert "may not ssm:PutParameter on" in found.message
    assert "parameter/assent/dev/applied'" in found.message
    assert "no identity-based policy" in found.hint


def test_a_lacking_permission_without_detail_names_what_was_asked() -> None:
    """Where AWS only says no, the message holds what was tried."""
    found = translated(refused("AccessDenied", "Access Denied"), ACTION, RESOURCE)
    assert f"may not {ACTION} on '{RESOURCE}'" in found.message


def test_hostile_words_of_an_answer_stay_text() -> None:
    """An answer cannot put line breaks, escapes or workflow commands into a log."""
    hostile = "\n::error::\x1b[2J\u202e"
    for code in ("AccessDenied", hostile, "ThrottlingException", "ExpiredToken"):
        found = translated(refused(code, hostile), ACTION, hostile)
        text = found.message + found.hint
        assert text.isprintable()
        assert text.isascii()


def test_what_is_no_error_of_aws_passes() -> None:
    """Errors of our own, and defects, are neither translated nor hidden."""
    with pytest.raises(Unavailable, match="mine"), asking(ACTION, RESOURCE):
        raise Unavailable("mine")
    with pytest.raises(ZeroDivisionError), asking(ACTION, RESOURCE):
        raise ZeroDivisionError


def test_clients_are_patient_but_not_for_ever(unplugged: AwsSession) -> None:
    """Each client has its timeouts, its retries and its name, and is made once."""
    clients: list[BaseClient] = [
        unplugged.sagemaker(),
        unplugged.ssm(),
        unplugged.s3(),
        unplugged.sts(),
        unplugged.events(),
        unplugged.sns(),
        unplugged.sqs(),
    ]
    for client in clients:
        config: Any = client.meta.config
        assert (config.connect_timeout, config.read_timeout) == (5, 20)
        assert config.retries["mode"] == "standard"
        assert config.retries["total_max_attempts"] == 4
        assert f"assent/{assent.__version__}" in config.user_agent_extra
        assert client.meta.region_name == "eu-west-1"
    assert unplugged.ssm() is unplugged.ssm()


def test_the_environment_sets_how_often_to_try(
    ambient: AwsAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS_MAX_ATTEMPTS, which a Lambda or a test sets to leave retries to somebody else, counts."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    config: Any = ambient.session_for(None, "eu-west-1").ssm().meta.config
    assert config.retries == {"mode": "standard", "total_max_attempts": 1}


def test_sessions_are_opened_once(ambient: AwsAccess) -> None:
    """The same role and region give the same session, others another one."""
    assert ambient.session_for(ROLE, "eu-west-1") is ambient.session_for(ROLE, "eu-west-1")
    assert ambient.session_for(ROLE, "eu-west-1") is not ambient.session_for(None, "eu-west-1")
    assert ambient.session_for(None, "eu-west-1") is not ambient.session_for(None, "us-east-1")


@pytest.mark.usefixtures("aws")
def test_a_role_works_in_its_own_account(ambient: AwsAccess) -> None:
    """What is written with an assumed role lands in the role's account, and only there."""
    here, there = (ambient.session_for(role, "eu-west-1") for role in (None, ROLE))
    assert here.caller_account() == "123456789012"
    assert there.caller_account() == "444455556666"
    ParameterStore(there.ssm()).write(RESOURCE, "{}")
    assert ParameterStore(there.ssm()).read([RESOURCE]) == {RESOURCE: "{}"}
    assert ParameterStore(here.ssm()).read([RESOURCE]) == {}


def test_a_role_is_assumed_once_and_only_when_needed(ambient: AwsAccess, aws: AwsSession) -> None:
    """Opening a session asks nothing; its requests share one set of credentials."""
    asked: list[dict[str, Any]] = []

    def note(params: dict[str, Any], **_: object) -> None:
        asked.append(dict(params))

    aws.sts().meta.events.register("provide-client-params.sts.AssumeRole", note)
    session = ambient.session_for(ROLE, "eu-west-1")
    assert asked == []
    session.caller_account()
    ParameterStore(session.ssm()).read([RESOURCE])
    assert asked == [{"RoleArn": ROLE, "RoleSessionName": "assent"}]


def test_a_role_that_may_not_be_assumed_says_so(ambient: AwsAccess) -> None:
    """The error is about the role, though another call needed it."""
    session = ambient.session_for(ROLE, "eu-west-1")
    with Stubber(ambient.session_for(None, "eu-west-1").sts()) as stub:
        stub.add_client_error("assume_role", "AccessDenied", "Access Denied", http_status_code=403)
        with pytest.raises(AccessRefused, match="may not sts:AssumeRole on") as raised:
            ParameterStore(session.ssm()).read([RESOURCE])
    assert ROLE in raised.value.message
    assert "trust policy" in raised.value.hint


def test_no_credentials_at_all(ambient: AwsAccess, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is not signed in is told so, with a role and without."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    for role in (None, ROLE):
        with pytest.raises(CredentialsRefused) as raised:
            ambient.session_for(role, "eu-west-1").caller_account()
        assert "aws sso login" in raised.value.hint


def test_a_profile_that_does_not_exist(ambient: AwsAccess, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that names a missing profile is a matter of credentials, not a traceback."""
    monkeypatch.setenv("AWS_PROFILE", "missing")
    boto3.DEFAULT_SESSION = None
    with pytest.raises(CredentialsRefused, match="missing"):
        ambient.session_for(None, "eu-west-1").caller_account()


def test_the_endpoint_of_the_environment_is_asked(
    ambient: AwsAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS_ENDPOINT_URL, which points to a sandbox, reaches every client, roles included."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    for role in (None, ROLE):
        session = ambient.session_for(role, "eu-west-1")
        assert session.ssm().meta.endpoint_url == "http://127.0.0.1:9"
        assert session.s3().meta.endpoint_url == "http://127.0.0.1:9"
