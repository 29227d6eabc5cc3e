"""check, explain and fix before AWS servers that others have written: what they say, and what they leave."""

from __future__ import annotations

import json
import re
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest

from .conftest import MISSING, SETTINGS
from .servers import environment

if TYPE_CHECKING:
    from .conftest import Aws

BOTH = pytest.mark.parametrize("aws", ["ministack", "moto"], indirect=True)
MINISTACK = pytest.mark.parametrize("aws", ["ministack"], indirect=True)
MOTO = pytest.mark.parametrize("aws", ["moto"], indirect=True)

# Somebody's own way to write JSON, which nobody could write again from what it means.
ODD = (
    '{"Version":"2012-10-17",\n\t"Statement" : [{"Sid":"Caf\\u00e9 \u00fc/","Effect":"Allow",\n \n'
    '"Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*"  ,"Resource":"*"}]}  \n'
)


def taken_back(aws: Aws, said: str) -> None:
    """Run the printed command as a reader would, in a shell, with the real AWS CLI; nothing spoils it."""
    (command,) = re.findall(r"to take the change back: (.*)", said)
    surroundings = environment(aws.server.address, aws.folder)
    subprocess.run(["/bin/sh", "-c", command], env=surroundings, check=True, capture_output=True)


@BOTH
class TestCheck:
    """Which keys there are, and what they come to."""

    def test_every_key(self, aws: Aws) -> None:
        """Each with its own result."""
        keys = {aws.key(): "COMPLIANT", aws.key(MISSING): "NON_COMPLIANT", aws.key(ODD): "NON_COMPLIANT"}
        ended = aws.run("check", *SETTINGS, "--format", "json")
        assert (ended.results, ended.code, ended.err) == (keys, 3, "")

    def test_by_arn_id_and_alias(self, aws: Aws) -> None:
        """The same key, three times."""
        arn = aws.key()
        aws.key(MISSING)
        aws.server.client("kms").create_alias(AliasName="alias/landing-zone", TargetKeyId=arn)
        names = (arn, arn.rpartition("/")[2], "alias/landing-zone")
        asked = [word for name in names for word in ("--key", name)]
        ended = aws.run("check", *asked, *SETTINGS, "--format", "json")
        assert (ended.code, set(ended.results.values())) == (0, {"COMPLIANT"})
        assert aws.proxy.actions.count("kms:DescribeKey") == 3

    def test_a_key_that_nobody_can_use(self, aws: Aws) -> None:
        """Disabled, or soon to be deleted: with its date."""
        kms = aws.server.client("kms")
        disabled, dying = (aws.key().rpartition("/")[2] for _ in range(2))
        kms.disable_key(KeyId=disabled)
        kms.schedule_key_deletion(KeyId=dying, PendingWindowInDays=7)
        ended = aws.run("check", *SETTINGS)
        assert ended.code == 3
        assert "the key state is Disabled" in ended.said
        assert re.search(r"the key state is PendingDeletion until \d{4}-\d\d-\d\d", ended.said)

    def test_nothing_that_is_there(self, aws: Aws) -> None:
        """No key, and one of a name that no key has: nothing is proved."""
        ended = aws.run("check", *SETTINGS)
        assert (ended.code, "no KMS key was found" in ended.said) == (4, True)
        ended = aws.run("check", "--key", "alias/nowhere", *SETTINGS)
        assert (ended.code, "there is no key alias/nowhere" in ended.said) == (4, True)

    def test_discovered(self, aws: Aws) -> None:
        """The landing zone's key, for the organization that the server tells of."""
        arn = aws.key()
        aws.key(MISSING)
        aws.landing_zone(arn)
        ended = aws.run("check", "--discover", "--landing-zone", "--format", "json")
        assert (ended.code, ended.results) == (0, {arn: "COMPLIANT"})
        organization = aws.server.client("organizations").describe_organization()["Organization"]["Id"]
        settings = json.loads(ended.out)["settings"]
        assert settings["OrganizationId"] == organization
        assert (settings["HomeRegion"], settings["ManagementAccountId"]) == ("us-east-1", "111122223333")


class TestDenied:
    """A Deny that forgets AWS services: one of the servers obeys it when it is asked for the key."""

    @MINISTACK
    def test_is_what_is_wrong(self, aws: Aws) -> None:
        """Explained by its name; fix leaves it as it is, and the key with it."""
        arn = aws.key("denied")
        ended = aws.run("explain", arn, *SETTINGS)
        assert ended.code == 3
        assert '"DenyOutsideOrg" applies' in ended.out
        before = json.loads(aws.policy(arn))["Statement"]
        ended = aws.run("fix", arn, *SETTINGS, "--apply", "--yes")
        assert ended.code == 3
        now = json.loads(aws.policy(arn))["Statement"]
        assert (now[:-1], now[-1]["Principal"]) == (before, {"Service": "config.amazonaws.com"})

    @MOTO
    def test_is_what_keeps_us_out(self, aws: Aws) -> None:
        """The key is unknown then, and nothing is put on it; the others are judged."""
        denied, good = aws.key("denied"), aws.key()
        ended = aws.run("check", *SETTINGS, "--format", "json")
        assert (ended.code, ended.results) == (4, {denied: "UNKNOWN", good: "COMPLIANT"})
        assert "kms:DescribeKey was refused" in ended.said
        ended = aws.run("fix", denied, *SETTINGS, "--apply", "--yes")
        assert (ended.code, list(aws.folder.iterdir())) == (4, [])
        assert "kms:PutKeyPolicy" not in aws.proxy.actions


@BOTH
class TestExplain:
    """Only questions are asked."""

    def test_a_proof_and_a_refusal(self, aws: Aws) -> None:
        """What holds, or the request that is refused."""
        for policy, code, shown in (
            ("documented", 0, "CONFIG_ACCESS: holds"),
            (MISSING, 3, "CLOUDTRAIL_ACCESS: FAILS"),
        ):
            aws.proxy.forget()
            ended = aws.run("explain", aws.key(policy), *SETTINGS)
            assert (ended.code, ended.err) == (code, "")
            assert shown in ended.out
            assert aws.proxy.actions == ["sts:GetCallerIdentity", "kms:DescribeKey", "kms:GetKeyPolicy"]


@BOTH
class TestFix:
    """Put, and taken back."""

    @pytest.mark.parametrize(
        "before", [ODD, MISSING, MISSING.replace("\n", "\r\n")], ids=["odd", "missing", "from Windows"]
    )
    def test_and_back(self, aws: Aws, before: str) -> None:
        """The key is compliant then; the printed command brings the old policy back, byte for byte."""
        arn = aws.key(before)
        ended = aws.run("fix", arn, *SETTINGS, "--apply", "--yes")
        assert ended.code == 0, ended.err
        assert "judged again: COMPLIANT" in ended.said
        (saved,) = aws.folder.glob("*Z.json")
        assert saved.read_bytes() == before.encode()
        assert stat.S_IMODE(saved.stat().st_mode) == 0o600
        taken_back(aws, ended.err)
        assert aws.policy(arn) == before

    def test_nothing_is_changed(self, aws: Aws) -> None:
        """Without --apply, or where the policy is right as it is."""
        bad, good = aws.key(MISSING), aws.key()
        assert aws.run("fix", bad, *SETTINGS).code == 0
        assert aws.run("fix", good, *SETTINGS, "--apply", "--yes").code == 0
        assert (aws.policy(bad), list(aws.folder.iterdir())) == (MISSING, [])
        assert "kms:PutKeyPolicy" not in aws.proxy.actions
