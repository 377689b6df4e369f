"""A stand-in for GitHub's command line, for what the documentation types.

It does over the API what `gh` does, and fails at everything that it does not know. Its token is
GH_TOKEN, as gh's own; the API and who plays GitHub Actions are told by GH_API and GH_ACTIONS.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Sequence
from typing import Any

from nacl.encoding import Base64Encoder
from nacl.public import PublicKey, SealedBox


def call(method: str, path: str, body: Any = None, *, base: str | None = None) -> Any:  # noqa: ANN401 - any JSON
    """Make one call; prints GitHub's refusal and ends where there is one."""
    request = urllib.request.Request(  # noqa: S310 - loopback
        f"{base or os.environ['GH_API']}/{path.lstrip('/')}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {os.environ['GH_TOKEN']}",
            "Accept": "application/vnd.github+json",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=600) as answer:  # noqa: S310 - loopback
            content = answer.read()
    except urllib.error.HTTPError as error:
        sys.exit(f"gh: {error.read().decode()} (HTTP {error.code}) {method} {path}")
    return json.loads(content) if content else None


def repository() -> str:
    """The repository of the clone that it runs in, as gh finds it."""
    command = ["git", "config", "--get", "remote.origin.url"]
    url = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    found = re.search(r"([\w.-]+/[\w.-]+?)(?:\.git)?$", url)
    if found is None:
        sys.exit(f"gh: {url} is no repository of GitHub")
    return found[1]


def api(arguments: Sequence[str]) -> None:
    """`gh api`: one call, its fields typed with -F and as text with -f."""
    parser = argparse.ArgumentParser(prog="gh api", allow_abbrev=False)
    parser.add_argument("path")
    parser.add_argument("--method", "-X", default="GET")
    parser.add_argument("--input")
    parser.add_argument("--silent", action="store_true")
    parser.add_argument("--raw-field", "-f", action="append", default=[])
    parser.add_argument("--field", "-F", action="append", default=[])
    parser.add_argument("--jq", "-q")
    given = parser.parse_args(arguments)
    body: dict[str, Any] = {}
    for field in given.raw_field:
        _put(body, field, str)
    for field in given.field:
        _put(body, field, _typed)
    if given.input is not None:
        text = sys.stdin.read() if given.input == "-" else _read(given.input)
        body = json.loads(text)
    answer = call(given.method, given.path, body or None)
    if given.jq is not None:
        if not re.fullmatch(r"(\.\w+)+", given.jq):
            sys.exit(f"gh: the stand-in cannot evaluate {given.jq}")
        for name in given.jq[1:].split("."):
            answer = answer[name]
        sys.stdout.write(f"{answer}\n")
    elif not given.silent and answer is not None:
        sys.stdout.write(json.dumps(answer) + "\n")


def _put(body: dict[str, Any], field: str, read: Callable[[str], object]) -> None:
    """Set `a=1`, or `a[b]=1` in an object."""
    name, _, text = field.partition("=")
    outer, *inner = re.findall(r"\w+", name)
    if inner:
        body.setdefault(outer, {})[inner[0]] = read(text)
    else:
        body[outer] = read(text)


def _typed(text: str) -> object:
    known: dict[str, object] = {"true": True, "false": False, "null": None}
    return known.get(text, int(text) if text.isdecimal() else text)


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - a program of one file
        return file.read()


def repo(arguments: Sequence[str]) -> None:
    """`gh repo create OWNER/NAME`."""
    parser = argparse.ArgumentParser(prog="gh repo create", allow_abbrev=False)
    parser.add_argument("verb", choices=["create"])
    parser.add_argument("name")
    parser.add_argument("--private", action="store_true", required=True)
    given = parser.parse_args(arguments)
    owner, _, name = given.name.partition("/")
    made = call("POST", f"orgs/{owner}/repos", {"name": name, "private": True})
    sys.stdout.write(f"https://github.com/{made['full_name']}\n")


def variable(arguments: Sequence[str]) -> None:
    """`gh variable set NAME --body VALUE [--env NAME]`."""
    parser = argparse.ArgumentParser(prog="gh variable", allow_abbrev=False)
    parser.add_argument("verb", choices=["set"])
    parser.add_argument("name")
    parser.add_argument("--body", required=True)
    parser.add_argument("--env")
    given = parser.parse_args(arguments)
    place = "actions" if given.env is None else f"environments/{given.env}"
    body = {"name": given.name, "value": given.body}
    call("POST", f"repos/{repository()}/{place}/variables", body)


def secret(arguments: Sequence[str]) -> None:
    """`gh secret set NAME --env NAME`, the value on the standard input."""
    parser = argparse.ArgumentParser(prog="gh secret", allow_abbrev=False)
    parser.add_argument("verb", choices=["set"])
    parser.add_argument("name")
    parser.add_argument("--env", required=True)
    given = parser.parse_args(arguments)
    place = f"repos/{repository()}/environments/{given.env}/secrets"
    key = call("GET", f"{place}/public-key")
    box = SealedBox(PublicKey(key["key"].encode(), Base64Encoder))
    sealed = b64encode(box.encrypt(sys.stdin.buffer.read().rstrip(b"\n"))).decode()
    body = {"encrypted_value": sealed, "key_id": key["key_id"]}
    call("PUT", f"{place}/{given.name}", body)


def pr(arguments: Sequence[str]) -> None:
    """`gh pr list`, `gh pr review N --approve`, `gh pr merge N --merge`, `gh pr close N`."""
    parser = argparse.ArgumentParser(prog="gh pr", allow_abbrev=False)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("list")
    review = verbs.add_parser("review")
    review.add_argument("number", type=int)
    review.add_argument("--approve", action="store_true", required=True)
    merge = verbs.add_parser("merge")
    merge.add_argument("number", type=int)
    merge.add_argument("--merge", action="store_true", required=True)
    given = parser.parse_args(arguments)
    pulls = f"repos/{repository()}/pulls"
    if given.verb == "list":
        for each in call("GET", f"{pulls}?state=open&direction=asc"):
            line = (str(each["number"]), each["title"], each["head"]["ref"], "OPEN")
            sys.stdout.write("\t".join(line) + "\n")
    elif given.verb == "review":
        call("POST", f"{pulls}/{given.number}/reviews", {"event": "APPROVE"})
    else:
        call("PUT", f"{pulls}/{given.number}/merge", {"merge_method": "merge"})


def run(arguments: Sequence[str]) -> None:
    """`gh run watch --exit-status`: whoever plays GitHub Actions runs what is due."""
    if list(arguments) != ["watch", "--exit-status"]:
        sys.exit(f"gh: the stand-in does not know gh run {' '.join(arguments)}")
    said = call("POST", "runs", base=os.environ["GH_ACTIONS"])
    sys.stdout.write(said["output"])
    sys.exit(said["exit"])


COMMANDS = {
    "api": api,
    "pr": pr,
    "repo": repo,
    "run": run,
    "secret": secret,
    "variable": variable,
}

if __name__ == "__main__":
    _, name, *rest = sys.argv
    if name not in COMMANDS:
        sys.exit(f"gh: the stand-in does not know gh {name}")
    COMMANDS[name](rest)
