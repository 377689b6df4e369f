"""The commits to which workflows pin actions: Dependabot raises them, and that is no edit."""

import re

__all__ = ["masked", "with_newest_pins"]

_PIN = re.compile(
    rb"(?m)(?P<action>^ +(?:- +)?uses: [\w./-]+@)(?P<commit>[0-9a-f]{40})"
    rb" # v(?P<version>[0-9]{1,6}(?:\.[0-9]{1,6}){0,2})$"
)


def masked(content: bytes) -> bytes:
    """A workflow without the commits and versions of its actions, to tell whether it was edited."""
    return _PIN.sub(rb"\g<action>", content)


def with_newest_pins(content: bytes, present: bytes) -> bytes:
    """A workflow, with those pins of another text of it that are of a newer version."""
    newest: dict[bytes, re.Match[bytes]] = {}
    for match in _PIN.finditer(present):
        seen = newest.get(match["action"].split(b"uses: ")[1])
        if seen is None or _version(match) > _version(seen):
            newest[match["action"].split(b"uses: ")[1]] = match

    def pin(match: re.Match[bytes]) -> bytes:
        found = newest.get(match["action"].split(b"uses: ")[1])
        if found is None or _version(found) <= _version(match):
            return match[0]
        return match["action"] + found["commit"] + b" # v" + found["version"]

    return _PIN.sub(pin, content)


def _version(match: re.Match[bytes]) -> tuple[int, ...]:
    return tuple(map(int, match["version"].split(b".")))
