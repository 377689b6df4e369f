"""Names of models, versions and records, and the paths that are their identity."""

import re
from dataclasses import dataclass

from assent.core.errors import AssentError

__all__ = [
    "IMPORTS",
    "PROMOTIONS",
    "InvalidName",
    "PackageArn",
    "RecordId",
    "parse_package_arn",
    "parse_path",
    "partition_of",
    "promotion_of_branch",
    "record_of_branch",
    "shown",
]

PROMOTIONS = "promotions"
"""The folder that holds every promotion record."""

IMPORTS = "import/"
"""Where the branches of imports begin, which bring many records."""

# SageMaker's own EntityName pattern, which is a subset of what paths, git refs, parameter names
# and shells take literally; so nothing that passes here needs escaping there.
# The look-ahead adds SageMaker's limit of 63 characters, which inner hyphens would escape.
NAME_PATTERN = r"(?![a-zA-Z0-9-]{64})[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"
# Nine digits hold any version that SageMaker can count to in practice, and any 32-bit integer
# that a reader may put it into.
VERSION_PATTERN = r"[1-9][0-9]{0,8}"

_PATH = re.compile(
    rf"{PROMOTIONS}/(?P<environment>{NAME_PATTERN})/(?P<model>{NAME_PATTERN})/"
    rf"(?P<version>{VERSION_PATTERN})\.yaml",
    re.ASCII,
)
# A package that was deleted and created again has its creation time in the branch's name, a
# retirement the beginning of the blob id that it retires.
_BRANCH = re.compile(
    rf"(?P<verb>promote|retire)/(?P<environment>{NAME_PATTERN})/(?P<model>{NAME_PATTERN})/"
    rf"(?P<version>{VERSION_PATTERN})(-[0-9]{{8}}T[0-9]{{6}}Z|-[0-9a-f]{{12}})?",
    re.ASCII,
)
_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]{0,20}):sagemaker:(?P<region>[a-z0-9-]{9,16}):"
    r"(?P<account>[0-9]{12}):model-package/"
    rf"(?P<model>{NAME_PATTERN})/(?P<version>{VERSION_PATTERN})",
    re.ASCII,
)


class InvalidName(AssentError):
    """A name, path or ARN that Assent does not take, quoted so that it is safe to print."""


@dataclass(frozen=True, slots=True, order=True)
class RecordId:
    """Which version of which model a record speaks of, and where."""

    environment: str
    model: str
    version: int

    @property
    def path(self) -> str:
        """The record's path in the repository, which is its identity."""
        return f"{PROMOTIONS}/{self.environment}/{self.model}/{self.version}.yaml"

    def __str__(self) -> str:
        return f"{self.model} {self.version} in {self.environment}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageArn:
    """A versioned model package's ARN, taken apart."""

    text: str
    partition: str
    region: str
    account: str
    model: str
    """The model package group's name."""
    version: int


def parse_path(path: str) -> RecordId | None:
    """Read a record's identity from its path, or None where the path is no record's."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    return RecordId(match["environment"], match["model"], int(match["version"]))


def record_of_branch(name: str) -> RecordId | None:
    """The record that a promotion's or retirement's own branch is for; None for other branches."""
    match = _BRANCH.fullmatch(name)
    if match is None:
        return None
    return RecordId(match["environment"], match["model"], int(match["version"]))


def promotion_of_branch(name: str) -> RecordId | None:
    """As `record_of_branch`, for promotions alone."""
    return record_of_branch(name) if name.startswith("promote/") else None


def parse_package_arn(text: str) -> PackageArn:
    """Take the ARN of a versioned model package apart.

    Raises:
        InvalidName: It is not one; unversioned packages and other resources included.
    """
    match = _ARN.fullmatch(text)
    if match is None:
        raise InvalidName(
            f"{shown(text)} is not the ARN of a versioned model package",
            hint="Expected arn:aws:sagemaker:REGION:ACCOUNT:model-package/GROUP/VERSION.",
        )
    return PackageArn(
        text=text,
        partition=match["partition"],
        region=match["region"],
        account=match["account"],
        model=match["model"],
        version=int(match["version"]),
    )


_PARTITIONS = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-isob-", "aws-iso-b"),
    ("us-isof-", "aws-iso-f"),
    ("us-iso-", "aws-iso"),
    ("eu-isoe-", "aws-iso-e"),
    ("eusc-", "aws-eusc"),
)


def partition_of(region: str) -> str:
    """The AWS partition that a region is in; its name is the second part of every ARN there."""
    return next((name for start, name in _PARTITIONS if region.startswith(start)), "aws")


def shown(text: str, limit: int = 120) -> str:
    """Quote untrusted text for a message: ASCII only, control characters escaped, shortened."""
    return ascii(text if len(text) <= limit else text[:limit] + "...")
