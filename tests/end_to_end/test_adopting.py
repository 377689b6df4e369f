"""A running organisation adopts Assent without a gap: what was approved goes on being what runs."""

from pathlib import Path

import pytest
from tests.end_to_end import play
from tests.end_to_end.organisation import Organisation

from assent.resolve import resolve
from assent.sandbox.stage import ENVIRONMENTS, Stage

APPROVED = [f"model-{number:02}" for number in range(14)]
"""Two versions approved, and a newer one that waits."""
WAITING = [f"new-{number}" for number in range(8)]
REFUSED = [f"old-{number}" for number in range(8)]


@pytest.fixture
def organisation(stage: Stage, tmp_path: Path) -> Organisation:
    """Thirty models, in mixed states."""
    found = Organisation(stage, tmp_path)
    for model in APPROVED:
        found.had(model, "Approved", "Approved", "PendingManualApproval")
    for model in WAITING:
        found.had(model, "PendingManualApproval", "PendingManualApproval")
    for model in REFUSED:
        found.had(model, "Rejected")
    return found


def test_thirty_models_are_adopted_without_a_gap(organisation: Organisation) -> None:
    """Imported, approved, applied: `current` names what was live, and nothing differs any more."""
    stage = organisation.stage
    organisation.allow_imports()
    said = organisation.json("backfill", "--import", "--up-to", "prod")
    assert len(said["chosen"]) == 28
    assert not stage.pull_requests()  # nothing was written yet

    pull = organisation.imported()
    assert pull.title == "Import 28 approved versions of 14 models, up to prod"
    assert pull.changed_files == 112
    assert "**No gate and no soak is judged here.**" in pull.body
    organisation.approve(pull)
    organisation.merge(pull)
    checked = organisation.assent("check", "--base", "HEAD~1", "--offline")
    assert checked.exit_code == 0, checked.output
    stage.ledger.clear()
    applied = organisation.assent("apply")
    assert applied.exit_code == 0, applied.output
    queries = [call for call in stage.ledger.calls if call.path.endswith("/graphql")]
    brought = [call for call in queries if b"query Brought" in call.body]
    pages = [call for call in queries if b"query Further" in call.body]
    # One for each record; that there are more than a hundred files is read once.
    assert (len(brought), len(pages)) == (112, 1)
    comments = [call for call in stage.ledger.calls if call.operation.endswith("/comments")]
    assert len(comments) == len(ENVIRONMENTS)
    for environment in ENVIRONMENTS:
        for model in APPROVED:
            assert play.current(stage, model, environment) == 2
    assert resolve(APPROVED[0], environment="prod").version == 2

    proposed = organisation.assent("backfill", "--write")
    assert proposed.exit_code == 0, proposed.output
    assert len(stage.pull_requests()) == 22  # the newest that waits of each model
    drift = organisation.assent("drift")
    assert (drift.exit_code, drift.output.splitlines()[:-1]) == (0, [])
    again = organisation.assent("apply", "--all")
    assert again.exit_code == 0, again.output
    assert organisation.assent("backfill").exit_code == 0
    assert not organisation.json("backfill")["chosen"]
    assert not organisation.json("backfill", "--import", "--up-to", "prod")["chosen"]
    audited = organisation.assent("audit")
    assert audited.exit_code == 0, audited.output
