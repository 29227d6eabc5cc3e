"""SECURITY.md: its table is what the templates, the commands and rdk have; what it names is there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import rdk
from cfnlint.decode import decode

from lzkey import cli
from lzkey.doctor.expectations import EXPECTATIONS

from ..permissions import PAGE, ROOT, Permission, cells, codes, permissions  # noqa: TID252 - tests are no package

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = PAGE.read_text()
TEMPLATES = tuple(f"deploy/{name}-role.yaml" for name in ("lambda", "execution", "reader", "observer"))
COMMANDS = ("init", "check", "explain", "fix", "preflight", "report", "history", "doctor")


def role(path: Path, name: str) -> Any:
    """The properties of a template's role."""
    template, faults = decode(str(path))
    assert faults == []
    assert template is not None
    return template["Resources"][name]["Properties"]


def statements(properties: Any) -> Iterator[dict[str, Any]]:
    """The statements of a role's own policies, conditional ones included."""
    for policy in properties["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            yield statement["Fn::If"][1] if "Fn::If" in statement else statement


def shortened(resource: Any) -> str:
    """An ARN as the table has it."""
    text = resource["Fn::Sub"] if isinstance(resource, dict) else resource
    for written, shown in (("AWS::Region", "REGION"), ("AWS::AccountId", "ACCOUNT")):
        text = text.replace(f"${{{written}}}", shown)
    text = re.sub(r"^arn:(\$\{AWS::Partition\}|aws):", "", text)
    return re.sub(r"\$\{(\w+)\}", r"\1", text)


def allowed(who: str, statement: dict[str, Any]) -> Iterator[Permission]:
    """What a statement allows, an action each."""
    assert statement["Effect"] == "Allow"
    actions = statement["Action"]
    for action in [actions] if isinstance(actions, str) else actions:
        yield Permission(who, action, shortened(statement["Resource"]))


def printed(capsys: pytest.CaptureFixture[str], command: str) -> list[dict[str, Any]]:
    """The statements of `--print-iam-policy`."""
    assert cli.main([command, "--print-iam-policy"]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["Statement"]
    return found


def of(*names: str) -> set[Permission]:
    """The table's permissions of somebody."""
    return {entry for entry in permissions() if entry.who in names}


class TestTable:
    """Who may do what, on what."""

    @pytest.mark.parametrize("name", TEMPLATES)
    def test_of_a_template(self, name: str) -> None:
        """Every action of the role on its resource, and no other."""
        found = {it for each in statements(role(ROOT / name, "Role")) for it in allowed(name, each)}
        assert of(name) == found

    @pytest.mark.parametrize("command", COMMANDS)
    def test_of_a_command(self, capsys: pytest.CaptureFixture[str], command: str) -> None:
        """What it prints itself."""
        assert of(command) == {it for each in printed(capsys, command) for it in allowed(command, each)}

    def test_of_rdk_s_role(self) -> None:
        """Its own, in the template that is installed."""
        properties = role(Path(rdk.__file__).parent / "template/configRule.yaml", "rdkLambdaRole")
        found = {it for each in statements(properties) for it in allowed("rdk", each)}
        (managed,) = properties["ManagedPolicyArns"]
        assert of("rdk") == {*found, Permission("rdk", shortened(managed).rpartition("/")[2], "*")}

    def test_there_is_nobody_else(self) -> None:
        """And nothing is said twice."""
        assert {entry.who for entry in permissions()} == {*TEMPLATES, *COMMANDS, "rdk"}
        assert len(set(permissions())) == len(permissions())

    def test_conditions_are_named(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Beside the resource, by their keys."""
        conditional = {}
        for name in TEMPLATES:
            conditional |= {
                (name, it.action): each["Condition"]
                for each in statements(role(ROOT / name, "Role"))
                if "Condition" in each
                for it in allowed(name, each)
            }
        for command in COMMANDS:
            conditional |= {
                (f"lzkey {command}", it.action): each["Condition"]
                for each in printed(capsys, command)
                if "Condition" in each
                for it in allowed(command, each)
            }
        told = {
            (who, action): set(codes(row[2])[1:])
            for row in cells()
            for who in codes(row[0])
            for action in codes(row[1])
            if codes(row[2])[1:]
        }
        assert told == {
            entry: {key for operator in condition.values() for key in operator}
            for entry, condition in conditional.items()
        }


class TestPage:
    """What it points at."""

    def test_files_are_there(self) -> None:
        """Each that is named with its folder, from the top."""
        named = {code for code in codes(TEXT) if re.fullmatch(r"[\w.-]+(/[\w.-]+)+", code)}
        assert len(named) > 20
        assert [name for name in named if not (ROOT / name).exists()] == []

    def test_lines_of_the_doctor_are_its_own(self) -> None:
        """`rule`, `code` and the others: after the doctor's name, up to the end of the list."""
        lists = re.findall(r"doctor's ((?:`[a-z-]+`(?:, | and )?)+)", TEXT)
        named = {code for each in lists for code in codes(each)}
        assert len(named) > 10
        assert named <= {expectation.name for expectation in EXPECTATIONS}

    def test_can_be_read_in_one_go(self) -> None:
        """It stays short."""
        assert len(TEXT.splitlines()) < 150
