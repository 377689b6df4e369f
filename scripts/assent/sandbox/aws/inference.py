"""What inference leaves behind: a batch transform, or a Model Monitor run, with its files in S3."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assent.sandbox.aws.clients import Backstage
from assent.sandbox.aws.jobs import Ending
from assent.sandbox.aws.server import AwsSandbox
from assent.sandbox.aws.training import ensure_bucket

__all__ = ["Ran", "monitor", "transform"]

_ROLE = "arn:aws:iam::{account}:role/inference"
_IMAGE = "{account}.dkr.ecr.{region}.amazonaws.com/sagemaker-model-monitor-analyzer:latest"
_VIOLATIONS = "constraint_violations.json"
_LONGEST = 63
"""Characters of a job's or model's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A job, over unless it was left running."""

    job: str
    """Its name."""
    arn: str
    output: str
    """The S3 address below which its files are, without a slash at its end."""
    event: dict[str, Any]
    """The EventBridge event that SageMaker sends about it; ``AwsSandbox.emit`` sends it."""


def transform(
    sandbox: AwsSandbox,
    package: str | Sequence[str],
    environment: str,
    *,
    outputs: Mapping[str, bytes],
    records: bytes = b"1,2,3\n",
    account: str | None = None,
    region: str | None = None,
    job: str | None = None,
    bucket: str | None = None,
    versioned: bool = True,
    instances: int = 1,
    ending: Ending | None = None,
) -> Ran:
    """Run a batch transform of a registered version the way an inference pipeline does.

    It makes a model from the package, starts the job, lets it write its files, and ends it. The
    calls do not appear in the ledger and no interceptor sees them.

    Args:
        sandbox: A running one.
        package: The model package's ARN; several for an inference pipeline of containers, none
            for a model of plain files.
        environment: Where: the end of the job's name, and the folder of its files.
        outputs: Files by their path below the output.
        records: What is scored: the input file.
        account: Whose the job, the model and the bucket are; the registry's unless given.
        region: Where they are.
        job: The job's and the model's name; ``<model>-<version>-<random>-<environment>`` unless
            given.
        bucket: Where the files go; created when missing.
        versioned: Whether a bucket that is created keeps versions.
        instances: How many instances it ran on.
        ending: How the job ends; completed after five minutes unless given.
    """
    stage = sandbox.backstage(account=account, region=region)
    packages = [package] if isinstance(package, str) else list(package)
    name = job or _name(packages[0] if packages else "model/files/1", environment)
    folder = f"s3://{bucket or _bucket(stage)}/{environment}/{name}"
    place = _Folder(stage, folder, versioned=versioned)
    place.put("in/customers.csv", records)
    _create_model(stage, name, packages)
    arn = stage.sagemaker.create_transform_job(
        TransformJobName=name,
        ModelName=name,
        MaxConcurrentTransforms=1,
        MaxPayloadInMB=6,
        BatchStrategy="MultiRecord",
        TransformInput={
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"{folder}/in"}},
            "ContentType": "text/csv",
            "CompressionType": "None",
            "SplitType": "Line",
        },
        TransformOutput={
            "S3OutputPath": f"{folder}/out",
            "Accept": "text/csv",
            "AssembleWith": "Line",
        },
        TransformResources={"InstanceType": "ml.m5.xlarge", "InstanceCount": instances},
    )["TransformJobArn"]
    for path, content in outputs.items():
        place.put(f"out/{path}", content)
    event = sandbox.finish_transform_job(name, ending, account=stage.account, region=stage.region)
    return Ran(job=name, arn=arn, output=f"{folder}/out", event=event)


def monitor(
    sandbox: AwsSandbox,
    environment: str,
    *,
    outputs: Mapping[str, bytes],
    package: str | None = None,
    model: str | None = None,
    account: str | None = None,
    region: str | None = None,
    job: str | None = None,
    bucket: str | None = None,
    exit_message: str | None = None,
    ending: Ending | None = None,
) -> Ran:
    """Run Model Monitor, as a schedule for an endpoint does, or a pipeline by itself.

    Args:
        sandbox: A running one.
        environment: Where: the end of the job's name, and the folder of its files.
        outputs: Files by their path below the output; ``constraint_violations.json`` counts.
        package: The ARN of the version behind an endpoint that a schedule watches; both are
            created. Without it no schedule started the job.
        model: ``ASSENT_MODEL`` in the job's environment.
        account: Whose the job and the bucket are; the registry's unless given.
        region: Where they are.
        job: The job's name; random unless given.
        bucket: Where the files go; created, with versioning, when missing.
        exit_message: The container's last word; what Model Monitor says of these violations
            unless given.
        ending: How the job ends; completed after five minutes unless given.
    """
    stage = sandbox.backstage(account=account, region=region)
    name = job or _name(package or f"model/{model or 'monitoring'}/1", environment)
    folder = f"s3://{bucket or _bucket(stage)}/{environment}/{name}"
    place = _Folder(stage, folder)
    schedule = _watch(stage, name, package) if package is not None else None
    arn = stage.sagemaker.create_processing_job(
        ProcessingJobName=name,
        ProcessingResources={"ClusterConfig": _cluster()},
        AppSpecification={"ImageUri": _IMAGE.format(account=stage.account, region=stage.region)},
        Environment={"dataset_format": "csv", **({"ASSENT_MODEL": model} if model else {})},
        ProcessingOutputConfig={
            "Outputs": [
                {
                    "OutputName": "monitoring_output",
                    "S3Output": {
                        "S3Uri": f"{folder}/out",
                        "LocalPath": "/opt/ml/processing/output",
                        "S3UploadMode": "Continuous",
                    },
                }
            ]
        },
        RoleArn=_ROLE.format(account=stage.account),
    )["ProcessingJobArn"]
    for path, content in outputs.items():
        place.put(f"out/{path}", content)
    event = sandbox.finish_processing_job(
        name,
        ending,
        exit_message=_said(outputs) if exit_message is None else exit_message,
        schedule=schedule,
        account=stage.account,
        region=stage.region,
    )
    return Ran(job=name, arn=arn, output=f"{folder}/out", event=event)


def _said(outputs: Mapping[str, bytes]) -> str:
    found = json.loads(outputs.get(_VIOLATIONS, b'{"violations": []}'))["violations"]
    if found:
        return f"CompletedWithViolations: Job completed successfully with {len(found)} violations."
    return "Completed: Job completed successfully with no violations."


class _Folder:
    def __init__(self, stage: Backstage, address: str, *, versioned: bool = True) -> None:
        self._s3 = stage.s3
        self._bucket, _, self._prefix = address.removeprefix("s3://").partition("/")
        ensure_bucket(self._s3, self._bucket, stage.region, versioned=versioned)

    def put(self, path: str, content: bytes) -> None:
        self._s3.put_object(Bucket=self._bucket, Key=f"{self._prefix}/{path}", Body=content)


def _bucket(stage: Backstage) -> str:
    return f"acme-inference-{stage.account}-{stage.region}"


def _name(package: str, environment: str) -> str:
    _, model, version = package.rsplit("/", 2)
    tail = f"-{version}-{secrets.token_hex(4)}-{environment}"
    return model[: _LONGEST - len(tail)] + tail


def _create_model(stage: Backstage, name: str, packages: Sequence[str]) -> None:
    role = _ROLE.format(account=stage.account)
    client = stage.sagemaker
    if not packages:
        image = f"{stage.account}.dkr.ecr.{stage.region}.amazonaws.com/churn:1.7-1"
        client.create_model(
            ModelName=name, PrimaryContainer={"Image": image}, ExecutionRoleArn=role
        )
    elif len(packages) == 1:
        client.create_model(
            ModelName=name,
            PrimaryContainer={"ModelPackageName": packages[0]},
            ExecutionRoleArn=role,
        )
    else:
        client.create_model(
            ModelName=name,
            Containers=[{"ModelPackageName": each} for each in packages],
            ExecutionRoleArn=role,
        )


def _cluster() -> Any:  # noqa: ANN401  # the two calls that take it name its type differently
    return {"InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 20}


def _watch(stage: Backstage, name: str, package: str) -> str:
    """Put a version behind an endpoint, and a schedule onto that; returns the schedule's ARN."""
    client = stage.sagemaker
    _create_model(stage, name, [package])
    client.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[
            {
                "VariantName": "all",
                "ModelName": name,
                "InstanceType": "ml.m5.xlarge",
                "InitialInstanceCount": 1,
            }
        ],
    )
    client.create_endpoint(EndpointName=name, EndpointConfigName=name)
    answer = client.create_monitoring_schedule(
        MonitoringScheduleName=name,
        MonitoringScheduleConfig={
            "MonitoringType": "DataQuality",
            "MonitoringJobDefinition": {
                "MonitoringInputs": [
                    {
                        "EndpointInput": {
                            "EndpointName": name,
                            "LocalPath": "/opt/ml/processing/input",
                        }
                    }
                ],
                "MonitoringOutputConfig": {
                    "MonitoringOutputs": [
                        {
                            "S3Output": {
                                "S3Uri": f"s3://{_bucket(stage)}/monitoring",
                                "LocalPath": "/opt/ml/processing/output",
                            }
                        }
                    ]
                },
                "MonitoringResources": {"ClusterConfig": _cluster()},
                "MonitoringAppSpecification": {
                    "ImageUri": _IMAGE.format(account=stage.account, region=stage.region)
                },
                "RoleArn": _ROLE.format(account=stage.account),
            },
        },
    )
    return answer["MonitoringScheduleArn"]
