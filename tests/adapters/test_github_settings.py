"""GitHub's settings, where the sandbox has no such answer: pages, identity providers, refusals.

What the sandbox answers is tested over HTTP, in tests/end_to_end/test_doctor.py.
"""

import base64
from collections.abc import Callable, Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import pytest
from github import Github, GithubException, UnknownObjectException

from assent.adapters.github_settings import GitHubSettingsReader
from assent.core.doctor.finding import Unread
from assent.core.errors import AssentError
from assent.ports import NotThere, Unavailable

BASE = "/repos/acme/promotions"
TEAM = "/orgs/acme/teams/approvers"
Answer = Any | Callable[[Mapping[str, Any]], Any]


def refusal(status: int, message: str = "Not Found") -> GithubException:
    kind = UnknownObjectException if (status, message) == (404, "Not Found") else GithubException
    return kind(status, {"message": message}, {}, message)


def reader(answers: Mapping[str, Answer], **more: Any) -> GitHubSettingsReader:  # noqa: ANN401
    """A reader of a GitHub that answers so at these paths, and knows nothing else."""

    def ask(
        verb: str, path: str, parameters: Mapping[str, Any] | None = None, headers: object = None
    ) -> tuple[object, Any]:
        del headers
        assert verb == "GET", "doctor only reads"
        answer = answers.get(path, refusal(404))
        if callable(answer):
            answer = answer(parameters or {})
        if isinstance(answer, Exception):
            raise answer
        return {}, answer

    client = SimpleNamespace(requester=SimpleNamespace(requestJsonAndCheck=ask))
    return GitHubSettingsReader(cast("Github", client), "acme/promotions", **more)


def pages(entries: list[Any], inside: str | None = None) -> Answer:
    """A list that comes in pages."""

    def answer(parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        size, number = parameters["per_page"], parameters["page"]
        part = entries[(number - 1) * size : number * size]
        return part if inside is None else {"total_count": len(entries), inside: part}

    return answer


def test_rules_are_read_over_all_pages() -> None:
    """A rule on the third page counts as one on the first; each ruleset is asked for once."""
    rules = [
        {"type": "deletion" if number < 200 else "pull_request", "ruleset_id": number % 2}
        for number in range(250)
    ]
    asked = []

    def ruleset(number: int) -> Answer:
        def answer(_: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
            asked.append(number)
            return {"name": f"r{number}", "bypass_actors": []}

        return answer

    found = reader(
        {
            f"{BASE}/rules/branches/promote%2Fdev%2Fx%2F1": pages(rules),
            f"{BASE}/rulesets/0": ruleset(0),
            f"{BASE}/rulesets/1": ruleset(1),
        }
    )
    for _ in range(2):
        sources = found.rulesets("promote/dev/x/1")
        assert [(each.no_deletion, each.pull_request) for each in sources] == [(True, True)] * 2
    assert sorted(asked) == [0, 1]


def test_a_ruleset_that_is_not_shown_binds_all_the_same() -> None:
    """GitHub told its rules with the branch's; whom they do not bind is unread, and not nobody."""
    rules = {f"{BASE}/rules/branches/main": [{"type": "deletion", "ruleset_id": 1}]}
    shown = f"{BASE}/rulesets/1"
    for answer in (refusal(404), refusal(403, "Resource not accessible by integration")):
        (source,) = reader({**rules, shown: answer}).rulesets("main")
        assert source.no_deletion
        assert isinstance(source.bypass, Unread)
    with pytest.raises(Unavailable):
        reader({**rules, shown: refusal(502, "down")}).rulesets("main")


@pytest.mark.parametrize("message", ["Branch not protected", "Branch not found"])
def test_a_branch_without_protection_is_told_from_one_that_is_not_shown(message: str) -> None:
    """Both are a 404; only its words tell."""
    path = f"{BASE}/branches/main/protection"
    assert reader({path: refusal(404, message)}).protection("main") is None
    with pytest.raises(NotThere):
        reader({}).protection("main")
    with pytest.raises(AssentError, match="403"):
        reader({path: refusal(403, "Must have admin rights")}).protection("main")


REPOSITORY = {"id": 456, "owner": {"id": 123}, "default_branch": "main"}


def file(text: bytes) -> dict[str, str]:
    return {"encoding": "base64", "content": base64.b64encode(text).decode()}


def on_trunk(path: str, parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """A file that holds its own path, of one branch."""
    return file(path.encode()) if parameters["ref"] == "trunk" else refusal(404)


def test_the_first_codeowners_counts() -> None:
    """In .github, then in the root, then in docs; of the branch that counts."""
    answers: dict[str, Answer] = {BASE: REPOSITORY}
    for path in ("docs/CODEOWNERS", "CODEOWNERS", ".github/CODEOWNERS"):
        answers[f"{BASE}/contents/{path}"] = partial(on_trunk, path)
        found = reader(answers, branch="trunk").codeowners()
        assert found is not None
        assert (found.path, found.content) == (path, path.encode())
    assert reader(answers).codeowners() is None


def test_a_repository_that_is_not_shown_has_no_missing_codeowners() -> None:
    """Nothing is found in what cannot be seen, which says nothing."""
    with pytest.raises(NotThere):
        reader({}).codeowners()


def test_a_codeowners_that_is_not_given_is_not_missing() -> None:
    """A file of more than a megabyte comes without its content; a folder is a list."""
    large: dict[str, Any] = {"encoding": "none", "content": ""}
    folder: list[Any] = []
    for odd in (large, folder):
        answers: dict[str, Answer] = {BASE: REPOSITORY, f"{BASE}/contents/.github/CODEOWNERS": odd}
        with pytest.raises(AssentError, match="no file of at most 1 MB"):
            reader(answers).codeowners()


def test_merge_settings_may_not_be_shown() -> None:
    """GitHub leaves them out for whoever may not write."""
    assert reader({BASE: REPOSITORY}).repository().allows_rebase is None
    shown = {**REPOSITORY, "allow_rebase_merge": False}
    assert reader({BASE: shown}).repository().allows_rebase is False


def test_a_stranger_may_not_write_and_an_unseen_repository_says_nothing() -> None:
    """A 404 is a no only where the repository itself is shown."""
    path = f"{BASE}/collaborators/eve/permission"
    assert reader({BASE: REPOSITORY}).may_write("eve") is False
    assert reader({path: {"permission": "read"}}).may_write("eve") is False
    assert reader({path: {"permission": "write"}}).may_write("eve") is True
    with pytest.raises(NotThere):
        reader({}).may_write("eve")


SHOWN = {"privacy": "closed", "members_count": 3, "type": "organization"}
WRITES = {"permissions": {"push": True}}


def team(**answers: Answer) -> GitHubSettingsReader:
    paths = {"team": TEAM, "access": f"{TEAM}{BASE}", "listed": "/orgs/acme/teams"}
    paths |= {"sync": f"{TEAM}/team-sync/group-mappings", "external": f"{TEAM}/external-groups"}
    return reader({paths[name]: answer for name, answer in answers.items()})


def test_a_team_and_what_it_may_do() -> None:
    """Its privacy, its own access, and its members; without access GitHub says 404."""
    found = team(team=SHOWN, access=WRITES).team("acme/approvers")
    assert found is not None
    assert (found.visible, found.writes, found.members) == (True, True, 3)
    assert found.synchronised is False
    found = team(team={**SHOWN, "privacy": "secret"}).team("acme/approvers")
    assert found is not None
    assert (found.visible, found.writes) == (False, False)


def test_a_team_that_is_none_is_told_from_one_that_is_not_shown() -> None:
    """Whoever sees the list of teams would see any that may own a path."""
    assert team(listed=[]).team("acme/approvers") is None
    with pytest.raises(NotThere):
        team().team("acme/approvers")


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"sync": {"groups": [{"group_id": "1"}]}}, True),
        ({"sync": {"groups": []}}, False),
        ({"sync": refusal(403, "no"), "external": {"groups": [{"group_id": 1}]}}, True),
        ({"external": {"groups": []}}, False),
        ({"sync": refusal(422, "no"), "external": refusal(400, "no")}, False),
        ({"team": {**SHOWN, "type": "enterprise"}}, True),
    ],
)
def test_whether_an_identity_provider_says_who_is_in_a_team(
    answers: dict[str, Answer], *, expected: bool
) -> None:
    """By team synchronisation, by external groups, or as an enterprise's team."""
    found = team(**{"team": SHOWN, "access": WRITES, **answers}).team("acme/approvers")
    assert found is not None
    assert found.synchronised is expected


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_outage_is_no_missing_synchronisation(status: int) -> None:
    """What does not answer says nothing."""
    with pytest.raises(Unavailable):
        team(team=SHOWN, access=WRITES, sync=refusal(status, "down")).team("acme/approvers")
    limited = GithubException(403, {"message": "API rate limit exceeded"}, {"retry-after": "9"})
    with pytest.raises(Unavailable):
        team(team=SHOWN, access=WRITES, sync=limited).team("acme/approvers")


def environment(policy: object, rules: list[Any], **answers: Answer) -> GitHubSettingsReader:
    path = f"{BASE}/environments/prod"
    listed = {"name": "prod", "deployment_branch_policy": policy, "protection_rules": rules}
    others = [{**listed, "name": f"prod/churn{number}"} for number in range(150)]
    paths = {
        "branches": f"{path}/deployment-branch-policies",
        "variables": f"{path}/variables",
        "secrets": f"{path}/secrets",
    }
    return reader(
        {
            f"{BASE}/environments": pages([*others, listed], "environments"),
            **{paths[name]: answer for name, answer in answers.items()},
        }
    )


CUSTOM = {"protected_branches": False, "custom_branch_policies": True}


def test_an_environment_is_found_among_many() -> None:
    """Deployments make one of each place; those of rungs may be on a later page."""
    found = environment(
        CUSTOM,
        [{"type": "branch_policy"}, {"type": "wait_timer", "wait_timer": 0}],
        branches=pages([{"name": "main"}, {"name": "v*", "type": "tag"}], "branch_policies"),
        variables=pages([{"name": "ASSENT_APPLY_ROLE", "value": "arn"}], "variables"),
        secrets=pages([{"name": f"S{number}"} for number in range(130)], "secrets"),
    ).environment("prod")
    assert found is not None
    assert (found.only, found.waits_for) == ("custom", ())
    assert not isinstance(found.branches, Unread)
    assert [(each.pattern, each.tag) for each in found.branches] == [("main", False), ("v*", True)]
    assert found.variables == {"ASSENT_APPLY_ROLE": "arn"}
    assert not isinstance(found.secrets, Unread)
    assert "S129" in found.secrets


def test_what_an_environment_does_not_show_is_unread() -> None:
    """Each part by itself, with the permission that it takes."""
    found = environment(CUSTOM, [], variables=refusal(403, "no")).environment("prod")
    assert found is not None
    for part, needs in (
        (found.branches, "actions: read"),
        (found.variables, "environments: read"),
        (found.secrets, "environments: read"),
    ):
        assert isinstance(part, Unread)
        assert needs in part.needs


def test_what_holds_an_environments_jobs_up() -> None:
    """Reviewers, a timer, and rules of one's own that are on."""
    rules = [
        {"type": "required_reviewers"},
        {"type": "wait_timer", "wait_timer": 5},
        {"type": "gate-of-an-app", "enabled": True},
        {"type": "another-gate", "enabled": False},
    ]
    found = environment(None, rules).environment("prod")
    assert found is not None
    assert found.waits_for == ("required_reviewers", "wait_timer", "gate-of-an-app")
    assert found.only == "all"
    protected = {"protected_branches": True, "custom_branch_policies": False}
    found = environment(protected, []).environment("prod")
    assert found is not None
    assert found.only == "protected"
    assert environment(None, []).environment("dev") is None


def test_a_variable_may_be_the_organizations() -> None:
    """The repository's own comes first; both lists have to be readable for a no."""
    own, shared = f"{BASE}/actions/variables", f"{BASE}/actions/organization-variables"
    both = {
        own: pages([{"name": "A", "value": "1"}], "variables"),
        shared: pages([{"name": "A", "value": "2"}, {"name": "B", "value": "3"}], "variables"),
    }
    assert [reader(both).variable(name) for name in "ABC"] == ["1", "3", None]
    with pytest.raises(NotThere):
        reader({own: pages([], "variables")}).variable("A")


def test_the_app_is_found_among_those_installed() -> None:
    """By its number or its client id; which App it is has to be said."""
    installed = {
        "app_id": 7,
        "client_id": "Iv1.x",
        "app_slug": "assent",
        "permissions": {"contents": "write"},
        "suspended_at": "2026-11-22T10:00:00Z",
    }
    listed = {"/orgs/acme/installations": pages([installed], "installations")}
    for name in ("7", "Iv1.x"):
        found = reader(listed, app_id=name).installation()
        assert (found.app, found.slug, found.suspended) == (7, "assent", True)
    with pytest.raises(NotThere, match="App 8 is not installed"):
        reader(listed, app_id="8").installation()
    with pytest.raises(AssentError, match="which App"):
        reader(listed).installation()
