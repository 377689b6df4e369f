"""Trees of realistic promotion records, of any size, and repositories that hold them."""

import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from assent.contracts import load_contracts
from assent.core.evidence import Evidence, EvidenceSource, ReportFile, evidence_digest
from assent.core.metrics import Metric
from assent.core.names import RecordId
from assent.core.package import Artifact, Container, Package
from assent.core.record import Decision, Record, write_record
from assent.core.reports import ReportKind
from assent.sandbox.stage import ACCOUNT, REGION

__all__ = [
    "CREATED",
    "ENVIRONMENT",
    "TreeShape",
    "commit_files",
    "commit_one_by_one",
    "model_name",
    "record_of",
    "records",
    "written_records",
]

ENVIRONMENT = "dev"
CREATED = datetime(2026, 11, 22, 10, tzinfo=UTC)
"""Every package, and its evidence."""
_METRICS = ("accuracy", "auc", "f1", "f2", "precision", "recall", "au_prc", "log_loss")
_COMMITTER = "Assent <assent@example.com> 1795342800 +0000"


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeShape:
    """How many records, spread over how many models."""

    models: int
    versions: int
    """Of each model, counted from 1."""

    @property
    def records(self) -> int:
        """How many records there are in all."""
        return self.models * self.versions

    @classmethod
    def of(cls, count: int) -> "TreeShape":
        """As square as `count` allows, with at least as many versions as models."""
        models = max(
            each for each in range(1, count + 1) if each * each <= count and not count % each
        )
        return cls(models=models, versions=count // models)

    def ids(self) -> Iterator[RecordId]:
        """The identity of each record, model by model."""
        for model in range(self.models):
            for version in range(1, self.versions + 1):
                yield RecordId(ENVIRONMENT, model_name(model), version)


def model_name(index: int) -> str:
    """The name of a model of the tree, from 0."""
    return f"model-{index:03}"


def records(shape: TreeShape) -> Iterator[Record]:
    """Each record of a tree, approved, with package and evidence of its own."""
    return map(record_of, shape.ids())


def record_of(id_: RecordId) -> Record:
    """A record that asks for the approval of a version."""
    package = _package(id_)
    evidence = _evidence(id_)
    return Record(
        id=id_,
        decision=Decision.APPROVED,
        package=package,
        evidence=replace(evidence, digest=evidence_digest(package, evidence)),
    )


def _package(id_: RecordId) -> Package:
    name = f"{id_.model}/{id_.version}"
    return Package(
        arn=f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/{name}",
        created=CREATED,
        created_by=f"arn:aws:sts::{ACCOUNT}:assumed-role/training/zoe",
        containers=(
            Container(
                image=f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/xgboost@sha256:{'5d' * 32}",
                artifact=Artifact(
                    uri=f"s3://acme-models/{name}/model.tar.gz",
                    etag=f"{id_.version:032x}",
                    version_id="3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY",
                    bytes=104_857 + id_.version,
                ),
            ),
        ),
    )


def _evidence(id_: RecordId) -> Evidence:
    metrics = {
        f"binary_classification_metrics.{name}": Metric(
            value=round(0.7 + (id_.version * 7 + place) % 100 / 400, 4),
            standard_deviation=round(0.001 + place / 1000, 4),
        )
        for place, name in enumerate(_METRICS)
    }
    return Evidence(
        source=EvidenceSource.TRAINING,
        collected=CREATED,
        reports=(
            ReportFile(
                kind=ReportKind.MODEL_QUALITY,
                uri=f"s3://acme-models/{id_.model}/{id_.version}/evaluation/model-quality.json",
                version_id="L4kqtJlcpXroDTDmpUMLUo3HrmSpXd3d",
                sha256=f"{id_.version:064x}",
                bytes=2_462,
            ),
        ),
        metrics=metrics,
    )


def written_records(shape: TreeShape) -> list[tuple[Record, bytes]]:
    """Each record of a tree with its file's bytes, as the bot writes them."""
    schema = load_contracts().promotion
    return [(record, write_record(record, schema)) for record in records(shape)]


def commit_files(
    repository: Path,
    files: Iterable[tuple[str, bytes]],
    *,
    message: str,
    branch: str = "main",
    loose: bool = False,
) -> str:
    """Add files to a branch of a repository in one commit, as a stream that git reads fast.

    The branch's other files stay, and no work tree is touched.

    Args:
        repository: Its folder.
        files: Paths and contents.
        message: The commit's.
        branch: Created if there is none.
        loose: Whether each object becomes a file of its own, which the sandbox's GitHub reads
            faster than a pack.

    Returns:
        The commit's id.
    """
    feed = bytearray(f"commit refs/heads/{branch}\ncommitter {_COMMITTER}\n".encode())
    feed += f"data {len(message)}\n{message}\n".encode()
    if _git(repository, "for-each-ref", f"refs/heads/{branch}"):
        feed += f"from refs/heads/{branch}^0\n".encode()
    for path, content in files:
        feed += f"M 100644 inline {path}\ndata {len(content)}\n".encode() + content + b"\n"
    unpacked = ("-c", "fastimport.unpackLimit=1000000") if loose else ()
    _git(repository, *unpacked, "fast-import", "--quiet", "--done", feed=bytes(feed) + b"done\n")
    return _git(repository, "rev-parse", "--verify", f"refs/heads/{branch}").decode().strip()


def commit_one_by_one(
    repository: Path, files: Iterable[tuple[str, bytes]], *, branch: str = "main"
) -> str:
    """Add files to a branch that exists, each in a commit of its own, as merges bring records.

    Returns:
        The last commit's id.
    """
    feed = bytearray()
    start = f"from refs/heads/{branch}^0\n"
    for path, content in files:
        feed += f"commit refs/heads/{branch}\ncommitter {_COMMITTER}\n".encode()
        message = f"Promote {path}"
        feed += f"data {len(message)}\n{message}\n{start}".encode()
        feed += f"M 100644 inline {path}\ndata {len(content)}\n".encode() + content + b"\n"
        start = ""
    _git(repository, "fast-import", "--quiet", "--done", feed=bytes(feed) + b"done\n")
    return _git(repository, "rev-parse", "--verify", f"refs/heads/{branch}").decode().strip()


def _git(repository: Path, *arguments: str, feed: bytes = b"") -> bytes:
    done = subprocess.run(
        ["git", "-C", str(repository), *arguments], input=feed, check=True, capture_output=True
    )
    return done.stdout
