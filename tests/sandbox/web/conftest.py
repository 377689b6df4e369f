"""A seeded sandbox, and its pages asked for as a browser would, without one."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from assent.sandbox.demo import surroundings
from assent.sandbox.web.application import HOME, create_application
from assent.sandbox.web.sandbox import Sandbox, open_sandbox, seed

TOKEN = re.compile(r'name="token" value="([\w-]+)"')


class Browser:
    """Somebody's browser: keeps the cookie, and the token of the page it was given last."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.token = ""

    def get(self, path: str, status: int = 200) -> str:
        """Ask for a page below the repository's address."""
        answer = self.client.get(f"{HOME}{path}", follow_redirects=True)
        assert answer.status_code == status, answer.text
        found = TOKEN.search(answer.text)
        self.token = found[1] if found else self.token
        return answer.text

    def post(self, path: str, **fields: str) -> TestResponse:
        """Send a form of the last page."""
        return self.client.post(path, data={"token": self.token, **fields})

    def press(self, button: str, number: int, text: str = "") -> str:
        """Press a button on a pull request's page; returns the page that follows."""
        self.get(f"/pull/{number}")
        answer = self.post(f"{HOME}/pull/{number}/{button}", text=text)
        assert answer.status_code == 303, answer.text
        return self.get(f"/pull/{number}")

    def become(self, who: str) -> None:
        """Choose who acts from now on."""
        self.get("/pulls")
        assert self.post("/as", who=who, here=f"{HOME}/pulls").status_code == 303


@contextmanager
def opened(folder: Path) -> Iterator[tuple[Sandbox, Browser]]:
    with surroundings.only(), open_sandbox(folder) as sandbox:
        for _ in seed(sandbox):
            pass
        yield sandbox, Browser(create_application(sandbox).test_client())


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Browser]]:
    """One for tests that only look."""
    with opened(tmp_path_factory.mktemp("sandbox")) as both:
        yield both


@pytest.fixture
def sandbox(shared: tuple[Sandbox, Browser]) -> Sandbox:
    return shared[0]


@pytest.fixture
def browser(shared: tuple[Sandbox, Browser]) -> Browser:
    return shared[1]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[Sandbox, Browser]]:
    """One for a test that decides something."""
    with opened(tmp_path / "sandbox") as both:
        yield both
