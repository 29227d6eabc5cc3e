"""Calls that fail: the next ones of an operation, or some of all, drawn from a seed."""

from __future__ import annotations

from random import Random
from threading import Lock
from typing import TYPE_CHECKING, Final

from lzkey_sandbox.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lzkey_sandbox.http.requests import ApiRequest

#: Source: https://docs.aws.amazon.com/config/latest/APIReference/CommonErrors.html; any other code is a 400.
STATUSES: Final = {"InternalFailure": 500, "ServiceUnavailable": 503}


class Faults:
    """What is to fail; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._next: dict[tuple[str, str], list[str]] = {}
        self._rates: Mapping[str, float] = {}
        self._random = Random(0)  # noqa: S311 - to be repeated, not to be secret
        self._spared: set[str] = set()

    def fail_next(self, service: str, operation: str, code: str, times: int) -> None:
        """Refuse the next calls of an operation with an error code."""
        with self._lock:
            self._next.setdefault((service, operation), []).extend([code] * times)

    def fail_at_random(self, rates: Mapping[str, float], seed: int) -> None:
        """Refuse a share of all calls with an error code each, from now on; no rates: none any more."""
        with self._lock:
            self._rates, self._random = dict(rates), Random(seed)  # noqa: S311 - as above

    def spare(self, access_key: str) -> None:
        """Let no call under an access key fail at random."""
        with self._lock:
            self._spared.add(access_key)

    def check(self, request: ApiRequest) -> None:
        """Raise the ServiceError that a call meets, if any."""
        code = self._code(request)
        if code is not None:
            message = f"{code} was asked for by the sandbox's user"
            raise ServiceError(code, message, STATUSES.get(code, 400))

    def _code(self, request: ApiRequest) -> str | None:
        with self._lock:
            codes = self._next.get((request.service, request.operation))
            if codes:
                return codes.pop(0)
            if not self._rates or request.access_key in self._spared:
                return None
            drawn = self._random.random()
            for code, rate in self._rates.items():
                if drawn < rate:
                    return code
                drawn -= rate
            return None
