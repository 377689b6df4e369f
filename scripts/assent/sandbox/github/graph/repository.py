"""A repository as GraphQL shows it: references, files, issues and pull requests."""

from collections.abc import Callable
from typing import Any

from graphql import GraphQLError

from assent.sandbox.github.access import Needs, role_of
from assent.sandbox.github.accounts import Role
from assent.sandbox.github.calls import Call
from assent.sandbox.github.conversation import Issue, Pull
from assent.sandbox.github.errors import ApiError
from assent.sandbox.github.graph.blobs import blob_node
from assent.sandbox.github.graph.committing import create_commit_on_branch
from assent.sandbox.github.graph.conversation import (
    CommitNode,
    Info,
    IssueNode,
    PullRequestNode,
    admit,
    state_of,
)
from assent.sandbox.github.graph.paging import Object, named_page, ordered_page
from assent.sandbox.github.repositories import Repository
from assent.sandbox.github.routing import READ_CONTENTS, READ_PULLS

__all__ = ["Root"]

_HEADS = "refs/heads/"
# By REST a permission for pull requests also reads issues; here every connection has its own.
_READ_ISSUES = Needs(permissions=("issues",), level="read", role=Role.READ)


class Root:
    """Resolvers of `Query` and `Mutation`."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def repository(
        self,
        _info: Info,
        owner: str,
        name: str,
        followRenames: bool = True,  # noqa: ARG002, N803, FBT001, FBT002 - the schema's argument
    ) -> "RepositoryNode":
        """Return a repository that the caller may see."""
        call = self._call
        try:
            repository = call.state.repository(f"{owner}/{name}")
        except ApiError:
            repository = None
        if repository is None or role_of(call.state, call.actor, repository) < Role.READ:
            raise GraphQLError(
                f"Could not resolve to a Repository with the name '{owner}/{name}'.",
                extensions={"type": "NOT_FOUND"},
            )
        return RepositoryNode(call, repository)

    def createCommitOnBranch(  # noqa: N802 - the schema's field
        self,
        _info: Info,
        input: dict[str, Any],  # noqa: A002 - the schema's argument
    ) -> Object:
        """Commit files to a branch."""
        return create_commit_on_branch(self._call, input)


class RepositoryNode:
    """A repository."""

    def __init__(self, call: Call, repository: Repository) -> None:
        self._call = call
        self._repository = repository
        self.name = repository.name
        self.nameWithOwner = repository.full_name

    def ref(self, _info: Info, qualifiedName: str) -> Object | None:  # noqa: N803 - the schema's argument
        """Return a reference by its name."""
        self._admit(READ_CONTENTS)
        full = qualifiedName if qualifiedName.startswith("refs/") else f"refs/{qualifiedName}"
        sha = self._repository.git.refs.read(full)
        return None if sha is None else self._ref(full, sha)

    def refs(
        self,
        _info: Info,
        refPrefix: str,  # noqa: N803 - the schema's argument
        first: int | None = None,
        after: str | None = None,
    ) -> Object | None:
        """Return the references below a prefix, by name; none where it does not end a part."""
        self._admit(READ_CONTENTS)
        if not refPrefix.startswith("refs/") or not refPrefix.endswith("/"):
            return None
        found = self._repository.git.refs.under(refPrefix)
        return named_page("refs", found, self._ref, first=first, after=after)

    def _ref(self, full: str, sha: str) -> Object:
        prefix, _, name = full.rpartition("/")
        branch = None
        if full.startswith(_HEADS):
            prefix, name = _HEADS.removesuffix("/"), full.removeprefix(_HEADS)
            branch = name

        def associated(_info: Info, **paging: Any) -> Object:  # noqa: ANN401 - the schema's arguments
            return self._page_of_pulls(lambda _, pull: pull.head_ref == branch, **paging)

        return {
            "name": name,
            "prefix": f"{prefix}/",
            "target": CommitNode(self._call, self._repository, sha),
            "associatedPullRequests": associated,
        }

    def object(
        self, _info: Info, oid: str | None = None, expression: str | None = None
    ) -> Object | CommitNode | None:
        """Return a commit, a folder or a file: `revision` or `revision:path`."""
        self._admit(READ_CONTENTS)
        git = self._repository.git
        revision, _, path = (expression or oid or "").partition(":")
        sha = git.resolve(revision)
        if sha is None:
            return None
        if not path:
            return CommitNode(self._call, self._repository, sha)
        entry = git.entry_at(git.objects.commit(sha).tree, path)
        if entry is None:
            return None
        if entry.kind != "blob":
            return {"__typename": "Tree", "oid": entry.sha}
        return blob_node(entry.sha, git.objects.blob(entry.sha))

    def issues(
        self,
        _info: Info,
        *,
        labels: list[str] | None = None,
        states: list[str] | None = None,
        first: int | None = None,
        after: str | None = None,
        orderBy: dict[str, str] | None = None,  # noqa: N803 - the schema's argument
    ) -> Object:
        """Return issues that are no pull requests; with any of the labels, if some are given."""
        self._admit(_READ_ISSUES)
        wanted = None if labels is None else {name.lower() for name in labels}
        found = [
            issue
            for issue in list(self._repository.issues.values())
            if issue.pull is None
            and (states is None or issue.state.upper() in states)
            and (wanted is None or any(name.lower() in wanted for name in issue.labels))
        ]
        return ordered_page(
            "issues",
            found,
            lambda issue: IssueNode(self._call, self._repository, issue),
            order=orderBy,
            first=first,
            after=after,
        )

    def pullRequest(self, _info: Info, number: int) -> PullRequestNode:  # noqa: N802 - the schema's field
        """Return a pull request by its number."""
        self._admit(READ_PULLS)
        found = PullRequestNode.current(self._call, self._repository, number)
        if found is None:
            raise GraphQLError(
                f"Could not resolve to a PullRequest with the number of {number}.",
                extensions={"type": "NOT_FOUND"},
            )
        return found

    def pullRequests(  # noqa: N802 - the schema's field
        self,
        _info: Info,
        *,
        headRefName: str | None = None,  # noqa: N803 - the schema's argument
        baseRefName: str | None = None,  # noqa: N803 - likewise
        labels: list[str] | None = None,
        states: list[str] | None = None,
        first: int | None = None,
        after: str | None = None,
        orderBy: dict[str, str] | None = None,  # noqa: N803 - likewise
    ) -> Object:
        """Return pull requests by branch, base, state, and any of some labels."""
        self._admit(READ_PULLS)
        wanted = None if labels is None else {name.lower() for name in labels}

        def admits(issue: Issue, pull: Pull) -> bool:
            return (
                headRefName in (None, pull.head_ref)
                and baseRefName in (None, pull.base_ref)
                and (states is None or state_of(issue, pull) in states)
                and (wanted is None or any(name.lower() in wanted for name in issue.labels))
            )

        return self._page_of_pulls(admits, first=first, after=after, orderBy=orderBy)

    def _page_of_pulls(
        self,
        admits: Callable[[Issue, Pull], bool],
        *,
        first: int | None = None,
        after: str | None = None,
        orderBy: dict[str, str] | None = None,  # noqa: N803 - the schema's argument
    ) -> Object:
        return ordered_page(
            "pullRequests",
            [issue for issue, pull in self._repository.pulls() if admits(issue, pull)],
            lambda issue: PullRequestNode(self._call, self._repository, issue),
            order=orderBy,
            first=first,
            after=after,
        )

    def _admit(self, needs: Needs) -> None:
        admit(self._call, self._repository, needs)
