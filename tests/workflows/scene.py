"""A promotion repository with its workflows, on the sandbox, and the events that start them."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml
from github import GithubIntegration
from github.Auth import AppAuth
from github.PullRequest import PullRequest
from tests.end_to_end import play
from tests.workflows.runner import Event, Place, Run, Runner, parse

from assent.sandbox.stage import ACCOUNT, ENVIRONMENTS, REGION, REPOSITORY, Stage

ROOT = Path(__file__).parents[2]
Content = Mapping[str, bytes]
"""Files by path."""
OWN = (".github", "assent.yaml", "promotions", "requirements", "schemas", "scripts")
"""What of this repository a promotion repository consists of."""
KEY = "ASSENT_APP_PRIVATE_KEY"
GITHUB_ACTIONS = 15368
"""The number of the App behind `github.token`."""


def own_content() -> Content:
    """This repository, as it would be used: every file that is, or is about to be, part of it."""
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard", *OWN],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return {
        name: (ROOT / name).read_bytes()
        for name in listed.split("\0")
        if name and (ROOT / name).is_file()
    }


def content_of(folder: Path) -> Content:
    """A folder that holds a promotion repository."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


def scaffolded_content(folder: Path) -> Content:
    """What `assent init` makes, for the ladder and the teams of a stage."""
    owners = [f"--owner={name}=@acme/ml-approvers-{name}" for name in ENVIRONMENTS]
    fixed = (f"--repository={REPOSITORY}", f"--registry={ACCOUNT}/{REGION}", "--app-id=1")
    done = play.assent("init", folder, *fixed, *owners, "--platform=@acme/ml-platform")
    assert done.exit_code == 0, done.output
    return content_of(folder)


def settled_on(stage: Stage, content: Content) -> dict[str, bytes | str]:
    """The same content, of a repository whose GitHub is the sandbox's."""
    configuration = yaml.safe_load(content["assent.yaml"])
    configuration["github"] = {"repository": REPOSITORY, "api_url": stage.api_url}
    return {**content, "assent.yaml": yaml.safe_dump(configuration, sort_keys=False)}


@dataclass(slots=True, kw_only=True)
class Scene:
    """A repository on a stage, and what people and GitHub do there."""

    stage: Stage
    runner: Runner
    name: str

    # What people do.

    def propose(self, *, model: str = "churn", auc: float = 0.91) -> PullRequest:
        """Register a version, and let the Lambda open its pull request to the first environment."""
        with self.signed_in():
            return play.propose(self.stage, play.train(self.stage, group=model, auc=auc), self.name)

    def accept(self, pull: PullRequest, by: str = "ana") -> str:
        """Approve and merge; returns the commit on main."""
        self.stage.approve(pull.number, by, self.name)
        return self.stage.merge(pull.number, by, self.name)

    def close(self, pull: PullRequest, by: str) -> None:
        """Close without merging."""
        self.stage.close(pull.number, by, self.name)

    def pull(self, number: int) -> PullRequest:
        """A pull request as it is now."""
        return self.stage.repository("ana", self.name).get_pull(number)

    def commit(self, branch: str, files: Mapping[str, str], *, by: str = "zoe") -> None:
        """Write files to a branch, which begins at main where there is none."""
        repository = self.stage.repository(by, self.name)
        if not self.git("for-each-ref", f"refs/heads/{branch}"):
            repository.create_git_ref(f"refs/heads/{branch}", self.head())
        for path, text in files.items():
            there = self._there(path, branch)
            if there is None:
                repository.create_file(path, f"Add {path}", text, branch=branch)
            else:
                repository.update_file(path, f"Edit {path}", text, there, branch=branch)

    def open(self, branch: str, title: str, *, by: str = "zoe") -> PullRequest:
        """Open a pull request by hand."""
        repository = self.stage.repository(by, self.name)
        return repository.create_pull(base="main", head=branch, title=title)

    def _there(self, path: str, branch: str) -> str | None:
        listed = self.git("ls-tree", f"refs/heads/{branch}", path)
        return listed.split()[2] if listed else None

    def push(self, files: Mapping[str, str]) -> str:
        """Put files onto main behind GitHub's back; returns the commit."""
        clone = self.stage.clone(self.stage.root / "pushing" / self.name, self.name)
        for path, text in files.items():
            (clone / path).parent.mkdir(parents=True, exist_ok=True)
            (clone / path).write_text(text, "utf-8")
            play.push(self.stage, clone, path, self.name)
        return self.head()

    def apply(self) -> None:
        """Apply main, as apply.yml would, without act."""
        with self.signed_in():
            clone = self.stage.clone(self.stage.root / "applying" / self.name, self.name)
            done = play.assent("apply", "--repository", clone)
        assert done.exit_code == 0, done.output

    def record(self, pull: PullRequest) -> tuple[str, str]:
        """Where a promotion's record is, and what it says."""
        (path,) = (each.filename for each in self.pull(pull.number).get_files())
        return path, self.file(path, pull.head.sha)

    # What is on GitHub.

    def git(self, *arguments: str) -> str:
        """Ask the bare repository."""
        return self._git(*arguments).strip()

    def _git(self, *arguments: str) -> str:
        bare = self.stage.hub.repository_path(self.name)
        return subprocess.run(
            ["git", "-C", bare, *arguments], check=True, capture_output=True, text=True
        ).stdout

    def head(self) -> str:
        """The commit of main."""
        return self.git("rev-parse", "refs/heads/main")

    def file(self, path: str, commit: str | None = None) -> str:
        """A file of a commit; of main without one."""
        return self._git("show", f"{commit or self.head()}:{path}")

    def set_variable(self, environment: str, name: str, value: str | None) -> None:
        """Set a variable of a GitHub environment, or take it away."""
        settings = self.stage.hub.settings(self.name)
        there = settings.environments[environment]
        variables = {key: each for key, each in there.variables.items() if key != name}
        changed = replace(there, variables=variables | ({} if value is None else {name: value}))
        environments = {**settings.environments, environment: changed}
        self.stage.hub.configure(self.name, replace(settings, environments=environments))

    def forget_variables(self) -> None:
        """Take the repository's own variables away, as in one made from a template."""
        settings = self.stage.hub.settings(self.name)
        self.stage.hub.configure(self.name, replace(settings, variables={}))

    # The events.

    def on_pull(
        self, pull: PullRequest, action: str = "opened", *, target: bool = False, by: str = "zoe"
    ) -> Event:
        """Something happened to a pull request."""
        shown = self.pull(pull.number).raw_data
        payload = {**self._common(by), "action": action, "number": pull.number}
        payload["pull_request"] = shown
        if target:
            base = shown["base"]["ref"]
            return Event(
                name="pull_request_target",
                payload=payload,
                ref=f"refs/heads/{base}",
                sha=self.head(),
                source=self.head(),
                actor=by,
            )
        merge = shown["merge_commit_sha"]
        assert merge, "a pull request that cannot be merged starts no workflow"
        return Event(
            name="pull_request",
            payload=payload,
            ref=f"refs/pull/{pull.number}/merge",
            sha=merge,
            source=merge,
            actor=by,
        )

    def on_push(self) -> Event:
        """Main was moved."""
        head = self.head()
        payload = {**self._common("ana"), "ref": "refs/heads/main", "after": head, "deleted": False}
        return self._on_main("push", payload)

    def on_dispatch(self, **inputs: str) -> Event:
        """Somebody started a workflow by hand, on main."""
        payload = {**self._common("ana"), "ref": "refs/heads/main", "inputs": inputs}
        return self._on_main("workflow_dispatch", payload)

    def on_schedule(self, file: str) -> Event:
        """The clock started it."""
        workflow = parse(self.file(f".github/workflows/{file}"))
        (when,) = (each["cron"] for each in workflow["on"]["schedule"])
        return self._on_main("schedule", {**self._common("ana"), "schedule": when})

    def on_queue(self, pull: PullRequest) -> Event:
        """The merge queue made a commit that is to be judged."""
        shown = self.pull(pull.number).raw_data
        branch = f"refs/heads/gh-readonly-queue/main/pr-{pull.number}-{self.head()}"
        group = {
            "head_sha": shown["merge_commit_sha"],
            "head_ref": branch,
            "base_sha": self.head(),
            "base_ref": "refs/heads/main",
        }
        self.git("update-ref", branch, group["head_sha"])
        payload = {**self._common("ana"), "action": "checks_requested", "merge_group": group}
        return Event(
            name="merge_group",
            payload=payload,
            ref=branch,
            sha=group["head_sha"],
            source=group["head_sha"],
        )

    def _on_main(self, name: str, payload: Mapping[str, Any]) -> Event:
        head = self.head()
        return Event(name=name, payload=payload, ref="refs/heads/main", sha=head, source=head)

    def _common(self, sender: str) -> dict[str, Any]:
        repository = {"full_name": self.name, "default_branch": "main"}
        return {"repository": repository, "sender": {"login": sender}}

    # What GitHub does then.

    def run(self, file: str, event: Event) -> Run:
        """Run a workflow for an event, as the repository has it where GitHub takes it from."""
        text = self.file(f".github/workflows/{file}", event.source)
        return self.runner.run(self._place(parse(text)), file, text, event)

    def _place(self, workflow: Mapping[str, Any]) -> Place:
        stage, settings = self.stage, self.stage.hub.settings(self.name)
        key = stage.environment()[KEY]
        network = stage.aws.environment()
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
            del network[name]
        del network["AWS_DEFAULT_REGION"], network["NO_PROXY"]
        return Place(
            name=self.name,
            server=stage.api_url.removesuffix("/api/v3"),
            variables=settings.variables,
            environments={
                name: environment.variables for name, environment in settings.environments.items()
            },
            secrets={
                name: {secret: key for secret in environment.secrets if secret == KEY}
                for name, environment in settings.environments.items()
            },
            trust={
                f"arn:aws:iam::{account(stage)}:role/assent-apply-{name}": name
                for name in settings.environments
            },
            token=self._token(workflow),
            network=network,
        )

    def _token(self, workflow: Mapping[str, Any]) -> str:
        """A token that may do what the workflow lets its jobs do, and no more."""
        (granted,) = {
            tuple(sorted(job.get("permissions", workflow["permissions"]).items()))
            for job in workflow["jobs"].values()
        }
        app = actions_app(self.stage)
        client = GithubIntegration(
            auth=AppAuth(app.app_id, app.private_key_pem), base_url=self.stage.api_url
        )
        asked = {name.replace("-", "_"): level for name, level in granted if name != "id-token"}
        return client.get_access_token(app.installation_id, permissions=asked).token

    @contextmanager
    def signed_in(self) -> Iterator[None]:
        """Let this process be the Lambda of the repository, and nothing of this machine's user."""
        play.cold_start()
        own = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AWS_", "ASSENT_"))
        }
        with patch.dict(os.environ, own | self.stage.environment(self.name), clear=True):
            yield
        play.cold_start()

    # What is in AWS.

    def current(self, environment: str = "dev", model: str = "churn") -> int | None:
        """The version that `current` names; None where there is none, or no such parameter."""
        found = play.parameters(self.stage).get(f"{environment}/{model}/current", {})
        version: int | None = found.get("version")
        return version

    def approval(self, model: str = "churn") -> str:
        """The registry's status of a model's only version."""
        listed = self.stage.aws.sagemaker.list_model_packages(ModelPackageGroupName=model)
        (found,) = listed["ModelPackageSummaryList"]
        return found["ModelApprovalStatus"]

    def issues(self) -> list[Any]:
        """The open issues that are no pull requests."""
        listed = self.stage.repository("ana", self.name).get_issues(state="open")
        return [each for each in listed if each.pull_request is None]


def account(stage: Stage) -> str:
    """The registry's account."""
    return stage.account_of("dev")


def actions_app(stage: Stage) -> Any:  # noqa: ANN401 - the sandbox's own credentials type
    """The App behind `github.token`, on this stage."""
    found = _APPS.get(id(stage))
    if found is None:
        found = _APPS[id(stage)] = stage.hub.add_app(slug="github-actions", app_id=GITHUB_ACTIONS)
    return found


_APPS: dict[int, Any] = {}
