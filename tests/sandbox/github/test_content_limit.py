"""GitHub's secondary limit on creating content, for those who ask for it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from github import RateLimitExceededException

from assent.sandbox.github import ContentLimit, GitHub

if TYPE_CHECKING:
    import requests
    from tests.sandbox.github.conftest import Clock, Stage

ISSUES = "/issues"


@pytest.fixture
def limited(stage: "Stage") -> Iterator["Stage"]:
    """A stage on which three writes a minute are allowed, and five an hour."""
    stage.hub.content_limit = ContentLimit(a_minute=3, an_hour=5)
    yield stage
    stage.hub.content_limit = None


def write(stage: "Stage", *, token: str = "token-of-ben") -> "requests.Response":
    return stage.call("POST", ISSUES, body={"title": "t"}, token=token)


def statuses(stage: "Stage", count: int) -> list[int]:
    return [write(stage).status_code for _ in range(count)]


def test_nobody_meets_a_limit_that_was_not_set(stage: "Stage") -> None:
    """A new hub has none; GitHub's own numbers are there for the asking."""
    assert stage.hub.content_limit is None
    assert statuses(stage, 90) == [201] * 90
    assert ContentLimit() == ContentLimit(a_minute=80, an_hour=500)


def test_a_hub_may_be_made_with_a_limit(tmp_path: Path, clock: "Clock") -> None:
    """Given to the constructor, it holds from the start."""
    hub = GitHub(tmp_path / "other", now=clock, content_limit=ContentLimit())
    assert hub.content_limit == ContentLimit(a_minute=80, an_hour=500)


def test_what_is_above_the_limit_is_refused_as_github_words_it(limited: "Stage") -> None:
    """With 403, the documented message, and how long to wait; nothing was created."""
    assert statuses(limited, 3) == [201] * 3
    limited.clock.advance(timedelta(seconds=17))
    answer = write(limited)
    assert answer.status_code == 403
    assert answer.headers["retry-after"] == "43"
    body = answer.json()
    assert body["message"].startswith("You have exceeded a secondary rate limit")
    assert body["documentation_url"].endswith("#about-secondary-rate-limits")
    assert len(limited.call("GET", f"{ISSUES}?state=all").json()) == 3
    with pytest.raises(RateLimitExceededException):
        limited.as_person("ben").create_issue("Again")


def test_waiting_as_long_as_it_says_helps(limited: "Stage") -> None:
    """A refused request does not count, so the wait does not grow; then the hour's limit holds."""
    statuses(limited, 3)
    assert statuses(limited, 5) == [403] * 5
    limited.clock.advance(timedelta(seconds=int(write(limited).headers["retry-after"])))
    assert statuses(limited, 3) == [201, 201, 403]
    limited.clock.advance(timedelta(minutes=2))
    refused = write(limited)
    assert refused.headers["retry-after"] == str(60 * 60 - 3 * 60)
    limited.clock.advance(timedelta(minutes=57))
    assert statuses(limited, 4) == [201, 201, 201, 403]


def test_only_writes_count_and_each_caller_for_themselves(limited: "Stage") -> None:
    """Reads, GraphQL queries and tokens are free; one caller's flood is nobody else's."""
    query = {"query": 'query { repository(owner: "acme", name: "model-promotions") { name } }'}
    for _ in range(4):
        assert limited.call("GET", ISSUES).status_code == 200
        assert limited.call("POST", "//graphql", body=query).status_code == 200
        assert limited.bot_token()
    assert statuses(limited, 4) == [201, 201, 201, 403]
    assert write(limited, token="token-of-ada").status_code == 201
    assert limited.call("POST", "//graphql", body=query).status_code == 200
    for method, path in (("PATCH", "/issues/1"), ("DELETE", "/git/refs/heads/x")):
        assert limited.call(method, path, body={}, token="token-of-ben").status_code == 403


def test_a_burst_of_threads_gets_exactly_the_limit(limited: "Stage") -> None:
    """However many ask at once."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        seen = list(pool.map(lambda _: write(limited).status_code, range(16)))
    assert sorted(seen) == [201] * 3 + [403] * 13
