"""The report as one page that an auditor signs and an engineer acts on."""

from lzkey.report.html.page import Beside, as_html

__all__ = ["Beside", "as_html"]
