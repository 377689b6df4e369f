"""CODEOWNERS, by the examples of GitHub's own documentation."""

import pytest

from assent.sandbox.github.codeowners import owners_of, parse

DOCUMENTED = """\
# This is a comment.
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/* docs2@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/ @octocat
/apps/github
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("README.md", ("global-owner1", "global-owner2")),
        ("src/app.js", ("js-owner",)),
        ("main.go", ("docs@example.com",)),
        ("notes/a.txt", ("octo-org/octocats",)),
        ("build/other/file", ("global-owner1", "global-owner2")),
        ("docs/getting-started.md", ("doctocat",)),
        ("docs/build-app/troubleshooting.md", ("doctocat",)),
        ("deep/docs/page.md", ("global-owner1", "global-owner2")),
        ("scripts/x.sh", ("doctocat", "octocat")),
        ("build/logs/x", ("octocat",)),
        ("deeply/nested/logs/x", ("octocat",)),
        ("apps/x", ("octocat",)),
        ("apps/github", ()),
        ("apps/github/x", ()),
        ("inner/apps/x", ("octocat",)),
    ],
)
def test_the_last_matching_line_wins(path: str, owners: tuple[str, ...]) -> None:
    """Each path has the owners that the documentation gives it."""
    assert owners_of(parse(DOCUMENTED), path) == owners


@pytest.mark.parametrize(
    ("line", "path", "matches"),
    [
        ("docs/* @a", "docs/x", True),
        ("docs/* @a", "docs/x/y", False),
        ("docs/** @a", "docs/x/y", True),
        ("/*.md @a", "README.md", True),
        ("/*.md @a", "docs/README.md", False),
        ("*.md @a", "docs/README.md", True),
        ("promotions/*/churn/ @a", "promotions/dev/churn/7.yaml", True),
        ("promotions/*/churn/ @a", "promotions/dev/test/churn/7.yaml", False),
        ("a?c @a", "abc", True),
        ("a?c @a", "a/c", False),
        ("with\\ space/ @a", "with space/x", True),
        ("a.b @a", "aXb", False),
        ("Case @a", "case", False),
        ("/promotions @a", "promotions/x", True),
        ("/promotions @a", "promotionsx", False),
    ],
)
def test_patterns_match_as_documented(line: str, path: str, matches: bool) -> None:  # noqa: FBT001 - the table's verdict
    """Slashes anchor, one star stays on its level, two cross levels, case counts."""
    assert owners_of(parse(line), path) == (("a",) if matches else ())


@pytest.mark.parametrize(
    "line",
    ["!x @b", "x[ab] @b", "x[ @b", "x notanowner", "x @b,@c", "x @b @", "# x @b", "   ", "x # @b"],
)
def test_lines_that_github_skips_own_nothing(line: str) -> None:
    """An invalid line leaves an earlier one in force; without owners it takes them away."""
    expected = () if line == "x # @b" else ("a",)
    assert owners_of(parse(f"* @a\n{line}\n"), "x") == expected


def test_a_byte_order_mark_is_no_part_of_a_pattern() -> None:
    """The first line counts even when an editor left a mark before it."""
    assert owners_of(parse("\ufeff/x @a"), "x") == ("a",)
