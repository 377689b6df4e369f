"""Rule `path`: a record's path is its identity, and its content agrees."""

from collections.abc import Iterator

from assent.core.config import Config
from assent.core.names import shown
from assent.core.record import ParsedRecord
from assent.core.rules.rule import FileRule, Problem
from assent.core.rules.subject import README, PromotionFile

__all__ = ["RULE", "names_a_record"]


def names_a_record(path: str) -> bool:
    """Whether a path looks as if a record were meant, in whatever form."""
    return path.lower().endswith((".yaml", ".yml"))


def judge(file: PromotionFile, _config: Config) -> Iterator[Problem]:
    """Compare the path with its form, and its parts with the content's."""
    if file.id is None:
        if file.path != README:
            yield Problem(
                path=file.path,
                message=f"{shown(file.path)} is no record's path",
                remedy="Records are promotions/ENVIRONMENT/MODEL/VERSION.yaml: names of letters, "
                "digits and inner hyphens, the version without leading zeros, `.yaml` in lower "
                "case.",
            )
        return
    if not isinstance(file.parsed, ParsedRecord):
        return
    said = file.parsed.record.id
    for name in ("environment", "model", "version"):
        expected, found = getattr(file.id, name), getattr(said, name)
        if found != expected:
            yield Problem(
                path=file.path,
                line=file.parsed.line(name),
                place=name,
                message=f"the file says {found}, its path {expected}",
            )


RULE = FileRule(
    id="path",
    description="A record is promotions/ENVIRONMENT/MODEL/VERSION.yaml, and its content says the "
    "same.",
    remedy="Never copy or move a record: let the bot propose the version where it is wanted.",
    judge=judge,
    bars=True,
)
