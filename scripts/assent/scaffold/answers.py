"""What a promotion repository is to be: given by flags, known from before, and put together."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from assent.core.codeowners import OwnerKind, owners_of
from assent.core.config import Config
from assent.core.errors import AssentError, Exit
from assent.core.names import NAME_PATTERN, shown

__all__ = ["GITHUB_API", "LADDER", "Answers", "BadAnswer", "Given", "Missing", "Rung", "settle"]

GITHUB_API = "https://api.github.com"
LADDER = ("dev", "test", "uat", "prod")
"""The environments where nobody names any."""
_MOST_RUNGS = 10
_LONGEST_NAME = 31
"""Of an environment: a role's name, which holds it, has 64 characters. See infra/."""
_EVERY = "every"
"""What the workflow that applies calls all environments together."""

# As schemas/config.schema.json has them.
_REPOSITORY = re.compile(
    r"(?!.{141})[A-Za-z0-9][A-Za-z0-9-]*/(?!\.{1,2}$)[A-Za-z0-9._-]+", re.ASCII
)
_REGISTRY = re.compile(r"(?P<account>[0-9]{12})/(?P<region>[a-z]{2}(?:-[a-z]+)+-[0-9])", re.ASCII)
_ENVIRONMENT = re.compile(
    rf"(?P<name>{NAME_PATTERN})(?:=(?P<account>[0-9]{{12}})"
    r"(?:/(?P<region>[a-z]{2}(?:-[a-z]+)+-[0-9]))?)?",
    re.ASCII,
)
_API_URL = re.compile(r"(?!.{201})https?://[A-Za-z0-9.:-]+(?:/[A-Za-z0-9._-]+)*", re.ASCII)


class BadAnswer(AssentError):
    """An answer that no promotion repository can be made of."""

    exit = Exit.USAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Answers as they were typed."""

    repository: str | None = None
    registry: str | None = None
    """`ACCOUNT/REGION`."""
    environments: tuple[str, ...] = ()
    """`NAME[=ACCOUNT[/REGION]]`, lowest first; empty where the ladder is not spoken of."""
    owners: tuple[str, ...] = ()
    """`[NAME=]OWNER`; without a name it is for every environment that has none of its own."""
    platform: tuple[str, ...] = ()
    app_id: int | None = None
    api_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One environment of the ladder."""

    name: str
    account: str
    region: str
    owners: tuple[str, ...]
    """Who approves there: logins and teams, each with its at sign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """All that a promotion repository is made from. Every text is of a form that files take."""

    repository: str
    account: str
    """The registry's."""
    region: str
    rungs: tuple[Rung, ...]
    """Lowest first."""
    platform: tuple[str, ...]
    """Who owns everything else, and what judges."""
    app_id: int | None
    """The GitHub App's number; None where it is not known yet."""
    api_url: str

    @property
    def ladder(self) -> tuple[str, ...]:
        """The environments' names, lowest first."""
        return tuple(rung.name for rung in self.rungs)

    def says_as(self, config: Config) -> bool:
        """Whether `assent.yaml` says the same, as far as it says it."""
        return self == self.following(config)

    def following(self, config: Config) -> "Answers":
        """The same, corrected by what an `assent.yaml` says."""
        owners = {rung.name: rung.owners for rung in self.rungs}
        return replace(
            self,
            repository=config.repository,
            account=config.registry.account,
            region=config.registry.region,
            api_url=config.api_url,
            rungs=tuple(
                Rung(
                    name=each.name,
                    account=each.account,
                    region=each.region,
                    owners=owners.get(each.name, ()),
                )
                for each in config.environments
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What nobody has answered yet."""

    flags: tuple[str, ...]
    """With what they take, as `--owner prod=OWNER`."""


def settle(given: Given, known: Answers | None) -> Answers | Missing:
    """Put together what is given now and what is known from before; what is given counts.

    Args:
        given: From the command line.
        known: From before; owners may be missing in it. None for nothing.

    Raises:
        BadAnswer: An answer has not the form it has to have, or contradicts another.
    """
    missing: list[str] = []
    repository = _repository(given, known)
    if repository is None:
        missing.append("--repository OWNER/NAME")
    registry = _registry(given, known)
    if registry is None:
        missing.append("--registry ACCOUNT/REGION")
    names, places = _ladder(given, known)
    _require_ladder(names, len(given.environments) or len(names))
    own, others = _owners_given(given.owners, names)
    before = {} if known is None else {rung.name: rung.owners for rung in known.rungs}
    owners = {name: own.get(name) or others or before.get(name, ()) for name in names}
    platform = _distinct(map(_owner, given.platform)) or (() if known is None else known.platform)
    if not any(owners.values()):
        missing.append("--owner OWNER")
    else:
        missing += [f"--owner {name}=OWNER" for name in names if not owners[name]]
    if not platform:
        missing.append("--platform OWNER")
    if repository is None or registry is None or missing:
        return Missing(flags=tuple(missing))
    for owner in (*platform, *(each for some in owners.values() for each in some)):
        _require_same_organization(owner, repository)
    rungs = []
    for name in names:
        account, region = places[name]
        account, region = account or registry[0], region or registry[1]
        rungs.append(Rung(name=name, account=account, region=region, owners=owners[name]))
    return Answers(
        repository=repository,
        account=registry[0],
        region=registry[1],
        rungs=tuple(rungs),
        platform=platform,
        app_id=_app_id(given, known),
        api_url=_api_url(given, known),
    )


def _repository(given: Given, known: Answers | None) -> str | None:
    if given.repository is None:
        return None if known is None else known.repository
    if not _REPOSITORY.fullmatch(given.repository):
        raise BadAnswer(
            f"--repository: {shown(given.repository)} is no repository",
            hint="Name it as GitHub does: OWNER/NAME, such as acme/model-promotions.",
        )
    return given.repository


def _registry(given: Given, known: Answers | None) -> tuple[str, str] | None:
    if given.registry is None:
        return None if known is None else (known.account, known.region)
    match = _REGISTRY.fullmatch(given.registry)
    if match is None:
        raise BadAnswer(
            f"--registry: {shown(given.registry)} is no account with its region",
            hint="Give the account that holds the Model Registry, and its region: "
            "111122223333/eu-west-1.",
        )
    return match["account"], match["region"]


Places = Mapping[str, tuple[str | None, str | None]]


def _ladder(given: Given, known: Answers | None) -> tuple[tuple[str, ...], Places]:
    """The names, lowest first, and account and region of each; None for the registry's."""
    before = {} if known is None else {r.name: (r.account, r.region) for r in known.rungs}
    if not given.environments:
        if before:
            return tuple(before), before
        return LADDER, dict.fromkeys(LADDER, (None, None))
    places: dict[str, tuple[str | None, str | None]] = {}
    for text in given.environments:
        match = _ENVIRONMENT.fullmatch(text)
        if match is None:
            raise BadAnswer(
                f"--environment: {shown(text)} is no environment",
                hint="Give it as NAME, NAME=ACCOUNT or NAME=ACCOUNT/REGION, such as "
                "prod=444455556666/eu-west-1; a name has letters, digits and inner hyphens.",
            )
        name = match["name"]
        if match["account"] is None:
            places[name] = before.get(name, (None, None))
        else:
            places[name] = (match["account"], match["region"])
    return tuple(places), places


def _require_ladder(names: Sequence[str], count: int) -> None:
    """See that a ladder is one, whether it was given now or is known.

    Args:
        names: Its environments.
        count: How many were named, repetitions included.
    """
    folded = {name.casefold() for name in names}
    if len(names) < count or len(folded) < count:
        raise BadAnswer(
            "environments: a name is there twice, or two differ only by case",
            hint="Give each environment once, lowest first.",
        )
    if count > _MOST_RUNGS:
        raise BadAnswer(f"environments: a ladder has at most {_MOST_RUNGS} of them")
    if max(map(len, names)) > _LONGEST_NAME:
        raise BadAnswer(
            f"environments: a name has at most {_LONGEST_NAME} characters",
            hint="Names of roles hold it, and those may not be longer.",
        )
    if _EVERY in folded:
        raise BadAnswer(
            f"environments: the workflow that applies means all of them by {_EVERY}",
            hint="Give that environment another name.",
        )


def _owners_given(
    given: Iterable[str], names: Sequence[str]
) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """The owners of each environment that is named, and those of all others."""
    own: dict[str, list[str]] = {}
    others: list[str] = []
    for text in given:
        name, equals, owner = text.rpartition("=")
        if not equals:
            others.append(_owner(owner))
        elif name not in names:
            raise BadAnswer(
                f"--owner: {shown(name)} is no environment",
                hint=f"The ladder is {', '.join(names)}.",
            )
        else:
            own.setdefault(name, []).append(_owner(owner))
    return {name: _distinct(some) for name, some in own.items()}, _distinct(others)


def _distinct(owners: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(owners))


def _owner(text: str) -> str:
    """A login or team, as CODEOWNERS names it."""
    found = owners_of(f"* {text}".encode("utf-8", "replace"), "x")
    if len(found) != 1 or found[0].kind is OwnerKind.EMAIL or found[0].written != text.lower():
        raise BadAnswer(
            f"{shown(text)} is no login or team",
            hint="Give an owner as @LOGIN or @ORGANIZATION/TEAM, such as @acme/ml-approvers.",
        )
    return text


def _require_same_organization(owner: str, repository: str) -> None:
    organization, slash, _team = owner.removeprefix("@").partition("/")
    mine = repository.partition("/")[0]
    if slash and organization.lower() != mine.lower():
        raise BadAnswer(
            f"{owner} is a team of another organization than {mine}",
            hint="GitHub knows code owners only from the organization of the repository.",
        )


def _app_id(given: Given, known: Answers | None) -> int | None:
    if given.app_id is None:
        return None if known is None else known.app_id
    if not 0 < given.app_id < 2**53:
        raise BadAnswer("--app-id: an App's number is a positive integer")
    return given.app_id


def _api_url(given: Given, known: Answers | None) -> str:
    if given.api_url is None:
        return GITHUB_API if known is None else known.api_url
    if not _API_URL.fullmatch(given.api_url):
        raise BadAnswer(
            f"--api-url: {shown(given.api_url)} is no address of an API",
            hint="On GitHub Enterprise Server it is https://HOST/api/v3.",
        )
    return given.api_url
