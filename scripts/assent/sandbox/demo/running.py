"""AWS's part: what is registered, what the queue brings, what inference runs, what is live."""

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from assent import lambda_handler
from assent.sandbox.aws import lambda_context, register
from assent.sandbox.aws.training import ensure_bucket
from assent.sandbox.churn import Batch, run_batch
from assent.sandbox.demo import surroundings
from assent.sandbox.demo.play import MODEL, Play, require
from assent.sandbox.inference import Inferred, infer
from assent.sandbox.stage import REGION

__all__ = [
    "answer_queue",
    "applies",
    "current",
    "deliver",
    "package",
    "register_version",
    "resolves_to",
    "run_pipeline",
    "run_transform_job",
    "shows_live",
]


def register_version(play: Play, version: int) -> None:
    """Do the last step of zoe's pipeline: files to S3, the version to the registry."""
    model = play.trained[version]
    found = register(
        play.stage.aws,
        group=MODEL,
        reports=model.reports,
        artifact=model.artifact,
        description=model.summary,
        created_by="zoe",
        source_commit=None if play.code is None else play.code.commit,
        repository=None if play.code is None else play.code.url,
    )
    require(found.version == version, f"the registry should call it {version}", found.version)
    play.registered[version] = found


def package(play: Play, version: int) -> Mapping[str, Any]:
    """What the registry says of a version now."""
    arn = play.registered[version].arn
    answer: Any = play.stage.aws.sagemaker.describe_model_package(ModelPackageName=arn)
    found: Mapping[str, Any] = answer
    return found


def deliver(play: Play, *events: Mapping[str, Any], logged: Sequence[str]) -> None:
    """Let AWS send events, and invoke the Lambda function with what the queue then holds.

    Args:
        play: The play.
        events: From EventBridge; its rules put each into the queue.
        logged: See `answer_queue`.
    """
    require(len(play.stage.intake) == 0, "the queue should be empty before")
    play.stage.aws.emit(*events)
    answer_queue(play, logged=logged)


def answer_queue(play: Play, *, logged: Sequence[str]) -> None:
    """Invoke the Lambda function with a batch from the queue, and show its log.

    Args:
        play: The play.
        logged: How each message's line in the log has to end.
    """
    batch = play.stage.intake.receive()
    if batch is None:
        require(condition=False, expected="the queue should hold a message")
        return
    count = len(batch["Records"])
    messages = "1 message" if count == 1 else f"{count} messages"
    play.narrator.command(f"> the Lambda function gets {messages} from the queue")
    with surroundings.heard() as heard:
        answer = lambda_handler.handler(batch, lambda_context())
    for message in heard:
        play.narrator.output(f"log: {message}")
    ends = [message.endswith(end) for message, end in zip(heard, logged, strict=False)]
    failed = play.stage.intake.settle(batch, answer)
    require(
        all(ends) and len(heard) == len(logged) and failed == 0 and len(play.stage.intake) == 0,
        f"the log should have {len(logged)} lines that end with {', '.join(logged)}, and no "
        "message should fail",
        heard,
    )


def run_transform_job(play: Play, environment: str) -> Inferred:
    """Let an environment's batch inference run what is live there, as a transform job."""
    account = play.stage.account_of(environment)
    version = current(play, environment)["version"]
    arn = play.registered[version].arn
    inferred = infer(play.stage.aws, arn, play.trained[version], environment, account=account)
    play.narrator.command(f"> SageMaker batch transform job {inferred.ran.job}")
    play.narrator.output(
        f"{inferred.batch.customers} customers scored with {MODEL} {version}, in account {account}"
    )
    return inferred


def run_pipeline(play: Play, environment: str, run: str) -> tuple[Batch, Mapping[str, str]]:
    """Let a pipeline that uses no transform job score with what is live, and store its reports.

    Args:
        play: The play.
        environment: Where it runs.
        run: What it calls the run.

    Returns:
        The batch, and the address of each file by its name.
    """
    account = play.stage.account_of(environment)
    version = current(play, environment)["version"]
    artifact = _registered_artifact(play, version)
    model = dataclasses.replace(play.trained[version], artifact=artifact)
    batch = run_batch(model, environment)
    bucket, s3 = f"acme-{environment}", play.stage.aws.backstage(account=account).s3
    ensure_bucket(s3, bucket, REGION)
    addresses = {}
    for name, content in batch.outputs(play.registered[version].arn).items():
        s3.put_object(Bucket=bucket, Key=f"{MODEL}/{run}/{name}", Body=content)
        addresses[name] = f"s3://{bucket}/{MODEL}/{run}/{name}"
    return batch, addresses


def _registered_artifact(play: Play, version: int) -> bytes:
    """The model file from where the registry says that it is."""
    (container,) = package(play, version)["InferenceSpecification"]["Containers"]
    bucket, _, key = container["ModelDataUrl"].removeprefix("s3://").partition("/")
    content: bytes = play.stage.aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    return content


def current(play: Play, environment: str) -> Mapping[str, Any]:
    """What Parameter Store holds there for inference to read."""
    name = f"/assent/{environment}/{MODEL}/current"
    text = play.stage.ssm(environment).get_parameter(Name=name)["Parameter"]["Value"]
    value: Mapping[str, Any] = json.loads(text)
    return value


def resolves_to(play: Play, environment: str, version: int) -> None:
    """Resolve as an inference pipeline does there, and look that it gives this version."""
    found = play.assent("resolve", MODEL, "--env", environment, where=environment)
    wanted = play.registered[version].arn
    require(found == wanted, f"`assent resolve` should print {wanted}", found)


def shows_live(play: Play, *cells: str) -> None:
    """Look at `assent status`: what it has to say of the model, the lowest environment first."""
    table = play.assent("status").splitlines()
    found = re.split(" {2,}", table[-1].strip())
    require(
        found == [MODEL, *cells],
        f"`assent status` should show {', '.join(cells)} for {MODEL}",
        table,
    )


def applies(play: Play, environment: str, version: int, *by: str) -> None:
    """Apply, and look that exactly this version became live, on its code owners' word."""
    said = play.assent("apply")
    require(f"{MODEL} {version} in {environment}" in said, f"{version} should be decided", said)
    found = current(play, environment)
    require(
        (found["version"], sorted(found["approved_by"])) == (version, sorted(by)),
        f"current should name {version}, approved by {' and '.join(by)}",
        (found["version"], found["approved_by"]),
    )
