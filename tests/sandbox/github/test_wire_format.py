"""Errors, pages and headers, as they travel."""

import re
from typing import TYPE_CHECKING

import github
import pytest
import requests

if TYPE_CHECKING:
    from tests.sandbox.github.conftest import Stage

NAME = "acme/model-promotions"


@pytest.mark.parametrize("prefix", ["", "/api/v3"])
def test_lists_come_in_pages(stage: "Stage", prefix: str) -> None:
    """The ``Link`` header leads to the other pages, under the host and prefix that were asked."""
    ben = stage.as_person("ben", prefix=prefix, per_page=2)
    for number in range(5):
        ben.create_issue(f"Issue {number}", labels=["a b"])
    assert [i.number for i in ben.get_issues(labels=["a b"])] == [5, 4, 3, 2, 1]
    assert ben.get_issues().totalCount == 5
    assert [i.number for i in ben.get_issues().reversed] == [1, 2, 3, 4, 5]
    url = f"{stage.url}{prefix}/repos/{NAME}/issues"
    links = requests.get(f"{url}?per_page=2&page=2&labels=a%20b", timeout=10).links
    assert {name: link["url"] for name, link in links.items()} == {
        "prev": f"{url}?per_page=2&page=1&labels=a+b",
        "next": f"{url}?per_page=2&page=3&labels=a+b",
        "last": f"{url}?per_page=2&page=3&labels=a+b",
        "first": f"{url}?per_page=2&page=1&labels=a+b",
    }
    assert requests.get(f"{url}?per_page=100", timeout=10).links == {}


def test_page_sizes_have_a_default_and_a_maximum(stage: "Stage") -> None:
    """Thirty unless asked, a hundred at most; nonsense counts as not asked."""
    for number in range(101):
        stage.call("POST", "/labels", body={"name": f"label {number}"})
    for query, expected in (
        ("", 30),
        ("?per_page=1000", 100),
        ("?per_page=x&page=-1", 30),
        ("?per_page=100&page=2", 1),
        ("?page=99", 0),
    ):
        assert len(stage.call("GET", f"/labels{query}").json()) == expected


def test_errors_have_githubs_body(stage: "Stage") -> None:
    """Message, place in the reference, and the status once more, as a string."""
    answer = stage.call("GET", "/git/ref/heads/absent")
    assert (answer.status_code, answer.headers["Content-Type"]) == (
        404,
        "application/json; charset=utf-8",
    )
    assert answer.json() == {
        "message": "Not Found",
        "documentation_url": "https://docs.github.com/rest/git/refs#get-a-reference",
        "status": "404",
    }
    invalid = stage.call("POST", "/pulls", body={"title": "t", "head": "x", "base": "main"})
    assert invalid.json()["errors"] == [
        {"resource": "PullRequest", "field": "head", "code": "invalid"}
    ]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "//no/such/place"),
        ("GET", "//repos/acme/absent"),
        ("GET", "//repos/absent/absent/pulls"),
        ("GET", "//users/absent"),
        ("GET", "/pulls/99"),
        ("GET", "/pulls/x"),
        ("DELETE", ""),
        ("GET", "/issues/99"),
        ("GET", "/labels/absent"),
        ("GET", "/deployments/99"),
    ],
)
def test_what_is_not_there_is_not_found(stage: "Stage", method: str, path: str) -> None:
    """One status and one message, whatever is missing."""
    answer = stage.call(method, path)
    assert (answer.status_code, answer.json()["message"]) == (404, "Not Found")
    assert answer.json()["status"] == "404"


def test_bodies_have_to_be_json_objects(stage: "Stage") -> None:
    """What is no JSON, or no object, is 400."""
    url = f"{stage.url}/repos/{NAME}/issues"
    headers = {"Authorization": "token token-of-ben"}
    for data, message in (
        (b"{", "Problems parsing JSON"),
        (b"[]", "Body should be a JSON object"),
        (b"\xff", "Problems parsing JSON"),
    ):
        answer = requests.post(url, data=data, headers=headers, timeout=10)
        assert (answer.status_code, answer.json()["message"]) == (400, message)


def test_credentials_are_checked_before_anything_else(stage: "Stage") -> None:
    """A token that nobody issued is refused even where none is needed."""
    for token in ("nonsense", "ghs_" + "0" * 36):
        answer = stage.call("GET", "", token=token)
        assert (answer.status_code, answer.json()["message"]) == (401, "Bad credentials")
    with pytest.raises(github.BadCredentialsException):
        stage.as_person("absent")
    assert stage.call("GET", "", token=None).status_code == 200
    basic = requests.get(f"{stage.url}/user", auth=("ben", "token-of-ben"), timeout=10)
    assert basic.json()["login"] == "ben"


def test_every_answer_says_how_much_is_left(stage: "Stage") -> None:
    """The limits count by caller and start anew on the hour; every request has its own name."""
    answers = [stage.call("GET", "") for _ in range(3)]
    used = [int(answer.headers["X-RateLimit-Used"]) for answer in answers]
    assert used == [1, 2, 3]
    last = answers[-1].headers
    assert (last["X-RateLimit-Limit"], last["X-RateLimit-Remaining"]) == ("5000", "4997")
    assert int(last["X-RateLimit-Reset"]) == int(stage.clock.time.timestamp()) + 3600
    assert stage.call("GET", "", token="token-of-ben").headers["X-RateLimit-Used"] == "1"
    names = {answer.headers["X-GitHub-Request-Id"] for answer in answers}
    assert len(names) == 3
    assert all(re.fullmatch(r"[0-9A-F]+:[0-9A-F]+", name) for name in names)
    overview = stage.client("token-of-cleo").get_rate_limit().rate
    assert overview.limit == 5000


def addresses(value: object) -> list[str]:
    match value:
        case dict():
            return [found for item in value.values() for found in addresses(item)]
        case list():
            return [found for item in value for found in addresses(item)]
        case str() if value.startswith("http"):
            return [value]
        case _:
            return []


@pytest.mark.parametrize("prefix", ["", "/api/v3"])
def test_addresses_lead_back_to_where_the_request_came(stage: "Stage", prefix: str) -> None:
    """Every address in an answer is on the host that was asked, the API's below its prefix."""
    pull = stage.propose(stage.as_bot())
    base = f"{stage.url}{prefix}"
    for path in (f"/repos/{NAME}/pulls/{pull.number}", f"/repos/{NAME}/contents/README.md"):
        shown = requests.get(base + path, timeout=10).json()
        found = addresses(shown)
        assert len(found) >= 5
        assert all(address.startswith(stage.url + "/") for address in found)
        assert shown["url"].startswith(base + "/repos/")
