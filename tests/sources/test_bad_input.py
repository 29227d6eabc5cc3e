"""What is no source, or no whole one: a clear message, in bounded time and memory, and the rest goes on."""

from __future__ import annotations

import gzip
import json
import os
import resource
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from lzkey.errors import SettingsError, SourceError
from lzkey.sources.characters import Characters
from lzkey.sources.json_text import JsonStream, read

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Reader

POLICY = '{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}]}'


def read_through(stream: JsonStream) -> None:
    """Read the list of items to its end."""
    for _ in stream.lists(["configurationItems"]):
        for _ in stream.elements():
            pass


class TestJson:
    """JSON that is none: the place, and what would be right there."""

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ('{"Statement": [\n{"Sid": "Al', "ends in the middle of a string at line 2 (begun on line 2)"),
            ('{"Statement": [\n\n{"Sid": 1},\n\n', "it ends at line 3, before what is open there is closed"),
            (
                '{"a": 1, "b": {"c": 2, "c": 3}}',
                'line 1: the member "c" stands twice in one object; keep one',
            ),
            ('{"a": NaN}', "NaN is not JSON; write a number"),
            (
                '{"a": 1,}',
                "line 1, column 9: it is not JSON; right would be a member's name in double quotes",
            ),
            (
                '{"a": [1,\n]}',
                "line 2, column 1: it is not JSON; right would be one more value, or no comma before the",
            ),
            ("{'a': 1}", "line 1, column 2: it is not JSON; right would be a member's name in double quotes"),
            ('{"a" 1}', "right would be a colon behind the member's name"),
            ('{"a": 1}\nx', "line 2, column 1: it is not JSON; right would be one value alone"),
            ('{"a": "x\ny"}', "line 1, column 9: it is not JSON; right would be \\n, \\t"),
            ('{"a": "\\x"}', 'right would be one of \\" \\\\'),
            ('{"a":\n tru}', "line 2, column 2: it is not JSON; right would be a string, number"),
            ("[" * 100_000, "nested too deeply"),
            ('{"a":' * 100_000, "nested too deeply"),
            ('{"a": ' + "9" * 5000 + "}", "a number of thousands of digits"),
        ],
    )
    def test_the_message_names_the_place_and_what_is_right(
        self, reader: Reader, text: str, said: str
    ) -> None:
        """In a file of its own."""
        assert said in reader.text(text).message

    def test_an_empty_file_is_empty(self, reader: Reader) -> None:
        """And is said so."""
        assert "it is empty" in reader.text("").message
        assert "it is empty" in reader.text(" \n ").message

    @pytest.mark.parametrize(
        "text", ['{"a": [1, 2.5e3, "\\ud83d\\ude00", null]}', "[]", '"x"', "-1", ' {"a": {"b": []}} ']
    )
    def test_json_is_read_as_it_is(self, text: str) -> None:
        """The twin: what is right is right."""
        assert read(text) == json.loads(text)


class TestLongJson:
    """Files of a hundred megabytes, of which little is kept."""

    def test_garbage_is_refused_by_its_beginning(self, reader: Reader) -> None:
        """No more of it is read than tells that it is neither JSON nor a template."""
        path = reader.folder / "garbage"
        with path.open("wb") as file:
            file.truncate(100 << 20)
            file.write(b"Resources: " * 100)
        assert "too large for a CloudFormation template" in reader.read(path).message

    def test_an_object_of_a_hundred_megabytes_is_refused(self, reader: Reader) -> None:
        """Only lists of items may be as long as they like."""
        path = reader.folder / "garbage"
        with path.open("w") as file:
            file.write('{"a": "')
            file.writelines("x" * (1 << 20) for _ in range(100))
        assert "more than 64 MB" in reader.read(path).message

    @pytest.mark.parametrize(
        ("begins", "filling", "said"),
        [
            ('{"configurationItems": [{"a": "', "x", "one value has more than 16 MB"),
            ('{"configurationItems": [', " ", "millions of blanks"),
            ('{"configurationItems": [', "[", "nested too deeply"),
            ('{"configurationItems": [', "x", "line 1, column 25: it is not JSON"),
            ('{"configurationItems": [{', '"a": 1, ', "one value has more than 16 MB"),
        ],
    )
    def test_a_list_without_end_is_refused(self, begins: str, filling: str, said: str) -> None:
        """After the sixteen megabytes that one item may have, or at once."""
        pieces = iter([begins])
        given = 0

        def more() -> str:
            nonlocal given
            given += 1
            assert given < 50, "it reads on and on"
            return next(pieces, filling * (1_000_000 // len(filling)))

        with pytest.raises(SourceError) as caught:
            read_through(JsonStream(more))
        assert said in str(caught.value)

    def test_memory_stays_flat(self, tmp_path: Path) -> None:
        """A truncated snapshot of a hundred megabytes, in a process that may have a quarter of a gigabyte."""
        item = json.dumps({"resourceType": "AWS::S3::Bucket", "configuration": {"a": "x" * 3000}})
        path = tmp_path / "snapshot"
        with path.open("w") as file:
            file.write('{"configurationItems": [')
            file.writelines(f"{item},\n" for _ in range(34_000))
            file.write('{"resourceType": "AWS::KMS')
        assert path.stat().st_size > 95 << 20
        script = (
            "import sys; from lzkey.sources import units\n"
            "for each in units([sys.argv[1]], stdin=sys.stdin.buffer): print(each.message)"
        )

        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_AS, (256 << 20, 256 << 20))

        done = subprocess.run(
            [sys.executable, "-c", script, path],
            preexec_fn=limit,
            capture_output=True,
            text=True,
            check=True,
        )
        assert "it ends in the middle of a string at line 34001 (begun on line 34001)" in done.stdout


class TestBytes:
    """Encodings, archives, and what is no text at all."""

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
    def test_the_encoding_is_found_out(self, reader: Reader, encoding: str) -> None:
        """By a byte order mark, or by the zero bytes of the first characters."""
        assert reader.text(POLICY.encode(encoding)).key.statement_lines == (1,)

    def test_gzip_is_unpacked(self, reader: Reader) -> None:
        """Whatever the file is called."""
        assert reader.text(gzip.compress(POLICY.encode()), "policy.json").keys

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (b'{"Sid": "caf\xe9 kms"}', "it is not UTF-8: byte 12 is the first that is wrong"),
            (b'{"a": 1}\0\0\0', "it is a binary file, or holds zero bytes"),
            (b"\x7fELF\x02\x01\x01\x00", "it is a binary file"),
            (b"PK\x03\x04kms", "it is a zip archive; unpack it first"),
            (b"BZh91AY", "it is a bzip2 archive"),
            (
                gzip.compress(POLICY.encode() * 100, mtime=0)[:-20],
                "its gzip data ends too early: the file is cut off",
            ),
            (gzip.compress(POLICY.encode(), mtime=0)[:10] + b"\xff" * 30, "its gzip data is broken"),
            (b"\x1f\x8b", "its gzip data ends too early"),
        ],
    )
    def test_what_is_no_text_is_said_so(self, reader: Reader, data: bytes, said: str) -> None:
        """With what to do about it."""
        assert said in reader.text(data).message

    def test_a_bomb_is_not_unpacked_as_a_whole(self) -> None:
        """Blanks without end: no more is unpacked than tells that there is nothing else."""
        bomb = gzip.compress(b" " * (64 << 20), 1)

        class Endless:
            def __init__(self) -> None:
                self.taken = 0

            def read(self, size: int) -> bytes:
                at, self.taken = self.taken % len(bomb), self.taken + size
                return bomb[at : at + size]

        raw: Any = Endless()
        with pytest.raises(SourceError, match="millions of blanks"):
            read_through(JsonStream(Characters(raw).read, '{"configurationItems": ['))
        assert raw.taken <= 4 << 20

    def test_a_pipe_that_gives_single_bytes_is_read(self) -> None:
        """Standard input may come slowly."""

        class Slow:
            def __init__(self) -> None:
                self.rest = gzip.compress(POLICY.encode())

            def read(self, size: int) -> bytes:
                first, self.rest = self.rest[: min(1, size)], self.rest[min(1, size) :]
                return first

        raw: Any = Slow()
        assert Characters(raw).read() == POLICY


class TestFiles:
    """Paths that lead to no readable file."""

    def test_a_missing_file_is_said_so(self, reader: Reader) -> None:
        """By the operating system's own words."""
        for missing in (str(reader.folder / "missing"), "a\0b"):
            with pytest.raises(SettingsError, match="there is no file"):
                reader.read(missing)

    def test_a_pipe_is_refused_and_not_waited_for(self, reader: Reader) -> None:
        """Nobody may ever write into it."""
        os.mkfifo(reader.folder / "pipe")
        assert "pipe what it holds into `lzkey check -`" in reader.read(reader.folder / "pipe").message
        assert reader.read("/dev/zero").message.startswith("/dev/zero is a pipe or a device")

    def test_what_is_not_recognised_is_said_so(self, reader: Reader) -> None:
        """With everything that would be."""
        for text in ('{"a": 1}', '"text"', "[1]", "a: 1\n"):
            assert "terraform show -json" in reader.text(text).message

    @pytest.mark.parametrize(
        ("document", "hint"),
        [
            ({"version": 4, "terraform_version": "1.11.4", "resources": []}, "Terraform's own state file"),
            ({"Keys": [{"KeyId": "x"}]}, "a list of keys does not describe them"),
            (
                [{"KeyId": "x", "KeyArn": "y"}],
                "a list of keys does not describe them: give the output of `aws",
            ),
            ({"PolicyNames": ["default"]}, "does not have them: give the output of `aws kms get-key-policy`"),
            ({"ResourceIdentifiers": []}, "a list of resources does not describe them"),
            ({"EvaluationResults": []}, "give the output of `aws configservice batch-get-resource-config`"),
        ],
    )
    def test_near_misses_get_a_hint(self, reader: Reader, document: Any, hint: str) -> None:
        """What to give in their place."""
        assert hint in reader.text(document).message

    def test_one_bad_source_does_not_end_the_others(self, reader: Reader) -> None:
        """Each says its own, in the order given."""
        good, bad = reader.folder / "good", reader.folder / "bad"
        good.write_text(POLICY)
        bad.write_text("{")
        result = reader.read(bad, good, bad)
        assert (len(result.keys), len(result.unread)) == (1, 2)
