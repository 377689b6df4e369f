"""The whole review in a browser: read, approve, merge, close, and be refused."""

import json

from playwright.sync_api import Page, expect

from assent.sandbox.web.sandbox import Sandbox

PACKAGES = "arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn"


def approval(sandbox: Sandbox, version: int = 2) -> str:
    """What the registry says of a version."""
    arn = f"{PACKAGES}/{version}"
    found = sandbox.stage.aws.sagemaker.describe_model_package(ModelPackageName=arn)
    return found["ModelApprovalStatus"]


def live(sandbox: Sandbox) -> int:
    """What Parameter Store tells inference in dev to run."""
    parameter = sandbox.stage.ssm("dev").get_parameter(Name="/assent/dev/churn/current")
    version: int = json.loads(parameter["Parameter"]["Value"])["version"]
    return version


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_a_version_is_approved_merged_and_live(page: Page, sandbox: Sandbox, address: str) -> None:
    """From the list to a merge in four clicks; registry and parameter say it, and so do pages."""
    page.goto(address.rsplit("/", 2)[0])
    expect(page.locator("[data-live=dev]").first).to_have_text("churn 1")
    page.get_by_role("link", name="Promote churn 2 to dev").click()
    expect(page.locator("#reviews")).to_contain_text("0 of 1 approval by code owners")
    press(page, "Approve")
    expect(page.get_by_role("status")).to_have_text("ana approved: 1 of 1.")
    assert (approval(sandbox), live(sandbox)) == ("PendingManualApproval", 1)
    press(page, "Merge")
    expect(page.get_by_role("status")).to_contain_text("ana merged this. Then assent apply said:")
    expect(page.locator(".state")).to_have_text("Merged")
    expect(page.locator(".output").first).to_contain_text("current  churn in dev: 1 → 2")
    assert (approval(sandbox), live(sandbox)) == ("Approved", 2)
    page.goto(f"{address}/pulls")
    expect(page.locator("[data-live=dev]").first).to_have_text("churn 2")
    expect(page.locator("[data-pull='3']")).to_have_count(0)


def test_closing_with_a_comment_rejects(page: Page, sandbox: Sandbox, address: str) -> None:
    """A code owner writes why, and closes; reopening takes that back."""
    page.goto(f"{address}/pull/3")
    page.get_by_role("button", name="ben").click()
    expect(page.get_by_role("button", name="ben")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("textbox").fill("Recall **fell**.")
    press(page, "Close")
    expect(page.locator(".state")).to_have_text("Closed")
    expect(page.locator(".comment strong").last).to_have_text("Rejected")
    assert approval(sandbox) == "Rejected"
    press(page, "Reopen")
    expect(page.locator(".state")).to_have_text("Open")
    assert approval(sandbox) == "PendingManualApproval"


def test_zoe_gets_nothing_through(page: Page, sandbox: Sandbox, address: str) -> None:
    """Who trains the model owns nothing: her merge is refused, and her closing is taken back."""
    page.goto(f"{address}/pull/3")
    page.get_by_role("button", name="zoe").click()
    press(page, "Approve")
    expect(page.locator("#reviews")).to_contain_text("0 of 1 approval by code owners")
    press(page, "Try to merge")
    expect(page.get_by_role("alert")).to_contain_text(
        "GitHub refused, with 405: Waiting on code owner review from acme/ml-approvers-dev."
    )
    press(page, "Close")
    expect(page.get_by_role("alert")).to_contain_text("decides nothing, opened again")
    expect(page.locator(".state")).to_have_text("Open")
    assert (approval(sandbox), live(sandbox)) == ("PendingManualApproval", 1)


def test_pipelines_bring_the_next_pull_requests(page: Page, address: str) -> None:
    """A version is trained, and batch inference runs, from the list's own buttons."""
    page.goto(f"{address}/pulls")
    press(page, "Train version 3")
    expect(page.get_by_role("status")).to_contain_text("zoe registered version 3")
    expect(page.get_by_role("link", name="Promote churn 3 to dev")).to_be_visible()
    expect(page.get_by_role("button", name="prod", exact=True)).to_be_disabled()
    press(page, "dev")
    expect(page.get_by_role("status")).to_contain_text("customers were scored with churn 1")
    page.get_by_role("status").get_by_role("link").click()
    expect(page.locator("h1")).to_contain_text("Promote churn 1 to test")


def test_a_version_that_fails_its_gates_cannot_be_merged(
    page: Page, sandbox: Sandbox, address: str
) -> None:
    """Version 3 is red in the list and on its page, and puts version 2 behind it all the same."""
    page.goto(f"{address}/pulls")
    press(page, "Train version 3")
    expect(page.locator("[data-pull='4'] .pull-signs")).to_have_class("pull-signs tint-closed")
    expect(page.locator("[data-pull='3'] .pull-signs")).to_have_class("pull-signs tint-open")
    page.get_by_role("link", name="Promote churn 3 to dev").click()
    expect(page.locator("#body")).to_contain_text("0 of 2 gates pass, 2 fail")
    press(page, "Approve")
    expect(page.locator("#reviews")).to_contain_text("1 of 1 approval by code owners")
    expect(page.locator("#check")).to_have_attribute("data-passed", "false")
    expect(page.locator("#deciding .output").first).to_contain_text("the gate auc-floor fails")
    expect(page.get_by_role("button", name="Merge", exact=True)).to_be_disabled()
    assert (approval(sandbox, 3), live(sandbox)) == ("PendingManualApproval", 1)
    page.goto(f"{address}/actions")
    press(page, "Run the schedule")
    expect(page.get_by_role("status")).to_contain_text("churn 2 in dev: superseded by 3")
    page.goto(f"{address}/pulls")
    expect(page.locator("[data-pull='3'] .label").last).to_have_text("assent: superseded")
    expect(page.locator("[data-pull='4'] .label").last).not_to_have_text("assent: superseded")


def test_every_page_fits_a_narrow_window(page: Page, address: str) -> None:
    """Nothing sticks out to the right, on a desk or on a telephone."""
    for width in (1280, 1000, 390):
        page.set_viewport_size({"width": width, "height": 800})
        for path in ("pulls", "pull/2", "pull/3/files", "deployments", "actions"):
            page.goto(f"{address}/{path}")
            over = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert over <= 0, (width, path)
