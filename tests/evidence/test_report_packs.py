"""Packs of reports: of an organization in the sandbox, verified, edited, signed and forged."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import bagit
import pytest

from lzkey.aws.former_keys import MOST
from lzkey.aws.witness import KEPT, Witness
from lzkey.evidence.citing import cited
from lzkey.evidence.report_pack import write_report_pack
from lzkey.evidence.signing import Signer
from lzkey.report.facts import Options
from lzkey.report.formats import write
from lzkey.report.waiving import waived
from lzkey.waivers.reading import waivers_of
from lzkey.waivers.values import Use
from lzkey_sandbox import LandingZone, OrganizationPlan

from ..report.organizations import (  # noqa: TID252 - tests are no package
    Org,
    built_organization,
    granting,
    put_aggregator,
    put_rule,
)
from .bags import edit, flip, forge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from lzkey.report.model import Report

    from .conftest import Run, Verify

PLAN = OrganizationPlan(
    members=2,
    further_regions=(),
    execution_role="LandingZoneKeyReader",
    without_recorder=0,
    without_role=0,
    suspended=0,
)
REPORT, PAGE, PACK = "data/report.json", "data/report.html", "data/pack.json"
VERDICTS, RECORDED = "data/verdicts.json", "data/recorded.json"


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Org]:
    """A landing zone with a key for each service, one of which asks for a tag; a former key; a member's."""
    with built_organization(tmp_path_factory.mktemp("project"), PLAN) as org:
        management = org.sandbox.account
        tagged = granting(Condition={"StringEquals": {"aws:ResourceTag/use": "logs"}})
        tags = [
            {"TagKey": "use", "TagValue": "logs"},
            {"TagKey": "owner", "TagValue": "somebody@example.com"},
        ]
        org.key("log", management, granting())
        org.key("config", management, tagged, Tags=tags)
        org.key("former", management, granting())
        zone = LandingZone.with_key(org.keys["log"], "4.0")
        manifest = {**zone.manifest, "config": {"configurations": {"kmsKeyArn": org.keys["config"]}}}
        org.sandbox.landing_zone = LandingZone("4.0", manifest)
        org.key("member's", org.organization.sound[0])
        put_rule(org)
        for account in (management, org.organization.audit):
            put_aggregator(org, account)
        org.sandbox.settle()
        yield org


@pytest.fixture(scope="module")
def made(org: Org) -> tuple[Report, Witness]:
    """A report, and what was read for it."""
    witness = Witness()
    return org.report(witness=witness), witness


@pytest.fixture
def pack(tmp_path: Path, made: tuple[Report, Witness]) -> Path:
    """Its pack."""
    write_report_pack(tmp_path / "pack", *made)
    return tmp_path / "pack"


def folder_of(org: Org, word: str) -> str:
    """The folder of one of the keys."""
    return f"data/keys/us-east-1/{org.keys[word].rpartition('/')[2]}"


def told_twice(recorded: Any) -> None:
    """A key of which something else is told before."""
    recorded["keys"].insert(0, {**recorded["keys"][0], "state": "COMPLIANT"})


class TestWriting:
    """What is in it."""

    def test_it_agrees(self, pack: Path, verify: Verify) -> None:
        """Three keys proved again, the member's as recorded; unsigned, and by whose credentials."""
        told = verify(pack)
        assert (told.code, told.document["differences"], told.document["doubts"]) == (0, [], [])
        assert told.counts == (3, 1)
        assert told.document["caller"].startswith("arn:aws:sts::111122223333:")

    def test_it_is_a_bag(self, pack: Path) -> None:
        """By the Library of Congress's own reader."""
        bagit.Bag(str(pack)).validate()

    def test_the_same_readings_make_the_same_bytes(
        self, tmp_path: Path, pack: Path, made: tuple[Report, Witness]
    ) -> None:
        """All of it follows from what was read."""
        write_report_pack(tmp_path / "again", *made)
        files = [path.relative_to(pack) for path in sorted(pack.rglob("*")) if path.is_file()]
        assert len(files) > 20
        for name in files:
            assert (pack / name).read_bytes() == (tmp_path / "again" / name).read_bytes()

    def test_oscal_cites_it(self, org: Org, tmp_path: Path, pack: Path, made: tuple[Report, Witness]) -> None:
        """Every file of the payload, relative to the document, by the digest of what is there."""
        document = tmp_path / "results" / "report.oscal.json"
        document.parent.mkdir()
        write(made[0], [document], cited(pack))
        told = json.loads(document.read_text())["assessment-results"]
        links = [
            (one["uuid"], link)
            for one in told["back-matter"]["resources"]
            for link in one.get("rlinks", [])
            if "hashes" in link  # the others are pages of AWS
        ]
        found = {(document.parent / link["href"]).resolve(): link["hashes"][0]["value"] for _, link in links}
        payload = [path.resolve() for path in (pack / "data").rglob("*") if path.is_file()]
        assert found == {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in payload}
        uuids = {uuid for uuid, link in links if folder_of(org, "log") in link["href"]}
        cites = {
            evidence.get("href", "").lstrip("#")
            for one in told["results"][0]["observations"]
            if org.keys["log"] in json.dumps(one)
            for evidence in one.get("relevant-evidence", [])
        }
        assert uuids
        assert uuids <= cites

    def test_the_policy_is_there_as_kms_gave_it(self, org: Org, pack: Path) -> None:
        """Byte for byte, with who asked what when, and by which request AWS knows it."""
        given = org.sandbox.client("kms").get_key_policy(KeyId=org.keys["log"], PolicyName="default")
        reading = json.loads((pack / folder_of(org, "log") / "key-policy.json").read_text())
        assert reading["answer"]["Policy"] == given["Policy"]
        assert (reading["operation"], reading["account"], reading["region"]) == (
            "kms:GetKeyPolicy",
            "111122223333",
            "us-east-1",
        )
        assert reading["arguments"] == {"KeyId": org.keys["log"], "PolicyName": "default"}
        assert reading["request_id"]
        assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", reading["asked_at"])

    def test_tags_are_those_that_a_condition_names(self, org: Org, pack: Path) -> None:
        """And no others, anywhere in the pack."""
        reading = json.loads((pack / folder_of(org, "config") / "tags.json").read_text())
        assert reading["answer"] == {"Tags": [{"TagKey": "use", "TagValue": "logs"}]}
        assert not (pack / folder_of(org, "log") / "tags.json").exists()
        everything = b"".join(path.read_bytes() for path in pack.rglob("*") if path.is_file())
        assert b"somebody@example.com" not in everything

    def test_nothing_secret_is_in_it(self, pack: Path) -> None:
        """No credentials, no token, no address of where a function's code lies."""
        everything = b"".join(path.read_bytes() for path in pack.rglob("*") if path.is_file())
        for word in (b"SecretAccessKey", b"SessionToken", b"NextToken", b"X-Amz-Signature", b"Authorization"):
            assert word not in everything

    def test_every_other_key_is_told_as_recorded(self, org: Org, pack: Path) -> None:
        """Its configuration item, by id, time and digest; and the annotation."""
        recorded = json.loads((pack / RECORDED).read_text())
        assert recorded["verdicts"] == "as AWS Config recorded it; not proved again"
        (row,) = recorded["keys"]
        assert (row["arn"], row["state"]) == (org.keys["member's"], "NON_COMPLIANT")
        assert row["annotation"].startswith("CLOUDTRAIL_ACCESS: ")
        assert row["item"]["state_id"].isdecimal()
        assert row["item"]["captured_at"].endswith("Z")
        assert re.fullmatch("[0-9a-f]{64}", row["item"]["row_sha256"])

    def test_each_key_says_what_it_is_for(self, org: Org, pack: Path) -> None:
        """By the manifest; and a former one what it admits."""
        entries = {each["arn"]: each for each in json.loads((pack / VERDICTS).read_text())["keys"]}
        assert {arn: each["uses"] for arn, each in entries.items()} == {
            org.keys["log"]: ["centralizedLogging"],
            org.keys["config"]: ["config"],
            org.keys["former"]: ["former"],
        }
        assert entries[org.keys["former"]]["admits_deliveries_of"] == ["AWS Config", "CloudTrail"]

    def test_other_rules_stay_outside(self, pack: Path) -> None:
        """The rule in force, with its parameters, and no other."""
        reading = json.loads((pack / "data/rule/describe-rule.json").read_text())
        (rule,) = reading["answer"]["OrganizationConfigRules"]
        assert rule["OrganizationConfigRuleName"] == "CONTROL_TOWER_KMS_KEY"

    def test_nothing_is_kept_without_a_witness(self, org: Org, monkeypatch: pytest.MonkeyPatch) -> None:
        """A report without a pack costs nothing more, and asks the same."""

        def kept(*_: object) -> None:
            pytest.fail("an answer is kept")

        with_one = org.report(witness=Witness()).calls
        for name in ("saw", "saw_item", "__init__"):
            monkeypatch.setattr(Witness, name, kept)
        assert org.report().calls == with_one

    def test_the_command_that_the_page_prints(self, pack: Path) -> None:
        """Run where the page lies, it prints what stands beside it."""
        page = (pack / PAGE).read_text()
        (command,) = re.findall(r'id="recompute">([^<]+)<', page)
        (digest,) = re.findall(r'id="fingerprint">([0-9a-f]{64})<', page)
        done = subprocess.run(command.split(), cwd=pack / "data", capture_output=True, text=True, check=True)
        assert done.stdout.split()[0] == digest


class TestFromAnotherAccount:
    """The audit account cannot read the landing zone."""

    def test_no_key_is_in_full(self, org: Org, tmp_path: Path, verify: Verify) -> None:
        """The pack says so, and verifying it is no agreement: nothing was proved again."""
        witness = Witness()
        report = org.report(org.organization.audit, witness=witness)
        write_report_pack(tmp_path / "pack", report, witness)
        told = verify(tmp_path / "pack")
        assert (told.code, told.document["differences"]) == (4, [])
        assert told.document["doubts"] == ["no key is in full, so that no verdict can be proved again"]
        (note,) = told.document["notes"]
        assert note.startswith("no key is in full: only the management account")


class TestWhatWasRefused:
    """Doubt is never a verdict."""

    def test_a_policy_that_was_not_read(self, org: Org, tmp_path: Path, verify: Verify) -> None:
        """The report rests on AWS Config's result; the facts do not tell, which is no difference."""
        org.sandbox.fail_next("kms", "GetKeyPolicy", "AccessDeniedException", times=3)
        witness = Witness()
        report = org.report(witness=witness)
        write_report_pack(tmp_path / "pack", report, witness)
        told = verify(tmp_path / "pack")
        assert (told.code, told.document["differences"]) == (4, [])
        assert any("kms:GetKeyPolicy" in note for note in report.notes)
        assert any("no answer to kms:GetKeyPolicy is in the pack" in note for note in told.document["notes"])
        assert all("the facts in the pack do not tell" in doubt for doubt in told.document["doubts"])

    def test_tags_that_were_not_read(self, org: Org, tmp_path: Path, verify: Verify) -> None:
        """The verdict is open where it depends on them."""
        org.sandbox.fail_next("kms", "ListResourceTags", "AccessDeniedException")
        witness = Witness()
        write_report_pack(tmp_path / "pack", org.report(witness=witness), witness)
        told = verify(tmp_path / "pack")
        assert (told.code, told.document["differences"]) == (4, [])
        (doubt,) = told.document["doubts"]
        assert doubt.startswith(f"{org.keys['config']}: the report says COMPLIANT")
        said = f"{org.keys['config']}: no answer to kms:ListResourceTags is in the pack: AWS gave none"
        assert told.document["notes"] == [said]

    def test_an_account_without_aggregator(self, org: Org, tmp_path: Path, verify: Verify) -> None:
        """Its own results: no configuration items are known, and all the rest agrees."""
        options = Options("CONTROL_TOWER_KMS_KEY", assume_role="OrganizationAccountAccessRole")
        witness = Witness()
        write_report_pack(tmp_path / "pack", org.report(options=options, witness=witness), witness)
        rows = json.loads((tmp_path / "pack" / RECORDED).read_text())["keys"]
        assert {row["item"] for row in rows} == {None}
        told = verify(tmp_path / "pack")
        assert (told.code, told.document["differences"]) == (0, [])

    def test_a_trend_is_a_part_of_the_report(
        self, org: Org, tmp_path: Path, made: Any, verify: Verify
    ) -> None:
        """What has changed since an earlier one."""
        witness = Witness()
        report = org.report(witness=witness, previous=made[:1])
        assert report.trend is not None
        write_report_pack(tmp_path / "pack", report, witness)
        assert verify(tmp_path / "pack").code == 0


class TestSigning:
    """`lzkey report --evidence DIR --sign ARN`."""

    def test_signed_vouched_and_forged(self, org: Org, tmp_path: Path, run: Run, verify: Verify) -> None:
        """By a key in KMS; with its public key from KMS it is vouched for, and a forger is found."""
        kms = org.sandbox.client("kms")
        arn = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
        key = tmp_path / "key.der"
        key.write_bytes(kms.get_public_key(KeyId=arn)["PublicKey"])
        pack = tmp_path / "pack"
        ended = run("report", "--evidence", pack, "--sign", arn, "-o", tmp_path / "report.json")
        assert (ended.code, ended.err) == (3, "")
        alone = verify(pack)
        assert (alone.code, alone.document["trust"]) == (4, "own_key")
        assert alone.document["doubts"][0].startswith("the pack is signed by a key that nobody vouches for")
        vouched = verify(pack, "--public-key", key)
        assert (vouched.code, vouched.document["trust"]) == (0, "vouched")
        assert vouched.document["signature"]["key_arn"] == arn
        fingerprint = hashlib.sha256(key.read_bytes()).hexdigest()
        assert verify(pack, "--key-fingerprint", fingerprint).code == 0
        assert verify(pack, "--key-fingerprint", "0" * 64).kinds == [
            ("signature", "signature/tagmanifest-sha256.txt.sig")
        ]
        edit(pack / PACK, lambda told: told.update(caller="arn:aws:iam::111122223333:user/somebody-else"))
        forge(pack)
        forged = verify(pack, "--public-key", key)
        assert (forged.code, forged.document["trust"]) == (3, "broken")
        assert verify(pack).code == 3
        bagit.Bag(str(pack)).validate()
        shutil.rmtree(pack / "signature")
        assert verify(pack, "--public-key", key).document["trust"] == "unsigned"
        assert verify(pack, "--public-key", key).code == 3
        assert verify(pack).kinds == [("signature", "signature/tagmanifest-sha256.txt.sig")]

    @pytest.mark.parametrize(
        "change",
        [
            lambda told: told.update(key_arn="arn:aws:kms:us-east-1:111122223333:key/somebody-s"),
            lambda told: told.update(public_key_sha256="0" * 64),
            lambda told: told.update(signed_at="1999-01-01T00:00:00.000Z"),
        ],
        ids=["whose", "which", "when"],
    )
    def test_what_is_said_of_a_signature(
        self, org: Org, tmp_path: Path, made: Any, verify: Verify, change: Callable[[Any], object]
    ) -> None:
        """It is not signed itself, and must be what was signed: also where the signature is vouched for."""
        arn = org.sandbox.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
        signer = Signer.of(org.session(org.sandbox.account), arn["KeyMetadata"]["Arn"])
        write_report_pack(tmp_path / "pack", *made, signer)
        words = "--key-fingerprint", hashlib.sha256(signer.key.public_key).hexdigest()
        assert verify(tmp_path / "pack", *words).code == 0
        edit(tmp_path / "pack/signature/signature.json", change)
        told = verify(tmp_path / "pack", *words)
        assert (told.code, told.kinds) == (3, [("signature", "signature/signature.json")])

    def test_a_part_of_a_signature(self, tmp_path: Path, made: Any, verify: Verify) -> None:
        """Is none: it is said what is missing."""
        write_report_pack(tmp_path / "pack", *made)
        (tmp_path / "pack/signature").mkdir()
        (tmp_path / "pack/signature/public-key.pem").write_text("x")
        told = verify(tmp_path / "pack")
        assert told.code == 3
        assert told.document["differences"][0]["detail"].startswith("signature/signature.json cannot be read")

    def test_a_key_that_cannot_sign_is_said_first(self, org: Org, tmp_path: Path, run: Run) -> None:
        """Nothing is read for a report that could not be signed."""
        org.sandbox.forget_calls()
        ended = run("report", "--evidence", tmp_path / "pack", "--sign", org.keys["log"])
        assert (ended.code, ended.out) == (2, "")
        assert "cannot sign: it is SYMMETRIC_DEFAULT for ENCRYPT_DECRYPT" in ended.err
        assert list(tmp_path.iterdir()) == []

    def test_no_other_file_goes_into_it(self, org: Org, tmp_path: Path, run: Run) -> None:
        """It would be one that no manifest names."""
        (tmp_path / "pack").mkdir()
        org.sandbox.forget_calls()
        ended = run("report", "--evidence", tmp_path / "pack", "-o", tmp_path / "pack" / "report.html")
        assert (ended.code, ended.out) == (2, "")
        assert "report.html would be a part of the evidence pack" in ended.err
        assert [*(tmp_path / "pack").iterdir()] == []

    def test_a_signature_that_is_refused_leaves_no_pack(self, org: Org, tmp_path: Path, run: Run) -> None:
        """Nor anything half-written."""
        kms = org.sandbox.client("kms")
        arn = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
        org.sandbox.fail_next("kms", "Sign", "AccessDeniedException")
        ended = run("report", "--evidence", tmp_path / "pack", "--sign", arn)
        assert ended.code != 0
        assert "kms:Sign" in ended.err
        assert list(tmp_path.iterdir()) == []


class TestEdits:
    """What somebody does who knows how to write the manifests again."""

    @pytest.mark.parametrize(
        ("name", "change", "found"),
        [
            (REPORT, lambda it: it["summary"].update(score=1.0), [("content", REPORT), ("content", PAGE)]),
            (REPORT, lambda it: it["proved"].update(delivery="no"), [("verdict", REPORT)]),
            (REPORT, lambda it: it["landing_zone"].update(version="3.3"), [("content", REPORT)]),
            (REPORT, lambda it: it["landing_zone"].pop("former_keys"), [("verdict", REPORT)]),
            (REPORT, lambda it: it["rule"]["parameters"].update(TrailName="other"), [("content", REPORT)]),
            (REPORT, lambda it: it["keys"].pop(), [("content", REPORT)]),
            (REPORT, lambda it: it.update(as_of="2026-01-01T00:00:00Z"), [("content", PACK)]),
            (REPORT, lambda it: it.pop("observed"), [("content", "data/observations.json")]),
            (REPORT, lambda it: it.update(schema_version=2), [("content", REPORT)]),
            (RECORDED, lambda it: it["keys"][0].update(state="COMPLIANT"), [("content", RECORDED)]),
            (RECORDED, lambda it: it["keys"].clear(), [("content", RECORDED)]),
            (RECORDED, lambda it: it["keys"].append(it["keys"][0]), [("content", RECORDED)]),
            (RECORDED, told_twice, [("content", RECORDED)]),
            (VERDICTS, lambda it: it["keys"][0].update(uses=["config"]), [("content", VERDICTS)]),
            (VERDICTS, lambda it: it["keys"][0].update(uses=5), [("content", VERDICTS)]),
            (VERDICTS, lambda it: it["keys"][2].update(uses="former"), [("content", VERDICTS)]),
            (VERDICTS, lambda it: it["keys"][0].pop("recorded"), [("content", VERDICTS)]),
            (VERDICTS, lambda it: it["keys"][2].update(admits_deliveries_of=[]), [("verdict", REPORT)]),
            (PACK, lambda it: it["landing_zone"]["accounts"].pop(), [("content", PACK)]),
            (PACK, lambda it: it.update(landing_zone=None), [("content", PACK)]),
            ("data/landing-zone/get-landing-zone.json", lambda it: it.update(answer=3), [("content", PACK)]),
            ("data/rule/describe-rule.json", lambda it: it["answer"].clear(), []),
            ("data/observations.json", lambda it: it.clear(), [("content", "data/observations.json")]),
        ],
    )
    def test_one_file_alone(
        self,
        pack: Path,
        verify: Verify,
        name: str,
        change: Callable[[Any], object],
        found: list[tuple[str, str]],
    ) -> None:
        """Contradicts another one, or the engine."""
        edit(pack / name, change)
        forge(pack)
        told = verify(pack)
        assert told.code == 3
        assert set(found) <= set(told.kinds)

    def test_a_failing_key_that_is_said_to_be_compliant(self, org: Org, pack: Path, verify: Verify) -> None:
        """In the report and as recorded: its own annotation says otherwise."""

        def acquit(document: Any) -> None:
            for key in document["keys"]:
                if key["arn"] == org.keys["member's"]:
                    key["state"] = "COMPLIANT"
                    key.pop("failures", None)

        edit(pack / REPORT, acquit)
        edit(pack / RECORDED, acquit)
        forge(pack)
        details = [each["detail"] for each in verify(pack).document["differences"]]
        arn = org.keys["member's"]
        assert f"{arn} is COMPLIANT there, which its annotation does not say" in details

    def test_a_policy_that_refuses(self, org: Org, pack: Path, verify: Verify) -> None:
        """Facts and AWS's answer changed alike: the verdict, and what the report says, do not follow."""

        def refuse(document: Any) -> None:
            place = document["answer"] if "answer" in document else document["key"]
            name = "Policy" if "answer" in document else "policy"
            place[name] = place[name].replace('"Allow"', '"Deny"')

        for name in ("facts.json", "key-policy.json"):
            edit(pack / folder_of(org, "log") / name, refuse)
        forge(pack)
        told = verify(pack)
        assert told.kinds == [("verdict", VERDICTS), ("verdict", REPORT)]
        second = told.document["differences"][1]["detail"]
        assert "the report says COMPLIANT, as AWS Config recorded it at" in second
        assert "from the facts in the pack this engine says NON_COMPLIANT" in second

    @pytest.mark.parametrize("name", ["facts.json", "key-policy.json", "describe-key.json"])
    def test_facts_and_answers_must_say_the_same(
        self, org: Org, pack: Path, verify: Verify, name: str
    ) -> None:
        """One of them alone is edited."""
        path = pack / folder_of(org, "log") / name
        path.write_text(
            path.read_text().replace("cloudtrail.amazonaws.com", "x").replace('"Enabled"', '"Disabled"')
        )
        forge(pack)
        assert ("content", f"{folder_of(org, 'log')}/facts.json") in verify(pack).kinds

    @pytest.mark.parametrize("name", ["describe-key.json", "key-policy.json", "tags.json"])
    @pytest.mark.parametrize("content", [None, "null"])
    def test_facts_without_their_answer(
        self, org: Org, pack: Path, verify: Verify, name: str, content: str | None
    ) -> None:
        """It was taken away, and the manifests written again: nothing says then that KMS told the facts."""
        path = pack / folder_of(org, "config") / name
        path.unlink()
        if content is not None:
            path.write_text(content)
        forge(pack)
        assert ("content", f"{folder_of(org, 'config')}/facts.json") in verify(pack).kinds

    def test_facts_without_any_answer(self, org: Org, pack: Path, verify: Verify) -> None:
        """As little."""
        for name in ("describe-key.json", "key-policy.json"):
            (pack / folder_of(org, "log") / name).unlink()
        forge(pack)
        assert verify(pack).kinds == [("content", f"{folder_of(org, 'log')}/facts.json")]

    @pytest.mark.parametrize(
        "change",
        [
            lambda it: it.update(unresolved=["something"]),
            lambda it: it.update(hopeful=it["key"]),
            lambda it: it.update(not_known=[0]),
            lambda it: it.update(arn_known=False),
            lambda it: it.update(manifest_keys={}),
            lambda it: it.update(name="another"),
        ],
    )
    def test_what_is_told_beside_the_key(
        self, org: Org, pack: Path, verify: Verify, change: Callable[[Any], object]
    ) -> None:
        """Follows from the answers; of a pack of another version nobody can say."""
        facts = f"{folder_of(org, 'log')}/facts.json"
        edit(pack / facts, change)
        forge(pack)
        assert ("content", facts) in verify(pack).kinds
        edit(pack / PACK, lambda told: told["tool"].update(version="0.9.0"))
        forge(pack)
        told = verify(pack)
        assert ("content", facts) not in told.kinds
        assert any(
            facts in doubt and "it was made by lzkey 0.9.0" in doubt for doubt in told.document["doubts"]
        )

    @pytest.mark.parametrize(
        ("name", "change"),
        [
            ("key-policy.json", lambda it: it["arguments"].update(KeyId="another")),
            ("key-policy.json", lambda it: it.update(operation="kms:DescribeKey")),
            ("key-policy.json", lambda it: it.update(arguments=None)),
            ("describe-key.json", lambda it: it.update(operation="kms:GetKeyPolicy")),
            ("tags.json", lambda it: it["arguments"].clear()),
            ("tags.json", lambda it: it["answer"].update(Tags=5)),
        ],
    )
    def test_an_answer_to_another_question(
        self, org: Org, pack: Path, verify: Verify, name: str, change: Callable[[Any], object]
    ) -> None:
        """GetKeyPolicy and ListResourceTags do not name the key in their answers: what was asked does."""
        edit(pack / folder_of(org, "config") / name, change)
        forge(pack)
        told = verify(pack)
        assert told.code == 3
        assert any(path.startswith(folder_of(org, "config")) for _, path in told.kinds)

    def test_the_page(self, pack: Path, verify: Verify) -> None:
        """What people read must be what the data says."""
        page = (pack / PAGE).read_text()
        assert page.count("Non-compliant")
        (pack / PAGE).write_text(page.replace("Non-compliant", "Compliant"))
        forge(pack)
        assert verify(pack).kinds == [("content", PAGE)]

    def test_the_page_of_another_version(self, pack: Path, verify: Verify) -> None:
        """It may be another one: nobody can say, with both versions."""
        (pack / PAGE).write_text("another page")
        edit(pack / PACK, lambda told: told["tool"].update(version="0.9.0"))
        forge(pack)
        told = verify(pack)
        assert (told.code, told.kinds) == (4, [])
        (doubt,) = told.document["doubts"]
        assert "it was made by lzkey 0.9.0" in doubt

    def test_a_byte_of_anything(self, pack: Path, verify: Verify) -> None:
        """Of each file in turn: 2 or 3, never agreement, never a traceback."""
        for path in sorted(path for path in pack.rglob("*") if path.is_file()):
            before = path.read_bytes()
            flip(path)
            if path.name != "bagit.txt":
                assert verify(pack).code == 3, path
            path.write_bytes(before)
        assert verify(pack).code == 0


class TestWaivers:
    """A report with waivers: their file is in the pack, and what they come to is found again."""

    @pytest.fixture
    def pack(self, org: Org, tmp_path: Path, made: tuple[Report, Witness]) -> Path:
        """The pack of one of which everything that the member's key fails is waived."""
        report, witness = made
        failing = next(key for key in report.keys if key.arn == org.keys["member's"])
        rest = {"reason": "Not yet.", "owner": "me@example.com", "expires": "2999-12-31"}
        told = [{"key": failing.arn, "requirement": each.requirement, **rest} for each in failing.failures]
        met = {"key": org.keys["log"], "requirement": "ENABLED", **rest}
        text = json.dumps({"version": 1, "waivers": [*told, met]}, indent=1)
        found = waived(report, Use(waivers_of(text, "waivers.json"), report.as_of))
        write_report_pack(tmp_path / "waived", found, witness, waivers=text)
        return tmp_path / "waived"

    def test_it_agrees(self, org: Org, pack: Path, verify: Verify) -> None:
        """The key is WAIVED in the report, and NON_COMPLIANT where AWS Config's own result stands."""
        told = verify(pack)
        assert (told.code, told.document["differences"], told.document["doubts"]) == (0, [], [])
        states = [
            {key["arn"]: key["state"] for key in json.loads((pack / name).read_text())["keys"]}
            for name in (REPORT, RECORDED)
        ]
        assert [each[org.keys["member's"]] for each in states] == ["WAIVED", "NON_COMPLIANT"]

    @pytest.mark.parametrize(
        "change",
        [
            lambda it: it["waivers"][0].update(expires="2026-01-01"),
            lambda it: it["waivers"][0].update(owner="you@example.com"),
            lambda it: it["waivers"].pop(0),
            lambda it: it["waivers"].pop(),
            lambda it: it.update(version=2),
        ],
    )
    def test_the_file_is_edited(self, pack: Path, verify: Verify, change: Callable[[Any], object]) -> None:
        """Even by somebody who writes the manifests anew."""
        edit(pack / "data/waivers.yaml", change)
        forge(pack)
        told = verify(pack)
        assert (told.code, ("content", REPORT) in told.kinds) == (3, True)

    def test_the_file_is_taken_away(self, pack: Path, verify: Verify) -> None:
        """Nothing is waived by nobody."""
        (pack / "data/waivers.yaml").unlink()
        forge(pack)
        assert ("content", REPORT) in verify(pack).kinds

    @pytest.mark.parametrize(
        "change",
        [
            lambda key: key.update(state="NON_COMPLIANT"),
            lambda key: key.update(state="COMPLIANT"),
            lambda key: key["failures"][0].pop("waiver"),
            lambda key: key["failures"][0]["waiver"].update(days_left=5),
        ],
    )
    def test_the_report_is_edited(
        self, org: Org, pack: Path, verify: Verify, change: Callable[[Any], object]
    ) -> None:
        """What is waived is what the file says, and is no pass."""

        def edited(document: Any) -> None:
            change(next(key for key in document["keys"] if key["arn"] == org.keys["member's"]))

        edit(pack / REPORT, edited)
        forge(pack)
        assert ("content", REPORT) in verify(pack).kinds

    @pytest.mark.usefixtures("org")
    def test_the_command(self, tmp_path: Path, run: Run, verify: Verify) -> None:
        """Writes the file into its pack."""
        file = tmp_path / "waivers.yaml"
        file.write_text("version: 1\nwaivers: [] # none\n")
        assert run("report", "--waivers", file, "--evidence", tmp_path / "pack").code in (3, 4)
        assert (tmp_path / "pack/data/waivers.yaml").read_text() == file.read_text()
        assert verify(tmp_path / "pack").document["differences"] == []


class TestWitness:
    """What is kept of AWS."""

    def test_only_what_is_evidence(self, made: tuple[Report, Witness]) -> None:
        """No other operation, and nothing of the transport."""
        _, witness = made
        kept = [reading for operation in KEPT for reading in witness.of(operation)]
        assert {reading.operation for reading in kept} == KEPT - {"config:DescribeConfigRules"}
        assert all("ResponseMetadata" not in reading.answer for reading in kept)
        assert len(kept) < 5 * MOST
