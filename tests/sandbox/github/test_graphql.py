"""The part of GitHub's GraphQL API that the sandbox answers."""

import json
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import requests
from graphql import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType

from assent.sandbox.github.routes.graphql import published_schema

PUBLISHED = json.loads((Path(__file__).parent / "github-graphql.json").read_text())["types"]
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

UNPAGED = """
query { repository(owner: "acme", name: "model-promotions") { pullRequests { totalCount } } }
"""


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
    assert compared >= 30


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
        (UNPAGED, "`first` or `last`"),
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
