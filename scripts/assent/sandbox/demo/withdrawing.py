"""The way back: monitoring finds drift in prod, and the version is retired there."""

import json

from assent.sandbox.churn.model import unpack
from assent.sandbox.demo.play import MODEL, Play, require
from assent.sandbox.demo.reviewing import approve_and_merge, opened, show_issue, show_page
from assent.sandbox.demo.running import deliver, resolves_to, shows_live
from assent.sandbox.demo.scenery import TOP
from assent.sandbox.inference import watch

__all__ = ["find_drift", "retire_second"]

_OWNER = "carla"


def find_drift(play: Play) -> None:
    """Let monitoring look at a batch a quarter of a year later: an issue, and an event."""
    play.say(
        f"The next batch in {TOP} comes a quarter of a year later. Its customers are older ones "
        "than any in training. A job compares the two as Model Monitor does, and ends with "
        "violations:"
    )
    account = play.stage.account_of(TOP)
    watched = watch(play.stage.aws, play.registered[2].arn, play.trained[2], TOP, account=account)
    play.narrator.command(f"> SageMaker processing job {watched.ran.job}")
    play.narrator.output(watched.ran.event["detail"]["ExitMessage"])
    violations = watched.batch.violations["violations"]
    drifted = {each["feature_name"] for each in violations}
    second, first = (
        {term.feature for term in unpack(play.trained[version].artifact).terms}
        for version in (2, 1)
    )
    require(
        bool(drifted) and drifted <= second - first,
        "features of version 2 that version 1 does without should have drifted",
        drifted,
    )
    number = max(play.pulls) + 1
    deliver(play, watched.ran.event, logged=[f"/issues/{number} (opened)"])
    (issue,) = play.stage.repository(_OWNER).get_issues(labels=["assent: drift"])
    body = show_issue(play, issue, sections=["Violations", "What to do"])
    command = f"assent retire {MODEL} 2 --env {TOP}"
    require(
        command in body and all(feature in body for feature in drifted),
        "the issue should name what drifted, and the command that retires",
        body,
    )
    play.say(
        "And Assent asks for training anew, by an event that a pipeline of zoe's can start on:"
    )
    (asked,) = play.stage.intake.retraining
    play.narrator.command(f"{asked['detail-type']}, on the bus")
    play.narrator.output(json.dumps(asked["detail"], indent=2))
    require(
        (asked["detail"]["version"], asked["detail"]["violations"]) == (2, len(violations)),
        "the event should tell of version 2 and what was found",
        asked,
    )


def retire_second(play: Play) -> None:
    """Retire version 2 from prod: what is live there falls back to version 1."""
    reason = "Time since the last purchase drifted; until it is trained anew."
    play.say(
        "Whether these customers leave is not known yet. What drifted are features that version "
        "2 added and version 1 does without. carla does not wait. Going back takes a pull request "
        "as well, and one command opens it:"
    )
    play.assent("retire", MODEL, "2", "--env", TOP, "--reason", reason)
    pull = opened(play, f"Retire {MODEL} 2 from {TOP}")
    page = show_page(play, pull, sections=["What merging will do"])
    require(
        "run version **1** in place of **2**" in page, "the page should say what it falls back to"
    )
    play.say("One approval is enough for a no, in every environment:")
    approve_and_merge(play, pull.number, _OWNER)
    play.pull()
    said = play.assent("apply")
    require(f"{MODEL} 2 in {TOP}: Approved → Retired" in said, "2 should be retired", said)
    play.say(f"{TOP} is back at version 1; the rungs below keep version 2:")
    resolves_to(play, TOP, 1)
    shows_live(play, "2", "2", "2", "1")
    _was_told(play)


def _was_told(play: Play) -> None:
    """Read the messages that those got who do not live on GitHub."""
    published = play.stage.published(TOP)
    play.say(
        f"Whoever does not live on GitHub subscribes to {TOP}'s SNS topic, by e-mail for instance. "
        f"{len(published)} messages went there so far. The last three, and the text of one:"
    )
    subjects = [str(each.subject) for each in published[-3:]]
    play.narrator.listing("\n".join(subjects))
    require(
        subjects
        == [
            f"Decision wanted: retire {MODEL} 2 from {TOP}",
            f"Retired: {MODEL} 2 in {TOP}",
            f"Live in {TOP}: {MODEL} version 1",
        ],
        "the last messages should tell of the retirement",
        subjects,
    )
    play.narrator.quote(published[-2].text.splitlines())
