"""The templates: files of text, made from answers. Nothing here reads or writes the folder."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from assent.core.names import partition_of
from assent.scaffold.answers import GITHUB_API, Answers

__all__ = ["OWN", "REQUIREMENTS", "TEMPLATES", "own_files", "render_texts", "templates"]

TEMPLATES = Path(__file__).parent / "templates"
REQUIREMENTS = ".github/assent/requirements.txt"
OWN = {
    **{
        f".github/workflows/{name}.yml": f"workflows/{name}.yml.j2"
        for name in ("apply", "check", "drift", "reject", "retire")
    },
    "promotions/README.md": "promotions.md.j2",
}
"""Templates, by path, of what Assent's own repository has as well."""

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9-]*", re.ASCII)
_NO_TEXT = {"true", "false", "yes", "no", "on", "off", "y", "n", "null"}
"""What one or another version of YAML reads as something else."""
_JOBS = {"compare"}
"""Jobs that the workflows have besides those of environments."""
_FROM_TEMPLATE = {
    "assent.yaml": "assent.yaml.j2",
    "README.md": "README.md.j2",
    ".github/CODEOWNERS": "CODEOWNERS.j2",
    ".github/dependabot.yml": "dependabot.yml.j2",
}


def _yaml(name: str) -> str:
    """A name as a scalar that every reader of YAML takes for a text."""
    plain = _PLAIN.fullmatch(name) and name.lower() not in _NO_TEXT
    return name if plain else f'"{name}"'


def _job(name: str) -> str:
    """The job's id: it begins with a letter or `_`, which no name of an environment does."""
    free = _PLAIN.fullmatch(name) and name.lower() not in _NO_TEXT | _JOBS
    return name if free else f"_{name}"


@cache
def templates() -> jinja2.Environment:
    """All of them, ready to be filled in; a name that one lacks is an error."""
    # Neither GitHub's ${{ }} nor the shell's [[ ]] means anything to these. Nothing is escaped:
    # answers are of forms that need none, and these files are no HTML.
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<%=",
        variable_end_string="%>",
        comment_start_string="<%#",
        comment_end_string="#%>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - see above
    )
    environment.filters.update(yaml=_yaml, job=_job)
    return environment


def own_files(ladder: Sequence[str], *, checkout: bool) -> dict[str, bytes]:
    """What a promotion repository has in common with the repository of Assent itself, by path.

    Args:
        ladder: The environments, lowest first.
        checkout: Whether the code of Assent is in the repository, and installed from there.
    """
    values = {
        "ladder": ladder,
        "checkout": checkout,
        "requirements": "requirements/runtime.txt" if checkout else REQUIREMENTS,
        "assent": "python -m assent" if checkout else "assent",
    }
    return {path: _render(template, **values) for path, template in OWN.items()}


def render_texts(answers: Answers, *, version: str) -> dict[str, bytes]:
    """Every file that is made from a template, by path."""
    found = own_files(answers.ladder, checkout=False)
    for path, template in _FROM_TEMPLATE.items():
        found[path] = _render(
            template,
            answers=answers,
            ladder=answers.ladder,
            github_com=answers.api_url == GITHUB_API,
            partition=partition_of,
            places=[(each.account, each.region) for each in answers.rungs],
            version=version,
        )
    return found


def _render(template: str, **values: Any) -> bytes:  # noqa: ANN401 - what a template is given
    return templates().get_template(template).render(**values).encode()
