"""Closings and reopenings one after the other, with no run in between: none of them is lost."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.flows.test_reject import MODEL, House

from assent.core.errors import Exit
from assent.core.forge import ProposalState
from assent.core.outcome import Proposed
from assent.core.package import RegistryApproval
from assent.core.receipts import ClosingRecorded, ClosingWithoutEffect, Failed
from assent.ports import NoReadableFile, NotThere, Unavailable

Run = Callable[[House, int], object]


def by_reject(house: House, number: int) -> object:
    return house.rejected(number)


def by_apply(house: House, _number: int) -> object:
    return house.applied()


def statuses(house: House, environment: str = "dev") -> list[str]:
    return [entry["status"] for entry in house.history(environment)]


@pytest.mark.parametrize("run", [by_reject, by_apply])
def test_reopening_before_anybody_looked_erases_no_rejection(run: Run) -> None:
    """Whoever is quicker than the job cannot undo what a code owner said."""
    house = House()
    number = house.first()
    house.repository.approve(number, "ben")
    house.close(number, "ana", saying="no")
    house.reopen(number, "zoe")
    run(house, number)
    assert statuses(house) == ["Rejected"]
    assert house.package.metadata["dev"] == "Rejected"
    house.repository.merge(number)
    assert house.applied().exit is Exit.INCOMPLETE
    assert house.live("dev") is None


def test_a_rejection_counts_after_the_merge_that_ignored_it() -> None:
    """Closed by an owner, reopened by another writer and merged on an older approval."""
    house = House()
    number = house.first()
    house.repository.approve(number, "ben")
    house.close(number, "ana", saying="no")
    house.reopen(number, "zoe")
    house.scene.tick()
    house.repository.merge(number)
    assert house.applied().exit is Exit.INCOMPLETE
    assert statuses(house) == ["Rejected"]
    assert house.live("dev") is None


@pytest.mark.parametrize("run", [by_reject, by_apply])
def test_somebody_elses_closing_after_an_owners_changes_nothing(run: Run) -> None:
    """What a code owner closed stays closed, whoever opened and closed it since."""
    house = House()
    number = house.first()
    house.close(number, "ana", saying="no")
    house.reopen(number, "zoe")
    house.close(number, "zoe")
    run(house, number)
    assert statuses(house) == ["Rejected"]
    assert house.history()[0]["by"] == ["ana"]
    assert house.state(number) is ProposalState.CLOSED


@pytest.mark.parametrize("run", [by_reject, by_apply])
def test_an_owners_reopening_counts_though_somebody_closed_it_again(run: Run) -> None:
    """The rejection is taken back, and the other closing is undone."""
    house = House()
    number = house.first()
    house.close(number, "ana", saying="no")
    run(house, number)
    house.reopen(number, "ben")
    house.close(number, "zoe")
    run(house, number)
    assert statuses(house) == ["Rejected", "PendingManualApproval"]
    assert house.state(number) is ProposalState.OPEN


def test_every_closing_is_recorded_with_its_own_words() -> None:
    """Three decisions between two runs are three entries, in their order."""
    house = House()
    number = house.first()
    house.close(number, "ana", saying="too slow")
    house.reopen(number, "ana")
    house.close(number, "ben", saying="still too slow")
    house.applied()
    assert statuses(house) == ["Rejected", "PendingManualApproval", "Rejected"]
    reasons = [entry.get("reason", "") for entry in house.history()]
    assert reasons == ["too slow", "", "still too slow"]
    assert len(house.comments(number)) == 3


def test_a_keyword_elsewhere_rejects_in_nobodys_name() -> None:
    """GitHub names whoever merged what says "fixes #1"; that person decided nothing about it."""
    house = House()
    number = house.first()
    house.scene.tick()
    house.repository.close(number, by="ana", referred=True)
    (receipt,) = house.rejected(number).receipts
    assert isinstance(receipt, ClosingWithoutEffect)
    assert "keyword" in receipt.why
    assert statuses(house) == []
    assert house.state(number) is ProposalState.OPEN


def test_a_strangers_first_closing_is_undone_after_an_owners_was_taken_back() -> None:
    """An answered rejection is no undoing: the stranger has not been undone yet."""
    house = House()
    number = house.first()
    house.close(number, "ana")
    house.applied()
    house.reopen(number, "ana")
    house.applied()
    house.close(number, "zoe")
    house.applied()
    assert house.state(number) is ProposalState.OPEN
    house.close(number, "zoe")
    house.applied()
    assert house.state(number) is ProposalState.CLOSED
    assert "opened again once" in house.comments(number)[-1]


def test_closing_a_duplicate_of_what_was_merged_rejects_nothing() -> None:
    """The same evidence came to main in somebody's pull request; the bot's is only tidied up."""
    house = House()
    first = house.first()
    content = house.content("dev").replace(
        b"waivers: []", b'waivers:\n  - gate: auc\n    reason: "known"'
    )
    second = house.scene.open_pull("zoe", "with-waiver", house.id("dev").path, content)
    house.repository.approve(second, "ana")
    house.scene.tick()
    house.repository.merge(second)
    house.close(first, "ana", saying="merged as #2 instead")
    assert house.applied().exit is Exit.OK
    assert statuses(house) == ["Approved"]
    assert house.live("dev") == house.version


def test_a_package_created_again_is_rejected_beside_the_approval_of_the_first() -> None:
    """The new package is refused and stays so; what was approved before goes on."""
    house = House()
    house.approved("dev")
    house.scene.tick()
    house.scene.recreate(MODEL, house.version)
    outcome = house.scene.propose(MODEL, house.version, None)
    assert isinstance(outcome, Proposed)
    house.close(outcome.number, "ana", saying="not this one")
    (receipt,) = house.rejected(outcome.number).receipts
    assert isinstance(receipt, ClosingRecorded)
    assert statuses(house) == ["Approved", "Rejected"]
    assert house.history()[-1]["aside"] is True
    assert house.package.metadata["dev"] == "Rejected"
    assert house.package.approval is RegistryApproval.REJECTED
    report = house.applied()
    assert report.exit is Exit.OK
    assert house.live("dev") == house.version
    house.reopen(outcome.number, "ana")
    house.rejected(outcome.number)
    assert statuses(house)[-1] == "PendingManualApproval"
    assert house.package.metadata["dev"] == "PendingManualApproval"
    house.repository.approve(outcome.number, "ben")
    house.scene.tick()
    house.repository.merge(outcome.number)
    assert house.applied().exit is Exit.OK
    assert statuses(house)[-1] == "Approved"


def test_what_cannot_be_opened_again_is_said_and_proposed_anew() -> None:
    """A branch that was forced away cannot be reopened; the version is not stuck with it."""
    house = House()
    number = house.first()
    house.close(number, "zoe")

    def refuse(number: int, /) -> None:
        raise NotThere(f"#{number} cannot be reopened: the branch was force-pushed")

    original = house.repository.reopen
    house.repository.reopen = refuse  # type: ignore[method-assign,assignment]
    report = house.rejected(number)
    assert report.exit is Exit.INCOMPLETE
    assert [type(each) for each in report.receipts] == [Failed, ClosingWithoutEffect]
    assert "could not be opened again" in house.comments(number)[-1]
    writes = house.scene.writes()
    assert house.rejected(number).receipts == ()
    assert house.scene.writes() == writes
    house.repository.reopen = original  # type: ignore[method-assign]
    outcome = house.scene.propose(MODEL, house.version, None)
    assert isinstance(outcome, Proposed)
    assert outcome.number != number
    assert house.state(outcome.number) is ProposalState.OPEN


def test_a_record_that_cannot_be_had_holds_up_no_later_run() -> None:
    """Too large, or no file at all: said once, and every later run ends well."""
    house = House()
    number = house.first()
    house.close(number, "ana")
    original = house.repository.file

    def refused(path: str, commit: str, /) -> bytes | None:
        if commit != "main":
            raise NoReadableFile(f"{path} at {commit} is no file of at most 1 MB")
        return original(path, commit)

    house.repository.file = refused  # type: ignore[method-assign]
    assert house.applied().exit is Exit.OK
    assert len(house.comments(number)) == 1
    assert house.applied().receipts == ()


def test_more_files_than_are_listed_hide_no_closing() -> None:
    """A writer pads the bot's branch; the code owner who closes hears that it decided nothing."""
    house = House()
    number = house.first()
    padding: dict[str, bytes | None] = {f".a/{index:03}": b"x" for index in range(120)}
    house.repository.push(padding, branch=house.repository.pull(number).branch)
    house.close(number, "ana")
    (receipt,) = house.rejected(number).receipts
    assert isinstance(receipt, ClosingWithoutEffect)
    assert "more files" in receipt.why


def test_a_first_look_at_old_closings_records_them_without_a_word() -> None:
    """Nobody is reminded of, and nothing is undone about, what happened weeks ago."""
    house = House()
    first = house.first()
    house.close(first, "ana", saying="no")
    house.version = house.scene.register(MODEL)
    house.scene.propose(MODEL, house.version, None)
    house.close(2, "zoe")
    house.scene.clock.advance(timedelta(days=30))
    report = house.applied()
    assert [type(receipt) for receipt in report.receipts] == [ClosingRecorded]
    assert house.comments(first) == []
    assert house.comments(2) == []
    assert house.state(2) is ProposalState.CLOSED


def test_a_service_that_stops_answering_is_not_asked_about_the_rest() -> None:
    """The next run goes on from there, and each run that gets further has done its part."""
    house = House()
    numbers = [house.first()]
    for _ in range(5):
        house.version = house.scene.register(MODEL)
        outcome = house.scene.propose(MODEL, house.version, None)
        assert isinstance(outcome, Proposed)
        numbers.append(outcome.number)
    for number in numbers:
        house.close(number, "ana")
        house.scene.clock.advance(timedelta(minutes=5))
    original = house.repository.conversation
    for run in range(3):
        asked: list[int] = []

        def limited(number: int, /, asked: list[int] = asked) -> object:
            if len(asked) == 3:
                raise Unavailable("too often", retry_after=60)
            asked.append(number)
            return original(number)

        house.repository.conversation = limited  # type: ignore[method-assign,assignment]
        report = house.applied()
        failed = [each for each in report.receipts if isinstance(each, Failed)]
        assert len(failed) <= 1
        if not failed:
            assert run > 0
            break
    recorded = {
        version
        for version in range(1, 7)
        if f"/assent/dev/{MODEL}/versions/{version}" in house.scene.parameters()
    }
    assert recorded == set(range(1, 7))


def test_reopening_an_old_pull_request_takes_no_live_approval_down() -> None:
    """It lets the evidence of that pull request be approved again, and changes nothing else."""
    house = House()
    first = house.first()
    house.close(first, "ben", saying="no")
    house.applied()
    second = house.proposed("dev", fresh=True)
    house.repository.approve(second, "ana")
    house.scene.tick()
    house.repository.merge(second)
    assert house.applied().exit is Exit.OK
    house.reopen(first, "ana")
    assert house.applied().exit is Exit.OK
    assert statuses(house) == ["Rejected", "Approved", "PendingManualApproval"]
    assert house.live("dev") == house.version
    assert house.package.metadata["dev"] == "Approved"
    writes = house.scene.writes()
    assert house.applied().receipts == ()
    assert house.scene.writes() == writes


def test_an_earlier_reopening_takes_no_later_closing_back() -> None:
    """Also where the closing stands aside: the order of the acts counts, not that of the looks."""
    house = House()
    first = house.first()
    house.scene.tick()
    house.scene.recreate(MODEL, house.version)
    outcome = house.scene.propose(MODEL, house.version, None)
    assert isinstance(outcome, Proposed)
    house.close(first, "zoe")
    house.close(outcome.number, "ana")
    house.reopen(first, "ana")
    house.close(first, "ana", saying="no")
    house.applied()
    assert statuses(house) == ["Rejected", "Rejected"]
    assert house.history()[-1]["reason"] == "no"
    assert house.applied().receipts == ()
