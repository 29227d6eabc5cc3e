"""Shows moto's stacks as if CloudFormation were still at work on them; moto's are done at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from moto.cloudformation.models import cloudformation_backends

if TYPE_CHECKING:
    from lzkey import Untyped


@dataclass(frozen=True, slots=True)
class AtWork:
    """A stack that looks as if it were not done, until it is told to be."""

    name: str
    stack_id: str
    _backend: Untyped
    _status: str

    def done(self) -> None:
        """Look as it is; a stack that was deleted is found no more by its name."""
        stack = self._backend.stacks[self.stack_id]
        stack.status = self._status
        if stack.status == "DELETE_COMPLETE":
            self._backend.deleted_stacks[self.stack_id] = self._backend.stacks.pop(self.stack_id)


def changed(account: str, region: str, seen: dict[str, int]) -> list[AtWork]:
    """The stacks on which there was work since the last time; ``seen`` are the events of each until then."""
    backend = cloudformation_backends[account][region]
    found = []
    for stack in [*backend.stacks.values(), *backend.deleted_stacks.values()]:
        new = len(stack.events) > seen.get(stack.stack_id, 0)
        seen[stack.stack_id] = len(stack.events)
        if new and stack.status.endswith("_COMPLETE"):
            found.append(_begun(backend, stack))
    return found


def _begun(backend: Untyped, stack: Untyped) -> AtWork:
    """Let a stack show that it is being made, changed or deleted; at AWS its outputs come with the end."""
    status = stack.status
    stack.status = status.replace("_COMPLETE", "_IN_PROGRESS")
    backend.stacks[stack.stack_id] = backend.deleted_stacks.pop(stack.stack_id, stack)
    return AtWork(stack.name, stack.stack_id, backend, status)
