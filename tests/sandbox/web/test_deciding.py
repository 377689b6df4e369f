"""The buttons: they decide as people would over the API, and the registry shows it."""

import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.sandbox.web.conftest import Browser

from assent.sandbox.web.application import HOME
from assent.sandbox.web.sandbox import Sandbox

Both = tuple[Sandbox, Browser]
FLASH = r'class="flash flash-(\w+)".*?<div class="grow">(.*?)</div>'


def current(sandbox: Sandbox, environment: str) -> int | None:
    """The version that Parameter Store tells inference to run there."""
    try:
        parameter = sandbox.stage.ssm(environment).get_parameter(
            Name=f"/assent/{environment}/churn/current"
        )
    except ClientError:
        return None
    version: int | None = json.loads(parameter["Parameter"]["Value"])["version"]
    return version


def package(sandbox: Sandbox, version: int) -> Any:  # noqa: ANN401 - botocore's answer
    arn = f"arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/{version}"
    return sandbox.stage.aws.sagemaker.describe_model_package(ModelPackageName=arn)


def flash(page: str) -> str:
    (found,) = re.findall(
        r'class="flash flash-(\w+)".*?<div class="grow">(.*?)</div>', page, re.DOTALL
    )
    return f"{found[0]}: {found[1]}"


def test_approving_and_merging_makes_a_version_live(own: Both) -> None:
    """One approval, one merge: registry and parameter say so, and the page tells what ran."""
    sandbox, browser = own
    page = browser.press("approve", 3)
    assert flash(page) == "done: ana approved: 1 of 1."
    assert "1 of 1 approval by code owners" in page
    assert current(sandbox, "dev") == 1
    page = browser.press("merge", 3)
    assert flash(page).startswith("done: ana merged this. Then assent apply said: decided")
    assert "current  churn in dev: 1 → 2" in page
    assert current(sandbox, "dev") == 2
    assert package(sandbox, 2)["ModelApprovalStatus"] == "Approved"
    assert 'class="state state-merged"' in page


def test_closing_rejects_with_the_comment_as_its_reason(own: Both) -> None:
    """Ben closes and says why; the registry has it, and reopening takes it back."""
    sandbox, browser = own
    browser.become("ben")
    page = browser.press("close", 3, text="Not *now*.")
    assert flash(page).startswith("done: ben closed this. Then assent reject 3 --env dev said:")
    assert "<em>now</em>" in page
    assert package(sandbox, 2)["ModelApprovalStatus"] == "Rejected"
    versions = sandbox.stage.ssm("dev").get_parameter(Name="/assent/dev/churn/versions/2")
    (decision,) = json.loads(versions["Parameter"]["Value"])["decisions"]
    assert (decision["by"], decision["reason"]) == (["ben"], "Not *now*.")
    page = browser.press("reopen", 3)
    assert flash(page).startswith("done: ben reopened this.")
    assert package(sandbox, 2)["ModelApprovalStatus"] == "PendingManualApproval"


def test_who_owns_nothing_decides_nothing(own: Both) -> None:
    """Zoe's approval does not count, her merge is refused, and her closing is taken back."""
    sandbox, browser = own
    browser.become("zoe")
    assert "zoe is none here" in flash(browser.press("approve", 3))
    page = browser.press("merge", 3)
    assert flash(page) == (
        "refused: GitHub refused, with 405: "
        "Waiting on code owner review from acme/ml-approvers-dev."
    )
    assert "zoe approved too, and owns none of this" in page
    page = browser.press("close", 3)
    assert flash(page).startswith("refused: zoe closed this. Then assent reject 3 --env dev said:")
    assert "decides nothing, opened again" in flash(page)
    assert 'class="state state-open"' in page
    assert current(sandbox, "dev") == 1
    assert package(sandbox, 2)["ModelApprovalStatus"] == "PendingManualApproval"


def test_nobody_merges_what_the_check_objects_to(own: Both) -> None:
    """An approved record whose numbers were edited is not merged, and the page says why."""
    sandbox, browser = own
    repository = sandbox.stage.repository("zoe")
    pull = repository.get_pull(3)
    (file,) = pull.get_files()
    found: Any = repository.get_contents(file.filename, ref=pull.head.ref)
    edited = found.decoded_content.replace(b"value: 0.7", b"value: 0.9")
    assert edited != found.decoded_content
    repository.update_file(file.filename, "Better", edited, found.sha, branch=pull.head.ref)
    page = browser.press("approve", 3)
    assert 'data-passed="false"' in page
    assert "error[evidence-digest]" in page
    assert re.search(r'<button class="button" disabled>.*?Merge</button>', page)
    assert "assent check, which is required, has findings." in page
    assert (
        flash(browser.press("merge", 3))
        == "refused: It was not merged: assent check does not pass."
    )
    assert current(sandbox, "dev") == 1


def test_an_empty_comment_is_refused_and_another_is_shown(own: Both) -> None:
    """A comment is Markdown, by whoever was chosen."""
    _, browser = own
    browser.become("carla")
    assert flash(browser.press("comment", 2, text=" \n")).startswith("refused: ")
    page = browser.press("comment", 2, text="Looks `fine`.")
    assert flash(page) == "done: carla commented."
    assert "Looks <code>fine</code>." in page
    assert 'aria-pressed="true">' in page


def test_a_version_climbs_to_prod_where_two_have_to_approve(own: Both) -> None:
    """Inference proposes the next rung, by the Lambda's own handler; prod asks for two owners."""
    sandbox, browser = own
    for environment, above in (("dev", "test"), ("test", "uat"), ("uat", "prod")):
        if environment != "dev":  # the seed let that run already
            browser.get("/pulls")
            answer = browser.post("/pipelines/inference", environment=environment)
            assert answer.status_code == 303
            assert f"churn 1 in {above}: " in flash(browser.get("/pulls"))
        (pull,) = (
            each
            for each in sandbox.stage.pull_requests()
            if each.title == f"Promote churn 1 to {above}"
        )
        page = browser.press("approve", pull.number)
        if above == "prod":
            assert "1 of 2 approvals by code owners" in page
            assert re.search(r'<button class="button" disabled>.*?Merge</button>', page)
            assert "error[soak]" in page
            browser.become("carla")
            assert flash(browser.press("break_glass", pull.number)).startswith("done: carla broke")
            page = browser.get(f"/pull/{pull.number}")
            assert "warning[soak]" in page
            assert "assent check passed, with warnings" in page
            assert re.search(r'class="label label-loud" style="--label: #b60205;', page)
            assert "Merge all the same" in page
            page = browser.press("approve", pull.number)
            assert "2 of 2 approvals by code owners" in page
        browser.press("merge", pull.number)
        assert current(sandbox, above) == 1
    page = browser.get("/deployments")
    assert page.count("churn 1</div>") == 4


def test_only_a_code_owner_breaks_the_glass(own: Both) -> None:
    """Where nothing waits there is no button; zoe's label lifts nothing, and can be taken off."""
    sandbox, browser = own
    assert "Break the glass" not in browser.get("/pull/3")
    number = climb(sandbox, browser, to="prod")
    browser.become("zoe")
    assert "Break the glass" in browser.get(f"/pull/{number}")
    told = flash(browser.press("break_glass", number))
    assert told.startswith("refused: zoe put the label on. Nothing is lifted")
    page = browser.get(f"/pull/{number}")
    assert "error[soak]" in page
    assert "Take break-glass off" in page
    assert flash(browser.press("mend_glass", number)).startswith("done: zoe took the label off")
    assert "--label: #b60205" not in browser.get(f"/pull/{number}").partition("<h2>Labels</h2>")[2]


def climb(sandbox: Sandbox, browser: Browser, *, to: str) -> int:
    """Bring version 1 as far as the pull request for an environment; returns its number."""
    for environment, above in (("dev", "test"), ("test", "uat"), ("uat", "prod")):
        if environment != "dev":
            browser.get("/pulls")
            browser.post("/pipelines/inference", environment=environment)
        pulls = {each.title: each.number for each in sandbox.stage.pull_requests()}
        number = pulls[f"Promote churn 1 to {above}"]
        if above == to:
            return number
        browser.press("approve", number)
        browser.press("merge", number)
    raise AssertionError(to)


def train(browser: Browser) -> None:
    browser.get("/pulls")
    assert browser.post("/pipelines/training", here=f"{HOME}/pulls").status_code == 303


def run_schedule(browser: Browser) -> str:
    browser.get("/actions")
    assert browser.post("/pipelines/schedule", here=f"{HOME}/actions").status_code == 303
    return browser.get("/actions")


def test_a_version_that_fails_its_gates_is_not_merged(own: Both) -> None:
    """The list has it red before anybody opened it; approving it helps nobody."""
    sandbox, browser = own
    train(browser)
    pulls = browser.get("/pulls")
    verdicts = re.findall(r'class="pull-signs tint-(\w+)"', pulls)
    assert verdicts == ["closed", "open", "open"]
    page = browser.press("approve", 4)
    assert "error[gate]: the gate auc-floor fails" in page
    assert re.search(r'<button class="button" disabled>.*?Merge</button>', page)
    assert flash(browser.press("merge", 4)).startswith("refused: It was not merged")
    assert current(sandbox, "dev") == 1


def test_the_schedule_puts_an_older_version_behind_a_newer_one(own: Both) -> None:
    """Apply runs, then tidy, as a run of its own; where it finds nothing to do it is not shown."""
    _, browser = own
    page = run_schedule(browser)
    assert re.fullmatch(r"done: assent apply said: \w+: nothing to do: .*\.", flash(page))
    assert "<b>tidy</b>" not in page
    train(browser)
    page = run_schedule(browser)
    assert "assent tidy said: churn 2 in dev: superseded by 3: " in flash(page)
    assert "<b>tidy</b>" in page
    page = browser.get("/pull/3")
    assert 'style="--label: #fbca04; --on-label: #000000">assent: superseded</span>' in page
    assert "<strong>Superseded</strong>" in page
    assert "<b>tidy</b>" in page
    assert "<b>tidy</b>" not in browser.get("/pull/4")


def test_merging_refreshes_the_pages_that_it_makes_untrue(own: Both) -> None:
    """Version 3 was compared with version 1; once 2 is merged its page compares with that."""
    _, browser = own
    train(browser)
    assert "version 1 (live)" in browser.get("/pull/4")
    browser.press("approve", 3)
    assert "Then assent apply said: decided" in flash(browser.press("merge", 3))
    page = browser.get("/pull/4")
    assert "version 2 (live)" in page
    assert "version 1 (live)" not in page
    assert "churn 3 in dev: page refreshed: " in page


def ask_for_waivers(sandbox: Sandbox, asked_by: str) -> None:
    """Let zoe commit waivers of both of dev's gates to version 3's record."""
    repository = sandbox.stage.repository("zoe")
    pull = repository.get_pull(4)
    (file,) = pull.get_files()
    found: Any = repository.get_contents(file.filename, ref=pull.head.ref)
    lines = [
        f"  - {{gate: {gate}, reason: To try it., asked_by: {asked_by}}}"
        for gate in ("auc-floor", "auc-regression")
    ]
    waivers = "\n".join(["waivers:", *lines, "package:"])
    text = re.sub(r"(?ms)^waivers:.*?^package:", waivers, found.decoded_content.decode())
    repository.update_file(file.filename, "Ask", text, found.sha, branch=pull.head.ref)


def test_a_waiver_takes_an_approval_more_and_not_of_who_asks(own: Both) -> None:
    """Ben asks, so his own does not count; once zoe asks instead, ana and ben let it through."""
    sandbox, browser = own
    train(browser)
    ask_for_waivers(sandbox, "ben")
    page = browser.get("/pull/4")
    assert "0 of 2 approvals by code owners" in page
    assert "ben, zoe asked for a waiver, or wrote part of this" in page
    assert "warning[gate]" in page
    browser.become("ben")
    page = browser.press("approve", 4)
    assert flash(page).startswith("done: ben approved, and does not count")
    assert "0 of 2 approvals by code owners" in page
    ask_for_waivers(sandbox, "zoe")
    for who in ("ana", "ben"):
        browser.become(who)
        page = browser.press("approve", 4)
    assert "2 of 2 approvals by code owners" in page
    assert flash(browser.press("merge", 4)).startswith("done: ben merged this.")
    assert current(sandbox, "dev") == 3


def test_the_next_version_is_trained_and_proposed(own: Both) -> None:
    """However often: the three recipes come first, then the second one again."""
    sandbox, browser = own
    for version in (3, 4):
        page = browser.get("/pulls")
        assert f"Train version {version}" in page
        assert browser.post("/pipelines/training", here=f"{HOME}/pulls").status_code == 303
        told = flash(browser.get("/pulls"))
        assert told.startswith(f"done: zoe registered version {version}. churn {version} in dev: ")
    assert package(sandbox, 4)["ModelPackageDescription"].startswith("Adds time")


@pytest.mark.parametrize("environment", ["prod", "test"])
def test_inference_runs_only_what_is_live(own: Both, environment: str) -> None:
    """Where nothing is approved nothing runs, and the page says what to do."""
    sandbox, browser = own
    browser.get("/pulls")
    before = len(sandbox.workflows.runs)
    assert browser.post("/pipelines/inference", environment=environment).status_code == 303
    told = flash(browser.get("/pulls"))
    assert told.startswith(f"refused: nothing is approved in {environment}")
    assert len(sandbox.workflows.runs) == before


def test_an_act_on_no_pull_request_is_not_found(own: Both) -> None:
    """Neither a number that does not exist nor an act that is none."""
    _, browser = own
    browser.get("/pulls")
    assert browser.post(f"{HOME}/pull/99/approve").status_code == 404
    assert browser.post(f"{HOME}/pull/3/delete").status_code in {404, 405}
