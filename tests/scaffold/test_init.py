"""The command `init`: in an empty folder, again, after an edit; by flags, asking, and refused."""

import hashlib
import json
import os
import pty
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.command_line import run
from tests.scaffold.ground import FLAGS, TOOLS, init, tool, tree

from assent.contracts import load_contracts
from assent.core.config import parse_config
from assent.scaffold.manifest import MANIFEST, read_manifest


@pytest.fixture(scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A promotion repository, made once."""
    folder = tmp_path_factory.mktemp("init") / "promotions"
    result = init(folder, *FLAGS)
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def made(_made: Path, tmp_path: Path) -> Path:
    """A copy of it, to do something to."""
    return Path(shutil.copytree(_made, tmp_path / "promotions", symlinks=True))


def actions(output: str) -> dict[str, str]:
    return {each["path"]: each["action"] for each in json.loads(output)["files"]}


def test_an_empty_folder_becomes_a_repository_that_passes(made: Path) -> None:
    """Every file that is promised is there; check, zizmor and a git repository's status agree."""
    names = set(tree(made))
    assert {
        *(f".github/workflows/{n}.yml" for n in ("apply", "check", "drift", "reject", "retire")),
        *(".github/CODEOWNERS", ".github/dependabot.yml", ".github/assent/requirements.txt"),
        *(".github/assent/scaffold.json", "assent.yaml", "README.md", "promotions/README.md"),
        *(f".github/rulesets/{n}.json" for n in ("main", "promotions", "receipts")),
        ".github/rulesets/receipts-append-only.json",
        *(f"schemas/{n}.schema.json" for n in ("config", "parameter", "promotion", "receipt")),
    } <= names
    assert len([name for name in names if re.fullmatch(r"\.github/assent/.*\.whl", name)]) == 1
    checked = run("check", "--repository", made)
    assert checked.exit_code == 0
    assert checked.output == "no finding; no promotion record yet, only what will judge them\n"
    audit = ("--offline", "--strict-collection", "--persona=auditor", "--no-progress")
    audited = tool("zizmor", *audit, ".", cwd=made)
    assert audited.returncode == 0, audited.stdout
    status = subprocess.run(
        ["git", "-C", made, "status", "--short", "--branch"], check=True, capture_output=True
    ).stdout.decode()
    assert "No commits yet on main" in status


def test_a_second_run_changes_nothing(made: Path) -> None:
    """The answers are known by now; no file is written, not even with the same bytes."""
    before = {path: path.stat().st_mtime_ns for path in made.rglob("*")}
    result = init(made)
    assert result.exit_code == 0
    assert re.fullmatch(r"Assent \S+ for acme/model-promotions: \d+ unchanged\n", result.output)
    assert {path: path.stat().st_mtime_ns for path in made.rglob("*")} == before


def test_an_edit_stays(made: Path) -> None:
    """Of the configuration, of a workflow, or a deletion; the same version asks for nothing."""
    config = made / "assent.yaml"
    config.write_text(config.read_text().replace("#: approvals: 2", "approvals: 2"))
    workflow = made / ".github" / "workflows" / "retire.yml"
    workflow.write_text(workflow.read_text() + "# mine\n")
    (made / ".github" / "dependabot.yml").unlink()
    before = tree(made)
    result = init(made)
    assert result.exit_code == 0, result.output
    assert tree(made) == before
    assert "kept, since it was edited: assent.yaml\n" in result.output
    assert "left out, since it was deleted: .github/dependabot.yml\n" in result.output
    restored = init(made, "--restore", ".github/workflows/retire.yml")
    assert "replaced: .github/workflows/retire.yml\n" in restored.output
    assert not workflow.read_text().endswith("# mine\n")
    assert "approvals: 2" in config.read_text()


def test_the_ladder_follows_a_configuration_that_people_edit(made: Path) -> None:
    """A new environment there gets its jobs and owners; whoever owns it has to be said once."""
    config = made / "assent.yaml"
    rung = '  - name: uat\n    account: "111122223333"\n    region: eu-west-1\n'
    config.write_text(config.read_text().replace("  - name: prod\n", f"{rung}  - name: prod\n"))
    silent = init(made)
    assert silent.exit_code == 2
    assert "Missing: --owner uat=OWNER." in silent.output
    result = init(made, "--owner", "uat=@acme/uat")
    assert result.exit_code == 0, result.output
    assert "\n  uat:\n" in (made / ".github" / "workflows" / "apply.yml").read_text()
    assert "/promotions/uat/ @acme/uat\n" in (made / ".github" / "CODEOWNERS").read_text()
    assert rung in config.read_text()
    contradicted = init(made, "--environment=dev", "--environment=prod")
    assert contradicted.exit_code == 2
    assert "assent.yaml was edited by hand, and says something else" in contradicted.output


def test_an_environment_is_added_by_a_flag(made: Path) -> None:
    """Where nobody edited the configuration: it, CODEOWNERS and the workflows are made anew."""
    result = init(
        made, *("--environment=dev", "--environment=uat=555566667777", "--environment=prod"),
        "--owner=uat=@acme/uat",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    config = parse_config((made / "assent.yaml").read_bytes(), load_contracts().config)
    assert [(each.name, each.account) for each in config.environments] == [
        ("dev", "111122223333"),
        ("uat", "555566667777"),
        ("prod", "444455556666"),
    ]
    assert init(made).exit_code == 0
    assert init(made, "--format=json").output.count('"unchanged"') > 15


def test_news_of_a_kept_file_is_a_finding_once(made: Path) -> None:
    """Code 10, `--diff` shows what would be there, and a run after it is content."""
    owners = made / ".github" / "CODEOWNERS"
    owners.write_text(f"{owners.read_text()}# mine \x1b[31m\n")
    result = init(made, "--owner=dev=@bob", "--diff")
    assert result.exit_code == 10
    assert "CODEOWNERS; what it would be now is new: look at --diff" in result.output
    assert "  +/promotions/dev/ @bob" in result.output
    assert "  -# mine \\x1b[31m" in result.output
    assert "\x1b" not in result.output
    assert init(made).exit_code == 0


def test_nothing_is_written_by_a_dry_run(tmp_path: Path) -> None:
    """It says what would be, in JSON too, and does not even make the folder."""
    result = init(tmp_path / "new", *FLAGS, "--dry-run", "--format", "json")
    assert result.exit_code == 0
    assert set(actions(result.output).values()) == {"created"}
    assert json.loads(result.output)["dry_run"] is True
    text = init(tmp_path / "new", *FLAGS, "--dry-run").output
    assert text.startswith("would be created: .github/CODEOWNERS\n")
    assert text.endswith("; nothing was written\n")
    assert list(tmp_path.iterdir()) == []


def test_what_a_fresh_clone_holds_stays(tmp_path: Path) -> None:
    """A licence is nobody's business; a README that differs is kept, and told with code 10."""
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / "README.md").write_text("# ours\n")
    (tmp_path / "LICENSE").write_text("ours\n")
    result = init(tmp_path, *FLAGS)
    assert result.exit_code == 10
    assert "kept, since it was there before: README.md; what it would be" in result.output
    assert (tmp_path / "README.md").read_text() == "# ours\n"
    assert init(tmp_path).exit_code == 0


def test_somebody_else_s_folder_is_refused(tmp_path: Path, made: Path) -> None:
    """One with files and no history, and one within another repository; nothing is written."""
    full = tmp_path / "full"
    full.mkdir()
    (full / "thesis.tex").touch()
    result = init(full, *FLAGS)
    assert result.exit_code == 2
    assert [each.name for each in full.iterdir()] == ["thesis.tex"]
    assert "holds other files, and is no git repository" in result.output
    (full / ".git").mkdir()
    result = init(full, *FLAGS)
    assert result.exit_code == 2
    assert "git does not read" in result.output
    before = tree(made)
    result = init(made / "infra" / "below", *FLAGS)
    assert result.exit_code == 2
    assert "is within the git repository" in result.output
    assert tree(made) == before


def test_links_lead_nowhere(made: Path, tmp_path: Path) -> None:
    """A folder of the repository that was made a link is left alone, with what it leads to."""
    outside = tmp_path / "outside"
    shutil.copytree(made / "schemas", outside)
    (outside / "config.schema.json").write_text("theirs")
    shutil.rmtree(made / "schemas")
    (made / "schemas").symlink_to(outside)
    before = tree(outside)
    result = init(made)
    assert result.exit_code == 10
    assert "left alone: schemas/config.schema.json: " in result.output
    assert tree(outside) == before


def test_a_manifest_behind_a_link_is_none(made: Path, tmp_path: Path) -> None:
    """Where `.github` itself leads out of the folder there is no verdict, and nothing is done."""
    (made / ".github").rename(tmp_path / "outside")
    (made / ".github").symlink_to(tmp_path / "outside")
    before = tree(tmp_path / "outside")
    result = init(made, *FLAGS)
    assert result.exit_code == 1
    assert "scaffold.json cannot be read" in result.output
    assert tree(tmp_path / "outside") == before


def test_in_a_pipe_nothing_is_asked(tmp_path: Path) -> None:
    """What is missing is named, with what it takes; nothing is made."""
    result = init(tmp_path / "new", "--repository=acme/m")
    assert result.exit_code == 2
    assert "Missing: --registry ACCOUNT/REGION, --owner OWNER, --platform OWNER." in result.output
    assert not (tmp_path / "new").exists()


def test_a_wrong_answer_writes_nothing(tmp_path: Path) -> None:
    """It is a usage error that says what is wrong."""
    result = init(tmp_path / "new", *FLAGS, "--owner=prod=@acme/x\n* @eve")
    assert result.exit_code == 2
    assert "is no login or team" in result.output
    assert not (tmp_path / "new").exists()
    result = init(tmp_path / "new", *FLAGS, "--restore=/etc/passwd")
    assert result.exit_code == 2
    assert "is no file that is generated" in result.output
    assert not (tmp_path / "new").exists()


def test_a_damaged_manifest_or_configuration_ends_without_a_verdict(made: Path) -> None:
    """Code 1, and what to do; nothing is written over."""
    config = made / "assent.yaml"
    config.write_text("schema: x\n")
    before = tree(made)
    assert init(made).exit_code == 1
    (made / MANIFEST).write_text("{}")
    result = init(made)
    assert result.exit_code == 1
    assert "Take it from git as it was" in result.output
    assert tree(made) == {**before, MANIFEST: b"{}"}


def test_a_terminal_is_asked(tmp_path: Path) -> None:
    """Each question until its answer can be used; the ladder's has a default."""
    ours, theirs = pty.openpty()
    folder = tmp_path / "new"
    process = subprocess.Popen(
        [TOOLS / "python", "-m", "assent", "init", folder, "--platform=@acme/ml-platform"],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    answers = "", "acme", "acme/m", "111122223333/eu-west-1", "nobody", "@acme/ml-approvers"
    os.write(ours, "".join(f"{each}\n" for each in answers).encode())
    output, _ = process.communicate(timeout=60)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert process.returncode == 0, shown
    assert (
        "Environments, lowest first, as NAME or NAME=ACCOUNT/REGION [dev test uat prod]: " in shown
    )
    assert "--repository: 'acme' is no repository" in shown
    assert "'nobody' is no login or team" in shown
    assert "created: assent.yaml" in output.decode()
    manifest = read_manifest((folder / MANIFEST).read_bytes())
    assert manifest.answers.ladder == ("dev", "test", "uat", "prod")
    assert {rung.owners for rung in manifest.answers.rungs} == {("@acme/ml-approvers",)}


def test_the_requirements_pin_the_wheel_beside_them(made: Path) -> None:
    """By its path from the root and its digest, before everything that it needs."""
    text = (made / ".github" / "assent" / "requirements.txt").read_text()
    found = re.search(r"^\./(\S+\.whl) \\\n    --hash=sha256:([0-9a-f]{64})$", text, re.MULTILINE)
    assert found
    assert hashlib.sha256((made / found[1]).read_bytes()).hexdigest() == found[2]
    assert re.search(r"^jinja2==\S+ \\$", text, re.MULTILINE)
