"""The templates, and the few words and colours that they compute."""

import re
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

__all__ = ["STATIC", "templates"]

STATIC = Path(__file__).with_name("static")
"""Style sheet and scripts."""
_TEMPLATES = Path(__file__).with_name("templates")
_TONES = 8
_STEPS = ((60, "minute"), (60, "hour"), (24, "day"), (30, "month"), (12, "year"))


def templates(clock: Callable[[], datetime], there: str = "", here: str = "") -> Environment:
    """Every template; what they are given is escaped, unless it is `Markup`.

    Args:
        clock: What times are told from, as in "3 minutes ago".
        there: The address that Assent knows the promotion repository by.
        here: The path that it is served under here.
    """
    address = re.compile(re.escape(f"{there}/") + r"(?:pull|issues)/(?P<number>[1-9][0-9]*)")
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["ago"] = lambda at: _ago(clock(), at)
    environment.filters["moment"] = _moment
    environment.filters["tone"] = _tone
    environment.filters["linked"] = lambda text: _linked(text, address, here)
    return environment


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _ago(now: datetime, at: datetime) -> str:
    count = max(0.0, (now - at).total_seconds())
    word = "second"
    for size, longer in _STEPS:
        if count < size:
            break
        count, word = count / size, longer
    if word == "second":
        return "just now"
    number = int(count)
    return f"{number} {word} ago" if number == 1 else f"{number} {word}s ago"


def _linked(text: str, address: re.Pattern[str], here: str) -> Markup:
    """Plain text in which a pull request's address is its number, and leads there."""
    parts, end = [], 0
    for match in address.finditer(text):
        number = match["number"]
        link = Markup('<a href="{}/pull/{}">#{}</a>').format(here, number, number)
        parts += [escape(text[end : match.start()]), link]
        end = match.end()
    return Markup("").join([*parts, escape(text[end:])])


def _tone(login: str) -> int:
    """Which of the colours somebody's picture has, always the same."""
    return zlib.crc32(login.encode()) % _TONES
