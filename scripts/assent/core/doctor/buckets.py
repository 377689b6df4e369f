"""The buckets: what keeps evidence, receipts and artifacts as they were."""

from collections.abc import Iterator

from assent.core.doctor.aws_facts import BucketSettings, KeySettings
from assent.core.doctor.finding import Check, Finding, Read, Unread

__all__ = ["CHECKS", "judge_artifacts", "judge_evidence", "judge_key", "judge_receipts_bucket"]

_EVIDENCE = Check(
    id="evidence-bucket",
    demands="Evidence is kept in versions, out of the public's sight.",
    remedy="Switch on versioning and all four blocks of public access on the bucket.",
)
_RECEIPTS = Check(
    id="receipts-bucket",
    demands="Receipts cannot be deleted or changed before their time.",
    remedy="Create the bucket with Object Lock and a default retention in COMPLIANCE mode; "
    "an existing bucket takes Object Lock once versioning is on.",
)
_ARTIFACTS = Check(
    id="artifact-buckets",
    demands="Artifacts are kept in versions, so that a record can name the very one.",
    remedy="Switch on versioning on the bucket; without it only the ETag tells artifacts apart.",
)
_KEYS = Check(
    id="keys",
    demands="The KMS keys in use can be used.",
    remedy="Enable the key, or cancel its deletion: what it encrypts is lost with it.",
)
CHECKS = (_EVIDENCE, _RECEIPTS, _ARTIFACTS, _KEYS)


def judge_evidence(bucket: BucketSettings, name: str) -> Iterator[Finding]:
    """Judge the bucket of evidence."""
    yield from _kept(_EVIDENCE, bucket, name)


def judge_receipts_bucket(bucket: BucketSettings, name: str) -> Iterator[Finding]:
    """Judge the bucket of receipts."""
    yield from _kept(_RECEIPTS, bucket, name)
    lock = bucket.lock
    if isinstance(lock, Unread):
        yield _RECEIPTS.unknown(name, lock)
    elif lock is None:
        yield _RECEIPTS.problem(name, "it has no Object Lock: receipts can be deleted")
    elif not lock.mode or not lock.days:
        yield _RECEIPTS.problem(name, "it has no default retention: new receipts can be deleted")
    elif lock.mode != "COMPLIANCE":
        yield _RECEIPTS.warning(
            name, f"retention in {lock.mode} mode: whoever may bypass it can delete receipts"
        )
    else:
        yield _RECEIPTS.ok(name, f"kept for {lock.days} days, by nobody to be shortened")


def _kept(check: Check, bucket: BucketSettings, name: str) -> Iterator[Finding]:
    for fact, yes, no in (
        (
            bucket.versioned,
            "it keeps versions",
            "it keeps no versions: what is written over is gone",
        ),
        (bucket.closed, "public access is blocked", "public access is not blocked"),
    ):
        if isinstance(fact, Unread):
            yield check.unknown(name, fact)
        elif fact:
            yield check.ok(name, yes)
        else:
            yield check.problem(name, no)


def judge_artifacts(versioned: Read[bool], name: str) -> Iterator[Finding]:
    """Judge a bucket of artifacts."""
    if isinstance(versioned, Unread):
        yield _ARTIFACTS.unknown(name, versioned)
    elif versioned:
        yield _ARTIFACTS.ok(name, "it keeps versions")
    else:
        yield _ARTIFACTS.warning(name, "it keeps no versions, so an artifact can be replaced")


def judge_key(key: Read[KeySettings | None], about: str) -> Iterator[Finding]:
    """Judge the key that something is encrypted with; None for a key of AWS's own."""
    if isinstance(key, Unread):
        yield _KEYS.unknown(about, key)
    elif key is None:
        yield _KEYS.ok(about, "encrypted with a key of AWS's own")
    elif key.state != "Enabled":
        yield _KEYS.problem(about, f"its key {key.arn} is {key.state}")
    else:
        yield _KEYS.ok(about, f"its key {key.arn} is enabled")
