"""Rule `evidence-digest`: package and evidence are as they were collected."""

from collections.abc import Iterator

from assent.core.config import Config
from assent.core.record import ParsedRecord
from assent.core.rules.rule import FileRule, Problem, gravity
from assent.core.rules.subject import PromotionFile

__all__ = ["RULE"]


def judge(file: PromotionFile, _config: Config) -> Iterator[Problem]:
    """Compare the digest, computed anew, with the one that the record states."""
    if not isinstance(file.parsed, ParsedRecord):
        return
    said = f"the digest {file.digest}" if file.digest else "no digest"
    if file.digest != file.parsed.record.evidence.digest:
        yield Problem(
            path=file.path,
            line=file.parsed.line("evidence", "digest"),
            place="evidence.digest",
            message=f"package and evidence have {said}, not the one that stands here",
            severity=gravity(file.parsed.record.decision),
        )


RULE = FileRule(
    id="evidence-digest",
    description="The digest in a record is that of its package and evidence.",
    remedy="Package or evidence were edited, or the digest was. Put them back as the bot wrote "
    "them; for other evidence let the bot propose the version again.",
    judge=judge,
)
