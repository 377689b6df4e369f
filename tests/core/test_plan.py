"""The difference between what main asks for and what is."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from assent.core.admission import Unobserved
from assent.core.changes import LEFT_TO_APPLY
from assent.core.config import Config, Environment, ImportSettings, Registry
from assent.core.evidence import Evidence, EvidenceSource, evidence_digest
from assent.core.gates import Gate, GateKind
from assent.core.names import RecordId, parse_package_arn
from assent.core.package import Artifact, Container, ModelVersion, Package, RegistryApproval
from assent.core.parameters import History, HistoryEntry
from assent.core.plan import (
    Actual,
    Asked,
    Change,
    CurrentChange,
    Decide,
    Deleted,
    Reason,
    Refuse,
    Restore,
    Unfit,
    Wanted,
    candidates,
    concerns,
    current_text,
    diff,
    named_version,
    package_differences,
)
from assent.core.record import Decision, Record
from assent.core.waiting import Freeze, Season

CONFIG = Config(
    parameter_prefix="/assent",
    registry=Registry(account="111122223333", region="eu-west-1"),
    repository="acme/model-promotions",
    api_url="https://forge.example",
    branch="main",
    environments=tuple(
        Environment(name=name, account="111122223333", region="eu-west-1")
        for name in ("dev", "test", "prod")
    ),
)
DAY = datetime(2026, 11, 22, 10, tzinfo=UTC)
APPROVED, REJECTED, RETIRED = Decision.APPROVED, Decision.REJECTED, Decision.RETIRED


def id_of(version: int, environment: str = "dev") -> RecordId:
    return RecordId(environment, "churn", version)


def package_of(version: int) -> Package:
    arn = f"arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/{version}"
    container = Container(image="xgboost:1.7", artifact=Artifact(uri=f"s3://models/{version}"))
    return Package(arn=arn, created=DAY, created_by="ana", containers=(container,))


def record_of(
    version: int, decision: Decision = APPROVED, environment: str = "dev", day: int = 22
) -> Record:
    package = package_of(version)
    evidence = Evidence(source=EvidenceSource.TRAINING, collected=DAY.replace(day=day))
    return Record(
        id=id_of(version, environment),
        decision=decision,
        package=package,
        evidence=replace(evidence, digest=evidence_digest(package, evidence)),
    )


def asked(record: Record, blob: str = "") -> Asked:
    return Asked(id=record.id, record=record, blob=blob or blob_of(record))


def blob_of(record: Record) -> str:
    """A stand-in for the blob id; it differs where decision or evidence do."""
    return f"{record.decision}-{record.evidence.collected.day}"


def entry(record: Record) -> HistoryEntry:
    return HistoryEntry(
        decision=record.decision,
        blob=blob_of(record),
        by=("ben",),
        at=DAY,
        applied_at=DAY,
        pull_request="https://forge.example/pull/1",
        commit="c" * 40,
        evidence=record.evidence.digest,
    )


def seen(
    version: int, approval: str = "PendingManualApproval", metadata: Mapping[str, str] | None = None
) -> ModelVersion:
    package = package_of(version)
    return ModelVersion(
        arn=parse_package_arn(package.arn),
        package=package,
        status="Completed",
        approval=RegistryApproval(approval),
        metadata=metadata or {},
    )


def shown(version: int, decision: Decision = APPROVED) -> ModelVersion:
    """A version that shows the decision as `entry` has it, in dev."""
    approval = "Approved" if decision is APPROVED else "Rejected"
    metadata = {
        "dev": decision.value,
        "dev.by": "ben",
        "dev.pull-request": "https://forge.example/pull/1",
    }
    return replace(seen(version, approval, metadata), life_cycle=("dev", decision.value))


def actual(
    *effective: Record,
    wanted: tuple[RecordId, ...] = (),
    current: str | None = None,
    versions: Mapping[RecordId, ModelVersion | None] | None = None,
    rung_below: str | None = None,
    below: Mapping[RecordId, Decision | None] | None = None,
) -> Actual:
    """An environment in which some records are in effect, one after another."""
    histories = {id_: History(id=id_) for id_ in wanted}
    for record in effective:
        histories[record.id] = histories.get(record.id, History(id=record.id)).then(entry(record))
    return Actual(
        environment="dev",
        histories=histories,
        current={} if current is None else {"churn": current},
        versions=versions or {},
        records={record.id: record for record in effective},
        rung_below=rung_below,
        below=below or {},
        elsewhere={},
        now=DAY,
    )


def names(record: Record) -> str:
    return current_text("dev", "churn", record, entry(record))


def plan_of(wanted: Wanted, state: Actual, config: Config = CONFIG) -> list[Change]:
    return list(diff([wanted], state, config=config).changes)


def test_a_new_record_is_decided_and_named() -> None:
    """A first approval: the decision, and `current` from nothing to it."""
    id_ = id_of(7)
    found = plan_of(asked(record_of(7)), actual(wanted=(id_,), versions={id_: seen(7)}))
    assert found == [
        Decide(id=id_, was=None, becomes=APPROVED, asked=asked(record_of(7))),
        CurrentChange(environment="dev", model="churn", was=None, becomes=7),
    ]


def test_what_is_in_effect_needs_nothing() -> None:
    """Registry, history and `current` all say it: an empty plan."""
    record = record_of(7)
    state = actual(record, current=names(record), versions={record.id: shown(7)})
    assert plan_of(asked(record), state) == []


def too_large() -> Record:
    record = record_of(7)
    container = Container(image="x" * 390, artifact=Artifact(uri="s3://models/" + "y" * 900))
    package = replace(record.package, containers=(container,) * 3)
    evidence = replace(record.evidence, digest=evidence_digest(package, record.evidence))
    return replace(record, package=package, evidence=evidence)


def altered() -> Record:
    record = record_of(7)
    return replace(record, evidence=replace(record.evidence, digest="sha256:" + "0" * 64))


ID = id_of(7)
REFUSED: Mapping[Reason, Callable[[], tuple[Wanted, Actual]]] = {
    Reason.RUNG_BELOW: lambda: (
        asked(record_of(7)),
        actual(wanted=(ID,), versions={ID: seen(7)}, rung_below="lab", below={ID: RETIRED}),
    ),
    Reason.PACKAGE_MISSING: lambda: (
        asked(record_of(7)),
        actual(wanted=(ID,), versions={ID: None}),
    ),
    Reason.PACKAGE_NOT_COMPLETED: lambda: (
        asked(record_of(7)),
        actual(wanted=(ID,), versions={ID: replace(seen(7), status="Failed")}),
    ),
    Reason.PACKAGE_DIFFERS: lambda: (
        asked(record_of(7)),
        actual(
            wanted=(ID,),
            versions={ID: replace(seen(7), package=replace(package_of(7), created_by="eve"))},
        ),
    ),
    Reason.PACKAGE_RECREATED: lambda: (
        asked(record_of(7)),
        actual(
            wanted=(ID,),
            versions={
                ID: replace(seen(7), package=replace(package_of(7), created=DAY.replace(hour=11)))
            },
        ),
    ),
    Reason.EVIDENCE_ALTERED: lambda: (
        asked(altered()),
        actual(wanted=(ID,), versions={ID: seen(7)}),
    ),
    Reason.EVIDENCE_NOT_FRESH: lambda: (
        asked(record_of(7), blob="another"),
        actual(record_of(7), record_of(7, RETIRED), versions={ID: seen(7)}),
    ),
    Reason.RECORD_INVALID: lambda: (Unfit(id=ID, why="line 1: no"), actual(wanted=(ID,))),
    Reason.RECORD_DELETED: lambda: (
        Deleted(id=ID),
        actual(record_of(7), current=names(record_of(7))),
    ),
    Reason.DOES_NOT_FIT: lambda: (
        asked(too_large()),
        actual(wanted=(ID,), versions={ID: replace(seen(7), package=too_large().package)}),
    ),
    Reason.IMPORT_REFUSED: lambda: (
        asked(imported()),
        replace(actual(wanted=(ID,), versions={ID: seen(7)}), decided_otherwise={ID: ""}),
    ),
    Reason.GATE_FAILS: lambda: (asked(record_of(7)), actual(wanted=(ID,), versions={ID: seen(7)})),
    Reason.SOAKING: lambda: (asked(record_of(7)), actual(wanted=(ID,), versions={ID: seen(7)})),
    Reason.FROZEN: lambda: (asked(record_of(7)), actual(wanted=(ID,), versions={ID: seen(7)})),
    Reason.LINE_STOPPED: lambda: (
        asked(record_of(7)),
        actual(wanted=(ID,), versions={ID: seen(7)}),
    ),
    Reason.OUT_OF_SCOPE: lambda: (
        asked(record_of(7, day=23)),
        actual(record_of(7), current=names(record_of(7)), versions={ID: shown(7)}),
    ),
}


def imported() -> Record:
    """An import, which nothing in the configuration allows."""
    record = record_of(7)
    evidence = replace(record.evidence, source=EvidenceSource.IMPORT)
    digest = evidence_digest(record.package, evidence)
    return replace(record, evidence=replace(evidence, digest=digest))


def demanding(gates: tuple[Gate, ...] = (), soak: timedelta | None = None) -> Config:
    """The configuration with demands of dev; the rung below it is lab."""
    first = replace(CONFIG.environments[0], gates=gates, soak=soak)
    lab = replace(first, name="lab", gates=(), soak=None)
    return replace(CONFIG, environments=(lab, first, *CONFIG.environments[1:]))


FLOOR = Gate(id="auc-floor", kind=GateKind.AT_LEAST, metric="auc", bound=0.8)
FREEZE = Freeze(
    reason="year's end", zone="UTC", window=Season(start=DAY, end=DAY + timedelta(days=1))
)
OF_OTHERS = replace(CONFIG, registry=replace(CONFIG.registry, groups=("fraud-*", "Churn")))
DEMANDS: Mapping[Reason, Config] = {
    Reason.GATE_FAILS: demanding(gates=(FLOOR,)),
    Reason.SOAKING: demanding(soak=timedelta(hours=24)),
    Reason.FROZEN: replace(CONFIG, freezes=(FREEZE,)),
    Reason.LINE_STOPPED: replace(CONFIG, stopped="the registry is being moved"),
    Reason.OUT_OF_SCOPE: OF_OTHERS,
}
"""What refuses those examples that are refused by the configuration alone."""


@pytest.mark.parametrize("reason", REFUSED)
def test_each_reason_refuses_its_own_example(reason: Reason) -> None:
    """One fault, one refusal with its reason; nothing else but what stays in effect is planned."""
    wanted, state = REFUSED[reason]()
    plan = plan_of(wanted, state, DEMANDS.get(reason, CONFIG))
    (found,) = [each for each in plan if not isinstance(each, CurrentChange | Restore)]
    assert isinstance(found, Refuse)
    assert (found.id, found.reason) == (ID, reason)
    assert found.detail
    assert not any(
        isinstance(each, CurrentChange) and each.becomes == 7 and each.was is None for each in plan
    )
    assert (found.lifted is not None) == (reason in WAITING)


WAITING = {Reason.SOAKING, Reason.FROZEN, Reason.LINE_STOPPED}


def test_every_reason_has_an_example() -> None:
    """Only the proof of approval, and a look at the evidence, are apply's own to give."""
    assert set(REFUSED) | LEFT_TO_APPLY == set(Reason)


@pytest.mark.parametrize("decision", [REJECTED, RETIRED])
@pytest.mark.parametrize(
    "reason", sorted(set(REFUSED) - {Reason.RECORD_INVALID, Reason.RECORD_DELETED})
)
def test_a_no_is_never_held_up(reason: Reason, decision: Decision) -> None:
    """What refuses a yes does not refuse a no about the same package."""
    wanted, state = REFUSED[reason]()
    assert isinstance(wanted, Asked)
    no = replace(wanted, record=replace(wanted.record, decision=decision), blob="no")
    found = plan_of(no, state, DEMANDS.get(reason, CONFIG))[0]
    assert isinstance(found, Decide)
    assert found.becomes is decision


def test_out_of_scope_nothing_is_written_that_is_not_a_no_of_what_was_in_effect() -> None:
    """What another repository decides is neither refused again here, nor shown, nor taken back."""
    fresh = asked(record_of(7, REJECTED))
    (refused,) = plan_of(fresh, actual(wanted=(ID,), versions={ID: seen(7)}), OF_OTHERS)
    assert isinstance(refused, Refuse)
    assert refused.reason is Reason.OUT_OF_SCOPE
    live = record_of(7)
    flipped = seen(7, "Approved", {"dev": "Rejected", "test": "Approved"})
    state = actual(live, current=names(live), versions={ID: flipped})
    assert plan_of(asked(live), state, OF_OTHERS) == []
    assert plan_of(asked(live), state) != []


@pytest.mark.parametrize("status", [REJECTED, RETIRED, None])
def test_the_rung_below_must_be_approved(status: Decision | None) -> None:
    """Neither a no nor silence below lets a version rise."""
    state = actual(wanted=(ID,), versions={ID: seen(7)}, rung_below="lab", below={ID: status})
    (found,) = plan_of(asked(record_of(7)), state)
    assert isinstance(found, Refuse)
    assert str(status or "not decided") in found.detail
    risen = replace(state, below={ID: APPROVED})
    assert isinstance(plan_of(asked(record_of(7)), risen)[0], Decide)


def test_fresh_evidence_lets_a_withdrawn_version_return() -> None:
    """The same version on evidence collected later is a decision like any other."""
    again = record_of(7, day=23)
    state = actual(record_of(7), record_of(7, RETIRED), versions={ID: seen(7)})
    found = plan_of(asked(again), state)[0]
    assert found == Decide(id=ID, was=RETIRED, becomes=APPROVED, asked=asked(again))


def test_an_approved_record_may_be_changed_on_the_same_evidence() -> None:
    """Another blob, such as one with a waiver, is proven again, and is not a return."""
    record = record_of(7)
    state = actual(record, current=names(record), versions={ID: shown(7)})
    found = plan_of(asked(record, blob="with a waiver"), state)[0]
    assert isinstance(found, Decide)
    assert (found.was, found.becomes) == (APPROVED, APPROVED)


def test_a_deleted_record_that_was_no_approval_is_silent() -> None:
    """Nothing live depended on it."""
    assert plan_of(Deleted(id=ID), actual(wanted=(ID,))) == []
    rejected = actual(record_of(7, REJECTED), current=current_text("dev", "churn", None, None))
    assert plan_of(Deleted(id=ID), rejected) == []


def closing(version: int, decision: Decision | None) -> HistoryEntry:
    """What closing, or reopening, a pull request left in the history."""
    record = record_of(version)
    return replace(entry(record), decision=decision, created=record.package.created)


def test_a_closing_in_force_is_restored_without_a_record() -> None:
    """The registry shows what was closed, and what was reopened after it, on that very package."""
    closed = replace(actual(), histories={ID: History(id=ID, entries=(closing(7, REJECTED),))})
    shows = replace(closed, versions={ID: shown(7, REJECTED)})
    nulled = {"churn": current_text("dev", "churn", None, None)}
    assert plan_of(Deleted(id=ID), replace(shows, current=nulled)) == []
    flipped = replace(closed, versions={ID: seen(7, "Approved", {"dev": "Approved"})})
    (found,) = plan_of(Deleted(id=ID), replace(flipped, current=nulled))
    assert isinstance(found, Restore)
    assert found.update.metadata["dev"] == "Rejected"
    assert found.update.approval is RegistryApproval.REJECTED
    other = replace(seen(7), package=replace(package_of(7), created=DAY.replace(hour=11)))
    again = replace(closed, versions={ID: other}, current=nulled)
    assert plan_of(Deleted(id=ID), again) == []
    reopened = (closing(7, REJECTED), closing(7, None))
    opened = replace(shows, histories={ID: History(id=ID, entries=reopened)}, current=nulled)
    (found,) = plan_of(Deleted(id=ID), opened)
    assert isinstance(found, Restore)
    assert found.update.metadata["dev"] == "PendingManualApproval"


def test_a_record_is_not_in_effect_by_the_closing_that_refused_it() -> None:
    """The same bytes closed, reopened and merged are decided anew; closed alone, they are not."""
    record = record_of(7)
    refused = replace(
        actual(versions={ID: seen(7)}),
        histories={ID: History(id=ID, entries=(closing(7, REJECTED),))},
    )
    reasons = [each.reason for each in plan_of(asked(record), refused) if isinstance(each, Refuse)]
    assert reasons == [Reason.EVIDENCE_NOT_FRESH]
    entries = (closing(7, REJECTED), closing(7, None))
    reopened = replace(refused, histories={ID: History(id=ID, entries=entries)})
    (found, *_) = plan_of(asked(record), reopened)
    assert isinstance(found, Decide)
    assert found.was is None


@pytest.mark.parametrize("how", ["deleted", "unfit", "refused"])
def test_what_stays_in_effect_is_shown_whatever_main_asks_for(how: str) -> None:
    """A record that is refused leaves what was live alone, in the registry's fields too."""
    record = record_of(7)
    altered = replace(record, evidence=replace(record.evidence, digest="sha256:0"))
    kinds: dict[str, Wanted] = {
        "deleted": Deleted(id=ID),
        "unfit": Unfit(id=ID, why="line 1: nonsense"),
        "refused": asked(altered, "another"),
    }
    flipped = replace(shown(7), metadata={"dev": "Rejected"}, approval=RegistryApproval.REJECTED)
    state = actual(record, current=names(record), versions={ID: flipped})
    refused, restored = plan_of(kinds[how], state)
    assert isinstance(refused, Refuse)
    assert isinstance(restored, Restore)
    assert restored.update.metadata["dev"] == "Approved"
    assert restored.update.approval is RegistryApproval.APPROVED


def test_a_status_that_nothing_backs_is_taken_back() -> None:
    """The one status of all environments says Approved, and no environment approves."""
    seen_approved = replace(seen(7), approval=RegistryApproval.APPROVED)
    state = actual(wanted=(ID,), versions={ID: seen_approved})
    (found,) = plan_of(Deleted(id=ID), state)
    assert isinstance(found, Restore)
    assert found.update.metadata == {}
    assert found.update.approval is RegistryApproval.PENDING


def test_a_no_about_an_earlier_package_hides_no_wrong_yes() -> None:
    """The new package's field is mended in the same run that records the no."""
    record = record_of(7, RETIRED)
    other = replace(
        seen(7, "Approved", {"dev": "Approved"}),
        package=replace(package_of(7), created=DAY.replace(hour=11)),
    )
    found = plan_of(asked(record), actual(wanted=(ID,), versions={ID: other}))
    assert [type(each) for each in found][:2] == [Decide, Restore]


def test_a_current_of_nobody_says_that_there_is_none() -> None:
    """A parameter that names a version of which neither main nor any history speaks is mended."""
    stray = names(record_of(7))
    (found,) = diff([], actual(current=stray), config=CONFIG).changes
    assert found == CurrentChange(environment="dev", model="churn", was=7, becomes=None)


def test_a_deleted_record_stays_live() -> None:
    """A deletion decides nothing, so `current` goes on naming the version."""
    record = record_of(7)
    found = plan_of(Deleted(id=ID), actual(record, current=names(record)))
    assert [type(each) for each in found] == [Refuse]


def test_what_the_registry_lost_is_restored() -> None:
    """Fields written by hand come back, the approval and the life cycle too."""
    record = record_of(7)
    flipped = replace(
        shown(7), approval=RegistryApproval.REJECTED, metadata={"dev": "Rejected", "team": "x"}
    )
    (found,) = plan_of(asked(record), actual(record, current=names(record), versions={ID: flipped}))
    assert isinstance(found, Restore)
    assert found.update.fields == ("dev", "dev.by", "dev.pull-request", "ModelApprovalStatus")
    assert found.update.approval is RegistryApproval.APPROVED
    assert "team" not in found.update.metadata


@pytest.mark.parametrize("decision", [APPROVED, REJECTED])
def test_nothing_is_restored_onto_another_package(decision: Decision) -> None:
    """A package that was created again was never decided on; its registry entry stays pending."""
    record = record_of(7, decision)
    other = replace(seen(7), package=replace(package_of(7), created=DAY.replace(hour=11)))
    text = names(record) if decision is APPROVED else current_text("dev", "churn", None, None)
    assert plan_of(asked(record), actual(record, current=text, versions={ID: other})) == []
    assert not concerns(record, other)


def test_a_yes_is_not_restored_onto_changed_containers() -> None:
    """A yes concerns the very containers; a no holds for whatever they are now."""
    changed = replace(seen(7), package=replace(package_of(7), containers=()))
    assert not concerns(record_of(7), changed)
    assert concerns(record_of(7, RETIRED), changed)


def test_a_version_that_is_gone_is_not_restored() -> None:
    """There is nothing to write to."""
    record = record_of(7)
    assert plan_of(asked(record), actual(record, current=names(record), versions={ID: None})) == []


def test_current_falls_back_to_the_next_highest() -> None:
    """Retiring 7 lets `current` name 5, not the rejected 6."""
    five, six, seven = record_of(5), record_of(6, REJECTED), record_of(7)
    state = actual(five, six, seven, current=names(seven), versions={ID: shown(7)})
    found = plan_of(asked(record_of(7, RETIRED)), state)
    assert found[1:] == [CurrentChange(environment="dev", model="churn", was=7, becomes=5)]


def test_current_becomes_nothing_when_nothing_is_left() -> None:
    """The last approval withdrawn leaves `version: null`."""
    record = record_of(7)
    state = actual(record, current=names(record), versions={ID: shown(7)})
    found = plan_of(asked(record_of(7, RETIRED)), state)
    assert found[1:] == [CurrentChange(environment="dev", model="churn", was=7, becomes=None)]


def test_a_lower_version_does_not_become_current() -> None:
    """Approving 6 while 7 is live is recorded, and changes nothing that runs."""
    seven, six = record_of(7), record_of(6)
    state = actual(seven, wanted=(six.id,), current=names(seven), versions={six.id: seen(6)})
    assert [type(each) for each in plan_of(asked(six), state)] == [Decide]


@pytest.mark.parametrize("text", ["", "garbage", "{}", "null", '{"schema":"assent/parameter/v1"}'])
def test_current_is_mended_when_it_does_not_read(text: str) -> None:
    """It is derived, so whatever stands there is replaced."""
    record = record_of(7)
    found = plan_of(asked(record), actual(record, current=text, versions={ID: shown(7)}))
    assert found == [CurrentChange(environment="dev", model="churn", was=None, becomes=7)]
    assert named_version(text) is None


def test_current_is_mended_when_only_its_text_differs() -> None:
    """The right version with somebody's other containers is written again."""
    record = record_of(7)
    text = names(record).replace("xgboost:1.7", "xgboost:evil")
    found = plan_of(asked(record), actual(record, current=text, versions={ID: shown(7)}))
    assert found == [CurrentChange(environment="dev", model="churn", was=7, becomes=7)]


def test_no_parameter_speaks_of_a_model_that_was_never_decided() -> None:
    """A refused first record creates no `current`."""
    state = actual(wanted=(ID,), versions={ID: None})
    assert [type(each) for each in plan_of(asked(record_of(7)), state)] == [Refuse]


def test_a_first_rejection_writes_a_current_that_names_none() -> None:
    """Once something was decided, inference is told that nothing is approved."""
    no = record_of(7, REJECTED)
    found = plan_of(asked(no), actual(wanted=(ID,), versions={ID: seen(7)}))
    assert found == [
        Decide(id=ID, was=None, becomes=REJECTED, asked=asked(no)),
        CurrentChange(environment="dev", model="churn", was=None, becomes=None),
    ]


def test_the_order_is_that_of_versions() -> None:
    """Whatever order records come in, the plan is one, with `current` last."""
    records = [asked(record_of(version)) for version in (10, 9, 11)]
    ids = tuple(each.id for each in records)
    state = actual(wanted=ids, versions={id_: seen(id_.version) for id_ in ids})
    plans = [diff(order, state, config=CONFIG) for order in (records, records[::-1])]
    assert plans[0] == plans[1]
    assert [each.id.version for each in plans[0].changes if isinstance(each, Decide)] == [9, 10, 11]
    assert plans[0].changes[-1] == CurrentChange(
        environment="dev", model="churn", was=None, becomes=11
    )


def test_differences_name_each_field() -> None:
    """What differs is told field by field; what only S3 can tell is left out."""
    was = package_of(7)
    now = Package(
        arn=was.arn.replace("churn", "other"),
        created=DAY.replace(hour=11),
        created_by=None,
        containers=(
            Container(image="other:1", artifact=Artifact(uri="s3://models/other")),
            Container(image="second:1"),
        ),
    )
    told = " ".join(package_differences(was, now))
    for word in ("arn", "created ", "created_by", "containers were 1, are 2", ".image", ".uri"):
        assert word in told
    pinned = replace(was.containers[0], artifact=Artifact(uri="s3://models/7", bytes=5, etag="e"))
    assert package_differences(was, replace(was, containers=(pinned,))) == []


def test_candidates_are_the_approved_versions_from_the_highest() -> None:
    """Other models and other decisions are no candidates; numbers are compared as numbers."""
    other = RecordId("dev", "fraud", 99)
    found = candidates(
        "churn",
        {id_of(9): APPROVED, id_of(10): APPROVED, id_of(11): RETIRED, other: APPROVED},
    )
    assert found == [id_of(10), id_of(9)]


def test_an_import_that_waits_leaves_the_registry_alone() -> None:
    """What was approved before is not taken back; what Assent decided on, or promotes, is."""
    approved = {ID: seen(7, "Approved")}
    config = replace(
        CONFIG,
        imports=ImportSettings(registered_before=DAY + timedelta(days=1)),
        stopped="the registry is being moved",
    )
    state = replace(actual(wanted=(ID,), versions=approved), decided_otherwise={ID: ""})
    (waits,) = plan_of(asked(imported()), state, config)
    assert isinstance(waits, Refuse)
    assert waits.reason is Reason.LINE_STOPPED
    found = plan_of(asked(record_of(7)), actual(wanted=(ID,), versions=approved), config)
    assert [type(each) for each in found] == [Refuse, Restore]


def test_an_import_that_nobody_looked_up_is_no_verdict() -> None:
    """Where it is not known what was decided elsewhere, it is neither taken over nor refused."""
    with pytest.raises(Unobserved):
        plan_of(asked(imported()), actual(wanted=(ID,), versions={ID: seen(7, "Approved")}))
