"""A report as JSON, and back."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import MISSING, fields, replace
from datetime import timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from lzkey.documents import schema_of
from lzkey.errors import ReportError
from lzkey.report import model
from lzkey.report.document import as_document, from_document
from lzkey.report.formats.json import render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lzkey.report.model import Report

NAMES = ("healthy", "troubled", "empty", "hostile", "waived")
TIMES = st.sampled_from(["2026-12-01T09:00:00Z", "0001-01-01T00:00:00+14:00", "2026-12-01T09:00:00"])
SCHEMA = schema_of("report")


EXAMPLE: dict[str, Any] = json.loads((Path(__file__).parent / "reports/healthy.json").read_text())
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | TIMES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=3,
)


def parts_of(value: Any) -> Iterator[Any]:
    """Every object and list in a document."""
    if isinstance(value, dict | list):
        yield value
        for part in value.values() if isinstance(value, dict) else value:
            yield from parts_of(part)


class TestBothWays:
    """What is written is what is read."""

    @pytest.mark.parametrize("name", NAMES)
    def test_nothing_is_lost(self, load_report: Callable[[str], Report], name: str) -> None:
        """Through JSON text too."""
        report = load_report(name)
        assert from_document(json.loads(json.dumps(as_document(report)))) == report

    @pytest.mark.parametrize("name", NAMES)
    def test_the_text(self, load_report: Callable[[str], Report], name: str) -> None:
        """Is what json.dumps makes of the document."""
        report = load_report(name)
        assert render(report) == json.dumps(as_document(report), indent=1) + "\n"

    def test_every_cause_and_requirement(self, load_report: Callable[[str], Report]) -> None:
        """Is in the troubled report, so that none of them is never written."""
        report = load_report("troubled")
        doubts = {key.doubt for key in report.keys} | {place.doubt for place in report.places}
        assert {doubt.cause for doubt in doubts if doubt} == set(model.Cause)
        assert {key.state for key in report.keys} == set(model.State) - {model.State.WAIVED}

    def test_times_are_utc(self, load_report: Callable[[str], Report]) -> None:
        """Whatever clock they were told by."""
        report = load_report("healthy")
        elsewhere = report.as_of.astimezone(timezone(timedelta(hours=5, minutes=30)))
        assert as_document(replace(report, as_of=elsewhere))["as_of"] == "2026-12-01T09:00:00Z"

    def test_summary(self, load_report: Callable[[str], Report]) -> None:
        """Is what the report's own properties say, and is not read."""
        report = load_report("troubled")
        document = as_document(report)
        counts = {state.value: count for state, count in report.counts.items()}
        assert (document["summary"]["counts"], document["summary"]["score"]) == (counts, report.score)
        document["summary"] = {"score": 1}
        assert from_document(document) == report


class TestSchema:
    """What is written is what the report's schema says."""

    @pytest.mark.parametrize("name", NAMES)
    def test_a_report(self, load_report: Callable[[str], Report], name: str) -> None:
        """Is valid."""
        validator = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
        assert [error.message for error in validator.iter_errors(as_document(load_report(name)))] == []

    def test_is_the_model(self) -> None:
        """The same members, the same of them required, the same words."""
        Draft202012Validator.check_schema(SCHEMA)
        classes = [kind for kind in vars(model).values() if hasattr(kind, "__dataclass_fields__")]
        for kind in classes:
            name = snake(kind.__name__)
            shown = SCHEMA if name == "report" else SCHEMA["$defs"][name]
            extra = {"schema_version", "summary"} if name == "report" else set()
            members = {field.name: field.default is MISSING for field in fields(kind)}
            assert set(shown["properties"]) == set(members) | extra, name
            assert set(shown["required"]) == {member for member, must in members.items() if must} | extra
        for kind in (model.State, model.Cause, model.Delivery, model.Collected):
            assert SCHEMA["$defs"][kind.__name__.lower()]["enum"] == [word.value for word in kind]


def snake(name: str) -> str:
    """A class's name in a schema."""
    return re.sub("(?<!^)([A-Z])", r"_\1", name).lower()


def changed(path: str, value: Any, /) -> Callable[[dict[str, Any]], None]:
    """A change of one member, of a list's first item where the path says 0."""

    def change(document: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        part: Any = document
        for name in parents:
            part = part[int(name) if name.isdigit() else name]
        place = int(last) if last.isdigit() else last
        if value is ...:
            del part[place]
        else:
            part[place] = value

    return change


class TestNoReport:
    """Anything else is an error that says where."""

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (changed("schema_version", 2), "this report has schema_version 2; this lzkey reads 1"),
            (changed("schema_version", "1"), 'this report has schema_version "1"'),
            (changed("schema_version", [True]), r"this report has schema_version \[true\]"),
            (changed("schema_version", ...), "no JSON object with a schema_version"),
            (changed("as_of", ...), "report has no member as_of"),
            (changed("as_of", "2026-12-01"), 'report.as_of is "2026-12-01", but must be a time'),
            (changed("as_of", "2026-12-01T09:00:00"), "report.as_of .* must be a time"),
            (changed("as_of", 12), "report.as_of is 12, but must be a time"),
            (changed("evil", 1), 'report has a member "evil" that no report has'),
            (changed("keys", {}), "report.keys is {}, but must be a list"),
            (changed("keys.1", "x"), r'report.keys\[1\] is "x", but must be an object'),
            (changed("keys.0.state", "FINE"), r'report.keys\[0\].state is "FINE", none of NOT_APPLICABLE'),
            (changed("keys.0.of_landing_zone", 1), r"of_landing_zone is 1, but must be true or false"),
            (changed("keys.0.account", None), r"report.keys\[0\].account is null, but must be text"),
            (changed("places.0.keys", {"FINE": 1}), 'keys is "FINE", none of'),
            (changed("places.0.keys", {"COMPLIANT": True}), "COMPLIANT is true, but must be a number"),
            (changed("trend.score_before", "good"), "report.trend.score_before .* must be a number"),
        ],
    )
    def test_is_refused(
        self, load_report: Callable[[str], Report], change: Callable[[dict[str, Any]], None], said: str
    ) -> None:
        """With the path of what is wrong."""
        document = copy.deepcopy(as_document(load_report("healthy")))
        change(document)
        with pytest.raises(ReportError, match=said):
            from_document(document)

    @given(st.data())
    def test_anything_in_its_place(self, data: st.DataObject) -> None:
        """Is read, or refused with the one error; what is read can be written again."""
        document = copy.deepcopy(EXAMPLE)
        parents = [part for part in parts_of(document) if part]
        parent = data.draw(st.sampled_from(parents), "where")
        name = data.draw(st.sampled_from(sorted(parent) if isinstance(parent, dict) else range(len(parent))))
        parent[name] = data.draw(ANY_JSON, "what")
        try:
            report = from_document(document)
        except ReportError:
            return
        assert from_document(as_document(report)) == report

    @pytest.mark.parametrize("document", [None, [], "report", 1, {}])
    def test_other_json(self, document: object) -> None:
        """Is no report."""
        with pytest.raises(ReportError, match="no report of lzkey"):
            from_document(document)

    @pytest.mark.parametrize("version", [1, 2])
    def test_a_report_of_before_all_commands_had_one_form(self, version: int) -> None:
        """Says what it is, and what to do; any other JSON with a version is no report."""
        with pytest.raises(ReportError, match=r"of an earlier lzkey.* make a new report with this lzkey"):
            from_document({"version": version, "summary": {}, "asOf": "2026-12-01T09:00:00Z", "keys": []})
        with pytest.raises(ReportError, match="no report of lzkey"):
            from_document({"version": version, "name": "a package"})
