"""--ignore: what is passed over on purpose."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

SETTINGS = ("--home-region", "us-east-1", "--management-account-id", "111122223333")
POLICY = '{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}]}'


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with four key policies."""
    for name in ("a.json", "b.snap.json", "tests/c.json", "deep/tests/d.json"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(POLICY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("sources", [(".",), ("a.json", "b.snap.json", "tests/c.json", "deep/tests/d.json")])
@pytest.mark.parametrize(
    ("patterns", "read"),
    [
        ((), {"a.json", "b.snap.json", "tests/c.json", "deep/tests/d.json"}),
        (("*.snap.json",), {"a.json", "tests/c.json", "deep/tests/d.json"}),
        (("tests/*", "deep/*"), {"a.json", "b.snap.json"}),
        (("a.json", "b*"), {"tests/c.json", "deep/tests/d.json"}),
        (("nothing",), {"a.json", "b.snap.json", "tests/c.json", "deep/tests/d.json"}),
    ],
)
def test_each_pattern(run: Run, sources: tuple[str, ...], patterns: tuple[str, ...], read: set[str]) -> None:
    """Is for the whole path, or its last part; what it names is listed, in a folder and in a hook."""
    words = [word for pattern in patterns for word in ("--ignore", pattern)]
    document = json.loads(run("check", *sources, *SETTINGS, *words, "--format", "json").out)
    assert {result["place"]["source"] for result in document["results"]} == read
    reasons = [each["reason"] for each in document["passed_over"]]
    assert any(reason.startswith("it is ignored, by --ignore ") for reason in reasons) is (len(read) < 4)


@pytest.mark.parametrize("pattern", ["tests", "tests/"])
def test_a_folder_is_one_entry(run: Run, pattern: str) -> None:
    """Wherever it is."""
    document = json.loads(run("check", ".", *SETTINGS, "--ignore", pattern, "--format", "json").out)
    assert [each["place"]["source"] for each in document["passed_over"]] == ["deep/tests", "tests"]
    assert document["summary"]["keys"] == 2


def test_a_link_that_leads_out_is_told(
    run: Run, here: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Is told, of what is passed over the one thing that nobody would expect."""
    outside = tmp_path_factory.mktemp("outside") / "key.json"
    outside.write_text(POLICY)
    (here / "link.json").symlink_to(outside)
    ended = run("check", ".", *SETTINGS)
    assert ended.err == "link.json: it is a link that leads out of the folder: name what it leads to\n"
