"""The stage that the demo plays on: many accounts, a topic for prod, and demands on each rung."""

from collections.abc import Mapping
from pathlib import Path

from assent.sandbox.stage import ACCOUNT, Stage, as_text, repository_files

__all__ = ["APPROVALS", "FLOOR", "REGRESSION", "TOP", "DemoStage"]

TOP = "prod"
"""The environment that is asked most for; it is the last one in the configuration."""
APPROVALS = 2
FLOOR = "auc-floor"
REGRESSION = "auc-regression"

_AUC = "metric: binary_classification_metrics.auc"
_TRAINED = (
    f"{{id: {FLOOR}, {_AUC}, at_least: 0.70}}",
    f"{{id: {REGRESSION}, {_AUC}, no_worse_than_champion_by: 0.02}}",
)
_IN_USE = ("{id: no-drift, no_violations: true, measured_in: inference}",)
"""What batch inference one rung down has to show."""
_IDENTITIES = f"""
identities: # nobody approves a model that they registered
  strict: true
  principals:
    - {{match: "arn:aws:sts::{ACCOUNT}:assumed-role/training/zoe", login: zoe}}
"""
_GATES = {"dev": _TRAINED, "test": _IN_USE, "uat": _IN_USE, TOP: (*_TRAINED, *_IN_USE)}


class DemoStage(Stage):
    """A stage with every account, whose promotion repository demands something on each rung.

    Args:
        root: An empty folder for the bare repository.
        soak: How long a version has to run below prod before it may come there; nothing by default.
    """

    def __init__(self, root: Path, *, soak: str = "") -> None:
        self._soak = soak
        super().__init__(root, accounts="many", topics=[TOP])

    def add_repository(self, name: str, files: Mapping[str, bytes | str] | None = None) -> Path:
        """See `Stage.add_repository`."""
        given = repository_files(self.accounts, self.topics) if files is None else files
        lines = as_text(given["assent.yaml"]).splitlines()
        told = "\n".join(more for line in lines for more in (line, *self._demands(line)))
        return super().add_repository(name, {**given, "assent.yaml": told + _IDENTITIES})

    def _demands(self, line: str) -> list[str]:
        """What follows the line that begins an environment; nothing after another."""
        environment = line.removeprefix("  - name: ")
        if environment not in _GATES:
            return []
        most = [f"    approvals: {APPROVALS}", *([f"    soak: {self._soak}"] if self._soak else [])]
        gates = ["    gates:", *(f"      - {gate}" for gate in _GATES[environment])]
        return [*(most if environment == TOP else []), *gates]
