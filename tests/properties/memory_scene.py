"""The scene in memory: the fakes behind every port, and a fuse on each remote call."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from tests.properties.scene import Cut, OpenPull, configuration

from assent.adapters.memory import (
    MemoryBus,
    MemoryJobs,
    MemoryNotices,
    MemoryParameters,
    MemoryRegistry,
    MemoryReports,
    SettableClock,
)
from assent.adapters.memory_repository import MemoryRepository
from assent.contracts import load_contracts
from assent.core.config import parse_config
from assent.core.forge import ProposalState
from assent.core.names import parse_package_arn
from assent.core.outcome import Outcome
from assent.core.package import (
    Artifact,
    Container,
    ModelVersion,
    Package,
    RegistryApproval,
    ReportSource,
)
from assent.core.reports import ReportKind
from assent.core.timestamps import to_seconds, written
from assent.flows import propose
from assent.flows.apply import ApplyReport, apply
from assent.flows.wanted import World

if TYPE_CHECKING:
    from assent.ports import Bus, Forge, Jobs, Notices, Parameters, Registry, Reports

__all__ = ["Crash", "Fuse", "MemoryScene", "fused"]

_REPORT = b'{"binary_classification_metrics": {"auc": {"value": 0.9, "standard_deviation": 0.01}}}'


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
    """See `Scene`."""

    def __init__(self, ladder: Sequence[str]) -> None:
        self.models = ("churn", "fraud-eu")
        self.clock = SettableClock()
        content = configuration(ladder).encode()
        self.config = parse_config(content, load_contracts().config)
        self.repository = MemoryRepository({"assent.yaml": content}, now=self.clock.now)
        self.registry = MemoryRegistry()
        self.reports = MemoryReports()
        self.stores = {name: MemoryParameters() for name in ladder}
        self.jobs = MemoryJobs()
        self.bus = MemoryBus()
        self.notices = MemoryNotices()
        self._versions: dict[str, int] = {}

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
        arn = parse_package_arn(
            f"arn:aws:sagemaker:eu-west-1:111122223333:model-package/{model}/{version}"
        )
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
                approvals=tuple(pull.approvals),
                files=self._files(pull.head),
            )
            for pull in self.repository.pulls
            if pull.state is ProposalState.OPEN
        ]

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
        pull = self.repository.pull(number)
        given = list(pull.approvals)
        try:
            if bypass:
                pull.approvals.append("nobody")
            self.repository.merge(number)
        except ValueError:
            return False
        finally:
            pull.approvals[:] = given
        return True

    def close(self, number: int) -> None:
        """See `Scene`."""
        self.repository.close(number)

    def push(self, path: str, content: bytes | None) -> None:
        """See `Scene`."""
        self.repository.push({path: content})

    def event_world(self, fuse: Fuse) -> propose.World:
        """What events are answered with; every call but the clock's goes through the fuse."""
        return propose.World(
            config=self.config,
            contracts=load_contracts(),
            forge=cast("Forge", fused(self.repository, fuse)),
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
        fuse = Fuse(cut)
        arn = f"arn:aws:sagemaker:eu-west-1:111122223333:model-package/{model}/{version}"
        event = {
            "source": "aws.sagemaker",
            "detail-type": "SageMaker Model Package State Change",
            "detail": {"ModelPackageArn": arn, "ModelPackageVersion": version},
        }
        world = self.event_world(fuse)
        try:
            return propose.propose(event, world)
        except Crash:
            return None

    def apply(
        self, environments: Sequence[str], cut: Cut | None, *, everything: bool
    ) -> ApplyReport | None:
        """See `Scene`."""
        fuse = Fuse(cut)
        stores = {
            name: cast("Parameters", fused(store, fuse)) for name, store in self.stores.items()
        }
        world = World(
            config=self.config,
            contracts=load_contracts(),
            history=self.repository,
            head=self.repository.commit("main"),
            registry=cast("Registry", fused(self.registry, fuse)),
            parameters=lambda environment: stores[environment.name],
            clock=self.clock,
        )
        forge = cast("Forge", fused(self.repository, fuse))
        try:
            return apply(world, forge, self.config.select(environments), everything=everything)
        except Crash:
            return None

    def writes(self) -> int:
        """See `Scene`."""
        return len(self.registry.updates) + sum(len(each.writes) for each in self.stores.values())
