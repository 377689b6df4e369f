"""Rule `schema`: a record has the fields that schemas/promotion.schema.json describes."""

from collections.abc import Iterator

from assent.core.config import Config
from assent.core.rules.rule import FileRule, Problem
from assent.core.rules.subject import PromotionFile

__all__ = ["RULE"]

_MOST = 20
"""Problems reported of one file; more would only bury the first."""


def judge(file: PromotionFile, _config: Config) -> Iterator[Problem]:
    """Report every difference from the schema, the first of them in full."""
    if not isinstance(file.parsed, tuple):
        return
    problems = [problem for problem in file.parsed if problem.kind == RULE.id]
    for problem in problems[:_MOST]:
        yield Problem(
            path=file.path,
            line=problem.line,
            place=problem.place,
            message=f"{problem.place}: {problem.message}" if problem.place else problem.message,
        )
    if len(problems) > _MOST:
        yield Problem(path=file.path, message="more of the file differs from the schema")


RULE = FileRule(
    id="schema",
    description="A record has the fields, and only the fields, of schemas/promotion.schema.json.",
    remedy="schemas/promotion.schema.json describes every field; an editor that reads it helps.",
    judge=judge,
    bars=True,
)
