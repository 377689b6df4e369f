"""A repository in memory with open promotions, and `tidy` run on it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from tests.properties.memory_scene import Fuse, MemoryScene, fused

from assent.adapters.memory_repository import MemoryPull
from assent.core.config import Config
from assent.core.errors import AssentError
from assent.core.forge import ProposalState
from assent.core.names import RecordId
from assent.core.outcome import Outcome
from assent.core.rendering.tidying import tidied_line
from assent.flows.tidy import TidyReport, tidy

__all__ = ["Calls", "Desk", "config_with"]


@dataclass
class Calls(Fuse):
    """Counts the calls of each port, by name, and fails some of them."""

    made: list[str] = field(default_factory=list)
    failing: dict[str, AssentError] = field(default_factory=dict)
    """By the call's name, and the number that it is about."""

    def __init__(self) -> None:
        super().__init__(None)
        self.made, self.failing = [], {}

    def port(self, target: object) -> Any:  # noqa: ANN401 - whatever port it is
        """A port whose calls are counted."""
        return _Counted(target, self)


class _Counted:
    def __init__(self, target: object, calls: Calls) -> None:
        self._target = target
        self._calls = calls

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whichever method it is
        def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the port's own
            self._calls.made.append(name)
            for key in (name, f"{name} {args[0] if args else ''}".strip()):
                if key in self._calls.failing:
                    raise self._calls.failing[key]
            return getattr(self._target, name)(*args, **kwargs)

        return call


class Desk:
    """A scene, what people do on it, and `tidy`."""

    def __init__(self, ladder: Sequence[str] = ("dev", "test")) -> None:
        self.scene = MemoryScene(ladder)
        self.repository = self.scene.repository

    def propose(self, *, register: bool = True, version: int = 0) -> Outcome:
        """Register the next version, and deliver its event; or deliver that of another again."""
        self.scene.tick()
        number = self.scene.register("churn") if register else version
        outcome = self.scene.propose("churn", number, None)
        assert outcome is not None
        return outcome

    def pull(self, version: int, environment: str = "dev") -> MemoryPull:
        """The latest pull request of a version."""
        branch = f"promote/{environment}/churn/{version}"
        return [each for each in self.repository.pulls if each.branch.startswith(branch)][-1]

    def merge(self, version: int) -> None:
        """Approve and merge it, and apply."""
        self.scene.tick()
        self.repository.approve(self.pull(version).number, "ana")
        self.repository.merge(self.pull(version).number)
        self.apply()

    def apply(self) -> None:
        """Bring everything to what main says."""
        assert self.scene.apply((), None, everything=False) is not None

    def edit(self, version: int, *changes: tuple[str, str]) -> None:
        """Somebody edits the record on a version's branch."""
        self.scene.tick()
        pull, path = self.pull(version), RecordId("dev", "churn", version).path
        text = (self.repository.file(path, pull.head) or b"").decode()
        for old, new in changes:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        self.repository.push({path: text.encode()}, branch=pull.branch)

    def configure(self, **changes: Any) -> None:  # noqa: ANN401 - any field of Config
        """Change the configuration."""
        self.scene.config = replace(self.scene.config, **changes)

    def environment(self, name: str = "dev", **changes: Any) -> None:  # noqa: ANN401 - any field of Environment
        """Change an environment's configuration."""
        self.scene.config = config_with(self.scene.config, name, **changes)

    def tidy(
        self,
        fuse: Fuse | None = None,
        *,
        environments: Sequence[str] = (),
        **others: Any,  # noqa: ANN401 - fields of World
    ) -> list[str]:
        """Run it; what it says, line by line."""
        return [tidied_line(each) for each in self.report(fuse, environments, **others).done]

    def report(
        self,
        fuse: Fuse | None = None,
        environments: Sequence[str] = (),
        **others: Any,  # noqa: ANN401 - fields of World
    ) -> TidyReport:
        """Run it."""
        self.scene.tick()
        scene, fuse = self.scene, fuse or Fuse(None)
        forge = cast("Any", scene)._forge(fuse)
        world = cast("Any", scene)._world(fuse)
        if isinstance(fuse, Calls):
            stores = {name: fuse.port(store) for name, store in scene.stores.items()}
            forge = fuse.port(scene.repository)
            world = replace(
                world,
                registry=fuse.port(scene.registry),
                parameters=lambda environment: stores[environment.name],
            )
        world = replace(world, notices=fused(scene.notices, fuse), **others)
        return tidy(world, forge, scene.config.select(environments))

    def open_versions(self) -> list[int]:
        """Versions with an open pull request, in the order in which those were opened."""
        return [
            int(each.branch.split("/")[3].split("-")[0])
            for each in self.repository.pulls
            if each.state is ProposalState.OPEN and each.branch.startswith("promote/")
        ]

    def state(self) -> dict[str, Any]:
        """All of what tidying may change."""
        return {
            each.branch + f" {each.state}": (
                each.title,
                each.body,
                sorted(each.labels),
                [(remark.by, remark.text) for remark in each.remarks],
            )
            for each in self.repository.pulls
        } | {"branches": dict(self.repository.branches)}


def config_with(config: Config, name: str, **changes: Any) -> Config:  # noqa: ANN401 - any field of Environment
    """A configuration with another environment of that name."""
    environments = tuple(
        replace(each, **changes) if each.name == name else each for each in config.environments
    )
    return replace(config, environments=environments)
