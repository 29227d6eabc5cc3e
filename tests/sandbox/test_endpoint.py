"""The one endpoint: whose a call is, what is remembered of it, faults on demand, and what is malformed."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from lzkey_sandbox import LandingZone, Sandbox

if TYPE_CHECKING:
    from .conftest import Account

ARN = "arn:aws:controltower:us-east-1:111122223333:landingzone/1A2B3C4D5E6F7G8H"
KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
UNTIMELY = json.dumps(
    {
        "ResultToken": "x",
        "TestMode": True,
        "Evaluations": [
            {
                "ComplianceResourceType": "AWS::KMS::Key",
                "ComplianceResourceId": "key-1",
                "ComplianceType": "COMPLIANT",
                "OrderingTimestamp": "today",
            }
        ],
    }
)
AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261125/us-east-1/config/aws4_request, "
    "SignedHeaders=host, Signature=0"
)


def post(sandbox: Sandbox, operation: str, body: str) -> tuple[int, dict[str, Any]]:
    """Send a body to an operation of Config as it is; return status and answer."""
    request = urllib.request.Request(  # noqa: S310 - the sandbox's own address
        sandbox.endpoint_url,
        body.encode(),
        {
            "Authorization": AUTHORIZATION,
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"StarlingDoveService.{operation}",
        },
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


class TestCalls:
    """The record of calls."""

    @pytest.mark.parametrize(
        ("service", "operation", "arguments"),
        [
            ("kms", "ListKeys", {}),  # JSON
            ("sts", "GetCallerIdentity", {}),  # query
            ("s3", "ListBuckets", {}),  # REST-XML
            ("lambda", "ListFunctions", {}),  # REST-JSON
            ("config", "DescribeConfigRules", {}),
            ("config", "DescribeComplianceByConfigRule", {}),  # the sandbox's own
            ("cloudformation", "ListStacks", {}),
        ],
    )
    def test_names_of_each_protocol(
        self, sandbox: Sandbox, service: str, operation: str, arguments: dict[str, Any]
    ) -> None:
        """Service and operation are those of botocore's model, with account, Region and status."""
        sandbox.client(service)._make_api_call(operation, arguments)  # noqa: SLF001 - by its API name
        (call,) = sandbox.calls
        assert (call.service, call.operation, call.status, call.error) == (service, operation, 200, "")
        assert (call.account, call.region) == ("111122223333", "us-east-1")

    def test_of_other_accounts_and_regions(self, sandbox: Sandbox) -> None:
        """Credentials of a role belong to the role's account; each place has its own keys."""
        sandbox.client("kms", "eu-west-1", "444455556666").create_key()
        (call,) = sandbox.calls
        assert (call.account, call.region) == ("444455556666", "eu-west-1")
        found = {
            (account, region): len(sandbox.client("kms", region, account).list_keys()["Keys"])
            for account in ("111122223333", "444455556666")
            for region in ("us-east-1", "eu-west-1")
        }
        assert found.pop(("444455556666", "eu-west-1")) == 1
        assert set(found.values()) == {0}

    def test_can_be_forgotten(self, sandbox: Sandbox) -> None:
        """Before a step whose calls are to be counted."""
        sandbox.client("kms").list_keys()
        sandbox.forget_calls()
        assert sandbox.calls == ()

    def test_many_at_once(self, account: Account) -> None:
        """Changes of one key from many threads: every call is recorded, the last item is the last state."""
        key_id, kms = account.key(), account.sandbox.client("kms")
        account.sandbox.forget_calls()
        descriptions = [str(number) for number in range(40)]
        with ThreadPoolExecutor(8) as pool:
            list(
                pool.map(
                    lambda text: kms.update_key_description(KeyId=key_id, Description=text), descriptions
                )
            )
        account.sandbox.settle()
        assert len(account.sandbox.calls) == 40
        newest = json.loads(account.history(key_id)[0]["configuration"])
        assert newest["description"] == kms.describe_key(KeyId=key_id)["KeyMetadata"]["Description"]
        states = [item["configurationStateId"] for item in account.history(key_id, limit=100)]
        assert states == sorted(set(states), reverse=True)


class TestFaults:
    """Errors on demand."""

    @pytest.mark.parametrize(
        ("service", "operation", "call"),
        [
            ("kms", "ListKeys", "list_keys"),
            ("sts", "GetCallerIdentity", "get_caller_identity"),
            ("s3", "ListBuckets", "list_buckets"),
            ("lambda", "ListFunctions", "list_functions"),
            ("config", "DescribeComplianceByConfigRule", "describe_compliance_by_config_rule"),
        ],
    )
    def test_in_each_protocol(self, sandbox: Sandbox, service: str, operation: str, call: str) -> None:
        """Botocore reads the code; the call after it is answered."""
        sandbox.fail_next(service, operation, "AccessDeniedException")
        with pytest.raises(ClientError) as caught:
            getattr(sandbox.client(service), call)()
        assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
        getattr(sandbox.client(service), call)()
        assert [made.error for made in sandbox.calls] == ["AccessDeniedException", ""]

    def test_retries_count(self, sandbox: Sandbox) -> None:
        """Botocore retries a throttled call; the other operations are not touched."""
        sandbox.fail_next("kms", "ListKeys", "ThrottlingException", times=2)
        sandbox.client("kms").list_aliases()
        assert sandbox.client("kms").list_keys()["Keys"] == []
        assert [(call.operation, call.error) for call in sandbox.calls] == [
            ("ListAliases", ""),
            ("ListKeys", "ThrottlingException"),
            ("ListKeys", "ThrottlingException"),
            ("ListKeys", ""),
        ]

    def test_of_an_operation_that_there_is_not(self, sandbox: Sandbox) -> None:
        """A name that is misspelt would never fail."""
        with pytest.raises(Exception, match="PutEvaluation"):
            sandbox.fail_next("config", "PutEvaluation", "ThrottlingException")


class TestContract:
    """A request or an answer outside the service model is an error, whoever is wrong."""

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ('{"ResultToken": 7}', "ValidationException"),
            ('{"Evaluations": []}', "ValidationException"),
            ("no JSON", "SerializationException"),
            (UNTIMELY, "SerializationException"),
        ],
        ids=["type", "required", "json", "time"],
    )
    def test_of_a_caller(self, sandbox: Sandbox, body: str, code: str) -> None:
        """As AWS answers who is no SDK; the twin is right in that member."""
        status, answer = post(sandbox, "PutEvaluations", body)
        assert (status, answer["__type"]) == (400, code)
        status, answer = post(sandbox, "PutEvaluations", '{"ResultToken": "x", "TestMode": true}')
        assert (status, answer) == (200, {"FailedEvaluations": []})

    def test_of_the_sandbox(self, sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
        """A landing zone whose version no real one can have: the caller learns whose fault it is, at once."""
        sandbox.landing_zone = LandingZone("4.0", {})
        tower = sandbox.client("controltower")
        assert tower.get_landing_zone(landingZoneIdentifier=ARN)["landingZone"]["version"] == "4.0"
        sandbox.landing_zone = LandingZone("four", {})
        with pytest.raises(
            ClientError, match=r"ContractError: GetLandingZone answered outside its model"
        ) as caught:
            tower.get_landing_zone(landingZoneIdentifier=ARN)
        assert caught.value.response["Error"]["Code"] == "InternalFailure"
        assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 0
        assert sandbox.calls[-1].error == "InternalFailure"
        assert "controltower GetLandingZone" in caplog.text

    def test_what_moto_lacks_is_said(self, sandbox: Sandbox) -> None:
        """Not answered with something made up."""
        with pytest.raises(ClientError, match="has not been implemented") as caught:
            sandbox.client("config").describe_remediation_configurations(ConfigRuleNames=["a-rule"])
        assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 0


class TestControlTower:
    """Its three calls."""

    @pytest.mark.parametrize(
        ("version", "blocks"),
        [("3.3", ["centralizedLogging"]), ("4.0", ["centralizedLogging", "config"])],
    )
    def test_manifest(self, version: str, blocks: list[str]) -> None:
        """From version 4.0 on, AWS Config has a block of its own."""
        with Sandbox(landing_zone=LandingZone.with_key(KEY, version)) as sandbox:
            tower = sandbox.client("controltower")
            (entry,) = tower.list_landing_zones()["landingZones"]
            found = tower.get_landing_zone(landingZoneIdentifier=entry["arn"])["landingZone"]
        assert found["manifest"] == {
            block: {"enabled": True, "configurations": {"kmsKeyArn": KEY}} for block in blocks
        }
        assert (found["arn"], found["status"]) == (ARN, "ACTIVE")

    def test_update(self, sandbox: Sandbox) -> None:
        """The new version and its manifest are read from then on; a stranger's ARN changes nothing."""
        sandbox.landing_zone = before = LandingZone.with_key(KEY)
        after, tower = LandingZone.with_key(KEY, "4.0"), sandbox.client("controltower")
        new = {"version": after.version, "manifest": after.manifest}
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            tower.update_landing_zone(landingZoneIdentifier=ARN[:-1], **new)
        assert sandbox.landing_zone == before
        assert tower.update_landing_zone(landingZoneIdentifier=ARN, **new)["operationIdentifier"]
        found = tower.get_landing_zone(landingZoneIdentifier=ARN)["landingZone"]
        assert LandingZone(found["version"], found["manifest"]) == after

    def test_where(self, sandbox: Sandbox) -> None:
        """Listed in every Region, read in the home Region, and in the management account alone."""
        sandbox.landing_zone = LandingZone.with_key(KEY)
        assert sandbox.client("controltower", "eu-west-1").list_landing_zones()["landingZones"]
        assert (
            sandbox.client("controltower", account="444455556666").list_landing_zones()["landingZones"] == []
        )
        for region, account in (("eu-west-1", None), (None, "444455556666")):
            with pytest.raises(ClientError, match="ResourceNotFoundException"):
                sandbox.client("controltower", region, account).get_landing_zone(landingZoneIdentifier=ARN)

    def test_none(self, sandbox: Sandbox) -> None:
        """Until one is set up."""
        tower = sandbox.client("controltower")
        assert tower.list_landing_zones()["landingZones"] == []
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            tower.get_landing_zone(landingZoneIdentifier=ARN)
