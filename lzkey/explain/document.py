"""An explanation for programs: JSON, version 1. Members may be added, and none will change its meaning."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from lzkey.check.formats.document import as_json

if TYPE_CHECKING:
    from lzkey.explain.explanation import Explanation


def as_document(explained: Explanation) -> dict[str, Any]:
    """Return one key's members: those of check, and `requirements` with proof or refused request."""
    return {**as_json(explained.verdict), "requirements": [asdict(answer) for answer in explained.answers]}
