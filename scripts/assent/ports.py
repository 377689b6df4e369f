"""What the flows need from the world, as small protocols; `adapters/` implements them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from assent.core.errors import AssentError
from assent.core.forge import Approvals, OpenedPullRequest, PromotionView, PullRequest
from assent.core.names import PackageArn
from assent.core.package import ModelVersion
from assent.core.registry_fields import RegistryUpdate

__all__ = [
    "AlreadyThere",
    "Clock",
    "CredentialsRefused",
    "FileBytes",
    "Forge",
    "History",
    "NotThere",
    "NothingToMerge",
    "ObjectFacts",
    "Parameters",
    "Registry",
    "Reports",
    "TooLarge",
    "TreeEntry",
    "Unavailable",
]


class Unavailable(AssentError):
    """A service did not answer, or refused for now; nothing was learned."""

    retryable = True


class CredentialsRefused(AssentError):
    """There are no credentials, or they are not taken: nothing was learned of what was asked."""


class NotThere(AssentError):
    """What was asked for does not exist."""


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

    def promotion(self, path: str, branch: str, champion: str | None, /) -> PromotionView:
        """Everything that proposing needs to know, in one request: one consistent moment."""
        ...

    def file(self, path: str, commit: str, /) -> bytes | None:
        """A file in a commit or branch; None where there is none."""
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

    def merged_pull_request(self, commit: str, /) -> PullRequest | None:
        """The merged pull request that brought a commit to the branch that counts."""
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
