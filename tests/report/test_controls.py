"""Controls of other frameworks: only those that a page of AWS names, and no claim beyond it."""

from __future__ import annotations

import html
import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from landing_zone_key.finding import Requirement
from lzkey.catalogue import (
    CATALOGUE,
    Control,
    ControlMapping,
    Framework,
    Relation,
    mapped,
    mapping,
    not_mapped,
)
from lzkey.quoting import references
from lzkey.report.formats import Form, render
from lzkey.report.wording import controls

if TYPE_CHECKING:
    from collections.abc import Callable

    from lzkey.report.model import Report

#: How each framework writes its controls.
NAMES = {
    Framework.NIST: re.compile(r"[A-Z]{2}-\d{1,2}(\(\d{1,2}\))?"),
    Framework.CIS_1_4: re.compile(r"\d+\.\d+"),
}


class TestMapping:
    """Of requirements to controls."""

    @pytest.mark.parametrize(("requirement", "related"), mapped().items(), ids=list(mapped()))
    def test_source(self, requirement: str, related: ControlMapping) -> None:
        """Is the place on AWS's page where the check's related requirements stand."""
        page = "https://docs.aws.amazon.com/securityhub/latest/userguide/"
        service, number = related.check.lower().split(".")
        assert related.source == f"{page}{service}-controls.html#{service}-{number}"
        assert requirement in list(Requirement)

    @pytest.mark.parametrize("related", mapped().values(), ids=list(mapped()))
    def test_controls(self, related: ControlMapping) -> None:
        """Are named as their framework does, none twice, and some are NIST's, whose ids OSCAL has."""
        assert max(Counter(related.controls).values()) == 1
        assert all(NAMES[control.framework].fullmatch(control.name) for control in related.controls)
        assert Framework.NIST in related.by_framework
        assert [one for found in related.by_framework.values() for one in found] == [*related.controls]

    def test_every_requirement(self) -> None:
        """Has one, or is told to have none."""
        assert sorted([*mapped(), *not_mapped()]) == sorted(CATALOGUE) == sorted(Requirement)
        assert all(mapping(name) is None for name in (*not_mapped(), "NO_SUCH_REQUIREMENT"))
        assert all(name in controls() for name in not_mapped())
        assert not any(name in controls() for name in mapped())

    @pytest.mark.parametrize(
        ("name", "token"), [("AU-9", "au-9"), ("SC-12(2)", "sc-12.2"), ("SC-7(10)", "sc-7.10")]
    )
    def test_tokens(self, name: str, token: str) -> None:
        """Are the ids of NIST's own OSCAL catalogue."""
        assert Control(Framework.NIST, name).token == token

    @pytest.mark.parametrize("relation", Relation)
    def test_meaning(self, relation: Relation) -> None:
        """Says what the check asks, and how the requirement stands to that."""
        related = ControlMapping("KMS.9", "a key is a key", relation, (), "")
        told = {Relation.SUPERSET: "asks for that and more", Relation.SUPPORTS: "takes more than it"}
        assert related.meaning.startswith(
            "AWS relates these controls to Security Hub's KMS.9, that a key is a key"
        )
        assert related.meaning.endswith(told[relation])


class TestWhereTheyAreShown:
    """The page and the Markdown, whatever the results are; OSCAL has its own test."""

    @pytest.mark.parametrize("name", ["healthy", "troubled"])
    def test_page(self, load_report: Callable[[str], Report], name: str) -> None:
        """Each with its relation and its source."""
        page = " ".join(html.unescape(render(load_report(name), Form.HTML)).split())
        for related in mapped().values():
            assert related.meaning in page
            assert f'href="{related.source}"' in page
            for control in related.controls:
                assert f"<span>{control.name}</span>" in page
        assert controls() in page

    @pytest.mark.parametrize("name", ["healthy", "troubled"])
    def test_markdown(self, load_report: Callable[[str], Report], name: str) -> None:
        """The same."""
        told = render(load_report(name), Form.MARKDOWN)
        for requirement, related in mapped().items():
            row = (requirement, related.named, related.meaning, related.source)
            assert f"| {' | '.join(map(references, row))} |" in told
        assert references(controls()) in told

    def test_findings(self, load_report: Callable[[str], Report]) -> None:
        """Name them where the requirement has some, and nothing where it has none."""
        page = render(load_report("troubled"), Form.HTML)
        articles = re.findall(r'<article class="finding".*?</article>', page, re.DOTALL)
        found = {
            name: "<dt>Controls</dt>" in article
            for article in articles
            for name in re.findall(r"<h3 [^>]*><span>(\w+)</span>", article)
        }
        assert found == {name: CATALOGUE[name].mapping is not None for name in found}
        assert {*found.values()} == {True, False}
