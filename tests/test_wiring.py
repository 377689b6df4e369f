"""Wiring: settings that make no sense are told before anything is asked of a service."""

from pathlib import Path

import pytest

from assent.core.errors import Exit
from assent.sandbox.stage import Stage
from assent.wiring import Unconfigured, WrongAccount, open_world, proposer_from_environment

SETTINGS = {
    "ASSENT_REPOSITORY": "acme/model-promotions",
    "ASSENT_APP_ID": "1",
    "ASSENT_APP_PRIVATE_KEY": "no key at all",
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ASSENT_REPOSITORY", ""),
        ("ASSENT_REPOSITORY", "/"),
        ("ASSENT_REPOSITORY", "acme/one/two"),
        ("ASSENT_API_URL", "foo"),
        ("ASSENT_INSTALLATION_ID", "abc"),
        ("ASSENT_TIMEOUT_SECONDS", "soon"),
        ("ASSENT_APP_ID", ""),
    ],
)
def test_a_setting_that_makes_no_sense_is_told(name: str, value: str) -> None:
    """Each is named, with what to set it to, and no traceback."""
    with pytest.raises(Unconfigured) as told:
        proposer_from_environment({**SETTINGS, name: value})
    assert told.value.exit is Exit.BROKEN
    assert told.value.hint


def test_another_accounts_credentials_write_nothing(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An environment's parameters are written with its own account's credentials or not at all."""
    for name, value in stage.aws.environment(account="999999999999").items():
        monkeypatch.setenv(name, value)
    with open_world(stage.clone(tmp_path / "clone"), writing=True) as world:
        stage.ledger.clear()
        with pytest.raises(WrongAccount, match="999999999999"):
            world.parameters(world.config.entry)
    assert [call.operation for call in stage.ledger.calls] == ["GetCallerIdentity"]
