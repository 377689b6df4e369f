"""What `apply` really sends to the registry, its environment's role may write, and no other."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import product

import pytest
from moto import mock_aws
from tests.infra.evaluator import Request
from tests.infra.judged import Policies, read_policies
from tests.infra.organization import APPLY, LADDER, REGION, REGISTRY, deploy_organization

from assent.core.names import RecordId, parse_package_arn
from assent.core.package import ModelVersion, Package, RegistryApproval
from assent.core.record import Decision
from assent.core.registry_fields import (
    RegistryUpdate,
    derive_approval,
    derive_life_cycle,
    registry_update,
    withdrawal,
)

ARN = f"arn:aws:sagemaker:{REGION}:{REGISTRY}:model-package/churn/7"
Decisions = Mapping[str, Decision]


@pytest.fixture(scope="module")
def policies() -> Iterator[Policies]:
    with mock_aws():
        yield read_policies(deploy_organization())


def _shown(decisions: Decisions, **fields: str) -> ModelVersion:
    """A version as the registry shows it after some decisions, with fields of other people's."""
    of_each = {
        f"{each}{end}": text
        for each, decision in decisions.items()
        for end, text in (("", decision.value), (".by", "ana"), (".pull-request", "u"))
    }
    created = datetime(2026, 11, 22, tzinfo=UTC)
    return ModelVersion(
        arn=parse_package_arn(ARN),
        package=Package(arn=ARN, created=created, created_by=None, containers=()),
        status="Completed",
        approval=derive_approval(decisions),
        metadata={**of_each, "team": "fraud", **fields},
        life_cycle=derive_life_cycle(decisions, LADDER) if decisions else None,
    )


def _request(role: str, update: RegistryUpdate) -> Request:
    """The call that adapters/sagemaker makes of an update, with the keys that IAM sees in it."""
    context = {
        f"sagemaker:CustomerMetadataProperties/{name}": text
        for name, text in update.metadata.items()
    }
    if update.approval is not None:
        context["sagemaker:ModelApprovalStatus"] = update.approval.value
    if update.life_cycle is not None:
        stage, status = update.life_cycle
        context["sagemaker:ModelLifeCycle:Stage"] = stage
        context["sagemaker:ModelLifeCycle:StageStatus"] = status
    action = "sagemaker:UpdateModelPackage"
    return Request(principal=role, action=action, resource=ARN, owner=REGISTRY, context=context)


def _situations() -> Iterator[tuple[str, Decisions, Decision | None]]:
    """Each decision of each environment, from each state of the whole ladder."""
    choices = (None, *Decision)
    for environment, becomes in product(LADDER, choices):
        for was in product(choices, repeat=len(LADDER)):
            before = {each: said for each, said in zip(LADDER, was, strict=True) if said}
            yield environment, before, becomes


def _update(
    seen: ModelVersion, environment: str, before: Decisions, becomes: Decision | None
) -> RegistryUpdate | None:
    return registry_update(
        seen,
        id_=RecordId(environment=environment, model="churn", version=7),
        decision=becomes,
        elsewhere={each: said for each, said in before.items() if each != environment},
        by=["ana", "ben"],
        pull_request="https://github.com/acme/model-promotions/pull/12",
        ladder=LADDER,
    )


def test_a_role_may_write_each_decision_of_its_environment(policies: Policies) -> None:
    """Whatever the other environments decided, and what the registry shows of it."""
    sent = 0
    for environment, before, becomes in _situations():
        update = _update(_shown(before), environment, before, becomes)
        if update is not None:
            sent += 1
            assert policies.judge(_request(APPLY[environment], update)), (before, becomes)
    assert sent > 500


def test_no_other_role_may_write_it(policies: Policies) -> None:
    """A call that has a field of an environment is that environment's alone."""
    for environment, before, becomes in _situations():
        update = _update(_shown(before), environment, before, becomes)
        if update is not None and update.metadata:
            others = [role for each, role in APPLY.items() if each != environment]
            assert not any(policies.judge(_request(role, update)) for role in others)


def test_a_role_may_take_back_what_is_not_in_effect(policies: Policies) -> None:
    """An approval that a killed run left behind, or somebody wrote by hand."""
    sent = 0
    for environment, before, becomes in _situations():
        claimed = {**before, environment: Decision.APPROVED}
        id_ = RecordId(environment=environment, model="churn", version=7)
        others = {each: said for each, said in before.items() if each != environment}
        update = withdrawal(
            _shown(claimed), id_=id_, decision=becomes, elsewhere=others, ladder=LADDER
        )
        if update is not None:
            sent += 1
            assert policies.judge(_request(APPLY[environment], update)), (before, becomes)
    assert sent > 100


def test_putting_back_fields_of_others_is_refused(policies: Policies) -> None:
    """As infra/README.md says of a registry that forgot fields in a write: nobody restores all."""
    seen = _shown(dict.fromkeys(LADDER, Decision.APPROVED))
    update = RegistryUpdate(arn=seen.arn, metadata=seen.metadata)
    assert not any(policies.judge(_request(role, update)) for role in APPLY.values())


def test_a_life_cycle_changed_by_hand_is_put_right_by_its_own_rung(policies: Policies) -> None:
    """A rung below is refused to say Approved for one above, which then says it itself."""
    before = {"dev": Decision.APPROVED, "prod": Decision.APPROVED}
    shown = _shown(before)
    altered = ModelVersion(
        arn=shown.arn,
        package=shown.package,
        status=shown.status,
        approval=RegistryApproval.APPROVED,
        metadata=shown.metadata,
        life_cycle=("dev", "Rejected"),
    )
    for environment, allowed in (("dev", False), ("prod", True)):
        update = _update(altered, environment, before, Decision.APPROVED)
        assert update is not None
        assert update.life_cycle == ("prod", "Approved")
        assert policies.judge(_request(APPLY[environment], update)) is allowed
