"""Issues, comments, labels, statuses and deployments."""

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.sandbox.github.conftest import Refused, Stage


def test_issues_are_found_by_label_state_and_creator(stage: "Stage") -> None:
    """Pull requests are among them; labels that do not exist come into being."""
    ben = stage.as_person("ben")
    drift = ben.create_issue("Drift", body="It drifted", labels=["drift", "env: dev"])
    stage.clock.advance(timedelta(minutes=1))
    other = stage.as_person("cleo").create_issue("Other", labels=["Drift"])
    stage.clock.advance(timedelta(minutes=1))
    pull = stage.propose(ben)
    cleo = stage.client("token-of-cleo").get_user("cleo")
    assert [i.number for i in ben.get_issues(labels=["drift"])] == [other.number, drift.number]
    assert [i.number for i in ben.get_issues(labels=["drift", "env: dev"])] == [drift.number]
    assert [i.number for i in ben.get_issues(creator=cleo)] == [other.number]
    drift.edit(state="closed", state_reason="not_planned")
    assert [i.number for i in ben.get_issues(state="closed")] == [drift.number]
    assert ben.get_issue(drift.number).state_reason == "not_planned"
    everything = list(ben.get_issues(state="all", direction="asc"))
    assert [i.number for i in everything] == [drift.number, other.number, pull.number]
    assert [i.pull_request is not None for i in everything] == [False, False, True]
    assert sorted(label.name for label in ben.get_labels()) == ["drift", "env: dev"]


def test_labels_are_added_replaced_and_removed(stage: "Stage", refused: "Refused") -> None:
    """On a pull request as on an issue, in all of PyGithub's ways."""
    pull = stage.propose(stage.as_person("ben"))
    pull.add_to_labels("a", "b")
    pull.add_to_labels("B", "c")
    assert [label.name for label in pull.get_labels()] == ["a", "b", "c"]
    pull.remove_from_labels("a")
    assert refused(lambda: pull.remove_from_labels("a")) == (404, "Label does not exist")
    pull.set_labels("x/y", "z")
    assert [label.name for label in pull.get_labels()] == ["x/y", "z"]
    pull.remove_from_labels("x/y")
    pull.delete_labels()
    assert list(pull.get_labels()) == []
    names = [event.event for event in pull.as_issue().get_events()]
    assert (names.count("labeled"), names.count("unlabeled")) == (5, 5)


def test_repository_labels_are_managed(stage: "Stage", refused: "Refused") -> None:
    """A label is renamed wherever it is used, and gone wherever it was once deleted."""
    ben = stage.as_person("ben")
    issue = ben.create_issue("Hello", labels=["old"])
    label = ben.create_label("new", "FF0000", "Fresh")
    assert refused(lambda: ben.create_label("NEW", "ff0000")) == (
        422,
        "Validation Failed | name",
    )
    assert refused(lambda: ben.create_label("odd", "red")) == (422, "Validation Failed | color")
    ben.get_label("old").edit("older", "00ff00")
    assert [(x.name, x.color) for x in ben.get_issue(issue.number).labels] == [("older", "00ff00")]
    label.delete()
    ben.get_label("older").delete()
    assert list(ben.get_labels()) == []
    assert ben.get_issue(issue.number).labels == []


def test_comments_are_written_changed_and_deleted(stage: "Stage", refused: "Refused") -> None:
    """By their author or by those who write; in the order in which they came."""
    pull = stage.propose(stage.as_person("ben"))
    first = pull.create_issue_comment("First")
    stage.clock.advance(timedelta(minutes=1))
    stage.see("eve", pull).create_issue_comment("Second")
    first.edit("First, edited")
    comments = list(stage.see("ben", pull).get_issue_comments())
    assert [(c.body, c.user.login) for c in comments] == [
        ("First, edited", "ben"),
        ("Second", "eve"),
    ]
    assert comments[0].updated_at - comments[0].created_at == timedelta(minutes=1)
    as_eve = stage.see("eve", pull).get_issue_comment(first.id)
    assert refused(lambda: as_eve.edit("Mine"))[0] == 403
    comments[1].delete()
    assert stage.see("ben", pull).comments == 1
    assert refused(lambda: pull.create_issue_comment("  "))[0] == 422
    assert refused(lambda: pull.create_issue_comment("x" * 65_537)) == (
        422,
        "Validation Failed | body is too long (maximum is 65536 characters)",
    )


def test_readers_may_speak_but_not_decide(stage: "Stage", refused: "Refused") -> None:
    """Eve opens issues and closes her own; others' she neither closes nor labels."""
    theirs = stage.as_person("ben").create_issue("Theirs")
    eve = stage.as_person("eve")
    own = eve.create_issue("Mine", labels=["drift"])
    assert own.labels == []
    own.edit(state="closed")
    assert refused(lambda: eve.get_issue(theirs.number).edit(state="closed"))[0] == 403
    assert refused(lambda: eve.get_issue(theirs.number).add_to_labels("x"))[0] == 403
    pull = stage.propose(stage.as_person("ben"))
    assert refused(lambda: stage.see("eve", pull).edit(state="closed"))[0] == 403
    assert refused(stage.see("eve", pull).merge)[0] == 403


def test_the_timeline_has_everything_in_order(stage: "Stage") -> None:
    """Comments, reviews and events, each with its actor."""
    pull = stage.propose(stage.as_person("ben"))
    pull.create_issue_comment("Hello")
    stage.see("cleo", pull).create_review(event="APPROVE")
    pull.edit(title="Better title")
    stage.see("cleo", pull).merge()
    timeline = stage.call("GET", f"/issues/{pull.number}/timeline").json()
    assert [item["event"] for item in timeline] == [
        "commented",
        "reviewed",
        "renamed",
        "merged",
        "closed",
    ]
    assert timeline[2]["rename"]["to"] == "Better title"
    everywhere = stage.as_person("ben").get_issues_events()
    assert next((e.event, e.issue.number) for e in everywhere) == ("closed", pull.number)


def test_titles_and_bodies_have_limits(stage: "Stage", refused: "Refused") -> None:
    """A title is needed and ends at 256 characters, a body at 65,536."""
    ben = stage.as_person("ben")
    pull = stage.propose(ben)
    assert refused(lambda: pull.edit(title="x" * 257))[0] == 422
    assert refused(lambda: pull.edit(title=" "))[0] == 422
    assert refused(lambda: pull.edit(body="x" * 65_537))[0] == 422
    pull.edit(title="x" * 256, body="y" * 65_536)
    assert len(stage.see("ben", pull).body) == 65_536
    assert stage.call("POST", "/issues", body={"body": "x"}).status_code == 422


def test_deployments_tell_how_they_went(stage: "Stage") -> None:
    """The latest deployment and the latest status come first."""
    ben = stage.as_person("ben")
    ben.create_deployment("main", environment="dev", payload={"model": "churn"})
    deployment = ben.create_deployment("main", environment="prod")
    deployment.create_status("in_progress")
    deployment.create_status("success", description="Done")
    assert [d.environment for d in ben.get_deployments()] == ["prod", "dev"]
    (dev,) = ben.get_deployments(environment="dev")
    assert dev.payload == {"model": "churn"}
    assert [s.state for s in deployment.get_statuses()] == ["success", "in_progress"]
