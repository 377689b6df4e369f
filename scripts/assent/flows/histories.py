"""Histories of decisions, read from Parameter Store with all their pages."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from assent.core.names import RecordId
from assent.core.parameters import (
    History,
    Names,
    UnreadableParameter,
    page_count,
    parse_history,
)
from assent.ports import Parameters

__all__ = ["assembled", "read_histories"]

Read = Callable[[Sequence[str]], Mapping[str, str]]


def read_histories(
    parameters: Parameters, names: Names, ids: Iterable[RecordId]
) -> dict[RecordId, History | UnreadableParameter]:
    """The histories of some versions; an empty one where nothing was decided.

    Raises:
        AssentError: Parameter Store could not be read.
    """
    wanted = {id_: names.history(id_.model, id_.version) for id_ in dict.fromkeys(ids)}
    texts = parameters.read(list(wanted.values())) if wanted else {}
    found: dict[RecordId, History | UnreadableParameter] = {}
    for id_, name in wanted.items():
        try:
            found[id_] = assembled(id_, names, texts.get(name), parameters.read)
        except UnreadableParameter as error:
            found[id_] = error
    return found


def assembled(id_: RecordId, names: Names, text: str | None, read: Read) -> History:
    """A history from its parameter's text and the earlier pages that it counts.

    Args:
        id_: Whose it is.
        names: Where the environment's parameters are.
        text: The parameter's; None where there is none.
        read: Reads the pages, if there are any.

    Raises:
        UnreadableParameter: A text is not what Assent writes, or a page is missing.
        AssentError: The pages could not be read.
    """
    if text is None:
        return History(id=id_)
    name = names.history(id_.model, id_.version)
    count = page_count(name, text)
    pages = [names.earlier(id_.model, id_.version, page) for page in range(1, count + 1)]
    texts = read(pages) if pages else {}
    missing = [page for page in pages if page not in texts]
    if missing:
        raise UnreadableParameter(
            f"the parameter {name} counts {count} earlier pages, and {missing[0]} is missing",
            hint="Restore it from its history in Parameter Store.",
        )
    return parse_history(id_, name, text, [texts[page] for page in pages])
