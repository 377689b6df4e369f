"""The configuration: the ladder of environments, the registry, the repository."""

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from assent.core.errors import AssentError, Exit
from assent.core.gates import Gate
from assent.core.identities import Identities, Principal
from assent.core.names import partition_of, shown
from assent.core.policy import (
    Contradiction,
    freeze_of,
    freeze_problems,
    gate_of,
    gate_problems,
    merged,
)
from assent.core.record import dotted
from assent.core.reports import ReportKind
from assent.core.schema import Schema
from assent.core.strict_yaml import YamlProblem, read_yaml
from assent.core.timestamps import read_time
from assent.core.waiting import Freeze, duration_of

__all__ = [
    "Config",
    "Environment",
    "ExpectedReport",
    "ImportSettings",
    "InferenceSettings",
    "InvalidConfig",
    "Override",
    "ReceiptSettings",
    "Registry",
    "Settings",
    "parse_config",
]

CONFIG_PATH = "assent.yaml"
_LONGEST_COUNTED = 37
"""A label holds 50 characters, of which `environment: ` takes 13."""


class InvalidConfig(AssentError):
    """`assent.yaml` does not say what Assent can act on."""


class UnknownEnvironment(AssentError):
    """An environment that is no rung of the ladder."""

    exit = Exit.USAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedReport:
    """A report file that batch inference leaves below its output."""

    kind: ReportKind
    path: str
    """Below the output, without a slash at its start."""
    required: bool = True
    """Whether nothing is proposed without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceSettings:
    """What tells how batch inference went in an environment."""

    transform_jobs: str | None = None
    """A glob over the names of its transform jobs; None for all of its account and region."""
    reports: tuple[ExpectedReport, ...] = (
        ExpectedReport(kind=ReportKind.EVALUATION, path="metrics.json", required=False),
        ExpectedReport(kind=ReportKind.MODEL_QUALITY, path="statistics.json", required=False),
        ExpectedReport(
            kind=ReportKind.VIOLATIONS, path="constraint_violations.json", required=False
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One rung of the ladder."""

    name: str
    account: str
    """The AWS account that holds its parameters; twelve digits."""
    region: str
    role: str | None = None
    """Assumed to write its parameters; None for the ambient credentials."""
    read_role: str | None = None
    """Assumed to read them, its jobs and its reports; None for `role`."""
    approvals: int = 1
    gates: tuple[Gate, ...] = ()
    soak: timedelta | None = None
    """The least time that a version is effective on the rung below; None for none."""
    max_open: int | None = None
    """How many promotions into it may be open at once; None for any number."""
    topic: str | None = None
    """The ARN of an SNS topic for those who do not live on GitHub."""
    inference: InferenceSettings = InferenceSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Where the Model Registry is."""

    account: str
    region: str
    groups: tuple[str, ...] = ()
    """Globs over the model package groups that this repository decides on; none for all."""

    def covers(self, model: str) -> bool:
        """Whether a model is this repository's to decide on."""
        return not self.groups or any(fnmatch.fnmatchcase(model, each) for each in self.groups)

    def outside(self, model: str) -> str | None:
        """Why a model is none of this repository's business; None where it is."""
        if self.covers(model):
            return None
        return f"the group {shown(model)} matches none of registry.groups in {CONFIG_PATH}"

    def package_arn(self, model: str, version: int) -> str:
        """The ARN that a version of a model has here, and nowhere else."""
        return (
            f"arn:{partition_of(self.region)}:sagemaker:{self.region}:{self.account}:"
            f"model-package/{model}/{version}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptSettings:
    """Where receipts are kept."""

    branch: str = "receipts"
    """Of the promotion repository."""
    bucket: str | None = None
    """An S3 bucket with Object Lock that holds a copy of each; None for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportSettings:
    """Which versions may be taken over as approved without gates and soak."""

    registered_before: datetime
    """UTC. Only what was created before, and is as it was then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What differs in an environment for some models."""

    approvals: int | None = None
    """None for the environment's own; likewise `soak`."""
    soak: timedelta | None = None
    gates: tuple[Gate, ...] = ()
    """Added to the environment's own; one of the same id replaces it."""
    without: tuple[str, ...] = ()
    """The ids of gates that do not hold for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Settings for the models that a glob matches."""

    match: str
    environments: Mapping[str, Settings]


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """`assent.yaml`, read and judged."""

    parameter_prefix: str
    registry: Registry
    repository: str
    api_url: str
    branch: str
    environments: tuple[Environment, ...]
    """The ladder, lowest first."""
    overrides: tuple[Override, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    stopped: str = ""
    """Why the line is stopped: nothing becomes Approved anywhere; empty while it runs."""
    event_bus: str = "default"
    """The name or ARN of the bus on which Assent sends events of its own."""
    evidence_bucket: str | None = None
    """Where reports are kept by digest whose own bucket keeps no versions."""
    identities: Identities = field(default_factory=Identities)
    receipts: ReceiptSettings = ReceiptSettings()
    imports: ImportSettings | None = None
    """None where nothing may be imported."""
    writers: tuple[str, ...] = ()
    """Globs over the IAM principals that may write approvals to the registry; none where that is
    not watched."""

    @property
    def ladder(self) -> tuple[str, ...]:
        """The environments' names, lowest first."""
        return tuple(environment.name for environment in self.environments)

    @property
    def entry(self) -> Environment:
        """The first rung, where a new version is proposed."""
        return self.environments[0]

    def environment(self, name: str) -> Environment:
        """The rung of that name.

        Raises:
            UnknownEnvironment: There is none.
        """
        for environment in self.environments:
            if environment.name == name:
                return environment
        raise UnknownEnvironment(
            f"{name!a} is no environment of {CONFIG_PATH}",
            hint=f"The ladder is {' → '.join(self.ladder)}.",
        )

    def select(self, names: Sequence[str]) -> tuple[Environment, ...]:
        """The rungs of those names, or all of them where none is named; lowest first.

        Raises:
            UnknownEnvironment: A name is no rung.
        """
        chosen = {self.environment(name).name for name in names}
        return tuple(each for each in self.environments if not chosen or each.name in chosen)

    def below(self, name: str) -> Environment | None:
        """The rung below `name`; None below the first."""
        place = self.ladder.index(name)
        return self.environments[place - 1] if place else None

    def above(self, name: str) -> Environment | None:
        """The rung above `name`; None above the last."""
        place = self.ladder.index(name) + 1
        return self.environments[place] if place < len(self.environments) else None

    def running(self, job: str, *, account: str, region: str) -> tuple[Environment, ...]:
        """The environments in which a transform job of that name may have run.

        Args:
            job: Its name.
            account: The account that it ran in.
            region: The region that it ran in.
        """
        return tuple(
            each
            for each in self.environments
            if (each.account, each.region) == (account, region)
            and fnmatch.fnmatchcase(job, each.inference.transform_jobs or "*")
        )

    def approvals(self, environment: str, model: str) -> int:
        """How many people must have approved a promotion of `model` there."""
        said = (each.approvals for each in self._settings(environment, model))
        own = self.environment(environment).approvals
        return next((approvals for approvals in said if approvals is not None), own)

    def soak(self, environment: str, model: str) -> timedelta | None:
        """How long a version of `model` has to be effective on the rung below; None for no time."""
        said = (each.soak for each in self._settings(environment, model))
        own = self.environment(environment).soak
        return next((soak for soak in said if soak is not None), own) or None

    def gates(self, environment: str, model: str) -> tuple[Gate, ...]:
        """The gates that a promotion of `model` has to pass there."""
        own = self.environment(environment).gates
        for settings in self._settings(environment, model):
            if settings.gates or settings.without:
                return merged(own, settings.gates, settings.without)
        return own

    def _settings(self, environment: str, model: str) -> Iterator[Settings]:
        """What overrides say of a model there, the first match first."""
        for override in self.overrides:
            if environment in override.environments and fnmatch.fnmatchcase(model, override.match):
                yield override.environments[environment]


def parse_config(content: bytes, schema: Schema) -> Config:
    """Read `assent.yaml`.

    Raises:
        InvalidConfig: It is not strict YAML, differs from the schema, or contradicts itself; the
            message names every place.
    """
    document = read_yaml(content)
    if isinstance(document, YamlProblem):
        raise InvalidConfig(f"{CONFIG_PATH}:{document.line}: {document.message}")
    problems = [
        (document.line(problem.place), dotted(problem.place), problem.message)
        for problem in schema.problems(document.value)
    ]
    if not problems:
        problems = [
            (document.line(place), dotted(place), message)
            for place, message in _contradictions(document.value)
        ]
    if problems:
        raise InvalidConfig(
            "\n".join(
                f"{CONFIG_PATH}:{line}: {place + ': ' if place else ''}{message}"
                for line, place, message in problems
            ),
            hint="schemas/config.schema.json describes every setting.",
        )
    return _config(document.value)


def _contradictions(value: Mapping[str, Any]) -> list[Contradiction]:
    """What a schema cannot say: each environment once in any spelling, overrides of real ones."""
    found: list[Contradiction] = []
    seen: dict[str, str] = {}
    for index, environment in enumerate(value["environments"]):
        name: str = environment["name"]
        place = ("environments", index)
        if name.casefold() in seen:
            message = f"{name} and {seen[name.casefold()]} differ only by case"
            found.append(((*place, "name"), message))
        seen.setdefault(name.casefold(), name)
        found.extend(
            ((*place, key), f"the role is not in account {environment['account']}")
            for key in ("role", "read_role")
            if key in environment and f"::{environment['account']}:" not in environment[key]
        )
        if "max_open" in environment and len(name) > _LONGEST_COUNTED:
            message = "open promotions are counted by a label, which cannot hold so long a name"
            found.append(((*place, "max_open"), message))
        found.extend(_demands(environment, place, entry=index == 0))
    found.extend(_of_imports(value))
    found.extend(freeze_problems(value.get("freezes", []), seen.values()))
    found.extend(_of_overrides(value))
    return found


def _of_imports(value: Mapping[str, Any]) -> Iterator[Contradiction]:
    if "imports" in value:
        try:
            read_time(value["imports"]["registered_before"])
        except ValueError:
            yield ("imports", "registered_before"), "there is no such time"


def _of_overrides(value: Mapping[str, Any]) -> Iterator[Contradiction]:
    names = {each["name"]: each for each in value["environments"]}
    entry = value["environments"][0]["name"]
    for index, override in enumerate(value.get("models", [])):
        for name, settings in override["environments"].items():
            place = ("models", index, "environments", name)
            if name not in names:
                yield place, f"{name!a} is no environment"
                continue
            yield from _demands(settings, place, entry=name == entry)
            known = {gate["id"] for gate in names[name].get("gates", [])}
            own = {gate["id"] for gate in settings.get("gates", [])}
            for number, id_ in enumerate(settings.get("without", [])):
                if id_ not in known:
                    yield (*place, "without", number), f"{name} has no gate {id_}"
                elif id_ in own:
                    yield (*place, "without", number), f"{id_} is left out, and set above"


def _demands(
    settings: Mapping[str, Any], place: tuple[str | int, ...], *, entry: bool
) -> Iterator[Contradiction]:
    yield from gate_problems(settings.get("gates", []), (*place, "gates"), entry=entry)
    if entry and "soak" in settings:
        yield (*place, "soak"), "there is no rung below the first, so nothing can soak there"


def _config(value: Mapping[str, Any]) -> Config:
    github = value["github"]
    return Config(
        parameter_prefix=value.get("parameter_prefix", "/assent"),
        registry=Registry(
            account=value["registry"]["account"],
            region=value["registry"]["region"],
            groups=tuple(value["registry"].get("groups", ())),
        ),
        repository=github["repository"],
        api_url=github.get("api_url", "https://api.github.com"),
        branch=github.get("branch", "main"),
        environments=tuple(_environment(each) for each in value["environments"]),
        overrides=tuple(
            Override(
                match=each["match"],
                environments={
                    name: Settings(**_demanded(settings))
                    for name, settings in each["environments"].items()
                },
            )
            for each in value.get("models", [])
        ),
        freezes=tuple(freeze_of(each) for each in value.get("freezes", [])),
        stopped=value.get("stop_the_line", ""),
        event_bus=value.get("event_bus", "default"),
        evidence_bucket=value.get("evidence_bucket"),
        identities=_identities(value.get("identities", {})),
        receipts=ReceiptSettings(**value.get("receipts", {})),
        imports=_imports(value.get("imports")),
        writers=tuple(value["registry"].get("writers", ())),
    )


def _imports(value: Mapping[str, Any] | None) -> ImportSettings | None:
    if value is None:
        return None
    return ImportSettings(registered_before=read_time(value["registered_before"]))


def _identities(value: Mapping[str, Any]) -> Identities:
    principals = (
        Principal(match=each["match"], login=each.get("login"))
        for each in value.get("principals", [])
    )
    return Identities(strict=value.get("strict", False), principals=tuple(principals))


def _demanded(value: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with gates, soak and the like as values."""
    found = dict(value)
    if "gates" in found:
        found["gates"] = tuple(gate_of(each) for each in found["gates"])
    if "soak" in found:
        found["soak"] = duration_of(found["soak"])
    if "without" in found:
        found["without"] = tuple(found["without"])
    return found


def _environment(given: Mapping[str, Any]) -> Environment:
    value = _demanded(given)
    settings = value.get("inference")
    if settings is None:
        return Environment(**value)
    inference = InferenceSettings(transform_jobs=settings.get("transform_jobs"))
    if "reports" in settings:
        reports = tuple(
            ExpectedReport(**{**each, "kind": ReportKind(each["kind"])})
            for each in settings["reports"]
        )
        inference = replace(inference, reports=reports)
    return Environment(**{**value, "inference": inference})
