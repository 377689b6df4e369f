"""Answers: of their forms, or refused; hostile ones become part of no file."""

import re
from dataclasses import replace

import pytest
import yaml
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from tests.scaffold.ground import ANSWERS, GIVEN, answered

from assent.contracts import load_contracts
from assent.core.codeowners import lines_of, owners_of
from assent.core.config import parse_config
from assent.core.errors import Exit
from assent.scaffold.answers import LADDER, Answers, BadAnswer, Given, Missing, settle
from assent.scaffold.rendering import render_texts

HOSTILE = st.one_of(
    st.text(max_size=40),
    st.text("ab0/@-._=:#*\n\r\t \"'{}[]%<>&$\\\x00\x85\u2028", max_size=30),
    st.sampled_from(
        [
            *("dev\n", "dev: x", "acme/x\n* @eve", "@acme/team @eve", "@acme/team\n* @eve"),
            *("dev=111122223333\n", "${{ secrets.X }}", "../../x", "acme/..", "@eve # x"),
            *("dev']) || true", "x}, evil: {y", "<%= ladder %>", "eve@example.com", "@acme/té"),
            *(
                "111122223333/eu-west-1\n",
                "111122223333/eu-west-1}",
                "https://h/\nx",
                "\u0661" * 12,
            ),
        ]
    ),
)


def texts(answers: Answers) -> dict[str, bytes]:
    return render_texts(answers, version="1.0.0")


def test_the_least_that_is_typed() -> None:
    """Repository, registry, one owner and the platform's give the usual ladder in one account."""
    least = Given(
        repository="acme/m",
        registry="111122223333/eu-west-1",
        owners=("@acme/ml",),
        platform=("@acme/p",),
    )
    answers = answered(least)
    assert answers.ladder == LADDER == ("dev", "test", "uat", "prod")
    assert {(rung.account, rung.region, rung.owners) for rung in answers.rungs} == {
        ("111122223333", "eu-west-1", ("@acme/ml",))
    }
    assert (answers.app_id, answers.api_url) == (None, "https://api.github.com")


def test_an_environment_has_its_own_account_region_and_owners() -> None:
    """What is not said of one is the registry's, and the owners of all others."""
    given = replace(
        GIVEN, environments=("dev", "uat=444455556666", "prod=555566667777/us-gov-east-1")
    )
    found = [(each.name, each.account, each.region) for each in answered(given).rungs]
    assert found == [
        ("dev", "111122223333", "eu-west-1"),
        ("uat", "444455556666", "eu-west-1"),
        ("prod", "555566667777", "us-gov-east-1"),
    ]
    assert [each.owners for each in answered(given).rungs] == [
        ("@acme/ml-approvers",),
        ("@acme/ml-approvers",),
        ("@acme/ml-approvers-prod", "@ana"),
    ]


def test_what_a_configuration_says_is_held_to_the_same() -> None:
    """A ladder that people wrote into `assent.yaml` may make no workflow mean two things."""
    text = texts(ANSWERS)["assent.yaml"].replace(b"name: dev", b"name: Every")
    config = parse_config(text, load_contracts().config)
    with pytest.raises(BadAnswer, match="means all of them by every"):
        settle(Given(), ANSWERS.following(config))


def test_what_nobody_answered_is_named() -> None:
    """Each flag with what it takes, those of owners by environment."""
    assert settle(Given(), None) == Missing(
        flags=(
            *("--repository OWNER/NAME", "--registry ACCOUNT/REGION"),
            *("--owner OWNER", "--platform OWNER"),
        )
    )
    assert settle(replace(GIVEN, owners=("prod=@ana",)), None) == Missing(
        flags=("--owner dev=OWNER",)
    )


def test_what_is_known_needs_no_flag_and_gives_way_to_one() -> None:
    """A new environment takes its place between those that are known, with owners of its own."""
    assert settle(Given(), ANSWERS) == ANSWERS
    more = Given(environments=("dev", "uat=555566667777", "prod"))
    assert settle(more, ANSWERS) == Missing(flags=("--owner uat=OWNER",))
    answers = answered(replace(more, owners=("uat=@bob",)), ANSWERS)
    assert answers.rungs[0] == ANSWERS.rungs[0]
    assert answers.rungs[2] == ANSWERS.rungs[1]
    assert (answers.rungs[1].account, answers.rungs[1].owners) == ("555566667777", ("@bob",))
    assert answered(Given(app_id=9), ANSWERS) == replace(ANSWERS, app_id=9)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"repository": "acme"}, "'acme' is no repository"),
        ({"repository": "acme/.."}, "is no repository"),
        ({"registry": "eu-west-1"}, "is no account with its region"),
        ({"registry": "1111222233334/eu-west-1"}, "is no account with its region"),
        ({"environments": ("dev=1/eu-west-1",)}, "is no environment"),
        ({"environments": ("-dev",)}, "is no environment"),
        ({"environments": ("dev", "Dev")}, "differ only by case"),
        ({"environments": ("dev", "dev=444455556666")}, "is there twice"),
        ({"environments": tuple("abcdefghijk")}, "at most 10"),
        ({"environments": ("x" * 32,)}, "at most 31 characters"),
        ({"environments": ("dev", "Every")}, "means all of them by every"),
        ({"owners": ("stage=@ana",)}, "'stage' is no environment"),
        ({"owners": ("ana@example.com",)}, "is no login or team"),
        ({"owners": ("@other/team",)}, "of another organization than acme"),
        ({"platform": ("acme/ml-platform",)}, "is no login or team"),
        ({"platform": ("@ana @bob",)}, "is no login or team"),
        ({"app_id": 0}, "positive"),
        ({"api_url": "ftp://acme.example"}, "is no address"),
    ],
)
def test_a_wrong_answer_is_a_usage_error_that_says_which(
    changes: dict[str, object], says: str
) -> None:
    """Nothing is guessed from what has another form."""
    with pytest.raises(BadAnswer, match=re.escape(says)) as caught:
        settle(replace(GIVEN, **changes), None)  # type: ignore[arg-type]
    assert caught.value.exit is Exit.USAGE


@settings(max_examples=300, deadline=None)
@drawn(
    field=st.sampled_from(
        ["repository", "registry", "environments", "owners", "platform", "api_url"]
    ),
    text=HOSTILE,
)
def test_no_answer_breaks_out_of_its_place(field: str, text: str) -> None:
    """Whatever is answered is refused, or every file says exactly that, and nothing besides."""
    value = (text,) if field in {"environments", "owners", "platform"} else text
    given = replace(GIVEN, **{field: value})  # type: ignore[arg-type]
    if field == "environments":
        given = replace(given, owners=("@acme/ml-approvers",))
    try:
        answers = settle(given, None)
    except BadAnswer:
        return
    assert not isinstance(answers, Missing) or field == "owners"
    if isinstance(answers, Missing):
        return
    assert_says(answers)


@settings(max_examples=25, deadline=None)
@drawn(
    names=st.lists(
        st.from_regex(r"[a-zA-Z0-9](-{0,3}[a-zA-Z0-9]){0,8}", fullmatch=True),
        min_size=1,
        max_size=10,
        unique_by=str.casefold,
    ).filter(lambda names: "every" not in map(str.casefold, names))
)
def test_any_ladder_is_one_in_every_file(names: list[str]) -> None:
    """Names that YAML could take for numbers or truths included."""
    given = replace(GIVEN, environments=tuple(names), owners=("@ana",))
    assert_says(answered(given))


def assert_says(answers: Answers) -> None:
    """See that what was made says what was answered, no more and no less."""
    files = texts(answers)
    config = parse_config(files["assent.yaml"], load_contracts().config)
    assert answers.says_as(config)
    owned = files[".github/CODEOWNERS"]
    for rung in answers.rungs:
        found = owners_of(owned, f"promotions/{rung.name}/churn/7.yaml")
        assert [each.written for each in found] == [each.lower() for each in rung.owners]
    rules = (
        "assent.yaml",
        ".github/CODEOWNERS",
        ".github/assent/requirements.txt",
        "schemas/x",
        "x",
    )
    for path in rules:
        found = owners_of(owned, path)
        assert [each.written for each in found] == [each.lower() for each in answers.platform]
    assert len(list(lines_of(owned))) == 5 + len(answers.rungs)
    for name in ("apply", "check", "drift", "reject", "retire"):
        workflow = yaml.load(files[f".github/workflows/{name}.yml"], yaml.CSafeLoader)
        assert set(workflow) == {"name", True, "permissions", "concurrency", "jobs"}
    jobs = yaml.load(files[".github/workflows/apply.yml"], yaml.CSafeLoader)["jobs"]
    assert [job["environment"]["name"] for job in jobs.values()] == list(answers.ladder)
    assert [job["env"] for job in jobs.values()] == [{"ENVIRONMENT": n} for n in answers.ladder]
