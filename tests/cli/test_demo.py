"""`lzkey demo`, run once as a user runs it: what it shows, and that it leaves nothing behind."""

from __future__ import annotations

import html
import json
import os
import re
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from lzkey.documents import schema_of
from lzkey.terminal import picture
from lzkey_sandbox.demo import Act, Deliveries, Kept, KeyTable, Row, Scoped
from lzkey_sandbox.demo.page import as_json, shown
from lzkey_sandbox.demo.story import NotJudged

ROOT = Path(__file__).parents[2]
LZKEY = (sys.executable, "-m", "lzkey")

# What each key is for: its compliance, the requirements that fail, and what must be named.
EXPECTED = {
    "landing-zone": ("COMPLIANT", (), "Proved"),
    "merged-statement": ("COMPLIANT", (), "Proved"),
    "disabled": ("NON_COMPLIANT", ("ENABLED",), "Disabled"),
    "pending-deletion": ("NON_COMPLIANT", ("ENABLED",), "PendingDeletion until 20"),
    "asymmetric": ("NON_COMPLIANT", ("SYMMETRIC",), "RSA_2048"),
    "hmac": ("NON_COMPLIANT", ("SYMMETRIC",), "HMAC_256"),
    "multi-region": ("NON_COMPLIANT", ("SINGLE_REGION",), "multi-Region"),
    "default-policy": ("NON_COMPLIANT", ("CLOUDTRAIL_ACCESS", "CONFIG_ACCESS"), "no statement allows it"),
    "without-cloudtrail": ("NON_COMPLIANT", ("CLOUDTRAIL_ACCESS",), "no statement allows it"),
    "without-config": ("NON_COMPLIANT", ("CONFIG_ACCESS",), "no statement allows it"),
    "pinned-to-one-account": ("NON_COMPLIANT", ("CONFIG_ACCESS",), "SourceAccount"),
    "home-region-only": ("NON_COMPLIANT", ("CONFIG_ACCESS",), "aws:SourceArn"),
    "shared-conditions": ("NON_COMPLIANT", ("CONFIG_ACCESS",), "LandingZoneLogs"),
    "literal-asterisk": ("NON_COMPLIANT", ("CLOUDTRAIL_ACCESS",), "aws:SourceArn"),
    "left-placeholder": ("NON_COMPLIANT", ("CLOUDTRAIL_ACCESS", "CONFIG_ACCESS"), "Resource"),
    "principal-org": ("NON_COMPLIANT", ("CONFIG_ACCESS",), "aws:PrincipalOrgID"),
    "one-data-key-action": ("NON_COMPLIANT", ("CLOUDTRAIL_ACCESS",), "GenerateDataKeyWithoutPlaintext"),
    "expiring-grant": ("NON_COMPLIANT", ("CONFIG_ACCESS",), "aws:CurrentTime"),
    "aws/s3": ("NOT_APPLICABLE", (), "AWS managed key"),
}


@dataclass(frozen=True)
class Ran:
    """One run of the command."""

    document: dict[str, Any]
    progress: str
    svg: str
    report: str


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The demo, away from the checkout, under an environment that must not reach it."""
    folder = tmp_path_factory.mktemp("demo")
    misleading = {
        "AWS_PROFILE": "production",
        "AWS_REGION": "eu-west-3",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    }
    done = subprocess.run(
        [*LZKEY, "demo", "--format", "json", "--svg", "demo.svg", "--report", "landing-zone-report.html"],
        cwd=folder,
        env={**os.environ, **misleading},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["demo.svg", "landing-zone-report.html"]
    report = (folder / "landing-zone-report.html").read_text()
    return Ran(json.loads(done.stdout), done.stderr, (folder / "demo.svg").read_text(), report)


class TestScope:
    """KeyScope=landing-zone, which comes first and last."""

    def test_the_landing_zones_key_alone_is_judged(self, ran: Ran) -> None:
        """Each other key is NOT_APPLICABLE, and why is told."""
        (scoped,) = ran.document["scoped"]
        assert (scoped["row"]["key"], scoped["row"]["compliance"]) == ("landing-zone", "COMPLIANT")
        assert scoped["row"]["annotation"].startswith("Proved")
        managed = EXPECTED["aws/s3"][2]
        others = {
            other["annotation"].partition(":")[0].removeprefix("An "): other["keys"]
            for other in scoped["others"]
        }
        assert others == {"Not a key of the landing zone's manifest": len(EXPECTED) - 2, managed: 1}

    def test_the_rule_has_it_again_at_the_end(self, ran: Ran) -> None:
        """The report tells the rule's parameters, and counts the one key that is judged."""
        assert '<dt>KeyScope</dt><dd><code class="arn">landing-zone</code>' in ran.report
        assert ">1 of 1</p>" in ran.report


class TestTable:
    """KeyScope=all: every key, as the AWS Config console shows it."""

    @pytest.mark.parametrize("alias", EXPECTED)
    def test_a_key_gets_its_answer(self, ran: Ran, alias: str) -> None:
        """Compliance, exactly the requirements that fail, and what is wrong."""
        compliance, requirements, named = EXPECTED[alias]
        (row,) = [row for row in ran.document["keys"] if row["key"] == alias]
        assert row["compliance"] == compliance
        assert tuple(re.findall(r"(?:^|; )([A-Z_]+):", row["annotation"])) == requirements
        assert named in row["annotation"]

    def test_every_key_is_there_once(self, ran: Ran) -> None:
        """And no other."""
        assert [row["key"] for row in ran.document["keys"]] == list(EXPECTED)

    def test_no_two_faults_read_alike(self, ran: Ran) -> None:
        """Each key fails something different."""
        faults = [row["annotation"] for row in ran.document["keys"] if row["compliance"] == "NON_COMPLIANT"]
        assert len(set(faults)) == len(faults) >= 12

    def test_annotations_fit(self, ran: Ran) -> None:
        """AWS Config takes 256 characters."""
        assert max(len(row["annotation"]) for row in ran.document["keys"]) <= 256


class TestActs:
    """The good key is broken twice, and mended twice; what becomes of others leaves it as it is."""

    def test_broken_and_mended(self, ran: Ran) -> None:
        """NON_COMPLIANT after each break, COMPLIANT after each repair."""
        rows = [act["row"] for act in ran.document["acts"]]
        assert {row["key"] for row in rows} == {"landing-zone"}
        assert [row["compliance"] for row in rows] == [*["NON_COMPLIANT", "COMPLIANT"] * 2, "COMPLIANT"]

    def test_a_rewritten_policy_gets_its_statements_back(self, ran: Ran) -> None:
        """`explain` says what is refused, `fix` what it adds."""
        rewritten = ran.document["acts"][0]
        assert "no statement allows it" in rewritten["row"]["annotation"]
        explained, fixed = rewritten["notes"]
        assert explained.startswith("explain: kms:Decrypt by config.amazonaws.com would be refused")
        assert fixed.startswith("fix: ")
        assert fixed.split('"')[1::2] == [
            "Allow Config to use KMS for encryption",
            "Allow CloudTrail to use KMS for encryption",
        ]

    def test_a_perimeter_is_named_and_explained(self, ran: Ran) -> None:
        """The annotation has the Sid, `explain` its condition, and `fix` the condition to add."""
        perimeter = ran.document["acts"][2]
        assert perimeter["row"]["annotation"].count('denied by "DenyOutsideOrg"') == 2
        explained, fixed = perimeter["notes"]
        assert explained.startswith("explain: ")
        assert fixed.startswith("fix: touches no Deny")
        assert all('"DenyOutsideOrg"' in note for note in (explained, fixed))
        assert "aws:PrincipalOrgID" in explained
        assert "aws:PrincipalServiceName" in fixed


class TestDeliveries:
    """The key is COMPLIANT, and deliveries fail; the report says why it is not the key."""

    def test_are_told(self, ran: Ran) -> None:
        """First what stops them, as it was read from the bucket; then that they arrive."""
        failing, mended = ran.document["deliveries"]
        assert {act["row"]["compliance"] for act in (failing, mended)} == {"COMPLIANT"}
        assert failing["answer"] == (
            "No, deliveries of the logs of AWS Config fail, although the key allows them"
        )
        cloudtrail, config = failing["observed"]
        assert cloudtrail.startswith("CloudTrail: log files last delivered at ")
        assert config.startswith("AWS Config: not the key: configuration history failed with AccessDenied")
        assert "has Object Lock, and AWS Config does not support such a bucket" in config
        assert mended["answer"] == (
            "Yes, the landing zone's logs can be delivered, and deliveries are observed, though of 1 of 10 "
            "trails and delivery channels none are"
        )


class TestReport:
    """The report at the end, of the whole organization."""

    def test_is_a_page_with_its_answer(self, ran: Ran) -> None:
        """What standard output says stands in the file, beside accounts of every kind."""
        (told,) = ran.document["reports"]
        assert (told["path"], told["delivery"]) == ("landing-zone-report.html", "yes")
        assert ran.report.startswith("<!DOCTYPE html>")
        assert told["why"].casefold() in html.unescape(ran.report).casefold()

    @pytest.mark.parametrize(
        ("account", "cause"),
        [
            ("Research Sandbox", "No recorder"),
            ("Former Subsidiary", "Account not active"),
        ],
    )
    def test_is_not_silent_about(self, ran: Ran, account: str, cause: str) -> None:
        """Each account that has no result, with what is in the way."""
        assert account in ran.report
        assert cause in ran.report
        assert f"{cause.lower()}; no key is judged there" in ran.report


class TestRun:
    """The run itself."""

    def test_the_real_rdk_deployed_and_it_was_verified(self, ran: Ran) -> None:
        """Standard error tells the progress; standard output is JSON alone, and what its schema says."""
        assert "$ rdk --region us-east-1 deploy-organization CONTROL_TOWER_KMS_KEY" in ran.progress
        assert "verified: stack CONTROLTOWERKMSKEY is CREATE_COMPLETE" in ran.progress
        assert ran.document["schema_version"] == 1
        Draft202012Validator(schema_of("demo")).validate(ran.document)

    def test_keep_goes_on_until_it_is_stopped(self, tmp_path: Path) -> None:
        """It prints where AWS is, which answers until the signal, and is gone after it."""
        with (
            (tmp_path / "progress").open("w") as progress,
            subprocess.Popen(
                [*LZKEY, "demo", "--keep"],
                cwd=tmp_path,
                stdout=subprocess.PIPE,
                stderr=progress,
                env={**os.environ, "COLUMNS": "200"},
                text=True,
            ) as process,
        ):
            try:
                lines = iter(process.stdout or ())
                exports = {}
                while "AWS_SHARED_CREDENTIALS_FILE" not in exports:
                    line = next(lines, None)
                    assert line is not None, (tmp_path / "progress").read_text()
                    if found := re.fullmatch(r"export (\w+)=(\S+)\n", line):
                        exports[found[1]] = found[2]
                asked = [sys.executable, "-m", "awscli", "kms", "list-keys", "--query", "length(Keys)"]
                answer = subprocess.run(
                    asked, env={**os.environ, **exports}, capture_output=True, text=True, check=True
                )
                assert answer.stdout.strip() == str(len(EXPECTED))
            finally:
                process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 143


class TestPicture:
    """The SVG of the pages."""

    def test_is_what_the_demo_shows(self, ran: Ran) -> None:
        """The committed picture has the text of a fresh one, but for dates."""
        assert _text((ROOT / "docs/demo.svg").read_text()) == _text(ran.svg)

    def test_can_be_taken_in(self, ran: Ran) -> None:
        """It is the README's first picture: both breaks and both repairs, in few lines."""
        assert _text(ran.svg).count("NON_COMPLIANT") == 2
        assert len({line.get("y") for line in _lines(ran.svg)}) <= 46

    def test_refers_to_nothing_outside(self, ran: Ran) -> None:
        """No font and no picture has to be fetched."""
        assert "@font-face" not in ran.svg
        assert not re.search(r"""(href|src)=|url\((?!#)""", ran.svg)

    def test_hostile_text_stays_text(self) -> None:
        """Terminal escapes, markup and XML from a key do nothing."""
        hostile = "\x1b[31m[red]<script>alert(1)</script>\u202e\x07"
        scene = KeyTable("keys", (Row(hostile, "COMPLIANT", hostile),))
        svg = picture([shown(scene)], "title")
        assert not set(svg) & set("\x1b\x07\u202e")
        assert "<script>" not in svg
        assert "[red]<script>alert(1)</script>?" in _text(svg)


class TestPage:
    """Scenes as text and as JSON."""

    def test_json_has_rows_and_acts(self) -> None:
        """What is kept running is no part of the document."""
        row = Row("key", "COMPLIANT", "fine")
        scenes = (
            Scoped("console", row, (NotJudged(2, "another's"),)),
            Act("title", row, ("note",)),
            Deliveries("a week later", row, "No", ("CloudTrail: log files arrive",)),
            KeyTable("keys", (row,)),
            Kept("http://localhost:1", {}),
        )
        document = as_json(scenes)
        told = {"key": "key", "compliance": "COMPLIANT", "annotation": "fine"}
        assert document == {
            "schema_version": 1,
            "scoped": [
                {"title": "console", "row": told, "others": ({"keys": 2, "annotation": "another's"},)}
            ],
            "acts": [{"title": "title", "row": told, "notes": ("note",)}],
            "deliveries": [
                {
                    "title": "a week later",
                    "row": told,
                    "answer": "No",
                    "observed": ("CloudTrail: log files arrive",),
                }
            ],
            "keys": [told],
            "reports": [],
        }


def _text(svg: str) -> str:
    """What a reader of the picture reads, without dates."""
    text = " ".join(line.text or "" for line in _lines(svg))
    return re.sub(r"\d{4}-\d\d-\d\d", "DATE", text.replace("\xa0", " "))


def _lines(svg: str) -> list[ET.Element]:
    """The picture's pieces of text, several to a line."""
    return [element for element in ET.fromstring(svg).iter() if element.tag.endswith("}text")]  # noqa: S314 - our own file
