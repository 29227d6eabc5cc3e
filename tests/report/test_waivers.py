"""`report --waivers`: a decision of people beside the proof, in every format, and never instead of it."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from landing_zone_key.finding import Certainty
from lzkey.cli.report import exit_code
from lzkey.documents import schema_of
from lzkey.errors import ExitCode, ReportError
from lzkey.report.document import as_document, from_document
from lzkey.report.formats import Form, render
from lzkey.report.headline import headline
from lzkey.report.model import Cause, Delivery, Doubt, Failure
from lzkey.report.oscal.document import as_oscal
from lzkey.report.trend import trend
from lzkey.report.waiving import unwaived, waived
from lzkey.report.wording import scored
from lzkey.state import State
from lzkey.waivers.values import Use, Waiver, Waivers

if TYPE_CHECKING:
    from collections.abc import Callable

    from lzkey.report.model import KeyResult, Report

#: Keys of the troubled report: the landing zone's own; one that fails two things; one that fails one.
OWN = "arn:aws:kms:us-east-1:111122223333:key/00000001-12ab-34cd-56ef-1234567890ab"
TWO = "arn:aws:kms:eu-west-1:211111111101:key/mrk-0000001f1234abcd12ab34cd56ef1234"
ONE = "arn:aws:kms:ap-southeast-2:211111111101:key/00000021-12ab-34cd-56ef-1234567890ab"
LATER = date(2027, 3, 31)
BEFORE = date(2026, 11, 27)


@pytest.fixture
def troubled_report(load_report: Callable[[str], Report]) -> Report:
    """A report of many troubles, made on 1 December 2026."""
    return load_report("troubled")


def waiver(key: str, requirement: str, expires: date = LATER, reason: str = "Not yet.") -> Waiver:
    """A waiver that is in force."""
    return Waiver(key, requirement, reason, "me@example.com", expires, 3)


def applied(report: Report, *waivers: Waiver) -> Report:
    """The report with waivers."""
    return waived(report, Use(Waivers("w.yaml", "", waivers), report.as_of))


def key_of(report: Report, arn: str) -> KeyResult:
    """One of its keys."""
    return next(key for key in report.keys if key.arn == arn)


class TestApplied:
    """What changes, and what does not."""

    def test_a_key_of_which_all_is_waived(self, troubled_report: Report) -> None:
        """It is WAIVED, counted as that, and its failure stands with who waived it."""
        found = applied(troubled_report, waiver(ONE, "MANAGEMENT_ACCOUNT"))
        key = key_of(found, ONE)
        (failure,) = key.failures
        assert key.state is State.WAIVED
        assert str(failure.waiver) == "waived until 2027-03-31, 120 days left, owner me@example.com: Not yet."
        assert found.counts[State.WAIVED] == 1
        assert found.counts[State.NON_COMPLIANT] == troubled_report.counts[State.NON_COMPLIANT] - 1

    def test_the_score_counts_it_as_no_success(self, troubled_report: Report) -> None:
        """It is what it was, and the formula says so; without waivers the formula has three parts."""
        found = applied(troubled_report, waiver(ONE, "MANAGEMENT_ACCOUNT"))
        assert found.score == troubled_report.score
        assert "COMPLIANT / (COMPLIANT + NON_COMPLIANT + UNKNOWN + WAIVED) = 11 / (11 + 35 + " in scored(
            found
        )
        assert "COMPLIANT / (COMPLIANT + NON_COMPLIANT + UNKNOWN) = 11 / (11 + 36 + " in scored(
            troubled_report
        )

    def test_what_the_rule_could_not_read_is_not_waived(self, troubled_report: Report) -> None:
        """Nobody has looked at it, and decided not to mend it; the waiver has no effect, and that is told."""
        unread = replace(key_of(troubled_report, ONE).failures[0], runbook="management-account-unknown")
        keys = tuple(
            replace(key, failures=(unread,)) if key.arn == ONE else key for key in troubled_report.keys
        )
        found = applied(replace(troubled_report, keys=keys), waiver(ONE, "MANAGEMENT_ACCOUNT"))
        assert key_of(found, ONE).state is State.NON_COMPLIANT
        assert found.idle_waivers == (
            f"whether MANAGEMENT_ACCOUNT of {ONE} is met is UNKNOWN, which is not waived",
        )

    def test_a_part_is_waived(self, troubled_report: Report) -> None:
        """The key stays NON_COMPLIANT; both parts make it WAIVED."""
        found = applied(troubled_report, waiver(TWO, "SYMMETRIC"))
        assert key_of(found, TWO).state is State.NON_COMPLIANT
        assert [failure.is_waived for failure in key_of(found, TWO).failures] == [True, False]
        both = applied(troubled_report, waiver(TWO, "SYMMETRIC"), waiver(TWO, "SINGLE_REGION"))
        assert key_of(both, TWO).state is State.WAIVED

    def test_expired(self, troubled_report: Report) -> None:
        """It is told, and nothing else changes."""
        found = applied(troubled_report, waiver(ONE, "MANAGEMENT_ACCOUNT", BEFORE))
        assert key_of(found, ONE).state is State.NON_COMPLIANT
        told = str(key_of(found, ONE).failures[0].waiver)
        assert told.startswith("waiver expired 4 days ago, on 2026-11-27, owner me@example.com")
        assert State.WAIVED not in found.counts

    def test_the_headline_stays(self, troubled_report: Report) -> None:
        """The landing zone's key refuses deliveries, whoever has waived it; the exit code is 3."""
        names = [failure.requirement for failure in key_of(troubled_report, OWN).failures]
        found = applied(troubled_report, *(waiver(OWN, name) for name in names))
        assert key_of(found, OWN).state is State.WAIVED
        assert headline(found) == headline(troubled_report)
        assert found.proved.delivery is Delivery.NO
        assert exit_code(found) is ExitCode.PROBLEM

    def test_what_is_met_and_what_is_unknown_is_a_note(self, troubled_report: Report) -> None:
        """And so is what is not asked; the key stays what it is."""
        states = {key.state: key.arn for key in troubled_report.keys}
        unknown, idle, good = (
            states[state] for state in (State.UNKNOWN, State.NOT_APPLICABLE, State.COMPLIANT)
        )
        waivers = [waiver(arn, "ENABLED") for arn in (unknown, idle, good)]
        found = applied(troubled_report, *waivers)
        assert found.keys == troubled_report.keys
        assert {*found.idle_waivers} == {
            f"whether ENABLED of {unknown} is met is UNKNOWN, which is not waived",
            f"ENABLED is not asked of {idle}: the waiver can be removed",
            f"ENABLED of {good} is met: the waiver can be removed",
        }

    def test_an_outdated_result_is_not_waived(self, troubled_report: Report) -> None:
        """Today it may fail something else."""
        outdated = Doubt(Cause.RESULT_OUTDATED, "it is old", "evaluate")
        keys = tuple(replace(key, outdated=outdated) for key in troubled_report.keys)
        found = applied(replace(troubled_report, keys=keys), waiver(ONE, "MANAGEMENT_ACCOUNT"))
        assert key_of(found, ONE).state is State.NON_COMPLIANT
        assert key_of(found, ONE).failures[0].is_waived

    def test_what_is_not_understood_is_not_waived(self, troubled_report: Report) -> None:
        """A result that names nothing, or something that this version does not know."""
        for failures in ((), (Failure("QUANTUM_SAFE", ""), *key_of(troubled_report, ONE).failures)):
            keys = tuple(
                replace(key, failures=failures) if key.arn == ONE else key for key in troubled_report.keys
            )
            found = applied(replace(troubled_report, keys=keys), waiver(ONE, "MANAGEMENT_ACCOUNT"))
            assert key_of(found, ONE).state is State.NON_COMPLIANT

    def test_places_are_counted_anew(self, troubled_report: Report) -> None:
        """Keys by state, and the worst of them; of other places nothing changes."""
        found = applied(troubled_report, waiver(ONE, "MANAGEMENT_ACCOUNT"))
        for before, after in zip(troubled_report.places, found.places, strict=True):
            if (after.account, after.region) == ("211111111101", "ap-southeast-2"):
                assert before.keys[State.NON_COMPLIANT] - after.keys.get(State.NON_COMPLIANT, 0) == 1
                assert after.keys[State.WAIVED] == 1
                assert 0 not in after.keys.values()
            else:
                assert before == after

    def test_without_waivers_it_is_what_it_was(self, troubled_report: Report) -> None:
        """Nothing is lost on the way; applied twice, it is the same."""
        waivers = (waiver(ONE, "MANAGEMENT_ACCOUNT"), waiver(TWO, "SYMMETRIC"), waiver(OWN, "SYMMETRIC"))
        found = applied(troubled_report, *waivers)
        assert unwaived(found) == troubled_report
        assert applied(unwaived(found), *waivers) == found
        assert unwaived(troubled_report) == troubled_report

    def test_exit_code(self, troubled_report: Report) -> None:
        """Where nothing else is wrong, what is waived is neither 3 nor 4; expired it is."""
        fine = replace(
            troubled_report,
            keys=(key_of(troubled_report, ONE),),
            places=(),
            observed=None,
            proved=replace(troubled_report.proved, delivery=Delivery.YES, services=()),
        )
        assert exit_code(fine) is ExitCode.PROBLEM
        assert exit_code(applied(fine, waiver(ONE, "MANAGEMENT_ACCOUNT"))) is ExitCode.DONE
        assert exit_code(applied(fine, waiver(ONE, "MANAGEMENT_ACCOUNT", BEFORE))) is ExitCode.PROBLEM
        assert key_of(fine, ONE).failures[0].certainty is Certainty.REFUSED


@pytest.fixture
def told(troubled_report: Report) -> Report:
    """A report with a key that is waived, one of which a part is, and one whose waiver has expired."""
    return applied(
        troubled_report,
        waiver(ONE, "MANAGEMENT_ACCOUNT"),
        waiver(TWO, "SYMMETRIC", BEFORE),
        waiver(TWO, "SINGLE_REGION"),
    )


IN_FORCE = "waived until 2027-03-31, 120 days left, owner me@example.com: Not yet."
EXPIRED = "waiver expired 4 days ago, on 2026-11-27, owner me@example.com: Not yet."


class TestFormats:
    """Each tells who has waived what, and until when."""

    def test_json_both_ways(self, told: Report) -> None:
        """By its schema; what is written is what is read."""
        document = as_document(told)
        text = json.dumps(document)
        Draft202012Validator(schema_of("report")).validate(json.loads(text))
        assert from_document(json.loads(text)) == told
        assert document["summary"]["counts"]["WAIVED"] == 1
        key = next(key for key in document["keys"] if key["arn"] == ONE)
        assert key["failures"][0]["waiver"] == {
            "reason": "Not yet.",
            "owner": "me@example.com",
            "expires": "2027-03-31",
            "days_left": 120,
        }

    @pytest.mark.parametrize("expires", ["soon", "2027-02-30", 5, None])
    def test_a_date_that_is_none(self, told: Report, expires: object) -> None:
        """Is refused, with where it stands."""
        document = json.loads(json.dumps(as_document(told)))
        key = next(key for key in document["keys"] if key["arn"] == ONE)
        key["failures"][0]["waiver"]["expires"] = expires
        with pytest.raises(ReportError, match=r"failures\[0\].waiver.expires is .*, but must be a date"):
            from_document(document)

    def test_csv(self, told: Report) -> None:
        """A column; the requirement does not hold all the same."""
        rows = [*csv.DictReader(io.StringIO(render(told, Form.CSV), newline=""))]
        found = {(row["key"], row["requirement"]): row for row in rows}
        row = found[ONE, "MANAGEMENT_ACCOUNT"]
        assert (row["state"], row["holds"], row["waiver"]) == ("WAIVED", "no", IN_FORCE)
        assert found[TWO, "SYMMETRIC"]["waiver"] == EXPIRED
        assert found[OWN, "ENABLED"]["waiver"] == ""

    def test_markdown(self, told: Report, troubled_report: Report) -> None:
        """A column of the findings, and a row of the states; neither where nothing is waived."""
        text = render(told, Form.MARKDOWN).replace("\\_", "_").replace("`", "")
        assert "| WAIVED | 1 |" in text
        assert IN_FORCE in text
        assert EXPIRED in text
        assert "aive" not in render(troubled_report, Form.MARKDOWN)

    def test_terminal(self, told: Report, troubled_report: Report) -> None:
        """The key with its waiver, and the count; nothing of it where nothing is waived."""
        text = render(told, Form.TEXT)
        assert re.search(rf"^{ONE} .*: WAIVED: ", text, re.MULTILINE)
        assert f"MANAGEMENT_ACCOUNT: {IN_FORCE}" in text
        assert "100 keys: 35 NON_COMPLIANT, 8 UNKNOWN, 1 WAIVED, 11 COMPLIANT, " in text
        assert "aive" not in render(troubled_report, Form.TEXT).lower()

    def test_html(self, told: Report, troubled_report: Report) -> None:
        """State, legend, and the waiver in the findings and in the table of keys; the twin has none of it."""
        page, plain = render(told, Form.HTML), render(troubled_report, Form.HTML)
        assert 'data-count="WAIVED">1<' in page
        assert '<span class="state WAIVED">' in page
        assert f'<span class="since WAIVED">{IN_FORCE[0].upper()}{IN_FORCE[1:]}</span>' in page
        assert f'<span class="since NON_COMPLIANT">{EXPIRED[0].upper()}{EXPIRED[1:]}</span>' in page
        assert f"MANAGEMENT_ACCOUNT {IN_FORCE}" in page
        assert "compliant / (compliant + non-compliant + unknown + waived) = " in page
        assert "compliant / (compliant + non-compliant + unknown) = " in plain
        assert "What is waived is in the denominator, too" in page
        assert "What is waived is in the denominator" not in plain
        assert 'class="state WAIVED"' not in plain
        assert 'data-count="WAIVED"' not in plain

    def test_hostile_words(self, troubled_report: Report) -> None:
        """Whatever somebody gave as a reason is text."""
        words = "=cmd|' /C calc'!A0 \x1b]0;t\x07\u202e<script>alert(1)</script>|`x`[a](b)"
        found = applied(troubled_report, waiver(ONE, "MANAGEMENT_ACCOUNT", reason=words))
        page = render(found, Form.HTML)
        assert "<script>alert(1)" not in page
        for form in Form:
            text = render(found, form)
            assert "\x1b]0;" not in text
            assert "\u202e" not in text

    def test_oscal_has_a_risk(self, told: Report) -> None:
        """A deviation that is approved up to its deadline, or open once that is over; the finding stays."""
        (result,) = as_oscal(told)["assessment-results"]["results"]
        risks = {
            (props["key"], props["requirement"]): risk
            for risk in result["risks"]
            for props in [{each["name"]: each["value"] for each in risk["props"]}]
        }
        assert {place: (risk["status"], risk["deadline"]) for place, risk in risks.items()} == {
            (ONE, "MANAGEMENT_ACCOUNT"): ("deviation-approved", "2027-03-31T23:59:59.000Z"),
            (TWO, "SINGLE_REGION"): ("deviation-approved", "2027-03-31T23:59:59.000Z"),
            (TWO, "SYMMETRIC"): ("open", "2026-11-27T23:59:59.000Z"),
        }
        observed = {each["uuid"] for each in result["observations"]}
        named = {
            each["observation-uuid"] for risk in result["risks"] for each in risk["related-observations"]
        }
        assert named <= observed
        related = {
            each["risk-uuid"] for finding in result["findings"] for each in finding.get("related-risks", ())
        }
        assert related == {risk["uuid"] for risk in result["risks"]}
        finding = next(
            each for each in result["findings"] if each["target"]["target-id"] == "management-account"
        )
        assert finding["target"]["status"]["state"] == "not-satisfied"

    def test_oscal_without_waivers_has_none(self, troubled_report: Report) -> None:
        """An empty list is none of OSCAL's."""
        assert "risks" not in as_oscal(troubled_report)["assessment-results"]["results"][0]


class TestTrend:
    """What has changed since."""

    def test_from_and_to_waived(self, troubled_report: Report) -> None:
        """A change like others."""
        earlier = replace(troubled_report, as_of=troubled_report.as_of - timedelta(days=1))
        now = applied(troubled_report, waiver(ONE, "MANAGEMENT_ACCOUNT"))
        (change,) = trend(now, earlier).changes
        assert (change.arn, change.before, change.after) == (ONE, State.NON_COMPLIANT, State.WAIVED)
        then = applied(earlier, waiver(ONE, "MANAGEMENT_ACCOUNT"))
        (change,) = trend(troubled_report, then).changes
        assert (change.before, change.after) == (State.WAIVED, State.NON_COMPLIANT)

    @pytest.mark.parametrize("form", Form)
    def test_in_every_format(self, troubled_report: Report, form: Form) -> None:
        """Where the earlier report, or this one, has something waived."""
        early = replace(troubled_report, as_of=troubled_report.as_of - timedelta(days=2))
        earlier = replace(troubled_report, as_of=troubled_report.as_of - timedelta(days=1))
        then = applied(earlier, waiver(ONE, "MANAGEMENT_ACCOUNT"))
        found = replace(troubled_report, trend=trend(troubled_report, early, then))
        assert render(found, form)
        now = applied(troubled_report, waiver(ONE, "MANAGEMENT_ACCOUNT"))
        assert render(replace(now, trend=trend(now, early, earlier)), form)
        assert from_document(json.loads(json.dumps(as_document(found)))) == found
