"""AWS on this machine: the sandbox as its users see it."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Self, cast

from botocore import xform_name
from botocore.config import Config as ClientConfig

from lzkey.sandbox import cloudformation, motokeys, motostate
from lzkey.sandbox.config_api import ConfigApi
from lzkey.sandbox.contract import operation_model
from lzkey.sandbox.controltower import ControlTower, LandingZone
from lzkey.sandbox.endpoint import Call, Endpoint
from lzkey.sandbox.errors import SandboxInUseError
from lzkey.sandbox.evaluation import EvaluationLoop
from lzkey.sandbox.isolation import EXAMPLE_CREDENTIALS, isolated_variables, private_session
from lzkey.sandbox.lambda_runtime import LambdaRuntime
from lzkey.sandbox.ledger import Ledger
from lzkey.sandbox.loopback import LoopbackServer, RefusingProxy
from lzkey.sandbox.observer import AwsObserver
from lzkey.sandbox.operations import own_operations
from lzkey.sandbox.recorder import Recorder
from lzkey.sandbox.resource_api import ResourceApi

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from lzkey.sandbox.execution_environment import Outcome

# Config delivers larger items as an oversized notification. The limit is that of the services which carry
# it. Source: https://docs.aws.amazon.com/config/latest/developerguide/oversized-notification-example.html
OVERSIZED_LIMIT: Final = 256 * 1024

_one_at_a_time = Lock()


@dataclass(frozen=True, slots=True)
class Compliance:
    """A rule's result for one resource as Config shows it."""

    compliance_type: str
    annotation: str


class Sandbox:
    """AWS for one account and Region to begin with; others come into being when they are used.

    A context manager. moto's state belongs to the process, so there can be one sandbox at a time
    (``SandboxInUseError``). ``token_lifetime`` limits how long a result token is good for.
    """

    def __init__(
        self,
        region: str = "us-east-1",
        account: str = "111122223333",
        landing_zone: LandingZone | None = None,
        *,
        recording: bool = True,
        oversized_limit: int = OVERSIZED_LIMIT,
        token_lifetime: timedelta = timedelta(hours=1),
    ) -> None:
        self.region = region
        self.account = account
        self._control_tower = ControlTower(account, region, motostate.partition_of(region))
        self._control_tower.landing_zone = landing_zone
        self._recording = recording
        self._oversized_limit = oversized_limit
        self._token_lifetime = token_lifetime
        self._clients: dict[tuple[str, str, str], Any] = {}

    def __enter__(self) -> Self:
        """Start the endpoint; everything that AWS held before is forgotten."""
        with ExitStack() as cleanup:
            self._start(cleanup)
            self._cleanup = cleanup.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop every thread and process that the sandbox started."""
        self._cleanup.close()

    def _start(self, cleanup: ExitStack) -> None:
        if not _one_at_a_time.acquire(blocking=False):
            raise SandboxInUseError("another sandbox is running in this process; moto's state is shared")
        cleanup.callback(_one_at_a_time.release)
        motostate.reset()
        cleanup.callback(motostate.reset)
        cleanup.enter_context(motokeys.without_permission_checks())
        cloudformation.register()
        self._proxy = RefusingProxy()
        cleanup.callback(self._proxy.stop)
        ledger, self._recorder = Ledger(self._token_lifetime), Recorder()
        self._recorder.recording = self._recording
        self._loop = EvaluationLoop(ledger, self._recorder, self._invoke_rule, self._oversized_limit)
        cleanup.callback(self._loop.stop)
        self._recorder.subscribe(self._loop.item_recorded)
        self._config = ConfigApi(ledger, self._loop)
        self._endpoint = Endpoint(
            own_operations(self._config, ResourceApi(self._recorder), self._control_tower),
            self._invoke_function,
            AwsObserver(self._recorder, self._loop),
            self.account,
        )
        server = LoopbackServer(self._endpoint, "aws-endpoint")
        cleanup.callback(server.stop)
        cleanup.callback(self._close_clients)
        # moto reads a stack's TemplateURL only when its host is "localhost"
        self.endpoint_url = f"http://localhost:{server.port}"
        self._runtime = LambdaRuntime({"AWS_ENDPOINT_URL": self.endpoint_url, **self._isolation()})
        cleanup.callback(self._runtime.stop)
        cleanup.callback(self._loop.cancel)

    def _close_clients(self) -> None:
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables under which ``rdk``, ``aws`` and ``lzkey`` see the sandbox alone."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            **EXAMPLE_CREDENTIALS,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
            "AWS_ENDPOINT_URL": self.endpoint_url,
            **self._isolation(),
        }

    @property
    def landing_zone(self) -> LandingZone | None:
        """The landing zone that Control Tower reports; may be set at any time."""
        return self._control_tower.landing_zone

    @landing_zone.setter
    def landing_zone(self, landing_zone: LandingZone | None) -> None:
        self._control_tower.landing_zone = landing_zone

    @property
    def recording(self) -> bool:
        """Whether Config records key changes; off while many keys are made."""
        return self._recorder.recording

    @recording.setter
    def recording(self, recording: bool) -> None:
        self._recorder.recording = recording

    @property
    def oversized_limit(self) -> int:
        """The largest notification, in bytes, that carries its configuration item."""
        return self._loop.oversized_limit

    @oversized_limit.setter
    def oversized_limit(self, limit: int) -> None:
        self._loop.oversized_limit = limit

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every AWS call that the endpoint answered, in order."""
        return self._endpoint.calls

    @property
    def refused_hosts(self) -> tuple[str, ...]:
        """Every host that something in the sandbox tried to reach outside it."""
        return self._proxy.hosts

    @property
    def process_ids(self) -> tuple[int, ...]:
        """The processes that run Lambda functions now."""
        return self._runtime.process_ids

    def client(self, service: str, region: str | None = None, account: str | None = None) -> Any:  # noqa: ANN401 - boto3's clients are made at run time
        """Return a boto3 client; for another account with credentials of a role in it."""
        where = (service, region or self.region, account or self.account)
        if where not in self._clients:
            session = cast("Any", private_session(self._credentials(where[2])))
            self._clients[where] = session.client(
                service, where[1], endpoint_url=self.endpoint_url, config=ClientConfig(proxies={})
            )
        return self._clients[where]

    def invoke(self, function_name: str, payload: object) -> Outcome:
        """Invoke a function as Lambda's Invoke does."""
        return self._runtime.invoke(self.account, self.region, function_name, payload)

    def lambda_logs(self, function_name: str) -> str:
        """Return what a function printed and logged so far."""
        return self._runtime.logs(self.account, self.region, function_name)

    def compliance(self, rule_name: str) -> dict[str, Compliance]:
        """Return a rule's results by resource id, read through Config's own API."""
        pages = self._all("GetComplianceDetailsByConfigRule", "EvaluationResults", ConfigRuleName=rule_name)
        return {
            result["EvaluationResultIdentifier"]["EvaluationResultQualifier"]["ResourceId"]: Compliance(
                result["ComplianceType"], result.get("Annotation", "")
            )
            for result in pages
        }

    def evaluation_status(self, rule_name: str) -> dict[str, Any]:
        """Return a rule's evaluation status, read through Config's own API."""
        answer = self.client("config").describe_config_rule_evaluation_status(ConfigRuleNames=[rule_name])
        return dict(answer["ConfigRulesEvaluationStatus"][0])

    def settle(self, timeout: float = 120.0) -> None:
        """Wait until Config has evaluated everything; EvaluationLoopError after ``timeout`` seconds."""
        self._loop.settle(timeout)

    def run_scheduled(self, rule_name: str | None = None) -> None:
        """Let the schedule come round: invoke one periodic rule, or all of the account and Region.

        A name that no periodic rule has is NoSuchConfigRuleException, a ServiceError.
        """
        self._loop.run_scheduled(self.account, self.region, rule_name)

    def record_all(self) -> None:
        """Record every key of the account and Region, as a recorder that is switched on does."""
        self._recorder.record_all(self.account, self.region)

    def delete_key(self, key_id: str) -> None:
        """Delete a key for good, as KMS does when its waiting period is over, and record the deletion."""
        motokeys.delete_key(self.account, self.region, key_id)
        self._recorder.record_deleted(self.account, self.region, key_id)

    def forget_calls(self) -> None:
        """Begin a new record of calls."""
        self._endpoint.forget_calls()

    def fail_next(self, service: str, operation: str, error_code: str, times: int = 1) -> None:
        """Refuse the next calls of an operation with an error code; botocore's retries count as calls.

        Service and operation are the names of botocore's service model, which raises when it has none such.
        """
        operation_model(service, operation)
        self._endpoint.fail_next(service, operation, error_code, times)

    def reject_evaluations(self, times: int = 1) -> None:
        """Let the next PutEvaluations calls succeed with every evaluation in ``FailedEvaluations``."""
        self._config.reject_evaluations += times

    def _all(self, operation: str, member: str, **arguments: object) -> list[dict[str, Any]]:
        paginator = self.client("config").get_paginator(xform_name(operation))
        pages = paginator.paginate(**arguments, PaginationConfig={"PageSize": 100})
        return [item for page in pages for item in page[member]]

    def _invoke_rule(self, function_arn: str, event: Mapping[str, Any]) -> Outcome:
        _, _, _, region, account, _, name = function_arn.split(":")[:7]
        return self._runtime.invoke(account, region, name, event)

    def _invoke_function(self, account: str, region: str, name: str, event: object) -> Outcome:
        return self._runtime.invoke(account, region, name, event)

    def _isolation(self) -> dict[str, str]:
        return isolated_variables(self._proxy.url)

    def _credentials(self, account: str) -> Mapping[str, str]:
        if account == self.account:
            return EXAMPLE_CREDENTIALS
        partition = motostate.partition_of(self.region)
        role = f"arn:{partition}:iam::{account}:role/OrganizationAccountAccessRole"
        return motostate.role_credentials(role, "sandbox", self.region)
