"""The part of GitHub's GraphQL API that the sandbox answers."""

import json
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import requests
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
)

from assent.sandbox.github.graph.schema import published_schema

DESCRIPTION = json.loads((Path(__file__).parent / "github-graphql.json").read_text())
PUBLISHED = DESCRIPTION["types"]
TIMEOUT = 10
QUERY = """
query Q($branch: String) {
  repository(owner: "acme", name: "model-promotions") {
    ref(qualifiedName: "refs/heads/main") { name prefix target { oid } }
    file: object(expression: "main:README.md") {
      ... on Blob { text byteSize isBinary isTruncated }
    }
    folder: object(expression: "main:promotions") { __typename }
    nothing: object(expression: "main:missing.txt") { oid }
    pullRequests(headRefName: $branch, first: 5,
                 orderBy: {field: CREATED_AT, direction: DESC}) {
      totalCount
      nodes { number state headRefOid isCrossRepository labels(first: 5) { nodes { name } } }
    }
  }
}
"""


def inside(fields: str) -> str:
    """A query of the repository."""
    return f'query {{ repository(owner: "acme", name: "model-promotions") {{ {fields} }} }}'


def ask(stage: Any, query: str, *, token: str | None = "token-of-ada", **variables: Any) -> Any:  # noqa: ANN401
    headers = {"Authorization": f"bearer {token}"} if token else {}
    return requests.post(
        f"{stage.url}/api/graphql",
        json={"query": query, "variables": variables},
        headers=headers,
        timeout=TIMEOUT,
    )


def test_fields_have_the_types_that_github_publishes() -> None:
    """Every field, argument and type that is answered is one of GitHub's own."""
    compared = 0
    for name, kind in published_schema().type_map.items():
        if name.startswith("__") or not isinstance(
            kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType
        ):
            continue
        fields: dict[str, Any] = dict(kind.fields)
        assert fields.keys() == PUBLISHED[name].keys()
        for field, definition in fields.items():
            arguments = getattr(definition, "args", {})
            assert str(definition.type) == PUBLISHED[name][field]["type"]
            assert {key: str(each.type) for key, each in arguments.items()} == PUBLISHED[name][
                field
            ]["args"]
            compared += 1
    assert compared >= 70


def test_kinds_have_the_members_that_github_publishes() -> None:
    """Enumerations, unions and interfaces hold nothing of the sandbox's own."""
    enums: dict[str, list[str]] = {}
    unions: dict[str, list[str]] = {}
    interfaces: dict[str, list[str]] = {}
    for name, kind in published_schema().type_map.items():
        match kind:
            case GraphQLEnumType() if not name.startswith("__"):
                enums[name] = sorted(kind.values)
            case GraphQLUnionType():
                unions[name] = sorted(member.name for member in kind.types)
            case GraphQLObjectType() if kind.interfaces:
                interfaces[name] = sorted(each.name for each in kind.interfaces)
            case _:
                pass
    assert enums == DESCRIPTION["enums"]
    assert unions == DESCRIPTION["unions"]
    assert interfaces == DESCRIPTION["interfaces"]


def test_one_query_reads_ref_files_and_pull_requests(stage: Any) -> None:  # noqa: ANN401
    """What a query asks for comes back under the names that it gives."""
    repository = stage.as_person("ada")
    main = repository.get_branch("main").commit.sha
    repository.create_git_ref("refs/heads/topic", main)
    repository.create_file("promotions/dev/a.txt", "add", "text", branch="topic")
    pull = repository.create_pull(base="main", head="topic", title="t", body="b")
    pull.add_to_labels("assent")
    data = ask(stage, QUERY, branch="topic").json()["data"]["repository"]
    assert data["ref"] == {"name": "main", "prefix": "refs/heads/", "target": {"oid": main}}
    assert data["file"]["byteSize"] == len(data["file"]["text"].encode())
    assert data["file"]["isBinary"] is False
    assert data["file"]["isTruncated"] is False
    assert data["nothing"] is None
    (node,) = data["pullRequests"]["nodes"]
    assert node == {
        "number": pull.number,
        "state": "OPEN",
        "headRefOid": repository.get_branch("topic").commit.sha,
        "isCrossRepository": False,
        "labels": {"nodes": [{"name": "assent"}]},
    }
    pull.edit(state="closed")
    assert (
        ask(stage, QUERY, branch="topic").json()["data"]["repository"]["pullRequests"]["nodes"][0][
            "state"
        ]
        == "CLOSED"
    )
    other = ask(stage, QUERY, branch="other").json()["data"]["repository"]["pullRequests"]
    assert other == {"totalCount": 0, "nodes": []}


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("query { nonsense }", "Cannot query field"),
        ("query {", "Syntax Error"),
        (inside("pullRequests { totalCount }"), "`first` or `last`"),
        (inside("issues(first: 0) { totalCount }"), "`first` or `last`"),
        (inside("issues(first: 101) { totalCount }"), "exceeds the `first` limit of 100"),
        (inside('issues(first: 1, after: "x") { totalCount }'), "to be a valid cursor"),
        (inside("pullRequest(number: 9) { title }"), "PullRequest with the number of 9"),
        (inside("pullRequests(first: 1) { nodes { mergeable } }"), "Cannot query field"),
        ('query { repository(owner: "acme", name: "nowhere") { name } }', "Could not resolve"),
    ],
)
def test_what_is_wrong_comes_back_in_errors(stage: Any, query: str, says: str) -> None:  # noqa: ANN401
    """A refused query has status 200 and says why, as GitHub does."""
    answer = ask(stage, query)
    assert answer.status_code == HTTPStatus.OK
    assert says in answer.json()["errors"][0]["message"]


def test_a_query_needs_somebody_who_asks(stage: Any) -> None:  # noqa: ANN401
    """GraphQL, unlike REST, answers nobody anonymous."""
    assert ask(stage, QUERY, token=None).status_code == HTTPStatus.UNAUTHORIZED


def repository_of(answer: Any) -> Any:  # noqa: ANN401 - JSON
    """What a query read, which nothing was wrong with."""
    body = answer.json()
    assert "errors" not in body, body
    return body["data"]["repository"]


def test_a_conversation_is_read_at_once(stage: Any) -> None:  # noqa: ANN401
    """Who closed, reopened and merged, who said what, and which files change."""
    pull = stage.propose(stage.as_bot())
    for login, state in (("ben", "closed"), ("cleo", "open")):
        stage.clock.advance(timedelta(minutes=1))
        stage.see(login, pull).edit(state=state)
    pull.create_issue_comment("From the bot")
    stage.see("eve", pull).create_issue_comment("From eve")
    stage.see("ben", pull).create_review(body="Not sent yet")
    stage.see("cleo", pull).create_review(body="Fine", event="APPROVE")
    stage.clock.advance(timedelta(minutes=1))
    stage.see("cleo", pull).merge()
    who = "author { __typename login }"
    fields = f"""
      state closedAt mergedAt updatedAt viewerDidAuthor {who}
      timelineItems(last: 10) {{
        nodes {{
          __typename
          ... on ClosedEvent {{ createdAt actor {{ login }} }}
          ... on MergedEvent {{ createdAt actor {{ login }} }}
          ... on ReopenedEvent {{ createdAt actor {{ login }} }}
        }}
      }}
      closings: timelineItems(first: 1, itemTypes: [CLOSED_EVENT]) {{ filteredCount }}
      comments(last: 1) {{ totalCount nodes {{ body createdAt viewerDidAuthor {who} }} }}
      reviews(first: 5) {{ nodes {{ body state submittedAt viewerDidAuthor {who} }} }}
      files(first: 5) {{ totalCount nodes {{ path }} }}
    """
    query = inside(f"pullRequest(number: {pull.number}) {{ {fields} }}")
    seen = repository_of(ask(stage, query, token="token-of-eve"))["pullRequest"]
    assert seen["author"] == {"__typename": "Bot", "login": "assent"}
    assert (seen["state"], seen["viewerDidAuthor"]) == ("MERGED", False)
    assert seen["closedAt"] == seen["mergedAt"] == seen["updatedAt"] == "2021-03-04T10:03:00Z"
    assert [
        (node["__typename"], node["actor"]["login"], node["createdAt"][14:16])
        for node in seen["timelineItems"]["nodes"]
    ] == [
        ("ClosedEvent", "ben", "01"),
        ("ReopenedEvent", "cleo", "02"),
        ("MergedEvent", "cleo", "03"),
        ("ClosedEvent", "cleo", "03"),
    ]
    assert seen["closings"] == {"filteredCount": 2}
    eve = {"__typename": "User", "login": "eve"}
    assert seen["comments"] == {
        "totalCount": 2,
        "nodes": [
            {
                "body": "From eve",
                "createdAt": "2021-03-04T10:02:00Z",
                "viewerDidAuthor": True,
                "author": eve,
            }
        ],
    }
    (review,) = seen["reviews"]["nodes"]
    assert (review["body"], review["state"], review["author"]["login"]) == (
        "Fine",
        "APPROVED",
        "cleo",
    )
    assert seen["files"] == {"totalCount": 1, "nodes": [{"path": "promotions/dev/churn/7.yaml"}]}


def test_a_page_leads_to_the_next(stage: Any) -> None:  # noqa: ANN401
    """By a cursor that holds its place when something moves to the front meanwhile."""
    ben = stage.as_person("ben")
    for number in range(1, 6):
        stage.propose(ben, f"b{number}", f"f{number}.txt")
        stage.clock.advance(timedelta(minutes=1))

    def page(arguments: str) -> tuple[list[int], Any]:
        fields = "totalCount nodes { number } pageInfo { hasNextPage endCursor }"
        query = inside(f"pullRequests({arguments}) {{ {fields} }}")
        seen = repository_of(ask(stage, query))["pullRequests"]
        assert seen["totalCount"] == 5
        cursor = seen["pageInfo"]["endCursor"] if seen["pageInfo"]["hasNextPage"] else None
        return [node["number"] for node in seen["nodes"]], cursor

    oldest, cursor = page("first: 3")
    assert (oldest, page(f'first: 3, after: "{cursor}"')) == ([1, 2, 3], ([4, 5], None))
    latest = "first: 2, orderBy: {field: UPDATED_AT, direction: DESC}"
    numbers, cursor = page(latest)
    assert numbers == [5, 4]
    ben.get_pull(2).create_issue_comment("Moves to the front")
    assert page(f'{latest}, after: "{cursor}"') == ([3, 1], None)
    assert page(latest)[0] == [2, 5]


def test_issues_are_read_by_label_and_state(stage: Any) -> None:  # noqa: ANN401
    """Pull requests are none; a body that was never given is an empty one."""
    bot, ben = stage.as_bot(), stage.as_person("ben")
    own = bot.create_issue("Own", labels=["assent: drift"])
    other = ben.create_issue("Other", body="Text", labels=["Assent: Drift", "x"])
    bot.create_issue("Closed", labels=["assent: drift"]).edit(state="closed")
    bot.create_issue("Unlabelled")
    stage.propose(bot).add_to_labels("assent: drift")
    wanted = 'labels: ["assent: drift"], states: [OPEN], first: 5'
    query = inside(f"issues({wanted}) {{ nodes {{ number body state viewerDidAuthor }} }}")
    nodes = repository_of(ask(stage, query, token=stage.bot_token()))["issues"]["nodes"]
    assert nodes == [
        {"number": own.number, "body": "", "state": "OPEN", "viewerDidAuthor": True},
        {"number": other.number, "body": "Text", "state": "OPEN", "viewerDidAuthor": False},
    ]


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [
        ("contents", 'ref(qualifiedName: "refs/heads/main") { name }'),
        ("pull_requests", "pullRequests(first: 1) { totalCount }"),
        ("issues", "issues(first: 1) { totalCount }"),
    ],
)
def test_a_token_reads_what_it_has_a_permission_for(
    stage: Any,  # noqa: ANN401
    permission: str,
    allowed: str,
) -> None:
    """Each part of a repository has its own; the others are refused by name."""
    token = stage.bot_token({permission: "read"})
    everything = (
        'ref(qualifiedName: "refs/heads/main") { name }',
        "pullRequests(first: 1) { totalCount }",
        "issues(first: 1) { totalCount }",
    )
    for fields in everything:
        errors = ask(stage, inside(fields), token=token).json().get("errors", [])
        kinds = [(error["type"], error["message"]) for error in errors]
        refused = [("FORBIDDEN", "Resource not accessible by integration")]
        assert kinds == ([] if fields == allowed else refused)


def test_a_commit_shows_its_pull_requests_to_whoever_may_read_both(stage: Any) -> None:  # noqa: ANN401
    """The commit takes one permission, the pull requests that brought it another."""
    pull = stage.propose(stage.as_bot())
    for login in ("ada", "ben"):
        stage.as_person(login).get_pull(pull.number).create_review(event="APPROVE")
    merged = stage.as_person("ada").get_pull(pull.number).merge().sha
    commit = "... on Commit { associatedPullRequests(first: 1) { nodes { number merged } } }"
    query = inside(f'object(oid: "{merged}") {{ oid {commit} }}')
    both = {"contents": "read", "pull_requests": "read"}
    seen = repository_of(ask(stage, query, token=stage.bot_token(both)))["object"]
    assert seen["associatedPullRequests"] == {"nodes": [{"number": pull.number, "merged": True}]}
    one = ask(stage, query, token=stage.bot_token({"contents": "read"})).json()
    assert [error["type"] for error in one["errors"]] == ["FORBIDDEN"]
    assert one["data"]["repository"]["object"]["associatedPullRequests"] is None
