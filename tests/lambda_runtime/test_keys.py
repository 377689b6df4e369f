"""The App's key and its token: rarely read and minted, and changed without a deployment."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.end_to_end import play
from tests.lambda_runtime.conftest import Deploy, keep_secret
from tests.lambda_runtime.service import Function
from tests.lambda_runtime.test_batches import require_no_secret

from assent.sandbox.aws import sqs_batch
from assent.sandbox.stage import Stage

NEARLY_OVER = timedelta(minutes=59, seconds=55)
"""As much slower runs GitHub's clock where each token is as good as expired when it is minted."""


def deliver(stage: Stage, function: Function) -> bool:
    """Send a new version's event; whether it was done."""
    answer = function(sqs_batch([play.train(stage).event]))
    failures: list[object] = answer["batchItemFailures"]
    return not failures


def calls(stage: Stage, end: str) -> int:
    return sum(call.operation.endswith(end) for call in stage.ledger.calls)


def secret_settings(name: str) -> dict[str, str]:
    return {"ASSENT_APP_PRIVATE_KEY": "", "ASSENT_APP_PRIVATE_KEY_SECRET": name}


def test_one_token_serves_every_warm_event(stage: Stage, deploy: Deploy) -> None:
    """The key is read once and one token minted, however many batches a process handles."""
    secret = keep_secret(stage, stage.environment()["ASSENT_APP_PRIVATE_KEY"])
    function = deploy(stage, secret_settings(secret))
    stage.ledger.clear()
    assert all(deliver(stage, function) for _ in range(4))
    assert len(function.environments) == 1
    assert (calls(stage, "GetSecretValue"), calls(stage, "/access_tokens")) == (1, 1)
    require_no_secret(stage, function)


def new_key() -> tuple[str, str]:
    """A private key, and the public half that GitHub keeps."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


def test_a_new_key_in_the_secret_is_taken_up_by_itself(tmp_path: Path, deploy: Deploy) -> None:
    """Once GitHub takes the old one no more, the next token is minted with the new one."""

    def behind() -> datetime:
        return datetime.now(tz=UTC) - NEARLY_OVER

    with Stage(tmp_path / "stage", now=behind) as stage:
        secret = keep_secret(stage, stage.environment()["ASSENT_APP_PRIVATE_KEY"])
        function = deploy(stage, secret_settings(secret))
        assert deliver(stage, function)
        private, public = new_key()
        apps = stage.hub._state.apps
        apps[1] = replace(apps[1], public_key_pem=public)
        assert not deliver(stage, function)
        client = stage.aws.session().client("secretsmanager")
        client.put_secret_value(SecretId=secret, SecretString=private)
        assert deliver(stage, function)
        assert len(function.environments) == 1
        assert private.splitlines()[1] not in function.output()
        require_no_secret(stage, function)


def test_what_is_no_key_is_told_and_not_shown(stage: Stage, deploy: Deploy) -> None:
    """Neither a text, nor a damaged key, nor a missing secret ends up in the log; a hint does."""
    key = stage.environment()["ASSENT_APP_PRIVATE_KEY"]
    lines = key.splitlines()
    damaged = "\n".join([lines[0], *reversed(lines[1:-1]), lines[-1], ""])
    told: list[str] = []
    for text in ("hunter2-hunter2", json.dumps({"private_key": key}), damaged):
        function = deploy(stage, secret_settings(keep_secret(stage, text)))
        assert not deliver(stage, function)
        (line,) = function.said()
        told.append(line["message"])
        assert "BEGIN line" in line["hint"]
        assert not [part for part in (text, *lines[1:-1]) if part in function.output()]
    no_pem = "the App's private key is no PEM of a private key"
    assert told == [no_pem, no_pem, "the App's private key cannot be read"]
    function = deploy(stage, secret_settings("assent/nowhere"))
    assert not deliver(stage, function)
    (line,) = function.said()
    assert "secretsmanager:GetSecretValue" in line["message"]
    assert "assent/nowhere" in line["message"]


def test_a_parameter_may_hold_the_key_as_well(stage: Stage, deploy: Deploy) -> None:
    """A SecureString of Parameter Store, read as a secret is."""
    key = stage.environment()["ASSENT_APP_PRIVATE_KEY"]
    stage.aws.ssm.put_parameter(Name="/assent/key", Value=key, Type="SecureString")
    settings = {"ASSENT_APP_PRIVATE_KEY": "", "ASSENT_APP_PRIVATE_KEY_PARAMETER": "/assent/key"}
    assert deliver(stage, deploy(stage, settings))
