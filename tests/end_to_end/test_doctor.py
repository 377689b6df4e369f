"""`assent doctor` over HTTP: the sandbox's set-up, and what is planted in it."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.end_to_end import play

from assent.core.doctor import GITHUB_CHECKS
from assent.sandbox.github import DeployEnvironment, RepositorySettings, Ruleset
from assent.sandbox.stage import ACCOUNT, ADMINISTRATOR, REPOSITORY, Stage

# What the sandbox cannot have: no workflow reports the check, so requiring it would bar every
# merge; and rebasing stays possible, so that tests can try it. docs/doctor.md says so.
LACKING = {("required-check", "problem"), ("merge-methods", "problem")}
WARNED = {("teams-synchronised", "warning"), ("app-permissions", "warning")}


@pytest.fixture
def clone(stage: Stage, tmp_path: Path) -> Path:
    return stage.clone(tmp_path / "clone")


@pytest.fixture
def administrator(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sign in as whoever may see every setting."""
    monkeypatch.setenv("ASSENT_GITHUB_TOKEN", f"token-of-{ADMINISTRATOR}")


def examined(clone: Path, *arguments: str) -> tuple[int, list[dict[str, str]]]:
    """The exit code and the findings."""
    done = play.assent("doctor", "--repository", clone, "--format", "json", *arguments)
    value: dict[str, Any] = json.loads(done.output)
    assert value["exit"] == done.exit_code
    assert value["schema"] == "assent/doctor/v1"
    return done.exit_code, value["findings"]


def amiss(findings: list[dict[str, str]]) -> set[tuple[str, str]]:
    return {(each["check"], each["verdict"]) for each in findings if each["verdict"] != "ok"}


@pytest.mark.usefixtures("administrator")
def test_the_sandboxs_repository_is_set_up_as_the_documents_ask(clone: Path) -> None:
    """But for what a sandbox cannot have, each check of GitHub's is well or warns."""
    code, findings = examined(clone, "--github")
    assert amiss(findings) == LACKING | WARNED
    assert {each["check"] for each in findings} == {each.id for each in GITHUB_CHECKS}
    assert code == 10


@pytest.mark.usefixtures("administrator")
def test_it_is_well_once_the_check_is_required_and_rebasing_off(stage: Stage, clone: Path) -> None:
    """A ruleset that pins the check to GitHub Actions, and the repository's own switch."""
    settings = stage.hub.settings(REPOSITORY)
    required = {"context": "assent check", "integration_id": 15368}
    main = Ruleset(
        name="main",
        branches=("main",),
        rules={
            "required_status_checks": {
                "required_status_checks": [required],
                "strict_required_status_checks_policy": False,
            }
        },
    )
    rulesets = {**settings.rulesets, 9: main}
    stage.hub.configure(REPOSITORY, replace(settings, rulesets=rulesets, allow_rebase=False))
    code, findings = examined(clone, "--github")
    assert amiss(findings) == WARNED
    assert code == 0
    loose = replace(main, rules={"required_status_checks": {"required_status_checks": [
        {"context": "assent check"}]}})  # fmt: skip
    rulesets[9] = loose
    stage.hub.configure(REPOSITORY, replace(settings, rulesets=rulesets, allow_rebase=False))
    code, findings = examined(clone, "--github")
    assert ("required-check", "problem") in amiss(findings)
    assert code == 10


Plant = Callable[[RepositorySettings], RepositorySettings]


def without(name: str) -> Plant:
    """Take a ruleset away."""
    return lambda settings: replace(
        settings,
        rulesets={n: each for n, each in settings.rulesets.items() if each.name != name},
    )


def inactive(settings: RepositorySettings) -> RepositorySettings:
    """Switch every ruleset off, and leave it there."""
    rulesets = {n: replace(each, active=False) for n, each in settings.rulesets.items()}
    return replace(settings, rulesets=rulesets)


def shallow(settings: RepositorySettings) -> RepositorySettings:
    """The pattern that looks right, and does not match three levels."""
    return replace(
        settings,
        rulesets={
            n: replace(each, branches=("promote/**", "retire/**")) if n == 1 else each
            for n, each in settings.rulesets.items()
        },
    )


def bypassed(settings: RepositorySettings) -> RepositorySettings:
    """Administrators may go past each ruleset."""
    role = {"actor_type": "RepositoryRole", "actor_id": 5, "bypass_mode": "pull_request"}
    return replace(
        settings,
        rulesets={
            n: replace(each, bypass=(*each.bypass, role)) for n, each in settings.rulesets.items()
        },
    )


def prod(**changes: object) -> Plant:
    """Change prod's environment."""
    return lambda settings: replace(
        settings,
        environments={
            **settings.environments,
            "prod": replace(
                settings.environments["prod"],
                **changes,  # type: ignore[arg-type]
            ),
        },
    )


def actions(**changes: object) -> Plant:
    return lambda settings: replace(
        settings,
        actions=replace(settings.actions, **changes),  # type: ignore[arg-type]
    )


PLANTED: list[tuple[str, Plant, str, str]] = [
    ("no ruleset of promotions", without("promotions"), "promotion-branches", "can create it"),
    ("rulesets that are off", inactive, "promotion-branches", "can create it"),
    ("a pattern that matches too little", shallow, "promotion-branches", "can create it"),
    ("a bypass", bypassed, "promotion-branches", "administrators (pull_request)"),
    ("no ruleset of receipts", without("receipts"), "receipts-branch", "can write to it"),
    ("receipts to be rewritten", without("append-only"), "receipts-branch", "can rewrite it"),
    ("any branch deploys", prod(branches=None), "github-environment", "any branch gets"),
    ("protected ones deploy", prod(protected_only=True), "github-environment", "any protected"),
    ("another one deploys", prod(branches=("main", "dev")), "github-environment", "too: dev"),
    ("reviewers", prod(reviewers=True), "github-environment", "required_reviewers"),
    ("a wait", prod(wait_minutes=5), "github-environment", "wait_timer"),
    ("no role", prod(variables={}), "workflow-settings", "no role"),
    ("no key", prod(secrets=()), "workflow-settings", "key is missing"),
    ("no App", lambda settings: replace(settings, variables={}), "workflow-settings", "not set"),
    ("no environment", lambda settings: replace(
        settings, environments={"dev": DeployEnvironment()}), "github-environment", "no GitHub"),
    ("workflows approve", actions(may_approve=True), "workflow-token", "may approve"),
    ("no Actions", actions(enabled=False), "actions-policy", "are off"),
    ("a subject", actions(subject_claims=("repo", "ref")), "oidc-subject", "made of repo, ref"),
]  # fmt: skip


@pytest.mark.usefixtures("administrator")
def test_what_is_planted_is_found(stage: Stage, clone: Path) -> None:
    """Each by its check, with a remedy, in GitHub's own answers; the code is 10."""
    well = stage.hub.settings(REPOSITORY)
    for name, plant, check, message in PLANTED:
        stage.hub.configure(REPOSITORY, plant(well))
        code, findings = examined(clone, "--github")
        found = [each for each in findings if each["verdict"] == "problem"]
        assert any(each["check"] == check and message in each["message"] for each in found), name
        assert all(each["remedy"] for each in found)
        assert code == 10


@pytest.mark.usefixtures("administrator")
def test_people_and_teams_are_looked_up(stage: Stage, clone: Path) -> None:
    """A stranger, a team that is none, one without access, and nobody at all."""
    stage.hub.add_user("eve", "token-of-eve")
    stage.hub.add_team("acme", "readers", members=["ana"])
    text = (
        "* @acme/ml-platform\n/promotions/dev/ @eve\n/promotions/test/ @acme/nobody\n"
        "/promotions/uat/ @acme/readers\n/promotions/prod/\n"
    )
    _commit(stage, ".github/CODEOWNERS", text)
    _, findings = examined(clone, "--github")
    told = {(each["check"], each["about"]) for each in findings if each["verdict"] == "problem"}
    assert told >= {
        ("owners", "@eve"),
        ("owners", "@acme/nobody"),
        ("owners", "@acme/readers"),
        ("codeowners-coverage", "promotions/prod/x-doctor-x/1.yaml"),
        ("codeowners-errors", ".github/CODEOWNERS:2"),
        ("codeowners-errors", ".github/CODEOWNERS:3"),
        ("codeowners-errors", ".github/CODEOWNERS:4"),
    }


def _commit(stage: Stage, path: str, text: str) -> None:
    """Write a file to main past every rule, as only a test can."""
    repository = stage.hub._state.repository(REPOSITORY)
    repository.protections.clear()
    admin = stage.repository(ADMINISTRATOR)
    file = admin.get_contents(path)
    assert not isinstance(file, list)
    admin.update_file(path, "Change the owners", text, file.sha)


@pytest.mark.usefixtures("administrator")
def test_main_without_protection_has_many_problems(stage: Stage, clone: Path) -> None:
    """What GitHub says of a branch without protection is no failure to read it."""
    stage.hub._state.repository(REPOSITORY).protections.clear()
    _, findings = examined(clone, "--github")
    assert amiss(findings) >= {
        (check, "problem")
        for check in (
            *("pull-request-required", "code-owner-review", "stale-approvals"),
            *("required-check", "history-protected", "bypass"),
        )
    }


def test_the_app_itself_sees_too_little_for_a_verdict(clone: Path) -> None:
    """Its own token may read neither protection nor Actions: unknown, with what is missing."""
    _, findings = examined(clone, "--github")
    unread = {each["check"]: each for each in findings if each["verdict"] == "unknown"}
    assert {"pull-request-required", "workflow-token", "receipts-branch"} <= unread.keys()
    assert "administration: read" in unread["workflow-token"]["remedy"]
    assert not [
        each
        for each in findings
        if each["verdict"] == "problem" and (each["check"], "problem") not in LACKING
    ]


def test_somebody_without_the_apps_key_finds_it_by_its_number(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An administrator names the App; a writer may not list the organization's installations."""
    monkeypatch.delenv("ASSENT_APP_PRIVATE_KEY")
    monkeypatch.setenv("ASSENT_GITHUB_TOKEN", f"token-of-{ADMINISTRATOR}")
    _, findings = examined(clone, "--github")
    assert amiss(findings) == LACKING | WARNED
    monkeypatch.setenv("ASSENT_APP_ID", "99")
    _, findings = examined(clone, "--github")
    assert ("app-permissions", "unknown") in amiss(findings)
    monkeypatch.delenv("ASSENT_APP_ID")
    _, findings = examined(clone, "--github")
    assert ("app-permissions", "unknown") in amiss(findings)
    monkeypatch.setenv("ASSENT_APP_ID", "1")
    monkeypatch.setenv("ASSENT_GITHUB_TOKEN", "token-of-ana")
    _, findings = examined(clone, "--github")
    assert ("app-permissions", "unknown") in amiss(findings)


@pytest.mark.usefixtures("administrator")
def test_the_sandboxs_accounts_are_looked_at(stage: Stage, clone: Path) -> None:
    """Rules, queue and accounts are there; no function, no OIDC, and no simulator to ask."""
    assert len(stage.intake) == 0
    code, findings = examined(clone, "--env", "dev")
    verdicts = {(each["check"], each["verdict"]) for each in findings}
    assert verdicts >= {
        ("credentials", "ok"),
        ("event-rules", "ok"),
        ("queue", "ok"),
        ("dead-letters", "ok"),
        ("function", "problem"),
        ("oidc-provider", "problem"),
        ("apply-trust", "problem"),
        ("apply-rights", "unknown"),
        ("group-policies", "warning"),
    }
    assert code == 10
    sqs = stage.aws.backstage().sqs
    url = sqs.get_queue_url(QueueName=stage.intake.dead_letters_arn.rpartition(":")[2])
    sqs.send_message(QueueUrl=url["QueueUrl"], MessageBody="{}")
    stage.aws.backstage().events.disable_rule(Name="assent-sagemaker")
    _, findings = examined(clone, "--aws", "--env", "dev", "--queue", "assent")
    assert amiss(findings) >= {("dead-letters", "problem"), ("event-rules", "problem")}
    assert not [each for each in findings if each["check"] == "workflow-token"]


@pytest.mark.usefixtures("administrator")
def test_the_credentials_of_another_account_are_told(
    stage: Stage, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a finding of doctor's, where other commands stop."""
    for name, value in stage.aws.environment(account="999999999999").items():
        monkeypatch.setenv(name, value)
    _, findings = examined(clone, "--aws", "--env", "dev")
    (told,) = [each for each in findings if each["check"] == "credentials"][:1]
    assert told["verdict"] == "problem"
    assert f"of account 999999999999, and it is in {ACCOUNT}" in told["message"]


@pytest.mark.usefixtures("administrator")
def test_it_only_reads(stage: Stage, clone: Path) -> None:
    """Every call to GitHub is a GET, and none to AWS changes anything."""
    assert len(stage.intake) == 0
    start = len(stage.ledger.calls)
    examined(clone)
    calls = stage.ledger.calls[start:]
    github = [each for each in calls if each.service == "github"]
    assert github
    assert {each.method for each in github} == {"GET"}
    assert len(calls) > len(github)
    assert not [each.operation for each in calls if each.writes]
