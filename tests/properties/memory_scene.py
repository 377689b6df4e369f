"""The scene in memory: the fakes behind every port, and a fuse on each remote call."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar, cast

from tests.properties.scene import (
    OWNERS,
    PEOPLE,
    Cut,
    OpenPull,
    configuration,
    is_answer,
    told_in,
)

from assent.adapters.memory import (
    MemoryBus,
    MemoryJobs,
    MemoryNotices,
    MemoryParameters,
    MemoryRegistry,
    MemoryReports,
    SettableClock,
)
from assent.adapters.memory_receipts import MemoryReceiptLog, MemoryReceiptVault
from assent.adapters.memory_repository import MemoryRepository
from assent.contracts import load_contracts
from assent.core.config import Environment, parse_config
from assent.core.errors import AssentError
from assent.core.forge import ProposalState
from assent.core.names import RecordId, parse_package_arn
from assent.core.outcome import Outcome
from assent.core.own_events import INFERENCE_COMPLETED
from assent.core.package import (
    Artifact,
    Container,
    ModelVersion,
    Package,
    RegistryApproval,
    ReportSource,
)
from assent.core.rendering.retirement import Retirement
from assent.core.reports import ReportKind
from assent.core.timestamps import to_seconds, written
from assent.flows import propose
from assent.flows.apply import ApplyReport, apply
from assent.flows.collect_evidence import Collected, collect_evidence
from assent.flows.reject import RejectReport, reject
from assent.flows.retire import retire
from assent.flows.wanted import World
from assent.ports import AlreadyThere, TransformRun

if TYPE_CHECKING:
    from assent.ports import (
        Bus,
        Deployments,
        Forge,
        Jobs,
        Notices,
        Parameters,
        ReceiptLog,
        ReceiptVault,
        Registry,
        Reports,
    )

__all__ = ["Crash", "Fuse", "MemoryScene", "fused"]

_ACCOUNT, _REGION = "111122223333", "eu-west-1"
_OWNED = "".join(
    # By login below, by team above: whose member one is, another call tells.
    f"/promotions/{name}/ "
    + (f"@acme/{name}" if name in {"uat", "prod"} else " ".join(f"@{each}" for each in owners))
    + "\n"
    for name, owners in OWNERS.items()
)
_FORGE_WRITES = frozenset(
    {
        "add_file",
        "close_issue",
        "comment",
        "create_branch",
        "edit_body",
        "edit_issue",
        "label",
        "open_issue",
        "open_pull_request",
        "reopen",
        "unlabel",
    }
)
_REPORT = b'{"binary_classification_metrics": {"auc": {"value": 0.9, "standard_deviation": 0.01}}}'
_SCORED = b'{"scored": {"auc": {"value": 0.88}}}'


class Crash(BaseException):
    """The process was killed: nothing catches it, nothing runs after it."""


class Fuse:
    """Counts remote calls, and blows at one of them."""

    def __init__(self, cut: Cut | None) -> None:
        self._cut = cut
        self.calls = 0

    def through(self, call: Callable[[], Any]) -> Any:  # noqa: ANN401 - any port's answer
        """Make a call, unless this is the one at which the process dies."""
        self.calls += 1
        dies = self._cut is not None and self.calls == self._cut.at
        if dies and self._cut is not None and not self._cut.after:
            raise Crash
        answer = call()
        if dies:
            raise Crash
        return answer


class _Fused:
    def __init__(self, target: object, fuse: Fuse) -> None:
        self._target = target
        self._fuse = fuse

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._target, name)
        return lambda *args, **kwargs: self._fuse.through(lambda: method(*args, **kwargs))


def fused(target: object, fuse: Fuse) -> Any:  # noqa: ANN401 - whatever port the target is
    """A port whose every call goes through the fuse."""
    return _Fused(target, fuse)


class MemoryScene:
    """See `Scene`.

    Args:
        ladder: The environments, lowest first.
        named_jobs: See `configuration`.
    """

    def __init__(self, ladder: Sequence[str], *, named_jobs: bool = False) -> None:
        self.models = ("churn", "fraud-eu")
        self.clock = SettableClock()
        content = configuration(ladder, named_jobs=named_jobs).encode()
        self.config = parse_config(content, load_contracts().config)
        files = {
            "assent.yaml": content,
            ".github/CODEOWNERS": f"* @acme/platform\n{_OWNED}".encode(),
        }
        self.repository = MemoryRepository(files, now=self.clock.now)
        self.repository.writers = set(PEOPLE)
        self.repository.teams = {
            "acme/platform": {"carla"},
            **{f"acme/{name}": set(owners) for name, owners in OWNERS.items()},
        }
        self.registry = MemoryRegistry()
        self.reports = MemoryReports()
        self.elsewhere: dict[str, MemoryReports] = {}
        """What environments see that are in accounts of their own; the others see the above."""
        self.stores = {name: MemoryParameters() for name in ladder}
        self.jobs = MemoryJobs()
        self.bus = MemoryBus()
        self.notices = MemoryNotices()
        self.receipts = MemoryReceiptLog()
        self.vault = MemoryReceiptVault()
        self._versions: dict[str, int] = {}
        self._runs = 0
        self._forge_writes = 0

    def tick(self) -> None:
        """See `Scene`."""
        self.clock.advance(timedelta(minutes=1))

    def now(self) -> str:
        """See `Scene`."""
        return written(self.clock.now())

    def register(self, model: str) -> int:
        """See `Scene`."""
        version = self._versions[model] = self._versions.get(model, 0) + 1
        self.registry.put(self._registered(model, version))
        return version

    def recreate(self, model: str, version: int) -> None:
        """See `Scene`."""
        self.registry.put(self._registered(model, version))

    def _registered(self, model: str, version: int) -> ModelVersion:
        arn = parse_package_arn(package_arn(model, version))
        artifact = f"s3://models/{model}/{version}/model.tar.gz"
        report = f"s3://models/{model}/{version}/evaluation.json"
        self.reports.put(artifact, arn.text.encode())
        self.reports.put(report, _REPORT)
        return ModelVersion(
            arn=arn,
            package=Package(
                arn=arn.text,
                created=to_seconds(self.clock.now()),
                created_by="arn:aws:sts::111122223333:assumed-role/training/zoe",
                containers=(
                    Container(image="xgboost:1.7", artifact=Artifact(uri=artifact, etag="e")),
                ),
            ),
            status="Completed",
            approval=RegistryApproval.PENDING,
            metadata={"team": "growth"},
            reports=(ReportSource(kind=ReportKind.MODEL_QUALITY, uri=report),),
        )

    def collected(self, version: ModelVersion) -> Collected:
        """See `Scene`."""
        return collect_evidence(version, self.reports, self.clock.now())

    def delete_package(self, model: str, version: int) -> None:
        """See `Scene`."""
        self.registry.delete(self.packages()[model, version].arn)

    def flip(self, model: str, version: int, approval: str | None, field: tuple[str, str]) -> None:
        """See `Scene`."""
        seen = self.packages()[model, version]
        self.registry.put(
            replace(
                seen,
                approval=seen.approval if approval is None else RegistryApproval(approval),
                metadata={**seen.metadata, field[0]: field[1]},
            )
        )

    def packages(self) -> Mapping[tuple[str, int], ModelVersion]:
        """See `Scene`."""
        return {(each.arn.model, each.arn.version): each for each in self.registry.everything()}

    def parameters(self) -> Mapping[str, str]:
        """See `Scene`."""
        return {
            name: value for store in self.stores.values() for name, value in store.values.items()
        }

    def main(self) -> Mapping[str, bytes]:
        """See `Scene`."""
        return self._files(self.repository.commit("main"))

    def _files(self, commit: str) -> dict[str, bytes]:
        entries = self.repository.entries(commit, "promotions")
        contents = dict(self.repository.blobs(entry.blob for entry in entries))
        return {entry.path: contents[entry.blob] for entry in entries}

    def pulls(self) -> Sequence[OpenPull]:
        """See `Scene`."""
        return [
            OpenPull(
                number=pull.number,
                branch=pull.branch,
                author=pull.author,
                approvals=pull.approvals,
                files=self._files(pull.head),
            )
            for pull in self.repository.pulls
            if pull.state is ProposalState.OPEN
        ]

    def answers(self) -> Mapping[int, int]:
        """See `Scene`."""
        return {
            pull.number: sum(remark.own and is_answer(remark.text) for remark in pull.remarks)
            for pull in self.repository.pulls
        }

    def told(self) -> Counter[tuple[int, str, str]]:
        """See `Scene`."""
        return Counter(
            each
            for pull in self.repository.pulls
            for each in told_in(pull.number, (r.text for r in pull.remarks if r.own))
        )

    def shown(self) -> Mapping[str, int]:
        """See `Scene`."""
        return self.repository.shown.shown()

    def open_pull(self, author: str, branch: str, path: str, content: bytes) -> int:
        """See `Scene`."""
        self.repository.create_branch(branch, self.repository.commit("main"))
        self.repository.push({path: content}, branch=branch)
        number = self.repository.open_pull_request(branch, f"Change {path}", "").number
        self.repository.pull(number).author = author
        return number

    def approve(self, number: int, login: str) -> None:
        """See `Scene`."""
        self.repository.approve(number, login)

    def merge(self, number: int, *, bypass: bool) -> bool:
        """See `Scene`."""
        try:
            self.repository.merge(number, bypass=bypass)
        except ValueError:
            return False
        return True

    def close(self, number: int, by: str) -> None:
        """See `Scene`."""
        self.repository.close(number, by=by)

    def delete_branch(self, number: int, by: str) -> None:
        """See `Scene`."""
        self.repository.delete_branch(self.repository.pull(number).branch, by=by)

    def reopen(self, number: int, by: str) -> bool:
        """See `Scene`."""
        pull = self.repository.pull(number)
        self.repository.branches.setdefault(pull.branch, pull.head)
        try:
            self.repository.reopen(number, by=by)
        except AlreadyThere:
            return False
        return True

    def remark(self, number: int, by: str, text: str) -> None:
        """See `Scene`."""
        self.repository.remark(number, by, text)

    def push(self, path: str, content: bytes | None) -> None:
        """See `Scene`."""
        self.repository.push({path: content})

    def _forge(self, fuse: Fuse) -> "Forge":
        return cast("Forge", fused(_Watched(self.repository, self._count_write), fuse))

    def _count_write(self) -> None:
        self._forge_writes += 1

    def event_world(self, fuse: Fuse) -> propose.World:
        """What events are answered with; every call but the clock's goes through the fuse."""
        return propose.World(
            config=self.config,
            contracts=load_contracts(),
            forge=self._forge(fuse),
            registry=cast("Registry", fused(self.registry, fuse)),
            clock=self.clock,
            reports=lambda _: cast("Reports", fused(self.reports, fuse)),
            parameters=lambda environment: cast(
                "Parameters", fused(self.stores[environment.name], fuse)
            ),
            jobs=lambda _: cast("Jobs", fused(self.jobs, fuse)),
            bus=cast("Bus", fused(self.bus, fuse)),
            notices=cast("Notices", fused(self.notices, fuse)),
            store=None,
        )

    def propose(self, model: str, version: int, cut: Cut | None) -> Outcome | None:
        """See `Scene`."""
        event = {
            "source": "aws.sagemaker",
            "detail-type": "SageMaker Model Package State Change",
            "detail": {
                "ModelPackageArn": package_arn(model, version),
                "ModelPackageVersion": version,
            },
        }
        return self.deliver(event, cut)

    def deliver(self, event: Mapping[str, Any], cut: Cut | None) -> Outcome | None:
        """See `Scene`."""
        return _unless_killed(lambda fuse: propose.propose(event, self.event_world(fuse)), cut)

    def infer(self, environment: str, model: str, version: int, *, job: bool) -> Mapping[str, Any]:
        """See `Scene`."""
        self._runs += 1
        name = f"{model}-{version}-{self._runs}-{environment}"
        output = f"s3://batch/{name}/out"
        self.reports.put(f"{output}/metrics.json", _SCORED)
        envelope = {"account": _ACCOUNT, "region": _REGION}
        if not job:
            detail = {
                "model": model,
                "version": version,
                "environment": environment,
                "run": name,
                "reports": [{"kind": "evaluation", "uri": f"{output}/metrics.json"}],
            }
            named = {"source": "assent", "detail-type": INFERENCE_COMPLETED}
            return {**envelope, **named, "detail": detail}
        arn = f"arn:aws:sagemaker:{_REGION}:{_ACCOUNT}:transform-job/{name}"
        self.jobs.transforms[name] = TransformRun(
            arn=arn,
            status="Completed",
            failure="",
            model=name,
            packages=(parse_package_arn(package_arn(model, version)),),
            started=self.clock.now(),
            ended=self.clock.now(),
            instance_type="ml.m5.xlarge",
            instances=1,
            output=output,
        )
        return {
            **envelope,
            "source": "aws.sagemaker",
            "detail-type": "SageMaker Transform Job State Change",
            "detail": {
                "TransformJobName": name,
                "TransformJobArn": arn,
                "TransformJobStatus": "Completed",
            },
        }

    def _world(self, fuse: Fuse) -> World:
        stores = {
            name: cast("Parameters", fused(store, fuse)) for name, store in self.stores.items()
        }
        return World(
            config=self.config,
            contracts=load_contracts(),
            history=self.repository,
            head=self.repository.commit("main"),
            registry=cast("Registry", fused(self.registry, fuse)),
            parameters=lambda environment: stores[environment.name],
            clock=self.clock,
            deployments=cast("Deployments", fused(self.repository.shown, fuse)),
            reports=lambda each: cast("Reports", fused(self._files_seen(each), fuse)),
            receipts=cast("ReceiptLog", fused(self.receipts, fuse)),
            vault=cast("ReceiptVault", fused(self.vault, fuse)),
        )

    def _files_seen(self, environment: Environment | None) -> MemoryReports:
        name = "" if environment is None else environment.name
        return self.elsewhere.get(name, self.reports)

    def retire(
        self, environment: str, model: str, version: int, reason: str, cut: Cut | None
    ) -> Retirement | AssentError | None:
        """See `Scene`."""
        id_ = RecordId(environment, model, version)
        try:
            return _unless_killed(
                lambda fuse: retire(self._world(fuse), self._forge(fuse), id_, reason), cut
            )
        except AssentError as error:
            return error

    def reject(self, number: int, cut: Cut | None) -> RejectReport | None:
        """See `Scene`."""
        rungs = self.config.environments
        return _unless_killed(
            lambda fuse: reject(self._world(fuse), self._forge(fuse), number, rungs), cut
        )

    def apply(
        self, environments: Sequence[str], cut: Cut | None, *, everything: bool
    ) -> ApplyReport | None:
        """See `Scene`."""
        rungs = self.config.select(environments)
        return _unless_killed(
            lambda fuse: apply(self._world(fuse), self._forge(fuse), rungs, everything=everything),
            cut,
        )

    def writes(self) -> int:
        """See `Scene`."""
        parameters = sum(len(each.writes) for each in self.stores.values())
        told = self._forge_writes + self.repository.shown.writes
        return len(self.registry.updates) + parameters + told


def package_arn(model: str, version: int) -> str:
    """The ARN of a version in this scene's registry."""
    return f"arn:aws:sagemaker:{_REGION}:{_ACCOUNT}:model-package/{model}/{version}"


class _Watched:
    """A forge that tells of each call that writes."""

    def __init__(self, target: object, tell: Callable[[], None]) -> None:
        self._target = target
        self._tell = tell

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whichever method it is
        if name in _FORGE_WRITES:
            self._tell()
        return getattr(self._target, name)


T = TypeVar("T")


def _unless_killed(run: Callable[[Fuse], T], cut: Cut | None) -> T | None:
    """Run a process; None where it dies."""
    try:
        return run(Fuse(cut))
    except Crash:
        return None
