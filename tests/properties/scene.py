"""A place where sequences are played: what people and services do there, and what is seen of it."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from assent.core.config import Config
from assent.core.errors import AssentError
from assent.core.outcome import Outcome
from assent.core.package import ModelVersion
from assent.core.rendering.retirement import Retirement
from assent.flows.apply import ApplyReport
from assent.flows.collect_evidence import Collected
from assent.flows.reject import RejectReport

__all__ = [
    "CONFIGURATION",
    "LADDERS",
    "OWNERS",
    "PEOPLE",
    "Cut",
    "OpenPull",
    "Scene",
    "configuration",
    "is_answer",
    "refusals_told",
    "told_in",
]

LADDERS = {2: ("dev", "test"), 4: ("dev", "test", "uat", "prod")}
PEOPLE = ("ana", "ben", "carla", "zoe")
"""Everybody may write to the repository."""
OWNERS = {
    "dev": ("ana", "ben"),
    "test": ("ana", "ben"),
    "uat": ("ana", "ben", "carla"),
    "prod": ("ana", "ben", "carla"),
}
"""Who owns the records of each environment; carla owns everything else."""

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
    *,
    named_jobs: bool = False,
) -> str:
    """An `assent.yaml` whose top rung, of a long ladder, asks for two approvals.

    Args:
        ladder: The environments, lowest first; all in the registry's account.
        prefix: Of the parameters' names.
        repository: Its name on GitHub.
        named_jobs: Whether the end of a transform job's name tells where it ran.
    """
    rungs = "".join(
        f'  - {{name: {name}, account: "111122223333", region: eu-west-1, '
        f"approvals: {2 if name == 'prod' else 1}"
        + (f', inference: {{transform_jobs: "*-{name}"}}' if named_jobs else "")
        + "}\n"
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

    # The registry.

    def register(self, model: str) -> int:
        """Register the model's next version; returns its number."""
        ...

    def recreate(self, model: str, version: int) -> None:
        """Delete a version and create it again, later."""
        ...

    def collected(self, version: ModelVersion) -> Collected:
        """What a record of a version rests on, if it is written now."""
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

    # The repository.

    def main(self) -> Mapping[str, bytes]:
        """Every file below `promotions/` on main."""
        ...

    def pulls(self) -> Sequence[OpenPull]:
        """The open pull requests, oldest first."""
        ...

    def answers(self) -> Mapping[int, int]:
        """How often Assent answered closings and reopenings of each pull request."""
        ...

    def told(self) -> Counter[tuple[int, str, str]]:
        """How often each comment on a decision or refusal was made, as `told_in` tells it."""
        ...

    def shown(self) -> Mapping[str, int]:
        """The version that the deployments page shows as active at each place."""
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

    def close(self, number: int, by: str) -> None:
        """Close without merging; for the bot, as nobody but the bot could."""
        ...

    def delete_branch(self, number: int, by: str) -> None:
        """Delete the branch of a pull request, which closes it."""
        ...

    def reopen(self, number: int, by: str) -> bool:
        """Reopen, restoring the branch; False where it cannot be."""
        ...

    def remark(self, number: int, by: str, text: str) -> None:
        """Comment on a pull request."""
        ...

    def push(self, path: str, content: bytes | None) -> None:
        """Write or delete a file on main with the protection lifted."""
        ...

    # The bot; None where its process died.

    def propose(self, model: str, version: int, cut: Cut | None) -> Outcome | None:
        """Deliver the version's event."""
        ...

    def infer(self, environment: str, model: str, version: int, *, job: bool) -> Mapping[str, Any]:
        """Run a batch inference to its end; returns the event that tells of it.

        Args:
            environment: Where.
            model: Whose version.
            version: Which one.
            job: Whether it is a transform job, and no pipeline that reports for itself.
        """
        ...

    def deliver(self, event: Mapping[str, Any], cut: Cut | None) -> Outcome | None:
        """Deliver an event."""
        ...

    def retire(
        self, environment: str, model: str, version: int, reason: str, cut: Cut | None
    ) -> Retirement | AssentError | None:
        """Ask for a retirement; the error where it is refused."""
        ...

    def reject(self, number: int, cut: Cut | None) -> RejectReport | None:
        """Let one closed or reopened pull request be looked at."""
        ...

    def apply(
        self, environments: Sequence[str], cut: Cut | None, *, everything: bool
    ) -> ApplyReport | None:
        """Run apply on main's head."""
        ...

    def writes(self) -> int:
        """How many writes the bot made so far, to GitHub, registry and parameters."""
        ...

    def tick(self) -> None:
        """Time passes."""
        ...

    def now(self) -> str:
        """The time, as records write it."""
        ...


_TOLD = re.compile(r"<!-- assent: (?P<what>applied|refused) (?P<blob>\w+) (?P<where>.+) -->")


def is_answer(text: str) -> bool:
    """Whether a comment of Assent's answers a closing or reopening."""
    return _TOLD.search(text) is None


def told_in(number: int, texts: Iterable[str]) -> list[tuple[int, str, str]]:
    """Which decisions and refusals comments of Assent's on a pull request tell of.

    A decision is told by its environment, a refusal by its path and reason.
    """
    found = (_TOLD.search(text) for text in texts)
    return [(number, each["blob"], each["where"]) for each in found if each is not None]


def refusals_told(scene: Scene) -> int:
    """How many comments tell of refusals."""
    return sum(count for (_, _, where), count in scene.told().items() if "/" in where)
