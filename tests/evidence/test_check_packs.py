"""Packs of checks: written by `lzkey check --evidence`, verified, edited, and forged."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import bagit
import pytest

from lzkey.evidence.pack import digests
from lzkey_sandbox import Sandbox

from .bags import edit, flip, forge

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Run, Verify

ARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER = "arn:aws:kms:us-east-1:444455556666:key/0987dcba-09fe-87dc-65ba-ab0987654321"
SETTINGS = ("--home-region", "us-east-1", "--management-account-id", "111122223333")
GRANT = {
    "Sid": "Grant",
    "Effect": "Allow",
    "Principal": {"Service": ["config.amazonaws.com", "cloudtrail.amazonaws.com"]},
    "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
    "Resource": "*",
}
DENY = {"Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}
TEMPLATE = """\
Parameters:
  Team: {Type: String}
Resources:
  Logs:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Service: [config.amazonaws.com, cloudtrail.amazonaws.com]}
            Action: ["kms:Decrypt", "kms:GenerateDataKey*"]
            Resource: "*"
            Condition: {StringEquals: {"aws:SourceAccount": !Ref Team}}
  Password: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: correct-horse}}
"""


def item(arn: str, *statements: dict[str, Any], tags: dict[str, str] | None = None) -> dict[str, Any]:
    """A configuration item of a key with these statements."""
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    configuration = {"arn": arn, "keyManager": "CUSTOMER", "keyState": "Enabled"}
    return {
        "resourceType": "AWS::KMS::Key",
        "ARN": arn,
        "configurationItemStatus": "OK",
        "configuration": {
            **configuration,
            "keySpec": "SYMMETRIC_DEFAULT",
            "keyUsage": "ENCRYPT_DECRYPT",
            "multiRegion": False,
        },
        "supplementaryConfiguration": {
            "Policy": json.dumps(policy),
            "Tags": json.dumps([{"tagKey": key, "tagValue": value} for key, value in (tags or {}).items()]),
        },
    }


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A folder with a template, and a snapshot of a key here and one in another account."""
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "template.yaml").write_text(TEMPLATE)
    items = [item(ARN, GRANT, DENY), item(OTHER, GRANT)]
    (folder / "snapshot.json").write_text(json.dumps({"configurationItems": items}))
    return folder


@pytest.fixture
def pack(tmp_path: Path, sources: Path, run: Run) -> Path:
    """A pack of a check of that folder."""
    assert run("check", sources, *SETTINGS, "--evidence", tmp_path / "pack").code == 3
    return tmp_path / "pack"


class TestWriting:
    """`lzkey check --evidence`."""

    def test_the_results_are_the_same_with_it(self, tmp_path: Path, sources: Path, run: Run) -> None:
        """On standard output, in files, and in the pack; with the same exit code."""
        without = run("check", sources, *SETTINGS)
        also = run("check", sources, *SETTINGS, "--evidence", tmp_path / "pack", "-o", tmp_path / "x.json")
        assert also == without
        results = [
            json.loads(path.read_text()) for path in (tmp_path / "x.json", tmp_path / "pack/data/check.json")
        ]
        assert results[0] == results[1]

    def test_it_is_a_bag(self, pack: Path) -> None:
        """By the Library of Congress's own reader."""
        bagit.Bag(str(pack)).validate()

    def test_it_agrees(self, pack: Path, verify: Verify) -> None:
        """The management account's keys are proved again, the other one is told by its digest."""
        told = verify(pack)
        assert (told.code, told.document["differences"], told.document["doubts"]) == (0, [], [])
        assert (told.document["kind"], told.document["proved_again"], told.document["not_proved_again"]) == (
            "check",
            2,
            1,
        )
        assert (told.document["trust"], told.document["caller"]) == ("unsigned", None)

    def test_in_words(self, pack: Path, run: Run) -> None:
        """What was done, and what it does not prove."""
        ended = run("verify", pack)
        assert (ended.code, ended.err) == (0, "")
        assert "verdicts: 2 keys proved again, each with the same result" in ended.out
        assert "not proved again: 1 key, told by digest alone" in ended.out
        assert "signature: none. Damage and careless edits are found, and not whoever" in ended.out
        assert ended.out.endswith("Everything agrees.\n")

    def test_the_digests_are_for_whoever_cites_a_file(self, pack: Path) -> None:
        """By path, as sha256sum prints them."""
        found = digests(pack)
        assert found["data/check.json"] == hashlib.sha256((pack / "data/check.json").read_bytes()).hexdigest()
        assert set(found) == {
            path.relative_to(pack).as_posix() for path in (pack / "data").rglob("*") if path.is_file()
        }

    def test_of_a_source_there_is_the_digest_alone(self, pack: Path, sources: Path) -> None:
        """A template may hold a password, and a snapshot may be of others."""
        listed = json.loads((pack / "data/sources.json").read_text())["sources"]
        assert {each["source"]: each["sha256"] for each in listed} == {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sources.iterdir()
        }
        everything = "".join(path.read_text() for path in pack.rglob("*") if path.is_file())
        assert "correct-horse" not in everything

    def test_of_standard_input_too(
        self, tmp_path: Path, sources: Path, run: Run, verify: Verify, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Of all that was read of it."""
        content = (sources / "snapshot.json").read_bytes()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        run("check", "-", *SETTINGS, "--evidence", tmp_path / "pack")
        (told,) = json.loads((tmp_path / "pack/data/sources.json").read_text())["sources"]
        assert told == {"source": "-", "sha256": hashlib.sha256(content).hexdigest()}
        assert verify(tmp_path / "pack").code == 0

    def test_of_an_object_there_is_the_address_alone(
        self, tmp_path: Path, run: Run, verify: Verify, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Which is told: its bytes cannot be compared later."""
        with Sandbox() as sandbox:
            for name, value in sandbox.environment.items():
                monkeypatch.setenv(name, value)
            s3 = sandbox.client("s3")
            s3.create_bucket(Bucket="snapshots")
            s3.put_object(Bucket="snapshots", Key="item.json", Body=json.dumps(item(ARN, GRANT)).encode())
            run("check", "s3://snapshots/", *SETTINGS, "--evidence", tmp_path / "pack")
        told = verify(tmp_path / "pack")
        assert told.counts == (1, 0)
        assert told.document["notes"] == [
            "objects of Amazon S3 are streamed once, and have no digest in the pack: 1"
        ]

    def test_tags_are_those_that_a_condition_names(self, tmp_path: Path, run: Run, verify: Verify) -> None:
        """In whatever case it writes them, and no others; the verdict is the same."""
        condition = {"StringEquals": {"AWS:resourcetag/Use": "logs"}}
        tags = {"use": "logs", "owner": "somebody@example.com"}
        source = tmp_path / "item.json"
        source.write_text(json.dumps(item(ARN, {**GRANT, "Condition": condition}, tags=tags)))
        assert run("check", source, *SETTINGS, "--evidence", tmp_path / "pack").code == 0
        facts = next((tmp_path / "pack").rglob("facts.json"))
        assert json.loads(facts.read_text())["key"]["tags"] == {"use": "logs"}
        assert "somebody" not in (tmp_path / "pack/data/check.json").read_text()
        assert verify(tmp_path / "pack").code == 0

    def test_on_several_cores(self, tmp_path: Path, run: Run, verify: Verify) -> None:
        """Facts come back from other processes as verdicts do."""
        folder = tmp_path / "sources"
        folder.mkdir()
        for number in range(40):
            arn = f"{ARN[:-4]}{number:04}"
            (folder / f"{number}.json").write_text(json.dumps(item(arn, GRANT)))
        assert run("check", folder, *SETTINGS, "--evidence", tmp_path / "pack").code == 0
        told = verify(tmp_path / "pack")
        assert (told.code, told.counts) == (0, (40, 0))

    def test_one_key_in_two_sources_has_two_folders(
        self, tmp_path: Path, sources: Path, run: Run, verify: Verify
    ) -> None:
        """Each with its own facts."""
        shutil.copy(sources / "snapshot.json", sources / "again.json")
        run("check", sources, *SETTINGS, "--evidence", tmp_path / "pack")
        folders = sorted(path.name for path in (tmp_path / "pack/data/keys/us-east-1").iterdir())
        assert [name for name in folders if name.startswith("1234abcd")] == [
            "1234abcd-12ab-34cd-56ef-1234567890ab",
            "1234abcd-12ab-34cd-56ef-1234567890ab.2",
        ]
        assert verify(tmp_path / "pack").code == 0

    def test_the_manifest_says_which_keys_are_in_full(
        self, tmp_path: Path, sources: Path, run: Run, verify: Verify
    ) -> None:
        """Those that it names, whatever account they are in."""
        manifest = {
            "version": "4.0",
            "manifest": {"centralizedLogging": {"configurations": {"kmsKeyArn": OTHER}}},
        }
        file = tmp_path / "manifest.json"
        file.write_text(json.dumps({"landingZone": manifest}))
        words = ("--landing-zone-manifest", file, "--evidence", tmp_path / "pack")
        run("check", sources / "snapshot.json", *SETTINGS, *words)
        told = verify(tmp_path / "pack")
        assert (
            told.document["proved_again"],
            told.document["not_proved_again"],
            told.document["differences"],
        ) == (1, 1, [])
        assert [path.parent.name for path in (tmp_path / "pack").rglob("facts.json")] == [
            OTHER.rpartition("/")[2]
        ]

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("--evidence", "pack", "--only", "unknown"), "--evidence keeps every result: leave out --only"),
            (("--sign", ARN), "--sign needs --evidence: it is the pack that is signed"),
            (("--evidence", "pack", "--sign", "alias/x"), "'alias/x' is not the ARN of a KMS key"),
            (("--evidence", "sources"), "sources is not empty: a pack is written into a new folder"),
            (("--evidence", "no/pack"), "there is no folder"),
            (("--evidence", "empty", "-o", "empty/check.json"), "empty/check.json would be a part of"),
            (("--evidence", "empty", "-o", "empty/../empty/check.json"), "would be a part of"),
            (("--evidence", "pack.json", "-o", "pack.json"), "pack.json would be a part of"),
        ],
    )
    def test_what_cannot_be_is_said_first(
        self,
        tmp_path: Path,
        sources: Path,
        run: Run,
        monkeypatch: pytest.MonkeyPatch,
        words: tuple[str, ...],
        said: str,
    ) -> None:
        """Nothing is checked, nothing is written."""
        monkeypatch.chdir(tmp_path)
        (tmp_path / "empty").mkdir()
        ended = run("check", sources, *SETTINGS, *words)
        assert (ended.code, ended.out) == (2, "")
        assert said in ended.err
        assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "sources"]
        assert [*(tmp_path / "empty").iterdir()] == []

    def test_without_a_key_there_is_nothing_to_prove_again(
        self, tmp_path: Path, run: Run, verify: Verify
    ) -> None:
        """Which is no agreement."""
        (tmp_path / "item.json").write_text(json.dumps(item(OTHER, GRANT)))
        run("check", tmp_path / "item.json", *SETTINGS, "--evidence", tmp_path / "pack")
        told = verify(tmp_path / "pack")
        assert (told.code, told.document["doubts"]) == (
            4,
            ["no key is in full, so that no verdict can be proved again"],
        )


FACTS = f"data/keys/us-east-1/{ARN.rpartition('/')[2]}/facts.json"
VERDICTS = "data/verdicts.json"
CHECK = "data/check.json"
RECORDED = "data/recorded.json"


def allow(document: Any) -> None:
    """Take the Deny out of the policy."""
    policy = json.loads(document["key"]["policy"])
    policy["Statement"] = policy["Statement"][:1]
    document["key"]["policy"] = json.dumps(policy)


def acquit(document: Any) -> None:
    """Say that the key is COMPLIANT."""
    for entry in document["keys"]:
        if entry["arn"] == ARN:
            entry["verdict"] |= {"compliance": "COMPLIANT", "rule_compliance": "COMPLIANT", "findings": []}


def acquit_result(document: Any) -> None:
    """Say it among the results, too, and count it."""
    for entry in document["results"]:
        if entry.get("arn") == ARN:
            entry |= {"compliance": "COMPLIANT", "rule_compliance": "COMPLIANT", "findings": []}
    document["summary"] |= {"COMPLIANT": document["summary"]["COMPLIANT"] + 1, "NON_COMPLIANT": 0}


class TestDamage:
    """What careless hands do: the manifests tell of it."""

    def test_a_byte(self, pack: Path, run: Run) -> None:
        """In words, with the file that it is in."""
        flip(pack / "data/sources.json")
        ended = run("verify", pack)
        assert ended.code == 3
        assert (
            "file differs: data/sources.json: it was changed: its digest is not the manifest's" in ended.out
        )
        assert ended.out.endswith("Something differs: do not rely on this pack.\n")

    def test_a_policy_edited_without_its_manifest(self, pack: Path, verify: Verify) -> None:
        """Both are said: the file differs, and so does what comes of it."""
        edit(pack / FACTS, allow)
        told = verify(pack)
        assert told.kinds == [("file", FACTS), ("file", "bag-info.txt"), ("verdict", VERDICTS)]

    @pytest.mark.parametrize(
        "name",
        ["data/pack.json", VERDICTS, "data/check.json", "data/recorded.json", FACTS, "data/sources.json"],
    )
    def test_a_missing_file(self, pack: Path, verify: Verify, name: str) -> None:
        """Whichever it is: 3, and no traceback."""
        (pack / name).unlink()
        told = verify(pack)
        assert told.code == 3
        assert ("file", name) in told.kinds

    def test_an_added_file(self, pack: Path, verify: Verify) -> None:
        """Also where the manifests name it."""
        (pack / "data/notes.txt").write_text("all is well")
        assert ("file", "data/notes.txt") in verify(pack).kinds
        forge(pack)
        assert verify(pack).kinds == [("content", "data/notes.txt")]

    def test_a_link(self, pack: Path, run: Run) -> None:
        """It is not followed, wherever it leads."""
        (pack / "data/sources.json").unlink()
        (pack / "data/sources.json").symlink_to("/etc/hostname")
        ended = run("verify", pack)
        assert ended.code == 3
        assert "data/sources.json: it is a link, which no pack holds" in ended.out


class TestForgery:
    """Who writes the manifests again is not found by them: the verdicts are proved again."""

    def test_a_verdict(self, pack: Path, run: Run) -> None:
        """Both answers are told."""
        edit(pack / VERDICTS, acquit)
        edit(pack / "data/check.json", acquit_result)
        forge(pack)
        ended = run("verify", pack)
        assert ended.code == 3
        said = f"verdict differs: {VERDICTS}: {ARN}: the pack says COMPLIANT; this engine says NON_COMPLIANT"
        assert said in ended.out

    def test_a_policy(self, pack: Path, verify: Verify) -> None:
        """What the pack says of it does not follow any more."""
        edit(pack / FACTS, allow)
        forge(pack)
        told = verify(pack)
        assert (told.code, told.kinds) == (3, [("verdict", VERDICTS)])

    def test_everything_that_follows(self, pack: Path, run: Run, verify: Verify) -> None:
        """Policy, verdict and results together make another pack: a signature alone tells them apart."""
        edit(pack / FACTS, allow)
        told = verify(pack)
        again = json.loads((pack / FACTS).read_text())["key"]["policy"]
        source = pack.parent / "item.json"
        source.write_text(json.dumps(item(ARN, *json.loads(again)["Statement"])))
        assert (told.code, bool(told.document["differences"])) == (3, True)
        run("check", source, *SETTINGS, "--evidence", pack.parent / "forged")
        assert verify(pack.parent / "forged").code == 0

    @pytest.mark.parametrize(
        ("name", "change", "found"),
        [
            (VERDICTS, acquit, {"verdict", "content"}),
            (CHECK, acquit_result, {"content"}),
            (CHECK, lambda it: it["summary"].update(keys=7), {"content"}),
            (CHECK, lambda it: it["summary"].update(unread=1), {"content"}),
            (CHECK, lambda it: it["summary"]["findings"].pop(), {"content"}),
            (CHECK, lambda it: it["summary"]["findings"][0].update(keys=2), {"content"}),
            (CHECK, lambda it: it["passed_over"].append({}), {"content"}),
            (CHECK, lambda it: it.update(left_out=1), {"content"}),
            (CHECK, lambda it: it.update(exit_code=4), {"content"}),
            (CHECK, lambda it: it["results"].append({"type": "key-like"}), {"content"}),
            (CHECK, lambda it: it["results"][0].update(compliance=["COMPLIANT"]), {"content"}),
            (CHECK, lambda it: it["results"].pop(), {"content"}),
            (CHECK, lambda it: it.update(requests_from="2020-01-01T00:00:00+00:00"), {"content"}),
            (CHECK, lambda it: it["settings"].update(HomeRegion="eu-west-1"), {"content"}),
            (CHECK, lambda it: it.update(settings=3), {"content"}),
            (RECORDED, lambda it: it["keys"].clear(), {"content"}),
            (RECORDED, lambda it: it["keys"][0].update(compliance="COMPLIANT"), {"content"}),
            (VERDICTS, lambda it: it["keys"].pop(), {"content"}),
            (VERDICTS, lambda it: it["keys"][0].update(verdict="COMPLIANT"), {"verdict", "content"}),
            (VERDICTS, lambda it: it["keys"][0].update(verdict=3), {"verdict", "content"}),
            (VERDICTS, lambda it: it["keys"][0].update(arn=OTHER), {"content"}),
            (VERDICTS, lambda it: it["keys"][0].update(folder="data/keys/us-east-1/../../.."), {"content"}),
            (VERDICTS, lambda it: it["keys"][0].update(folder=["\x1b"]), {"content"}),
            (VERDICTS, lambda it: it.update(keys={}), {"content"}),
            (FACTS, lambda it: it.update(more=1), {"content"}),
            (FACTS, lambda it: it["key"].update(arn="\x1b"), {"content"}),
            (FACTS, lambda it: it["key"].update(tags={"a": 1}), {"content"}),
            (FACTS, lambda it: it["key"].update(policy=[1]), {"content"}),
            (FACTS, lambda it: it["key"].update(key_state="Disabled"), {"verdict"}),
            (FACTS, lambda it: it["place"].update(line="1"), {"content"}),
            (FACTS, lambda it: it.update(statement_lines=[True]), {"content"}),
            ("data/pack.json", lambda it: it.update(landing_zone=None), {"content"}),
            ("data/pack.json", lambda it: it["landing_zone"].update(management_account_id="1"), {"verdict"}),
            ("data/pack.json", lambda it: it["landing_zone"].update(home_region="eu-west-1"), {"verdict"}),
            ("data/pack.json", lambda it: it.update(made_at="2099-01-01T00:00:00Z"), {"content"}),
        ],
    )
    def test_one_file_alone(
        self,
        pack: Path,
        verify: Verify,
        name: str,
        change: Callable[[Any], object],
        found: set[str],
    ) -> None:
        """Contradicts another one, or the engine; and never ends in a traceback."""
        edit(pack / name, change)
        forge(pack)
        told = verify(pack)
        assert told.code == 3
        assert found <= {kind for kind, _ in told.kinds}

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda it: it.update(pack_version=2), "this is a pack of version 2; this lzkey reads 1"),
            (lambda it: it.update(pack_version=True), "this is a pack of version True"),
            (lambda it: it.update(kind=["report"]), "says that it is a ['report'], none of report, check"),
            (lambda it: it.update(made_at="2026-01-01T00:00:00"), "and must have one with its zone"),
            (lambda it: it.update(engine_sha256=None), "does not say which lzkey made it"),
            (lambda it: it.update(tool="lzkey"), "does not say which lzkey made it"),
            (lambda it: it.update(notes="none"), "notes must be a list of texts"),
            (lambda it: it.update(notes=[1]), "notes must be a list of texts"),
            (lambda it: it.update(caller=5), "caller must be text, or null"),
            (lambda it: it.update(kind="\x1b[2J"), "says that it is a ?[2J, none of report, check"),
            (lambda it: it.update(made_at="noon"), "has the time 'noon', and must have one with its zone"),
            (
                lambda it: it.update(landing_zone={"x": 1}),
                "lacks home_region, management_account_id or",
            ),
            (
                lambda it: it["landing_zone"].update(key_scope="x"),
                "key_scope must be one of all, landing",
            ),
        ],
    )
    def test_what_is_no_pack_of_this_version(
        self, pack: Path, run: Run, change: Callable[[Any], object], said: str
    ) -> None:
        """One sentence, 2, and nothing on standard output."""
        edit(pack / "data/pack.json", change)
        forge(pack)
        ended = run("verify", pack)
        assert (ended.code, ended.out) == (2, "")
        assert said in ended.err

    @pytest.mark.parametrize("document", ["[]", "null", "3", '"text"', "{}", '{"results": [1]}'])
    @pytest.mark.parametrize("name", [CHECK, VERDICTS, RECORDED, "data/sources.json", FACTS])
    def test_a_file_of_another_shape(self, pack: Path, verify: Verify, name: str, document: str) -> None:
        """Differs, and never ends in a traceback."""
        (pack / name).write_text(document)
        forge(pack)
        assert verify(pack).code == 3

    def test_a_check_that_is_none_is_said_once(self, pack: Path, verify: Verify) -> None:
        """Nothing follows from what cannot be read."""
        (pack / CHECK).write_text("{")
        forge(pack)
        details = [each["detail"] for each in verify(pack).document["differences"] if each["path"] == CHECK]
        assert len([each for each in details if "is no JSON" in each]) == 1
        assert not [each for each in details if "exit_code" in each or "settings" in each]

    def test_facts_that_a_file_told_are_said_to_be(self, pack: Path, verify: Verify) -> None:
        """No answer of AWS is beside them, which is no fault, and is told."""
        (remark,) = verify(pack).document["remarks"]
        assert remark.startswith("no answer of AWS is beside the facts of 2 keys")

    def test_facts_that_kms_is_said_to_have_told(self, pack: Path, verify: Verify) -> None:
        """Where no answer of KMS is beside them."""
        edit(pack / FACTS, lambda it: it["place"].update(kind="live"))
        forge(pack)
        assert ("content", FACTS) in verify(pack).kinds

    def test_a_text_that_is_no_json(self, pack: Path, verify: Verify) -> None:
        """Told with its place."""
        (pack / FACTS).write_text('{"name": "a", "name": "b"}')
        forge(pack)
        told = verify(pack)
        assert any(
            "is no JSON, line 1, column 15: name" in each["detail"] for each in told.document["differences"]
        )

    def test_another_engine_is_named(self, pack: Path, run: Run) -> None:
        """With both versions, where a pack was made with another lzkey."""
        edit(pack / "data/pack.json", lambda it: it["tool"].update(version="0.9.0"))
        forge(pack)
        ended = run("verify", pack)
        assert "made with lzkey 0.9.0 (engine " in ended.out
        assert ended.code == 0


class TestVerifying:
    """The command itself."""

    def test_nothing_is_asked_of_anybody(self, pack: Path) -> None:
        """No AWS client is imported, and no connection made, nor a name looked up."""
        code = (
            "import socket, sys\n"
            "def refuse(*_, **__): raise SystemExit('a connection')\n"
            "socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse\n"
            "from lzkey.cli import main\n"
            f"code = main(['verify', {str(pack)!r}])\n"
            "sys.exit('boto3' if 'boto3' in sys.modules else code)\n"
        )
        environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        done = subprocess.run(
            [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.endswith("Everything agrees.\n")

    def test_a_folder_that_is_none(self, tmp_path: Path, run: Run) -> None:
        """Nothing is written."""
        ended = run("verify", tmp_path)
        assert (ended.code, ended.out) == (2, "")
        assert f"error: {tmp_path} is no evidence pack: it has no bagit.txt" in ended.err

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("--public-key", "nothing.pem"), "nothing.pem cannot be read: No such file"),
            (("--key-fingerprint", "abc"), "'abc' is no fingerprint: it has the 64 digits of a SHA-256"),
        ],
    )
    def test_keys_that_are_none(
        self,
        pack: Path,
        run: Run,
        monkeypatch: pytest.MonkeyPatch,
        words: tuple[str, ...],
        said: str,
    ) -> None:
        """Told before the pack is read."""
        monkeypatch.chdir(pack.parent)
        ended = run("verify", pack, *words)
        assert (ended.code, ended.out) == (2, "")
        assert said in ended.err

    def test_an_unsigned_pack_where_a_signature_is_wanted(self, pack: Path, verify: Verify) -> None:
        """Somebody has taken it away."""
        told = verify(pack, "--key-fingerprint", "ab" * 32)
        assert told.code == 3
        assert [each["detail"] for each in told.document["differences"]] == [
            "the pack is not signed, though a key was given"
        ]


class TestAmongTheSources:
    """A pack that lies in a folder which is checked."""

    def test_it_is_passed_over_and_told_of(self, sources: Path, run: Run) -> None:
        """What is in it was checked; and somebody could hide something there."""
        words = ("check", sources, *SETTINGS, "--format", "json")
        before = json.loads(run(*words, "--evidence", sources / "pack").out)
        ended = run(*words)
        after = json.loads(ended.out)
        assert after["results"] == before["results"]
        (passed,) = [each for each in after["passed_over"] if each not in before["passed_over"]]
        assert passed["place"]["source"] == str(sources / "pack")
        assert "it is an evidence pack" in ended.err


class TestWaivers:
    """`lzkey check --evidence --waivers`: the file is in the pack, and what it comes to is found again."""

    @pytest.fixture
    def waivers(self, tmp_path: Path) -> Path:
        """A file that waives what the key fails; and one of the two, of a key that is told by its digest."""
        file = tmp_path / "waivers.yaml"
        rest = "    reason: Not yet.\r\n    owner: me@example.com\r\n    expires: 2999-12-31\r\n"
        told = "".join(
            f"  - key: {arn}\r\n    requirement: {name}\r\n{rest}"
            for arn, name in (
                (ARN, "CONFIG_ACCESS"),
                (ARN, "CLOUDTRAIL_ACCESS"),
                (OTHER, "MANAGEMENT_ACCOUNT"),
            )
        )
        file.write_bytes(f"version: 1\r\nwaivers:\r\n{told}".encode())
        return file

    @pytest.fixture
    def pack(self, tmp_path: Path, sources: Path, waivers: Path, run: Run) -> Path:
        """Its pack."""
        words = ("check", sources, *SETTINGS, "--evidence", tmp_path / "pack", "--waivers", waivers)
        assert run(*words).code == 4
        return tmp_path / "pack"

    def test_it_agrees(self, pack: Path, waivers: Path, verify: Verify) -> None:
        """The file is there byte for byte; the proof and what is recorded know no waivers."""
        told = verify(pack)
        assert (told.code, told.document["differences"], told.document["doubts"]) == (0, [], [])
        assert (pack / "data/waivers.yaml").read_bytes() == waivers.read_bytes()
        results = json.loads((pack / "data/check.json").read_text())["results"]
        assert [each["compliance"] for each in results if each["arn"] in (ARN, OTHER)] == ["WAIVED", "WAIVED"]
        for name in ("verdicts", "recorded"):
            assert "WAIVED" not in (pack / f"data/{name}.json").read_text()

    def test_an_unknown_key(self, tmp_path: Path, sources: Path, run: Run, verify: Verify) -> None:
        """The pack is written, with the exit code in it, and agrees."""
        file = tmp_path / "unknown.json"
        waiver = {
            "key": f"{ARN}0",
            "requirement": "ENABLED",
            "reason": "x",
            "owner": "y",
            "expires": "2999-12-31",
        }
        file.write_text(json.dumps({"version": 1, "waivers": [waiver]}))
        words = ("check", sources, *SETTINGS, "--evidence", tmp_path / "other", "--waivers", file)
        assert run(*words).code == 2
        told = verify(tmp_path / "other")
        assert (told.code, told.document["differences"]) == (0, [])

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (b"2999-12-31", b"2026-01-01"),
            (b"owner: me@example.com", b"owner: you@example.com"),
            (b"reason: Not yet.", b"reason: Never."),
            (b"CONFIG_ACCESS", b"ENABLED"),
            (b"2999-12-31", b"tomorrow"),
            (b"version: 1", b"version: 2"),
            (b"version", b"\xff"),
        ],
    )
    def test_the_file_is_edited(self, pack: Path, verify: Verify, before: bytes, after: bytes) -> None:
        """Even by somebody who writes the manifests anew."""
        file = pack / "data/waivers.yaml"
        file.write_bytes(file.read_bytes().replace(before, after, 1))
        forge(pack)
        told = verify(pack)
        assert told.code == 3
        assert ("content", "data/check.json") in told.kinds

    def test_what_is_wrong_with_the_file_is_one_sentence(self, pack: Path, verify: Verify) -> None:
        """All its faults, of a file that is named once."""
        file = pack / "data/waivers.yaml"
        file.write_bytes(
            file.read_bytes().replace(b"2999-12-31", b"soon").replace(b"version: 1", b"version: 2")
        )
        forge(pack)
        differences = verify(pack).document["differences"]
        (told,) = (each["detail"] for each in differences if each["path"] == "data/waivers.yaml")
        assert told.startswith("4 faults: data/waivers.yaml:1: version is ")
        assert "?" not in told

    def test_the_file_is_taken_away(self, pack: Path, verify: Verify) -> None:
        """Nothing is waived by nobody."""
        (pack / "data/waivers.yaml").unlink()
        forge(pack)
        assert ("content", "data/check.json") in verify(pack).kinds

    @pytest.mark.parametrize("compliance", ["COMPLIANT", "NON_COMPLIANT", "UNKNOWN"])
    def test_a_result_is_edited(self, pack: Path, verify: Verify, compliance: str) -> None:
        """What is waived is no pass, and nothing else either."""

        def change(document: Any) -> None:
            result = next(each for each in document["results"] if each["arn"] == OTHER)
            result["compliance"] = compliance

        edit(pack / "data/check.json", change)
        forge(pack)
        assert ("content", "data/check.json") in verify(pack).kinds

    def test_a_key_is_waived_without_a_waiver(
        self, tmp_path: Path, sources: Path, run: Run, verify: Verify
    ) -> None:
        """Is waived by whoever edits a result."""
        assert run("check", sources, *SETTINGS, "--evidence", tmp_path / "plain").code == 3

        def change(document: Any) -> None:
            result = next(each for each in document["results"] if each["arn"] == OTHER)
            result["compliance"] = "WAIVED"

        edit(tmp_path / "plain/data/check.json", change)
        forge(tmp_path / "plain")
        assert ("content", "data/check.json") in verify(tmp_path / "plain").kinds
