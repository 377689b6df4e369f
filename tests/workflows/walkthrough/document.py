"""The commands of a page, as somebody would type them, and what the page says they print."""

import fnmatch
import re
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(
    r"^(?:<!-- as: (?P<who>[\w-]+) -->\n)?```console\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_HEREDOC = re.compile(r"<<'(?P<end>\w+)'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command of a page."""

    line: int
    """Where it stands."""
    command: str
    """As it is to be typed, all its lines."""
    prints: tuple[str, ...]
    """The lines that it is said to print; `...` stands for anything."""
    who: str
    """The login of who types it."""

    def missing(self, output: str) -> list[str]:
        """The lines that it is said to print, and that it did not print in this order."""
        left = iter(output.splitlines())
        wanted = [line for line in self.prints if line != "..."]
        return [line for line in wanted if not any(_is(line, each) for each in left)]


def _is(said: str, printed: str) -> bool:
    pattern = re.sub(r"([*?\[])", r"[\1]", said).replace("...", "*")
    return fnmatch.fnmatchcase(printed.rstrip(), pattern)


def steps(page: Path, *, administrator: str) -> list[Step]:
    """The commands of a page, from its top to its bottom.

    They stand in fences of the language `console` behind `$ `. A command goes on in the next line
    after a backslash, and until the end of its here-document. A comment `<!-- as: ben -->` right
    before a fence says who types what is in it; otherwise the administrator does.
    """
    text = page.read_text(encoding="utf-8")
    found: list[Step] = []
    for fence in _FENCE.finditer(text):
        first = text.count("\n", 0, fence.start("text")) + 1
        who = fence["who"] or administrator
        found += _of_fence(fence["text"].splitlines(), first, who, page)
    if not found:
        raise ValueError(f"{page.name} has no command")
    return found


def _of_fence(lines: list[str], first: int, who: str, page: Path) -> list[Step]:
    found: list[Step] = []
    place = 0
    while place < len(lines):
        if not lines[place].startswith("$ "):
            raise ValueError(f"{page.name}:{first + place}: output of no command")
        end = _end(lines, place)
        prints = end
        while prints < len(lines) and not lines[prints].startswith("$ "):
            prints += 1
        command = [line.removeprefix("$ ").removeprefix("> ") for line in lines[place:end]]
        found.append(
            Step(
                line=first + place,
                command="\n".join(command),
                prints=tuple(lines[end:prints]),
                who=who,
            )
        )
        place = prints
    return found


def _end(lines: list[str], start: int) -> int:
    """The first line that is no more of the command that starts there."""
    place = start + 1
    while place < len(lines):
        if _HEREDOC.search(lines[place - 1]):
            return lines.index(_HEREDOC.findall(lines[place - 1])[0], place) + 1
        if not (lines[place - 1].endswith("\\") or lines[place].startswith("> ")):
            break
        place += 1
    return place
