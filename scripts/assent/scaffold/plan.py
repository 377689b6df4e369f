"""What to write, and what to leave alone: the difference between a folder and what it is to be."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from assent.scaffold.answers import Answers
from assent.scaffold.manifest import Digests, Manifest, digest_of, is_made
from assent.scaffold.pins import with_newest_pins

__all__ = [
    "Absent",
    "Blocked",
    "Create",
    "Keep",
    "Plan",
    "Present",
    "Reason",
    "Remove",
    "Replace",
    "State",
    "Step",
    "Unchanged",
    "make_plan",
]


@dataclass(frozen=True, slots=True)
class Absent:
    """There is no such file."""


@dataclass(frozen=True, slots=True)
class Present:
    """There is a plain file."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Blocked:
    """There is something else, which is neither followed nor written."""

    why: str


State: TypeAlias = Absent | Present | Blocked
"""What a folder has at a path."""


class Reason(StrEnum):
    """Why a path is left as it is."""

    EDITED = "edited"
    """Somebody changed what was generated."""
    THERE_BEFORE = "there before"
    """It was not generated."""
    DELETED = "deleted"
    """Somebody deleted what was generated."""
    BLOCKED = "blocked"
    """It is no plain file, or lies behind a symbolic link."""
    NOT_NEEDED = "not needed any more"
    """It was generated once, and somebody changed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """A file that is not there yet."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Replace:
    """A file as it was generated before, or as somebody gave it up."""

    path: str
    before: bytes
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged:
    """A file that is as it is to be."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove:
    """A file as it was generated before, which is not generated any more."""

    path: str
    before: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """A path that is left as people, or others, made it."""

    path: str
    reason: Reason
    mine: bytes
    """What is there; empty where nothing can be read."""
    offered: bytes
    """What would be there instead; empty where nothing would."""
    news: bool
    """Whether somebody has to look: no run before this one said so."""
    why: str = ""
    """More about what blocks it."""


Step: TypeAlias = Create | Replace | Unchanged | Remove | Keep


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All steps, and what the manifest says before and after them."""

    steps: tuple[Step, ...]
    """By path."""
    intent: Manifest
    """True of the folder before, between and after any of the steps."""
    final: Manifest
    """True of it once all are done."""

    @property
    def writes(self) -> bool:
        """Whether any file besides the manifest changes."""
        return any(isinstance(each, Create | Replace | Remove) for each in self.steps)

    @property
    def news(self) -> bool:
        """Whether somebody has to look at a file that was kept."""
        return any(isinstance(each, Keep) and each.news for each in self.steps)


@dataclass(frozen=True, slots=True)
class _Settled:
    """A step, with what the manifest says of its path meanwhile and afterwards.

    Meanwhile it does not yet say that anything was told, so that a run after one that was cut off
    tells it again.
    """

    step: Step | None
    """None where there is nothing, and nothing to do."""
    intent: Digests
    final: Digests
    """Empty for no entry."""


def make_plan(
    answers: Answers,
    files: Mapping[str, bytes],
    before: Manifest | None,
    look: Callable[[str], State],
    *,
    version: str,
    restore: Collection[str] = (),
    followed: Collection[str] = (),
) -> Plan:
    """Compare a folder with what it is to be.

    Args:
        answers: What the files were made from.
        files: What there is to be, by path.
        before: The manifest of the folder; None where there is none.
        look: Tells what the folder has at a path.
        version: Of the Assent that made the files.
        restore: Paths that are taken as generated, whatever people did there.
        followed: Paths at which what people wrote is where answers came from: nobody has to look
            at what would be there instead.
    """
    known = {} if before is None else before.files
    settled = {
        path: _settle(path, files.get(path), known.get(path), look(path), restored=path in restore)
        for path in sorted({*files, *known})
    }

    def manifest(entries: Iterator[tuple[str, Digests]]) -> Manifest:
        return Manifest(
            version=version, answers=answers, files={path: each for path, each in entries if each}
        )

    steps = [each.step for each in settled.values() if each.step is not None]
    return Plan(
        steps=tuple(
            replace(each, news=False) if isinstance(each, Keep) and each.path in followed else each
            for each in steps
        ),
        intent=manifest((path, each.intent) for path, each in settled.items()),
        final=manifest((path, each.final) for path, each in settled.items()),
    )


def _settle(
    path: str, new: bytes | None, known: Digests | None, state: State, *, restored: bool
) -> _Settled:
    if new is None:
        return _obsolete(path, known or (), state)
    digest = digest_of(path, new)
    match state:
        case Blocked(why):
            step = _kept(path, Reason.BLOCKED, b"", new, news=True, why=why)
            return _Settled(step, known or (), _with(known or (None,), digest))
        case Absent():
            if known is not None and None not in known and not restored:
                return _Settled(_kept(path, Reason.DELETED, b"", new, news=False), known, known)
            create = Create(path=path, content=new)
            return _Settled(create, _with((None, *(known or ())), digest), (digest,))
        case Present(mine):
            return _settle_present(path, new, known, mine, restored=restored)


def _settle_present(
    path: str, new: bytes, known: Digests | None, mine: bytes, *, restored: bool
) -> _Settled:
    found, digest = digest_of(path, mine), digest_of(path, new)
    made = is_made(path, mine, (*(known or ()), digest))
    if made:
        new = with_newest_pins(new, mine)
    if mine == new:
        return _Settled(Unchanged(path=path), _with(known or (), digest), (digest,))
    if restored or made:
        step = Replace(path=path, before=mine, content=new)
        return _Settled(step, _with(_with(known or (), found), digest), (digest,))
    news = known is None or digest not in known
    if known is None or known[0] is None:
        there = _kept(path, Reason.THERE_BEFORE, mine, new, news=news)
        return _Settled(there, known or (), (None, digest))
    # The first is what their edit began from, so that taking the edit back is told as such.
    edited = _kept(path, Reason.EDITED, mine, new, news=news)
    return _Settled(edited, known, _with(known[:1], digest))


def _obsolete(path: str, known: Digests, state: State) -> _Settled:
    match state:
        case Absent():
            return _Settled(None, known, ())
        case Blocked(why):
            return _Settled(_kept(path, Reason.BLOCKED, b"", b"", news=True, why=why), known, ())
        case Present(mine):
            if is_made(path, mine, known):
                return _Settled(Remove(path=path, before=mine), _with(known, None), ())
            step = _kept(path, Reason.NOT_NEEDED, mine, b"", news=known[0] is not None)
            return _Settled(step, known, ())


def _with(digests: Digests, digest: str | None) -> Digests:
    return (*(each for each in digests if each != digest), digest)


def _kept(
    path: str, reason: Reason, mine: bytes, offered: bytes, *, news: bool, why: str = ""
) -> Keep:
    return Keep(path=path, reason=reason, mine=mine, offered=offered, news=news, why=why)
