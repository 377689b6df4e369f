"""One contract for each port, held by the fake in memory and by the adapter over moto."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

import pytest

from assent.adapters.aws_session import AwsSession
from assent.adapters.memory import MemoryParameters, MemoryRegistry, MemoryReports, SettableClock
from assent.adapters.parameter_store import ParameterStore, UnwritableParameter
from assent.adapters.s3 import S3Reports
from assent.adapters.sagemaker import SageMakerRegistry
from assent.adapters.system_clock import SystemClock
from assent.core.canonical import digest
from assent.core.names import PackageArn, parse_package_arn
from assent.core.package import (
    Artifact,
    Container,
    ModelVersion,
    Package,
    RegistryApproval,
    ReportSource,
)
from assent.core.parameters import MAX_VALUE_BYTES, Names
from assent.core.registry_fields import RegistryUpdate
from assent.core.reports import ReportKind
from assent.ports import Clock, Missing, NotThere, Parameters, Registry, Reports, TooLarge

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

IMPLEMENTATIONS = pytest.mark.parametrize("implementation", ["memory", "moto"])
ARN = parse_package_arn("arn:aws:sagemaker:eu-west-1:123456789012:model-package/churn/1")
NAMES = Names(prefix="/assent", environment="dev")


def register(client: "SageMakerClient") -> None:
    """Register churn 1 the way a training pipeline does."""
    client.create_model_package_group(ModelPackageGroupName="churn")
    client.create_model_package(
        ModelPackageGroupName="churn",
        ModelPackageDescription="Monthly\u2028churn",
        ModelApprovalStatus="PendingManualApproval",
        InferenceSpecification={
            "Containers": [
                {
                    "Image": "host:5000/xgboost:1.7",
                    "ImageDigest": "sha256:" + "a" * 64,
                    "ModelDataUrl": "s3://models/churn/1/model.tar.gz",
                }
            ],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
        ModelMetrics={
            "ModelQuality": {
                "Statistics": {
                    "ContentType": "application/json",
                    "S3Uri": "s3://models/churn/1/evaluation.json",
                }
            }
        },
        CustomerMetadataProperties={"team": "growth"},
    )


def described(arn: PackageArn) -> ModelVersion:
    """What describing churn 1 should give, but for who registered it and when."""
    return ModelVersion(
        arn=arn,
        package=Package(
            arn=arn.text,
            created=datetime(2026, 11, 22, 10, tzinfo=UTC),
            created_by=None,
            containers=(
                Container(
                    image="host:5000/xgboost@sha256:" + "a" * 64,
                    artifact=Artifact(uri="s3://models/churn/1/model.tar.gz"),
                ),
            ),
            specification=digest([{}]),
        ),
        status="Completed",
        approval=RegistryApproval.PENDING,
        metadata={"team": "growth"},
        reports=(
            ReportSource(kind=ReportKind.MODEL_QUALITY, uri="s3://models/churn/1/evaluation.json"),
        ),
        description="Monthly churn",
    )


@pytest.fixture
def registry(implementation: str, aws: AwsSession) -> Registry:
    """A registry that holds churn 1."""
    if implementation == "memory":
        return MemoryRegistry([described(ARN)])
    register(aws.sagemaker())
    return SageMakerRegistry(aws.sagemaker())


@pytest.fixture
def parameters(implementation: str, aws: AwsSession) -> Parameters:
    """A Parameter Store that holds nothing."""
    return MemoryParameters() if implementation == "memory" else ParameterStore(aws.ssm())


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Files in the bucket `models`."""

    reports: Reports
    put: Callable[[str, bytes], object]
    """Takes a key and the content."""
    keep_versions: Callable[[], object]
    """Lets each further `put` make a version."""
    put_with_checksum: Callable[[str, bytes], object]
    """As `put`, uploaded with the content's SHA-256."""


@pytest.fixture
def files(implementation: str, aws: AwsSession) -> Files:
    if implementation == "memory":
        return _memory_files()
    client = aws.s3()
    client.create_bucket(
        Bucket="models", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    return Files(
        reports=S3Reports(client),
        put=lambda key, content: client.put_object(Bucket="models", Key=key, Body=content),
        keep_versions=lambda: client.put_bucket_versioning(
            Bucket="models", VersioningConfiguration={"Status": "Enabled"}
        ),
        put_with_checksum=lambda key, content: client.put_object(
            Bucket="models", Key=key, Body=content, ChecksumAlgorithm="SHA256"
        ),
    )


def _memory_files() -> Files:
    memory, numbers, kept = MemoryReports(), count(1), list[bool]()

    def put(key: str, content: bytes, *, checksum: bool = False) -> None:
        version = f"v{next(numbers)}" if kept else None
        memory.put(f"s3://models/{key}", content, version_id=version, checksum=checksum)

    return Files(
        reports=memory,
        put=put,
        keep_versions=lambda: kept.append(True),
        put_with_checksum=lambda key, content: put(key, content, checksum=True),
    )


@IMPLEMENTATIONS
def test_a_registered_version_is_described(registry: Registry) -> None:
    """Package, approval, metadata and reports come out as they were registered."""
    seen = registry.describe(ARN)
    package = replace(seen.package, created=described(ARN).package.created, created_by=None)
    assert replace(seen, package=package) == described(ARN)
    assert seen.package.created.tzinfo is UTC
    assert seen.package.created.microsecond == 0


@IMPLEMENTATIONS
def test_everything_is_what_describing_one_by_one_gives(registry: Registry) -> None:
    """The pages of the whole registry say the same of a version as asking for it does."""
    assert list(registry.everything()) == [registry.describe(ARN)]


@IMPLEMENTATIONS
def test_an_unknown_version_is_not_there(registry: Registry) -> None:
    """Describing and updating a version that does not exist say so alike."""
    missing = parse_package_arn(ARN.text.replace("churn/1", "churn/2"))
    for ask in (
        lambda: registry.describe(missing),
        lambda: registry.update(RegistryUpdate(arn=missing, approval=RegistryApproval.APPROVED)),
    ):
        with pytest.raises(NotThere, match="no model package") as raised:
            ask()
        assert raised.value.hint


@IMPLEMENTATIONS
def test_an_update_shows_in_the_next_description(registry: Registry) -> None:
    """Approval, its description and the fields of an environment are there afterwards."""
    before = registry.describe(ARN)
    registry.update(
        RegistryUpdate(
            arn=ARN,
            approval=RegistryApproval.APPROVED,
            approval_description="Approved in dev by ana",
            metadata={"team": "growth", "dev": "Approved", "dev.by": "ana"},
        )
    )
    found = registry.describe(ARN)
    assert replace(found, written_by=None, written_at=None) == replace(
        before,
        approval=RegistryApproval.APPROVED,
        approval_description="Approved in dev by ana",
        metadata={"team": "growth", "dev": "Approved", "dev.by": "ana"},
    )


@IMPLEMENTATIONS
def test_what_is_written_is_read(parameters: Parameters) -> None:
    """A parameter holds what was written last; missing ones are left out, repeats come once."""
    parameters.write(NAMES.current("churn"), "first")
    parameters.write(NAMES.current("churn"), '{"second":"{ {ü"}')
    wanted = [NAMES.current("churn"), NAMES.applied, NAMES.current("churn")]
    assert parameters.read(wanted) == {NAMES.current("churn"): '{"second":"{ {ü"}'}
    assert parameters.read([]) == {}


@IMPLEMENTATIONS
def test_more_than_one_batch_of_parameters(parameters: Parameters) -> None:
    """Names and paths reach beyond the ten that one request takes."""
    names = [NAMES.history("churn", version) for version in range(1, 26)]
    for name in names:
        parameters.write(name, name.upper())
    expected = {name: name.upper() for name in names}
    assert parameters.read([*names, "/assent/dev/none"]) == expected
    assert dict(parameters.read_below("/assent/dev")) == expected


@IMPLEMENTATIONS
def test_below_a_path_means_within_it(parameters: Parameters) -> None:
    """Deeper parameters belong to a path; itself and others that begin alike do not."""
    for name in ("/assent/dev", "/assent/dev/applied", "/assent/dev/a/b/c", "/assent/devel/x"):
        parameters.write(name, "v")
    assert dict(parameters.read_below("/assent/dev")).keys() == {
        "/assent/dev/applied",
        "/assent/dev/a/b/c",
    }
    assert list(parameters.read_below("/assent/prod")) == []


@IMPLEMENTATIONS
@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("x" * (MAX_VALUE_BYTES + 1), "4097 bytes"),
        ("ü" * (MAX_VALUE_BYTES // 2 + 1), "4098 bytes"),
        ('{"a":"{{ssm:secret}}"}', "opening braces"),
        ("", "empty"),
    ],
)
def test_a_value_that_cannot_be_stored_is_refused(
    parameters: Parameters, value: str, why: str
) -> None:
    """Nothing is cut, and what was there stays."""
    parameters.write(NAMES.applied, "x" * MAX_VALUE_BYTES)
    with pytest.raises(UnwritableParameter, match=why):
        parameters.write(NAMES.applied, value)
    assert parameters.read([NAMES.applied]) == {NAMES.applied: "x" * MAX_VALUE_BYTES}


@IMPLEMENTATIONS
@pytest.mark.parametrize(
    "key",
    [
        "churn/1/evaluation.json",
        "with space/and+plus.json",
        "per%20cent/100%.json",
        "question?mark#hash.json",
        "ümlaut/模型.json",
        "dots..in/..names/a..b",
        "//double//slash",
        "'quotes\"and*stars",
    ],
)
def test_a_file_is_read_by_its_address(files: Files, key: str) -> None:
    """In `s3://` the key stands as it is, whatever characters it has; nothing is decoded."""
    files.put(key, b'{"auc": 0.9}')
    found = files.reports.read(f"s3://models/{key}", limit=100)
    assert (found.content, found.version_id) == (b'{"auc": 0.9}', None)
    facts = files.reports.facts(f"s3://models/{key}")
    assert (facts.bytes, facts.version_id) == (12, None)
    assert facts.etag == hashlib.md5(b'{"auc": 0.9}', usedforsecurity=False).hexdigest()


@IMPLEMENTATIONS
def test_the_https_address_names_the_same_file(files: Files) -> None:
    """Both https forms are understood, with the key's escapes undone."""
    files.put("churn/a b+%.json", b"same")
    for uri in (
        "https://models.s3.eu-west-1.amazonaws.com/churn/a%20b+%25.json",
        "https://s3.eu-west-1.amazonaws.com/models/churn/a%20b+%25.json",
        "https://models.s3.amazonaws.com/churn/a%20b%2B%25.json",
    ):
        assert files.reports.read(uri, limit=4).content == b"same"
        assert files.reports.facts(uri).bytes == 4


@IMPLEMENTATIONS
@pytest.mark.parametrize(("size", "limit"), [(0, 0), (10, 10), (100_000, 100_000)])
def test_a_file_of_the_largest_size_is_read(files: Files, size: int, limit: int) -> None:
    """The limit itself is allowed."""
    files.put("file", b"x" * size)
    assert files.reports.read("s3://models/file", limit=limit).content == b"x" * size


@IMPLEMENTATIONS
def test_each_version_of_a_file_can_be_read(files: Files) -> None:
    """An earlier one too, while it is kept; one that never was is surely missing."""
    files.keep_versions()
    files.put("file", b"first")
    first = files.reports.read("s3://models/file", limit=10)
    files.put("file", b"second")
    second = files.reports.read("s3://models/file", limit=10)
    assert (first.content, second.content) == (b"first", b"second")
    assert first.version_id != second.version_id
    for each in (first, second):
        assert each.version_id is not None
        assert files.reports.read("s3://models/file", limit=10, version_id=each.version_id) == each
    for version in (f"{first.version_id}x", "x"):
        with pytest.raises(Missing, match="no such version"):
            files.reports.read("s3://models/file", limit=10, version_id=version)
    with pytest.raises(TooLarge):
        files.reports.read("s3://models/file", limit=1, version_id=first.version_id)


@IMPLEMENTATIONS
def test_a_checksum_is_told_where_the_upload_had_one(files: Files) -> None:
    """The SHA-256 of the content, in hexadecimal; None where S3 was not given it."""
    files.put("plain", b"content")
    files.put_with_checksum("checked", b"content")
    assert files.reports.facts("s3://models/plain").sha256 is None
    facts = files.reports.facts("s3://models/checked")
    assert facts.sha256 == hashlib.sha256(b"content").hexdigest()


@IMPLEMENTATIONS
def test_a_file_above_the_limit_is_too_large(files: Files) -> None:
    """The error names both sizes."""
    files.put("file", b"x" * 11)
    with pytest.raises(TooLarge, match=r"s3://models/file.* 11 bytes; at most 10 "):
        files.reports.read("s3://models/file", limit=10)


@IMPLEMENTATIONS
@pytest.mark.parametrize(
    "uri", ["s3://models/missing", "s3://models/folder", "s3://models/folder/", "s3://../x", "x"]
)
def test_what_is_no_file_is_not_there(files: Files, uri: str) -> None:
    """Missing files, folders and addresses of nothing end alike, and the address is named."""
    files.put("folder/file", b"x")
    for ask in (lambda: files.reports.read(uri, limit=10), lambda: files.reports.facts(uri)):
        with pytest.raises(NotThere) as raised:
            ask()
        assert uri in raised.value.message


def test_clocks_tell_utc() -> None:
    """The machine's clock moves by itself, the settable one only when told."""
    clocks: list[Clock] = [SystemClock(), SettableClock()]
    assert [clock.now().utcoffset() for clock in clocks] == [timedelta(0), timedelta(0)]
    assert abs(SystemClock().now() - datetime.now(UTC)) < timedelta(minutes=1)
    clock = SettableClock(datetime(2026, 1, 1, tzinfo=UTC))
    clock.advance(timedelta(hours=24))
    assert clock.now() == clock.now() == datetime(2026, 1, 2, tzinfo=UTC)
    clock.set(datetime.fromisoformat("2026-03-01T01:00:00+01:00"))
    assert clock.now() == datetime(2026, 3, 1, tzinfo=UTC)
    assert clock.now().tzinfo is UTC


def test_the_registry_in_memory_merges_as_sagemaker_does() -> None:
    """What an update does not name stays; what it names changes, and is kept for inspection."""
    registry = MemoryRegistry([replace(described(ARN), life_cycle=("dev", "Approved"))])
    update = RegistryUpdate(arn=ARN, metadata={"dev": "Approved"})
    registry.update(update)
    seen = registry.describe(ARN)
    assert seen.metadata == {"team": "growth", "dev": "Approved"}
    assert (seen.approval, seen.life_cycle) == (RegistryApproval.PENDING, ("dev", "Approved"))
    assert registry.updates == [update]
    registry.delete(ARN)
    with pytest.raises(NotThere):
        registry.describe(ARN)


def test_reports_in_memory_can_change() -> None:
    """A file may be replaced by another version of it, and deleted."""
    reports = MemoryReports({"s3://models/a": b"old"})
    reports.put("s3://models/a", b"new", version_id="2")
    assert reports.read("s3://models/a", limit=3).version_id == "2"
    assert reports.facts("s3://models/a").version_id == "2"
    reports.delete("s3://models/a")
    with pytest.raises(NotThere):
        reports.facts("s3://models/a")
