"""The package: what goes in, what stays out, and that the same sources give the same bytes."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import sys
import time
import zipfile
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lzkey.deployment import build as build_module
from lzkey.deployment.build import build, rdklib_files
from lzkey.deployment.package import content_digest, import_from_zip, measure, read_zip, timestamp
from lzkey.errors import BuildError, ParametersError
from lzkey.workplace import Workplace

from .conftest import RULE

if TYPE_CHECKING:
    from .conftest import Project

LICENCES = "rdklib-0.3.10.dist-info/licenses"
RDKLIB = {
    "rdklib/__init__.py",
    "rdklib/clientfactory.py",
    "rdklib/configrule.py",
    "rdklib/errors.py",
    "rdklib/evaluation.py",
    "rdklib/evaluator.py",
    "rdklib/util/__init__.py",
    "rdklib/util/evaluations.py",
    "rdklib/util/external.py",
    "rdklib/util/service.py",
    "rdklib/LICENSE",
    "rdklib/NOTICE",
}
RULE_FILES = {
    f"{RULE}.py",
    "helper.py",
    "landing_zone_key/__init__.py",
    "landing_zone_key/policy/__init__.py",
    "parameters.json",
}


def tree(folder: Path) -> set[str]:
    """Every file below a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


class TestContents:
    """Exactly the files that run, and rdklib's licence."""

    def test_directory_and_zip_hold_the_same(self, project: Project) -> None:
        """The directory is what rdk zips; ours is the same files."""
        result = build("example", at=Workplace.in_checkout(project.root))
        assert tree(result.folder) == RDKLIB | RULE_FILES
        assert set(read_zip(result.archive.path)) == RDKLIB | RULE_FILES
        assert result.archive.path == project.root / "build" / f"{RULE}-example.zip"

    def test_no_tests_no_caches_nothing_hidden(self, project: Project) -> None:
        """What is in the way of a reviewer, or out of a developer's day, stays out."""
        for name in (
            f"{RULE}_test.py",
            "landing_zone_key/tests/test_policy.py",
            "landing_zone_key/policy_test.py",
            "landing_zone_key/__pycache__/policy.cpython-311.pyc",
            "landing_zone_key/.notes.py",
            "landing_zone_key/policy/draft.py~",
            "README.md",
            f"{RULE}.zip",
        ):
            project.source(name, "x = 1")
        assert tree(build("example", at=Workplace.in_checkout(project.root)).folder) == RDKLIB | RULE_FILES

    def test_data_beside_the_engine_goes_along(self, project: Project) -> None:
        """The twin: a table as JSON is part of the engine."""
        project.source("landing_zone_key/policy/table.json", "{}")
        assert (
            "landing_zone_key/policy/table.json"
            in build("example", at=Workplace.in_checkout(project.root)).files
        )

    def test_an_older_build_leaves_nothing_behind(self, project: Project) -> None:
        """A module that was removed is removed from the package, and rdk's own zip with it."""
        project.source("former.py", "")
        folder = build("example", at=Workplace.in_checkout(project.root)).folder
        (folder / f"{RULE}.zip").write_bytes(b"rdk leaves its zip here")
        (project.rule / "former.py").unlink()
        assert tree(build("example", at=Workplace.in_checkout(project.root)).folder) == RDKLIB | RULE_FILES
        assert {path.name for path in folder.parent.iterdir()} == {RULE, f"{RULE}-example.zip"}

    def test_windows_line_ends_do_not_matter(self, project: Project) -> None:
        """Git may check out either."""
        first = build("example", at=Workplace.in_checkout(project.root)).archive
        (project.rule / "helper.py").write_bytes(b"a = 1\r\n")
        second = build("example", at=Workplace.in_checkout(project.root)).archive
        (project.rule / "helper.py").write_bytes(b"a = 1\n")
        assert (
            first.sha256
            != second.sha256
            == build("example", at=Workplace.in_checkout(project.root)).archive.sha256
        )


class TestRdkParameters:
    """rdk's parameters.json, from the deployment."""

    def written(self, project: Project, **changes: object) -> dict[str, object]:
        """The file that rdk will read."""
        folder = build(project.parameters(**changes), at=Workplace.in_checkout(project.root)).folder
        document: dict[str, object] = json.loads((folder / "parameters.json").read_text())
        return document

    def test_both_triggers(self, project: Project) -> None:
        """All fields as rdk reads them: JSON inside of strings."""
        document = self.written(project)
        fields = document["Parameters"]
        assert isinstance(fields, dict)
        assert fields["SourceRuntime"] == "python3.13"
        assert fields["SourceEvents"] == "AWS::KMS::Key"
        assert fields["SourcePeriodic"] == "TwentyFour_Hours"
        assert fields["EvaluationMode"] == "DETECTIVE"
        assert fields["OptionalParameters"] == "{}"
        assert json.loads(fields["InputParameters"])["AssumeRoleMode"] == "false"
        assert "ExecutionRoleName" not in json.loads(fields["InputParameters"])
        assert document["Tags"] == '[{"Key": "Application", "Value": "landing-zone-key"}]'

    def test_periodic_only(self, project: Project) -> None:
        """Without SourceEvents, rdk declares no change trigger and no scope."""
        fields = self.written(project, triggers=["periodic"], maximumExecutionFrequency="One_Hour")[
            "Parameters"
        ]
        assert isinstance(fields, dict)
        assert "SourceEvents" not in fields
        assert fields["SourcePeriodic"] == "One_Hour"

    def test_change_only(self, project: Project) -> None:
        """Without SourcePeriodic, no schedule."""
        fields = self.written(project, triggers=["change"], maximumExecutionFrequency=None)["Parameters"]
        assert isinstance(fields, dict)
        assert "SourcePeriodic" not in fields
        assert fields["SourceEvents"] == "AWS::KMS::Key"


class TestReproducible:
    """Same sources, same bytes: on another machine, at another time, for another user."""

    def test_in_another_place_at_another_time(self, project: Project, tmp_path: Path) -> None:
        """Neither path nor clock nor umask nor zone nor the order of creation is in the zip."""
        first = build("example", at=Workplace.in_checkout(project.root)).archive
        other = tmp_path / "elsewhere"
        for path in sorted(project.root.rglob("*.*"), reverse=True):
            if "build" not in path.parts and path.is_file():
                copy = other / path.relative_to(project.root)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
        umask = os.umask(0o077)
        with pytest.MonkeyPatch.context() as environ:
            environ.setenv("TZ", "America/Anchorage")
            time.tzset()
            second = build("example", at=Workplace.in_checkout(other)).archive
        os.umask(umask)
        time.tzset()
        assert first.path.read_bytes() == second.path.read_bytes()
        assert first.sha256 == second.sha256

    def test_a_changed_file_changes_the_digests(self, project: Project) -> None:
        """The twin: both digests notice."""
        first = build("example", at=Workplace.in_checkout(project.root)).archive
        project.source("helper.py", "a = 1\n")
        second = build("example", at=Workplace.in_checkout(project.root)).archive
        assert first.sha256 != second.sha256
        assert first.content_sha256 != second.content_sha256

    def test_fixed_times_and_modes(self, project: Project) -> None:
        """In the directory too, which rdk zips with its times and modes."""
        folder = build("example", at=Workplace.in_checkout(project.root)).folder
        for path in (folder, *folder.rglob("*")):
            status = path.stat()
            assert status.st_mtime == timestamp({})
            assert status.st_mode & 0o777 == (0o755 if path.is_dir() else 0o644)

    @pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12", "UTC"])
    def test_rdks_way_of_zipping_works_in_every_zone(
        self, project: Project, tmp_path: Path, zone: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A zip's clock is local and begins in 1980: a file from before would end `rdk deploy`."""
        result = build("example", at=Workplace.in_checkout(project.root))
        with monkeypatch.context() as environ:
            environ.setenv("TZ", zone)
            time.tzset()
            zipped = Path(shutil.make_archive(str(tmp_path / "rdk"), "zip", result.folder))
        time.tzset()
        assert measure(zipped).content_sha256 == result.archive.content_sha256

    def test_source_date_epoch(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        """As https://reproducible-builds.org/specs/source-date-epoch/ asks."""
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
        path = build("example", at=Workplace.in_checkout(project.root)).archive.path
        with zipfile.ZipFile(path) as archive:
            assert {entry.date_time for entry in archive.infolist()} == {(2023, 11, 14, 22, 13, 20)}

    @pytest.mark.parametrize(
        ("given", "taken"), [("0", 315_619_200), ("1" * 30, 4_354_732_800), ("", 315_619_200)]
    )
    def test_times_that_no_zip_can_hold(self, given: str, taken: int) -> None:
        """The nearest one that it can."""
        assert timestamp({"SOURCE_DATE_EPOCH": given}) == taken

    def test_malformed_source_date_epoch(self) -> None:
        """Better refused than a build that is not reproducible."""
        with pytest.raises(BuildError, match="whole seconds"):
            timestamp({"SOURCE_DATE_EPOCH": "yesterday"})

    def test_digests_are_the_usual_ones(self, project: Project) -> None:
        """Sha256sum's hexadecimal, and the base64 that Lambda shows as CodeSha256."""
        archive = build("example", at=Workplace.in_checkout(project.root)).archive
        content = archive.path.read_bytes()
        assert archive.size == len(content)
        assert archive.sha256 == hashlib.sha256(content).hexdigest()
        assert base64.b64decode(archive.code_sha256).hex() == archive.sha256
        assert content_digest({"b": b"2", "a": b"1"}) == content_digest({"a": b"1", "b": b"2"})


class TestRefusals:
    """Nothing is written when something is wrong."""

    def test_parameters_are_checked_first(self, project: Project) -> None:
        """A bad field leaves no trace."""
        with pytest.raises(ParametersError):
            build(project.parameters(HomeRegion="moon"), at=Workplace.in_checkout(project.root))
        assert not (project.root / "build").exists()

    def test_a_build_that_fails_keeps_the_former(
        self, project: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Too large: the good package of yesterday is still there, whole."""
        former = build("example", at=Workplace.in_checkout(project.root))
        project.source("helper.py", "a = 1")
        monkeypatch.setattr(build_module, "MAX_ZIP_BYTES", 1000)
        with pytest.raises(BuildError, match="must stay below 1000"):
            build("example", at=Workplace.in_checkout(project.root))
        assert measure(former.archive.path) == former.archive
        assert tree(former.folder) == RDKLIB | RULE_FILES
        assert (former.folder / "helper.py").read_text() == ""

    @pytest.mark.parametrize("name", ["landing_zone_key/linked", "landing_zone_key/linked.py", "linked.py"])
    def test_symbolic_links(self, project: Project, tmp_path: Path, name: str) -> None:
        """A linked directory would be lost silently by rdk."""
        target = tmp_path / "target"
        target.mkdir()
        (project.rule / name).symlink_to(target)
        with pytest.raises(BuildError, match="is a symbolic link"):
            build("example", at=Workplace.in_checkout(project.root))

    @pytest.mark.parametrize("name", [f"{RULE}.py", "landing_zone_key/__init__.py"])
    def test_not_whole(self, project: Project, name: str) -> None:
        """What is missing is named."""
        (project.rule / name).unlink()
        with pytest.raises(BuildError, match="is missing; install the project again"):
            build("example", at=Workplace.in_checkout(project.root))

    def test_a_file_in_the_way(self, project: Project) -> None:
        """An operating system's refusal is one line."""
        (project.root / "build").write_text("")
        with pytest.raises(BuildError, match="cannot be written"):
            build("example", at=Workplace.in_checkout(project.root))


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A copy of the installed rdklib, to be tampered with."""
    site = tmp_path / "site-packages"
    for path in distribution("rdklib").files or ():
        if path.suffix != ".pyc" and ".." not in path.parts:
            copy = site / path
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path.locate(), copy)
    (site / "rdklib-0.3.10.dist-info/direct_url.json").unlink(missing_ok=True)
    return site


class TestRdklib:
    """rdklib comes from its wheel, as it was published."""

    def test_copy_of_the_wheel(self, installed: Path) -> None:
        """The twin of all refusals below."""
        assert set(rdklib_files([str(installed)])) == RDKLIB

    def test_changed_since_installed(self, installed: Path) -> None:
        """The wheel's RECORD has the hash of each file."""
        (installed / "rdklib/evaluator.py").write_text("")
        with pytest.raises(BuildError, match=r"evaluator.py is not what its wheel recorded"):
            rdklib_files([str(installed)])

    @pytest.mark.parametrize("name", ["rdklib/errors.py", f"{LICENCES}/LICENSE", f"{LICENCES}/NOTICE"])
    def test_removed_since_installed(self, installed: Path, name: str) -> None:
        """A missing file is named, on every Python."""
        (installed / name).unlink()
        with pytest.raises(BuildError, match=f"rdklib's {name} cannot be read"):
            rdklib_files([str(installed)])

    def test_what_is_not_packaged_may_be_missing(self, installed: Path) -> None:
        """The twin: the zip needs no test of rdklib's."""
        (installed / "rdklibtest/test.py").unlink()
        assert set(rdklib_files([str(installed)])) == RDKLIB

    @pytest.mark.parametrize("name", ["rdklib/evaluator.py", f"{LICENCES}/LICENSE", f"{LICENCES}/NOTICE"])
    def test_not_in_the_record(self, installed: Path, name: str) -> None:
        """A wheel lists its modules, its licence and its notice."""
        record = installed / "rdklib-0.3.10.dist-info/RECORD"
        lines = record.read_text().splitlines(keepends=True)
        record.write_text("".join(line for line in lines if not line.startswith(name)))
        with pytest.raises(BuildError, match=f"RECORD does not list rdklib/{Path(name).name};"):
            rdklib_files([str(installed)])

    def test_no_record(self, installed: Path) -> None:
        """Without it nothing can be verified."""
        (installed / "rdklib-0.3.10.dist-info/RECORD").unlink()
        with pytest.raises(BuildError, match=r"RECORD does not list rdklib/evaluator.py, rdklib/LICENSE"):
            rdklib_files([str(installed)])

    @pytest.mark.parametrize("row", ["rdklib/errors.py,,", "rdklib/errors.py", "rdklib/errors.py,md5=x,619"])
    def test_a_record_without_the_hash(self, installed: Path, row: str) -> None:
        """A file that cannot be verified is as good as changed."""
        record = installed / "rdklib-0.3.10.dist-info/RECORD"
        lines = record.read_text().splitlines()
        record.write_text("\n".join(row if line.startswith("rdklib/errors.py") else line for line in lines))
        with pytest.raises(BuildError, match=r"errors.py is not what its wheel recorded"):
            rdklib_files([str(installed)])

    def test_the_module_that_never_calls_put_evaluations(self, installed: Path) -> None:
        """Its presence alone means that this is not the published wheel."""
        (installed / "rdklib/util/internal.py").write_text("")
        with pytest.raises(BuildError, match="keep every result from reaching AWS Config"):
            rdklib_files([str(installed)])

    def test_another_version(self, installed: Path) -> None:
        """What was never tested is not deployed."""
        metadata = installed / "rdklib-0.3.10.dist-info/METADATA"
        metadata.write_text(metadata.read_text().replace("Version: 0.3.10", "Version: 0.3.9"))
        with pytest.raises(BuildError, match=r"rdklib 0.3.9 is installed, not 0.3.10"):
            rdklib_files([str(installed)])

    @pytest.mark.parametrize("part", ["vcs_info", "dir_info"])
    def test_from_git_or_a_directory(self, installed: Path, part: str) -> None:
        """Pip records where a distribution comes from (PEP 610)."""
        origin = {"url": "https://example.com/rdklib", part: {}}
        (installed / "rdklib-0.3.10.dist-info/direct_url.json").write_text(json.dumps(origin))
        with pytest.raises(BuildError, match="not from its wheel"):
            rdklib_files([str(installed)])

    def test_from_a_wheel_file(self, installed: Path) -> None:
        """The twin: a wheel that was downloaded before is a wheel."""
        origin = {"url": "file:///wheels/rdklib.whl", "archive_info": {}}
        (installed / "rdklib-0.3.10.dist-info/direct_url.json").write_text(json.dumps(origin))
        assert set(rdklib_files([str(installed)])) == RDKLIB

    def test_not_installed(self, tmp_path: Path) -> None:
        """What to type is part of the message."""
        with pytest.raises(BuildError, match="pip install"):
            rdklib_files([str(tmp_path)])


class TestImport:
    """The zip is imported as Lambda would, in an interpreter that has nothing else."""

    def test_everything_comes_out_of_the_zip(self, project: Project) -> None:
        """Rule, engine and rdklib; boto3 is the runtime's."""
        modules = import_from_zip(build("example", at=Workplace.in_checkout(project.root)).archive.path, RULE)
        assert {RULE, "helper", "landing_zone_key.policy", "rdklib.util.external"} <= set(modules)
        assert not [name for name in modules if name.startswith("boto")]

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ("import yaml", "No module named 'yaml'"),
            ("import lzkey", "No module named 'lzkey'"),
            ("lambda_handler = None", "has no CONTROL_TOWER_KMS_KEY.lambda_handler"),
            ("1 / 0", "ZeroDivisionError"),
        ],
    )
    def test_what_lambda_would_refuse(self, project: Project, line: str, said: str) -> None:
        """Found before anything is deployed."""
        adapter = project.rule / f"{RULE}.py"
        adapter.write_text(f"{adapter.read_text()}\n{line}\n")
        archive = build("example", at=Workplace.in_checkout(project.root)).archive
        with pytest.raises(BuildError, match=said):
            import_from_zip(archive.path, RULE)

    def test_an_rdklib_that_reports_nothing(self, project: Project, tmp_path: Path) -> None:
        """The last line of defence, should internal.py ever get in."""
        built = build("example", at=Workplace.in_checkout(project.root)).archive
        path = tmp_path / "other.zip"
        shutil.copyfile(built.path, path)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("rdklib/util/internal.py", "def process_evaluations(*_): return []\n")
        with pytest.raises(BuildError, match="never calls PutEvaluations"):
            import_from_zip(path, RULE)

    def test_leaves_this_interpreter_alone(self, project: Project) -> None:
        """The check happens in a process of its own."""
        before = sys.modules.get(RULE)
        import_from_zip(build("example", at=Workplace.in_checkout(project.root)).archive.path, RULE)
        assert sys.modules.get(RULE) is before
