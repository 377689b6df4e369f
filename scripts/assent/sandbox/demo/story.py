"""The story, step by step. Every number that is told is read from what happened."""

import json
import re
import shlex
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from assent.core.errors import Exit
from assent.sandbox.churn import train_versions
from assent.sandbox.demo.play import ENVIRONMENT, MODEL, Play, branch_of, require
from assent.sandbox.stage import CODE_OWNERS, REPOSITORY

__all__ = ["STEPS", "Step", "farewell"]

_RECORD_LINES = 26
"""As far as the first report's digest."""
_GUESSING = 0.5
"""The AUC of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A part of the story."""

    title: str
    tell: Callable[[Play], None]
    """Acts, shows and checks; raises where something came out otherwise."""


def _introduce(play: Play) -> None:
    stage = play.stage
    play.say(
        "Assent promotes machine-learning models by pull request. A training pipeline registers "
        "a model version; Assent opens a pull request that says how good it is; a code owner "
        "merges it or closes it. Inference asks Assent what to run, and gets what was merged."
    )
    play.say(
        "Everything here runs on this machine. Two servers take the place of GitHub and AWS, and "
        "Assent talks to them over HTTP, as it does in production. Credentials and settings of "
        "your own are out of its reach meanwhile."
    )
    play.narrator.listing(
        f"GitHub   {stage.api_url}   a compatible server over a real git repository\n"
        f"AWS      {stage.aws.url}          moto: SageMaker, Parameter Store and S3"
    )
    owners = " and ".join(CODE_OWNERS[ENVIRONMENT])
    play.say(
        f"The people: {owners} are the team ml-approvers-{ENVIRONMENT}, which owns "
        f"promotions/{ENVIRONMENT}/; so they decide what runs in {ENVIRONMENT}. zoe trains models, "
        f"and decides nothing. The commands below run in a clone of {REPOSITORY}."
    )
    play.pull()
    play.narrator.command("$ cat .github/CODEOWNERS")
    owned = (play.folder.clone / ".github" / "CODEOWNERS").read_text(encoding="utf-8")
    play.narrator.output(owned)
    require(f"/promotions/{ENVIRONMENT}/ " in owned, "CODEOWNERS should name the environment")


def _train(play: Play) -> None:
    play.say(
        "zoe predicts which customers stop buying. She trains on the purchases of a CD shop, "
        "CDNOW, from 1997 and 1998: real data, trained and measured just now."
    )
    play.trained = {model.version: model for model in train_versions()}
    require(sorted(play.trained) == [1, 2, 3], "there should be three versions")
    for version, model in play.trained.items():
        accuracy, auc = play.metric(version, "accuracy"), play.metric(version, "auc")
        play.narrator.command(f"version {version}   AUC {auc}   accuracy {accuracy}")
        play.narrator.output(model.summary)
    customers = play.quality(1)["dataset"]["item_count"]
    constant = play.metric(3, "accuracy_best_constant_classifier")
    play.say(
        f"All are measured on the same {customers} customers, whom no version saw. AUC is the "
        "chance that a customer who left is ranked above one who stayed; guessing gives "
        f"{_GUESSING}. Mind version 3: its accuracy looks harmless, but calling every customer "
        f"lost gives {constant.value:.4g} already."
    )
    first, second, third = (play.metric(version, "auc").value for version in (1, 2, 3))
    require(second > first > third, "by AUC, 2 should be best and 3 worst", (first, second, third))


def _propose_first(play: Play) -> None:
    play.say(
        "zoe's pipeline puts version 1 and its reports into S3, and registers it in SageMaker's "
        "Model Registry. It waits for a decision, and nothing may run it:"
    )
    play.register(1)
    _show_registered(play, 1)
    play.assent("resolve", MODEL, "--env", ENVIRONMENT, exit_code=Exit.NOTHING_APPROVED)
    play.say(
        "SageMaker reports each registration as an event. EventBridge puts it into a queue, and "
        "a Lambda function takes it from there. A queue may deliver twice, so here the same event "
        "comes twice in one batch, and once more after it:"
    )
    event = play.registered[1].event
    play.deliver(event, event, logged=["(opened)", "(already open)"])
    play.deliver(event, logged=["(already open)"])
    require(play.pull_request(1).state == "open", "pull request 1 should be open")
    play.say(
        "Three deliveries, one pull request: the branch is named after the version, and a name "
        "can be taken only once."
    )


def _show_registered(play: Play, version: int) -> None:
    package = play.package(version)
    reports = [
        slot["S3Uri"] for family in package["ModelMetrics"].values() for slot in family.values()
    ]
    play.narrator.command(f"{package['ModelPackageArn']}")
    play.narrator.output(
        "\n".join(
            [
                f"ModelApprovalStatus: {package['ModelApprovalStatus']}",
                *(f"report: {uri}" for uri in reports),
            ]
        )
    )
    require(
        package["ModelApprovalStatus"] == "PendingManualApproval",
        f"version {version} should be pending",
        package["ModelApprovalStatus"],
    )


def _review_first(play: Play) -> None:
    play.say("ana finds this in her reviews. The bot wrote it from the registry and the reports:")
    page = play.show_page(1, sections=["Metrics", "What merging will do", "How to decide"])
    require(f"{play.metric(1, 'auc').value:.4g}" in page, "the page should show the AUC")
    play.say(
        "The pull request adds one file, the promotion record. It names the package, the model "
        "file, and the reports with their digests, so that anybody can tell later whether they "
        "are still what was approved:"
    )
    play.pull()
    branch = branch_of(1)
    play.git("diff", "--stat", f"origin/main...origin/{branch}")
    record = play.proposed_record(1).decode().splitlines()[1:]
    rest = len(record) - _RECORD_LINES
    play.narrator.quote([*record[:_RECORD_LINES], f"… and {rest} more lines: the metrics"])
    play.say("A workflow judges the record before anybody merges. It needs no AWS credentials:")
    play.assent(
        "check", "--base", "origin/main", "--head", f"origin/{branch}", "--head-branch", branch
    )


def _refuse_zoe(play: Play) -> None:
    play.say(
        "zoe would like to see her model live. She may write to the repository, but she is no "
        f"code owner of promotions/{ENVIRONMENT}/. She tries the button, then the back door:"
    )
    play.try_to_bypass(1, "zoe")
    require(not play.pull_request(1).merged, "pull request 1 should not be merged")
    play.pull()
    said = play.assent("status")
    require("no model has a record" in said, "main should hold no record", said)
    play.say("main has not changed. The rule is not advice; GitHub enforces it.")


def _apply_first(play: Play) -> None:
    play.approve_and_merge(1, "ana")
    play.say(
        "That merge is the decision. In production it starts a workflow that runs `assent apply`. "
        "First a look at what that will do; an arrow means: left is live, right is what main asks "
        "for."
    )
    play.pull()
    play.shows_live("- → 1")
    play.assent("plan")
    _apply(play, 1, "ana")
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
    play.shows_live("1")
    play.resolves_to(1)


def _apply(play: Play, version: int, by: str) -> None:
    """Apply, and look that exactly this version became live, on its code owner's word."""
    said = play.assent("apply")
    require(f"{MODEL} {version} in {ENVIRONMENT}" in said, f"{version} should be decided", said)
    current = play.current()
    found = (current["version"], current["approved_by"])
    require(found == (version, [by]), f"current should name {version}, approved by {by}", found)


def _second(play: Play) -> None:
    play.say(
        "zoe adds how long each customer has been away, and registers version 2. Now a version is "
        "live, and the page sets both side by side:"
    )
    play.register(2)
    play.deliver(play.registered[2].event, logged=["(opened)"])
    page = play.show_page(2, sections=["Metrics", "What merging will do"])
    require("version 1 (live)" in page, "the page should compare with the live version")
    gain = play.metric(2, "auc").value - play.metric(1, "auc").value
    before, after = play.metric(1, "accuracy"), play.metric(2, "accuracy")
    moved = after.value - before.value
    require(abs(moved) < before.deviation, "accuracy should hardly move", moved)
    play.say(
        f"AUC rises by {gain:.4g}. Accuracy moves by {moved:+.4g}, within its deviation. ben "
        "takes it."
    )
    play.approve_and_merge(2, "ben")
    play.pull()
    play.shows_live("1 → 2")
    _apply(play, 2, "ben")
    play.resolves_to(2)


def _third(play: Play) -> None:
    play.say("Version 3 was fitted to four weeks of data only. It comes the same way:")
    play.register(3)
    play.deliver(play.registered[3].event, logged=["(opened)"])
    page = play.show_page(3, sections=["Metrics"])
    require("version 2 (live)" in page, "the page should compare with the live version")
    worse, better = play.metric(3, "auc"), play.metric(2, "auc")
    require(worse.value < _GUESSING, "version 3 should be worse than guessing", worse)
    was, now = play.metric(2, "accuracy"), play.metric(3, "accuracy")
    play.say(
        f"Accuracy goes from {was.value:.4g} to {now.value:.4g}, which may pass unnoticed. AUC "
        f"goes from {better.value:.4g} to {worse.value:.4g}, worse than guessing. Beside the live "
        "version nobody overlooks it. ana says no, and closing is enough:"
    )
    play.narrator.command("ana comments on #3 and closes it")
    comment = f"AUC {worse.value:.4g} against {better.value:.4g} live. Not for {ENVIRONMENT}."
    play.stage.repository("ana").get_pull(3).create_issue_comment(comment)
    play.stage.close(3, "ana")
    closed = play.pull_request(3)
    play.narrator.output(f"GitHub: #3 is {closed.state}, not merged\nana: {comment}")
    require(closed.state == "closed" and not closed.merged, "pull request 3 should be closed")
    play.say("The event arrives once more. A no stays a no, and apply has nothing to do:")
    play.deliver(play.registered[3].event, logged=["was closed"])
    require(play.pull_request(3).state == "closed", "pull request 3 should stay closed")
    play.pull()
    said = play.assent("apply")
    require("nothing to do" in said, "apply should change nothing", said)
    play.resolves_to(2)
    status = play.package(3)["ModelApprovalStatus"]
    require(status == "PendingManualApproval", "version 3 should not be approved", status)


def _audit(play: Play) -> None:
    play.say(
        "Somebody asks, a year later: who let this model run, when, and on what evidence? main's "
        "history answers, one merge for each decision:"
    )
    log = play.git(
        "log",
        "--first-parent",
        "--stat=80",
        "--date=iso",
        "--pretty=%n%h  %ad  %an%n %s",
        "--",
        f"promotions/{ENVIRONMENT}",
    )
    require(
        re.findall(r"  (\w+)\n Merge pull request #(\d+)", log) == [("ben", "2"), ("ana", "1")],
        "main should have ana's merge and then ben's",
        log,
    )
    play.say("Parameter Store names the version that runs, and leads back to that history:")
    said = play.assent("resolve", MODEL, "--env", ENVIRONMENT, "--format", "json")
    require(json.loads(said) == play.current(), "resolve should print what the parameter holds")
    play.say("And the registry says of each version what was decided, for those who look there:")
    for version in play.registered:
        _show_decided(play, version)
    approved = [
        version
        for version in play.registered
        if play.package(version)["ModelApprovalStatus"] == "Approved"
    ]
    require(approved == [1, 2], "the registry should approve versions 1 and 2", approved)


def _show_decided(play: Play, version: int) -> None:
    package = play.package(version)
    fields = {"ModelApprovalStatus": package["ModelApprovalStatus"]}
    fields |= package.get("CustomerMetadataProperties", {})
    play.narrator.command(f"{MODEL} {version}")
    play.narrator.output("\n".join(f"{name:20} {value}" for name, value in fields.items()))


def farewell(play: Play, seconds: float) -> None:
    """Say where everything is left, and how to look into it.

    Args:
        play: At its end, the servers stopped.
        seconds: How long it took.
    """
    folder, ledger = play.folder, play.stage.ledger
    clone, rejected, log = (
        shlex.quote(folder.shown(path)) for path in (folder.clone, folder.page(3), folder.log)
    )
    play.leave_clone()
    play.narrator.heading("Where this is left")
    play.say(
        f"Every step had the result it should have. That took {seconds:.1f} seconds; the two "
        f"servers answered {ledger.count('github')} requests for GitHub and "
        f"{ledger.count('aws')} for AWS. They are gone now. The history stays in {folder.path}:"
    )
    for what, line in (
        ("who let what in, and when", f"git -C {clone} log --first-parent --stat"),
        ("what was approved as version 2", f"cat {clone}/promotions/{ENVIRONMENT}/{MODEL}/2.yaml"),
        ("what ana said no to", f"less {rejected}"),
        ("judge the records again", f"{_assent()} check --repository {clone}"),
        ("all of this, and every request", f"less {log}"),
    ):
        play.narrator.command(f"$ {line}")
        play.narrator.output(what)
    play.say(f"The next run replaces that folder. For the other commands: {_assent()} --help")


def _assent() -> str:
    """How to call Assent from here: by its name where PATH finds it, otherwise by its place."""
    if shutil.which("assent") is not None:
        return "assent"
    program = Path(sys.executable).with_name("assent")
    here = Path.cwd()
    return shlex.quote(str(program.relative_to(here) if here in program.parents else program))


STEPS = (
    Step(title="What this is", tell=_introduce),
    Step(title="zoe trains a model, three times", tell=_train),
    Step(title="Version 1 is registered, and a pull request opens", tell=_propose_first),
    Step(title="What the approver sees", tell=_review_first),
    Step(title="zoe cannot let her own model through", tell=_refuse_zoe),
    Step(title="ana approves and merges, and version 1 goes live", tell=_apply_first),
    Step(title="Version 2 is better, and ben lets it through", tell=_second),
    Step(title="Version 3 is worse, and ana says no", tell=_third),
    Step(title="What an auditor finds", tell=_audit),
)
