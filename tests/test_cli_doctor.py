"""The command `doctor`: what it prints, how it ends, and that nothing hostile acts."""

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.command_line import HOSTILE, assert_harmless, leave_out_surroundings, run
from tests.flows.setups import ROLES, PlantedAws, PlantedGitHub

from assent.adapters.memory import MemoryRegistry
from assent.contracts import load_contracts
from assent.core.config import parse_config
from assent.core.doctor import CHECKS
from assent.core.doctor.app import NEEDED
from assent.core.doctor.branch import CHECK_JOB
from assent.core.doctor.finding import Diagnosis, Finding, Verdict
from assent.core.doctor.github_facts import CodeownersError
from assent.core.rendering.doctor import diagnosis_line, diagnosis_markdown
from assent.flows.doctor import AwsAccounts, Setup

ROOT = Path(__file__).parents[1]
CONFIG = parse_config((ROOT / "assent.yaml").read_bytes(), load_contracts().config)


class Clinic:
    """Both halves behind the command, and what the command asked for."""

    def __init__(self) -> None:
        self.github = PlantedGitHub()
        self.aws = PlantedAws(policies={})
        self.asked: dict[str, Any] = {}

    def setup(
        self,
        repository: Path,
        *,
        half: str | None,
        queue: str | None,
        roles: Mapping[str, str],
        creators: Sequence[str],
    ) -> Setup:
        """Stand in for the wiring."""
        self.asked = {"repository": repository, "half": half, "queue": queue, "roles": roles}
        accounts = AwsAccounts(central=self.aws, of=lambda _: self.aws, registry=MemoryRegistry())
        return Setup(
            config=CONFIG,
            github=None if half == "aws" else self.github,
            aws=None if half == "github" else accounts,
            queue=queue,
            roles=roles,
            creators=creators,
        )


@pytest.fixture
def clinic(monkeypatch: pytest.MonkeyPatch) -> Clinic:
    leave_out_surroundings(monkeypatch)
    made = Clinic()
    monkeypatch.setattr("assent.wiring_doctor.doctor_setup", made.setup)
    return made


def test_a_well_setup_ends_with_0(clinic: Clinic) -> None:
    """A line for each thing, and the counts."""
    done = run("doctor", "--github", "--env", "dev")
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert "ok[github-environment] dev: only main deploys to it, and nothing waits" in lines
    assert re.fullmatch(r"0 problems, 0 unread, 0 warnings, [1-9][0-9]* ok", lines[-1])
    assert clinic.asked["half"] == "github"


def test_a_problem_ends_with_10_and_its_remedy(clinic: Clinic) -> None:
    """Its line says where and what, the next one what to do."""
    clinic.github.switch = None
    done = run("doctor", "--github")
    assert done.exit_code == 10
    assert (
        "problem[workflow-settings] acme/model-promotions ASSENT_APP_ID: it is not set, so "
        "workflows skip their jobs\n  fix: Set it; docs/operating.md lists each with its place.\n"
    ) in done.output
    assert ", 0 unread, " in done.output


def test_what_cannot_be_read_ends_with_1_and_says_so(clinic: Clinic) -> None:
    """Neither well nor wrong: no verdict."""
    clinic.github.unreadable = {"workflow_token"}
    done = run("doctor", "--github")
    assert done.exit_code == 1
    assert "unknown[workflow-token]" in done.output
    assert "fix: Use credentials with administration: read" in done.output
    assert done.output.endswith("ok: no verdict, since not all could be read\n")


def test_json_holds_every_finding(clinic: Clinic) -> None:
    """With the exit code and the counts, in the form that it names."""
    clinic.github.switch = None
    clinic.aws.parameters = 9_999
    done = run("doctor", "--format", "json", *_roles())
    value = json.loads(done.output)
    assert (value["schema"], value["exit"], done.exit_code) == ("assent/doctor/v1", 10, 10)
    counted = {verdict.value: 0 for verdict in Verdict}
    for each in value["findings"]:
        counted[each["verdict"]] += 1
        assert each["check"] in CHECKS
        assert bool(each["remedy"]) is (each["verdict"] != "ok")
    assert counted == {verdict.value: value[verdict.value] for verdict in Verdict}
    assert value["problem"] == 1


def _roles() -> list[str]:
    return [part for name, role in ROLES.items() for part in ("--apply-role", f"{name}={role}")]


def test_the_options_reach_the_flow(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """Roles by environment, and the queue by option or by ASSENT_QUEUE."""
    monkeypatch.setenv("ASSENT_QUEUE", "assent")
    done = run("doctor", "--aws", "--creator", "arn:aws:iam::111122223333:role/training", *_roles())
    assert done.exit_code == 0, done.output
    assert clinic.asked["queue"] == "assent"
    assert clinic.asked["roles"] == ROLES
    assert "ok[creator-rights] arn:aws:iam::111122223333:role/training" in done.output
    run("doctor", "--aws", "--queue", "other")
    assert clinic.asked["queue"] == "other"


@pytest.mark.parametrize(
    ("options", "half"),
    [([], None), (["--github"], "github"), (["--aws"], "aws"), (["--github", "--aws"], None),
     (["--aws", "--github"], None)],
)  # fmt: skip
def test_each_option_adds_its_half(clinic: Clinic, options: list[str], half: str | None) -> None:
    """Both together mean both, in any order; neither leaves the other out."""
    clinic.aws.unreadable = {"queue"}
    done = run("doctor", *options, *_roles())
    assert clinic.asked["half"] == half
    assert ("[queue]" in done.output) is (half != "github")
    assert ("[workflow-token]" in done.output) is (half != "aws")


def test_a_role_of_no_environment_is_a_wrong_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`prd` is a slip for `prod`; left out silently, prod would be told to be unknown."""
    leave_out_surroundings(monkeypatch)
    role = "prd=arn:aws:iam::111122223333:role/x"
    done = run("doctor", "--aws", "--apply-role", role, "--repository", _clone(tmp_path))
    assert (done.exit_code, done.stdout) == (2, "")
    assert "prd" in done.stderr


@pytest.mark.parametrize(
    "role", ["prod", "prod=", "prod=role/x", "=arn:aws:iam::111122223333:role/x", "prod=arn:aws:x"]
)
@pytest.mark.usefixtures("clinic")
def test_a_role_has_to_be_one(role: str) -> None:
    """Anything else is a wrong command line."""
    done = run("doctor", "--aws", "--apply-role", role)
    assert done.exit_code == 2
    assert "ENV=arn:aws:iam::ACCOUNT:role/NAME" in done.output


@pytest.mark.usefixtures("clinic")
def test_an_environment_has_to_be_one() -> None:
    """One that is no rung is a wrong command line."""
    assert run("doctor", "--env", "moon").exit_code == 2


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_what_services_say_does_nothing(clinic: Clinic, form: str) -> None:
    """Names and messages of strangers are shown, and neither terminal nor runner acts on them."""
    hostile = HOSTILE.replace("\ud800", "")
    clinic.github.owners = f"* @acme/platform\n/{HOSTILE.split()[0]}/ @acme/approvers\n/x`@eve`/\n"
    clinic.github.errors = [CodeownersError(line=1, kind=hostile, suggestion=hostile)]
    clinic.github.switch = hostile
    done = run("doctor", "--github", "--format", form)
    assert done.exit_code == 10
    assert_harmless(done.output)


def test_markdown_shows_what_matters_first() -> None:
    """A table for each verdict, the gravest first; mentions and markup are text."""
    findings = tuple(
        Finding(check="owners", about=f"@eve {verdict}", verdict=verdict, message="a | `b`",
                remedy="" if verdict is Verdict.OK else "do <b>that</b>")
        for verdict in (Verdict.OK, Verdict.WARNING, Verdict.UNKNOWN, Verdict.PROBLEM)
    )  # fmt: skip
    shown = diagnosis_markdown(Diagnosis(findings=findings))
    headings = re.findall(r"^### (.*)$", shown, re.MULTILINE)
    assert headings == ["Problems", "Could not be read", "Warnings", "As it should be"]
    assert "@eve" not in shown
    assert r"a \| `b`" in shown
    assert "`do <b>that</b>`" in shown
    assert shown.startswith(f"**{diagnosis_line(Diagnosis(findings=findings))}**\n")
    assert "1 problem, 1 unread, 1 warning, 1 ok" in shown


def test_without_credentials_for_github_there_is_no_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command says what to set; the other half can be asked for alone."""
    leave_out_surroundings(monkeypatch)
    clone = _clone(tmp_path)
    for options in (["--github"], []):
        done = run("doctor", *options, "--repository", clone)
        assert (done.exit_code, done.stdout) == (1, "")
        assert "ASSENT_GITHUB_TOKEN" in done.stderr
        assert ("--aws" in done.stderr) is (not options)


def _clone(folder: Path) -> Path:
    """A repository that holds the configuration."""
    (folder / "assent.yaml").write_bytes((ROOT / "assent.yaml").read_bytes())
    for command in (
        ["init", "--quiet"],
        ["add", "."],
        ["-c", "user.name=x", "-c", "user.email=x@y", "commit", "--quiet", "-m", "x"],
    ):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


def test_the_documents_have_a_heading_for_each_check() -> None:
    """docs/doctor.md tells of every check, in their order, and of no other."""
    text = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")
    assert re.findall(r"^### `([a-z-]+)`$", text, re.MULTILINE) == list(CHECKS)
    sections = re.split(r"^### `[a-z-]+`$", text, flags=re.MULTILINE)[1:]
    for check, section in zip(CHECKS.values(), sections, strict=True):
        assert check.demands in section, check.id
        for part in ("**Read**", "**Why**", "**Remedy**"):
            assert part in section, check.id


def _workflow(name: str) -> dict[str, Any]:
    text = (ROOT / ".github" / "workflows" / name).read_text(encoding="utf-8")
    value: dict[str, Any] = yaml.safe_load(text)
    return value


def test_the_check_that_is_looked_for_is_the_workflows() -> None:
    """The name that a rule has to require is that of check.yml's job."""
    assert [job["name"] for job in _workflow("check.yml")["jobs"].values()] == [CHECK_JOB]


def test_the_permissions_that_are_looked_for_are_the_workflows() -> None:
    """What the workflows ask of the App, together, is what doctor asks for."""
    asked: dict[str, str] = {"metadata": "read"}
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        for job in _workflow(path.name)["jobs"].values():
            for step in job["steps"]:
                for name, level in step.get("with", {}).items():
                    if name.startswith("permission-"):
                        permission = name.removeprefix("permission-").replace("-", "_")
                        if asked.get(permission) != "write":
                            asked[permission] = level
    assert asked == NEEDED
