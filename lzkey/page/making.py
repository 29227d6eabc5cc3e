"""One file that asks no server for anything: a wing's templates, with the look that all pages have.

A template extends `layout.html.j2`, and takes the macros of `shared.html.j2`, both of this package.
"""

from __future__ import annotations

import shlex
from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from lzkey import figures
from lzkey.page import words

if TYPE_CHECKING:
    from lzkey import Json

_HERE: Final = "lzkey.page"


def environment(package: str) -> Environment:
    """The templates of a package, then those that all pages share; whatever is put into them is escaped.

    What is no text of ours is shown by `visible`, wherever it stands.
    """
    made = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader(_HERE)]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "grouped": words.grouped,
        "counted": figures.counted,
        "utc": figures.moment,
        "datetime": figures.to_the_millisecond,
        "arn_parts": words.arn_parts,
        "arn_pieces": words.arn_pieces,
        "shell": shlex.quote,
    }
    return made


def rendered(made: Environment, template: str, *, style: str, script: str = "", **values: Json) -> str:
    """A page, with the look of all pages and what `style` adds to it.

    Its Content-Security-Policy lets it load nothing, and run nothing but `script` and what copies commands,
    which stands beside one.
    """
    look = resource(_HERE, "base.css") + style
    run = resource(_HERE, "commands.js") + script if script else ""
    return made.get_template(template).render(
        **values,
        style=ours(look),
        style_hash=_hash(look),
        script=ours(run),
        script_hash=_hash(run),
    )


@cache
def resource(package: str, name: str) -> str:
    """A file beside a package's templates."""
    return (files(package) / "templates" / name).read_text(encoding="utf-8")


def ours(text: str) -> Markup:
    """Text that is markup: of our own files, or such as is escaped already."""
    return Markup(text)  # noqa: S704 - what this module reads, and who calls it has escaped


def _finalize(value: Json) -> Json:
    return words.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _hash(source: str) -> str:
    """The digest by which a Content-Security-Policy names an inline block."""
    return b64encode(sha256(source.encode()).digest()).decode()
