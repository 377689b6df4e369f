"""Runs a workflow file with act, without containers and without the network, against the sandbox.

act executes the file: its triggers' jobs in their order, conditions, expressions, steps, shells,
outputs. What it does not model is done here, or is asserted on the parsed files in
tests/test_workflows.py:

- act has one set of variables and secrets for a whole run. Those of a GitHub environment are given
  as one JSON value by job, and each expression that reads one is pointed at its job's.
- It refuses two keys that it does not know; their lines are blanked: see ``UNKNOWN``.
- It gives each step a terminal. GitHub does not, so a wrapper around bash takes it away.
- A file's filters of branches and types are judged here, before act is started.

In one thing it does more than GitHub: it evaluates a `${{` in the value of a variable once again.
So no test has one in text that stands for a stranger's.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
MACHINE = "ubuntu-24.04"
LONGEST = 300
"""Seconds after which a run is stuck."""
UNKNOWN = {
    "deployment": re.compile(r"^ +deployment: false\b.*$", re.MULTILINE),
    "queue": re.compile(r"^ +queue: max\b.*$", re.MULTILINE),
}
"""The keys of GitHub's that act refuses, as the files have them, and not otherwise."""
_READS = re.compile(r"\b(vars|secrets)\.([A-Z][A-Z0-9_]*)")
_EXIT = re.compile(r"exit status (\d+)")
_INPUT = re.compile(r"\$\{\{ inputs\.(\w+) \}\}")

Node = dict[str, Any]


def parse(text: str) -> Node:
    """Read a workflow; its `on` is found under that key, which YAML 1.1 takes for a boolean."""
    document: dict[Any, Any] = yaml.safe_load(text)
    document["on"] = document.pop(True)
    return document


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened on GitHub."""

    name: str
    payload: Mapping[str, Any]
    ref: str
    """`github.ref`."""
    sha: str
    """`github.sha`."""
    source: str
    """The commit whose copy of the workflow GitHub takes."""
    actor: str = "zoe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The repository that a workflow runs for, as far as a runner knows it."""

    name: str
    server: str
    variables: Mapping[str, str]
    environments: Mapping[str, Mapping[str, str]]
    """Variables by GitHub environment."""
    secrets: Mapping[str, Mapping[str, str]]
    """Likewise; a repository's own are none."""
    trust: Mapping[str, str]
    """The GitHub environment that each role trusts, by the role's ARN."""
    token: str
    """What `github.token` is."""
    network: Mapping[str, str]
    """Where AWS is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What a step told the runner by a line of its output."""

    job: str
    step: str
    name: str
    properties: Mapping[str, str]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What became of a workflow."""

    number: int
    """What `github.run_id` is."""
    exit: int
    jobs: Mapping[str, str]
    """success, failure or skipped, by job, in the order of the file."""
    finished: tuple[str, ...]
    """The jobs that ran, in their order."""
    steps: Mapping[tuple[str, str], str]
    """success, failure or skipped by job and step."""
    exits: Mapping[tuple[str, str], int]
    """The exit codes of scripts that failed."""
    output: Mapping[tuple[str, str], str]
    summaries: Mapping[str, str]
    """What each job wrote to its summary."""
    commands: tuple[Command, ...]
    log: str
    """All of it, as act printed it."""

    @property
    def story(self) -> str:
        """What happened, to be read by whoever wonders why a test failed."""
        lines = [f"{job}: {result}" for job, result in self.jobs.items()]
        for (job, step), result in self.steps.items():
            lines += [f"--- {job}: {step}: {result}", self.output.get((job, step), "").rstrip()]
            lines += [
                f"{each.name}: {each.text}"
                for each in self.commands
                if (each.job, each.step) == (job, step) and each.name != "add-mask"
            ]
        return "\n".join(lines) if self.steps else self.log

    def told(self, level: str) -> list[Command]:
        """The annotations of a level."""
        return [each for each in self.commands if each.name == level]


@dataclass(slots=True)
class Runner:
    """Starts act.

    Args:
        act: The program.
        folder: An empty folder; act's home, caches and workspaces are below it.
        image: What a job's Python has installed.
        python: The tests' own interpreter, which the stand-ins run with.
    """

    act: Path
    folder: Path
    image: Path
    python: Path
    _runs: int = field(default=0)

    def run(self, place: Place, file: str, text: str, event: Event) -> Run:
        """Run a workflow file for an event that it is started by."""
        self._runs += 1
        home = self.folder / str(self._runs)
        workflows, workspace = home / "workflows", home / "workspace"
        for folder in (workflows, workspace, home / "home", home / "tools"):
            folder.mkdir(parents=True)
        document = parse(text)
        assert starts(document, event), f"{file} is not started by {event.name}"
        jobs = {
            name: _knowledge(job, document, event, place) for name, job in document["jobs"].items()
        }
        (workflows / file).write_text(prepared(text, place.variables), "utf-8")
        (home / "event.json").write_text(json.dumps(event.payload), "utf-8")
        told = {"jobs": jobs, "trust": place.trust, "image": str(self.image)}
        (home / "settings.json").write_text(json.dumps(told), "utf-8")
        self._tools(home / "tools")
        command = [
            *(str(self.act), event.name, "--json", "--no-skip-checkout", "--no-cache-server"),
            *("--action-offline-mode", "--pull=false", "--rm", "--concurrent-jobs", "1"),
            *("--platform", f"{MACHINE}=-self-hosted", "--actor", event.actor),
            *(
                "--workflows",
                str(home / "workflows" / file),
                "--directory",
                str(home / "workspace"),
            ),
            *("--eventpath", str(home / "event.json"), "--action-cache-path", str(home / "cache")),
            *_each("--local-repository", _stand_ins(document)),
            *_each("--var", {**place.variables, "OF_JOB": _by_job(jobs, "variables")}),
            *_each("--secret", {"GITHUB_TOKEN": place.token, "OF_JOB": _by_job(jobs, "secrets")}),
            *_each("--env", self._context(place, event, home)),
        ]
        done = subprocess.run(
            command,
            env=self._environment(home, place),
            cwd=workspace,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            timeout=LONGEST,
        )
        (home / "log").write_text(done.stdout, "utf-8")
        assert not [*workspace.iterdir()], "something was written outside of the job"
        return _read(self._runs, done.returncode, done.stdout, document)

    def _context(self, place: Place, event: Event, home: Path) -> dict[str, str]:
        """What GitHub tells each job of itself, and where the stand-ins find what they need."""
        return {
            "GITHUB_REPOSITORY": place.name,
            "GITHUB_SERVER_URL": place.server,
            "GITHUB_API_URL": f"{place.server}/api/v3",
            "GITHUB_RUN_ID": str(self._runs),
            "GITHUB_REF": event.ref,
            "SHA_REF": event.sha,  # act's name for what becomes GITHUB_SHA
            "STAND_IN": str(home / "tools" / "stand-in"),
            "STAND_IN_SETTINGS": str(home / "settings.json"),
        }

    def _environment(self, home: Path, place: Place) -> dict[str, str]:
        """The whole environment: nothing of this machine's user, and no way to the network."""
        found = [shutil.which(name) for name in ("git", "bash", "cat")]
        folders = dict.fromkeys(str(Path(each).parent) for each in found if each)
        return {
            "PATH": os.pathsep.join([str(home / "tools"), *folders]),
            "HOME": str(home / "home"),
            "XDG_CONFIG_HOME": str(home / "home" / "config"),
            "XDG_CACHE_HOME": str(home / "home" / "cache"),
            "TMPDIR": str(home / "home"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "LANG": "C.UTF-8",
            "NO_PROXY": "*",
            "PIP_NO_INDEX": "1",  # what is not there is a failure, and nothing is fetched
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            **place.network,
        }

    def _tools(self, folder: Path) -> None:
        bash = shutil.which("bash")
        assert bash
        wrapper = f'"{bash}" "$@" < /dev/null 2>&1 | cat\nexit "${{PIPESTATUS[0]}}"\n'
        # Of the tests' own files, not of whatever folder the job is in (-P).
        module = f'exec "{self.python}" -s -P -m "tests.workflows.stand_ins.${{1//-/_}}"\n'
        stand_in = f'PYTHONPATH="{HERE.parents[1]}" {module}'
        for name, script in (("bash", wrapper), ("stand-in", stand_in)):
            (folder / name).write_text(f"#!{bash}\n{script}", "utf-8")
            (folder / name).chmod(0o755)


def starts(document: Node, event: Event) -> bool:
    """Whether an event passes the filters of the workflow's triggers."""
    if event.name not in document["on"]:
        return False
    filters = document["on"][event.name] or {}
    if event.name == "workflow_dispatch":
        return _offered(filters.get("inputs", {}), event.payload["inputs"])
    if event.name == "schedule":
        return event.payload["schedule"] in [each["cron"] for each in filters]
    assert set(filters) <= {"branches", "types"}, f"nobody judges {set(filters)} here"
    base = event.payload.get("pull_request", {}).get("base", {}).get("ref")
    branch = base or event.payload.get("merge_group", {}).get("base_ref") or event.ref
    branches = filters.get("branches", [])
    assert not any(set("*?+[]!") & set(each) for each in branches), "nobody matches patterns here"
    types = filters.get("types")
    return branch.removeprefix("refs/heads/") in branches and (
        types is None or event.payload["action"] in types
    )


def _offered(inputs: Mapping[str, Any], given: Mapping[str, str]) -> bool:
    """Whether somebody could have typed these inputs into the form."""
    return set(given) <= set(inputs) and all(
        (name in given or not each.get("required"))
        and (each["type"] != "choice" or given.get(name, each.get("default")) in each["options"])
        for name, each in inputs.items()
    )


def prepared(text: str, variables: Mapping[str, str]) -> str:
    """A copy of a workflow for act, line by line the same but for what the module's head names.

    Args:
        text: The file.
        variables: Those of the repository, which every job has alike.
    """
    copy = text
    for pattern in UNKNOWN.values():
        copy = pattern.sub("", copy)
    assert parse(copy) == _without_unknown(parse(text)), "more than the listed keys was dropped"

    def at_job(match: re.Match[str]) -> str:
        kind, name = match.groups()
        if kind == "vars" and name in {*variables, "ASSENT_APP_ID"}:
            return match[0]
        return f"fromJSON({kind}.OF_JOB)[github.job].{name}"

    return _READS.sub(at_job, copy)


def _without_unknown(document: Node) -> Node:
    """A parsed workflow without the keys that act refuses, which say what they have to."""
    assert document.get("concurrency", {}).pop("queue", "max") == "max"
    for job in document["jobs"].values():
        if isinstance(job.get("environment"), dict):
            assert job["environment"].pop("deployment", False) is False
    return document


def _knowledge(job: Node, document: Node, event: Event, place: Place) -> Node:
    """What GitHub knows of a job: its environment and what that holds, and what it may do."""
    named = job.get("environment", {}).get("name", "")
    given = _INPUT.fullmatch(named)
    name = event.payload["inputs"][given[1]] if given else named
    assert "${{" not in name, f"nobody evaluates {named} here"
    return {
        "environment": name,
        "permissions": job.get("permissions", document["permissions"]),
        "variables": {**place.variables, **place.environments.get(name, {})},
        "secrets": place.secrets.get(name, {}),
    }


def _by_job(jobs: Mapping[str, Node], part: str) -> str:
    return json.dumps({name: job[part] for name, job in jobs.items()})


def _each(option: str, values: Mapping[str, str]) -> Iterator[str]:
    for name, value in values.items():
        yield option
        yield f"{name}={value}"


def _stand_ins(document: Node) -> dict[str, str]:
    """The folder that stands in for each action, which declares every input that is given."""
    found = {}
    for job in document["jobs"].values():
        for step in job["steps"]:
            if "uses" not in step:
                continue
            folder = HERE / "actions" / step["uses"].partition("@")[0]
            action = folder / "action.yml"
            assert action.exists(), f"nothing stands in for {step['uses']}"
            declared = yaml.safe_load(action.read_text("utf-8"))["inputs"]
            unknown = set(step.get("with", {})) - set(declared)
            assert not unknown, f"the stand-in for {step['uses']} does not know {unknown}"
            found[step["uses"]] = str(folder)
    return found


def _read(number: int, exit_code: int, log: str, document: Node) -> Run:
    """Put together what act printed, a JSON object a line."""
    lines = [each for each in map(_line, log.splitlines()) if each is not None]
    results = {each["jobID"]: each["jobResult"] for each in lines if "jobResult" in each}
    steps: dict[tuple[str, str], str] = {}
    exits: dict[tuple[str, str], int] = {}
    output: dict[tuple[str, str], str] = {}
    summaries: dict[str, str] = {}
    commands = []
    for each in lines:
        place = (each.get("jobID", ""), each.get("step", ""))
        message = each["msg"]
        if each.get("stage") == "Main" and each.get("stepResult") and len(each["stepID"]) == 1:
            steps[place] = each["stepResult"]
        if failed := _EXIT.fullmatch(message) if each["level"] == "error" else None:
            exits[place] = int(failed[1])
        if each.get("raw_output"):
            output[place] = output.get(place, "") + message
        if each.get("command") == "summary":
            summaries[place[0]] = summaries.get(place[0], "") + each["content"]
        elif "command" in each and "raw" in each:
            commands.append(
                Command(
                    job=place[0],
                    step=place[1],
                    name=each["command"],
                    properties=each.get("kvPairs") or {},
                    text=each["arg"],
                )
            )
    return Run(
        number=number,
        exit=exit_code,
        jobs={name: results.get(name, "skipped") for name in document["jobs"]},
        finished=tuple(results),
        steps=steps,
        exits=exits,
        output=output,
        summaries=summaries,
        commands=tuple(commands),
        log=log,
    )


def _line(text: str) -> Node | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) and "msg" in found else None


def version(act: Path) -> str:
    """What act calls itself."""
    done = subprocess.run([act, "--version"], capture_output=True, text=True, check=True)
    return done.stdout.split()[-1]


def names(commands: Sequence[Command]) -> set[str]:
    """Which commands there are, in all."""
    return {each.name for each in commands}
