"""The templates as CloudFormation takes them, and what stands once they are deployed.

What moto can create is asked for by the services' own APIs. What its CloudFormation cannot create
is in one table, and held against the template as it resolves. A resource in neither fails.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from moto import mock_aws
from tests.infra.evaluator import statements as statements_of
from tests.infra.organization import (
    ACCOUNTS,
    APPLY,
    BUS,
    EVIDENCE,
    FRESH,
    GUARD,
    LADDER,
    LEAST,
    OBSERVE,
    RECEIPTS,
    REGION,
    REGISTRY,
    TEMPLATES,
    WRITE,
    Stack,
    deploy,
    deploy_organization,
    deployed_roles,
    key,
    role,
    unsupported_resources,
    upload_code,
)
from tests.infra.templates import read_template

from assent.core.doctor.intake import RAN, REGISTERED, WATCHED, takes

FILES = sorted(TEMPLATES.glob("*.yaml"))
NAMES = [path.stem for path in FILES]
Properties = Mapping[str, Any]


@pytest.fixture(scope="module")
def stacks() -> Iterator[dict[str, Stack]]:
    with mock_aws():
        yield deploy_organization()


def test_cfn_lint_finds_nothing() -> None:
    """By CloudFormation's own schemas, in the regions of the documents and of most people."""
    assert len(FILES) == 5
    program = Path(sys.executable).with_name("cfn-lint")
    regions = ["--regions", REGION, "us-east-1"]
    command = [str(program), *regions, "--include-checks", "I", "--template", *map(str, FILES)]
    # W and E are errors; of the remarks none but those that are excused here.
    command += ["--ignore-checks", "I3011", "I3013", "I3042"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_a_template_is_yaml_that_cloudformation_reads(path: Path) -> None:
    """It takes no aliases or merges of YAML, and fifty-one thousand bytes of a file at most."""
    text = path.read_text(encoding="utf-8")
    anchors = [
        event
        for event in yaml.parse(text, Loader=yaml.SafeLoader)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None)
    ]
    assert anchors == []
    assert len(text.encode()) <= 51_200


@pytest.mark.parametrize("name", NAMES)
def test_a_parameter_says_what_it_is(name: str) -> None:
    """Each is described, and either constrained or a list that may be empty."""
    template = read_template(name)
    constraints = {"AllowedPattern", "AllowedValues", "MinLength", "MinValue"}
    for each, said in template["Parameters"].items():
        assert said["Description"], each
        free = said["Type"] == "CommaDelimitedList" or each == "CodeVersion"
        assert constraints & said.keys() or (free and said["Default"] == ""), each
    for each, said in template["Outputs"].items():
        assert said["Description"], each


def test_what_templates_have_in_common_is_the_same() -> None:
    """A parameter of two templates has one meaning, one form and one default."""
    shared: dict[str, dict[str, Any]] = {}
    for name in NAMES:
        for each, said in read_template(name)["Parameters"].items():
            form = {what: said.get(what) for what in ("Type", "Default", "AllowedPattern")}
            if each not in {"DataKeyArns", "KeyArn"}:
                assert shared.setdefault(each, form) == form, f"{name}: {each}"
    assert "NamePrefix" in shared


# ---- What moto creates, as the services themselves tell it.


def _queue(stack: Stack, _name: str, arn: str) -> None:
    sqs = stack.session.client("sqs")
    found = sqs.get_queue_attributes(QueueUrl=arn, AttributeNames=["All"])["Attributes"]
    assert found["MessageRetentionPeriod"] == "1209600"
    if found["QueueArn"].endswith("assent-events"):
        redrive = json.loads(found["RedrivePolicy"])
        assert int(redrive["maxReceiveCount"]) == 100
        assert redrive["deadLetterTargetArn"].endswith(":assent-dead-letters")
        assert int(found["VisibilityTimeout"]) == 6 * 300


def _rule(stack: Stack, name: str, _physical: str) -> None:
    events = stack.session.client("events")
    wanted = stack.resolved()[name]["Properties"]
    bus = wanted.get("EventBusName", "default")
    rule = events.describe_rule(Name=wanted["Name"], EventBusName=bus)
    assert rule["State"] == "ENABLED"
    pattern = json.loads(rule["EventPattern"])
    assert set(pattern) == {"source", "detail-type"}
    targets = events.list_targets_by_rule(Rule=wanted["Name"], EventBusName=bus)["Targets"]
    assert [each["Arn"] for each in targets] == [
        BUS if name == "ForwardRule" else f"arn:aws:sqs:{REGION}:{REGISTRY}:assent-events"
    ]
    kinds = {
        "RegistrationRule": [REGISTERED],
        "InferenceRule": [RAN, WATCHED],
        "ForwardedRule": [RAN, WATCHED],
        "ForwardRule": [RAN, WATCHED],
        "ReportedRule": [],
    }[name]
    for kind in (REGISTERED, RAN, WATCHED):
        assert takes(pattern, kind.says) is (kind in kinds)
    if name == "ReportedRule":
        said = {"Assent Inference Completed", "Assent Violations Found"}
        assert (pattern["source"], set(pattern["detail-type"])) == (["assent"], said)


def _bus(stack: Stack, _name: str, _physical: str) -> None:
    assert stack.session.client("events").describe_event_bus(Name="assent")["Arn"] == BUS


def _log(stack: Stack, _name: str, physical: str) -> None:
    (group,) = stack.session.client("logs").describe_log_groups(logGroupNamePrefix=physical)[
        "logGroups"
    ]
    assert group["logGroupName"] == "/aws/lambda/assent-intake"
    assert group["retentionInDays"] == 90
    # moto does not keep the key
    assert stack.resolved()["Log"]["Properties"]["KmsKeyId"] == key(REGISTRY, "settings")


def _role(stack: Stack, name: str, physical: str) -> None:
    iam = stack.session.client("iam")
    found = iam.get_role(RoleName=physical)["Role"]
    assert found["RoleName"].startswith("assent-")
    assert found["Description"] == stack.resolved()[name]["Properties"]["Description"]
    assert iam.list_role_policies(RoleName=physical)["PolicyNames"]
    assert not iam.list_attached_role_policies(RoleName=physical)["AttachedPolicies"]


def _function(stack: Stack, _name: str, physical: str) -> None:
    client = stack.session.client("lambda")
    found = client.get_function(FunctionName=physical)
    settings = found["Configuration"]
    assert settings["Handler"] == "assent.lambda_handler.handler"
    assert (settings["Runtime"], settings["Architectures"]) == ("python3.13", ["x86_64"])
    assert (settings["Timeout"], settings["Role"]) == (300, role(REGISTRY, "intake"))
    assert settings["Environment"]["Variables"] == {
        "ASSENT_REPOSITORY": "acme/model-promotions",
        "ASSENT_BRANCH": "main",
        "ASSENT_APP_ID": "1234",
        "ASSENT_INSTALLATION_ID": "5678",
        "ASSENT_API_URL": "https://api.github.com",
        "ASSENT_APP_PRIVATE_KEY_SECRET": "assent/app-key",
    }
    assert found["Concurrency"]["ReservedConcurrentExecutions"] == 2


def _mapping(stack: Stack, _name: str, _physical: str) -> None:
    (found,) = stack.session.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    assert found["EventSourceArn"] == f"arn:aws:sqs:{REGION}:{REGISTRY}:assent-events"
    assert found["FunctionArn"].endswith(":function:assent-intake")
    assert found["BatchSize"] == 10
    # moto keeps neither of these from a template
    wanted = stack.resolved()["Mapping"]["Properties"]
    assert wanted["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert wanted["ScalingConfig"] == {"MaximumConcurrency": 2}


def _bucket(stack: Stack, name: str, physical: str) -> None:
    s3 = stack.session.client("s3")
    assert physical == {"Evidence": EVIDENCE, "Receipts": RECEIPTS}[name]
    (rule,) = s3.get_bucket_encryption(Bucket=physical)["ServerSideEncryptionConfiguration"][
        "Rules"
    ]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    wanted = stack.resolved()[name]
    assert wanted["DeletionPolicy"] == wanted["UpdateReplacePolicy"] == "Retain"
    # moto keeps none of the following from a template
    properties = wanted["Properties"]
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert properties["OwnershipControls"] == {
        "Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]
    }
    if name == "Receipts":
        assert properties["ObjectLockEnabled"] is True
        lock = properties["ObjectLockConfiguration"]
        assert lock["ObjectLockEnabled"] == "Enabled"
        assert lock["Rule"]["DefaultRetention"] == {"Mode": "COMPLIANCE", "Days": 2557}


PRESENT: Mapping[str, Callable[[Stack, str, str], None]] = {
    "AWS::Events::EventBus": _bus,
    "AWS::Events::Rule": _rule,
    "AWS::IAM::Role": _role,
    "AWS::Lambda::EventSourceMapping": _mapping,
    "AWS::Lambda::Function": _function,
    "AWS::Logs::LogGroup": _log,
    "AWS::S3::Bucket": _bucket,
    "AWS::SQS::Queue": _queue,
}


# ---- What moto's CloudFormation does not create: held against what the template resolves to.


def _alarm(stack: Stack, _name: str, properties: Properties) -> None:
    # CloudWatch itself takes it, and goes without an answer about no metric at all
    stack.session.client("cloudwatch").put_metric_alarm(**properties)


def _queue_policy(stack: Stack, _name: str, properties: Properties) -> None:
    sqs = stack.session.client("sqs")
    (url,) = properties["Queues"]
    policy = json.dumps(properties["PolicyDocument"])
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


def _bucket_policy(stack: Stack, _name: str, properties: Properties) -> None:
    s3 = stack.session.client("s3")
    s3.put_bucket_policy(
        Bucket=properties["Bucket"], Policy=json.dumps(properties["PolicyDocument"])
    )


def _bus_policy(_stack: Stack, _name: str, properties: Properties) -> None:
    assert properties["EventBusName"] == "assent"
    admitted = properties["Statement"]["Principal"]["AWS"]
    assert admitted == [ACCOUNTS["test"], ACCOUNTS["prod"]]


def _secret(stack: Stack, _name: str, properties: Properties) -> None:
    assert not {"SecretString", "GenerateSecretString"} & properties.keys()
    assert properties["Name"] == "assent/app-key"
    assert properties["KmsKeyId"] == key(REGISTRY, "settings")
    stack.session.client("secretsmanager").create_secret(**properties)


def _provider(stack: Stack, _name: str, properties: Properties) -> None:
    assert properties["Url"] == "https://token.actions.githubusercontent.com"
    assert properties["ClientIdList"] == ["sts.amazonaws.com"]
    stack.session.client("iam").create_open_id_connect_provider(
        Url=properties["Url"], ClientIDList=properties["ClientIdList"]
    )


def _guard(stack: Stack, _name: str, properties: Properties) -> None:
    text = json.dumps(properties["Content"], separators=(",", ":"))
    assert len(text) <= 5120  # all that Organizations takes
    organizations = stack.session.client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    made = organizations.create_policy(
        Content=text,
        Description=properties["Description"],
        Name=properties["Name"],
        Type=properties["Type"],
    )["Policy"]["PolicySummary"]
    assert made["Type"] == "SERVICE_CONTROL_POLICY"
    assert properties["TargetIds"] == ["r-abcd"]


UNSUPPORTED: Mapping[str, tuple[str, Callable[[Stack, str, Properties], None]]] = {
    "AWS::CloudWatch::Alarm": ("moto has the API alone", _alarm),  # test_resources has the rest
    "AWS::Events::EventBusPolicy": ("moto has the API alone, and no Condition there", _bus_policy),
    "AWS::IAM::OIDCProvider": ("moto has the API alone", _provider),
    "AWS::Organizations::Policy": ("moto has the API alone", _guard),
    "AWS::S3::BucketPolicy": ("moto has the API alone", _bucket_policy),
    "AWS::SQS::QueuePolicy": ("moto has the API alone", _queue_policy),
    "AWS::SecretsManager::Secret": ("moto has the API alone", _secret),
}
"""What moto 5.2 does not create from a template, why, and what is asserted of it instead: that the
service's own API takes it as it resolves, where there is one, and what it says."""


def test_each_resource_is_there_or_known_to_be_missing(stacks: dict[str, Stack]) -> None:
    """Moto has it as the template says; or the table says that moto cannot."""
    seen = set()
    for stack in stacks.values():
        present = stack.present()
        for name, resource in stack.resolved().items():
            kind = resource["Type"]
            seen.add(kind)
            if kind in UNSUPPORTED:
                assert name not in present, f"moto creates {kind} now: assert that it is there"
                UNSUPPORTED[kind][1](stack, name, resource["Properties"])
            else:
                assert name in present
                PRESENT[kind](stack, name, present[name])
    assert seen == {*PRESENT, *UNSUPPORTED}


def test_every_resource_of_every_template_was_deployed(stacks: dict[str, Stack]) -> None:
    """No condition of a template keeps a resource out of all of these tests."""
    for name in NAMES:
        deployed = {
            each for stack in stacks.values() if stack.template == name for each in stack.resolved()
        }
        assert deployed == set(read_template(name)["Resources"])


@pytest.mark.parametrize("rungs", [4, 8])
def test_the_guard_fits_a_long_ladder(rungs: int) -> None:
    """Organizations takes 5,120 characters, and each environment adds the names of its roles."""
    names = [f"staging-{count}" for count in range(rungs)]
    writing = [role(f"{count:012}", f"write-{each}") for count, each in enumerate(names)]
    parameters = {
        **GUARD,
        "ApplyRoles": ",".join(role(REGISTRY, f"apply-{each}") for each in names),
        "WriteRoles": ",".join(writing),
    }
    with mock_aws():
        stack = deploy(f"guard-{rungs}", FRESH, "guard", parameters)
        content = stack.resolved()["Guard"]["Properties"]["Content"]
    assert len(json.dumps(content, separators=(",", ":"))) <= 5120


def test_the_outputs_are_what_the_next_template_asks_for(stacks: dict[str, Stack]) -> None:
    """The ARNs that infra/README.md has typed are those that the stacks say."""
    intake = stacks["assent-intake"].outputs()
    assert (intake["CentralBusArn"], intake["RoleArn"]) == (BUS, role(REGISTRY, "intake"))
    assert intake["AppKeyName"] == "assent/app-key"
    for each in LADDER:
        assert stacks[f"assent-{each}"].outputs()["ApplyRoleArn"] == APPLY[each]
    for each in WRITE:
        outputs = stacks[f"assent-account-{each}"].outputs()
        assert outputs == {"WriteRoleArn": WRITE[each], "ObserveRoleArn": OBSERVE[each]}
    buckets = stacks["assent-storage"].outputs()
    assert buckets["ReceiptsBucketArn"] == f"arn:aws:s3:::{RECEIPTS}"


@pytest.mark.parametrize("name", NAMES)
def test_what_has_a_default_may_be_left_out(name: str) -> None:
    """A template deploys with the least that it asks for, can be updated, and leaves nothing."""
    template = read_template(name)
    asked = {each for each, said in template["Parameters"].items() if "Default" not in said}
    assert asked <= LEAST[name].keys()
    assert (asked == LEAST[name].keys()) is (name != "storage")
    with mock_aws():
        upload_code(f"acme-{name}-code")
        stack = deploy(f"least-{name}", FRESH, name, LEAST[name])
        resolved = stack.resolved()
        assert set(stack.present()) == {
            each for each, said in resolved.items() if said["Type"] not in UNSUPPORTED
        }
        text = json.dumps(resolved)
        assert "AWS::NoValue" not in text
        assert '""' not in text
        for each in deployed_roles({stack.name: stack}).values():
            for policy in (each.trust, *each.policies):
                assert list(statements_of(policy))  # also where it is JSON put together from parts
        client = stack.session.client("cloudformation")
        with unsupported_resources():
            client.update_stack(
                StackName=stack.name,
                UsePreviousTemplate=True,
                Parameters=[
                    {"ParameterKey": key_, "ParameterValue": value}
                    for key_, value in LEAST[name].items()
                ],
                Capabilities=["CAPABILITY_NAMED_IAM"],
            )
            client.delete_stack(StackName=stack.name)
        iam = stack.session.client("iam")
        assert [each for each in iam.list_roles()["Roles"] if "assent" in each["RoleName"]] == []
