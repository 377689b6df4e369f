"""A version with reports of every sort, and each thing that a record of it says, altered."""

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.properties.memory_scene import MemoryScene

from assent.contracts import load_contracts
from assent.core.evidence import evidence_digest
from assent.core.inference import ExpectedFile, InferenceRun
from assent.core.names import RecordId, parse_package_arn
from assent.core.package import (
    Artifact,
    Container,
    ModelVersion,
    Package,
    RegistryApproval,
    ReportSource,
)
from assent.core.record import Decision, ParsedRecord, Record, parse_record, write_record
from assent.core.reports import ReportKind
from assent.core.timestamps import to_seconds
from assent.flows.apply import ApplyReport
from assent.flows.collect_evidence import collect_evidence
from assent.flows.collect_inference import CollectedInference, collect_inference

__all__ = ["ARTIFACT", "FILES", "INFERRED", "Alteration", "House", "alterations", "record_with"]

_CORPUS = Path(__file__).parents[1] / "core" / "reports"
_SCHEMA = load_contracts().promotion
ARTIFACT = "s3://models/churn-train-7/output/model.tar.gz"
FILES: Mapping[ReportKind, str] = {
    ReportKind.MODEL_QUALITY: "binary-classification.json",
    ReportKind.MODEL_QUALITY_CONSTRAINTS: "classification-constraints.json",
    ReportKind.DATA_QUALITY: "data-quality-violations.json",
    ReportKind.EXPLAINABILITY: "clarify-explainability.json",
}
"""What training left, by slot."""
INFERRED: Mapping[ReportKind, str] = {
    ReportKind.EVALUATION: "plain.json",
    ReportKind.VIOLATIONS: "model-quality-violations.json",
}
"""What batch inference in dev left."""

Place = tuple[str | int, ...]


def file_of(kind: ReportKind) -> str:
    """Where a report lies."""
    return f"s3://models/churn/1/{kind}.json"


def content_of(kind: ReportKind) -> bytes:
    """What a report holds."""
    return (_CORPUS / {**FILES, **INFERRED}[kind]).read_bytes()


class House:
    """One version, with everything that a record can pin, in a versioned bucket."""

    def __init__(self) -> None:
        self.scene = MemoryScene(("dev", "test"))
        self.reports = self.scene.reports
        for kind in (*FILES, *INFERRED):
            self.reports.put(file_of(kind), content_of(kind), version_id=f"{kind}-1")
        self.reports.put(ARTIFACT, b"a model", version_id="model-1", checksum=True)
        self.version = self._registered()
        self.scene.registry.put(self.version)
        self._opened = 0

    def _registered(self) -> ModelVersion:
        arn = parse_package_arn("arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/1")
        return ModelVersion(
            arn=arn,
            package=Package(
                arn=arn.text,
                created=to_seconds(self.scene.clock.now()),
                created_by="arn:aws:sts::111122223333:assumed-role/training/zoe",
                containers=(Container(image="xgboost:1.7", artifact=Artifact(uri=ARTIFACT)),),
                specification="sha256:" + "5" * 64,
            ),
            status="Completed",
            approval=RegistryApproval.PENDING,
            reports=tuple(ReportSource(kind=kind, uri=file_of(kind)) for kind in FILES),
            description="Calls of the last 90 days",
            generated_by="arn:aws:sagemaker:eu-west-1:111122223333:pipeline/p/execution/9x2k",
            commit="8f7c2d1",
            repository="https://github.com/acme/churn",
        )

    def record(self, environment: str = "dev") -> Record:
        """The record as the bot would write it."""
        inference = self._inference() if environment == "test" else None
        found = collect_evidence(
            self.version, self.reports, self.scene.clock.now(), inference=inference
        )
        return Record(
            id=RecordId(environment, "churn", 1),
            decision=Decision.APPROVED,
            package=found.package,
            evidence=found.evidence,
        )

    def _inference(self) -> CollectedInference:
        now = self.scene.clock.now()
        run = InferenceRun(
            environment="dev",
            run="nightly-7",
            started=now - timedelta(hours=1),
            ended=now,
            instance_type="ml.m5.xlarge",
            instances=2,
            files=tuple(ExpectedFile(kind=kind, uri=file_of(kind)) for kind in INFERRED),
        )
        found = collect_inference(run, self.version.arn, self.reports)
        assert isinstance(found, CollectedInference), found
        return found

    def merge(self, record: Record) -> None:
        """Bring a record to main by an approved pull request."""
        self._opened += 1
        content = write_record(record, _SCHEMA)
        path = record.id.path
        number = self.scene.open_pull("assent[bot]", f"change/{self._opened}", path, content)
        for login in ("ana", "ben"):
            self.scene.repository.approve(number, login)
        self.scene.repository.merge(number)

    def apply(self, *environments: str) -> ApplyReport:
        """Run apply."""
        report = self.scene.apply(environments or ("dev", "test"), None, everything=False)
        assert report is not None
        return report

    def written(self) -> tuple[int, Sequence[str]]:
        """What of registry and parameters would be written if a decision took effect."""
        names = [name for name in self.scene.parameters() if not name.endswith("/applied")]
        return len(self.scene.registry.updates), sorted(names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alteration:
    """One thing in a record that somebody changed, with a digest that fits."""

    how: str
    """`other`, `null` or `absent`."""
    place: Place
    record: Record

    @property
    def name(self) -> str:
        """How, and where."""
        return f"{self.how} {'.'.join(str(part) for part in self.place)}"


def record_with(record: Record, place: Place, value: object) -> Record | None:
    """A record with something else at a place, and a new digest; None where that is no record."""
    return _parsed(_document(record), place, [value])


def alterations(record: Record, part: str) -> Iterator[Alteration]:
    """Everything that a part of a record says, altered one by one in each way that parses.

    Args:
        record: As the bot wrote it.
        part: `package` or `evidence`.
    """
    document = _document(record)
    for place, value in _walk(document[part], (part,)):
        if place == ("evidence", "digest"):
            continue
        tried = {"other": _others(value), "null": [None] if value is not None else []}
        for how, values in tried.items():
            found = _parsed(document, place, values)
            if found is not None:
                yield Alteration(how=how, place=place, record=found)
        found = _parsed(document, place, [_ABSENT])
        if found is not None:
            yield Alteration(how="absent", place=place, record=found)


_ABSENT = object()


def _document(record: Record) -> dict[str, Any]:
    parsed = parse_record(write_record(record, _SCHEMA), _SCHEMA)
    assert isinstance(parsed, ParsedRecord)
    document: dict[str, Any] = parsed.document.value
    return document


def _walk(value: Any, place: Place) -> Iterator[tuple[Place, Any]]:  # noqa: ANN401 - any JSON
    yield place, value
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _walk(each, (*place, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _walk(each, (*place, index))


def _others(value: object) -> list[Any]:
    """Other values of the kind; the first that makes a record is taken."""
    match value:
        case None:
            return ["x", 1, "2026-01-01T00:00:00Z"]
        case bool():
            return []
        case int():
            return [value + 1]
        case float():
            return [value + 0.01]
        case str():
            flipped = value[:-1] + ("0" if value[-1:] != "0" else "1")
            others = [f"{value}x", flipped, f"{value}0", "2026-01-01T00:00:00Z", "lower", "higher"]
            others += [*ReportKind, "import", "training", "batch-inference"]
            return [each for each in others if each != value]
        case _:
            return []


def _parsed(document: Mapping[str, Any], place: Place, values: Sequence[object]) -> Record | None:
    for value in values:
        changed = copy.deepcopy(dict(document))
        holder: Any = changed
        for part in place[:-1]:
            holder = holder[part]
        if value is _ABSENT:
            del holder[place[-1]]
        else:
            holder[place[-1]] = value
        parsed = parse_record(json.dumps(changed).encode(), _SCHEMA)
        if isinstance(parsed, ParsedRecord):
            record = parsed.record
            digest = evidence_digest(record.package, record.evidence)
            return replace(record, evidence=replace(record.evidence, digest=digest))
    return None
