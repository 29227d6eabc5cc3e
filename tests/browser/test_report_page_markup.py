"""The page as text: no browser is needed to see what it may load, and that it says what the report says."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest

from landing_zone_key import Requirement
from landing_zone_key.requirements import WORST_FIRST as REQUIREMENTS
from lzkey.catalogue import CATALOGUE
from lzkey.observed.values import Outcome
from lzkey.page.words import arn_parts, visible
from lzkey.report.html import as_html
from lzkey.report.html.rows import key_rows
from lzkey.report.html.sections import SHOWN, doubts, findings
from lzkey.report.html.words import ANSWERS, CAUSES, COLLECTED, DOUBTS, MEANINGS, STATES
from lzkey.report.model import Cause, Collected, Delivery, Doubt, Failure, Report
from lzkey.report.wording import sentence
from lzkey.state import WORST_FIRST, State

from .conftest import MANY, NAMES, page_of, report_named


class Markup(HTMLParser):
    """Every start tag with its attributes, and the text of scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.blocks: list[tuple[dict[str, str | None], str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep what stands in a script or a style."""
        if self.cdata_elem:
            self.blocks.append((self.tags[-1][1] | {"element": self.cdata_elem}, data))

    def policy(self) -> dict[str, str]:
        """The directives of the Content-Security-Policy."""
        (content,) = [
            attributes["content"]
            for tag, attributes in self.tags
            if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
        ]
        return dict(part.strip().split(" ", 1) for part in str(content).split(";"))


def doubted(report: Report) -> list[tuple[Doubt, str]]:
    """Every doubt, with the account that it is about."""
    places = [place for place in report.places if not place.excluded]
    return [(one.doubt, one.account) for one in (*places, *report.keys) if one.doubt]


def data_of(page: str) -> dict[str, Any]:
    """The JSON in the page."""
    (text,) = [text for attributes, text in Markup(page).blocks if attributes.get("id") == "data"]
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.mark.parametrize("name", [*NAMES, MANY])
class TestAnyPage:
    """Whatever the report says."""

    def test_only_its_own_blocks_may_run(self, name: str) -> None:
        """The policy names the script and the style by their digests, and allows nothing else."""
        markup = Markup(page_of(name))
        digests = {
            str(attributes["element"]): f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
            for attributes, text in markup.blocks
            if attributes.get("type") != "application/json"
        }
        assert markup.policy() == {
            "default-src": "'none'",
            "script-src": digests["script"],
            "style-src": digests["style"],
            "img-src": "data:",
            "base-uri": "'none'",
            "form-action": "'none'",
            "require-trusted-types-for": "'script'",
            "trusted-types": "'none'",
        }

    def test_nothing_is_styled_or_run_by_an_attribute(self, name: str) -> None:
        """No style attribute and no event handler."""
        attributes = {attribute for _, found in Markup(page_of(name)).tags for attribute in found}
        assert not {one for one in attributes if one == "style" or one.startswith("on")}

    def test_only_aws_documentation_is_linked(self, name: str) -> None:
        """Nothing is loaded from anywhere, and no link leads elsewhere."""
        loading = {
            "src",
            "srcset",
            "data",
            "poster",
            "action",
            "formaction",
            "background",
            "ping",
            "xlink:href",
        }
        links = set()
        for tag, attributes in Markup(page_of(name)).tags:
            assert not loading & attributes.keys(), tag
            links.add(attributes.get("href") or "#")
        assert all(link.startswith(("#", "https://docs.aws.amazon.com/")) for link in links - {"data:,"})

    def test_ids_are_unique_and_links_lead_to_them(self, name: str) -> None:
        """Each section of the contents is there."""
        tags = Markup(page_of(name)).tags
        ids = Counter(attributes["id"] for _, attributes in tags if "id" in attributes)
        targets = {href[1:] for _, found in tags if (href := found.get("href") or "").startswith("#")}
        assert max(ids.values()) == 1
        assert targets <= ids.keys()

    def test_data_is_the_report(self, name: str) -> None:
        """Every key with its state, account, Region, failures and time."""
        report, data = report_named(name), data_of(page_of(name))
        keys = data["keys"]
        told = {
            (
                data["accounts"][keys["account"][row]][0],
                data["regions"][keys["region"][row]],
                keys["id"][row].rpartition("/")[2],
                WORST_FIRST[int(keys["state"][row])],
                frozenset(
                    requirement
                    for bit, requirement in enumerate(data["requirements"])
                    if bit in data["failures"][keys["failures"][row]]
                ),
                keys["at"][row],
                row in keys["own"],
            )
            for row in range(len(keys["id"]))
        }
        assert told == {
            (
                visible(key.account),
                visible(key.region),
                visible(key.arn.rpartition("/")[2]),
                key.state,
                frozenset(visible(failure.requirement) for failure in key.failures),
                key.evaluated_at and int(key.evaluated_at.timestamp() // 60),
                key.of_landing_zone,
            )
            for key in report.keys
        }
        assert len(data["matrix"]["account"]) == len(
            {place.account for place in report.places} | {one.account for one in report.accounts}
        )

    def test_same_report_gives_the_same_page(self, name: str) -> None:
        """To the byte."""
        assert as_html(report_named(name)) == page_of(name)

    def test_data_cannot_end_its_element(self, name: str) -> None:
        """No character of it means anything to HTML or to JavaScript."""
        (text,) = re.findall(
            r'<script type="application/json" id="data">(.*?)</script>', page_of(name), re.DOTALL
        )
        assert text.isascii()
        assert not set("<>&\n") & set(text)


class TestWords:
    """Nothing of the model is without a word."""

    def test_every_member_has_its_word(self) -> None:
        """States, causes, answers, sources and requirements."""
        assert set(STATES) == set(MEANINGS) == set(WORST_FIRST) == set(State)
        assert set(CAUSES) == set(DOUBTS) == set(Cause)
        assert set(ANSWERS) == set(Delivery)
        assert set(COLLECTED) == set(Collected)
        assert set(REQUIREMENTS) == set(CATALOGUE) == set(Requirement)


class TestDoubtfulReports:
    """What is missing is said, and never looks like health."""

    def test_key_of_the_landing_zone_without_a_result_is_unknown(self) -> None:
        """It stands among the landing zone's own keys."""
        report = report_named("troubled")
        missing = "arn:aws:kms:us-east-1:111122223333:key/0badbeef-12ab-34cd-56ef-1234567890ab"
        zone = replace(report.landing_zone, keys=(*report.landing_zone.keys, missing))
        page = as_html(replace(report, landing_zone=zone))
        assert "and no result does" in page
        assert "and no result does" not in page_of("troubled")

    def test_place_that_nobody_tells_of_is_unknown(self) -> None:
        """A cell without a place says so."""
        report = report_named("troubled")
        page = as_html(replace(report, places=report.places[1:]))
        assert "not in the report" in page.split("<script")[0]
        assert "not in the report" not in page_of("troubled").split("<script")[0]

    def test_requirement_of_another_version_is_shown(self) -> None:
        """A failure that this version does not know has its place among the findings, and can be filtered."""
        report = report_named("troubled")
        failing = next(key for key in report.keys if key.state is State.NON_COMPLIANT)
        changed = replace(failing, failures=(Failure("ROTATED", "not rotated"),))
        page = as_html(replace(report, keys=tuple(changed if key is failing else key for key in report.keys)))
        assert "Keys that fail ROTATED" in page
        assert data_of(page)["requirements"][-1] == "ROTATED"

    def test_failure_without_a_requirement_is_a_finding(self) -> None:
        """An annotation that names none is shown as it is."""
        report = report_named("troubled")
        failing = next(key for key in report.keys if key.state is State.NON_COMPLIANT)
        changed = replace(failing, failures=(), annotation="somebody else's words")
        page = as_html(replace(report, keys=tuple(changed if key is failing else key for key in report.keys)))
        assert "Keys that fail Requirement not named" in page
        assert "Somebody else&#39;s words" in page

    @pytest.mark.parametrize("name", NAMES)
    def test_every_doubt_is_told_with_its_fix(self, name: str) -> None:
        """Once for all that it is about, each with its account."""
        told = {
            (line.detail, line.fix, account.account)
            for group in doubts(report_named(name))
            for line in group.lines
            for account, _ in line.where
        }
        assert told == {(doubt.detail, doubt.fix, account) for doubt, account in doubted(report_named(name))}

    def test_long_lists_say_how_many_they_leave_out(self) -> None:
        """Findings and doubts alike: what is written and what is not are all there are."""
        report = report_named(MANY)
        for group in doubts(report):
            (line,) = group.lines
            found = {account for doubt, account in doubted(report) if doubt.detail == line.detail}
            assert len(line.where) == min(SHOWN, len(found))
            assert len(line.where) + line.more == len(found)
        for finding in findings(report, key_rows(report)):
            written = sum(len(line.rows) for line in finding.lines)
            assert written == SHOWN + finding.own
            assert written + finding.more == finding.total
            assert f"And {finding.more} more keys: in the table of all keys" in page_of(MANY)

    def test_regions_without_the_rule_are_not_covered(self) -> None:
        """They stand under the method and its limits."""
        report = report_named("troubled")
        page = as_html(replace(report, scope=replace(report.scope, other_regions=("sa-east-1",))))
        assert "sa-east-1: the aggregator collects there, and no account has the rule" in page
        assert "no account has the rule" not in page_of("troubled")

    def test_report_without_an_earlier_one_has_no_trend(self) -> None:
        """And one section less in its contents."""
        assert 'id="trend"' in page_of("troubled")
        assert 'id="trend"' not in as_html(replace(report_named("troubled"), trend=None))

    @pytest.mark.parametrize("answer", Delivery)
    def test_answer_is_the_biggest_word(self, answer: Delivery) -> None:
        """Whatever it is, it is told in a word."""
        report = report_named("healthy")
        services = tuple(replace(each, delivery=answer) for each in report.proved.services)
        proved = replace(report.proved, delivery=answer, services=services)
        page = as_html(replace(report, proved=proved, observed=None))
        assert f'<p class="word">{ANSWERS[answer]}</p>' in page

    def test_what_fails_is_no_yes(self) -> None:
        """Whatever is proved."""
        report = report_named("healthy")
        assert report.observed is not None
        failing = tuple(replace(one, outcome=Outcome.FAILING) for one in report.observed.observations)
        page = as_html(replace(report, observed=replace(report.observed, observations=failing)))
        assert f'<p class="word">{ANSWERS[Delivery.NO]}</p>' in page
        assert '<div class="answer no">' in page


class TestTexts:
    """Small functions, by table."""

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("plain", "plain"),
            ("Zürich 東京 עברית", "Zürich 東京 עברית"),
            ("safe\u202egnp.exe", "safe⟨U+202E⟩gnp.exe"),
            ("\x1b[31mred\x07", "⟨U+001B⟩[31mred⟨U+0007⟩"),
            ("two\r\nlines\tand\u2028more\u00a0here", "two  lines and more here"),
            ("zero\u200bwidth\ufeff", "zero⟨U+200B⟩width⟨U+FEFF⟩"),
            ("half \ud800", "half ⟨U+D800⟩"),
        ],
    )
    def test_what_cannot_be_seen_is_made_visible(self, text: str, shown: str) -> None:
        """Spaces stay spaces, letters stay letters."""
        assert visible(text) == shown

    @pytest.mark.parametrize(
        ("told", "shown"),
        [
            ("the key is", "The key is"),
            ("kms:Decrypt refused", "kms:Decrypt refused"),
            ("", ""),
            ("lzkey", "lzkey"),
        ],
    )
    def test_names_keep_their_letters(self, told: str, shown: str) -> None:
        """Only a word gets a capital."""
        assert sentence(told) == shown

    @pytest.mark.parametrize(
        ("arn", "parts"),
        [
            (
                "arn:aws:kms:eu-west-1:111122223333:key/mrk-12",
                ("arn:aws:kms:eu-west-1:111122223333:", "key/mrk-12"),
            ),
            ("arn:aws:kms:eu-west-1:111122223333:alias/x", ("arn:aws:kms:eu-west-1:111122223333:alias/x",)),
            (
                f"arn:aws:kms:eu-west-1:111122223333:key/{'a' * 41}",
                (f"arn:aws:kms:eu-west-1:111122223333:key/{'a' * 41}",),
            ),
        ],
    )
    def test_line_ends_before_the_key(self, arn: str, parts: tuple[str, ...]) -> None:
        """Where the parts are short enough for a phone; anything else may end anywhere."""
        assert arn_parts(arn) == parts
