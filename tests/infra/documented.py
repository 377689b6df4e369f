"""The tables under IAM of docs/operating.md."""

import re
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
SERVICES = "sqs|sagemaker|s3|sts|events|sns|ssm|secretsmanager|logs|kms"
ACTION = re.compile(rf"\b((?:{SERVICES}):[A-Z][a-z]\w+)")


def documented_actions() -> Mapping[str, set[str]]:
    """The actions of each table under IAM in docs/operating.md, by what stands before the table."""
    text = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    section = text.partition("\n## IAM\n")[2].partition("\n## ")[0]
    found: dict[str, set[str]] = {}
    title = ""
    for line in section.splitlines():
        if match := re.match(r"\*\*(.+?)\*\*", line):
            title = match[1]
        elif line.startswith("| `"):
            found.setdefault(title, set()).update(ACTION.findall(line.split("|")[1]))
    return found
