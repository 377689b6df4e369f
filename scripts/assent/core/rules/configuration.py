"""Rule `configuration`: an `assent.yaml` that a change brings can be used."""

import re
from collections.abc import Iterator

from assent.core.config import CONFIG_PATH
from assent.core.rules.rule import ChangeRule, Problem
from assent.core.rules.subject import BrokenConfig, Change

__all__ = ["RULE"]

_PLACED = re.compile(rf"{re.escape(CONFIG_PATH)}:(?P<line>[0-9]{{1,9}}): (?P<message>.*)")


def judge(change: Change) -> Iterator[Problem]:
    """Report every problem of the proposed configuration at its line."""
    if not isinstance(change.proposed, BrokenConfig):
        return
    for text in change.proposed.why.split("\n"):
        match = _PLACED.fullmatch(text)
        yield Problem(
            path=CONFIG_PATH,
            line=int(match["line"]) if match else 1,
            message=match["message"] if match else text,
        )


RULE = ChangeRule(
    id="configuration",
    description="The assent.yaml that a pull request brings is strict YAML, has the form of "
    "schemas/config.schema.json and does not contradict itself.",
    remedy="schemas/config.schema.json describes every setting.",
    judge=judge,
)
