"""Control Tower's own stack sets, with which it sets up accounts: whether one of them is at work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lzkey.aws.fact import takes

if TYPE_CHECKING:
    from lzkey.aws.account import Asker

#: What the names of Control Tower's begin with.
#: https://docs.aws.amazon.com/controltower/latest/userguide/controltower-walkthrough-delete-stacksets.html
_OWN: Final = "AWSControlTower"

#: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackSetOperationSummary.html
_AT_WORK: Final = frozenset({"QUEUED", "RUNNING", "STOPPING"})
_GONE: Final = frozenset({"StackSetNotFoundException"})


@takes("cloudformation:ListStackSets")
def own_stack_sets(asker: Asker, region: str) -> tuple[str, ...]:
    """The names of Control Tower's stack sets in the home Region, of the management account."""
    found = asker.each("cloudformation:ListStackSets", "Summaries", region=region, Status="ACTIVE")
    names = (str(each["StackSetName"]) for each in found)
    return tuple(sorted(name for name in names if name.startswith(_OWN)))


@takes("cloudformation:ListStackSetOperations")
def operations_at_work(asker: Asker, name: str, region: str) -> tuple[str, ...]:
    """What is being done with a stack set, and has not ended: such as `UPDATE, RUNNING`.

    With one that has gone meanwhile nothing is.
    """
    action = "cloudformation:ListStackSetOperations"
    found = asker.all(action, "Summaries", region=region, absent=_GONE, StackSetName=name)
    return tuple(f"{each['Action']}, {each['Status']}" for each in found or () if each["Status"] in _AT_WORK)
