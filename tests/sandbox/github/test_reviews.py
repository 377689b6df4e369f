"""Whose yes counts, and until when."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from assent.sandbox.github import Protection
from assent.sandbox.github.reviewing import approvers

if TYPE_CHECKING:
    from github.PullRequest import PullRequest
    from tests.sandbox.github.conftest import Refused, Stage

NAME = "acme/model-promotions"
AT_LEAST_ONE = "At least 1 approving review is required by reviewers with write access."


@pytest.fixture
def pull(stage: "Stage") -> "PullRequest":
    return stage.propose(stage.as_person("ben"))


def states(stage: "Stage", pull: "PullRequest") -> list[tuple[str, str]]:
    return [(r.user.login, r.state) for r in stage.see("eve", pull).get_reviews()]


def test_an_approval_without_write_access_does_not_count(
    stage: "Stage", refused: "Refused", pull: "PullRequest"
) -> None:
    """Eve is in the owning team and may only read: her approval is kept and does not count."""
    stage.see("eve", pull).create_review(event="APPROVE")
    assert states(stage, pull) == [("eve", "APPROVED")]
    assert refused(stage.see("ben", pull).merge)[0] == 405
    stage.hub.protect(NAME, "main", Protection(require_code_owners=False))
    assert refused(stage.see("ben", pull).merge) == (405, AT_LEAST_ONE)


def test_an_authors_approval_would_not_count(stage: "Stage", pull: "PullRequest") -> None:
    """Reviewing one's own is refused; were such an approval there, it would count for nothing."""
    state = stage.hub._state
    repository = state.repository(NAME)
    for login in ("dan", "ada"):
        stage.see(login, pull).create_review(event="APPROVE")
    issue, found = repository.pull(pull.number)
    assert approvers(state, repository, issue, found) == {"dan", "ada"}
    assert approvers(state, repository, replace(issue, author="dan"), found) == {"ada"}


def test_the_number_of_approvals_is_asked_for(
    stage: "Stage", refused: "Refused", pull: "PullRequest"
) -> None:
    """Without code owners, as many different people with write access as the branch says."""
    stage.hub.protect(NAME, "main", Protection(require_code_owners=False))
    assert refused(stage.see("ben", pull).merge) == (405, AT_LEAST_ONE)
    stage.hub.protect(NAME, "main", Protection(required_approvals=2))
    cleo = stage.see("cleo", pull)
    cleo.create_review(event="APPROVE")
    cleo.create_review(event="APPROVE")
    assert refused(cleo.merge) == (
        405,
        "At least 2 approving reviews are required by reviewers with write access.",
    )
    stage.see("dan", pull).create_review(event="APPROVE")
    assert cleo.merge().merged


def test_a_request_for_changes_blocks_until_its_author_relents(
    stage: "Stage", refused: "Refused", pull: "PullRequest"
) -> None:
    """The last opinion of each reviewer counts, whoever else approves; a comment is none."""
    stage.see("dan", pull).create_review(body="No", event="REQUEST_CHANGES")
    stage.see("cleo", pull).create_review(event="APPROVE")
    blocked = "1 review requesting changes by reviewers with write access."
    assert refused(stage.see("cleo", pull).merge) == (405, blocked)
    stage.see("dan", pull).create_review(body="Hm", event="COMMENT")
    assert refused(stage.see("cleo", pull).merge) == (405, blocked)
    stage.see("dan", pull).create_review(event="APPROVE")
    assert stage.see("cleo", pull).merge().merged


def test_a_push_that_changes_the_difference_dismisses_approvals(
    stage: "Stage", refused: "Refused", pull: "PullRequest"
) -> None:
    """The approval becomes DISMISSED, keeps its commit, and leaves an event."""
    stage.see("cleo", pull).create_review(event="APPROVE")
    file = stage.as_person("ben").get_contents("promotions/dev/churn/7.yaml", ref="promote")
    assert not isinstance(file, list)
    stage.as_person("ben").update_file(
        file.path, "Change it", "status: Rejected\n", file.sha, branch="promote"
    )
    assert states(stage, pull) == [("cleo", "DISMISSED")]
    review = next(iter(stage.see("eve", pull).get_reviews()))
    assert review.commit_id == pull.head.sha != stage.see("eve", pull).head.sha
    assert "review_dismissed" in [e.event for e in pull.as_issue().get_events()]
    assert refused(stage.see("cleo", pull).merge)[0] == 405


def test_a_push_that_leaves_the_difference_alone_keeps_approvals(
    stage: "Stage", pull: "PullRequest"
) -> None:
    """Merging the base into the branch changes nothing that was reviewed."""
    other = stage.propose(stage.as_person("ben"), "other", "promotions/dev/other/1.yaml")
    for proposal in (pull, other):
        stage.see("cleo", proposal).create_review(event="APPROVE")
    stage.see("cleo", other).merge()
    assert stage.see("ben", pull).update_branch()
    assert stage.see("ben", pull).head.sha != pull.head.sha
    assert states(stage, pull) == [("cleo", "APPROVED")]
    assert stage.see("cleo", pull).merge().merged


def test_stale_approvals_stay_where_the_branch_does_not_mind(
    stage: "Stage", pull: "PullRequest"
) -> None:
    """Without dismissal an approval of an older commit counts, and says which commit it was."""
    stage.hub.protect(NAME, "main", Protection(dismiss_stale=False))
    stage.see("cleo", pull).create_review(event="APPROVE")
    stage.as_person("ben").create_file("promotions/dev/a/1.yaml", "More", "a", branch="promote")
    assert states(stage, pull) == [("cleo", "APPROVED")]
    assert stage.see("cleo", pull).merge().merged


def test_somebody_other_than_the_last_pusher_approves(
    stage: "Stage", refused: "Refused", pull: "PullRequest"
) -> None:
    """Cleo pushes to Ben's branch: her own approval no longer suffices, Ada's does."""
    stage.hub.protect(NAME, "main", Protection(require_last_push_approval=True))
    stage.as_person("cleo").create_file("promotions/dev/a/1.yaml", "More", "a", branch="promote")
    stage.see("cleo", pull).create_review(event="APPROVE")
    status, message = refused(stage.see("cleo", pull).merge)
    assert (status, "last pusher" in message) == (405, True)
    stage.see("ada", pull).create_review(event="APPROVE")
    assert stage.see("cleo", pull).merge().merged


def test_the_last_matching_line_of_codeowners_decides(stage: "Stage", refused: "Refused") -> None:
    """Dan owns prod beside the team, not dev; everything else is Ada's."""
    prod = stage.propose(stage.as_person("ben"), "prod", "promotions/prod/churn/7.yaml")
    stage.see("dan", prod).create_review(event="APPROVE")
    assert stage.see("dan", prod).merge().merged
    mixed = stage.propose(stage.as_person("ben"), "mixed", "promotions/prod/churn/8.yaml")
    stage.as_person("ben").create_file("assent.yaml", "Loosen", "gates: []", branch="mixed")
    stage.see("dan", mixed).create_review(event="APPROVE")
    assert refused(stage.see("dan", mixed).merge) == (405, "Waiting on code owner review from ada.")
    stage.see("ada", mixed).create_review(event="APPROVE")
    assert stage.see("dan", mixed).merge().merged


def test_codeowners_of_the_base_branch_count(stage: "Stage", refused: "Refused") -> None:
    """A pull request cannot make its author's friend an owner."""
    ben = stage.as_person("ben")
    pull = stage.propose(ben, "coup", "promotions/dev/churn/7.yaml")
    file = ben.get_contents(".github/CODEOWNERS", ref="coup")
    assert not isinstance(file, list)
    ben.update_file(file.path, "Coup", "* @dan\n", file.sha, branch="coup")
    stage.see("dan", pull).create_review(event="APPROVE")
    status, message = refused(stage.see("dan", pull).merge)
    assert (status, message) == (
        405,
        "Waiting on code owner review from ada and/or acme/ml-approvers.",
    )


def test_administrators_pass_unless_they_are_bound(
    stage: "Stage", refused: "Refused", pull: "PullRequest"
) -> None:
    """``enforce_admins`` decides whether Ada may merge what nobody approved."""
    stage.hub.protect(NAME, "main", Protection(enforce_admins=True))
    assert refused(stage.see("ada", pull).merge)[0] == 405
    stage.hub.protect(NAME, "main", Protection())
    assert stage.see("ada", pull).merge().merged


def test_required_checks_have_to_be_green(
    stage: "Stage", refused: "Refused", pull: "PullRequest"
) -> None:
    """A commit status on the head, by its context, lets the merge pass."""
    stage.hub.protect(
        NAME,
        "main",
        Protection(required_approvals=0, require_code_owners=False, required_checks=("check",)),
    )
    expected = 'Required status check "check" is expected.'
    assert refused(stage.see("ben", pull).merge) == (405, expected)
    commit = stage.as_person("ben").get_commit(pull.head.sha)
    commit.create_status("failure", context="check")
    assert refused(stage.see("ben", pull).merge)[1] == 'Required status check "check" is failure.'
    commit.create_status("success", context="check", description="All well")
    assert commit.get_combined_status().state == "success"
    assert stage.see("ben", pull).mergeable_state == "clean"
    assert stage.see("ben", pull).merge().merged


def test_a_review_may_be_dismissed_by_hand(
    stage: "Stage", refused: "Refused", pull: "PullRequest"
) -> None:
    """With a message, once; and by those who write."""
    review = stage.see("cleo", pull).create_review(event="APPROVE")
    eve = stage.see("eve", pull).get_review(review.id)
    assert refused(lambda: eve.dismiss("No"))[0] == 403
    stage.see("dan", pull).get_review(review.id).dismiss("Second thoughts")
    assert states(stage, pull) == [("cleo", "DISMISSED")]
    again = stage.see("dan", pull).get_review(review.id)
    assert refused(lambda: again.dismiss("Again"))[0] == 422


def test_reviews_of_other_commits_are_told_apart(
    stage: "Stage", refused: "Refused", pull: "PullRequest"
) -> None:
    """A review may name an earlier commit of the pull request, and none from elsewhere."""
    ben = stage.as_person("ben")
    ben.create_file("promotions/dev/a/1.yaml", "More", "a", branch="promote")
    cleo = stage.see("cleo", pull)
    first = cleo.base.repo.get_commit(pull.head.sha)
    assert cleo.create_review(first, body="Old", event="COMMENT").commit_id == pull.head.sha
    elsewhere = cleo.base.repo.get_commit(pull.base.sha)
    assert refused(lambda: cleo.create_review(elsewhere, event="APPROVE"))[0] == 422


def test_requested_reviewers_come_and_go(
    stage: "Stage", refused: "Refused", pull: "PullRequest"
) -> None:
    """Code owners are asked at once; whoever answers is asked no longer; authors are never."""
    ben = stage.see("ben", pull)
    ben.create_review_request(reviewers=["dan", "ada"])

    def asked() -> tuple[list[str], list[str]]:
        people, teams = stage.see("ben", pull).get_review_requests()
        return [p.login for p in people], [t.slug for t in teams]

    assert asked() == (["dan", "ada"], ["ml-approvers"])
    stage.see("dan", pull).create_review(body="Fine", event="COMMENT")
    stage.see("cleo", pull).create_review(event="APPROVE")
    assert asked() == (["ada"], [])
    ben.delete_review_request(reviewers=["ada"])
    assert asked() == ([], [])
    assert refused(lambda: ben.create_review_request(reviewers=["ben"]))[0] == 422
    assert refused(lambda: ben.create_review_request(team_reviewers=["nobody"]))[0] == 422


def test_a_pending_review_is_seen_by_its_author_only(stage: "Stage", pull: "PullRequest") -> None:
    """It decides nothing until it is submitted, and may be thrown away before."""
    pending = stage.see("cleo", pull).create_review(body="Draft")
    assert pending.state == "PENDING"
    assert states(stage, pull) == []
    submitted = stage.call(
        "POST",
        f"/pulls/{pull.number}/reviews/{pending.id}/events",
        token="token-of-cleo",
        body={"event": "APPROVE"},
    )
    assert submitted.json()["state"] == "APPROVED"
    assert states(stage, pull) == [("cleo", "APPROVED")]
    another = stage.see("cleo", pull).create_review(body="Draft")
    another.delete()
    assert states(stage, pull) == [("cleo", "APPROVED")]


def test_protection_is_read_and_changed_over_the_wire(stage: "Stage", refused: "Refused") -> None:
    """PyGithub's own calls set, show, edit and remove a branch's protection."""
    branch = stage.as_person("ada").get_branch("main")
    assert branch.protected
    reviews = branch.get_required_pull_request_reviews()
    assert (reviews.required_approving_review_count, reviews.require_code_owner_reviews) == (
        1,
        True,
    )
    branch.edit_protection(
        strict=True,
        contexts=["check"],
        enforce_admins=True,
        required_approving_review_count=2,
        dismiss_stale_reviews=True,
    )
    protection = stage.as_person("ada").get_branch("main").get_protection()
    assert protection.enforce_admins
    assert protection.required_status_checks.contexts == ["check"]
    assert protection.required_pull_request_reviews.required_approving_review_count == 2
    assert not protection.required_pull_request_reviews.require_code_owner_reviews
    branch.remove_protection()
    assert refused(branch.get_protection) == (404, "Branch not protected")
    ben = stage.as_person("ben").get_branch("main")
    assert refused(ben.remove_protection) == (403, "Must have admin rights to Repository.")
