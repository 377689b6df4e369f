"""What drift costs over many versions: AWS calls, counted where botocore would send them.

moto searches every parameter for each page of ten, so ten thousand versions are answered from
memory here; the pages, their tokens and their parsing are botocore's own.
"""

import io
import json
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.compat import HTTPHeaders

from assent.adapters.git import GitRepository
from assent.adapters.memory import SettableClock
from assent.adapters.parameter_store import ParameterStore
from assent.adapters.sagemaker import SageMakerRegistry
from assent.contracts import load_contracts
from assent.core.config import Config, parse_config
from assent.core.discrepancy import Kind
from assent.core.evidence import evidence_digest, evidence_values, package_values
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
from assent.core.record import Record
from assent.flows.find_discrepancies import find_discrepancies
from assent.flows.wanted import World
from assent.sandbox.aws.clients import loopback_session
from assent.sandbox.stage import ACCOUNT, REGION
from benchmarks.tree import CREATED, ENVIRONMENT, TreeShape, commit_files, records

__all__ = ["DriftCounts", "count_drift"]

_LADDER = ("dev", "test", "uat", "prod")
_WRITER = f"arn:aws:sts::{ACCOUNT}:assumed-role/assent-apply/assent-1"
_ADDRESS = "https://github.com/acme/model-promotions/pull/1"
_NAMES = Names(prefix="/assent", environment=ENVIRONMENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftCounts:
    """A comparison of everything."""

    versions: int
    calls: Mapping[str, int]
    """By operation."""
    least: int
    """As many as pages alone take."""
    found: frozenset[tuple[Kind, str, int | None]]
    """What it reported: kind, model and version."""
    planted: frozenset[tuple[Kind, str, int | None]]
    """What it had to report, and nothing else."""

    @property
    def total(self) -> int:
        """All calls."""
        return sum(self.calls.values())

    @property
    def holds(self) -> bool:
        """Whether it took no more than one in twenty beyond its pages, and erred in nothing."""
        return self.total <= self.least * 1.05 and self.found == self.planted


class _Aws:
    """Registry and parameters in memory, behind real clients; every request is counted."""

    def __init__(self, packages: Sequence[dict[str, Any]], parameters: Mapping[str, str]) -> None:
        self.calls: Counter[str] = Counter()
        self._packages = list(packages)
        self._by_arn = {each["ModelPackageArn"]: each for each in packages}
        self._parameters = dict(parameters)
        self._names = sorted(parameters)
        self._results = [{"ModelPackage": each} for each in packages]
        self._below: dict[str, list[str]] = {}
        """Names by the path that they are below; searched once, not for each page."""

    def client(self, service: str) -> Any:  # noqa: ANN401 - whichever service it is
        """A client of boto3's that sends nothing."""
        session: Any = loopback_session("http://127.0.0.1:9", ACCOUNT, REGION)
        client = session.client(service)
        client.meta.events.register(f"before-send.{service}", self._answer)
        return client

    def _answer(self, request: AWSRequest, **_: object) -> AWSResponse:
        target = request.headers["X-Amz-Target"]
        operation = (target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]
        self.calls[operation] += 1
        asked = json.loads(request.body)
        status, said = _OPERATIONS[operation](self, asked)
        body = _Body(json.dumps(said).encode())
        return AWSResponse(request.url or "", status, HTTPHeaders(), body)

    def search(self, asked: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """A page of packages."""
        return 200, _paged("Results", self._results, asked)

    def describe(self, asked: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """One package, or that there is none."""
        found = self._by_arn.get(asked["ModelPackageName"])
        if found is not None:
            return 200, found
        message = f"ModelPackage {asked['ModelPackageName']} does not exist."
        return 400, {"__type": "ValidationException", "message": message}

    def below(self, asked: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """A page of the parameters below a path."""
        path = asked["Path"]
        if path not in self._below:
            self._below[path] = [name for name in self._names if name.startswith(path + "/")]
        page = _paged("Parameters", self._below[path], asked)
        return 200, page | {"Parameters": [self._parameter(name) for name in page["Parameters"]]}

    def some(self, asked: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Those of some parameters that exist."""
        there = [name for name in asked["Names"] if name in self._parameters]
        return 200, {"Parameters": [self._parameter(name) for name in there]}

    def _parameter(self, name: str) -> dict[str, str]:
        return {"Name": name, "Value": self._parameters[name], "Type": "String"}


class _Body(io.BytesIO):
    """A response's content, as urllib3 hands it out."""

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        """All of it at once."""
        yield self.read()


def _paged(name: str, found: Sequence[Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    start, most = int(asked.get("NextToken", "0")), int(asked["MaxResults"])
    end = start + most
    more = {"NextToken": str(end)} if end < len(found) else {}
    return {name: list(found[start:end]), **more}


_OPERATIONS: Mapping[str, Callable[[_Aws, Mapping[str, Any]], tuple[int, dict[str, Any]]]] = {
    "Search": _Aws.search,
    "DescribeModelPackage": _Aws.describe,
    "GetParametersByPath": _Aws.below,
    "GetParameters": _Aws.some,
}


def count_drift(versions: int, folder: Path, *, planted: bool) -> DriftCounts:
    """Compare a tree of records, all in effect, with one difference of each kind or with none.

    Args:
        versions: How many, spread over models.
        folder: An empty one, for the repository.
        planted: Whether there is anything to be found.
    """
    written = [_written(each) for each in records(TreeShape.of(versions))]
    bare = folder / "tree.git"
    config = _config()
    files = [(record.id.path, content) for record, content in written]
    head = commit_files(_initialised(bare), iter(files), message="Promote all")
    packages = {(each.id.model, each.id.version): _package(each) for each, _ in written}
    parameters = _parameters(written, head)
    plant = _Plants(written, packages, parameters)
    expected = plant.all() if planted else frozenset()
    aws = _Aws(list(packages.values()), parameters)
    store = ParameterStore(aws.client("ssm"))
    with GitRepository(bare) as history:
        world = World(
            config=config,
            contracts=load_contracts(),
            history=history,
            head=head,
            registry=SageMakerRegistry(aws.client("sagemaker")),
            parameters=lambda _: store,
            clock=SettableClock(datetime(2027, 1, 1, tzinfo=UTC)),
        )
        report = find_discrepancies(world, config.environments)
    if report.broken:
        raise RuntimeError(f"something was not read: {report.broken}")
    return DriftCounts(
        versions=versions,
        calls=dict(aws.calls),
        least=_least(packages, parameters),
        found=frozenset((each.kind, each.model, each.version) for each in report.discrepancies),
        planted=expected,
    )


def _written(record: Record) -> tuple[Record, bytes]:
    """A small record, as JSON, which is YAML: ten thousand are written in seconds."""
    metrics = dict(list(record.evidence.metrics.items())[:1])
    plain = replace(record.evidence, reports=(), metrics=metrics)
    evidence = replace(plain, digest=evidence_digest(record.package, plain))
    values = {
        "schema": "assent/promotion/v1",
        "model": record.id.model,
        "version": record.id.version,
        "environment": record.id.environment,
        "status": record.decision.value,
        "reason": "",
        "waivers": [],
        "package": package_values(record.package),
        "evidence": {**evidence_values(evidence), "digest": evidence.digest},
    }
    return replace(record, evidence=evidence), json.dumps(values).encode()


def _least(packages: Mapping[Any, Any], parameters: Mapping[str, str]) -> int:
    """A hundred packages a page, ten parameters a page; an environment takes one at least."""
    below = [
        sum(name.startswith(f"/assent/{environment}/") for name in parameters)
        for environment in _LADDER
    ]
    return -(-len(packages) // 100) + sum(max(-(-count // 10), 1) for count in below)


def _initialised(bare: Path) -> Path:
    subprocess.run(
        ["git", "init", "--quiet", "--bare", "--initial-branch=main", str(bare)], check=True
    )
    return bare


def _config() -> Config:
    rungs = "".join(
        f'  - {{name: {name}, account: "{ACCOUNT}", region: {REGION}}}\n' for name in _LADDER
    )
    text = (
        "schema: assent/config/v1\n"
        f'registry: {{account: "{ACCOUNT}", region: {REGION}, '
        'writers: ["arn:aws:sts::*:assumed-role/assent-apply/*"]}\n'
        "github: {repository: acme/model-promotions}\n"
        f"environments:\n{rungs}"
    )
    return parse_config(text.encode(), load_contracts().config)


def _entry(record: Record, content: bytes, head: str) -> HistoryEntry:
    return HistoryEntry(
        decision=record.decision,
        blob=blob_id(content),
        by=("ana",),
        at=CREATED,
        applied_at=CREATED,
        pull_request=_ADDRESS,
        commit=head,
        evidence=record.evidence.digest,
        created=record.package.created,
    )


def _parameters(written: Sequence[tuple[Record, bytes]], head: str) -> dict[str, str]:
    values = {
        Names(prefix="/assent", environment=name).applied: write_applied(Applied(commit=head))
        for name in _LADDER
    }
    for record, content in written:
        entry = _entry(record, content, head)
        values.update(write_history(_NAMES, History(id=record.id, entries=(entry,))))
        current = Current.of(record, entry)  # the highest version of a model comes last
        values[_NAMES.current(record.id.model)] = write_current(
            ENVIRONMENT, record.id.model, current
        )
    return values


def _package(record: Record) -> dict[str, Any]:
    """What SageMaker says of a package whose approval is in effect."""
    package = record.package
    (container,) = package.containers
    if container.artifact is None:
        raise RuntimeError("the tree's records name an artifact")
    written_at = (package.created + timedelta(hours=1)).timestamp()
    return {
        "ModelPackageArn": package.arn,
        "ModelPackageGroupName": record.id.model,
        "ModelPackageVersion": record.id.version,
        "ModelPackageStatus": "Completed",
        "CreationTime": package.created.timestamp(),
        "CreatedBy": {"IamIdentity": {"Arn": package.created_by}},
        "InferenceSpecification": {
            "Containers": [{"Image": container.image, "ModelDataUrl": container.artifact.uri}]
        },
        "ModelApprovalStatus": "Approved",
        "ModelLifeCycle": {"Stage": ENVIRONMENT, "StageStatus": "Approved"},
        "CustomerMetadataProperties": {
            ENVIRONMENT: "Approved",
            f"{ENVIRONMENT}.by": "ana",
            f"{ENVIRONMENT}.pull-request": _ADDRESS,
        },
        "LastModifiedTime": written_at,
        "LastModifiedBy": {"IamIdentity": {"Arn": _WRITER}},
    }


@dataclass(slots=True)
class _Plants:
    """Changes what stands by hand, one thing of each kind, each on a model of its own."""

    written: Sequence[tuple[Record, bytes]]
    packages: dict[tuple[str, int], dict[str, Any]]
    parameters: dict[str, str]

    def all(self) -> frozenset[tuple[Kind, str, int | None]]:
        """Plant everything; returns what has to be found."""
        models = sorted({record.id.model for record, _ in self.written})
        found = {
            (kind, model, plant(self, model))
            for (kind, plant), model in zip(_BY_KIND.items(), models, strict=False)
        }
        # Its repository keeps no receipts, of which one could lack.
        if len(found) != len(set(Kind) - {Kind.DECISION_WITHOUT_RECEIPT}):
            raise RuntimeError("there are too few models, or a kind is missing")
        return frozenset(found)

    def approved(self, model: str) -> int:
        """The field of an environment says what no record of it does."""
        self.packages[model, 1]["CustomerMetadataProperties"]["test"] = "Approved"
        return 1

    def without_effect(self, model: str) -> int:
        """The registry and the parameters know nothing of what main holds."""
        del self.parameters[_NAMES.history(model, 1)]
        self.without_fields(self.packages[model, 1])
        return 1

    def differs(self, model: str) -> int:
        """Somebody else is said to have approved it."""
        self.packages[model, 1]["CustomerMetadataProperties"][f"{ENVIRONMENT}.by"] = "eve"
        return 1

    def parameter_edited(self, model: str) -> int:
        """`current` is not JSON any more."""
        self.parameters[_NAMES.current(model)] = "gone"
        return max(version for name, version in self.packages if name == model)

    def history_edited(self, model: str) -> int:
        """An entry rests on a record that the clone does not have."""
        name = _NAMES.history(model, 1)
        value = json.loads(self.parameters[name])
        value["decisions"][0]["evidence"] = f"sha256:{'0' * 64}"
        self.parameters[name] = json.dumps(value)
        return 1

    def stray(self, model: str) -> int:
        """A page of earlier decisions that no history counts."""
        self.parameters[_NAMES.earlier(model, 1, 1)] = "{}"
        return 1

    def writer(self, model: str) -> int:
        """A person wrote the package last."""
        person = f"arn:aws:iam::{ACCOUNT}:user/eve"
        self.packages[model, 1]["LastModifiedBy"] = {"IamIdentity": {"Arn": person}}
        return 1

    def deleted(self, model: str) -> int:
        """The package is gone."""
        del self.packages[model, 1]
        return 1

    def recreated(self, model: str) -> int:
        """Another package has its number."""
        package = self.packages[model, 1]
        self.without_fields(package)
        package["CreationTime"] += 3600
        return 1

    @staticmethod
    def without_fields(package: dict[str, Any]) -> None:
        """As it was registered."""
        package["ModelApprovalStatus"] = "PendingManualApproval"
        for key in ("CustomerMetadataProperties", "ModelLifeCycle", "LastModifiedBy"):
            del package[key]


_BY_KIND: Mapping[Kind, Callable[[_Plants, str], int]] = {
    Kind.APPROVED_WITHOUT_RECORD: _Plants.approved,
    Kind.RECORD_WITHOUT_EFFECT: _Plants.without_effect,
    Kind.REGISTRY_DIFFERS: _Plants.differs,
    Kind.PARAMETER_EDITED: _Plants.parameter_edited,
    Kind.HISTORY_EDITED: _Plants.history_edited,
    Kind.UNKNOWN_WRITER: _Plants.writer,
    Kind.PACKAGE_DELETED: _Plants.deleted,
    Kind.PACKAGE_RECREATED: _Plants.recreated,
    Kind.PARAMETER_STRAY: _Plants.stray,
}
