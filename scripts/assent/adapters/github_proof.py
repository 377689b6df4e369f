"""What is asked of GitHub of the pull requests that brought a record, and how that is read.

All of it comes by one query, at one moment: who reviewed which commit, what record each commit
held, who wrote those that changed it, and which files came along. Only what is longer than a page
takes further ones. Nothing that is missing is taken for nothing: it ends without a verdict.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from assent.adapters.github_errors import GitHubRefused
from assent.adapters.github_queries import Node, login_of
from assent.core.approval import Bringing, Review, ReviewState, WrittenCommit

__all__ = ["BROUGHT", "Asking", "Listed", "read_brought"]

Asking = Callable[..., Node]
"""Sends a query with variables, and gives the answer's repository."""
Listed = dict[tuple[int, str], tuple[str, ...]]
"""The files of merged pull requests, by number and last commit."""

_PARTS = """
fragment Reviews on PullRequestReviewConnection {
  nodes { author { __typename login } state submittedAt
          commit { oid file(path: $path) { oid mode } } }
  pageInfo { hasNextPage endCursor }
}
fragment Commits on PullRequestCommitConnection {
  nodes { commit {
    oid file(path: $path) { oid mode }
    parents(first: 1) { nodes { oid file(path: $path) { oid mode } } }
    authors(first: 20) { totalCount nodes { email user { login } } }
    committer { email user { login } }
  } }
  pageInfo { hasNextPage endCursor }
}
fragment Files on PullRequestChangedFileConnection {
  nodes { path }
  pageInfo { hasNextPage endCursor }
}
"""

BROUGHT = f"""
query Brought($owner: String!, $name: String!, $commit: GitObjectID!, $path: String!,
              $after: String) {{
  repository(owner: $owner, name: $name) {{
    object(oid: $commit) {{
      ... on Commit {{
        associatedPullRequests(first: 5, after: $after) {{
          nodes {{
            number url merged mergedAt baseRefName headRefOid
            author {{ __typename login }}
            mergedBy {{ __typename login }}
            mergeCommit {{ oid }}
            reviews(first: 100) {{ ...Reviews }}
            commits(first: 100) {{ ...Commits }}
            files(first: 100) {{ ...Files }}
          }}
          pageInfo {{ hasNextPage endCursor }}
        }}
      }}
    }}
  }}
}}
{_PARTS}"""

_FURTHER = {
    "reviews": ("Reviews", True),
    "commits": ("Commits", True),
    "files": ("Files", False),
}
"""By connection: the fragment, and whether it asks for the record."""
_COMMITS_SHOWN = 250
"""Commits of a pull request that GitHub lists; of more it shows only so many."""
_FILES_SHOWN = 3_000
"""Likewise files."""
_FILE = 0o100644
"""The mode of a plain file."""
_WEB = "web-flow"
"""As whom GitHub commits what is done on its pages."""
_BOT = "[bot]"
_OWN_ADDRESS = "@users.noreply.github.com"
_STATES = {
    "APPROVED": ReviewState.APPROVED,
    "CHANGES_REQUESTED": ReviewState.CHANGES_REQUESTED,
    "DISMISSED": ReviewState.DISMISSED,
}


def read_brought(
    ask: Asking, commit: str, path: str, branch: str, listed: Listed | None = None
) -> list[Bringing]:
    """The merged pull requests to a branch that brought a commit, its own first.

    Args:
        ask: Sends a query.
        commit: The commit.
        path: The record's.
        branch: The branch that counts.
        listed: Keeps the files of long pull requests between calls, each of which would otherwise
            ask for page after page of them again; those of a merged one do not change.

    Raises:
        GitHubRefused: Part of what is needed is not shown.
    """
    found = [
        _Pull(ask, node, path, {} if listed is None else listed).read()
        for node in _pulls(ask, commit, path)
        if node["merged"] and node["baseRefName"] == branch
    ]
    return sorted(found, key=lambda each: each.merge_commit != commit)


def _pulls(ask: Asking, commit: str, path: str) -> Iterator[Node]:
    after: str | None = None
    while True:
        found = ask(BROUGHT, commit=commit, path=path, after=after)["object"]
        if not found:
            raise GitHubRefused(
                f"GitHub does not show commit {commit[:12]}",
                hint="The clone may be of another repository than github.repository says.",
            )
        page = found.get("associatedPullRequests")
        yield from _whole(page, f"the pull requests of commit {commit[:12]}")
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


class _Pull:
    """A merged pull request that is read."""

    def __init__(self, ask: Asking, node: Node, path: str, listed: Listed) -> None:
        self._ask = ask
        self._node = node
        self._path = path
        self._listed = listed
        self._number: int = node["number"]

    def read(self) -> Bringing:
        """Read it, with further pages where it is long."""
        node = self._node
        commits = [self._commit(each) for each in self._all("commits", _COMMITS_SHOWN)]
        heads = [each for each in commits if each["oid"] == node["headRefOid"]]
        if not heads:
            raise self._hidden("its last commit")
        merge_commit = node["mergeCommit"]
        return Bringing(
            number=self._number,
            url=node["url"],
            author=login_of(node["author"]),
            merged_at=datetime.fromisoformat(node["mergedAt"]),
            merged_by=login_of(node["mergedBy"]),
            merge_commit=None if merge_commit is None else merge_commit["oid"],
            head=node["headRefOid"],
            blob=_blob(heads[0]),
            reviews=self._reviews(),
            commits=tuple(each["oid"] for each in commits),
            written=tuple(self._written(each) for each in commits if self._touches(each)),
            files=self._files(),
        )

    def _files(self) -> tuple[str, ...]:
        key = self._number, self._node["headRefOid"]
        if key not in self._listed:
            found = self._all("files", _FILES_SHOWN)
            self._listed[key] = tuple(each["path"] for each in found)
        return self._listed[key]

    def _reviews(self) -> tuple[Review, ...]:
        found = [
            _review(node)
            for node in self._all("reviews")
            if node["state"] in _STATES and node["submittedAt"] is not None
        ]
        return tuple(sorted(found, key=lambda each: each.at))

    def _commit(self, node: Node) -> Node:
        commit: Node | None = node["commit"]
        if commit is None:
            raise self._hidden("a commit")
        return commit

    def _touches(self, commit: Node) -> bool:
        """Whether a commit changed the record from what its first parent held.

        What "Update branch" makes changes it from there only where main changed it.
        """
        parents = _whole(commit["parents"], f"the parents of commit {commit['oid'][:12]}")
        return _blob(commit) != (_blob(parents[0]) if parents else None)

    def _written(self, commit: Node) -> WrittenCommit:
        authors = commit["authors"]
        named = _whole(authors, f"the authors of commit {commit['oid'][:12]}")
        if authors["totalCount"] > len(named):
            raise self._hidden(f"some of those who wrote commit {commit['oid'][:12]}")
        by: dict[str, None] = {}
        unknown: dict[str, None] = {}
        for actor in [*named, *([commit["committer"]] if commit["committer"] else [])]:
            login = _writer(actor)
            if login is None:
                unknown[actor["email"] or "no address"] = None
            elif login != _WEB:
                by[login] = None
        return WrittenCommit(id=commit["oid"], by=tuple(by), unknown=tuple(unknown))

    def _all(self, connection: str, shown: int | None = None) -> list[Node]:
        """Every node of a connection.

        Args:
            connection: Its name.
            shown: As many as GitHub shows at most, so that nobody knows of more.
        """
        what = f"the {connection} of pull request {self._number}"
        page = self._node[connection]
        found = _whole(page, what)
        while page["pageInfo"]["hasNextPage"]:
            page = self._further(connection, page["pageInfo"]["endCursor"])
            found += _whole(page, what)
        if shown is not None and len(found) >= shown:
            raise GitHubRefused(
                f"pull request {self._number} has more {connection} than the {shown} that GitHub "
                "shows, so nobody knows all that it brought",
                hint="Bring the record to main by a smaller pull request.",
            )
        return found

    def _further(self, connection: str, after: str) -> Any:  # noqa: ANN401 - JSON
        fragment, with_path = _FURTHER[connection]
        query = _further_query(connection, fragment, with_path=with_path)
        variables: dict[str, object] = {"number": self._number, "after": after}
        if with_path:
            variables["path"] = self._path
        pull = self._ask(query, **variables)["pullRequest"]
        if pull is None:
            raise self._hidden(f"more of its {connection}")
        return pull[connection]

    def _hidden(self, what: str) -> GitHubRefused:
        return GitHubRefused(
            f"GitHub does not show {what} of pull request {self._number}, so nobody knows what "
            "it brought",
            hint="Try again; if it stays so, bring the record to main by a new pull request.",
        )


def _further_query(connection: str, fragment: str, *, with_path: bool) -> str:
    path = ", $path: String!" if with_path else ""
    (part,) = (each for each in _PARTS.split("\nfragment ") if each.startswith(f"{fragment} on "))
    return f"""
query Further($owner: String!, $name: String!, $number: Int!, $after: String{path}) {{
  repository(owner: $owner, name: $name) {{
    pullRequest(number: $number) {{ {connection}(first: 100, after: $after) {{ ...{fragment} }} }}
  }}
}}
fragment {part}"""


def _whole(connection: Node | None, what: str) -> list[Node]:
    """The nodes of a connection, none of which may be missing."""
    nodes: list[Node | None] | None = None if connection is None else connection["nodes"]
    if nodes is None or any(node is None for node in nodes):
        raise GitHubRefused(
            f"GitHub does not show {what}",
            hint="The App needs contents: read and pull_requests: read.",
        )
    return [node for node in nodes if node is not None]


def _review(node: Node) -> Review:
    author, commit = node["author"], node["commit"]
    return Review(
        by=login_of(author),
        state=_STATES[node["state"]],
        at=datetime.fromisoformat(node["submittedAt"]),
        commit="" if commit is None else commit["oid"],
        blob=None if commit is None else _blob(commit),
        is_bot=author is not None and author["__typename"] == "Bot",
    )


def _blob(commit: Node) -> str | None:
    """The record of a commit, where it holds it as a plain file."""
    entry = commit["file"]
    if entry is None or entry["mode"] != _FILE:
        return None
    oid: str = entry["oid"]
    return oid


def _writer(actor: Node) -> str | None:
    """The login of somebody whom a commit names; None where no account has the address.

    GitHub shows no account for a bot: what tells it is its address.
    """
    if actor["user"] is not None:
        login: str = actor["user"]["login"]
        return login
    address: str = actor["email"] or ""
    name = address.removesuffix(_OWN_ADDRESS).rpartition("+")[2]
    return name if name.endswith(_BOT) and address.endswith(_OWN_ADDRESS) else None
