"""What Parameter Store is asked, and how often."""

from typing import Any

import pytest
from botocore.stub import Stubber

from assent.adapters.aws_session import AccessRefused, AwsFailed, AwsSession
from assent.adapters.parameter_store import ParameterStore, UnwritableParameter
from assent.core.parameters import Names
from assent.ports import Unavailable

NAMES = Names(prefix="/assent", environment="dev")


def count_calls(session: AwsSession) -> list[tuple[str, dict[str, Any]]]:
    """Every request of the session's Parameter Store client from now on."""
    calls: list[tuple[str, dict[str, Any]]] = []

    def note(params: dict[str, Any], model: Any, **_: object) -> None:  # noqa: ANN401 - botocore's
        calls.append((model.name, dict(params)))

    session.ssm().meta.events.register("provide-client-params.ssm", note)
    return calls


def test_ten_names_to_a_request_each_once(aws: AwsSession) -> None:
    """Parameter Store refuses more than ten names, and a name twice."""
    calls = count_calls(aws)
    names = [NAMES.history("churn", version) for version in range(1, 22)]
    assert ParameterStore(aws.ssm()).read([*names, *names]) == {}
    assert [name for _, call in calls for name in call["Names"]] == names
    assert [len(call["Names"]) for _, call in calls] == [10, 10, 1]


def test_a_write_is_one_standard_parameter(aws: AwsSession) -> None:
    """A write says what it writes, and overwrites."""
    calls = count_calls(aws)
    ParameterStore(aws.ssm()).write(NAMES.applied, "{}")
    ParameterStore(aws.ssm()).write(NAMES.applied, "{ }")
    assert calls[1] == (
        "PutParameter",
        {"Name": NAMES.applied, "Value": "{ }", "Type": "String", "Overwrite": True},
    )
    assert aws.ssm().get_parameter(Name=NAMES.applied)["Parameter"]["Type"] == "String"


def test_what_cannot_be_stored_is_not_sent(aws: AwsSession) -> None:
    """The check comes before the call, and says what to do."""
    calls = count_calls(aws)
    with pytest.raises(UnwritableParameter) as raised:
        ParameterStore(aws.ssm()).write(NAMES.applied, "{{")
    assert "u007b" in raised.value.hint
    assert calls == []


def test_a_failing_page_is_not_the_end(unplugged: AwsSession) -> None:
    """An error on the second page is raised, so that half a list is never taken for all of it."""
    with Stubber(unplugged.ssm()) as stub:
        page = {"Parameters": [{"Name": NAMES.applied, "Value": "v"}], "NextToken": "n"}
        asked = {"Path": "/assent/dev", "Recursive": True, "MaxResults": 10}
        stub.add_response("get_parameters_by_path", page, asked)
        stub.add_client_error("get_parameters_by_path", "ThrottlingException", "Rate exceeded")
        found = ParameterStore(unplugged.ssm()).read_below("/assent/dev")
        assert next(found) == (NAMES.applied, "v")
        with pytest.raises(Unavailable, match="ssm:GetParametersByPath"):
            next(found)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("TooManyUpdates", Unavailable),
        ("ParameterLimitExceeded", AwsFailed),
        ("AccessDeniedException", AccessRefused),
    ],
)
def test_a_refused_write_names_the_parameter(
    unplugged: AwsSession, code: str, expected: type[Exception]
) -> None:
    """Whatever the reason, the message says which parameter could not be written."""
    with Stubber(unplugged.ssm()) as stub:
        stub.add_client_error("put_parameter", code, "no")
        with pytest.raises(expected, match=NAMES.applied):
            ParameterStore(unplugged.ssm()).write(NAMES.applied, "{}")
