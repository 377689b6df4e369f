"""`assent.yaml`: what it may say, and that every problem is told with its line."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assent.contracts import load_contracts
from assent.core.config import (
    Config,
    Environment,
    InvalidConfig,
    UnknownEnvironment,
    parse_config,
)
from assent.core.gates import Gate, GateKind, MeasuredIn
from assent.core.identities import RegistrarKind
from assent.core.rendering.pull_request import environment_label
from assent.core.waiting import Freeze, Season, Week

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


def test_a_registry_may_be_shared_by_groups() -> None:
    """Without globs every group is decided on here; with some, those alone, told apart by case."""
    assert parse_config(LEAST.encode(), SCHEMA).registry.outside("churn") is None
    groups = "region: eu-west-1, groups: [churn-*, ri?k]}\ngithub"
    registry = parse_config(edited("region: eu-west-1}\ngithub", groups), SCHEMA).registry
    names = ("churn-eu", "risk", "churn", "Risk", "fraud")
    found = {each: registry.covers(each) for each in names}
    assert found == {"churn-eu": True, "risk": True, "churn": False, "Risk": False, "fraud": False}
    assert registry.outside("fraud") == (
        "the group 'fraud' matches none of registry.groups in assent.yaml"
    )


@pytest.mark.parametrize("groups", ["[]", "churn-*", '["churn_*"]', '["[ab]*"]', '[""]', "[7]"])
def test_groups_are_globs_over_names_that_groups_can_have(groups: str) -> None:
    """An empty list, which would mean every group, is refused as any other nonsense."""
    text = edited("region: eu-west-1}\ngithub", f"region: eu-west-1, groups: {groups}}}\ngithub")
    with pytest.raises(InvalidConfig, match="groups"):
        parse_config(text, SCHEMA)


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


# What promotions have to satisfy, and when they may take effect.

DEMANDS = """\
schema: assent/config/v1
registry: {account: "111122223333", region: eu-west-1}
github: {repository: acme/model-promotions}
environments:
  - {name: dev, account: "111122223333", region: eu-west-1}
  - name: prod
    account: "444455556666"
    region: us-east-1
    soak: 1d12h
    max_open: 3
    gates:
      - {id: auc-floor, metric: m.auc, at_least: 0.8}
      - {id: loss-ceiling, metric: m.log loss, at_most: 1, measured_in: inference}
      - {id: auc-regression, metric: m.auc, no_worse_than_champion_by: 0.01, sigmas: 2}
      - {id: value, metric: value, improves_champion_by: 0, better: higher}
      - {id: drift, no_violations: true, measured_in: inference}
freezes:
  - {reason: year end, zone: Europe/Berlin, from: "2026-12-18T18:00", until: "2027-01-04T08:00"}
  - {reason: week end, zone: UTC, environments: [prod], weekly: {from: Fri 16:00, until: Mon 08:00}}
stop_the_line: incident 12
models:
  - {match: fraud-*, environments: {prod: {soak: 7d, without: [value], gates: [
      {id: auc-floor, metric: m.auc, at_least: 0.95}, {id: f1, metric: m.f1, at_least: 0.5}]}}}
  - {match: "*", environments: {dev: {gates: [{id: auc, metric: m.auc, at_most: 1.0}]}}}
"""


def demanding() -> Config:
    return parse_config(DEMANDS.encode(), SCHEMA)


def test_every_kind_of_gate_is_read() -> None:
    """In the order of the file; whole numbers are numbers, and what is not said has its default."""
    assert demanding().gates("prod", "churn") == (
        Gate(id="auc-floor", kind=GateKind.AT_LEAST, metric="m.auc", bound=0.8),
        Gate(
            id="loss-ceiling",
            kind=GateKind.AT_MOST,
            metric="m.log loss",
            bound=1.0,
            measured_in=MeasuredIn.INFERENCE,
        ),
        Gate(id="auc-regression", kind=GateKind.NO_WORSE, metric="m.auc", bound=0.01, sigmas=2.0),
        Gate(id="value", kind=GateKind.IMPROVES, metric="value", better="higher"),
        Gate(id="drift", kind=GateKind.NO_VIOLATIONS, measured_in=MeasuredIn.INFERENCE),
    )


def test_a_model_may_have_other_gates_and_another_soak() -> None:
    """One of the same id takes the environment's place; new ones follow; some are left out."""
    config = demanding()
    gates = config.gates("prod", "fraud-cards")
    assert [gate.id for gate in gates] == [
        "auc-floor",
        "loss-ceiling",
        "auc-regression",
        "drift",
        "f1",
    ]
    assert gates[0].bound == 0.95
    assert config.soak("prod", "fraud-cards") == timedelta(days=7)
    assert config.soak("prod", "churn") == timedelta(hours=36)
    assert config.soak("dev", "churn") is None
    assert [gate.id for gate in config.gates("dev", "fraud-cards")] == ["auc"]
    assert config.environment("prod").max_open == 3
    assert config.environment("dev").max_open is None


def test_freezes_and_the_stop_are_read() -> None:
    """Times by the clocks of their zone, as moments; a week in minutes; a reason to stop."""
    config = demanding()
    assert config.stopped == "incident 12"
    assert config.freezes == (
        Freeze(
            reason="year end",
            zone="Europe/Berlin",
            window=Season(
                start=datetime(2026, 12, 18, 17, tzinfo=UTC),
                end=datetime(2027, 1, 4, 7, tzinfo=UTC),
            ),
        ),
        Freeze(
            reason="week end",
            zone="UTC",
            window=Week(start=(4 * 24 + 16) * 60, end=8 * 60),
            environments=frozenset({"prod"}),
        ),
    )
    assert parse_config(LEAST.encode(), SCHEMA).stopped == ""


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2026-10-25T02:30", "2026-10-25T02:40", ("2026-10-25T00:30", "2026-10-25T01:40")),
        ("2026-03-29T02:30", "2026-03-29T02:40", ("2026-03-29T00:30", "2026-03-29T01:40")),
    ],
)
def test_a_freeze_where_the_clocks_change_is_rather_too_long(
    start: str, end: str, said: tuple[str, str]
) -> None:
    """From the first moment that its beginning can mean to the last that its end can."""
    zone = "reason: r, zone: Europe/Berlin"
    text = LEAST + f'freezes: [{{{zone}, from: "{start}", until: "{end}"}}]\n'
    (freeze,) = parse_config(text.encode(), SCHEMA).freezes
    assert freeze.window == Season(
        start=datetime.fromisoformat(f"{said[0]}+00:00"),
        end=datetime.fromisoformat(f"{said[1]}+00:00"),
    )


def gated(gates: str, *, environment: str = "prod") -> bytes:
    """The least configuration with gates of an environment."""
    return edited(f"name: {environment},", f"name: {environment}, gates: [{gates}],")


def frozen(freeze: str) -> bytes:
    """The least configuration with a freeze."""
    return f"{LEAST}freezes: [{{reason: r, {freeze}}}]\n".encode()


def overridden(settings: str) -> bytes:
    """The demanding configuration with one more override of prod, before the others."""
    override = f"models:\n  - {{match: churn, environments: {{prod: {{{settings}}}}}}}\n"
    return edited("models:\n", override, DEMANDS)


TIMES = 'from: "2026-01-01T00:00", until: "2026-02-01T00:00"'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (gated("{id: a}"), "gates[0]: a gate demands one of at_least, at_most"),
        (gated("{id: a, metric: m, at_least: 1, at_most: 2}"),
         "no_violations; this one demands at_least and at_most"),
        (gated("{id: a, at_least: 1}"), "gates[0]: at_least needs a metric"),
        (gated("{id: a, improves_champion_by: 1}"), "improves_champion_by needs a metric"),
        (gated("{id: a, metric: m, no_violations: true}"),
         "gates[0].metric: no_violations has no metric"),
        (gated("{id: a, sigmas: 1, no_violations: true}"), "no_violations has no sigmas"),
        (gated("{id: a, better: lower, no_violations: true}"), "no_violations has no better"),
        (gated("{id: a, no_violations: false}"), "gates[0].no_violations: must be true"),
        (gated("{id: a, metric: m, no_worse_than_champion_by: -0.1}"), "must not be negative"),
        (gated("{id: a, metric: m, improves_champion_by: -1}"), "must not be negative"),
        (gated("{id: a, metric: m, at_least: 1, better: higher}"),
         "gates[0].better: at_least does not depend on which way the metric improves"),
        (gated("{id: a, metric: m, at_least: 1}, {id: a, metric: o, at_least: 1}"),
         "gates[1].id: a stands 2 times"),
        (gated("{id: a, metric: m, at_least: 1, measured_in: inference}", environment="dev"),
         "measured_in: below the first rung nothing runs"),
        (gated("{id: a, metric: m, at_least: yes}"), "'yes' means different things"),
        (gated("{id: a, metric: m, at_least: '1'}"), "gates[0].at_least: must be a number"),
        (gated("{id: a, metric: m, at_least: true}"), "gates[0].at_least: must be a number"),
        (gated("{id: a, metric: m, at_least: 1.0e+999}"), "is too large for a number"),
        (gated("{id: a, metric: m, at_least: 1, sigmas: -1}"), "gates[0].sigmas: "),
        (gated("{id: a, metric: m, at_least: 1, sigma: 1}"), "unknown field 'sigma'"),
        (gated("{id: 'a b', metric: m, at_least: 1}"), "gates[0].id: "),
        (gated('{id: a, metric: "m\\n", at_least: 1}'), "gates[0].metric: "),
        (gated("{id: a, metric: m, at_least: 1, measured_in: monitoring}"), "measured_in: "),
        (edited("name: dev,", "name: dev, soak: 1h,"),
         "environments[0].soak: there is no rung below the first"),
        (edited("name: prod,", "name: prod, soak: 0h,"), "environments[1].soak: "),
        (edited("name: prod,", "name: prod, soak: 24,"), "environments[1].soak: "),
        (edited("name: prod,", "name: prod, soak: 1h1d,"), "environments[1].soak: "),
        (edited("name: prod,", "name: prod, max_open: 0,"), "environments[1].max_open: "),
        (frozen(f"zone: Europe/Nowhere, {TIMES}"), "freezes[0].zone: 'Europe/Nowhere' is no IANA"),
        (frozen(f"zone: Europe, {TIMES}"), "freezes[0].zone: 'Europe' is no IANA"),
        (frozen(f"zone: localtime, {TIMES}"), "freezes[0].zone: 'localtime' is no IANA"),
        (frozen(f"zone: ../etc/passwd, {TIMES}"), "freezes[0].zone: "),
        (frozen("zone: UTC"), "freezes[0]: a freeze has `from` and `until`, or `weekly`"),
        (frozen('zone: UTC, from: "2026-01-01T00:00"'), "`from` and `until`, or `weekly`"),
        (frozen(f"zone: UTC, {TIMES}, weekly: {{from: Fri 16:00, until: Mon 08:00}}"),
         "`from` and `until`, or `weekly`"),
        (frozen('zone: UTC, from: "2026-02-30T00:00", until: "2027-01-01T00:00"'),
         "freezes[0].from: 2026-02-30T00:00 is no time that there is"),
        (frozen('zone: Asia/Tokyo, from: "0001-01-01T00:00", until: "2027-01-01T00:00"'),
         "freezes[0].from: 0001-01-01T00:00 is no time that there is"),
        (frozen('zone: America/New_York, from: "2026-01-01T00:00", until: "9999-12-31T23:00"'),
         "freezes[0].until: 9999-12-31T23:00 is no time that there is"),
        (frozen('zone: UTC, from: "2026-02-01T00:00", until: "2026-02-01T00:00"'),
         "freezes[0].until: it ends before it begins"),
        (frozen("zone: UTC, weekly: {from: Fri 16:00, until: Fri 16:00}"),
         "freezes[0].weekly: it begins when it ends"),
        (frozen("zone: UTC, weekly: {from: Fri 24:00, until: Mon 08:00}"),
         "freezes[0].weekly.from: "),
        (frozen(f"zone: UTC, {TIMES}, environments: [prod, uat]"),
         "freezes[0].environments[1]: 'uat' is no environment"),
        (overridden("without: [nothing]"), "without[0]: prod has no gate nothing"),
        (overridden("without: [value], gates: [{id: value, metric: m, at_least: 1}]"),
         "without[0]: value is left out, and set above"),
        (overridden("gates: [{id: a, at_least: 1}]"), "prod.gates[0]: at_least needs a metric"),
        (edited("{prod: {soak: 7d,", "{dev: {soak: 7d}, prod: {", DEMANDS),
         "models[0].environments.dev.soak: there is no rung below the first"),
        (edited("at_most: 1.0}", "at_most: 1.0, measured_in: inference}", DEMANDS),
         "models[1].environments.dev.gates[0].measured_in: below the first rung"),
        (overridden("max_open: 3"), "unknown field 'max_open'"),
    ],
)  # fmt: skip
def test_a_demand_that_means_nothing_is_refused(content: bytes, said: str) -> None:
    """A gate, a soak or a freeze that could never be judged as it reads; with its place."""
    with pytest.raises(InvalidConfig) as caught:
        parse_config(content, SCHEMA)
    assert said in caught.value.message
    assert caught.value.message.isascii()


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


def test_identities_receipts_and_writers_are_read() -> None:
    """Settings of proof: who registers, where receipts go, who may write to the registry."""
    text = """\
registry: {account: "111122223333", region: eu-west-1, writers: ["arn:*/assent-*"]}
receipts: {branch: ledger, bucket: acme-receipts}
identities:
  strict: true
  principals:
    - {match: "arn:*:role/ana", login: ana}
    - {match: "arn:*", machine: true}
"""
    config = parse_config(
        edited('registry: {account: "111122223333", region: eu-west-1}\n', text), SCHEMA
    )
    assert config.writers == ("arn:*/assent-*",)
    assert (config.receipts.branch, config.receipts.bucket) == ("ledger", "acme-receipts")
    assert config.identities.strict
    assert config.identities.registrar("arn:aws:role/ana").login == "ana"
    assert config.identities.registrar("arn:aws:other").kind is RegistrarKind.MACHINE


@pytest.mark.parametrize("who", ["", ", login: ana, machine: true", ", machine: false"])
def test_a_principal_is_either_a_person_or_a_machine(who: str) -> None:
    """One that is neither, or both, would be read in the wrong way by somebody."""
    text = f'identities: {{principals: [{{match: "arn:*"{who}}}]}}\n'
    with pytest.raises(InvalidConfig, match=r"assent\.yaml:3: identities\.principals"):
        parse_config(edited("github:", f"{text}github:"), SCHEMA)
