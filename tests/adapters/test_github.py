"""What GitHub's answers mean, beyond what the sandbox says by itself."""

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from github import InputGitAuthor, InputGitTreeElement
from tests.adapters.forges import TEAM, HubServer, people

from assent.adapters.github import GitHubForge, GitHubRefused
from assent.adapters.github_queries import ISSUES, PULL_REQUESTS
from assent.adapters.memory import SettableClock
from assent.core.approval import Bringing
from assent.core.errors import AssentError
from assent.ports import AlreadyThere, Forge, NothingToMerge, NotThere, Unavailable
from assent.sandbox.faults import (
    Faults,
    bad_gateway,
    github_error,
    primary_rate_limit,
    secondary_rate_limit,
    server_error,
    too_many_requests,
)
from assent.sandbox.github import GitHub
from assent.sandbox.loopback import LoopbackServer
from assent.sandbox.wire import Drop, Ledger, Respond, Wire

BRANCH = "promote/dev/churn/7"
PATH = "promotions/dev/churn/7.yaml"
LABEL = "assent: drift"


@dataclass(kw_only=True)
class Desk:
    """A repository, the forge on it, and the wire between them."""

    server: HubServer
    wire: Wire
    ledger: Ledger
    name: str
    forge: GitHubForge

    def answering(self, answer: Respond | Drop, *, to: str = "") -> Faults:
        """Let one request, whose operation holds `to`, get this answer."""
        faults = Faults().add(answer, match=lambda call: to in call.operation)
        self.wire.interceptor = faults
        return faults

    def proposed(self, branch: str = BRANCH) -> int:
        """Open a pull request as the bot."""
        self.forge.create_branch(branch, self.forge.tip())
        self.forge.add_file(branch, PATH, b"x\n", "Add", replaces=None)
        return self.forge.open_pull_request(branch, "Promote", "").number


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HubServer, Wire, Ledger]]:
    """A hub behind a wire, for all tests of the module."""
    clock = SettableClock()
    hub = GitHub(tmp_path_factory.mktemp("hub"), now=clock.now)
    people(hub)
    ledger = Ledger()
    wire = Wire(hub.wsgi, "github", ledger)
    with LoopbackServer(wire) as running:
        made = HubServer(hub=hub, app=hub.add_app("assent"), url=running.url, clock=clock)
        yield made, wire, ledger
        for client in made.clients.values():
            client.close()


@pytest.fixture
def desk(served: tuple[HubServer, Wire, Ledger]) -> Iterator[Desk]:
    """A fresh repository whose every call is counted."""
    server, wire, ledger = served
    name = server.new_repository()
    forge = GitHubForge(server.client(server.bot), name)
    ledger.clear()
    yield Desk(server=server, wire=wire, ledger=ledger, name=name, forge=forge)
    wire.interceptor = None


def says(data: object, status: int = 200) -> Respond:
    """An answer in JSON."""
    return Respond(status, (("Content-Type", "application/json"),), json.dumps(data).encode())


def graphql_errors(*errors: dict[str, str]) -> Respond:
    """What GraphQL says in place of data: with status 200."""
    return says({"data": None, "errors": list(errors)})


def test_a_deleted_account_is_a_ghost(desk: Desk) -> None:
    """As author of a pull request and of a comment."""
    number = desk.proposed()
    desk.forge.comment(number, "Hello")
    repository = desk.server.hub._state.repository(desk.name)
    issue = repository.issue(number)
    comments = tuple(replace(comment, author="ghost") for comment in issue.comments)
    repository.put(replace(issue, author="ghost", comments=comments))
    assert desk.forge.pull_request(number).author == "ghost"
    (remark,) = desk.forge.conversation(number).remarks
    assert (remark.by, remark.own) == ("ghost", False)


def test_a_conversation_costs_one_request(desk: Desk) -> None:
    """So it is of one moment."""
    number = desk.proposed()
    desk.forge.comment(number, "Hello")
    desk.ledger.clear()
    assert [remark.text for remark in desk.forge.conversation(number).remarks] == ["Hello"]
    assert desk.ledger.count() == 1


def test_pages_are_read_when_they_are_reached(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is asked for by the last one's cursor, and none before somebody wants it."""
    module = "assent.adapters.github"
    pulls, issues = PULL_REQUESTS.replace("50", "2"), ISSUES.replace("100", "2")
    monkeypatch.setattr(f"{module}.PULL_REQUESTS", pulls)
    monkeypatch.setattr(f"{module}.ISSUES", issues)
    numbers = [desk.proposed(f"branch-{number}") for number in range(5)]
    opened = [desk.forge.open_issue(f"{number}", "", [LABEL]) for number in range(5)]
    desk.ledger.clear()
    reading = desk.forge.recent_pull_requests(None)
    assert desk.ledger.count() == 0
    assert [next(reading).number for _ in range(2)] == numbers[:2:-1]
    assert desk.ledger.count() == 1
    assert [pull.number for pull in reading] == numbers[2::-1]
    assert desk.ledger.count() == 3
    assert list(desk.forge.own_issues(LABEL)) == opened
    assert desk.ledger.count() == 6


def test_only_the_branch_that_counts_is_looked_at(desk: Desk) -> None:
    """A pull request to another branch is none."""
    desk.forge.create_branch("release", desk.forge.tip())
    here = desk.proposed()
    ana = desk.server.client("token-of-ana").get_repo(desk.name)
    elsewhere = ana.create_pull("release", BRANCH, title="Elsewhere", body="").number
    assert [pull.number for pull in desk.forge.recent_pull_requests(None)] == [here]
    with pytest.raises(NotThere, match=f"no pull request {elsewhere} to main"):
        desk.forge.pull_request(elsewhere)


def test_pull_requests_of_other_repositories_are_left_out(desk: Desk) -> None:
    """A fork's branch may have any name, and is none of ours."""
    node = {
        "number": 7,
        "url": "https://github.example/pull/7",
        "state": "OPEN",
        "headRefName": BRANCH,
        "headRefOid": "a" * 40,
        "baseRefName": "main",
        "isCrossRepository": True,
        "updatedAt": "2026-11-22T10:00:00Z",
        "closedAt": None,
        "author": {"__typename": "User", "login": "mallory"},
        "timelineItems": {"nodes": []},
    }
    desk.answering(says({"data": {"repository": {"pullRequest": node}}}))
    with pytest.raises(NotThere, match="comes from another repository"):
        desk.forge.pull_request(7)
    page = {
        "nodes": [node, None, {**node, "number": 6, "isCrossRepository": False}],
        "pageInfo": {"hasNextPage": False, "endCursor": None},
    }
    desk.answering(says({"data": {"repository": {"pullRequests": page}}}))
    assert [pull.number for pull in desk.forge.recent_pull_requests(None)] == [6]


@pytest.mark.parametrize(
    ("permission", "role", "writes"),
    [
        ("admin", "admin", True),
        ("write", "maintain", True),
        ("write", "release-manager", True),
        ("read", "triage", False),
        ("read", "write-nothing", False),
        ("none", "", False),
    ],
)
def test_the_base_role_decides_who_writes(
    desk: Desk, permission: str, role: str, *, writes: bool
) -> None:
    """Roles of an organization's own making have any name, and extend one of GitHub's."""
    desk.answering(says({"permission": permission, "role_name": role, "user": None}))
    assert desk.forge.may_write("ana") is writes


@pytest.mark.parametrize("message", ["Not Found", "ana is not a user"])
def test_nobody_of_the_name_may_write_nothing(desk: Desk, message: str) -> None:
    """But only if the repository itself can be seen: else nothing was learned."""
    desk.answering(github_error(404, message), to="/permission")
    assert desk.forge.may_write("ana") is False
    unseen = Faults().add(github_error(404, message), times=2)
    desk.wire.interceptor = unseen
    with pytest.raises(GitHubRefused, match=f"{desk.name} cannot be seen") as raised:
        desk.forge.may_write("ana")
    assert "installed" in raised.value.hint


def test_a_pending_member_is_none_yet(desk: Desk) -> None:
    """An invitation that was not taken gives no rights."""
    path = "/memberships/ben"
    desk.answering(says({"url": "x", "role": "member", "state": "pending"}), to=path)
    assert desk.forge.is_member(TEAM, "ben") is False


def test_a_token_that_cannot_see_teams_learns_nothing(desk: Desk) -> None:
    """Neither without the permission nor where the team does not show; both say which it takes."""
    narrow = desk.server.client(desk.server.bot_token({"contents": "read"}))
    with pytest.raises(GitHubRefused, match="403") as raised:
        GitHubForge(narrow, desk.name).is_member(TEAM, "ana")
    assert "members: read" in raised.value.hint
    desk.wire.interceptor = Faults().add(github_error(404, "Not Found"), times=2)
    with pytest.raises(GitHubRefused, match=f"the team {TEAM} cannot be seen") as raised:
        desk.forge.is_member(TEAM, "ana")
    assert "members: read" in raised.value.hint


def test_names_in_addresses_are_quoted(desk: Desk) -> None:
    """What somebody calls themselves, or a team, leads nowhere else."""
    assert desk.forge.may_write("../../../user") is False
    with pytest.raises(GitHubRefused):
        desk.forge.is_member("acme/../members", "ana?x=/..")
    assert {"?" in call.path or ".." in call.path.split("/") for call in desk.ledger.calls} == {
        False
    }


def test_an_issue_is_closed_as_not_planned(desk: Desk) -> None:
    """Which tells it from one that was solved."""
    issue = desk.forge.open_issue("Drift", "It drifted.", [LABEL])
    desk.forge.close_issue(issue.number)
    seen = desk.server.client("token-of-ana").get_repo(desk.name).get_issue(issue.number)
    assert (seen.state, seen.state_reason) == ("closed", "not_planned")
    assert [label.name for label in seen.labels] == [LABEL]


def test_what_is_no_text_is_told_from_what_is_not_there(desk: Desk) -> None:
    """A folder, or bytes, in a record's place: neither a record nor none."""
    ana = desk.server.client("token-of-ana").get_repo(desk.name)
    ana.create_file("folder/file", "Add", "x", branch="main")
    ana.create_file("bytes", "Add", b"\0", branch="main")
    seen = desk.forge.promotion("folder", BRANCH, beside=["bytes", "missing"])
    assert seen.files == {"folder": None, "bytes": None}


def test_branches_are_read_page_by_page(desk: Desk) -> None:
    """As many pages as there are, and each branch once."""
    for number in range(60):
        desk.forge.create_branch(f"promote/dev/churn/{number}", desk.forge.tip())
    desk.ledger.clear()
    found = [each.name for each in desk.forge.branches_below("promote/dev/")]
    assert found == sorted(f"promote/dev/churn/{number}" for number in range(60))
    assert len(desk.ledger.calls) == 2


REST_ANSWERS: dict[str, tuple[Respond | Drop, type[AssentError], int | None]] = {
    "secondary limit": (secondary_rate_limit(77), Unavailable, 77),
    "secondary limit, no time": (
        github_error(403, "You have exceeded a secondary rate limit."),
        Unavailable,
        60,
    ),
    "primary limit": (
        github_error(
            403,
            "API rate limit exceeded for installation ID 1.",
            headers=(
                ("X-RateLimit-Remaining", "0"),
                ("X-RateLimit-Reset", "1795348830"),
                ("Date", "Sun, 22 Nov 2026 12:00:00 GMT"),
            ),
        ),
        Unavailable,
        31,
    ),
    "primary limit, ended": (primary_rate_limit(reset=1), Unavailable, 1),
    "primary limit, ended, 429": (too_many_requests(reset=1), Unavailable, 1),
    "too many, no time": (github_error(429, "Too many requests"), Unavailable, 60),
    "a time that is none": (
        github_error(429, "Slow down", headers=(("Retry-After", "\u00b2"),)),
        Unavailable,
        60,
    ),
    "500": (server_error(), Unavailable, None),
    "502": (bad_gateway(), Unavailable, None),
    "503 for a while": (
        github_error(503, "Unavailable", headers=(("Retry-After", "9"),)),
        Unavailable,
        9,
    ),
    "a dropped connection": (Drop(), Unavailable, None),
    "credentials": (github_error(401, "Bad credentials"), GitHubRefused, None),
    "permissions": (
        github_error(403, "Resource not accessible by integration"),
        GitHubRefused,
        None,
    ),
    "gone": (github_error(410, "Issues are disabled for this repo"), GitHubRefused, None),
    "nothing there": (github_error(404, "Not Found"), NotThere, None),
    "conflict": (github_error(409, "is at another"), AlreadyThere, None),
    "content": (github_error(422, "Validation Failed"), GitHubRefused, None),
    "state": (
        github_error(422, "state cannot be changed. The x branch is gone"),
        AlreadyThere,
        None,
    ),
    "no news": (github_error(422, "No commits between main and x"), NothingToMerge, None),
}


@pytest.mark.parametrize("case", REST_ANSWERS)
def test_what_an_answer_means(desk: Desk, case: str) -> None:
    """Refused, gone, too often, broken: each is told apart, and says how long to wait."""
    answer, kind, wait = REST_ANSWERS[case]
    faults = desk.answering(answer)
    with pytest.raises(kind, match="while reopening pull request 1") as raised:
        desk.forge.reopen(1)
    assert type(raised.value) is kind
    assert faults.pending == 0
    if isinstance(raised.value, Unavailable):
        assert raised.value.retry_after == wait
        assert raised.value.hint


GRAPHQL_ANSWERS: dict[str, tuple[Respond | Drop, type[AssentError], str]] = {
    "primary limit": (
        graphql_errors({"type": "RATE_LIMITED", "message": "API rate limit exceeded for ID 1."}),
        Unavailable,
        "the rate limit is reached",
    ),
    "primary limit, newer": (
        graphql_errors({"type": "RATE_LIMIT", "message": "API rate limit already exceeded."}),
        Unavailable,
        "the rate limit is reached",
    ),
    "secondary limit": (secondary_rate_limit(5), Unavailable, "the rate limit is reached"),
    "breakdown": (
        graphql_errors({"message": "Something went wrong while executing your query. Please ..."}),
        Unavailable,
        "could not execute",
    ),
    "timeout": (bad_gateway(), Unavailable, "502"),
    "permissions": (
        graphql_errors(
            {"type": "FORBIDDEN", "message": "Resource not accessible by integration"},
            {"type": "FORBIDDEN", "message": "Resource not accessible by integration"},
        ),
        GitHubRefused,
        "Resource not accessible",
    ),
    "nothing there": (
        graphql_errors({"type": "NOT_FOUND", "message": "Could not resolve to a PullRequest"}),
        NotThere,
        "GitHub knows nothing there",
    ),
    "nothing there, twice": (
        graphql_errors(
            {"type": "NOT_FOUND", "message": "Could not resolve to a PullRequest"},
            {"type": "NOT_FOUND", "message": "Could not resolve to an Issue"},
        ),
        NotThere,
        "Could not resolve to an Issue",
    ),
    "a field that is none": (
        graphql_errors({"message": "Field 'below' doesn't exist"}),
        GitHubRefused,
        "doesn't exist",
    ),
    "no repository": (says({"data": {"repository": None}}), NotThere, "shows no repository"),
    "null": (says({"data": {"repository": {"pullRequest": None}}}), NotThere, "no pull request"),
}


@pytest.mark.parametrize("case", GRAPHQL_ANSWERS)
def test_what_a_querys_answer_means(desk: Desk, case: str) -> None:
    """GraphQL reports in the body, with status 200; that is told apart as REST's statuses are."""
    answer, kind, words = GRAPHQL_ANSWERS[case]
    faults = desk.answering(answer)
    with pytest.raises(kind) as raised:
        desk.forge.pull_request(1)
    assert type(raised.value) is kind
    assert words in raised.value.message
    assert "\n" not in raised.value.message
    assert faults.pending == 0
    if case == "permissions":
        assert "members: read" in raised.value.hint


def made_by_hand(desk: Desk, branch: str, text: str, message: str, **others: InputGitAuthor) -> str:
    """Let ana merge main into a branch by hand, with a record of her own; returns the commit."""
    ana = desk.server.client("token-of-ana").get_repo(desk.name)
    tip = ana.get_branch(branch).commit
    main = ana.get_git_commit(ana.get_branch("main").commit.sha)
    element = InputGitTreeElement(PATH, "100644", "blob", content=text)
    tree = ana.create_git_tree([element], tip.commit.tree)
    parents = [ana.get_git_commit(tip.sha), main]
    made = ana.create_git_commit(message, tree, parents, **others)
    ref = f"/repos/{desk.name}/git/refs/heads/{branch}"
    ana.requester.requestJsonAndCheck("PATCH", ref, input={"sha": made.sha})
    return made.sha


def landed(desk: Desk, number: int) -> Bringing:
    """Merge a pull request, and read it by its commit."""
    ana = desk.server.client("token-of-ana").get_repo(desk.name)
    commit = ana.get_pull(number).merge().sha
    (found,) = desk.forge.brought(commit, PATH)
    return found


GITHUB = InputGitAuthor("GitHub", "noreply@github.com")


@pytest.mark.parametrize("others", [{}, {"committer": GITHUB}], ids=["plain", "as GitHub"])
def test_a_merge_by_hand_is_written_by_whoever_made_it(
    desk: Desk, others: dict[str, InputGitAuthor]
) -> None:
    """Where it changes the record; whatever it names as its committer."""
    number = desk.proposed()
    desk.server.client("token-of-ana").get_repo(desk.name).create_file("o", "Add", "x")
    idle = made_by_hand(desk, BRANCH, "x\n", "Merge", **others)
    changing = made_by_hand(desk, BRANCH, "y\n", "Merge", **others)
    found = landed(desk, number)
    assert idle in found.commits
    assert [(each.id, each.by) for each in found.written[1:]] == [(changing, ("ana",))]


def test_whom_a_commit_names_besides_is_told(desk: Desk) -> None:
    """Co-authors, and addresses that belong to no account, hostile ones among them."""
    number = desk.proposed()
    message = "Change\n\nCo-authored-by: Ben <{}>\nCo-authored-by: E <eve@example.com>\n"
    account = desk.server.hub._state.account("ben")
    stranger = InputGitAuthor("Mallory", "m`@b@example.com")
    changing = made_by_hand(
        desk, BRANCH, "y\n", message.format(account.git_email), committer=stranger
    )
    (written,) = (each for each in landed(desk, number).written if each.id == changing)
    assert written.by == ("ana", "ben")
    assert written.unknown == ("eve@example.com", "m`@b@example.com")


def test_more_than_a_page_is_read_to_its_end(desk: Desk) -> None:
    """Reviews, commits and files beyond the first hundred; by as few further requests."""
    number = desk.proposed()
    ben = desk.server.client("token-of-ben").get_repo(desk.name)
    for each in range(101):
        ben.create_file(f"notes/{each}.txt", "Add", "x", branch=BRANCH)
    pull = ben.get_pull(number)
    for _ in range(101):
        pull.create_review(body="Hm", event="COMMENT")
    pull.create_review(event="APPROVE")
    commit = pull.merge().sha
    desk.ledger.clear()
    (found,) = desk.forge.brought(commit, PATH)
    assert len(desk.ledger.calls) == 4
    assert (len(found.commits), len(found.files)) == (102, 102)
    assert found.commits[-1] == found.head
    assert [(each.by, each.commit) for each in found.reviews] == [("ben", found.head)]
    assert len(found.written) == 1


BROUGHT: dict[str, Any] = {
    "number": 1,
    "url": "https://github.example/pull/1",
    "merged": True,
    "mergedAt": "2026-11-22T10:00:00Z",
    "baseRefName": "main",
    "headRefOid": "b" * 40,
    "author": None,
    "mergedBy": None,
    "mergeCommit": None,
    "reviews": {"nodes": [], "pageInfo": {"hasNextPage": False}},
    "commits": {
        "nodes": [
            {
                "commit": {
                    "oid": "b" * 40,
                    "file": {"oid": "e" * 40, "mode": 0o100644},
                    "parents": {"nodes": []},
                    "authors": {"totalCount": 1, "nodes": [{"email": None, "user": None}]},
                    "committer": {"email": "x", "user": {"login": "web-flow"}},
                }
            }
        ],
        "pageInfo": {"hasNextPage": False},
    },
    "files": {"nodes": [{"path": PATH}], "pageInfo": {"hasNextPage": False}},
}


def brought(desk: Desk, **changed: object) -> Sequence[Bringing]:
    """What is read of an answer of GitHub's in which something is otherwise."""
    connection = {"nodes": [BROUGHT | changed], "pageInfo": {"hasNextPage": False}}
    found = {"associatedPullRequests": connection}
    desk.answering(says({"data": {"repository": {"object": found}}}))
    return desk.forge.brought("a" * 40, PATH)


def test_what_github_no_longer_knows_has_no_name(desk: Desk) -> None:
    """Deleted accounts are ghosts, a review's commit may be gone, and so may an address."""
    review = {
        "author": None,
        "state": "APPROVED",
        "submittedAt": "2026-11-22T09:00:00Z",
        "commit": None,
    }
    (found,) = brought(desk, reviews={"nodes": [review], "pageInfo": {"hasNextPage": False}})
    assert (found.author, found.merged_by, found.merge_commit) == ("ghost", "ghost", None)
    (seen,) = found.reviews
    assert (seen.by, seen.commit, seen.blob) == ("ghost", "", None)
    assert (found.written[0].by, found.written[0].unknown) == ((), ("no address",))


def test_what_was_merged_elsewhere_or_not_at_all_brought_nothing(desk: Desk) -> None:
    """Only merged pull requests to the branch that counts do."""
    assert brought(desk, merged=False) == []
    assert brought(desk, baseRefName="other") == []
    assert len(brought(desk)) == 1


def test_a_record_that_is_no_plain_file_is_none(desk: Desk) -> None:
    """A symbolic link may hold the very bytes, and is another thing to look at."""
    node = copy.deepcopy(BROUGHT["commits"])
    node["nodes"][0]["commit"]["file"]["mode"] = 0o120000
    (found,) = brought(desk, commits=node)
    assert (found.blob, found.written) == (None, ())


def commits_with(**changed: object) -> dict[str, Any]:
    """The commits of an answer, one of which is otherwise."""
    node: dict[str, Any] = copy.deepcopy(BROUGHT["commits"])
    node["nodes"][0]["commit"].update(changed)
    return node


HIDDEN: dict[str, dict[str, object]] = {
    "reviews": {"reviews": None},
    "a review": {"reviews": {"nodes": [None], "pageInfo": {"hasNextPage": False}}},
    "commits": {"commits": {"nodes": None, "pageInfo": {"hasNextPage": False}}},
    "the last commit": {"headRefOid": "f" * 40},
    "files": {"files": None},
    "writers": {"commits": commits_with(authors={"totalCount": 21, "nodes": []})},
    "parents": {"commits": commits_with(parents={"nodes": [None]})},
    "more commits than are shown": {
        "commits": {
            "nodes": BROUGHT["commits"]["nodes"] * 250,
            "pageInfo": {"hasNextPage": False},
        }
    },
    "more files than are shown": {
        "files": {"nodes": [{"path": "x"}] * 3_000, "pageInfo": {"hasNextPage": False}}
    },
}


@pytest.mark.parametrize("what", HIDDEN)
def test_what_is_not_shown_is_neither_a_yes_nor_a_no(desk: Desk, what: str) -> None:
    """Whatever part of a proof GitHub leaves out, there is no verdict."""
    with pytest.raises(GitHubRefused):
        brought(desk, **HIDDEN[what])


@pytest.mark.parametrize("found", [None, {}], ids=["no commit", "something else"])
def test_a_commit_that_github_does_not_know_brought_nobody_knows_what(
    desk: Desk, found: object
) -> None:
    """That is no direct push."""
    desk.answering(says({"data": {"repository": {"object": found}}}))
    with pytest.raises(GitHubRefused, match="does not show commit"):
        desk.forge.brought("a" * 40, PATH)


METHODS: dict[str, Callable[[Forge], object]] = {
    "configuration": lambda forge: forge.configuration(),
    "promotion": lambda forge: forge.promotion(PATH, BRANCH),
    "unlabel": lambda forge: forge.unlabel(1, "assent"),
    "open_promotions": lambda forge: list(forge.open_promotions()),
    "branches_below": lambda forge: list(forge.branches_below("promote/")),
    "file": lambda forge: forge.file(PATH, "main"),
    "create_branch": lambda forge: forge.create_branch(BRANCH, "a" * 40),
    "commit_files": lambda forge: forge.commit_files("a" * 40, {PATH: b"x"}, "Add"),
    "move_branch": lambda forge: forge.move_branch(BRANCH, "a" * 40),
    "add_file": lambda forge: forge.add_file(BRANCH, PATH, b"x", "Add", replaces=None),
    "open_pull_request": lambda forge: forge.open_pull_request(BRANCH, "t", "b"),
    "label": lambda forge: forge.label(1, ["assent"]),
    "brought": lambda forge: forge.brought("a" * 40, PATH),
    "body": lambda forge: forge.body(1),
    "edit_body": lambda forge: forge.edit_body(1, "b"),
    "tip": lambda forge: forge.tip(),
    "other_files": lambda forge: forge.other_files(BRANCH, PATH),
    "pull_request": lambda forge: forge.pull_request(1),
    "recent_pull_requests": lambda forge: list(forge.recent_pull_requests(None)),
    "conversation": lambda forge: forge.conversation(1),
    "comment": lambda forge: forge.comment(1, "t"),
    "reopen": lambda forge: forge.reopen(1),
    "may_write": lambda forge: forge.may_write("ana"),
    "is_member": lambda forge: forge.is_member(TEAM, "ana"),
    "own_issues": lambda forge: list(forge.own_issues(LABEL)),
    "open_issue": lambda forge: forge.open_issue("t", "b", []),
    "edit_issue": lambda forge: forge.edit_issue(1, "b"),
    "close_issue": lambda forge: forge.close_issue(1),
}


def test_every_method_is_tried() -> None:
    """The table below has each of the port's methods."""
    assert METHODS.keys() == {name for name in vars(Forge) if not name.startswith("_")}


@pytest.mark.parametrize("method", METHODS)
def test_no_answer_is_unavailable_whatever_was_asked(desk: Desk, method: str) -> None:
    """Nothing that PyGithub or requests raises gets through; it is worth trying again."""
    for answer, wait in ((Drop(), None), (bad_gateway(), None), (secondary_rate_limit(7), 7)):
        desk.wire.interceptor = Faults().add(answer, times=None)
        with pytest.raises(Unavailable) as raised:
            METHODS[method](desk.forge)
        assert raised.value.retryable
        assert raised.value.retry_after == wait
