"""`check --waivers`: what is waived is told in every format, and is never a pass."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator

from landing_zone_key import Certainty
from lzkey.check.run import Tally
from lzkey.check.verdict import Problem, Verdict
from lzkey.check.waiving import waived
from lzkey.documents import schema_of
from lzkey.errors import ExitCode, WaiversError
from lzkey.sources.subject import Place, Unread
from lzkey.state import State
from lzkey.waivers.values import Use, Waiver, Waivers

if TYPE_CHECKING:
    from conftest import Run

ARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
#: An AWS managed key, which is not judged.
NOT_JUDGED = "arn:aws:kms:us-east-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321"
SETTINGS = ("--home-region", "us-east-1", "--management-account-id", "111122223333")
SARIF = json.loads((Path(__file__).parent / "sarif-subset.schema.json").read_text())
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
TODAY = NOON.date()


def waiver(requirement: str, expires: date = TODAY, *, key: str = ARN, line: int = 3) -> Waiver:
    """A waiver that is in force."""
    return Waiver(key, requirement, "Not yet.", "me@example.com", expires, line)


def problem(
    requirement: str, certainty: Certainty = Certainty.REFUSED, reason: str = "EXPLICIT_DENY"
) -> Problem:
    """Something that fails."""
    return Problem(requirement, reason, "it fails", certainty)


def verdict(*problems: Problem, state: State = State.NON_COMPLIANT, arn: str | None = ARN) -> Verdict:
    """A key with problems."""
    return Verdict("logs", arn, Place("keys.json"), state, "", "NON_COMPLIANT", problems)


def applied(found: Verdict, *waivers: Waiver, at: datetime = NOON) -> tuple[Verdict, Use]:
    """The verdict beside its waivers, and what came of these."""
    use = Use(Waivers("w.yaml", "", waivers), at)
    (told,) = waived([found], use)
    assert isinstance(told, Verdict)
    return told, use


def timezone_of(hours: int) -> timezone:
    """A zone east of UTC."""
    return timezone(timedelta(hours=hours))


class TestApplied:
    """What a waiver changes, and what it does not."""

    @pytest.mark.parametrize("state", [State.NON_COMPLIANT, State.UNKNOWN])
    def test_all_is_waived(self, state: State) -> None:
        """The key is WAIVED; what the rule says stays, as does the problem."""
        found, use = applied(verdict(problem("ENABLED"), state=state), waiver("ENABLED"))
        assert (found.state, found.rule) == (State.WAIVED, "NON_COMPLIANT")
        assert [each.requirement for each in found.problems] == ["ENABLED"]
        assert (use.notes, use.is_mistaken) == ((), False)

    def test_what_nobody_could_read_is_not_waived(self) -> None:
        """Such as a policy that may not be read: nobody has looked at it, and decided not to mend it."""
        unread = problem("CONFIG_ACCESS", Certainty.POSSIBLE, "UNKNOWN")
        found, use = applied(verdict(unread, state=State.UNKNOWN), waiver("CONFIG_ACCESS"))
        assert (found.state, found.problems[0].waiver) == (State.UNKNOWN, None)
        assert use.notes == (f"whether CONFIG_ACCESS of {ARN} is met is UNKNOWN, which is not waived",)

    @pytest.mark.parametrize("state", [State.NON_COMPLIANT, State.UNKNOWN])
    def test_a_part_is_waived(self, state: State) -> None:
        """The key stays what it is, with the waiver beside its problem."""
        found, _ = applied(verdict(problem("ENABLED"), problem("SYMMETRIC"), state=state), waiver("ENABLED"))
        assert found.state is state
        assert [each.is_waived for each in found.problems] == [True, False]

    @pytest.mark.parametrize(
        ("at", "in_force", "told"),
        [
            (
                NOON - timedelta(days=2),
                True,
                "waived until 2026-11-25, 2 days left, owner me@example.com: Not yet.",
            ),
            (NOON - timedelta(days=1), True, "waived until 2026-11-25, 1 day left, "),
            (datetime(2026, 11, 25, 23, 59, 59, tzinfo=UTC), True, "waived until 2026-11-25, 0 days left, "),
            (
                datetime(2026, 11, 26, tzinfo=UTC),
                False,
                "waiver expired 1 day ago, on 2026-11-25, owner me@example.com",
            ),
            (NOON + timedelta(days=1_500), False, "waiver expired 1,500 days ago, "),
        ],
    )
    def test_the_last_day_counts(self, at: datetime, told: str, *, in_force: bool) -> None:
        """In UTC; one that has expired is shown, and changes nothing."""
        found, _ = applied(verdict(problem("ENABLED")), waiver("ENABLED"), at=at)
        assert found.problems[0].is_waived is in_force
        assert found.state is (State.WAIVED if in_force else State.NON_COMPLIANT)
        assert str(found.problems[0].waiver).startswith(told)

    def test_a_day_is_utcs(self) -> None:
        """Wherever the moment was told."""
        east = timezone_of(14)
        found, _ = applied(
            verdict(problem("ENABLED")), waiver("ENABLED"), at=datetime(2026, 11, 26, 13, tzinfo=east)
        )
        assert found.state is State.WAIVED

    def test_what_is_met_is_a_note(self) -> None:
        """No fault: it can be removed."""
        found, use = applied(verdict(problem("ENABLED")), waiver("ENABLED"), waiver("SYMMETRIC", line=9))
        assert found.state is State.WAIVED
        assert use.notes == (f"SYMMETRIC of {ARN} is met: the waiver can be removed",)
        use.require_known()

    def test_a_key_that_is_not_judged_is_a_note(self) -> None:
        """As well."""
        found, use = applied(verdict(state=State.NOT_APPLICABLE), waiver("ENABLED"))
        assert found.state is State.NOT_APPLICABLE
        assert use.notes == (f"ENABLED is not asked of {ARN}: the waiver can be removed",)

    def test_a_compliant_key_stays_so(self) -> None:
        """Nothing of it can be waived."""
        found, _ = applied(verdict(state=State.COMPLIANT), waiver("ENABLED"))
        assert found.state is State.COMPLIANT

    def test_doubt_without_a_problem_is_not_waived(self) -> None:
        """There is nothing that a waiver could be of."""
        found, _ = applied(verdict(state=State.UNKNOWN), waiver("ENABLED"))
        assert found.state is State.UNKNOWN

    def test_of_two_sources_of_a_key_one_needs_it(self) -> None:
        """That it is met in the other is no reason to remove it."""
        use = Use(Waivers("w.yaml", "", (waiver("ENABLED"),)), NOON)
        assert len([*waived([verdict(problem("ENABLED")), verdict(state=State.COMPLIANT)], use)]) == 2
        assert use.notes == ()

    def test_an_unknown_key_is_a_fault(self) -> None:
        """Nobody's waiver is silently of no effect; one without an ARN is no key that can be named."""
        _, use = applied(verdict(problem("ENABLED"), arn=None), waiver("ENABLED", line=7))
        assert use.is_mistaken
        with pytest.raises(WaiversError, match=f"w.yaml:7: {ARN} is not among the keys that were judged"):
            use.require_known()

    def test_what_is_no_key_passes(self) -> None:
        """As it is."""
        unread = Unread(Place("keys.json"), "it is cut off")
        assert [*waived([unread], Use(Waivers("w.yaml", "", (waiver("ENABLED"),)), NOON))] == [unread]


class TestTally:
    """The exit code of a check."""

    def test_what_is_waived_is_no_problem(self) -> None:
        """And no doubt, and is counted as what it is."""
        tally = Tally()
        tally.count(replace(verdict(problem("ENABLED")), state=State.WAIVED))
        assert (tally.exit_code(), str(tally)) == (ExitCode.DONE, "1 key: 1 WAIVED")

    def test_without_any_nobody_reads_of_it(self) -> None:
        """Not even 0."""
        tally = Tally()
        tally.count(verdict(problem("ENABLED")))
        assert "WAIVED" not in str(tally)


@pytest.fixture
def waivers(sources: Path) -> Path:
    """A file, beside the sources, that waives what the snapshot's key fails."""
    file = sources.parent / "waivers.yaml"
    write(file)
    return file


def write(file: Path, *more: str, expires: str = "2999-12-31", requirement: str = "ENABLED") -> None:
    """Write a waiver of the snapshot's key, and more of others."""
    told = [
        {
            "key": key,
            "requirement": requirement,
            "reason": "Not yet.",
            "owner": "me@example.com",
            "expires": expires,
        }
        for key in (ARN, *more)
    ]
    file.write_text(json.dumps({"version": 1, "waivers": told}, indent=1))


def check(run: Run, waivers: Path, *more: str) -> Any:
    """Check the snapshot."""
    return run("check", "snapshot.json", *SETTINGS, "--waivers", str(waivers), *more)


class TestCommand:
    """`lzkey check --waivers FILE`."""

    def test_in_force(self, run: Run, waivers: Path) -> None:
        """The head, the problem and its waiver, the last line, and 0; the twin is 3."""
        ended = check(run, waivers)
        assert (ended.code, ended.err) == (0, "")
        lines = [line.strip() for line in ended.out.splitlines()]
        assert lines[0] == f"WAIVED          {ARN}"
        assert lines[2].startswith("ENABLED: the key state is PendingDeletion")
        assert lines[3].startswith("ENABLED: waived until 2999-12-31, ")
        assert lines[3].endswith(" days left, owner me@example.com: Not yet.")
        assert lines[-1] == "2 keys: 1 WAIVED, 1 NOT_APPLICABLE"
        assert run("check", "snapshot.json", *SETTINGS).code == 3

    def test_expired(self, run: Run, waivers: Path) -> None:
        """It is told for how long, and the key fails as ever."""
        write(waivers, expires="2026-01-01")
        ended = check(run, waivers)
        assert ended.code == 3
        assert ended.out.startswith("NON_COMPLIANT ")
        assert "ENABLED: waiver expired " in ended.out

    def test_an_unknown_key(self, run: Run, waivers: Path) -> None:
        """The results are there all the same, then the fault; 2, also with --exit-zero, also in JSON."""
        other = f"{ARN[:-1]}c"
        write(waivers, other)
        ended = check(run, waivers, "--exit-zero", "--format", "json", "-o", "result.csv")
        document = json.loads(ended.out)
        assert (ended.code, document["exit_code"], len(document["results"])) == (2, 2, 2)
        assert f"{other} is not among the keys that were judged" in ended.err
        assert Path("result.csv").is_file()

    def test_notes(self, run: Run, waivers: Path) -> None:
        """Of what is met, and of what is not judged; on standard error, whoever is quiet."""
        write(waivers, NOT_JUDGED, requirement="SYMMETRIC")
        ended = check(run, waivers, "--quiet")
        assert ended.code == 3
        assert ended.err.splitlines() == [
            f"SYMMETRIC of {ARN} is met: the waiver can be removed",
            f"SYMMETRIC is not asked of {NOT_JUDGED}: the waiver can be removed",
        ]

    def test_a_wrong_file_comes_before_any_work(self, run: Run, waivers: Path) -> None:
        """All faults at once, and nothing is written."""
        write(waivers, expires="soon", requirement="ALL")
        ended = check(run, waivers, "-o", "result.json")
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith(f"error: {waivers}: 2 faults:\n  {waivers}:")
        assert not Path("result.json").exists()

    def test_a_result_over_the_file(self, run: Run, sources: Path) -> None:
        """Is refused."""
        write(sources / "w.json")
        ended = check(run, sources / "w.json", "-o", "w.json")
        assert (ended.code, ended.out) == (2, "")
        assert "w.json is what is read" in ended.err

    @pytest.mark.parametrize(("only", "shown"), [("waived", 1), ("non-compliant", 0)])
    def test_only(self, run: Run, waivers: Path, only: str, shown: int) -> None:
        """Waived is what it is called."""
        ended = check(run, waivers, "--only", only)
        assert ended.code == 0
        assert ended.out.count(ARN) == shown

    def test_json(self, run: Run, waivers: Path) -> None:
        """The finding has its waiver, and the rule's own answer stands beside it."""
        document = json.loads(check(run, waivers, "--format", "json").out)
        Draft202012Validator(schema_of("check")).validate(document)
        key = document["results"][0]
        assert (key["compliance"], key["rule_compliance"]) == ("WAIVED", "NON_COMPLIANT")
        told = key["findings"][0]["waiver"]
        assert told.pop("days_left") > 300_000
        assert told == {"reason": "Not yet.", "owner": "me@example.com", "expires": "2999-12-31"}
        assert (document["summary"]["WAIVED"], document["summary"]["NON_COMPLIANT"]) == (1, 0)

    def test_csv(self, run: Run, waivers: Path) -> None:
        """A column of its own."""
        rows = [*csv.DictReader(io.StringIO(check(run, waivers, "--format", "csv").out, newline=""))]
        assert [row["compliance"] for row in rows] == ["WAIVED", "NOT_APPLICABLE"]
        assert rows[0]["waivers"].startswith("ENABLED: waived until 2999-12-31, ")
        assert rows[1]["waivers"] == ""

    def test_markdown(self, run: Run, waivers: Path) -> None:
        """The waiver is an item below its problem."""
        out = check(run, waivers, "--format", "md").out
        assert f"- **WAIVED** `{ARN}`" in out
        assert "  - `ENABLED`: `waived until 2999-12-31, " in out

    def test_junit_skips_it(self, run: Run, waivers: Path) -> None:
        """No pass, and no failure, with the waiver as the message."""
        root = ET.fromstring(check(run, waivers, "--format", "junit").out)  # noqa: S314 - our own
        suite = root[0].attrib
        assert (suite["skipped"], suite["failures"], suite["errors"]) == ("2", "0", "0")
        case = next(root.iter("testcase"))
        (skipped,) = case
        assert skipped.tag == "skipped"
        assert skipped.attrib["message"].startswith("ENABLED: waived until 2999-12-31, ")
        assert "PendingDeletion" in str(skipped.text)

    def test_sarif_suppresses_it(self, run: Run, waivers: Path) -> None:
        """With its justification; every other result says that it is not suppressed, since all do or none."""
        sarif = json.loads(check(run, waivers, "--format", "sarif").out)
        Draft202012Validator(SARIF).validate(sarif)
        results = {each["ruleId"]: each["suppressions"] for each in sarif["runs"][0]["results"]}
        (suppression,) = results.pop("ENABLED")
        assert suppression.pop("justification").startswith("waived until 2999-12-31, ")
        assert suppression == {"kind": "external", "status": "accepted"}
        assert {*map(len, results.values())} == {0}
        write(waivers, expires="2026-01-01")
        sarif = json.loads(check(run, waivers, "--format", "sarif").out)
        assert [each["suppressions"] for each in sarif["runs"][0]["results"]] == [[]] * (1 + len(results))
        plain = run("check", "snapshot.json", *SETTINGS, "--format", "sarif").out
        assert "suppressions" not in plain
