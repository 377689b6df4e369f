"""`assent.resolve`: one call to Parameter Store, against moto and against stubbed answers."""

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber
from click.testing import CliRunner
from moto import mock_aws
from mypy_boto3_ssm import SSMClient

from assent.cli import main
from assent.contracts import load_contracts
from assent.core.errors import Exit
from assent.core.evidence import Evidence, EvidenceSource
from assent.core.names import RecordId
from assent.core.package import Container, Package
from assent.core.parameters import Current, HistoryEntry, write_current
from assent.core.record import Decision, Record
from assent.core.timestamps import read_time
from assent.resolve import NothingApproved, UnreadableApproval, resolve

REGION = "eu-west-1"
ARN = "arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/7"
NAME = "/assent/prod/churn/current"
HOSTILE = (
    "",
    "-churn",
    "churn/../../prod",
    "churn\n",
    "churn current",
    "*",
    "\x1b[31mchurn",
    "a" * 64,
    "chürn",
    "$(id)",
    "arn:aws:ssm:eu-west-1:111122223333:parameter/assent",
)


def _approved() -> str:
    """What apply writes for churn 7 in prod."""
    at = read_time("2026-11-22T10:00:00Z")
    id_ = RecordId("prod", "churn", 7)
    image = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/xgboost:1.7"
    record = Record(
        id=id_,
        decision=Decision.APPROVED,
        package=Package(arn=ARN, created=at, created_by=None, containers=(Container(image=image),)),
        evidence=Evidence(source=EvidenceSource.TRAINING, collected=at),
    )
    entry = HistoryEntry(
        decision=Decision.APPROVED,
        blob="b" * 40,
        by=("ana", "ben"),
        at=at,
        applied_at=at,
        pull_request="https://github.com/acme/model-promotions/pull/12",
        commit="c" * 40,
        evidence=f"sha256:{'e' * 64}",
    )
    text = write_current("prod", "churn", Current.of(record, entry))
    assert load_contracts().parameter.problems(json.loads(text)) == []
    return text


APPROVED = _approved()


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that open nothing, and no other setting of this machine."""
    for name in [*os.environ]:
        if name.startswith(("AWS_", "ASSENT_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def ssm() -> Iterator[SSMClient]:
    """An empty Parameter Store."""
    with mock_aws():
        yield boto3.client("ssm")


@pytest.fixture(scope="module")
def unplugged() -> SSMClient:
    """A client for stubs; nothing answers it."""
    return boto3.client(
        "ssm", region_name=REGION, aws_access_key_id="testing", aws_secret_access_key="testing"
    )


def _put(ssm: SSMClient, value: str, name: str = NAME) -> None:
    ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)


def _stubbed(client: SSMClient, code: str, message: str = "") -> Stubber:
    stubber = Stubber(client)
    stubber.add_client_error("get_parameter", code, message, expected_params={"Name": NAME})
    return stubber


def test_the_approved_version_is_told(ssm: SSMClient) -> None:
    """The version, its package and the whole parameter come back."""
    _put(ssm, APPROVED)
    found = resolve("churn", environment="prod")
    assert (found.model, found.version, found.environment) == ("churn", 7, "prod")
    assert found.model_package_arn == ARN
    assert found.value == json.loads(APPROVED)


@pytest.mark.parametrize("how", ["argument", "variable"])
def test_the_prefix_is_taken_from_argument_or_environment(
    ssm: SSMClient, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """A registry with another prefix is read there, and not under the usual one."""
    _put(ssm, APPROVED, "/ml/models/prod/churn/current")
    with pytest.raises(NothingApproved):
        resolve("churn", environment="prod")
    prefix = "/ml/models"
    if how == "variable":
        monkeypatch.setenv("ASSENT_PARAMETER_PREFIX", prefix)
        assert resolve("churn", environment="prod").version == 7
    else:
        assert resolve("churn", environment="prod", prefix=prefix).version == 7


def test_where_nothing_was_ever_approved_the_name_is_told(ssm: SSMClient) -> None:
    """A missing parameter is `nothing approved`, and says which parameter was looked for."""
    with pytest.raises(NothingApproved, match=NAME) as caught:
        resolve("churn", environment="prod", client=ssm)
    assert caught.value.exit is Exit.NOTHING_APPROVED


def test_where_nothing_is_approved_any_more_null_says_so(ssm: SSMClient) -> None:
    """`version: null` is `nothing approved` too, in other words."""
    _put(ssm, write_current("prod", "churn", None))
    with pytest.raises(NothingApproved, match="no version of churn is approved in prod"):
        resolve("churn", environment="prod", client=ssm)


def _edited(**changes: object) -> str:
    return json.dumps({**json.loads(APPROVED), **changes})


@pytest.mark.parametrize(
    "value",
    [
        "7",
        "not JSON",
        "[]",
        '"assent/parameter/v1"',
        "[" * 2000,
        _edited(schema="assent/parameter/v2"),
        _edited(model="fraud"),
        _edited(environment="dev"),
        _edited(version="7"),
        _edited(version=True),
        _edited(version=7.0),
        _edited(version=0),
        _edited(version=-7),
        _edited(model_package_arn=None),
        _edited(model_package_arn=7),
        _edited(model_package_arn=""),
        _edited(model_package_arn="arn:aws:sagemaker:eu-west-1:111122223333:model-package/fraud/7"),
        _edited(model_package_arn="arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/8"),
        _edited(model_package_arn=f"{ARN}\n{ARN}"),
        json.dumps({key: each for key, each in json.loads(APPROVED).items() if key != "version"}),
    ],
)
def test_what_assent_did_not_write_is_no_verdict(unplugged: SSMClient, value: str) -> None:
    """Anything but a whole, consistent value is unreadable: neither a version nor `none`."""
    with Stubber(unplugged) as stubber:
        answer: Any = {"Parameter": {"Name": NAME, "Value": value}}
        stubber.add_response("get_parameter", answer, {"Name": NAME})
        with pytest.raises(UnreadableApproval, match=NAME) as caught:
            resolve("churn", environment="prod", client=unplugged)
    assert caught.value.exit is Exit.BROKEN


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("AccessDeniedException", "ssm:GetParameter"),
        ("ExpiredTokenException", "sign in again"),
        ("ThrottlingException", "slow down"),
        ("InternalServerError", "slow down"),
        ("UnrecognizedClientException", "slow down"),
    ],
)
def test_a_refusal_is_no_verdict(unplugged: SSMClient, code: str, hint: str) -> None:
    """A call that AWS refuses says so, with what to do; it never reads as `none approved`."""
    with (
        _stubbed(unplugged, code, "slow down"),
        pytest.raises(UnreadableApproval, match=code) as caught,
    ):
        resolve("churn", environment="prod", client=unplugged)
    assert hint in caught.value.hint


def test_no_answer_is_no_verdict(unplugged: SSMClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that does not work is reported as such."""

    def unreachable(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://ssm.eu-west-1.amazonaws.com")

    monkeypatch.setattr(unplugged, "get_parameter", unreachable)
    with pytest.raises(UnreadableApproval, match="could not be read"):
        resolve("churn", environment="prod", client=unplugged)


@pytest.mark.parametrize(
    ("missing", "look"),
    [("AWS_DEFAULT_REGION", "Set AWS_REGION"), ("AWS_ACCESS_KEY_ID", "credentials, region")],
)
def test_missing_settings_are_no_verdict(
    monkeypatch: pytest.MonkeyPatch, missing: str, look: str
) -> None:
    """Without a region or credentials nothing is asked, and the hint says what to look at."""
    monkeypatch.delenv(missing)
    with pytest.raises(UnreadableApproval) as caught:
        resolve("churn", environment="prod")
    assert look in caught.value.hint


def test_it_takes_one_call(ssm: SSMClient) -> None:
    """Whatever there is to read, one GetParameter of one name is all that is sent."""
    _put(ssm, APPROVED)
    calls: list[tuple[str, Mapping[str, Any]]] = []

    def note(params: Mapping[str, Any], model: Any, **_: object) -> None:  # noqa: ANN401 - botocore's
        calls.append((model.name, params))

    ssm.meta.events.register("provide-client-params.ssm", note)
    resolve("churn", environment="prod", client=ssm)
    assert [(name, dict(params)) for name, params in calls] == [("GetParameter", {"Name": NAME})]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("what", ["model", "environment"])
def test_a_name_that_is_none_is_never_sent(unplugged: SSMClient, what: str, name: str) -> None:
    """Names are judged before they become a parameter's path; the message shows them safely."""
    model, environment = (name, "prod") if what == "model" else ("churn", name)
    with Stubber(unplugged), pytest.raises(UnreadableApproval) as caught:
        resolve(model, environment=environment, client=unplugged)
    assert caught.value.message.isprintable()
    assert caught.value.message.isascii()


def _invoke(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["resolve", *arguments], catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def test_the_command_prints_the_arn_alone(ssm: SSMClient) -> None:
    """A script may take the whole of standard output."""
    _put(ssm, APPROVED)
    assert _invoke("churn", "--env", "prod") == (0, f"{ARN}\n", "")


def test_the_command_prints_the_parameter_as_json(ssm: SSMClient) -> None:
    """`--format json` is the parameter's own value."""
    _put(ssm, APPROVED)
    code, out, err = _invoke("churn", "--env", "prod", "--format", "json")
    assert (code, json.loads(out), err) == (0, json.loads(APPROVED), "")


@pytest.mark.parametrize("value", [None, write_current("prod", "churn", None)])
def test_the_command_tells_nothing_approved_by_code_4(ssm: SSMClient, value: str | None) -> None:
    """Missing or null: code 4, a message, and nothing on standard output."""
    if value is not None:
        _put(ssm, value)
    code, out, err = _invoke("churn", "--env", "prod")
    assert (code, out) == (4, "")
    assert err.startswith("assent: no version of churn ")


def test_the_command_tells_no_verdict_by_code_1(ssm: SSMClient) -> None:
    """What does not read has another code than what is not approved."""
    _put(ssm, "7")
    code, out, err = _invoke("churn", "--env", "prod")
    assert (code, out) == (1, "")
    assert f"{NAME} is not what Assent wrote" in err


def test_the_command_names_the_prefix_it_is_given(ssm: SSMClient) -> None:
    """`--prefix` moves the place that is read."""
    _put(ssm, APPROVED, "/ml/prod/churn/current")
    assert _invoke("churn", "--env", "prod", "--prefix", "/ml") == (0, f"{ARN}\n", "")
