"""What the pages list is what the code has."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Final, get_type_hints

import pytest
import yaml

from landing_zone_key import KmsKey, LandingZone, Requirement, annotate, assess
from landing_zone_key.advisories import AdvisoryCode
from landing_zone_key.key import KeyArn
from landing_zone_key.settings import PARAMETERS
from lzkey.catalogue import PREMISES, mapped
from lzkey.check.formats import Form as CheckForm
from lzkey.cli import COMMANDS
from lzkey.cli.asked import Asked, variable
from lzkey.cli.preflight import CHANGE, preflight
from lzkey.documents import schema_of
from lzkey.errors import ExitCode
from lzkey.files import Format
from lzkey.observed.values import Outcome
from lzkey.preflight import consequences, examination, looks, requirements
from lzkey.preflight.model import Level, Topic
from lzkey.report.formats import Form as ReportForm
from lzkey.report.model import Cause, Delivery
from lzkey.report.oscal.parts import PROPERTIES
from lzkey.state import WORST_FIRST

from .pages import PAGES, ROOT, codes

ARN: Final = KeyArn("aws", "us-east-1", "111122223333", "1234abcd-12ab-34cd-56ef-1234567890ab")

CHECK, DEPLOY, LIMITS, ORGANIZATION, PERMISSIONS, PREFLIGHT, PYTHON, REPORT, SETTINGS = (
    PAGES[f"docs/{name}.md"]
    for name in (
        "check-in-ci",
        "deploy",
        "limits",
        "organization",
        "permissions",
        "preflight",
        "python",
        "report",
        "settings",
    )
)


def first_codes(rows: list[list[str]]) -> list[str]:
    """What stands in backticks in each row's first cell."""
    return [code for row in rows for code in codes(row[0])]


class TestWhatIsJudged:
    """limits.md and organization.md."""

    def test_requirements(self) -> None:
        """In the order in which they are reported."""
        assert first_codes(LIMITS.table("requirement")) == list(Requirement)

    def test_advisories(self) -> None:
        """All of them."""
        assert sorted(first_codes(LIMITS.table("advisory"))) == sorted(AdvisoryCode)

    def test_premises(self) -> None:
        """With every page of AWS that is for one or against it."""
        _, _, rest = LIMITS.text.partition("\n## What every proof takes for granted\n")
        part = rest.partition("\n## ")[0]
        assert all(f"]({page})" in part for premise in PREMISES for page in premise.pages)

    @pytest.mark.parametrize(
        ("scope", "row"), [(codes(row[0]), row) for row in ORGANIZATION.table("`KeyScope`")], ids=str
    )
    def test_key_scope(self, scope: list[str], row: list[str]) -> None:
        """What each choice looks like in the console, for a member's key and for another of the manager's."""
        listed = {"landing-zone": "landing-zone", "all": "all"}.get("".join(scope), str(ARN))
        zone = LandingZone.from_rule_parameters(
            {"HomeRegion": ARN.region, "ManagementAccountId": ARN.account, "KeyScope": listed}
        ).with_manifest({"centralizedLogging": {"configurations": {"kmsKeyArn": str(ARN)}}})
        own, members, others = row[1:]
        for cell, arn in (
            (own, ARN),
            (members, replace(ARN, account="444455556666", key_id="1234abcd-12ab-34cd-56ef-000000000002")),
            (others, replace(ARN, key_id="1234abcd-12ab-34cd-56ef-000000000003")),
        ):
            answer = assess(KmsKey.from_arn(arn), zone)
            like_own = "judged like the landing zone's key" in cell
            assert like_own or answer.compliance in cell
            assert not like_own or "MANAGEMENT_ACCOUNT" not in annotate(answer) != answer.reason
            for quoted in re.findall(r'"([^"]+)"', cell):
                assert quoted.removesuffix("…").strip() in annotate(answer)


class TestSettings:
    """settings.md."""

    @pytest.mark.parametrize(
        ("part", "heading"),
        [("ruleParameters", "Rule parameters"), ("deployment", "Deployment fields")],
    )
    def test_parameters(self, part: str, heading: str) -> None:
        """All of them, in the schema's order, which is the example's."""
        schema = json.loads((ROOT / "parameters/schema.json").read_text())
        example = json.loads((ROOT / "parameters/example.json").read_text())
        _, _, rest = SETTINGS.text.partition(f"\n## {heading}\n")
        rows = [line for line in rest.partition("\n## ")[0].splitlines() if line.startswith("| `")]
        names = [codes(row)[0] for row in rows]
        assert names == list(schema["properties"][part]["properties"]) == list(example[part])
        if part == "ruleParameters":
            assert names == list(PARAMETERS)

    def test_variables(self) -> None:
        """Each that is an option of check, and no other."""
        rows = {codes(row[0])[0]: codes(row[1])[0] for row in SETTINGS.table("variable")}
        given = Asked.__dataclass_fields__
        rule = {variable(name): name for name in PARAMETERS if variable(name)[6:].lower() in given}
        assert rows == {**rule, "LZKEY_PARAMETERS": "--parameters"}

    def test_exit_codes(self) -> None:
        """All that there are."""
        assert [int(row[0]) for row in SETTINGS.table("code")] == list(ExitCode)
        assert {int(row[0]) for row in CHECK.table("code")} <= set(ExitCode)


class TestFormats:
    """check-in-ci.md, report.md and python.md."""

    def test_of_check(self) -> None:
        """Each with its suffixes."""
        rows = {codes(row[0])[0]: tuple(codes(row[1])) for row in CHECK.table("format")}
        assert rows == {form.value: form.suffixes for form in CheckForm}

    def test_of_report(self) -> None:
        """Each that a file can have."""
        suffixes = [form.suffixes[0] for form in ReportForm if form.suffixes]
        assert first_codes(REPORT.table("suffix")) == suffixes
        assert issubclass(ReportForm, Format)

    def test_schemas(self) -> None:
        """One for every command that has a document, and every command that shares one is named."""
        rows = {codes(row[0])[0].split()[1]: row[1] for row in PYTHON.table("command")}
        folder = ROOT / "lzkey/documents"
        assert {path.name for path in folder.glob("*.schema.json")} == {
            f"{name}.schema.json" for name in (*rows, "waivers")
        }
        for name, link in rows.items():
            assert f"../lzkey/documents/{name}.schema.json)" in link
            assert schema_of(name)["required"][0] == "schema_version"
        shared = {name for name in COMMANDS if name.endswith("-organization")}
        assert all(f"`{name}`" in PYTHON.text for name in shared)

    def test_waivers(self) -> None:
        """Every member of the file, in the order of its schema, and the schema itself."""
        page, schema = PAGES["docs/waivers.md"], schema_of("waivers")
        told = [name for row in page.table("member") for name in codes(row[0])]
        members = [*schema["properties"], *schema["$defs"]["written_waiver"]["properties"]]
        assert told == [name for name in members if name != "waivers"]
        assert "../lzkey/documents/waivers.schema.json)" in page.text
        formats = {name for row in page.table("format") for name in codes(row[0])}
        assert formats == {form.value for form in (*CheckForm, *ReportForm)}


class TestPreflight:
    """preflight.md."""

    def test_levels(self) -> None:
        """The worst last."""
        assert first_codes(PREFLIGHT.table("level")) == [level.words for level in Level]

    def test_exit_codes(self) -> None:
        """Those by which it judges."""
        codes_of_levels = (ExitCode.DONE, ExitCode.PROBLEM, ExitCode.UNDETERMINED)
        assert [int(row[0]) for row in PREFLIGHT.table("code")] == list(codes_of_levels)

    def test_items(self) -> None:
        """Each that there may be, and no other."""
        modules = (requirements, looks, consequences, examination)
        values = [value for module in modules for value in vars(module).values()]
        listed = [each for value in values if isinstance(value, Mapping) for each in value.values()]
        topics = [*values, *listed, *(look.topic for look in looks.LOOKS)]
        names = {topic.name for topic in topics if isinstance(topic, Topic)}
        assert sorted(first_codes(PREFLIGHT.table("item (JSON: `name`)"))) == sorted(names)

    def test_options(self) -> None:
        """Each that says what the change is."""
        told = " ".join(first_codes(PREFLIGHT.table("option")))
        assert set(re.findall(r"--[a-z-]+", told)) == {
            "--" + name.replace("_", "-")
            for name, hint in get_type_hints(preflight, include_extras=True).items()
            for extra in getattr(hint, "__metadata__", ())
            if getattr(extra, "rich_help_panel", "") == CHANGE
        }


class TestReport:
    """report.md."""

    def test_answers(self) -> None:
        """In the order of the code."""
        assert first_codes(REPORT.table("answer")) == list(Delivery)

    def test_outcomes(self) -> None:
        """What is observed."""
        assert first_codes(REPORT.table("observed")) == list(Outcome)

    def test_states(self) -> None:
        """The worst first."""
        assert first_codes(REPORT.table("state")) == list(WORST_FIRST)

    def test_causes(self) -> None:
        """All of them."""
        assert first_codes(REPORT.table("cause")) == list(Cause)

    def test_controls(self) -> None:
        """As the catalogue has them, with AWS's page; and the namespace of OSCAL's properties."""
        rows = {codes(row[0])[0]: row[1:] for row in REPORT.table("requirement")}
        assert rows.keys() == mapped().keys()
        for name, (named, related, source) in rows.items():
            told = mapped()[name]
            assert named == told.named
            assert f"{told.check} asks that {told.asks}" in related
            assert source == f"[{told.check}]({told.source})"
        assert f"`{PROPERTIES}`" in REPORT.text


class TestSandbox:
    """What it assumes, each with the file that is marked so."""

    MARKS: ClassVar = {
        "assumed": r"(?:#: |^ +|parameters and resources is )[Aa]ssumed[:.,]",
        "constructed": r"; constructed\.",
        "seen": r"(?:#: Seen in|; seen in a listing)",
    }

    def test_every_mark_is_a_row(self) -> None:
        """As many of a kind and file as there are."""
        folder = ROOT / "sandbox/lzkey_sandbox"
        marks = sorted(
            (mark, path.relative_to(folder).as_posix())
            for path in folder.rglob("*.py")
            for mark, pattern in self.MARKS.items()
            for _ in re.findall(pattern, path.read_text(encoding="utf-8"), re.MULTILINE)
        )
        assert sorted((mark, where.strip("`")) for _, mark, where in LIMITS.table("answer")) == marks


class TestPermissions:
    """permissions.md."""

    def test_of_the_lambda(self) -> None:
        """Every action that the role's template allows, and no other."""
        named = first_codes(PERMISSIONS.table("action"))
        assert sorted(named) == sorted(set(actions(template("lambda-role.yaml"))))


class _Template(yaml.SafeLoader):
    """Reads CloudFormation's short forms as what they are given."""


_Template.add_multi_constructor("!", lambda loader, _tag, node: _value(loader, node))


def _value(loader: Any, node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return loader.construct_scalar(node)


def template(name: str) -> Any:
    """A template of the deploy folder."""
    return yaml.load((ROOT / "deploy" / name).read_text(), Loader=_Template)  # noqa: S506 - a safe loader


def actions(value: Any) -> list[str]:
    """Every action that an Allow in an inline policy names, conditional ones included."""
    if isinstance(value, list):
        return [action for item in value for action in actions(item)]
    if not isinstance(value, dict):
        return []
    if value.get("Effect") == "Allow" and "Principal" not in value:
        named = value["Action"]
        return [named] if isinstance(named, str) else list(named)
    return [action for item in value.values() for action in actions(item)]
