"""Rule `model-case`: no two models differ only by case."""

from collections import defaultdict
from collections.abc import Iterator

from assent.core.rules.rule import Problem, TreeRule
from assent.core.rules.subject import Tree

__all__ = ["RULE"]


def judge(tree: Tree) -> Iterator[Problem]:
    """Report, once each, the spellings that came later than another one."""
    first = {id_.model: id_ for id_ in sorted(tree.judged, reverse=True)}
    spellings: defaultdict[str, set[str]] = defaultdict(set)
    for model in tree.models | first.keys():
        spellings[model.casefold()].add(model)
    for same in spellings.values():
        newcomers = sorted(same & first.keys())
        established = sorted(same - first.keys()) or newcomers[:1]
        for model in newcomers:
            if model in established:
                continue
            id_ = first[model]
            yield Problem(
                path=id_.path,
                line=tree.judged[id_].line("model"),
                place="model",
                message=f"the model {model} differs from {', '.join(established)} only by case",
            )


RULE = TreeRule(
    id="model-case",
    description="No two models differ only by case.",
    remedy="Register the model under a name of its own. A clone on macOS or Windows could hold "
    "only one of the two folders.",
    judge=judge,
)
