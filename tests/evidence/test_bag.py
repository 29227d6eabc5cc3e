"""Bags as they are written, and as they are checked: strictly, and the Library of Congress agrees."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import bagit
import pytest

from lzkey.errors import OutputError, PackError
from lzkey.evidence.bag import new_bag, require_new
from lzkey.evidence.checking import Damage, check

from .bags import flip, forge, seal

if TYPE_CHECKING:
    from collections.abc import Callable

INFO = {"Bagging-Date": "2026-11-28", "Bag-Software-Agent": "lzkey"}
FILES = {"data/one.json": b'{"a": 1}\n', "data/keys/us-east-1/two.json": b"{}\n"}


def write(folder: Path, files: dict[str, bytes] | None = None) -> Path:
    """A bag of these files."""
    with new_bag(folder) as bag:
        for path, content in (files or FILES).items():
            bag.write(path, content.decode())
        bag.finish(INFO)
    return folder


def told(folder: Path) -> list[tuple[Damage, str]]:
    """What checking finds."""
    return [(fault.damage, fault.path) for fault in check(folder).faults]


class TestWriting:
    """`new_bag`."""

    def test_nothing_differs(self, tmp_path: Path) -> None:
        """In a bag as it was written."""
        found = check(write(tmp_path / "pack"))
        assert found.faults == ()
        assert {path: found.read(path) for path in found.digests} == FILES

    def test_the_library_of_congress_validates_it(self, tmp_path: Path) -> None:
        """All of its digests, and that nothing is beside them."""
        bag = bagit.Bag(str(write(tmp_path / "pack")))
        bag.validate()
        assert bag.version_info == (1, 0)
        assert sorted(bag.payload_files()) == sorted(FILES)
        assert bag.info["Payload-Oxum"] == "12.2"

    def test_the_same_files_make_the_same_bytes(self, tmp_path: Path) -> None:
        """In whatever order they were written."""
        one, other = write(tmp_path / "one"), write(tmp_path / "other", dict(reversed(FILES.items())))
        names = [path.relative_to(one) for path in sorted(one.rglob("*")) if path.is_file()]
        assert len(names) == 8
        assert [(one / name).read_bytes() for name in names] == [
            (other / name).read_bytes() for name in names
        ]

    def test_an_empty_folder_is_taken(self, tmp_path: Path) -> None:
        """Nothing is lost of it."""
        (tmp_path / "pack").mkdir()
        assert check(write(tmp_path / "pack")).faults == ()

    @pytest.mark.parametrize(
        ("make", "said"),
        [
            (lambda path: (path.mkdir(), (path / "x").touch()), "is not empty: a pack is written into a new"),
            (Path.touch, "cannot be written: it is no folder"),
            (lambda path: path.symlink_to("elsewhere"), "cannot be written: it is no folder"),
        ],
        ids=["a folder with a file", "a file", "a link"],
    )
    def test_what_is_there_is_never_replaced(
        self, tmp_path: Path, make: Callable[[Path], object], said: str
    ) -> None:
        """It is told before anything is written."""
        make(tmp_path / "pack")
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(OutputError, match=said), new_bag(tmp_path / "pack"):
            pytest.fail("nothing is begun")
        assert sorted(tmp_path.rglob("*")) == before

    def test_there_must_be_a_place(self, tmp_path: Path) -> None:
        """No folder is made on the way to it."""
        with pytest.raises(OutputError, match="there is no folder"):
            write(tmp_path / "no" / "pack")

    def test_the_place_must_take_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Which is asked before the long work, not when it is done."""
        asked: list[object] = []
        monkeypatch.setattr(os, "access", lambda *of: asked.append(of))
        with pytest.raises(OutputError, match=f"nothing new can be put into {tmp_path}"):
            require_new(tmp_path / "pack")
        assert asked == [(tmp_path, os.W_OK | os.X_OK)]

    def test_nothing_half_written_stays(self, tmp_path: Path) -> None:
        """However the writing ends."""

        def interrupted() -> None:
            with new_bag(tmp_path / "pack") as bag:
                bag.write("data/one.json", "{}")
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        "path", ["one", "data/../one", "/data/one", "data/a b", "data/.hidden", "data/%0A", "data/é", "data/"]
    )
    def test_no_other_name_is_written(self, tmp_path: Path, path: str) -> None:
        """Than one that every system and every tool reads alike."""
        with pytest.raises(OutputError, match="no name that a file"):
            write(tmp_path / "pack", {path: b""})

    def test_no_file_is_written_twice(self, tmp_path: Path) -> None:
        """The second would replace the first."""
        with new_bag(tmp_path / "pack") as bag:
            bag.write("data/one", "")
            with pytest.raises(OutputError, match="there is one already"):
                bag.write("data/one", "")


def append(name: str, line: str) -> Callable[[Path], object]:
    """What adds a line to a file of a bag, and seals it again."""

    def change(folder: Path) -> None:
        with (folder / name).open("a") as stream:
            stream.write(line)
        seal(folder)

    return change


def without_line(name: str) -> Callable[[Path], object]:
    """What takes the last line of a manifest away, and seals it again."""

    def change(folder: Path) -> None:
        lines = (folder / name).read_text().splitlines(keepends=True)
        (folder / name).write_text("".join(lines[:-1]))
        seal(folder)

    return change


def link(folder: Path) -> None:
    """Put a link in place of a file, to one of the same bytes."""
    (folder / "data/one.json").replace(folder.parent / "one.json")
    (folder / "data/one.json").symlink_to(folder.parent / "one.json")


SHA256, SHA512 = "manifest-sha256.txt", "manifest-sha512.txt"
D64, D128 = "0" * 64, "0" * 128

# What somebody does to a bag, and what is found.
DAMAGES: list[tuple[str, Callable[[Path], object], list[tuple[Damage, str]]]] = [
    ("a byte of the payload", lambda at: flip(at / "data/one.json"), [(Damage.CHANGED, "data/one.json")]),
    (
        "a longer file",
        lambda at: (at / "data/one.json").write_bytes(b"{}" * 9),
        [(Damage.CHANGED, "data/one.json"), (Damage.MALFORMED, "bag-info.txt")],
    ),
    (
        "a missing file",
        lambda at: (at / "data/one.json").unlink(),
        [(Damage.MISSING, "data/one.json"), (Damage.MALFORMED, "bag-info.txt")],
    ),
    (
        "an added file",
        lambda at: (at / "data/keys/new").touch(),
        [(Damage.ADDED, "data/keys/new"), (Damage.MALFORMED, "bag-info.txt")],
    ),
    ("an added tag file", lambda at: (at / "notes.txt").touch(), [(Damage.ADDED, "notes.txt")]),
    ("files to fetch", lambda at: (at / "fetch.txt").touch(), [(Damage.ADDED, "fetch.txt")]),
    ("a byte of the information", lambda at: flip(at / "bag-info.txt"), [(Damage.CHANGED, "bag-info.txt")]),
    (
        "no second manifest",
        lambda at: (at / SHA512).unlink(),
        [(Damage.MISSING, SHA512), (Damage.MISSING, SHA512)],
    ),
    (
        "no tag manifest",
        lambda at: (at / "tagmanifest-sha256.txt").unlink(),
        [(Damage.MISSING, "tagmanifest-sha256.txt")],
    ),
    (
        "a manifest that lacks a file",
        without_line(SHA512),
        [(Damage.MALFORMED, SHA512)],
    ),
    ("a digest that is none", append(SHA256, "abc  data/x\n"), [(Damage.MALFORMED, SHA256)]),
    ("a digest of another kind", append(SHA256, f"{D128}  data/x\n"), [(Damage.MALFORMED, SHA256)]),
    ("a way out", append(SHA256, f"{D64}  data/../../secret\n"), [(Damage.MALFORMED, SHA256)]),
    ("an absolute path", append(SHA256, f"{D64}  /etc/passwd\n"), [(Damage.MALFORMED, SHA256)]),
    ("an escape", append(SHA256, f"{D64}  data/%0Aone\n"), [(Damage.MALFORMED, SHA256)]),
    ("a line of neither", append(SHA256, "nonsense\n"), [(Damage.MALFORMED, SHA256)]),
    ("a file named twice", append(SHA256, f"{D64}  data/one.json\n"), [(Damage.MALFORMED, SHA256)]),
    ("a file named that is not there", append(SHA256, f"{D64}  data/x\n"), [(Damage.MISSING, "data/x")]),
    ("a tag file in the manifest", append(SHA256, f"{D64}  bagit.txt\n"), [(Damage.MALFORMED, SHA256)]),
    (
        "the payload's size told twice",
        append("bag-info.txt", "Payload-Oxum: 1.1\n"),
        [(Damage.MALFORMED, "bag-info.txt")],
    ),
    (
        "a link to a file of the same bytes",
        link,
        [
            (Damage.MALFORMED, "data/one.json"),
            (Damage.MISSING, "data/one.json"),
            (Damage.MALFORMED, "bag-info.txt"),
        ],
    ),
    (
        "a linked folder that holds nothing",
        lambda at: (at / "data/more").symlink_to(at.parent),
        [(Damage.MALFORMED, "data/more")],
    ),
    ("a pipe", lambda at: os.mkfifo(at / "data/pipe"), [(Damage.MALFORMED, "data/pipe")]),
    (
        "names that differ by case alone",
        lambda at: ((at / "data/ONE.json").touch(), forge(at)),
        [(Damage.MALFORMED, "data/one.json")],
    ),
    (
        "names that differ by their Unicode form alone",
        lambda at: ((at / "data/e\u0301").touch(), (at / "data/\u00e9").touch()),
        [
            (Damage.MALFORMED, "data/\u00e9"),
            (Damage.ADDED, "data/e\u0301"),
            (Damage.ADDED, "data/\u00e9"),
            (Damage.MALFORMED, "bag-info.txt"),
        ],
    ),
    (
        "a manifest that is no text",
        lambda at: ((at / SHA256).write_bytes(b"\xff\xfe"), seal(at)),
        [(Damage.MALFORMED, SHA256)],
    ),
]


class TestChecking:
    """`check`."""

    @pytest.mark.parametrize(
        ("damage", "found"), [row[1:] for row in DAMAGES], ids=[row[0] for row in DAMAGES]
    )
    def test_every_damage_is_found(
        self, tmp_path: Path, damage: Callable[[Path], object], found: list[tuple[Damage, str]]
    ) -> None:
        """And nothing else, wherever it lies."""
        folder = write(tmp_path / "pack")
        damage(folder)
        first = dict.fromkeys(told(folder))
        assert set(first) >= set(found)
        assert {damage for damage, _ in first} == {damage for damage, _ in found}

    def test_a_file_that_is_too_large_is_not_read(self, tmp_path: Path) -> None:
        """It would take hours: one with a hole of a terabyte is made in no time."""
        folder = write(tmp_path / "pack")
        os.truncate(folder / "data/one.json", 1 << 40)
        (fault,) = [each for each in check(folder).faults if each.path == "data/one.json"]
        assert (fault.damage, fault.detail.partition(":")[0]) == (
            Damage.MALFORMED,
            "it has 1,099,511,627,776 bytes, and is not read",
        )

    def test_who_writes_the_manifests_again_is_not_found(self, tmp_path: Path) -> None:
        """What a bag proves without a signature ends here, and `lzkey verify` says so."""
        folder = write(tmp_path / "pack")
        flip(folder / "data/one.json")
        forge(folder)
        assert told(folder) == []

    def test_a_byte_that_changes_meanwhile_is_noticed(self, tmp_path: Path) -> None:
        """What is read is what was checked."""
        found = check(write(tmp_path / "pack"))
        flip(tmp_path / "pack/data/one.json")
        with pytest.raises(PackError, match=r"data/one\.json was changed while it was read"):
            found.read("data/one.json")

    def test_named_files_may_lie_beside_the_manifests(self, tmp_path: Path) -> None:
        """These alone."""
        folder = write(tmp_path / "pack")
        (folder / "signature").mkdir()
        (folder / "signature/one").touch()
        (folder / "signature/two").touch()
        assert [str(fault) for fault in check(folder, ("signature/one",)).faults] == [
            "signature/two: it was added: no manifest names it"
        ]

    def test_a_hostile_name_drives_no_terminal(self, tmp_path: Path) -> None:
        """Nor does it look like a line of its own."""
        folder = write(tmp_path / "pack")
        (folder / "data/\x1b[2J\nall agrees").touch()
        (fault, *_) = check(folder).faults
        assert str(fault) == "data/?[2J?all agrees: it was added: no manifest names it"

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda at: (at / "bagit.txt").unlink(), "is no evidence pack: it has no bagit.txt"),
            (
                lambda at: (at / "bagit.txt").write_text("BagIt-Version: 0.97\n"),
                r"begins with 'BagIt-Version: 0\.97'; a pack is a bag of BagIt 1\.0",
            ),
            (
                lambda at: (at / "bagit.txt").write_text(
                    "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-16\n"
                ),
                r"a pack is a bag of BagIt 1\.0, in UTF-8",
            ),
        ],
        ids=["no declaration", "an earlier version", "another encoding"],
    )
    def test_what_is_none_is_said_at_once(
        self, tmp_path: Path, change: Callable[[Path], object], said: str
    ) -> None:
        """Nothing of it is read."""
        folder = write(tmp_path / "pack")
        change(folder)
        with pytest.raises(PackError, match=said):
            check(folder)

    def test_a_file_is_none(self, tmp_path: Path) -> None:
        """Nor is what is not there."""
        (tmp_path / "file").touch()
        with pytest.raises(PackError, match="is no folder"):
            check(tmp_path / "file")
        with pytest.raises(PackError, match="cannot be read: No such file"):
            check(tmp_path / "nothing")

    def test_a_text_that_names_a_member_twice_is_no_json(self, tmp_path: Path) -> None:
        """Nobody can tell which one counts."""
        found = check(write(tmp_path / "pack", {"data/one.json": b'{"a": 1, "a": 2}'}))
        with pytest.raises(PackError, match=r"data/one\.json is no JSON, line 1, column 10: a"):
            found.json("data/one.json")
