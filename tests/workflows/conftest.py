"""act, the image of its runner, and a stage that all tests of this folder play on, one by one."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from tests.end_to_end import play
from tests.workflows.image import lay_out
from tests.workflows.runner import Runner, version
from tests.workflows.scene import (
    ROOT,
    Content,
    Scene,
    content_of,
    own_content,
    scaffolded_content,
    settled_on,
)

from assent import lambda_handler
from assent.sandbox.stage import Stage

ACT_VERSION, _ = (Path(__file__).parent / "act.pin").read_text("utf-8").split()
"""The version that .ci/run and ci.yml build, and the checksum of its source."""
CONTENTS: dict[str, Callable[[Path], Content]] = {
    "own": lambda _: own_content(),
    "scaffolded": scaffolded_content,
}
"""The promotion repositories that the tests run on: what each holds, given an empty folder."""
if "ASSENT_PROMOTIONS" in os.environ:
    CONTENTS = {"given": lambda _: content_of(Path(os.environ["ASSENT_PROMOTIONS"]))}
_numbers = count(1)


@pytest.fixture(scope="session")
def act() -> Path:
    """The program: where ASSENT_ACT says, or on PATH, in the version that these tests know.

    Without it nothing here runs, and that is no success: it is skipped by name, or a failure where
    ASSENT_REQUIRE_ACT asks for it.
    """
    given = shutil.which(os.environ.get("ASSENT_ACT") or "act")
    if given is not None and f"v{version(Path(given))}" == ACT_VERSION:
        return Path(given).absolute()
    why = f"NOT RUN: act {ACT_VERSION} is not here; put it on PATH, or name it by ASSENT_ACT"
    if os.environ.get("ASSENT_REQUIRE_ACT") == "1":
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(scope="session")
def runner(act: Path, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """What runs workflows."""
    folder = tmp_path_factory.mktemp("act")
    image = lay_out(folder / "image", ROOT / "requirements" / "runtime.txt")
    return Runner(act=act, folder=folder / "runs", image=image, python=Path(sys.executable))


@pytest.fixture(scope="session")
def running(runner: Runner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The stage; without act nobody needs it, and the runner says so first."""
    del runner
    with Stage(tmp_path_factory.mktemp("stage")) as stage:
        yield stage


@pytest.fixture(scope="session", params=CONTENTS)
def content(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Content:
    """What the promotion repository holds: this one, or the folder that ASSENT_PROMOTIONS names."""
    return CONTENTS[request.param](tmp_path_factory.mktemp("content"))


@pytest.fixture
def scene(running: Stage, runner: Runner, content: Content) -> Iterator[Scene]:
    """A fresh repository, an empty registry, and no parameters."""
    running.aws.reset()
    name = f"acme/promotions-{next(_numbers)}"
    running.add_repository(name, settled_on(running, content))
    _forget_the_lambda()
    yield Scene(stage=running, runner=runner, name=name)
    _forget_the_lambda()


def _forget_the_lambda() -> None:
    play.cold_start()
    lambda_handler._queue.cache_clear()
    lambda_handler._limit.cache_clear()
