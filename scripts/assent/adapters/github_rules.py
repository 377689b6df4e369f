"""What rulesets and classic protection ask for, out of GitHub's JSON."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from assent.core.doctor.finding import Read, Unread
from assent.core.doctor.github_facts import Bypass, RequiredCheck, RuleSource

__all__ = ["protection_source", "ruleset_source"]

_ANY_APP = -1
_ROLES = {1: "readers", 2: "maintainers", 3: "triagers", 4: "writers", 5: "administrators"}
"""Repository roles by the numbers that rulesets give them; those of one's own are above."""
_METHODS = frozenset({"merge", "squash", "rebase"})


def ruleset_source(ruleset: Mapping[str, Any], rules: Iterable[Mapping[str, Any]]) -> RuleSource:
    """One ruleset's rules for a branch.

    Args:
        ruleset: It, as it is shown by its number.
        rules: Those of it that bind the branch.
    """
    by_type = {rule["type"]: rule.get("parameters") or {} for rule in rules}
    reviews = by_type.get("pull_request", {})
    checks = by_type.get("required_status_checks", {})
    methods = reviews.get("allowed_merge_methods")
    narrowed = None if methods is None else frozenset(methods)
    if "required_linear_history" in by_type:
        narrowed = (narrowed or _METHODS) - {"merge"}
    return RuleSource(
        name=f"ruleset {ruleset['name']}",
        pull_request="pull_request" in by_type,
        approvals=reviews.get("required_approving_review_count", 0),
        code_owners=reviews.get("require_code_owner_review", False),
        dismisses_stale=reviews.get("dismiss_stale_reviews_on_push", False),
        last_push=reviews.get("require_last_push_approval", False),
        merge_methods=narrowed,
        checks=tuple(
            RequiredCheck(context=each["context"], app=each.get("integration_id"))
            for each in checks.get("required_status_checks", ())
        ),
        strict=checks.get("strict_required_status_checks_policy", False),
        no_force_push="non_fast_forward" in by_type,
        no_deletion="deletion" in by_type,
        no_creation="creation" in by_type,
        no_update="update" in by_type,
        bypass=_bypass(ruleset),
    )


def _bypass(ruleset: Mapping[str, Any]) -> Read[tuple[Bypass, ...]]:
    """GitHub shows the list only to whoever may change the ruleset."""
    actors = ruleset.get("bypass_actors")
    if actors is None:
        return Unread(
            why=f"GitHub shows the bypass list of {ruleset['name']} to nobody who cannot change it",
            needs="Use credentials with administration: write, or an administrator's.",
        )
    return tuple(_actor(each) for each in actors)


def _actor(actor: Mapping[str, Any]) -> Bypass:
    kind, number = actor["actor_type"], actor.get("actor_id")
    match kind:
        case "RepositoryRole":
            name = _ROLES.get(number or 0, f"repository role {number}")
        case "OrganizationAdmin":
            name = "the organization's owners"
        case "Integration":
            name = f"App {number}"
        case _:
            name = kind if number is None else f"{kind} {number}"
    mode = actor.get("bypass_mode", "always")
    return Bypass(
        kind=kind,
        id=number,
        name=name if mode == "always" else f"{name} ({mode})",
        pushes=mode != "pull_request",
    )


def protection_source(found: Mapping[str, Any]) -> RuleSource:
    """The classic protection of a branch."""
    reviews: Mapping[str, Any] | None = found.get("required_pull_request_reviews")
    checks = found.get("required_status_checks") or {}
    bound = found.get("enforce_admins", {}).get("enabled", False)
    administrators = Bypass(kind="RepositoryRole", id=5, name="administrators")
    allowances = (reviews or {}).get("bypass_pull_request_allowances") or {}
    restrictions = found.get("restrictions")
    return RuleSource(
        name="branch protection",
        pull_request=reviews is not None,
        approvals=(reviews or {}).get("required_approving_review_count", 0),
        code_owners=(reviews or {}).get("require_code_owner_reviews", False),
        dismisses_stale=(reviews or {}).get("dismiss_stale_reviews", False),
        last_push=(reviews or {}).get("require_last_push_approval", False),
        checks=tuple(_checks(checks)),
        strict=checks.get("strict", False),
        no_force_push=not found.get("allow_force_pushes", {}).get("enabled", False),
        no_deletion=not found.get("allow_deletions", {}).get("enabled", False),
        no_creation=found.get("block_creations", {}).get("enabled", False),
        no_update=restrictions is not None,
        bypass=() if bound else (administrators,),
        update_bypass=tuple(_allowed(restrictions or {})),
        review_bypass=tuple(_allowed(allowances)),
    )


def _checks(checks: Mapping[str, Any]) -> Iterator[RequiredCheck]:
    for each in checks.get("checks", ()):
        app = each.get("app_id")
        yield RequiredCheck(context=each["context"], app=None if app == _ANY_APP else app)


def _allowed(found: Mapping[str, Any]) -> Iterator[Bypass]:
    for kind, plural, name in (
        ("User", "users", "login"),
        ("Team", "teams", "slug"),
        ("Integration", "apps", "slug"),
    ):
        for each in found.get(plural, ()):
            yield Bypass(kind=kind, id=each.get("id"), name=f"{kind} {each[name]}")
