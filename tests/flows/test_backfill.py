"""`backfill` and imports in memory: what is proposed and taken over, at what cost, and killed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from tests.flows.ground import demanding
from tests.properties.memory_scene import Crash, Fuse, MemoryScene
from tests.properties.scene import Cut, configuration

from assent.adapters.memory import SettableClock
from assent.contracts import load_contracts
from assent.core.backfill import Choice
from assent.core.changes import Reason
from assent.core.config import parse_config
from assent.core.errors import AssentError, Exit
from assent.core.forge import ProposalState
from assent.core.gates import Gate, GateKind
from assent.core.names import RecordId
from assent.core.outcome import Proposed
from assent.core.package import RegistryApproval
from assent.core.receipts import DecisionApplied, Refused
from assent.core.rendering.imports import IMPORT_LABELS, ImportOpened, ImportSettled
from assent.core.timestamps import written
from assent.flows.backfill import Backfilling, BackfillReport, NotProposed, backfill
from assent.flows.import_approved import ImportReport, import_approved
from assent.ports import Unavailable

ADOPTED = SettableClock().now() + timedelta(days=1)
ALL = Choice(every=True)


@dataclass
class Pauses:
    """Lets the clock pass in place of waiting."""

    clock: SettableClock
    waited: list[float] = field(default_factory=list)

    def wait(self, seconds: float, /) -> None:
        """See `ports.Pause`."""
        self.waited.append(seconds)
        self.clock.advance(timedelta(seconds=seconds))


class Before:
    """Models that were there before Assent came, on the fakes; it came a day later."""

    def __init__(self, *, more: str = "") -> None:
        self.scene = MemoryScene(("dev", "test"))
        setting = f'imports: {{registered_before: "{written(ADOPTED)}"}}\n{more}environments:'
        content = configuration(("dev", "test")).replace("environments:", setting).encode()
        self.scene.config = parse_config(content, load_contracts().config)
        self.scene.repository.push({"assent.yaml": content})
        self.pauses = Pauses(self.scene.clock)

    def had(self, model: str, *approvals: RegistryApproval) -> None:
        """Let versions have been registered."""
        for approval in approvals:
            number = self.scene.register(model)
            seen = self.scene.packages()[model, number]
            self.scene.registry.put(replace(seen, approval=approval))

    def world(self, fuse: Fuse | None = None) -> Backfilling:
        """What a backfill works on."""
        used = fuse or Fuse(None)
        return Backfilling(
            clone=self.scene._world(used),
            events=self.scene.event_world(used),
            pause=self.pauses,
        )

    def backfill(
        self,
        choice: Choice = ALL,
        *,
        fuse: Fuse | None = None,
        limit: int | None = None,
        write: bool = True,
        waiting: Callable[[int, float], None] = lambda _done, _seconds: None,
    ) -> BackfillReport:
        """Run it."""
        return backfill(self.world(fuse), choice, limit=limit, write=write, waiting=waiting)

    def imported(self, *, fuse: Fuse | None = None, write: bool = True) -> ImportReport:
        """Import everything into both rungs."""
        rung = self.scene.config.environments[-1]
        return import_approved(self.world(fuse), ALL, rung, write=write)

    def accept(self, number: int) -> None:
        """Let the owners of both rungs approve, and merge, once Assent has come."""
        self.scene.clock.advance(timedelta(days=2))
        for login in ("ana", "ben"):
            self.scene.repository.approve(number, login)
        self.scene.repository.merge(number)

    def picture(self) -> dict[str, Any]:
        """All that a backfill writes."""
        repository = self.scene.repository
        return {
            "branches": {
                name: repository.files_of(head) for name, head in repository.branches.items()
            },
            "pulls": [
                (each.branch, each.title, each.body, each.state, sorted(each.labels))
                for each in repository.pulls
            ],
        }


PENDING, APPROVED = RegistryApproval.PENDING, RegistryApproval.APPROVED
REJECTED = RegistryApproval.REJECTED


def test_nothing_is_written_unless_asked() -> None:
    """A dry run says what would be done, and leaves everything as it is."""
    before = Before()
    before.had("churn", APPROVED, PENDING)
    picture = before.picture()
    report = before.backfill(write=False)
    assert [each.arn.version for each in report.chosen] == [2]
    assert before.imported(write=False).branch.startswith("import/")
    assert before.picture() == picture
    assert report.exit is Exit.OK


def test_what_waits_is_proposed_once() -> None:
    """Each version has its pull request, by the way of its own event; the next run does nothing."""
    before = Before()
    before.had("churn", PENDING, PENDING, REJECTED)
    report = before.backfill()
    assert [type(each) for each in report.outcomes] == [Proposed, Proposed]
    assert [each.title for each in before.scene.repository.pulls] == [
        "Promote churn 1 to dev",
        "Promote churn 2 to dev",
    ]
    again = before.backfill()
    assert (again.chosen, again.exit, len(again.left_out)) == ((), Exit.OK, 2)


def test_by_default_only_what_is_ahead() -> None:
    """The newest of each model that nothing live, approved or proposed is ahead of."""
    before = Before()
    before.had("churn", PENDING, PENDING)
    before.had("fraud-eu", PENDING, APPROVED)
    report = before.backfill(Choice())
    assert [(each.arn.model, each.arn.version) for each in report.chosen] == [("churn", 2)]
    whys = {(each.model, each.version): each.why for each in report.left_out}
    assert whys == {
        ("churn", 1): "version 2 is newer",
        ("fraud-eu", 1): "version 2 is Approved in the registry",
    }


def test_an_empty_registry_is_never_green() -> None:
    """Where there is nothing to look at, nothing was judged."""
    before = Before()
    assert before.backfill().exit is Exit.NOTHING_READ
    assert before.imported().exit is Exit.NOTHING_READ


def test_a_limit_is_gone_on_from() -> None:
    """The next run proposes what the limit left."""
    before = Before()
    before.had("churn", PENDING, PENDING, PENDING)
    assert before.backfill(limit=2).further == 1
    assert [each.arn.version for each in before.backfill(limit=2).chosen] == [3]


def test_places_are_respected() -> None:
    """With `max_open` the rest waits on branches; a further run does not touch what waits there."""
    before = Before()
    rungs = before.scene.config.environments
    limited = (replace(rungs[0], max_open=1), *rungs[1:])
    before.scene.config = replace(before.scene.config, environments=limited)
    before.had("churn", PENDING, PENDING)
    before.backfill()
    assert len(before.scene.repository.pulls) == 1
    assert "promote/dev/churn/2" in before.scene.repository.branches
    assert not before.backfill().chosen


def test_it_is_no_faster_than_github_takes_it() -> None:
    """After fifteen promotions it waits for the minute to end."""
    before = Before()
    before.had("churn", *[PENDING] * 16)
    told: list[tuple[int, float]] = []
    report = before.backfill(waiting=lambda done, seconds: told.append((done, seconds)))
    assert len(report.outcomes) == 16
    assert before.pauses.waited == [60]
    assert told == [(15, 60)]


class Busy:
    """GitHub, refusing some writes."""

    def __init__(self, error: AssentError, times: int) -> None:
        self._error = error
        self._left = times

    def refuse(self, target: Callable[..., Any]) -> Callable[..., Any]:
        """A method that raises for a while."""

        def method(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - any port's
            if self._left:
                self._left -= 1
                raise self._error
            return target(*args, **kwargs)

        return method


def test_it_waits_as_long_as_github_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is refused for a time is asked again after it."""
    before = Before()
    before.had("churn", PENDING)
    busy = Busy(Unavailable("the rate limit is reached", retry_after=77), 2)
    repository = before.scene.repository
    monkeypatch.setattr(repository, "create_branch", busy.refuse(repository.create_branch))
    assert before.backfill().exit is Exit.OK
    assert before.pauses.waited == [77, 77]


def test_what_stays_away_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing further is tried with a service that does not answer; the next run goes on."""
    before = Before()
    before.had("churn", PENDING, PENDING)
    repository = before.scene.repository
    busy = Busy(Unavailable("GitHub did not answer"), 4)
    with monkeypatch.context() as patched:
        patched.setattr(repository, "create_branch", busy.refuse(repository.create_branch))
        report = before.backfill()
    assert [type(each) for each in report.outcomes] == [NotProposed]
    assert report.exit is Exit.INCOMPLETE
    assert len(before.backfill().outcomes) == 2


def test_one_that_cannot_be_proposed_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal of one is reported, and the others are proposed."""
    before = Before()
    before.had("churn", PENDING, PENDING)
    repository = before.scene.repository
    busy = Busy(AssentError("it is not to be had", hint="Look."), 1)
    monkeypatch.setattr(repository, "create_branch", busy.refuse(repository.create_branch))
    report = before.backfill()
    assert [type(each) for each in report.outcomes] == [NotProposed, Proposed]
    assert report.exit is Exit.INCOMPLETE


def settled(count: int) -> Before:
    """As many versions that are proposed already."""
    before = Before()
    before.had("churn", *[PENDING] * count)
    before.backfill()
    return before


def calls_of(run: Callable[[Fuse], object]) -> int:
    """How many remote calls something makes."""
    fuse = Fuse(None)
    run(fuse)
    return fuse.calls


def test_what_is_settled_costs_no_call_of_its_own() -> None:
    """The cost of looking is that of a few listings, whatever there is."""
    few, many = settled(2), settled(20)
    costs = [calls_of(lambda fuse, one=one: one.backfill(fuse=fuse)) for one in (few, many)]  # type: ignore[misc]
    assert costs[0] == costs[1]
    imports = [calls_of(lambda fuse, one=one: one.imported(fuse=fuse)) for one in (few, many)]  # type: ignore[misc]
    assert imports[0] == imports[1]


def test_an_import_is_one_commit_of_all() -> None:
    """One pull request has a record for each version and rung; its page lists every version."""
    before = Before()
    before.had("churn", APPROVED, APPROVED, REJECTED)
    before.had("fraud-eu", APPROVED)
    report = before.imported()
    assert isinstance(report.outcome, ImportOpened)
    assert report.outcome.records == 6
    (pull,) = before.scene.repository.pulls
    assert (pull.title, pull.labels) == (
        "Import 3 approved versions of 2 models, up to test",
        [*IMPORT_LABELS],
    )
    files = before.scene.repository.changed(before.scene.repository.tip(), pull.head)
    assert sorted(files) == sorted(
        RecordId(rung, model, number).path
        for rung in ("dev", "test")
        for model, number in (("churn", 1), ("churn", 2), ("fraud-eu", 1))
    )
    for text in ("No gate and no soak is judged here", "`churn`", "`fraud-eu`", "`test`"):
        assert text in pull.body


def test_an_import_takes_effect_in_every_rung_in_one_run() -> None:
    """Rung by rung; one comment for each tells of all, and nothing is left to do."""
    before = Before()
    before.had("churn", *[APPROVED] * 5)
    outcome = before.imported().outcome
    assert isinstance(outcome, ImportOpened)
    before.accept(outcome.number)
    report = before.scene.apply(("dev", "test"), None, everything=False)
    assert report is not None
    assert report.exit is Exit.OK
    decided = [each for each in report.receipts if isinstance(each, DecisionApplied)]
    assert (len(decided), all(each.imported for each in decided)) == (10, True)
    pull = before.scene.repository.pull(outcome.number)
    assert [each.text.splitlines()[0] for each in pull.remarks] == [
        "**In effect: Approved**: 5 imports are approved in `dev`, by `ana`.",
        "**In effect: Approved**: 5 imports are approved in `test`, by `ana`.",
    ]
    again = before.scene.apply(("dev", "test"), None, everything=True)
    assert again is not None
    assert again.receipts == ()
    assert len(pull.remarks) == 2


def test_a_freeze_holds_an_import_and_takes_nothing_back() -> None:
    """While it waits the registry's approval stays; afterwards it takes effect by itself."""
    end = SettableClock().now() + timedelta(days=2, hours=2)
    freeze = (
        "freezes: [{reason: year end, zone: UTC, "
        f'from: "2026-11-01T00:00", until: "{end:%Y-%m-%dT%H:%M}"}}]\n'
    )
    before = Before(more=freeze)
    before.had("churn", APPROVED)
    outcome = before.imported().outcome
    assert isinstance(outcome, ImportOpened)
    before.accept(outcome.number)
    report = before.scene.apply(("dev",), None, everything=False)
    assert report is not None
    assert [type(each) for each in report.receipts] == [Refused]
    assert before.scene.packages()["churn", 1].approval is APPROVED
    before.scene.clock.advance(timedelta(hours=3))
    later = before.scene.apply(("dev",), None, everything=False)
    assert later is not None
    assert later.exit is Exit.OK


def test_many_refusals_of_one_import_are_one_comment() -> None:
    """Where nobody approved, the pull request is told once, not once for each record."""
    before = Before()
    before.had("churn", *[APPROVED] * 6)
    outcome = before.imported().outcome
    assert isinstance(outcome, ImportOpened)
    before.scene.repository.merge(outcome.number, bypass=True)
    for _ in range(2):
        report = before.scene.apply(("dev",), None, everything=False)
        assert report is not None
        assert report.exit is Exit.INCOMPLETE
    (remark,) = before.scene.repository.pull(outcome.number).remarks
    assert "6 records of this pull request did not take effect in `dev`" in remark.text


def test_closing_an_import_decides_nothing() -> None:
    """Not even one of a single version, and by an owner; the same is not asked for again."""
    before = Before()
    before.had("churn", APPROVED)
    outcome = before.imported().outcome
    assert isinstance(outcome, ImportOpened)
    before.scene.repository.close(outcome.number, by="ana")
    report = before.scene.apply(("dev", "test"), None, everything=False)
    assert report is not None
    assert report.receipts == ()
    assert before.scene.packages()["churn", 1].approval is APPROVED
    assert isinstance(before.imported().outcome, ImportSettled)
    assert [each.state for each in before.scene.repository.pulls] == [ProposalState.CLOSED]


def test_two_imports_are_not_open_at_once() -> None:
    """A second one would bring the same records: the first is named."""
    before = Before()
    before.had("churn", APPROVED)
    before.imported()
    before.had("fraud-eu", APPROVED)
    with pytest.raises(AssentError, match="another import is open"):
        before.imported()


def test_nothing_is_imported_where_the_configuration_does_not_say() -> None:
    """Without the setting it ends without a verdict, and says what to set."""
    before = Before()
    before.scene.config = replace(before.scene.config, imports=None)
    with pytest.raises(AssentError, match="registered_before"):
        before.imported()


def test_a_clone_that_is_behind_imports_nothing() -> None:
    """Its records would be made of what main was."""
    before = Before()
    before.had("churn", APPROVED)
    world = before.world()
    before.scene.repository.push({"README.md": b"more\n"})
    rung = before.scene.config.environments[-1]
    with pytest.raises(AssentError, match="this clone is at"):
        import_approved(world, ALL, rung, write=True)


# Killed.


def started() -> Before:
    """Versions of every kind."""
    before = Before()
    before.had("churn", APPROVED, PENDING)
    before.had("fraud-eu", APPROVED, PENDING)
    return before


def cuts(run: Callable[[Before, Fuse], object], start: Callable[[], Before]) -> Sequence[Cut]:
    """Every way to cut a run off."""
    before = start()
    count = calls_of(lambda fuse: run(before, fuse))
    return [Cut(at=at, after=after) for at in range(1, count + 1) for after in (False, True)]


def killed(run: Callable[[Before, Fuse], object], start: Callable[[], Before]) -> None:
    """See that after each cut another run ends as the one that nothing stopped."""
    clean = start()
    run(clean, Fuse(None))
    for cut in cuts(run, start):
        before = start()
        with pytest.raises(Crash):
            run(before, Fuse(cut))
        run(before, Fuse(None))
        assert before.picture() == clean.picture(), cut


def test_a_killed_backfill_is_gone_on_with() -> None:
    """Wherever it dies, the next run ends with the same pull requests, each complete and once."""
    killed(lambda before, fuse: before.backfill(Choice(), fuse=fuse), started)


def test_a_killed_import_is_completed() -> None:
    """Wherever it dies, the next run ends with one branch, one pull request, and its labels."""
    killed(lambda before, fuse: before.imported(fuse=fuse), started)


def merged() -> Before:
    """An import that was approved and merged."""
    before = started()
    outcome = before.imported().outcome
    assert isinstance(outcome, ImportOpened)
    before.accept(outcome.number)
    return before


def test_applying_an_import_may_be_killed() -> None:
    """Wherever `apply` dies, the next run brings all of it into effect, and tells it once."""
    clean = merged()
    assert clean.scene.apply(("dev", "test"), None, everything=False) is not None
    wanted = _effects(clean)
    at = 0
    while True:
        at += 1
        before = merged()
        if before.scene.apply(("dev", "test"), Cut(at=at, after=at % 2 == 0), everything=False):
            break
        report = before.scene.apply(("dev", "test"), None, everything=False)
        assert report is not None
        assert report.exit is Exit.OK, (at, report.receipts)
        assert _effects(before) == wanted, at
    assert at > 20


def _effects(before: Before) -> dict[str, Any]:
    marks = [
        line
        for pull in before.scene.repository.pulls
        for remark in pull.remarks
        for line in remark.text.splitlines()
        if line.startswith("<!-- assent: applied")
    ]
    return {
        "current": {
            name: value
            for name, value in before.scene.parameters().items()
            if name.endswith("/current")
        },
        "registry": {
            key: (each.approval, each.metadata) for key, each in before.scene.packages().items()
        },
        "marks": sorted(marks),
    }


def test_an_imported_version_climbs_by_its_gates() -> None:
    """From where it was imported to, a batch inference proposes it one rung up, gates and all."""
    before = Before()
    before.had("churn", APPROVED)
    dev = before.scene.config.environments[0]
    outcome = import_approved(before.world(), ALL, dev, write=True).outcome
    assert isinstance(outcome, ImportOpened)
    before.accept(outcome.number)
    assert before.scene.apply(("dev",), None, everything=False) is not None
    floor = Gate(id="auc-floor", kind=GateKind.AT_LEAST, metric="auc", bound=0.99)
    before.scene.config = demanding(before.scene.config, "test", gates=(floor,))
    found = before.scene.deliver(before.scene.infer("dev", "churn", 1, job=False), None)
    assert isinstance(found, Proposed)
    pull = before.scene.repository.pull(found.number)
    assert "1 gate fails" in pull.body
    files = before.scene.repository.files_of(pull.head)
    assert b"source: batch-inference" in files["promotions/test/churn/1.yaml"]
    before.scene.repository.approve(found.number, "ana")
    before.scene.repository.merge(found.number)
    report = before.scene.apply(("test",), None, everything=False)
    assert report is not None
    assert [each.reason for each in report.receipts if isinstance(each, Refused)] == [
        Reason.GATE_FAILS
    ]


def test_a_history_that_does_not_read_holds_up_its_own_version_alone() -> None:
    """Nobody knows what was decided on it elsewhere: it waits, and the others take effect."""
    before = Before()
    before.had("churn", APPROVED)
    before.had("fraud-eu", APPROVED)
    outcome = before.imported().outcome
    assert isinstance(outcome, ImportOpened)
    before.accept(outcome.number)
    name = "/assent/test/churn/versions/1"
    before.scene.stores["test"].values[name] = "not JSON"
    report = before.scene.apply(("dev",), None, everything=False)
    assert report is not None
    assert [str(each.id) for each in report.receipts if isinstance(each, DecisionApplied)] == [
        "fraud-eu 1 in dev"
    ]
    assert report.exit is Exit.INCOMPLETE
    del before.scene.stores["test"].values[name]
    again = before.scene.apply(("dev",), None, everything=False)
    assert again is not None
    assert again.exit is Exit.OK


def test_what_does_not_read_is_left_out_of_an_import() -> None:
    """Nobody knows what was decided: it is said, and not asked for."""
    before = Before()
    before.had("churn", APPROVED)
    before.scene.stores["test"].values["/assent/test/churn/versions/1"] = "not JSON"
    report = before.imported()
    assert report.outcome is None
    (left,) = report.left_out
    assert "nobody knows what was decided" in left.why
