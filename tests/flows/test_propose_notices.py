"""The topic of an environment, told when a promotion into it is opened; it never stops one."""

from dataclasses import replace

from tests.flows.test_propose import BRANCH, LABELS, delivered, only_pull, record_at, registered
from tests.properties.memory_scene import MemoryScene

from assent.adapters.memory import MemoryNotices
from assent.core.outcome import Proposed
from assent.core.rendering.outcome import outcome_line, outcome_values

TOPIC = "arn:aws:sns:eu-west-1:111122223333:promotions"


def with_topic() -> MemoryScene:
    """A scene whose first rung names a topic."""
    scene = registered()
    dev, *rest = scene.config.environments
    scene.config = replace(scene.config, environments=(replace(dev, topic=TOPIC), *rest))
    return scene


def test_the_topic_is_told_once_when_a_pull_request_is_opened() -> None:
    """Before the labels, which tell that it was; a later event tells nobody again."""
    scene = with_topic()
    labelled: list[list[str]] = []

    class Watching(MemoryNotices):
        def publish(self, topic: str, subject: str, text: str, /) -> None:
            """Note how far the pull request has got."""
            labelled.append(list(only_pull(scene).labels))
            super().publish(topic, subject, text)

    notices = Watching()
    outcome = delivered(scene, notices=notices)
    assert isinstance(outcome, Proposed)
    assert outcome.not_notified is None
    delivered(scene, notices=notices)
    (notice,) = notices.published
    assert labelled == [[]]
    assert only_pull(scene).labels == LABELS
    assert (notice.topic, notice.subject) == (TOPIC, "Decision wanted: churn 1 in dev")
    assert only_pull(scene).url in notice.text


def test_a_topic_that_fails_stops_nothing_and_is_reported() -> None:
    """The pull request is complete; the outcome says who was not told, and why."""
    scene = with_topic()
    outcome = delivered(scene, notices=MemoryNotices(failing=[TOPIC]))
    assert isinstance(outcome, Proposed)
    assert outcome.not_notified is not None
    assert only_pull(scene).labels == LABELS
    line, values = outcome_line(outcome), outcome_values(outcome)
    assert f"not told {TOPIC}" in line
    assert values["not_notified"]["topic"] == TOPIC
    assert "takes nothing" in values["not_notified"]["message"]


def test_what_was_opened_and_not_completed_is_completed() -> None:
    """Without any label nobody knows what was done after opening: all of it is done again."""
    scene = with_topic()
    delivered(scene)
    only_pull(scene).labels.clear()
    only_pull(scene).body = "a page of another record"
    delivered(scene)
    assert only_pull(scene).labels == LABELS
    assert record_at(scene, BRANCH).evidence.digest in only_pull(scene).body
    assert len(scene.notices.published) == 2
