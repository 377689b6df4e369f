"""Rulesets and classic protection out of JSON such as GitHub documents."""

from typing import Any

from assent.adapters.github_rules import protection_source, ruleset_source
from assent.core.doctor.finding import Unread
from assent.core.doctor.github_facts import Bypass, RequiredCheck, RuleSource

RULESET: dict[str, Any] = {
    "id": 42,
    "name": "main",
    "target": "branch",
    "source_type": "Organization",
    "source": "acme",
    "enforcement": "active",
    "bypass_actors": [
        {"actor_id": 234, "actor_type": "Team", "bypass_mode": "always"},
        {"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "pull_request"},
        {"actor_id": 99, "actor_type": "RepositoryRole", "bypass_mode": "always"},
        {"actor_id": 1, "actor_type": "OrganizationAdmin", "bypass_mode": "always"},
        {"actor_id": 7, "actor_type": "Integration", "bypass_mode": "exempt"},
        {"actor_id": None, "actor_type": "DeployKey", "bypass_mode": "always"},
    ],
}
RULES: list[dict[str, Any]] = [
    {"type": "deletion", "ruleset_id": 42},
    {"type": "non_fast_forward", "ruleset_id": 42},
    {"type": "creation", "ruleset_id": 42},
    {"type": "update", "ruleset_id": 42, "parameters": {"update_allows_fetch_and_merge": True}},
    {
        "type": "pull_request",
        "ruleset_id": 42,
        "parameters": {
            "required_approving_review_count": 2,
            "dismiss_stale_reviews_on_push": True,
            "require_code_owner_review": True,
            "require_last_push_approval": True,
            "required_review_thread_resolution": False,
            "allowed_merge_methods": ["merge", "squash"],
        },
    },
    {
        "type": "required_status_checks",
        "ruleset_id": 42,
        "parameters": {
            "strict_required_status_checks_policy": True,
            "required_status_checks": [
                {"context": "assent check", "integration_id": 15368},
                {"context": "tests"},
            ],
        },
    },
]


def test_a_ruleset_in_full() -> None:
    """Every rule that doctor judges, and everybody who may go past it, by a name to read."""
    assert ruleset_source(RULESET, RULES) == RuleSource(
        name="ruleset main",
        pull_request=True,
        approvals=2,
        code_owners=True,
        dismisses_stale=True,
        last_push=True,
        merge_methods=frozenset({"merge", "squash"}),
        checks=(
            RequiredCheck(context="assent check", app=15368),
            RequiredCheck(context="tests", app=None),
        ),
        strict=True,
        no_force_push=True,
        no_deletion=True,
        no_creation=True,
        no_update=True,
        bypass=(
            Bypass(kind="Team", id=234, name="Team 234"),
            Bypass(kind="RepositoryRole", id=5, name="administrators (pull_request)", pushes=False),
            Bypass(kind="RepositoryRole", id=99, name="repository role 99"),
            Bypass(kind="OrganizationAdmin", id=1, name="the organization's owners"),
            Bypass(kind="Integration", id=7, name="App 7 (exempt)"),
            Bypass(kind="DeployKey", id=None, name="DeployKey"),
        ),
    )


def test_a_ruleset_asks_for_nothing_by_itself() -> None:
    """Without a rule there is none of it; an empty bypass list is nobody, a missing one hidden."""
    assert ruleset_source({"name": "x", "bypass_actors": []}, []) == RuleSource(name="ruleset x")
    hidden = ruleset_source({"name": "x"}, []).bypass
    assert isinstance(hidden, Unread)
    assert "administration: write" in hidden.needs


def test_a_linear_history_leaves_no_merge_commits() -> None:
    """Rebasing stays, which is what doctor asks of it."""
    rules = [{"type": "required_linear_history"}]
    found = ruleset_source({"name": "x", "bypass_actors": []}, rules)
    assert found.merge_methods == frozenset({"squash", "rebase"})


PROTECTION: dict[str, Any] = {
    "required_status_checks": {
        "strict": True,
        "contexts": ["assent check", "tests"],
        "checks": [
            {"context": "assent check", "app_id": 15368},
            {"context": "tests", "app_id": None},
            {"context": "any", "app_id": -1},
        ],
    },
    "enforce_admins": {"enabled": True},
    "required_pull_request_reviews": {
        "dismiss_stale_reviews": True,
        "require_code_owner_reviews": True,
        "required_approving_review_count": 2,
        "require_last_push_approval": True,
        "bypass_pull_request_allowances": {
            "users": [{"id": 1, "login": "eve"}],
            "teams": [{"id": 2, "slug": "leads"}],
            "apps": [{"id": 3, "slug": "bot"}],
        },
    },
    "restrictions": {"users": [], "teams": [], "apps": [{"id": 7, "slug": "assent"}]},
    "required_linear_history": {"enabled": False},
    "allow_force_pushes": {"enabled": False},
    "allow_deletions": {"enabled": False},
    "block_creations": {"enabled": True},
}


def test_classic_protection_in_full() -> None:
    """Checks of any App are nobody's; who needs no review, and who may push, are told apart."""
    assert protection_source(PROTECTION) == RuleSource(
        name="branch protection",
        pull_request=True,
        approvals=2,
        code_owners=True,
        dismisses_stale=True,
        last_push=True,
        checks=(
            RequiredCheck(context="assent check", app=15368),
            RequiredCheck(context="tests", app=None),
            RequiredCheck(context="any", app=None),
        ),
        strict=True,
        no_force_push=True,
        no_deletion=True,
        no_creation=True,
        no_update=True,
        review_bypass=(
            Bypass(kind="User", id=1, name="User eve"),
            Bypass(kind="Team", id=2, name="Team leads"),
            Bypass(kind="Integration", id=3, name="Integration bot"),
        ),
        update_bypass=(Bypass(kind="Integration", id=7, name="Integration assent"),),
    )


def test_the_loosest_classic_protection() -> None:
    """It asks for nothing but what it has by itself, and administrators are not bound."""
    found = protection_source(
        {
            "enforce_admins": {"enabled": False},
            "allow_force_pushes": {"enabled": True},
            "allow_deletions": {"enabled": True},
        }
    )
    administrators = Bypass(kind="RepositoryRole", id=5, name="administrators")
    assert found == RuleSource(name="branch protection", bypass=(administrators,))
