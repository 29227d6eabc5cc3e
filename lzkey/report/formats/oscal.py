"""The report as OSCAL assessment results (NIST), in JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lzkey.report.oscal import as_oscal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lzkey.report.model import Report
    from lzkey.report.oscal import Evidence


def render(report: Report, evidence: Sequence[Evidence] = ()) -> str:
    """The document, a member a line; `evidence` are the files that it cites, each with its digest."""
    return json.dumps(as_oscal(report, evidence), indent=1) + "\n"
