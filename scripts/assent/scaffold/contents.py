"""All files of a promotion repository, as this version of Assent makes them."""

import hashlib
import re

from assent import __version__
from assent.contracts import schema_files
from assent.distribution import distributed_files
from assent.scaffold.answers import Answers
from assent.scaffold.rendering import REQUIREMENTS, render_texts
from assent.scaffold.rulesets import rulesets
from assent.scaffold.wheel import installed_metadata, packed, wheel_name

__all__ = ["contents"]

_DOCUMENT = re.compile(rb"\[([^\]]+)\]\(\.\./[^)]*\)")
_VENDORED = ".github/assent"
_HEADER = """\
# What the workflows install: Assent itself, from the wheel beside this file, and everything that
# it needs, pinned by hash. `assent init` writes it, and raises it with Assent. The wheel's path is
# that from the root of the repository, in which the workflows call pip.
"""


def contents(answers: Answers) -> dict[str, bytes]:
    """The files, by path; nothing of it is read from the folder.

    Raises:
        NotInstalled: Assent is not installed, so its wheel cannot be made.
        MissingSchema: The installation lacks a part.
    """
    files = render_texts(answers, version=__version__)
    files.update(rulesets(answers))
    files.update({f"schemas/{name}": content for name, content in schema_files().items()})
    distributed = distributed_files()
    files.update(_infrastructure(distributed))
    wheel = packed(installed_metadata())
    place = f"{_VENDORED}/{wheel_name()}"
    digest = hashlib.sha256(wheel).hexdigest()
    pins = distributed["assent/requirements/runtime.txt"].decode()
    files[place] = wheel
    files[REQUIREMENTS] = f"{_HEADER}./{place} \\\n    --hash=sha256:{digest}\n{pins}".encode()
    return dict(sorted(files.items()))


def _infrastructure(distributed: dict[str, bytes]) -> dict[str, bytes]:
    """The templates of what AWS has to have, and what they say of themselves.

    The documents that it links to stay with Assent.
    """
    prefix = "assent/infra/"
    return {
        f"infra/{name}": _DOCUMENT.sub(rb"\1", content) if name.endswith(".md") else content
        for path, content in distributed.items()
        if (name := path.removeprefix(prefix)) != path and "/" not in name
        if name.endswith(".yaml") or name == "README.md"
    }
