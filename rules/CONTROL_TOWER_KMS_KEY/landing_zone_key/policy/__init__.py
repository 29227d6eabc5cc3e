"""The IAM policy language, for resource policies of AWS KMS. It knows nothing of Control Tower."""

from landing_zone_key.policy.decision import Decision, Reason, Request, decide
from landing_zone_key.policy.document import Policy, Statement
from landing_zone_key.policy.family import Family
from landing_zone_key.policy.proof import Proved, Refused, prove, prove_refused
from landing_zone_key.policy.strict_json import PolicyError

__all__ = [
    "Decision",
    "Family",
    "Policy",
    "PolicyError",
    "Proved",
    "Reason",
    "Refused",
    "Request",
    "Statement",
    "decide",
    "prove",
    "prove_refused",
]
