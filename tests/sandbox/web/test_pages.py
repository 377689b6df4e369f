"""The pages: what they show, whom they answer, and that they escape what they are given."""

import re

import pytest
from tests.sandbox.web.conftest import Browser

from assent.sandbox.stage import REPOSITORY
from assent.sandbox.web import application, charts
from assent.sandbox.web.application import HOME, create_application
from assent.sandbox.web.sandbox import Sandbox

PAGES = ("/pulls", "/pulls?state=closed", "/pull/3", "/pull/3/files", "/deployments", "/actions")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_and_guarded(browser: Browser, path: str) -> None:
    """Each page ends, names nothing outside this machine, and forbids scripts but its own."""
    answer = browser.client.get(f"{HOME}{path}")
    assert answer.status_code == 200
    assert answer.text.rstrip().endswith("</html>")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self'; " in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["Cache-Control"] == "no-store"
    loaded = re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="([^"]*)"', answer.text)
    assert loaded
    assert all(each.startswith("/") and not each.startswith("//") for each in loaded)
    assert re.search(r"<[^>]*\son\w+=", answer.text) is None
    for each in loaded:
        with browser.client.get(each) as file:
            assert file.status_code == 200


def test_the_list_shows_what_waits_and_what_was_decided(browser: Browser) -> None:
    """Open ones with their labels, closed ones apart, and what runs where."""
    page = browser.get("/pulls")
    assert re.findall(r'data-pull="(\d+)"', page) == ["3", "2"]
    assert "Promote churn 2 to dev" in page
    assert "environment: dev" in page
    assert "--label: #5319e7" in page
    assert re.search(r'data-live="dev"><b>churn 1</b>', page)
    assert re.search(r'data-live="prod"><span class="muted">nothing', page)
    closed = browser.get("/pulls?state=closed")
    assert re.findall(r'data-pull="(\d+)"', closed) == ["1"]


def test_a_pull_request_shows_what_decides_it(browser: Browser) -> None:
    """The body, who may approve, what the check says, and what brought it."""
    page = browser.get("/pull/3")
    assert "<table>" in page
    assert "0 of 1 approval by code owners" in page
    assert "ana, ben may approve" in page
    assert 'id="check" data-passed="true"' in page
    assert "no finding; 1 record judged" in page
    assert "GitHub waits for the approval of ana or ben." in page
    assert "Try to merge" in page
    assert f'(<a href="{HOME}/pull/3">#3</a>' not in page
    assert f'churn 2 in dev: <a href="{HOME}/pull/3">#3</a> (opened)' in page


def test_the_files_are_shown_as_a_difference(browser: Browser) -> None:
    """The record's lines are numbered and marked as added."""
    page = browser.get("/pull/3/files")
    assert "promotions/dev/churn/2.yaml" in page
    assert re.search(r'<tr class="added"><td class="line"></td><td class="line">4</td>', page)
    assert "<td>model: churn</td>" in page


def test_a_decision_shows_what_the_workflow_did(browser: Browser) -> None:
    """The first version's page has its merge, and what apply then printed."""
    page = browser.get("/pull/1")
    assert 'data-happened="merged"' in page
    assert 'data-happened="closed"' not in page
    assert "current  churn in dev: no version → 1" in page
    assert "Try to merge" not in page


def test_deployments_are_listed_with_their_last_state(sandbox: Sandbox, browser: Browser) -> None:
    """What apply recorded, and others beside it, the latest first."""
    found = re.findall(r'<b>([^<]*)</b> <span class="tag">(\w+)', browser.get("/deployments"))
    assert found == [("dev/churn", "active")]
    repository = sandbox.stage.repository("zoe")
    for environment, states in (("uat/churn", ["in_progress", "success"]), ("test/<b>", [])):
        deployment = repository.create_deployment("main", environment=environment)
        for state in states:
            deployment.create_status(state, description="version 1")
    page = browser.get("/deployments")
    assert re.findall(r'<b>([^<]*)</b> <span class="tag">(\w+)', page) == [
        ("test/&lt;b&gt;", "pending"),
        ("uat/churn", "active"),
        ("dev/churn", "active"),
    ]
    assert "version 1 · <code>" in page


def test_what_is_not_there_is_said_to_be_missing(browser: Browser) -> None:
    """Unknown pull requests, files and addresses are a page of their own, without buttons."""
    for path in ("/pull/99", "/pull/99/files", "/blob/main/nothing.md", "/nowhere"):
        page = browser.get(path, status=404)
        assert "<b>404</b>" in page
        assert "<form" not in page


def test_a_file_of_the_repository_is_shown(browser: Browser) -> None:
    """Markdown is rendered, and everything else has its lines numbered."""
    assert "<h1>Model promotions</h1>" in browser.get("/blob/main/README.md")
    assert "schema: assent/config/v1" in browser.get("/blob/main/assent.yaml")


@pytest.mark.parametrize("host", ["example.org", "127.0.0.1.example.org", "localhost.evil:80", ""])
def test_another_name_for_this_machine_is_refused(browser: Browser, host: str) -> None:
    """A site whose name leads to loopback gets neither a page nor a token."""
    answer = browser.client.get(f"{HOME}/pulls", headers={"Host": host})
    assert answer.status_code == 421
    assert 'name="token"' not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "localhost:8000"])
def test_this_machines_own_names_are_served(browser: Browser, host: str) -> None:
    """With a port or without."""
    assert browser.client.get(f"{HOME}/pulls", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("token", [None, "", "wrong", "ü"])
def test_a_form_without_the_token_does_nothing(
    sandbox: Sandbox, browser: Browser, token: str | None
) -> None:
    """No button can be pressed from elsewhere."""
    fields = {} if token is None else {"token": token}
    for path in (
        f"{HOME}/pull/3/approve",
        f"{HOME}/pull/3/close",
        "/as",
        "/pipelines/training",
        "/pipelines/schedule",
    ):
        assert browser.client.post(path, data=fields).status_code == 403
    reviews = sandbox.stage.repository("ana").get_pull(3).get_reviews()
    assert list(reviews) == []
    assert sandbox.pipelines.next_version == 3


@pytest.mark.parametrize("origin", ["http://example.org", "null", "http://localhost:1"])
def test_a_form_of_another_site_does_nothing(browser: Browser, origin: str) -> None:
    """The right token does not help whoever sends it from elsewhere."""
    browser.get("/pulls")
    answer = browser.client.post(
        f"{HOME}/pull/3/approve", data={"token": browser.token}, headers={"Origin": origin}
    )
    assert answer.status_code == 403


def test_acts_are_posts(browser: Browser) -> None:
    """Following a link decides nothing."""
    for path in (f"{HOME}/pull/3/approve", f"{HOME}/pull/3/merge", "/as", "/pipelines/training"):
        assert browser.client.get(path).status_code in {404, 405}


def test_nobody_but_the_seeded_people_may_act(browser: Browser) -> None:
    """A made-up name is refused, and a made-up page is not where one is led back to."""
    browser.get("/pulls")
    assert browser.post("/as", who="assent[bot]").status_code == 400
    for there in ("//example.org", "https://example.org", f"{HOME}//example.org", "/\\example.org"):
        answer = browser.post("/as", who="ana", here=there)
        assert answer.headers["Location"] == f"{HOME}/pulls"
    assert browser.post("/pipelines/inference", environment="moon").status_code == 400


def test_mermaid_is_loaded_where_there_is_a_chart(
    sandbox: Sandbox, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nowhere else; without its script nothing asks for it, and the source is shown."""
    pull = sandbox.stage.repository("zoe").get_pull(2)
    body = pull.body
    assert '<script src="/mermaid.js" defer>' in browser.get("/pull/2")
    assert "/mermaid.js" not in browser.get("/pulls")
    pull.edit(body="No chart.")
    assert "/mermaid.js" not in browser.get("/pull/2")
    comment = pull.create_issue_comment('```mermaid\npie title "x"\n```\n')
    assert '<script src="/mermaid.js" defer>' in browser.get("/pull/2")
    with browser.client.get("/mermaid.js") as script:
        assert b"mermaid" in script.data[:200]
    monkeypatch.setattr(application, "mermaid_script", lambda: None)
    client = create_application(sandbox).test_client()
    page = client.get(f"{HOME}/pull/2")
    assert "/mermaid.js" not in page.text
    assert 'class="chart-source">pie title' in page.text
    assert "/static/charts.js" in page.text
    assert client.get("/mermaid.js").status_code == 404
    comment.delete()
    pull.edit(body=body)


def test_mermaid_comes_from_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is found without being imported, and None where it is not installed."""
    script = charts.mermaid_script()
    assert script is not None
    assert b"mermaid" in script.read_bytes()[:200]
    monkeypatch.setattr(charts, "_SCRIPT", "mermaidx/assets/nothing.js")
    assert charts.mermaid_script() is None
    monkeypatch.setattr(charts, "_PACKAGE", "no-such-package")
    assert charts.mermaid_script() is None


def test_the_application_serves_nothing_of_flasks_own(sandbox: Sandbox) -> None:
    """Every address is one of ours: no debugger, no listing."""
    app = create_application(sandbox)
    assert not app.debug
    rules = {rule.rule.split("/")[1] for rule in app.url_map.iter_rules()}
    assert rules == {"", "static", "mermaid.js", "as", "pipelines", REPOSITORY.split("/")[0]}
