"""What an administrator sees of a repository: rulesets, Actions, environments, CODEOWNERS."""

from assent.sandbox.github import codeowners
from assent.sandbox.github.access import AsAccount, Needs, role_of
from assent.sandbox.github.accounts import InstallationToken, Role
from assent.sandbox.github.calls import Answer, Json, RepositoryCall
from assent.sandbox.github.errors import not_found
from assent.sandbox.github.routing import (
    READ,
    READ_ADMINISTRATION,
    READ_CONTENTS,
    repository_routes,
)
from assent.sandbox.github.settings import DeployEnvironment, Ruleset
from assent.sandbox.github.views.people import node_id, timestamp
from assent.sandbox.github.views.repositories import repository_url

routes = repository_routes()

READ_ACTIONS = Needs(permissions=("actions",), level="read", role=Role.READ)
READ_ENVIRONMENTS = Needs(permissions=("environments",), level="read", role=Role.WRITE)
READ_VARIABLES = Needs(permissions=("actions_variables",), level="read", role=Role.WRITE)


@routes.on(
    "GET",
    "/rules/branches/<path:branch>",
    docs="repos/rules#get-rules-for-a-branch",
    needs=READ,
)
def show_rules(call: RepositoryCall, branch: str) -> Answer:
    """Show the rules of every active ruleset that binds a branch, or would."""
    found = [
        {
            "type": kind,
            **({"parameters": dict(parameters)} if parameters else {}),
            "ruleset_source_type": "Repository",
            "ruleset_source": call.repository.full_name,
            "ruleset_id": number,
        }
        for number, ruleset in call.repository.settings.rulesets.items()
        if ruleset.active and ruleset.binds(branch)
        for kind, parameters in ruleset.rules.items()
    ]
    return call.page(found, lambda rule: rule)


@routes.on(
    "GET",
    "/rulesets/<int:number>",
    docs="repos/rules#get-a-repository-ruleset",
    needs=READ,
)
def show_ruleset(call: RepositoryCall, number: int) -> Answer:
    """Show a ruleset; whom it does not bind, only to those who may change it."""
    ruleset = call.repository.settings.rulesets.get(number)
    if ruleset is None:
        raise not_found()
    shown = ruleset_json(call, number, ruleset)
    if _administers(call):
        shown["bypass_actors"] = [dict(each) for each in ruleset.bypass]
    return Answer(body=shown)


def ruleset_json(call: RepositoryCall, number: int, ruleset: Ruleset) -> Json:
    """Show a ruleset, but for whom it does not bind."""
    return {
        "id": number,
        "name": ruleset.name,
        "target": "branch",
        "source_type": "Repository",
        "source": call.repository.full_name,
        "enforcement": "active" if ruleset.active else "disabled",
        "current_user_can_bypass": "never",
        "node_id": node_id("RRS", number),
        "conditions": {
            "ref_name": {
                "include": [f"refs/heads/{pattern}" for pattern in ruleset.branches],
                "exclude": [],
            }
        },
        "rules": [
            {"type": kind, **({"parameters": dict(parameters)} if parameters else {})}
            for kind, parameters in ruleset.rules.items()
        ],
        "created_at": timestamp(call.repository.created_at),
        "updated_at": timestamp(call.repository.created_at),
    }


def _administers(call: RepositoryCall) -> bool:
    """Whether who calls may change settings: a person by role, an App by its permission."""
    actor = call.actor
    if isinstance(actor, AsAccount) and isinstance(actor.token, InstallationToken):
        return actor.token.permissions.get("administration") == "write"
    return role_of(call.state, actor, call.repository) >= Role.ADMIN


@routes.on(
    "GET",
    "/codeowners/errors",
    docs="repos/repos#list-codeowners-errors",
    needs=READ_CONTENTS,
)
def show_codeowners_errors(call: RepositoryCall) -> Answer:
    """List the owners that nobody could be: unknown ones, and those without write access."""
    commit = call.repository.branch(call.query.get("ref", call.repository.default_branch))
    if commit is None:
        raise not_found()
    git = call.repository.git
    tree = git.objects.commit(commit).tree
    for path in codeowners.LOCATIONS:
        entry = git.entry_at(tree, path)
        if entry is not None and entry.kind == "blob":
            text = git.objects.blob(entry.sha).decode(errors="replace")
            return Answer(body={"errors": _errors(call, path, text)})
    raise not_found()


def _errors(call: RepositoryCall, path: str, text: str) -> list[Json]:
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        for rule in codeowners.parse(line):
            for owner in rule.owners:
                if not _may_own(call, owner):
                    suggestion = f"make sure @{owner} exists and has write access to the repository"
                    found.append(
                        {
                            "line": number,
                            "column": line.find(owner),
                            "kind": "Unknown owner",
                            "source": f"{line}\n",
                            "suggestion": suggestion,
                            "message": f"Unknown owner on line {number}: {suggestion}",
                            "path": path,
                        }
                    )
    return found


def _may_own(call: RepositoryCall, owner: str) -> bool:
    grants = call.repository.grants
    if "/" in owner:
        return grants.get(owner.lower(), Role.NONE) >= Role.WRITE
    return "@" in owner or call.state.role(call.repository, owner) >= Role.WRITE


@routes.on(
    "GET",
    "/actions/permissions",
    docs="actions/permissions#get-github-actions-permissions-for-a-repository",
    needs=READ_ADMINISTRATION,
)
def show_actions(call: RepositoryCall) -> Answer:
    """Show which actions may run."""
    actions = call.repository.settings.actions
    shown: Json = {"enabled": actions.enabled, "sha_pinning_required": actions.pinned}
    if actions.enabled:
        shown["allowed_actions"] = actions.allowed
    return Answer(body=shown)


@routes.on(
    "GET",
    "/actions/permissions/workflow",
    docs="actions/permissions#get-default-workflow-permissions-for-a-repository",
    needs=READ_ADMINISTRATION,
)
def show_workflow_token(call: RepositoryCall) -> Answer:
    """Show what a workflow's token is."""
    actions = call.repository.settings.actions
    return Answer(
        body={
            "default_workflow_permissions": actions.default_token,
            "can_approve_pull_request_reviews": actions.may_approve,
        }
    )


@routes.on(
    "GET",
    "/actions/oidc/customization/sub",
    docs="actions/oidc#get-the-customization-template-for-an-oidc-subject-claim-for-a-repository",
    needs=READ_ACTIONS,
)
def show_subject(call: RepositoryCall) -> Answer:
    """Show how a job's OIDC subject is put together."""
    claims = call.repository.settings.actions.subject_claims
    shown: Json = {"use_default": not claims}
    if claims:
        shown["include_claim_keys"] = list(claims)
    return Answer(body=shown)


@routes.on(
    "GET",
    "/actions/variables",
    docs="actions/variables#list-repository-variables",
    needs=READ_VARIABLES,
)
def list_variables(call: RepositoryCall) -> Answer:
    """List the repository's variables."""
    return _variables(call, dict(call.repository.settings.variables))


@routes.on(
    "GET",
    "/actions/organization-variables",
    docs="actions/variables#list-repository-organization-variables",
    needs=READ_VARIABLES,
)
def list_organization_variables(call: RepositoryCall) -> Answer:
    """List the organization's variables; there are none."""
    return _variables(call, {})


def _variables(call: RepositoryCall, variables: dict[str, str]) -> Answer:
    moment = timestamp(call.repository.created_at)
    return call.page_of(
        "variables",
        list(variables.items()),
        lambda item: {
            "name": item[0],
            "value": item[1],
            "created_at": moment,
            "updated_at": moment,
        },
    )


@routes.on(
    "GET", "/environments", docs="deployments/environments#list-environments", needs=READ_ACTIONS
)
def list_environments(call: RepositoryCall) -> Answer:
    """List the environments."""
    known = call.repository.settings.environments
    return call.page_of(
        "environments",
        list(known.items()),
        lambda item: environment_json(call, *item),
    )


def environment_json(call: RepositoryCall, name: str, environment: DeployEnvironment) -> Json:
    """Show an environment, but for its variables and secrets."""
    number = sorted(call.repository.settings.environments).index(name) + 1
    rules: list[Json] = []
    if environment.wait_minutes:
        rules.append(_rule("wait_timer", number) | {"wait_timer": environment.wait_minutes})
    if environment.reviewers:
        rules.append(_rule("required_reviewers", number) | {"reviewers": []})
    custom = environment.branches is not None and not environment.protected_only
    limited = custom or environment.protected_only
    if limited:
        rules.append(_rule("branch_policy", number))
    moment = timestamp(call.repository.created_at)
    return {
        "id": number,
        "node_id": node_id("EN", number),
        "name": name,
        "url": f"{repository_url(call, call.repository)}/environments/{name}",
        "html_url": call.links.web(f"/{call.repository.full_name}/deployments/{name}"),
        "created_at": moment,
        "updated_at": moment,
        "protection_rules": rules,
        "deployment_branch_policy": (
            {
                "protected_branches": environment.protected_only,
                "custom_branch_policies": custom,
            }
            if limited
            else None
        ),
    }


def _rule(kind: str, number: int) -> Json:
    return {"id": number, "node_id": node_id("GA", f"{kind}_{number}"), "type": kind}


@routes.on(
    "GET",
    "/environments/<name>/deployment-branch-policies",
    docs="deployments/branch-policies#list-deployment-branch-policies",
    needs=READ_ACTIONS,
)
def list_deployment_branches(call: RepositoryCall, name: str) -> Answer:
    """List which branches may deploy to an environment."""
    branches = list(enumerate(find_environment(call, name).branches or (), start=1))
    return call.page_of(
        "branch_policies",
        branches,
        lambda item: {
            "id": item[0],
            "node_id": node_id("GBP", item[0]),
            "name": item[1],
            "type": "branch",
        },
    )


@routes.on(
    "GET",
    "/environments/<name>/variables",
    docs="actions/variables#list-environment-variables",
    needs=READ_ENVIRONMENTS,
)
def list_environment_variables(call: RepositoryCall, name: str) -> Answer:
    """List an environment's variables."""
    return _variables(call, dict(find_environment(call, name).variables))


@routes.on(
    "GET",
    "/environments/<name>/secrets",
    docs="actions/secrets#list-environment-secrets",
    needs=READ_ENVIRONMENTS,
)
def list_environment_secrets(call: RepositoryCall, name: str) -> Answer:
    """List the names of an environment's secrets."""
    moment = timestamp(call.repository.created_at)
    return call.page_of(
        "secrets",
        find_environment(call, name).secrets,
        lambda secret: {"name": secret, "created_at": moment, "updated_at": moment},
    )


def find_environment(call: RepositoryCall, name: str) -> DeployEnvironment:
    """Return an environment, or answer that there is none."""
    found = call.repository.settings.environments.get(name)
    if found is None:
        raise not_found()
    return found
