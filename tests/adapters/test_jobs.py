"""What describing a batch transform or a monitoring run says, and what it was run on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.stub import Stubber

from assent.adapters.aws_session import AccessRefused, AwsFailed, AwsSession
from assent.adapters.memory import MemoryJobs
from assent.adapters.sagemaker_jobs import SageMakerJobs
from assent.core.errors import AssentError
from assent.core.names import parse_package_arn
from assent.ports import Jobs, MonitoringRun, NotThere, TransformRun, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

HERE = "arn:aws:sagemaker:eu-west-1:111122223333"
CHURN_7 = parse_package_arn(f"{HERE}:model-package/churn/7")
CHURN_8 = parse_package_arn(f"{HERE}:model-package/churn/8")
SCALER_2 = parse_package_arn(f"{HERE}:model-package/scaler/2")
SCHEDULE = f"{HERE}:monitoring-schedule/churn-daily"
START = datetime(2026, 11, 22, 10, tzinfo=UTC)
LOCAL = timezone(timedelta(hours=2))
HOSTILE_NAMES = [
    "",
    "-a",
    "a-",
    "a" * 64,
    "a\n",
    "a/b",
    "a b",
    "ä",
    "a;b",
    "../x",
    "a\x1b[2J",
    f"{HERE}:transform-job/a",
]
MISSING = [
    ("ValidationException", "Could not find requested job with name: churn-2026-11-22"),
    ("ValidationException", f'Could not find model "{HERE}:model/churn-7".'),
    ("ValidationException", "Requested resource not found."),
    ("ValidationException", "Cannot find what was asked for"),
    ("ValidationException", "The job does not exist."),
    ("ResourceNotFound", "Monitoring Schedule churn-daily not found"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What SageMaker answers, and what it should become."""

    code: str
    becomes: type[AssentError]
    status: int = 400

    def answers(self, stub: Stubber, operation: str) -> None:
        """Let the next call fail so."""
        stub.add_client_error(operation, self.code, "1 validation error detected", self.status)


REFUSED = pytest.mark.parametrize(
    "refusal",
    [
        Refusal(code="ThrottlingException", becomes=Unavailable),
        Refusal(code="InternalFailure", becomes=Unavailable, status=500),
        Refusal(code="AccessDeniedException", becomes=AccessRefused),
        Refusal(code="ValidationException", becomes=AwsFailed),
    ],
    ids=lambda refusal: refusal.code,
)


@pytest.fixture
def stub(unplugged: AwsSession) -> Iterator[Stubber]:
    with Stubber(unplugged.sagemaker()) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def jobs(unplugged: AwsSession) -> SageMakerJobs:
    return SageMakerJobs(unplugged.sagemaker())


def transform_job(**fields: object) -> dict[str, Any]:
    """The least that SageMaker says of a batch transform, and more."""
    return {
        "TransformJobName": "churn-2026-11-22",
        "TransformJobArn": f"{HERE}:transform-job/churn-2026-11-22",
        "TransformJobStatus": "Completed",
        "ModelName": "churn-7",
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/in"}}
        },
        "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 3},
        "CreationTime": START,
        **fields,
    }


def processing_job(**fields: object) -> dict[str, Any]:
    """The least that SageMaker says of a processing job, and more."""
    return {
        "ProcessingJobName": "churn-monitor",
        "ProcessingJobArn": f"{HERE}:processing-job/churn-monitor",
        "ProcessingJobStatus": "Completed",
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceCount": 1,
                "InstanceType": "ml.m5.xlarge",
                "VolumeSizeInGB": 20,
            }
        },
        "AppSpecification": {"ImageUri": "monitor"},
        "CreationTime": START,
        **fields,
    }


def model(*packages: str | None, primary: str | None = None) -> dict[str, Any]:
    """A model of one container, or of several, each of a package, or of plain files for None."""
    said: dict[str, Any] = {"ModelName": "m", "ModelArn": f"{HERE}:model/m", "CreationTime": START}
    if primary is not None:
        said["PrimaryContainer"] = {"ModelPackageName": primary}
    if packages:
        said["Containers"] = [
            {"ModelPackageName": each} if each else {"Image": "host/image"} for each in packages
        ]
    return said


def schedule(
    endpoint: str | None = "churn", *, inline: dict[str, Any] | None = None
) -> dict[str, Any]:
    """A monitoring schedule of an endpoint; or one that only its job's definition names."""
    said: dict[str, Any] = {
        "MonitoringScheduleArn": SCHEDULE,
        "MonitoringScheduleName": "churn-daily",
        "MonitoringScheduleStatus": "Scheduled",
        "CreationTime": START,
        "LastModifiedTime": START,
        "MonitoringScheduleConfig": {},
    }
    if endpoint:
        said["EndpointName"] = endpoint
    if inline is not None:
        said["MonitoringScheduleConfig"]["MonitoringJobDefinition"] = {
            "MonitoringInputs": [inline],
            "MonitoringOutputConfig": {
                "MonitoringOutputs": [
                    {"S3Output": {"S3Uri": "s3://m/1", "LocalPath": "/opt/ml/processing/out"}}
                ]
            },
            "MonitoringResources": {
                "ClusterConfig": {
                    "InstanceCount": 1,
                    "InstanceType": "ml.m5.xlarge",
                    "VolumeSizeInGB": 20,
                }
            },
            "MonitoringAppSpecification": {"ImageUri": "monitor"},
            "RoleArn": "arn:aws:iam::111122223333:role/monitor",
        }
    return said


def endpoint() -> dict[str, Any]:
    """An endpoint."""
    return {
        "EndpointName": "churn",
        "EndpointArn": f"{HERE}:endpoint/churn",
        "EndpointConfigName": "churn-config",
        "EndpointStatus": "InService",
        "CreationTime": START,
        "LastModifiedTime": START,
    }


def configuration(*models: str | None) -> dict[str, Any]:
    """What an endpoint runs, one variant of each model; None is one of inference components."""
    return {
        "EndpointConfigName": "churn-config",
        "EndpointConfigArn": f"{HERE}:endpoint-config/churn-config",
        "ProductionVariants": [
            {"VariantName": f"v{number}"} | ({"ModelName": name} if name else {})
            for number, name in enumerate(models)
        ],
        "CreationTime": START,
    }


def watched(stub: Stubber, *models: str | None) -> None:
    """Answer for a scheduled job, its schedule, its endpoint and what that runs."""
    stub.add_response("describe_processing_job", processing_job(MonitoringScheduleArn=SCHEDULE))
    stub.add_response(
        "describe_monitoring_schedule", schedule(), {"MonitoringScheduleName": "churn-daily"}
    )
    stub.add_response("describe_endpoint", endpoint(), {"EndpointName": "churn"})
    stub.add_response(
        "describe_endpoint_config",
        configuration(*models),
        {"EndpointConfigName": "churn-config"},
    )


def test_a_transform_tells_of_its_run(stub: Stubber, jobs: SageMakerJobs) -> None:
    """Status, times, instances, output and the model's package come out of two calls."""
    stub.add_response(
        "describe_transform_job",
        transform_job(
            TransformStartTime=datetime(2026, 11, 22, 12, 0, 0, 900000, tzinfo=LOCAL),
            TransformEndTime=datetime(2026, 11, 22, 12, 10, 7, 999000, tzinfo=LOCAL),
            TransformOutput={"S3OutputPath": "s3://batch/out/churn"},
        ),
        {"TransformJobName": "churn-2026-11-22"},
    )
    stub.add_response("describe_model", model(primary=CHURN_7.text), {"ModelName": "churn-7"})
    assert jobs.transform("churn-2026-11-22") == TransformRun(
        arn=f"{HERE}:transform-job/churn-2026-11-22",
        status="Completed",
        failure="",
        model="churn-7",
        packages=(CHURN_7,),
        started=datetime(2026, 11, 22, 10, 0, 0, tzinfo=UTC),
        ended=datetime(2026, 11, 22, 10, 10, 7, tzinfo=UTC),
        instance_type="ml.m5.xlarge",
        instances=3,
        output="s3://batch/out/churn",
    )


def test_a_failed_transform_says_why_on_one_line(stub: Stubber, jobs: SageMakerJobs) -> None:
    """The reason comes from containers and users: no line break or escape survives in it."""
    stub.add_response(
        "describe_transform_job",
        transform_job(
            TransformJobStatus="Failed", FailureReason="ClientError:\n::error::\x1b[2J" + "x" * 2000
        ),
    )
    stub.add_response("describe_model", model())
    run = jobs.transform("churn-2026-11-22")
    assert (run.status, run.started, run.ended, run.output) == ("Failed", None, None, "")
    assert run.failure.startswith("ClientError: ::error:: [2Jxxx")
    assert run.failure.isprintable()
    assert len(run.failure) == 1024


@pytest.mark.parametrize(
    ("said", "packages"),
    [
        (model(), ()),
        (model(primary="churn"), ()),
        (model(primary=f"{HERE}:model-package/churn"), ()),
        (model(primary="churn/7"), ()),
        (model(primary=f"{HERE}:endpoint/churn/7"), ()),
        (model(None, None), ()),
        (model(SCALER_2.text, CHURN_7.text), (SCALER_2, CHURN_7)),
        (model(CHURN_7.text, None, CHURN_7.text), (CHURN_7,)),
        (model(CHURN_7.text, primary=CHURN_8.text), (CHURN_8, CHURN_7)),
    ],
)
def test_the_packages_of_a_model(
    stub: Stubber, jobs: SageMakerJobs, said: dict[str, Any], packages: Sequence[object]
) -> None:
    """Every container's versioned package, each once and in order; all else is none."""
    stub.add_response("describe_transform_job", transform_job())
    stub.add_response("describe_model", said)
    assert jobs.transform("churn-2026-11-22").packages == packages


@pytest.mark.parametrize("name", HOSTILE_NAMES)
@pytest.mark.parametrize(
    "jobs", [SageMakerJobs(cast("SageMakerClient", None)), MemoryJobs()], ids=["real", "memory"]
)
def test_a_name_of_no_job_is_not_asked_for(jobs: Jobs, name: str) -> None:
    """What no job can be called is missing without a request, and is quoted safely."""
    for ask in (jobs.transform, jobs.monitoring):
        with pytest.raises(NotThere) as raised:
            ask(name)
        assert raised.value.message.isprintable()
        assert raised.value.message.isascii()


@pytest.mark.parametrize(("code", "message"), MISSING)
def test_a_missing_job_is_told_from_an_error(
    stub: Stubber, jobs: SageMakerJobs, code: str, message: str
) -> None:
    """However SageMaker words it, a job that does not exist is NotThere."""
    stub.add_client_error("describe_transform_job", code, message, 400)
    stub.add_client_error("describe_processing_job", code, message, 400)
    with pytest.raises(NotThere, match="no batch transform job 'churn'"):
        jobs.transform("churn")
    with pytest.raises(NotThere, match="no processing job 'churn'"):
        jobs.monitoring("churn")


def test_a_transform_whose_model_is_gone(stub: Stubber, jobs: SageMakerJobs) -> None:
    """Nothing tells then which package it ran, and the advice says how to avoid it."""
    stub.add_response("describe_transform_job", transform_job())
    stub.add_client_error("describe_model", *MISSING[1], 400)
    with pytest.raises(NotThere, match="no model 'churn-7'") as raised:
        jobs.transform("churn-2026-11-22")
    assert "Keep the model" in raised.value.hint


@REFUSED
def test_what_could_not_be_read_is_no_answer(
    stub: Stubber, jobs: SageMakerJobs, refusal: Refusal
) -> None:
    """An outage or a refusal at any call is neither a missing job nor a model of no package."""
    for operation in ("describe_transform_job", "describe_processing_job"):
        refusal.answers(stub, operation)
    for ask in (jobs.transform, jobs.monitoring):
        with pytest.raises(refusal.becomes):
            ask("churn")
    stub.add_response("describe_transform_job", transform_job())
    refusal.answers(stub, "describe_model")
    with pytest.raises(refusal.becomes):
        jobs.transform("churn-2026-11-22")


def test_a_monitoring_run_of_its_own(stub: Stubber, jobs: SageMakerJobs) -> None:
    """A job without a schedule says by its environment what it watches; one call tells all."""
    stub.add_response(
        "describe_processing_job",
        processing_job(
            ExitMessage="CompletedWithViolations: Job completed\nwith 3 violations",
            ProcessingEndTime=datetime(2026, 11, 22, 12, 0, 7, 999000, tzinfo=LOCAL),
            Environment={"ASSENT_MODEL": "churn", "other": "x"},
            ProcessingOutputConfig={
                "Outputs": [
                    {
                        "OutputName": "result",
                        "S3Output": {"S3Uri": "s3://m/1", "S3UploadMode": "EndOfJob"},
                    },
                    {"OutputName": "features", "FeatureStoreOutput": {"FeatureGroupName": "f"}},
                    {
                        "OutputName": "more",
                        "S3Output": {"S3Uri": "s3://m/2", "S3UploadMode": "EndOfJob"},
                    },
                ]
            },
        ),
        {"ProcessingJobName": "churn-monitor"},
    )
    assert jobs.monitoring("churn-monitor") == MonitoringRun(
        arn=f"{HERE}:processing-job/churn-monitor",
        status="Completed",
        exit_message="CompletedWithViolations: Job completed with 3 violations",
        model="churn",
        packages=(),
        ended=datetime(2026, 11, 22, 10, 0, 7, tzinfo=UTC),
        outputs=("s3://m/1", "s3://m/2"),
    )


@pytest.mark.parametrize("name", ["", "-churn", "churn\n", "a" * 64, "@team", "churn/7"])
def test_a_name_of_no_model_in_the_environment_says_nothing(
    stub: Stubber, jobs: SageMakerJobs, name: str
) -> None:
    """The variable is anybody's text: what no package group can be called is ignored."""
    stub.add_response("describe_processing_job", processing_job(Environment={"ASSENT_MODEL": name}))
    run = jobs.monitoring("churn-monitor")
    assert (run.model, run.ended, run.outputs, run.exit_message) == (None, None, (), "")


def test_a_schedule_leads_to_the_packages(stub: Stubber, jobs: SageMakerJobs) -> None:
    """Schedule, endpoint, its configuration and each model are described, and tell the model."""
    watched(stub, "a", None, "b", "a")
    stub.add_response("describe_model", model(primary=CHURN_7.text), {"ModelName": "a"})
    stub.add_response("describe_model", model(CHURN_8.text, CHURN_7.text), {"ModelName": "b"})
    run = jobs.monitoring("churn-monitor")
    assert run.packages == (CHURN_7, CHURN_8)
    assert run.model == "churn"


def test_packages_of_different_models_name_no_model(stub: Stubber, jobs: SageMakerJobs) -> None:
    """Where an endpoint runs two models, only the job's environment could say which is watched."""
    watched(stub, "a")
    stub.add_response("describe_model", model(SCALER_2.text, CHURN_7.text))
    run = jobs.monitoring("churn-monitor")
    assert (run.model, run.packages) == (None, (SCALER_2, CHURN_7))


@pytest.mark.parametrize(
    ("inline", "packages"),
    [
        (
            {"EndpointInput": {"EndpointName": "churn", "LocalPath": "/opt/ml/processing/in"}},
            (CHURN_7,),
        ),
        (
            {
                "BatchTransformInput": {
                    "DataCapturedDestinationS3Uri": "s3://b/captured",
                    "DatasetFormat": {"Csv": {"Header": True}},
                    "LocalPath": "/opt/ml/processing/in",
                }
            },
            (),
        ),
        (None, ()),
    ],
    ids=["endpoint", "batch", "nothing"],
)
def test_a_schedule_without_an_endpoint_of_its_own(
    stub: Stubber,
    jobs: SageMakerJobs,
    inline: dict[str, Any] | None,
    packages: Sequence[object],
) -> None:
    """The endpoint of its job's definition counts; a batch transform leads to no package."""
    stub.add_response("describe_processing_job", processing_job(MonitoringScheduleArn=SCHEDULE))
    stub.add_response("describe_monitoring_schedule", schedule(None, inline=inline))
    if packages:
        stub.add_response("describe_endpoint", endpoint(), {"EndpointName": "churn"})
        stub.add_response("describe_endpoint_config", configuration("a"))
        stub.add_response("describe_model", model(primary=CHURN_7.text))
    assert jobs.monitoring("churn-monitor").packages == packages


LINKS = (
    "describe_monitoring_schedule",
    "describe_endpoint",
    "describe_endpoint_config",
    "describe_model",
    "describe_model",
)


def chain_up_to(stub: Stubber, links: int) -> None:
    """Answer for a scheduled job and the first few links of what follows."""
    stub.add_response("describe_processing_job", processing_job(MonitoringScheduleArn=SCHEDULE))
    answers = (
        schedule(),
        endpoint(),
        configuration("a", "b"),
        model(primary=CHURN_7.text),
    )
    for operation, answer in zip(LINKS[:links], answers, strict=False):
        stub.add_response(operation, answer)


@pytest.mark.parametrize("link", range(len(LINKS)))
@pytest.mark.parametrize(("code", "message"), [MISSING[0], MISSING[-1]])
def test_a_chain_with_a_missing_link_leads_nowhere(
    stub: Stubber, jobs: SageMakerJobs, link: int, code: str, message: str
) -> None:
    """What was deleted since is no error; with one model missing, the others are not all."""
    chain_up_to(stub, link)
    stub.add_client_error(LINKS[link], code, message, 400)
    run = jobs.monitoring("churn-monitor")
    assert (run.packages, run.model) == ((), None)


@pytest.mark.parametrize("link", range(len(LINKS)))
@REFUSED
def test_a_chain_that_could_not_be_followed_is_an_error(
    stub: Stubber, jobs: SageMakerJobs, link: int, refusal: Refusal
) -> None:
    """An outage or a refusal on the way does not look like an endpoint of no package."""
    chain_up_to(stub, link)
    refusal.answers(stub, LINKS[link])
    with pytest.raises(refusal.becomes):
        jobs.monitoring("churn-monitor")


def test_a_schedule_of_no_name_is_not_asked_for(stub: Stubber, jobs: SageMakerJobs) -> None:
    """An ARN that ends in no schedule's name leads to no package, and to no request."""
    stub.add_response("describe_processing_job", processing_job(MonitoringScheduleArn="arn:x/y z"))
    assert jobs.monitoring("churn-monitor").packages == ()


def test_moto_says_what_sagemaker_says(aws: AwsSession) -> None:
    """A job, a model and their absence look alike when they come through HTTP."""
    client = aws.sagemaker()
    client.create_model(
        ModelName="churn-7",
        PrimaryContainer={"ModelPackageName": CHURN_7.text},
        ExecutionRoleArn="arn:aws:iam::123456789012:role/run",
    )
    for job, name in (("churn-1", "churn-7"), ("churn-2", "deleted")):
        client.create_transform_job(
            TransformJobName=job,
            ModelName=name,
            TransformInput={
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/in"}}
            },
            TransformOutput={"S3OutputPath": "s3://b/out"},
            TransformResources={"InstanceType": "ml.m5.xlarge", "InstanceCount": 2},
        )
    jobs = SageMakerJobs(client)
    run = jobs.transform("churn-1")
    assert (run.status, run.model, run.packages) == ("Completed", "churn-7", (CHURN_7,))
    assert (run.instance_type, run.instances, run.output) == ("ml.m5.xlarge", 2, "s3://b/out")
    assert run.ended is not None
    assert (run.ended.tzinfo, run.ended.microsecond) == (UTC, 0)
    for ask, name in (
        (jobs.transform, "churn-2"),
        (jobs.transform, "churn-3"),
        (jobs.monitoring, "churn-3"),
    ):
        with pytest.raises(NotThere):
            ask(name)


def test_memory_says_what_it_was_told(stub: Stubber, jobs: SageMakerJobs) -> None:
    """The fake gives back runs by name, each kind of job apart from the other."""
    stub.add_response("describe_transform_job", transform_job())
    stub.add_response("describe_model", model())
    stub.add_response("describe_processing_job", processing_job())
    transform, monitoring = jobs.transform("churn-2026-11-22"), jobs.monitoring("churn-monitor")
    memory = MemoryJobs(transforms={"a": transform}, monitorings={"b": monitoring})
    assert (memory.transform("a"), memory.monitoring("b")) == (transform, monitoring)
    with pytest.raises(NotThere):
        memory.transform("b")
    with pytest.raises(NotThere):
        memory.monitoring("a")
