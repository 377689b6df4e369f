"""The commits to which workflows pin actions: Dependabot raises them, and that is no edit."""

import re
from collections.abc import Iterable, Iterator

__all__ = ["PIN", "are_raised", "masked", "pins_of", "with_newest_pins"]

PIN = r"[A-Za-z0-9_./-]{1,200}@[0-9a-f]{40}#v[0-9]{1,6}(?:\.[0-9]{1,6}){0,2}"
"""A pin in one word: action, commit and version."""

_PIN = re.compile(
    rb"(?m)(?P<action>^ +(?:- +)?uses: [A-Za-z0-9_./-]{1,200}@)(?P<commit>[0-9a-f]{40})"
    rb" # v(?P<version>[0-9]{1,6}(?:\.[0-9]{1,6}){0,2})$"
)


def masked(content: bytes) -> bytes:
    """A workflow without the commits and versions of its actions, to tell whether it was edited."""
    return _PIN.sub(rb"\g<action>", content)


def pins_of(content: bytes) -> tuple[str, ...]:
    """The pins of a workflow, each in one word and once."""
    return tuple(sorted(set(_words(content))))


def are_raised(present: Iterable[str], made: Iterable[str]) -> bool:
    """Whether each pin is one that was made, or newer than all that were made of its action.

    Who goes back to an older version, or to another commit of the same one, does so on purpose.
    """
    newest: dict[str, tuple[int, ...]] = {}
    for pin in (known := frozenset(made)):
        action, version = _parsed(pin)
        newest[action] = max(version, newest.get(action, version))
    return all(
        pin in known or (action in newest and version > newest[action])
        for pin in present
        for action, version in [_parsed(pin)]
    )


def _words(content: bytes) -> Iterator[str]:
    for match in _PIN.finditer(content):
        action = match["action"].split(b"uses: ")[1]
        yield (action + match["commit"] + b"#v" + match["version"]).decode("ascii")


def _parsed(pin: str) -> tuple[str, tuple[int, ...]]:
    action, _, rest = pin.partition("@")
    return action, tuple(map(int, rest.partition("#v")[2].split(".")))


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
