"""What a port raises when the world does not do what was asked of it."""

from assent.core.errors import AssentError

__all__ = [
    "AlreadyThere",
    "CredentialsRefused",
    "Missing",
    "NoReadableFile",
    "NotThere",
    "NothingToMerge",
    "TooLarge",
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


class TooLarge(AssentError):
    """A file has more bytes than are read."""
