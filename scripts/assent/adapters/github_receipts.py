"""The receipts branch on GitHub: read at one commit, and added to by signed commits.

`createCommitOnBranch` makes one commit of many files, signs it, and takes the tip that it has to
come on top of, so that of two writers one is refused. It needs a branch that exists; the first
commit is made piece by piece, its reference last.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from github import Github

from assent.adapters.github_errors import GitHubRefused, translated
from assent.adapters.github_queries import Node
from assent.ports import NotThere, ReceiptFiles

__all__ = ["GitHubReceipts"]

_A_QUERY = 50
"""As many files one query reads."""
_FILE = "100644"


@cache
def _query(files: int, *, at_tip: bool) -> str:
    """The query for a number of files that its variables name; only numbers are in its text."""
    places = range(files)
    asked = "".join(f", $file{place}: String!" for place in places)
    read = " ".join(
        f"file{place}: file(path: $file{place}) {{ object {{ ...File }} }}" for place in places
    )
    commit = f"oid ... on Commit {{ {read} }}"
    found = (
        f"ref(qualifiedName: $ref) {{ target {{ {commit} }} }}"
        if at_tip
        else f"object(oid: $commit) {{ {commit} }}"
    )
    which = "$ref: String!" if at_tip else "$commit: GitObjectID!"
    return f"""
query Receipts($owner: String!, $name: String!, {which}{asked}) {{
  repository(owner: $owner, name: $name) {{
    {found}
  }}
}}
fragment File on Blob {{ text isTruncated isBinary }}
"""


_APPEND = """
mutation Append($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid } }
}
"""


class GitHubReceipts:
    """The `ReceiptLog` port over GitHub's API. Not safe across threads, as PyGithub is not.

    Args:
        client: From `connect`.
        repository: `owner/name`.
        branch: The branch that holds receipts.
    """

    def __init__(self, client: Github, repository: str, branch: str) -> None:
        self._client = client
        self._name = repository
        self._branch = branch

    def read(self, paths: Sequence[str], /) -> ReceiptFiles:
        """See `ports.ReceiptLog`. All are of one commit, however many queries it takes."""
        first, rest = paths[:_A_QUERY], paths[_A_QUERY:]
        ref = f"refs/heads/{self._branch}"
        found = self._asked(_query(len(first), at_tip=True), first, ref=ref)["ref"]
        if found is None:
            return ReceiptFiles(tip=None, files={})
        commit: str = found["target"]["oid"]
        files = _read(found["target"], first)
        while rest:
            part, rest = rest[:_A_QUERY], rest[_A_QUERY:]
            query = _query(len(part), at_tip=False)
            files |= _read(self._asked(query, part, commit=commit)["object"], part)
        return ReceiptFiles(tip=commit, files=files)

    def append(self, tip: str | None, files: Mapping[str, bytes], message: str, /) -> str:
        """See `ports.ReceiptLog`."""
        if tip is None:
            return self._begin(files, message)
        headline, _, body = message.partition("\n\n")
        additions = [
            {"path": path, "contents": b64encode(content).decode()}
            for path, content in files.items()
        ]
        wanted = {
            "branch": {"repositoryNameWithOwner": self._name, "branchName": self._branch},
            "message": {"headline": headline, "body": body},
            "expectedHeadOid": tip,
            "fileChanges": {"additions": additions},
        }
        with translated(f"committing to {self._branch}"):
            _, answer = self._client.requester.graphql_query(_APPEND, {"input": wanted})
        commit: str = answer["data"]["createCommitOnBranch"]["commit"]["oid"]
        return commit

    def _begin(self, files: Mapping[str, bytes], message: str) -> str:
        """Make the branch. Whoever is cut off before its end leaves nothing that anybody sees."""
        entries = [
            {"path": path, "mode": _FILE, "type": "blob", "content": content.decode()}
            for path, content in files.items()
        ]
        tree = self._sent("git/trees", tree=entries)["sha"]
        # A commit without an author of our own is signed by GitHub in the App's name.
        commit: str = self._sent("git/commits", message=message, tree=tree, parents=[])["sha"]
        self._sent("git/refs", ref=f"refs/heads/{self._branch}", sha=commit)
        return commit

    def _sent(self, path: str, **content: object) -> Any:  # noqa: ANN401 - JSON
        with translated(f"beginning the branch {self._branch}"):
            _, answer = self._client.requester.requestJsonAndCheck(
                "POST", f"/repos/{self._name}/{path}", input=content
            )
        return answer

    def _asked(self, query: str, paths: Sequence[str], **variables: str) -> Node:
        owner, name = self._name.split("/")
        files = {f"file{place}": path for place, path in enumerate(paths)}
        with translated(f"reading the branch {self._branch}"):
            _, answer = self._client.requester.graphql_query(
                query, {"owner": owner, "name": name, **variables, **files}
            )
        repository: Node | None = answer["data"]["repository"]
        if repository is None:
            raise NotThere(
                f"GitHub shows no repository {self._name} while reading receipts",
                hint="Check github.repository in assent.yaml, and that the App is installed there.",
            )
        return repository


def _read(commit: Node | None, paths: Sequence[str]) -> dict[str, bytes]:
    """The files that a commit has of those asked for.

    Raises:
        GitHubRefused: One is not shown whole.
    """
    if commit is None:
        raise GitHubRefused("GitHub does not show a commit of the receipts branch that it named")
    files = {}
    for place, path in enumerate(paths):
        entry = commit[f"file{place}"]
        if entry is None:
            continue
        blob = entry["object"] or {}
        text = blob.get("text")
        if not isinstance(text, str) or blob.get("isTruncated") or blob.get("isBinary"):
            raise GitHubRefused(f"GitHub does not show {path} of the receipts branch whole")
        files[path] = text.encode()
    return files
