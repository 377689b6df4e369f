"""One contract for `Deployments`, held by the fake in memory and the adapter over the sandbox."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from github import GithubException
from tests.adapters.forges import HubServer, people

from assent.adapters.github_deployments import GitHubDeployments
from assent.adapters.memory import SettableClock
from assent.adapters.memory_deployments import MemoryDeployments
from assent.core.deployment import Deployed, Deployment, LiveVersion
from assent.ports import Deployments
from assent.sandbox.github import GitHub
from assent.sandbox.loopback import LoopbackServer


@dataclass(frozen=True, kw_only=True)
class Page:
    """A deployments page, and a commit that can be deployed."""

    deployments: Deployments
    commit: str


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    """A hub for all tests of the module."""
    clock = SettableClock()
    hub = GitHub(tmp_path_factory.mktemp("hub"), now=clock.now)
    people(hub)
    with LoopbackServer(hub.wsgi) as running:
        made = HubServer(hub=hub, app=hub.add_app("assent"), url=running.url, clock=clock)
        yield made
        for client in made.clients.values():
            client.close()


@pytest.fixture(params=["memory", "github"])
def page(request: pytest.FixtureRequest, server: HubServer) -> Page:
    """A page on which nothing is shown."""
    if request.param == "memory":
        return Page(deployments=MemoryDeployments(), commit="c" * 40)
    name = server.new_repository()
    client = server.client(server.bot)
    commit = client.get_repo(name).get_branch("main").commit.sha
    return Page(deployments=GitHubDeployments(client, name), commit=commit)


def deployment(page: Page, version: int, place: str = "dev/churn", **more: bool) -> Deployment:
    live = LiveVersion(model="churn", version=version, commit=page.commit)
    url = f"https://forge.example/pull/{version}"
    return Deployment(
        place=place, live=live, production=more.get("production", False), pull_request=url
    )


def shown(page: Page, what: Deployment) -> int:
    number = page.deployments.create(what)
    page.deployments.show(number, what)
    return number


def test_the_latest_of_a_place_says_what_is_live(page: Page) -> None:
    """Each place has its own; one that nothing was said of is not shown yet."""
    deployments = page.deployments
    assert deployments.latest("dev/churn") is None
    first, other = deployment(page, 7), deployment(page, 3, "dev/fraud")
    number = deployments.create(first)
    deployments.create(other)
    assert deployments.latest("dev/churn") == Deployed(id=number, live=first.live)
    assert not deployments.is_shown(number)
    deployments.show(number, replace(first, run="https://forge.example/runs/1"))
    assert deployments.is_shown(number)
    later = deployments.create(deployment(page, 8))
    assert deployments.latest("dev/churn") == Deployed(
        id=later, live=replace(first.live, version=8)
    )
    assert deployments.is_shown(number), "one that is not shown yet takes no other's place"


@pytest.mark.parametrize("production", [False, True])
def test_a_later_one_takes_the_place_of_the_earlier(page: Page, *, production: bool) -> None:
    """GitHub documents that it leaves deployments of production as they are."""
    first = shown(page, deployment(page, 7, production=production))
    elsewhere = shown(page, deployment(page, 7, "test/churn"))
    second = shown(page, deployment(page, 8, production=production))
    assert page.deployments.is_shown(first) is production
    assert page.deployments.is_shown(elsewhere)
    assert page.deployments.is_shown(second)


def test_what_is_not_live_any_more_is_hidden(page: Page) -> None:
    """It stays the latest, and can be shown again."""
    what = deployment(page, 7, production=True)
    number = shown(page, what)
    page.deployments.hide(number)
    assert not page.deployments.is_shown(number)
    assert page.deployments.latest("dev/churn") == Deployed(id=number, live=what.live)
    page.deployments.show(number, what)
    assert page.deployments.is_shown(number)


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "churn 7",
        {},
        {"model": "churn", "version": "7", "commit": "c"},
        {"model": "churn", "version": True, "commit": "c"},
        {"model": "churn", "version": 7, "commit": None},
        {"model": "churn", "version": 7, "commit": "c", "more": 1},
    ],
)
def test_what_somebody_else_deployed_is_not_taken_for_ours(
    server: HubServer, payload: object
) -> None:
    """Whatever it carries; it is there all the same."""
    name = server.new_repository()
    content = {"ref": "main", "environment": "dev/churn", "payload": payload}
    _, made = server.client("token-of-ben").requester.requestJsonAndCheck(
        "POST", f"/repos/{name}/deployments", input=content
    )
    deployments = GitHubDeployments(server.client(server.bot), name)
    assert deployments.latest("dev/churn") == Deployed(id=made["id"], live=None)


def test_a_check_that_failed_later_holds_nothing_back(server: HubServer) -> None:
    """Without contexts to require, what is live is shown whatever runs on main."""
    name = server.new_repository()
    ben = server.client("token-of-ben").get_repo(name)
    commit = ben.get_branch("main").commit
    commit.create_status("failure", context="lint")
    with pytest.raises(GithubException) as refused:
        ben.create_deployment(commit.sha, environment="dev/churn")
    assert refused.value.status == 409
    deployments = GitHubDeployments(server.client(server.bot), name)
    what = Deployment(
        place="dev/churn",
        live=LiveVersion(model="churn", version=7, commit=commit.sha),
        production=False,
        pull_request="https://forge.example/pull/7",
    )
    assert deployments.create(what) > 0
