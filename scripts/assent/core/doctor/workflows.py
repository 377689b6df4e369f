"""GitHub Actions: what workflows may do, and from where they get their roles and keys."""

import fnmatch
from collections.abc import Iterator

from assent.core.doctor.finding import Check, Finding, Read, Unread
from assent.core.doctor.github_facts import (
    ActionsPolicy,
    GitHubEnvironment,
    OidcSubject,
    WorkflowToken,
)

__all__ = ["CHECKS", "judge_actions", "judge_environment", "judge_subject", "judge_switch"]

_TOKEN = Check(
    id="workflow-token",
    demands="Workflows approve nothing, and read by default.",
    remedy="In Settings, Actions, General: switch off “Allow GitHub Actions to create and approve "
    "pull requests”, and choose “Read repository contents” for the token.",
)
_POLICY = Check(
    id="actions-policy",
    demands="Workflows run, and only actions that were chosen.",
    remedy="In Settings, Actions, General: allow chosen actions only, and require actions to be "
    "pinned to a commit.",
)
_SUBJECT = Check(
    id="oidc-subject",
    demands="A job's OIDC subject names repository and environment.",
    remedy="Take the repository's own template of OIDC subjects back: roles trust "
    "repo:OWNER/NAME:environment:ENVIRONMENT.",
)
_ENVIRONMENT = Check(
    id="github-environment",
    demands="Each rung has a GitHub environment that only main deploys to, waiting for nobody.",
    remedy="In Settings, Environments: let only main deploy to it, without required reviewers and "
    "wait timer; the pull request was the approval, and one waiting job holds up every run.",
)
_SETTINGS = Check(
    id="workflow-settings",
    demands="The variables and secrets that the workflows read are there.",
    remedy="Set it; docs/operating.md lists each with its place.",
)
CHECKS = (_TOKEN, _POLICY, _SUBJECT, _ENVIRONMENT, _SETTINGS)

APPLY_ROLE = "ASSENT_APPLY_ROLE"
_KEY = "ASSENT_APP_PRIVATE_KEY"
_APP = "ASSENT_APP_ID"


def judge_actions(
    token: Read[WorkflowToken], policy: Read[ActionsPolicy], *, name: str
) -> Iterator[Finding]:
    """Judge what workflows may do in a repository."""
    if isinstance(token, Unread):
        yield _TOKEN.unknown(name, token)
    elif token.may_approve:
        yield _TOKEN.problem(name, "workflows may approve pull requests")
    elif token.default != "read":
        yield _TOKEN.warning(name, f"a workflow's token may {token.default} by default")
    else:
        yield _TOKEN.ok(name, "workflows cannot approve, and their token reads by default")
    if isinstance(policy, Unread):
        yield _POLICY.unknown(name, policy)
    elif not policy.enabled:
        yield _POLICY.problem(name, "GitHub Actions are off, so nothing applies", "Switch them on.")
    elif policy.allowed == "all" and not policy.pinned:
        yield _POLICY.warning(name, "every action may run, pinned or not")
    else:
        pinned = ", pinned to commits" if policy.pinned else ""
        yield _POLICY.ok(name, f"actions allowed: {policy.allowed}{pinned}")


def judge_subject(subject: Read[OidcSubject], *, name: str) -> Iterator[Finding]:
    """Judge how a job says who it is."""
    if isinstance(subject, Unread):
        yield _SUBJECT.unknown(name, subject)
    elif subject.default or {"repo", "context"} <= set(subject.claims):
        yield _SUBJECT.ok(name, "it names repository and environment")
    else:
        listed = ", ".join(subject.claims)
        yield _SUBJECT.problem(name, f"it is made of {listed}, which leaves the environment out")


def judge_environment(
    name: str, environment: Read[GitHubEnvironment | None], *, branch: str
) -> Iterator[Finding]:
    """Judge the GitHub environment of a rung.

    Args:
        name: The rung's.
        environment: What GitHub has of that name.
        branch: The branch that counts.
    """
    if isinstance(environment, Unread):
        yield _ENVIRONMENT.unknown(name, environment)
        return
    if environment is None:
        yield _ENVIRONMENT.problem(name, "there is no GitHub environment of that name")
        return
    trouble = list(_branches(environment, branch))
    yield from trouble
    for rule in environment.waits_for:
        yield _ENVIRONMENT.problem(name, f"its jobs wait for {rule}")
    if not trouble and not environment.waits_for:
        yield _ENVIRONMENT.ok(name, f"only {branch} deploys to it, and nothing waits")
    yield from _settings(environment)


def _branches(environment: GitHubEnvironment, branch: str) -> Iterator[Finding]:
    about = environment.name
    if environment.only == "all":
        yield _ENVIRONMENT.problem(about, "any branch gets its role and the App's key")
        return
    if environment.only == "protected":
        yield _ENVIRONMENT.problem(
            about, f"any protected branch gets its role and the App's key, not {branch} alone"
        )
        return
    if isinstance(environment.branches, Unread):
        yield _ENVIRONMENT.unknown(about, environment.branches)
        return
    others = [each.pattern for each in environment.branches if each.tag or each.pattern != branch]
    if others:
        yield _ENVIRONMENT.problem(about, f"may deploy to it, too: {', '.join(others)}")
    if not any(_admits(each.pattern, branch) for each in environment.branches if not each.tag):
        yield _ENVIRONMENT.problem(about, f"{branch} may not deploy to it, so nothing is applied")


def _admits(pattern: str, branch: str) -> bool:
    return fnmatch.fnmatchcase(branch, pattern)


def _settings(environment: GitHubEnvironment) -> Iterator[Finding]:
    about = environment.name
    if isinstance(environment.variables, Unread):
        yield _SETTINGS.unknown(f"{about} {APPLY_ROLE}", environment.variables)
    elif not environment.variables.get(APPLY_ROLE):
        yield _SETTINGS.problem(f"{about} {APPLY_ROLE}", "no role to apply with")
    else:
        yield _SETTINGS.ok(f"{about} {APPLY_ROLE}", "is set")
    if isinstance(environment.secrets, Unread):
        yield _SETTINGS.unknown(f"{about} {_KEY}", environment.secrets)
    elif _KEY not in environment.secrets:
        yield _SETTINGS.problem(f"{about} {_KEY}", "the App's key is missing")
    else:
        yield _SETTINGS.ok(f"{about} {_KEY}", "is set")


def judge_switch(variable: Read[str | None], *, name: str, app: int | None) -> Iterator[Finding]:
    """Judge the variable without which every workflow skips its jobs.

    Args:
        variable: Its value; None where it is not set.
        name: The repository's.
        app: The App's number, where it is known.
    """
    about = f"{name} {_APP}"
    if isinstance(variable, Unread):
        yield _SETTINGS.unknown(about, variable)
    elif not variable:
        yield _SETTINGS.problem(about, "it is not set, so workflows skip their jobs")
    elif app is not None and variable.isdecimal() and int(variable) != app:
        yield _SETTINGS.problem(about, f"it names App {variable}; the one installed is {app}")
    else:
        yield _SETTINGS.ok(about, "is set")
