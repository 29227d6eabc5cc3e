"""JSON that is none: whoever reads it says which fault it has, in one sentence."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Final

import pytest

from landing_zone_key import LandingZone, assess
from landing_zone_key.policy import Policy, PolicyError
from lzkey.cli.asked import landing_zone
from lzkey.errors import LzkeyError, SourceError
from lzkey.parameters import load
from lzkey.report.trend import earlier_report
from lzkey.sources import units
from lzkey.sources.subject import Context, Unread
from lzkey.workplace import Workplace

ROOT: Final = Path(__file__).parents[2]
ZONE: Final = LandingZone(home_region="us-east-1", management_account_id="111122223333")


def source(path: Path) -> None:
    """Read a file as `lzkey check` does; a fault in the policy is the first finding on its key."""
    (found,) = units([str(path)], stdin=io.BytesIO())
    if not isinstance(found, Unread):
        found = next(found.keys(Context(ZONE)))
    if isinstance(found, Unread):
        raise SourceError(found.message)
    raise SourceError(assess(found.key, ZONE).findings[0].message)


# Each reader of the file x/parameters/text.json.
READERS: Final[dict[str, Any]] = {
    "parameters file": lambda path: load("text", at=Workplace.in_checkout(path.parents[1])),
    "settings": lambda path: landing_zone({}, str(path)),
    "earlier report": earlier_report,
    "policy": lambda path: Policy.parse(path.read_bytes()),
    "source": source,
}

# A text, and what is said of it; two where the sentences of the readers differ.
FAULTS: Final = {
    "cut off": ('{"Statement": [', ("line 1, column 16: ", "it ends at line 1")),
    "trailing comma": ('{"Statement": [],\n }', ("line 2, column 2: ",)),
    "member twice": ('{"Statement": [], "Id": 1, "Id": 2}', ('"Id" is there twice', '"Id" stands twice')),
    "NaN": ('{"Statement": [], "Id": NaN}', ("NaN is not JSON", "not JSON: NaN")),
    "Infinity": ('{"Statement": [], "Id": -Infinity}', ("-Infinity is not JSON", "not JSON: -Infinity")),
    "digits": (f'{{"Statement": [], "Id": {"9" * 5000}}}', ("thousands of digits", "a number that cannot")),
    "depth": (f'{{"Statement": {"[" * 20_000}{"]" * 20_000}}}', ("nested too deeply",)),
    "half of a character": ('{"Statement": [], "Id": "\\ud800"}', ("half of a character",)),
    "byte order mark": ('\ufeff\ufeff{"Statement": []}', ("line 1, column 1: ", "neither JSON nor")),
}
# The twins: what is nearly one of these.
RIGHT: Final = {
    "members of two objects": '{"Statement": [], "Id": {"Id": 1}}',
    "words": '{"Statement": [], "Id": "NaN"}',
    "digits": f'{{"Statement": [], "Id": {"9" * 4000}}}',
    "depth": f'{{"Statement": {"[" * 50}{"]" * 50}}}',
    "both halves of a character": '{"Statement": [], "Id": "\\ud83d\\ude00"}',
}


def said(reader: str, text: str, folder: Path) -> str:
    """What a reader says of a text; "" where nothing is wrong with it."""
    path = folder / "parameters/text.json"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    path.with_name("schema.json").write_text((ROOT / "parameters/schema.json").read_text())
    try:
        READERS[reader](path)
    except (LzkeyError, PolicyError) as error:
        return str(error)
    return ""


@pytest.mark.parametrize("reader", READERS)
class TestOneSentence:
    """No traceback, no guess, and no second sentence for the same fault."""

    @pytest.mark.parametrize(("text", "sentences"), FAULTS.values(), ids=FAULTS)
    def test_names_the_fault(
        self, tmp_path: Path, reader: str, text: str, sentences: tuple[str, ...]
    ) -> None:
        """Once, on one line that can be printed, and is short beside the text."""
        told = said(reader, text, tmp_path)
        assert sum(told.count(sentence) for sentence in sentences) == 1
        assert told.isprintable()
        assert len(told.replace(str(tmp_path), "")) < 400

    @pytest.mark.parametrize("between", ["", "\n", "\n\n"])
    def test_the_second_of_two_members_has_its_line(self, tmp_path: Path, reader: str, between: str) -> None:
        """However it is written, and whatever looks like it before."""
        text = f'{{"Statement": [], "Id": {{"Id": "Id: "}}, {between}"\\u0049d": 2}}'
        told = said(reader, text, tmp_path)
        assert f'line {len(between) + 1}: the member "Id"' in told
        assert told.count("line ") == 1

    @pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT)
    def test_what_is_json_is_read(self, tmp_path: Path, reader: str, text: str) -> None:
        """The twin: whatever else may be wrong with it, it is none of these."""
        told = said(reader, text, tmp_path)
        assert not any(sentence in told for _, sentences in FAULTS.values() for sentence in sentences)
