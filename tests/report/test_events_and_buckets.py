"""A whole report of an organization: its keys' events, and what is beside the keys."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from lzkey.cli.report import exit_code
from lzkey.observed.values import CONFIG, Outcome
from lzkey.report.document import as_document, from_document
from lzkey.report.facts import Options
from lzkey.report.formats import Form, render
from lzkey.report.headline import headline
from lzkey.report.making import DEFAULT
from lzkey.report.model import Delivery
from lzkey_sandbox import LandingZone, OrganizationPlan
from lzkey_sandbox.cloudtrail_events import delivery_by_cloudtrail, refused
from lzkey_sandbox.config.deliveries import INSUFFICIENT_POLICY, ChannelState
from lzkey_sandbox.keys.key_records import KeyRecord, ServiceGrant

from .organizations import RULE, Org, built_organization, granting, put_aggregator, put_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey.report.model import Report

PLAN = OrganizationPlan(members=1, execution_role="LandingZoneKeyReader")
OBSERVER = "landing-zone-observer"
EVENTS = Options(RULE, events=True)
WITH_ROLE = Options(RULE, observer_role=OBSERVER)
#: When reports are made: what is in force has been so for a month.
LATER = datetime.now(UTC) + timedelta(days=30)
FAILING = ChannelState.failing(INSUFFICIENT_POLICY, LATER - timedelta(hours=1))
NOT_LOOKED_AT = "the log buckets were not looked at, which takes --observer-role"


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Org]:
    """A landing zone whose key allows everything; its log archive account has the bucket."""
    with built_organization(tmp_path_factory.mktemp("project"), PLAN) as org:
        key = org.key("log", org.sandbox.account, granting())
        zone = LandingZone.with_key(key)
        block = {**zone.manifest["centralizedLogging"], "accountId": org.organization.log_archive}
        org.sandbox.landing_zone = LandingZone("3.3", {"centralizedLogging": block})
        put_rule(org, parameters={"KeyScope": "landing-zone"})
        put_aggregator(org, org.sandbox.account)
        for account in org.organization.accounts:
            org.organization.make_role(account, OBSERVER)
        archive = org.sandbox.client("s3", account=org.organization.log_archive)
        archive.create_bucket(Bucket=bucket_of(org), ObjectLockEnabledForBucket=True)
        org.sandbox.settle()
        org.sandbox.events.clock = lambda: LATER
        yield org


@pytest.fixture
def org(settled: Org) -> Iterator[Org]:
    """The organization, and afterwards as it was."""
    before = settled.sandbox.events.of(settled.sandbox.account, "us-east-1")
    yield settled
    settled.sandbox.events.forget()
    settled.sandbox.events.add(*before)
    settled.sandbox.tell_deliveries(ChannelState())
    settled.sandbox.key_records.clear()


def bucket_of(org: Org) -> str:
    """The bucket that the delivery channels name."""
    return f"aws-controltower-logs-{org.sandbox.account}-us-east-1"


def delivery(org: Org, minutes: int = 30) -> dict[str, Any]:
    """CloudTrail's request for a log file, so long ago."""
    trail = f"arn:aws:cloudtrail:us-east-1:{org.sandbox.account}:trail/aws-controltower-BaselineCloudTrail"
    return delivery_by_cloudtrail(org.keys["log"], trail, LATER - timedelta(minutes=minutes))


def later(org: Org, options: Options = DEFAULT) -> Report:
    """The report, a month later."""
    return org.report(options=options, now=LATER)


class TestEvents:
    """With --events."""

    def test_without(self, org: Org) -> None:
        """Nobody asks for the key's events, and nothing is said of them."""
        org.sandbox.events.add(refused(delivery(org)))
        found = later(org).observed
        assert found is not None
        assert (found.events_read, found.events, found.contradictions) == (False, (), ())
        assert "AWS Config asked" not in render(later(org), Form.TEXT)

    def test_what_is_as_assumed(self, org: Org) -> None:
        """Is counted, and is no delivery: the answer is what it is without."""
        org.sandbox.events.add(delivery(org), delivery(org, 10))
        before, report = later(org), later(org, EVENTS)
        found = report.observed
        assert found is not None
        services = [one for one in found.events if one.principal == "cloudtrail.amazonaws.com"]
        assert [(one.allowed, one.refused, one.key) for one in services] == [(2, 0, org.keys["log"])]
        assert (found.events_read, found.contradictions) == (True, ())
        assert headline(report).sentence == headline(before).sentence
        assert exit_code(report) == exit_code(before)
        text = render(report, Form.TEXT)
        assert "cloudtrail.amazonaws.com: 2 allowed, 0 refused since " in text
        assert "None shows aws:SourceArn, aws:SourceAccount, aws:SourceOrgID, aws:SourceOrgPaths" in text

    def test_a_refusal_that_contradicts_the_proof(self, org: Org) -> None:
        """Takes the Yes away, in every format, and is shown whole."""
        event = refused(delivery(org))
        org.sandbox.events.add(event)
        report = later(org, EVENTS)
        found = report.observed
        assert found is not None
        (contradiction,) = found.contradictions
        assert json.loads(contradiction.event) == event
        assert (report.proved.delivery, exit_code(report)) == (Delivery.YES, 4)
        assert headline(report).sentence.endswith("; an event of the key is not as the proof assumes")
        for form in (Form.TEXT, Form.MARKDOWN, Form.HTML, Form.JSON):
            shown = render(report, form)
            assert event["eventID"] in shown
            assert "although it is proved to be allowed" in shown
        assert 'class="answer unknown"' in render(report, Form.HTML)
        assert "Contradiction." in render(report, Form.HTML)
        assert from_document(as_document(report)) == report

    def test_a_grant_beside_the_policy(self, org: Org) -> None:
        """May be what let a request through: that is no contradiction, and the grant is told."""
        key = org.keys["log"]
        shut = org.sandbox.client("kms")
        before = shut.get_key_policy(KeyId=key)["Policy"]
        root = {"Effect": "Allow", "Principal": {"AWS": org.sandbox.account}, "Action": "kms:*"}
        policy = {"Version": "2012-10-17", "Statement": [{**root, "Resource": "*"}]}
        shut.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
        org.sandbox.events.age(timedelta(days=1))
        org.sandbox.events.add(delivery(org))
        alone = later(org, EVENTS).observed
        grant = ServiceGrant("cloudtrail.amazonaws.com", "arn:aws:cloudtrail:us-east-1:111122223333:trail/a")
        org.sandbox.key_records[key] = KeyRecord(service_grants=(grant,))
        granted = later(org, EVENTS).observed
        shut.put_key_policy(KeyId=key, PolicyName="default", Policy=before)
        org.sandbox.settle()
        assert alone is not None
        assert granted is not None
        assert [one.kind for one in alone.contradictions] == ["allowed"]
        assert granted.contradictions == ()
        assert [(one.what, one.subject) for one in granted.beside] == [("grant", key)]


class TestBuckets:
    """With a role in the account that has them."""

    def test_a_bucket_that_stops_deliveries(self, org: Org) -> None:
        """Is the cause, and not the key: the answer says so, in every format."""
        org.sandbox.tell_deliveries(FAILING)
        report = later(org, WITH_ROLE)
        found = report.observed
        assert found is not None
        why = f"bucket {bucket_of(org)} has Object Lock, and AWS Config does not support such a bucket"
        assert {one.cause for one in found.of(CONFIG) if one.outcome is Outcome.FAILING} == {why}
        (config,) = (cell for cell in headline(report).cells if cell.service == CONFIG)
        assert (config.proved, config.observed) == (Delivery.YES, Outcome.FAILING)
        assert config.seen.startswith("not the key: configuration history failed with Insufficient")
        assert config.seen.count(why) == 1
        assert "AWS Config fail, although the key allows them" in headline(report).sentence
        refusing = tuple(replace(proof, delivery=Delivery.NO) for proof in report.proved.services)
        other = headline(replace(report, proved=replace(report.proved, services=refusing)))
        assert not any("not the key" in cell.seen for cell in other.cells)
        for form in Form:
            assert "has Object Lock, and AWS Config does not support" in render(report, form)
        assert (exit_code(report), NOT_LOOKED_AT in found.unread) == (3, False)

    def test_without_a_role(self, org: Org) -> None:
        """It is said that nobody looked, where something fails; else there is nothing to say."""
        fine = later(org).observed
        org.sandbox.tell_deliveries(FAILING)
        report = later(org)
        assert fine is not None
        assert report.observed is not None
        assert NOT_LOOKED_AT not in fine.unread
        assert NOT_LOOKED_AT in report.observed.unread
        assert not [one for one in report.observed.beside if one.what == "bucket"]
        assert f"not observed: {NOT_LOOKED_AT}" in render(report, Form.TEXT)

    def test_a_role_that_may_not_be_assumed(self, org: Org) -> None:
        """Leaves the bucket unread, with what was refused."""
        org.sandbox.tell_deliveries(FAILING)
        found = later(org, Options(RULE, observer_role="nobodys")).observed
        assert found is not None
        told = next(
            one for one in found.unread if one.startswith(f"bucket {bucket_of(org)} was not looked at")
        )
        assert "sts:AssumeRole" in told
        assert all(
            one.cause.endswith("or the bucket has Object Lock") for one in found.of(CONFIG) if one.error
        )
