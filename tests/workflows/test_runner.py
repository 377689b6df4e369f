"""What the runner adds to act: little, and only what its head names."""

import re
from pathlib import Path

import pytest
import yaml
from tests.workflows.runner import UNKNOWN, Event, parse, prepared, starts
from tests.workflows.scene import ROOT

FILES = ("apply.yml", "check.yml", "drift.yml", "reject.yml", "retire.yml")
AT_JOB = re.compile(r"fromJSON\((vars|secrets)\.OF_JOB\)\[github\.job\]")


def text_of(file: str) -> str:
    return (ROOT / ".github" / "workflows" / file).read_text("utf-8")


@pytest.mark.parametrize("file", FILES)
def test_act_gets_the_file_as_it_is(file: str) -> None:
    """Line by line: two keys are blanked, and expressions read the variables of their own job."""
    text = text_of(file)
    copy = prepared(text, {"ASSENT_APP_ID": "1"})
    lines = zip(text.splitlines(), copy.splitlines(), strict=True)
    changed = [(was, AT_JOB.sub(r"\1", now)) for was, now in lines if was != now]
    blanked = {was.split("#")[0].strip() for was, now in changed if not now}
    assert blanked <= {"deployment: false", "queue: max"}
    assert [(was, now) for was, now in changed if now and was != now] == []


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_key_that_says_something_else_stays(name: str) -> None:
    """What act does not know is only dropped where it says what the files have to say."""
    old, new = {"deployment": ("false", "true"), "queue": ("max", "2")}[name]
    text = text_of("reject.yml").replace(f"{name}: {old}", f"{name}: {new}")
    with pytest.raises(AssertionError):
        prepared(text, {})


def test_the_filters_of_triggers_are_judged() -> None:
    """Another branch, another type, a value that no form offers: each starts nothing."""
    main = {"base": {"ref": "main"}}

    def event(name: str, **payload: object) -> Event:
        return Event(name=name, payload=payload, ref="refs/heads/main", sha="", source="")

    check, apply = parse(text_of("check.yml")), parse(text_of("apply.yml"))
    assert starts(check, event("pull_request", action="opened", pull_request=main))
    assert not starts(check, event("pull_request", action="closed", pull_request=main))
    other = {"base": {"ref": "other"}}
    assert not starts(check, event("pull_request", action="opened", pull_request=other))
    assert not starts(check, event("push"))
    assert starts(apply, event("push"))
    assert starts(apply, event("workflow_dispatch", inputs={"environment": "uat"}))
    assert not starts(apply, event("workflow_dispatch", inputs={"environment": "moon"}))
    assert not starts(apply, event("workflow_dispatch", inputs={"other": "x"}))
    assert not starts(apply, event("schedule", schedule="0 0 * * *"))


def test_each_stand_in_declares_what_the_workflows_give() -> None:
    """None is left over, and every input of a step is one that a stand-in declares."""
    folder = Path(__file__).parent / "actions"
    declared = {
        path.parent.relative_to(folder).as_posix(): set(yaml.safe_load(path.read_text())["inputs"])
        for path in folder.glob("*/*/action.yml")
    }
    given: dict[str, set[str]] = {}
    for file in FILES:
        for job in parse(text_of(file))["jobs"].values():
            for step in job["steps"]:
                if "uses" in step:
                    action = step["uses"].partition("@")[0]
                    given.setdefault(action, set()).update(step.get("with", {}))
    assert set(given) == set(declared)
    assert all(inputs <= declared[action] for action, inputs in given.items())
