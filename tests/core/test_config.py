"""`assent.yaml`: what it may say, and that every problem is told with its line."""

from pathlib import Path

import pytest

from assent.contracts import load_contracts
from assent.core.config import Environment, InvalidConfig, UnknownEnvironment, parse_config
from assent.core.rendering.pull_request import environment_label

ROOT = Path(__file__).parents[2]
SCHEMA = load_contracts().config
LEAST = """\
schema: assent/config/v1
registry: {account: "111122223333", region: eu-west-1}
github: {repository: acme/model-promotions}
environments:
  - {name: dev, account: "111122223333", region: eu-west-1}
  - {name: prod, account: "444455556666", region: us-east-1, approvals: 2}
"""


def edited(old: str, new: str, text: str = LEAST) -> bytes:
    """The least configuration with one part replaced."""
    assert text.count(old) == 1, old
    return text.replace(old, new).encode()


def test_the_least_configuration_has_defaults() -> None:
    """Prefix, API and branch are known; roles are the ambient ones; one approval suffices."""
    config = parse_config(LEAST.encode(), SCHEMA)
    assert config.parameter_prefix == "/assent"
    assert config.api_url == "https://api.github.com"
    assert (config.repository, config.branch) == ("acme/model-promotions", "main")
    assert (config.registry.account, config.registry.region) == ("111122223333", "eu-west-1")
    assert config.entry == Environment(
        name="dev", account="111122223333", region="eu-west-1", approvals=1
    )
    assert config.ladder == ("dev", "prod")
    assert config.overrides == ()


def test_every_setting_is_read() -> None:
    """What is said replaces each default."""
    text = """\
schema: assent/config/v1
parameter_prefix: /ml/models
registry: {account: "111122223333", region: eu-west-1}
github: {repository: acme/p, api_url: "https://github.acme.example/api/v3", branch: trunk}
environments:
  - name: prod
    account: "444455556666"
    region: us-gov-west-1
    role: arn:aws-us-gov:iam::444455556666:role/path/apply
    read_role: arn:aws-us-gov:iam::444455556666:role/read
    approvals: 3
models:
  - match: fraud-*
    environments: {prod: {approvals: 4}}
"""
    config = parse_config(text.encode(), SCHEMA)
    assert config.parameter_prefix == "/ml/models"
    assert (config.api_url, config.branch) == ("https://github.acme.example/api/v3", "trunk")
    assert config.entry == Environment(
        name="prod",
        account="444455556666",
        region="us-gov-west-1",
        role="arn:aws-us-gov:iam::444455556666:role/path/apply",
        read_role="arn:aws-us-gov:iam::444455556666:role/read",
        approvals=3,
    )
    assert config.approvals("prod", "fraud-cards") == 4
    assert config.approvals("prod", "churn") == 3


def test_the_first_matching_override_counts() -> None:
    """Of several globs that match, the first that names the environment decides; case counts."""
    text = LEAST + (
        "models:\n"
        "  - {match: fraud-*, environments: {dev: {approvals: 5}}}\n"
        "  - {match: '*', environments: {dev: {approvals: 6}, prod: {approvals: 7}}}\n"
        "  - {match: 'fraud-?', environments: {prod: {approvals: 8}}}\n"
    )
    config = parse_config(text.encode(), SCHEMA)
    assert config.approvals("dev", "fraud-1") == 5
    assert config.approvals("prod", "fraud-1") == 7
    assert config.approvals("dev", "Fraud-1") == 6


def test_rungs_are_selected_in_ladder_order() -> None:
    """Whatever order they are asked for in, and all of them where none is named."""
    config = parse_config(LEAST.encode(), SCHEMA)
    assert [each.name for each in config.select(["prod", "dev", "prod"])] == ["dev", "prod"]
    assert [each.name for each in config.select([])] == ["dev", "prod"]
    assert [each.name for each in config.select(["prod"])] == ["prod"]
    assert config.below("dev") is None
    assert config.below("prod") == config.entry


@pytest.mark.parametrize("name", ["", "Dev", "staging", "\x1b[31m", "dev\n"])
def test_an_unknown_rung_is_told_with_the_ladder(name: str) -> None:
    """Names are exact; the message is safe to print and the hint names what there is."""
    config = parse_config(LEAST.encode(), SCHEMA)
    with pytest.raises(UnknownEnvironment) as caught:
        config.select(["dev", name])
    assert caught.value.message.isprintable()
    assert caught.value.hint == "The ladder is dev → prod."


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "assent.yaml:1: must be a mapping"),
        (b"[]", "assent.yaml:1: must be a mapping"),
        (b"\xff", "assent.yaml:1: the file is not UTF-8"),
        (b"a: 1\na: 2\n", "assent.yaml:2: the key 'a' stands twice"),
        (edited('"111122223333", region: eu-west-1}\ngithub', "x, region: eu-west-1}\ngithub"),
         "assent.yaml:2: registry.account: "),
        (edited("schema: assent/config/v1", "schema: assent/config/v2"),
         "assent.yaml:1: schema: must be 'assent/config/v1'"),
        (edited("github: {repository: acme/model-promotions}\n", ""),
         "'github' is a required field"),
        (edited("acme/model-promotions", "acme"), "assent.yaml:3: github.repository: "),
        (edited("acme/model-promotions", '"acme/..%2f\\n"'), "assent.yaml:3: github.repository: "),
        (edited("{name: dev,", '{name: "dev/../x",'), "assent.yaml:5: environments[0].name: "),
        (edited("{name: dev,", '{name: "dev\\n",'), "assent.yaml:5: environments[0].name: "),
        (edited("approvals: 2", "approvals: 0"), "assent.yaml:6: environments[1].approvals: "),
        (edited("approvals: 2", "approvals: true"), "assent.yaml:6: environments[1].approvals: "),
        (edited("approvals: 2", "approvals: 2.0"), "assent.yaml:6: environments[1].approvals: "),
        (edited("approvals: 2", "quorum: 2"), "unknown field 'quorum'"),
        (edited("approvals: 2", "soak: 24 h"), "assent.yaml:6: environments[1].soak: "),
        (edited("approvals: 2", "role: admin"), "assent.yaml:6: environments[1].role: "),
        (edited("us-east-1", '"us-east-1\\n"'), "assent.yaml:6: environments[1].region: "),
        (edited("schema:", "parameter_prefix: /aws/x\nschema:"),
         "assent.yaml:1: parameter_prefix: "),
        (edited("schema:", "parameter_prefix: /a/\nschema:"), "assent.yaml:1: parameter_prefix: "),
        (edited("schema:", "parameter_prefix: a\nschema:"), "assent.yaml:1: parameter_prefix: "),
        (edited("schema:", "gates: []\nschema:"), "unknown field 'gates'"),
        (edited("schema:", "stop_the_line: ''\nschema:"), "assent.yaml:1: stop_the_line: "),
        ((LEAST + "models: [{match: '../*', environments: {}}]\n").encode(), "models[0].match: "),
        (LEAST.split("environments:", maxsplit=1)[0].encode() + b"environments: []\n",
         "assent.yaml:4: environments: "),
    ],
)  # fmt: skip
def test_a_configuration_that_says_something_else_is_refused(content: bytes, said: str) -> None:
    """With the line, the setting and what is wrong; a setting that nothing enforces included."""
    with pytest.raises(InvalidConfig) as caught:
        parse_config(content, SCHEMA)
    assert said in caught.value.message
    assert all(line.startswith("assent.yaml:") for line in caught.value.message.split("\n"))
    assert all(line.isprintable() for line in caught.value.message.split("\n"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (edited("name: prod", "name: DEV"),
         "assent.yaml:6: environments[1].name: DEV and dev differ only by case"),
        (edited("name: prod", "name: dev"), "assent.yaml:6: environments[1].name: "),
        ((LEAST + "models:\n  - match: a\n    environments: {uat: {approvals: 2}}\n").encode(),
         "assent.yaml:9: models[0].environments.uat: 'uat' is no environment"),
        (edited("name: dev,", f"name: {'d' * 38}, max_open: 1,"),
         "assent.yaml:5: environments[0].max_open: open promotions are counted by a label"),
    ],
)  # fmt: skip
def test_a_configuration_that_contradicts_itself_is_refused(content: bytes, said: str) -> None:
    """What no schema can say: environments twice, or overrides of none."""
    with pytest.raises(InvalidConfig) as caught:
        parse_config(content, SCHEMA)
    assert said in caught.value.message


def test_open_promotions_are_counted_in_environments_whose_label_fits() -> None:
    """The longest name that a label of GitHub's holds is one that may set a limit."""
    name = "d" * 37
    config = parse_config(edited("name: dev,", f"name: {name}, max_open: 1,"), SCHEMA)
    assert config.entry.max_open == 1
    assert environment_label(name) == f"environment: {name}"
    assert environment_label(f"{name}d") is None


def test_every_problem_is_told_at_once() -> None:
    """Nobody mends a configuration one message at a time."""
    content = LEAST.replace("eu-west-1", "europe").encode()
    with pytest.raises(InvalidConfig) as caught:
        parse_config(content, SCHEMA)
    lines = caught.value.message.split("\n")
    assert [line.split(": ")[0] for line in lines] == ["assent.yaml:5", "assent.yaml:2"]


def test_the_repositorys_own_configuration_is_valid() -> None:
    """The assent.yaml that people copy has the ladder that the documents speak of."""
    config = parse_config((ROOT / "assent.yaml").read_bytes(), SCHEMA)
    assert config.ladder == ("dev", "test", "uat", "prod")
    assert config.approvals("prod", "churn") == 2
