"""GitHub's half of `doctor`: reads each setting once, and has it judged."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from assent.core.codeowners import OwnerKind
from assent.core.config import Config
from assent.core.doctor.app import judge_app
from assent.core.doctor.bot_branches import judge_proposals, judge_receipts
from assent.core.doctor.branch import GITHUB_ACTIONS, judge_branch, judge_merging
from assent.core.doctor.finding import Finding, Read, Unread
from assent.core.doctor.github_facts import (
    AppInstallation,
    BranchRules,
    CodeownersFile,
    GitHubEnvironment,
    RuleSource,
)
from assent.core.doctor.owners import (
    Owners,
    judge_errors,
    judge_file,
    judge_owners,
    owners_asked,
)
from assent.core.doctor.workflows import (
    judge_actions,
    judge_environment,
    judge_subject,
    judge_switch,
)
from assent.flows.read_settings import read
from assent.ports.settings import GitHubSettings

__all__ = ["GitHubSeen", "examine_github"]

_PUBLIC_API = "https://api.github.com"
_PROPOSED = ("promote/dev/x-doctor-x/1", "retire/dev/x-doctor-x/1", "import/x-doctor-x")
"""Names such as the App gives; GitHub tells what would bind them."""

_ADMINISTRATION = "Use credentials with administration: read, such as an administrator's."
_CONTENTS = "Use credentials with contents: read."
_METADATA = "Use credentials that see the repository (metadata: read)."
_MEMBERS = "Use credentials with members: read, of the organization."
_ACTIONS = "Use credentials with actions: read."
_VARIABLES = "Use credentials with variables: read."
_APP = (
    "Set ASSENT_APP_ID, and ASSENT_APP_PRIVATE_KEY or the credentials of an owner of the "
    "organization."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubSeen:
    """What AWS's half wants to know of GitHub's."""

    ids: tuple[int, int] | None
    """The owner's and the repository's numbers; None where they could not be read."""
    environments: Mapping[str, Read[GitHubEnvironment | None]]


def examine_github(
    config: Config,
    ladder: Sequence[str],
    settings: GitHubSettings,
    emit: Callable[[Finding], object],
) -> GitHubSeen:
    """Examine the repository.

    Args:
        config: Names the repository, its branches and the ladder.
        ladder: The environments to look at.
        settings: GitHub's.
        emit: Told each finding.
    """
    app = read(settings.installation, _APP)
    environments = {name: _environment(settings, name) for name in ladder}
    repository = read(settings.repository, _METADATA)
    main = _rules(settings, config.branch)
    for finding in _branches(config, settings, main, app):
        emit(finding)
    for finding in judge_merging(repository, main, name=config.repository):
        emit(finding)
    for finding in _owners(ladder, settings):
        emit(finding)
    for finding in _workflows(config, settings, app, environments):
        emit(finding)
    for finding in judge_app(app):
        emit(finding)
    ids = None if isinstance(repository, Unread) else (repository.owner_id, repository.id)
    return GitHubSeen(ids=ids, environments=environments)


def _rules(settings: GitHubSettings, branch: str) -> BranchRules:
    return BranchRules(
        branch=branch,
        rulesets=read(partial(_rulesets, settings, branch), _METADATA),
        protection=read(lambda: settings.protection(branch), _ADMINISTRATION),
    )


def _rulesets(settings: GitHubSettings, branch: str) -> tuple[RuleSource, ...]:
    return tuple(settings.rulesets(branch))


def _branches(
    config: Config, settings: GitHubSettings, main: BranchRules, app: Read[AppInstallation]
) -> Iterator[Finding]:
    actions = GITHUB_ACTIONS if config.api_url == _PUBLIC_API else None
    yield from judge_branch(main, actions=actions)
    for name in _PROPOSED:
        # A branch that does not exist has no classic protection that GitHub would show.
        rulesets = read(partial(_rulesets, settings, name), _METADATA)
        yield from judge_proposals(BranchRules(branch=name, rulesets=rulesets), app)
    yield from judge_receipts(_rules(settings, config.receipts.branch), app)


def _owners(ladder: Sequence[str], settings: GitHubSettings) -> Iterator[Finding]:
    file = read(settings.codeowners, _CONTENTS)
    about = file.path if isinstance(file, CodeownersFile) else "CODEOWNERS"
    if file is not None:
        yield from judge_errors(read(settings.codeowners_errors, _CONTENTS), about)
    yield from judge_file(file, ladder)
    if isinstance(file, CodeownersFile):
        yield from judge_owners(_seen(file, ladder, settings))


def _seen(file: CodeownersFile, ladder: Sequence[str], settings: GitHubSettings) -> Owners:
    named: dict[OwnerKind, list[str]] = {kind: [] for kind in OwnerKind}
    for owner in owners_asked(file, ladder):
        named[owner.kind].append(owner.name)
    return Owners(
        people={
            login: read(partial(settings.may_write, login), _METADATA)
            for login in named[OwnerKind.PERSON]
        },
        teams={
            team: read(partial(settings.team, team), _MEMBERS) for team in named[OwnerKind.TEAM]
        },
        addresses=named[OwnerKind.EMAIL],
    )


def _environment(settings: GitHubSettings, name: str) -> Read[GitHubEnvironment | None]:
    return read(lambda: settings.environment(name), _ACTIONS)


def _workflows(
    config: Config,
    settings: GitHubSettings,
    app: Read[AppInstallation],
    environments: Mapping[str, Read[GitHubEnvironment | None]],
) -> Iterator[Finding]:
    name = config.repository
    yield from judge_actions(
        read(settings.workflow_token, _ADMINISTRATION),
        read(settings.actions_policy, _ADMINISTRATION),
        name=name,
    )
    yield from judge_subject(read(settings.oidc_subject, _ACTIONS), name=name)
    for rung, environment in environments.items():
        yield from judge_environment(rung, environment, branch=config.branch)
    yield from judge_switch(
        read(lambda: settings.variable("ASSENT_APP_ID"), _VARIABLES),
        name=name,
        app=None if isinstance(app, Unread) else app.app,
    )
