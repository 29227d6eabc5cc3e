"""The report as JSON, with everything that is in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lzkey.report.document import as_document

if TYPE_CHECKING:
    from lzkey.report.model import Report


def render(report: Report) -> str:
    """The document, a member a line."""
    return json.dumps(as_document(report), indent=1) + "\n"
