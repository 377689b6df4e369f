"""What the flows need from the world, as small protocols; `adapters/` implements them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from assent.core.errors import AssentError
from assent.core.forge import (
    Approvals,
    Conversation,
    IssueReport,
    OpenedPullRequest,
    PromotionView,
    PullRequest,
    PullRequestState,
)
from assent.core.names import PackageArn
from assent.core.package import ModelVersion
from assent.core.registry_fields import RegistryUpdate

__all__ = [
    "AlreadyThere",
    "Bus",
    "Clock",
    "CredentialsRefused",
    "EvidenceStore",
    "FileBytes",
    "Forge",
    "History",
    "Jobs",
    "Missing",
    "MonitoringRun",
    "NoReadableFile",
    "NotThere",
    "NothingToMerge",
    "Notices",
    "ObjectFacts",
    "Parameters",
    "Queue",
    "Registry",
    "Reports",
    "TooLarge",
    "TransformRun",
    "TreeEntry",
    "Unavailable",
]


class Unavailable(AssentError):
    """A service did not answer, or refused for now; nothing was learned.

    Args:
        message: As `AssentError`.
        hint: As `AssentError`.
        retry_after: Seconds that a service which is asked too often wants to be left alone; None
            where it did not say that it is.
    """

    retryable = True

    def __init__(self, message: str, *, hint: str = "", retry_after: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class CredentialsRefused(AssentError):
    """There are no credentials, or they are not taken: nothing was learned of what was asked."""


class NotThere(AssentError):
    """What was asked for does not exist."""


class Missing(NotThere):
    """It surely does not exist; a plain `NotThere` may be a thing that only cannot be read."""


class NoReadableFile(AssentError):
    """What stands at a path can be seen, and is no file that is given whole."""


class NothingToMerge(AssentError):
    """A branch holds nothing that the branch that counts does not hold already."""


class AlreadyThere(AssentError):
    """What was to be created exists; somebody, perhaps an earlier attempt, was first."""


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime:
        """The time now, in UTC."""
        ...


class Registry(Protocol):
    """SageMaker's Model Registry."""

    def describe(self, arn: PackageArn, /) -> ModelVersion:
        """What the registry says of a version now.

        Raises:
            NotThere: There is no such package.
            Unavailable: It could not be asked.
        """
        ...

    def everything(self) -> Iterator[ModelVersion]:
        """Every versioned package, a page of a hundred a call; may lag behind `describe`."""
        ...

    def update(self, update: RegistryUpdate, /) -> None:
        """Write an approval in one call; fields that the update does not name stay."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FileBytes:
    """A file as it was read."""

    content: bytes
    version_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectFacts:
    """What is known of an object without reading it."""

    etag: str | None
    version_id: str | None
    bytes: int | None


class Reports(Protocol):
    """Files in S3."""

    def read(self, uri: str, /, *, limit: int) -> FileBytes:
        """Read a file of at most `limit` bytes.

        Raises:
            NotThere: There is no such object, or it may not be read; the message says which.
            TooLarge: It has more bytes than `limit`.
            Unavailable: S3 did not answer.
        """
        ...

    def facts(self, uri: str, /) -> ObjectFacts:
        """Size, ETag and version of an object.

        Raises:
            NotThere: As `read`.
            Unavailable: As `read`.
        """
        ...


class TooLarge(AssentError):
    """A file has more bytes than are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformRun:
    """A batch transform job as SageMaker describes it now."""

    arn: str
    status: str
    """`TransformJobStatus`: Completed, Failed, InProgress, Stopped, Stopping."""
    failure: str
    """`FailureReason` on one line; empty where there is none."""
    model: str
    """The SageMaker model that it ran."""
    packages: tuple[PackageArn, ...]
    """The versioned model packages that the model was made from; none for a model of plain files,
    several for a pipeline of them."""
    started: datetime | None
    ended: datetime | None
    instance_type: str
    instances: int
    output: str
    """The S3 address below which it wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringRun:
    """A Model Monitor processing job as SageMaker describes it now."""

    arn: str
    status: str
    """`ProcessingJobStatus`."""
    exit_message: str
    """On one line; begins `CompletedWithViolations` where it found some."""
    model: str | None
    """The model package group that it watches: `ASSENT_MODEL` of the job's environment, or of the
    package behind the endpoint that its schedule watches; None where neither tells."""
    packages: tuple[PackageArn, ...]
    """The versions behind the endpoint that its schedule watches, if it watches one."""
    ended: datetime | None
    outputs: tuple[str, ...]
    """The S3 addresses below which it wrote."""


class Jobs(Protocol):
    """SageMaker's jobs in one environment's account and region."""

    def transform(self, name: str, /) -> TransformRun:
        """A batch transform job by its name, with the packages of its model.

        Raises:
            NotThere: There is no such job, or its model is gone.
            Unavailable: It could not be asked.
        """
        ...

    def monitoring(self, name: str, /) -> MonitoringRun:
        """A processing job by its name, with what it watches.

        Raises:
            NotThere: There is no such job.
            Unavailable: It could not be asked.
        """
        ...


class EvidenceStore(Protocol):
    """Where report files are kept by their digest, if their own bucket keeps no versions."""

    def keep(self, content: bytes, sha256: str, /) -> str:
        """Store a file under its digest, unless it is there; returns its address.

        Raises:
            Unavailable: It could not be stored for now.
        """
        ...


class Bus(Protocol):
    """EventBridge's bus, on which Assent sends events of its own."""

    def send(self, detail_type: str, detail: Mapping[str, object], /) -> None:
        """Put one event on the bus; consumers may see it more than once.

        Raises:
            AssentError: The bus did not take it.
        """
        ...


class Notices(Protocol):
    """SNS topics of people who do not live on GitHub."""

    def publish(self, topic: str, subject: str, text: str, /) -> None:
        """Publish a message.

        Raises:
            AssentError: The topic did not take it.
        """
        ...


class Queue(Protocol):
    """The SQS queue that brought an event."""

    def postpone(self, queue_arn: str, receipt_handle: str, seconds: int, /) -> None:
        """Let a received message appear again after a time; a queue's longest, if that is less.

        Raises:
            AssentError: The queue did not take it; the message appears when it would have.
        """
        ...


class Parameters(Protocol):
    """Parameter Store in one environment's account and region."""

    def read(self, names: Sequence[str], /) -> Mapping[str, str]:
        """The values of those parameters that exist."""
        ...

    def read_below(self, path: str, /) -> Iterator[tuple[str, str]]:
        """Every parameter below a path, at any depth."""
        ...

    def write(self, name: str, value: str, /) -> None:
        """Write a parameter, whether it exists or not."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeEntry:
    """One file in a tree."""

    path: str
    mode: str
    """As git writes it: `100644` a file, `120000` a symbolic link."""
    blob: str
    """The object's id."""


class History(Protocol):
    """A clone of the promotion repository, read commit by commit; never its work tree."""

    def commit(self, revision: str, /) -> str:
        """The full id of a revision.

        Raises:
            NotThere: The clone has no such revision.
        """
        ...

    def entries(self, commit: str, prefix: str, /) -> Sequence[TreeEntry]:
        """Every file below a path, or the file at it, in a commit."""
        ...

    def lookup(self, commit: str, paths: Sequence[str], /) -> Mapping[str, TreeEntry]:
        """Those of some paths that exist in a commit."""
        ...

    def blobs(self, ids: Iterable[str], /) -> Iterator[tuple[str, bytes]]:
        """The contents of blobs, each once, in the order asked."""
        ...

    def changed(self, old: str, new: str, /, *, from_fork_point: bool = False) -> Sequence[str]:
        """Paths that differ between two commits; or since their merge base (a pull request's)."""
        ...

    def touched(self, old: str, new: str, /) -> Sequence[str]:
        """Paths that any first-parent commit after `old`, up to `new`, changed, even if undone."""
        ...

    def is_ancestor(self, old: str, new: str, /) -> bool:
        """Whether `new` contains `old`; false too where the clone does not know `old`."""
        ...

    def brought_by(self, commit: str, path: str, /) -> str | None:
        """The latest first-parent commit up to `commit` that changed `path`."""
        ...


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
        champion: str | None,
        /,
        *,
        below: str | None = None,
        other: str | None = None,
    ) -> PromotionView:
        """Everything that proposing needs to know, in one request: one consistent moment.

        Args:
            path: The record's.
            branch: The promotion's own.
            champion: The path of the champion's record, to be read too.
            below: The path of the same version's record one rung down, to be read too.
            other: Another branch whose pull requests are listed too.
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

    def merged_pull_requests(self, commit: str, /) -> Sequence[PullRequest]:
        """The merged pull requests that brought a commit to the branch that counts.

        There are several where one's branch was made from another's. The one whose merge made the
        very commit comes first.
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

    def approvals(self, pull: PullRequest, /) -> Approvals:
        """The approvals that stood on a pull request when it was merged."""
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
