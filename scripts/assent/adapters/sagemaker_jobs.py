"""SageMaker's batch transform and processing jobs, and the packages behind what they ran on."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from assent.adapters.aws_session import asking
from assent.core.names import NAME_PATTERN, InvalidName, PackageArn, parse_package_arn, shown
from assent.core.registry_fields import one_line
from assent.core.timestamps import to_seconds
from assent.ports import MonitoringRun, NotThere, TransformRun

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import (
        DescribeMonitoringScheduleResponseTypeDef,
        ProcessingOutputTypeDef,
    )

__all__ = ["MODEL_VARIABLE", "SageMakerJobs"]

MODEL_VARIABLE = "ASSENT_MODEL"
"""The variable of a processing job that names the model package group that it watches."""
_MAX_TEXT = 1024
"""SageMaker's own limit for reasons and exit messages."""
_KEEP = " Keep the model of a batch transform until its pull request is open."
# SageMaker names jobs, models, endpoints and schedules by the pattern of its packages' groups.
_NAME = re.compile(NAME_PATTERN, re.ASCII)
# Each of its services has its own way of saying so, under one code that also means other things.
_MISSING = re.compile(r"(?:could not|cannot|can't) find|does not exist|not found", re.IGNORECASE)


class SageMakerJobs:
    """The jobs of the account and region that the client speaks to.

    Free text comes out as one line, times as UTC in whole seconds. Addresses come out as they
    are: whoever reads them parses them.
    """

    def __init__(self, client: "SageMakerClient") -> None:
        self._client = client

    def transform(self, name: str, /) -> TransformRun:
        """A batch transform job by its name, with the packages of its model; two calls.

        Raises:
            NotThere: There is no such job, or its model is gone.
            Unavailable: SageMaker did not answer, or refused for now.
            AccessRefused: The principal may not describe the job or the model.
            CredentialsRefused: There are no usable credentials.
        """
        with _describing("sagemaker:DescribeTransformJob", "batch transform job", name):
            said = self._client.describe_transform_job(TransformJobName=name)
        resources = said["TransformResources"]
        return TransformRun(
            arn=said["TransformJobArn"],
            status=said["TransformJobStatus"],
            failure=_line(said.get("FailureReason")),
            model=said["ModelName"],
            packages=self._packages(said["ModelName"]),
            started=_time(said.get("TransformStartTime")),
            ended=_time(said.get("TransformEndTime")),
            instance_type=resources["InstanceType"],
            instances=resources["InstanceCount"],
            output=said.get("TransformOutput", {}).get("S3OutputPath", ""),
        )

    def monitoring(self, name: str, /) -> MonitoringRun:
        """A processing job by its name, with what it watches; up to four calls and one a variant.

        Where the schedule, the endpoint or a model on the way to the packages is gone, the
        packages are unknown and left out.

        Raises:
            NotThere: There is no such job.
            Unavailable: SageMaker did not answer, or refused for now.
            AccessRefused: The principal may not describe the job, or what it watches.
            CredentialsRefused: There are no usable credentials.
        """
        with _describing("sagemaker:DescribeProcessingJob", "processing job", name):
            said = self._client.describe_processing_job(ProcessingJobName=name)
        packages = self._watched(said.get("MonitoringScheduleArn", ""))
        return MonitoringRun(
            arn=said["ProcessingJobArn"],
            status=said["ProcessingJobStatus"],
            exit_message=_line(said.get("ExitMessage")),
            model=_named(said.get("Environment", {})) or _only_model(packages),
            packages=packages,
            ended=_time(said.get("ProcessingEndTime")),
            outputs=_addresses(said.get("ProcessingOutputConfig", {}).get("Outputs", [])),
        )

    def _watched(self, schedule: str) -> tuple[PackageArn, ...]:
        """The packages behind the endpoint of a schedule, given by its ARN; empty for none."""
        if not schedule:
            return ()
        try:
            endpoint = self._endpoint(schedule.rpartition("/")[2])
            if endpoint is None:
                return ()
            models = self._models(endpoint)
            # One missing model leaves all of them out: the others alone would look like all.
            return _distinct(arn for model in models for arn in self._packages(model))
        except NotThere:
            return ()

    def _endpoint(self, schedule: str) -> str | None:
        """The endpoint that a schedule watches; None for one that watches batch transforms."""
        with _describing("sagemaker:DescribeMonitoringSchedule", "monitoring schedule", schedule):
            said = self._client.describe_monitoring_schedule(MonitoringScheduleName=schedule)
        return said.get("EndpointName") or _inline_endpoint(said)

    def _models(self, endpoint: str) -> tuple[str, ...]:
        """The models of an endpoint's production variants."""
        with _describing("sagemaker:DescribeEndpoint", "endpoint", endpoint):
            config = self._client.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
        with _describing("sagemaker:DescribeEndpointConfig", "endpoint configuration", config):
            said = self._client.describe_endpoint_config(EndpointConfigName=config)
        # A variant of inference components names no model.
        names = (variant.get("ModelName", "") for variant in said["ProductionVariants"])
        return tuple(dict.fromkeys(filter(None, names)))

    def _packages(self, model: str) -> tuple[PackageArn, ...]:
        """The versioned packages that a model was made from."""
        with _describing("sagemaker:DescribeModel", "model", model):
            said = self._client.describe_model(ModelName=model)
        containers = [said.get("PrimaryContainer", {}), *said.get("Containers", [])]
        found = (_package(each.get("ModelPackageName", "")) for each in containers)
        return _distinct(filter(None, found))


@contextmanager
def _describing(action: str, kind: str, name: str) -> Iterator[None]:
    """Refuse a name that nothing can have, and tell what is missing from what went wrong."""
    if _NAME.fullmatch(name) is None:
        raise NotThere(
            f"SageMaker has no {kind} {shown(name)}: it is no name of one",
            hint="Names are letters, digits and inner hyphens, at most 63 of them.",
        )
    with asking(action, name):
        try:
            yield
        except ClientError as error:
            if _is_missing(error):
                raise NotThere(
                    f"SageMaker has no {kind} {shown(name)}",
                    hint="It was deleted, or lies in another account or region than the one asked."
                    + (_KEEP if kind == "model" else ""),
                ) from error
            raise


def _is_missing(error: ClientError) -> bool:
    details = error.response.get("Error", {})
    code, message = details.get("Code", ""), details.get("Message", "")
    return code in {"ResourceNotFound", "ResourceNotFoundException"} or (
        code == "ValidationException" and _MISSING.search(message) is not None
    )


def _inline_endpoint(said: "DescribeMonitoringScheduleResponseTypeDef") -> str | None:
    """The endpoint that the schedule's own job definition names, if it has one."""
    definition = said["MonitoringScheduleConfig"].get("MonitoringJobDefinition")
    for each in definition.get("MonitoringInputs", []) if definition else []:
        watched = each.get("EndpointInput")
        if watched:
            return watched["EndpointName"]
    return None


def _package(name: str) -> PackageArn | None:
    """The versioned package of that name; an unversioned one is nobody's promotion."""
    try:
        return parse_package_arn(name)
    except InvalidName:
        return None


def _distinct(arns: Iterable[PackageArn]) -> tuple[PackageArn, ...]:
    return tuple(dict.fromkeys(arns))


def _named(environment: Mapping[str, str]) -> str | None:
    """The model that the job's environment names; what is no model's name says nothing."""
    name = environment.get(MODEL_VARIABLE, "")
    return name if _NAME.fullmatch(name) else None


def _only_model(packages: Iterable[PackageArn]) -> str | None:
    models = {arn.model for arn in packages}
    return models.pop() if len(models) == 1 else None


def _addresses(outputs: "Iterable[ProcessingOutputTypeDef]") -> tuple[str, ...]:
    written = (each.get("S3Output") for each in outputs)
    return tuple(place["S3Uri"] for place in written if place)


def _time(time: "datetime | None") -> "datetime | None":
    return None if time is None else to_seconds(time)


def _line(text: str | None) -> str:
    return one_line(text or "", _MAX_TEXT)
