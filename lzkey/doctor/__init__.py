"""`lzkey doctor`: whether the rule's results can be trusted, and what to do where they cannot.

It asks and never changes anything.
"""

from lzkey.doctor.examination import Examination, examine
from lzkey.doctor.expectations import EXPECTATIONS, Expectation, iam_policy
from lzkey.doctor.screen import as_json, terminal_view
from lzkey.doctor.subject import Check, Status

__all__ = [
    "EXPECTATIONS",
    "Check",
    "Examination",
    "Expectation",
    "Status",
    "as_json",
    "examine",
    "iam_policy",
    "terminal_view",
]
