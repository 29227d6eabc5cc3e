"""The keys of a live account, in the sandbox: which are read, by which calls, and what failures leave."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from landing_zone_key import LandingZone, assess
from lzkey.aws.fact import actions_of
from lzkey.aws.landing_zone import landing_zone_arn, landing_zone_detail
from lzkey.aws.unanswered import CredentialsError
from lzkey.errors import LiveError
from lzkey.sources import ALL_KEYS, DISCOVERY, KEYS, discover, live
from lzkey.sources.subject import Context, FoundKey, Kind, Unread
from lzkey_sandbox import LandingZone as TowerLandingZone
from lzkey_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

ZONE = LandingZone.from_rule_parameters({"HomeRegion": "us-east-1", "ManagementAccountId": "111122223333"})
GRANT = {
    "Effect": "Allow",
    "Principal": {"Service": ["config.amazonaws.com", "cloudtrail.amazonaws.com"]},
    "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
    "Resource": "*",
}
TAGGED = {**GRANT, "Condition": {"StringEquals": {"aws:ResourceTag/use": "logs"}}}


@dataclass(frozen=True)
class Live:
    """The account, and its keys by what they are."""

    sandbox: Sandbox
    keys: dict[str, str]
    managed: str
    session: boto3.Session = field(default_factory=boto3.Session)

    def read(self, **options: Any) -> tuple[list[FoundKey], list[Unread]]:
        """What `live` yields."""
        self.sandbox.forget_calls()
        results = list(live(self.session, Context(ZONE), **options))
        found = [each for each in results if isinstance(each, FoundKey)]
        return found, [each for each in results if isinstance(each, Unread)]

    def counts(self) -> Counter[str]:
        """The calls since, by operation."""
        return Counter(call.operation for call in self.sandbox.calls)


def make_key(sandbox: Sandbox, *statements: Any, region: str = "us-east-1", **options: Any) -> str:
    """Create a key with a policy; return its ARN."""
    kms = sandbox.client("kms", region)
    arn = str(kms.create_key(**options)["KeyMetadata"]["Arn"])
    policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    kms.put_key_policy(KeyId=arn, PolicyName="default", Policy=policy, BypassPolicyLockoutSafetyCheck=True)
    return arn


@pytest.fixture(scope="module")
def account() -> Iterator[Live]:
    """The management account with its keys; nothing but the sandbox can be reached."""
    with pytest.MonkeyPatch.context() as patch, Sandbox(recording=False) as sandbox:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in sandbox.environment.items():
            patch.setenv(name, value)
        kms = sandbox.client("kms")
        keys = {
            "fine": make_key(sandbox, GRANT),
            "refused": make_key(sandbox, {**GRANT, "Effect": "Deny"}),
            "tagged": make_key(sandbox, TAGGED, Tags=[{"TagKey": "use", "TagValue": "logs"}]),
            "disabled": make_key(sandbox, GRANT),
            "far": make_key(sandbox, GRANT, region="eu-west-1"),
        }
        kms.disable_key(KeyId=keys["disabled"])
        kms.create_alias(AliasName="alias/landing-zone", TargetKeyId=keys["fine"])
        managed = str(kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["Arn"])
        yield Live(sandbox, keys, managed)


class TestAllKeys:
    """Every customer managed key of the account and Region."""

    def test_they_are_read_and_judged(self, account: Live) -> None:
        """Those of other Regions, and AWS's own, are not among them."""
        found, unread = account.read()
        assert not unread
        answers = {each.name: assess(each.key, ZONE).compliance.value for each in found}
        keys = account.keys
        assert answers == {
            keys["fine"]: "COMPLIANT",
            keys["tagged"]: "COMPLIANT",
            keys["refused"]: "NON_COMPLIANT",
            keys["disabled"]: "NON_COMPLIANT",
        }
        assert {(each.place.source, each.place.kind) for each in found} == {
            ("account 111122223333 in us-east-1", Kind.LIVE)
        }

    def test_no_more_is_asked_than_needed(self, account: Live) -> None:
        """Policies of AWS managed keys are not read, tags where a condition asks for them."""
        account.read()
        assert account.counts() == {
            "GetCallerIdentity": 1,
            "ListKeys": 1,
            "DescribeKey": 5,
            "GetKeyPolicy": 4,
            "ListResourceTags": 1,
        }

    def test_whoever_stops_early_gets_no_further_calls(self, account: Live) -> None:
        """A generator that is closed closes its threads."""
        account.sandbox.forget_calls()
        results = live(account.session, Context(ZONE))
        assert isinstance(next(results), FoundKey)
        results.close()  # type: ignore[attr-defined]
        assert account.counts()["GetKeyPolicy"] <= 4

    def test_every_action_is_in_the_policy_that_is_printed(self, account: Live) -> None:
        """But for sts:GetCallerIdentity, which needs no permission."""
        account.read(tell=print)
        used = {f"kms:{operation}" for operation in account.counts() if operation != "GetCallerIdentity"}
        assert used == actions_of(*ALL_KEYS)


class TestWhatKeysAreCalled:
    """Their aliases, where somebody wants them."""

    def test_one_call_for_all_keys_of_a_region(self, account: Live) -> None:
        """However many keys there are; whoever wants no aliases asks for none."""
        told: list[str] = []
        far = account.keys["far"]
        found, _ = account.read(keys=[account.keys["fine"], account.keys["refused"], far], tell=told.append)
        assert [each.label for each in found] == ["alias/landing-zone", "", ""]
        assert (account.counts()["ListAliases"], told) == (2, [])
        found, _ = account.read()
        assert {each.label for each in found} == {""}
        assert account.counts()["ListAliases"] == 0

    def test_a_refusal_changes_no_answer(self, account: Live) -> None:
        """It is told, and the keys are called by their ARNs alone."""
        told: list[str] = []
        before, _ = account.read()
        account.sandbox.fail_next("kms", "ListAliases", "AccessDeniedException")
        found, unread = account.read(tell=told.append)
        assert ([each.key for each in found], unread) == ([each.key for each in before], [])
        assert {each.label for each in found} == {""}
        (sentence,) = told
        assert "kms:ListAliases" in sentence
        assert sentence.endswith(": aliases are not shown")


class TestChosenKeys:
    """Keys by ARN, id or alias."""

    def test_each_form_leads_to_the_key(self, account: Live) -> None:
        """In the order given; what is called by an alias keeps that name."""
        arn = account.keys["fine"]
        region_alias = "arn:aws:kms:us-east-1:111122223333:alias/landing-zone"
        names = [arn, arn.rpartition("/")[2], "alias/landing-zone", region_alias]
        found, _ = account.read(keys=names)
        assert [each.name for each in found] == [arn, arn, "alias/landing-zone", region_alias]
        assert {str(each.key.arn) for each in found} == {arn}

    def test_a_key_of_another_region_is_asked_there(self, account: Live) -> None:
        """By its ARN."""
        (found,), _ = account.read(keys=[account.keys["far"]])
        assert found.place.source == "account 111122223333 in eu-west-1"
        assert [finding.requirement for finding in assess(found.key, ZONE).findings] == ["HOME_REGION"]

    def test_an_aws_managed_key_is_described_alone(self, account: Live) -> None:
        """The rule does not apply to it."""
        (found,), _ = account.read(keys=[account.managed])
        assert assess(found.key, ZONE).compliance == "NOT_APPLICABLE"
        assert account.counts()["GetKeyPolicy"] == 0

    @pytest.mark.parametrize("name", ["alias/nobody", "1234abcd-12ab-34cd-56ef-1234567890ab"])
    def test_a_key_that_is_not_there_is_said_so(self, account: Live, name: str) -> None:
        """And the others are read."""
        found, (unread,) = account.read(keys=[name, account.keys["fine"]])
        assert f"there is no key {name} in account 111122223333 in us-east-1" in unread.message
        assert len(found) == 1


class TestLandingZone:
    """The keys of the manifest."""

    def test_the_logging_keys_are_read(self, account: Live) -> None:
        """Each once."""
        account.sandbox.landing_zone = TowerLandingZone.with_key(account.keys["fine"], "4.0")
        (found,), _ = account.read(landing_zone=True)
        assert found.name == account.keys["fine"]
        used = {call.operation for call in account.sandbox.calls} - {"GetCallerIdentity"}
        allowed = actions_of(*KEYS, landing_zone_arn, landing_zone_detail)
        assert used <= {action.partition(":")[2] for action in allowed}

    @pytest.mark.parametrize(
        ("landing_zone", "said"),
        [
            (None, "account 111122223333 has no landing zone"),
            (TowerLandingZone("3.3", {}), "names no KMS key"),
        ],
        ids=["none", "no-key"],
    )
    def test_without_one_it_is_said_so(self, account: Live, landing_zone: Any, said: str) -> None:
        """As something that could not be read."""
        account.sandbox.landing_zone = landing_zone
        found, (unread,) = account.read(landing_zone=True)
        assert (found, said in unread.message) == ([], True)


class TestFailures:
    """A call that fails names action, key and account, and the rest goes on."""

    def test_a_policy_that_is_refused_is_open(self, account: Live) -> None:
        """The key is not determined."""
        arn = account.keys["fine"]
        account.sandbox.fail_next("kms", "GetKeyPolicy", "AccessDeniedException")
        (found,), _ = account.read(keys=[arn])
        expected = (
            f"kms:GetKeyPolicy was refused (AccessDeniedException) for key {arn} in account 111122223333"
        )
        assert found.unresolved == (f"the key policy: {expected}, Region us-east-1",)
        assert assess(found.key, ZONE).compliance == "NON_COMPLIANT"
        assert found.hopeful is not None
        assert assess(found.hopeful, ZONE).compliance == "COMPLIANT"

    def test_a_description_that_is_refused_leaves_the_arn(self, account: Live) -> None:
        """Of an id, too; of an alias nothing is known."""
        for name, count in (
            (account.keys["fine"], 1),
            (account.keys["fine"][-36:], 1),
            ("alias/landing-zone", 0),
        ):
            account.sandbox.fail_next("kms", "DescribeKey", "AccessDeniedException")
            found, unread = account.read(keys=[name])
            assert (len(found), len(unread)) == (count, 1 - count)
            said = " ".join(found[0].unresolved) if found else unread[0].message
            assert f"kms:DescribeKey was refused (AccessDeniedException) for key {name}" in said

    def test_one_refusal_of_many_is_one_open_key(self, account: Live) -> None:
        """Whichever it hits."""
        account.sandbox.fail_next("kms", "DescribeKey", "AccessDeniedException")
        found, unread = account.read()
        open_keys = [each for each in found if each.unresolved]
        assert (len(open_keys), len(unread)) == (1, 0)

    def test_a_key_that_is_deleted_meanwhile_is_left_out(self, account: Live) -> None:
        """NotFoundException between the calls."""
        account.sandbox.fail_next("kms", "DescribeKey", "NotFoundException", 5)
        assert account.read() == ([], [])

    def test_tags_that_are_refused_are_open(self, account: Live) -> None:
        """At best they are the right ones; a Deny of all would still deny."""
        account.sandbox.fail_next("kms", "ListResourceTags", "AccessDeniedException")
        (found,), _ = account.read(keys=[account.keys["tagged"]])
        assert "kms:ListResourceTags was refused" in found.unresolved[0]
        assert found.hopeful is not None
        answers = [assess(key, ZONE).compliance for key in (found.key, found.hopeful)]
        assert answers == ["NON_COMPLIANT", "COMPLIANT"]

    def test_without_the_list_nothing_is_read(self, account: Live) -> None:
        """Which is one thing that is told."""
        account.sandbox.fail_next("kms", "ListKeys", "AccessDeniedException")
        found, (unread,) = account.read()
        assert (found, unread.message.startswith("kms:ListKeys was refused")) == ([], True)

    def test_a_throttled_call_is_made_again(self, account: Live) -> None:
        """Before it counts as failed."""
        account.sandbox.fail_next("kms", "GetKeyPolicy", "ThrottlingException", 1)
        (found,), _ = account.read(keys=[account.keys["fine"]])
        assert found.unresolved == ()

    @pytest.mark.usefixtures("account")
    def test_without_credentials_nothing_can_be_done(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A tool error, which names what is missing."""
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
        with pytest.raises(CredentialsError, match="there are no AWS credentials: sign in"):
            list(live(boto3.Session(), Context(ZONE)))


class TestDiscover:
    """Rule parameters from the live landing zone."""

    @pytest.fixture
    def organization(self, account: Live) -> Iterator[str]:
        """The account manages an organization."""
        organizations = account.sandbox.client("organizations")
        made = organizations.create_organization(FeatureSet="ALL")["Organization"]
        yield str(made["Id"])
        organizations.delete_organization()

    def test_everything_is_filled_in(self, account: Live, organization: str) -> None:
        """As the rule takes it."""
        governed = ["us-east-1", "eu-west-1"]
        account.sandbox.landing_zone = TowerLandingZone("3.3", {"governedRegions": governed})
        parameters = discover(account.session)
        assert parameters == {
            "HomeRegion": "us-east-1",
            "ManagementAccountId": "111122223333",
            "OrganizationId": organization,
            "GovernedRegions": "us-east-1,eu-west-1",
        }
        assert LandingZone.from_rule_parameters(parameters).governed_regions == tuple(governed)

    def test_from_another_region_the_home_region_is_found(self, account: Live, organization: str) -> None:
        """The landing zone's ARN tells it; a manifest without Regions leaves them open."""
        account.sandbox.landing_zone = TowerLandingZone("4.0", {})
        parameters = discover(boto3.Session(region_name="eu-west-1"))
        assert parameters["HomeRegion"] == "us-east-1"
        assert parameters["OrganizationId"] == organization
        assert "GovernedRegions" not in parameters

    @pytest.mark.parametrize(
        ("service", "operation"),
        [
            ("controltower", "ListLandingZones"),
            ("controltower", "GetLandingZone"),
            ("organizations", "DescribeOrganization"),
        ],
    )
    def test_a_refusal_names_its_action(
        self, account: Live, organization: str, service: str, operation: str
    ) -> None:
        """And nothing is returned that is not whole."""
        assert organization
        account.sandbox.landing_zone = TowerLandingZone("4.0", {})
        account.sandbox.fail_next(service, operation, "AccessDeniedException")
        with pytest.raises(LiveError, match=f"{service}:{operation} was refused"):
            discover(account.session)
        assert f"{service}:{operation}" in actions_of(*DISCOVERY)

    def test_without_a_landing_zone_it_is_said_so(self, account: Live) -> None:
        """Nothing to discover."""
        account.sandbox.landing_zone = None
        with pytest.raises(LiveError, match="has no landing zone"):
            discover(account.session)
