"""A trail's log files: which are read, what in them counts, and what one that cannot be read leaves open."""

from __future__ import annotations

import gzip
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from lzkey.errors import SettingsError
from lzkey.history.coverage import LATE
from lzkey.history.log_files import name_of
from lzkey.history.timeline import history_from
from lzkey.history.trail_files import trail_files

from .lives import ACCOUNT, ARN, BAD, GOOD, KEY, NOW, ZONE, ago, did, line, made, put

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lzkey.history.told import Told


def file_name(
    at: datetime, account: str = ACCOUNT, region: str = "us-east-1", suffix: str = "json.gz"
) -> str:
    """As CloudTrail names a file that it delivers at a time."""
    return f"{account}_CloudTrail_{region}_{at:%Y%m%dT%H%MZ}_abcDEF123456.{suffix}"


def content(*records: Mapping[str, Any]) -> bytes:
    """A log file with these records and others."""
    others = {"eventSource": "s3.amazonaws.com", "eventName": "GetObject", "eventID": "1"}
    return json.dumps({"Records": [others, *records]}).encode()


def written(folder: Path, at: datetime, *records: Mapping[str, Any], **named: str) -> Path:
    """A log file on disk, in a folder of its day."""
    path = folder / f"{at:%Y/%m/%d}" / file_name(at, **named)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content(*records)) if path.suffix == ".gz" else content(*records))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A file each day of 30 days, and in them a key that is made, and a policy that refuses for six days."""
    changes = {20: made(20), 9: put(9, BAD), 3: put(3, GOOD)}
    for day in range(30, -1, -1):
        records = [changes[day]] if day in changes else []
        written(tmp_path, ago(day) + timedelta(minutes=5), *records)
    return tmp_path


def read(folder: Path | str) -> Told:
    """What the files tell of the key."""
    return trail_files(str(folder), KEY, None, lambda _: None)


def life(folder: Path | str) -> str:
    """The key's life by these files alone."""
    return line(history_from(KEY, ZONE, NOW, [read(folder)]))


def of_day(folder: Path, day: float) -> Path:
    """The file of a day."""
    (found,) = folder.rglob(file_name(ago(day) + timedelta(minutes=5)))
    return found


class TestFolder:
    """Log files in a folder, however deep."""

    def test_everything_between_the_first_and_the_last(self, folder: Path) -> None:
        """To the last file, less what is delivered late."""
        source = read(folder).source
        assert (source.start, source.found) == (ago(30) + timedelta(minutes=5), 3)
        assert source.end == ago(0) + timedelta(minutes=5) - LATE
        assert (source.gaps, source.unread) == ((), ())
        assert life(folder) == "A20 R9 A3 ?0.007"

    def test_what_is_not_packed(self, folder: Path) -> None:
        """Is read as well; so is one file alone."""
        path = of_day(folder, 9)
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
        assert life(folder) == "A20 R9 A3 ?0.007"
        assert read(path.with_suffix("")).source.found == 1

    def test_files_of_others_are_not_opened(self, folder: Path) -> None:
        """Of another account or Region, digests, Insights, and what is no log file: broken, and no matter."""
        at = ago(9)
        others = [
            file_name(at, "444455556666"),
            file_name(at, region="eu-west-1"),
            f"{ACCOUNT}_CloudTrail-Digest_us-east-1_trail_us-east-1_{at:%Y%m%dT%H%M%SZ}.json.gz",
            f"{ACCOUNT}_CloudTrail-Insight_us-east-1_{at:%Y%m%dT%H%MZ}_abc.json.gz",
            "notes.txt",
        ]
        for name in others:
            (folder / name).write_bytes(b"broken")
        assert (life(folder), read(folder).source.unread) == ("A20 R9 A3 ?0.007", ())

    def test_many_files_are_read_on_all_cores(self, folder: Path) -> None:
        """With the same result."""
        for minutes in range(100):
            written(folder, ago(5) + timedelta(minutes=5 * minutes + 10))
        assert life(folder) == "A20 R9 A3 ?0.007"

    def test_a_day_without_any_file_is_a_gap(self, folder: Path) -> None:
        """From the file before it to the one after it, and what was known is not known any more."""
        of_day(folder, 15).unlink()
        (gap,) = read(folder).source.gaps
        assert (gap.start, gap.end) == (ago(16) + timedelta(minutes=5) - LATE, ago(14) + timedelta(minutes=5))
        assert gap.why == "there is no log file of a whole day"
        assert life(folder) == "A20 ?16.007 R9 ?3 ?0.007"

    @pytest.mark.parametrize(("late", "gaps"), [(0, 0), (1, 1)], ids=["a day", "a minute more"])
    def test_nor_is_a_day_that_begins_at_noon_without_one(self, folder: Path, late: int, gaps: int) -> None:
        """However the calendar has it: between two noons a trail may have been off."""
        of_day(folder, 15).unlink()
        written(folder, ago(15) + timedelta(minutes=5 + late))
        assert len(read(folder).source.gaps) == gaps

    @pytest.mark.parametrize("key", [ARN, ARN.replace("1234abcd", "99999999")], ids=["its own", "another's"])
    def test_a_trail_that_leaves_out_kms_tells_nothing(self, tmp_path: Path, key: str) -> None:
        """As AWS lets it do for their number: only where some event of KMS is there are all of them."""
        for day in range(5, -1, -1):
            written(tmp_path, ago(day))
        without = read(tmp_path).source
        assert without.start is None
        assert "may leave out" in without.unread[0]
        written(
            tmp_path, ago(3) + timedelta(minutes=5), json.loads(json.dumps(put(3, GOOD)).replace(ARN, key))
        )
        assert read(tmp_path).source.start == ago(5)

    def test_events_in_any_order_and_twice(self, folder: Path) -> None:
        """Files that overlap tell an event twice, and it counts once."""
        records = [put(3, GOOD), put(9, BAD), made(20)]
        one = folder / "one"
        one.mkdir()
        written(one, ago(19), *records)
        for day in range(18, -1, -1):
            written(one, ago(day), *records)
        found = history_from(KEY, ZONE, NOW, [read(one)])
        assert [act.name for act in found.acts] == ["CreateKey", "PutKeyPolicy", "PutKeyPolicy"]


class TestBroken:
    """A file that cannot be read is one sentence, and a time of which nothing is known."""

    @pytest.mark.parametrize(
        ("spoil", "words"),
        [
            (lambda packed: packed[:-20], "the file is cut off"),
            (lambda packed: packed[:40] + b"\0\0\0\0" + packed[44:], "gzip data is broken"),
            (lambda packed: gzip.decompress(packed)[:-30], "it is no JSON, or cut off"),
            (lambda _: b"", "it is no JSON, or cut off"),
            (lambda _: b"[1, 2]", "it has no list of Records"),
            (lambda _: b'{"Records": {}}', "it has no list of Records"),
            (
                lambda _: content({**did("DisableKey", 9), "eventID": None, "eventTime": None}),
                "is no event",
            ),
            (lambda _: content({**did("DisableKey", 9), "eventTime": "yesterday"}), "is no event"),
            (lambda _: content({**did("DisableKey", 9), "eventTime": "0001-01-01T00:00:00Z"}), "is no event"),
            (
                lambda _: content({**did("DisableKey", 9), "eventTime": "9999-12-31T23:59:59-14:00"}),
                "is no event",
            ),
            (
                lambda _: content({**did("DisableKey", 9), "eventTime": "2026-11-20T12:00:00"}),
                "without its zone",
            ),
            (lambda _: b"[" * 100_000, "it is no JSON, or cut off"),
        ],
    )
    def test_each(self, folder: Path, spoil: Any, words: str) -> None:
        """Its place and what is wrong; from then on it is not known, until it is told again."""
        path = of_day(folder, 9)
        path.write_bytes(spoil(path.read_bytes()))
        source = read(folder).source
        (sentence,) = source.unread
        assert sentence.startswith(f"{path}: ")
        assert words in sentence
        (gap,) = source.gaps
        delivered = ago(9) + timedelta(minutes=5)
        assert (gap.start, gap.end) == (delivered - LATE, delivered + timedelta(minutes=1))
        assert life(folder).startswith("A20 ?9.007 ?")
        found = history_from(KEY, ZONE, NOW, [read(folder)])
        assert found.exit_code == 4

    def test_one_that_may_not_be_read(self, folder: Path) -> None:
        """Such as a link that leads nowhere: it is said, with what the system says of it."""
        path = of_day(folder, 9)
        path.unlink()
        path.symlink_to(folder / "nowhere")
        assert read(folder).source.unread == (f"{path}: No such file or directory",)
        assert life(folder).startswith("A20 ?9.007 ?")

    def test_neighbours_are_one_gap(self, folder: Path) -> None:
        """As while the key that the files are encrypted with is out of service."""
        for minutes in range(0, 60, 5):
            path = written(folder, ago(9) + timedelta(hours=1, minutes=minutes))
            path.write_bytes(b"?")
        (gap,) = read(folder).source.gaps
        assert gap.end - gap.start == timedelta(minutes=56) + LATE

    def test_many_are_counted(self, folder: Path) -> None:
        """The first are named."""
        for path in folder.rglob("*.json.gz"):
            path.write_bytes(b"?")
        unread = read(folder).source.unread
        assert (len(unread), unread[-1]) == (21, "11 more files cannot be read")

    def test_a_name_that_tells_no_time(self, folder: Path) -> None:
        """What is in the file counts, and not that it is everything; broken, anything may be missing."""
        of_day(folder, 9).rename(folder / "saved.json.gz")
        source = read(folder).source
        assert (source.found, len(source.unread)) == (3, 1)
        assert source.start is not None
        (folder / "saved.json.gz").write_bytes(b"?")
        assert read(folder).source.start is None


class TestNowhere:
    """Places that are none."""

    def test_no_folder(self, tmp_path: Path) -> None:
        """It says so."""
        with pytest.raises(SettingsError, match="there is no folder"):
            read(tmp_path / "nowhere")

    def test_no_log_file(self, tmp_path: Path) -> None:
        """It says how they are named."""
        (tmp_path / "notes.txt").write_text("?")
        with pytest.raises(SettingsError, match="has no log file of a trail"):
            read(tmp_path)

    def test_files_of_others_alone(self, tmp_path: Path) -> None:
        """It is a source that tells nothing, and says why."""
        written(tmp_path, ago(3), account="444455556666")
        source = read(tmp_path).source
        assert source.start is None
        assert "of the key's account and Region" in source.unread[0]

    def test_a_bucket_without_anybody_to_ask(self) -> None:
        """Amazon S3 is asked, which --offline does not."""
        with pytest.raises(SettingsError, match="leave out --offline"):
            read("s3://bucket/prefix")


class TestName:
    """What the name of a log file tells."""

    @pytest.mark.parametrize(
        ("name", "known"),
        [
            (file_name(NOW), True),
            (file_name(NOW, suffix="json"), True),
            ("111122223333_CloudTrail_us-east-1_20260631T0000Z_abc.json.gz", False),
            ("111122223333_CloudTrail_us-east-1_00010101T0000Z_abc.json.gz", False),
            ("111122223333_CloudTrail_us-east-1_99991231T2359Z_abc.json.gz", False),
            ("111122223333_CloudTrail_us-east-1_20261129T1200Z_abc.csv", False),
            ("CloudTrail_us-east-1_20261129T1200Z_abc.json.gz", False),
        ],
    )
    def test_is_known(self, name: str, *, known: bool) -> None:
        """Whose, where, and up to when."""
        found = name_of(name)
        assert (found is not None) is known
        if found is not None:
            assert (found.account, found.region, found.at) == (ACCOUNT, "us-east-1", NOW)

    def test_the_key_is_that_of_the_tests(self) -> None:
        """Of which the files above tell."""
        assert str(KEY) == ARN
