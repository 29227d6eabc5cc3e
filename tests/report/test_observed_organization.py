"""A report's observations, asked of an organization whose deliveries are known."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from lzkey.cli.report import exit_code
from lzkey.observed.values import CLOUDTRAIL, CONFIG, Outcome
from lzkey.report.document import as_document, from_document
from lzkey.report.facts import Options
from lzkey.report.formats import Form, render
from lzkey.report.headline import headline
from lzkey.report.making import make_report
from lzkey.report.model import Delivery
from lzkey_sandbox import LandingZone, OrganizationPlan
from lzkey_sandbox.baselines import NOT_REREGISTERED, Unit
from lzkey_sandbox.cloudtrail import TrailState
from lzkey_sandbox.cloudtrail_events import key_changed, policy_put
from lzkey_sandbox.config.deliveries import NEVER, NO_SUCH_BUCKET, ChannelState
from lzkey_sandbox.config.deliveries import Delivery as Delivered

from .organizations import RULE, Org, built_organization, granting, put_aggregator, put_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey.observed.values import Observed
    from lzkey.report.model import Report
    from lzkey_sandbox import Sandbox

#: Trusts the management account, as the execution role does here.
OBSERVER = "OrganizationAccountAccessRole"
EVERYWHERE = Options(RULE, observer_role=OBSERVER, sample=None)
HERE = Options(RULE)
PLAN = OrganizationPlan(
    members=3, execution_role="LandingZoneKeyReader", without_recorder=0, without_role=0, suspended=0
)


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Org]:
    """A landing zone 4.0 whose key and manifest are as they are since three days, and which delivers."""
    with built_organization(tmp_path_factory.mktemp("project"), PLAN) as org:
        key = org.key("logs", org.sandbox.account, granting())
        org.sandbox.landing_zone = LandingZone.with_key(key, "4.0")
        put_rule(org, parameters={"KeyScope": "landing-zone"})
        put_aggregator(org, org.sandbox.account)
        org.sandbox.age(timedelta(days=3))
        org.sandbox.settle()
        yield org


@pytest.fixture
def changed(org: Org) -> Iterator[Org]:
    """The same, whose deliveries a test may change."""
    sandbox = org.sandbox
    before = sandbox.trail, sandbox.units
    yield org
    sandbox.trail, sandbox.units = before
    tell_everywhere(org, ChannelState())


def tell_everywhere(org: Org, state: ChannelState) -> None:
    """Let this have become of the deliveries of every account."""
    for account in org.organization.accounts:
        org.sandbox.tell_deliveries(state, account)


def observed(report: Report) -> Observed:
    """What the report observed."""
    assert report.observed is not None
    return report.observed


@contextmanager
def forgotten_afterwards(sandbox: Sandbox) -> Iterator[None]:
    """What happens meanwhile is in the history no more."""
    before = sandbox.events.of(sandbox.account, sandbox.region)
    yield
    sandbox.events.forget()
    sandbox.events.add(*reversed(before))


class TestDelivering:
    """Everything is as it should be."""

    def test_is_the_whole_answer(self, org: Org) -> None:
        """Proved and observed, in every account; the members' results are found again in JSON."""
        report = org.report(options=EVERYWHERE)
        found = headline(report)
        assert (found.proved, found.observed) == (Delivery.YES, Outcome.DELIVERING)
        assert found.sentence == "Yes, the landing zone's logs can be delivered, and deliveries are observed"
        assert exit_code(report) == 0
        assert {one.account for one in observed(report).of(CONFIG)} == set(org.organization.accounts)
        assert observed(report).in_force.change in ("CreateKey", "PutKeyPolicy")
        assert from_document(as_document(report)) == report

    def test_a_sample(self, org: Org) -> None:
        """Is of as many accounts, beside the management account, and says so."""
        report = org.report(options=replace(EVERYWHERE, sample=2))
        assert (observed(report).accounts_asked, observed(report).accounts) == (
            3,
            len(org.organization.accounts),
        )
        assert "Delivery channels of 3 accounts of 6 were asked for." in render(report, Form.MARKDOWN)

    def test_without_a_role(self, org: Org) -> None:
        """The management account alone is asked, and what it does is not everybody's."""
        report = org.report(options=HERE)
        assert {one.account for one in observed(report).of(CONFIG)} == {org.sandbox.account}
        assert "1 account of 6" in render(report, Form.MARKDOWN)

    def test_costs(self, org: Org) -> None:
        """A role and two questions for each account and Region that is asked, and no more."""
        alone, all_of_them = (org.report(options=each).calls or {} for each in (HERE, EVERYWHERE))
        others = len(org.organization.accounts) - 1
        more = {action: all_of_them[action] - alone.get(action, 0) for action in all_of_them}
        assert {action: number for action, number in more.items() if number} == {
            "sts:AssumeRole": others,
            "config:DescribeDeliveryChannels": others,
            "config:DescribeDeliveryChannelStatus": others,
        }


class TestNotTheKey:
    """The key allows it, and it fails."""

    def test_a_bucket_that_is_gone(self, changed: Org) -> None:
        """In one account: proved, failing, with the cause that was read; exit code 3."""
        account = changed.organization.sound[0]
        changed.sandbox.tell_deliveries(ChannelState.failing(NO_SUCH_BUCKET), account)
        report = changed.report(options=EVERYWHERE)
        found = headline(report)
        assert found.sentence == "No, deliveries of the logs of AWS Config fail, although the key allows them"
        assert exit_code(report) == 3
        (cell,) = (cell for cell in found.cells if cell.service == CONFIG)
        assert "failed with NoSuchBucket (An exception occurred" in cell.seen
        assert "the bucket does not exist" in cell.seen
        assert f"account {account}" in cell.seen
        for form in (Form.TEXT, Form.MARKDOWN, Form.HTML):
            assert "the bucket does not exist" in render(report, form).lower(), form

    def test_a_trail_that_was_stopped(self, changed: Org) -> None:
        """Fails, whatever it delivered before."""
        changed.sandbox.trail = TrailState(logging=False)
        report = changed.report(options=EVERYWHERE)
        assert observed(report).outcome(CLOUDTRAIL) is Outcome.FAILING
        assert "IsLogging: false" in headline(report).cells[0].seen

    @pytest.mark.parametrize("error", ["AccessDenied", "SomethingNew"])
    def test_an_error_of_the_trail(self, changed: Org, error: str) -> None:
        """Is told as it was read; a cause only where a page names one."""
        changed.sandbox.trail = TrailState(error=error)
        seen = headline(changed.report(options=EVERYWHERE)).cells[0].seen
        assert f"failed with {error}" in seen
        assert ("its cause is not known" in seen) is (error == "SomethingNew")


class TestNotObserved:
    """A refusal, an absence, or a time that does not fit is no health."""

    @pytest.mark.parametrize(
        ("service", "operation", "of"),
        [
            ("cloudtrail", "DescribeTrails", CLOUDTRAIL),
            ("cloudtrail", "GetTrailStatus", CLOUDTRAIL),
            ("config", "DescribeDeliveryChannels", CONFIG),
            ("config", "DescribeDeliveryChannelStatus", CONFIG),
            ("controltower", "ListEnabledBaselines", CONFIG),
            ("cloudtrail", "LookupEvents", CLOUDTRAIL),
            ("cloudtrail", "LookupEvents", CONFIG),
        ],
    )
    def test_a_refusal(self, changed: Org, service: str, operation: str, of: str) -> None:
        """Says which action it was."""
        changed.sandbox.fail_next(service, operation, "AccessDeniedException")
        report = changed.report(options=HERE)
        assert observed(report).outcome(of) is Outcome.NOT_OBSERVED
        assert f"{service}:{operation}" in observed(report).why(of)

    def test_no_trail(self, changed: Org) -> None:
        """Is an absence."""
        changed.sandbox.trail = None
        why = observed(changed.report(options=HERE)).why(CLOUDTRAIL)
        assert "there is no trail aws-controltower-BaselineCloudTrail in us-east-1" in why

    def test_a_trail_with_another_key(self, changed: Org) -> None:
        """Does not deliver with the landing zone's."""
        other = f"arn:aws:kms:us-east-1:{changed.sandbox.account}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        changed.sandbox.trail = TrailState(key=other)
        report = changed.report(options=HERE)
        assert observed(report).outcome(CLOUDTRAIL) is Outcome.NOT_OBSERVED
        assert f"it encrypts with {other}, which is not the landing zone's" in observed(report).why(
            CLOUDTRAIL
        )

    def test_nothing_was_ever_delivered(self, changed: Org) -> None:
        """Is not a failure either."""
        changed.sandbox.trail = TrailState(delivered=None)
        tell_everywhere(changed, ChannelState(NEVER, NEVER))
        report = changed.report(options=EVERYWHERE)
        assert {one.outcome for one in observed(report).observations} == {Outcome.NOT_OBSERVED}
        assert "none were ever delivered, as far as AWS tells" in observed(report).why(CONFIG)

    def test_an_organizational_unit_that_was_not_registered_again(self, changed: Org) -> None:
        """After the update to 4.0: its accounts may deliver nothing, and the page names it."""
        accounts = changed.organization.sound
        changed.sandbox.units = (Unit("ou-ab12-3cd4ef56", accounts, NOT_REREGISTERED),)
        report = changed.report(options=EVERYWHERE)
        assert observed(report).outcome(CONFIG) is Outcome.NOT_OBSERVED
        assert observed(report).outcome(CLOUDTRAIL) is Outcome.DELIVERING
        assert "ou-ab12-3cd4ef56" in observed(report).why(CONFIG)
        assert "re-register" in render(report, Form.HTML)

    def test_since_the_change(self, changed: Org) -> None:
        """A delivery before the policy of today says nothing of it."""
        kms, arn = changed.sandbox.client("kms"), changed.keys["logs"]
        policy = json.loads(kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"])
        kms.put_key_policy(KeyId=arn, PolicyName="default", Policy=json.dumps({**policy, "Id": "again"}))
        changed.sandbox.settle()
        report = changed.report(options=EVERYWHERE)
        changed.sandbox.age(timedelta(days=3))
        assert {one.outcome for one in observed(report).observations} == {Outcome.NOT_OBSERVED}
        assert "not observed since the change at" in observed(report).why(CLOUDTRAIL)
        assert headline(changed.report(options=EVERYWHERE)).observed is Outcome.DELIVERING

    def test_a_change_that_the_history_does_not_have(self, changed: Org) -> None:
        """Is seen by the policy: it is not the one that was put last."""
        sandbox, arn = changed.sandbox, changed.keys["logs"]
        policy = sandbox.client("kms").get_key_policy(KeyId=arn, PolicyName="default")["Policy"]
        sandbox.plant_policy(arn.rpartition("/")[2], json.dumps({**json.loads(policy), "Id": "late"}))
        found = observed(changed.report(options=HERE))
        sandbox.plant_policy(arn.rpartition("/")[2], policy)
        sandbox.settle()
        assert f"does not show the present policy of {arn}" in found.in_force.unknown

    def test_an_update_of_the_landing_zone(self, changed: Org) -> None:
        """Is a change, too."""
        tower = changed.sandbox.client("controltower")
        (zone,) = tower.list_landing_zones()["landingZones"]
        detail = tower.get_landing_zone(landingZoneIdentifier=zone["arn"])["landingZone"]
        tower.update_landing_zone(
            landingZoneIdentifier=zone["arn"], version=detail["version"], manifest=detail["manifest"]
        )
        found = observed(changed.report(options=HERE))
        changed.sandbox.age(timedelta(days=3))
        assert found.in_force.change == "UpdateLandingZone"

    def test_from_another_account(self, org: Org) -> None:
        """It cannot be seen, and says so."""
        report = org.report(org.organization.audit, HERE)
        assert report.observed is None
        assert "--management-role" in headline(report).cells[0].seen


def test_another_bucket(changed: Org) -> None:
    """A channel that is not Control Tower's delivers nothing of the landing zone."""
    config = changed.sandbox.client("config")
    (channel,) = config.describe_delivery_channels()["DeliveryChannels"]
    own: dict[str, Any] = {**channel, "s3BucketName": "own-bucket"}
    config.put_delivery_channel(DeliveryChannel=own)
    found = observed(changed.report(options=HERE))
    config.put_delivery_channel(DeliveryChannel=channel)
    assert "the delivery channel is not Control Tower's: it delivers to own-bucket" in found.why(CONFIG)


def test_an_older_delivery(changed: Org) -> None:
    """Of three weeks ago, without an error, is no health."""
    weeks = Delivered.arrived(timedelta(days=21))
    tell_everywhere(changed, ChannelState(weeks, NEVER))
    changed.sandbox.age(timedelta(days=40))
    assert observed(changed.report(options=HERE)).outcome(CONFIG) is Outcome.NOT_OBSERVED


def test_config_is_off(changed: Org) -> None:
    """Nobody is asked for delivery channels, and nothing says so; the answer is not of its logs."""
    before = changed.sandbox.landing_zone
    assert before is not None
    changed.sandbox.landing_zone = replace(before, manifest={**before.manifest, "config": {"enabled": False}})
    report = changed.report(options=EVERYWHERE)
    changed.sandbox.landing_zone = before
    assert "No delivery channel was asked for." in render(report, Form.MARKDOWN)
    assert headline(report).sentence.startswith("Yes, the logs of CloudTrail can be delivered, and")


def test_a_role_that_is_nowhere(changed: Org) -> None:
    """Lets nobody ask: that is not counted as asked, and every format has AWS's sentence."""
    report = changed.report(options=replace(EVERYWHERE, observer_role="nobody"))
    others = len(changed.organization.accounts) - 1
    assert observed(report).asked == f"delivery channels of 1 account of {others + 1} were asked for"
    lack = (
        f"{others} accounts were not asked for delivery channels: account {changed.sandbox.account} refused"
    )
    for form in (Form.TEXT, Form.MARKDOWN, Form.HTML, Form.JSON):
        assert lack in render(report, form), form
    assert headline(report).sentence.endswith(
        f"though of {others} of {others + 2} trails and delivery channels none are"
    )


def test_another_bucket_with_a_key_of_its_own(changed: Org) -> None:
    """Is not the landing zone's either, where the manifest names no key that it could be."""
    before, config = changed.sandbox.landing_zone, changed.sandbox.client("config")
    assert before is not None
    changed.sandbox.landing_zone = replace(
        before, manifest={name: {"enabled": True} for name in ("centralizedLogging", "config")}
    )
    (channel,) = config.describe_delivery_channels()["DeliveryChannels"]
    key = "arn:aws:kms:us-east-1:999988887777:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    config.put_delivery_channel(DeliveryChannel={**channel, "s3BucketName": "own-bucket", "s3KmsKeyArn": key})
    found = observed(changed.report(options=HERE))
    config.put_delivery_channel(DeliveryChannel=channel)
    changed.sandbox.landing_zone = before
    assert found.outcome(CONFIG) is Outcome.NOT_OBSERVED
    assert "the delivery channel is not Control Tower's: it delivers to own-bucket" in found.why(CONFIG)


def test_a_manifest_that_names_an_alias(changed: Org) -> None:
    """May mean any key, which nobody has tried to read."""
    before = changed.sandbox.landing_zone
    changed.sandbox.landing_zone = LandingZone.with_key("alias/logs", "4.0")
    found = observed(changed.report(options=HERE))
    changed.sandbox.landing_zone = before
    assert found.in_force.unknown == "the landing zone's manifest names alias/logs, which may be any key"


@pytest.mark.parametrize("parameters", [None, "text", ["keyId"], {}])
def test_an_event_without_parameters(changed: Org, parameters: object) -> None:
    """Is a change all the same: the report is made, and does not claim to know when the policy came."""
    sandbox, arn = changed.sandbox, changed.keys["logs"]
    put = policy_put(arn, "{}", datetime.now(UTC) - timedelta(days=2))
    with forgotten_afterwards(sandbox):
        sandbox.events.add({**put, "requestParameters": parameters})
        found = observed(changed.report(options=replace(HERE, events=True)))
    assert (
        found.in_force.unknown == f"the event history does not show the present policy of {arn}, or not yet"
    )


@pytest.mark.parametrize("identity", [None, {"type": None, "sessionContext": "text"}])
def test_an_event_of_nobody(changed: Org, identity: object) -> None:
    """Is counted, of nobody that is named."""
    sandbox = changed.sandbox
    event = key_changed("EnableKey", changed.keys["logs"], datetime.now(UTC) - timedelta(days=1))
    with forgotten_afterwards(sandbox):
        sandbox.events.add({**event, "eventName": "ListGrants", "userIdentity": identity})
        found = observed(changed.report(options=replace(HERE, events=True)))
    assert [(one.principal, one.allowed) for one in found.events] == [("", 1)]


def test_a_result_from_before_the_change(changed: Org) -> None:
    """Proves nothing of the key of today, however young it is by the rule's schedule."""
    sandbox, arn = changed.sandbox, changed.keys["logs"]
    policy = sandbox.client("kms").get_key_policy(KeyId=arn, PolicyName="default")["Policy"]
    with forgotten_afterwards(sandbox):
        sandbox.events.add(policy_put(arn, policy, datetime.now(UTC) + timedelta(seconds=2)))
        options = replace(HERE, assume_role=OBSERVER)
        report = changed.report(options=options, now=datetime.now(UTC) + timedelta(minutes=1))
    assert headline(report).proved is Delivery.UNKNOWN
    assert "but the key has changed since" in report.proved.why


@pytest.mark.usefixtures("org")
def test_from_another_region() -> None:
    """The landing zone is looked at where it is, by its ARN."""
    session = boto3.Session(region_name="eu-west-1")
    report = make_report(session, HERE)
    assert report.landing_zone.home_region == "us-east-1"
    assert {one.region for one in observed(report).observations} == {"us-east-1"}
    assert observed(report).outcome(CLOUDTRAIL) is Outcome.DELIVERING


def test_an_account_that_is_named_twice(org: Org) -> None:
    """Is one."""
    account = org.organization.sound[0]
    report = org.report(options=Options(RULE, assume_role=OBSERVER, accounts=(account, account)))
    assert [one.account for one in report.accounts] == [account]


def test_rows_that_a_page_leaves_out(org: Org) -> None:
    """Are counted below those that it shows."""
    report = org.report(options=HERE)
    found = observed(report)
    apart = tuple(
        replace(found.observations[0], outcome=Outcome.NOT_OBSERVED, detail=f"why {number}")
        for number in range(107)
    )
    page = render(replace(report, observed=replace(found, observations=apart)), Form.HTML)
    assert "Why 99 " in page
    assert "Why 100 " not in page
    assert "And 7 more, in the report's JSON file." in page.replace("&#39;", "'")
