"""What can go wrong in the sandbox, in one tree."""

from __future__ import annotations


class SandboxError(Exception):
    """Base of the sandbox's errors; never thrown directly."""


class SandboxInUseError(SandboxError):
    """A second sandbox was started in the process: moto's state is one per process."""


class ContractError(SandboxError):
    """The sandbox itself produced an answer that botocore's service model does not allow."""


class EvaluationLoopError(SandboxError):
    """The evaluation loop itself failed or did not come to rest; a rule's own failure is no such error."""


class ServiceError(SandboxError):
    """An error that AWS would answer a request with: its code, its message and its HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
