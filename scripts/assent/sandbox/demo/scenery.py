"""The stage that the demo plays on: many accounts, a topic for prod, where two have to approve."""

from collections.abc import Mapping
from pathlib import Path

from assent.sandbox.stage import Stage, repository_files

__all__ = ["APPROVALS", "TOP", "DemoStage"]

TOP = "prod"
"""The environment that is asked most for; it is the last one in the configuration."""
APPROVALS = 2


class DemoStage(Stage):
    """A stage with every account, whose promotion repository asks more for prod.

    Args:
        root: An empty folder for the bare repository.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(root, accounts="many", topics=[TOP])

    def add_repository(self, name: str, files: Mapping[str, str] | None = None) -> Path:
        """See `Stage.add_repository`."""
        content = dict(repository_files(self.accounts, self.topics) if files is None else files)
        content["assent.yaml"] += f"    approvals: {APPROVALS}\n"
        return super().add_repository(name, content)
