"""The commands of infra/README.md fit the templates that they deploy, and those what is built."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.infra.organization import TEMPLATES
from tests.infra.templates import read_template

from assent.lambda_zip import ARCHITECTURES, RUNTIMES

README = (TEMPLATES / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _deployments() -> list[tuple[str, dict[str, str], list[str]]]:
    """Template, parameters and words of each `aws cloudformation deploy`."""
    found = []
    for block in BLOCK.findall(README):
        for command in block.replace("\\\n", " ").splitlines():
            words = shlex.split(command)
            if words[:3] == ["aws", "cloudformation", "deploy"]:
                path = words[words.index("--template-file") + 1]
                pairs = words[words.index("--parameter-overrides") + 1 :]
                parameters = dict(each.split("=", 1) for each in pairs)
                found.append((Path(path).stem, parameters, words))
    return found


DEPLOYMENTS = _deployments()


def test_each_template_is_deployed() -> None:
    """README.md has a command and a row for every template, and links to it."""
    names = {path.stem for path in TEMPLATES.glob("*.yaml")}
    assert {name for name, _, _ in DEPLOYMENTS} == names
    assert set(re.findall(r"^\| \[(\w+)\.yaml\]", README, re.MULTILINE)) == names


@pytest.mark.parametrize(
    ("name", "parameters", "words"), DEPLOYMENTS, ids=[name for name, _, _ in DEPLOYMENTS]
)
def test_a_command_fits_its_template(
    name: str, parameters: dict[str, str], words: list[str]
) -> None:
    """Every parameter exists and takes the value, and none that has no default is missing."""
    declared = read_template(name)["Parameters"]
    assert parameters.keys() <= declared.keys()
    assert {each for each, said in declared.items() if "Default" not in said} <= parameters.keys()
    for each, value in parameters.items():
        said = declared[each]
        values = value.split(",") if said["Type"] == "CommaDelimitedList" else [value]
        for one in values:
            plain = one.replace("$digest", "0123456789ab")
            assert re.fullmatch(said.get("AllowedPattern", ".*"), plain), f"{each}={one}"
        assert value in said.get("AllowedValues", [value])
    kinds = {resource["Type"] for resource in read_template(name)["Resources"].values()}
    assert ("AWS::IAM::Role" in kinds) is ("CAPABILITY_NAMED_IAM" in words)


def test_the_settings_are_those_that_stand_afterwards() -> None:
    """The excerpt of assent.yaml names the roles and buckets that the commands make."""
    (excerpt,) = re.findall(r"^```yaml\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    settings: dict[str, Any] = yaml.safe_load(excerpt)
    given: dict[str, dict[str, str]] = {}
    for name, parameters, _ in DEPLOYMENTS:
        given.setdefault(name, {}).update(parameters)
    assert settings["event_bus"] == given["account"]["CentralBusArn"]
    assert settings["evidence_bucket"] == given["storage"]["EvidenceBucketName"]
    assert settings["receipts"]["bucket"] == given["storage"]["ReceiptsBucketName"]
    prod = settings["environments"][1]
    assert prod["role"] == given["roles"]["ParameterRole"]
    assert prod["role"].endswith(":role/assent-write-prod")
    assert prod["read_role"] == given["intake"]["ReadRoles"] == given["roles"]["ReadRoles"]


def test_the_intake_takes_what_can_be_built() -> None:
    """Each runtime and processor that a zip is built for can be chosen, and no other."""
    declared = read_template("intake")["Parameters"]
    for name, built in (("Runtime", RUNTIMES), ("Architecture", ARCHITECTURES)):
        assert declared[name]["AllowedValues"] == list(built)
        assert declared[name]["Default"] in built
