"""apply.yml, run by act: a merge takes effect, and nothing else does."""

from tests.end_to_end import play
from tests.workflows.scene import Scene

LADDER = ("dev", "test", "uat", "prod")
ALL = dict.fromkeys(LADDER, "success")
SKIPPED = dict.fromkeys(LADDER, "skipped")


def test_a_merge_takes_effect(scene: Scene) -> None:
    """The version is Approved, `current` names it, and the environments took their turns."""
    pull = scene.propose()
    scene.accept(pull)
    run = scene.run("apply.yml", scene.on_push())
    assert run.jobs == ALL, run.story
    assert run.finished == LADDER
    assert (scene.approval(), scene.current()) == ("Approved", 1)
    receipts = scene.git("grep", "--only-matching", "-h", "assumed-role/[a-z0-9/-]*", "receipts")
    session = f"assumed-role/assent-apply-dev/assent-{run.number}"
    assert set(receipts.splitlines()) == {session}, "each job has the role of its own environment"
    for job in LADDER:
        assert "nothing to tidy" in run.output[job, "Tidy"]
    assert run.told("error") == []
    key = scene.stage.environment()["ASSENT_APP_PRIVATE_KEY"]
    assert key.splitlines()[1] not in run.log
    assert "ghs_" not in "".join(run.output.values())


def test_a_direct_push_is_refused_alone(scene: Scene) -> None:
    """An unapproved record makes its own job red, with 12, and holds no other environment up."""
    pull = scene.propose()
    path, record = scene.record(pull)
    scene.push({path: record})
    run = scene.run("apply.yml", scene.on_schedule("apply.yml"))
    assert run.jobs == {**ALL, "dev": "failure"}, run.story
    assert run.finished == LADDER
    assert run.exits == {("dev", "Apply"): 12}
    assert run.steps["dev", "Tidy"] == "success"
    assert "direct-push" in run.output["dev", "Apply"]
    assert scene.approval() == "PendingManualApproval"


def test_a_repository_that_is_not_set_up_is_quiet(scene: Scene) -> None:
    """Without ASSENT_APP_ID each job is skipped, and the run is green."""
    scene.forget_variables()
    run = scene.run("apply.yml", scene.on_push())
    assert (run.exit, run.jobs, run.finished) == (0, SKIPPED, ())


def test_a_missing_role_is_an_error(scene: Scene) -> None:
    """A ladder that is half set up says what is missing, before any credential exists."""
    scene.set_variable("dev", "ASSENT_APPLY_ROLE", None)
    run = scene.run("apply.yml", scene.on_dispatch(environment="dev", all="false"))
    assert run.jobs == {**SKIPPED, "dev": "failure"}, run.story
    (error,) = run.told("error")
    assert (error.step, run.exits) == ("Read the settings", {("dev", "Read the settings"): 1})
    assert "The GitHub environment 'dev' has no variable ASSENT_APPLY_ROLE" in error.text
    assert not [step for _, step in run.steps if step.startswith(("Assume", "Mint", "Apply"))]


def test_a_job_gets_no_other_environments_role(scene: Scene) -> None:
    """The role of dev trusts dev alone; the stand-in for AWS's action holds that."""
    role = scene.stage.hub.settings(scene.name).environments["dev"].variables["ASSENT_APPLY_ROLE"]
    scene.set_variable("test", "ASSENT_APPLY_ROLE", role)
    run = scene.run("apply.yml", scene.on_dispatch(environment="test", all="true"))
    assert run.jobs == {**SKIPPED, "test": "failure"}, run.story
    (error,) = run.told("error")
    assert error.step == "Assume the environment's role"
    assert "trusts the environment dev, and the job is in test" in error.text
    assert play.parameters(scene.stage) == {}
