"""The landing zone's own keys, requirement by requirement; and the numbers and facts around them."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from lzkey.report.document import as_document, from_document
from lzkey.report.formats import Form, render
from lzkey.report.html import as_html
from lzkey.report.html.rows import key_rows
from lzkey.report.html.sections import findings
from lzkey.report.html.words import with_commands
from lzkey.report.model import Cause, Doubt, KeyResult, Opened
from lzkey.report.own import defaults_in_force, next_expected, own_keys
from lzkey.report.verdicts import ALL, Verdict
from lzkey.report.wording import counted_states, of_what, scored
from lzkey.state import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from lzkey.report.model import Report

KEY = "arn:aws:kms:us-east-1:111122223333:key/0000000{}-12ab-34cd-56ef-1234567890ab"
PROVED = "Proved: every request of CloudTrail and AWS Config is allowed; all seven requirements hold"
GIVEN = {
    "HomeRegion": "us-east-1",
    "ManagementAccountId": "111122223333",
    "GovernedRegions": "us-east-1,eu-west-1",
}


@pytest.fixture
def healthy(load_report: Callable[[str], Report]) -> Report:
    """Two keys of the landing zone, and eight that the rule does not judge."""
    report = load_report("healthy")
    return replace(report, rule=replace(report.rule, parameters=GIVEN, hours=24))


def answers(report: Report, arn: str) -> dict[str, tuple[Verdict, str]]:
    """How each requirement stands with a key, and what is told."""
    key = next(key for key in own_keys(report) if key.arn == arn)
    return {one.requirement: (one.verdict, one.told) for one in key.answers}


def with_key(report: Report, **changed: Any) -> Report:
    """The report with its first key of the landing zone changed."""
    first = next(key for key in report.keys if key.of_landing_zone)
    return replace(
        report, keys=tuple(replace(key, **changed) if key is first else key for key in report.keys)
    )


class TestAnswers:
    """Every requirement has one, in their order."""

    def test_passes_say_what_is_proved(self, healthy: Report) -> None:
        """For whom, where, and for which trail, as explain does."""
        key = next(key for key in healthy.keys if key.of_landing_zone)
        healthy = with_key(healthy, annotation=PROVED)
        found = answers(healthy, key.arn)
        assert [*found] == [*ALL]
        assert {verdict for verdict, _ in found.values()} == {Verdict.HOLDS}
        assert found["CONFIG_ACCESS"][1] == (
            "every request of config.amazonaws.com is proved to be allowed: any account, us-east-1, "
            "eu-west-1, at any time from now on"
        )
        assert "trail/aws-controltower-BaselineCloudTrail" in found["CLOUDTRAIL_ACCESS"][1]
        assert found["ENABLED"][1] == "The key state is Enabled"

    def test_without_parameters_no_scope_is_told(self, healthy: Report) -> None:
        """What the proof was for is not known then."""
        key = next(key for key in healthy.keys if key.of_landing_zone)
        without = with_key(replace(healthy, rule=replace(healthy.rule, parameters={})), annotation=PROVED)
        assert "any account" not in answers(without, key.arn)["CONFIG_ACCESS"][1]

    def test_of_what_is_no_arn_no_scope_is_told(self, healthy: Report) -> None:
        """As in a document that somebody else has written: it is shown, and nothing fails."""
        report = with_key(healthy, arn="=cmd|' /C calc'!A0", annotation=PROVED)
        assert "any account" not in answers(report, "=cmd|' /C calc'!A0")["CONFIG_ACCESS"][1]
        assert as_html(report)

    def test_failures_have_their_command(self, load_report: Callable[[str], Report]) -> None:
        """With the key's ARN; what a command cannot mend has none."""
        report = load_report("troubled")
        key = own_keys(report)[0]
        commands = {one.requirement: one.command for one in key.answers if one.verdict is Verdict.REFUSED}
        assert commands["CLOUDTRAIL_ACCESS"] == f"lzkey fix --discover {key.arn}"
        assert [one.requirement for one in key.answers] == [*ALL]

    @pytest.mark.parametrize(
        ("state", "commands"),
        [
            ("Disabled", ["enable-key"]),
            ("PendingDeletion until 2026-12-08", ["cancel-key-deletion", "enable-key"]),
            ("PendingImport", []),
        ],
    )
    def test_what_enables_a_key_is_of_its_state(
        self, load_report: Callable[[str], Report], state: str, commands: list[str]
    ) -> None:
        """KMS enables no key whose deletion is scheduled; and so in the findings."""
        report = load_report("troubled")
        first = own_keys(report)[0].result
        assert first is not None
        failures = tuple(
            replace(one, detail=state) if one.requirement == "ENABLED" else one for one in first.failures
        )
        report = with_key(report, failures=failures)
        one = own_keys(report)[0].answers[0]
        assert with_commands(one.fix)[1::2] == [f"aws kms {each} --key-id {first.arn}" for each in commands]
        assert one.command == ""
        (line, *_) = next(
            each.lines for each in findings(report, key_rows(report)) if each.requirement == "ENABLED"
        )
        assert (line.fix, line.command) == (one.fix, "")

    def test_an_arn_is_one_word_of_a_shell(self, load_report: Callable[[str], Report]) -> None:
        """Whatever AWS Config says it is."""
        report = with_key(load_report("troubled"), arn="key/1; touch x")
        enabled, *_, cloudtrail = own_keys(report)[0].answers
        assert enabled.fix.endswith("aws kms enable-key --key-id 'key/1; touch x'")
        assert cloudtrail.command.endswith("'key/1; touch x'")

    def test_a_key_in_doubt_is_in_doubt_in_all(self, healthy: Report) -> None:
        """With what settles it."""
        doubt = Doubt(Cause.NEVER_EVALUATED, "the key is there and has no result", "evaluate the rule")
        report = with_key(healthy, state=State.UNKNOWN, doubt=doubt)
        key = next(key for key in own_keys(report) if key.result and key.result.doubt)
        assert {(one.verdict, one.fix) for one in key.answers} == {(Verdict.UNKNOWN, "evaluate the rule")}

    def test_a_key_that_no_result_names(self, healthy: Report) -> None:
        """Is there, without any answer, and is no pass in any format."""
        arn = KEY.format(9)
        zone = replace(healthy.landing_zone, keys=(*healthy.landing_zone.keys, arn))
        report = replace(healthy, landing_zone=zone)
        assert own_keys(report)[-1].answers == ()
        assert f"{arn}\n\nUNKNOWN: the landing zone names this key" in render(report, Form.MARKDOWN)
        assert "names this key, and no result does" in as_html(report)
        assert scored(report).endswith("2 of 3 COMPLIANT")

    def test_without_any_key_that_is_said(self, load_report: Callable[[str], Report]) -> None:
        """With the reason, below the heading."""
        report = load_report("empty")
        assert own_keys(report) == ()
        for form in (Form.MARKDOWN, Form.HTML):
            assert "It is not known which keys the landing zone uses: Control Tower" in render(report, form)

    def test_the_answers_reason_is_a_sentence(self, load_report: Callable[[str], Report]) -> None:
        """With its full stop, in both."""
        report = load_report("troubled")
        assert "CONFIG_ACCESS, ENABLED.</p>" in as_html(report)
        assert "CONFIG\\_ACCESS, ENABLED.\n" in render(report, Form.MARKDOWN)

    def test_markdown_tells_since_when(self, load_report: Callable[[str], Report]) -> None:
        """In the key's own table, as the page does."""
        report = load_report("troubled")
        report = replace(
            report, opened=(Opened(own_keys(report)[0].arn, "ENABLED", unknown="it was not read"),)
        )
        since = own_keys(report)[0].answers[0].since
        assert "it was not read" in since
        assert f"PendingDeletion until 2026-12-08; {since} |" in render(report, Form.MARKDOWN)

    def test_markdown_names_keys_and_what_is_due(self, healthy: Report) -> None:
        """As the page does: the name beside the ARN, what makes a result doubtful, and what was due."""
        outdated = Doubt(Cause.RESULT_OUTDATED, "COMPLIANT, judged 9 days ago", "")
        late = with_key(
            replace(healthy, as_of=healthy.as_of + timedelta(days=3)), name="alias/logs", outdated=outdated
        )
        told = render(late, Form.MARKDOWN)
        assert f"### {own_keys(late)[0].arn} (alias/logs)\n" in told
        assert re.search(r"; the next result was due by .*; COMPLIANT, judged 9 days ago\.\n", told)
        assert "is expected by" not in told


class TestWhenTheNextIsExpected:
    """Of a rule with a schedule alone."""

    def test_a_period_after_the_oldest(self, healthy: Report) -> None:
        """And for each key after its own."""
        oldest = healthy.oldest_evaluation
        assert oldest is not None
        assert next_expected(healthy) == oldest + timedelta(hours=24)
        for key in own_keys(healthy):
            assert key.result is not None
            assert key.result.evaluated_at is not None
            assert key.expected == key.result.evaluated_at + timedelta(hours=24)

    def test_one_that_is_overdue_says_so(self, healthy: Report) -> None:
        """It was due; it is not expected any more."""
        late = replace(healthy, as_of=healthy.as_of + timedelta(days=3))
        assert "The next was due" in as_html(late)
        assert "The next was due" not in as_html(healthy)

    @pytest.mark.parametrize("hours", [10**7, 10**15])
    def test_a_period_that_leads_to_no_date(self, healthy: Report, hours: int) -> None:
        """As in a document that somebody else has written: when the next is expected is not known."""
        odd = replace(healthy, rule=replace(healthy.rule, hours=hours))
        assert next_expected(odd) is None or next_expected(odd).year > 3000
        assert as_html(odd)

    def test_without_a_schedule_none_is(self, healthy: Report) -> None:
        """Nobody knows when a key will change."""
        changes = replace(healthy, rule=replace(healthy.rule, hours=None))
        assert next_expected(changes) is None
        assert "no schedule of the rule is known" in as_html(changes)


class TestNumbers:
    """Add up, in every format."""

    @pytest.mark.parametrize("name", ["healthy", "troubled", "empty", "hostile"])
    def test_states_are_all_keys(self, load_report: Callable[[str], Report], name: str) -> None:
        """JSON's, Markdown's, the screen's and the table's; places in doubt are told apart."""
        report = load_report(name)
        summary = json.loads(render(report, Form.JSON))["summary"]
        assert sum(summary["keys"].values()) == len(report.keys)
        assert sum(summary["counts"].values()) == len(report.keys) + summary["places_in_doubt"]
        table = re.search(
            r"^\| State \| Keys \|\n.*\n((?:\|.*\n)+)", render(report, Form.MARKDOWN), re.MULTILINE
        )
        assert table is not None
        *states, everything = [int(line.split("|")[2].replace(",", "")) for line in table[1].splitlines()]
        assert sum(states) == everything == len(report.keys)
        screen = " ".join(render(report, Form.TEXT).split())
        assert counted_states(report) in screen
        listed = {row["key"] for row in csv.DictReader(io.StringIO(render(report, Form.CSV))) if row["key"]}
        assert len(listed - {key.arn for key in report.landing_zone.former_keys}) <= len(report.keys)

    def test_places_in_doubt_are_no_keys(self, load_report: Callable[[str], Report]) -> None:
        """They count as UNKNOWN in the score, and it is said how many do."""
        report = load_report("troubled")
        assert report.places_in_doubt == 15
        assert counted_states(report).endswith("15 account-Region pairs in doubt count as UNKNOWN, too")
        assert of_what(report) == "55 keys that are judged and 15 account-Region pairs in doubt"
        assert scored(report).startswith("score 15.7% of 55 keys that are judged and 15 account-Region")

    def test_the_score_gives_way_to_the_landing_zones_keys(self, healthy: Report) -> None:
        """Where no others are judged: of two keys 100 % says little."""
        assert healthy.judges_own_alone
        assert scored(healthy) == "the landing zone's own keys alone are judged: 2 of 2 COMPLIANT"
        for form in (Form.TEXT, Form.MARKDOWN):
            assert "100.0%" not in render(replace(healthy, trend=None), form)
        assert "\nThe landing zone's own keys alone are judged: 2 of 2" in render(healthy, Form.MARKDOWN)
        assert ">2 of 2</p>" in as_html(healthy)
        assert json.loads(render(healthy, Form.JSON))["summary"]["score"] == 1.0

    def test_and_comes_back_with_another_key(self, healthy: Report) -> None:
        """That is judged, or that a place in doubt may have."""
        another = KeyResult(KEY.format(9), "111122223333", "us-east-1", State.COMPLIANT, PROVED)
        assert "score 100.0% of 3 keys" in scored(replace(healthy, keys=(*healthy.keys, another)))

    def test_nothing_judged_is_no_score(self, healthy: Report) -> None:
        """Nor 0 %."""
        assert scored(replace(healthy, keys=())) == "no score: nothing is judged"
        assert "\nNo score: nothing is judged.\n" in render(replace(healthy, keys=()), Form.MARKDOWN)


class TestFacts:
    """Of how the report was made."""

    def test_defaults_in_force(self, healthy: Report) -> None:
        """Stand beside what was given, and are told apart from it."""
        assert defaults_in_force(healthy) == {
            "TrailName": "aws-controltower-BaselineCloudTrail",
            "KeyScope": "all",
            "PermissionStandard": "documented",
            "RequireConfusedDeputyProtection": "false",
        }
        assert "not given: this default is in force" in as_html(healthy)
        assert "PermissionStandard=documented" in render(healthy, Form.MARKDOWN).replace("\\_", "_")

    def test_of_wrong_parameters_none_is_known(self, healthy: Report) -> None:
        """The rule does not run with them."""
        wrong = replace(healthy, rule=replace(healthy.rule, parameters={"HomeRegion": "nowhere"}))
        assert defaults_in_force(wrong) == {}

    def test_a_title_is_what_the_report_is_called(self, healthy: Report) -> None:
        """In its page, in Markdown and in OSCAL; it is text, and what it is of stands beside it."""
        titled = replace(healthy, title="Key review <Q4>")
        page = as_html(titled)
        assert "<h1>Key review &lt;Q4&gt;</h1>" in page
        assert "<title>Key review &lt;Q4&gt;, " in page
        assert "Landing zone key report: o-exampleorgid</p>" in page
        assert render(titled, Form.MARKDOWN).startswith("# Key review &#60;Q4&#62;\n")
        assert '"title": "Key review' in render(titled, Form.OSCAL)
        assert from_document(as_document(titled)) == titled

    def test_who_made_it_and_how_fresh_it_is(self, healthy: Report) -> None:
        """The caller's ARN; between when and when the aggregator was told."""
        caller = "arn:aws:sts::777788889999:assumed-role/Auditor/jane"
        places = tuple(
            replace(place, source_updated_at=healthy.as_of - timedelta(hours=hours))
            for hours, place in enumerate(healthy.places)
        )
        report = replace(healthy, scope=replace(healthy.scope, caller=caller), places=places)
        assert report.freshness == (
            healthy.as_of - timedelta(hours=len(places) - 1),
            healthy.as_of,
        )
        for form in (Form.HTML, Form.MARKDOWN):
            told = render(report, form)
            assert "last told it of themselves between" in told
            assert "assumed-role/Auditor/jane" in told


RECORDER = (
    "aws configservice start-configuration-recorder --configuration-recorder-name "
    """'a '"'"'; b'"""
)
CANCEL, ENABLE = (
    f"aws kms {verb} --key-id {KEY.format(1)}" for verb in ("cancel-key-deletion", "enable-key")
)


class TestCommands:
    """What can be run as it stands is told apart from the words around it."""

    @pytest.mark.parametrize(
        ("told", "pieces"),
        [
            ("nothing to do", ["nothing to do"]),
            (f"start it there: {RECORDER}", ["start it there: ", RECORDER, ""]),
            (f"run {CANCEL} and then {ENABLE}", ["run ", CANCEL, " and then ", ENABLE, ""]),
        ],
    )
    def test_pieces(self, told: str, pieces: list[str]) -> None:
        """In turn words and a command, with its last word whole."""
        assert with_commands(told) == pieces
