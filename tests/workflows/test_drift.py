"""drift.yml, run by act: what differs becomes an issue, and is healed when somebody asks."""

from tests.workflows.scene import Scene

LADDER = ("dev", "test", "uat", "prod")
COMPARED = {**dict.fromkeys(LADDER, "skipped"), "compare": "success"}
NAME = "/assent/dev/churn/current"


def test_a_difference_is_an_issue_until_it_is_healed(scene: Scene) -> None:
    """Clean: no issue. A parameter edited by hand: one. `heal` writes it back, and closes it."""
    ssm = scene.stage.aws.ssm
    scene.accept(scene.propose())
    scene.apply()
    right = ssm.get_parameter(Name=NAME)["Parameter"]["Value"]

    clean = scene.run("drift.yml", scene.on_schedule("drift.yml"))
    assert clean.jobs == COMPARED, clean.story
    assert scene.issues() == []

    wrong = right.replace('"version":1', '"version":7')
    assert wrong != right
    ssm.put_parameter(Name=NAME, Value=wrong, Overwrite=True)
    found = scene.run("drift.yml", scene.on_schedule("drift.yml"))
    assert found.jobs == {**COMPARED, "compare": "failure"}, found.story
    assert found.exits == {("compare", "Compare"): 11}
    (issue,) = scene.issues()
    assert "**1 difference** found" in issue.body
    assert "current names version 7; what is in effect makes it name version 1" in issue.body

    healed = scene.run("drift.yml", scene.on_dispatch(heal="true"))
    assert healed.jobs == dict.fromkeys([*LADDER, "compare"], "success"), healed.story
    assert healed.finished == (*LADDER, "compare")
    assert ssm.get_parameter(Name=NAME)["Parameter"]["Value"] == right
    assert scene.issues() == []
