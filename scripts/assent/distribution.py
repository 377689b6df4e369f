"""The files that make up Assent, wherever it runs from: `init` and the Lambda carry them on."""

from collections.abc import Iterator
from pathlib import Path

__all__ = ["DISTRIBUTION", "distributed_files"]

DISTRIBUTION = "assent-promotions"
"""The name to install it by; `assent` on the public index is another project."""

_PACKAGE = Path(__file__).parent
_CHECKOUT = _PACKAGE.parents[1]
_ELSEWHERE = {
    "schemas": "schemas",
    "infra": "infra",
    "requirements/runtime.txt": "requirements/runtime.txt",
    "requirements/lambda.txt": "requirements/lambda.txt",
}
"""What a wheel has inside the package, and a checkout beside it."""


def distributed_files() -> dict[str, bytes]:
    """Every file of the package, data included, as a wheel lays them out.

    Returns:
        Contents by path, such as `assent/__init__.py` and `assent/schemas/config.schema.json`,
        sorted; no bytecode.

    Raises:
        FileNotFoundError: The installation lacks a part.
    """
    found = dict(_below(_PACKAGE, "assent"))
    for inside, beside in _ELSEWHERE.items():
        place = _PACKAGE / inside
        if not place.exists():
            place = _CHECKOUT / beside
        if place.is_dir():
            found.update(_below(place, f"assent/{inside}"))
        else:
            found[f"assent/{inside}"] = place.read_bytes()
    return dict(sorted(found.items()))


def _below(folder: Path, prefix: str) -> Iterator[tuple[str, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            yield f"{prefix}/{path.relative_to(folder).as_posix()}", path.read_bytes()
