"""What an administrator sets: a new repository, who may write to it, rulesets, environments."""

import re
from base64 import b64decode
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from nacl.exceptions import CryptoError
from nacl.public import SealedBox

from assent.sandbox.github.access import require_member_access
from assent.sandbox.github.accounts import Role
from assent.sandbox.github.calls import Answer, Body, Call, Json, RepositoryCall
from assent.sandbox.github.errors import (
    conflict,
    custom_error,
    field_error,
    forbidden,
    invalid_request,
    not_found,
    validation_failed,
)
from assent.sandbox.github.routes.settings import environment_json, find_environment, ruleset_json
from assent.sandbox.github.routing import ADMINISTER, Routes, repository_routes
from assent.sandbox.github.settings import DeployEnvironment, RepositorySettings, Ruleset
from assent.sandbox.github.views.repositories import repository_json

if TYPE_CHECKING:
    from collections.abc import Mapping

organization_routes = Routes()
routes = repository_routes()

_NAME = re.compile(r"(?!GITHUB_)[A-Z_][A-Z0-9_]*", re.IGNORECASE)
_HEADS = "refs/heads/"
_PERMISSIONS = {
    "pull": Role.READ,
    "triage": Role.TRIAGE,
    "push": Role.WRITE,
    "maintain": Role.MAINTAIN,
    "admin": Role.ADMIN,
}


# Repositories, and who may write to them.


@organization_routes.on(
    "POST", "/orgs/<org>/repos", docs="repos/repos#create-an-organization-repository"
)
def create_repository(call: Call, org: str) -> Answer:
    """Create an empty repository; whoever does administers it."""
    organization = call.state.organization(org)
    require_member_access(call.state, call.actor, organization.login)
    body = call.body
    full_name = f"{organization.login}/{body.text('name')}"
    if call.state.has_repository(full_name):
        raise validation_failed(
            custom_error("Repository", "name already exists on this account"),
        )
    repository = call.state.host(full_name, private=body.flag("private"))
    repository.grants[call.login.lower()] = Role.ADMIN
    return Answer(body=repository_json(call, repository), status=HTTPStatus.CREATED)


@organization_routes.on(
    "PUT",
    "/orgs/<org>/teams/<slug>/repos/<owner>/<repo>",
    docs="teams/teams#add-or-update-team-repository-permissions",
)
def give_team_access(call: Call, org: str, slug: str, owner: str, repo: str) -> Answer:
    """Let a team do something in a repository."""
    organization = call.state.organization(org)
    team = call.state.team(organization.login, slug)
    repository = call.state.repository(f"{owner}/{repo}")
    if call.state.role(repository, call.login) < Role.ADMIN:
        raise forbidden("Must have admin rights to Repository.")
    permission = call.body.text_or("permission", "push")
    if permission not in _PERMISSIONS:
        raise validation_failed(field_error("Team", "permission", "invalid"))
    repository.grants[team.handle.lower()] = _PERMISSIONS[permission]
    return Answer(status=HTTPStatus.NO_CONTENT)


@routes.on("PATCH", "", docs="repos/repos#update-a-repository", needs=ADMINISTER)
def update_repository(call: RepositoryCall) -> Answer:
    """Change how pull requests may be merged; nothing else of a repository can be changed here."""
    known = {"allow_rebase_merge"}
    _only(call.body, known)
    allowed = call.body.flag("allow_rebase_merge", default=call.repository.settings.allow_rebase)
    _set(call, allow_rebase=allowed)
    return Answer(body=repository_json(call, call.repository))


# Rulesets.


@routes.on("POST", "/rulesets", docs="repos/rules#create-a-repository-ruleset", needs=ADMINISTER)
def create_ruleset(call: RepositoryCall) -> Answer:
    """Keep a ruleset for branches."""
    ruleset = _ruleset(call.body)
    rulesets = call.repository.settings.rulesets
    if any(each.name == ruleset.name for each in rulesets.values()):
        raise validation_failed("Name must be unique")
    number = max(rulesets, default=0) + 1
    _set(call, rulesets={**rulesets, number: ruleset})
    shown = ruleset_json(call, number, ruleset)
    shown["bypass_actors"] = [dict(each) for each in ruleset.bypass]
    return Answer(body=shown, status=HTTPStatus.CREATED)


def _ruleset(body: Body) -> Ruleset:
    if body.text_or("target", "branch") != "branch":
        raise invalid_request("The sandbox has rulesets for branches only.")
    conditions = body.nested("conditions")
    names = conditions.nested("ref_name") if conditions is not None else None
    if names is None or names.texts("exclude"):
        raise invalid_request("The sandbox's rulesets include branches, and exclude none.")
    patterns = names.texts("include")
    if not patterns or not all(each.startswith(_HEADS) for each in patterns):
        raise invalid_request(f"The sandbox takes patterns that begin with {_HEADS}.")
    rules: dict[str, Mapping[str, object]] = {}
    for rule in body.nested_all("rules"):
        parameters = rule.nested("parameters")
        rules[rule.text("type")] = dict(parameters.items()) if parameters is not None else {}
    return Ruleset(
        name=body.text("name"),
        branches=tuple(each.removeprefix(_HEADS) for each in patterns),
        rules=rules,
        bypass=tuple(dict(each.items()) for each in body.nested_all("bypass_actors")),
        active=body.text("enforcement") == "active",
    )


# Actions: what workflows may do, and what they are given.


@routes.on(
    "PUT",
    "/actions/permissions",
    docs="actions/permissions#set-github-actions-permissions-for-a-repository",
    needs=ADMINISTER,
)
def set_actions(call: RepositoryCall) -> Answer:
    """Say which actions may run."""
    body, now = call.body, call.repository.settings.actions
    _only(body, {"enabled", "allowed_actions", "sha_pinning_required"})
    if "enabled" not in body:
        raise invalid_request('"enabled" wasn\'t supplied.')
    actions = replace(
        now,
        enabled=body.flag("enabled"),
        allowed=body.text_or("allowed_actions", now.allowed),
        pinned=body.flag("sha_pinning_required", default=now.pinned),
    )
    _set(call, actions=actions)
    return Answer(status=HTTPStatus.NO_CONTENT)


@routes.on(
    "PUT",
    "/actions/permissions/workflow",
    docs="actions/permissions#set-default-workflow-permissions-for-a-repository",
    needs=ADMINISTER,
)
def set_workflow_token(call: RepositoryCall) -> Answer:
    """Say what a workflow's own token may do."""
    body, now = call.body, call.repository.settings.actions
    actions = replace(
        now,
        default_token=body.text_or("default_workflow_permissions", now.default_token),
        may_approve=body.flag("can_approve_pull_request_reviews", default=now.may_approve),
    )
    _set(call, actions=actions)
    return Answer(status=HTTPStatus.NO_CONTENT)


@routes.on(
    "POST",
    "/actions/variables",
    docs="actions/variables#create-a-repository-variable",
    needs=ADMINISTER,
)
def create_variable(call: RepositoryCall) -> Answer:
    """Create a variable of the repository."""
    name, value = _variable(call.body)
    known = call.repository.settings.variables
    if name in known:
        raise conflict("Already exists - Variable already exists")
    _set(call, variables={**known, name: value})
    return Answer(status=HTTPStatus.CREATED)


@routes.on(
    "PUT",
    "/environments/<name>",
    docs="deployments/environments#create-or-update-an-environment",
    needs=ADMINISTER,
)
def put_environment(call: RepositoryCall, name: str) -> Answer:
    """Create an environment, or change which branches may deploy to it."""
    body = call.body
    _only(body, {"wait_timer", "reviewers", "deployment_branch_policy"})
    before = call.repository.settings.environments.get(name, DeployEnvironment(branches=None))
    policy = body.nested("deployment_branch_policy")
    custom = policy is not None and policy.flag("custom_branch_policies")
    protected = policy is not None and policy.flag("protected_branches")
    if policy is not None and custom == protected:
        raise validation_failed("protected_branches and custom_branch_policies cannot be the same")
    kept = before.branches or () if custom and not before.protected_only else ()
    environment = replace(
        before,
        branches=kept if custom else None,
        protected_only=protected,
        reviewers=bool(body.nested_all("reviewers")),
        wait_minutes=body.number("wait_timer", default=0),
    )
    _set_environment(call, name, environment)
    return Answer(body=environment_json(call, name, environment))


@routes.on(
    "POST",
    "/environments/<name>/deployment-branch-policies",
    docs="deployments/branch-policies#create-a-deployment-branch-policy",
    needs=ADMINISTER,
)
def add_deployment_branch(call: RepositoryCall, name: str) -> Answer:
    """Let one more branch deploy to an environment."""
    environment = find_environment(call, name)
    if environment.branches is None or environment.protected_only:
        raise not_found()
    branches = dict.fromkeys((*environment.branches, call.body.text("name")))
    _set_environment(call, name, replace(environment, branches=tuple(branches)))
    return Answer(body={"id": len(branches), "name": call.body.text("name"), "type": "branch"})


@routes.on(
    "POST",
    "/environments/<environment>/variables",
    docs="actions/variables#create-an-environment-variable",
    needs=ADMINISTER,
)
def create_environment_variable(call: RepositoryCall, environment: str) -> Answer:
    """Create a variable of an environment."""
    name, value = _variable(call.body)
    found = find_environment(call, environment)
    if name in found.variables:
        raise conflict("Already exists - Variable already exists")
    changed = replace(found, variables={**found.variables, name: value})
    _set_environment(call, environment, changed)
    return Answer(status=HTTPStatus.CREATED)


def _variable(body: Body) -> tuple[str, str]:
    name = body.text("name")
    if not _NAME.fullmatch(name):
        raise validation_failed("Variable names can only contain alphanumeric characters or _")
    return name.upper(), body.text("value")


@routes.on(
    "GET",
    "/environments/<environment>/secrets/public-key",
    docs="actions/secrets#get-an-environment-public-key",
    needs=ADMINISTER,
)
def show_sealing_key(call: RepositoryCall, environment: str) -> Answer:
    """Show the key by which secrets are sealed before they are sent."""
    find_environment(call, environment)
    return Answer(body=_sealing_key(call))


def _sealing_key(call: RepositoryCall) -> Json:
    return {"key_id": str(call.repository.id), "key": call.repository.vault.public_key}


@routes.on(
    "PUT",
    "/environments/<environment>/secrets/<name>",
    docs="actions/secrets#create-or-update-an-environment-secret",
    needs=ADMINISTER,
)
def put_secret(call: RepositoryCall, environment: str, name: str) -> Answer:
    """Keep a secret of an environment; from then on only workflows see it."""
    found = find_environment(call, environment)
    body = call.body
    if body.text("key_id") != str(call.repository.id):
        raise validation_failed("The key_id is not the one of this repository's public key")
    try:
        sealed = b64decode(body.text("encrypted_value"), validate=True)
        value = SealedBox(call.repository.vault.private_key).decrypt(sealed)
    except (ValueError, CryptoError):
        raise validation_failed("The value is not sealed with the repository's key") from None
    is_new = name.upper() not in found.secrets
    call.repository.vault.values[environment, name.upper()] = value.decode()
    secrets = tuple(dict.fromkeys((*found.secrets, name.upper())))
    _set_environment(call, environment, replace(found, secrets=secrets))
    return Answer(status=HTTPStatus.CREATED if is_new else HTTPStatus.NO_CONTENT)


def _set_environment(call: RepositoryCall, name: str, environment: DeployEnvironment) -> None:
    known = call.repository.settings.environments
    _set(call, environments={**known, name: environment})


def _set(call: RepositoryCall, **changes: object) -> None:
    with call.repository.lock:
        settings: RepositorySettings = replace(
            call.repository.settings,
            **changes,  # type: ignore[arg-type]
        )
        call.repository.settings = settings


def _only(body: Body, known: set[str]) -> None:
    """Refuse what would be set and not kept: it would look as if it held."""
    unknown = {name for name, _ in body.items()} - known
    if unknown:
        raise invalid_request(f"The sandbox does not keep {', '.join(sorted(unknown))}.")
