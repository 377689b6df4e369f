"""Rule `parameter-size`: what inference would read fits into a parameter."""

from collections.abc import Iterator

from assent.core.config import Config
from assent.core.parameters import MAX_VALUE_BYTES
from assent.core.plan import largest_current
from assent.core.record import Decision, ParsedRecord
from assent.core.rules.rule import FileRule, Problem
from assent.core.rules.subject import PromotionFile

__all__ = ["RULE"]


def judge(file: PromotionFile, _config: Config) -> Iterator[Problem]:
    """Write `current` with the longest approval there can be, and measure it."""
    # A no never becomes `current`, so its size stands in nobody's way.
    if (
        not isinstance(file.parsed, ParsedRecord)
        or file.parsed.record.decision is not Decision.APPROVED
    ):
        return
    size = len(largest_current(file.parsed.record, file.blob).encode())
    if size > MAX_VALUE_BYTES:
        count = len(file.parsed.record.package.containers)
        yield Problem(
            path=file.path,
            line=file.parsed.line("package", "containers"),
            place="package.containers",
            message=f"with {count} containers the parameter `current` could have {size} bytes; "
            f"a standard parameter holds {MAX_VALUE_BYTES}",
        )


RULE = FileRule(
    id="parameter-size",
    description="An Approved record's parameter `current` fits into the 4096 bytes of a standard "
    "parameter.",
    remedy="Register the model with fewer containers or shorter addresses; the version cannot be "
    "approved as it is.",
    judge=judge,
)
