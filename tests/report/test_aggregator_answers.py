"""Answers of an aggregator that the sandbox does not give, and AWS may."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber

from lzkey.aws.account import Asker, Manner
from lzkey.aws.aggregator import ANY_REGION, KEYS_QUERY, RECORDERS_QUERY, Aggregator
from lzkey.report import aggregated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey.report.aggregated import Aggregated

ACCOUNT, REGION, RULE = "444455556666", "us-east-1", "CONTROL_TOWER_KMS_KEY"
SPOT = (ACCOUNT, REGION)
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{KEY_ID}"
NAME = {"ConfigurationAggregatorName": "everywhere"}
AGGREGATOR = {**NAME, "AccountAggregationSources": [{"AccountIds": [ACCOUNT], "AwsRegions": [REGION]}]}
OTHER_RULES = (f"{RULE}_2", "OrgConfigRule-OTHER-abcdefgh", f"OrgConfigRule-{RULE}_2-abcdefgh")
LATER = datetime(2026, 12, 1, 9, tzinfo=UTC)


class OneClient:
    """A session whose every client is this one."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def client(self, *_where: str, **_settings: Any) -> Any:
        """The one."""
        return self._client


@contextmanager
def answering(
    *,
    compliance: str = "COMPLIANT",
    results: Any = (),
    broken: bool = False,
    items: Any = (),
    recorders: Any = (),
    sources: Any = (),
) -> Iterator[Asker]:
    """AWS Config, which answers everything once, in the order in which it is asked."""
    client = boto3.client("config", REGION, aws_access_key_id="x", aws_secret_access_key="x")  # noqa: S106
    row = {"AccountId": ACCOUNT, "AwsRegion": REGION, "ConfigRuleName": RULE}
    source = {"SourceId": ACCOUNT, "SourceType": "ACCOUNT", "AwsRegion": REGION, "LastUpdateTime": LATER}
    with Stubber(client) as stub:
        stub.add_response(
            "describe_configuration_aggregator_sources_status",
            {"AggregatedSourceStatusList": [{**source, "LastUpdateStatus": "SUCCEEDED"}, *sources]},
            {**NAME, "Limit": 100},
        )
        stub.add_client_error(
            "get_organization_config_rule_detailed_status", "NoSuchOrganizationConfigRuleException"
        )
        stub.add_response(
            "describe_aggregate_compliance_by_config_rules",
            {
                "AggregateComplianceByConfigRules": [
                    {**row, "ConfigRuleName": name, "Compliance": {"ComplianceType": compliance}}
                    for name in (*OTHER_RULES, RULE)
                ]
            },
            {**NAME, "Filters": {"AwsRegion": REGION}, "Limit": 1000},
        )
        stub.add_response(
            "get_aggregate_compliance_details_by_config_rule",
            {
                **({} if results is None else {"AggregateEvaluationResults": list(results)}),
                **({"NextToken": "more"} if broken else {}),
            },
            {**NAME, **row, "Limit": 100},
        )
        if broken:
            stub.add_client_error("get_aggregate_compliance_details_by_config_rule", "AccessDeniedException")
        for query, found in ((KEYS_QUERY, items), (RECORDERS_QUERY, recorders)):
            stub.add_response(
                "select_aggregate_resource_config",
                {"Results": [json.dumps(item) if isinstance(item, dict) else item for item in found]},
                {**NAME, "Expression": query.format(region=REGION), "Limit": 100},
            )
        session: Any = OneClient(client)
        yield Asker(session, "777788889999", REGION, Manner())
        stub.assert_no_pending_responses()


def collected(aws: Asker) -> Aggregated:
    """Everything that it tells."""
    return aggregated.collect(aws, aws, Aggregator.of(AGGREGATOR), RULE, lambda _what, _done, _of: None)


def result(compliance: str, **more: Any) -> dict[str, Any]:
    """A result of the key."""
    qualifier = {"ConfigRuleName": RULE, "ResourceType": "AWS::KMS::Key", "ResourceId": KEY_ID}
    identifier = {"EvaluationResultQualifier": qualifier}
    return {"EvaluationResultIdentifier": identifier, "ComplianceType": compliance, **more}


class TestResults:
    """Must be what was announced."""

    @pytest.mark.parametrize(
        ("announced", "shown", "why"),
        [
            ("NON_COMPLIANT", "NON_COMPLIANT", {}),
            (
                "NON_COMPLIANT",
                "COMPLIANT",
                {SPOT: "the aggregator says NON_COMPLIANT, and shows no key that is"},
            ),
            ("COMPLIANT", "COMPLIANT", {}),
        ],
    )
    def test_a_failure_without_a_key(self, announced: str, shown: str, why: dict[Any, str]) -> None:
        """Is not silence: the account is unread."""
        with answering(compliance=announced, results=[result(shown)]) as aws:
            assert collected(aws).unread == why

    @pytest.mark.parametrize("broken", [True, False])
    def test_a_later_page_that_is_refused(self, *, broken: bool) -> None:
        """Leaves the failures of the earlier ones, and the account unread."""
        with answering(compliance="NON_COMPLIANT", results=[result("NON_COMPLIANT")], broken=broken) as aws:
            found = collected(aws)
            assert len(aws.log.notes) == broken
        assert [evaluation.compliance for evaluation in found.evaluations[SPOT]] == ["NON_COMPLIANT"]
        assert list(found.unread) == [SPOT] * broken

    @pytest.mark.parametrize("results", [None, ()])
    def test_none(self, results: Any) -> None:
        """May be an empty list, or none at all."""
        with answering(results=results) as aws:
            found = collected(aws)
        assert (found.evaluations[SPOT], found.unread) == ((), {})

    def test_the_least(self) -> None:
        """Neither annotation nor times."""
        with answering(results=[result("COMPLIANT")]) as aws:
            (evaluation,) = collected(aws).evaluations[SPOT]
        assert (evaluation.key_id, evaluation.annotation, evaluation.at) == (KEY_ID, "", None)

    def test_times(self) -> None:
        """Are when the rule was invoked, else when the result was recorded; in UTC."""
        times = {"ResultRecordedTime": LATER}
        with answering(results=[result("COMPLIANT", **times)]) as aws:
            (evaluation,) = collected(aws).evaluations[SPOT]
        assert (evaluation.at, evaluation.at and evaluation.at.tzinfo) == (LATER, UTC)


class TestSources:
    """The organization is one of them."""

    @pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED"])
    def test_the_organization(self, status: str) -> None:
        """Is a note where it could not be read: accounts may be missing then."""
        source = {"SourceId": "o-exampleorgid", "SourceType": "ORGANIZATION", "LastUpdateStatus": status}
        with answering(sources=[{**source, "LastErrorCode": "OrganizationAccessDenied"}]) as aws:
            assert set(collected(aws).sources or ()) == {SPOT}
            said = "aggregator everywhere could not read the organization: FAILED (OrganizationAccessDenied)"
            assert aws.log.notes == (() if status == "SUCCEEDED" else (said,))

    def test_an_account_of_no_region(self) -> None:
        """Is a source in any."""
        source = {"SourceId": "111122223333", "SourceType": "ACCOUNT", "LastUpdateStatus": "SUCCEEDED"}
        with answering(sources=[source]) as aws:
            found = collected(aws)
        assert set(found.sources or ()) == {SPOT, ("111122223333", ANY_REGION)}
        assert found.regions == (REGION,)


class TestInventory:
    """Rows are JSON texts, of which little is certain."""

    @pytest.mark.parametrize(
        ("row", "note"),
        [
            ("{", "an item of the inventory was not understood"),
            ("[]", "an item of the inventory was not understood"),
            ({"resourceType": "AWS::KMS::Key"}, "the configuration item names no KMS key"),
        ],
    )
    def test_what_is_not_understood(self, row: Any, note: str) -> None:
        """Is a note, and the rest is read."""
        good = {"resourceType": "AWS::KMS::Key", "arn": ARN, "configuration": {"keyManager": "AWS"}}
        with answering(items=[row, good, {"resourceType": "AWS::S3::Bucket"}]) as aws:
            (key,) = collected(aws).inventory.keys[SPOT]
            assert key.key_manager == "AWS"
            assert any(note in told for told in aws.log.notes)

    @pytest.mark.parametrize(
        ("captured", "changed"),
        [
            ("2026-12-01T09:00:00.000Z", LATER),
            ("2026-12-01T09:00:00", LATER),
            ("2026-12-01T10:00:00+01:00", LATER),
            ("yesterday", None),
            (None, None),
        ],
    )
    def test_when_a_key_changed(self, captured: str | None, changed: datetime | None) -> None:
        """Is when it was recorded; a time that is none loses no key."""
        row = {"resourceType": "AWS::KMS::Key", "arn": ARN, "configurationItemCaptureTime": captured}
        with answering(items=[row]) as aws:
            found = collected(aws).inventory
        assert len(found.keys[SPOT]) == 1
        assert found.changed_at.get(SPOT, {}).get(KEY_ID) == changed

    @pytest.mark.parametrize(
        ("configuration", "seen"),
        [
            ({"name": "default", "recordingGroup": {"allSupported": True}, "recording": True}, (True, True)),
            ({"Name": "default", "RecordingGroup": {"allSupported": True}}, (None, True)),
            ({"name": "x", "recordingGroup": {"resourceTypes": ["AWS::S3::Bucket"]}}, (None, False)),
            ({"name": "x", "recordingGroup": {"allSupported": True}, "servicePrincipal": "x"}, None),
            ({"name": "x"}, None),
            (None, None),
        ],
    )
    def test_recorders(self, configuration: Any, seen: tuple[bool | None, bool] | None) -> None:
        """Whose shape AWS publishes nowhere: what is not there is not known."""
        row = {"accountId": ACCOUNT, "awsRegion": REGION, "configuration": configuration}
        with answering(recorders=[row]) as aws:
            found = collected(aws).inventory.recorders.get(SPOT)
        assert (found and (found.on, found.keys)) == seen
