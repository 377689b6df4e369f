"""Copies of receipts in S3, in a bucket whose Object Lock lets nobody delete or replace them."""

import hashlib
from base64 import b64encode
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from assent.adapters.aws_session import AwsFailed, asking
from assent.core.names import shown
from assent.ports import AlreadyThere

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["S3ReceiptVault"]

_ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})


class _Present(Exception):
    """There is an object of that key."""


class S3ReceiptVault:
    """A bucket whose keys are the paths of the receipts branch.

    How long an object is locked is the bucket's own default: whoever writes receipts need not be
    able to say it, and must not be able to shorten it.

    Args:
        client: A client whose principal may get and put objects there.
        bucket: The bucket's name.
    """

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def holds(self, key: str, /) -> bool:
        """See `ports.ReceiptVault`.

        Raises:
            Unavailable: S3 did not answer.
            AccessRefused: The principal may not look, and nobody knows.
        """
        with asking("s3:GetObject", self._uri(key)):
            try:
                self._client.head_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                if _code(error) in _ABSENT:
                    return False
                raise
        return True

    def put(self, key: str, content: bytes, /) -> None:
        """See `ports.ReceiptVault`. An object is never replaced, not even by a newer version."""
        try:
            with asking("s3:PutObject", self._uri(key)):
                self._put(key, content)
        except _Present:
            self._require_same(key, content)

    def _put(self, key: str, content: bytes) -> None:
        digest = hashlib.sha256(content).digest()
        try:
            self._client.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=content,
                ContentType="application/json",
                IfNoneMatch="*",
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=b64encode(digest).decode(),  # Object Lock asks for a checksum
            )
        except ClientError as error:
            if _code(error) == "NoSuchBucket":
                raise AwsFailed(
                    f"there is no bucket {shown(self._bucket)} to keep receipts in",
                    hint="Create it with Object Lock, or correct receipts.bucket.",
                ) from error
            if _code(error) == "PreconditionFailed":
                raise _Present from error
            raise

    def _require_same(self, key: str, content: bytes) -> None:
        with asking("s3:GetObject", self._uri(key)):
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
            there = answer["Body"].read(len(content) + 1)
        if there != content:
            raise AlreadyThere(
                f"{shown(self._uri(key), 300)} is not the receipt that belongs there",
                hint="Look who wrote it, in CloudTrail; receipts are not written over it.",
            )

    def _uri(self, key: str) -> str:
        return f"s3://{self._bucket}/{key}"


def _code(error: ClientError) -> str:
    code: str = error.response.get("Error", {}).get("Code", "")
    return code
