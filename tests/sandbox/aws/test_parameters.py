"""Parameter Store's limits, where moto alone has none."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError
from moto.ssm.models import ssm_backends

from assent.adapters.aws_session import AwsFailed
from assent.adapters.parameter_store import ParameterStore, UnwritableParameter
from assent.sandbox.aws import AwsSandbox, parameters


@pytest.mark.parametrize(
    ("value", "tier", "stored"),
    [
        ("x" * 4096, "Standard", "Standard"),
        ("x" * 8192, "Advanced", "Advanced"),
        ("x" * 4096, "Intelligent-Tiering", "Standard"),
        ("é" * 4096, "Intelligent-Tiering", "Advanced"),
        (json.dumps({"a": {"b": 1}}), "Standard", "Standard"),
    ],
)
def test_values_within_their_tier_are_stored(
    aws: AwsSandbox, value: str, tier: str, stored: str
) -> None:
    """A value of just the limit is taken; intelligent tiering chooses by the value's bytes."""
    put = aws.ssm.put_parameter(
        Name="/assent/dev/churn/current",
        Value=value,
        Type="String",
        Tier=tier,  # type: ignore[arg-type]
    )
    assert put["Tier"] == stored
    found = aws.ssm.get_parameter(Name="/assent/dev/churn/current")["Parameter"]
    assert found["Value"] == value


@pytest.mark.parametrize(
    ("name", "value", "tier", "error"),
    [
        ("/a", "x" * 4097, "Standard", "maximum parameter value of 4096"),
        ("/a", "é" * 2049, "Standard", "maximum parameter value of 4096"),
        ("/a", "x" * 8193, "Advanced", "maximum parameter value of 8192"),
        ("/a", "x" * 8193, "Intelligent-Tiering", "maximum parameter value of 8192"),
        ("/a", '{"a":{{b}}}', "Standard", "can't nest another parameter"),
        ("/a b", "x", "Standard", "must consist of"),
        ("/ä", "x", "Standard", "must consist of"),
        ("a/b", "x", "Standard", "fully qualified"),
        ("/a" * 16, "x", "Standard", "HierarchyLevelLimitExceeded"),
        ("/aws/x", "x", "Standard", "AccessDeniedException"),
    ],
)
def test_what_the_service_refuses_is_not_stored(
    aws: AwsSandbox, name: str, value: str, tier: str, error: str
) -> None:
    """Values too long for their tier, references and malformed names are refused."""
    with pytest.raises(ClientError, match=error):
        aws.ssm.put_parameter(
            Name=name,
            Value=value,
            Type="String",
            Tier=tier,  # type: ignore[arg-type]
        )
    assert aws.ssm.describe_parameters()["Parameters"] == []


def test_an_advanced_parameter_stays_advanced(aws: AwsSandbox) -> None:
    """Overwriting without a tier keeps the one it has."""
    aws.ssm.put_parameter(Name="/a", Value="x" * 5000, Type="String", Tier="Advanced")
    again = aws.ssm.put_parameter(Name="/a", Value="y" * 5000, Overwrite=True)
    assert (again["Version"], again["Tier"]) == (2, "Advanced")


def test_history_forgets_past_a_hundred_versions(aws: AwsSandbox) -> None:
    """The version number goes on; the oldest versions are gone."""
    for number in range(103):
        aws.ssm.put_parameter(Name="/a", Value=str(number), Type="String", Overwrite=True)
    history = [
        each["Version"]
        for page in aws.ssm.get_paginator("get_parameter_history").paginate(Name="/a")
        for each in page["Parameters"]
    ]
    assert history == list(range(4, 104))


def test_at_most_ten_parameters_are_read_at_once(aws: AwsSandbox) -> None:
    """Eleven names are refused; of ten, the missing ones are named."""
    aws.ssm.put_parameter(Name="/1", Value="x", Type="String")
    names = [f"/{number}" for number in range(11)]
    with pytest.raises(ClientError, match="ValidationException"):
        aws.ssm.get_parameters(Names=names)
    answer = aws.ssm.get_parameters(Names=names[:10])
    assert [each["Value"] for each in answer["Parameters"]] == ["x"]
    assert "/0" in answer["InvalidParameters"]
    assert len(answer["InvalidParameters"]) == 9


def test_reading_by_path_pages_through_the_tree(aws: AwsSandbox) -> None:
    """Every parameter under the path comes once; siblings with the same beginning do not."""
    expected = [f"/assent/dev/m{number:02}/current" for number in range(20)]
    for name in [*expected, "/assent/devel/x/current", "/other"]:
        aws.ssm.put_parameter(Name=name, Value="x", Type="String")
    pages = [
        [each["Name"] for each in page["Parameters"]]
        for page in aws.ssm.get_paginator("get_parameters_by_path").paginate(
            Path="/assent/dev", Recursive=True
        )
    ]
    assert [len(page) for page in pages] == [10, 10]
    assert [name for page in pages for name in page] == expected
    flat = aws.ssm.get_parameters_by_path(Path="/assent/dev/m00")["Parameters"]
    assert [each["Name"] for each in flat] == expected[:1]
    assert aws.ssm.get_parameters_by_path(Path="/assent/dev")["Parameters"] == []


def test_only_one_of_many_creates_a_parameter(aws: AwsSandbox) -> None:
    """Without overwriting, one of twenty parallel writers wins; the rest are told."""
    ssm = aws.ssm  # each client has error classes of its own

    def put(number: int) -> str:
        try:
            ssm.put_parameter(Name="/lock", Value=str(number), Type="String")
        except ssm.exceptions.ParameterAlreadyExists:
            return "late"
        return "won"

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(put, range(20)))
    assert outcomes.count("won") == 1
    assert aws.ssm.get_parameter(Name="/lock")["Parameter"]["Version"] == 1


def test_accounts_keep_their_parameters_apart(aws: AwsSandbox) -> None:
    """A parameter of one account is not seen from another."""
    aws.ssm.put_parameter(Name="/a", Value="registry", Type="String")
    prod = aws.session(account="444455556666").client("ssm")
    with pytest.raises(prod.exceptions.ParameterNotFound):
        prod.get_parameter(Name="/a")
    prod.put_parameter(Name="/a", Value="prod", Type="String")
    arn = prod.get_parameter(Name="/a")["Parameter"]["ARN"]
    assert arn == "arn:aws:ssm:eu-west-1:444455556666:parameter/a"
    assert aws.ssm.get_parameter(Name="/a")["Parameter"]["Value"] == "registry"


@pytest.mark.parametrize("default", ["Standard", "Advanced", "Intelligent-Tiering"])
def test_assent_leaves_the_tier_to_the_account_s_default(
    aws: AwsSandbox, monkeypatch: pytest.MonkeyPatch, default: str
) -> None:
    """Its writes name no tier: the account's setting decides, also beyond the standard quota."""
    monkeypatch.setattr(parameters, "_PARAMETERS", {"Standard": 2, "Advanced": 4})
    backend = ssm_backends[aws.account][aws.region]
    monkeypatch.setattr(backend, "default_parameter_tier", default)
    store = ParameterStore(aws.ssm)
    store.write("/one", "x")
    store.write("/two", "x")
    expected = ["Advanced" if default == "Advanced" else "Standard"] * 2
    if default == "Standard":
        with pytest.raises(AwsFailed, match="ParameterLimitExceeded"):
            store.write("/three", "x")
    else:
        store.write("/three", "x")
        expected.append("Advanced")
    store.write("/one", "y")  # what is there is written on, whatever the quota
    found = aws.ssm.describe_parameters()["Parameters"]
    assert [each["Tier"] for each in found] == expected
    with pytest.raises(UnwritableParameter, match="5000 bytes"):
        store.write("/one", "x" * 5000)  # in any tier
