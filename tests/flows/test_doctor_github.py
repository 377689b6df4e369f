"""`doctor` on GitHub: the set-up that Assent asks for is well, and each thing that is not is named.

The settings stand behind the port; that GitHub's own answers become them is tested with the
adapter and, over HTTP, on the sandbox.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.flows.setups import APP, LADDER, PlantedGitHub

from assent.contracts import load_contracts
from assent.core.config import parse_config
from assent.core.doctor import AWS_CHECKS, CHECKS, GITHUB_CHECKS
from assent.core.doctor.finding import Diagnosis, Unread, Verdict
from assent.core.doctor.github_facts import (
    Bypass,
    CodeownersError,
    DeploymentBranch,
    OidcSubject,
    RequiredCheck,
    RuleSource,
    TeamSettings,
    WorkflowToken,
)
from assent.core.errors import Exit
from assent.flows.doctor import Setup, doctor

CONFIG = parse_config(
    (Path(__file__).parents[2] / "assent.yaml").read_bytes(), load_contracts().config
)
ADMINS = Bypass(kind="RepositoryRole", id=5, name="administrators")
MERGES = replace(APP, pushes=False)
OTHER = Bypass(kind="Integration", id=8, name="App 8")
HIDDEN = Unread(why="the list is not shown", needs="Use an administrator's credentials.")


def diagnose(github: PlantedGitHub, *names: str) -> Diagnosis:
    """Look at GitHub alone."""
    return doctor(Setup(config=CONFIG, github=github), CONFIG.select(names))


def amiss(diagnosis: Diagnosis) -> set[tuple[str, str]]:
    """Every check that does not say ok, with its verdict."""
    return {
        (each.check, each.verdict.value)
        for each in diagnosis.findings
        if each.verdict is not Verdict.OK
    }


def test_the_setup_that_assent_asks_for_is_well() -> None:
    """Every check of GitHub's says ok at least once, none says anything else, and the code is 0."""
    diagnosis = diagnose(PlantedGitHub())
    assert amiss(diagnosis) == set()
    assert {each.check for each in diagnosis.findings} == {each.id for each in GITHUB_CHECKS}
    assert all(each.message and not each.remedy for each in diagnosis.findings)
    assert diagnosis.exit is Exit.OK


Break = Callable[[PlantedGitHub], object]


def team(**changes: object) -> Break:
    def plant(github: PlantedGitHub) -> None:
        well = github.teams["acme/approvers"]
        github.teams["acme/approvers"] = replace(well, **changes)  # type: ignore[arg-type]

    return plant


def environment(**changes: object) -> Break:
    def plant(github: PlantedGitHub) -> None:
        well = github.environments["prod"]
        github.environments["prod"] = replace(well, **changes)  # type: ignore[arg-type]

    return plant


def attribute(name: str, value: object) -> Break:
    return lambda github: setattr(github, name, value)


def rule(**changes: object) -> Break:
    return lambda github: github.rule(**changes)


def branches(*patterns: str, tag: bool = False) -> Break:
    return environment(branches=tuple(DeploymentBranch(pattern=each, tag=tag) for each in patterns))


def permissions(**changes: str) -> Break:
    def plant(github: PlantedGitHub) -> None:
        held = {**github.app.permissions, **changes}
        github.app = replace(
            github.app, permissions={name: level for name, level in held.items() if level}
        )

    return plant


def owners(text: str) -> Break:
    return attribute("owners", f"* @acme/platform\n{text}\n")


WRITABLE = RuleSource(
    name="ruleset receipts", no_creation=True, no_update=True, bypass=(APP, OTHER)
)
CLOSED = RuleSource(name="ruleset closed", no_update=True, no_force_push=True, no_deletion=True)
ALONE = RuleSource(
    name="ruleset receipts",
    no_creation=True,
    no_update=True,
    no_force_push=True,
    no_deletion=True,
    bypass=(APP,),
)

PROBLEMS: list[tuple[str, Break, str, str, str]] = [
    ("no rules at all", attribute("main", []),
     "pull-request-required", "no approved review", "Require a pull request"),
    ("no rules at all, by nobody", attribute("main", []),
     "bypass", "everybody may do anything", "bypass list"),
    ("no pull request", rule(pull_request=False),
     "pull-request-required", "no approved review", "Require a pull request"),
    ("no approval", rule(approvals=0),
     "pull-request-required", "no approved review", "at least one approval"),
    ("no code owners", rule(code_owners=False),
     "code-owner-review", "anybody who may write can approve", "Require review from Code Owners"),
    ("approvals outlive a push", rule(dismisses_stale=False, last_push=False),
     "stale-approvals", "outlives", "Dismiss stale"),
    ("no check", rule(checks=()),
     "required-check", "no rule requires the check", "require the status check"),
    ("another check", rule(checks=(RequiredCheck(context="tests", app=15368),)),
     "required-check", "no rule requires the check", "require the status check"),
    ("a check of anybody's", rule(checks=(RequiredCheck(context="assent check", app=None),)),
     "required-check", "anybody who may write can report", "GitHub Actions as its source"),
    ("a check of another App's", rule(checks=(RequiredCheck(context="assent check", app=8),)),
     "required-check", "App 8 has to report", "GitHub Actions as its source"),
    ("force pushes", rule(no_force_push=False),
     "history-protected", "rewrite it", "Block force pushes"),
    ("deletions", rule(no_deletion=False),
     "history-protected", "delete it", "Restrict deletions"),
    ("administrators go past", rule(bypass=(ADMINS,)),
     "bypass", "administrators", "Empty the bypass list"),
    ("the App goes past", rule(bypass=(APP,)),
     "bypass", "may go past the code owners' review: App 7", "Empty the bypass list"),
    ("somebody needs no review", rule(review_bypass=(Bypass(kind="User", id=1, name="User eve"),)),
     "bypass", "User eve", "Do not allow bypassing"),
    ("rebasing", lambda github: setattr(
        github, "settings", replace(github.settings, allows_rebase=True)),
     "merge-methods", "may be rebased", "Switch off “Allow rebase merging”"),
    ("anybody proposes", attribute("proposals", []),
     "promotion-branches", "whoever may push can create it", "promote/**/*"),
    ("others propose too",
     attribute("proposals", [RuleSource(name="x", no_creation=True, bypass=(APP, ADMINS))]),
     "promotion-branches", "besides the App: administrators", "App alone"),
    ("nobody may propose", attribute("proposals", [RuleSource(name="x", no_creation=True)]),
     "promotion-branches", "the App assent itself may not create it", "bypass list has the App"),
    ("the App may only merge",
     attribute("proposals", [RuleSource(name="x", no_creation=True, bypass=(MERGES,))]),
     "promotion-branches", "the App assent itself may not create it", "bypass list has the App"),
    ("another App proposes",
     attribute("proposals", [RuleSource(name="x", no_creation=True, bypass=(OTHER,))]),
     "promotion-branches", "besides the App: App 8", "App alone"),
    ("receipts are anybody's", attribute("receipts", []),
     "receipts-branch", "whoever may push can write to it", "Make two rulesets"),
    ("receipts are also another's", attribute("receipts", [WRITABLE, CLOSED]),
     "receipts-branch", "the App assent itself may not write to it", "Make two rulesets"),
    ("the branch of receipts can be made by anybody",
     attribute("receipts", [replace(ALONE, no_creation=False)]),
     "receipts-branch", "whoever may push can create it", "restricts creations"),
    ("receipts can be rewritten", attribute("receipts", [replace(ALONE, no_force_push=False)]),
     "receipts-branch", "rewrite it", "block"),
    ("receipts can be deleted", attribute("receipts", [replace(ALONE, bypass=(APP, ADMINS))]),
     "receipts-branch", "may delete it: App 7, administrators", "nobody"),
    ("a line that GitHub does not take",
     attribute("errors", [CodeownersError(line=3, kind="Unknown owner", suggestion="see that")]),
     "codeowners-errors", "Unknown owner", "see that"),
    ("no CODEOWNERS", attribute("owners", None),
     "codeowners-coverage", "there is none", ".github/CODEOWNERS"),
    ("an environment without owners", owners("/promotions/prod/"),
     "codeowners-coverage", "gives it no owner", "Give the path owners"),
    ("the judges without owners", owners("/.github/"),
     "codeowners-coverage", "gives it no owner", "Give the path owners"),
    ("nothing but environments", attribute("owners", "/promotions/ @acme/approvers\n"),
     "codeowners-coverage", "gives it no owner", "Give the path owners"),
    ("somebody without write access", owners("/promotions/prod/ @eve"),
     "owners", "without write access", "Give the owner write access"),
    ("no such team", owners("/promotions/prod/ @acme/approverz"),
     "owners", "there is no such team", "name another one"),
    ("a secret team", team(visible=False), "owners", "a secret team", "Make the team visible"),
    ("a team that only reads", team(writes=False),
     "owners", "no write access", "Give the owner write access"),
    ("an empty team", team(members=0), "owners", "nobody is in it", "Add its members"),
    ("workflows approve", attribute("token", WorkflowToken(default="read", may_approve=True)),
     "workflow-token", "workflows may approve", "create and approve"),
    ("no Actions", lambda github: setattr(
        github, "policy", replace(github.policy, enabled=False, allowed="")),
     "actions-policy", "off", "Switch them on"),
    ("a subject without environment",
     attribute("subject", OidcSubject(default=False, claims=("repo", "actor"))),
     "oidc-subject", "repo, actor", "template"),
    ("no environment", lambda github: github.environments.pop("prod"),
     "github-environment", "no GitHub environment", "only main"),
    ("any branch deploys", environment(only="all"),
     "github-environment", "any branch gets its role", "only main"),
    ("any protected branch deploys", environment(only="protected"),
     "github-environment", "any protected branch", "only main"),
    ("other branches deploy", branches("main", "promote/**/*"),
     "github-environment", "promote/**/*", "only main"),
    ("every branch deploys by a pattern", branches("*"),
     "github-environment", "may deploy to it, too: *", "only main"),
    ("a tag of that name deploys", branches("main", tag=True),
     "github-environment", "may deploy to it, too: main", "only main"),
    ("main does not deploy", branches("master"),
     "github-environment", "main may not deploy", "only main"),
    ("reviewers are waited for", environment(waits_for=("required_reviewers",)),
     "github-environment", "wait for required_reviewers", "without required reviewers"),
    ("no role", environment(variables={}), "workflow-settings", "no role", "Set it"),
    ("no key", environment(secrets=frozenset()), "workflow-settings", "key is missing", "Set it"),
    ("no switch", attribute("switch", None), "workflow-settings", "skip their jobs", "Set it"),
    ("a switch of another App", attribute("switch", "8"),
     "workflow-settings", "names App 8", "Set it"),
    ("a permission missing", permissions(pull_requests="read"),
     "app-permissions", "it lacks pull_requests: write", "Set the App's permissions"),
    ("members not to be read", permissions(members=""),
     "app-permissions", "it lacks members: read", "Set the App's permissions"),
    ("a suspended App", lambda github: setattr(github, "app", replace(github.app, suspended=True)),
     "app-permissions", "suspended", "Unsuspend"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("plant", "check", "message", "remedy"),
    [pytest.param(*rest, id=name) for name, *rest in PROBLEMS],
)
def test_a_broken_setup_is_a_problem_with_its_remedy(
    plant: Break, check: str, message: str, remedy: str
) -> None:
    """The one check says what is wrong and what to do, and the code is 10."""
    github = PlantedGitHub()
    plant(github)
    diagnosis = diagnose(github)
    found = [
        each
        for each in diagnosis.findings
        if each.check == check and each.verdict is Verdict.PROBLEM
    ]
    assert any(message in each.message and remedy in each.remedy for each in found), found
    assert diagnosis.exit is Exit.FINDINGS


def test_every_check_of_githubs_can_fail() -> None:
    """The table above breaks each; of synchronised teams there are only warnings."""
    broken = {check for _, _, check, _, _ in PROBLEMS}
    assert broken == {each.id for each in GITHUB_CHECKS} - {"teams-synchronised"}


WARNINGS: list[tuple[str, Break, str, str]] = [
    ("an address owns", owners("/promotions/prod/ ana@acme.example"), "owners", "only GitHub"),
    ("a team nobody synchronises", team(synchronised=False), "teams-synchronised", "no identity"),
    ("a line without owners elsewhere", owners("/notes/"), "codeowners-coverage", "/notes/"),
    ("a token that writes", attribute("token", WorkflowToken(default="write", may_approve=False)),
     "workflow-token", "may write by default"),
    ("any action", lambda github: setattr(
        github, "policy", replace(github.policy, allowed="all", pinned=False)),
     "actions-policy", "every action may run"),
    ("too much for the App", permissions(administration="read", contents="admin"),
     "app-permissions", "administration: read, contents: admin"),
    ("the App can rewrite receipts", attribute("receipts", [ALONE]),
     "receipts-branch", "whoever has the App's key may rewrite it"),
    ("nothing can be committed to a promotion", attribute(
        "proposals", [RuleSource(name="x", no_creation=True, no_update=True, bypass=(APP,))]),
     "promotion-branches", "updates are restricted"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("plant", "check", "message"), [pytest.param(*rest, id=name) for name, *rest in WARNINGS]
)
def test_what_breaks_no_promise_is_a_warning(plant: Break, check: str, message: str) -> None:
    """It has a remedy, too, and the code stays 0."""
    github = PlantedGitHub()
    plant(github)
    diagnosis = diagnose(github)
    assert amiss(diagnosis) == {(check, "warning")}
    warnings = [each for each in diagnosis.findings if each.verdict is Verdict.WARNING]
    assert any(message in each.message and each.remedy for each in warnings)
    assert diagnosis.exit is Exit.OK


UNREAD: dict[str, set[str]] = {
    "rulesets": {
        *("pull-request-required", "code-owner-review", "stale-approvals", "required-check"),
        *("history-protected", "bypass", "promotion-branches", "receipts-branch"),
    },
    "repository": {"merge-methods"},
    "codeowners": {"codeowners-coverage"},
    "codeowners_errors": {"codeowners-errors"},
    "team": {"owners"},
    "may_write": {"owners"},
    "workflow_token": {"workflow-token"},
    "actions_policy": {"actions-policy"},
    "oidc_subject": {"oidc-subject"},
    "installation": {"app-permissions", "promotion-branches", "receipts-branch"},
    "environment": {"github-environment"},
    "variable": {"workflow-settings"},
}


@pytest.mark.parametrize("what", UNREAD)
def test_what_cannot_be_read_is_neither_well_nor_wrong(what: str) -> None:
    """It says why, and what would let it be read; the code is 1, and what rests on it is no ok."""
    github = PlantedGitHub(owners="* @acme/platform @ana\n/notes/ @ana\n", writers={"ana"})
    github.unreadable = {what}
    diagnosis = diagnose(github)
    assert amiss(diagnosis) == {(check, "unknown") for check in UNREAD[what]}
    for each in diagnosis.findings:
        if each.verdict is Verdict.UNKNOWN:
            assert f"access denied to {what}" in each.message
            assert each.remedy
    assert diagnosis.exit is Exit.BROKEN


def test_rulesets_that_hold_need_no_classic_protection_to_be_read() -> None:
    """Rules add up, and none weakens another: what is read and asks for enough, is enough."""
    github = PlantedGitHub(unreadable={"protection"})
    assert amiss(diagnose(github)) == set()


@pytest.mark.parametrize("what", ["protection", "rulesets"])
def test_rules_that_were_not_read_may_be_the_missing_ones(what: str) -> None:
    """Where the readable ones ask for less, nobody knows: not missing, and not there."""
    github = PlantedGitHub(unreadable={what})
    weak = replace(github.main[0], code_owners=False)
    github.main = [weak]
    github.classic = weak
    diagnosis = diagnose(github, "dev")
    assert ("code-owner-review", "unknown") in amiss(diagnosis)
    assert ("code-owner-review", "problem") not in amiss(diagnosis)


def test_a_problem_counts_before_what_could_not_be_read() -> None:
    """With both, the code is that of the problem."""
    github = PlantedGitHub(unreadable={"team"}, switch=None)
    assert diagnose(github).exit is Exit.FINDINGS


def test_two_rulesets_bind_whom_each_alone_would_let_past() -> None:
    """One ruleset without a bypass is enough, whoever may go past another one."""
    github = PlantedGitHub()
    github.main = [replace(github.main[0], name="ruleset weak", bypass=(ADMINS,)), *github.main]
    assert amiss(diagnose(github)) == set()


def test_two_lists_are_taken_together() -> None:
    """Somebody may be on one by role and on another by name, so neither list keeps anybody out."""
    github = PlantedGitHub()
    weak = replace(github.main[0], bypass=(ADMINS,))
    github.main = [weak, replace(weak, bypass=(Bypass(kind="Team", id=3, name="Team 3"),))]
    diagnosis = diagnose(github)
    assert amiss(diagnosis) == {("bypass", "problem")}
    assert all(
        "Team 3, administrators" in each.message
        for each in diagnosis.findings
        if each.check == "bypass"
    )


def test_a_check_of_anybodys_binds_nobody() -> None:
    """One that anybody may report holds back none of those whom the pinned one lets past."""
    github = PlantedGitHub()
    pinned = RuleSource(name="x", checks=github.main[0].checks, bypass=(ADMINS,))
    github.rule(checks=(RequiredCheck(context="assent check", app=None),))
    github.main = [*github.main, pinned]
    assert amiss(diagnose(github)) == {("bypass", "problem")}


def test_classic_protection_alone_can_hold_main() -> None:
    """Rulesets are not needed for main; administrators are named where it leaves them out."""
    github = PlantedGitHub()
    classic = replace(github.main[0], name="branch protection")
    github.main, github.classic = [], classic
    assert amiss(diagnose(github)) == set()
    github.classic = replace(classic, bypass=(ADMINS,))
    assert amiss(diagnose(github)) == {("bypass", "problem")}


def test_a_hidden_bypass_list_is_not_an_empty_one() -> None:
    """GitHub shows it to few; without it nobody knows who is let past."""
    github = PlantedGitHub()
    github.rule(bypass=HIDDEN)
    github.proposals = [replace(github.proposals[0], bypass=HIDDEN)]
    github.receipts = [replace(each, bypass=HIDDEN) for each in github.receipts]
    assert amiss(diagnose(github)) == {
        ("bypass", "unknown"),
        ("promotion-branches", "unknown"),
        ("receipts-branch", "unknown"),
    }


def test_merge_settings_that_are_not_shown_are_unknown() -> None:
    """Unless a ruleset leaves no rebasing, which is as good."""
    github = PlantedGitHub()
    github.settings = replace(github.settings, allows_rebase=None)
    assert amiss(diagnose(github)) == {("merge-methods", "unknown")}
    github.rule(merge_methods=frozenset({"merge", "squash"}))
    assert amiss(diagnose(github)) == set()
    github.settings = replace(github.settings, allows_rebase=True)
    assert amiss(diagnose(github)) == set()
    extra = RuleSource(name="x", merge_methods=frozenset({"merge"}), bypass=(ADMINS,))
    github.main = [replace(github.main[0], merge_methods=None), extra]
    assert amiss(diagnose(github)) == {("merge-methods", "problem")}
    github.main = [github.main[0], replace(extra, bypass=HIDDEN)]
    assert amiss(diagnose(github)) == {("merge-methods", "unknown")}


@pytest.mark.parametrize(
    ("part", "check"),
    [
        ("branches", "github-environment"),
        ("variables", "workflow-settings"),
        ("secrets", "workflow-settings"),
    ],
)
def test_a_part_of_an_environment_that_is_not_shown_is_unknown(part: str, check: str) -> None:
    """The others are judged all the same."""
    github = PlantedGitHub()
    environment(**{part: HIDDEN})(github)
    assert amiss(diagnose(github)) == {(check, "unknown")}


def test_only_the_environments_asked_for_are_looked_at() -> None:
    """What is wrong with another one is not told."""
    github = PlantedGitHub()
    del github.environments["prod"]
    assert amiss(diagnose(github, "dev", "uat")) == set()
    assert amiss(diagnose(github, "prod")) == {("github-environment", "problem")}
    assert CONFIG.ladder == LADDER


def test_teams_are_looked_at_once() -> None:
    """One that owns several paths is one finding."""
    diagnosis = diagnose(PlantedGitHub())
    asked = [each.about for each in diagnosis.findings if each.check == "owners"]
    assert asked == ["@acme/approvers", "@acme/platform"]
    secret = TeamSettings(visible=False, writes=False, members=0, synchronised=False)
    github = PlantedGitHub(teams={"acme/platform": secret, "acme/approvers": secret})
    found = [each for each in diagnose(github).findings if each.check == "owners"]
    assert len(found) == 2 * 3


def test_a_diagnosis_of_nothing_is_no_pass() -> None:
    """Without either half nothing was read."""
    nothing = doctor(Setup(config=CONFIG), CONFIG.environments)
    assert (nothing.findings, nothing.exit) == ((), Exit.NOTHING_READ)


def test_checks_are_told_apart() -> None:
    """Each id stands once, and each check has a demand and a remedy."""
    assert len(CHECKS) == len(GITHUB_CHECKS) + len(AWS_CHECKS)
    assert all(each.demands.endswith(".") and each.remedy for each in CHECKS.values())
