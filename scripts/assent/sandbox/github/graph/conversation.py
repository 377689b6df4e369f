"""Issues and pull requests as GraphQL shows them, with what was said and done on them.

A field is worked out when a query asks for it; most ask for few.
"""

import re
from http import HTTPStatus

from graphql import GraphQLError, GraphQLResolveInfo

from assent.sandbox.github.access import Needs, require
from assent.sandbox.github.calls import Call
from assent.sandbox.github.conversation import Comment, Event, Issue, Pull, Review
from assent.sandbox.github.errors import ApiError
from assent.sandbox.github.graph.blobs import blob_node
from assent.sandbox.github.graph.paging import Object, ends
from assent.sandbox.github.merging import commits_of, pulls_of_commit
from assent.sandbox.github.pushing import catch_up
from assent.sandbox.github.repositories import Repository
from assent.sandbox.github.reviewing import current_base, three_dot_difference
from assent.sandbox.github.routing import READ_PULLS
from assent.sandbox.github.views.people import maybe_timestamp, timestamp

__all__ = ["CommitNode", "Info", "IssueNode", "PullRequestNode", "admit", "state_of"]

Info = GraphQLResolveInfo[None]

_COMMITS_SHOWN = 250
"""As many commits of a pull request GitHub shows at most."""
_CO_AUTHOR = re.compile(
    r"^co-authored-by:\s*([^<\n]*?)\s*<([^>\n]+)>\s*$", re.MULTILINE | re.IGNORECASE
)

_TIMELINE = {
    "closed": ("CLOSED_EVENT", "ClosedEvent"),
    "labeled": ("LABELED_EVENT", "LabeledEvent"),
    "merged": ("MERGED_EVENT", "MergedEvent"),
    "reopened": ("REOPENED_EVENT", "ReopenedEvent"),
    "unlabeled": ("UNLABELED_EVENT", "UnlabeledEvent"),
}
"""What kind of item an event is, and its type."""


class _Node:
    """What issues and pull requests have in common."""

    def __init__(self, call: Call, repository: Repository, issue: Issue) -> None:
        self._call = call
        self._repository = repository
        self._issue = issue
        self.number = issue.number
        self.title = issue.title
        self.body = issue.body or ""

    @property
    def author(self) -> Object | None:
        return _actor(self._call, self._issue.author)

    @property
    def viewerDidAuthor(self) -> bool:  # noqa: N802 - the schema's field
        return self._issue.author == self._call.login

    def labels(self, _info: Info, first: int | None = None, last: int | None = None) -> Object:
        return ends(
            "labels", self._issue.labels, lambda name: {"name": name}, first=first, last=last
        )

    def comments(self, _info: Info, first: int | None = None, last: int | None = None) -> Object:
        """Return comments, oldest first."""
        return ends("comments", self._issue.comments, self._comment, first=first, last=last)

    def _page(self, kind: str) -> str:
        return self._call.links.web(f"/{self._repository.full_name}/{kind}/{self.number}")

    def _said(self, author: str, body: str) -> Object:
        return {
            "author": _actor(self._call, author),
            "body": body,
            "viewerDidAuthor": author == self._call.login,
        }

    def _comment(self, comment: Comment) -> Object:
        return self._said(comment.author, comment.body) | {
            "createdAt": timestamp(comment.created_at)
        }


class IssueNode(_Node):
    """An issue that is no pull request."""

    @property
    def url(self) -> str:
        """Its page."""
        return self._page("issues")

    @property
    def state(self) -> str:
        """Open or closed."""
        return self._issue.state.upper()


class PullRequestNode(_Node):
    """A pull request."""

    def __init__(self, call: Call, repository: Repository, issue: Issue) -> None:
        super().__init__(call, repository, issue)
        if issue.pull is None:
            raise TypeError(f"issue {issue.number} is no pull request")
        self._pull = issue.pull
        self.headRefName = self._pull.head_ref
        self.headRefOid = self._pull.head_sha
        self.baseRefName = self._pull.base_ref
        self.isCrossRepository = False  # there are no forks here

    @classmethod
    def current(cls, call: Call, repository: Repository, number: int) -> "PullRequestNode | None":
        """Return the pull request of a number, or that there is none."""
        try:
            issue, _ = catch_up(call.state, repository, number)
        except ApiError:
            return None
        return cls(call, repository, issue)

    @property
    def url(self) -> str:
        """Its page."""
        return self._page("pull")

    @property
    def state(self) -> str:
        """Open, closed or merged."""
        return state_of(self._issue, self._pull)

    @property
    def updatedAt(self) -> str:  # noqa: N802 - the schema's field
        """When it last changed, or was spoken on."""
        return timestamp(self._issue.updated_at)

    @property
    def closedAt(self) -> str | None:  # noqa: N802 - the schema's field
        """When it was closed or merged, unless it is open."""
        return maybe_timestamp(self._issue.closed_at)

    @property
    def mergedAt(self) -> str | None:  # noqa: N802 - the schema's field
        """When it was merged, if it was."""
        return maybe_timestamp(self._pull.merged_at)

    @property
    def merged(self) -> bool:
        """Whether it was merged."""
        return self._pull.merged_at is not None

    @property
    def mergedBy(self) -> Object | None:  # noqa: N802 - the schema's field
        """Who merged it, if somebody did."""
        by = self._pull.merged_by
        return None if by is None else _actor(self._call, by)

    @property
    def mergeCommit(self) -> "CommitNode | None":  # noqa: N802 - the schema's field
        """The commit that merging made, if it was merged."""
        sha = self._pull.merge_commit_sha
        return None if sha is None else self._commit(sha)

    def commits(
        self,
        _info: Info,
        first: int | None = None,
        last: int | None = None,
        after: str | None = None,
    ) -> Object:
        """Return the commits of its branch, oldest first, as many as GitHub shows."""
        shown = commits_of(self._repository, self._pull)[:_COMMITS_SHOWN]
        return ends(
            "commits",
            shown,
            lambda sha: {"commit": self._commit(sha)},
            first=first,
            last=last,
            after=after,
        )

    def _commit(self, sha: str) -> "CommitNode":
        return CommitNode(self._call, self._repository, sha)

    def reviews(
        self,
        _info: Info,
        first: int | None = None,
        last: int | None = None,
        after: str | None = None,
    ) -> Object:
        """Return reviews, oldest first; a pending one only to its author."""
        shown = [
            review
            for review in self._pull.reviews
            if review.state != "PENDING" or review.author == self._call.login
        ]
        return ends("reviews", shown, self._review, first=first, last=last, after=after)

    def files(
        self,
        _info: Info,
        first: int | None = None,
        last: int | None = None,
        after: str | None = None,
    ) -> Object:
        """Return the files that it changes since its branch left the base."""
        base = current_base(self._repository, self._pull)
        changes = three_dot_difference(self._repository, base, self._pull.head_sha)
        return ends(
            "files",
            changes,
            lambda change: {"path": change.path},
            first=first,
            last=last,
            after=after,
        )

    def timelineItems(  # noqa: N802 - the schema's field
        self,
        _info: Info,
        itemTypes: list[str] | None = None,  # noqa: N803 - the schema's argument
        first: int | None = None,
        last: int | None = None,
    ) -> Object:
        """Return closings, mergers, reopenings and labels; a merger closes too."""
        shown = [
            event
            for event in self._issue.events
            if event.name in _TIMELINE
            and (itemTypes is None or _TIMELINE[event.name][0] in itemTypes)
        ]
        return ends(
            "timelineItems", shown, self._event, first=first, last=last, count="filteredCount"
        )

    def _review(self, review: Review) -> Object:
        return self._said(review.author, review.body) | {
            "submittedAt": maybe_timestamp(review.submitted_at),
            "state": review.state,
            "commit": self._reviewed(review.commit_id),
        }

    def _reviewed(self, sha: str) -> "CommitNode | None":
        known = self._repository.git.commit(sha) is not None
        return self._commit(sha) if known else None

    def _event(self, event: Event) -> Object:
        return {
            "__typename": _TIMELINE[event.name][1],
            "actor": _actor(self._call, event.actor),
            "createdAt": timestamp(event.created_at),
            "closer": None,  # keywords such as "fixes #12" close nothing here
            "label": {"name": event.details.get("label")},
        }


class CommitNode:
    """A commit."""

    __typename = "Commit"  # by it GraphQL tells which kind of object it is

    def __init__(self, call: Call, repository: Repository, sha: str) -> None:
        self._call = call
        self._repository = repository
        self._commit = repository.git.objects.commit(sha)
        self.oid = sha

    def associatedPullRequests(  # noqa: N802 - the schema's field
        self, _info: Info, first: int | None = None, after: str | None = None
    ) -> Object:
        """Return the merged pull requests that brought it, or open ones that hold it."""
        admit(self._call, self._repository, READ_PULLS)
        return ends(
            "associatedPullRequests",
            pulls_of_commit(self._repository, self.oid),
            lambda issue: PullRequestNode(self._call, self._repository, issue),
            first=first,
            last=None,
            after=after,
        )

    def authors(self, _info: Info, first: int | None = None, last: int | None = None) -> Object:
        """Return the author, and those whom its message names as co-authors."""
        author = self._commit.author
        named = [(author.name, author.email), *_CO_AUTHOR.findall(self._commit.message)]
        return ends("authors", named, self._git_actor, first=first, last=last)

    @property
    def committer(self) -> Object:
        """Who committed it."""
        committer = self._commit.committer
        return self._git_actor((committer.name, committer.email))

    def file(self, _info: Info, path: str) -> Object | None:
        """Return what it holds at a path."""
        git = self._repository.git
        entry = git.entry_at(self._commit.tree, path)
        if entry is None or not path:
            return None
        found: Object = {"__typename": "Tree", "oid": entry.sha}
        if entry.kind == "blob":
            found = blob_node(entry.sha, git.objects.blob(entry.sha))
        return {
            "name": path.rpartition("/")[2],
            "path": path,
            "mode": int(entry.mode, 8),
            "type": entry.kind,
            "oid": entry.sha,
            "object": found,
        }

    def parents(self, _info: Info, first: int | None = None, last: int | None = None) -> Object:
        """Return its parents."""
        return ends(
            "parents",
            self._commit.parents,
            lambda sha: CommitNode(self._call, self._repository, sha),
            first=first,
            last=last,
        )

    def _git_actor(self, named: tuple[str, str]) -> Object:
        """Show whom a commit names; with an account where a person has that address."""
        name, email = named
        account = self._call.state.account_by_email(email)
        user = None if account is None or account.kind != "User" else {"login": account.login}
        return {"name": name, "email": email, "user": user}


def admit(call: Call, repository: Repository, needs: Needs) -> None:
    """Refuse a caller who may not see what is asked for."""
    try:
        require(call.state, call.actor, repository, needs)
    except ApiError as refusal:
        kind = "NOT_FOUND" if refusal.status is HTTPStatus.NOT_FOUND else "FORBIDDEN"
        raise GraphQLError(refusal.message, extensions={"type": kind}) from refusal


def state_of(issue: Issue, pull: Pull) -> str:
    """Return a pull request's state, of which GraphQL has one more than REST."""
    return "MERGED" if pull.merged_at else issue.state.upper()


def _actor(call: Call, login: str) -> Object | None:
    """Show an account as one that acts: a bot without its suffix, a deleted one not at all."""
    try:
        account = call.state.account(login)
    except ApiError:
        return None
    if account.login == "ghost":
        return None
    kind = "Bot" if account.kind == "Bot" else "User"
    return {"__typename": kind, "login": account.login.removesuffix("[bot]")}
