"""CODEOWNERS as GitHub documents it: who owns a path; the last matching line wins.

Not a general library: invalid lines are skipped, as GitHub skips them. Patterns follow the rules
of ``.gitignore`` except that ``!`` and ``[]`` do not work and a lone ``/*`` stays on its level.
"""

import re
from dataclasses import dataclass

LOCATIONS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks, first found wins."""

_OWNER = re.compile(r"@[\w-]+(\[bot\])?(/[\w.-]+)?|[^\s@]+@[^\s@]+\.[^\s@]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line: a pattern and its owners."""

    pattern: re.Pattern[str]
    owners: tuple[str, ...]
    """``login``, ``organization/team`` or an e-mail address, without the leading ``@``."""


def parse(text: str) -> tuple[Rule, ...]:
    """Read a CODEOWNERS file; lines that GitHub would not accept are left out."""
    rules: list[Rule] = []
    for raw in text.removeprefix("\ufeff").splitlines():
        line = re.split(r"(?:^|\s)#", raw, maxsplit=1)[0].strip()
        if not line:
            continue
        pattern, *owners = re.split(r"(?<!\\)\s+", line)
        if pattern.startswith("!") or set("[]") & set(pattern):
            continue
        if all(_OWNER.fullmatch(owner) for owner in owners):
            rules.append(
                Rule(
                    pattern=_compile(pattern.replace("\\ ", " ")),
                    owners=tuple(owner.removeprefix("@") for owner in owners),
                )
            )
    return tuple(rules)


def owners_of(rules: tuple[Rule, ...], path: str) -> tuple[str, ...]:
    """Return the owners of a path: those of the last rule that matches it."""
    for rule in reversed(rules):
        if rule.pattern.search(path):
            return rule.owners
    return ()


def _compile(pattern: str) -> re.Pattern[str]:
    anchored = "/" in pattern.rstrip("/")
    directory = pattern.endswith("/")
    body = pattern.strip("/")
    parts: list[str] = []
    at = 0
    while at < len(body):
        if body.startswith("**/", at):
            parts.append("(?:.*/)?")
            at += 3
        elif body.startswith("**", at):
            parts.append(".*")
            at += 2
        elif body[at] == "*":
            parts.append("[^/]*")
            at += 1
        elif body[at] == "?":
            parts.append("[^/]")
            at += 1
        else:
            parts.append(re.escape(body[at]))
            at += 1
    start = "^" if anchored else "(?:^|/)"
    if directory or body.endswith("**"):
        end = "/" if directory else "$"
    elif body.endswith("*") and anchored:
        end = "$"
    else:
        end = "(?:/|$)"
    return re.compile(start + "".join(parts) + end)
