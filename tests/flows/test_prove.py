"""What proves an approval when apply brings a record into effect, and what does not."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.flows.ground import BOT, CHURN, Ground, decided, demanding, refused
from tests.properties.scene import Cut

from assent.core.approval import Review, ReviewState
from assent.core.changes import Reason
from assent.core.errors import AssentError, Exit
from assent.core.gates import Gate, GateKind
from assent.core.identities import Identities, Principal
from assent.core.names import RecordId
from assent.core.receipts import DecisionApplied, Failed, Refused
from assent.core.record import Decision, Waiver
from assent.core.rendering.refused import refused_mark
from assent.ports import Unavailable

DEV = RecordId("dev", CHURN, 1)
UAT = RecordId("uat", CHURN, 1)
ZOE = "arn:aws:sts::*:assumed-role/training/zoe"
OWNERS = ".github/CODEOWNERS"


def opened(ground: Ground, *, by: str = BOT) -> int:
    """Open a pull request for the first version."""
    return ground.open(DEV.path, ground.record(1, 0.9), by=by)


def rewrite(ground: Ground, number: int, *, by: str = BOT, auc: float = 0.91) -> None:
    """Change the record in a pull request's branch."""
    branch = ground.scene.repository.pull(number).branch
    content = ground.record(1, auc)
    ground.scene.repository.push({DEV.path: content}, branch=branch, by=(by,))


def direct_push(ground: Ground) -> None:
    """The record comes to main without a pull request."""
    ground.scene.push(DEV.path, ground.record(1, 0.9))


def swapped_in_the_merge(ground: Ground) -> None:
    """The merge commit holds another record than the branch that was approved."""
    number = opened(ground)
    ground.merge(number)
    repository = ground.scene.repository
    commit = repository.branches["main"]
    files = {**repository.files_of(commit), DEV.path: ground.record(1, 0.99)}
    repository.push({DEV.path: files[DEV.path]}, branch="main")  # so that its blob is known
    repository._commits[commit] = replace(repository._commits[commit], files=files)
    repository.branches["main"] = commit


def rules_along(path: str) -> Callable[[Ground], None]:
    """The pull request changes what judges it, too."""

    def act(ground: Ground) -> None:
        number = opened(ground)
        branch = ground.scene.repository.pull(number).branch
        there = ground.scene.repository.file(path, "main") or b""
        ground.scene.repository.push({path: there + b"\n# looser\n"}, branch=branch)
        ground.merge(number)

    return act


def rules_in_the_merge(ground: Ground) -> None:
    """Only the merge commit does, as one that was made by hand and pushed."""
    ground.merge(opened(ground))
    repository = ground.scene.repository
    commit = repository.branches["main"]
    files = {**repository.files_of(commit), OWNERS: b"* @zoe\n"}
    repository._commits[commit] = replace(repository._commits[commit], files=files)


def rules_there_and_back(ground: Ground) -> None:
    """A commit before the record changes them and one after it undoes that; all were rebased."""
    repository = ground.scene.repository
    there = repository.file(OWNERS, "main") or b""
    number = ground.scene.open_pull(BOT, "promote/stealth", OWNERS, b"* @ana @zoe\n")
    branch = repository.pull(number).branch
    repository.push({DEV.path: ground.record(1, 0.9)}, branch=branch)
    repository.push({OWNERS: there}, branch=branch)
    repository.approve(number, "zoe")
    repository.merge(number, how="rebase")


def administrators_bypass(ground: Ground) -> None:
    """Nobody reviewed it, and somebody merged it all the same."""
    ground.scene.repository.merge(opened(ground), by="carla", bypass=True)


def asked_for_changes(ground: Ground) -> None:
    """The only owner who looked said no, and somebody merged it all the same."""
    number = opened(ground)
    ground.scene.repository.ask_for_changes(number, "ana")
    ground.scene.repository.merge(number, by="carla", bypass=True)


def approve_then_push(ground: Ground) -> None:
    """The record changed after the approval, where pushes dismiss nothing."""
    ground.scene.repository.dismisses_stale = False
    number = opened(ground)
    ground.scene.repository.approve(number, "ana")
    rewrite(ground, number)
    ground.scene.repository.merge(number)


def approved_what_is_gone(ground: Ground) -> None:
    """The branch was put back by force, and holds another record now."""
    repository = ground.scene.repository
    repository.dismisses_stale = False
    number = opened(ground)
    repository.approve(number, "ana")
    repository.put_back(repository.pull(number).branch, repository.commit("main"))
    rewrite(ground, number)
    repository.merge(number)


def dismissed(ground: Ground) -> None:
    """The approval was dismissed, as a push does."""
    number = opened(ground)
    ground.scene.repository.approve(number, "ana")
    rewrite(ground, number)
    ground.scene.repository.merge(number, bypass=True)


def own_record(ground: Ground) -> None:
    """The approver wrote the record in the bot's branch."""
    number = opened(ground)
    rewrite(ground, number, by="Ana")
    ground.merge(number)


def own_pull_request(ground: Ground) -> None:
    """The approver opened it, which a forge should not even let them."""
    number = opened(ground, by="ana")
    pull = ground.scene.repository.pull(number)
    at = pull.updated_at
    pull.reviews.append(Review(by="Ana", state=ReviewState.APPROVED, at=at, commit=pull.head))
    ground.scene.repository.merge(number)


def by_creator(ground: Ground) -> None:
    """The approver registered the model, by a principal that is theirs."""
    mine = Principal(match=ZOE, login="ANA")
    config = ground.scene.config
    ground.scene.config = replace(config, identities=Identities(principals=(mine,)))
    ground.merge(opened(ground))


def by_somebody_else(ground: Ground) -> None:
    """The approver may write, and owns no record."""
    ground.merge(opened(ground), ["zoe"])


def by_owner_who_may_not_write(ground: Ground) -> None:
    """CODEOWNERS names the approver, who may only read."""
    ground.scene.repository.writers = {"ben", "carla", "zoe"}
    ground.merge(opened(ground))


def by_deleted_account(ground: Ground) -> None:
    """Nobody knows any more who approved."""
    ground.scene.push(OWNERS, b"* @ghost\n")
    ground.merge(opened(ground), ["ghost"])


def by_bot(ground: Ground) -> None:
    """A bot approved, even one that CODEOWNERS names."""
    ground.scene.push(OWNERS, b"* @ana @rubber-stamp\n")
    ground.merge(opened(ground), ["rubber-stamp[bot]"])


def by_asker(ground: Ground) -> None:
    """One of the two approvers asked for the waiver that is used."""
    floor = Gate(id="auc-floor", kind=GateKind.AT_LEAST, metric="auc", bound=0.95)
    ground.scene.config = demanding(ground.scene.config, "dev", gates=(floor,))
    waiver = Waiver(gate="auc-floor", reason="It is a pilot", asked_by="Ana")
    ground.promote(1, 0.9, waivers=(waiver,), approvers=["ana", "ben"])


def by_too_few(ground: Ground) -> None:
    """Two are asked for."""
    ground.scene.config = demanding(ground.scene.config, "dev", approvals=2)
    ground.merge(opened(ground))


def by_too_few_of_then(ground: Ground) -> None:
    """Two were asked for when it was merged, and one is now."""
    there = ground.scene.repository.file("assent.yaml", "main") or b""
    ground.scene.push("assent.yaml", there.replace(b"approvals: 1", b"approvals: 2"))
    ground.merge(opened(ground))
    ground.scene.push("assent.yaml", there)


def of_unknown_creator(ground: Ground) -> None:
    """Identities are strict, and do not say who the principal is."""
    config = ground.scene.config
    ground.scene.config = replace(config, identities=Identities(strict=True))
    ground.merge(opened(ground))


def of_unknown_writer(ground: Ground) -> None:
    """Identities are strict, and a commit names an address of no account."""
    machine = Principal(match="arn:*", login=None)
    identities = Identities(strict=True, principals=(machine,))
    ground.scene.config = replace(ground.scene.config, identities=identities)
    number = opened(ground)
    branch = ground.scene.repository.pull(number).branch
    changes = {DEV.path: ground.record(1, 0.92)}
    ground.scene.repository.push(changes, branch=branch, unknown=("eve@example.com",))
    ground.merge(number)


FORGERIES: dict[str, tuple[Callable[[Ground], None], Reason, str]] = {
    "direct push": (direct_push, Reason.DIRECT_PUSH, "without a merged pull request"),
    "swapped in the merge": (
        swapped_in_the_merge,
        Reason.NOT_WHAT_WAS_APPROVED,
        "did not hold this record",
    ),
    "CODEOWNERS along": (rules_along(OWNERS), Reason.RULES_CHANGED_ALONG, OWNERS),
    "configuration along": (rules_along("assent.yaml"), Reason.RULES_CHANGED_ALONG, "assent.yaml"),
    "a schema along": (
        rules_along("schemas/promotion.schema.json"),
        Reason.RULES_CHANGED_ALONG,
        "schemas/",
    ),
    "a workflow along": (
        rules_along(".github/workflows/apply.yml"),
        Reason.RULES_CHANGED_ALONG,
        "apply.yml",
    ),
    "CODEOWNERS in the merge": (rules_in_the_merge, Reason.RULES_CHANGED_ALONG, OWNERS),
    "CODEOWNERS there and back": (rules_there_and_back, Reason.RULES_CHANGED_ALONG, OWNERS),
    "administrator's bypass": (
        administrators_bypass,
        Reason.MERGED_WITHOUT_APPROVAL,
        "merged by carla",
    ),
    "changes asked for": (asked_for_changes, Reason.MERGED_WITHOUT_APPROVAL, "nobody had"),
    "approve, then push": (approve_then_push, Reason.APPROVE_THEN_PUSH, "ana approved commit"),
    "approved what is gone": (approved_what_is_gone, Reason.STALE_APPROVAL, "ana approved a"),
    "dismissed": (dismissed, Reason.STALE_APPROVAL, "ana gave a review that was dismissed"),
    "own record": (own_record, Reason.SELF_APPROVAL, "ana is named by commit"),
    "own pull request": (own_pull_request, Reason.SELF_APPROVAL, "Ana opened"),
    "creator": (by_creator, Reason.APPROVED_BY_CREATOR, "ana registered the model"),
    "somebody else": (by_somebody_else, Reason.APPROVED_BY_NON_OWNER, "zoe is no code owner"),
    "who may not write": (
        by_owner_who_may_not_write,
        Reason.APPROVED_BY_NON_OWNER,
        "ana is no code owner",
    ),
    "deleted account": (by_deleted_account, Reason.APPROVED_BY_NON_OWNER, "ghost is an account"),
    "bot": (by_bot, Reason.APPROVED_BY_BOT, "rubber-stamp[bot] is a bot"),
    "asker": (by_asker, Reason.APPROVED_BY_ASKER, "ana asked for what is waived"),
    "too few": (by_too_few, Reason.TOO_FEW_APPROVALS, "1 approval that counts (ana); 2 are"),
    "too few of then": (by_too_few_of_then, Reason.TOO_FEW_APPROVALS, "2 are needed"),
    "unknown creator": (of_unknown_creator, Reason.CREATOR_UNKNOWN, "assumed-role/training/zoe"),
    "unknown writer": (of_unknown_writer, Reason.CREATOR_UNKNOWN, "eve@example.com"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_what_is_no_proof_is_refused_by_name(forgery: str) -> None:
    """Nothing takes effect, the receipt says why and where, and the pull request hears it once."""
    act, reason, words = FORGERIES[forgery]
    ground = Ground()
    act(ground)
    repository = ground.scene.repository
    ground.apply("dev")
    report = ground.apply("dev")
    assert report.exit is Exit.INCOMPLETE
    (receipt,) = report.receipts
    assert isinstance(receipt, Refused)
    assert (receipt.id, receipt.reason) == (DEV, reason)
    assert words in receipt.detail
    entries = repository.lookup(repository.commit("main"), [DEV.path])
    assert receipt.blob == entries[DEV.path].blob
    assert ground.effective() == set()
    assert ground.scene.packages()[CHURN, 1].approval.value == "PendingManualApproval"
    pulls = repository.pulls
    assert [each.url for each in pulls] == ([receipt.pull_request] if pulls else [])
    told = [each.text for pull in pulls for each in pull.remarks]
    assert [refused_mark(receipt) in text for text in told] == [True] * len(pulls)


def test_every_reason_of_a_proof_has_its_forgery() -> None:
    """The table above leaves none out."""
    proofs = set(Reason) - {
        Reason.RUNG_BELOW,
        Reason.PACKAGE_MISSING,
        Reason.PACKAGE_NOT_COMPLETED,
        Reason.PACKAGE_DIFFERS,
        Reason.PACKAGE_RECREATED,
        Reason.EVIDENCE_ALTERED,
        Reason.EVIDENCE_NOT_FRESH,
        Reason.REPORT_DIFFERS,
        Reason.ARTIFACT_DIFFERS,
        Reason.RECORD_INVALID,
        Reason.RECORD_DELETED,
        Reason.DOES_NOT_FIT,
        Reason.GATE_FAILS,
        Reason.OUT_OF_SCOPE,
        Reason.SOAKING,
        Reason.FROZEN,
        Reason.LINE_STOPPED,
        Reason.DECISION_UNPROVEN,
        Reason.IMPORT_REFUSED,  # tests/attacks/test_imports.py moves the time that it goes by
    }
    assert {reason for _, reason, _ in FORGERIES.values()} == proofs


def updated_branch(ground: Ground) -> None:
    """Main moved on, and somebody pressed "Update branch" after the approval."""
    number = opened(ground)
    ground.scene.repository.approve(number, "ana")
    ground.scene.push("README.md", b"More\n")
    ground.scene.repository.update_branch(number, by="ana")
    ground.scene.repository.merge(number)


def squashed(ground: Ground) -> None:
    """Everything became one commit."""
    ground.scene.repository.approve(opened(ground), "ana")
    ground.scene.repository.merge(1, how="squash")


def rebased(ground: Ground) -> None:
    """The one commit was made anew on top of what came meanwhile."""
    ground.scene.repository.approve(opened(ground), "ana")
    ground.scene.push("README.md", b"More\n")
    ground.scene.repository.merge(1, how="rebase")


def queued(ground: Ground) -> None:
    """The merge queue merged it behind another, which changed the rules."""
    repository = ground.scene.repository
    number = opened(ground)
    repository.approve(number, "ana")
    other = ground.scene.open_pull("carla", "rules", OWNERS, b"* @ana @ben\n")
    repository.approve(other, "ben")
    repository.merge(other, by="github-merge-queue[bot]", how="squash")
    repository.merge(number, by="github-merge-queue[bot]", how="squash")


def several_behind_the_rules(ground: Ground) -> None:
    """Three commits became one, right behind another pull request that changed the rules."""
    repository = ground.scene.repository
    rules = ground.scene.open_pull("carla", "rules", OWNERS, b"* @ana @ben\n")
    repository.approve(rules, "ben")
    repository.merge(rules, how="squash")
    number = opened(ground)
    for text in (b"one\n", b"two\n"):
        repository.push({"docs/note.md": text}, branch=repository.pull(number).branch)
    repository.approve(number, "ana")
    repository.merge(number, how="squash")


def approved_again(ground: Ground) -> None:
    """The record changed, and who had approved looked once more."""
    number = opened(ground)
    ground.scene.repository.approve(number, "ana")
    rewrite(ground, number)
    ground.scene.repository.approve(number, "ana")
    ground.scene.repository.merge(number)


def beside_others(ground: Ground) -> None:
    """One owner among a bot, somebody else, and one who asked for changes."""
    number = opened(ground)
    ground.scene.repository.ask_for_changes(number, "ben")
    ground.merge(number, ["rubber-stamp[bot]", "zoe", "ana"])


def owner_removed_since(ground: Ground) -> None:
    """The approver was a code owner when it was merged."""
    ground.merge(opened(ground))
    ground.scene.push(OWNERS, b"* @ben\n")


def written_by_another(ground: Ground) -> None:
    """A person changed the record in the bot's branch, and another approved it."""
    number = opened(ground)
    rewrite(ground, number, by="ben")
    ground.merge(number)


def from_an_unknown_address(ground: Ground) -> None:
    """Nobody knows an address that a commit names, and identities are not strict."""
    number = opened(ground)
    branch = ground.scene.repository.pull(number).branch
    changes = {DEV.path: ground.record(1, 0.92)}
    ground.scene.repository.push(changes, branch=branch, unknown=("eve@example.com",))
    ground.merge(number)


def committed_to_something_else(ground: Ground) -> None:
    """The approver added a note to the branch, and left the record as it was."""
    number = opened(ground)
    branch = ground.scene.repository.pull(number).branch
    ground.scene.repository.push({"docs/note.md": b"Hm\n"}, branch=branch, by=("ana",))
    ground.merge(number)


HONEST = (
    updated_branch,
    squashed,
    rebased,
    queued,
    several_behind_the_rules,
    approved_again,
    beside_others,
    owner_removed_since,
    written_by_another,
    from_an_unknown_address,
    committed_to_something_else,
)


@pytest.mark.parametrize("act", HONEST, ids=lambda act: act.__name__)
def test_what_was_approved_is_not_refused(act: Callable[[Ground], None]) -> None:
    """However it was merged, and whatever was said beside it."""
    ground = Ground()
    act(ground)
    report = ground.apply("dev")
    assert decided(report) == [1]
    assert report.exit is Exit.OK
    (receipt, *_) = report.receipts
    assert isinstance(receipt, DecisionApplied)
    assert (receipt.by, receipt.author) == (("ana",), BOT)
    assert [each.review.by for each in receipt.approvals if each.counted] == ["ana"]


def test_what_everybody_said_stays_with_the_decision() -> None:
    """Who counted, who did not and why, and who was not needed any more."""
    ground = Ground()
    beside_others(ground)
    (receipt, *_) = ground.apply("dev").receipts
    assert isinstance(receipt, DecisionApplied)
    assert [(each.review.by, each.counted, each.why) for each in receipt.approvals] == [
        ("ben", False, "asked for changes"),
        ("rubber-stamp[bot]", False, "is a bot"),
        ("zoe", False, f"is no code owner of {DEV.path} who may write"),
        ("ana", True, ""),
    ]
    assert {each.review.blob for each in receipt.approvals} == {receipt.blob}


def test_nobody_is_asked_about_who_is_not_needed() -> None:
    """Once enough approvals count, no call is made for the others; they are told of as such."""
    ground = Ground(("uat",))
    ground.promote(1, 0.9, "uat", approvers=["ana", "carla"])
    asked: list[str] = []
    repository = ground.scene.repository
    is_member = repository.is_member

    def watched(team: str, login: str, /) -> bool:
        asked.append(login)
        return is_member(team, login)

    repository.is_member = watched  # type: ignore[method-assign]
    (receipt, *_) = ground.apply("uat").receipts
    assert isinstance(receipt, DecisionApplied)
    assert asked == ["ana"]
    assert receipt.by == ("ana",)
    assert [(each.review.by, each.counted, each.why) for each in receipt.approvals] == [
        ("ana", True, ""),
        ("carla", False, ""),
    ]


@pytest.mark.parametrize("names", [{"Ana": "zoe"}, {"zoe": None}], ids=["another", "machine"])
def test_strict_identities_let_through_whom_they_know(names: dict[str, str | None]) -> None:
    """A person who is no approver, or a machine behind which stands nobody."""
    ground = Ground()
    principals = tuple(Principal(match=ZOE, login=login) for login in names.values())
    identities = Identities(strict=True, principals=principals)
    ground.scene.config = replace(ground.scene.config, identities=identities)
    ground.promote(1, 0.9)
    assert decided(ground.apply("dev")) == [1]


@pytest.mark.parametrize("how", ["registrar", "strict", "rules along"])
def test_a_no_is_not_held_up(how: str) -> None:
    """By who registered the model, by strict identities, or by what else its pull request has."""
    ground = Ground()
    ground.promote(1, 0.9)
    assert decided(ground.apply("dev")) == [1]
    identities = {
        "registrar": Identities(principals=(Principal(match=ZOE, login="ana"),)),
        "strict": Identities(strict=True),
        "rules along": Identities(),
    }[how]
    ground.scene.config = replace(ground.scene.config, identities=identities)
    number = ground.open(DEV.path, ground.record(1, 0.9, decision=Decision.RETIRED))
    if how == "rules along":
        branch = ground.scene.repository.pull(number).branch
        ground.scene.repository.push({"assent.yaml": b"schema: x\n"}, branch=branch)
    ground.merge(number)
    report = ground.apply("dev")
    assert decided(report) == [1]
    assert report.exit is Exit.OK


@pytest.mark.parametrize(
    ("approvers", "reason"),
    [(["zoe"], Reason.APPROVED_BY_NON_OWNER), ([], Reason.MERGED_WITHOUT_APPROVAL)],
)
def test_a_no_needs_a_code_owner_too(approvers: list[str], reason: Reason) -> None:
    """Else anybody could take what is live away."""
    ground = Ground()
    ground.promote(1, 0.9)
    assert decided(ground.apply("dev")) == [1]
    number = ground.open(DEV.path, ground.record(1, 0.9, decision=Decision.RETIRED))
    for login in approvers:
        ground.scene.repository.approve(number, login)
    ground.scene.repository.merge(number, bypass=True)
    assert refused(ground.apply("dev")) == [(1, reason)]


def test_a_no_is_held_against_the_rules_before_its_own_branch() -> None:
    """A rebased commit before it says nothing of who may take away what is live."""
    ground = Ground()
    ground.promote(1, 0.9)
    assert decided(ground.apply("dev")) == [1]
    repository = ground.scene.repository
    number = ground.scene.open_pull("carla", "stealth", OWNERS, b"* @zoe\n")
    retired = ground.record(1, 0.9, decision=Decision.RETIRED)
    repository.push({DEV.path: retired}, branch=repository.pull(number).branch)
    repository.approve(number, "zoe")
    repository.merge(number, how="rebase")
    assert refused(ground.apply("dev")) == [(1, Reason.APPROVED_BY_NON_OWNER)]


def test_an_approver_who_left_holds_up_no_rollback() -> None:
    """What was proven once is in effect: `current` falls back to it, and nobody asks again."""
    ground = Ground(("uat",))
    ground.promote(1, 0.9, "uat")
    ground.promote(2, 0.9, "uat")
    assert decided(ground.apply("uat")) == [1, 2]
    ground.scene.repository.teams["acme/uat"] = {"ben", "carla"}
    ground.promote(2, 0.9, "uat", decision=Decision.RETIRED, approvers=["ben"])
    for everything in (False, True):
        report = ground.apply("uat", everything=everything)
        assert report.exit is Exit.OK
    value = ground.scene.parameters()["/assent/uat/churn/current"]
    assert '"version":1' in value


def test_an_approver_who_left_before_counts_no_more() -> None:
    """Who is in a team is known only as it is now; the refusal says who is missing."""
    ground = Ground(("uat",))
    ground.promote(1, 0.9, "uat")
    ground.scene.repository.teams["acme/uat"] = {"ben", "carla"}
    report = ground.apply("uat")
    assert refused(report) == [(1, Reason.APPROVED_BY_NON_OWNER)]


def failures(ground: Ground, environment: str) -> list[str]:
    """What a run that refuses and decides nothing could not do."""
    report = ground.apply(environment)
    assert all(isinstance(each, Failed) for each in report.receipts)
    assert report.exit is Exit.INCOMPLETE
    assert ground.effective(environment) == set()
    return [each.message for each in report.receipts if isinstance(each, Failed)]


def test_a_team_that_cannot_be_read_is_no_verdict() -> None:
    """Neither yes nor no; and no hindrance where others suffice."""
    ground = Ground(("uat",))
    members = ground.scene.repository.teams.pop("acme/uat")
    ground.promote(1, 0.9, "uat", approvers=["ana", "ben"])
    assert failures(ground, "uat") == ["the team acme/uat cannot be seen, if it exists"]
    ground.scene.repository.teams["acme/uat"] = members
    assert decided(ground.apply("uat")) == [1]


def test_what_cannot_be_told_of_one_is_not_needed_of_another() -> None:
    """An approver may be in a team that is not shown; the other is named by login."""
    ground = Ground()
    ground.scene.push(OWNERS, b"* @acme/hidden @ben\n")
    ground.promote(1, 0.9, approvers=["ana", "ben"])
    (receipt, *_) = ground.apply("dev").receipts
    assert isinstance(receipt, DecisionApplied)
    assert receipt.by == ("ben",)
    assert [each.why for each in receipt.approvals] == [
        "may own the record or not: it is not shown",
        "",
    ]


def test_an_address_in_codeowners_is_no_verdict() -> None:
    """GitHub does not tell whose it is."""
    ground = Ground()
    ground.scene.push(OWNERS, b"* ana@example.com\n")
    ground.promote(1, 0.9)
    (message,) = failures(ground, "dev")
    assert "ana@example.com" in message


@pytest.mark.parametrize("content", [b"schema: nonsense\n", None], ids=["invalid", "gone"])
def test_rules_that_do_not_read_are_no_verdict(content: bytes | None) -> None:
    """The number of approvals that was asked for then is not guessed."""
    ground = Ground()
    there = ground.scene.repository.file("assent.yaml", "main") or b""
    ground.scene.push("assent.yaml", content)
    ground.promote(1, 0.9)
    ground.scene.push("assent.yaml", there)
    (message,) = failures(ground, "dev")
    assert "assent.yaml" in message


def test_an_environment_that_is_new_asks_for_what_it_asks_now() -> None:
    """The configuration before the merge did not know it."""
    ground = Ground(("dev", "uat"))
    there = ground.scene.repository.file("assent.yaml", "main") or b""
    lines = [line for line in there.splitlines(keepends=True) if b"name: uat" not in line]
    ground.scene.push("assent.yaml", b"".join(lines))
    ground.promote(1, 0.9)
    ground.promote(1, 0.9, "uat")
    assert ground.apply("dev", "uat").exit is Exit.OK
    assert ground.effective("uat") == {1}


def test_a_forge_that_is_down_is_asked_no_more() -> None:
    """The first call that could not be made ends the proof, and the run goes on without it."""
    ground = Ground()
    ground.promote(1, 0.9)
    calls: list[str] = []

    def down(login: str, /) -> bool:
        calls.append(login)
        raise Unavailable("GitHub did not answer")

    ground.scene.repository.may_write = down  # type: ignore[method-assign]
    assert failures(ground, "dev") == ["GitHub did not answer"]
    assert calls == ["ana"]


def test_a_comment_that_fails_holds_up_nothing() -> None:
    """The refusal stands, the rest takes effect, and the comment is made up for."""
    ground = Ground()
    ground.scene.repository.merge(opened(ground), bypass=True)
    ground.promote(2, 0.9)
    repository = ground.scene.repository
    comment = repository.comment

    def fails(number: int, text: str, /) -> None:
        if "Refused" in text:
            raise AssentError("may not comment")
        comment(number, text)

    repository.comment = fails  # type: ignore[method-assign]
    report = ground.apply("dev")
    assert (decided(report), refused(report)) == ([2], [(1, Reason.MERGED_WITHOUT_APPROVAL)])
    assert "may not comment" in [
        each.message for each in report.receipts if isinstance(each, Failed)
    ]
    repository.comment = comment  # type: ignore[method-assign]
    ground.apply("dev")
    assert ["Refused" in each.text for each in repository.pull(1).remarks] == [True]


def test_another_reason_and_another_record_are_told_again() -> None:
    """Once for each record and reason, and no oftener."""
    ground = Ground()
    floor = Gate(id="auc-floor", kind=GateKind.AT_LEAST, metric="auc", bound=0.95)
    plain = ground.scene.config
    ground.promote(1, 0.9, approvers=["zoe"])
    for config in (plain, demanding(plain, "dev", gates=(floor,)), plain):
        ground.scene.config = config
        for _ in range(2):
            ground.apply("dev")
    remarks = [each.text for each in ground.scene.repository.pull(1).remarks]
    assert [Reason.APPROVED_BY_NON_OWNER in remarks[0], Reason.GATE_FAILS in remarks[1]] == [
        True
    ] * 2
    assert len(remarks) == 2
    ground.promote(1, 0.91, approvers=["zoe"])
    ground.apply("dev")
    assert len(ground.scene.repository.pull(2).remarks) == 1


def test_killed_at_any_call_a_refusal_is_told_once() -> None:
    """Before and after each of them: the next run makes up for it, and nothing is said twice."""

    def refusing() -> Ground:
        ground = Ground()
        ground.promote(1, 0.9, approvers=["zoe"])
        ground.promote(2, 0.9)
        return ground

    cuts = 0
    for after in (False, True):
        for at in range(1, 100):
            ground = refusing()
            if ground.scene.apply(["dev"], Cut(at=at, after=after), everything=False) is not None:
                break
            cuts += 1
            ground.apply("dev")
            assert len(ground.scene.repository.pull(1).remarks) == 1, at
            assert ground.effective() == {2}
    assert cuts > 20
