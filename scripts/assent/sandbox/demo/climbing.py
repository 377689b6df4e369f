"""The climb: batch inference on one rung leads to the next one, up to prod; then version 2's."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from github.PullRequest import PullRequest

from assent.sandbox.churn import Batch
from assent.sandbox.demo.play import MODEL, Play, require
from assent.sandbox.demo.reviewing import approve_and_merge, opened, show_page
from assent.sandbox.demo.running import (
    answer_queue,
    applies,
    deliver,
    register_version,
    resolves_to,
    run_pipeline,
    run_transform_job,
    shows_live,
)
from assent.sandbox.demo.scenery import APPROVALS, TOP

__all__ = ["climb_to_prod", "promote_second", "run_in_dev"]

_SHOWN_PREDICTIONS = 3
_TRAINED = "binary_classification_metrics"
"""Where Model Monitor's reports, of training as of a batch, have the metrics."""
_SHOWN_METRICS = tuple(f"{_TRAINED}.{name}" for name in ("accuracy", "auc", "f1"))
_RUNS = {1: "nightly-1", 2: "nightly-2"}
"""What uat's pipeline calls its run of each version."""


def run_in_dev(play: Play) -> None:
    """Score a batch with version 1 in dev; that opens the pull request for test."""
    play.say(
        "Version 1 runs in dev now. Its batch is half of the customers that no training saw. The "
        "job loads the model file that the registry names, and really scores them:"
    )
    inferred = run_transform_job(play, "dev")
    batch = inferred.batch
    first = batch.predictions.decode().splitlines()[:_SHOWN_PREDICTIONS]
    told = [f"customer {who}: leaves with probability {odds}" for who, odds in map(_pair, first)]
    rest = batch.customers - len(first)
    play.narrator.output("\n".join([*told, f"… and {rest} more, in {inferred.ran.output}"]))
    play.say(
        "Beside the scores it leaves reports: how good they were, and whether the customers were "
        "like those of training. SageMaker tells that the job is done. Version 1 is approved "
        "where it ran, so Assent proposes it for the next rung:"
    )
    deliver(play, inferred.ran.event, logged=["(opened)"])
    pull = opened(play, f"Promote {MODEL} 1 to test")
    page = show_page(
        play,
        pull,
        sections=["Gates", "Batch inference in `dev`"],
        metrics=_SHOWN_METRICS,
    )
    _shows_batch(play, page, "dev", batch, 1)
    play.say("What it did in dev stands beside what training promised. ana lets it through:")
    approve_and_merge(play, pull.number, "ana")
    play.pull()
    applies(play, "test", 1, "ana")


def _pair(line: str) -> tuple[str, str]:
    who, _, odds = line.partition(",")
    return who, odds


def _shows_batch(play: Play, page: str, environment: str, batch: Batch, version: int) -> None:
    """Look that a page shows a batch's metrics and those of training, and that nothing drifted."""
    ran = page.partition(f"### Batch inference in `{environment}`")[2]
    rows = [line for line in ran.splitlines() if line.startswith(f"| `{_TRAINED}.auc` |")]
    wanted = (batch.metrics["auc"], play.metric(version, "auc").value)
    require(
        all(f"{value:.4g}" in (rows or [""])[0] for value in wanted),
        f"the page should show the AUC in {environment} and of training, {wanted}",
        rows,
    )
    require("Model Monitor found no violation" in page, "the page should say that nothing drifted")


def climb_to_prod(play: Play) -> None:
    """Take version 1 from test to uat, and from there to prod, where it takes two approvals."""
    play.say("From test to uat it goes the same way. ben decides:")
    batch = _run(play, "test", _RUNS[1])
    pull = opened(play, f"Promote {MODEL} 1 to uat")
    _shows_batch(play, pull.body, "test", batch, 1)
    approve_and_merge(play, pull.number, "ben")
    play.pull()
    applies(play, "uat", 1, "ben")
    account = play.stage.account_of("uat")
    play.say(
        f"uat is in an account of its own, {account}. Its pipeline scores without a SageMaker "
        "job, so it tells Assent itself, by an event on the bus. A line that begins with uat or "
        "prod runs with that account's credentials; from another account Assent refuses to "
        "believe such an event."
    )
    batch = _run(play, "uat", _RUNS[1])
    pull = opened(play, f"Promote {MODEL} 1 to {TOP}")
    _shows_batch(play, pull.body, "uat", batch, 1)
    play.say(
        f"{TOP} takes {APPROVALS} approvals, as assent.yaml says; with fewer, apply would refuse "
        "what was merged."
    )
    approve_and_merge(play, pull.number, "ana", "carla")
    play.pull()
    applies(play, TOP, 1, "ana", "carla")
    role = _wrote_as(play, TOP)
    play.say(
        f"Apply ran with credentials of the registry's account; it wrote {TOP}'s parameter as "
        f"{role}. Version 1 is live everywhere:"
    )
    shows_live(play, "1", "1", "1", "1")
    resolves_to(play, TOP, 1)


def _run(play: Play, environment: str, run: str) -> Batch:
    """Let batch inference run in an environment, and Assent hear of it and propose.

    Args:
        play: The play.
        environment: Where; in uat a pipeline of its own does it, elsewhere a transform job.
        run: What the pipeline calls it.
    """
    if environment != "uat":
        inferred = run_transform_job(play, environment)
        deliver(play, inferred.ran.event, logged=["(opened)"])
        return inferred.batch
    batch, addresses = run_pipeline(play, environment, run)
    reports = [("model-quality", "statistics.json"), ("violations", "constraint_violations.json")]
    named = [part for kind, name in reports for part in ("--report", f"{kind}={addresses[name]}")]
    play.assent(
        *("report-inference", MODEL, "--env", environment, "--run", run),
        *("--metrics", addresses["metrics.json"], *named),
        where=environment,
    )
    answer_queue(play, logged=["(opened)"])
    return batch


def _wrote_as(play: Play, environment: str) -> str:
    """The role that writes an environment's parameters, after looking that it was assumed."""
    role = f"arn:aws:iam::{play.stage.account_of(environment)}:role/assent-apply"
    calls = [call for call in play.stage.ledger.calls if call.operation == "AssumeRole"]
    require(
        any(quote(role, safe="").encode() in call.body for call in calls),
        f"{role} should have been assumed",
    )
    return role


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rung:
    """One of version 2's steps."""

    to: str
    owners: tuple[str, ...]


_LADDER = (
    _Rung(to="dev", owners=("ben",)),
    _Rung(to="test", owners=("ana",)),
    _Rung(to="uat", owners=("ben",)),
    _Rung(to=TOP, owners=("ben", "carla")),
)


def promote_second(play: Play) -> None:
    """Take version 2 all the way; each page compares it with the version that is live."""
    play.say(
        "zoe adds how long each customer has been away. Version 2 takes the same way, event by "
        "event; here is only what decided it on each rung, and the log has the rest. Now there is "
        "a version to compare with:"
    )
    register_version(play, 2)
    below, pulls = "", []
    for rung in _LADDER:
        pull, told = _propose(play, below, rung)
        pulls.append(pull)
        lets = "lets" if len(rung.owners) == 1 else "let"
        play.narrator.command(f"{' and '.join(rung.owners)} {lets} #{pull.number} into {rung.to}")
        play.narrator.output(told)
        with play.narrator.quietly():
            approve_and_merge(play, pull.number, *rung.owners)
            play.pull()
            applies(play, rung.to, 2, *rung.owners)
        below = rung.to
    play.say(
        f"The last page, for {TOP}, says more. It compares the runs in uat, and holds version 2 to "
        "what is live:"
    )
    sections = ["Gates", "Batch inference in `uat`"]
    page = show_page(play, pulls[-1], sections=sections, metrics=_SHOWN_METRICS)
    require("3 of 3 gates pass**" in page, f"version 2 should pass every gate of {TOP}")
    play.say("On every rung it ranked customers better than version 1 did. Now it is live:")
    shows_live(play, "2", "2", "2", "2")
    resolves_to(play, TOP, 2)


def _propose(play: Play, below: str, rung: _Rung) -> tuple[PullRequest, str]:
    """Let version 2 be proposed; returns the pull request and how the versions compare."""
    with play.narrator.quietly():
        if below:
            new = _run(play, below, _RUNS[2]).metrics["auc"]
        else:
            new = play.metric(2, "auc").value
            deliver(play, play.registered[2].event, logged=["(opened)"])
        pull = opened(play, f"Promote {MODEL} 2 to {rung.to}")
    section = f"### Batch inference in `{below}`" if below else "### Metrics"
    old = _champions(pull.body, section)
    require(
        new > old and f"{new:.4g}" in pull.body,
        f"on the page, version 2 should be better than version 1 {below}",
        (new, old),
    )
    where = f"in {below}" if below else "in training"
    return pull, f"AUC {where}: {new:.4g}; of version 1, which is live: {old:.4g}"


def _champions(page: str, section: str) -> float:
    """The AUC of the live version, from the table of a page's section."""
    lines = page[page.index(section) :].partition("\n### ")[0].splitlines()
    header = next(line for line in lines if line.startswith("| metric |"))
    # A section's own name is left out where no other metric is as short.
    named = (f"| `{_TRAINED}.auc` |", "| `auc` |")
    row = next(line for name in named for line in lines if line.startswith(name))
    names, cells = _cells(header), _cells(row)
    (live,) = (cell for name, cell in zip(names, cells, strict=True) if "version 1 (live)" in name)
    return float(live.split()[0])


def _cells(row: str) -> Sequence[str]:
    return [cell.strip() for cell in row.strip("|").split("|")]
