"""Rule `environment`: a record is for a rung of the ladder."""

from collections.abc import Iterator

from assent.core.config import Config
from assent.core.names import shown
from assent.core.record import ParsedRecord
from assent.core.rules.rule import FileRule, Problem
from assent.core.rules.subject import PromotionFile

__all__ = ["RULE"]


def judge(file: PromotionFile, config: Config) -> Iterator[Problem]:
    """Refuse an environment that the configuration does not have."""
    if not isinstance(file.parsed, ParsedRecord):
        return
    name = file.parsed.record.id.environment
    if name not in config.ladder:
        yield Problem(
            path=file.path,
            line=file.parsed.line("environment"),
            place="environment",
            message=f"{shown(name)} is no environment of assent.yaml, "
            f"which has {', '.join(config.ladder)}",
        )


RULE = FileRule(
    id="environment",
    description="A record's environment is one of those in assent.yaml.",
    remedy="Correct the folder, or add the environment to assent.yaml in a pull request of its "
    "own. An environment that has records stays in assent.yaml: they are its history.",
    judge=judge,
)
