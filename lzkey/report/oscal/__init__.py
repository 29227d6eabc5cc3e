"""The report as OSCAL assessment results, as a document."""

from lzkey.report.oscal.document import as_oscal
from lzkey.report.oscal.evidence import Evidence

__all__ = ["Evidence", "as_oscal"]
