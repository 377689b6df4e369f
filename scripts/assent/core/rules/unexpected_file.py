"""Rule `unexpected-file`: `promotions/` holds records and one README."""

from collections.abc import Iterator

from assent.core.config import Config
from assent.core.names import PROMOTIONS
from assent.core.rules.path import names_a_record
from assent.core.rules.rule import FileRule, Problem
from assent.core.rules.subject import README, PromotionFile

__all__ = ["RULE"]


def judge(file: PromotionFile, _config: Config) -> Iterator[Problem]:
    """Refuse what is neither a record nor the README."""
    root, _, rest = file.path.partition("/")
    if root != PROMOTIONS:
        message = f"this stands in a folder that differs from {PROMOTIONS}/ only by case"
    elif not rest:
        message = f"{PROMOTIONS} is a file; it must be a folder"
    elif file.path == README or names_a_record(file.path):
        return
    else:
        message = f"this is no promotion record, and {PROMOTIONS}/ holds nothing else"
    yield Problem(path=file.path, message=message)


RULE = FileRule(
    id="unexpected-file",
    description="Below promotions/ there are promotion records and one README.md, nothing else.",
    remedy=f"Move the file out of {PROMOTIONS}/.",
    judge=judge,
    bars=True,
)
