"""`backfill` killed around every remote call, and run again: the end is the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.end_to_end.killing import Cuts
from tests.end_to_end.nursery import Child, Nursery
from tests.end_to_end.organisation import Organisation
from tests.end_to_end.whole import Clock, Whole

from assent.sandbox.stage import Stage


@pytest.fixture
def clock() -> Clock:
    """GitHub's, and that of every child."""
    return Clock()


@pytest.fixture
def stage(tmp_path: Path, clock: Clock) -> Iterator[Stage]:
    """Everything in one account; dev's topic is told."""
    with Stage(tmp_path / "stage", now=clock, topics=["dev"]) as running:
        yield running


def cuts_of(stage: Stage, clock: Clock, nursery: Nursery, folder: Path, *options: str) -> Cuts:
    """Every way to cut a backfill off, of two models of which one version waits each."""
    organisation = Organisation(stage, folder)
    versions = organisation.had("churn", "Approved", "PendingManualApproval")
    versions += organisation.had("fraud", "Approved", "PendingManualApproval")
    organisation.allow_imports()
    clone = str(stage.clone(folder / "clone"))
    clock.tick()

    def running() -> Child:
        arguments = ("backfill", "--write", *options, "--repository", clone)
        return nursery.command(*arguments, environment=stage.environment(), now=clock.time)

    def told() -> list[str]:
        return [each.text for each in stage.published("dev")]

    return Cuts(Whole(stage, versions), clock, running, told)


def test_a_killed_import_is_completed_by_the_next(
    stage: Stage, clock: Clock, nursery: Nursery, tmp_path: Path
) -> None:
    """One branch, one pull request of four records, its labels, and the topic told."""
    cuts = cuts_of(stage, clock, nursery, tmp_path, "--import", "--up-to", "test")
    (pull,) = cuts.expected["issues"].values()
    assert pull["title"] == "Import 2 approved versions of 2 models, up to test"
    assert pull["labels"] == ("assent", "assent: import")
    # A token; a tree, a commit, a branch, the pull request, its labels; the message to the topic.
    assert sum(call.writes for call in cuts.calls) == 7
    cuts.assert_healed(reads=False)


def test_a_killed_backfill_is_gone_on_with_by_the_next(
    stage: Stage, clock: Clock, nursery: Nursery, tmp_path: Path
) -> None:
    """Each version has its pull request, complete, and no other version is touched."""
    cuts = cuts_of(stage, clock, nursery, tmp_path)
    titles = [each["title"] for each in cuts.expected["issues"].values()]
    assert titles == ["Promote churn 2 to dev", "Promote fraud 2 to dev"]
    # A token; and of each a branch, a file, the pull request, its labels, the message.
    assert sum(call.writes for call in cuts.calls) == 11
    cuts.assert_healed(reads=False)
