"""AWS on this machine: the sandbox as its users see it."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Self

from lzkey_sandbox import generated_population
from lzkey_sandbox.athena import Athena, AthenaState
from lzkey_sandbox.baselines import Baselines, Unit
from lzkey_sandbox.buckets import Buckets
from lzkey_sandbox.cloudtrail import CloudTrail, TrailState
from lzkey_sandbox.config.aggregate_resource_api import AggregateResourceApi
from lzkey_sandbox.config.aggregation import Aggregation, LivePopulation
from lzkey_sandbox.config.aggregator_api import AggregatorApi
from lzkey_sandbox.config.config_api import ConfigApi, ResourceApi, concerns_keys
from lzkey_sandbox.config.deliveries import ChannelState, Deliveries
from lzkey_sandbox.config.evaluation import EvaluationLoop
from lzkey_sandbox.config.ledger import Ledger
from lzkey_sandbox.config.organization_api import OrganizationApi, OrganizationsApi
from lzkey_sandbox.config.recorder import Recorder
from lzkey_sandbox.controltower import ControlTower, LandingZone
from lzkey_sandbox.endpoint import Call, Endpoint, operations
from lzkey_sandbox.errors import SandboxInUseError
from lzkey_sandbox.event_history import EventApi, EventHistory
from lzkey_sandbox.functions import lambda_permissions
from lzkey_sandbox.functions.authorization import require_invocation_by_config
from lzkey_sandbox.functions.lambda_runtime import LambdaRuntime
from lzkey_sandbox.http.clients import Clients
from lzkey_sandbox.http.contract import operation_model
from lzkey_sandbox.http.isolation import EXAMPLE_CREDENTIALS, isolated_variables
from lzkey_sandbox.http.listings import Listings
from lzkey_sandbox.http.loopback import LoopbackServer, RefusingProxy
from lzkey_sandbox.http.sts_address import StsAddress
from lzkey_sandbox.keys.key_api import KeyApi, RamPolicyApi
from lzkey_sandbox.moto import motokeys, motoorganizations, motostate
from lzkey_sandbox.observer import AwsObserver
from lzkey_sandbox.organization import Organization, OrganizationPlan
from lzkey_sandbox.pending import Pending
from lzkey_sandbox.stacks import cloudformation

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from types import TracebackType

    from lzkey import Untyped
    from lzkey_sandbox.endpoint import Operation
    from lzkey_sandbox.functions.execution_environment import Outcome
    from lzkey_sandbox.generated_population import GeneratedPlan, GeneratedPopulation
    from lzkey_sandbox.keys.key_records import KeyRecord

#: Config delivers larger items as an oversized notification. The limit is that of the services which carry
#: it. Source: https://docs.aws.amazon.com/config/latest/developerguide/oversized-notification-example.html
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
        self._baselines = Baselines(self._control_tower)
        self._cloudtrail = CloudTrail(self._control_tower)
        self._buckets = Buckets()
        self._athena = AthenaState()
        self._deliveries = Deliveries()
        self._recording = recording
        self._oversized_limit = oversized_limit
        self._token_lifetime = token_lifetime

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
        cleanup.enter_context(motokeys.without_key_pairs_for_symmetric_keys())
        cleanup.enter_context(motokeys.identified_key_material())
        cleanup.enter_context(motoorganizations.example_identifiers())
        cleanup.enter_context(motostate.functions_of_other_accounts())
        cleanup.enter_context(motostate.named_roles_of_config())
        cleanup.enter_context(cloudformation.dates_as_text())
        cleanup.enter_context(cloudformation.failures_forgotten())
        cloudformation.register()
        self._proxy = RefusingProxy()
        cleanup.callback(self._proxy.stop)
        ledger, self._recorder = Ledger(self._token_lifetime), Recorder(motostate.records_keys)
        self._recorder.recording = self._recording
        self._loop = EvaluationLoop(ledger, self._recorder, self._invoke_rule, self._oversized_limit)
        cleanup.callback(self._loop.stop)
        self._recorder.subscribe(self._loop.item_recorded)
        self._recorder.subscribe(lambda item, _before: motostate.note_recording(item.account, item.region))
        self._listings = Listings()
        self._config = ConfigApi(ledger, self._loop, self._listings)
        self._organization = OrganizationApi(self._loop, self._listings)
        self._aggregation = Aggregation(LivePopulation(ledger, self._recorder))
        self._events = EventHistory()
        self._key_records: dict[str, KeyRecord] = {}
        pending = Pending()
        self._endpoint = Endpoint(
            self._operations(),
            self._invoke_function,
            AwsObserver(self._recorder, self._loop, self._buckets, pending, self._events),
            self.account,
        )
        server = LoopbackServer(self._endpoint, "aws-endpoint")
        cleanup.callback(server.stop)
        # moto reads a stack's TemplateURL only when its host is "localhost"
        self.endpoint_url = f"http://localhost:{server.port}"
        home = (self.account, self.region)
        self._clients = Clients(home, self.endpoint_url, self._endpoint.faults.spare)
        cleanup.callback(self._clients.close)
        variables = {"AWS_ENDPOINT_URL": self.endpoint_url, **self._isolation()}
        self._runtime = LambdaRuntime(variables, pending.function_invoked)
        cleanup.callback(self._runtime.stop)
        cleanup.callback(self._loop.cancel)

    def _operations(self) -> dict[tuple[str, str], Operation]:
        return {
            **operations("config", self._config),
            **operations("config", self._organization),
            **operations("config", ResourceApi(self._recorder, self._listings), concerns_keys),
            **operations("config", self._deliveries),
            **operations("config", AggregatorApi(self._aggregation, self._listings)),
            **operations("config", AggregateResourceApi(self._aggregation, self._listings), concerns_keys),
            **operations("controltower", self._control_tower),
            **operations("controltower", self._baselines),
            **operations("athena", Athena(self._athena, self._listings)),
            **operations("cloudtrail", self._cloudtrail),
            **operations("cloudtrail", EventApi(self._events, self._listings)),
            **operations("kms", KeyApi(self._listings, self._key_records)),
            **operations("kms", RamPolicyApi(self._key_records), RamPolicyApi.is_asked),
            **operations("lambda", lambda_permissions),
            **operations("s3", self._buckets),
            **operations("organizations", OrganizationsApi(self._listings)),
        }

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

    def client(self, service: str, region: str | None = None, account: str | None = None) -> Untyped:
        """A boto3 client; for another account with credentials of a role in it."""
        return self._clients.get(service, region, account)

    def invoke(self, function_name: str, payload: object, account: str | None = None) -> Outcome:
        """Invoke a function as Lambda's Invoke does."""
        return self._runtime.invoke(account or self.account, self.region, function_name, payload)

    def lambda_logs(self, function_name: str, account: str | None = None) -> str:
        """What a function printed and logged so far."""
        return self._runtime.logs(account or self.account, self.region, function_name)

    def organization(self, plan: OrganizationPlan | None = None) -> Organization:
        """Build an organization around the account, which becomes its management account.

        From then on keys are recorded only where an account's own recorder does so.
        """
        return Organization(
            lambda service, account, region=None: self.client(service, region, account),
            self.region,
            self.account,
            plan or OrganizationPlan(),
        )

    def generate(
        self, plan: GeneratedPlan, parameters: Mapping[str, str], administrator: str | None = None
    ) -> GeneratedPopulation:
        """Fill the organization with accounts that Organizations and aggregators show, and nobody else has.

        The accounts that are there already become the plan's first ones for aggregators. ``administrator``,
        by default the sandbox's account, is told to have made our organization rule with ``parameters`` in
        every Region.
        """
        found = generated_population.generate(plan, self.account, administrator or self.account, parameters)
        self._aggregation.add(found.accounts, found)
        return found

    def retry_organization_rules(self, account: str | None = None) -> None:
        """Let Config reach the accounts that joined, or got their recorder, since; as it does by itself.

        ``account`` is the one that made the rules, by default the sandbox's own.
        """
        self._organization.retry(account or self.account, self.region)

    def settle(self, timeout: float = 120.0) -> None:
        """Wait until Config has evaluated everything; EvaluationLoopError after ``timeout`` seconds."""
        self._loop.settle(timeout)

    def run_scheduled(self, rule_name: str | None = None, account: str | None = None) -> None:
        """Let the schedule come round: invoke one periodic rule, or all of the account and Region.

        A name that no periodic rule has is NoSuchConfigRuleException, a ServiceError.
        """
        self._loop.run_scheduled(account or self.account, self.region, rule_name)

    def record_all(self, account: str | None = None) -> None:
        """Record every key of the account and Region, as a recorder that is switched on does."""
        self._recorder.record_all(account or self.account, self.region)

    def delete_key(self, key_id: str, account: str | None = None) -> None:
        """Delete a key for good, as KMS does when its waiting period is over, and record the deletion."""
        motokeys.delete_key(account or self.account, self.region, key_id)
        self._recorder.record_deleted(account or self.account, self.region, key_id)

    def plant_policy(self, key_id: str, policy: str, account: str | None = None) -> None:
        """Give a key a policy that KMS would refuse today, as an old account may have it, and record it."""
        motokeys.put_policy(account or self.account, self.region, key_id, policy)
        self._recorder.record(account or self.account, self.region, key_id)

    def answer_sts_address(self) -> None:
        """Let the address of STS that rdklib has in its code answer, as it does in most partitions.

        For functions that start from now on; at first it is out of reach.
        """
        directory = self._cleanup.enter_context(TemporaryDirectory(prefix="lzkey-sts-"))
        address = StsAddress(self.region, int(self.endpoint_url.rpartition(":")[2]), Path(directory))
        self._proxy.open_tunnel(address.host, address.serve)
        self._runtime.add_variables({"AWS_CA_BUNDLE": str(address.authority)})

    @property
    def landing_zone(self) -> LandingZone | None:
        """The landing zone that Control Tower reports; may be set at any time."""
        return self._control_tower.landing_zone

    @landing_zone.setter
    def landing_zone(self, landing_zone: LandingZone | None) -> None:
        self._control_tower.landing_zone = landing_zone

    @property
    def units(self) -> tuple[Unit, ...] | None:
        """The registered OUs; None: one, with all accounts but those of the landing zone itself."""
        return self._baselines.units

    @units.setter
    def units(self, units: tuple[Unit, ...] | None) -> None:
        self._baselines.units = units

    @property
    def trail(self) -> TrailState | None:
        """The landing zone's trail: None where there is none."""
        return self._cloudtrail.trail

    @trail.setter
    def trail(self, trail: TrailState | None) -> None:
        self._cloudtrail.trail = trail

    def tell_deliveries(
        self, state: ChannelState, account: str | None = None, region: str | None = None
    ) -> None:
        """Let AWS Config tell this of a delivery channel: of an account's, of a Region's, or of every one.

        What is told of less counts before what is told of more.
        """
        self._deliveries.states[account, region] = state

    def admit(self, bucket: str, account: str) -> None:
        """Let another account ask about a bucket, as its policy can; else it is refused."""
        self._buckets.admitted.add((bucket, account))

    @property
    def athena(self) -> AthenaState:
        """How Athena's queries are answered; an engine of SQL is the sandbox's user's."""
        return self._athena

    @property
    def events(self) -> EventHistory:
        """CloudTrail's event history: changes of keys and landing zone, and what is added to it."""
        return self._events

    def age(self, by: timedelta) -> None:
        """Let keys, their items and all events be so much older: as where nothing changed since."""
        motokeys.age_keys(by)
        self._recorder.age(by)
        self._events.age(by)

    @property
    def key_records(self) -> dict[str, KeyRecord]:
        """What KMS keeps of keys beside their policies, by ARN; may be set at any time."""
        return self._key_records

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
    def invocation_retries(self) -> int:
        """How often, at once, Lambda tries an event again whose invocation failed; at first not at all.

        At AWS it is twice, after minutes.
        """
        return self._loop.retries

    @invocation_retries.setter
    def invocation_retries(self, retries: int) -> None:
        self._loop.retries = retries

    def tell_aggregators(
        self, account: str, status: str, updated: datetime | None = None, region: str | None = None
    ) -> None:
        """Let aggregators show an account as SUCCEEDED, OUTDATED or FAILED, since when, in a Region.

        Unless it is SUCCEEDED they show from then on what they had of it; told before there was anything,
        nothing.
        """
        self._aggregation.tell(account, region or self.region, status, updated)

    @property
    def empty_page_every(self) -> int:
        """Before which page of an aggregate answer an empty one comes: at first every third; 0 is never."""
        return self._listings.empty_every

    @empty_page_every.setter
    def empty_page_every(self, every: int) -> None:
        self._listings.empty_every = every

    def delay_organization_rules(self, answers: int) -> None:
        """Let the next answers on the state of organization rules say that AWS is still at work."""
        self._organization.in_progress = answers

    def forget_calls(self) -> None:
        """Begin a new record of calls."""
        self._endpoint.forget_calls()

    def fail_next(self, service: str, operation: str, error_code: str, times: int = 1) -> None:
        """Refuse the next calls of an operation with an error code; botocore's retries count as calls.

        Service and operation are the names of botocore's service model, which raises when it has none such.
        """
        operation_model(service, operation)
        self._endpoint.faults.fail_next(service, operation, error_code, times)

    def fail_at_random(self, rates: Mapping[str, float], seed: int = 0) -> None:
        """Refuse a share of the calls of functions with an error code each, from now on, as a seed draws it.

        The calls of the sandbox's own clients are spared. Without rates nothing fails any more.
        """
        self._endpoint.faults.fail_at_random(rates, seed)

    def reject_evaluations(self, times: int = 1) -> None:
        """Let the next PutEvaluations calls succeed with every evaluation in ``FailedEvaluations``."""
        self._config.reject_evaluations += times

    def compliance(self, rule_name: str, account: str | None = None) -> dict[str, Compliance]:
        """A rule's results by resource id, read through the API of the account's own Config."""
        asked = self.client("config", account=account).get_paginator("get_compliance_details_by_config_rule")
        pages = asked.paginate(ConfigRuleName=rule_name, PaginationConfig={"PageSize": 100})
        return {
            result["EvaluationResultIdentifier"]["EvaluationResultQualifier"]["ResourceId"]: Compliance(
                result["ComplianceType"], result.get("Annotation", "")
            )
            for page in pages
            for result in page["EvaluationResults"]
        }

    def evaluation_status(self, rule_name: str, account: str | None = None) -> dict[str, Any]:
        """A rule's evaluation status, read through the API of the account's own Config."""
        config = self.client("config", account=account)
        answer = config.describe_config_rule_evaluation_status(ConfigRuleNames=[rule_name])
        return dict(answer["ConfigRulesEvaluationStatus"][0])

    def _invoke_rule(self, function_arn: str, event: Mapping[str, Any]) -> Outcome:
        _, _, _, region, account, _, name = function_arn.split(":")[:7]
        require_invocation_by_config(function_arn, event["accountId"], event["configRuleArn"])
        return self._runtime.invoke(account, region, name, event)

    def _invoke_function(self, account: str, region: str, name: str, event: object) -> Outcome:
        return self._runtime.invoke(account, region, name, event)

    def _isolation(self) -> dict[str, str]:
        return isolated_variables(self._proxy.url)
