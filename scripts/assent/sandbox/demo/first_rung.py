"""The first rung: a version is registered, proposed, reviewed, defended, approved and applied."""

from assent.core.errors import Exit
from assent.sandbox.demo.play import MODEL, Play, require
from assent.sandbox.demo.reviewing import (
    approve_and_merge,
    checks,
    opened,
    proposed_record,
    pull_request,
    show_comments,
    show_page,
    try_to_bypass,
)
from assent.sandbox.demo.running import (
    applies,
    deliver,
    package,
    register_version,
    resolves_to,
    shows_live,
)
from assent.sandbox.demo.scenery import FLOOR, REGRESSION

__all__ = ["apply_first", "propose_first", "refuse_zoe", "review_first"]

_RECORD_LINES = 18
"""As far as the model file."""
_GATES = (FLOOR, REGRESSION)
"""What dev demands."""
_TITLE = f"Promote {MODEL} 1 to dev"


def propose_first(play: Play) -> None:
    """Register version 1; one pull request opens, however often that is told."""
    play.say(
        "zoe's pipeline puts version 1 and its reports into S3, and registers it in SageMaker's "
        "Model Registry. It waits for a decision, and nothing may run it:"
    )
    register_version(play, 1)
    _is_pending(play, 1)
    play.assent("resolve", MODEL, "--env", "dev", exit_code=Exit.NOTHING_APPROVED)
    play.say(
        "SageMaker reports the registration as an event. EventBridge puts it into a queue, and a "
        "Lambda function takes it from there. Events may come twice, and this one does:"
    )
    event = play.registered[1].event
    deliver(play, event, event, logged=["(opened)", "(already open)"])
    opened(play, _TITLE)
    play.say(
        "Two deliveries, one pull request: the branch is named after the version, and a name can "
        "be taken only once."
    )


def _is_pending(play: Play, version: int) -> None:
    found = package(play, version)
    status = found["ModelApprovalStatus"]
    play.narrator.command(f"{found['ModelPackageArn']}")
    play.narrator.output(f"ModelApprovalStatus: {status}")
    require(status == "PendingManualApproval", f"version {version} should be pending", status)


def review_first(play: Play) -> None:
    """Show what an approver sees, and what the workflow checks."""
    play.say("ana finds this in her reviews. The bot wrote it from the registry and the reports:")
    pull = pull_request(play, 1)
    page = show_page(
        play, pull, sections=["Gates", "Metrics", "What merging will do", "How to decide"]
    )
    require(f"{play.metric(1, 'auc').value:.4g}" in page, "the page should show the AUC")
    require(
        "2 of 2 gates pass**" in page and all(f"`{gate}`" in page for gate in _GATES),
        f"version 1 should pass {' and '.join(_GATES)}",
        page.partition("### Metrics")[0],
    )
    play.say(
        "The pull request adds one file, the promotion record. It names the package, the model "
        "file, and the reports with their digests, so that anybody can tell later whether they "
        "are still what was approved:"
    )
    record = proposed_record(play, "dev", 1).decode().splitlines()[1:]
    rest = len(record) - _RECORD_LINES
    play.narrator.quote([*record[:_RECORD_LINES], f"… and {rest} more lines: reports and metrics"])
    play.say(
        "A workflow judges the record before anybody merges, by these gates as well. It needs no "
        "AWS credentials:"
    )
    checks(play, 1, "dev", 1)


def refuse_zoe(play: Play) -> None:
    """Let zoe try to approve, to go round the review, and to reject; nothing comes of it."""
    play.say(
        "zoe would like to see her model live. She may write to the repository, but she is no "
        "code owner of promotions/dev/. She tries the button, then the back door:"
    )
    try_to_bypass(play, 1, "dev", 1, "zoe")
    require(not pull_request(play, 1).merged, "pull request 1 should not be merged")
    play.say(
        "A no is a decision, too: closing a promotion rejects the version, if a code owner does "
        "it. So she cannot sweep it away either. A workflow runs this when anybody closes one:"
    )
    play.narrator.command("zoe closes #1")
    play.stage.close(1, "zoe")
    play.narrator.output(f"GitHub: #1 is {pull_request(play, 1).state}")
    said = play.assent("reject", "1", "--env", "dev")
    require("decides nothing, opened again" in said, "zoe's closing should decide nothing", said)
    show_comments(play, 1, last="**This closing rejects nothing**: `zoe` is no code owner")
    state = pull_request(play, 1).state
    require(state == "open", "pull request 1 should be open again", state)
    status = package(play, 1)["ModelApprovalStatus"]
    require(status == "PendingManualApproval", "version 1 should still be pending", status)
    shows = play.assent("status")
    require("no model has a record" in shows, "main should hold no record", shows)
    play.say("The pull request is open again, and nothing is decided.")


def apply_first(play: Play) -> None:
    """Approve and merge version 1 in dev; what main says takes effect, once."""
    approve_and_merge(play, 1, "ana")
    play.say(
        "That merge is the decision. In production it starts a workflow that runs `assent apply`. "
        "First a look at what that will do; an arrow means: left is live, right is what main asks "
        "for."
    )
    play.pull()
    shows_live(play, "- → 1", "-", "-", "-")
    play.assent("plan", "--env", "dev")
    applies(play, "dev", 1, "ana")
    play.say("The bot says in the pull request what came of it:")
    show_comments(
        play, 1, last="**In effect: Approved**: version 1 of `churn` is approved in `dev`"
    )
    before = play.aws_writes()
    again = play.assent("apply")
    writes = play.aws_writes() - before
    require(
        "nothing to do" in again and writes == 0,
        "a second apply should do nothing",
        (writes, again),
    )
    play.say(
        f"The second run made {writes} writes. Apply compares, and writes what differs; so it may "
        "run twice, late, or after being cut off. Now the inference pipeline asks what it may run:"
    )
    resolves_to(play, "dev", 1)
