"""Inference events that are cut off, or answered two at a time: one pull request in the end."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.flows.climb import (
    BRANCH,
    OUTPUT,
    QUALITY,
    TARGET,
    Climb,
    climbing,
    completed,
    transformed,
)
from tests.properties.memory_scene import Crash, Fuse
from tests.properties.scene import Cut

from assent.adapters.memory_repository import MemoryRepository
from assent.core.forge import OpenedPullRequest
from assent.core.outcome import Outcome, Proposed
from assent.flows.propose import propose
from assent.ports import Unavailable


def finished(climb: Climb) -> dict[str, Any]:
    """All that an inference event leaves behind."""
    pull = climb.pull()
    return {
        "branches": sorted(climb.scene.repository.branches),
        "record": climb.record(),
        "pull": (pull.title, pull.body, pull.labels, pull.state, pull.author),
        "topics": climb.scene.notices.published,
    }


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_any_call_it_ends_as_one_clean_run(*, after: bool) -> None:
    """Each remote call in turn, before and after its effect; only the topic may be told twice."""
    clean = told()
    clean.deliver()
    expected = finished(clean)
    for at in range(1, 40):
        climb = told()
        fuse = Fuse(Cut(at=at, after=after))
        with suppress(Crash):
            propose(transformed(), climb.world(fuse))
        if fuse.calls < at:
            assert at > 15
            return
        assert isinstance(climb.deliver(), Proposed)
        found = finished(climb)
        first, *repeated = found.pop("topics")
        assert [first] == expected["topics"]
        assert all(notice == first for notice in repeated)
        assert len(repeated) <= 1
        assert found == {name: each for name, each in expected.items() if name != "topics"}, at
    pytest.fail("it makes more calls than anybody counted")


def told() -> Climb:
    """Where an environment's topic is to be told."""
    climb = climbing()
    climb.configure("test", topic="arn:aws:sns:eu-west-1:333333333333:promotions")
    return climb


class Interrupted(MemoryRepository):
    """A repository on which something happens just before one kind of call, once."""

    before: str
    happens: Callable[[], None]

    @classmethod
    def like(
        cls, other: MemoryRepository, before: str, happens: Callable[[], None]
    ) -> "Interrupted":
        """The same repository, with what happens meanwhile."""
        made = cls({}, now=lambda: datetime.now(UTC))
        made.__dict__.update(other.__dict__)
        made.before, made.happens = before, happens
        return made

    def _interrupt(self, call: str) -> None:
        if call == self.before:
            self.before = ""
            self.happens()

    def create_branch(self, name: str, commit: str, /) -> None:
        """See `MemoryRepository`."""
        self._interrupt("create_branch")
        super().create_branch(name, commit)

    def add_file(
        self, branch: str, path: str, content: bytes, message: str, /, *, replaces: str | None
    ) -> None:
        """See `MemoryRepository`."""
        self._interrupt("add_file")
        super().add_file(branch, path, content, message, replaces=replaces)

    def open_pull_request(self, branch: str, title: str, body: str, /) -> OpenedPullRequest:
        """See `MemoryRepository`."""
        self._interrupt("open_pull_request")
        return super().open_pull_request(branch, title, body)

    def edit_body(self, number: int, body: str, /) -> None:
        """See `MemoryRepository`."""
        self._interrupt("edit_body")
        super().edit_body(number, body)

    def label(self, number: int, labels: Any, /) -> None:  # noqa: ANN401 - as MemoryRepository's
        """See `MemoryRepository`."""
        self._interrupt("label")
        super().label(number, labels)


@pytest.mark.parametrize("moment", ["create_branch", "add_file", "open_pull_request", "label"])
def test_two_runs_at_once_have_one_pull_request_that_speaks_of_its_record(moment: str) -> None:
    """Whenever the other run's event is answered, the page ends with the branch's own record."""
    climb = climbing()
    other = f"{OUTPUT}/other"
    climb.jobs["dev"].transforms["other"] = completed("other", output=other)
    climb.files["dev"].put(f"{other}/metrics.json", QUALITY.replace(b"0.88", b"0.77"))
    tried: list[Outcome | Unavailable] = []

    def meanwhile() -> None:
        try:
            tried.append(climb.deliver(transformed("other"), forge=climb.scene.repository))
        except Unavailable as error:
            tried.append(error)

    forge = Interrupted.like(climb.scene.repository, moment, meanwhile)
    try:
        first: Outcome | Unavailable = climb.deliver(forge=forge)
    except Unavailable as error:
        first = error
    assert len(tried) == 1
    for event, outcome in ((transformed(), first), (transformed("other"), tried[0])):
        again = climb.deliver(event) if isinstance(outcome, Unavailable) else outcome
        assert isinstance(again, Proposed)
        assert again.number == climb.pull().number
    record = climb.record()
    assert record.evidence.digest in climb.pull().body
    assert climb.inference().run in climb.pull().body
    assert climb.pull().labels == ["assent", "environment: test", "model: churn"]


def test_a_record_that_changes_under_the_page_is_followed() -> None:
    """After each correction the branch is read again, until page and record agree."""
    climb = climbing()
    runs = iter(["second", "third", "third"])
    for name, value in (("second", b"0.77"), ("third", b"0.66")):
        output = f"{OUTPUT}/{name}"
        climb.jobs["dev"].transforms[name] = completed(name, output=output)
        climb.files["dev"].put(f"{output}/metrics.json", QUALITY.replace(b"0.88", value))

    def replaced() -> None:
        """Another process writes its record, and dies before it corrects anything."""
        other = climbing()
        name = next(runs)
        other.jobs["dev"].transforms = climb.jobs["dev"].transforms
        other.files["dev"] = climb.files["dev"]
        other.deliver(transformed(name))
        content = other.scene.repository.file(TARGET.path, other.pull().head)
        climb.scene.repository.push({TARGET.path: content}, branch=BRANCH)
        forge.before = "edit_body"

    forge = Interrupted.like(climb.scene.repository, "open_pull_request", replaced)
    assert isinstance(climb.deliver(forge=forge), Proposed)
    assert climb.record().evidence.digest in climb.pull().body
    assert climb.inference().metrics["scored.auc"].value == 0.66
