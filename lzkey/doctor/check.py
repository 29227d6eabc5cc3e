"""What one look at the account finds: a status, what was seen, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How one thing stands, the best first."""

    OK = "ok"
    NOT_APPLICABLE = "not-applicable"
    """It is not asked of this deployment, or another line already says why it cannot be."""
    WARNING = "warning"
    """Results can be trusted, and still somebody should know."""
    UNKNOWN = "unknown"
    """AWS did not say, so nobody knows."""
    PROBLEM = "problem"
    """Results cannot be trusted, or there are none."""


@dataclass(frozen=True, slots=True)
class Check:
    """The answer of one check; `fix` is empty where there is nothing to do."""

    status: Status
    detail: str
    fix: str = ""


def ok(detail: str) -> Check:
    """It is so."""
    return Check(Status.OK, detail)


def not_applicable(detail: str) -> Check:
    """It need not be so here."""
    return Check(Status.NOT_APPLICABLE, detail)


def warning(detail: str, fix: str) -> Check:
    """It is so, but."""
    return Check(Status.WARNING, detail, fix)


def unknown(detail: str, fix: str) -> Check:
    """Nobody can say whether it is so."""
    return Check(Status.UNKNOWN, detail, fix)


def problem(detail: str, fix: str) -> Check:
    """It is not so."""
    return Check(Status.PROBLEM, detail, fix)
