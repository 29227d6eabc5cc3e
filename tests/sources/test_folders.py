"""Folders: what is read in them, in which order, and what is passed over."""

from __future__ import annotations

import gzip
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lzkey.files import UNFINISHED

if TYPE_CHECKING:
    from .conftest import Reader

POLICY = '{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}]}'


#: Each is not understood, and shows a key.
SIGNS = (
    "Stack:\n  Key:\n    Type: AWS::KMS::Key\n",
    '{"stack": {"Type": "AWS::KMS::ReplicaKey"}}',
    "{'Type': 'AWS::KMS::Key'}",
    '{"planned": [{"type": "aws_kms_key"}]}',
    '{"planned": [{"type": "awscc_kms_key"',
    'kms = 1\nresource "aws_kms_replica_key" "logs" {}\n',
    '{"answers": {"KeyMetadata": {"KeyId": "1234abcd-12ab-34cd-56ef-1234567890ab"',
    "answer:\n  KeyMetadata:\n    KeyId: 1234abcd-12ab-34cd-56ef-1234567890ab\n",
    "KEYMETADATA\t111122223333\tarn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab\n",
    "---\n|  DescribeKey  |\n||  KeyMetadata  ||\n| KMS |\n",
    '{"items": {"resourceType": "AWS::KMS::Key"}}',
    '{"Arn": "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", "Policy": ',
    '{"Statement": [{"Principal": "*", "Action": "kms:*", ',
    "Statement:\n- Principal: '*'\n  Action: kms:Decrypt\n",
)


def write(folder: Path, *names: str, text: str = POLICY) -> None:
    """Write files of one text."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


class TestOrder:
    """Everything below, sorted."""

    def test_files_are_read_in_the_order_of_their_names(self, reader: Reader) -> None:
        """Folders among them; the same whenever it is read."""
        write(reader.folder, "b/z.json", "b/a.json", "a.json", "c.txt", "b.json")
        names = [found.place.source for found in reader.read(reader.folder).keys]
        below = [str(Path(name).relative_to(reader.folder)) for name in names]
        assert below == ["a.json", "b/a.json", "b/z.json", "b.json", "c.txt"]

    @pytest.mark.parametrize("name", [".hidden.json", ".git/x.json", ".terraform/x", "node_modules/x.json"])
    def test_what_tools_keep_is_left_out(self, reader: Reader, name: str) -> None:
        """A folder is one entry, with what to do about it."""
        write(reader.folder, name, "seen.json")
        result = reader.read(reader.folder)
        (passed,) = result.passed
        assert (len(result.keys), passed.place.source) == (1, str(reader.folder / name.partition("/")[0]))
        assert passed.reason.endswith(": it is read where it is named")

    def test_what_is_being_written_is_no_source(self, reader: Reader) -> None:
        """The command's own output, in the folder that it reads."""
        write(reader.folder, f"{UNFINISHED}result.json-12345678", "seen.json")
        assert reader.read(reader.folder).passed == []

    def test_a_hidden_file_that_is_named_is_read(self, reader: Reader) -> None:
        """The twin: who names it means it."""
        write(reader.folder, ".hidden.json")
        assert reader.read(reader.folder / ".hidden.json").key


class TestOtherFiles:
    """Files without a key: silent, but counted."""

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "# About kms",
            '{"name": "not a key"}',
            '{"comment": "kms"}',
            '// kms\n{"compilerOptions": {},}',
            '{"broken": ',
            "PK\x03\x04 kms",
            "kms\0",
            "kms\0Type: AWS::KMS::Key",
            "Resources:\n  B: {Type: AWS::S3::Bucket, Properties: {K: 'arn:aws:kms:x'}}\n",
        ],
    )
    def test_other_files_are_passed_over(self, reader: Reader, text: str) -> None:
        """Whatever is in them."""
        write(reader.folder, "file", text=text)
        result = reader.read(reader.folder)
        assert (result.keys, result.unread, len(result.passed)) == ([], [], 1)

    @pytest.mark.parametrize("text", SIGNS)
    @pytest.mark.parametrize("name", ["file", "file.json", "file.txt"])
    def test_what_shows_a_key_but_cannot_be_read_is_told(self, reader: Reader, name: str, text: str) -> None:
        """The twin: a key that nobody has looked at must not look like no key."""
        write(reader.folder, name, text=text)
        assert re.search("cannot be read|is not recognised", reader.read(reader.folder).message)

    @pytest.mark.parametrize("text", SIGNS)
    @pytest.mark.parametrize("name", ["module.py", "README.md", "stack.ts", "stack.test.ts.snap"])
    def test_programs_and_prose_may_speak_of_keys(self, reader: Reader, name: str, text: str) -> None:
        """They describe none; somebody who names one wants it read all the same."""
        write(reader.folder, name, text=text)
        result = reader.read(reader.folder)
        assert (result.unread, len(result.passed)) == ([], 1)
        assert reader.read(reader.folder / name).message

    @pytest.mark.parametrize("text", ['{"Action": "kms:*", ', '{"KMS": 1, "KMS": 2}', "{'KMS': 1}", '"""kms'])
    def test_what_mentions_kms_alone_is_passed_over(self, reader: Reader, text: str) -> None:
        """Whatever it begins with; why is told."""
        write(reader.folder, "file", text=text)
        result = reader.read(reader.folder)
        assert result.unread == []
        assert result.passed[0].reason.startswith("it shows no KMS key, and cannot be read: ")

    def test_another_encoding_is_told_where_it_may_hold_a_key(self, reader: Reader) -> None:
        """Latin-1 is no UTF-8."""
        (reader.folder / "a").write_bytes(b'{"Sid": "caf\xe9", "Principal": "*", "Action": "kms:*"}')
        (reader.folder / "b").write_bytes(b'{"Sid": "caf\xe9"}')
        result = reader.read(reader.folder)
        assert (len(result.unread), len(result.passed)) == (1, 1)

    @pytest.mark.parametrize("left", [3, 40, 400, -1])
    def test_packed_data_that_is_cut_off_is_told(self, reader: Reader, left: int) -> None:
        """However early: a snapshot that was not copied to its end shows nothing of its keys."""
        whole = gzip.compress(json.dumps({"configurationItems": [*range(9_000)]}).encode())
        (reader.folder / "folder").mkdir()
        (reader.folder / "folder/snapshot.json.gz").write_bytes(whole[:left])
        (unread,) = reader.read(reader.folder / "folder").unread
        assert "its gzip data ends too early: the file is cut off" in unread.message

    @pytest.mark.parametrize("data", [b"", b"of anything", b"\0\1\2" * 400_000])
    def test_other_packed_data_is_passed_over(self, reader: Reader, data: bytes) -> None:
        """Whole, or cut off behind what shows that it is none."""
        (reader.folder / "folder").mkdir()
        (reader.folder / "folder/whole.gz").write_bytes(gzip.compress(data))
        archive = gzip.compress(b"\0" + data + b"\0" * 2_000_000)
        (reader.folder / "folder/cut.tar.gz").write_bytes(archive[:-30])
        result = reader.read(reader.folder / "folder")
        assert (len(result.passed), result.unread) == (2, [])

    def test_files_given_one_by_one_may_count_as_a_folder_s(self, reader: Reader) -> None:
        """As a pre-commit hook gives them: `named=False`."""
        write(reader.folder, "a", text="{}")
        write(reader.folder, "b")
        result = reader.read(reader.folder / "a", reader.folder / "b", named=False)
        assert (len(result.keys), len(result.unread), len(result.passed)) == (1, 0, 1)

    def test_pipes_are_passed_over(self, reader: Reader) -> None:
        """They hold nothing by themselves."""
        os.mkfifo(reader.folder / "pipe")
        assert len(reader.read(reader.folder).passed) == 1


class TestLinks:
    """Symbolic links, also those that lead back."""

    def test_a_loop_is_told_once(self, reader: Reader) -> None:
        """And everything else is read, once."""
        write(reader.folder, "in/key.json")
        (reader.folder / "in/back").symlink_to(reader.folder)
        result = reader.read(reader.folder)
        assert len(result.keys) == 1
        (passed,) = result.passed
        assert passed.place.source == str(reader.folder / "in/back")
        assert passed.reason == "it is a link to a folder that it is in itself, a loop: it is not followed"

    @pytest.mark.parametrize("target", ["outside", "outside/key.json"])
    def test_a_link_that_leads_out_is_not_followed(self, reader: Reader, target: str) -> None:
        """And is told of; where it is named itself, it is read."""
        write(reader.folder, "outside/key.json")
        (reader.folder / "in").mkdir()
        (reader.folder / "in/link").symlink_to(reader.folder / target)
        result = reader.read(reader.folder / "in")
        assert (result.keys, result.unread) == ([], [])
        (passed,) = result.passed
        assert (passed.reason, passed.told) == (
            "it is a link that leads out of the folder: name what it leads to",
            True,
        )
        assert len(reader.read(reader.folder / "in/link").keys) == 1

    def test_a_link_inside_is_followed(self, reader: Reader) -> None:
        """The twin: a folder that is read already is read once."""
        write(reader.folder, "in/key.json")
        (reader.folder / "again").symlink_to(reader.folder / "in")
        assert len(reader.read(reader.folder).keys) == 1

    def test_folders_that_link_to_each_other_are_read_once_each(self, reader: Reader) -> None:
        """Ways through ten such folders are millions."""
        names = [f"f{number}" for number in range(10)]
        for name in names:
            write(reader.folder, f"{name}/key.json")
            for other in names:
                (reader.folder / name / f"to-{other}").symlink_to(reader.folder / other)
        result = reader.read(reader.folder)
        assert len(result.keys) == 10
        assert result.unread == []
        assert all("it is not followed" in passed.reason for passed in result.passed)

    def test_a_link_to_nothing_is_told(self, reader: Reader) -> None:
        """As is one to itself."""
        (reader.folder / "nothing").symlink_to("missing")
        (reader.folder / "self").symlink_to("self")
        messages = [unread.message for unread in reader.read(reader.folder).unread]
        assert ["No such file" in messages[0], "Too many levels" in messages[1]] == [True, True]

    @pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable to root")
    def test_what_may_not_be_read_is_told(self, reader: Reader) -> None:
        """A file and a folder, each once."""
        write(reader.folder, "file", "folder/file")
        (reader.folder / "file").chmod(0)
        (reader.folder / "folder").chmod(0)
        assert len(reader.read(reader.folder).unread) == 2
        (reader.folder / "folder").chmod(0o755)
