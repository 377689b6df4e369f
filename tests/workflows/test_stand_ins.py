"""What stands in for the actions refuses whatever the real ones were never tried with."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.workflows.scene import ROOT

CHECKOUT = {
    "REF": "main",
    "FOLDER": "there",
    "DEPTH": "0",
    "PERSIST": "false",
    "TOKEN": "t",
    "GITHUB_SERVER_URL": "http://127.0.0.1:9",
}
TOKEN = {"APP": "1", "KEY": "k", "API": "http://127.0.0.1:9", "PERMISSION_contents": "read"}
ROLE = {"ROLE": "arn:aws:iam::111122223333:role/assent-apply-dev", "SESSION": "assent-1"}
ROLE["REGION"] = "eu-west-1"
GRANTED = {"contents": "read", "id-token": "write"}

REFUSED: list[tuple[str, Mapping[str, str], Mapping[str, str], str]] = [
    ("checkout", {**CHECKOUT, "PERSIST": "true"}, GRANTED, "only persist-credentials: false"),
    ("checkout", {**CHECKOUT, "DEPTH": "5"}, GRANTED, "fetch-depth 5 is not tried"),
    ("checkout", {**CHECKOUT, "FOLDER": "../there"}, GRANTED, "not below the workspace"),
    ("checkout", {**CHECKOUT, "REF": "refs/tags/v1"}, GRANTED, "nobody tried the ref"),
    ("checkout", {**CHECKOUT, "REF": "--upload-pack=x"}, GRANTED, "nobody tried the ref"),
    ("checkout", CHECKOUT, {}, "may not read contents"),
    ("setup-python", {"VERSION": "3.x"}, GRANTED, "python-version '3.x' is not tried"),
    ("create-github-app-token", {**TOKEN, "KEY": ""}, GRANTED, "have to be set"),
    ("create-github-app-token", {**TOKEN, "PERMISSION_contents": ""}, GRANTED, "do everything"),
    ("create-github-app-token", {**TOKEN, "PERMISSION_contents": "admin"}, GRANTED, "no level"),
    ("configure-aws-credentials", ROLE, {"contents": "read"}, "may not ask for an OIDC token"),
    ("configure-aws-credentials", {**ROLE, "ROLE": ""}, GRANTED, "have to be set"),
    ("configure-aws-credentials", ROLE, GRANTED, "trusts the environment dev"),
]


@pytest.mark.parametrize(("action", "given", "permissions", "why"), REFUSED)
def test_what_was_never_tried_is_refused(
    tmp_path: Path,
    action: str,
    given: Mapping[str, str],
    permissions: Mapping[str, str],
    why: str,
) -> None:
    """The step is red, and its annotation says why; nothing was asked of the sandbox."""
    settings = tmp_path / "settings.json"
    job = {"environment": "test", "permissions": permissions}
    trust = {ROLE["ROLE"]: "dev"}
    settings.write_text(json.dumps({"jobs": {"test": job}, "trust": trust, "image": ""}))
    module = f"tests.workflows.stand_ins.{action.replace('-', '_')}"
    done = subprocess.run(
        [sys.executable, "-P", "-m", module],
        env={
            **given,
            "PYTHONPATH": str(ROOT),
            "STAND_IN_SETTINGS": str(settings),
            "GITHUB_JOB": "test",
            "GITHUB_WORKSPACE": str(tmp_path / "workspace"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith(f"::error::{action}: ")
    assert why in done.stdout
