"""A manifest and keys in files, without an account."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from landing_zone_key.manifest import Delivery

from .conftest import ARN, FOR_CLOUDTRAIL, HOME, MANAGEMENT, OTHER, policy, shown

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Run

ZONE = ("--landing-zone-manifest", "zone.json")
DESCRIBED = {
    "KeyManager": "CUSTOMER",
    "KeyState": "Enabled",
    "KeySpec": "SYMMETRIC_DEFAULT",
    "KeyUsage": "ENCRYPT_DECRYPT",
    "Origin": "AWS_KMS",
    "MultiRegion": False,
}


def described(arn: str, *statements: object) -> str:
    """What describe-key prints, with the policy beside it."""
    return json.dumps({"KeyMetadata": {"Arn": arn, **DESCRIBED}, "Policy": json.dumps(policy(*statements))})


class TestOneKey:
    """The manifest's one key, by a file."""

    def test_a_key_in_full(self, folder: Path, run: Run) -> None:
        """Everything that files can tell is known: what they cannot is no item, and said at the end."""
        (folder / "key.json").write_text(described(ARN))
        ended = run("key.json", *ZONE)
        assert (ended.code, ended.told["level"], ended.told["told_by"]) == (0, "OK", "files")
        assert {each["name"] for each in ended.told["items"]}.isdisjoint({"status", "log-buckets"})
        assert "no file is asked for it" in ended.told["limits"][-1]

    def test_a_policy_alone(self, folder: Path, run: Run) -> None:
        """It is the manifest's key; whether that is enabled, and of which kind, is not known."""
        assert folder
        ended = run("policy.json", *ZONE)
        wrong = {name: level for name, level in ended.levels().items() if level != "OK"}
        assert (ended.code, wrong) == (4, {"enabled": "NOT_KNOWN", "symmetric": "NOT_KNOWN"})
        assert {each["about"] for each in ended.told["items"] if each["part"] == "requirements"} == {ARN}

    def test_a_blocker(self, folder: Path, run: Run) -> None:
        """With --exit-zero the command ends with 0, and the document says what it is."""
        (folder / "policy.json").write_text(json.dumps(policy(FOR_CLOUDTRAIL)))
        assert run("policy.json", *ZONE).code == 3
        ended = run("policy.json", *ZONE, "--exit-zero")
        assert (ended.code, ended.told["exit_code"]) == (0, 3)

    def test_no_file_has_it(self, folder: Path, run: Run) -> None:
        """Then nothing is known of it."""
        (folder / "key.json").write_text(described(OTHER))
        assert run("key.json", *ZONE).items("key") == [("NOT_KNOWN", "no file that was given tells of it")]

    def test_two_files_have_it(self, folder: Path, run: Run) -> None:
        """Nobody knows which is right."""
        for name in ("one.json", "two.json"):
            (folder / name).write_text(described(ARN))
        assert run("one.json", "two.json", *ZONE).items("key") == [
            ("NOT_KNOWN", "2 sources describe it: one.json, two.json")
        ]

    def test_a_file_that_cannot_be_read(self, folder: Path, run: Run) -> None:
        """Is told beside the rest."""
        (folder / "key.json").write_text(described(ARN))
        (folder / "broken.json").write_text("{")
        ended = run("key.json", "broken.json", *ZONE)
        assert (ended.code, ended.levels()["permissions-config"]) == (4, "OK")
        assert "broken.json cannot be read" in ended.items("key")[0][1]
        (fix,) = (each["fix"] for each in ended.told["items"] if each["name"] == "key")
        assert "allow" not in fix


class TestChange:
    """What is to become of it."""

    def test_two_keys_by_4(self, folder: Path, run: Run) -> None:
        """Each by its own file, and for its own service."""
        for name, arn in (("one.json", ARN), ("two.json", OTHER)):
            (folder / name).write_text(described(arn))
        ended = run("one.json", "two.json", *ZONE, "--landing-zone-version", "4.0", "--config-key", OTHER)
        assert (ended.told["after"]["cloudtrail_key"], ended.told["after"]["config_key"]) == (ARN, OTHER)
        assert (ended.code, ended.levels()["config-delivery"]) == (0, "WARNING")

    def test_a_key_that_is_to_be_made(self, folder: Path, run: Run) -> None:
        """A template's, by its logical id; where it is deployed is not known."""
        properties = {"KeyPolicy": policy()}
        template = {"Resources": {"New": {"Type": "AWS::KMS::Key", "Properties": properties}}}
        (folder / "template.json").write_text(json.dumps(template))
        ended = run("template.json", *ZONE, "--key", "New")
        assert ended.levels()["permissions-config"] == "OK"
        assert ended.levels()["former-key"] == "WARNING"
        assert ended.levels()["management-account"] == "NOT_KNOWN"
        assert (run("template.json", *ZONE, "--key", "Old").code, ended.code) == (2, 4)

    def test_regions_are_those_after_the_change(self, folder: Path, run: Run) -> None:
        """Of the manifest, and new ones."""
        assert folder
        ended = run("policy.json", *ZONE, "--add-region", "eu-west-1")
        assert ended.told["after"]["governed_regions"] == [HOME, "us-west-2", "eu-west-1"]
        assert "eu-west-1" in ended.items("permissions-config")[0][1]

    def test_an_account_is_not_known_from_files(self, folder: Path, run: Run) -> None:
        """They list none."""
        assert folder
        assert run("policy.json", *ZONE, "--enroll", "111122224444").levels()["account"] == "NOT_KNOWN"

    def test_nor_is_a_unit(self, folder: Path, run: Run) -> None:
        """And it is not passed over."""
        (folder / "key.json").write_text(described(ARN))
        ended = run("key.json", *ZONE, "--organization-unit", "ou-ab12-11111111")
        assert (ended.code, ended.levels()["organization-unit"]) == (4, "NOT_KNOWN")

    def test_a_first_key_follows_none(self, folder: Path, run: Run) -> None:
        """Nothing is taken for granted of one that there was not."""
        told = {"centralizedLogging": {"accountId": "444455556666", "enabled": True}}
        (folder / "zone.json").write_text(json.dumps(shown(told)))
        (folder / "key.json").write_text(described(ARN))
        ended = run("key.json", *ZONE, "--landing-zone-version", "4.0", "--logging-key", ARN)
        assert ended.code == 0
        assert "the key that both logs had" not in " ".join(ended.told["assumptions"])


class TestManifest:
    """The landing zone as a file has it."""

    @pytest.mark.parametrize(
        ("told", "words"),
        [
            ({use: {"enabled": True} for use in Delivery}, "the manifest names none"),
            ({use: {"enabled": False} for use in Delivery}, "no logs are delivered"),
        ],
    )
    def test_no_key(self, folder: Path, run: Run, told: dict[str, Any], words: str) -> None:
        """None is asked for."""
        (folder / "zone.json").write_text(json.dumps(shown(told, "4.0")))
        ((level, detail),) = run("policy.json", *ZONE).items("key")
        assert level == "OK"
        assert words in detail

    def test_among_the_sources(self, folder: Path, run: Run) -> None:
        """It need not be named."""
        (folder / "key.json").write_text(described(ARN))
        assert run("key.json", "zone.json").code == 0

    def test_without_one(self, folder: Path, run: Run) -> None:
        """Every key is for both services, and the version is not known."""
        (folder / "key.json").write_text(described(ARN))
        ended = run("key.json", "--home-region", HOME, "--management-account-id", MANAGEMENT)
        wrong = {name: level for name, level in ended.levels().items() if level != "OK"}
        assert (ended.code, wrong) == (4, {"version": "NOT_KNOWN"})


class TestMistakes:
    """One clear error, and nothing on standard output."""

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("nothing.json", *ZONE), "there is no file nothing.json"),
            ((ARN, *ZONE), f"--key {ARN}"),
            (("policy.json",), "--home-region"),
            (("policy.json", *ZONE, "--key", ARN, "--config-key", OTHER), "--key is for all logs"),
            (("policy.json", *ZONE, "--key", "", "--config-key", OTHER), "--key is for all logs"),
            (("policy.json", *ZONE, "--key", ""), "not by an empty text"),
            (("--log-archive-role", ""), "--log-archive-role is the name of a role"),
            (("policy.json", *ZONE, "--config-key", OTHER), "--config-key is for landing zone 4.0"),
            (("policy.json", *ZONE, "--log-archive-role", "r"), "--log-archive-role is for the live"),
            (("policy.json", *ZONE, "--landing-zone-version", "new"), "no version such as 4.0"),
            (("policy.json", *ZONE, "--enroll", "1"), "12 digits are"),
            (("policy.json", *ZONE, "-o", "policy.json"), "is what is read"),
        ],
    )
    def test_said(self, folder: Path, run: Run, words: tuple[str, ...], said: str) -> None:
        """What would be right."""
        assert folder
        ended = run(*words)
        assert (ended.code, ended.out) == (2, "")
        assert said in ended.err
