"""CODEOWNERS as GitHub documents it: https://docs.github.com, "About code owners"."""

import pytest

from assent.core.codeowners import Owner, OwnerKind, owners_of

PATH = "promotions/dev/churn/7.yaml"


def test_owners_are_written_as_codeowners_names_them() -> None:
    """People and teams with an at sign, addresses without."""
    found = owners_of(b"* @Ana @acme/ML-Approvers carla@acme.example", PATH)
    assert [owner.written for owner in found] == [
        "@ana",
        "@acme/ml-approvers",
        "carla@acme.example",
    ]


def names(text: str, path: str = PATH) -> list[str]:
    """The owners' names of a path."""
    return [owner.name for owner in owners_of(text.encode(), path)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("* @ana", ["ana"]),
        ("* @ana @ben", ["ana", "ben"]),
        ("* @ana\n/promotions/dev/ @ben", ["ben"]),
        ("/promotions/dev/ @ben\n* @ana", ["ana"]),
        ("/promotions/ @ana", ["ana"]),
        ("promotions/ @ana", ["ana"]),
        ("/promotions/** @ana", ["ana"]),
        ("/promotions/*/churn/ @ana", ["ana"]),
        ("**/churn/ @ana", ["ana"]),
        ("churn/ @ana", ["ana"]),
        ("*.yaml @ana", ["ana"]),
        ("/promotions/dev/churn/7.yaml @ana", ["ana"]),
        ("/promotions/*.yaml @ana", []),
        ("/promotions/dev/* @ana", []),
        ("/promotions/test/ @ana", []),
        ("dev @ana", ["ana"]),
        ("/dev/ @ana", []),
        ("/promotions/d?v/ @ana", ["ana"]),
        ("/Promotions/ @ana", []),
        ("* @ana\n/promotions/dev/", []),
        ("* @ana # the team's lead", ["ana"]),
        ("* @ana #@ben", ["ana"]),
        ("# * @ben\n* @ana", ["ana"]),
        ("* @ana\n/promotions/dev/ ben", ["ana"]),
        ("* @ana\n/promotions/dev/ @ben and others", ["ana"]),
        ("* @ana\n!/promotions/dev/ @ben", ["ana"]),
        ("* @ana\n/promotions/[a-z]ev/ @ben", ["ana"]),
        ("* @ana\n/promotions/[dev/ @ben", ["ana"]),
        ("* @ana\n/promotions/d\\ ev/ @ben", ["ana"]),
        ("\ufeff* @ana", ["ana"]),
        ("*\t@ana\r\n", ["ana"]),
        ("  * @ana  ", ["ana"]),
        ("* @Ana", ["ana"]),
        ("* @acme/ML-Approvers", ["acme/ml-approvers"]),
        ("* Ana@example.com", ["ana@example.com"]),
        ("* @ana\n* @-ben", ["ana"]),
        ("* @ana\n* @b\u0435n", ["ana"]),
        ("", []),
        ("\n\n#\n", []),
    ],
)
def test_the_last_valid_line_that_matches_decides(text: str, expected: list[str]) -> None:
    """Who owns a record follows from the last line of valid syntax whose pattern matches it."""
    assert names(text) == expected


def test_spaces_in_a_path_are_escaped() -> None:
    """A backslash before a space keeps it in the pattern."""
    assert names("/a\\ b/ @ana", "a b/c") == ["ana"]


def test_owners_are_told_apart_by_kind() -> None:
    """People, teams and addresses are different owners."""
    found = owners_of(b"* @ana @acme/team ana@example.com", PATH)
    assert found == (
        Owner(kind=OwnerKind.PERSON, name="ana"),
        Owner(kind=OwnerKind.TEAM, name="acme/team"),
        Owner(kind=OwnerKind.EMAIL, name="ana@example.com"),
    )


def test_a_file_that_github_does_not_load_makes_nobody_an_owner() -> None:
    """GitHub ignores a CODEOWNERS file of more than 3 MB."""
    assert owners_of(b"* @ana\n" + b"#" * 3_000_000, PATH) == ()


def test_bytes_that_are_no_text_change_only_their_own_line() -> None:
    """A line that is not UTF-8 names nobody; the others still count."""
    assert owners_of(b"* @ana\n/promotions/ @b\xffn", PATH)[0].name == "ana"
