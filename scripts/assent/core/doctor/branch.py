"""The branch that counts: what GitHub asks of a change to it, and whom it asks."""

from collections.abc import Callable, Iterator, Mapping

from assent.core.doctor.finding import Check, Finding, Read, Unread, split
from assent.core.doctor.github_facts import BranchRules, Bypass, RepositorySettings, RuleSource

__all__ = [
    "CHECKS",
    "CHECK_JOB",
    "GITHUB_ACTIONS",
    "bound",
    "judge_branch",
    "judge_merging",
]

CHECK_JOB = "assent check"
"""The name of check.yml's job."""
GITHUB_ACTIONS = 15368
"""The number of the App by which workflows report, on github.com."""

_PULL_REQUEST = Check(
    id="pull-request-required",
    demands="Main changes by pull request only, with at least one approval.",
    remedy="In a ruleset for main, switch on “Require a pull request before merging” with at least "
    "one approval.",
)
_CODE_OWNERS = Check(
    id="code-owner-review",
    demands="A code owner of each changed path has to approve.",
    remedy="In the same rule, switch on “Require review from Code Owners”.",
)
_STALE = Check(
    id="stale-approvals",
    demands="An approval ends when something else is pushed.",
    remedy="In the same rule, switch on “Dismiss stale pull request approvals when new commits are "
    "pushed”, and best “Require approval of the most recent reviewable push” too.",
)
_CHECK = Check(
    id="required-check",
    demands=f"The check “{CHECK_JOB}” has to succeed, as reported by GitHub Actions.",
    remedy=f"In the ruleset, require the status check “{CHECK_JOB}” and choose GitHub Actions as "
    "its source; whoever may write can report a check of any name otherwise.",
)
_HISTORY = Check(
    id="history-protected",
    demands="Main is neither rewritten nor deleted.",
    remedy="In the ruleset, switch on “Block force pushes” and “Restrict deletions”.",
)
_BYPASS = Check(
    id="bypass",
    demands="Nobody may go past the rules of main.",
    remedy="Empty the bypass list of the ruleset; in classic protection, switch on “Do not allow "
    "bypassing the above settings”.",
)
_MERGING = Check(
    id="merge-methods",
    demands="Pull requests are merged or squashed, never rebased.",
    remedy="Switch off “Allow rebase merging” in the repository's settings: gates compare with "
    "main as it was before the whole pull request.",
)
CHECKS = (_PULL_REQUEST, _CODE_OWNERS, _STALE, _CHECK, _HISTORY, _BYPASS, _MERGING)

Demand = Callable[[RuleSource], bool]

_DEMANDS: Mapping[str, Demand] = {
    "a pull request": lambda source: source.pull_request and source.approvals >= 1,
    "the code owners' review": lambda source: source.code_owners,
    "a fresh approval": lambda source: source.dismisses_stale or source.last_push,
    "the check": lambda source: any(
        each.context == CHECK_JOB and each.app is not None for each in source.checks
    ),
    "no force push": lambda source: source.no_force_push,
    "no deletion": lambda source: source.no_deletion,
}
_REVIEWS = frozenset({"a pull request", "the code owners' review", "a fresh approval"})


def bound(facts: BranchRules) -> tuple[list[RuleSource], list[Unread]]:
    """What binds a branch, and what of it could not be read."""
    rulesets, unread = split([facts.rulesets])
    sources = [source for each in rulesets for source in each]
    if isinstance(facts.protection, Unread):
        unread.append(facts.protection)
    elif facts.protection is not None:
        sources.append(facts.protection)
    return sources, unread


def judge_branch(facts: BranchRules, *, actions: int | None) -> Iterator[Finding]:
    """Judge what binds the branch that counts.

    Rules add up, and none weakens another. So what a readable one asks for is asked for, even where
    another one cannot be read; what none asks for is only missing where all could be read.

    Args:
        facts: The branch's.
        actions: The number of GitHub Actions' own App; None where it is not known, as on GitHub
            Enterprise Server.
    """
    yield _required(_PULL_REQUEST, facts, "a pull request", "a change needs no approved review")
    yield _required(
        _CODE_OWNERS, facts, "the code owners' review", "anybody who may write can approve"
    )
    yield _required(_STALE, facts, "a fresh approval", "an approval outlives what it was given for")
    yield _check(facts, actions)
    for demand, missing in (
        ("no force push", "whoever may push can rewrite it"),
        ("no deletion", "whoever may push can delete it"),
    ):
        yield _required(_HISTORY, facts, demand, missing)
    yield from _bypasses(facts)


def _required(check: Check, facts: BranchRules, demand: str, missing: str) -> Finding:
    sources, unread = bound(facts)
    holding = [source for source in sources if _DEMANDS[demand](source)]
    if holding:
        return check.ok(facts.branch, f"{demand}: asked for by {_named(holding)}")
    if unread:
        return check.unknown(facts.branch, unread[0])
    return check.problem(facts.branch, missing)


def _named(sources: list[RuleSource]) -> str:
    return ", ".join(source.name for source in sources)


def _check(facts: BranchRules, actions: int | None) -> Finding:
    sources, unread = bound(facts)
    asked = [each for source in sources for each in source.checks if each.context == CHECK_JOB]
    fitting = [each for each in asked if each.app is not None and actions in (None, each.app)]
    if fitting:
        holding = [source for source in sources if set(fitting) & set(source.checks)]
        strict = any(source.strict for source in holding)
        kept = "up to date with main" if strict else "which may be behind main"
        return _CHECK.ok(
            facts.branch,
            f"asked for by {_named(holding)}, of App {fitting[0].app}, on a head {kept}",
        )
    if unread:
        return _CHECK.unknown(facts.branch, unread[0])
    if not asked:
        return _CHECK.problem(facts.branch, f"no rule requires the check {CHECK_JOB}")
    if any(each.app is None for each in asked):
        return _CHECK.problem(facts.branch, f"anybody who may write can report {CHECK_JOB}")
    return _CHECK.problem(
        facts.branch, f"App {asked[0].app} has to report {CHECK_JOB}, which is not GitHub Actions"
    )


def _bypasses(facts: BranchRules) -> Iterator[Finding]:
    """Who may go past something that is asked for, since no source binds all."""
    sources, missing = bound(facts)
    found = unread = False
    for demand, holds in _DEMANDS.items():
        passing = [_passing(each, demand) for each in sources if holds(each)]
        known, unknown = split(passing)
        if not passing or any(not each for each in known):
            continue  # not asked for at all, which is said above; or somebody's asking binds all
        if unknown:
            if not unread:
                yield _BYPASS.unknown(facts.branch, unknown[0])
            unread = True
            continue
        if missing:
            if not unread:
                yield _BYPASS.unknown(facts.branch, missing[0])
            unread = True
            continue
        found = True
        names = ", ".join(sorted({who.name for each in known for who in each}))
        yield _BYPASS.problem(facts.branch, f"may go past {demand}: {names}")
    if not found and not unread:
        yield _nobody(facts, missing)


def _nobody(facts: BranchRules, missing: list[Unread]) -> Finding:
    sources, _ = bound(facts)
    if any(holds(each) for each in sources for holds in _DEMANDS.values()):
        return _BYPASS.ok(facts.branch, "what is asked for binds everybody")
    if missing:
        return _BYPASS.unknown(facts.branch, missing[0])
    return _BYPASS.problem(facts.branch, "nothing is asked for, so everybody may do anything")


def _passing(source: RuleSource, demand: str) -> Read[tuple[Bypass, ...]]:
    if isinstance(source.bypass, Unread):
        return source.bypass
    return (*source.bypass, *(source.review_bypass if demand in _REVIEWS else ()))


def judge_merging(
    repository: Read[RepositorySettings], rules: BranchRules, *, name: str
) -> Iterator[Finding]:
    """Judge how pull requests may be merged.

    Args:
        repository: Its settings.
        rules: What binds the branch that counts; a ruleset may leave fewer methods.
        name: The repository's.
    """
    sources, _ = bound(rules)
    narrowing = [
        source
        for source in sources
        if source.merge_methods is not None and "rebase" not in source.merge_methods
    ]
    binding = [source for source in narrowing if source.bypass == ()]
    hidden = split(source.bypass for source in narrowing)[1]
    if binding:
        yield _MERGING.ok(name, f"{_named(binding)} leaves no rebase merging")
    elif hidden and isinstance(repository, RepositorySettings) and repository.allows_rebase:
        yield _MERGING.unknown(name, hidden[0])
    elif isinstance(repository, Unread):
        yield _MERGING.unknown(name, repository)
    elif repository.allows_rebase is None:
        why = "GitHub does not show the merge settings to these credentials"
        yield _MERGING.unknown(name, Unread(why=why, needs="Use credentials with contents: write."))
    elif repository.allows_rebase:
        yield _MERGING.problem(name, "pull requests may be rebased")
    else:
        yield _MERGING.ok(name, "rebase merging is off")
