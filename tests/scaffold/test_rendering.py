"""The files of several ladders: clean for the published tools, and one with this repository's."""

import re
import runpy
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.scaffold.ground import ANSWERS, LADDERS, answered, given_by, tool

from assent.contracts import load_contracts
from assent.core.config import parse_config
from assent.scaffold import rendering
from assent.scaffold.answers import Answers, Given
from assent.scaffold.rendering import OWN, TEMPLATES, own_files, render_texts

ROOT = Path(__file__).parents[2]
OWN_LADDER = ("dev", "test", "uat", "prod")
WORKFLOWS = ("apply", "check", "drift", "reject", "retire")


@pytest.fixture(params=LADDERS)
def answers(request: pytest.FixtureRequest) -> Answers:
    return answered(given_by(LADDERS[request.param]))


def written(folder: Path, answers: Answers) -> Path:
    for path, content in render_texts(answers, version="1.0.0").items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def workflow(answers: Answers, name: str) -> dict[str, Any]:
    text = render_texts(answers, version="1.0.0")[f".github/workflows/{name}.yml"]
    found: dict[Any, Any] = yaml.load(text, yaml.CSafeLoader)
    found["on"] = found.pop(True)
    return found


@pytest.mark.parametrize("path", own_files(OWN_LADDER, checkout=True))
def test_this_repository_s_own_files_come_from_the_templates(path: str) -> None:
    """Byte for byte; `python -m assent.scaffold` at the root makes them so."""
    assert own_files(OWN_LADDER, checkout=True)[path] == (ROOT / path).read_bytes()


def test_raised_pins_go_into_the_templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the command which makes this repository's own files takes none of them back."""
    shutil.copytree(TEMPLATES, templates := tmp_path / "templates")
    for path in ("assent.yaml", *OWN):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    workflow = tmp_path / ".github" / "workflows" / "check.yml"
    raised = re.sub(
        r"(actions/checkout@)\S+ # v\S+", rf"\g<1>{'a' * 40} # v99.0.0", text_of(workflow)
    )
    assert raised != text_of(workflow)
    workflow.write_text(raised)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(rendering, "TEMPLATES", templates)
    rendering.templates.cache_clear()
    try:
        runpy.run_module("assent.scaffold", run_name="__main__")
    finally:
        rendering.templates.cache_clear()
    assert text_of(workflow) == raised
    assert f"{'a' * 40} # v99.0.0" in text_of(templates / "workflows" / "check.yml.j2")
    assert text_of(tmp_path / "promotions/README.md") == text_of(ROOT / "promotions/README.md")


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_an_own_repository_installs_what_is_beside_its_workflows() -> None:
    """Nothing in it speaks of a checkout of Assent, and every script calls what was installed."""
    for path, content in own_files(OWN_LADDER, checkout=False).items():
        text = content.decode()
        assert not re.search(r"PYTHONPATH|scripts|runtime\.txt|python -m assent|docs/", text), path
        if path.startswith(".github/workflows/"):
            assert "--requirement .github/assent/requirements.txt" in text
            assert re.search(r"(?m)^ +(run: )?assent (apply|check|drift|reject|retire) ", text)


def test_zizmor_and_the_published_schemas_find_nothing(tmp_path: Path, answers: Answers) -> None:
    """The strictest audit, of a ladder of any length and with odd names."""
    folder = written(tmp_path, answers)
    audit = ("--offline", "--strict-collection", "--persona=auditor", "--no-progress")
    done = tool("zizmor", *audit, ".", cwd=folder)
    assert done.returncode == 0, done.stdout
    for name in (*(f"{each}.yml" for each in WORKFLOWS), "dependabot.yml"):
        assert f"{name}" in done.stdout
    files = sorted((folder / ".github" / "workflows").iterdir())
    done = tool(
        "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *files, cwd=folder
    )
    assert done.returncode == 0, done.stdout
    dependabot = folder / ".github" / "dependabot.yml"
    done = tool("check-jsonschema", "--builtin-schema", "vendor.dependabot", dependabot, cwd=folder)
    assert done.returncode == 0, done.stdout


def test_each_environment_has_its_job_in_the_order_of_the_ladder(answers: Answers) -> None:
    """In apply and drift each needs the one below; in all of them each names its environment."""
    identifier = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
    for name in ("apply", "drift", "reject"):
        jobs = workflow(answers, name)["jobs"]
        compare = jobs.pop("compare", None)
        assert (compare is not None) == (name == "drift")
        assert [job["environment"]["name"] for job in jobs.values()] == list(answers.ladder)
        assert all(identifier.fullmatch(job) for job in jobs)
        assert len({job.lower() for job in jobs}) == len(answers.ladder)
        first, *above = jobs.values()
        assert all(job["steps"] == first["steps"] for job in above)
        assert all(job["permissions"] == first["permissions"] for job in above)
        if name != "reject":
            assert "needs" not in first
            for below, here in pairwise(jobs):
                assert jobs[here]["needs"] == [below]
        if compare is not None:
            assert compare["needs"] == [list(jobs)[-1]]
            assert compare["environment"]["name"] == answers.ladder[0]
    for name, each in zip(
        answers.ladder, workflow(answers, "reject")["jobs"].values(), strict=True
    ):
        assert f"startsWith(github.head_ref, 'promote/{name}/')" in each["if"]
    by_hand = workflow(answers, "apply")["on"]["workflow_dispatch"]["inputs"]["environment"]
    assert by_hand["options"] == ["every", *answers.ladder]
    by_hand = workflow(answers, "retire")["on"]["workflow_dispatch"]["inputs"]["environment"]
    assert by_hand["options"] == list(answers.ladder)


def test_the_configuration_s_examples_work(answers: Answers) -> None:
    """Each example that the file gives, with its mark taken away, is one that Assent reads."""
    text = render_texts(answers, version="1.0.0")["assent.yaml"].decode()
    assert "#: " in text
    config = parse_config(text.replace("#: ", "").encode(), load_contracts().config)
    assert config.environments[-1].approvals == 2
    assert len(config.environments[-1].gates) == 2
    assert (config.environments[-1].soak is None) == (len(answers.rungs) == 1)
    assert config.evidence_bucket == "acme-assent-evidence"
    assert config.event_bus == "arn:aws:events:eu-west-1:111122223333:event-bus/assent"
    assert config.freezes
    assert config.identities.principals


def test_an_environment_elsewhere_is_reached_by_roles() -> None:
    """Those of its account, in its partition; one in the registry's account needs none."""
    given = given_by(("dev", "uat=444455556666/us-gov-east-1", "prod=555566667777"))
    text = render_texts(answered(given), version="1.0.0")["assent.yaml"]
    config = parse_config(text, load_contracts().config)
    assert [(each.role, each.read_role) for each in config.environments] == [
        (None, None),
        (
            "arn:aws-us-gov:iam::444455556666:role/assent-write-uat",
            "arn:aws-us-gov:iam::444455556666:role/assent-observe-uat",
        ),
        (
            "arn:aws:iam::555566667777:role/assent-write-prod",
            "arn:aws:iam::555566667777:role/assent-observe-prod",
        ),
    ]


def test_an_enterprise_server_is_named() -> None:
    """Only where it is not github.com, which needs no setting."""
    there = answered(Given(api_url="https://github.acme.example/api/v3"), ANSWERS)
    text = render_texts(there, version="1.0.0")["assent.yaml"]
    assert parse_config(text, load_contracts().config).api_url == there.api_url
    assert b"api_url" not in render_texts(ANSWERS, version="1.0.0")["assent.yaml"]


def test_the_links_lead_to_what_is_made(tmp_path: Path) -> None:
    """Each relative link of the two pages for people leads to a file of the repository."""
    folder = written(tmp_path, ANSWERS)
    (folder / "schemas").mkdir()
    (folder / "schemas" / "promotion.schema.json").touch()
    count = 0
    for page in ("README.md", "promotions/README.md"):
        for target in re.findall(r"\]\(([^)#\s]+)", (folder / page).read_text()):
            assert (folder / page).parent.joinpath(target).exists(), f"{page}: {target}"
            count += 1
    assert count > 3
