"""A place where sequences are played: what people and services do there, and what is seen of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from assent.core.config import Config
from assent.core.outcome import Outcome
from assent.core.package import ModelVersion
from assent.flows.apply import ApplyReport

__all__ = ["CONFIGURATION", "LADDERS", "Cut", "OpenPull", "Scene", "configuration"]

LADDERS = {2: ("dev", "test"), 4: ("dev", "test", "uat", "prod")}

CONFIGURATION = """\
schema: assent/config/v1
parameter_prefix: {prefix}
registry: {{account: "111122223333", region: eu-west-1}}
github: {{repository: {repository}}}
environments:
"""


def configuration(
    ladder: Sequence[str],
    prefix: str = "/assent",
    repository: str = "acme/model-promotions",
) -> str:
    """An `assent.yaml` whose top rung, of a long ladder, asks for two approvals."""
    rungs = "".join(
        f'  - {{name: {name}, account: "111122223333", region: eu-west-1, '
        f"approvals: {2 if name == 'prod' else 1}}}\n"
        for name in ladder
    )
    return CONFIGURATION.format(prefix=prefix, repository=repository) + rungs


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The process dies at one of its remote calls."""

    at: int
    """Which one, from 1."""
    after: bool
    """Whether the call still has its effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPull:
    """An open pull request."""

    number: int
    branch: str
    author: str
    approvals: tuple[str, ...]
    files: Mapping[str, bytes] = field(repr=False)
    """What its head holds at each path below `promotions/`."""


class Scene(Protocol):
    """Both services and everybody who acts on them."""

    config: Config
    models: tuple[str, str]
    """Two names of model package groups."""

    def register(self, model: str) -> int:
        """Register the model's next version; returns its number."""
        ...

    def recreate(self, model: str, version: int) -> None:
        """Delete a version and create it again, later."""
        ...

    def delete_package(self, model: str, version: int) -> None:
        """Delete a version."""
        ...

    def flip(self, model: str, version: int, approval: str | None, field: tuple[str, str]) -> None:
        """Write the registry by hand."""
        ...

    def packages(self) -> Mapping[tuple[str, int], ModelVersion]:
        """What the registry says of each version that exists."""
        ...

    def parameters(self) -> Mapping[str, str]:
        """Every parameter of every environment."""
        ...

    def main(self) -> Mapping[str, bytes]:
        """Every file below `promotions/` on main."""
        ...

    def pulls(self) -> Sequence[OpenPull]:
        """The open pull requests, oldest first."""
        ...

    def open_pull(self, author: str, branch: str, path: str, content: bytes) -> int:
        """Somebody opens a pull request that writes a file."""
        ...

    def approve(self, number: int, login: str) -> None:
        """A code owner approves; nobody approves their own."""
        ...

    def merge(self, number: int, *, bypass: bool) -> bool:
        """Merge, or with the protection lifted; False where it does not merge."""
        ...

    def close(self, number: int) -> None:
        """Close without merging."""
        ...

    def push(self, path: str, content: bytes | None) -> None:
        """Write or delete a file on main with the protection lifted."""
        ...

    def propose(self, model: str, version: int, cut: Cut | None) -> Outcome | None:
        """Deliver the version's event; None where the process died."""
        ...

    def apply(
        self, environments: Sequence[str], cut: Cut | None, *, everything: bool
    ) -> ApplyReport | None:
        """Run apply on main's head; None where the process died."""
        ...

    def writes(self) -> int:
        """How many writes there were to registry and parameters so far."""
        ...

    def tick(self) -> None:
        """Time passes."""
        ...

    def now(self) -> str:
        """The time, as records write it."""
        ...
