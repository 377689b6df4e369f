"""What an administrator sees of an organization: its teams' access, and its Apps."""

from assent.sandbox.github.access import require_member_access, role_of
from assent.sandbox.github.accounts import Role
from assent.sandbox.github.calls import Answer, Call
from assent.sandbox.github.errors import forbidden, not_found
from assent.sandbox.github.routing import Routes
from assent.sandbox.github.views.people import installation_json
from assent.sandbox.github.views.repositories import repository_json

routes = Routes()


@routes.on(
    "GET",
    "/orgs/<org>/teams/<slug>/repos/<owner>/<repo>",
    docs="teams/teams#check-team-permissions-for-a-repository",
)
def show_team_access(call: Call, org: str, slug: str, owner: str, repo: str) -> Answer:
    """Show what a team may do in a repository; 404 where it was given nothing."""
    organization = call.state.organization(org)
    require_member_access(call.state, call.actor, organization.login)
    team = call.state.team(organization.login, slug)
    repository = call.state.repository(f"{owner}/{repo}")
    role = repository.grants.get(team.handle.lower(), Role.NONE)
    if role < Role.READ:
        raise not_found()
    return Answer(
        body=repository_json(call, repository)
        | {
            "role_name": role.name.lower(),
            "permissions": {
                "admin": role >= Role.ADMIN,
                "maintain": role >= Role.MAINTAIN,
                "push": role >= Role.WRITE,
                "triage": role >= Role.TRIAGE,
                "pull": role >= Role.READ,
            },
        }
    )


@routes.on(
    "GET",
    "/orgs/<org>/installations",
    docs="orgs/orgs#list-app-installations-for-an-organization",
)
def list_installations(call: Call, org: str) -> Answer:
    """List the Apps installed on an organization, to those who administer all its repositories."""
    organization = call.state.organization(org)
    owned = [each for each in call.state.repositories() if each.owner == organization.login]
    if not owned or any(role_of(call.state, call.actor, each) < Role.ADMIN for each in owned):
        raise forbidden("Resource not accessible by integration")
    return call.page_of(
        "installations",
        list(call.state.apps.values()),
        lambda app: installation_json(call, app),
    )
