"""Untrusted text as GitHub Flavored Markdown that shows it and does nothing else."""

import re
from collections.abc import Iterable, Sequence

__all__ = ["alert", "code", "details", "link", "mermaid_label", "own_words", "table"]

_BACKTICKS = re.compile(r"`+")
_BAR = re.compile(r"(\\?)\|")
# A squash merge copies a page into a commit message, where code spans mean nothing: there GitHub
# would notify people, refer to issues and close them. So what would do that is broken everywhere.
_ACTIVE = re.compile(
    r"(?<![A-Za-z0-9_])@(?=[A-Za-z0-9])"  # @name, but not xgboost@sha256
    r"|\#(?=[0-9])"  # #12, owner/repository#12
    r"|(?<=\#)\#(?=\[)"  # ##[group], which GitHub's runner obeys in a log
    r"|(?i:(?<=\bGH)-(?=[0-9]))"  # GH-12
    r"|(?i:(?:(?<=/issues)|(?<=/pull)|(?<=/pulls)|(?<=/discussions))/(?=[0-9]))"  # their addresses
    r"|<(?=!--)"  # a marker, such as those around a page
)
_OWN = re.compile(r"(?:[A-Za-z0-9 .,:;()+='-]|`[a-z_]+`)*", re.ASCII)
_REFERENCE = re.compile(
    r"(?<![A-Za-z0-9])[0-9a-f]{7,40}(?![A-Za-z0-9])|\bGH-[0-9]|\bwww\.", re.ASCII | re.IGNORECASE
)
_URL = re.compile(
    r"https?://[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253})(?::[0-9]{1,5})?"
    r"(?:/[A-Za-z0-9._~%$&+,;=:/-]*)?"
    r"(?:\?[A-Za-z0-9._~%$&+,;=:/-]*)?"
    r"(?:#[A-Za-z/][A-Za-z0-9._~%$&+,;=:/-]*)?",
    re.ASCII,
)
_LONGEST_URL = 2_000
_LABEL = re.compile(r"[A-Za-z0-9_.-]+(?: [A-Za-z0-9_.-]+)*", re.ASCII)
_LONGEST_LABEL = 24


def code(text: str, limit: int = 300) -> str:
    """Untrusted text as a code span.

    Inside a code span neither Markdown, HTML, mentions, issue references nor links are read.
    Characters that hide or reorder text are written as their escapes, so that the reader sees
    them; so are those that would make a mention, a reference or a marker of it elsewhere.

    Args:
        text: Anything at all.
        limit: Longer text is cut, visibly.
    """
    shown = text[: limit + 1]
    if not shown.isprintable():
        shown = "".join(map(_visible, shown))
    shown = _ACTIVE.sub(lambda match: _escape(match[0]), shown)
    if len(shown) > limit:
        shown = shown[:limit] + "..."  # after escaping: what is shown is what takes room
    if not shown.strip(" "):
        return "*(empty)*"
    longest = max((len(run) for run in _BACKTICKS.findall(shown)), default=0)
    fence = "`" * (longest + 1)
    # The spaces next to the fence are stripped by the reader; without them a backtick at the edge
    # would lengthen it.
    inner = f" {shown} " if "`" in shown or shown[0] == shown[-1] == " " else shown
    return fence + inner + fence


def _visible(character: str) -> str:
    return character if character.isprintable() else _escape(character)


def _escape(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"  # noqa: PLR2004 - the basic plane


def own_words(text: str) -> str:
    """A sentence of our own as it is, with its code spans; as code where it holds more than that.

    Args:
        text: What a module of ours put together, perhaps with a name or a number from elsewhere.
    """
    plain = _OWN.fullmatch(text) is not None and _REFERENCE.search(text) is None
    return text if plain else code(text)


def link(text: str, url: str) -> str:
    """A link; its text alone where the address is none that can only lead somewhere.

    Args:
        text: Markdown of ours.
        url: Anything. It is taken if it is http or https with a host and no credentials, and holds
            no character that Markdown could read otherwise.
    """
    if len(url) > _LONGEST_URL or _URL.fullmatch(url) is None:
        return text
    return f"[{text}]({url})"


def table(
    header: Sequence[str], rows: Iterable[Sequence[str]], *, right: Iterable[int] = ()
) -> str:
    """A table of cells that are Markdown already.

    Args:
        header: The columns' titles.
        rows: One sequence of cells a row, as many as the header has.
        right: Columns whose cells are aligned to the right.
    """
    aligned = set(right)
    rule = ["---:" if index in aligned else "---" for index in range(len(header))]
    head, *body = ([_BAR.sub(_escaped_bar, cell) for cell in row] for row in (header, *rows))
    lines = [head, rule, *body]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _escaped_bar(match: re.Match[str]) -> str:
    # A table is cut into cells before code spans are read, so a bar needs its backslash even there.
    # After another backslash readers disagree on whether it has one.
    return "\\\\u007c" if match[1] else "\\|"


def details(summary: str, text: str) -> str:
    """Something folded away.

    Args:
        summary: Words of ours alone: it is HTML, in which no code span is read.
        text: Markdown of whole blocks.
    """
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>"


def alert(kind: str, paragraphs: Sequence[str]) -> str:
    """An alert of GitHub's; empty where there is nothing to say.

    Args:
        kind: `NOTE`, `WARNING` or `CAUTION`.
        paragraphs: Markdown, one line each.
    """
    if not paragraphs:
        return ""
    return f"> [!{kind}]\n" + "\n>\n".join(f"> {paragraph}" for paragraph in paragraphs)


def mermaid_label(text: str) -> str | None:
    """A text that may stand in quotes in a Mermaid chart, shortened; None for all other text.

    Nothing else is let in: Mermaid reads directives, HTML and Markdown in many places. A chart
    gives a number to what has no label, and the table behind it resolves that.
    """
    if len(text) > _LONGEST_LABEL:
        text = text[: _LONGEST_LABEL - 2].rstrip(" .") + ".."
    if _LABEL.fullmatch(text) is None or _REFERENCE.search(text) is not None:
        return None
    return text
