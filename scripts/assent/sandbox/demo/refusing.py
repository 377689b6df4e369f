"""The no: a worse version is closed, and that is recorded for good."""

import json
from typing import Any

from assent.core.errors import Exit
from assent.sandbox.demo.opening import GUESSING
from assent.sandbox.demo.play import MODEL, Play, require
from assent.sandbox.demo.reviewing import (
    checks,
    comment,
    opened,
    pull_request,
    show_comments,
    show_page,
)
from assent.sandbox.demo.running import deliver, package, register_version, shows_live
from assent.sandbox.demo.scenery import FLOOR, REGRESSION

__all__ = ["reject_third"]


def reject_third(play: Play) -> None:
    """Let ana close version 3's pull request, and look where that is recorded."""
    play.say("Version 3 was fitted to four weeks of data only. It comes the same way:")
    register_version(play, 3)
    deliver(play, play.registered[3].event, logged=["(opened)"])
    pull = opened(play, f"Promote {MODEL} 3 to dev")
    page = show_page(play, pull, sections=["Gates", "Metrics"])
    require("version 2 (live)" in page, "the page should compare with the live version")
    number = pull.number
    worse, better = play.metric(3, "auc"), play.metric(2, "auc")
    require(worse.value < GUESSING, "version 3 should be worse than guessing", worse)
    was, now = play.metric(2, "accuracy"), play.metric(3, "accuracy")
    play.say(
        f"Accuracy goes from {was.value:.4g} to {now.value:.4g}, which may pass unnoticed. AUC "
        f"goes from {better.value:.4g} to {worse.value:.4g}, worse than guessing; the page says "
        "so first of all. Nobody has to notice it either: the check that GitHub requires is red, "
        "and apply would judge by the same gates should it be merged all the same:"
    )
    said = checks(play, number, "dev", 3, exit_code=Exit.FINDINGS)
    failing = [gate for gate in (FLOOR, REGRESSION) if f"the gate {gate} fails" in said]
    told = [gate for gate in failing if f"**fails** | `{gate}`" in page.replace("&nbsp;", " ")]
    require(
        told == failing == [FLOOR, REGRESSION],
        "page and check should both say that both gates fail",
        (told, failing),
    )
    play.say(
        "ana says why not, and closes; she owns promotions/dev/, so that is a rejection. A "
        "workflow records it at once:"
    )
    reason = f"AUC {worse.value:.4g} against {better.value:.4g} live. Not for dev."
    play.narrator.command(f"ana comments on #{number} and closes it")
    comment(play, number, "ana", reason)
    play.stage.close(number, "ana")
    play.narrator.output(f"ana: {reason}")
    said = play.assent("reject", str(number), "--env", "dev")
    require(f"{MODEL} 3 in dev: Rejected, by ana" in said, "it should be recorded", said)
    show_comments(play, number, last=f"**Rejected**: version 3 of `{MODEL}` does not run in `dev`")
    _is_recorded(play, reason)
    play.say("The event arrives once more. A no stays a no, and apply has nothing to add:")
    deliver(play, play.registered[3].event, logged=["is Rejected in dev already"])
    closed = pull_request(play, number)
    require(
        closed.state == "closed" and not closed.merged,
        f"pull request {number} should stay closed",
        closed.state,
    )
    before = play.aws_writes()
    applied = play.assent("apply")
    require(
        "nothing to do" in applied and play.aws_writes() == before,
        "apply should change nothing",
        applied,
    )
    with play.narrator.quietly():
        shows_live(play, "2", "2", "2", "2")


def _is_recorded(play: Play, reason: str) -> None:
    """Show what the registry and Parameter Store say of the rejection."""
    registered = package(play, 3)
    fields: dict[str, str] = registered["CustomerMetadataProperties"]
    play.say("The registry says so, and Parameter Store keeps it in the version's history:")
    play.narrator.command(registered["ModelPackageArn"])
    status = {"ModelApprovalStatus": registered["ModelApprovalStatus"], **fields}
    play.narrator.output("\n".join(f"{name:20} {value}" for name, value in status.items()))
    require(
        (status["ModelApprovalStatus"], fields["dev"], fields["dev.by"])
        == ("Rejected", "Rejected", "ana"),
        "the registry should say that ana rejected version 3",
        status,
    )
    name = f"/assent/dev/{MODEL}/versions/3"
    text = play.stage.ssm("dev").get_parameter(Name=name)["Parameter"]["Value"]
    decisions: list[dict[str, Any]] = json.loads(text)["decisions"]
    play.narrator.command(name)
    told = ("status", "by", "at", "reason")
    play.narrator.output("\n".join(f"{key:20} {_text(decisions[-1][key])}" for key in told))
    require(
        [(each["status"], each["by"], each["reason"]) for each in decisions]
        == [("Rejected", ["ana"], reason)],
        "the history should hold the rejection with its reason",
        decisions,
    )


def _text(value: object) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)
