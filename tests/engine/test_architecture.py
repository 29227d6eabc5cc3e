"""What may import what, read from the source: every arrow that the design does not allow fails."""

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, fields
from graphlib import TopologicalSorter
from pathlib import Path
from types import ModuleType

import pytest

import landing_zone_key
from landing_zone_key import LandingZoneKeyError
from landing_zone_key.policy.budget import TooComplexError

from ..arrows import ROOT, imports, top  # noqa: TID252 - tests are no package

RULE = ROOT / "rules/CONTROL_TOWER_KMS_KEY"
ENGINE = RULE / "landing_zone_key"
POLICY = ENGINE / "policy"
LIBRARY = ROOT / "lzkey"

ENGINE_FILES = sorted(ENGINE.rglob("*.py"))
POLICY_FILES = sorted(POLICY.rglob("*.py"))
ADAPTER_FILES = sorted(path for path in RULE.glob("*.py") if not path.stem.endswith("_test"))
LIBRARY_FILES = sorted(LIBRARY.rglob("*.py"))

# Facts are arguments: nothing in the engine may ask the machine, the network or the clock.
FORBIDDEN = {
    "asyncio",
    "http",
    "io",
    "locale",
    "logging",
    "multiprocessing",
    "os",
    "pathlib",
    "platform",
    "random",
    "secrets",
    "shutil",
    "socket",
    "subprocess",
    "sys",
    "tempfile",
    "threading",
    "time",
    "urllib",
    "uuid",
}
CLOCKS = {"now", "utcnow", "today", "getenv", "environ", "open", "print", "input", "eval", "exec"}

# What the policy language may import beside its own modules; records.py alone compiles code: an `__init__`.
BASES = ("landing_zone_key.policy.", "landing_zone_key.errors", "landing_zone_key.records")
COMPILES = "records.py"


def named(files: list[Path]) -> pytest.MarkDecorator:
    """Parametrize by files, named by their place in the project."""
    return pytest.mark.parametrize("path", files, ids=[str(path.relative_to(ROOT)) for path in files])


def modules() -> Iterator[ModuleType]:
    """Every module of the engine."""
    yield landing_zone_key
    for found in pkgutil.walk_packages(landing_zone_key.__path__, "landing_zone_key."):
        yield importlib.import_module(found.name)


class TestArrows:
    """`lzkey -> landing_zone_key`, adapter -> `landing_zone_key`, `landing_zone_key -> .policy`."""

    def test_there_is_something_to_read(self) -> None:
        """Files of all four parts."""
        assert all((len(POLICY_FILES) > 5, len(ENGINE_FILES) > 15, ADAPTER_FILES, LIBRARY_FILES))

    @named(ENGINE_FILES)
    def test_the_engine_is_standard_library_only(self, path: Path) -> None:
        """And of that nothing which knows the machine, the network or the clock."""
        for name in imports(path):
            package = top(name)
            assert package == "landing_zone_key" or package in sys.stdlib_module_names, f"{path}: {name}"
            assert package not in FORBIDDEN, f"{path}: {name}"

    @named(ENGINE_FILES)
    def test_the_engine_asks_no_clock_and_no_environment(self, path: Path) -> None:
        """No call of datetime.now, open or the like."""
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                function = node.func
                called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
                allowed = called == "exec" and path.name == COMPILES
                assert called not in CLOCKS or allowed, f"{path}:{node.lineno} calls {called}"

    @named(POLICY_FILES)
    def test_the_policy_language_knows_nothing_of_control_tower(self, path: Path) -> None:
        """It imports its own modules, and the bases of errors and records."""
        for name in imports(path):
            if top(name) == "landing_zone_key":
                assert name.startswith(BASES), f"{path}: {name}"
        text = path.read_text().lower().replace("it knows nothing of control tower", "")
        assert "control tower" not in text
        assert "landing zone" not in text

    @named(ADAPTER_FILES)
    def test_the_adapter_points_at_the_engine_alone(self, path: Path) -> None:
        """Its own files, the engine, rdklib and boto3; never the command line."""
        own = {each.stem for each in ADAPTER_FILES}
        allowed = own | {"landing_zone_key", "rdklib", "boto3", "botocore"}
        for name in imports(path):
            assert top(name) in allowed or top(name) in sys.stdlib_module_names, f"{path}: {name}"

    @named(LIBRARY_FILES)
    def test_the_command_line_does_not_know_the_adapter(self, path: Path) -> None:
        """The deployed zip is run, never imported."""
        adapter = {each.stem for each in ADAPTER_FILES}
        assert not adapter & {top(name) for name in imports(path)}, path

    @named(ENGINE_FILES + ADAPTER_FILES)
    def test_nothing_points_back_at_the_command_line(self, path: Path) -> None:
        """Neither engine nor adapter knows lzkey."""
        assert "lzkey" not in {top(name) for name in imports(path)}

    def test_no_module_of_the_library_needs_itself(self) -> None:
        """Not by way of others either; a package is only the door to its modules, and is passed over."""
        names = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in LIBRARY_FILES}
        needs = {name: names & set(imports(ROOT / f"{name.replace('.', '/')}.py")) for name in names}
        stack = "lzkey.deployment.stack"
        assert stack in needs["lzkey.deployment.rdk"] & needs["lzkey.deployment.readback"]
        assert list(TopologicalSorter(needs).static_order())  # CycleError names the circle


class TestLate:
    """What a Lambda never imports as long as all its keys are well: every cold start would pay for it."""

    WORDS = frozenset({"explanation", "refusal", "whose"})

    @pytest.mark.parametrize(("principal", "late"), [("*", frozenset()), ({"AWS": "1" * 12}, WORDS)])
    def test_words_come_with_what_is_refused(self, principal: object, late: frozenset[str]) -> None:
        """And what mends it, or advises, not even then."""
        policy = {"Statement": {"Effect": "Allow", "Principal": principal, "Action": "*", "Resource": "*"}}
        item = {
            "ARN": f"arn:aws:kms:us-east-1:{'1' * 12}:key/1",
            "supplementaryConfiguration": {"Policy": policy},
        }
        asked = (
            "import sys; from landing_zone_key import KmsKey, LandingZone, annotate, assess; "
            f"key = KmsKey.from_configuration_item({item}); "
            f"annotate(assess(key, LandingZone('us-east-1', '{'1' * 12}'))); print(*sys.modules)"
        )
        told = subprocess.run(
            [sys.executable, "-c", asked], cwd=RULE, capture_output=True, text=True, check=True
        )
        imported = {
            name.rpartition(".")[2] for name in told.stdout.split() if top(name) == "landing_zone_key"
        }
        assert "requirements" in imported
        assert imported & {"advisories", "amendment", "mending", *self.WORDS} == late

    def test_what_is_exported_late_is_all(self) -> None:
        """Any other name is none of the package's."""
        assert landing_zone_key.repair.__module__ == landing_zone_key.Repair.__module__
        with pytest.raises(AttributeError, match="has no attribute 'mend'"):
            _ = landing_zone_key.mend


class TestShape:
    """What holds for every module of the engine."""

    @named(ENGINE_FILES)
    def test_everything_public_has_a_docstring(self, path: Path) -> None:
        """Module, classes, functions and methods."""
        tree = ast.parse(path.read_text())
        assert ast.get_docstring(tree), path
        kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        public = [
            node
            for holder in (tree, *(each for each in tree.body if isinstance(each, ast.ClassDef)))
            for node in holder.body
            if isinstance(node, kinds) and not node.name.startswith("_")
        ]
        for node in public:
            hidden = any(
                isinstance(each, ast.ClassDef) and each.name.startswith("_") and node in each.body
                for each in tree.body
            )
            assert hidden or ast.get_docstring(node), f"{path}: {node.name}"

    @named(ENGINE_FILES)
    def test_shapes_are_looked_at_where_they_are_read(self, path: Path) -> None:
        """Asking whether a value is text, a list or an object is for those that read foreign data."""
        readers = {"document.py", "key.py", "settings.py", "manifest.py", "amendment.py", "mending.py"}
        readers |= {"aws_answers.py"}
        kinds = {"str", "list", "dict", "Mapping"}
        for node in ast.walk(ast.parse(path.read_text())):
            is_test = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "isinstance"
            if is_test and path.parent == ENGINE and path.name not in readers:
                assert ast.unparse(node.args[1]) not in kinds, f"{path}:{node.lineno}"

    def test_data_is_frozen_and_slotted(self) -> None:
        """Every dataclass that others can see."""
        classes = {
            item
            for module in modules()
            for _, item in inspect.getmembers(module, inspect.isclass)
            if item.__module__ == module.__name__ and hasattr(item, "__dataclass_params__")
        }
        public = {item for item in classes if not item.__name__.startswith("_")} - {landing_zone_key_budget()}
        assert len(public) > 15
        for item in public:
            field = fields(item)[0].name
            with pytest.raises(FrozenInstanceError):
                setattr(item.__new__(item), field, None)
            assert hasattr(item, "__slots__"), item


def landing_zone_key_budget() -> type:
    """The one counter: what is left of a proof's work goes down as it is spent."""
    return importlib.import_module("landing_zone_key.policy.budget").Budget


class TestErrors:
    """One tree, and none of it a ValueError: rdklib swallows those."""

    ERRORS = tuple(
        dict.fromkeys(
            item
            for module in modules()
            for _, item in inspect.getmembers(module, inspect.isclass)
            if issubclass(item, BaseException) and item.__module__.startswith("landing_zone_key")
        )
    )

    def test_there_are_some(self) -> None:
        """Settings, key data, policy, and their base."""
        names = {error.__name__ for error in self.ERRORS}
        assert {"LandingZoneKeyError", "SettingsError", "KeyDataError", "PolicyError"} <= names

    @pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
    def test_none_is_a_value_error(self, error: type[BaseException]) -> None:
        """Each is of the tree; only what never leaves a proof stands beside it."""
        assert not issubclass(error, ValueError)
        assert issubclass(error, LandingZoneKeyError) or error is TooComplexError

    @named(ENGINE_FILES)
    def test_the_base_is_never_raised_itself(self, path: Path) -> None:
        """Nor is any ValueError, KeyError or bare Exception."""
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Raise) and node.exc is not None:
                raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
                names = {"LandingZoneKeyError", "ValueError", "KeyError", "TypeError", "Exception"}
                assert ast.unparse(raised) not in names, f"{path}:{node.lineno}"
