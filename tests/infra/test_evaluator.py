"""The evaluator judges as AWS's documentation says that policies are judged, case by case."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.infra.evaluator import (
    FULL_ACCESS,
    Document,
    Request,
    UnknownElement,
    Values,
    is_allowed,
)

ANA = "arn:aws:iam::111122223333:role/ana"
OBJECT = "arn:aws:s3:::bucket/key"


def policy(*statements: Mapping[str, Any]) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - elements of a statement
    return {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **more}


def deny(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - elements of a statement
    return {**allow(**more), "Effect": "Deny"}


def request(
    context: Mapping[str, Values] | None = None,
    *,
    principal: str = ANA,
    action: str = "s3:GetObject",
    resource: str = OBJECT,
    owner: str = "111122223333",
) -> Request:
    return Request(
        principal=principal, action=action, resource=resource, owner=owner, context=context or {}
    )


def test_what_nobody_allows_is_denied() -> None:
    """The default is no, and an explicit Deny wins over any Allow, in whichever policy it is."""
    assert not is_allowed(request())
    assert is_allowed(request(), identity=[policy(allow())])
    assert not is_allowed(request(), identity=[policy(allow(), deny())])
    assert not is_allowed(
        request(), identity=[policy(allow())], resource=policy(deny(Principal="*"))
    )


def test_within_an_account_one_yes_is_enough() -> None:
    """Identity or resource allow; naming the account alone leaves it to the identity."""
    here = policy(allow(Principal={"AWS": ANA}))
    account = policy(allow(Principal={"AWS": "arn:aws:iam::111122223333:root"}))
    assert is_allowed(request(), resource=here)
    assert not is_allowed(request(), resource=account)
    assert is_allowed(request(), resource=account, identity=[policy(allow())])


def test_across_accounts_both_have_to_say_yes() -> None:
    """The resource's policy and the principal's own."""
    away = request(owner="444455556666")
    there = policy(allow(Principal={"AWS": "111122223333"}))
    assert not is_allowed(away, identity=[policy(allow())])
    assert not is_allowed(away, resource=there)
    assert is_allowed(away, identity=[policy(allow())], resource=there)


def test_an_organization_grants_nothing_and_can_take_everything() -> None:
    """SCP and identity are intersected, at each level; what no level allows is denied."""
    own = [policy(allow())]
    guard = policy(deny())
    assert is_allowed(request(), identity=own, scps=[[FULL_ACCESS], [FULL_ACCESS]])
    assert not is_allowed(request(), scps=[[FULL_ACCESS]])
    assert not is_allowed(request(), identity=own, scps=[[FULL_ACCESS], []])
    assert not is_allowed(request(), identity=own, scps=[[FULL_ACCESS, guard], [FULL_ACCESS]])


def test_a_session_only_narrows() -> None:
    """What the session's policy does not allow is denied, though the role may."""
    own = [policy(allow())]
    assert is_allowed(request(), identity=own, session=own)
    assert not is_allowed(request(), identity=own, session=[])
    assert not is_allowed(request(), session=own)


def test_whom_a_role_trusts_its_trust_policy_says() -> None:
    """A role of the account that is named needs nothing else; the account as a whole does."""
    arn = "arn:aws:iam::111122223333:role/r"
    here = request(resource=arn, action="sts:AssumeRole")
    elsewhere = request(resource=arn, action="sts:AssumeRole", owner="444455556666")
    assume = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    own = [policy({**assume, "Resource": "*"})]
    named = policy({**assume, "Principal": {"AWS": ANA}})
    account = policy({**assume, "Principal": {"AWS": "arn:aws:iam::111122223333:root"}})
    assert is_allowed(here, resource=named)
    assert not is_allowed(here, identity=own)
    assert not is_allowed(here, resource=account)
    assert is_allowed(here, resource=account, identity=own)
    assert not is_allowed(elsewhere, resource=named)
    assert is_allowed(elsewhere, resource=named, identity=own)


def test_a_service_and_a_token_need_to_be_named() -> None:
    """Neither is bound by an organization's policies, nor has any of its own."""
    service = policy(allow(Principal={"Service": "events.amazonaws.com"}))
    assert is_allowed(request(principal="events.amazonaws.com"), resource=service)
    assert not is_allowed(request(principal="sns.amazonaws.com"), resource=service)
    issuer = "arn:aws:iam::111122223333:oidc-provider/example.com"
    trust = policy(
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": issuer},
            "Condition": {"StringEquals": {"example.com:sub": "a"}},
        }
    )
    for context, taken in (
        ({"example.com:sub": "a"}, True),
        ({"example.com:sub": "b"}, False),
        ({}, False),
    ):
        action = "sts:AssumeRoleWithWebIdentity"
        token = request(context, principal=issuer, action=action)
        assert is_allowed(token, resource=trust) is taken


ONE = [
    # operator, wanted, the request's value (None: there is none), whether the condition holds
    ("StringEquals", "a", "a", True),
    ("StringEquals", "a", "A", False),
    ("StringEquals", ["a", "b"], "b", True),
    ("StringEquals", "a*", "ab", False),
    ("StringEquals", "a", None, False),
    ("StringEqualsIfExists", "a", None, True),
    ("StringEqualsIfExists", "a", "b", False),
    ("StringEqualsIgnoreCase", "a", "A", True),
    ("StringNotEquals", "a", "b", True),
    ("StringNotEquals", ["a", "b"], "b", False),
    ("StringNotEquals", "a", None, True),
    ("StringNotEqualsIfExists", "a", None, True),
    ("StringNotEqualsIgnoreCase", "a", "A", False),
    ("StringLike", "a*c?", "abbcd", True),
    ("StringLike", "a?", "a", False),
    ("StringLike", "a[b]", "ab", False),
    ("StringNotLike", "a*", "abc", False),
    ("StringNotLike", "a*", None, True),
    ("ArnLike", "arn:aws:iam::*:role/r-*", "arn:aws:iam::1:role/r-1", True),
    ("ArnLike", "arn:aws:*:role/r", "arn:aws:iam::1:role/r", False),
    ("ArnEquals", "arn:aws:iam::1:role/*", "arn:aws:iam::1:role/r", True),
    ("ArnEquals", "arn:aws:iam::1:role/r", None, False),
    ("ArnNotLike", "arn:aws:iam::1:role/*", "arn:aws:iam::1:role/r", False),
    ("ArnNotEquals", ["arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b"], None, True),
    ("Bool", "false", "false", True),
    ("Bool", "false", None, False),
    ("BoolIfExists", "false", None, True),
    ("Null", "true", None, True),
    ("Null", "true", "a", False),
    ("Null", "false", None, False),
    ("Null", "false", "a", True),
    ("NumericLessThan", "10", "9", True),
    ("NumericGreaterThan", "10", "9", False),
    ("ForAllValues:StringEquals", ["a", "b"], ["a", "b"], True),
    ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], False),
    ("ForAllValues:StringEquals", ["a"], None, True),
    ("ForAllValues:StringNotEquals", ["a"], ["b", "a"], False),
    ("ForAnyValue:StringEquals", ["a"], ["b", "a"], True),
    ("ForAnyValue:StringEquals", ["a"], ["b", "c"], False),
    ("ForAnyValue:StringEquals", ["a"], None, False),
    ("ForAnyValue:StringNotEquals", ["a"], ["a", "b"], True),
    ("ForAnyValue:StringLike", ["a*"], ["ab"], True),
    ("StringEquals", "${aws:PrincipalAccount}", "111122223333", True),
    ("StringEquals", "${aws:PrincipalTag/team}", "red", False),
]


@pytest.mark.parametrize(("operator", "wanted", "value", "holds"), ONE)
def test_an_operator_means_what_aws_says(
    operator: str,
    wanted: Values,
    value: Values | None,
    holds: bool,  # noqa: FBT001 - a table
) -> None:
    """With a value, with several, and without the key, which negated operators take for a yes."""
    asked = request(None if value is None else {"x:Key": value})
    condition = {operator: {"X:KEY": wanted}}  # keys know no case
    assert is_allowed(asked, identity=[policy(allow(Condition=condition))]) is holds


def test_conditions_add_up() -> None:
    """All operators and all keys have to hold; of a key's values one."""
    both = {"StringEquals": {"x:a": ["1", "2"], "x:b": "1"}, "Null": {"x:c": "true"}}
    own = [policy(allow(Condition=both))]
    assert is_allowed(request({"x:a": "2", "x:b": "1"}), identity=own)
    assert not is_allowed(request({"x:a": "2", "x:b": "2"}), identity=own)
    assert not is_allowed(request({"x:a": "2", "x:b": "1", "x:c": "1"}), identity=own)


def test_actions_know_no_case_and_resources_do() -> None:
    """Wildcards hold in both; NotAction and NotResource mean all the others."""
    assert is_allowed(request(), identity=[policy(allow(Action="S3:get*"))])
    assert not is_allowed(request(), identity=[policy(allow(Resource="arn:aws:s3:::BUCKET/*"))])
    assert is_allowed(request(), identity=[policy(allow(Resource="arn:aws:s3:::bucket/*"))])
    other = {"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::other/*"}
    assert is_allowed(request(), identity=[policy(other)])
    assert not is_allowed(request(action="iam:GetRole"), identity=[policy(other)])
    assert not is_allowed(request(resource="arn:aws:s3:::other/key"), identity=[policy(other)])


@pytest.mark.parametrize(
    "document",
    [
        {"Version": "2008-10-17", "Statement": []},
        policy(allow(Unless="monday")),
        policy(allow(Effect="Maybe")),
        policy(allow(NotAction="s3:*")),
        policy(allow(Condition={"DateGreaterThan": {"x:a": "1"}})),
        policy(allow(Condition={"ForSome:StringEquals": {"x:a": "1"}})),
        policy(allow(Condition={"Null": {"x:a": "maybe"}})),
        policy(allow(Condition={"StringEquals": {"x:many": "1"}})),
        policy(allow(Condition={"StringLike": {"x:a": "${*}"}})),
        policy(allow(Principal={"AWS": ANA})),
        policy({"Effect": "Allow", "Action": "*"}),
    ],
)
def test_what_it_does_not_know_it_does_not_judge(document: Document) -> None:
    """An element, operator or form that nobody implemented is an error, never a yes or no."""
    asked = request({"x:a": "1", "x:many": ["1", "2"]})
    with pytest.raises(UnknownElement):
        is_allowed(asked, identity=[document])


def test_a_principal_of_an_unknown_kind_is_not_judged() -> None:
    """So it is with a resource's policy."""
    for principal in ({"CanonicalUser": "x"}, None):
        with pytest.raises(UnknownElement):
            is_allowed(request(), resource=policy(allow(Principal=principal)))
