"""Former keys: which keys are, by their policies alone, and what is said of each."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from landing_zone_key import LandingZone
from lzkey.aws import former_keys as module
from lzkey.aws.account import Asker, Manner
from lzkey.aws.former_keys import FormerKey, FormerKeys, former_keys
from lzkey.aws.unanswered import UnansweredError
from lzkey_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

ARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ZONE = LandingZone.from_rule_parameters({"HomeRegion": "us-east-1", "ManagementAccountId": "111122223333"})
ROOT = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"}
TRAIL, RECORDER = "cloudtrail.amazonaws.com", "config.amazonaws.com"
OWN_TRAIL = "arn:aws:cloudtrail:us-east-1:111122223333:trail/aws-controltower-BaselineCloudTrail"
BOTH = ("AWS Config", "CloudTrail")
CANNOT = "log objects that are encrypted with it cannot be read"


def grant(*services: str, **changes: Any) -> dict[str, Any]:
    """A statement that grants these services what they need for deliveries, and no more."""
    allow = {"Effect": "Allow", "Principal": {"Service": services}, "Resource": "*"}
    return {**allow, "Action": ["kms:Decrypt", "kms:GenerateDataKey"], **changes}


def limited(trail: str) -> dict[str, Any]:
    """A grant for one trail alone."""
    return grant(TRAIL, Condition={"StringEquals": {"aws:SourceArn": trail}})


@dataclass(frozen=True)
class Account:
    """The management account, with the landing zone's present key."""

    sandbox: Sandbox
    present: str

    def key(self, *statements: Any, region: str = "us-east-1", **options: Any) -> str:
        """Create a key with these statements in its policy; return its ARN."""
        return make_key(self.sandbox, *statements, region=region, **options)

    def zone(self, **configurations: str) -> LandingZone:
        """The landing zone with the present key, or with these keys by block."""
        keys = configurations or {"centralizedLogging": self.present}
        blocks = {name: {"configurations": {"kmsKeyArn": key}} for name, key in keys.items()}
        return ZONE.with_manifest(blocks, "3.3")

    def found(self, zone: LandingZone | None = None) -> FormerKeys:
        """The former keys."""
        self.sandbox.forget_calls()
        asker = Asker(boto3.Session(), "111122223333", "us-east-1", Manner())
        return former_keys(asker, zone or self.zone())

    def services(self) -> dict[str, tuple[str, ...]]:
        """The services of each former key, by its ARN."""
        return {key.arn: key.services for key in self.found().keys}


def make_key(sandbox: Sandbox, *statements: Any, region: str = "us-east-1", **options: Any) -> str:
    """Create a key with these statements in its policy; return its ARN."""
    kms = sandbox.client("kms", region)
    arn = str(kms.create_key(**options)["KeyMetadata"]["Arn"])
    policy = json.dumps({"Version": "2012-10-17", "Statement": [ROOT, *statements]})
    kms.put_key_policy(KeyId=arn, PolicyName="default", Policy=policy)
    return arn


@pytest.fixture
def account() -> Iterator[Account]:
    """The account, and nothing but the sandbox can be reached."""
    with pytest.MonkeyPatch.context() as patch, Sandbox(recording=False) as sandbox:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in sandbox.environment.items():
            patch.setenv(name, value)
        yield Account(sandbox, make_key(sandbox, grant(TRAIL, RECORDER)))


class TestWhichAre:
    """A key that the manifest does not name, and whose policy admits the landing zone's deliveries."""

    def test_what_the_policy_is_proved_to_admit(self, account: Account) -> None:
        """One service is enough, for the landing zone's own trail; a refusal or another trail is its twin."""
        both = account.key(grant(TRAIL, RECORDER))
        own = account.key(limited(OWN_TRAIL))
        recorders = account.key(grant(RECORDER))
        account.key(limited(f"{OWN_TRAIL}s"))
        account.key(grant(TRAIL, RECORDER), grant(TRAIL, RECORDER, Effect="Deny"))
        account.key()
        assert account.services() == {both: BOTH, own: ("CloudTrail",), recorders: ("AWS Config",)}

    def test_what_no_logs_can_be_encrypted_with(self, account: Account) -> None:
        """An asymmetric key is none, nor one in another Region, whatever they admit; their policies stay."""
        account.key(grant(TRAIL, RECORDER), KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")
        account.key(grant(TRAIL, RECORDER), region="eu-west-1")
        assert account.found() == FormerKeys()
        assert [call.operation for call in account.sandbox.calls] == ["ListKeys", "DescribeKey"]

    @pytest.mark.parametrize(
        ("blocks", "former"),
        [(("centralizedLogging",), 1), (("centralizedLogging", "backup"), 0)],
    )
    def test_what_the_manifest_names(self, account: Account, blocks: tuple[str, ...], former: int) -> None:
        """For backups, too: such a key is in use, and its twin is in no block."""
        other = account.key(grant(TRAIL, RECORDER))
        zone = account.zone(**dict(zip(blocks, (account.present, other), strict=False)))
        assert [key.arn for key in account.found(zone).keys] == [other] * former

    @pytest.mark.parametrize(("enabled", "former"), [(True, 0), (False, 1)])
    def test_the_key_of_a_block_that_is_off(self, account: Account, *, enabled: bool, former: int) -> None:
        """Encrypts nothing any more, although the manifest still shows it; its twin is in use."""
        other = account.key(grant(TRAIL, RECORDER))
        blocks = {
            "centralizedLogging": {"configurations": {"kmsKeyArn": account.present}},
            "config": {"enabled": enabled, "configurations": {"kmsKeyArn": other}},
        }
        found = account.found(ZONE.with_manifest(blocks, "4.0"))
        assert [key.arn for key in found.keys] == [other] * former

    def test_an_alias_in_the_manifest(self, account: Account) -> None:
        """May be any key, so that no key is said to be a former one."""
        account.key(grant(TRAIL, RECORDER))
        zone = account.zone(centralizedLogging="arn:aws:kms:us-east-1:111122223333:alias/logs")
        assert account.found(zone) == FormerKeys()

    @pytest.mark.parametrize("zone", [ZONE, ZONE.with_manifest({}, "4.0")])
    def test_a_landing_zone_without_keys(self, account: Account, zone: LandingZone) -> None:
        """Has none, and one whose manifest nobody has read is asked for none: no call is made."""
        account.key(grant(TRAIL, RECORDER))
        assert account.found(zone) == FormerKeys()
        assert not account.sandbox.calls


class TestStates:
    """What is told of a former key, as KMS tells it."""

    def test_each(self, account: Account) -> None:
        """Disabled, waiting for its deletion with the date of it, or as it should be."""
        kms = account.sandbox.client("kms")
        kept, disabled, doomed = (account.key(grant(TRAIL, RECORDER)) for _ in range(3))
        kms.disable_key(KeyId=disabled)
        kms.schedule_key_deletion(KeyId=doomed, PendingWindowInDays=7)
        date = kms.describe_key(KeyId=doomed)["KeyMetadata"]["DeletionDate"].date().isoformat()
        keys = {key.arn: key for key in account.found().keys}
        assert keys[kept] == FormerKey(kept, "Enabled", services=BOTH)
        assert keys[disabled] == FormerKey(disabled, "Disabled", services=BOTH)
        assert keys[doomed] == FormerKey(doomed, "PendingDeletion", date, services=BOTH)

    @pytest.mark.parametrize(
        ("key", "fault", "fix"),
        [
            (FormerKey(ARN, "Enabled"), "", ""),
            (
                FormerKey(ARN, "Enabled", valid_to="2027-01-02"),
                f"Enabled, its key material expires on 2027-01-02: from then on {CANNOT}",
                f"import the same key material of {ARN} again, with a later date or none",
            ),
            (
                FormerKey(ARN, "Disabled"),
                f"Disabled: {CANNOT}",
                f"run aws kms enable-key --key-id {ARN}",
            ),
            (
                FormerKey(ARN, "PendingDeletion", "2026-12-20"),
                f"PendingDeletion until 2026-12-20: {CANNOT}, and never again once it is deleted",
                f"run aws kms cancel-key-deletion --key-id {ARN} and then aws kms enable-key --key-id {ARN}",
            ),
            (
                FormerKey(ARN, "PendingImport"),
                f"PendingImport: {CANNOT}",
                f"import its key material: {ARN}",
            ),
            (
                FormerKey(ARN, "Creating"),
                f"Creating: {CANNOT}",
                f"wait until it is Enabled: {ARN}",
            ),
        ],
    )
    def test_in_words(self, key: FormerKey, fault: str, fix: str) -> None:
        """What follows for older logs, with its date, and what to do; nothing of a key that stays Enabled."""
        assert (key.fault, key.fix) == (fault, fix)


class TestUnread:
    """What is refused is told, and is no reason to tell nothing."""

    @pytest.mark.parametrize("operation", ["DescribeKey", "GetKeyPolicy"])
    def test_one_key_after_the_other(self, account: Account, operation: str) -> None:
        """Many keys that are refused alike are one sentence; keys that are read are told all the same."""
        keys = {account.key(grant(TRAIL, RECORDER)) for _ in range(4)}
        account.sandbox.fail_next("kms", operation, "AccessDeniedException", 3)
        found = account.found()
        assert len({key.arn for key in found.keys} & keys) == 1
        (told,) = found.unread
        assert told.startswith(f"account 111122223333 refused kms:{operation} (AccessDeniedException: ")
        assert told.endswith("), as for 2 more: whether older logs need that key is not known")

    def test_a_key_that_is_gone(self, account: Account) -> None:
        """Since it was listed: it is none, and nothing is unread."""
        account.key(grant(TRAIL, RECORDER))
        account.sandbox.fail_next("kms", "GetKeyPolicy", "NotFoundException")
        assert account.found() == FormerKeys()

    def test_the_list(self, account: Account) -> None:
        """Without it nothing is known."""
        account.sandbox.fail_next("kms", "ListKeys", "AccessDeniedException")
        with pytest.raises(UnansweredError, match="refused kms:ListKeys"):
            account.found()

    @pytest.mark.parametrize(("most", "unread"), [(2, ()), (1, ("more than 1 keys: of 1 ",))])
    def test_more_keys_than_are_looked_at(
        self, account: Account, monkeypatch: pytest.MonkeyPatch, most: int, unread: tuple[str, ...]
    ) -> None:
        """The rest is told by its number, and not asked about; as many as the bound is not too many."""
        monkeypatch.setattr(module, "MOST", most)
        for _ in range(2):
            account.key(grant(TRAIL, RECORDER))
        found = account.found()
        assert len(found.keys) == most
        assert len(found.unread) == len(unread)
        assert all(part in told for part, told in zip(unread, found.unread, strict=True))
