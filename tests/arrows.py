"""What a file imports, read from its source."""

import ast
from collections.abc import Collection, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]


class Running(ast.NodeTransformer):
    """Leaves out what type checkers alone read."""

    def visit_If(self, node: ast.If) -> ast.AST:
        """Keep every branch but `if TYPE_CHECKING`."""
        if ast.unparse(node.test) == "TYPE_CHECKING":
            return ast.Pass()
        return self.generic_visit(node)


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports when it runs, wherever in the file, by its full name."""
    for module, name in _statements(path):
        yield module
        # `from landing_zone_key import policy` is an arrow to the module, too.
        yield from (f"{module}.{name}",) if name else ()


def arrows(path: Path, modules: Collection[str]) -> set[str]:
    """Which of some modules a file imports when it runs; of `from a import b`, a.b if that is one, else a."""
    targets = (
        module if f"{module}.{name}" not in modules else f"{module}.{name}"
        for module, name in _statements(path)
    )
    return set(targets) & set(modules)


def _statements(path: Path) -> Iterator[tuple[str, str]]:
    """Module and name of every import; without a name the module itself."""
    for node in ast.walk(Running().visit(ast.parse(path.read_text()))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides where the arrow points"
            assert node.module is not None
            yield from ((node.module, alias.name) for alias in node.names)


def top(name: str) -> str:
    """The package that a module belongs to."""
    return name.partition(".")[0]
