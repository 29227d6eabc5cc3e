"""What somebody does to a pack: a bit, an edit, and the manifests written again by who knows how."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def line(algorithm: str, folder: Path, path: str) -> str:
    """A line of a manifest."""
    return f"{hashlib.new(algorithm, (folder / path).read_bytes()).hexdigest()}  {path}\n"


def forge(folder: Path) -> None:
    """Write all manifests again, as somebody does who knows how."""
    for algorithm in ("sha256", "sha512"):
        payload = sorted(path for path in (folder / "data").rglob("*") if path.is_file())
        lines = (line(algorithm, folder, path.relative_to(folder).as_posix()) for path in payload)
        (folder / f"manifest-{algorithm}.txt").write_text("".join(lines))
    sizes = [path.stat().st_size for path in (folder / "data").rglob("*") if path.is_file()]
    info = (folder / "bag-info.txt").read_text().splitlines()
    info[0] = f"Payload-Oxum: {sum(sizes)}.{len(sizes)}"
    (folder / "bag-info.txt").write_text("\n".join(info) + "\n")
    seal(folder)


def seal(folder: Path) -> None:
    """Write the tag manifests again."""
    tags = ("bag-info.txt", "bagit.txt", "manifest-sha256.txt", "manifest-sha512.txt")
    for algorithm in ("sha256", "sha512"):
        lines = (
            f"{hashlib.new(algorithm, (folder / tag).read_bytes()).hexdigest()}  {tag}\n" for tag in tags
        )
        (folder / f"tagmanifest-{algorithm}.txt").write_text("".join(lines))


def flip(path: Path) -> None:
    """Change one bit of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def edit(path: Path, change: Callable[[Any], object]) -> None:
    """Change what a JSON file says."""
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document, indent=1) + "\n")
