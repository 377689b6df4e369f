"""The registered model runs on the sandbox's AWS, and leaves what an inference pipeline leaves."""

import dataclasses
import json
from collections.abc import Iterator

import pytest

from assent.adapters.sagemaker_jobs import SageMakerJobs
from assent.sandbox.aws import AwsSandbox, Registered, register
from assent.sandbox.churn import ArtifactError, TrainedModel, run_batch, train_versions
from assent.sandbox.inference import infer, watch

UAT = "222233334444"


@pytest.fixture(scope="module")
def model() -> TrainedModel:
    return train_versions()[1]


@pytest.fixture
def aws() -> Iterator[AwsSandbox]:
    with AwsSandbox() as sandbox:
        yield sandbox


@pytest.fixture
def registered(aws: AwsSandbox, model: TrainedModel) -> Registered:
    return register(aws, artifact=model.artifact, reports=model.reports)


def file(aws: AwsSandbox, address: str) -> bytes:
    bucket, _, key = address.removeprefix("s3://").partition("/")
    return aws.backstage(account=UAT).s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def test_a_batch_is_scored_where_the_environment_is(
    aws: AwsSandbox, registered: Registered, model: TrainedModel
) -> None:
    """The job, its model and its files are in the environment's account and lead to the package."""
    inferred = infer(aws, registered.arn, model, "uat", account=UAT)
    ran = inferred.ran
    assert inferred.batch == run_batch(model, "uat")
    assert file(aws, f"{ran.output}/customers.csv.out") == inferred.batch.predictions
    metrics = json.loads(file(aws, f"{ran.output}/metrics.json"))
    assert metrics == {"model_package_arn": registered.arn, **inferred.batch.metrics}
    assert ran.event["account"] == UAT
    assert ran.event["detail"]["TransformJobStatus"] == "Completed"
    run = SageMakerJobs(aws.session(account=UAT).client("sagemaker")).transform(ran.job)
    assert [arn.text for arn in run.packages] == [registered.arn]
    assert run.output == ran.output
    assert run.started is not None
    assert run.ended is not None
    assert (run.ended - run.started).total_seconds() == 300


def test_what_is_registered_is_what_scores(aws: AwsSandbox, model: TrainedModel) -> None:
    """The model file comes from where the registry says, not from who asks."""
    broken = register(aws, artifact=b"no model")
    with pytest.raises(ArtifactError):
        infer(aws, broken.arn, model, "dev")
    foreign = dataclasses.replace(model, artifact=b"")
    good = register(aws, artifact=model.artifact)
    assert infer(aws, good.arn, foreign, "dev").batch == run_batch(model, "dev")


@pytest.mark.parametrize("shifted", [True, False])
def test_monitoring_finds_drift_where_there_is_some(
    aws: AwsSandbox, registered: Registered, model: TrainedModel, *, shifted: bool
) -> None:
    """The run's last word and its file agree, and lead to the version that it watched."""
    watched = watch(aws, registered.arn, model, "uat", account=UAT, shifted=shifted)
    ran = watched.ran
    said = json.loads(file(aws, f"{ran.output}/constraint_violations.json"))
    assert said == watched.batch.violations
    assert bool(said["violations"]) is shifted
    run = SageMakerJobs(aws.session(account=UAT).client("sagemaker")).monitoring(ran.job)
    word = "CompletedWithViolations: " if shifted else "Completed: "
    assert run.exit_message.startswith(word)
    assert run.exit_message == ran.event["detail"]["ExitMessage"]
    assert [arn.text for arn in run.packages] == [registered.arn]
    assert (run.model, run.outputs) == ("churn", (ran.output,))
