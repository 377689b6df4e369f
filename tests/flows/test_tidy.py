"""Tidying open promotions on the fakes: pages that say what is so, the newest version in front."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast
from unittest.mock import patch

import pytest
from tests.flows.climb import climbing
from tests.flows.tidying import Calls, Desk
from tests.properties.memory_scene import Crash, Fuse
from tests.properties.scene import Cut

from assent.adapters.memory_repository import MemoryRepository
from assent.core.errors import AssentError, Exit
from assent.core.forge import BREAK_GLASS, OpenPullRequest
from assent.core.gates import Gate, GateKind
from assent.core.names import RecordId
from assent.core.outcome import Proposed, Waiting
from assent.core.rendering.page_markers import PAGE_BEGIN, PAGE_END, page_of
from assent.core.rendering.pull_request import SUPERSEDED, VOID
from assent.core.review import BrokenGlass, Review
from assent.core.tidying import NotTidied
from assent.core.waiting import Freeze, Season
from assent.flows.standing_around import Standing
from assent.flows.tidy import tidy
from assent.ports import NotThere, TreeEntry, Unavailable

LABELS = ["assent", "environment: dev", "model: churn"]
AUC = "binary_classification_metrics.auc"
FLOOR = Gate(id="auc-floor", kind=GateKind.AT_LEAST, metric=AUC, bound=0.95)


def desk(versions: int = 2, **environment: Any) -> Desk:  # noqa: ANN401 - any field of Environment
    """So many versions, each registered and its event delivered."""
    made = Desk()
    made.environment(**environment)
    for _ in range(versions):
        made.propose()
    return made


def remarks(made: Desk, version: int) -> list[str]:
    """What was said on a pull request."""
    return [each.text for each in made.pull(version).remarks]


# In front and behind.


def test_the_older_of_two_is_superseded_once() -> None:
    """A comment names the newer, the label follows, and the page says so; nothing comes twice."""
    made = desk()
    newer = made.pull(2)
    assert made.tidy() == [
        f"churn 1 in dev: superseded by 2: {made.pull(1).url}",
        f"churn 1 in dev: page refreshed: {made.pull(1).url}",
    ]
    (said,) = remarks(made, 1)
    assert newer.url in said
    assert "can still be merged" in said
    assert made.pull(1).labels == [*LABELS, SUPERSEDED]
    assert newer.url in made.pull(1).body
    assert (newer.labels, newer.remarks) == (LABELS, [])
    assert made.tidy() == []
    assert len(remarks(made, 1)) == 1


def test_what_is_closed_leaves_the_older_in_front_again() -> None:
    """The label goes; when the newer is reopened, the label comes back without a word."""
    made = desk()
    made.tidy()
    made.repository.close(made.pull(2).number, by="ana")
    assert made.tidy() == [
        f"churn 1 in dev: superseded no more: {made.pull(1).url}",
        f"churn 1 in dev: page refreshed: {made.pull(1).url}",
    ]
    assert made.pull(1).labels == LABELS
    assert made.pull(2).url not in made.pull(1).body
    made.repository.reopen(made.pull(2).number, by="ana")
    made.tidy()
    assert made.pull(1).labels == [*LABELS, SUPERSEDED]
    assert len(remarks(made, 1)) == 1
    made.repository.close(made.pull(2).number, by="ana")
    made.tidy()
    made.propose()
    made.tidy()
    assert len(remarks(made, 1)) == 2  # another version is another matter
    assert made.pull(3).url in remarks(made, 1)[1]


def test_what_is_live_supersedes_too() -> None:
    """Version 2 is merged: 1, still open, is older than what runs, and its page says so."""
    made = desk()
    made.merge(2)
    assert f"churn 1 in dev: superseded by 2: {made.pull(1).url}" in made.tidy()
    (said,) = remarks(made, 1)
    assert "version 2 of `churn` is live in `dev`" in said
    assert "current stays 2" in made.pull(1).body
    assert made.tidy() == []
    made.merge(1)
    assert made.tidy() == []


def test_the_newest_of_all_is_named() -> None:
    """Whether it is live or proposed; of three, two are behind."""
    made = desk(3)
    made.merge(2)
    made.tidy()
    assert made.pull(3).url in remarks(made, 1)[0]
    assert SUPERSEDED not in made.pull(3).labels
    made.merge(3)
    made.propose()
    made.tidy()
    assert remarks(made, 4) == []
    assert len(remarks(made, 1)) == 1


def test_models_and_environments_do_not_meet() -> None:
    """Another model's newer version supersedes nothing; nor does one in another environment."""
    made = desk(1)
    made.scene.register("fraud-eu")
    number = made.scene.register("fraud-eu")
    assert isinstance(made.scene.propose("fraud-eu", number, None), Proposed)
    assert made.tidy() == []
    assert made.tidy(environments=["test"]) == []


def test_what_others_opened_is_left_alone() -> None:
    """A person's pull request from a branch of that name is neither counted nor written to."""
    made = desk(1)
    path = RecordId("dev", "churn", 9).path
    number = made.scene.open_pull("zoe", "promote/dev/churn/9", path, b"x: 1\n")
    assert made.tidy() == []
    assert made.repository.pull(number).body == ""


# Pages.


def test_nothing_new_writes_nothing_and_costs_little() -> None:
    """One listing, `current` once, and each version described once; the same however many closed.

    So a page that proposing wrote is the very page that tidying would write.
    """
    made = desk(1)
    made.merge(1)
    for _ in range(12):
        made.propose()
        made.repository.close(made.pull(made.open_versions()[-1]).number, by="ana")
    made.propose()
    made.tidy()
    calls = Calls()
    assert made.tidy(calls) == []
    assert sorted(calls.made) == ["describe", "open_promotions", "read"]
    for version in range(2, 8):
        made.repository.reopen(made.pull(version).number, by="ana")
    made.tidy()
    calls = Calls()
    assert made.tidy(calls) == []
    assert sorted(calls.made) == [*["describe"] * 7, "open_promotions", "read"]


def test_another_champion_refreshes_the_page_and_leaves_words_alone() -> None:
    """What people wrote before and after the page, and their comments, stay as they are."""
    made = desk()
    pull = made.pull(2)
    pull.body = f"Ben, please look.\n\n{pull.body}\nI ran it on March, too."
    made.repository.remark(pull.number, "zoe", "Which data?")
    made.merge(1)
    assert made.tidy() == [f"churn 2 in dev: page refreshed: {pull.url}"]
    assert pull.body.startswith(f"Ben, please look.\n\n{PAGE_BEGIN}")
    assert pull.body.endswith(f"{PAGE_END}\n\nI ran it on March, too.\n")
    assert "in place of **1**" in pull.body
    assert remarks(made, 2) == ["Which data?"]
    assert made.tidy() == []


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("", ""),
        ("gone, sorry", "gone, sorry"),
        (f"{PAGE_BEGIN}\r\nhalf of it\r\nand mine", "half of it\nand mine"),
    ],
)
def test_a_page_that_somebody_took_away_comes_back(body: str, kept: str) -> None:
    """Emptied, overwritten or cut in two: the page is there again, and their words below it."""
    made = desk(1)
    before = made.pull(1).body
    made.pull(1).body = body
    assert made.tidy() == [f"churn 1 in dev: page refreshed: {made.pull(1).url}"]
    assert made.pull(1).body == (f"{before}\n{kept}\n" if kept else before)
    assert made.tidy() == []


def test_a_browsers_line_ends_are_no_news() -> None:
    """Somebody added a line in the browser, which sends every line with another end."""
    made = desk(1)
    made.pull(1).body = (made.pull(1).body + "\nThanks").replace("\n", "\r\n")
    assert made.tidy() == []


def test_a_waiver_refreshes_the_page() -> None:
    """The record on the branch is what the page speaks of, as it stands now."""
    made = desk(1, gates=(FLOOR,))
    assert "**fails**" in made.pull(1).body
    waiver = 'waivers:\n  - {gate: auc-floor, reason: "it is urgent", asked_by: "zoe"}\n'
    made.edit(1, ("waivers: []\n", waiver))
    assert made.tidy() == [f"churn 1 in dev: page refreshed: {made.pull(1).url}"]
    assert "**waived**" in made.pull(1).body


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("version: 1\n", "version: [1\n"), "does not read"),
        (("version: 1\n", "version: 2\n"), "speaks of something else"),
        (
            ('status: Approved\nreason: ""\n', "status: Rejected\nreason: too slow\n"),
            "says Rejected",
        ),
    ],
)
def test_a_record_that_asks_for_nothing_any_more_has_no_numbers(
    change: tuple[str, str], said: str
) -> None:
    """Broken, of another version, or a no: the page says so, and comes back with the record."""
    made = desk(1)
    before = made.pull(1).body
    made.edit(1, change)
    assert made.tidy() == [f"churn 1 in dev: page refreshed: {made.pull(1).url}"]
    assert f"**The record on this branch {said}**" in made.pull(1).body
    assert "Metrics" not in made.pull(1).body
    made.edit(1, (change[1], change[0]))
    made.tidy()
    assert made.pull(1).body == before


def test_an_edited_record_is_never_shown_as_evidence() -> None:
    """Whoever changes a number on the branch finds an alert above it."""
    made = desk(1)
    made.edit(1, ("{value: 0.", "{value: 0.99"))
    made.tidy()
    assert "**The record was edited**" in made.pull(1).body


def test_words_that_come_while_it_works_stay() -> None:
    """Somebody writes between the listing and the edit: the page goes into what stands then."""
    made = desk()
    made.merge(1)
    pull, honest = made.pull(2), made.repository.body

    def later(number: int) -> str:
        pull.body += "\nWait, I am looking into it.\n"
        return honest(number)

    made.repository.body = later  # type: ignore[method-assign]
    made.tidy()
    assert "in place of **1**" in pull.body
    assert pull.body.endswith("Wait, I am looking into it.\n")


def frozen(made: Desk) -> None:
    """Let a freeze begin that lasts two hours."""
    now = made.scene.clock.now()
    window = Season(start=now, end=now + timedelta(hours=2))
    made.configure(freezes=(Freeze(reason="year's end", zone="UTC", window=window),))


@pytest.mark.parametrize(
    ("begin", "end", "said"),
    [
        (frozen, lambda made: made.scene.clock.advance(timedelta(hours=2)), "year's end"),
        (
            lambda made: made.configure(stopped="an incident"),
            lambda made: made.configure(stopped=""),
            "an incident",
        ),
        (
            lambda made: made.environment(gates=(FLOOR,)),
            lambda made: made.environment(gates=()),
            "auc-floor",
        ),
    ],
)
def test_what_begins_and_ends_refreshes_the_page(
    begin: Callable[[Desk], None], end: Callable[[Desk], None], said: str
) -> None:
    """A freeze, the stop of the line, another gate: editing the page runs the check again."""
    made = desk(1)
    before = made.pull(1).body
    begin(made)
    assert len(made.tidy()) == 1
    assert said in made.pull(1).body
    assert made.tidy() == []
    end(made)
    assert len(made.tidy()) == 1
    assert made.pull(1).body == before


def test_who_broke_the_glass_is_asked_where_the_label_is() -> None:
    """Of no other pull request; what cannot be found out leaves the page, and is reported."""
    made = desk(2)
    made.repository.label(made.pull(2).number, [BREAK_GLASS])
    asked: list[int] = []
    shown: list[BrokenGlass | None] = []

    def judge(pull: OpenPullRequest, id_: RecordId) -> BrokenGlass | None:
        assert id_ == RecordId("dev", "churn", 2)
        asked.append(pull.number)
        return BrokenGlass(by="ana", at=made.scene.clock.now())

    def failing(_pull: OpenPullRequest, _id: RecordId) -> BrokenGlass | None:
        raise AssentError("no answer")

    class Seeing(Standing):
        """Sees what pages are made of."""

        def review(self, *arguments: Any, **more: Any) -> Review:  # noqa: ANN401 - as it is called
            """Remember, and go on."""
            shown.append(more["broke_glass"])
            return super().review(*arguments, **more)

    world = cast("Any", made.scene)._world(Fuse(None))
    with patch("assent.flows.tidy.Standing", Seeing):
        tidy(world, made.repository, made.scene.config.environments, judge_glass=judge)
    assert asked == [made.pull(2).number]
    assert [each is not None and each.by for each in shown] == [False, "ana"]
    report = tidy(world, made.repository, made.scene.config.environments, judge_glass=failing)
    assert report.exit is Exit.INCOMPLETE
    assert [type(each) for each in report.done] == [NotTidied]


def test_the_end_of_a_soak_refreshes_the_page() -> None:
    """It counts from when the rung below applied it; asked of Parameter Store only where one is."""
    climb = climbing()
    climb.configure("test", soak=timedelta(hours=24))
    climb.deliver()
    pull = climb.pull()
    assert "it has to run 1 d in dev first: from 2026" in pull.body

    def tidied() -> int:
        world = cast("Any", climb.scene)._world(Fuse(None))
        return len(tidy(world, climb.scene.repository, climb.scene.config.environments).done)

    assert tidied() == 0
    climb.scene.clock.advance(timedelta(hours=23))
    assert tidied() == 0
    climb.scene.clock.advance(timedelta(hours=1))
    assert tidied() == 1
    assert "it has to run" not in pull.body
    assert tidied() == 0


def test_a_soak_below_that_nobody_can_tell_stays() -> None:
    """Another package of that number was approved below, or its history does not read."""
    climb = climbing()
    climb.configure("test", soak=timedelta(hours=1))
    climb.deliver()
    climb.scene.clock.advance(timedelta(hours=2))
    name = "/assent/dev/churn/versions/1"
    text = climb.scene.stores["dev"].values[name]
    for broken in ("{}", text.replace('"Approved"', '"Retired"')):
        climb.scene.stores["dev"].values[name] = broken
        world = cast("Any", climb.scene)._world(Fuse(None))
        tidy(world, climb.scene.repository, climb.scene.config.environments)
        assert "nothing tells since when" in climb.pull().body


def test_a_head_that_the_clone_lacks_is_read_from_github() -> None:
    """Pushed after the clone was made; each such record costs one call."""
    made = desk(1)

    class Behind:
        """A clone that knows main alone."""

        def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whichever method it is
            return getattr(made.repository, name)

        def lookup(self, commit: str, paths: list[str], /) -> dict[str, TreeEntry]:
            """Fail for any other commit."""
            if commit != made.repository.commit("main"):
                raise NotThere(f"no commit {commit}")
            return dict(made.repository.lookup(commit, paths))

    calls = Calls()
    assert made.tidy(calls, history=Behind()) == []
    assert calls.made.count("file") == 1
    made.environment(gates=(FLOOR,))
    assert len(made.tidy(history=Behind())) == 1


def test_a_package_that_is_gone_takes_nothing_down() -> None:
    """Nobody can say what the registry has; the rest of the page is so."""
    made = desk(1)
    made.scene.delete_package("churn", 1)
    assert len(made.tidy()) == 1
    assert page_of(made.pull(1).body) is not None


def test_what_was_cut_off_is_completed() -> None:
    """Whoever opened it died before the labels: the topic is told, and they are put on."""
    made = desk(1, topic="arn:aws:sns:eu-west-1:111122223333:dev")
    told = len(made.scene.notices.published)
    made.pull(1).labels.clear()
    (line,) = made.tidy()
    assert line == f"churn 1 in dev: {made.pull(1).url} (completed an earlier attempt)"
    assert made.pull(1).labels == LABELS
    assert len(made.scene.notices.published) == told + 1
    made.edit(1, ("version: 1\n", "version: [\n"))
    made.pull(1).labels.clear()
    made.tidy()
    assert made.pull(1).labels == LABELS


# What fails.


@pytest.mark.parametrize(
    "failing",
    ["describe arn", "edit_body 1", "conversation 1", "comment 1", "label 1"],
)
def test_one_that_fails_stops_no_other(failing: str) -> None:
    """It is reported, the exit code says so, and the next run completes it."""
    made = desk(3)
    made.environment(gates=(FLOOR,))
    calls = Calls()
    arn = made.scene.packages()["churn", 1].arn
    key = f"describe {arn}" if failing == "describe arn" else failing
    calls.failing[key] = AssentError("it broke", hint="Mend it.")
    report = made.report(calls)
    assert report.exit is Exit.INCOMPLETE
    assert "it broke" in "".join(map(str, report.done))
    assert "auc-floor" in made.pull(3).body
    assert SUPERSEDED in made.pull(2).labels
    again = made.report()
    assert again.exit is Exit.OK
    assert SUPERSEDED in made.pull(1).labels
    assert "auc-floor" in made.pull(1).body
    assert made.tidy() == []


def test_a_limit_is_left_alone() -> None:
    """Who is asked too often is not asked about the rest; the next run goes on."""
    made = desk(3)
    calls = Calls()
    calls.failing["conversation 1"] = Unavailable("too often", retry_after=60)
    report = made.report(calls)
    assert (report.exit, len(report.done)) == (Exit.INCOMPLETE, 1)
    assert calls.made.count("conversation") == 1


def test_an_environment_that_does_not_read_stops_no_other() -> None:
    """Nothing was learned of it, so none of its pages changes."""
    made = desk(2)
    before = made.state()
    calls = Calls()
    calls.failing["read"] = Unavailable("no answer")
    report = made.report(calls)
    assert [type(each).__name__ for each in report.done] == ["NotTidied"]
    assert report.exit is Exit.INCOMPLETE
    assert made.state() == before


def test_a_current_that_does_not_read_is_said_on_the_page() -> None:
    """Nobody knows what is live: that is neither a yes nor a no."""
    made = desk(1)
    made.merge(1)
    made.propose()
    made.scene.stores["dev"].values["/assent/dev/churn/current"] = "{}"
    assert len(made.tidy()) == 1
    assert "could not be read" in made.pull(2).body
    assert SUPERSEDED not in made.pull(2).labels


# Places.


def test_no_more_are_open_than_there_are_places() -> None:
    """The others wait on their branches; the oldest evidence comes next as one is decided."""
    made = desk(1, max_open=1)
    for version in (2, 3):
        outcome = made.propose()
        assert isinstance(outcome, Waiting)
        assert outcome.branch == f"promote/dev/churn/{version}"
        assert "1 promotions into dev are open" in outcome.why
    assert made.open_versions() == [1]
    assert made.tidy() == []
    made.merge(1)
    assert made.tidy() == [f"churn 2 in dev: {made.pull(2).url} (opened)"]
    assert (made.open_versions(), made.pull(2).labels) == ([2], LABELS)
    assert "in place of **1**" in made.pull(2).body
    assert made.tidy() == []
    made.repository.close(made.pull(2).number, by="ana")
    assert made.tidy() == [f"churn 3 in dev: {made.pull(3).url} (opened)"]
    made.merge(3)
    assert made.tidy() == []
    assert made.open_versions() == []


def test_an_event_that_comes_again_opens_what_waits() -> None:
    """As the next event of the same version would, if there is a place by then."""
    made = desk(1, max_open=1)
    made.propose()
    assert isinstance(made.propose(register=False, version=2), Waiting)
    made.merge(1)
    assert isinstance(made.propose(register=False, version=2), Proposed)
    assert made.open_versions() == [2]


def test_places_are_asked_for_only_where_they_are_few() -> None:
    """Branches are listed where the environment sets a limit and has a place."""
    made = desk(2, max_open=2)
    calls = Calls()
    made.tidy(calls)
    assert "branches_below" not in calls.made
    made.environment(max_open=3)
    calls = Calls()
    made.tidy(calls)
    assert calls.made.count("branches_below") == 1


def waiting() -> Desk:
    """Version 2 waits, and there is a place for it."""
    made = desk(1, max_open=1)
    made.propose()
    made.merge(1)
    return made


def decided_by_hand(made: Desk) -> None:
    """The registry says that the version was rejected there."""
    made.scene.flip("churn", 2, None, ("dev", "Rejected"))


def on_main_already(made: Desk) -> None:
    """Somebody brought the same record another way."""
    path = RecordId("dev", "churn", 2).path
    content = made.repository.file(path, made.repository.branches["promote/dev/churn/2"])
    made.repository.push({path: content})


def recreated(made: Desk) -> None:
    """The package was created again, and the branch speaks of the old one."""
    made.scene.recreate("churn", 2)


def opened_by_another(made: Desk) -> None:
    """A person opened a pull request from the branch."""
    number = made.repository.open_pull_request("promote/dev/churn/2", "Mine", "").number
    made.repository.pull(number).author = "zoe"


def closed_before(made: Desk) -> None:
    """It was open, and a code owner said no."""
    number = made.repository.open_pull_request("promote/dev/churn/2", "Before", "").number
    made.repository.close(number, by="ana")


@pytest.mark.parametrize(
    "act",
    [
        decided_by_hand,
        on_main_already,
        recreated,
        opened_by_another,
        closed_before,
        lambda made: made.scene.delete_package("churn", 2),
        lambda made: made.repository.push(
            {RecordId("dev", "churn", 2).path: None}, branch="promote/dev/churn/2"
        ),
    ],
)
def test_what_nobody_asks_for_any_more_stays_closed(act: Callable[[Desk], None]) -> None:
    """A branch alone opens nothing that was decided, came another way, or is not there."""
    made = waiting()
    act(made)
    before = made.state()
    assert made.tidy() == []
    assert made.state() == before


def test_a_void_pull_request_decided_nothing() -> None:
    """Its closing could not be undone, and the version still waits."""
    made = waiting()
    closed_before(made)
    made.pull(2).labels.append(VOID)
    assert len(made.tidy()) == 1
    assert made.open_versions() == [2]


def test_a_branch_that_holds_more_is_reported() -> None:
    """It would bring in what nobody looked at; the others are opened."""
    made = waiting()
    made.propose(register=False, version=2)
    made.repository.close(made.pull(2).number, by="ana")
    made.repository.pulls.pop()
    made.propose()
    made.repository.pulls.pop()
    made.repository.push({"more.txt": b"x"}, branch="promote/dev/churn/2")
    report = made.report()
    assert report.exit is Exit.INCOMPLETE
    assert made.open_versions() == [3]
    assert "changes 'more.txt'" in str(report.done[0])


def test_what_waits_above_needs_the_rung_below() -> None:
    """The record of the rung below is gone from main since: nothing is opened."""
    climb = climbing()
    climb.configure("test", max_open=1)
    other = climb.scene.open_pull("zoe", "x", "x.txt", b"x")
    climb.scene.repository.pull(other).author = "assent[bot]"
    climb.scene.repository.pull(other).branch = "promote/test/fraud-eu/1"
    climb.scene.repository.branches["promote/test/fraud-eu/1"] = climb.scene.repository.branches[
        "x"
    ]
    climb.scene.repository.label(other, ["environment: test"])
    assert isinstance(climb.deliver(), Waiting)
    climb.scene.close(other, "ana")

    def tidied() -> int:
        world = cast("Any", climb.scene)._world(Fuse(None))
        return len(tidy(world, climb.scene.repository, climb.scene.config.environments).done)

    record = climb.scene.main()["promotions/dev/churn/1.yaml"]
    climb.scene.push("promotions/dev/churn/1.yaml", None)
    assert tidied() == 0
    climb.scene.push("promotions/dev/churn/1.yaml", record)
    assert tidied() == 1
    assert climb.pull().labels == ["assent", "environment: test", "model: churn"]


def test_registry_and_parameters_are_only_read() -> None:
    """Whatever there is to tidy."""
    made = behind_and_waiting()
    before = (list(made.scene.registry.updates), dict(made.scene.parameters()))
    writes = [len(store.writes) for store in made.scene.stores.values()]
    assert len(made.tidy()) >= 5
    assert (list(made.scene.registry.updates), dict(made.scene.parameters())) == before
    assert [len(store.writes) for store in made.scene.stores.values()] == writes


# Killed.


def behind_and_waiting() -> Desk:
    """Everything that there is to tidy at once, with two places."""
    made = desk(2, max_open=3, topic="arn:aws:sns:eu-west-1:111122223333:dev")
    made.propose()
    made.propose()
    made.merge(2)
    made.environment(gates=(FLOOR,))
    made.repository.remark(made.pull(1).number, "zoe", "Which data?")
    return made


def test_killed_anywhere_the_next_run_ends_the_same() -> None:
    """At each remote call, before and after its effect."""
    clean = behind_and_waiting()
    fuse = Fuse(None)
    clean.report(fuse)
    expected = clean.state()
    assert fuse.calls >= 10
    for at in range(1, fuse.calls + 1):
        for after in (False, True):
            made = behind_and_waiting()
            with pytest.raises(Crash):
                made.report(Fuse(Cut(at=at, after=after)))
            made.report()
            assert made.state() == expected, (at, after)
            assert made.tidy() == []


def test_a_race_with_an_event_opens_one() -> None:
    """An event of the version opens its pull request between looking and opening."""
    made = waiting()

    class Raced(MemoryRepository):
        """Lets the event be first."""

        def open_pull_request(self, branch: str, title: str, body: str, /) -> Any:  # noqa: ANN401
            """Deliver the event first, once."""
            if not made.open_versions():
                made.propose(register=False, version=2)
            return super().open_pull_request(branch, title, body)

    raced = Raced({}, now=made.scene.clock.now)
    raced.__dict__ = made.repository.__dict__
    world = cast("Any", made.scene)._world(Fuse(None))
    assert tidy(replace(world), raced, made.scene.config.environments).done == ()
    assert made.open_versions() == [2]
