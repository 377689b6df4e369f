"""Addresses in AWS's consoles and of code, from parts that were taken apart and judged."""

import re
from collections.abc import Iterable

__all__ = [
    "code_commit",
    "image",
    "s3_object",
    "training_job",
    "training_job_of",
    "transform_job",
]

_HOSTS = {"aws": "console.aws.amazon.com", "aws-cn": "console.amazonaws.cn"}
_JOB = re.compile(
    r"arn:(?P<partition>aws|aws-cn):sagemaker:(?P<region>[a-z]{2}(?:-[a-z]{2,10}){1,2}-[0-9]):"
    r"[0-9]{12}:(?P<kind>training-job|transform-job)/(?P<name>[a-zA-Z0-9][a-zA-Z0-9-]{0,62})",
    re.ASCII,
)
_PLACE = re.compile(
    r"arn:(?:aws|aws-cn):sagemaker:[a-z]{2}(?:-[a-z]{2,10}){1,2}-[0-9]:[0-9]{12}:", re.ASCII
)
_KINDS = {"training-job": "jobs", "transform-job": "transform-jobs"}
_S3 = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<key>[!-~]{1,1024})")
_IMAGE = re.compile(
    r"(?P<account>[0-9]{12})\.dkr\.ecr\.(?P<region>[a-z]{2}(?:-[a-z]{2,10}){1,2}-[0-9])\."
    r"amazonaws\.com(?P<china>\.cn)?/(?P<name>[a-z0-9][a-z0-9._/-]{0,255})@"
    r"(?P<digest>sha256:[0-9a-f]{64})",
    re.ASCII,
)
_REPOSITORY = re.compile(
    r"https://(?P<host>[A-Za-z0-9][A-Za-z0-9.-]{1,100})/"
    r"(?P<owner>[A-Za-z0-9][A-Za-z0-9-]{0,99})/(?P<name>[A-Za-z0-9_.-]{1,100}?)(?:\.git)?/?",
    re.ASCII,
)
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_COMMIT = re.compile(r"[0-9a-f]{7,64}", re.ASCII)


def training_job(arn: str) -> str:
    """A training job's page; empty where the text is no ARN of one."""
    return _job(arn, "training-job")


def training_job_of(name: str, arns: Iterable[str]) -> str:
    """The page of a training job that is only known by its name; empty where nothing is one.

    Args:
        name: The job's.
        arns: What else SageMaker has of the version; the first that is an ARN tells where it ran.
    """
    for arn in arns:
        match = _PLACE.match(arn)
        if match is not None:
            return training_job(f"{match[0]}training-job/{name}")
    return ""


def transform_job(arn: str) -> str:
    """A batch transform job's page; empty where the text is no ARN of one."""
    return _job(arn, "transform-job")


def _job(arn: str, kind: str) -> str:
    match = _JOB.fullmatch(arn)
    if match is None or match["kind"] != kind:
        return ""
    region = match["region"]
    return (
        f"https://{region}.{_HOSTS[match['partition']]}/sagemaker/home?region={region}"
        f"#/{_KINDS[kind]}/{match['name']}"
    )


def s3_object(uri: str, version_id: str | None, partition: str) -> str:
    """An object's page; empty where the text is no address of one.

    Args:
        uri: Its address.
        version_id: S3's version of it, if there is one.
        partition: The AWS partition that it is in, such as `aws`.
    """
    match, host = _S3.fullmatch(uri), _HOSTS.get(partition)
    if match is None or host is None:
        return ""
    key = "/".join(map(_encoded, match["key"].split("/")))
    version = f"&versionId={_encoded(version_id)}" if version_id else ""
    return f"https://{host}/s3/object/{match['bucket']}?prefix={key}{version}"


def image(name: str) -> str:
    """The page of an image with a digest; empty for an image of any other registry or form."""
    match = _IMAGE.fullmatch(name)
    if match is None:
        return ""
    host, region = _HOSTS["aws-cn" if match["china"] else "aws"], match["region"]
    return (
        f"https://{region}.{host}/ecr/repositories/private/{match['account']}/"
        f"{_encoded(match['name'])}/_/image/{_encoded(match['digest'])}/details"
        f"?region={region}"
    )


def code_commit(repository: str, commit: str) -> tuple[str, str]:
    """What to call a commit and where it is: `github.com/acme/churn at 8f7c2d1`; or two nothings.

    The name has the host in it, since whoever registered the model chose it.
    """
    match = _REPOSITORY.fullmatch(repository)
    if match is None or _COMMIT.fullmatch(commit) is None or match["name"] in {".", ".."}:
        return "", ""
    place = f"{match['host']}/{match['owner']}/{match['name']}"
    return f"{place} at {commit[:12]}", f"https://{place}/commit/{commit}"


def _encoded(text: str) -> str:
    """Text as a part of an address (RFC 3986); `urllib`, which opens them too, is not for here."""
    return "".join(
        chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in text.encode("utf-8")
    )
