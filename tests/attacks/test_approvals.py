"""Attacks on the approval: each is refused by its name, in every run, and nothing takes effect."""

from dataclasses import replace

import pytest
from github.PullRequest import PullRequest
from tests.attacks.siege import CREATOR, FIRST, SECOND, Siege, forged
from tests.end_to_end import play

from assent.core.changes import Reason
from assent.core.metrics import Metric
from assent.core.record import Decision, Record

OWNERS = ".github/CODEOWNERS"
AUC = "binary_classification_metrics.auc"


def better(record: Record) -> Record:
    """The record with a metric that somebody would rather have."""
    metrics = {**record.evidence.metrics, AUC: Metric(value=0.999)}
    return replace(record, evidence=replace(record.evidence, metrics=metrics))


def test_direct_push(siege: Siege) -> None:
    """A record that somebody pushed to main, past every pull request."""
    _, pull = siege.proposed()
    siege.push(SECOND, siege.record(SECOND, pull.head.ref))
    said = siege.refusal(Reason.DIRECT_PUSH)
    assert "without a merged pull request" in said


def test_admin_bypass(siege: Siege) -> None:
    """Somebody merges the bot's own pull request, and nobody approved it."""
    _, pull = siege.proposed()
    siege.merge(pull, "zoe")
    siege.refusal(Reason.MERGED_WITHOUT_APPROVAL)
    (comment,) = siege.comments(pull.number)
    assert "merged-without-approval" in comment


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_approve_then_push(siege: Siege, method: str) -> None:
    """A code owner approves, somebody changes the record, and it is merged."""
    _, pull = siege.proposed()
    siege.approve(pull, "ben")
    record = forged(siege.record(SECOND, pull.head.ref), better)
    siege.commit("zoe", SECOND, record, pull.head.ref)
    siege.merge(pull, "zoe", method)
    assert "ben" in siege.refusal(Reason.APPROVE_THEN_PUSH)


def test_stale_approval(siege: Siege) -> None:
    """A code owner approves, the branch is replaced by another with another record."""
    _, pull = siege.proposed()
    siege.approve(pull, "ben")
    siege.branch("swap")
    record = forged(siege.record(SECOND, pull.head.ref), better)
    other = siege.commit("zoe", SECOND, record, "swap")
    siege.force(other, pull.head.ref)
    siege.merge(pull, "zoe")
    assert "ben" in siege.refusal(Reason.STALE_APPROVAL)


def test_dismissed_approval(siege: Siege) -> None:
    """An approval that was taken back before the merge is none."""
    _, pull = siege.proposed()
    siege.approve(pull, "ben")
    (review,) = siege.stage.repository("ana").get_pull(pull.number).get_reviews()
    siege.clock.tick()
    review.dismiss("I looked at the wrong page.")
    siege.merge(pull, "zoe")
    assert "ben" in siege.refusal(Reason.STALE_APPROVAL)


def test_self_approval(siege: Siege) -> None:
    """A code owner writes the record, and approves it."""
    _, pull = siege.proposed()
    record = forged(siege.record(SECOND, pull.head.ref), better)
    siege.commit("ben", SECOND, record, pull.head.ref)
    siege.approve(pull, "ben")
    siege.merge(pull, "ben")
    assert "ben" in siege.refusal(Reason.SELF_APPROVAL)


def test_approval_by_the_models_creator(siege: Siege) -> None:
    """Whoever registered the model approves it."""
    _, pull = siege.proposed(created_by=CREATOR)
    siege.approve(pull, "ana")
    siege.merge(pull, "ana")
    assert "ana" in siege.refusal(Reason.APPROVED_BY_CREATOR)


def test_an_unknown_creator_where_all_have_to_be_known(siege: Siege) -> None:
    """With `strict`, a model of a principal that no line names waits until one does."""
    siege.configure("identities: {", "identities: {strict: true, ")
    _, pull = siege.proposed()
    siege.approve(pull, "ben")
    siege.merge(pull, "ben")
    assert "assumed-role/training/pipeline" in siege.refusal(Reason.CREATOR_UNKNOWN)


def test_approval_by_a_non_owner(siege: Siege) -> None:
    """Somebody who may write to the repository, and owns nothing of it, approves."""
    _, pull = siege.proposed()
    siege.approve(pull, "zoe")
    siege.merge(pull, "zoe")
    assert "zoe" in siege.refusal(Reason.APPROVED_BY_NON_OWNER)


def test_approval_by_a_removed_team_member(siege: Siege) -> None:
    """Whoever left the team before the record took effect owns it no more."""
    _, pull = siege.proposed()
    siege.approve(pull, "ben")
    siege.merge(pull, "ben")
    siege.stage.hub.add_team("acme", "ml-approvers-dev", members=["ana"])
    assert "ben" in siege.refusal(Reason.APPROVED_BY_NON_OWNER)


def test_approval_by_a_bot(siege: Siege) -> None:
    """Another App approves what the first one proposed."""
    _, pull = siege.proposed()
    siege.approve_as_app(pull)
    siege.merge(pull, "zoe")
    assert "helper[bot]" in siege.refusal(Reason.APPROVED_BY_BOT)


def test_record_slipped_into_anothers_merge(siege: Siege) -> None:
    """A merge made by hand of an approved branch holds another record; no pull request made it."""
    _, pull = siege.proposed()
    good = siege.record(SECOND, pull.head.ref)
    siege.approve(pull, "ben")
    siege.merge_by_hand(pull, {SECOND: forged(good, better)})
    siege.refusal(Reason.DIRECT_PUSH)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (".github/CODEOWNERS", b"* @zoe\n"),
        ("CODEOWNERS", b"* @zoe\n"),
        (".github/workflows/check.yml", b"name: check\n"),
    ],
)
def test_rules_loosened_in_the_same_pull_request(siege: Siege, path: str, content: bytes) -> None:
    """Who judges is changed along with what is judged."""
    _, pull = siege.proposed()
    siege.commit("zoe", path, content, pull.head.ref)
    siege.approve(pull, "ben")
    siege.merge(pull, "zoe")
    assert path in siege.refusal(Reason.RULES_CHANGED_ALONG)


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_configuration_loosened_in_the_same_pull_request(siege: Siege, method: str) -> None:
    """Fewer approvals, no gates: not by the pull request that profits from it."""
    siege.configure("  - name: dev\n", "  - name: dev\n    approvals: 2\n")
    _, pull = siege.proposed()
    text = siege.record("assent.yaml").decode().replace("    approvals: 2\n", "")
    siege.commit("zoe", "assent.yaml", text, pull.head.ref)
    siege.approve(pull, "ben")
    siege.merge(pull, "zoe", method)
    assert "assent.yaml" in siege.refusal(Reason.RULES_CHANGED_ALONG)


def hidden_loosening(siege: Siege) -> PullRequest:
    """Let a branch make zoe an owner, bring the record, and undo the first; its diff is clean."""
    _, pull = siege.proposed()
    record = siege.record(SECOND, pull.head.ref)
    there = siege.record(OWNERS)
    siege.branch("stealth", who="ana")
    siege.commit("ana", OWNERS, b"* @zoe\n", "stealth")
    siege.commit("ana", SECOND, record, "stealth")
    siege.commit("ana", OWNERS, there, "stealth")
    mine = siege.open("stealth", who="ana")
    assert [each.filename for each in mine.get_files()] == [SECOND]
    siege.approve(mine, "zoe")
    return mine


@pytest.mark.parametrize(
    ("method", "reason"),
    [
        ("merge", Reason.APPROVED_BY_NON_OWNER),
        ("squash", Reason.APPROVED_BY_NON_OWNER),
        ("rebase", Reason.RULES_CHANGED_ALONG),
    ],
)
def test_rules_loosened_and_tightened_again_in_one_branch(
    siege: Siege, method: str, reason: Reason
) -> None:
    """Its own commits say nothing of who may approve it, wherever merging puts them."""
    siege.merge(hidden_loosening(siege), "zoe", method)
    siege.refusal(reason)


def test_rules_loosened_and_tightened_again_in_a_branch_that_is_pushed(siege: Siege) -> None:
    """Nor do they where somebody moves main to them without GitHub's doing."""
    siege.forward(hidden_loosening(siege))
    siege.refusal(Reason.RULES_CHANGED_ALONG)


def test_rules_as_an_old_branch_had_them(siege: Siege) -> None:
    """A branch from when zoe was an owner is brought up to date, and main moved on to it."""
    _, pull = siege.proposed()
    record = siege.record(SECOND, pull.head.ref)
    there = siege.record(OWNERS)
    siege.push(OWNERS, b"* @zoe\n")
    siege.branch("stealth", who="ana")
    siege.push(OWNERS, there)
    siege.commit("ana", SECOND, record, "stealth")
    mine = siege.open("stealth", who="ana")
    siege.approve(mine, "zoe")
    siege.stage.repository("ana").get_pull(mine.number).update_branch()
    siege.forward(mine)
    siege.refusal(Reason.RULES_CHANGED_ALONG)


def test_too_few_approvals(siege: Siege) -> None:
    """One approval where two are asked for."""
    siege.configure("  - name: dev\n", "  - name: dev\n    approvals: 2\n")
    _, pull = siege.proposed()
    siege.approve(pull, "ben")
    siege.merge(pull, "ben")
    siege.refusal(Reason.TOO_FEW_APPROVALS)


def test_direct_revert_of_a_retirement(siege: Siege) -> None:
    """Somebody pushes the approved record again that was retired by pull request."""
    _, pull = siege.proposed()
    siege.approve(pull, "ben")
    siege.merge(pull, "ben")
    assert siege.apply().exit_code == 0
    assert play.current(siege.stage) == 2
    approved = siege.record(SECOND)
    siege.clock.tick()
    retiring = play.retire(siege.stage, 2, by="zoe")
    siege.approve(retiring, "ben")
    siege.merge(retiring, "ben")
    assert siege.apply().exit_code == 0
    assert play.current(siege.stage) == 1
    siege.push(SECOND, approved)
    siege.refusal(Reason.EVIDENCE_NOT_FRESH)


def test_replayed_once_approved_blob(siege: Siege) -> None:
    """A pull request brings, with approvals, the very record that was retired."""
    _, pull = siege.proposed()
    siege.approve(pull, "ben")
    siege.merge(pull, "ben")
    assert siege.apply().exit_code == 0
    approved = siege.record(SECOND)
    siege.clock.tick()
    retiring = play.retire(siege.stage, 2, by="zoe")
    siege.approve(retiring, "ben")
    siege.merge(retiring, "ben")
    assert siege.apply().exit_code == 0
    siege.branch("again")
    siege.commit("zoe", SECOND, approved, "again")
    again = siege.open("again")
    siege.approve(again, "ben")
    siege.merge(again, "ben")
    siege.refusal(Reason.EVIDENCE_NOT_FRESH)


def test_a_forged_no_is_refused_too(siege: Siege) -> None:
    """A retirement that nobody approved takes nothing out of use."""
    _, pull = siege.proposed()
    siege.approve(pull, "ben")
    siege.merge(pull, "ben")
    assert siege.apply().exit_code == 0
    retired = forged(
        siege.record(FIRST),
        lambda record: replace(record, decision=Decision.RETIRED, reason="it is in the way"),
    )
    siege.push(FIRST, retired)
    applied = siege.apply()
    assert applied.exit_code == 12
    assert "[direct-push]" in applied.output
    history = play.parameters(siege.stage)["dev/churn/versions/1"]["decisions"]
    assert [each["status"] for each in history] == ["Approved"]


def test_force_push(siege: Siege) -> None:
    """Main is rewritten to a history that has the record, and not what was applied."""
    _, pull = siege.proposed()
    record = siege.record(SECOND, pull.head.ref)
    siege.rewrite({SECOND: record})
    applied = siege.apply("--env", "dev")
    assert applied.exit_code == 12
    assert "REWRITTEN main in dev" in applied.output
    assert "[direct-push]" in applied.output
    assert play.current(siege.stage) == 1
    assert "dev/churn/versions/2" not in play.parameters(siege.stage)


def test_replayed_event(siege: Siege) -> None:
    """The event of a version that is live, or was rejected, opens nothing and changes nothing."""
    version, pull = siege.proposed()
    siege.clock.tick()
    siege.stage.close(pull.number, "ben")
    assert siege.apply().exit_code == 0
    before = play.parameters(siege.stage)
    for event in (siege.live.event, version.event) * 2:
        assert play.deliver(event) == []
    assert siege.stage.pull_requests() == []
    assert siege.apply().exit_code == 0
    assert play.parameters(siege.stage) == before


# And no false refusal.


def test_no_false_refusal_after_update_branch(siege: Siege) -> None:
    """A branch that was brought up to date after the approval holds the same record."""
    _, pull = siege.proposed()
    siege.approve(pull, "ben")
    siege.commit("zoe", "README.md", "newer\n")
    siege.clock.tick()
    siege.stage.repository("ben").get_pull(pull.number).update_branch()
    siege.merge(pull, "ben")
    applied = siege.apply()
    assert applied.exit_code == 0, applied.output
    assert play.current(siege.stage) == 2


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_no_false_refusal_whatever_the_merge_method(siege: Siege, method: str) -> None:
    """However an approved record is merged, it takes effect."""
    _, pull = siege.proposed()
    siege.approve(pull, "ben")
    siege.merge(pull, "ben", method)
    applied = siege.apply()
    assert applied.exit_code == 0, applied.output
    assert play.current(siege.stage) == 2


@pytest.mark.parametrize("how", ["squash", "rebase", "forward"])
def test_no_false_refusal_after_the_rules_were_changed(siege: Siege, how: str) -> None:
    """Several commits of a branch land right behind a change to the rules that is not theirs."""
    _, pull = siege.proposed()
    record = siege.record(SECOND, pull.head.ref)
    siege.branch("rules")
    siege.commit("zoe", OWNERS, siege.record(OWNERS) + b"/docs/ @zoe\n", "rules")
    rules = siege.open("rules")
    siege.approve(rules, "ana")
    siege.merge(rules, "ana", "squash")
    siege.branch("several")
    siege.commit("zoe", "README.md", "newer\n", "several")
    siege.commit("zoe", SECOND, record, "several")
    siege.commit("zoe", "README.md", "newest\n", "several")
    several = siege.open("several")
    siege.approve(several, "ben")
    if how == "forward":
        siege.forward(several)
    else:
        siege.merge(several, "ben", how)
    applied = siege.apply()
    assert applied.exit_code == 0, applied.output
    assert play.current(siege.stage) == 2


def test_no_false_refusal_of_a_rollback_after_an_approver_left(siege: Siege) -> None:
    """What was proven once stays proven: `current` falls back to it whoever approved it."""
    _, pull = siege.proposed()
    siege.approve(pull, "ana")
    siege.merge(pull, "ana")
    assert siege.apply().exit_code == 0
    assert play.current(siege.stage) == 2
    siege.stage.hub.add_team("acme", "ml-approvers-dev", members=["ana"])  # ben let 1 in
    siege.clock.tick()
    retiring = play.retire(siege.stage, 2, by="zoe")
    siege.approve(retiring, "ana")
    siege.merge(retiring, "ana")
    applied = siege.apply()
    assert applied.exit_code == 0, applied.output
    assert play.current(siege.stage) == 1
