"""What an extra brings: whoever does without it is told, and everybody else needs none of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# A finder before all others, in place of an environment without the package.
HIDES = (
    "import sys\n"
    "class Hidden:\n"
    "    def find_spec(name, path=None, target=None):\n"
    "        if name == {hidden!r}:\n"
    "            raise ModuleNotFoundError(f'No module named {{name!r}}', name=name)\n"
    "sys.meta_path.insert(0, Hidden)\n"
    "from lzkey.cli import main\n"
    "sys.exit(main({words!r}))\n"
)

# Each package, the extra that brings it, what needs it, and how that is called.
NEEDED = [
    ("moto", "sandbox", "the demo", ("demo",)),
    ("awslambdaric", "sandbox", "the demo", ("demo",)),
    ("cyclonedx", "sbom", "--sbom", ("build", "no-such-name", "--sbom", "lambda.cdx.json")),
    (
        "cryptography",
        "signature",
        "a signature",
        (
            *("check", "policy.json", "--evidence", "no-such-pack", "--sign"),
            "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        ),
    ),
    ("packageurl", "sbom", "--sbom", ("build", "no-such-name", "--sbom", "lambda.cdx.json")),
]


def run(hidden: str, *words: str) -> subprocess.CompletedProcess[str]:
    """The command where a package is not installed."""
    code = HIDES.format(hidden=hidden, words=list(words))
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)


class TestNotInstalled:
    """`lzkey demo`, `lzkey build --sbom`, and signatures."""

    @pytest.mark.parametrize(("package", "extra", "what", "words"), NEEDED)
    def test_one_sentence_says_what_is_missing(
        self, package: str, extra: str, what: str, words: tuple[str, ...]
    ) -> None:
        """It is the caller's to put right, and nothing was begun."""
        done = run(package, *words)
        said = (
            f"error: {what} needs {package}, which is not installed; "
            f"install lzkey with its extra `{extra}`, as `make setup` does in a checkout\n"
        )
        assert (done.returncode, done.stdout, done.stderr) == (2, "", said)

    @pytest.mark.parametrize(
        "package", ["moto", "awslambdaric", "lzkey_sandbox", "cyclonedx", "packageurl", "cryptography"]
    )
    @pytest.mark.parametrize("words", [("demo", "--help"), ("build", "example")], ids=" ".join)
    def test_what_does_not_need_it_does_without(self, package: str, words: tuple[str, ...]) -> None:
        """It is imported when it is used, and not before."""
        assert run(package, *words).returncode == 0
