"""The templates as they are written, before anything resolves them."""

from typing import Any

import pytest
import yaml
from tests.infra.organization import TEMPLATES


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, whose contents stay as they are."""


def _short_form(loader: yaml.SafeLoader, _tag: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return pytest.fail(f"a short form with {node}")


_Loader.add_multi_constructor("!", _short_form)


def read_template(name: str) -> dict[str, Any]:
    """A template by its file's name without the ending."""
    text = (TEMPLATES / f"{name}.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader's child
    return found
