"""One browser for all, and a seeded sandbox for each test that decides something.

These tests are not part of `make test`, which needs Python, git and make alone: `make browser`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from tests.browser.chromium import NoBrowser, launched, watched

from assent.sandbox.demo import surroundings
from assent.sandbox.loopback import LoopbackServer
from assent.sandbox.web.application import create_application
from assent.sandbox.web.sandbox import Sandbox, open_sandbox, seed

WIDTH = 1000


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Absent, everything fails: tests that were asked for are never left out in silence."""
    try:
        with launched() as browser:
            yield browser
    except NoBrowser as error:
        pytest.exit(f"the browser tests need Chromium: {error}", returncode=1)


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def tab(chromium: Browser, scheme: str) -> Iterator[tuple[Page, list[str]]]:
    """A tab of 1000 pixels, in either scheme, and what it complains of."""
    context = chromium.new_context(
        viewport={"width": WIDTH, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    yield watched(context)
    context.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A tab that must not complain."""
    context = chromium.new_context(viewport={"width": WIDTH, "height": 900})
    page, complaints = watched(context)
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with surroundings.only(), open_sandbox(tmp_path / "sandbox") as sandbox:
        for _ in seed(sandbox):
            pass
        yield sandbox


@pytest.fixture
def address(sandbox: Sandbox) -> Iterator[str]:
    """Where the sandbox's pages are."""
    with LoopbackServer(create_application(sandbox)) as server:
        yield f"{server.url}/acme/model-promotions"
