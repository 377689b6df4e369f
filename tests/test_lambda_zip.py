"""The Lambda's zip: built as for a deployment, unpacked, and run with nothing else on the path."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from assent.sandbox.aws import register, sqs_batch
from assent.sandbox.stage import Stage

ROOT = Path(__file__).parents[1]

# Lambda's own start, as far as it matters: a context object, the module by name, the event.
RUN = """
import json, sys
sys.path.insert(0, sys.argv[1])
from assent.lambda_handler import handler
import assent
class Context:
    function_name = "assent-propose"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-west-1:111122223333:function:assent-propose"
    aws_request_id = "00000000-0000-0000-0000-000000000000"
    def get_remaining_time_in_millis(self):
        return 30000
answer = handler(json.load(sys.stdin), Context())
print(json.dumps({"answer": answer, "from": assent.__file__}))
"""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip's content, in a folder of its own."""
    folder = tmp_path_factory.mktemp("lambda")
    target = folder / "assent-lambda.zip"
    build = [sys.executable, str(ROOT / "infra" / "build_lambda.py"), str(target)]
    subprocess.run(build, check=True, cwd=folder)
    with zipfile.ZipFile(target) as archive:
        assert all(info.date_time == (1980, 1, 1, 0, 0, 0) for info in archive.infolist())
        archive.extractall(folder / "task")
    return folder / "task"


def test_the_handler_of_the_zip_opens_a_pull_request(unpacked: Path, tmp_path: Path) -> None:
    """With only the zip's content and the standard library, an event becomes a pull request."""
    with Stage(tmp_path) as stage:
        registered = register(stage.aws, reports={"model-quality": b'{"accuracy": 0.9}'})
        batch = sqs_batch([registered.event, {"detail-type": "Other", "source": "aws.s3"}])
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", RUN, str(unpacked)],
            check=True,
            input=json.dumps(batch),
            capture_output=True,
            text=True,
            env=stage.environment(),
            cwd=tmp_path,
        )
        said = json.loads(done.stdout.splitlines()[-1])
        assert said["answer"] == {"batchItemFailures": []}
        assert said["from"] == str(unpacked / "assent" / "__init__.py")
        assert [pull.title for pull in stage.pull_requests()] == ["Promote churn 1 to dev"]


def test_the_zip_leaves_out_what_the_lambda_never_imports(unpacked: Path) -> None:
    """Neither the sandbox nor the command line is in it; the schemas are."""
    assert not (unpacked / "assent" / "sandbox").exists()
    assert not (unpacked / "assent" / "cli.py").exists()
    assert (unpacked / "assent" / "schemas" / "promotion.schema.json").is_file()
