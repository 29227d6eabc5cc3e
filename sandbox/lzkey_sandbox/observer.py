"""What follows from a request to moto: keys are recorded, new rules evaluated, gaps of moto filled."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from lzkey_sandbox.config.recorder import KEY_CHANGES, Recorder
from lzkey_sandbox.endpoint import Exchange, Observer
from lzkey_sandbox.errors import ServiceError
from lzkey_sandbox.functions.authorization import caller_arn, require_trust
from lzkey_sandbox.keys import key_requests
from lzkey_sandbox.moto import motokeys, motostate
from lzkey_sandbox.moto.motoorganizations import management_for, organization_of

if TYPE_CHECKING:
    from lzkey_sandbox.buckets import Buckets
    from lzkey_sandbox.config.evaluation import EvaluationLoop
    from lzkey_sandbox.http.requests import ApiRequest
    from lzkey_sandbox.pending import Pending

#: After these, the items of all related multi-Region keys differ: each names the primary and the replicas.
_OF_SEVERAL_REGIONS: Final = frozenset({"ReplicateKey", "UpdatePrimaryRegion"})

_MANAGED_POLICY: Final = re.compile(r"arn:[^:]+:iam::aws:policy/.+")

#: Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeOrganization.html
_FOR_EVERY_MEMBER: Final = frozenset({"CreateOrganization", "DescribeOrganization", "LeaveOrganization"})

#: Source: https://docs.aws.amazon.com/config/latest/developerguide/service-linked-awsconfig-rules.html
_RULE_CHANGES: Final = frozenset({"DeleteConfigRule", "DeleteEvaluationResults", "PutConfigRule"})


class AwsObserver(Observer):
    """Fills moto's gaps before a request and draws Config's consequences after it."""

    def __init__(self, recorder: Recorder, loop: EvaluationLoop, buckets: Buckets, pending: Pending) -> None:
        self._recorder = recorder
        self._loop = loop
        self._buckets = buckets
        self._pending = pending

    def answering_account(self, account: str, request: ApiRequest) -> str:
        """Let the management account answer what a delegated administrator may read of the organization."""
        if request.service != "organizations" or request.operation in _FOR_EVERY_MEMBER:
            return account
        return management_for(account, request.region, request.operation)

    def before(self, account: str, request: ApiRequest) -> bytes | None:
        """Provide what moto does not have, refuse what AWS would, and say things as moto understands them."""
        self._pending.before(account, request)
        if (request.service, request.operation) == ("sts", "AssumeRole"):
            caller = caller_arn(request.access_key, account, request.region)
            require_trust(_query(request, "RoleArn"), caller, request.region, _query(request, "ExternalId"))
        if (request.service, request.operation) == ("iam", "AttachRolePolicy"):
            self._provide_policy(account, request)
        if request.service == "config" and request.operation in _RULE_CHANGES:
            _refuse_service_linked_rule(account, request)
        if request.service == "s3":
            self._buckets.before(account, request)
        if request.service == "kms" and request.body:
            return self._before_kms(account, request)
        return None

    def _before_kms(self, account: str, request: ApiRequest) -> bytes:
        body = key_requests.understood(account, request)
        key_id = str(json.loads(body).get("KeyId", ""))
        created = motokeys.provide_aws_managed_key(account, request.region, key_id)
        if created is not None:
            self._recorder.record(account, request.region, created)
        return body

    def after(self, exchange: Exchange) -> None:
        """Record changed keys; evaluate new and changed rules."""
        request = exchange.request
        if (request.service, request.operation) == ("kms", "GetKeyPolicy"):
            answer = json.loads(exchange.response.get_data())
            exchange.response.set_data(json.dumps({**answer, "PolicyName": "default"}))
        if request.service == "kms" and request.operation in KEY_CHANGES:
            for region, key_id in _changed_keys(exchange):
                self._recorder.record(exchange.account, region, key_id)
        if (request.service, request.operation) == ("config", "PutConfigRule"):
            rule = json.loads(request.body)["ConfigRule"]
            motostate.complete_config_rule(exchange.account, request.region, rule)
            self._loop.rules_changed(exchange.account, request.region)
        if (request.service, request.operation) == ("config", "PutConfigurationRecorder"):
            asked = json.loads(request.body)["ConfigurationRecorder"]
            motostate.complete_recorders(exchange.account, request.region, asked)
        if (request.service, request.operation) == ("config", "StartConfigurationRecorder"):
            self._record_all(exchange.account, request.region)
        if (request.service, request.operation) == ("cloudformation", "ExecuteChangeSet"):
            motostate.refresh_stack_outputs(exchange.account, request.region)
        if request.service == "cloudformation" and not request.operation.startswith(("Describe", "List")):
            motostate.mend_inline_policies()
            motokeys.complete_stack_keys(exchange.account, request.region)
            self._record_all(exchange.account, request.region)  # a stack may have made keys
            for account in _rule_accounts(exchange.account, request.region):
                self._loop.rules_changed(account, request.region)
        self._pending.after(exchange)

    def _record_all(self, account: str, region: str) -> None:
        """Record what is new; a recorder that finds nothing new has recorded, too."""
        self._recorder.record_all(account, region)
        if self._recorder.discovered(account, region):
            motostate.note_recording(account, region)

    @staticmethod
    def _provide_policy(account: str, request: ApiRequest) -> None:
        arn = _query(request, "PolicyArn")
        if _MANAGED_POLICY.fullmatch(arn):
            motostate.provide_managed_policy(account, request.region, arn)


def _rule_accounts(account: str, region: str) -> list[str]:
    """The accounts whose Config rules an account can change: its own and its organization's."""
    organization = organization_of(account, region)
    return [member for member, _ in organization.accounts] if organization else [account]


def _changed_keys(exchange: Exchange) -> list[tuple[str, str]]:
    """Region and id of the keys that a successful KMS request changed."""
    request, account = exchange.request, exchange.account
    members: dict[str, Any] = json.loads(request.body)
    if request.operation == "CreateKey":
        key_id = json.loads(exchange.response.get_data())["KeyMetadata"]["KeyId"]
        completed = motokeys.complete_new_key(account, request.region, key_id)
        exchange.response.set_data(json.dumps(completed))
        return [(request.region, key_id)]
    found = motokeys.resolve_key(account, request.region, members["KeyId"])
    if found is None:
        return []
    if request.operation in _OF_SEVERAL_REGIONS:
        return [(region, found) for region in motokeys.regions_of_key(account, found)]
    return [(request.region, found)]


def _refuse_service_linked_rule(account: str, request: ApiRequest) -> None:
    members = json.loads(request.body)
    name = str(members.get("ConfigRule", members).get("ConfigRuleName", ""))
    if motostate.is_service_linked_rule(account, request.region, name):
        raise ServiceError(
            "AccessDeniedException",
            "An AWS service owns ServiceLinkedConfigRule. You do not have permissions to take action on this "
            "rule.",
        )


def _query(request: ApiRequest, name: str) -> str:
    return parse_qs(request.body.decode()).get(name, [""])[0]
