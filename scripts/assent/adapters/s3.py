"""Files in S3."""

import binascii
import re
from base64 import b64decode
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote_to_bytes

from botocore.exceptions import ClientError

from assent.adapters.aws_session import AwsFailed, asking
from assent.core.errors import AssentError
from assent.core.names import shown
from assent.ports import FileBytes, Missing, NotThere, ObjectFacts, TooLarge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

__all__ = ["InvalidUri", "Location", "S3Reports", "parse_uri"]

_MAX_KEY_BYTES = 1024
_SHA256_BYTES = 32
_FORBIDDEN = frozenset({"403", "AccessDenied"})
_BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_S3 = re.compile(rf"s3://(?P<bucket>{_BUCKET})/(?P<key>.+)", re.ASCII | re.DOTALL)
_REGION = r"[a-z]{2}(?:-[a-z0-9]+){1,4}"
_HOST = rf"s3(?:-fips)?(?:[.-](?:dualstack\.)?{_REGION})?\.amazonaws\.com(?:\.cn)?"
_HTTPS = re.compile(
    rf"https://(?:(?P<host_bucket>{_BUCKET})\.{_HOST}/|{_HOST}/(?P<path_bucket>{_BUCKET})/)"
    r"(?P<key>[^?#]+)",
    re.ASCII | re.DOTALL,
)
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
# What ends a line somewhere, moves a cursor, or is no character at all.
_NEVER_IN_KEYS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class InvalidUri(NotThere):
    """An address that cannot be that of a file in S3, so no file is there."""


class Location(NamedTuple):
    """Where an object is."""

    bucket: str
    key: str


def parse_uri(uri: str) -> Location:
    """Read `s3://bucket/key`, or the https address of an object at amazonaws.com.

    In `s3://` the key stands literally, percent signs included; https escapes it.

    Raises:
        InvalidUri: It is neither, or its key is one that software on the way might rewrite.
    """
    if found := _S3.fullmatch(uri):
        bucket, key = found["bucket"], found["key"]
    elif (found := _HTTPS.fullmatch(uri)) and not _BROKEN_ESCAPE.search(found["key"]):
        bucket = found["host_bucket"] or found["path_bucket"]
        key = unquote_to_bytes(found["key"]).decode("utf-8", "surrogateescape")
    else:
        raise _invalid(uri, "it has neither the form s3://BUCKET/KEY nor that of an https address")
    if ".." in bucket:
        raise _invalid(uri, "no bucket has two dots in a row")
    if _NEVER_IN_KEYS.search(key):
        raise _invalid(uri, "its key holds control characters, or is no text")
    if len(key.encode()) > _MAX_KEY_BYTES:
        raise _invalid(uri, f"its key is longer than {_MAX_KEY_BYTES} bytes")
    # Clients and proxies resolve these as in a path, and ask for another object, or bucket.
    if any(part in {".", ".."} for part in key.split("/")):
        raise _invalid(uri, "its key has a part that is only dots")
    return Location(bucket, key)


def _invalid(uri: str, why: str) -> InvalidUri:
    return InvalidUri(
        f"{shown(uri, 300)} is no address of a file in S3: {why}",
        hint="Register the version again with the address that the report was written to.",
    )


class S3Reports:
    """Files in S3 as the client's principal sees them, whatever their bucket's region.

    Both methods raise Unavailable, CredentialsRefused or AwsFailed as `aws_session` tells them
    apart, and InvalidUri.
    """

    def __init__(self, client: "S3Client") -> None:
        self._client = client

    def read(self, uri: str, /, *, limit: int, version_id: str | None = None) -> FileBytes:
        """Read a file of at most `limit` bytes; of a larger one, no more than one byte too many.

        Args:
            uri: Its address.
            limit: The most bytes that it may have.
            version_id: Which version; without it, what stands there now.

        Raises:
            Missing: There is surely no such object, or no such version of it.
            NotThere: There is no such object, or it may not be read; the message says which.
            TooLarge: It has more bytes than `limit`.
        """
        place = parse_uri(uri)
        pinned: Any = {} if version_id is None else {"VersionId": version_id}
        action = "s3:GetObject" if version_id is None else "s3:GetObjectVersion"
        with _asking(action, uri):
            answer = self._client.get_object(Bucket=place.bucket, Key=place.key, **pinned)
            content = bytearray()
            # The body's own context manager would hand out the raw stream, which takes a cut
            # connection for the end.
            with closing(answer["Body"]) as body:
                size = answer.get("ContentLength", 0)
                while size <= limit and (more := body.read(limit + 1 - len(content))):
                    content += more
                    size = max(size, len(content))
        if size > limit:
            raise TooLarge(
                f"{shown(uri, 300)} has {size} bytes; at most {limit} are read",
                hint="Write a report that holds metrics, not data.",
            )
        return FileBytes(content=bytes(content), version_id=_version(answer.get("VersionId")))

    def facts(self, uri: str, /) -> ObjectFacts:
        """Size, ETag, version and SHA-256 of what stands at an address now.

        The checksum of what a KMS key encrypts is told only to those who may use the key. Without
        that right the rest is told alone.

        Raises:
            NotThere: As `read`.
        """
        place, hidden = parse_uri(uri), False
        with _asking("s3:HeadObject", uri):
            try:
                answer = self._client.head_object(
                    Bucket=place.bucket, Key=place.key, ChecksumMode="ENABLED"
                )
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") not in _FORBIDDEN:
                    raise
                answer, hidden = self._client.head_object(Bucket=place.bucket, Key=place.key), True
        return ObjectFacts(
            etag=answer.get("ETag", "").strip('"') or None,
            version_id=_version(answer.get("VersionId")),
            bytes=answer.get("ContentLength"),
            sha256=_sha256(answer),
            checksum_hidden=hidden,
        )


@contextmanager
def _asking(action: str, uri: str) -> "Iterator[None]":
    with asking(action, uri):
        try:
            yield
        except ClientError as error:
            refused = _refusal(error, action, uri)
            if refused is not None:
                raise refused from error
            raise


def _refusal(error: ClientError, action: str, uri: str) -> AssentError | None:
    """What S3 alone says in its own way; None where it speaks as every service does."""
    details = error.response.get("Error", {})
    code, message = details.get("Code", ""), details.get("Message", "")
    if code in {"404", "NoSuchKey"}:
        return Missing(f"S3 has no object {shown(uri, 300)}")
    if action == "s3:GetObjectVersion" and _is_no_version(code, message):
        return Missing(f"S3 has no such version of {shown(uri, 300)}")
    if code == "NoSuchBucket":
        return Missing(f"S3 has no bucket for {shown(uri, 300)}")
    if code in _FORBIDDEN:
        needed = "s3:GetObjectVersion" if action == "s3:GetObjectVersion" else "s3:GetObject"
        return NotThere(
            f"{shown(uri, 300)} is missing, or may not be read: S3 answered {shown(message, 400)}",
            hint="Without s3:ListBucket, S3 hides that an object is missing. Look whether it is "
            f"there; if so, allow {needed} on it, and kms:Decrypt on its key if it has one.",
        )
    if code == "InvalidObjectState":
        return NotThere(
            f"{shown(uri, 300)} may not be read now: it is archived",
            hint="Restore it from its storage class first.",
        )
    if code == "400":  # The answer to HEAD has no body that would tell more.
        return AwsFailed(
            f"S3 refused {action} for {shown(uri, 300)} without saying why",
            hint="Credentials that have expired look like this; sign in again.",
        )
    return None


def _is_no_version(code: str, message: str) -> bool:
    """Whether S3 says that no content has a version's id: unknown, malformed, or a deletion's."""
    if code == "InvalidArgument":
        return "version id" in message.lower()
    return code in {"NoSuchVersion", "MethodNotAllowed"}


def _sha256(answer: "HeadObjectOutputTypeDef") -> str | None:
    """The SHA-256 of the whole content, if that is what the checksum is of.

    Of an upload in parts the checksum is over those of the parts, unless S3 says otherwise.
    """
    text, kind = answer.get("ChecksumSHA256", ""), answer.get("ChecksumType")
    if kind == "COMPOSITE" or (kind is None and "-" in answer.get("ETag", "")):
        return None
    try:
        content = b64decode(text, validate=True)
    except binascii.Error:
        return None
    return content.hex() if len(content) == _SHA256_BYTES else None


def _version(text: str | None) -> str | None:
    """A version's id; S3 calls it `null` for what was written while the bucket kept none."""
    return None if text in {None, "", "null"} else text
