"""EventBridge events: what is a registration, what is ignored, and what is refused."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.contracts import load_contracts
from assent.core.config import parse_config
from assent.core.events import (
    Ignored,
    MalformedEvent,
    Misdirected,
    Registration,
    parse_event,
    read_event,
    require_registry,
)
from assent.core.names import parse_package_arn

ARN = "arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/7"
CONFIG = b"""\
schema: assent/config/v1
registry: {account: "111122223333", region: eu-west-1}
github: {repository: acme/model-promotions}
environments: [{name: dev, account: "111122223333", region: eu-west-1}]
"""
HOSTILE = "\x1b[31m\n::error::##[x] @ana #1 \u202e"

# Shaped like the samples of SageMaker's documentation on EventBridge.
EVENT: dict[str, Any] = {
    "version": "0",
    "id": "844e2571-85d4-695f-b930-0153b71dcb42",
    "detail-type": "SageMaker Model Package State Change",
    "source": "aws.sagemaker",
    "account": "111122223333",
    "time": "2026-11-22T10:00:00Z",
    "region": "eu-west-1",
    "resources": [ARN],
    "detail": {
        "ModelPackageGroupName": "churn",
        "ModelPackageVersion": 7,
        "ModelPackageArn": ARN,
        "CreationTime": "2026-11-22T09:59:00Z",
        "ModelPackageStatus": "Completed",
        "ModelApprovalStatus": "PendingManualApproval",
    },
}


def edited(**changes: object) -> dict[str, Any]:
    """The event, otherwise at its top; None removes a field."""
    event = {**EVENT, **{name.replace("_", "-"): value for name, value in changes.items()}}
    return {name: value for name, value in event.items() if value is not None}


def detailed(**changes: object) -> dict[str, Any]:
    """The event, otherwise in its detail; None removes a field."""
    detail = {**EVENT["detail"], **changes}
    return {**EVENT, "detail": {name: each for name, each in detail.items() if each is not None}}


@pytest.mark.parametrize(
    "event",
    [
        EVENT,
        edited(source=["aws.sagemaker"]),
        edited(id=None, time=None, account=None, region=None, resources=None, version=None),
        detailed(ModelPackageVersion=None),
        detailed(ModelPackageGroupName=None),
        detailed(ModelPackageStatus="Failed", ModelApprovalStatus="Approved"),
        detailed(ModelPackageGroupName="another", ModelPackageVersion=99),
        detailed(ModelPackageStatus=None, ModelApprovalStatus=None, CreationTime=None),
    ],
)
def test_nothing_is_taken_from_an_event_but_the_package(event: dict[str, Any]) -> None:
    """Fields come and go; whatever else is said, the registry is asked about this ARN."""
    assert parse_event(event) == Registration(arn=parse_package_arn(ARN))


@pytest.mark.parametrize(
    "event",
    [
        edited(source="aws.s3"),
        edited(source=["aws.s3", "aws.ec2"]),
        edited(source=[]),
        edited(source=HOSTILE),
        edited(detail_type="SageMaker Training Job State Change"),
        edited(detail_type=HOSTILE),
        detailed(
            ModelPackageGroupName=None,
            ModelPackageVersion=None,
            ModelPackageArn="arn:aws:sagemaker:eu-west-1:111122223333:model-package/unversioned",
        ),
        detailed(ModelPackageArn="arn:aws:sagemaker:eu-west-1:111122223333:model-package/single"),
    ],
)
def test_what_asks_for_nothing_is_ignored_with_a_reason(event: dict[str, Any]) -> None:
    """Other sources, other kinds and unversioned packages are no errors, and told safely."""
    ignored = parse_event(event)
    assert isinstance(ignored, Ignored)
    assert ignored.why
    assert ignored.why.isprintable()
    assert ignored.why.isascii()


@pytest.mark.parametrize(
    "event",
    [
        None,
        [],
        [EVENT],
        "text",
        7,
        {},
        edited(source=None),
        edited(source=7),
        edited(source=[7]),
        edited(source={"aws.sagemaker": 1}),
        edited(detail_type=None),
        edited(detail_type=["SageMaker Model Package State Change"]),
        edited(detail=None),
        edited(detail=[]),
        edited(detail="text"),
        detailed(ModelPackageArn=None),
        detailed(ModelPackageArn=7),
        detailed(ModelPackageArn=[ARN]),
        detailed(ModelPackageArn=""),
        detailed(ModelPackageArn=ARN + "\n"),
        detailed(ModelPackageArn=ARN + "/../8"),
        detailed(ModelPackageArn=ARN.replace("churn", "ch/urn")),
        detailed(ModelPackageArn=ARN.replace("churn", "..")),
        detailed(ModelPackageArn=ARN.replace("churn", "a" * 64)),
        detailed(ModelPackageArn=ARN.replace("churn", "chürn")),
        detailed(ModelPackageArn=ARN.replace("/7", "/0")),
        detailed(ModelPackageArn=ARN.replace("/7", "/07")),
        detailed(ModelPackageArn=ARN.replace("/7", "/\u0667")),
        detailed(ModelPackageArn=ARN.replace("/7", "/1e3")),
        detailed(ModelPackageArn=ARN.replace("/7", "/" + "9" * 5_000)),
        detailed(ModelPackageArn=ARN.replace("sagemaker", "s3")),
        detailed(ModelPackageArn=ARN.replace("111122223333", "1111")),
        detailed(ModelPackageArn=ARN.replace("model-package", "model-package-group")),
        detailed(ModelPackageArn=HOSTILE),
        detailed(ModelPackageGroupName=None, ModelPackageVersion=None, ModelPackageArn=HOSTILE),
    ],
)
def test_what_is_no_event_is_refused(event: object) -> None:
    """It goes to the dead-letter queue, not round and round; the message is safe to print."""
    with pytest.raises(MalformedEvent) as caught:
        parse_event(event)
    assert not caught.value.retryable
    assert caught.value.message.isprintable()
    assert caught.value.message.isascii()
    assert len(caught.value.message) < 500


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda children: (
            st.lists(children, max_size=3)
            | st.dictionaries(st.sampled_from([*EVENT, *EVENT["detail"], "x"]), children)
        ),
        max_leaves=20,
    )
)
@settings(deadline=None)
def test_any_json_is_judged(event: object) -> None:
    """No value raises anything else than MalformedEvent."""
    try:
        assert isinstance(parse_event(event), Registration | Ignored)
    except MalformedEvent as error:
        assert error.message  # noqa: PT017 - either outcome is right


@pytest.mark.parametrize(
    "text",
    ["", "{", b"\xff\xfe{", b"\x80", "[" * 100_000, "NaNN", "'single'", HOSTILE, b"\x00"],
    ids=repr,
)
def test_what_is_no_json_is_refused(text: str | bytes) -> None:
    """Bytes that do not decode, texts that do not parse or nest too deep: all malformed."""
    with pytest.raises(MalformedEvent, match="not JSON") as caught:
        read_event(text)
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_json_is_read_in_each_of_its_encodings(encoding: str) -> None:
    """A message's text or a file's bytes are the same event."""
    text = json.dumps(EVENT)
    assert read_event(text) == read_event(text.encode(encoding)) == EVENT


@pytest.mark.parametrize(
    ("arn", "place"),
    [
        (ARN.replace("111122223333", "999999999999"), "999999999999"),
        (ARN.replace("eu-west-1", "us-east-1"), "us-east-1"),
        (ARN.replace("arn:aws:", "arn:aws-cn:"), "aws-cn"),
    ],
)
def test_another_registry_is_refused_with_both_named(arn: str, place: str) -> None:
    """An event of another account or region would otherwise be looked up in the wrong one."""
    config = parse_config(CONFIG, load_contracts().config)
    require_registry(parse_package_arn(ARN), config)
    with pytest.raises(Misdirected, match=place) as caught:
        require_registry(parse_package_arn(arn), config)
    assert "111122223333, region eu-west-1" in caught.value.message
    assert "registry" in caught.value.hint
