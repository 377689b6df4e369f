"""Answers have the properties that GitHub's OpenAPI description requires, of the right types.

``github-openapi.json`` holds the required part of the response schemas, as JSON Schema.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from assent.sandbox.github import Protection

if TYPE_CHECKING:
    from tests.sandbox.github.conftest import Stage

DESCRIPTION = json.loads(
    Path(__file__).with_name("github-openapi.json").read_text(encoding="utf-8")
)
NAME = "acme/model-promotions"
PATH = "promotions/dev/churn/7.yaml"
PULL = "/pulls/1"

READS: list[tuple[str, str | list[str]]] = [
    ("", "repository"),
    ("//user", "private-user"),
    ("//orgs/acme/teams", ["team"]),
    ("//orgs/acme/teams/ml-approvers", "team-full"),
    ("//orgs/acme/teams/ml-approvers/members", ["simple-user"]),
    ("//orgs/acme/teams/ml-approvers/memberships/cleo", "team-membership"),
    ("/collaborators/cleo/permission", "repository-collaborator-permission"),
    ("/branches", ["short-branch"]),
    ("/branches/main", "branch-with-protection"),
    ("/branches/main/protection", "branch-protection"),
    ("/git/ref/heads/main", "git-ref"),
    ("/git/matching-refs/heads", ["git-ref"]),
    ("/git/trees/main?recursive=1", "git-tree"),
    (f"/contents/{PATH}?ref=promote", "content-file"),
    ("/contents", "content-directory"),
    ("/commits", ["commit"]),
    ("/commits/promote", "commit"),
    ("/compare/main...promote", "commit-comparison"),
    ("/commits/promote/pulls", ["pull-request-simple"]),
    ("/commits/promote/status", "combined-commit-status"),
    ("/pulls", ["pull-request-simple"]),
    (PULL, "pull-request"),
    (f"{PULL}/files", ["diff-entry"]),
    (f"{PULL}/commits", ["commit"]),
    (f"{PULL}/reviews", ["pull-request-review"]),
    (f"{PULL}/requested_reviewers", "pull-request-review-request"),
    ("/issues", ["issue"]),
    ("/issues/1", "issue"),
    ("/issues/1/comments", ["issue-comment"]),
    ("/issues/1/labels", ["label"]),
    ("/labels", ["label"]),
    ("/deployments", ["deployment"]),
]
"""A path, and the schema of what it answers; in a list, of each item."""


def check(value: object, schema: str | list[str]) -> None:
    """Hold a value against a schema of the description."""
    if isinstance(schema, list):
        assert isinstance(value, list)
        assert value, "an empty list conforms to everything"
        for item in value:
            check(item, schema[0])
        return
    assert schema in DESCRIPTION["$defs"], f"{schema} is not in the description"
    validator = Draft202012Validator({"$ref": f"#/$defs/{schema}", "$defs": DESCRIPTION["$defs"]})
    problems = [f"{e.json_path}: {e.message[:200]}" for e in validator.iter_errors(value)]
    assert not problems, "\n".join(problems)


@pytest.fixture
def busy(stage: "Stage") -> "Stage":
    """A repository in which everything that can be listed is there."""
    pull = stage.propose(stage.as_bot())
    pull.add_to_labels("promotion")
    pull.create_issue_comment("Hello")
    stage.see("ada", pull).create_review(body="Hm", event="COMMENT")
    commit = stage.as_person("ben").get_commit(pull.head.sha)
    commit.create_status("success", context="check")
    stage.as_person("ben").create_deployment("main")
    stage.hub.protect(NAME, "main", Protection(required_checks=("check",)))
    return stage


def test_what_is_read_conforms(busy: "Stage") -> None:
    """Every resource has its required properties, while open and after the merge."""
    for path, schema in READS:
        answer = busy.call("GET", path)
        assert answer.status_code == 200, path
        check(answer.json(), schema)
    merged = busy.call("PUT", f"{PULL}/merge")
    check(merged.json(), "pull-request-merge-result")
    check(busy.call("GET", PULL).json(), "pull-request")
    check(busy.call("GET", "/pulls?state=closed").json(), ["pull-request-simple"])


def test_what_is_written_conforms(busy: "Stage") -> None:
    """The answers to writes too, with the status that the description gives."""
    tip = busy.as_person("ben").get_branch("main").commit.sha
    content: dict[str, Any] = {"message": "m", "content": "YQ==", "branch": "new"}
    tree = [{"path": "a", "mode": "100644", "type": "blob", "content": "a"}]

    def send(method: str, path: str, body: object, status: int, schema: str | list[str]) -> Any:  # noqa: ANN401 - JSON
        answer = busy.call(method, path, body=body)
        assert answer.status_code == status, answer.text
        check(answer.json(), schema)
        return answer.json()

    send("POST", "/git/refs", {"ref": "refs/heads/new", "sha": tip}, 201, "git-ref")
    file = send("PUT", "/contents/a", content, 201, "file-commit")
    content["sha"] = file["content"]["sha"]
    send("PUT", "/contents/a", content, 200, "file-commit")
    send("POST", "/git/blobs", {"content": "a"}, 201, "short-blob")
    built = send("POST", "/git/trees", {"tree": tree}, 201, "git-tree")
    message = {"message": "m", "tree": built["sha"], "parents": [tip]}
    made = send("POST", "/git/commits", message, 201, "git-commit")
    send("PATCH", "/git/refs/heads/new", {"sha": made["sha"], "force": True}, 200, "git-ref")
    opened = send(
        "POST", "/pulls", {"title": "t", "head": "new", "base": "main"}, 201, "pull-request"
    )
    number = opened["number"]
    send("PATCH", f"/pulls/{number}", {"body": "b"}, 200, "pull-request")
    review = {"event": "COMMENT", "body": "b"}
    send("POST", f"/pulls/{number}/reviews", review, 200, "pull-request-review")
    asked = {"reviewers": ["ben"]}
    send("POST", f"/pulls/{number}/requested_reviewers", asked, 201, "pull-request-simple")
    send("POST", f"/issues/{number}/labels", {"labels": ["l"]}, 200, ["label"])
    send("POST", f"/issues/{number}/comments", {"body": "b"}, 201, "issue-comment")
    send("POST", "/issues", {"title": "t"}, 201, "issue")
    send("POST", "/labels", {"name": "n"}, 201, "label")
    send("POST", f"/statuses/{tip}", {"state": "success"}, 201, "status")
    deployment = send("POST", "/deployments", {"ref": "main"}, 201, "deployment")
    steps = f"/deployments/{deployment['id']}/statuses"
    send("POST", steps, {"state": "success"}, 201, "deployment-status")
    send(
        "PUT",
        "/branches/main/protection",
        {
            "required_status_checks": None,
            "enforce_admins": True,
            "required_pull_request_reviews": {},
            "restrictions": None,
        },
        200,
        "protected-branch",
    )


def test_what_an_app_is_told_conforms(stage: "Stage") -> None:
    """The App, its installation and its token."""
    with stage.integration() as integration:
        requester = integration.requester
        base = f"/app/installations/{stage.app.installation_id}"
        check(requester.requestJsonAndCheck("GET", "/app")[1], "integration")
        check(requester.requestJsonAndCheck("GET", base)[1], "installation")
        token = requester.requestJsonAndCheck("POST", f"{base}/access_tokens", input={})[1]
        check(token, "installation-token")


def test_refusals_conform(stage: "Stage") -> None:
    """A plain refusal and one with details have the shapes that clients parse."""
    check(stage.call("GET", "/pulls/9").json(), "basic-error")
    body = {"title": "t", "head": "x", "base": "main"}
    check(stage.call("POST", "/pulls", body=body).json(), "validation-error")


def test_the_check_can_fail() -> None:
    """A value without its required properties does not pass."""
    with pytest.raises(AssertionError, match="'sha' is a required property"):
        check({"ref": "refs/heads/x", "node_id": "x", "url": "x", "object": {}}, "git-ref")
