"""Rule `inference-rung`: the batch inference in a record's evidence ran one rung below."""

from collections.abc import Iterator

from assent.core.config import Config
from assent.core.record import ParsedRecord
from assent.core.rules.rule import FileRule, Problem, gravity
from assent.core.rules.subject import PromotionFile

__all__ = ["RULE"]


def judge(file: PromotionFile, config: Config) -> Iterator[Problem]:
    """Compare where the inference ran with the rung below the record's environment."""
    if not isinstance(file.parsed, ParsedRecord):
        return
    record = file.parsed.record
    inference = record.evidence.inference
    if inference is None or record.id.environment not in config.ladder:
        return
    below = config.below(record.id.environment)
    if below is not None and inference.environment == below.name:
        return
    expected = (
        f"nothing runs below {record.id.environment}, the first rung"
        if below is None
        else f"the rung below {record.id.environment} is {below.name}"
    )
    yield Problem(
        path=file.path,
        line=file.parsed.line("evidence", "inference", "environment"),
        place="evidence.inference.environment",
        message=f"the batch inference ran in {inference.environment}, and {expected}",
        severity=gravity(record.decision),
    )


RULE = FileRule(
    id="inference-rung",
    description="Batch inference in a record's evidence ran in the environment one rung below.",
    remedy="Let the bot propose the version after a batch inference on the rung below; nobody "
    "writes evidence by hand.",
    judge=judge,
)
