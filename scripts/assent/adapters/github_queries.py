"""What is asked of GitHub by GraphQL, and how the answers are read.

By GraphQL one request sees one moment; several REST calls could each see another. It is also the
only way to ask whether the App itself wrote something.
"""

from datetime import datetime
from typing import Any

from assent.core.forge import (
    Conversation,
    IssueReport,
    Labelling,
    ProposalState,
    PullRequestState,
    Remark,
    Turn,
    TurnKind,
)

__all__ = [
    "CONVERSATION",
    "ISSUES",
    "PULL_REQUEST",
    "PULL_REQUESTS",
    "Node",
    "login_of",
    "read_conversation",
    "read_issue",
    "read_pull_request",
    "some",
]

Node = dict[str, Any]

_PULL = """
fragment Pull on PullRequest {
  number url state headRefName headRefOid baseRefName isCrossRepository updatedAt closedAt
  author { __typename login }
  timelineItems(itemTypes: [REOPENED_EVENT], first: 1) { nodes { __typename } }
}
"""

PULL_REQUEST = f"""
query PullRequest($owner: String!, $name: String!, $number: Int!) {{
  repository(owner: $owner, name: $name) {{ pullRequest(number: $number) {{ ...Pull }} }}
}}
{_PULL}"""

PULL_REQUESTS = f"""
query PullRequests($owner: String!, $name: String!, $base: String!, $after: String) {{
  repository(owner: $owner, name: $name) {{
    pullRequests(baseRefName: $base, first: 50, after: $after,
                 orderBy: {{field: UPDATED_AT, direction: DESC}}) {{
      nodes {{ ...Pull }}
      pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}
{_PULL}"""

CONVERSATION = """
query Conversation($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      url state
      timelineItems(itemTypes: [CLOSED_EVENT, REOPENED_EVENT], last: 100) {
        nodes {
          __typename
          ... on ClosedEvent { createdAt actor { __typename login } closer { __typename } }
          ... on ReopenedEvent { createdAt actor { __typename login } }
        }
      }
      labellings: timelineItems(itemTypes: [LABELED_EVENT, UNLABELED_EVENT], last: 100) {
        nodes {
          __typename
          ... on LabeledEvent { createdAt actor { __typename login } label { name } }
          ... on UnlabeledEvent { createdAt actor { __typename login } label { name } }
        }
      }
      comments(last: 100) { nodes { author { __typename login } createdAt body viewerDidAuthor } }
      reviews(last: 100) {
        nodes { author { __typename login } submittedAt body viewerDidAuthor state }
      }
      files(first: 100) { nodes { path } }
    }
  }
}
"""

ISSUES = """
query Issues($owner: String!, $name: String!, $label: String!, $after: String) {
  repository(owner: $owner, name: $name) {
    issues(labels: [$label], states: [OPEN], first: 100, after: $after,
           orderBy: {field: CREATED_AT, direction: ASC}) {
      nodes {
        number url title body viewerDidAuthor
        comments(last: 50) { nodes { body viewerDidAuthor } }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""

_TURNS = {"ClosedEvent": TurnKind.CLOSED, "ReopenedEvent": TurnKind.REOPENED}
_ADDED = {"LabeledEvent": True, "UnlabeledEvent": False}


def read_pull_request(node: Node) -> PullRequestState:
    """Read a `Pull`."""
    closed = node["closedAt"]
    return PullRequestState(
        number=node["number"],
        url=node["url"],
        state=ProposalState(node["state"].lower()),
        author=login_of(node["author"]),
        branch=node["headRefName"],
        head=node["headRefOid"],
        updated_at=datetime.fromisoformat(node["updatedAt"]),
        closed_at=None if closed is None else datetime.fromisoformat(closed),
        reopened=bool(some(node["timelineItems"])),
    )


def read_conversation(pull: Node) -> Conversation:
    """Read the answer to `CONVERSATION`."""
    turns = [
        Turn(
            kind=_TURNS[node["__typename"]],
            by=login_of(node["actor"]),
            at=datetime.fromisoformat(node["createdAt"]),
            referred=node.get("closer") is not None,
        )
        for node in some(pull["timelineItems"])
        if node["__typename"] in _TURNS
    ]
    # GitHub closes what it merges; nothing is reopened after that.
    while pull["state"] == "MERGED" and turns and turns[-1].kind is TurnKind.CLOSED:
        turns.pop()
    remarks = [_remark(node, node["createdAt"]) for node in some(pull["comments"])]
    remarks += [
        _remark(node, node["submittedAt"])
        for node in some(pull["reviews"])
        if node["body"].strip() and node["submittedAt"] is not None
    ]
    return Conversation(
        turns=tuple(turns),
        remarks=tuple(sorted(remarks, key=lambda remark: remark.at)),
        files=tuple(node["path"] for node in some(pull["files"])),
        labellings=tuple(
            Labelling(
                label=node["label"]["name"],
                by=login_of(node["actor"]),
                at=datetime.fromisoformat(node["createdAt"]),
                added=_ADDED[node["__typename"]],
            )
            for node in some(pull["labellings"])
            if node["__typename"] in _ADDED
        ),
        url=pull["url"],
    )


def read_issue(node: Node) -> IssueReport:
    """Read an issue of `ISSUES`."""
    return IssueReport(
        number=node["number"],
        url=node["url"],
        title=node["title"],
        body=node["body"],
        said=tuple(each["body"] for each in some(node["comments"]) if each["viewerDidAuthor"]),
    )


def login_of(actor: Node | None) -> str:
    """The login of whoever acted, as REST writes it.

    GraphQL leaves `[bot]` off an App's login, and gives nobody for a deleted account.
    """
    if actor is None:
        return "ghost"
    login: str = actor["login"]
    is_bot = actor["__typename"] == "Bot" and not login.endswith("[bot]")
    return f"{login}[bot]" if is_bot else login


def some(connection: Node | None) -> list[Node]:
    """The nodes of a connection; by the schema it may be null, and so may each of them."""
    nodes: list[Node | None] = (connection or {}).get("nodes") or []
    return [node for node in nodes if node is not None]


def _remark(node: Node, at: str) -> Remark:
    return Remark(
        by=login_of(node["author"]),
        at=datetime.fromisoformat(at),
        text=node["body"],
        own=node["viewerDidAuthor"],
    )
