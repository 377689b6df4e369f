"""Report files in a bucket of Assent's own, each under its digest."""

import hashlib
from base64 import b64encode
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from assent.adapters.aws_session import AwsFailed, asking
from assent.core.errors import AssentError
from assent.core.evidence import copy_address, copy_key
from assent.core.names import shown

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["DigestDiffers", "S3EvidenceStore", "require_digest"]


class DigestDiffers(AssentError):
    """A file does not have the digest that it is said to have; nothing was stored."""


class S3EvidenceStore:
    """A bucket whose keys are `sha256/` and the digest: what is there never needs replacing.

    Args:
        client: A client whose principal may put objects there.
        bucket: The bucket's name.
    """

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def keep(self, content: bytes, sha256: str, /) -> str:
        """Store a file under its digest, unless it is there; returns its address.

        Args:
            content: The whole file.
            sha256: Its digest, as 64 lower-case hexadecimal digits.

        Raises:
            DigestDiffers: The digest is another file's.
            Unavailable: S3 did not answer, or refused for now; it may have stored it.
            AccessRefused: The principal may not write there, or not use the bucket's key.
            CredentialsRefused: There are no usable credentials.
            AwsFailed: There is no such bucket, or S3 refused for good.
        """
        digest = require_digest(content, sha256)
        uri = copy_address(self._bucket, sha256)
        with asking("s3:PutObject", uri):
            try:
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=copy_key(sha256),
                    Body=content,
                    IfNoneMatch="*",
                    ChecksumSHA256=b64encode(digest).decode(),  # S3 compares what arrives with it
                )
            except ClientError as error:
                code = error.response.get("Error", {}).get("Code", "")
                if code == "NoSuchBucket":
                    raise AwsFailed(
                        f"there is no bucket {shown(self._bucket)} to keep reports in",
                        hint="Create it, or correct evidence_bucket in assent.yaml.",
                    ) from error
                if code != "PreconditionFailed":  # which says that the file is there
                    raise
        return uri


def require_digest(content: bytes, sha256: str) -> bytes:
    """See that a file has a digest, and give the digest's bytes.

    Raises:
        DigestDiffers: It has not.
    """
    digest = hashlib.sha256(content)
    if digest.hexdigest() != sha256:
        raise DigestDiffers(
            f"a file of {len(content)} bytes has the SHA-256 {digest.hexdigest()}, not "
            f"{shown(sha256)}",
            hint="It changed between being read and being kept; collect the evidence again.",
        )
    return digest.digest()
