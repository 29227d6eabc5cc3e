"""Keys that Terraform's sources declare, and whether a plan or a state has them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

SETTINGS = ("--home-region", "us-east-1", "--management-account-id", "111122223333")
DECLARED = 'resource "aws_kms_key" "logs" {}\nresource "aws_kms_key" "more" {}\n'


def plan(*addresses: str) -> str:
    """A plan with these keys, by their addresses."""
    values = {"policy": '{"Statement": []}'}
    resources = [
        {"address": each, "mode": "managed", "type": each.split(".")[-2], "name": "x", "values": values}
        for each in addresses
    ]
    root: dict[str, Any] = {"root_module": {"resources": resources}}
    return json.dumps({"format_version": "1.2", "planned_values": root, "note": "kms"})


class TestCommand:
    """Last of all, when it is known what the other sources have."""

    @pytest.fixture(autouse=True)
    def here(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A folder with two keys that are declared in it."""
        monkeypatch.chdir(tmp_path)
        (tmp_path / "main.tf").write_text(
            'resource "aws_kms_key" "logs" {}\nresource "aws_kms_key" "more" {}\n'
        )
        return tmp_path

    def test_nobody_has_them(self, run: Run) -> None:
        """Each is named, with what to give."""
        ended = run("check", ".", *SETTINGS, "--format", "json")
        assert ended.code == 4
        results = json.loads(ended.out)["results"]
        assert [result["place"]["pointer"] for result in results] == ["aws_kms_key.logs", "aws_kms_key.more"]
        assert all("`terraform show -json PLAN`" in result["message"] for result in results)

    @pytest.mark.parametrize(
        ("addresses", "left"),
        [
            (("aws_kms_key.logs", "aws_kms_key.more"), []),
            (("aws_kms_key.logs", 'module.a["x"].aws_kms_key.more'), []),
            (("aws_kms_key.logs[0]",), ["aws_kms_key.more"]),
            (("aws_kms_key.logs_2",), ["aws_kms_key.logs", "aws_kms_key.more"]),
        ],
    )
    @pytest.mark.parametrize("first", ["a.json", "plan.json"])
    def test_a_plan_has_them(
        self, run: Run, here: Path, first: str, addresses: tuple[str, ...], left: list[str]
    ) -> None:
        """Whether it is read before or after."""
        (here / first).write_text(plan(*addresses))
        document = json.loads(run("check", ".", *SETTINGS, "--format", "json").out)
        unread = [result["place"]["pointer"] for result in document["results"] if result["type"] == "unread"]
        assert unread == left
        passed = [each["reason"] for each in document["passed_over"]]
        assert all(f"which {first} has" in reason for reason in passed)
        assert len(passed) == 2 - len(left)

    @pytest.mark.parametrize("command", ["explain", "fix"])
    def test_other_commands(self, run: Run, command: str) -> None:
        """Say the same."""
        ended = run(command, ".", *SETTINGS)
        assert ended.code == 4
        assert "main.tf declares aws_kms_key.logs" in ended.err
