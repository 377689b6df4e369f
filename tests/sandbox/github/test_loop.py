"""From a branch to a merge, as PyGithub drives it."""

from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import pytest

from assent.sandbox.github import Protection

if TYPE_CHECKING:
    from tests.sandbox.github.conftest import Refused, Stage

NAME = "acme/model-promotions"


@pytest.mark.parametrize("prefix", ["", "/api/v3"])
def test_the_whole_loop_from_branch_to_merge(
    stage: "Stage", refused: "Refused", prefix: str
) -> None:
    """A bot proposes, an outsider's yes is not enough, an owner approves, and it merges."""
    bot = stage.as_bot(prefix=prefix)
    pull = stage.propose(bot)
    pull.add_to_labels("promotion", "env: dev")
    assert pull.user.login == "assent[bot]"
    assert [label.name for label in pull.get_labels()] == ["promotion", "env: dev"]
    assert [team.slug for team in pull.get_review_requests()[1]] == ["ml-approvers"]

    own = refused(lambda: pull.create_review(event="APPROVE"))
    assert own == (422, "Unprocessable Entity | Can not approve your own pull request")

    ben = stage.as_person("ben", prefix=prefix).get_pull(pull.number)
    ben.create_review(event="APPROVE")
    waiting = refused(lambda: ben.merge(sha=pull.head.sha))
    assert waiting == (405, "Waiting on code owner review from acme/ml-approvers.")
    assert (ben.mergeable, ben.mergeable_state) == (True, "blocked")

    cleo = stage.as_person("cleo", prefix=prefix).get_pull(pull.number)
    review = cleo.create_review(body="Looks right", event="APPROVE")
    assert (review.state, review.commit_id) == ("APPROVED", pull.head.sha)
    assert refused(lambda: ben.merge(sha=pull.base.sha)) == (
        409,
        "Head branch was modified. Review and try the merge again.",
    )
    assert stage.as_person("ben", prefix=prefix).get_pull(1).mergeable_state == "clean"

    stage.clock.advance(timedelta(minutes=5))
    merged = cleo.merge(sha=pull.head.sha)
    after = stage.as_person("eve", prefix=prefix).get_pull(pull.number)
    assert merged.merged
    assert (after.merged, after.state, after.merge_commit_sha) == (True, "closed", merged.sha)
    assert after.merged_by.login == "cleo"
    assert after.merged_at == stage.clock.time
    assert after.is_merged()
    commit = bot.get_commit(merged.sha)
    assert commit.commit.message == (
        "Merge pull request #1 from acme/promote\n\nPromote promotions/dev/churn/7.yaml"
    )
    assert [parent.sha for parent in commit.parents] == [pull.base.sha, pull.head.sha]
    assert (commit.commit.author.name, commit.commit.author.email) == ("Cleo", "cleo@acme.test")
    assert (commit.commit.committer.name, commit.commit.committer.email) == (
        "GitHub",
        "noreply@github.com",
    )
    assert [pull.number for pull in commit.get_pulls()] == [1]
    assert [event.event for event in after.as_issue().get_events()] == [
        "labeled",
        "labeled",
        "merged",
        "closed",
    ]
    assert bot.get_git_ref("pull/1/head").object.sha == pull.head.sha


def approved(stage: "Stage", branch: str, path: str) -> int:
    pull = stage.propose(stage.as_person("ben"), branch, path)
    stage.see("cleo", pull).create_review(event="APPROVE")
    return pull.number


def test_squashing_leaves_one_commit_by_the_author(stage: "Stage") -> None:
    """A squash has one parent, the only commit's subject with the number, and both people."""
    number = approved(stage, "squash", "promotions/dev/churn/8.yaml")
    repository = stage.as_person("cleo")
    base = repository.get_branch("main").commit.sha
    merged = repository.get_pull(number).merge(merge_method="squash")
    commit = repository.get_commit(merged.sha)
    assert commit.commit.message == f"Add promotions/dev/churn/8.yaml (#{number})"
    assert [parent.sha for parent in commit.parents] == [base]
    assert (commit.author.login, commit.committer.login) == ("ben", "web-flow")
    assert [file.filename for file in commit.files] == ["promotions/dev/churn/8.yaml"]


def test_rebasing_replays_each_commit_on_the_base(stage: "Stage") -> None:
    """A rebase keeps authors and messages, and puts the commits after what came meanwhile."""
    first = approved(stage, "one", "promotions/dev/churn/1.yaml")
    second = stage.propose(stage.as_person("ben"), "two", "promotions/dev/churn/2.yaml")
    repository = stage.as_person("cleo")
    repository.create_file("promotions/dev/churn/3.yaml", "Third", "x: 1\n", branch="two")
    stage.see("dan", second).create_review(event="APPROVE")
    stage.hub.protect(NAME, "main", Protection(require_code_owners=False))
    tip = repository.get_pull(first).merge().sha
    merged = repository.get_pull(second.number).merge(merge_method="rebase")
    last = repository.get_commit(merged.sha)
    before = last.parents[0]
    assert [last.commit.message, before.commit.message] == [
        "Third",
        "Add promotions/dev/churn/2.yaml",
    ]
    assert before.parents[0].sha == tip
    assert (last.author.login, last.committer.login) == ("cleo", "cleo")
    names = {item.path for item in repository.get_git_tree(merged.sha, recursive=True).tree}
    assert {f"promotions/dev/churn/{n}.yaml" for n in (1, 2, 3)} <= names


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_a_conflict_is_refused(
    stage: "Stage", refused: "Refused", method: Literal["merge", "squash", "rebase"]
) -> None:
    """Two edits of one file: the second cannot be merged by any method, and says so beforehand."""
    path = "promotions/dev/churn/7.yaml"
    first = stage.propose(stage.as_person("ben"), "one", path, "a: 1\n")
    second = stage.propose(stage.as_person("ben"), "two", path, "a: 2\n")
    for pull in (first, second):
        stage.see("cleo", pull).create_review(event="APPROVE")
    stage.see("ben", first).merge()
    late = stage.see("ben", second)
    assert (late.mergeable, late.mergeable_state) == (False, "dirty")
    assert refused(lambda: late.merge(merge_method=method)) == (
        405,
        "Pull Request is not mergeable",
    )


def test_closing_and_reopening_name_their_actors(stage: "Stage") -> None:
    """Each change of state leaves an event with whoever did it, and is not a merge."""
    pull = stage.propose(stage.as_bot())
    stage.see("ben", pull).edit(state="closed")
    closed = stage.see("eve", pull)
    assert (closed.state, closed.merged) == ("closed", False)
    assert closed.raw_data["merge_commit_sha"] is None
    assert closed.as_issue().raw_data["closed_by"]["login"] == "ben"
    stage.see("cleo", pull).edit(state="open")
    reopened = stage.see("eve", pull)
    assert (reopened.state, reopened.closed_at) == ("open", None)
    events = [(event.event, event.actor.login) for event in reopened.as_issue().get_events()]
    assert events == [("closed", "ben"), ("reopened", "cleo")]


def test_deleting_the_branch_closes_and_bars_reopening(stage: "Stage", refused: "Refused") -> None:
    """Whoever deletes the head closes the pull request; it reopens once the branch is back."""
    pull = stage.propose(stage.as_bot())
    ben = stage.as_person("ben")
    ben.get_git_ref("heads/promote").delete()
    closed = ben.get_pull(pull.number)
    assert (closed.state, closed.as_issue().raw_data["closed_by"]["login"]) == ("closed", "ben")
    status, message = refused(lambda: closed.edit(state="open"))
    assert status == 422
    assert "The promote branch has been deleted." in message
    ben.create_git_ref("refs/heads/promote", pull.head.sha)
    closed.edit(state="open")
    assert [event.event for event in ben.get_pull(1).as_issue().get_events()] == [
        "head_ref_deleted",
        "closed",
        "head_ref_restored",
        "reopened",
    ]


def test_a_recreated_branch_bars_reopening(stage: "Stage", refused: "Refused") -> None:
    """A branch of the same name with another history is not the pull request's branch."""
    pull = stage.propose(stage.as_bot())
    ben = stage.as_person("ben")
    ben.get_git_ref("heads/promote").delete()
    ben.create_git_ref("refs/heads/promote", pull.base.sha)
    ben.create_file("other.txt", "Other", "other\n", branch="promote")
    status, message = refused(lambda: ben.get_pull(pull.number).edit(state="open"))
    assert status == 422
    assert "force-pushed or recreated" in message


def test_a_merged_pull_request_stays_merged(stage: "Stage", refused: "Refused") -> None:
    """It cannot be merged again or reopened; deleting its branch changes nothing."""
    number = approved(stage, "once", "promotions/dev/churn/9.yaml")
    pull = stage.as_person("ben").get_pull(number)
    pull.merge(delete_branch=True)
    again = stage.as_person("ben").get_pull(number)
    assert refused(lambda: stage.as_person("ben").get_branch("once"))[0] == 404
    assert refused(again.merge) == (405, "Pull Request is not mergeable")
    assert refused(lambda: again.edit(state="open"))[0] == 422
    assert stage.as_person("ben").get_pull(number).merged


def test_opening_twice_or_without_news_is_refused(stage: "Stage", refused: "Refused") -> None:
    """One open pull request for a branch; and it has to bring something, from where it can."""
    bot = stage.as_bot()
    stage.propose(bot)

    def open_from(head: str, base: str = "main") -> tuple[int, str]:
        return refused(lambda: bot.create_pull(title="Again", body="", head=head, base=base))

    bot.create_git_ref("refs/heads/empty", bot.get_branch("main").commit.sha)
    assert open_from("promote") == (
        422,
        "Validation Failed | A pull request already exists for acme:promote.",
    )
    assert open_from("acme:promote")[1].endswith("already exists for acme:promote.")
    assert open_from("empty") == (422, "Validation Failed | No commits between main and empty")
    assert open_from("absent") == (422, "Validation Failed | head")
    assert open_from("stranger:promote") == (422, "Validation Failed | head")
    assert open_from("promote", "absent") == (422, "Validation Failed | base")


def test_a_pull_request_shows_what_it_changes(stage: "Stage") -> None:
    """Files are the three-dot difference: what came into the base meanwhile is not among them."""
    pull = stage.propose(stage.as_person("ben"), text="a: 1\nb: 2\n")
    other = approved(stage, "other", "promotions/dev/other/1.yaml")
    stage.as_person("ben").get_pull(other).merge()
    late = stage.see("ben", pull)
    assert [(f.filename, f.status, f.additions, f.deletions) for f in late.get_files()] == [
        ("promotions/dev/churn/7.yaml", "added", 2, 0)
    ]
    assert next(iter(late.get_files())).patch == "@@ -0,0 +1,2 @@\n+a: 1\n+b: 2"
    assert (late.commits, late.additions, late.changed_files) == (1, 2, 1)
    assert [c.commit.message for c in late.get_commits()] == ["Add promotions/dev/churn/7.yaml"]
    diff = stage.call("GET", f"/pulls/{pull.number}", accept="application/vnd.github.diff")
    assert diff.text.startswith("diff --git a/promotions/dev/churn/7.yaml")


def test_pull_requests_are_found_by_state_head_and_base(stage: "Stage") -> None:
    """A head counts with its owner only; without one GitHub pays no attention to it."""
    ben = stage.as_person("ben")
    numbers = [stage.propose(ben, f"b{n}", f"f{n}.txt").number for n in range(3)]
    ben.get_pull(numbers[0]).edit(state="closed")
    assert [p.number for p in ben.get_pulls()] == [3, 2]
    assert [p.number for p in ben.get_pulls(state="all", direction="asc")] == [1, 2, 3]
    assert [p.number for p in ben.get_pulls(state="closed")] == [1]
    assert [p.number for p in ben.get_pulls(head="acme:b1")] == [2]
    assert [p.number for p in ben.get_pulls(head="stranger:b1")] == []
    assert [p.number for p in ben.get_pulls(head="b1")] == [3, 2]
    assert [p.number for p in ben.get_pulls(base="absent")] == []


def test_updating_the_branch_merges_the_base_into_it(stage: "Stage") -> None:
    """The new head is a merge by whoever asked; a second time there is nothing to do."""
    pull = stage.propose(stage.as_person("ben"))
    path = f"/pulls/{pull.number}/update-branch"
    nothing = stage.call("PUT", path)
    assert (nothing.status_code, nothing.json()["message"]) == (
        422,
        "There are no new commits on the base branch.",
    )
    other = approved(stage, "other", "promotions/dev/other/1.yaml")
    tip = stage.as_person("ben").get_pull(other).merge().sha
    assert stage.call("PUT", path, body={"expected_head_sha": tip}).status_code == 422
    assert stage.see("ben", pull).update_branch(expected_head_sha=pull.head.sha)
    head = stage.see("ben", pull).head.sha
    commit = stage.as_person("ben").get_commit(head)
    assert [parent.sha for parent in commit.parents] == [pull.head.sha, tip]
    assert commit.commit.message == "Merge branch 'main' into promote"
    assert commit.author.login == "ben"
    assert stage.call("PUT", path).status_code == 422
