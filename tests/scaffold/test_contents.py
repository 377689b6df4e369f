"""All files together: the schemas and templates are those of Assent, the pins are its own."""

from collections.abc import Mapping

import pytest
from tests.scaffold.ground import ANSWERS

from assent.contracts import schema_files
from assent.distribution import distributed_files
from assent.scaffold import contents as module
from assent.scaffold.contents import contents
from assent.scaffold.manifest import Manifest, digest_of, read_manifest
from assent.scaffold.rendering import REQUIREMENTS

README = (
    b"See [here](../docs/operating.md#iam), [roles.yaml](roles.yaml) and [you](../README.md).\n"
)


@pytest.fixture
def distributed(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, bytes]:
    """The distribution, with further files beside the templates of AWS."""
    files = {
        **distributed_files(),
        "assent/infra/roles.yaml": b"Resources: {}\n",
        "assent/infra/README.md": README,
        "assent/infra/build.py": b"x",
        "assent/infra/below/x.yaml": b"x",
    }
    monkeypatch.setattr(module, "distributed_files", lambda: files)
    return files


def test_schemas_templates_and_pins_are_those_of_assent(distributed: Mapping[str, bytes]) -> None:
    """Byte for byte; of infra/ the templates and what they say of themselves, no program."""
    files = contents(ANSWERS)
    for name, content in schema_files().items():
        assert files[f"schemas/{name}"] == content
    templates = {
        path.removeprefix("assent/"): content
        for path, content in distributed.items()
        if path.startswith("assent/infra/") and path.endswith(".yaml") and path.count("/") == 2
    }
    assert {
        path: files[path] for path in files if path.endswith(".yaml") and "/" in path
    } == templates
    assert "infra/build.py" not in files
    pins = distributed["assent/requirements/runtime.txt"]
    assert files[REQUIREMENTS].endswith(b"\n" + pins)


@pytest.mark.usefixtures("distributed")
def test_no_link_leads_to_a_document_that_stays_with_assent() -> None:
    """Its text stays; links to what is there stay links."""
    assert contents(ANSWERS)["infra/README.md"] == (
        b"See here, [roles.yaml](roles.yaml) and you.\n"
    )


def test_every_path_is_one_that_the_manifest_takes() -> None:
    """Whatever is made can be found again, and replaced."""
    files = {path: (digest_of(path, content),) for path, content in contents(ANSWERS).items()}
    manifest = Manifest(version="1.0.0", answers=ANSWERS, files=files)
    assert read_manifest(manifest.written()) == manifest
