"""The GitHub workflows: audited, valid, and held to the rules that keep a verdict honest."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.y*ml"))
TOOLS = Path(sys.executable).parent  # not resolved: the environment's folder, not the interpreter's
PIN = re.compile(r"uses: +[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")

Node = dict[str, Any]


def load(name: str) -> Node:
    """Return the workflow `name`; its `on` is found under that key.

    PyYAML reads YAML 1.1, where a bare `on` is the boolean true; GitHub reads 1.2.
    """
    document: dict[Any, Any] = yaml.safe_load((GITHUB / "workflows" / name).read_text("utf-8"))
    document["on"] = document.pop(True)
    return document


def steps(workflow: Node) -> Iterator[Node]:
    for job in workflow["jobs"].values():
        yield from job["steps"]


def step(job: Node, name: str) -> Node:
    found: list[Node] = [each for each in job["steps"] if each["name"] == name]
    assert len(found) == 1, f"{len(found)} steps are called {name!r}"
    return found[0]


def ladder() -> list[str]:
    """Return the environments of assent.yaml, lowest first."""
    configuration = yaml.safe_load((ROOT / "assent.yaml").read_text("utf-8"))
    return [environment["name"] for environment in configuration["environments"]]


def run(*command: str | Path, cwd: Path = ROOT, **env: str) -> subprocess.CompletedProcess[str]:
    """Run `command`, with `env` added to the environment, and return its exit code and output."""
    return subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )


def zizmor(target: Path) -> subprocess.CompletedProcess[str]:
    audit = ("--offline", "--strict-collection", "--persona=auditor")
    return run(TOOLS / "zizmor", *audit, "--no-progress", "--color=never", target)


def run_step(
    each: Node, folder: Path, *, exits: int = 0, **env: str
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run a step's script as GitHub does, with a `python` that only notes how it was called.

    Returns:
        The finished script, and the arguments that `python` was given, none if it was not called.
    """
    tools = folder / "tools"
    tools.mkdir()
    noted = folder / "arguments"
    stand_in = tools / "python"
    stand_in.write_text(
        f"#!/bin/sh\nprintf '%s\\n' \"$@\" > '{noted}'\necho output\nexit {exits}\n"
    )
    stand_in.chmod(0o755)
    script = folder / "script.sh"
    script.write_text(each["run"], "utf-8")
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    cwd = folder / each.get("working-directory", ".")
    done = run("bash", "-e", script, cwd=cwd, PATH=path, **env)
    return done, noted.read_text("utf-8").splitlines() if noted.exists() else []


def git(repository: Path, *arguments: str) -> str:
    """Run git in `repository`, away from this machine's settings, and return what it printed."""
    identity = ["-c", "user.name=ana", "-c", "user.email=ana@example.com"]
    command = ["git", "-C", str(repository), *identity, *arguments]
    done = run(*command, GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1")
    assert done.returncode == 0, done.stdout
    return done.stdout.strip()


def commit(repository: Path, name: str) -> str:
    """Add a file `name` to `repository` and return the commit that did it."""
    (repository / name).write_text(name, "utf-8")
    git(repository, "add", name)
    git(repository, "commit", "--quiet", "--message", name)
    return git(repository, "rev-parse", "HEAD")


@pytest.fixture(params=[path.name for path in WORKFLOWS])
def name(request: pytest.FixtureRequest) -> str:
    value: str = request.param
    return value


# What the published tools say.


def test_zizmor_reports_nothing() -> None:
    """The strictest audit of every workflow, action and Dependabot file finds nothing."""
    done = zizmor(ROOT)
    assert done.returncode == 0, done.stdout
    for path in [*WORKFLOWS, GITHUB / "dependabot.yml"]:
        assert path.name in done.stdout, f"{path.name} was not audited"


def test_zizmor_would_report(tmp_path: Path) -> None:
    """The audit sees a checkout that keeps its credentials, in steps shared by an anchor."""
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    text = (GITHUB / "workflows" / "apply.yml").read_text("utf-8")
    (folder / "apply.yml").write_text(text.replace("persist-credentials: false", ""), "utf-8")
    done = zizmor(tmp_path)
    assert done.returncode in range(11, 15), done.stdout
    assert "artipacked" in done.stdout


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-workflows", WORKFLOWS),
        ("vendor.dependabot", [GITHUB / "dependabot.yml"]),
    ],
)
def test_published_schema_accepts(schema: str, files: list[Path]) -> None:
    """Every file satisfies the published schema of its kind, `deployment: false` included."""
    done = run(TOOLS / "check-jsonschema", "--builtin-schema", schema, *files)
    assert done.returncode == 0, done.stdout


# What holds for every workflow.


def test_the_workflows_are_these() -> None:
    """No workflow is missing, and none was added without a thought for the rules below."""
    names = ["apply.yml", "check.yml", "ci.yml", "drift.yml", "reject.yml", "retire.yml"]
    assert [path.name for path in WORKFLOWS] == names


def test_permissions_start_from_nothing(name: str) -> None:
    """The workflow grants nothing, and each job says what it needs."""
    workflow = load(name)
    assert workflow["permissions"] == {}
    assert all(job["permissions"] for job in workflow["jobs"].values())


def test_each_permission_has_its_reason(name: str) -> None:
    """A permission's line ends with a comment that says why."""
    lines = (GITHUB / "workflows" / name).read_text("utf-8").splitlines()
    granted = [line for line in lines if re.match(r" +[\w-]+: (read|write)\b", line)]
    assert granted
    assert [line for line in granted if " # " not in line] == []


def test_actions_are_pinned(name: str) -> None:
    """Each action is pinned to a full commit, with its version in a comment."""
    lines = (GITHUB / "workflows" / name).read_text("utf-8").splitlines()
    uses = [line.strip() for line in lines if "uses:" in line and not line.strip().startswith("#")]
    assert uses
    assert [line for line in uses if not PIN.search(line)] == []


def test_an_action_has_one_pin() -> None:
    """All workflows use the same commit of an action."""
    pins: dict[str, set[str]] = {}
    for path in WORKFLOWS:
        for each in steps(load(path.name)):
            if "uses" in each:
                action, _, sha = each["uses"].partition("@")
                pins.setdefault(action, set()).add(sha)
    assert {action: len(shas) for action, shas in pins.items()} == dict.fromkeys(pins, 1)


def test_jobs_have_an_end_and_a_fixed_machine(name: str) -> None:
    """Each job has a timeout, below the hour that credentials live, and a named runner image."""
    for job in load(name)["jobs"].values():
        assert 0 < job["timeout-minutes"] < 60
        assert job["runs-on"] == "ubuntu-24.04"


def test_checkouts_keep_no_credentials(name: str) -> None:
    """No checkout leaves its token in the git configuration."""
    checkouts = [each for each in steps(load(name)) if "actions/checkout@" in each.get("uses", "")]
    assert checkouts
    assert all(each["with"]["persist-credentials"] is False for each in checkouts)


def test_scripts_hold_no_expressions(name: str) -> None:
    """What comes from outside reaches a script through its environment, never as its text."""
    scripts = [each["run"] for each in steps(load(name)) if "run" in each]
    assert scripts
    assert [script for script in scripts if "${{" in script] == []


def test_what_is_excused_from_the_audit() -> None:
    """One line: the trigger of reject.yml, with its reason beside it."""
    excused = [
        (path.name, line.strip())
        for path in WORKFLOWS
        for line in path.read_text("utf-8").splitlines()
        if "zizmor: ignore" in line
    ]
    ((name, line),) = excused
    assert name == "reject.yml"
    assert line.startswith("pull_request_target: # zizmor: ignore[dangerous-triggers] nothing of")


def test_only_a_job_in_an_environment_proves_who_it_is(name: str) -> None:
    """It asks for an OIDC token, assumes a role and holds a secret; no other job does any of it."""
    for job in load(name)["jobs"].values():
        inside = "environment" in job
        roles = [each for each in job["steps"] if "configure-aws-cred" in each.get("uses", "")]
        assert (job["permissions"].get("id-token") == "write") is inside
        assert ("secrets." in str(job)) is inside
        assert len(roles) == inside


@pytest.mark.parametrize(
    "name", ["apply.yml", "check.yml", "drift.yml", "reject.yml", "retire.yml"]
)
def test_installs_are_hashed(name: str) -> None:
    """Each job installs nothing but hash-pinned wheels, so that no step runs an unknown build."""
    for job in load(name)["jobs"].values():
        installs = [each["run"] for each in job["steps"] if "pip" in each.get("run", "")]
        (install,) = installs
        words = install.replace("\\\n", " ").split()
        assert words == [
            *["python", "-m", "pip", "install", "--require-hashes", "--only-binary", ":all:"],
            *["--requirement", "requirements/runtime.txt"],
        ]


# The check: it always reports, and the proposal never judges itself.


def test_check_always_reports() -> None:
    """No path filter leaves the required check pending, and no condition skips it into success."""
    workflow = load("check.yml")
    assert set(workflow["on"]) == {"pull_request", "merge_group"}
    for trigger in workflow["on"].values():
        assert set(trigger) == {"branches", "types"}
        assert trigger["branches"] == ["main"]
    assert set(workflow["on"]["pull_request"]["types"]) == {
        *("opened", "synchronize", "reopened", "edited"),
        *("labeled", "unlabeled"),  # what the label lifts
    }
    (job,) = workflow["jobs"].values()
    assert not {"if", "needs", "continue-on-error", "strategy"} & set(job)
    assert not any({"if", "continue-on-error"} & set(each) for each in job["steps"])


def test_check_holds_no_credentials() -> None:
    """The job can read contents and pull requests, and holds nothing else worth taking."""
    (job,) = load("check.yml")["jobs"].values()
    assert job["permissions"] == {"contents": "read", "pull-requests": "read"}
    assert "environment" not in job
    text = (GITHUB / "workflows" / "check.yml").read_text("utf-8")
    assert not re.search(r"\$\{\{[^}]*secrets", text)


def test_only_the_judging_step_has_the_token() -> None:
    """The job's own token is given to what judges, by its environment, and to nothing before it."""
    (job,) = load("check.yml")["jobs"].values()
    *before, judge = job["steps"]
    assert judge["name"] == "Judge"
    assert judge["env"]["ASSENT_GITHUB_TOKEN"] == "${{ github.token }}"
    assert "token" not in str(before)
    assert "token" not in judge["run"].lower()


def test_check_runs_only_the_base() -> None:
    """Every script runs inside the base, and the proposal is on no import path."""
    (job,) = load("check.yml")["jobs"].values()
    judge = step(job, "Check out the base, which judges")["with"]
    candidate = step(job, "Check out the proposal, which is data")["with"]
    assert "base" in judge["ref"]
    assert "head" not in judge["ref"]
    assert "ref" not in candidate
    assert candidate["fetch-depth"] == 0
    scripts = [each for each in job["steps"] if "run" in each]
    assert scripts
    for each in scripts:
        assert each["working-directory"] == judge["path"] != candidate["path"]
        assert each.get("env", {}).get("PYTHONPATH", "scripts") == "scripts"


@pytest.fixture
def proposal(tmp_path: Path) -> tuple[str, str, str]:
    """Make the folders `judge` and `candidate` as the checkouts do.

    Returns:
        The commits of the base, of the pull request, and of its merge.
    """
    candidate = tmp_path / "candidate"
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(candidate))
    base = commit(candidate, "base")
    git(tmp_path, "clone", "--quiet", str(candidate), "judge")
    git(candidate, "checkout", "--quiet", "-b", "proposal")
    head = commit(candidate, "proposal")
    git(candidate, "checkout", "--quiet", "main")
    git(candidate, "merge", "--quiet", "--no-ff", "--message", "merge", "proposal")
    return base, head, git(candidate, "rev-parse", "HEAD")


@pytest.mark.parametrize("exits", [0, 1, 10])
@pytest.mark.parametrize("queued", [False, True])
def test_check_passes_the_verdict_on(
    tmp_path: Path, proposal: tuple[str, str, str], exits: int, *, queued: bool
) -> None:
    """The merge is judged against the base, and the job's result is the verdict, as it is."""
    base, head, merge = proposal
    judge = step(load("check.yml")["jobs"]["check"], "Judge")
    sha, branch, number = ("", "", "") if queued else (head, "promote/dev/churn/7", "12")
    done, arguments = run_step(
        judge,
        tmp_path,
        exits=exits,
        HEAD_SHA=merge,
        PULL_REQUEST_SHA=sha,
        HEAD_BRANCH=branch,
        NUMBER=number,
    )
    assert done.returncode == exits, done.stdout
    options = ["--repository", "../candidate", "--base", base, "--head", merge]
    options += ["--head-branch", branch]
    options += [] if queued else ["--pull-request", "12"]
    assert arguments == ["-m", "assent", "check", *options, "--format", "github"]


@pytest.mark.parametrize("unknown", [False, True])
def test_check_refuses_a_stale_merge(
    tmp_path: Path, proposal: tuple[str, str, str], *, unknown: bool
) -> None:
    """A merge that lacks the pull request's newest commit is not judged in its place."""
    _, _, merge = proposal
    candidate = tmp_path / "candidate"
    git(candidate, "checkout", "--quiet", "proposal")
    newest = "0" * 40 if unknown else commit(candidate, "pushed-later")
    judge = step(load("check.yml")["jobs"]["check"], "Judge")
    done, arguments = run_step(judge, tmp_path, HEAD_SHA=merge, PULL_REQUEST_SHA=newest)
    assert done.returncode == 1
    assert f"::error::{merge} does not contain" in done.stdout
    assert arguments == []


# What apply and reject share: a job for each environment, one writer at a time.


@pytest.mark.parametrize("name", ["apply.yml", "reject.yml"])
def test_there_is_a_job_for_each_environment(name: str) -> None:
    """The jobs are the ladder, each with its own GitHub environment, which knows who deploys."""
    jobs = load(name)["jobs"]
    assert list(jobs) == ladder()
    for environment, job in jobs.items():
        assert job["environment"] == {"name": environment, "deployment": False}
        assert job["env"] == {"ENVIRONMENT": environment}


@pytest.mark.parametrize("name", ["apply.yml", "reject.yml"])
def test_the_jobs_differ_in_nothing_else(name: str) -> None:
    """Every environment has the same steps with the same permissions, here and there."""
    first, *above = load(name)["jobs"].values()
    assert first["permissions"] == {"contents": "read", "id-token": "write"}
    for job in above:
        assert job["steps"] == first["steps"]
        assert job["permissions"] == first["permissions"]


def minted(job: Node) -> dict[str, str]:
    """Return what the App's token of a job may do."""
    options = step(job, "Mint a token for the GitHub side")["with"]
    prefix = "permission-"
    return {
        key.removeprefix(prefix): value for key, value in options.items() if key.startswith(prefix)
    }


@pytest.mark.parametrize("name", ["apply.yml", "reject.yml"])
def test_the_app_may_do_what_an_answer_to_a_closing_takes(name: str) -> None:
    """Comment, reopen, restore a branch and read teams; nothing beyond, such as workflows.

    Only `apply` shows what is live.
    """
    shows = {"deployments": "write"} if name == "apply.yml" else {}
    for job in load(name)["jobs"].values():
        assert minted(job) == {
            "contents": "write",
            "issues": "write",
            "members": "read",
            "pull-requests": "write",
            **shows,
        }


@pytest.mark.parametrize("name", ["apply.yml", "reject.yml", "retire.yml"])
def test_nothing_is_installed_beside_a_credential(name: str) -> None:
    """Main is checked out, its pins are installed, and only then come the role and the token."""
    for job in load(name)["jobs"].values():
        names = [each["name"] for each in job["steps"]]
        verb = {"apply.yml": "Apply", "reject.yml": "Reject", "retire.yml": "Retire"}[name]
        role = {"retire.yml": "Assume a role that reads"}.get(name, "Assume the environment's role")
        assert names == [
            "Check out the head of main",
            "Set up Python",
            "Install what main pins",
            "Read the settings",
            role,
            "Mint a token for the GitHub side",
            verb,
            *(["Tidy"] if name == "apply.yml" else []),
        ]
        options = step(job, "Check out the head of main")["with"]
        assert (options["ref"], options["fetch-depth"]) == ("main", 0)


@pytest.mark.parametrize("name", ["apply.yml", "drift.yml", "reject.yml", "retire.yml"])
def test_a_missing_role_is_explained(tmp_path: Path, name: str) -> None:
    """A ladder that is half set up fails and says which variable is missing where."""
    (job, *_) = load(name)["jobs"].values()
    done, _ = run_step(
        step(job, "Read the settings"), tmp_path, ENVIRONMENT="uat", ROLE="", APP="12"
    )
    assert done.returncode == 1
    assert "::error::" in done.stdout
    assert "environment 'uat' has n" in done.stdout
    assert "ASSENT_APPLY_ROLE" in done.stdout


@pytest.mark.parametrize("name", ["apply.yml", "drift.yml", "reject.yml", "retire.yml"])
def test_the_region_comes_from_the_configuration(tmp_path: Path, name: str) -> None:
    """The region to sign in to is that of the registry in assent.yaml."""
    (job, *_) = load(name)["jobs"].values()
    script = tmp_path / "script.sh"
    script.write_text(step(job, "Read the settings")["run"], "utf-8")
    output = tmp_path / "output"
    done = run(
        "bash",
        "-e",
        script,
        PATH=f"{TOOLS}{os.pathsep}{os.environ['PATH']}",
        ENVIRONMENT="uat",
        APP="12",
        ROLE="arn:aws:iam::111122223333:role/assent-apply",
        GITHUB_OUTPUT=str(output),
    )
    assert done.returncode == 0, done.stdout
    configuration = yaml.safe_load((ROOT / "assent.yaml").read_text("utf-8"))
    assert output.read_text("utf-8") == f"region={configuration['registry']['region']}\n"


# Apply: converges, whichever run does it.


def test_apply_follows_the_ladder() -> None:
    """One environment comes after the other, lowest first."""
    below: list[str] = []
    for environment, job in load("apply.yml")["jobs"].items():
        assert job.get("needs", []) == below
        below = [environment]


def test_apply_can_be_asked_for_each_environment() -> None:
    """By hand, one environment or every one; a push and the schedule ask for every one."""
    workflow = load("apply.yml")
    choice = workflow["on"]["workflow_dispatch"]["inputs"]["environment"]
    assert choice["options"] == [choice["default"], *ladder()]
    for environment, job in workflow["jobs"].items():
        wanted = (
            f"""contains(fromJSON('["every", "{environment}"]'), inputs.environment || 'every')"""
        )
        assert wanted in job["if"]


def test_apply_goes_on_above_a_failure() -> None:
    """A refusal below holds nothing back above, cancelling does, and a template is quiet."""
    first, *above = load("apply.yml")["jobs"].values()
    assert first["if"].startswith("${{ vars.ASSENT_APP_ID != '' && ")
    for job in above:
        assert job["if"].startswith("${{ !cancelled() && vars.ASSENT_APP_ID != '' && ")


def test_apply_runs_one_at_a_time() -> None:
    """One concurrency group covers the whole run, and no run in progress is cancelled."""
    workflow = load("apply.yml")
    assert workflow["concurrency"] == {"group": "assent-apply", "cancel-in-progress": False}
    assert not any("concurrency" in job for job in workflow["jobs"].values())


def test_apply_is_level_triggered() -> None:
    """A merge, the clock or a person starts it, and each run takes the head of main."""
    workflow = load("apply.yml")
    assert set(workflow["on"]) == {"push", "schedule", "workflow_dispatch"}
    assert workflow["on"]["push"] == {"branches": ["main"]}
    for job in workflow["jobs"].values():
        options = step(job, "Check out the head of main")["with"]
        assert (options["ref"], options["fetch-depth"]) == ("main", 0)


@pytest.mark.parametrize(("wanted", "options"), [("", []), ("false", []), ("true", ["--all"])])
@pytest.mark.parametrize("exits", [0, 12])
def test_apply_passes_the_result_on(
    tmp_path: Path, wanted: str, options: list[str], exits: int
) -> None:
    """The job applies its own environment, and is red when changes were refused or failed."""
    apply = step(load("apply.yml")["jobs"]["dev"], "Apply")
    done, arguments = run_step(apply, tmp_path, exits=exits, ENVIRONMENT="uat", ALL=wanted)
    assert done.returncode == exits, done.stdout
    assert arguments == ["-m", "assent", "apply", "--env", "uat", *options]


@pytest.mark.parametrize("exits", [0, 12])
def test_tidying_follows_whatever_applying_came_to(tmp_path: Path, exits: int) -> None:
    """A refusal holds up no page; cancelling does, and so does the lack of a token."""
    job = load("apply.yml")["jobs"]["dev"]
    tidy = step(job, "Tidy")
    assert tidy["if"] == "${{ !cancelled() && steps.token.outcome == 'success' }}"
    assert job["steps"][-1] == tidy
    done, arguments = run_step(tidy, tmp_path, exits=exits, ENVIRONMENT="uat")
    assert done.returncode == exits, done.stdout
    assert arguments == ["-m", "assent", "tidy", "--env", "uat"]


# Reject: at once, and nothing that apply would not do later.


def test_reject_runs_mains_code_on_a_closing() -> None:
    """The trigger takes main's copy of the file, and only closing or reopening starts it."""
    workflow = load("reject.yml")
    assert workflow["on"] == {
        "pull_request_target": {"branches": ["main"], "types": ["closed", "reopened"]}
    }
    text = (GITHUB / "workflows" / "reject.yml").read_text("utf-8")
    used = set(re.findall(r"github\.(?:event\.[\w.]+|head_ref)", text))
    assert used == {
        "github.event.pull_request.merged",
        "github.event.pull_request.head.repo.full_name",
        "github.event.pull_request.number",
        "github.head_ref",
    }


def test_reject_passes_only_a_number_to_a_script() -> None:
    """Of what the event holds nothing else leaves the conditions."""
    given = {
        name: value
        for each in load("reject.yml")["jobs"]["dev"]["steps"]
        for part in ("env", "with")
        for name, value in each.get(part, {}).items()
        if "github." in str(value)
    }
    assert given == {
        "NUMBER": "${{ github.event.pull_request.number }}",
        "role-session-name": "assent-${{ github.run_id }}",
    }


OWN = (
    "!github.event.pull_request.merged && "
    "github.event.pull_request.head.repo.full_name == github.repository && "
    "startsWith(github.head_ref, 'promote/"
)


def test_reject_is_for_promotions_of_this_repository() -> None:
    """A merge, a fork, another branch, and a template that is not set up start no job."""
    for environment, job in load("reject.yml")["jobs"].items():
        assert job["if"] == f"${{{{ vars.ASSENT_APP_ID != '' && {OWN}{environment}/') }}}}"
        assert "needs" not in job


def test_reject_replaces_no_run_of_apply() -> None:
    """It waits in the same group behind others, and a run that writes nothing stays out of it."""
    concurrency = load("reject.yml")["concurrency"]
    assert concurrency == {
        "group": f"${{{{ {OWN}') && 'assent-apply' || "
        "format('assent-reject-{0}', github.run_id) }}",
        "queue": "max",
        "cancel-in-progress": False,
    }
    assert load("apply.yml")["concurrency"]["group"] == "assent-apply"
    assert not any("concurrency" in job for job in load("reject.yml")["jobs"].values())


@pytest.mark.parametrize("exits", [0, 1, 12])
def test_reject_passes_the_result_on(tmp_path: Path, exits: int) -> None:
    """The job records one pull request in its own environment, and is red where that failed."""
    reject = step(load("reject.yml")["jobs"]["dev"], "Reject")
    done, arguments = run_step(reject, tmp_path, exits=exits, ENVIRONMENT="uat", NUMBER="12")
    assert done.returncode == exits, done.stdout
    assert arguments == ["-m", "assent", "reject", "12", "--env", "uat"]


# Drift: compares, and heals only when it is told to.


def healing() -> Node:
    """Return the jobs of drift.yml that heal, by environment."""
    jobs = dict(load("drift.yml")["jobs"])
    jobs.pop("compare")
    return jobs


def test_drift_is_looked_for_every_hour_off_the_hour() -> None:
    """By the schedule nothing is healed; only whoever starts it by hand can ask for that."""
    workflow = load("drift.yml")
    assert set(workflow["on"]) == {"schedule", "workflow_dispatch"}
    ((minute, hours, *days),) = [each["cron"].split() for each in workflow["on"]["schedule"]]
    assert 0 < int(minute) < 60
    assert (hours, days) == ("*", ["*", "*", "*"])
    (given,) = workflow["on"]["workflow_dispatch"]["inputs"].items()
    assert given[0] == "heal"
    assert (given[1]["type"], given[1]["default"]) == ("boolean", False)


def test_healing_is_a_job_for_each_environment_and_asked_for() -> None:
    """In the order of the ladder, each with its own role; none of them runs unasked."""
    jobs = healing()
    assert list(jobs) == ladder()
    first, *_ = jobs.values()
    below: list[str] = []
    for environment, job in jobs.items():
        assert job["environment"] == {"name": environment, "deployment": False}
        assert job["env"] == {"ENVIRONMENT": environment}
        assert (job.get("needs", []), job["steps"]) == (below, first["steps"])
        assert job["if"].endswith("vars.ASSENT_APP_ID != '' && inputs.heal }}")
        assert minted(job) == {"contents": "write"}
        below = [environment]


def test_healing_never_runs_beside_apply() -> None:
    """A run that heals waits in apply's group and replaces nothing there; comparing stays out."""
    assert load("drift.yml")["concurrency"] == {
        "group": "${{ inputs.heal && 'assent-apply' || 'assent-drift' }}",
        "queue": "max",
        "cancel-in-progress": False,
    }


def test_comparing_only_reads() -> None:
    """It comes last, whatever became of healing; its token writes issues, its role reads."""
    job = load("drift.yml")["jobs"]["compare"]
    assert job["needs"] == [ladder()[-1]]
    assert job["if"] == "${{ !cancelled() && vars.ASSENT_APP_ID != '' }}"
    assert job["environment"]["name"] == ladder()[0]
    assert minted(job) == {"contents": "read", "issues": "write"}
    role = step(job, "Assume a role that reads")["with"]["role-to-assume"]
    assert role == "${{ vars.ASSENT_READ_ROLE || vars.ASSENT_APPLY_ROLE }}"


@pytest.mark.parametrize("exits", [0, 1, 11, 12])
def test_drift_passes_the_verdict_on(tmp_path: Path, exits: int) -> None:
    """A job is red where something differs, was left, or could not be read."""
    jobs = load("drift.yml")["jobs"]
    cases = {"dev": ("Heal", ["--heal", "--env", "uat"]), "compare": ("Compare", ["--issue"])}
    for name, (verb, options) in cases.items():
        folder = tmp_path / name
        folder.mkdir()
        done, arguments = run_step(step(jobs[name], verb), folder, exits=exits, ENVIRONMENT="uat")
        assert done.returncode == exits, done.stdout
        assert arguments == ["-m", "assent", "drift", *options]


def test_nothing_is_installed_beside_drifts_credentials() -> None:
    """Main's pins are installed before a role or a token is there."""
    for job in load("drift.yml")["jobs"].values():
        names = [each["name"] for each in job["steps"]]
        assert names[2] == "Install what main pins"
        assert [name.split()[0] for name in names[3:6]] == ["Read", "Assume", "Mint"]
        options = step(job, "Check out the head of main")["with"]
        assert (options["ref"], options["fetch-depth"]) == ("main", 0)


# Retire: asks, and decides nothing.


def test_retire_is_asked_for_by_hand() -> None:
    """Model, version, one environment of the ladder, and a reason; all of them are needed."""
    workflow = load("retire.yml")
    assert list(workflow["on"]) == ["workflow_dispatch"]
    inputs = workflow["on"]["workflow_dispatch"]["inputs"]
    assert list(inputs) == ["model", "version", "environment", "reason"]
    assert all(each["required"] for each in inputs.values())
    assert inputs["environment"]["options"] == ladder()


def test_retire_writes_nothing_but_a_pull_request() -> None:
    """Its token opens one; its role reads, and it stays out of the group of those that write."""
    workflow = load("retire.yml")
    (job,) = workflow["jobs"].values()
    assert job["environment"] == {"name": "${{ inputs.environment }}", "deployment": False}
    assert minted(job) == {"contents": "write", "issues": "write", "pull-requests": "write"}
    role = step(job, "Assume a role that reads")["with"]["role-to-assume"]
    assert role == "${{ vars.ASSENT_READ_ROLE || vars.ASSENT_APPLY_ROLE }}"
    assert workflow["concurrency"]["group"].startswith("assent-retire-")


@pytest.mark.parametrize("exits", [0, 3, 10])
@pytest.mark.parametrize("reason", ["it drifts", "--help", "$(touch x); `touch y`\n-- z"])
def test_retire_passes_what_was_typed_as_it_is(tmp_path: Path, reason: str, exits: int) -> None:
    """No text becomes an option, a command or two arguments."""
    retire = step(load("retire.yml")["jobs"]["retire"], "Retire")
    done, arguments = run_step(
        retire, tmp_path, exits=exits, ENVIRONMENT="uat", MODEL="--all", VERSION="7", REASON=reason
    )
    assert done.returncode == exits, done.stdout
    options = ["--env", "uat", "--reason", *reason.split("\n")]
    assert arguments == ["-m", "assent", "retire", *options, "--", "--all", "7"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["arguments", "script.sh", "tools"]


def test_retire_explains_a_missing_app(tmp_path: Path) -> None:
    """Started by hand, a repository that is not set up says so; it does not skip in silence."""
    settings = step(load("retire.yml")["jobs"]["retire"], "Read the settings")
    done, _ = run_step(settings, tmp_path, ENVIRONMENT="uat", ROLE="arn", APP="")
    assert done.returncode == 1
    assert "::error::The repository has no variable ASSENT_APP_ID" in done.stdout


# The files beside the workflows.


def test_code_owners_follow_the_ladder() -> None:
    """The last line that matches gives each environment to its team, and the rules to the platform.

    Only two forms of pattern are in use, so that a plain prefix decides: `*` and `/path`.
    """
    lines = (GITHUB / "CODEOWNERS").read_text("utf-8").splitlines()
    rules = [line.split() for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"\*|/[\w./-]+", pattern) for pattern, *_ in rules)

    def owners(path: str) -> list[str]:
        matching = [names for pattern, *names in rules if f"/{path}".startswith(pattern.strip("*"))]
        return matching[-1]

    for environment in ladder():
        path = f"promotions/{environment}/churn/7.yaml"
        assert owners(path) == [f"@acme/ml-approvers-{environment}"]
    governing = ["assent.yaml", "schemas/promotion.schema.json", "scripts/assent/cli.py"]
    governing += [".github/CODEOWNERS", ".github/workflows/check.yml", "requirements/runtime.txt"]
    for path in [*governing, "Makefile", "promotions/unknown/churn/7.yaml"]:
        assert owners(path) == ["@acme/ml-platform"]


def test_ci_runs_the_commands_of_the_documents() -> None:
    """The tests run on the oldest supported Python and on the one that the workflows use."""
    jobs = load("ci.yml")["jobs"]
    assert jobs["test"]["strategy"]["matrix"]["python"] == ["3.11", "3.13"]
    last = [job["steps"][-1]["run"] for job in jobs.values()]
    act = "$RUNNER_TEMP/act"
    workflows = f'ASSENT_ACT="{act}/bin/act" make workflows'
    assert last == ["make test", workflows, "make demo", "make browser", "make docs"]
    # There act is built as the tests want it, and what it does not run is a failure.
    assert step(jobs["workflows"], "Install act")["run"] == f'.ci/install-act "{act}"'
    assert jobs["workflows"]["steps"][-1]["env"] == {"ASSENT_REQUIRE_ACT": "1"}


def test_ci_run_starts_make_from_anywhere(tmp_path: Path) -> None:
    """`.ci/run` runs `make test` at the root, from whatever folder it is called."""
    make = tmp_path / "make"
    make.write_text('#!/bin/sh\necho "$PWD: make $*"\nexit 7\n')
    make.chmod(0o755)
    assert shutil.which("bash")
    done = run(
        ROOT / ".ci" / "run", cwd=tmp_path, PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    )
    assert done.stdout.strip() == f"{ROOT}: make test"
    assert done.returncode == 7


@pytest.mark.parametrize("required", [False, True])
def test_what_act_does_not_run_is_not_passed(tmp_path: Path, *, required: bool) -> None:
    """Without act a workflow's test is skipped as NOT RUN; where act is required, it fails."""
    test = "tests/workflows/test_apply.py::test_a_repository_that_is_not_set_up_is_quiet"
    done = run(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test),
        ASSENT_ACT=str(tmp_path / "act"),
        ASSENT_REQUIRE_ACT="1" if required else "",
    )
    assert done.returncode == (1 if required else 0), done.stdout
    assert "NOT RUN: act v" in done.stdout
    assert "passed" not in done.stdout.splitlines()[-1]


@pytest.mark.parametrize("chromium", [True, False])
@pytest.mark.parametrize("act", ["as pinned", "another", "none"])
def test_ci_run_tells_what_it_leaves_out(tmp_path: Path, act: str, *, chromium: bool) -> None:
    """With a Chromium, and with act, it runs what needs them; else it says so, and ends well."""
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    pin = tmp_path / "tests" / "workflows" / "act.pin"
    pin.parent.mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "workflows" / "act.pin", pin)
    version = pin.read_text("utf-8").split()[0].removeprefix("v")
    programs = {"make": 'echo "make $* $ASSENT_REQUIRE_ACT $ASSENT_ACT"'}
    if act != "none":
        programs["act"] = f"echo act version {version if act == 'as pinned' else '0.1'}"
    if chromium:
        programs["chromium"] = "exit 1"
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "dirname", "id"):
        program = shutil.which(name)
        assert program
        (tools / name).symlink_to(program)
    for name, script in programs.items():
        (tools / name).write_text(f"#!{tools}/bash\n{script}\n")
        (tools / name).chmod(0o755)
    done = run(
        *(tools / "bash", tmp_path / ".ci" / "run"),
        cwd=tools,
        PATH=str(tools),
        ASSENT_ACT="",
        ASSENT_REQUIRE_ACT="",
    )
    assert done.returncode == 0, done.stdout
    first, second, third, *_, last = done.stdout.splitlines()
    assert first.strip() == "make test"
    if act == "as pinned":
        assert second == f"make workflows 1 {tools}/act"
    else:
        assert second.startswith("NOT RUN: the workflows.")
    assert last.strip() == "make docs"
    assert third.startswith("make browser" if chromium else "NOT RUN: the browser tests.")
