"""GitHub's rulesets, in the form that its API takes: `POST /repos/OWNER/NAME/rulesets`."""

import json
from typing import Any

from assent.core.doctor.branch import CHECK_JOB, GITHUB_ACTIONS
from assent.scaffold.answers import GITHUB_API, Answers

__all__ = ["owed", "rulesets"]

_FOLDER = ".github/rulesets"
_APPEND_ONLY = f"{_FOLDER}/receipts-append-only.json"
_OF_THE_APP = {
    f"{_FOLDER}/promotions.json": (
        "Assent: only the App makes branches of promotions",
        # In these patterns `promote/**` alone does not match `promote/dev/churn/7`.
        ("refs/heads/promote/**/*", "refs/heads/retire/**/*", "refs/heads/import/**/*"),
        ("creation",),
    ),
    f"{_FOLDER}/receipts.json": (
        "Assent: only the App writes receipts",
        ("refs/heads/receipts",),
        ("creation", "update"),
    ),
}
"""Name, branches and rules of those whose bypass list has the App."""


def owed(answers: Answers) -> tuple[str, ...]:
    """The files that cannot be made before the App's number is known."""
    return () if answers.app_id is not None else tuple(_OF_THE_APP)


def rulesets(answers: Answers) -> dict[str, bytes]:
    """The files, by path.

    Bypass lists count for their whole ruleset, so what not even the App may do to receipts is one
    of its own.
    """
    found = {
        f"{_FOLDER}/main.json": _ruleset("Assent: main", ["refs/heads/main"], _main(answers)),
        _APPEND_ONLY: _ruleset(
            "Assent: receipts are only added to",
            ["refs/heads/receipts"],
            [{"type": "deletion"}, {"type": "non_fast_forward"}],
        ),
    }
    if answers.app_id is not None:
        app = {"actor_id": answers.app_id, "actor_type": "Integration", "bypass_mode": "always"}
        for path, (name, branches, rules) in _OF_THE_APP.items():
            found[path] = _ruleset(name, list(branches), [_rule(each) for each in rules], app)
    return found


def _rule(kind: str) -> dict[str, Any]:
    if kind == "update":
        return {"type": kind, "parameters": {"update_allows_fetch_and_merge": False}}
    return {"type": kind}


def _main(answers: Answers) -> list[dict[str, Any]]:
    check: dict[str, Any] = {"context": CHECK_JOB}
    if answers.api_url == GITHUB_API:
        check["integration_id"] = GITHUB_ACTIONS
    return [
        {"type": "deletion"},
        {"type": "non_fast_forward"},
        {
            "type": "pull_request",
            "parameters": {
                "required_approving_review_count": 1,
                "dismiss_stale_reviews_on_push": True,
                "require_code_owner_review": True,
                "require_last_push_approval": True,
                "required_review_thread_resolution": False,
                "allowed_merge_methods": ["merge", "squash"],
            },
        },
        {
            "type": "required_status_checks",
            "parameters": {
                "required_status_checks": [check],
                "strict_required_status_checks_policy": False,
                "do_not_enforce_on_create": False,
            },
        },
    ]


def _ruleset(
    name: str, branches: list[str], rules: list[dict[str, Any]], *bypass: dict[str, Any]
) -> bytes:
    value = {
        "name": name,
        "target": "branch",
        "enforcement": "active",
        "bypass_actors": list(bypass),
        "conditions": {"ref_name": {"include": branches, "exclude": []}},
        "rules": rules,
    }
    return f"{json.dumps(value, indent=2)}\n".encode()
