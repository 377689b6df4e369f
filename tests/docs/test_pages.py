"""The pages of the site, as far as their sources tell; the built site is judged by `make docs`."""

import re
import shlex
import sys
from pathlib import Path

import pytest

from assent.cli import main

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
INDEX = (DOCS / "index.md").read_text("utf-8")
sys.path.append(str(DOCS / "_ext"))

import addresses  # noqa: E402 - it is an extension in docs/, and no package's


def listed() -> list[str]:
    """What the navigation leads to, in its order."""
    trees = re.findall(r"```\{toctree\}\n(.*?)```", INDEX, re.DOTALL)
    lines = [line for tree in trees for line in tree.splitlines()]
    return [line for line in lines if line and not line.startswith(":")]


def test_the_navigation_has_every_page_once() -> None:
    """Whoever adds a page says for whom it is; nothing is found by searching alone."""
    pages = {
        str(path.relative_to(DOCS).with_suffix(""))
        for path in DOCS.rglob("*.md")
        if not re.match(r"0\d+-", path.name) and path != DOCS / "index.md"
    }
    beside = {
        f"/{name}"
        for name in ("SECURITY", "CHANGELOG", "CONTRIBUTING", "infra/README", "promotions/README")
    }
    assert sorted(each for each in listed() if "*" not in each) == sorted(pages | beside)


def test_every_decision_is_listed() -> None:
    """docs/adr/README.md has each record with its number and its title, in their order."""
    text = (DOCS / "adr" / "README.md").read_text("utf-8")
    expected = []
    for path in sorted(DOCS.glob("adr/0*.md")):
        number, title = path.read_text("utf-8").splitlines()[0].removeprefix("# ").split(". ", 1)
        assert path.name.startswith(f"{int(number):04}-")
        expected.append(f"{number}. [{title}]({path.name})")
    assert expected
    assert re.findall(r"^\d+\. .*$", text, re.MULTILINE) == expected


def typed() -> list[tuple[str, list[str]]]:
    """Each line of a console or shell block that starts `assent`, with its page, as words."""
    found = []
    for path in [*sorted(DOCS.rglob("*.md")), ROOT / "README.md", ROOT / "promotions/README.md"]:
        for block in re.findall(
            r"^ *```(?:sh|console)\n(.*?)^ *```$", path.read_text("utf-8"), re.MULTILINE | re.DOTALL
        ):
            for line in block.replace("\\\n", " ").splitlines():
                said = re.fullmatch(r"(?:\$ )?(?:[\w./-]*/)?assent (.*)", line.strip())
                if said is not None:
                    words = shlex.split(said[1], comments=True)
                    found.append((path.relative_to(ROOT).as_posix(), words))
    return found


def test_the_commands_that_pages_show_are_there() -> None:
    """Each names a command of Assent, and options that this command has."""
    unknown = []
    assert len(typed()) > 30
    for page, words in typed():
        if words[0].startswith("-"):
            continue
        command = main.commands.get(words[0])
        options = {"-h", "--help"}
        for each in command.params if command else ():
            options.update((*each.opts, *each.secondary_opts))
        given = {word.partition("=")[0] for word in words[1:] if word.startswith("--")}
        if command is None or given - options:
            unknown.append((page, words))
    assert unknown == []


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("https://docs.getmoto.org", None),
        ("https://keepachangelog.com/en/1.1.0/", None),
        ("http://docs.getmoto.org", "is not https"),
        ("https://localhost/x", "names no host"),
        ("https:///x", "names no host"),
        ("https://a b.example/", "has a space in it"),
        ("https://user@host.example/", "names a user"),
        ("https://host.example:port/", "Port could not be cast to integer value as 'port'"),
        ("https://[host/", "Invalid IPv6 URL"),
    ],
)
def test_an_address_that_nobody_could_follow_is_told(address: str, reason: str | None) -> None:
    """What fails the site's build: wrong by its form alone, whoever would answer."""
    assert addresses.what_is_wrong(address) == reason


def test_addresses_are_listed_with_their_pages() -> None:
    """One line for each address, sorted, whichever pages have it."""
    pages = {"b": {"https://x.example"}, "a": {"https://x.example", "https://w.example"}}
    assert addresses.listed(pages) == "https://w.example\ta\nhttps://x.example\ta b\n"
