"""reject.yml, run by act: what closing a promotion's pull request does at once."""

from pathlib import Path

from tests.end_to_end import play
from tests.workflows.runner import names
from tests.workflows.scene import Scene

LADDER = ("dev", "test", "uat", "prod")
SKIPPED = dict.fromkeys(LADDER, "skipped")


def test_a_code_owners_closing_rejects(scene: Scene) -> None:
    """One job runs, that of the branch's environment; registry and history say Rejected."""
    pull = scene.propose()
    scene.close(pull, "ana")
    run = scene.run("reject.yml", scene.on_pull(pull, "closed", target=True, by="ana"))
    assert run.jobs == {**SKIPPED, "dev": "success"}, run.story
    assert scene.approval() == "Rejected"
    decided = play.parameters(scene.stage)["dev/churn/versions/1"]["decisions"]
    assert [(each["status"], each["by"]) for each in decided] == [("Rejected", ["ana"])]
    assert scene.pull(pull.number).state == "closed"
    (comment,) = scene.pull(pull.number).get_issue_comments()
    assert comment.body.startswith("**Rejected**: ")


def test_a_strangers_closing_is_undone(scene: Scene, tmp_path: Path) -> None:
    """The pull request is open again, with the reason; its branch's name was never a command."""
    first = scene.propose()
    path, record = scene.record(first)
    marker = tmp_path / "executed"
    branch = f"promote/dev/churn/$(touch${{IFS}}{marker})`touch${{IFS}}{marker}`"
    scene.commit(branch, {path: record})
    pull = scene.open(branch, f"::set-output name=region::$(touch {marker})")
    scene.close(pull, "carla")
    event = scene.on_pull(pull, "closed", target=True, by="carla")
    run = scene.run("reject.yml", event)
    assert run.jobs == {**SKIPPED, "dev": "success"}, run.story
    assert scene.pull(pull.number).state == "open"
    (comment,) = scene.pull(pull.number).get_issue_comments()
    assert comment.body.startswith("**This closing rejects nothing**: `carla` is no code owner")
    assert names(run.commands) == {"add-mask"}
    assert not marker.exists()


def test_what_decides_nothing_starts_no_job(scene: Scene) -> None:
    """A merge, and the closing of what is no promotion, end without a job."""
    promotion = scene.propose()
    scene.accept(promotion)
    scene.commit("x", {"promotions/README.md": "# Records\n"})
    other = scene.open("x", "By hand")
    scene.close(other, "zoe")
    for pull in (promotion, other):
        run = scene.run("reject.yml", scene.on_pull(pull, "closed", target=True))
        assert (run.exit, run.jobs) == (0, SKIPPED), run.story
