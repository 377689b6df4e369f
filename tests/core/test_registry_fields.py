"""The registry's fields: only what differs, and only what SageMaker takes."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.model import ServiceModel, Shape
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.core.names import RecordId, parse_package_arn
from assent.core.package import ModelVersion, Package, RegistryApproval
from assent.core.record import Decision
from assent.core.registry_fields import (
    MAX_ENTRIES,
    RegistryUpdate,
    derive_approval,
    one_line,
    registry_update,
)
from assent.sandbox.aws.front import service_models
from assent.sandbox.aws.limits import violations

LADDER = ("dev", "test", "prod")
ID = RecordId("test", "churn", 7)
ARN = parse_package_arn("arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/7")
APPROVED, REJECTED, RETIRED = Decision.APPROVED, Decision.REJECTED, Decision.RETIRED
PULL = "https://github.com/acme/model-promotions/pull/12"


@pytest.fixture(scope="module")
def request_shape() -> Shape:
    """What SageMaker's own model says of an UpdateModelPackage request."""
    model = ServiceModel(service_models().load_service_model("sagemaker", "service-2"))
    shape: Shape | None = model.operation_model("UpdateModelPackage").input_shape
    assert shape is not None
    return shape


def version(
    metadata: Mapping[str, str] | None = None,
    approval: RegistryApproval = RegistryApproval.PENDING,
    life_cycle: tuple[str, str] | None = None,
) -> ModelVersion:
    package = Package(
        arn=ARN.text, created=datetime(2026, 11, 22, tzinfo=UTC), created_by=None, containers=()
    )
    return ModelVersion(
        arn=ARN,
        package=package,
        status="Completed",
        approval=approval,
        metadata=metadata or {},
        life_cycle=life_cycle,
    )


def update_of(
    seen: ModelVersion,
    decisions: Mapping[str, Decision],
    *,
    id_: RecordId = ID,
    by: Sequence[str] = ("ana",),
    pull_request: str = PULL,
    reason: str = "",
) -> RegistryUpdate | None:
    return registry_update(
        seen,
        id_=id_,
        decision=decisions.get(id_.environment),
        elsewhere={rung: each for rung, each in decisions.items() if rung != id_.environment},
        by=by,
        pull_request=pull_request,
        ladder=LADDER,
        reason=reason,
    )


def applied(seen: ModelVersion, update: RegistryUpdate) -> ModelVersion:
    """The version after the registry took the update."""
    return version(
        {**seen.metadata, **update.metadata},
        update.approval or seen.approval,
        update.life_cycle or seen.life_cycle,
    )


def request(update: RegistryUpdate) -> dict[str, Any]:
    """The request as the adapter sends it."""
    found: dict[str, Any] = {"ModelPackageArn": update.arn.text}
    if update.metadata:
        found["CustomerMetadataProperties"] = dict(update.metadata)
    if update.approval is not None:
        found["ModelApprovalStatus"] = update.approval.value
    if update.approval_description is not None:
        found["ApprovalDescription"] = update.approval_description
    if update.life_cycle is not None:
        found["ModelLifeCycle"] = dict(
            zip(("Stage", "StageStatus"), update.life_cycle, strict=True)
        )
    return found


def test_a_decision_writes_its_environment_and_the_one_status() -> None:
    """Three keys of the environment, the derived status, who said so and where."""
    update = update_of(version({"team": "x"}), {"test": APPROVED}, by=("ana", "ben"))
    assert update == RegistryUpdate(
        arn=ARN,
        metadata={"test": "Approved", "test.by": "ana ben", "test.pull-request": PULL},
        approval=RegistryApproval.APPROVED,
        approval_description=f"Approved in test by ana, ben: {PULL}",
        life_cycle=("test", "Approved"),
    )
    assert update.fields == (
        "test",
        "test.by",
        "test.pull-request",
        "ModelApprovalStatus",
        "ModelLifeCycle",
    )


def test_only_what_differs_is_sent() -> None:
    """Keys that say it already are left out; where all do, nothing is sent."""
    update = update_of(version({"test": "Approved", "test.by": "zoe"}), {"test": APPROVED})
    assert update is not None
    assert set(update.metadata) == {"test.by", "test.pull-request"}
    full = applied(version(), update_of(version(), {"test": APPROVED}) or RegistryUpdate(arn=ARN))
    assert update_of(full, {"test": APPROVED}) is None
    other = update_of(full, {"test": APPROVED, "dev": REJECTED})
    assert other is None, "a no below changes neither status nor stage"


@pytest.mark.parametrize(
    ("decisions", "expected"),
    [
        ({}, "PendingManualApproval"),
        ({"dev": REJECTED}, "Rejected"),
        ({"dev": RETIRED}, "Rejected"),
        ({"dev": APPROVED}, "Approved"),
        ({"dev": RETIRED, "test": APPROVED}, "Approved"),
        ({"dev": APPROVED, "test": REJECTED}, "Approved"),
        ({"dev": REJECTED, "test": RETIRED}, "Rejected"),
    ],
)
def test_the_one_status_is_derived(decisions: Mapping[str, Decision], expected: str) -> None:
    """Approved if any environment approves, else Rejected if any says no, else pending."""
    assert derive_approval(decisions).value == expected


@pytest.mark.parametrize(
    ("decisions", "expected"),
    [
        ({"dev": APPROVED, "test": APPROVED}, ("test", "Approved")),
        ({"dev": APPROVED, "test": RETIRED}, ("dev", "Approved")),
        ({"dev": RETIRED, "test": RETIRED}, ("test", "Retired")),
        ({"dev": RETIRED, "test": REJECTED, "prod": APPROVED}, ("prod", "Approved")),
    ],
)
def test_the_stage_is_the_same_from_every_environment(
    decisions: Mapping[str, Decision], expected: tuple[str, str]
) -> None:
    """Two environments that compare everything in turn never write over each other."""
    seen = version()
    for environment in decisions:
        update = update_of(seen, decisions, id_=RecordId(environment, "churn", 7))
        assert update is not None
        assert update.life_cycle in {None, expected}
        seen = applied(seen, update)
    assert seen.life_cycle == expected
    for environment in decisions:
        assert update_of(seen, decisions, id_=RecordId(environment, "churn", 7)) is None


LOGINS = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=45), min_size=1
)


@given(by=LOGINS, pull_request=st.text(min_size=1, max_size=1500))
@settings(deadline=None, database=None)
def test_sagemaker_takes_whatever_people_are_called(
    request_shape: Shape, by: list[str], pull_request: str
) -> None:
    """Any logins and any address become values that SageMaker's own model allows."""
    update = update_of(version(), {"test": REJECTED}, by=by, pull_request=pull_request)
    assert update is not None
    assert list(violations(request_shape, request(update))) == []
    assert update.approval_description is not None
    assert update.approval_description.isprintable()
    assert (
        update_of(applied(version(), update), {"test": REJECTED}, by=by, pull_request=pull_request)
        is None
    )


def test_the_limits_are_sagemakers(request_shape: Shape) -> None:
    """The check above would notice: a value of 257 characters or with a comma is refused."""
    for value in ("x" * 257, "ana, ben", "a#b"):
        sent = {"ModelPackageArn": ARN.text, "CustomerMetadataProperties": {"test.by": value}}
        assert list(violations(request_shape, sent)), value


@pytest.mark.parametrize("count", [1, 6, 7, 20, 100, 1000])
def test_logins_are_cut_between_two_and_counted(count: int) -> None:
    """What does not fit is told as a number; no login is cut, and none is lost count of."""
    logins = [f"{'x' * 30}-{number:04}" for number in range(count)]
    update = update_of(version(), {"test": APPROVED}, by=logins)
    assert update is not None
    *named, last = update.metadata["test.by"].split(" ")
    rest = int(last) if last.startswith("+") else 0
    shown = named if rest else [*named, last]
    assert len(update.metadata["test.by"]) <= 256
    assert shown == logins[: len(shown)]
    assert len(shown) + rest == count
    assert shown


@pytest.mark.parametrize("others", range(MAX_ENTRIES - 4, MAX_ENTRIES + 1))
def test_fifty_entries_are_never_exceeded(others: int) -> None:
    """Where others fill the registry's entries, the decision comes first, and nothing flaps."""
    seen = version({f"other-{number}": "x" for number in range(others)})
    update = update_of(seen, {"test": REJECTED})
    assert update is not None
    assert len({**seen.metadata, **update.metadata}) == min(others + 3, MAX_ENTRIES)
    assert ("test" in update.metadata) is (others < MAX_ENTRIES)
    assert update.approval is RegistryApproval.REJECTED
    assert update_of(applied(seen, update), {"test": REJECTED}) is None


def test_entries_that_exist_are_changed_even_when_there_is_no_room() -> None:
    """Only new keys need room."""
    seen = version({"test": "Approved"} | {f"other-{number}": "x" for number in range(49)})
    update = update_of(seen, {"test": RETIRED})
    assert update is not None
    assert update.metadata == {"test": "Retired"}


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("a\nb\r\n\tc", 10, "a b c"),
        ("a\x00\x1b[31mb\u202e\u2028c", 20, "a  [31mb  c"),
        ("abcdef", 6, "abcdef"),
        ("abcdefg", 6, "abc..."),
        ("", 5, ""),
    ],
)
def test_free_text_becomes_one_printable_line(text: str, limit: int, expected: str) -> None:
    """Breaks become spaces, control and invisible characters too, the rest is cut visibly."""
    assert one_line(text, limit) == expected


def test_a_decision_that_was_taken_back_shows_as_pending() -> None:
    """Nothing is decided there any more; what was decided elsewhere still counts."""
    seen = version({"test": "Rejected"}, approval=RegistryApproval.REJECTED)
    update = update_of(seen, {})
    assert update is not None
    assert update.metadata["test"] == "PendingManualApproval"
    assert update.approval is RegistryApproval.PENDING
    assert update.life_cycle == ("dev", "PendingManualApproval")  # as from every environment
    again = update_of(seen, {"dev": Decision.APPROVED})
    assert again is not None
    assert again.approval is RegistryApproval.APPROVED


def test_a_reason_is_told_in_the_description_within_its_limit() -> None:
    """SageMaker takes 1024 characters on one line."""
    update = update_of(version(), {"test": Decision.REJECTED}, reason="slow\n" + "x" * 10_000)
    assert update is not None
    described = update.approval_description
    assert described is not None
    assert described.startswith(f"Rejected in test by ana: {PULL} (slow x")
    assert len(described) == 1024
