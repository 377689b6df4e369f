"""EventBridge events: what is a registration, what is ignored, and what is refused."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.contracts import load_contracts
from assent.core.config import parse_config
from assent.core.events import (
    Event,
    Ignored,
    MalformedEvent,
    Misdirected,
    MonitoringChange,
    Registration,
    TransformChange,
    parse_event,
    read_event,
    require_account,
    require_registry,
    require_same_job,
)
from assent.core.names import parse_package_arn
from assent.core.own_events import (
    INFERENCE_COMPLETED,
    RETRAINING_REQUESTED,
    VIOLATIONS_FOUND,
)

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


TRANSFORM_ARN = "arn:aws:sagemaker:eu-west-1:111122223333:transform-job/churn-2026-11-22"
TRANSFORM: dict[str, Any] = {
    **EVENT,
    "detail-type": "SageMaker Transform Job State Change",
    "resources": [TRANSFORM_ARN],
    "detail": {
        "TransformJobName": "churn-2026-11-22",
        "TransformJobArn": TRANSFORM_ARN,
        "TransformJobStatus": "Completed",
        "ModelName": "churn-7",
        "TransformOutput": {"S3OutputPath": "s3://batch/out/churn-2026-11-22"},
    },
}
PROCESSING_ARN = "arn:aws:sagemaker:eu-west-1:111122223333:processing-job/drift-of-churn"
PROCESSING: dict[str, Any] = {
    **EVENT,
    "detail-type": "SageMaker Processing Job State Change",
    "resources": [PROCESSING_ARN],
    "detail": {
        "ProcessingJobName": "Drift-of-churn",
        "ProcessingJobArn": PROCESSING_ARN,
        "ProcessingJobStatus": "Completed",
        "ExitMessage": "CompletedWithViolations: Job completed successfully with 8 violations.",
    },
}
INFERENCE: dict[str, Any] = {
    **EVENT,
    "source": "assent",
    "detail-type": INFERENCE_COMPLETED,
    "detail": {
        "model": "churn",
        "version": 7,
        "environment": "dev",
        "run": "nightly/2026-11-22",
        "model_package_arn": ARN,
        "started": "2026-11-22T10:00:00Z",
        "ended": "2026-11-22T10:10:00Z",
        "reports": [{"kind": "evaluation", "uri": "s3://batch/out/metrics.json"}],
    },
}
VIOLATIONS: dict[str, Any] = {
    **EVENT,
    "source": "assent",
    "detail-type": VIOLATIONS_FOUND,
    "detail": {
        "model": "churn",
        "version": 7,
        "environment": "prod",
        "run": "weekly",
        "reports": ["s3://monitoring/churn/constraint_violations.json"],
    },
}
EVERY_KIND = (EVENT, TRANSFORM, PROCESSING, INFERENCE, VIOLATIONS)


def edited(**changes: object) -> dict[str, Any]:
    """The event, otherwise at its top; None removes a field."""
    event = {**EVENT, **{name.replace("_", "-"): value for name, value in changes.items()}}
    return {name: value for name, value in event.items() if value is not None}


def detailed(event: dict[str, Any] = EVENT, /, **changes: object) -> dict[str, Any]:
    """An event, otherwise in its detail; None removes a field."""
    detail = {**event["detail"], **changes}
    return {**event, "detail": {name: each for name, each in detail.items() if each is not None}}


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
        assert isinstance(parse_event(event), Event)
    except MalformedEvent as error:
        assert error.message  # noqa: PT017 - either outcome is right


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(ARN),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(st.sampled_from(["kind", "uri", "x"]), children, max_size=3)
    ),
    max_leaves=5,
)


@given(st.data())
@settings(deadline=None)
def test_any_value_of_any_field_is_judged(data: st.DataObject) -> None:
    """Whatever stands in a known field, it is read, ignored or refused in safe words."""
    event = data.draw(st.sampled_from(EVERY_KIND))
    field = data.draw(st.sampled_from([*event["detail"], "account", "region"]))
    value = data.draw(VALUES)
    changed = (
        detailed(event, **{field: value}) if field in event["detail"] else {**event, field: value}
    )
    try:
        found = parse_event(changed)
    except MalformedEvent as error:
        assert error.message.isascii()  # noqa: PT017 - either outcome is right
        assert error.message.isprintable()  # noqa: PT017 - as above
        assert len(error.message) < 600  # noqa: PT017 - as above
    else:
        assert isinstance(found, Event)


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


def test_a_transform_job_is_named_and_placed() -> None:
    """Name, ARN, account and region; all else is for SageMaker to say."""
    expected = TransformChange(
        name="churn-2026-11-22", arn=TRANSFORM_ARN, account="111122223333", region="eu-west-1"
    )
    assert parse_event(TRANSFORM) == expected
    assert parse_event(detailed(TRANSFORM, TransformJobStatus=None, ModelName=None)) == expected
    assert parse_event(detailed(TRANSFORM, TransformJobName=None)) == expected


@pytest.mark.parametrize("missing", ["ExitMessage", "ProcessingJobStatus"])
def test_a_job_whose_event_lacks_a_field_is_looked_at(missing: str) -> None:
    """Fields come and go between events; what is missing, the job itself tells."""
    assert isinstance(parse_event(detailed(PROCESSING, **{missing: None})), MonitoringChange)


def test_a_monitoring_job_is_named_and_placed() -> None:
    """The name is the job's own, whose letters an ARN may have in lower case."""
    assert parse_event(PROCESSING) == MonitoringChange(
        name="Drift-of-churn", arn=PROCESSING_ARN, account="111122223333", region="eu-west-1"
    )


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (detailed(TRANSFORM, TransformJobStatus="Failed"), "Failed"),
        (detailed(TRANSFORM, TransformJobStatus="InProgress"), "InProgress"),
        (detailed(TRANSFORM, TransformJobStatus=HOSTILE), "once it Completed"),
        (detailed(PROCESSING, ExitMessage=None, ProcessingJobStatus="Failed"), "drift"),
        (detailed(PROCESSING, ExitMessage="Completed: all is well"), "CompletedWithViolations"),
        (detailed(PROCESSING, ExitMessage=[HOSTILE]), "CompletedWithViolations"),
        ({**INFERENCE, "detail-type": RETRAINING_REQUESTED}, "asks for nothing"),
        ({**INFERENCE, "source": "aws.sagemaker"}, "asks for nothing"),
        ({**TRANSFORM, "source": "assent"}, "asks for nothing"),
    ],
)
def test_a_job_or_kind_of_event_that_asks_for_nothing_is_ignored(
    event: dict[str, Any], why: str
) -> None:
    """Jobs that did not complete or found nothing, and what the other sender alone may send."""
    ignored = parse_event(event)
    assert isinstance(ignored, Ignored)
    assert why in ignored.why
    assert ignored.why.isascii()
    assert ignored.why.isprintable()


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (detailed(TRANSFORM, TransformJobArn=None), "detail.TransformJobArn"),
        (detailed(TRANSFORM, TransformJobArn=7), "detail.TransformJobArn"),
        (detailed(TRANSFORM, TransformJobArn=PROCESSING_ARN), "detail.TransformJobArn"),
        (detailed(TRANSFORM, TransformJobArn=TRANSFORM_ARN + "\n"), "detail.TransformJobArn"),
        (detailed(TRANSFORM, TransformJobArn=TRANSFORM_ARN * 1000), "detail.TransformJobArn"),
        (detailed(TRANSFORM, TransformJobName="another"), "detail.TransformJobName"),
        (detailed(TRANSFORM, TransformJobName=["a"]), "detail.TransformJobName"),
        ({**TRANSFORM, "account": "999999999999"}, "account"),
        ({**TRANSFORM, "account": None}, "account"),
        ({**TRANSFORM, "region": "us-east-1"}, "region"),
        ({**TRANSFORM, "detail": None}, "detail"),
        (detailed(PROCESSING, ProcessingJobArn=TRANSFORM_ARN), "detail.ProcessingJobArn"),
        (detailed(PROCESSING, ProcessingJobName="../x"), "detail.ProcessingJobName"),
        ({**PROCESSING, "account": 111122223333}, "account"),
    ],
)
def test_a_job_that_is_not_where_it_says_is_refused(event: dict[str, Any], field: str) -> None:
    """AWS's envelope and the ARN tell the same account and region, or nothing is looked up."""
    with pytest.raises(MalformedEvent, match=field) as caught:
        parse_event(event)
    assert not caught.value.retryable
    assert caught.value.message.isascii()
    assert len(caught.value.message) < 500


def test_a_message_larger_than_any_is_refused() -> None:
    """It is not even parsed."""
    with pytest.raises(MalformedEvent, match="larger than"):
        read_event('"' + "a" * 1024 * 1024 + '"')


def test_a_report_from_another_account_is_refused_with_both_named() -> None:
    """Nobody speaks for an environment but from its own account."""
    environment = parse_config(CONFIG, load_contracts().config).entry
    require_account("111122223333", environment)
    with pytest.raises(Misdirected, match=r"999999999999.*dev is in account 111122223333"):
        require_account("999999999999", environment)


def test_a_job_of_the_same_name_elsewhere_is_refused_with_both_named() -> None:
    """Credentials of another account would describe another account's job."""
    environment = parse_config(CONFIG, load_contracts().config).entry
    require_same_job(TRANSFORM_ARN.upper(), TRANSFORM_ARN, environment)
    other = TRANSFORM_ARN.replace("111122223333", "999999999999")
    with pytest.raises(Misdirected, match=other) as caught:
        require_same_job(TRANSFORM_ARN, other, environment)
    assert TRANSFORM_ARN in caught.value.message
    assert "read_role" in caught.value.hint
