"""A CloudFormation stack: its status, what it holds, and what happened to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lzkey.aws.fact import takes
from lzkey.aws.unanswered import UnansweredError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey.aws.account import Asker


@dataclass(frozen=True, slots=True)
class Stack:
    """As DescribeStacks shows it."""

    status: str
    updated: str
    """When it was updated last, or made: two that say the same are the same."""

    @property
    def changing(self) -> bool:
        """Whether CloudFormation is still at work on it."""
        return self.status.endswith("_IN_PROGRESS")


@takes("cloudformation:DescribeStacks")
def stack(asker: Asker, name: str) -> Stack | None:
    """The stack of a name; None where there is none, for which CloudFormation has no error code."""
    try:
        found = asker.ask("cloudformation:DescribeStacks", StackName=name)["Stacks"][0]
    except UnansweredError as error:
        if "does not exist" in error.said:
            return None
        raise
    return Stack(found["StackStatus"], str(found.get("LastUpdatedTime", found.get("CreationTime", ""))))


@takes("cloudformation:DescribeStackResources")
def resource_types(asker: Asker, name: str) -> frozenset[str]:
    """The types of what a stack holds."""
    found = asker.ask("cloudformation:DescribeStackResources", StackName=name)["StackResources"]
    return frozenset(resource.get("ResourceType", "") for resource in found)


@takes("cloudformation:DescribeStackEvents")
def events(asker: Asker, name: str) -> Iterator[dict[str, Any]]:
    """What happened to a stack, newest first, as the pages come."""
    return asker.each("cloudformation:DescribeStackEvents", "StackEvents", StackName=name)
