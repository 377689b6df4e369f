"""Ways in which a wrong approval, a lost one or a blocked no could slip through, one test each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import cast

import pytest
from tests.flows.test_apply import (
    FIRST,
    no,
    opened,
    refusals,
    run,
    said,
    scene_of,
    value,
    world_of,
    yes,
)
from tests.flows.test_propose import BRANCH, ID, delivered, event, only_pull, registered
from tests.flows.test_propose import world_of as proposing
from tests.properties.play import Delete, Promote

from assent.adapters.memory import MemoryParameters, MemoryRegistry
from assent.adapters.memory_repository import MemoryRepository
from assent.core.approval import Bringing
from assent.core.errors import AssentError, Exit
from assent.core.forge import OpenedPullRequest
from assent.core.names import PackageArn
from assent.core.outcome import Proposed
from assent.core.package import ModelVersion, RegistryApproval
from assent.core.plan import Reason
from assent.core.receipts import DecisionApplied, Failed, MainRewritten, RegistryRestored
from assent.flows.apply import apply
from assent.flows.propose import propose
from assent.ports import Forge, TreeEntry, Unavailable

DENIED = "the role may not describe it"


class Hidden(MemoryRegistry):
    """A registry that does not tell of one model's versions."""

    def __init__(self, registry: MemoryRegistry, *versions: int) -> None:
        super().__init__(registry.everything())
        self._hidden = versions

    def describe(self, arn: PackageArn, /) -> ModelVersion:
        """Refuse, as a policy would."""
        if arn.version in self._hidden:
            raise AssentError(DENIED)
        return super().describe(arn)


def test_a_record_slipped_into_another_pull_requests_merge_is_refused() -> None:
    """The pull request that brought a record must have held it; its approval was of that."""
    play = opened(Promote(0))
    repository = scene_of(play).repository
    repository.pull(1).head = repository.branches["main"]
    pushed = repository.file(FIRST.path, "main")
    assert pushed is not None
    repository.pull(1).head = next(iter(repository._commits))  # the first commit: no record in it
    report = run(play, "dev")
    assert refusals(report) == [(FIRST.path, Reason.NOT_WHAT_WAS_APPROVED)]
    assert "did not hold this record" in str(report.receipts[0])
    assert "/assent/dev/churn/current" not in play.scene.parameters()


def test_nobody_approves_what_they_committed_to() -> None:
    """An approver who rewrote the bot's record is no second pair of eyes."""
    play = opened(Promote(0))
    repository = scene_of(play).repository
    pull = repository.pull(1)
    both = list(pull.reviews)
    pull.reviews[:] = both[:1]
    repository._commits[pull.head] = replace(repository._commits[pull.head], by=("ana",))
    assert refusals(run(play, "dev")) == [(FIRST.path, Reason.SELF_APPROVAL)]
    assert "/assent/dev/churn/current" not in play.scene.parameters()
    pull.reviews[:] = both
    assert run(play, "dev").exit is Exit.OK
    assert value(play, "dev/churn/current")["approved_by"] == ["ben"]


def test_a_run_from_an_older_clone_changes_nothing() -> None:
    """What was applied from a newer commit is not undone by a run that starts late."""
    play = opened(Promote(0))
    scene = scene_of(play)
    older = world_of(scene)
    no(play)
    assert run(play, "dev").exit is Exit.OK
    before = dict(play.scene.parameters())
    report = apply(older, scene.repository, scene.config.select(["dev"]))
    assert report.exit is Exit.BROKEN
    assert "newer" in report.broken[0].message
    assert play.scene.parameters() == before


def test_a_clone_that_may_be_behind_is_held_against_the_tip() -> None:
    """Where the commit applied is unknown to the clone, only the branch's tip may be applied."""
    play = opened(Promote(0))
    scene = scene_of(play)
    older = world_of(scene)
    scene.stores["dev"].write(
        "/assent/dev/applied",
        '{"schema":"assent/applied/v1","commit":"' + "f" * 40 + '","retry":[]}',
    )
    scene.repository.push({"README.md": b"newer\n"})
    report = apply(older, scene.repository, scene.config.select(["dev"]))
    assert report.exit is Exit.BROKEN
    assert "not the tip" in report.broken[0].message
    report = run(play, "dev")
    assert (report.exit, report.broken) == (Exit.INCOMPLETE, ())
    assert isinstance(report.receipts[0], MainRewritten)
    assert value(play, "dev/churn/current")["version"] == 1


def test_a_version_that_cannot_be_described_holds_up_no_other_decision() -> None:
    """A yes that cannot be judged waits; a no beside it takes effect, and so does its own no."""
    play = opened(Promote(0))
    assert run(play, "dev").exit is Exit.OK
    play.perform(Promote(0))
    no(play)
    scene = scene_of(play)
    world = replace(world_of(scene), registry=Hidden(scene.registry, 2))
    report = apply(world, scene.repository, scene.config.select(["dev"]))
    assert report.exit is Exit.INCOMPLETE
    assert [str(each.id) for each in report.receipts if isinstance(each, DecisionApplied)] == [
        str(FIRST)
    ]
    assert DENIED in [each.message for each in report.receipts if isinstance(each, Failed)]
    assert value(play, "dev/churn/current")["version"] is None
    world = replace(world_of(scene), registry=Hidden(scene.registry, 1))
    assert run(play, "dev").exit is Exit.OK
    assert value(play, "dev/churn/current")["version"] == 2


def test_a_no_goes_ahead_where_its_package_cannot_be_described() -> None:
    """The decision and `current` do not wait for the registry; its fields are made up for later."""
    play = opened(Promote(0))
    assert run(play, "dev").exit is Exit.OK
    no(play)
    scene = scene_of(play)
    world = replace(world_of(scene), registry=Hidden(scene.registry, 1))
    report = apply(world, scene.repository, scene.config.select(["dev"]))
    assert report.exit is Exit.INCOMPLETE
    assert value(play, "dev/churn/current")["version"] is None
    assert scene.packages()["churn", 1].metadata["dev"] == "Approved"
    assert said(run(play, "dev")) == [RegistryRestored]
    assert scene.packages()["churn", 1].metadata["dev"] == "Retired"
    assert scene.packages()["churn", 1].approval is RegistryApproval.REJECTED


def test_a_submodule_at_a_records_path_is_refused_alone() -> None:
    """What is no file has no content to read; the other records go on."""
    play = opened(Promote(0), Promote(0))
    scene = scene_of(play)

    class Submodule(MemoryRepository):
        def lookup(self, commit: str, paths: Sequence[str], /) -> Mapping[str, TreeEntry]:
            """Show one record as a submodule, whose commit is in another repository."""
            found = dict(scene.repository.lookup(commit, paths))
            if FIRST.path in found:
                found[FIRST.path] = TreeEntry(path=FIRST.path, mode="160000", blob="e" * 40)
            return found

    history = Submodule({}, now=scene.clock.now)
    history._commits, history._blobs = scene.repository._commits, scene.repository._blobs
    world = replace(world_of(scene), history=history)
    report = apply(world, scene.repository, scene.config.select(["dev"]))
    assert refusals(report) == [(FIRST.path, Reason.RECORD_INVALID)]
    assert value(play, "dev/churn/current")["version"] == 2


@pytest.mark.parametrize("gone", [True, False])
def test_an_approval_that_never_took_effect_is_taken_back(*, gone: bool) -> None:
    """A run cut off after writing the registry leaves an approval; the record then changes."""
    play = opened()
    run(play, "dev")
    play.perform(Promote(0))
    scene = scene_of(play)
    scene.flip("churn", 1, "Approved", ("dev", "Approved"))
    if gone:
        play.perform(Delete(0))
    else:
        scene.repository.pull(1).reviews.clear()
    report = run(play, "dev")
    assert RegistryRestored in said(report)
    seen = scene.packages()["churn", 1]
    assert seen.metadata["dev"] == "PendingManualApproval"
    assert seen.approval is RegistryApproval.PENDING


def test_current_falls_back_past_what_cannot_be_looked_at() -> None:
    """Below the first eight, and past a package that is gone, the next approved one is found."""
    play = opened(*[Promote(0)] * 12)
    assert run(play, "dev").exit is Exit.OK
    scene = scene_of(play)
    for version in range(3, 12):
        scene.delete_package("churn", version)
    no(play, package=11)
    report = run(play, "dev")
    assert report.exit is Exit.INCOMPLETE
    assert value(play, "dev/churn/current")["version"] == 2


def test_a_refused_change_elsewhere_leaves_the_one_status_alone() -> None:
    """The registry's approval follows what is in effect elsewhere, not what is asked there."""
    play = opened(Promote(0), ladder=("dev", "test"))
    assert run(play).exit is Exit.OK
    yes(play, rung=1)
    assert run(play).exit is Exit.OK
    scene = scene_of(play)
    # A retirement in test that nobody approved, and one in dev that was.
    no(play, rung=1)
    scene.repository.pulls[-1].reviews.clear()
    no(play, rung=0)
    assert run(play).exit is Exit.INCOMPLETE
    assert scene.packages()["churn", 1].metadata["test"] == "Approved"
    assert scene.packages()["churn", 1].approval is RegistryApproval.APPROVED


def test_somebody_elses_pull_request_settles_nothing() -> None:
    """Closing a pull request of one's own from a promotion's branch does not suppress it."""
    scene = registered()
    repository = scene.repository
    repository.create_branch(BRANCH, repository.branches["main"])
    repository.push({ID.path: b"junk\n"}, branch=BRANCH)
    opened_ = repository.open_pull_request(BRANCH, "mine", "")
    repository.pull(opened_.number).author = "zoe"
    repository.close(opened_.number)
    outcome = delivered(scene)
    assert isinstance(outcome, Proposed)
    assert outcome.number != opened_.number
    assert b"junk" not in (repository.file(ID.path, BRANCH) or b"")


def test_a_branch_that_brings_more_than_the_record_is_refused() -> None:
    """The bot opens no pull request over what somebody else put onto its branch."""
    scene = registered()
    scene.repository.create_branch(BRANCH, scene.repository.branches["main"])
    scene.repository.push({"scripts/evil.py": b"import os\n"}, branch=BRANCH)
    with pytest.raises(AssentError, match=r"scripts/evil\.py") as refused:
        delivered(scene)
    assert not refused.value.retryable
    assert scene.repository.pulls == []


def test_an_open_pull_request_of_somebody_else_is_not_adopted() -> None:
    """It is neither labelled nor called ours; the event stays in the queue until it is gone."""
    scene = registered()
    repository = scene.repository
    repository.create_branch(BRANCH, repository.branches["main"])
    repository.push({ID.path: b"junk\n"}, branch=BRANCH)
    opened_ = repository.open_pull_request(BRANCH, "mine", "")
    repository.pull(opened_.number).author = "zoe"
    with pytest.raises(Unavailable, match="none that this App opened"):
        delivered(scene)
    assert repository.pull(opened_.number).labels == []


def test_the_page_speaks_of_the_record_on_the_branch() -> None:
    """A record that another delivery replaced before the page was opened is what the page shows."""
    scene = registered()
    world = proposing(scene)

    class Raced(MemoryRepository):
        def open_pull_request(self, branch: str, title: str, body: str, /) -> OpenedPullRequest:
            """Let another delivery, which read another report, write first."""
            (uri,) = [source.uri for source in scene.packages()["churn", 1].reports][:1]
            scene.reports.put(uri, b'{"accuracy": 0.123}')
            other = MemoryRepository({}, now=scene.clock.now)
            other.branches, other._commits, other._blobs = (
                self.branches,
                self._commits,
                self._blobs,
            )
            other.pulls = self.pulls
            with pytest.raises(StopIteration):
                propose(event(), replace(world, forge=cast("Forge", Halting(other))))
            return super().open_pull_request(branch, title, body)

    class Halting:
        """A forge that ends before opening the pull request."""

        def __init__(self, forge: MemoryRepository) -> None:
            self._forge = forge

        def __getattr__(self, name: str) -> object:
            if name == "open_pull_request":
                raise StopIteration
            return getattr(self._forge, name)

    repository = scene.repository
    raced = Raced({}, now=scene.clock.now)
    raced.branches, raced._commits, raced._blobs = (
        repository.branches,
        repository._commits,
        repository._blobs,
    )
    raced.pulls = repository.pulls
    outcome = propose(event(), replace(world, forge=raced))
    assert isinstance(outcome, Proposed)
    assert "0.123" in only_pull(scene).body
    assert b"0.123" in (repository.file(ID.path, BRANCH) or b"")


def test_an_unreadable_rung_below_holds_up_only_what_rises() -> None:
    """Where the rung below cannot be read, a promotion waits; a retirement beside it does not."""
    play = opened(Promote(0), Promote(0), ladder=("dev", "test"))
    yes(play, rung=1)
    assert run(play).exit is Exit.OK
    scene = scene_of(play)
    yes(play, rung=1, package=1)
    no(play, rung=1)

    class Closed(MemoryParameters):
        def read(self, names: Sequence[str], /) -> Mapping[str, str]:
            """Refuse, as a policy would."""
            raise AssentError(DENIED + str(len(names)))

        def read_below(self, path: str, /) -> Iterator[tuple[str, str]]:
            """Refuse, as a policy would."""
            raise AssentError(DENIED + path)

    world = replace(world_of(scene), reading=lambda _environment: Closed())
    report = apply(world, scene.repository, scene.config.select(["test"]))
    assert report.exit is Exit.INCOMPLETE
    assert value(play, "test/churn/current")["version"] is None
    assert run(play, "test").exit is Exit.OK
    assert value(play, "test/churn/current")["version"] == 2


def test_the_forge_is_asked_about_the_pull_request_that_brought_it() -> None:
    """Approvals are those of the very commit that is on main, and of the path's blob in it."""
    play = opened(Promote(0), Promote(0))
    scene = scene_of(play)
    asked: list[tuple[str, str]] = []

    class Watched(MemoryRepository):
        def brought(self, commit: str, path: str, /) -> Sequence[Bringing]:
            """Note what is asked, and answer as the scene's."""
            asked.append((commit, path))
            return scene.repository.brought(commit, path)

    forge = Watched({}, now=scene.clock.now)
    forge.teams = scene.repository.teams
    apply(world_of(scene), forge, scene.config.select(["dev"]))
    assert asked == [
        (scene.repository.pull(number).merge_commit, f"promotions/dev/churn/{number}.yaml")
        for number in (1, 2)
    ]
