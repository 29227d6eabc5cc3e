"""Folders: what is read in them, in which order, and what is passed over."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Reader

POLICY = '{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}]}'


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
        """Not even counted."""
        write(reader.folder, name, "seen.json")
        result = reader.read(reader.folder)
        assert (len(result.keys), len(result.passed)) == (1, 0)

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
            "Resources:\n  B: {Type: AWS::S3::Bucket, Properties: {K: 'arn:aws:kms:x'}}\n",
        ],
    )
    def test_other_files_are_passed_over(self, reader: Reader, text: str) -> None:
        """Whatever is in them."""
        write(reader.folder, "file", text=text)
        result = reader.read(reader.folder)
        assert (result.keys, result.unread, len(result.passed)) == ([], [], 1)

    @pytest.mark.parametrize("text", ['{"Action": "kms:*", ', '{"KMS": 1, "KMS": 2}', "{'AWS::KMS::Key': 1}"])
    def test_what_may_hold_a_key_but_cannot_be_read_is_told(self, reader: Reader, text: str) -> None:
        """The twin: a key that nobody has looked at must not look like no key."""
        write(reader.folder, "file", text=text)
        assert "cannot be read" in reader.read(reader.folder).message

    def test_another_encoding_is_told_where_it_may_hold_a_key(self, reader: Reader) -> None:
        """Latin-1 is no UTF-8."""
        (reader.folder / "a").write_bytes(b'{"Sid": "caf\xe9", "Action": "kms:*"}')
        (reader.folder / "b").write_bytes(b'{"Sid": "caf\xe9"}')
        result = reader.read(reader.folder)
        assert (len(result.unread), len(result.passed)) == (1, 1)

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
        (unread,) = result.unread
        assert unread.place.source == str(reader.folder / "in/back")
        assert "a loop" in unread.message

    def test_a_link_elsewhere_is_followed(self, reader: Reader) -> None:
        """The twin: to a folder that is not read otherwise."""
        write(reader.folder, "outside/key.json")
        (reader.folder / "in").mkdir()
        (reader.folder / "in/link").symlink_to(reader.folder / "outside")
        assert len(reader.read(reader.folder / "in").keys) == 1

    def test_folders_that_link_to_each_other_are_read_once_each(self, reader: Reader) -> None:
        """Ways through ten such folders are millions."""
        names = [f"f{number}" for number in range(10)]
        for name in names:
            write(reader.folder, f"{name}/key.json")
            for other in names:
                (reader.folder / name / f"to-{other}").symlink_to(reader.folder / other)
        result = reader.read(reader.folder)
        assert len(result.keys) == 10
        assert all("a loop" in unread.message for unread in result.unread)

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
