"""Reports kept by their digest: one contract for memory and moto, and what S3 alone answers."""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.stub import Stubber

from assent.adapters.aws_session import AccessRefused, AwsFailed, AwsSession
from assent.adapters.evidence_store import DigestDiffers, S3EvidenceStore
from assent.adapters.memory import MemoryEvidenceStore, MemoryReports
from assent.adapters.s3 import S3Reports
from assent.core.errors import AssentError
from assent.ports import EvidenceStore, Reports, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONTENT = b'{"auc": 0.9}'
DIGEST = hashlib.sha256(CONTENT).hexdigest()
URI = f"s3://evidence/sha256/{DIGEST}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The store, and the port by which its files are read again."""

    store: EvidenceStore
    reports: Reports


@pytest.fixture(params=["memory", "moto"])
def scene(request: pytest.FixtureRequest, aws: AwsSession) -> Scene:
    if request.param == "memory":
        memory = MemoryReports()
        return Scene(store=MemoryEvidenceStore("evidence", memory), reports=memory)
    client = aws.s3()
    client.create_bucket(
        Bucket="evidence", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    return Scene(store=S3EvidenceStore(client, "evidence"), reports=S3Reports(client))


@pytest.fixture
def stub(unplugged: AwsSession) -> Iterator[Stubber]:
    with Stubber(unplugged.s3()) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.mark.parametrize(
    "content", [CONTENT, b"", b"\x00\xff" * 1000], ids=["json", "empty", "raw"]
)
def test_what_is_kept_can_be_read_at_its_address(scene: Scene, content: bytes) -> None:
    """The address is made of the digest, and holds the very bytes."""
    digest = hashlib.sha256(content).hexdigest()
    uri = scene.store.keep(content, digest)
    assert uri == f"s3://evidence/sha256/{digest}"
    assert scene.reports.read(uri, limit=5000).content == content


def test_keeping_a_file_twice_is_keeping_it_once(scene: Scene) -> None:
    """The second time gives the same address, and is no error."""
    assert scene.store.keep(CONTENT, DIGEST) == scene.store.keep(CONTENT, DIGEST) == URI
    assert scene.reports.read(URI, limit=100).content == CONTENT


@pytest.mark.parametrize(
    "store",
    [S3EvidenceStore(cast("S3Client", None), "evidence"), MemoryEvidenceStore("evidence")],
    ids=["real", "memory"],
)
@pytest.mark.parametrize(
    "sha256", ["", "0" * 64, DIGEST.upper(), f"sha256:{DIGEST}", f"../{DIGEST}", f"{DIGEST}\n"]
)
def test_a_digest_that_is_not_the_file_s_is_refused(store: EvidenceStore, sha256: str) -> None:
    """Nothing is stored under another file's digest, nor under another spelling of its own."""
    with pytest.raises(DigestDiffers, match=DIGEST) as raised:
        store.keep(CONTENT, sha256)
    assert raised.value.message.isprintable()


def test_what_is_there_is_left_alone(aws: AwsSession) -> None:
    """A file that is there is not written again: the bucket has one version of it."""
    client = aws.s3()
    client.create_bucket(
        Bucket="evidence", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    client.put_bucket_versioning(Bucket="evidence", VersioningConfiguration={"Status": "Enabled"})
    store = S3EvidenceStore(client, "evidence")
    for _ in range(2):
        store.keep(CONTENT, DIGEST)
    assert len(client.list_object_versions(Bucket="evidence")["Versions"]) == 1


def test_s3_is_told_what_should_arrive(stub: Stubber, unplugged: AwsSession) -> None:
    """The request holds the digest, which S3 compares, and the condition that nothing is there."""
    wanted: dict[str, Any] = {
        "Bucket": "evidence",
        "Key": f"sha256/{DIGEST}",
        "Body": CONTENT,
        "IfNoneMatch": "*",
        "ChecksumSHA256": base64.b64encode(bytes.fromhex(DIGEST)).decode(),
    }
    stub.add_response("put_object", {}, wanted)
    assert S3EvidenceStore(unplugged.s3(), "evidence").keep(CONTENT, DIGEST) == URI


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What S3 answers, and what it should become."""

    code: str
    status: int
    becomes: type[AssentError]
    words: str


@pytest.mark.parametrize(
    "refusal",
    [
        Refusal(code="ConditionalRequestConflict", status=409, becomes=Unavailable, words="now"),
        Refusal(code="SlowDown", status=503, becomes=Unavailable, words="now"),
        Refusal(code="AccessDenied", status=403, becomes=AccessRefused, words="s3:PutObject"),
        Refusal(code="NoSuchBucket", status=404, becomes=AwsFailed, words="no bucket 'evidence'"),
        Refusal(code="BadDigest", status=400, becomes=AwsFailed, words="BadDigest"),
    ],
    ids=lambda refusal: refusal.code,
)
def test_a_refusal_is_told_apart(stub: Stubber, unplugged: AwsSession, refusal: Refusal) -> None:
    """Only the condition that fails means that the file is there."""
    stub.add_client_error("put_object", "PreconditionFailed", "At least one did not hold", 412)
    stub.add_client_error("put_object", refusal.code, "S3 says so", refusal.status)
    store = S3EvidenceStore(unplugged.s3(), "evidence")
    assert store.keep(CONTENT, DIGEST) == URI
    with pytest.raises(AssentError, match=refusal.words) as raised:
        store.keep(CONTENT, DIGEST)
    assert type(raised.value) is refusal.becomes


def test_memory_tells_what_it_keeps() -> None:
    """The fake's state is there to be looked at."""
    store = MemoryEvidenceStore("evidence")
    store.keep(CONTENT, DIGEST)
    assert store.kept == {URI: CONTENT}
