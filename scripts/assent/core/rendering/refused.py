"""What Assent says on a pull request whose record was refused."""

from collections.abc import Mapping, Sequence

from assent.core.changes import Reason
from assent.core.receipts import Refused
from assent.core.rendering.markdown import code

__all__ = [
    "MOST_TOLD",
    "NEXT_STEPS",
    "refusals_comment",
    "refused_comment",
    "refused_mark",
]

MOST_TOLD = 200
"""Of so many refusals one comment tells; each has its mark."""
_LONGEST_OF_MANY = 160

_LONGEST_DETAIL = 900


def refused_mark(refused: Refused) -> str:
    """What marks the comment on a refusal: once for a record, as it is, and a reason."""
    return f"<!-- assent: refused {refused.blob or 'none'} {refused.id.path} {refused.reason} -->"


def refused_comment(refused: Refused, run: str = "") -> str:
    """What did not happen, why, and what to do next.

    Args:
        refused: The refusal.
        run: The address of the workflow run; empty where there is none.
    """
    id_ = refused.id
    what = f"what this says of version {id_.version} of {code(id_.model)}"
    where = code(id_.environment)
    # Whoever reads it is on the page that the address leads to.
    why = refused.detail
    if refused.pull_request:
        why = why.replace(f"pull request {refused.pull_request}", "this pull request")
    lines = [
        f"**Refused** ({code(refused.reason)}): {what} did not take effect in {where}.",
        "",
        f"- Why: {code(why, _LONGEST_DETAIL)}",
        f"- What to do: {NEXT_STEPS[refused.reason]}",
        "- What was in effect stays, and every run tries this again.",
        *([f"- Done by <{run}>."] if run else []),
    ]
    return "\n".join([*lines, "", refused_mark(refused), ""])


def refusals_comment(some: Sequence[Refused], run: str = "") -> str:
    """The same of several records that are refused for one reason, at most `MOST_TOLD`."""
    first = some[0]
    what = f"{len(some)} records of this pull request did not take effect"
    lines = [
        f"**Refused** ({code(first.reason)}): {what} in {code(first.id.environment)}.",
        "",
        *(
            f"- version {each.id.version} of {code(each.id.model)}: "
            f"{code(each.detail, _LONGEST_OF_MANY)}"
            for each in some
        ),
        f"- What to do: {NEXT_STEPS[first.reason]}",
        "- What was in effect stays, and every run tries this again.",
        *([f"- Done by <{run}>."] if run else []),
    ]
    return "\n".join([*lines, "", *map(refused_mark, some), ""])


_AGAIN = (
    "open a new pull request for the record, and let code owners approve it before it is merged"
)

NEXT_STEPS: Mapping[Reason, str] = {
    Reason.RUNG_BELOW: "promote the version one rung below first; then this takes effect.",
    Reason.PACKAGE_MISSING: "register the model again and promote that version, or retire this "
    "record by a pull request.",
    Reason.PACKAGE_NOT_COMPLETED: "wait until the registry says that the package is completed; if "
    "it failed, register the model again.",
    Reason.PACKAGE_DIFFERS: "find out who changed the package, and promote a version whose package "
    "is what was trained.",
    Reason.PACKAGE_RECREATED: "merge the pull request that Assent opens for the new package, or "
    "retire this record.",
    Reason.EVIDENCE_ALTERED: "let Assent write the record anew; nobody edits package and evidence.",
    Reason.EVIDENCE_NOT_FRESH: "collect fresh evidence; what was said no to carries no yes again.",
    Reason.REPORT_DIFFERS: "find out who replaced the report, and register the model again.",
    Reason.ARTIFACT_DIFFERS: "find out who replaced the artifact, and register the model again.",
    Reason.RECORD_INVALID: "mend the record by a pull request; the check on it says what is wrong.",
    Reason.RECORD_DELETED: "bring the record back by a pull request, with the status Retired if "
    "that is what was meant.",
    Reason.DOES_NOT_FIT: "shorten what the record carries, and promote it again.",
    Reason.GATE_FAILS: "train a better version, or ask for a waiver in a new pull request.",
    Reason.SOAKING: "wait; it takes effect by itself once it has soaked.",
    Reason.FROZEN: "wait; it takes effect by itself once the freeze is over.",
    Reason.LINE_STOPPED: "wait until the line runs again; then it takes effect by itself.",
    Reason.DIRECT_PUSH: f"{_AGAIN}; and let nobody push to the branch that counts.",
    Reason.NOT_WHAT_WAS_APPROVED: f"{_AGAIN}.",
    Reason.RULES_CHANGED_ALONG: f"{_AGAIN}, without a change to what judges records.",
    Reason.MERGED_WITHOUT_APPROVAL: f"{_AGAIN}.",
    Reason.APPROVE_THEN_PUSH: f"{_AGAIN}, as it is then.",
    Reason.STALE_APPROVAL: f"{_AGAIN}, as it is then.",
    Reason.SELF_APPROVAL: f"{_AGAIN}; those who opened it or wrote the record do not count.",
    Reason.APPROVED_BY_CREATOR: f"{_AGAIN}; whoever registered the model does not count.",
    Reason.APPROVED_BY_NON_OWNER: f"{_AGAIN}; CODEOWNERS says who they are.",
    Reason.APPROVED_BY_BOT: f"{_AGAIN}; bots do not count.",
    Reason.APPROVED_BY_ASKER: f"{_AGAIN}; those who asked for a waiver do not count.",
    Reason.TOO_FEW_APPROVALS: f"{_AGAIN}, as many of them as the configuration asks for.",
    Reason.CREATOR_UNKNOWN: "name the principal under identities in the configuration, or let "
    "people commit with an address of their account; then this takes effect.",
    Reason.OUT_OF_SCOPE: "promote the model in the repository that is for its group; "
    "this one decides nothing about it.",
    Reason.IMPORT_REFUSED: "register the model again and promote that version as any other, for "
    "this one cannot be imported; and settle this record by retiring it.",
    Reason.DECISION_UNPROVEN: "find out who wrote the history, and restore it in Parameter Store.",
}
"""What to do after a refusal, for each reason; our own words, without markup."""
