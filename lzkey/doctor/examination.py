"""All checks of one deployment, at the same time; none can end the others."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from lzkey.doctor.check import Check, Status, unknown
from lzkey.doctor.reader import Reader, UnansweredError
from lzkey.doctor.subject import Subject
from lzkey.doctor.table import EXPECTATIONS
from lzkey.errors import LzkeyError
from lzkey.parameters import load
from lzkey.target import Where, identify

if TYPE_CHECKING:
    from pathlib import Path

    from lzkey.doctor.table import Expectation

#: What `lzkey doctor` ends with, by the worst line; a warning is no reason to fail.
EXIT_CODES: Final = {Status.PROBLEM: 3, Status.UNKNOWN: 4}

_AT_ONCE: Final = 8

#: The credentials and Region of the environment, and nowhere but the landing zone's home.
HERE: Final = Where()


@dataclass(frozen=True, slots=True)
class Finding:
    """One expectation and how it stands."""

    expectation: Expectation
    check: Check


@dataclass(frozen=True, slots=True)
class Examination:
    """Every expectation with its answer, in the table's order."""

    name: str
    account: str
    region: str
    findings: tuple[Finding, ...]

    @property
    def status(self) -> Status:
        """The worst of all answers."""
        order = list(Status)
        found = (finding.check.status for finding in self.findings)
        worst = max(found, key=order.index, default=Status.OK)
        return Status.OK if worst is Status.NOT_APPLICABLE else worst

    @property
    def exit_code(self) -> int:
        """0 nothing is wrong, 3 a problem, 4 no problem, but something that nobody could see."""
        return EXIT_CODES.get(self.status, 0)


def examine(name: str, *, root: Path, where: Where = HERE, now: datetime | None = None) -> Examination:
    """Look at the deployment of `parameters/NAME.json`, and change nothing.

    Raises ParametersError or PreflightError where there is nothing to look at: no such file, no credentials,
    another account or Region. Everything else is a line of the answer.
    """
    parameters = load(name, root=root)
    target = identify(parameters, where)
    reader = Reader(target.session, target.account)
    subject = Subject(
        parameters, reader, target.account, target.region, target.partition, root, now or datetime.now(UTC)
    )
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        checks = pool.map(lambda expectation: _look(expectation, subject), EXPECTATIONS)
        findings = tuple(map(Finding, EXPECTATIONS, checks))
    return Examination(name, target.account, target.region, findings)


def _look(expectation: Expectation, subject: Subject) -> Check:
    """Return what one check says; whatever goes wrong with it is unknown, and where."""
    if expectation.only_in_management and not subject.manages:
        manager = subject.parameters.management_account
        return unknown(
            f"account {subject.account} cannot see it", f"look from the management account, {manager}"
        )
    try:
        return expectation.look(subject)
    except UnansweredError as error:
        fix = (
            f"allow {error.action} (lzkey doctor --print-iam-policy)" if error.refused else "try again later"
        )
        return unknown(str(error), fix)
    except LzkeyError as error:
        return unknown(str(error), "mend that here, and look again")
    except Exception as error:  # noqa: BLE001 - an answer that nobody foresaw must not end the other checks
        return unknown(
            f"the answer of account {subject.account} was not understood: {type(error).__name__}: {error}",
            f"report it, with what {' and '.join(expectation.actions)} answers",
        )
