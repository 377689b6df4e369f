"""A promotion repository with a tree of records, and the services around it, on the sandbox."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from github import InputGitTreeElement

from assent.core.git_objects import blob_id
from assent.core.parameters import (
    Applied,
    Current,
    History,
    HistoryEntry,
    Names,
    write_applied,
    write_current,
    write_history,
)
from assent.core.receipt_book import Book, Index, book_files
from assent.core.record import Record
from assent.sandbox.aws import Registered, register
from assent.sandbox.stage import ENVIRONMENTS, REPOSITORY, Stage, wall_clock
from benchmarks.tree import (
    ENVIRONMENT,
    TreeShape,
    commit_files,
    commit_one_by_one,
    model_name,
    written_records,
)

__all__ = ["Scene", "open_scene"]

PREFIX = "/assent"
HISTORIES = 10
"""As many of each model's versions have their history stored, highest first: nothing that is
measured here reads further down."""
_APPROVER = "ana"
REPORT = (
    b'{"binary_classification_metrics": {"auc": {"value": 0.913, "standard_deviation": 0.004}}}'
)


class MovableClock:
    """The machine's clock, unless it is put elsewhere."""

    def __init__(self) -> None:
        self.at: datetime | None = None
        """Where it stands; None for the machine's time."""

    def __call__(self) -> datetime:
        """What it says."""
        return self.at or wall_clock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A tree of records, all of them in effect, behind running services."""

    stage: Stage
    clock: MovableClock
    """GitHub's."""
    shape: TreeShape
    folder: Path
    """Free for files."""

    def clone(self) -> Path:
        """A clone at the head of main."""
        return self.stage.clone(self.folder / "clone")

    def assent(self) -> list[str]:
        """The command line that starts Assent."""
        return [sys.executable, "-m", "assent"]

    def environment(self) -> dict[str, str]:
        """The variables under which it talks to this scene's services, as the bot."""
        kept = {
            name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ
        }
        return kept | self.stage.environment()

    def run(self, *arguments: str) -> str:
        """Run Assent in a process of its own; returns what it prints.

        Raises:
            RuntimeError: It ended with another code than 0; with what it said.
        """
        done = subprocess.run(
            [*self.assent(), *arguments],
            env=self.environment(),
            cwd=self.folder,
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"assent {arguments[0]} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def register_next(self) -> Registered:
        """Register the first model's next version, which has no record yet."""
        return register(self.stage.aws, group=model_name(0), reports={"model-quality": REPORT})

    def merge(self) -> None:
        """Approve and merge the one open pull request."""
        (pull,) = self.stage.pull_requests()
        self.stage.approve(pull.number, _APPROVER)
        self.stage.merge(pull.number, _APPROVER)

    def close(self) -> int:
        """Close the one open pull request as a code owner; returns its number."""
        (pull,) = self.stage.pull_requests()
        self.stage.close(pull.number, _APPROVER)
        return pull.number


@contextmanager
def open_scene(
    shape: TreeShape, folder: Path, *, one_by_one: bool = False, private: bool = False
) -> Iterator[Scene]:
    """Set a scene in an empty folder; its records come in one commit, or in one each.

    Every record is in effect: the parameters of each model's highest versions say so, the branch of
    receipts knows of each, and `applied` names main's head. The registry knows the first model's
    versions; nothing here asks for the others'.
    """
    clock = MovableClock()
    with Stage(folder / "stage", now=clock, private=private) as stage:
        written = written_records(shape)
        bare = stage.hub.repository_path(REPOSITORY)
        files = ((record.id.path, content) for record, content in written)
        head = (
            commit_one_by_one(bare, files)
            if one_by_one
            else commit_files(bare, files, message=f"Promote {shape.records} versions")
        )
        _store_parameters(stage, written, head)
        _register_earlier(stage, shape)
        _begin_receipts(stage, written)
        yield Scene(stage=stage, clock=clock, shape=shape, folder=folder)


def _begin_receipts(stage: Stage, written: Sequence[tuple[Record, bytes]]) -> None:
    """Make the branch that earlier runs would have made; by its indexes all has its receipt."""
    versions: dict[str, list[int]] = {}
    for record, _ in written:
        versions.setdefault(record.id.model, []).append(record.id.version)
    indexes = {
        model: Index(model=model, decisions=dict.fromkeys(numbers, 1))
        for model, numbers in versions.items()
    }
    empty = Book(environment=ENVIRONMENT)
    files = {
        "README.md": b"# Receipts\n",
        **book_files(empty, replace(empty, indexes=indexes)),
    }
    repository = stage.repository(_APPROVER)
    elements = [
        InputGitTreeElement(path, "100644", "blob", content=content.decode())
        for path, content in files.items()
    ]
    commit = repository.create_git_commit("Begin", repository.create_git_tree(elements), [])
    repository.create_git_ref("refs/heads/receipts", commit.sha)


def _store_parameters(stage: Stage, written: Sequence[tuple[Record, bytes]], head: str) -> None:
    values = {
        Names(prefix=PREFIX, environment=name).applied: write_applied(Applied(commit=head))
        for name in ENVIRONMENTS
    }
    names = Names(prefix=PREFIX, environment=ENVIRONMENT)
    entries = {record.id: _entry(record, content, head) for record, content in written}
    highest = {record.id.model: record for record, _ in written}
    for model, record in highest.items():
        current = Current.of(record, entries[record.id])
        values[names.current(model)] = write_current(ENVIRONMENT, model, current)
    for id_, entry in entries.items():
        if id_.version > highest[id_.model].id.version - HISTORIES:
            values.update(write_history(names, History(id=id_, entries=(entry,))))
    for name, value in values.items():
        stage.aws.ssm.put_parameter(Name=name, Value=value, Type="String")


def _entry(record: Record, content: bytes, head: str) -> HistoryEntry:
    at = record.evidence.collected
    return HistoryEntry(
        decision=record.decision,
        blob=blob_id(content),
        by=(_APPROVER,),
        at=at,
        applied_at=at,
        pull_request=f"https://github.com/{REPOSITORY}/pull/1",
        commit=head,
        evidence=record.evidence.digest,
    )


def _register_earlier(stage: Stage, shape: TreeShape) -> None:
    sagemaker, group = stage.aws.sagemaker, model_name(0)
    sagemaker.create_model_package_group(ModelPackageGroupName=group)
    for _ in range(shape.versions):
        sagemaker.create_model_package(
            ModelPackageGroupName=group,
            ModelApprovalStatus="Approved",
            CustomerMetadataProperties={ENVIRONMENT: "Approved"},
            InferenceSpecification={"Containers": [{"Image": "xgboost:1.7"}]},
        )
