"""Deploying with the real rdk, and believing only what AWS says afterwards.

Two kinds of rule: one of the account alone; or the organization's, which is one function here and a rule in
every account that invokes it. The latter is made from the management account, or from the delegated
administrator of AWS Config's organization rules:
https://docs.aws.amazon.com/config/latest/developerguide/config-rule-multi-account-deployment.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lzkey import RULE_NAME
from lzkey.aws.stack import stack
from lzkey.deployment.build import BuildResult, build_to_deploy
from lzkey.deployment.permission import made_function, restrict_invocation, restricted_on_failure
from lzkey.deployment.prerequisites import (
    code_bucket,
    identify_organization,
    inspect,
    require_deployable_to_account,
    require_deployable_to_organization,
)
from lzkey.deployment.rdk import rdk_arguments, remove, run_rdk, uploaded
from lzkey.deployment.readback import (
    explained,
    said_clearly,
    verify_accounts,
    verify_function,
    verify_gone,
    verify_organization_rule,
    verify_organization_rule_gone,
    verify_rule,
    verify_stack,
)
from lzkey.deployment.stack import (
    ACCOUNT_RULE,
    COMMANDS,
    ORGANIZATION_RULE,
    STACK_NAME,
    require_stack_of,
)
from lzkey.deployment.target import HERE, Target, Where, asked, identify, locate
from lzkey.errors import DeployError
from lzkey.parameters import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from lzkey.aws.rule import MemberStatus
    from lzkey.aws.stack import Stack
    from lzkey.deployment.package import Archive
    from lzkey.parameters import Parameters
    from lzkey.workplace import Workplace


@dataclass(frozen=True, slots=True)
class DeployResult:
    """A verified deployment: `verified` says what was read back, `warnings` what will not deliver.

    `organization` is the id of the one whose rule it is, and `accounts` are those that have it.
    """

    built: BuildResult
    uploaded: Archive
    account: str
    region: str
    stack_status: str
    rule_arn: str
    function_arn: str
    role_arn: str
    verified: tuple[str, ...]
    warnings: tuple[str, ...]
    organization: str | None = None
    accounts: tuple[MemberStatus, ...] = ()
    excluded_accounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UndeployResult:
    """`found` is False when there was nothing to remove."""

    account: str
    region: str
    found: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """The rule as it was read back; `accounts` are those that the organization's is in."""

    arn: str
    verified: tuple[str, ...]
    accounts: tuple[MemberStatus, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of rule: everything in which deploying one differs from deploying the other."""

    rule_type: str
    """As CloudFormation calls it."""
    require_file: Callable[[Parameters], None]
    """Refuses, before AWS is asked, what rdk would drop or do wrong."""
    find: Callable[[Parameters, Where], Target]
    """Finds out who calls and where; refuses who may not make such a rule."""
    explained: Callable[[str, Parameters], str]
    """Adds to a stack's failure what to do, where that is known."""
    read_back: Callable[[Target, Parameters, str], Rule]
    """Reads back the rule that invokes this function; raises DeployError where it is not as asked for."""
    require_gone: Callable[[Target], None]
    """Raises DeployError where something is left after a removal."""

    @property
    def command(self) -> str:
        """Of rdk, and of lzkey."""
        return COMMANDS[self.rule_type]


def _find_organization(parameters: Parameters, where: Where) -> Target:
    return identify_organization(parameters, locate(parameters, where))


def _account_rule(target: Target, parameters: Parameters, _function_arn: str) -> Rule:
    return Rule(
        verify_rule(target, parameters),
        verified=(
            f"rule {RULE_NAME} is active with the parameters of {parameters.path.name}",
            f"its triggers are {' and '.join(sorted(parameters.deployment.triggers))}",
        ),
    )


def _organization_rule(target: Target, parameters: Parameters, function_arn: str) -> Rule:
    arn = verify_organization_rule(target, parameters, function_arn)
    accounts, warnings = verify_accounts(target, parameters, target.members)
    verified = (
        f"organization rule {RULE_NAME} has the parameters of {parameters.path.name}",
        f"its trigger is {' and '.join(sorted(parameters.deployment.triggers))}",
        f"excluded accounts: {', '.join(parameters.deployment.excluded_accounts) or 'none'}",
        f"it is in {len(accounts)} accounts",
    )
    return Rule(arn, verified, accounts, warnings)


def _require_organization_rule_gone(target: Target) -> None:
    verify_gone(target)
    verify_organization_rule_gone(target)


ACCOUNT: Final = Kind(
    rule_type=ACCOUNT_RULE,
    require_file=require_deployable_to_account,
    find=identify,
    explained=lambda failure, _: failure,
    read_back=_account_rule,
    require_gone=verify_gone,
)

ORGANIZATION: Final = Kind(
    rule_type=ORGANIZATION_RULE,
    require_file=require_deployable_to_organization,
    find=_find_organization,
    explained=explained,
    read_back=_organization_rule,
    require_gone=_require_organization_rule_gone,
)


def deploy(
    name: str,
    kind: Kind = ACCOUNT,
    *,
    at: Workplace,
    where: Where = HERE,
    progress: Callable[[str], None] = lambda _: None,
) -> DeployResult:
    """Build from a parameters file, check who calls and what is there, run rdk, and read back what it made.

    Raises ParametersError, BuildError or PrerequisiteError before anything is changed, DeployError after:
    also when an organization's rule is missing in some accounts, each of which it names.
    """
    parameters = load(name, at=at, any_region=where.unknown_region)
    kind.require_file(parameters)
    target = kind.find(parameters, where)
    place = f"account {target.account}, Region {target.region}"
    progress(f"organization {target.organization.id}, {place}" if target.organization else place)
    warnings = inspect(parameters, target, kind.rule_type)
    for warning in warnings:
        progress(f"warning: {warning}")
    built = build_to_deploy(name, at=at, progress=progress, any_region=where.unknown_region)
    with asked(target):
        before = stack(target.asker, STACK_NAME)
    with said_clearly("the deployment could not be verified"):
        return _deploy(kind, built, target, before, warnings, progress)


def undeploy(
    name: str,
    kind: Kind = ACCOUNT,
    *,
    at: Workplace,
    where: Where = HERE,
    progress: Callable[[str], None] = lambda _: None,
) -> UndeployResult:
    """Remove what `deploy` made, and make sure that it is gone.

    The code bucket and roles of your own stay. Raises ParametersError, PrerequisiteError or DeployError.
    """
    target = kind.find(load(name, at=at, any_region=where.unknown_region), where)
    progress(f"account {target.account}, Region {target.region}")
    with asked(target):
        found = stack(target.asker, STACK_NAME)
        require_stack_of(kind.rule_type, target)
    if found is None:
        progress(f"nothing to remove: there is no stack {STACK_NAME}")
        return UndeployResult(target.account, target.region, found=False)
    with said_clearly("the removal could not be verified"):
        remove(f"un{kind.command}", target, progress)
        kind.require_gone(target)
    return UndeployResult(target.account, target.region, found=True)


def _deploy(
    kind: Kind,
    built: BuildResult,
    target: Target,
    before: Stack | None,
    warnings: tuple[str, ...],
    progress: Callable[[str], None],
) -> DeployResult:
    """Run rdk and verify; who may invoke the function is restricted before any verification can fail."""
    parameters = built.parameters
    organization = target.organization.id if target.organization else None
    with restricted_on_failure(target, organization):
        run_rdk(rdk_arguments(parameters, kind.command), target, built.folder.parent, progress)
        try:
            status = verify_stack(target, before)
        except DeployError as error:
            raise DeployError(kind.explained(str(error), parameters)) from error
    permission = restrict_invocation(target, made_function(target), organization)
    code = uploaded(built)
    function_arn, role_arn = verify_function(target, parameters, code.code_sha256)
    rule = kind.read_back(target, parameters, function_arn)
    for warning in rule.warnings:
        progress(f"warning: {warning}")
    return DeployResult(
        built=built,
        uploaded=code,
        account=target.account,
        region=target.region,
        stack_status=status,
        rule_arn=rule.arn,
        function_arn=function_arn,
        role_arn=role_arn,
        verified=(
            f"stack {STACK_NAME} is {status}",
            *rule.verified,
            f"its function runs the code of {code_bucket(parameters, target)}, sha256 {code.sha256[:12]}",
            f"that code is what was built, file by file ({len(built.files)} files)",
            f"the function's role is {role_arn}",
            permission,
        ),
        warnings=warnings + rule.warnings,
        organization=organization,
        accounts=rule.accounts,
        excluded_accounts=parameters.deployment.excluded_accounts,
    )
