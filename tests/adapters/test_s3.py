"""Addresses of files in S3, and what S3 answers."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from assent.adapters.aws_session import AwsFailed, AwsSession, CredentialsRefused
from assent.adapters.s3 import InvalidUri, Location, S3Reports, parse_uri
from assent.core.errors import AssentError
from assent.ports import Missing, NotThere, TooLarge, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

URI = "s3://models/churn/1/evaluation.json"
LONGEST = "k" * 1024


@pytest.fixture
def stub(unplugged: AwsSession) -> Iterator[Stubber]:
    with Stubber(unplugged.s3()) as stubber:
        yield stubber


@pytest.fixture
def reports(unplugged: AwsSession) -> S3Reports:
    return S3Reports(unplugged.s3())


class Source(BytesIO):
    """A body that tells how much of it was read, and that it was closed."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Read at most a few bytes at a time, as a network does."""
        part = super().read(min(size, 7) if size is not None and size >= 0 else 7)
        self.taken += len(part)
        return part


@pytest.mark.parametrize(
    ("uri", "bucket", "key"),
    [
        ("s3://models/churn/1.json", "models", "churn/1.json"),
        ("s3://my.models-1/a", "my.models-1", "a"),
        ("s3://models/a b+c%20d?e#f", "models", "a b+c%20d?e#f"),
        ("s3://models//a//", "models", "/a//"),
        ("s3://models/a..b/...", "models", "a..b/..."),
        ("s3://models/模型/ü", "models", "模型/ü"),
        (f"s3://models/{LONGEST}", "models", LONGEST),
        ("https://models.s3.amazonaws.com/a", "models", "a"),
        ("https://models.s3.eu-west-1.amazonaws.com/a/b", "models", "a/b"),
        ("https://models.s3-eu-west-1.amazonaws.com/a", "models", "a"),
        ("https://models.s3.dualstack.eu-west-1.amazonaws.com/a", "models", "a"),
        ("https://models.s3.cn-north-1.amazonaws.com.cn/a", "models", "a"),
        ("https://models.s3.us-gov-west-1.amazonaws.com/a", "models", "a"),
        ("https://my.s3.models.s3.eu-west-1.amazonaws.com/a", "my.s3.models", "a"),
        ("https://s3.amazonaws.com/models/a", "models", "a"),
        ("https://s3.eu-west-1.amazonaws.com/models/a/b", "models", "a/b"),
        ("https://s3-eu-west-1.amazonaws.com/models/a", "models", "a"),
        ("https://models.s3.amazonaws.com/a%20b+c%25%C3%BC%2Fd", "models", "a b+c%ü/d"),
    ],
)
def test_an_address_is_taken_apart(uri: str, bucket: str, key: str) -> None:
    """Both spellings give the bucket and the key; only https has escapes to undo."""
    assert parse_uri(uri) == Location(bucket, key)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "models/a",
        "file:///etc/passwd",
        "http://models.s3.amazonaws.com/a",
        "https://example.com/models/a",
        "https://models.s3.amazonaws.com.example.com/a",
        "https://example.com/models.s3.amazonaws.com/a",
        "https://models.s3.amazonaws.com@example.com/a",
        "https://user@models.s3.amazonaws.com/a",
        "https://models.s3.amazonaws.com:8443/a",
        "https://models.s3.amazonaws.com/a?versionId=1",
        "https://models.s3.amazonaws.com/a#b",
        "https://models.s3.amazonaws.com/",
        "https://models.s3.amazonaws.com/a%2",
        "https://models.s3.amazonaws.com/a%zz",
        "https://models.s3.amazonaws.com/%ff",
        "https://models.s3.amazonaws.com/%2e%2e/other/a",
        "https://models.s3.amazonaws.com/a%0d%0aX-Header:b",
        "https://models.s3-website-eu-west-1.amazonaws.com/a",
        "https://models.s3-accesspoint.eu-west-1.amazonaws.com/a",
        "https://s3.eu-west-1.amazonaws.com/models",
        "https://models.sqs.eu-west-1.amazonaws.com/a",
        "S3://models/a",
        "s3://models",
        "s3://models/",
        "s3:///a",
        "s3://Models/a",
        "s3://m/a",
        "s3://a..b/a",
        "s3://arn:aws:s3:eu-west-1:111122223333:accesspoint/x/a",
        "s3://models@example.com/a",
        "s3://models/../other/a",
        "s3://models/a/./b",
        "s3://models/a/..",
        "s3://models/a\nb",
        "s3://models/a\n",
        "s3://models/a\x00",
        "s3://models/a\x85b",
        "s3://models/a\u2028b",
        "s3://models/\ud800",
        " s3://models/a",
        f"s3://models/{LONGEST}k",
        "s3://models/" + "ü" * 513,
    ],
)
def test_a_hostile_address_is_refused(uri: str) -> None:
    """What is no address of a file is refused before anything is sent, and quoted safely."""
    reports = S3Reports(cast("S3Client", None))
    for ask in (lambda: reports.read(uri, limit=10), lambda: reports.facts(uri)):
        with pytest.raises(InvalidUri) as raised:
            ask()
        assert raised.value.message.isprintable()
        assert raised.value.message.isascii()


def test_a_versioned_bucket_tells_the_version(aws: AwsSession) -> None:
    """The version is that of the newest content; what was written before versioning has none."""
    client = aws.s3()
    client.create_bucket(
        Bucket="models", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    client.put_object(Bucket="models", Key="old", Body=b"old")
    client.put_bucket_versioning(Bucket="models", VersioningConfiguration={"Status": "Enabled"})
    written = client.put_object(Bucket="models", Key="new", Body=b"new")["VersionId"]
    reports = S3Reports(client)
    assert reports.read("s3://models/new", limit=10).version_id == written
    assert reports.facts("s3://models/new").version_id == written
    assert reports.facts("s3://models/old").version_id is None
    client.delete_object(Bucket="models", Key="new")
    with pytest.raises(NotThere):
        reports.read("s3://models/new", limit=10)


def test_a_version_called_null_is_none(stub: Stubber, reports: S3Reports) -> None:
    """S3's word for content without a version is no version's id."""
    stub.add_response("head_object", {"VersionId": "null", "ETag": '"e"', "ContentLength": 3})
    facts = reports.facts(URI)
    assert (facts.version_id, facts.etag, facts.bytes) == (None, "e", 3)


SHA256 = "dpLDrTVAu4A8Ags67mbNiIcSMjTqDG5xQ8Ct1z/0Me0="
"""Of `one`, as S3 writes it."""
HEX = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"ChecksumSHA256": SHA256, "ChecksumType": "FULL_OBJECT"}, HEX),
        ({"ChecksumSHA256": SHA256, "ETag": '"e"'}, HEX),
        ({"ChecksumSHA256": SHA256, "ChecksumType": "FULL_OBJECT", "ETag": '"e-2"'}, HEX),
        ({"ChecksumSHA256": f"{SHA256}-2", "ChecksumType": "COMPOSITE", "ETag": '"e-2"'}, None),
        ({"ChecksumSHA256": SHA256, "ChecksumType": "COMPOSITE"}, None),
        ({"ChecksumSHA256": SHA256, "ETag": '"e-2"'}, None),
        ({"ChecksumSHA256": f"{SHA256}-2"}, None),
        ({"ChecksumSHA256": "AAAA"}, None),
        ({"ChecksumCRC64NVME": "AAAAAAAAAAA=", "ChecksumType": "FULL_OBJECT"}, None),
        ({}, None),
    ],
)
def test_a_checksum_counts_if_it_is_of_the_whole(
    stub: Stubber, reports: S3Reports, said: dict[str, Any], expected: str | None
) -> None:
    """Of an upload in parts S3 keeps one over the parts' checksums, which is no file's SHA-256."""
    stub.add_response("head_object", said)
    facts = reports.facts(URI)
    assert (facts.sha256, facts.checksum_hidden) == (expected, False)


def test_a_checksum_that_may_not_be_told_hides_nothing_else(
    stub: Stubber, reports: S3Reports
) -> None:
    """Who may not use the object's key is refused the checksum, and still told the rest."""
    asked = {"Bucket": "models", "Key": "churn/1/evaluation.json"}
    stub.add_client_error(
        "head_object", "403", "Forbidden", 403, expected_params={**asked, "ChecksumMode": "ENABLED"}
    )
    stub.add_response("head_object", {"ETag": '"e"', "ContentLength": 3}, asked)
    facts = reports.facts(URI)
    assert (facts.etag, facts.bytes, facts.sha256, facts.checksum_hidden) == ("e", 3, None, True)


@pytest.mark.parametrize(
    ("code", "message", "status"),
    [
        ("NoSuchVersion", "The specified version does not exist.", 404),
        ("InvalidArgument", "Invalid version id specified", 400),
        ("MethodNotAllowed", "The specified method is not allowed.", 405),
        ("NoSuchKey", "The specified key does not exist.", 404),
    ],
)
def test_a_version_that_is_surely_gone_is_missing(
    stub: Stubber, reports: S3Reports, code: str, message: str, status: int
) -> None:
    """Unknown, malformed and deleted ones alike; where no version was asked for, it is not."""
    for _ in range(2):
        stub.add_client_error("get_object", code, message, status)
    with pytest.raises(Missing):
        reports.read(URI, limit=10, version_id="v1")
    if code != "NoSuchKey":
        with pytest.raises(AwsFailed):
            reports.read(URI, limit=10)


def test_a_version_that_may_not_be_read_may_be_there(stub: Stubber, reports: S3Reports) -> None:
    """The advice names the right that reading a version takes."""
    stub.add_client_error("get_object", "AccessDenied", "Access Denied", 403)
    with pytest.raises(NotThere) as raised:
        reports.read(URI, limit=10, version_id="v1")
    assert type(raised.value) is NotThere
    assert "s3:GetObjectVersion" in raised.value.hint


@pytest.mark.parametrize("announced", [None, 1000])
def test_no_more_is_read_than_told(
    stub: Stubber, reports: S3Reports, announced: int | None
) -> None:
    """Above the limit, reading stops at one byte too many, or before it starts, and closes."""
    body = Source(b"x" * 1000)
    said: dict[str, Any] = {"Body": StreamingBody(body, announced or 1000)}
    stub.add_response("get_object", said | ({"ContentLength": announced} if announced else {}))
    with pytest.raises(TooLarge, match="at most 50 are read"):
        reports.read(URI, limit=50)
    assert body.taken == (0 if announced else 51)
    assert body.closed


def test_a_file_that_arrives_in_pieces_is_whole(stub: Stubber, reports: S3Reports) -> None:
    """A short read is not taken for the end."""
    body = StreamingBody(Source(b"x" * 1000), 1000)
    stub.add_response("get_object", {"Body": body, "ContentLength": 1000})
    assert reports.read(URI, limit=1000).content == b"x" * 1000


def test_a_cut_connection_is_not_a_short_file(stub: Stubber, reports: S3Reports) -> None:
    """Fewer bytes than S3 announced are an outage, never the content."""
    body = StreamingBody(Source(b"x" * 999), 1000)
    stub.add_response("get_object", {"Body": body, "ContentLength": 1000})
    with pytest.raises(Unavailable, match="s3:GetObject"):
        reports.read(URI, limit=1000)


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
        Refusal(code="NoSuchKey", status=404, becomes=Missing, words="has no object"),
        Refusal(code="404", status=404, becomes=Missing, words="has no object"),
        Refusal(code="NoSuchBucket", status=404, becomes=Missing, words="has no bucket"),
        Refusal(code="AccessDenied", status=403, becomes=NotThere, words="is missing, or may not"),
        Refusal(code="403", status=403, becomes=NotThere, words="is missing, or may not be read"),
        Refusal(code="InvalidObjectState", status=403, becomes=NotThere, words="archived"),
        Refusal(code="ExpiredToken", status=400, becomes=CredentialsRefused, words="credentials"),
        Refusal(
            code="InvalidAccessKeyId", status=403, becomes=CredentialsRefused, words="credentials"
        ),
        Refusal(code="400", status=400, becomes=AwsFailed, words="without saying why"),
        Refusal(code="SlowDown", status=503, becomes=Unavailable, words="now"),
        Refusal(code="503", status=503, becomes=Unavailable, words="now"),
    ],
    ids=lambda refusal: refusal.code,
)
def test_a_refusal_is_told_apart(stub: Stubber, reports: S3Reports, refusal: Refusal) -> None:
    """Missing, forbidden, signed out and busy differ, whichever call finds out."""
    for operation in ("get_object", "head_object", "head_object"):
        stub.add_client_error(operation, refusal.code, "S3 says so", refusal.status)
    for ask in (lambda: reports.read(URI, limit=10), lambda: reports.facts(URI)):
        with pytest.raises(AssentError, match=refusal.words) as raised:
            ask()
        assert type(raised.value) is refusal.becomes


def test_a_forbidden_file_may_also_be_missing(stub: Stubber, reports: S3Reports) -> None:
    """S3 hides missing objects from who may not list the bucket, so the advice covers both."""
    for _ in range(2):  # with the checksum, and without
        stub.add_client_error("head_object", "403", "Forbidden", 403)
    with pytest.raises(NotThere) as raised:
        reports.facts(URI)
    assert "s3:ListBucket" in raised.value.hint
    assert "s3:GetObject" in raised.value.hint
