"""Rule `strict-yaml`: a record means the same to every reader."""

from collections.abc import Iterator

from assent.core.config import Config
from assent.core.rules.rule import FileRule, Problem
from assent.core.rules.subject import PromotionFile

__all__ = ["RULE"]


def judge(file: PromotionFile, _config: Config) -> Iterator[Problem]:
    """Report why the text is no strict YAML."""
    if isinstance(file.parsed, tuple):
        for problem in file.parsed:
            if problem.kind == RULE.id:
                yield Problem(path=file.path, line=problem.line, message=problem.message)


RULE = FileRule(
    id="strict-yaml",
    description="A record is UTF-8 YAML of at most 512 KiB that every reader takes alike: no "
    "duplicate keys, anchors, tags, ambiguous values or invisible characters.",
    remedy="Take the file as the bot wrote it, and change only status, reason and waivers.",
    judge=judge,
    bars=True,
)
