"""What receipts are about, by what identifies its content."""

from dataclasses import replace

import pytest
from tests.flows.rechecking import House

from assent.core.receipt_predicates import subjects_of


@pytest.mark.parametrize("content", ["ab" * 32, None])
def test_an_artifact_is_a_subject_by_its_sha256_where_the_record_has_it(
    content: str | None,
) -> None:
    """An ETag is no digest of its content; the SHA-256 that S3 told and the record holds is."""
    record = House().record()
    (container, *others) = record.package.containers
    assert container.artifact is not None
    artifact = replace(container.artifact, sha256=content)
    package = replace(record.package, containers=(replace(container, artifact=artifact), *others))
    subjects = subjects_of(record.id, "1" * 40, replace(record, package=package))
    (found,) = [each for each in subjects if each.name == artifact.uri]
    assert found.digest.get("sha256") == content
    assert found.digest["s3Etag"] == artifact.etag
