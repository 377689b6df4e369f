"""The branches that only the App may make or write: proposals, retirements, receipts."""

from collections.abc import Iterator

from assent.core.doctor.branch import bound
from assent.core.doctor.finding import Check, Finding, Read, Unread, split
from assent.core.doctor.github_facts import AppInstallation, BranchRules, Bypass, RuleSource

__all__ = ["CHECKS", "judge_proposals", "judge_receipts"]

_PROPOSALS = Check(
    id="promotion-branches",
    demands="Only the App may create the branches of promotions, retirements and imports.",
    remedy="Make a ruleset for promote/**/*, retire/**/* and import/**/* that restricts creations "
    "and whose bypass list has the App alone.",
)
_RECEIPTS = Check(
    id="receipts-branch",
    demands="Only the App may write receipts, and nobody may rewrite or delete them.",
    remedy="Make two rulesets for the branch of receipts: one restricts creations and updates, and "
    "has the App alone on its bypass list; one blocks force pushes and deletions, and has nobody.",
)
CHECKS = (_PROPOSALS, _RECEIPTS)


def judge_proposals(rules: BranchRules, app: Read[AppInstallation]) -> Iterator[Finding]:
    """Judge who may create a branch of the App's, by a name as it would give one."""
    creation = [source for source in bound(rules)[0] if source.no_creation]
    yield _reserved(_PROPOSALS, rules, creation, app, "create it")
    updates = [source for source in bound(rules)[0] if source.no_update]
    if updates:
        yield _PROPOSALS.warning(
            rules.branch,
            f"updates are restricted by {updates[0].name}: waivers and “Update branch” cannot be "
            "written there",
            "Restrict creations only.",
        )


def judge_receipts(rules: BranchRules, app: Read[AppInstallation]) -> Iterator[Finding]:
    """Judge who may write, rewrite or delete receipts."""
    sources, unread = bound(rules)
    updates = [source for source in sources if source.no_update]
    creation = [source for source in sources if source.no_creation]
    yield _reserved(_RECEIPTS, rules, creation, app, "create it")
    yield _reserved(_RECEIPTS, rules, updates, app, "write to it")
    for doing, holding in (
        ("rewrite it", [source for source in sources if source.no_force_push]),
        ("delete it", [source for source in sources if source.no_deletion]),
    ):
        yield _kept(rules, holding, app, doing, unread)


def _reserved(
    check: Check,
    rules: BranchRules,
    holding: list[RuleSource],
    app: Read[AppInstallation],
    doing: str,
) -> Finding:
    """Whether some rule leaves it to the App, and to nobody else."""
    unread = bound(rules)[1]
    if not holding:
        if unread:
            return check.unknown(rules.branch, unread[0])
        return check.problem(rules.branch, f"whoever may push can {doing}")
    if isinstance(app, Unread):
        return check.unknown(rules.branch, app)
    known, hidden = split(_writers(source) for source in holding)
    # Rules add up: a list with the App alone keeps everybody else out, whatever the others say.
    others = [[who for who in each if not _is_app(who, app)] for each in known]
    if not hidden and all(others):
        names = _names([who for each in others for who in each])
        return check.problem(rules.branch, f"may {doing}, besides the App: {names}")
    if hidden:
        return check.unknown(rules.branch, hidden[0])
    if not all(any(_is_app(who, app) and who.pushes for who in each) for each in known):
        return check.problem(rules.branch, f"the App {app.slug} itself may not {doing}")
    return check.ok(rules.branch, f"only the App {app.slug} may {doing}")


def _kept(
    rules: BranchRules,
    holding: list[RuleSource],
    app: Read[AppInstallation],
    doing: str,
    unread: list[Unread],
) -> Finding:
    """Whether nobody may do it, or at most the App."""
    if not holding:
        if unread:
            return _RECEIPTS.unknown(rules.branch, unread[0])
        return _RECEIPTS.problem(rules.branch, f"whoever may push can {doing}")
    known, hidden = split(source.bypass for source in holding)
    if any(not each for each in known):
        return _RECEIPTS.ok(rules.branch, f"nobody may {doing}")
    if hidden:
        return _RECEIPTS.unknown(rules.branch, hidden[0])
    # One person may be on one list by name and on another by role, so the lists are taken together.
    passing = [who for each in known for who in each]
    if isinstance(app, Unread):
        return _RECEIPTS.unknown(rules.branch, app)
    if all(_is_app(who, app) for who in passing):
        return _RECEIPTS.warning(rules.branch, f"whoever has the App's key may {doing}")
    return _RECEIPTS.problem(rules.branch, f"may {doing}: {_names(passing)}")


def _writers(source: RuleSource) -> Read[tuple[Bypass, ...]]:
    if isinstance(source.bypass, Unread):
        return source.bypass
    return (*source.bypass, *source.update_bypass)


def _is_app(who: Bypass, app: AppInstallation) -> bool:
    return who.kind == "Integration" and who.id == app.app


def _names(people: list[Bypass]) -> str:
    return ", ".join(sorted({who.name for who in people}))
