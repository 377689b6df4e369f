"""`assent check` beside check-jsonschema, which reads the same records by the same schema.

Assent does more with them: it judges by every rule, the evidence digests included.
"""

from pathlib import Path

from assent.core.names import PROMOTIONS
from benchmarks.comparison import Comparison, Measured
from benchmarks.duration import Command, time_beside
from benchmarks.scene import Scene

__all__ = ["compare_check"]

_SCHEMA = Path(__file__).parents[1] / "schemas" / "promotion.schema.json"


def compare_check(scene: Scene, peers: Path, *, runs: int) -> Comparison:
    """Time both over the work tree of the same clone.

    Args:
        scene: Whose records are read.
        peers: The folder of the peers' programs.
        runs: How often ours runs; the peer runs once.
    """
    clone = scene.clone()
    paths = sorted(str(path.relative_to(clone)) for path in (clone / PROMOTIONS).rglob("*.yaml"))
    size = f"{len(paths):,} records"
    ours, peer = time_beside(
        Command(
            arguments=[*scene.assent(), "check"], folder=clone, environment=scene.environment()
        ),
        Command(
            arguments=[str(peers / "check-jsonschema"), "--schemafile", str(_SCHEMA), *paths],
            folder=clone,
        ),
        runs=runs,
    )
    return Comparison(
        question="Are the records valid?",
        ours=Measured(command="assent check", size=size, duration=ours),
        peer=Measured(command="check-jsonschema", size=size, duration=peer),
    )
