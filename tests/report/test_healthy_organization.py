"""An organization in which nothing is wrong, until something is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from lzkey.cli.report import exit_code
from lzkey.report.document import as_document, from_document
from lzkey.report.facts import Options
from lzkey.report.model import Cause, Delivery
from lzkey.state import State
from lzkey_sandbox import LandingZone, OrganizationPlan

from .organizations import RULE, Org, built_organization, granting, keys_by_arn, put_aggregator, put_rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PLAN = OrganizationPlan(
    members=2,
    further_regions=("eu-west-1",),
    execution_role="LandingZoneKeyReader",
    without_recorder=0,
    without_role=0,
    suspended=0,
)


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Org]:
    """Recorders in two Regions, the rule in the home Region, a landing zone with two keys, a member's key."""
    with built_organization(tmp_path_factory.mktemp("project"), PLAN) as org:
        management = org.sandbox.account
        log, config = (org.key(word, management, granting()) for word in ("log", "config"))
        zone = LandingZone.with_key(log, "4.0")
        manifest = {**zone.manifest, "config": {"configurations": {"kmsKeyArn": config}}}
        org.sandbox.landing_zone = LandingZone("4.0", manifest)
        org.key("member's", org.organization.sound[0])
        put_rule(org, parameters={"KeyScope": "landing-zone"})
        for account in (management, org.organization.audit):
            put_aggregator(org, account)
        org.sandbox.settle()
        yield org


BLOCKS = ("centralizedLogging", "config")


class TestHealthy:
    """Nothing is said to be wrong."""

    def test_ends_with_0(self, healthy: Org) -> None:
        """Yes, all of it is proved."""
        report = healthy.report()
        assert (report.proved.delivery, report.score, report.notes) == (Delivery.YES, 1.0, ())
        assert exit_code(report) == 0

    @pytest.mark.parametrize(
        ("manifest", "delivery", "why"),
        [
            (
                {"governedRegions": ["eu-west-1", 7], "centralizedLogging": {"enabled": True}},
                Delivery.YES,
                "uses no KMS key of its own",
            ),
            (
                {"governedRegions": ["eu-west-1", 7], **{name: {"enabled": False} for name in BLOCKS}},
                Delivery.NONE,
                "centralizedLogging and config are disabled",
            ),
            ({"governedRegions": ["eu-west-1"]}, Delivery.NONE, "centralizedLogging and config are disabled"),
            ({}, Delivery.NONE, "centralizedLogging and config are disabled"),
        ],
    )
    def test_a_landing_zone_without_keys(
        self, healthy: Org, manifest: dict[str, object], delivery: Delivery, why: str
    ) -> None:
        """Is one whose manifest names none, and not one whose manifest is not told."""
        before = healthy.sandbox.landing_zone
        healthy.sandbox.landing_zone = LandingZone("4.0", manifest)
        report = healthy.report()
        healthy.sandbox.landing_zone = before
        assert report.proved.delivery is delivery
        assert why in report.proved.why
        assert report.landing_zone.governed_regions == (("eu-west-1",) if manifest else ())
        assert report.landing_zone.version == "4.0"

    def test_the_members_key(self, healthy: Org) -> None:
        """Has a result that an aggregator never shows; the engine says why it is not judged."""
        key = keys_by_arn(healthy.report())[healthy.keys["member's"]]
        assert (key.state, key.annotation) == (
            State.NOT_APPLICABLE,
            "Not a key of the landing zone's manifest",
        )

    def test_a_region_without_the_rule(self, healthy: Org) -> None:
        """Is named, and in no account missed."""
        scope = healthy.report().scope
        assert (scope.regions, scope.other_regions) == (("us-east-1",), ("eu-west-1",))

    def test_a_region_that_could_not_be_read(self, healthy: Org) -> None:
        """May have the rule: it is in the report, and unread."""
        operation = "DescribeAggregateComplianceByConfigRules"
        healthy.sandbox.fail_next("config", operation, "AccessDeniedException", times=2)
        report = healthy.report()
        assert (report.scope.regions, report.scope.other_regions) == (("us-east-1", "eu-west-1"), ())
        assert {place.doubt.cause for place in report.places if place.doubt} == {Cause.NOT_READ}

    def test_a_schedule(self, healthy: Org) -> None:
        """Is read from the rule: results that are two days old are old then."""
        now = max(key.evaluated_at for key in healthy.report().keys if key.evaluated_at)
        later = now.replace(year=now.year + 1)
        assert exit_code(healthy.report(now=later)) == 0
        put_rule(
            healthy,
            ("ConfigurationItemChangeNotification", "ScheduledNotification"),
            parameters={"KeyScope": "landing-zone"},
        )
        reports = [healthy.report(account, now=later) for account in (None, healthy.organization.audit)]
        put_rule(healthy, parameters={"KeyScope": "landing-zone"})
        for report in reports:
            own = [key.doubt and key.doubt.cause for key in report.keys if key.of_landing_zone]
            assert own == [Cause.RESULT_OUTDATED] * 2
            assert report.proved.delivery is Delivery.UNKNOWN


class TestAListOfAccounts:
    """A policy that names today's accounts, five of them: AWS Config's annotation has room for three."""

    @pytest.fixture
    def listing(self, healthy: Org) -> Iterator[Callable[[list[str]], str]]:
        """Lets the landing zone's key list accounts; returns the annotation. As it was, afterwards."""
        kms, key = healthy.sandbox.client("kms"), healthy.keys["config"]
        before = kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]

        def put(policy: str) -> str:
            kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy)
            healthy.sandbox.settle()
            return keys_by_arn(healthy.report())[key].annotation

        def listed(accounts: list[str]) -> str:
            condition = {"StringEquals": {"aws:SourceAccount": accounts}}
            document = json.loads(before)
            document["Statement"][1:] = [
                granting(Principal={"Service": "cloudtrail.amazonaws.com"}),
                granting(Principal={"Service": "config.amazonaws.com"}, Condition=condition),
            ]
            return put(json.dumps(document))

        yield listed
        put(before)

    def test_all(self, healthy: Org, listing: Callable[[list[str]], str]) -> None:
        """Are delivered from today."""
        accounts = sorted(healthy.organization.accounts)
        assert f"for every account but the {len(accounts)} that are listed" in listing(accounts)
        found = healthy.report()
        assert (found.proved.delivery, found.notes) == (Delivery.YES, ())
        assert found.proved.why == f"for today's {len(accounts)} accounts; the next one would be refused"
        assert from_document(as_document(found)) == found

    def test_all_but_one(self, healthy: Org, listing: Callable[[list[str]], str]) -> None:
        """It is refused, and named."""
        *accounts, missing = sorted(healthy.organization.accounts)
        assert f"the {len(accounts)} that are listed" in listing(accounts)
        found = healthy.report().proved
        assert found.delivery is Delivery.NO
        assert f"NON_COMPLIANT (CONFIG_ACCESS, for account {missing})" in found.why

    def test_a_policy_that_cannot_be_read(self, healthy: Org, listing: Callable[[list[str]], str]) -> None:
        """Is a note, and deliveries may be refused."""
        listing(sorted(healthy.organization.accounts))
        healthy.sandbox.fail_next("kms", "GetKeyPolicy", "AccessDeniedException", times=2)
        found = healthy.report()
        assert found.proved.delivery is Delivery.POSSIBLE
        assert any("kms:GetKeyPolicy" in note for note in found.notes)


class TestFormerKeys:
    """The landing zone has got other keys: older logs are encrypted with those that it had."""

    def test_none(self, healthy: Org) -> None:
        """As long as it encrypts with all that admit its deliveries."""
        assert healthy.report().landing_zone.former_keys == ()

    def test_are_told(self, healthy: Org) -> None:
        """With their state, where the landing zone is read."""
        with healthy.another_landing_zone_key():
            report = healthy.report()
        assert sorted(key.arn for key in report.landing_zone.former_keys) == sorted(
            healthy.keys[word] for word in ("log", "config")
        )
        assert {key.state for key in report.landing_zone.former_keys} == {"Enabled"}
        assert from_document(as_document(report)) == report

    def test_where_the_landing_zone_is_not_read(self, healthy: Org) -> None:
        """The twin: nothing of KMS is asked there."""
        with healthy.another_landing_zone_key():
            report = healthy.report(healthy.organization.audit)
        assert report.landing_zone.former_keys == ()
        assert not any(action.startswith("kms:") for action in report.calls or ())

    def test_one_that_is_not_enabled(self, healthy: Org) -> None:
        """Is told so, and the rule does not judge it: that is no answer to whether logs are delivered."""
        kms, former = healthy.sandbox.client("kms"), healthy.keys["log"]
        kms.schedule_key_deletion(KeyId=former, PendingWindowInDays=7)
        date = kms.describe_key(KeyId=former)["KeyMetadata"]["DeletionDate"].date().isoformat()
        with healthy.another_landing_zone_key():
            report = healthy.report()
        kms.cancel_key_deletion(KeyId=former)
        kms.enable_key(KeyId=former)
        healthy.sandbox.settle()
        (key,) = (key for key in report.landing_zone.former_keys if key.arn == former)
        assert (key.state, key.deletion_date) == ("PendingDeletion", date)
        assert former not in report.proved.why

    def test_one_that_may_not_be_read(self, healthy: Org) -> None:
        """Is a note, and the others are told."""
        with healthy.another_landing_zone_key():
            healthy.sandbox.fail_next("kms", "GetKeyPolicy", "AccessDeniedException")
            report = healthy.report()
        assert len(report.landing_zone.former_keys) == 1
        (note,) = (note for note in report.notes if "kms:GetKeyPolicy" in note)
        assert note.endswith("whether older logs need that key is not known")


class TestExcluded:
    """An account that the organization rule leaves out."""

    @pytest.mark.parametrize(("name", "delivery"), [("log_archive", "yes"), ("management", "unknown")])
    def test_nothing_is_expected_there(self, healthy: Org, name: str, delivery: str) -> None:
        """But of the landing zone's own keys."""
        account = getattr(healthy.organization, name)
        put_rule(healthy, parameters={"KeyScope": "landing-zone"}, ExcludedAccounts=[account])
        report = healthy.report()
        put_rule(healthy, parameters={"KeyScope": "landing-zone"})
        assert report.scope.excluded_accounts == (account,)
        assert [place.account for place in report.places if place.excluded] == [account]
        assert report.proved.delivery.value == delivery
        causes = {key.doubt.cause for key in report.keys if key.doubt}
        assert causes == (set() if delivery == "yes" else {Cause.RULE_MISSING})

    @pytest.mark.parametrize("named", [True, False])
    def test_alone(self, healthy: Org, *, named: bool) -> None:
        """An account without the rule is missed in its own report, unless it is said to be excluded."""
        account = healthy.organization.log_archive
        put_rule(healthy, parameters={"KeyScope": "landing-zone"}, ExcludedAccounts=[account])
        report = healthy.report(account, Options(RULE, excluded_accounts=(account,) if named else ()))
        put_rule(healthy, parameters={"KeyScope": "landing-zone"})
        (place,) = report.places
        assert (place.excluded, place.doubt and place.doubt.cause) == (
            (True, None) if named else (False, Cause.RULE_MISSING)
        )


class TestChanges:
    """The last ones: they break what was good."""

    def test_a_key_that_refuses(self, healthy: Org) -> None:
        """Is the answer, through an aggregator or not, and where the landing zone cannot be read."""
        healthy.sandbox.client("kms").disable_key(KeyId=healthy.keys["config"])
        healthy.sandbox.settle()
        for account, options in (
            (None, Options(RULE)),
            (None, Options(RULE, assume_role="OrganizationAccountAccessRole")),
            (healthy.organization.audit, Options(RULE)),
        ):
            report = healthy.report(account, options)
            assert report.proved.delivery is Delivery.NO
            assert healthy.keys["config"] in report.proved.why
            assert exit_code(report) == 3

    def test_a_change_that_was_not_evaluated(self, healthy: Org) -> None:
        """Leaves a result that was true once: it is no answer any more."""
        healthy.sandbox.client("kms").enable_key(KeyId=healthy.keys["config"])
        healthy.sandbox.settle()
        assert healthy.report().proved.delivery is Delivery.YES
        role = "LandingZoneKeyReader"
        healthy.sandbox.client("iam").delete_role(RoleName=role)
        healthy.sandbox.client("kms").disable_key(KeyId=healthy.keys["log"])
        healthy.sandbox.settle()
        report = healthy.report()
        key = keys_by_arn(report)[healthy.keys["log"]]
        assert key.doubt is not None
        assert (key.state, key.doubt.cause) == (State.UNKNOWN, Cause.RESULT_OUTDATED)
        assert (report.proved.delivery, exit_code(report)) == (Delivery.UNKNOWN, 4)
        alone = healthy.report(options=Options(RULE, assume_role="OrganizationAccountAccessRole"))
        key = keys_by_arn(alone)[healthy.keys["log"]]
        assert key.doubt is not None
        assert key.doubt.cause is Cause.RULE_FAILING
