"""A repository and the people who work on it."""

from http import HTTPStatus

from assent.sandbox.github.access import Needs, may
from assent.sandbox.github.accounts import Role
from assent.sandbox.github.calls import Answer, Json, RepositoryCall
from assent.sandbox.github.errors import forbidden, not_found
from assent.sandbox.github.routing import READ, repository_routes
from assent.sandbox.github.views.people import simple_user, team_json
from assent.sandbox.github.views.repositories import repository_json

routes = repository_routes()

LIST_COLLABORATORS = Needs(permissions=("metadata",), level="read", role=Role.WRITE)
_LEGACY = {
    Role.NONE: "none",
    Role.READ: "read",
    Role.TRIAGE: "read",
    Role.WRITE: "write",
    Role.MAINTAIN: "write",
    Role.ADMIN: "admin",
}


@routes.on("GET", "", docs="repos/repos#get-a-repository", needs=READ)
def show_repository(call: RepositoryCall) -> Answer:
    """Show the repository."""
    return Answer(
        body=repository_json(call, call.repository) | {"network_count": 0, "subscribers_count": 0}
    )


@routes.on(
    "GET",
    "/collaborators",
    docs="collaborators/collaborators#list-repository-collaborators",
    needs=LIST_COLLABORATORS,
)
def list_collaborators(call: RepositoryCall) -> Answer:
    """List whoever was given a role, by name, by team or by membership."""
    return call.page(_collaborators(call), lambda login: _collaborator(call, login))


@routes.on(
    "GET",
    "/collaborators/<login>",
    docs="collaborators/collaborators#check-if-a-user-is-a-repository-collaborator",
    needs=READ,
)
def check_collaborator(call: RepositoryCall, login: str) -> Answer:
    """Say by the status whether somebody was given a role."""
    if not may(call.state, call.actor, call.repository, Role.WRITE):
        raise forbidden("Must have push access to view repository collaborators.")
    if login.lower() not in {known.lower() for known in _collaborators(call)}:
        raise not_found()
    return Answer(status=HTTPStatus.NO_CONTENT)


@routes.on(
    "GET",
    "/collaborators/<login>/permission",
    docs="collaborators/collaborators#get-repository-permissions-for-a-user",
    needs=READ,
)
def show_permission(call: RepositoryCall, login: str) -> Answer:
    """Show what somebody may do; readers of a public repository have ``read``."""
    if not may(call.state, call.actor, call.repository, Role.WRITE):
        raise forbidden("Must have push access to view collaborator permission.")
    account = call.state.account(login)
    role = _role(call, account.login)
    shown = _collaborator(call, account.login)
    return Answer(body={"permission": _LEGACY[role], "role_name": role.name.lower(), "user": shown})


@routes.on("GET", "/teams", docs="repos/repos#list-repository-teams", needs=READ)
def list_teams(call: RepositoryCall) -> Answer:
    """List the teams that were given a role."""
    repository = call.repository
    given = [
        (team, repository.grants[team.handle.lower()])
        for team in call.state.teams(repository.owner)
        if team.handle.lower() in repository.grants
    ]
    return call.page(
        given,
        lambda item: (
            team_json(call, item[0])
            | {"permission": "push" if item[1] is Role.WRITE else item[1].name.lower()}
        ),
    )


def _collaborators(call: RepositoryCall) -> list[str]:
    repository, state = call.repository, call.state
    logins: dict[str, None] = {}
    for grantee in repository.grants:
        if "/" in grantee:
            logins |= dict.fromkeys(state.team(*grantee.split("/", 1)).members)
        else:
            logins |= {state.account(grantee).login: None}
    logins |= dict.fromkeys(state.members(repository.owner))
    return list(logins)


def _role(call: RepositoryCall, login: str) -> Role:
    if any(app.bot == login for app in list(call.state.apps.values())):
        return Role.WRITE
    return call.state.role(call.repository, login)


def _collaborator(call: RepositoryCall, login: str) -> Json:
    role = _role(call, login)
    return simple_user(call, login) | {
        "permissions": {
            "admin": role >= Role.ADMIN,
            "maintain": role >= Role.MAINTAIN,
            "push": role >= Role.WRITE,
            "triage": role >= Role.TRIAGE,
            "pull": role >= Role.READ,
        },
        "role_name": role.name.lower(),
    }
