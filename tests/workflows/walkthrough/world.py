"""An organization on GitHub and three accounts of AWS that have nothing of Assent yet.

What somebody types reaches the sandbox. What happens by itself happens here, as soon as a command
is done: SageMaker tells of new packages, EventBridge's rules fill the queue, the queue calls the
function that was deployed, and GitHub Actions, when it is waited for, runs what is due.
"""

import io
import re
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from flask import Flask
from github import GithubIntegration
from github.Auth import AppAuth
from moto.awslambda.models import lambda_backends
from moto.iam.models import iam_backends
from moto.sqs.models import sqs_backends
from tests.lambda_runtime.service import Deployment, Function
from tests.workflows.runner import Event, Place, Run, Runner, parse

from assent.sandbox.aws import AwsSandbox
from assent.sandbox.aws.events import registration_event
from assent.sandbox.aws.intake import Intake
from assent.sandbox.github import GitHub
from assent.sandbox.loopback import LoopbackServer

REPOSITORY = "acme/model-promotions"
ADMINISTRATOR = "olga"
APP = 123456
GITHUB_ACTIONS = 15368
"""The number of the App behind `github.token`."""
REGION = "eu-west-1"
PROFILES = {"registry": "111122223333", "prod": "444455556666", "management": "999988887777"}
TEAMS = {
    "ml-platform": ("carla", "olga"),
    "ml-approvers-dev": ("ana", "ben"),
    "ml-approvers-prod": ("ben", "carla"),
}
_TRUSTED = re.compile(r"environment:([\w-]+)")


def token(login: str) -> str:
    """Somebody's token of GitHub."""
    return f"token-of-{login}"


class World:
    """Both services, running; a context manager.

    Args:
        folder: An empty one.
        runner: What runs workflows.
        runtime: A folder with AWS's client of Lambda's runtime.
    """

    def __init__(self, folder: Path, runner: Runner, runtime: Path) -> None:
        self.folder = folder
        self.aws = AwsSandbox(account=PROFILES["registry"], region=REGION)
        self.hub = GitHub(folder / "github", now=lambda: datetime.now(tz=UTC))
        self._github = LoopbackServer(self.hub.wsgi)
        self._actions = LoopbackServer(_actions(self.run_what_is_due))
        self._runner = runner
        self._runtime = runtime
        self._running = ExitStack()
        self._told: set[str] = set()
        self._functions: dict[str, Function] = {}
        self._head = ""
        self.runs: list[Run] = []
        """The workflows that ran, oldest first."""
        for login in dict.fromkeys(login for team in TEAMS.values() for login in team):
            self.hub.add_user(login, token(login))
        self.hub.add_organization("acme", members=[*{each for t in TEAMS.values() for each in t}])
        for slug, members in TEAMS.items():
            self.hub.add_team("acme", slug, members=members)
        self.app = self.hub.add_app(slug="assent", app_id=APP)
        self._jobs = self.hub.add_app(slug="github-actions", app_id=GITHUB_ACTIONS)

    def __enter__(self) -> Self:
        for server in (self.aws, self._github, self._actions):
            self._running.enter_context(server)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._running.close()

    @property
    def api_url(self) -> str:
        """GitHub's API."""
        return f"{self._github.url}/api/v3"

    def environment(self) -> dict[str, str]:
        """What leads the programs that are typed here, whoever types them."""
        home = self.folder / "home"
        (home / ".aws").mkdir(parents=True, exist_ok=True)
        profiles = [
            f"[profile {name}]\nregion = {REGION}\nendpoint_url = {self.aws.url}\n"
            f"aws_access_key_id = {self.aws.environment(account=account)['AWS_ACCESS_KEY_ID']}\n"
            "aws_secret_access_key = sandbox\n"
            for name, account in PROFILES.items()
        ]
        (home / ".aws" / "config").write_text("\n".join(profiles), encoding="utf-8")
        return {
            "HOME": str(home),
            "AWS_PAGER": "",
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
            "ASSENT_API_URL": self.api_url,
            "GH_API": self.api_url,
            "GH_ACTIONS": self._actions.url,
            "GIT_CONFIG_NOSYSTEM": "1",
            "LANG": "C.UTF-8",
        }

    def identity(self, login: str) -> dict[str, str]:
        """What makes the same programs somebody's."""
        address = self._github.url.replace("://", f"://{login}:{token(login)}@")
        settings = {
            f"url.{address}/.insteadOf": "https://github.com/",
            "user.name": login,
            "user.email": f"{login}@acme.test",
        }
        numbered = enumerate(settings.items())
        return {
            "GH_TOKEN": token(login),
            "ASSENT_GITHUB_TOKEN": token(login),
            "GIT_CONFIG_COUNT": str(len(settings)),
            **{
                name: text
                for number, (key, value) in numbered
                for name, text in (
                    (f"GIT_CONFIG_KEY_{number}", key),
                    (f"GIT_CONFIG_VALUE_{number}", value),
                )
            },
        }

    # What AWS does by itself.

    def settle(self) -> None:
        """Let everything arrive that is on its way: events, messages, the function's work."""
        # moto would call the function by itself, in a container.
        for queue in sqs_backends[PROFILES["registry"]][REGION].queues.values():
            queue.lambda_event_source_mappings.clear()
        self._make_up_for_moto()
        home = self.aws.backstage()
        for page in home.sagemaker.get_paginator("list_model_packages").paginate(
            ModelPackageType="Versioned"
        ):
            for each in page["ModelPackageSummaryList"]:
                arn = each["ModelPackageArn"]
                if arn not in self._told:
                    self._told.add(arn)
                    described = home.sagemaker.describe_model_package(ModelPackageName=arn)
                    self.aws.emit(registration_event(described))
        for function in lambda_backends[PROFILES["registry"]][REGION].list_functions():
            self._drain(function)

    def _make_up_for_moto(self) -> None:
        """Create the secret, which moto's CloudFormation leaves out."""
        session = self.aws.session()
        secrets = session.client("secretsmanager")
        known = {each["Name"] for each in secrets.list_secrets()["SecretList"]}
        stacks = session.client("cloudformation")
        for stack in stacks.describe_stacks()["Stacks"]:
            template = stacks.get_template(StackName=stack["StackName"])["TemplateBody"]
            given = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
            for name in re.findall(r'Name: !Sub "(\$\{NamePrefix\}/[\w-]+)"', str(template)):
                secret = name.replace("${NamePrefix}", given["NamePrefix"])
                if secret not in known:
                    secrets.create_secret(Name=secret)

    def _drain(self, function: Any) -> None:  # noqa: ANN401 - moto's own type
        lambdas = lambda_backends[PROFILES["registry"]][REGION]
        (mapping,) = lambdas.list_event_source_mappings("", function.function_name)
        queue = mapping.event_source_arn.rpartition(":")[2]
        intake = Intake(self.aws.backstage(), self.aws._front.lock, bus="assent", queue=queue)
        if len(intake):
            drained = intake.drain(self._deployed(function))
            assert not drained.errors, drained.errors
            assert not drained.failures, self.log

    def _deployed(self, function: Any) -> Function:  # noqa: ANN401 - moto's own type
        """The function as it was deployed: its zip unpacked, its handler, its settings."""
        name = function.code_sha_256
        if name not in self._functions:
            folder = self.folder / "lambda"
            (folder / "logs").mkdir(parents=True)
            with zipfile.ZipFile(io.BytesIO(function.code_bytes)) as archive:
                archive.extractall(folder / "task")
            settings = dict(function.environment_vars)
            deployment = Deployment(
                task=folder / "task",
                runtime=self._runtime,
                # GitHub and AWS are elsewhere than the deployed settings say, and nothing else is.
                environment={
                    **settings,
                    **self.aws.environment(),
                    "ASSENT_API_URL": self.api_url,
                },
                logs=folder / "logs",
                handler=function.handler,
            )
            self._functions[name] = self._running.enter_context(Function(deployment))
        return self._functions[name]

    @property
    def log(self) -> str:
        """What the function printed."""
        logs = sorted((self.folder / "lambda" / "logs").glob("*"))
        return "\n".join(each.read_text(errors="replace") for each in logs)

    # What GitHub Actions does.

    def run_what_is_due(self) -> tuple[int, str]:
        """Run apply.yml, if main was moved since; returns its exit code and what it came to."""
        head = self._git("rev-parse", "refs/heads/main")
        if head == self._head:
            return 1, "nothing is due\n"
        self._head = head
        text = self._git("show", f"{head}:.github/workflows/apply.yml") + "\n"
        payload = {
            "repository": {"full_name": REPOSITORY, "default_branch": "main"},
            "sender": {"login": ADMINISTRATOR},
            "ref": "refs/heads/main",
            "after": head,
            "deleted": False,
        }
        event = Event(name="push", payload=payload, ref="refs/heads/main", sha=head, source=head)
        run = self._runner.run(self._place(text), "apply.yml", text, event)
        self.runs.append(run)
        lines = [f"{job}: {result}" for job, result in run.jobs.items()]
        return run.exit, "\n".join(lines if run.exit == 0 else [run.story]) + "\n"

    def _git(self, *arguments: str) -> str:
        bare = self.hub.repository_path(REPOSITORY)
        command = ["git", "-C", str(bare), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def _place(self, text: str) -> Place:
        settings, secrets = self.hub.settings(REPOSITORY), self.hub.secrets(REPOSITORY)
        network = {
            name: value
            for name, value in self.aws.environment().items()
            if name.startswith("AWS_") and "KEY" not in name and "REGION" not in name
        }
        permissions = parse(text)["permissions"]
        assert permissions == {}, "the token of this workflow may do nothing beyond its jobs"
        client = GithubIntegration(
            auth=AppAuth(self._jobs.app_id, self._jobs.private_key_pem), base_url=self.api_url
        )
        reading = client.get_access_token(
            self._jobs.installation_id, permissions={"contents": "read"}
        )
        return Place(
            name=REPOSITORY,
            server=self._github.url,
            variables=settings.variables,
            environments={
                name: environment.variables for name, environment in settings.environments.items()
            },
            secrets={
                name: {key: value for (place, key), value in secrets.items() if place == name}
                for name in settings.environments
            },
            trust=dict(self._trusted()),
            token=reading.token,
            network={**network, "ASSENT_API_URL": self.api_url},
        )

    @staticmethod
    def _trusted() -> Mapping[str, str]:
        """The GitHub environment that each role trusts that was deployed, by the role's ARN."""
        found = {}
        for role in iam_backends[PROFILES["registry"]]["aws"].get_roles():
            text = str(role.assume_role_policy_document)
            names = set(_TRUSTED.findall(text))
            if "AssumeRoleWithWebIdentity" in text and len(names) == 1:
                found[role.arn] = names.pop()
        return found


def _actions(run: Callable[[], tuple[int, str]]) -> Flask:
    """Where the stand-in for `gh run watch` waits for what is due."""
    application = Flask("actions")

    @application.post("/runs")
    def runs() -> dict[str, Any]:
        exit_code, output = run()
        return {"exit": exit_code, "output": output}

    return application
