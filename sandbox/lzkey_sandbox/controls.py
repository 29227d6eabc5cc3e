"""What the sandbox's user can make AWS do: fail, be late, record, forget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lzkey_sandbox.http.contract import operation_model

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from lzkey_sandbox.config.aggregation import Aggregation
    from lzkey_sandbox.config.config_api import ConfigApi
    from lzkey_sandbox.config.evaluation import EvaluationLoop
    from lzkey_sandbox.config.organization_api import OrganizationApi
    from lzkey_sandbox.config.recorder import Recorder
    from lzkey_sandbox.controltower import ControlTower, LandingZone
    from lzkey_sandbox.endpoint import Endpoint
    from lzkey_sandbox.http.listings import Listings


class Controls:
    """The settings and faults of a sandbox, whose parts are these."""

    region: str
    _aggregation: Aggregation
    _config: ConfigApi
    _control_tower: ControlTower
    _endpoint: Endpoint
    _listings: Listings
    _loop: EvaluationLoop
    _organization: OrganizationApi
    _recorder: Recorder

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
