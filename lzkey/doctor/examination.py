"""All checks of one deployment, at the same time; none can end the others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from lzkey.aws.account import at_once
from lzkey.aws.unanswered import CredentialsError, UnansweredError
from lzkey.deployment.target import HERE, Where, identify
from lzkey.doctor.expectations import EXPECTATIONS, Seer
from lzkey.doctor.subject import MANNER, Check, Status, Subject, unknown
from lzkey.errors import ExitCode, LzkeyError
from lzkey.parameters import load

if TYPE_CHECKING:
    from lzkey.deployment.target import Target
    from lzkey.doctor.expectations import Expectation
    from lzkey.parameters import Parameters
    from lzkey.workplace import Workplace

#: By the worst line; a warning is no reason to fail.
_EXIT_CODES: Final = {Status.PROBLEM: ExitCode.PROBLEM, Status.UNKNOWN: ExitCode.UNDETERMINED}


@dataclass(frozen=True, slots=True)
class Looked:
    """One expectation and how it stands."""

    expectation: Expectation
    check: Check


@dataclass(frozen=True, slots=True)
class Examination:
    """Every expectation with its answer, in the table's order."""

    name: str
    file: str
    account: str
    region: str
    findings: tuple[Looked, ...]

    @property
    def status(self) -> Status:
        """The worst of all answers."""
        order = list(Status)
        found = (finding.check.status for finding in self.findings)
        worst = max(found, key=order.index, default=Status.OK)
        return Status.OK if worst is Status.NOT_APPLICABLE else worst

    @property
    def exit_code(self) -> ExitCode:
        """What `lzkey doctor` ends with."""
        return _EXIT_CODES.get(self.status, ExitCode.DONE)


def examine(
    name: str,
    *,
    at: Workplace,
    where: Where = HERE,
    management_profile: str | None = None,
    now: datetime | None = None,
) -> Examination:
    """Look at the deployment of the parameters file NAME or FILE, and change nothing.

    `management_profile` has credentials of the management account, for what is seen there alone, and lets
    the caller's account be another one. Raises ParametersError or PrerequisiteError where there is nothing to
    look at: no such file, no credentials, another account or Region. Everything else is a line of the answer.
    """
    parameters = load(name, at=at, any_region=where.unknown_region)
    if management_profile is not None:
        where = replace(where, other_account=True)
    target = identify(parameters, where)
    subject = _subject(parameters, target, at, now or datetime.now(UTC))
    if management_profile is not None and not subject.manages:
        there = identify(parameters, Where(management_profile, target.region, other_region=True))
        management = replace(_subject(parameters, there, at, subject.now), maker=subject)
        subject = replace(subject, management=management)
    checks = at_once(lambda expectation: _look(expectation, subject), EXPECTATIONS)
    findings = tuple(map(Looked, EXPECTATIONS, checks))
    return Examination(name, at.shown(parameters.path), target.account, target.region, findings)


def _subject(parameters: Parameters, target: Target, at: Workplace, now: datetime) -> Subject:
    asker = target.asker.with_manner(MANNER)
    return Subject(parameters, asker, target.account, target.region, target.partition, at.shipped, now)


def _look(expectation: Expectation, subject: Subject) -> Check:
    """What one check says in the accounts that must look."""
    management = subject if subject.manages else subject.management
    if expectation.seen_by is Seer.MANAGEMENT:
        if management is None:
            return _unseen(expectation, subject)
        its = _said(expectation, management)
        return its if management is subject else _of(management, its)
    check = _said(expectation, subject)
    if expectation.seen_by is Seer.BOTH and management is not None and management is not subject:
        return _worse(_of(management, _said(expectation, management)), _of(subject, check))
    return check


def _elsewhere(subject: Subject) -> str | None:
    """The account that made the organization's rule, where it is another one.

    Raises UnansweredError where nobody says and the function is not here either.
    """
    try:
        return subject.made_by()
    except UnansweredError:
        if subject.function() is None:
            raise
        return None


def _unseen(expectation: Expectation, subject: Subject) -> Check:
    """That the management account must look, and what can be told of it from here."""
    try:
        hint = expectation.hint(subject) if expectation.hint else ""
    except CredentialsError:
        raise
    except LzkeyError as error:
        hint = str(error)
    except Exception as error:  # noqa: BLE001 - as below
        hint = f"an answer was not understood: {type(error).__name__}: {error}"
    told = f"; {hint}" if hint else ""
    manager = subject.parameters.management_account
    return unknown(
        f"account {subject.account} cannot see it{told}",
        f"give --management-profile, or look from the management account, {manager}",
    )


def _of(subject: Subject, check: Check) -> Check:
    """An answer that says of which of two accounts it is, and where to mend it."""
    fix = f"in account {subject.account}: {check.fix}" if check.fix else ""
    return replace(check, detail=f"account {subject.account}: {check.detail}", fix=fix)


def _worse(*checks: Check) -> Check:
    """The worst of several accounts' answers, with the details of all."""
    order = [Status.NOT_APPLICABLE, *Status]
    worst = max(checks, key=lambda found: order.index(found.status))
    return replace(worst, detail="; ".join(check.detail for check in checks))


def _said(expectation: Expectation, subject: Subject) -> Check:
    """What one check says; whatever goes wrong with it is unknown, and where."""
    try:
        if expectation.seen_by is Seer.MAKER and (maker := _elsewhere(subject)) is not None:
            return unknown(
                f"account {maker} made the rule, and sees it alone",
                f"look from account {maker}, with --management-profile",
            )
        return expectation.look(subject)
    except UnansweredError as error:
        fix = (
            f"allow {error.action} (lzkey doctor --print-iam-policy)" if error.refused else "try again later"
        )
        return unknown(str(error), fix)
    except CredentialsError:  # nothing else can be asked either
        raise
    except LzkeyError as error:
        return unknown(str(error), "mend that here, and look again")
    except Exception as error:  # noqa: BLE001 - an answer that nobody foresaw must not end the other checks
        return unknown(
            f"the answer of account {subject.account} was not understood: {type(error).__name__}: {error}",
            f"report it, with what {' and '.join(sorted(expectation.actions))} answers",
        )
