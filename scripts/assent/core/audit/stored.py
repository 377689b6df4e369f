"""An environment's parameters as they were read: histories and `current`s, or why one is none."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from assent.core.audit.gaps import Gap, GapKind
from assent.core.audit.material import Scope
from assent.core.names import VERSION_PATTERN, RecordId, parse_path
from assent.core.parameters import (
    History,
    Names,
    UnreadableParameter,
    page_count,
    parse_history,
    parse_live,
)

__all__ = ["Stored", "read_stored"]

_BELOW_MODEL = re.compile(
    rf"(?P<model>[^/]+)/(?:current|versions/(?P<version>{VERSION_PATTERN})"
    rf"(?P<page>/earlier/[1-9][0-9]*)?)",
    re.ASCII,
)


@dataclass(slots=True, kw_only=True)
class Stored:
    """What an environment's parameters say."""

    histories: dict[RecordId, History] = field(default_factory=dict)
    currents: dict[str, str] = field(default_factory=dict)
    """By model: the text of `current`, which names a version or says that there is none."""
    unreadable: set[RecordId] = field(default_factory=set)
    """Versions whose history is there and does not read; each is told in `gaps`."""
    doubtful: set[str] = field(default_factory=set)
    """Models of which a parameter does not read, so that nobody can tell what is live."""
    gaps: list[Gap] = field(default_factory=list)


def read_stored(names: Names, texts: Mapping[str, str], scope: Scope) -> Stored:
    """Read an environment's parameters, as far as they are in scope.

    Args:
        names: Where they are.
        texts: Names and texts; anything else below the environment is passed over, since it is
            for `assent drift` to say what nothing explains.
        scope: What the audit is about; of a model, every version is read, since they decide
            together what is live.
    """
    stored = Stored()
    start = f"{names.prefix}/{names.environment}/"
    for name, text in sorted(texts.items()):
        match = _BELOW_MODEL.fullmatch(name.removeprefix(start))
        if match is None or scope.model not in {None, match["model"]}:
            continue
        id_ = RecordId(names.environment, match["model"], int(match["version"] or 1))
        if parse_path(id_.path) != id_:
            continue
        try:
            if match["version"] is None:
                parse_live(name, text)
                stored.currents[id_.model] = text
            elif match["page"] is None:
                stored.histories[id_] = _history(id_, names, texts)
        except UnreadableParameter as error:
            stored.doubtful.add(id_.model)
            if match["version"] is not None:
                stored.unreadable.add(id_)
                if not scope.holds(id_):
                    continue
            stored.gaps.append(
                Gap(
                    kind=GapKind.PARAMETER_UNREADABLE,
                    environment=names.environment,
                    where=name,
                    detail=error.message,
                    id=None if match["version"] is None else id_,
                )
            )
    return stored


def _history(id_: RecordId, names: Names, texts: Mapping[str, str]) -> History:
    name = names.history(id_.model, id_.version)
    count = page_count(name, texts[name])
    pages = [names.earlier(id_.model, id_.version, page) for page in range(1, count + 1)]
    missing = [page for page in pages if page not in texts]
    if missing:
        raise UnreadableParameter(f"{name} counts {count} earlier pages; {missing[0]} is missing")
    return parse_history(id_, name, texts[name], [texts[page] for page in pages])
