"""Signs of a KMS key in a text that was not understood: it is named then, and not passed over in silence."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Final

#: A resource's type, what declares one in Terraform, or what AWS answers of one, as data has them.
_SIGNS: Final = re.compile(
    r"""
    \bType["']?\s*[:=]\s*["']?AWS::KMS::(?:Replica)?Key\b
    | \bresourceType["']?\s*:\s*["']?AWS::KMS::Key\b
    | "type"\s*:\s*"(?:aws|awscc)_kms_\w*key"
    | ^[ \t]*resource\s+"(?:aws|awscc)_kms_\w*key"
    | "(?:aws|awscc)_kms_\w*key"\s*:\s*[\[{]
    | \bKeyMetadata["']?\s*:
    | ^(?:KEYMETADATA\t)?(?:\d{12}|None)\tarn:aws[a-z-]*:kms:
    | ^\|[ ]+(?:DescribeKey|GetKeyPolicy)[ ]+\|
    """,
    re.VERBOSE | re.MULTILINE,
)
_ARN: Final = re.compile(r"\barn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/")
_POLICY: Final = re.compile(r"""\b(?:Key)?Policy(?:Document)?["']?\s*:""")
#: Of a resource policy about KMS; policies of roles have no principal.
_PRINCIPAL: Final = re.compile(r"""\bPrincipal["']?\s*:""")
_ACTION: Final = re.compile(r"""["'\s]kms:[A-Za-z*]""", re.IGNORECASE)

#: Of programs and of prose, which may speak of all that.
_NO_DATA: Final = (
    " .adoc .bash .c .cfg .cjs .cpp .cs .css .go .h .htm .html .ini .ipynb .j2 .java .js .jsx .kt .lock .md"
    " .mdx .mjs .php .ps1 .py .pyi .rb .rs .rst .scala .scss .sh .snap .svg .swift .toml .ts .tsx .zsh "
)


def is_no_data(name: str) -> bool:
    """Whether a file is a program or prose, by its name: it only speaks of keys and templates."""
    return f" {PurePath(name).suffix.lower()} " in _NO_DATA


def shows_key(name: str, text: str) -> bool:
    """Whether a file seems to describe a key."""
    if is_no_data(name):
        return False
    pairs = ((_ARN, _POLICY), (_ACTION, _PRINCIPAL))
    return bool(_SIGNS.search(text)) or any(one.search(text) and other.search(text) for one, other in pairs)
