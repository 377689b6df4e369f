"""A sandbox with something to decide: version 1 live in dev, and pull requests that wait."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from assent.core.forge import BREAK_GLASS
from assent.core.rendering.pull_request import SUPERSEDED
from assent.sandbox.demo.scenery import DemoStage
from assent.sandbox.stage import Stage, wall_clock
from assent.sandbox.web.pipelines import Pipelines
from assent.sandbox.web.workflows import Workflows

__all__ = ["Sandbox", "open_sandbox", "seed"]


_LABELS = {
    "assent": "5319e7",
    "environment: dev": "c2e0c6",
    "environment: test": "bfdadc",
    "environment: uat": "fef2c0",
    "environment: prod": "f9d0c4",
    "model: churn": "d4c5f9",
    SUPERSEDED: "fbca04",
    BREAK_GLASS: "b60205",
}
"""A label that comes into being by being used is grey, as on GitHub; these were there before."""
_SOAK = "5m"
"""Before prod: long enough to see a page that waits, and short enough to see that end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """Both services, and what acts on them without anybody pressing a button."""

    stage: Stage
    workflows: Workflows
    pipelines: Pipelines


@contextmanager
def open_sandbox(root: Path) -> Iterator[Sandbox]:
    """Start both services; the promotion repository is fresh.

    Args:
        root: An empty folder for the repository and a clone of it.
    """
    with DemoStage(root, soak=_SOAK) as stage:
        for name, color in _LABELS.items():
            stage.repository("carla").create_label(name, color)
        workflows = Workflows(stage, root / "model-promotions", now=wall_clock)
        yield Sandbox(stage=stage, workflows=workflows, pipelines=Pipelines(stage, workflows))


def seed(sandbox: Sandbox) -> Iterator[str]:
    """Bring version 1 live in dev, and open the pull requests that then wait.

    Yields:
        What is done next, so that it can be told, and broken off.
    """
    yield "zoe trains a churn model on real purchases, and registers version 1"
    sandbox.pipelines.train()
    yield "ana approves it for dev and merges; a workflow applies that"
    (first,) = sandbox.stage.pull_requests()
    sandbox.stage.approve(first.number, "ana")
    sandbox.stage.merge(first.number, "ana")
    sandbox.workflows.converge(f"ana merged #{first.number}", first.number)
    yield "batch inference in dev runs version 1; Assent proposes it for test"
    sandbox.pipelines.infer("dev")
    yield "zoe registers version 2, which is better; Assent proposes it for dev"
    sandbox.pipelines.train()
