"""What the flows need from GitHub."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from assent.core.approval import Bringing
from assent.core.deployment import Deployed, Deployment
from assent.core.forge import (
    Branch,
    Conversation,
    IssueReport,
    OpenedPullRequest,
    OpenPullRequest,
    PromotionView,
    PullRequestState,
)

__all__ = ["Deployments", "Forge"]


class Forge(Protocol):
    """GitHub, as far as promotions need it."""

    def configuration(self) -> bytes:
        """`assent.yaml` of the branch that counts.

        Raises:
            NotThere: The branch has none.
        """
        ...

    def promotion(
        self,
        path: str,
        branch: str,
        /,
        *,
        beside: Sequence[str] = (),
        other: str | None = None,
        label: str | None = None,
    ) -> PromotionView:
        """Everything that proposing needs to know, in one request: one consistent moment.

        Args:
            path: The record's.
            branch: The promotion's own.
            beside: Other files of the branch that counts, to be read too.
            other: Another branch whose pull requests are listed too.
            label: What open pull requests carry that are listed too.
        """
        ...

    def file(self, path: str, commit: str, /) -> bytes | None:
        """A file in a commit or branch; None where there is none.

        Raises:
            NoReadableFile: It is too large, or no file.
        """
        ...

    def create_branch(self, name: str, commit: str, /) -> None:
        """Create a branch.

        Raises:
            AlreadyThere: It exists.
        """
        ...

    def commit_files(self, parent: str, files: Mapping[str, bytes], message: str, /) -> str:
        """Make a commit that adds files to what another one holds; returns its id.

        Nobody sees it before a branch names it, so that whoever is cut off leaves nothing behind.
        """
        ...

    def move_branch(self, name: str, commit: str, /) -> None:
        """Let a branch that exists name another commit, whatever it named before."""
        ...

    def add_file(
        self, branch: str, path: str, content: bytes, message: str, /, *, replaces: str | None
    ) -> None:
        """Commit a file to a branch, new or in place of the blob `replaces`.

        Raises:
            AlreadyThere: The file exists, or is another one than `replaces`.
        """
        ...

    def open_pull_request(self, branch: str, title: str, body: str, /) -> OpenedPullRequest:
        """Open a pull request from `branch` to the branch that counts.

        Raises:
            AlreadyThere: One is open.
            NothingToMerge: The branch holds nothing that the other lacks.
        """
        ...

    def label(self, number: int, labels: Sequence[str], /) -> None:
        """Put labels on a pull request."""
        ...

    def unlabel(self, number: int, label: str, /) -> None:
        """Take a label off a pull request, if it carries it."""
        ...

    def body(self, number: int, /) -> str:
        """The text of a pull request as it stands now."""
        ...

    def open_promotions(self) -> Iterator[OpenPullRequest]:
        """Open pull requests to the branch that counts that Assent's own App opened, oldest first.

        A page is read only when it is reached.
        """
        ...

    def branches_below(self, prefix: str, /) -> Iterator[Branch]:
        """Branches below a name that ends with a slash, with the pull requests from each."""
        ...

    def brought(self, commit: str, path: str, /) -> Sequence[Bringing]:
        """The merged pull requests that brought a commit to the branch that counts.

        There are several where one's branch was made from another's. The one whose merge made the
        very commit comes first. Each tells who reviewed and who wrote the file at `path`.

        Raises:
            AssentError: Something of them could not be read, or is not shown.
        """
        ...

    def edit_body(self, number: int, body: str, /) -> None:
        """Replace the text of a pull request."""
        ...

    def tip(self) -> str:
        """The commit at the tip of the branch that counts."""
        ...

    def other_files(self, branch: str, path: str, /) -> Sequence[str]:
        """Paths other than `path` in which a branch differs from the branch that counts."""
        ...

    def pull_request(self, number: int, /) -> PullRequestState:
        """A pull request to the branch that counts.

        Raises:
            NotThere: There is none of that number, or it goes to another branch.
        """
        ...

    def recent_pull_requests(self, since: datetime | None, /) -> Iterator[PullRequestState]:
        """Pull requests to the branch that counts, from this repository, latest update first.

        Those last updated before `since` are left out; a page is read only when it is reached.
        """
        ...

    def conversation(self, number: int, /) -> Conversation:
        """What was done to a pull request and said on it, in one request."""
        ...

    def comment(self, number: int, text: str, /) -> None:
        """Comment on a pull request or issue."""
        ...

    def reopen(self, number: int, /) -> None:
        """Reopen a pull request whose branch exists.

        Raises:
            AlreadyThere: It cannot be: it is merged, or another one of its branch is open.
        """
        ...

    def may_write(self, login: str, /) -> bool:
        """Whether a person may write to the repository; without it nobody is a code owner.

        Raises:
            AssentError: It could not be read, which is not a no.
        """
        ...

    def is_member(self, team: str, login: str, /) -> bool:
        """Whether a person is an active member of a team, `organization/slug`, or a child of it.

        Raises:
            AssentError: It could not be read, which is not a no; a team that the App cannot see
                is such a case.
        """
        ...

    def own_issues(self, label: str, /) -> Iterator[IssueReport]:
        """Open issues with a label that Assent's own App opened, oldest first."""
        ...

    def open_issue(self, title: str, body: str, labels: Sequence[str], /) -> IssueReport:
        """Open an issue."""
        ...

    def edit_issue(self, number: int, body: str, /) -> None:
        """Replace the text of an issue."""
        ...

    def close_issue(self, number: int, /) -> None:
        """Close an issue as not planned."""
        ...


class Deployments(Protocol):
    """The deployments page of the repository, one place for each model of each environment."""

    def latest(self, place: str, /) -> Deployed | None:
        """The latest deployment of a place; None where there was none."""
        ...

    def is_shown(self, number: int, /) -> bool:
        """Whether the page shows a deployment as active."""
        ...

    def create(self, deployment: Deployment, /) -> int:
        """Make a deployment, which is not shown yet; returns its number."""
        ...

    def show(self, number: int, deployment: Deployment, /) -> None:
        """Show a deployment as active, and of the same place those before as inactive.

        Those of production stay as they are: GitHub documents it that way.
        """
        ...

    def hide(self, number: int, /) -> None:
        """Show a deployment as inactive."""
        ...
