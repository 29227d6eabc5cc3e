"""Which package may import which, and each module which: what is installed alone, works alone."""

import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from ..arrows import ROOT, arrows, imports, top  # noqa: TID252 - tests are no package

# Each import package by its name, and the packages of this project that it may import.
PACKAGES = {
    "landing_zone_key": ROOT / "rules/CONTROL_TOWER_KMS_KEY/landing_zone_key",
    "lzkey": ROOT / "lzkey",
    "lzkey_sandbox": ROOT / "sandbox/lzkey_sandbox",
}
ARROWS = {
    "landing_zone_key": set(),
    "lzkey": {"landing_zone_key"},
    "lzkey_sandbox": {"landing_zone_key", "lzkey"},
}

# The one file that may go against the arrows, when it is called.
DEMO = ROOT / "lzkey/cli/demo.py"

FILES = [(name, path) for name, folder in PACKAGES.items() for path in sorted(folder.rglob("*.py"))]


def module(package: str, path: Path) -> str:
    """The full name of a package's file."""
    parts = path.relative_to(PACKAGES[package].parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def graph(package: str) -> dict[str, set[str]]:
    """What each module of a package imports of the same package."""
    files = {module(name, path): path for name, path in FILES if name == package}
    return {name: arrows(path, files) for name, path in files.items()}


class TestPackages:
    """`lzkey_sandbox -> lzkey -> landing_zone_key`."""

    def test_there_is_something_to_read(self) -> None:
        """Files of all three packages."""
        assert {name for name, _ in FILES} == set(PACKAGES)
        assert DEMO in [path for _, path in FILES]

    @pytest.mark.parametrize(
        ("package", "path"), FILES, ids=[str(path.relative_to(ROOT)) for _, path in FILES]
    )
    def test_an_arrow_that_is_allowed(self, package: str, path: Path) -> None:
        """A file imports its own package and those below it; the demo's command alone knows the sandbox."""
        allowed = {package} | ARROWS[package] | ({"lzkey_sandbox"} if path == DEMO else set())
        assert {top(name) for name in imports(path)} & set(PACKAGES) <= allowed

    def test_the_demo_knows_the_sandbox(self) -> None:
        """What the exception is for."""
        assert "lzkey_sandbox" in {top(name) for name in imports(DEMO)}


class TestCircles:
    """Modules can be read in an order in which each stands on what was read before."""

    @pytest.mark.parametrize("package", ["lzkey_sandbox"])
    def test_there_is_none(self, package: str) -> None:
        """What type checkers alone read is left out."""
        try:
            order = list(TopologicalSorter(graph(package)).static_order())
        except CycleError as found:
            pytest.fail(" -> ".join(found.args[1]))
        assert len(order) == len(graph(package)) > 30

    @pytest.mark.parametrize(
        "statement",
        ["from p import two", "from p.two import name", "import p.two", "def f():\n    import p.two"],
    )
    def test_an_arrow_is_read_however_it_is_written(self, tmp_path: Path, statement: str) -> None:
        """And leads to the module alone, not to the package that holds it."""
        file = tmp_path / "one.py"
        file.write_text(statement)
        assert arrows(file, ["p", "p.one", "p.two"]) == {"p.two"}

    @pytest.mark.parametrize("statement", ["from p import name", "import p"])
    def test_an_arrow_to_the_package(self, tmp_path: Path, statement: str) -> None:
        """What is no module stands in the package's own file."""
        file = tmp_path / "one.py"
        file.write_text(statement)
        assert arrows(file, ["p", "p.one", "p.two"]) == {"p"}

    def test_what_type_checkers_alone_read_is_no_arrow(self, tmp_path: Path) -> None:
        """It is never imported."""
        file = tmp_path / "one.py"
        file.write_text("if TYPE_CHECKING:\n    import p.two")
        assert arrows(file, ["p", "p.one", "p.two"]) == set()


# Each wing of lzkey, and the wings that it may import; the rooms (the loose files) are below them all.
WINGS: dict[str, set[str]] = {
    "documents": set(),
    "page": set(),
    "waivers": set(),
    "aws": set(),
    "sources": {"aws"},
    "check": {"sources", "aws", "documents", "waivers"},
    "observed": {"aws"},
    "preflight": {"check", "sources", "aws", "documents"},
    "history": {"sources", "aws", "documents", "page"},
    "report": {"aws", "documents", "observed", "history", "page", "waivers"},
    "evidence": {"sources", "check", "report", "observed", "history", "aws", "documents", "waivers"},
    "deployment": {"aws"},
    "doctor": {"aws", "deployment", "documents", "observed"},
    "cli": {
        "aws",
        "sources",
        "check",
        "observed",
        "preflight",
        "history",
        "report",
        "evidence",
        "deployment",
        "doctor",
        "documents",
        "page",
        "waivers",
    },
}
LZKEY = PACKAGES["lzkey"]
IN_WINGS = [path for wing in WINGS for path in sorted((LZKEY / wing).rglob("*.py"))]
ROOMS = sorted(LZKEY.glob("*.py"))


def test_the_page_has_every_wing() -> None:
    """With what it may import; of `cli` it says that it may import every wing."""
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `lzkey/(\w+)` \|.*\| ([^|]*) \|$", text, re.MULTILINE)
    told = {wing: set() if may == "no wing" else set(may.split(", ")) for wing, may in rows if wing != "cli"}
    assert told == {wing: may for wing, may in WINGS.items() if wing != "cli"}


def wings_of(path: Path) -> set[str]:
    """The wings whose modules a file imports, when it is read or when it is called."""
    parts = [name.split(".") for name in imports(path)]
    return {names[1] for names in parts if names[0] == "lzkey" and len(names) > 1} & set(WINGS)


class TestWings:
    """`cli -> preflight -> check -> sources, aws, documents`, report and others beside; rooms below all."""

    def test_every_folder_is_a_wing(self) -> None:
        """A new one has its arrows written down here first."""
        assert {path.parent.name for path in LZKEY.glob("*/__init__.py")} == set(WINGS)

    @pytest.mark.parametrize("path", IN_WINGS, ids=[str(path.relative_to(LZKEY)) for path in IN_WINGS])
    def test_an_arrow_that_is_allowed(self, path: Path) -> None:
        """A wing imports itself and those that are written down."""
        wing = path.relative_to(LZKEY).parts[0]
        assert wings_of(path) <= WINGS[wing] | {wing}

    @pytest.mark.parametrize("path", ROOMS, ids=[path.name for path in ROOMS])
    def test_a_room_stands_on_no_wing(self, path: Path) -> None:
        """But for the one that begins the command line."""
        assert wings_of(path) <= ({"cli"} if path.name == "__main__.py" else set())


class TestSuppressions:
    """What a linter is told to overlook."""

    def test_each_has_a_reason(self) -> None:
        """After a hyphen, on the same line."""
        lines = [line for _, path in FILES for line in path.read_text().splitlines() if "# noqa" in line]
        assert [line.strip() for line in lines if not re.search(r"# noqa: [A-Z]+\d+ - \S", line)] == []
        assert 0 < len(lines) <= 60
