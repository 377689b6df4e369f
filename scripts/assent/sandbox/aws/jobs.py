"""Corrections to moto's models, jobs and monitoring, each with what SageMaker really does.

moto ends a job in the call that starts it, and forgets half of what the call said. Here a job
stays in progress until ``finish_transform_job`` or ``finish_processing_job`` ends it, as the
service would, with the status, the times and the reason that it is told.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.exceptions import SagemakerClientError, ValidationError
from moto.sagemaker.models import Model, SageMakerModelBackend, sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse
from moto.sagemaker.utils import arn_formatter

from assent.sandbox.aws.events import present
from assent.sandbox.aws.model_package import invalid
from assent.sandbox.aws.registry import Correction, package

__all__ = ["Ending", "corrections", "finish_processing_job", "finish_transform_job"]

_SCHEDULES = "assent_monitoring_schedules"

_original_create_model = SageMakerResponse.create_model
_original_create_transform_job = SageMakerResponse.create_transform_job
_original_create_processing_job = SageMakerResponse.create_processing_job
_original_describe_endpoint = SageMakerResponse.describe_endpoint
_original_describe_endpoint_config = SageMakerResponse.describe_endpoint_config


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a job ends."""

    status: str = "Completed"
    """Completed, Failed or Stopped; InProgress and Stopping leave it running."""
    ended: dt.datetime | None = None
    """None for when it was created, so that no job ends in the future."""
    lasted: dt.timedelta = dt.timedelta(minutes=5)
    """From its start to its end; it was created when it started, or before."""
    failure: str | None = None
    """``FailureReason``."""


def corrections() -> Iterator[Correction]:
    """List what is to be replaced."""
    for operation, method in _METHODS.items():
        yield SageMakerResponse, method, operation


def finish_transform_job(account: str, region: str, name: str, ending: Ending) -> dict[str, Any]:
    """End a transform job, and return what ``DescribeTransformJob`` says of it from now on.

    Raises:
        SagemakerClientError: There is no such job.
    """
    backend = sagemaker_backends[account][region]
    job = _known(backend.transform_jobs, name)
    _end(job, ending, status="transform_job_status", prefix="transform")
    return _described(job, "TransformJobArn")


def finish_processing_job(
    account: str,
    region: str,
    name: str,
    ending: Ending,
    *,
    exit_message: str | None = None,
    schedule: str | None = None,
) -> dict[str, Any]:
    """End a processing job, and return what ``DescribeProcessingJob`` says of it from now on.

    Args:
        account: The account that it runs in.
        region: The region that it runs in.
        name: Its name.
        ending: How it ends.
        exit_message: What its container left as its last word.
        schedule: The ARN of the monitoring schedule that started it.

    Raises:
        SagemakerClientError: There is no such job.
    """
    backend = sagemaker_backends[account][region]
    job = _known(backend.processing_jobs, name)
    _end(job, ending, status="processing_job_status", prefix="processing")
    vars(job).update(exit_message=exit_message, monitoring_schedule_arn=schedule)
    return _described(job, "ProcessingJobArn")


def _end(job: object, ending: Ending, *, status: str, prefix: str) -> None:
    attributes = vars(job)
    created: dt.datetime = attributes["creation_time"]
    ended = created if ending.ended is None else _naive(ending.ended)
    started = ended - ending.lasted
    over = ending.status in {"Completed", "Failed", "Stopped"}
    attributes.update(
        {
            status: ending.status,
            f"{prefix}_start_time": started,
            f"{prefix}_end_time": ended if over else None,
            "creation_time": min(created, started),
            "last_modified_time": ended if over else started,
            "failure_reason": ending.failure,
        }
    )


def _naive(moment: dt.datetime) -> dt.datetime:
    """Write a time as moto has it: in UTC, without saying so."""
    return moment.astimezone(dt.UTC).replace(tzinfo=None)


def _create_model(self: SageMakerResponse) -> ActionResult:
    # SageMaker refuses a second model of the same name and a package that is not there; moto
    # replaces the first, and takes any text for a package.
    name: str = self._get_param("ModelName")
    backend = self.sagemaker_backend
    if name in backend._models:  # noqa: SLF001  # moto lists models, but has no look-up
        arn = _arn(backend, "model", name)
        raise invalid(f'Cannot create already existing model "{arn}".')
    primary = self._get_param("PrimaryContainer")
    for container in [*([primary] if primary else []), *(self._get_param("Containers") or [])]:
        if "ModelPackageName" in container:
            package(self.current_account, self.region, container["ModelPackageName"])
    answer = _original_create_model(self)
    isolated = bool(self._get_param("EnableNetworkIsolation"))
    vars(_model(backend, name)).update(enable_network_isolation=isolated)
    return answer


def _describe_model(self: SageMakerResponse) -> ActionResult:
    found = _model(self.sagemaker_backend, self._get_param("ModelName"))
    return ActionResult(_described(found, "ModelArn"))


def _model(backend: SageMakerModelBackend, name: str) -> Model:
    try:
        return backend.describe_model(name)
    except ValidationError:
        # As SageMaker words it, with double quotes.
        raise invalid(f'Could not find model "{_arn(backend, "model", name)}".') from None


def _create_transform_job(self: SageMakerResponse) -> ActionResult:
    # SageMaker wants a model that exists and a name that no job ever had; moto neither.
    backend = self.sagemaker_backend
    name: str = self._get_param("TransformJobName")
    _model(backend, self._get_param("ModelName"))
    _require_new(backend.transform_jobs, name)
    answer = _original_create_transform_job(self)
    _begin(backend.transform_jobs[name], status="transform_job_status", prefix="transform")
    return answer


def _describe_transform_job(self: SageMakerResponse) -> ActionResult:
    jobs = self.sagemaker_backend.transform_jobs
    return ActionResult(
        _described(_known(jobs, self._get_param("TransformJobName")), "TransformJobArn")
    )


def _create_processing_job(self: SageMakerResponse) -> ActionResult:
    # moto takes a name twice, and drops the environment and the instances.
    backend = self.sagemaker_backend
    name: str = self._get_param("ProcessingJobName")
    _require_new(backend.processing_jobs, name)
    answer = _original_create_processing_job(self)
    job = backend.processing_jobs[name]
    _begin(job, status="processing_job_status", prefix="processing")
    vars(job).update(
        environment=self._get_param("Environment"),
        processing_resources=self._get_param("ProcessingResources"),
    )
    return answer


def _describe_processing_job(self: SageMakerResponse) -> ActionResult:
    jobs = self.sagemaker_backend.processing_jobs
    return ActionResult(
        _described(_known(jobs, self._get_param("ProcessingJobName")), "ProcessingJobArn")
    )


def _begin(job: object, *, status: str, prefix: str) -> None:
    # moto's jobs are over at once, without having taken any time.
    vars(job).update(
        {status: "InProgress", f"{prefix}_start_time": None, f"{prefix}_end_time": None}
    )


def _describe_endpoint(self: SageMakerResponse) -> ActionResult:
    return _worded(_original_describe_endpoint, self)


def _describe_endpoint_config(self: SageMakerResponse) -> ActionResult:
    return _worded(_original_describe_endpoint_config, self)


def _worded(
    original: Callable[[SageMakerResponse], ActionResult], response: SageMakerResponse
) -> ActionResult:
    try:
        return original(response)
    except ValidationError as error:
        # As SageMaker words it, with double quotes.
        raise invalid(str(error.message).replace("'", '"')) from None


# moto does not know monitoring schedules. They start no jobs here; what a schedule is for is that
# a processing job can be traced to what it watches.


def _create_monitoring_schedule(self: SageMakerResponse) -> ActionResult:
    backend = self.sagemaker_backend
    name: str = self._get_param("MonitoringScheduleName")
    settings: dict[str, Any] = self._get_param("MonitoringScheduleConfig")
    schedules = _schedules(backend)
    if name in schedules:
        raise SagemakerClientError(
            "ResourceInUse",
            f"Monitoring Schedule {schedules[name]['MonitoringScheduleArn']} already exists.",
        )
    now = present()
    schedules[name] = {
        "MonitoringScheduleArn": _arn(backend, "monitoring-schedule", name),
        "MonitoringScheduleName": name,
        "MonitoringScheduleStatus": "Scheduled",
        "MonitoringType": settings.get("MonitoringType", "DataQuality"),
        "CreationTime": now,
        "LastModifiedTime": now,
        "MonitoringScheduleConfig": settings,
        "EndpointName": _watched(settings),
    }
    return ActionResult({"MonitoringScheduleArn": schedules[name]["MonitoringScheduleArn"]})


def _describe_monitoring_schedule(self: SageMakerResponse) -> ActionResult:
    return ActionResult(_schedule(self))


def _delete_monitoring_schedule(self: SageMakerResponse) -> EmptyResult:
    found = _schedule(self)
    del _schedules(self.sagemaker_backend)[found["MonitoringScheduleName"]]
    return EmptyResult()


def _schedule(response: SageMakerResponse) -> dict[str, Any]:
    backend = response.sagemaker_backend
    name: str = response._get_param("MonitoringScheduleName")  # noqa: SLF001  # as its own methods do
    found = _schedules(backend).get(name)
    if found is None:
        arn = _arn(backend, "monitoring-schedule", name)
        raise SagemakerClientError("ResourceNotFound", f"Monitoring Schedule {arn} not found")
    return {key: value for key, value in found.items() if value is not None}


def _schedules(backend: SageMakerModelBackend) -> dict[str, dict[str, Any]]:
    """The schedules of an account and region; they go when moto resets its backend."""
    schedules: dict[str, dict[str, Any]] = vars(backend).setdefault(_SCHEDULES, {})
    return schedules


def _watched(settings: Mapping[str, Any]) -> str | None:
    """The endpoint that an inline job definition watches, if it watches one."""
    inputs = settings.get("MonitoringJobDefinition", {}).get("MonitoringInputs", [])
    named = (each["EndpointInput"]["EndpointName"] for each in inputs if "EndpointInput" in each)
    return next(named, None)


_METHODS: dict[Callable[..., Any], str] = {
    _create_model: "create_model",
    _describe_model: "describe_model",
    _create_transform_job: "create_transform_job",
    _describe_transform_job: "describe_transform_job",
    _create_processing_job: "create_processing_job",
    _describe_processing_job: "describe_processing_job",
    _describe_endpoint: "describe_endpoint",
    _describe_endpoint_config: "describe_endpoint_config",
    _create_monitoring_schedule: "create_monitoring_schedule",
    _describe_monitoring_schedule: "describe_monitoring_schedule",
    _delete_monitoring_schedule: "delete_monitoring_schedule",
}


def _described(resource: Any, arn: str) -> dict[str, Any]:  # noqa: ANN401  # one of moto's
    """Describe a resource as SageMaker does: without what it was not given."""
    fields: dict[str, Any] = resource.gen_response_object()
    fields[arn] = fields.pop("Arn")
    return {name: value for name, value in fields.items() if value not in (None, "", {}, [])}


def _known(jobs: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401  # one of moto's
    if name not in jobs:
        raise invalid(f"Could not find requested job with name: {name}")
    return jobs[name]


def _require_new(jobs: Mapping[str, Any], name: str) -> None:
    if name in jobs:
        raise SagemakerClientError(
            "ResourceInUse",
            "Job name must be unique within an AWS account and region, and a job with this name "
            f"already exists ({jobs[name].arn})",
        )


def _arn(backend: SageMakerModelBackend, kind: str, name: str) -> str:
    arn: str = arn_formatter(kind, name, backend.account_id, backend.region_name)
    return arn
