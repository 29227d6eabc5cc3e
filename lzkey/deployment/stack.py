"""The stack that rdk makes, and what its two commands make of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lzkey import RULE_NAME
from lzkey.aws.stack import resource_types, stack
from lzkey.errors import PrerequisiteError

if TYPE_CHECKING:
    from lzkey.deployment.target import Target

#: rdk's name: rdk.py, `__get_stack_name_from_rule_name`.
STACK_NAME: Final = RULE_NAME.replace("_", "")
#: The same, `__get_lambda_name`.
FUNCTION_NAME: Final = f"RDK-Rule-Function-{STACK_NAME}"

#: What rdk's two templates call `rdkConfigRule`. Both make stacks of the same name, and CloudFormation turns
#: neither into the other.
ACCOUNT_RULE: Final = "AWS::Config::ConfigRule"
ORGANIZATION_RULE: Final = "AWS::Config::OrganizationConfigRule"

#: What rdk, and so lzkey, calls the command that makes each of them.
COMMANDS: Final = {ACCOUNT_RULE: "deploy", ORGANIZATION_RULE: "deploy-organization"}

#: Stacks that CloudFormation cannot update: rdk would try, fail, and exit 0 or with a traceback.
_DEAD: Final = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"})


def require_stack_of(rule_type: str, target: Target) -> None:
    """Refuse a stack that the other command made."""
    if stack(target.asker, STACK_NAME) is None:
        return
    types = resource_types(target.asker, STACK_NAME)
    for other in COMMANDS.keys() - {rule_type}:
        if other in types:
            raise PrerequisiteError(
                f"stack {STACK_NAME} was made by `lzkey {COMMANDS[other]}`, and CloudFormation cannot turn "
                f"its {other} into an {rule_type}: run `lzkey un{COMMANDS[other]}` first"
            )


def require_updatable_stack(target: Target) -> None:
    """Refuse a stack that is broken, or being worked on."""
    found = stack(target.asker, STACK_NAME)
    if found is None:
        return
    if found.status in _DEAD:
        raise PrerequisiteError(
            f"stack {STACK_NAME} is in {found.status} and cannot be updated; undeploy it, then deploy again"
        )
    if found.changing:
        raise PrerequisiteError(f"stack {STACK_NAME} is in {found.status}; wait until that has ended")
