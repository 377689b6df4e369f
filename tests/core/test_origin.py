"""Where a version came from, out of what the registry was told."""

from datetime import UTC, datetime

import pytest

from assent.core.evidence import Origin
from assent.core.names import parse_package_arn
from assent.core.origin import origin_of
from assent.core.package import Artifact, Container, ModelVersion, Package, RegistryApproval

ARN = parse_package_arn("arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/7")
PIPELINE = "arn:aws:sagemaker:eu-west-1:111122223333:pipeline/churn/execution/p4jn9xou8a8s"
JOB = "arn:aws:sagemaker:eu-west-1:111122223333:training-job"


def version(*uris: str | None, generated_by: str = "", **told: str) -> ModelVersion:
    containers = tuple(
        Container(image="xgboost:1.7", artifact=None if uri is None else Artifact(uri=uri))
        for uri in uris
    )
    package = Package(
        arn=ARN.text,
        created=datetime(2026, 11, 22, 10, tzinfo=UTC),
        created_by=None,
        containers=containers,
    )
    return ModelVersion(
        arn=ARN,
        package=package,
        status="Completed",
        approval=RegistryApproval.PENDING,
        generated_by=generated_by,
        **told,  # type: ignore[arg-type]
    )


def test_what_the_registry_was_told_is_the_origin() -> None:
    """Maker, commit, repository and description as registered, the job by the artifact's path."""
    found = origin_of(
        version(
            "s3://models/churn/pipelines-p4-Train-x1/output/model.tar.gz",
            generated_by=PIPELINE,
            commit="0a1b",
            repository="https://github.com/acme/churn",
            description="Adds time.",
        )
    )
    assert found == Origin(
        made_by=PIPELINE,
        training_job="pipelines-p4-Train-x1",
        commit="0a1b",
        repository="https://github.com/acme/churn",
        description="Adds time.",
    )


def test_a_version_of_which_nothing_was_told_has_an_empty_origin() -> None:
    """That nothing is known is known; only older records have no origin at all."""
    assert origin_of(version()) == Origin()


@pytest.mark.parametrize(
    ("generated_by", "uris", "job"),
    [
        (f"{JOB}/churn-7", ["s3://m/other-job/output/model.tar.gz"], "churn-7"),
        (f"{JOB}/churn_7", ["s3://m/a-job/output/model.tar.gz"], "a-job"),
        (f"{JOB}/a/b", [None, "s3://m/x/y/job/output/model.tar.gz"], "job"),
        ("", ["s3://m/model.tar.gz", "s3://m/job/output/model.tar.gz"], "job"),
        ("", ["s3://m/output/model.tar.gz"], ""),
        ("", ["s3://m/job/output/model.tar.gz/x"], ""),
        ("", ["s3://m/job/output/other.tar.gz"], ""),
        ("", ["s3://m/-job/output/model.tar.gz"], ""),
        ("", ["s3://m/jo\nb/output/model.tar.gz"], ""),
        ("", ["s3://m/" + "j" * 64 + "/output/model.tar.gz"], ""),
        ("training-job/churn", [], ""),
    ],
)
def test_the_training_job_is_told_or_stands_in_the_path(
    generated_by: str, uris: list[str | None], job: str
) -> None:
    """Only SageMaker's own forms tell it; of anything else nothing is guessed."""
    assert origin_of(version(*uris, generated_by=generated_by)).training_job == job


@pytest.mark.parametrize("text", ["x", "\u202e", "\ud800", "\n::error::", "\u6f22", "\U0001f600"])
def test_hostile_texts_are_one_line_that_fits(text: str) -> None:
    """However long and odd they are, a record takes them, as ASCII too."""
    long = text * 3_000
    found = origin_of(version(generated_by=long, commit=long, repository=long, description=long))
    for kept in (found.made_by, found.commit, found.repository, found.description):
        assert kept.isprintable()
        assert len(ascii(kept)) - 2 <= 1_024
