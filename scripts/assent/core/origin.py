"""Where a version came from: its `Origin`, out of what the registry was told."""

import re
from typing import Final

from assent.core.cutting import cut
from assent.core.evidence import Origin
from assent.core.names import NAME_PATTERN
from assent.core.package import ModelVersion, Package

__all__ = ["origin_of"]

_MAX_TEXT: Final = 1024
_JOB_ARN: Final = re.compile(
    r"arn:aws[a-z-]{0,20}:sagemaker:[a-z0-9-]{9,16}:[0-9]{12}:training-job/"
    rf"(?P<job>{NAME_PATTERN})",
    re.ASCII,
)
_JOB_OUTPUT: Final = re.compile(
    rf"s3://.*/(?P<job>{NAME_PATTERN})/output/model\.tar\.gz", re.ASCII | re.DOTALL
)
"""Where SageMaker puts what a training job leaves, below the path that the job was given."""


def origin_of(version: ModelVersion) -> Origin:
    """Where a version came from, as far as the registry or the artifact's path tells.

    The training job is the one that the registry names as the maker; else that below whose name
    the first artifact lies that has SageMaker's own form, `<job>/output/model.tar.gz`.
    """
    made_by = cut(version.generated_by, _MAX_TEXT)
    named = _JOB_ARN.fullmatch(made_by)
    return Origin(
        made_by=made_by,
        training_job=named["job"] if named else _job_by_path(version.package),
        commit=cut(version.commit, _MAX_TEXT),
        repository=cut(version.repository, _MAX_TEXT),
        description=cut(version.description, _MAX_TEXT),
    )


def _job_by_path(package: Package) -> str:
    for container in package.containers:
        if container.artifact is None:
            continue
        found = _JOB_OUTPUT.fullmatch(container.artifact.uri)
        if found:
            return found["job"]
    return ""
