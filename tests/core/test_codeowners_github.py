"""CODEOWNERS against what GitHub documents: the example file, line by line, and the pitfalls.

The facts are those of "About code owners" in GitHub's documentation, and of its CODEOWNERS errors.
"""

import pytest

from assent.core.codeowners import LOCATIONS, lines_of, owners_of

# The documentation's example, its comments left out, in its order.
EXAMPLE = b"""\
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/* docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/ @octocat
/apps/github
/apps/ @octocat
/apps/github @doctocat
"""

GLOBAL = ["@global-owner1", "@global-owner2"]


def names(content: bytes, path: str) -> list[str]:
    """The owners of a path, as CODEOWNERS names them."""
    return [owner.written for owner in owners_of(content, path)]


def upto(line: bytes) -> bytes:
    """The example up to its last line that reads so: what its own comment there speaks of."""
    head, found, _ = EXAMPLE.rpartition(line)
    assert found
    return head + found


@pytest.mark.parametrize(
    ("line", "path", "expected"),
    [
        (b"@global-owner2\n", "anything.py", GLOBAL),
        (b"@global-owner2\n", "deep/down/anything.py", GLOBAL),
        (b"comment.\n", "a.js", ["@js-owner"]),
        (b"comment.\n", "deep/down/a.js", ["@js-owner"]),
        (b"comment.\n", "a.jsx", GLOBAL),
        (b"*.go docs@example.com\n", "cmd/main.go", ["docs@example.com"]),
        (b"octocats\n", "notes.txt", ["@octo-org/octocats"]),
        (b"/build/logs/ @doctocat\n", "build/logs/today.txt", ["@doctocat"]),
        (b"/build/logs/ @doctocat\n", "build/logs/deep/today.txt", ["@doctocat"]),
        (b"/build/logs/ @doctocat\n", "other/build/logs/today.md", GLOBAL),
        (b"docs/* docs@example.com\n", "docs/getting-started.md", ["docs@example.com"]),
        (b"docs/* docs@example.com\n", "docs/build-app/troubleshooting.md", GLOBAL),
        (b"apps/ @octocat\n/docs", "apps/main.py", ["@octocat"]),
        (b"apps/ @octocat\n/docs", "deep/down/apps/main.py", ["@octocat"]),
        (b"/docs/ @doctocat\n", "docs/deep/down.md", ["@doctocat"]),
        (b"/docs/ @doctocat\n", "other/docs/a.md", GLOBAL),
        (b"/scripts/ @doctocat @octocat\n", "scripts/run.sh", ["@doctocat", "@octocat"]),
        (b"**/logs @octocat\n", "build/logs", ["@octocat"]),
        (b"**/logs @octocat\n", "build/logs/a.log", ["@octocat"]),
        (b"**/logs @octocat\n", "deeply/nested/logs/a.log", ["@octocat"]),
        (b"**/logs @octocat\n", "logs/a.log", ["@octocat"]),
        (b"/apps/github\n", "apps/main.py", ["@octocat"]),
        (b"/apps/github\n", "apps/github/main.py", []),
        (b"/apps/github\n", "apps/github", []),
        (b"/apps/github @doctocat\n", "apps/main.py", ["@octocat"]),
        (b"/apps/github @doctocat\n", "apps/github/main.py", ["@doctocat"]),
        (b"/apps/github @doctocat\n", "apps/github-pages/main.py", ["@octocat"]),
    ],
)  # fmt: skip
def test_the_documented_example_reads_as_documented(
    line: bytes, path: str, expected: list[str]
) -> None:
    """Each line of GitHub's example does what the comment above it there says."""
    assert names(upto(line), path) == expected


PROD = "promotions/prod/churn/7.yaml"


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        # The last match wins, alone, however exact an earlier one was.
        ("/promotions/prod/churn/7.yaml @ana\n* @ben", PROD, ["@ben"]),
        ("* @ana\n/promotions/prod/ @ben\n/promotions/ @carla", PROD, ["@carla"]),
        # Anchored by a slash at the start or within, and not by one at the end alone.
        ("/prod/ @ana", PROD, []),
        ("prod/ @ana", PROD, ["@ana"]),
        ("prod/churn @ana", PROD, []),
        ("promotions/prod @ana", PROD, ["@ana"]),
        ("/promotions/prod @ana", PROD, ["@ana"]),
        ("/promotions/pro @ana", PROD, []),
        # One level by `*`, any by `**`.
        ("/promotions/* @ana", PROD, []),
        ("/promotions/** @ana", PROD, ["@ana"]),
        ("/promotions/*/ @ana", PROD, ["@ana"]),
        ("/promotions/**/7.yaml @ana", PROD, ["@ana"]),
        ("/promotions/prod/*/7.yaml @ana", PROD, ["@ana"]),
        ("/*.yaml @ana", PROD, []),
        ("/* @ana", PROD, []),
        ("/* @ana", "assent.yaml", ["@ana"]),
        ("/promotions/prod/chu?n/ @ana", PROD, ["@ana"]),
        ("/promotions/prod/chu* @ana", PROD, ["@ana"]),
        # A directory's pattern owns what is in it, and no file of that name.
        ("/apps/github/ @ana", "apps/github", []),
        # A line without owners makes what it matches nobody's.
        ("* @ana\n/promotions/prod/churn/", PROD, []),
        ("* @ana\n/promotions/prod/churn/ # nobody", PROD, []),
        ("* @ana\n/promotions/prod/churn/\n/promotions/prod/ @ben", PROD, ["@ben"]),
        # Not supported, so as if it were not there.
        ("* @ana\n!/promotions/prod/ @ben", PROD, ["@ana"]),
        ("* @ana\n/promotions/[p]rod/ @ben", PROD, ["@ana"]),
        ("* @ana\n/promotions/prod] @ben", PROD, ["@ana"]),
        ("* @ana\n\\#promotions/ @ben", "#promotions/a", ["@ana"]),
        ("* @ana\n#promotions/ @ben", "#promotions/a", ["@ana"]),
        # An owner that is none takes its whole line away, and leaves the others.
        ("* @ana\n/promotions/prod/ @ben carla", PROD, ["@ana"]),
        ("* @ana\n/promotions/prod/ @ben @acme/team/sub", PROD, ["@ana"]),
        ("* @ana\n/promotions/prod/ @", PROD, ["@ana"]),
        ("* @ana\n/promotions/prod/ @ben,@carla", PROD, ["@ana"]),
        ("* @ana\n/promotions/prod/ ben@localhost", PROD, ["@ana"]),
        # Comments at the end of a line; a hash within a word is none.
        ("/promotions/prod/ @ana #@ben", PROD, ["@ana"]),
        ("/promotions/prod/ @ana # @ben", PROD, ["@ana"]),
        ("* @ana\n/promotions/prod/ @ben#carla", PROD, ["@ana"]),
        ("/a#b/ @ana", "a#b/c", ["@ana"]),
        # Paths are told apart by case, people and teams are not.
        ("/Promotions/prod/ @ana", PROD, []),
        ("/promotions/prod/ @Ana @Acme/Team", PROD, ["@ana", "@acme/team"]),
        # Blanks at either end mean nothing, escaped ones are part of the path.
        ("  /promotions/prod/   @ana   ", PROD, ["@ana"]),
        ("\t/promotions/prod/\t@ana\t@ben\t", PROD, ["@ana", "@ben"]),
        ("/my\\ models/ @ana", "my models/a", ["@ana"]),
        ("/my\\ models/ @ana", "my/models/a", []),
        ("/my models/ @ana", "my models/a", []),
        # Line ends of Windows, a byte order mark, no line end at the end of the file.
        ("* @ana\r\n/promotions/prod/ @ben\r\n", PROD, ["@ben"]),
        ("\ufeff/promotions/prod/ @ana", PROD, ["@ana"]),
        ("/promotions/prod/ @ana", PROD, ["@ana"]),
        # Addresses and teams.
        ("/promotions/prod/ Ana@Example.com", PROD, ["ana@example.com"]),
        ("/promotions/prod/ @acme/ml-approvers ana@example.com @ben", PROD,
         ["@acme/ml-approvers", "ana@example.com", "@ben"]),
    ],
)  # fmt: skip
def test_a_pitfall_is_read_as_github_reads_it(text: str, path: str, expected: list[str]) -> None:
    """Each case is one that readers of CODEOWNERS get wrong."""
    assert names(text.encode(), path) == expected


@pytest.mark.parametrize(
    "hidden", ["\u2028", "\u2029", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\r"]
)
def test_only_a_line_feed_ends_a_line(hidden: str) -> None:
    """What else Python takes for a line's end starts no line of its own, with owners of its own."""
    text = f"* @ana\n# why so{hidden}* @eve\n/promotions/x/ @ben{hidden}* @eve\n"
    assert names(text.encode(), PROD) == ["@ana"]


@pytest.mark.parametrize("blank", ["\u00a0", "\u3000", "\u2003", "\x1f"])
def test_only_spaces_and_tabs_part_owners(blank: str) -> None:
    """Two names with another blank between them are one that nobody has: the line is skipped."""
    text = f"* @ana\n/promotions/prod/ @ben{blank}@eve\n"
    assert names(text.encode(), PROD) == ["@ana"]
    assert names(f"* @ana\n/promotions/{blank}/prod/ @eve\n".encode(), PROD) == ["@ana"]


def test_the_largest_file_counts_and_a_larger_one_does_not() -> None:
    """3 MB are loaded; a byte more, and nobody owns anything."""
    line = b"* @ana\n"
    assert names(line + b"#" * (3_000_000 - len(line)), PROD) == ["@ana"]
    assert names(line + b"#" * (3_000_001 - len(line)), PROD) == []


def test_the_first_place_counts() -> None:
    """GitHub looks in .github, then in the root, then in docs."""
    assert LOCATIONS == (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")


def test_lines_are_told_by_their_numbers() -> None:
    """Comments, empty and invalid lines have numbers too, and are left out."""
    content = b"# owners\n\n* @ana\n!x @ben\n/promotions/prod/ # nobody's\r\n"
    assert [(line.number, line.text, line.owned) for line in lines_of(content)] == [
        (3, "* @ana", True),
        (5, "/promotions/prod/", False),
    ]
