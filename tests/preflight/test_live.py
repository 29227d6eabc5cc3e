"""The live landing zone: what is looked at, what is not answered, and what that comes to."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from landing_zone_key import LandingZone
from lzkey.aws.fact import actions_of
from lzkey.preflight.change import Change
from lzkey.preflight.examination import examine, iam_policy
from lzkey.preflight.landing import look
from lzkey.preflight.log_buckets import IN_THEIR_ACCOUNT
from lzkey_sandbox.baselines import NOT_REREGISTERED, PRESENT, Registration, Unit
from lzkey_sandbox.cloudtrail import TrailState

from .conftest import BUCKET, FOR_CLOUDTRAIL, FOR_CONFIG, HOME, manifest

if TYPE_CHECKING:
    from .conftest import Ended, Live, Run

ROLE = ("--log-archive-role", "reader")
SILENT = Registration(source=None)


class TestHealthy:
    """A landing zone and a key as they should be."""

    def test_a_plain_update(self, live: Live, run: Run) -> None:
        """Nothing blocks, and everything is known; the recorder that nobody needs is the one warning."""
        ended = run(*ROLE)
        wrong = {name: level for name, level in ended.levels().items() if level != "OK"}
        assert (ended.code, ended.err, wrong) == (0, "", {"recorder": "WARNING"})
        assert ended.told["level"] == "WARNING"
        assert ended.told["before"] == ended.told["after"]
        assert ended.told["after"]["accounts"] == len(live.organization.accounts) - 1
        assert [each["name"] for each in ended.told["items"]] == [
            *("enabled", "symmetric", "not-multi-region", "permissions-cloudtrail", "permissions-config"),
            *("management-account", "home-region", "log-buckets", "log-buckets", "recorder"),
            *("delivery-channel", "trusted-access", "stack-sets", "status", "drift", "baselines", "version"),
        ]

    def test_the_bucket_is_asked_once_for_both_logs(self, live: Live, run: Run) -> None:
        """Before 4.0 both are there."""
        assert run(*ROLE).items("log-buckets") == [
            ("OK", "Requester Pays is off, for CloudTrail and AWS Config"),
            ("OK", "Object Lock is off"),
        ]
        asked = [call.operation for call in live.sandbox.calls if call.service == "s3"]
        assert asked == ["GetBucketRequestPayment", "GetObjectLockConfiguration"]

    def test_nothing_is_changed(self, live: Live, run: Run) -> None:
        """It asks alone, but for the role."""
        run(*ROLE, "--landing-zone-version", "3.3")
        operations = {call.operation for call in live.sandbox.calls} - {"AssumeRole"}
        assert [each for each in operations if not each.startswith(("Get", "List", "Describe"))] == []


class TestChange:
    """What is to become of it."""

    def test_a_key_by_its_alias(self, live: Live, run: Run) -> None:
        """It is the one that is judged, by its ARN; the former one goes on to be needed."""
        other = live.create()
        live.sandbox.client("kms").create_alias(AliasName="alias/next", TargetKeyId=other)
        ended = run(*ROLE, "--key", "alias/next")
        live.sandbox.client("kms").delete_alias(AliasName="alias/next")
        assert ended.code == 0
        assert {each["about"] for each in ended.told["items"] if each["part"] == "requirements"} == {other}
        assert (ended.told["before"]["config_key"], ended.told["after"]["config_key"]) == (live.key, other)
        assert ended.levels()["former-key-in-use"] == "WARNING"

    def test_a_key_that_is_not_there(self, live: Live, run: Run) -> None:
        """Blocks; one that nobody may see is not known."""
        missing = ("--key", "alias/nothing")
        assert run(*missing).items("key") == [
            ("BLOCKER", "there is no key alias/nothing in account 111122223333 in us-east-1")
        ]
        live.sandbox.fail_next("kms", "DescribeKey", "AccessDeniedException")
        assert run(*missing).levels()["key"] == "NOT_KNOWN"

    def test_the_manifest_may_name_it_otherwise(self, live: Live, run: Run) -> None:
        """The key of an alias is the same key: nothing changes, and nothing is former."""
        live.sandbox.client("kms").create_alias(AliasName="alias/now", TargetKeyId=live.key)
        live.zone(manifest("alias/now"))
        ended = run(*ROLE, "--key", live.key)
        live.sandbox.client("kms").delete_alias(AliasName="alias/now")
        assert ended.told["before"] == ended.told["after"]
        assert {"former-key", "former-key-in-use"}.isdisjoint(ended.levels())

    def test_the_update_to_4_by_itself(self, live: Live, run: Run) -> None:
        """It is the latest: so said, and what it breaks is a warning."""
        live.zone(latest="4.0")
        ended = run(*ROLE)
        assert (ended.code, ended.told["after"]["version"]) == (0, "4.0")
        assert ended.levels()["config-delivery"] == "WARNING"
        assert "the update is to 4.0, the latest" in ended.told["assumptions"][0]
        stays = run(*ROLE, "--landing-zone-version", "3.3")
        assert "config-delivery" not in stays.levels()
        assert "the latest" not in " ".join(stays.told["assumptions"])

    def test_a_region_that_the_policy_does_not_admit(self, live: Live, run: Run) -> None:
        """The request is refused from there alone, so that the update as such is fine."""
        only = {"ArnLike": {"aws:SourceArn": [f"arn:aws:config:{each}:*:*" for each in (HOME, "us-west-2")]}}
        live.put({**FOR_CONFIG, "Condition": only}, FOR_CLOUDTRAIL)
        assert run(*ROLE).code == 0
        ended = run(*ROLE, "--add-region", "eu-west-1")
        ((level, detail),) = ended.items("permissions-config")
        assert (ended.code, level) == (3, "BLOCKER")
        assert "eu-west-1" in detail

    def test_accounts(self, live: Live, run: Run) -> None:
        """Neither a suspended one nor a stranger can be enrolled; what the others have is not known."""
        sound, (suspended,) = live.organization.sound[0], live.organization.suspended
        chosen = [part for each in (sound, suspended, "999988887777") for part in ("--enroll", each)]
        ended = run(*chosen)
        assert [level for level, _ in ended.items("account")] == ["OK", "BLOCKER", "BLOCKER"]
        assert {level for level, _ in ended.items("existing-config-resources")} == {"NOT_KNOWN"}

    def test_a_unit(self, live: Live, run: Run) -> None:
        """All its accounts are enrolled: none may be suspended."""
        organizations = live.sandbox.client("organizations")
        root = organizations.list_roots()["Roots"][0]["Id"]
        made = organizations.create_organizational_unit(ParentId=root, Name="new")["OrganizationalUnit"]["Id"]
        assert run("--organization-unit", made).levels()["organization-unit"] == "OK"
        (suspended,) = live.organization.suspended
        move = {"AccountId": suspended, "SourceParentId": root, "DestinationParentId": made}
        organizations.move_account(**move)
        assert run("--organization-unit", made).levels()["organization-unit"] == "BLOCKER"
        organizations.move_account(**{**move, "SourceParentId": made, "DestinationParentId": root})
        ended = run("--organization-unit", "ou-ab12-11111111")
        assert ended.items("organization-unit") == [("BLOCKER", "there is no such unit")]


class TestBuckets:
    """The log buckets, with a role in their account."""

    def levels(self, ended: Ended) -> list[str]:
        """Of its items."""
        return [level for level, _ in ended.items("log-buckets")]

    def test_without_a_role(self, live: Live, run: Run) -> None:
        """They are not looked at, and so not known."""
        ended = run()
        assert (ended.code, self.levels(ended)) == (4, ["NOT_KNOWN"])
        assert live.sandbox.trail is not None

    def test_requester_pays(self, live: Live, run: Run) -> None:
        """Blocks, as AWS's page has it."""
        for payer, level in (("Requester", "BLOCKER"), ("BucketOwner", "OK")):
            live.buckets().put_bucket_request_payment(
                Bucket=BUCKET, RequestPaymentConfiguration={"Payer": payer}
            )
            assert self.levels(run(*ROLE)) == [level, "OK"]

    @pytest.mark.parametrize(
        ("retention", "version", "level"),
        [(True, "3.3", "BLOCKER"), (False, "3.3", "WARNING"), (True, "4.0", "OK")],
    )
    def test_object_lock(self, live: Live, run: Run, *, retention: bool, version: str, level: str) -> None:
        """A default retention stops AWS Config; by 4.0 it delivers elsewhere."""
        live.zone(latest="4.0")
        name = f"locked-{level.lower()}"
        live.buckets().create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
        if retention:
            rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 30}}
            live.buckets().put_object_lock_configuration(
                Bucket=name, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
            )
        config = live.sandbox.client("config", account=live.organization.log_archive)
        (before,) = config.describe_delivery_channels()["DeliveryChannels"]
        config.put_delivery_channel(DeliveryChannel={"name": before["name"], "s3BucketName": name})
        ended = run(*ROLE, "--landing-zone-version", version)
        config.put_delivery_channel(DeliveryChannel={"name": before["name"], "s3BucketName": BUCKET})
        shown = {
            each["about"]: each["level"] for each in ended.told["items"] if each["name"] == "log-buckets"
        }
        assert shown.get(name, "OK") == level
        assert shown[BUCKET] == "OK"

    def test_a_role_that_may_not(self, live: Live, run: Run) -> None:
        """Each question that is refused is an item."""
        live.sandbox.fail_next("s3", "GetObjectLockConfiguration", "AccessDenied")
        ended = run(*ROLE)
        (fix,) = (each["fix"] for each in ended.told["items"] if each["level"] == "NOT_KNOWN")
        assert self.levels(ended) == ["OK", "NOT_KNOWN"]
        assert fix == "allow s3:GetBucketObjectLockConfiguration to the role reader"
        live.sandbox.fail_next("sts", "AssumeRole", "AccessDenied")
        ended = run(*ROLE)
        assert set(self.levels(ended)) == {"NOT_KNOWN"}
        assert "sts:AssumeRole was refused" in ended.items("log-buckets")[0][1]
        fixes = {each["fix"] for each in ended.told["items"] if each["name"] == "log-buckets"}
        assert all("trust policy" in fix for fix in fixes)

    def test_a_manifest_that_nobody_has_read_names_no_account(self, live: Live, run: Run) -> None:
        """So nothing is said of what it has not."""
        live.sandbox.fail_next("controltower", "GetLandingZone", "AccessDeniedException")
        ((level, detail),) = run(*ROLE).items("log-buckets")
        assert level == "NOT_KNOWN"
        assert detail.startswith("controltower:GetLandingZone was refused")

    def test_whose_nobody_tells(self, live: Live, run: Run) -> None:
        """A manifest without accounts, and a trail that is not there."""
        told = manifest(live.key)
        del told["centralizedLogging"]["accountId"]
        live.zone(told)
        assert self.levels(run(*ROLE)) == ["NOT_KNOWN", "NOT_KNOWN"]
        live.zone()
        before, live.sandbox.trail = live.sandbox.trail, None
        ended = run(*ROLE)
        live.sandbox.trail = before or TrailState()
        assert "there is no trail aws-controltower-BaselineCloudTrail" in ended.items("log-buckets")[0][1]


class TestBeside:
    """What else is looked at."""

    @pytest.mark.parametrize(
        ("changes", "more", "expected"),
        [
            ({"status": "PROCESSING"}, (), ("status", "BLOCKER")),
            ({"status": "FAILED"}, (), ("status", "WARNING")),
            ({"status": "FAILED"}, ("--organization-unit", "ou-ab12-11111111"), ("status", "BLOCKER")),
            ({"drift": "DRIFTED"}, (), ("drift", "WARNING")),
        ],
    )
    def test_the_landing_zone(
        self,
        live: Live,
        run: Run,
        changes: dict[str, Any],
        more: tuple[str, ...],
        expected: tuple[str, str],
    ) -> None:
        """Status and drift; what has failed lets nobody be enrolled."""
        live.zone(**changes)
        name, level = expected
        assert run(*more).levels()[name] == level

    @pytest.mark.parametrize(
        ("registration", "level", "words"),
        [
            (None, "OK", "none is registered"),
            (PRESENT, "OK", "all are on the landing zone's present configuration (3)"),
            (NOT_REREGISTERED, "WARNING", "3 (ou-ab12-3cd4ef56, 100000000001, 100000000002)"),
            (SILENT, "NOT_KNOWN", "Control Tower does not tell of 3"),
        ],
    )
    def test_baselines(
        self, live: Live, run: Run, registration: Registration | None, level: str, words: str
    ) -> None:
        """What is behind before the change; drift that is not told is not known."""
        unit = registration and Unit(accounts=live.organization.sound, registration=registration)
        live.sandbox.units = (unit,) if unit else ()
        ((found, detail),) = run().items("baselines")
        live.sandbox.units = None
        assert found == level
        assert words in detail

    def test_trusted_access(self, live: Live, run: Run) -> None:
        """Control Tower's own."""
        organizations, service = live.sandbox.client("organizations"), "controltower.amazonaws.com"
        organizations.disable_aws_service_access(ServicePrincipal=service)
        level = run().levels()["trusted-access"]
        organizations.enable_aws_service_access(ServicePrincipal=service)
        assert level == "WARNING"

    def test_stack_sets(self, live: Live, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        """One of Control Tower's that is at work stands in the way; others do not."""
        client = live.sandbox.client("cloudformation")
        body = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
        for name in ("AWSControlTowerBP-BASELINE-CONFIG", "mine"):
            client.create_stack_set(StackSetName=name, TemplateBody=body)
        assert run().items("stack-sets") == [("OK", "none of those that there are (1) is at work")]
        asked = "lzkey.preflight.looks.operations_at_work"
        monkeypatch.setattr(asked, lambda _asker, name, _region: (f"UPDATE, RUNNING of {name}",))
        ((level, detail),) = run().items("stack-sets")
        for name in ("AWSControlTowerBP-BASELINE-CONFIG", "mine"):
            client.delete_stack_set(StackSetName=name)
        assert level == "BLOCKER"
        assert "UPDATE, RUNNING of AWSControlTowerBP" in detail

    def test_the_own_delivery_channel(self, live: Live, run: Run) -> None:
        """What no update redirects: a former bucket, and a former key."""
        live.zone(latest="4.0")
        stays = ("--landing-zone-version", "3.3")
        changes = ((), stays, (*stays, "--key", live.create()))
        with live.recorder():
            levels = [run(*more).levels()["delivery-channel"] for more in changes]
        assert levels == ["WARNING", "OK", "WARNING"]

    def test_the_own_recorder(self, live: Live, run: Run) -> None:
        """One that is on, and one that is stopped."""
        with live.recorder() as name:
            assert run().levels()["recorder"] == "OK"
            live.sandbox.client("config").stop_configuration_recorder(ConfigurationRecorderName=name)
            ((level, detail),) = run().items("recorder")
        assert (level, detail.partition(":")[0]) == ("WARNING", "default does not (stopped)")


#: Action -> the items that are not known without an answer to it.
REFUSED = {
    ("controltower", "ListLandingZones"): {"key", "status", "drift", "version"},
    ("controltower", "GetLandingZone"): {"key", "status", "drift", "version"},
    ("controltower", "ListEnabledBaselines"): {"baselines"},
    ("organizations", "ListAccounts"): {"accounts"},
    ("organizations", "ListAWSServiceAccessForOrganization"): {"trusted-access"},
    ("config", "DescribeConfigurationRecorders"): {"recorder"},
    ("cloudformation", "ListStackSets"): {"stack-sets"},
    ("cloudtrail", "DescribeTrails"): {"log-buckets"},
    ("kms", "DescribeKey"): {"enabled", "symmetric"},
    ("kms", "GetKeyPolicy"): {"permissions-cloudtrail", "permissions-config"},
}


class TestRefused:
    """Who may read less knows less, and is told what."""

    @pytest.mark.parametrize(("asked", "unknown"), REFUSED.items(), ids=map(":".join, REFUSED))
    def test_each_is_an_item(self, live: Live, run: Run, asked: tuple[str, str], unknown: set[str]) -> None:
        """It names the action; nothing of it is OK, and the rest is told as before."""
        live.sandbox.fail_next(*asked, "AccessDeniedException")
        ended = run(*ROLE, "--home-region", HOME)
        answered = [each for each in ended.told["items"] if each["level"] == "NOT_KNOWN"]
        assert ended.code == 4
        assert {each["name"] for each in answered} >= unknown
        told = " ".join(f"{each['detail']} {each['fix']}" for each in answered)
        assert f"{asked[0]}:{asked[1]}" in told
        assert "--print-iam-policy" in told or asked[0] == "kms"

    def test_accounts_that_may_not_be_listed(self, live: Live, run: Run) -> None:
        """A policy that lists accounts may list them all."""
        listed = {"StringEquals": {"aws:SourceAccount": list(live.organization.accounts)}}
        live.put({**FOR_CONFIG, "Condition": listed}, FOR_CLOUDTRAIL)
        live.sandbox.fail_next("organizations", "ListAccounts", "AccessDeniedException")
        ended = run(*ROLE)
        assert (ended.code, ended.levels()["permissions-config"]) == (4, "NOT_KNOWN")

    def test_a_manifest_without_which_a_key_is_for_both(self, live: Live, run: Run) -> None:
        """That it is, is taken for granted, and said."""
        live.sandbox.fail_next("controltower", "GetLandingZone", "AccessDeniedException")
        ended = run("--landing-zone-version", "4.0", "--logging-key", live.key)
        assert any("taken for both logs" in each for each in ended.told["assumptions"])

    def test_the_home_region(self, live: Live, run: Run) -> None:
        """Nobody else tells it: the error says who did not, and how to give it."""
        live.sandbox.fail_next("controltower", "ListLandingZones", "AccessDeniedException")
        ended = run()
        assert (ended.code, ended.out) == (2, "")
        assert "--home-region" in ended.err
        assert "controltower:ListLandingZones was refused" in ended.err

    def test_the_organization(self, live: Live, run: Run) -> None:
        """Who manages it the landing zone's ARN tells, too."""
        live.sandbox.fail_next("organizations", "DescribeOrganization", "AccessDeniedException")
        assert run(*ROLE).code == 0

    def test_permissions_are_all_that_it_takes(self, live: Live, run: Run) -> None:
        """What is printed is what was called, and no more."""
        live.sandbox.client("kms").tag_resource(KeyId=live.key, Tags=[{"TagKey": "a", "TagValue": "b"}])
        live.put({**FOR_CONFIG, "Condition": {"StringEquals": {"aws:ResourceTag/a": "b"}}}, FOR_CLOUDTRAIL)
        stack_sets = live.sandbox.client("cloudformation")
        body = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
        stack_sets.create_stack_set(StackSetName="AWSControlTower", TemplateBody=body)
        with live.recorder():
            live.sandbox.forget_calls()
            run(*ROLE, "--organization-unit", "ou-ab12-11111111")
            called = {f"{call.service}:{call.operation}" for call in live.sandbox.calls}
        stack_sets.delete_stack_set(StackSetName="AWSControlTower")
        printed = {each for statement in iam_policy()["Statement"] for each in statement["Action"]}
        of_the_role = {"s3:GetBucketRequestPayment", "s3:GetObjectLockConfiguration"}
        assert called - of_the_role - {"sts:GetCallerIdentity"} == printed
        assert actions_of(*IN_THEIR_ACCOUNT) == {
            "config:DescribeDeliveryChannels",
            "s3:GetBucketObjectLockConfiguration",
            "s3:GetBucketRequestPayment",
        }


class TestStrangeAnswers:
    """A manifest is a free document."""

    @pytest.mark.parametrize(
        "told",
        [
            {"governedRegions": 5, "centralizedLogging": "yes", "config": ["no"]},
            {"centralizedLogging": {"accountId": ["x"], "configurations": {"kmsKeyArn": "\x1b[2Jalias/x"}}},
        ],
    )
    def test_are_not_known(self, live: Live, run: Run, told: dict[str, Any]) -> None:
        """And end in no traceback, whatever is asked for."""
        live.zone(told, latest="4.0")
        for change in ((), ("--key", live.key)):
            ended = run(*ROLE, *change)
            assert (ended.code in (3, 4), ended.err) == (True, "")
            assert "\x1b" not in run(*ROLE, *change, "--format", "text").out

    @pytest.mark.parametrize(
        "block", [{"configurations": {"kmsKeyArn": ["x"]}}, {"configurations": "x", "enabled": True}]
    )
    def test_a_key_that_is_no_text_is_not_none(self, live: Live, run: Run, block: dict[str, Any]) -> None:
        """Which one there is, is not known."""
        live.zone({"governedRegions": [HOME], "centralizedLogging": {"accountId": "444455556666", **block}})
        ended = run(*ROLE)
        assert (ended.code, ended.levels()["key"]) == (4, "NOT_KNOWN")
        assert "centralizedLogging.configurations" in ended.items("key")[0][1]


class TestWrongPlace:
    """Where there is nothing to look at."""

    def test_no_landing_zone(self, live: Live, run: Run) -> None:
        """It went wrong."""
        live.sandbox.landing_zone = None
        ended = run()
        assert (ended.code, ended.out) == (1, "")
        assert "account 111122223333 has no landing zone" in ended.err

    def test_another_account(self, live: Live, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        """A member is told where to ask."""
        role = f"arn:aws:iam::{live.organization.audit}:role/reader"
        given = live.sandbox.client("sts").assume_role(RoleArn=role, RoleSessionName="someone")["Credentials"]
        for name, member in (
            ("ACCESS_KEY_ID", "AccessKeyId"),
            ("SECRET_ACCESS_KEY", "SecretAccessKey"),
            ("SESSION_TOKEN", "SessionToken"),
        ):
            monkeypatch.setenv(f"AWS_{name}", given[member])
        ended = run()
        assert ended.code == 1
        assert "is not the organization's management account" in ended.err
        assert "use credentials of 111122223333" in ended.err

    @pytest.mark.usefixtures("live")
    def test_another_region(self, run: Run) -> None:
        """The home Region is the landing zone's, whatever the session's is."""
        ended = run(*ROLE, "--region", "eu-west-1")
        unknown = [each for each in ended.told["items"] if each["level"] == "NOT_KNOWN"]
        assert unknown == []
        assert ended.told["home_region"] == HOME

    def test_a_manifest_goes_with_files(self, live: Live, run: Run) -> None:
        """Live the landing zone tells its own."""
        assert live.key
        assert run("--landing-zone-manifest", "zone.json").code == 2


def test_as_a_library(live: Live) -> None:
    """The domain needs no command line."""
    session = boto3.Session(region_name=HOME)
    landing = look(session)
    zone = LandingZone.from_rule_parameters(landing.parameters)
    made = examine(landing, zone, Change(), session, at=datetime.now(UTC))
    assert {item.name for item in made.items} >= {"enabled", "status"}
    assert live.key in {item.about for item in made.items}
