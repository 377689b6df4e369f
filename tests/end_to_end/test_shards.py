"""Two promotion repositories over one registry, each with its groups and its parameters."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from click.testing import Result
from tests.end_to_end import play
from tests.end_to_end.organisation import ADOPTED, OWNERS, Organisation

from assent.sandbox.aws import Registered
from assent.sandbox.stage import REPOSITORY, Stage, repository_files

FRAUD = "acme/fraud-promotions"


class Shard:
    """One of the repositories, as its workflows and its Lambda see the world.

    Args:
        stage: A running one.
        folder: Where its clone goes.
        name: The repository.
    """

    def __init__(self, stage: Stage, folder: Path, name: str) -> None:
        self.stage = stage
        self.name = name
        self._clone = folder / name.split("/")[1]

    def configure(self, old: str, new: str) -> None:
        """Edit main's assent.yaml behind GitHub's back."""
        place = self.stage.clone(self._clone, self.name) / "assent.yaml"
        text = place.read_text()
        assert text.count(old) == 1, old
        place.write_text(text.replace(old, new))
        play.push(self.stage, self._clone, "assent.yaml", self.name)

    def assent(self, command: str, *options: str) -> Result:
        """Run a command in a clone of main's tip, with the repository's own settings."""
        clone = self.stage.clone(self._clone, self.name)
        with patch.dict(os.environ, self.stage.environment(self.name)):
            return play.assent(command, "--repository", clone, *options)

    def json(self, command: str, *options: str) -> Mapping[str, Any]:
        """What a command says as JSON."""
        said = self.assent(command, *options, "--format", "json")
        assert said.exit_code == 0, said.output
        found: Mapping[str, Any] = json.loads(said.stdout)
        return found

    def deliver(self, *versions: Registered) -> None:
        """Let its Lambda, just started, get the events of registrations."""
        with patch.dict(os.environ, self.stage.environment(self.name)):
            play.cold_start()
            assert play.deliver(*(each.event for each in versions)) == []
        play.cold_start()

    def titles(self) -> list[str]:
        """Of its open pull requests."""
        return [each.title for each in self.stage.pull_requests(name=self.name)]

    def merge(self) -> None:
        """Approve and merge all that is open, and apply it."""
        for pull in self.stage.pull_requests(name=self.name):
            for login in sorted({*OWNERS.values()}):
                self.stage.approve(pull.number, login, self.name)
            self.stage.merge(pull.number, "carla", self.name)
        applied = self.assent("apply")
        assert applied.exit_code == 0, applied.output

    def whole(self) -> None:
        """See that nothing differs, nothing is healed or written, and the trail is whole."""
        for command, *options in (("drift",), ("apply", "--all"), ("drift", "--heal"), ("audit",)):
            said = self.assent(command, *options)
            assert said.exit_code == 0, said.output


def parameters(stage: Stage, prefix: str) -> set[str]:
    """The names of parameters below a prefix."""
    pages = stage.aws.ssm.get_paginator("get_parameters_by_path")
    found = pages.paginate(Path=prefix, Recursive=True)
    return {each["Name"] for page in found for each in page["Parameters"]}


@pytest.fixture
def organisation(stage: Stage, tmp_path: Path) -> Organisation:
    """A churn and a fraud model, approved before Assent came; of each a newer version waits."""
    found = Organisation(stage, tmp_path)
    for model in ("churn", "fraud-eu"):
        found.had(model, "Approved", "PendingManualApproval")
    return found


@pytest.fixture
def shards(stage: Stage, tmp_path: Path) -> tuple[Shard, Shard]:
    """A repository for churn below /assent, another for fraud-* below /fraud."""
    stage.add_repository(FRAUD, repository_files())
    churn, fraud = (Shard(stage, tmp_path, name) for name in (REPOSITORY, FRAUD))
    for shard, groups in ((churn, '["churn"]'), (fraud, '["fraud-*"]')):
        shard.configure("region: eu-west-1}", f"region: eu-west-1, groups: {groups}}}")
        imports = f'imports: {{registered_before: "{ADOPTED}"}}'
        shard.configure("environments: #", f"{imports}\nenvironments: #")
    fraud.configure("parameter_prefix: /assent", "parameter_prefix: /fraud")
    return churn, fraud


def test_two_repositories_share_a_registry(
    shards: tuple[Shard, Shard], organisation: Organisation
) -> None:
    """Each takes over, proposes, applies and audits its own; neither undoes the other's."""
    stage, (churn, fraud) = organisation.stage, shards
    for shard, model in ((churn, "churn"), (fraud, "fraud-eu")):
        found = shard.json("backfill", "--import", "--up-to", "test")
        assert [each["model"] for each in found["chosen"]] == [model]
        asked = ("--import", "--up-to", "test", "--write")
        assert shard.assent("backfill", *asked).exit_code == 0
        shard.merge()
    for shard in shards:
        shard.whole()

    for shard, model in ((churn, "churn"), (fraud, "fraud-eu")):
        found = shard.json("backfill")
        assert [(each["model"], each["version"]) for each in found["chosen"]] == [(model, 2)]
    newer = [play.train(stage, group=model) for model in ("churn", "fraud-eu")]
    for shard in shards:
        shard.deliver(*newer)
    assert churn.titles() == ["Promote churn 3 to dev"]
    assert fraud.titles() == ["Promote fraud-eu 3 to dev"]
    for shard in shards:
        shard.merge()
        shard.whole()
    shown = [play.fields(stage, each)["CustomerMetadataProperties"] for each in newer]
    assert [each["dev"] for each in shown] == ["Approved", "Approved"]
    assert all("/fraud-eu/" not in name for name in parameters(stage, "/assent"))
    assert "/fraud/dev/fraud-eu/current" in parameters(stage, "/fraud")
    assert all("/churn/" not in name for name in parameters(stage, "/fraud"))

    # Below one prefix each would take the other's mark for its own.
    fraud.configure("parameter_prefix: /fraud", "parameter_prefix: /assent")
    shared = fraud.assent("drift")
    assert shared.exit_code == 1
    assert "another repository writes below this parameter_prefix" in shared.output
    applied = fraud.assent("apply")
    assert applied.exit_code == 1
    assert "another repository writes below this parameter_prefix" in applied.output

    # Without the setting each would take the other's approvals for nobody's.
    churn.configure(', groups: ["churn"]', "")
    differing = churn.assent("drift")
    assert differing.exit_code == 11
    assert "approved-without-record" in differing.output
    assert "fraud-eu" in differing.output


def test_a_group_is_handed_over_once_its_approvals_are_retired(
    shards: tuple[Shard, Shard], stage: Stage
) -> None:
    """What was live stays so meanwhile; to the other repository it would be nobody's approval."""
    churn, fraud = shards
    version = play.train(stage)
    churn.deliver(version)
    churn.merge()
    churn.configure('["churn"]', '["risk"]')
    churn.whole()
    assert play.current(stage) == 1
    fraud.configure('["fraud-*"]', '["fraud-*", "churn"]')
    early = fraud.assent("drift")
    assert (early.exit_code, "approved-without-record" in early.output) == (11, True)

    asked = churn.assent("retire", "churn", "1", "--env", "dev", "--reason", "handed over")
    assert asked.exit_code == 0, asked.output
    churn.merge()
    assert play.current(stage) is None
    assert play.fields(stage, version)["CustomerMetadataProperties"]["dev"] == "Retired"
    churn.whole()
    assert fraud.assent("drift").exit_code == 0
    newer = play.train(stage)
    for shard in shards:
        shard.deliver(newer)
    assert (churn.titles(), fraud.titles()) == ([], ["Promote churn 2 to dev"])
    fraud.merge()
    for shard in shards:
        shard.whole()
    assert "/fraud/dev/churn/current" in parameters(stage, "/fraud")
