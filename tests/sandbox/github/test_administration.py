"""What administrators set over the API: kept, shown, and used by those who may."""

from base64 import b64encode
from typing import TYPE_CHECKING

import pytest
from nacl.encoding import Base64Encoder
from nacl.public import PublicKey, SealedBox

from assent.sandbox.github import DeployEnvironment

if TYPE_CHECKING:
    from tests.sandbox.github.conftest import Stage

NAME = "acme/model-promotions"
RULESET = {
    "name": "receipts",
    "target": "branch",
    "enforcement": "active",
    "conditions": {"ref_name": {"include": ["refs/heads/receipts"], "exclude": []}},
    "rules": [{"type": "creation"}, {"type": "update"}],
    "bypass_actors": [{"actor_type": "Integration", "actor_id": 1, "bypass_mode": "always"}],
}


def test_a_new_repository_is_empty_and_its_creators(stage: "Stage") -> None:
    """It can be pushed to at once; a second one of its name is refused."""
    made = stage.call("POST", "//orgs/acme/repos", body={"name": "fresh", "private": True})
    assert (made.status_code, made.json()["full_name"]) == (201, "acme/fresh")
    assert made.json()["permissions"]["admin"] is True
    assert stage.call("GET", "//repos/acme/fresh/branches").json() == []
    again = stage.call("POST", "//orgs/acme/repos", body={"name": "fresh"})
    assert again.status_code == 422


def test_a_ruleset_is_shown_as_it_was_posted(stage: "Stage") -> None:
    """With whom it does not bind, and bound to the branches of its patterns alone."""
    made = stage.call("POST", "/rulesets", body=RULESET)
    assert made.status_code == 201, made.text
    shown = stage.call("GET", f"/rulesets/{made.json()['id']}").json()
    assert {name: shown[name] for name in RULESET} == RULESET
    rules = stage.call("GET", "/rules/branches/receipts").json()
    assert [rule["type"] for rule in rules] == ["creation", "update"]
    assert stage.call("POST", "/rulesets", body=RULESET).status_code == 422
    writer = stage.call("POST", "/rulesets", body={**RULESET, "name": "x"}, token="token-of-ben")
    assert writer.status_code in {403, 404}


@pytest.mark.parametrize(
    "broken",
    [
        {"target": "tag"},
        {"conditions": {"ref_name": {"include": ["~ALL"], "exclude": []}}},
        {"conditions": {"ref_name": {"include": ["refs/heads/a"], "exclude": ["refs/heads/b"]}}},
    ],
)
def test_a_ruleset_that_would_not_be_kept_as_it_is_is_refused(
    stage: "Stage", broken: dict[str, object]
) -> None:
    """Nothing is taken that would look as if it held."""
    assert stage.call("POST", "/rulesets", body={**RULESET, **broken}).status_code == 422
    assert stage.call("GET", "/rules/branches/receipts").json() == []


def test_an_environment_takes_branches_variables_and_sealed_secrets(stage: "Stage") -> None:
    """What is sealed is opened for workflows, and shown to nobody."""
    policy = {"protected_branches": False, "custom_branch_policies": True}
    made = stage.call("PUT", "/environments/dev", body={"deployment_branch_policy": policy})
    assert made.json()["deployment_branch_policy"] == policy
    add = "/environments/dev/deployment-branch-policies"
    assert stage.call("POST", add, body={"name": "main"}).status_code == 200
    variable = {"name": "ASSENT_APPLY_ROLE", "value": "arn"}
    assert stage.call("POST", "/environments/dev/variables", body=variable).status_code == 201
    assert stage.call("POST", "/environments/dev/variables", body=variable).status_code == 409
    key = stage.call("GET", "/environments/dev/secrets/public-key").json()
    sealed = SealedBox(PublicKey(key["key"].encode(), Base64Encoder)).encrypt(b"hush")
    put = "/environments/dev/secrets/ASSENT_APP_PRIVATE_KEY"
    body = {"key_id": key["key_id"], "encrypted_value": b64encode(sealed).decode()}
    assert stage.call("PUT", put, body=body).status_code == 201
    assert stage.call("PUT", put, body=body).status_code == 204
    wrong = stage.call("PUT", put, body={**body, "encrypted_value": b64encode(b"x").decode()})
    assert wrong.status_code == 422
    assert stage.hub.settings(NAME).environments["dev"] == DeployEnvironment(
        branches=("main",),
        variables={"ASSENT_APPLY_ROLE": "arn"},
        secrets=("ASSENT_APP_PRIVATE_KEY",),
    )
    assert stage.hub.secrets(NAME) == {("dev", "ASSENT_APP_PRIVATE_KEY"): "hush"}
    assert "hush" not in stage.call("GET", "/environments/dev/secrets").text


def test_settings_of_merging_and_actions_are_kept(stage: "Stage") -> None:
    """Each by its own call; what the server does not keep it does not take."""
    assert stage.call("PATCH", "", body={"allow_rebase_merge": False}).status_code == 200
    actions = {"enabled": True, "allowed_actions": "selected", "sha_pinning_required": True}
    assert stage.call("PUT", "/actions/permissions", body=actions).status_code == 204
    token = {
        "default_workflow_permissions": "read",
        "can_approve_pull_request_reviews": False,
    }
    assert stage.call("PUT", "/actions/permissions/workflow", body=token).status_code == 204
    kept = {"name": "ASSENT_APP_ID", "value": "1"}
    assert stage.call("POST", "/actions/variables", body=kept).status_code == 201
    settings = stage.hub.settings(NAME)
    assert (settings.allow_rebase, settings.variables) == (False, {"ASSENT_APP_ID": "1"})
    assert stage.call("GET", "/actions/permissions").json() == actions
    assert stage.call("GET", "/actions/permissions/workflow").json() == token
    assert stage.call("PATCH", "", body={"description": "x"}).status_code == 422


def test_a_team_is_given_access_by_administrators(stage: "Stage") -> None:
    """A permission that there is not, and a caller who may not, are refused."""
    path = f"//orgs/acme/teams/ml-approvers/repos/{NAME}"
    given = stage.call("PUT", path, body={"permission": "push"})
    assert given.status_code == 204, given.text
    assert stage.call("GET", path).json()["permissions"]["push"] is True
    assert stage.call("PUT", path, body={"permission": "own"}).status_code == 422
    by_writer = stage.call("PUT", path, body={}, token="token-of-ben")
    assert by_writer.status_code == 403
