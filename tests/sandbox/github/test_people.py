"""Teams, members and who may do what."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.sandbox.github.conftest import Refused, Stage


def test_teams_and_their_members_are_listed(stage: "Stage", refused: "Refused") -> None:
    """By role too; membership of an outsider is 404, by name and by the team's own address."""
    client = stage.client(stage.bot_token(), prefix="/api/v3")
    organization = client.get_organization("acme")
    assert [team.slug for team in organization.get_teams()] == ["ml-approvers"]
    team = organization.get_team_by_slug("ml-approvers")
    assert [member.login for member in team.get_members()] == ["ada", "cleo", "eve"]
    assert [member.login for member in team.get_members(role="maintainer")] == ["ada"]
    membership = team.get_team_membership("cleo")
    assert (membership.role, membership.state) == ("member", "active")
    assert team.get_team_membership("ada").role == "maintainer"
    assert refused(lambda: team.get_team_membership("ben")) == (404, "Not Found")
    assert refused(lambda: organization.get_team_by_slug("absent").name)[0] == 404


def test_reading_teams_takes_the_members_permission(stage: "Stage") -> None:
    """A token without it is told so; a stranger is told that there is nothing."""
    path = "//orgs/acme/teams/ml-approvers/memberships/cleo"
    narrow = stage.bot_token({"contents": "read"})
    statuses = [
        stage.call("GET", path, token=token).status_code
        for token in ("token-of-eve", narrow, "token-of-zoe", None)
    ]
    assert statuses == [200, 403, 404, 401]


def test_a_maintainer_changes_the_team(stage: "Stage") -> None:
    """Membership given and taken over the wire decides from then on who owns code."""
    path = "//orgs/acme/teams/ml-approvers/memberships/dan"
    assert stage.call("PUT", path, token="token-of-ben").status_code == 403
    assert stage.call("PUT", path, token="token-of-ada").json()["role"] == "member"
    pull = stage.propose(stage.as_person("ben"))
    stage.see("dan", pull).create_review(event="APPROVE")
    assert stage.see("eve", pull).mergeable_state == "clean"
    assert stage.call("DELETE", path, token="token-of-ada").status_code == 204
    assert stage.see("eve", pull).mergeable_state == "blocked"


def test_roles_are_told_to_those_who_write(stage: "Stage", refused: "Refused") -> None:
    """Everybody reads a public repository; collaborators are whoever was given more, or belongs."""
    ben = stage.as_person("ben")
    roles = {
        login: ben.get_collaborator_permission(login)
        for login in ("ada", "ben", "eve", "zoe", "assent[bot]")
    }
    assert roles == {
        "ada": "admin",
        "ben": "write",
        "eve": "read",
        "zoe": "read",
        "assent[bot]": "write",
    }
    assert [ben.has_in_collaborators(login) for login in ("ada", "eve", "zoe")] == [
        True,
        True,
        False,
    ]
    assert refused(lambda: ben.get_collaborator_permission("absent"))[0] == 404
    eve = stage.as_person("eve")
    assert refused(lambda: eve.get_collaborator_permission("ada"))[0] == 403


def test_how_somebody_relates_to_the_repository(stage: "Stage") -> None:
    """Members, the bot and strangers are told apart on what they write."""
    issue = stage.as_person("zoe").create_issue("Hello")
    for token in ("token-of-ben", stage.bot_token()):
        stage.client(token).get_repo(stage.as_person("ben").full_name).get_issue(
            issue.number
        ).create_comment("Hi")
    comments = stage.call("GET", "/issues/1/comments").json()
    assert [comment["author_association"] for comment in comments] == ["MEMBER", "NONE"]
    assert stage.call("GET", "/issues/1").json()["author_association"] == "NONE"


def test_a_team_may_be_given_a_role(stage: "Stage") -> None:
    """Writers named as a team write as long as they are in it."""
    stage.hub.create_repository(
        "acme/other", files={"a": "b"}, writers=["@acme/ml-approvers"], private=True
    )
    assert stage.client("token-of-eve").get_repo("acme/other").permissions.push
    assert not stage.client("token-of-ben").get_repo("acme/other").permissions.push
