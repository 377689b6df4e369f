"""The audit on a trail made by hand: whole, and with one gap of each kind, told by its name."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.flows.trail import CONTRACTS, LADDER, START, Trail, package, promoted

from assent.adapters.git import GitRepository
from assent.core.audit.gaps import GapKind
from assent.core.audit.material import Scope
from assent.core.audit.moment import live_at
from assent.core.audit.timeline import EventKind
from assent.core.errors import AssentError, Exit
from assent.core.git_objects import object_id
from assent.core.names import RecordId, parse_package_arn
from assent.core.package import RegistryApproval
from assent.core.parameters import write_history
from assent.core.record import Decision
from assent.core.statements import (
    StatementKind,
    head_path,
    statement_path,
    write_statement,
)
from assent.flows.audit import audit
from assent.flows.verify import verify
from assent.ports import NotThere, Unavailable

FIRST = RecordId("dev", "churn", 1)
SECOND = RecordId("dev", "churn", 2)


def test_a_whole_trail_has_no_gaps() -> None:
    """Every decision is told: who approved it on which commit, what it changed, how it ended."""
    found = promoted().judge().audit
    assert found.gaps == ()
    assert found.exit is Exit.OK
    told = [(str(each.id), each.kind, each.decision) for each in found.events]
    assert told == [
        ("churn 1 in dev", EventKind.DECISION, Decision.APPROVED),
        ("churn 2 in dev", EventKind.DECISION, Decision.APPROVED),
        ("churn 2 in dev", EventKind.DECISION, Decision.RETIRED),
        ("churn 3 in dev", EventKind.CLOSING, Decision.REJECTED),
        ("churn 1 in prod", EventKind.DECISION, Decision.APPROVED),
    ]
    second = found.events[1]
    assert [(each.by, each.commit, each.counted) for each in second.approvals] == [
        ("ana", "e" * 40, True)
    ]
    assert (second.before, second.after) == (
        {"dev": "PendingManualApproval"},
        {"dev": "Approved"},
    )
    assert second.ended_by == "Retired"
    assert second.lives[0].follower == 1
    first = found.events[0]
    assert [each.follower for each in first.lives] == [2, None]
    assert (first.lives[-1].until, first.ended_at) == (None, None)  # live again


def test_a_clone_of_git_is_judged_alike(tmp_path: Path) -> None:
    """What the git program stores is what the audit reads, object by object."""
    trail = promoted()
    trail.publish()
    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path)], check=True)
    for kind, content in trail.objects.objects.values():
        subprocess.run(
            ["git", "-C", str(tmp_path), "hash-object", "-w", "--stdin", "-t", kind],
            input=content,
            check=True,
            capture_output=True,
        )
    tip = trail.objects.refs["refs/remotes/origin/receipts"]
    subprocess.run(
        ["git", "-C", str(tmp_path), "update-ref", "refs/heads/receipts", tip], check=True
    )
    with GitRepository(tmp_path) as clone:
        found = audit(trail.world(), clone, Scope(environments=LADDER), keep=True)
    assert found.audit.gaps == ()
    assert found.audit.material.tip == tip
    assert found.objects == trail.judge(keep=True).objects


# Spoilt in one way each.


def _no_branch(trail: Trail) -> None:
    trail.receipts = {}


def _receipt_deleted(trail: Trail) -> None:
    files = trail.branch()
    del files[statement_path("dev", 3)]
    trail.receipts = files


def _last_receipt_deleted(trail: Trail) -> None:
    files = trail.branch()
    del files[statement_path("dev", len(trail.chains["dev"]))]
    trail.receipts = files


def _receipt_not_canonical(trail: Trail) -> None:
    files = trail.branch()
    files[statement_path("dev", 7)] += b"\n"
    trail.receipts = files


def _receipts_reordered(trail: Trail) -> None:
    files = trail.branch()
    one, two = statement_path("dev", 3), statement_path("dev", 4)
    files[one], files[two] = files[two], files[one]
    trail.receipts = files


def _receipt_altered(trail: Trail) -> None:
    files = trail.branch()
    chain = trail.chains["dev"]
    chain[2] = replace(chain[2], run="https://github.example/actions/runs/2")
    files[statement_path("dev", 3)] = write_statement(chain[2])
    trail.receipts = files


def _receipt_repeated(trail: Trail) -> None:
    trail.receipt("dev", StatementKind.DECISION, trail.chains["dev"][0].what)


def _receipt_stray(trail: Trail) -> None:
    trail.receipts = trail.branch() | {"dev/000/notes.txt": b"trust me"}


def _head_altered(trail: Trail) -> None:
    files = trail.branch()
    files[head_path("dev")] = files[head_path("dev")].replace(b'"sequence":7', b'"sequence":6')
    trail.receipts = files


def _main_rewritten(trail: Trail) -> None:
    trail.receipt("dev", StatementKind.MAIN_REWRITTEN, {"applied": "f" * 40})


def _record_pushed(trail: Trail) -> None:
    trail.commit({RecordId("dev", "churn", 4).path: trail.record(4)})


def _commit_elsewhere(trail: Trail) -> None:
    """A commit of a merged branch, which is in main's history, and not on its own line."""
    branch = trail.objects.commit_files(trail.files, trail.head, at=START)
    trail.commit({"README.md": b"merged\n"}, parents=(branch,))
    _alter_decision(trail, commit=branch)


def _record_elsewhere(trail: Trail) -> None:
    retired = trail.chains["dev"][5].what["commit"]
    deleted = trail.commit({SECOND.path: None})
    assert retired != deleted
    _alter_decision(trail, commit=deleted)


def _other_record(trail: Trail) -> None:
    """The blob of another record, that once was approved."""
    _alter_decision(trail, blob=trail.chains["dev"][2].what["blob"])


def _record_asks_otherwise(trail: Trail) -> None:
    _alter_decision(trail, decision=Decision.REJECTED)


def _evidence_altered(trail: Trail) -> None:
    _alter_decision(trail, evidence="sha256:" + "0" * 64)


def _approver_left(trail: Trail) -> None:
    chain = trail.chains["dev"]
    approvals = [{**each, "counted": False} for each in chain[0].what["approvals"]]
    chain[0] = replace(chain[0], recovered=True)
    trail.reword("dev", 1, approvals=approvals)


def _approver_unknown(trail: Trail) -> None:
    _alter_decision(trail, approvals=False)


def _history_without_receipt(trail: Trail) -> None:
    chain = trail.chains["dev"]
    del chain[-2:]
    trail.receipt(
        "dev",
        StatementKind.CURRENT,
        {
            "model": "churn",
            "was": 2,
            "becomes": 1,
            "value": trail.stores["dev"].values["/assent/dev/churn/current"],
        },
    )


def _receipt_without_history(trail: Trail) -> None:
    """The closing of version 3 is gone from Parameter Store."""
    del trail.stores["dev"].values["/assent/dev/churn/versions/3"]
    trail.registry.delete(parse_package_arn(package(3).arn))


def _history_edited(trail: Trail) -> None:
    history = trail.histories[FIRST]
    entry = replace(history.entries[0], by=("mallory",))
    ((name, text),) = write_history(trail.names("dev"), replace(history, entries=(entry,)))
    trail.stores["dev"].values[name] = text


def _history_garbage(trail: Trail) -> None:
    trail.stores["dev"].values["/assent/dev/churn/versions/1"] = "\x1b[31m{{"


def _current_garbage(trail: Trail) -> None:
    trail.stores["dev"].values["/assent/dev/churn/current"] = "{}"


def _current_edited(trail: Trail) -> None:
    name = "/assent/dev/churn/current"
    values = trail.stores["dev"].values
    values[name] = values[name].replace('"version":1', '"version":2')


def _registry_flipped(trail: Trail) -> None:
    seen = trail.registry.describe(parse_package_arn(package(2).arn))
    trail.registry.put(replace(seen, metadata={**seen.metadata, "dev": "Approved"}))


def _alter_decision(trail: Trail, **changes: object) -> None:
    """Alter the retirement of version 2 in receipt and history alike, as a forger would."""
    chain = trail.chains["dev"]
    history = trail.histories[SECOND]
    last = history.entries[-1]
    what = dict(chain[5].what)
    assert what["decision"] == "Retired"
    if changes.pop("approvals", True) is False:
        what["approvals"] = []
    what |= changes
    fields = {key: value for key, value in changes.items() if key != "author"}
    entries = (*history.entries[:-1], replace(last, **fields))  # type: ignore[arg-type] # by name
    trail.histories[SECOND] = replace(history, entries=entries)
    for name, text in write_history(trail.names("dev"), trail.histories[SECOND]):
        trail.stores["dev"].values[name] = text
    trail.show(SECOND)
    trail.reword("dev", 6, **what)


K = GapKind
SPOILT: dict[GapKind, list[tuple[Callable[[Trail], None], set[GapKind]]]] = {
    K.CHAIN_MISSING: [(_no_branch, {K.ENTRY_WITHOUT_RECEIPT, K.PARAMETER_DIFFERS})],
    K.RECEIPT_MISSING: [
        (_receipt_deleted, {K.ENTRY_WITHOUT_RECEIPT}),
        (_last_receipt_deleted, {K.PARAMETER_DIFFERS}),
    ],
    K.RECEIPT_MALFORMED: [(_receipt_not_canonical, {K.PARAMETER_DIFFERS, K.HEAD_DIFFERS})],
    K.RECEIPT_MISPLACED: [(_receipts_reordered, {K.RECEIPT_UNCHAINED})],
    K.RECEIPT_UNCHAINED: [(_receipt_altered, set())],
    K.RECEIPT_REPEATED: [(_receipt_repeated, set())],
    K.RECEIPT_STRAY: [(_receipt_stray, set())],
    K.HEAD_DIFFERS: [(_head_altered, set())],
    K.MAIN_REWRITTEN: [(_main_rewritten, set())],
    K.UNDECIDED: [(_record_pushed, set())],
    K.COMMIT_NOT_ON_MAIN: [(_commit_elsewhere, set())],
    K.RECORD_MISSING: [(_record_elsewhere, set())],
    K.RECORD_DIFFERS: [
        (_other_record, {K.UNDECIDED, K.RECORD_INVALID}),
    ],
    K.RECORD_INVALID: [(_record_asks_otherwise, set())],
    K.EVIDENCE_DIFFERS: [(_evidence_altered, set())],
    K.APPROVAL_UNFOUNDED: [(_approver_unknown, set())],
    K.RECOVERED_UNPROVEN: [(_approver_left, set())],
    K.ENTRY_WITHOUT_RECEIPT: [(_history_without_receipt, set())],
    K.RECEIPT_WITHOUT_ENTRY: [(_receipt_without_history, set())],
    K.ENTRY_DIFFERS: [(_history_edited, {K.PARAMETER_DIFFERS})],
    K.PARAMETER_UNREADABLE: [(_history_garbage, set()), (_current_garbage, set())],
    K.PARAMETER_DIFFERS: [(_current_edited, set())],
    K.REGISTRY_DIFFERS: [(_registry_flipped, set())],
}
"""What spoils a trail, and which other gaps that makes."""


def test_each_kind_of_gap_has_a_way_to_make_it() -> None:
    """No kind goes without a test."""
    assert set(SPOILT) == set(GapKind)


@pytest.mark.parametrize(
    ("kind", "spoil", "besides"),
    [
        pytest.param(kind, spoil, besides, id=f"{kind}: {spoil.__name__.strip('_')}")
        for kind, ways in SPOILT.items()
        for spoil, besides in ways
    ],
)
def test_a_gap_is_told_by_its_name(
    kind: GapKind, spoil: Callable[[Trail], None], besides: set[GapKind]
) -> None:
    """A trail that is spoilt in one way shows it, and nothing that is not so."""
    trail = promoted()
    spoil(trail)
    found = trail.judge()
    assert {each.kind for each in found.audit.gaps} == {kind, *besides}
    assert found.exit is Exit.FINDINGS
    assert all(each.where and each.detail for each in found.audit.gaps)


def _as_receipt(trail: Trail, **changes: object) -> list[GapKind]:
    """What is amiss where the receipt of version 1's approval says something else."""
    trail.reword("dev", 1, **changes)
    return [each.kind for each in trail.judge().audit.gaps]


_APPROVAL = promoted().chains["dev"][0].what["approvals"][0]


@pytest.mark.parametrize(
    "changes",
    [
        {"approvals": []},
        {"approvals": [{**_APPROVAL, "counted": False}]},
        {"approvals": [{**_APPROVAL, "state": "dismissed"}]},
        {"approvals": [{**_APPROVAL, "blob": "f" * 40}]},
        {"approvals": [{**_APPROVAL, "blob": None}]},
        {"approvals": [{**_APPROVAL, "at": "2026-11-23T00:00:00Z"}]},
        {"author": "Ana"},
    ],
)
def test_an_approval_has_to_be_of_this_record_by_somebody_else(changes: dict[str, object]) -> None:
    """What a receipt counts, it must show: approved, of the very record, before the merge."""
    assert _as_receipt(promoted(), **changes) == [GapKind.APPROVAL_UNFOUNDED]


def test_the_commit_that_was_approved_is_looked_at_where_it_is_there() -> None:
    """It has to hold the record; a branch that was squashed away contradicts nothing."""
    trail = promoted()
    what = trail.chains["dev"][0].what
    trail.reword("dev", 1, approvals=[{**_APPROVAL, "commit": what["commit"]}])
    assert trail.gaps() == []
    before = trail.objects.commit_files({"README.md": b"x"}, at=START)
    for other in (before, what["blob"]):
        trail.reword("dev", 1, approvals=[{**_APPROVAL, "commit": other}])
        assert trail.gaps() == [GapKind.APPROVAL_UNFOUNDED]
        assert [each.kind for each in verify(trail.bundle(), CONTRACTS).audit.gaps] == [
            GapKind.APPROVAL_UNFOUNDED
        ]


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "../churn"},
        {"model": 7},
        {"version": True},
        {"number": 0},
        {"decision": None},
        {"decision": "Perhaps"},
        {"merged_at": "yesterday"},
        {"approved_by": "ana\n"},
        {"approved_by": [1]},
        {"approvals": {"by": "ana"}},
        {"approvals": [["ana"]]},
        {"before": {"registry": []}},
        {"blob": 7},
    ],
)
def test_a_receipt_that_does_not_say_what_it_should_is_malformed(
    changes: dict[str, object],
) -> None:
    """Whatever a receipt holds, it is read strictly or told of, and nothing breaks."""
    assert _as_receipt(promoted(), **changes)[0] in {
        GapKind.RECEIPT_MALFORMED,
        GapKind.ENTRY_DIFFERS,
    }


def test_what_was_made_up_for_is_whole_and_shown_as_such() -> None:
    """A receipt that a run was cut off before is written later, with what can be proven then."""
    trail = promoted()
    chain = trail.chains["dev"]
    trail.reword("dev", 1, **{**chain[0].what, "before": None, "after": None})
    chain[0] = replace(chain[0], recovered=True)
    trail.reword("dev", 1)
    found = trail.judge().audit
    assert found.gaps == ()
    assert [each.recovered for each in found.events] == [True, False, False, False, False]


def test_what_was_made_up_for_and_shows_no_approval_is_a_gap() -> None:
    """A history alone proves nothing: it may have been written by hand."""
    trail = promoted()
    chain = trail.chains["dev"]
    chain[0] = replace(chain[0], recovered=True)
    trail.reword("dev", 1, **{**chain[0].what, "approvals": []})
    assert trail.gaps() == [GapKind.APPROVAL_UNFOUNDED]


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, GapKind.RECOVERED_UNPROVEN),
        ({"state": "dismissed"}, GapKind.APPROVAL_UNFOUNDED),
        ({"blob": "f" * 40}, GapKind.APPROVAL_UNFOUNDED),
        ({"by": "zoe"}, GapKind.APPROVAL_UNFOUNDED),
        ({"at": "2026-11-23T00:00:00Z"}, GapKind.APPROVAL_UNFOUNDED),
    ],
)
def test_what_was_made_up_for_and_could_not_be_proven_is_a_gap(
    changes: dict[str, object], kind: GapKind
) -> None:
    """It says why, if the approval was given; whoever left since is no forgery by that."""
    trail = promoted()
    chain = trail.chains["dev"]
    chain[0] = replace(chain[0], recovered=True)
    short = {**_APPROVAL, "counted": False, "why": "is no code owner", **changes}
    trail.reword("dev", 1, **{**chain[0].what, "approvals": [short]})
    (gap,) = trail.judge().audit.gaps
    assert gap.kind is kind
    assert ("is no code owner" in gap.detail) == (kind is GapKind.RECOVERED_UNPROVEN)


def test_a_closing_that_was_made_up_for_may_look_like_a_decision() -> None:
    """Histories do not tell closings apart; only a no may come from a commit that is not main's."""
    trail = promoted()
    chain = trail.chains["dev"]
    assert chain[4].kind is StatementKind.CLOSING
    made_up = trail.decision(
        RecordId("dev", "churn", 3), trail.histories[RecordId("dev", "churn", 3)].entries[0]
    ) | {"approvals": [], "author": "", "before": None, "after": None}
    chain[4] = replace(chain[4], kind=StatementKind.DECISION, recovered=True)
    chain[4] = replace(chain[4], what=made_up)
    trail.reword("dev", 5)
    assert trail.gaps() == []
    trail.reword("dev", 5, decision="Approved")
    assert GapKind.COMMIT_NOT_ON_MAIN in trail.gaps()


def test_a_closing_whose_branch_is_gone_is_no_gap() -> None:
    """The record of a closed pull request never came to main, and its branch may be deleted."""
    trail = promoted()
    del trail.objects.objects[trail.chains["dev"][4].what["blob"]]
    assert trail.gaps() == []


def test_reopening_takes_a_closing_back() -> None:
    """Both are told, and the registry may say Pending again."""
    trail = promoted()
    trail.close(3, reopen=True)
    found = trail.judge().audit
    assert found.gaps == ()
    assert [each.kind for each in found.events if each.id.version == 3] == [
        EventKind.CLOSING,
        EventKind.REOPENING,
    ]


def test_evidence_has_to_recompute_for_a_yes() -> None:
    """A number edited in a record, its digest left alone: told of a yes; a no waits for none."""
    for decision, expected in (
        (Decision.APPROVED, [GapKind.EVIDENCE_DIFFERS]),
        (Decision.RETIRED, []),
    ):
        trail = promoted()
        honest = trail.record

        def edited(*asked: object, honest: Callable[..., bytes] = honest, **named: object) -> bytes:
            content = honest(*asked, **named)
            altered = content.replace(b"value: 0.9", b"value: 0.99")
            trail.records[object_id("blob", altered)] = trail.records[object_id("blob", content)]  # noqa: B023 - used at once
            return altered

        trail.record = edited  # type: ignore[method-assign]
        trail.decide(1, "prod", decision=decision)
        assert trail.gaps() == expected


def test_a_refusal_explains_why_a_record_took_no_effect() -> None:
    """It is told with its reason, and is no gap; another content of that record is one."""
    trail = promoted()
    id_ = RecordId("dev", "churn", 4)
    trail.commit({id_.path: trail.record(4)})
    blob = next(blob for blob, each in trail.records.items() if each.id == id_)
    what = {
        "model": "churn",
        "version": 4,
        "path": id_.path,
        "blob": blob,
        "reason": "direct-push",
        "detail": "no pull request brought it",
        "pull_request": "",
    }
    trail.receipt("dev", StatementKind.REFUSED, what)
    found = trail.judge().audit
    assert found.gaps == ()
    (refused,) = [each for each in found.events if each.id == id_]
    assert (refused.kind, refused.reason) == (
        EventKind.REFUSED,
        "direct-push: no pull request brought it",
    )
    trail.commit({id_.path: trail.record(4, auc=0.99)})
    assert trail.gaps() == [GapKind.UNDECIDED]


def test_a_refusal_that_names_no_content_is_of_what_main_held_then() -> None:
    """It explains the record up to the commit that was applied, and none that came after."""
    trail = promoted()
    id_ = RecordId("dev", "churn", 4)
    trail.commit({id_.path: trail.record(4)})
    what = {
        "model": "churn",
        "version": 4,
        "path": id_.path,
        "blob": "",
        "reason": "soaking",
        "detail": "",
        "pull_request": "",
    }
    trail.receipt("dev", StatementKind.REFUSED, what)
    trail.commit({"README.md": b"later\n"})
    assert trail.gaps() == []
    trail.commit({id_.path: trail.record(4, auc=0.99)})
    assert trail.gaps() == [GapKind.UNDECIDED]


def test_a_record_that_came_back_was_not_decided_on_again() -> None:
    """A retirement that was reverted by hand: what was approved once says nothing of it now."""
    trail = promoted()
    approved = next(each for each in trail.histories[SECOND].entries)
    content = next(
        content
        for kind, content in trail.objects.objects.values()
        if kind == "blob" and object_id("blob", content) == approved.blob
    )
    trail.commit({SECOND.path: content})
    assert trail.gaps() == [GapKind.UNDECIDED]


def test_a_closing_leaves_what_main_holds_decided() -> None:
    """Main says Retired; closing a pull request that would approve it anew changes nothing."""
    trail = promoted()
    trail.close(2)
    assert trail.gaps() == []


def test_a_record_that_is_a_symbolic_link_was_never_decided_on() -> None:
    """What a commit brought has to be a plain file of that very content."""
    trail = promoted()
    tree = trail.objects.tree(trail.files, {FIRST.path: "120000"})
    trail.head = trail.objects.commit_tree(tree, trail.head, at=START)
    trail.reword("dev", 1, commit=trail.head)
    assert set(trail.gaps()) == {GapKind.RECORD_DIFFERS, GapKind.ENTRY_DIFFERS}


def test_what_lies_deeper_than_records_is_passed_over() -> None:
    """A thousand folders below a model's are no records, and no stack overflows."""
    trail = promoted()
    deep = "promotions/dev/churn/" + "/".join(["x"] * 1500) + "/1.yaml"
    for folder in ("promotions/dev/churn/9.yaml/1.yaml", "promotions/dev/1.yaml"):
        trail.files[folder] = b"no record\n"
    tree = trail.objects.tree(trail.files)
    trail.head = trail.objects.commit_tree(tree, trail.head, at=START)
    blob = trail.objects.put("blob", b"deep\n")
    entry, mode, name = blob, "100644", deep.rpartition("/")[2]
    for each in reversed(deep.split("/")[:-1]):
        entry = trail.objects.put("tree", f"{mode} {name}".encode() + b"\0" + bytes.fromhex(entry))
        mode, name = "40000", each
    root = trail.objects.put("tree", b"40000 promotions\0" + bytes.fromhex(entry))
    old, trail.head = trail.head, trail.objects.commit_tree(root, trail.head, at=START)
    with pytest.raises(NotThere, match=r"has no assent\.yaml"):
        trail.judge()
    trail.head = trail.objects.commit_tree(tree, trail.head, at=START)
    assert old != trail.head
    assert trail.gaps() == []


def test_a_clone_that_was_cut_gives_no_verdict() -> None:
    """Where main's line ends too early, nobody can tell what is not there."""
    trail = promoted()
    commit = trail.chains["dev"][0].what["commit"]
    del trail.objects.objects[commit]
    with pytest.raises(NotThere):
        trail.judge()


def test_an_environment_that_cannot_be_read_is_told_and_the_others_judged() -> None:
    """It is broken, not clean; what the others say still comes out."""
    trail = promoted()

    class Silent:
        """Parameters that do not answer."""

        def read_below(self, _path: str, /) -> None:
            """See `ports.Parameters`."""
            raise Unavailable("Parameter Store does not answer")

    trail.stores["prod"] = Silent()  # type: ignore[assignment] # only read below
    found = trail.judge()
    assert found.exit is Exit.BROKEN
    assert [str(each) for each in found.unread] == ["Parameter Store does not answer"]
    assert {each.id.environment for each in found.audit.events} == {"dev"}
    assert found.audit.gaps == ()


def test_a_registry_that_cannot_be_read_is_no_verdict_on_it() -> None:
    """Neither whole nor amiss: broken."""
    trail = promoted()

    def silent() -> None:
        raise Unavailable("the registry does not answer")

    trail.registry.everything = silent  # type: ignore[method-assign, assignment]
    found = trail.judge()
    assert found.exit is Exit.BROKEN


def test_pages_of_the_registry_may_lag_behind() -> None:
    """What a page tells amiss is described again before it is called a gap, and nothing else is."""
    trail = promoted()
    old = list(trail.registry.everything())
    stale = [replace(each, metadata={}) if each.arn.version == 1 else each for each in old]
    trail.registry.everything = lambda: iter(stale[:2])  # type: ignore[method-assign]
    described: list[str] = []
    describe = trail.registry.describe

    def counted(arn, /):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202 - as the registry's
        described.append(f"{arn.model}/{arn.version}")
        return describe(arn)

    trail.registry.describe = counted  # type: ignore[method-assign]
    found = trail.judge()
    assert found.audit.gaps == ()
    assert described == ["churn/1"]


def _recreated(trail: Trail) -> None:
    seen = trail.registry.describe(parse_package_arn(package(1).arn))
    later = replace(seen.package, created=START + timedelta(days=1))
    trail.registry.put(replace(seen, package=later))


def _gone(trail: Trail) -> None:
    trail.registry.delete(parse_package_arn(package(1).arn))


def _status(trail: Trail) -> None:
    seen = trail.registry.describe(parse_package_arn(package(3).arn))
    trail.registry.put(replace(seen, approval=RegistryApproval.APPROVED))


def _undecided_approved(trail: Trail) -> None:
    seen = trail.registry.describe(parse_package_arn(package(3).arn))
    other = parse_package_arn(package(8).arn)
    trail.registry.put(replace(seen, arn=other, metadata={"prod": "Approved"}))


@pytest.mark.parametrize("spoil", [_recreated, _gone, _status, _undecided_approved])
def test_the_registry_is_compared_with_what_is_in_effect(spoil: Callable[[Trail], None]) -> None:
    """A re-created or deleted package, a flipped status, an approval of nobody."""
    trail = promoted()
    spoil(trail)
    assert set(trail.gaps()) == {GapKind.REGISTRY_DIFFERS}


def test_one_status_of_all_environments_needs_all_of_them() -> None:
    """An audit of one environment judges its own field alone."""
    trail = promoted()
    _status(trail)
    assert trail.gaps("dev") == []


def test_a_scope_leaves_out_what_is_not_asked_for() -> None:
    """Model, version, environment and time narrow what is told; chains are always judged whole."""
    trail = promoted()
    trail.decide(1, model="fraud")
    assert trail.gaps() == []
    told = [str(each.id) for each in trail.judge(model="fraud").audit.events]
    assert told == ["fraud 1 in dev"]
    told = [str(each.id) for each in trail.judge("dev", model="churn", version=2).audit.events]
    assert told == ["churn 2 in dev", "churn 2 in dev"]
    (retired,) = [each for each in trail.judge().audit.events if each.decision is Decision.RETIRED]
    late = trail.judge(since=retired.at, until=retired.at).audit
    assert [each.decision for each in late.events] == [Decision.RETIRED]
    _receipt_deleted(trail)
    assert GapKind.RECEIPT_MISSING in trail.gaps(model="fraud")


def test_a_clone_without_the_receipts_branch_says_how_to_fetch_it() -> None:
    """It may just not have been fetched; with the branch there, an empty chain is no such thing."""
    trail = promoted()
    trail.receipts = {}
    (dev, _) = [each for each in trail.judge().audit.gaps if each.kind is GapKind.CHAIN_MISSING]
    assert "`git fetch origin receipts:refs/remotes/origin/receipts`" in dev.detail
    trail.receipts = {"README.md": b"Receipts\n"}
    (dev, _) = [each for each in trail.judge().audit.gaps if each.kind is GapKind.CHAIN_MISSING]
    assert "git fetch" not in dev.detail


def test_nothing_to_judge_is_not_called_whole() -> None:
    """A model that nobody knows: code 3."""
    found = promoted().judge("prod", model="unknown", version=1)
    assert found.audit.events == ()
    assert found.exit is Exit.NOTHING_READ
    empty = Trail()
    assert empty.judge().exit is Exit.NOTHING_READ


def test_what_was_live_then_is_told_with_who_approved_it() -> None:
    """From the receipts of `current`, at any moment; before the first, nothing is known."""
    trail = promoted()
    found = trail.judge().audit
    events = {(str(each.id), each.decision): each for each in found.events}
    second = events["churn 2 in dev", Decision.APPROVED]
    (live,) = second.lives
    assert live.until is not None

    def then(moment: datetime) -> list[tuple[str, int | None, tuple[str, ...] | None]]:
        return [
            (each.environment, each.version, each.decided.by if each.decided else None)
            for each in live_at(found, moment)
        ]

    assert then(START) == []
    assert then(live.since) == [("dev", 2, ("ana",)), ("prod", 1, ("ana",))]
    assert then(live.until) == [("dev", 1, ("ana",)), ("prod", 1, ("ana",))]
    assert [each.source for each in live_at(found, live.until)] == [
        "dev/000/000007.json",
        "prod/000/000002.json",
    ]


def test_without_receipts_histories_tell_what_should_have_been_live() -> None:
    """The highest version that was Approved in effect at that moment, said to be from there."""
    trail = promoted()
    second = trail.histories[SECOND].entries
    trail.receipts = {}
    found = trail.judge().audit
    told = live_at(found, second[0].applied_at)
    assert [(each.environment, each.version, each.source, each.since) for each in told] == [
        ("dev", 2, "histories", None),
        ("prod", 1, "histories", None),
    ]
    assert live_at(found, second[1].applied_at)[0].version == 1


def test_objects_are_read_once_a_commit() -> None:
    """The cost grows with main's commits, and each takes a handful of objects."""
    few, many = Trail(), Trail()
    for version in range(1, 6):
        few.decide(version)
    for version in range(1, 51):
        many.decide(version)
    assert many.judge().audit.gaps == ()
    assert few.judge().audit.gaps == ()
    assert (many.objects.asked - few.objects.asked) / 45 <= 12


def test_the_branch_that_holds_the_receipts_can_be_named() -> None:
    """Without a name it is the remote's, else the clone's own; a wrong name is no verdict."""
    trail = promoted()
    trail.publish()
    tip = trail.objects.refs.pop("refs/remotes/origin/receipts")
    scope = Scope(environments=LADDER)
    assert audit(trail.world(), trail.objects, scope).audit.material.tip is None
    found = audit(trail.world(), trail.objects, scope, receipts=tip)
    assert (found.audit.material.tip, found.audit.gaps) == (tip, ())
    trail.objects.refs["refs/heads/receipts"] = tip
    assert audit(trail.world(), trail.objects, scope).audit.material.tip == tip
    with pytest.raises(AssentError):
        audit(trail.world(), trail.objects, scope, receipts="elsewhere")
