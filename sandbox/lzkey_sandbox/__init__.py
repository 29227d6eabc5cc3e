"""AWS on this machine: moto, and what it lacks of Config, Control Tower and Lambda.

``Sandbox`` is a context manager. Inside it, one HTTP endpoint on the loopback interface answers AWS's
APIs; a recorder turns KMS keys into configuration items, Config rules are evaluated, and the deployed
Lambda functions really run. Nothing leaves the machine.
"""

from lzkey_sandbox.controltower import LandingZone
from lzkey_sandbox.endpoint import Call
from lzkey_sandbox.errors import (
    ContractError,
    EvaluationLoopError,
    SandboxError,
    SandboxInUseError,
    ServiceError,
)
from lzkey_sandbox.functions.execution_environment import Outcome
from lzkey_sandbox.generated_population import GeneratedPlan, GeneratedPopulation
from lzkey_sandbox.organization import Organization, OrganizationPlan
from lzkey_sandbox.sandbox import Compliance, Sandbox

__all__ = [
    "Call",
    "Compliance",
    "ContractError",
    "EvaluationLoopError",
    "GeneratedPlan",
    "GeneratedPopulation",
    "LandingZone",
    "Organization",
    "OrganizationPlan",
    "Outcome",
    "Sandbox",
    "SandboxError",
    "SandboxInUseError",
    "ServiceError",
]
