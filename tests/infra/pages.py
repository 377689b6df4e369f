"""The commands of a page that deploy stacks, and what stands once they are typed."""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from moto import mock_aws
from tests.infra.evaluator import Document
from tests.infra.judged import Policies, policies_of
from tests.infra.organization import (
    MANAGEMENT,
    REGISTRY,
    TEMPLATES,
    deploy,
    unsupported_resources,
    upload_code,
)
from tests.workflows.walkthrough.document import steps

PROFILES = {
    "registry": REGISTRY,
    "prod": "444455556666",
    "management": MANAGEMENT,
    "organization": MANAGEMENT,
}
"""The accounts that the pages speak of, by the profile that they are reached with."""
OWNER, REPOSITORY = "1001", "2002"
"""The numbers of the repository's owner and of the repository."""
VARIABLES = {
    "$code": "assent-0123456789abcdef.zip",
    "$digest": "0123456789ab",
    "$runtime": "python3.13",
    "$owner": OWNER,
    "$number": REPOSITORY,
}
"""What the shell would put in the place of its variables."""
DEPLOYING = TEMPLATES.parent / "docs" / "deploying.md"
README = TEMPLATES / "README.md"
_BASH = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One `aws cloudformation deploy`."""

    stack: str
    account: str
    template: str
    """The file's name without its ending."""
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A stack that was deployed, all of it known."""

    deployment: Deployment
    resources: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, str]
    policies: Mapping[str, Document]

    @property
    def roles(self) -> list[str]:
        """The ARNs of its roles."""
        return [name for name in self.policies if ":role/" in name and name.startswith("arn:")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standings:
    """All stacks of a page."""

    all: Sequence[Standing]

    def of(self, template: str) -> list[Standing]:
        """The stacks of a template, in the order of the page."""
        return [each for each in self.all if each.deployment.template == template]

    @property
    def policies(self) -> Policies:
        """Every policy."""
        return Policies(
            documents={name: each for one in self.all for name, each in one.policies.items()}
        )

    def having(self, other: Standing) -> "Standings":
        """The same with another stack in the place of that of its name."""
        name = other.deployment.stack
        return replace(
            self, all=[other if each.deployment.stack == name else each for each in self.all]
        )


def commands(page: Path) -> list[list[str]]:
    """The words of every command of a page, shell variables in place."""
    text = page.read_text(encoding="utf-8")
    if "```console" in text:
        typed = [each.command for each in steps(page, administrator="olga")]
    else:
        blocks = _BASH.findall(text)
        typed = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return [
        [_filled(word) for word in shlex.split(each.replace("\\\n", " "), comments=True)]
        for each in typed
        if "<<" not in each  # a document, whose quotes are none of the shell's
    ]


def _filled(word: str) -> str:
    for name, value in VARIABLES.items():
        word = re.sub(re.escape(name) + r"(?![\w])", value, word)
    return word


def deployments(page: Path) -> list[Deployment]:
    """What a page has deployed, in its order."""
    return list(_deployments(page))


def _deployments(page: Path) -> Iterator[Deployment]:
    for words in commands(page):
        if words[:1] == ["aws"] and [
            each for each in words if each in {"cloudformation", "deploy"}
        ] == ["cloudformation", "deploy"]:
            pairs = words[words.index("--parameter-overrides") + 1 :]
            yield Deployment(
                stack=words[words.index("--stack-name") + 1],
                account=PROFILES[words[words.index("--profile") + 1]],
                template=Path(words[words.index("--template-file") + 1]).stem,
                parameters=dict(each.split("=", 1) for each in pairs),
            )


def stand(deployment: Deployment) -> Standing:
    """Deploy one stack, where nothing else is, and read all of it."""
    said = deployment.parameters
    with mock_aws(), unsupported_resources():
        if "CodeBucket" in said:
            upload_code(said["CodeBucket"], said["CodeKey"])
        stack = deploy(deployment.stack, deployment.account, deployment.template, said)
        return Standing(
            deployment=deployment,
            resources=stack.resolved(),
            outputs=stack.outputs(),
            policies=policies_of(stack),
        )
