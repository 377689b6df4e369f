"""Stands in for actions/create-github-app-token."""

import os
import time

import jwt
import requests
from tests.workflows.stand_ins.job import append, env, mask, refuse

TIMEOUT = 30


def main() -> None:
    """Mint a token for this repository with exactly the permissions that were asked for."""
    app, key, api = env("APP"), env("KEY"), env("API")
    if not app or not key:
        refuse("create-github-app-token: client-id and private-key have to be set")
    asked = {
        name.removeprefix("PERMISSION_"): level
        for name, level in os.environ.items()
        if name.startswith("PERMISSION_") and level
    }
    if not asked:
        refuse("create-github-app-token: without permissions the token could do everything")
    if not set(asked.values()) <= {"read", "write"}:
        refuse(f"create-github-app-token: {asked} holds no level of a permission")
    now = int(time.time())
    signed = jwt.encode({"iat": now - 30, "exp": now + 300, "iss": app}, key, algorithm="RS256")
    headers = {"Authorization": f"Bearer {signed}", "Accept": "application/vnd.github+json"}
    owner, _, name = env("GITHUB_REPOSITORY").partition("/")
    found = requests.get(
        f"{api}/repos/{owner}/{name}/installation", headers=headers, timeout=TIMEOUT
    )
    found.raise_for_status()
    minted = requests.post(
        f"{api}/app/installations/{found.json()['id']}/access_tokens",
        headers=headers,
        json={"repositories": [name], "permissions": asked},
        timeout=TIMEOUT,
    )
    minted.raise_for_status()
    mask(minted.json()["token"])
    append("GITHUB_OUTPUT", f"token={minted.json()['token']}")


if __name__ == "__main__":
    main()
