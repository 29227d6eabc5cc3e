"""What check writes: one golden output per format, and hostile names that get nowhere."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator

from landing_zone_key import Certainty, Requirement
from landing_zone_key.advisories import AdvisoryCode
from lzkey.check.formats import Form, Head, sarif, writer
from lzkey.check.formats.sarif import RULES
from lzkey.check.run import Tally
from lzkey.check.verdict import Problem, Remark, Verdict, judge
from lzkey.documents import schema_of
from lzkey.errors import OutputError
from lzkey.sources.documents import KEY_POLICY
from lzkey.sources.subject import Kind, Place, Unread
from lzkey.state import State
from lzkey.waivers.values import Waived

if TYPE_CHECKING:
    from conftest import MakeFound, MakeKey, Run

    from landing_zone_key import LandingZone

HERE = Path(__file__).parent
ENDINGS = {"text": "txt", "json": "json", "csv": "csv", "markdown": "md", "sarif": "sarif", "junit": "xml"}
SETTINGS = ("--home-region", "us-east-1", "--management-account-id", "111122223333")
OURS = schema_of("check")
SARIF = json.loads((HERE / "sarif-subset.schema.json").read_text())
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
# Read here: a test's own environment has nothing of ours.
ACCEPT = os.environ.get("LZKEY_ACCEPT_GOLDEN") == "1"
each_format = pytest.mark.parametrize("form", Form)

HOSTILE = "=cmd|' /C calc'!A0 \x1b]0;title\x07\u202e|`x` <script>&\"'[a](b)\n# @team \udcff ]]>"


def stable(text: str) -> str:
    """The output without what changes from day to day."""
    text = re.sub(r'"requests_from": "[^"]*"', '"requests_from": "NOW"', text)
    return re.sub(r'("semanticVersion"|"version"): "1\.\d+\.\d+"', r'\1: "VERSION"', text)


def written(form: Form, *entries: Verdict | Unread, exit_code: int = 0) -> str:
    """What a writer makes of the entries."""
    stream, tally = io.StringIO(), Tally()
    made = writer(form, stream, Head({"HomeRegion": "us-east-1", "ManagementAccountId": "1"}, NOON))
    for entry in entries:
        tally.count(entry)
        made.add(entry)
    made.end(tally, exit_code)
    return stream.getvalue()


def hostile() -> tuple[Verdict, Verdict, Unread]:
    """Whatever a source may say, everywhere."""
    problem = Problem(
        "CONFIG_ACCESS",
        "EXPLICIT_DENY",
        HOSTILE,
        Certainty.REFUSED,
        statement=HOSTILE,
        line=2,
        waiver=Waived(HOSTILE, HOSTILE, NOON.date(), 0),
    )
    verdict = Verdict(
        name=HOSTILE,
        arn=None,
        place=Place(f"a b/{HOSTILE}", KEY_POLICY, HOSTILE, 1),
        state=State.NON_COMPLIANT,
        annotation=HOSTILE,
        rule="NON_COMPLIANT",
        problems=(problem,),
        unresolved=(HOSTILE,),
        assumptions=(HOSTILE,),
        label=f"{HOSTILE} label",
    )
    return verdict, replace(verdict, state=State.NOT_APPLICABLE, problems=()), Unread(verdict.place, HOSTILE)


class TestGolden:
    """Each format as it is, over the sources beside the tests."""

    @each_format
    def test_output(self, run: Run, sources: Path, form: Form) -> None:
        """To accept new output: LZKEY_ACCEPT_GOLDEN=1."""
        ended = run("check", ".", *SETTINGS, "--format", form)
        golden = HERE / f"golden/check.{ENDINGS[form]}"
        if ACCEPT:
            golden.write_text(stable(ended.out), newline="")
        assert ended.err == ""
        assert ended.code == 3
        with golden.open(newline="") as file:
            assert stable(ended.out) == file.read()
        assert sources.is_dir()


class TestFiles:
    """--output."""

    def test_all_formats_at_once(self, run: Run, sources: Path) -> None:
        """Each file has what standard output would have."""
        files = {form: f"result.{ending}" for form, ending in ENDINGS.items()}
        asked = [part for name in files.values() for part in ("--output", name)]
        ended = run("check", "policies", *SETTINGS, *asked)
        assert ended.code == 3
        for form, name in files.items():
            with (sources / name).open(newline="") as file:
                expected = run("check", "policies", *SETTINGS, "--format", form).out
                assert stable(file.read()) == stable(expected)

    @pytest.mark.parametrize("asked", [[], ["--output", "result.json"]])
    def test_nobody_reads_to_the_end(self, sources: Path, asked: list[str]) -> None:
        """As with `| head -1`: no complaint, least of all about a file, and no half of one."""
        words = [sys.executable, "-u", "-m", "lzkey", "check", ".", *SETTINGS, *asked]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout
            assert process.stderr
            process.stdout.close()
            assert (process.stderr.read(), process.wait()) == (b"", 1)
        assert list(sources.glob("*result*")) == []

    @each_format
    def test_an_encoding_without_the_character(self, sources: Path, form: Form) -> None:
        """A terminal of another time gets an escape in place of it; what programs read stays what it is."""
        (sources / "policies/missing.json").rename(sources / "鍵.json")
        words = [sys.executable, "-m", "lzkey", "check", "鍵.json", *SETTINGS, "--format", form]
        environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
        ended = subprocess.run(words, env=environment, capture_output=True, check=False)
        assert (ended.returncode, ended.stderr) == (3, b"")
        text = ended.stdout.decode("ascii")
        if form == "junit":
            assert {case.attrib["name"] for case in ET.fromstring(text).iter("testcase")} == {"鍵.json"}  # noqa: S314 - our own
        elif form == "json":
            assert json.loads(text)["results"][0]["name"] == "鍵.json"
        else:
            assert ("%E9%8D%B5" if form == "sarif" else "\\u9375.json") in text

    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            (["result.yaml"], "the suffix says the format"),
            (["result"], "the suffix says the format"),
            (["nowhere/result.json"], "there is no folder"),
            (["a.json", "./a.json"], "asked for twice"),
            (["a.json", "policies/../a.json"], "asked for twice"),
            (["policies.json"], "it is a folder"),
        ],
    )
    def test_refused_before_the_work(self, run: Run, sources: Path, asked: list[str], said: str) -> None:
        """Nothing is written, on standard output neither."""
        (sources / "policies.json").mkdir()
        ended = run("check", ".", *SETTINGS, *[part for name in asked for part in ("--output", name)])
        assert (ended.code, ended.out) == (2, "")
        assert said in ended.err
        assert not (sources / "a.json").exists()

    def test_longest_suffix_counts(self) -> None:
        """result.sarif.json is SARIF, result.json is not."""
        assert Form.of(Path("result.sarif.json")) is Form.SARIF
        assert Form.of(Path("RESULT.JSON")) is Form.JSON
        assert {Form.of(Path(f"result.{ending}")) for ending in ENDINGS.values()} == set(Form) == set(ENDINGS)
        with pytest.raises(OutputError):
            Form.of(Path("sarif"))


class TestHostile:
    """Nothing from a policy, a tag, a file's name or an error gets to act."""

    @each_format
    def test_no_terminal_escapes(self, form: Form) -> None:
        """No control character but line ends, no character that reorders text."""
        text = written(form, *hostile())
        assert [character for character in text if not (character.isprintable() or character in "\r\n")] == []
        text.encode()

    def test_csv_has_no_formula(self) -> None:
        """Every cell of a spreadsheet is text."""
        rows = list(csv.reader(io.StringIO(written(Form.CSV, *hostile()), newline="")))
        assert len(rows) == 4
        assert {len(row) for row in rows} == {16}
        assert [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t"))] == []
        assert rows[1][1].startswith("'=cmd")

    @pytest.mark.parametrize(
        ("text", "cell"),
        [
            *(("-1", "'-1"), (" =1", "' =1"), ("@a", "'@a"), ("+a", "'+a"), ("a=1", "a=1"), ("1-1", "1-1")),
            *(("a;=1", "a;'=1"), ("a; +1", "a;' +1"), ("a;b", "a;b"), ("\uff1d1", "'\uff1d1")),
        ],
    )
    def test_formula(self, text: str, cell: str) -> None:
        """What a spreadsheet would compute, and what it would not."""
        (row,) = list(csv.reader(io.StringIO(written(Form.CSV, Unread(Place("x"), text)), newline="")))[1:]
        assert row[5] == cell

    def test_markdown_has_code_spans_only(self) -> None:
        """Outside of them there is nothing that the source has said, on one line each."""
        lines = written(Form.MARKDOWN, *hostile()).splitlines()
        assert len(lines) == 2 + 5 + 4 + 2 + 2
        outside = [re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", "", line) for line in lines]
        assert [line for line in outside if re.search(r"script|@team|\[a\]|cmd", line)] == []

    def test_junit_stays_xml(self) -> None:
        """The texts come back as they were, but for what is not printable."""
        root = ET.fromstring(written(Form.JUNIT, *hostile()))  # noqa: S314 - our own
        failed, skipped, unread = root.iter("testcase")
        assert failed.attrib["name"].startswith(
            "=cmd|' /C calc'!A0 ?]0;title??|`x` <script>&\"'[a](b) # @team ?"
        )
        assert [child.tag for case in (failed, skipped, unread) for child in case] == [
            "failure",
            "skipped",
            "error",
        ]

    def test_json_comes_back_as_it_was(self) -> None:
        """Escaped, not replaced: programs get the very text."""
        document = json.loads(written(Form.JSON, *hostile()))
        assert document["results"][0]["name"] == HOSTILE
        assert document["results"][0]["label"] == f"{HOSTILE} label"
        Draft202012Validator(OURS).validate(
            {**document, "settings": {"HomeRegion": "us-east-1", "ManagementAccountId": "1"}}
        )

    def test_sarif_is_valid(self) -> None:
        """Its URIs are URIs."""
        document = json.loads(written(Form.SARIF, *hostile()))
        Draft202012Validator(SARIF).validate(document)
        location = document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
        assert location["artifactLocation"]["uri"].startswith("a%20b/%3Dcmd%7C")


class TestJson:
    """Version 1 is what its schema says."""

    def test_valid(self, run: Run, sources: Path) -> None:
        """All sources, with and without anything found."""
        (sources / "empty").mkdir()
        for source, code in ((".", 3), ("empty", 4), ("policies/documented.json", 0)):
            ended = run("check", source, *SETTINGS, "--format", "json")
            document = json.loads(ended.out)
            Draft202012Validator(OURS).validate(document)
            assert document["exit_code"] == ended.code == code

    def test_schema_is_strict_enough_to_fail(self, run: Run, sources: Path) -> None:
        """A member that is missing or misspelt is found."""
        assert sources.is_dir()
        document = json.loads(run("check", ".", *SETTINGS, "--format", "json").out)
        assert {result["type"] for result in document["results"]} == {"key", "unread"}
        first = next(result for result in document["results"] if result["type"] == "key")
        assert not list(Draft202012Validator(OURS).iter_errors(document))
        first["compliance"] = "compliant"
        assert list(Draft202012Validator(OURS).iter_errors(document))


class TestSarif:
    """What code scanning reads."""

    def results(self, run: Run, source: str) -> list[dict[str, Any]]:
        """The results of a check, of which the whole document is valid."""
        document = json.loads(run("check", source, *SETTINGS, "--format", "sarif").out)
        Draft202012Validator(SARIF).validate(document)
        results: list[dict[str, Any]] = document["runs"][0]["results"]
        return results

    def test_a_finding_is_an_error_at_its_statement(self, run: Run, sources: Path) -> None:
        """File and line of the Deny."""
        assert sources.is_dir()
        result = self.results(run, "policies/denied.json")[0]
        assert (result["level"], result["ruleId"]) == ("error", "CONFIG_ACCESS")
        assert result["locations"][0]["physicalLocation"] == {
            "artifactLocation": {"uri": "policies/denied.json"},
            "region": {"startLine": 19},
        }

    def test_what_is_not_determined_is_a_warning(self, run: Run, sources: Path) -> None:
        """With what would settle it."""
        assert sources.is_dir()
        (result,) = [each for each in self.results(run, "template.yaml") if each["level"] != "note"]
        assert result["level"] == "warning"
        assert "--parameter Trails=" in result["message"]["text"]

    @pytest.mark.parametrize(
        ("said", "text"),
        [
            ("[see here](https://example.com)", r"\[see here\](https://example.com)"),
            (r"[see\](1) C:\a", r"\[see\\\](1) C:\\a"),
            ("{0} ${aws:username}", "{{0}} ${{aws:username}}"),
            (r"Statement[1] (a) C:\a", r"Statement[1] (a) C:\a"),
        ],
    )
    def test_a_message_is_text(self, make_found: MakeFound, zone: LandingZone, said: str, text: str) -> None:
        """It has no link and no place of an argument (3.11.5, 3.11.6); the twin: brackets alone make none."""
        problem = Problem("CONFIG_ACCESS", "EXPLICIT_DENY", said, Certainty.REFUSED, runbook="there")
        verdict = replace(judge(make_found(), zone), name="a", problems=(problem,), remarks=())
        (run,) = json.loads(written(Form.SARIF, verdict, Unread(Place("x"), said)))["runs"]
        (told,) = run["invocations"][0]["toolExecutionNotifications"]
        assert run["results"][0]["message"] == {"text": f"a: {text} (runbook: there)"}
        assert told["message"] == {"text": text}

    def test_a_name_is_a_uri(self, make_found: MakeFound, zone: LandingZone) -> None:
        """Whatever is in it: no scheme, query or fragment, and no percent sign but that of an escape."""
        place = Place("a:b/[x](y) %41?z#\u00e9.json", KEY_POLICY)
        (result, *_) = json.loads(written(Form.SARIF, judge(make_found("denied", place=place), zone)))[
            "runs"
        ][0]["results"]
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert uri == "a%3Ab/%5Bx%5D%28y%29%20%2541%3Fz%23%C3%A9.json"

    def test_an_advisory_is_a_note(self, make_found: MakeFound, zone: LandingZone) -> None:
        """It is nobody's failure."""
        open_policy = {
            "Version": "2012-10-17",
            "Statement": {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"},
        }
        document = json.loads(written(Form.SARIF, judge(make_found(open_policy), zone)))
        assert {result["level"] for result in document["runs"][0]["results"]} == {"note"}

    def test_what_cannot_be_read_is_a_notification(self, run: Run, sources: Path) -> None:
        """Not a result: no requirement is known to fail."""
        assert sources.is_dir()
        document = json.loads(run("check", "cut-off.json", *SETTINGS, "--format", "sarif").out)
        (invocation,) = document["runs"][0]["invocations"]
        assert invocation["exitCode"] == 4
        assert "cut off" in invocation["toolExecutionNotifications"][0]["message"]["text"]

    def test_fingerprints_outlive_an_edit_elsewhere(self, run: Run, sources: Path) -> None:
        """The same finding some lines further down is the same."""
        path = sources / "policies/denied.json"
        before = self.results(run, str(path))
        path.write_text("\n\n" + path.read_text())
        after = self.results(run, "policies/denied.json")
        assert [each["partialFingerprints"] for each in before] == [
            each["partialFingerprints"] for each in after
        ]
        assert len({each["partialFingerprints"]["lzkeyFinding/v1"] for each in after}) == len(after)
        assert before[0]["locations"] != after[0]["locations"]

    @pytest.mark.parametrize(
        ("place", "uri"),
        [
            (
                Place("account 111122223333 in us-east-1", Kind.LIVE),
                "arn%3Aaws%3Akms%3Aus-east-1%3A111122223333%3Akey/1234abcd-12ab-34cd-56ef-1234567890ab",
            ),
            (Place("-", KEY_POLICY), "stdin"),
            (Place("keys/logs.json", KEY_POLICY), "keys/logs.json"),
        ],
    )
    def test_every_result_has_a_file_or_what_stands_for_one(
        self, make_found: MakeFound, zone: LandingZone, place: Place, uri: str
    ) -> None:
        """GitHub refuses a whole upload for one result without ("expected a physical location")."""
        verdict = judge(make_found("denied", place=place), zone)
        for result in json.loads(written(Form.SARIF, verdict))["runs"][0]["results"]:
            (location,) = result["locations"]
            assert location["physicalLocation"]["artifactLocation"] == {"uri": uri}
            assert location["physicalLocation"]["region"]["startLine"] == 30

    def test_thousands_of_unread_sources_stay_few(self) -> None:
        """They wait in memory; the last one tells how many there were."""
        unread = [Unread(Place(f"{n}.json"), "broken") for n in range(1_200)]
        document = json.loads(written(Form.SARIF, *unread))
        told = document["runs"][0]["invocations"][0]["toolExecutionNotifications"]
        assert len(told) == 1_000
        assert "1,200" in told[-1]["message"]["text"]

    def test_every_requirement_and_advisory_is_a_rule(self) -> None:
        """With help."""
        assert [rule["id"] for rule in RULES] == [*Requirement, *AdvisoryCode]
        assert all(rule["help"]["text"] for rule in RULES)

    def test_a_rule_has_a_name_beside_its_id(self) -> None:
        """In Pascal case, one of its own, and another word than the id, as SARIF Multitool asks for."""
        names = [rule["name"] for rule in RULES]
        assert len(set(names)) == len(names)
        assert [name for name in names if not re.fullmatch(r"([A-Z0-9][A-Za-z0-9]*)+", name)] == []
        ids = {rule["id"].replace("_", "").lower() for rule in RULES}
        assert ids & {name.lower() for name in names} == set()
        assert names[:2] == ["KeyIsEnabled", "KeyIsSymmetricForEncryption"]

    @pytest.mark.parametrize("where", ["", "https://example.com/docs"])
    def test_the_tool_says_where_it_is_documented(self, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
        """Once that has an address."""
        monkeypatch.setattr(sarif, "documentation", lambda: where)
        document = json.loads(written(Form.SARIF))
        Draft202012Validator(SARIF).validate(document)
        assert document["runs"][0]["tool"]["driver"].get("informationUri", "") == where


class TestJunit:
    """What build servers read."""

    def test_counts(self, run: Run, sources: Path) -> None:
        """Every key is a case; the numbers are those of the cases."""
        assert sources.is_dir()
        root = ET.fromstring(run("check", ".", *SETTINGS, "--format", "junit").out)  # noqa: S314 - our own
        (suite,) = root
        counted = {
            "tests": len(list(root.iter("testcase"))),
            "failures": len(list(root.iter("failure"))),
            "errors": len(list(root.iter("error"))),
            "skipped": len(list(root.iter("skipped"))),
        }
        assert {name: int(suite.attrib[name]) for name in counted} == counted
        assert min(counted.values()) > 0
        of_all = {name: suite.attrib[name] for name in ("tests", "failures", "errors")}
        assert root.attrib == of_all  # `skipped` is none that Jenkins' junit-10.xsd has there

    def test_what_xml_forbids_is_replaced(self) -> None:
        """Control characters, halves of characters and U+FFFF; the twin: `]]>` comes back."""
        said = "a]]>&<b \x00\x08\x0b\x1b\ud800\ufffe\uffff\x85 \u00e9"
        root = ET.fromstring(written(Form.JUNIT, Unread(Place(said), said)))  # noqa: S314 - our own
        (case,) = root.iter("testcase")
        shown = "a]]>&<b ???????? \u00e9"
        assert (case.attrib["name"], case[0].attrib["message"], case[0].text) == (shown, shown, shown)


class TestAssumptions:
    """What was taken for granted stands in every format, whatever the key came to."""

    @each_format
    @pytest.mark.parametrize("written_as", ["documented", "denied", "missing"])
    @pytest.mark.parametrize("key_manager", ["CUSTOMER", "AWS"])
    def test_each_is_said(
        self,
        make_key: MakeKey,
        make_found: MakeFound,
        zone: LandingZone,
        form: Form,
        written_as: str,
        key_manager: str,
    ) -> None:
        """Of a key that is compliant, that is not, and that is not judged; nothing is said of another key."""
        key = make_key(written_as, KeyManager=key_manager)
        assumptions = ("it is in Region <us-east-1>", "a condition holds")
        text = written(form, judge(make_found(key=key, assumptions=assumptions), zone))
        assert "a condition holds" in text
        assert ("Region &lt;us-east-1&gt;" if form == "junit" else "Region <us-east-1>") in text
        assert "assumed" not in written(form, judge(make_found(key=key), zone)).replace("assumptions", "")

    def test_sarif_has_a_note_where_it_has_no_result(self, make_found: MakeFound, zone: LandingZone) -> None:
        """The twin: where it has one, it is said there, and not once more."""
        for policy, notes, results in (("documented", 1, 0), ("missing", 0, 2)):
            verdict = replace(judge(make_found(policy, assumptions=("a condition holds",)), zone), remarks=())
            document = json.loads(written(Form.SARIF, verdict))
            Draft202012Validator(SARIF).validate(document)
            (run,) = document["runs"]
            told = run["invocations"][0]["toolExecutionNotifications"]
            assert [each["level"] for each in told] == ["note"] * notes
            said = [each["message"]["text"] for each in [*told, *run["results"]]]
            assert len(said) == notes + results
            assert all("assumed: a condition holds" in each for each in said)

    def test_notes_leave_room_for_what_could_not_be_read(
        self, make_found: MakeFound, zone: LandingZone
    ) -> None:
        """Thousands of one are still few, and those of the other are all there."""
        verdict = judge(make_found(assumptions=("a condition holds",)), zone)
        document = json.loads(written(Form.SARIF, *[verdict] * 1_200, Unread(Place("x"), "broken")))
        told = document["runs"][0]["invocations"][0]["toolExecutionNotifications"]
        assert len(told) == 1_001
        assert "1,200" in told[-2]["message"]["text"]
        assert told[-1]["message"]["text"] == "broken"

    @pytest.mark.parametrize(
        ("policy", "key_manager", "tag"),
        [
            ("documented", "CUSTOMER", "system-out"),
            ("missing", "CUSTOMER", "failure"),
            ("missing", "AWS", "skipped"),
        ],
    )
    def test_junit_says_it_in_what_a_case_has(
        self,
        make_key: MakeKey,
        make_found: MakeFound,
        zone: LandingZone,
        policy: str,
        key_manager: str,
        tag: str,
    ) -> None:
        """Which is its output where nothing is wrong."""
        found = make_found(key=make_key(policy, KeyManager=key_manager), assumptions=("a condition holds",))
        (case,) = ET.fromstring(written(Form.JUNIT, judge(found, zone))).iter("testcase")  # noqa: S314 - our own
        (child,) = case
        assert child.tag == tag
        assert "assumed: a condition holds" in (child.text or "").splitlines()


class TestAdvisories:
    """What is worth knowing stands in every format that people read."""

    @pytest.mark.parametrize("form", [Form.TEXT, Form.MARKDOWN, Form.CSV, Form.JSON, Form.SARIF])
    def test_each_is_said(self, make_found: MakeFound, zone: LandingZone, form: Form) -> None:
        """With its code, whatever the key came to; the twin: nothing is said where there is none."""
        compliant = judge(make_found(), zone)
        remark = Remark("NO_ACCOUNT_ROOT", "nobody is root", None, 7)
        for verdict in (compliant, judge(make_found("missing"), zone)):
            text = written(form, replace(verdict, remarks=(remark,)))
            assert "nobody is root" in text
            assert "NO_ACCOUNT_ROOT" in text
            assert "nobody is root" not in written(form, replace(verdict, remarks=()))

    def test_a_line_is_said_where_it_tells_something(self, make_found: MakeFound, zone: LandingZone) -> None:
        """The twin: the line of the key itself stands there already."""
        for line, told in ((7, "NO_ACCOUNT_ROOT: line 7: nobody"), (3, "NO_ACCOUNT_ROOT: nobody")):
            remark = Remark("NO_ACCOUNT_ROOT", "nobody is root", None, line)
            verdict = replace(judge(make_found(), zone), remarks=(remark,))
            assert told in written(Form.TEXT, verdict)

    def test_its_words_are_quoted(self, make_found: MakeFound, zone: LandingZone) -> None:
        """They hold texts of the policy."""
        remark = Remark("UNFILLED_VALUE", HOSTILE, "a", 7)
        text = written(Form.MARKDOWN, replace(judge(make_found(), zone), remarks=(remark,)))
        (line,) = (line for line in text.splitlines() if "UNFILLED_VALUE" in line)
        outside = re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", "", line)
        assert outside == "  - worth knowing:  (line 7): "


class TestTable:
    """What people read."""

    def test_a_name_cannot_look_like_a_result(self) -> None:
        """A line end in it is none."""
        text = written(Form.TEXT, Unread(Place("a\nCOMPLIANT       b"), "it is\nbroken"))
        assert [line for line in text.splitlines() if line.startswith("COMPLIANT")] == []

    def test_one_line_at_the_end(self, run: Run, sources: Path) -> None:
        """The counts."""
        assert sources.is_dir()
        out = run("check", ".", *SETTINGS).out
        assert out.splitlines()[-1] == (
            "6 keys: 3 NON_COMPLIANT, 1 UNKNOWN, 1 COMPLIANT, 1 NOT_APPLICABLE; 1 could not be read; "
            "1 file or resource was passed over"
        )

    def test_no_colour_where_nobody_sees_it(
        self, run: Run, sources: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Also where rich is told to colour everything: a file is a file."""
        monkeypatch.setenv("FORCE_COLOR", "1")
        run("check", ".", *SETTINGS, "--output", "result.txt")
        assert "\x1b" not in (sources / "result.txt").read_text()
