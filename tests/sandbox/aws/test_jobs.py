"""SageMaker's models, jobs and monitoring schedules as the service keeps them."""

import datetime as dt
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.sagemaker.exceptions import SagemakerClientError

from assent.sandbox.aws import (
    AwsSandbox,
    Ending,
    monitor,
    processing_event,
    register,
    transform,
    transform_event,
)

HERE = "arn:aws:sagemaker:eu-west-1:111122223333:"
UAT = "222233334444"
ENDED = dt.datetime(2026, 11, 22, 10, 7, 30, tzinfo=dt.UTC)


def start(aws: AwsSandbox, name: str = "churn-1-dev") -> None:
    """Start a transform job through the API alone."""
    aws.sagemaker.create_transform_job(
        TransformJobName=name,
        ModelName="churn-1",
        TransformInput={
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://a"}}
        },
        TransformOutput={"S3OutputPath": "s3://acme/out"},
        TransformResources={"InstanceType": "ml.m5.xlarge", "InstanceCount": 3},
    )


@pytest.fixture
def arn(aws: AwsSandbox) -> str:
    """A version with a model made from it."""
    made = register(aws).arn
    aws.sagemaker.create_model(
        ModelName="churn-1",
        PrimaryContainer={"ModelPackageName": made},
        ExecutionRoleArn="arn:aws:iam::111122223333:role/inference",
    )
    return made


def refused(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    said = error.value.response["Error"]
    return said["Code"], said["Message"]


def test_a_model_leads_back_to_its_package(aws: AwsSandbox, arn: str) -> None:
    """A description names the package, and nothing that was not given."""
    found: Any = aws.sagemaker.describe_model(ModelName="churn-1")
    assert found["PrimaryContainer"] == {"ModelPackageName": arn}
    assert "Containers" not in found
    assert found["EnableNetworkIsolation"] is False
    pipeline = [{"ModelPackageName": arn}, {"Image": "scaler", "ModelDataUrl": "s3://a/b"}]
    aws.sagemaker.create_model(
        ModelName="pipeline",
        Containers=pipeline,  # type: ignore[arg-type]
        EnableNetworkIsolation=True,
    )
    described: Any = aws.sagemaker.describe_model(ModelName="pipeline")
    assert described["Containers"] == pipeline
    assert "PrimaryContainer" not in described
    assert described["EnableNetworkIsolation"] is True


def test_a_model_of_another_accounts_package_is_made(aws: AwsSandbox, arn: str) -> None:
    """An environment's account makes models from the registry's packages."""
    ran = transform(aws, arn, "uat", outputs={}, account=UAT)
    uat = aws.backstage(account=UAT).sagemaker
    assert uat.describe_model(ModelName=ran.job)["PrimaryContainer"]["ModelPackageName"] == arn
    with pytest.raises(ClientError, match="Could not find requested job with name"):
        aws.sagemaker.describe_transform_job(TransformJobName=ran.job)


@pytest.mark.usefixtures("arn")
def test_a_name_is_given_once(aws: AwsSandbox) -> None:
    """A second model, job or schedule of a name is refused, and the first stays."""
    start(aws)
    with pytest.raises(ClientError) as caught:
        aws.sagemaker.create_model(ModelName="churn-1", PrimaryContainer={"Image": "other"})
    assert refused(caught) == (
        "ValidationException",
        f'Cannot create already existing model "{HERE}model/churn-1".',
    )
    with pytest.raises(ClientError) as caught:
        start(aws)
    assert refused(caught)[0] == "ResourceInUse"
    ran = monitor(aws, "dev", outputs={}, model="churn", job="watch")
    with pytest.raises(ClientError, match="ResourceInUse"):
        monitor(aws, "dev", outputs={}, model="churn", job=ran.job)
    assert "Image" not in aws.sagemaker.describe_model(ModelName="churn-1")["PrimaryContainer"]


def test_a_schedule_is_made_once(aws: AwsSandbox, arn: str) -> None:
    """A schedule can be described until it is deleted, and its name is taken until then."""
    ran = monitor(aws, "dev", outputs={}, package=arn)
    client = aws.sagemaker
    found: Any = client.describe_monitoring_schedule(MonitoringScheduleName=ran.job)
    assert found["EndpointName"] == ran.job
    assert found["MonitoringScheduleStatus"] == "Scheduled"
    assert found["MonitoringType"] == "DataQuality"
    with pytest.raises(ClientError, match="ResourceInUse"):
        client.create_monitoring_schedule(
            MonitoringScheduleName=ran.job,
            MonitoringScheduleConfig=found["MonitoringScheduleConfig"],
        )
    client.delete_monitoring_schedule(MonitoringScheduleName=ran.job)
    with pytest.raises(client.exceptions.ResourceNotFound, match=f"{ran.job} not found"):
        client.describe_monitoring_schedule(MonitoringScheduleName=ran.job)


@pytest.mark.parametrize(
    ("operation", "member", "code", "message"),
    [
        (
            "describe_model",
            "ModelName",
            "ValidationException",
            f'Could not find model "{HERE}model/nope".',
        ),
        (
            "describe_endpoint",
            "EndpointName",
            "ValidationException",
            f'Could not find endpoint "{HERE}endpoint/nope".',
        ),
        (
            "describe_endpoint_config",
            "EndpointConfigName",
            "ValidationException",
            f'Could not find endpoint configuration "{HERE}endpoint-config/nope".',
        ),
        (
            "describe_transform_job",
            "TransformJobName",
            "ValidationException",
            "Could not find requested job with name: nope",
        ),
        (
            "describe_processing_job",
            "ProcessingJobName",
            "ValidationException",
            "Could not find requested job with name: nope",
        ),
        (
            "describe_monitoring_schedule",
            "MonitoringScheduleName",
            "ResourceNotFound",
            f"Monitoring Schedule {HERE}monitoring-schedule/nope not found",
        ),
    ],
)
def test_what_is_not_there_is_said_in_sagemakers_words(
    aws: AwsSandbox, operation: str, member: str, code: str, message: str
) -> None:
    """Each kind of thing has its own error for a name that nothing has."""
    with pytest.raises(ClientError) as caught:
        getattr(aws.sagemaker, operation)(**{member: "nope"})
    assert refused(caught) == (code, message)


def test_a_job_needs_its_model_and_a_model_its_package(aws: AwsSandbox) -> None:
    """Neither is made from what does not exist."""
    with pytest.raises(ClientError, match=r'Could not find model ".*:model/churn-1"'):
        start(aws)
    with pytest.raises(ClientError, match=r"ModelPackage .*churn/7 does not exist"):
        aws.sagemaker.create_model(
            ModelName="churn-7",
            PrimaryContainer={"ModelPackageName": f"{HERE}model-package/churn/7"},
        )


@pytest.mark.usefixtures("arn")
def test_a_transform_job_runs_until_it_is_ended(aws: AwsSandbox) -> None:
    """It begins in progress without an end; then its description and event say how it ended."""
    start(aws)
    before: Any = aws.sagemaker.describe_transform_job(TransformJobName="churn-1-dev")
    assert before["TransformJobStatus"] == "InProgress"
    assert not {"TransformStartTime", "TransformEndTime", "FailureReason"} & before.keys()
    ending = Ending(
        status="Failed", ended=ENDED, lasted=dt.timedelta(seconds=90), failure="no disk left"
    )
    event = aws.finish_transform_job("churn-1-dev", ending)
    after: Any = aws.sagemaker.describe_transform_job(TransformJobName="churn-1-dev")
    assert after["TransformJobStatus"] == "Failed"
    assert after["FailureReason"] == "no disk left"
    assert after["TransformEndTime"] == ENDED
    assert after["TransformEndTime"] - after["TransformStartTime"] == dt.timedelta(seconds=90)
    assert after["CreationTime"] <= after["TransformStartTime"]
    assert event["id"] != transform_event(after)["id"]
    assert event | {"id": ""} == transform_event(after) | {"id": ""}
    assert event["detail-type"] == "SageMaker Transform Job State Change"
    assert (event["account"], event["region"]) == ("111122223333", "eu-west-1")
    assert event["resources"] == [after["TransformJobArn"]]
    assert event["time"] == event["detail"]["TransformEndTime"] == "2026-11-22T10:07:30Z"
    assert event["detail"]["TransformStartTime"] == "2026-11-22T10:06:00Z"
    assert event["detail"]["TransformResources"]["InstanceCount"] == 3
    assert (event["detail"]["Environment"], event["detail"]["Tags"]) == ({}, {})


@pytest.mark.usefixtures("arn")
@pytest.mark.parametrize("status", ["InProgress", "Stopping"])
def test_a_job_that_is_not_over_has_no_end(aws: AwsSandbox, status: str) -> None:
    """A job may be left running; its event then tells of no end."""
    start(aws)
    event = aws.finish_transform_job("churn-1-dev", Ending(status=status))
    assert event["detail"]["TransformJobStatus"] == status
    assert "TransformEndTime" not in event["detail"]
    assert "TransformStartTime" in event["detail"]


@pytest.mark.usefixtures("arn")
def test_no_job_ends_in_the_future(aws: AwsSandbox) -> None:
    """Unless told otherwise a job ended when it was created through the API, and began before."""
    start(aws)
    created = aws.sagemaker.describe_transform_job(TransformJobName="churn-1-dev")["CreationTime"]
    aws.finish_transform_job("churn-1-dev")
    found = aws.sagemaker.describe_transform_job(TransformJobName="churn-1-dev")
    assert found["TransformEndTime"] == created
    assert created - found["CreationTime"] == dt.timedelta(minutes=5)


def test_ending_what_never_began_is_an_error(aws: AwsSandbox) -> None:
    """A job of another name, or in another account, is not ended."""
    for finish in (aws.finish_transform_job, aws.finish_processing_job):
        with pytest.raises(SagemakerClientError, match="Could not find requested job"):
            finish("churn-1-dev", account=UAT)


def test_a_monitoring_run_says_what_it_found_and_what_it_watched(aws: AwsSandbox, arn: str) -> None:
    """Its description and event have the last word, the schedule, and times in milliseconds."""
    ran = monitor(
        aws,
        "dev",
        package=arn,
        outputs={"constraint_violations.json": b'{"violations": [{"feature_name": "age"}]}'},
        ending=Ending(ended=ENDED, lasted=dt.timedelta(minutes=2)),
    )
    found: Any = aws.sagemaker.describe_processing_job(ProcessingJobName=ran.job)
    assert found["ExitMessage"] == (
        "CompletedWithViolations: Job completed successfully with 1 violations."
    )
    assert found["ProcessingJobStatus"] == "Completed"
    assert found["ProcessingEndTime"] == ENDED
    assert found["Environment"] == {"dataset_format": "csv"}
    assert found["ProcessingResources"]["ClusterConfig"]["InstanceCount"] == 1
    event = ran.event
    assert event | {"id": ""} == processing_event(found) | {"id": ""}
    assert event["detail-type"] == "SageMaker Processing Job State Change"
    assert event["time"] == "2026-11-22T10:07:30Z"
    detail = event["detail"]
    assert detail["ExitMessage"] == found["ExitMessage"]
    assert detail["ProcessingEndTime"] == round(ENDED.timestamp() * 1000)
    assert detail["ProcessingEndTime"] - detail["ProcessingStartTime"] == 120_000
    client = aws.sagemaker
    schedule = found["MonitoringScheduleArn"].rpartition("/")[2]
    endpoint = client.describe_monitoring_schedule(MonitoringScheduleName=schedule)["EndpointName"]
    config = client.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    [variant] = client.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
    model = client.describe_model(ModelName=variant["ModelName"])
    assert model["PrimaryContainer"]["ModelPackageName"] == arn


def test_a_run_without_a_schedule_names_its_model(aws: AwsSandbox) -> None:
    """A pipeline's own run says in its environment which model it is about, and finds nothing."""
    ran = monitor(
        aws, "dev", model="churn", outputs={"constraint_violations.json": b'{"violations": []}'}
    )
    detail = ran.event["detail"]
    assert detail["Environment"]["ASSENT_MODEL"] == "churn"
    assert detail["ExitMessage"] == "Completed: Job completed successfully with no violations."
    assert "MonitoringScheduleArn" not in detail


def test_a_transform_leaves_its_files_and_no_trace(aws: AwsSandbox) -> None:
    """Input and outputs are where the job says, versioned unless told otherwise; uncounted."""
    made = register(aws).arn
    ran = transform(aws, made, "dev", outputs={"metrics.json": b"{}"}, records=b"7,8\n")
    bucket, _, prefix = ran.output.removeprefix("s3://").partition("/")
    stored = aws.s3.get_object(Bucket=bucket, Key=f"{prefix}/metrics.json")
    assert stored["Body"].read() == b"{}"
    assert "VersionId" in stored
    source = ran.event["detail"]["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
    key = source.removeprefix(f"s3://{bucket}/") + "/customers.csv"
    assert aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"7,8\n"
    assert ran.event["detail"]["TransformOutput"]["S3OutputPath"] == ran.output
    assert ran.job.startswith("churn-1-")
    assert ran.job.endswith("-dev")
    plain = transform(
        aws, [], "dev", outputs={"metrics.json": b"{}"}, bucket="plain", versioned=False
    )
    key = f"{plain.output.removeprefix('s3://plain/')}/metrics.json"
    assert "VersionId" not in aws.s3.head_object(Bucket="plain", Key=key)
    model = aws.sagemaker.describe_model(ModelName=plain.job)
    assert "ModelPackageName" not in model["PrimaryContainer"]
    assert aws.ledger.count() == 0


def test_the_longest_model_name_leaves_room_for_the_jobs(aws: AwsSandbox) -> None:
    """A job's name is at most 63 characters and still says which environment it ran in."""
    group = "a" * 63
    ran = transform(aws, [register(aws, group=group).arn] * 2, "staging", outputs={})
    assert len(ran.job) == 63
    assert ran.job.endswith("-staging")
    assert len(aws.sagemaker.describe_model(ModelName=ran.job)["Containers"]) == 2
