"""An organisation that used its registry before Assent came: what it has, and how it adopts it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from click.testing import Result
from github.PullRequest import PullRequest
from tests.end_to_end import play

from assent.sandbox.aws import Registered, register
from assent.sandbox.stage import Stage

__all__ = ["ADOPTED", "OWNERS", "Organisation"]

ADOPTED = "2026-01-01T00:00:00Z"
"""When Assent came; packages are made a year before, or with the present time, which is later."""
OWNERS = {"dev": "ana", "test": "ben", "uat": "carla", "prod": "carla"}
_LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


class Organisation:
    """A stage on which models were registered and approved before there was any record.

    Args:
        stage: A running one, with nothing on it.
        folder: Where clones go.
    """

    def __init__(self, stage: Stage, folder: Path) -> None:
        self.stage = stage
        self.folder = folder
        self._made = 0

    def had(self, model: str, *approvals: str, auc: float = 0.91) -> list[Registered]:
        """Let versions have been registered before Assent came, each as the registry shows it."""
        return [self._registered(model, each, auc) for each in approvals]

    def _registered(self, model: str, approval: str, auc: float) -> Registered:
        self._made += 1
        return register(
            self.stage.aws,
            group=model,
            reports=play.evaluation(auc),
            approval=approval,
            created=_LONG_AGO + timedelta(minutes=self._made),
        )

    def allow_imports(self, before: str = ADOPTED, more: str = "") -> None:
        """Let main's assent.yaml say when Assent came."""
        clone = self.stage.clone(self.folder / "configuring")
        place = clone / "assent.yaml"
        text = place.read_text()
        setting = f'imports: {{registered_before: "{before}"}}\n{more}environments:'
        assert text.count("environments:") == 1
        place.write_text(text.replace("environments:", setting))
        play.push(self.stage, clone, "assent.yaml")
        play.cold_start()

    def assent(self, command: str, *options: str) -> Result:
        """Run a command in a clone of main's tip."""
        clone = self.stage.clone(self.folder / "clone")
        return play.assent(command, "--repository", clone, *options)

    def json(self, command: str, *options: str) -> Mapping[str, Any]:
        """What a command says as JSON, whatever its exit code."""
        said: Mapping[str, Any] = json.loads(
            self.assent(command, *options, "--format", "json").stdout
        )
        return said

    def imported(self, highest: str = "prod", *options: str) -> PullRequest:
        """Let the import be opened; returns its pull request."""
        asked = ("--import", "--up-to", highest, "--write", *options)
        done = self.assent("backfill", *asked)
        assert done.exit_code == 0, done.output
        (pull,) = [
            each for each in self.stage.pull_requests() if each.head.ref.startswith("import/")
        ]
        return pull

    def approve(self, pull: PullRequest, *environments: str) -> None:
        """Let an owner of each environment approve; of all of them unless told otherwise."""
        for login in dict.fromkeys(OWNERS[each] for each in environments or tuple(OWNERS)):
            self.stage.approve(pull.number, login)

    def merge(self, pull: PullRequest) -> str:
        """Merge what was approved."""
        return self.stage.merge(pull.number, "carla")
