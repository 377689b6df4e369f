"""What administrators set: shown to those who may see it, in GitHub's words."""

from typing import TYPE_CHECKING

import pytest

from assent.sandbox.github import DeployEnvironment, RepositorySettings, Ruleset

if TYPE_CHECKING:
    from tests.sandbox.github.conftest import Stage

NAME = "acme/model-promotions"


@pytest.mark.parametrize(
    ("pattern", "branch", "binds"),
    [
        ("main", "main", True),
        ("main", "maintenance", False),
        ("promote/*", "promote/dev", True),
        ("promote/*", "promote/dev/churn", False),
        ("promote/**", "promote/dev/churn/7", False),
        ("promote/**/*", "promote/dev/churn/7", True),
        ("promote/**/*", "promote/dev", True),
        ("promote/**/*", "retire/dev/churn/7", False),
        ("**/*", "promote/dev/churn/7", True),
    ],
)
def test_a_pattern_binds_as_githubs_do(pattern: str, branch: str, *, binds: bool) -> None:
    """A star stays on its level; two of them span levels only before another pattern."""
    assert Ruleset(name="x", branches=(pattern,), rules={}).binds(branch) is binds


@pytest.fixture
def governed(stage: "Stage") -> "Stage":
    """One ruleset that an App may go past, one that is off, and an environment."""
    app = {"actor_type": "Integration", "actor_id": 1, "bypass_mode": "always"}
    checks = {"required_status_checks": [{"context": "check", "integration_id": 15368}]}
    rulesets = {
        5: Ruleset(
            name="main",
            branches=("main",),
            rules={"deletion": {}, "required_status_checks": checks},
            bypass=(app,),
        ),
        6: Ruleset(name="off", branches=("*",), rules={"creation": {}}, active=False),
    }
    environments = {"dev": DeployEnvironment(secrets=("KEY",), wait_minutes=3)}
    stage.hub.configure(NAME, RepositorySettings(rulesets=rulesets, environments=environments))
    return stage


def test_active_rules_are_shown_to_every_reader(governed: "Stage") -> None:
    """With their parameters and their ruleset; for names of branches that do not exist, too."""
    found = governed.call("GET", "/rules/branches/main", token="token-of-eve").json()
    assert [(rule["type"], rule["ruleset_id"]) for rule in found] == [
        ("deletion", 5),
        ("required_status_checks", 5),
    ]
    assert "parameters" not in found[0]
    assert found[1]["parameters"]["required_status_checks"][0]["context"] == "check"
    assert governed.call("GET", "/rules/branches/promote%2Fdev%2Fx%2F1").json() == []


def test_a_bypass_list_is_shown_to_administrators_alone(governed: "Stage") -> None:
    """Everybody else gets the ruleset without the field."""
    shown = governed.call("GET", "/rulesets/5").json()
    assert shown["bypass_actors"] == [
        {"actor_type": "Integration", "actor_id": 1, "bypass_mode": "always"}
    ]
    for token in ("token-of-ben", governed.bot_token()):
        assert "bypass_actors" not in governed.call("GET", "/rulesets/5", token=token).json()
    assert governed.call("GET", "/rulesets/6").json()["enforcement"] == "disabled"
    assert governed.call("GET", "/rulesets/7").status_code == 404


def test_settings_of_actions_are_for_administrators(governed: "Stage") -> None:
    """A writer, and the App, are refused."""
    for path in ("/actions/permissions", "/actions/permissions/workflow"):
        assert governed.call("GET", path).status_code == 200
        for token in ("token-of-ben", governed.bot_token()):
            assert governed.call("GET", path, token=token).status_code == 403


def test_an_environments_parts(governed: "Stage") -> None:
    """Its rules and branches to readers, its variables and secrets' names to writers."""
    (listed,) = governed.call("GET", "/environments", token="token-of-eve").json()["environments"]
    assert [rule["type"] for rule in listed["protection_rules"]] == ["wait_timer", "branch_policy"]
    branches = governed.call("GET", "/environments/dev/deployment-branch-policies").json()
    assert [each["name"] for each in branches["branch_policies"]] == ["main"]
    secrets = governed.call("GET", "/environments/dev/secrets").json()
    assert [each["name"] for each in secrets["secrets"]] == ["KEY"]
    for part in ("secrets", "variables"):
        path = f"/environments/dev/{part}"
        assert governed.call("GET", path, token="token-of-eve").status_code == 403
        assert governed.call("GET", f"/environments/moon/{part}").status_code == 404


def test_codeowners_errors_name_line_and_reason(stage: "Stage") -> None:
    """A team without write access of its own is unknown as an owner; the others are none."""
    found = stage.call("GET", "/codeowners/errors").json()["errors"]
    assert [(each["line"], each["kind"]) for each in found] == [
        (2, "Unknown owner"),
        (3, "Unknown owner"),
    ]
    assert "write access" in found[0]["suggestion"]
    assert stage.call("GET", "/codeowners/errors?ref=nowhere").status_code == 404


def test_a_teams_own_access(stage: "Stage") -> None:
    """What its members have otherwise is not the team's."""
    path = f"//orgs/acme/teams/ml-approvers/repos/{NAME}"
    assert stage.call("GET", path).status_code == 404
    stage.hub._state.repository(NAME).grants["acme/ml-approvers"] = stage.hub._state.repository(
        NAME
    ).grants["ben"]
    assert stage.call("GET", path).json()["permissions"]["push"] is True


def test_installations_are_shown_to_who_administers_everything(stage: "Stage") -> None:
    """With the App's permissions; to a writer GitHub says no."""
    found = stage.call("GET", "//orgs/acme/installations").json()["installations"]
    assert [(each["app_id"], each["permissions"]["contents"]) for each in found] == [(1, "write")]
    assert stage.call("GET", "//orgs/acme/installations", token="token-of-ben").status_code == 403
