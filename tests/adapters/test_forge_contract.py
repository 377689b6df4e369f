"""One contract for `Forge`, held by the fake in memory and by the adapter over the sandbox."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from tests.adapters.forges import (
    FILES,
    TEAM,
    HubServer,
    Place,
    hosted_place,
    memory_place,
    people,
)

from assent.adapters.memory import SettableClock
from assent.adapters.memory_repository import Merging
from assent.core.approval import Review, ReviewState, WrittenCommit
from assent.core.errors import AssentError
from assent.core.forge import BREAK_GLASS, ProposalState, TurnKind
from assent.core.git_objects import blob_id
from assent.ports import AlreadyThere, NothingToMerge, NotThere
from assent.sandbox.github import GitHub
from assent.sandbox.loopback import LoopbackServer

BOT = "assent[bot]"
BRANCH = "promote/dev/churn/7"
PATH = "promotions/dev/churn/7.yaml"
LABEL = "assent: drift"
RECORD = blob_id(b"status: Approved\n")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    """A hub for all tests of the module; each has a repository of its own."""
    clock = SettableClock()
    hub = GitHub(tmp_path_factory.mktemp("hub"), now=clock.now)
    people(hub)
    with LoopbackServer(hub.wsgi) as running:
        made = HubServer(hub=hub, app=hub.add_app("assent"), url=running.url, clock=clock)
        yield made
        for client in made.clients.values():
            client.close()


@pytest.fixture(params=["memory", "github"])
def place(request: pytest.FixtureRequest, server: HubServer) -> Place:
    """A repository that holds FILES."""
    return memory_place(SettableClock()) if request.param == "memory" else hosted_place(server)


def proposed(place: Place, branch: str = BRANCH, path: str = PATH) -> int:
    """Open a pull request that adds a file, as the bot."""
    place.forge.create_branch(branch, place.forge.tip())
    place.forge.add_file(branch, path, b"status: Approved\n", f"Add {path}", replaces=None)
    return place.forge.open_pull_request(branch, f"Promote {path}", "Please look.").number


def later(place: Place) -> None:
    """Let a minute pass."""
    place.clock.advance(timedelta(minutes=1))


def test_files_are_read_by_commit_and_branch(place: Place) -> None:
    """A file is what a commit or branch holds; none is none."""
    forge = place.forge
    assert forge.configuration() == FILES["assent.yaml"].encode()
    assert forge.file("README.md", "main") == forge.file("README.md", forge.tip()) == b"Models\n"
    assert forge.file("missing.md", "main") is None


def test_one_view_has_all_that_proposing_needs(place: Place) -> None:
    """The tip, the record, other files beside it, and the bot's own pull requests."""
    forge = place.forge
    below = PATH.replace("/dev/", "/test/")
    seen = forge.promotion(PATH, BRANCH)
    assert (seen.head, seen.files, seen.proposals) == (forge.tip(), {}, ())
    first = proposed(place)
    later(place)
    place.close(first, "ana")
    place.push("main", PATH, "ana")
    place.push("main", below, "ben")
    second = forge.open_pull_request(BRANCH, "Again", "").number
    forge.label(second, ["assent", "env: dev"])
    place.open_as("ana", "other", "other.yaml")
    beside = ["README.md", below, "missing", PATH, below]
    seen = forge.promotion(PATH, BRANCH, beside=beside)
    assert seen.head == forge.tip()
    assert seen.files == {PATH: b"by ana\n", "README.md": b"Models\n", below: b"by ben\n"}
    assert [(each.number, each.state, each.labels) for each in seen.proposals] == [
        (second, ProposalState.OPEN, ("assent", "env: dev")),
        (first, ProposalState.CLOSED, ()),
    ]
    assert all(each.own for each in seen.proposals)
    seen = forge.promotion(PATH, "other", other=BRANCH)
    assert (seen.proposals, [each.number for each in seen.others]) == ((), [second, first])
    assert (seen.open, seen.further) == ((), 0)


def test_a_view_lists_open_pull_requests_with_a_label(place: Place) -> None:
    """The bot's own, newest first; neither closed ones nor those of people or other labels."""
    forge = place.forge
    numbers = []
    for name in ("one", "two", "three", "four"):
        numbers.append(proposed(place, f"promote/dev/{name}/1", f"{name}.yaml"))
        forge.label(numbers[-1], ["env: dev" if name != "three" else "env: test"])
        later(place)
    place.close(numbers[0], "ana")
    theirs = place.open_as("ana", "other", "other.yaml")
    forge.label(theirs, ["env: dev"])
    seen = forge.promotion(PATH, BRANCH, label="env: dev")
    assert [(each.number, each.branch) for each in seen.open] == [
        (numbers[3], "promote/dev/four/1"),
        (numbers[1], "promote/dev/two/1"),
    ]
    assert seen.open[0].url == forge.pull_request(numbers[3]).url
    assert seen.further == 0


def test_the_bots_open_pull_requests_are_listed(place: Place) -> None:
    """Oldest first, with all that tells whether they are up to date."""
    forge = place.forge
    first, second = proposed(place), proposed(place, "promote/dev/churn/8", "other.txt")
    place.open_as("ana", "by-ana", "a.txt")
    closed = proposed(place, "closed", "closed.txt")
    place.close(closed, "ana")
    forge.label(first, ["assent", "assent: superseded"])
    forge.edit_body(first, "Another\ntext")
    found = list(forge.open_promotions())
    assert [each.number for each in found] == [first, second]
    seen = forge.pull_request(first)
    assert (found[0].url, found[0].branch, found[0].head) == (seen.url, BRANCH, seen.head)
    assert (found[0].title, found[0].body) == (f"Promote {PATH}", "Another\ntext")
    assert found[0].labels == ("assent", "assent: superseded")
    forge.unlabel(first, "assent: superseded")
    forge.unlabel(first, "assent: superseded")
    forge.unlabel(first, "never there")
    assert next(forge.open_promotions()).labels == ("assent",)


def test_branches_come_with_their_pull_requests(place: Place) -> None:
    """Those below a name, and whoever opened what from them in any state."""
    forge = place.forge
    for name in ("promote/dev/churn/8", "promote/dev/churn/9", "promote/devel/churn/1"):
        forge.create_branch(name, forge.tip())
    tip = place.push("promote/dev/churn/8", "x.txt", "ana")
    closed = proposed(place)
    place.close(closed, "ana")
    later(place)
    again = forge.open_pull_request(BRANCH, "Again", "").number
    place.open_as("ana", "promote/dev/fraud/1", "y.txt")
    found = {each.name: each for each in forge.branches_below("promote/dev/")}
    names = ["promote/dev/churn/8", "promote/dev/churn/9", "promote/dev/fraud/1"]
    assert list(found) == [BRANCH, *names]
    assert found["promote/dev/churn/8"].head == tip
    assert found["promote/dev/churn/8"].proposals == ()
    assert [(each.number, each.state, each.own) for each in found[BRANCH].proposals] == [
        (again, ProposalState.OPEN, True),
        (closed, ProposalState.CLOSED, True),
    ]
    assert [each.own for each in found["promote/dev/fraud/1"].proposals] == [False]
    assert list(forge.branches_below("promote/none/")) == []


def test_what_exists_is_not_made_again(place: Place) -> None:
    """Branch, file and pull request each say that they are there already."""
    forge = place.forge
    proposed(place)
    blob = blob_id(b"status: Approved\n")
    for again in (
        lambda: forge.create_branch(BRANCH, forge.tip()),
        lambda: forge.add_file(BRANCH, PATH, b"x", "Again", replaces=None),
        lambda: forge.add_file(BRANCH, PATH, b"x", "Again", replaces="0" * 40),
        lambda: forge.open_pull_request(BRANCH, "Again", ""),
    ):
        with pytest.raises(AlreadyThere):
            again()
    forge.add_file(BRANCH, PATH, b"other\n", "Other", replaces=blob)
    assert forge.file(PATH, BRANCH) == b"other\n"
    assert forge.other_files(BRANCH, PATH) == []
    assert forge.other_files(BRANCH, "README.md") == [PATH]


def test_a_branch_with_nothing_new_opens_nothing(place: Place) -> None:
    """There is nothing to merge, which is no race that somebody else won."""
    place.forge.create_branch("empty", place.forge.tip())
    with pytest.raises(NothingToMerge):
        place.forge.open_pull_request("empty", "Nothing", "")


def test_a_merged_pull_request_is_found_by_its_commit(place: Place) -> None:
    """With its head as it was approved, its reviews, who wrote the record, and what else it has."""
    number = proposed(place)
    head = place.forge.pull_request(number).head
    later(place)
    commit = place.merge(number, "ana")
    (found,) = place.forge.brought(commit, PATH)
    assert (found.number, found.author, found.head) == (number, BOT, head)
    assert (found.merge_commit, found.merged_at) == (commit, place.clock.now())
    assert (found.merged_by, found.blob) == ("ana", RECORD)
    assert found.url == place.forge.conversation(number).url
    assert found.reviews == (
        Review(
            by="ana",
            state=ReviewState.APPROVED,
            at=place.clock.now(),
            commit=head,
            blob=RECORD,
        ),
    )
    assert found.commits == (head,)
    assert found.written == (WrittenCommit(id=head, by=(BOT,)),)
    assert found.files == (PATH,)
    assert not place.forge.brought(place.push("main", "direct.txt", "ana"), "direct.txt")
    (elsewhere,) = place.forge.brought(commit, "README.md")
    assert elsewhere.written == ()
    assert elsewhere.blob == elsewhere.reviews[0].blob == blob_id(b"Models\n")


@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
def test_a_merged_pull_request_is_found_however_it_was_merged(place: Place, how: Merging) -> None:
    """By a merge commit, by one of everything, or commit by commit: its branch is told of."""
    number = proposed(place)
    head = place.forge.pull_request(number).head
    place.push("main", "meanwhile.txt", "ben")
    commit = place.land(number, "ana", how)
    (found,) = place.forge.brought(commit, PATH)
    assert (found.number, found.merge_commit, found.head) == (number, commit, head)
    assert (found.commits, found.blob, found.reviews) == ((head,), RECORD, ())
    assert [each.by for each in found.written] == [(BOT,)]
    assert found.files == (PATH,)


def test_each_review_tells_the_record_that_it_saw(place: Place) -> None:
    """A push after an approval, a dismissal, a branch put back by force: nothing is lost of it."""
    number = proposed(place)
    first = place.forge.pull_request(number).head
    place.review(number, "ana", "")
    later(place)
    second = place.push(BRANCH, PATH, "ben")
    later(place)
    place.review(number, "ben", "")
    later(place)
    place.put_back(BRANCH, first)
    third = place.push(BRANCH, PATH, "ana", "status: Rejected\n")
    later(place)
    place.dismiss(number)
    (found,) = place.forge.brought(place.land(number, "ana"), PATH)
    assert [(each.by, each.commit) for each in found.reviews] == [("ana", first), ("ben", second)]
    assert {each.state for each in found.reviews} == {ReviewState.DISMISSED}
    assert found.reviews[0].blob == RECORD
    assert found.reviews[1].blob not in (None, RECORD, found.blob)
    assert found.commits == (first, third)
    assert [each.by for each in found.written] == [(BOT,), ("ana",)]
    assert found.blob == blob_id(b"status: Rejected\n")


def test_update_branch_writes_no_record(place: Place) -> None:
    """Whoever pressed it: the record is what it was, and so is what was approved."""
    number = proposed(place)
    place.review(number, "ana", "")
    place.push("main", "meanwhile.txt", "ben")
    place.update_branch(number, "ana")
    (found,) = place.forge.brought(place.land(number, "ben"), PATH)
    assert len(found.commits) == 2
    assert found.commits[-1] == found.head
    assert [each.by for each in found.written] == [(BOT,)]
    assert [each.blob for each in found.reviews] == [found.blob]
    assert found.files == (PATH,)


def test_a_pull_request_tells_its_state(place: Place) -> None:
    """Open, closed, reopened and merged, with the times of each."""
    number = proposed(place)
    opened = place.forge.pull_request(number)
    assert (opened.number, opened.state, opened.author) == (number, ProposalState.OPEN, BOT)
    assert (opened.branch, opened.closed_at, opened.reopened) == (BRANCH, None, False)
    assert opened.updated_at == place.clock.now()
    assert opened.url.endswith(f"/pull/{number}")
    assert place.forge.file(PATH, opened.head) == b"status: Approved\n"
    later(place)
    place.close(number, "ana")
    closed = place.forge.pull_request(number)
    assert (closed.state, closed.reopened) == (ProposalState.CLOSED, False)
    assert closed.closed_at == closed.updated_at == place.clock.now()
    later(place)
    place.reopen(number, "ben")
    reopened = place.forge.pull_request(number)
    assert (reopened.state, reopened.closed_at) == (ProposalState.OPEN, None)
    assert reopened.reopened
    later(place)
    place.merge(number, "ana")
    merged = place.forge.pull_request(number)
    assert (merged.state, merged.closed_at) == (ProposalState.MERGED, place.clock.now())
    assert merged.head == opened.head
    assert merged.reopened


@pytest.mark.parametrize("ask", ["pull_request", "conversation"])
def test_what_is_no_pull_request_is_not_there(place: Place, ask: str) -> None:
    """Neither a number that nothing has, nor that of an issue."""
    issue = place.forge.open_issue("Drift", "It drifted.", [LABEL]).number
    for number in (issue, 99):
        with pytest.raises(NotThere):
            getattr(place.forge, ask)(number)


def test_recent_pull_requests_come_latest_first(place: Place) -> None:
    """Everybody's, in every state; what was last updated before a time is left out."""
    first, second = proposed(place), place.open_as("ana", "by-ana", "a.txt")
    later(place)
    third = place.open_as("ben", "by-ben", "b.txt")
    later(place)
    place.close(third, "ana")
    closed_at = place.clock.now()
    later(place)
    place.merge(second, "ben")
    later(place)
    place.say(first, "zoe", "Is this one forgotten?")
    found = list(place.forge.recent_pull_requests(None))
    assert [pull.number for pull in found] == [first, second, third]
    assert [pull.author for pull in found] == [BOT, "ana", "ben"]
    assert found == [place.forge.pull_request(number) for number in (first, second, third)]

    def numbers(since: timedelta) -> list[int]:
        return [each.number for each in place.forge.recent_pull_requests(closed_at + since)]

    assert numbers(timedelta()) == [first, second, third]
    assert numbers(timedelta(milliseconds=999)) == [first, second, third]
    assert numbers(timedelta(seconds=1)) == [first, second]
    assert numbers(timedelta(minutes=3)) == []


CHANGES: dict[str, Callable[[Place, int], object]] = {
    "a comment": lambda place, number: place.say(number, "zoe", "Hello"),
    "the bot's comment": lambda place, number: place.forge.comment(number, "Hello"),
    "a review": lambda place, number: place.review(number, "ana", "Hm"),
    "an approval": lambda place, number: place.review(number, "ana", ""),
    "a push": lambda place, _: place.push(BRANCH, "more.txt", "ben"),
    "a label": lambda place, number: place.forge.label(number, ["assent"]),
    "a label less": lambda place, number: place.forge.unlabel(number, "old"),
    "an edit": lambda place, number: place.forge.edit_body(number, "Other"),
    "a close": lambda place, number: place.close(number, "ana"),
    "a deleted branch": lambda place, _: place.delete_branch(BRANCH, "ana"),
    "a merge": lambda place, number: place.merge(number, "ana"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_moves_the_time_of_the_update(place: Place, change: str) -> None:
    """So that asking for what changed since then finds it."""
    number = proposed(place)
    place.forge.label(number, ["old"])
    later(place)
    CHANGES[change](place, number)
    assert place.forge.pull_request(number).updated_at == place.clock.now()


def test_a_conversation_tells_who_put_labels_on_and_off(place: Place) -> None:
    """Each coming and going, after the merge too; what is on already is not put on again."""
    number = proposed(place)
    place.forge.label(number, ["assent"])
    later(place)
    place.label(number, "ana", BREAK_GLASS)
    place.label(number, "ben", BREAK_GLASS)
    first = place.clock.now()
    later(place)
    place.unlabel(number, "ben", BREAK_GLASS)
    place.merge(number, "ana")
    later(place)
    place.label(number, "ben", BREAK_GLASS)
    seen = place.forge.conversation(number)
    assert [(each.label, each.by, each.added) for each in seen.labellings] == [
        ("assent", BOT, True),
        (BREAK_GLASS, "ana", True),
        (BREAK_GLASS, "ben", False),
        (BREAK_GLASS, "ben", True),
    ]
    assert seen.labellings[1].at == first
    assert seen.url == place.forge.pull_request(number).url
    assert seen.turns == ()


def test_a_conversation_has_turns_remarks_and_files(place: Place) -> None:
    """Each with its actor, oldest first; an approval without a text says nothing."""
    number = proposed(place)
    start = place.clock.now()
    place.review(number, "ben", "")
    acts: list[Callable[[], object]] = [
        lambda: place.say(number, "zoe", "first\n\u202e<b>@ana</b>"),
        lambda: place.review(number, "ana", "second"),
        lambda: place.close(number, "ana"),
        lambda: place.forge.comment(number, "third"),
        lambda: place.forge.reopen(number),
        lambda: place.close(number, "ben"),
        lambda: place.reopen(number, "ana"),
    ]
    for act in acts:
        later(place)
        act()
    seen = place.forge.conversation(number)
    minutes = [round((turn.at - start) / timedelta(minutes=1)) for turn in seen.turns]
    assert [(turn.kind, turn.by) for turn in seen.turns] == [
        (TurnKind.CLOSED, "ana"),
        (TurnKind.REOPENED, BOT),
        (TurnKind.CLOSED, "ben"),
        (TurnKind.REOPENED, "ana"),
    ]
    assert minutes == [3, 5, 6, 7]
    assert [(each.by, each.text, each.own) for each in seen.remarks] == [
        ("zoe", "first\n\u202e<b>@ana</b>", False),
        ("ana", "second", False),
        (BOT, "third", True),
    ]
    assert [each.at - start for each in seen.remarks] == [
        timedelta(minutes=1),
        timedelta(minutes=2),
        timedelta(minutes=4),
    ]
    assert seen.files == (PATH,)


def test_a_merge_is_no_turn(place: Place) -> None:
    """What was turned before it stays; its files are still told."""
    number = proposed(place)
    place.close(number, "ana")
    place.reopen(number, "ben")
    place.push("main", "meanwhile.txt", "ana")
    place.merge(number, "ana")
    place.delete_branch(BRANCH, "ana")
    seen = place.forge.conversation(number)
    assert [(turn.kind, turn.by) for turn in seen.turns] == [
        (TurnKind.CLOSED, "ana"),
        (TurnKind.REOPENED, "ben"),
    ]
    assert seen.files == (PATH,)


def test_deleting_the_branch_closes_in_the_deleters_name(place: Place) -> None:
    """The branch comes back at its old head, and then the pull request opens again."""
    number = proposed(place)
    head = place.forge.pull_request(number).head
    place.delete_branch(BRANCH, "ben")
    closed = place.forge.pull_request(number)
    assert (closed.state, closed.head) == (ProposalState.CLOSED, head)
    with pytest.raises(AlreadyThere):
        place.forge.reopen(number)
    assert place.forge.file(PATH, head) == b"status: Approved\n"
    place.forge.create_branch(BRANCH, head)
    place.forge.reopen(number)
    assert place.forge.pull_request(number).state is ProposalState.OPEN
    assert [(turn.kind, turn.by) for turn in place.forge.conversation(number).turns] == [
        (TurnKind.CLOSED, "ben"),
        (TurnKind.REOPENED, BOT),
    ]


def test_what_cannot_be_reopened_says_so(place: Place) -> None:
    """Merged, or another one of its branch is open, or its branch is another; open stays open."""
    number = proposed(place)
    place.forge.reopen(number)
    assert place.forge.conversation(number).turns == ()
    place.close(number, "ana")
    second = place.forge.open_pull_request(BRANCH, "Again", "").number
    with pytest.raises(AlreadyThere):
        place.forge.reopen(number)
    place.merge(second, "ana")
    for each in (number, second):
        with pytest.raises(AlreadyThere):
            place.forge.reopen(each)
    third = proposed(place, "third", "third.txt")
    place.delete_branch("third", "ana")
    place.forge.create_branch("third", place.forge.tip())
    place.push("third", "other.txt", "ben")
    with pytest.raises(AlreadyThere):
        place.forge.reopen(third)


def test_what_was_pushed_while_closed_shows_on_reopening(place: Place) -> None:
    """A closed pull request keeps its head; an open one has its branch's."""
    number = proposed(place)
    head = place.forge.pull_request(number).head
    place.close(number, "ana")
    tip = place.push(BRANCH, "more.txt", "ben")
    assert place.forge.pull_request(number).head == head
    place.forge.reopen(number)
    assert place.forge.pull_request(number).head == tip


@pytest.mark.parametrize(
    ("login", "writes"),
    [("ana", True), ("BEN", True), ("zoe", False), ("nobody", False), (BOT, False)],
)
def test_who_may_write(place: Place, login: str, *, writes: bool) -> None:
    """Writers by any case; neither readers, strangers nor bots."""
    assert place.forge.may_write(login) is writes


@pytest.mark.parametrize(("login", "inside"), [("ana", True), ("Ana", True), ("ben", False)])
def test_who_is_in_a_team(place: Place, login: str, *, inside: bool) -> None:
    """Members by any case; the team's name has none either."""
    assert place.forge.is_member(TEAM, login) is inside
    assert place.forge.is_member(TEAM.upper(), login) is inside


@pytest.mark.parametrize("team", ["acme/absent", "elsewhere/ml-approvers"])
def test_a_team_that_cannot_be_seen_is_no_no(place: Place, team: str) -> None:
    """Nothing was learned of who is in it."""
    with pytest.raises(AssentError, match=f"the team {team} cannot be seen") as raised:
        place.forge.is_member(team, "ana")
    assert not isinstance(raised.value, NotThere)


def test_the_bots_open_issues_are_found_by_label(place: Place) -> None:
    """Oldest first; others' issues, other labels, closed ones and pull requests are left out."""
    forge = place.forge
    first = forge.open_issue("First", "It drifted.", [LABEL, "model: churn"])
    place.open_issue_as("ana", "Not the bot's", LABEL)
    forge.open_issue("Another label", "", ["other"])
    closed = forge.open_issue("Closed", "", [LABEL])
    later(place)
    number = proposed(place)
    forge.label(number, [LABEL])
    second = forge.open_issue("Second", "", [LABEL])
    forge.close_issue(closed.number)
    assert list(forge.own_issues(LABEL)) == [first, second]
    assert (first.title, first.body) == ("First", "It drifted.")
    assert first.url.endswith(f"/issues/{first.number}")
    later(place)
    forge.edit_issue(first.number, "It drifted again.")
    forge.comment(first.number, "Seen again.")
    assert [(each.number, each.body) for each in forge.own_issues(LABEL)] == [
        (first.number, "It drifted again."),
        (second.number, ""),
    ]
    assert list(forge.own_issues("none")) == []


def test_numbers_are_shared(place: Place) -> None:
    """Issues and pull requests are one series."""
    numbers = [proposed(place), place.forge.open_issue("Drift", "", []).number]
    numbers.append(proposed(place, "another", "another.txt"))
    assert numbers == [1, 2, 3]


@pytest.mark.parametrize(
    "act", ["comment", "edit_issue", "edit_body", "reopen", "close_issue", "unlabel"]
)
def test_what_does_not_exist_cannot_be_written(place: Place, act: str) -> None:
    """Each says that there is nothing."""
    more = () if act in {"reopen", "close_issue"} else ("text",)
    with pytest.raises(NotThere):
        getattr(place.forge, act)(99, *more)


def test_a_commit_of_many_files_is_seen_once_a_branch_names_it(place: Place) -> None:
    """It adds to what its parent holds; a branch may be created for it, or moved to it."""
    forge = place.forge
    files = {f"promotions/dev/churn/{n}.yaml": f"version: {n}\n".encode() for n in range(1, 251)}
    tip = forge.tip()
    made = forge.commit_files(tip, files, "Import")
    assert list(forge.branches_below("import/")) == []
    forge.create_branch("import/1", made)
    assert forge.file("promotions/dev/churn/250.yaml", "import/1") == b"version: 250\n"
    assert forge.file("README.md", "import/1") == b"Models\n"
    assert len(forge.other_files("import/1", "promotions/dev/churn/1.yaml")) == 249
    with pytest.raises(AlreadyThere):
        forge.create_branch("import/1", made)
    other = forge.commit_files(tip, {"promotions/dev/churn/7.yaml": b"other\n"}, "Import")
    forge.move_branch("import/1", other)
    assert list(forge.other_files("import/1", "none")) == ["promotions/dev/churn/7.yaml"]
    assert forge.tip() == tip
