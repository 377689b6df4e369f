"""Versions in large numbers: half of them in effect in dev, half waiting, and what is sent of them.

Main holds the records of those in effect, on the stage's own GitHub. The AWS of thousands is in
memory, behind its ports: to fill and to ask moto's would take longer than all the rest.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.tree import CREATED, TreeShape, commit_files, model_name, records

from assent.adapters.memory import (
    MemoryJobs,
    MemoryParameters,
    MemoryRegistry,
    MemoryReports,
)
from assent.contracts import load_contracts
from assent.core.git_objects import blob_id
from assent.core.names import PackageArn, RecordId, parse_package_arn
from assent.core.own_events import INFERENCE_COMPLETED, inference_detail
from assent.core.package import ModelVersion, RegistryApproval, ReportSource
from assent.core.parameters import (
    Current,
    History,
    HistoryEntry,
    Names,
    write_current,
    write_history,
)
from assent.core.record import Record, write_record
from assent.core.reports import ReportKind
from assent.flows.event_world import World
from assent.ports import TransformRun
from assent.sandbox.aws import register, transform
from assent.sandbox.stage import ACCOUNT, REGION, REPOSITORY, Stage

STRANGER = "999999999999"
"""An account that is no environment's."""
QUALITY = b'{"binary_classification_metrics": {"auc": {"value": 0.91}}}'
SCORED = b'{"scored": {"auc": {"value": 0.88}}}'
OUTPUT = "s3://acme-batches/out"
_PULL = f"https://github.com/{REPOSITORY}/pull/1"
_SHOWN = {"dev": "Approved", "dev.by": "ana", "dev.pull-request": _PULL}
"""What `apply` writes in the registry of a version that is in effect."""
_EACH = 3
"""So many messages are refused for each reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A message, and what has to become of it."""

    body: str
    promotes: RecordId | None = None
    """The record that a pull request has to add; None where there is to be none."""
    why: str = ""
    """What the log has to say where there is to be none."""


def put_into_effect(
    stage: Stage, effective: Iterable[Record], others: Mapping[str, bytes] | None = None
) -> Mapping[str, str]:
    """Let main hold these records, and other files.

    Returns:
        The parameters that say that they are in effect.
    """
    schema = load_contracts().promotion
    contents = [(record, write_record(record, schema)) for record in effective]
    files = {record.id.path: content for record, content in contents} | dict(others or {})
    bare = stage.hub.repository_path(REPOSITORY)
    head = commit_files(bare, files.items(), message="Promote", loose=True)
    values: dict[str, str] = {}
    for record, content in contents:
        id_, names = record.id, Names(prefix="/assent", environment=record.id.environment)
        entry = _entry(record, blob_id(content), head)
        values.update(write_history(names, History(id=id_, entries=(entry,))))
        # The last one of a model is its highest.
        current = write_current(id_.environment, id_.model, Current.of(record, entry))
        values[names.current(id_.model)] = current
    return values


def _entry(record: Record, blob: str, head: str) -> HistoryEntry:
    at = record.evidence.collected
    return HistoryEntry(
        decision=record.decision,
        blob=blob,
        by=("ana",),
        at=at,
        applied_at=at,
        pull_request=_PULL,
        commit=head,
        evidence=record.evidence.digest,
        created=record.package.created,
    )


class Crowd:
    """Models with as many versions in effect in dev, from 1 on, as wait for it after those.

    One more model is there for the samples and the refusals, so that nothing else speaks of it.

    Args:
        stage: A running one, whose main has no records.
        models: How many.
        versions: Of each model, that are in effect; and again as many that wait.
    """

    def __init__(self, stage: Stage, *, models: int, versions: int) -> None:
        self._models = [model_name(number) for number in range(models)]
        self._other = model_name(models)
        self._versions = versions
        self._registry, self._files, self._jobs = MemoryRegistry(), MemoryReports(), MemoryJobs()
        everything = list(records(TreeShape(models=models + 1, versions=2 * versions)))
        for record in everything:
            self._register(record)
        effective = [record for record in everything if record.id.version <= versions]
        # Whom to ask for a review, GitHub would find out by a process for each pull request.
        nobody = {".github/CODEOWNERS": b""}
        self._parameters = MemoryParameters(put_into_effect(stage, effective, nobody))
        self._files.put(f"{OUTPUT}/metrics.json", SCORED)

    def _register(self, record: Record) -> None:
        effective = record.id.version <= self._versions
        self._registry.put(
            ModelVersion(
                arn=parse_package_arn(record.package.arn),
                package=record.package,
                status="Completed",
                approval=RegistryApproval.APPROVED if effective else RegistryApproval.PENDING,
                metadata=_SHOWN if effective else {},
                life_cycle=("dev", "Approved") if effective else None,
                reports=tuple(
                    ReportSource(kind=each.kind, uri=each.uri) for each in record.evidence.reports
                ),
            )
        )
        for report in record.evidence.reports:
            self._files.put(report.uri, QUALITY)
        for container in record.package.containers:
            if container.artifact is not None:
                self._files.put(container.artifact.uri, b"a model, packed")

    def seen_from(self, world: World) -> World:
        """A world whose AWS is this one."""
        return replace(
            world,
            registry=self._registry,
            reports=lambda _: self._files,
            jobs=lambda _: self._jobs,
            parameters=lambda _: self._parameters,
        )

    def registrations(self) -> Iterator[Asked]:
        """What SageMaker sends about each version that waits."""
        for model in self._models:
            for version in range(self._versions + 1, 2 * self._versions + 1):
                yield self._waiting(model, version)

    def inferences(self) -> Iterator[Asked]:
        """What tells that a batch inference finished with each version that is in effect.

        Every other one is a transform job's; the others come from pipelines that use none.
        """
        for model in self._models:
            for version in range(1, self._versions + 1):
                yield self._inferred(model, version)

    def samples(self) -> list[Asked]:
        """One of each kind, about other versions."""
        first = _EACH + 1
        return [
            self._waiting(self._other, self._versions + first),
            self._inferred(self._other, first),
            self._inferred(self._other, first + 1),
        ]

    def _waiting(self, model: str, version: int) -> Asked:
        return Asked(
            body=_registration(_arn(model, version).text), promotes=RecordId("dev", model, version)
        )

    def _inferred(self, model: str, version: int) -> Asked:
        body = (
            self._transformed(f"nightly-{model}-{version}-dev", _arn(model, version))
            if version % 2
            else _reported(model, version, f"{OUTPUT}/metrics.json")
        )
        return Asked(body=body, promotes=RecordId("test", model, version))

    def refusals(self) -> Iterator[Asked]:
        """What asks for nothing that may be proposed, each for its own reason."""
        model, above = self._other, self._versions
        for n in range(1, _EACH + 1):
            arn, waiting = _arn(model, n), _arn(model, above + n)
            failed = self._transformed(f"failed-{n}-dev", arn, status="Failed")
            elsewhere = self._transformed(f"elsewhere-{n}-dev", arn)
            unversioned = arn.text.rpartition("/")[0]
            said = {
                "is 'Failed'; a batch inference counts once it Completed": failed,
                "is Failed: out of memory; it proposes nothing": failed.replace(
                    '"Failed"', '"Completed"'
                ),
                "is no versioned model package": self._transformed(f"files-{n}-dev"),
                "of several model packages": self._transformed(f"both-{n}-dev", arn, waiting),
                f"none in account {STRANGER}": elsewhere.replace(ACCOUNT, STRANGER),
                "is not approved (nothing was decided)": self._transformed(
                    f"early-{n}-dev", waiting
                ),
                "prod is the top of the ladder": self._transformed(f"nightly-{n}-prod", arn),
                "it is missing": _reported(model, n, f"{OUTPUT}/absent.json"),
                f"{arn.text} is Approved in dev already": _registration(arn.text),
                "the registry has no model package": _registration(_arn(model, 2 * above + n).text),
                "is an unversioned model package": _registration(unversioned),
            }
            for why, body in said.items():
                yield Asked(body=body, why=why)

    def _transformed(self, name: str, *packages: PackageArn, status: str = "Completed") -> str:
        """Run a job with these packages, or with a model of plain files; return what is sent."""
        arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:transform-job/{name}"
        self._jobs.transforms[name] = TransformRun(
            arn=arn,
            status=status,
            failure="" if status == "Completed" else "out of memory",
            model=f"model-of-{name}",
            packages=packages,
            started=CREATED,
            ended=CREATED,
            instance_type="ml.m5.xlarge",
            instances=1,
            output=OUTPUT,
        )
        return _event(
            "SageMaker Transform Job State Change",
            {"TransformJobName": name, "TransformJobArn": arn, "TransformJobStatus": status},
        )


def register_all(stage: Stage, versions: int) -> list[Asked]:
    """One model's versions as a `Crowd` has them, but on the stage's own AWS.

    Returns:
        What is sent of each: first of those that wait, then of the others.
    """
    model, asked = model_name(0), []
    for version in range(1, 2 * versions + 1):
        effective = version <= versions
        made = register(
            stage.aws,
            group=model,
            reports={"model-quality": QUALITY},
            created=CREATED,
            approval="Approved" if effective else "PendingManualApproval",
            metadata=_SHOWN if effective else None,
        )
        if not effective:
            body = json.dumps(made.event)
            asked.append(Asked(body=body, promotes=RecordId("dev", model, version)))
    effective_records = records(TreeShape(models=1, versions=versions))
    for name, value in put_into_effect(stage, effective_records).items():
        stage.aws.ssm.put_parameter(Name=name, Value=value, Type="String")
    for version in range(1, versions + 1):
        ran = transform(
            stage.aws, _arn(model, version).text, "dev", outputs={"metrics.json": SCORED}
        )
        body = (
            json.dumps(ran.event)
            if version % 2
            else _reported(model, version, f"{ran.output}/metrics.json")
        )
        asked.append(Asked(body=body, promotes=RecordId("test", model, version)))
    return asked


def _arn(model: str, version: int) -> PackageArn:
    return parse_package_arn(
        f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/{model}/{version}"
    )


def _registration(arn: str) -> str:
    return _event("SageMaker Model Package State Change", {"ModelPackageArn": arn})


def _reported(model: str, version: int, uri: str) -> str:
    detail = inference_detail(
        model=model,
        version=version,
        environment="dev",
        run=f"pipeline-{version}",
        reports=[ReportSource(kind=ReportKind.EVALUATION, uri=uri)],
    )
    return _event(INFERENCE_COMPLETED, detail, source="assent")


def _event(kind: str, detail: Mapping[str, Any], *, source: str = "aws.sagemaker") -> str:
    envelope = {
        "version": "0",
        "detail-type": kind,
        "source": source,
        "account": ACCOUNT,
        "time": "2026-11-22T10:00:00Z",
        "region": REGION,
        "resources": [],
    }
    return json.dumps({**envelope, "detail": detail})
