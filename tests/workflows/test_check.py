"""check.yml, run by act: what it says of a pull request, and whose code says it."""

import subprocess
import sys
from pathlib import Path

from tests.workflows.runner import Run, names
from tests.workflows.scene import Scene

JUDGE = ("check", "Judge")


def findings(run: Run) -> set[tuple[str, str]]:
    """The errors that GitHub shows beside a file: where, and by which rule."""
    return {
        (
            f"{each.properties['file']}:{each.properties['line']}",
            each.properties["title"].partition(":")[0],
        )
        for each in run.told("error")
        if "file" in each.properties
    }


def test_a_good_promotion_is_green(scene: Scene) -> None:
    """The job ends well, and its summary shows the page of the promotion."""
    run = scene.run("check.yml", scene.on_pull(scene.propose()))
    assert run.jobs == {"check": "success"}, run.story
    assert run.output[JUDGE] == "no finding; 1 record judged\n"
    assert "## Promote `churn` 1 to `dev`" in run.summaries["check"]
    assert names(run.commands) == {"add-mask"}
    (installed,) = (text for (_, step), text in run.output.items() if step.startswith("Install"))
    assert installed.count("Requirement already satisfied: ") > 20


def test_a_bad_record_is_red(scene: Scene) -> None:
    """An edited metric ends the job with 10, and an annotation names the file and the line."""
    pull = scene.propose()
    path, record = scene.record(pull)
    assert record.count("value: 0.91,") == 1
    edited = record.replace("value: 0.91,", "value: 0.99,")
    scene.commit(pull.head.ref, {path: edited})
    run = scene.run("check.yml", scene.on_pull(pull, "synchronize"))
    assert (run.jobs, run.exits) == ({"check": "failure"}, {JUDGE: 10}), run.story
    line = 1 + record[: record.index("digest: ")].count("\n")
    assert (f"{path}:{line}", "evidence-digest") in findings(run)
    assert "evidence-digest" in run.summaries["check"]


def test_a_proposal_does_not_judge_itself(scene: Scene, tmp_path: Path) -> None:
    """Code that the proposal brings is not run, and rules that come with a record are refused."""
    pull = scene.propose()
    path, _ = scene.record(pull)
    marker = tmp_path / "executed"
    poison = f"import os, pathlib\npathlib.Path({str(marker)!r}).touch()\nos._exit(0)\n"
    poisoned = ["scripts/assent/__init__.py", "scripts/sitecustomize.py", "yaml.py", "click.py"]
    pins = ["requirements/runtime.txt", ".github/assent/requirements.txt"]
    workflow = scene.file(".github/workflows/apply.yml")
    scene.commit(
        pull.head.ref,
        {
            **dict.fromkeys(poisoned, poison),
            **dict.fromkeys(pins, "poison==1\n"),
            "schemas/promotion.schema.json": "{}\n",
            ".github/workflows/apply.yml": workflow + "# and one thing more\n",
        },
    )
    run = scene.run("check.yml", scene.on_pull(pull, "synchronize"))
    assert (run.jobs, run.exits) == ({"check": "failure"}, {JUDGE: 10}), run.story
    assert "mixed-change" in {rule for _, rule in findings(run)}
    assert any(f"this changes together with '{path}'" in each.text for each in run.told("error"))
    assert not marker.exists()

    there = scene.stage.clone(tmp_path / "clone", scene.name)
    subprocess.run(
        ["git", "-C", there, "checkout", "--quiet", f"origin/{pull.head.ref}"], check=True
    )
    subprocess.run([sys.executable, "-m", "click"], cwd=there, check=True)
    assert marker.exists(), "the poison does not work, so nothing was shown"


def test_names_are_never_commands(scene: Scene, tmp_path: Path) -> None:
    """A branch and a title that would be shell commands, or the runner's, stay text."""
    marker = tmp_path / "executed"
    branch = f"x/\"$(touch${{IFS}}{marker})`touch${{IFS}}{marker}`'--help;"
    scene.commit(branch, {"promotions/README.md": "# Records\n"})
    pull = scene.open(branch, f"::error::$(touch {marker}) `touch {marker}` %0A::add-path::x")
    pull.edit(body=f"::stop-commands::x\n::set-output name=region::$(touch {marker})\n")
    run = scene.run("check.yml", scene.on_pull(pull, "edited"))
    assert run.jobs == {"check": "success"}, run.story
    assert run.output[JUDGE] == "no finding; the change touches no promotion record\n"
    assert names(run.commands) == {"add-mask"}
    assert not marker.exists()


def test_the_merge_queue_gets_a_verdict(scene: Scene) -> None:
    """There the group's commit is judged by the commit that it was built on."""
    run = scene.run("check.yml", scene.on_queue(scene.propose()))
    assert run.jobs == {"check": "success"}, run.story
    assert run.output[JUDGE] == "no finding; 1 record judged\n"
