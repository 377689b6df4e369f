"""The events that Assent itself sends: what is read of them, refused, and written alike."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.test_events import ARN, HOSTILE, INFERENCE, VIOLATIONS, detailed

from assent.core.events import (
    Ignored,
    InferenceReport,
    MalformedEvent,
    ViolationsReport,
    parse_event,
)
from assent.core.names import parse_package_arn
from assent.core.own_events import (
    INFERENCE_KINDS,
    RETRAINING_REQUESTED,
    inference_detail,
    retraining_detail,
    violations_detail,
)
from assent.core.package import ReportSource
from assent.core.reports import ReportKind


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_what_a_pipeline_reports_is_read() -> None:
    """Every field of both events, optional ones too, and the sender's account."""
    assert parse_event(INFERENCE) == InferenceReport(
        model="churn",
        version=7,
        environment="dev",
        run="nightly/2026-11-22",
        account="111122223333",
        package_arn=parse_package_arn(ARN),
        started=moment("2026-11-22T10:00:00Z"),
        ended=moment("2026-11-22T10:10:00Z"),
        reports=(ReportSource(kind=ReportKind.EVALUATION, uri="s3://batch/out/metrics.json"),),
    )
    bare = parse_event(detailed(INFERENCE, model_package_arn=None, started=None, ended=None))
    assert isinstance(bare, InferenceReport)
    assert (bare.package_arn, bare.started, bare.ended) == (None, None, None)
    assert parse_event(VIOLATIONS) == ViolationsReport(
        model="churn",
        version=7,
        environment="prod",
        run="weekly",
        account="111122223333",
        uris=("s3://monitoring/churn/constraint_violations.json",),
    )
    unversioned = parse_event(detailed(VIOLATIONS, version=None))
    assert isinstance(unversioned, ViolationsReport)
    assert unversioned.version is None


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        ({"model": None}, "detail.model is missing", "inner hyphens"),
        ({"model": "../etc"}, "detail.model", "inner hyphens"),
        ({"model": "a" * 64}, "detail.model", "63 characters"),
        ({"model": HOSTILE}, "detail.model", "inner hyphens"),
        ({"environment": ["dev"]}, "detail.environment is a list of 1", "inner hyphens"),
        ({"version": "7"}, "detail.version", "a whole number"),
        ({"version": 7.0}, "detail.version", "a whole number"),
        ({"version": True}, "detail.version", "a whole number"),
        ({"version": 0}, "detail.version is '0'", "a whole number"),
        ({"version": 10**5000}, "detail.version is a number", "a whole number"),
        ({"version": float("nan")}, "detail.version", "a whole number"),
        ({"run": ""}, "detail.run", "256 at the most"),
        ({"run": "a" * 257}, "detail.run", "256 at the most"),
        ({"run": "a --> b"}, "detail.run", "256 at the most"),
        ({"run": {}}, "detail.run is an object", "256 at the most"),
        ({"started": "yesterday"}, "detail.started", "2026-11-22T10:00:00Z"),
        ({"started": "2026-02-31T10:00:00Z"}, "detail.started", "2026-11-22T10:00:00Z"),
        ({"ended": 7}, "detail.ended", "2026-11-22T10:00:00Z"),
        ({"ended": "2026-11-22T09:00:00Z"}, "detail.ended", "not before detail.started"),
        ({"model_package_arn": ARN + "1"}, "detail.model_package_arn", "churn 7"),
        ({"model_package_arn": HOSTILE}, "detail.model_package_arn", "churn 7"),
        ({"model_package_arn": 7}, "detail.model_package_arn", "churn 7"),
        ({"reports": None}, "detail.reports is missing", "1 to 20"),
        ({"reports": []}, "detail.reports is a list of 0", "1 to 20"),
        ({"reports": [{}] * 21}, "detail.reports is a list of 21", "1 to 20"),
        ({"reports": ["s3://a/b"]}, r"detail.reports\[0\]", "kind and uri"),
        ({"reports": [{"kind": "evaluation"}]}, r"detail.reports\[0\]", "kind and uri"),
        ({"reports": [{"kind": "x", "uri": "s3://bkt/b"}]}, "kind is 'x'", "violations"),
        ({"reports": [{"kind": [], "uri": "s3://bkt/b"}]}, "kind is a list", "violations"),
        ({"reports": [{"kind": "bias", "uri": "https://x/y"}]}, "uri", "s3://BUCKET/KEY"),
        ({"reports": [{"kind": "bias", "uri": "s3://bkt/a b"}]}, "uri", "s3://BUCKET/KEY"),
        ({"reports": [{"kind": "bias", "uri": "s3://bkt/a\u202e"}]}, "uri", "s3://BUCKET/KEY"),
        ({"reports": [{"kind": "bias", "uri": "s3://bkt/" + "a" * 1025}]}, "uri", "s3://BUCKET"),
        ({"reports": [{"kind": "bias", "uri": "s3://bkt/a"}] * 2}, "uri", "each report once"),
        ({"modle": "churn"}, "a field 'modle'", "model_package_arn"),
        ({HOSTILE: "churn"}, "detail has a field", "model_package_arn"),
    ],
)
def test_a_report_with_a_wrong_field_is_refused(
    changes: dict[str, Any], field: str, expected: str
) -> None:
    """The field is named, with what it is and what was expected; nothing else is guessed."""
    with pytest.raises(MalformedEvent, match=field) as caught:
        parse_event(detailed(INFERENCE, **changes))
    assert expected in caught.value.message
    assert caught.value.message.isascii()
    assert caught.value.message.isprintable()
    assert caught.value.hint


@pytest.mark.parametrize(
    "event",
    [
        {**INFERENCE, "account": None},
        {**INFERENCE, "account": "1111"},
        {**VIOLATIONS, "account": 111122223333},
        detailed(VIOLATIONS, reports=[{"kind": "violations", "uri": "s3://bkt/a"}]),
        detailed(VIOLATIONS, reports=["s3://bkt/"]),
        detailed(VIOLATIONS, version="7"),
        detailed(VIOLATIONS, started="2026-11-22T10:00:00Z"),
    ],
)
def test_what_no_version_of_assent_sends_is_refused(event: dict[str, Any]) -> None:
    """An envelope without its account, or the fields of the other event."""
    with pytest.raises(MalformedEvent):
        parse_event(event)


NAMES = st.from_regex(r"[a-zA-Z0-9](-{0,3}[a-zA-Z0-9]){0,15}", fullmatch=True)
URIS = st.from_regex(r"s3://[a-z0-9]{3,10}/[!-~]{1,20}", fullmatch=True)
RUNS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.:/=+@,-]{0,255}", fullmatch=True)
VERSIONS = st.integers(1, 999_999_999)
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1)).map(  # noqa: DTZ001 - set below
    lambda time: time.replace(microsecond=0, tzinfo=UTC)
)


@given(
    st.builds(
        InferenceReport,
        model=NAMES,
        version=VERSIONS,
        environment=NAMES,
        run=RUNS,
        account=st.just("111122223333"),
        started=st.none() | TIMES,
        ended=st.none(),
        reports=st.lists(
            st.builds(
                ReportSource, kind=st.sampled_from(INFERENCE_KINDS), uri=URIS, sha256=st.none()
            ),
            min_size=1,
            max_size=5,
            unique_by=lambda report: report.uri,
        ).map(tuple),
        package_arn=st.none(),
    )
)
@settings(deadline=None)
def test_a_report_of_inference_reads_back_equal(report: InferenceReport) -> None:
    """What the command line writes into the detail is what the Lambda reads from it."""
    detail = inference_detail(
        model=report.model,
        version=report.version,
        environment=report.environment,
        run=report.run,
        reports=report.reports,
        started=report.started,
    )
    assert parse_event({**INFERENCE, "detail": json.loads(json.dumps(detail))}) == report


def test_a_report_of_inference_reads_back_with_its_package_and_times() -> None:
    """The optional fields survive, too."""
    report = parse_event(INFERENCE)
    assert isinstance(report, InferenceReport)
    detail = inference_detail(
        model="churn",
        version=7,
        environment="dev",
        run=report.run,
        reports=report.reports,
        package_arn=ARN,
        started=report.started,
        ended=report.ended,
    )
    assert detail == INFERENCE["detail"]


@given(
    st.builds(
        ViolationsReport,
        model=NAMES,
        version=st.none() | VERSIONS,
        environment=NAMES,
        run=RUNS,
        account=st.just("111122223333"),
        uris=st.lists(URIS, min_size=1, max_size=5, unique=True).map(tuple),
    )
)
@settings(deadline=None)
def test_a_report_of_violations_reads_back_equal(report: ViolationsReport) -> None:
    """What the command line writes into the detail is what the Lambda reads from it."""
    detail = violations_detail(
        model=report.model,
        version=report.version,
        environment=report.environment,
        run=report.run,
        uris=report.uris,
    )
    assert parse_event({**VIOLATIONS, "detail": json.loads(json.dumps(detail))}) == report


def test_what_would_not_be_read_is_not_written() -> None:
    """The sender is told, not the dead-letter queue."""
    report = ReportSource(kind=ReportKind.EVALUATION, uri="metrics.json")
    with pytest.raises(MalformedEvent, match=r"reports\[0\].uri is 'metrics.json'"):
        inference_detail(model="churn", version=7, environment="dev", run="x", reports=[report])
    with pytest.raises(MalformedEvent, match=r"detail\.run"):
        violations_detail(model="churn", version=None, environment="dev", run=" ", uris=["s3://"])


def test_a_request_to_retrain_asks_assent_for_nothing() -> None:
    """Assent sees its own request on the bus, and does not answer it."""
    detail = retraining_detail(
        model="churn",
        version=7,
        environment="prod",
        package_arn=ARN,
        run="weekly",
        issue="https://forge.example/issues/5",
        violations=3,
    )
    assert detail["violations"] == 3
    event = {**VIOLATIONS, "detail-type": RETRAINING_REQUESTED, "detail": detail}
    assert isinstance(parse_event(event), Ignored)
