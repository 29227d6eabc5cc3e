"""What depends on the landing zone's keys, in every format of a report, and of a real organization."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from lzkey.aws.former_keys import FormerKey
from lzkey.aws.standing import UNTOLD, Standing
from lzkey.documents import schema_of
from lzkey.observed.values import InForce, Observation, Observed, Outcome, OutOfService
from lzkey.report.blast import blast_radii
from lzkey.report.document import as_document, from_document
from lzkey.report.facts import Options
from lzkey.report.formats import Form, render
from lzkey.report.wording import BLAST_RADIUS
from lzkey_sandbox import LandingZone, OrganizationPlan

from .organizations import ROLE, Org, built_organization, granting, put_rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lzkey.report.model import Report

PEOPLES = (Form.TEXT, Form.MARKDOWN, Form.HTML)
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
TRAIL = "arn:aws:cloudtrail:us-east-1:111122223333:trail/aws-controltower-BaselineCloudTrail"
FORMER = "arn:aws:kms:us-east-1:111122223333:key/00000009-12ab-34cd-56ef-1234567890ab"
LEFT = (
    "PendingDeletion until 2026-12-11: log objects that are encrypted with it cannot be read, and never again"
)


def delivering(key: str, service: str, sender: str, account: str = "111122223333") -> Observation:
    """Something that encrypts with the key."""
    seen = (account, "us-east-1", Outcome.DELIVERING, "last delivered", "an action", NOON)
    what = "log files" if service == "CloudTrail" else "configuration history"
    return Observation(service, what, *seen, key=key, bucket=f"bucket-of-{service[:3]}", sender=sender)


@pytest.fixture
def doomed(load_report: Callable[[str], Report]) -> Report:
    """A report of two keys, the second waiting for its deletion, and of a former key that is still used."""
    report = load_report("healthy")
    first, second = report.landing_zone.keys
    observed = Observed(
        InForce(NOON),
        (
            delivering(first, "CloudTrail", TRAIL),
            delivering(second, "AWS Config", "default"),
            delivering(FORMER, "AWS Config", "default", "444455556666"),
        ),
        2,
        20,
        standings=(Standing(first, "Enabled"), Standing(second, "PendingDeletion", "2026-12-11")),
        out_of_service=(OutOfService(second, NOON, "ScheduleKeyDeletion"),),
    )
    former = (FormerKey(FORMER, "Disabled", services=("AWS Config",)),)
    zone = replace(report.landing_zone, cloudtrail_keys=(first,), config_keys=(second,), former_keys=former)
    return replace(report, observed=observed, landing_zone=zone)


def told(report: Report, form: Form) -> str:
    """What somebody reads, on one line; of a page the text alone is compared."""
    text = html.unescape(render(report, form)).replace("<wbr>", "").replace("\\_", "_")
    for tag in ('<code class="arn">', '<span class="command">', "<code>", "</code>", "<span>", "</span>"):
        text = text.replace(tag, "")
    return " ".join(re.sub("<button.*?</button>", "", text).split())


class TestFormats:
    """People read the same everywhere."""

    @pytest.mark.parametrize("form", PEOPLES)
    def test_what_depends_and_until_when(self, doomed: Report, form: Form) -> None:
        """Of the landing zone's keys: what encrypts with each, the days that are left, and the command."""
        said = told(doomed, form)
        second = doomed.landing_zone.keys[1]
        assert "trail aws-controltower-BaselineCloudTrail encrypts with it, into bucket-of-Clo" in said
        assert "delivery channels of 2 accounts of 20 were asked for" in said
        assert LEFT in said
        assert "10 days left, in UTC" in said
        assert "out of service since 2026-12-01 12:00 UTC at the latest (ScheduleKeyDeletion)" in said
        assert f"un aws kms cancel-key-deletion --key-id {second}" in said

    @pytest.mark.parametrize("form", PEOPLES)
    def test_a_former_key(self, doomed: Report, form: Form) -> None:
        """Stands among the former keys alone, with what still encrypts with it."""
        said = told(doomed, form)
        assert "its policy admits AWS Config; the delivery channel of account 444455556666" in said
        assert said.count(f"enable-key --key-id {FORMER}") == 1

    @pytest.mark.parametrize("form", PEOPLES)
    def test_where_nothing_was_observed(self, doomed: Report, form: Form) -> None:
        """There is no section of it; the former key says so."""
        said = told(replace(doomed, observed=None), form)
        assert "encrypts with it, into" not in said
        assert BLAST_RADIUS not in said
        assert "what encrypts with it was not observed" in said

    @pytest.mark.parametrize("form", PEOPLES)
    def test_hostile_words(self, doomed: Report, form: Form) -> None:
        """Of AWS's errors, names and states do nothing."""
        hostile = "<script>alert(1)</script>\x1b[31m\u202e|[x](javascript:y)"
        first = doomed.landing_zone.keys[0]
        assert doomed.observed is not None
        observed = replace(
            doomed.observed,
            observations=(replace(doomed.observed.observations[0], bucket=hostile, sender=hostile),),
            standings=(Standing(first, hostile, hostile),),
            out_of_service=(OutOfService(first, unknown=hostile),),
        )
        said = render(replace(doomed, observed=observed), form)
        assert "alert(1)" in said
        assert "\x1b" not in said
        assert "\u202e" not in said
        assert form is Form.TEXT or "<script>alert" not in said
        assert form is not Form.MARKDOWN or "](javascript" not in said


class TestJson:
    """The summary has them as values; they are not read back, for they follow from the rest."""

    def test_as_its_schema_says(self, doomed: Report) -> None:
        """And with the numbers."""
        document = json.loads(render(doomed, Form.JSON))
        Draft202012Validator(schema_of("report")).validate(document)
        first, second, former = document["summary"]["blast_radius"]
        assert (first["services"], first["trails"]) == (["CloudTrail"], [TRAIL])
        assert (second["days_left"], second["ends"], second["delivery_channels"]) == (10, "2026-12-11", 1)
        assert (former["former"], former["accounts"]) == (True, ["444455556666"])
        assert from_document(document) == doomed

    def test_days_are_the_reports(self, doomed: Report) -> None:
        """Whenever it is read: they count from when it was made."""
        later = replace(doomed, as_of=datetime(2026, 12, 11, 23, 59, tzinfo=UTC))
        assert [one.days_left for one in blast_radii(later)] == [None, 0, None]


def test_a_key_that_could_not_be_described(doomed: Report) -> None:
    """Is named all the same, and nothing is known of how it stands."""
    assert doomed.observed is not None
    report = replace(doomed, observed=replace(doomed.observed, standings=()))
    first = blast_radii(report)[0]
    assert first.state == UNTOLD
    assert first.trouble.startswith("its state is not known")
    assert first.trails == (TRAIL,)


PLAN = OrganizationPlan(members=1, execution_role=ROLE, without_recorder=0, without_role=0, suspended=0)


@pytest.fixture(scope="module")
def organization(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Org]:
    """The landing zone's key waits for its deletion; a member delivers with the former one, now disabled."""
    with built_organization(tmp_path_factory.mktemp("project"), PLAN) as org:
        manager, (member,) = org.sandbox.account, org.organization.sound
        own, former = (org.key(word, manager, granting()) for word in ("own", "former"))
        org.sandbox.landing_zone = LandingZone.with_key(own, "4.0")
        put_rule(org, parameters={"KeyScope": "landing-zone"})
        for account, key in ((manager, own), (member, former)):
            client: Any = org.sandbox.client("config", account=account)
            (channel,) = client.describe_delivery_channels()["DeliveryChannels"]
            client.put_delivery_channel(DeliveryChannel={**channel, "s3KmsKeyArn": key})
        kms = org.sandbox.client("kms")
        kms.disable_key(KeyId=former)
        kms.schedule_key_deletion(KeyId=own, PendingWindowInDays=7)
        org.sandbox.settle()
        yield org


class TestOrganization:
    """What a report finds out by itself."""

    def test_what_depends_on_each_key(self, organization: Org) -> None:
        """Trail and management account on the landing zone's, the member on the former one."""
        report = organization.report(
            options=Options("CONTROL_TOWER_KMS_KEY", observer_role=ROLE, sample=None)
        )
        own, former = blast_radii(report)
        assert (own.key, own.trails, own.accounts) == (
            organization.keys["own"],
            (TRAIL,),
            (organization.sandbox.account,),
        )
        assert (own.days_left, own.out_of_service and own.out_of_service.change) == (7, "ScheduleKeyDeletion")
        assert (former.key, former.former, former.state) == (organization.keys["former"], True, "Disabled")
        assert former.accounts == organization.organization.sound
        assert (former.out_of_service and former.out_of_service.change) == "DisableKey"
        assert from_document(as_document(report)) == report

    def test_what_is_not_asked_is_not_known(self, organization: Org) -> None:
        """Without a role the member is not seen, and that is said."""
        own, former = blast_radii(organization.report())
        assert "delivery channels of 1 account of " in own.depends
        assert former.depends.startswith("nothing that was observed encrypts with it (")

    def test_events_that_are_refused(self, organization: Org) -> None:
        """Leave open since when, and nothing else."""
        organization.sandbox.fail_next("cloudtrail", "LookupEvents", "AccessDeniedException", times=99)
        own, _ = blast_radii(organization.report())
        assert "since when is not known: " in own.trouble
        assert own.days_left == 7
