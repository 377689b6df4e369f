"""Apps, their tokens, and how long those last."""

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import github
import jwt
import pytest

if TYPE_CHECKING:
    from tests.sandbox.github.conftest import Refused, Stage

NAME = "acme/model-promotions"


def test_an_app_knows_itself_and_where_it_is_installed(stage: "Stage") -> None:
    """App, installations, and the installation of the repository and the organization agree."""
    with stage.integration(prefix="/api/v3") as integration:
        assert integration.get_app().slug == "assent"
        expected = stage.app.installation_id
        assert [i.id for i in integration.get_installations()] == [expected]
        assert integration.get_repo_installation("acme", "model-promotions").id == expected
        assert integration.get_org_installation("acme").id == expected
        assert integration.get_app_installation(expected).app_id == stage.app.app_id
        client = integration.get_github_for_installation(expected)
        assert client.get_repo(NAME).full_name == NAME
        client.close()


def test_a_token_lasts_an_hour(stage: "Stage", refused: "Refused") -> None:
    """By the hub's clock: it works in the last second, and then names nobody."""
    with stage.integration() as integration:
        issued = integration.get_access_token(stage.app.installation_id)
    assert issued.expires_at == stage.clock.time + timedelta(hours=1)
    client = stage.client(issued.token)
    stage.clock.advance(timedelta(minutes=59, seconds=59))
    assert client.get_repo(NAME).name == "model-promotions"
    stage.clock.advance(timedelta(seconds=1))
    assert refused(lambda: client.get_repo(NAME)) == (401, "Bad credentials")
    with pytest.raises(github.BadCredentialsException):
        client.get_rate_limit()


def test_a_client_with_the_apps_key_renews_its_token(stage: "Stage") -> None:
    """PyGithub asks for a new token when the old one's time is over."""
    auth = github.Auth.AppAuth(stage.app.app_id, stage.app.private_key_pem).get_installation_auth(
        stage.app.installation_id
    )
    with github.Github(
        base_url=stage.url,
        auth=auth,
        seconds_between_requests=None,
        seconds_between_writes=None,
        retry=None,
    ) as client:
        assert client.get_repo(NAME).id
        stage.clock.advance(timedelta(hours=2))
        assert client.get_repo(NAME).id


def test_a_token_may_be_narrowed(stage: "Stage", refused: "Refused") -> None:
    """It does what it was narrowed to and nothing else; widening is refused."""
    narrow = stage.client(stage.bot_token({"contents": "read", "issues": "write"})).get_repo(NAME)
    issue = narrow.create_issue("Hello", labels=["drift"])
    assert (issue.user.login, [label.name for label in issue.labels]) == (
        "assent[bot]",
        ["drift"],
    )
    sha = narrow.get_branch("main").commit.sha
    denied = (403, "Resource not accessible by integration")
    assert refused(lambda: narrow.create_git_ref("refs/heads/x", sha)) == denied
    assert refused(lambda: list(narrow.get_pulls())) == denied
    assert refused(lambda: narrow.get_branch("main").get_protection()) == denied
    with stage.integration() as integration:
        permissions = {"administration": "write"}
        wide = refused(lambda: integration.get_access_token(stage.app.installation_id, permissions))
    assert wide[0] == 422


def test_a_token_may_be_kept_to_repositories(stage: "Stage") -> None:
    """Elsewhere it reads what is public, and neither writes nor sees what is private."""
    stage.hub.create_repository("acme/open", files={"a": "b"})
    stage.hub.create_repository("acme/secret", files={"a": "b"}, private=True)
    minted = stage.call(
        "POST",
        f"//app/installations/{stage.app.installation_id}/access_tokens",
        token=assertion(stage),
        body={"repositories": ["model-promotions"]},
    )
    assert minted.status_code == 201
    assert [r["full_name"] for r in minted.json()["repositories"]] == [NAME]
    token = minted.json()["token"]

    def status(method: str, path: str) -> int:
        return stage.call(method, path, token=token, body={"name": "x"}).status_code

    assert status("POST", "/labels") == 201
    assert status("GET", "//repos/acme/open/branches") == 200
    assert status("POST", "//repos/acme/open/labels") == 403
    assert status("GET", "//repos/acme/secret") == 404
    reached = stage.call("GET", "//installation/repositories", token=token).json()
    assert reached["total_count"] == 1


def test_a_token_can_be_revoked(stage: "Stage") -> None:
    """Afterwards it names nobody."""
    token = stage.bot_token()
    assert stage.call("DELETE", "//installation/token", token=token).status_code == 204
    assert stage.call("GET", "", token=token).status_code == 401


def assertion(
    stage: "Stage", *, key: str | None = None, claims: dict[str, object] | None = None
) -> str:
    now = int(time.time())
    payload: dict[str, object] = {
        "iat": now - 60,
        "exp": now + 300,
        "iss": str(stage.app.app_id),
        **(claims or {}),
    }
    payload = {name: value for name, value in payload.items() if value is not None}
    return jwt.encode(payload, key or stage.app.private_key_pem, algorithm="RS256")


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ({"exp": -30}, "'Expiration time' claim ('exp') must be a numeric value"),
        ({"exp": None}, "'Expiration time' claim ('exp') must be a numeric value"),
        ({"exp": 3600}, "'Expiration time' claim ('exp') is too far in the future"),
        ({"iat": 3600}, "'Issued at' claim ('iat') must be an Integer"),
        ({"iat": None}, "'Issued at' claim ('iat') must be an Integer"),
        ({"iss": "999"}, "Integration not found"),
        ({"iss": None}, "Integration not found"),
    ],
)
def test_a_bad_assertion_is_refused_for_its_reason(
    stage: "Stage", claims: dict[str, object], message: str
) -> None:
    """Each claim that GitHub checks is checked, by the time of day."""
    moved = {
        name: int(time.time()) + value if isinstance(value, int) else value
        for name, value in claims.items()
    }
    answer = stage.call("GET", "//app", token=assertion(stage, claims=moved))
    assert answer.status_code == 401
    assert answer.json()["message"].startswith(message)


def test_an_assertion_needs_the_apps_own_key(stage: "Stage") -> None:
    """Another key, no signature, or a token of another kind is not an App."""
    other = stage.hub.add_app("other", app_id=2).private_key_pem
    unsigned = jwt.encode({"iss": "1"}, "", algorithm="none")
    symmetric = jwt.encode({"iss": "1"}, "k" * 32, algorithm="HS256")
    for token in (assertion(stage, key=other), unsigned, symmetric, "a.b.c", "token-of-ada"):
        answer = stage.call("GET", "//app", token=token)
        assert (answer.status_code, answer.json()["message"]) == (
            401,
            "A JSON web token could not be decoded",
        )
    wrong = f"//app/installations/{stage.app.installation_id + 1}/access_tokens"
    assert stage.call("POST", wrong, token=assertion(stage)).status_code == 404


def test_an_app_itself_has_no_repositories(stage: "Stage") -> None:
    """An assertion is good for asking about the App and for tokens only."""
    answer = stage.call("GET", "/pulls", token=assertion(stage))
    assert answer.status_code == 403


def test_a_bot_has_an_account_of_its_own(stage: "Stage", refused: "Refused") -> None:
    """It is found by its login, and asking who the token is shows nobody."""
    client = stage.client(stage.bot_token())
    bot = client.get_user("assent[bot]")
    assert (bot.login, bot.type) == ("assent[bot]", "Bot")
    assert refused(lambda: client.get_user().login) == (
        403,
        "Resource not accessible by integration",
    )
    assert stage.client("token-of-ben").get_user().login == "ben"
