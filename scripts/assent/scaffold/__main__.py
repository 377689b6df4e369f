"""`python -m assent.scaffold`, in a checkout of Assent: its own files, made from the templates.

Pins of actions that were raised in a workflow, as Dependabot does, go into its template first.
"""

from pathlib import Path

from assent.contracts import load_contracts
from assent.core.config import CONFIG_PATH, parse_config
from assent.scaffold.pins import with_newest_pins
from assent.scaffold.rendering import OWN, TEMPLATES, own_files


def _refresh(root: Path) -> None:
    config = parse_config((root / CONFIG_PATH).read_bytes(), load_contracts().config)
    for path, template in OWN.items():
        place = TEMPLATES / template
        text = place.read_bytes()
        place.write_bytes(with_newest_pins(text, (root / path).read_bytes()))
    for path, content in own_files(config.ladder, checkout=True).items():
        (root / path).write_bytes(content)


if __name__ == "__main__":
    _refresh(Path.cwd())
