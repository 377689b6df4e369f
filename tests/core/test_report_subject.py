"""Whom a report says it is of: what counts as saying so, and what is another model's."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assent.core.names import PackageArn, parse_package_arn
from assent.core.reports import Report, ReportKind, parse_report
from assent.core.reports.document import read_document
from assent.core.reports.subject import Subject, speaks_of

ARN = "arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/7"
SEVEN = parse_package_arn(ARN)
KEYS = (
    "model_package_arn",
    "model",
    "model_package_group_name",
    "version",
    "model_package_version",
)


def read(document: dict[str, Any]) -> Report:
    report = parse_report(json.dumps(document).encode(), ReportKind.EVALUATION)
    assert isinstance(report, Report)
    return report


def objection(document: dict[str, Any], arn: PackageArn = SEVEN) -> str | None:
    subject = read(document).subject
    return None if subject is None else subject.objection(arn)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"auc": 0.9},
        {"version": 0.0},
        {"version": 8},
        {"model_package_version": "8"},
        {"model": 3},
        {"model": None, "version": 8},
        {"model": {"name": "fraud"}, "version": 8},
        {"model_package_arn": ["arn"]},
        {"metrics": {"model": "fraud"}},
        {"Model": "fraud"},
    ],
    ids=str,
)
def test_most_reports_do_not_say_whom_they_are_of(document: dict[str, Any]) -> None:
    """A version alone is the format's, and only texts at the top level name a model."""
    assert read(document).subject is None


@pytest.mark.parametrize(
    "document",
    [
        {"model_package_arn": ARN},
        {"model": "churn"},
        {"model_package_group_name": "churn"},
        {"model": "churn", "version": 7},
        {"model": "churn", "version": "7"},
        {"model": "churn", "model_package_version": 7},
        {"model": "churn", "version": 0.0},
        {"model": "churn", "version": "2.1"},
        {"model": "churn", "version": "0"},
        {"model": "churn", "version": [8]},
        {"model": "churn", "version": None},
        {"model_package_arn": ARN, "version": 8},
        dict(zip(KEYS, (ARN, "churn", "churn", 7, "7"), strict=True)),
    ],
    ids=str,
)
def test_a_report_of_the_version_is_its_own(document: dict[str, Any]) -> None:
    """What it says fits, or is no version of a model at all."""
    assert isinstance(read(document).subject, Subject)
    assert objection(document) is None


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (
            {"model_package_arn": ARN[:-1] + "8"},
            f"its model_package_arn is '{ARN[:-1]}8', not {ARN}",
        ),
        ({"model": "fraud"}, "its model is 'fraud', not churn"),
        ({"model": "Churn"}, "its model is 'Churn', not churn"),
        ({"model": ""}, "its model is '', not churn"),
        ({"model_package_group_name": "x"}, "its model_package_group_name is 'x', not churn"),
        ({"model": "churn", "version": 8}, "its version is 8, not 7"),
        ({"model": "churn", "version": "70"}, "its version is 70, not 7"),
        (
            {"model": "churn", "version": 7, "model_package_version": 8},
            "its model_package_version is 8, not 7",
        ),
        (
            {"model": "churn", "model_package_group_name": "fraud"},
            "its model_package_group_name is 'fraud', not churn",
        ),
        ({"model_package_arn": ARN, "model": "fraud"}, "its model is 'fraud', not churn"),
    ],
)
def test_any_claim_that_differs_is_another_model(document: dict[str, Any], why: str) -> None:
    """One that contradicts itself is another's, too; the objection names the key."""
    assert objection({**document, "auc": 0.9}) == why


def test_what_identifies_is_neither_a_metric_nor_missing() -> None:
    """The keys are understood; what is left of them is read as in any other report."""
    report = read({"model": "churn", "version": 7, "model_package_version": 2.5, "auc": 0.9})
    assert dict.fromkeys(report.metrics) == {"auc": None, "model_package_version": None}
    assert all(part.expected for part in report.unread)
    assert {part.where for part in report.unread} == {"model", "version"}


def test_a_version_without_a_model_stays_what_it_was() -> None:
    """Beside a known shape it is the format's version, and elsewhere a number like others."""
    report = read({"version": 1.0, "violations": []})
    assert [(part.where, part.expected) for part in report.unread] == [("version", True)]
    assert read({"version": 3}).metrics["version"].value == 3.0


@given(
    st.dictionaries(
        st.sampled_from(KEYS),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=200)
        | st.lists(st.integers(), max_size=2),
    )
)
@example({"model": "churn", "version": 10**400})
@example({"model": "\u202e\x1b[31m\n::error::\ud800" + "x" * 10_000})
@example({"model": "churn", "version": "\u0667"})
def test_no_claim_breaks_the_line_that_quotes_it(document: dict[str, Any]) -> None:
    """Whatever stands there, the objection is one short line of ASCII, or there is none."""
    parsed = read_document(json.dumps(document).encode())
    assert isinstance(parsed, dict)
    subject = speaks_of(parsed)
    if subject is None:
        return
    assert subject.claims
    assert set(subject.claims) <= set(KEYS)
    why = subject.objection(SEVEN)
    if why is not None:
        assert why.isascii()
        assert why.isprintable()
        assert len(why) < 1_500
