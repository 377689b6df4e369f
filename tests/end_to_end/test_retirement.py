"""Taking an approval back: what is asked, what merging or closing it does, and what cannot be."""

import re
import shlex
import subprocess

import pytest
from click.testing import Result
from github.PullRequest import PullRequest
from tests.end_to_end import play
from tests.end_to_end.ladder import MODEL, Ladder
from tests.end_to_end.picture import row

TWO_VERSIONS = ["A1 A2 >2", "A3 A3 >2", ". A3 >2", ". .", "A:test A:uat"]
"""As `picture.row` has them: 2 runs in dev, test and uat, where 1 is approved in dev and test."""


def asked(ladder: Ladder, version: int, environment: str, reason: str = "it drifts") -> Result:
    """What becomes of asking for a retirement, whether or not it may be asked for."""
    arguments = (MODEL, version, "--env", environment, "--reason", reason)
    return ladder.assent("retire", *arguments)


def git(ladder: Ladder, *arguments: str) -> str:
    """Run git in the clone, as ben."""
    identity = ("-c", "user.name=ben", "-c", "user.email=ben@acme.test")
    command = ["git", "-C", str(ladder.folder / "clone"), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def edit(ladder: Ladder, pull: PullRequest, *changes: tuple[str, str]) -> None:
    """As carla, change the record that a pull request holds."""
    repository = ladder.stage.repository("carla")
    (file,) = pull.get_files()
    there = repository.get_contents(file.filename, ref=pull.head.ref)
    assert not isinstance(there, list)
    text = there.decoded_content.decode()
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    repository.update_file(file.filename, "Edit", text, there.sha, branch=pull.head.ref)


@pytest.fixture
def two_versions(ladder: Ladder) -> Ladder:
    """Version 2 runs, and 1 is what it falls back to but in uat."""
    ladder.promoted({1: ["dev", "test"], 2: ["dev", "test", "uat"]})
    assert row(ladder) == [*TWO_VERSIONS, ""]
    return ladder


def test_a_retirement_says_what_it_does_and_does_that(two_versions: Ladder) -> None:
    """Page and command tell the fallback and who above still runs it; merging does no more."""
    ladder = two_versions
    ladder.stage.ledger.clear()
    opened = ladder.retire(2, "test")
    assert ladder.stage.ledger.count("aws", writes=True) == 0
    (pull,) = ladder.stage.pull_requests()
    assert opened.output == (
        f"churn 2 in test: {pull.html_url} (opened)\n"
        "  reason: it drifts\n"
        "  current is version 2 now, and version 1 once it is merged and applied\n"
        "  uat still runs it\n"
    )
    assert pull.title == "Retire churn 2 from test"
    for line in (
        "Merging makes inference in `test` run version **1** in place of **2**.",
        "**Reason**: `it drifts`",
        "> `uat` still runs version 2, and goes on doing so",
        "| record `promotions/test/churn/2.yaml` | `Approved` | `Retired` |",
        "| parameter `/assent/test/churn/current` | version 2 | version 1 |",
        "one code owner of `promotions/test/` approves this pull request",
        "closing a retirement rejects nothing",
    ):
        assert line in pull.body
    assert "`prod`" not in pull.body
    assert row(ladder) == [*TWO_VERSIONS, "4"]

    again = ladder.retire(2, "test")
    assert f"{pull.html_url} (already open)" in again.output
    assert row(ladder) == [*TWO_VERSIONS, "4"]

    ladder.merge(4, "ana")
    after = ["A1 A2 >2", "A3 A3T4 >1", ". A3 >2", ". .", "A:test A:uat", ""]
    assert row(ladder) == after
    assert "nothing to do" in ladder.apply("--all").output
    assert row(ladder) == after


def test_the_last_approval_leaves_no_version(ladder: Ladder) -> None:
    """Where nothing is left to fall back to, the page says that inference stops, and it does."""
    ladder.promoted({1: ["dev"]})
    opened = ladder.retire(1, "dev")
    assert "current is version 1 now, and no version once it is merged" in opened.output
    (pull,) = ladder.stage.pull_requests()
    assert "**Merging stops inference in `dev`**" in pull.body
    assert "still runs" not in pull.body
    ladder.merge(2, "ben")
    assert row(ladder) == ["A1T2 >-", ".", ".", ".", "R:dev", ""]
    ladder.resolve("dev", "-")


@pytest.mark.parametrize("by", ["ana", "zoe"])
def test_closing_a_retirement_leaves_the_version_live(two_versions: Ladder, by: str) -> None:
    """Whoever closes it, nothing is rejected, answered or reopened; and it may be asked again."""
    ladder = two_versions
    ladder.retire(2, "test")
    (pull,) = ladder.stage.pull_requests()
    ladder.stage.close(pull.number, by)
    ladder.clock.tick()
    ladder.stage.ledger.clear()
    rejected = ladder.assent("reject", pull.number)
    assert (rejected.exit_code, rejected.output) == (0, "pull request 4: nothing to record\n")
    assert "nothing to do: everything is as main asks" in ladder.apply().output
    assert ladder.writes() == []
    assert row(ladder) == [*TWO_VERSIONS, ""]

    again = ladder.retire(2, "test")
    assert f"asked before and declined: {pull.html_url}" in again.output
    assert row(ladder) == [*TWO_VERSIONS, "5"]


def test_what_is_not_approved_cannot_be_retired(ladder: Ladder) -> None:
    """Each reason has its exit code and says what to do; nothing is opened, nothing written."""
    ladder.promoted({1: ["dev"]})
    ladder.retire(1, "dev")
    ladder.merge(2, "ana")
    ladder.register(2)
    ladder.register(3)
    _, pull = ladder.stage.pull_requests()
    edit(ladder, pull, ("Approved", "Rejected"), ('reason: ""', 'reason: "it is biased"'))
    ladder.merge(pull.number, "ben")
    assert row(ladder) == ["A1T2 . X4 >-", ". . .", ". . .", ". . .", "R:dev - R:dev", "3"]
    before = row(ladder)
    ladder.stage.ledger.clear()
    for version, environment, reason, code, message in (
        (1, "dev", "again", 10, "churn 1 in dev is retired already: 'it drifts'"),
        (1, "test", "it drifts", 3, "main holds no record of churn 1 in test"),
        (2, "dev", "it drifts", 3, "main holds no record of churn 2 in dev"),
        (3, "dev", "it drifts", 10, "churn 3 in dev was rejected: what was never approved"),
        (9, "dev", "it drifts", 3, "so there is nothing to retire"),
        (1, "dev", " \n\x1b ", 2, "a retirement needs a reason"),
        (1, "dev", "long" * 2_500, 2, "the reason has 10000 characters; a record holds 500"),
        (1, "moon", "it drifts", 2, "'moon' is no environment of assent.yaml"),
    ):
        refused = asked(ladder, version, environment, reason)
        assert (message in refused.output, refused.exit_code) == (True, code), refused.output
    assert ladder.writes() == []
    assert row(ladder) == before


def reverted(ladder: Ladder, number: int) -> str:
    """A branch on which ben reverted a pull request's merge; the clone is on it."""
    ladder.stage.clone(ladder.folder / "clone")
    log = ("log", "--first-parent", "--format=%H", f"--grep=#{number} from", "origin/main")
    merge = git(ladder, *log).strip()
    branch = f"revert-{number}"
    git(ladder, "switch", "--quiet", "--create", branch, "origin/main")
    git(ladder, "revert", "--no-edit", "--mainline", "1", merge)
    return branch


def checked(ladder: Ladder) -> Result:
    """What `check` says of the clone's branch, as on a pull request."""
    clone = ladder.folder / "clone"
    return play.assent("check", "--repository", clone, "--base", "origin/main")


def test_a_reverted_promotion_is_explained_and_retired_instead(two_versions: Ladder) -> None:
    """`git revert` of its merge is a finding; the command that it offers opens the retirement."""
    ladder = two_versions
    reverted(ladder, 2)
    found = checked(ladder)
    assert found.exit_code == 10
    assert "error[deletion]: the record of churn 2 in dev is deleted" in found.output
    assert "the version would go on running" in found.output
    assert "Reverting the merge of a promotion deletes its record" in found.output
    offered = re.search(r"run `assent (retire [^`]+)`", found.output)
    assert offered is not None

    git(ladder, "switch", "--quiet", "main")
    command, *arguments = shlex.split(offered[1])
    opened = ladder.assent(command, *arguments)
    assert opened.exit_code == 0, opened.output
    assert "current is version 2 now, and version 1 once it is merged" in opened.output
    assert row(ladder) == [*TWO_VERSIONS, "4"]


def test_a_reverted_promotion_that_is_merged_withdraws_nothing(two_versions: Ladder) -> None:
    """Past the check `apply` refuses the deletion; the version runs until it is retired."""
    ladder = two_versions
    branch = reverted(ladder, 2)
    text = (ladder.folder / "clone/promotions/test/churn/2.yaml").read_text()
    git(ladder, "push", "--quiet", str(ladder.bare), f"HEAD:refs/heads/{branch}")
    git(ladder, "switch", "--quiet", "main")
    repository = ladder.stage.repository("ben")
    pull = repository.create_pull(base="main", head=branch, title="Revert")
    play.accept(ladder.stage, pull.number, by="ana")
    ladder.merged.append(pull.number)
    for _ in range(2):
        applied = ladder.assent("apply")
        assert applied.exit_code == 12
        assert "refused  churn 2 in dev: the record was deleted, and a deletion" in applied.output
    ladder.resolve("dev", 2)

    changes = (("test", "dev"), ("Approved", "Retired"), ('reason: ""', 'reason: "it drifts"'))
    for old, new in changes:
        assert text.count(f"{old}\n") == 1
        text = text.replace(f"{old}\n", f"{new}\n")
    head = repository.get_branch("main").commit.sha
    repository.create_git_ref("refs/heads/put-back", head)
    path = "promotions/dev/churn/2.yaml"
    repository.create_file(path, "Put back", text, branch="put-back")
    back = repository.create_pull(base="main", head="put-back", title="Put back")
    ladder.merge(back.number, "ana")
    assert row(ladder) == ["A1 A2T5 >1", "A3 A3 >2", ". A3 >2", ". .", "A:test A:uat", ""]


def test_a_reverted_retirement_is_explained(two_versions: Ladder) -> None:
    """`git revert` of a retirement's merge brings nothing back, and is told how that is done."""
    ladder = two_versions
    ladder.retire(2, "test")
    ladder.merge(4, "ana")
    reverted(ladder, 4)
    found = checked(ladder)
    assert found.exit_code == 10
    assert "error[transition]" in found.output
    assert "Reverting the merge of a retirement does not bring the version back" in found.output
