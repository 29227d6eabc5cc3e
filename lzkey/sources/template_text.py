"""Whether a text is a CloudFormation template in YAML, by how it begins: nothing else in YAML is read."""

from __future__ import annotations

import re
from typing import Final

#: What may stand before the root: blank lines, comments, directives, the start of the document.
_BEFORE: Final = re.compile(
    r"\A(?:[ \t]*(?:\#[^\n]*)?\r?\n|%[^\n]*\n|---[ \t]*(?:\#[^\n]*)?\r?\n)*+(?:---[ \t]+)?"
)
_SECTION: Final = r"""["']?(?:Resources|AWSTemplateFormatVersion)["']?[ \t]*:"""
_IN_FLOW: Final = re.compile(rf"[{{,\s]{_SECTION}")
#: A list, or an object as JSON has it, or an empty one.
_NO_YAML: Final = re.compile(r'\s*(?:\[|\{\s*["}])')


def is_yaml_template(text: str) -> bool:
    """Tell whether the members of the root are those of a template; their indentation is the first one's."""
    if _NO_YAML.match(text):
        return False
    root = _BEFORE.sub("", text.removeprefix("\ufeff"), count=1)
    indentation = len(root) - len(root.lstrip(" "))
    if root.startswith("{", indentation):
        return _IN_FLOW.search(root) is not None
    return re.search(rf"^ {{{indentation}}}{_SECTION}", root, re.MULTILINE) is not None
