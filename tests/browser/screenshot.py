"""Takes the picture of docs/approvers.md: `python -m tests.browser.screenshot FILE [TITLE]`.

It is the page of a pull request in the seeded sandbox, in the light scheme, 1000 pixels wide.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.browser.chromium import NoBrowser, launched, watched

from assent.sandbox.demo import surroundings
from assent.sandbox.loopback import LoopbackServer
from assent.sandbox.web.application import HOME, create_application
from assent.sandbox.web.sandbox import open_sandbox, seed

__all__ = ["main", "take"]

_WIDTH = 1000
_TITLE = "Promote churn 2 to dev"


def take(file: Path, title: str = _TITLE) -> None:
    """Take it of the open pull request of that title."""
    with (
        TemporaryDirectory() as folder,
        surroundings.only(),
        open_sandbox(Path(folder)) as sandbox,
        LoopbackServer(create_application(sandbox)) as server,
        launched() as browser,
    ):
        for _ in seed(sandbox):
            pass
        (number,) = (each.number for each in sandbox.stage.pull_requests() if each.title == title)
        context = browser.new_context(
            viewport={"width": _WIDTH, "height": 900}, color_scheme="light"
        )
        page, complaints = watched(context)
        page.goto(f"{server.url}{HOME}/pull/{number}")
        page.wait_for_selector("body[data-charts=ready]")
        page.screenshot(path=str(file), full_page=True)
        context.close()
    if complaints:
        raise SystemExit("\n".join(complaints))


def main() -> None:
    """Take it, and say where it is."""
    try:
        take(Path(sys.argv[1]), *sys.argv[2:3])
    except NoBrowser as error:
        raise SystemExit(f"the screenshot needs Chromium: {error}") from error
    print(sys.argv[1])  # noqa: T201 - a program


if __name__ == "__main__":
    main()
