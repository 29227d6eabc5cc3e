"""The schemas of all commands' documents: each is made from its model, and says of it all there is to say."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NotRequired, TypedDict

import pytest
from jsonschema import Draft202012Validator

from lzkey import documents
from lzkey.check.formats.explained import Explained
from lzkey.check.formats.json import Checked
from lzkey.check.formats.proposed import Repaired
from lzkey.cli.deployment import Built, Deployed, Undeployed
from lzkey.cli.init import Initialised
from lzkey.doctor.screen import Examined
from lzkey.documents import document, schema_of
from lzkey.documents.schema import schema, schema_of_file
from lzkey.evidence.screen import Verified
from lzkey.history.formats.json import Lived
from lzkey.preflight.formats.json import Preflown
from lzkey.report.document import Summarised
from lzkey.report.model import Report
from lzkey.waivers.reading import WaiversFile
from lzkey_sandbox.demo.page import Shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

FOLDER = Path(documents.__file__).parent
# Read here: a test's own environment has nothing of ours.
ACCEPT = os.environ.get("LZKEY_ACCEPT_GOLDEN") == "1"

# Each command that has a document, and its model.
SCHEMAS: dict[str, dict[str, Any]] = {
    "init": schema("init", Initialised),
    "check": schema("check", Checked),
    "explain": schema("explain", Explained),
    "fix": schema("fix", Repaired),
    "build": schema("build", Built),
    "deploy": schema("deploy", Deployed),
    "undeploy": schema("undeploy", Undeployed),
    "doctor": schema("doctor", Examined),
    "demo": schema("demo", Shown),
    "preflight": schema("preflight", Preflown),
    "history": schema("history", Lived),
    "verify": schema("verify", Verified),
    "report": schema("report", Summarised, Report, sparse=True),
}
# And each file that people write.
FILES: dict[str, dict[str, Any]] = {"waivers": schema_of_file("Waivers", WaiversFile)}
ALL = {**SCHEMAS, **FILES}


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a schema."""
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(part)


class TestCommitted:
    """lzkey/documents/NAME.schema.json."""

    @pytest.mark.parametrize("name", ALL)
    def test_is_made_from_the_model(self, name: str) -> None:
        """Byte for byte; LZKEY_ACCEPT_GOLDEN=1 writes it anew."""
        text = json.dumps(ALL[name], indent=2) + "\n"
        path = FOLDER / f"{name}.schema.json"
        if ACCEPT:
            path.write_text(text)
        assert path.read_text() == text

    def test_there_is_no_other(self) -> None:
        """A document that has gone leaves no schema."""
        assert {path.name for path in FOLDER.glob("*.json")} == {f"{name}.schema.json" for name in ALL}

    @pytest.mark.parametrize("name", ALL)
    def test_is_a_schema(self, name: str) -> None:
        """Of draft 2020-12; every reference leads somewhere."""
        found = schema_of(name)
        Draft202012Validator.check_schema(found)
        references = {each["$ref"] for each in objects(found) if "$ref" in each}
        assert references == {f"#/$defs/{name}" for name in found.get("$defs", {})}

    @pytest.mark.parametrize("name", SCHEMAS)
    def test_begins_with_its_version(self, name: str) -> None:
        """The integer 1, and first."""
        found = schema_of(name)
        assert found["properties"]["schema_version"] == {"const": 1}
        assert (next(iter(found["properties"])), found["required"][0]) == ("schema_version", "schema_version")

    @pytest.mark.parametrize("name", SCHEMAS)
    def test_members_are_in_snake_case(self, name: str) -> None:
        """All of them; but for the counts by state, which are the state's own words."""
        members = {member for each in objects(schema_of(name)) for member in each.get("properties", ())}
        states = {"NOT_APPLICABLE", "COMPLIANT", "WAIVED", "UNKNOWN", "NON_COMPLIANT"}
        assert [member for member in members - states if not re.fullmatch("[a-z][a-z0-9_]*", member)] == []


class Colour(StrEnum):
    """What it looks like."""

    RED = "red"
    """As blood."""
    BLUE = "blue"


class Part(TypedDict):
    """A piece."""

    colour: Annotated[str, Colour]
    at: datetime | None


class Base(TypedDict):
    """What is extended."""

    first: Literal["one"]
    """Always the same."""


class Whole(Base):
    """All of it."""

    parts: list[Part]
    """In order."""
    count: Annotated[int, ("minimum", 1), ("maximum", 9)] | None
    by_colour: Mapping[Colour, int]
    free: Mapping[str, Any]
    either: Part | Base
    note: NotRequired[str]
    """Where there is one."""


@dataclass(frozen=True)
class Rare:
    """What has a default."""

    always: str
    rarely: str = ""


class Unfit(TypedDict):
    """Of bytes there is no JSON."""

    content: bytes


class Others:
    """Has a model of its own, of a name that is taken."""

    class Part(TypedDict):
        """Another piece."""


class Twice(TypedDict):
    """Two parts."""

    one: Part
    other: Others.Part


class TestMade:
    """What a schema is made of."""

    def test_members(self) -> None:
        """Those of the base first, each with its type and the string below it."""
        made = schema("example", Whole)
        assert made["description"].startswith("All of it. Within a schema_version ")
        assert made["additionalProperties"] is False
        assert made["required"] == [
            "schema_version",
            "first",
            "parts",
            "count",
            "by_colour",
            "free",
            "either",
        ]
        part = {"$ref": "#/$defs/part"}
        assert made["properties"] == {
            "schema_version": {"const": 1},
            "first": {"description": "Always the same.", "const": "one"},
            "parts": {"description": "In order.", "type": "array", "items": part},
            "count": {"type": ["integer", "null"], "minimum": 1, "maximum": 9},
            "by_colour": {
                "type": "object",
                "propertyNames": {"$ref": "#/$defs/colour"},
                "additionalProperties": {"type": "integer"},
            },
            "free": {"type": "object"},
            "either": {"anyOf": [part, {"$ref": "#/$defs/base"}]},
            "note": {"description": "Where there is one.", "type": "string"},
        }

    def test_what_has_a_name_is_defined_once(self) -> None:
        """With its own docstring; an enum also with what stands below its words."""
        made = schema("example", Whole)["$defs"]
        assert list(made) == ["base", "colour", "part", "time"]
        assert made["colour"] == {
            "description": "What it looks like. red: As blood.",
            "enum": ["red", "blue"],
        }
        assert made["part"]["required"] == ["colour", "at"]
        assert made["part"]["properties"]["at"] == {"anyOf": [{"$ref": "#/$defs/time"}, {"type": "null"}]}

    @pytest.mark.parametrize(
        ("change", "valid"),
        [
            ({}, True),
            ({"note": "more"}, True),
            ({"note": None}, False),
            ({"other": 1}, False),
            ({"first": "two"}, False),
            ({"count": 0}, False),
            ({"count": None}, True),
            ({"by_colour": {"red": 1}}, True),
            ({"by_colour": {"green": 1}}, False),
            ({"parts": [{"colour": "red", "at": "2026-12-01T09:00:00Z"}]}, True),
            ({"parts": [{"colour": "red", "at": "2026-12-01T09:00:00"}]}, False),
            ({"parts": [{"colour": "red"}]}, False),
            ({"schema_version": 2}, False),
        ],
    )
    def test_takes_what_the_model_takes(self, change: dict[str, Any], *, valid: bool) -> None:
        """And nothing else."""
        told = {
            "first": "one",
            "parts": [],
            "count": 1,
            "by_colour": {},
            "free": {},
            "either": {"first": "one"},
        }
        assert Draft202012Validator(schema("example", Whole)).is_valid({**document(told), **change}) is valid

    def test_a_type_that_is_no_json(self) -> None:
        """Is refused."""
        with pytest.raises(TypeError, match="nothing that a document can hold"):
            schema("example", Unfit)
