"""Build the Lambda's zip: Assent, its pinned requirements and its schemas, reproducibly.

    python infra/build_lambda.py dist/assent-lambda.zip

Run it with the Python version of the Lambda's runtime. The same inputs give the same bytes, so a
deployment tool sees no change where there is none.
"""

import argparse
import compileall
import py_compile
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LEFT_OUT = ("sandbox", "cli*.py", "__main__.py", "__pycache__")
"""What the Lambda never imports."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The oldest time that a zip can hold; with a real one, no two builds would be equal."""


def build(target: Path, platform: str | None) -> None:
    """Write the zip to `target`.

    Args:
        target: The file to write; what was there is replaced once the new one is complete.
        platform: A pip platform tag such as `manylinux2014_x86_64`, to build for another machine.
    """
    with tempfile.TemporaryDirectory() as scratch:
        content = Path(scratch, "content")
        install(content, platform)
        package = content / "assent"
        shutil.copytree(
            ROOT / "scripts" / "assent", package, ignore=shutil.ignore_patterns(*LEFT_OUT)
        )
        shutil.copytree(ROOT / "schemas", package / "schemas")
        # A zip's fixed timestamps would make every bytecode file look stale; with hashes that are
        # not checked, the cold start reads it as it is.
        compileall.compile_dir(
            content,
            quiet=1,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            stripdir=str(content),
            workers=0,
        )
        pack(content, target)


def install(content: Path, platform: str | None) -> None:
    """Install the pinned requirements into a folder, wheels only."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    command += ["--require-hashes", "--only-binary", ":all:", "--no-compile", "--no-deps"]
    command += ["--requirement", str(ROOT / "requirements" / "runtime.txt")]
    command += ["--target", str(content)]
    command += ["--platform", platform] if platform else []
    subprocess.run(command, check=True)
    shutil.rmtree(content / "bin", ignore_errors=True)


def pack(content: Path, target: Path) -> None:
    """Zip a folder, sorted and without timestamps."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(".part")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(each for each in content.rglob("*") if each.is_file()):
            info = zipfile.ZipInfo(path.relative_to(content).as_posix(), EPOCH)
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, path.read_bytes())
    unfinished.replace(target)


def main() -> None:
    """Parse the command line and build."""
    parser = argparse.ArgumentParser(description="Build the Lambda's zip.")
    parser.add_argument("target", type=Path)
    parser.add_argument("--platform", help="a pip platform tag, to build for another machine")
    arguments = parser.parse_args()
    build(arguments.target, arguments.platform)


if __name__ == "__main__":
    main()
