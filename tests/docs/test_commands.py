"""Every command on every page does what the page says, as it stands, in order, in a copy of the checkout."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

import pytest

from lzkey_sandbox import Sandbox

from ..cli.makefile import MAKEFILE  # noqa: TID252 - tests are no package
from .checkout import Checkout, copy_of_the_checkout
from .pages import PAGES, PROMPT, ROOT, Command, Page, Saved, Step, agrees
from .scenes import SCENES, Scene

# Read here: a test's own environment has nothing of ours.
ACCEPT: Final = os.environ.get("LZKEY_ACCEPT_GOLDEN") == "1"

CHECK: Final = "`make check`, which CI calls, runs it"

# Commands that are run by nobody here, and who runs them.
RUN_ELSEWHERE: Final = {
    "git clone REPOSITORY lzkey && cd lzkey": "CI works in a fresh clone, and here a copy takes its place",
    "uvx --from git+https://REPOSITORY lzkey check . --home-region us-east-1 "
    "--management-account-id 111122223333": "tests/cli/test_wheel.py checks with an installed wheel",
    "pipx install git+https://REPOSITORY": "tests/cli/test_wheel.py installs the wheel",
    "docker build -t lzkey -f Containerfile .": "tests/cli/test_containerfile.py goes through its steps",
    'docker run --rm -v "$PWD:/work:ro" lzkey check . --home-region us-east-1 --management-account-id '
    "111122223333": "tests/cli/test_containerfile.py runs what is installed in it",
    "git pull": "CI works in what was pulled, and here a copy takes its place",
    "make setup": CHECK,
    "make test": CHECK,
    "make check": "CI calls it",
    "make format": "`make check` says what it would mend; the tests' environment need not have ruff",
    "make bench": "by hand, for the numbers of CONTRIBUTING.md; `make test` runs each once, untimed",
    ".venv/bin/pytest -q tests/engine/test_manifest.py": CHECK,
    "LZKEY_ACCEPT_GOLDEN=1 .venv/bin/pytest -q tests/cli/test_documents.py": "by hand; without it, make test",
    ".venv/bin/pytest -q -n 2 tests/engine tests/policy": CHECK,
    "uvx checkov -d deploy --framework cloudformation --skip-download --compact --quiet": "by hand; "
    "tests/deployment/test_every_template.py knows what it passes over",
    "lzkey doctor organization --profile audit --management-profile management": "tests/doctor/"
    "test_delegated_administrator.py, where the audit account has deployed the rule",
}


#: Pages that repeat what others tell.
DIGESTS: Final = ("README.md", "docs/runbook.md")


def steps(page: Page) -> list[Step]:
    """What is run of a page: of the README and the runbook only what no other page tells in full, once."""
    told = (
        [step for name, other in PAGES.items() if name not in DIGESTS for step in other.steps]
        if page.name in DIGESTS
        else []
    )
    lines = {step.line for step in told if isinstance(step, Command)}
    shown = {(step.line, step.shown.text) for step in told if isinstance(step, Command) and step.shown}

    def is_run(step: Step) -> bool:
        if isinstance(step, Saved):
            return step not in told
        if step.line in RUN_ELSEWHERE:
            return False
        return (step.line, step.shown.text) not in shown if step.shown else step.line not in lines

    return [step for step in dict.fromkeys(page.steps) if is_run(step)]


PAGES_WITH_COMMANDS: Final = [
    name
    for name, page in PAGES.items()
    if not isinstance(SCENES.get(name), str) and any(isinstance(step, Command) for step in steps(page))
]


class TestEveryCommand:
    """Of all pages."""

    @pytest.mark.parametrize("name", PAGES)
    def test_stands_behind_a_prompt(self, name: str) -> None:
        """Nothing in a console block can hide."""
        lines = [line for text in PAGES[name].in_language("console") for line in text.splitlines()]
        assert [line for line in lines if not line.startswith(PROMPT)] == []

    def test_that_is_run_elsewhere_is_on_a_page(self) -> None:
        """The list has nothing else."""
        assert set(RUN_ELSEWHERE) <= {line for page in PAGES.values() for line in page.commands}

    def test_of_a_page_with_tests_of_its_own(self) -> None:
        """These are there, and name the page."""
        for name, tests in SCENES.items():
            if isinstance(tests, str):
                assert Path(name).name in (ROOT / tests).read_text(encoding="utf-8")

    def test_of_the_makefile_is_run_by_ci(self) -> None:
        """`.ci/run` calls make check, which sets up and tests."""
        (check,) = re.findall(r"^check: (\S+) .*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
        assert "make check" in (ROOT / ".ci/run").read_text()
        assert check[0] == "$(STAMP)"
        assert "setup: $(STAMP)" in MAKEFILE
        assert "\t$(MAKE) test\n" in check[1]


class TestPages:
    """From top to bottom."""

    @pytest.mark.parametrize("name", PAGES_WITH_COMMANDS)
    def test_do_what_they_say(self, name: str, tmp_path: Path) -> None:
        """Each command ends as the page says, and shows what it shows; LZKEY_ACCEPT_GOLDEN=1 writes that."""
        root = copy_of_the_checkout(tmp_path / "lzkey")
        kind = SCENES.get(name, Scene)
        assert not isinstance(kind, str)
        with Sandbox() as sandbox:
            scene = kind(sandbox, root)
            checkout = Checkout(root, scene.environment)
            seen = {}
            for step in steps(PAGES[name]):
                if isinstance(step, Saved):
                    (root / step.name).parent.mkdir(parents=True, exist_ok=True)
                    (root / step.name).write_text(step.text)
                    continue
                line = scene.before(step.line)
                if step.shown is None:
                    said = checkout.run(line, step.exit_code)
                else:
                    said = seen[step] = checkout.show(line, step.exit_code)
                scene.after(step.line, said)
            scene.end()
        if ACCEPT:
            accept(PAGES[name], seen)
        for step, said in seen.items():
            shown = step.shown.text if step.shown else ""
            is_written = ACCEPT and "…" not in shown.splitlines()
            assert is_written or agrees(shown, said), f"$ {step.line}\n{said}"

    @pytest.mark.parametrize(
        ("shown", "seen", "agree"),
        [
            ("a\nb\n", "a\nb\n", True),
            ("a\nb\n", "a\nc\n", False),
            ("a\n", "a\nb\n", False),
            ("a\n…\nd\n", "a\nb\nc\nd\n", True),
            ("a\n…\n", "a\nb\n", True),
            ("a\n…\nd\n", "a\nb\nc\n", False),
            (".\n", "a\n", False),
        ],
    )
    def test_show_what_is_seen(self, shown: str, seen: str, *, agree: bool) -> None:
        """Line by line, and any lines for an ellipsis."""
        assert agrees(shown, seen) is agree


def accept(page: Page, seen: dict[Command, str]) -> None:
    """Write what was seen into the page, but for what leaves something out."""
    text = page.text
    for step, said in sorted(seen.items(), key=lambda item: -item[0].shown.begins if item[0].shown else 0):
        if step.shown and "…" not in step.shown.text.splitlines():
            text = text[: step.shown.begins] + said + text[step.shown.begins + len(step.shown.text) :]
    (ROOT / page.name).write_text(text, encoding="utf-8")
