"""What shells complete, with the scripts that `lzkey` gives them, in those that are on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lzkey import cli

ROOT = Path(__file__).parents[2]
# bash's own variables, as they are when somebody presses the tab key behind these words.
BASH = """
source lzkey.sh
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
_lzkey_completion lzkey
printf '%s\\n' "${COMPREPLY[@]}"
"""
CASES = [
    ((""), list(cli.COMMANDS)),
    (("undeploy-"), ["undeploy-organization"]),
    (("deploy", ""), ["example", "mine.json", "prod"]),
    (("doctor", "p"), ["prod"]),
    (("deploy", "parameters/"), []),
    (("check", "--parameters", "m"), ["mine.json"]),
    (("check", "--profile", ""), ["audit", "default", "keys"]),
    (("doctor", "prod", "--management-profile", "a"), ["audit"]),
    (("report", "--region", "us-gov-w"), ["us-gov-west-1"]),
    (("check", "--home-region", "eu-central-"), ["eu-central-1", "eu-central-2"]),
    (("check", "--governed-regions", "eu-central-1,eu-central-"), ["eu-central-1,eu-central-2"]),
    (("check", "--key-scope", ""), ["all", "landing-zone"]),
    (("fix", "--permission-standard", ""), ["documented", "functional"]),
    (("check", "--format", ""), ["text", "json", "csv", "markdown", "sarif", "junit"]),
    (("fix", "--format", "c"), ["cli", "cloudformation"]),
    (("check", "--outp"), ["--output"]),
    (("check", "policy.json", "--output", ""), []),
    (("check", ""), []),
    (("check", "--print-iam-policy", "--exit"), ["--exit-zero"]),
    (("check", "--output", "no.pdf", "--exit"), ["--exit-zero"]),
    (("nonsense", ""), list(cli.COMMANDS)),
]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with parameters files, profiles, and `lzkey` itself."""
    (tmp_path / "parameters").mkdir()
    for name in ("prod", "example", "schema"):
        (tmp_path / f"parameters/{name}.json").write_text("{}")
    (tmp_path / "mine.json").write_text("{}")
    (tmp_path / "config").write_text(
        '[default]\nregion = us-east-1\n[ profile audit ]\n[sso-session corp]\n[profile "a b"]\n[plain]\n'
    )
    (tmp_path / "credentials").write_text("[keys]\naws_access_key_id = none\n")
    program = tmp_path / "bin/lzkey"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m lzkey "$@"\n')
    program.chmod(0o755)
    return tmp_path


def run(place: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a program there, as somebody with these files would."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "PATH": f"{place / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "rules/CONTROL_TOWER_KMS_KEY")]),
        "HOME": str(place),
        "AWS_CONFIG_FILE": str(place / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(place / "credentials"),
        **variables,
    }
    return subprocess.run(words, cwd=place, env=environment, capture_output=True, text=True, check=False)


def script(place: Path, shell: str) -> str:
    """The script for a shell."""
    made = run(place, "lzkey", _LZKEY_COMPLETE=f"source_{shell}")
    assert (made.returncode, made.stderr) == (0, "")
    return made.stdout


class TestBash:
    """Its script, in bash."""

    @pytest.mark.parametrize(("words", "offered"), CASES)
    def test_offers(self, place: Path, words: tuple[str, ...] | str, offered: list[str]) -> None:
        """What fits, and nothing where files do; standard error stays empty."""
        (place / "lzkey.sh").write_text(script(place, "bash"))
        line = [words] if isinstance(words, str) else words
        done = run(place, "bash", "--norc", "-c", BASH, "bash", "lzkey", *line)
        assert done.stderr == ""
        assert done.stdout.split() == offered

    def test_is_installed(self, place: Path) -> None:
        """Where bash finds it the next time; the shell is found out."""
        done = run(place, "bash", "--norc", "-c", "lzkey --install-completion; true")
        assert "bash completion installed" in done.stdout
        there = run(place, "bash", "--norc", "-c", "source .bashrc; complete -p lzkey")
        assert there.stdout == "complete -o default -F _lzkey_completion lzkey\n"

    def test_is_shown(self, place: Path) -> None:
        """To whoever wants to put it elsewhere."""
        done = run(place, "bash", "--norc", "-c", "lzkey --show-completion; true")
        assert done.stdout.strip() == script(place, "bash").strip()


class TestOthers:
    """zsh and fish: what they are told, and they themselves where this machine has them."""

    def test_fish_is_told_the_sentences(self, place: Path) -> None:
        """Of commands."""
        asked = {"_TYPER_COMPLETE_FISH_ACTION": "get-args", "_TYPER_COMPLETE_ARGS": "lzkey undeploy-"}
        told = run(place, "lzkey", _LZKEY_COMPLETE="complete_fish", **asked).stdout
        assert told == f"undeploy-organization\t{cli.COMMANDS['undeploy-organization'].short_help}\n"

    @pytest.mark.parametrize(("line", "told"), [("lzkey deploy p", '"prod"'), ("lzkey check ", "_files\n")])
    def test_zsh_is_told(self, place: Path, line: str, told: str) -> None:
        """Values, or to look for files."""
        made = run(place, "lzkey", _LZKEY_COMPLETE="complete_zsh", _TYPER_COMPLETE_ARGS=line)
        assert told in made.stdout
        assert made.stderr == ""

    @pytest.mark.parametrize("shell", ["zsh", "fish"])
    def test_has_a_script(self, place: Path, shell: str) -> None:
        """That names the program."""
        assert "_LZKEY_COMPLETE=complete_" in script(place, shell)

    @pytest.mark.skipif(not shutil.which("fish"), reason="no fish on this machine")
    def test_fish(self, place: Path) -> None:
        """Itself."""
        (place / "lzkey.fish").write_text(script(place, "fish"))
        done = run(place, "fish", "-N", "-c", "source lzkey.fish; complete -C 'lzkey deploy p'")
        assert done.stdout.split() == ["prod"]

    @pytest.mark.skipif(not shutil.which("zsh"), reason="no zsh on this machine")
    def test_zsh(self, place: Path) -> None:
        """Itself, of which a function takes the place that shows what it would offer."""
        (place / "lzkey.zsh").write_text(script(place, "zsh"))
        offer = '_arguments() { print -r -- "$@" }; compdef() { : }; source lzkey.zsh; '
        line = "words=(lzkey deploy p); CURRENT=3; _lzkey_completion"
        done = run(place, "zsh", "-f", "-c", offer + line)
        assert done.stdout == '*: :(("prod"))\n'


class TestProfiles:
    """Files that are not there, or no text."""

    @pytest.mark.parametrize("content", [None, b"\xff\xfe", b"[profile", b"[profile \x1b[2J]\n"])
    def test_offer_nothing(self, place: Path, content: bytes | None) -> None:
        """And say nothing, least of all to the terminal."""
        for name in ("config", "credentials"):
            if content is None:
                (place / name).unlink()
            else:
                (place / name).write_bytes(content)
        asked = {"COMP_WORDS": "lzkey check --profile ", "COMP_CWORD": "3"}
        done = run(place, "lzkey", _LZKEY_COMPLETE="complete_bash", **asked)
        assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")


class TestWords:
    """bash takes what is offered as if it had been typed."""

    def test_what_means_something_to_a_shell_is_not_offered(self, place: Path) -> None:
        """Names of files and profiles are anybody's."""
        for name in ("a;b", "c d", "e$f", "`g`", "-h", "i*", "j&k"):
            (place / f"parameters/{name}.json").write_text("{}")
            (place / f"{name}.json").write_text("{}")
        (place / "credentials").write_text("[a;b]\n[$c]\n[keys]\n")
        for line, offered in (
            ("lzkey deploy ", ["example", "mine.json", "prod"]),
            ("lzkey check --profile ", ["audit", "default", "keys"]),
        ):
            asked = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split()))}
            done = run(place, "lzkey", _LZKEY_COMPLETE="complete_bash", **asked)
            assert done.stdout.split() == offered


class TestNothingIsImported:
    """The tab key waits for no AWS client."""

    @pytest.mark.parametrize(
        ("arguments", "line"),
        [
            (("--help",), ""),
            ((), "lzkey "),
            ((), "lzkey de"),
            ((), "lzkey check --format "),
            ((), "lzkey check --profile "),
            ((), "lzkey fix --region us-"),
        ],
    )
    def test_neither_for_help_nor_for_completion(
        self, place: Path, arguments: tuple[str, ...], line: str
    ) -> None:
        """Nor a command that is not asked for."""
        asked = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)} if line else {}
        variables = {**asked, "_LZKEY_COMPLETE": "complete_bash"} if line else {}
        done = run(place, sys.executable, "-X", "importtime", "-m", "lzkey", *arguments, **variables)
        imported = {row.rsplit("|", 1)[-1].strip() for row in done.stderr.splitlines()}
        assert done.stdout.strip()
        assert "typer" in imported
        assert {name.split(".")[0] for name in imported} & {"boto3", "botocore", "jsonschema"} == set()
        assert {name for name in imported if name.startswith("lzkey.deployment")} == set()
