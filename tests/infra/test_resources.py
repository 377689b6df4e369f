"""Each resource is what it is meant to be: every figure, every name, every reference.

Three deployments are judged: with every optional parameter, with none, and with another value for
each that has a default, so that nothing is written down where a parameter should stand.
"""

import copy
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws
from tests.infra.organization import (
    FRESH,
    LEAST,
    STORAGE,
    Stack,
    account,
    deploy,
    deploy_organization,
    key,
    roles,
    session,
    upload_code,
)
from tests.infra.templates import read_template
from tests.infra.wanted import ALARMS, EXCUSED, VISIBILITY, judged_part, wanted

from assent.core.backoff import LONGEST

ROOT = Path(__file__).parents[2]
OTHER = "666677778888"
"""An account where everything is said otherwise."""
OTHERWISE: Mapping[str, Mapping[str, str]] = {
    "intake": {
        **LEAST["intake"],
        "CodeBucket": "acme-other-code",
        "NamePrefix": "models",
        "Runtime": "python3.12",
        "Architecture": "arm64",
        "ReservedConcurrency": "0",
        "LogRetentionDays": "30",
        "Branch": "trunk",
        "ApiUrl": "https://github.example.com/api/v3",
        "MaxReceiveCount": "200",
        "OldestMessageSeconds": "600",
        "ParameterPrefix": "/models",
    },
    "roles": {
        **roles("dev"),
        "NamePrefix": "models",
        "Branch": "trunk",
        "Issuer": "token.actions.acme.ghe.com",
        "ParameterPrefix": "/models",
    },
    "account": {**account("prod"), "NamePrefix": "models", "ParameterPrefix": "/models"},
    "storage": {
        "EvidenceBucketName": f"other-{STORAGE['EvidenceBucketName']}",
        "ReceiptsBucketName": f"other-{STORAGE['ReceiptsBucketName']}",
        "RetentionMode": "GOVERNANCE",
        "RetentionDays": "30",
        "KeyArn": key(OTHER, "buckets"),
    },
    "guard": {**LEAST["guard"], "NamePrefix": "models", "ParameterPrefix": "/models"},
}
Place = tuple[str | int, ...]
Stacks = list[tuple[Stack, dict[str, dict[str, Any]]]]


def _upload_version(bucket: str) -> str:
    """Code in a bucket that keeps versions; returns the version."""
    upload_code(bucket)
    client = session(OTHER).client("s3")
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    name = OTHERWISE["intake"]["CodeKey"]
    return client.put_object(Bucket=bucket, Key=name, Body=b"another zip")["VersionId"]


@pytest.fixture(scope="module")
def stacks() -> Iterator[Stacks]:
    """Every stack with its resources as they resolve."""
    with mock_aws():
        found = [*deploy_organization().values()]
        upload_code(LEAST["intake"]["CodeBucket"])
        found += [deploy(f"least-{name}", FRESH, name, said) for name, said in LEAST.items()]
        version = {"CodeVersion": _upload_version(OTHERWISE["intake"]["CodeBucket"])}
        for name, said in OTHERWISE.items():
            more = version if name == "intake" else {}
            found.append(deploy(f"other-{name}", OTHER, name, {**said, **more}))
        yield [(stack, stack.resolved()) for stack in found]


def test_a_resource_is_what_it_is_meant_to_be(stacks: Stacks) -> None:
    """Each stack has the resources that its parameters ask for, with just these properties."""
    for stack, resolved in stacks:
        meant = wanted(stack)
        assert resolved.keys() == meant.keys(), stack.name
        for name, resource in resolved.items():
            assert judged_part(resource) == meant[name], f"{stack.name}: {name}"


def test_every_default_has_been_said_otherwise() -> None:
    """No parameter has the same value in all three deployments, so that each is really used."""
    for name in LEAST:
        declared = read_template(name)["Parameters"]
        usual = {each: str(said["Default"]) for each, said in declared.items() if "Default" in said}
        filled = {each for each, value in usual.items() if value not in {"", "no"}}
        same = {each for each in filled if OTHERWISE[name].get(each, usual[each]) == usual[each]}
        assert same == set(), name


def _leaves(value: object, place: Place = ()) -> Iterator[tuple[Place, object]]:
    """Every scalar of a resource, and where it stands."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _leaves(each, (*place, name))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _leaves(each, (*place, number))
    else:
        yield place, value


def _mutants(resource: dict[str, Any]) -> Iterator[tuple[Place, str, dict[str, Any]]]:
    """The resource with one scalar changed, or with it or what it stands in removed."""
    for place, value in _leaves(resource):
        for deep in range(1, len(place) + 1):
            yield place[:deep], "removed", _having(resource, place[:deep])
        match value:
            case bool():
                yield place, "changed", _having(resource, place, not value)
            case int() | float():
                for other in (value + 1, value - 1, value * 30):
                    if other != value:
                        yield place, "changed", _having(resource, place, other)
            case _:
                yield place, "changed", _having(resource, place, f"{value}x")


_NOTHING = object()


def _having(resource: dict[str, Any], place: Place, value: object = _NOTHING) -> dict[str, Any]:
    other = copy.deepcopy(resource)
    inner: Any = other
    for step in place[:-1]:
        inner = inner[step]
    if value is _NOTHING:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return other


def test_nothing_in_a_resource_is_unjudged(stacks: Stacks) -> None:
    """Whatever is removed or changed, it is not what is meant; or it is excused by its key."""
    count = 0
    excused = set()
    unjudged = []
    for stack, resolved in stacks:
        meant = wanted(stack)
        for name, resource in resolved.items():
            for place, how, mutant in _mutants(resource):
                count += 1
                if judged_part(mutant) != meant[name]:
                    continue
                reasons = EXCUSED.keys() & {each for each in place if isinstance(each, str)}
                excused |= reasons
                if not reasons:
                    unjudged.append(f"{stack.name}: {name}: {place} {how}")
    assert count > 2000
    assert unjudged == []
    assert excused == EXCUSED.keys()


@pytest.mark.parametrize(
    ("stack_name", "name", "place", "value"),
    [
        ("assent-intake", "RegistrationRule", ("Targets", 0, "DeadLetterConfig"), _NOTHING),
        ("assent-account-prod", "ForwardRule", ("Targets", 0, "DeadLetterConfig"), _NOTHING),
        ("least-intake", "Queue", ("SqsManagedSseEnabled",), _NOTHING),
        ("assent-account-prod", "Undelivered", ("SqsManagedSseEnabled",), _NOTHING),
        ("assent-intake", "Function", ("MemorySize",), 128),
        ("assent-intake", "ErrorsAlarm", ("ComparisonOperator",), "LessThanThreshold"),
        ("assent-intake", "DeadLettersAlarm", ("Statistic",), "Minimum"),
        ("assent-intake", "RefusalsAlarm", ("EvaluationPeriods",), 30),
        ("assent-intake", "FailuresAlarm", ("DatapointsToAlarm",), _NOTHING),
        ("assent-storage", "Receipts", ("ObjectLockConfiguration",), _NOTHING),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_mistake_is_seen(
    stacks: Stacks, stack_name: str, name: str, place: Place, value: object
) -> None:
    """Mistakes that would go without a word: a resource as it is meant to be, but for one."""
    ((stack, resolved),) = [each for each in stacks if each[0].name == stack_name]
    mistaken = _having(resolved[name], ("Properties", *place), value)
    assert judged_part(mistaken) != wanted(stack)[name]


def test_the_log_is_there_before_the_function(stacks: Stacks) -> None:
    """Otherwise the first call makes a log that keeps everything for ever."""
    ((stack, resolved),) = [each for each in stacks if each[0].name == "assent-intake"]
    mistaken = _having(resolved["Function"], ("DependsOn",))
    assert judged_part(mistaken) != wanted(stack)["Function"]


def _raised(name: str, times: list[int], start: int) -> bool:
    """Whether an alarm is raised by something that happens at times, periods beginning at start."""
    alarm = ALARMS[name]
    periods = sorted({(time - start) // alarm.period for time in times})
    return any(
        sum(first <= each < first + alarm.out_of for each in periods) >= alarm.points
        for first in periods
    )


@pytest.mark.parametrize("every", [VISIBILITY, LONGEST, 60], ids=["failed", "put off", "many"])
def test_one_message_that_fails_each_time_is_seen_within_an_hour(every: int) -> None:
    """However its returns lie in the quarters of the hour, `Failures` raises its alarm."""
    for start in range(-ALARMS["failures"].period + 1, 1):
        assert _raised("failures", list(range(0, 3600, every)), start)


def test_one_failure_alone_wakes_nobody() -> None:
    """What succeeds at its second attempt raises nothing."""
    assert not any(_raised("failures", [0], start) for start in range(-899, 1))


@pytest.mark.parametrize("page", ["operating.md", "operating/alarms.md"])
def test_the_documents_name_every_alarm(stacks: Stacks, page: str) -> None:
    """The table of alarms has a row for each that the templates make, and no other."""
    made = {
        resource["Properties"]["AlarmName"]
        for stack, resolved in stacks
        for resource in resolved.values()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
        and stack.parameters.get("NamePrefix") is None
    }
    assert made == {f"assent-{name}" for name in ALARMS}
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    (table,) = re.findall(r"^\| alarm \|.*\n\| --- .*\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert {re.match(r"\| `([\w-]+)`", row)[1] for row in table.splitlines()} == made  # type: ignore[index]
