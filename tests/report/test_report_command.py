"""`lzkey report` as it is typed."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore import xform_name
from botocore.session import get_session
from jsonschema import Draft202012Validator

from lzkey import RULE_NAME, cli
from lzkey.aws.actions import operation_of
from lzkey.cli.report import EXIT_CODES, exit_code
from lzkey.documents import schema_of
from lzkey.figures import moment
from lzkey.report.document import from_document
from lzkey.report.facts import Options
from lzkey.report.model import Delivery, DeliveryAnswer, Report
from lzkey.state import State
from lzkey_sandbox import LandingZone

from .organizations import AGGREGATOR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .organizations import Org

Run = tuple[int, str, str]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """Run the command; returns exit code, standard output and standard error."""
    monkeypatch.setenv("COLUMNS", "200")

    def ran(*arguments: object) -> Run:
        code = cli.main(["report", *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return ran


@pytest.mark.usefixtures("org")
class TestOverTheOrganization:
    """In the sandbox, with the management account's credentials."""

    def test_on_the_screen(self, run: Callable[..., Run]) -> None:
        """The answer first; something is NON_COMPLIANT, so 3; nothing on standard error off a terminal."""
        code, out, err = run()
        assert (code, err) == (3, "")
        assert out.startswith("Yes, the landing zone's logs can be delivered")
        assert "7 keys: 4 NON_COMPLIANT, 2 UNKNOWN, 1 COMPLIANT, 0 NOT_APPLICABLE; 5 account-Region" in out
        assert f"aggregator {AGGREGATOR}" in out

    @pytest.mark.parametrize("form", ["json", "csv", "markdown", "html"])
    def test_on_standard_output(self, run: Callable[..., Run], form: str) -> None:
        """And nothing else there."""
        code, out, err = run("--format", form)
        assert (code, err) == (3, "")
        checks: dict[str, Callable[[str], Any]] = {
            "json": lambda text: from_document(json.loads(text)),
            "csv": lambda text: next(csv.DictReader(io.StringIO(text)))["account"],
            "markdown": lambda text: text.startswith(
                "# Landing zone key report: organization o-exampleorgid"
            ),
            "html": lambda text: text.lower().startswith("<!doctype html>"),
        }
        assert checks[form](out)

    def test_files(self, run: Callable[..., Run], tmp_path: Path) -> None:
        """Several at once, all of the same report; an earlier one shows what has changed; both are valid."""
        outputs = [tmp_path / f"report.{suffix}" for suffix in ("json", "csv", "md", "html")]
        arguments = [part for path in outputs for part in ("--output", path)]
        assert run(*arguments, "--exit-zero")[0] == 0
        assert all(path.stat().st_size for path in outputs)
        first = from_document(json.loads(outputs[0].read_text()))
        code, out, _ = run("--previous", outputs[0], "--output", tmp_path / "new.json")
        second = from_document(json.loads((tmp_path / "new.json").read_text()))
        for path in (outputs[0], tmp_path / "new.json"):
            Draft202012Validator(schema_of("report")).validate(json.loads(path.read_text()))
        assert second.trend is not None
        assert (second.trend.since, second.trend.changes, second.trend.counts_before) == (
            first.as_of,
            (),
            first.counts,
        )
        assert (code, "0 changes" in out) == (3, True)

    def test_several_earlier_ones(self, run: Callable[..., Run], tmp_path: Path) -> None:
        """In any order: the score of each, and changes against the latest."""
        paths = [tmp_path / f"{number}.json" for number in range(3)]
        for path in paths:
            run("--output", path)
        moments = [from_document(json.loads(path.read_text())).as_of for path in paths]
        arguments = [part for place in (1, 2, 0) for part in ("--previous", paths[place])]
        code, out, _ = run(*arguments, "--format", "json")
        trend = from_document(json.loads(out)).trend
        Draft202012Validator(schema_of("report")).validate(json.loads(out))
        assert trend is not None
        assert ([point.as_of for point in trend.points], trend.since, code) == (moments, moments[2], 3)

    def test_one_that_is_given_twice(self, run: Callable[..., Run], tmp_path: Path) -> None:
        """Is told before anybody is asked."""
        paths = [tmp_path / name for name in ("one.json", "copy.json")]
        run("--output", paths[0])
        paths[1].write_text(paths[0].read_text())
        at = moment(from_document(json.loads(paths[0].read_text())).as_of)
        said = f"error: {paths[0]} and {paths[1]} are of the same moment, {at}: give one of them\n"
        assert run("--previous", paths[0], "--previous", paths[1]) == (2, "", said)

    def test_an_error_replaces_nothing(self, run: Callable[..., Run], tmp_path: Path) -> None:
        """The files stay as they were."""
        path = tmp_path / "report.json"
        path.write_text("before")
        code, out, err = run("--aggregator", "other", "--output", path)
        assert (code, out) == (2, "")
        assert "has no aggregator other" in err
        assert path.read_text() == "before"

    def test_examples_of_the_help(
        self,
        run: Callable[..., Run],
        org: Org,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Work one after the other, as typed."""
        given = org.session(org.account("audit")).get_credentials().get_frozen_credentials()
        names = ("access_key_id", "secret_access_key", "session_token")
        settings = "\n".join(
            f"aws_{name} = {value}"
            for name, value in zip(names, (given.access_key, given.secret_key, given.token), strict=True)
        )
        (tmp_path / "config").write_text(f"[profile audit]\nregion = us-east-1\n{settings}\n")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        (tmp_path / "waivers.yaml").write_text("version: 1\nwaivers: []\n")
        monkeypatch.chdir(tmp_path)
        trust = {"Effect": "Allow", "Principal": {"AWS": org.account("audit")}, "Action": "sts:AssumeRole"}
        org.sandbox.client("iam").create_role(
            RoleName="LandingZoneReader",
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust}),
        )
        examples = re.findall(r"^\$ lzkey report(.*)$", EXIT_CODES, re.MULTILINE)
        ended = [run(*shlex.split(example))[::2] for example in examples]
        org.sandbox.client("iam").delete_role(RoleName="LandingZoneReader")
        assert ended == [(3, "")] * 11 + [(0, "")]
        written = {path.name for path in tmp_path.iterdir()} - {"config", "waivers.yaml"}
        assert written == {"report.html", "report.json", "report.csv", "new.html", "new.json", "pack"}

    def test_waivers(self, run: Callable[..., Run], tmp_path: Path) -> None:
        """A key is WAIVED; what is met is a note; a key that is not there is told at the end, with 2."""
        _, before, _ = run("--format", "json")
        failing = next(
            key for key in json.loads(before)["keys"] if key["state"] == "NON_COMPLIANT" and key["failures"]
        )
        good = next(key for key in json.loads(before)["keys"] if key["state"] == "COMPLIANT")
        rest = {"reason": "Not yet.", "owner": "me@example.com", "expires": "2999-12-31"}
        needed = [
            {"key": failing["arn"], "requirement": each["requirement"], **rest}
            for each in failing["failures"]
        ]
        met = {"key": good["arn"], "requirement": "ENABLED", **rest}
        path, outputs = tmp_path / "waivers.json", ("-o", tmp_path / "new.json", "--format", "json")
        path.write_text(json.dumps({"version": 1, "waivers": [*needed, met]}))
        code, out, err = run("--waivers", path, *outputs)
        document = json.loads(out)
        note = f"ENABLED of {good['arn']} is met: the waiver can be removed"
        assert (code, err) == (3, f"{note}\n")
        assert document["idle_waivers"] == [note]
        assert document["summary"]["counts"]["WAIVED"] == 1
        assert json.loads((tmp_path / "new.json").read_text())["keys"] == document["keys"]
        unknown = {**met, "key": good["arn"].replace(":key/", ":key/0")}
        path.write_text(json.dumps({"version": 1, "waivers": [unknown]}))
        code, out, err = run("--waivers", path, "--exit-zero", "--format", "json")
        assert (code, json.loads(out)["schema_version"]) == (2, 1)
        assert f"{unknown['key']} is not among the keys that were judged" in err

    def test_wrong_waivers(self, run: Callable[..., Run], org: Org, tmp_path: Path) -> None:
        """Are told before anybody is asked."""
        path = tmp_path / "waivers.yaml"
        path.write_text("version: 2\n")
        code, out, err = run("--waivers", path)
        assert (code, out) == (2, "")
        assert f"{path}:1: version is" in err
        assert org.sandbox.calls == ()

    def test_exclusions(self, run: Callable[..., Run], org: Org) -> None:
        """Expect nothing in an account, and say so."""
        _, before, _ = run("--format", "json")
        _, after, _ = run("--format", "json", "--exclude-account", org.account("latecomer"))
        unknown = [json.loads(text)["summary"]["counts"]["UNKNOWN"] for text in (before, after)]
        assert unknown[1] == unknown[0] - 1
        assert json.loads(after)["scope"]["excluded_accounts"] == [org.account("latecomer")]

    def test_progress(self, run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
        """On a terminal alone, and on standard error."""
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("TTY_COMPATIBLE", "1")
        _, out, err = run("--format", "json")
        assert "results" in err
        assert json.loads(out)

    def test_tells_in_which_account_it_asks(self, run: Callable[..., Run], org: Org) -> None:
        """With --verbose, a line a call; the roles' accounts are told, and their credentials are not."""
        _, out, err = run("--format", "json", "--assume-role", "OrganizationAccountAccessRole", "--verbose")
        told = re.findall(r"^(\S+) in \S+, account (\d{12}): ", err, re.MULTILINE)
        assert {account for action, account in told if action.startswith("config:")} > {
            org.account("Payments")
        }
        calls = {action: count for action, count in json.loads(out)["calls"].items() if count}
        assert {action for action, _ in told} >= calls.keys()
        assert not re.search(r"AKIA|ASIA|SecretAccessKey|SessionToken", err)

    def test_a_rule_of_another_name(self, run: Callable[..., Run]) -> None:
        """Is a mistake where there is none, and the rules that there are are told."""
        code, out, err = run("--format", "json", "--rule-name", "OTHER")
        assert (code, out) == (2, "")
        assert "there is no rule OTHER in account" in err
        assert err.rstrip().endswith("its rules are CONTROL_TOWER_KMS_KEY")


class TestWrongArguments:
    """End with 2, before AWS is asked anything; what cannot be read or written likewise."""

    @pytest.mark.parametrize(
        ("arguments", "code", "said"),
        [
            (["--account", "111122223333"], 2, "--account needs --assume-role"),
            (["--assume-role", "x", "--aggregator", "y"], 2, "asks no aggregator"),
            (["--exclude-account", "12"], 2, "12 digits"),
            (["--format", "pdf"], 2, "pdf"),
            (["extra"], 2, "extra"),
            (["--output", "report.pdf"], 2, "the suffix says the format"),
            (["--output", "no/such/report.csv"], 2, "there is no folder"),
            (["--previous", "nothing.json"], 2, "nothing.json cannot be read"),
            (["--profile", "nobody"], 2, "nobody"),
        ],
    )
    @pytest.mark.usefixtures("org")
    def test_each(
        self, run: Callable[..., Run], org: Org, arguments: list[str], code: int, said: str
    ) -> None:
        """With what would be right."""
        ended, out, err = run(*arguments)
        assert (ended, out) == (code, "")
        assert said in re.sub(r"[\s│]+", " ", err)
        assert org.sandbox.calls == ()

    def test_a_report_of_an_earlier_form(self, run: Callable[..., Run], org: Org, tmp_path: Path) -> None:
        """One sentence says so before AWS is asked; that of another version is its twin."""
        earlier, later = tmp_path / "earlier.json", tmp_path / "later.json"
        earlier.write_text('{"version": 1, "summary": {}, "asOf": "2026-12-01T09:00:00Z"}')
        later.write_text('{"schema_version": 2, "summary": {}, "as_of": "2026-12-01T09:00:00Z"}')
        form = (
            f"error: {earlier}: this report is of an earlier lzkey, whose form is not read any more: "
            "make a new report with this lzkey, and the trend begins with that one\n"
        )
        version = f"error: {later}: this report has schema_version 2; this lzkey reads 1\n"
        assert run("--previous", earlier) == (2, "", form)
        assert run("--previous", later) == (2, "", version)
        assert org.sandbox.calls == ()


class TestExitCode:
    """The worst first."""

    @pytest.mark.parametrize(
        ("name", "delivery", "code"),
        [
            ("healthy", Delivery.YES, 0),
            ("healthy", Delivery.UNKNOWN, 4),
            ("healthy", Delivery.NO, 3),
            ("empty", Delivery.YES, 4),
            ("troubled", Delivery.YES, 3),
        ],
    )
    def test_each(
        self, load_report: Callable[[str], Report], name: str, delivery: Delivery, code: int
    ) -> None:
        """A report that says so."""
        report = replace(load_report(name), proved=DeliveryAnswer(delivery, "why"))
        assert exit_code(report) == code
        assert (report.counts[State.NON_COMPLIANT] > 0) == (name == "troubled")


@contextmanager
def a_tag_that_counts(org: Org) -> Iterator[None]:
    """For a while the policy of the landing zone's key has a condition on a tag."""
    kms, which = org.sandbox.client("kms"), {"KeyId": org.keys["landing zone"], "PolicyName": "default"}
    before = kms.get_key_policy(**which)["Policy"]
    policy = json.loads(before)
    policy["Statement"][-1]["Condition"] = {"StringEquals": {"aws:ResourceTag/use": "logs"}}
    kms.put_key_policy(**which, Policy=json.dumps(policy))
    yield
    kms.put_key_policy(**which, Policy=before)


class TestPermissions:
    """--print-iam-policy."""

    def test_are_reads(self, run: Callable[..., Run]) -> None:
        """Of operations that exist; the one that is none gets into the accounts."""
        code, out, _ = run("--print-iam-policy")
        assert code == 0
        statements = {each["Sid"]: each["Action"] for each in json.loads(out)["Statement"]}
        assert set(statements.pop("SignAnEvidencePack")) == {
            "kms:DescribeKey",
            "kms:GetPublicKey",
            "kms:Sign",
        }
        actions = [action for each in statements.values() for action in each]
        session = get_session()
        for action in set(actions) - {"sts:AssumeRole"}:
            service, operation = action.partition(":")[0], operation_of(action)
            assert operation.startswith(("Describe", "Get", "List", "Lookup", "Select")), action
            assert xform_name(operation) in map(
                xform_name, session.get_service_model(service).operation_names
            )

    def test_are_those_that_are_used(
        self, run: Callable[..., Run], org: Org, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whatever way a report is made, and wherever the log buckets are; others have tests of their own."""
        allowed = {
            action
            for statement in json.loads(run("--print-iam-policy")[1])["Statement"]
            if statement["Sid"] not in ("SignAnEvidencePack", "HistoryOfTheKeys")
            for action in statement["Action"]
        }
        used: set[str] = set()
        for arguments in ([], ["--assume-role", "OrganizationAccountAccessRole"]):
            _, out, _ = run("--format", "json", *arguments)
            used |= set(json.loads(out)["calls"])
        with org.another_landing_zone_key():
            used |= set(org.report().calls or ())
        used |= set(org.report(org.account("Payments")).calls or ())
        with a_tag_that_counts(org):
            used |= set(org.report().calls or ())
        zone = org.sandbox.landing_zone
        assert zone is not None
        block = {**zone.manifest["centralizedLogging"], "accountId": org.sandbox.account}
        monkeypatch.setattr(org.sandbox, "landing_zone", LandingZone("3.3", {"centralizedLogging": block}))
        used |= set(org.report(options=Options(RULE_NAME, observer_role="nobodys", sample=1)).calls or ())
        assert used == allowed
