"""Batch inference that really runs: the registered model scores a batch, on the sandbox's AWS."""

import dataclasses

from assent.sandbox.aws import AwsSandbox, Ran, monitor, transform
from assent.sandbox.churn import Batch, TrainedModel, run_batch

__all__ = ["Inferred", "infer", "watch"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Inferred:
    """A batch and the job that scored or watched it."""

    batch: Batch
    ran: Ran


def infer(
    sandbox: AwsSandbox,
    package: str,
    model: TrainedModel,
    environment: str,
    *,
    account: str | None = None,
    shifted: bool = False,
    job: str | None = None,
    versioned: bool = True,
) -> Inferred:
    """Score an environment's batch in a transform job, with the model file that is registered.

    Predictions, metrics and what drifted are left below the job's output, in the environment's
    account. The event is returned, not sent.

    Args:
        sandbox: A running one.
        package: The ARN of the registered version.
        model: The version as it was trained.
        environment: Where it runs.
        account: The environment's; the registry's unless given.
        shifted: See `run_batch`.
        job: The job's name; see `transform`.
        versioned: Whether the output's bucket keeps versions.
    """
    batch = run_batch(_registered(sandbox, package, model), environment, shifted=shifted)
    ran = transform(
        sandbox,
        package,
        environment,
        outputs=batch.outputs(package),
        records=batch.records,
        account=account,
        job=job,
        versioned=versioned,
    )
    return Inferred(batch=batch, ran=ran)


def watch(
    sandbox: AwsSandbox,
    package: str,
    model: TrainedModel,
    environment: str,
    *,
    account: str | None = None,
    shifted: bool = True,
    job: str | None = None,
) -> Inferred:
    """Let Model Monitor compare an environment's batch with the version's training data.

    It watches an endpoint that runs the version, on a schedule. The event is returned, not sent.

    Args:
        sandbox: A running one.
        package: The ARN of the registered version.
        model: The version as it was trained.
        environment: Where it runs.
        account: The environment's; the registry's unless given.
        shifted: See `run_batch`; without it there is nothing to find.
        job: The job's name; see `monitor`.
    """
    batch = run_batch(_registered(sandbox, package, model), environment, shifted=shifted)
    violations = "constraint_violations.json"
    ran = monitor(
        sandbox,
        environment,
        outputs={violations: batch.outputs(package)[violations]},
        package=package,
        account=account,
        job=job,
    )
    return Inferred(batch=batch, ran=ran)


def _registered(sandbox: AwsSandbox, package: str, model: TrainedModel) -> TrainedModel:
    """The version with the model file that the registry names, as a job downloads it."""
    described = sandbox.sagemaker.describe_model_package(ModelPackageName=package)
    (container,) = described["InferenceSpecification"]["Containers"]
    bucket, _, key = container["ModelDataUrl"].removeprefix("s3://").partition("/")
    stored = sandbox.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    return dataclasses.replace(model, artifact=stored)
