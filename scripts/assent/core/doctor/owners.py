"""CODEOWNERS and those whom it names: who can approve what decides."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from assent.core.codeowners import LOCATIONS, Owner, lines_of, owners_of
from assent.core.doctor.finding import Check, Finding, Read, Unread
from assent.core.doctor.github_facts import CodeownersError, CodeownersFile, TeamSettings

__all__ = ["CHECKS", "Owners", "judge_errors", "judge_file", "judge_owners", "owners_asked"]

_ERRORS = Check(
    id="codeowners-errors",
    demands="GitHub takes every line of CODEOWNERS.",
    remedy="Correct the line: GitHub skips one that it does not take, without a word.",
)
_COVERAGE = Check(
    id="codeowners-coverage",
    demands="Every path that decides something has code owners.",
    remedy="Give the path owners in .github/CODEOWNERS; the last line that matches it decides.",
)
_OWNERS = Check(
    id="owners",
    demands="Whoever is named as an owner can approve.",
    remedy="Give the owner write access to the repository, or name another one.",
)
_SYNCHRONISED = Check(
    id="teams-synchronised",
    demands="An identity provider says who is in the teams that own environments.",
    remedy="Connect the team to a group of the identity provider, so that whoever leaves the group "
    "can no longer approve; until then, review who is in it.",
)
CHECKS = (_ERRORS, _COVERAGE, _OWNERS, _SYNCHRONISED)

_JUDGES = (
    "assent.yaml",
    "schemas/promotion.schema.json",
    "scripts/assent/cli.py",
    "requirements/runtime.txt",
    ".github/workflows/apply.yml",
    *LOCATIONS,
)
"""What judges records, or says who does; each CODEOWNERS that would count if it were added."""


def _paths(ladder: Iterable[str]) -> list[str]:
    """A path of each kind that decides something; the model's name is nobody's."""
    return [*(f"promotions/{name}/x-doctor-x/1.yaml" for name in ladder), *_JUDGES]


def judge_errors(errors: Read[Sequence[CodeownersError]], about: str) -> Iterator[Finding]:
    """Judge what GitHub says of the file itself."""
    if isinstance(errors, Unread):
        yield _ERRORS.unknown(about, errors)
        return
    for error in errors:
        yield _ERRORS.problem(f"{about}:{error.line}", error.kind, error.suggestion)
    if not errors:
        yield _ERRORS.ok(about, "GitHub finds no error")


def judge_file(file: Read[CodeownersFile | None], ladder: Sequence[str]) -> Iterator[Finding]:
    """Judge whether every path that decides something has owners."""
    if isinstance(file, Unread):
        yield _COVERAGE.unknown("CODEOWNERS", file)
        return
    if file is None:
        yield _COVERAGE.problem("CODEOWNERS", "there is none, so nobody's review is asked for")
        return
    bare = [path for path in _paths(ladder) if not owners_of(file.content, path)]
    for path in bare:
        yield _COVERAGE.problem(path, f"{file.path} gives it no owner")
    for line in lines_of(file.content):
        if not line.owned:
            yield _COVERAGE.warning(
                f"{file.path}:{line.number}", f"a line without owners: {line.text}"
            )
    if not bare:
        yield _COVERAGE.ok(file.path, "every environment, and what judges, has owners")


def owners_asked(file: CodeownersFile, ladder: Iterable[str]) -> tuple[Owner, ...]:
    """The owners of what decides, each once."""
    found = (owner for path in _paths(ladder) for owner in owners_of(file.content, path))
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """What was read of the owners."""

    people: Mapping[str, Read[bool]]
    """By login, whether they may write."""
    teams: Mapping[str, Read[TeamSettings | None]]
    """By `organization/slug`; None for one that does not exist."""
    addresses: Sequence[str]


def judge_owners(owners: Owners) -> Iterator[Finding]:
    """Judge those whom CODEOWNERS names."""
    for login, writes in owners.people.items():
        yield _person(f"@{login}", writes)
    for name, team in owners.teams.items():
        yield from _team(f"@{name}", team)
    for address in owners.addresses:
        yield _OWNERS.warning(
            address,
            "whose an e-mail address is, only GitHub knows: what it owns cannot be proven",
            "Name the owner by login or team.",
        )


def _person(about: str, writes: Read[bool]) -> Finding:
    if isinstance(writes, Unread):
        return _OWNERS.unknown(about, writes)
    if not writes:
        return _OWNERS.problem(about, "without write access nobody is a code owner")
    return _OWNERS.ok(about, "may write")


def _team(about: str, team: Read[TeamSettings | None]) -> Iterator[Finding]:
    if isinstance(team, Unread):
        yield _OWNERS.unknown(about, team)
        return
    if team is None:
        yield _OWNERS.problem(about, "there is no such team")
        return
    if not team.visible:
        yield _OWNERS.problem(about, "a secret team owns nothing", "Make the team visible.")
    if not team.writes:
        yield _OWNERS.problem(about, "the team has no write access, so GitHub skips it")
    if not team.members:
        yield _OWNERS.problem(about, "nobody is in it, so nobody can approve", "Add its members.")
    if team.visible and team.writes and team.members:
        yield _OWNERS.ok(about, f"visible, may write, {team.members} in it")
    if team.synchronised:
        yield _SYNCHRONISED.ok(about, "an identity provider says who is in it")
    else:
        yield _SYNCHRONISED.warning(about, "no identity provider is seen to say who is in it")
