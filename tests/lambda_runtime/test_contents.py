"""What is in the zip is what the handler needs, whichever event it gets: no less, and no more."""

import json
import re
import shutil
import zipfile
from collections import Counter
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from tests.end_to_end import play
from tests.end_to_end.climb import (
    VIOLATIONS,
    climb,
    configure,
    infer,
    keep_reports,
    metrics,
    own_event,
    reported,
    settle,
    several_accounts,
    watch,
)
from tests.end_to_end.whole import Clock
from tests.lambda_runtime.conftest import Deploy, keep_secret
from tests.lambda_runtime.test_batches import require_no_secret

from assent.core.own_events import VIOLATIONS_FOUND, violations_detail
from assent.distribution import distributed_files
from assent.lambda_zip import SERVICES, Built, handler_modules
from assent.sandbox.aws import Registered
from assent.sandbox.faults import Faults, server_error
from assent.sandbox.stage import Stage

ROOT = Path(__file__).parents[2]

SPY = """
import json, os, sys
opened = set()
def notice(event, arguments):
    if event == "open" and isinstance(arguments[0], str) and "/botocore/data/" in arguments[0]:
        opened.add(arguments[0].partition("/botocore/data/")[2])
sys.addaudithook(notice)
from assent.lambda_handler import handler as real
def handler(event, context):
    answer = real(event, context)
    files = [getattr(each, "__file__", None) for each in list(sys.modules.values())]
    with open(os.environ["SPY"], "w") as file:
        json.dump({"files": sorted(filter(None, files)), "data": sorted(opened)}, file)
    return answer
"""
"""A handler around the real one that notes which modules it brought, and which data was read."""


FREEZE = """freezes:
  - reason: The books were closed.
    zone: Europe/Berlin
    from: "2020-01-01T00:00"
    until: "2020-01-02T00:00"
event_bus:"""


def test_the_zip_holds_what_any_event_needs_and_nothing_else(
    built: Built, deploy: Deploy, tmp_path: Path
) -> None:
    """Of each kind one event is answered; every package, and each service's data, was used."""
    spying = tmp_path / "spying"
    shutil.copytree(built.path.parent / "task", spying)
    (spying / "spy.py").write_text(SPY)
    clock = Clock()
    with several_accounts(tmp_path, clock) as stage:
        key = stage.environment()["ASSENT_APP_PRIVATE_KEY"]
        secret = keep_secret(stage, key)
        configure(stage, "event_bus:", FREEZE)
        version = play.train(stage)
        keep_reports(stage)
        settle(stage, clock, climb(stage, clock, version, "uat"))
        events = every_kind(stage, version)
        settings = {
            "ASSENT_APP_PRIVATE_KEY": "",
            "ASSENT_APP_PRIVATE_KEY_SECRET": secret,
            "PYTHONTZPATH": "",  # Lambda's own file system has no time zones
            "SPY": str(tmp_path / "seen.json"),
        }
        function = deploy(stage, settings, handler="spy.handler", task=spying)
        stage.aws.emit(*events)
        stage.github_wire.interceptor = Faults().add(
            server_error(), match=lambda call: call.path.endswith("/graphql")
        )
        drained = stage.intake.drain(function)
        said = function.said()
        require_no_secret(stage, function)
    assert (drained.errors, drained.failures) == ([], 1)
    outcomes = Counter(line["outcome"] for line in said if "outcome" in line)
    assert outcomes == {"proposed": 2, "settled": 1, "drift-reported": 2}, [
        line["message"] for line in said if line.get("outcome") == "ignored"
    ]
    seen = json.loads((tmp_path / "seen.json").read_text())
    services = {name.partition("/")[0] for name in seen["data"] if "/" in name}
    assert services == set(SERVICES)
    assert _imported(seen["files"], spying) == _distributions(built)


def every_kind(stage: Stage, version: Registered) -> list[Mapping[str, Any]]:
    """An event of each kind that asks for something, of a version that is in effect up to uat."""
    violations = watch(stage, version, "test")
    told = violations_detail(
        model="churn",
        version=1,
        environment="test",
        run="nightly",
        uris=[f"{violations.output}/{VIOLATIONS}"],
    )
    return [
        play.train(stage).event,
        infer(stage, version, "uat", versioned=False).event,
        reported(stage, version, "test", {"metrics.json": metrics(version)}),
        watch(stage, version, "uat").event,
        own_event(stage, "test", VIOLATIONS_FOUND, told),
    ]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _distributions(built: Built) -> set[str]:
    """Those whose metadata, and so whose licences, are in the zip."""
    found = set()
    with zipfile.ZipFile(built.path) as archive:
        for name in archive.namelist():
            if name.endswith(".dist-info/METADATA"):
                told = re.search(r"^Name: (\S+)$", archive.read(name).decode(), re.MULTILINE)
                assert told is not None
                found.add(_normal(told[1]))
    return found


def _imported(files: list[str], task: Path) -> set[str]:
    """The distributions to which modules that were imported belong."""
    known = metadata.packages_distributions()
    tops = {Path(each).relative_to(task).parts[0] for each in files if each.startswith(f"{task}/")}
    names = {top.partition(".")[0] for top in tops} - {"assent", "spy"}
    return {_normal(known[name][0]) for name in names}


def test_the_pins_are_the_wheels_own(built: Built) -> None:
    """They are those of runtime.txt, and none depends on the Python that builds."""
    files = distributed_files()
    ours, all_ = (_pins(files[f"assent/requirements/{name}.txt"]) for name in ("lambda", "runtime"))
    assert ours.items() <= all_.items()
    assert set(map(_normal, ours)) == _distributions(built)
    assert not [
        name
        for name, (_, marker) in ours.items()
        if "python_" in marker.split("'")[0] and "implementation" not in marker
    ]


def _pins(text: bytes) -> dict[str, tuple[str, str]]:
    """Version and marker of each requirement."""
    found = {}
    for line in text.decode().splitlines():
        if "==" in line and not line.startswith((" ", "#")):
            name, _, rest = line.rstrip(" \\").partition("==")
            version, _, marker = rest.partition(" ; ")
            found[name] = (version, marker)
    return found


def test_of_assent_only_what_the_handler_reaches_is_inside(built: Built) -> None:
    """Neither a command nor the sandbox; the schemas and the licence are."""
    with zipfile.ZipFile(built.path) as archive:
        names = {each for each in archive.namelist() if each.startswith("assent/")}
    own = {name for name in names if not name.endswith(".pyc")}
    modules = handler_modules(distributed_files())
    schemas = {f"assent/schemas/{path.name}" for path in (ROOT / "schemas").glob("*.json")}
    assert own == modules | schemas | {"assent/LICENSE"}
    assert "assent/flows/propose.py" in modules
    assert not [
        name for name in modules if re.match(r"assent/(cli|sandbox|__main__|resolve)", name)
    ]
