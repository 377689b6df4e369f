"""The confusion matrix: what was, against what the model said."""

from assent.core.rendering.markdown import details
from assent.core.rendering.page.groups import Groups, Matrix
from assent.core.rendering.page.headline import champion_record
from assent.core.rendering.page.layout import Layout, Room, roomy_table
from assent.core.rendering.page.numbers import number, share
from assent.core.review import Champion, Review

__all__ = ["matrix_section"]

_MOST_CONFUSED = 20


def matrix_section(review: Review, layout: Layout) -> str:
    """A table for each matrix; of one with many classes, what is confused most."""
    own = Groups(review.record.evidence.metrics).matrices
    if not own:
        return ""
    record = champion_record(review)
    live = () if record is None else Groups(record.evidence.metrics).matrices
    rivals = {matrix.name: matrix for matrix in live}
    parts = ["### Confusion matrix"]
    for matrix in own[:2]:
        if len(own) > 1:
            parts.append(f"**{layout.code(matrix.name)}**")
        parts.append(_one(review, matrix, rivals.get(matrix.name), layout))
    over = len(own) - 2
    if over > 0:
        parts.append(f"{over} more {'is' if over == 1 else 'are'} in the record itself.")
    return "\n\n".join(parts)


def _one(review: Review, matrix: Matrix, live: Matrix | None, layout: Layout) -> str:
    classes = matrix.classes
    if len(classes) <= layout.classes:
        return _whole(review, matrix, live, layout)
    wrong = sorted(
        ((count, cell) for cell, count in matrix.cells.items() if cell[0] != cell[1] and count),
        key=lambda each: (-each[0], each[1]),
    )
    rows = [
        [
            layout.code(actual),
            layout.code(said),
            number(count),
            share(count, matrix.row(actual)),
        ]
        for count, (actual, said) in wrong[:_MOST_CONFUSED]
    ]
    intro = f"{len(classes)} classes."
    if not layout.classes:
        return f"{intro} The matrix is in the record itself."
    header = ["was", "the model said", "how often", "of that class"]
    room = Room(shown=10, folded=10)
    noun = ("confusion", "confusions")
    listing = roomy_table(header, rows, room, noun, right=[2, 3])
    confused = f"{intro} What is confused most:\n\n{listing}" if rows else f"{intro} None confused."
    found = _recalls(review, matrix, live, layout)
    summary = "How much of each class is found"
    return f"{confused}\n\n{details(summary, found)}"


def _whole(review: Review, matrix: Matrix, live: Matrix | None, layout: Layout) -> str:
    classes = matrix.classes
    champion = review.champion
    header = ["was", *(f"said {layout.code(each)}" for each in classes), "found"]
    if live is not None and isinstance(champion, Champion):
        header.append(f"by version {champion.version} (live)")
    rows = []
    for actual in classes:
        cells = []
        for said in classes:
            count = number(matrix.cells.get((actual, said), 0.0))
            cells.append(f"**{count}**" if actual == said else count)
        row = [layout.code(actual), *cells, _found(matrix, actual)]
        if live is not None:
            row.append(_found(live, actual))
        rows.append(row)
    room = Room(shown=len(rows))
    return roomy_table(header, rows, room, ("class", "classes"), right=range(1, len(header)))


def _recalls(review: Review, matrix: Matrix, live: Matrix | None, layout: Layout) -> str:
    champion = review.champion
    header = ["class", "how many", f"version {review.record.id.version}"]
    if live is not None and isinstance(champion, Champion):
        header.append(f"version {champion.version} (live)")
    rows = []
    worst = sorted(matrix.classes, key=lambda name: (matrix.recall(name) or 0.0, name))
    for name in worst:
        row = [layout.code(name), number(matrix.row(name)), _found(matrix, name)]
        rows.append([*row, _found(live, name)] if live is not None else row)
    room = Room(shown=layout.further.shown + layout.further.folded)
    return roomy_table(header, rows, room, ("class", "classes"), right=[1, 2, 3])


def _found(matrix: Matrix, name: str) -> str:
    recall = matrix.recall(name)
    return "" if recall is None else share(recall, 1)
