"""Whose credentials they are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose credentials they are (STS GetCallerIdentity, which needs no permission)."""

    account: str
    partition: str
    arn: str = ""
