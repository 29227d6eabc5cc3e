"""What lzkey reads, and what it tells people that it reads: both are what the readers declare."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from lzkey.cli import check
from lzkey.sources import reading, recognition
from lzkey.sources.recognition import FORMATS, LISTS, RECOGNISED, reader_of
from lzkey.sources.source import Format, unread
from lzkey.sources.subject import Kind

if TYPE_CHECKING:
    from .conftest import Reader

KINDS = {form.kind for form in FORMATS}
WORDS = sorted(kind.words for kind in KINDS if kind.words)


class TestWords:
    """A list for people, in which nothing is missing."""

    @pytest.mark.parametrize("words", WORDS)
    def test_each_kind_is_told_once(self, words: str) -> None:
        """In the message about what is not recognised."""
        assert RECOGNISED.count(words) == 1

    @pytest.mark.parametrize("words", WORDS)
    def test_the_help_tells_the_same(self, words: str) -> None:
        """Without the quotes of Markdown."""
        assert words.replace("`", "") in check.check.__doc__

    def test_they_are_a_sentence(self) -> None:
        """A comma between each two, and one more word before the last."""
        assert RECOGNISED.startswith(
            "a key policy, the output of `aws kms describe-key` or `get-key-policy`, "
        )
        assert ", or a " in RECOGNISED

    def test_no_two_kinds_have_one_name(self) -> None:
        """By which a program tells them apart; the live account is no document."""
        names = [kind.name for kind in KINDS]
        assert sorted(names) == sorted(set(names))
        assert Kind.LIVE not in KINDS


class TestOneMore:
    """A format is a row of one table, and no more."""

    FORM = Format(
        Kind("new", "a new document"),
        lambda document, _: "new" in document,
        lambda source, _document, _context: iter([unread(source, "it is new")]),
    )

    def test_is_read(self, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
        """By the reader in the row."""
        monkeypatch.setattr(recognition, "FORMATS", (*FORMATS, self.FORM))
        assert reader.text('{"new": 1}').message == "it is new"

    def test_is_not_read_without_its_row(self, reader: Reader) -> None:
        """The twin: it is not recognised."""
        assert "is not recognised; lzkey reads a key policy" in reader.text('{"new": 1}').message

    def test_comes_after_those_before_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The first that fits reads."""
        monkeypatch.setattr(recognition, "FORMATS", (*FORMATS, self.FORM))
        both = reader_of({"new": 1, "Statement": []}, named=True)
        assert both is not self.FORM.keys
        assert reader_of({"new": 1}, named=True) is self.FORM.keys


class TestLists:
    """What may be as long as it likes is declared with the format, too."""

    @pytest.mark.parametrize("name", LISTS)
    def test_long_lists_are_read_piece_by_piece(
        self, reader: Reader, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        """More than a document may have."""
        monkeypatch.setattr(reading, "LARGEST", 1)
        result = reader.text(json.dumps({name: [{"resourceType": "AWS::S3::Bucket", "a": "x" * (2 << 20)}]}))
        assert (result.unread, len(result.passed)) == ([], 1)

    def test_others_are_not(self, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
        """The twin: a list that nobody declared."""
        monkeypatch.setattr(reading, "LARGEST", 1)
        assert "it has more than 0 MB" in reader.text(json.dumps({"others": ["x" * (2 << 20)]})).message
