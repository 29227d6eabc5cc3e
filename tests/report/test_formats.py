"""The report as a table, as Markdown and on the screen: complete, and nothing in it does anything."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import subprocess
from collections import Counter
from contextlib import nullcontext
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from markdown_it import MarkdownIt

from landing_zone_key.assessment import COMPLIANT_FOR_ONE
from landing_zone_key.finding import Requirement
from lzkey.aws.former_keys import FormerKey
from lzkey.aws.key_name import called
from lzkey.catalogue import PREMISES, advice
from lzkey.errors import OutputError
from lzkey.files import require_files
from lzkey.quoting import references
from lzkey.report.annotations import failures
from lzkey.report.document import as_document
from lzkey.report.formats import Form, render, write
from lzkey.report.formats.csv import COLUMNS
from lzkey.report.html import Beside, as_html
from lzkey.report.model import Account, Cause, Collected, Doubt, KeyResult
from lzkey.report.wording import percentage, unknowns
from lzkey.state import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lzkey.report.model import Report

NAMES = ("healthy", "troubled", "empty", "hostile", "waived")


@pytest.fixture(params=NAMES)
def report(request: pytest.FixtureRequest, load_report: Callable[[str], Report]) -> Report:
    """Each of reports/*.json."""
    return load_report(request.param)


def rows_of(report: Report) -> list[dict[str, str]]:
    """The rows of the table."""
    return list(csv.DictReader(io.StringIO(render(report, Form.CSV), newline="")))


@pytest.mark.parametrize("form", [Form.HTML, Form.MARKDOWN])
def test_what_every_proof_takes_for_granted(report: Report, form: Form) -> None:
    """Stands beside the method, with its sources."""
    written = html.unescape(render(report, form))
    for premise in PREMISES:
        assert premise.text in written
        assert all(page in written for page in premise.pages)


class TestCsv:
    """A row per key and requirement, and one per doubt."""

    def test_every_key_is_there(self, report: Report) -> None:
        """Judged ones with all seven requirements, others with one row."""
        rows = rows_of(report)
        found = Counter(row["key"] for row in rows if row["key"] and not row["service"])
        judged = {State.COMPLIANT, State.WAIVED, State.NON_COMPLIANT}
        assert found == {key.arn: len(Requirement) if key.state in judged else 1 for key in report.keys}
        assert len([row for row in rows if row["state"] == "UNKNOWN"]) == report.counts[State.UNKNOWN]

    def test_what_fails(self, report: Report) -> None:
        """Is what the keys' failures are, and everything else holds."""
        failed = {(row["key"], row["requirement"]) for row in rows_of(report) if row["holds"] == "no"}
        assert failed == {(key.arn, failure.requirement) for key in report.keys for failure in key.failures}
        compliant = [row for row in rows_of(report) if row["state"] == "COMPLIANT"]
        assert {row["holds"] for row in compliant} <= {"yes"}
        assert all(bool(row["fix"]) == (row["holds"] != "yes") for row in rows_of(report) if row["holds"])

    @pytest.mark.parametrize("outdated", [False, True])
    def test_what_an_outdated_failure_leaves_open(
        self, load_report: Callable[[str], Report], *, outdated: bool
    ) -> None:
        """Is everything that it does not name; of a result in force the rest holds."""
        report = load_report("healthy")
        doubt = Doubt(Cause.RESULT_OUTDATED, "the key has changed since", "evaluate the rule")
        key = replace(
            report.keys[0],
            state=State.NON_COMPLIANT,
            annotation="ENABLED: Disabled",
            failures=failures("ENABLED: Disabled"),
            outdated=doubt if outdated else None,
        )
        rows = [row for row in rows_of(replace(report, keys=(key,))) if row["requirement"]]
        others = {(row["holds"], row["cause"]) for row in rows if row["requirement"] != "ENABLED"}
        assert [row["holds"] for row in rows if row["requirement"] == "ENABLED"] == ["no"]
        assert others == {("", "RESULT_OUTDATED") if outdated else ("yes", "")}

    @pytest.mark.parametrize("idle", [Requirement.CONFIG_ACCESS, Requirement.CLOUDTRAIL_ACCESS])
    def test_of_a_key_of_one_service(self, load_report: Callable[[str], Report], idle: Requirement) -> None:
        """Nothing is said of the other's requests."""
        report = load_report("healthy")
        key = replace(report.keys[0], annotation=COMPLIANT_FOR_ONE[idle])
        rows = [row for row in rows_of(replace(report, keys=(key,))) if row["requirement"]]
        assert {row["requirement"]: row["holds"] for row in rows} == {
            requirement: "" if requirement == idle else "yes" for requirement in Requirement
        }

    @pytest.mark.parametrize(
        ("requirement", "fix"),
        [
            ("CONFIG_ACCESS", "In the management account run lzkey fix --discover ARN"),
            ("ENABLED", "(aws kms cancel-key-deletion), and run aws kms enable-key --key-id ARN"),
            ("HOME_REGION", "set the rule parameter KeyScope to landing-zone"),
            ("SYMMETRIC", "enter it in the landing zone's settings"),
        ],
    )
    def test_what_to_do(self, requirement: str, fix: str) -> None:
        """Is one sentence, with the command for this key."""
        assert advice(requirement).brief("ARN").endswith(fix)

    @pytest.mark.parametrize("unknown", ["", "refused"])
    def test_whose_keys_they_are(self, load_report: Callable[[str], Report], unknown: str) -> None:
        """Is not denied where nobody knows it."""
        report = load_report("troubled")
        report = replace(report, landing_zone=replace(report.landing_zone, unknown=unknown))
        told = {row["landing_zone_key"] for row in rows_of(report) if row["key"]}
        assert told == {"yes", "unknown" if unknown else "no"}

    def test_causes(self, report: Report) -> None:
        """Every doubt has its cause and what to do."""
        unknown = [row for row in rows_of(report) if row["state"] == "UNKNOWN"]
        assert all(row["cause"] and row["detail"] and row["fix"] for row in unknown)
        others = (row for row in rows_of(report) if row["state"] != "UNKNOWN" and not row["service"])
        assert not any(row["cause"] for row in others)

    def test_lines(self, report: Report) -> None:
        """End with CR LF, and each has all columns (RFC 4180)."""
        text = render(report, Form.CSV)
        assert text.endswith("\r\n")
        assert {len(row) for row in csv.reader(io.StringIO(text, newline=""))} == {len(COLUMNS)}


def parsed(markdown: str) -> list[Any]:
    """Every token, as a reader of GitHub's kind understands them."""
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(markdown)
    return [part for token in tokens for part in (token, *(token.children or ()))]


class TestMarkdown:
    """Tables, and nothing that the text of others made."""

    def test_notes_are_no_premises(self, report: Report) -> None:
        """A list right after another would go on with it: each has a heading of its own."""
        markdown = render(replace(report, notes=("a note",), idle_waivers=("a waiver",)), Form.MARKDOWN)
        for heading, note in (
            ("Could not be read on the way", "a note"),
            ("Waivers without effect", "a waiver"),
        ):
            assert f"\n### {heading}\n\n- " in markdown
            assert f"- {note}\n\n### " in markdown

    def test_structure(self, report: Report) -> None:
        """No link, picture, HTML or code block, and every row has its table's columns."""
        tokens = parsed(render(report, Form.MARKDOWN))
        kinds = Counter(token.type for token in tokens)
        assert not kinds.keys() & {"link_open", "image", "html_inline", "html_block", "fence", "code_block"}
        assert kinds["heading_open"] == kinds["heading_close"] > 0
        widths: list[set[int]] = []
        for token in tokens:
            if token.type == "table_open":
                widths.append(set())
            elif token.type == "tr_open":
                width = 0
            elif token.type in {"td_open", "th_open"}:
                width += 1
            elif token.type == "tr_close":
                widths[-1].add(width)
        assert all(len(width) == 1 for width in widths)

    def test_every_failure_is_there(self, report: Report) -> None:
        """Under its requirement."""
        markdown = render(report, Form.MARKDOWN)
        for key in report.keys:
            for failure in key.failures:
                name = references(called(key.arn, key.name))
                assert f"{name} | {references(failure.detail)} |" in markdown


class TestJson:
    """The document, indented."""

    def test_is_the_document(self, report: Report) -> None:
        """And in ASCII, so that no terminal obeys it."""
        text = render(report, Form.JSON)
        assert json.loads(text) == as_document(report)
        assert text.isascii()
        assert all(sign.isprintable() or sign == "\n" for sign in text)


class TestScreen:
    """The most important in short."""

    def test_says(self, report: Report) -> None:
        """The answer, the counts, each cause; and nothing that drives a terminal."""
        said = render(report, Form.TEXT)
        assert f"{report.counts[State.NON_COMPLIANT]} NON_COMPLIANT" in said
        causes = {key.doubt.cause for key in report.keys if key.doubt}
        assert all(cause in said for cause in causes)
        assert all(sign.isprintable() or sign == "\n" for sign in said)

    def test_what_to_do(self, load_report: Callable[[str], Report]) -> None:
        """Is said of the landing zone's key that fails, and of everything unknown."""
        report = load_report("troubled")
        said = " ".join(render(report, Form.TEXT).split())
        assert said.count(f"lzkey fix --discover {report.landing_zone.keys[0]}") == 1
        doubt, account, region, _ = next(unknowns(report))
        name = report.account_names[account]
        assert f"account {account} ({name}), {region}: {doubt.cause}: {doubt.detail}; {doubt.fix}" in said

    def test_is_short(self, load_report: Callable[[str], Report]) -> None:
        """However many keys there are, and says how many more."""
        said = render(load_report("troubled"), Form.TEXT)
        assert "… and 16 NON_COMPLIANT keys more: write a file with --output" in said


class TestFormerKeys:
    """What older logs are read with, in every format."""

    SAID = "PendingDeletion until 2026-12-20: log objects that are encrypted with it cannot be read"
    FIX = "aws kms cancel-key-deletion --key-id"

    @staticmethod
    def report_with(load_report: Callable[[str], Report], *states: str) -> Report:
        """A report in which each of the first keys that are not the landing zone's is a former one."""
        report = load_report("troubled")
        others = [key for key in report.keys if not key.of_landing_zone]
        former = tuple(
            FormerKey(
                key.arn, state, "2026-12-20" if state == "PendingDeletion" else None, None, ("CloudTrail",)
            )
            for key, state in zip(others, states, strict=False)
        )
        return replace(report, landing_zone=replace(report.landing_zone, former_keys=former))

    @pytest.mark.parametrize("form", [Form.TEXT, Form.MARKDOWN, Form.HTML])
    def test_one_that_waits_for_its_deletion(self, load_report: Callable[[str], Report], form: Form) -> None:
        """Is told with its date, and with what to do."""
        told = " ".join(render(self.report_with(load_report, "PendingDeletion"), form).split())
        assert self.SAID in told
        assert self.FIX in told

    @pytest.mark.parametrize("form", [Form.TEXT, Form.MARKDOWN, Form.HTML])
    def test_one_that_is_enabled(self, load_report: Callable[[str], Report], form: Form) -> None:
        """Is told, too, and nothing is to be done about it; without any, none is told of."""
        report = replace(self.report_with(load_report, "Enabled"), observed=None)
        told = " ".join(render(report, form).split())
        assert "Enabled; its policy admits CloudTrail" in told
        former = report.landing_zone.former_keys[0].arn
        assert f"{self.FIX} {former}" not in told
        assert "ormer key" not in render(replace(load_report("troubled"), observed=None), form)

    def test_on_the_screen(self, load_report: Callable[[str], Report]) -> None:
        """Those of which something is wrong come first, and of many the number is told."""
        report = self.report_with(load_report, *["Enabled"] * 20, "Disabled")
        told = " ".join(render(report, Form.TEXT).split())
        assert told.index("Disabled: log objects") < told.index("Enabled; its policy")
        assert "… and 1 former key more" in told

    def test_in_the_table(self, load_report: Callable[[str], Report]) -> None:
        """The column that tells the landing zone's keys tells its former ones."""
        report = self.report_with(load_report, "Enabled")
        (former,) = report.landing_zone.former_keys
        told = {row["key"] for row in rows_of(report) if row["landing_zone_key"] == "former"}
        assert told == {former.arn}

    @pytest.mark.parametrize("form", [Form.TEXT, Form.MARKDOWN, Form.HTML])
    def test_with_hostile_words(self, load_report: Callable[[str], Report], form: Form) -> None:
        """Is text and nothing else."""
        report = self.report_with(load_report, "<script>alert(1)</script>\x1b[31m")
        told = render(report, form)
        assert "\x1b" not in told
        assert form is Form.TEXT or "<script>alert" not in told


class TestAnExcludedAccount:
    """Is missed nowhere, whatever is said of it."""

    @pytest.mark.parametrize("excluded", [True, False])
    def test_its_doubt(self, load_report: Callable[[str], Report], *, excluded: bool) -> None:
        """Is in no format, and in no count."""
        report = load_report("empty")
        report = replace(report, places=(replace(report.places[0], excluded=excluded),))
        told = (render(report, Form.TEXT), render(report, Form.CSV), render(report, Form.MARKDOWN))
        assert [("RULE_MISSING" in text or "RULE\\_MISSING" in text) for text in told] == [not excluded] * 3
        assert report.counts[State.UNKNOWN] == (not excluded)


class TestPercentage:
    """As a calculator gives it; 100.0 % is all of it, and 0.0 % is none."""

    @pytest.mark.parametrize(
        ("score", "said"),
        [
            (None, "nothing judged"),
            (1.0, "100.0%"),
            (59_999 / 60_000, "99.998%"),
            (1 / 60_000, "0.002%"),
            (2 / 3, "66.7%"),
            (1 / 16, "6.3%"),
            (23 / 80, "28.8%"),
            (0.57, "57.0%"),
            (0.29, "29.0%"),
            (0.0, "0.0%"),
        ],
    )
    def test_each(self, score: float | None, said: str) -> None:
        """To a tenth, and further where a tenth would say all or nothing."""
        assert percentage(score) == said

    def test_its_formula(self, load_report: Callable[[str], Report]) -> None:
        """Is in every format, with the same numbers."""
        report = load_report("troubled")
        counts = json.loads(render(report, Form.JSON))["summary"]["counts"]
        compliant, *others = (counts[state] for state in ("COMPLIANT", "NON_COMPLIANT", "UNKNOWN"))
        numbers = f"{compliant} / ({compliant} + {others[0]} + {others[1]})"
        screen = render(report, Form.TEXT)
        for told in (" ".join(screen.split()), render(report, Form.MARKDOWN), render(report, Form.HTML)):
            assert numbers in told
            assert percentage(report.score) in told


class TestHalfACharacter:
    """As JSON can tell of it, and no file can hold it."""

    @pytest.mark.parametrize("form", Form)
    def test_is_written(self, load_report: Callable[[str], Report], tmp_path: Path, form: Form) -> None:
        """As a question mark, or as JSON tells it."""
        report = load_report("empty")
        report = replace(report, notes=("half \ud83d",), accounts=(Account("111122223333", "\udc00", ""),))
        file = tmp_path / f"report{form.suffixes[0]}"
        write(report, [file])
        assert file.read_text(encoding="utf-8")


class TestFiles:
    """All of them, or none."""

    def test_each_by_its_name(self, report: Report, tmp_path: Path) -> None:
        """Letter for letter what is rendered."""
        names = {"a.json": Form.JSON, "b.csv": Form.CSV, "c.md": Form.MARKDOWN, "d.HTML": Form.HTML}
        write(report, [tmp_path / name for name in names])
        written = {form: (tmp_path / name).read_bytes().decode() for name, form in names.items()}
        beside = Beside("a.json", sha256(written[Form.JSON].encode()).hexdigest())
        assert written.pop(Form.HTML) == as_html(report, beside).encode("utf-8", "replace").decode()
        assert written == {form: render(report, form) for form in written}
        assert len(list(tmp_path.iterdir())) == len(names)

    def test_one_that_cannot_be_written(self, load_report: Callable[[str], Report], tmp_path: Path) -> None:
        """Leaves the others as they were."""
        (tmp_path / "a.json").write_text("before")
        (tmp_path / "b.csv").mkdir()
        with pytest.raises(OutputError, match=r"d.csv cannot be written"):
            write(load_report("empty"), [tmp_path / "a.json", tmp_path / "b.csv" / "c" / "d.csv"])
        assert (tmp_path / "a.json").read_text() == "before"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "b.csv"]

    @pytest.mark.parametrize(
        ("names", "said"),
        [
            (
                ["a.pdf"],
                "a.pdf: the suffix says the format; it is one of .txt, .html, .htm, .json, .csv, .md, ",
            ),
            (["a"], "it is one of"),
            (["no/a.csv"], "there is no folder"),
            (["a.csv", "./a.csv"], "asked for twice"),
            (["folder.csv"], "it is a folder"),
        ],
    )
    def test_are_refused_before_the_work(self, tmp_path: Path, names: list[str], said: str) -> None:
        """With what is wrong."""
        (tmp_path / "folder.csv").mkdir()
        with pytest.raises(OutputError, match=said):
            require_files([tmp_path / name for name in names], Form)

    @pytest.mark.parametrize("same", [True, False])
    def test_by_two_names(self, tmp_path: Path, *, same: bool) -> None:
        """The same file is the same file."""
        (tmp_path / "link.csv").symlink_to(tmp_path / ("report.csv" if same else "other.csv"))
        with pytest.raises(OutputError, match="twice") if same else nullcontext():
            require_files([tmp_path / "report.csv", tmp_path / "link.csv"], Form)


class TestDigest:
    """What the foot of a page says of the JSON file that was written with it."""

    @pytest.mark.parametrize(
        "name", ["report.json", "the auditor's copy.JSON", "$(touch x) <b>.json", "-c.json"]
    )
    def test_is_what_the_command_beside_it_prints(self, report: Report, tmp_path: Path, name: str) -> None:
        """As it stands there, typed in the file's folder, whatever the file is called."""
        write(report, [tmp_path / "page.html", tmp_path / name])
        page = (tmp_path / "page.html").read_text()
        (command,) = re.findall(r'id="recompute">([^<]+)<', page)
        (digest,) = re.findall(r'id="fingerprint">([^<]+)<', page)
        words = ["/bin/sh", "-c", html.unescape(command)]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
        assert done.stdout.split()[0].lstrip("\\") == digest
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["page.html", name])

    def test_is_not_there_without_such_a_file(self, report: Report, tmp_path: Path) -> None:
        """Nobody could recompute it."""
        write(report, [tmp_path / "page.html", tmp_path / "table.csv"])
        assert (tmp_path / "page.html").read_text() == render(report, Form.HTML)
        assert "SHA-256 of the data" not in render(report, Form.HTML)
        assert "fingerprint" not in render(report, Form.HTML)


class TestSubject:
    """What a report says that it is of."""

    @pytest.mark.parametrize("collected", Collected)
    def test_of_one_account(self, load_report: Callable[[str], Report], collected: Collected) -> None:
        """Is never the organization, although it is in one."""
        report = load_report("healthy")
        report = replace(report, scope=replace(report.scope, collected=collected))
        alone = collected is Collected.ACCOUNT
        assert ("report: account 777788889999" in render(report, Form.MARKDOWN)) == alone
        assert ("<h1>Account 777788889999</h1>" in render(report, Form.HTML)) == alone
        assert ("<h1>o-exampleorgid</h1>" in render(report, Form.HTML)) != alone


class TestBounds:
    """Between which the score lies when everything is settled."""

    @pytest.mark.parametrize(
        ("unseen", "said"),
        [
            (False, "1 unknown counts against it: settled, it lies between 0.0% and 100.0%."),
            (True, "1 unknown counts against it; 1 is an account-Region pair that may have keys nobody sees"),
        ],
    )
    def test_each(self, load_report: Callable[[str], Report], said: str, *, unseen: bool) -> None:
        """Are not known where nobody knows how many keys there are."""
        report = load_report("empty")
        (place, *others) = report.places
        assert place.doubt is not None
        if not unseen:
            arn = f"arn:aws:kms:{place.region}:{place.account}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
            key = KeyResult(arn, place.account, place.region, State.UNKNOWN, "", doubt=place.doubt)
            place = replace(place, keys={State.UNKNOWN: 1})
            report = replace(report, places=(place, *others), keys=(key,))
        assert said in render(report, Form.HTML)
