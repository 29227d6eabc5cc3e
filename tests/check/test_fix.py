"""The repaired policy, in every form, proved again; and what cannot be repaired."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from landing_zone_key import LandingZone
from lzkey.check.formats.proposed import (
    LINES,
    Form,
    cli,
    cloudformation,
    diff,
    hcl,
    remarks,
    terraform,
    to_put,
)
from lzkey.check.proposal import propose
from lzkey.documents import schema_of
from lzkey.sources.cloudformation import KIND as TEMPLATE
from lzkey.sources.documents import KEY_POLICY
from lzkey.sources.subject import Kind, Place
from lzkey.state import State

if TYPE_CHECKING:
    from conftest import MakeFound, MakeKey, Run

HERE = Path(__file__).parent
PUBLISHED = json.loads((HERE.parent / "corpus/published-policies.json").read_text())
SETTINGS = ("--home-region", "us-east-1", "--management-account-id", "111122223333")
ENDINGS = {"diff": "diff", "json": "json", "cli": "sh", "cloudformation": "yaml", "terraform": "tf"}
TERRAFORM = shutil.which("terraform")
# Read here: a test's own environment has nothing of ours.
ACCEPT = os.environ.get("LZKEY_ACCEPT_GOLDEN") == "1"

# What a policy may hold, and what would be more than text to a shell, to YAML or to Terraform.
TRICKY = 'it\'s $HOME `id` "q" \\n ${aws:username} $${x} %{if true} # : - é'


def statements(document: Any) -> list[Any]:
    """The statements of a policy, as a list."""
    found = document["Statement"]
    return list(found) if isinstance(found, list) else [found]


def tricky() -> dict[str, Any]:
    """A policy that allows nothing yet, with such texts in every place."""
    return {
        "Version": "2012-10-17",
        "Id": TRICKY,
        "Statement": [
            {
                "Sid": TRICKY,
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
                "Action": "kms:*",
                "Resource": "*",
                "Condition": {
                    "StringEqualsIfExists": {f"aws:PrincipalTag/{TRICKY}": ["yes", "2012-10-17", TRICKY]}
                },
            }
        ],
    }


class TestProposal:
    """What to do about one key."""

    @pytest.mark.parametrize("entry", PUBLISHED, ids=[entry["id"] for entry in PUBLISHED])
    def test_of_every_published_policy(
        self, entry: dict[str, Any], make_found: MakeFound, make_key: MakeKey
    ) -> None:
        """What was there stays, in order; the rest is proved, or named as beyond repair."""
        zone = LandingZone.from_rule_parameters(
            {"HomeRegion": entry["region"], "ManagementAccountId": entry["account"]}
        )
        proposal = propose(make_found(key=make_key(entry["policy"], Arn=entry["key_arn"])), zone)
        before, after = statements(proposal.before), statements(proposal.after)
        assert after == [*before, *proposal.added]
        assert (proposal.verdict.state is State.COMPLIANT) == (not proposal.unresolved)

    def test_nothing_to_add(self, make_found: MakeFound, zone: LandingZone) -> None:
        """A policy that is right stays as it is."""
        proposal = propose(make_found(), zone)
        assert (proposal.added, proposal.after) == ((), proposal.before)
        assert list(diff(proposal)) == list(cli(proposal)) == list(terraform(proposal)) == []
        assert list(cloudformation(proposal)) == []
        assert "nothing to add; proved" in next(iter(remarks(proposal)))

    @pytest.mark.parametrize(("arn_known", "resource"), [(True, "arn:aws:kms:us-east-1:"), (False, "*")])
    def test_a_key_without_arn_is_named_by_an_asterisk(
        self,
        make_found: MakeFound,
        zone: LandingZone,
        arn_known: bool,  # noqa: FBT001 - a table
        resource: str,
    ) -> None:
        """In its own policy that is this key."""
        proposal = propose(make_found("missing", arn_known=arn_known), zone)
        assert [each["Resource"][: len(resource)] for each in proposal.added] == [resource] * 2
        assert proposal.verdict.state is State.COMPLIANT

    @pytest.mark.parametrize(
        ("written", "state"), [(None, State.UNKNOWN), ("{", State.NON_COMPLIANT), ("[]", State.NON_COMPLIANT)]
    )
    def test_no_policy_to_build_on(
        self, make_found: MakeFound, make_key: MakeKey, zone: LandingZone, written: str | None, state: State
    ) -> None:
        """It could not be read, or is none."""
        key = make_key().with_policy(written, None if written else "kms:GetKeyPolicy was refused")
        proposal = propose(make_found(key=key), zone)
        assert (proposal.added, proposal.verdict.state) == ((), state)
        assert {each.requirement.value for each in proposal.unresolved} == {
            "CONFIG_ACCESS",
            "CLOUDTRAIL_ACCESS",
        }

    def test_of_a_policy_that_is_not_resolved_the_additions_alone_are_shown(
        self, make_found: MakeFound, zone: LandingZone
    ) -> None:
        """With them the key passes, whatever the rest may be; the rest is not ours to write."""
        proposal = propose(make_found("missing", hopeful="documented"), zone)
        assert not proposal.whole
        assert proposal.verdict.state is State.COMPLIANT
        assert yaml.safe_load("\n".join(cloudformation(proposal))) == list(proposal.added)
        assert [line for line in diff(proposal) if line.startswith("-") and not line.startswith("---")] == []
        assert all(line.startswith("#") for line in cli(proposal))

    def test_an_unknown_attribute_is_no_reason_to_hold_the_policy_back(
        self, make_found: MakeFound, make_key: MakeKey, zone: LandingZone
    ) -> None:
        """The policy is known; that the key is enabled is not."""
        found = make_found(key=make_key("missing", KeyState=None), hopeful=make_key("missing"))
        proposal = propose(found, zone)
        assert proposal.whole
        assert proposal.verdict.state is State.UNKNOWN


class TestRemarks:
    """What has to be said beside the policy."""

    def test_a_deny_in_the_way_with_its_exemption(self, make_found: MakeFound, zone: LandingZone) -> None:
        """It is not touched, and the exemption that it needs is spelt out."""
        said = list(remarks(propose(make_found("denied"), zone)))
        assert said[0].endswith("and is still non-compliant")
        assert any("cannot be repaired here: CONFIG_ACCESS" in line for line in said)
        exemption = {
            "StringNotEqualsIfExists": {
                "aws:PrincipalServiceName": ["cloudtrail.amazonaws.com", "config.amazonaws.com"]
            }
        }
        assert f"for the Condition of that Deny: {json.dumps(exemption)}" in said

    @pytest.mark.parametrize(("kind", "filled_in"), [(TEMPLATE, True), (KEY_POLICY, False)])
    def test_a_template_keeps_its_functions(
        self, make_found: MakeFound, zone: LandingZone, kind: Kind, *, filled_in: bool
    ) -> None:
        """Nobody should put the account's number where a pseudo parameter stood."""
        proposal = propose(make_found("missing", place=Place("a.yaml", kind, "Key")), zone)
        assert any("filled in here" in line for line in remarks(proposal)) is filled_in

    def test_one_line_each(self, make_found: MakeFound, zone: LandingZone) -> None:
        """A name with line ends or escapes must not end the comment that it stands in."""
        proposal = propose(make_found("missing", name="a\nrm -rf /\x1b[2J", unresolved=("b\r\nc",)), zone)
        assert [line for line in remarks(proposal) if not line.isprintable()] == []


class TestForms:
    """The policy as others take it, with texts that mean something to them."""

    def test_diff_applies(self, make_found: MakeFound, zone: LandingZone, tmp_path: Path) -> None:
        """GNU patch makes the one of the other."""
        proposal = propose(make_found(tricky()), zone)
        path = tmp_path / "policy.json"
        path.write_text(json.dumps(proposal.before, indent=2) + "\n")
        patch = "\n".join([*(f"# {line}" for line in remarks(proposal)), *diff(proposal), ""])
        subprocess.run(["patch", str(path)], input=patch, text=True, check=True, capture_output=True)  # noqa: S607
        assert json.loads(path.read_text()) == proposal.after

    def test_cli_is_one_shell_command(self, make_found: MakeFound, zone: LandingZone) -> None:
        """A shell gives the policy to the command as it is."""
        proposal = propose(make_found(tricky()), zone)
        (command,) = cli(proposal, "my profile")
        shown = subprocess.run(
            ["/bin/sh", "-c", f"aws() {{ printf '%s\\0' \"$@\"; }}\n{command}"],
            capture_output=True,
            text=True,
            check=True,
        )
        words = shown.stdout.split("\0")[:-1]
        assert words == shlex.split(command)[1:]
        options = dict(zip(words[2::2], words[3::2], strict=True))
        assert json.loads(options.pop("--policy")) == proposal.after
        assert options == {
            "--region": "us-east-1",
            "--key-id": str(proposal.found.key.arn),
            "--policy-name": "default",
            "--profile": "my profile",
        }

    def test_cloudformation_is_yaml(self, make_found: MakeFound, zone: LandingZone) -> None:
        """The Version stays a text, `yes` does not become true."""
        proposal = propose(make_found(tricky()), zone)
        assert yaml.safe_load("\n".join(cloudformation(proposal))) == {"KeyPolicy": proposal.after}

    def test_cloudformation_in_a_template_passes(
        self, run: Run, make_found: MakeFound, zone: LandingZone, tmp_path: Path
    ) -> None:
        """Put where it belongs, check proves it."""
        proposal = propose(make_found("missing", arn_known=False), zone)
        indented = "\n".join(f"      {line}" for line in cloudformation(proposal))
        path = tmp_path / "template.yaml"
        path.write_text(f"Resources:\n  Key:\n    Type: AWS::KMS::Key\n    Properties:\n{indented}\n")
        assert run("check", str(path), *SETTINGS).code == 0

    @pytest.mark.skipif(TERRAFORM is None, reason="terraform is not installed")
    def test_terraform_reads_it(self, make_found: MakeFound, zone: LandingZone, tmp_path: Path) -> None:
        """The real one, without providers."""
        proposal = propose(make_found(tricky()), zone)
        assert TERRAFORM
        argument = "\n".join(terraform(proposal))
        (tmp_path / "main.tf").write_text(f"locals {{\n{argument}\n}}\n")
        said = subprocess.run(
            [TERRAFORM, "console"],
            cwd=tmp_path,
            env={"PATH": os.defpath, "HOME": str(tmp_path), "CHECKPOINT_DISABLE": "1"},
            input="base64encode(local.policy)\n",
            capture_output=True,
            text=True,
            check=True,
        )
        assert json.loads(base64.b64decode(json.loads(said.stdout))) == proposal.after

    @pytest.mark.parametrize(
        ("value", "written"),
        [
            ("plain", '"plain"'),
            ("${a}", '"$${a}"'),
            ("%{a}", '"%%{a}"'),
            ("$a {b} %c", '"$a {b} %c"'),
            ("$${a}", '"\\u0024$${a}"'),
            ("%${a}", '"\\u0025$${a}"'),
            ('"\\\n\r\t', '"\\"\\\\\\n\\r\\t"'),
            ("\x1b\x7f\u202e", '"\\u001b\\u007f\\u202e"'),
            ("\U000e0001", '"\\U000e0001"'),
            ("é", '"é"'),
            (True, "true"),
            (None, "null"),
            (1.5, "1.5"),
            ([], "[]"),
            ({}, "{}"),
            (["a"], '[\n  "a",\n]'),
            ({"Sid": 1, "aws:a": {"for": 2}}, '{\n  Sid = 1\n  "aws:a" = {\n    "for" = 2\n  }\n}'),
        ],
    )
    def test_hcl(self, value: object, written: str) -> None:
        """Each text stands for itself."""
        assert hcl(value) == written

    def test_what_is_put_fits(self, make_key: MakeKey) -> None:
        """KMS takes 32 KB: where the indented policy is larger, it is put on one line."""
        small = make_key("missing").policy
        assert isinstance(small, dict)
        large = {**small, "Id": "x" * 32_600}
        assert "\n" in to_put(small)
        assert "\n" not in to_put(large)
        assert json.loads(to_put(large)) == large


class TestCommand:
    """lzkey fix, on files."""

    @pytest.mark.parametrize("form", Form)
    def test_output(self, run: Run, sources: Path, form: Form) -> None:
        """To accept new output: LZKEY_ACCEPT_GOLDEN=1."""
        assert sources.is_dir()
        ended = run("fix", "policies/denied.json", *SETTINGS, "--format", form.value)
        golden = HERE / f"golden/fix.{ENDINGS[form.value]}"
        if ACCEPT:
            golden.write_text(ended.out)
        assert (ended.code, ended.err) == (3, "")
        assert ended.out == golden.read_text()

    def test_forms_are_those_there_are(self) -> None:
        """The option offers each."""
        assert {*LINES, Form.JSON} == set(Form) == set(ENDINGS)
        assert all(f".{ending}" in Form(word).suffixes for word, ending in ENDINGS.items())

    @pytest.mark.parametrize(
        ("target", "code"),
        [
            ("policies/documented.json", 0),
            ("policies/missing.json", 0),
            ("policies/denied.json", 3),
            ("template.yaml", 0),
            ("cut-off.json", 4),
            ("package.json", 4),
            ("snapshot.json", 3),
            ("policies", 3),
        ],
    )
    def test_exit_codes(self, run: Run, sources: Path, target: str, code: int) -> None:
        """Of the policy as it would be; every form tells the same, and the JSON what its schema says."""
        assert sources.is_dir()
        ends = {form: run("fix", target, *SETTINGS, "--format", form.value) for form in Form}
        assert {ended.code for ended in ends.values()} == {code}
        Draft202012Validator(schema_of("fix")).validate(json.loads(ends[Form.JSON].out))

    @pytest.mark.parametrize(
        ("written", "code"),
        [
            ('"a\\ud800"', 3),
            ("1e999", 3),
            ("[" * 500 + "]" * 500, 3),
            ("1" * 5000, 3),
            ('"a"', 0),
            ('"a\\ud83d\\ude00"', 0),
        ],
        ids=["half a character", "1e999", "500 levels", "5,000 digits", "text", "a whole character"],
    )
    def test_exit_codes_of_what_no_policy_can_hold(
        self, run: Run, tmp_path: Path, written: str, code: int
    ) -> None:
        """As of every policy that is malformed, whatever the form; `check` says the same, and why."""
        policy = json.dumps(replace_everywhere(tricky(), "x")).replace('"Sid": "x"', f'"Sid": {written}')
        (item, *_) = json.loads((HERE / "sources/snapshot.json").read_text())["configurationItems"]
        item["configuration"] |= {"enabled": True, "keyState": "Enabled"}
        item["supplementaryConfiguration"] = {"Policy": policy}
        path = tmp_path / "snapshot.json"
        path.write_text(json.dumps({"configurationItems": [item]}))
        ends = [run("fix", str(path), *SETTINGS, "--format", form.value) for form in Form]
        assert {(end.code, end.err) for end in ends} == {(code, "")}
        malformed = "the key policy cannot be read" in ends[0].out
        assert malformed == (code != 0)
        checked = run("check", str(path), *SETTINGS, "--format", "json")
        assert (checked.code, "MALFORMED_POLICY" in checked.out) == (3, malformed)

    def test_json_is_all_there_is(self, run: Run, sources: Path) -> None:
        """The new policy, what is new in it, and what stays."""
        assert sources.is_dir()
        document = json.loads(run("fix", "policies/denied.json", *SETTINGS, "--format", "json").out)
        (key,) = document["results"]
        assert document["schema_version"] == 1
        assert document["exit_code"] == 3
        assert statements(key["policy"])[-1:] == key["added_statements"]
        assert {each["statement"] for each in key["cannot_repair"]} == {"DenyOutsideOrg"}

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("policies/denied.json", "--apply", "--yes"), "changes a live key"),
            (("-", "--apply", "--yes"), "changes a live key"),
            (("alias/logs", "--apply", "--yes", "--format", "json"), "shows the diff"),
            (("alias/logs", "--apply"), "--yes says yes"),
            (("alias/logs", "--yes"), "--yes is for --apply"),
        ],
    )
    def test_apply_needs_a_live_key_and_a_yes(
        self, run: Run, sources: Path, arguments: tuple[str, ...], said: str
    ) -> None:
        """Nothing is even read."""
        before = {path: path.read_bytes() for path in sources.rglob("*.json")}
        settings = ("--management-account-id", "111122223333", "--home-region", "us-east-1")
        ended = run("fix", *arguments, *settings)
        assert (ended.code, ended.out) == (2, "")
        assert re.search(said, ended.err)
        assert {path: path.read_bytes() for path in sources.rglob("*.json")} == before

    def test_no_terminal_escapes(self, run: Run, tmp_path: Path) -> None:
        """Whatever the form."""
        path = tmp_path / "policy.json"
        hostile = replace_everywhere(tricky(), "\x1b]0;title\x07\u202e\x7f")
        path.write_text(json.dumps(hostile))
        for form in Form:
            out = run("fix", str(path), *SETTINGS, "--format", form.value).out
            assert [character for character in out if not character.isprintable() and character != "\n"] == []


def replace_everywhere(value: Any, text: str) -> Any:
    """The value with another text in the place of the tricky one."""
    return json.loads(
        json.dumps(value, ensure_ascii=True).replace(json.dumps(TRICKY)[1:-1], json.dumps(text)[1:-1])
    )
